"""Floating numbers, several variables, products with steps, decisions, and what is left alone."""

import time
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.limits import time_limit
from sympy import (
    Abs,
    AccumBounds,
    Add,
    Eq,
    Float,
    Function,
    Heaviside,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    cos,
    exp,
    latex,
    pi,
    sign,
    sqrt,
    symbols,
)

from symrelu import ReLU, as_relu, gradient, lambdify, relusimp
from symrelu.kinks import identities
from symrelu.kinks.lines import NoLineError
from symrelu.kinks.numbers import Near, as_expr, minus, number, over, plus, sign_of, times

x, y, z, w, a = symbols("x y z w a", real=True)
p = Symbol("p", positive=True)
c = Symbol("c")
half = S.Half


def clip(u, low, high):
    return Min(Max(u, low), high)


# Numbers


def test_floating_numbers_know_how_far_off_they_may_be():
    third = plus(number(Float(0.1)), number(Float(0.2)))
    assert sign_of(minus(third, number(Float(0.3)))) == 0
    assert as_expr(minus(third, number(Float(0.3)))) == 0
    assert sign_of(minus(third, number(Float("0.30000001")))) == -1
    assert as_expr(over(S.One, number(Float(4)))) == 0.25
    assert as_expr(times(number(Float(2)), pi)) == Float(2 * pi.evalf())
    assert as_expr(plus(number(Float(2)), c)) == c + 2.0
    assert as_expr(times(c, number(Float(2)))) == 2.0 * c
    assert as_expr(over(number(Float(3)), S(2))) == 1.5
    assert as_expr(over(c, S(2))) == c / 2
    assert times(S.Zero, S.NaN) is S.NaN
    assert isinstance(number(Float(2) * pi), Near)
    assert isinstance(number(Float(1) * sqrt(2)), Near)
    assert number(Float("inf")) == S.Infinity
    assert number(Float(2) * c) == 2.0 * c
    with pytest.raises(NoLineError, match="the sign of c is not known"):
        sign_of(c)
    with pytest.raises(TypeError):
        _ = number(Float(2)) * "text"


def test_floating_breakpoints_merge_and_exact_ones_do_not():
    e = as_relu(ReLU(x - 0.3) + ReLU(x - (0.1 + 0.2)) + ReLU(x))
    assert len(e.atoms(ReLU)) == 2
    near = Rational(1, 10**30)
    assert len(as_relu(ReLU(x) + ReLU(x - near)).atoms(ReLU)) == 2
    assert as_relu(ReLU(x - 1) + ReLU(x - 1.0)) == 2 * ReLU(x - 1)
    assert as_relu(ReLU(x - 1.0) + ReLU(x - 1)) == 2 * ReLU(x - 1)
    assert as_relu(0.1 * ReLU(x) + 0.2 * ReLU(x) - 0.3 * Max(x, 0), H0=0) == 0


def test_hinges_and_regions_of_floats():
    u = 2.1 * x - 0.3
    assert as_relu(Piecewise((0, u < 0), (u, True))) == 2.1 * ReLU(x - 0.3 / Float(2.1), 1)
    line = relusimp((0.3 * ReLU(x - 0.1) + ReLU(x - 0.2)).rewrite(Piecewise))
    assert [cond.rhs for _, cond in line.args[:-1]] == [0.1, 0.2]


@pytest.mark.parametrize("seed", range(2))
def test_a_trained_network_has_sorted_regions(seed):
    random = np.random.default_rng(seed)
    units = [x]
    for size in (8, 8, 1):
        weights, biases = random.normal(size=(size, len(units))), random.normal(size=size)
        units = [
            sum((Float(v) * u for v, u in zip(row, units, strict=True)), Float(b))
            for row, b in zip(weights, biases, strict=True)
        ]
        network, units = units[0], [ReLU(u) for u in units]
    regions = relusimp(network.rewrite(Piecewise))
    breaks = [float(cond.rhs) for _, cond in regions.args[:-1]]
    assert breaks == sorted(set(breaks))
    assert all(f == 0 or abs(f) > 1e-13 for f in regions.atoms(Float))
    at = np.linspace(-9, 9, 2001)
    expected = lambdify(x, network)(at)
    for form in (regions, as_relu(network)):
        np.testing.assert_allclose(lambdify(x, form)(at), expected, atol=1e-12 * 100)


