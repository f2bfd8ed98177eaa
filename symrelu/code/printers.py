"""What each engine calls things: one rule per SymPy class, for all engines.

A rule says of a node which operands it needs, and how their code becomes its own.
Operands are expressions, so that whoever asks can compute shared ones once.  What has
no rule is lowered, or printed by SymPy's printer for the engine.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce, singledispatch
from importlib import import_module
from math import isfinite, isinf
from types import MappingProxyType
from typing import Any

from sympy import (
    ITE,
    AccumBounds,
    Add,
    Basic,
    BlockMatrix,
    DeferredVector,
    Derivative,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DiracDelta,
    Dummy,
    Expr,
    Float,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    Indexed,
    IndexedBase,
    Integer,
    Inverse,
    KroneckerDelta,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mod,
    Mul,
    OneMatrix,
    Piecewise,
    Pow,
    Rational,
    S,
    Subs,
    Symbol,
    Trace,
    Transpose,
    Tuple,
    ZeroMatrix,
    ceiling,
    default_sort_key,
    floor,
    sign,
    sympify,
)
from sympy.core.expr import AtomicExpr
from sympy.core.function import Application, AppliedUndef
from sympy.core.numbers import ComplexInfinity, Infinity, NaN, NegativeInfinity, NumberSymbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, BooleanAtom, BooleanFunction, Or
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError
from sympy.printing.str import StrPrinter
from sympy.tensor.array import NDimArray
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol
from sympy.tensor.array.expressions.array_expressions import _ArrayExpr, _CodegenArrayAbstract

from symrelu.code import known
from symrelu.code.arrays import STACKED
from symrelu.code.engines import ATOM, LOOSE, POWER, PRODUCT, SUM, Code, Engine
from symrelu.code.lower import (
    Count,
    Filled,
    Larger,
    LogDet,
    LoopProduct,
    LoopSum,
    Quadrature,
    Signs,
    Slot,
    Smaller,
    Solve,
    Total,
    lower,
)
from symrelu.function import ReLU
from symrelu.graph import postorder
from symrelu.kinked import rewritten
from symrelu.matrices.algebra import hadamard, matmul, power, split, transpose
from symrelu.signs import is_small


@dataclass(frozen=True)
class Rule:
    """How the code of the operands becomes the code of the node; an alias without."""

    operands: Sequence[Basic]
    write: Callable[..., Code] | None = None
    repeats: bool = False  # writes the code of an operand more than once
    outside: bool = False  # is no part of what an engine computes at once
    strict: Sequence[Basic] | None = None  # the operands that are always needed; all


class Target:
    """An engine, as one function is compiled for it: what the rules ask."""

    def __init__(self, row: Engine, printer: Any, functions: Any) -> None:
        if printer is None:
            submodule, kind = row.printer.split(".")
            printer = getattr(import_module(f"sympy.printing.{submodule}"), kind)
        self.row, self.functions = row, functions
        self.printer = _operand_printer(printer, row)
        self.dtype: Callable[[], str] = str  # the name of the dtype of what the function reads
        self.function: Callable[..., Any] = tuple  # compile a function of a variable on its own
        self.elsewhere: Callable[..., str | None] = lambda *_: None  # on another engine
        self.numbers_only: dict[Basic, None] = {}  # the arguments beside the data in a sum
        self.guarded: set[Basic] = set()  # what only some branch needs
        self.shared_products: Mapping[Basic, tuple[Basic, Basic]] = {}
        self.compared: dict[Basic, list[Basic]] = {}  # by conditions: what they compare
        self.below: set[Basic] = set()  # what a kink or a condition depends on
        self.arguments: Mapping[Basic, str] = {}
        self.rewriting = False  # while one function is tried in terms of others

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    def call(self, operation: str, *codes: str, of: Any = "") -> Code:
        """The code of an operation; refused if the engine cannot."""
        template = getattr(self.row, operation)
        d = self.dtype() if template and "{d}" in template else ""
        name = of if isinstance(of, str) else type(of).__name__
        return self.row.call(operation, *codes, of=name, d=d)


def _operand_printer(printer: Any, row: Engine) -> CodePrinter:
    """A SymPy printer, class or instance, that knows the code of some subexpressions."""
    kind, settings = (
        (printer, {}) if isinstance(printer, type) else (type(printer), printer._settings)
    )

    class OperandPrinter(kind):  # type: ignore[misc, valid-type]
        codes: Mapping[Basic, Code] = MappingProxyType({})

        def _print(self, expr: Any, **kwargs: Any) -> str:
            code = self.codes.get(expr) if isinstance(expr, Basic) else None
            return super()._print(expr, **kwargs) if code is None else code.at(SUM)

        def _print_Function(self, expr: Any) -> str:
            try:
                return str(super()._print_Function(expr))
            except PrintMethodNotImplementedError:  # within what it writes for another
                if name := known.find(expr, row):
                    return f"{name}({self.stringify(expr.args, ', ')})"
                raise

        def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
            if isinstance(item, Basic) and item in self.codes:
                return self.codes[item].at(ATOM)
            return super().parenthesize(item, level, strict)

    takes = OperandPrinter._default_settings
    return OperandPrinter({k: v for k, v in (settings | _SETTINGS).items() if k in takes})


_SETTINGS = {
    "fully_qualified_modules": True,
    "allow_unknown_functions": False,
    "strict": True,
}


def _by_sympy(engine: Target, node: Basic) -> Rule:
    """What has no rule of ours is printed by SymPy, which sees stand-ins for the operands.

    So no symbol's name gets into the code, and no rewriting goes deeper than the node.
    """
    is_unit = isinstance(node, AtomicExpr) and not node.is_number
    if is_unit or not (isinstance(node, _PRINTED) or _has_method(engine, node)):
        raise NotImplementedError(
            f"lambdify has no numeric form of {type(node).__name__}; evaluate it first, by doit"
        )
    if not (known.is_sympys(node) or _is_printed_by_user(engine.printer, node)):
        raise NotImplementedError(_no_form(engine, node))
    if name := _named(engine, node):
        return Rule(node.args, lambda *codes: Code(f"{name}({', '.join(codes)})"))
    operands = list(dict.fromkeys(filter(_is_operand, _flat(node.args))))
    stand_ins = {arg: _stand_in(arg, k) for k, arg in enumerate(operands)}
    shell = node.func(*_shells(node.args, stand_ins)) if node.args else node

    def write(*codes: Code) -> Code:
        engine.printer.codes = dict(zip(stand_ins.values(), codes, strict=True))
        for text in (by(engine, shell) for by in (_printed, _found, _evaluated)):
            if text:
                for code in codes:
                    text = text.replace(f"(({code}))", f"({code})")
                return Code(text, ATOM if _is_closed(text) else LOOSE)
        raise PrintMethodNotImplementedError(_no_form(engine, node))

    if not _is_listed(engine, node):
        try:
            write(*(Code(f"v{k}") for k in range(len(stand_ins))))
        except PrintMethodNotImplementedError:
            if name := engine.elsewhere(shell, list(stand_ins.values())):
                return Rule(operands, lambda *codes: Code(f"{name}({', '.join(codes)})"))
            back = {stand_in: arg for arg, stand_in in stand_ins.items()}
            for other in known.rewritings(shell):
                if _is_computable(engine, other) and known.holds(shell, other):
                    return Rule([other.xreplace(back)])
            raise
    return Rule(list(stand_ins), write)


def _is_number(node: Any) -> bool:
    """Whether it is a constant, without a look at all of a large expression."""
    return is_small(node) and getattr(node, "is_number", False)


_PRINTED = (Application, AtomicExpr, MatrixExpr)


def _has_method(engine: Target, node: Basic) -> bool:
    """Whether SymPy's printer, or the node itself, says how it is written."""
    own, printer = f"_print_{type(node).__name__}", engine.printer
    method = getattr(type(printer), own, None)
    is_code = method is not getattr(StrPrinter, own, None)  # which writes for people
    return is_code or hasattr(node, printer.printmethod or own)


