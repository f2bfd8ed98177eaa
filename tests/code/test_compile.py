"""lambdify: arguments, outputs, modules, names, errors, what it costs, and what gets into it."""

import gc
import inspect
import keyword
import linecache
import math
import os
import pickle
import re
import subprocess
import sys
from itertools import accumulate

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from support.counts import calls
from support.limits import time_limit
from support.networks import chain, network
from sympy import (
    ITE,
    Abs,
    AccumBounds,
    And,
    Array,
    Dict,
    DiracDelta,
    Dummy,
    Equivalent,
    FiniteSet,
    Function,
    Heaviside,
    IndexedBase,
    Integral,
    Lambda,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Not,
    OneMatrix,
    Piecewise,
    Rational,
    S,
    Subs,
    Symbol,
    Trace,
    Tuple,
    Xor,
    ZeroMatrix,
    besselj,
    cos,
    erf,
    exp,
    sec,
    sin,
    sinc,
    sqrt,
    symbols,
    tanh,
    zeta,
    zoo,
)
from sympy.printing.numpy import NumPyPrinter
from sympy.utilities.lambdify import implemented_function

from symrelu import ReLU, gradient, lambdify
from symrelu.graph import objects

x, y, z, t, c = symbols("x y z t c")
i = symbols("i", integer=True)
m, n = symbols("m n", integer=True, positive=True)
f = Function("f")
a = IndexedBase("a")
A = MatrixSymbol("A", 2, 3)
B, C = MatrixSymbol("B", n, m), MatrixSymbol("C", m, n)
k = symbols("k", integer=True, positive=True)
D, E = MatrixSymbol("D", k, 3), MatrixSymbol("E", n + 1, k)


def body(function):
    """The lines of the source below the first, but for those that run long arrays in blocks."""
    lines = [line.strip() for line in inspect.getsource(function).splitlines()[1:]]
    return lines[2:] if lines[0].startswith("if is_long(") else lines


# Arguments


@pytest.mark.parametrize(
    ("args", "expr", "values", "expected"),
    [
        (x, x + 1, [2], 3),
        ([], S(3), [], 3),
        ([x, (y, [z])], x + y * z, [1, (2, [3])], 7),
        ((x, [[y], z]), x + y * z, [1, [[2], 3]], 7),
        (Tuple(x, Tuple(y, z)), x + y * z, [1, (2, 3)], 7),
        ([Matrix([x, y])], x - y, [np.array([3, 1])], 2),
        ([Matrix([[x, y]]), z], x - y + z, [(3, 1), 5], 7),
        ([Array([x, y])], x - y, [[3, 1]], 2),
        ([a[0], a[i], i], a[0] + a[i] * i, [1, 2, 3], 7),
        ([A[0, 1], A[1, 0]], A[0, 1] - A[1, 0], [3, 1], 2),
        ([f(t), t], f(t) * t, [3, 2], 6),
        ([f(t), f(t).diff(t)], f(t) - f(t).diff(t), [3, 1], 2),
        ([f(x, y), f(y, x)], f(x, y) - f(y, x), [3, 1], 2),
        ([A], A[0, 1] + A[1, 2], [np.arange(6).reshape(2, 3)], 6),
        ([(A, x)], A[1, 2] * x, [(np.arange(6).reshape(2, 3), 2)], 10),
    ],
)
@pytest.mark.parametrize("dummify", [False, True])
def test_arguments(args, expr, values, expected, dummify):
    assert lambdify(args, expr, dummify=dummify)(*values) == expected


def test_keyword_arguments():
    assert lambdify([x, y], x - y)(y=1, x=3) == 2


def test_dummify_replaces_every_name():
    function = lambdify([x, (y, z)], x + y * z, dummify=True)
    assert not {"x", "y", "z"} & set(re.findall(r"\w+", inspect.getsource(function)))


def test_symbols_of_one_name():
    those = [x, Symbol("x", real=True), Symbol("x", positive=True), Dummy("x"), Dummy("x")]
    assert lambdify(those, sum(k * v for k, v in enumerate(those)))(1, 2, 3, 4, 5) == 40
    assert lambdify([*those, Symbol("x_1")], Symbol("x_1"))(1, 2, 3, 4, 5, 6) == 6


def names(args, **options):
    return list(inspect.signature(lambdify(args, S.Zero, **options)).parameters)


