"""Piecewise polynomials of one variable, which may jump: what steps and products make of lines.

At a break there is the value, and the slope as SymPy's derivative has it: a number plus a
multiple of a delta.  What is continuous, affine on each interval and without a delta is a
broken line again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, pairwise

from sympy import Add, Eq, Expr, Piecewise, S

from symrelu.kinks.lines import Line, broken, ordered
from symrelu.kinks.numbers import NoLineError, Number, as_expr, is_zero, minus, plus, sign_of, times

Polynomial = tuple[Number, ...]  # the coefficients, that of the constant first
HIGHEST = 100  # power of the variable


@dataclass(frozen=True)
class Break:
    """Where, the value there, and the slope: a number and that of a delta."""

    t: Number
    value: Number
    slope: Number
    delta: Number = S.Zero


@dataclass(frozen=True)
class Pieces:
    """A polynomial on each of the intervals that the breaks part the axis into."""

    x: Expr
    breaks: tuple[Break, ...]
    polynomials: tuple[Polynomial, ...]

    @classmethod
    def of(cls, line: Line, x: Expr) -> Pieces:
        points = list(line.points())
        breaks = tuple(Break(p.t, p.value, p.at) for p in points)
        pieces = ((minus(p.value, times(p.right, p.t)), p.right) for p in points)
        return cls(x, breaks, ((line.intercept, line.slope), *pieces))

    def refined(self, places: list[Number]) -> Pieces:
        """The same with a break at each of the places, among which its own are."""
        breaks, pieces, i = [], [self.polynomials[0]], 0
        for t in places:
            if i < len(self.breaks) and sign_of(minus(t, self.breaks[i].t)) == 0:
                breaks.append(self.breaks[i])
                i += 1
            else:
                p = self.polynomials[i]
                breaks.append(Break(t, value_of(p, t), value_of(slope_of(p), t)))
            pieces.append(self.polynomials[i])
        return Pieces(self.x, tuple(breaks), tuple(pieces))

    def places(self) -> list[Number]:
        return [b.t for b in self.breaks]

    def __add__(self, other: Pieces) -> Pieces:
        f, g = together(self, other)
        breaks = (
            Break(a.t, plus(a.value, b.value), plus(a.slope, b.slope), plus(a.delta, b.delta))
            for a, b in zip(f.breaks, g.breaks, strict=True)
        )
        pieces = (_sum(p, q) for p, q in zip(f.polynomials, g.polynomials, strict=True))
        return Pieces(self.x, tuple(breaks), tuple(pieces))

    def __mul__(self, other: Pieces) -> Pieces:
        f, g = together(self, other)

        def mixed(a: Number, b: Number, c: Number, d: Number) -> Number:
            return plus(times(a, d), times(b, c))

        breaks = (
            Break(
                a.t,
                times(a.value, b.value),
                mixed(a.value, a.slope, b.value, b.slope),
                mixed(a.value, a.delta, b.value, b.delta),
            )
            for a, b in zip(f.breaks, g.breaks, strict=True)
        )
        pieces = (_product(p, q) for p, q in zip(f.polynomials, g.polynomials, strict=True))
        return Pieces(self.x, tuple(breaks), tuple(pieces))

    def as_line(self) -> Line | None:
        """The broken line that it is, if it is one."""
        pieces = [trimmed(p) for p in self.polynomials]
        if any(len(p) > 2 for p in pieces):
            return None
        ends = []
        for b, (left, right) in zip(self.breaks, pairwise(pieces), strict=True):
            values = (value_of(left, b.t), value_of(right, b.t))
            if not is_zero(b.delta) or not all(is_zero(minus(b.value, v)) for v in values):
                return None
            ends.append((b.t, b.slope, value_of(slope_of(right), b.t)))
        intercept, slope = (*pieces[0], S.Zero, S.Zero)[:2]
        return broken(self.x, intercept, slope, ends)

    def as_piecewise(self) -> Expr:
        """One ``Piecewise`` with the same values: sorted, each interval once."""
        written, piece = [], self._written(self.polynomials[0])
        for b, (left, right) in zip(self.breaks, pairwise(self.polynomials), strict=True):
            t, after = as_expr(b.t), self._written(right)
            on_left, on_right = (is_zero(minus(b.value, value_of(p, b.t))) for p in (left, right))
            if not (on_left or on_right):
                written += [(piece, self.x < t), (as_expr(b.value), Eq(self.x, t))]
                piece = after
            elif piece != after:
                before = self.x <= t if on_left else self.x < t
                written.append((piece, before))
                piece = after
        return Piecewise(*written, (piece, True))

    def _written(self, p: Polynomial) -> Expr:
        return Add(*(as_expr(c) * self.x**k for k, c in enumerate(p)))


def together(f: Pieces, g: Pieces) -> tuple[Pieces, Pieces]:
    """Both with the breaks of both."""
    places: list[Number] = []
    for t in ordered(chain(f.places(), g.places())):
        if not places or sign_of(minus(t, places[-1])):
            places.append(t)
    return f.refined(places), g.refined(places)


def value_of(p: Polynomial, t: Number) -> Number:
    value: Number = S.Zero
    for c in reversed(p):
        value = plus(times(value, t), c)
    return value


def slope_of(p: Polynomial) -> Polynomial:
    return tuple(times(S(k), c) for k, c in enumerate(p))[1:]


def trimmed(p: Iterable[Number]) -> Polynomial:
    p = list(p)
    while p and is_zero(p[-1]):
        p.pop()
    return tuple(p)


def _sum(p: Polynomial, q: Polynomial) -> Polynomial:
    longer, shorter = (p, q) if len(p) >= len(q) else (q, p)
    both = (plus(a, b) for a, b in zip(longer, shorter, strict=False))
    return trimmed((*both, *longer[len(shorter) :]))


def _product(p: Polynomial, q: Polynomial) -> Polynomial:
    if len(p) + len(q) > HIGHEST + 2:
        raise NoLineError
    result: list[Number] = [S.Zero] * (len(p) + len(q))
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] = plus(result[i + j], times(a, b))
    return trimmed(result)
