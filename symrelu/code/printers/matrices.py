"""Matrices and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from sympy import (
    Add,
    Adjoint,
    Basic,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Expr,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    OneMatrix,
    S,
    Trace,
    Transpose,
    Tuple,
    ZeroMatrix,
    ceiling,
    floor,
    sympify,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import NDimArray
from sympy.tensor.indexed import Indexed

from symrelu.code.arrays import STACKED
from symrelu.code.engines import POWER, PRODUCT, Code
from symrelu.code.lower import Filled, LogDet, Signs, Solve, lower
from symrelu.code.printers.rules import Rule, Target, is_number, rule
from symrelu.code.printers.scalars import (
    POWERS,
    as_factor,
    by_products,
    first_factor,
    join,
    multiple,
    raised,
)
from symrelu.graph import postorder
from symrelu.matrices.algebra import hadamard, matmul, split, transpose
from symrelu.signs import is_small


def _operation(operation: str) -> Callable[[Any, Target], Rule]:
    def of(node: Basic, engine: Target) -> Rule:
        operands = [arg for arg in node.args if arg.is_Matrix]
        return Rule(operands, lambda *codes: engine.call(operation, *codes, of=node))

    return of


for _kind, _name in (
    (Transpose, "transpose"),
    (Adjoint, "adjoint"),
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
    return Rule(node.args, lambda *codes: engine.call("filled", *codes, of=node), repeats=True)


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
        return Code(join([first_factor(codes[0]), *map(as_factor, codes[1:])], times), PRODUCT)

    return Rule(_broadcasting(node.args), write)


@rule.register(HadamardPower)
def _(node: Expr, engine: Target) -> Rule:
    if engine.products and engine.hadamard_power and node.args[1] in POWERS:
        return by_products(node)

    def write(base: Code, code: Code) -> Code:
        exponent = raised(node.args[1], code, engine)
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
        return Rule([scalar, matmul(*factors)], lambda c, code: multiple(c, code, times))
    first, last = factors[0], factors[-1]
    if engine.broadcast and isinstance(last, OneMatrix):
        return _times_ones(matmul(*factors[:-1]), last, 1, engine)
    if engine.broadcast and isinstance(first, OneMatrix):
        return _times_ones(matmul(*factors[1:]), first, 0, engine)
    if len(factors) > 2:
        return Rule([MatMul(factors[0], matmul(*factors[1:]))])
    return Rule(factors, lambda a, b: Code(engine.call("matmul", a, b, of=node), PRODUCT))


def _times_ones(matrix: Expr, ones: Expr, axis: int, engine: Target) -> Rule:
    """A product by a matrix of ones: a sum along an axis, and a broadcast along it."""
    inner, outer = ones.shape if axis == 1 else reversed(ones.shape)
    shape = (matrix.shape[0], outer) if axis == 1 else (outer, matrix.shape[1])

    def write(code: Code, m: Code, n: Code) -> Code:
        if inner != 1:
            code = engine.call("total_along", code, str(axis), of=ones)
        return code if outer == 1 else engine.call("broadcast", code, m, n, of=ones)

    return Rule([matrix, *map(sympify, shape)], write)


@rule.register(ElementwiseApplyFunction)
def _(node: Any, engine: Target) -> Rule:
    entries = lower(node)
    # Value and slope hold the parts of a long function, each its own.
    return Rule([entries if is_small(entries) else engine.interned(entries)])


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
        return total if c == "1" else multiple(c, total)

    return Rule([scalar, dot], write)


@rule.register(MatrixSlice)
def _(node: Expr, engine: Target) -> Rule:
    bounds = [*node.rowslice, *node.colslice]

    def write(parent: Code, *codes: Code) -> Code:
        rounded = [sympify(bound).has(floor, ceiling) for bound in bounds]  # engines make floats
        indices = [f"int({c})" if r else c for c, r in zip(codes, rounded, strict=True)]
        return engine.call("slice", parent, *indices, of=node)

    return Rule([node.parent, *bounds], write)


def nested(codes: Sequence[str], columns: int) -> str:
    rows = (", ".join(codes[i : i + columns]) for i in range(0, len(codes), columns))
    return "[" + ", ".join(f"[{row}]" for row in rows) + "]"


def _array_operation(entries: Sequence[Expr]) -> str:
    if all(map(is_number, entries)):
        return "numbers" if all(entry.is_Integer for entry in entries) else "reals"
    return "array"


@rule.register(MatrixBase)
def _(node: Any, engine: Target) -> Rule:
    rows, columns = map(int, node.shape)
    entries = node.flat()
    if not entries:
        return _empty(node, rows, columns, engine)
    operation = _array_operation(entries)
    if operation != "array" or not engine.stack or (engine.mixed and _is_even(entries, engine)):
        return Rule(entries, lambda *codes: engine.call(operation, nested(codes, columns), of=node))
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
    if not is_number(entry):
        return code
    return engine.call("cast" if entry.is_Integer else "cast_real", code)


def _is_even(entries: Sequence[Expr], engine: Target) -> bool:
    """Whether no entry is an array if another is a number: all read the same arguments."""
    reads: dict[Basic, int] = {}  # sets, as bits: SymPy's ``free_symbols`` walks the whole tree
    for count, node in enumerate(postorder(Tuple(*entries))):
        is_symbol = not (node.args or node.is_number)
        if is_symbol or isinstance(node, Indexed) or node in engine.arguments:
            reads[node] = 1 << count
        else:
            reads[node] = reduce(int.__or__, (reads.get(arg, 0) for arg in node.args), 0)
    return len({reads[entry] for entry in entries}) == 1


@rule.register(NDimArray)
def _(node: Any, engine: Target) -> Rule:
    entries, shape = list(node._array), str(tuple(map(int, node.shape)))
    operation = _array_operation(entries)
    if engine.stack and operation == "array" and not (engine.mixed and _is_even(entries, engine)):
        return _stack(entries, shape, node, engine)

    def write(*codes: Code) -> Code:
        flat = engine.call(operation, f"[{', '.join(codes)}]", of=node)
        return engine.call("shaped", flat, shape, of=node)

    return Rule(entries, write)


@rule.register(BlockMatrix)
def _(node: Expr, engine: Target) -> Rule:
    blocks = node.blocks
    return Rule(
        blocks.flat(), lambda *codes: engine.call("blocks", nested(codes, blocks.cols), of=node)
    )
