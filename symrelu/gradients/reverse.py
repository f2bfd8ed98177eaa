"""The reverse sweep: from an expression to its gradient in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, overload

from sympy import (
    Basic,
    Expr,
    Identity,
    ImmutableMatrix,
    Indexed,
    MatrixSymbol,
    S,
    Symbol,
    SympifyError,
    Tuple,
    ZeroMatrix,
    expand,
    sympify,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array import NDimArray

from symrelu.gradients.branches import Branches, InBranch, Place, everywhere, gathered, total
from symrelu.gradients.rules import Pullback, Rules, local
from symrelu.gradients.steps import formula
from symrelu.graph import postorder
from symrelu.inputs import holds_text, remedy
from symrelu.matrices.algebra import element
from symrelu.matrices.reading import Matters, read

if TYPE_CHECKING:
    from symrelu.inputs import M, Scalar


@overload
def gradient(expr: Scalar | MatrixBase, wrt: M) -> M: ...
@overload
def gradient(expr: Scalar | MatrixBase, wrt: MatrixSymbol) -> MatrixExpr: ...
@overload
def gradient(expr: Scalar | MatrixBase, wrt: Expr) -> Expr: ...
@overload
def gradient(expr: Scalar | MatrixBase, wrt: list[Any]) -> list[Any]: ...
@overload
def gradient(expr: Scalar | MatrixBase, wrt: tuple[Any, ...]) -> tuple[Any, ...]: ...
def gradient(expr: Any, wrt: Any) -> Any:
    r"""
    The gradient of a scalar expression, by scalars or by whole matrices.

    Explanation
    ===========

    Reverse accumulation over the expression's directed acyclic graph: every distinct
    subexpression $v$ is visited once, after all that use it, and hands its cotangent
    $\bar v = \partial L / \partial v$ on to its arguments by a vector-Jacobian product.
    Time and size of the answer are linear in the number of distinct
    subexpressions, where one ``diff`` per variable takes time exponential in the depth.

    Everything that SymPy can differentiate is differentiated, and the answer equals
    ``expr.diff``, at the kinks too.  Matrix gradients come out as closed
    formulas in which every subexpression stands in the form in which it was written.
    Printed, such a formula is as in textbooks: ``f.(A)``, ``A.*B`` and ``A.**2`` go entry by
    entry, ``1`` among factors is a matrix of ones.  What is shared is one object, but its text
    stands wherever it is used, so that the text of a deep network would be exponentially long:
    from some length on, what recurs is given names, ``..., where t0 = W*X, t1 = ...``.

    Parameters
    ==========

    expr : Expr
        A scalar: an expression, or a matrix expression of shape (1, 1).
    wrt : Symbol, MatrixSymbol, Matrix, Array, Indexed, list or tuple
        The variables.  A matrix or an array has them as its entries, a list or a tuple holds any
        of these, nested at will; an applied undefined function is a variable, too.

    Returns
    =======

    Expr, or a matrix, array, list or tuple
        The answer mirrors ``wrt``.  The gradient by a matrix has the matrix's
        shape (gradient layout): $(\nabla_W L)_{ij} = \partial L / \partial W_{ij}$.
        It is 0, or a zero matrix, for a variable that does not occur.

    Raises
    ======

    TypeError
        If ``expr`` is no expression, or ``wrt`` none of the above.
    ValueError
        If ``expr`` is not scalar, or an expression in ``wrt`` is not a variable.
    NotImplementedError
        If there is no rule for a matrix operation in ``expr``; the message
        says how to register one.

    Examples
    ========

    >>> from sympy import MatrixSymbol, OneMatrix, Trace, symbols
    >>> from symrelu import ReLU, gradient
    >>> w, x, b, y = symbols("w x b y")
    >>> gradient((ReLU(w*x + b) - y)**2, [w, b])  # doctest: +NORMALIZE_WHITESPACE
    [2*x*(-y + ReLU(b + w*x))*Heaviside(b + w*x, 0),
     2*(-y + ReLU(b + w*x))*Heaviside(b + w*x, 0)]

    A layer over a batch of n, by its weights:

    >>> n = symbols("n", integer=True, positive=True)
    >>> W, X = MatrixSymbol("W", 4, 3), MatrixSymbol("X", 3, n)
    >>> V, Y = MatrixSymbol("V", 2, 4), MatrixSymbol("Y", 2, n)
    >>> R = V*ReLU(W*X) - Y
    >>> gradient(Trace(R.T*R), V)
    2*(V*ReLU.(W*X) - Y)*ReLU.(W*X).T
    >>> gradient(Trace(R.T*R), W)
    2*HadamardProduct(V.T*(V*ReLU.(W*X) - Y), Heaviside.(W*X, 0))*X.T

    The slope at a kink is the one that was chosen.  ``ReLU(x) - ReLU(-x)`` is x, and yet
    its gradient at 0 is 0 by the default choice, as in every framework:

    >>> gradient(ReLU(x) - ReLU(-x), x).subs(x, 0)
    0

    By the set of slopes it is a set: of a sum with non-negative weights the
    subdifferential, otherwise an interval that holds it; by several variables, an interval for
    each.  Where a convex function has its minimum, 0 is in it:

    >>> from sympy import AccumBounds
    >>> every = AccumBounds(0, 1)
    >>> gradient(ReLU(1 - x, every) + 2*ReLU(x - 1, every), x).subs(x, 1)
    AccumBounds(-1, 2)

    See Also
    ========

    symrelu.gradients.pullback : the table of vector-Jacobian products, open for more rules.

    References
    ==========

    .. [1] A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed., SIAM 2008, ch. 3.
    .. [2] M. Giles, "Collected matrix derivative results for forward and reverse mode
           algorithmic differentiation", 2008.
    """
    (expr,) = read([scalar(expr)])
    cotangents = vjp([seeded(expr)], variables_of(wrt))
    of_matrices = Matters().anywhere([expr])  # asked once, not of every cotangent

    def answer(variable: Expr) -> Expr:
        cotangent = cotangents[variable]
        if of_matrices or cotangent.is_Matrix:
            cotangent = formula(cotangent)
        return ImmutableMatrix(cotangent) if isinstance(cotangent, MatrixBase) else cotangent

    return mirror(wrt, answer)


def vjp(
    seeds: Iterable[tuple[Expr, Expr]], variables: Iterable[Expr], rules: Rules | None = None
) -> dict[Expr, Expr]:
    """The cotangents of the variables, given those of some expressions."""
    variables = list(variables)
    cotangents = _sweep(seeds, {_leaf(v) for v in variables}, rules or by_rules)

    def answer(variable: Expr) -> Expr:
        leaf = _leaf(variable)
        zero = ZeroMatrix(*leaf.shape) if leaf.is_Matrix else S.Zero
        cotangent = cotangents.get(leaf, zero)
        return cotangent if leaf is variable else element(cotangent, *variable.args[1:])

    return {variable: answer(variable) for variable in variables}


def by_rules(
    node: Expr, cotangent: Expr, needed: Collection[Expr], variables: set[Expr]
) -> Pullback:
    """The rules of the table, and SymPy's derivatives of what has none."""
    return local(node, cotangent, needed, variables, Expr.diff, by_sweep(by_rules))