def test_the_slope_of_a_step_of_a_kink():
    e = (ReLU(y) + Max(1, x)) * ReLU(y, half) * sign(ReLU(y, half))
    assert as_relu(e).diff(y).subs({x: 0, y: 0}) == e.diff(y).subs({x: 0, y: 0}) == 0


# Several variables, and parameters


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (Piecewise((0, x + y < 0), (x + y, True)), ReLU(x + y, 1)),
        (Piecewise((x + y, x + y > 0), (0, True)), ReLU(x + y)),
        (clip(2 * x + 3 * y, 0, 1), ReLU(2 * x + 3 * y, half) - ReLU(2 * x + 3 * y - 1, half)),
        (clip(x, p, 2 * p), p + ReLU(x - p, half) - ReLU(x - 2 * p, half)),
        (clip(exp(x), 1, 2), 1 + ReLU(exp(x) - 1, half) - ReLU(exp(x) - 2, half)),
        (
            Piecewise((0, x < p), (x - p, x < 2 * p), (p, True)),
            ReLU(x - p, 1) - ReLU(x - 2 * p, 1),
        ),
        (Piecewise((0, x < 0), (ReLU(x + p) - p, True)), ReLU(x, 1)),
        (ReLU(x - y) + ReLU(y - x), x - y + 2 * ReLU(y - x)),
        (ReLU(x) + ReLU(x + exp(y)), ReLU(x) + ReLU(x + exp(y))),
    ],
    ids=str,
)
def test_hinges_along_expressions(e, expected):
    converted = as_relu(e, H0=0)
    assert relusimp(converted - as_relu(expected, H0=0)) == 0
    assert as_relu(converted, H0=0) == converted
    for at in ({x: -1, y: 3, p: 2}, {x: 3, y: -1, p: 1}, {x: half, y: 0, p: 3}):
        assert as_relu(e).subs(at) == e.subs(at)
        assert as_relu(e).diff(x).subs(at) == e.diff(x).subs(at)


# Steps and products

tent = ReLU(x) - 2 * ReLU(x - 1) + ReLU(x - 2)
steps_of_a_tent = x * (Heaviside(x) - Heaviside(x - 1)) + (2 - x) * (
    Heaviside(x - 1) - Heaviside(x - 2)
)


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (steps_of_a_tent, tent),
        (steps_of_a_tent.expand(), tent),
        (sign(x) * Max(Abs(x) - 1, 0), x + 1 + ReLU(x - 1) - ReLU(x + 1)),
        (Abs(x) * sign(x), x),
        (ReLU(x) * Heaviside(x), ReLU(x)),
        (ReLU(x) * ReLU(-x), S.Zero),
        (x * SingularityFunction(x, 0, 0), ReLU(x)),
        (x * Heaviside(S(1), c) * Heaviside(x), ReLU(x)),
        (Heaviside(ReLU(x) + 1) * x, x),
        (x * Piecewise((1, x > 0), (0, True)), ReLU(x)),
        (
            Piecewise((0, x < 0), (x * (1 - Heaviside(x - 1)) + Heaviside(x - 1), True)),
            tent.args[0],
        ),
    ],
    ids=str,
)
def test_products_with_steps_have_one_form(e, expected):
    converted = as_relu(e, H0=0)
    if expected.is_Add or expected in (0, x) or e.is_Mul:
        assert converted == expected
    assert as_relu(converted, H0=0) == converted
    for k in range(-6, 7):
        assert as_relu(e).subs(x, Rational(k, 2)) == e.subs(x, Rational(k, 2))


