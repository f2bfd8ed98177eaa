"""The engine numba: code for numbers, run in one loop over arrays of any kind."""

import inspect
import math

import numpy as np
import pytest
from sympy import (
    Abs,
    Array,
    Function,
    Heaviside,
    I,
    IndexedBase,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Ne,
    Piecewise,
    Product,
    Rational,
    Sum,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceiling,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    floor,
    gamma,
    log,
    loggamma,
    oo,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    symbols,
    tan,
    tanh,
    zeta,
)
from sympy.codegen.cfunctions import expm1, hypot, log1p, log2, log10

from symrelu import ReLU, gradient, lambdify

numba = pytest.importorskip("numba")

w, b, x, y = symbols("w b x y")
ARGS = [w, b, x, y]
LOSS = (ReLU(w * x + b) - y) ** 2
OUTPUTS = [LOSS, *gradient(LOSS, [w, b])]


def test_the_source_is_a_loop_over_code_for_numbers():
    f = lambdify(ARGS, OUTPUTS, "numba")
    assert f.__doc__.endswith(
        """
@numba.njit(error_model='numpy', nogil=True)
def loop(size, w, b, x, y, out0, out1, out2):
    for i in range(size):
        out0[i], out1[i], out2[i] = entry(at(w, i), at(b, i), at(x, i), at(y, i))


def lambdified(w, b, x, y):
    out0, out1, out2 = run(entry, loop, [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]], w, b, x, y)
    return [out0, out1, out2]
"""
    )
    assert inspect.getsource(f).startswith("@numba.njit")
    assert "def entry(w, b, x, y):\n    t0 = b + w*x\n" in inspect.getsource(f)
    assert list(inspect.signature(f).parameters) == ["w", "b", "x", "y"]


f = lambdify(ARGS, OUTPUTS, "numba")
by_numpy = lambdify(ARGS, OUTPUTS, "numpy")
points = np.array([-1.5, -0.5, 0, 0.5, np.nan, 2])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8"])
@pytest.mark.parametrize(
    "to",
    [
        lambda a: a,
        lambda a: a[::2],
        lambda a: a[:, None] + np.zeros((1, 2), a.dtype),
        lambda a: np.asfortranarray(a.reshape(2, 3)),
        lambda a: a[:0],
        lambda a: a[:1],
        lambda a: a.reshape(1, 1, -1),
    ],
    ids=["1-d", "strided", "2-d", "Fortran", "empty", "one", "3-d"],
)
def test_arrays(to, dtype):
    array = to(points.astype(dtype))
    got, want = f(2.0, 0.5, array, 1), by_numpy(2.0, 0.5, array, 1)
    for ours, theirs in zip(got, want, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3 if dtype == "float16" else 1e-6)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape


