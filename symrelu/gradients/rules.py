r"""The table of vector-Jacobian products, one rule per SymPy class.

A node $y = f(x_1, \ldots, x_n)$ of an expression has received its cotangent
$\bar y = \partial L / \partial y$.  The rule of its class yields each $x_i$ that is
needed, with what this node adds to the cotangent of $x_i$: for scalars
$\bar y \, \partial f / \partial x_i$.  A cotangent has the shape of its primal.

A rule for a class of your own is three lines::

    @pullback.register(MyNode)
    def _(node, cotangent, needed):
        yield node.args[0], cotangent * slope_of_my_node(node.args[0])
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import reduce, singledispatch
from itertools import accumulate, product
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Add,
    And,
    Basic,
    BlockMatrix,
    Derivative,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DiracDelta,
    Dummy,
    Expr,
    Function,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    ImmutableMatrix,
    ImmutableSparseMatrix,
    Indexed,
    Inverse,
    KroneckerDelta,
    KroneckerProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    OneMatrix,
    Piecewise,
    Pow,
    Product,
    S,
    Subs,
    Sum,
    Symbol,
    Trace,
    Transpose,
    UnevaluatedExpr,
    ZeroMatrix,
    conjugate,
    evaluate,
    expand,
    im,
    log,
    prod,
    re,
    sign,
    sympify,
    true,
)
from sympy.core.function import AppliedUndef, ArgumentIndexError
from sympy.core.mul import _keep_coeff
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.function import step
from symrelu.gradients.branches import InBranch
from symrelu.graph import bound_symbols, exchanged, free_symbols, holds, postorder, replaced
from symrelu.kinked import rewritten
from symrelu.matrices.algebra import (
    diagonal,
    element,
    hadamard,
    inner,
    matadd,
    matmul,
    power,
    single_entry,
    split,
    transpose,
    unscaled,
)
from symrelu.matrices.elementwise import Elementwise
from symrelu.signs import is_small, known, put

Pullback = Iterator[tuple[Expr, Expr]]
# How a sweep finds the parts of a node, and how a scalar is differentiated by one variable.
Rules: TypeAlias = Callable[[Expr, Expr, Collection[Expr], set[Expr]], Pullback]
Diff: TypeAlias = Callable[[Expr, Expr], Expr]

_TERMS = 100  # of a sum that are written out


@singledispatch
def pullback(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    r"""
    Yield the arguments of a node, each with what it adds to their cotangents.

    Parameters
    ==========

    node : Expr
        The primal, $y$.
    cotangent : Expr
        $\bar y$, of the shape of ``node``.
    needed : collection of Expr
        The subexpressions that lead to a variable.  What is yielded for others is
        ignored, so that a rule may look here to save work.

    Yields
    ======

    tuple of Expr
        A subexpression of the node, and an expression of its shape.

    Raises
    ======

    NotImplementedError
        If there is no rule for the class of a node of matrices.
    """
    if not node.is_Matrix and not any(getattr(arg, "is_Matrix", False) for arg in node.args):
        return NotImplemented  # gradient asks SymPy for the derivatives of this node
    raise NotImplementedError(_no_rule(node))


def _no_rule(node: Basic) -> str:
    cls = type(node)
    place = f" ({node})" if is_small(node) else ""
    remedy = _REMEDY.format(cls.__name__, _in_scope(cls))
    return f"gradient has no rule for {cls.__name__}{place}; {remedy}"


def _in_scope(cls: type[Basic]) -> str:
    """The line that brings a class into scope, where one can."""
    if issubclass(cls, AppliedUndef):
        return f'from sympy import Function\n\n{cls.__name__} = Function("{cls.__name__}")\n'
    if cls.__module__ == "__main__" or cls.__qualname__ != cls.__name__:
        return ""
    return f"from {cls.__module__} import {cls.__name__}\n"


_REMEDY = """register one:

from symrelu.gradients import pullback
{1}
@pullback.register({0})
def _(node, cotangent, needed):
    yield node.args[0], cotangent  # times the derivative by node.args[0], of its shape