def test_names_of_parameters():
    assert names([x, A, a, f(t)]) == ["x", "A", "a", "f"]
    assert names([x, Symbol("x", real=True), Dummy("x")]) == ["x", "x_1", "x_2"]
    assert names([a[0], A[0, 1], Symbol("a b"), Symbol("__x")]) == ["v", "v_1", "v_2", "v_3"]
    assert names([Symbol("λ"), Symbol("ﬁ"), Symbol("lambda")]) == ["λ", "v", "lambda_1"]
    assert names([x, (y, z), A]) == ["x", "arg", "A"]
    assert names([x, A], dummify=True) == ["arg", "arg_1"]


def test_it_takes_what_sympy_takes():
    ours, theirs = (
        inspect.signature(lambdify).parameters,
        inspect.signature(sympy.lambdify).parameters,
    )
    assert list(ours) == list(theirs)
    others = {k: p.default for k, p in ours.items() if p.default != theirs[k].default}
    assert others == {"cse": True}


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath", "sympy", "numexpr", "jax", "torch"])
def test_symbols_called_like_what_the_code_uses(modules):
    module = pytest.importorskip(modules)
    clashing = symbols("numpy math mpmath sympy symrelu numexpr jax torch where abs")
    number = module.tensor if modules == "torch" else float
    value = lambdify([x, *clashing], ReLU(x) + sqrt(x) + Abs(x) + sum(clashing), modules)(
        *map(number, [4.0, *range(len(clashing))])
    )
    assert float(value) == 4 + 2 + 4 + sum(range(len(clashing)))


CLASHING = [
    "t0",
    "t1",
    "arg",
    "v",
    "lambdified",
    "numpy",
    "abs",
    "None",
    "lambda",
    "__class__",
    "λ",
]


def test_names_that_mean_something():
    # Temporaries, our own names, modules, builtins, keywords.
    names = symbols([Symbol(name).name for name in CLASHING], cls=Symbol)
    square = (names[0] + 1) ** 2 + (names[0] + 1) * Abs(sum(names))
    result = lambdify([x, *names, (y, z)], [square, *names])(0, *range(len(names)), (0, 0))
    assert result == [1 + sum(range(len(names))), *range(len(names))]


# Outputs


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ([x, x + 1], [2, 3]),
        ((x,), (2,)),
        ((), ()),
        ([], []),
        ([x, (x, [x])], [2, (2, [2])]),
        (Tuple(x, x + 1), (2, 3)),
        ({"a": x, "b": [x**2, (x,)], 3: 1}, {"a": 2, "b": [4, (2,)], 3: 1}),
        ([x > 1, True, S.false], [True, True, False]),
        ([1, 2.5, S.Half], [1, 2.5, 0.5]),
    ],
)
def test_outputs(expr, expected):
    result = lambdify(x, expr)(2)
    assert result == expected
    assert type(result) is type(expected)


def test_matrices_come_out_as_arrays():
    entries = [[x, 1], [ReLU(x - 3), x**2]]
    for given_ in (Matrix(entries), sympy.ImmutableMatrix(entries), sympy.SparseMatrix(entries)):
        np.testing.assert_array_equal(lambdify(x, given_)(2.0), [[2, 1], [0, 4]])
    np.testing.assert_array_equal(lambdify(x, Array(entries))(2.0), [[2, 1], [0, 4]])
    column, rest = lambdify(x, [Matrix([x, 1]), {"g": Matrix([[x]])}])(2)
    np.testing.assert_array_equal(column, [[2], [1]])
    np.testing.assert_array_equal(rest["g"], [[2]])


def test_what_is_shared_is_computed_once():
    calls = []
    counted = implemented_function("counted", lambda v: calls.append(v) or v)
    e = counted(x + 1)
    expr = [e**2, {"a": e}, Matrix([e, 1 / e]), (ReLU(e), e)]
    lambdify(x, expr)(1.0)
    assert calls == [2]


def test_names_of_what_is_shared():
    function = lambdify(x, [sin(x), sin(x) ** 2, cos(x + 1) * -x, 1 / cos(x + 1), -x, (x / 2) ** 2])
    assert body(function) == [
        "t0 = numpy.cos(x + 1)",
        "t1 = numpy.sin(x)",
        "return [t1, t1**2, -x*t0, 1/t0, -x, (1/4)*x**2]",
    ]


def test_what_the_code_repeats_has_a_name():
    assert body(lambdify(x, Max(sin(x), 1) + sin(x), "math")) == [
        "t0 = math.sin(x)",
        "return (t0 if t0 >= 1 or t0 != t0 else 1) + t0",
    ]


