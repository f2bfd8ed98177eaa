"""A table of expressions in which a matrix and its transpose are one node.

It is to matrix expressions what the and-inverter graph is to logic: an operand is a literal
``2*k + t``, which stands for node k or, if t is 1, for its transpose.  A node is found by what
it is made of, and also by what its transpose would be made of; so of ``R``, ``R.T`` and all that
is built from them, wherever it stands, each thing is there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sympy import (
    Add,
    Basic,
    BlockDiagMatrix,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Expr,
    HadamardPower,
    HadamardProduct,
    Identity,
    Integer,
    Inverse,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    OneMatrix,
    Pow,
    S,
    Trace,
    ZeroMatrix,
    sympify,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.matrices.algebra import plus, times
from symrelu.matrices.elementwise import Elementwise

Literal = int
LEAF, SCALED, BINDER = "leaf", "scaled", "binder"
_OPEN = 10_000  # an open dimension is taken to be larger than those that are known
_FACTORS = 16  # products of more are associated as they were written, so that all stays linear
SYMMETRIC = (Identity, DiagMatrix, DiagonalMatrix)
# Functions that are the same of a matrix and of its transpose.
OF_THE_TRANSPOSE = (Trace, Determinant, DiagMatrix, DiagonalOf, DiagonalMatrix)


class Node(NamedTuple):
    """What it is made of; of a scalar, the shape is ``()``."""

    op: Any  # a class of SymPy's, LEAF or SCALED
    data: Any  # what is no operand
    operands: tuple[Any, ...]  # literals; of a sum, pairs of a coefficient and a term
    shape: tuple[Expr, ...]
    symmetric: bool
    source: Basic | None  # what it was read from


def literals(node: Node) -> Iterable[Literal]:
    """The operands, one by one."""
    if node.op is MatAdd:
        return (x for pair in node.operands for x in pair)
    return node.operands


class Table:
    """The nodes of one request, and the algebra that makes them."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[tuple[Any, ...], int] = {}
        self.zero, self.one = self.leaf(S.Zero), self.leaf(S.One)

    def __getitem__(self, x: Literal) -> Node:
        return self.nodes[x >> 1]

    def shape(self, x: Literal) -> tuple[Expr, ...]:
        shape = self[x].shape
        return shape[::-1] if x & 1 else shape

    def is_leaf(self, x: Literal, kind: type | tuple[type, ...]) -> bool:
        return isinstance(self[x].data, kind)

    def number(self, x: Literal) -> Expr | None:
        data = self[x].data
        return data if self[x].op is LEAF and getattr(data, "is_Number", False) else None

    # Nodes

    def flip(self, x: Literal) -> Literal:
        """The transpose."""
        node = self[x]
        if isinstance(node.data, (OneMatrix, ZeroMatrix)):
            return self.leaf(type(node.data)(*reversed(node.shape)))
        return x if node.symmetric else x ^ 1

    def find(self, op: Any, data: Any, operands: tuple[Any, ...]) -> Literal | None:
        """The node that is made so, or whose transpose is."""
        if (k := self.known.get((op, data, operands))) is not None:
            return 2 * k
        twin = self._mirrored(op, data, operands)
        if twin and (k := self.known.get((op, *twin))) is not None:
            return self.flip(2 * k)
        return None

    def node(
        self,
        op: Any,
        operands: tuple[Any, ...],
        shape: Sequence[Any] = (),
        data: Any = None,
        source: Basic | None = None,
    ) -> Literal:
        """The literal of a node, which is made if it is not there."""
        if (x := self.find(op, data, operands)) is not None:
            return x
        shape = tuple(map(sympify, shape))
        twin = self._mirrored(op, data, operands)
        symmetric = not shape or shape == (1, 1) or op in SYMMETRIC or twin == (data, operands)
        if twin and not symmetric and _flips(twin[1]) < _flips(operands):
            return self.flip(self.node(op, twin[1], shape[::-1], twin[0]))
        self.known[op, data, operands] = len(self.nodes)
        symmetric = symmetric or isinstance(data, SYMMETRIC)
        self.nodes.append(Node(op, data, operands, shape, symmetric, source))
        return 2 * len(self.nodes) - 2

    def leaf(self, expr: Basic) -> Literal:
        if isinstance(expr, MatrixBase) and (LEAF, expr, ()) not in self.known:
            twin = self.known.get((LEAF, expr.T, ()))  # an explicit one may be known transposed
            if twin is not None:
                return self.flip(2 * twin)
        shape = expr.shape if getattr(expr, "is_Matrix", False) else ()
        return self.node(LEAF, (), shape, expr, expr)

    def _mirrored(self, op: Any, data: Any, operands: Any) -> tuple[Any, tuple[Any, ...]] | None:
        mirror = MIRRORS.get(op)
        return mirror(self, data, operands) if mirror else None

    # Scalars

    def times(self, factors: Iterable[Literal]) -> Literal:
        """The product of scalars, those that are written out as one."""
        kept = Counter(c for c in factors if c != self.one)
        plain = [c for c in kept if self[c].op is LEAF]
        if len(plain) > 1 or any(kept[c] > 1 for c in plain):
            parts = [self[c].data for c in plain for _ in range(kept.pop(c))]
            kept[self.leaf(times(*parts))] += 1
        if self.zero in kept:
            return self.zero
        powers = [self._power(c, k) for c, k in kept.items() if c != self.one]
        if len(powers) < 2:
            return powers[0] if powers else self.one
        return self.node(Mul, tuple(sorted(powers)))

    def _power(self, x: Literal, k: int) -> Literal:
        return x if k == 1 else self.node(Pow, (x, self.leaf(Integer(k))))

    def plus(self, terms: Iterable[Literal]) -> Literal:
        """The sum of scalars."""
        kept = [c for c in terms if c != self.zero]
        if len(kept) < 2:
            return kept[0] if kept else self.zero
        if all(self[c].op is LEAF for c in kept):
            return self.leaf(plus(*(self[c].data for c in kept)))
        return self.node(Add, tuple(sorted(kept)))

    def trace(self, x: Literal) -> Literal:
        """The trace; of a sum, the sum of the traces."""
        c, x = self.scaled(x)
        node = self[x]
        if node.op is MatAdd and node.shape != (1, 1):
            terms = [self.times([k, self.trace(y)]) for k, y in node.operands]
            return self.times([c, self.plus(terms)])
        if isinstance(node.data, (Identity, OneMatrix)):
            return self.times([c, self.leaf(node.shape[0])])
        if isinstance(node.data, ZeroMatrix):
            return self.zero
        if node.shape == (1, 1) and node.op is not MatMul:
            return self.times([c, self.node(MatrixElement, (x, self.zero, self.zero))])
        return self.times([c, self.node(Trace, (x & ~1,))])

    # Matrices

    def scaled(self, x: Literal) -> tuple[Literal, Literal]:
        """The scalar in front, and what it stands in front of."""
        if self[x].op is not SCALED:
            return self.one, x
        c, y = self[x].operands
        return c, self.flip(y) if x & 1 else y

    def scale(self, c: Literal, x: Literal) -> Literal:
        inner, x = self.scaled(x)
        c = self.times([c, inner])
        if c == self.zero:
            return self.leaf(ZeroMatrix(*self.shape(x)))
        if c == self.one or isinstance(self[x].data, ZeroMatrix):
            return x
        return self.node(SCALED, (c, x), self.shape(x))

    def product(self, factors: Iterable[Literal], traced: bool = False) -> Literal:
        """The product of scalars and matrices, in the cheapest order.

        If it is ``traced`` the last product need not be taken in full.
        """
        scalars: list[Literal] = []
        matrices: list[Literal] = []
        for x in factors:
            if self[x].shape:
                c, y = self.scaled(x)
                scalars.append(c)
                matrices.append(y)
            else:
                scalars.append(x)
        shape = (self.shape(matrices[0])[0], self.shape(matrices[-1])[1])
        if any(self.is_leaf(x, ZeroMatrix) for x in matrices):
            return self.leaf(ZeroMatrix(*shape))
        matrices = [x for x in matrices if not self.is_leaf(x, Identity)] or matrices[:1]
        if len(matrices) > 1:  # (1, 1) matrices are scalars
            scalars += [self.trace(x) for x in matrices if self.shape(x) == (1, 1)]
            matrices = [x for x in matrices if self.shape(x) != (1, 1)] or [self.leaf(Identity(1))]
        matrices = self._ones_merged(matrices, scalars)
        return self.scale(self.times(scalars), self._associated(matrices, traced))

    def _ones_merged(self, matrices: list[Literal], scalars: list[Literal]) -> list[Literal]:
        """The product of two matrices of ones is a multiple of a third."""
        kept = matrices[:1]
        for x in matrices[1:]:
            if self.is_leaf(x, OneMatrix) and self.is_leaf(kept[-1], OneMatrix):
                scalars.append(self.leaf(self.shape(x)[0]))
                kept[-1] = self.leaf(OneMatrix(self.shape(kept[-1])[0], self.shape(x)[1]))
            else:
                kept.append(x)
        return kept

    def _associated(self, factors: list[Literal], traced: bool) -> Literal:
        """The product in the order that takes the fewest multiplications.

        What is known already takes none.
        """
        n = len(factors)
        if n > _FACTORS:
            middle = n // 2
            return self._pair(
                self._associated(factors[:middle], False), self._associated(factors[middle:], False)
            )
        dims = [_size(d) for d in (self.shape(factors[0])[0], *(self.shape(x)[1] for x in factors))]
        ones = [self.is_leaf(x, OneMatrix) for x in factors]
        # By the interval: the cost, where to split, and the literal if there is one.
        best: dict[tuple[int, int], tuple[int, int, Literal | None]] = {
            (i, i + 1): (0, i, x) for i, x in enumerate(factors)
        }

        def candidate(i: int, m: int, j: int) -> tuple[int, int, Literal | None]:
            (left, _, a), (right, _, b) = best[i, m], best[m, j]
            known = self.find(MatMul, None, (a, b)) if a is not None and b is not None else None
            if known is not None:
                return 0, m, known
            by_ones = (m == i + 1 and ones[i]) or (m == j - 1 and ones[m])
            dot = traced and j - i == n
            work = 0 if dot else dims[i] * dims[j] * (1 if by_ones else dims[m])
            return left + right + work, m, None

        for length in range(2, n + 1):
            for i in range(n - length + 1):
                j = i + length
                best[i, j] = min(
                    (candidate(i, m, j) for m in range(i + 1, j)), key=lambda found: found[:2]
                )

        def built(i: int, j: int) -> Literal:
            _, m, x = best[i, j]
            return self._pair(built(i, m), built(m, j)) if x is None else x

        return built(0, n)

    def _pair(self, a: Literal, b: Literal) -> Literal:
        return self.node(MatMul, (a, b), (self.shape(a)[0], self.shape(b)[1]))

    def sum(self, summands: Iterable[Literal]) -> Literal:
        """The sum, flat, equal terms collected."""
        coefficients: dict[Literal, list[Literal]] = {}
        shapes = {}
        for x in summands:
            shapes[self.shape(x)] = x
            c, x = self.scaled(x)
            for k, y in self.terms(c, x):
                coefficients.setdefault(y, []).append(k)
        if len(shapes) > 1:
            raise ValueError(f"the terms of a sum have the shapes {', '.join(map(str, shapes))}")
        total = ((self.plus(cs) if cs[1:] else cs[0], y) for y, cs in coefficients.items())
        terms = [
            (c, y) for c, y in total if c != self.zero and not isinstance(self[y].data, ZeroMatrix)
        ]
        (shape,) = shapes
        if not terms:
            return self.leaf(ZeroMatrix(*shape))
        if len(terms) == 1:
            return self.scale(*terms[0])
        return self.node(MatAdd, tuple(sorted(terms)), shape)

    def terms(self, c: Literal, x: Literal) -> list[tuple[Literal, Literal]]:
        """What a multiple of a matrix adds to a sum."""
        if self[x].op is not MatAdd or self.number(c) is None:
            return [(c, x)]
        flip = self.flip if x & 1 else int
        return [(self.times([c, k]), flip(y)) for k, y in self[x].operands]

    def hadamard(self, factors: Iterable[Literal]) -> Literal:
        """The product element by element."""
        scalars: list[Literal] = []
        matrices: list[Literal] = []
        for x in factors:
            c, x = self.scaled(x)
            flip = self.flip if x & 1 else int
            scalars.append(c)
            matrices += map(flip, self[x].operands) if self[x].op is HadamardProduct else [x]
        shape = self.shape(matrices[0])
        if any(self.is_leaf(x, ZeroMatrix) for x in matrices):
            return self.leaf(ZeroMatrix(*shape))
        if shape == (1, 1):
            return self.product([*scalars, *matrices])
        matrices = [x for x in matrices if not self.is_leaf(x, OneMatrix)] or matrices[:1]
        x = matrices[0]
        if len(matrices) > 1:
            x = self.node(HadamardProduct, tuple(sorted(matrices)), shape)
        return self.scale(self.times(scalars), x)


