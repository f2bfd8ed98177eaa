"""What each engine calls things: one rule per SymPy class, for all engines.

A rule says of a node which operands it needs, and how their code becomes its own.
Operands are expressions, so that whoever asks can compute shared ones once.  What has
no rule is printed by SymPy's printer for the engine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce, singledispatch
from importlib import import_module
from math import isfinite, isinf
from types import MappingProxyType
from typing import Any

from sympy import (
    Add,
    Basic,
    BlockMatrix,
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
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    OneMatrix,
    Piecewise,
    Pow,
    Product,
    Rational,
    S,
    Sum,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    sympify,
)
from sympy.core.expr import AtomicExpr
from sympy.core.function import Application, AppliedUndef
from sympy.core.numbers import ComplexInfinity, Infinity, NaN, NegativeInfinity, NumberSymbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanAtom, Or
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError
from sympy.tensor.array import NDimArray

from symrelu.function import ReLU
from symrelu.matrices.algebra import hadamard, matmul, split, transpose
from symrelu.signs import is_small

# How tightly code binds.
LOOSE, SUM, PRODUCT, POWER, ATOM = range(5)


class Code(str):
    """Source text that knows how tightly it binds."""

    level: int

    def __new__(cls, text: str, level: int = ATOM) -> Code:
        code = super().__new__(cls, text)
        code.level = level
        return code

    def at(self, level: int) -> str:
        """The text, in parentheses where the place binds more tightly."""
        return self if self.level >= level else f"({self})"

    def __format__(self, spec: str) -> str:
        """In a template, ``{0:p}`` stands beside an operator."""
        return self.at(POWER) if spec == "p" else str(self)


@dataclass(frozen=True)
class Rule:
    """How the code of the operands becomes the code of the node; an alias without."""

    operands: Sequence[Basic]
    write: Callable[..., Code] | None = None
    repeats: bool = False  # writes the code of an operand more than once


@dataclass
class Engine:
    """A namespace to compute in, and its names for what SymPy's printers get wrong.

    In the templates, ``{0}`` is the argument and ``{1}`` the value at 0.
    """

    name: str  # the module, as the source refers to it
    printer: CodePrinter
    relu: str
    step: str
    step_at_0: str
    where: str
    maximum: str
    minimum: str
    sqrt: str
    integer: str = "{0}"
    wrap: str = "{0}"
    arrays: bool = True
    functions: Any = None  # what knows the names of functions that are not the engine's
    modules: tuple[str, ...] = ()  # to import

    @property
    def is_exact(self) -> bool:
        """Whether it computes with numbers of its own."""
        return self.integer != "{0}"

    def divisible(self, k: int) -> Code:
        """An integer that, divided by another one, gives no Python float."""
        return self.call(self.integer, str(k))

    def call(self, template: str, *codes: str) -> Code:
        return Code(template.format(*codes, m=self.name))


_ARRAYS = {
    # The clipped x is 0, or nan, in the dtype of x; NumPy adds the mask to it in place.
    "relu": "{m}.maximum({0}, 0)",
    "step": "({m}.clip({0}, 0, 0) + ({0:p} > 0))",
    "step_at_0": "{m}.where({0:p} == 0, {1}, {m}.clip({0}, 0, 0) + ({0:p} > 0))",
    "where": "{m}.where({0}, {1}, {2})",
    "maximum": "{m}.maximum({0}, {1})",
    "minimum": "{m}.minimum({0}, {1})",
    "sqrt": "{m}.sqrt({0})",
}
_SCALARS = {
    "relu": "(0 if {0:p} < 0 else {0:p})",
    "step": "(1 if {0:p} > 0 else 0 if {0:p} <= 0 else {0:p})",
    "step_at_0": "(1 if {0:p} > 0 else 0 if {0:p} < 0 else {1:p} if {0:p} == 0 else {0:p})",
    "where": "({1:p} if {0:p} else {2:p})",
    "maximum": "({0:p} if {0:p} >= {1:p} or {0:p} != {0:p} else {1:p})",
    "minimum": "({0:p} if {0:p} <= {1:p} or {0:p} != {0:p} else {1:p})",
    "sqrt": "{m}.sqrt({0})",
    "arrays": False,
}
_TORCH_STEP = "{m}.where({m}.isnan({0}), {0}, ({0:p} > 0).to({0:p}.dtype))"  # its sign(nan) is 0
_TENSORFLOW_STEP = "{m}.where({m}.math.is_nan({0}), {0}, {m}.cast({0:p} > 0, {0:p}.dtype))"

# By sympy.lambdify's name: SymPy's printer, the module's name in the code, its names.
ENGINES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "numpy": ("numpy.NumPyPrinter", "numpy", _ARRAYS),
    "scipy": ("numpy.SciPyPrinter", "numpy", _ARRAYS),
    "cupy": ("numpy.CuPyPrinter", "cupy", _ARRAYS),
    "jax": (
        "numpy.JaxPrinter",
        "jax.numpy",
        _ARRAYS
        | {  # of slope 0 at the kink for jax.grad, unlike maximum and clip
            "relu": "jax.nn.relu({0})",
            "step": "{m}.sign(jax.nn.relu({0}))",
            "step_at_0": "{m}.where({0:p} == 0, {1}, {m}.sign(jax.nn.relu({0})))",
        },
    ),
    "torch": (
        "pytorch.TorchPrinter",
        "torch",
        _ARRAYS
        | {
            "relu": "torch.relu({0})",
            "step": _TORCH_STEP,
            "step_at_0": "{m}.where({0:p} == 0, {1}, " + _TORCH_STEP + ")",
            "maximum": "{m}.maximum({m}.as_tensor({0}), {m}.as_tensor({1}))",
            "minimum": "{m}.minimum({m}.as_tensor({0}), {m}.as_tensor({1}))",
        },
    ),
    "tensorflow": (
        "tensorflow.TensorflowPrinter",
        "tensorflow",
        _ARRAYS
        | {
            "relu": "{m}.nn.relu({0})",
            "step": _TENSORFLOW_STEP,
            "step_at_0": "{m}.where({0:p} == 0, {m}.cast({1}, {0:p}.dtype), "
            + _TENSORFLOW_STEP
            + ")",
        },
    ),
    "math": ("pycode.PythonCodePrinter", "math", _SCALARS),
    "mpmath": ("pycode.MpmathPrinter", "mpmath", _SCALARS | {"integer": "{m}.mpf({0})"}),
    "sympy": (
        "pycode.SymPyPrinter",
        "sympy",
        _SCALARS
        | {
            "integer": "sympy.Integer({0})",
            "relu": "symrelu.ReLU({0})",
            "step": "sympy.Heaviside({0}, 0)",
            "step_at_0": "sympy.Heaviside({0}, {1})",
            "maximum": "sympy.Max({0}, {1})",
            "minimum": "sympy.Min({0}, {1})",
        },
    ),
    "numexpr": (
        "lambdarepr.NumExprPrinter",
        "numexpr",
        _SCALARS
        | {
            "relu": "where({0:p} < 0, 0, {0})",
            "step": "where({0:p} > 0, 1, where({0:p} <= 0, 0, {0}))",
            "step_at_0": "where({0:p} > 0, 1, where({0:p} < 0, 0, where({0:p} == 0, {1}, {0})))",
            "where": "where({0}, {1}, {2})",
            "maximum": "where(({0:p} >= {1:p}) | ({0:p} != {0:p}), {0}, {1})",
            "minimum": "where(({0:p} <= {1:p}) | ({0:p} != {0:p}), {0}, {1})",
            "sqrt": "sqrt({0})",
            "wrap": "numexpr.evaluate({0!r}, truediv=True)",
        },
    ),
}


def engine(module: str, printer: Any, functions: Any) -> Engine:
    """The engine of a module, with a printer of the user's if there is one."""
    if module not in ENGINES:
        raise ValueError(f"lambdify knows no module {module!r}; it knows {', '.join(ENGINES)}")
    path, name, names = ENGINES[module]
    if printer is None:
        submodule, kind = path.split(".")
        printer = getattr(import_module(f"sympy.printing.{submodule}"), kind)
    modules = ("sympy", "symrelu") if module == "sympy" else (name,)
    return Engine(name, _operand_printer(printer), functions=functions, modules=modules, **names)


