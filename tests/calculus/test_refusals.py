"""What is refused, and what is asked in another way: each with the reason or the same answer."""

import pytest
from support.limits import time_limit
from sympy import (
    Abs,
    And,
    ConditionSet,
    DiracDelta,
    Eq,
    FiniteSet,
    FourierTransform,
    Function,
    Heaviside,
    I,
    Integral,
    Interval,
    LambertW,
    LaplaceTransform,
    Limit,
    Max,
    MellinTransform,
    Not,
    Or,
    Piecewise,
    PolynomialError,
    Rational,
    S,
    SingularityFunction,
    Sum,
    Union,
    atan,
    besselj,
    cos,
    exp,
    gamma,
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
from sympy.stats import Bernoulli, Die, Expectation, Exponential, Normal, Poisson

from symrelu import ReLU, calculus
from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.pieces import normal_form, regions, roots, sign_of

x, y, k, m, t = symbols("x y k m t", real=True)
z = symbols("z")
a, b, s = symbols("a b s", positive=True)
w = symbols("w", negative=True)
i, n = symbols("i n", integer=True, nonnegative=True)
f, u, v = map(Function, "fuv")
half = S.Half


class Leaky(Function):
    """A kinked function of one's own: one method."""

    def _eval_rewrite_as_ReLU(self, arg, **hints):
        return arg / 10 + 9 * ReLU(arg) / 10


def test_a_function_of_ones_own():
    assert calculus.integrate(Leaky(x), (x, -1, 1)) == Rational(9, 20)
    assert calculus.solve(Leaky(x) + 1, x) == [-10]
    assert calculus.limit(Leaky(x) / x, x, 0, "-") == Rational(1, 10)


def test_no_text_is_read():
    for name in calculus.__all__:
        if name not in ("FORMS", "CheckWarning"):
            with pytest.raises(TypeError, match=name):
                getattr(calculus, name)("ReLU(x)")
    assert calculus.FORMS.keys() == {*calculus.__all__} - {"FORMS", "CheckWarning", "doit"}


def test_without_kinks_sympy_answers():
    assert calculus.integrate(x**2, (x, 0, 1)) == Rational(1, 3)
    assert calculus.solve(z**2 + 1, z) == [-I, I]
    assert calculus.solve({x - 1, y - 2}, [x, y]) == {x: 1, y: 2}
    assert calculus.series(exp(x), x, 0, 2).removeO() == 1 + x
    assert calculus.convolution([1, 2], [3, 4]) == [3, 10, 8]
    assert calculus.expectation(Normal("N", 1, 1)) == 1
    assert calculus.variance(Normal("N", 1, 2)) == 4
    assert calculus.inverse_laplace_transform(1 / (s + 1), s, t).has(exp)
    assert calculus.convolution(exp(-(x**2)), exp(-(x**2)), x).subs(x, 0) == sqrt(2 * pi) / 2


def test_the_variable_may_be_left_out_where_there_is_one():
    assert calculus.integrate(ReLU(z)) == ReLU(z) ** 2 / 2
    assert calculus.solve(ReLU(z) - 1) == [1]
    assert calculus.solveset(ReLU(z) - 1) == {1}
    assert calculus.series(exp(ReLU(x)), n=2).removeO() == 1 + x
    assert calculus.is_increasing(ReLU(z))
    assert abs(calculus.nsolve(ReLU(x) - 1, 3) - 1) < 1e-12
    assert calculus.convolution(Heaviside(x), Heaviside(x)) == ReLU(x)
    assert calculus.fourier_series(ReLU(x)).truncate(1) == pi / 4
    assert calculus.dsolve(u(x).diff(x) - ReLU(x)).rhs.diff(x).subs(x, 2) == 2
    e = ReLU(x - y)
    for call in (
        lambda: calculus.integrate(e),
        lambda: calculus.solveset(e),
        lambda: calculus.series(e),
        lambda: calculus.is_increasing(e),
        lambda: calculus.dsolve(u(x).diff(x) + v(x).diff(x) - ReLU(x)),
    ):
        with pytest.raises(ValueError, match="name the"):
            call()


def test_integrals_in_other_ways():
    assert calculus.integrate(ReLU(x), (x, 2)) == 2
    assert calculus.integrate(ReLU(x), (x, 1, 1)) == 0
    assert calculus.integrate(ReLU(x - a), (x, 0, oo)) == oo
    assert calculus.integrate(ReLU(x - k) * exp(-x), (x, m, oo)).subs({k: 1, m: 0}) == exp(-1)
    left = calculus.integrate(ReLU(k - x) * exp(x), (x, -oo, m))
    assert left.subs({k: 0, m: 3}) == 1
    assert calculus.integrate(x * DiracDelta(k - x), (x, -oo, oo)) == k
    assert calculus.integrate(x * DiracDelta(x - 1), x) == Heaviside(x - 1)
    assert calculus.integrate(ReLU(x) * DiracDelta(x - 2), (x, 0, 3)) == 2
    assert calculus.integrate(DiracDelta(x**2 - 1) + ReLU(x), (x, -2, 2)) == 3
    assert calculus.integrate(ReLU(x) + y, (x, 0, 1), (y, 0, 1)) == 1
    assert calculus.integrate(ReLU(a * x - 1), (x, 0, 2 / a)) == 1 / (2 * a)
    assert calculus.integrate(ReLU(exp(x) - a) * 1, (x, log(a), log(a) + 1)).equals(a * (E - 2))
    assert calculus.integrate(exp(x**2) * ReLU(x), (x, -1, 1)).equals((E - 1) / 2)
    assert calculus.integrate(2**x * ReLU(x), (x, -1, 1)).evalf() > 0
    assert calculus.integrate(x * besselj(0, x) * Heaviside(x), (x, -1, 1)).has(besselj)


E = exp(1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: calculus.integrate(ReLU(sin(x)), x),
        lambda: calculus.integrate(ReLU(sin(x)), (x, k, m)),
        lambda: calculus.integrate(ReLU(sin(x)), (x, 0, oo)),
        lambda: calculus.integrate(ReLU(sin(x)), (x, 0, 1000000)),
        lambda: calculus.integrate(ReLU(f(x)), x),
        lambda: calculus.integrate(ReLU(k * x - 1) * exp(-x), (x, 0, oo)),
        lambda: calculus.integrate(Heaviside(x) * DiracDelta(x), (x, -1, 1)),
        lambda: calculus.integrate(DiracDelta(x) * DiracDelta(x - 1), (x, -1, 1)),
        lambda: calculus.integrate(DiracDelta(x**2), (x, -1, 1)),
        lambda: calculus.integrate(x * DiracDelta(x, 1) + ReLU(x), x),
        lambda: calculus.integrate(Max(0, x - k, x - m, y - x) * Abs(x - y), x),
        lambda: calculus.integrate(exp(exp(x)) * ReLU(x), x),
        lambda: calculus.integrate(SingularityFunction(x, 0, k), x),
        lambda: calculus.integrate(Piecewise((1, f(x) > 0), (0, True)), x),
        lambda: calculus.integrate(sum(Abs(x - j * y) for j in range(1, 9)), x),
    ],
)
def test_integrals_that_stay(call):
    assert call().has(Integral)


