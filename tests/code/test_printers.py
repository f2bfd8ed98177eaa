"""The code of each rule, and matrix expressions against an independent evaluation."""

import inspect
import math
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.evaluate import evaluate
from support.networks import matrix_network
from sympy import (
    Abs,
    Add,
    And,
    Array,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    E,
    Eq,
    Float,
    Function,
    GoldenRatio,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    I,
    Identity,
    ImmutableMatrix,
    IndexedBase,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Mul,
    Ne,
    OneMatrix,
    Or,
    Piecewise,
    Rational,
    S,
    Trace,
    Transpose,
    ZeroMatrix,
    exp,
    log,
    pi,
    sin,
    sqrt,
    symbols,
)
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.printing.numpy import NumPyPrinter

from symrelu import ReLU, gradient, lambdify

x, y, z, c = symbols("x y z c")


def code(expr, modules="numpy"):
    args = sorted(expr.free_symbols, key=str)
    return inspect.getsource(lambdify(args, expr, modules)).split("return ")[-1].strip()


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        # Signs
        (x - y, "x - y"),
        (-x - y, "-x - y"),
        (1 - x, "1 - x"),
        (x - 1, "x - 1"),
        (-x * (y + z), "-x*(y + z)"),
        (Mul(-1, x, -1, evaluate=False), "-x*(-1)"),
        (Mul(-2, Add(x, y), evaluate=False) + z, "z - 2*(x + y)"),
        (x - Rational(1, 2), "x - 1/2"),
        # Products and quotients
        (2 * x / 3, "(2/3)*x"),
        (ReLU(2 * x / 3 - 1), "relu_(2.0*x/3 - 1)"),
        (x / 100000, "(1/100000)*x"),
        (x**3, "x*x*x"),
        (-x / 3, "-(1/3)*x"),
        (x**6, "(x*x*x)**2"),
        (x**7, "(x*x*x)**2*x"),
        (x**33, "x**33"),
        (sqrt(2) * x / sqrt(pi), "0.7978845608028654*x"),
        (2 * pi * x, "2*numpy.pi*x"),
        (x / y, "x/y"),
        (1 / (x * y), "1/(x*y)"),
        (x / (y * z), "x/(y*z)"),
        (x / (y / z + 1), "x/(y/z + 1)"),
        ((x + y) / (x - y), "(x + y)/(x - y)"),
        (Mul(S.Half, Rational(1, 3), x, evaluate=False), "(1/2)*(1/3)*x"),
        (0.1 * x, "0.1*x"),
        (-0.1 * x, "-0.1*x"),
        (Float("1e400") * x, "numpy.inf*x"),
        # Powers
        (x**2, "x**2"),
        (x**-2, "1/x**2"),
        (-(x**2), "-x**2"),
        ((-x) ** y, "(-x)**y"),
        ((-2) ** x, "(-2)**x"),
        (Rational(-1, 2) ** x, "(-1/2)**x"),
        (x**-y, "x**(-y)"),
        ((1 / x) ** y, "(1/x)**y"),
        (x**y**z, "x**(y**z)"),
        ((x**y) ** z, "(x**y)**z"),
        ((x * y) ** z, "(x*y)**z"),
        ((x + y) ** 2, "(x + y)**2"),
        (sqrt(x), "numpy.sqrt(x)"),
        (1 / sqrt(x), "1/numpy.sqrt(x)"),
        (x ** Rational(-2, 3), "1/x**(2/3)"),
        (exp(-x), "numpy.exp(-x)"),
        (pi * x, "numpy.pi*x"),
        # Relations and choices
        (x + 1 > y, "x + 1 > y"),
        (Eq(x, y), "x == y"),
        (Ne(x, y), "x != y"),
        (And(x > 1, Or(y > 2, z < 1)), "(x > 1) & ((y > 2) | (z < 1))"),
        (Piecewise((x, x > 1), (y, True)), "numpy.where(x > 1, x, y)[()]"),
        (Piecewise((x, x > 1)), "numpy.where(x > 1, x, numpy.nan)[()]"),
        (
            Piecewise((x, x > 1), (y, x > 0), (z, True)),
            "numpy.where(x > 1, x, numpy.where(x > 0, y, z))[()]",
        ),
        (-Max(x, y), "-numpy.maximum(x, y)"),
        (Max(x, y, z), "numpy.maximum(numpy.maximum(x, y), z)"),
        (2 * Min(x, y), "2*numpy.minimum(x, y)"),
        (Abs(x), "abs(x)"),
        # The kink
        (2 * ReLU(x + 1) ** 2, "2*relu_(x + 1)**2"),
        (ReLU(x, c), "relu(x)"),
        (Heaviside(x, 0), "step(x)"),
        (Heaviside(x, c), "step_at_0(x, c)"),
        (sin(ReLU(x) + 1), "numpy.sin(relu(x) + 1)"),
    ],
)
def test_code(expr, expected):
    assert code(expr) == expected


