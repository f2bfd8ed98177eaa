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
    Matrix,
    Max,
    Piecewise,
    Rational,
    S,
    Union,
    acosh,
    atan,
    cos,
    cosh,
    erf,
    erfinv,
    exp,
    log,
    oo,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    symbols,
    zeta,
)
from sympy.stats import (
    Beta,
    Cauchy,
    ContinuousRV,
    DiscreteRV,
    Expectation,
    Normal,
    Pareto,
    Trapezoidal,
    Triangular,
    Uniform,
)

from symrelu import ReLU, calculus
from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.expectations import check_mean
from symrelu.calculus.pieces import regions

x, y, k, m = symbols("x y k m", real=True)
a, s, t = symbols("a s t", positive=True)
q = symbols("q", nonnegative=True)
i, n = symbols("i n", integer=True, nonnegative=True)
f, u = Function("f"), Function("u")
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
    assert calculus.integrate(1 / Abs(x), (x, -1, 1)) is oo
    assert calculus.integrate(ReLU(sinh(x)), (x, -1, 1)).equals(cosh(1) - 1)
    # sinh(t) - 2*t, twice, from 0 to acosh(2)
    assert calculus.integrate(ReLU(2 - cosh(x)), (x, -9, 9)).evalf() > 1.8
    assert calculus.solveset(ReLU(cosh(x) - half) - 1, x) == {-acosh(half * 3), acosh(half * 3)}
    assert isinstance(calculus.integrate(sign(x) / x**2, (x, -1, 1)), Integral)
    assert calculus.integrate(ReLU(1 - x) * ReLU(x - 1), x) == 0
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
    assert calculus.solveset(log(ReLU(x)) + log(ReLU(x) + 1) - log(6), x) == {2}
    assert calculus.solveset(2 * erf(ReLU(x)) - 1, x) == {erfinv(S.Half)}
    assert isinstance(calculus.solveset(erf(ReLU(x)) - 2, x), ConditionSet)  # SymPy fails
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


def test_kinds_of_solutions():
    assert calculus.solve(ReLU(x) - 1, x, set=True) == ([x], {(1,)})
    assert calculus.solve([ReLU(x) - 1], [x]) == [(1,)]
    assert calculus.solve(ReLU(x) - 1, x, dict=True) == [{x: 1}]
    assert calculus.solve(ReLU(f(x)) - 1, f(x)) == [1]
    assert calculus.solve(ReLU(f(x)) < 1, f(x)) == (f(x) < 1)
    with pytest.raises(ValueError, match="an unknown is a symbol or a function, not 3"):
        calculus.solve(ReLU(x) - 1, 3)


def test_solutions_are_of_the_kind_that_is_declared():
    j = symbols("j", integer=True)
    assert calculus.solve(ReLU(j) - half, j) == []
    assert calculus.solve(ReLU(j) - 3, j) == [3]
    with pytest.raises(NotImplementedError, match="solveset with an interval"):
        calculus.solve(sin(Abs(x)) - half, x)
    assert calculus.solve([2 * ReLU(j) - k, k - 1], [j, k]) == []


def test_solutions_under_a_root():
    for found in calculus.solve(ReLU(x) ** 2 - ReLU(x) - k, x):
        assert found.subs(k, -1) is S.NaN  # no real root
    assert {v.subs(k, 2) for v in calculus.solve(ReLU(x) ** 2 - ReLU(x) - k, x)} == {2, S.NaN}
    with pytest.raises(NotImplementedError, match="is real is not known"):
        calculus.solve(ReLU(x**3 - x) - k, x)


def test_numbers_by_search():
    assert calculus.nsolve([ReLU(x) - 1, y - 2 * x], [x, y], [3, 1]) == Matrix([1.0, 2.0])
    assert calculus.nsolve(ReLU(x) - 1, x, 2, dict=True) == [{x: 1.0}]
    assert abs(calculus.nsolve(ReLU(x) - 1, x, (0, 3)) - 1) < 1e-14
    with pytest.raises(ValueError, match="give a, k values"):
        calculus.nsolve(ReLU(x) - k * a, x, 2)
    with pytest.raises(ValueError, match="try another start"):
        calculus.nsolve(ReLU(x) - 1, x, -3)
    with pytest.raises(TypeError, match="takes a start"):
        calculus.nsolve(ReLU(x) - 1)


def test_a_sine_and_a_cosine_of_the_same():
    assert calculus.integrate(ReLU(3 * sin(x) + 4 * cos(x)), (x, 0, 2 * pi)) == 10
    found = calculus.solveset(ReLU(sin(x) + cos(x)) - 1, x, Interval(0, 6))
    assert found == {0, pi / 2}
    both = ReLU(sin(x) * cos(2 * x) - cos(x))
    assert isinstance(calculus.integrate(both, (x, 0, 1)), Integral)
    assert isinstance(calculus.integrate(ReLU(sin(x) ** 3 - cos(x)), (x, 0, 1)), Integral)


def test_inequalities_where_they_are_real():
    assert calculus.solveset(sqrt(x) * ReLU(1 - x) > 0, x) == Interval.open(0, 1)


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


def test_where_it_is_continuous():
    assert calculus.continuous_domain(sqrt(ReLU(x) - 1), x, S.Reals) == Interval(1, oo)
    assert calculus.singularities(ReLU(x) / x, x) is S.EmptySet
    assert calculus.singularities(1 / (ReLU(x) - a), x) == {a}
    assert calculus.continuous_domain(ReLU(x), x, S.Reals, check=False) == S.Reals
    with pytest.raises(NotImplementedError, match="values between"):
        calculus.function_range(ReLU(x) + I * x, x, Interval(0, 1))


# Differential equations


