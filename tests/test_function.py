"""ReLU as a SymPy function: evaluation, derivative, assumptions, calculus, rewriting."""

import copy
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sympy import (
    Abs,
    AccumBounds,
    Array,
    Derivative,
    DiracDelta,
    Dummy,
    E,
    Eq,
    Float,
    Function,
    Heaviside,
    I,
    ImmutableMatrix,
    ImmutableSparseMatrix,
    Integral,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    N,
    NDimArray,
    O,
    Piecewise,
    Q,
    Rational,
    S,
    SingularityFunction,
    SparseMatrix,
    Symbol,
    Wild,
    ask,
    atan,
    cbrt,
    conjugate,
    cos,
    default_sort_key,
    diff,
    exp,
    im,
    integrate,
    limit,
    log,
    logcombine,
    nan,
    oo,
    pi,
    posify,
    re,
    refine,
    sign,
    simplify,
    sin,
    solve,
    sqrt,
    srepr,
    symbols,
    sympify,
    tanh,
    zoo,
)
from sympy.core.function import ArgumentIndexError, PoleError
from sympy.core.parameters import evaluate

from symrelu import ReLU
from symrelu.inputs import remedy

x, y, z, c = symbols("x y z c")
r, s = symbols("r s", real=True)
p = Symbol("p", positive=True)
n = Symbol("n", negative=True)
nonneg = Symbol("nonneg", nonnegative=True)
nonpos = Symbol("nonpos", nonpositive=True)
half = S.Half
FINITE_SLOPES = [0, half, 1, 2, -1, c]


# Evaluation


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *((k, max(0, k)) for k in (1, 3, -1, -3, 0)),
        (Rational(1, 3), Rational(1, 3)),
        (Rational(-1, 3), 0),
        (sqrt(2) - 1, sqrt(2) - 1),
        (1 - sqrt(2), 0),
        (pi - 3, pi - 3),
        (pi - 4, 0),
        (exp(-50), exp(-50)),
        (sin(3) - cbrt(Rational(1, 300)), 0),
        (oo, oo),
        (-oo, 0),
        (nan, nan),
        (zoo, nan),
        (float("nan"), nan),
        (float("inf"), oo),
        (np.float64(-2.5), 0),
        (np.int64(7), 7),
        (Fraction(3, 4), Rational(3, 4)),
        (-2.5, 0),
        (0.0, 0.0),
    ],
)
@pytest.mark.parametrize("H0", [0, half, 1, nan, c, oo])
def test_numbers(argument, value, H0):
    assert ReLU(argument, H0) is sympify(value) or ReLU(argument, H0) == value


def test_floats_keep_their_precision():
    third = Float("0." + 60 * "3", 60)
    assert ReLU(third) == third
    assert ReLU(third)._prec == third._prec
    assert ReLU(Decimal("1.25")) == Float("1.25")
    assert ReLU(0.0) == Float(0.0)


def test_large_constants_are_evaluated_when_asked():
    # Too many nodes for the assumptions; evalf decides.
    constant = sum(sqrt(k) for k in range(2, 80)) - 10000
    assert constant.is_number
    assert ReLU(constant).evalf() == 0
    assert ReLU(-constant).evalf(20) == (-constant).evalf(20)


@pytest.mark.parametrize("H0", [0, half, 1, c, nan])
def test_known_signs(H0):
    assert ReLU(p, H0) == p
    assert ReLU(-n, H0) == -n
    assert ReLU(n, H0) == 0
    assert ReLU(-p, H0) == 0
    assert ReLU(p + 1, H0) == p + 1
    assert ReLU(exp(r), H0) == exp(r)
    assert ReLU(r**2 + 1, H0) == r**2 + 1
    assert ReLU(Symbol("n", integer=True, positive=True) - half, H0).func is not ReLU
    assert ReLU(x, H0).func is ReLU
    assert ReLU(r, H0).func is ReLU
    assert ReLU(r**2 - 1, H0).func is ReLU


@pytest.mark.parametrize("H0", FINITE_SLOPES)
def test_touching_zero_smoothly_is_resolved(H0):
    assert ReLU(nonneg, H0) == nonneg
    assert ReLU(nonpos, H0) == 0
    assert ReLU(r**2, H0) == r**2
    assert ReLU(-(r**2), H0) == 0
    assert ReLU(r**2 + s**4, H0) == r**2 + s**4
    assert ReLU(-(r**2) - s**4, H0) == 0
    assert ReLU(Abs(r), H0) == Abs(r)
    assert ReLU(-Abs(r) * nonneg, H0) == 0
    assert ReLU(Abs(r) * nonneg, H0) == Abs(r) * nonneg
    assert ReLU(ReLU(x) + ReLU(y), H0) == ReLU(x) + ReLU(y)
    assert ReLU(-ReLU(x) - ReLU(y), H0) == 0
    assert ReLU(ReLU(x, half) ** 2, H0) == ReLU(x, half) ** 2
    assert ReLU(ReLU(x) + r**2, H0) == ReLU(x) + r**2
    assert ReLU(ReLU(x, half) + p, H0) == ReLU(x, half) + p
    assert ReLU(r**2 * (ReLU(x, half) + 1) + s**2, H0) == r**2 * (ReLU(x, half) + 1) + s**2
    assert ReLU(Abs(ReLU(x, half) - 1), H0) == Abs(ReLU(x, half) - 1)


