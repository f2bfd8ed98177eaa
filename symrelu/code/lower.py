"""From expressions to expressions that are cheaper or safer to compute; no engine is known here.

``lower`` takes one step, for one node, and gives back the node itself where there is nothing to
gain.  What it writes is equal to what it was given; the nodes of its own, like ``Larger`` and
``Solve``, are binary, so that whatever repeats an operand repeats a short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce, singledispatch
from typing import Any

from sympy import (
    ITE,
    Basic,
    Determinant,
    Expr,
    FunctionMatrix,
    Inverse,
    MatMul,
    MatPow,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Product,
    S,
    Sum,
    Transpose,
    UnevaluatedExpr,
    log,
    sympify,
)
from sympy.core.expr import AtomicExpr
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.tensor.indexed import Indexed

from symrelu.graph import postorder
from symrelu.matrices.algebra import element, matmul, split, transpose

BRANCHES = 40  # of a choice that are nested in one another
_TERMS = 1000  # of a sum that are written out


class Larger(Expr):
    """The larger of two, nan if either is."""

    is_extended_real = True
    is_commutative = True


class Smaller(Larger):
    """The smaller of two, nan if either is."""


class Slot(AtomicExpr):
    """An operand, of any shape, in the place of a number: the entry in an elementwise function.

    It is an atom, so that nothing looks into the operand when a body is written with it.
    """

    is_extended_real = True
    is_commutative = True
    operand: Basic

    def __new__(cls, operand: Basic) -> Slot:
        slot: Slot = super().__new__(cls)
        slot.operand = operand
        return slot

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.operand,)

    def __getnewargs__(self) -> tuple[Basic]:
        return (self.operand,)

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(self.operand))


class Count(AtomicExpr):
    """The indices of the rows, of the columns or of the terms, counted from 0, as an array."""

    is_integer = True
    is_commutative = True
    bounds: tuple[Expr, ...]
    kind: str

    def __new__(cls, kind: str, *bounds: Expr) -> Count:
        count: Count = super().__new__(cls)
        count.kind, count.bounds = kind, bounds
        return count

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.kind, *self.bounds)


class Filled(MatrixExpr):
    """An array of numbers, broadcast to a shape."""

    shape = property(lambda self: self.args[1:])


class Stack(Expr):
    """Numbers and arrays, broadcast to one shape and put behind one another."""


class Total(Expr):
    """The sum of what has an entry for each index."""


class Signs(Expr):
    """The sign and the logarithm of the size of a determinant."""

    is_commutative = True


class LogDet(Expr):
    """The logarithm of a determinant, of its sign and logarithm."""

    is_extended_real = True
    is_commutative = True


class Solve(MatrixExpr):
    """The solution ``X`` of ``A*X = B``."""

    shape = property(lambda self: self.args[1].shape)


@singledispatch
def lower(node: Basic) -> Basic:
    """One step towards what is cheap to compute; the node itself if there is none."""
    return node


@lower.register(Max)
@lower.register(Min)
def _(node: Expr) -> Basic:
    pair = Larger if isinstance(node, Max) else Smaller
    return reduce(pair, node.args)


@lower.register(ITE)
def _(node: Any) -> Basic:
    condition, yes, no = node.args
    return Piecewise(ExprCondPair(yes, condition), ExprCondPair(no, S.true), evaluate=False)


@lower.register(Piecewise)
def _(node: Expr) -> Basic:
    if len(node.args) <= BRANCHES:
        return node
    rest = Piecewise(*node.args[BRANCHES - 1 :], evaluate=False)
    return Piecewise(*node.args[: BRANCHES - 1], ExprCondPair(rest, S.true), evaluate=False)


@lower.register(UnevaluatedExpr)
def _(node: Expr) -> Basic:
    return node.args[0]


@lower.register(log)
def _(node: Expr) -> Basic:
    (x,) = node.args
    return LogDet(Signs(x.arg)) if isinstance(x, Determinant) else node


@lower.register(Sum)
@lower.register(Product)
def _(node: Any) -> Basic:
    sizes = [last - first for _, first, last in node.limits]
    if any(bound.is_infinite for _, *bounds in node.limits for bound in bounds):
        raise NotImplementedError(
            f"lambdify has no numeric form of {type(node).__name__} without end: {node}; "
            "evaluate it first, or give its limits numbers"
        )
    total = 1
    for size in sizes:
        total *= int(size) + 1 if size.is_Integer else _TERMS + 1
    if total <= _TERMS:
        written_out = node.doit(deep=False)
        if not written_out.has(type(node)) or type(written_out) is not type(node):
            return written_out
    if isinstance(node, Product) or len(node.limits) > 1:
        raise NotImplementedError(f"lambdify: the limits of {node} are open; give them numbers")
    ((index, first, last),) = node.limits
    over_data = any(
        isinstance(part, Indexed) and index in part.indices for part in postorder(node.function)
    )
    if not over_data and not sizes[0].is_Integer:
        raise NotImplementedError(f"lambdify: the limits of {node} are open; give them numbers")
    return Total(node.function.xreplace({index: Count("index_range", first, last)}), first, last)


# Matrices


@lower.register(ElementwiseApplyFunction)
def _(node: Any) -> Basic:
    function, *operands = node.args
    slots = [operand if operand.is_Number else Slot(operand) for operand in operands]
    return function.expr.xreplace(dict(zip(function.variables, slots, strict=True)))


@lower.register(FunctionMatrix)
def _(node: Any) -> Basic:
    rows, columns = node.shape
    i, j = node.lamda.variables
    entries = node.lamda.expr.xreplace({i: Count("rows", rows), j: Count("columns", columns)})
    return Filled(entries, rows, columns)


@lower.register(MatPow)
def _(node: Any) -> Basic:
    return Inverse(node.args[0]) if node.args[1] == -1 else node


@lower.register(DotProduct)
def _(node: Any) -> Basic:
    a, b = (m if m.shape[1] == 1 else m.T for m in node.args)
    return element(matmul(transpose(a), b), 0, 0)


@lower.register(MatMul)
def _(node: Any) -> Basic:
    scalar, factors = split(node)
    if scalar is not S.One or len(factors) < 2:
        return node
    if isinstance(factors[0], OneMatrix) or isinstance(factors[-1], OneMatrix):
        return node
    k = best_split(factors)
    solved = [i for i, f in enumerate(factors) if isinstance(lower(f), Inverse)]
    if solved and solved[0] < len(factors) - 1:
        k = solved[0] or 1
        if solved[0] == 0:
            return Solve(lower(factors[0]).args[0], matmul(*factors[1:]))
    elif solved:
        matrix = lower(factors[-1]).args[0]
        return Transpose(Solve(transpose(matrix), transpose(matmul(*factors[:-1]))))
    if len(factors) == 2:
        return node
    return MatMul(matmul(*factors[:k]), matmul(*factors[k:]))


def best_split(factors: Sequence[Expr]) -> int:
    """Where to split a product of matrices so that the fewest multiplications are made."""
    # An open dimension is taken to be larger than those that are known.
    dims = [
        int(d) if sympify(d).is_Integer else 10_000
        for d in (factors[0].shape[0], *(f.shape[1] for f in factors))
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
