"""Jacobians and Hessians: against JAX and PyTorch, on the kinks too, and what they refuse."""

import numpy as np
import pytest
from support.networks import chain, distinct, products
from sympy import (
    Abs,
    Array,
    Basic,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalOf,
    DiracDelta,
    HadamardProduct,
    Heaviside,
    Identity,
    ImmutableMatrix,
    ImmutableSparseMatrix,
    Integral,
    Inverse,
    MatMul,
    Matrix,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    S,
    SingularityFunction,
    Sum,
    Trace,
    Tuple,
    ZeroMatrix,
    exp,
    log,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu import ReLU, elementwise, gradient, hessian, jacobian, lambdify
from symrelu.gradients.linear import NotLinearError, matrix_of
from symrelu.matrices.algebra import element, transpose

s, t, u = symbols("s t u", real=True)
k = symbols("k", integer=True, positive=True)
n = symbols("n", integer=True, positive=True)
A, b = MatrixSymbol("A", 4, 3), MatrixSymbol("b", 4, 1)
W, V, D, E = (MatrixSymbol(name, 3, 3) for name in "WVDE")
x, a, d = (MatrixSymbol(name, 3, 1) for name in "xad")
X, Y = MatrixSymbol("X", 3, 5), MatrixSymbol("Y", 3, 5)
ONES, ROW = OneMatrix(3, 1), OneMatrix(1, 3)
MATRICES = {"A": A, "b": b, "W": W, "V": V, "D": D, "E": E, "x": x, "a": a, "d": d, "X": X, "Y": Y}


def total(matrix):
    rows, columns = matrix.shape
    return Trace(OneMatrix(columns, rows) * matrix)


def softplus(z):
    return elementwise(lambda e: log(1 + exp(e)), z)


def numbers(seed):
    """Whole numbers, so that many a unit is on its kink."""
    rng = np.random.default_rng(seed)
    values = {name: rng.integers(-1, 2, m.shape).astype(float) for name, m in MATRICES.items()}
    values["W"] += 5 * np.eye(3)  # has an inverse, and a positive determinant
    return values


def value(expr, values, names=None):
    compiled = lambdify([MATRICES[name] for name in names or values], expr)
    return compiled(*(values[name] for name in names or values))


def same(ours, theirs):
    np.testing.assert_allclose(
        np.asarray(ours, float), np.asarray(theirs, float), rtol=1e-9, atol=1e-9
    )


# Formulas


def step(z):
    return elementwise(lambda e: Heaviside(e, 0), z)


def test_a_layer():
    assert jacobian(ReLU(A * x + b), x) == DiagMatrix(step(A * x + b)) * A
    J = jacobian(V * ReLU(W * x + a), x)
    assert J == V * DiagMatrix(step(W * x + a)) * W
    assert J.shape == (3, 3)


@pytest.mark.parametrize(
    ("f", "J"),
    [
        (x, Identity(3)),
        (3 * x, 3 * Identity(3)),
        (A * x + b, A),
        (a, ZeroMatrix(3, 3)),
        ((x.T * W).T, W.T),
        (HadamardProduct(x, a), DiagMatrix(a)),
        (DiagMatrix(x) * a, DiagMatrix(a)),
        (a.T * ReLU(W * x), a.T * DiagMatrix(step(W * x)) * W),
        (x + V * ReLU(W * x), Identity(3) + V * DiagMatrix(step(W * x)) * W),
    ],
    ids=str,
)
def test_formulas(f, J):
    assert jacobian(f, x) == J


def test_of_open_size():
    M, y = MatrixSymbol("M", k, n), MatrixSymbol("y", n, 1)
    assert jacobian(ReLU(M * y), y) == DiagMatrix(step(M * y)) * M
    assert hessian((M * y).T * (M * y), y) == 2 * M.T * M


def test_in_blocks():
    J = jacobian(W * x + t * a, [x, t])
    assert J == BlockMatrix([[W, a]])
    assert jacobian(t * a, t) == a
    assert jacobian([x.T * x, a.T * x], x) == BlockMatrix([[2 * x.T], [a.T]])
    assert jacobian([a.T * x], x) == a.T
    assert hessian(t * x.T * x, [x, t]).blocks[1, 1] == Matrix([[0]])
    assert jacobian([x[0, 0] ** 2, x[1, 0]], x) == Matrix([[2 * x[0, 0], 0, 0], [0, 1, 0]])


# Explicit ones


def test_as_sympy():
    f = Matrix([s * sin(t), t**2, s])
    for exprs in (f, f.T, list(f), tuple(f), Tuple(*f), Array(list(f))):
        for wrt in ([s, t], (s, t), Tuple(s, t), Matrix([s, t]), Matrix([[s, t]]), Array([s, t])):
            assert jacobian(exprs, wrt) == f.jacobian([s, t])
    assert isinstance(jacobian(ImmutableMatrix(f), [s]), ImmutableMatrix)
    assert isinstance(jacobian(ImmutableSparseMatrix(f), [s]), ImmutableSparseMatrix)
    assert jacobian([s**2, 1], s) == Matrix([2 * s, 0])
    assert jacobian([], [s]).shape == (0, 1)


def test_slopes_at_kinks():
    J = jacobian([ReLU(s), ReLU(s, 1), Abs(s), Max(s, 0)], [s])
    assert J.subs(s, 0) == Matrix([0, 1, 0, S.Half])
    assert jacobian([Heaviside(s)], [s])[0] == DiracDelta(s)


def test_shared_parts_are_differentiated_once():
    e, v = chain(40, t)
    J = jacobian([e, e + v], [v, t])
    assert len(distinct(*J)) < 2000


@pytest.mark.parametrize(
    ("expr", "wrt", "answer"),
    [
        (ReLU(t) ** 2 / 2, t, Heaviside(t, 0)),
        (ReLU(t), t, 0),
        (Abs(t) * t, t, 2 * sign(t)),
        (Heaviside(t, 0) * t**2, t, 2 * Heaviside(t, 0)),
        (SingularityFunction(t, 1, 2), t, 2 * SingularityFunction(t, 1, 0)),
        (SingularityFunction(t, 1, 1), t, 0),
        (SingularityFunction(t, 1, 0) * t, [t], Matrix([[0]])),
        (Piecewise((t**3, t > 0), (0, True)), t, Piecewise((6 * t, t > 0), (0, True))),
        (Sum(ReLU(t * k) ** 2, (k, 1, 3)), t, Sum(2 * k**2 * Heaviside(t, 0), (k, 1, 3))),
        (s**2 * t, [s, t], Matrix([[2 * t, 2 * s], [2 * s, 0]])),
        (s**2 * t, (t, s), Matrix([[0, 2 * s], [2 * s, 2 * t]])),
        (s**2 * t, ImmutableMatrix([[s, t]]), ImmutableMatrix([[2 * t, 2 * s], [2 * s, 0]])),
        (x[0, 0] ** 2 * t, [x[0, 0], t], Matrix([[2 * t, 2 * x[0, 0]], [2 * x[0, 0], 0]])),
        (x[0, 0] ** 2, x, Matrix(3, 3, lambda i, j: 2 if i == j == 0 else 0)),
        (x[1, 0] * t, [t, x], Matrix(4, 4, lambda i, j: 1 if {i, j} == {0, 2} else 0)),
        (5, t, 0),
    ],
    ids=str,
)
def test_second_derivatives_as_numbers(expr, wrt, answer):
    got = hessian(expr, wrt)
    assert (got - answer).is_zero_matrix if isinstance(answer, Matrix) else got == answer
    assert type(got) is type(answer) or answer == 0


def test_an_integral_over_a_kink_has_curvature():
    e = Integral(ReLU(t - u), (u, 0, 1))
    second = hessian(e, t).doit()
    assert [second.subs(t, v) for v in (-1, S.Half, 2)] == [0, 1, 0]
    assert hessian(Integral(ReLU(t) * u, (u, 0, 2)), t).doit() == 0


def test_steps_of_0_and_1_have_no_powers():
    assert hessian(ReLU(s * t) ** 2, [s])[0] == 2 * t**2 * Heaviside(s * t, 0)
    assert hessian(ReLU(s, S.Half) ** 2, s).subs(s, 0) == S.Half
    H = hessian((V * ReLU(x)).T * (V * ReLU(x)), x)
    assert H == 2 * DiagMatrix(step(x)) * V.T * V * DiagMatrix(step(x))
    assert hessian(Trace(ReLU(x).T * ReLU(x)), x) == 2 * DiagMatrix(step(x))
    product = hessian(Trace(ReLU(W * X).T * ReLU(W * X)), W, along=D)
    assert product == 2 * HadamardProduct(D * X, step(W * X)) * X.T


# Against JAX and PyTorch

COLUMNS = {
    "two layers": (
        V * ReLU(W * x + a) + a,
        lambda j, p: p["V"] @ j.relu(p["W"] @ p["x"] + p["a"]) + p["a"],
    ),
    "residual": (x + V * ReLU(W * x), lambda j, p: p["x"] + p["V"] @ j.relu(p["W"] @ p["x"])),
    "tanh": (elementwise(tanh, A * x + b), lambda j, p: j.np.tanh(p["A"] @ p["x"] + p["b"])),
    "products": (
        HadamardProduct(x, W * x, ReLU(x)),
        lambda j, p: p["x"] * (p["W"] @ p["x"]) * j.relu(p["x"]),
    ),
    "softmax": (
        elementwise(exp, W * x / 9) / total(elementwise(exp, W * x / 9)),
        lambda j, p: j.softmax(p["W"] @ p["x"] / 9, axis=0),
    ),
    "outer": (x * x.T * a, lambda j, p: p["x"] @ p["x"].T @ p["a"]),
    "diagonal": (
        DiagMatrix(x) * W * DiagMatrix(x) * a,
        lambda j, p: p["x"] * (p["W"] @ (p["x"] * p["a"])),
    ),
    "diagonal of": (DiagonalOf(x * (W * x).T), lambda j, p: p["x"] * (p["W"] @ p["x"])),
    "entries between": (
        HadamardProduct(W * HadamardProduct(x * a.T, V) * D, E) * d,
        lambda j, p: ((p["W"] @ ((p["x"] @ p["a"].T) * p["V"]) @ p["D"]) * p["E"]) @ p["d"],
    ),
    "a layer of a matrix": (
        ReLU(W * ReLU(DiagMatrix(x) * V)) * a,
        lambda j, p: j.relu(p["W"] @ j.relu(p["x"] * p["V"])) @ p["a"],
    ),
    "element": (x[0, 0] * W * x, lambda j, p: p["x"][0, 0] * (p["W"] @ p["x"])),
    "blocks": (
        BlockMatrix([[W * x], [ReLU(x)]]),
        lambda j, p: j.np.vstack([p["W"] @ p["x"], j.relu(p["x"])]),
    ),
    "slice": (W[:, :2] * x[:2, :], lambda j, p: p["W"][:, :2] @ p["x"][:2]),
    "inverse": (
        Inverse(W + DiagMatrix(x)) * a,
        lambda j, p: j.np.linalg.inv(p["W"] + j.np.diag(p["x"][:, 0])) @ p["a"],
    ),
    "determinant": (
        Determinant(W + x * x.T) * a,
        lambda j, p: j.np.linalg.det(p["W"] + p["x"] @ p["x"].T) * p["a"],
    ),
    "one output": (
        log(1 + (x.T * W * x)[0, 0] ** 2) * OneMatrix(1, 1),
        lambda j, p: j.np.log(1 + (p["x"].T @ p["W"] @ p["x"]) ** 2),
    ),
    "branches": (
        Piecewise((Trace(x * a.T), Trace(a * a.T) > 1), (Trace(x * x.T), True)) * a,
        lambda j, p: (
            j.np.where((p["a"] ** 2).sum() > 1, p["x"].T @ p["a"], p["x"].T @ p["x"]) * p["a"]
        ),
    ),
}


class Jax:
    def __init__(self, jax):
        self.np, self.relu, self.softmax = jax.numpy, jax.nn.relu, jax.nn.softmax


@pytest.mark.parametrize("name", COLUMNS)
def test_jacobians_by_jax(jax, name):
    f, twin = COLUMNS[name]
    J = jacobian(f, x)
    assert J.shape == (f.shape[0], 3)
    for seed in range(2):
        p = numbers(seed)
        theirs = jax.jacrev(lambda v, p=p: twin(Jax(jax), p | {"x": v}))(p["x"])
        same(value(J, p), theirs.reshape(J.shape))


LOSSES = {
    "least squares": (
        (A * x - b).T * (A * x - b),
        lambda j, p: ((p["A"] @ p["x"] - p["b"]) ** 2).sum(),
    ),
    "squared hinge": (
        total(ReLU(b - A * x).applyfunc(lambda e: e**2)),
        lambda j, p: (j.relu(p["b"] - p["A"] @ p["x"]) ** 2).sum(),
    ),
    "hinge": (total(ReLU(b - A * x)), lambda j, p: j.relu(p["b"] - p["A"] @ p["x"]).sum()),
    "logistic": (total(softplus(A * x)), lambda j, p: j.np.log1p(j.np.exp(p["A"] @ p["x"])).sum()),
    "cross entropy": (
        log(total(elementwise(exp, W * x))) - (a.T * x)[0, 0],
        lambda j, p: j.np.log(j.np.exp(p["W"] @ p["x"]).sum()) - (p["a"] * p["x"]).sum(),
    ),
    "network": (
        (V * ReLU(W * x) - a).T * (V * ReLU(W * x) - a),
        lambda j, p: ((p["V"] @ j.relu(p["W"] @ p["x"]) - p["a"]) ** 2).sum(),
    ),
    "one output": (
        (a.T * elementwise(tanh, W * x) / 3 - d.T * x) ** 2,
        lambda j, p: ((p["a"].T @ j.np.tanh(p["W"] @ p["x"]) / 3 - p["d"].T @ p["x"]) ** 2).sum(),
    ),
    "lasso": (
        total(elementwise(Abs, x)) + Trace(x.T * x),
        lambda j, p: j.np.abs(p["x"]).sum() + (p["x"] ** 2).sum(),
    ),
    "log det": (
        log(Determinant(W + x * x.T)),
        lambda j, p: j.np.log(j.np.linalg.det(p["W"] + p["x"] @ p["x"].T)),
    ),
    "norm": (
        sqrt(1 + Trace(x * x.T)),
        lambda j, p: j.np.sqrt(1 + (p["x"] ** 2).sum()),
    ),
    "by elements": (
        (x.T * W * x)[0, 0] ** 2 + x[0, 0] ** 3,
        lambda j, p: (p["x"].T @ p["W"] @ p["x"]).sum() ** 2 + p["x"][0, 0] ** 3,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_hessians_by_jax(jax, name):
    loss, twin = LOSSES[name]
    H, along = hessian(loss, x), hessian(loss, x, along=d)
    for seed in range(2):
        p = numbers(seed)
        theirs = jax.hessian(lambda v, p=p: twin(Jax(jax), p | {"x": v}))(p["x"]).reshape(3, 3)
        same(value(H, p), theirs)
        same(value(along, p), theirs @ p["d"])


def relu(z):
    torch = pytest.importorskip("torch")
    return torch.relu(z)


MATRIX_LOSSES = {
    "network": (
        Trace((V * ReLU(W * X) - Y).T * (V * ReLU(W * X) - Y)),
        lambda W, V, p: ((V @ relu(W @ p["X"]) - p["Y"]) ** 2).sum(),
    ),
    "tanh": (
        Trace((V * elementwise(tanh, W * X)).T * Y),
        lambda W, V, p: ((V @ (W @ p["X"]).tanh()) * p["Y"]).sum(),
    ),
    "one output": (a.T * V * ReLU(W * x), lambda W, V, p: (p["a"].T @ V @ relu(W @ p["x"])).sum()),
    "log det": (
        log(Determinant(W)) + Trace(Inverse(W) * V * V.T),
        lambda W, V, p: W.logdet() + (W.inverse() @ V @ V.T).trace(),
    ),
    "softmax": (
        log(total(elementwise(exp, V * W * x / 9))) - (a.T * V * W * x)[0, 0],
        lambda W, V, p: (V @ W @ p["x"] / 9).exp().sum().log() - (p["a"].T @ V @ W @ p["x"]).sum(),
    ),
    "hinges": (
        total(ReLU(OneMatrix(3, 5) - HadamardProduct(Y, W * V * X)).applyfunc(lambda e: e**2)),
        lambda W, V, p: (relu(1 - p["Y"] * (W @ V @ p["X"])) ** 2).sum(),
    ),
    "norm": (
        sqrt(1 + Trace(W.T * W)) * Trace(V),
        lambda W, V, p: (1 + (W**2).sum()).sqrt() * V.trace(),
    ),
}


@pytest.mark.parametrize("name", MATRIX_LOSSES)
def test_products_with_a_direction_by_torch(name):
    torch = pytest.importorskip("torch")
    loss, twin = MATRIX_LOSSES[name]
    along = hessian(loss, [W, V], along=[D, E])
    for seed in range(2):
        values = numbers(seed)
        p = {key: torch.tensor(array) for key, array in values.items()}
        _, theirs = torch.autograd.functional.hvp(
            lambda W, V, p=p: twin(W, V, p), (p["W"], p["V"]), (p["D"], p["E"])
        )
        for one, other in zip(along, theirs, strict=True):
            same(value(one, values), other)


def test_hessian_of_scalars_by_torch():
    torch = pytest.importorskip("torch")
    e = ReLU(s * t - u) ** 2 * tanh(s) + ReLU(s - t) * Abs(u) * u + Max(s, t) * u
    H = lambdify([s, t, u], hessian(e, [s, t, u]))
    P = lambdify([s, t, u], hessian(e, Matrix([[s, t, u]]), along=Matrix([[1, -2, 3]])))

    def twin(v):
        s, t, u = v
        hinge = torch.relu(s - t) * u.abs() * u
        return torch.relu(s * t - u) ** 2 * s.tanh() + hinge + torch.maximum(s, t) * u

    for point in [(0, 0, 0), (1, 1, 1), (2, 1, 2), (-1, 1, 0), (2, 3, -1), (1, 0, 0)]:
        at = torch.tensor(point, dtype=torch.float64)
        theirs = torch.autograd.functional.hessian(twin, at).numpy()
        same(H(*map(float, point)), theirs)
        same(np.ravel(P(*map(float, point))), theirs @ [1, -2, 3])


# Products with a direction


def test_the_product_mirrors_the_variables():
    e = s**2 * t
    assert hessian(e, s, along=1) == 2 * t
    assert hessian(e, [s, t], along=(1, 0)) == [2 * t, 2 * s]
    assert hessian(e, (s, [t]), along=[u, [2]]) == (2 * t * u + 4 * s, [2 * s * u])
    product = hessian(e, Matrix([s, t]), along=Matrix([u, 0]))
    assert product == Matrix([2 * t * u, 2 * s * u])
    assert hessian(e, Array([s, t]), along=Array([u, 0])) == Array([2 * t * u, 2 * s * u])
    assert hessian(x[0, 0] ** 2, x, along=Matrix([1, 2, 3])) == Matrix([2, 0, 0])
    product = hessian(Trace(W.T * W), W, along=Matrix.eye(3))
    assert product.doit() == 2 * Matrix.eye(3)


def test_the_direction_is_constant():
    assert hessian(s**3, s, along=s) == 6 * s**2
    assert hessian((A * x).T * (A * x), x, along=x) == 2 * A.T * A * x
    assert hessian(Trace(W.T * W), W, along=W) == 2 * W


def test_no_dead_terms():
    assert hessian(total(ReLU(W * X)), W, along=D) == ZeroMatrix(3, 3)
    assert hessian(total(ReLU(W * X)), [W, V], along=[D, E]) == [ZeroMatrix(3, 3)] * 2
    loss = Trace(ReLU(W * X).T * V * ReLU(W * X))
    product = hessian(loss, W, along=D)
    assert not any(isinstance(e, (DiracDelta, ZeroMatrix)) for e in distinct(product))
    assert products(product) == 4
    first = hessian(loss, [W, V], along=[D, ZeroMatrix(3, 3)])[0]
    assert products(first) == 4


def test_one_liners():
    c = MatrixSymbol("c", 3, 1)
    f = V * ReLU(W * x)
    pulled = gradient(Trace(c.T * f), x)
    pushed = gradient(Trace(d.T * pulled), c)
    p = numbers(3) | {"c": np.array([[1.0], [2.0], [-1.0]])}
    J = value(jacobian(f, x), numbers(3))
    compiled = lambdify([W, V, x, c, d], [pulled, pushed])(*(p[name] for name in "WVxcd"))
    same(compiled[0], J.T @ p["c"])
    same(compiled[1], J @ p["d"])


# Refusals


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: jacobian("x", [t]), TypeError, "a list or a column of expressions, not 'x'"),
        (lambda: jacobian(["t"], [t]), TypeError, "each row of jacobian .* not 't'"),
        (lambda: jacobian(None, [t]), TypeError, "not None"),
        (lambda: jacobian(t, [t]), ValueError, "not the scalar t; .* take gradient"),
        (lambda: jacobian([t], "t"), TypeError, "jacobian differentiates by variables.*'t'"),
        (lambda: jacobian([t], [t + 1]), ValueError, "jacobian cannot differentiate by t [+] 1"),
        (lambda: jacobian([t], []), ValueError, "jacobian needs a variable"),
        (lambda: jacobian([[t]], [t]), TypeError, "list of expressions, not a list of lists"),
        (lambda: jacobian(Matrix(2, 2, [s, t, s, t]), [t]), ValueError, "shape .2, 2."),
        (lambda: jacobian([t], Matrix(2, 2, symbols("q:4"))), ValueError, "shape .2, 2."),
        (lambda: jacobian([W * x], x), ValueError, "each row of jacobian .* shape .3, 1."),
        (lambda: jacobian(W, x), ValueError, "column, not a matrix of shape .3, 3.: W.*Trace"),
        (
            lambda: jacobian(W * x, W),
            ValueError,
            r"W has the shape .3, 3.; .* gradient\(Trace\(c.T\*f\), W\)",
        ),
        (lambda: hessian([t], t), TypeError, "hessian takes a scalar .* take jacobian"),
        (lambda: hessian("t", t), TypeError, "hessian takes a scalar expression, not 't'"),
        (lambda: hessian(W, W), ValueError, "hessian takes a scalar expression, not one of shape"),
        (lambda: hessian(t, "t"), TypeError, "hessian differentiates by variables"),
        (lambda: hessian(t, [t, [s]]), TypeError, "not a list of lists"),
        (lambda: hessian(Trace(W), W), ValueError, "W has the shape .3, 3.; give a direction"),
        (lambda: hessian(t, [s, t], along=[1]), ValueError, "along must be a list of 2"),
        (lambda: hessian(t, [s, t], along="ab"), ValueError, "along must be a list of 2"),
        (lambda: hessian(t, t, along="t"), TypeError, "along must be an expression.*'t'"),
        (lambda: hessian(t, [t], along=["t"]), TypeError, r"along\[0\] must be an expression"),
        (lambda: hessian(t, Matrix([t]), along=[1]), ValueError, "along must be an explicit"),
        (lambda: hessian(Trace(W), W, along=x), ValueError, "along has the shape .3, 1."),
        (lambda: hessian(Trace(W), W, along=1), ValueError, "along has the shape .., the|along"),
        (lambda: hessian(t, [t, t], along=[1, 2]), ValueError, "two directions for t"),
        (lambda: gradient([t, s], t), TypeError, "of several, take jacobian"),
        (lambda: gradient(W * x, x), ValueError, "jacobian takes columns"),
    ],
)
def test_refused(ask, error, message):
    with pytest.raises(error, match=message):
        ask()


