"""Walking over expressions as graphs, in which a shared subexpression is one node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sympy import Basic, MatrixSymbol


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


def kinds(*roots: Basic) -> set[type[Basic]]:
    """The classes of all that stands in expressions."""
    return {*map(type, objects(*roots))}


def holds(root: Basic, *classes: type[Basic]) -> bool:
    """Whether a node of one of the classes stands in it; in time linear in the graph."""
    return any(issubclass(kind, classes) for kind in kinds(root))
