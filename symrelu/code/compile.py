"""lambdify: from expressions to one Python function."""

from __future__ import annotations

import builtins
import functools
import keyword
import linecache
import re
import sys
import unicodedata
import weakref
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from inspect import isfunction, signature
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sympy import (
    Basic,
    Dummy,
    Expr,
    Idx,
    ImmutableDenseNDimArray,
    Indexed,
    IndexedBase,
    MatrixSymbol,
    Number,
    S,
    Symbol,
    SympifyError,
    Tuple,
    sympify,
)
from sympy.core.expr import AtomicExpr
from sympy.core.function import Application, AppliedUndef, Derivative
from sympy.logic.boolalg import Boolean, BooleanAtom
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.sparse import SparseRepMatrix
from sympy.printing.codeprinter import CodePrinter
from sympy.tensor.array import NDimArray
from sympy.tensor.array.expressions import ArraySymbol
from sympy.tensor.array.sparse_ndim_array import SparseNDimArray

from symrelu.code import blocks
from symrelu.code.engines import ENGINES, Code, Engine
from symrelu.code.kernels import copied, copies, for_numba
from symrelu.code.lower import Count, Larger, Slot, Spread, shared_products
from symrelu.code.plan import Plan, Step
from symrelu.code.printers import Rule, Target, by_user, rule
from symrelu.code.shapes import misshapen
from symrelu.graph import bound_within, free_symbols, holds, postorder
from symrelu.inputs import holds_text, remedy
from symrelu.kinked import without_deltas
from symrelu.matrices.reading import read
from symrelu.signs import is_small, put

if TYPE_CHECKING:
    from symrelu.inputs import Scalar, Several

_misshapen = copied(misshapen, {})

_WIDTH = 100  # code that gets longer than this is given a name
_MANY = 30  # arguments, each of which would be asked for its length
_PLAIN = re.compile(r"-?[\w.]+(/\d+)?")  # code that needs none