def by_hand(v):
    return v / 10 + 9 * ReLU(v) / 10


def nested(kink, e, *shifts):
    """Kinks within each other: written in steps, or with ReLU, the inner ones stand there twice."""
    for c in shifts:
        e = kink(e + c)
    return e


SHIFTS = [(-1) ** j / S(j + 2) for j in range(22)]


@pytest.mark.long
@pytest.mark.parametrize("kink", [Leaky, Abs])
def test_many_kinks_within_each_other_whose_order_is_not_known_stay(kink):
    e = nested(kink, x, *[y] * 40)
    with time_limit(60, "of many kinks"):  # it takes a few seconds
        assert calculus.integrate(e, x) == Integral(e, x)
        assert calculus.integrate(e, (x, 0, 1), (y, 0, x)) == Integral(e, (x, 0, 1), (y, 0, x))
        assert calculus.doit(Integral(e, x)) == Integral(e, x)
        assert isinstance(calculus.limit(e / x, x, oo), Limit)
        assert isinstance(calculus.solveset(e - 1, x, S.Reals), ConditionSet)
        for call in (
            lambda: calculus.solve(e - 1, x),
            lambda: calculus.maximum(e, x, Interval(-1, 1)),
            lambda: calculus.reduce_inequalities([e > 1], [x]),
        ):
            with pytest.raises(NotImplementedError, match=r"^kinks within each other are too many"):
                call()
    assert calculus.summation(nested(Leaky, k, *[y] * 40), (k, 0, 5)).func is Sum