"""


def local(
    node: Expr,
    cotangent: Expr,
    needed: Collection[Expr],
    variables: set[Expr],
    diff: Diff,
    sweep: Diff,
) -> Pullback:
    """The parts by the rule of the node; if there is none, by the derivatives of scalars.

    ``sweep`` is for what SymPy does not look into: long functions of entries, whose parts are
    shared, and functions that have their derivatives from the table.
    """

    def by_table(f: Expr, v: Expr) -> Expr:
        return _derived(diff(f, v), sweep)

    rule = pullback.dispatch(type(node))
    if rule in (of_entries, of_indices):
        return rule(
            node, cotangent, needed, lambda f, v: by_table(f, v) if is_small(f) else sweep(f, v)
        )
    parts = rule(node, cotangent, needed) if node.args else iter(())
    if parts is NotImplemented:
        asked = isinstance(node, Function)  # its rule has been
        return by_sympy(node, cotangent, needed, variables, diff if asked else by_table, sweep)
    return parts


def _derived(slope: Expr, sweep: Diff) -> Expr:
    """A derivative in which SymPy has left those of functions that have a rule."""

    def change(node: Any) -> Any:
        if isinstance(node, Derivative) and isinstance(node.expr, Function):
            first, *others = node.variables
            known = sweep(node.expr, first)
            return node if holds(known, Derivative) else reduce(sweep, others, known)
        if isinstance(node, Subs) and not holds(node.expr, Derivative):
            return node.doit(deep=False)
        return node

    return replaced(slope, change) if holds(slope, Derivative) else slope


def by_sympy(
    node: Expr,
    cotangent: Expr,
    needed: Collection[Expr],
    variables: set[Expr],
    diff: Diff,
    sweep: Diff,
) -> Pullback:
    """The parts of a scalar node that has no rule, by SymPy's derivatives of this node alone."""
    stand_ins = {
        part: Dummy(real=True) for part in free_parts(node, needed) if part.has(MatrixSymbol)
    }
    shell = node.xreplace(stand_ins)
    back = {stand_in: part for part, stand_in in stand_ins.items()}
    for part, stand_in in stand_ins.items():
        yield part, times(cotangent, put(diff(shell, stand_in), back))
    for v in variables - {node}:
        if not v.is_Matrix:
            yield v, times(cotangent, put(diff(shell, v), back))
        elif _holds_whole(shell, v):
            yield v, matmul(cotangent, put(sweep(_written_out(shell), v), back))
        elif shell.has(v):
            yield v, matmul(cotangent, _by_elements(shell, v, back, diff))


def _holds_whole(expr: Expr, matrix: Expr) -> bool:
    """Whether the matrix stands in it otherwise than by its elements."""
    elements = {part for part in postorder(expr) if isinstance(part, MatrixElement)}
    return matrix in postorder(expr, {e for e in elements if e.parent == matrix})


def _written_out(node: Any) -> Expr:
    """The terms of a sum, or the factors of a product, if they are few."""
    if isinstance(node, (Sum, Product)):
        counts = [last - first + 1 for _, first, last in node.limits]
        if all(n.is_Integer for n in counts) and prod(counts) <= _TERMS:
            written: Expr = node.doit(deep=False)
            return written
    raise NotImplementedError(
        f"gradient has no rule for {type(node).__name__} of functions of a whole matrix, but for "
        f"{_TERMS} terms at most of a sum or product; write it as functions of the elements"
    )


def free_parts(node: Basic, needed: Collection[Expr]) -> Iterator[Expr]:
    """The largest scalar parts that lead to a variable, and do not depend on a bound symbol."""
    bound = bound_symbols(node)
    stack, seen = list(node.args), set()
    while stack:
        part = stack.pop()
        if part in seen or part not in needed:
            continue
        seen.add(part)
        is_scalar = isinstance(part, Expr) and not part.is_Matrix
        if is_scalar and free_symbols(part).isdisjoint(bound):
            yield part
        else:
            stack.extend(part.args)


def _by_elements(shell: Expr, matrix: Expr, back: dict[Expr, Expr], diff: Diff) -> Expr:
    """The derivatives by the elements, some of which depend on a bound index."""
    row, column = Dummy("i", integer=True), Dummy("j", integer=True)
    slope = diff(shell.replace(Abs, _Modulus), matrix[row, column]).replace(_Modulus, Abs)
    slope = exchanged(replaced(replaced(slope, _without_deltas), _without_range), back)
    if holds(slope, Derivative):
        name = type(shell).__name__
        raise NotImplementedError(
            f"gradient has no rule for {name} of a function without a derivative of the elements "
            f"of {matrix}; give the function an fdiff"
        )
    return FunctionMatrix(*matrix.shape, Lambda((row, column), slope))


