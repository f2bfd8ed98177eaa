"""What an engine's modules have of SymPy's functions: found by name, and proved by numbers.

SymPy's printers know some functions of a module and leave others to its namespace, where a name
may mean something else: ``mpmath.catalan`` is a constant, ``numpy.sinc`` another function.  So a
name that no printer vouches for is taken if it gives what SymPy's own ``evalf`` gives.
"""

from __future__ import annotations

import sys
import warnings
from cmath import isfinite, isnan
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from sympy import Basic, Dummy, Rational, S, Tuple, factorial, preorder_traversal, sympify
from sympy.core.function import Application
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.pycode import MpmathPrinter, PythonCodePrinter
from sympy.utilities.lambdify import MODULES

from symrelu.code.engines import Engine
from symrelu.graph import postorder

# The last numbers of a row for the arguments: orders first, as functions have them.
_ROWS = (
    "3 2 1 2/5", "5/2 3/2 1/2 -3/10", "2 3 1/4 3/4", "1 1 2 1/4", "2 1 1/2 4", "3 2 2 13/5",
    "2 1 3 1", "4 3 5 2", "1 1 1 0",
)  # fmt: skip
_POINTS = [[Rational(number) for number in row.split()] for row in _ROWS]
_ENOUGH = 2  # numbers; some take seconds
At = dict[Basic, Basic]
_SINGLE = 1e-4  # two conventions differ by more, single precision by less


def is_sympys(node: Basic) -> bool:
    """Whether the class is SymPy's or ours, and not one of the same name, which is all they see."""
    kind = type(node)
    home = kind.__module__ or ""
    module = sys.modules.get(home)
    return (
        home.partition(".")[0] in ("sympy", "symrelu")
        and getattr(module, kind.__name__, None) is kind
    )


def find(node: Basic, row: Engine) -> str | None:
    """The engine's name of a function that SymPy's printer for it does not know."""
    if not (isinstance(node, Application) and is_sympys(node)):
        return None
    kind = type(node).__name__
    vouched = MODULES.get(row.name, ((), (), {}))[2].get(kind)
    for space in row.spaces.split():
        for name in _names(kind):
            full = space.format(name, m=row.module)
            call = partial(_called, full, node, row)
            if _has(full, row) and _agree(node, call, everywhere=name != vouched):
                return full
    return None


def _has(name: str, row: Engine) -> bool:
    """Whether there is something of this name."""
    if name in row.reserved:
        return True
    module, _, attribute = name.rpartition(".")
    with suppress(ImportError):
        return bool(module) and hasattr(import_module(module), attribute)
    return False


def _names(kind: str) -> Iterator[str]:
    """The names that SymPy has for a function, in any module."""
    tables: list[dict[str, Any]] = [module[2] for module in MODULES.values()]
    tables += [made().known_functions for made in (PythonCodePrinter, SciPyPrinter, MpmathPrinter)]
    known = [str(table[kind]).rpartition(".")[2] for table in tables if kind in table]
    yield from dict.fromkeys([*known, kind])


def rewritings(node: Basic) -> list[Basic]:
    """The function in terms of others, by SymPy's own formulas, the shortest first."""
    return sorted(_rewritings(node), key=lambda written: sum(1 for _ in postorder(written)))


def _rewritings(node: Basic) -> Iterator[Basic]:
    prefix = "_eval_rewrite_as_"
    if is_sympys(node):
        for method in filter(lambda name: name.startswith(prefix), dir(node)):
            with suppress(Exception):  # they expect to be asked by ``rewrite``
                written = sympify(getattr(node, method)(*node.args))
                # Python's factorial is of whole numbers; of others, gamma is as well.
                whole = all(part.args[0].is_integer for part in written.atoms(factorial))
                if whole and not written.has(type(node)):
                    yield written


def vouched(node: Basic) -> Iterator[Basic]:
    """The formula that SymPy's printers take."""
    name = type(node).__name__
    if is_sympys(node) and name in CodePrinter._rewriteable_functions:
        target, _ = CodePrinter._rewriteable_functions[name]
        with suppress(Exception):  # as of polynomials of Fibonacci's
            yield node.rewrite(target)


def holds(node: Basic, written: Basic) -> bool:
    """Whether a formula for a function gives its values, at 0 too: Abs is no ``x/sign(x)``.

    Nothing in it may be complex where they are real.
    """
    zeros: At = dict.fromkeys(_dummies(node), S.Zero)
    at_0 = evaluated(node, zeros)
    if at_0 is not None and not at_0.imag and _number(written.xreplace(zeros)) is None:
        return False
    return _agree(node, lambda at: _by_floats(node, written, at))


def _by_floats(node: Basic, written: Basic, at: At) -> complex | None:
    want = evaluated(node, at)
    if want is not None and not want.imag:
        parts = (_number(part.xreplace(at)) for part in postorder(written))
        if any(part is not None and part.imag for part in parts):
            return complex("inf")
    return _number(written.xreplace(at))


def _agree(node: Basic, call: Callable[[At], complex | None], everywhere: bool = True) -> bool:
    """Whether the values are those of ``evalf``, wherever or mostly where there are any."""
    agreed = 0
    for at in samples(node):
        want = evaluated(node, at)  # before the engine is asked, which may compute for hours
        got = None if want is None else call(at)
        if want is not None and got is not None and not isnan(got):
            same = abs(got - want) <= _SINGLE * (1 + abs(want))
            if everywhere and not same:
                return False
            agreed += 1 if same else -1
        if agreed == _ENOUGH:
            break
    return agreed > 0


def _dummies(node: Basic) -> list[Dummy]:
    return list(dict.fromkeys(d for d in preorder_traversal(node) if isinstance(d, Dummy)))


def samples(node: Basic) -> Iterator[At]:
    """Numbers for the dummies in a function, in their order."""
    dummies = _dummies(node)
    for point in _POINTS if len(dummies) <= len(_POINTS[0]) else ():
        values = dict(zip(dummies, point[-len(dummies) :] if dummies else (), strict=True))
        if all(value.is_Integer or not dummy.is_integer for dummy, value in values.items()):
            yield values


def _args(node: Basic, values: At) -> list[Basic]:
    return [arg.xreplace(values) for arg in node.args]


def evaluated(node: Basic, values: At) -> complex | None:
    """The number that SymPy has for the function there, if any."""
    with suppress(Exception):  # SymPy's functions refuse in many ways
        return _number(node.func(*_args(node, values)))
    return None


def _number(value: Any) -> complex | None:
    with suppress(Exception):
        number = complex(value.evalf())
        return number if isfinite(number) else None
    return None


def _called(name: str, node: Basic, row: Engine, at: At) -> complex | None:
    """What the engine gives there, if it has such a function of numbers."""
    args = _args(node, at)
    d = row.call("default_dtype")
    for template in ("{0}", row.numbers or "{0}"):  # PyTorch takes tensors only
        number = partial(template.format, m=row.module, d=d)
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            codes = ", ".join(_literal(arg, number) for arg in args)
            modules = {module.partition(".")[0]: __import__(module) for module in row.imports}
            return complex(eval(row.wrap.format(f"{name}({codes})"), modules))
    return None


def _literal(arg: Any, number: Callable[[str], str]) -> str:
    if isinstance(arg, Tuple):
        return f"({''.join(_literal(item, number) + ', ' for item in arg)})"
    return number(repr(int(arg) if arg.is_Integer else float(arg)))