def _operand_printer(printer: Any) -> CodePrinter:
    """A SymPy printer, class or instance, that knows the code of some subexpressions."""
    kind, settings = (
        (printer, {}) if isinstance(printer, type) else (type(printer), printer._settings)
    )

    class OperandPrinter(kind):  # type: ignore[misc, valid-type]
        codes: Mapping[Basic, Code] = MappingProxyType({})

        def _print(self, expr: Any, **kwargs: Any) -> str:
            code = self.codes.get(expr) if isinstance(expr, Basic) else None
            return super()._print(expr, **kwargs) if code is None else code

        def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
            if isinstance(item, Basic) and item in self.codes:
                return self.codes[item].at(ATOM)
            return super().parenthesize(item, level, strict)

    known = OperandPrinter._default_settings
    return OperandPrinter({k: v for k, v in (settings | _SETTINGS).items() if k in known})


_SETTINGS = {
    "fully_qualified_modules": True,
    "allow_unknown_functions": False,
}


def _by_sympy(engine: Engine, node: Basic) -> Rule:
    """What has no rule of ours is printed by SymPy, which sees stand-ins for the operands.

    So no symbol's name gets into the code, and no rewriting goes deeper than the node.
    """
    if not isinstance(node, (Application, AtomicExpr, MatrixExpr)):
        raise NotImplementedError(
            f"lambdify has no numeric form of {type(node).__name__}; evaluate it first, by doit"
        )
    operands = [arg for arg in node.args if not arg.is_number or arg.is_Matrix]
    stand_ins = {arg: _stand_in(arg, k) for k, arg in enumerate(operands)}
    shell = node.func(*(stand_ins.get(arg, arg) for arg in node.args)) if node.args else node

    def write(*codes: Code) -> Code:
        engine.printer.codes = dict(zip(stand_ins.values(), codes, strict=True))
        try:
            text = engine.printer._print(shell)
        except (PrintMethodNotImplementedError, NotImplementedError, TypeError, KeyError):
            text = ""
        if not text or not _is_known(engine, node, text):
            raise NotImplementedError(_no_form(engine, node))
        return Code(text, ATOM if _is_closed(text) else LOOSE)

    return Rule(list(stand_ins), write)


