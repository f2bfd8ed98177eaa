"""One reading of what can be written in many ways."""

import numpy as np
import pytest
from support.limits import time_limit
from sympy import (
    Abs,
    Add,
    Adjoint,
    Derivative,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Dummy,
    Function,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    IndexedBase,
    Inverse,
    KroneckerDelta,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    Matrix,
    MatrixSymbol,
    Max,
    Mul,
    OneMatrix,
    Piecewise,
    S,
    Subs,
    Sum,
    Trace,
    Transpose,
    ZeroMatrix,
    cos,
    exp,
    latex,
    log,
    pretty,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, elementwise, gradient, lambdify
from symrelu.gradients import pullback
from symrelu.matrices import Elementwise
from symrelu.matrices.reading import read, reader
from symrelu.matrices.table import Table

s, t = symbols("s t")
n = symbols("n", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
A, B, C = (MatrixSymbol(name, n, n) for name in "ABC")
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
u, v = MatrixSymbol("u", 1, 1), MatrixSymbol("v", 1, 1)
M, N = MatrixSymbol("M", 2, 2), MatrixSymbol("N", 2, 2)
E = ImmutableMatrix([[1, 2], [3, 4]])
AT = {M: np.array([[1.0, 2], [3, 5]]), N: np.array([[7.0, 11], [13, -17]])}


def reads(e):
    (read_,) = read([e])
    return read_


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (A * B, (B.T * A.T).T),
        (A + B.T, (A.T + B).T),
        (HadamardProduct(A, B), HadamardProduct(A.T, B.T).T),
        (ReLU(A * B), ReLU(B.T * A.T).T),
        ((A * B).applyfunc(tanh), elementwise(tanh, B.T * A.T).T),
        ((A * B).I, ((B.T * A.T).I).T),
        (2 * A * s * B, s * (2 * B.T * A.T).T),
        (Trace(A * B), Trace(B.T * A.T)),
        (Adjoint(A), A.T),
        (HadamardPower(A, 2), A.applyfunc(lambda e: e**2)),
        (Inverse(Inverse(A)), A),
        (Inverse(Inverse(A).T), A.T),
        (A + A.T - A, A.T),
        (x.T * A * y, y.T * A.T * x),
        (E * M, (M.T * E.T).T),
    ],
    ids=str,
)
def test_a_matrix_and_its_transpose_are_one(a, b):
    (whole,) = read([MatMul(a, b)] if getattr(a, "is_Matrix", False) else [a * b])
    first, second = read([a, b])
    assert first is second, whole


@pytest.mark.parametrize(
    ("e", "as_read"),
    [
        (HadamardPower(M, 0), OneMatrix(2, 2)),
        (HadamardPower(M, 1), M),
        (MatMul(0, M), ZeroMatrix(2, 2)),
        (MatMul(M, ZeroMatrix(2, 3)), ZeroMatrix(2, 3)),
        (MatAdd(M, MatMul(-1, M)), ZeroMatrix(2, 2)),
        (HadamardProduct(M, ZeroMatrix(2, 2)), ZeroMatrix(2, 2)),
        (Trace(MatMul(3, Identity(n))), 3 * n),
        (Trace(ZeroMatrix(n, n)), S.Zero),
        (MatMul(OneMatrix(1, n), OneMatrix(n, 2)), n * OneMatrix(1, 2)),
        (M.applyfunc(lambda e: S(3)), 3 * OneMatrix(2, 2)),
        (Trace(MatAdd(MatMul(0, M), M)), Trace(M)),
        (MatAdd(MatMul(s, M), MatMul(t, M)), MatMul(s + t, M)),
    ],
    ids=str,
)
def test_what_vanishes_and_what_is_constant(e, as_read):
    assert reads(e) == as_read


@pytest.mark.parametrize(
    "e",
    [
        MatMul(2, M).I,
        MatMul(s, M).I * N,
        HadamardPower(M, MatMul(N, Identity(2))[0, 0]),
        HadamardPower(2, M),
        MatPow(MatMul(M, N), 3),
        MatMul(*[M, N] * 9),
        Matrix([[Trace(M), 1], [0, Trace(N)]]).as_immutable() * M,
        M[:1, :] * N[:, 1:],
        M.T[0:1, :] + N[0:1, :],
        Transpose(MatMul(M[:, :1], OneMatrix(1, 2))) + N,
        ((M * N)[0, 1] + M.T[0, 1]) * N,
        (M * E)[1, 0] * N,
    ],
    ids=str,
)
def test_the_reading_has_the_value_of_what_was_written(e):
    e = e.subs(s, 3)
    got = lambdify([M, N], e)(*AT.values())
    explicit = {name: ImmutableMatrix(value) for name, value in AT.items()}
    want = e.subs(explicit).doit()
    want = want.as_explicit() if hasattr(want, "as_explicit") else want
    np.testing.assert_allclose(np.array(got, float), np.array(want.tolist(), float), rtol=1e-9)


