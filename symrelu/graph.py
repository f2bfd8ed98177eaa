"""Walking over expressions as graphs, in which a shared subexpression is one node."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from inspect import getattr_static
from typing import Any

from sympy import Basic, Lambda, MatrixSymbol, Symbol, evaluate
from sympy.matrices import MatrixBase


def postorder(root: Basic, seen: set[Basic] | None = None) -> Iterator[Basic]:
    """Every distinct subexpression, after its arguments; without recursion.

    What is seen already is left out, with all that is inside of it.
    """
    seen = set() if seen is None else seen
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if not isinstance(node, MatrixSymbol):  # its name and dimensions are no operands
                stack.extend((arg, False) for arg in node.args)


def replaced(root: Basic, change: Callable[[Any], Any]) -> Any:
    """What ``change`` makes of every node, its arguments first."""
    new: dict[Basic, Any] = {}
    for node in postorder(root):
        args = tuple(new.get(arg, arg) for arg in node.args)
        new[node] = change(node if args == node.args else node.func(*args))
    return new[root]


def exchanged(root: Basic, values: Mapping[Any, Basic]) -> Any:
    """What ``xreplace`` gives, which walks the whole tree, in time linear in the graph."""
    new = dict(values)
    for node in postorder(root, {*values}):
        if isinstance(node, MatrixSymbol):  # whose dimensions are not walked
            new[node] = node.xreplace(values)
            continue
        args = tuple(new.get(arg, arg) for arg in node.args)
        if args != node.args:  # what stays is not kept: an equal one could stand for it
            new[node] = node.func(*args)
    return new.get(root, root)


def objects(*roots: Basic) -> list[Basic]:
    """Every object in the graph once, from the roots on; it is not asked which are equal."""
    found = [*{id(root): root for root in roots}.values()]
    seen = {*map(id, found)}  # what is found stays alive
    for node in found:  # which grow
        if not isinstance(node, MatrixSymbol):
            for arg in node.args:
                if id(arg) not in seen:
                    seen.add(id(arg))
                    found.append(arg)
    return found


def bottom_up(root: Basic, seen: dict[int, Basic]) -> Iterator[Basic]:
    """Every object in the graph once, after its arguments; it is not asked which are equal.

    What is seen stays alive, as an id is that of a living object.
    """
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
        elif id(node) not in seen:
            seen[id(node)] = node
            stack.append((node, True))
            if not isinstance(node, MatrixSymbol):
                stack.extend((arg, False) for arg in node.args)


def leading_to(root: Basic, symbols: set[Basic]) -> set[int]:
    """By their ids, the objects in which one of the symbols is free."""
    found: set[int] = set()
    for node in bottom_up(root, {}):
        if _sums_up(node):
            leads = any(id(arg) in found for arg in node.args)
        else:
            leads = not symbols.isdisjoint(free_symbols(node))
        if leads:
            found.add(id(node))
    return found


def _sums_up(node: Basic) -> bool:
    """Whether its free symbols are those of its arguments."""
    # A class of functions has symbols of its own, so that its attribute is another.
    own = getattr_static(type(node), "free_symbols")
    return own is Basic.free_symbols or isinstance(node, MatrixBase)


def kinds(*roots: Basic) -> set[type[Basic]]:
    """The classes of all that stands in expressions."""
    return {*map(type, objects(*roots))}


def holds(root: Basic, *classes: type[Basic]) -> bool:
    """Whether a node of one of the classes stands in it; in time linear in the graph."""
    return any(issubclass(kind, classes) for kind in kinds(root))


def free_symbols(*roots: Basic) -> set[Basic]:
    """The free symbols; SymPy's property of that name walks the tree."""
    found: set[Basic] = set()
    nodes, seen = [*roots], set()  # what is met stays alive
    for node in nodes:  # which grow
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Lambda):
            found |= free_symbols(node.expr) - {*node.variables}
        elif _sums_up(node):
            nodes += node.args
        else:  # a symbol, or what binds some
            found |= node.free_symbols
    return found


def bound_symbols(root: Basic) -> set[Basic]:
    """The symbols that stand in an expression and are not free."""
    return {part for part in objects(root) if isinstance(part, Symbol)} - free_symbols(root)


def bound_within(root: Basic) -> set[Basic]:
    """The symbols that something in an expression binds, though they may be free in the rest."""
    return {symbol for part in postorder(root) for symbol in getattr(part, "bound_symbols", ())}


class Interned:
    """Makes equal expressions one object: to compare two takes as long as they are as trees."""

    def __init__(self) -> None:
        self.seen: dict[int, Basic] = {}
        self.done: dict[int, Any] = {}
        self.ones: dict[Any, Any] = {}

    def __call__(self, root: Any) -> Any:
        for node in bottom_up(root, self.seen):
            args = () if isinstance(node, MatrixSymbol) else node.args
            self.done[id(node)] = self._one(node, tuple(self.done[id(arg)] for arg in args))
        return self.done[id(root)]

    def _one(self, node: Any, args: tuple[Any, ...]) -> Any:
        key = (type(node), *map(id, args)) if args else node
        if key not in self.ones:
            same = all(map(operator.is_, args, node.args))
            with evaluate(False):
                self.ones[key] = node if same else node.func(*args)
        return self.ones[key]
