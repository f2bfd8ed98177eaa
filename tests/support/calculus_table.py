"""The table of the calculus of ReLU, by plain calls of ``symrelu.calculus``.

Each row is a task, written for any function ``f`` in the place of ReLU, with the
known answer and a number that owes nothing to symbolic work: a quadrature, a difference
quotient, a search.  ``test_calculus.py`` checks the rows, and
``benchmarks/test_calculus.py`` gives the tasks a smooth function as well.
"""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath
from sympy import (
    Abs,
    AccumBounds,
    DiracDelta,
    E,
    Eq,
    Expr,
    FiniteSet,
    Function,
    Heaviside,
    I,
    Interval,
    Max,
    Piecewise,
    Rational,
    S,
    Set,
    Symbol,
    Union,
    cos,
    erf,
    erfc,
    exp,
    factorial,
    gamma,
    lambdify,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
)
from sympy.stats import Exponential, Normal, Uniform

from support.numerics import (
    bromwich,
    compiled,
    fourier_sum,
    nearest,
    quadrature,
    relu,
    runge_kutta,
    second_difference,
    slope,
)
from symrelu import ReLU
from symrelu.calculus import (
    continuous_domain,
    dsolve,
    expectation,
    fourier_series,
    fourier_transform,
    function_range,
    integrate,
    inverse_laplace_transform,
    is_convex,
    is_decreasing,
    is_increasing,
    is_strictly_increasing,
    laplace_transform,
    limit,
    maximum,
    mellin_transform,
    minimum,
    periodicity,
    reduce_inequalities,
    series,
    singularities,
    solve,
    solveset,
    stationary_points,
    summation,
    variance,
)

x, t, y, k, m = symbols("x t y k m", real=True)
a, s, sigma, K = symbols("a s sigma K", positive=True)
w = symbols("w", negative=True)
j, n = symbols("j n", integer=True, nonnegative=True)
u = Function("u")
half = S.Half

# Rows

F = Callable[..., Expr]  # what stands in the place of ReLU


def ramp(v: Expr, H0: Any = 0) -> Expr:
    """ReLU's value, in SymPy's own words, for the numbers."""
    return Max(0, v)


def bump(v: Expr, H0: Any = 0) -> Expr:
    """The smooth problem of the same kind, for the benchmarks."""
    return v**2 * exp(-v)


def square(v: Expr, H0: Any = 0) -> Expr:
    return v**2


def bell(v: Expr, H0: Any = 0) -> Expr:
    return exp(-(v**2))


def normal(v: Expr) -> Expr:
    return exp(-(v**2) / 2) / sqrt(2 * pi)


def as_interval(bounds: AccumBounds) -> Interval:
    return Interval(bounds.min, bounds.max)


class Row(NamedTuple):
    """One task: how to get the answer, the answer, and a number for random symbols."""

    what: str
    call: Callable[[F], Expr]
    closed: Expr
    number: Callable[[dict[Symbol, float]], complex]
    smooth: F | None = bump
    integrand: Callable[[F], Expr] | None = None


def derivative(what, f, variable, closed):
    def number(at):
        others = {symbol: v for symbol, v in at.items() if symbol != variable}
        return slope(compiled(f(ramp).subs(others), variable), at[variable])

    return Row(what, lambda g: f(g).diff(variable), closed, number)


def antiderivative(what, f, closed, start, smooth=bump):
    """The antiderivative by x that is 0 at ``start``."""

    def number(at):
        others = {symbol: v for symbol, v in at.items() if symbol != x}
        return quadrature(compiled(f(ramp).subs(others), x), float(start.subs(at)), at[x])

    return Row(
        what,
        lambda g: integrate(f(g), x),
        closed,
        number,
        smooth,
        f,
    )


def integral(what, f, start, stop, closed, smooth=bump, variable=x):
    def number(at):
        far = 12.0 if start is -oo else 40.0  # where a Gaussian, and exp(-x), is nothing
        lower, upper = (max(-far, min(far, float(S(end).subs(at)))) for end in (start, stop))
        return quadrature(compiled(f(ramp).subs(at), variable), lower, upper)

    return Row(
        what,
        lambda g: integrate(f(g), (variable, start, stop)),
        closed,
        number,
        smooth,
    )