def test_scalars_and_matrices_of_one_entry_meet():
    for e in (sqrt(x.T * x), log(x.T * x) * 2, (x.T * x) ** -2, (x.T * A * x) * (x.T * x).I):
        by_x = gradient(e, x)
        assert by_x.shape == (n, 1)
    f = lambdify([u, v], [u + v, u.I * v, u * v * u.T])
    a, b = np.array([[2.0]]), np.array([[3.0]])
    assert [float(r) for r in map(np.squeeze, f(a, b))] == [5, 1.5, 12]


def test_a_function_of_a_matrix_is_no_function_of_its_entries():
    d = Dummy()
    e = Lambda(d, exp(d)).expr.xreplace({d: MatMul(M, N)})
    with pytest.raises(NotImplementedError, match=r"exp of a matrix .*write elementwise\(exp, A\)"):
        reads(e)
    inside = ElementwiseApplyFunction(Lambda(s, Trace(s * N)), M)
    with pytest.raises(
        NotImplementedError, match="puts its entry into a formula with the matrix N"
    ):
        gradient(Trace(inside), N)


def test_a_reading_that_needs_itself_is_an_error():
    class Loop(MatrixExpr):
        shape = property(lambda self: (2, 2))

    @reader.register(Loop)
    def _(node):
        return [node], lambda table, x: x

    with pytest.raises(RecursionError, match="the reading of Loop needs itself"):
        read([Loop(M)])


def test_a_sum_of_shapes_that_do_not_fit():
    table = Table()
    with pytest.raises(ValueError, match=r"the terms of a sum have the shapes \(2, 2\), \(n, n\)"):
        table.sum([table.leaf(M), table.leaf(A)])
    assert table.times([table.leaf(S(2)), table.zero]) == table.zero
    assert table.plus([table.zero]) == table.zero
    assert table.scale(table.zero, table.leaf(M)) == table.leaf(ZeroMatrix(2, 2))


@pytest.mark.parametrize(
    ("total", "matrices"),
    [
        (Sum(A[i, k] * B[k, j], (k, 0, n - 1)), MatrixElement(MatMul(A, B), i, j)),
        (Sum(A[i, k] * B[j, k], (k, 0, n - 1)), MatrixElement(MatMul(A, B.T), i, j)),
        (Sum(A[k, k], (k, 0, n - 1)), Trace(A)),
        (Sum(A[j, k] * x[k, 0], (k, 0, n - 1)), MatrixElement(MatMul(A, x), j, 0)),
        (Sum(x[k, 0] * KroneckerDelta(k, 1), (k, 0, 3)), x[1, 0]),
        (Sum(x[k, 0], (k, 1, n - 1)), Trace(x) + x[1, 0] + x[2, 0] - x[0, 0]),
        (Sum((x[k, 0] - x[k - 1, 0]) ** 2, (k, 1, n - 1)), S(2)),
        (Sum(x[k, 0] * A[k, k + 1], (k, 0, n - 2)), x[1, 0] * A[1, 2]),
        (Sum(B[k, k] * x[k + 1, 0], (k, 0, n - 2)), S(9)),
        (Sum(Max(2, x[k, 0] * B[0, 0]) ** 2, (k, 0, n - 1)), S(4 + 9 + 36)),
        (Sum(Piecewise((x[k, 0], x[k, 0] > 1), (5, True)), (k, 0, n - 1)), S(12)),
        (Sum(sqrt((A**3)[k, k]), (k, 0, n - 1)), sqrt(180) + sqrt(720) + sqrt(1476)),
        (Sum(x[0, 0] + 1, (k, 0, n - 1)), S(3)),
        (Sum(DiagMatrix(x)[i, j] * A[i, j], (i, 0, n - 1), (j, 0, n - 1)), S(20)),
        ((x.T * DiagonalMatrix(A) * x)[0, 0], S(36)),
        (Sum(x[2 * k, 0] * x[k, 0], (k, 0, 1)), S(2)),
        (Sum(exp(x[k, 0] * Sum(x[k, 0], (k, 0, 2))), (k, 1, 2)), exp(3) + exp(6)),
    ],
    ids=str,
)
def test_sums_over_elements_are_products(total, matrices):
    def value(e, size=3):
        at = {A: np.arange(9.0).reshape(3, 3), B: np.eye(3) + 2, x: np.arange(3.0)[:, None]}
        f = lambdify([A, B, x, i, j], e)
        return f(at[A], at[B], at[x], 1, 2)

    assert not reads(total).has(Sum)
    assert value(total) == pytest.approx(value(matrices))


