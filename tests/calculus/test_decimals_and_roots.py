"""What decimals, roots and logarithms do to kinks: values where each piece is in force only."""

import mpmath
import numpy as np
import pytest
from sympy import (
    Abs,
    CRootOf,
    FiniteSet,
    Heaviside,
    Integral,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    acos,
    asin,
    cos,
    exp,
    log,
    nsimplify,
    oo,
    pi,
    sign,
    sqrt,
    symbols,
)
from sympy.stats import Binomial, Cauchy, Expectation

from symrelu import ReLU, calculus, lambdify
from symrelu.calculus.integrals import is_entire

x, y, a, b, c, k = symbols("x y a b c k", real=True)
half = Rational(1, 2)
TAX = Piecewise(
    (0.1 * x, x <= 9950),
    (995 + 0.12 * (x - 9950), x <= 40525),
    (4664 + 0.22 * (x - 40525), True),
)


# Decimals


@pytest.mark.parametrize(
    "f",
    [
        Max(0.3724 - 0.38 * x, x - 0.98),
        0.9 * x + Abs(x - 0.56) - 0.504,
        0.37 * x + Abs(x - 0.55) - 0.39 * ReLU(0.55 - x) - 0.2035,
        0.57 * x + Abs(x - 0.47) + 0.12 * ReLU(0.47 - x) - 0.2679,
        ReLU(x - 0.1 - 0.2) - 0.3 + x,
        0.5 * ReLU(x) ** 2 - 0.7 * x,
    ],
    ids=str,
)
def test_a_decimal_root_at_a_kink_is_found_once(f):
    exact = calculus.solve(nsimplify(f, rational=True), x)
    found = calculus.solve(f, x)
    assert len(found) == len(exact) == len(calculus.solveset(f, x))
    for t, value in zip(found, exact, strict=True):
        assert abs(t - value) < 1e-12


def test_large_decimals_are_no_failure():
    (income,) = calculus.solve(TAX - 8000, x)
    assert abs(income - (40525 + (8000 - 4664) / 0.22)) < 1e-6
    gap = 0.37 * ReLU(x - 1e6 / 3) - 123456.789
    (t,) = calculus.solveset(gap, x)
    assert calculus.solve(gap, x) == [t]
    assert abs(gap.subs(x, t)) < 1e-9
    assert calculus.solve(ReLU(x) - 10**20 * sqrt(2), x) == [10**20 * sqrt(2)]


def test_answers_to_decimals_are_decimals():
    assert str(calculus.solve(0.5 * ReLU(x) - a, x, dict=True)) == (
        "[{x: Piecewise((2.0*a, a >= 0), (nan, True))}]"
    )
    found = calculus.reduce_inequalities([ReLU(x) > 0.5, x < 1.5], x)
    assert found.as_set() == Interval.open(0.5, 1.5)
    assert calculus.solveset(ReLU(x - 0.1) > 0.2, x).inf.is_Float
    assert calculus.limit(ReLU(x - 0.1 - 0.2) / (x - 0.3), x, 0.3) == 1.0
    assert calculus.is_convex(0.1 * ReLU(x) + 0.2 * ReLU(x) - 0.3 * ReLU(x + 0.0), x)
    assert calculus.minimum(0.3 * Abs(x - 0.1) + 0.7 * ReLU(0.1 - x) + 0.25, x) == 0.25


def test_roots_under_decimals():
    f = sqrt(Abs(0.32 * x - 1.7)) + ReLU(2.2 * x - 0.4) - 1.9
    found = calculus.solve(f, x)
    assert len(found) == 2
    assert all(abs(f.subs(x, t)) < 1e-12 for t in found)
    g = Max(Abs(x - 1.234), 0.5 * sqrt(Abs(x))) * exp(-0.3 * Abs(x))
    value = lambdify(x, g, "mpmath")
    want = mpmath.quad(value, [-2, 0, 0.4, 0.8, 1.234, 1.5, 1.7, 1.85, 2, 3], maxdegree=10)
    assert abs(calculus.integrate(g, (x, -2, 3)) - want) < 1e-4
    cubic = ReLU(x) ** 3 + x - 10**60 * pi
    assert calculus.solveset(cubic, x).has(cubic)  # a search that does not end is no answer


# Extrema and means


