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

from symrelu import ReLU
from symrelu.calculus import integrate, limit, solveset

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

QUESTIONS = [*INTEGRALS, *LIMITS]
