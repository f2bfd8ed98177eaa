"""lambdify: from expressions to one Python function."""

from __future__ import annotations

import builtins
import keyword
import linecache
import re
import sys
import unicodedata
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

from sympy import (
    Basic,
    Expr,
    Indexed,
    IndexedBase,
    MatrixSymbol,
    Symbol,
    SympifyError,
    Tuple,
    sympify,
)
from sympy.core.function import AppliedUndef, Derivative
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array import NDimArray

from symrelu.code.printers import ENGINES, Code, Engine, Rule, engine, rule
from symrelu.inputs import holds_text
from symrelu.kinked import without_deltas

_WIDTH = 100  # code that gets longer than this is given a name


def lambdify(
    args: Any,
    expr: Any,
    modules: Any = "numpy",
    printer: Any = None,
    use_imps: bool = True,
    dummify: bool = False,
    cse: bool | Callable[..., Any] = True,
    docstring_limit: int | None = 1000,
) -> Callable[..., Any]:
    r"""
    Compile expressions to a Python function: exact at the kink, fast, and safe.

    Explanation
    ===========

    It takes what :func:`sympy.lambdify` takes.  The function computes every common
    subexpression once, across all outputs, and compiling takes time linear in the number
    of distinct ones.  Of ReLU and its derivative, value and slope at 0 are right on every
    engine, nan stays nan, and an array keeps its dtype.  Matrix products are taken in
    the cheapest order, those by matrices of ones become broadcasts and sums, traces of products dot
    products, and no transposed copy of an expression is computed beside it.

    Nothing that is not an identifier made here gets into the source, whatever a symbol
    is called.

    Parameters
    ==========

    args : Symbol, MatrixSymbol, Indexed, applied function, or nested lists and tuples
        The arguments.  A matrix symbol stands for an array of its shape; its open
        dimensions are read off the array.
    expr : Expr, or nested lists, tuples, dicts and matrices
        What to compute.
    modules : str, module, dict or list, optional
        ``"numpy"``, ``"scipy"``, ``"jax"``, ``"torch"``, ``"cupy"``, ``"tensorflow"``,
        ``"numexpr"``, ``"math"``, ``"mpmath"`` or ``"sympy"``; a dict gives functions by
        their SymPy names.  The default is NumPy.
    printer : Printer, optional
        A SymPy printer, class or instance, for what has no rule here.
    use_imps : bool, optional
        Whether to use the implementation of an ``implemented_function``.
    dummify : bool, optional
        Whether to replace every argument's name.
    cse : bool or callable, optional
        Sharing is linear and always done; a callable is applied before it.
    docstring_limit : int or None, optional
        The length of source up to which it stands in the docstring.

    Returns
    =======

    function
        It can be read with ``inspect.getsource`` and sent to another process with
        cloudpickle.

    Raises
    ======

    ValueError
        When compiling: if a symbol in ``expr`` is no argument, an argument stands twice,
        ``expr`` holds a ``DiracDelta``, or the module is not known.  When called: if
        the shape of an array is not that of its matrix symbol.
    TypeError
        If an argument is neither a symbol nor the like.
    NotImplementedError
        If the module has no form of a function in ``expr``.

    Examples
    ========

    >>> import numpy as np
    >>> from sympy import symbols
    >>> from symrelu import ReLU, gradient, lambdify
    >>> x, c = symbols("x c")
    >>> step = lambdify([x, c], ReLU(x, c).diff(x))
    >>> step(np.array([-1, 0, np.nan, 2], dtype="float32"), 0.5)
    array([0. , 0.5, nan, 1. ], dtype=float32)
    >>> loss = (ReLU(3*x - 1) - c)**2
    >>> f = lambdify([x, c], [loss, gradient(loss, x)])
    >>> import inspect
    >>> print(inspect.getsource(f))
    def lambdified(x, c):
        t0 = 3*x - 1
        t1 = numpy.maximum(t0, 0) - c
        return [t1**2, 6*t1*(numpy.clip(t0, 0, 0) + (t0 > 0))]
    <BLANKLINE>
    >>> f(np.array([0., 1.]), 0.5)
    [array([0.25, 2.25]), array([-0.,  9.])]

    Notes
    =====

    Value and slope are exact, nan stays nan and the dtype is kept, for floats of any
    width, integers, numbers and arrays of any layout, but for what an engine cannot do:

    - JAX: XLA takes subnormal numbers for 0.
    - PyTorch: takes tensors only, no numbers.
    - numexpr: has no float16; a slope with an ``H0`` other than 0 and 1 is float64.
    - Numba, of what is compiled for NumPy: has no float16; takes arrays only for slopes; int32
      becomes int64, and a slope with an ``H0`` other than 0 float64.
    - NumPy before 2.0: promotes an array of no dimensions like a number.

    See Also
    ========

    sympy.utilities.lambdify.lambdify
    """
    module, functions = _modules(modules)
    definitions, expr = cse(expr) if callable(cse) else ((), expr)
    program = _Program(dummify)
    program.engine = engine(module, printer, _Functions(functions, use_imps, program.provide))
    program.taken |= getattr(program.engine.printer, "_numexpr_functions", {}).keys()
    program.take(args if isinstance(args, (list, tuple, Tuple)) else [args])
    program.define(definitions)
    return program.compiled(expr, docstring_limit)


