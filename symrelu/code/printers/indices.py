"""What is looked up, and what runs over indices: sums, loops and integrals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sympy import (
    Basic,
    DeferredVector,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    MatrixSymbol,
    Piecewise,
    Symbol,
)
from sympy.core.function import Application
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from symrelu.code.engines import Code
from symrelu.code.lower import Chosen, Count, LoopProduct, LoopSum, Quadrature, Slot, Total
from symrelu.code.printers.rules import Rule, Target, rule
from symrelu.graph import postorder
from symrelu.signs import is_small


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
@rule.register(ArrayElement)
def _(node: Any, engine: Target) -> Rule:
    base = node.base if isinstance(node, Indexed) else node.name

    def write(base: Code, *codes: Code) -> Code:
        return engine.call("item", base, ", ".join(whole(node.indices, codes, engine)), of=node)

    return Rule([base, *node.indices], write)


@rule.register(MatrixElement)
def _(node: Expr, engine: Target) -> Rule:
    def write(matrix: Code, *codes: Code) -> Code:
        return engine.call("element", matrix, *whole(node.args[1:], codes, engine), of=node)

    return Rule(node.args, write)


def whole(indices: Sequence[Expr], codes: Sequence[Code], engine: Target) -> Iterator[Code]:
    """The codes of indices as integers; an engine's functions of whole numbers may give floats."""
    for index, code in zip(indices, codes, strict=True):
        is_made = is_small(index) and index.has(Application) and _is_whole(index)
        yield engine.row.call("index", code) if is_made else code


def _is_whole(index: Expr) -> bool:
    """Whether it is a whole number for real ones."""
    unknown = (s for s in index.free_symbols if s.is_real is None)
    made: Expr = index.xreplace({s: Dummy(real=True) for s in unknown})
    return bool(made.is_integer)


@rule.register(Total)
def _(node: Expr, engine: Target) -> Rule:
    body, loop = node.args
    if not (engine.total and engine.index_range):
        return Rule([loop])
    beside = [s for s in postorder(body) if isinstance(s, Symbol) and not s.is_integer]
    data = {part.base.label for part in postorder(body) if isinstance(part, Indexed)}
    engine.numbers_only.update(dict.fromkeys(s for s in beside if s not in data))
    return Rule([body], lambda code: engine.call("total", code, of=node))


@rule.register(Chosen)
def _(node: Chosen, engine: Target) -> Rule:
    return Rule([Piecewise(node.args, (0, True), evaluate=False)])


@rule.register(Count)
def _(node: Count, engine: Target) -> Rule:
    operation, _, axes = node.kind.partition(", ")

    def write(*codes: Code) -> Code:
        code = engine.call(operation, *codes, of="Sum" if node.bounds[1:] else "FunctionMatrix")
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
            return engine.call(operation, name, first, last, rest, of=_SYMPYS[operation])

        return Rule([first, last, *others], write, outside=True)

    return of


_SYMPYS = {"loop_sum": "Sum", "loop_product": "Product", "quadrature": "Integral"}

for _kind, _name in (
    (LoopSum, "loop_sum"),
    (LoopProduct, "loop_product"),
    (Quadrature, "quadrature"),
):
    rule.register(_kind, _over(_name))


@rule.register(Slot)
def _(node: Slot, engine: Target) -> Rule:
    if node.operand.is_Matrix and not engine.broadcasts:
        raise NotImplementedError(
            f"lambdify: {engine.name} has no functions of the entries of a matrix, "
            f"{type(node.operand).__name__}; choose another module, or write the entries out"
        )
    return Rule([node.operand])
