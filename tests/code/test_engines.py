"""The table of engines: every operation runs and is right, or is refused when compiling."""

import contextlib
import dataclasses
import inspect
import sys

import mpmath
import numpy as np
import pytest
from sympy import (
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    KroneckerDelta,
    Lambda,
    Matrix,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    Rational,
    Trace,
    ZeroMatrix,
    exp,
    log,
    sign,
    symbols,
)
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symrelu import ReLU, lambdify
from symrelu.code import ENGINES

x = symbols("x")
i, j = symbols("i j", integer=True)
A, B, v = MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2), MatrixSymbol("v", 2, 1)
a = np.array([[1.0, 2], [3, -4]])
b = np.array([[5.0, -6], [7, 8]])
u = np.array([[1.0], [-2]])

EXPRESSIONS = {
    "product": (A * B, a @ b),
    "chain": (A * B * v, a @ b @ u),
    "sum": (A - 2 * B, a - 2 * b),
    "third": (A / 3, a / 3),
    "transpose": (A.T, a.T),
    "inner": (A.T * v, a.T @ u),
    "relu": (ReLU(A), np.maximum(a, 0)),
    "slope": (A.applyfunc(lambda t: ReLU(t).diff(t)), (a > 0) * 1.0),
    "exp": (A.applyfunc(exp), np.exp(a)),
    "max": (A.applyfunc(lambda t: Max(t, 0)), np.maximum(a, 0)),
    "hadamard": (HadamardProduct(A, B), a * b),
    "power of entries": (HadamardPower(A, 2), a**2),
    "inverse": (A.I, np.linalg.inv(a)),
    "solve": (A.I * v, np.linalg.solve(a, u)),
    "solve from the right": (v.T * A.I, u.T @ np.linalg.inv(a)),
    "power": (A**3, a @ a @ a),
    "determinant": (Determinant(B), np.linalg.det(b)),
    "log of determinant": (log(Determinant(B)), np.log(np.linalg.det(b))),
    "trace": (Trace(A), a.trace()),
    "trace of a product": (Trace(A.T * B), (a * b).sum()),
    "element": (A[0, 1], a[0, 1]),
    "slice": (A[0:1, :], a[:1]),
    "identity": (A + Identity(2) / 3, a + np.eye(2) / 3),
    "ones": (A + OneMatrix(2, 2), a + 1),
    "sums of rows": (A * OneMatrix(2, 1), a.sum(axis=1, keepdims=True)),
    "zeros": (ZeroMatrix(2, 2), np.zeros((2, 2))),
    "diag": (DiagMatrix(v), np.diag(u[:, 0])),
    "diagonal": (DiagonalOf(A), np.diag(a)[:, None]),
    "diagonal matrix": (DiagonalMatrix(A), np.diag(np.diag(a))),
    "diagonal of no square": (DiagonalMatrix(v), [[1], [0]]),
    "numbers": (ImmutableMatrix([[1, Rational(1, 2)], [0, 3]]) * A, [[1, 0.5], [0, 3]] @ a),
    "entries": (ImmutableMatrix([[A[0, 0], A[1, 1]]]), [[1, -4]]),
    "partly numbers": (ImmutableMatrix([[A[0, 0], 1]]), [[1, 1]]),
    "function of indices": (
        FunctionMatrix(2, 2, Lambda((i, j), KroneckerDelta(i, 0) * KroneckerDelta(j, 1))),
        [[0, 1], [0, 0]],
    ),
    "blocks": (BlockMatrix([[A, v]]), np.block([[a, u]])),
}


def module(engine):
    """What makes an array of the engine from NumPy's, if it can be imported here."""
    if engine == "tensorflow":
        return pytest.importorskip("tensorflow").constant
    if engine == "cupy":
        pytest.importorskip(engine)
    if engine == "torch":
        return pytest.importorskip("torch").from_numpy
    if engine == "mpmath":
        return lambda array: mpmath.matrix(array.tolist())
    if engine == "sympy":
        return lambda array: ImmutableMatrix(array.tolist())
    for name in ENGINES[engine].imports:
        pytest.importorskip(name)
    return np.array


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_runs_or_is_refused(name, engine):
    to_engine = module(engine)
    expr, want = EXPRESSIONS[name]
    try:
        function = lambdify([A, B, v], expr, engine)
    except NotImplementedError as refusal:
        assert engine not in ("numpy", "scipy", "jax")
        assert str(refusal).startswith(f"lambdify: {engine} has no ")  # noqa: PT017
        assert "choose another module" in str(refusal)  # noqa: PT017
        return
    got = function(*map(to_engine, (a, b, u)))
    got = np.array(got.tolist() if hasattr(got, "tolist") else got, float)
    np.testing.assert_allclose(got.reshape(np.shape(want)), want, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("engine", ["numpy", "scipy", "numba", "jax", "sympy", "math"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (1, 0), (3, 0)], ids=str)
def test_matrices_without_entries(shape, engine):
    module(engine)
    got = lambdify(x, Matrix(*shape, []), engine)(1.5)
    assert got == [[]] * shape[0] if engine == "math" else got.shape == shape


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_cupy_by_its_source(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", np)  # whose interface is NumPy's
    expr, want = EXPRESSIONS[name]
    function = lambdify([A, B, v], expr, "cupy")
    np.testing.assert_allclose(function(a, b, u), want)
    assert "numpy" not in inspect.getsource(function)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensorflow_keeps_the_dtype(dtype):
    tensorflow = pytest.importorskip("tensorflow")
    given = [tensorflow.constant(m, dtype) for m in (a, b, u)]
    for expr, _ in EXPRESSIONS.values():
        with contextlib.suppress(NotImplementedError):
            assert lambdify([A, B, v], expr, "tensorflow")(*given).dtype == dtype
    y = symbols("y")
    choice = Piecewise((Rational(1, 3), x > y), (1, True))
    for expr in (choice, Max(x, Rational(1, 3)), sign(x), ReLU(x, Rational(1, 2)).diff(x)):
        got = lambdify([x, y], expr, "tensorflow")(
            tensorflow.constant([1.0, -1], dtype), given[2][0]
        )
        assert got.dtype == dtype
    logdet = lambdify(A, log(Determinant(A)), "tensorflow")
    for matrix, want in ((np.eye(2)[::-1], np.nan), (np.zeros((2, 2)), -np.inf)):
        np.testing.assert_equal(np.asarray(logdet(tensorflow.constant(matrix, dtype))), want)


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(ENGINES["numpy"])])
def test_a_row_is_frozen(field):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(ENGINES["numpy"], field, None)


def test_an_engine_of_ones_own():
    row = dataclasses.replace(ENGINES["numpy"], name="mine", relu="{m}.fmax({0}, 0)", trace=None)
    assert lambdify(x, ReLU(x), row)(np.array([-1.0, np.nan])).tolist() == [0, 0]
    with pytest.raises(NotImplementedError, match=r"mine has no numeric form of Trace \(trace\)"):
        lambdify(A, Trace(A), row)


def test_no_engine_is_asked_for_its_name():
    import symrelu.code.compile
    import symrelu.code.lower
    import symrelu.code.plan
    from symrelu.code.printers import TABLES

    for part in (symrelu.code.compile, symrelu.code.lower, symrelu.code.plan, *TABLES):
        assert ".name ==" not in inspect.getsource(part)