def test_a_group_of_one_needs_no_parentheses():
    many = symbols("q:41")
    assert "(" not in inspect.getsource(lambdify(many, Add(*many))).split(") + ")[1]


def test_long_sums_are_grouped():
    many = symbols("q:100")
    for kind in (Add, Mul):
        source = inspect.getsource(lambdify([many], kind(*many)))
        assert source.split("return ")[1].count("(") == 3


# The same numbers on every engine

OPERATIONS = [
    (Max(x, y), max),
    (Min(x, y), min),
    (Max(x, y, 2) - Min(x, y, 1), lambda x, y: max(x, y, 2) - min(x, y, 1)),
    (Piecewise((3 * x, x > y), (y, True)), lambda x, y: 3 * x if x > y else y),
    (
        Piecewise((x, x >= y), (2 * y, x < 0), (5, True)),
        lambda x, y: x if x >= y else 2 * y if x < 0 else 5,
    ),
    (sqrt(x**2 + 1) / sqrt(y**2 + 1), lambda x, y: ((x**2 + 1) / (y**2 + 1)) ** 0.5),
    (Rational(-1, 3) * x + 2 * y / 7 - 1.5, lambda x, y: -x / 3 + 2 * y / 7 - 1.5),
    (exp(x) * y - sin(y), lambda x, y: math.exp(x) * y - math.sin(y)),
    (ReLU(x - y) * Heaviside(x, 0), lambda x, y: max(x - y, 0) * (x > 0)),
    (Heaviside(x + 1, S.Half), lambda x, y: 0.5 if x == -1 else float(x > -1)),
    (Abs(x) ** Rational(1, 3), lambda x, y: abs(x) ** (1 / 3)),
    (y * Abs(x) ** Rational(-2, 3), lambda x, y: y / abs(x) ** (2 / 3)),
    (sqrt(2) * x - log(3) * y, lambda x, y: 2**0.5 * x - math.log(3) * y),
    (Max(x, sqrt(2)) ** (1 - sqrt(2)), lambda x, y: max(x, 2**0.5) ** (1 - 2**0.5)),
    (pi * x + y / E + GoldenRatio, lambda x, y: math.pi * x + y / math.e + (1 + 5**0.5) / 2),
]


