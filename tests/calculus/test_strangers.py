"""What those write who know SymPy and have not read about kinks."""

import mpmath
import pytest
from sympy import (
    ITE,
    Abs,
    And,
    Contains,
    DiracDelta,
    E,
    Equivalent,
    Expr,
    Function,
    Heaviside,
    I,
    Implies,
    Integral,
    Interval,
    Limit,
    Max,
    Ne,
    Not,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    Sum,
    Symbol,
    Union,
    Xor,
    cos,
    exp,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
)
from sympy.stats import (
    BetaPrime,
    Expectation,
    FDistribution,
    GammaInverse,
    Gompertz,
    Kumaraswamy,
    LogLogistic,
    LogNormal,
    StudentT,
    VonMises,
)

from symrelu import ReLU, as_relu, calculus, relusimp
from symrelu.calculus import CheckWarning

x, y, a, b = symbols("x y a b", real=True)
p = symbols("p", positive=True)
n, N = symbols("n N", integer=True)
m = symbols("m", integer=True, positive=True)
half = Rational(1, 2)
GAP = Piecewise((x, x < 1), (2 - x, x < 2))  # and no value from 2 on


def test_a_piecewise_without_a_value():
    assert isinstance(calculus.integrate(GAP, (x, 0, 3)), Integral)
    assert isinstance(calculus.integrate(GAP, x), Integral)
    assert calculus.integrate(GAP, (x, 0, 2)) == 1
    assert calculus.integrate(Piecewise((x, x < 1), (2 - x, x >= 1)), (x, 0, 3)) == half
    assert calculus.integrate(Piecewise((x, x < a), (2 - x, x >= a)), x).diff(x).subs(
        {a: 1, x: 3}
    ) == (-1)
    gap = Piecewise((x, x < a), (2 - x, x < a + 1))
    assert isinstance(calculus.integrate(gap, x), Integral)
    assert calculus.continuous_domain(GAP, x, S.Reals) == Interval.open(-oo, 2)
    assert calculus.solveset(GAP, x) == {0}
    assert calculus.laplace_transform(GAP, x, p).has(Piecewise)


def test_what_does_not_depend_on_the_variable_is_a_constant():
    assert calculus.integrate(ReLU(x), y) == y * ReLU(x)
    assert calculus.integrate(ReLU(x - ReLU(a)), x) == ReLU(x - ReLU(a)) ** 2 / 2
    assert calculus.integrate(ReLU(a) * ReLU(x), (x, 0, ReLU(b))) == ReLU(a) * ReLU(b) ** 2 / 2
    assert calculus.limit((1 + ReLU(x) / n) ** n, n, oo) == exp(ReLU(x))
    assert calculus.series(ReLU(y) * exp(x), x, 0, 2).removeO() == ReLU(y) + x * ReLU(y)
    assert calculus.series(ReLU(y), x) == ReLU(y)
    assert calculus.solve(ReLU(x) - ReLU(a) - 1, x) == [ReLU(a) + 1]
    assert calculus.solveset(ReLU(x) - ReLU(a) - 1, x) == {ReLU(a) + 1}
    assert calculus.nonlinsolve([ReLU(x) - ReLU(a) - 1], [x]) == {(ReLU(a) + 1,)}
    assert calculus.function_range(ReLU(x) + ReLU(y), x) == Interval(ReLU(y), oo)
    assert calculus.maximum(ReLU(x), y) == ReLU(x)
    assert calculus.is_increasing(ReLU(x) + ReLU(y), S.Reals, x)
    assert calculus.is_convex(ReLU(x) + ReLU(y), x)
    total = calculus.summation(ReLU(a) * ReLU(n), (n, 0, m))
    assert (total - ReLU(a) * (m**2 + m) / 2).expand() == 0
    assert calculus.convolution(ReLU(x), ReLU(x) * ReLU(a), x) == ReLU(a) * ReLU(x) ** 3 / 6
    assert calculus.laplace_transform(ReLU(a) * ReLU(x), x, p)[0] == ReLU(a) / p**2


