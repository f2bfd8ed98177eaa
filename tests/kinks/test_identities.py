"""What holds of the values of ReLU and its relatives."""

import sys
from itertools import pairwise, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Abs,
    Add,
    Eq,
    Heaviside,
    Lambda,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    count_ops,
    default_sort_key,
    exp,
    log,
    sign,
    sqrt,
    symbols,
)

from symrelu import ReLU, as_relu, relusimp
from symrelu.kinks import identities

x, y, z = symbols("x y z", real=True)
p, q = symbols("p q", positive=True)
c = Symbol("c")
half = S.Half


@pytest.mark.parametrize(
    ("long", "short"),
    [
        (ReLU(x) - ReLU(-x), x),
        (ReLU(c) - ReLU(-c), c),
        (ReLU(x) + ReLU(-x), Abs(x)),
        (ReLU(x) * ReLU(-x), 0),
        (ReLU(x) * Heaviside(x, c), ReLU(x)),
        (ReLU(x) ** 2 - x * ReLU(x), 0),
        (x * sign(x), Abs(x)),
        (x * Heaviside(x) - ReLU(x), 0),
        (Max(x, y) + Min(x, y), x + y),
        (Max(x, y) - Min(x, y), Abs(x - y)),
        (Max(x, y) * Min(x, y), x * y),
        (ReLU(x) ** 2 + ReLU(-x) ** 2, x**2),
        (3 * ReLU(2 * x - 2 * y) + 6 * ReLU(y - x), 6 * Abs(x - y)),
        (Abs(x - y) + x - y, 2 * ReLU(x - y)),
        (ReLU(x) * ReLU(y) - y * ReLU(x), ReLU(x) * ReLU(-y)),
        (ReLU(x) + ReLU(-x) + ReLU(y) + ReLU(-y), Abs(x) + Abs(y)),
        (ReLU(ReLU(x) - 1) + ReLU(1 - ReLU(x)), Abs(ReLU(x) - 1)),
        (exp(ReLU(x) - ReLU(-x)), exp(x)),
        (sqrt(ReLU(x) ** 2 - x * ReLU(x) + 4), 2),
        (ReLU(exp(x) - y) - ReLU(y - exp(x)), exp(x) - y),
        (ReLU(ReLU(x) - 1), ReLU(x - 1)),
        (sign(x - y) * (x - y), Abs(x - y)),
        (ReLU(x - y) + ReLU(y - x) + 1, Abs(x - y) + 1),
        (Heaviside(x - y, c) + ReLU(x - y) - ReLU(y - x), Heaviside(x - y, c) + x - y),
        # What is no polynomial in kinks stays as it is.
        (ReLU(x - y) - ReLU(y - x) + log(p * q), x - y + log(p * q)),
        (ReLU(x - y) - ReLU(y - x) + (p * q) ** c, x - y + (p * q) ** c),
        (ReLU(x - y) - ReLU(y - x) + p ** (c + x), x - y + p ** (c + x)),
        # Kinks in one variable are not independent.
        (Max(x, 1) + Min(x, 2) - Min(Max(x, 1), 2), x),
        (Abs(Abs(x) - 1) + 2 * ReLU(Abs(x)) - Abs(x + 1) - Abs(x - 1), Abs(x) - 1),
    ],
    ids=str,
)
def test_simplified(long, short):
    assert relusimp(long) == short


@pytest.mark.parametrize(("u", "v", "w"), [*permutations([x, y, z])])
def test_in_any_order_of_the_kinks(u, v, w):
    assert relusimp(ReLU(u - v) + ReLU(u - w) - ReLU(w - u)) == ReLU(u - v) + u - w
    product = ReLU(u - v) * ReLU(v - w) * ReLU(u + w - 1)
    assert relusimp(product * Heaviside(u - v)) == product


@pytest.mark.parametrize(
    "e",
    [
        x,
        S(3),
        ReLU(x) - ReLU(x - 1),
        x * (x + 1) - x**2,  # no kinks
        ReLU(x) / x,  # at 0 it is no number, and 1/x is not a polynomial
        sign(x) ** 2,  # 0 at 0, and 1 elsewhere
        sign(x) ** 2 - 1,
        Heaviside(x, c) ** 2,
        Abs(x * y),
        ReLU(x) ** 2,
        ReLU(ReLU(x) - y) * ReLU(x),
        sign(x) * Piecewise((1, y > 0), (0, True)),
        ReLU(MatrixSymbol("X", 2, 2)),
    ],
    ids=str,
)
def test_left_alone(e):
    assert relusimp(e) == e


