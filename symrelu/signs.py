"""What is known of an expression's sign, in time that sharing cannot blow up.

SymPy's assumptions are asked of small expressions only.  For a sum with a
numeric constant they collect the free symbols of the whole tree, and the tree of
a deep expression with shared parts is exponentially larger than the expression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb, prod
from typing import Any, TypeVar

from sympy import Add, Basic, Expr, Function, Mul, Pow, evaluate

from symrelu.graph import exchanged, postorder

_E = TypeVar("_E", bound=Basic)
_ANY = frozenset({-1, 0, 1})
_FACTS = ((-1, "extended_negative"), (0, "zero"), (1, "extended_positive"))
SMALL = 100  # nodes: more than people write by hand, few enough for SymPy
_WRITTEN_OUT = 2000  # nodes: few enough to count and compare as a tree
_TERMS = 500
_PARTS = 100


def has_few_nodes(expr: Basic, bound: int) -> bool:
    """Whether the expression, written out as a tree, has few nodes."""
    return _few_nodes(expr, bound) is not None


def _few_nodes(expr: Basic, bound: int) -> list[Basic] | None:
    """The nodes of the tree, if there are few."""
    nodes = [expr]
    for node in nodes:  # which grow, level by level
        nodes += node.args
        if len(nodes) > bound:
            return None
    return nodes


def is_small(expr: Basic) -> bool:
    """Whether SymPy may look at it: its tree has few nodes, and its powers have few terms."""
    nodes = _few_nodes(expr, SMALL)
    if nodes is None:
        return False
    return not any(isinstance(node, Pow) for node in nodes) or _is_soon_answered(expr)


def put(expr: _E, values: Mapping[Any, Any]) -> _E:
    """The expression with values in the place of its parts; SymPy looks into small ones only."""
    if is_small(expr):
        return expr.xreplace(values)
    with evaluate(False):
        made: _E = exchanged(expr, values)
    return made


def _is_soon_answered(expr: Basic) -> bool:
    """Whether SymPy soon knows if it is finite.

    SymPy writes the argument of a function out for that, in two parts, real and imaginary.
    """
    functions = (parts for node, _, parts in _written_out(expr, 2) if isinstance(node, Function))
    return all(n <= _PARTS for parts in functions for n in parts)


def is_written_out(expr: Basic) -> bool:
    """Whether the tree has few enough nodes to count and compare them."""
    return has_few_nodes(expr, _WRITTEN_OUT)


def is_soon_written_out(expr: Basic) -> bool:
    """Whether it has few terms once products and powers of sums are written out."""
    return is_written_out(expr) and all(n <= _TERMS for _, n, _ in _written_out(expr, 1))


def _written_out(expr: Basic, of_atom: int) -> Iterator[tuple[Basic, int, list[int]]]:
    """Each subexpression with its number of terms, and its arguments' numbers, written out."""
    counts: dict[Basic, int] = {}
    for node in postorder(expr):
        parts = [counts.get(arg, 1) for arg in node.args]
        counts[node] = 1 if node.is_Number else of_atom
        if isinstance(node, Add):
            counts[node] = sum(parts)
        elif isinstance(node, Mul):
            counts[node] = prod(parts)
        elif isinstance(node, Pow) and node.exp.is_Integer and (node.exp > 0 or of_atom > 1):
            k = min(abs(int(node.exp)), _TERMS)
            counts[node] = comb(parts[0] + k - 1, k)
        counts[node] = min(counts[node], _TERMS + 1)
        yield node, counts[node], parts


def known(expr: Expr, fact: str) -> bool | None:
    """What SymPy knows of the expression: of a large one, what is known without asking."""
    return _known(expr, fact, is_small(expr))


def _known(expr: Expr, fact: str, asking: bool) -> bool | None:
    answer: bool | None
    answer = getattr(expr, f"is_{fact}") if asking else expr._assumptions.get(fact)
    return answer


def signs(expr: Expr) -> frozenset[int]:
    """The signs in {-1, 0, 1} that a real expression may have, as far as is known.

    None at all for an expression that is known not to be real.
    """
    asking = is_small(expr)
    if not asking:
        if expr.is_Add:
            return _signs_of_sum(expr.args)
        if expr.is_Mul:
            return _signs_of_product([signs(factor) for factor in expr.args])
    return frozenset(s for s, fact in _FACTS if _known(expr, fact, asking) is not False)


def one_sided(expr: Expr) -> bool:
    """Whether no two terms of the sum, or factors of the product, can cancel in sign."""
    return len(frozenset().union(*map(signs, expr.args)) - {0}) < 2


def _signs_of_sum(terms: Sequence[Expr]) -> frozenset[int]:
    possible: frozenset[int] = frozenset()
    may_vanish = True
    for term in terms:
        found = signs(term)
        possible |= found
        may_vanish = may_vanish and 0 in found
        if len(possible - {0}) == 2:  # whatever the others are
            return _ANY
    return possible if may_vanish else possible - {0}


def _signs_of_product(factors: list[frozenset[int]]) -> frozenset[int]:
    possible = frozenset({1})
    for factor in factors:
        possible = frozenset(a * b for a in possible for b in factor)
    return possible
