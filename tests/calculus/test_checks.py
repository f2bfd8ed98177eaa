"""What SymPy gets wrong, fed to the checks: none of it passes."""

import pytest
from sympy import (
    Abs,
    DiracDelta,
    Eq,
    FiniteSet,
    Function,
    Heaviside,
    Integral,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    cos,
    dsolve,
    exp,
    gamma,
    integrate,
    limit,
    oo,
    pi,
    sin,
    solve,
    sqrt,
    symbols,
)
from sympy.stats import E as expectation_of_sympy  # noqa: N811
from sympy.stats import Normal

from symrelu import ReLU, calculus
from symrelu.calculus import CheckWarning, checks
from symrelu.calculus.equations import check_set, check_solutions
from symrelu.calculus.expectations import check_mean
from symrelu.calculus.extrema import (
    check_continuous,
    check_range,
    check_singular,
    check_stationary,
)
from symrelu.calculus.integrals import check_antiderivative, check_definite
from symrelu.calculus.limits import check_limit, check_series
from symrelu.calculus.odes import check_solution, check_system
from symrelu.calculus.sums import check_sum
from symrelu.calculus.transforms import (
    check_coefficients,
    check_convolution,
    check_fourier,
    check_laplace,
    check_mellin,
)

x, y, k, t = symbols("x y k t", real=True)
s = symbols("s", positive=True)
n = symbols("n", integer=True, positive=True)
u, v = Function("u"), Function("v")
half = S.Half
X, Y = Normal("X", 0, 1), Normal("Y", 0, 1)


def slope_of(e):
    return u(x).diff(x) - e


WRONG_OF_SYMPY = {
    "two periods": lambda: check_definite(
        integrate(ReLU(sin(x)).rewrite(Piecewise), (x, 0, 4 * pi)), ReLU(sin(x)), x, S(0), 4 * pi
    ),
    "a square of a step": lambda: check_definite(
        integrate((ReLU(x - 1) ** 2).rewrite(Heaviside), (x, 0, 2)), ReLU(x - 1) ** 2, x, S(0), S(2)
    ),
    "a cube of a step": lambda: check_definite(
        integrate((ReLU(x - 1) ** 3).rewrite(Heaviside), (x, 0, 2)), ReLU(x - 1) ** 3, x, S(0), S(2)
    ),
    "a singularity function of 1 - x": lambda: check_antiderivative(
        integrate(SingularityFunction(1 - x, 0, 1), x), ReLU(1 - x), x
    ),
    "a singularity function of 2 - 3*x": lambda: check_antiderivative(
        integrate(SingularityFunction(2 - 3 * x, 0, 1), x), ReLU(2 - 3 * x), x
    ),
    "an equation in Euler's way": lambda: check_solution(
        dsolve(slope_of(ReLU(x))).rhs, slope_of(ReLU(x)), u(x), x, 1, {}
    ),
    "pieces that do not meet": lambda: check_solution(
        dsolve(u(x).diff(x, 2) - ReLU(x - 1).rewrite(Piecewise)).rhs,
        u(x).diff(x, 2) - ReLU(x - 1),
        u(x),
        x,
        2,
        {},
    ),
    "the wrong piece in a limit": lambda: check_limit(
        limit((ReLU(x) / x).rewrite(Piecewise), x, 0, "+"), ReLU(x) / x, x, S(0), 1
    ),
    "a negative root": lambda: check_set(
        FiniteSet(*solve(ReLU(x) - 2 * x - 3, x)), Eq(ReLU(x) - 2 * x, 3), x, S.Reals
    ),
    "three periods": lambda: check_definite(
        integrate(Abs(cos(x)).rewrite(Piecewise), (x, 0, 6 * pi)), Abs(cos(x)), x, S(0), 6 * pi
    ),
    "another wrong piece": lambda: check_limit(
        limit((ReLU(x - 1) / (x - 1)).rewrite(Piecewise), x, 1, "+"),
        ReLU(x - 1) / (x - 1),
        x,
        S(1),
        1,
    ),
    "a fourth power of a step": lambda: check_definite(
        integrate((ReLU(x - 1) ** 4).rewrite(Heaviside), (x, 0, 2)), ReLU(x - 1) ** 4, x, S(0), S(2)
    ),
    "periods of a maximum": lambda: check_definite(
        integrate(Max(0, cos(x)).rewrite(Piecewise), (x, 0, 6 * pi)),
        Max(0, cos(x)),
        x,
        S(0),
        6 * pi,
    ),
    "a singularity function of -x": lambda: check_antiderivative(
        integrate(SingularityFunction(-x, 0, 2), x), ReLU(-x) ** 2, x
    ),
    "a mean of two variables": lambda: check_definite(
        expectation_of_sympy((ReLU(X) * ReLU(Y)).rewrite(Piecewise)),
        ReLU(x) * exp(-(x**2) / 2) / (2 * pi),
        x,
        -oo,
        oo,
    ),
    "a half-line lost": lambda: check_set(
        FiniteSet(*solve(ReLU(x), x)), Eq(ReLU(x), 0), x, S.Reals
    ),
}


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("check", WRONG_OF_SYMPY.values(), ids=WRONG_OF_SYMPY)
def test_what_sympy_gets_wrong_fails(check):
    with pytest.raises(checks.FailedError):
        check()


