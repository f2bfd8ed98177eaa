"""What people write for SymPy's lambdify: loops, integrals, arrays, printers, modules in order."""

import inspect
from types import ModuleType

import numpy as np
import pytest
import sympy
from sympy import (
    Contains,
    DeferredVector,
    Derivative,
    Expr,
    Function,
    Idx,
    IndexedBase,
    Integral,
    Interval,
    Matrix,
    MatrixSymbol,
    Poly,
    Product,
    SparseMatrix,
    Sum,
    Symbol,
    Trace,
    UnevaluatedExpr,
    Union,
    coth,
    erf,
    exp,
    oo,
    sin,
    symbols,
    tanh,
    zeta,
)
from sympy.codegen.numpy_nodes import amax, amin
from sympy.physics.mechanics import dynamicsymbols
from sympy.printing.numpy import NumPyPrinter
from sympy.tensor.array import Array
from sympy.tensor.array.expressions import (
    ArrayAdd,
    ArrayContraction,
    ArraySymbol,
    ArrayTensorProduct,
    PermuteDims,
)

from symrelu import ReLU, gradient, lambdify

x, y, z, w, b = symbols("x y z w b")
i, j, n, m = symbols("i j n m", integer=True)
X, Y, A = map(IndexedBase, "XYA")
DATA, TABLE = np.array([1.0, -2, 3]), np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("args", "expr", "given", "value"),
    [
        ([A, n, m], Sum(A[i, j] * (i + 1), (i, 0, n - 1), (j, 0, m - 1)), (TABLE, 2, 3), 27),
        ([A, n, m], Sum(A[i, j] * (i + 1), (j, 0, m - 1), (i, 0, n - 1)), (TABLE, 2, 3), 27),
        ([X, n, m], Sum(X[i], (i, 0, n - 1), (j, 0, m - 1)), (DATA, 3, 2), 4),
        ([X, Y, n], Sum(X[i] * Y[j], (j, 0, i), (i, 0, n - 1)), (DATA, DATA, 3), 9),
        ([x, n], Sum(x**i, (i, 0, n)), (2, 3), 15),
        ([x], Sum(x**i, (i, 0, 500)), (0.5,), 2),
        ([x, n], Product(x + i, (i, 1, n)), (2, 3), 60),
        ([z], Sum(z, (y, 0, x), (x, 0, 10)), (7,), 462),
        ([X], Sum(X[i], (i, 0, 3999)), (np.ones(4000),), 4000),
        ([X], Sum(X[Idx("k", 3)], (Idx("k", 3), 0, 2)), (DATA,), 2),
        ([X, Idx("k")], X[Idx("k")], ([1, 2, 3], 2), 3),
        ([x], Derivative(x**3, x), (2,), 12),
        ([x], Poly(x**2 + 1, x), (2,), 5),
        ([x], Contains(x, Union(Interval(0, 1), Interval(2, 3))), (2.5,), True),
        ([x], UnevaluatedExpr(x) + 1, (2,), 3),
        (
            [DeferredVector("V"), y],
            DeferredVector("V")[0] + DeferredVector("V")[1] * y,
            (DATA, 2),
            -3,
        ),
        pytest.param((s for s in (x, y)), x - y, (3, 2), 1, id="a generator"),
        ({x: 1, y: 2}.keys(), x - y, (3, 2), 1),
        (np.array([x, y]), x - y, (3, 2), 1),
    ],
    ids=str,
)
def test_value(args, expr, given, value):
    assert lambdify(args, expr)(*given) == value


@pytest.mark.parametrize("engine", ["math", "mpmath"])
def test_a_sum_over_data_is_a_loop_where_there_are_no_arrays(engine):
    loss = Sum((ReLU(w * X[i] + b) - Y[i]) ** 2, (i, 0, n - 1))
    outputs = [loss, *gradient(loss, [w, b])]
    given = (2.0, 0.5, [1.0, -1.0, 2.0], [1.0, 0.0, 3.0], 3)
    assert lambdify([w, b, X, Y, n], outputs, engine)(*given) == [4.5, 9, 6]


