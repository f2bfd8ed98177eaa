"""Functions that have their derivative from the table, within elementwise, sums and integrals."""

import numpy as np
import pytest
from sympy import (
    Determinant,
    Function,
    FunctionMatrix,
    IndexedBase,
    Integral,
    Inverse,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Product,
    Rational,
    Sum,
    Trace,
    exp,
    symbols,
    tanh,
)

from symrelu import ReLU, elementwise, gradient, hessian, jacobian, lambdify
from symrelu.gradients import pullback

x, t = symbols("x t", real=True)
i, j, n = symbols("i j n", integer=True, positive=True)
a = IndexedBase("a")
W, X = MatrixSymbol("W", 3, 2), MatrixSymbol("X", 2, 4)
w = MatrixSymbol("w", 2, 1)
f = Function("f")


class LogCosh(Function):
    _imp_ = staticmethod(lambda v: np.log(np.cosh(v)))


@pullback.register(LogCosh)
def _(node, cotangent, needed):
    yield node.args[0], cotangent * tanh(node.args[0])


class Saturation(Function):
    def _eval_rewrite_as_ReLU(self, u, **hints):
        return ReLU(u, Rational(1, 3)) - ReLU(u - 1, 1)


def total(matrix):
    rows, columns = matrix.shape
    return Trace(matrix * OneMatrix(columns, rows))


@pytest.mark.parametrize(
    ("loss", "wrt", "slope"),
    [
        (total(elementwise(LogCosh, W * X)), W, "tanh.(W*X)*X.T"),
        (total((W * X).applyfunc(LogCosh)), W, "tanh.(W*X)*X.T"),
        (
            total(elementwise(Saturation, W * X)),
            W,
            "(Heaviside.(W*X, 1/3) - Heaviside.(W*X - 1, 1))*X.T",
        ),
        (Sum(LogCosh(x * a[i]), (i, 1, n)), x, "Sum(tanh(x*a[i])*a[i], (i, 1, n))"),
        (Integral(LogCosh(x * t), (t, 0, 2)), x, "Integral(t*tanh(t*x), (t, 0, 2))"),
        (Sum(LogCosh(x * w[i, 0]), (i, 0, 1)), w, "x*tanh.(x*w)"),
    ],
)
def test_a_rule_holds_within_other_functions(loss, wrt, slope):
    assert str(gradient(loss, wrt)) == slope


def test_a_rule_holds_for_indices():
    slope = x * tanh(x * a[i]) * KroneckerDelta(2, i)
    assert gradient(Sum(LogCosh(x * a[i]), (i, 1, n)), a[2]) == Sum(slope, (i, 1, n))
    matrix = FunctionMatrix(2, 2, Lambda((i, j), LogCosh(x * (i + 2 * j))))
    assert gradient(matrix[1, 1], x) == 3 * tanh(3 * x)


def test_a_rule_holds_twice():
    H = hessian(total(elementwise(lambda z: LogCosh(z) ** 2, W * w)), w)
    J = jacobian(gradient(total(elementwise(lambda z: LogCosh(z) ** 2, W * w)), w), w)
    point = {W: np.array([[1.0, -2], [0.5, 3], [-1, 1]]), w: np.array([[0.3], [-0.4]])}
    z = point[W] @ point[w]
    curvature = 2 * np.tanh(z) ** 2 + 2 * np.log(np.cosh(z)) * (1 - np.tanh(z) ** 2)
    for found in lambdify([W, w], [H, J])(*point.values()):
        np.testing.assert_allclose(found, point[W].T @ (curvature * point[W]))


def test_what_has_no_derivative_stays():
    assert str(hessian(total(elementwise(f, w)), w)).startswith("DiagMatrix((_d -> Derivative(f(")
    assert hessian(Sum(f(x * i), (i, 1, 2)), x) == Sum(f(x * i), (i, 1, 2)).diff(x, 2)
    with pytest.raises(NotImplementedError, match=r"no numeric form of Derivative\(f\(w\), w\)"):
        lambdify(w, gradient(total(elementwise(f, w)), w))