def test_regions_of_what_jumps():
    assert relusimp(Piecewise((Heaviside(x), x > -1), (2, True))) == Piecewise(
        (2, x <= -1), (0, x < 0), (half, Eq(x, 0)), (1, True)
    )
    # Where a condition has a kink, the function may have none.
    assert relusimp(Piecewise((1, x > 2), (x, Abs(x) < 1), (0, True))) == Piecewise(
        (0, x <= -1), (x, x < 1), (0, x <= 2), (1, True)
    )


def test_pieces_inside_products_merge():
    demand = Min(1, ReLU(2 - p.as_dummy()))
    q = next(iter(demand.free_symbols))
    regions = relusimp((q * demand).rewrite(Piecewise))
    assert relusimp(x * Piecewise((1, x > 0), (0, True)) ** 2 + x).subs(x, 3) == 6
    for v in (half, Rational(3, 2), S(3)):
        assert regions.subs(q, v) == v * min(1, max(2 - v, 0))
    box = Piecewise((0, x < 0), (1, x < 1), (0, True))
    assert relusimp(box) == box
    product = relusimp((x + 1) ** 2 * box + x**2 * ReLU(x).rewrite(Piecewise))
    assert isinstance(product, Piecewise)
    hole = relusimp(
        x * Piecewise((5, sign(x) ** 2 < 1), (1, True)) + Piecewise((3, x > 0), (1, True))
    )
    for k in range(-3, 4):
        assert product.subs(x, k) == ((x + 1) ** 2 * box + x**2 * ReLU(x)).subs(x, k)
        assert hole.subs(x, k) == (3 if k > 0 else 1) + k * (5 if k == 0 else 1)
    point = relusimp(Piecewise((1, x > 0), (7, x >= 0), (0, True)) * x + Heaviside(x, 5) * 0 + x)
    assert point.subs(x, 0) == 0


@pytest.mark.parametrize(
    "e",
    [
        sqrt(Abs(x) + 1),
        sqrt(Abs(x) + Abs(y)),
        Piecewise((0, x < 0), (1, x < 1), (0, True)),
        Piecewise((x, x < 0), (y, y < 1), (x, True)),
        ReLU(sqrt(Abs(x) + 1) - 2),
        Max(0, 2 * x, Abs(x) + y - x * (x - 2) - 1),
        Piecewise((1, Heaviside(x) > y), (0, True)),
    ],
    ids=str,
)
def test_what_cannot_be_converted_stays(e):
    for f in (as_relu, relusimp, lambda t: t.rewrite(Piecewise)):
        for at in ({x: -2, y: 3}, {x: half, y: 0}, {x: 4, y: -1}):
            assert (f(e) - e).subs(at).simplify() == 0


# Decisions


SIGNS = list(product([1, -1], repeat=3))

