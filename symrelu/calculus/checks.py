"""Second opinions: every answer is put to numbers before it is given out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
from sympy import (
    Add,
    Basic,
    Expr,
    Integer,
    Integral,
    Mul,
    Number,
    Rational,
    S,
    Symbol,
    lambdify,
    oo,
)

from symrelu.calculus.cells import Ranged
from symrelu.calculus.errors import NoPiecesError
from symrelu.graph import postorder, replaced

DIGITS = 30
WORKING = 50  # digits, of which cancellation may take some
LARGE, LARGEST = 1000, Integer(10) ** 300  # arguments: rounded, and refused
SHARES = (Rational(37, 101), Rational(71, 97), Rational(13, 89))


class CheckWarning(UserWarning):
    """An answer failed its check, and was not given out."""


class FailedError(Exception):
    """What failed: where, the value that the answer has there, and the value it should have."""


def warn(what: str, error: Exception, depth: int) -> None:
    """Say what failed, in the line of the user, so many calls above."""
    said = f"{what}: the answer failed its check, {error}"
    warnings.warn(said, CheckWarning, stacklevel=depth + 1)


def sample(symbol: Symbol, i: int = 0, j: int = 0) -> Expr:
    """A value that the assumptions of a symbol allow, another for each i and j."""
    value = SHARES[(i + j) % 3] + i + j * Rational(2, 7)
    if symbol.is_integer:
        value = Integer(1 + i + j)
    if symbol.is_negative or symbol.is_nonpositive:
        return -value
    if symbol.is_positive or symbol.is_nonnegative:
        return value
    return value if (i + j) % 2 else -value


def samples(
    symbols: Iterable[Symbol], count: int = 2, sides: bool = True
) -> list[dict[Symbol, Expr]]:
    """A few choices of the parameters, the same each time, on both sides of 0 or on the right."""
    named = sorted(symbols, key=lambda s: (s.name, s.sort_key()))
    if not named:
        return [{}] if sides else []
    found = [_sampled(named, i) for i in range(count)]
    return found if sides else [{s: _positive(s, v) for s, v in at.items()} for at in found]


def _positive(s: Symbol, value: Expr) -> Expr:
    free = not isinstance(s, Ranged) and s.is_positive is None and s.is_negative is None
    return abs(value) if free and s.is_nonpositive is None else value


def _sampled(named: list[Symbol], i: int) -> dict[Symbol, Expr]:
    at: dict[Symbol, Expr] = {}
    for j, s in enumerate(named):
        _choose(s, i, j, at)
    return {s: at[s] for s in named}


def _choose(s: Symbol, i: int, j: int, at: dict[Symbol, Expr]) -> None:
    """A value for a symbol; between its ends, of which the symbols are chosen before it."""
    if s in at:
        return
    if not isinstance(s, Ranged):
        at[s] = sample(s, i, j)
        return
    for k, t in enumerate(sorted((s.low.free_symbols | s.high.free_symbols), key=str)):
        _choose(t, i, j + k + 1, at)
    low, high = s.low.subs(at), s.high.subs(at)
    share = SHARES[(i + j) % 3]
    if low.is_finite and high.is_finite:
        at[s] = low + share * (high - low)
    else:
        at[s] = low + share if low.is_finite else high - share if high.is_finite else share


def number(expr: Any, at: dict[Symbol, Expr]) -> Any:
    """The value, exact where it is rational; None where there is none."""
    values: dict[Basic, Any] = {}
    for node in postorder(expr):
        values[node] = _value(node, [values[arg] for arg in node.args], at)
    value = values[expr]
    if value.is_Rational:
        return value
    value = value.evalf(DIGITS)
    if value.is_number and not value.has(Integral, S.NaN, S.ComplexInfinity):
        return value
    return None


def rounded(expr: Expr) -> Expr:
    """The same with constants like ``sqrt(17)`` rounded once, for many points."""
    made: Expr = replaced(expr, lambda e: e if e.free_symbols else _value(e, e.args, {}))
    return made


def _value(node: Any, args: list[Any], at: dict[Symbol, Expr]) -> Any:
    """The value from those of the arguments: what is not rational is rounded at once.

    So are large arguments of functions and powers, as an exact value may have more digits than
    memory has room for: of ``2**(10**9)``, of a factorial, of ``exp(exp(10**7))``.
    """
    if not args:
        return at.get(node, node)
    if not node.free_symbols:
        value = node
    elif isinstance(node, (Add, Mul)):
        value = node.func(*args)
    else:
        value = node.func(*map(_short, args))
    if isinstance(value, Number) or not isinstance(value, Expr) or not value.is_number:
        return value
    return value.evalf(WORKING)


def _short(value: Any) -> Any:
    if not isinstance(value, Number) or value.is_infinite or abs(value) < LARGE:
        return value
    if abs(value) > LARGEST:
        raise OverflowError(f"a function of {value.n(3)}")
    return value.evalf(WORKING)


def near(a: Any, b: Any, tolerance: float = 1e-15) -> bool:
    """Whether two numbers agree, to within what rounding costs."""
    if a == b:
        return True
    if a.is_infinite or b.is_infinite:
        return bool(a == b)
    gap = abs(mpmath.mpmathify(complex_of(a)) - complex_of(b))
    return bool(gap <= tolerance * (1 + abs(complex_of(b))))


def complex_of(value: Any) -> Any:
    with mpmath.workdps(DIGITS):
        re, im = value.as_real_imag()
        return mpmath.mpc(mpmath.mpf(str(re.evalf(DIGITS))), mpmath.mpf(str(im.evalf(DIGITS))))


def agree(answer: Expr, expected: Expr, points: Iterable[dict[Symbol, Expr]]) -> None:
    """Both have one value at the points, or FailedError."""
    for at in points:
        got, want = number(answer, at), number(expected, at)
        if want is None:
            continue
        if got is None or not near(got, want, 1e-12):
            raise FailedError(f"at {at or 'all points'} it is {got} and not {want}")


def around(breaks: Iterable[Expr]) -> list[Expr]:
    """Points on both sides of every break, and one at each end."""
    found: list[Expr] = []
    for t in breaks:
        t = S(t)
        if t.is_number and t.is_finite and t.is_extended_real:
            middle = t if t.is_Rational else Rational(str(t.evalf(15)))
            found += [middle - Rational(7, 53), middle + Rational(5, 47)]
    return found or [Rational(-17, 13), Rational(3, 7), Rational(23, 11)]


def quadrature(f: Expr, x: Symbol, ends: list[Expr]) -> Any:
    """The integral between the ends, in order, by tanh-sinh; complex integrands too."""
    compiled = lambdify(x, f, "mpmath")
    points = [
        mpmath.inf if e is oo else -mpmath.inf if e is -oo else mpmath.mpf(str(e.evalf(20)))
        for e in ends
    ]
    try:
        value, error = mpmath.quad(compiled, points, error=True, maxdegree=7)
    except NameError as missing:
        raise NoPiecesError(f"mpmath does not know {missing.name}") from None
    if error > 1e-7 * (1 + abs(value)):
        raise NoPiecesError("the quadrature does not settle")
    return value


def attempt(check: Callable[[], None]) -> None:
    """Run a check; what cannot be computed is no failure."""
    try:
        check()
    except (
        NoPiecesError,
        TypeError,
        ValueError,
        ZeroDivisionError,
        OverflowError,
        NotImplementedError,
    ):
        return


def symbols_of(*exprs: Basic) -> set[Symbol]:
    return set().union(*(e.free_symbols for e in exprs))