def _stand_in(operand: Expr, k: int) -> Expr:
    return MatrixSymbol(f"M{k}", *operand.shape) if operand.is_Matrix else Dummy()


def _is_closed(text: str) -> bool:
    """Whether an operator beside the text leaves it whole, unlike ``x % 3``."""
    parsed = ast.parse(text, mode="eval").body
    return isinstance(parsed, (ast.Call, ast.Name, ast.Attribute, ast.Constant))


def _is_known(engine: Engine, node: Basic, text: str) -> bool:
    """Whether what the printer has written is something that the engine can do."""
    if engine.name == "numexpr" and node.is_Function:
        return type(node).__name__ in engine.printer._numexpr_functions
    if engine.arrays and re.search(r"(?<![\w.])math\.", text):
        return False  # for single numbers only
    return not node.is_Function or type(node) in getattr(engine.printer, "mapping", {type(node)})


@singledispatch
def rule(node: Basic, engine: Engine) -> Rule:
    """How the engine computes a node."""
    return _by_user(engine, node) or _constant(engine, node) or _by_sympy(engine, node)


def _by_user(engine: Engine, node: Basic) -> Rule | None:
    """What the user has given an implementation of."""
    name = engine.functions.name(node)
    if name is None:
        return None
    return Rule(node.args, lambda *codes: Code(f"{name}({', '.join(codes)})"))


def _constant(engine: Engine, node: Basic) -> Rule | None:
    """A number like ``sqrt(2)`` as one of Python's, which leaves the dtype to the arrays."""
    if engine.is_exact or not (is_small(node) and getattr(node, "is_number", False)):
        return None
    if isinstance(node, NumberSymbol) and engine.name != "numexpr":
        return None  # numpy.pi
    try:
        value = float(node)
    except TypeError:  # a complex one
        return None
    return Rule([Float(value)]) if isfinite(value) else None


