"""The one list of what is kinked, and a function of one's own on it."""

import pytest
from support.limits import time_limit
from sympy import (
    Abs,
    DiracDelta,
    Function,
    Heaviside,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    Trace,
    cos,
    exp,
    sign,
    sin,
    symbols,
)

from symrelu import ReLU, as_relu, gradient, lambdify, relusimp
from symrelu.kinked import (
    as_step,
    has_kinks,
    in_relu,
    is_kinked,
    may_be_real,
    rewritten,
    without_deltas,
)

x, y = symbols("x y", real=True)
c = Symbol("c")
z = Symbol("z", complex=True)
half = S.Half


class LeakyReLU(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return u / 10 + 9 * ReLU(u) / 10


class Smooth(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return None if u is S.One else self + ReLU(u)  # of itself: no way to write it


class Written:
    """The reader of expressions."""

    def read(self, expr):
        return expr

    def relu(self, value, H0):
        return ReLU(value, H0)


@pytest.mark.parametrize(
    ("e", "written"),
    [
        (ReLU(x, c), ReLU(x, c)),
        (Abs(x - y), 2 * ReLU(x - y, half) - x + y),
        (Max(x, y), x + ReLU(y - x, half)),
        (Min(x, 1), 1 - ReLU(1 - x, half)),
        (SingularityFunction(x, 2, 1), ReLU(x - 2, 1)),
        (LeakyReLU(y), y / 10 + 9 * ReLU(y) / 10),
        (Abs(z), None),
        (sign(x), None),
        (Heaviside(x), None),
        (SingularityFunction(x, 2, 3), None),
        (Piecewise((1, x > 0), (0, True)), None),
        (exp(x), None),
        (Smooth(S.One), None),
        (Smooth(x), None),
    ],
    ids=str,
)
def test_entries(e, written):
    assert in_relu(e, Written()) == written


def test_what_is_on_the_list():
    for e in (ReLU(x), Abs(x), Max(x, y), sign(x), Heaviside(x), LeakyReLU(x)):
        assert is_kinked(e)
        assert has_kinks(exp(e) + y)
    assert not is_kinked(x + Abs(y))
    assert not has_kinks(exp(x) + y)
    assert may_be_real(c)
    assert not may_be_real(z)


def test_steps():
    assert as_step(Heaviside(x - 1, c)) == (x - 1, c, 0)
    assert as_step(Heaviside(x, c) ** 3) == (x, c**3, 0)
    assert as_step(sign(x)) == (x, 0, -1)
    assert as_step(SingularityFunction(x, 2, 0)) == (x - 2, 1, 0)
    for e in (x, sign(z), Heaviside(x) ** c, sign(x) ** 2, SingularityFunction(x, 2, 1)):
        assert as_step(e) is None


# A function of one's own


def test_a_function_of_ones_own_is_converted_and_simplified():
    assert as_relu(LeakyReLU(x)) == x / 10 + 9 * ReLU(x) / 10
    assert as_relu(LeakyReLU(x - 1), H0=1) == x / 10 + 9 * ReLU(x - 1, 1) / 10 - Rational(1, 10)
    assert as_relu(LeakyReLU(LeakyReLU(x))) == x / 100 + 99 * ReLU(x) / 100
    assert relusimp(10 * LeakyReLU(x) - x) == 9 * ReLU(x)
    assert relusimp(LeakyReLU(x - y) - Max(x - y, (x - y) / 10)) == 0
    assert rewritten(LeakyReLU(x)) == x / 10 + 9 * ReLU(x) / 10


def test_a_function_of_ones_own_is_compiled_and_differentiated():
    f = lambdify([x, y], [LeakyReLU(x * y), gradient(LeakyReLU(x * y), x)])
    assert f(-2.0, 3.0) == pytest.approx([-0.6, 0.3])
    assert f(2.0, 3.0) == pytest.approx([6, 3])
    assert gradient(LeakyReLU(x * y), x).subs(x, 0) == y / 10  # the rewriting's slope

    class Steep(LeakyReLU):
        def fdiff(self, argindex=1):
            return S(7)

    assert gradient(Steep(x), x) == 7  # its own derivative counts

    class OnlyOfSymbols(Function):
        def _eval_rewrite_as_ReLU(self, u, **hints):
            return ReLU(u) if u == x else None

    assert gradient(OnlyOfSymbols(x), x).doit() == OnlyOfSymbols(x).diff(x)


# Deltas

A, B = MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2)


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (DiracDelta(x) * ReLU(x), 0),
        (y * DiracDelta(x) * x, 0),
        (DiracDelta(2 * x - 2) * Abs(x - 1) + y, y),
        (DiracDelta(x - y) * (x - y), 0),
        (DiracDelta(x, 1) * x**2, 0),
        (DiracDelta(x, 1) * ReLU(x) ** 3, 0),
        (exp(DiracDelta(x) * sin(x)), 1),
        (DiracDelta(x * y) * ReLU(x * y), 0),
        *[
            (DiracDelta(u) * f(v), 0)
            for u in (x * y - 1, 1 - x * y)
            for v in (u, -u)
            for f in (lambda v: z * v, lambda v: v**2, ReLU, Abs, lambda v: ReLU(v, y) ** 3)
        ],
        (DiracDelta(x) * Heaviside(x, 0) * x, 0),
        (Matrix([DiracDelta(x) * x]).as_immutable(), Matrix([0])),
        (x + y, x + y),
        # What does not vanish, as far as anybody knows, stays.
        (DiracDelta(x), None),
        (DiracDelta(x) * cos(x), None),
        (DiracDelta(x) * Heaviside(x, 0), None),  # its value there is nobody's
        (DiracDelta(x) * sign(x), None),
        (DiracDelta(x, 1) * x, None),
        (DiracDelta(x) * x * DiracDelta(y) * DiracDelta(x), None),
        (DiracDelta(x) * x * DiracDelta(y), None),  # a product of deltas is nobody's business
        (DiracDelta(x) * x * DiracDelta(x, 1), None),
        (DiracDelta(x) * x * exp(DiracDelta(y)), None),
        (DiracDelta(x * y - 1) / (x * y - 1), None),
        (DiracDelta(x * y - 1, 1) * (x * y - 1), None),
        (DiracDelta(x * y - 1) * (x * y + 1), None),
        (DiracDelta(x * y - 1) * Max(x * y - 1, y), None),
        (DiracDelta(x * y) * ReLU(x), None),
        (DiracDelta(cos(x)) * x, None),
        (DiracDelta(x) / x, None),
        (DiracDelta(Trace(A)) * Trace(A), 0),
        (x * DiracDelta(x * Trace(A)) * Trace(B), None),
        (DiracDelta(Trace(A) - x) * (x - Trace(A)), 0),
    ],
    ids=str,
)
def test_a_delta_times_what_vanishes_there(e, expected):
    assert without_deltas(e) == (e if expected is None else expected)