def test_matrices_of_indices_of_elements():
    t, C = MatrixSymbol("t", n, 1), MatrixSymbol("C", n, n)
    u, D = MatrixSymbol("u", 3, 1), MatrixSymbol("D", 2, 2)
    kernel = FunctionMatrix(n, n, Lambda((i, j), x * exp(-((t[i, 0] - t[j, 0]) ** 2))))
    hankel = FunctionMatrix(2, 2, Lambda((i, j), ReLU(u)[i + j, 0] ** 2))
    rng = np.random.default_rng(0)
    T, c, U, d = (rng.normal(size=shape) for shape in ((4, 1), (4, 4), (3, 1), (2, 2)))
    losses = [Trace(C * kernel), Trace(D * hankel)]
    slopes = [gradient(losses[0], [t, C, x]), gradient(losses[1], [u, D])]
    compiled = lambdify([t, C, x, u, D], slopes)
    (by_t, by_C, by_x), (by_u, by_D) = compiled(T, c, 0.5, U, d)
    K = np.exp(-((T - T.T) ** 2))
    np.testing.assert_allclose(by_C, 0.5 * K)
    np.testing.assert_allclose(by_x, (c * K).sum())
    pull = -(c + c.T) * K * (T - T.T)
    np.testing.assert_allclose(by_t, pull.sum(axis=1, keepdims=True))
    part = np.maximum(U, 0)
    np.testing.assert_allclose(by_u, 2 * part * [[d[0, 0]], [d[0, 1] + d[1, 0]], [d[1, 1]]])
    np.testing.assert_allclose(by_D, [part[:2, 0] ** 2, part[1:, 0] ** 2])


def test_sums_of_functions_of_a_whole_matrix():
    A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
    assert str(gradient(Sum(Trace(A**i), (i, 1, 3)), A)) == "2*A.T + 3*A.T**2 + I"
    by_A, by_x = gradient(x * Product(Trace(A + i * B), (i, 1, 2)), [A, x])
    assert str(by_A) == "x*(Trace(2*B + A) + Trace(A + B))*I"
    assert by_x == Product(Trace(A + i * B), (i, 1, 2))
    with pytest.raises(NotImplementedError, match="Sum of functions of a whole matrix"):
        gradient(Sum(Trace(A**i), (i, 1, n)), A)
    with pytest.raises(NotImplementedError, match="Integral of functions of a whole matrix"):
        gradient(Integral(Trace(t * A) ** 2, (t, 0, 1)), A)


def kernel_of(entry):
    return FunctionMatrix(3, 3, Lambda((i, j), entry(i, j)))


@pytest.mark.parametrize(
    "of",
    [
        lambda t, C: Trace(Inverse(kernel_of(lambda i, j: exp(-((t[i, 0] - t[j, 0]) ** 2))) + C)),
        lambda t, C: Trace(ReLU(kernel_of(lambda i, j: t[i, 0] - t[j, 0])) * C),
        lambda t, C: Determinant(kernel_of(lambda i, j: t[i, 0] ** j)),
        lambda t, C: t.T * kernel_of(lambda i, j: C[j, i] * t[j, 0] * t[0, 0]) * t,
    ],
)
def test_kernels_within_matrices(of):
    u, D = MatrixSymbol("u", 3, 1), MatrixSymbol("D", 3, 3)
    loss = of(u, D)
    compiled = lambdify([u, D], [loss, gradient(loss, u)])
    point, matrix = np.array([[0.5], [-1], [2]]), np.diag([3.0, 2, 4]) + 0.5
    steps = 1e-6 * np.eye(3)[:, :, None]

    def at(p):
        return np.squeeze(compiled(p, matrix)[0])

    differences = [(at(point + h) - at(point - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(compiled(point, matrix)[1][:, 0], differences, rtol=1e-6, atol=1e-8)


def test_entries_beside_elements_that_are_summed_over():
    T, S = MatrixSymbol("T", n, 1), MatrixSymbol("S", 2, 2)
    near = elementwise(lambda z: Sum(exp(-((z - T[i, 0]) ** 2)), (i, 0, n - 1)) * Trace(S), X)
    loss = total(near)
    places, point = np.array([[0.3], [-0.2], [1.5]]), np.arange(8.0).reshape(2, 4) / 4
    by_T, by_X, by_S = lambdify([T, X, S], gradient(loss, [T, X, S]))(places, point, np.eye(2))
    gaps = point - places[:, :, None]
    weights = np.exp(-(gaps**2))
    np.testing.assert_allclose(by_T[:, 0], (4 * gaps * weights).sum(axis=(1, 2)))
    np.testing.assert_allclose(by_X, (-4 * gaps * weights).sum(axis=0))
    np.testing.assert_allclose(by_S, weights.sum() * np.eye(2))
    summed = elementwise(lambda z: Sum(z * a[i], (i, 0, n - 1)), X)
    with pytest.raises(NotImplementedError, match="entries depend on a variable by the index"):
        gradient(total(summed), a[1])