_ARRAYS = (_ArrayExpr, _CodegenArrayAbstract)


def _is_operand(arg: Any) -> bool:
    if isinstance(arg, _ARRAYS) or getattr(arg, "is_Matrix", False):
        return True
    return isinstance(arg, (Expr, Boolean, NDimArray)) and not _is_number(arg)


def _flat(args: Sequence[Basic]) -> Iterator[Any]:
    for arg in args:
        yield from _flat(arg.args) if isinstance(arg, Tuple) else (arg,)


def _shells(args: Sequence[Basic], stand_ins: Mapping[Any, Basic]) -> Iterator[Basic]:
    for arg in args:
        if isinstance(arg, Tuple):
            yield Tuple(*_shells(arg.args, stand_ins))
        else:
            yield stand_ins.get(arg, arg)


def _is_listed(engine: Target, node: Basic) -> bool:
    """Whether the printer has the function in a table, so that nothing has to be tried."""
    name, printer = type(node).__name__, engine.printer
    table = getattr(printer, "_numexpr_functions", printer.known_functions)
    if name in table:
        return not (engine.broadcasts and str(table[name]).startswith("math."))
    return type(node) in getattr(printer, "mapping", ())


def _is_computable(engine: Target, expr: Basic) -> bool:
    """Whether the engine has all that stands in an expression, as it is."""
    if engine.rewriting:
        return False
    engine.rewriting = True
    try:
        for node in filter(lambda node: node.args, postorder(expr)):
            rule(node, engine)
    except NotImplementedError:
        return False
    finally:
        engine.rewriting = False
    return True


def _printed(engine: Target, shell: Basic) -> str:
    with suppress(NotImplementedError, TypeError, KeyError, RecursionError):
        text = str(engine.printer._print(shell))
        if _is_known(engine, shell, text):
            return text
    return ""


def _found(engine: Target, shell: Basic) -> str:
    name = known.find(shell, engine.row)
    return f"{name}({engine.printer.stringify(shell.args, ', ')})" if name else ""


def _evaluated(engine: Target, shell: Basic) -> str:
    """What SymPy computes, where the engine computes with numbers like SymPy's."""
    if not engine.evaluate or not known.is_sympys(shell):
        return ""
    if not any(known.evaluated(shell, at) is not None for at in known.samples(shell)):
        return ""
    name = engine.functions.provide(type(shell).__name__, type(shell))
    call = f"{name}({engine.printer.stringify(shell.args, ', ')})"
    return str(engine.row.call("evaluate", call))


def _is_printed_by_user(printer: CodePrinter, node: Basic) -> bool:
    """Whether the class has a method for the printer, or the printer one for the class."""
    name = type(node).__name__
    method = getattr(type(printer), f"_print_{name}", None)
    return (
        hasattr(node, printer.printmethod or "")
        or name in printer._settings.get("user_functions", ())
        or (method is not None and not method.__module__.startswith("sympy."))
    )


def _named(engine: Target, node: Basic) -> str | None:
    """The engine's name of a function that SymPy's printer does not know."""
    names = dict(name.split(":") for name in engine.names.split())
    name = names.get(type(node).__name__) if known.is_sympys(node) else None
    return name and name.format(m=engine.module)


def _stand_in(operand: Expr, k: int) -> Expr:
    if operand.is_Matrix:
        return MatrixSymbol(f"M{k}", *operand.shape)
    if isinstance(operand, _ARRAYS):
        return ArraySymbol(f"A{k}", operand.shape)
    is_integer = is_small(operand) and operand.is_integer
    return Dummy(integer=True) if is_integer else Dummy()