def by_sweep(rules: Rules) -> Callable[[Expr, Expr], Expr]:
    """Derivatives of a scalar by one variable, whatever its parts share."""
    return lambda body, v: vjp([(body, S.One)], [v], rules)[v]


def _sweep(
    seeds: Iterable[tuple[Expr, Expr]], variables: set[Expr], rules: Rules
) -> dict[Expr, Expr]:
    branches = Branches()
    terms: dict[Expr, list[tuple[Place | None, Expr]]] = defaultdict(list)
    for root, seed in seeds:
        terms[root].append((None, seed))
    order = list(postorder(Tuple(*terms)))
    needed = _needed(order, variables)
    cotangents = {}
    for node in reversed(order):
        if node not in needed or node not in terms:
            continue
        parts = terms.pop(node)
        if node in variables:
            cotangents[node] = everywhere(parts)
            if isinstance(node, (Symbol, MatrixSymbol)):
                continue
        place, cotangent = gathered(parts)
        for child, part in rules(node, cotangent, needed, variables):
            at = place
            if isinstance(part, InBranch):
                at, part = branches.entered(place, part), part.cotangent
            if (child in needed or child in variables) and not is_nothing(part):
                _check_shape(node, child, part)
                terms[child].append((at, part))
    for late in variables & terms.keys():  # x[j] has a part of the cotangent of x[i]
        cotangents[late] = total([everywhere(terms[late]), cotangents.get(late, S.Zero)])
    return cotangents