# Modules, printers, functions of the user


@pytest.mark.parametrize(
    ("modules", "source"),
    [
        ("numpy", "numpy.sin(x)"),
        (["numpy"], "numpy.sin(x)"),
        (np, "numpy.sin(x)"),
        (["numpy", "scipy"], "numpy.sin(x)"),
        (["scipy", "numpy"], "numpy.sin(x)"),
        (["math", "numpy"], "math.sin(x)"),
        (["numpy", "math"], "numpy.sin(x)"),
        (math, "math.sin(x)"),
        ("mpmath", "mpmath.sin(x)"),
        ("sympy", "sympy.functions.elementary.trigonometric.sin(x)"),
        (None, "numpy.sin(x)"),
        ([{"cos": math.sin}, "numpy"], "numpy.sin(x)"),
        ([{"sin": math.cos}, "numpy"], "sin(x)"),
        ({"sin": math.cos}, "sin(x)"),
        (["numpy", {"sin": math.cos}], "sin(x)"),
    ],
)
def test_modules(modules, source):
    if modules is None or (isinstance(modules, list) and "scipy" in modules):
        pytest.importorskip("scipy")
    function = lambdify(x, sin(x), modules)
    assert body(function)[-1] == f"return {source}"
    assert abs(function(1.0) - (math.cos(1) if source == "sin(x)" else math.sin(1))) < 1e-15


@pytest.mark.parametrize("modules", ["scipy", None, ["numpy", "scipy"], ["scipy", "numpy"]])
def test_functions_that_only_scipy_has(modules):
    pytest.importorskip("scipy")
    assert lambdify(x, erf(x), modules)(1.0) == pytest.approx(math.erf(1.0))


def test_the_first_dict_goes_first():
    assert lambdify(x, f(x), [{"f": lambda v: 1}, {"f": lambda v: 2}, "numpy"])(0) == 1


def test_relu_may_be_the_users():
    function = lambdify(x, ReLU(x) + ReLU(x, c), [{"ReLU": lambda v, *H0: 10 * v}, "numpy"])
    assert function(3) == 60


def test_modules_that_are_not_known():
    with pytest.raises(ValueError, match="knows no module 'nope'; it knows numpy, scipy, cupy"):
        lambdify(x, x, "nope")
    with pytest.raises(TypeError, match="by name or as dicts, not as 5"):
        lambdify(x, x, 5)


class Cosine(NumPyPrinter):
    def _print_sin(self, expr):
        return f"numpy.cos({self._print(expr.args[0])})"


@pytest.mark.parametrize(
    "printer",
    [
        Cosine,
        Cosine(),
        Cosine({"precision": 5}),
        Cosine({"fully_qualified_modules": False}),
        NumPyPrinter({"user_functions": {"sin": "numpy.cos"}}),
    ],
)
def test_printers(printer):
    function = lambdify(x, sin(x + 1) + exp(x), printer=printer)
    assert function(1.0) == np.cos(2.0) + np.exp(1.0)


def test_cse_may_be_a_callable():
    seen = []

    def cse(expr):
        seen.append(expr)
        return sympy.cse(expr)

    expr = [sin(x + 1) ** 2, sin(x + 1) + Symbol("x0")]
    function = lambdify([x, Symbol("x0")], expr, cse=cse)
    assert seen == [expr]
    assert function(1.0, 2.0) == [np.sin(2.0) ** 2, np.sin(2.0) + 2]
    assert inspect.getsource(function).count("sin") == 1  # it stays common


def test_implemented_functions():
    g = implemented_function("g", lambda v: v + 1)
    assert lambdify(x, g(g(x)) * 2)(3) == 10
    named_sin = implemented_function(Function("sin"), lambda v: v + 1)
    assert lambdify(x, [named_sin(x), sin(x)])(0) == [1, 0]
    g1, g2 = (implemented_function("g", lambda v, k=k: v + k) for k in (1, 2))
    assert lambdify(x, [g1(x), g2(x)])(0) == [1, 2]
    for name in ("print", "lambda", "numpy", "t0", "x", "lambdified", "__import__('os').getcwd"):
        h = implemented_function(name, lambda v: v + 1)
        assert lambdify(x, h(x + 1) ** 2 + h(x + 1) + x)(1) == 13
    with pytest.raises(NotImplementedError, match=r"no numeric form of g\b.*modules=\[{'g'"):
        lambdify(x, g(x), use_imps=False)