def test_limits_of_what_is_continuous_are_values():
    assert calculus.limit(ReLU(x), x, a) == ReLU(a)
    assert calculus.limit(exp(ReLU(x - b)) * Abs(x) ** 2, x, a) == exp(ReLU(a - b)) * a**2
    for e in (Heaviside(x), ReLU(x) / (x - b), ReLU(1 / x)):
        assert isinstance(calculus.limit(e, x, a), Limit)
    assert isinstance(calculus.limit(ReLU(x), x, S.ComplexInfinity), Limit)


def test_conditions_of_all_kinds():
    above, below = ReLU(x) > 1, x < 5
    assert calculus.solveset(Xor(above, below), x) == Union(Interval(-oo, 1), Interval(5, oo))
    assert calculus.solveset(Implies(above, below), x) == Interval.open(-oo, 5)
    both = calculus.reduce_inequalities([above, y > 2], [x, y])
    assert [both.subs({x: v, y: w}) for v in (1, 2) for w in (2, 3)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("limits", "closed"),
    [
        ((x, Interval(0, 2)), 2),
        ([x, 0, 2], 2),
        ((x, oo, 0), -oo),
    ],
)
def test_limits_in_other_forms(limits, closed):
    assert calculus.integrate(ReLU(x), limits) == closed


def test_from_infinity_back():
    assert calculus.integrate(ReLU(x) * exp(-x), (x, oo, 0)) == -1


def counted(f, low, high):
    """As SymPy counts: from right to left, what lies between is taken away."""
    if high >= low:
        return sum(f.subs(n, i) for i in range(low, high + 1))
    return -sum(f.subs(n, i) for i in range(high + 1, low))


@pytest.mark.parametrize("f", [ReLU(n), ReLU(n - 2), ReLU(3 - n), Abs(n), Max(n, 3)], ids=str)
def test_sums_to_the_left(f):
    for low in (-2, 0, 3):
        total = calculus.summation(f, (n, low, N))
        assert not total.has(Sum)
        for high in range(-5, 7):
            assert total.subs(N, high) == counted(f, low, high)
            assert calculus.summation(f, (n, low, high)) == counted(f, low, high)


def by_quadrature(f, *ends):
    return float(mpmath.quad(f, list(ends)))


@pytest.mark.parametrize(
    ("f", "ends", "number"),
    [
        (ReLU(x) / (1 + x**3), (-1, oo), lambda v: v / (1 + v**3)),
        (ReLU(x) / (x**4 + x**2 + 1), (-1, oo), lambda v: v / (v**4 + v**2 + 1)),
        (ReLU(x) / (x**2 + 4) ** Rational(5, 2), (-1, oo), lambda v: v / (v * v + 4) ** 2.5),
        (ReLU(x - 1) * sqrt(x**2 - 1), (0, 2), lambda v: (v - 1) * mpmath.sqrt(v * v - 1)),
        (ReLU(x) / sqrt(x**2 + x + 1), (-1, 2), lambda v: v / mpmath.sqrt(v * v + v + 1)),
        (ReLU(x) * (1 - x**2) ** Rational(3, 2), (-1, 1), lambda v: v * (1 - v * v) ** 1.5),
        (sqrt(ReLU(x)) * exp(-x), (-oo, oo), lambda v: mpmath.sqrt(v) * mpmath.exp(-v)),
        (ReLU(x - 1) * exp(-1 / x) / x**4, (0, oo), lambda v: (v - 1) * mpmath.exp(-1 / v) / v**4),
        (ReLU(x - 1) * log(x) ** 2, (0, 3), lambda v: (v - 1) * mpmath.log(v) ** 2),
    ],
    ids=lambda value: str(value) if isinstance(value, (Expr, tuple)) else "by mpmath",
)
def test_integrals_by_rules_of_our_own(f, ends, number):
    found = calculus.integrate(f, (x, *ends))
    start = 1 if f.has(x - 1) else 0
    middle = [4] if ends[1] is oo else []
    stop = mpmath.inf if ends[1] is oo else ends[1]
    assert not found.has(Integral)
    assert abs(float(found) - by_quadrature(number, start, *middle, stop)) < 1e-9