DERIVATIVES = [
    derivative("ReLU(a*x + y)", lambda f: f(a * x + y), x, a * Heaviside(a * x + y, 0)),
    derivative("ReLU(x - k) by k", lambda f: f(x - k), k, -Heaviside(x - k, 0)),
    derivative("ReLU(x*y)", lambda f: f(x * y), x, y * Heaviside(x * y, 0)),
    derivative("ReLU(x)**3", lambda f: f(x) ** 3, x, 3 * ReLU(x) ** 2 * Heaviside(x, 0)),
    derivative("ReLU(sin(x))", lambda f: f(sin(x)), x, cos(x) * Heaviside(sin(x), 0)),
    derivative(
        "exp(-x)*ReLU(x**2 - 1)",
        lambda f: exp(-x) * f(x**2 - 1),
        x,
        exp(-x) * (2 * x * Heaviside(x**2 - 1, 0) - ReLU(x**2 - 1)),
    ),
    *(
        Row(
            f"derivative {order} of ReLU(x - k), against exp(-x**2)",
            lambda f, order=order: integrate(
                f(x - k).diff(x, order, simplify=False) * exp(-(x**2)), (x, -oo, oo)
            ),
            closed,
            # By parts: the derivatives of the smooth factor, against ReLU.
            lambda at, order=order: quadrature(
                compiled(((-1) ** order * ramp(x - k) * exp(-(x**2)).diff(x, order)).subs(at), x),
                -8,
                8,
            ),
            bell,
        )
        for order, closed in (
            (1, sqrt(pi) * erfc(k) / 2),
            (2, exp(-(k**2))),
            (3, 2 * k * exp(-(k**2))),
            (4, (4 * k**2 - 2) * exp(-(k**2))),
        )
    ),
]

ANTIDERIVATIVES = [
    antiderivative("ReLU(x)", lambda f: f(x), ReLU(x) ** 2 / 2, S(-9)),
    antiderivative(
        "ReLU(a*x + y)",
        lambda f: f(a * x + y),
        ReLU(a * x + y) ** 2 / (2 * a),
        -y / a,
    ),
    antiderivative("ReLU(1 - x)", lambda f: f(1 - x), -(ReLU(1 - x) ** 2) / 2, S(1)),
    antiderivative("ReLU(x - k)", lambda f: f(x - k), ReLU(x - k) ** 2 / 2, k),
    antiderivative(
        "x*ReLU(x - 1)", lambda f: x * f(x - 1), (2 * x + 1) * ReLU(x - 1) ** 2 / 6, S(1)
    ),
    antiderivative("ReLU(x - 1)**2", lambda f: f(x - 1) ** 2, ReLU(x - 1) ** 3 / 3, S(1)),
    antiderivative(
        "ReLU(x - 1)*ReLU(3 - x)",
        lambda f: f(x - 1) * f(3 - x),
        ReLU(x - 1) ** 2 - ReLU(x - 1) ** 3 / 3 + ReLU(x - 3) ** 3 / 3 + ReLU(x - 3) ** 2,
        S(1),
    ),
    antiderivative(
        "exp(x)*ReLU(x - 1)",
        lambda f: exp(x) * f(x - 1),
        ((x - 2) * exp(x) + E) * Heaviside(x - 1),
        S(1),
    ),
    antiderivative(
        "exp(-x**2)*ReLU(x - 1)",
        lambda f: exp(-(x**2)) * f(x - 1),
        (exp(-1) - exp(-(x**2)) + sqrt(pi) * (erf(1) - erf(x))) / 2 * Heaviside(x - 1),
        S(1),
        smooth=square,
    ),
    antiderivative(
        "cos(ReLU(x - 1))",
        lambda f: cos(f(x - 1)),
        x - ReLU(x - 1) + sin(ReLU(x - 1)),
        S(0),
        smooth=lambda v: v,
    ),
    antiderivative(
        "ReLU(x**2 - 1)",
        lambda f: f(x**2 - 1),
        Piecewise(
            (x**3 / 3 - x, x < -1), (Rational(2, 3), x < 1), (x**3 / 3 - x + Rational(4, 3), True)
        ),
        -sqrt(3),
    ),
    antiderivative(
        "ReLU(ReLU(x) - 1) - ReLU(x - 2)",
        lambda f: f(f(x) - 1) - f(x - 2),
        (ReLU(x - 1) ** 2 - ReLU(x - 2) ** 2) / 2,
        S(0),
        smooth=square,
    ),
]

