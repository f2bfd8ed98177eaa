"""Derivatives of vectors, and second derivatives: the sweep, with other seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sympy import (
    BlockMatrix,
    DiracDelta,
    Dummy,
    Expr,
    Heaviside,
    ImmutableMatrix,
    Integral,
    Matrix,
    MatrixSymbol,
    S,
    SingularityFunction,
    SympifyError,
    Tuple,
    expand,
    sign,
    sympify,
)
from sympy.matrices import MatrixBase
from sympy.tensor.array import NDimArray

from symrelu.gradients.linear import NotLinearError, matrix_of
from symrelu.gradients.reverse import (
    by_rules,
    by_sweep,
    is_nothing,
    mirror,
    scalar,
    seeded,
    variables_of,
    vjp,
)
from symrelu.gradients.rules import Pullback, Rules, local
from symrelu.gradients.steps import without_powers
from symrelu.inputs import holds_text, remedy
from symrelu.matrices.algebra import transpose
from symrelu.matrices.presentation import presented
from symrelu.matrices.reading import read
from symrelu.matrices.typesetting import dressed

if TYPE_CHECKING:
    from symrelu.inputs import Scalar, Several

_SEQUENCES = (list, tuple, Tuple, NDimArray, MatrixBase)


def jacobian(exprs: Several, wrt: Several) -> Any:
    r"""
    The Jacobian matrix of several expressions, or of a column.

    Explanation
    ===========

    One row for each expression, one column for each variable,
    $J_{ij} = \partial f_i / \partial x_j$, by the reverse sweep of ``gradient``, and with its
    slopes at the kinks.  Of a matrix expression it is a formula: the sweep with a free
    cotangent $c$ gives $J^T c$, and $J$ is read off it.

    Products with a Jacobian do not need it.  They cost as much as a gradient, and matrices of any
    shape may take part:

    - $J^T c$, the vector-Jacobian product, is ``gradient(Trace(c.T*f), x)``;
    - $J v$, the Jacobian-vector product, is ``gradient(Trace(c.T*g), c)`` with
      ``g = jacobian(f, x)*v``, or without the Jacobian
      ``gradient(Trace(v.T*gradient(Trace(c.T*f), x)), c)``, c being a symbol of the shape of f.

    Parameters
    ==========

    exprs : list, tuple, row or column of scalar expressions, or a column matrix expression
        What is differentiated.
    wrt : list, tuple, row or column of variables, or a variable
        The variables are symbols, or column matrix symbols, and whatever else ``gradient``
        differentiates by.

    Returns
    =======

    Matrix or MatrixExpr
        An explicit matrix if all is scalar; of the type of ``exprs`` if this is one.  A formula
        if a matrix expression or a matrix symbol takes part, in blocks if there are several.

    Raises
    ======

    TypeError
        If ``exprs`` are no expressions, or ``wrt`` no variables.
    ValueError
        If ``exprs`` is a single scalar, or something is of another shape.
    NotImplementedError
        If the Jacobian of a matrix expression is not found as a formula, or there is no
        rule for a matrix operation.

    Examples
    ========

    >>> from sympy import MatrixSymbol, Trace, symbols
    >>> from symrelu import ReLU, gradient, jacobian
    >>> x, y = symbols("x y")
    >>> jacobian([ReLU(x*y), x - y], [x, y])
    Matrix([
    [y*Heaviside(x*y, 0), x*Heaviside(x*y, 0)],
    [                  1,                  -1]])

    A layer, and two:

    >>> W, b, x = MatrixSymbol("W", 4, 3), MatrixSymbol("b", 4, 1), MatrixSymbol("x", 3, 1)
    >>> jacobian(ReLU(W*x + b), x)
    DiagMatrix(Heaviside.(W*x + b, 0))*W
    >>> V = MatrixSymbol("V", 2, 4)
    >>> jacobian(V*ReLU(W*x), x)
    V*DiagMatrix(Heaviside.(W*x, 0))*W

    The products with a cotangent and with a direction:

    >>> c, v = MatrixSymbol("c", 2, 1), MatrixSymbol("v", 3, 1)
    >>> pulled = gradient(Trace(c.T*V*ReLU(W*x)), x)
    >>> pulled
    W.T*HadamardProduct(V.T*c, Heaviside.(W*x, 0))
    >>> gradient(Trace(v.T*pulled), c)
    V*HadamardProduct(W*v, Heaviside.(W*x, 0))

    See Also
    ========

    symrelu.gradient
    symrelu.hessian
    sympy.matrices.matrixbase.MatrixBase.jacobian

    References
    ==========

    .. [1] A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed., SIAM 2008, ch. 3.
    """
    variables = _columns(wrt, "jacobian")
    if isinstance(exprs, Expr) and exprs.is_Matrix and not isinstance(exprs, MatrixBase):
        (column,) = read([_column(exprs)])
        return _in_blocks([_rows_of(column, variables, by_rules)])
    rows = read(_scalars(exprs))
    found = [_rows_of(row, variables, by_rules) for row in rows]
    return _assembled(found, variables, exprs)


def hessian(expr: Scalar | MatrixBase, wrt: Several, along: Any = None) -> Any:
    r"""
    The second derivatives of a scalar, as numbers at points; or their product with a direction.

    Explanation
    ===========

    $H_{ij} = \partial^2 L / \partial x_i \partial x_j$, the Jacobian of the gradient.  With
    ``along``, the Hessian-vector product $\sum_j H_{ij} d_j$, by variables of any shape, at the
    cost of two sweeps and without the Hessian.

    The first derivatives have the slopes at the kinks that were chosen.  What jumps,
    ``Heaviside`` and ``sign``, has the derivative 0: at every point where the second derivative
    exists it is so, and at the others it is what PyTorch and JAX give.  A ``DiracDelta``, which
    a derivative as distributions would add, is left out; for that, differentiate twice by
    ``gradient``.

    Parameters
    ==========

    expr : Expr
        A scalar: an expression, or a matrix expression of shape (1, 1).
    wrt : a variable, or a list, tuple or explicit matrix of variables
        The variables are symbols, or column matrix symbols.  With ``along`` they are all that
        ``gradient`` takes: matrix symbols of any shape, sequences of them, nested at will.
    along : of the structure of ``wrt``, optional
        The direction: an expression for a variable, a matrix of the same shape for a matrix,
        a list for a list.  It is constant, also if the variables occur in it.

    Returns
    =======

    Expr, Matrix or MatrixExpr
        The second derivative for a scalar variable; an explicit symmetric matrix for several, an
        explicit one being counted row by row; a formula for column matrix symbols, in blocks
        if there are several.  With ``along``, the answer mirrors ``wrt``.

    Raises
    ======

    TypeError
        If ``expr`` is no expression, ``wrt`` no variables, or ``along`` no direction.
    ValueError
        If ``expr`` is not scalar, a matrix symbol is no column, or ``along`` is of another
        structure or shape than ``wrt``.
    NotImplementedError
        If the Hessian by a matrix symbol is not found as a formula; with ``along`` it is.

    Examples
    ========

    >>> from sympy import MatrixSymbol, Trace, symbols
    >>> from symrelu import ReLU, gradient, hessian
    >>> x, y = symbols("x y")
    >>> hessian(ReLU(x)**2/2, x)
    Heaviside(x, 0)
    >>> hessian(ReLU(x*y), [x, y])
    Matrix([
    [                0, Heaviside(x*y, 0)],
    [Heaviside(x*y, 0),                 0]])

    As numbers ReLU has no curvature; as a distribution it has:

    >>> hessian(ReLU(x), x), gradient(gradient(ReLU(x), x), x)
    (0, DiracDelta(x))

    Least squares, and a product with a direction for a matrix:

    >>> A, b, x = MatrixSymbol("A", 5, 3), MatrixSymbol("b", 5, 1), MatrixSymbol("x", 3, 1)
    >>> hessian((A*x - b).T*(A*x - b), x)
    2*A.T*A
    >>> W, D, X = MatrixSymbol("W", 2, 3), MatrixSymbol("D", 2, 3), MatrixSymbol("X", 3, 9)
    >>> hessian(Trace(ReLU(W*X)*ReLU(W*X).T), W, along=D)
    2*HadamardProduct(D*X, Heaviside.(W*X, 0))*X.T

    See Also
    ========

    symrelu.gradient
    symrelu.jacobian
    sympy.matrices.dense.hessian

    References
    ==========

    .. [1] B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation
           6(1), 1994.
    """
    (loss,) = read([scalar(expr, "hessian")])
    if along is None:
        return _hessian(loss, wrt)
    directions = dict[Expr, Expr]()
    for variable, direction in _directions(wrt, along, "along"):
        if directions.setdefault(variable, direction) != direction:
            raise ValueError(f"hessian: along gives two directions for {variable}")
    slopes = vjp([seeded(loss)], directions, _at_points)
    forms = read([*slopes.values(), *directions.values()])
    seeds = zip(forms[: len(slopes)], forms[len(slopes) :], strict=True)
    found = vjp([s for s in seeds if not any(map(is_nothing, s))], directions, _at_points)

    def answer(variable: Expr) -> Expr:
        product = dressed(without_powers(presented(found[variable])))
        return product.as_immutable() if isinstance(product, MatrixBase) else product

    return mirror(wrt, answer)


def _hessian(loss: Expr, wrt: Any) -> Any:
    variables = _columns(wrt, "hessian")
    slopes = read(list(vjp([seeded(loss)], dict.fromkeys(variables), _at_points).values()))
    by_variable = dict(zip(dict.fromkeys(variables), slopes, strict=True))
    if any(v.is_Matrix for v in variables):
        if any(not isinstance(by_variable[v], MatrixBase) for v in variables if v.is_Matrix):
            rows = [_rows_of(by_variable[v], variables, _at_points) for v in variables]
            return dressed(without_powers(_in_blocks(rows)))
        elements = {e: slope for v in variables for e, slope in _elements(v, by_variable[v])}
        variables, by_variable = list(elements), elements
    upper = [
        list(map(without_powers, _rows_of(by_variable[v], variables[i:], _at_points)))
        for i, v in enumerate(variables)
    ]
    if isinstance(wrt, Expr) and not wrt.is_Matrix:
        return upper[0][0]
    n = len(variables)
    make = type(wrt) if isinstance(wrt, MatrixBase) else Matrix
    return make(n, n, lambda i, j: upper[min(i, j)][abs(i - j)])


def _elements(variable: Expr, slopes: Expr) -> list[tuple[Expr, Expr]]:
    """The elements of a variable that is written by elements, each with its derivative."""
    if not variable.is_Matrix:
        return [(variable, slopes)]
    return [(variable[j, 0], slopes[j, 0]) for j in range(slopes.shape[0])]


# Rows of Jacobians


def _rows_of(expr: Expr, variables: list[Expr], rules: Rules) -> list[Expr]:
    """The derivatives of a scalar or of a column, by each of the variables."""
    if not expr.is_Matrix:
        found = vjp([(expr, S.One)], variables, rules)
        rows = (found[v] for v in variables)
        return [presented(transpose(row) if row.is_Matrix else row) for row in rows]
    c = MatrixSymbol(Dummy("c"), *expr.shape)
    found = vjp([(expr, c)], variables, rules)
    try:
        return [presented(matrix_of(found[v], c)) for v in variables]
    except NotLinearError as error:
        raise NotImplementedError(
            f"the Jacobian of {expr} is not found as a formula, because of {error.node}; "
            "its product with a column c is gradient(Trace(c.T*f), x)"
        ) from None


def _in_blocks(rows: list[list[Expr]]) -> Expr:
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    cells = [[x if x.is_Matrix else ImmutableMatrix([[x]]) for x in row] for row in rows]
    if all(isinstance(cell, MatrixBase) for row in cells for cell in row):
        return Matrix.vstack(*(Matrix.hstack(*row) for row in cells))
    return BlockMatrix(cells)


def _assembled(rows: list[list[Expr]], variables: list[Expr], exprs: Any) -> Expr:
    """The rows as an explicit matrix, or in blocks if there are matrices among them."""
    if any(v.is_Matrix for v in variables):
        return _in_blocks(rows)
    make = type(exprs) if isinstance(exprs, MatrixBase) else Matrix
    return make(len(rows), len(variables), [entry for row in rows for entry in row])


# What is differentiated, and by what


def _column(expr: Expr) -> Expr:
    if expr.shape[1] != 1:
        raise ValueError(
            f"jacobian takes a column, not a matrix of shape {expr.shape}: {expr}; the product of "
            "its Jacobian with a matrix C of this shape is gradient(Trace(C.T*f), x)"
        )
    return expr


def _scalars(exprs: Any) -> list[Expr]:
    if isinstance(exprs, Expr) and not isinstance(exprs, MatrixBase):
        raise ValueError(
            f"jacobian takes several expressions, or a column, not the scalar {exprs}; "
            "of a scalar, take gradient, or put it into a list"
        )
    if not isinstance(exprs, _SEQUENCES):
        raise TypeError(
            f"jacobian takes a list or a column of expressions, not {exprs!r}{remedy(exprs)}"
        )
    _check_is_flat(exprs, "expressions")
    return [scalar(item, "each row of jacobian") for item in exprs]


def _columns(wrt: Any, name: str) -> list[Expr]:
    if isinstance(wrt, _SEQUENCES):
        _check_is_flat(wrt, "variables", name)
    variables = list(variables_of(wrt, name))
    if not variables:
        raise ValueError(f"{name} needs a variable to differentiate by; wrt is empty")
    for v in variables:
        if v.is_Matrix and v.shape[1] != 1:
            cure = (
                "give a direction, along="
                if name == "hessian"
                else f"the product of the Jacobian with a column c is gradient(Trace(c.T*f), {v})"
            )
            raise ValueError(
                f"{name} is by variables and columns, and {v} has the shape {v.shape}; {cure}"
            )
    return variables


def _check_is_flat(items: Any, what: str, name: str = "jacobian") -> None:
    shape = getattr(items, "shape", ())
    if name == "jacobian" and len(shape) > 1 and 1 not in shape:
        raise ValueError(f"{name} takes a row or a column of {what}, not the shape {shape}")
    if any(isinstance(item, (list, tuple, Tuple)) for item in items):
        raise TypeError(f"{name} takes a list of {what}, not a list of lists: {items}")


def _directions(wrt: Any, along: Any, where: str) -> Iterator[tuple[Expr, Expr]]:
    """Every variable, with its direction."""
    if isinstance(wrt, (NDimArray, MatrixBase)):
        if not isinstance(along, (NDimArray, MatrixBase)) or along.shape != wrt.shape:
            raise ValueError(
                f"hessian: {where} must be an explicit matrix or array of the shape {wrt.shape} "
                f"of the variables, not {along!r}"
            )
    elif isinstance(wrt, (list, tuple, Tuple)):
        if not isinstance(along, (list, tuple, Tuple)) or len(along) != len(wrt):
            raise ValueError(
                f"hessian: {where} must be a list of {len(wrt)}, one direction for each of the "
                f"variables {wrt}, not {along!r}"
            )
    else:
        (variable,) = variables_of(wrt, "hessian")
        yield variable, _direction(variable, along, where)
        return
    for i, (item, direction) in enumerate(zip(wrt, along, strict=True)):
        yield from _directions(item, direction, f"{where}[{i}]")


def _direction(variable: Expr, along: Any, where: str) -> Expr:
    direction = None
    if not holds_text(along):
        with suppress(SympifyError):
            direction = sympify(along, strict=True)
    if not isinstance(direction, (Expr, MatrixBase)):
        raise TypeError(
            f"hessian: {where} must be an expression, the direction of {variable}, not {along!r}"
        )
    given, expected = (e.shape if e.is_Matrix else () for e in (direction, variable))
    differ = len(given) != len(expected) or any(
        expand(a - b).is_nonzero for a, b in zip(given, expected, strict=True)
    )
    if differ:
        raise ValueError(
            f"hessian: {where} has the shape {given}; the shape of {variable} is {expected}"
        )
    return direction


# Derivatives as numbers at points


def _at_points(
    node: Expr, cotangent: Expr, needed: Collection[Expr], variables: set[Expr]
) -> Pullback:
    """The rules, but that what jumps is constant."""
    if _jumps(node, 0):
        return iter(())
    return local(node, cotangent, needed, variables, _slope, by_sweep(_at_points))


def _jumps(node: Expr, order: int) -> bool:
    """Whether a node is a step (order 0), or an impulse (order -1)."""
    if isinstance(node, SingularityFunction):
        return bool((node.args[2] - order).is_nonpositive)
    return isinstance(node, (DiracDelta, *((Heaviside, sign) if order == 0 else ())))


def _slope(body: Expr, v: Expr) -> Expr:
    """The derivative without impulses, but for those that an integral is taken over."""
    slope = body.diff(v)
    bound = {x for integral in slope.atoms(Integral) for x in integral.variables}
    impulses = {
        node: S.Zero
        for node in slope.atoms(DiracDelta, SingularityFunction)
        if _jumps(node, -1) and node.free_symbols.isdisjoint(bound)
    }
    return slope.xreplace(impulses) if impulses else slope
