"""Cells: intervals of outer variables on which the order of the inner kinks is settled.

An outer variable is a symbol that knows between which ends it lies.  A sign that depends on it
changes at its roots only; where one of these lies between the ends, the interval is split there
and all is asked again.  So only what matters is split, for any number of variables.
"""

from __future__ import annotations

from sympy import Basic, Dummy, Expr


class Ranged(Dummy):
    """A real symbol that knows between which ends it lies; those may hold shallower ones."""

    low: Expr
    high: Expr
    depth: int

    def __new__(cls, name: str, low: Expr, high: Expr, depth: int) -> Ranged:
        facts = {"positive": True} if low.is_nonnegative else {}
        self: Ranged = super().__new__(
            cls, name, real=True, **({"negative": True} if high.is_nonpositive else facts)
        )
        self.low, self.high, self.depth = low, high, depth
        return self


class SplitError(Exception):
    """Where a sign changes between the ends of a symbol."""

    def __init__(self, symbol: Ranged, points: list[Expr]) -> None:
        super().__init__(f"{symbol} is split at {points}")
        self.symbol, self.points = symbol, points


def deepest(e: Basic) -> Ranged | None:
    """The symbol that lies between ends, of which the others may be part."""
    found = [s for s in e.free_symbols if isinstance(s, Ranged)]
    return max(found, key=lambda s: s.depth, default=None)