WRONG = {
    "a sign": lambda: check_antiderivative(-(ReLU(x) ** 2) / 2, ReLU(x), x),
    "a jump": lambda: check_antiderivative(ReLU(x - 1) ** 2 / 2 + Heaviside(x - 1), ReLU(x - 1), x),
    "no value": lambda: check_definite(S.NaN, ReLU(x), x, S(0), S(1)),
    "limits swapped": lambda: check_definite(half, ReLU(x), x, S(1), S(0)),
    "a parameter": lambda: check_definite(k**2 / 2, ReLU(x), x, S(0), k),
    "an end open": lambda: check_set(Interval.open(2, oo), ReLU(x - 1) >= 1, x, S.Reals),
    "an irrational root": lambda: check_set(FiniteSet(pi), Eq(ReLU(x), 3), x, S.Reals),
    "a limit": lambda: check_limit(S(1), ReLU(x), x, S(0), -1),
    "a finite limit": lambda: check_limit(S(1), ReLU(x), x, oo, -1),
    "an infinite limit": lambda: check_limit(oo, exp(-ReLU(x)), x, oo, -1),
    "a series": lambda: check_series(1 + x, exp(ReLU(-x)), x, S(0), 3, -1),
    "a condition": lambda: check_solution(
        ReLU(x) ** 2 / 2 + 1, slope_of(ReLU(x)), u(x), x, 1, {u(0): S(0)}
    ),
    "the variable taken for positive": lambda: check_solution(
        x**2 / 2, slope_of(ReLU(x)), u(x), x, 1, {}
    ),
    "a solution that jumps": lambda: check_solution(
        Heaviside(x), slope_of(S.Zero * x), u(x), x, 1, {}
    ),
    "a mean": lambda: check_mean(S(0), ReLU(x), X, x),
    "a range": lambda: check_range(Interval(0, 1), ReLU(x), x, S.Reals),
    "a sum": lambda: check_sum(S(5), ReLU(n - 2), n, S(0), S(5)),
    "an endless sum": lambda: check_sum(S(1), ReLU(n - 2) / 2**n, n, S(0), oo),
    "a Laplace transform": lambda: check_laplace(1 / s, ReLU(t), t, s, S(0)),
    "a Fourier transform": lambda: check_fourier(k, ReLU(1 - Abs(x)), x, k),
    "a Mellin transform": lambda: check_mellin(1 / s, ReLU(1 - x), x, s, S(0), oo),
    "no value of a transform": lambda: check_laplace(S.NaN * s, ReLU(t), t, s, S(0)),
    "a delta": lambda: check_definite(S(2), DiracDelta(x - 1) * ReLU(x), x, S(0), S(3)),
    "the slope of a delta": lambda: check_definite(
        S(1), DiracDelta(x - 1, 1) * x**2, x, S(0), S(3)
    ),
    "the step of a delta": lambda: check_antiderivative(
        2 * Heaviside(x - 1), DiracDelta(x - 1) * ReLU(x), x
    ),
    "a transform of a delta": lambda: check_laplace(2 * exp(-s), DiracDelta(t - 1), t, s, S(0)),
    "where it is continuous": lambda: check_continuous(S.Reals, Heaviside(x), x, S.Reals),
    "where it is not": lambda: check_continuous(Interval.open(0, oo), ReLU(x - 1), x, S.Reals),
    "continuous without a value": lambda: check_continuous(S.Reals, sqrt(ReLU(x) - 1), x, S.Reals),
    "a point that is not stationary": lambda: check_stationary(FiniteSet(3), ReLU(x), x, S.Reals),
    "stationary points that are missed": lambda: check_stationary(S.EmptySet, ReLU(x), x, S.Reals),
    "a point that is not singular": lambda: check_singular(FiniteSet(2), ReLU(x), x, S.Reals),
    "a pole that is missed": lambda: check_singular(S.EmptySet, 1 / Abs(x - 1), x, S.Reals),
    "a kick that is missed": lambda: check_solution(
        ReLU(x - 1), u(x).diff(x, 2) - 2 * DiracDelta(x - 1), u(x), x, 2, {}
    ),
    "a convolution": lambda: check_convolution(
        ReLU(x), Heaviside(x), Heaviside(x) - Heaviside(x - 1), x, t
    ),
    "coefficients": lambda: check_coefficients(S(1), ReLU(x) * cos(n * x) / pi, x, -pi, pi, n),
    "a system": lambda: check_system(
        [ReLU(x), ReLU(x) ** 2],
        [u(x).diff(x) - Heaviside(x), v(x).diff(x) - u(x)],
        [u(x), v(x)],
        x,
    ),
    "a system that jumps": lambda: check_system(
        [Heaviside(x - 1), 0 * x], [u(x).diff(x), v(x).diff(x)], [u(x), v(x)], x
    ),
    "a solution": lambda: check_solutions([{x: S(3)}], [ReLU(x) - 2]),
}