def test_kicks():
    # sin(x - 1) from 1 on; of first order, exp(1 - x)
    swing = u(x).diff(x, 2) + u(x) - DiracDelta(x - 1)
    rest = {u(0): 0, u(x).diff(x).subs(x, 0): 0}
    found = calculus.dsolve(swing, u(x), ics=rest).rhs
    assert found.subs(x, half) == 0
    assert abs((found.subs(x, 3) - sin(2)).evalf(30)) < 1e-25
    falling = calculus.dsolve(u(x).diff(x) + u(x) - DiracDelta(x - 1), u(x), ics={u(0): 0}).rhs
    assert falling.subs(x, 3) == exp(-2)
    assert falling.subs(x, 0) == 0
    with pytest.raises(NotImplementedError, match="derivative of a delta"):
        calculus.dsolve(u(x).diff(x, 2) + u(x) - DiracDelta(x - 1, 1), u(x))


def test_the_unknown_by_its_name():
    assert calculus.dsolve(u(x).diff(x) - ReLU(x), u).lhs == u(x)
    with pytest.raises(ValueError, match="name the unknown function"):
        calculus.dsolve(u(x).diff(x) - ReLU(u(y)), u)


def test_an_equation_that_is_singular():
    found = calculus.dsolve(x * u(x).diff(x) + u(x) - ReLU(x), u(x), ics={u(1): 1}).rhs
    assert found.subs(x, 2) == Rational(5, 4)  # (x*u)' = x: 2*u(2) = 1 + 3/2


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


@pytest.mark.long
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


def test_transforms_of_deltas():
    assert calculus.laplace_transform(DiracDelta(t - 1), t, s) == (exp(-s), -oo, True)
    assert calculus.laplace_transform(DiracDelta(x), x, s)[0] == 1
    found = calculus.laplace_transform(ReLU(t - 1) * DiracDelta(t - 3) + ReLU(t), t, s)
    assert found[0] == 2 * exp(-3 * s) + s**-2
    assert calculus.laplace_transform(DiracDelta(t - 1, 1), t, s)[0] == s * exp(-s)
    assert calculus.fourier_transform(ReLU(x) * DiracDelta(x - 1), x, k) == exp(-2 * I * pi * k)


def test_convolutions_with_deltas():
    assert calculus.convolution(DiracDelta(x - 1), ReLU(x), x) == ReLU(x - 1)
    both = calculus.convolution(ReLU(x), DiracDelta(x - 1) + Heaviside(x), x)
    assert both == ReLU(x - 1) + ReLU(x) ** 2 / 2
    assert calculus.convolution(DiracDelta(x), DiracDelta(x), x).has(Integral)
    assert calculus.convolution([1, 2, 3], [0, 1], cycle=3) == [3, 1, 2]


def test_inverse_transforms_that_stay_as_sympy_writes_them():
    found = calculus.inverse_laplace_transform(exp(-sqrt(s)), s, x)
    assert found.has(Heaviside)
    assert abs(found.subs(x, 1) - exp(-Rational(1, 4)) / (2 * sqrt(pi))).evalf() < 1e-12


def test_series_over_the_usual_period():
    found, usual = (calculus.fourier_series(ReLU(x), over) for over in (x, (x, -pi, pi)))
    assert found.truncate(4) == usual.truncate(4)


# Deltas


def test_deltas_at_a_symbol():
    found = calculus.integrate(DiracDelta(x - k) * ReLU(x), (x, 0, 2))
    assert [found.subs(k, v) for v in (-1, 1, 3)] == [0, 1, 0]
    assert calculus.integrate(DiracDelta(x - 1, 1) * x**2, (x, 0, 2)) == -2
    assert calculus.integrate(DiracDelta(x) * Heaviside(x), (x, -1, 1)).has(Integral)
    assert calculus.integrate(DiracDelta(x - 1) * ReLU(x), (x, 1, 2)) == half


# Means


def test_means_under_a_condition():
    X, U = Normal("X", 0, 1), Uniform("U", 0, 1)
    assert calculus.expectation(ReLU(X), X > 0) == sqrt(2) / sqrt(pi)
    assert calculus.expectation(ReLU(U - half), U > half) == Rational(1, 4)
    with pytest.raises(ValueError, match="no condition on random variables"):
        calculus.expectation(ReLU(X), x > 0)
    with pytest.raises(ValueError, match="no condition"):
        calculus.variance(ReLU(X), x > 0)


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


def test_densities_that_sympy_does_not_integrate():
    p, r = symbols("p r", positive=True)
    assert isinstance(calculus.expectation(ReLU(Beta("B", p, r) - half)), Expectation)


def test_means_that_are_infinite():
    assert calculus.expectation(ReLU(Cauchy("C", 0, 1))) == oo
    assert calculus.expectation(ReLU(Pareto("P", 1, 1) - 2)) == oo
    with pytest.raises(calculus.checks.FailedError, match="no value"):
        check_mean(S.NaN, ReLU(x), Normal("X", 0, 1), x)


def test_means_of_sums_and_of_what_depends_on_others():
    X, Y = Normal("X", 0, 3), Normal("Y", 1, 4)
    assert calculus.expectation(Max(X, Y)).equals(
        half + erf(sqrt(2) / 10) / 2 + 5 * exp(-Rational(1, 50)) / sqrt(2 * pi)
    )
    # X + Y - 1 is normal, with the deviation 5
    assert calculus.expectation(ReLU(X + Y - 1)).equals(5 / sqrt(2 * pi))
    assert calculus.expectation(ReLU(X + Y) * sin(X * Y)).has(Expectation)
    of_another = Normal("N", Normal("M", 0, 1), 1)
    assert isinstance(calculus.expectation(ReLU(of_another)), Expectation)