@pytest.mark.long
@pytest.mark.parametrize("kink", [Leaky, by_hand])
def test_many_kinks_within_each_other_whose_order_is_known_are_answered(kink):
    def value(v):
        for c in SHIFTS:
            v = max(v + c, 0) + S(min(v + c, 0)) / 10
        return v

    e = nested(kink, x, *SHIFTS)
    points = [Rational(j, 3) - 2 for j in range(12)]
    with time_limit(120, "of many kinks"):  # it takes a few seconds
        F = calculus.integrate(e, x)
        assert [F.diff(x).subs(x, p) for p in points] == list(map(value, points))
        assert calculus.integrate(e, (x, -2, 1)) == F.subs(x, 1) - F.subs(x, -2)
        (solution,) = calculus.solve(e - Rational(1, 5), x)
        assert value(solution) == Rational(1, 5)
    if kink is Leaky:
        shifted = calculus.integrate(nested(kink, x + y, *SHIFTS), x)
        assert [shifted.diff(x).subs({x: p - 3, y: 3}) for p in points] == list(map(value, points))


def test_regions_of_many_kinks_within_each_other():
    e = nested(Abs, x, *[-1] * 10)
    parts = regions(e, x)
    for p in parts:
        assert p.expr.diff(x) in (1, -1)
    assert len(parts) == 20
    with pytest.raises(NoPiecesError, match=r"^kinks within each other are too large$"):
        regions(nested(Abs, x, *[-abs(c) for c in SHIFTS]), x)


def test_regions():
    assert [p.expr for p in regions(Piecewise((1, And(x > 0, Not(x > 1))), (0, True)), x)] == [
        0,
        1,
        0,
    ]
    assert [p.expr for p in regions(Piecewise((1, Or(x < 0, x > 1)), (2, True)), x)] == [1, 2, 1]
    assert len(regions(ReLU(x * (x - 1) * (x - 2)), x)) == 4
    assert len(regions(ReLU(x**2 + 1 + x), x)) == 1
    assert len(regions(ReLU(atan(x) - half), x)) == 2
    assert len(regions(ReLU(atan(x) - 3), x)) == 1
    assert len(regions(ReLU(tanh(x) - half), x)) == 2
    assert len(regions(ReLU(log(x) - 1), x, S.Zero, oo)) == 2
    assert len(regions(ReLU(sqrt(x) - 2), x, S.Zero, oo)) == 2
    assert len(regions(ReLU(tan(x)), x, S(-1), S(4))) == 4
    assert len(regions(ReLU(sin(x) - 2), x, S.Zero, S(9))) == 1
    assert len(regions(ReLU(3**x - 2), x)) == 2
    assert len(regions(ReLU(exp(2 * x) - 3 * exp(x) + 2), x)) == 3
    assert len(regions(ReLU(x**2 - a), x)) == 3
    assert len(regions(ReLU(sqrt(2) * x**3 - x - 5), x)) == 2
    assert regions(ReLU(x - sqrt(2)) + ReLU(x - sqrt(3)), x)[1].start == sqrt(2)
    for e in (ReLU(k * x - 1), ReLU(x**2 - k), ReLU(k * x**2 - 1), ReLU(x**3 - k), ReLU(sin(x**2))):
        with pytest.raises(NoPiecesError):
            regions(e, x, S.Zero, S(4))
    with pytest.raises(NoPiecesError):
        roots(x**300 * sin(x), x, S.Zero, S(10000))
    with pytest.raises(NoPiecesError):
        sign_of(k)


def test_normal_form_of_kinks_in_any_order():
    first, jumps = normal_form(ReLU(x - k) * ReLU(m - x), x)
    assert first == 0
    assert {jump.at for jump in jumps} == {k, Max(k, m)}


