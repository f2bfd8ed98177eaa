"""Ranges, extrema, monotonicity and convexity: region by region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import sympy
from sympy import Expr, FiniteSet, Interval, Rational, S, Set, Symbol, Union, oo
from sympy.calculus.util import continuous_domain as continuous_domain_of_sympy
from sympy.calculus.util import function_range as function_range_of_sympy
from sympy.core.relational import Eq, Ge
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from symrelu.calculus import checks
from symrelu.calculus.equations import solutions, zeros
from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.front import calculus, the_symbol
from symrelu.calculus.limits import settled, smooth_limit
from symrelu.calculus.pieces import Region, between, regions, roots, sign_of

UNDEFINED = (S.NaN, S.ComplexInfinity)
FAR = (Rational(-229, 7), Rational(-41, 9), Rational(47, 11), Rational(271, 8))


def _variable(f: Expr, symbol: Any) -> Symbol:
    if symbol is not None:
        return symbol
    return the_symbol(f, "variable")


def _intervals(domain: Set) -> list[Interval]:
    """The intervals of a set; NotImplementedError for others."""
    domain = domain.intersect(S.Reals)
    parts = domain.args if isinstance(domain, Union) else (domain,)
    found = []
    for part in parts:
        if isinstance(part, Interval):
            found.append(part)
        elif isinstance(part, FiniteSet):
            found += [_Point(t) for t in part]
        elif part is not S.EmptySet:
            raise NotImplementedError(f"the domain {domain} is not made of intervals")
    return found


class _Point:
    """A domain of one point."""

    def __init__(self, t: Expr) -> None:
        self.t = t


# The range


@calculus(
    "regions",
    "on each region the ends and the zeros of the slope; SymPy refuses Abs and Piecewise",
    function_range_of_sympy,
    of="symbol",
    exact=True,
)
def function_range(f: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Set:
    """
    The values on a domain, as ``sympy.calculus.util.function_range``.

    Examples
    ========

    >>> from sympy import S, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import function_range
    >>> x = symbols("x", real=True)
    >>> function_range(ReLU(x) - ReLU(x - 1), x, S.Reals)
    Interval(0, 1)
    """
    found = values_on(f, symbol, domain)
    if check:
        check_range(found, f, symbol, domain)
    return found


def values_on(f: Expr, x: Symbol, domain: Set) -> Set:
    found: list[Set] = []
    for part in _intervals(_one_period(f, x, domain)):
        if isinstance(part, _Point):
            found.append(FiniteSet(_at(f, x, part.t)))
            continue
        parts = regions(f, x, part.start, part.end)
        for region in parts:
            for real in _real(region, x):
                found += _image(Region(real.start, real.end, region.expr), x)
                found += [FiniteSet(_at(region.expr, x, t)) for t in _closed_ends(real)]
        ends = [*_closed_ends(part), *(r.stop for r in parts[:-1])]
        at_ends = (_at(f, x, t) for t in ends)
        found += [FiniteSet(v) for v in at_ends if v.is_finite and v.is_real is not False]
    return Union(*found)


def _closed_ends(part: Interval) -> list[Expr]:
    ends = ((part.start, part.left_open), (part.end, part.right_open))
    return [t for t, is_open in ends if not is_open]


def _one_period(f: Expr, x: Symbol, domain: Set) -> Set:
    """All that is to be looked at of what comes again."""
    if domain is not S.Reals or not f.has(TrigonometricFunction):
        return domain
    period = sympy.periodicity(f, x)
    return Interval(0, period) if period else domain


def _real(region: Region, x: Symbol) -> list[Interval]:
    """The intervals of a region on which it is real and continuous."""
    found = _real_set(region, x)
    return [part for part in _intervals(found) if isinstance(part, Interval)]


def _real_set(region: Region, x: Symbol) -> Set:
    g = region.expr
    if g.has(*UNDEFINED) or (x not in g.free_symbols and g.is_extended_real is False):
        return S.EmptySet
    inner = Interval.open(region.start, region.stop)
    return inner if g.is_polynomial(x) else continuous_domain_of_sympy(g, x, inner)


def _image(region: Region, x: Symbol) -> list[Set]:
    """The values on an open interval: between those at the ends and at the turning points."""
    g, a, b = region.expr, region.start, region.stop
    if x not in g.free_symbols:
        return [FiniteSet(g)]
    ends = [a, *between(_turns(g, x, a, b), a, b), b]
    found: list[Set] = []
    for low, high in pairwise(ends):
        one = smooth_limit(g, x, low, 1 if low.is_finite else (1 if low is -oo else -1))
        two = smooth_limit(g, x, high, -1)
        found.append(Interval.open(*_sorted(_comparable(one), _comparable(two))))
    return found + [FiniteSet(_at(g, x, t)) for t in ends[1:-1]]


def _at(f: Expr, x: Symbol, t: Expr) -> Expr:
    return _comparable(f.subs(x, t))


def _comparable(value: Expr) -> Expr:
    """The value, or 0 for a number that is 0 in disguise, with which SymPy compares nothing."""
    hidden = value.is_number and value.is_extended_real and not value.is_comparable
    return S.Zero if hidden and abs(value.evalf(30, maxn=60)) < 1e-25 else value


def _sorted(one: Expr, two: Expr) -> tuple[Expr, Expr]:
    if not (one.is_extended_real and two.is_extended_real):
        raise NoPiecesError(f"the values between {one} and {two} are not known")
    if one.is_infinite or two.is_infinite:
        return (one, two) if one is -oo or two is oo else (two, one)
    return (one, two) if sign_of(two - one) >= 0 else (two, one)


def _turns(g: Expr, x: Symbol, a: Expr, b: Expr) -> list[Expr]:
    """Where the slope is 0, and poles of it and of the value."""
    slope = sympy.together(g.diff(x))
    found = roots(slope, x, a, b)
    denominator = sympy.together(g).as_numer_denom()[1]
    return found + (roots(denominator, x, a, b) if x in denominator.free_symbols else [])


def check_range(found: Set, f: Expr, x: Symbol, domain: Set) -> None:
    """Values on both sides of every kink are in it, and the search for larger ones ends."""

    def check() -> None:
        if f.free_symbols != {x}:
            return
        for part in _intervals(domain):
            if isinstance(part, _Point):
                continue
            breaks = [r.stop for r in regions(f, x, part.start, part.end)[:-1]]
            for p in [*checks.around([*breaks, part.start, part.end]), *FAR]:
                value = checks.number(f, {x: p})
                if (
                    p not in part
                    or value is None
                    or not value.is_extended_real
                    or value.is_infinite
                ):
                    continue
                held = found.contains(value)
                close = not value.is_Rational and any(
                    t.is_finite and abs((t - value).evalf(30)) < 1e-15 for t in found.boundary
                )
                if held == S.false and not close:
                    raise checks.FailedError(f"at {p} the value is {value}")

    checks.attempt(check)


@calculus(
    "regions",
    "the least of the values; SymPy's takes an Abs for smooth",
    sympy.minimum,
    of="symbol",
    exact=True,
)
def minimum(f: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Expr:
    """
    The least value, or the infimum, as ``sympy.minimum``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import minimum
    >>> x = symbols("x", real=True)
    >>> minimum((x - 2)**2 + 3*ReLU(x), x)
    15/4
    """
    return _checked_range(f, symbol, domain, check).inf


@calculus(
    "regions",
    "the greatest of the values; SymPy's takes an Abs for smooth",
    sympy.maximum,
    of="symbol",
    exact=True,
)
def maximum(f: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Expr:
    """
    The greatest value, or the supremum, as ``sympy.maximum``.

    Examples
    ========

    >>> from sympy import Interval, exp, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import maximum
    >>> x = symbols("x", real=True)
    >>> maximum(ReLU(x), x, Interval(-1, 2)), maximum(exp(-x)*ReLU(x), x)
    (2, exp(-1))
    """
    return _checked_range(f, symbol, domain, check).sup


def _checked_range(f: Expr, x: Symbol, domain: Set, check: bool) -> Set:
    found: Set = function_range.__wrapped__(f, x, domain, check=check)
    if found is S.EmptySet:
        raise ValueError("no value on an empty domain")
    return found


# Points


@calculus(
    "regions",
    "between kinks and at each; SymPy refuses steps",
    continuous_domain_of_sympy,
    of="symbol",
    exact=True,
)
def continuous_domain(f: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Set:
    """
    Where an expression is continuous, as ``sympy.calculus.util.continuous_domain``.

    Examples
    ========

    >>> from sympy import Heaviside, S, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import continuous_domain
    >>> x = symbols("x", real=True)
    >>> continuous_domain(ReLU(x), x, S.Reals), continuous_domain(1/ReLU(x), x, S.Reals)
    (Interval(-oo, oo), Interval.open(0, oo))
    """
    x = symbol
    found: list[Set] = []
    for part in _intervals(domain):
        if isinstance(part, _Point):
            found.append(FiniteSet(part.t))
            continue
        parts = regions(f, x, part.start, part.end)
        found += [_real_set(region, x) for region in parts]
        found += [FiniteSet(r.stop) for r in parts[:-1] if _meets(f, x, r.stop, (-1, 1))]
        if not part.left_open and _meets(f, x, part.start, (1,)):
            found.append(FiniteSet(part.start))
        if not part.right_open and _meets(f, x, part.end, (-1,)):
            found.append(FiniteSet(part.end))
    return _checked(Union(*found), check, check_continuous, f, x, domain)


def _meets(f: Expr, x: Symbol, t: Expr, sides: tuple[int, ...]) -> bool:
    """Whether the value at a point is the limit from these sides."""
    value = f.subs(x, t)
    if not value.is_finite or value.is_real is False:
        return False
    return all(_is_0(_beside(f, x, t, side) - value) for side in sides)


def _beside(f: Expr, x: Symbol, t: Expr, side: int) -> Expr:
    g = settled(f, x, t, side)
    return S.NaN if g.has(*UNDEFINED) else smooth_limit(g, x, t, side)


def _is_0(e: Expr) -> bool:
    return bool(e.is_finite) and sign_of(e) == 0


@calculus(
    "regions",
    "the slope on each region; SymPy takes a flat piece for a point",
    sympy.stationary_points,
    of="symbol",
    exact=True,
)
def stationary_points(f: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Set:
    """
    Where the slope is 0, on both sides of a kink, as ``sympy.stationary_points``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import stationary_points
    >>> x = symbols("x", real=True)
    >>> stationary_points((ReLU(x) - 1)**2, x)
    Union({1}, Interval.open(-oo, 0))
    """
    x = symbol
    found: list[Set] = []
    for part in _intervals(domain):
        if isinstance(part, _Point):
            continue
        parts = regions(f, x, part.start, part.end)
        for region in parts:
            slope = region.expr.diff(x).expand()
            if region.expr.has(*UNDEFINED):
                continue
            if slope == 0:
                found.append(Interval.open(region.start, region.stop))
            else:
                found += [FiniteSet(t) for t in zeros(slope, x, region.start, region.stop)]
        for left, right in pairwise(parts):
            t = left.stop
            slopes = [p.expr.diff(x).subs(x, t) for p in (left, right)]
            if _meets(f, x, t, (-1, 1)) and all(map(_is_0, slopes)):
                found.append(FiniteSet(t))
        for t, end, is_open in (
            (part.start, parts[0], part.left_open),
            (part.end, parts[-1], part.right_open),
        ):
            if not is_open and t.is_finite and _is_0(end.expr.diff(x).subs(x, t)):
                found.append(FiniteSet(t))
    return _checked(Union(*found), check, check_stationary, f, x, domain)


@calculus(
    "regions",
    "the poles of each region, its ends included",
    sympy.singularities,
    of="symbol",
    exact=True,
)
def singularities(expression: Any, symbol: Any, domain: Any = S.Reals, check: bool = True) -> Set:
    """
    The poles, as ``sympy.singularities``; on a half-line that has no value, its end.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import singularities
    >>> x = symbols("x", real=True)
    >>> singularities(1/(ReLU(x) - 1), x)
    {1}
    """
    x = symbol
    found: list[Set] = []
    domain = domain.intersect(S.Reals)
    for region in regions(expression, x, domain.inf, domain.sup):
        if not region.expr.has(*UNDEFINED):
            closed = Interval(region.start, region.stop)
            found.append(sympy.singularities(region.expr, x, closed))
        else:
            found.append(Interval(region.start, region.stop))
    whole = Union(*found).intersect(domain)
    return _checked(whole, check, check_singular, expression, x, domain)


def _checked(
    found: Set, check: bool, opinion: Callable[..., None], f: Expr, x: Symbol, domain: Set
) -> Set:
    """The points, if numbers beside them do not gainsay."""
    if check and f.free_symbols == {x}:
        checks.attempt(lambda: opinion(found, f, x, domain))
    return found


NEAR = Rational(1, 10**12)


def _looked_at(
    found: Set, f: Expr, x: Symbol, domain: Set, slopes: bool = False
) -> Iterator[tuple[Expr, bool, list[Any]]]:
    """Points, whether they are in the set, and the values on the left, there and on the right.

    Both sides of every end and of every kink, and these themselves; but for ``slopes``, all three
    values are one where nothing can change.
    """
    breaks = {r.stop for r in regions(f, x, domain.inf, domain.sup)[:-1]} | {*found.boundary}
    finite = [t for t in breaks if t.is_Rational]
    for p in [*checks.around([*breaks, domain.inf, domain.sup]), *finite, *FAR]:
        held = found.contains(p)
        if domain.interior.contains(p) == S.true and held in (S.true, S.false):
            apart = (-NEAR, S.Zero, NEAR) if slopes or p in breaks else (S.Zero,)
            values = [checks.number(f, {x: p + d}) for d in apart]
            yield p, bool(held), values * (3 // len(values))


def _is_value(v: Any) -> bool:
    return v is not None and bool(v.is_extended_real) and bool(v.is_finite)


def check_continuous(found: Set, f: Expr, x: Symbol, domain: Set) -> None:
    for p, held, (left, here, right) in _looked_at(found, f, x, domain):
        if held and not _is_value(here):
            raise checks.FailedError(f"at {p} there is no value")
        if _is_value(here) and _is_value(left) and _is_value(right):
            gap = max(abs(left - here), abs(right - here))
            if held == (gap > Rational(1, 10**4) * (1 + abs(here))):
                raise checks.FailedError(f"at {p} the values differ by {gap.n(6)}")


def check_stationary(found: Set, f: Expr, x: Symbol, domain: Set) -> None:
    for p, held, values in _looked_at(found, f, x, domain, slopes=True):
        if not all(map(_is_value, values)):
            continue
        left, here, right = values
        slope = max(abs(right - here), abs(here - left)) / NEAR
        if (held and slope > Rational(1, 10**6) * (1 + abs(here))) or (not held and slope == 0):
            raise checks.FailedError(f"at {p} the slope is {slope.n(6)}")


def check_singular(found: Set, f: Expr, x: Symbol, domain: Set) -> None:
    for p, held, (left, here, right) in _looked_at(found, f, x, domain):
        if held and all(map(_is_value, (left, here, right))):
            raise checks.FailedError(f"at {p} and beside it are values")
        if not held and any(_is_value(v) and abs(v) > 1 / NEAR / 1000 for v in (left, here, right)):
            raise checks.FailedError(f"at {p} the values have no bound")


# Monotonicity and convexity


def _one_interval(domain: Set) -> Interval:
    parts = _intervals(domain)
    if len(parts) != 1 or isinstance(parts[0], _Point):
        raise NotImplementedError(f"{domain} is not one interval")
    return parts[0]


def _rises(
    f: Expr, interval: Set, symbol: Any, check: bool, turn: int = 1, strictly: bool = False
) -> bool:
    """Whether ``turn*f`` rises on the interval, if values in it do not gainsay."""
    x = _variable(f, symbol)
    part = _one_interval(interval)
    rises = _is_rising(turn * f, x, part, strictly)
    if check and rises:
        values = [v for _, v in _values(f, part, x)]
        if any(turn * (b - a) < -1e-12 * (1 + abs(a)) for a, b in pairwise(values)):
            raise checks.FailedError("its values turn")
    return rises


def _is_rising(f: Expr, x: Symbol, part: Interval, strictly: bool) -> bool:
    """By the slope on regions and the jumps at kinks."""
    parts = regions(f, x, part.start, part.end)
    for region in parts:
        if region.expr.has(*UNDEFINED):
            return False
        inner = Interval.open(region.start, region.stop)
        slope = region.expr.diff(x).expand()
        if not inner.is_subset(solutions(Ge(slope, 0, evaluate=False), x, inner)):
            return False
        level = (
            solutions(Eq(slope, 0, evaluate=False), x, inner) if x in slope.free_symbols else None
        )
        flat = slope == 0 if level is None else isinstance(level, Interval)
        if strictly and flat:
            return False
        if continuous_domain_of_sympy(region.expr, x, inner) != inner:
            return False
    for left, right in pairwise(parts):
        t = left.stop
        below, value, above = left.expr.subs(x, t), f.subs(x, t), right.expr.subs(x, t)
        if sign_of(value - below) < 0 or sign_of(above - value) < 0:
            return False
    return True


@calculus(
    "regions",
    "the slope on each region and the jumps between",
    sympy.is_increasing,
    of="symbol",
    exact=True,
)
def is_increasing(
    expression: Any, interval: Any = S.Reals, symbol: Any = None, check: bool = True
) -> bool:
    """
    Whether an expression does not fall on an interval, as ``sympy.is_increasing``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import is_increasing
    >>> x = symbols("x", real=True)
    >>> is_increasing(ReLU(x)), is_increasing(ReLU(x) - 2*ReLU(x - 1))
    (True, False)
    """
    return _rises(expression, interval, symbol, check)


@calculus(
    "regions",
    "the slope on each region and the jumps between",
    sympy.is_decreasing,
    of="symbol",
    exact=True,
)
def is_decreasing(
    expression: Any, interval: Any = S.Reals, symbol: Any = None, check: bool = True
) -> bool:
    """Whether an expression does not rise on an interval, as ``sympy.is_decreasing``."""
    return _rises(expression, interval, symbol, check, turn=-1)


@calculus(
    "regions",
    "a region with slope 0 is not strictly increasing",
    sympy.is_strictly_increasing,
    of="symbol",
    exact=True,
)
def is_strictly_increasing(
    expression: Any, interval: Any = S.Reals, symbol: Any = None, check: bool = True
) -> bool:
    """Whether an expression rises on an interval, as ``sympy.is_strictly_increasing``."""
    return _rises(expression, interval, symbol, check, strictly=True)


@calculus(
    "regions",
    "a region with slope 0 is not strictly decreasing",
    sympy.is_strictly_decreasing,
    of="symbol",
    exact=True,
)
def is_strictly_decreasing(
    expression: Any, interval: Any = S.Reals, symbol: Any = None, check: bool = True
) -> bool:
    """Whether an expression falls on an interval, as ``sympy.is_strictly_decreasing``."""
    return _rises(expression, interval, symbol, check, turn=-1, strictly=True)


@calculus(
    "regions",
    "SymPy takes a zero of the slope for a turning point",
    sympy.is_monotonic,
    of="symbol",
    exact=True,
)
def is_monotonic(
    expression: Any, interval: Any = S.Reals, symbol: Any = None, check: bool = True
) -> bool:
    """Whether an expression only rises or only falls, as ``sympy.is_monotonic``."""
    return any(_rises(expression, interval, symbol, check, turn) for turn in (1, -1))


def _values(f: Expr, interval: Set, x: Symbol) -> list[tuple[Any, Any]]:
    """Values at points on both sides of kinks, in order."""
    if f.free_symbols != {x}:
        return []
    part = _one_interval(interval)
    breaks = [r.stop for r in regions(f, x, part.start, part.end)[:-1]]
    around = checks.around([*breaks, part.start, part.end])
    points = sorted(p for p in {*around, *FAR} if p in part)
    found = [(p, checks.number(f, {x: p})) for p in points]
    return [(p, v) for p, v in found if v is not None and v.is_extended_real and v.is_finite]


@calculus(
    "regions",
    "SymPy's second derivative of a Piecewise forgets the kinks",
    sympy.is_convex,
    of="syms",
    exact=True,
)
def is_convex(f: Any, *syms: Any, domain: Any = S.Reals, check: bool = True) -> bool:
    """
    Whether an expression of one variable is convex on an interval, as ``sympy.is_convex``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import is_convex
    >>> x = symbols("x", real=True)
    >>> is_convex(ReLU(x), x), is_convex(-ReLU(x), x)
    (True, False)
    """
    if len(syms) > 1:
        raise NotImplementedError("convexity with kinks is decided in one variable")
    x = _variable(f, syms[0] if syms else None)
    convex = _is_convex(f, x, domain)
    if check and convex:
        values = _values(f, domain, x)
        for (p, a), (q, b), (r, c) in zip(values, values[1:], values[2:], strict=False):
            if (b - a) * (r - q) > (c - b) * (q - p) + 1e-12 * (1 + abs(b)):
                raise checks.FailedError(f"it bends down near {q}")
    return convex


def _is_convex(f: Expr, x: Symbol, domain: Set) -> bool:
    part = _one_interval(domain)
    parts = regions(f, x, part.start, part.end)
    for region in parts:
        inner = Interval.open(region.start, region.stop)
        bend = region.expr.diff(x, 2).expand()
        if (
            region.expr.has(*UNDEFINED)
            or continuous_domain_of_sympy(region.expr, x, inner) != inner
        ):
            return False
        if not inner.is_subset(solutions(Ge(bend, 0, evaluate=False), x, inner)):
            return False
    for left, right in pairwise(parts):
        t = left.stop
        rise = (right.expr.diff(x) - left.expr.diff(x)).subs(x, t)
        if not _meets(f, x, t, (-1, 1)) or sign_of(rise) < 0:
            return False
    return True


@calculus(
    "as it is",
    "SymPy's finds the period of the argument",
    sympy.periodicity,
    of="symbol",
    stays=lambda *_, **__: None,
    exact=True,
)
def periodicity(f: Any, symbol: Any, check: bool = True, **options: Any) -> Any:
    """
    A period, as ``sympy.periodicity``.

    Examples
    ========

    >>> from sympy import sin, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import periodicity
    >>> x = symbols("x", real=True)
    >>> periodicity(ReLU(sin(2*x)), x)
    pi
    """
    period = sympy.periodicity(f, symbol, check=False)
    if check and period is not None and period != 0:
        points = [{symbol: p} for p in checks.around([])]
        checks.agree(f.subs(symbol, symbol + period), f, points)
    return period
