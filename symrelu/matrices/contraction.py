r"""Sums over elements as matrix expressions: $\sum_k A_{ik} B_{kj}$ is $(A B)_{ij}$.

SymPy writes an element of a product as such a sum.  Here a sum over all rows or columns becomes a
product again, and what is done to the elements a function of entries: a formula that can be
differentiated by the whole matrix, and is computed without a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import (
    Add,
    Expr,
    HadamardProduct,
    Identity,
    KroneckerDelta,
    Lambda,
    MatAdd,
    MatMul,
    Mul,
    OneMatrix,
    Piecewise,
    S,
    Sum,
    Trace,
    Transpose,
    sympify,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import Application
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.graph import postorder
from symrelu.matrices.algebra import diagonal
from symrelu.matrices.elementwise import ENTRY, Elementwise

_FEW = 16  # terms that are written out


class NotAMatrixError(Exception):
    """A sum that is no product of whole matrices and functions of their entries."""


def contracted(total: Sum) -> Expr | None:
    """The scalar, in terms of whole matrices; None if it is not made of these."""
    if any(getattr(part, "is_spread", False) for part in postorder(total)):
        return None  # an array in the place of a number: axes would be taken for each other
    sizes: dict[Expr, Expr] = {}
    for index, *bounds in total.limits:
        if len(bounds) != 2 or any(bound.is_infinite for bound in bounds):
            return None
        sizes[index] = bounds[1] - bounds[0] + 1
        if sizes[index].is_nonpositive:  # empty, or SymPy's sum backwards
            return None
    if any(size.free_symbols & sizes.keys() for size in sizes.values()):
        return None  # the one ends where the other is
    if any(first != 0 for _, first, _ in total.limits):
        summand = total.function
        for index, first, _ in total.limits:
            summand = summand.subs(index, index + first)
        limits = [(index, 0, last - first) for index, first, last in total.limits]
        return contracted(Sum(summand, *limits))
    if (element := _element_of_a_product(total.function, sizes)) is not None:
        return element
    try:
        expr = total.function
        *inside, last = total.limits
        matrix = _Vectorized(sizes).sum(_nested(expr, inside), last[0], None, None)
    except NotAMatrixError:
        return _without_deltas(total) if total.has(KroneckerDelta) else _written_out(total)
    return Trace(matrix)


def _written_out(total: Sum) -> Expr | None:
    """A sum of a few terms that are none of whole matrices."""
    if not total.has(MatrixElement):
        return None
    terms = [total.function]
    for index, first, last in total.limits:
        if not (last - first).is_Integer or len(terms) * (last - first + 1) > _FEW:
            return None
        terms = [term.subs(index, first + k) for term in terms for k in range(last - first + 1)]
    return Add(*terms)


def _nested(expr: Expr, limits: Sequence[Any]) -> Expr:
    """Sums one in the other, each over what depends on its index."""
    for index, *bounds in limits:
        free, held = expr.as_independent(index, as_Add=False)
        expr = free * Sum(held, (index, *bounds))
    return expr


def _without_deltas(total: Sum) -> Expr | None:
    """The one term of the sum that is left."""
    done: Expr = total.doit()
    return None if done.has(Sum) else done


def _element_of_a_product(summand: Expr, sizes: dict[Expr, Expr]) -> Expr | None:
    """``A[i, k]*B[k, j]``, in which every index of the sum links two matrices."""
    scalar, factors = summand.as_coeff_mul()
    links = [f for f in factors if isinstance(f, MatrixElement)]
    others = Mul(scalar, *(f for f in factors if f not in links))
    if not links or not others.free_symbols.isdisjoint(sizes):
        return None
    ends = [(f, axis) for f in links for axis in (1, 2) if f.args[axis] not in sizes]
    if len(ends) != 2 or len(links) != len(sizes) + 1:
        return None
    (first, axis), chain = ends[0], []
    row = first.args[axis]
    link, entered = first, axis
    while True:
        matrix, left = link.parent, 3 - entered
        if link.args[left] in sizes and not _same(matrix.shape[left - 1], sizes[link.args[left]]):
            return None
        chain.append(matrix if entered == 1 else Transpose(matrix))
        links = [f for f in links if f is not link]
        index = link.args[left]
        if index not in sizes:
            break
        found = [(f, k) for f in links for k in (1, 2) if f.args[k] == index]
        if len(found) != 1:
            return None
        ((link, entered),) = found
    return None if links else others * MatrixElement(MatMul(*chain), row, index)


def _same(size: Any, other: Expr) -> bool:
    return bool(sympify(size - other).expand() == 0)


class _Vectorized:
    """Expressions in indices as matrices, whose rows and columns the indices count."""

    def __init__(self, sizes: dict[Expr, Expr]) -> None:
        self.sizes = {None: S.One, **sizes}

    def shape(self, row: Expr | None, column: Expr | None) -> tuple[Expr, Expr]:
        return self.sizes[row], self.sizes[column]

    def matrix(self, expr: Expr, row: Expr | None, column: Expr | None) -> Expr:
        """The matrix of the values of the expression."""
        held = expr.free_symbols & {row, column}
        if not held:
            return MatMul(expr, OneMatrix(*self.shape(row, column)))
        if isinstance(expr, MatrixElement):
            return self._element(expr, row, column)
        if expr.is_Add:
            return MatAdd(*(self.matrix(term, row, column) for term in expr.args))
        if expr.is_Mul:
            scalar, varying = expr.as_independent(*held, as_Add=False)
            factors = [self.matrix(f, row, column) for f in Mul.make_args(varying)]
            product = HadamardProduct(*factors) if factors[1:] else factors[0]
            return MatMul(scalar, product) if scalar is not S.One else product
        if isinstance(expr, Sum):
            *inside, (index, *bounds) = expr.limits
            if bounds[0] == 0 and (index in self.sizes or len(bounds) == 2):
                self.sizes.setdefault(index, bounds[1] + 1)
                return self.sum(_nested(expr.function, inside), index, row, column)
        if isinstance(expr, KroneckerDelta):
            return self._identity(expr, row, column)
        if expr.is_Pow or isinstance(expr, Application):
            return self._function(expr, held, row, column)
        raise NotAMatrixError

    def _identity(self, delta: Expr, row: Expr | None, column: Expr | None) -> Expr:
        size, width = self.shape(row, column)
        if {*delta.args[:2]} != {row, column} or not _same(size, width):
            raise NotAMatrixError
        return Identity(size)

    def _function(self, expr: Expr, held: set[Expr], row: Expr | None, column: Expr | None) -> Expr:
        elements = {e for e in expr.atoms(MatrixElement) if e.free_symbols & held}
        if len(elements) == 1 and not expr.atoms(ExprWithLimits):
            (element,) = elements
            body = expr.xreplace({element: ENTRY})
            if not body.free_symbols & held:
                return Elementwise(Lambda(ENTRY, body), self.matrix(element, row, column))
        varying = [arg for arg in expr.args if arg.free_symbols & held]
        if len(varying) != 1 or not isinstance(varying[0], Expr) or isinstance(expr, Piecewise):
            raise NotAMatrixError
        body = expr.func(*(ENTRY if arg is varying[0] else arg for arg in expr.args))
        return Elementwise(Lambda(ENTRY, body), self.matrix(varying[0], row, column))

    def _element(self, expr: MatrixElement, row: Expr | None, column: Expr | None) -> Expr:
        matrix, i, j = expr.args
        if not matrix.free_symbols.isdisjoint(self.sizes):
            raise NotAMatrixError
        (i, rows), (j, columns) = (
            self._range(index, sympify(size), {row, column})
            for index, size in zip((i, j), matrix.shape, strict=True)
        )
        if (rows, columns) != tuple((0, size) for size in matrix.shape):
            matrix = MatrixSlice(matrix, rows, columns)
        if i is not None and i == j:
            matrix, j = diagonal(matrix), None
        if (j is not None and j == row) or (i is not None and i == column):
            matrix, i, j = Transpose(matrix), j, i
        if i is None and row is not None:
            matrix = MatMul(OneMatrix(self.sizes[row], 1), matrix)
        if j is None and column is not None:
            matrix = MatMul(matrix, OneMatrix(1, self.sizes[column]))
        return matrix

    def _range(
        self, index: Expr, size: Expr, running: set[Expr | None]
    ) -> tuple[Expr | None, tuple[Expr, Expr]]:
        """The index that runs, if one does, and from where to where."""
        found = index.free_symbols & running
        if not found:
            return None, (index, index + 1)
        runs = found.pop()
        start = (index - runs).expand()
        stop = start + self.sizes[runs]
        if start.free_symbols & running:
            raise NotAMatrixError  # X[2*i, 0]
        if not (start.is_nonnegative and (size - stop).is_nonnegative):
            raise NotAMatrixError  # more than there is, or not known to be there
        return runs, (start, stop)

    def sum(self, expr: Expr, index: Expr, row: Expr | None, column: Expr | None) -> Expr:
        """The matrix of the sums over an index."""
        if index not in expr.free_symbols:
            return self.matrix(self.sizes[index] * expr, row, column)
        if expr.is_Add:
            return MatAdd(*(self.sum(term, index, row, column) for term in expr.args))
        groups: dict[str, list[Expr]] = {"outside": [], "left": [], "right": []}
        for factor in Mul.make_args(expr):
            held = factor.free_symbols
            if index not in held:
                groups["outside"].append(factor)
            elif column in held and row in held:
                raise NotAMatrixError
            else:
                groups["right" if column in held else "left"].append(factor)
        if not groups["left"] + groups["right"]:
            raise NotAMatrixError  # as many times the same
        if row is None and column is None and not groups["right"]:
            # A dot product, of the sums inside with the rest.
            first, *rest = sorted(groups["left"], key=lambda factor: not isinstance(factor, Sum))
            groups |= {"left": [first], "right": rest}
        left = self.matrix(Mul(*groups["left"]), row, index)
        right = self.matrix(Mul(*groups["right"]), index, column)
        product = MatMul(left, right)
        outside = Mul(*groups["outside"])
        if not outside.free_symbols & {row, column}:
            return MatMul(outside, product) if outside is not S.One else product
        return HadamardProduct(self.matrix(outside, row, column), product)