def test_limits():
    assert calculus.limit(Heaviside(x**2 - 1), x, 1, "-") == 0
    assert calculus.limit(ReLU(x), x, 1, "+-") == 1
    assert calculus.limit(ReLU(x) + y, x, 2) == 2 + y
    assert calculus.limit(ReLU(1 / x - 3), x, 0) == oo
    assert calculus.limit(ReLU(log(x)), x, 0) == 0
    assert calculus.limit(ReLU(exp(-x) - 1), x, oo) == 0
    assert calculus.limit(ReLU(exp(-x)), x, oo) == 0
    assert calculus.limit(ReLU(x**3), x, -oo) == 0
    assert calculus.limit(ReLU(-(x**3)) / x**3, x, -oo) == -1
    assert calculus.limit(sign(sin(x)), x, 0) == 1
    assert calculus.limit(ReLU(k), k, oo) == oo
    assert calculus.limit(ReLU(x - k), x, m) == ReLU(m - k)
    assert isinstance(calculus.limit(Heaviside(x - k), x, m), Limit)
    assert isinstance(calculus.limit(x * Heaviside(sin(x)), x, oo), Limit)
    with pytest.raises(ValueError, match="not exist"):
        calculus.limit(sign(x), x, 0, "+-")
    with pytest.raises(ValueError, match="not real"):
        calculus.limit(ReLU(log(x)), x, -1)
    assert calculus.series(ReLU(1 / x - 1) * x, x, oo, 3) == 0


def test_equations():
    assert calculus.integrate(ReLU(x - k) * exp(x), (x, oo, k)) == -oo
    assert calculus.solveset(Eq(ReLU(x) - ReLU(-x), x), x) == S.Reals
    assert calculus.solveset(ReLU(x) - 1, x, Interval(2, 3)) is S.EmptySet
    assert calculus.solveset(ReLU(x) - 1, x, S.EmptySet) is S.EmptySet
    assert calculus.solveset(ReLU(x) - 1, x, FiniteSet(1)) == {1}
    assert calculus.solveset(ReLU(x) - 1, x, FiniteSet(2)) is S.EmptySet
    assert calculus.solveset(ReLU(x) - 1, x, Union(Interval(0, 2), Interval(4, 5))) == {1}
    assert calculus.solveset(1 / ReLU(x) > 2, x) == Interval.open(0, half)
    assert calculus.solveset(Or(ReLU(x) > 1, ReLU(-x) > 1), x) == S.Reals - Interval(-1, 1)
    assert isinstance(calculus.solveset(ReLU(x * exp(x) + sin(x)) - k, x), ConditionSet)
    assert calculus.solve(ReLU(a) - 2, a) == [2]
    assert calculus.solve(ReLU(w + 3) - 2, w) == [-1]
    assert calculus.solve(ReLU(n) - 2, n) == [2]
    assert calculus.solve(Abs(x) - 1, x, dict=True) == [{x: -1}, {x: 1}]
    assert calculus.solve(ReLU(x) + 1, x) == []
    assert calculus.solve([ReLU(x) - y, x + y - 2], dict=True) == [{x: 1, y: 1}]
    assert calculus.solve([ReLU(x) + 1 - 1 * y, y], [x, y]) == []
    assert calculus.solve([ReLU(x) < 2, ReLU(x) > 1], x).as_set() == Interval.open(1, 2)
    assert calculus.reduce_inequalities(ReLU(x) <= -1, [x]) == False  # noqa: E712
    assert abs(calculus.nsolve(Eq(ReLU(x), 2), x, 5) - 2) < 1e-12
    assert abs(calculus.nsolve(ReLU(x) - 2, x, (0, 5), prec=20) - 2) < 1e-18
    assert calculus.solve(Abs(x - k) - 1, x) == [k - 1, k + 1]
    assert calculus.solve(ReLU(x) * x - k**2 - 1, x)[0].subs(k, 0) == 1
    assert len(calculus.solve([Max(x, y) - k, x - y], [x, y])) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: calculus.solve(ReLU(x), x),
        lambda: calculus.solve([ReLU(x), ReLU(y)], [x, y]),
        lambda: calculus.solve([ReLU(x - y)], [x, y]),
        lambda: calculus.solve([exp(ReLU(x)) + y, x + sin(y) - 1], [x, y]),
        lambda: calculus.solve([sum(Abs(x - j * y) for j in range(1, 9)) - 1, x - y], [x, y]),
        lambda: calculus.reduce_inequalities([ReLU(x) > y], [x, y]),
        lambda: calculus.function_range(ReLU(x - k) * sin(x), x),
        lambda: calculus.function_range(ReLU(x), x, S.Integers),
        lambda: calculus.is_convex(ReLU(x) + Abs(y), x, y),
        lambda: calculus.dsolve([u(x).diff(x) - ReLU(x) * v(x), v(x).diff(x) - u(x)]),
        lambda: calculus.dsolve([u(x).diff(x, 2) - v(x), v(x).diff(x) - ReLU(x)]),
        lambda: calculus.dsolve([u(x) - v(x), v(x).diff(x) - ReLU(x)]),
        lambda: calculus.dsolve([u(x).diff(x) - v(x), v(x).diff(x) - ReLU(x) * DiracDelta(x - 1)]),
        lambda: calculus.dsolve(u(x).diff(x) - ReLU(u(x)), u(x)),
        lambda: calculus.dsolve(u(x).diff(x, 2) - ReLU(x) * u(x), u(x)),
        lambda: calculus.dsolve(u(x).diff(x) - u(x) ** 2 * ReLU(x), u(x)),
        lambda: calculus.is_monotonic(ReLU(x), FiniteSet(1)),
        lambda: calculus.is_monotonic(ReLU(x), S.EmptySet),
        lambda: calculus.is_convex(ReLU(x), x, domain=Interval(0, 1) + Interval(2, 3)),
        lambda: calculus.dsolve(u(x).diff(x) - ReLU(x) * v(x), u(x)),
    ],
)
def test_refused(call):
    with pytest.raises(NotImplementedError):
        call()


