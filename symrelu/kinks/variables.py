"""Broken lines in another variable: in its negative, or in one that differs by what is constant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from sympy import Expr, S

from symrelu.kinks.lines import Line, total
from symrelu.kinks.numbers import (
    NoLineError,
    is_zero,
    minus,
    negative,
    number,
    plus,
    sign_of,
    tidy,
    times,
)
from symrelu.signs import is_small, signs


def by_variable(lines: Iterable[Line]) -> dict[Expr, Line]:
    """The sums of those in one variable, or in one that stands there with the other sign."""
    found: dict[Any, list[Line]] = {}
    for line in lines:
        found.setdefault(line.x, []).append(line)
    for x in [x for x in found if -x in found and x.could_extract_minus_sign()]:
        found[-x] += map(flipped, found.pop(x))
    return {x: total(group) for x, group in found.items()}


def flipped(line: Line) -> Line:
    """The same, with the negative of its variable for the variable."""
    x: Any = line.x
    intercept, slope = line.intercept, line.slope
    for t, (jump, _) in line.kinks.items():
        intercept, slope = minus(intercept, times(jump, t)), plus(slope, jump)
    kinks = {negative(t): (jump, minus(jump, at)) for t, (jump, at) in line.kinks.items()}
    return Line(-x, intercept, negative(slope), kinks)


def upright(line: Line) -> Line:
    """The same, in the variable that has a positive factor; a symbol is one in either case."""
    if line.x is None or line.x.is_Symbol or line.kinks or sign_of(line.slope) >= 0:
        return line
    return flipped(line)


def shifted(line: Line, v: Any, u: Any) -> Line | None:
    """A line in ``v = u + r`` written in ``u``, if the sign of ``r`` is known."""
    r = v - u
    if not is_small(r) or len(signs(r := tidy(r))) != 1:
        return None
    kinks = {minus(t, r): kink for t, kink in line.kinks.items()}
    return Line(u, plus(line.intercept, times(line.slope, r)), line.slope, kinks)


def along(expr: Any, u: Any) -> tuple[Expr, Expr]:
    """k and r with ``expr = k*u + r``: r a number, or of known sign, if there are such."""
    best = S.Zero, expr
    terms = expr.as_coefficients_dict()
    for term, coefficient in u.as_coefficients_dict().items():
        k = terms.get(term, S.Zero) / coefficient
        r = tidy(expr - k * u) if k else expr
        if r.is_number:
            return k, r
        if len(signs(r)) == 1 and len(signs(best[1])) > 1:
            best = k, r
    return best


def in_variable(line: Line, x: Any) -> Line:
    """The line in another variable."""
    if line.x in (None, x):
        return line
    if line.x == -x:
        return flipped(line)
    if line.kinks:
        if (moved := shifted(line, line.x, x)) is None:
            raise NoLineError
        return moved
    k, r = along(line.x, x)
    slope = times(line.slope, number(k))
    return Line(x, plus(line.intercept, times(line.slope, number(r))), slope)


def facing_right(line: Line) -> Line:
    """The same with what is 0 on one side 0 on the left."""
    x: Any = line.x
    if x.is_Symbol or is_zero(line.slope) or len(line.kinks) == 0:
        return line
    last = reduce(plus, (jump for jump, _ in line.kinks.values()), line.slope)
    return flipped(line) if is_zero(last) else line
