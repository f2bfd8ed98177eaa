"""Questions that people ask about Max, Abs, Heaviside, Piecewise and ReLU, restated.

Each has its closed form, and a number that owes nothing to symbolic work.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sympy import (
    Abs,
    And,
    Eq,
    Expr,
    FiniteSet,
    Function,
    Heaviside,
    Interval,
    Max,
    Min,
    Ne,
    Or,
    Piecewise,
    Rational,
    S,
    Set,
    SingularityFunction,
    Union,
    atan,
    cos,
    exp,
    lambdify,
    log,
    oo,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tan,
    tanh,
)

from support.numerics import runge_kutta
from symrelu import ReLU
from symrelu.calculus import (
    dsolve,
    fourier_series,
    integrate,
    limit,
    maximum,
    minimum,
    solveset,
    summation,
)

u = Function("u")
x, k, m = symbols("x k m", real=True)
z = symbols("z")
a = symbols("a", positive=True)
half = S.Half


class Question(NamedTuple):
    what: str
    call: Callable[[], Any]
    closed: Any
    number: Callable[[], float]


def values(f: Expr) -> Callable[..., Any]:
    """A function of NumPy's arrays, in SymPy's own words."""
    words = f.replace(ReLU, lambda v, *H0: Max(0, v)).replace(
        SingularityFunction, lambda v, t, n: Piecewise(((v - t) ** n, v > t), (0, True))
    )
    return lambdify(x, words, "numpy")


def quadrature(f: Expr, start: float, stop: float) -> float:
    """By Gauss' rule on many pieces."""
    nodes, weights = np.polynomial.legendre.leggauss(5)
    edges = np.linspace(start, stop, 40001)
    middle, reach = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    points = (middle[:, None] + reach[:, None] * nodes).ravel()
    heights = values(f)(points) + 0 * points
    return float(np.sum(heights.reshape(-1, 5) * weights * reach[:, None]))


def area(f: Any, start: Any, stop: Any, closed: Any) -> Question:
    def number() -> float:
        far = 60.0 if start is not -oo else 12.0
        low, high = (max(-far, min(far, float(S(end)))) for end in (start, stop))
        return quadrature(f, low, high)

    return Question(
        f"the integral of {f} from {start} to {stop}",
        lambda: integrate(f, (x, start, stop)),
        closed,
        number,
    )


def approached(f: Any, point: Any, side: str, closed: Any) -> Question:
    def number() -> float:
        turn = 1 if side == "+" else -1
        at = (
            1e6 * (1 if point is oo else -1) if S(point).is_infinite else float(point) + turn * 1e-8
        )
        return float(values(f)(at))

    return Question(
        f"the limit of {f} at {point}{side}", lambda: limit(f, x, point, side), closed, number
    )


