"""SymPy's own checks of a function, adapted to ReLU."""

import ast
import re
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from sympy import Abs, Heaviside, MatrixSymbol, Max, Min, Piecewise, S, Symbol, exp, sin, symbols
from sympy.core.random import test_derivative_numerically as verify_derivative_numerically
from sympy.core.random import verify_numerically
from sympy.core.tests.test_args import _test_args as check_args
from sympy.utilities.tests.test_pickling import check as check_pickling

import symrelu
from symrelu import ReLU

x, y = symbols("x y", real=True)
c = Symbol("c")

EXPRESSIONS = [ReLU(x), ReLU(x, S.Half), ReLU(x - y, c), sin(ReLU(x) ** 2), ReLU(x).diff(x)]
MATRICES = [ReLU(MatrixSymbol("X", 2, 3)), ReLU(MatrixSymbol("X", 2, 3), c)]

ROOT = Path(__file__).parent.parent

HOMES = {
    "ReLU": "function",
    "as_relu": "kinks.conversion",
    "elementwise": "matrices.elementwise",
    "gradient": "gradients.reverse",
    "hessian": "gradients.second",
    "jacobian": "gradients.second",
    "lambdify": "code.compile",
    "relusimp": "kinks.identities",
}


def test_names():
    names = {}
    exec("from symrelu import *", names)
    del names["__builtins__"]
    assert names == {
        name: getattr(import_module(f"symrelu.{home}"), name) for name, home in HOMES.items()
    }
    assert {*dir(symrelu)} == {*HOMES, *(name for name in vars(symrelu) if name.startswith("__"))}
    with pytest.raises(AttributeError, match="module 'symrelu' has no attribute 'relu'"):
        _ = symrelu.relu


def test_no_debug_lines():
    marks = re.compile(r"#\s*DB" r"G\b|\bbreak" r"point\(|\bset_" r"trace\(|\bimport i?p" r"db\b")
    ours = [ROOT / folder for folder in ("symrelu", "tests", "examples", ".github")]
    files = [path for home in ours for end in ("py", "ipynb") for path in home.rglob(f"*.{end}")]
    assert len(files) > 100
    assert [str(f) for f in files if marks.search(f.read_text(encoding="utf-8"))] == []


def imports(path):
    """The rooms of the package that a module imports, and those that its functions import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symrelu."):
            yield node.module.split(".")[1], node not in tree.body


def test_imports_run_downwards():
    package = Path(symrelu.__file__).parent
    guide = package.parent / ".github" / "CONTRIBUTING.md"
    if not guide.exists():
        pytest.skip("there is no checkout around the package")
    (order,) = re.findall(r"^`graph`.*$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    levels = [re.findall(r"`(\w+)`", level) for level in order.split("←")]
    level = {room: k for k, rooms in enumerate(levels) for room in rooms}
    upwards = set()
    for path in package.rglob("*.py"):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        for other, late in imports(path) if room in level else ():
            if other != room and not level[other] < level[room]:
                upwards.add((room, other, late))
    assert upwards == {("function", "kinks", True), ("function", "calculus", True)}


def test_version():
    assert symrelu.__version__ == version("symrelu")


@pytest.mark.parametrize(
    ("old", "name", "new"), [("vjp", "pullback", "gradients"), ("printers", "rule", "code")]
)
def test_former_homes(old, name, new):
    module = import_module(f"symrelu.{old}")
    with pytest.warns(DeprecationWarning, match=f"from symrelu.{new} import {name}"):
        former = getattr(module, name)
    assert former is getattr(import_module(f"symrelu.{new}"), name)
    with pytest.raises(AttributeError, match="__nothing__"):
        _ = module.__nothing__


@pytest.mark.parametrize("e", [*EXPRESSIONS, *MATRICES], ids=str)
def test_argument_invariance(e):
    assert check_args(e)


@pytest.mark.parametrize("e", [*EXPRESSIONS, ReLU], ids=str)
def test_pickling(e):
    check_pickling(e)


@pytest.mark.parametrize("form", [Piecewise, Heaviside, Max, Min, Abs])
def test_rewrites_numerically(form):
    e = ReLU(x - exp(y) / 3) * y + ReLU(-x)
    for _ in range(5):
        assert verify_numerically(e, e.rewrite(form), a=-3, b=0, c=3, d=0)


def test_derivative_numerically():
    for e in (ReLU(x), ReLU(x**3 - x), sin(ReLU(x)) * x, exp(-(ReLU(2 * x + 1) ** 2))):
        for _ in range(5):
            assert verify_derivative_numerically(e, x, a=-3, b=0, c=3, d=0)
