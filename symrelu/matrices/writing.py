"""From the table back to SymPy's expressions, put together as they are and not rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import (
    Basic,
    BlockMatrix,
    HadamardProduct,
    Inverse,
    MatAdd,
    MatMul,
    OneMatrix,
    S,
    Transpose,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.matrices.algebra import front, in_order, matmul, rebuilt
from symrelu.matrices.elementwise import Elementwise
from symrelu.matrices.sums import Terms
from symrelu.matrices.table import BINDER, LEAF, SCALED, Literal, Table, literals


class Writer:
    """The expression of each literal, made once."""

    def __init__(self, table: Table, sums: dict[int, Terms]) -> None:
        self.table, self.sums = table, sums
        self.made: dict[Literal, Basic] = {}

    def written(self, root: Literal) -> Basic:
        stack = [root]
        while stack:
            x = stack[-1]
            if x in self.made:
                stack.pop()
                continue
            below = self._below(x)
            if pending := [y for y in below if y not in self.made]:
                stack += pending
            else:
                self.made[stack.pop()] = expr = self._make(x, [self.made[y] for y in below])
                hash(expr)  # now, while those of its arguments are known: later it would recurse
        return self.made[root]

    def _below(self, x: Literal) -> Sequence[Literal]:
        if x & 1:
            return self._broadcast(x) or [x ^ 1]
        terms = self.sums.get(x >> 1)
        return list(literals(self.table[x])) if terms is None else [y for t in terms for y in t]

    def _broadcast(self, x: Literal) -> list[Literal]:
        """The factors of a transposed product by ones that repeats a row or column.

        It costs nothing, so that there is nothing to share.
        """
        table, node = self.table, self.table[x]
        if node.op is not MatMul or table.shape(node.operands[0])[1] != 1:
            return []
        if not any(table.is_leaf(y, OneMatrix) for y in node.operands):
            return []
        return [table.flip(y) for y in reversed(node.operands)]

    def _make(self, x: Literal, args: list[Any]) -> Basic:
        if x & 1 and len(args) == 2:
            return matmul(*args)
        if x & 1:
            (matrix,) = args
            return matrix.T if isinstance(matrix, MatrixBase) else Basic.__new__(Transpose, matrix)
        op, data, _, shape, _, source = self.table[x]
        if op is LEAF:
            assert isinstance(data, Basic)
            return data
        if op is SCALED:
            return front(*args)
        if op is BINDER:
            shell, names = data
            return shell.xreplace(dict(zip(names, args, strict=True)))
        if op is MatAdd:
            pairs = zip(args[::2], args[1::2], strict=True)
            return Basic.__new__(MatAdd, *in_order([front(c, m) for c, m in pairs]))
        if op is HadamardProduct:
            return Basic.__new__(op, *in_order(args))
        if op is Elementwise:
            return Elementwise(data, *args)
        if op is BlockMatrix:
            rows, columns = data
            return BlockMatrix([args[i * columns : (i + 1) * columns] for i in range(rows)])
        if op is Inverse:
            return Basic.__new__(op, *args, S.NegativeOne)
        if op is MatrixSlice:
            return Basic.__new__(op, *args, *data)
        if issubclass(op, MatrixBase):
            return op(*shape, args)
        return _from_source(op, args, source)


def _from_source(op: Any, args: list[Any], source: Basic | None) -> Basic:
    """What was read, if nothing in it has changed."""
    if source is not None and {*map(id, args)} == {*map(id, source.args)}:
        return source
    return rebuilt(op, args)