def number(modules):
    """What makes a number of the engine, which must be installed."""
    module = pytest.importorskip(modules)
    made = {"torch": "tensor", "sympy": "Float", "mpmath": "mpf"}
    return getattr(module, made[modules]) if modules in made else float


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "sympy", "numexpr", "jax", "torch"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda pair: str(pair[0]))
def test_operations(operation, modules):
    expr, expected = operation
    to_engine = number(modules)
    function = lambdify([x, y], expr, modules)
    for point in [(-1.0, 2.0), (2.0, -1.0), (-1.0, -3.0), (1.0, 1.0), (-2.0, -2.0)]:
        assert float(function(*map(to_engine, point))) == pytest.approx(expected(*point), rel=1e-6)


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "numexpr", "jax", "torch"])
@pytest.mark.parametrize("expr", [Max(x, y), Min(x, y), Max(x, y, 2)], ids=str)
def test_an_extremum_of_nan_is_nan(expr, modules):
    to_engine = number(modules)
    function = lambdify([x, y], expr, modules)
    for point in [(math.nan, 1.0), (1.0, math.nan)]:
        assert math.isnan(float(function(*map(to_engine, point))))


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "sympy", "numexpr", "jax", "torch"])
def test_infinite_numbers(modules):
    number(modules)
    numbers = [S.Infinity, S.NegativeInfinity, S.NaN, Float("1e400"), Float("-1e400")]
    outputs = lambdify([x], numbers, modules)(0)
    assert float(outputs[0]) == math.inf
    assert float(outputs[1]) == -math.inf
    assert math.isnan(float(outputs[2]))
    if modules not in ("mpmath", "sympy"):
        assert [float(v) for v in outputs[3:]] == [math.inf, -math.inf]


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "sympy", "jax"])
def test_remainders_are_put_in_parentheses(modules):
    to_engine = number(modules)
    for e, expected in [(2 * Mod(x, 3), 4), (Mod(x, 3) ** y, 8), (y - Mod(x, 3), 1)]:
        assert float(lambdify([x, y], e, modules)(*map(to_engine, (5.0, 3.0)))) == expected


def test_constants_keep_the_dtype():
    e = sqrt(2) * x + log(2) * x - x ** exp(-1)
    for dtype in ("float16", "float32", "float64"):
        assert lambdify(x, e)(np.ones(3, dtype)).dtype == dtype
        assert lambdify(M2, sqrt(2) * M2)(np.ones((2, 2), dtype)).dtype == dtype
        slope = lambdify(x, ReLU(x, sqrt(2)).diff(x))(np.array([-1, 0, 1, np.nan], dtype))
        np.testing.assert_array_equal(slope, np.array([0, sqrt(2), 1, np.nan], dtype))
        assert slope.dtype == dtype


def test_what_is_known_of_complex_constants():
    assert lambdify(x, I * x + (-1) ** Rational(1, 3))(2.0) == 2j + (-1) ** (1 / 3)


INTEGERS = [
    Max(1, x) / 3,
    Max(1, x) / Max(3, y),
    Max(3, y) ** -2,
    Piecewise((1, x < 2), (y, True)) / 7,
]


@pytest.mark.parametrize("expr", INTEGERS, ids=str)
def test_integers_are_divided_exactly(expr):
    mpmath = pytest.importorskip("mpmath")
    expected = expr.subs({x: 0, y: 0})
    assert lambdify([x, y], expr, "sympy")(0, 0) == expected
    with mpmath.workdps(40):
        difference = lambdify([x, y], expr, "mpmath")(0, 0) * expected.q - expected.p
        assert abs(difference) < 1e-39


def test_mpmath_keeps_its_precision():
    mpmath = pytest.importorskip("mpmath")
    function = lambdify(x, [Rational(1, 3), Float("0.1", 40), pi], "mpmath")
    with mpmath.workdps(40):
        third, tenth, circle = function(0)
        assert abs(third - mpmath.mpf(1) / 3) < 1e-39
        assert abs(tenth - mpmath.mpf("0.1")) < 1e-39
        assert circle == mpmath.pi


EXPLICIT = ImmutableMatrix([[x, -y, 1], [2, x + y, x * y]])


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "sympy", "jax", "torch"])
def test_explicit_matrices(modules):
    to_engine = number(modules)
    result = lambdify([x, y], EXPLICIT, modules)(*map(to_engine, (3.0, 5.0)))
    rows = result.tolist() if hasattr(result, "tolist") else result
    assert np.array(rows, float).tolist() == [[3, -5, 1], [2, 8, 15]]


def test_numexpr_has_no_matrices():
    with pytest.raises(NotImplementedError) as caught:
        lambdify([x, y], EXPLICIT, "numexpr")
    assert str(caught.value) == (
        "lambdify: numexpr has no numeric form of ImmutableDenseMatrix (array); choose another "
        "module, or give one: modules=[{'ImmutableDenseMatrix': my_function}, ...]"
    )


