"""Integrals one within the other: on each cell of the outer variables one that is settled."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sympy import Add, Expr, Symbol

from symrelu.calculus.cells import Ranged, SplitError
from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.pieces import sign_of

MOST_CELLS = 40

Limits = list[tuple[Symbol, Expr, Expr]]  # the innermost first


def iterated(
    f: Expr,
    limits: Limits,
    one: Callable[..., Expr],
    depth: int = 0,
) -> Expr:
    """The integrals one after the other, on each cell of the outer variables.

    ``one`` is the integral over one variable, of a function of ``f`` and the limits.
    """
    *inner, (v, low, high) = limits
    if not inner:
        return one(f, v, low, high)
    if sign_of(high - low) < 0:
        return -iterated(f, [*inner, (v, high, low)], one, depth)
    terms: list[Expr] = []
    waiting, count = [(low, high)], 0
    while waiting:
        a, b = waiting.pop()
        count += 1
        if count > MOST_CELLS:
            raise NoPiecesError(f"the kinks of {f} change their order too often")
        y = Ranged(v.name, a, b, depth)
        try:
            moved = [(u, *(end.xreplace({v: y}) for end in ends)) for u, *ends in inner]
            value = iterated(f.xreplace({v: y}), moved, one, depth + 1)
            terms.append(one(value, y, a, b))
        except SplitError as split:
            if split.symbol is not y:
                raise
            waiting += pairwise([a, *split.points, b])
    return Add(*terms)
