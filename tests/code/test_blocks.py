"""Long arrays in blocks: the same numbers, dtypes and shapes, with less memory."""

import inspect
import sys
import tracemalloc
from fractions import Fraction
from functools import partial
from types import ModuleType

import numpy as np
import pytest
from sympy import (
    Abs,
    Function,
    Heaviside,
    IndexedBase,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    SparseMatrix,
    Sum,
    Trace,
    cos,
    erf,
    exp,
    log,
    sin,
    sqrt,
    symbols,
)
from sympy.printing.numpy import NumPyPrinter

from symrelu import ReLU, gradient, lambdify
from symrelu.code.blocks import stored

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in")

x, y, w = symbols("x y w")
i = symbols("i", integer=True)
SIZE = 8 * 65_536 + 3  # a last block of three entries
LOSS = (ReLU(w * x - 1) - y) ** 2
PARTS = [LOSS, *gradient(LOSS, [w, x]), x]


def entries(dtype, shape, seed=0):
    """Numbers of any sign, kinks, and what else a float may be."""
    some = np.random.default_rng(seed).integers(0, 5, shape)
    numbers = np.array([-2, 0, 0.5, 1, 3])
    if np.dtype(dtype).kind == "f":
        numbers = np.array([-2, 0, np.nan, np.inf, 0.5])
    return numbers.astype(dtype)[some]


def is_in_blocks(function):
    return "is_long" in inspect.getsource(function)


def by_short_arrays(function, *args):
    """What the function gives for a few entries at a time."""
    shape = np.broadcast_shapes(*map(np.shape, args))
    flat = [np.broadcast_to(a, shape).reshape(-1) if np.ndim(a) else a for a in args]
    cuts = range(0, np.prod(shape), 100_000)
    parts = [function(*[a[k : k + 100_000] if np.ndim(a) else a for a in flat]) for k in cuts]
    if not isinstance(parts[0], (list, tuple)):
        parts, alone = [[part] for part in parts], True
    else:
        alone = False
    whole = [
        np.concatenate(several).reshape(shape) if np.ndim(several[0]) else several[0]
        for several in zip(*parts, strict=True)
    ]
    return whole[0] if alone else type(parts[0])(whole)


def same(got, want):
    assert type(got) is type(want)
    for a, b in zip(got, want, strict=True) if isinstance(got, (list, tuple)) else [(got, want)]:
        np.testing.assert_array_equal(a, b)
        assert np.shape(a) == np.shape(b)
        assert np.result_type(a) == np.result_type(b)