@pytest.mark.parametrize("H0", [nan, oo, -oo, zoo])
def test_an_undefined_slope_stays_to_be_seen(H0):
    for touching in (nonneg, nonpos, r**2, Abs(r), ReLU(x), p * x, -p * x, n * x):
        assert ReLU(touching, H0).args == (touching, H0)
    assert ReLU(3 * x, H0) == 3 * ReLU(x, H0)
    assert ReLU(p, H0) == p
    assert ReLU(ReLU(x, H0), c) == ReLU(x, H0 * c)


def test_kinks_whose_slope_was_chosen_stay():
    for touching in (
        ReLU(x, half) + ReLU(y, half),
        ReLU(x, half) * ReLU(y),
        Max(0, r),
        -Min(0, r),
        Piecewise((nonneg, x > 0), (0, True)),
        sqrt(ReLU(x, half)),
        sqrt(ReLU(x)),
    ):
        assert ReLU(touching).args == (touching,)
        assert ReLU(touching, half).args == (touching, half)
        assert ReLU(touching, 1) == touching  # 1 times any slope
        assert ReLU(-touching) == 0  # 0 times any slope
        assert ReLU(-touching, half) != 0


def test_positive_factors_come_out():
    assert ReLU(2 * x) == 2 * ReLU(x)
    assert ReLU(-2 * x, c) == 2 * ReLU(-x, c)
    assert ReLU(x / 3, c) == ReLU(x, c) / 3
    assert ReLU(p * x * y, c) == p * ReLU(x * y, c)
    assert ReLU(n * x, c) == -n * ReLU(-x, c)
    assert ReLU(-p * n * x) == -p * n * ReLU(x)
    assert ReLU(sqrt(2) * pi * x) == sqrt(2) * pi * ReLU(x)
    assert ReLU((1 - sqrt(2)) * x) == -(1 - sqrt(2)) * ReLU(-x)
    assert ReLU(-x).args == (-x,)
    assert ReLU(x * y).args == (x * y,)
    assert ReLU(nonneg * x).args == (nonneg * x,)
    assert ReLU(2 * x + 4).args == (2 * x + 4,)
    for infinite in (oo, -oo):
        assert ReLU(Mul(infinite, x)).args == (Mul(infinite, x),)


def test_nested_relus_merge():
    assert ReLU(ReLU(x)) == ReLU(x)
    assert ReLU(ReLU(x, 1), 1) == ReLU(x, 1)
    assert ReLU(ReLU(x, half), half) == ReLU(x, Rational(1, 4))
    assert ReLU(ReLU(x, c), z) == ReLU(x, c * z)
    assert ReLU(ReLU(x, 0), c) == ReLU(x)
    assert ReLU(3 * ReLU(2 * x, c), z) == 6 * ReLU(x, c * z)
    assert ReLU(-ReLU(x)) == 0
    assert ReLU(ReLU(x, half), nan).args == (ReLU(x, half), nan)


def test_an_argument_that_is_0_everywhere_may_have_a_slope():
    zero = ReLU(-ReLU(r, half), half)
    assert (zero.is_zero, zero.is_positive) == (None, None)
    assert (zero**2).diff(r).subs(r, 0) == 0
    for expr in (zero, ReLU(zero, half), ReLU(zero, 1)):
        at_kink = -expr.H0 / 2
        assert expr.diff(r).subs(r, 0) == at_kink
        assert expr.subs(r, 3) == expr.subs(r, -3) == 0
    assert ReLU(zero) == 0
    zero = Symbol("zero", zero=True)
    assert [ReLU(zero, H0) for H0 in (0, half, 1, c)] == [0] * 4
    assert ReLU(zero, nan).args == (zero, nan)


def test_signs_of_what_is_not_evaluated():
    def facts(*args):
        e = ReLU(*args, evaluate=False)
        return e.is_positive, e.is_zero

    assert facts(p) == facts(3, half) == (True, False)
    assert facts(-p) == facts(-3, half) == facts(n) == (False, True)
    assert facts(r) == facts(c) == (None, None)
    assert facts(-ReLU(r, half)) == (False, True)  # with the slope 0
    assert facts(-ReLU(r, half), half) == (None, None)


def test_what_would_change_a_slope_is_never_automatic():
    assert ReLU(x) - ReLU(-x) != x
    assert (ReLU(r) - ReLU(-r)).diff(r).subs(r, 0) == 0
    assert ReLU(r) + ReLU(-r) != Abs(r)
    assert ReLU(r) * Heaviside(r) != ReLU(r)
    assert ReLU(-r, c) != ReLU(r, c) - r


def test_unevaluated():
    assert ReLU(3, evaluate=False).args == (3,)
    assert ReLU(2 * x, evaluate=False).args == (2 * x,)
    assert ReLU(-3, half, evaluate=False).args == (-3, half)
    assert ReLU(-3, evaluate=False).doit() == 0
    assert ReLU(2 * x, evaluate=False).doit() == 2 * ReLU(x)
    with evaluate(False):
        assert ReLU(p).args == (p,)
    assert ReLU(Matrix([-1, x]), evaluate=False)[0].args == (-1,)


