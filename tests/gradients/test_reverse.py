"""The reverse sweep: what gradient takes and gives, refuses, and costs."""

import sys

import numpy as np
import pytest
from hypothesis import given
from support import programs
from support.evaluate import evaluate
from support.networks import chain, distinct, network, operations
from sympy import (
    Abs,
    Add,
    Array,
    Derivative,
    DiracDelta,
    Function,
    Heaviside,
    ImmutableMatrix,
    ImmutableSparseMatrix,
    IndexedBase,
    Integral,
    KroneckerDelta,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Mul,
    MutableDenseNDimArray,
    Piecewise,
    Product,
    Rational,
    S,
    SparseMatrix,
    Subs,
    Sum,
    Symbol,
    Trace,
    Tuple,
    UnevaluatedExpr,
    ZeroMatrix,
    acos,
    arg,
    asinh,
    atan,
    atan2,
    besselj,
    cbrt,
    conjugate,
    cos,
    erf,
    exp,
    expand,
    floor,
    gamma,
    hyper,
    im,
    log,
    loggamma,
    nan,
    oo,
    pi,
    polygamma,
    re,
    real_root,
    sign,
    sin,
    sinc,
    sqrt,
    symbols,
    tan,
    tanh,
    uppergamma,
    zeta,
)

from symrelu import ReLU, gradient, lambdify

x, y, z, c, t = symbols("x y z c t")
r, q = symbols("r q", real=True)
p = Symbol("p", positive=True)
i, j, k = symbols("i j k", integer=True)
f, g = symbols("f g", cls=Function)
X = IndexedBase("X")
A = MatrixSymbol("A", 2, 2)
half = S.Half


# What it mirrors


def test_one_variable():
    assert gradient(x**2 * y, x) == 2 * x * y
    assert gradient(x, x) == 1
    assert gradient(x * y, c) == 0
    assert gradient(3, x) == 0
    assert gradient(2.5, [x]) == [0]
    assert gradient(pi, x) == 0
    assert gradient(oo, x) == oo.diff(x)
    assert gradient(nan, x) == nan.diff(x)


@pytest.mark.parametrize(
    ("wrt", "answer"),
    [
        ([], []),
        ((), ()),
        ([x], [y]),
        ([x, y, c], [y, x, 0]),
        ((x, y), (y, x)),
        ([x, x], [y, y]),
        ((x, [y, (c, [x])]), (y, [x, (0, [y])])),
        (Tuple(x, Tuple(y)), Tuple(y, Tuple(x))),
        (Matrix([[x, y], [c, x]]), Matrix([[y, x], [0, y]])),
        (Matrix([x, y]), Matrix([y, x])),
        (ImmutableMatrix([[x, y]]), ImmutableMatrix([[y, x]])),
        (SparseMatrix([[x, y]]), SparseMatrix([[y, x]])),
        (ImmutableSparseMatrix([[x, y]]), ImmutableSparseMatrix([[y, x]])),
        (Array([[[x, y]]]), Array([[[y, x]]])),
        (MutableDenseNDimArray([x, y]), MutableDenseNDimArray([y, x])),
        ([Matrix([x]), (x, A)], [Matrix([y]), (y, ZeroMatrix(2, 2))]),
    ],
    ids=str,
)
def test_the_answer_mirrors_the_variables(wrt, answer):
    got = gradient(x * y, wrt)
    assert type(got) is type(answer)
    assert got == answer


def test_indexed():
    e = X[1] * X[2] ** 2
    assert gradient(e, [X[1], X[2], X[3]]) == [X[2] ** 2, 2 * X[1] * X[2], 0]
    for open_e in (X[i] * X[j] ** 2, Sum(X[i] ** 2 * X[k], (i, 1, 3)), X[i + 1] ** X[i]):
        for v in (X[i], X[j], X[k], X[2]):
            assert (gradient(open_e, v) - open_e.diff(v)).doit().simplify() == 0
    assert gradient(f(X[i]), X[i]) == f(X[i]).diff(X[i])
    Y = IndexedBase("Y")
    assert gradient(X[i] * Y[i], [X[i], Y[i]]) == [Y[i], X[i]]


