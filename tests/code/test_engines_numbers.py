"""What each engine must not get wrong: dtypes, guards, names, text, slopes, shapes."""

import collections
import enum
import inspect
from operator import attrgetter

import mpmath
import numpy as np
import pytest
from sympy import (
    ITE,
    And,
    E,
    Eq,
    Float,
    Function,
    GoldenRatio,
    HadamardPower,
    I,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Limit,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Ne,
    OneMatrix,
    Or,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    Trace,
    ceiling,
    conjugate,
    exp,
    floor,
    log,
    nan,
    pi,
    re,
    sign,
    sin,
    sqrt,
    symbols,
    zeta,
)
from sympy.physics.units import Quantity
from sympy.printing.numpy import NumPyPrinter

from symrelu import ReLU, gradient, lambdify
from symrelu.code import ENGINES

x, y, z, w = symbols("x y z w")
n = Symbol("n", integer=True, positive=True)
A = MatrixSymbol("A", 2, 2)
third = Rational(1, 3)


# Numbers


@pytest.mark.parametrize(
    ("expr", "given", "want"),
    [
        (4 * x / 7, np.array([100], "i1"), 400 / 7),
        (5 * ReLU(x) / 3, np.array([2**30], "i4"), 5 * 2**30 / 3),
        (x / 3000, np.array([60000.0], "f2"), 20),
        (x * Rational(10**30, 10**30 + 1), np.array([2.0], "f4"), 2),
        (2 / (3 * x), np.array([100], "u1"), 1 / 150),
        (x * 2**70, np.array([1.0]), 2.0**70),
        (x + 2**70, np.array([1.0]), 2.0**70),
        (x + Rational(10**30, 10**30 + 1), np.array([1.0]), 2),
        (Rational(-2, 3) * x, np.array([3], "u1"), -2),
    ],
)
def test_factors_neither_overflow_nor_raise(expr, given, want):
    np.testing.assert_allclose(lambdify(x, expr)(given), [want], rtol=2e-3)


@pytest.mark.parametrize("q", range(1, 120))
def test_factors_are_exact_at_a_kink(q):
    assert lambdify(x, ReLU(x / q - 1).diff(x))(float(q)) == 0
    assert lambdify(x, ReLU(7 * x / q - 7).diff(x))(float(q)) == 0


@pytest.mark.parametrize(("expr", "modules"), [(x * 10**400, "numpy"), (x + 10**5000, "math")])
def test_numbers_that_no_float_holds_are_refused(expr, modules):
    with pytest.raises(NotImplementedError, match=f"{modules} has no number as large as 1e308"):
        lambdify(x, expr, modules)


LOGIC = Piecewise((third, ITE(x > 0, y > 0, y < 0)), (1, True))
CHOICE = Piecewise((1, x > 0), (third, x > -1), (-1, True))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize(
    "expr",
    [CHOICE, x * CHOICE, Matrix([x, 1, third]), Piecewise((300, Or(x > 2, x < 1)), (2, True))],
)
def test_the_dtype_is_kept(expr, dtype):
    assert lambdify(x, expr)(np.array([-2, 1], dtype)).dtype == dtype


def test_integers_have_room_for_what_they_choose():
    result = lambdify(x, Piecewise((-1, x > 2), (1, True)))(np.array([1, 5], "u1"))
    assert result.tolist() == [1, -1]
    assert lambdify(x, KroneckerDelta(x, 1))(np.array([1, 2])).tolist() == [1, 0]


DELTA = KroneckerDelta(x, 1)


@pytest.mark.parametrize("engine", ["numpy", "jax", "torch", "numexpr", "numba"])
def test_deltas_of_indices_are_no_small_integers(engine):
    module = pytest.importorskip(engine)
    given = np.array([1, 2])
    if engine in ("jax", "torch"):
        given = module.numpy.asarray(given) if engine == "jax" else module.from_numpy(given)
    large, functions = lambdify(x, [3000 * DELTA + 7, exp(DELTA) + sqrt(1 + DELTA)], engine)(given)
    assert large.tolist() == [3007, 7]
    np.testing.assert_allclose(functions.tolist(), [np.e + 2**0.5, 2], 1e-6)