def test_what_would_keep_sympy_busy_is_refused():
    for f in (
        x * exp(cos(x)),
        x * exp(-exp(x)),
        x * exp(-x - 1 / x),
        1 / (x**5 + x + 1),
        1 / (x**2 - half),
    ):
        assert isinstance(calculus.integrate(Heaviside(x) * f, (x, -1, 2)), Integral)


def test_means_of_ratios_and_logarithms():
    assert calculus.expectation(ReLU(FDistribution("F", 4, 6) - 1)) == Rational(189, 250)
    assert calculus.expectation(ReLU(BetaPrime("B", 2, 3) - 1)) == Rational(3, 8)
    assert calculus.expectation(ReLU(LogLogistic("L", 1, 3) - 1)).equals(
        sqrt(3) * pi / 9 - log(2) / 3
    )
    assert calculus.expectation(ReLU(GammaInverse("G", 3, 1) - 1)) == 3 / E / 2 - half
    call = calculus.expectation(ReLU(LogNormal("L", a, p) - 1)).subs({a: 0, p: 1})
    want = by_quadrature(lambda z: (mpmath.exp(z) - 1) * mpmath.npdf(z), 0, 4, mpmath.inf)
    assert abs(float(call) - want) < 1e-9
    mean = calculus.expectation(ReLU(StudentT("T", 4) - 1))
    want = by_quadrature(lambda v: (v - 1) * 3 / 8 * (1 + v * v / 4) ** -2.5, 1, 4, mpmath.inf)
    assert abs(float(mean) - want) < 1e-9
    for late in (VonMises("V", 0, 1), Gompertz("G", 1, 1)):
        assert isinstance(calculus.expectation(ReLU(late - 1)), Expectation)


def test_a_density_of_more_than_1_is_found_out():
    with pytest.warns(CheckWarning, match="density"):
        found = calculus.expectation(ReLU(Kumaraswamy("K", 2, 2) - half))
    assert isinstance(found, Expectation)


def test_series_of_waves_and_of_deltas():
    wave = calculus.fourier_series(ReLU(sin(x)), (x, -pi, pi)).truncate(4)
    closed = 1 / pi + sin(x) / 2 - 2 * cos(2 * x) / 3 / pi - 2 * cos(4 * x) / 15 / pi
    assert (wave - closed).expand() == 0
    spike = calculus.fourier_series(2 * DiracDelta(x) + ReLU(x), (x, -1, 1)).truncate(1)
    assert spike == Rational(5, 4)


def test_a_root_begins_where_it_is_no_solution():
    step = Heaviside(x + 5)
    assert calculus.solveset(sqrt(x) + ReLU(x + 1) * step - 2, x) == {Rational(3, 2) - sqrt(5) / 2}
    assert calculus.solve(sqrt(x) + x - 6 + ReLU(-x), x) == [4]
    assert calculus.solveset(sqrt(x - 1) + ReLU(x) - 3, x) == {2}
    assert calculus.solveset(sqrt(1 - x**2) - ReLU(x), x) == {-1, sqrt(2) / 2}


def test_two_switches_that_fill_the_line_at_any_order():
    f = Piecewise((1, (x < a) & (x < b)), (2, x >= a), (3, x >= b))
    F = calculus.integrate(f, x)
    for at in ({a: 0, b: 2}, {a: 2, b: 0}):
        for left, right in ((-2, -1), (0, 1), (1, 4)):
            grown = (F.subs(x, right) - F.subs(x, left)).subs(at)
            assert grown == calculus.integrate(f.subs(at), (x, left, right))
    open_end = Piecewise((x, x < a), (2 - x, x < b))
    assert isinstance(calculus.integrate(open_end, x), Integral)


def test_a_delta_beside_pieces():
    f = Piecewise((x, x > 2), (2 * x, True))
    assert calculus.integrate(DiracDelta(x - 1) * f, (x, 0, 3)) == 2