@rule.register(Symbol)
@rule.register(MatrixSymbol)
@rule.register(IndexedBase)
def _(node: Basic, engine: Engine) -> Rule:
    raise ValueError(f"lambdify: {node} is not among the arguments; give it, or substitute a value")


@rule.register(Indexed)
def _(node: Expr, engine: Engine) -> Rule:
    return Rule(
        [node.base, *node.indices], lambda base, *indices: Code(f"{base}[{', '.join(indices)}]")
    )


@rule.register(Sum)
@rule.register(Product)
def _(node: Expr, engine: Engine) -> Rule:
    written_out = node.doit(deep=False)
    if isinstance(written_out, type(node)):
        raise NotImplementedError(f"lambdify: the limits of {node} are open; give them numbers")
    return Rule([written_out])


@rule.register(AppliedUndef)
def _(node: Basic, engine: Engine) -> Rule:
    made = _by_user(engine, node)
    if made is None:
        raise NotImplementedError(_no_form(engine, node))
    return made


def _no_form(engine: Engine, node: Basic) -> str:
    name = type(node).__name__
    return (
        f"lambdify: {engine.name} has no numeric form of {name}; choose another module, or give "
        f"one: modules=[{{{name!r}: my_function}}, ...]"
    )


# Numbers


@rule.register(Integer)
@rule.register(BooleanAtom)
def _(node: Basic, engine: Engine) -> Rule:
    text = str(node)
    return Rule((), lambda: Code(text, PRODUCT if text.startswith("-") else ATOM))


@rule.register(Rational)
def _(node: Basic, engine: Engine) -> Rule:
    return Rule((), lambda: Code(f"{engine.divisible(node.p)}/{node.q}", PRODUCT))


@rule.register(Float)
def _(node: Basic, engine: Engine) -> Rule:
    if engine.is_exact:
        return _by_sympy(engine, node)
    if isinf(float(node)):
        return Rule([S.Infinity if node.is_positive else S.NegativeInfinity])
    return Rule((), lambda: Code(repr(float(node)), PRODUCT if node.is_negative else ATOM))


@rule.register(ComplexInfinity)
def _(node: Expr, engine: Engine) -> Rule:
    raise NotImplementedError(f"lambdify: {engine.name} has no number zoo, complex infinity")


@rule.register(NaN)
@rule.register(Infinity)
@rule.register(NegativeInfinity)
def _(node: Expr, engine: Engine) -> Rule:
    if engine.name == "numexpr":  # it looks names up around the call
        name = engine.functions.provide("constant", float(node))
        return Rule((), lambda: Code(name))
    return _by_sympy(engine, node)


# Arithmetic

_LINE = 40  # terms or factors that go on one line; Python's parser nests them


def _join(parts: list[str], sign: str) -> str:
    while len(parts) > _LINE:
        groups = [parts[i : i + _LINE] for i in range(0, len(parts), _LINE)]
        parts = [f"({sign.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return sign.join(parts)


@rule.register(Add)
def _(node: Expr, engine: Engine) -> Rule:
    def write(*terms: Code) -> Code:
        # a number last, and what is subtracted not first
        ordered = sorted(terms, key=lambda t: (t.startswith("-"), t[:1].isdigit()))
        text = _join([term.at(PRODUCT) for term in ordered], " + ")
        return Code(text.replace(" + -", " - "), SUM)

    return Rule(node.args, write)


@rule.register(Mul)
def _(node: Expr, engine: Engine) -> Rule:
    number, rest = node.as_coeff_mul(rational=True)
    above, below = [], []
    for factor in rest:
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, S.One)
        if exponent.is_Rational and exponent.is_negative:
            below.append(Pow(base, -exponent))
        else:
            above.append(factor)

    def write(*codes: Code) -> Code:
        up = [_factor(code) for code in codes[: len(above)]]
        down = [str(number.q)] * (number.q != 1) + [_factor(code) for code in codes[len(above) :]]
        if abs(number.p) != 1 or not up or (down and engine.is_exact):
            up.insert(0, engine.divisible(abs(number.p)) if down else str(abs(number.p)))
        text = ("-" if number.p < 0 else "") + _join(up, "*")
        if down:
            text += "/" + (_join(down, "*") if len(down) == 1 else f"({_join(down, '*')})")
        return Code(text, PRODUCT)

    return Rule([*above, *below], write)