def test_integrals():
    pytest.importorskip("scipy")
    bell = Integral(exp(-(x**2) * y), (x, 0, oo))
    values = lambdify(y, bell)(np.array([1.0, 4.0]))
    np.testing.assert_allclose(values, [np.sqrt(np.pi) / 2, np.sqrt(np.pi) / 4])
    assert lambdify(y, bell)(np.array([])).shape == (0,)
    assert lambdify(y, bell, "mpmath")(1) == pytest.approx(np.sqrt(np.pi) / 2)
    assert lambdify(y, bell, "sympy")(1).doit() == sympy.sqrt(sympy.pi) / 2
    nested = Integral(ReLU(x - y), (x, 0, z), (y, 0, z))
    assert lambdify(z, nested)(1) == pytest.approx(1 / 6)
    assert lambdify([x, z], z + Integral(x * z, (x, 0, z)))(5, 2) == 6  # x is of its own
    with pytest.raises(NotImplementedError, match="numpy has no numeric form of Integral"):
        lambdify(y, bell, "numpy")


def test_derivatives_of_what_has_no_formula():
    pytest.importorskip("mpmath")
    slope = zeta(x**2).diff(x)
    step = 1e-6
    numeric = (zeta(4 + step).evalf() - zeta(4 - step).evalf()) / (2 * step) * 4
    assert lambdify(x, slope, "mpmath")(2) == pytest.approx(float(numeric), rel=1e-6)
    f = Function("f")
    with pytest.raises(NotImplementedError, match=r"numeric form of Derivative\(f\(x\), x\)"):
        lambdify(x, f(x).diff(x))
    q = dynamicsymbols("q")
    t = dynamicsymbols._t
    assert lambdify([t, (q, q.diff(t))], Matrix([[t * q.diff(t), q]]))(2, (3, 4)).tolist() == [
        [8, 3]
    ]


def test_arrays():
    a, c = ArraySymbol("a", (2, 2)), ArraySymbol("c", (2, 2))
    given = np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    for expr, value in (
        (a, given[0]),
        (a[0, 1] + 1, 2),
        (ArrayAdd(a, c), given[0] + 1),
        (ArrayContraction(ArrayTensorProduct(a, c), (1, 2)), given[0] @ given[1]),
        (PermuteDims(a, [1, 0]), given[0].T),
    ):
        np.testing.assert_array_equal(lambdify([a, c], expr)(*given), value)
    with pytest.raises(ValueError, match="c is not among the arguments"):
        lambdify(a, ArrayAdd(a, c))
    with pytest.raises(NotImplementedError, match="no numeric form of ArrayAdd"):
        lambdify([a, c], ArrayAdd(a, c), "mpmath")
    assert lambdify([x, y], [amin(x), amax(y)])(*given) == [0, 1]
    np.testing.assert_array_equal(lambdify(x, amax(x, axis=1))(given[0]), [1, 3])


def test_sparse_matrices():
    scipy = pytest.importorskip("scipy.sparse")
    diagonal = SparseMatrix([[x, 0], [0, y]])
    made = lambdify([x, y], [diagonal, x * y], "scipy")(1, 2)
    assert isinstance(made[0], scipy.coo_matrix)
    np.testing.assert_array_equal(made[0].toarray(), [[1, 0], [0, 2]])
    assert made[1] == 2
    assert lambdify([], SparseMatrix(2, 2, {}), "scipy")().nnz == 0
    assert isinstance(lambdify([x, y], diagonal)(1, 2), np.ndarray)


@pytest.mark.parametrize("kind", [Matrix, Array])
def test_entries_of_several_shapes_are_broadcast_to_one(kind):
    given = np.arange(3.0)
    column = lambdify([x, y], kind([[x * y], [y], [1]]))
    assert column(given, 2.0).shape == (3, 1, 3)
    np.testing.assert_array_equal(column(given, 2.0)[:, 0], [2 * given, [2] * 3, [1] * 3])
    np.testing.assert_array_equal(column(3, 2), [[6], [2], [1]])
    assert lambdify([x, y], kind([[x * y], [1]]))(given.astype("f4"), 2).dtype == "f4"