def test_an_output_has_the_shape_of_what_it_reads():
    outputs = [x * y, x + 1, 2 * y, w**2, 3, x > y]
    mine, numpys = (lambdify([w, x, y], outputs, m) for m in ("numba", "numpy"))
    for column in (np.array([[1.0], [2]]), np.zeros((0, 1))):
        row = np.array([3.0, 4, 5], "float32")
        for ours, theirs in zip(mine(2, column, row), numpys(2, column, row), strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert np.result_type(ours) == np.result_type(theirs)
    assert mine(2, 1.0, row)[3:5] == [4, 3]
    assert type(mine(2, 1.0, row)[3]) is int


def test_numbers_give_numbers():
    assert f(2.0, 0.5, 1.0, 3) == [0.25, -1, -1]
    assert [type(v) for v in f(2.0, 0.5, 1.0, 3)] == [float] * 3
    assert [v.dtype for v in f(2.0, 0.5, np.array(1, "float32"), 3)] == ["float32"] * 3
    g = lambdify([x, y], [ReLU(x), x / y, x > y, 7, log(x)], "numba")
    assert g(-3, 0)[:4] == [0, -math.inf, False, 7]
    assert math.isnan(g(-3, 0)[4])
    assert type(g(-3, 0)[0]) is int


def test_integers_keep_their_dtype():
    given = np.array([-3, 5], "int32")
    value, slope, half = lambdify(x, [ReLU(x), ReLU(x).diff(x), x / 2], "numba")(given)
    assert (value.dtype, slope.dtype, half.dtype) == ("int32", "int32", "float64")
    assert (value.tolist(), slope.tolist(), half.tolist()) == ([0, 5], [0, 1], [-1.5, 2.5])


def test_outputs_keep_their_form():
    form = {"a": (x, [x + 1]), 2: Matrix([[x, 1], [Rational(1, 2), y]])}
    got = lambdify([x, y], form, "numba")(np.array([1, 2], "float32"), 3.0)
    assert got["a"][0].tolist() == [1, 2]
    assert got["a"][1][0].tolist() == [2, 3]
    assert got[2].dtype == "float32"
    assert got[2].shape == (2, 2, 2)
    assert got[2][..., 1].tolist() == [[2, 1], [0.5, 3]]
    assert lambdify([(x, [y])], Matrix([x, y]), "numba")((1, [2])).tolist() == [[1], [2]]
    assert lambdify([], [3, pi, Matrix([1])], "numba")() == [3, math.pi, 1]
    assert lambdify(x, 3, "numba")(np.ones(2)) == 3
    assert lambdify(x, Array([[x, 1]]), "numba")(np.ones(2)).tolist() == [[[1, 1], [1, 1]]]


FUNCTIONS = [
    *(g(x) for g in (sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, atanh, exp)),
    *(g(x) for g in (erf, erfc, gamma, loggamma, sqrt, log, log10, log2, log1p, expm1)),
    *(g(x) for g in (floor, ceiling, sign, Abs)),
    acosh(x + 1), atan2(y, x), hypot(x, y), Mod(y, x), x**y, Max(x, y, 0), Min(x, y),
    Heaviside(x, y),
    Piecewise((1 / x, Ne(x, 0)), (y, True)), sign(ReLU(y)), ReLU(x, Rational(1, 2)).diff(x), x + oo,
]  # fmt: skip


@pytest.mark.parametrize("expr", FUNCTIONS, ids=str)
def test_functions(expr):
    at = [-1.5, -1.0, 0.0, 0.5, 1.0, 2.25, np.nan]
    xs, ys = (a.ravel() for a in np.meshgrid(at, at))
    got = lambdify([x, y], expr, "numba")(xs, ys)
    with np.errstate(all="ignore"):
        want = lambdify([x, y], expr, "scipy")(xs, ys)
    if expr == gamma(x):  # has no sign at the poles
        got, want = (np.where(np.isin(xs, [-1, 0]), 0, v) for v in (got, want))
    np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize(
    ("args", "expr", "message"),
    [
        ([x], zeta(x), "no numeric form of zeta"),
        ([x], Function("g")(x), "no numeric form of g"),
        ([MatrixSymbol("A", 2, 2)], MatrixSymbol("A", 2, 2), "the argument A is one; give its"),
        ([IndexedBase("v")], IndexedBase("v")[0], "the argument v is one; give its entries"),
    ],
)
def test_what_it_cannot_do_is_refused_when_compiling(args, expr, message):
    with pytest.raises(NotImplementedError, match=message):
        lambdify(args, expr, "numba")


@pytest.mark.parametrize("given", [1 + 2j, np.array([1j]), "a", np.array([object()])])
def test_what_numba_cannot_take_is_a_type_error(given):
    with pytest.raises(TypeError, match="Numba cannot compute this of"):
        lambdify(x, ReLU(x), "numba")(given)


def test_complex_numbers():
    assert lambdify(x, x**2 + I, "numba")(np.array([1j])).tolist() == [-1 + 1j]


def test_a_function_of_the_users():
    given = {"g": lambda t: t + 1, "h": numba.njit(lambda t: 2 * t)}
    g, h = Function("g"), Function("h")
    function = lambdify([x, y], [g(x) * h(x), g(y)], [given, "numba"])
    assert [v.tolist() for v in function(np.array([1.0, 2]), np.array(0))] == [[4, 12], 1]


def test_names_that_are_taken():
    names = symbols("entry loop i size at run matrix out0 numba")
    function = lambdify(names, [sum(names), Matrix([names[0]])], "numba")
    assert function(*range(9))[0] == 36
    assert function(*[np.ones(2)] * 9)[0].tolist() == [9, 9]
    assert "entry_1" in inspect.getsource(function)


def test_common_subexpressions_of_the_users_own():
    t = symbols("t")
    function = lambdify([x, y], [x + y, y], "numba", cse=lambda e: ([(t, x + 1)], [t * y, y]))
    assert [v.tolist() for v in function(np.array([1.0, 2]), np.array([3.0]))] == [[6, 9], [3]]


def test_another_process():
    cloudpickle = pytest.importorskip("cloudpickle")
    again = cloudpickle.loads(cloudpickle.dumps(f))
    assert again(2.0, 0.5, 1.0, 3) == [0.25, -1, -1]
    np.testing.assert_array_equal(again(2.0, 0.5, points, 1), f(2.0, 0.5, points, 1))


@pytest.mark.parametrize(
    "expr",
    [
        Piecewise((1 / x, Ne(x, 0)), (y, True)),
        Piecewise((log(x) / x, x > 0), (1, True)),
        gradient(Piecewise((sqrt(x), x > 0), (y, True)), [x, y])[0],
    ],
    ids=str,
)
def test_numba_compiles_what_is_compiled_for_numpy(expr):
    function = lambdify([x, y], expr, "numpy")
    assert "errstate" in inspect.getsource(function)
    at = (np.array([-1.0, 0, 4]), np.array([1.0, 2, 3]))
    np.testing.assert_allclose(numba.njit(function)(*at), function(*at))
    np.testing.assert_allclose(numba.njit(function)(0.0, 2.0), function(0.0, 2.0))


def test_an_entry_is_for_compiled_code_alone():
    from symrelu.code.loops import at

    with pytest.raises(NotImplementedError, match="only for code that Numba compiles"):
        at(np.ones(2), 0)


def test_sums_that_numba_cannot_run_are_refused():
    k, n = symbols("k n", integer=True)
    for kind in (Sum, Product):
        with pytest.raises(NotImplementedError, match=f"no numeric form of {kind.__name__}"):
            lambdify([x, n], kind(x**k, (k, 1, n)), "numba")