class _Modulus(Function):
    """``Abs``, of what is real: SymPy does not know it of an element."""

    def fdiff(self, argindex: int = 1) -> Expr:
        slope: Expr = sign(self.args[0])
        return slope


# Sums, in each of which a delta leaves one term: SymPy's ``doit`` looks for more, and may not end.


def _without_deltas(node: Any) -> Any:
    if not isinstance(node, Sum) or not holds(node, KroneckerDelta):
        return node.doit(deep=False) if isinstance(node, Derivative) else node
    total = node.function
    for limits in node.limits:
        total = Add(*(_summed(term, *limits) for term in _terms(total)))
    return total


def _terms(expr: Expr) -> Iterator[Expr]:
    """The terms, and those of sums of deltas that are multiplied."""
    if expr.is_Add:
        for term in expr.args:
            yield from _terms(term)
        return
    factors = Mul.make_args(expr)
    for k, factor in enumerate(factors):
        if factor.is_Add and holds(factor, KroneckerDelta):
            for term in factor.args:
                yield from _terms(Mul(*factors[:k], term, *factors[k + 1 :]))
            return
    yield expr


def _summed(term: Expr, index: Expr, first: Expr, last: Expr) -> Expr:
    """The sum of a term, deltas that are the same for all in front of it."""
    factors = Mul.make_args(term)
    inside = {k: free_symbols(factor) for k, factor in enumerate(factors)}
    deltas = [k for k, factor in enumerate(factors) if isinstance(factor, KroneckerDelta)]
    front = Mul(*(factors[k] for k in deltas if index not in inside[k]))
    kept = [k for k in inside if k not in deltas or index in inside[k]]
    for k in kept:
        value = _solution(factors[k], index) if k in deltas else None
        if value is not None:
            chosen = Mul(*(factors[j] for j in kept if j != k)).subs(index, value)
            if chosen != 0 and not _is_covered(factors[k], value, first, last):
                within = And(first <= value, value <= last)
                chosen = Piecewise((chosen, within), (S.Zero, true))
            return front * chosen
    body = Mul(*(factors[k] for k in kept))
    return front * Sum(body, (index, first, last)) if body != 0 else S.Zero


def _solution(delta: Any, index: Expr) -> Expr | None:
    """The one index for which a delta is 1."""
    difference = expand(delta.args[0] - delta.args[1])
    slope = difference.coeff(index)
    rest = difference - slope * index
    return -slope * rest if slope in (1, -1) and not rest.has(index) else None


def _is_covered(delta: Any, value: Expr, first: Expr, last: Expr) -> bool:
    """Whether the index runs over all that the value, a place of the matrix, may be."""
    if len(delta.args) == 2 or not value.is_Symbol:
        return False
    low, high = delta.args[2]
    return bool((first - low).is_nonpositive and (last - high).is_nonnegative)


def _without_range(node: Any) -> Any:
    return node.func(*node.args[:2]) if isinstance(node, KroneckerDelta) else node


# Scalars


def times(cotangent: Expr, *factors: Expr) -> Expr:
    """The product, each factor left as it is.

    Large ones are not even looked into: SymPy would merge nested products and sort
    their factors, and along a deep expression both take more than linear time.
    """
    if isinstance(cotangent, Piecewise) and is_small(cotangent):  # a formula to be read
        pieces = [(times(e, *factors) if e else e, c) for e, c in cotangent.args]
        return Piecewise(*pieces, evaluate=all(is_small(e) for piece in pieces for e in piece))
    if not all(map(is_small, (cotangent, *factors))):
        parts = [f for f in (cotangent, *factors) if f is not S.One]
        return Mul(*parts, evaluate=False) if len(parts) > 1 else parts[0]
    scale, rest = cotangent.as_coeff_Mul()
    scale = Mul(scale, *(f for f in factors if f.is_Number))
    rest = Mul(rest, *(f for f in factors if not f.is_Number))
    # A number in front of a sum stays there, so that the sum stays shared.
    return _keep_coeff(scale, rest, sign=True) if rest.is_Add else scale * rest