@pytest.mark.long
def test_roots_that_are_not_real_or_have_poles():
    at = Heaviside(x)
    q = 1 - x**2
    assert calculus.integrate(at * sqrt(q), (x, -1, 1)) == pi / 4
    assert calculus.integrate(at * q ** Rational(-3, 2), (x, -1, 1)) is oo
    assert isinstance(calculus.integrate(at * (-q) ** Rational(-3, 2), (x, -1, 2)), Integral)
    assert isinstance(calculus.integrate(at * sqrt(a - x**2), (x, -1, 2)), Integral)
    for power in (half, -half, Rational(-3, 2)):
        square = (x**2 - 2 * x + 1) ** power
        assert isinstance(calculus.integrate(at * square, (x, -1, 3)), Integral)


def test_a_warning_stands_where_the_user_called():
    wrong = Kumaraswamy("K", 2, 2)
    with pytest.warns(CheckWarning) as said:
        calculus.expectation(ReLU(wrong - half))
    assert [w.filename for w in said] == [__file__]


def test_a_series_with_a_kink_anywhere():
    found = calculus.fourier_series(ReLU(x - a), (x, -pi, pi)).truncate(3)
    for value in (-2, 0, 1):
        want = calculus.fourier_series(ReLU(x - value), (x, -pi, pi)).truncate(3)
        assert abs((found.subs(a, value) - want).subs(x, half).n()) < 1e-12


def test_a_series_of_finitely_many_terms_ends():
    wave = calculus.fourier_series(ReLU(sin(x)) - ReLU(-sin(x)), (x, -pi, pi))
    assert wave.truncate(9) == sin(x)
    assert calculus.fourier_series(ReLU(x - 4), (x, -pi, pi)) == 0


def test_an_antiderivative_that_is_not_real_has_no_values():
    with pytest.raises(NotImplementedError, match="limits"):
        calculus.smooth._between(sqrt(x - 2), x, S.Zero, S.One)


# What is bound, and what is no symbol


ENDLESS = Integral(ReLU(sin(m)), (m, 0, x))  # SymPy does not know it either


def test_what_is_bound_inside_is_no_constant():
    assert isinstance(calculus.limit(ENDLESS / x**2, x, 0), Limit)
    assert calculus.integrate(ENDLESS, x) == Integral(ENDLESS, x)
    assert calculus.solveset(ENDLESS - 1, x).has(Integral)
    for refused in (calculus.solve, calculus.series):
        with pytest.raises(NotImplementedError, match="no function of its arguments"):
            refused(ENDLESS - 1, x)
    assert calculus.integrate(ReLU(x) * Integral(ReLU(a * n), (n, 0, 1)), (x, 0, 1)).has(ReLU(a))


def test_a_limit_inside_keeps_its_side():
    assert calculus.integrate(Limit(ReLU(y) * ReLU(x) / y, y, 0), (x, -1, 1)) == half


def test_a_function_is_a_variable():
    f = Function("f")(y)
    assert calculus.integrate(ReLU(f), f) == ReLU(f) ** 2 / 2
    assert calculus.integrate(ReLU(f - a), (f, 0, b)) == ReLU(b - a) ** 2 / 2 - ReLU(-a) ** 2 / 2
    assert calculus.integrate(ReLU(f), (f, f)) == ReLU(f) ** 2 / 2


def test_a_variable_in_its_own_ends():
    assert calculus.integrate(ReLU(x), (x, 0, x)) == ReLU(x) ** 2 / 2
    assert calculus.integrate(ReLU(x), (x, x, 2)) == 2 - ReLU(x) ** 2 / 2
    assert calculus.integrate(ReLU(x), x, (x, 0, x)) == x * ReLU(x) ** 2 / 2
    corner = calculus.integrate(ReLU(x - y), (x, 0, y), (y, 0, x))
    assert [corner.subs(x, v) for v in (-2, 0, 2)] == [Rational(4, 3), 0, 0]


# Conditions