def _is_closed(text: str) -> bool:
    """Whether an operator beside the text leaves it whole, unlike ``x % 3``."""
    parsed = ast.parse(text, mode="eval").body
    return isinstance(parsed, (ast.Call, ast.Name, ast.Attribute, ast.Constant))


_BUILTINS = {"abs", "min", "max", "sum", "pow", "complex", "float", "int", "round", "all", "any"}


def _names(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}


def _is_known(engine: Target, node: Basic, text: str) -> bool:
    """Whether what the printer has written is something that the engine can do.

    Its names are those of the operands and of modules: a class may be called anything.
    """
    of_numexpr = getattr(engine.printer, "_numexpr_functions", None)
    if node.is_Function and of_numexpr is not None:
        return type(node).__name__ in of_numexpr
    roots = {module.partition(".")[0] for module in getattr(engine.printer, "module_imports", ())}
    modules = {*roots, *(name.partition(".")[0] for name in engine.imports)}
    try:
        names = _names(text)
    except SyntaxError:
        return False
    names -= {name for name in engine.functions.given if engine.functions.named(name) == name}
    if not names <= modules.union(
        _BUILTINS, of_numexpr or (), *map(_names, engine.printer.codes.values())
    ):
        return False
    if any(name in text for name in engine.lacks):
        return False
    if engine.broadcasts and re.search(r"(?<![\w.])math\.", text):
        return False  # for single numbers only
    if not node.is_Function or type(node) in getattr(engine.printer, "mapping", {type(node)}):
        return True
    return hasattr(engine.printer, f"_print_{type(node).__name__}") and _exists(text)


def _exists(text: str) -> bool:
    """Whether the modules have what the code calls: SymPy speaks of torch.special.gamma."""
    calls = [n.func for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Call)]
    for module, _, path in (ast.unparse(call).partition(".") for call in calls):
        with suppress(AttributeError):
            reduce(getattr, path.split("."), sys.modules.get(module))
            continue
        return False
    return True


@singledispatch
def rule(node: Basic, engine: Target) -> Rule:
    """How the engine computes a node."""
    lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    if constant := _constant(engine, node):
        return constant
    written = rewritten(node)  # a kinked function of the user's own
    return _by_sympy(engine, node) if written is None else Rule([written])


def _pairs(codes: Sequence[str]) -> str:
    return ", ".join(f"({a}, {b})" for a, b in zip(codes[::2], codes[1::2], strict=True))


def by_user(engine: Target, node: Basic) -> Rule | None:
    """What the user has given an implementation of."""
    if not (engine.functions.given or hasattr(type(node), "_imp_")):
        return None
    if isinstance(node, Pow) and node.exp is S.Half:
        name, operands = engine.functions.named("sqrt"), node.args[:1]
    else:
        name, operands = engine.functions.name(node), node.args
        if isinstance(node, ReLU):
            operands = node.args[:1]  # the value does not depend on H0
    if name is None:
        return None
    if isinstance(node, AtomicExpr):
        return Rule((), lambda: Code(name))
    if isinstance(node, MatrixBase):
        columns = int(node.shape[1])
        return Rule(node.flat(), lambda *codes: Code(f"{name}({_nested(codes, columns)})"))
    if isinstance(node, Piecewise):
        parts = [part for pair in node.args for part in pair.args]
        return Rule(
            parts,
            lambda *codes: Code(f"{name}({_pairs(codes)})"),
            outside=True,
        )
    return Rule(operands, lambda *codes: Code(f"{name}({', '.join(codes)})"), outside=True)


def _constant(engine: Target, node: Basic) -> Rule | None:
    """A number like ``sqrt(2)`` as one of Python's, which leaves the dtype to the arrays."""
    if engine.exact or not _is_number(node):
        return None
    if isinstance(node, NumberSymbol) and engine.named_constants:
        return None  # numpy.pi
    try:
        value = float(node)
    except TypeError:  # a complex one
        return None
    return Rule([Float(value)]) if isfinite(value) else None


@rule.register(Symbol)
def _(node: Symbol, engine: Target) -> Rule:
    vector, _, index = node.name.removesuffix("]").partition("[")
    if DeferredVector(vector) in engine.arguments and index.isdecimal():
        item = Code(index)
        return Rule([DeferredVector(vector)], lambda code: engine.call("item", code, item, of=node))
    raise ValueError(f"lambdify: {node} is not among the arguments; give it, or substitute a value")


@rule.register(MatrixSymbol)
@rule.register(IndexedBase)
@rule.register(ArraySymbol)
def _(node: Basic, engine: Target) -> Rule:
    raise ValueError(f"lambdify: {node} is not among the arguments; give it, or substitute a value")


@rule.register(Indexed)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(
        [node.base, *node.indices],
        lambda base, *indices: engine.call("item", base, ", ".join(indices), of=node),
    )


@rule.register(ArrayElement)
def _(node: Any, engine: Target) -> Rule:
    return Rule(
        [node.name, *node.indices],
        lambda base, *indices: engine.call("item", base, ", ".join(indices), of=node),
    )


@rule.register(Total)
def _(node: Expr, engine: Target) -> Rule:
    body, loop = node.args
    if not (engine.total and engine.index_range):
        return Rule([loop])
    beside = [s for s in postorder(body) if isinstance(s, Symbol) and not s.is_integer]
    data = {part.base.label for part in postorder(body) if isinstance(part, Indexed)}
    engine.numbers_only.update(dict.fromkeys(s for s in beside if s not in data))
    return Rule([body], lambda code: engine.call("total", code, of=node))