def test_undefined_functions():
    assert gradient(f(x) ** 2 * x, f(x)) == 2 * x * f(x)
    assert gradient(f(x) ** 2, x) == 2 * f(x) * f(x).diff(x)
    assert gradient(f(x, y) * x, [x, y, f(x, y)]) == [
        f(x, y) + x * f(x, y).diff(x),
        x * f(x, y).diff(y),
        x,
    ]
    assert gradient(f(g(x)), x) == f(g(x)).diff(x)
    assert gradient(f(x * y), [x, f(x * y)]) == [f(x * y).diff(x), 1]
    assert gradient(f(x), f(y)) == 0
    assert gradient(ReLU(f(x)) ** 2, f(x)) == 2 * ReLU(f(x)) * Heaviside(f(x), 0)


def test_derivatives_as_variables():
    v = f(t).diff(t)
    assert gradient(v**2 / 2 - f(t) ** 2, [f(t), v]) == [-2 * f(t), v]
    assert gradient(v**2, t) == 2 * v * f(t).diff(t, 2)


def test_elements_of_a_matrix():
    e = A[0, 1] ** 2 * A[1, 1]
    by_element = [[0, 2 * A[0, 1] * A[1, 1]], [0, A[0, 1] ** 2]]
    assert gradient(e, A) == ImmutableMatrix(by_element)
    assert isinstance(gradient(e, A), ImmutableMatrix)  # and not a sparse one
    assert gradient(e, A.as_explicit()) == ImmutableMatrix(by_element)
    assert gradient(e, [A[0, 1], A, A[0, 0]]) == [by_element[0][1], ImmutableMatrix(by_element), 0]
    assert gradient(A[i, j], i) == A[i, j].diff(i)


def test_a_one_by_one_matrix_is_a_scalar():
    assert gradient(Matrix([x * y]), x) == y
    assert gradient(ImmutableMatrix([x * y]), [x, y]) == [y, x]


# What it refuses


@pytest.mark.parametrize(
    "e", ["x", None, [x], (x, y), {x: y}, pytest.param(object(), id="object"), x < 1, True], ids=str
)
def test_no_expression(e):
    with pytest.raises(TypeError, match="takes a scalar expression") as caught:
        gradient(e, x)
    assert repr(e) in str(caught.value)


@pytest.mark.parametrize(
    ("e", "shape"),
    [(Matrix([x, y]), "(2, 1)"), (A, "(2, 2)"), (A * A.T, "(2, 2)"), (Matrix(0, 0, []), "(0, 0)")],
)
def test_not_scalar(e, shape):
    with pytest.raises(ValueError, match="takes a scalar expression, not one of shape") as caught:
        gradient(e, x)
    assert f"{shape}: {e}" in str(caught.value)


@pytest.mark.parametrize(
    "wrt",
    [None, "x", 3, 2.5, {x: 1}, {x}, x < 1, pytest.param(object(), id="object"), IndexedBase],
    ids=str,
)
def test_no_variable(wrt):
    for nested in (wrt, [wrt], (x, [wrt])):
        with pytest.raises(TypeError, match="differentiates by variables, and matrices") as caught:
            gradient(x * y, nested)
        assert f"not {wrt!r}" in str(caught.value)


@pytest.mark.parametrize(
    "wrt",
    [
        S(3),
        pi,
        x + 1,
        x * y,
        x**2,
        sin(x),
        2 * x,
        ReLU(x),
        A.T,
        A * A,
        A + A.T,
        A.as_explicit().T * 2,
    ],
    ids=str,
)
def test_an_expression_that_is_not_a_variable(wrt):
    for nested in (wrt, [wrt], (x, [wrt]), Tuple(wrt)):
        with pytest.raises(ValueError, match="gradient cannot differentiate by") as caught:
            gradient(x * y, nested)
        named = wrt[0, 0] if isinstance(wrt, ImmutableMatrix) else wrt
        assert f"by {named}, which" in str(caught.value)


# Scalars, node by node

