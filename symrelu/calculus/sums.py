"""Sums: on each region between kinks, and at the kinks that are counted."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy import (
    Add,
    Expr,
    Heaviside,
    Integer,
    Piecewise,
    S,
    Sum,
    Symbol,
    Tuple,
    ceiling,
    count_ops,
    floor,
    oo,
    sympify,
)

from symrelu.calculus import checks
from symrelu.calculus.errors import UNKNOWN, NoPiecesError, asked
from symrelu.calculus.front import calculus, held
from symrelu.calculus.pieces import (
    Jump,
    constants_apart,
    normal_form,
    regions,
    shorter,
    sign_of,
    to_the_right,
)

LONGEST = 200
BIGGEST = 60


@calculus(
    "regions, or steps",
    "between kinks a sum is one without kinks, and what is counted from a kink on is 0 before it",
    sympy.summation,
    stays=lambda f, *limits, **_: Sum(f, *(Tuple(*limit) for limit in limits)),
)
def summation(f: Any, *limits: Any, check: bool = True, **options: Any) -> Any:
    """
    Sum over an index, as ``sympy.summation``.

    Examples
    ========

    >>> from sympy import oo, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import summation
    >>> i = symbols("i", integer=True)
    >>> n = symbols("n", integer=True, nonnegative=True)
    >>> summation(ReLU(i - 2), (i, 0, 5)), summation(ReLU(i - 2)/2**i, (i, 0, oo))
    (6, 1/2)
    >>> summation(ReLU(i - 2), (i, 2, n + 2)).factor()
    n*(n + 1)/2
    """
    value = f
    for i, limit in enumerate(limits):
        if not isinstance(limit, (list, tuple, Tuple)) or len(limit) != 3:
            raise ValueError(f"the limits of a sum are (i, first, last), not {limit}")
        x, a, b = map(sympify, limit)
        try:
            summand, back = constants_apart(value, {x})
            total = _total(summand, x, a, b)
            if check:
                check_sum(total, summand, x, a, b)
        except (*UNKNOWN, checks.FailedError) as error:
            if isinstance(error, checks.FailedError):
                checks.warn(f"summation of {value}", error, depth=4)
            return Sum(value, *(Tuple(*k) for k in limits[i:]))
        value = total.xreplace(back)
    return value


@held.register(Sum)
def _(node: Sum, check: bool) -> Any:
    return summation(node.function, *node.limits, check=check)


def _total(f: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    if (b - a + 1).is_negative and a.is_finite and b.is_finite:
        return -_total(f, x, b + 1, a - 1)  # as SymPy counts from right to left
    if a.is_Integer and b.is_Integer and b - a <= LONGEST:
        return Add(*(f.subs(x, i) for i in range(int(a), int(b) + 1)))
    if all(end.is_Integer or end.is_infinite for end in (a, b)):
        return _by_regions(f, x, a, b)
    return _to_a_symbol(f, x, a, b)


def _by_regions(f: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    parts = regions(f, x, a, b)
    total = []
    for part in parts:
        first = part.start if part.start.is_infinite else floor(part.start) + 1
        last = part.stop if part.stop.is_infinite else ceiling(part.stop) - 1
        total.append(smooth_sum(part.expr, x, first, last))
        total += [f.subs(x, t) for t in (part.start, part.stop) if t in (a, b) and t.is_Integer]
    total += [f.subs(x, p.stop) for p in parts[:-1] if p.stop.is_Integer]
    return shorter(Add(*total))


def _to_a_symbol(f: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    """To a last index that is a symbol: what starts at a kink is counted from it on."""
    first, jumps = to_the_right(*normal_form(f, x), x)
    total = [smooth_sum(first, x, a, b)]
    for jump in jumps:
        start = ceiling(jump.at)
        if sign_of(a - start) >= 0:
            total.append(smooth_sum(jump.expr, x, a, b))
            if sympy.Ge(b + 1, a) != S.true:  # before the kink is nothing to be counted
                total.append(_not_before(jump, x, start, a, b))
            continue
        if jump.at.is_integer is not False and jump.expr.subs(x, jump.at).expand() != 0:
            raise NoPiecesError(f"{f} jumps at {jump.at}")
        part = smooth_sum(jump.expr, x, start, b)
        total.append(part if sympy.Ge(b, start) == S.true else part * Heaviside(b - start, 1))
    return Add(*total)


def _not_before(jump: Jump, x: Symbol, start: Expr, a: Expr, b: Expr) -> Expr:
    """What is counted too much if the last index lies before the kink."""
    return -smooth_sum(jump.expr, x, start, b) * Heaviside(start - b - 1, 1)


def smooth_sum(g: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    if g == 0:
        return S.Zero
    if a.is_Integer and b.is_Integer and b < a:
        return S.Zero
    if count_ops(g) > BIGGEST:
        raise NoPiecesError(f"the summand {g} is too long")
    total = asked(sympy.summation, g, (x, a, b))
    if total.has(Sum, S.NaN) or (total.has(Piecewise) and not total.free_symbols):
        raise NoPiecesError(f"no sum of {g} is known")
    return shorter(total)


def check_sum(total: Expr, f: Expr, x: Symbol, a: Expr, b: Expr) -> None:
    """Add up, to sample ends."""

    def check() -> None:
        for at in checks.samples(checks.symbols_of(total, f, a, b) - {x}):
            low, high = a.subs(at), b.subs(at)
            if not (low.is_Integer and (high.is_Integer or high is oo)):
                return
            last = low + 150 if high is oo else high
            if last - low > 300:
                return
            turn = -1 if last < low - 1 else 1
            first, last = (low, last) if turn == 1 else (last + 1, low - 1)
            indices = map(Integer, range(int(first), int(last) + 1))
            terms = [checks.number(turn * f, {**at, x: i}) for i in indices]
            got = checks.number(total, at)
            if got is None or None in terms or got.is_infinite:
                return
            if high is oo and abs(terms[-1]) > 1e-20:
                return
            want = Add(*terms)
            if abs((got - want).n(20)) > 1e-12 * (1 + abs(want)):
                raise checks.FailedError(
                    f"at {at} it is {mpmath.nstr(mpmath.mpf(str(got.n(15))))} and not {want.n(15)}"
                )

    checks.attempt(check)