@rule.register(Count)
def _(node: Count, engine: Target) -> Rule:
    operation, _, axes = node.kind.partition(", ")

    def write(*codes: Code) -> Code:
        code = engine.call(operation, *codes, of=node)
        return Code(f"{code}[:, {axes}]") if axes else code

    return Rule(node.bounds, write)


def _over(operation: str) -> Callable[[Any, Target], Rule]:
    """What calls a function that is compiled on its own, for one variable after another."""

    def of(node: Any, engine: Target) -> Rule:
        body, variable, first, last = node.args
        name, others = engine.function(variable, body)
        if operation == "quadrature" and any(other.is_Matrix for other in others):
            raise NotImplementedError(
                f"lambdify has no numeric form of an Integral over elements of matrices, {body}; "
                "evaluate it first, by doit"
            )

        def write(first: Code, last: Code, *codes: Code) -> Code:
            rest = "".join(f", {code}" for code in codes)
            kind = "Integral" if operation == "quadrature" else node
            return engine.call(operation, name, first, last, rest, of=kind)

        return Rule([first, last, *others], write, outside=True)

    return of


for _kind, _name in (
    (LoopSum, "loop_sum"),
    (LoopProduct, "loop_product"),
    (Quadrature, "quadrature"),
):
    rule.register(_kind, _over(_name))


@rule.register(Derivative)
def _(node: Any, engine: Target) -> Rule:
    lowered = lower(node)
    return Rule([lowered]) if lowered != node else _derivative(node, {}, engine)


@rule.register(Subs)
def _(node: Any, engine: Target) -> Rule:
    lowered = lower(node)
    at = dict(zip(node.variables, node.point, strict=True))
    return Rule([lowered]) if lowered != node else _derivative(node.expr, at, engine)


def _derivative(node: Any, at: Mapping[Basic, Basic], engine: Target) -> Rule:
    """A derivative that has no formula, if SymPy's printer has a method for it."""
    stand_ins = {variable: Dummy() for variable in node.expr.args}
    shell = node.xreplace(stand_ins)

    def write(*codes: Code) -> Code:
        engine.printer.codes = dict(zip(stand_ins.values(), codes, strict=True))
        with suppress(ValueError, PrintMethodNotImplementedError):  # of what is no symbol
            return Code(engine.printer._print(shell))
        raise PrintMethodNotImplementedError(
            f"lambdify: {engine.name} has no numeric form of {node}; give its value as an argument"
        )

    return Rule([at.get(variable, variable) for variable in stand_ins], write)


@rule.register(Slot)
def _(node: Slot, engine: Target) -> Rule:
    if node.operand.is_Matrix and not engine.broadcasts:
        raise NotImplementedError(
            f"lambdify: {engine.name} has no functions of the entries of a matrix, "
            f"{type(node.operand).__name__}; choose another module, or write the entries out"
        )
    return Rule([node.operand])


@rule.register(AppliedUndef)
def _(node: Basic, engine: Target) -> Rule:
    if _is_printed_by_user(engine.printer, node):
        return _by_sympy(engine, node)
    raise PrintMethodNotImplementedError(_no_form(engine, node))


def _no_form(engine: Target, node: Basic) -> str:
    name = type(node).__name__
    named = isinstance(node, AppliedUndef) or known.is_sympys(node)
    of = name if named else f"{type(node).__module__}.{name}"
    return (
        f"lambdify: {engine.name} has no numeric form of {of}; choose another module, or give "
        f"one: modules=[{{{name!r}: my_function}}, ...]"
    )


# Numbers


_DIGITS = 10**4000  # Python reads no longer ones


@rule.register(Integer)
def _(node: Integer, engine: Target) -> Rule:
    if not engine.exact and abs(node.p) >= (_DIGITS if engine.big else 2**63):
        return _large(node, engine)
    text = _digits(node.p)
    return Rule((), lambda: Code(text, PRODUCT if text.startswith("-") else ATOM))


def _digits(p: int) -> str:
    return str(p) if abs(p) < _DIGITS else hex(p)


def _large(node: Expr, engine: Target) -> Rule:
    if isinf(float(node)):
        raise NotImplementedError(f"lambdify: {engine.name} has no number as large as 1e308")
    return Rule([Float(node)])


@rule.register(BooleanAtom)
def _(node: Basic, engine: Target) -> Rule:
    text = str(node)
    return Rule((), lambda: Code(text))


@rule.register(Rational)
def _(node: Rational, engine: Target) -> Rule:
    if not engine.exact and max(abs(node.p), node.q) >= 2**53:
        return Rule([Float(node)])
    one = engine.row.call("integer", _digits(node.p))
    return Rule((), lambda: Code(f"{one}/{_digits(node.q)}", PRODUCT))


@rule.register(Float)
def _(node: Basic, engine: Target) -> Rule:
    if engine.exact:
        return _by_sympy(engine, node)
    if isinf(float(node)):
        return Rule([S.Infinity if node.is_positive else S.NegativeInfinity])
    text = engine.row.call("constant", repr(float(node)))
    return Rule((), lambda: Code(text, PRODUCT if node.is_negative else ATOM))


@rule.register(ComplexInfinity)
def _(node: Expr, engine: Target) -> Rule:
    raise NotImplementedError(f"lambdify: {engine.name} has no number zoo, complex infinity")


@rule.register(NaN)
@rule.register(Infinity)
@rule.register(NegativeInfinity)
def _(node: Expr, engine: Target) -> Rule:
    if engine.bind:  # it looks names up around the call
        name = engine.functions.provide("constant", float(node))
        return Rule((), lambda: Code(name))
    return _by_sympy(engine, node)


# Arithmetic

_LINE = 40  # terms or factors that go on one line; Python's parser nests them


