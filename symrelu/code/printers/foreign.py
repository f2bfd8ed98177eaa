"""What has no rule of its own is lowered, or written by SymPy's printer for the engine."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy
from sympy import Basic, Derivative, Dummy, Expr, Limit, MatrixSymbol, Subs, Tuple, sympify
from sympy.core.expr import AtomicExpr
from sympy.core.function import Application, AppliedUndef
from sympy.core.singleton import Singleton
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions import MatrixExpr
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError
from sympy.printing.str import StrPrinter
from sympy.tensor.array import NDimArray
from sympy.tensor.array.expressions import ArraySymbol
from sympy.tensor.array.expressions.array_expressions import _ArrayExpr, _CodegenArrayAbstract

from symrelu.code import known
from symrelu.code.engines import ATOM, ENGINES, LOOSE, Code
from symrelu.code.lower import lower
from symrelu.code.printers.rules import Entrywise, Rule, Target, is_number, rule
from symrelu.code.printers.scalars import constant
from symrelu.graph import holds, postorder
from symrelu.kinked import rewritten
from symrelu.signs import is_small


@rule.register(object)
def _(node: Basic, engine: Target) -> Rule:
    if engine.singleton and isinstance(type(node), Singleton):
        return Entrywise((), lambda: engine.call("singleton", type(node).__name__))
    lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    if number := constant(engine, node):
        return number
    written = rewritten(node)  # a kinked function of the user's own
    return by_sympy(engine, node) if written is None else Rule([written])


def by_sympy(engine: Target, node: Basic) -> Rule:
    """What has no rule of ours is printed by SymPy, which sees stand-ins for the operands.

    So no symbol's name gets into the code, and no rewriting goes deeper than the node.
    """
    is_unit = isinstance(node, AtomicExpr) and not node.is_number
    is_written = isinstance(node, _PRINTED) or _has_method(engine, node)
    if is_unit or not is_written or isinstance(node, Limit):
        raise NotImplementedError(
            f"lambdify has no numeric form of {type(node).__name__}; evaluate it first, by doit"
        )
    if not (known.is_sympys(node) or _is_printed_by_user(engine.printer, node)):
        raise NotImplementedError(no_form(engine, node))
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
        raise PrintMethodNotImplementedError(no_form(engine, node))

    if not _is_listed(engine, node):
        try:
            write(*_placeholders(operands))
        except PrintMethodNotImplementedError:
            if (written_out := _written_out(node)) is not None:
                return Rule([written_out])
            if (other := _formula(engine, shell)) is not None:
                back = {stand_in: arg for arg, stand_in in stand_ins.items()}
                return Rule([other.xreplace(back)])
            if not engine.rewriting and (name := engine.elsewhere(shell, [*stand_ins.values()])):
                return Rule(operands, lambda *codes: Code(f"{name}({', '.join(codes)})"))
            raise
    return _Printed(operands, write)


def _formula(engine: Target, shell: Basic) -> Basic | None:
    """A formula for a function: the shortest that gives its values, or that of SymPy's printers."""
    vouched = list(known.vouched(shell))
    for other in (*known.rewritings(shell), *vouched):
        if _is_computable(engine, other) and (other in vouched or known.holds(shell, other)):
            return other
    return None


class _Printed(Rule):
    """The rule of what SymPy's printer, or the user's, writes in whatever way."""

    @property
    def is_by_entries(self) -> bool:
        assert self.write is not None
        code = self.write(*_placeholders(self.operands))
        return _computes_by_entries(ast.parse(code, mode="eval").body)


def _placeholders(operands: Sequence[Basic]) -> list[Code]:
    return [Code(f"v{k}") for k in range(len(operands))]


def _written_out(node: Basic) -> Basic | None:
    """The entries of a matrix of SymPy's that is small and has no unknown dimension."""
    if not isinstance(node, MatrixExpr):
        return None
    rows, columns = map(sympify, node.shape)
    if not (rows * columns).is_Integer or rows * columns > _FEW:
        return None
    with suppress(Exception):  # SymPy's methods fail in many ways
        entries: Basic = node.as_explicit().as_immutable()
        return None if holds(entries, type(node)) else entries
    return None


_FEW = 400  # entries that are written out
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
    return isinstance(arg, (Expr, Boolean, NDimArray)) and not is_number(arg)


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
        full = str(table[name])
        return not (full in engine.lacks or (engine.broadcasts and full.startswith("math.")))
    return type(node) in getattr(printer, "mapping", ())


def _computes_by_entries(code: ast.expr) -> bool:
    """Whether code computes an array entry by entry: of operands, by operators and ufuncs."""
    match code:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute():
            return isinstance(_meant(code), float)  # numpy.pi
        case ast.UnaryOp(_, operand):
            return _computes_by_entries(operand)
        case ast.BinOp(left, operator, right):
            is_matmul = isinstance(operator, ast.MatMult)
            return not is_matmul and _computes_by_entries(left) and _computes_by_entries(right)
        case ast.Call(function, args):
            is_known = calls_ufunc(code) or ast.unparse(function) == "abs"
            return is_known and all(map(_computes_by_entries, args))
    return False


def calls_ufunc(call: ast.expr) -> bool:
    """Whether code is a call of a ufunc, which may also be told where to store what it computes."""
    if not isinstance(call, ast.Call) or call.keywords:
        return False
    function = _meant(call.func)
    of_numbers = isinstance(function, numpy.ufunc) and not function.signature
    return of_numbers and (function.nin, function.nout) == (len(call.args), 1)


def _meant(path: ast.expr) -> Any:
    """What a name with dots, of a module, stands for; None if there is no such thing."""
    home, _, name = ast.unparse(path).rpartition(".")
    if home.partition(".")[0] in sys.modules.keys() | ENGINES.keys():  # not an operand's
        with suppress(ImportError):
            return getattr(import_module(home), name, None)
    return None


def _is_computable(engine: Target, expr: Basic) -> bool:
    """Whether the engine has all that stands in an expression, as it is."""
    if engine.rewriting:
        return False
    engine.rewriting = True
    try:
        for node in postorder(expr):
            if node.args and not isinstance(node, ExprCondPair):
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
    return all(_meant(call) is not None for call in calls)


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


@rule.register(AppliedUndef)
def _(node: Basic, engine: Target) -> Rule:
    if _is_printed_by_user(engine.printer, node):
        return by_sympy(engine, node)
    raise PrintMethodNotImplementedError(no_form(engine, node))


def no_form(engine: Target, node: Basic) -> str:
    name = type(node).__name__
    named = isinstance(node, AppliedUndef) or known.is_sympys(node)
    of = name if named else f"{type(node).__module__}.{name}"
    return (
        f"lambdify: {engine.name} has no numeric form of {of}; choose another module, or give "
        f"one: modules=[{{{name!r}: my_function}}, ...]"
    )