@pytest.mark.parametrize("modules", ["math", "mpmath"])
@pytest.mark.parametrize("e", [ReLU(x), Heaviside(x, 0), Heaviside(x, c), Max(x, 1), Min(x, y)])
def test_what_is_written_several_times_is_computed_once(e, modules):
    source = inspect.getsource(lambdify([x, y, c], e.subs(x, sin(x)), modules))
    assert source.count("sin(x)") == 1


def test_the_value_does_not_depend_on_the_slope():
    source = inspect.getsource(lambdify([x, c], [ReLU(sin(x)), ReLU(sin(x), c)]))
    assert source.count("relu(") == 1
    assert inspect.getsource(lambdify(x, ReLU(sin(x)))).count("\n") == 2  # no name


def test_negative_floats_have_powers():
    assert lambdify(y, Float(-1.5) ** y)(2.0) == 2.25


def test_elements_of_indexed_arrays():
    a = IndexedBase("a")
    assert lambdify(a, a[0, 1] - a[1, 0])(np.array([[1, 5], [2, 3]])) == 3


def test_cupy_by_its_source(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", np)
    function = lambdify(x, ReLU(sin(x)), "cupy")
    assert "return cupy.maximum(cupy.sin(x), 0)" in inspect.getsource(function)
    assert function(1.0) == np.sin(1.0)


def test_settings_of_a_printer():
    printer = NumPyPrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})
    assert lambdify(x, sin(x), printer=printer)(1.0) == np.sin(1.0)
    with pytest.raises(
        NotImplementedError, match=r"py has no numeric form of test_printers.Function2"
    ):
        lambdify(x, type("Function2", (Function,), {})(x), printer=printer)


# Matrices

