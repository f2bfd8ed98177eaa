"""What the rules for matrices compute; their code is tested in test_printers.py."""

import inspect

import mpmath
import numpy as np
import pytest
from support.limits import time_limit
from sympy import (
    Abs,
    Adjoint,
    And,
    Array,
    BlockMatrix,
    Determinant,
    Function,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    I,
    Identity,
    ImmutableMatrix,
    ImmutableSparseNDimArray,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    KroneckerProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Max,
    Min,
    MutableDenseNDimArray,
    MutableSparseNDimArray,
    OneMatrix,
    Piecewise,
    Poly,
    Product,
    Rational,
    S,
    Sum,
    Trace,
    Transpose,
    ZeroMatrix,
    conjugate,
    cos,
    exp,
    floor,
    log,
    loggamma,
    pi,
    re,
    sin,
    sqrt,
    symbols,
)
from sympy.combinatorics import Permutation
from sympy.matrices.expressions import CompanionMatrix, PermutationMatrix
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.permutation import MatrixPermute

from symrelu import ReLU, gradient, lambdify

x, i, j = symbols("x i j")
M, N = MatrixSymbol("M", 2, 2), MatrixSymbol("N", 2, 2)
n, k = symbols("n k", integer=True, positive=True)
A, B = MatrixSymbol("A", 3, 3), MatrixSymbol("B", 3, 3)
u, v = MatrixSymbol("u", 3, 1), MatrixSymbol("v", 3, 1)
W = MatrixSymbol("W", n, k)
ROW = OneMatrix(1, 3)
VALUES = {
    A: np.array([[2.0, 1, 0], [0, 3, 1], [1, 0, 4]]),
    B: np.array([[1.0, -2, 3], [-4, 5, 6], [7, 8, -9]]),
    u: np.array([[1.0], [-2], [3]]),
    v: np.array([[4.0], [5], [-6]]),
    W: np.arange(8.0).reshape(2, 4) - 3,
}
a, b, p, q, w = VALUES.values()


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (A + Identity(3), a + np.eye(3)),
        (W.T * W - 2 * Identity(k), w.T @ w - 2 * np.eye(4)),
        (HadamardPower(A + B, 2), (a + b) ** 2),
        (HadamardPower(A, S.Half), a**0.5),
        (HadamardProduct(A, B) + A, a * b + a),
        (MatPow(A, 3), a @ a @ a),
        (MatPow(A, -2), np.linalg.inv(a @ a)),
        (MatPow(A, -1, evaluate=False), np.linalg.inv(a)),
        (Transpose(A) * Transpose(B), a.T @ b.T),
        (3 * Transpose(A) * Transpose(u * v.T), 3 * a.T @ (p @ q.T).T),
        (Trace(A), np.trace(a)),
        (Trace(2 * A * B), 2 * np.trace(a @ b)),
        (A[:2, 1:], a[:2, 1:]),
        (W[::2, 1:3] * A[:2, :], w[::2, 1:3] @ a[:2]),
        (A[1, 2] * W[0, 1], a[1, 2] * w[0, 1]),
        (BlockMatrix([[A, u], [v.T, Identity(1)]]), np.block([[a, p], [q.T, np.eye(1)]])),
        (MatMul(u, ROW) + A, p + a),
        (MatMul(u, ROW) + A * OneMatrix(3, 3), p + (a @ np.ones((3, 3)))),
        (MatMul(u, ROW) + MatMul(v, ROW), np.tile(p + q, 3)),
        (ReLU(MatAdd(MatMul(u, ROW), ZeroMatrix(3, 3))), np.tile(np.maximum(p, 0), 3)),
    ],
    ids=lambda value: str(value) if hasattr(value, "free_symbols") else "",
)
def test_values(expr, value):
    given = [m for m in VALUES if expr.has(m)]
    result = lambdify(given, expr)(*(VALUES[m] for m in given))
    assert np.shape(result) == np.shape(value)
    np.testing.assert_allclose(result, value, rtol=1e-12)