CONDITIONS = [
    ITE(x < 2, x > 1, x > 3),
    Not((x < 1) | (x > 2)),
    Xor(x > 1, x > 2),
    Implies(x > 1, x > 2),
    Equivalent(x > 1, x < 2),
    Contains(x, Interval(1, 2)),
    Not(Contains(x, Interval(1, 2))),
    Xor(x > 1, Contains(x, Union(Interval(0, 1), Interval(2, oo)))),
    And(x > 1, Ne(x, 2), x < 3),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_conditions_of_a_piecewise(condition):
    f = Piecewise((x, condition), (0, True))
    places = [Rational(i, 8) + Rational(1, 16) for i in range(-8, 32)]
    total = sum(f.subs(x, p) for p in places) / 8
    assert calculus.integrate(f, (x, -1, 4)) == total
    simpler = relusimp(f)
    for p in [*places, *range(-1, 4)]:
        assert simpler.subs(x, p) == f.subs(x, p)


def test_a_condition_that_is_not_known_is_kept():
    known = Symbol("known")
    for condition in (
        And(known, x > 0),
        Not(known),
        ITE(known, x > 0, x < 0),
        Contains(x, S.Integers),
    ):
        f = Piecewise((x, condition), (0, True))
        assert as_relu(f) == relusimp(f) == f
        assert isinstance(calculus.integrate(f, (x, 0, 3)), Integral)
    ramp = Piecewise((0, Contains(x, Interval(-oo, 0))), (x, True))
    assert as_relu(ramp) == ReLU(x)
    assert as_relu(Abs(x + I * y)) == Abs(x + I * y)


# Loads on beams


def test_deltas_by_their_names_for_beams():
    load = SingularityFunction(x, 0, -1) - 2 * SingularityFunction(x, 1, -1)
    shear = calculus.integrate(load + SingularityFunction(x, 2, 0), x)
    assert shear == Heaviside(x) - 2 * Heaviside(x - 1) + ReLU(x - 2)
    assert calculus.integrate(SingularityFunction(x, 2, -3), x, x) == DiracDelta(x - 2)
    assert calculus.integrate(DiracDelta(2 * x - 1, 1) + ReLU(x), x) == (
        DiracDelta(2 * x - 1) / 2 + ReLU(x) ** 2 / 2
    )
    image = calculus.laplace_transform(SingularityFunction(x, 2, -2), x, p, noconds=True)
    assert image == p * exp(-2 * p)
    assert isinstance(calculus.integrate(x * DiracDelta(x - 1, 2), x), Integral)


def test_deltas_beside_kinks():
    assert calculus.integrate(DiracDelta(x - 1, 1) * ReLU(x) ** 2, (x, -oo, oo)) == -2
    assert calculus.integrate(DiracDelta(x - 1, 2) * ReLU(x) ** 3, (x, 0, 3)) == 6
    assert calculus.integrate(DiracDelta(sin(x)) * ReLU(x), (x, -1, 10)) == 6 * pi
    assert isinstance(calculus.integrate(DiracDelta(x, 1) * ReLU(x), (x, -1, 1)), Integral)


def test_a_beam_of_any_length():
    w = Function("w")
    L, E_I, P = symbols("L EI P", positive=True)
    supports = {w(0): 0, w(L): 0}
    bends = {w(x).diff(x, 2).subs(x, t): 0 for t in (0, L)}
    load = -P * SingularityFunction(x, L / 2, -1)
    sag = calculus.dsolve(E_I * w(x).diff(x, 4) - load, w(x), ics={**supports, **bends}).rhs
    closed = P * x * (4 * x**2 - 3 * L**2) / (48 * E_I)  # left of the middle
    assert (sag.subs({x: 1, L: 4}) - closed.subs({x: 1, L: 4})).expand() == 0
    assert sag.subs({x: 3, L: 4}) == sag.subs({x: 1, L: 4})


def test_powers_that_are_symbols():
    r = symbols("r", positive=True)
    assert calculus.integrate(ReLU(x - a) ** r, x) == ReLU(x - a) ** r * ReLU(x - a) / (r + 1)
    both = ReLU(x) * ReLU(x) ** r - ReLU(-x) * ReLU(-x) ** r
    assert (calculus.integrate(Abs(x) ** r, x) - both / (r + 1)).expand() == 0