@pullback.register(Add)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    return ((term, cotangent) for term in node.args)


@pullback.register(Mul)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    if not node.is_commutative:
        return NotImplemented
    return (
        (factor, times(cotangent, *node.args[:i], *node.args[i + 1 :]))
        for i, factor in enumerate(node.args)
        if factor in needed
    )


@pullback.register(Pow)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    base, exponent = node.args
    if base in needed:
        yield base, times(cotangent, exponent, power(base, exponent - 1))
    if exponent in needed:
        yield exponent, times(cotangent, node, log(base))


@pullback.register(Function)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    parts = [(i, arg) for i, arg in enumerate(node.args) if arg in needed]
    if any(arg.is_Matrix for _, arg in parts):
        raise NotImplementedError(_no_rule(node))
    cls = type(node)
    slope = _fdiff if cls._eval_derivative is Function._eval_derivative else _by_argument
    if slope is _fdiff and cls.fdiff is Function.fdiff and rewritten(node) is not None:
        slope = _by_rewriting
    slopes = [(arg, slope(node, i)) for i, arg in parts]
    if any(slope is None for _, slope in slopes):
        return NotImplemented
    return ((arg, times(cotangent, slope)) for arg, slope in slopes)


def _by_argument(node: Expr, i: int) -> Expr | None:
    """The derivative of a function that knows more than fdiff, such as sign, if it has one."""
    x = node.args[i]
    d = Dummy(real=known(x, "extended_real"))
    slope = node.func(*node.args[:i], d, *node.args[i + 1 :]).diff(d)
    if slope.has(Derivative):
        return None
    with evaluate(is_small(x)):
        return slope.xreplace({d: x})


def _by_rewriting(node: Expr, i: int) -> Expr | None:
    """The derivative of a kinked function of the user's own, as it is written with ReLU."""
    x = node.args[i]
    d = Dummy(real=known(x, "extended_real"))
    written = rewritten(node.func(*node.args[:i], d, *node.args[i + 1 :]))
    if written is None:
        return None
    with evaluate(is_small(x)):
        return written.diff(d).xreplace({d: x})


def _fdiff(node: Expr, i: int) -> Expr:
    try:
        return node.fdiff(i + 1)
    except ArgumentIndexError:  # as SymPy does
        return Function.fdiff(node, i + 1)


@pullback.register(Heaviside)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    x, H0 = node.args
    if x in needed:
        yield x, times(cotangent, DiracDelta(x, evaluate=is_small(x)))
    if H0 in needed:
        yield H0, times(cotangent, Function.fdiff(node, 2))


@pullback.register(Abs)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.args[0], times(cotangent, sign(node.args[0], evaluate=is_small(node)))


@pullback.register(re)
@pullback.register(conjugate)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    # All variables are real; SymPy takes functions of some others apart.
    yield node.args[0], cotangent


@pullback.register(im)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    return iter(())


@pullback.register(sign)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    (x,) = node.args
    if known(x, "extended_real") is False:
        return NotImplemented
    return iter([(x, times(cotangent, S(2), DiracDelta(x, evaluate=is_small(x))))])


@pullback.register(UnevaluatedExpr)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.args[0], cotangent


@pullback.register(Max)
@pullback.register(Min)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    up = 1 if isinstance(node, Max) else -1
    for i, arg in enumerate(node.args):
        if arg in needed:
            others = node.args[:i] + node.args[i + 1 :]
            other = others[0] if len(others) == 1 else type(node)(*others, evaluate=False)
            yield arg, times(cotangent, step(up * (arg - other), S.Half))


@pullback.register(Piecewise)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    conditions = tuple(condition for _, condition in node.args)
    for i, (branch, _) in enumerate(node.args):
        if branch in needed:
            yield branch, InBranch(cotangent, conditions, i)


# Matrices


@pullback.register(MatrixSymbol)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    return iter(())  # a leaf, though it has arguments


@pullback.register(MatAdd)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    return ((term, cotangent) for term in node.args)