@pytest.mark.parametrize(
    ("f", "least"),
    [
        (Abs(x**2 - 3 * x + 1), 0),
        (Abs(x**3 - 3 * x + 1), 0),
        (ReLU(x**2 - x - 1) - Abs(x**2 - x - 1), -Rational(5, 4)),
    ],
    ids=str,
)
def test_a_minimum_that_is_0_in_disguise(f, least):
    assert calculus.minimum(f, x) == least


@pytest.mark.long
def test_the_mean_of_a_sum_whose_terms_have_none():
    X = Cauchy("X", 0, 1)
    clipped = Min(1, ReLU(X))
    mean = log(2) / (2 * pi) + Rational(1, 4)
    assert calculus.expectation(clipped).equals(mean)
    assert calculus.expectation(Abs(X) - Abs(X - 1)).equals(log(2) / pi - half)
    assert isinstance(calculus.expectation(ReLU(X) - ReLU(-X)), Expectation)
    with pytest.raises(NotImplementedError, match="square, is not known"):
        calculus.variance(ReLU(X))
    many = Binomial("B", symbols("n", integer=True, positive=True), half)
    assert isinstance(calculus.expectation(ReLU(many - 2)), Expectation)


# Antiderivatives


ROOTS = [
    1 / (1 + Abs(x)),
    sqrt(Abs(x)),
    sqrt(Abs(x)) * sign(x),
    x * sqrt(Abs(x)),
    1 / sqrt(Abs(x)),
    log(1 + ReLU(x)),
    log(Abs(x)),
    1 / Max(x, 1),
    1 / Max(x, 1) ** 2,
    sqrt(Min(1, Abs(x))),
    sqrt(ReLU(1 - x**2)),
    asin(Min(1, Max(-1, x))),
    acos(Min(1, ReLU(x))),
    x * asin(ReLU(Min(x, 1))),
    log(Min(1, Abs(x))),
    1 / (1 + Abs(x - half)),
    x / (2 + ReLU(-x) + ReLU(x - 1)),
    Piecewise((1 / x, x < -1), (-1, x < 1), (-1 / x**2, True)),
]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero")
@pytest.mark.parametrize("f", ROOTS, ids=str)
def test_an_antiderivative_has_its_values_everywhere(f):
    F = calculus.integrate(f, x)
    assert not F.has(Integral)
    places = [-3, -2, -1, -half, Rational(1, 3), 1, Rational(3, 2), 2]
    values = [F.subs(x, p) for p in places]
    compiled = np.array(lambdify(x, F)(np.array(places, dtype=float)))
    integrand = lambdify(x, f, "mpmath")
    for i in range(len(places) - 1):
        ends = [p for p in (-1, 0, half, 1) if places[i] < p < places[i + 1]]
        want = mpmath.quad(integrand, [places[i], *ends, places[i + 1]], maxdegree=10)
        assert values[i].is_real
        assert abs(float(values[i + 1] - values[i]) - want) < 1e-6
        assert abs(compiled[i + 1] - compiled[i] - want) < 1e-6


def test_no_antiderivative_where_there_is_no_value():
    for f in (log(ReLU(half - x)) * Heaviside(x + half), ReLU(x) * log(ReLU(x))):
        assert isinstance(calculus.integrate(f, x), Integral)


@pytest.mark.parametrize(
    ("f", "closed"),
    [
        (1 / (1 + Abs(x)), log(ReLU(x) + 1) - log(ReLU(-x) + 1)),
        (sqrt(Abs(x)), 2 * (ReLU(x) ** Rational(3, 2) - ReLU(-x) ** Rational(3, 2)) / 3),
        (1 / (1 + Abs(x - a)), log(ReLU(x - a) + 1) - log(ReLU(a - x) + 1)),
    ],
    ids=str,
)
def test_antiderivatives_of_roots_are_short(f, closed):
    assert (calculus.integrate(f, x) - closed).expand() == 0


