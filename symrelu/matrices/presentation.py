"""Small formulas as they stand in textbooks; what is large stays as it is computed."""

from __future__ import annotations

from typing import Any

from sympy import (
    Basic,
    Expr,
    HadamardProduct,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    S,
    Trace,
    Transpose,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.precedence import PRECEDENCE

from symrelu.matrices.algebra import (
    collected,
    front,
    in_order,
    matmul,
    rebuilt,
    split,
    times,
    transpose,
)
from symrelu.matrices.table import OF_THE_TRANSPOSE
from symrelu.signs import is_small

_LINES = 400  # nodes that one can read at a glance, and more


def presented(expr: Any) -> Any:
    """The expression with products flat and common factors in front, if it is small."""
    if not isinstance(expr, Expr) or not is_small(expr, _LINES):
        return expr
    return _presented(expr)


def _presented(expr: Any) -> Any:
    if not expr.args or isinstance(expr, (MatrixSymbol, MatrixBase)):
        return expr
    args = [_presented(arg) for arg in expr.args]
    if isinstance(expr, MatMul):
        return _product(args)
    if isinstance(expr, MatAdd):
        return _sum(args)
    if isinstance(expr, Transpose):
        return _transposed(args[0])
    if isinstance(expr, OF_THE_TRANSPOSE) and isinstance(args[0], Transpose):
        args = [args[0].arg]
    if isinstance(expr, HadamardProduct):
        product = Basic.__new__(HadamardProduct, *in_order(args, _LINES))
        # SymPy leaves out the parentheses beside a factor with a minus.
        product.precedence = PRECEDENCE["Add"]
        return product
    same = all(a is b for a, b in zip(args, expr.args, strict=True))
    return expr if same else rebuilt(expr.func, args)


def _product(args: list[Any]) -> Expr:
    scalars = [arg for arg in args if not arg.is_Matrix]
    matrices: list[Expr] = []
    for arg in args:
        if arg.is_Matrix:
            scalar, factors = split(arg)
            scalars.append(scalar)
            matrices += factors
    return _with_scalar_matrices(matmul(*scalars, *matrices))


def _with_scalar_matrices(product: Expr) -> Expr:
    """``a*(a.T*a)`` for ``Trace(a.T*a)*a``: a (1, 1) matrix stands beside a column as it is."""
    scalar, factors = split(product)
    if factors[-1].shape[1] != 1:
        return product
    kept, matrices = [], list(factors)
    for factor in Mul.make_args(scalar):
        if isinstance(factor, (Trace, MatrixElement)) and factor.args[0].shape == (1, 1):
            matrices += split(factor.args[0])[1]
            kept.append(split(factor.args[0])[0])
        else:
            kept.append(factor)
    return matmul(*kept, *matrices) if len(matrices) > len(factors) else product


def _transposed(matrix: Expr) -> Expr:
    """The transpose, pushed into products, and into sums that were written in transposes."""
    scalar, factors = split(matrix)
    if len(factors) > 1:
        return _product([scalar, *map(_transposed, reversed(factors))])
    (factor,) = factors
    if isinstance(factor, MatAdd) and any(map(_is_transposed, factor.args)):
        return front(scalar, _sum(list(map(_transposed, factor.args))))
    return front(scalar, transpose(factor))


def _is_transposed(matrix: Expr) -> bool:
    return any(isinstance(factor, Transpose) for factor in split(matrix)[1])


def _sum(terms: list[Any]) -> Expr:
    """The sum, with what all terms have in front of them in front of it."""
    parts = [split(term) for term in terms]
    numbers, rests = zip(*(scalar.as_coeff_Mul() for scalar, _ in parts), strict=True)
    if len(set(rests)) > 1 or rests[0] is S.One:
        return collected(terms)
    number = numbers[0] if len(set(numbers)) == 1 else S.One
    inside = [matmul(c / number, *factors) for c, (_, factors) in zip(numbers, parts, strict=True)]
    return front(times(number, rests[0]), collected(inside))