INTEGRALS = [
    area(Abs(x), -1, 1, 1),
    area(Abs(x - 1) + Abs(x + 1), -2, 2, 10),
    area(Abs(x**2 - 4), 0, 3, Rational(23, 3)),
    area(Abs(x**3 - x), -2, 2, 5),
    area(Abs(sin(x)), 0, 3 * pi, 6),
    area(Abs(sin(x) - half), 0, pi, 2 * sqrt(3) - 2 - pi / 6),
    area(Abs(cos(2 * x)), 0, pi, 2),
    area(Abs(x) * exp(-Abs(x)), -oo, oo, 2),
    area(exp(-Abs(x)), -oo, oo, 2),
    area(exp(-Abs(x - 1)), 0, oo, 2 - exp(-1)),
    area(exp(-2 * Abs(x)) * cos(x), -oo, oo, Rational(4, 5)),
    area(Abs(exp(x) - 2), 0, 1, 4 * log(2) - 5 + exp(1)),
    area(Abs(log(x)), Rational(1, 2), 2, 3 * log(2) / 2 - half),
    area(x * sign(x - 1), 0, 3, Rational(7, 2)),
    area(sign(x**2 - 2), -2, 2, 4 - 4 * sqrt(2)),
    area(sign(sin(x)), 0, 5, 2 * pi - 5),
    area(Heaviside(x - 1) * Heaviside(3 - x) * x, 0, 5, 4),
    area(Heaviside(x) * exp(-x), -oo, oo, 1),
    area(Heaviside(1 - x**2), -oo, oo, 2),
    area(Heaviside(x) - Heaviside(x - 2), -3, 3, 2),
    area(x * Heaviside(sin(x)), 0, 2 * pi, pi**2 / 2),
    area(Max(x, x**2), -1, 2, Rational(1, 3) + half + Rational(7, 3)),
    area(Max(x, 1 - x), 0, 1, Rational(3, 4)),
    area(Min(x, 1), 0, 3, Rational(5, 2)),
    area(Min(x, 2 - x, 1), -1, 3, half - 1 + half),
    area(Max(0, 1 - x**2), -2, 2, Rational(4, 3)),
    area(Max(0, x, 2 * x - 1), -1, 2, Rational(5, 2)),
    area(Max(exp(-x), half), 0, 2, half + (2 - log(2)) / 2),
    area(Max(x, -x, 1), -2, 2, 5),
    area(Min(exp(x), 1), -oo, 3, 4),
    area(Piecewise((x, x < 1), (2 - x, x < 2), (0, True)), 0, 3, 1),
    area(Piecewise((1, And(x > 0, x < 1)), (0, True)), -1, 5, 1),
    area(Piecewise((1, Or(x < 0, x > 1)), (0, True)), -1, 5, 5),
    area(Piecewise((x, Ne(x, 1)), (7, True)), 0, 2, 2),
    area(Piecewise((0, Eq(x, 1)), (x**2, True)), 0, 3, 9),
    area(Piecewise((exp(x), x <= 0), (exp(-x), True)), -oo, oo, 2),
    area(Piecewise((sin(x), x < pi), (0, True)), 0, 10, 2),
    area(Piecewise((1 / x, x > 1), (x, True)), 0, 2, half + log(2)),
    area(SingularityFunction(x, 1, 2), 0, 3, Rational(8, 3)),
    area(SingularityFunction(x, 0, 1) - SingularityFunction(x, 2, 1), 0, 4, 6),
    area(SingularityFunction(x, 1, 0) * x, 0, 3, 4),
    area(ReLU(x) * ReLU(1 - x), -1, 2, Rational(1, 6)),
    area(ReLU(x) ** 3, -1, 2, 4),
    area(ReLU(x) / (1 + x**2), -1, 1, log(2) / 2),
    area(ReLU(1 - x**2) * x**2, -2, 2, Rational(4, 15)),
    area(ReLU(1 - Abs(x)) ** 2, -oo, oo, Rational(2, 3)),
    area(ReLU(x - 2) * exp(-3 * x), 0, oo, exp(-6) / 9),
    area(ReLU(x) * exp(-(x**2) / 2), -oo, oo, 1),
    area(ReLU(-x) * exp(-(x**2) / 2), -oo, oo, 1),
    area(ReLU(x) ** 2 * exp(-(x**2)), -oo, oo, sqrt(pi) / 4),
    area(ReLU(sin(x)) ** 2, 0, 2 * pi, pi / 2),
    area(ReLU(cos(x)), -pi, pi, 2),
    area(ReLU(tan(x)), -1, 1, -log(cos(1))),
    area(ReLU(x - ReLU(x - 1)), -1, 3, Rational(5, 2)),
    area(ReLU(2 - ReLU(x)), -1, 4, 4),
    area(ReLU(sqrt(x) - 1), 0, 4, Rational(5, 3)),
    area(ReLU(tanh(x)), -1, 1, log((exp(1) + exp(-1)) / 2)),
    area(ReLU(atan(x)), -1, 1, pi / 4 - log(2) / 2),
    area(ReLU(2**x - 1), 0, 1, 1 / log(2) - 1),
    area(ReLU(x) * sin(x), -pi, pi, pi),
    area(ReLU(x) * exp(-x) * sin(x), -oo, oo, half),
    area(ReLU(x - 3), 5, 1, -2),
    area(sqrt(x**2), -1, 1, 1),
    area(ReLU(x) - ReLU(-x), -1, 2, Rational(3, 2)),
    area(1 / (1 + ReLU(x)) ** 2, 0, 3, Rational(3, 4)),
    # Of reports on SymPy: wrong, late or unevaluated there once or now
    area(Abs(sin(x) * cos(x)), 0, 2 * pi, 2),
    area(Abs(cos(x)), -pi / 2, 0, 1),
    area(Abs(sin(x) - cos(x)), 0, pi, 2 * sqrt(2)),
    area(Max(sin(x), cos(x)), 0, pi / 2, sqrt(2)),
    area(ReLU(3 * sin(x) + 4 * cos(x)), 0, 2 * pi, 10),
    area(Max(x**2, x**3), 0, 2, Rational(49, 12)),
    area(Min(x, 2), 0, 3, 4),
    area(Min(x**2, 2 - x), -3, 3, Rational(15, 2)),
    area(exp(Abs(x - 2)), 1, 3, 2 * exp(1) - 2),
    area(x * Abs(9 - x**2), 0, 4, Rational(65, 2)),
    area(
        Piecewise((2, x < 1), (5, True)) * Piecewise((3, x < Rational(1, 3)), (7, True)),
        *(0, 2, Rational(139, 3)),
    ),
    area(sqrt(x**2) * cos(x), -pi, pi, -4),
    area(exp(-x) * Abs(sin(x)), 0, 2 * pi, (1 + exp(-pi)) ** 2 / 2),
    area(1 / (1 + Abs(x)), -1, 1, 2 * log(2)),
    area(Abs(Abs(x) - 1), -2, 2, 2),
]