NODES = [
    x + y + 3 + x * y,
    x * y * z / 3,
    -x * (y + 1) ** 2,
    x**3 + x**-2 + sqrt(x) + cbrt(y),
    x**y,
    x**x,
    2**x * p**y,
    (x * y) ** (x + z),
    exp(x * y) + log(x) * log(y, 3),
    sin(x) * cos(x * y) + tan(y) + atan(x / y) + acos(x / 9),
    tanh(x) * asinh(y) + sinc(x),
    erf(x) + gamma(x) + loggamma(y) + polygamma(0, x) + uppergamma(2, x) + zeta(x + 2, 2),
    atan2(x, y),
    besselj(2, x * y),
    hyper([1, 2], [3], x / 9),
    ReLU(x - y) * ReLU(y, c) + ReLU(x * y - 1, half) ** 2,
    Heaviside(x - y, c) * x,
    Max(r, q, 1) + Min(r, 2 * q) * r,
    Abs(r * q) * r,
    Abs(r - q) ** 3,
    sign(r) * r**2,
    Piecewise((x**2, x > y), (y * x, True)),
    Piecewise((x, x > 5), (Piecewise((y**2, y > 0), (1, True)), x > 0), (z, True)) * y,
    f(x, y) + g(x * y) ** 2,
    f(x).diff(x) * y,
    Derivative(f(x, y), x, y),
    Integral(exp(-t * x) * y, (t, 0, 1)),
    Integral(sin(t * y), (t, 0, x)),
    Sum(x**i * y, (i, 0, 3)),
    Product(x + i, (i, 1, 3)),
    Subs(f(t, x), t, y),
    re(r) + im(r) + conjugate(r) * r,
    arg(r) * x,
    UnevaluatedExpr(x * y) ** 2 * UnevaluatedExpr(x),
    floor(r) * r + Mod(r, 3),
    KroneckerDelta(i, j) * x,
    3 * x * S.ImaginaryUnit + y,
]


@pytest.mark.parametrize("e", NODES, ids=lambda e: str(e)[:60])
def test_the_gradient_is_the_derivative(e):
    variables = sorted(e.free_symbols, key=str)
    point = dict(zip(variables, [Rational(n, 7) for n in (9, 16, 11, 5)], strict=False))
    point |= {v: n for n, v in enumerate(variables) if v.is_integer}
    for v, ours in zip(variables, gradient(e, variables), strict=True):
        difference = ours - e.diff(v)
        if difference == 0 or difference.doit() == 0:
            continue
        assert abs(difference.doit().subs(point).doit().evalf(25)) < 1e-20


def test_variables_are_real():
    """SymPy takes apart what it does not know to be real: Abs(exp(x)) is exp(re(x))."""
    assert gradient(re(x) + im(x * y) + conjugate(x) * y, [x, y]) == [1 + y, conjugate(x)]
    loss = Abs(exp(x / (1 + x**2)))
    slope = lambdify(x, gradient(loss, x))(0.4)
    at, h = lambdify(x, loss), 1e-6
    assert slope == pytest.approx((at(0.4 + h) - at(0.4 - h)) / (2 * h), rel=1e-8)


def test_elements_of_indexed_arrays_by_elements_of_another_index():
    a = IndexedBase("a")
    e = a[i] ** 2 * ReLU(a[j])
    assert gradient(e, a[j]).subs({i: 1, j: 1}) == (e.diff(a[j])).subs({i: 1, j: 1})
    other = a[Symbol("k", integer=True)]
    assert expand(gradient(e, other) - e.diff(other)) == 0


def test_exactly():
    assert gradient(x**y, [x, y]) == [y * x ** (y - 1), x**y * log(x)]
    assert gradient(2 * x + Mul(3, x + y, evaluate=False), [x, y]) == [5, 3]
    assert gradient(Abs(r), r) == sign(r)
    assert gradient(Max(x, y), [x, y]) == [Heaviside(x - y), Heaviside(y - x)]
    assert gradient(Min(x, y), x) == Heaviside(y - x)
    assert gradient(Max(x, y, z), x) == Heaviside(x - Max(y, z))
    assert gradient(ReLU(x, c), [x, c]) == [Heaviside(x, c), 0]
    assert gradient(Heaviside(x), x) == DiracDelta(x)
    assert gradient(sign(x), x) == 2 * DiracDelta(x)
    assert lambdify(x, gradient(sign(x) * x, x))(-3.0) == -1
    assert lambdify(x, gradient(real_root(x, 3), x))(-8.0) == pytest.approx(1 / 12)
    assert gradient(Piecewise((x**2, x > 0), (y, True)), [x, y]) == [
        Piecewise((2 * x, x > 0), (0, True)),
        Piecewise((0, x > 0), (1, True)),
    ]
    assert gradient(ReLU(x * y) ** 2, x) == 2 * y * ReLU(x * y) * Heaviside(x * y, 0)


def test_the_derivative_of_a_branch_that_is_not_taken_has_no_say():
    e = Piecewise((sqrt(x), x > 0), (0, True)) * y + Piecewise((log(x), x > 0), (0, True))
    assert gradient(e, x).subs(x, 0) == 0
    assert gradient(e, x).subs({x: 4, y: 1}) == half