def _join(parts: list[str], between: str) -> str:
    while len(parts) > _LINE:
        groups = [parts[i : i + _LINE] for i in range(0, len(parts), _LINE)]
        parts = [f"({between.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return between.join(parts)


@rule.register(Add)
def _(node: Expr, engine: Target) -> Rule:
    def write(*terms: Code) -> Code:
        # a number last, and what is subtracted not first
        texts = sorted(
            (term.at(PRODUCT) for term in terms),
            key=lambda text: (text.startswith("-"), text.lstrip("-")[:1].isdigit()),
        )
        text = _join(texts, " + ")
        return Code(text.replace(" + -", " - "), SUM)

    return Rule(node.args, write)


@rule.register(Mul)
def _(node: Expr, engine: Target) -> Rule:
    if node in engine.shared_products:
        return Rule(engine.shared_products[node], _multiple)
    if not (node.args[0].is_Number or any(factor.is_Pow for factor in node.args)):
        return Rule(node.args, _product)
    number, rest = node.as_coeff_mul(rational=True)
    above, below = [], []
    for factor in _one_number(rest, engine):
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, S.One)
        if exponent.is_Rational and exponent.is_negative:
            below.append(power(base, -exponent))
        else:
            above.append(factor)

    def write(*codes: Code) -> Code:
        above_number, below_number = _coefficient(number, not above, bool(below), node, engine)
        up = [*above_number, *(_factor(code) for code in codes[: len(above)])]
        divisors = codes[len(above) :]
        alone = not below_number and len(divisors) == 1
        down = [*below_number, *(c.at(POWER) if alone else _factor(c) for c in divisors)]
        text = _join(up, "*")
        if down:
            divisor = Code(_join(down, "*"), PRODUCT if len(down) > 1 else POWER)
            if below and node in engine.guarded:
                dividend = Code(text, PRODUCT if len(up) > 1 else POWER)
                text = engine.row.call("divide", dividend, divisor)
            else:
                text += f"/{divisor.at(POWER)}"
        return Code("-" + text if number.is_negative else text, PRODUCT)

    return Rule([*above, *below], write)


def _product(*codes: Code) -> Code:
    return Code(_join([*map(_factor, codes)], "*"), PRODUCT)


def _one_number(factors: Sequence[Expr], engine: Target) -> Sequence[Expr]:
    """The factors, with one float for numbers by which the product would be divided."""
    roots = [f for f in factors if f.is_Pow and _is_number(f)]
    if engine.exact or not any(root.exp.is_negative for root in roots):
        return factors
    numbers = [f for f in factors if _is_number(f) and f.is_real]
    value = float(Mul(*numbers))
    others = [f for f in factors if f not in numbers]
    return [Float(value), *others] if isfinite(value) and value else factors


def _coefficient(
    number: Rational, alone: bool, divided: bool, node: Basic, engine: Target
) -> tuple[list[str], list[str]]:
    """The size of a rational factor: what is multiplied by, and what is divided by.

    An integer times an array of small integers overflows where a float does not.  A quotient
    is one number, as to multiply takes less time than to divide; but where a kink depends on the
    product, it is so only if it is exact: (1/49)*49 is less than 1.
    """
    p, q = abs(number.p), number.q
    if engine.exact:
        text = _digits(p)
        one: list[str] = [engine.row.call("integer", text)] if q != 1 or divided else [text]
        return one if p != 1 or q != 1 or alone or divided else [], [_digits(q)] * (q != 1)
    if q == 1:
        if p >= 2**63 and not engine.big:
            return [repr(float(_finite(p, engine)))], []
        return [str(p)] * (p != 1 or alone), []
    if not alone and q & (q - 1) and max(p, q) < 65504 and node in engine.below:
        return [f"{p}.0"] * (p != 1), [str(q)]
    if max(p, q) < 2**53:
        return [f"({p}/{q})"], []
    return [repr(float(abs(number)))], []


def _finite(p: int, engine: Target) -> float:
    try:
        return float(p)
    except OverflowError:
        raise NotImplementedError(
            f"lambdify: {engine.name} has no number as large as 1e308"
        ) from None


def _factor(code: Code) -> str:
    if code.level == ATOM:
        return code
    return code.at(POWER if code.startswith("-") else _beside_a_product(code))


def _first(code: Code) -> str:
    """A factor with nothing on its left, so that a minus stands as it is."""
    return code.at(_beside_a_product(code))


def _beside_a_product(code: Code) -> int:
    return POWER if "/" in code or "@" in code else PRODUCT


@rule.register(Pow)
def _(node: Expr, engine: Target) -> Rule:
    if constant := _constant(engine, node):
        return constant
    base, exponent = node.args
    if exponent.is_Rational and exponent.is_negative:
        one = Code(engine.row.call("integer", "1"))

        def inverse(code: Code) -> Code:
            if node in engine.guarded:
                divided = engine.row.call("divide", one, code)
                return Code(divided, PRODUCT)
            return Code(f"{one}/{code.at(POWER)}", PRODUCT)

        return Rule([power(base, -exponent)], inverse)
    if exponent is S.Half:
        return Rule([base], lambda code: engine.call("sqrt", code))
    if engine.products and exponent in _POWERS:
        return _by_products(node)
    return Rule(
        [base, exponent],
        lambda b, e: Code(f"{b.at(ATOM)}**{_raised(exponent, e, engine).at(ATOM)}", POWER),
    )


def _raised(exponent: Expr, code: Code, engine: Target) -> Code:
    """The code of an exponent: some engines give 0 for a negative power of an integer."""
    is_safe = is_small(exponent) and (exponent.is_number or exponent.is_nonnegative)
    return code if is_safe else engine.call("exponent", code)


_POWERS = range(3, 33)  # that are computed by products; further on their roundings add up