@pullback.register(MatMul)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    scalar, factors = split(node)
    for i, factor in enumerate(factors):
        if factor in needed:
            before, after = map(transpose, factors[i - 1 :: -1] if i else ()), factors[:i:-1]
            yield factor, matmul(scalar, *before, cotangent, *map(transpose, after))
    for i, arg in enumerate(node.args):
        if arg in needed and not arg.is_Matrix:
            yield arg, inner(cotangent, matmul(*node.args[:i], *node.args[i + 1 :]))


@pullback.register(MatPow)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    base, exponent = node.args
    scalar, factors = split(cotangent)
    if isinstance(factors[0], Identity) and exponent not in needed:  # of a trace
        yield base, matmul(scalar, exponent, transpose(_power(base, exponent - 1)))
        return
    if not exponent.is_Integer:
        raise NotImplementedError(
            f"gradient has no rule for the power {node}, but alone in a trace; give it an exponent "
            "that is a whole number"
        )
    n = int(exponent)
    # The product rule for A*...*A, or for the inverses: d(1/A) = -1/A dA 1/A.
    splits = [(k, n - 1 - k) for k in range(n)] or [(-k, n - 1 + k) for k in range(1, 1 - n)]
    parts = [
        matmul(transpose(_power(base, j)), cotangent, transpose(_power(base, k))) for j, k in splits
    ]
    yield base, matmul(sign(exponent), matadd(parts))


def _power(matrix: Expr, n: int) -> Expr:
    if n == 0:
        return Identity(matrix.shape[0])
    return Inverse(matrix) if n == -1 else matrix if n == 1 else MatPow(matrix, n)


@pullback.register(Inverse)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.arg, matmul(S.NegativeOne, transpose(node), cotangent, transpose(node))


@pullback.register(Transpose)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.arg, transpose(cotangent)


@pullback.register(HadamardProduct)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    for i, factor in enumerate(node.args):
        if factor in needed:
            yield factor, reduce(hadamard, node.args[:i] + node.args[i + 1 :], cotangent)


@pullback.register(HadamardPower)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    base, exponent = node.args
    if base in needed:
        if exponent.is_Matrix:
            less = matadd([exponent, matmul(S.NegativeOne, OneMatrix(*node.shape))])
            slope = hadamard(exponent, HadamardPower(base, less))
        else:
            slope = matmul(exponent, base if exponent == 2 else HadamardPower(base, exponent - 1))
        yield base, hadamard(cotangent, slope)
    if exponent in needed:
        slope = hadamard(node, Elementwise.of(log, base))
        combine = hadamard if exponent.is_Matrix else inner
        yield exponent, combine(cotangent, slope)


@pullback.register(ElementwiseApplyFunction)
def of_entries(
    node: Expr, cotangent: Expr, needed: Collection[Expr], diff: Diff = Expr.diff
) -> Pullback:
    function, (matrix, *scalars) = node.function, node.args[1:]
    entry, *parameters = function.variables
    if _sums_over(function.expr, needed):
        places = Dummy("i", integer=True), Dummy("j", integer=True)
        body = function(element(matrix, *places), *scalars)
        reached = {*needed}
        for part in postorder(body):
            if not reached.isdisjoint(part.args):
                reached.add(part)
        entries = FunctionMatrix(*node.shape, Lambda(places, body))
        yield from of_indices(entries, cotangent, reached, diff)
        return
    if matrix in needed:
        yield matrix, hadamard(cotangent, _partial(node, entry, diff))
    for parameter, scalar in zip(parameters, scalars, strict=True):
        if scalar in needed:
            yield scalar, inner(cotangent, _partial(node, parameter, diff))
    for part in postorder(function.expr, {*function.variables}):
        if part in needed and getattr(part, "_diff_wrt", False) and not part.is_Matrix:
            yield part, inner(cotangent, _partial(node, part, diff))


def _sums_over(body: Expr, needed: Collection[Expr]) -> bool:
    """Whether elements that lead to a variable are summed over in it."""
    bound = bound_symbols(body)
    return bool(bound) and any(
        part in needed and not bound.isdisjoint(free_symbols(part))
        for part in postorder(body)
        if isinstance(part, (MatrixElement, Indexed))
    )