@pytest.mark.parametrize("count", [1, 9], ids=["a branch", "many"])
def test_what_a_branch_guards_is_guarded_in_matrices(count):
    X, trace = MatrixSymbol("X", 2, 2), Trace(MatrixSymbol("X", 2, 2))
    large = Add(*symbols("a:120", positive=True))
    others = [(X[0, 0] * k, trace < -k) for k in range(count)[::-1]]
    guarded = [log(trace), sqrt(X[0, 1]), large * log(X[1, 1]), log(trace) * sqrt(X[0, 1])]
    for e in guarded:
        loss = Piecewise(*others, (e, trace > 0), (0, True))
        variables = [X, *sorted(large.free_symbols, key=str)]
        f = lambdify(variables, gradient(loss, X))
        for at in ([[0.0, 0], [0, 0]], [[0, -1], [2, 0]]):
            assert not np.any(f(np.array(at), *[1.0] * 120)), e


def test_what_does_not_commute():
    a, b = symbols("a b", commutative=False)
    assert gradient(a * x**2 * b, x) == 2 * x * a * b


@pytest.mark.parametrize("H0", [0, half, 1, 2, -1, c])
def test_slopes_at_the_kinks(H0):
    H0 = S(H0)
    assert gradient(ReLU(x, H0), x).subs(x, 0) == H0
    assert gradient(ReLU(ReLU(x, H0) - y, H0), [x, y])[0].subs({x: 0, y: 0}) == H0**2
    e = 3 * ReLU(x - y, H0) ** 2 - ReLU(y - x, H0) * y
    at = {x: 5, y: 5}
    assert [v.subs(at) for v in gradient(e, (x, y))] == [5 * H0, -5 * H0]


def test_an_undefined_slope_is_seen():
    assert gradient(ReLU(x, nan), x).subs(x, 0) is nan
    assert gradient(ReLU(x, nan) * y, x).subs({x: 1, y: 3}) == 3


# Against forward mode, and against diff, exactly


@given(programs.cases(programs.RELUS + " where", variables=2))
def test_slopes_of_random_programs(case):
    program, at = case
    e = programs.build(program)
    value, slopes = programs.dual(program, *at)
    assert programs.exactly(e, *at) == value
    ours = gradient(e, [programs.x, programs.y])
    assert [programs.exactly(slope, *at) for slope in ours] == slopes


@given(programs.cases(programs.KINKED + " where", variables=2))
def test_slopes_of_random_programs_are_those_of_diff(case):
    program, at = case
    e = programs.build(program)
    for v in (programs.x, programs.y):
        assert programs.exactly(gradient(e, v), *at) == programs.exactly(e.diff(v), *at)


# Costs: linear in the number of distinct subexpressions

KINDS = ["symbolic", "rational", "float"]


@pytest.mark.parametrize("weight", KINDS)
@pytest.mark.parametrize("bias", KINDS)
def test_the_size_of_the_gradient_is_linear_in_depth(weight, bias):
    sizes = []
    for depth in (2, 50, 100, 200) if weight == bias else (2, 10, 20, 40):
        loss, parameters = network([2] + [2] * depth + [1], weight=weight, bias=bias)
        forward, backward = len(distinct(loss)), len(distinct(*gradient(loss, parameters)))
        assert forward <= 20 * (depth + 1)
        assert backward <= 2.5 * forward
        sizes.append(backward)
    assert sizes[3] - sizes[2] <= 2.1 * (sizes[2] - sizes[1])


@pytest.mark.parametrize("weight", KINDS)
@pytest.mark.parametrize("width", [2, 4, 8, 16, 32])
def test_the_size_of_the_gradient_is_linear_in_the_number_of_weights(weight, width):
    loss, parameters = network([2, width, width, 1], weight=weight, bias=weight)
    forward, backward = len(distinct(loss)), len(distinct(*gradient(loss, parameters)))
    assert forward <= 5 * (width + 3) ** 2
    assert backward <= 3 * forward


@pytest.mark.parametrize("H0", [0, half, c])
@pytest.mark.parametrize(
    "activation",
    [
        tanh,
        exp,
        sin,
        lambda v: v**2,
        lambda v: Piecewise((v, t > 0), (v / 10, True), evaluate=False),
        lambda v: Abs(v, evaluate=False),
        lambda v: v * Heaviside(v, 0, evaluate=False),
    ],
    ids=["tanh", "exp", "sin", "square", "Piecewise", "Abs", "gate"],
)
def test_other_activations(activation, H0):
    def both(v):
        return activation(ReLU(v, H0))

    sizes = []
    for depth in (5, 10, 20):
        loss, parameters = network([2] + [2] * depth + [1], both)
        sizes.append(len(distinct(*gradient(loss, parameters))))
    assert sizes[2] - sizes[1] <= 2.1 * (sizes[1] - sizes[0])