@pytest.mark.parametrize("check", WRONG.values(), ids=WRONG)
def test_what_is_wrong_fails(check):
    with pytest.raises(checks.FailedError):
        check()


# What a function does with an answer that fails: made wrong, for the test


@pytest.mark.parametrize(
    ("module", "name", "call", "kind"),
    [
        ("integrals", "integral", lambda: calculus.integrate(ReLU(x), x), Integral),
        ("integrals", "integral", lambda: calculus.integrate(ReLU(x), (x, 0, 1), y), Integral),
    ],
)
def test_an_answer_that_fails_is_not_given(monkeypatch, module, name, call, kind):
    def fails(*args):
        raise checks.FailedError("at 1 it is 2 and not 3")

    monkeypatch.setattr(getattr(calculus, module), name, fails)
    with pytest.warns(CheckWarning, match="at 1 it is 2 and not 3"):
        answer = call()
    assert isinstance(answer, kind)


CHECKS = {
    "limit": ("limits.check_limit", lambda: calculus.limit(ReLU(x), x, 0)),
    "solveset": ("equations.check_set", lambda: calculus.solveset(ReLU(x), x)),
    "laplace": ("transforms.check_laplace", lambda: calculus.laplace_transform(ReLU(t), t, s)),
    "fourier": (
        "transforms.check_fourier",
        lambda: calculus.fourier_transform(ReLU(1 - Abs(x)), x, k),
    ),
    "mellin": ("transforms.check_mellin", lambda: calculus.mellin_transform(ReLU(1 - x), x, s)),
    "convolution": (
        "transforms.check_convolution",
        lambda: calculus.convolution(ReLU(x), Heaviside(x), x),
    ),
    "inverse": (
        "transforms.check_laplace",
        lambda: calculus.inverse_laplace_transform(exp(-s) / s**2, s, t),
    ),
    "sum": ("sums.check_sum", lambda: calculus.summation(ReLU(n - 2), (n, 1, 5))),
    "mean": ("expectations.check_mean", lambda: calculus.expectation(ReLU(X))),
}
REFUSED = {
    "series": ("limits.check_series", lambda: calculus.series(exp(x) * ReLU(x), x, 0, 3)),
    "inequalities": (
        "equations.check_set",
        lambda: calculus.reduce_inequalities([ReLU(x) < 1], x),
    ),
    "continuity": (
        "extrema.check_continuous",
        lambda: calculus.continuous_domain(ReLU(x), x, S.Reals),
    ),
    "stationary points": (
        "extrema.check_stationary",
        lambda: calculus.stationary_points(ReLU(x), x),
    ),
    "singularities": ("extrema.check_singular", lambda: calculus.singularities(1 / ReLU(x), x)),
    "range": ("extrema.check_range", lambda: calculus.function_range(ReLU(x), x)),
    "dsolve": ("odes.check_solution", lambda: calculus.dsolve(slope_of(ReLU(x)), u(x))),
}


def fail(monkeypatch, where):
    module, name = where.split(".")

    def fails(*args):
        raise checks.FailedError("on purpose")

    monkeypatch.setattr(getattr(calculus, module), name, fails)


@pytest.mark.parametrize(("where", "call"), CHECKS.values(), ids=CHECKS)
def test_unevaluated(monkeypatch, where, call):
    right = call()
    fail(monkeypatch, where)
    with pytest.warns(CheckWarning, match="on purpose"):
        assert call() != right


