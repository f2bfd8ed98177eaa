"""What is rare: each with a value found in another way, or with the reason of a refusal."""

import pytest
from sympy import (
    Abs,
    ConditionSet,
    DiracDelta,
    Eq,
    FourierTransform,
    Function,
    Heaviside,
    I,
    Integral,
    Interval,
    LaplaceTransform,
    Limit,
    Piecewise,
    Rational,
    S,
    Union,
    atan,
    exp,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
    zeta,
)
from sympy.stats import (
    Cauchy,
    ContinuousRV,
    DiscreteRV,
    Expectation,
    Normal,
    Pareto,
    Trapezoidal,
    Triangular,
)

from symrelu import ReLU, calculus
from symrelu.calculus.expectations import check_mean
from symrelu.calculus.pieces import NoPiecesError, regions

x, y, k, m = symbols("x y k m", real=True)
a, s, t = symbols("a s t", positive=True)
q = symbols("q", nonnegative=True)
i, n = symbols("i n", integer=True, nonnegative=True)
f = Function("f")
half = S.Half


# A function of one's own


class Leaky(Function):
    def _eval_rewrite_as_ReLU(self, arg, **hints):
        return arg / 10 + 9 * ReLU(arg) / 10


class OnTwoSides(Function):
    """In terms of another of one's own."""

    def _eval_rewrite_as_ReLU(self, arg, **hints):
        return Leaky(arg) + Leaky(-arg)


class OfNumbersOnly(Function):
    def _eval_rewrite_as_ReLU(self, arg, **hints):
        return ReLU(arg) if arg.is_number else None


def leaky(v):
    return v if v > 0 else v / 10


def test_integrals_of_ones_own():
    assert calculus.integrate(Leaky(x - 1), x).diff(x).subs(x, 3) == 2
    assert calculus.integrate(Leaky(x - 1), x).diff(x).subs(x, -9) == -1
    assert calculus.integrate(OnTwoSides(x), (x, -1, 2)) == Rational(9, 10) * 5 / 2
    assert calculus.integrate(Leaky(Leaky(x) + 1), (x, -20, 1)) == 6  # -1/2 + 5 + 3/2
    assert calculus.integrate(Leaky(x) * exp(-(x**2)), (x, -oo, oo)) == Rational(9, 20)
    found = calculus.integrate(Leaky(x - k), (x, 0, m))
    assert found.subs({k: 1, m: 3}) == 2 - Rational(1, 20)
    assert found.subs({k: 3, m: 1}) == -Rational(5, 20)


def test_integrals_of_ones_own_are_checked(monkeypatch):
    monkeypatch.setattr(calculus.integrals, "definite", lambda *args: S(7))
    with pytest.warns(calculus.CheckWarning, match="7.* and not 0.45"):
        answer = calculus.integrate(Leaky(x), (x, -1, 1))
    assert isinstance(answer, Integral)


def test_others_of_ones_own():
    assert calculus.solveset(Leaky(x) <= 1, x) == Interval(-oo, 1)
    assert calculus.function_range(Leaky(x), x, Interval(-1, 1)) == Interval(-Rational(1, 10), 1)
    assert calculus.summation(Leaky(i - 2), (i, 0, 4)) == Rational(27, 10)
    assert abs(calculus.nsolve(Leaky(x) + 1, x, -3) + 10) < 1e-12
    assert calculus.is_convex(Leaky(x), x)
    assert not calculus.is_convex(-Leaky(x), x)
    mean = calculus.expectation(Leaky(Normal("N", 0, 1)))
    assert mean.equals(Rational(9, 10) / sqrt(2 * pi))


def test_what_its_class_does_not_write_with_relu_is_not_taken_for_smooth():
    assert calculus.integrate(OfNumbersOnly(x), x) == Integral(OfNumbersOnly(x), x)
    with pytest.raises(NoPiecesError, match="OfNumbersOnly"):
        regions(OfNumbersOnly(x), x)


# Regions


def test_kinks_next_to_each_other():
    close = sqrt(2) + Rational(1, 10**5)
    found = calculus.solveset(ReLU(x - sqrt(2)) * ReLU(close - x) > 0, x)
    assert found == Interval.open(sqrt(2), close)


