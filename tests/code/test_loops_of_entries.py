"""Loops and integrals in functions of the entries of a matrix."""

import numpy as np
import pytest
from sympy import (
    Derivative,
    Determinant,
    FunctionMatrix,
    IndexedBase,
    Integral,
    Lambda,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    Product,
    Sum,
    Trace,
    exp,
    sin,
    symbols,
)

from symrelu import elementwise, lambdify

x, s = symbols("x s")
i, k, m = symbols("i k m", integer=True)
n = symbols("n", integer=True, positive=True)
w = MatrixSymbol("w", 3, 1)
u, t, a = MatrixSymbol("u", 2, 1), MatrixSymbol("t", n, 1), IndexedBase("a")
D, b = MatrixSymbol("D", 3, 3), IndexedBase("b")
first = Piecewise((u[k, 0], k < 2), (0, True))
POINT = np.array([[0.25], [0.5], [2]])


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (lambda z: Sum(z**k / (k + 1), (k, 0, m)), sum(POINT**i / (i + 1) for i in range(5))),
        (
            lambda z: Product(1 + z / (k + 1) ** 2, (k, 0, 200)),
            np.prod([1 + POINT / (i + 1) ** 2 for i in range(201)], axis=0),
        ),
        (lambda z: Derivative(sin(z), z), np.cos(POINT)),
    ],
)
def test_a_loop_of_entries(function, numbers):
    compiled = lambdify([w, m], elementwise(function, w), "numpy")
    np.testing.assert_allclose(compiled(POINT, 4), numbers)


def test_an_integral_of_entries():
    pytest.importorskip("scipy")
    for end, numbers in ((1, 1 - np.exp(-POINT)), (s, 1 - np.exp(-(POINT**2)))):
        body = s * Integral(exp(-s * x), (x, 0, end))
        compiled = lambdify(w, elementwise(lambda z, body=body: body.subs(s, z), w))
        np.testing.assert_allclose(compiled(POINT), numbers)


@pytest.mark.parametrize(
    ("expr", "numbers"),
    [
        (Sum(first, (k, 0, n - 1)), 30),
        (Sum(Piecewise((u[k, 0] * t[k, 0], k < 2), (t[k, 0], True)), (k, 0, n - 1)), 57),
        (Product(Piecewise((a[k], k < 2), (1, True)), (k, 0, n - 1)), 200),
        (Sum(Sum(first, (k, 0, m)), (m, 0, n - 1)), 100),
        (FunctionMatrix(3, 1, Lambda((k, m), first)), [[10], [20], [0]]),
    ],
)
def test_elements_that_are_there_in_one_branch_only(expr, numbers):
    pair, four = np.array([[10.0], [20]]), np.arange(1.0, 5)[:, None]
    np.testing.assert_array_equal(lambdify([u, a, t], expr)(pair, pair[:, 0], four), numbers)


def test_matrices_of_indices_are_refused_by_their_name():
    with pytest.raises(NotImplementedError, match="math has no numeric form of FunctionMatrix"):
        lambdify(u, FunctionMatrix(3, 1, Lambda((k, m), first)), "math")


# Square: axes could be taken for each other.
M, V = np.arange(9.0).reshape(3, 3) % 4 / 4, np.array([0.5, -1, 2])


@pytest.mark.parametrize(
    ("expr", "numbers"),
    [
        (
            Sum((Sum(b[k, m], (m, 0, n - 1)) - a[k]) ** 2, (k, 0, n - 1)),
            ((M.sum(1) - V) ** 2).sum(),
        ),
        (Sum(Sum(b[k, m], (k, 0, n - 1)) ** 2, (m, 0, n - 1)), (M.sum(0) ** 2).sum()),
        (
            Sum(Sum(b[k, i] * b[m, i], (i, 0, n - 1)) ** 2, (k, 0, n - 1), (m, 0, n - 1)),
            ((M @ M.T) ** 2).sum(),
        ),
        (FunctionMatrix(n, n, Lambda((k, m), Sum(b[k, i] * b[m, i], (i, 0, n - 1)))), M @ M.T),
        (elementwise(lambda z: Sum(a[k] * z**k, (k, 0, n - 1)), D), V[0] + V[1] * M + V[2] * M**2),
    ],
)
@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_sums_within_sums_and_of_entries(expr, numbers, engine):
    as_array = pytest.importorskip("torch").tensor if engine == "torch" else np.array
    compiled = lambdify([a, b, D, n], expr, engine)
    found = compiled(as_array(V), as_array(M), as_array(M), 3)
    np.testing.assert_allclose(np.asarray(found), numbers)


