r"""Sums that were written out, rolled up again: SymPy makes of an element of a product, if its
dimensions are numbers, a sum of as many terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sympy import Add, Basic, Dummy, Expr, Integer, Sum
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu.matrices.contraction import contracted
from symrelu.signs import has_few_nodes

_LONG = 8  # terms: what is shorter is left as it was written
_SHORT = 1000  # nodes of a term, which is walked as a tree


def is_written_out(node: Basic) -> bool:
    """Whether it is a long sum of terms with elements of matrices, at a glance."""
    if not (isinstance(node, Add) and len(node.args) > _LONG):
        return False
    term: Any = node.args[0]
    while term.args and not isinstance(term, MatrixElement):
        term = term.args[-1 if term.is_Mul else 0]
    return isinstance(term, MatrixElement)


def rolled(total: Expr) -> Expr:
    """The sum, terms that differ in an index alone as an element or a trace of a product."""
    return _rolled(total, {})


def _rolled(expr: Expr, known: dict[Expr, Expr]) -> Expr:
    if expr in known or not expr.args or isinstance(expr, MatrixElement):
        return known.get(expr, expr)
    args = [_rolled(arg, known) for arg in expr.args]
    same = all(a is b for a, b in zip(args, expr.args, strict=True))
    new = expr if same else expr.func(*args)
    known[expr] = _of_one_sum(new) if isinstance(new, Add) and len(new.args) > _LONG else new
    return known[expr]


def _of_one_sum(total: Add) -> Expr:
    alike: dict[Any, list[Expr]] = defaultdict(list)
    for term in total.args:  # of a long one there is no second that differs in an index
        alike[_pattern(term) if has_few_nodes(term, _SHORT) else term].append(term)
    terms: list[Expr] = []
    for group in alike.values():
        one = _as_one(group) if len(group) > _LONG else None
        terms += group if one is None else [one]
    return total if len(terms) == len(total.args) else Add(*terms)


def _pattern(term: Any) -> Any:
    """The term without the indices of its elements."""
    if isinstance(term, MatrixElement):
        return term.parent
    return (type(term), *map(_pattern, term.args)) if term.args else term


def _indices(term: Any) -> Iterator[Any]:
    if isinstance(term, MatrixElement):
        yield from term.args[1:]
    else:
        for arg in term.args:
            yield from _indices(arg)


def _as_one(terms: list[Expr]) -> Expr | None:
    """The sum of the terms, if one index in them runs over all its values."""
    columns = list(zip(*map(_indices, terms), strict=True))
    running = {column for column in columns if len(set(column)) > 1}
    every = {*map(Integer, range(len(terms)))}
    if [{*column} for column in running] != [every]:
        return None
    index = Dummy("k", integer=True)
    places = iter([column in running for column in columns])
    template = _with_index(terms[0], index, places)
    return contracted(Sum(template, (index, 0, len(terms) - 1)))


def _with_index(term: Any, index: Expr, places: Iterator[bool]) -> Any:
    if isinstance(term, MatrixElement):
        i, j = (index if next(places) else value for value in term.args[1:])
        return MatrixElement(term.parent, i, j)
    return term.func(*(_with_index(arg, index, places) for arg in term.args)) if term.args else term