M2, N2 = MatrixSymbol("M", 2, 2), MatrixSymbol("N", 2, 2)
w = MatrixSymbol("w", 2, 1)
n, k = symbols("n k", integer=True, positive=True)
F, G, f = MatrixSymbol("F", n, n), MatrixSymbol("G", n, n), MatrixSymbol("f", n, 1)
ROW, COLUMN = OneMatrix(1, 2), OneMatrix(2, 1)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        # Products, in the cheapest order
        (M2 * N2, "M @ N"),
        (-M2 * N2, "-(M @ N)"),
        (3 * M2 * N2, "3*(M @ N)"),
        (-3 * M2, "-3*M"),
        (x * M2, "x*M"),
        (MatMul(x - y, M2), "(x - y)*M"),
        ((M2 + N2) * M2, "(M + N) @ M"),
        (M2 * N2 * w, "M @ (N @ w)"),
        (w.T * M2 * N2, "(w.T @ M) @ N"),
        (M2 * w * w.T, "(M @ w) @ w.T"),
        (w * w.T * w, "w @ (w.T @ w)"),
        (F * G * f, "F @ (G @ f)"),
        # No transposed copies
        (M2.T * N2.T, "(N @ M).T"),
        (-2 * M2.T * N2.T, "(-2*(N @ M)).T"),
        (M2.T * N2, "M.T @ N"),
        (MatAdd(M2.T, -N2.T), "(M - N).T"),
        (MatAdd(M2.T, N2), "N + M.T"),
        ((M2 + N2).T * w, "(M + N).T @ w"),
        # Ones: sums and broadcasts
        (M2 * COLUMN, "M.sum(axis=1, keepdims=True)"),
        (ROW * M2, "M.sum(axis=0, keepdims=True)"),
        (COLUMN * w.T, "numpy.broadcast_to(w.T, (2, 2))"),
        (w * ROW, "numpy.broadcast_to(w, (2, 2))"),
        (M2 * OneMatrix(2, 3), "numpy.broadcast_to(M.sum(axis=1, keepdims=True), (2, 3))"),
        (OneMatrix(3, 2) * M2, "numpy.broadcast_to(M.sum(axis=0, keepdims=True), (3, 2))"),
        ((M2 + N2) * COLUMN, "(M + N).sum(axis=1, keepdims=True)"),
        (MatAdd(M2, w * ROW), "w + M"),
        (MatAdd(M2, 3 * w * ROW), "M + 3*w"),
        (MatAdd(M2, COLUMN * w.T), "w.T + M"),
        (MatAdd(M2, x * COLUMN * ROW), "x + M"),
        (MatAdd(M2, x * OneMatrix(2, 2)), "x + M"),
        (MatAdd(M2, OneMatrix(2, 2)), "M + 1"),
        (MatAdd(w * ROW, COLUMN * w.T), "w + w.T"),
        (
            MatAdd(w * ROW, OneMatrix(2, 2)),
            "numpy.broadcast_to(w, (2, 2)) + numpy.ones((2, 2), dtype=dtype)",
        ),
        (HadamardProduct(M2, w * ROW), "w*M"),
        # Elementwise
        (HadamardProduct(M2, N2), "M*N"),
        (HadamardProduct(M2 + N2, -N2), "-(M + N)*N"),
        (-2 * HadamardProduct(M2, N2), "-2*(M*N)"),
        (HadamardProduct(M2 - 3 * N2, N2), "(M - 3*N)*N"),
        (MatMul(-x / 3, M2), "(-(1/3)*x)*M"),
        (MatMul(x * y, M2 + N2), "x*y*(M + N)"),
        (-Trace(M2 * N2), "-(N*M.T).sum()"),
        (Trace(-2 * M2 * N2), "-2*(N*M.T).sum()"),
        (HadamardProduct(M2 / 2, M2 * N2), "(1/2)*((M @ N)*M)"),
        (HadamardProduct(M2 * N2, -M2), "-((M @ N)*M)"),
        (HadamardPower(M2, 2), "M**2"),
        (HadamardPower(-M2, -2), "(-M)**(-2)"),
        (HadamardPower(M2 + N2, N2), "(M + N)**N"),
        (HadamardPower(M2, N2 + M2), "M**(M + N)"),
        # Traces, powers, inverses, determinants
        (Trace(M2), "numpy.trace(M)"),
        (3 * Trace(M2), "3*numpy.trace(M)"),
        (Trace(M2 * N2), "(N*M.T).sum()"),
        (Trace(M2.T * N2), "(M*N).sum()"),
        (Trace(3 * M2 * N2), "3*(N*M.T).sum()"),
        (Trace(MatMul(x + y, M2, N2)), "(x + y)*(N*M.T).sum()"),
        (Trace(M2 * N2 * M2), "((N @ M)*M.T).sum()"),
        (Trace(M2.T * (M2 + N2)), "((M + N)*M).sum()"),
        (MatPow(M2, 3), "numpy.linalg.matrix_power(M, 3)"),
        (MatPow(M2, k), "numpy.linalg.matrix_power(M, k)"),
        (MatPow(M2, -2), "numpy.linalg.matrix_power(M, -2)"),
        (MatPow(M2, -1), "numpy.linalg.inv(M)"),
        (Inverse(M2) * N2, "numpy.linalg.solve(M, N)"),
        (Determinant(M2), "numpy.linalg.det(M)"),
        # Made of numbers and of parts
        (ZeroMatrix(2, n), "numpy.zeros((2, n), dtype=dtype)"),
        (OneMatrix(2, n), "numpy.ones((2, n), dtype=dtype)"),
        (M2 + Identity(2), "numpy.eye(2, dtype=dtype) + M"),
        (DiagMatrix(w), "numpy.diag(w.reshape(-1))"),
        (DiagonalOf(M2), "numpy.diagonal(M).reshape(-1, 1)"),
        (DiagonalMatrix(M2), "numpy.diag(numpy.diagonal(M))"),
        (BlockMatrix([[M2, N2], [N2, M2]]), "numpy.block([[M, N], [N, M]])"),
        (BlockMatrix([[M2, w]]), "numpy.block([[M, w]])"),
        (MatrixElement(M2 * N2, 0, 1), "(M @ N)[0, 1]"),
        (2 * M2[0, 1], "2*M[0, 1]"),
        (MatMul(HadamardPower(M2, 2), N2), "M**2 @ N"),
        (HadamardPower(M2, 6), "(M*M*M)**2"),
        (HadamardPower(HadamardPower(M2, 2), 33), "(M**2)**33"),
        (Trace(MatMul(c, M2, N2)) ** 2, "(c*(N*M.T).sum())**2"),
        (x + Trace(MatMul(c, M2, N2)), "x + c*(N*M.T).sum()"),
        (Trace(M2 * N2) ** 2, "(N*M.T).sum()**2"),
        (MatrixSlice(M2 + N2, (0, 1), (1, 2)), "(M + N)[0:1:1, 1:2:1]"),
        (MatrixSlice(M2, (0, 2, 2), (1, 2)), "M[0:2:2, 1:2:1]"),
        (ImmutableMatrix([[x, -y], [z, x + y]]), "stacked(numpy, [x, -y, z, x + y], (2, 2))"),
        (ImmutableMatrix([[x, z, y]]), "stacked(numpy, [x, z, y], (1, 3))"),
        (ImmutableMatrix([[x, -x], [2 * x, x]]), "numpy.array([[x, -x], [2*x, x]])"),
        (Array([[x, 1, y]]), "stacked(numpy, [x, dtype.type(1), y], (1, 3))"),
        (Array([[x, 2 * x]]), "numpy.array([x, 2*x]).reshape((1, 2))"),
    ],
    ids=str,
)
def test_code_of_matrices(expr, expected):
    assert code(expr) == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((10, 100, 5, 50), "(M0 @ M1) @ M2"),
        ((50, 5, 100, 10), "M0 @ (M1 @ M2)"),
        ((40, 20, 30, 10, 30), "(M0 @ (M1 @ M2)) @ M3"),
    ],
)
def test_products_take_the_fewest_multiplications(sizes, expected):
    factors = [MatrixSymbol(f"M{k}", *shape) for k, shape in enumerate(pairwise(sizes))]
    assert code(MatMul(*factors)) == expected


