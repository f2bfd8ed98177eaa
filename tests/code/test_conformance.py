"""One table: value and slope at and about the kink, on every engine, whatever holds the numbers."""

import inspect
import sys
from fractions import Fraction
from functools import cache
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy.printing.tensorflow  # noqa: F401  (it looks for TensorFlow when it is loaded)
from support.conformance_limits import LIMITS
from sympy import S, nan, symbols

from symrelu import ReLU, lambdify

x, c = symbols("x c")
C = 0.25  # what c is at call time
H0S = [S.Zero, S.Half, S.One, c, nan]
EXPRESSIONS = {"value": ReLU, "slope": lambda x, H0: ReLU(x, H0).diff(x)}
NUMBER_ENGINES = ["math", "mpmath"]
ARRAY_ENGINES = ["numpy", "scipy", "cupy", "dask", "numba", "numexpr", "jax", "torch"]
NUMPY_1 = np.lib.NumpyVersion(np.__version__) < "2.0.0"
DTYPES = ["float16", "float32", "float64", "int32", "int64"]
LAYOUTS = ["plain", "0-d", "1-d", "2-d", "empty", "strided", "read-only"]


class Cell(NamedTuple):
    """The ReLUs of one slope at 0, compiled by one engine, of one kind of number or array."""

    engine: str
    H0: Any
    dtype: str
    layout: str

    def limits(self, what):
        """The names of the limits that hold here, and the trouble that each makes."""
        if self.layout == "plain":
            yield "plain numbers", "refused"
        elif self.dtype == "float16":
            yield "float16", "refused" if self.engine == "numba" else "dtype"
        integer = [S.Zero] if self.engine == "numba" else [S.Zero, S.One]
        if self.dtype == "float32" and what == "slope" and self.H0 not in integer:
            yield "slopes in float32", "dtype"
        if self.dtype == "int32" and what == "slope" and self.H0 == 1:
            yield "int32", "dtype"
        if self.dtype in ("float32", "float64") and self.layout != "empty":
            yield "subnormal numbers", "subnormal numbers"


def _cells():
    for cell in map(Cell._make, product(ARRAY_ENGINES, H0S, DTYPES, LAYOUTS)):
        if cell.layout == "plain" and cell.dtype not in ("float64", "int64"):
            continue  # Python has no others
        # Numba compiles for every kind of array anew, which takes a while.
        half = cell.H0 == S.Half and cell.dtype == "float64"
        if cell.engine != "numba" or cell.layout == "1-d" or half:
            yield cell
    for engine, H0, dtype in product(NUMBER_ENGINES, H0S, ("float64", "int64")):
        yield Cell(engine, H0, dtype, "plain")


def _array(dtype, layout):
    points = [-1, 0, 1]
    if dtype.startswith("float"):
        tiny = np.finfo(dtype).smallest_subnormal
        points = [-np.inf, -1, -tiny, -0.0, 0, tiny, 1, np.inf, np.nan]
    points = np.array(points, dtype)
    if layout == "2-d":
        return np.stack([points, points[::-1].copy()])
    if layout == "strided":
        return np.repeat(points, 2)[::2]
    if layout == "read-only":
        points.flags.writeable = False
    return points[:0] if layout == "empty" else points


def _pieces(array, layout):
    """The arrays or numbers to call with."""
    if layout in ("plain", "0-d"):
        return [v.item() if layout == "plain" else np.array(v) for v in array]
    return [array]


@pytest.fixture
def to_engine(cell, request, monkeypatch):
    """What turns a number or a NumPy array into one of the engine, which must be installed."""
    if cell.engine == "cupy":  # its API is NumPy's
        monkeypatch.setitem(sys.modules, "cupy", np)
    elif cell.engine == "dask":
        da = pytest.importorskip("dask.array")
        return lambda v: da.from_array(v) if isinstance(v, np.ndarray) else v
    else:
        module = pytest.importorskip(cell.engine)
        if cell.engine == "mpmath":
            return module.mpf
        if cell.engine == "torch":
            return lambda v: module.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v
        if cell.engine == "jax":
            request.getfixturevalue("jax")  # has no float64 and int64 unless told to
            return lambda v: module.numpy.asarray(v) if isinstance(v, np.ndarray) else v
    return lambda v: v


@cache
def _compiled(what, H0, engine):
    if engine == "numba":
        function = _compiled("value", S.Zero, "numpy") if what == "value" else None
        return sys.modules["numba"].njit(function or _compiled(what, H0, "numpy"))
    modules = "numpy" if engine == "dask" else engine
    return lambdify((x, c), EXPRESSIONS[what](x, H0), modules)


def _expected(array, what, H0):
    if what == "value":
        return np.maximum(array, 0)
    at_0 = C if H0 == c else float(H0)
    return np.array([at_0 if v == 0 else v if np.isnan(v) else v > 0 for v in array.flat]).reshape(
        array.shape
    )