def test_functions_of_deltas_have_the_precision_of_the_data():
    for dtype, tolerance in (("f4", 1e-6), ("f8", 1e-15)):
        got = lambdify(x, exp(KroneckerDelta(floor(x), 1)))(np.array([1.5, 2], dtype))
        assert got.dtype == dtype
        np.testing.assert_allclose(got, [np.e, 1], tolerance)


@pytest.mark.parametrize("engine", ["numpy", "jax", "torch", "math", "mpmath"])
def test_indices_may_be_functions(engine):
    module = pytest.importorskip(engine)
    data, matrix = IndexedBase("data"), MatrixSymbol("M", 2, 2)
    places = [
        data[floor(x)],
        data[2 * KroneckerDelta(floor(x), 1)],
        data[Piecewise((2, x > y), (0, True))],
    ]
    f = lambdify([data, x, y], places, engine)
    made, number = [5.0, 6.0, 7.0], float
    if engine in ("numpy", "jax"):
        made = getattr(module, "numpy", np).asarray(made)
    elif engine == "torch":
        number = module.tensor
        made = number(made)
    assert [float(v) for v in f(made, number(1.5), number(0.0))] == [6, 7, 7]
    assert lambdify([matrix, x], matrix[floor(x), 0])(np.array([[1, 2], [3, 4]]), 1.5) == 3
    many = lambdify([data, x], data[floor(x)])(np.array([5, 6, 7]), np.array([0.1, 2.9]))
    assert many.tolist() == [5, 7]


def test_equality_of_numbers_of_sympys_is_one_of_values():
    f = lambdify([x, y], [Piecewise((5, Eq(x, 1)), (7, True)), Ne(x, y), DELTA], "sympy")
    assert f(Float(1.0), Integer(1)) == [5, False, 1]
    a, b = symbols("a b")
    assert f(a, b) == [Piecewise((5, Eq(a, 1)), (7, True)), Ne(a, b), f(a, b)[2]]
    assert f(a, b)[2].subs(a, 1) == 1


def test_constants_of_sympys_are_exact():
    f = lambdify(x, [sin(pi * x), x * I, E**x, x * GoldenRatio, Piecewise((x, x > 2))], "sympy")
    assert f(Integer(1)) == [0, I, E, GoldenRatio, nan]


def test_limits_are_evaluated():
    assert lambdify(x, Limit(x * sin(y) / y, y, 0))(2.0) == 2
    with pytest.raises(NotImplementedError, match="no numeric form of Limit; evaluate it first"):
        lambdify(x, Limit(Function("f")(x, y), y, 0))


def test_the_dtype_on_torch():
    torch = pytest.importorskip("torch")
    t = torch.tensor([-2.0, 0.05], dtype=torch.float64)
    for e in (CHOICE, Max(x, third), Min(x, third), Piecewise((third, x > y), (1, True)), LOGIC):
        got = lambdify([x, y], e, "torch")(t, t)
        assert got.dtype == torch.float64
        np.testing.assert_array_equal(got.numpy(), lambdify([x, y], e)(t.numpy(), t.numpy()))
    both = lambdify([x, y], Matrix([x, third, y]), "torch")(t, t)
    assert both.dtype == torch.float64
    assert both[1, 0].tolist() == [1 / 3, 1 / 3]


def test_the_slope_at_the_kink_survives_autograd():
    half = ReLU(x, Rational(1, 2))
    torch = pytest.importorskip("torch")
    at = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    lambdify(x, half, "torch")(at).sum().backward()
    assert at.grad.tolist() == [0, 0.5, 1]
    jax = pytest.importorskip("jax")
    slope = jax.grad(lambdify(x, half, "jax"))
    assert [float(slope(v)) for v in (-1.0, 0.0, 2.0)] == [0, 0.5, 1]


# Branches

GUARDED = [
    (Piecewise((1 / x + sin(1 / x), Ne(x, 0)), (0, True)), 0),
    (Piecewise((2 * y / (3 * x), Ne(x, 0)), (5, True)), 5),
    (Piecewise((1 / x + y, x > 0), (1 / x - y, x < 0), (7, True)), 7),
    (Piecewise((1, And(x > 0, 1 / x < 2)), (4, True)), 4),
    (Piecewise((x * y + x + 1, x > 0), (x * y + x, True)), 0),
    (Piecewise((Max(1 / x, sin(y / x)), x > 0), (6, True)), 6),
]