def _partial(node: Expr, v: Expr, diff: Diff) -> Expr:
    """The elementwise derivative of a function of entries by one of its variables."""
    variables, body = node.function.variables, node.function.expr
    scalar, slope = S.One, _slope(body, v, diff)
    if is_small(slope):
        if slope == body:
            return node
        scalar, slope = slope.as_independent(*variables, as_Add=False)
    entry, *parameters = variables
    held = free_symbols(slope)
    if entry not in held:
        at = dict(zip(parameters, node.args[2:], strict=True))
        return matmul(scalar, put(slope, at), OneMatrix(*node.shape))
    if slope == entry:
        return matmul(scalar, node.args[1])
    # What it does not know is no argument of it.
    kept = [k for k, p in enumerate(variables) if k == 0 or p in held]
    function = Lambda(tuple(variables[k] for k in kept), slope)
    return matmul(scalar, Elementwise(function, *(node.args[1 + k] for k in kept)))


def _slope(body: Expr, v: Expr, diff: Diff) -> Expr:
    # All that is written here is real, and SymPy's derivatives of Abs, say, ask for it.
    real = {
        part: Dummy(real=True)
        for part in postorder(body)
        if isinstance(part, (Symbol, MatrixElement)) and part.is_extended_real is None
    }
    back = {stand_in: part for part, stand_in in real.items()}
    return put(diff(put(body, real), v.xreplace(real)), back)


@pullback.register(FunctionMatrix)
def of_indices(
    node: Expr, cotangent: Expr, needed: Collection[Expr], diff: Diff = Expr.diff
) -> Pullback:
    indices, entry = node.lamda.variables, node.lamda.expr
    # Of x and 1/x, each its own.
    stand_ins = {part: Dummy(real=True) for part in free_parts(node.lamda, needed)}
    back: dict[Expr, Expr] = {stand_in: part for part, stand_in in stand_ins.items()}
    shell = put(entry, stand_ins)
    elements = [e for e in postorder(shell) if isinstance(e, MatrixElement) and e.parent in needed]
    rest = put(shell, {part: Dummy(real=True) for part in elements})
    if any(part in needed for part in postorder(rest)):
        raise NotImplementedError(
            f"gradient has no rule for {node}, whose entries depend on a variable by the index; "
            "write it as a function of a matrix, by elementwise"
        )
    for part, stand_in in stand_ins.items():
        slope = put(diff(shell, stand_in), back)
        yield part, inner(cotangent, FunctionMatrix(*node.shape, Lambda(indices, slope)))
    c = MatrixSymbol(Dummy("c"), *node.shape)
    apart = {index: Dummy(name, integer=True) for index, name in zip(indices, "kl", strict=True)}
    limits = [(k, 0, n - 1) for k, n in zip(apart.values(), node.shape, strict=True)]
    for matrix in dict.fromkeys(part.parent for part in elements):
        m = MatrixSymbol(Dummy("m"), *matrix.shape)
        places = {e: m[e.i, e.j] for e in elements if e.parent == matrix}
        total = Sum(put(c[indices] * put(shell, places), apart), *limits)
        yield matrix, _by_elements(total, m, {**back, m: matrix, c: cotangent}, diff)


@pullback.register(KroneckerProduct)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    scalar, whole = unscaled(cotangent)
    parts = _kronecker_factors(whole, [factor.shape for factor in node.args])
    if not parts:
        yield from _by_blocks(node, cotangent)
        return
    inners = [inner(p, f) for p, f in zip(parts, node.args, strict=True)]
    for i, factor in enumerate(node.args):
        if factor in needed:
            yield factor, matmul(scalar, *inners[:i], *inners[i + 1 :], parts[i])


def _kronecker_factors(matrix: Expr, shapes: list[Any]) -> list[Expr]:
    """The factors of a Kronecker product of these shapes; none if it is not known as one."""
    if isinstance(matrix, Identity) and all(m == n for m, n in shapes):
        return [Identity(m) for m, _ in shapes]
    flipped = isinstance(matrix, Transpose)
    product = matrix.arg if flipped else matrix
    if not isinstance(product, KroneckerProduct):
        return []
    parts = [transpose(part) if flipped else part for part in product.args]
    return parts if [part.shape for part in parts] == shapes else []