SYSTEM = [u(x).diff(x) - v(x), v(x).diff(x) + u(x) - ReLU(x - 1)]


def test_systems_of_differential_equations():
    first, second = calculus.dsolve(SYSTEM, [u(x), v(x)], ics={u(0): 1, v(0): -2})
    assert (first.rhs.subs(x, 0), second.rhs.subs(x, 0)) == (1, -2)
    for value in (half, Rational(5, 2)):
        at = {x: value}
        assert (first.rhs.diff(x) - second.rhs).subs(at).simplify() == 0
        assert (second.rhs.diff(x) + first.rhs).subs(at).simplify() == ReLU(value - 1)
    general = calculus.dsolve([u(x).diff(x) + a * u(x) - ReLU(x), v(x).diff(x) - u(x)])
    assert [e.lhs for e in general] == [u(x), v(x)]
    for value in (-1, Rational(3, 2)):
        at = {x: value, a: 2}
        ours, other = (e.rhs for e in general)
        assert (ours.diff(x) + a * ours).subs(at).simplify() == ReLU(value)
        assert (other.diff(x) - ours).subs(at).simplify() == 0


def test_not_an_equation_for_it():
    for call in (
        lambda: calculus.dsolve(u(x) - ReLU(x), u(x)),
        lambda: calculus.dsolve(u(x).diff(x) - ReLU(x), u(x), ics={x: 1}),
        lambda: calculus.dsolve(u(x).diff(x) - ReLU(x), u(x), ics={v(0): 1}),
        lambda: calculus.dsolve(u(x, y).diff(x) - ReLU(x), u(x, y)),
        lambda: calculus.solveset(ReLU(x) - 1, x**2),
        lambda: calculus.solveset(ReLU(x) - y, [x, y]),
        lambda: calculus.limit(ReLU(x), 0, 1),
        lambda: calculus.integrate(ReLU(x), x**2),
        lambda: calculus.fourier_series(ReLU(x), (x, 1, -1)),
        lambda: calculus.fourier_series(ReLU(x), (x, 0, oo)),
        lambda: calculus.dsolve(u(x).diff(x) - ReLU(x), u(x), ics={u(0): 1, u(1): 7}),
        lambda: calculus.dsolve([u(x).diff(x) - ReLU(x)], [u(x), v(x)]),
        lambda: calculus.dsolve([ReLU(x)], []),
        lambda: calculus.dsolve(SYSTEM, ics={Function("w")(0): 1}),
        lambda: calculus.nsolve(ReLU(x) + 1, x, 2),
        lambda: calculus.minimum(ReLU(x), x, S.EmptySet),
    ):
        with pytest.raises(ValueError):
            call()