# Of lattices, activations and their papers, soft thresholds, hats, spreads of options, and order
# statistics; each kind in several ways to write it.
IDENTITIES = [
    (Max(x, y), (x + y + Abs(x - y)) / 2),
    (Max(x, Max(y, z)), Max(Max(x, y), z)),
    (Max(x, Min(x, y)), x),
    (Min(x, Max(x, y)), x),
    (Max(x, Min(y, z)), Min(Max(x, y), Max(x, z))),
    (Min(x, Max(y, z)), Max(Min(x, y), Min(x, z))),
    (-Max(-x, -y), Min(x, y)),
    (Max(x + z, y + z), Max(x, y) + z),
    (Max(p * x, p * y), p * Max(x, y)),
    (ReLU(Min(x, y)), Min(ReLU(x), ReLU(y))),
    (ReLU(Max(x, y)), Max(ReLU(x), ReLU(y))),
    (Abs(x * y), Abs(x) * Abs(y)),
    (Abs(x * y * z), Abs(x) * Abs(y) * Abs(z)),
    (Max(Abs(x), Abs(y)), (Abs(x + y) + Abs(x - y)) / 2),
    (Max(x, y, z), x + ReLU(y - x + ReLU(z - y))),
    (clip(x, -1, 1), ReLU(x + 1) - ReLU(x - 1) - 1),
    (clip(x + y, 0, 1), ReLU(x + y) - ReLU(x + y - 1)),
    (clip(x, 0, 6), ReLU(x) - ReLU(x - 6)),
    (x * clip(x + 3, 0, 6) / 6, x * (ReLU(x + 3) - ReLU(x - 3)) / 6),
    (Max(x, x / 10), x / 10 + 9 * ReLU(x) / 10),
    (sign(x) * Max(Abs(x) - 1, 0), x - clip(x, -1, 1)),
    (ReLU(Abs(x) - 1), Abs(x) - 1 + ReLU(1 - Abs(x))),
    (ReLU(x - 1) + ReLU(-x - 1), Max(Abs(x) - 1, 0)),
    (ReLU(1 - Abs(x)), ReLU(x + 1) - 2 * ReLU(x) + ReLU(x - 1)),
    (
        Max(Min(x, y), Min(y, z), Min(z, x)),
        Min(Max(x, y), Max(y, z), Max(z, x)),
    ),
    (x + y + z - Max(x, y, z) - Min(x, y, z), Max(Min(x, y), Min(y, z), Min(z, x))),
    (clip(clip(x, -1, 1), -2, 2), clip(x, -1, 1)),
    (clip(x, y, y + 1), y + ReLU(x - y) - ReLU(x - y - 1)),
    (ReLU(x) ** 2 + ReLU(-x) ** 2, x**2),
    (ReLU(x) * x, ReLU(x) ** 2),
    (ReLU(a * x + a), ReLU(a * (x + 1))),
    (ReLU(x + y) - ReLU(-x - y), x + y),
    (ReLU(ReLU(x) + ReLU(y)), ReLU(x) + ReLU(y)),
    (Abs(ReLU(x) - ReLU(y)), Max(ReLU(x), ReLU(y)) - Min(ReLU(x), ReLU(y))),
    (ReLU(x - ReLU(x - y)), ReLU(Min(x, y))),
    (Max(x + z, x + w, y + z, y + w), Max(x, y) + Max(z, w)),
    (Max(x, y) ** 2 - Min(x, y) ** 2, (x + y) * Abs(x - y)),
    (Piecewise((x, x > y), (y, True)), Max(x, y)),
    (Piecewise((1, x > 1), (x, x > -1), (-1, True)), clip(x, -1, 1)),
    (clip(x, p, 2 * p) - p, ReLU(x - p) - ReLU(x - 2 * p)),
    (Max(x, y, z, w), Max(Max(x, y), Max(z, w))),
    (0.5 * Max(x, y) + 0.25 * Min(2 * x, 2 * y), 0.5 * x + 0.5 * y),
    # Order statistics
    (Max(x, y, z) - Min(x, y, z), (Abs(x - y) + Abs(y - z) + Abs(z - x)) / 2),
    (clip(x, Min(y, z), Max(y, z)), Max(Min(x, y), Min(y, z), Min(z, x))),
    (
        Add(*(Max(*pair) + Min(*pair) for pair in combinations([x, y, z, w], 2))),
        3 * (x + y + z + w),
    ),
    (Max(Min(x, w), Min(Max(y, z), w)), Min(Max(x, y, z), w)),
    # Tropical algebra: sums of extrema are extrema of sums
    (Max(*(u + v for u in (x, y, z) for v in (w, a))), Max(x, y, z) + Max(w, a)),
    (Min(x + y, x + z, w + y, w + z), Min(x, w) + Min(y, z)),
    # Norms and the triangle inequality
    (Max(x + y, x - y, y - x, -x - y), Abs(x) + Abs(y)),
    (Max(*(x * i + y * j + z * k for i, j, k in SIGNS)), Abs(x) + Abs(y) + Abs(z)),
    (ReLU(Abs(x) + Abs(y) - Abs(x + y)), Abs(x) + Abs(y) - Abs(x + y)),
    (ReLU(Abs(x - y) - Abs(Abs(x) - Abs(y))), Abs(x - y) - Abs(Abs(x) - Abs(y))),
    # Networks: ReLU shortens distances; a chain of layers is a maximum; twelve kinks at once
    (ReLU(Abs(x - y) - Abs(ReLU(x) - ReLU(y))), Abs(x - y) - Abs(ReLU(x) - ReLU(y))),
    (ReLU(ReLU(ReLU(x - y) + y - z) + z - w) + w, Max(x, y, z, w)),
    (
        Add(*(ReLU(u - v) - ReLU(v - u) for u, v in combinations([x, y, z, w, a], 2))),
        4 * x + 2 * y - 2 * w - 4 * a,
    ),
]