@pytest.mark.parametrize(
    ("total", "by_hand"),
    [
        (Sum(A[i, j] * x[i, 0] * y[j, 0] * s, (i, 0, n - 1), (j, 0, n - 1)), "s*(x@y.T)"),
        (Sum(A[i, j] ** 2 * B[i, j], (i, 0, n - 1), (j, 0, n - 1)), "2*A*B"),
        (Sum(sin(A[i, 0]) * y[i, 0] + x[i, 0], (i, 0, n - 1)), "first(numpy.cos(A)*y)"),
        (Sum(Sum(A[i, j], (j, 0, n - 1)) ** 2, (i, 0, n - 1)), "2*A.sum(1, keepdims=True) + 0*A"),
    ],
    ids=str,
)
def test_gradients_of_sums_over_elements(total, by_hand):
    at = [
        np.arange(9.0).reshape(3, 3),
        np.eye(3) + 2,
        np.arange(3.0)[:, None],
        np.ones((3, 1)),
        2.0,
    ]

    def first(columns):
        return np.hstack([columns[:, :1], np.zeros((3, 2))])

    names = {"A": at[0], "B": at[1], "x": at[2], "y": at[3], "s": 2.0, "numpy": np, "first": first}
    got = lambdify([A, B, x, y, s], gradient(total, A))(*at)
    np.testing.assert_allclose(got, eval(by_hand, names))


@pytest.mark.parametrize(
    "total",
    [
        Sum(
            A[i, j] * B[i, j] * C[i, j] * Function("g")(A[i, j], B[i, j]), (i, 0, n - 1), (j, 0, 5)
        ),
        Sum(x[2 * i, 0] * x[i, 0], (i, 0, 20)),
        Sum(x[i, 0], (i, 0, k)),  # it is not known to end before x does
        Sum(A[i, j] * Function("g")(i), (i, 0, n - 1), (j, 0, n - 1)),
        Sum(A[i, k] * B[k, j], (k, 0, n)),
        Sum(FunctionMatrix(n, n, Lambda((i, j), k))[0, 0] * x[k, 0] * i, (k, 0, n)),
    ],
    ids=str,
)
def test_other_sums_stay(total):
    assert reads(total).has(Sum)


def test_long_sums_are_rolled_up():
    X, w = MatrixSymbol("X", 12, 10), MatrixSymbol("w", 10, 1)
    y = MatrixSymbol("y", 12, 1)
    loss = ((X * w - y).T * (X * w - y))[0, 0]
    assert str(gradient(loss, w)) == "2*X.T*(X*w - y)"
    odd = sum(w[p, 0] ** 2 for p in range(10) if p != 4)  # not all of w
    assert reads(odd) == odd


def test_long_sums_of_long_terms_are_walked_once():
    w = MatrixSymbol("w", 10, 1)
    scalar = w[0, 0]
    for _ in range(40):
        scalar = scalar * (1 + 1 / scalar)
    total = Add(*(w[k, 0] * (scalar + k) for k in range(10)), evaluate=False)
    with time_limit(10, "a sum of terms that are large as trees"):
        value = lambdify(w, total + Trace(w.T * w))
    at = np.arange(1.0, 11)[:, None]
    assert value(at) == pytest.approx(sum(at) * 41 + sum(at * (at - 1)) + sum(at**2))


def test_the_notation_of_functions_of_entries():
    f = Function("sigma")
    slope = elementwise(lambda e: f(e).diff(e), M)
    assert (str(slope), latex(slope)) == ("sigma'.(M)", r"\sigma'{\left(M \right)}")
    z = symbols("z")
    inner = elementwise(lambda e: Subs(Derivative(f(z), z), z, 2 * e), M)
    assert str(inner) == "sigma'.(2*M)"
    assert str(elementwise(lambda e: 1 / (1 + exp(-e)), M)) == "1/(1 + exp.(-M))"
    assert str(elementwise(lambda e: -(s + 1) * e * sin(e) / (1 + e), M)) == (
        "-(s + 1)*M.*sin.(M)/(M + 1)"
    )
    assert str(elementwise(lambda e: sqrt(e) - 2, M)) == "sqrt.(M) - 2"
    assert latex(elementwise(lambda e: e * exp(e), M)) == r"M \circ e^{\circ M}"
    assert latex(elementwise(lambda e: 1 / e, M)) == r"\frac{1}{M}"
    assert latex(elementwise(lambda e: (1 + e) ** 2 / 3, M)) == (
        r"\frac{1}{3} \left(M + 1\right)^{\circ 2}"
    )
    branches = elementwise(lambda e: Piecewise((e, e > 1), (0, True)), M)
    assert str(branches) == "(_d -> Piecewise((_d, _d > 1), (0, True))).(M)"
    assert r"d \mapsto \begin{cases}" in latex(branches)
    other = elementwise(lambda e: Derivative(f(e, s), e), M)
    assert "->" in str(other)
    assert pretty(elementwise(lambda e: e + 1, M), use_unicode=False) == "M + 1"