def test_differential_equations():
    e = u(x).diff(x, 4) - ReLU(x)
    ics = {u(0): 0} | {u(x).diff(x, j).subs(x, 0): 0 for j in (1, 2, 3)}
    assert calculus.dsolve(e, u(x), ics=ics).rhs == ReLU(x) ** 5 / 120
    got = calculus.dsolve(Eq(u(x).diff(x), ReLU(x) - u(x) * Heaviside(x)), u(x), ics={u(0): 0}).rhs
    assert got.subs(x, 1).equals(exp(-1))
    unsure = calculus.dsolve(u(x).diff(x, 2) - k * u(x) - ReLU(x), u(x)).rhs
    for value in (4, -9):
        at = {k: value, x: Rational(1, 3)}
        assert abs((unsure.diff(x, 2) - k * unsure).subs(at).n() - Rational(1, 3)) < 1e-12
    damped = calculus.dsolve(u(x).diff(x, 2) + a**2 * u(x) - ReLU(x), u(x)).rhs
    assert (damped.diff(x, 2) + a**2 * damped).subs(x, 2).simplify() == 2


def test_extrema_in_other_ways():
    assert calculus.function_range(ReLU(x), x, Union(Interval(-1, 1), FiniteSet(4))) == Union(
        Interval(0, 1), FiniteSet(4)
    )
    assert calculus.function_range(1 / ReLU(x), x) == Interval.open(0, oo)
    assert calculus.function_range(Abs(1 / x), x) == Interval.open(0, oo)
    assert calculus.function_range(Abs(x**3 - 3 * x), x, Interval(-1, 1)) == Interval(0, 2)
    assert calculus.continuous_domain(sign(x), x) == S.Reals - FiniteSet(0)
    assert calculus.continuous_domain(ReLU(x) / x, x, Interval(0, 1)) == Interval.Lopen(0, 1)
    assert calculus.continuous_domain(ReLU(x), x, Union(Interval(0, 1), FiniteSet(3))) == Union(
        Interval(0, 1), FiniteSet(3)
    )
    assert calculus.stationary_points(ReLU(x) ** 2, x, Interval(0, 1)) == {0}
    assert (
        calculus.stationary_points(1 / ReLU(x), x, Union(Interval(0, 1), FiniteSet(3)))
        is S.EmptySet
    )
    assert calculus.stationary_points(ReLU(x) ** 2, x) == Interval(-oo, 0)
    assert calculus.singularities(1 / ReLU(x), x) == Interval(-oo, 0)
    assert calculus.is_strictly_decreasing(-x - ReLU(x))
    assert calculus.is_increasing(sign(x))
    assert not calculus.is_increasing(-sign(x))
    assert not calculus.is_increasing(x * Heaviside(x) - 1 / (x - 5))
    assert not calculus.is_convex(sign(x), x)
    assert not calculus.is_convex(1 / ReLU(x), x)
    assert not calculus.is_convex(Abs(x) - x**2, x)
    assert calculus.is_convex(Abs(x), x, domain=Interval(-1, 1))
    assert calculus.is_monotonic(ReLU(x))
    assert not calculus.is_monotonic(Abs(x))
    assert calculus.is_increasing(a * ReLU(x), symbol=x)
    assert calculus.periodicity(ReLU(x), x) is None


def test_sums():
    assert calculus.summation(ReLU(i - 2), (i, 0, n)).subs(n, 5) == 6
    assert calculus.summation(ReLU(i - 2), (i, 3, n + 3)).subs(n, 2) == 6
    assert calculus.summation(ReLU(i - half), (i, 0, n)).subs(n, 2) == 2
    assert calculus.summation(ReLU(i - half) / 2**i, (i, 0, oo)) == Rational(3, 2)
    assert calculus.summation(ReLU(i - y), (i, 0, 1), (y, 0, 1)) == 1
    assert calculus.summation(Abs(i - 500), (i, 0, 1000)) == 250500
    assert calculus.summation(Heaviside(i - 2, half) / 3**i, (i, 0, oo)).equals(Rational(1, 9))
    for call in (
        lambda: calculus.summation(Heaviside(i - 2), (i, 0, n)),
        lambda: calculus.summation(ReLU(i - k) * sin(i**2), (i, 0, n)),
        lambda: calculus.summation(ReLU(i - 2) * gamma(i + half), (i, 0, oo)),
    ):
        assert call().has(Sum)


