r"""The calculus of broken lines: piecewise-linear functions of one variable.

A continuous one is an affine function plus one hinge for each of its kinks,

.. math:: f(x) = b + m x + \sum_t d_t \operatorname{ReLU}(x - t),

with $d_t$ the change of the slope at $t$.  Sums, multiples and ReLUs of broken lines are
broken lines, so that everything built from them has this one form.  The slope at a kink is
kept beside $d_t$, as what it exceeds the slope on the left by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import pairwise

from sympy import Add, Eq, Expr, Piecewise, S, Symbol, cancel, expand

from symrelu.function import ReLU, is_finite_slope
from symrelu.signs import signs


class NoLineError(Exception):
    """It jumps, a part of it is no broken line, or the order of its kinks is not known."""


@dataclass(frozen=True)
class Point:
    """A point of the line: where, the value, and the slopes on the left, there, on the right."""

    t: Expr
    value: Expr
    left: Expr
    at: Expr
    right: Expr


@dataclass(frozen=True)
class Line:
    """A broken line in ``x``; a constant, if ``x`` is None."""

    x: Symbol | None
    intercept: Expr  # of the leftmost piece
    slope: Expr = S.Zero  # of the leftmost piece
    kinks: dict[Expr, tuple[Expr, Expr]] = field(default_factory=dict)

    def __add__(self, other: Line) -> Line:
        kinks = dict(self.kinks)
        for t, (jump, at) in other.kinks.items():
            d, s = kinks.get(t, (S.Zero, S.Zero))
            kinks[t] = expand(d + jump), expand(s + at)
        return Line(
            self.x or other.x,
            expand(self.intercept + other.intercept),
            expand(self.slope + other.slope),
            {t: kink for t, kink in kinks.items() if kink != (0, 0)},
        )

    def __rmul__(self, k: Expr) -> Line:
        kinks = {t: (expand(k * jump), expand(k * at)) for t, (jump, at) in self.kinks.items()}
        return Line(self.x, expand(k * self.intercept), expand(k * self.slope), kinks if k else {})

    def __sub__(self, other: Line) -> Line:
        return self + S.NegativeOne * other

    def points(self) -> Iterator[Point]:
        """The kinks from left to right."""
        value, slope, last = self.intercept, self.slope, S.Zero
        for t in ordered(self.kinks):
            jump, at = self.kinks[t]
            value = expand(value + slope * (t - last))
            right = expand(slope + jump)
            yield Point(t, value, slope, expand(slope + at), right)
            slope, last = right, t

    def relu(self, H0: Expr) -> Line:
        """The ReLU of the line, by the chain rule at its kinks."""
        points = list(self._with_roots())
        if not is_finite_slope(H0) and any(p.value == 0 and 0 in (p.left, p.right) for p in points):
            raise NoLineError  # the slope is undefined on an interval
        if not points:
            return self if _sign(self.intercept) > 0 else Line(self.x, S.Zero)
        first = points[0]
        starts = (_sign(first.value) or -_sign(first.left)) > 0
        intercept, slope = (self.intercept, self.slope) if starts else (S.Zero, S.Zero)
        kept = []
        for p in points:
            sign = _sign(p.value)
            at = expand({-1: S.Zero, 0: H0, 1: S.One}[sign] * p.at)  # of nan, nan
            kept.append((p.t, at, p.right if (sign or _sign(p.right)) > 0 else S.Zero))
        return broken(self.x, intercept, slope, kept)

    def landmarks(self) -> list[Expr]:
        """Where the line has a kink or crosses 0."""
        return [p.t for p in self._with_roots()]

    def _with_roots(self) -> Iterator[Point]:
        """The kinks, and the points between them where the line crosses 0."""
        points = list(self.points())
        if not points:
            if _sign(self.slope):
                root = expand(-self.intercept / self.slope)
                yield Point(root, S.Zero, self.slope, self.slope, self.slope)
            return
        if _sign(points[0].value) * _sign(self.slope) > 0:
            yield _root(points[0], self.slope)
        yield points[0]
        for p, q in pairwise(points):
            if _sign(p.value) * _sign(q.value) < 0:
                yield _root(p, p.right)
            yield q
        if _sign(points[-1].value) * _sign(points[-1].right) < 0:
            yield _root(points[-1], points[-1].right)

    def slope_at(self, t: Expr) -> Expr:
        """The slope at a point, which may be a kink."""
        slope = self.slope
        for p in self.points():
            side = _sign(t - p.t)
            if side <= 0:
                return slope if side else p.at
            slope = p.right
        return slope

    def value_at(self, t: Expr) -> Expr:
        passed = (jump * (t - u) for u, (jump, _) in self.kinks.items() if _sign(t - u) > 0)
        return expand(self.intercept + self.slope * t + Add(*passed))

    # Written out

    def as_hinges(self, H0: Expr | None = None) -> Expr:
        """The affine part and the hinges, with their own slopes at the kinks or with ``H0``."""
        terms = [self._affine(self.intercept, self.slope)]
        for t, (jump, at) in self.kinks.items():
            if jump == 0:
                # The value has no kink here, but the slope that was chosen has.
                terms += [] if H0 is not None else [ReLU(self.x - t, at), -ReLU(self.x - t)]
            else:
                terms.append(jump * ReLU(self.x - t, cancel(at / jump) if H0 is None else H0))
        return Add(*terms)

    def as_piecewise(self, slopes: bool = True) -> Expr:
        """One ``Piecewise``: the breakpoints sorted, each interval once.

        A breakpoint belongs to the piece that has its slope; where none has, it is a piece of
        its own, if slopes count.
        """
        piece = self._affine(self.intercept, self.slope)
        pieces = []
        for p in self.points():
            if slopes and p.at not in (p.left, p.right) and is_finite_slope(p.at):
                pieces.append((self._affine(p.value - p.at * p.t, p.at), Eq(self.x, p.t)))
            if p.left != p.right:
                pieces.append((piece, self.x < p.t if p.at == p.right else self.x <= p.t))
                piece = self._affine(p.value - p.right * p.t, p.right)
        return Piecewise(*pieces, (piece, True))

    def _affine(self, intercept: Expr, slope: Expr) -> Expr:
        return expand(intercept) + (S.Zero if self.x is None else slope * self.x)


def broken(
    x: Symbol | None, intercept: Expr, slope: Expr, ends: Iterable[tuple[Expr, Expr, Expr]]
) -> Line:
    """The line that starts so, given for each kink in order: where, slope there, slope after."""
    kinks, left = {}, slope
    for t, at, right in ends:
        kinks[t] = expand(right - left), expand(at - left)
        left = right
    return Line(x, intercept, slope, {t: kink for t, kink in kinks.items() if kink != (0, 0)})


def ordered(numbers: Iterable[Expr]) -> list[Expr]:
    return sorted(numbers, key=cmp_to_key(_compared))


def _compared(t: Expr, u: Expr) -> int:
    return _sign(t - u)


def samples(breaks: list[Expr]) -> list[Expr]:
    """A point in each of the intervals that the breaks part the axis into."""
    if not breaks:
        return [S.Zero]
    return [breaks[0] - 1, *((t + u) / 2 for t, u in pairwise(breaks)), breaks[-1] + 1]


def _root(p: Point, slope: Expr) -> Point:
    return Point(expand(p.t - p.value / slope), S.Zero, slope, slope, slope)


def _sign(number: Expr) -> int:
    if number.is_Rational:
        return bool(number > 0) - bool(number < 0)
    possible = signs(number)
    if len(possible) != 1:
        raise NoLineError(f"the sign of {number} is not known")
    return min(possible)
