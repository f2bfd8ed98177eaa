"""The algebra of matrix expressions that keeps what was written as it was written.

SymPy's own constructors rebuild: ``2*(V*Z - Y)`` becomes ``2*V*Z - 2*Y``, and the
transpose of a network a network of transposes.  Here a subexpression stays the
object that it was, so that whoever computes it computes it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sympy import (
    Add,
    Basic,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Dummy,
    Expr,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    ImmutableSparseMatrix,
    KroneckerDelta,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Pow,
    S,
    Trace,
    Transpose,
    ZeroMatrix,
    default_sort_key,
    sympify,
)
from sympy.core.function import Application
from sympy.core.relational import Relational
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu.graph import holds
from symrelu.matrices.elementwise import Elementwise
from symrelu.signs import SMALL, has_few_nodes, is_small

# The same ones always, so that equal matrices compare equal.
_ROW, _COLUMN = Dummy("i", dummy_index=0), Dummy("j", dummy_index=0)
_SYMMETRIC = (Identity, DiagonalMatrix, DiagMatrix)
_WRITTEN_OUT = (MatrixBase, MatrixSymbol, OneMatrix, ZeroMatrix, Identity, FunctionMatrix)


def split(matrix: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """The scalar factor, and the matrix factors."""
    if isinstance(matrix, MatMul):
        scalar, factors = matrix.as_coeff_matrices()
        return scalar, tuple(factors)
    return S.One, (matrix,)


def unscaled(matrix: Expr) -> tuple[Expr, Expr]:
    """The scalar factor, and what it stands in front of."""
    scalar, factors = split(matrix)
    return scalar, matrix if scalar is S.One else _product(factors)


def matmul(*factors: Expr) -> Expr:
    """The product of scalars and matrices, without identities, its scalars in front.

    A factor that is a product stays the object that it is, less its scalar.
    """
    scalars: list[Expr] = []
    matrices: list[Expr] = []
    for factor in factors:
        if factor.is_Matrix:
            scalar, whole = unscaled(factor)
            scalars.append(scalar)
            matrices.append(whole)
        else:
            scalars.append(factor)
    scalar = times(*scalars)
    # SymPy's assumptions may take minutes of a scalar that is not written as 0.
    if (scalar.is_Number and scalar.is_zero) or any(isinstance(m, ZeroMatrix) for m in matrices):
        return ZeroMatrix(matrices[0].shape[0], matrices[-1].shape[1])
    matrices = [m for m in matrices if not isinstance(m, Identity)] or matrices[:1]
    return front(scalar, _product(matrices))


def _product(matrices: Sequence[Expr]) -> Expr:
    return matrices[0] if len(matrices) == 1 else Basic.__new__(MatMul, *matrices)


def front(scalar: Expr, matrix: Expr) -> Expr:
    """A multiple of a matrix."""
    if scalar is S.One:
        return matrix
    if not isinstance(matrix, MatMul):
        return Basic.__new__(MatMul, scalar, matrix)
    first, *rest = matrix.args
    if first.is_Matrix:
        return Basic.__new__(MatMul, scalar, *matrix.args)
    scalar = times(scalar, first)
    return _product(rest) if scalar is S.One else Basic.__new__(MatMul, scalar, *rest)


def times(*scalars: Expr) -> Expr:
    """The product of scalars; SymPy looks into small ones only, which sorts and merges them."""
    kept = [c for c in scalars if c is not S.One]
    if S.Zero in kept:
        return S.Zero
    if len(kept) < 2:
        return kept[0] if kept else S.One
    return Mul(*kept, evaluate=all(map(is_small, kept)))


def plus(*scalars: Expr) -> Expr:
    """The sum of scalars; SymPy looks into small ones only."""
    return scalars[0] if len(scalars) == 1 else Add(*scalars, evaluate=all(map(is_small, scalars)))


def power(base: Expr, exponent: Expr) -> Expr:
    """The power of a scalar; SymPy looks into small ones only, and takes not every matrix."""
    if exponent is S.One:
        return base
    taken = not (holds(base, MatAdd) or holds(exponent, BlockMatrix))
    return Pow(base, exponent, evaluate=taken and is_small(base))


def in_order(terms: Sequence[Expr], bound: int = SMALL) -> list[Expr]:
    """Terms, or factors of an elementwise product, in a stable order.

    SymPy's own order compares whole trees, so large ones stand in the order in which they came.
    It takes the shape of the first, so that this must not be deep; and of an explicit matrix it
    takes plain integers, so that this must not be first.
    """
    if all(has_few_nodes(term, bound) for term in terms):
        return sorted(terms, key=lambda m: (isinstance(m, MatrixBase), default_sort_key(m)))
    return sorted(terms, key=_depth_of_shape)


def _depth_of_shape(matrix: Expr) -> int:
    if isinstance(matrix, MatrixBase):
        return 3
    return 0 if isinstance(matrix, (Elementwise, MatrixSymbol)) else 1 + matrix.is_MatAdd


def rebuilt(op: Any, args: Sequence[Any]) -> Basic:
    """A node of other arguments, nothing evaluated."""
    if op in (Add, Mul):
        return op._from_args(args)
    if issubclass(op, (Application, Pow, Relational)):
        return op(*args, evaluate=False)
    if issubclass(op, _WITHOUT_STATE):
        return Basic.__new__(op, *args)
    return op(*args)


# Classes of which an object is no more than its arguments, and whose constructors rebuild.
_WITHOUT_STATE = (MatPow, HadamardPower, Trace, Determinant, MatrixElement, Transpose)


def explicit(shape: tuple[Any, Any], entries: dict[tuple[Any, Any], Expr]) -> Expr:
    """The explicit matrix; a sparse one puts its entries in order, by walking their trees."""
    if all(map(is_small, entries.values())):
        return ImmutableSparseMatrix(*shape, entries)
    return ImmutableMatrix(*shape, lambda i, j: entries.get((i, j), S.Zero))


def single_entry(value: Expr, i: Expr, j: Expr, shape: tuple[Expr, Expr]) -> Expr:
    """The matrix with one entry that is not 0."""
    if shape == (1, 1):
        return matmul(value, Identity(1))
    if all(sympify(k).is_Integer for k in (i, j, *shape)):
        return explicit(shape, {(i, j): value})
    entry = value * KroneckerDelta(_ROW, i) * KroneckerDelta(_COLUMN, j)
    return FunctionMatrix(*shape, Lambda((_ROW, _COLUMN), entry))


def matadd(terms: Iterable[Expr]) -> Expr:
    """The sum, equal terms collected."""
    return collected(_flattened(list(terms)))


def collected(terms: Sequence[Expr]) -> Expr:
    """The sum, equal terms collected, those that are sums left whole."""
    terms = _sum_entries(list(terms))
    scalars: dict[Expr, list[Expr]] = defaultdict(list)
    for term in terms:
        scalar, whole = unscaled(term)
        scalars[whole].append(scalar)
    total = [matmul(plus(*s), whole) for whole, s in scalars.items()]
    total = [term for term in total if not isinstance(term, ZeroMatrix)]
    if not total:
        return ZeroMatrix(*terms[0].shape)
    return total[0] if len(total) == 1 else Basic.__new__(MatAdd, *in_order(total))


def _flattened(terms: list[Expr]) -> list[Expr]:
    """Take a sum apart that shares a term with the others; leave it shared otherwise."""
    known = {unscaled(term)[1] for term in terms}
    flat = []
    for term in terms:
        scalar, whole = unscaled(term)
        inside = whole.args if isinstance(whole, MatAdd) else ()
        shares = any(unscaled(part)[1] in known for part in inside)
        flat += [matmul(scalar, part) for part in inside] if shares else [term]
    return flat


def diagonal(matrix: Expr) -> Expr:
    """The diagonal, as a column."""
    if isinstance(matrix, MatrixBase):
        return matrix.diagonal().T.as_immutable()
    if any(isinstance(d, int) for d in matrix.shape):  # of explicit ones: DiagonalOf fails on it
        n = sympify(matrix.shape[0])
        return matmul(hadamard(Identity(n), matrix), OneMatrix(n, 1))
    return DiagonalOf(matrix)


def _sum_entries(terms: list[Expr]) -> list[Expr]:
    """Add up the explicit matrices among the terms, each entry once."""
    written = [term for term in terms if isinstance(term, MatrixBase)]
    if len(written) < 2:
        return terms
    entries: dict[tuple[int, int], list[Expr]] = defaultdict(list)
    for matrix in written:
        for place, entry in matrix.todok().items():
            entries[place].append(entry)
    total = {place: plus(*parts) for place, parts in entries.items()}
    others = [term for term in terms if not isinstance(term, MatrixBase)]
    return [*others, explicit(written[0].shape, total)]


def hadamard(a: Expr, b: Expr) -> Expr:
    """The elementwise product, its scalars in front."""
    (s, a), (t, b) = unscaled(a), unscaled(b)
    if isinstance(a, ZeroMatrix) or isinstance(b, ZeroMatrix):
        return ZeroMatrix(*a.shape)
    if a.shape == (1, 1):
        return matmul(s, t, a, b)
    if isinstance(a, OneMatrix) or isinstance(b, OneMatrix):
        return matmul(s, t, b if isinstance(a, OneMatrix) else a)
    parts = [f for m in (a, b) for f in (m.args if isinstance(m, HadamardProduct) else (m,))]
    return matmul(s, t, Basic.__new__(HadamardProduct, *in_order(parts)))


def transpose(matrix: Expr) -> Expr:
    """The transpose, the matrix left whole unless it is a transpose itself."""
    scalar, matrix = unscaled(matrix)
    return front(scalar, _transposed(matrix))


def _transposed(matrix: Expr) -> Expr:
    if isinstance(matrix, Transpose):
        return matrix.arg
    if isinstance(matrix, _SYMMETRIC) or matrix.shape == (1, 1):
        return matrix
    if isinstance(matrix, (OneMatrix, ZeroMatrix)):
        return type(matrix)(*reversed(matrix.shape))
    return matrix.T if isinstance(matrix, MatrixBase) else Basic.__new__(Transpose, matrix)


def inner(a: Expr, b: Expr) -> Expr:
    r"""The scalar $\langle A, B \rangle = \operatorname{tr}(A^T B)$."""
    product = matmul(transpose(a), b)
    if isinstance(product, ZeroMatrix):
        return S.Zero
    return element(product, 0, 0) if product.shape == (1, 1) else Trace(product)


def element(matrix: Expr, i: Expr | int, j: Expr | int) -> Expr:
    """One element, the matrix left whole."""
    if isinstance(matrix, _WRITTEN_OUT):
        return matrix[i, j]
    if isinstance(matrix, MatAdd) and any(isinstance(term, MatrixBase) for term in matrix.args):
        return Add(*(element(term, i, j) for term in matrix.args))
    return MatrixElement(matrix, i, j)
