"""A function applied to every element of a matrix expression."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, overload
from weakref import WeakValueDictionary

from sympy import Basic, Dummy, Expr, Function, Lambda, SympifyError, sstr, sympify
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.hadamard import hadamard_product
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.matpow import MatPow
from sympy.printing.precedence import precedence
from sympy.printing.pretty.stringpict import prettyForm
from sympy.tensor.array import NDimArray

from symrelu.graph import free_symbols, holds, postorder
from symrelu.inputs import remedy
from symrelu.matrices.typesetting import Tex, Typesetting, shown
from symrelu.signs import put

if TYPE_CHECKING:
    from symrelu.inputs import M

# The same variables in every process: SymPy compares Lambdas by their
# variables, so that two applications of the same function are equal.
ENTRIES = [Dummy("d", dummy_index=k, real=True) for k in range(8)]
ENTRY = ENTRIES[0]


class Elementwise(ElementwiseApplyFunction):
    r"""
    The matrix with the elements $f(A_{ij}, p_1, \ldots, p_k)$.

    Explanation
    ===========

    It differs from SymPy's ``ElementwiseApplyFunction``: two equal applications compare
    equal, and are one object as long as one of them lives; the derivative keeps every argument of
    the inner function (SymPy's forgets the value of ``Heaviside`` at 0); what is known beside the
    entry, a trace, say, can stand among the arguments; ``doit`` looks at each application once;
    and it prints as in a textbook.

    Parameters
    ==========

    function : Lambda
        A function of an entry, and of as many scalars as there are ``parameters``.
    expr : MatrixExpr
        The matrix, of any shape; the result has the same shape.
    *parameters : Expr
        Scalars.

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

    symrelu.elementwise : makes one of a Python function.
    sympy.matrices.expressions.applyfunc.ElementwiseApplyFunction
    """

    _shape: tuple[Expr, Expr]
    _free_symbols: set[Basic]
    _done: Expr | None

    def __new__(cls, function: Lambda, expr: Expr, *parameters: Expr) -> Elementwise:
        key = (cls, function, expr, *parameters)
        known = _UNIQUE.get(key)
        if known is not None:
            return known
        self = super(ElementwiseApplyFunction, cls).__new__(cls, function, expr, *parameters)
        # Asked for as long as the expression is deep, if it were not kept.
        self._shape = tuple(map(sympify, expr.shape))
        self._free_symbols = free_symbols(*self.args)
        self._done = None
        hash(self)
        _UNIQUE[key] = self
        return self

    @classmethod
    def of(cls, body: Any, expr: Expr) -> Elementwise:
        """Apply ``body``, a Python function of one SymPy expression, to each element."""
        return cls(Lambda(ENTRY, body(ENTRY)), expr)

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self._shape

    @property
    def free_symbols(self) -> set[Basic]:
        return self._free_symbols

    @property
    def parameters(self) -> tuple[Expr, ...]:
        """The scalars that the function is given beside the entry."""
        return tuple(self.args[2:])

    def at(self, entry: Expr) -> Expr:
        """The function of an entry."""
        return self.function(entry, *self.parameters)

    def _entry(self, i: Expr, j: Expr, **kwargs: Any) -> Expr:
        if holds(self.expr, MatPow):  # of which SymPy inverts the explicit matrix for each entry
            return MatrixElement(self, i, j)
        return self.at(self.expr._entry(i, j, **kwargs))

    def _get_function_fdiff(self) -> Lambda:
        return Lambda(ENTRY, self.at(ENTRY).diff(ENTRY))

    def _eval_derivative(self, x: Expr) -> Expr:
        slope = type(self)(self._get_function_fdiff(), self.expr)
        return hadamard_product(self.expr.diff(x), slope)

    def _eval_transpose(self) -> None:
        """Nothing: SymPy's would transpose, and so write anew, all that is inside."""

    def doit(self, **hints: Any) -> Expr:
        if hints.pop("deep", True) is False:
            return self._of(self.expr, *self.parameters)
        if hints:
            return self._of(*(arg.doit(**hints) for arg in self.args[1:]))
        if self._done is None:  # SymPy asks for every + and *, and walks all that is inside
            self._done = self._of(*(arg.doit() for arg in self.args[1:]))
            if isinstance(self._done, Elementwise):
                self._done._done = self._done
        return self._done

    def _of(self, expr: Expr, *parameters: Expr) -> Expr:
        if isinstance(expr, MatrixBase):
            return expr.applyfunc(lambda entry: self.function(entry, *parameters))
        return type(self)(self.function, expr, *parameters)

    # Printing

    @property
    def precedence(self) -> int:
        body = self.function.expr
        return int(precedence(self.expr if body == self.function.variables[0] else body))

    def _sympystr(self, printer: Any) -> str:
        return shown(Typesetting, self, printer)

    def _latex(self, printer: Any, **settings: Any) -> str:
        return shown(Tex, self, printer)

    def _pretty(self, printer: Any) -> Any:
        body, entries = (
            self.function.expr,
            dict(zip(self.function.variables, self.args[1:], strict=True)),
        )
        if body.is_Function and any(arg in entries for arg in body.args):
            call = Function(type(body).__name__ + ".")
            return printer._print(call(*(entries.get(arg, arg) for arg in body.args)))
        return prettyForm(sstr(self))


@overload
def elementwise(f: Callable[[Any], Any], matrix: M) -> M: ...
@overload
def elementwise(f: Callable[[Any], Any], matrix: MatrixExpr) -> MatrixExpr: ...
def elementwise(f: Any, matrix: Any) -> Any:
    r"""
    Apply a function to every element: the matrix $f(A_{ij})$.

    Explanation
    ===========

    It is to an activation of your own what ``ReLU(A)`` is to ReLU.  SymPy's ``A.applyfunc(f)``
    means the same, and every function here takes it; but SymPy rebuilds what stands inside of it
    with every ``+`` and ``*``, which in a network takes time exponential in its depth.

    Parameters
    ==========

    f : callable
        A function of one scalar expression: a SymPy function, a ``Lambda``, or a Python
        function.  Its argument is real.
    matrix : MatrixExpr, Matrix or Array
        Of any shape.

    Returns
    =======

    MatrixExpr, Matrix or Array
        Of the shape of ``matrix``.

    Raises
    ======

    TypeError
        If ``matrix`` is no matrix, or if ``f`` gives no scalar expression.

    Examples
    ========

    >>> from sympy import Matrix, MatrixSymbol, exp, tanh
    >>> from symrelu import elementwise
    >>> W, x = MatrixSymbol("W", 3, 2), MatrixSymbol("x", 2, 1)
    >>> elementwise(tanh, W*x)
    tanh.(W*x)
    >>> elementwise(lambda t: 1/(1 + exp(-t)), W*x)
    1/(1 + exp.(-W*x))
    >>> elementwise(tanh, Matrix([0, 1]))
    Matrix([
    [      0],
    [tanh(1)]])

    See Also
    ========

    symrelu.ReLU : threads over matrices by itself.
    """
    if isinstance(matrix, (MatrixBase, NDimArray)):
        return matrix.applyfunc(f)
    if not isinstance(matrix, MatrixExpr):
        hint = "; of a scalar, call it" if isinstance(matrix, Expr) else remedy(matrix)
        raise TypeError(f"elementwise takes a function and then a matrix, not {matrix!r}{hint}")
    body = None
    if callable(f):
        asked = Dummy("d", real=True)  # f may ask for functions of other entries, with this one
        with suppress(SympifyError):
            body = sympify(f(asked), strict=True)
    if not isinstance(body, Expr) or hasattr(body, "shape"):
        raise TypeError(
            f"elementwise: {f!r} gives no scalar expression of an entry; give a function of a "
            "scalar, such as tanh"
        )
    inside = {*postorder(body)}
    entry = next((d for d in ENTRIES if d not in inside), asked)
    return Elementwise(Lambda(entry, put(body, {asked: entry})), matrix)


# Comparing two deep equal trees takes SymPy exponential time, unless they are one object.
_UNIQUE: WeakValueDictionary[tuple[Any, ...], Elementwise] = WeakValueDictionary()