def test_H0():
    assert ReLU(x, 0) == ReLU(x)
    assert ReLU(x, 0.0) == ReLU(x)
    assert ReLU(x, H0=half) == ReLU(x, half)
    assert ReLU(x, 0).args == (x,)
    assert ReLU(x, 0, evaluate=False).args == (x,)
    assert ReLU(x).H0 == 0
    assert ReLU(x, c).H0 == c
    assert ReLU(x, c).subs(c, 0) == ReLU(x)
    assert ReLU(x, c) != ReLU(x)
    assert ReLU.nargs == {1, 2}


# Matrices and arrays


def test_explicit_matrices_and_arrays():
    for kind in (Matrix, ImmutableMatrix, SparseMatrix, ImmutableSparseMatrix):
        rectified = ReLU(kind([[x, -1], [2, p]]), c)
        assert rectified == kind([[ReLU(x, c), 0], [2, p]])
        assert isinstance(rectified, kind)
    assert ReLU(Array([[[x, -1]], [[2, -p]]])) == Array([[[ReLU(x), 0]], [[2, 0]]])
    assert ReLU(np.array([[1, -2], [-3, 4]])) == Array([[1, 0], [0, 4]])


# Derivative


def test_derivative():
    assert ReLU(x).diff(x) == Heaviside(x, 0)
    assert ReLU(x, c).diff(x) == Heaviside(x, c)
    assert ReLU(x, c).diff(c) == 0
    assert ReLU(x, c).diff(y) == 0
    assert ReLU(x, x).diff(x) == Heaviside(x, x)
    assert ReLU(x).diff(x).func is Heaviside
    assert Derivative(ReLU(x**2 - 1), x).doit() == 2 * x * Heaviside(x**2 - 1, 0)
    assert diff((ReLU(x * y, c) - z) ** 2, y) == 2 * x * (ReLU(x * y, c) - z) * Heaviside(x * y, c)
    f = Function("f")(x)
    assert ReLU(f).diff(x) == Heaviside(f, 0) * f.diff(x)
    assert ReLU(x).diff(x, 2) == DiracDelta(x)
    assert ReLU(x).diff(x, 3) == DiracDelta(x, 1)
    inner = y * sin(x)
    assert diff(ReLU(inner), x, y) == cos(x) * (Heaviside(inner, 0) + inner * DiracDelta(inner))


def test_derivative_of_unevaluated_arguments():
    assert ReLU(p, evaluate=False).fdiff() == 1
    assert ReLU(n, evaluate=False).fdiff() == 0
    assert ReLU(S.Zero, c, evaluate=False).fdiff() == c


@pytest.mark.parametrize("H0", [*FINITE_SLOPES, nan])
def test_slope_at_zero(H0):
    slope = ReLU(x, H0).diff(x)
    assert slope.subs(x, 0) is sympify(H0)
    assert slope.subs(x, -1) == 0
    assert slope.subs(x, 1) == 1


def test_fdiff():
    assert ReLU(x, c).fdiff(1) == ReLU(x, c).fdiff() == Heaviside(x, c)
    assert ReLU(x, c).fdiff(2) == 0
    with pytest.raises(ArgumentIndexError, match=r"argument number 3 for Function ReLU\(x, c\)"):
        ReLU(x, c).fdiff(3)


# Assumptions


def test_old_assumptions():
    for e in (ReLU(x), ReLU(r), ReLU(x, c)):
        assert e.is_extended_real
        assert e.is_extended_nonnegative
        assert e.is_extended_negative is False
        assert e.is_imaginary is False
        assert e.is_commutative
        assert e.is_positive is None
        assert e.is_zero is None
    assert ReLU(x).is_finite is None
    assert ReLU(Symbol("w", extended_real=True, infinite=True)).is_finite is None
    assert ReLU(r).is_real
    assert ReLU(r).is_nonnegative
    assert ReLU(r).is_finite
    assert ReLU(r).is_complex
    k = Symbol("k", integer=True)
    assert ReLU(k).is_integer
    assert ReLU(2 * k + 1).is_integer
    assert ReLU(2 * k + 1).is_odd is None
    assert ReLU(2 * k, evaluate=False).is_even
    assert ReLU(Symbol("q", rational=True)).is_rational
    assert ReLU(Symbol("a", algebraic=True, real=True)).is_algebraic
    assert ReLU(Symbol("t", irrational=True)).is_rational is None
    assert ReLU(r).is_integer is None
    assert ReLU(k, half).is_integer
    assert ReLU(r, 2).is_integer is None
    assert ReLU(Symbol("t", irrational=True), 2).is_rational is None


def test_assumptions_of_known_branches():
    def un(e):
        return ReLU(e, evaluate=False)

    assert un(p).is_positive
    assert un(p).is_zero is False
    assert un(n).is_zero
    assert un(n).is_finite
    assert un(n).is_integer
    assert un(S.NegativeInfinity).is_finite
    assert un(S.Infinity).is_finite is False
    assert un(nonneg).is_zero is None
    assert un(nonpos).is_zero
    assert un(S(3)).is_odd
    assert un(S(3)).is_prime is None
    assert un(half).is_integer is False
    assert un(pi).is_rational is False
    assert un(pi).is_algebraic is False