INTEGRALS = [
    integral("ReLU(x), -1 to 2", lambda f: f(x), -1, 2, S(2)),
    integral("ReLU(x), k to m", lambda f: f(x), k, m, (ReLU(m) ** 2 - ReLU(k) ** 2) / 2),
    integral(
        "ReLU(x - k), 0 to 1", lambda f: f(x - k), 0, 1, (ReLU(1 - k) ** 2 - ReLU(-k) ** 2) / 2
    ),
    integral("ReLU(x**2 - 1), -2 to 2", lambda f: f(x**2 - 1), -2, 2, Rational(8, 3)),
    integral("ReLU(sin(x)), a period", lambda f: f(sin(x)), 0, 2 * pi, S(2), smooth=square),
    integral(
        "x*ReLU(1 - Abs(x)), -1 to 2", lambda f: x * f(1 - Abs(x)), -1, 2, S(0), smooth=square
    ),
    integral("ReLU(x)**2, -1 to k", lambda f: f(x) ** 2, -1, k, ReLU(k) ** 3 / 3),
    integral("ReLU(x)*ReLU(1 - x), -1 to 2", lambda f: f(x) * f(1 - x), -1, 2, Rational(1, 6)),
    integral("ReLU(x) + ReLU(-x), -1 to 2", lambda f: f(x) + f(-x), -1, 2, Rational(5, 2)),
    integral("exp(-x)*ReLU(1 - x), 0 to oo", lambda f: exp(-x) * f(1 - x), 0, oo, exp(-1), bell),
    integral("exp(-x)*ReLU(x - 1), 0 to oo", lambda f: exp(-x) * f(x - 1), 0, oo, exp(-1)),
    integral(
        "exp(-x**2)*ReLU(x), all x",
        lambda f: exp(-(x**2)) * f(x),
        -oo,
        oo,
        half,
        bell,
    ),
    integral(
        "exp(-x**2)*ReLU(x - k), all x",
        lambda f: exp(-(x**2)) * f(x - k),
        -oo,
        oo,
        (exp(-(k**2)) - sqrt(pi) * k * erfc(k)) / 2,
        bell,
    ),
    Row(
        "ReLU(x - y), the unit square",
        lambda f: integrate(f(x - y), (x, 0, 1), (y, 0, 1)),
        Rational(1, 6),
        lambda at: quadrature(lambda v: quadrature(lambda q: relu(q - v), 0, 1), 0, 1),
    ),
]


def one_sided_limit(what, f, point, direction, closed, smooth=bump):
    near = {"+": 1e-7, "-": -1e-7}[direction] + float(point) if point.is_finite else 2e8

    def number(at):
        return compiled(f(ramp), x)(near)

    return Row(what, lambda g: limit(f(g), x, point, direction), closed, number, smooth)


def expansion(what, f, point, direction, closed, terms=4, smooth=bump):
    """The Taylor polynomial on one side, without the order term."""

    def number(at):
        one_sided = {"direction": {"+": 1, "-": -1}[direction]}
        function = lambdify(x, f(ramp), "mpmath")
        coefficients = mpmath.taylor(function, point, terms - 1, **one_sided)
        return mpmath.polyval(coefficients[::-1], at.get(x, 0.0) - point)

    return Row(
        what,
        lambda g: series(f(g), x, point, terms, direction).removeO(),
        closed,
        number,
        smooth,
    )


def total(what, f, start, stop, closed, smooth=bump):
    """A sum over x, with the kink at ``start``, so that the index counts from there."""

    def number(at):
        last = 60 if stop is oo else int(at[stop])
        term = compiled(f(ramp).subs(at), x)
        return math.fsum(term(start + i) for i in range(last + 1))

    return Row(
        what,
        lambda g: summation(f(g).subs(x, start + j), (j, 0, stop)),
        closed,
        number,
        smooth,
    )


def transform(what, of, kernel, f, start, closed, smooth=bump):
    """A transform of a function of t, and the integral that defines it."""

    def number(at):
        return quadrature(compiled((f(ramp) * kernel).subs(at), t), start, 60.0)

    return Row(what, lambda g: of(f(g)), closed, number, smooth)


laplace = partial(
    transform, of=lambda f: laplace_transform(f, t, s, noconds=True), kernel=exp(-s * t), start=0.0
)
fourier = partial(
    transform, of=lambda f: fourier_transform(f, t, k), kernel=exp(-2 * pi * I * k * t), start=-20.0
)


def mellin(what, f, power, closed, smooth=bump):
    of = lambda f: mellin_transform(f, t, power)[0]  # noqa: E731
    return transform(what, of, t ** (power - 1), f, 1e-9, closed, smooth)


def solution(what, equation, start, closed, way, smooth=bump):
    """Of an initial value problem, with the value and the slopes of u at 0."""

    def call(g):
        at_0 = {u(x).diff(x, i).subs(x, 0): value for i, value in enumerate(start)}
        return dsolve(equation(g), u(x), ics=at_0).rhs

    def number(at):
        return runge_kutta(way, 0.0, at[x], *map(float, start))

    return Row(what, call, closed, number, smooth)