FORMULAS = {
    "loss and slopes": PARTS,
    "a tuple, with a number": (*PARTS, 2 * w + 1),
    "spread": ReLU(x - 1) - ReLU(x - 2) + ReLU(y),
    "steps": Heaviside(x - 1, 0.5) * Heaviside(y, 0) + Heaviside(x * y, 1) - 2 * x,
    "bounds": Max(x, 0.5) * Min(y, 2) - Max(x, y) + Abs(x - y),
    "choice": Piecewise((x**2 / 2, Abs(x - y) <= 1), (Abs(x - y) - 0.5, y > 0), (sqrt(x), True)),
    "comparison": [(x * y + x > y * y - x) & (x - y > 2 * y), ReLU(x) - 2 * ReLU(-x)],
    "quotient": (x + y) / (x - y) + x**3 / y**2,
    "functions": exp(x) * sin(y) - sqrt(x) * log(y) + cos(x * y),
    "a special function": erf(x * y) * erf(x) + erf(y),
    "the whole of one": sqrt(ReLU(x) * ReLU(y) + x**2 * y**2),
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i4", "u1", "?"])
@pytest.mark.parametrize("name", FORMULAS)
def test_the_same_as_of_short_arrays(name, dtype):
    if dtype == "?" and name != "comparison":
        dtype = "i8"  # NumPy subtracts no booleans
    f = lambdify([w, x, y], FORMULAS[name])
    assert is_in_blocks(f)
    if dtype == "u1" and name == "functions":
        pytest.skip("NumPy has the sine of a byte in float16, by several algorithms")
    a, b = (entries("i8" if dtype == "?" else dtype, SIZE, seed) for seed in (1, 2))
    number = 2 if a.dtype.kind in "iu" else 0.5
    same(f(number, a, b), by_short_arrays(f, number, a, b))


LAYOUTS = {
    "plain": lambda a: a,
    "every second": lambda a: np.repeat(a, 2)[::2],
    "reversed": lambda a: a[::-1],
    "matrix": lambda a: a[: 700 * 720].reshape(700, 720),
    "Fortran": lambda a: np.asfortranarray(a[: 700 * 720].reshape(700, 720)),
    "cube": lambda a: a[: 80**3].reshape(80, 80, 80),
    "column": lambda a: a[:, None],
    "foreign order of bytes": lambda a: a.astype(">f8"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    f = lambdify([w, x, y], PARTS)
    a, b = (LAYOUTS[layout](entries("f8", SIZE, seed)) for seed in (1, 2))
    a.flags.writeable = False
    before = b.copy()
    same(f(np.float64(0.5), a, b), by_short_arrays(f, np.float64(0.5), a, b))
    np.testing.assert_array_equal(b, before)


def test_numbers_and_arrays_of_other_shapes_beside_long_ones():
    f = lambdify([w, x, y], PARTS)
    a = entries("f8", SIZE)
    for number in (2, 0.5, np.float32(0.5), np.array(0.5), True):
        same(f(number, a, a), by_short_arrays(f, number, a, a))
        same(f(number, a, number), by_short_arrays(f, number, a, number))
    row, column = entries("f8", (1, 720)), entries("f8", (700, 1))
    f = lambdify([w, x, y], LOSS)
    same(f(0.5, row, column), by_short_arrays(f, 0.5, row, column))
    assert f(0.5, entries("f8", (1, 600_000)), np.ones((2, 1))).shape == (2, 600_000)
    with pytest.raises(ValueError, match="broadcast"):
        f(0.5, a, a[:-1])
    with pytest.raises(TypeError, match="real numbers"):
        f(0.5, a + 1j, a)


def test_subclasses_and_objects_are_left_to_numpy():
    f = lambdify([w, x, y], x * (w - y) + ReLU(x - y) * (x + y))
    a = np.ma.masked_less(entries("f8", SIZE), 0)
    assert isinstance(f(0.5, a, a), np.ma.MaskedArray)
    some = np.full(SIZE, 2, dtype=object)
    assert f(0.5, some, some).dtype == object


def test_lists_and_dicts_within():
    f = lambdify(
        [w, x, y], {"loss": LOSS, "slopes": [gradient(LOSS, [w, x]), (w, 2 * w)], "no": []}
    )
    a = entries("f8", SIZE)
    want = lambdify([w, x, y], [LOSS, *gradient(LOSS, [w, x])])(3, a, a)
    got = f(3, a, a)
    assert list(got) == ["loss", "slopes", "no"]
    (dw, dx), numbers = got["slopes"]
    same([got["loss"], dw, dx], want)
    assert (numbers, got["no"]) == ((3, 6), [])
    assert all(type(number) is int for number in numbers)


def test_numbers_may_be_larger_than_those_of_numpy():
    f = lambdify([w, x, y], [LOSS.subs(w, 2), 4 * w * w, w**50])
    a = entries("f8", SIZE)
    loss, *numbers = f(10**40, a, a)
    np.testing.assert_array_equal(loss, lambdify([x, y], LOSS.subs(w, 2))(a, a))
    assert numbers == [4 * 10**80, 10**2000]


def test_less_memory():
    f = lambdify([x, y], (ReLU(x - y) - ReLU(x + y)) * (ReLU(2 * x - y) - ReLU(x + 3 * y)))
    a = np.ones(8 * 500_000)

    def peak(*args):
        tracemalloc.start()
        f(*args)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / a.nbytes

    assert peak(a, a) < 1.2  # the result
    square = a.reshape(2000, 2000).T  # which is not in order
    assert peak(square, square) > 2


def test_errors_are_raised_as_numpy_is_told():
    f = lambdify([x, y], (x + y) / (x - y) + x / y + ReLU(x))
    a = np.ones(SIZE)
    a[-1] = 0
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        f(a, 2 * a)
    guarded = lambdify([x, y], Piecewise((x / y, y > 0), (0, True)) + ReLU(x) * (y - x))
    assert is_in_blocks(guarded)
    with np.errstate(all="raise"):
        assert guarded(a, a)[-1] == 0


Z = MatrixSymbol("Z", 2, 2)
data = IndexedBase("data")
user = Function("user")
LONG = (ReLU(x - 1) - ReLU(x - 2)) * (ReLU(x) - y)
NOT = {
    "few steps": ((x, y), ReLU(x) - ReLU(y)),
    "nothing held": ((x, y), ReLU(ReLU(2 * ReLU(2 * x - 1) - 1) ** 2 - 1)),
    "a matrix": ((x, Z), LONG.subs(y, 1) * Trace(Z)),
    "an entry": ((x, Z), LONG.subs(y, Z[0, 1])),
    "data": ((x, data), LONG.subs(y, data[2])),
    "a sum": ((x, data), LONG.subs(y, Sum(data[i], (i, 0, 3)))),
    "an array of its own": ((x, y), Matrix([LONG, x])),
    "a sparse matrix": ((x, y), SparseMatrix(2, 2, {(0, 1): LONG})),
    "an argument within": (((x, y),), LONG),
    "many arguments": (symbols("x y a:40"), LONG),
}


@pytest.mark.parametrize("name", NOT)
def test_what_is_not_run_in_blocks(name):
    assert not is_in_blocks(lambdify(*NOT[name]))
    assert is_in_blocks(lambdify([x, y], LONG))


def test_what_depends_on_no_array_is_not_stored():
    f = lambdify([w, y, x], [w - y, 100 * w, w / 2, LONG.subs(y, 2)])
    a = np.ones(SIZE)
    half = np.array(Fraction(1, 2), dtype=object)
    for given in (True, False), (10**18, -1), (half, 2), (np.array(True), np.int8(2)):
        want = f(*given, 1.0)
        got = f(*given, a)
        assert got[:3] == want[:3]
        assert [type(v) for v in got[:3]] == [type(v) for v in want[:3]]


class Sums(NumPyPrinter):
    def _print(self, expr, **settings):
        code = super()._print(expr, **settings)
        return f"numpy.cumsum({code})" if isinstance(expr, exp) else code


class Others(NumPyPrinter):
    def _module_format(self, fqn, register=True):
        return super()._module_format(fqn.replace("exp", "cumsum"), register)


@pytest.mark.parametrize("printer", [Sums, Others])
def test_printers_of_the_user_may_write_what_needs_whole_arrays(printer):
    f = lambdify([x, y], LONG * exp(x), "numpy", printer=printer)
    assert not is_in_blocks(f)
    assert is_in_blocks(lambdify([x, y], LONG * sin(x), "numpy", printer=printer))


def test_modules_like_numpy_with_functions_of_their_own():
    module = ModuleType("mine")
    module.__dict__.update(np.__dict__)
    module.sqrt = module.add = lambda *args: args  # which is no ufunc
    sys.modules["mine"] = module
    try:
        assert stored("mine.sqrt(a)", "out", "mine").endswith("out[...] = mine.sqrt(a)")
        assert stored("a + b", "out", "mine").endswith("out[...] = a + b")
        assert stored("mine.exp(a)", "out", "mine").endswith("mine.exp(a, out=out)")
    finally:
        del sys.modules["mine"]


def test_functions_of_the_user_see_whole_arrays():
    f = lambdify([x, y], LONG * user(x), [{"user": lambda a: a - a.mean()}, "numpy"])
    assert not is_in_blocks(f)
    a = np.arange(SIZE) / SIZE
    want = (np.maximum(a - 1, 0) - np.maximum(a - 2, 0)) * (a - 1) * (a - a.mean())
    np.testing.assert_allclose(f(a, 1), want)
    assert not is_in_blocks(lambdify([x, y], LONG * sin(x), [{"sin": np.sort}, "numpy"]))


def test_other_engines_have_no_blocks():
    for engine in ("math", "mpmath", "sympy"):
        assert not is_in_blocks(lambdify([x, y], LONG, engine))


def test_names():
    names = symbols("is_long in_blocks store out0 lambdified")
    f = lambdify(names[:2], LONG.subs({x: names[0], y: names[1]}))
    assert f(3.0, 1.0) == 2
    a = np.full(SIZE, 3.0)
    assert set(f(a, 1.0)) == {2}
    g = lambdify(names[2:], LONG.subs({x: names[2], y: names[3]}))
    assert set(g(a, 1.0, 0)) == {2}


def test_numba_compiles_the_function_without_blocks():
    numba = pytest.importorskip("numba")
    f = lambdify([x, y], LONG)
    a = np.linspace(-1, 3, SIZE)
    np.testing.assert_allclose(numba.njit(f)(a, 2 * a), f(a, 2 * a), atol=1e-12)


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("a + b*c", "numpy.add(a, b * c, out=out)"),
        ("a - 1", "numpy.subtract(a, 1, out=out)"),
        ("2*t1*step(t0)", "numpy.multiply(2 * t1, step(t0), out=out)"),
        ("a/(b + 1)", "numpy.divide(a, b + 1, out=out)"),
        ("numpy.sqrt(a + b)", "numpy.sqrt(a + b, out=out)"),
        ("numpy.maximum(a, b)", "numpy.maximum(a, b, out=out)"),
        ("numpy.where(a, b, c)[()]", "out[...] = numpy.where(a, b, c)[()]"),
        ("math.sqrt(a)", "out[...] = math.sqrt(a)"),
        ("numpy.divmod(a)", "out[...] = numpy.divmod(a)"),
        ("relu_(a - 1)", "out[...] = relu_(a - 1)"),  # which may ignore where to write
        ("a**2", "out[...] = a**2"),  # power would take longer
        ("-a", "out[...] = -a"),
        ("a", "out[...] = a"),
    ],
)
def test_statements_that_store(code, statement):
    assert stored(code, "out", "numpy") == statement


def test_long_programs_are_not_written_twice():
    level = x
    for _ in range(20):
        level = ReLU(level / 2 + ReLU(level - 1) / 3 - y)
    f = lambdify([x, y], [level, gradient(level, x)])
    assert "in_blocks(lambdified, None, x, y)" in inspect.getsource(f)
    a = entries("f8", SIZE)
    same(f(a, 0.25), by_short_arrays(f, a, 0.25))


def test_random_formulas():
    rng = np.random.default_rng(0)
    a, b = (entries("f8", SIZE, seed) for seed in (1, 2))
    leaves = [partial(lambda v: v, v) for v in (x, y, w, 1, 2)]
    nodes = [
        lambda p, q: p + q,
        lambda p, q: p * q,
        lambda p, q: p - 2 * q,
        lambda p, q: ReLU(p - q),
        lambda p, q: Max(p, q),
        lambda p, q: Heaviside(p - q, 0),
        lambda p, q: Piecewise((p, q > 1), (q, True)),
        lambda p, q: p / (1 + q**2),
    ]
    done = 0
    while done < 30:
        pool = [leaf() for leaf in leaves]
        for _ in range(8):
            p, q = rng.choice(len(pool), 2)
            pool.append(nodes[rng.integers(len(nodes))](pool[p], pool[q]))
        f = lambdify([w, x, y], pool[-2:])
        if is_in_blocks(f):
            with np.errstate(all="ignore"):
                same(f(0.5, a, b), by_short_arrays(f, 0.5, a, b))
            done += 1
