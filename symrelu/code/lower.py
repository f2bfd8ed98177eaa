"""From expressions to expressions that are cheaper or safer to compute; no engine is known here.

``lower`` takes one step, for one node, and gives back the node itself where there is nothing to
gain.  What it writes is equal to what it was given; the nodes of its own, like ``Larger`` and
``Solve``, are binary, so that whatever repeats an operand repeats a short one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce, singledispatch
from itertools import product
from typing import Any

from sympy import (
    Add,
    And,
    Basic,
    Contains,
    Derivative,
    Determinant,
    Dummy,
    Expr,
    FunctionMatrix,
    Integral,
    Interval,
    Inverse,
    KroneckerProduct,
    Limit,
    MatMul,
    MatPow,
    Max,
    Min,
    Mul,
    Not,
    OneMatrix,
    Or,
    Piecewise,
    Poly,
    Product,
    S,
    Subs,
    Sum,
    Transpose,
    UnevaluatedExpr,
    Union,
    log,
    prod,
    re,
    sympify,
)
from sympy.core.expr import AtomicExpr
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from symrelu.graph import bound_within, exchanged, free_symbols, holds, objects, postorder
from symrelu.matrices.algebra import element, matmul, split, transpose
from symrelu.signs import known, put

BRANCHES = 40  # of a choice that are nested in one another
_TERMS = 100  # of a sum that are written out


class Larger(Expr):
    """The larger of two, nan if either is."""

    is_extended_real = True
    is_commutative = True


class Smaller(Larger):
    """The smaller of two, nan if either is."""


class Spread(Dummy):
    """An array in the place of a number, in a function that is compiled on its own."""

    is_spread = True


class Slot(AtomicExpr):
    """An operand, of any shape, in the place of a number: the entry in an elementwise function.

    It is an atom, so that nothing looks into the operand when a body is written with it.
    """

    is_extended_real: bool | None = True
    is_commutative = True
    _diff_wrt = True  # as what it stands in the place of
    name = "entry"  # SymPy asks it of what is free
    is_spread = True
    operand: Basic

    @property
    def free_symbols(self) -> set[Basic]:
        return {self}  # as in Count

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


class AnySlot(Slot):
    """An operand that may be complex."""

    is_extended_real = None


class Count(AtomicExpr):
    """The indices of the rows, of the columns or of the terms, counted from 0, as an array."""

    name = "count"  # SymPy asks it of what is free
    is_spread = True
    is_integer = True
    is_commutative = True
    bounds: tuple[Expr, ...]
    kind: str

    @property
    def free_symbols(self) -> set[Basic]:
        return {self}  # what holds it is no number, which SymPy would compare

    def __new__(cls, kind: str, *bounds: Expr) -> Count:
        count: Count = super().__new__(cls)
        count.kind, count.bounds = kind, bounds
        return count

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.kind, *self.bounds)


class Chosen(Expr):
    """An index where a condition holds, elsewhere the first one; SymPy does not take it apart."""

    is_integer = True
    is_commutative = True


class Bounded(Piecewise):
    """A choice of elements that are there in every branch."""


class Filled(MatrixExpr):
    """An array of numbers, broadcast to a shape."""

    shape = property(lambda self: self.args[1:])


class Total(Expr):
    """The sum of what has an entry for each index; the same as a loop, if it must be."""


class LoopSum(Expr):
    """The sum of a body over an index, from a first number on, up to the last of the args."""

    is_commutative = True


class LoopProduct(LoopSum):
    """The product of them."""


class Quadrature(Expr):
    """The integral of a body, over a variable that runs from a lower limit to an upper."""

    is_commutative = True


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


@lower.register(Piecewise)
def _(node: Expr) -> Basic:
    if len(node.args) <= BRANCHES:
        return node
    rest = Piecewise(*node.args[BRANCHES - 1 :], evaluate=False)
    return Piecewise(*node.args[: BRANCHES - 1], ExprCondPair(rest, S.true), evaluate=False)


_ELEMENTS = (MatrixElement, Indexed)


def _tested(conditions: Iterable[Basic]) -> set[Basic]:
    """The symbols, and counts, of which conditions hold or do not; not those of data."""
    stack, found = [*conditions], set()
    while stack:
        node = stack.pop()
        if node.is_Atom and not node.is_number:
            found.add(node)
        elif not isinstance(node, _ELEMENTS):
            stack.extend(node.args)
    return found


def _places(value: Basic, tested: set[Basic]) -> dict[Basic, Sequence[Any]]:
    """The elements that may not be there, as ``x[i + 1]``, or ``x[i]`` if i < 2, with indices."""
    elements = {
        part: part.indices if isinstance(part, Indexed) else part.args[1:]
        for part in postorder(value)
        if isinstance(part, _ELEMENTS)
    }
    return {
        part: at
        for part, at in elements.items()
        if not all(k.is_Atom and k not in tested for k in at)
    }


def within_bounds(node: Expr) -> Basic:
    """The same choice, of elements that are there in whichever branch is not taken.

    Arrays are computed in all the branches, and ``x[i + 1]`` may be behind the last one.
    """
    if isinstance(node, Bounded):
        return node
    tested = _tested(condition for _, condition in node.args)
    places = [_places(value, tested) for value, _ in node.args]
    if not any(places):
        return node
    branches, before = [], S.false
    for (value, condition), found in zip(node.args, places, strict=True):
        taken = And(condition, Not(before))
        new = {
            part: part.func(
                part.args[0],
                *(k if k.is_Atom and k not in tested else Chosen(k, taken) for k in at),
            )
            for part, at in found.items()
        }
        branches.append(ExprCondPair(value if taken == True else value.xreplace(new), condition))  # noqa: E712
        before = Or(before, condition)
    return Bounded(*branches, evaluate=False)


@lower.register(UnevaluatedExpr)
def _(node: Expr) -> Basic:
    return node.args[0]


@lower.register(Poly)
def _(node: Any) -> Basic:
    expr: Basic = node.as_expr()
    return expr


@lower.register(Contains)
def _(node: Any) -> Basic:
    x, kind = node.args
    return kind.as_relational(x) if isinstance(kind, (Interval, Union)) else node


@lower.register(re)
def _(node: Expr) -> Basic:
    (z,) = node.args  # SymPy does not look into what it must not evaluate
    return z if isinstance(z, UnevaluatedExpr) and z.args[0].is_extended_real else node


@lower.register(Integral)
def _(node: Any) -> Basic:
    *inner, limits = node.limits
    if len(limits) != 3:
        raise NotImplementedError(
            f"lambdify has no numeric form of {node}, without limits; evaluate it first, by doit"
        )
    return Quadrature(Integral(node.function, *inner) if inner else node.function, *limits)


@lower.register(Derivative)
@lower.register(Limit)
@lower.register(Subs)
def _(node: Any) -> Basic:
    return node.doit(deep=False)


@lower.register(log)
def _(node: Expr) -> Basic:
    (x,) = node.args
    return LogDet(Signs(x.arg)) if isinstance(x, Determinant) else node


@lower.register(Sum)
@lower.register(Product)
def _(node: Any) -> Basic:
    if any(bound.is_infinite for _, *bounds in node.limits for bound in bounds):
        raise NotImplementedError(
            f"lambdify has no numeric form of {type(node).__name__} without end: {node}; "
            "evaluate it first, or give its limits numbers"
        )
    counts = [last - first + 1 for _, first, last in node.limits]
    if all(count.is_Integer for count in counts) and prod(counts) <= _TERMS:
        written_out = node.doit(deep=False)
        if not written_out.has(type(node)) or type(written_out) is not type(node):
            return written_out
    *inner, (index, first, last) = node.limits
    body = type(node)(node.function, *inner) if inner else node.function
    over_data = isinstance(node, Sum) and _is_over_data(node)
    if inner and not over_data and counts[-1].is_Integer and counts[-1] <= _TERMS:
        terms = [body.subs(index, first + k) for k in range(counts[-1])]
        return (Add if isinstance(node, Sum) else Mul)(*terms)
    loop = (LoopSum if isinstance(node, Sum) else LoopProduct)(
        *_common_limits(node, body, index, first, last + 1)
    )
    return Total(_at_once(node), loop) if over_data else loop


def _common_limits(node: Any, body: Expr, index: Expr, first: Expr, end: Expr) -> tuple[Expr, ...]:
    """One pair of limits for all rows and columns, where each has its own, as in a triangle."""
    counts = list(dict.fromkeys(_counts(first) + _counts(end)))
    if not counts:
        return body, index, first, end
    nothing = S.Zero if isinstance(node, Sum) else S.One
    within = And(index >= first, index < end)
    part = Piecewise(ExprCondPair(body, within), ExprCondPair(nothing, S.true), evaluate=False)
    corners = [
        dict(zip(counts, corner, strict=True))
        for corner in product(*((S.Zero, count.bounds[-1] - 1) for count in counts))
    ]
    firsts, ends = ([bound.xreplace(corner) for corner in corners] for bound in (first, end))
    if any(
        not bound.is_polynomial(*counts) or Poly(bound, *counts).total_degree() > 1
        for bound in (first, end)
    ):
        raise NotImplementedError(
            f"lambdify has no numeric form of {node}, whose limits are not linear in the indices "
            "around it; evaluate it first, by doit"
        )
    return part, index, Min(*firsts), Max(*ends)


def _counts(expr: Expr) -> list[Count]:
    return [part for part in postorder(expr) if isinstance(part, Count)]


def _is_over_data(node: Sum) -> bool:
    """Whether data are looked up by the indices, which all run on their own.

    An index around the sum, and an entry, that are arrays have axes that are not summed over.
    """
    indices = set(node.variables)
    if holds(node.function, Count, Slot, Spread) or _holds_matrix_of(node.function, indices):
        return False
    limits = [bound for _, *bounds in node.limits for bound in bounds]
    if any(bound.free_symbols & indices or _counts(bound) for bound in limits):
        return False
    parts = [part for part in postorder(node.function) if isinstance(part, Indexed)]
    return any(indices.intersection(part.indices) for part in parts)


def _holds_matrix_of(body: Basic, indices: Collection[Basic]) -> bool:
    """Whether a matrix depends on the indices, of which there then is one for each."""
    return any(
        getattr(part, "is_Matrix", False) and not free_symbols(part).isdisjoint(indices)
        for part in postorder(body)
    )


def _at_once(node: Sum) -> Basic:
    """What has all the terms as its entries, with an axis for each index."""
    body, beside = node.function, S.One
    for k, (index, first, last) in enumerate(node.limits):
        if index in body.free_symbols:
            count = Count("index_range" + ", None" * k, first, last + 1)
            body = _unbound(body, index).xreplace({index: count})
        else:
            beside *= last - first + 1
    return beside * body


def _unbound(body: Expr, *indices: Expr) -> Expr:
    """The same, in which what is summed within runs over other indices than these."""
    return body if bound_within(body).isdisjoint(indices) else body.as_dummy()


_FACTORS = 8  # of a product that others are looked for in


def shared_products(roots: Sequence[Basic]) -> dict[Basic, tuple[Basic, Basic]]:
    """Products that are another one of the expressions times a factor: the factor, and that one."""
    products: dict[frozenset[Basic], Basic] = {}
    for node in objects(*roots):
        if isinstance(node, Mul) and len(node.args) <= _FACTORS:
            factors = frozenset(node.args)
            if len(factors) == len(node.args):
                products[factors] = node
    found: dict[Basic, tuple[Basic, Basic]] = {}
    for factors, node in products.items():
        if len(factors) == 2:
            continue  # what is left is no product
        for factor in filter(_may_stand_in_front, node.args):
            rest = products.get(factors - {factor})
            if rest is not None and sum(not f.is_Number for f in rest.args) > 1:
                found[node] = factor, rest
                break
    return found


def _may_stand_in_front(factor: Expr) -> bool:
    """Not what is better divided by."""
    is_divisor = factor.is_Pow and factor.args[1].could_extract_minus_sign()
    return not is_divisor and (factor.is_Integer or not factor.is_Number)


# Matrices


@lower.register(ElementwiseApplyFunction)
def _(node: Any) -> Basic:
    function, *operands = node.args
    slot = Slot if function.variables[0].is_real else AnySlot
    slots = [operand if operand.is_Number else slot(operand) for operand in operands]
    entries = put(function.expr, dict(zip(function.variables, slots, strict=True)))
    if slots[0] in postorder(entries):
        return entries
    return matmul(entries, OneMatrix(*node.shape))  # a parameter that is 0, say


@lower.register(FunctionMatrix)
def _(node: Any) -> Basic:
    body, shape = _unbound(node.lamda.expr, *node.lamda.variables), node.shape
    if _holds_matrix_of(body, node.lamda.variables):
        if all(size.is_Integer for size in shape) and prod(shape) <= _TERMS:
            return node.as_explicit()
        raise NotImplementedError(
            f"lambdify has no numeric form of {node}, with a matrix for each entry; give it "
            f"{_TERMS} entries at most"
        )

    def counted(*kinds: str) -> Any:
        counts = map(Count, kinds, shape)
        return exchanged(body, dict(zip(node.lamda.variables, counts, strict=True)))

    entries = counted("rows", "columns")
    if not holds(entries, Count):
        return matmul(entries, OneMatrix(*shape))
    if not (known(entries, "integer") or holds(body, Indexed, MatrixElement)):
        entries = counted("real_rows", "real_columns")
    return Filled(entries, *shape)


@lower.register(MatPow)
def _(node: Any) -> Basic:
    return Inverse(node.args[0]) if node.args[1] == -1 else node


@lower.register(KroneckerProduct)
def _(node: Any) -> Basic:
    first, second, *others = node.args
    return KroneckerProduct(first, KroneckerProduct(second, *others)) if others else node


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