d = MatrixSymbol("d", 3, 1)


@pytest.mark.parametrize(
    ("expr", "number"),
    [
        # An inner sum over the same index.
        (Sum(a[k] * Sum(a[k] ** 2, (k, 0, n - 1)), (k, 0, n - 1)), V.sum() * (V**2).sum()),
        # An inner choice, whose condition looks up what the outer one guards.
        (
            Sum(Product(Piecewise((2, a[k] > x), (3, True)), (k, 0, m)), (m, 0, n - 1)),
            3 + 9 + 18,
        ),
        # A Max of what SymPy would take for numbers.
        (Product(Max(k + 1, a[k], Sum(k + 1, (m, 0, k)) / 2), (k, 0, n - 1)), 1 * 2 * 4.5),
        (
            Trace(OneMatrix(1, 3) * elementwise(lambda z: Max(Sum(z + k, (k, 0, n)), 1), d)),
            6 + 10 + 18,
        ),
    ],
)
def test_what_stands_around_sums(expr, number):
    compiled = lambdify([a, d, x, n], expr)
    np.testing.assert_allclose(
        np.squeeze(compiled(V, 2 * np.abs(V)[:, None] - 1.0, 1.5, 3)), number
    )


A, B, Y = MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2), MatrixSymbol("Y", n, 2)
MATRICES = {A: np.array([[1.0, 2], [-1, 3]]), B: np.array([[0.0, 1], [2, -2]])}
det = np.linalg.det


def table(entry):
    return np.array([[entry(p, q) for q in range(2)] for p in range(2)])


@pytest.mark.parametrize(
    ("expr", "numbers"),
    [
        (
            FunctionMatrix(2, 2, Lambda((k, m), Determinant(A + (k + 2 * m) * B))),
            table(lambda p, q: det(MATRICES[A] + (p + 2 * q) * MATRICES[B])),
        ),
        (
            Sum(Determinant(A + k * B) * a[k], (k, 0, n - 1)),
            sum(det(MATRICES[A] + p * MATRICES[B]) * V[p] for p in range(3)),
        ),
        (
            Sum(Trace(elementwise(lambda z: exp(z * a[k]), A)), (k, 0, n - 1)),
            sum(np.trace(np.exp(MATRICES[A] * V[p])) for p in range(3)),
        ),
        (
            FunctionMatrix(
                n, 1, Lambda((k, m), Sum(exp(Sum(Y[k, i] * Y[i, i], (i, 0, 1))), (m, 0, n)))
            ),
            4 * np.exp(M[:, :2] @ np.diag(M)[:2, None]),
        ),
        (elementwise(lambda z: Sum(Sum(a[k] * z**i, (k, 0, n - 1)), (i, 0, n)), A), None),
    ],
)
def test_matrices_of_an_index(expr, numbers):
    if numbers is None:
        numbers = sum(V.sum() * MATRICES[A] ** p for p in range(4))
    found = lambdify([A, B, a, Y, n], expr)(*MATRICES.values(), V, M[:, :2], 3)
    np.testing.assert_allclose(found, numbers)


def test_too_many_matrices_of_an_index_are_refused():
    with pytest.raises(NotImplementedError, match="with a matrix for each entry"):
        lambdify([A, n], FunctionMatrix(n, n, Lambda((k, m), Determinant(A + k * A))))


def test_elements_that_are_summed_over_beside_an_entry():
    inner = Sum(t[k, 0], (m, 0, n - 1))
    matrix = elementwise(lambda z: Sum(Piecewise((z, z < a[k]), (inner, True)), (k, 0, n - 1)), A)
    found = lambdify([A, a, t], matrix)(MATRICES[A], V, 2 * V[:, None])
    expected = sum(np.where(MATRICES[A] < v, MATRICES[A], 3 * 2 * v) for v in V)
    np.testing.assert_allclose(found, expected)
