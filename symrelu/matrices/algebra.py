"""The algebra of matrix expressions that keeps what was written as it was written.

SymPy's own constructors rebuild: ``2*(V*Z - Y)`` becomes ``2*V*Z - 2*Y``, and the
transpose of a network a network of transposes.  Here a subexpression stays the
object that it was, so that whoever computes it computes it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sympy import (
    Add,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Dummy,
    Expr,
    FunctionMatrix,
    HadamardProduct,
    Identity,
    ImmutableSparseMatrix,
    KroneckerDelta,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Trace,
    Transpose,
    ZeroMatrix,
    default_sort_key,
    sympify,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement

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


def matmul(*factors: Expr) -> Expr:
    """The product of scalars and matrices, without identities, its scalars in front."""
    scalars: list[Expr] = []
    matrices: list[Expr] = []
    for factor in factors:
        if factor.is_Matrix:
            scalar, parts = split(factor)
            scalars.append(scalar)
            matrices.extend(parts)
        else:
            scalars.append(factor)
    scalar = Mul(*scalars)
    shape = (matrices[0].shape[0], matrices[-1].shape[1])
    if scalar.is_zero or any(isinstance(m, ZeroMatrix) for m in matrices):
        return ZeroMatrix(*shape)
    matrices = [m for m in matrices if not isinstance(m, Identity)] or matrices[:1]
    if scalar is S.One and len(matrices) == 1:
        return matrices[0]
    return MatMul(*(() if scalar is S.One else (scalar,)), *matrices)


def single_entry(value: Expr, i: Expr, j: Expr, shape: tuple[Expr, Expr]) -> Expr:
    """The matrix with one entry that is not 0."""
    if shape == (1, 1):
        return matmul(value, Identity(1))
    if all(sympify(k).is_Integer for k in (i, j, *shape)):
        return ImmutableSparseMatrix(*shape, {(i, j): value})
    entry = value * KroneckerDelta(_ROW, i) * KroneckerDelta(_COLUMN, j)
    return FunctionMatrix(*shape, Lambda((_ROW, _COLUMN), entry))


def matadd(terms: Iterable[Expr]) -> Expr:
    """The sum, equal terms collected."""
    terms = _flattened(_sum_entries(list(terms)))
    scalars: dict[tuple[Expr, ...], list[Expr]] = defaultdict(list)
    for term in terms:
        scalar, factors = split(term)
        scalars[factors].append(scalar)
    collected = [matmul(Add(*s), *factors) for factors, s in scalars.items()]
    collected = [term for term in collected if not isinstance(term, ZeroMatrix)]
    if not collected:
        return ZeroMatrix(*terms[0].shape)
    return collected[0] if len(collected) == 1 else MatAdd(*sorted(collected, key=default_sort_key))


def _flattened(terms: list[Expr]) -> list[Expr]:
    """Take a sum apart that shares a term with the others; leave it shared otherwise."""
    known = {split(term)[1] for term in terms}
    flat = []
    for term in terms:
        scalar, factors = split(term)
        inside = factors[0].args if isinstance(factors[0], MatAdd) and len(factors) == 1 else ()
        shares = any(split(part)[1] in known for part in inside)
        flat += [matmul(scalar, part) for part in inside] if shares else [term]
    return flat


def diagonal(matrix: Expr) -> Expr:
    """The diagonal, as a column."""
    if isinstance(matrix, MatrixBase):
        return matrix.diagonal().T.as_immutable()
    return DiagonalOf(matrix)


def _sum_entries(terms: list[Expr]) -> list[Expr]:
    """Add up the explicit matrices among the terms, each entry once."""
    explicit = [term for term in terms if isinstance(term, MatrixBase)]
    if len(explicit) < 2:
        return terms
    entries: dict[tuple[int, int], list[Expr]] = defaultdict(list)
    for matrix in explicit:
        for place, entry in matrix.todok().items():
            entries[place].append(entry)
    total = {place: Add(*parts) for place, parts in entries.items()}
    others = [term for term in terms if not isinstance(term, MatrixBase)]
    return [*others, ImmutableSparseMatrix(*explicit[0].shape, total)]


def hadamard(a: Expr, b: Expr) -> Expr:
    """The elementwise product, its scalars in front."""
    (s, a_factors), (t, b_factors) = split(a), split(b)
    a, b = matmul(*a_factors), matmul(*b_factors)
    if isinstance(a, ZeroMatrix) or isinstance(b, ZeroMatrix):
        return ZeroMatrix(*a.shape)
    if a.shape == (1, 1):
        return matmul(s, t, a, b)
    if isinstance(a, OneMatrix) or isinstance(b, OneMatrix):
        return matmul(s, t, b if isinstance(a, OneMatrix) else a)
    parts = [f for m in (a, b) for f in (m.args if isinstance(m, HadamardProduct) else (m,))]
    # SymPy takes the shape of the first, and trips over an explicit matrix's plain integers.
    parts.sort(key=lambda m: (isinstance(m, MatrixBase), default_sort_key(m)))
    return matmul(s, t, HadamardProduct(*parts))


def transpose(matrix: Expr) -> Expr:
    """The transpose, written anew only where that undoes a transposition.

    The transpose of ``Z.T*V.T - Y.T`` is ``V*Z - Y``, that of ``V*Z - Y`` stays
    ``(V*Z - Y).T``.
    """
    if isinstance(matrix, Transpose):
        return matrix.arg
    if isinstance(matrix, _SYMMETRIC) or matrix.shape == (1, 1):
        return matrix
    if isinstance(matrix, (OneMatrix, ZeroMatrix)):
        return type(matrix)(*reversed(matrix.shape))
    if isinstance(matrix, MatrixBase):
        return matrix.T
    if isinstance(matrix, MatMul):
        scalar, factors = split(matrix)
        return matmul(scalar, *map(transpose, reversed(factors)))
    if isinstance(matrix, MatAdd) and any(map(_is_transposed, matrix.args)):
        return matadd(map(transpose, matrix.args))
    return Transpose(matrix)


def _is_transposed(matrix: Expr) -> bool:
    return any(isinstance(factor, Transpose) for factor in split(matrix)[1])


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