def test_sums_over_open_limits():
    X, i = IndexedBase("X"), symbols("i", integer=True)
    product = lambdify([X, n], Product(Indexed(X, i), (i, 0, n)))
    assert product([2, 3, 4], 2) == 24
    total = lambdify([X, n], Sum(ReLU(Indexed(X, i)), (i, 0, n - 1)))
    assert total(np.array([1.0, -2, 5]), 3) == 6
    written_out = lambdify([X], Sum(ReLU(Indexed(X, i)), (i, 0, 2)))
    assert written_out([1, -2, 5]) == 6


def test_a_function_that_is_given_for_the_step():
    function = lambdify(x, 2 * ReLU(x).diff(x), ["numpy", {"Heaviside": lambda v, H0: v + 40}])
    assert function(1.0) == 82


def test_an_inverse_among_bound_indices_is_computed_once():
    i, j = symbols("i j", integer=True)
    inverse = MatrixElement(MatPow(A, -1), i, j)
    function = lambdify(A, FunctionMatrix(3, 3, Lambda((i, j), inverse + i)))
    assert inspect.getsource(function).count("linalg.inv(A)") == 1
    assert function(a) == pytest.approx(np.linalg.inv(a) + np.arange(3)[:, None], rel=1e-12)


def test_products_by_ones_where_nothing_broadcasts():
    function = lambdify([A, B], MatMul(A, B, OneMatrix(3, 1)), "mpmath")
    assert "return A*(B*mpmath.ones(3, 1))" in inspect.getsource(function)
    result = function(mpmath.matrix(a.tolist()), mpmath.matrix(b.tolist()))
    assert [float(entry) for entry in result] == (a @ b).sum(axis=1).tolist()


def test_a_sum_of_one_term_over_a_sum_over_data():
    X, i, j = IndexedBase("X"), *symbols("i j", integer=True)
    function = lambdify([X, n], Sum(i * Sum(X[j], (j, 0, n)), (i, 1, 1)))
    assert function(np.array([1.0, 2, 4, 8]), 2) == 7


def test_what_a_printer_leaves_half_printed_is_refused():
    D = MatrixSymbol("D", n, 2)
    for modules in ("sympy", "mpmath"):
        with pytest.raises(NotImplementedError, match="no numeric form of KroneckerProduct"):
            lambdify(D, KroneckerProduct(D, D), modules)
    at = ImmutableMatrix([[1, 2], [3, 4]])  # of known dimensions it is written out
    written_out = lambdify(M, KroneckerProduct(M, M), "sympy")
    assert written_out(at) == KroneckerProduct(at, at).as_explicit()


def test_powers_bind_less_than_methods():
    D = MatrixSymbol("D", 2, 2)
    for expr, want in ((Trace(D**2), 29), (Trace(D.I.T + D), 2.5)):
        at = ImmutableMatrix([[1, 2], [3, 4]])
        assert lambdify(D, expr, "sympy")(at) == Rational(want)
    inverse = lambdify(D, D.I.T, "mpmath")(mpmath.matrix([[1, 2], [3, 4]]))
    assert mpmath.almosteq(inverse[0, 1], 1.5)
    assert lambdify(D, (D**2).T, "mpmath")(mpmath.matrix([[1, 2], [3, 4]]))[0, 1] == 15


OF_INDICES = [
    1 / (i + j + 1),
    i + j,
    exp(-((i - j) ** 2) / n),
    Piecewise((1, i >= j), (0, True)),
    Piecewise((Rational(1, 3), i > j), (1, True)),
    KroneckerDelta(i, j + 1),
    Abs(i - j),
    (-1) ** (i + j),
    sin(i / 10 ** (2 * j)),
    sqrt(2 / n) * cos(pi * i * (2 * j + 1) / (2 * n)),
    Rational(1, 3),
]