# The function


def test_source_and_docstring():
    function = lambdify([x, y], ReLU(x - y) ** 2)
    source = "def lambdified(x, y):\n    return relu_(x - y)**2\n"
    assert inspect.getsource(function) == source
    assert function.__doc__.endswith("Source:\n\n" + source)
    assert function.__name__ == "lambdified"
    limited = lambdify([x, y], ReLU(x - y) ** 2, docstring_limit=10)
    assert "see inspect.getsource" in limited.__doc__
    assert inspect.getsource(limited) == source
    long = Matrix(20, 20, lambda j, k: x * j + y * k)
    assert "inspect.getsource" in lambdify([x, y], long).__doc__
    assert "numpy" in lambdify([x, y], long, docstring_limit=None).__doc__


def test_sources_do_not_mix():
    functions = [lambdify(x, x + k) for k in range(5)]
    assert [body(function) for function in functions][1:] == [
        [f"return x + {k}"] for k in range(1, 5)
    ]


def test_a_source_outlives_its_double():
    kept, lost = lambdify(x, x + 1), lambdify(x, x + 1)
    del lost
    gc.collect()
    assert body(kept) == ["return x + 1"]


def test_a_source_may_be_gone_before_its_function(monkeypatch):
    function = lambdify(x, x + 1)
    linecache.clearcache()
    trouble = []
    monkeypatch.setattr(sys, "unraisablehook", trouble.append)
    del function
    gc.collect()
    assert trouble == []


def test_a_source_goes_with_its_function():
    function = lambdify(x, x + 1)
    filename = function.__code__.co_filename
    assert filename in linecache.cache
    linecache.checkcache()  # which drops what it does not find in the file system
    assert filename in linecache.cache
    del function
    gc.collect()
    assert filename not in linecache.cache


def test_a_function_belongs_to_no_module_of_others():
    assert lambdify(x, x + 1).__module__ == "lambdified"


def test_numexpr_is_not_called_for_what_is_known():
    pytest.importorskip("numexpr")
    assert body(lambdify(x, [x, x + 1], "numexpr")) == [
        "return [x, numexpr.evaluate('x + 1', truediv=True)]"
    ]