def _by_products(node: Expr) -> Rule:
    """A power as a square, of a power that others may need too, or as a product."""
    base, exponent = node.args
    if exponent == 3:
        return Rule([base], lambda b: Code("*".join([b.at(POWER)] * 3), PRODUCT), repeats=True)
    half, is_odd = divmod(int(exponent), 2)
    if is_odd:
        return Rule([node.func(base, exponent - 1), base], _multiple)
    return Rule([node.func(base, half)], lambda b: Code(f"{b.at(ATOM)}**2", POWER))


# The kinked functions


@rule.register(ReLU)
def _(node: Expr, engine: Target) -> Rule:
    x, *H0 = node.args
    if H0:
        if not engine.relu_at_0 or not (_is_number(H0[0]) and H0[0].is_finite):
            return Rule([ReLU(x, evaluate=False)])  # the value does not depend on H0
        return Rule([x, *H0], lambda *codes: engine.call("relu_at_0", *codes), repeats=True)
    return Rule([x], lambda code: engine.call("relu", code, of=node), engine.repeats("relu"))


@rule.register(Heaviside)
def _(node: Expr, engine: Target) -> Rule:
    x, H0 = node.args
    if H0.is_zero:
        return Rule([x], lambda code: engine.call("step", code, of=node), engine.repeats("step"))
    return Rule([x, H0], lambda *codes: engine.call("step_at_0", *codes, of=node), repeats=True)


@rule.register(sign)
def _(node: Expr, engine: Target) -> Rule:
    repeats = engine.repeats("sign")
    return Rule(node.args, lambda code: engine.call("sign", code, of=node), repeats)


@rule.register(DiracDelta)
def _(node: Expr, engine: Target) -> Rule:
    raise ValueError(
        f"lambdify: {node} has no value at a point.  It is the derivative of a step, such as the "
        "second derivative of ReLU; integrate it, or, to ignore the kinks, "
        "replace it: expr.replace(DiracDelta, lambda *args: 0)"
    )


@rule.register(AccumBounds)
def _(node: Expr, engine: Target) -> Rule:
    raise NotImplementedError(
        f"lambdify: {node} is a set of slopes and no number; choose one of them, "
        f"by expr.xreplace({{{node}: H0}})"
    )


@rule.register(Larger)
def _(node: Expr, engine: Target) -> Rule:
    larger = not isinstance(node, Smaller)
    operation, with_number = ("maximum", "at_least") if larger else ("minimum", "at_most")
    numbers = [a for a in node.args if _is_number(a)]
    if getattr(engine, with_number) and len(numbers) == 1:
        (x,) = (a for a in node.args if not _is_number(a))
        return Rule([x, *numbers], lambda *codes: engine.call(with_number, *codes, of=node))
    return Rule(
        sorted(node.args, key=_is_number),  # a number last
        lambda *codes: engine.call(operation, *codes, of=node),
        repeats=engine.repeats(operation),
    )


@rule.register(Relational)
def _(node: Relational, engine: Target) -> Rule:
    def write(a: Code, b: Code) -> Code:
        return Code(f"{a.at(SUM)} {node.rel_op} {b.at(SUM)}", LOOSE)

    return Rule(node.args, write)


@rule.register(And)
@rule.register(Or)
def _(node: Basic, engine: Target) -> Rule:
    operator = engine.conjunction if isinstance(node, And) else engine.disjunction

    def write(*codes: Code) -> Code:
        return Code(f" {operator} ".join(c.at(ATOM) for c in codes), LOOSE)

    # What may fail for some numbers comes behind what guards it.
    operands = sorted(node.args, key=lambda a: (a.has(Pow, Application), default_sort_key(a)))
    return Rule(operands, write, strict=operands[:1])


_SIDES = 20  # that are asked for a dtype


def _compared(condition: Basic, known: dict[Basic, list[Basic]]) -> list[Basic]:
    """What the condition compares: it is of the dtype that the choice should have.

    What is known of parts is kept, as conditions are made of one another.
    """
    stack = [condition]
    while stack:
        part = stack[-1]
        inner = part.args if isinstance(part, BooleanFunction) else ()
        if pending := [arg for arg in inner if arg not in known]:
            stack += pending
        elif stack.pop() not in known:
            sides = part.args if isinstance(part, Relational) else ()
            found = [side for side in sides if not _is_number(side)]
            found += (side for arg in inner for side in known[arg])
            known[part] = list(dict.fromkeys(found))[:_SIDES]
    return known[condition]


@rule.register(ITE)
def _(node: Any, engine: Target) -> Rule:
    condition, yes, no = node.args

    def write(no: Code, yes: Code, condition: Code) -> Code:
        return _choice([(yes, condition)], no, engine)

    return Rule([no, yes, condition], write, strict=[condition])


def _choice(pairs: Sequence[tuple[Code, Code]], last: Code, engine: Target) -> Code:
    """The first value whose condition holds."""
    chosen = reduce(
        lambda rest, pair: engine.call("where", pair[1], pair[0], rest), reversed(pairs), last
    )
    return engine.call("number", chosen) if engine.number else chosen


@rule.register(Piecewise)
def _(node: Expr, engine: Target) -> Rule:
    lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    *branches, (last, otherwise) = [tuple(pair) for pair in node.args]
    if otherwise != True:  # noqa: E712
        branches, last = [*branches, (last, otherwise)], S.NaN
    values = [*(value for value, _ in branches), last]
    compared: list[Basic] = []
    if engine.common and all(map(_is_number, values)):
        sides = (s for _, condition in branches for s in _compared(condition, engine.compared))
        compared = list(dict.fromkeys(sides))[:_SIDES]
    size = next((value for value in values if not getattr(value, "is_Integer", False)), values[0])

    def write(last: Code, *codes: Code) -> Code:
        pairs = list(zip(codes[: 2 * len(branches) : 2], codes[1::2], strict=False))
        pairs = pairs[: len(branches)]
        if compared:
            sides = codes[2 * len(branches) :]
            value = last if size is values[-1] else codes[2 * values.index(size)]
            kind = engine.row.call("small") if getattr(size, "is_Integer", False) else value
            like = Code(engine.like.join(sides), SUM if len(sides) > 1 else ATOM)
            last = engine.row.call("common", like, kind, last)
        return _choice(pairs, last, engine)

    operands = [last, *(part for pair in branches for part in pair), *compared]
    return Rule(operands, write, strict=[branches[0][1]])