@pytest.mark.parametrize(
    ("f", "ends"),
    [
        (ReLU(x - c) / x, (1, 2)),
        (ReLU(c - x) / x, (1, 2)),
        (Max(x, c) / x, (2, 1)),
        (ReLU(x - c) * log(x), (1, 2)),
        (ReLU(x - c) * ReLU(x - c / 2) / x, (1, 2)),
        (1 / (1 + Abs(x - c)), (0, 1)),
        (sqrt(Abs(x - c)), (0, 1)),
        (log(1 + Abs(x - c)), (-1, 1)),
        (1 / Max(x, c, 1), (0, 3)),
    ],
    ids=str,
)
def test_a_kink_anywhere_beside_a_root(f, ends):
    found = calculus.integrate(f, (x, *ends))
    for at in (-3, -1, 0, half, 1, Rational(7, 5), 2, 4):
        kinks = sorted({p for p in (at, S(at) / 2, 1) if min(ends) < p < max(ends)})
        points = [ends[0], *(kinks if ends[0] < ends[1] else kinks[::-1]), ends[1]]
        want = mpmath.quad(lambdify(x, f.subs(c, at), "mpmath"), points, maxdegree=8)
        assert abs(float(found.subs(c, at)) - want) < 1e-7


@pytest.mark.parametrize("f", [ReLU(x - c) / x, ReLU(x - c) + 1 / x, ReLU(x - c) * log(x)], ids=str)
def test_no_integral_over_a_pole(f):
    assert isinstance(calculus.integrate(f, (x, -1, 2)), Integral)


def test_ends_anywhere():
    found = calculus.integrate(1 / Max(x, 1), (x, a, b))
    assert found.subs({a: 0, b: 3}) == 1 + log(3)
    assert found.subs({a: 3, b: -1}) == -2 - log(3)
    assert calculus.integrate(1 / Max(x, 1) ** 2, (x, a, oo)).subs(a, -2) == 4
    from_the_kink = calculus.integrate(1 / (2 + ReLU(x - a)), (x, a, b))
    assert [from_the_kink.subs({a: 5, b: t}) for t in (3, 5, 6)] == [-1, 0, log(3) - log(2)]


def test_what_is_real_everywhere():
    yes = (x, S.One, exp(-(x**2)) * cos(x), 2**x, ReLU(x) ** 3, a**half * x)
    assert all(is_entire(e, x) for e in yes)
    assert not any(is_entire(e, x) for e in (1 / x, sqrt(x), log(x), x**x, a**x * log(x), asin(x)))


# What would keep SymPy, or a tree, busy


def test_products_of_many_kinks_in_any_order():
    f = ReLU(x - a) * ReLU(b - x) * ReLU(x - c) * ReLU(k - x)
    found = calculus.integrate(f, (x, -oo, oo), check=False)
    for at in ({a: 0, b: 3, c: 1, k: 2}, {a: 2, b: 3, c: -1, k: 4}, {a: 1, b: 0, c: 0, k: 2}):
        want = calculus.integrate(f.subs(at), (x, -oo, oo))
        assert found.subs(at) == want


def test_the_greatest_of_many_lines():
    lines = [Rational(i * i, 10) - i * x / 2 for i in range(-12, 13)]
    f = Max(*lines, 3 * x, -x, Rational(29, 2))
    found = calculus.integrate(f, (x, -5, 5), check=False)
    values = lambdify(x, f)(np.linspace(-4.995, 4.995, 1000))
    assert abs(float(found) - values.sum() / 100) < 1e-2


def test_a_bare_integral_is_no_slow_quadrature():
    assert Integral(ReLU(x - Rational(1, 3)), (x, -1, 1)).evalf(30) == Rational(2, 9).evalf(30)
    assert Integral(ReLU(x), (x, -1, 1)).n() == 0.5
    assert str(2 + y * Integral(ReLU(x), (x, -1, 1))) == "y*Integral(ReLU(x), (x, -1, 1)) + 2"
    assert isinstance(Integral(ReLU(x - y), (x, 0, 1)).evalf(), Integral)


def test_what_is_0_in_disguise_adds_nothing():
    assert calculus.integrate(ReLU(x**5 - 3 * x + 1), (x, 0, 1)).has(CRootOf)
    found = calculus.integrate(Heaviside(x) * log(x), x)
    assert found.subs(x, 1) == -1
    assert calculus.solveset(Abs(log(Abs(x))) - 1, x) == FiniteSet(
        -exp(1), exp(1), -exp(-1), exp(-1)
    )
    assert calculus.function_range(log(Max(1, Abs(x))), x, S.Reals) == Interval(0, oo)