def _size(dimension: Expr) -> int:
    return int(dimension) if isinstance(dimension, Integer) else _OPEN


def _flips(operands: tuple[Any, ...]) -> int:
    """How many operands are transposed."""
    return sum((x[1] if isinstance(x, tuple) else x) & 1 for x in operands)


# What the transpose of a node is made of.

Mirror = Callable[[Table, Any, Any], tuple[Any, tuple[Any, ...]]]


def _of_all(table: Table, data: Any, xs: tuple[Literal, ...]) -> tuple[Any, tuple[Any, ...]]:
    return data, tuple(map(table.flip, xs))


def _of_the_first(table: Table, data: Any, xs: tuple[Literal, ...]) -> tuple[Any, tuple[Any, ...]]:
    return data, (table.flip(xs[0]), *xs[1:])


def _blocks(table: Table, data: Any, xs: tuple[Literal, ...]) -> tuple[Any, tuple[Any, ...]]:
    rows, columns = data
    flipped = (table.flip(xs[i * columns + j]) for j in range(columns) for i in range(rows))
    return (columns, rows), tuple(flipped)


MIRRORS: dict[Any, Mirror] = {
    MatMul: lambda table, data, xs: (data, tuple(map(table.flip, reversed(xs)))),
    MatAdd: lambda table, data, xs: (data, tuple(sorted((c, table.flip(x)) for c, x in xs))),
    SCALED: lambda table, data, xs: (data, (xs[0], table.flip(xs[1]))),
    HadamardProduct: lambda table, data, xs: (data, tuple(sorted(map(table.flip, xs)))),
    HadamardPower: _of_all,
    KroneckerProduct: _of_all,
    BlockDiagMatrix: _of_all,
    Elementwise: _of_the_first,
    Inverse: _of_the_first,
    MatPow: _of_the_first,
    MatrixSlice: lambda table, data, xs: (data[::-1], (table.flip(xs[0]),)),
    BlockMatrix: _blocks,
}