def test_new_assumptions():
    assert ask(Q.extended_nonnegative(ReLU(x)))
    assert ask(Q.positive(ReLU(x)), Q.positive(x))
    assert ask(Q.zero(ReLU(x)), Q.negative(x))
    assert ask(Q.positive(ReLU(x)), Q.negative(x)) is False
    assert ask(Q.positive(ReLU(x))) is None
    assert ask(Q.negative(ReLU(x))) is False
    assert ask(Q.nonnegative(ReLU(x)), Q.real(x))
    assert ask(Q.nonpositive(ReLU(x)), Q.nonpositive(x))
    assert ask(Q.nonzero(ReLU(x)), Q.positive(x))
    assert ask(Q.real(ReLU(x)), Q.real(x))
    assert ask(Q.extended_real(ReLU(x)))
    assert ask(Q.finite(ReLU(x)), Q.finite(x))
    assert ask(Q.integer(ReLU(x)), Q.integer(x))
    assert ask(Q.integer(ReLU(x, half)), Q.integer(x))
    assert ask(Q.integer(ReLU(x)), Q.rational(x)) is None
    assert ask(Q.rational(ReLU(x)), Q.rational(x))
    assert ask(Q.algebraic(ReLU(x)), Q.algebraic(x))
    assert ask(Q.even(ReLU(x)), Q.even(x))
    assert ask(Q.odd(ReLU(x)), Q.odd(x)) is None
    assert ask(Q.odd(ReLU(x)), Q.odd(x) & Q.positive(x))
    assert ask(Q.extended_positive(ReLU(x)), Q.extended_positive(x))
    assert ask(Q.extended_nonzero(ReLU(x)), Q.extended_positive(x))


def test_refine():
    assert refine(ReLU(x), Q.positive(x)) == x
    assert refine(ReLU(x), Q.negative(x)) == 0
    assert refine(ReLU(x), Q.nonnegative(x)) == x
    assert refine(ReLU(x, c), Q.zero(x)) == 0
    assert refine(ReLU(x), Q.real(x)) == ReLU(x)
    assert refine(ReLU(x, nan), Q.nonnegative(x)) == ReLU(x, nan)
    assert refine(y * ReLU(x - 1), Q.positive(x - 1)) == y * (x - 1)
    assert refine(ReLU(x * exp(y)), Q.positive(x) & Q.real(y)) == x * exp(y)
    assert refine(ReLU(x), Q.imaginary(x)) == ReLU(x)
    kinked = Max(1, r) - Max(1, s)
    assert refine(ReLU(kinked, c), Q.nonnegative(kinked)) == ReLU(kinked, c)


# Substitution, rebuilding, printing back

EXPRESSIONS = [
    ReLU(x),
    ReLU(r, half),
    ReLU(x, c),
    ReLU(x, nan),
    ReLU(x - y**2, c + 1),
    ReLU(x) ** 2 + sin(ReLU(-y, c)),
    ReLU(x).diff(x),
]


@pytest.mark.parametrize("e", EXPRESSIONS, ids=str)
def test_rebuilding(e):
    namespace = {}
    exec("from sympy import *; from symrelu import ReLU", namespace)
    assert e.func(*e.args) == e
    assert eval(srepr(e), namespace) == e
    assert copy.copy(e) == copy.deepcopy(e) == e
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):  # SymPy's range
        again = pickle.loads(pickle.dumps(e, protocol))
        assert again == e
        assert hash(again) == hash(e)


def test_substitution():
    e = ReLU(x - y, c)
    assert e.subs(x, y) == 0
    assert e.subs({x: 3, y: 1}) == 2
    assert e.subs({x: 1, y: 3}) == 0
    assert e.xreplace({x: y + p}) == p
    assert e.subs(c, half) == ReLU(x - y, half)
    assert e.diff(x).subs(x, y) == c
    assert (ReLU(x) + 1).subs(ReLU(x), z) == z + 1
    assert ReLU(x * y).subs(x, p) == p * ReLU(y)
    assert ReLU(x).replace(ReLU, lambda a: Max(0, a)) == Max(0, x)
    w = Wild("w")
    assert (2 * ReLU(x - 1)).match(2 * ReLU(w)) == {w: x - 1}


def test_sympify():
    assert sympify("ReLU(x, 1/2)", locals={"ReLU": ReLU}) == ReLU(x, half)
    assert sympify("2*ReLU(-3) + ReLU(4)", locals={"ReLU": ReLU}) == 4
    assert sympify(str(ReLU(x - y, c)), locals={"ReLU": ReLU}) == ReLU(x - y, c)


def test_ordering_and_hashing():
    pair = [ReLU(y), ReLU(x, half), ReLU(x)]
    assert sorted(pair, key=default_sort_key) == [ReLU(x), ReLU(y), ReLU(x, half)]
    assert len({ReLU(x), ReLU(x, 0), ReLU(x, half)}) == 2
    assert ReLU(x) + ReLU(y) == ReLU(y) + ReLU(x)


# Calculus