def test_a_delta_in_large_products():
    large = x
    for k in range(60):
        large = ReLU(large - k * y + sin(large))
    assert without_deltas(DiracDelta(large) * ReLU(large)) == 0
    kept = DiracDelta(large) * large**2 * y
    assert without_deltas(kept) == 0
    other = DiracDelta(large) * sin(large)
    assert without_deltas(other) == other
    assert without_deltas("no expression") == "no expression"


def test_a_delta_times_a_high_power_is_no_reason_to_wait():
    high = (x + 2 * y + Symbol("a") + Symbol("b") + 1) ** 90
    with time_limit(60, "a delta times a high power"):  # it takes less than one
        for e in (DiracDelta(x - y) * high, DiracDelta(x - y, 2) * high):
            assert without_deltas(e) == e
        assert without_deltas(DiracDelta(x - y) * high * (x - y)) == 0


def test_deltas_of_second_derivatives():
    assert relusimp((ReLU(x) ** 2).diff(x, 2)) == 2 * Heaviside(x, 0)
    assert relusimp((ReLU(x) ** 3).diff(x, 2)) == 6 * ReLU(x)
    f = lambdify(x, (ReLU(x) ** 2).diff(x, 2))
    assert [f(v) for v in (-1.0, 0.0, 2.0)] == [0, 0, 2]
    with pytest.raises(ValueError, match="DiracDelta"):
        lambdify(x, DiracDelta(x) * cos(x))


def test_a_step_of_what_is_complex_is_none():
    assert as_step(Heaviside(z)) is None
    assert as_step(Heaviside(x)) == (x, half, 0)


def test_what_jumps_where_a_delta_sits_is_any_number_there():
    e = DiracDelta(x) * Piecewise((0, x <= 0), (1, True))
    assert without_deltas(e) == e
    assert without_deltas(x * e) == 0


def test_a_slope_at_the_kink_is_no_place_where_it_vanishes():
    u = y**3 + y
    e = DiracDelta(u) * ReLU(x, u)
    assert without_deltas(e) == e
    assert without_deltas(DiracDelta(u) * ReLU(u, x)) == 0


class Plain(Function):
    @classmethod
    def eval(cls, u):
        return ReLU(u) if u.is_Symbol else None

    def _eval_rewrite_as_ReLU(self, u, **hints):
        return ReLU(u)


def test_a_function_that_is_another_of_symbols():
    assert rewritten(Plain(x - y)) == ReLU(x - y)


class OnlyOfReals(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        if not u.is_extended_real:
            raise ValueError(f"{u} is not real")
        return ReLU(u)


def test_a_function_that_asks_what_it_is_given():
    assert rewritten(OnlyOfReals(x - y)) == ReLU(x - y)
    assert as_relu(OnlyOfReals(x * y) + OnlyOfReals(S(2))) == ReLU(x * y) + 2


class There(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return Back(u)


class Back(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return There(u) + ReLU(u)


class Growing(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return Growing(u + 1) + ReLU(u)


class Folded(Function):
    def _eval_rewrite_as_ReLU(self, u, n, **hints):
        return ReLU(u) if n == 0 else Folded(u, n - 1) + ReLU(Folded(u, n - 1) - 1)


@pytest.mark.parametrize("cls", [There, Back, Growing])
def test_what_is_written_with_itself_in_the_end_stays(cls):
    e = cls(x - y)
    assert rewritten(e) is None
    assert as_relu(e + Max(0, x)) == e + ReLU(x, half)
    assert relusimp(e + ReLU(y) - ReLU(-y)) == e + y
    with pytest.raises(NotImplementedError, match=cls.__name__):
        lambdify([x, y], e)


def test_what_is_written_with_less_of_itself_ends():
    assert as_relu(Folded(x, 2)) == ReLU(x) + 3 * ReLU(x - 1)
    assert rewritten(Folded(x, 40)) is not None  # each is looked at once


def test_shared_functions_of_ones_own_cost_what_their_graph_costs():
    e = x + y
    for _ in range(30):  # a tree of a billion nodes
        e = LeakyReLU(e / 2 + LeakyReLU(e - 1) / 3)
    value = 3 + 1 / 3
    for _ in range(30):
        inner = value - 1
        value = value / 2 + (inner if inner > 0 else inner / 10) / 3
        value = value if value > 0 else value / 10
    assert abs(lambdify([x, y], as_relu(e))(3, 1 / 3) - value) < 1e-12
    assert abs(lambdify([x, y], e)(3, 1 / 3) - value) < 1e-12