def _factor(code: Code) -> str:
    return code.at(POWER if code.startswith("-") or "/" in code or "@" in code else PRODUCT)


@rule.register(Pow)
def _(node: Expr, engine: Engine) -> Rule:
    if constant := _constant(engine, node):
        return constant
    base, exponent = node.args
    if exponent.is_Rational and exponent.is_negative:
        one = engine.divisible(1)
        return Rule([Pow(base, -exponent)], lambda code: Code(f"{one}/{code.at(POWER)}", PRODUCT))
    if exponent is S.Half:
        return Rule([base], lambda code: engine.call(engine.sqrt, code))
    return Rule([base, exponent], lambda b, e: Code(f"{b.at(ATOM)}**{e.at(ATOM)}", POWER))


# The kinked functions


@rule.register(ReLU)
def _(node: Expr, engine: Engine) -> Rule:
    x = node.args[0]
    if len(node.args) == 2:
        return Rule([ReLU(x, evaluate=False)])  # the value does not depend on H0
    return _by_user(engine, node) or Rule(
        [x], lambda code: engine.call(engine.relu, code), not engine.arrays
    )


@rule.register(Heaviside)
def _(node: Expr, engine: Engine) -> Rule:
    if made := _by_user(engine, node):
        return made
    x, H0 = node.args
    if H0.is_zero:
        return Rule([x], lambda code: engine.call(engine.step, code), repeats=True)
    return Rule([x, H0], lambda *codes: engine.call(engine.step_at_0, *codes), repeats=True)


@rule.register(DiracDelta)
def _(node: Expr, engine: Engine) -> Rule:
    raise ValueError(
        f"lambdify: {node} has no value at a point.  It is the derivative of a step, such as the "
        "second derivative of ReLU; integrate it, or, to ignore the kinks, "
        "replace it: expr.replace(DiracDelta, lambda *args: 0)"
    )


def _extremum(node: Expr, engine: Engine, template: str) -> Rule:
    def write(*codes: Code) -> Code:
        return reduce(lambda a, b: engine.call(template, a, b), codes)

    return Rule(node.args, write, repeats=template.count("{0") > 1)


@rule.register(Max)
def _(node: Expr, engine: Engine) -> Rule:
    return _extremum(node, engine, engine.maximum)


@rule.register(Min)
def _(node: Expr, engine: Engine) -> Rule:
    return _extremum(node, engine, engine.minimum)


@rule.register(Relational)
def _(node: Relational, engine: Engine) -> Rule:
    def write(a: Code, b: Code) -> Code:
        return Code(f"{a.at(SUM)} {node.rel_op} {b.at(SUM)}", LOOSE)

    return Rule(node.args, write)


@rule.register(And)
@rule.register(Or)
def _(node: Basic, engine: Engine) -> Rule:
    sign = " & " if isinstance(node, And) else " | "
    return Rule(node.args, lambda *codes: Code(sign.join(c.at(ATOM) for c in codes), LOOSE))


@rule.register(Piecewise)
def _(node: Expr, engine: Engine) -> Rule:
    *branches, (last, otherwise) = [tuple(pair) for pair in node.args]
    if otherwise != True:  # noqa: E712
        branches, last = [*branches, (last, otherwise)], S.NaN

    def write(last: Code, *codes: Code) -> Code:
        pairs = list(zip(codes[::2], codes[1::2], strict=True))
        return reduce(
            lambda rest, pair: engine.call(engine.where, pair[1], pair[0], rest),
            reversed(pairs),
            last,
        )

    return Rule([last, *(part for pair in branches for part in pair)], write)


# Matrices


