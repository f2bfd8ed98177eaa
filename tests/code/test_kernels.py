"""ReLU and its slope on NumPy: one function for numbers, small arrays and large ones."""

import inspect
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest
from support.networks import matrix_network, residual_network
from sympy import (
    Determinant,
    Heaviside,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    Piecewise,
    S,
    frac,
    log,
    sign,
    sin,
    symbols,
)

from symrelu import ReLU, gradient, lambdify
from symrelu.code import ENGINES, kernels
from symrelu.code.kernels import KERNELS, at_least, at_most, relu, step, step_at_0

x, c = symbols("x c")
DTYPES = ["f2", "f4", "f8", "g", "i1", "u2", "i8", "O"]
POINTS = [-3, -1, 0, 1, 7]
SPECIAL = [-np.inf, -1e-7, -0.0, 0.5, np.inf, np.nan]


def points(dtype, size):
    some = [p % 8 for p in POINTS] if "u" in dtype else POINTS
    some = some + SPECIAL if (dtype[-1] in "248g" and "f" in dtype) or dtype == "g" else some
    return np.resize(np.array(some, dtype), size)


LAYOUTS = {
    "contiguous": lambda a: a,
    "strided": lambda a: np.repeat(a, 2)[::2],
    "backwards": lambda a: a[::-1],
    "Fortran": lambda a: np.asfortranarray(np.resize(a, (len(a) // 7, 7))),
    "read-only": lambda a: np.broadcast_to(a, (2, len(a))),
}


def expected(array, at_0=None):
    """Value, or slope, number by number."""

    def of(v):
        if v != v:
            return v
        if at_0 is None:
            return max(v, 0)
        return 1 if v > 0 else 0 if v < 0 else at_0

    return np.array([of(v) for v in array.ravel().tolist()], object).reshape(array.shape)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [0, 14, 700, 7000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_value_and_slopes(dtype, size, layout):
    array = LAYOUTS[layout](points(dtype, size))
    before = array.copy()
    for result, want in (
        (relu(array), expected(array)),
        (step(array), expected(array, 0)),
        (step_at_0(array, 1), expected(array, 1)),
    ):
        np.testing.assert_array_equal(result.astype(float), want.astype(float))
        assert result.dtype == array.dtype
    if dtype[-1] in "248":
        half = step_at_0(array, 0.5)
        np.testing.assert_array_equal(half.astype(float), expected(array, 0.5).astype(float))
        assert half.dtype == (array.dtype if array.dtype.kind == "f" else float)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("size", [14, 7000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_bounds(dtype, size):
    array = points(dtype, size)
    for result, want in (
        (at_least(array, 1), np.maximum(array, 1)),
        (at_most(array, 1), np.minimum(array, 1)),
    ):
        np.testing.assert_array_equal(result.astype(float), want.astype(float))
        assert result.dtype == array.dtype
    assert (at_least(0.25, 1), at_most(0.25, -1)) == (1, -1)


IN_PLACE = [
    (kernels.relu_, relu),
    (kernels.step_, step),
    (kernels.at_least_, at_least),
    (kernels.at_most_, at_most),
]


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "read-only"])
@pytest.mark.parametrize("size", [0, 14, 7000])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("in_place", "kernel"), IN_PLACE)
def test_the_same_in_place(in_place, kernel, dtype, size, layout):
    array = LAYOUTS[layout](points(dtype, size))
    others = (1,) if kernel in (at_least, at_most) else ()
    want = kernel(array, *others)
    result = in_place(array, *others)
    np.testing.assert_array_equal(result.astype(float), want.astype(float))
    assert result.dtype == want.dtype
    is_long = size == 7000 or in_place is not kernels.step_
    assert (result is array) == (is_long and dtype in ("f4", "f8"))


# The same without what writes over arrays.
PURE = replace(
    ENGINES["numpy"],
    kernels=(),
    relu="{m}.maximum({0}, 0)",
    step="{m}.heaviside({0}, 0.0)",
    step_at_0="{m}.heaviside({0}, {1:p}*1.0)",
    at_least=None,
    at_most=None,
)


def _agrees_with_pure(args, outputs, arrays):
    for array in arrays:
        array.flags.writeable = False
    f = lambdify(args, outputs)
    got, again = f(*arrays), f(*arrays)
    for values in zip(got, again, lambdify(args, outputs, PURE)(*arrays), strict=True):
        for value in values[1:]:
            np.testing.assert_array_equal(values[0], value)
    return inspect.getsource(f)


@pytest.mark.parametrize(
    ("e", "code"),
    [
        (ReLU(x - c), "relu_(x - c)"),
        (Min(Max(x, 1), 2), "at_most_(at_least(x, 1), 2)"),
        (Max(ReLU(-x), 1), "at_least_(relu_(-x), 1)"),
        (Heaviside(x * c, 0), "step_(c*x)"),
        (ReLU(Mul(1, x, evaluate=False), evaluate=False), "relu(x)"),
        (ReLU(sin(x)), "relu(numpy.sin(x))"),  # any function might give what it was given
    ],
    ids=str,
)
def test_what_is_new_is_written_over(e, code):
    assert code in inspect.getsource(lambdify([x, c], e))


U, V = ReLU(x - c), ReLU(c - 2 * x)
SHARED = {
    "slope and value": [U.diff(x) * U, U],
    "value, twice": [U * V, U + V, U - 1],
    "what is rectified, too": [U, x - c, U.diff(x)],
    "nested": [ReLU(U - V), ReLU(U - V).diff(x), Heaviside(U - V, 1)],
    "bounds": [Min(Max(x + c, 1), 2), Max(x + c, 3), Min(2 * x, 1) + 2 * x],
    "steps alone": [Heaviside(x - c, 0), Heaviside(x - c, 0) * (x - c)],
    "choices": [Piecewise((U, x - c > 1), (V + 1, x > 0), (x - c, True)), U**2],
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("outputs", SHARED.values(), ids=SHARED)
def test_what_is_written_over_is_needed_no_more(outputs, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-3, 4, 5000).astype(dtype) for _ in range(2)]
    _agrees_with_pure([x, c], outputs, arrays)


NETWORKS = {
    "chain": matrix_network([3, 9, 5, 2], 200),
    "residual": residual_network(3, 6, 200),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_networks_write_over_what_is_needed_no_more(network):
    loss, parameters = network
    outputs = [loss, *gradient(loss, parameters)]
    args = sorted(loss.atoms(MatrixSymbol), key=str)
    rng = np.random.default_rng(0)
    source = _agrees_with_pure(args, outputs, [rng.normal(size=a.shape) for a in args])
    assert source.count("relu_(") == source.count("relu") > 1


@pytest.mark.parametrize("kind", [int, float, np.float16, np.float32, np.longdouble, np.int8])
def test_numbers(kind):
    values = POINTS + SPECIAL if kind is float or issubclass(kind, np.floating) else POINTS
    for v in map(kind, values):
        for result, want in (
            (relu(v), expected(np.array(v))),
            (step(v), expected(np.array(v), 0)),
            (step_at_0(v, 1), expected(np.array(v), 1)),
        ):
            assert float(result) == want or result != result
            assert type(result) is type(np.array(v)[()])
        assert np.ndim(relu(np.array(v))) == 0


def test_other_numbers():
    assert relu(Fraction(-1, 2)) == 0
    assert relu(Fraction(1, 2)) == Fraction(1, 2)
    assert relu(2**70) == 2**70
    assert relu(-(2**70)) == 0
    assert relu(True) == 1


X = MatrixSymbol("X", 2, 2)


@pytest.mark.parametrize("given", [0, 0.0, 0.5, np.float32(2), np.array(0.0)], ids=repr)
@pytest.mark.parametrize(
    "e",
    [
        ReLU(x),
        ReLU(x, S.Half).diff(x),
        ReLU(x, 1).diff(x),
        ReLU(x, c).diff(x),
        Max(x, c),
        Piecewise((x, x > 1), (c, True)),
        Piecewise((1, x > 1), (2, x > 0), (3, True)),
        1 + Piecewise((x, x > 1)),
        KroneckerDelta(x, c),
        frac(x) * sign(x),
    ],
    ids=str,
)
def test_numbers_in_numbers_out(e, given):
    result = lambdify([x, c], e)(given, given)
    assert isinstance(result, (int, float, np.number))
    many = lambdify([x, c], e)(np.full(2, given), np.full(2, given))
    np.testing.assert_array_equal(many, np.full(2, result))


def test_the_logarithm_of_a_determinant_is_a_number():
    assert isinstance(lambdify(X, log(Determinant(X)))(np.eye(2)), float)


def test_a_slope_for_each_entry():
    array = points("f8", 2200).reshape(2, 1100)
    H0 = np.array([[0.25], [np.nan]])
    result = step_at_0(array, H0)
    for k in range(2):
        np.testing.assert_array_equal(result[k], expected(array[k], H0[k, 0]).astype(float))
    assert np.isnan(step_at_0(np.zeros(600), np.nan)).all()
    assert step_at_0(np.zeros(3, "f4"), 0.5).dtype == "f4"


@pytest.mark.parametrize("given", [1j, np.complex64(1), np.array([1, 2j]), np.ones(5000, complex)])
@pytest.mark.parametrize("kernel", [relu, step, lambda v: step_at_0(v, 0.5)])
def test_complex_numbers_are_refused(kernel, given):
    with pytest.raises(TypeError, match="takes real numbers, not complex ones"):
        kernel(given)


def test_complex_numbers_are_refused_in_compiled_code():
    f = lambdify(x, [ReLU(2 * x), ReLU(x).diff(x)])
    with pytest.raises(TypeError, match="ReLU takes real numbers"):
        f(np.array([1 + 1j]))


def test_subclasses_stay_what_they_are(tmp_path):
    masked = np.ma.masked_greater(points("f8", 5005), 5)
    assert (relu(masked).mask == masked.mask).all()
    mapped = np.memmap(tmp_path / "data", "f4", "w+", shape=3000)
    assert relu(mapped).sum() == step(mapped).sum() == 0


def test_a_symbol_may_have_the_name_of_a_kernel():
    f = lambdify(symbols("relu step"), ReLU(symbols("relu")) + ReLU(symbols("step")))
    assert f(-1.0, 3.0) == 3
    assert list(inspect.signature(f).parameters) == ["relu_1", "step_1"]


def test_the_kernels_of_an_engine_of_ones_own():
    module = ModuleType("mine")
    module.__dict__.update(np.__dict__)
    module.maximum = lambda a, b: "mine"
    sys.modules["mine"] = module
    try:
        row = replace(ENGINES["numpy"], name="mine", module="mine", imports=("mine",))
        assert lambdify(x, ReLU(x), row)(np.ones(3, int)) == "mine"
    finally:
        del sys.modules["mine"]
    f = lambdify(x, ReLU(x), replace(ENGINES["numpy"], relu="{m}.fmax({0}, 0)", kernels=()))
    assert "relu" not in f.__globals__
    assert f(np.nan) == 0


PROGRAM = """
import sys, pickle
sys.modules["symrelu"] = None
f = pickle.load(sys.stdin.buffer)
import numpy
large, *_ = f(numpy.ones(600_000), 0.5)
assert large.sum() == 600_000
print([v.tolist() for v in f(numpy.array([-1, 0, 2.]), 0.5)])
"""


def test_another_process_needs_no_symrelu():
    cloudpickle = pytest.importorskip("cloudpickle")
    rest = ReLU(x - 1) * (ReLU(x - 1) + 1) * c
    f = lambdify([x, c], [ReLU(x), ReLU(x).diff(x), ReLU(x, c).diff(x), rest])
    assert "in_blocks" in inspect.getsource(f)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=cloudpickle.dumps(f), capture_output=True, timeout=60
    )
    assert not done.stderr
    assert done.stdout.decode().strip() == (
        "[[0.0, 0.0, 2.0], [0.0, 0.0, 1.0], [0.0, 0.5, 1.0], [0.0, 0.0, 1.0]]"
    )


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_for_numba_one_number_at_a_time(kernel):
    others = (0.5,) if kernel.of_number.__code__.co_argcount == 2 else ()
    for v in [-1.0, -0.0, 0.0, 2.0, np.nan]:
        np.testing.assert_equal(kernel.of_number(v, *others), kernel.of_arrays(v, *others))


def test_numba_compiles_them():
    numba = pytest.importorskip("numba")
    outputs = (ReLU(x), ReLU(x).diff(x), ReLU(x, c).diff(x))
    f = numba.njit(lambdify([x, c], outputs))
    array = np.array([-1, 0, 2, np.nan], "f4")
    value, slope, at_half = f(array, 0.5)
    np.testing.assert_array_equal(value, relu(array))
    np.testing.assert_array_equal(slope, step(array))
    np.testing.assert_array_equal(at_half, step_at_0(array, 0.5))
    assert value.dtype == slope.dtype == "f4"
    assert f(2.0, 0.5) == (2, 1, 1)


def test_dask_runs_them():
    da = pytest.importorskip("dask.array")
    f = lambdify(x, [ReLU(x), ReLU(x).diff(x), ReLU(x, S.Half).diff(x)])
    array = points("f4", 4000)
    for got, want in zip(f(da.from_array(array, chunks=1500)), f(array), strict=True):
        assert isinstance(got, da.Array)
        assert got.dtype == "f4"
        np.testing.assert_array_equal(got.compute(), want)
