"""Loops and integrals in functions of the entries of a matrix."""

import numpy as np
import pytest
from sympy import (
    Derivative,
    FunctionMatrix,
    IndexedBase,
    Integral,
    Lambda,
    MatrixSymbol,
    Piecewise,
    Product,
    Sum,
    exp,
    sin,
    symbols,
)

from symrelu import elementwise, lambdify

x, s = symbols("x s")
k, m = symbols("k m", integer=True)
n = symbols("n", integer=True, positive=True)
w = MatrixSymbol("w", 3, 1)
u, t, a = MatrixSymbol("u", 2, 1), MatrixSymbol("t", n, 1), IndexedBase("a")
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