def is_nothing(part: Expr) -> bool:
    """Whether it is 0, or a matrix of zeros, and says so."""
    return part is S.Zero or isinstance(part, ZeroMatrix)


def _check_shape(node: Expr, child: Expr, part: Expr) -> None:
    """Refuse the cotangent of a rule that does not have the shape of its primal."""
    if not (part.is_Matrix or child.is_Matrix):
        return
    given, expected = (e.shape if e.is_Matrix else () for e in (part, child))
    if given == expected:
        return
    if len(given) == len(expected):
        rests = (expand(a - b) for a, b in zip(given, expected, strict=True))
        if not any(rest.is_nonzero for rest in rests):
            return  # the same, or not known to differ
    raise ValueError(
        f"the rule of {type(node).__name__} yields a cotangent of shape {given} for {child}, "
        f"whose shape is {expected}"
    )


def _needed(order: list[Basic], variables: set[Expr]) -> set[Basic]:
    """The subexpressions that lead to a variable."""
    bases = {v.base for v in variables if isinstance(v, Indexed)}
    needed: set[Basic] = set()
    for node in order:
        if (
            node in variables
            or any(arg in needed for arg in node.args)
            or (isinstance(node, Indexed) and node.base in bases)  # x[i] by x[j]
        ):
            needed.add(node)
    return needed


def scalar(expr: Any, name: str = "gradient") -> Expr:
    root = None
    if not holds_text(expr):
        with suppress(SympifyError):
            root = sympify(expr, strict=True)
    if not isinstance(root, (Expr, MatrixBase)):
        is_list = isinstance(expr, (list, tuple, Tuple))
        hint = "; of several, take jacobian" if is_list else remedy(expr)
        raise TypeError(f"{name} takes a scalar expression, not {expr!r}{hint}")
    shape = getattr(root, "shape", ())
    if shape not in ((), (1, 1)):
        raise ValueError(
            f"{name} takes a scalar expression, not one of shape {shape}: {root}; "
            "jacobian takes columns"
        )
    return root[0, 0] if isinstance(root, MatrixBase) else root


def seeded(root: Expr) -> tuple[Expr, Expr]:
    """What to differentiate, and the cotangent to begin with."""
    if isinstance(root, MatrixBase):
        return root[0, 0], S.One
    return root, Identity(1) if getattr(root, "shape", ()) else S.One


def _leaf(variable: Expr) -> Expr:
    """Where the sweep collects: for an element of a matrix symbol, the symbol."""
    if isinstance(variable, MatrixElement) and isinstance(variable.parent, MatrixSymbol):
        return variable.parent
    return variable


def variables_of(wrt: Any, name: str = "gradient") -> Iterator[Expr]:
    if isinstance(wrt, (list, tuple, Tuple, NDimArray, MatrixBase)):
        for item in wrt:
            yield from variables_of(item, name)
    elif not isinstance(wrt, Expr):
        raise TypeError(
            f"{name} differentiates by variables, and matrices and sequences of them, not {wrt!r}"
            + remedy(wrt)
        )
    elif not wrt._diff_wrt:
        raise ValueError(f"{name} cannot differentiate by {wrt}, which is not a variable")
    else:
        yield wrt


def mirror(wrt: Any, answer: Callable[[Expr], Expr]) -> Any:
    if isinstance(wrt, (NDimArray, MatrixBase)):
        return wrt.applyfunc(answer)
    if isinstance(wrt, (list, tuple)):
        return type(wrt)([mirror(item, answer) for item in wrt])
    if isinstance(wrt, Tuple):
        return Tuple(*(mirror(item, answer) for item in wrt))
    return answer(wrt)