@pytest.mark.parametrize(
    ("e", "at", "direction", "value"),
    [
        (ReLU(x), 0, "+-", 0),
        (ReLU(x, half), 0, "+-", 0),
        (ReLU(x), 2, "+-", 2),
        (ReLU(x), -2, "+-", 0),
        (ReLU(x), oo, "-", oo),
        (ReLU(x), -oo, "+", 0),
        (ReLU(x) / x, 0, "+", 1),
        (ReLU(x) / x, 0, "-", 0),
        (ReLU(x - 1) / (x - 1), 1, "-", 0),
        (ReLU(x - 1) / (x - 1), 1, "+", 1),
        (ReLU(sin(x)) / x, 0, "+", 1),
        (ReLU(sin(x)) / x, 0, "-", 0),
        (ReLU(sin(x)) / (pi - x), pi, "-", 1),
        (ReLU(1 / x), 0, "+", oo),
        (ReLU(1 / x), 0, "-", 0),
        (ReLU(log(x)), 0, "+", 0),
        (ReLU(log(x)) / x, oo, "-", 0),
        (ReLU(x - log(x)) / x, oo, "-", 1),
        (ReLU(x * y + x**2) / x, 0, "+", ReLU(y)),
        (ReLU(x) * exp(-x), oo, "-", 0),
        (ReLU(-x) * exp(x), -oo, "+", 0),
        (ReLU(x, c) - x, oo, "-", 0),
        (ReLU(x + sqrt(x)) - x, oo, "-", oo),
        (ReLU(tanh(x)), oo, "-", 1),
        ((ReLU(-x) + x**2) / x**2, 0, "+", 1),
        ((ReLU(-x) + x**2) / x, 0, "-", -1),
        ((sin(x) - x + ReLU(-(x**3))) / x**3, 0, "-", Rational(-7, 6)),
        ((1 + ReLU(1 / x)) ** x, oo, "-", E),
    ],
    ids=str,
)
def test_limits(e, at, direction, value):
    assert limit(e, x, at, direction) == value


def test_a_limit_that_does_not_exist():
    with pytest.raises(ValueError, match="left hand limit = 0 and right hand limit = 1"):
        limit(ReLU(x) / x, x, 0, "+-")


def series(e, *args):
    return e.series(x, *args)


def test_series():
    assert series(ReLU(x), 0, 4) == x
    assert series(ReLU(x), 0, 4, "-") == 0
    assert series(ReLU(sin(x)), 0, 4) == series(sin(x), 0, 4)
    assert series(ReLU(sin(x)), 0, 4, "-") == 0
    assert series(ReLU(-sin(x)), 0, 4, "-") == series(-sin(x), 0, 4, "-")
    assert series(ReLU(x - 1), 1, 3) == x - 1
    assert series(ReLU(x - 1), 1, 3, "-") == 0
    assert series(ReLU(cos(x)), 0, 5) == series(cos(x), 0, 5)
    assert series(ReLU(x**2 - 3), 2, 3) == series(x**2 - 3, 2, 3)
    assert series(ReLU(x**2 - 3), 1, 3) == 0
    assert series(exp(ReLU(x)), 0, 3) == series(exp(x), 0, 3)
    assert series(exp(ReLU(x)), 0, 3, "-") == 1
    assert series(ReLU(1 + 1 / x), oo, 3) == 1 + 1 / x
    assert series(ReLU(x), oo, 3) == x
    assert series(ReLU(x), -oo, 3) == 0
    assert ReLU(-atan(1 / x)).nseries(x, n=3, cdir=-1) == pi / 2 + x + O(x**3)


def test_series_of_an_order_that_only_cancellation_asks_for():
    assert ReLU(x + 1).nseries(x, n=100) == x + 1
    with pytest.raises(PoleError, match=r"^no series of ReLU\(x \+ 1\) of an order above 100$"):
        ReLU(x + 1).nseries(x, n=101)
    assert limit((ReLU(2 * x + x**2) - 2 * ReLU(x)) / x, x, 0) == 0


def test_series_about_an_unknown_point_off_the_kink():
    assert series(ReLU(c + x), 0, 3) == ReLU(c) + x * Heaviside(c, 0)
    assert series(ReLU(c + x, half), 0, 3) == ReLU(c, half) + x * Heaviside(c, half)
    assert series(ReLU(c * x), 0, 3) == x * ReLU(c)
    assert series(ReLU(c + x + x**2), 0, 3) == (
        ReLU(c) + x * Heaviside(c, 0) + x**2 * Heaviside(c, 0)
    )


def test_series_of_unknown_sign():
    with pytest.raises((PoleError, NotImplementedError)):
        series(ReLU(sin(1 / x)), 0, 3)


def test_series_about_a_kink_met_from_an_unknown_side():
    with pytest.raises(PoleError, match=r"^the sign of x\*\*2 \+ x\*y near x = 0 is not known$"):
        ReLU(x * y + x**2).nseries(x, n=3)
    with pytest.raises(PoleError, match="is not known"):
        series(ReLU(x * y + x**2), 0, 3)


def test_intervals():
    assert ReLU(AccumBounds(-1, 2)) == AccumBounds(0, 2)
    assert ReLU(AccumBounds(1, 2), c) == AccumBounds(1, 2)
    assert ReLU(AccumBounds(-2, -1)) == 0
    assert ReLU(AccumBounds(-oo, oo)) == AccumBounds(0, oo)
    assert (3 - 2 * ReLU(x - 1)).subs(x, AccumBounds(-1, 3)) == AccumBounds(-1, 3)
    assert limit(ReLU(sin(x) - half), x, oo) == AccumBounds(0, half)


# SymPy moves a point to 0 by putting x + a for x, whatever is known of the sign of x.