def test_transforms():
    assert calculus.laplace_transform(Heaviside(t - 1), t, s)[0] == exp(-s) / s
    assert isinstance(calculus.laplace_transform(ReLU(t) * log(t + 1), t, s), LaplaceTransform)
    assert isinstance(calculus.laplace_transform(ReLU(sin(t**2)), t, s), LaplaceTransform)
    assert isinstance(calculus.fourier_transform(ReLU(t), t, k), FourierTransform)
    assert isinstance(calculus.mellin_transform(ReLU(1 - t) * exp(t), t, s), MellinTransform)
    assert isinstance(calculus.mellin_transform(ReLU(t - 1) + 1, t, s), MellinTransform)
    assert calculus.convolution(ReLU(x), 1, x) == oo
    assert calculus.convolution(Heaviside(x) * exp(exp(x)), ReLU(x), x).has(Integral)
    assert calculus.inverse_laplace_transform((1 + exp(-s)) / s, s, t).subs(t, 3) == 2
    found = calculus.fourier_series(Abs(sin(x)), (x, 0, 2 * pi)).truncate(2)
    assert (found - 2 / pi + 4 * cos(2 * x) / (3 * pi)).simplify() == 0
    assert calculus.fourier_transform(ReLU(1 - Abs(t)) * sin(t), t, k).subs(k, half).evalf() != 0


def test_expectations():
    X = Normal("X", 0, 1)
    assert calculus.expectation(ReLU(Die("D", 6) - 2)) == Rational(5, 3)
    assert calculus.expectation(ReLU(Bernoulli("B", half))) == half
    assert calculus.expectation(ReLU(Poisson("P", a) - 1)).subs(a, 1).equals(exp(-1))
    assert calculus.expectation(k * ReLU(X) ** 2 + X) == k / 2
    assert calculus.expectation(ReLU(X) * X * ReLU(Exponential("Y", 1))) == half
    assert calculus.expectation(ReLU(k) + 0 * X) == ReLU(k)
    assert isinstance(calculus.expectation(ReLU(sin(X))), Expectation)


def test_corners_of_integrals(monkeypatch):
    assert abs(Integral(ReLU(x), (x, 0, 1)).evalf() - half) < 1e-12
    assert calculus.integrate(exp(x**3) * ReLU(x), x).has(Integral)
    assert calculus.integrate(sin(x**2) * ReLU(x), x).diff(x).subs(x, 1).equals(sin(1))
    assert calculus.integrate(exp(k * x**2) * ReLU(x), x).has(Integral)
    assert calculus.integrate(1 / (1 + ReLU(x)), x).diff(x).subs(x, 1) == half
    assert calculus.integrate(ReLU(x) * sin(x), (x, 0, oo)).has(Integral)
    assert calculus.integrate(ReLU(x) * 2 ** (-x), (x, 0, oo)).equals(1 / log(2) ** 2)
    assert calculus.integrate(ReLU(sin(x)), (x, 0, 30 * pi)) == 30
    bell = ReLU(x**2 + x + 1) * exp(-(x**2))
    assert calculus.integrate(bell, (x, -oo, oo)).equals(3 * sqrt(pi) / 2)
    long = ReLU(x) * exp(sum(sqrt(x + j) * log(x + j) for j in range(1, 20)))
    assert calculus.integrate(long, x).has(Integral)
    assert calculus.integrate(long, (x, 0, 1)).has(Integral)
    plain = calculus.integrate(ReLU(x - k) * ReLU(x - m) * ReLU(y), x)
    assert plain.diff(x).subs({x: 3, k: 1, m: 2, y: 2}) == 4
    assert calculus.integrate(Abs(x**2 - k) * ReLU(x - m), x).has(Integral)
    assert calculus.integrate(Piecewise((x, z), (0, True)), x).has(Integral)
    nested = ReLU(ReLU(x, half) - 1, half)
    assert calculus.integrate(nested, (x, 0, 3)) == 2
    assert calculus.integrals.kinks_of(ReLU(sin(x)), x) == []
    assert len(regions(ReLU(pi * x**2 + x + 1), x)) == 1
    assert len(regions(ReLU(exp(x) - exp(2)), x)) == 2

    def fails(*args):
        raise PolynomialError("no polynomial")

    monkeypatch.setattr(calculus.extrema, "regions", fails)
    with pytest.raises(NotImplementedError, match="no polynomial"):
        calculus.stationary_points(ReLU(x), x)