class Entry(Expr):
    """An element of a matrix, any: what an elementwise function is applied to."""

    is_extended_real = True
    is_commutative = True


@rule.register(Entry)
def _(node: Entry, engine: Engine) -> Rule:
    return Rule(node.args)


@rule.register(ElementwiseApplyFunction)
def _(node: Expr, engine: Engine) -> Rule:
    variable, *parameters = node.function.variables
    at = dict(zip(parameters, node.args[2:], strict=True))
    return Rule([node.function.expr.xreplace({variable: Entry(node.expr), **at})])


def _method(template: str) -> Callable[[Any, Engine], Rule]:
    def of(node: Basic, engine: Engine) -> Rule:
        operands = [arg for arg in node.args if arg.is_Matrix]
        return Rule(operands, lambda *codes: engine.call(template, *(c.at(ATOM) for c in codes)))

    return of


for _kind, _template in (
    (Transpose, "{0}.T"),
    (Inverse, "{m}.linalg.inv({0})"),
    (Determinant, "{m}.linalg.det({0})"),
    (DiagMatrix, "{m}.diag({0}.reshape(-1))"),
    (DiagonalOf, "{m}.diagonal({0}).reshape(-1, 1)"),
    (DiagonalMatrix, "{m}.diag({m}.diagonal({0}))"),
):
    rule.register(_kind, _method(_template))


def _filled(node: Basic, engine: Engine, name: str) -> Rule:
    return Rule(node.shape, lambda m, n: engine.call("{m}.{2}(({0}, {1}))", m, n, name))


@rule.register(ZeroMatrix)
def _(node: Expr, engine: Engine) -> Rule:
    return _filled(node, engine, "zeros")


@rule.register(OneMatrix)
def _(node: Expr, engine: Engine) -> Rule:
    return _filled(node, engine, "ones")


@rule.register(Identity)
def _(node: Expr, engine: Engine) -> Rule:
    return Rule([node.shape[0]], lambda n: engine.call("{m}.eye({0})", n))


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
def _(node: Expr, engine: Engine) -> Rule:
    return Rule(_broadcasting(node.args), rule.dispatch(Add)(node, engine).write)


@rule.register(HadamardProduct)
def _(node: Expr, engine: Engine) -> Rule:
    def write(*codes: Code) -> Code:
        return Code(_join([_factor(code) for code in codes], "*"), PRODUCT)

    return Rule(_broadcasting(node.args), write)


@rule.register(HadamardPower)
def _(node: Expr, engine: Engine) -> Rule:
    return Rule(node.args, lambda b, e: Code(f"{b.at(ATOM)}**{e.at(ATOM)}", POWER))


@rule.register(MatPow)
def _(node: Expr, engine: Engine) -> Rule:
    base, exponent = node.args
    if exponent == -1:
        return Rule([Inverse(base)])
    return Rule(
        [base, exponent], lambda b, e: engine.call("{m}.linalg.matrix_power({0}, {1})", b, e)
    )


@rule.register(MatMul)
def _(node: Expr, engine: Engine) -> Rule:
    scalar, factors = split(node)
    if scalar is not S.One:
        return _scaled(scalar, factors)
    first, last = factors[0], factors[-1]
    if isinstance(last, OneMatrix):
        return _times_ones(matmul(*factors[:-1]), last, 1, engine)
    if isinstance(first, OneMatrix):
        return _times_ones(matmul(*factors[1:]), first, 0, engine)
    k = _best_split(factors)
    left, right = matmul(*factors[:k]), matmul(*factors[k:])
    return Rule([left, right], lambda a, b: Code(f"{a.at(POWER)} @ {b.at(POWER)}", PRODUCT))


def _scaled(scalar: Expr, factors: Sequence[Expr]) -> Rule:
    def write(c: Code, matrix: Code) -> Code:
        if c == "-1":
            return Code(f"-{matrix.at(POWER)}", PRODUCT)
        return Code(f"{c.at(POWER)}*{matrix.at(POWER)}", PRODUCT)

    return Rule([scalar, matmul(*factors)], write)