def test_what_is_not_found_as_a_formula():
    inner = HadamardProduct(W * HadamardProduct(x * a.T, V) * D, E)
    f = HadamardProduct(V * inner * W, D) * d
    with pytest.raises(NotImplementedError, match=r"because of .*gradient\(Trace\(c.T\*f\), x\)"):
        jacobian(f, x)
    assert gradient(Trace(a.T * f), x).shape == (3, 1)


# The matrix of a linear map

c = MatrixSymbol("c", 3, 1)
DOT = (a.T * c)[0, 0]
BETWEEN = HadamardProduct(W * DiagMatrix(c) * V, V * W)
MAPS = {
    "trace": Trace(c * a.T) * d,
    "trace of a scalar": Trace(a.T * c) * d,
    "trace of a diagonal": MatMul(Basic.__new__(Trace, MatMul(2, DiagMatrix(c))), d),
    "element": MatrixElement(W * c, S.One, S.Zero) * d,
    "element of a row": MatrixElement(c.T * W, S.Zero, S(2)) * d,
    "element of a matrix": Basic.__new__(MatMul, element(W * c * a.T, 1, 0), d),
    "element of a diagonal": Basic.__new__(MatMul, element(W * DiagMatrix(c) * V, 1, 2), d),
    "trace of a diagonal between": Trace(W * DiagMatrix(c) * V) * d,
    "diagonal of a diagonal between": DiagonalOf(W * DiagMatrix(c) * V),
    "diagonal between, transposed": MatMul(transpose(W * DiagMatrix(c) * V), d),
    "row times a diagonal between": (d.T * W * DiagMatrix(c) * V).T,
    "entries of an outer product": HadamardProduct(W * c * a.T, V) * d,
    "entries of a transposed one": HadamardProduct(a * c.T, W) * d,
    "entries of a diagonal": HadamardProduct(DiagMatrix(c), W) * d,
    "entries of rows": HadamardProduct(DiagMatrix(c) * V, W) * d,
    "entries of columns": HadamardProduct(W * DiagMatrix(c), V) * d,
    "entries twice": BETWEEN * d,
    "entries of entries": HadamardProduct(BETWEEN, W) * d,
    "row times entries": (d.T * V * BETWEEN * W).T,
    "entries inside of a product": W * BETWEEN * V * d,
    "trace of entries": Trace(W * BETWEEN * V) * d,
    "trace of entries alone": Trace(BETWEEN) * d,
    "element of entries": Basic.__new__(MatMul, element(V * BETWEEN * W, 1, 2), d),
    "diagonal of entries": DiagonalOf(BETWEEN),
    "diagonal of entries times": DiagonalOf(BETWEEN * W),
    "diagonal of times entries": DiagonalOf(W * BETWEEN),
    "branches": Piecewise((DOT, t > 0), (2 * DOT, True)) * d,
    "entries": ImmutableMatrix([c[0, 0] * t, 0, c[2, 0]]),
}