@rule.register(Mod)
def _(node: Expr, engine: Target) -> Rule:
    if not engine.mod:
        return rule.dispatch(Basic)(node, engine)
    return Rule(node.args, lambda *codes: engine.call("mod", *codes), repeats=True)


@rule.register(KroneckerDelta)
def _(node: Expr, engine: Target) -> Rule:
    def write(i: Code, j: Code) -> Code:
        same = Code(f"{i.at(SUM)} == {j.at(SUM)}", LOOSE)
        return _choice([(engine.row.call("unit"), same)], Code("0"), engine)

    return Rule(node.args[:2], write)


# Matrices


def _operation(operation: str) -> Callable[[Any, Target], Rule]:
    def of(node: Basic, engine: Target) -> Rule:
        operands = [arg for arg in node.args if arg.is_Matrix]
        return Rule(operands, lambda *codes: engine.call(operation, *codes, of=node))

    return of


for _kind, _name in (
    (Transpose, "transpose"),
    (Inverse, "inverse"),
    (Solve, "solve"),
    (Determinant, "determinant"),
    (Signs, "slogdet"),
    (DiagMatrix, "diag"),
    (DiagonalOf, "diagonal"),
):
    rule.register(_kind, _operation(_name))


@rule.register(DiagonalMatrix)
def _(node: Any, engine: Target) -> Rule:
    if node.shape[0] == node.shape[1]:
        return _operation("diagonal_matrix")(node, engine)
    operands = [node.arg, *_shape(node)]
    return Rule(operands, lambda *codes: engine.call("diagonal_part", *codes, of=node))


@rule.register(LogDet)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(node.args, lambda code: engine.call("logdet", code, of=node), repeats=True)


@rule.register(Filled)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(node.args, lambda *codes: engine.call("broadcast", *codes, of=node))


def _shape(node: Any) -> list[Expr]:
    return [sympify(size) for size in node.shape]


@rule.register(ZeroMatrix)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(_shape(node), lambda *codes: engine.call("zeros", *codes, of=node))


@rule.register(OneMatrix)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(_shape(node), lambda *codes: engine.call("ones", *codes, of=node))


@rule.register(Identity)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(_shape(node)[:1], lambda n: engine.call("eye", n, of=node))


def _ones_aside(term: Expr) -> tuple[Expr, tuple[bool, bool]]:
    """What broadcasts to the term, and along which of rows and columns it must."""
    if isinstance(term, OneMatrix):
        return S.One, (True, True)
    scalar, factors = split(term)
    rows = len(factors) > 1 and isinstance(factors[0], OneMatrix) and factors[0].shape[1] == 1
    columns = len(factors) > 1 and isinstance(factors[-1], OneMatrix) and factors[-1].shape[0] == 1
    kept = factors[rows : len(factors) - columns]
    if not (rows or columns) and not isinstance(factors[0], OneMatrix):
        return term, (False, False)
    if not kept or (len(kept) == 1 and isinstance(kept[0], OneMatrix)):
        return scalar, (True, True)
    return matmul(scalar, *kept), (rows, columns)


def _broadcasting(terms: Sequence[Expr]) -> list[Expr]:
    """The terms, without the products by ones that broadcasting makes needless."""
    thin = [_ones_aside(term) for term in terms]
    full = [all(axes[k] for _, axes in thin) for k in (0, 1)]  # an axis that no term has in full
    if any(full):
        return list(terms)
    return [term for term, _ in thin]


@rule.register(MatAdd)
def _(node: Expr, engine: Target) -> Rule:
    engine.call("plus", of=node)  # written as for numbers, where the engine can
    terms = _broadcasting(node.args) if engine.broadcasts else node.args
    return Rule(terms, rule.dispatch(Add)(node, engine).write)


@rule.register(HadamardProduct)
def _(node: Expr, engine: Target) -> Rule:
    def write(*codes: Code) -> Code:
        times = engine.call("hadamard", of=node)
        return Code(_join([_first(codes[0]), *map(_factor, codes[1:])], times), PRODUCT)

    return Rule(_broadcasting(node.args), write)


@rule.register(HadamardPower)
def _(node: Expr, engine: Target) -> Rule:
    if engine.products and engine.hadamard_power and node.args[1] in _POWERS:
        return _by_products(node)

    def write(base: Code, code: Code) -> Code:
        exponent = _raised(node.args[1], code, engine)
        return Code(engine.call("hadamard_power", base, exponent, of=node), POWER)

    return Rule(node.args, write)


@rule.register(MatPow)
def _(node: Expr, engine: Target) -> Rule:
    lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    if node.args[1].is_integer is False:
        raise NotImplementedError(
            f"lambdify has no numeric form of the matrix power {node}; give it an exponent that is "
            "a whole number"
        )
    return Rule(node.args, lambda b, e: engine.call("matrix_power", b, e, of=node))


@rule.register(MatMul)
def _(node: Expr, engine: Target) -> Rule:
    lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    scalar, factors = split(node)
    if scalar is not S.One or len(factors) == 1:
        times = engine.call("times", of=node)
        return Rule([scalar, matmul(*factors)], lambda c, code: _multiple(c, code, times))
    first, last = factors[0], factors[-1]
    if engine.broadcast and isinstance(last, OneMatrix):
        return _times_ones(matmul(*factors[:-1]), last, 1, engine)
    if engine.broadcast and isinstance(first, OneMatrix):
        return _times_ones(matmul(*factors[1:]), first, 0, engine)
    if len(factors) > 2:
        return Rule([MatMul(factors[0], matmul(*factors[1:]))])
    return Rule(factors, lambda a, b: Code(engine.call("matmul", a, b, of=node), PRODUCT))