def mean(what, f, distribution, density, closed, smooth=bell):
    """The expectation of f of a random variable; the density is a function of x."""

    def number(at):
        return quadrature(compiled((f(ramp, x) * density).subs(at), x), -30.0, 30.0)

    return Row(
        what,
        lambda g: expectation(f(g, distribution)),
        closed,
        number,
        smooth,
    )


LIMITS = [
    one_sided_limit("ReLU(x)/x, 0+", lambda f: f(x) / x, S(0), "+", S(1)),
    one_sided_limit("ReLU(x)/x, 0-", lambda f: f(x) / x, S(0), "-", S(0)),
    one_sided_limit("ReLU(sin(x))/x, 0+", lambda f: f(sin(x)) / x, S(0), "+", S(1)),
    one_sided_limit("ReLU(x - 1)/(x - 1), 1-", lambda f: f(x - 1) / (x - 1), S(1), "-", S(0)),
    one_sided_limit("ReLU(x)*exp(-x), oo", lambda f: f(x) * exp(-x), oo, "-", S(0)),
    one_sided_limit("ReLU(x - 3) - x, oo", lambda f: f(x - 3) - x, oo, "-", S(-3), square),
    one_sided_limit("ReLU(1/x), 0-", lambda f: f(1 / x), S(0), "-", S(0), bell),
]

SERIES = [
    expansion("ReLU(sin(x)), 0+", lambda f: f(sin(x)), 0, "+", x - x**3 / 6),
    expansion("ReLU(sin(x)), 0-", lambda f: f(sin(x)), 0, "-", S(0)),
    expansion(
        "exp(x)*ReLU(x - 1), 1+",
        lambda f: exp(x) * f(x - 1),
        1,
        "+",
        E * ((x - 1) + (x - 1) ** 2 + (x - 1) ** 3 / 2),
    ),
    expansion("exp(ReLU(-x)), 0-", lambda f: exp(f(-x)), 0, "-", 1 - x + x**2 / 2 - x**3 / 6),
    *(
        Row(
            f"Fourier series of {name}, 3 terms",
            lambda f, of=of: fourier_series(of(f), (x, -pi, pi)).truncate(3),
            closed,
            lambda at, of=of, terms=terms: fourier_sum(compiled(of(ramp), x), terms, at[x]),
            square,
        )
        for name, of, terms, closed in (
            ("ReLU(x)", lambda f: f(x), 2, pi / 4 - 2 * cos(x) / pi + sin(x) - sin(2 * x) / 2),
            (
                "ReLU(sin(x))",
                lambda f: f(sin(x)),
                2,
                1 / pi + sin(x) / 2 - 2 * cos(2 * x) / (3 * pi),
            ),
        )
    ),
]

SUMS = [
    Row(
        "ReLU(x - 2), x from 0 to 5",
        lambda f: summation(f(x - 2), (x, 0, 5)),
        S(6),
        lambda at: sum(relu(i - 2) for i in range(6)),
    ),
    total("ReLU(x - 2), x from 2 to n + 2", lambda f: f(x - 2), 2, n, n * (n + 1) / 2, square),
    total("ReLU(x - 2)/2**x, x from 2", lambda f: f(x - 2) / 2**x, 2, oo, half),
    total(
        "the mean of ReLU(x - 2), x Poisson",
        lambda f: f(x - 2) * K**x * exp(-K) / factorial(x),
        2,
        oo,
        K - 2 + (K + 2) * exp(-K),
        square,
    ),
]