@pytest.mark.parametrize("modules", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("body", OF_INDICES, ids=str)
def test_matrices_of_indices_have_the_dtype_of_the_arguments(modules, body):
    engine = pytest.importorskip(modules)
    to_engine = {"torch": getattr(engine, "tensor", None)}.get(modules, np.asarray)
    V = MatrixSymbol("V", n, k)
    matrix = FunctionMatrix(n, n, Lambda((i, j), body))
    function = lambdify(V, [matrix * V, HadamardProduct(matrix, V * V.T)], modules)
    want = np.array([[float(body.subs({i: r, j: c, n: 3})) for c in range(3)] for r in range(3)])
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-14)):
        if modules == "jax" and dtype == "float64":
            continue
        values = np.array([[1, 2], [-3, 0.5], [2, 1]], dtype)
        found = [np.asarray(matrix) for matrix in function(to_engine(values))]
        assert [matrix.dtype for matrix in found] == [dtype, dtype]
        np.testing.assert_allclose(found[0], want @ values, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(found[1], want * (values @ values.T), tolerance, tolerance)


def test_matrices_that_are_0_once_their_indices_are_counted():
    body = Piecewise((i, And(i >= 0, i <= -1)), (0, True))
    entries = lambdify(A, FunctionMatrix(3, 3, Lambda((i, j), body)) + A)
    np.testing.assert_array_equal(entries(a), a)


def test_matrices_of_integers_stay_integers():
    V = MatrixSymbol("V", n, 1)
    mask = FunctionMatrix(n, n, Lambda((i, j), Piecewise((1, i >= j), (0, True))))
    found = lambdify(V, mask * V)(np.array([[1], [2], [4]]))
    assert found.dtype.kind == "i"
    assert found.ravel().tolist() == [1, 3, 7]


@pytest.mark.parametrize("modules", ["numpy", "torch", "jax"])
@pytest.mark.parametrize(
    "factor",
    [sqrt(n), 1 / sqrt(k), log(n), loggamma(n / S(3)), Max(n, k), Min(n, 2 * k), floor(n / 2)],
    ids=str,
)
def test_functions_of_dimensions_leave_the_dtype_to_the_arguments(modules, factor):
    engine = pytest.importorskip(modules)
    to_engine = {"torch": getattr(engine, "tensor", None)}.get(modules, np.asarray)
    values = np.array([[1, 2, 4, 0], [-3, 0.5, 1, 1]], "float32")
    found = np.asarray(lambdify(W, factor * W, modules)(to_engine(values)))
    assert found.dtype == "float32"
    want = float(factor.subs({n: 2, k: 4}))
    np.testing.assert_allclose(found, want * values, rtol=1e-6)


def test_functions_of_dimensions_do_not_raise_in_branches_that_are_not_taken():
    factor = Piecewise((log(n - 2), n > 2), (Max(n, 7), True))
    for shape, want in (((3, 1), 0), ((2, 1), 7), ((1, 1), 7)):
        assert lambdify(W, factor * W)(np.ones(shape)).ravel()[0] == want


def test_entries_that_are_functions_of_time_are_broadcast():
    t, x = symbols("t x")
    f, g = Function("f")(t), Function("g")(t)
    arguments = [f, g, f.diff(t), A[0, 0], A[1, 0], Indexed(IndexedBase("x"), 0), x]
    values = [np.arange(3.0), 2.0, np.ones(3), np.arange(3.0), 5.0, 7.0, np.zeros(3)]
    found = lambdify(arguments, ImmutableMatrix(arguments))(*values)
    assert found.shape == (7, 1, 3)
    np.testing.assert_array_equal(found[:, 0], np.array([np.ones(3) * v for v in values]))


@pytest.mark.parametrize(
    "kind",
    [Array, MutableDenseNDimArray, MutableSparseNDimArray, ImmutableSparseNDimArray],
)
def test_arrays_of_every_kind(kind):
    entries = [[[x, 0], [1, i]]]
    found = lambdify([x, i], [kind(entries), {"a": kind([0, x])}])(2.0, 3.0)
    np.testing.assert_array_equal(found[0], [[[2, 0], [1, 3]]])
    np.testing.assert_array_equal(found[1]["a"], [0, 2])


def test_entries_that_share_scalars_are_walked_once():
    scalar = x
    for _ in range(40):
        scalar = scalar * (1 + 1 / scalar)
    with time_limit(5, "a matrix of scalars within scalars"):
        function = lambdify([x, i], ImmutableMatrix([scalar, scalar * i]))
    assert function(2.0, 3.0).ravel() == pytest.approx([42, 126], rel=1e-12)


Z = np.array([[1 + 2j, -1j], [3, 0.5 - 1j]])
z = np.array([[1j], [2 - 1j]])
UNITARY, STATE = MatrixSymbol("UNITARY", 2, 2), MatrixSymbol("STATE", 2, 1)
OF_COMPLEX = [
    (Adjoint(UNITARY) * UNITARY, Z.conj().T @ Z),
    (UNITARY * STATE * Adjoint(STATE), Z @ z @ z.conj().T),
    (Adjoint(STATE) * UNITARY * STATE, z.conj().T @ Z @ z),
    (sqrt((Adjoint(STATE) * STATE)[0]), np.sqrt(6)),
    (UNITARY.conjugate() * STATE, Z.conj() @ z),
    (HadamardProduct(UNITARY, UNITARY.conjugate()), abs(Z) ** 2),
    (Adjoint(UNITARY + I * Identity(2)), (Z + 1j * np.eye(2)).conj().T),
    (UNITARY.applyfunc(conjugate), Z.conj()),
    (UNITARY.applyfunc(re), Z.real),
    (UNITARY.applyfunc(lambda entry: Abs(entry) ** 2), abs(Z) ** 2),
    (UNITARY.applyfunc(lambda entry: conjugate(Trace(UNITARY)) * entry), np.trace(Z).conj() * Z),
    (UNITARY.applyfunc(lambda entry: sqrt(entry**2)), np.sqrt(Z**2)),
    (conjugate(Trace(UNITARY)), np.trace(Z).conj()),
    (log(Determinant(UNITARY)), np.log(np.linalg.det(Z))),
    (UNITARY.T * UNITARY, Z.T @ Z),
]


@pytest.mark.parametrize("modules", ["numpy", "torch", "jax"])
@pytest.mark.parametrize(("expr", "value"), OF_COMPLEX, ids=lambda v: str(v) if v is not Z else "")
def test_arrays_may_be_complex(modules, expr, value):
    engine = pytest.importorskip(modules)
    to_engine = {"torch": getattr(engine, "tensor", None)}.get(modules, np.asarray)
    result = lambdify([UNITARY, STATE], expr, modules)(to_engine(Z), to_engine(z))
    result = getattr(result, "resolve_conj", lambda: result)()  # a tensor, for NumPy
    np.testing.assert_allclose(np.asarray(result), value, rtol=2e-6 if modules == "jax" else 1e-12)


def test_nothing_is_done_twice_for_what_is_real():
    adjoint = lambdify(UNITARY, Adjoint(UNITARY))
    real = np.ones((2, 2))
    assert np.shares_memory(adjoint(real), real)
    huber = UNITARY.applyfunc(lambda t: Piecewise((t**2, Abs(t) < 1), (Abs(t), True)))
    loss = Trace(OneMatrix(2, 2) * huber)
    source = inspect.getsource(lambdify(UNITARY, [loss, gradient(loss, UNITARY)]))
    assert source.count("abs(UNITARY)") == 1


@pytest.mark.parametrize("modules", ["numpy", "torch"])
def test_small_matrices_that_an_engine_does_not_know_are_written_out(modules):
    engine = pytest.importorskip(modules)
    to_engine = {"torch": getattr(engine, "tensor", None)}.get(modules, np.asarray)
    shift = Permutation([2, 0, 1])
    expr = [PermutationMatrix(shift) * A, MatrixPermute(A, shift)]
    for found in lambdify(A, expr, modules)(to_engine(a)):
        np.testing.assert_array_equal(np.asarray(found), a[[2, 0, 1]])
    companion = lambdify(x, CompanionMatrix(Poly(i**2 + x * i + 1, i)), modules)
    np.testing.assert_array_equal(np.asarray(companion(to_engine(2.0))), [[0, -1], [1, -2]])


@pytest.mark.parametrize("modules", ["numpy", "torch", "jax"])
def test_kronecker_products(modules):
    engine = pytest.importorskip(modules)
    to_engine = {"torch": getattr(engine, "tensor", None)}.get(modules, np.asarray)
    value = lambdify([A, v], KroneckerProduct(A, v, A), modules)(*map(to_engine, (a, q)))
    np.testing.assert_allclose(np.asarray(value), np.kron(a, np.kron(q, a)), rtol=1e-6)