def _by_blocks(node: Expr, cotangent: Expr) -> Pullback:
    r"""$A \otimes B$ consists of the blocks $A_{ij} B$."""
    first, *others = node.args
    rest = others[0] if len(others) == 1 else KroneckerProduct(*others)
    (m, n), (p, q) = first.shape, rest.shape
    if not all(sympify(d).is_Integer for d in (m, n, p, q)):
        raise NotImplementedError(
            f"gradient has no rule for {node} of open dimensions, but in a trace, alone or times "
            "other Kronecker products of matrices of the same shapes; give the dimensions numbers"
        )

    def block(i: int, j: int) -> Expr:
        return MatrixSlice(cotangent, (i * p, (i + 1) * p), (j * q, (j + 1) * q))

    yield first, ImmutableMatrix(m, n, lambda i, j: inner(block(i, j), rest))
    blocks = [matmul(element(first, i, j), block(i, j)) for i in range(m) for j in range(n)]
    if len(others) == 1:
        yield rest, matadd(blocks)
    else:
        yield from pullback(rest, matadd(blocks), node.args)


@pullback.register(Trace)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.arg, matmul(cotangent, Identity(node.arg.shape[0]))


@pullback.register(Determinant)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.arg, matmul(cotangent, node, transpose(Inverse(node.arg)))


@pullback.register(DiagMatrix)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    (vector,) = node.args
    column = diagonal(cotangent)
    yield vector, column if vector.shape[1] == 1 else transpose(column)


@pullback.register(DiagonalOf)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    (matrix,), (length, _) = node.args, node.shape
    if matrix.shape == (length, length):
        yield matrix, DiagMatrix(cotangent)
    elif length is None:
        raise NotImplementedError(
            f"gradient has no rule for {node}, of which it is not known how long it is; give the "
            f"dimensions of {matrix} numbers"
        )
    else:
        square = MatrixSlice(matrix, (0, length), (0, length))
        yield from pullback(square, DiagMatrix(cotangent), needed)


@pullback.register(DiagonalMatrix)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    yield node.args[0], DiagonalMatrix(cotangent)


@pullback.register(MatrixElement)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    matrix, i, j = node.args
    yield matrix, single_entry(cotangent, i, j, matrix.shape)


@pullback.register(MatrixBase)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    for (i, j), entry in node.todok().items():
        if entry in needed:
            yield entry, element(cotangent, i, j)


@pullback.register(BlockMatrix)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    rows, columns = (
        list(accumulate(s, initial=0)) for s in (node.rowblocksizes, node.colblocksizes)
    )
    for i, j in product(range(len(rows) - 1), range(len(columns) - 1)):
        if node.blocks[i, j] in needed:
            yield (
                node.blocks[i, j],
                MatrixSlice(cotangent, (rows[i], rows[i + 1]), (columns[j], columns[j + 1])),
            )


@pullback.register(MatrixSlice)
def _(node: Expr, cotangent: Expr, needed: Collection[Expr]) -> Pullback:
    if node.rowslice[2] != 1 or node.colslice[2] != 1:
        rows = _selection(node, node.rowslice, node.parent.shape[0])
        columns = _selection(node, node.colslice, node.parent.shape[1])
        yield node.parent, matmul(rows.T, cotangent, columns)
        return
    (top, bottom, _), (left, right, _) = node.rowslice, node.colslice
    m, n = node.parent.shape
    heights, widths = (top, bottom - top, m - bottom), (left, right - left, n - right)
    blocks = [
        [
            cotangent if (i, j) == (1, 1) else ZeroMatrix(h, w)
            for j, w in enumerate(widths)
            if w != 0
        ]
        for i, h in enumerate(heights)
        if h != 0
    ]
    yield node.parent, BlockMatrix(blocks) if len(blocks) * len(blocks[0]) > 1 else cotangent


def _selection(node: Expr, bounds: Any, size: Any) -> Any:
    """The matrix with which a product picks rows."""
    if not all(sympify(k).is_Integer for k in (*bounds, size)):
        raise NotImplementedError(
            f"gradient has no rule for the slice {node} with a step, of open dimensions; give the "
            "dimensions numbers"
        )
    picked = range(*map(int, bounds))
    return ImmutableSparseMatrix(len(picked), size, dict.fromkeys(enumerate(picked), 1))
