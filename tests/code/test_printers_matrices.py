"""What the rules for matrices compute; their code is tested in test_printers.py."""

import inspect

import numpy as np
import pytest
from sympy import (
    BlockMatrix,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    Indexed,
    IndexedBase,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    Product,
    S,
    Sum,
    Trace,
    Transpose,
    ZeroMatrix,
    symbols,
)
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, lambdify

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
    with pytest.raises(NotImplementedError, match=r"the limits of Product\(X\[i\].* are open"):
        lambdify([X, n], Product(Indexed(X, i), (i, 0, n)))
    total = lambdify([X, n], Sum(ReLU(Indexed(X, i)), (i, 0, n - 1)))
    assert total(np.array([1.0, -2, 5]), 3) == 6
    written_out = lambdify([X], Sum(ReLU(Indexed(X, i)), (i, 0, 2)))
    assert written_out([1, -2, 5]) == 6


def test_a_function_that_is_given_for_the_step():
    function = lambdify(x, 2 * ReLU(x).diff(x), ["numpy", {"Heaviside": lambda v, H0: v + 40}])
    assert function(1.0) == 82


def test_an_inverse_among_bound_indices_is_computed_once():
    inverse = MatrixElement(MatPow(M, -1), i, j)
    function = lambdify(M, FunctionMatrix(2, 2, Lambda((i, j), inverse + i)))
    at = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert inspect.getsource(function).count("linalg.inv(M)") == 1
    assert function(at) == pytest.approx(np.linalg.inv(at) + np.array([[0, 0], [1, 1]]))


def test_products_by_ones_where_nothing_broadcasts():
    mpmath = pytest.importorskip("mpmath")
    a, b = [[1, 2], [3, 5]], [[7, 11], [13, 17]]
    function = lambdify([M, N], MatMul(M, N, OneMatrix(2, 1)), "mpmath")
    assert "return M*(N*mpmath.ones(2, 1))" in inspect.getsource(function)
    want = np.array(a) @ np.array(b) @ np.ones((2, 1))
    assert np.array(function(mpmath.matrix(a), mpmath.matrix(b)).tolist(), float).tolist() == (
        want.tolist()
    )