def _times_ones(matrix: Expr, ones: Expr, axis: int, engine: Engine) -> Rule:
    """A product by a matrix of ones: a sum along an axis, and a broadcast along it."""
    inner, outer = ones.shape if axis == 1 else reversed(ones.shape)
    shape = (matrix.shape[0], outer) if axis == 1 else (outer, matrix.shape[1])

    def write(code: Code, m: Code, n: Code) -> Code:
        if inner != 1:
            code = Code(f"{code.at(ATOM)}.sum(axis={axis}, keepdims=True)")
        return code if outer == 1 else engine.call("{m}.broadcast_to({0}, ({1}, {2}))", code, m, n)

    return Rule([matrix, *shape], write)


def _best_split(factors: Sequence[Expr]) -> int:
    """Where to split a product of matrices so that the fewest multiplications are made."""
    # An open dimension is taken to be larger than those that are known.
    dims = [
        int(d) if d.is_Integer else 10_000
        for d in map(sympify, (factors[0].shape[0], *(f.shape[1] for f in factors)))
    ]
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i + 1): (0, 0) for i in range(len(factors))}
    for length in range(2, len(factors) + 1):
        for i in range(len(factors) - length + 1):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k, j][0] + dims[i] * dims[k] * dims[j], -k)
                for k in range(i + 1, j)
            )
    return -best[0, len(factors)][1]


@rule.register(Trace)
def _(node: Expr, engine: Engine) -> Rule:
    scalar, factors = split(node.arg)
    if len(factors) == 1:
        return _method("{m}.trace({0})")(node, engine)
    # The trace of a product is a dot product.
    dot = hadamard(transpose(factors[0]), matmul(*factors[1:]))

    def write(c: Code, product: Code) -> Code:
        total = Code(f"{product.at(ATOM)}.sum()")
        return total if c == "1" else Code(f"{c.at(POWER)}*{total}", PRODUCT)

    return Rule([scalar, dot], write)


@rule.register(MatrixElement)
def _(node: Expr, engine: Engine) -> Rule:
    return Rule(node.args, lambda matrix, i, j: Code(f"{matrix.at(ATOM)}[{i}, {j}]"))


@rule.register(MatrixSlice)
def _(node: Expr, engine: Engine) -> Rule:
    bounds = [*node.rowslice, *node.colslice]

    def write(matrix: Code, *b: Code) -> Code:
        return Code(f"{matrix.at(ATOM)}[{b[0]}:{b[1]}:{b[2]}, {b[3]}:{b[4]}:{b[5]}]")

    return Rule([node.parent, *bounds], write)


def _nested(codes: Sequence[str], columns: int) -> str:
    rows = (", ".join(codes[i : i + columns]) for i in range(0, len(codes), columns))
    return "[" + ", ".join(f"[{row}]" for row in rows) + "]"


@rule.register(MatrixBase)
def _(node: Any, engine: Engine) -> Rule:
    rows, columns = node.shape

    def write(*codes: Code) -> Code:
        if engine.name == "torch":
            entries = ", ".join(f"torch.as_tensor({code})" for code in codes)
            return Code(f"torch.stack([{entries}]).reshape({rows}, {columns})")
        template = {"mpmath": "{m}.matrix({0})", "sympy": "{m}.Matrix({0})", "math": "{0}"}
        return engine.call(template.get(engine.name, "{m}.array({0})"), _nested(codes, columns))

    if engine.name == "numexpr":
        raise NotImplementedError("lambdify: numexpr has no matrices; give a list of the elements")
    return Rule(node.flat(), write)


@rule.register(NDimArray)
def _(node: Any, engine: Engine) -> Rule:
    return Rule(
        list(node._array),
        lambda *codes: engine.call(
            "{m}.array([{0}]).reshape({1})", ", ".join(codes), str(tuple(map(int, node.shape)))
        ),
    )


@rule.register(BlockMatrix)
def _(node: Expr, engine: Engine) -> Rule:
    blocks = node.blocks
    return Rule(
        blocks.flat(), lambda *codes: engine.call("{m}.block({0})", _nested(codes, blocks.cols))
    )