def _multiple(c: Code, code: Code, times: str = "*") -> Code:
    """A number in front of a matrix, or of a sum."""
    if c == "-1":  # of the first factor as of them all
        return Code(f"-{_factor(code)}", PRODUCT)
    if c.startswith("-") and c.level == PRODUCT and "*" not in c:
        positive = Code(c[1:], PRODUCT if "/" in c else ATOM)
        return Code(f"-{_multiple(positive, code, times)}", PRODUCT)
    return Code(f"{_first(c)}{times}{code.at(POWER)}", PRODUCT)


def _times_ones(matrix: Expr, ones: Expr, axis: int, engine: Target) -> Rule:
    """A product by a matrix of ones: a sum along an axis, and a broadcast along it."""
    inner, outer = ones.shape if axis == 1 else reversed(ones.shape)
    shape = (matrix.shape[0], outer) if axis == 1 else (outer, matrix.shape[1])

    def write(code: Code, m: Code, n: Code) -> Code:
        if inner != 1:
            code = engine.call("total_along", code, str(axis), of=ones)
        return code if outer == 1 else engine.call("broadcast", code, m, n, of=ones)

    return Rule([matrix, *map(sympify, shape)], write)


@rule.register(Trace)
def _(node: Expr, engine: Target) -> Rule:
    scalar, factors = split(node.arg)
    if len(factors) == 1:
        return _operation("trace")(node, engine)
    if not (engine.total and engine.hadamard):
        return _operation("trace")(node, engine)
    # The trace of a product is a dot product.
    dot = hadamard(transpose(factors[0]), matmul(*factors[1:]))

    def write(c: Code, product: Code) -> Code:
        total = engine.call("total", product, of=node)
        return total if c == "1" else _multiple(c, total)

    return Rule([scalar, dot], write)


@rule.register(MatrixElement)
def _(node: Expr, engine: Target) -> Rule:
    return Rule(node.args, lambda *codes: engine.call("element", *codes, of=node))


@rule.register(MatrixSlice)
def _(node: Expr, engine: Target) -> Rule:
    bounds = [*node.rowslice, *node.colslice]

    def write(parent: Code, *codes: Code) -> Code:
        rounded = [sympify(bound).has(floor, ceiling) for bound in bounds]  # engines make floats
        indices = [f"int({c})" if r else c for c, r in zip(codes, rounded, strict=True)]
        return engine.call("slice", parent, *indices, of=node)

    return Rule([node.parent, *bounds], write)


def _nested(codes: Sequence[str], columns: int) -> str:
    rows = (", ".join(codes[i : i + columns]) for i in range(0, len(codes), columns))
    return "[" + ", ".join(f"[{row}]" for row in rows) + "]"


def _array_operation(entries: Sequence[Expr]) -> str:
    if all(map(_is_number, entries)):
        return "numbers" if all(entry.is_Integer for entry in entries) else "reals"
    return "array"


@rule.register(MatrixBase)
def _(node: Any, engine: Target) -> Rule:
    rows, columns = map(int, node.shape)
    entries = node.flat()
    if not entries:
        return _empty(node, rows, columns, engine)
    operation = _array_operation(entries)
    if operation != "array" or not engine.stack or (engine.mixed and _is_even(entries)):
        return Rule(
            entries, lambda *codes: engine.call(operation, _nested(codes, columns), of=node)
        )
    return _stack(entries, f"({rows}, {columns})", node, engine)


def _empty(node: Basic, rows: int, columns: int, engine: Target) -> Rule:
    def write() -> Code:
        if engine.zeros:
            return engine.call("zeros", str(rows), str(columns), of=node)
        return engine.call("numbers", str([[]] * rows), of=node)

    return Rule((), write)


def _stack(entries: Sequence[Expr], shape: str, node: Basic, engine: Target) -> Rule:
    """An array of entries that may be numbers and arrays."""
    name = engine.functions.provide("stacked", STACKED)

    def write(*codes: Code) -> Code:
        cast = [_cast(code, entry, engine) for code, entry in zip(codes, entries, strict=True)]
        return engine.call("stack", name, ", ".join(cast), shape, of=node)

    return Rule(entries, write)


def _cast(code: Code, entry: Expr, engine: Target) -> Code:
    """A number in the dtype of what the function reads; anything else as it is."""
    if not _is_number(entry):
        return code
    return engine.call("cast" if entry.is_Integer else "cast_real", code)


def _is_even(entries: Sequence[Expr]) -> bool:
    """Whether no entry is an array if another is a number."""
    first, *others = (entry.free_symbols for entry in entries)
    return all(other == first for other in others)


@rule.register(NDimArray)
def _(node: Any, engine: Target) -> Rule:
    entries, shape = list(node._array), str(tuple(map(int, node.shape)))
    operation = _array_operation(entries)
    if engine.stack and operation == "array" and not (engine.mixed and _is_even(entries)):
        return _stack(entries, shape, node, engine)

    def write(*codes: Code) -> Code:
        flat = engine.call(operation, f"[{', '.join(codes)}]", of=node)
        return engine.call("shaped", flat, shape, of=node)

    return Rule(entries, write)


@rule.register(BlockMatrix)
def _(node: Expr, engine: Target) -> Rule:
    blocks = node.blocks
    return Rule(
        blocks.flat(), lambda *codes: engine.call("blocks", _nested(codes, blocks.cols), of=node)
    )