TRANSFORMS = [
    laplace("Laplace, ReLU(t)", f=lambda f: f(t), closed=1 / s**2),
    laplace("Laplace, ReLU(t - a)", f=lambda f: f(t - a), closed=exp(-a * s) / s**2),
    laplace(
        "Laplace, ReLU(2 - t)",
        f=lambda f: f(2 - t),
        closed=2 / s - (1 - exp(-2 * s)) / s**2,
    ),
    laplace(
        "Laplace, exp(-t)*ReLU(t - 2)",
        f=lambda f: exp(-t) * f(t - 2),
        closed=exp(-2 * s - 2) / (s + 1) ** 2,
    ),
    laplace(
        "Laplace, t*ReLU(t - 1)",
        f=lambda f: t * f(t - 1),
        closed=(s + 2) * exp(-s) / s**3,
    ),
    fourier(
        "Fourier, exp(-a*t)*ReLU(t)",
        f=lambda f: exp(-a * t) * f(t),
        closed=1 / (a + 2 * I * pi * k) ** 2,
        smooth=bell,
    ),
    fourier(
        "Fourier, exp(-t**2)*ReLU(t)",
        f=lambda f: exp(-(t**2)) * f(t),
        closed=half - I * pi ** (3 * half) * k * exp(-(pi**2) * k**2) * erfc(I * pi * k) / 2,
        smooth=square,
    ),
    fourier(
        "Fourier, a triangle of three ReLUs",
        f=lambda f: f(t + 1) - 2 * f(t) + f(t - 1),
        closed=sin(pi * k) ** 2 / (pi * k) ** 2,
        smooth=bell,
    ),
    mellin("Mellin, ReLU(1 - t)", lambda f: f(1 - t), s, 1 / (s * (s + 1)), exp),
    mellin("Mellin, ReLU(t - 1)", lambda f: f(t - 1), w, 1 / (w * (w + 1))),
    mellin("Mellin, exp(-t)*ReLU(t)", lambda f: exp(-t) * f(t), s, gamma(s + 1)),
    Row(
        "inverse Laplace, exp(-2*s)/s**2",
        lambda f: inverse_laplace_transform(exp(-2 * s) / s**2, s, t),
        ReLU(t - 2),
        lambda at: bromwich(lambda z: mpmath.exp(-2 * z) / z**2, at[t]),
        None,
    ),
]

CONVOLUTIONS = [
    integral(
        "a step with itself",
        lambda f: Heaviside(t) * Heaviside(x - t),
        -oo,
        oo,
        ReLU(x),
        smooth=None,
        variable=t,
    ),
    integral(
        "with a step",
        lambda f: f(t) * Heaviside(x - t),
        -oo,
        oo,
        ReLU(x) ** 2 / 2,
        smooth=exp,
        variable=t,
    ),
    integral(
        "with itself",
        lambda f: f(t) * f(x - t),
        -oo,
        oo,
        ReLU(x) ** 3 / 6,
        smooth=bell,
        variable=t,
    ),
    integral(
        "with a box", lambda f: f(x - t), 0, 1, (ReLU(x) ** 2 - ReLU(x - 1) ** 2) / 2, variable=t
    ),
    integral(
        "with the normal density",
        lambda f: f(x - t) * normal(t),
        -oo,
        oo,
        x * (1 + erf(x / sqrt(2))) / 2 + normal(x),
        bell,
        variable=t,
    ),
]

SYSTEMS = [
    # The least (x - k)**2/2 with x >= 0: x - k = y, and y >= 0, x >= 0, x*y = 0, in one equation.
    *(
        Row(
            f"Karush-Kuhn-Tucker, {name}",
            lambda f, i=i: solve([x - k - y, y - f(y - x)], [x, y])[0][i],
            closed,
            number,
            square,
        )
        for i, (name, closed, number) in enumerate(
            (
                ("x", ReLU(k), lambda at: nearest(lambda v: (v - at[k]) ** 2)),
                ("multiplier", ReLU(-k), lambda at: nearest(lambda v: (v - at[k]) ** 2) - at[k]),
            )
        )
    ),
]

EQUATIONS = [
    solution(
        "u' = ReLU(x)",
        lambda f: Eq(u(x).diff(x), f(x)),
        [0],
        ReLU(x) ** 2 / 2,
        lambda time, state: [relu(time)],
    ),
    solution(
        "u' + u = ReLU(x - 1)",
        lambda f: Eq(u(x).diff(x) + u(x), f(x - 1)),
        [0],
        ReLU(x - 1) - 1 + exp(-ReLU(x - 1)),
        lambda time, state: [relu(time - 1) - state[0]],
    ),
    solution(
        "u' = ReLU(x)*u",
        lambda f: Eq(u(x).diff(x), f(x) * u(x)),
        [1],
        exp(ReLU(x) ** 2 / 2),
        lambda time, state: [relu(time) * state[0]],
    ),
    solution(
        "u'' = ReLU(x - 1)",
        lambda f: Eq(u(x).diff(x, 2), f(x - 1)),
        [0, 0],
        ReLU(x - 1) ** 3 / 6,
        lambda time, state: [state[1], relu(time - 1)],
    ),
    solution(
        "u'' + u = ReLU(x - 1)",
        lambda f: Eq(u(x).diff(x, 2) + u(x), f(x - 1)),
        [0, 0],
        ReLU(x - 1) - sin(ReLU(x - 1)),
        lambda time, state: [state[1], relu(time - 1) - state[0]],
    ),
]