@pytest.mark.parametrize("modules", ["math", "mpmath", "numpy", "cmath"])
@pytest.mark.parametrize(("expr", "want"), GUARDED)
def test_what_a_branch_guards(expr, want, modules):
    if modules == "cmath" and expr.has(Max):
        return
    assert lambdify([x, y], expr, modules)(0, 1) == want


def test_arrays_give_no_warning_for_a_branch_that_is_not_taken():
    f = lambdify(x, Piecewise((log(x) / x, x > 0), (0, True)))
    assert f(np.array([-1.0, 0, 1])).tolist() == [0, 0, 0]
    assert "errstate" not in inspect.getsource(lambdify(x, Piecewise((x, x > 0), (2 * x, True))))


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "numexpr"])
def test_many_branches_and_many_arguments(modules):
    pytest.importorskip(modules)
    q = symbols("q:30")
    assert float(lambdify(q, Max(*q) - Min(*q), modules)(*range(30))) == 29
    many = Piecewise(*((Integer(k), x < k) for k in range(300)), (-1, True))
    assert float(lambdify(x, many, modules)(10.5)) == 11


# What the user gives


def test_every_entry_of_a_dict_is_used():
    given = {
        "sqrt": lambda v: 100.0,
        "pi": 3,
        "Max": lambda *v: "max",
        "Piecewise": lambda *pairs: pairs,
        "ReLU": lambda v: -v,
    }
    e = [sqrt(x), 1 / sqrt(x), pi, Max(x, 1), Piecewise((x, x > 0), (1, True)), ReLU(x, y)]
    assert lambdify(x, e, [given, "numpy"])(4) == [100, 0.01, 3, "max", ((4, True), (1, True)), -4]


@pytest.mark.parametrize("engine", ENGINES)
def test_names_of_classes_are_no_code(engine):
    if engine in ("torch", "tensorflow", "cupy"):
        pytest.importorskip(engine)
    for name in ("print(1) or abs", "x); print(1", "__import__"):
        hostile = type(name, (Function,), {"__module__": ""})
        with pytest.raises(NotImplementedError, match=r"has no numeric form of"):
            lambdify(x, hostile(x) + 1, engine)


class Key(str, enum.Enum):
    k = "k"


@pytest.mark.parametrize(
    "given",
    [
        {"1 + 1"},
        frozenset({"x"}),
        collections.deque(["x"]),
        iter(["x"]),
        np.array(["x"]),
        np.array(["x"], object),
        [["x"]],
        {"a": "x"},
        b"x",
        {Key.k: x},
        {np.str_("k"): x},
    ],
    ids=lambda v: type(v).__name__,
)
def test_no_text_is_read(given):
    with pytest.raises(TypeError, match=r"compiles expressions, not|keys of a dict are"):
        lambdify(x, given)


def test_arrays_of_expressions_are_taken():
    assert lambdify(x, np.array([x, 2 * x], object))(3).tolist() == [3, 6]
    assert lambdify(x, np.array([1.5, 2.5]))(3).tolist() == [1.5, 2.5]


def test_printers_and_units_are_refused():
    for printer in (5, "numpy", dict):
        with pytest.raises(TypeError, match="a printer is one of SymPy's"):
            lambdify(x, x, printer=printer)
    with pytest.raises(NotImplementedError, match="no numeric form of Quantity"):
        lambdify(x, x * Quantity("__import__('os')"))


# Arrays


def test_what_is_no_array_of_its_shape_is_named():
    B = MatrixSymbol("B", n, 2)
    for given, name in ((3.0, "float"), ([1, 2], "list")):
        with pytest.raises(ValueError, match=rf"A: expected shape \(2, 2\), not {name}; make an"):
            lambdify(A, ReLU(A))(given)
        with pytest.raises(ValueError, match=rf"argument B: expected shape \(n, 2\), not {name}"):
            lambdify(B, ReLU(B))(given)
    with pytest.raises(ValueError, match="argument A: expected shape"):
        lambdify(A, A.T, "mpmath")(mpmath.matrix([[1, 2]]))


