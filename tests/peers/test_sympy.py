"""What SymPy tests of Max, Heaviside and Abs, where it applies to ReLU."""

from itertools import product

import pytest
from sympy import (
    Abs,
    Derivative,
    Function,
    Heaviside,
    I,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    acos,
    adjoint,
    conjugate,
    cos,
    evaluate,
    floor,
    im,
    integrate,
    log,
    nan,
    oo,
    pi,
    re,
    root,
    sign,
    sin,
    sqrt,
    symbols,
    transpose,
    zoo,
)

from symrelu import ReLU, relusimp

x, y, z, c = symbols("x y z c")
r, t = symbols("r t", real=True)
f = Function("f")

# Max

KINDS = [
    {"real": True},
    {"positive": True},
    {"negative": True},
    {"nonnegative": True},
    {"nonpositive": True},
    {"zero": True},
    {"real": True, "zero": False},
    {"real": True, "algebraic": True},
    {"real": True, "transcendental": True},
    {"rational": True},
    {"irrational": True},
    {"rational": True, "integer": False},
    {"integer": True},
    {"odd": True},
    {"even": True},
    {"prime": True},
    {"positive": True, "integer": True},
    {"negative": True, "odd": True},
    {"positive": True, "transcendental": True},
]
FACTS = [
    *("extended_real", "finite", "zero", "positive", "negative", "nonnegative", "nonpositive"),
    *("algebraic", "transcendental", "rational", "irrational", "integer", "noninteger", "even"),
    *("complex", "imaginary", "hermitian", "commutative"),
]  # Max also knows when it can be neither odd nor prime nor composite; ReLU does not tell


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_is_known_of_Max_is_known_of_ReLU(kind):
    v = Symbol("v", **kind)
    for fact in FACTS:
        of_max = getattr(Max(0, v), f"is_{fact}")
        assert of_max is None or getattr(ReLU(v), f"is_{fact}") is of_max, fact


def test_bounds():
    p, n = Symbol("p", positive=True), Symbol("n", negative=True)
    assert ReLU(Max(x, p)) == Max(x, p)
    assert ReLU(Min(x, n)) == 0
    assert ReLU(Max(floor(r), 1)) == Max(floor(r), 1)


def test_values_substituted_before_and_during_evaluation():
    for a, b in product([-100, -3, 0, 1, 99], repeat=2):
        at = {x: a, y: b}
        for e in (ReLU(x - y), ReLU(sin(x) - cos(y)), ReLU(x * y, c)):
            assert e.evalf(subs=at) == e.subs(at).evalf()


def test_trigonometric_arguments():
    e = ReLU(cos(x) - sin(x))
    assert e.subs(x, 1) == 0
    assert e.subs(x, S.Half) == cos(S.Half) - sin(S.Half)
    with pytest.raises(ValueError, match="not real"):
        ReLU(cos(x) + x).subs(x, I)


def test_numerical_evaluation_keeps_the_form():
    assert ReLU(x).n() == ReLU(x)
    assert ReLU(x, c).n().args == (x, c)


def test_slopes_of_the_two_agree_at_one_half():
    for e in (x - 1, x**2 - x, 3 - 2 * x):
        assert ReLU(e, S.Half).diff(x) == Max(0, e).diff(x)


def test_rewriting_Max_of_three_by_differences():
    # The larger of two by one ReLU, that of three by two.
    e = x + ReLU(y - x)
    e = e + ReLU(z - e)
    for form in (Abs, Max, Heaviside, Piecewise):
        rewritten = e.rewrite(form)
        assert not rewritten.has(ReLU)
        for values in product([0, 1, 2], repeat=3):
            at = dict(zip((x, y, z), values, strict=True))
            assert rewritten.subs(at) == max(values)


def test_nested_in_its_own_argument():
    assert ReLU(2 * ReLU(f(1)) - 1).has(f(1))
    assert ReLU(ReLU(ReLU(x))) == ReLU(x)


def test_without_evaluation():
    p = Symbol("p", positive=True)
    for argument, value in ((3, 3), (-3, 0), (p, p), (-p, 0)):
        assert ReLU(argument) == value
        held = ReLU(argument, evaluate=False)
        assert isinstance(held, ReLU)
        assert held.args == (argument,)
        assert held.doit() == value
        with evaluate(False):
            assert ReLU(argument) == held


# Heaviside