LIMITS = [
    approached(Abs(x) / x, 0, "+", 1),
    approached(Abs(x) / x, 0, "-", -1),
    approached(sign(x), 0, "-", -1),
    approached(Abs(x - 2) / (x**2 - 4), 2, "+", Rational(1, 4)),
    approached(Abs(x - 2) / (x**2 - 4), 2, "-", Rational(-1, 4)),
    approached(Max(x, 1) - x, oo, "-", 0),
    approached(Min(x, 1 / x), oo, "-", 0),
    approached(Heaviside(x - 1) * x, 1, "+", 1),
    approached(Heaviside(x - 1) * x, 1, "-", 0),
    approached(ReLU(x) * log(Abs(x)), 0, "+", 0),
    approached(ReLU(x) / (x + 1), oo, "-", 1),
    approached(ReLU(-x) / x, -oo, "+", -1),
    approached(Abs(x + 1) - Abs(x - 1), oo, "-", 2),
    approached(Abs(x + 1) - Abs(x - 1), -oo, "+", -2),
    approached(sin(Abs(x)) / x, 0, "-", -1),
    approached(Piecewise((x, x < 1), (3, True)), 1, "-", 1),
    approached(Piecewise((x, x < 1), (3, True)), 1, "+", 3),
    approached(exp(-ReLU(x)), oo, "-", 0),
    approached((Abs(x) - 1) / (x + 1), -1, "+", -1),
    approached(ReLU(x**2 - 1) / ReLU(x - 1), 1, "+", 2),
    approached(sign(sin(x)), 0, "+", 1),
    approached(x**2 / (2 * sign(x)), 1, "-", half),
    approached(Abs(x**2 - 1) / (x - 1), 1, "-", -2),
    approached(x * Abs(sin(1 / x)), oo, "-", 1),
    approached(Abs(x) ** x, 0, "-", 1),
]


class SetQuestion(NamedTuple):
    what: str
    call: Callable[[], Set]
    closed: Set
    holds: Callable[[float], bool]


def solved(relation: Any, closed: Set) -> SetQuestion:
    if relation.is_Relational:
        gap = values(relation.lhs - relation.rhs)
        test = {"==": lambda g: abs(g) < 1e-12, "<": lambda g: g < 0, "<=": lambda g: g <= 0}
        test |= {">": lambda g: g > 0, ">=": lambda g: g >= 0}
        symbol = relation.rel_op
    else:
        gap, test, symbol = values(relation), {"==": lambda g: abs(g) < 1e-12}, "=="
    return SetQuestion(
        f"{relation}",
        lambda: solveset(relation, x, S.Reals),
        closed,
        lambda v: bool(test[symbol](float(gap(v)))),
    )


SETS = [
    solved(Abs(x) - 3, FiniteSet(-3, 3)),
    solved(Abs(x - 1) - 2 * x, FiniteSet(Rational(1, 3))),
    solved(Abs(x) + Abs(x - 1) - 1, Interval(0, 1)),
    solved(Abs(x) - x, Interval(0, oo)),
    solved(Abs(x) + 1, S.EmptySet),
    solved(Abs(x**2 - 5) - 4, FiniteSet(-3, -1, 1, 3)),
    solved(Abs(x - 1) - Abs(x - 3), FiniteSet(2)),
    solved(Abs(x - 1) < 2, Interval.open(-1, 3)),
    solved(Abs(2 * x + 1) >= 3, Union(Interval(-oo, -2), Interval(1, oo))),
    solved(Abs(x) < Abs(x - 2), Interval.open(-oo, 1)),
    solved(Abs(x**2 - 1) <= 1, Interval(-sqrt(2), sqrt(2))),
    solved(Max(x, 2 * x) - 4, FiniteSet(2)),
    solved(Max(x, 2 - x) - 3, FiniteSet(-1, 3)),
    solved(Min(x, 2 - x) >= 0, Interval(0, 2)),
    solved(Max(0, x) + Max(0, 1 - x) <= 1, Interval(0, 1)),
    solved(sign(x - 1) - 1, Interval.open(1, oo)),
    solved(Piecewise((x + 1, x < 0), (x - 1, True)), FiniteSet(-1, 1)),
    solved(Piecewise((x**2, x < 2), (6 - x, True)) - 1, FiniteSet(-1, 1, 5)),
    solved(ReLU(x) - ReLU(x - 1) - half, FiniteSet(half)),
    solved(ReLU(x) ** 2 - 4, FiniteSet(2)),
    solved(ReLU(x) > ReLU(1 - x), Interval.open(half, oo)),
    solved(x * ReLU(x) < 1, Interval.open(-oo, 1)),
    solved(
        ReLU(x - 1) * ReLU(3 - x) > Rational(3, 4), Interval.open(Rational(3, 2), Rational(5, 2))
    ),
]

