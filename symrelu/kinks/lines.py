r"""The calculus of broken lines: piecewise-linear functions of one variable.

A continuous one is an affine function plus one hinge for each of its kinks,

.. math:: f(x) = b + m x + \sum_t d_t \operatorname{ReLU}(x - t),

with $d_t$ the change of the slope at $t$.  Sums, multiples and ReLUs of broken lines are
broken lines, so that everything built from them has this one form.  The slope at a kink is
kept beside $d_t$, as what it exceeds the slope on the left by.  The variable may be any
expression, such as ``2*x + 3*y``, and what is constant may hold parameters, as long as the order
of the kinks is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from sympy import Add, Eq, Expr, Piecewise, S, cancel

from symrelu.function import ReLU, is_finite_slope
from symrelu.kinks.numbers import (
    Near,
    NoLineError,
    Number,
    as_expr,
    is_zero,
    minus,
    negative,
    over,
    plus,
    sign_of,
    times,
)
from symrelu.signs import is_soon_written_out


@dataclass(frozen=True)
class Point:
    """A point of the line: where, the value, and the slopes on the left, there, on the right."""

    t: Number
    value: Number
    left: Number
    at: Number
    right: Number


@dataclass(frozen=True)
class Line:
    """A broken line in ``x``; a constant, if ``x`` is None."""

    x: Expr | None
    intercept: Number  # of the leftmost piece
    slope: Number = S.Zero  # of the leftmost piece
    kinks: dict[Number, tuple[Number, Number]] = field(default_factory=dict)

    def __add__(self, other: Line) -> Line:
        return total([self, other])

    def __rmul__(self, k: Number) -> Line:
        kinks = {t: (times(k, jump), times(k, at)) for t, (jump, at) in self.kinks.items()}
        return Line(self.x, times(k, self.intercept), times(k, self.slope), kinks)

    def __sub__(self, other: Line) -> Line:
        return self + S.NegativeOne * other

    def points(self) -> Iterator[Point]:
        """The kinks from left to right."""
        value, slope, last = self.intercept, self.slope, S.Zero
        for t in ordered(self.kinks):
            jump, at = self.kinks[t]
            value = plus(value, times(slope, minus(t, last)))
            right = plus(slope, jump)
            yield Point(t, value, slope, plus(slope, at), right)
            slope, last = right, t

    def relu(self, H0: Expr) -> Line:
        """The ReLU of the line, by the chain rule at its kinks."""
        points = list(self._with_roots())
        if not is_finite_slope(H0) and any(
            is_zero(p.value) and (is_zero(p.left) or is_zero(p.right)) for p in points
        ):
            raise NoLineError  # the slope is undefined on an interval
        if not points:
            return self if sign_of(self.intercept) > 0 else Line(self.x, S.Zero)
        first = points[0]
        starts = (sign_of(first.value) or -sign_of(first.left)) > 0
        intercept, slope = (self.intercept, self.slope) if starts else (S.Zero, S.Zero)
        kept = []
        for p in points:
            sign = sign_of(p.value)
            at = times({-1: S.Zero, 0: H0, 1: S.One}[sign], p.at)  # of nan, nan
            kept.append((p.t, at, p.right if (sign or sign_of(p.right)) > 0 else S.Zero))
        return broken(self.x, intercept, slope, kept)

    def places(self) -> Collection[Number]:
        """Where the kinks are, in any order."""
        return self.kinks.keys()

    def landmarks(self) -> list[Number]:
        """Where the line has a kink or crosses 0."""
        return [p.t for p in self._with_roots()]

    def _with_roots(self) -> Iterator[Point]:
        """The kinks, and the points between them where the line crosses 0."""
        points = list(self.points())
        if not points:
            if self.x is not None and sign_of(self.slope):
                root = negative(over(self.intercept, self.slope))
                yield Point(root, S.Zero, self.slope, self.slope, self.slope)
            return
        if sign_of(points[0].value) * sign_of(self.slope) > 0:
            yield _root(points[0], self.slope)
        yield points[0]
        for p, q in pairwise(points):
            if sign_of(p.value) * sign_of(q.value) < 0:
                yield _root(p, p.right)
            yield q
        if sign_of(points[-1].value) * sign_of(points[-1].right) < 0:
            yield _root(points[-1], points[-1].right)

    def slope_at(self, t: Number) -> Number:
        """The slope at a point, which may be a kink."""
        slope = self.slope
        for p in self.points():
            side = sign_of(minus(t, p.t))
            if side <= 0:
                return slope if side else p.at
            slope = p.right
        return slope

    def value_at(self, t: Number) -> Number:
        value = plus(self.intercept, times(self.slope, t))
        for u, (jump, _) in self.kinks.items():
            if sign_of(gap := minus(t, u)) > 0:
                value = plus(value, times(jump, gap))
        return value

    # Written out

    def as_hinges(self, H0: Expr | None = None, hinge: Any = ReLU) -> Expr:
        """The affine part and the hinges, with their own slopes at the kinks or with ``H0``."""
        terms = [self._affine(self.intercept, self.slope)]
        for t, (jump, at) in self.kinks.items():
            u = self.x - as_expr(t)
            if is_zero(jump):
                # The value has no kink here, but the slope that was chosen has.
                terms += [] if H0 is not None else [hinge(u, as_expr(at)), -hinge(u, S.Zero)]
            else:
                slope = _share(at, jump) if H0 is None else H0
                terms.append(as_expr(jump) * hinge(u, slope))
        return Add(*terms)

    def as_piecewise(self, slopes: bool = True) -> Expr:
        """One ``Piecewise``: the breakpoints sorted, each interval once.

        A breakpoint belongs to the piece that has its slope; where none has, it is a piece of
        its own, if slopes count.
        """
        piece = self._affine(self.intercept, self.slope)
        pieces = []
        for p in self.points():
            t, at_left, at_right = as_expr(p.t), *(_same(p.at, s) for s in (p.left, p.right))
            if slopes and not (at_left or at_right) and is_finite_slope(as_expr(p.at)):
                pieces.append((self._through(p, p.at), Eq(self.x, t)))
            if not _same(p.left, p.right) and piece != (after := self._through(p, p.right)):
                pieces.append((piece, self.x < t if at_right else self.x <= t))
                piece = after
        return Piecewise(*pieces, (piece, True))

    def _through(self, p: Point, slope: Number) -> Expr:
        return self._affine(minus(p.value, times(slope, p.t)), slope)

    def _affine(self, intercept: Number, slope: Number) -> Expr:
        if self.x is None or is_zero(slope):
            return as_expr(intercept)
        return as_expr(intercept) + as_expr(slope) * self.x


def total(lines: Iterable[Line]) -> Line:
    """The sum of lines in one variable, in time linear in their kinks."""
    x, intercept, slope = None, S.Zero, S.Zero
    kinks: dict[Number, list[tuple[Number, Number]]] = {}
    for line in lines:
        x = x if line.x is None else line.x
        intercept, slope = plus(intercept, line.intercept), plus(slope, line.slope)
        for t, kink in line.kinks.items():
            kinks.setdefault(t, []).append(kink)
    merged = {t: _summed(parts) for t, parts in _merged(kinks).items()}
    kept = {t: kink for t, kink in merged.items() if not all(map(is_zero, kink))}
    return Line(x, intercept, slope, kept)


def _summed(parts: list[tuple[Number, Number]]) -> tuple[Number, Number]:
    jump, at = parts[0]
    for d, s in parts[1:]:
        jump, at = plus(jump, d), plus(at, s)
    return jump, at


def _merged(
    kinks: dict[Number, list[tuple[Number, Number]]],
) -> dict[Number, list[tuple[Number, Number]]]:
    """Those at one place together: floating ones are where they are not known not to be."""
    if not any(isinstance(t, Near) for t in kinks):
        return kinks
    merged: dict[Number, list[tuple[Number, Number]]] = {}
    last = None
    for t in ordered(kinks):
        if last is None or _compared(last, t):
            merged[last := t] = list(kinks[t])
        elif isinstance(t, Near):
            merged[last] += kinks[t]
        else:  # the exact place is the better one
            merged[t] = merged.pop(last) + kinks[t]
            last = t
    return merged


def broken(
    x: Expr | None, intercept: Number, slope: Number, ends: Iterable[tuple[Number, Number, Number]]
) -> Line:
    """The line that starts so, given for each kink in order: where, slope there, slope after."""
    kinks, left = {}, slope
    for t, at, right in ends:
        kinks[t] = minus(right, left), minus(at, left)
        left = right
    kept = {t: kink for t, kink in kinks.items() if not all(map(is_zero, kink))}
    return Line(x, intercept, slope, kept)


def ordered(numbers: Iterable[Number]) -> list[Number]:
    numbers = list(numbers)
    if all(getattr(t, "is_Rational", False) for t in numbers):
        return sorted(numbers)
    return sorted(numbers, key=cmp_to_key(_compared))


def _share(at: Number, jump: Number) -> Expr:
    """The slope at a kink as a part of what the slope changes by there."""
    for share in (S.One, S.Half):
        if _same(at, times(share, jump)):
            return share
    slope = as_expr(over(at, jump))
    simple = slope.is_Atom or not (is_finite_slope(slope) and is_soon_written_out(slope))
    return slope if simple else cancel(slope)


def _compared(t: Number, u: Number) -> int:
    return sign_of(minus(t, u))


def _same(a: Number, b: Number) -> bool:
    return is_zero(minus(a, b))


def samples(breaks: list[Number]) -> list[Number]:
    """A point in each of the intervals that the breaks part the axis into."""
    if not breaks:
        return [S.Zero]
    between = (times(S.Half, plus(t, u)) for t, u in pairwise(breaks))
    return [plus(breaks[0], S.NegativeOne), *between, plus(breaks[-1], S.One)]


def _root(p: Point, slope: Number) -> Point:
    return Point(minus(p.t, over(p.value, slope)), S.Zero, slope, slope, slope)
