"""Small formulas as they stand in textbooks; what is large stays as it is computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

from sympy import (
    Add,
    Basic,
    Expr,
    HadamardPower,
    HadamardProduct,
    Identity,
    Integer,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Trace,
    Transpose,
    default_sort_key,
    fraction,
)
from sympy.core.mul import _keep_coeff
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu.matrices.algebra import (
    collected,
    element,
    front,
    hadamard,
    in_order,
    matmul,
    power,
    rebuilt,
    split,
    times,
    transpose,
    unscaled,
)
from symrelu.matrices.elementwise import ENTRY, Elementwise
from symrelu.matrices.reading import Matters
from symrelu.matrices.table import OF_THE_TRANSPOSE
from symrelu.matrices.typesetting import dressed
from symrelu.signs import has_few_nodes

_PRODUCTS = (MatMul, MatAdd, HadamardProduct)
_LINES = 400  # nodes that one can read at a glance, and more


def presented(expr: Any) -> Any:
    """The expression with products flat and common factors in front, if it is small."""
    if is_formula(expr):
        return dressed(_with_columns(_presented(expr)))
    return dressed(expr) if getattr(expr, "is_Matrix", False) else expr


def is_formula(expr: Any) -> bool:
    """Whether it is a small expression of matrices."""
    return isinstance(expr, Expr) and has_few_nodes(expr, _LINES) and Matters().anywhere([expr])


def _presented(expr: Any) -> Any:
    if not expr.args or isinstance(expr, (MatrixSymbol, MatrixBase)):
        return expr
    args = [_presented(arg) for arg in expr.args]
    if isinstance(expr, MatMul):
        return _product(args)
    if isinstance(expr, MatAdd):
        return _sum(args)
    if isinstance(expr, HadamardProduct):
        return _entrywise(args)
    if isinstance(expr, Transpose):
        return _transposed(args[0])
    if isinstance(expr, (Trace, MatrixElement)) and args[0].shape == (1, 1):
        scalar, matrix = unscaled(args[0])
        matrix = _shorter(matrix)
        is_trace = isinstance(expr, Trace) and not isinstance(matrix, Identity)
        return times(scalar, rebuilt(Trace, [matrix]) if is_trace else element(matrix, 0, 0))
    if isinstance(expr, OF_THE_TRANSPOSE) and isinstance(args[0], Transpose):
        args = [args[0].arg]
    if isinstance(expr, Add):
        # What was too large to be collected along the way, its numbers in front.
        return _keep_coeff(*Add(*args).primitive())
    same = all(a is b for a, b in zip(args, expr.args, strict=True))
    return expr if same else rebuilt(expr.func, args)


def _shorter(matrix: Expr) -> Expr:
    """Of a matrix and its transpose, the one with fewer transposes inside."""
    return min(matrix, _transposed(matrix), key=lambda m: (_transposes(m), default_sort_key(m)))


def _transposes(matrix: Expr) -> int:
    return sum(isinstance(node, Transpose) for node in _tree(matrix))


def _tree(expr: Basic) -> Iterator[Basic]:
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack += node.args


# Products


def _product(args: list[Any]) -> Expr:
    """The product, flat; a row times a column inside of it is a scalar in front."""
    scalars = [arg for arg in args if not arg.is_Matrix]
    matrices: list[Expr] = []
    for arg in args:
        if arg.is_Matrix:
            scalar, factors = split(arg)
            scalars.append(scalar)
            matrices += factors
    rows = [k for k, factor in enumerate(matrices) if factor.shape[0] == 1]
    columns = [k for k, factor in enumerate(matrices) if factor.shape[1] == 1]
    if rows and columns and 1 < columns[-1] + 1 - rows[0] < len(matrices):
        inside = matmul(*matrices[rows[0] : columns[-1] + 1])
        scalars.append(Trace(_shorter(inside)))
        matrices = matrices[: rows[0]] + matrices[columns[-1] + 1 :]
    return _numbers_in_front(matmul(*scalars, *_without_ones(matrices)))


def _without_ones(matrices: list[Expr]) -> list[Expr]:
    """``a.T*b`` for the sum of the entries of the columns' product; of ones by ones, ones."""
    kept: list[Expr] = []
    for column in matrices:
        ones = kept[-1] if kept and isinstance(kept[-1], OneMatrix) else None
        if ones is None:
            kept.append(column)
        elif isinstance(column, OneMatrix):
            kept[-1] = matmul(ones.shape[1], OneMatrix(ones.shape[0], column.shape[1]))
        elif ones.shape[0] == column.shape[1] == 1 and isinstance(column, HadamardProduct):
            first = min(column.args, key=lambda m: len(m.args))
            others = [factor for factor in column.args if factor is not first]
            kept[-1:] = [transpose(first), reduce(hadamard, others)]
        else:
            kept.append(column)
    return kept


