"""A function applied to every element of a matrix expression."""

from __future__ import annotations

from typing import Any

from sympy import Dummy, Expr, Function, Lambda
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.hadamard import hadamard_product

# One variable for all, in every process: SymPy compares Lambdas by their
# variables, so that two applications of the same function are equal.
_D = Dummy("d", dummy_index=0, real=True)


class Elementwise(ElementwiseApplyFunction):
    r"""
    The matrix with the elements $f(A_{ij})$.

    Explanation
    ===========

    It differs from SymPy's ``ElementwiseApplyFunction`` in three ways: two equal
    applications compare equal, the derivative keeps every argument of the inner
    function (SymPy's forgets the value of ``Heaviside`` at 0), and it prints with
    the name of the function, as in a textbook.

    Parameters
    ==========

    function : Lambda
        A function of one variable.
    expr : MatrixExpr
        The matrix, of any shape; the result has the same shape.

    Examples
    ========

    >>> from sympy import MatrixSymbol
    >>> from symrelu import ReLU
    >>> X = MatrixSymbol("X", 2, 3)
    >>> ReLU(X)
    ReLU.(X)
    >>> ReLU(X).shape
    (2, 3)
    >>> ReLU(X)[0, 1]
    ReLU(X[0, 1])

    See Also
    ========

    sympy.matrices.expressions.applyfunc.ElementwiseApplyFunction
    """

    def __new__(cls, function: Lambda, expr: Expr) -> Elementwise:
        return super(ElementwiseApplyFunction, cls).__new__(cls, function, expr)

    @classmethod
    def of(cls, body: Any, expr: Expr) -> Elementwise:
        """Apply ``body``, a Python function of one SymPy expression, to each element."""
        return cls(Lambda(_D, body(_D)), expr)

    def _get_function_fdiff(self) -> Lambda:
        return Lambda(_D, self.function(_D).diff(_D))

    def _eval_derivative(self, x: Expr) -> Expr:
        slope = type(self)(self._get_function_fdiff(), self.expr)
        return hadamard_product(self.expr.diff(x), slope)

    def _eval_transpose(self) -> None:
        """Nothing: SymPy's would transpose, and so write anew, all that is inside."""

    def doit(self, **hints: Any) -> Expr:
        expr = self.expr.doit(**hints) if hints.get("deep", True) else self.expr
        if isinstance(expr, MatrixBase):
            return expr.applyfunc(self.function)
        return type(self)(self.function, expr)

    def _printed(self, printer: Any, mark: str, **settings: Any) -> Any:
        body = self.function.expr
        if not (body.is_Function and _D in body.args):
            return printer._print_ElementwiseApplyFunction(self)
        name = Function(type(body).__name__ + mark)
        call = name(*(self.expr if a == _D else a for a in body.args))
        return printer._print(call, **settings)

    def _sympystr(self, printer: Any) -> str:
        return self._printed(printer, ".")

    def _pretty(self, printer: Any) -> Any:
        return self._printed(printer, ".")

    def _latex(self, printer: Any, **settings: Any) -> str:
        return self._printed(printer, "", **settings)