def test_piecewise_becomes_one_with_sorted_breakpoints():
    e = 3 * ReLU(x - 2, c) - ReLU(-x) + Abs(x + 1)
    regions = [(-1, x < -1), (2 * x + 1, x < 0), (x + 1, x <= 2), (4 * x - 5, True)]
    assert relusimp(e.rewrite(Piecewise)) == Piecewise(*regions)
    assert relusimp(exp(e.rewrite(Piecewise))) == exp(Piecewise(*regions))
    # A breakpoint belongs to the piece with its slope.
    assert relusimp(ReLU(x, 1).rewrite(Piecewise)) == Piecewise((0, x < 0), (x, True))
    assert relusimp(Piecewise((x, x > 0), (2 * x - x, True))) == x
    for jump in (Piecewise((1, x > 0), (0, True)), Piecewise((x, x > y), (0, True))):
        assert relusimp(jump) == jump


@pytest.mark.parametrize("seed", range(3))
def test_linear_regions_of_a_network(seed):
    random = Random(seed)

    def weight():
        return Rational(random.randint(-6, 6), random.randint(1, 5))

    def layer(units, size):
        return [sum((weight() * u for u in units), weight()) for _ in range(size)]

    hidden = [ReLU(z) for z in layer([ReLU(z) for z in layer([x], 8)], 8)]
    (network,) = layer(hidden, 1)
    regions = relusimp(network.rewrite(Piecewise))
    breaks = [cond.rhs for _, cond in regions.args[:-1]]
    assert all(cond.lhs == x and cond.rel_op in ("<", "<=") for _, cond in regions.args[:-1])
    assert breaks == sorted(set(breaks))
    assert len(breaks) > 8
    slopes = [piece.diff(x) for piece, _ in regions.args]
    assert all(slope.is_Rational for slope in slopes)
    assert all(left != right for left, right in pairwise(slopes))
    between = [(t + u) / 2 for t, u in pairwise(breaks)]
    for at in (*breaks, *between, breaks[0] - 1, breaks[-1] + 1):
        assert network.subs(x, at) == regions.subs(x, at)
    assert relusimp(as_relu(network).rewrite(Piecewise)) == regions


def test_rewriting_a_network_keeps_its_slopes():
    e = ReLU(2 * ReLU(x, c) - ReLU(1 - x) - 1, half) + ReLU(x, half)
    rewritten = e.rewrite(Piecewise)
    assert not rewritten.has(ReLU)
    for at in (-1, 0, Rational(2, 3), 1, 2):
        assert rewritten.subs(x, at) == e.subs(x, at)
        assert rewritten.diff(x).subs(x, at) == e.diff(x).subs(x, at)


def test_of_a_sum_that_is_shorter_as_it_is_the_parts_are_simplified():
    long = ReLU(x) ** 20 * ReLU(x - 1) ** 20
    assert relusimp(long + ReLU(-x) ** 20 * Heaviside(x) ** 20) == long
    assert relusimp(long + ReLU(y) - ReLU(-y)) == long + y
    assert relusimp(ReLU(x - y) ** 20 * (ReLU(y) - ReLU(-y))) == y * ReLU(x - y) ** 20
    high = (ReLU(x - y) + z) ** 30 * (ReLU(y) - ReLU(-y))
    assert relusimp(high) == y * (ReLU(x - y) + z) ** 30


# Each twice: as it is, and in one interval after another.
PIECES = [
    (Piecewise((Abs(x), x > 0), (1, True)), Piecewise((1, x <= 0), (x, True))),
    (
        Piecewise((Max(x, 0) + 1, x > 0), (1 - 2 * x, x > -1), (7, True)),
        Piecewise((7, x <= -1), (1 - 2 * x, x <= 0), (x + 1, True)),
    ),
]


@pytest.mark.parametrize(("long", "short"), PIECES)
def test_pieces_are_simplified_inside_of_whatever_they_stand_in(long, short):
    for outside in (
        lambda e: y + e,
        lambda e: y * e,
        lambda e: y + z * e,
        lambda e: exp(y + e * Heaviside(y)),
        lambda e: y * Max(x, e) + z,
        lambda e: (e + y) ** 2 + z,
    ):
        assert relusimp(outside(long)) == outside(short)


def test_where_it_goes_round_one_form_is_taken(monkeypatch):
    first = relusimp(exp(Piecewise((y, x < y), (x, True))))
    assert relusimp(exp(Piecewise((x, x - y >= 0), (y, True)))) == relusimp(first)
    same_length = [Abs(y) * x, Abs(x) + y]
    for a, b in (same_length, [Abs(x), *same_length[:1]], [*same_length[:1], Abs(y)]):
        following = {ReLU(x): a, a: b, b: a}
        monkeypatch.setattr(identities._Request, "simplified", lambda self, e, to=following: to[e])
        taken = min((a, b), key=lambda e: (count_ops(e), default_sort_key(e)))
        assert {relusimp(e) for e in following} == {taken}


def test_factors_of_known_sign_do_not_count_in_kinks():
    m = Symbol("m", negative=True)
    assert relusimp(ReLU(m * x - m * y) + m * ReLU(y - x)) == 0
    assert relusimp(ReLU(p * x - p * y) - p * ReLU(x - y)) == 0