Z = Normal("Z", 0, 1)
PROBABILITY = [
    mean("of ReLU(Z), Z normal", lambda f, v: f(v), Z, normal(x), 1 / sqrt(2 * pi)),
    mean("of ReLU(Z)**2", lambda f, v: f(v) ** 2, Z, normal(x), half),
    mean("of Z*ReLU(Z)", lambda f, v: v * f(v), Z, normal(x), half),
    mean(
        "of ReLU(Z - k)",
        lambda f, v: f(v - k),
        Z,
        normal(x),
        normal(k) - k * erfc(k / sqrt(2)) / 2,
    ),
    mean(
        "of ReLU(N), N normal: the Bachelier price",
        lambda f, v: f(v),
        Normal("N", m, sigma),
        normal((x - m) / sigma) / sigma,
        m * (1 + erf(m / (sigma * sqrt(2)))) / 2 + sigma * normal(m / sigma),
    ),
    mean(
        "of ReLU(U), U uniform",
        lambda f, v: f(v),
        Uniform("U", -1, 2),
        (Heaviside(x + 1) - Heaviside(x - 2)) / 3,
        Rational(2, 3),
    ),
    mean(
        "of ReLU(X - K), X exponential",
        lambda f, v: f(v - K),
        Exponential("X", a),
        a * exp(-a * x) * Heaviside(x),
        exp(-K * a) / a,
    ),
    Row(
        "variance of ReLU(Z)",
        lambda f: variance(f(Z)),
        half - 1 / (2 * pi),
        lambda at: (
            quadrature(compiled(ramp(x) ** 2 * normal(x), x), -12.0, 12.0)
            - quadrature(compiled(ramp(x) * normal(x), x), -12.0, 12.0) ** 2
        ),
        square,
    ),
    Row(
        "of ReLU(exp(m + sigma*Z) - K): the Black-Scholes price",
        lambda f: expectation(f(exp(m + sigma * Z) - K)),
        exp(m + sigma**2 / 2) * (1 + erf((m - log(K) + sigma**2) / (sigma * sqrt(2)))) / 2
        - K * (1 + erf((m - log(K)) / (sigma * sqrt(2)))) / 2,
        lambda at: quadrature(
            compiled((ramp(exp(m + sigma * x) - K) * normal(x)).subs(at), x), -15.0, 15.0
        ),
        lambda v: v,
    ),
    Row(
        "second derivative by k of the mean of ReLU(Z - k): the density",
        lambda f: integrate(f(x - k).diff(k, 2) * normal(x), (x, -oo, oo)),
        normal(k),
        lambda at: second_difference(
            lambda v: quadrature(compiled(ramp(x - v) * normal(x), x), -12.0, 12.0), at[k]
        ),
        square,
    ),
]

TABLE = {
    "derivative": DERIVATIVES,
    "antiderivative": ANTIDERIVATIVES,
    "integral": INTEGRALS,
    "limit": LIMITS,
    "series": SERIES,
    "sum": SUMS,
    "transform": TRANSFORMS,
    "convolution": CONVOLUTIONS,
    "system": SYSTEMS,
    "equation": EQUATIONS,
    "probability": PROBABILITY,
}
RANGES = {a: (0.5, 2), s: (0.5, 2), sigma: (0.5, 1.5), K: (0.5, 2), w: (-9, -6), t: (0.5, 2.5)}


# Sets: what is in them is asked of numbers


class SetRow(NamedTuple):
    """One task whose answer is a set of real numbers."""

    what: str
    call: Callable[[F], Set]
    closed: Set
    holds: Callable[[float], bool]  # whether a number is in it
    smooth: F = bump


def roots(what, f, closed, smooth=bump):
    """Where a function of x is 0."""
    zero = compiled(f(ramp), x)
    return SetRow(
        what, lambda g: solveset(f(g), x, S.Reals), closed, lambda v: zero(v) == 0, smooth
    )


def image(what, f, domain, closed, smooth=bump):
    """The values on an interval; of a continuous function they are an interval."""
    values = compiled(f(ramp), x)
    ends = (max(-50.0, float(domain.inf)), min(50.0, float(domain.sup)))
    found = [values(ends[0] + (ends[1] - ends[0]) * i / 4000) for i in range(4001)]
    return SetRow(
        what,
        lambda g: function_range(f(g), x, domain),
        closed,
        lambda v: min(found) - 1e-3 <= v <= max(found) + 1e-3,
        smooth,
    )