def test_entries_of_several_shapes_on_torch():
    torch = pytest.importorskip("torch")
    given = torch.arange(3.0)
    out = lambdify([x, y], Matrix([x * y, y, 1]), "torch")(given, torch.tensor(2.0))
    assert out.tolist() == [[[0, 2, 4]], [[2] * 3], [[1] * 3]]


class Hypot(Expr):
    def _numpycode(self, printer):
        return f"numpy.hypot({', '.join(map(printer._print, self.args))})"


class Own(Expr):
    def _numpycode(self, printer):
        return f"mine({printer._print(self.args[0])})"


class Unknown(Expr):
    def _numpycode(self, printer):
        return "elsewhere(1)"


def test_classes_that_say_how_they_are_written():
    assert lambdify([x, y], 2 * Hypot(x, y**2) + 1)(3, 2) == 11
    assert lambdify(x, Own(x), [{"mine": np.negative}, "numpy"])(3) == -3
    with pytest.raises(NotImplementedError, match=r"no numeric form of .*Unknown"):
        lambdify(x, Unknown(x))
    with pytest.raises(NotImplementedError, match="no numeric form of Hypot"):
        lambdify([x, y], Hypot(x, y), "mpmath")


def test_printers_with_functions_of_the_user():
    g = Function("g")
    fft = NumPyPrinter({"user_functions": {"g": "numpy.fft.fft"}})
    np.testing.assert_array_equal(lambdify(x, g(x), printer=fft)(np.ones(2)), [2, 0])
    named = NumPyPrinter({"user_functions": {"g": "mine"}})
    assert lambdify(x, g(x), [{"mine": np.negative}, "numpy"], printer=named)(3) == -3


def test_modules_are_asked_in_their_order():
    pytest.importorskip("mpmath")
    f = lambdify(x, sin(x) + erf(x), ["numpy", "math"])
    assert f(1.0) == pytest.approx(float((sin(1) + erf(1)).evalf()))
    assert "numpy.sin(x)" in inspect.getsource(f)
    with pytest.raises(NotImplementedError, match="numpy has no numeric form of zeta"):
        lambdify(x, zeta(x), ["numpy", "math"])
    of_arrays = lambdify(x, coth(x), ["numpy", "math"])  # by numpy.tanh
    np.testing.assert_allclose(of_arrays(np.array([1.0, 2.0])), 1 / np.tanh([1.0, 2.0]))
    assert lambdify(x, zeta(x), ["numpy", "math", "mpmath"])(2) == pytest.approx(np.pi**2 / 6)
    module = ModuleType("of_the_user")
    module.g = lambda v: v + 1
    assert lambdify(x, Function("g")(x), [module, "numpy"])(1) == 2


def test_what_cse_releases_is_not_computed():
    shared = Symbol("shared")
    held = (shared, Matrix([sin(x)]))
    assert lambdify(x, [x], cse=lambda e: ([held, (y, None)], e))(2) == [2]
    kept = lambdify(x, [x], cse=lambda e: ([(shared, sin(x)), (y, None)], [shared**2]))
    assert kept(2.0) == [pytest.approx(np.sin(2) ** 2)]


def test_an_integral_takes_traces_from_outside_and_no_matrices():
    pytest.importorskip("scipy")
    M = MatrixSymbol("M", 2, 2)
    value = lambdify([M, y], Integral(exp(-x * Trace(M) * y), (x, 0, 1)), "scipy")
    np.testing.assert_allclose(value(np.eye(2), 0.5), 1 - np.exp(-1))
    with pytest.raises(NotImplementedError, match="Integral over elements of matrices"):
        lambdify(M, Integral(Trace((x * M).applyfunc(tanh)), (x, 0, 1)), "scipy")