def test_the_default_slope_is_not_shown():
    assert ReLU(x, 0).args == (x,)
    assert ReLU(x, S.Half).args == (x, S.Half)
    assert ReLU(x).diff(x) == Heaviside(x, 0)
    assert ReLU(x, S.Half).diff(x) == Heaviside(x)


@pytest.mark.parametrize("argument", [r, r - t, r * t - 1])
@pytest.mark.parametrize("operation", [adjoint, conjugate, transpose, re, Abs])
def test_real_operations_leave_it_as_it_is(operation, argument):
    assert operation(ReLU(argument)) == ReLU(argument)


def test_imaginary_part_and_sign():
    assert im(ReLU(x)) == 0
    assert sign(ReLU(r)).is_nonnegative


@pytest.mark.parametrize("number", [I, 2 + 3 * I, -I * pi])
def test_numbers_that_are_not_real(number):
    with pytest.raises(ValueError, match="not real"):
        ReLU(number)


def test_integrals_of_the_slope():
    for H0 in (0, S.Half, 1):
        step = ReLU(r, H0).diff(r)
        assert integrate(step, (r, -2, 3)) == ReLU(3, H0)
        assert integrate(step, r).diff(r).subs(r, 2) == 1


# Abs


@pytest.mark.parametrize(
    ("argument", "value"),
    [(0, 0), (1, 1), (-1, 0), (1.2, 1.2), (-1.2, 0), (nan, nan), (zoo, nan), (oo, oo), (-oo, 0)],
)
def test_numbers(argument, value):
    assert ReLU(argument) is S(value) or ReLU(argument) == S(value)


def test_what_is_no_number():
    with pytest.raises(TypeError, match="the argument of ReLU must be an expression"):
        ReLU(Interval(2, 3))


def test_positive_factors_come_out():
    a = Symbol("a", positive=True)
    assert ReLU(2 * x) == 2 * ReLU(x)
    assert ReLU(-2.0 * x) == 2.0 * ReLU(-x)
    assert ReLU(2 * pi * x * y) == 2 * pi * ReLU(x * y)
    assert ReLU(2 * pi * x * a) == 2 * pi * a * ReLU(x)
    assert ReLU(x / a) == ReLU(x) / a
    assert ReLU(x**2 * r).has(x**2 * r)  # x may be imaginary


@pytest.mark.parametrize("argument", [y / x, x / (x + 1), x * y, x**y], ids=str)
def test_unchanged(argument):
    assert ReLU(argument).args == (argument,)


def test_rewritten_in_steps():
    e = r - 2 * ReLU(r)  # -Abs(r)
    for form in (Heaviside, Piecewise, Abs, sign, Max, Min):
        rewritten = e.rewrite(form)
        assert not rewritten.has(ReLU)
        assert [rewritten.subs(r, i) for i in (-2, -1, 0, 1, 2)] == [-2, -1, 0, -1, -2]


def test_sums_with_the_opposite():
    for e in (sqrt(7 - 2 * r) - 2, 1 - r):
        assert relusimp(ReLU(e) + ReLU(-e)) == Abs(e)
        assert relusimp(ReLU(e) - ReLU(-e)) == e


def test_derivative_held():
    g = Function("g", real=True)(r)
    assert Derivative(ReLU(g), g).doit() == Heaviside(g, 0)
    assert ReLU(g).diff(r) == Heaviside(g, 0) * g.diff(r)


def test_expansion():
    assert ReLU(sin(2 * r)).expand(trig=True) == 2 * ReLU(sin(r) * cos(r))
    assert ReLU(x).expand(trig=True) == ReLU(x)
    assert ReLU(r).expand(complex=True) == ReLU(r)


def test_arguments_that_are_hard_to_tell_from_0():
    zero = -sqrt(10 + 6 * sqrt(3)) + sqrt(1 + sqrt(3)) + sqrt(3 + 3 * sqrt(3))
    assert ReLU(zero) == 0 or ReLU(zero).args == (zero,)
    q = 1 + sqrt(2) - 2 * sqrt(3) + 1331 * sqrt(6)
    difference = root((q**3).expand(), 3) - q
    assert ReLU(difference) == 0 or isinstance(ReLU(difference), ReLU)


def test_arguments_that_are_hard_to_ask():
    assert ReLU(r + Piecewise((0, r > 0), (1 - r, True))).has(r)
    assert abs(ReLU(sqrt(acos(1 - I) * acos(1 + I))).n() - abs(acos(1 + I)).n()) < 1e-12
    assert ReLU(log(Rational(1, 3))) == 0
    assert ReLU(pi**1000 - (pi**1000).n(400)).is_nonnegative
