"""Small formulas as they stand in textbooks; what is large stays as it is computed."""

from __future__ import annotations

from typing import Any

from sympy import Basic, Expr, HadamardProduct, MatAdd, MatMul, MatrixSymbol, Mul, S, Transpose
from sympy.matrices import MatrixBase
from sympy.printing.precedence import PRECEDENCE

from symrelu.matrices.algebra import (
    front,
    in_order,
    matadd,
    matmul,
    rebuilt,
    split,
    times,
    transpose,
)
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
    if isinstance(expr, HadamardProduct):
        product = Basic.__new__(HadamardProduct, *in_order(args))
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
    return matmul(*scalars, *matrices)


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
    scalars, factors = zip(*map(split, terms), strict=True)
    common = set(Mul.make_args(scalars[0])).intersection(*map(Mul.make_args, scalars))
    common -= {S.One}
    if not common or len(terms) < 2:
        return matadd(terms)
    rests = (Mul(*(f for f in Mul.make_args(c) if f not in common)) for c in scalars)
    inside = [matmul(rest, *parts) for rest, parts in zip(rests, factors, strict=True)]
    return front(times(*sorted(common, key=str)), matadd(inside))