def _trouble(cell, what, to_engine):
    """What goes wrong in a cell; what must not ever, fails at once."""
    array = _array(cell.dtype, cell.layout)
    pieces = [to_engine(piece) for piece in _pieces(array, cell.layout)]
    function = _compiled(what, cell.H0, cell.engine)
    try:
        results = [function(piece, C) for piece in pieces]
    except Exception as refusal:
        if type(refusal).__name__ not in ("TypeError", "NotImplementedError", "TypingError"):
            raise
        return {"refused"}
    for piece, before in zip(pieces, _pieces(array, cell.layout), strict=True):
        if cell.engine != "mpmath":  # whose numbers cannot be written to
            np.testing.assert_array_equal(np.asarray(piece), before)
        assert np.shape(piece) == np.shape(before)
    if cell.engine == "mpmath":  # to numbers of Python
        results = [
            float(v) if cell.dtype == "float64" or what == "slope" else int(v) for v in results
        ]
    results = [np.asarray(v) for v in results]
    result = np.stack(results) if cell.layout in ("plain", "0-d") else results[0]
    expected = _expected(array, what, cell.H0)
    trouble = set()
    kind = result.dtype.kind if cell.layout == "plain" else result.dtype
    kept = array.dtype.kind if cell.layout == "plain" else array.dtype
    if what == "slope" and array.dtype.kind == "i" and cell.H0 not in (0, 1):
        if cell.layout != "empty":
            assert result.dtype.kind == "f"  # as there is no integer for it
    elif kind != kept and not (cell.engine in NUMBER_ENGINES and what == "slope"):
        trouble.add("dtype")
    tiny = np.finfo(cell.dtype).smallest_normal if array.dtype.kind == "f" else 0
    subnormal = (array != 0) & (abs(array) < tiny)
    assert result.shape == expected.shape
    np.testing.assert_array_equal(result[~subnormal], expected[~subnormal])
    if not np.array_equal(result[subnormal], expected[subnormal]):
        trouble.add("subnormal numbers")
    return trouble


@pytest.mark.parametrize("cell", list(_cells()), ids=lambda cell: "-".join(map(str, cell)))
def test_conformance(cell, to_engine):
    # NumPy 1 promotes a 0-d array like a number, by its value.
    open_ = {"dtype"} if cell.layout == "0-d" and NUMPY_1 else set()
    for what in EXPRESSIONS:
        limits = [pair for pair in cell.limits(what) if (cell.engine, pair[0]) in LIMITS]
        expected = {trouble for _, trouble in limits}
        assert _trouble(cell, what, to_engine) - open_ == expected - open_, what


def test_every_limit_is_one_of_some_cell():
    cells = list(_cells())
    met = {
        (cell.engine, name)
        for cell in cells
        for what in EXPRESSIONS
        for name, _ in cell.limits(what)
    }
    assert met >= LIMITS.keys()


def test_exact_numbers_stay_exact():
    function = lambdify(x, [2 * ReLU(x - 1), ReLU(x).diff(x)], "math")
    assert function(Fraction(4, 3)) == [Fraction(2, 3), 1]
    assert function(10**30) == [2 * 10**30 - 2, 1]


def test_sympy():
    q = symbols("q")
    assert lambdify((x, c), ReLU(x, c).diff(x), "sympy")(q, S.Half) == ReLU(q, S.Half).diff(q)
    value, slope = lambdify(x, [ReLU(x), ReLU(x).diff(x)], "sympy")(nan)
    assert value is nan
    assert slope is nan


# TensorFlow, by its source where it is not installed

_STEP = "tensorflow.where(tensorflow.math.is_nan(x), x, tensorflow.cast(x > 0, x.dtype))"
_STEP_AT_0 = f"tensorflow.where(x == 0, tensorflow.cast({{}}, x.dtype), {_STEP})"


@pytest.mark.parametrize(
    ("H0", "lines"),
    [
        (S.Zero, [f"return {_STEP}"]),
        (S.Half, [f"return {_STEP_AT_0.format('1/2')}"]),
        (S.One, [f"return {_STEP_AT_0.format(1)}"]),
        (c, [f"return {_STEP_AT_0.format('c')}"]),
        (nan, ["t0 = float('nan')", f"return {_STEP_AT_0.format('t0')}"]),
    ],
    ids=map(str, H0S),
)
def test_tensorflow(monkeypatch, H0, lines):
    try:
        import tensorflow
    except ImportError:
        tensorflow = None
        monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    value, slope = (lambdify((x, c), of(x, H0), "tensorflow") for of in EXPRESSIONS.values())
    head = "def lambdified(x, c):\n    "
    assert inspect.getsource(value) == f"{head}return tensorflow.nn.relu(x)\n"
    assert inspect.getsource(slope) == head + "\n    ".join(lines) + "\n"
    if tensorflow:
        points = np.array([-np.inf, -1, -0.0, 0, 1, np.inf, np.nan], "float32")
        for what, function in (("value", value), ("slope", slope)):
            result = np.asarray(function(tensorflow.constant(points), C))
            np.testing.assert_array_equal(result, _expected(points, what, H0))
            assert result.dtype == "float32"