def test_elementwise_of_what_is_none():
    assert elementwise(exp, Matrix([0, 0])) == Matrix([1, 1])
    with pytest.raises(TypeError, match="a function and then a matrix, not s; of a scalar, call"):
        elementwise(exp, s)
    for f in (3, lambda e: "text", lambda e: M):
        with pytest.raises(TypeError, match="gives no scalar expression of an entry"):
            elementwise(f, M)


def test_equal_applications_are_one_object():
    assert elementwise(tanh, A * x) is elementwise(tanh, A * x)
    assert ReLU(A * x) is ReLU(A * x)


def test_a_rule_with_a_wrong_shape_is_refused():
    class Flip(MatrixExpr):
        shape = property(lambda self: self.args[0].shape)

    @pullback.register(Flip)
    def _(node, cotangent, needed):
        yield node.args[0], cotangent.T

    W, V = MatrixSymbol("W", 2, 3), MatrixSymbol("V", 2, 3)
    with pytest.raises(ValueError, match=r"Flip yields .* \(3, 2\) for W, whose shape is \(2, 3\)"):
        gradient(Trace(V.T * Flip(W)), W)
    m = symbols("m", integer=True, positive=True)
    L = MatrixSymbol("L", m, n)
    assert gradient(Trace(Flip(L).T * L), L).shape == L.shape  # m and n may be equal


def test_a_matrix_whose_entries_depend_on_a_variable_by_the_index():
    F = FunctionMatrix(n, n, Lambda((i, j), IndexedBase("a")[i]))
    with pytest.raises(NotImplementedError, match="entries depend on a variable by the index"):
        gradient(Trace(F * A), IndexedBase("a")[2])
    assert gradient(Mul(s, Trace(F)), s) == Trace(F)


def test_where_there_are_matrices_all_is_real():
    c = symbols("c")
    r = MatrixSymbol("r", 1, 3)
    e = Trace(Adjoint(r / (1 + c**2)) * r)
    assert str(gradient(e, c)) == "-2*c*Trace(r.T*r)/(c**2 + 1)**2"
    modulus = Trace(Elementwise(Lambda(t, Abs(c * t)), x) * x.T)
    slope = lambdify([x, c], gradient(modulus, c))(np.array([[1.0], [-2]]), -3.0)
    assert slope == -1 + 4
    assert reads(MatPow(MatMul(u + v, Adjoint(u + v)), S.Half)).has(Abs)


def test_entries_of_determinants_and_diagonals():
    for e in (Determinant(u), DiagMatrix(u), DiagonalOf(u), DiagonalMatrix(u)):
        assert reads(e) in (u, u[0, 0])


def test_a_matrix_of_one_entry_in_a_sum():
    root = sqrt(u**2 + Identity(1))
    e = Sum(Piecewise((x[k, 0] * root, x[k, 0] > 0), (u, True)), (k, 0, n - 1))
    slope = lambdify([x, u], gradient(e, u))(np.array([[1.0], [-2], [4]]), np.array([[-3.0]]))
    np.testing.assert_allclose(slope, [[1 - 15 / np.sqrt(10)]])


def test_small_corners_of_sums_and_powers():
    for last in (0, -2):
        backwards = Sum(x[k, 0], (k, 1, last))
        assert reads(backwards) == backwards
    assert reads(Inverse(2 * M)) == reads(M.I / 2)
    assert reads(HadamardPower(A, u)).args[1] == u[0, 0]
    assert not reads(Sum(Max(x[k, 0], y[k, 0]), (k, 0, 2))).has(Sum)
    assert reads(Sum(x[k, 0] * KroneckerDelta(k, i), (k, 0, n - 1))).free_symbols >= {i}


def test_a_function_of_zeros():
    e = Elementwise(Lambda((t, s), cos(t) + s), ZeroMatrix(2, 3), Sum(0 * k, (k, 0, n)))
    assert reads(e) == OneMatrix(2, 3)
    assert reads(elementwise(sin, M - M)) == ZeroMatrix(2, 2)


def test_elements_of_variables_in_a_body():
    W = MatrixSymbol("W", 3, 1)
    root = sqrt(1 + W[0, 0] ** 2)
    e = Trace(x.applyfunc(lambda t: t * root) * x.T)
    slopes = lambdify([x, W], gradient(e, W))(np.full((4, 1), 3.0), np.full((3, 1), 0.75))
    np.testing.assert_allclose(slopes, [[36 * 0.6], [0], [0]])