def test_what_is_known_of_a_variable_is_forgotten_when_it_is_shifted():
    assert limit(ReLU(p - 1) / (p - 1), p, 1, "-") == 0
    assert limit(ReLU(p - 1) / (p - 1), p, 1, "+") == 1
    assert limit(ReLU(-1 - n) / (n + 1), n, -1, "+") == 0
    assert ReLU(p - 1).series(p, 1, 3, "-") == 0
    shifted = ReLU(p - 1, c).subs(p, p + 1)
    assert shifted.args == (p, c)
    assert shifted.doit() == p
    assert ReLU(p - y).subs(p, p + 1) == ReLU(p + 1 - y)
    assert ReLU(y - p).subs(y, y + 2 * p).func is ReLU
    assert ReLU(x - p).subs(x, x + p) == ReLU(x)
    assert ReLU(x - y).subs(x, y + p) == p


@pytest.mark.parametrize("variable", [x, p])
@pytest.mark.parametrize(
    ("f", "value"),
    [
        (lambda v: ReLU(v - 1, half), half),
        (lambda v: exp(ReLU(v - 1)), E),
        (lambda v: ReLU(v - 1) + ReLU(v - half), Rational(13, 8)),
    ],
)
def test_an_integral_is_right_or_stays(f, value, variable):
    integral = Integral(f(variable), (variable, 0, 2))
    assert integral.doit() in (integral, value)
    assert integral.rewrite(Piecewise).doit() == value


def test_a_double_integral_is_right():
    integral = Integral(ReLU(r - s), (r, 0, 1), (s, 0, 1))
    assert integral.doit() == Rational(1, 6)
    assert integral.rewrite(Piecewise).doit() == Rational(1, 6)


def test_a_positive_stand_in_does_not_switch_it_on():
    assert logcombine(log(ReLU(x)) + log(2), force=True) == log(2 * ReLU(x))
    assert posify(ReLU(x))[0].func is ReLU
    # A dummy for a dummy is meant: SymPy integrates from 0 over a positive one.
    own, positive = Dummy("x"), Dummy("x", positive=True)
    assert ReLU(own).subs(own, positive) == positive
    gauss = exp(-((r - s) ** 2) / 2) / sqrt(2 * pi)
    mean = integrate(ReLU(r) * gauss, (r, -oo, oo)).expand()
    assert mean.subs(s, 0) == 1 / sqrt(2 * pi)


def test_leading_terms():
    assert ReLU(x).as_leading_term(x, cdir=1) == x
    assert ReLU(sin(x) * 3).as_leading_term(x, cdir=1) == 3 * x
    assert ReLU(-x).as_leading_term(x, cdir=1) == 0
    assert ReLU(-x).as_leading_term(x, cdir=-1) == -x
    assert ReLU(-p, half, evaluate=False).as_leading_term(p) == 0
    assert ReLU(p, half, evaluate=False).as_leading_term(p) == p
    assert ReLU(1 + x).as_leading_term(x) == 1
    assert ReLU(c + x, half).as_leading_term(x) == ReLU(c, half)
    assert ReLU(-atan(1 / x)).as_leading_term(x, cdir=-1) == pi / 2
    assert ReLU(y * atan(1 / x)).as_leading_term(x, cdir=-1) == pi * ReLU(-y) / 2
    assert ReLU(x * y + x**2).as_leading_term(x) == ReLU(x * y)
    assert ReLU(log(x)).as_leading_term(x, cdir=1) == 0
    assert ReLU(-log(x)).as_leading_term(x, cdir=1) == -log(x)
    assert ReLU(log(x)).as_leading_term(x, logx=y) == ReLU(y)  # in the place of log(x)
    assert ReLU(-log(x)).as_leading_term(x, logx=n) == -n


def test_leading_terms_of_a_kink_inside():
    assert ReLU(ReLU(x) - x + x**2).as_leading_term(x, cdir=1) == x**2
    assert ReLU(ReLU(x) - x + x**2).as_leading_term(x, cdir=-1) == -x
    lead = ReLU(ReLU(c * x) - x).as_leading_term(x, cdir=1)
    for value in (-1, half, 1, 3):
        for near in (half, Rational(1, 100)):
            assert lead.subs(c, value).subs(x, near) == max(max(value, 0) - 1, 0) * near


def test_not_real_on_one_side():
    e = ReLU(sqrt(x) - x)
    assert e.as_leading_term(x, cdir=1) == sqrt(x)
    with pytest.raises(ValueError, match=r"sqrt\(x\) - x is not real near x = 0$"):
        e.as_leading_term(x, cdir=-1)
    with pytest.raises(ValueError, match=r"^ReLU is defined for real arguments only"):
        limit(ReLU(2 * sqrt(1 / x - 1) - 1 / x), x, oo)


def test_a_limit_of_what_does_not_depend_on_the_variable():
    assert limit(ReLU(y) * x / (x + 1), x, oo) == ReLU(y)
    assert ReLU(y).rewrite("tractable") == ReLU(y)


def test_leading_terms_from_an_unknown_side():
    assert ReLU(x, half).as_leading_term(x) == ReLU(x, half)
    assert ReLU(sin(x) - 3 * x).as_leading_term(x) == 2 * ReLU(-x)
    assert ReLU(x**2 + x**3).as_leading_term(x) == x**2
    assert ReLU(-(x**2) + x**3).as_leading_term(x) == 0


@pytest.mark.parametrize("H0", [0, half])
def test_limits_of_powers_from_the_inactive_side(H0):
    e = ReLU(x, H0) ** 2 + ReLU(x) * x
    assert [limit(e / x**2, x, 0, side) for side in "-+"] == [0, 2]
    assert [limit(e + ReLU(x), x, 0, side) for side in "-+"] == [0, 0]
    assert limit((e + sin(x)) / x, x, 0, "-") == 1