@pytest.mark.parametrize("name", MAPS)
def test_matrix_of_a_linear_map(name):
    J = matrix_of(MAPS[name], c)
    p = numbers(5) | {"c": np.array([[1.0], [2.0], [-1.0]])}
    values = [p["W"], p["V"], p["a"], p["d"], p["c"], 3.0]
    ours, theirs = lambdify([W, V, a, d, c, t], [J, MAPS[name]])(*values)
    same(ours.T @ p["c"], theirs)


@pytest.mark.parametrize(
    "image",
    [
        c * a.T,
        elementwise(tanh, c),
        HadamardProduct(c, c),
        c + a,
        Piecewise((DOT, t > 0), (1, True)) * d,
        Trace(c * a.T) * W,
        W * DiagMatrix(c) * V,
        DiagonalOf(c),
        HadamardProduct(W * DiagMatrix(c) * V, D),
        HadamardProduct(V * BETWEEN * W, D) * d,
        DiagonalOf(V * BETWEEN * W),
        ImmutableMatrix([[c[0, 0], 1], [0, 0]]),
        BlockMatrix([[c, a]]),
        MatrixSlice(c * a.T, (0, 2), (0, 2)),
    ],
    ids=str,
)
def test_what_is_no_linear_map_of_a_known_kind(image):
    with pytest.raises(NotLinearError):
        matrix_of(image, c)