def test_another_process():
    cloudpickle = pytest.importorskip("cloudpickle")
    g = implemented_function("g", lambda v: v + 1)
    function = lambdify([x, A], [g(x), ReLU(A), ReLU(x).diff(x)])
    values = (1.0, np.ones((2, 3), "float32"))
    program = "import pickle, sys; f, v = pickle.load(sys.stdin.buffer); print(pickle.dumps(f(*v)))"
    out = subprocess.run(
        [sys.executable, "-c", program],
        input=cloudpickle.dumps((function, values)),
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    results = pickle.loads(eval(out))
    for result, expected in zip(results, function(*values), strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)


# Refused when compiling


@pytest.mark.parametrize(
    ("args", "expr", "error", "message"),
    [
        (x, x + y, ValueError, "y is not among the arguments"),
        (x, Symbol("x", real=True) + x, ValueError, "x is not among the arguments"),
        (x, MatrixSymbol("A", 2, 2), ValueError, "A is not among the arguments"),
        ([x], a[0] + x, ValueError, "a is not among the arguments"),
        (B, OneMatrix(n, Symbol("k")) * 2, ValueError, "k is not among the arguments"),
        (x, Not(And(x > 1, y < 2)), ValueError, "y is not among the arguments"),
        (x, Xor(x > 1, y < 2), ValueError, "y is not among the arguments"),
        (x, f(x), NotImplementedError, "numpy has no numeric form of f"),
        (x, f(x).diff(x), NotImplementedError, "no numeric form of Derivative"),
        (x, besselj(0, x), NotImplementedError, "numpy has no numeric form of besselj"),
        (x, zeta(x), NotImplementedError, "no numeric form of zeta"),
        (x, erf(x), NotImplementedError, "numpy has no numeric form of erf"),
        (x, Integral(sin(x**x), x), NotImplementedError, "Integral"),
        (x, Subs(f(y), y, x), NotImplementedError, "no numeric form of f"),
        (x, Lambda(y, y + 1), NotImplementedError, "Lambda"),
        (x, zoo, NotImplementedError, "no number zoo"),
        (x, DiracDelta(x), ValueError, r"DiracDelta\(x\) has no value at a point.*replace"),
        (x, ReLU(x - 1).diff(x, 2), ValueError, r"DiracDelta\(x - 1\) has no value"),
        ([x, x], x, ValueError, "argument x is given twice"),
        ([x, (y, [x])], x, ValueError, "argument x is given twice"),
        ([A, A], A, ValueError, "argument A is given twice"),
        ([2 * A], x, TypeError, r"argument 2\*A is not a symbol"),
        ([A.T], x, TypeError, r"argument A\.T is not a symbol"),
        ([(2 * A)[0, 0]], x, TypeError, "is not a symbol"),
        ([x + y], x, TypeError, r"argument x \+ y is not a symbol"),
        ([1], x, TypeError, "argument 1 is not a symbol"),
        ([Matrix([x, 1])], x, TypeError, "argument 1 is not a symbol"),
        (["x"], x, TypeError, "argument 'x' is not a symbol"),
        (x, "x + 1", TypeError, r"compiles expressions, not 'x \+ 1'"),
        (x, None, TypeError, "compiles expressions, not None"),
        (x, object, TypeError, "compiles expressions, not <class 'object'>"),
        (x, {x: x}, TypeError, "keys of a dict are strings or integers, not x"),
    ],
)
def test_refused(args, expr, error, message):
    with pytest.raises(error, match=message):
        lambdify(args, expr, "numpy")


def test_a_delta_is_refused_with_advice():
    with pytest.raises(ValueError) as caught:
        lambdify(x, DiracDelta(x))
    assert str(caught.value) == (
        "lambdify: DiracDelta(x) has no value at a point.  It is the derivative of a step, such as "
        "the second derivative of ReLU; integrate it, or, to ignore the kinks, "
        "replace it: expr.replace(DiracDelta, lambda *args: 0)"
    )


# Refused when called


@pytest.mark.parametrize(
    ("args", "expr", "values", "message"),
    [
        (A, A, [(3, 2)], r"argument A: expected shape \(2, 3\), not \(3, 2\)"),
        (A, A, [(2,)], r"argument A: expected shape \(2, 3\), not \(2,\)"),
        (A, A, [(2, 3, 1)], r"argument A: expected shape \(2, 3\), not \(2, 3, 1\)"),
        ((B, C), B * C, [(2, 3), (3, 4)], r"argument C: .* \(m=3, n=2\), not \(3, 4\)"),
        ((C, B), B * C, [(2, 3), (3, 4)], r"argument B: .* \(n=3, m=2\), not \(3, 4\)"),
        (B, B, [(2,)], r"argument B: expected shape \(n, m\), not \(2,\)"),
        ((x, B, D), B, [1, (1, 2), (2,)], r"argument D: expected shape \(k, 3\), not \(2,\)"),
        ((x, D, B), B, [1, (1, 3), (2,)], r"argument B: expected shape \(n, m\), not \(2,\)"),
        ((E, n), E, [(2,), 1], r"argument E: expected shape \(\?, k\), not \(2,\)"),
        (B, B, [()], r"argument B: expected shape \(.*\), not \(\)"),
        (B, B, [(2, 3, 4)], r"argument B: expected shape \(.*\), not \(2, 3, 4\)"),
        ((n, B), B, [3, (2, 2)], r"argument B: .* \(n=3, m=2\), not \(2, 2\)"),
        (
            (B, MatrixSymbol("D", n + 1, 2)),
            B,
            [(2, 2), (2, 2)],
            r"argument D: .* \(n \+ 1=3, 2\), not \(2, 2\)",
        ),
        ([(x, A)], A, [(0, (3, 2))], r"argument A: expected shape \(2, 3\), not \(3, 2\)"),
    ],
)
def test_shapes_are_checked(args, expr, values, message):
    def filled(shape):
        if isinstance(shape, tuple) and shape and isinstance(shape[-1], tuple):
            return [filled(s) for s in shape]
        return np.ones(shape) if isinstance(shape, tuple) else shape

    with pytest.raises(ValueError, match=message):
        lambdify(args, expr)(*map(filled, values))


def test_the_parts_of_an_argument_are_known_before_the_shapes_are_checked():
    function = lambdify([(x, n), B, D, y], x * B * OneMatrix(m, k) * D + y * OneMatrix(n, 3))
    result = function((2, 1), np.ones((1, 2)), np.ones((2, 3)), 1)
    np.testing.assert_array_equal(result, [[9, 9, 9]])


def test_number_of_arguments():
    function = lambdify([x, (y, z)], x + y + z)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'arg'"):
        function(1)
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        function(1, (2, 3), 4)
    with pytest.raises(ValueError, match="unpack"):
        function(1, (2, 3, 4))


def test_dimensions_are_numbers():
    function = lambdify([B, C, x], [n * x + m, B * C / n, n, ZeroMatrix(n, 2), ReLU(n - m - x)])
    total, product, rows, zeros, relu = function(np.ones((4, 2)), np.ones((2, 4)), 0.5)
    assert (total, rows, relu) == (4, 4, 1.5)
    np.testing.assert_array_equal(product, np.full((4, 4), 0.5))
    np.testing.assert_array_equal(zeros, np.zeros((4, 2)))
    code = Symbol("__import__('os').abort()", integer=True, positive=True)
    K = MatrixSymbol("K", code, 2)
    assert lambdify(K, code)(np.ones((5, 2))) == 5


# What it costs


def _rules(monkeypatch, *args):
    """How often a node is asked for its code, and the lines that come out."""
    import symrelu.code.compile as module

    asked = []
    original = module.rule
    monkeypatch.setattr(module, "rule", lambda *a: asked.append(a[0]) or original(*a))
    lines = body(lambdify(*args))
    monkeypatch.undo()
    return len(asked), len(lines)


def test_every_node_is_asked_once(monkeypatch):
    import symrelu.code.compile as module

    asked = []
    original = module.rule
    monkeypatch.setattr(module, "rule", lambda *a: asked.append(a[0]) or original(*a))
    e, v = chain(5, c)
    lambdify([v, c], [e, gradient(e, v), e**2])
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("modules", ["numpy", "math", "mpmath"])
def test_deep_chains(modules):
    e, v = chain(500, c)
    function = lambdify([v, c], [e, gradient(e, v)], modules)
    value, slope = 1.0, 1.0
    for _ in range(500):
        u = value / 2 + max(value - 1, 0) / 3 - -0.4
        slope = (slope / 2 + slope * (value > 1) / 3) * (u > 0)
        value = max(u, 0)
    np.testing.assert_allclose(np.array(function(1.0, -0.4), float), [value, slope], rtol=1e-12)


@pytest.mark.long
def test_cost_is_linear(monkeypatch):
    costs = []
    for levels in (50, 100, 200, 400):
        e, v = chain(levels, c)
        costs.append(_rules(monkeypatch, [v, c], [e, gradient(e, v)]))
    steps = np.diff(costs, axis=0)
    np.testing.assert_array_equal(steps, steps[0] * np.array([[1], [2], [4]]))


def _calls_for_each_operand(args, outputs):
    count, _ = calls(lambda: lambdify(args, outputs))
    return count / sum(len(node.args) for node in objects(*outputs))


def test_cost_of_branches_that_are_running_sums():
    costs = []
    for n in (15, 30, 60):
        terms = symbols(f"a:{n}")
        branches = [(s, x < k) for k, s in enumerate(accumulate(a * x for a in terms))]
        e = Piecewise(*branches, (0, True), evaluate=False)
        costs.append(_calls_for_each_operand([x, *terms], [e, *gradient(e, [x, *terms])]))
    assert costs[2] < 1.2 * costs[0]


def test_cost_of_functions_of_large_sums_with_matrices():
    A, costs = MatrixSymbol("A", 3, 3), []
    for levels in (5, 10, 40):
        e = Trace(A)
        for _ in range(levels):
            e = e + sin(e)
        with time_limit(30, f"{levels} levels"):
            costs.append(_calls_for_each_operand([A], [e]))
    assert costs[2] < 1.2 * costs[0]


def test_functions_without_a_rule_are_shared_too():
    # Printed by SymPy, some by rewriting: sec as 1/cos.
    costs = []
    for levels in (2, 4, 8):
        e = x
        for _ in range(levels):
            e = sec(e + sin(e, evaluate=False), evaluate=False)
        costs.append(len(inspect.getsource(lambdify(x, e))))
    assert costs[2] < 5 * costs[0]


def test_big_networks():
    loss, parameters = network((8, 16, 16, 16, 1))
    others = sorted(loss.free_symbols - set(parameters), key=str)
    function = lambdify([parameters, others], [loss, gradient(loss, parameters)])
    value, slopes = function(np.full(len(parameters), 0.25), np.arange(len(others)))
    assert np.isfinite(value)
    assert len(slopes) == len(parameters)
    step = 1e-6
    bumped, _ = function(np.full(len(parameters), 0.25) + step, np.arange(len(others)))
    assert abs((bumped - value) / step / sum(slopes) - 1) < 1e-4


def test_wide_expressions():
    # Python's parser nests what it reads, to a limit.
    many = symbols("q:3000")
    values = np.arange(3000.0)
    assert lambdify([many], sympy.Add(*many))(values) == values.sum()
    assert lambdify([many], sympy.Mul(*many))(np.ones(3000)) == 1
    branches = [(x * k, x > 300 - k) for k in range(200)]
    assert lambdify(x, Piecewise(*branches, (0, True)))(200.0) == 200 * 101


# What gets into it

CODE = [
    "__import__('os').environ.setdefault('SYMRELU_TEST', 'x')",
    "x); import os; os.abort(",
    "x\n    raise SystemExit",
    "{x.__class__}",
    "x'\"\\",
    "lambda: 0",
    "a b",
    "",
    "{",
    "1",
    "x.real",
]
NAMES = st.one_of(
    st.sampled_from(keyword.kwlist + keyword.softkwlist),
    st.sampled_from(dir(__builtins__) if inspect.ismodule(__builtins__) else list(__builtins__)),
    st.sampled_from(CODE + CLASHING),
    st.sampled_from(["x", "x_1", "t0", "numpy", "math", "self", "sin", "maximum"]),
    st.text(max_size=8),
)
ASSUMPTIONS = st.sampled_from([{}, {"real": True}, {"positive": True}, {"integer": True}])
SYMBOLS = st.builds(lambda name, facts: Symbol(name, **facts), NAMES, ASSUMPTIONS)
ENGINES = ["numpy", "math", "mpmath"]


@given(st.lists(SYMBOLS, min_size=1, max_size=5, unique=True), st.sampled_from(ENGINES))
def test_names(names, modules):
    e = sum(((k + 2) * v for k, v in enumerate(names)), S.Zero)
    function = lambdify(names, [e**2 + e, *names], modules)
    total = sum((k + 2) * (k + 1) for k in range(len(names)))
    values = range(1, len(names) + 1)
    assert function(*values) == [total**2 + total, *values]
    with pytest.raises(ValueError, match="is not among the arguments"):
        lambdify(names[1:], e, modules)


@given(SYMBOLS)
def test_names_of_functions_and_matrices(name):
    text = name.name
    if not text:
        return
    g = implemented_function(text, lambda v: v + 1)
    assert lambdify(name, g(name) * 2)(3) == 8
    M = MatrixSymbol(text, 2, 2)
    np.testing.assert_array_equal(lambdify(M, ReLU(M))(-np.eye(2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="expected shape"):
        lambdify(M, M)(np.ones(3))


evil = Symbol(CODE[0])


@pytest.mark.parametrize("modules", ["numpy", "scipy", "math", "mpmath", "sympy", "numexpr"])
@pytest.mark.parametrize(
    "expr",
    [
        sinc(2 * evil),
        sec(2 * evil),
        sympy.Mod(2 * evil, 3),
        sympy.frac(evil / 2),
        sympy.atan2(2 * evil, y),
        sympy.KroneckerDelta(evil, y),
        Not(And(evil > 1, evil < 2)),
        Xor(evil > 1, y < 2),
        ITE(evil > 1, evil < 3, y < 1),
        Equivalent(evil > 1, y > 1),
        Piecewise((evil, Xor(evil > 1, y > 2)), (2, True)),
        Dict({evil: 1}),
        FiniteSet(evil, 1),
        Array([evil, 1]),
        Lambda(y, evil),
        Subs(f(evil), evil, y),
        sympy.Sum(evil, (evil, 0, 2)),
        sympy.Product(evil, (evil, 1, 2)),
        Integral(evil**evil, (evil, 0, 1)),
        sympy.Derivative(f(evil), evil),
        sympy.Interval(0, evil),
        sympy.Contains(evil, sympy.Interval(0, 1)),
        sympy.conjugate(evil),
        sympy.Order(evil),
    ],
    ids=lambda expr: type(expr).__name__,
)
def test_no_symbol_gets_in_by_its_name(expr, modules):
    """Where SymPy prints, as little as elsewhere."""
    pytest.importorskip(modules)
    for args in ([evil, y], [y], [Symbol("w"), y]):
        try:
            source = inspect.getsource(lambdify(args, expr, modules))
        except (ValueError, NotImplementedError, TypeError):
            continue
        assert "environ" not in source


def test_nothing_was_executed():
    assert "SYMRELU_TEST" not in os.environ


# Any expression: the right number, or an error that is documented

NUMBERS = st.sampled_from(
    [S(k) for k in (-2, -1, 0, 1, 2, 3)]
    + [Rational(p, q) for p, q in ((1, 2), (-1, 3), (7, 5))]
    + [sympy.Float(k) for k in (0.25, -1.5, 3.0)]
    + [sympy.pi, sympy.E]
)
reals = symbols("p q r", real=True)


def _compound(e):
    pairs = st.tuples(e, e)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        st.tuples(e, st.sampled_from([2, 3, -1, -2])).map(lambda p: p[0] ** p[1]),
        e.map(lambda a: -a),
        e.map(lambda a: sympy.Mul(-1, a, evaluate=False)),
        pairs.map(lambda p: sympy.Add(p[0], p[1], evaluate=False)),
        pairs.map(lambda p: sympy.Mul(p[0], p[1], evaluate=False)),
        st.tuples(e, st.sampled_from([0, S.Half, 1])).map(lambda p: ReLU(*p)),
        st.tuples(e, st.sampled_from([0, S.Half, 1])).map(lambda p: Heaviside(*p)),
        st.tuples(st.sampled_from([sin, cos, tanh, Abs]), e).map(lambda p: p[0](p[1])),
        st.tuples(st.sampled_from([Max, Min]), e, e).map(lambda p: p[0](p[1], p[2])),
        st.tuples(e, e, e).map(lambda p: Piecewise((p[0], p[1] > 0), (p[2], True))),
    )


EXPRESSIONS = st.recursive(st.one_of(st.sampled_from(reals), NUMBERS), _compound, max_leaves=12)
EXACT = st.tuples(*[st.sampled_from([Rational(k, 4) for k in range(-9, 10)])] * 3)


@given(EXPRESSIONS, EXACT, st.sampled_from(ENGINES))
def test_expressions(expr, values, modules):
    try:
        exact = expr.subs(dict(zip(reals, values, strict=True)), simultaneous=True).evalf(30)
    except (TypeError, ValueError, RecursionError):
        return  # SymPy has no value either
    if not (exact.is_number and exact.is_extended_real and exact.is_finite) or abs(exact) > 1e12:
        return
    function = lambdify(reals, expr, modules)
    try:
        with np.errstate(all="ignore"):  # in a branch that is not taken, say
            result = float(function(*map(float, values)))
    except ZeroDivisionError:
        return  # of Python's own numbers, where NumPy goes on
    # A kink or a jump within rounding is decided either way.
    nearby = [
        expr.subs({v: w + d for v, w in zip(reals, values, strict=True)}).evalf(30)
        for d in (Rational(1, 10**13), -Rational(1, 10**13))
    ]
    if all(k.is_extended_real and abs(k - exact) < 1e-6 * (1 + abs(exact)) for k in nearby):
        assert abs(result - float(exact)) <= 1e-6 * (1 + abs(float(exact)))


def test_the_sum_of_all_entries_needs_no_ones():
    n = Symbol("n", integer=True, positive=True)
    A = MatrixSymbol("A", n, 3)
    f = lambdify([A], sympy.Trace(OneMatrix(3, n) * ReLU(A)))
    assert inspect.getsource(f).splitlines()[-1] == "    return relu(A).sum()"
    total = f(np.array([[1, -2, 3]], dtype="float16"))
    assert total == 4
    assert total.dtype == "float16"


def test_the_users_functions_stand_outside_of_what_numexpr_computes():
    pytest.importorskip("numexpr")
    function = lambdify(x, f(x + 1) ** 2 + 1, [{"f": np.sin}, "numexpr"])
    at = np.array([1.0, 2.0])
    assert function(at) == pytest.approx(np.sin(at + 1) ** 2 + 1, rel=1e-15)


def test_the_users_matrices_are_made_of_lists_of_rows():
    function = lambdify(x, Matrix([[x, 1, 2], [3, x, 4]]), [{"ImmutableDenseMatrix": list}])
    assert function(5) == [[5, 1, 2], [3, 5, 4]]


def test_a_condition_may_be_an_argument():
    function = lambdify(x, Piecewise((1, x), (2, True)))
    assert function(np.array([True, False])).tolist() == [1, 2]


def test_a_set_of_slopes_is_refused():
    with pytest.raises(NotImplementedError, match=r"AccumBounds\(0, 1\) is a set of slopes"):
        lambdify(x, x * AccumBounds(0, 1))