def test_not_meromorphic():
    assert ReLU(x).is_meromorphic(x, 1) is False


def test_parts():
    e = ReLU(x, c)
    assert e.as_real_imag() == (e, 0)
    assert re(e) == conjugate(e) == Abs(e) == e
    assert im(e) == 0
    assert sqrt(ReLU(r) ** 2) == ReLU(r)
    assert sqrt(ReLU(r)) ** 2 == ReLU(r)
    assert (ReLU(r) ** 3).diff(r) == 3 * ReLU(r) ** 2 * Heaviside(r, 0)
    assert simplify(ReLU(x) + ReLU(x)) == 2 * ReLU(x)
    assert simplify(ReLU(sin(x) ** 2 + cos(x) ** 2 + y)) == ReLU(y + 1)


def test_evalf():
    digits = "0.14159265358979323846264338327950288419716939937511"
    assert str(ReLU(pi - 3, evaluate=False).evalf(50)) == digits
    assert str(ReLU(pi - 3, half, evaluate=False).evalf(50)) == digits
    assert str(N(ReLU(pi - x), 30, subs={x: 3})) == digits[:32]
    assert N(ReLU(x - pi), subs={x: 3}) == 0
    assert ReLU(-half, evaluate=False).evalf() == 0
    assert ReLU(exp(x) - y).evalf(subs={x: 1, y: 2}) == (exp(1) - 2).evalf()
    assert float(ReLU(sqrt(2))) == 2**0.5
    assert ReLU(x + y).evalf(subs={x: 1}).func is ReLU


# Rewriting


@pytest.mark.parametrize("H0", FINITE_SLOPES)
@pytest.mark.parametrize("form", [Piecewise, Heaviside])
def test_rewrites_that_keep_the_slope(form, H0):
    e = ReLU(2 * r - 3, H0)
    f = e.rewrite(form)
    assert not f.has(ReLU)
    for point in (-1, 0, Rational(3, 2), 2, 5):
        assert f.subs(r, point) == e.subs(r, point)
        assert f.diff(r).subs(r, point) == e.diff(r).subs(r, point)


@pytest.mark.parametrize(
    ("form", "slope"),
    [(Max, half), (Min, half), (Abs, half), (sign, half), (SingularityFunction, 1)],
)
@pytest.mark.parametrize("H0", [0, half, c, nan])
def test_rewrites_that_set_the_slope(form, slope, H0):
    e = ReLU(2 * r - 3, H0)
    f = e.rewrite(form)
    assert f.has(form)
    assert not f.has(ReLU)
    for point in (-1, 0, Rational(3, 2), 2, 5):
        assert f.subs(r, point) == e.subs(r, point)
    at_kink = f.diff(r).subs(r, Rational(3, 2)).subs(DiracDelta(0), 0)
    assert simplify(at_kink) == 2 * slope


def test_rewrites_exactly():
    assert ReLU(x).rewrite(Piecewise) == Piecewise((x, x > 0), (0, True))
    assert ReLU(x, 1).rewrite(Piecewise) == Piecewise((x, x >= 0), (0, True))
    assert ReLU(x, c).rewrite(Piecewise) == Piecewise((x, x > 0), (c * x, Eq(x, 0)), (0, True))
    assert ReLU(x, nan).rewrite(Piecewise) == Piecewise((x, x > 0), (0, True))
    assert ReLU(x, c).rewrite(Heaviside) == x * Heaviside(x, c)
    assert ReLU(x, nan).rewrite(Heaviside) == x * Heaviside(x, 0)
    assert ReLU(x).rewrite(Max) == Max(0, x)
    assert ReLU(x).rewrite(Min) == -Min(0, -x)
    assert ReLU(x).rewrite(Abs) == (x + Abs(x)) / 2
    assert ReLU(x).rewrite(sign) == x * (1 + sign(x)) / 2
    assert ReLU(x).rewrite(SingularityFunction) == SingularityFunction(x, 0, 1)
    assert ReLU(x - 3).rewrite(SingularityFunction) == SingularityFunction(x, 3, 1)
    assert ReLU(2 * x - 3).rewrite(SingularityFunction) == 2 * SingularityFunction(
        x, Rational(3, 2), 1
    )
    assert ReLU(3 - x).rewrite(SingularityFunction) == 3 - x + SingularityFunction(x, 3, 1)
    assert (1 + ReLU(ReLU(x) - 1)).rewrite(Max) == 1 + Max(0, Max(0, x) - 1)


def test_rewrites_as_singularity_function_of_a_variable_only():
    # SymPy integrates <u> as if u were the variable: (3 - x)**2/2 of 3 - x, say.
    def named(e, variable):
        return ReLU(e).rewrite(SingularityFunction, variable=variable)

    assert named(p * x + y, x) == p * SingularityFunction(x, -y / p, 1)
    assert named(y - p * x, x) == y - p * x + p * SingularityFunction(x, y / p, 1)
    assert named(x - y, y) == x - y + SingularityFunction(y, x, 1)
    assert named(x - y, z) == ReLU(x - y)
    assert named(nonneg * x, x) == ReLU(nonneg * x)
    for unclear in (x**2 - 1, p**2 - 1, x - y, c * x, nonneg * x):
        assert ReLU(unclear).rewrite(SingularityFunction) == ReLU(unclear)
    for e in (2 * r - 3, 3 - r, 1 - 2 * r):
        integral = integrate(ReLU(e).rewrite(SingularityFunction), (r, -1, 4))
        assert integral == integrate(ReLU(e).rewrite(Piecewise), (r, -1, 4))


