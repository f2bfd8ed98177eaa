"""SymPy's own lambdify on ReLU, and on its derivative."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from sympy import Heaviside, Matrix, Piecewise, Rational, S, Symbol, lambdify, nan, oo, symbols

from symrelu import ReLU

x, y, c = symbols("x y c")
FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["int8", "int32", "int64"]
DTYPES = {
    "numpy": FLOATS + INTEGERS,
    "scipy": FLOATS + INTEGERS,
    "numexpr": ["float32", "float64", "int32", "int64"],  # all that it has
    "jax": FLOATS + INTEGERS,
    "torch": FLOATS + INTEGERS,
}
H0S = [S.Zero, S.Half, S.One]
TINY = 5e-324  # the smallest subnormal number
NUMBERS = [-np.inf, -1.0, -TINY, -0.0, 0.0, TINY, 1.0, np.inf, np.nan]
POINTS = [-1.0, 0.0, 1.0, np.nan]


@pytest.fixture
def array(modules, request):
    """What turns a NumPy array into one of the engine, which must be installed."""
    if modules == "torch":
        return pytest.importorskip("torch").from_numpy
    if modules == "jax":
        return request.getfixturevalue("jax").numpy.asarray
    pytest.importorskip(modules)
    return np.asarray


# The value


@pytest.mark.parametrize(("modules", "dtype"), [(m, d) for m in DTYPES for d in DTYPES[m]])
def test_arrays(modules, array, dtype):
    limits = np.iinfo(dtype) if dtype in INTEGERS else np.finfo(dtype)
    tiny = 0 if dtype in INTEGERS else limits.smallest_subnormal
    special = [] if dtype in INTEGERS else [-np.inf, -0.0, np.inf, np.nan]
    given = np.array([limits.min, -1, -tiny, 0, tiny, 1, limits.max, *special], dtype)
    before = given.copy()
    result = np.asarray(lambdify(x, ReLU(x), modules)(array(given)))
    assert result.dtype == dtype
    # XLA, which computes for JAX, takes subnormal numbers for 0.
    tolerance = float(tiny) if modules == "jax" else 0
    np.testing.assert_allclose(result, np.maximum(before, 0), rtol=0, atol=tolerance)
    np.testing.assert_array_equal(given, before)  # not written to


@pytest.mark.parametrize("modules", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0,), (0, 2)])
def test_shapes(modules, array, shape):
    given = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    result = np.asarray(lambdify(x, ReLU(x), modules)(array(given)))
    assert result.dtype == given.dtype
    np.testing.assert_array_equal(result, np.maximum(given, 0), strict=True)


@pytest.mark.parametrize(
    ("modules", "cse"),
    [(m, cse) for m in DTYPES for cse in (False, True) if m != "numexpr" or not cse],
)
def test_expressions_broadcast(modules, array, cse):
    u, v = np.array([[-1.0], [0.5], [2.0], [np.nan]]), np.array([-3.0, 2.0, 4.0])
    expr = ReLU(x * y - 1) ** 2 + ReLU(x * y - 1) - 2 * ReLU(-y, c)
    result = lambdify((x, y), expr, modules, cse=cse)(array(u), array(v))
    hidden = np.maximum(u * v - 1, 0)
    np.testing.assert_array_equal(np.asarray(result), hidden**2 + hidden - 2 * np.maximum(-v, 0))


@pytest.mark.parametrize("H0", [c, *H0S[1:], nan])
@pytest.mark.parametrize("modules", DTYPES)
def test_value_does_not_depend_on_H0(modules, array, H0):
    result = lambdify((x, c), ReLU(x, H0), modules)(array(np.array(POINTS)), 7)
    np.testing.assert_array_equal(np.asarray(result), [0, 0, 1, np.nan])


@pytest.mark.parametrize("modules", [None, "numpy", "math", "mpmath", ["math", "mpmath", "sympy"]])
def test_scalars(modules):
    function = lambdify(x, ReLU(x), modules)
    results = [float(function(number)) for number in NUMBERS]
    np.testing.assert_array_equal(results, np.maximum(NUMBERS, 0))


def test_exact_numbers_stay_exact():
    third = Fraction(1, 3)
    function = lambdify(x, 2 * ReLU(x - 1), "math")
    assert [function(n) for n in (0, 1, 10**30)] == [0, 0, 2 * 10**30 - 2]
    assert function(1 + third) == 2 * third
    with mpmath.workdps(50):
        assert lambdify(x, ReLU(x), "mpmath")(mpmath.pi) == mpmath.pi + 0
        tiny = mpmath.mpf("1e-400")
        assert lambdify(x, ReLU(x) ** 2, "mpmath")(tiny) == tiny**2 > 0


def test_matrices():
    function = lambdify((x, y), Matrix([[ReLU(x), ReLU(y)], [ReLU(x - y), 1]]), "numpy")
    np.testing.assert_array_equal(function(2.0, -1.0), [[2, 0], [3, 1]])


def test_sympy():
    q = Symbol("q")
    assert lambdify(x, ReLU(x - 1) ** 2, "sympy")(q) == ReLU(q - 1) ** 2
    assert lambdify((x, c), ReLU(x, c), "sympy")(q, S.Half) == ReLU(q, S.Half)
    assert lambdify(x, ReLU(x, 1), "sympy")(q) == ReLU(q, 1)
    assert lambdify(x, ReLU(x, S.Half), "sympy")(q).H0 == 0.5  # SymPy writes a float
    function = lambdify(x, ReLU(x), "sympy")
    assert [function(n) for n in (-oo, -1, 0, 1, Rational(1, 3), oo)] == [
        *(0, 0, 0, 1, Rational(1, 3), oo)
    ]
    assert function(nan) is nan


@pytest.mark.parametrize("modules", ["numpy", "scipy", "math", "mpmath", "sympy"])
def test_a_function_of_the_user_goes_first(modules):
    if modules == "scipy":
        pytest.importorskip("scipy")
    leaky = [{"ReLU": lambda x: max(x, x / 10)}, modules]
    assert lambdify(x, ReLU(x) + 1, leaky)(-5.0) == 0.5


# The derivative


@pytest.mark.parametrize("H0", H0S)
@pytest.mark.parametrize("modules", [None, "numpy", "scipy", "math", "mpmath"])
def test_slopes(modules, H0):
    if modules == "scipy":
        pytest.importorskip("scipy")
    expected = np.heaviside(NUMBERS[:-1], float(H0))
    fixed = lambdify(x, ReLU(x, H0).diff(x), modules)
    np.testing.assert_array_equal([float(fixed(v)) for v in NUMBERS[:-1]], expected)
    chosen = lambdify((x, c), ReLU(x, c).diff(x), modules)
    np.testing.assert_array_equal([float(chosen(v, H0)) for v in NUMBERS[:-1]], expected)


@pytest.mark.parametrize("modules", ["numpy", "scipy", "jax"])
def test_slopes_of_arrays(modules, array):
    u, v = np.array([[-1.0], [0.5], [2.0]]), np.array([-3.0, 2.0, 4.0])
    result = lambdify((x, y), (ReLU(x * y - 1, S.Half) ** 2 + ReLU(x - 2, S.Half)).diff(x), modules)
    expected = 2 * v * np.maximum(u * v - 1, 0) + np.heaviside(u - 2, 0.5)
    np.testing.assert_array_equal(np.asarray(result(array(u), array(v))), expected)


@pytest.mark.parametrize("H0", H0S)
def test_slopes_in_sympy(H0):
    function = lambdify(x, ReLU(x, H0).diff(x), "sympy")
    assert [function(v) for v in (-oo, -1, 0, 1, oo)] == [0, 0, 0.5 if H0 == S.Half else H0, 1, 1]
    assert function(nan) is nan
    assert lambdify((x, c), ReLU(x, c).diff(x), "sympy")(y, H0) == Heaviside(y, H0)


# What SymPy makes of Heaviside, and of numexpr


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("H0", H0S)
@pytest.mark.parametrize("modules", ["numpy", "scipy", "jax", "math", "mpmath"])
def test_slope_of_nan_is_1(modules, H0):
    # It prints branches, of which nan takes the last.  np.heaviside keeps nan: see below.
    if modules in ("scipy", "jax"):
        pytest.importorskip(modules)
    assert lambdify(x, ReLU(x, H0).diff(x), modules)(np.nan) == 1


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
@pytest.mark.parametrize("modules", ["numpy", "scipy", "jax"])
def test_slopes_are_widened(modules, array, dtype):
    slopes = lambdify(x, ReLU(x).diff(x), modules)(array(np.array([-1, 0, 1], dtype)))
    assert slopes.dtype == "float64"


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("H0", H0S)
def test_heaviside_of_numpy_is_exact(H0, dtype):
    # Not what SymPy prints, but what it can be told to use.
    function = lambdify(x, ReLU(x, H0).diff(x), [{"Heaviside": np.heaviside}, "numpy"])
    result = function(np.array(POINTS, dtype))
    np.testing.assert_array_equal(result, [0, float(H0), 1, np.nan])
    assert result.dtype == dtype


@pytest.mark.sympy_behaviour
def test_numpy_slope_of_a_number_is_an_array():
    slope = lambdify(x, ReLU(x).diff(x), "numpy")(2.0)
    assert isinstance(slope, np.ndarray)
    assert slope.shape == ()


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("modules", ["torch"])
def test_torch_wants_a_tensor_of_slopes(modules, array):
    points = array(np.array(POINTS))
    for H0 in H0S:
        with pytest.raises(TypeError, match="must be Tensor"):
            lambdify(x, ReLU(x, H0).diff(x), modules)(points)
    # Given as an argument it will do, but then nan becomes 0.
    slopes = lambdify((x, c), ReLU(x, c).diff(x), modules)(points, points.new_tensor(0.25))
    np.testing.assert_array_equal(slopes, [0, 0.25, 1, 0])


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("modules", ["numexpr"])
def test_numexpr_has_no_heaviside(modules, array):
    with pytest.raises(TypeError, match="numexpr does not support function 'Heaviside'"):
        lambdify(x, ReLU(x).diff(x), modules)


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("modules", ["numexpr"])
def test_numexpr_goes_without_cse(modules, array):
    with pytest.raises(SyntaxError):
        lambdify(x, (x + 1) ** 2 + 1 / (x + 1), modules, cse=True)


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("H0", H0S)
@pytest.mark.parametrize("modules", ["numexpr", "torch"])
def test_a_piecewise_helps_away_from_nan(modules, array, H0):
    function = lambdify(x, ReLU(x, H0).diff(x).rewrite(Piecewise), modules)
    slopes = np.asarray(function(array(np.array(POINTS))))
    np.testing.assert_array_equal(slopes, [0, float(H0), 1, 1])
