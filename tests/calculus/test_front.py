"""What every function takes, and what it gives back."""

import inspect

import pytest
from support.limits import time_limit
from sympy import (
    Derivative,
    Eq,
    FourierTransform,
    Function,
    Heaviside,
    I,
    Integral,
    Interval,
    InverseLaplaceTransform,
    LaplaceTransform,
    Limit,
    Matrix,
    Max,
    MellinTransform,
    Piecewise,
    Rational,
    S,
    Sum,
    asin,
    cos,
    exp,
    gamma,
    log,
    oo,
    sin,
    symbols,
)
from sympy.calculus import util
from sympy.stats import Expectation, Normal

from symrelu import ReLU, calculus, relusimp

x, y, k = symbols("x y k", real=True)
z = symbols("z")
t, s = symbols("t s", positive=True)
n = symbols("n", integer=True)
f = Function("f")
half = S.Half


class LeakyReLU(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return u / 10 + 9 * ReLU(u) / 10


# Arguments


@pytest.mark.parametrize(
    "call",
    [
        lambda: calculus.integrate(ReLU(x), "x"),
        lambda: calculus.integrate(ReLU(x), ("x", 0, 1)),
        lambda: calculus.limit(ReLU(x), "x", 0),
        lambda: calculus.solve(ReLU(x) - 1, "x"),
        lambda: calculus.solve(["ReLU(x)"], x),
        lambda: calculus.function_range(ReLU(x), x, domain="Reals"),
        lambda: calculus.minimum(ReLU(x), symbol="x"),
    ],
)
def test_no_text_is_taken_for_a_symbol(call):
    with pytest.raises(TypeError, match=r"expressions and symbols, not .*; text is never"):
        call()


def test_what_is_no_expression():
    with pytest.raises(TypeError, match="integrate takes an expression, not"):
        calculus.integrate([ReLU(x), x], x)
    with pytest.raises(TypeError, match="limit takes an expression, not"):
        calculus.limit(Eq(ReLU(x), 1), x, 0)
    with pytest.raises(TypeError, match="minimum takes an expression"):
        calculus.minimum()
    with pytest.raises(TypeError, match="doit takes an expression"):
        calculus.doit([Integral(ReLU(x), x)])


def test_arguments_as_in_sympy():
    theirs = {"integrate": Integral.doit, "function_range": util.function_range}
    for name in ("limit", "series", "solveset", "minimum", "is_increasing", "singularities"):
        theirs[name] = getattr(__import__("sympy"), name)
    for name in ("limit", "series", "solveset", "minimum", "is_increasing", "function_range"):
        mine = list(inspect.signature(getattr(calculus, name)).parameters)
        assert mine[:-1] == list(inspect.signature(theirs[name]).parameters)
        assert mine[-1] == "check"
    assert calculus.limit(e=ReLU(x) / x, z=x, z0=0, dir="-") == 0
    assert calculus.integrate(ReLU(x), [x, 0, 1]) == half


def test_what_is_no_domain_and_no_limit_is_named():
    for call in (
        lambda: calculus.solveset(ReLU(x) - 1, x, 5),
        lambda: calculus.minimum(x**2, x, domain=(0, 1)),
        lambda: calculus.is_increasing(ReLU(x), 3),
    ):
        with pytest.raises(ValueError, match=r"the (domain|interval) .* is no set, such as"):
            call()
    for limits in (3, (x, 0)):
        with pytest.raises(ValueError, match=r"limits of a Fourier series are \(x, start, stop\)"):
            calculus.fourier_series(ReLU(x), limits)
    with pytest.raises(TypeError, match=r"nsolve takes a number to start from .* not z"):
        calculus.nsolve(ReLU(z) - 1, z)


def test_symbols_have_their_names_in_messages():
    with pytest.raises(ValueError, match=r"of integration: ReLU\(s\*z\) has s, z"):
        calculus.integrate(ReLU(symbols("s") * z))


def test_matrices_and_equations_entry_by_entry():
    found = calculus.integrate(Matrix([[x * ReLU(x), 1]]), (x, -1, 1))
    assert found == Matrix([[Rational(1, 3), 2]])
    assert calculus.integrate(Eq(ReLU(x), 1), x) == Eq(ReLU(x) ** 2 / 2, x)
    assert calculus.solve(Matrix([ReLU(x) - y, x + y - 2]), [x, y]) == [(1, 1)]
    with pytest.raises(TypeError, match="entries of a matrix one by one"):
        calculus.laplace_transform(Matrix([ReLU(t - 1)]), t, s)


def test_the_one_symbol_is_named():
    with pytest.raises(ValueError, match=r"name the variable of integration: .* has x, y"):
        calculus.integrate(ReLU(x * y))
    with pytest.raises(ValueError, match=r"name the variable: .* has x, y"):
        calculus.is_increasing(ReLU(x) + ReLU(y))
    with pytest.raises(ValueError, match=r"side is '\+', '-' or '\+-', not 'up'"):
        calculus.limit(ReLU(x), x, 0, "up")
    with pytest.raises(NotImplementedError, match="order"):
        calculus.series(ReLU(x), x, 0, None)
    with pytest.raises(ValueError, match="limits of a sum"):
        calculus.summation(ReLU(n), n)


# Answers


def test_what_stays_shows_what_was_written():
    assert calculus.integrate(LeakyReLU(z) * gamma(z), z) == Integral(LeakyReLU(z) * gamma(z), z)
    limit = calculus.limit(LeakyReLU(x) * f(x), x, 0)
    assert limit == Limit(LeakyReLU(x) * f(x), x, 0)
    sum_ = calculus.summation(LeakyReLU(n - 1) * f(n), (n, 0, oo))
    assert sum_ == Sum(LeakyReLU(n - 1) * f(n), (n, 0, oo))
    stays = calculus.integrate(ReLU(x, 1) * f(x), (x, 0, 1))
    assert stays == Integral(ReLU(x, 1) * f(x), (x, 0, 1))


def test_the_positive_part_is_relu():
    found = calculus.integrate(Piecewise((1, x < 0), (2, x < y), (3, True)), (x, -1, 1))
    assert found == ReLU(1 - ReLU(y)) + 3
    assert not calculus.integrate(Max(x, k), (x, 0, 1)).has(Max)


def test_what_is_always_true_is_so_of_real_numbers():
    assert calculus.solveset(ReLU(x) >= 0, x) is S.Reals
    assert calculus.solveset(ReLU(x) >= 0, x, S.Naturals) is S.Naturals
    assert calculus.solveset(x**2 + 1, x) == {I, -I}


# Objects that hold a kink


@pytest.mark.parametrize(
    ("held", "closed"),
    [
        (2 * Integral(x * ReLU(x - 3), (x, -5, 4)), Rational(11, 3)),
        (Integral(Integral(ReLU(x - y), (x, 0, 1)), (y, 0, 1)), Rational(1, 6)),
        (Integral(ReLU(x), (x, 0, Limit(ReLU(x), x, 2))), 2),
        (Limit(ReLU(x) / x, x, 0, "-"), 0),
        (Sum(ReLU(n - 2), (n, 0, 5)), 6),
        (Derivative(ReLU(x) ** 2, x), 2 * ReLU(x) * Heaviside(x, 0)),
        (LaplaceTransform(ReLU(t - 1), t, s), exp(-s) / s**2),
        (MellinTransform(ReLU(1 - t), t, s), 1 / (s * (s + 1))),
        (Expectation(ReLU(Normal("X", 0, 1)) ** 2), half),
        (Integral(cos(x), x) + Limit(ReLU(x), x, 3), sin(x) + 3),
        (x + 1, x + 1),
    ],
)
def test_doit(held, closed):
    assert calculus.doit(held) == closed
    assert calculus.doit(Matrix([held])) == Matrix([closed])


def test_doit_of_transforms():
    found = calculus.doit(FourierTransform(exp(-x) * ReLU(x), x, k))
    assert found.subs(k, 0) == 1
    back = calculus.doit(InverseLaplaceTransform(exp(-s) * ReLU(k) / s, s, x, None))
    assert back.subs({k: 3, x: 2}) == 3


def test_bound_symbols_are_not_free():
    assert calculus.integrate(Sum(ReLU(x - n), (n, 0, 3)), (x, 0, 5)) == 27
    assert calculus.integrate(Derivative(ReLU(x), x), x) == ReLU(x)
    assert calculus.limit(Sum(ReLU(x - n), (n, 0, 3)), x, 1) == 1
    stays = Sum(ReLU(x - n) * f(n), (n, 0, oo))
    assert calculus.integrate(stays, (x, 0, 5)) == Integral(stays, (x, 0, 5))


def test_points_of_a_piecewise():
    spike = Piecewise((-5, Eq(x, 0)), (ReLU(x), True))
    assert calculus.minimum(spike, x) == -5
    assert calculus.solveset(spike + 5, x) == {0}
    assert calculus.integrate(spike, (x, -1, 1)) == half
    assert calculus.integrate(spike, x) == ReLU(x) ** 2 / 2
    assert 0 not in calculus.continuous_domain(spike, x, S.Reals)


def test_where_it_is_not_real_there_is_nothing():
    assert calculus.solveset(ReLU(log(x)), x).contains(half)
    assert not calculus.solveset(ReLU(log(x)), x).contains(-1)
    assert calculus.solveset(ReLU(log(x)) - 1, x) == {exp(1)}
    assert isinstance(calculus.integrate(ReLU(log(x)), (x, -1, 2)), Integral)
    assert isinstance(calculus.integrate(ReLU(log(x)), (x, k, 2)), Integral)
    assert not calculus.is_increasing(ReLU(log(x)))
    assert calculus.function_range(ReLU(log(x)), x).inf == 0
    with pytest.raises(ValueError, match=r"real arguments only, and asin.* is not real near 2"):
        calculus.limit(ReLU(asin(x)), x, 2)


def levels(count, beside):
    """A line in parts, each level of which holds the last one twice."""
    e = x
    for _ in range(count):
        e = ReLU(e / 2 + ReLU(e - 1) / 3 - Rational(1, 5) + beside)
    return e


@pytest.mark.long
@pytest.mark.parametrize("count", [4, 14])
def test_long_lines_are_a_few_hinges(count):
    line = levels(count, x / 7)
    hinges = relusimp(line)
    with time_limit(60, f"{count} levels"):
        assert calculus.integrate(line, (x, -3, 3)) == calculus.integrate(hinges, (x, -3, 3))
        assert calculus.solveset(line - 1, x) == calculus.solveset(hinges - 1, x)
        assert calculus.minimum(line, x, Interval(-1, 1)) == 0
        assert calculus.limit(line, x, oo) is oo


def test_what_is_long_in_several_parameters_is_refused():
    with (
        time_limit(60, "a long expression"),
        pytest.raises(NotImplementedError, match="100000 parts"),
    ):
        calculus.integrate(levels(30, symbols("a") * symbols("b")), (x, 0, 1))
