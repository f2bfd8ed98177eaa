"""What SymPy's own tests differentiate by matrices, by ``gradient`` and against differences."""

import ast
import inspect

import numpy as np
import pytest
import sympy
import sympy.matrices.expressions.tests.test_derivatives as theirs
from support.limits import time_limit
from support.matrix_cases import central
from sympy import MatrixSymbol, Trace
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import gradient, lambdify

SIZE = 3

pytestmark = pytest.mark.skipif(
    not sympy.__version__.startswith("1.14"), reason="these are the tests of SymPy 1.14"
)


class _Recorded(ast.NodeTransformer):
    """``e.diff(v)`` becomes ``seen(e, v)``."""

    def visit_Call(self, node):
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "diff" and len(node.args) == 1:
            return ast.Call(ast.Name("seen", ast.Load()), [called.value, *node.args], [])
        return node


def differentiated():
    """Every expression of their tests that is differentiated, and its variable."""
    found = {}

    def seen(e, v):
        # By an index a derivative is none, and not every symbol i of theirs is one.
        if not e.has(MatrixElement) or v != theirs.i:
            found[e, v] = None
        return e.diff(v)

    tree = _Recorded().visit(ast.parse(inspect.getsource(theirs)))
    names = {"seen": seen, "__name__": theirs.__name__}
    exec(compile(ast.fix_missing_locations(tree), theirs.__file__, "exec"), names)
    for name in [name for name in names if name.startswith("test_")]:
        names[name]()
    return list(found)


CASES = differentiated()


def test_there_are_many():
    assert len(CASES) >= 60


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("e", "v"), CASES, ids=str)
def test_value_and_gradient(e, v):
    if getattr(e, "shape", ()) not in ((), (1, 1)):
        e = Trace(MatrixSymbol("weights", *reversed(e.shape)) * e)
    # Symbols are a dimension, indices, or the variable.
    indices = {theirs.i: 0, theirs.j: 1, theirs.m: 0, theirs.n: 1}
    indices.pop(v, None)
    e, v = e.subs(indices), v.subs(indices)
    whole = v.args[0] if isinstance(v, MatrixElement) else v
    variables = sorted((e.free_symbols | {whole}) - {theirs.k}, key=str)
    random = np.random.default_rng(7)
    shapes = [[int(d.subs(theirs.k, SIZE)) for d in getattr(s, "shape", ())] for s in variables]
    arrays = [np.asarray(random.uniform(0.5, 1.5, size=shape)) for shape in shapes]
    with time_limit(20, f"{e} by {v}"):
        slope = lambdify(variables, gradient(e, v))(*arrays)
        value = lambdify(variables, e)
    (expected,) = central(value, arrays, [variables.index(whole)])
    if whole is not v:
        expected = expected[tuple(map(int, v.args[1:]))]
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-5 * scale)