@pytest.mark.parametrize(("left", "right"), IDENTITIES, ids=str)
def test_identities_of_activations_are_decided(left, right):
    assert relusimp(left - right) == 0


@pytest.mark.parametrize(
    "e",
    [
        Max(x, y, z) - Max(x, y) - Max(y, z) + y + ReLU(w),
        Max(x, y) + Max(y, z) - Max(x, z) - y,
        Max(sqrt(2) * x, y) + Max(sqrt(2) * x, -y) - Max(x, 2 * y),
        ReLU(x - p) - ReLU(-p - x) - ReLU(x + p) + p + ReLU(y),
    ],
    ids=str,
)
def test_what_is_no_identity_keeps_its_values(e):
    assert relusimp(e) != 0
    for at in ({x: 1, y: 2, z: 3, w: 4, p: 5}, {x: -3, y: 1, z: -2, w: -1, p: 1}):
        assert (relusimp(e) - e).subs(at).simplify() == 0


def test_many_kinks_are_left_undecided():
    variables = symbols("v:14", real=True)
    e = sum(ReLU(u - v) for u, v in pairwise(variables))
    assert relusimp(e + ReLU(x)) == e + ReLU(x)


# Bounds


def test_a_bound_on_the_rounds_keeps_what_was_reached(monkeypatch):
    monkeypatch.setattr(identities, "_ROUNDS", 1)
    assert relusimp(ReLU(x) - ReLU(-x)) == x


def test_what_is_large_is_looked_at_from_outside():
    e = Piecewise((x, x > y), (1, True)) + y
    for _ in range(9):  # its tree has far more nodes than its graph
        e = ReLU(e / 2 + ReLU(e - y) / 3 - 1)
    assert relusimp(e * ReLU(z) * ReLU(-z) + 1) == 1
    assert relusimp(e) == e
    chain = x
    for _ in range(10):
        chain = ReLU(chain / 2 + ReLU(chain - 1) / 3 - Rational(1, 5))
    short = relusimp(y + exp(chain))
    for at in (-5, 10, 19, 50):
        assert short.subs(x, at) == y + exp(chain.subs(x, at))


def test_a_kink_of_what_is_constant_once_written_out():
    for k, value in ((-1, 0), (0, 0), (1, 1)):
        u = x * (y + 1) - x * y - x + k
        assert relusimp(ReLU(u, evaluate=False) + Abs(y)) == value + Abs(y)


@pytest.mark.parametrize(
    "e",
    [
        (x + 2 * y) * Heaviside(x - y) + Abs(z),  # it jumps
        sum(ReLU(v) for v in symbols("v:7", real=True)) ** 20,
    ],
    ids=["jump", "power"],
)
def test_no_shorter_form(e):
    assert relusimp(e) == e


@pytest.mark.long
def test_growth_is_bounded():
    e = x + y
    for _ in range(5):
        e = ReLU(e / 2 + ReLU(e - 1) / 3 - Rational(1, 5))
    chained = x
    for _ in range(40):
        chained = ReLU(chained - y)
    start = time.process_time()
    for f in (e, chained):
        assert relusimp(f).subs({x: 9, y: 0}) == f.subs({x: 9, y: 0})
    as_relu(Max(*(k * x + k**2 for k in range(50))))
    assert time.process_time() - start < 20  # seconds, with a tracer; it takes one
    assert relusimp((ReLU(x) + ReLU(y) + 1) ** 80).has(ReLU)