N, K = 3, 4
A, B = MatrixSymbol("A", N, K), MatrixSymbol("B", N, K)
Q, R = MatrixSymbol("Q", N, N), MatrixSymbol("R", N, N)
u, v = MatrixSymbol("u", N, 1), MatrixSymbol("v", 1, K)
s = symbols("s")
SQUARE, WIDE = st.sampled_from([Q, R]), st.sampled_from([A, B])
VECTORS = st.sampled_from(
    [u * OneMatrix(1, K), OneMatrix(N, 1) * v, u * v, OneMatrix(N, K), MatMul(s, OneMatrix(N, K))]
)


def _wide(e):
    pairs = st.tuples(e, e)
    return st.one_of(
        pairs.map(lambda p: MatAdd(*p)),
        pairs.map(lambda p: HadamardProduct(*p)),
        st.tuples(SQUARE, e).map(lambda p: MatMul(*p)),
        pairs.map(lambda p: MatMul(p[0], Transpose(p[1]), A)),
        e.map(lambda a: Transpose(MatAdd(Transpose(a), Transpose(B)))),
        e.map(lambda a: MatMul(OneMatrix(N, N), a)),
        e.map(lambda a: MatMul(a, OneMatrix(K, K))),
        e.map(lambda a: MatMul(a, OneMatrix(K, 1), v)),
        e.map(lambda a: MatMul(-s, a)),
        e.map(ReLU),
        e.map(lambda a: MatMul(Trace(MatMul(Transpose(A), a)), B)),
        e.map(lambda a: MatMul(Inverse(MatAdd(Q, Transpose(Q))), a)),
    )