@pytest.mark.parametrize(("where", "call"), REFUSED.values(), ids=REFUSED)
def test_refused(monkeypatch, where, call):
    call()
    fail(monkeypatch, where)
    with pytest.warns(CheckWarning, match="on purpose"), pytest.raises(NotImplementedError):
        call()


def test_values_that_gainsay_are_refused(monkeypatch):
    from symrelu.calculus import extrema

    monkeypatch.setattr(extrema, "_is_rising", lambda *args: True)
    with pytest.warns(CheckWarning), pytest.raises(NotImplementedError):
        calculus.is_increasing(-ReLU(x))
    monkeypatch.setattr(extrema, "_is_convex", lambda *args: True)
    with pytest.warns(CheckWarning), pytest.raises(NotImplementedError):
        calculus.is_convex(-ReLU(x), x)
    monkeypatch.setattr(extrema.sympy, "periodicity", lambda *args, **options: S(1))
    with pytest.warns(CheckWarning):
        assert calculus.periodicity(ReLU(sin(x)), x) is None


def test_unchecked():
    assert calculus.integrate(ReLU(x), (x, 0, 2), check=False) == 2
    assert calculus.solve(ReLU(x) - 2, x, check=False) == [2]
    assert calculus.solveset(ReLU(x) - 2, x, check=False) == {2}
    assert calculus.limit(ReLU(x), x, 2, check=False) == 2
    assert calculus.summation(ReLU(n), (n, 1, 3), check=False) == 6
    assert calculus.expectation(ReLU(X) ** 2, check=False) == half
    assert calculus.dsolve(slope_of(ReLU(x)), u(x), ics={u(0): 0}, check=False).rhs.subs(x, 2) == 2
    assert calculus.function_range(ReLU(x), x, Interval(-1, 1), check=False) == Interval(0, 1)
    assert calculus.is_convex(ReLU(x), x, check=False)
    assert calculus.is_increasing(ReLU(x), check=False)
    assert calculus.periodicity(ReLU(sin(x)), x, check=False) == 2 * pi
    assert calculus.laplace_transform(ReLU(t), t, s, noconds=True, check=False) == s**-2
    assert calculus.fourier_transform(exp(-x) * ReLU(x), x, k, check=False).subs(k, 0) == 1
    assert calculus.mellin_transform(ReLU(1 - x), x, s, check=False)[1] == (0, oo)
    assert calculus.convolution(Heaviside(x), Heaviside(x), x, check=False) == ReLU(x)
    assert calculus.nonlinsolve([ReLU(x) - y, x + y - 2], [x, y], check=False) == {(1, 1)}
    assert calculus.reduce_inequalities([ReLU(x) > 1], x, check=False).as_set().inf == 1
    assert calculus.series(ReLU(x), x, 0, 3, check=False) == x
    assert calculus.inverse_laplace_transform(exp(-s) / s**2, s, t, check=False) == ReLU(t - 1)
    found = calculus.fourier_series(ReLU(x), (x, -pi, pi), check=False)
    assert found.truncate(1) == pi / 4


def test_steep_functions_are_rounded():
    f = exp(exp(x)) / exp(exp(x) + 1)
    assert abs(checks.number(f, {x: S(9)}) - exp(-1)) < 1e-20
    assert checks.number(gamma(x + half), {x: S(10**6)}).is_Float
    assert abs(checks.number(2**x / 2 ** (x + 1), {x: S(10) ** 12}) - half) < 1e-20
    for tower in (exp(exp(x)), gamma(exp(x)), exp(x) ** exp(x)):
        with pytest.raises(OverflowError, match="a function of"):
            checks.number(tower, {x: S(10) ** 7})


def test_numbers():
    assert checks.near(S(2), S(2))
    assert not checks.near(oo, S(2))
    assert checks.number(1 / x, {x: S(0)}) is None
    assert checks.around([]) != []
    assert checks.sample(symbols("v", negative=True)) < 0
    assert Rational(checks.sample(symbols("i", integer=True))).is_integer
    assert Max(checks.sample(symbols("w", nonnegative=True)), 0) > 0


def test_ends_at_which_the_integrand_is_not_real_are_no_samples():
    a, p, q = symbols("a", real=True), *symbols("p q", positive=True)
    found = calculus.integrate(sqrt(x) * Min(p, x), (x, a, q))
    assert found.subs({a: 1, p: 4, q: 4}) == Rational(62, 5)