def _with_columns(expr: Any) -> Any:
    """``a*(a.T*a)`` for ``Trace(a.T*a)*a``: a (1, 1) matrix stands beside a column as it is."""
    if not expr.args or isinstance(expr, (MatrixSymbol, MatrixBase)):
        return expr
    args = [_with_columns(arg) for arg in expr.args]
    if not all(a is b for a, b in zip(args, expr.args, strict=True)):
        expr = (
            rebuilt(expr.func, args)
            if not isinstance(expr, _PRODUCTS)
            else Basic.__new__(expr.func, *args)
        )
    if not isinstance(expr, MatMul) or expr.shape[1] != 1:
        return expr
    scalar, factors = split(expr)
    if fraction(scalar, exact=True)[1] is not S.One:
        return expr
    parts = Mul.make_args(scalar)
    inside = [f for part in parts if _is_scalar_matrix(part) for f in split(part.args[0])[1]]
    if not inside:
        return expr
    return matmul(*(part for part in parts if not _is_scalar_matrix(part)), *factors, *inside)


def _is_scalar_matrix(scalar: Expr) -> bool:
    return isinstance(scalar, (Trace, MatrixElement)) and scalar.args[0].shape == (1, 1)


def _entrywise(args: list[Any]) -> Expr:
    """The product by entries, in which functions of one matrix that cancel are one function."""
    by_matrix: dict[Expr, list[Expr]] = defaultdict(list)
    scalars = []
    for arg in args:
        scalar, factor = unscaled(arg)
        scalars.append(scalar)
        by_matrix[_function(factor)[0]].append(factor)
    factors = [part for alike in by_matrix.values() for part in _merged(alike)]
    scalar, product = unscaled(reduce(hadamard, factors))
    if isinstance(product, HadamardProduct):
        product = Basic.__new__(HadamardProduct, *in_order(product.args, _LINES))
    return matmul(scalar, *scalars, product)


def _function(factor: Expr) -> tuple[Expr, Expr]:
    """A matrix, and the function of its entries."""
    if isinstance(factor, HadamardPower) and not factor.exp.is_Matrix:
        return factor.base, power(ENTRY, factor.exp)
    if isinstance(factor, Elementwise) and not factor.parameters:
        return factor.expr, factor.at(ENTRY)
    return factor, ENTRY


def _merged(factors: list[Expr]) -> list[Expr]:
    matrix, _ = _function(factors[0])
    body = Mul(*(_function(factor)[1] for factor in factors))
    if len(Mul.make_args(body)) >= len(factors):
        return factors
    scalar, body = body.as_independent(ENTRY, as_Add=False)
    if body is S.One:
        return [matmul(scalar, OneMatrix(*matrix.shape))]
    return [matmul(scalar, matrix if body == ENTRY else Elementwise(Lambda(ENTRY, body), matrix))]


def _transposed(matrix: Expr) -> Expr:
    """The transpose, pushed into products, and into sums where that saves transposes."""
    scalar, factors = split(matrix)
    if len(factors) > 1:
        return _product([scalar, *map(_transposed, reversed(factors))])
    (factor,) = factors
    whole = transpose(factor)
    if isinstance(factor, MatAdd):
        inside = _sum(list(map(_transposed, factor.args)))
        whole = min(whole, inside, key=_transposes)
    return front(scalar, whole)


# Sums