@given(st.recursive(st.one_of(WIDE, VECTORS), _wide, max_leaves=8))
def test_matrix_expressions(expr):
    random = np.random.default_rng(0)
    symbols_ = [A, B, Q, R, u, v]
    arrays = [random.normal(size=[int(k) for k in m.shape]) for m in symbols_]
    values = {**dict(zip(symbols_, arrays, strict=True)), s: 0.5}
    expected = np.asarray(values[expr] if expr in values else evaluate(expr, values))
    result = lambdify([*symbols_, s], expr)(*arrays, 0.5)
    assert np.broadcast_shapes(np.shape(result), (N, K)) == (N, K)
    assert np.shape(result) == (N, K)
    scale = 1e-9 * (1 + abs(expected).max())
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=scale)


def _step(sizes=(784, 128, 10), batch=256):
    loss, parameters = matrix_network(sizes, batch)
    data = [MatrixSymbol("X", sizes[0], batch), MatrixSymbol("Y", sizes[-1], batch)]
    return [*data, *parameters], [loss, gradient(loss, parameters)], loss


def _data(args, dtype="float32"):
    random = np.random.default_rng(1)
    return [random.normal(size=[int(k) for k in a.shape]).astype(dtype) / 8 for a in args]


def test_network_takes_5_products():
    args, outputs, loss = _step()
    function = lambdify(args, outputs)
    source = inspect.getsource(function)
    assert source.count("@") == 5
    assert "ones(" not in source
    arrays = _data(args)
    value, gradients = function(*arrays)
    assert {np.asarray(g).dtype for g in (value, *gradients)} == {np.dtype("float32")}
    assert [g.shape for g in gradients] == [a.shape for a in args[2:]]
    exact = evaluate(loss, dict(zip(args, arrays, strict=True)))
    np.testing.assert_allclose(value, exact, rtol=1e-5)


def test_jax():
    jax = pytest.importorskip("jax")
    args, outputs, loss = _step((5, 4, 2), 3)
    arrays = _data(args)
    function = lambdify(args, outputs, "jax")
    value, gradients = jax.jit(function)(*arrays)
    assert {a.dtype for a in (value, *gradients)} == {np.dtype("float32")}
    scalar = lambdify(args, loss, "jax")
    theirs = jax.grad(scalar, argnums=range(2, len(args)))(*arrays)
    for g, other in zip(gradients, theirs, strict=True):
        np.testing.assert_allclose(g, other, rtol=1e-4, atol=1e-6)
    slope = lambdify(x, [ReLU(x), ReLU(x).diff(x)], "jax")
    values, slopes = jax.jit(jax.vmap(slope))(np.array([-1, 0, 2], "float32"))
    np.testing.assert_array_equal(values, [0, 0, 2])
    np.testing.assert_array_equal(slopes, [0, 0, 1])


def test_dask_is_lazy():
    da = pytest.importorskip("dask.array")
    points = np.array([-1, 0, 2, np.nan], "float32")
    function = lambdify([x, c], [ReLU(x) ** 2, ReLU(x, c).diff(x)])
    results = function(da.from_array(points, chunks=2), 0.5)
    for result, expected in zip(results, function(points, 0.5), strict=True):
        assert isinstance(result, da.Array)
        assert result.chunks == ((2, 2),)
        np.testing.assert_array_equal(result.compute(), expected, strict=True)
    args, outputs, _ = _step((5, 4, 2), 6)
    arrays = _data(args)
    function = lambdify(args, outputs)
    value, gradients = function(*(da.from_array(a, chunks=2) for a in arrays))
    expected, by_numpy = function(*arrays)
    assert isinstance(value, da.Array)
    np.testing.assert_allclose(value.compute(), expected, rtol=1e-5)
    for g, other in zip(gradients, by_numpy, strict=True):
        assert isinstance(g, da.Array)
        np.testing.assert_allclose(g.compute(), other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_a_divisor_that_is_a_power_stands_in_parentheses(k):
    x, y = symbols("x y")
    for expr in (y / x**k, 3 * y / x**k, y / (2 * x**k), y / (x**k * (x + 1))):
        assert lambdify([x, y], expr)(2.0, 5.0) == float(expr.subs({x: 2, y: 5}))