def test_matrices_of_ones_and_of_one_entry():
    assert lambdify([], OneMatrix(2, 1))().tolist() == [[1], [1]]
    sums = lambdify(A, A * A.T * OneMatrix(2, 1), "mpmath")(mpmath.matrix([[1, 2], [3, 4]]))
    assert sums.tolist() == [[16], [36]]
    d, e = MatrixSymbol("d", 1, 1), MatrixSymbol("e", 1, 1)
    assert lambdify([d, e], d - e)(np.ones((1, 1)), np.ones((1, 1))).tolist() == [[0]]


def test_lengths_that_dask_does_not_know():
    da = pytest.importorskip("dask.array")
    B = MatrixSymbol("B", n, 2)
    some = da.ones((4, 2))[da.ones(4) > 0]
    f = lambdify(B, Trace(B.T * B))
    message = (
        r"argument B: expected shape \(n, 2\), not \(nan, 2\); call its compute_chunk_sizes\(\)"
    )
    with pytest.raises(ValueError, match=message):
        f(some)
    with pytest.raises(ValueError, match=r"argument A: .*, not \(nan, 2\); call its compute_chunk"):
        lambdify(A, ReLU(A))(some)
    with pytest.raises(ValueError, match=r"not \(2, 3\)$"):
        f(np.ones((2, 3)))
    assert float(f(some.compute_chunk_sizes())) == 8


def test_a_sum_over_data():
    X, i = IndexedBase("X"), symbols("i", integer=True)
    loss = Sum(ReLU(w * X[i]) ** 2, (i, 0, n - 1))
    f = lambdify([w, X, n], [loss, gradient(loss, w)])
    assert f(2.0, np.array([1.0, -1, 3]), 3) == [40, 40]
    with pytest.raises(ValueError, match="argument w: expected a number beside the data"):
        f(np.ones(3), np.ones(3), 3)
    waves = Sum(sin(w * i**2), (i, 0, 300))  # SymPy leaves it as it is
    assert lambdify(w, waves)(0.5) == pytest.approx(np.sin(0.5 * np.arange(301.0) ** 2).sum())
    long = Sum(w**i, (i, 0, 2000))
    assert lambdify(w, long)(0.5) == 2


def test_functions_of_engines():
    assert lambdify(x, [re(x), conjugate(x), ceiling(x)], "mpmath")(mpmath.mpf(2.5)) == [
        2.5,
        2.5,
        3,
    ]
    assert lambdify(x, zeta(x), "scipy")(2.0) == pytest.approx(np.pi**2 / 6)
    assert lambdify(x, conjugate(x))(1j) == -1j
    assert lambdify(x, Mod(x, 3))(np.array([-1])).tolist() == [2]
    assert lambdify(x, sqrt(x) * exp(0 * x), "cmath")(-4) == 2j
    numexpr = pytest.importorskip("numexpr")
    assert numexpr is not None
    assert lambdify(x, Mod(x, 3), "numexpr")(np.array([-1.0])).tolist() == [2]


@pytest.mark.parametrize("modules", ["numpy", "scipy", "math", "cmath", "mpmath", "numba"])
@pytest.mark.parametrize(
    "expr", [ReLU(x), ReLU(x).diff(x), ReLU(x, third).diff(x), Max(x, 1), Min(0, x), -2 * ReLU(-x)]
)
def test_complex_numbers_have_no_relu(expr, modules):
    if modules != "cmath":
        pytest.importorskip(modules)
    function = lambdify(x, expr, modules)
    more = {"mpmath": [mpmath.mpc(1, 2)], "numpy": [np.array([1j]), np.complex64(1j), np.array(2j)]}
    for given in (1j, 1 + 0j, *more.get(modules, [])):
        with pytest.raises(TypeError):
            function(given)


NAMES = [
    "sin", "tanh", "sqrt", "exp", "log", "Abs", "sign", "Max", "Min", "Piecewise", "ReLU",
    "Heaviside", "floor", "erf", "gamma", "sinc", "zeta", "Mod", "hypot", "log1p", "Pow",
    "besselj", "uppergamma", "maximum", "where", "relu", "isnan", "Sum", "Not", "ITE", "Ei",
    "re",
]  # fmt: skip


