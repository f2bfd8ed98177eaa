"""What the rules for matrices compute; their code is tested in test_printers.py."""

import inspect

import mpmath
import numpy as np
import pytest
from sympy import (
    BlockMatrix,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    Indexed,
    IndexedBase,
    KroneckerProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    Product,
    Rational,
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
    D = MatrixSymbol("D", 2, 2)
    for modules in ("sympy", "mpmath", "math"):
        with pytest.raises(NotImplementedError, match="no numeric form of KroneckerProduct"):
            lambdify(D, KroneckerProduct(D, D), modules)


def test_powers_bind_less_than_methods():
    D = MatrixSymbol("D", 2, 2)
    for expr, want in ((Trace(D**2), 29), (Trace(D.I.T + D), 2.5)):
        at = ImmutableMatrix([[1, 2], [3, 4]])
        assert lambdify(D, expr, "sympy")(at) == Rational(want)
    inverse = lambdify(D, D.I.T, "mpmath")(mpmath.matrix([[1, 2], [3, 4]]))
    assert mpmath.almosteq(inverse[0, 1], 1.5)
    assert lambdify(D, (D**2).T, "mpmath")(mpmath.matrix([[1, 2], [3, 4]]))[0, 1] == 15