def lambdify(
    args: Several,
    expr: Scalar | Several,
    modules: Any = None,
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
    modules : str, module, Engine, dict or list, optional
        ``"numpy"``, ``"scipy"``, ``"jax"``, ``"torch"``, ``"cupy"``, ``"tensorflow"``,
        ``"numba"``, ``"numexpr"``, ``"math"``, ``"cmath"``, ``"mpmath"`` or ``"sympy"``; a dict
        gives functions and constants by their SymPy names.  An engine of one's own is made from a
        row of ``symrelu.code.ENGINES`` by ``dataclasses.replace``.  The default is NumPy,
        with SciPy where it is installed.
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
        the shape of an array is not that of its matrix symbol, or not known.
    TypeError
        If an argument is neither a symbol nor the like, or ``expr`` is or holds text.
    NotImplementedError
        When compiling: if the module has no form of an operation in ``expr``.

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
        if is_long(x, c):
            return in_blocks(lambdified, store, x, c)
        t0 = relu_(3*x - 1)
        t1 = t0 - c
        return [t1**2, 6*t1*step(t0)]
    <BLANKLINE>

    There, ``relu_`` and ``step`` are functions that the compiled one carries along.  One whose name
    ends with an underscore writes over its argument, an array that nothing else reads.  Of arrays
    of half a million entries or more, blocks are computed that stay in the cache, by the same lines
    in a function ``store``.

    >>> f(np.array([0., 1.]), 0.5)
    [array([0.25, 2.25]), array([-0.,  9.])]

    Notes
    =====

    Value and slope are exact, nan stays nan and the dtype is kept, for floats of any
    width, integers, numbers and arrays of any layout, but for what an engine cannot do:

    - A complex number is a ``TypeError`` to NumPy, SciPy, Numba, ``math``, cmath and mpmath, and so
      is a kink of what a function of cmath gives; the relatives of NumPy compare by the real
      parts first.
    - Matrices may be complex, ``Adjoint`` and ``conjugate`` of them included; what is
      differentiated, and the entry in a function given to ``elementwise``, are taken to be real.
    - ReLU of -0.0 is 0.0 or -0.0.
    - Numbers in a ``Piecewise`` or a matrix of numbers have the dtype of what is compared, or of
      the arguments; numexpr makes them float64.
    - ReLU with a number for ``H0`` keeps that slope under ``jax.grad`` and PyTorch's autograd; a
      symbol's is lost there.
    - JAX: XLA takes subnormal numbers for 0.
    - PyTorch: takes tensors only, no numbers.
    - numexpr: has no float16; a slope with an ``H0`` other than 0 and 1 is float64.
    - mpmath: of its intervals, ``iv``, bounds that hold, of constants too; a condition that is true
      in a part of one, and a function of which mpmath has no bounds, is refused when called.
    - Numba: what is compiled for it is code for numbers, run in one loop over arrays that
      broadcast; it takes no matrix symbols and has no sums with open limits, but gives matrices of
      scalars.  Of what is compiled for NumPy, it has no float16 and no numbers in a ``Piecewise``
      or a matrix; a slope with an ``H0`` other than 0, and a ``Max`` of a number, is float64, or
      int64.

    A function of SymPy's that the module's printer does not know is looked up in the module by
    name, and taken if it gives what ``evalf`` gives; then by SymPy's own formulas; on mpmath, SymPy
    computes what is left.  A list of modules is asked in its order.  An ``Integral`` is computed by
    quadrature on SciPy, in float64, mpmath and SymPy; a ``Sum`` over data, with any limits, is one
    sum of an array, any other long sum or product a loop.  The entries of a matrix are broadcast to
    one shape, so that ``Matrix([a*x, 1])`` of an array of N numbers is of shape (2, 1, N); those of
    a list are left as they are, as in SymPy.  ``modules="scipy"`` makes a sparse matrix one of
    SciPy's.

    SymPy's ``lambdify`` also takes what this one does not:

    - text, as an expression, argument or key; a printer that is a function;
    - sets, and expressions such as ``sin(t)``, as arguments; expressions as the keys of a dict;
    - symbols that are no arguments, and functions of one's own found by their name in a module;
    - numbers and vectors for a matrix, whose shape is checked, and lists for arrays.

    See Also
    ========

    sympy.utilities.lambdify.lambdify
    """
    rows, functions = _modules(modules)
    kind = printer if isinstance(printer, type) else type(printer)
    if printer is not None and not issubclass(kind, CodePrinter):
        raise TypeError(f"lambdify: a printer is one of SymPy's code printers, not {printer!r}")
    definitions, expr = cse(expr) if callable(cse) else ((), expr)
    program = _Program(rows, printer, functions, use_imps, dummify)
    program.take(list(args) if _holds_arguments(args) else [args])
    program.define(definitions)
    return program.compiled(expr, docstring_limit)


def _modules(modules: Any) -> tuple[list[Engine], dict[str, Any]]:
    """The engine, those to ask for what it has not, and the functions that the user gives."""
    items = modules if isinstance(modules, (list, tuple)) else [modules or _default()]
    functions: dict[str, Any] = {}
    rows: list[Engine] = []
    for item in items:
        if isinstance(item, Mapping):
            functions = {**item, **functions}
        elif isinstance(item, Engine):
            rows.append(item)
        elif isinstance(item, (str, ModuleType)):
            name = item if isinstance(item, str) else item.__name__
            if name not in ENGINES and isinstance(item, ModuleType):
                functions = {**vars(item), **functions}
                continue
            if name not in ENGINES:
                raise ValueError(
                    f"lambdify knows no module {name!r}; it knows {', '.join(ENGINES)}"
                )
            rows.append(ENGINES[name])
        else:
            raise TypeError(f"lambdify: modules are given by name or as dicts, not as {item!r}")
    first, *others = rows or [ENGINES["math"]]
    # SciPy's has NumPy's names, and more.
    wider = [row for row in rows if row.module == first.module]
    first = max(wider, key=lambda row: row.extends, default=first)
    return [first, *(row for row in others if row.module != first.module)], functions


def _default() -> Engine:
    """As in SymPy: SciPy where it is installed.  A matrix is an array."""
    return replace(ENGINES["scipy" if find_spec("scipy") else "numpy"], sparse=None)


_CONSTANTS: dict[Basic, str] = {S.Pi: "pi", S.Exp1: "E", S.ImaginaryUnit: "I"}


class _Functions:
    """Names in the code for the functions that are not the engine's."""

    def __init__(self, given: dict[str, Any], use_imps: bool, provide: Callable[..., str]) -> None:
        self.given, self.use_imps, self.provide = given, use_imps, provide

    def named(self, name: str) -> str | None:
        """The identifier of what the user has given by this name."""
        return self.provide(name, self.given[name]) if name in self.given else None

    def name(self, node: Basic) -> str | None:
        name = type(node).__name__ if node.args else _CONSTANTS.get(node, type(node).__name__)
        implementation = self.given.get(name)
        if implementation is None and self.use_imps:
            implementation = getattr(type(node), "_imp_", None)
        return None if implementation is None else self.provide(name, implementation)


def shape_of(shape: str, name: str) -> str:
    """The shape of what is known to have one."""
    return f"{name}.shape" if "shape" in shape else shape


class _Program:
    """A function in the making: its names, its lines, and the code of what is computed."""

    def __init__(self, *given: Any) -> None:
        self.given = given
        (row, *self.others), printer, functions, use_imps, self.dummify = given
        self.namespace: dict[str, Any] = {}
        self.taken = {*dir(builtins), *keyword.kwlist, "lambdified", "symrelu", "functools"}
        self.taken |= ENGINES.keys() | row.reserved
        self.taken |= {kernel.name for kernel in row.kernels}
        self.parameters: list[str] = []
        self.lines: list[str] = []
        self.code: dict[Basic, Code] = {}
        self.rules: list[tuple[Basic, Rule]] = []
        self.steps: list[Step] = []
        self.arguments: dict[Basic, str] = {}
        self.read: dict[Basic, str] = {}  # the arguments that the code reads
        self.sizes: set[Basic] = set()  # the dimensions that are read off the arguments
        self.dtype = ""
        self.quiet = False
        self.engine = Target(row, printer, _Functions(functions, use_imps, self.provide))
        self.engine.dtype = self._dtype
        self.engine.arguments = self.arguments
        self.engine.function = self._function
        self.engine.elsewhere = self._elsewhere

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
        checked: list[tuple[str, Expr]] = []
        for arg in args:
            pattern = self._pattern(arg, matrices)
            if pattern.startswith("("):
                parameter = self.fresh("arg")
                self.lines.append(f"{pattern} = {parameter}")
                pattern = parameter
            self.parameters.append(pattern)
        for name, matrix in matrices:
            shape = self.engine.row.shape.format(name)
            known = shape_of(shape, name)
            bound = []
            for axis, size in enumerate(matrix.shape):
                if isinstance(size, Symbol) and size not in self.code:
                    self.code[size] = Code(self.fresh(size.name))
                    self.sizes.add(size)
                    bound.append(f"{self.code[size]} = {known}[{axis}]")
            if bound:
                shown = [str(self.code.get(d, d if d.is_Integer else "?")) for d in matrix.shape]
                # The sum is nan where a length is not known, as in Dask.
                self.lines += [
                    f"if len({shape} or ()) != 2 or not sum({known}) >= 0:",
                    self._wrong(name, repr(f"({', '.join(shown)})")),
                    *bound,
                ]
            if len(bound) < 2:
                checked.append((name, matrix))
        for name, matrix in checked:
            shape = self.engine.row.shape.format(name)
            rows, columns = self._emit(matrix.shape)
            shown = [d if d.isdigit() else f"{d}={{{d}}}" for d in (rows, columns)]
            text = f"'({', '.join(shown)})'"
            self.lines += [
                f"if {shape} != ({rows}, {columns}):",
                self._wrong(name, f"f{text}" if "=" in text else text),
            ]
        self.start = len(self.lines)

    def _wrong(self, name: str, expected: str) -> str:
        error = self.provide("misshapen", _misshapen)
        return f"    raise {error}({name!r}, {expected}, {name})"

    def _pattern(self, arg: Any, matrices: list[tuple[str, Expr]]) -> str:
        """The target of an assignment that takes an argument apart."""
        if _holds_arguments(arg):
            items = arg.flat() if isinstance(arg, MatrixBase) else arg
            return "(" + "".join(f"{self._pattern(item, matrices)}, " for item in items) + ")"
        is_leaf = isinstance(arg, AtomicExpr) and not arg.is_number
        if not (is_leaf or isinstance(arg, _LEAVES)) or (
            isinstance(arg, MatrixElement) and not isinstance(arg.parent, MatrixSymbol)
        ):
            raise TypeError(
                f"lambdify: the argument {arg!r} is not a symbol, or anything that could stand "
                "for a value; give its name, and substitute where it stands for more"
            )
        if arg in self.code:
            raise ValueError(f"lambdify: the argument {arg} is given twice")
        name = self.fresh("arg" if self.dummify else str(getattr(arg, "name", arg)))
        self.code[arg] = Code(name)
        self.arguments[arg] = name
        if isinstance(arg, MatrixSymbol):
            matrices.append((name, arg))
        return name

    # Expressions

    def _function(self, variable: Symbol, body: Expr) -> tuple[str, list[Basic]]:
        """A function of a variable, and of what else stands in its body, compiled on its own."""
        scalars = {
            s: (Spread if holds(s, Count, Slot, Spread) else Dummy)(f"s{k}")
            for k, s in enumerate(_scalars_without(variable, body))
        }
        given = {dummy: scalar for scalar, dummy in scalars.items()}
        others: dict[Basic, None] = {}
        body = put(body, scalars)
        stack: list[Basic] = [body]
        while stack:
            node = stack.pop()
            known = node in self.code or node in given
            if isinstance(node, _LEAVES) and known and node != variable:
                others[node] = None
            else:
                stack.extend(node.bounds if isinstance(node, Count) else node.args)
        program = _Program(*self.given)
        program.take([variable, *others])
        program.sizes |= self.sizes & others.keys()
        name = self.provide("term", program.compiled(body, 0))
        return name, [given.get(other, other) for other in others]

    def _elsewhere(self, node: Basic, operands: Sequence[Any]) -> str | None:
        """The function, compiled for the next of the modules that the user has named."""
        if self.others:
            with suppress(NotImplementedError):
                program = _Program(self.others, None, *self.given[2:])
                program.take(operands)
                return self.provide(type(node).__name__, program.compiled(node, 0))
        return None

    def define(self, definitions: Sequence[tuple[Symbol, Expr]]) -> None:
        for symbol, value in definitions:
            if value is None:  # SymPy's sign that it is needed no more
                continue
            (code,) = self._emit([_sympified(value)])
            self.code[symbol] = code if code.isidentifier() else self._named(code)
            self.rules.append((symbol, Rule([value])))

    def _emit(self, roots: Sequence[Basic]) -> list[Code]:
        """Compute all the roots, what they share once, and return their code."""
        self.engine.shared_products = shared_products(roots)
        self.engine.has_elements |= holds(Tuple(*roots), Indexed, MatrixElement)
        wraps = self.engine.wrap != "{0}"
        by_values = bool(self.engine.row.kernels)
        plan = Plan(roots, self._rule, self.code, outside=wraps, by_values=by_values)
        self.rules += ((s.node, s.rule) for s in plan.steps if s.rule is not None)
        for step in plan.given:
            if step.node in self.arguments:
                self.read[step.node] = self.arguments[step.node]
        guarded = plan.guard(self.engine.branches)
        self.engine.guarded.update(step.node for step in guarded)
        self.quiet = self.quiet or bool(guarded)
        self.engine.below.update(plan.below_kinks())
        alone = plan.roots[0] if len(roots) == 1 else None  # what is returned needs no name
        for step, made in plan.computed():
            assert made.write is not None
            self.steps.append(step)
            code = made.write(*[operand.code for operand in step.operands])
            if made.outside and wraps:
                code = self._named(code, "{0}")
            elif step is not alone and self._wants_name(step, code):
                code = self._named(code) if step.is_eager else self._delayed(code)
            self.code[step.node] = step.code = code
        return [root.code for root in plan.roots if root.code is not None]

    def _wants_name(self, step: Step, code: Code) -> bool:
        return (step.uses > 1 or len(code) > _WIDTH) and not _PLAIN.fullmatch(code)

    def _rule(self, node: Basic) -> Rule:
        if given := by_user(self.engine, node):
            return given
        if self.sizes and self.engine.broadcasts and _is_function_of(self.sizes, node):
            with suppress(NotImplementedError):
                return self._by_math(node)
        return rule(node, self.engine)

    def _by_math(self, node: Basic) -> Rule:
        """Of dimensions, which are Python's numbers, a function makes one of Python's, too.

        One of NumPy's would be of double precision, which an array would take over.
        """
        by_math = rule(node, Target(ENGINES["math"], None, self.engine.functions))
        with suppress(NotImplementedError):
            own = rule(node, self.engine)
            if own.write is not None and own.operands == by_math.operands:
                return replace(by_math, write=self._unless_guarded(node, by_math.write, own.write))
        return by_math

    def _unless_guarded(self, node: Basic, write: Any, own: Any) -> Callable[..., Code]:
        """In a branch that is not taken, nothing may raise, as Python's functions do."""
        return lambda *codes: (own if node in self.engine.guarded else write)(*codes)

    def _delayed(self, code: Code) -> Code:
        """What is computed when a branch asks for it, once."""
        name = self.fresh(f"t{self.temporaries}")
        self.temporaries += 1
        self.lines += ["@functools.cache", f"def {name}():", f"    return {code}"]
        return Code(f"{name}()")

    def _dtype(self) -> str:
        """The name of the dtype of the arguments that the code reads."""
        self.dtype = self.dtype or self.fresh("dtype")
        return self.dtype

    def _number_lines(self) -> list[str]:
        """Check that what stands beside the data in a sum is not an array of its own."""
        lines = []
        for name in filter(None, map(self.arguments.get, self.engine.numbers_only)):
            lines += [
                f"if {self.engine.row.call('ndim', name)}:",
                f'    raise ValueError("argument {name}: expected a number beside the data '
                'in a sum, not an array")',
            ]
        return lines

    def _context_line(self, lines: Sequence[str]) -> list[str]:
        """Choose what the engine computes in, where it is asked for or numbers may be mixed."""
        names, row = list(self.arguments.values()), self.engine.row
        asked = len(names) > 1 or any(f"{row.module}." in line for line in lines)
        return [row.call("context", ", ".join(names))] if row.context and names and asked else []

    def _dtype_line(self) -> list[str]:
        if not self.dtype:
            return []
        read = self.read or self.arguments
        floats = {arg: n for arg, n in read.items() if not getattr(arg, "is_integer", False)}
        names = [Code(name) for name in (floats or read).values()][:30]
        row = self.engine.row
        if not names:
            value = row.call("default_dtype")
        elif row.promote:
            dtypes = [row.call("dtype", name) for name in names]
            value = functools.reduce(lambda a, b: row.call("promote", a, b), dtypes)
        else:
            value = row.call("dtype", ", ".join(names))
        return [f"{self.dtype} = {value}"]

    def _named(self, code: Code, wrap: str = "") -> Code:
        name = self.fresh(f"t{self.temporaries}")
        self.temporaries += 1
        self.lines.append(f"{name} = {(wrap or self.engine.wrap).format(str(code))}")
        return Code(name)

    temporaries = 0
    loud = ""  # the source without blocks and the state of errors, which Numba does not have
    wrapped = loop = ""  # the function of numbers and the loop, where there are such
    start = 0  # of the lines behind those of the arguments

    # The function

    def compiled(self, expr: Any, docstring_limit: int | None) -> Callable[..., Any]:
        source = self._looped(expr) if self.engine.row.loop else self._source(expr)
        namespace, kernels = self._namespace(source), self.engine.row.kernels
        filename = f"<lambdify {id(namespace):x}>"
        function = _executed(source, filename, namespace)
        if self.wrapped:  # what inspect.getsource shows
            function.__signature__ = signature(function)
            function.__wrapped__ = namespace[self.wrapped]
        if kernels:
            is_same = self.loud in ("", source)
            loud = function if is_same else _executed(self.loud, filename, dict(namespace))
            function.for_numba = for_numba(loud, kernels)
            function.__numba__ = "for_numba"  # where Numba looks
        # Where inspect.getsource looks; a time of None keeps it there.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        weakref.finalize(function, linecache.cache.pop, filename, None)
        is_short = docstring_limit is None or len(source) <= docstring_limit
        shown = source if is_short else f"{len(source)} characters: see inspect.getsource"
        function.__doc__ = f"Compiled by symrelu.lambdify.\n\nSource:\n\n{shown}"
        return function

    def _roots(self, expr: Any) -> Iterator[Basic]:
        """What is to be computed, wherever it stands in lists and the like."""
        if isinstance(expr, (list, tuple, Tuple)):
            for item in expr:
                yield from self._roots(item)
        elif isinstance(expr, dict):
            for key in expr:
                if type(key) not in (str, int):  # an enum's repr is not its own
                    raise TypeError(
                        f"lambdify: the keys of a dict are strings or integers, not {key!r}"
                    )
            yield from self._roots(list(expr.values()))
        elif self._is_sparse(expr):
            yield from map(_sympified, expr.todok().values())
        else:
            yield _sympified(expr)

    def _is_sparse(self, expr: Any) -> bool:
        return isinstance(expr, SparseRepMatrix) and self.engine.row.sparse is not None

    def _namespace(self, source: str) -> dict[str, Any]:
        """The modules and functions of which the source speaks."""
        namespace = {**self.namespace, "__name__": "lambdified", "functools": functools}
        first, *others = self.engine.imports
        written = getattr(self.engine.printer, "module_imports", {})
        used = [name for name in (*others, *(["math"] if self.sizes else [])) if name in source]
        for module in {first, *written, *used}:
            root = module.partition(".")[0]
            if root in source:
                import_module(module)
                namespace[root] = sys.modules[root]
        kernels = self.engine.row.kernels
        return namespace | (copies(kernels, import_module(self.engine.module)) if kernels else {})

    def _source(self, expr: Any) -> str:
        roots = list(self._roots(expr))
        codes = dict(zip(roots, self._emit(_readings(roots)), strict=True))
        result = self._written(expr, codes)
        computed = [*self._number_lines(), *self._dtype_line(), *self.lines[self.start :]]
        returned = f"return {result}"
        context = self._context_line([*computed, returned])
        lines = [*self.lines[: self.start], *context, *computed]
        self.loud = _definition("lambdified", self.parameters, [*lines, returned])
        quiet = self._quiet([*lines, returned])
        if not self._runs_in_blocks(expr):
            return _definition("lambdified", self.parameters, quiet)
        return self._in_blocks(quiet, lines, [codes[root] for root in roots])

    def _quiet(self, lines: list[str]) -> list[str]:
        if not (self.quiet and self.engine.quiet):
            return lines
        return [f"with {self.engine.row.call('quiet')}:", *(f"    {line}" for line in lines)]

    def _runs_in_blocks(self, expr: Any) -> bool:
        """Whether numbers are computed for each entry, and blocks take less time."""
        return (
            bool(self.engine.row.kernels)
            and _is_of_numbers(expr)
            and len(self.parameters) <= _MANY
            and self.parameters == list(self.arguments.values())
            and all(isinstance(arg, (Symbol, AppliedUndef)) for arg in self.arguments)
            and blocks.pay(self.steps)
        )

    def _in_blocks(self, quiet: list[str], lines: list[str], results: list[Code]) -> str:
        """The function, which asks for blocks; if it is short, with one that stores them."""
        helpers = blocks.helpers(import_module(self.engine.module))
        is_long, in_blocks = map(self.provide, ("is_long", "in_blocks"), helpers)
        is_short = len(self.steps) <= blocks.MANY
        store = self.fresh("store") if is_short else "None"
        given = ", ".join(self.parameters)
        asked = [f"if {is_long}({given}):", f"    return {in_blocks}(lambdified, {store}, {given})"]
        source = _definition("lambdified", self.parameters, [*asked, *quiet])
        if not is_short:
            return source
        outs = [self.fresh(f"out{k}") for k in range(len(results))]
        pairs = zip(results, outs, strict=True)
        stored = [blocks.stored(code, out, self.engine.module) for code, out in pairs]
        body = self._quiet([*lines, *stored])
        return source + "\n\n" + _definition(store, [*self.parameters, *outs], body)

    def _looped(self, expr: Any) -> str:
        """Code for numbers, a loop that runs it over arrays, and the function that calls it."""
        if matrices := [a for a in self.arguments if isinstance(a, (MatrixSymbol, IndexedBase))]:
            raise NotImplementedError(
                f"lambdify: {self.engine.name} has no arrays of arrays, and the argument "
                f"{matrices[0]} is one; give its entries, or choose another module"
            )
        roots = {root: _entries(root) for root in self._roots(expr)}
        entries = list(dict.fromkeys(entry for parts in roots.values() for entry in parts))
        readings = _readings(entries)
        codes = dict(zip(entries, self._emit(readings), strict=True))
        reads = dict(zip(entries, self._reads(readings), strict=True))
        looped = [e for e in entries if not isinstance(e, (Number, BooleanAtom))]
        outs = {entry: Code(self.fresh(f"out{k}")) for k, entry in enumerate(looped)}
        loop = self._loop([codes[e] for e in looped], list(outs.values())) if looped else ""

        codes |= outs
        matrix, run = map(self._of_loops, ("matrix", "run"))
        for root, parts in roots.items():
            if parts != [root]:
                shape = f"({_listed(map(str, root.shape))})"
                codes[root] = Code(f"{matrix}({shape}, [{', '.join(codes[p] for p in parts)}])")
        read_by = [reads[entry] for entry in looped]
        given = ", ".join([self.wrapped, self.loop, str(read_by), *self.arguments.values()])
        call = [f"{_listed(outs.values())} = {run}({given})"] if looped else []
        lines = [*self.lines[: self.start], *call, f"return {self._written(expr, codes)}"]
        return loop + _definition("lambdified", self.parameters, lines)

    def _loop(self, values: list[Code], outs: list[Code]) -> str:
        """A function of numbers, and the loop that fills arrays with what it returns."""
        decorator, args = self.engine.row.loop, list(self.arguments.values())
        given = [name for name, value in self.namespace.items() if isfunction(value)]
        self.wrapped, self.loop = self.fresh("entry"), self.fresh("loop")
        i, size, at = self.fresh("i"), self.fresh("size"), self._of_loops("at")
        body = [*self.lines[self.start :], f"return {_listed(values)}"]
        turn = ", ".join(f"{at}({arg}, {i})" for arg in args)
        turns = [
            f"for {i} in range({size}):",
            f"    {_listed(f'{out}[{i}]' for out in outs)} = {self.wrapped}({turn})",
        ]
        return "\n".join(
            [
                *(f"{name} = {decorator}({name})" for name in given),
                f"@{decorator}\n{_definition(self.wrapped, args, body)}\n",
                f"@{decorator}\n{_definition(self.loop, [size, *args, *outs], turns)}\n\n",
            ]
        )

    def _of_loops(self, name: str) -> str:
        """The name of what runs the loop, of a module that stands on the engine's."""
        return self.provide(name, getattr(import_module("symrelu.code.loops"), name))

    def _reads(self, roots: Sequence[Basic]) -> list[list[int]]:
        """Which of the arguments each root reads, by their places."""
        places = {arg: 1 << k for k, arg in enumerate(self.arguments)}  # sets, as bits
        for node, made in self.rules:
            places[node] = functools.reduce(int.__or__, (places[o] for o in made.operands), 0)
        return [[k for k in range(len(self.arguments)) if places[r] >> k & 1] for r in roots]

    def _written(self, expr: Any, codes: dict[Basic, Code]) -> str:
        if isinstance(expr, (list, tuple, Tuple)):
            items = "".join(f"{self._written(item, codes)}, " for item in expr)
            return f"[{items[:-2]}]" if isinstance(expr, list) else f"({items[:-1]})"
        if isinstance(expr, dict):
            return (
                "{" + ", ".join(f"{k!r}: {self._written(v, codes)}" for k, v in expr.items()) + "}"
            )
        if self._is_sparse(expr):
            entries = {at: codes[_sympified(entry)] for at, entry in expr.todok().items()}
            rows, columns = zip(*entries, strict=True) if entries else ((), ())
            values = f"[{', '.join(entries.values())}]"
            return self.engine.call("sparse", values, str(rows), str(columns), str(expr.shape))
        code = codes[_sympified(expr)]
        return str(code) if code.isidentifier() else self.engine.wrap.format(str(code))


def _is_of_numbers(expr: Any) -> bool:
    """Whether no array stands in the lists and the like."""
    if isinstance(expr, (list, tuple, Tuple, dict)):
        return all(map(_is_of_numbers, expr.values() if isinstance(expr, dict) else expr))
    return isinstance(expr, (Expr, Boolean, int, float))


def _listed(items: Iterable[str]) -> str:
    """Several values, with the comma that makes a tuple of one."""
    return ", ".join(items := [*items]) + ("," if len(items) == 1 else "")


def _entries(root: Any) -> list[Basic]:
    """What an engine without arrays computes of an explicit one; the root itself of others."""
    if isinstance(root, MatrixBase):
        return list(root.flat())
    return list(root._array) if isinstance(root, NDimArray) else [root]


def _executed(source: str, filename: str, namespace: dict[str, Any]) -> Any:
    exec(compile(source, filename, "exec"), namespace)
    return namespace["lambdified"]


def _definition(name: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
    body = "\n    ".join(lines)
    return f"def {name}({', '.join(parameters)}):\n    {body}\n"


_LEAVES = (
    Idx, Symbol, MatrixSymbol, ArraySymbol, Indexed, IndexedBase, AppliedUndef, Derivative,
    MatrixElement,
)  # fmt: skip


def _holds_arguments(args: Any) -> bool:
    """Whether it stands for several, in an order."""
    if isinstance(args, (Basic, MatrixBase)):
        return isinstance(args, (Tuple, MatrixBase, NDimArray))
    unordered = isinstance(args, (str, bytes, Set)) and not isinstance(args, KeysView)
    return isinstance(args, Iterable) and not unordered


def _is_function_of(symbols: set[Basic], node: Basic) -> bool:
    """Whether a function, or root, knows nothing but some of the symbols."""
    if not (isinstance(node, (Application, Larger)) or (node.is_Pow and node.exp is S.Half)):
        return False
    atoms = node.atoms() if is_small(node) else {node}
    found = {a for a in atoms if not (a.is_number or isinstance(a, BooleanAtom))}
    return bool(found) and found <= symbols


def _readings(roots: Sequence[Basic]) -> list[Basic]:
    """What is computed of the roots: they are walked at once, as they share most of it."""
    return read(without_deltas(Tuple(*roots)).args, real=False)


def _scalars_without(variable: Symbol, body: Basic) -> list[Basic]:
    """The scalars that are made of matrices and are the same for all values of the variable.

    So is the entry of a matrix, for which the whole of it stands.
    """
    bound = {variable, *bound_within(body)}
    return [
        node
        for node in postorder(body)
        if not node.is_Matrix
        and (isinstance(node, Slot) or any(getattr(arg, "is_Matrix", False) for arg in node.args))
        and bound.isdisjoint(free_symbols(node))
    ]


def _sympified(expr: Any) -> Basic:
    if isinstance(expr, MatrixBase):
        return expr.as_immutable()
    if isinstance(expr, NDimArray):
        is_sparse = isinstance(expr, SparseNDimArray)
        return ImmutableDenseNDimArray(expr.tolist()) if is_sparse else expr.as_immutable()
    if isinstance(expr, Basic):
        return expr
    if getattr(expr, "shape", None):
        return ImmutableDenseNDimArray([_sympified(v) for v in expr.flat], expr.shape)
    if not holds_text(expr) and not isinstance(expr, Iterable):
        with suppress(SympifyError, TypeError):  # as of a class
            return sympify(expr, strict=True)
    raise TypeError(f"lambdify compiles expressions, not {expr!r}{remedy(expr)}")