@pytest.mark.parametrize("engine", [e for e in ENGINES if e not in ("cupy", "tensorflow", "torch")])
def test_a_class_of_the_users_is_none_of_sympys_of_that_name(engine):
    for name in NAMES:
        own = type(name, (Function,), {"__module__": "network"})
        for args in ((x,), (x, y)):
            message = (
                rf"{engine} has no numeric form of network\.{name}; .* modules=\[{{'{name}': my"
            )
            with pytest.raises(NotImplementedError, match=message):
                lambdify([x, y], own(*args) + 1, engine)
        given = {name: lambda *args: 5.0}
        assert lambdify(x, own(x) + 1, [given, "numpy"])(0) == 6


def test_a_printer_of_the_users_may_know_a_class():
    class Own(Function):
        pass

    class Printer(NumPyPrinter):
        def _print_Own(self, expr):
            return f"numpy.add({self._print(expr.args[0])}, 5)"

    assert lambdify(x, 2 * Own(x), "numpy", printer=Printer)(1) == 12
    known = NumPyPrinter({"user_functions": {"Own": "numpy.negative"}})
    assert lambdify(x, 2 * Own(x), "numpy", printer=known)(1) == -2


def test_a_class_of_the_users_may_say_what_it_is():
    class tanh(Function):  # noqa: N801
        def _numpycode(self, printer):
            return f"({printer._print(self.args[0])} + 7)"

        def _eval_rewrite_as_ReLU(self, x, **_):
            return ReLU(x)

    assert lambdify(x, 2 * tanh(x), "numpy")(1) in (2, 16)
    assert lambdify(x, 2 * tanh(x), "math")(1) == 2


@pytest.mark.parametrize("modules", ["mpmath", "sympy"])
def test_integers_of_thousands_of_digits(modules):
    huge = 10**5000
    f = lambdify(x, [x + huge, x * huge, x * Rational(huge, 3), x + Rational(1, huge)], modules)
    total, product, third, tiny = f(Integer(3) if modules == "sympy" else mpmath.mpf(3))
    assert product / huge == 3
    assert mpmath.almosteq(mpmath.mpf(third / huge), 1)
    assert mpmath.almosteq(mpmath.mpf(total), mpmath.mpf(huge))
    assert tiny >= 3


def test_deep_expressions_that_sympy_prints():
    e = x
    for k in range(2000):
        e = sin(e) if k % 2 else ReLU(e + 1, evaluate=False)
    assert 0 < lambdify(x, e)(1.0) < 2


def test_what_is_no_expression():
    for given in (int, None, len, object()):
        with pytest.raises(TypeError, match="lambdify compiles expressions, not"):
            lambdify(x, given)


def test_sign_of_nan_is_nan():
    for modules in ("math", "mpmath", "numpy", "numexpr", "numba"):
        pytest.importorskip(modules)
        got = [float(lambdify(x, sign(x), modules)(v)) for v in (-2.0, 0.0, 3.0, np.nan)]
        np.testing.assert_array_equal(got, [-1, 0, 1, np.nan])


@pytest.mark.parametrize("engine", ["numexpr", "numba", "torch", "jax"])
def test_negative_powers_of_integers_are_no_zeros(engine):
    module = pytest.importorskip(engine)
    make = {"torch": "tensor", "jax": "numpy.array"}.get(engine)
    make = attrgetter(make)(module) if make else np.array
    f = lambdify([x, y], [x**y, 2**y], engine)
    power, by_two = f(make([2, 3, 4]), make([-1, -2, 2]))
    np.testing.assert_allclose(power.tolist(), [1 / 2, 1 / 9, 16], 1e-6)
    np.testing.assert_allclose(by_two.tolist(), [1 / 2, 1 / 4, 4])


@pytest.mark.parametrize("engine", ["torch", "jax"])
def test_negative_powers_of_the_entries_of_integers_are_no_zeros(engine):
    module = pytest.importorskip(engine)
    make = module.tensor if engine == "torch" else module.numpy.array
    A, n = MatrixSymbol("A", 1, 2), Symbol("n")
    power = lambdify([A, n], HadamardPower(A, n), engine)(make([[2, 4]]), make(-1))
    assert power.tolist() == [[0.5, 0.25]]