@pytest.mark.parametrize(
    "outer", [sign, f, lambda v: Mod(v, 3, evaluate=False)], ids=["sign", "f", "Mod"]
)
def test_a_node_without_a_rule_is_differentiated_by_its_arguments_only(outer, monkeypatch):
    """Counts the derivatives of ReLU: SymPy, asked for the whole, takes each 2**7 times."""
    asked = []
    fdiff = ReLU.fdiff
    monkeypatch.setattr(ReLU, "fdiff", lambda e, n=1: asked.append(1) or fdiff(e, n))
    e, v = chain(7, c)
    gradient(outer(e), [v, c])
    assert len(asked) <= 2 * 7


@pytest.mark.parametrize(
    "b", [c, Rational(1, 2**600), 2.0**-600], ids=["symbolic", "rational", "float"]
)
def test_a_chain_deeper_than_the_recursion_limit(b):
    levels = 500
    assert 3 * levels > sys.getrecursionlimit()
    e, v = chain(levels, b)
    slopes = gradient(e, [v, c] if b is c else [v])
    assert len(distinct(e)) >= 5 * levels
    assert len(distinct(*slopes)) <= 2.5 * len(distinct(e))
    # By hand, from v = 100 down: ReLU(e - 1) is active above 1, the outer one always.
    value, by_v, by_c = 100.0, 1.0, 0.0
    for _ in range(levels):
        slope = 1 / 2 + (1 / 3 if value > 1 else 0)
        value = value / 2 + max(value - 1, 0) / 3 - 2.0**-600
        by_v, by_c = by_v * slope, by_c * slope - 1
    at = {v: np.float64(100), c: np.float64(2.0**-600)}
    assert evaluate(e, at) == pytest.approx(value, rel=1e-9, abs=0)
    for ours, by_hand in zip([evaluate(s, at) for s in slopes], [by_v, by_c], strict=False):
        assert ours == pytest.approx(by_hand, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    "outer",
    [
        lambda e: Abs(e, evaluate=False),
        lambda e: Heaviside(e, 0, evaluate=False),
        lambda e: Piecewise((e, t > 0), (1, True), evaluate=False),
        lambda e: Mul(e, Piecewise((e, t > 0), (1, True), evaluate=False), evaluate=False),
    ],
    ids=["Abs", "step", "Piecewise", "product"],
)
def test_a_deep_argument_is_not_looked_into(outer):
    # What SymPy would ask of this sum takes a recursion over its tree.
    levels = 300
    e, v = chain(levels, Rational(1, 7))
    e = e / 2 + ReLU(e - 1) / 3 - Rational(1, 7)
    assert len(distinct(gradient(outer(e), v))) <= 20 * levels


@pytest.mark.parametrize(
    "sizes",
    [(2, 4, 4, 4, 4, 1), (2, 32, 32, 1), (3, 8, 8, 2), (2, *[2] * 100, 1), (1, 2, 1), (1, 1)],
    ids=lambda sizes: str(sizes[:6]),
)
@pytest.mark.parametrize("weight", KINDS)
def test_value_and_gradient_cost_at_most_four_times_the_value(sizes, weight):
    loss, parameters = network(sizes, weight=weight)
    assert operations(loss, *gradient(loss, parameters)) <= 4 * operations(loss)


@pytest.mark.parametrize("b", [c, Rational(1, 7), 0.25], ids=["symbolic", "rational", "float"])
def test_the_chain_and_its_gradient_cost_at_most_four_times_the_chain(b):
    e, v = chain(500, b)
    assert operations(e, gradient(e, v)) <= 4 * operations(e)


def test_the_numbers_of_a_network():
    # The gradient of a network with numeric weights, beside finite sums by hand.
    loss, parameters = network([2, 3, 1], weight="float", bias="symbolic")
    random = np.random.default_rng(0)
    at = {v: np.float64(random.normal()) for v in sorted(loss.free_symbols, key=str)}
    step = 1e-6

    def moved(v, by):
        return evaluate(loss, {**at, v: at[v] + by})

    for v, slope in zip(parameters, gradient(loss, parameters), strict=True):
        assert evaluate(slope, at) == pytest.approx(
            (moved(v, step) - moved(v, -step)) / (2 * step), abs=1e-6
        )


def test_what_is_not_needed_is_not_visited():
    dead = Add(*(f(x, n) for n in range(50)))
    assert len(distinct(gradient(dead * y + y**2, y))) <= len(distinct(dead)) + 5