class Fold(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return 2 * ReLU(u) - 4 * ReLU(u - half)


@pytest.mark.long
@pytest.mark.parametrize(
    "fold",
    [lambda e: Abs(2 * e - 1), lambda e: 2 * ReLU(e) - 4 * ReLU(e - half), Fold],
    ids=["abs", "relu", "own"],
)
def test_of_folds_each_of_which_doubles_the_kinks_few_are_converted(fold):
    """What has too many stays, and all that it stands in; what is beside it does not."""
    few = fold(fold(fold(x)))
    assert 7 <= len(as_relu(few).atoms(ReLU)) < len(as_relu(fold(few)).atoms(ReLU)) / 2 + 1
    many = few
    for _ in range(40):
        many = fold(many)
    with time_limit(60, "of many folds"):  # it takes three
        assert as_relu(many + Max(y, 0)) == many + ReLU(y, half)
        simplified = relusimp(many + ReLU(y) - ReLU(-y))
    for at in (5 / 16, 1.0):  # whose folds have no rounding
        assert lambdify([x, y], simplified)(at, 7.0) == lambdify(x, many)(at) + 7


def test_kinks_of_large_kinks_in_several_variables_are_read_and_written():
    e, at = x, {x: 5, y: 1, a: 2}
    value = Rational(5)
    for _ in range(40):
        e = 2 * ReLU(e - y) - 4 * ReLU(e - a - half)
        value = 2 * max(value - 1, 0) - 4 * max(value - Rational(5, 2), 0)
    with time_limit(60, "of many kinks"):  # it takes less than one
        simplified = relusimp(e + ReLU(y) - ReLU(-y))
    assert lambdify([x, y, a], simplified)(*at.values()) == value + 1


def test_no_recursion_in_deep_graphs():
    deep = x
    for _ in range(300):
        deep = ReLU(deep - y)
    for f in (as_relu, relusimp):
        assert isinstance(f(deep), ReLU)


# The set of slopes

every = AccumBounds(0, 1)


def test_the_set_of_slopes():
    f = ReLU(1 - x, every) + ReLU(x - 3, every) + x / 2
    at_1 = AccumBounds(-half, half)
    for derivative in (f.diff(x), gradient(f, x), as_relu(f).diff(x)):
        assert derivative.subs(x, 1) == at_1
        assert derivative.subs(x, 3) == AccumBounds(half, Rational(3, 2))
        assert derivative.subs(x, 2) == half
    assert exp(y * ReLU(x, every)).diff(x).subs(x, 0) == y * every
    assert as_relu(Abs(x) + ReLU(x, every)).diff(x).subs(x, 0) == every
    assert as_relu(Abs(x), H0=every).diff(x).subs(x, 0) == AccumBounds(-1, 1)
    assert relusimp(ReLU(x, every) - ReLU(-x, every)) == x
    assert str(ReLU(x, every)) == "ReLU(x, AccumBounds(0, 1))"
    assert lambdify(x, f)(2.0) == 1
    # An interval holds the slopes also where weights are negative, and through products.
    assert gradient(ReLU(x, every) - ReLU(-x, every), x).subs(x, 0) == AccumBounds(0, 2)
    assert gradient(-3 * ReLU(2 * x - 2, every), x).subs(x, 1) == AccumBounds(-6, 0)
    assert gradient(ReLU(x**2 - 1, every), x).subs(x, -1) == AccumBounds(-2, 0)
    assert gradient(ReLU(ReLU(x, every) - ReLU(-x, every), every), x).subs(x, 0) == every * 2
    partials = gradient(ReLU(x * y, every), [x, y])
    assert [g.subs({x: 0, y: 3}) for g in partials] == [AccumBounds(0, 3), 0]
    entries = Matrix([ReLU(x, every), y * ReLU(x, every)])
    assert entries.diff(x).subs(x, 0) == Matrix([every, y * every])
    W, v = MatrixSymbol("W", 2, 2), MatrixSymbol("v", 2, 1)
    in_matrices = gradient(OneMatrix(1, 2) * ReLU(W * v, every), W)
    assert str(in_matrices) == "Heaviside.(W*v, AccumBounds(0, 1))*v.T"
    # What is written with ReLU has the same set.
    assert as_relu(2 * ReLU(x, every) - x) == 2 * ReLU(x, every) - x
    assert as_relu(ReLU(x, every) - ReLU(x)).diff(x).subs(x, 0) == every
    assert as_relu(ReLU(x, every) + ReLU(-x, every)).diff(x).subs(x, 0) == AccumBounds(-1, 1)
    assert relusimp(ReLU(x, every) + ReLU(-x, every)) == Abs(x)
    assert latex(ReLU(x, every).diff(x)) == r"\theta\left(x, \left\langle 0, 1\right\rangle\right)"
    with pytest.raises(NotImplementedError, match=r"AccumBounds\(0, 1\) is a set of slopes"):
        lambdify(x, f.diff(x))


# At random, in floats


floats = st.floats(-2, 2, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-3)
tenths = st.integers(-20, 20).map(lambda k: k / 10)
numbers = st.one_of(floats, tenths).map(Float)
affine = st.builds(lambda k, m: k * x + m, numbers, numbers)
in_floats = st.recursive(
    affine,
    lambda inner: st.one_of(
        st.builds(lambda f, g: f + g, inner, inner),
        st.builds(lambda f, k: k * f, inner, numbers),
        st.builds(ReLU, inner),
        st.builds(Abs, inner),
    ),
    max_leaves=6,
)


def magnitude(e, at):
    """The sum of the absolute values of the terms, and the value."""
    if e.is_Add:
        parts = [magnitude(term, at) for term in e.args]
        return sum(size for size, _ in parts), sum(value for _, value in parts)
    if e.is_Mul:
        size = value = 1.0
        for factor in e.args:
            s, v = magnitude(factor, at)
            size, value = size * s, value * v
        return size, value
    if isinstance(e, (ReLU, Abs)):
        size, value = magnitude(e.args[0], at)
        return size, max(value, 0.0) if isinstance(e, ReLU) else abs(value)
    if isinstance(e, Piecewise):
        chosen = next(f for f, cond in e.args if cond == True or cond.subs(x, at) == True)  # noqa: E712
        return magnitude(chosen, at)
    value = float(e.subs(x, at))
    return abs(value), value


@given(in_floats, st.floats(-5, 5))
def test_forms_of_floats_are_near_the_values(e, at):
    size, value = magnitude(e, at)
    for form in (as_relu(e), relusimp(e), relusimp(as_relu(e).rewrite(Piecewise))):
        assert abs(magnitude(form, at)[1] - value) <= 1e-12 * max(size, 1e-3)


def test_smooth_functions_of_kinks_stay():
    assert as_relu(exp(Abs(x))) == exp(2 * ReLU(x, half) - x)
    assert as_relu(cos(Abs(x) + 1)) == cos(2 * ReLU(x, half) - x + 1)
    assert relusimp(cos(Abs(x) + 1)) == cos(Abs(x) + 1)


def test_lines_in_other_variables():
    u, v = x - y, y - x
    e = Piecewise((u, u > 0), (v, v > 1), (0, True))  # it jumps where v is 1
    for at in ({x: 0, y: 3}, {x: 3, y: 0}, {x: 0, y: half}):
        assert as_relu(e).subs(at) == e.subs(at)
    nested = Piecewise((Heaviside(y), x > 0), (Abs(u) + ReLU(v), u + ReLU(u) > 2), (0, True))
    assert as_relu(nested).subs({x: -1, y: 3}) == 0
    q, negative = Symbol("q", negative=True), Symbol("n", nonpositive=True)
    assert relusimp(Max(q * x, q * y) - q * Min(x, y)) == 0
    assert relusimp(Max(x + negative, y) - ReLU(x + negative - y) - y + ReLU(z) - Max(z, 0)) == 0
    irrational = Max(pi * x, y) + Max(sqrt(2) * y, z) - Max(z, x)
    assert (relusimp(irrational) - irrational).subs({x: 1, y: 2, z: 3}).simplify() == 0
    assert as_relu(x * (ReLU(x) + Heaviside(y))) == x * (ReLU(x) + Heaviside(y))
    assert relusimp(ReLU(x, evaluate=False).subs(x, 2) * Abs(y)) == 2 * Abs(y)