def test_corners_of_limits():
    assert calculus.limit(ReLU(sqrt(x) - x), x, 0) == 0
    assert calculus.limit(ReLU(atan(1 / x)), x, 0) == pi / 2
    assert calculus.limit(ReLU((x + 1) ** 2 - x**2 - 2 * x - 1), x, 0) == 0
    assert isinstance(calculus.limit(ReLU(x**21) / x**21, x, 0), Limit)
    assert calculus.limit(ReLU(x) * f(k), x, 2) == 2 * f(k)
    assert calculus.series(ReLU(x) * f(k), x, 0, 3) == x * f(k)


def test_corners_of_equations():
    assert calculus.solve(x * ReLU(x) - exp(ReLU(-x)) + 0 * y, x) == [1]
    assert calculus.solveset(ReLU(x) - x * exp(-x) - 1, x) is not None
    q = symbols("q", nonnegative=True)
    assert calculus.solve(ReLU(q - 1) - 1, dict=True) == [{q: 2}]
    assert isinstance(calculus.solveset(ReLU(x**3 - k), x), ConditionSet)


def test_corners_of_the_others():
    with pytest.raises(NotImplementedError):
        calculus.dsolve(u(x).diff(x, 5) - u(x).diff(x) - u(x) - ReLU(x), u(x))
    assert calculus.dsolve(u(x).diff(x) - x, u(x), ics={u(0): 1}).rhs == x**2 / 2 + 1
    assert calculus.summation(ReLU(i - k) + f(i), (i, 0, 2)).has(f)
    long = ReLU(i - 2) * exp(-sum(sqrt(i + j) * log(i + j) for j in range(1, 20)))
    assert calculus.summation(long, (i, 0, oo)).has(Sum)
    assert (
        calculus.summation(ReLU(i - half) * Heaviside(3 * half - i) / 2**i, (i, 0, oo)) == half / 2
    )
    assert calculus.inverse_laplace_transform(exp(-a * s) / (s**2 + 1), s, t).has(sin)


def test_more_corners_of_equations():
    equations = calculus.equations
    assert calculus.solve(exp(-ReLU(x)) - x, x) == [LambertW(1)]
    assert isinstance(calculus.solveset(ReLU(x) * exp(x) - k - x, x), ConditionSet)
    assert calculus.reduce_inequalities([ReLU(a - 1) < 1], a).as_set().sup == 2
    assert calculus.reduce_inequalities([ReLU(x) > 1, ReLU(x) <= 1], x) == False  # noqa: E712
    assert calculus.solve([ReLU(x) + 1, y], [x, y]) == []
    q = symbols("q", nonnegative=True)
    assert calculus.solve(ReLU(x) - q - 1, x) == [q + 1]
    assert equations._either(k, k**2, S.Zero) == Piecewise((k**2, k >= 0), (0, True))
    assert equations.solutions(Eq(ReLU(x), 1), x, S.EmptySet) is S.EmptySet
    with pytest.raises(calculus.checks.FailedError):
        equations.check_set(FiniteSet(pi), Eq(ReLU(x) * Heaviside(x), 3), x, S.Reals)
    for call in (
        lambda: calculus.solve(ReLU(x - k), x),
        lambda: calculus.solve([ReLU(x - y) - 1], [x, y]),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_what_cannot_be_computed_is_no_failure():
    calculus.checks.agree(x, 1 / y, [{x: S(1), y: S(0)}])
    with pytest.raises(NoPiecesError, match="mpmath"):
        calculus.checks.quadrature(f(x), x, [S(0), S(1)])


def test_means_of_what_is_no_single_sum():
    X, Y = Normal("X", 0, 1), Normal("Y", 0, 1)
    assert calculus.expectation(ReLU(X - Y) * X) == half
    assert calculus.integrate(ReLU(x) * cos(x) * exp(-(x**2)), (x, -oo, oo)).evalf() > 0