SETS = [
    roots("ReLU(x) = 0, a half-line", lambda f: f(x), Interval(-oo, 0)),
    roots("ReLU(x) = 1", lambda f: f(x) - 1, FiniteSet(1)),
    roots("ReLU(x) = -1", lambda f: f(x) + 1, S.EmptySet),
    roots("ReLU(x) - 2*x = 3", lambda f: f(x) - 2 * x - 3, FiniteSet(-3 * half)),
    roots("ReLU(x) + ReLU(-x) = 1", lambda f: f(x) + f(-x) - 1, FiniteSet(-1, 1)),
    roots("ReLU(x - 1) = ReLU(x - 2)", lambda f: f(x - 1) - f(x - 2), Interval(-oo, 1)),
    roots(
        "ReLU(x)*ReLU(1 - x) = 0",
        lambda f: f(x) * f(1 - x),
        Union(Interval(-oo, 0), Interval(1, oo)),
    ),
    roots("ReLU(x**2 - 1) = 0", lambda f: f(x**2 - 1), Interval(-1, 1)),
    roots(
        "ReLU(ReLU(x) - 1) - ReLU(x - 3) = 1", lambda f: f(f(x) - 1) - f(x - 3) - 1, FiniteSet(2)
    ),
    SetRow(
        "ReLU(x) + ReLU(-x) = 1, by solve",
        lambda f: FiniteSet(*solve(f(x) + f(-x) - 1, x)),
        FiniteSet(-1, 1),
        lambda v: relu(v) + relu(-v) == 1,
        bell,
    ),
    SetRow(
        "exp(ReLU(x)) = 2",
        lambda f: solveset(exp(f(x)) - 2, x, S.Reals),
        FiniteSet(log(2)),
        lambda v: abs(math.exp(relu(v)) - 2) < 1e-9,
    ),
    SetRow(
        "ReLU(x) <= 0",
        lambda f: solveset(f(x) <= 0, x, S.Reals),
        Interval(-oo, 0),
        lambda v: relu(v) <= 0,
    ),
    SetRow(
        "ReLU(x) < x/2 + 1",
        lambda f: solveset(f(x) < x / 2 + 1, x, S.Reals),
        Interval.open(-2, 2),
        lambda v: relu(v) < v / 2 + 1,
    ),
    SetRow(
        "ReLU(x) + ReLU(1 - x) >= 2",
        lambda f: solveset(f(x) + f(1 - x) >= 2, x, S.Reals),
        Union(Interval(-oo, -1), Interval(2, oo)),
        lambda v: relu(v) + relu(1 - v) >= 2,
    ),
    SetRow(
        "ReLU(x) < 2 and ReLU(1 - x) < 3",
        lambda f: reduce_inequalities([f(x) < 2, f(1 - x) < 3], x).as_set(),
        Interval.open(-2, 2),
        lambda v: relu(v) < 2 and relu(1 - v) < 3,
        square,
    ),
    SetRow(
        "ReLU(x) < 1, by solve",
        lambda f: solve(f(x) < 1, x).as_set(),
        Interval.open(-oo, 1),
        lambda v: relu(v) < 1,
    ),
    image("the range of ReLU(x)", lambda f: f(x), S.Reals, Interval(0, oo)),
    image("ReLU(x) on [-1, 2]", lambda f: f(x), Interval(-1, 2), Interval(0, 2)),
    image(
        "2*ReLU(1 - x) + ReLU(x), least 1",
        lambda f: 2 * f(1 - x) + f(x),
        S.Reals,
        Interval(1, oo),
    ),
    image(
        "ReLU(x**2 - 1) - x on [-3, 2]",
        lambda f: f(x**2 - 1) - x,
        Interval(-3, 2),
        Interval(-1, 11),
    ),
    image("exp(-x)*ReLU(x)", lambda f: exp(-x) * f(x), Interval(0, oo), Interval(0, exp(-1))),
    SetRow(
        "ReLU(3*x - 1) over an interval",
        lambda f: as_interval(f(3 * x - 1).subs(x, AccumBounds(-3, 2))),
        Interval(0, 5),
        lambda v: 0 <= v <= 5,
        square,
    ),
    SetRow(
        "the limits of ReLU(sin(x)) at oo",
        lambda f: as_interval(limit(f(sin(x)), x, oo)),
        Interval(0, 1),
        lambda v: 0 <= v <= 1,
        lambda v: v,
    ),
    SetRow(
        "where ReLU(x) is continuous",
        lambda f: continuous_domain(f(x), x, S.Reals),
        S.Reals,
        lambda v: abs(relu(v + 1e-9) - relu(v - 1e-9)) < 1e-8,
    ),
    SetRow(
        "where 1/ReLU(x) is",
        lambda f: continuous_domain(1 / f(x), x, S.Reals),
        Interval.open(0, oo),
        lambda v: relu(v) != 0,
    ),
    SetRow(
        "poles of 1/(ReLU(x) - 1)",
        lambda f: singularities(1 / (f(x) - 1), x, S.Reals),
        FiniteSet(1),
        lambda v: relu(v) == 1,
    ),
    SetRow(
        "stationary points of (ReLU(x) - 1)**2",
        lambda f: stationary_points((f(x) - 1) ** 2, x, S.Reals),
        Union(Interval.open(-oo, 0), FiniteSet(1)),
        lambda v: v != 0 and abs(slope(lambda q: (relu(q) - 1) ** 2, v)) < 1e-9,
    ),
    SetRow(
        "kinks of ReLU(x**2 - 1)",
        lambda f: Union(
            *(
                solveset(delta.args[0], x, S.Reals)
                for delta in f(x**2 - 1).diff(x, 2).atoms(DiracDelta)
            )
        ),
        FiniteSet(-1, 1),
        lambda v: abs(second_difference(lambda q: relu(q**2 - 1), v)) > 100,
    ),
]