def _modules(modules: Any) -> tuple[str, dict[str, Any]]:
    """The name of the engine, and the functions that the user gives."""
    items = modules if isinstance(modules, (list, tuple)) else [modules or "scipy"]
    functions: dict[str, Any] = {}
    names: list[str] = []
    for item in items:
        if isinstance(item, Mapping):
            functions = {**item, **functions}
        elif isinstance(item, (str, ModuleType)):
            names.append(item if isinstance(item, str) else item.__name__)
        else:
            raise TypeError(f"lambdify: modules are given by name or as dicts, not as {item!r}")
    if "numpy" in names and "scipy" in names:
        return "scipy", functions
    return names[0] if names else "math", functions


class _Functions:
    """Names in the code for the functions that are not the engine's."""

    def __init__(self, given: dict[str, Any], use_imps: bool, provide: Callable[..., str]) -> None:
        self.given, self.use_imps, self.provide = given, use_imps, provide

    def name(self, node: Basic) -> str | None:
        name = type(node).__name__
        implementation = self.given.get(name)
        if implementation is None and self.use_imps:
            implementation = getattr(type(node), "_imp_", None)
        return None if implementation is None else self.provide(name, implementation)


class _Program:
    """A function in the making: its names, its lines, and the code of what is computed."""

    engine: Engine

    def __init__(self, dummify: bool) -> None:
        self.dummify = dummify
        self.namespace: dict[str, Any] = {}
        self.taken = {*dir(builtins), *keyword.kwlist, "lambdified", "symrelu", *ENGINES}
        self.parameters: list[str] = []
        self.lines: list[str] = []
        self.code: dict[Basic, Code] = {}

    def fresh(self, wanted: str) -> str:
        """An identifier that is not in use, the wanted one if it is harmless."""
        harmless = wanted.isidentifier() and not wanted.startswith("__")
        stem = wanted if harmless and unicodedata.normalize("NFKC", wanted) == wanted else "v"
        name, k = stem, 0
        while name in self.taken:
            k += 1
            name = f"{stem}_{k}"
        self.taken.add(name)
        return name

    def provide(self, name: str, value: Any) -> str:
        for known, other in self.namespace.items():
            if other is value:
                return known
        identifier = self.fresh(name)
        self.namespace[identifier] = value
        return identifier

    # Arguments

    def take(self, args: Sequence[Any]) -> None:
        matrices: list[tuple[str, Expr]] = []
        for arg in args:
            pattern = self._pattern(arg, matrices)
            if pattern.startswith("("):
                parameter = self.fresh("arg")
                self.lines.append(f"{pattern} = {parameter}")
                pattern = parameter
            self.parameters.append(pattern)
        for name, matrix in matrices:
            bound = []
            for axis, size in enumerate(matrix.shape):
                if isinstance(size, Symbol) and size not in self.code:
                    self.code[size] = Code(self.fresh(size.name))
                    bound.append(f"{self.code[size]} = {name}.shape[{axis}]")
            if bound:
                shown = [self.code.get(d, d if d.is_Integer else "?") for d in matrix.shape]
                message = f"argument {name}: expected shape ({shown[0]}, {shown[1]}), not "
                self.lines += [
                    f"if len({name}.shape) != 2:",
                    f'    raise ValueError(f"{message}{{tuple({name}.shape)}}")',
                    *bound,
                ]
        for name, matrix in matrices:
            rows, columns = self._emit(matrix.shape)
            shown = [d if d.isdigit() else f"{d}={{{d}}}" for d in (rows, columns)]
            message = f"argument {name}: expected shape ({', '.join(shown)}), not "
            self.lines += [
                f"if {name}.shape != ({rows}, {columns}):",
                f'    raise ValueError(f"{message}{{tuple({name}.shape)}}")',
            ]

    def _pattern(self, arg: Any, matrices: list[tuple[str, Expr]]) -> str:
        """The target of an assignment that takes an argument apart."""
        if isinstance(arg, (list, tuple, Tuple, MatrixBase, NDimArray)):
            items = arg.flat() if isinstance(arg, MatrixBase) else arg
            return "(" + "".join(f"{self._pattern(item, matrices)}, " for item in items) + ")"
        if not isinstance(arg, _LEAVES) or (
            isinstance(arg, MatrixElement) and not isinstance(arg.parent, MatrixSymbol)
        ):
            raise TypeError(
                f"lambdify: the argument {arg!r} is not a symbol, or anything that could stand "
                "for a value; give its name, and substitute where it stands for more"
            )
        if arg in self.code:
            raise ValueError(f"lambdify: the argument {arg} is given twice")
        name = self.fresh("arg" if self.dummify else getattr(arg, "name", None) or str(arg))
        self.code[arg] = Code(name)
        if isinstance(arg, MatrixSymbol):
            matrices.append((name, arg))
        return name

    # Expressions

    def define(self, definitions: Sequence[tuple[Symbol, Expr]]) -> None:
        for symbol, value in definitions:
            (code,) = self._emit([value])
            self.code[symbol] = code if code.isidentifier() else self._named(code)

    def _emit(self, roots: Sequence[Basic]) -> list[Code]:
        """Compute all the roots, what they share once, and return their code."""
        rules = self._rules(roots)

        def target(node: Basic) -> Basic:
            while node in rules and rules[node].write is None:
                node = rules[node].operands[0]
            return node

        uses = Counter(target(root) for root in roots)
        for made in rules.values():
            if made.write is not None:
                for operand in made.operands:
                    uses[target(operand)] += 1 + made.repeats
        for node, made in rules.items():
            if made.write is not None:
                code = made.write(*(self.code[target(operand)] for operand in made.operands))
                is_plain = re.fullmatch(r"-?[\w.]+(/\d+)?", code)
                if not is_plain and (uses[node] > 1 or len(code) > _WIDTH):
                    code = self._named(code)
                self.code[node] = code
        return [self.code[target(root)] for root in roots]

    def _named(self, code: Code) -> Code:
        name = self.fresh(f"t{self.temporaries}")
        self.temporaries += 1
        self.lines.append(f"{name} = {self.engine.wrap.format(str(code))}")
        return Code(name)

    temporaries = 0

    def _rules(self, roots: Sequence[Basic]) -> dict[Basic, Rule]:
        """The rules of all that has no code yet, operands first; without recursion."""
        done: dict[Basic, Rule] = {}
        seen: dict[Basic, Rule] = {}
        stack = list(roots)
        while stack:
            node = stack[-1]
            if node in done or node in self.code:
                stack.pop()
                continue
            made = seen.get(node) or seen.setdefault(node, rule(node, self.engine))
            pending = [o for o in made.operands if o not in done and o not in self.code]
            if pending:
                stack += pending
            else:
                done[stack.pop()] = made
        return done

    # The function

    def compiled(self, expr: Any, docstring_limit: int | None) -> Callable[..., Any]:
        roots = list(_roots(expr))
        codes = dict(zip(roots, self._emit(roots), strict=True))
        result = self._written(expr, codes)
        body = "\n    ".join([*self.lines, f"return {result}"])
        source = f"def lambdified({', '.join(self.parameters)}):\n    {body}\n"
        namespace = {**self.namespace, "__name__": "lambdified"}
        modules = {*self.engine.modules, *getattr(self.engine.printer, "module_imports", {})}
        for module in modules:
            import_module(module)
            root = module.partition(".")[0]
            namespace[root] = sys.modules[root]
        filename = f"<lambdify {id(namespace):x}>"
        exec(compile(source, filename, "exec"), namespace)
        function: Callable[..., Any] = namespace["lambdified"]
        # Where inspect.getsource looks; a time of None keeps it there.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        weakref.finalize(function, linecache.cache.pop, filename, None)
        is_short = docstring_limit is None or len(source) <= docstring_limit
        shown = source if is_short else f"{len(source)} characters: see inspect.getsource"
        function.__doc__ = f"Compiled by symrelu.lambdify.\n\nSource:\n\n{shown}"
        return function

    def _written(self, expr: Any, codes: dict[Basic, Code]) -> str:
        if isinstance(expr, (list, tuple, Tuple)):
            items = "".join(f"{self._written(item, codes)}, " for item in expr)
            return f"[{items[:-2]}]" if isinstance(expr, list) else f"({items[:-1]})"
        if isinstance(expr, dict):
            return (
                "{" + ", ".join(f"{k!r}: {self._written(v, codes)}" for k, v in expr.items()) + "}"
            )
        code = codes[_sympified(expr)]
        return str(code) if code.isidentifier() else self.engine.wrap.format(str(code))


_LEAVES = (Symbol, MatrixSymbol, Indexed, IndexedBase, AppliedUndef, Derivative, MatrixElement)


def _roots(expr: Any) -> Iterator[Basic]:
    if isinstance(expr, (list, tuple, Tuple)):
        for item in expr:
            yield from _roots(item)
    elif isinstance(expr, dict):
        for key in expr:
            if not isinstance(key, (str, int)):
                raise TypeError(
                    f"lambdify: the keys of a dict are strings or integers, not {key!r}"
                )
        yield from _roots(list(expr.values()))
    else:
        yield _sympified(expr)


def _sympified(expr: Any) -> Basic:
    if isinstance(expr, MatrixBase):
        return without_deltas(expr.as_immutable())
    if not holds_text(expr):
        with suppress(SympifyError):
            return without_deltas(sympify(expr, strict=True))
    raise TypeError(f"lambdify compiles expressions, not {expr!r}")
