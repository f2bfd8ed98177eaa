r"""The matrix of a linear map that is given as an expression.

A sweep with a free cotangent $c$ gives the expression $J^T c$; here $J$ is read off it.  Each
subexpression that holds $c$ is linear in it: a scalar, row or column $y$ is known by the matrix
$J_y$ with $y = J_y^T c$; a matrix is a sum of outer products $y v^T$, of products
$A \operatorname{diag}(y) B$, and of these by entries, $L (M \circ A \operatorname{diag}(y) B) R$.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce, singledispatch
from typing import NamedTuple, TypeAlias, TypeVar

from sympy import (
    Add,
    BlockMatrix,
    DiagMatrix,
    DiagonalOf,
    Dict,
    Expr,
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    Mul,
    OneMatrix,
    Piecewise,
    S,
    Trace,
    Transpose,
    Tuple,
    ZeroMatrix,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.graph import postorder
from symrelu.matrices.algebra import (
    diagonal,
    element,
    hadamard,
    matadd,
    matmul,
    single_entry,
    split,
    times,
    transpose,
    unscaled,
)


class Outer(NamedTuple):
    """The matrix $y v^T$, or its transpose, of which y is linear and v a column."""

    jacobian: Expr
    v: Expr
    flipped: bool


class Diagonal(NamedTuple):
    r"""The matrix $A \operatorname{diag}(y) B$, of which y is linear; A and B are in factors."""

    jacobian: Expr
    left: tuple[Expr, ...] = ()
    right: tuple[Expr, ...] = ()


class Entrywise(NamedTuple):
    r"""The matrix $L (M \circ A \operatorname{diag}(y) B) R$, of which y is linear."""

    jacobian: Expr
    a: Expr
    mask: Expr
    b: Expr
    left: tuple[Expr, ...] = ()
    right: tuple[Expr, ...] = ()


Part: TypeAlias = Outer | Diagonal | Entrywise
Parts: TypeAlias = list[Part]
_PartT = TypeVar("_PartT", bound=Part)
Linear: TypeAlias = Expr | Parts  # the Jacobian of a scalar, row or column; a matrix in parts


class NotLinearError(Exception):
    """A node of which the map is not read off."""

    def __init__(self, node: Expr) -> None:
        super().__init__(str(node))
        self.node = node


def matrix_of(image: Expr, c: Expr) -> Expr:
    """The matrix J, of as many rows as the column ``c``, for which ``image`` is ``J.T*c``."""
    known: dict[Expr, Linear] = {c: Identity(c.shape[0])}
    for node in postorder(image):
        if node not in known and any(arg in known for arg in node.args):
            known[node] = linear(node, known)
    jacobian = known.get(image, ZeroMatrix(c.shape[0], _size(image)))
    if isinstance(jacobian, list):
        raise NotLinearError(image)
    return jacobian


@singledispatch
def linear(node: Expr, known: dict[Expr, Linear]) -> Linear:
    """How a node depends on what is free, from how its arguments do."""
    raise NotLinearError(node)


def _size(vector: Expr) -> Expr:
    """How many elements a scalar, row or column has."""
    rows, columns = getattr(vector, "shape", None) or (S.One, S.One)
    return columns if rows == 1 else rows


def _column(vector: Expr) -> Expr:
    return vector if vector.shape[1] == 1 else transpose(vector)


def _is_vector(matrix: Expr) -> bool:
    return 1 in matrix.shape


def diagonal_of(vector: Expr) -> Expr:
    """The diagonal matrix of a column, its scalar in front."""
    scalar, column = unscaled(vector)
    ones = isinstance(column, OneMatrix)
    return matmul(scalar, Identity(column.shape[0]) if ones else DiagMatrix(column))


def _the_one(node: Expr, args: Sequence[Expr], known: dict[Expr, Linear]) -> int:
    """Which factor is linear; there must be one."""
    found = [i for i, arg in enumerate(args) if arg in known]
    if len(found) != 1:
        raise NotLinearError(node)
    return found[0]


@linear.register(Add)
@linear.register(MatAdd)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    if not all(term in known for term in node.args):
        raise NotLinearError(node)
    terms = [known[term] for term in node.args]
    if isinstance(terms[0], list):
        return [part for term in terms for part in term]
    return matadd(terms)


@linear.register(Mul)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    i = _the_one(node, node.args, known)
    return matmul(times(*node.args[:i], *node.args[i + 1 :]), known[node.args[i]])


@linear.register(Piecewise)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    terms = []
    for i, (branch, _) in enumerate(node.args):
        if branch in known:
            chosen = [(S.One if j == i else S.Zero, cond) for j, (_, cond) in enumerate(node.args)]
            terms.append(matmul(Piecewise(*chosen), known[branch]))
        elif branch != 0:
            raise NotLinearError(node)
    return matadd(terms)


@linear.register(Tuple)
@linear.register(Dict)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    return []  # branches, entries: for what holds them to look at


@linear.register(MatMul)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    i = _the_one(node, node.args, known)
    factor, value = node.args[i], known[node.args[i]]
    if not factor.is_Matrix:
        rest = matmul(*node.args[:i], *node.args[i + 1 :])
        if not _is_vector(rest):
            raise NotLinearError(node)
        return matmul(value, transpose(_column(rest)))
    scalar = times(*(arg for arg in node.args if not arg.is_Matrix))
    matrices = [arg for arg in node.args if arg.is_Matrix]
    i = matrices.index(factor)
    left, right = matrices[:i], matrices[i + 1 :]
    if isinstance(value, list):
        return _collected(node, [_between(left, part, right, scalar) for part in value])
    if factor.shape[1] != 1:  # a row: the transpose of what follows
        return _collected(node, [_outer(*_flip(left, right), value, scalar, flipped=True)])
    return _collected(node, [_outer(left, right, value, scalar, flipped=False)])


def _flip(left: Sequence[Expr], right: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
    """What stands on both sides, in the transpose of the product."""
    return [*map(transpose, reversed(right))], [*map(transpose, reversed(left))]


def _outer(
    left: Sequence[Expr], right: Sequence[Expr], jacobian: Expr, scalar: Expr, flipped: bool
) -> Outer:
    """Of ``left*y*right``, in which y is a column."""
    jacobian = matmul(scalar, jacobian, *map(transpose, reversed(left)))
    v = matmul(*map(transpose, reversed(right))) if right else Identity(1)
    return Outer(jacobian, v, flipped)


def _between(left: list[Expr], part: Part, right: list[Expr], scalar: Expr) -> Part:
    if isinstance(part, Outer):
        if part.flipped:
            left, right = _flip(left, right)
        return _outer(left, [transpose(part.v), *right], part.jacobian, scalar, part.flipped)
    left, right = [*left, *part.left], [*part.right, *right]
    for flipped in (False, True):
        before, after = _flip(left, right) if flipped else (left, right)
        if after and after[-1].shape[1] == 1:  # of u on the diagonal, times w: u and w by elements
            turned = _transposed(part) if flipped else part
            jacobian = matmul(part.jacobian, _times_column(turned, matmul(*after)))
            return _outer(before, [], jacobian, scalar, flipped)
    jacobian = matmul(scalar, part.jacobian)
    return part._replace(jacobian=jacobian, left=tuple(left), right=tuple(right))


def _times_column(part: Diagonal | Entrywise, column: Expr) -> Expr:
    """The matrix M for which what is in the middle of a part, times a column, is ``M.T*y``."""
    if isinstance(part, Diagonal):
        return diagonal_of(column)
    return hadamard(matmul(part.b, diagonal_of(column), transpose(part.mask)), transpose(part.a))


def _collected(node: Expr, parts: Parts) -> Linear:
    """Of a scalar, row or column, the Jacobian."""
    if node.is_Matrix and not _is_vector(node):
        return parts
    return matadd([_of_vector(part) for part in parts if isinstance(part, Outer)])


def _of_vector(part: Outer) -> Expr:
    if part.v.shape == (1, 1):
        return matmul(_entry(part.v), part.jacobian)
    return matmul(part.jacobian, transpose(part.v))


def _entry(matrix: Expr) -> Expr:
    """A (1, 1) matrix as a scalar."""
    scalar, factors = split(matrix)
    return scalar if isinstance(matmul(*factors), Identity) else element(matrix, 0, 0)


@linear.register(Transpose)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    value = known[node.arg]
    if not isinstance(value, list):
        return value
    return list(map(_transposed, value))


def _transposed(part: _PartT) -> _PartT:
    if isinstance(part, Outer):
        return part._replace(flipped=not part.flipped)
    left, right = map(tuple, _flip(part.left, part.right))
    if isinstance(part, Entrywise):
        a, mask, b = map(transpose, (part.b, part.mask, part.a))
        part = part._replace(a=a, mask=mask, b=b)
    return part._replace(left=left, right=right)


@linear.register(HadamardProduct)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    i = _the_one(node, node.args, known)
    value = known[node.args[i]]
    rest = reduce(hadamard, node.args[:i] + node.args[i + 1 :])
    if isinstance(value, list):
        return [_by_entries(node, part, rest) for part in value]
    return matmul(value, diagonal_of(_column(rest)))


def _by_entries(node: Expr, part: Part, matrix: Expr) -> Part:
    """The product by entries with a matrix."""
    if isinstance(part, Outer):
        v = diagonal_of(part.v)
        if part.flipped:
            return Diagonal(part.jacobian, left=(matmul(v, matrix),))
        return Diagonal(part.jacobian, right=(matmul(matrix, v),))
    if isinstance(part, Entrywise):
        if part.left or part.right:
            raise NotLinearError(node)
        return part._replace(mask=hadamard(part.mask, matrix))
    if part.left and part.right:
        return Entrywise(part.jacobian, matmul(*part.left), matrix, matmul(*part.right))
    if part.left:
        return part._replace(left=(hadamard(matmul(*part.left), matrix),))
    if part.right:
        return part._replace(right=(hadamard(matmul(*part.right), matrix),))
    return Diagonal(matmul(part.jacobian, diagonal_of(diagonal(matrix))))


@linear.register(Trace)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    value = known[node.arg]
    if not isinstance(value, list):
        return value
    return matadd([matmul(part.jacobian, _trace(part)) for part in value])


def _transposed_product(factors: Sequence[Expr], size: Expr) -> Expr:
    return transpose(matmul(*factors)) if factors else Identity(size)


def _trace(part: Part) -> Expr:
    """The column whose product with what is linear is the trace."""
    if isinstance(part, Outer):
        return part.v
    around = (*part.right, *part.left)
    if isinstance(part, Entrywise):
        mask = hadamard(part.mask, _transposed_product(around, part.mask.shape[0]))
        return diagonal(matmul(transpose(part.a), mask, transpose(part.b)))
    return diagonal(matmul(*around)) if around else OneMatrix(part.jacobian.shape[1], 1)


@linear.register(DiagonalOf)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    value = known[node.args[0]]
    if not isinstance(value, list):
        raise NotLinearError(node)
    return matadd([matmul(part.jacobian, _onto_the_diagonal(node, part)) for part in value])


def _onto_the_diagonal(node: Expr, part: Part) -> Expr:
    """The matrix M for which the diagonal is ``M.T*y``."""
    if isinstance(part, Outer):
        return diagonal_of(part.v)
    if isinstance(part, Entrywise):
        part = _transposed(part) if part.left else part
        if part.left:
            raise NotLinearError(node)
        mask = hadamard(part.mask, _transposed_product(part.right, part.mask.shape[1]))
        return hadamard(matmul(part.b, transpose(mask)), transpose(part.a))
    size = part.jacobian.shape[1]
    left, right = (matmul(*side) if side else Identity(size) for side in (part.left, part.right))
    return hadamard(transpose(left), right)


@linear.register(DiagMatrix)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    value = known[node.args[0]]
    assert not isinstance(value, list)  # it is of a row or a column
    return value if node.shape == (1, 1) else [Diagonal(value)]


@linear.register(MatrixElement)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    matrix, i, j = node.args
    value = known[matrix]
    if isinstance(value, list):
        row, column = (
            single_entry(S.One, k, S.Zero, (size, S.One))
            for k, size in zip((i, j), matrix.shape, strict=True)
        )
        return _collected(node, [_between([row.T], part, [column], S.One) for part in value])
    if matrix.shape == (1, 1):
        return value
    k = i if matrix.shape[1] == 1 else j
    return matmul(value, single_entry(S.One, k, S.Zero, (_size(matrix), S.One)))


@linear.register(MatrixBase)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    entries = node.todok()
    if any(entry.is_Matrix for entry in entries.values()):
        return []  # blocks
    if not _is_vector(node) or not all(entry in known for entry in entries.values()):
        raise NotLinearError(node)
    shape = (S.One, _size(node))
    return matadd(
        [
            matmul(known[entry], single_entry(S.One, S.Zero, S(max(place)), shape))
            for place, entry in entries.items()
        ]
    )


@linear.register(BlockMatrix)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    blocks = node.blocks.flat()
    if not _is_vector(node) or not all(b in known or isinstance(b, ZeroMatrix) for b in blocks):
        raise NotLinearError(node)
    found = {b: J for b in blocks if not isinstance(J := known.get(b, []), list)}
    height = next(iter(found.values())).shape[0]
    return BlockMatrix([[found.get(b, ZeroMatrix(height, _size(b))) for b in blocks]])


@linear.register(MatrixSlice)
def _(node: Expr, known: dict[Expr, Linear]) -> Linear:
    value = known[node.parent]
    if isinstance(value, list):
        raise NotLinearError(node)
    along = node.rowslice if node.parent.shape[1] == 1 else node.colslice
    return MatrixSlice(value, (0, value.shape[0]), along)
