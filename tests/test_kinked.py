"""The one list of what is kinked, and a function of one's own on it."""

import pytest
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


def test_deltas_of_second_derivatives():
    assert relusimp((ReLU(x) ** 2).diff(x, 2)) == 2 * Heaviside(x, 0)
    assert relusimp((ReLU(x) ** 3).diff(x, 2)) == 6 * ReLU(x)
    f = lambdify(x, (ReLU(x) ** 2).diff(x, 2))
    assert [f(v) for v in (-1.0, 0.0, 2.0)] == [0, 0, 2]
    with pytest.raises(ValueError, match="DiracDelta"):
        lambdify(x, DiracDelta(x) * cos(x))
