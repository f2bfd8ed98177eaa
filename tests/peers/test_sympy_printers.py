"""SymPy's own tests of its printers for Python, by values.

Where they print, the text is run, and the compiled function must give the same number or array;
where they compile, this library's function stands in the place of SymPy's.
"""

import sys
from importlib import import_module
from itertools import count

import numpy as np
import pytest
import sympy
import sympy.printing.tests.test_numpy as of_numpy
import sympy.printing.tests.test_pycode as of_pycode
from sympy import IndexedBase, MatrixSymbol, Symbol, Tuple, preorder_traversal
from sympy.printing.numpy import NumPyPrinter, SciPyPrinter
from sympy.printing.pycode import CmathPrinter, MpmathPrinter, PythonCodePrinter
from sympy.tensor.array.expressions import ArraySymbol
from sympy.testing.pytest import Skipped

from symrelu import lambdify

ENGINES = {
    NumPyPrinter: "numpy",
    SciPyPrinter: "scipy",
    PythonCodePrinter: "math",
    CmathPrinter: "cmath",
    MpmathPrinter: "mpmath",
}
MODULES = ("math", "cmath", "mpmath", "numpy", "scipy.special", "scipy.integrate", "scipy.sparse")

# What they print that has no value of ours to compare with, and why.
NOT_OURS = {
    "x = 2": "an assignment has no value",
    "I = I": "an assignment has no value",
    "(math.gamma(x)*math.gamma(y)/math.gamma(x + y))": "on NumPy it takes no arrays: refused",
    "math.nan": "complex infinity is no nan: refused",
    "numpy": "the value is a module",
    "mpmath": "the value is a module",
}
NOT_SUPPORTED = "Not supported in Python"  # what their printers say; ours refuses, too
# Tests that have nothing to do with values, or are against the contract.
OTHERS = {
    "test_codegen_ast_nodes": "statements of a program have no value",
    "test_custom_Derivative_methods": "its functions do not exist",
    "test_issue_17006": "a dimension may be open: it is read off the array",
    "test_matsolve": "a matrix is given an array of its shape",
    "test_issue_20762": "of names in text",
    "test_numpy_known_funcs_consts": "of SymPy's tables",
    "test_scipy_known_funcs_consts": "of SymPy's tables",
    "test_numpy_print_methods": "of the names of methods",
    "test_NumPyPrinter_print_seq": "of a private method",
    "test_pycode_reserved_words": "of names in text",
    "test_PythonCodePrinter_standard": "of a setting",
    "test_sqrt": "of a private method",
}
TESTS = [
    (module, name)
    for module in (of_numpy, of_pycode)
    for name in vars(module)
    if name.startswith("test_")
]
COMPILE = [(m, n) for m, n in TESTS if "lambdify" in getattr(m, n).__code__.co_names]

pytestmark = [
    pytest.mark.skipif(
        not sympy.__version__.startswith("1.14"), reason="these are the tests of SymPy 1.14"
    ),
    pytest.mark.filterwarnings("ignore"),
]


def run(module, name):
    try:
        getattr(module, name)()
    except Skipped as reason:
        pytest.skip(str(reason))


def named(test):
    module, name = test
    return f"{module.__name__.rpartition('.')[2]}: {name}"


@pytest.mark.parametrize("test", COMPILE, ids=named)
def test_what_they_compile(test, monkeypatch):
    module, name = test
    if name in OTHERS:
        pytest.skip(OTHERS[name])
    compiled = count()

    def ours(*args, **kwargs):
        next(compiled)
        return lambdify(*args, **kwargs)

    # Some import it where they use it.
    for home in (module, sys.modules["sympy.utilities.lambdify"]):
        monkeypatch.setattr(home, "lambdify", ours, raising=False)
    run(module, name)
    assert next(compiled) > 0


def recording(printer, found):
    """The printer, noting what it prints; one that is made from it notes nothing."""

    class Recording(printer):
        def doprint(self, expr, assign_to=None):
            text = super().doprint(expr, assign_to)
            if type(self) is Recording:
                found.append((ENGINES[printer], expr, text))
            return text

    return Recording


def arguments(expr):
    """Numbers and arrays for the symbols: numbers at which all that is printed has a value."""
    kinds = (Symbol, MatrixSymbol, ArraySymbol, IndexedBase)
    names = {s for s in preorder_traversal(expr) if isinstance(s, kinds)}
    names -= {s.args[0] for s in names if isinstance(s, (ArraySymbol, IndexedBase))}
    if not any(isinstance(s, (ArraySymbol, IndexedBase)) for s in names):
        names &= expr.free_symbols
    return {s: value(s, 0.3 + 0.2 * k) for k, s in enumerate(sorted(names, key=str))}


def value(symbol, number):
    if isinstance(symbol, IndexedBase):
        return np.arange(6.0).reshape(2, 3)
    if isinstance(symbol, Symbol):
        return number
    return np.random.default_rng(0).uniform(1, 2, tuple(map(int, symbol.shape)))


def theirs(text, args):
    modules = {name.partition(".")[0]: __import__(name) for name in MODULES}
    return eval(text, modules, {str(symbol): given for symbol, given in args.items()})


def array(value):
    dense = value.toarray() if hasattr(value, "toarray") else value
    return np.array(dense.tolist() if hasattr(dense, "tolist") else dense, complex)


@pytest.mark.parametrize("test", [t for t in TESTS if t not in COMPILE], ids=named)
def test_what_they_print(test, monkeypatch):
    module, name = test
    if name in OTHERS:
        pytest.skip(OTHERS[name])
    import_module("scipy.constants")
    printed = []
    for printer in ENGINES:
        if hasattr(module, printer.__name__):
            monkeypatch.setattr(module, printer.__name__, recording(printer, printed))
    run(module, name)
    assert printed
    for engine, expr, text in printed:
        if text in NOT_OURS:
            continue
        args = arguments(Tuple(*expr) if isinstance(expr, (list, tuple)) else expr)
        if NOT_SUPPORTED in text:
            with pytest.raises(NotImplementedError, match=type(expr).__name__):
                lambdify(list(args), expr, engine)
            continue
        if isinstance(expr, sympy.asec):  # real where numbers are larger than 1
            args = {symbol: 1 + given for symbol, given in args.items()}
        ours = array(lambdify(list(args), expr, engine)(*args.values()))
        want = array(theirs(text, args))
        assert ours.shape == want.shape, text
        np.testing.assert_allclose(ours, want, rtol=1e-9, err_msg=text)


def test_the_lists_are_short():
    assert len(NOT_OURS) <= 6
    assert {name for _, name in TESTS} >= OTHERS.keys()