def test_integrals():
    # -cos(2*x)/2 from pi/4 to 3*pi/4
    assert calculus.integrate(ReLU(sin(x) ** 2 - half), (x, 0, pi)) == half
    # 1/3 up to 1, and 5/3 from there on; of a real x, a root need not be real
    assert calculus.integrate(Abs(sqrt(x) - 1), (x, 0, 4)) == 2
    assert calculus.integrate(ReLU(x**2 - a) * ReLU(x - k), x).has(Integral)
    assert calculus.integrate(ReLU(x - sqrt(2)), x).diff(x).subs(x, 2) == 2 - sqrt(2)
    assert calculus.integrate(ReLU(x), x, check=False) == ReLU(x) ** 2 / 2
    # -2**(-x**3)/(3*log(2)) from 0 on
    assert calculus.integrate(ReLU(x) ** 2 * 2 ** (-(x**3)), (x, -1, oo)).equals(1 / (3 * log(2)))
    # The switch is 0 at 1, though SymPy does not see it.
    steep = calculus.integrate(ReLU((1 + sqrt(2)) * x - sqrt(3 + 2 * sqrt(2))), x)
    assert abs(steep.subs(x, 3) - 2 * (1 + sqrt(2))).evalf(30, chop=True) < 1e-25
    assert calculus.integrate(ReLU(Abs(x) - 1) * DiracDelta(x - 2), (x, -9, 9)) == 1
    assert calculus.integrate(ReLU(x) * DiracDelta(x + 2), (x, -9, 9)) == 0


def test_limits():
    assert isinstance(calculus.limit(ReLU(x) * f(x), x, 0), Limit)
    assert isinstance(calculus.limit(ReLU(x - 1) * f(x), x, oo), Limit)


# Equations


def test_roots_that_only_sympy_finds():
    assert calculus.solveset(sqrt(ReLU(x)) + sqrt(ReLU(x) + 1) - 3, x) == {Rational(16, 9)}
    assert isinstance(calculus.solveset(ReLU(x) * exp(x) - a - x, x), ConditionSet)
    # The root of the numerator is one of the denominator.
    assert calculus.solveset((ReLU(x) ** 2 - 1) / (x - 1), x) is S.EmptySet


def test_a_zero_that_does_not_look_like_one():
    equation = Eq(ReLU(x - 1) + (sqrt(2) + sqrt(3)) ** 2, 5 + 2 * sqrt(6))
    assert calculus.solveset(equation, x) == Interval(-oo, 1)


def test_systems():
    system = [ReLU(x) - y, x + y - 2]
    assert calculus.solve(system, [x, y], check=False) == [(1, 1)]
    assert calculus.nonlinsolve(system, [x, y]) == {(1, 1)}
    assert calculus.solve([x**2 + 1 + ReLU(y), y - 1], [x, y]) == []  # x is real


def test_solutions_with_conditions():
    assert calculus.solve(ReLU(x) - q, x) == [q]
    found = calculus.solve(Abs(x) - k, x)
    assert {v.subs(k, 2) for v in found} == {-2, 2}
    assert {v.subs(k, -2) for v in found} == {S.NaN}


# Values


def test_ranges():
    # 0 on the left; x/(x - 1) falls from 0 to -oo, and from oo to 1
    found = calculus.function_range(ReLU(x) / (x - 1), x)
    assert found == Union(Interval(-oo, 0), Interval.open(1, oo))
    # At 2 there is a pole and no kink: 1/(x - 2)**2 on the right, more than 1/4 on the left.
    assert calculus.function_range(ReLU(x) + 1 / (x - 2) ** 2 - x, x).inf == 0
    assert calculus.function_range(a * ReLU(x) + 1, x) == Interval(1, oo)
    # Where it is real
    assert calculus.function_range(ReLU(x) + sqrt(x), x) == Interval(0, oo)
    assert calculus.function_range(ReLU(x - 3) + sqrt(x - 4), x) == Interval(1, oo)
    assert calculus.function_range(ReLU(3 - x) + log(x), x).sup == oo
    assert calculus.maximum(sqrt(x) * ReLU(1 - x), x) == 2 * sqrt(3) / 9
    assert calculus.maximum(ReLU(sin(x)), x) == 1  # of one period
    assert calculus.stationary_points(1 / ReLU(x), x, Interval(-1, 1)) is S.EmptySet


def test_a_jump_of_what_rises_on_both_sides():
    # -atan(1/x) falls from pi/2 to -pi/2 at 0, where its slope, 1/(x**2 + 1), is none.
    assert not calculus.is_increasing(ReLU(x - 5) - atan(1 / x))
    assert calculus.is_increasing(ReLU(x - 5) - atan(1 / x), Interval(1, 9))