def test_the_kink_that_was_read_is_written():
    for u in (x - 2 * y + z, 2 * y - x - z):
        assert relusimp(ReLU(u) + y + ReLU(x) * ReLU(-x)) == ReLU(u) + y
    for u in (y - ReLU(x), ReLU(x) - y, -y - ReLU(x)):
        assert relusimp(ReLU(u) + ReLU(z) - ReLU(-z)) == ReLU(u) + z
        assert relusimp(ReLU(z) * ReLU(u) + ReLU(-z) * ReLU(u)) == Abs(z) * ReLU(u)


def test_values_of_steps_at_one_place_are_multiplied():
    third = Rational(1, 3)
    e = Heaviside(x - y, half) * Heaviside(x - y, third)
    assert relusimp(e) == Heaviside(x - y, Rational(1, 6))


def test_functions_are_simplified_inside():
    assert relusimp(Lambda(x, ReLU(x) - ReLU(-x))) == Lambda(x, x)
    assert as_relu(Lambda(x, Max(0, x))) == Lambda(x, ReLU(x, half))


def calls(f, *args, of="symrelu"):
    """How often a function of the package, or of another one, is called."""
    count = 0

    def profile(frame, event, _):
        nonlocal count
        count += event == "call" and of in frame.f_code.co_filename

    sys.setprofile(profile)
    try:
        f(*args)
    finally:
        sys.setprofile(None)
    return count


def many_hinges(n):
    random, variables = Random(n), symbols("v:9", real=True)
    slopes = ([random.randint(-30, 30), *random.sample(variables, 2)] for _ in range(n))
    arguments = (slope * u + v + k for k, (slope, u, v) in enumerate(slopes))
    return Add(*(random.choice([-2, -1, 1, 2]) * ReLU(u) for u in arguments))


def test_a_large_sum_is_simplified_until_it_gets_no_shorter():
    large = many_hinges(250)
    assert relusimp(large + ReLU(x) - ReLU(-x)) == large + x
    assert relusimp(large + exp(ReLU(y) - ReLU(-y) - y)) == large + 1


@pytest.mark.long
@pytest.mark.parametrize("f", [relusimp, as_relu])
def test_the_cost_of_hinges_is_linear(f):
    few, many = (calls(f, many_hinges(n)) for n in (250, 500))
    assert many < 2.4 * few


def test_the_cost_of_a_chain_is_linear():
    def chain(n):
        e = x
        for _ in range(n):
            e = ReLU(e - y)
        return e

    few, many = (calls(as_relu, chain(n)) for n in (100, 300))
    assert many < 3.5 * few


@pytest.mark.long
def test_what_stands_in_a_kink_is_not_counted_for_each_of_those_around_it():
    def deep(n):
        e = x
        for k in range(n):
            e = ReLU(e / 2 + (x, y, z)[k % 3] - k % 5)
        return e

    few, many = (calls(relusimp, deep(n), of="core/function.py") for n in (40, 120))
    assert many < 4 * few


def test_many_dependent_kinks_in_one_variable():
    """More than are decided cell by cell: there is the hinge form."""
    clips = Add(*(Min(Max(x, k), k + 1) for k in range(1, 14)))
    assert relusimp(clips) == ReLU(x - 1) - ReLU(x - 14) + 91
    sides = ReLU(x - y) + Add(
        *(ReLU(Abs(x) - k) - ReLU(x - k) - ReLU(-x - k) for k in range(1, 14))
    )
    assert relusimp(sides) == ReLU(x - y)


def test_structures():
    e = ReLU(x) - ReLU(-x)
    assert relusimp(Matrix([[e, y]])) == Matrix([[x, y]])
    assert relusimp(Eq(e, y)) == Eq(x, y)
    for bad in ("x", [e], None):
        with pytest.raises(TypeError, match=r"^relusimp takes expressions, not "):
            relusimp(bad)


variables = st.sampled_from([x, y])
leaves = st.one_of(variables, st.integers(-2, 2).map(S))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, k: k * a, inner, st.integers(-3, 3)),
        st.builds(ReLU, inner),
        st.builds(Abs, inner),
        st.builds(sign, inner),
        st.builds(Max, inner, inner),
        st.builds(Min, inner, inner),
        st.builds(lambda a: a * Heaviside(a, Rational(1, 3)), inner),
    ),
    max_leaves=6,
)


@given(expressions, st.integers(-4, 4), st.integers(-4, 4))
def test_value_length_and_idempotence(e, at_x, at_y):
    # Small integers, so that kinks are met often.
    simplified = relusimp(e)
    at = {x: Rational(at_x, 2), y: Rational(at_y, 2)}
    assert simplified.subs(at) == e.subs(at).doit()  # SymPy makes Min(x, Max(0, 1)) of some
    assert count_ops(simplified) <= count_ops(e)
    assert relusimp(simplified) == simplified