def test_integrates_by_sympy_once_rewritten():
    assert integrate(ReLU(r).rewrite(Piecewise), (r, -1, 2)) == 2


# Bad input


@pytest.mark.parametrize(
    "argument",
    [
        "x",
        "1",
        [1, 2],
        (1, 2),
        {1},
        True,
        False,
        np.bool_(True),
        None,
        x < 1,
        pytest.param(object(), id="object"),
        S.Reals,
    ],
    ids=str,
)
def test_no_expression(argument):
    with pytest.raises(TypeError) as caught:
        ReLU(argument)
    assert str(caught.value).startswith(
        f"the argument of ReLU must be an expression, a matrix or an array, not {argument!r}"
        f"{remedy(argument)}"
    )
    check_no_scalar_slope(argument)


def check_no_scalar_slope(H0):
    with pytest.raises(TypeError) as caught:
        ReLU(x, H0)
    assert str(caught.value) == (
        "H0 of ReLU, the slope at 0, must be a scalar expression, such as 0, S.Half, a symbol, "
        f"nan, or AccumBounds(0, 1) for all of them; not {H0!r}"
    )


@pytest.mark.parametrize(
    "H0", [Matrix([1]), ImmutableMatrix([1]), MatrixSymbol("W", 2, 2), Array([1])]
)
def test_no_scalar_slope(H0):
    check_no_scalar_slope(H0)


@pytest.mark.parametrize("H0", [I, 1 + I, Symbol("a", imaginary=True)])
def test_no_real_slope(H0):
    with pytest.raises(ValueError) as caught:
        ReLU(x, H0)
    assert str(caught.value) == (
        "H0 of ReLU, the slope at 0, must be real, such as 0, S.Half, a symbol, nan, "
        f"or AccumBounds(0, 1) for all of them; not {H0}"
    )


@pytest.mark.parametrize("argument", [I, 1 + I, r + 2 * I, sqrt(-2), Symbol("a", imaginary=True)])
def test_not_real(argument):
    with pytest.raises(ValueError) as caught:
        ReLU(argument)
    assert str(caught.value) == (
        f"ReLU is defined for real arguments only, and {argument} is not real"
    )


@pytest.mark.parametrize("arguments", [(), (x, 0, 0), (1, 2, 3, 4)])
def test_number_of_arguments(arguments):
    with pytest.raises(TypeError) as caught:
        ReLU(*arguments)
    assert str(caught.value) == (
        f"ReLU takes an argument and, if you like, H0; {len(arguments)} were given"
    )


def test_one_slope_is_given_once():
    with pytest.raises(TypeError, match=r"^ReLU takes one H0; 1 and 2 were given$"):
        ReLU(x, 1, H0=2)


def test_arrays_of_no_dimension_and_of_no_entry():
    assert ReLU(np.array(-1.5)) == 0
    assert ReLU(np.array(2)) == 2
    assert ReLU(x, np.array(0.5)) == ReLU(x, 0.5)
    for shape in [(0,), (0, 3), (2, 0)]:
        empty = ReLU(np.zeros(shape))
        assert isinstance(empty, NDimArray)
        assert empty.shape == shape
    assert ReLU(Matrix(0, 3, [])).shape == (0, 3)


def test_what_is_not_evaluated_has_a_value():
    three, nothing = ReLU(3, evaluate=False), ReLU(pi - 4, evaluate=False)
    assert three.n() == Float(3)
    assert three.evalf(50)._prec == Float(3, 50)._prec
    assert (float(three), int(three), complex(three), float(nothing)) == (3.0, 3, 3 + 0j, 0.0)
    assert ReLU(nan, evaluate=False).n() is nan
    assert ReLU(oo, evaluate=False).n() is oo
    assert three > 2
    assert three.equals(3)
    with pytest.raises(TypeError, match="Cannot convert expression to float"):
        float(ReLU(x))


def test_roots_that_are_real_but_written_with_i():
    t = Symbol("t")
    roots = solve(t**3 - 3 * t + 1)
    assert all(root.has(I) for root in roots)
    expected = sorted(max(0.0, root.n().as_real_imag()[0]) for root in roots)
    for options in ({}, {"evaluate": False}):
        values = sorted(ReLU(root, **options).n() for root in roots)
        assert values == pytest.approx(expected)
    with pytest.raises(ValueError, match="is not real"):
        ReLU(x, evaluate=False).func(exp(2 * I, evaluate=False) * t).subs(t, 1).n()


@pytest.mark.parametrize("argument", [x, Matrix([x]), MatrixSymbol("W", 2, 2)])
def test_unknown_option(argument):
    with pytest.raises(ValueError, match="Unknown options"):
        ReLU(argument, slope=1)


def test_simplify():
    x, y = symbols("x y", real=True)
    assert simplify(ReLU(x * (y + 1) - x * y - 1, half)) == ReLU(x - 1, half)
    assert simplify(ReLU(sin(x) ** 2 + cos(x) ** 2 - x) + 1) == ReLU(1 - x) + 1
    short = ReLU(y * (y + 1) * (x**2 - y - 2))  # of the argument, SymPy makes a longer one
    assert simplify(short) == short
