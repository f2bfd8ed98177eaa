"""Limits and series: near a point, on one side, every kink is decided."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import (
    Abs,
    AccumBounds,
    Add,
    Expr,
    Limit,
    Max,
    Min,
    Mul,
    Order,
    Poly,
    Rational,
    S,
    Symbol,
    atan,
    cos,
    cosh,
    erf,
    exp,
    oo,
    sin,
    sinh,
    sympify,
    tanh,
    together,
)

from symrelu.calculus import checks
from symrelu.calculus.errors import NoPiecesError, asked
from symrelu.calculus.front import calculus, held, the_symbol
from symrelu.calculus.pieces import chosen_of, in_steps, is_not_real, sign_of
from symrelu.function import ReLU
from symrelu.kinked import has_kinks

SIDES = {"+": 1, "-": -1}
MOST_DERIVATIVES = 12


@calculus(
    "the smooth expression of one side",
    "on one side of a point every step is 0 or 1; SymPy's series ask for ever more terms where "
    "kinks cancel, and its limits of a Piecewise may take the wrong piece",
    sympy.limit,
    of="z",
    stays=lambda e, z, z0, dir="+": Limit(e, z, z0, dir),
    exact=True,
)
def limit(e: Any, z: Any, z0: Any, dir: str = "+", check: bool = True) -> Any:
    """
    The limit at a point from a side, as ``sympy.limit`` gives it without kinks.

    Parameters
    ==========

    e : Expr
    z : Symbol
    z0 : Expr
        The point, perhaps infinite.
    dir : {"+", "-", "+-"}, optional
        The side.
    check : bool, optional
        Whether values near the point are compared.

    Examples
    ========

    >>> from sympy import oo, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import limit
    >>> x = symbols("x", real=True)
    >>> limit(ReLU(x)/x, x, 0, "-"), limit(x - ReLU(x), x, 2), limit(ReLU(x - 3) - x, x, oo)
    (0, 0, -3)
    """
    z0 = sympify(z0)
    if str(dir) == "+-" and not z0.is_infinite:
        left, right = (limit(e, z, z0, side, check=check) for side in "-+")
        if left == right:
            return left
        raise ValueError(
            f"the limit does not exist: it is {left} from the left, {right} from the right"
        )
    if z0 is S.ComplexInfinity:
        raise NotImplementedError("limits are taken on the real line")
    side = _side(z0, str(dir))
    value = _limit(e, z, z0, side)
    if check and not isinstance(value, (AccumBounds, Limit)):
        check_limit(value, e, z, z0, side)
    return value


@held.register(Limit)
def _(node: Limit, check: bool) -> Any:
    e, z, z0, side = node.args
    return limit(e, z, z0, str(side), check=check)


def _side(z0: Expr, dir: str) -> int:
    if dir not in ("+", "-", "+-"):
        raise ValueError(f"a side is '+', '-' or '+-', not {dir!r}")
    return {oo: -1, -oo: 1}.get(z0) or SIDES[dir[:1]]


def _limit(e: Expr, z: Symbol, z0: Expr, side: int) -> Expr:
    try:
        smooth = settled(e, z, z0, side)
    except NoPiecesError:
        if not z0.is_infinite and _is_continuous(e, z):
            return e.subs(z, z0)
        bounded = e.xreplace({node: _bounds(node, z, z0) for node in e.atoms(ReLU)})
        if z in bounded.free_symbols:
            raise
        return bounded
    return smooth_limit(smooth, z, z0, side)


def _is_continuous(e: Expr, z: Symbol) -> bool:
    """Whether it is made of what is continuous everywhere, so that its value is its limit."""
    if not e.has(z) or e == z:
        return True
    if e.is_Pow and not isinstance(e, exp):
        return bool(e.exp.is_Integer and e.exp > 0) and _is_continuous(e.base, z)
    return isinstance(e, CONTINUOUS) and all(_is_continuous(arg, z) for arg in e.args)


CONTINUOUS = (Add, Mul, ReLU, Max, Min, Abs, exp, sin, cos, atan, sinh, cosh, tanh, erf)


def _bounds(node: Expr, z: Symbol, z0: Expr) -> Expr:
    bounds = sympy.limit(node.args[0], z, z0) if not has_kinks(node.args[0]) else node
    return ReLU(bounds) if isinstance(bounds, AccumBounds) else node


def smooth_limit(g: Expr, z: Symbol, z0: Expr, side: int) -> Expr:
    """The limit of a smooth expression, by its value where it has one."""
    if z not in g.free_symbols:
        return g
    if z0.is_finite and g.is_polynomial(z):
        return g.subs(z, z0)
    if z0.is_infinite and g.is_polynomial(z):
        p = Poly(g, z)
        return sign_of(p.LC()) * (1 if z0 is oo or p.degree() % 2 == 0 else -1) * oo
    value = asked(sympy.limit, g, z, z0, "+" if side > 0 else "-")
    if value.has(Limit, S.NaN):
        raise NoPiecesError(f"no limit of {g} is known")
    return value


def settled(e: Expr, z: Symbol, z0: Expr, side: int) -> Expr:
    """The smooth expression that it is near a point on one side."""
    steps = in_steps(e)
    chosen: dict[Any, Expr] = {}
    for h, switch in steps.switches.items():
        s = sign_near(chosen_of(switch, chosen), z, z0, side)
        chosen[h] = S.One if s > 0 else S.Zero
    return chosen_of(steps.smooth, chosen)


def sign_near(u: Expr, z: Symbol, z0: Expr, side: int) -> int:
    """The sign of a smooth expression near a point on one side."""
    u = sympify(u)
    if z not in u.free_symbols:
        return sign_of(u)
    numerator, denominator = together(u).as_numer_denom()
    if z in denominator.free_symbols:
        return sign_near(numerator, z, z0, side) * sign_near(denominator, z, z0, side)
    if z0.is_infinite:
        return _sign_far(u, z, z0)
    value = u.subs(z, z0)
    if not value.is_infinite and is_not_real(value):
        raise ValueError(f"ReLU is defined for real arguments only, and {u} is not real near {z0}")
    if value.is_infinite or value is S.NaN or isinstance(value, AccumBounds):
        return _sign_by_limit(u, z, z0, side)
    slope, turn = u, 1
    for _ in range(MOST_DERIVATIVES):
        value = slope.subs(z, z0)
        if value.is_infinite or value is S.NaN:
            return _sign_by_limit(u, z, z0, side)
        if s := sign_of(value):
            return s * turn
        slope, turn = slope.diff(z), turn * side
        if slope == 0:
            return 0
    raise NoPiecesError(f"the sign of {u} near {z} = {z0} is not known")


def _sign_far(u: Expr, z: Symbol, z0: Expr) -> int:
    if u.is_polynomial(z):
        p = Poly(u, z)
        return sign_of(p.LC()) * (1 if z0 is oo or p.degree() % 2 == 0 else -1)
    return _sign_by_limit(u, z, z0, -1 if z0 is oo else 1)


def _sign_by_limit(u: Expr, z: Symbol, z0: Expr, side: int) -> int:
    dir_ = "+" if side > 0 else "-"
    value = asked(sympy.limit, u, z, z0, dir_)
    if value.is_zero:
        value = asked(sympy.limit, 1 / u, z, z0, dir_)
    if value is oo or value is -oo:
        return 1 if value is oo else -1
    if isinstance(value, (AccumBounds, Limit)) or not value.is_extended_real:
        raise NoPiecesError(f"the sign of {u} near {z} = {z0} is not known")
    return sign_of(value)


def check_limit(value: Expr, e: Expr, z: Symbol, z0: Expr, side: int) -> None:
    """The values near the point come ever nearer to the limit."""

    def check() -> None:
        for at in checks.samples(checks.symbols_of(e, value) - {z}, 1):
            want = checks.number(value, at)
            gaps = []
            for far in (4, 6):
                step = Rational(10) ** far
                point = z0 if z0.is_finite else S.Zero
                point = point.subs(at) + (side / step if z0.is_finite else -side * step)
                got = checks.number(e, {**at, z: point})
                if want is None or got is None:
                    return
                if want.is_infinite:
                    gaps.append(
                        -abs(got)
                        if got * (1 if want is oo else -1) > 0 or want is S.ComplexInfinity
                        else oo
                    )
                else:
                    gaps.append(abs(got - want))
            if want.is_infinite:
                if gaps[1] > gaps[0] or gaps[1] is oo:
                    raise checks.FailedError(f"nearby it does not grow to {want}")
            elif gaps[1] > max(0.95 * gaps[0], 1e-5 * (1 + abs(want))):
                raise checks.FailedError(f"nearby it is {gaps[1].n(6)} away from {want}")

    checks.attempt(check)


@calculus(
    "the smooth expression of one side",
    "on one side of a point every step is 0 or 1",
    lambda e, *args, **options: e.series(*args, **options),
    of="x",
    exact=True,
)
def series(
    expr: Any,
    x: Any = None,
    x0: Any = 0,
    n: int = 6,
    dir: str = "+",
    check: bool = True,
) -> Any:
    """
    The series at a point on a side, as ``sympy.series`` gives it without kinks.

    Parameters
    ==========

    expr : Expr
    x : Symbol
    x0 : Expr, optional
    n : int, optional
        The order.
    dir : {"+", "-"}, optional
        The side.
    check : bool, optional
        Whether the remainder is looked at near the point.

    Examples
    ========

    >>> from sympy import exp, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import series
    >>> x = symbols("x", real=True)
    >>> series(exp(x)*ReLU(x), x, 0, 3), series(exp(x)*ReLU(x), x, 0, 3, "-")
    (x + x**2 + O(x**3), 0)
    """
    if n is None:
        raise NotImplementedError(
            "series with kinks have an order: terms without end are not given"
        )
    x, x0, n = x if x is not None else _only(expr), sympify(x0), int(n)
    side = _side(x0, str(dir))
    smooth = settled(expr, x, x0, side)
    if x not in smooth.free_symbols:
        return smooth
    found = smooth.series(x, x0, n, dir)
    if check and x0.is_finite:
        check_series(found, expr, x, x0, n, side)
    return found


def _only(expr: Expr) -> Symbol:
    return the_symbol(expr, "variable")


def check_series(found: Expr, e: Expr, x: Symbol, x0: Expr, n: int, side: int) -> None:
    """The remainder is small near the point, of the order that is said."""

    def check() -> None:
        polynomial = found.removeO() if found.has(Order) else found
        order = min(n, 4) if found.has(Order) else 4
        for at in checks.samples(checks.symbols_of(e, found) - {x}, 1):
            point = x0.subs(at) + side * Rational(1, 10**5)
            got, want = (checks.number(g, {**at, x: point}) for g in (polynomial, e))
            if got is None or want is None:
                return
            if abs(got - want) > 10.0 ** (-5 * order + 4) * (1 + abs(want)):
                raise checks.FailedError(f"near {x0} it is {got} and not {want}")

    checks.attempt(check)