# Sums


def test_sums():
    assert calculus.summation(ReLU(i - 2), (i, 0, 4), check=False) == 3
    # Between 1/3 and 1/2 there is no index: (2*i - 5/6)/2**i from 1 on.
    kinks = ReLU(i - Rational(1, 3)) + ReLU(i - half)
    assert calculus.summation(kinks / 2**i, (i, 0, oo)) == 4 - Rational(5, 6)
    assert calculus.summation(ReLU(i - 2), (i, 0, k)).subs(k, 5) == 6
    # Too slow to be added up: 1/i**2 - 2/i**3 from 3 on.
    slow = calculus.summation(ReLU(i - 2) / i**3, (i, 1, oo))
    assert (slow - zeta(2) + 2 * zeta(3)) == 1


# Transforms


def test_laplace_transforms_that_stay():
    for g in (
        ReLU(t - 1) * exp(-(t**3)),  # SymPy does not come back
        ReLU(t - 1) * exp(-(t**2)) * sin(t),
        Heaviside(t - 1) * exp((t - 1) ** 2),  # there is none
    ):
        assert isinstance(calculus.laplace_transform(g, t, s), LaplaceTransform)


def test_inverse_transforms():
    assert calculus.inverse_laplace_transform(exp(-2 * s), s, t) == DiracDelta(t - 2)
    delays = symbols("c:5", positive=True)
    found = calculus.inverse_laplace_transform(sum(exp(-c * s) / s**2 for c in delays), s, t)
    assert found.subs(dict(zip(delays, range(1, 6), strict=True))).subs(t, 4) == 3 + 2 + 1


def test_fourier_transforms_that_are_no_functions():
    assert isinstance(calculus.fourier_transform(ReLU(x), x, 0), FourierTransform)
    wave = exp(2 * pi * I * k * x)
    assert isinstance(calculus.fourier_transform(ReLU(x) * wave, x, k), FourierTransform)


# Means


def test_densities_of_several_pieces():
    # of the mean 1, and half of its distance to that, on average 1/3
    T = Triangular("T", 0, 2, 1)
    assert calculus.expectation(ReLU(T)) == 1
    assert calculus.expectation(ReLU(T - 1)) == Rational(1, 6)
    # (t - 1)/2 from 1 to 2, and (t - 1)*(3 - t)/2 from 2 to 3
    flat = Trapezoidal("T", 0, 1, 2, 3)
    assert calculus.expectation(ReLU(flat - 1)) == Rational(1, 4) + Rational(1, 3)


def test_densities_of_ones_own():
    # (x - 1)/2 from 1 to 2; the density is 0 elsewhere, of which the set says nothing
    law = Piecewise((half, (x >= 0) & (x <= 2)), (0, True))
    assert calculus.expectation(ReLU(ContinuousRV(x, law) - 1)) == Rational(1, 4)
    law = Piecewise((half**n, n >= 1), (0, True))
    assert calculus.expectation(ReLU(DiscreteRV(n, law, set=S.Naturals0) - 1)) == 1
    hidden = exp(-t) * Integral(exp(-(y**3)), (y, 0, oo))
    of_an_integral = ContinuousRV(t, hidden, set=Interval(0, oo), check=False)
    assert isinstance(calculus.expectation(ReLU(of_an_integral)), Expectation)


def test_means_that_are_infinite():
    assert calculus.expectation(ReLU(Cauchy("C", 0, 1))) == oo
    assert calculus.expectation(ReLU(Pareto("P", 1, 1) - 2)) == oo
    with pytest.raises(calculus.checks.FailedError, match="no value"):
        check_mean(S.NaN, ReLU(x), Normal("X", 0, 1), x)


def test_means_of_sums_and_of_what_depends_on_others():
    X, Y = Normal("X", 0, 3), Normal("Y", 1, 4)
    # X + Y - 1 is normal, with the deviation 5
    assert calculus.expectation(ReLU(X + Y - 1)).equals(5 / sqrt(2 * pi))
    assert calculus.expectation(ReLU(X + Y) * sin(X * Y)).has(Expectation)
    of_another = Normal("N", Normal("M", 0, 1), 1)
    assert isinstance(calculus.expectation(ReLU(of_another)), Expectation)