SETS += [
    solved(Abs(x) + Abs(x - 1) > 1, Union(Interval.open(-oo, 0), Interval.open(1, oo))),
    solved(x * Max(x, 15) - 10, FiniteSet(Rational(2, 3))),
    solved(x * Min(x, 15) - 10, FiniteSet(-sqrt(10), sqrt(10))),
    solved(Max(Abs(x - 3) - 1, x + 2) - 3, FiniteSet(-1, 1)),
    solved(Abs(x + 4 * Abs(x + 1)), FiniteSet(-Rational(4, 3), -Rational(4, 5))),
    solved(Abs(1 / x) < 1, Union(Interval.open(-oo, -1), Interval.open(1, oo))),
    solved(Abs((x - 1) / (x - 5)) <= Rational(1, 3), Interval(-1, 2)),
    solved(Abs(1 / (x - 1)) > 1, Union(Interval.open(0, 1), Interval.open(1, 2))),
    solved(Piecewise((1, x < 1), (3, True)) > 1, Interval(1, oo)),
    solved(Piecewise((1, Eq(x, 0)), (x, True)) - 1, FiniteSet(0, 1)),
]


# Of all other kinds


def started(f: Expr, order: int, at: float, closed: Any, damping: int = 0) -> Question:
    """u' or u'' = f - damping*u, from rest at 0, at a point."""
    equation = u(x).diff(x, order) + damping * u(x) - f
    ics = {u(0): 0} | ({u(x).diff(x).subs(x, 0): 0} if order == 2 else {})

    def number() -> float:
        drive = values(f)

        def rate(v: float, s: list[float]) -> list[float]:
            pushed = float(drive(v)) - damping * s[0]
            return [pushed] if order == 1 else [s[1], pushed]

        return runge_kutta(rate, 0.0, at, *([0.0] * order))

    return Question(
        f"{equation} = 0, at {at}",
        lambda: dsolve(equation, u(x), ics=ics).rhs.subs(x, at),
        closed,
        number,
    )


def least(f: Expr, closed: Any, turn: int = 1) -> Question:
    far = np.linspace(-9, 9, 180001)
    return Question(
        f"the {'least' if turn == 1 else 'greatest'} {f}",
        lambda: (minimum if turn == 1 else maximum)(f, x),
        closed,
        lambda: turn * float(np.min(turn * values(f)(far))),
    )


def added(f: Expr, last: int, closed: Any) -> Question:
    return Question(
        f"the sum of {f} up to {last}",
        lambda: summation(f, (x, 0, last)),
        closed,
        lambda: float(sum(values(f)(i) for i in range(last + 1))),
    )


def swinging(f: Expr, index: int, closed: Any) -> Question:
    """The coefficient of a cosine in the Fourier series on (-pi, pi)."""
    return Question(
        f"the cosine {index} of {f}",
        lambda: fourier_series(f, (x, -pi, pi)).truncate(8).coeff(cos(index * x)),
        closed,
        lambda: quadrature(f * cos(index * x), -float(pi), float(pi)) / float(pi),
    )


OTHERS = [
    started(Abs(x), 1, 2, 2),
    started(Max(x, 1), 1, 3, 5),
    started(Piecewise((1 - x, x < 1), (0, True)), 1, 3, half),
    started(Heaviside(x - 1), 1, 3, 1 - exp(-2), damping=1),
    started(Heaviside(x - 1) - Heaviside(x - 2), 2, 4, Rational(5, 2)),
    started((1 - sign(x - 5)) / 2, 2, 3, 1 - cos(3), damping=1),
    least(Abs(x - 1) + Abs(x + 2), 3),
    least(x**2 - 2 * Abs(x), -1),
    least(Abs(2 * sin(x)), 2, turn=-1),
    least(Min(x, 2 - x), 1, turn=-1),
    added(Abs(x - 3), 6, 12),
    added(Max(x, 4), 10, 20 + 45),
    swinging(Abs(x), 1, -4 / pi),
    swinging(Abs(sin(x)), 2, -4 / (3 * pi)),
    swinging(Piecewise((0, x < 0), (x, True)), 3, -2 / (9 * pi)),
]

QUESTIONS = [*INTEGRALS, *LIMITS, *OTHERS]