def _sum(terms: list[Any]) -> Expr:
    """The sum, with what all terms have in front of them in front of it."""
    total = _numbers_in_front(collected(_flat(_of_a_shared_sum(_multiples_together(terms)))))
    while isinstance(total, MatAdd) and (shorter := _of_a_common_factor(list(total.args))):
        total = shorter
    if not isinstance(total, MatAdd):
        return total
    parts = [split(term) for term in total.args]
    numbers, rests = zip(*(scalar.as_coeff_Mul() for scalar, _ in parts), strict=True)
    if len(set(rests)) > 1 or rests[0] is S.One:
        return total
    number = numbers[0] if len(set(numbers)) == 1 else S.One
    inside = [matmul(c / number, *factors) for c, (_, factors) in zip(numbers, parts, strict=True)]
    return front(times(number, rests[0]), collected(inside))


def _numbers_in_front(matrix: Expr) -> Expr:
    """``2*(s + t)*A`` for ``(2*s + 2*t)*A``."""
    scalar, factors = split(matrix)
    return matmul(_keep_coeff(*scalar.primitive()), *factors) if scalar.is_Add else matrix


def _flat(terms: Sequence[Expr]) -> list[Expr]:
    """The terms, and those of sums among them."""
    flat: list[Expr] = []
    for term in terms:
        sign, whole = unscaled(term)
        if isinstance(whole, MatAdd) and sign in (S.One, S.NegativeOne):
            flat += _flat([matmul(sign, part) for part in whole.args])
        else:
            flat.append(term)
    return flat


def _multiples_together(terms: list[Expr]) -> list[Expr]:
    """``2*(A + B - C)`` for ``2*(A + B) - 2*C`` with sums for A + B and C."""
    alike: dict[Expr, list[Expr]] = defaultdict(list)
    rest = []
    for term in terms:
        scalar, whole = unscaled(term)
        if isinstance(whole, MatAdd) and scalar not in (S.One, S.NegativeOne):
            sign = -1 if scalar.could_extract_minus_sign() else 1
            alike[sign * scalar].append(matmul(Integer(sign), whole))
        else:
            rest.append(term)
    merged = [_product([c, _sum(sums) if sums[1:] else sums[0]]) for c, sums in alike.items()]
    return rest + merged


def _of_a_shared_sum(terms: list[Expr]) -> list[Expr]:
    """``(I + A)*(B + C)`` for ``B + C + A*(B + C)``."""
    for k, term in enumerate(terms):
        scalar, whole = unscaled(term)
        if not isinstance(whole, MatAdd):
            continue
        for last in (True, False):
            alike = [j for j, other in enumerate(terms) if _ends(other, whole, last)]
            if not alike:
                continue
            size = whole.shape[0 if last else 1]
            inside = [matmul(scalar, Identity(size))]
            for j in alike:
                front_of, factors = split(terms[j])
                inside.append(matmul(front_of, *(factors[:-1] if last else factors[1:])))
            both = (_sum(inside), whole) if last else (whole, _sum(inside))
            others = [other for j, other in enumerate(terms) if j not in (k, *alike)]
            return _of_a_shared_sum([*others, _product(list(both))])
    return terms


def _ends(term: Expr, matrix: Expr, last: bool) -> bool:
    _, factors = split(term)
    return len(factors) > 1 and factors[-1 if last else 0] == matrix


def _of_a_common_factor(terms: list[Expr]) -> Expr | None:
    """``(A + B)*x`` for ``A*x + B*x``; the terms differ in one factor, so that it costs less."""
    alike: dict[Any, list[tuple[Expr, Expr, Expr]]] = defaultdict(list)
    for term in terms:
        scalar, factors = split(term)
        number, rest = scalar.as_coeff_Mul()
        for i in range(len(factors) if len(factors) > 1 else 0):
            alike[rest, factors[:i], factors[i + 1 :]].append((term, number, factors[i]))
    place, group = max(alike.items(), key=lambda item: len(item[1]), default=(None, []))
    if place is None or len(group) < 2:
        return None
    rest, before, after = place
    numbers = [number for _, number, _ in group]
    number = numbers[0] if len({*numbers}) == 1 else S.One
    if len({*map(abs, numbers)}) == 1 != len({*numbers}):
        number = abs(numbers[0])
    inside = _sum([matmul(c / number, factor) for _, c, factor in group])
    taken = {term for term, _, _ in group}
    others = [term for term in terms if term not in taken]
    return collected([*others, _product([number, rest, *before, inside, *after])])