# Numbers, and yes or no


class Fact(NamedTuple):
    """One task whose answer is a number or a truth, and the same found by sampling."""

    what: str
    call: Callable[[F], Any]
    closed: Any
    sampled: Callable[[], Any]
    smooth: F = bump


def sample(f: Callable[[float], float], start=-4.0, stop=4.0) -> list[float]:
    return [f(start + (stop - start) * i / 4096) for i in range(4097)]


def rises(f, start=-4.0, stop=4.0, least=0.0) -> bool:
    return all(b - a >= least for a, b in pairwise(sample(f, start, stop)))


def bends_up(f) -> bool:
    values = sample(f)
    triples = zip(values, values[1:], values[2:], strict=False)
    return all(a - 2 * b + c >= -1e-12 for a, b, c in triples)


def convexity(what, f, closed, smooth=bump):
    return Fact(
        f"{what} is convex",
        lambda g: is_convex(f(g), x),
        closed,
        lambda: bends_up(compiled(f(ramp), x)),
        smooth,
    )


FACTS = [
    Fact(
        "the least (x - 2)**2 + 3*ReLU(x)",
        lambda f: minimum((x - 2) ** 2 + 3 * f(x), x),
        Rational(15, 4),
        lambda: min(sample(lambda v: (v - 2) ** 2 + 3 * relu(v))),
        square,
    ),
    Fact(
        "the least 2*ReLU(1 - x) + ReLU(x)",
        lambda f: minimum(2 * f(1 - x) + f(x), x),
        1,
        lambda: min(sample(lambda v: 2 * relu(1 - v) + relu(v))),
        exp,
    ),
    Fact(
        "the greatest exp(-x)*ReLU(x)",
        lambda f: maximum(exp(-x) * f(x), x),
        exp(-1),
        lambda: max(sample(lambda v: math.exp(-v) * relu(v))),
    ),
    Fact(
        "ReLU(x) is increasing",
        lambda f: is_increasing(f(x)),
        True,
        lambda: rises(relu),
    ),
    Fact(
        "ReLU(-x) is decreasing",
        lambda f: is_decreasing(f(-x)),
        True,
        lambda: rises(lambda v: -relu(-v)),
    ),
    Fact(
        "ReLU(x) is strictly increasing",
        lambda f: is_strictly_increasing(f(x)),
        False,
        lambda: rises(relu, least=1e-9),
    ),
    Fact(
        "ReLU(x) is strictly increasing on [1, 2]",
        lambda f: is_strictly_increasing(f(x), Interval(1, 2)),
        True,
        lambda: rises(relu, 1.0, 2.0, least=1e-9),
    ),
    Fact(
        "ReLU(x) - 2*ReLU(x - 1) is increasing",
        lambda f: is_increasing(f(x) - 2 * f(x - 1)),
        False,
        lambda: rises(lambda v: relu(v) - 2 * relu(v - 1)),
    ),
    Fact(
        "the period of ReLU(sin(2*x))",
        lambda f: periodicity(f(sin(2 * x)), x),
        pi,
        lambda: (
            math.pi
            * all(
                abs(relu(math.sin(2 * v)) - relu(math.sin(2 * (v + math.pi)))) < 1e-9
                for v in sample(lambda v: v)
            )
        ),
    ),
    convexity("ReLU(x)", lambda f: f(x), True),
    convexity("2*ReLU(x) + ReLU(1 - x)", lambda f: 2 * f(x) + f(1 - x), True, exp),
    convexity("ReLU(x)**2", lambda f: f(x) ** 2, True),
    convexity("-ReLU(x)", lambda f: -f(x), False),
]
