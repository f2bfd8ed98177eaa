"""as_relu: Max, Min, Abs, Piecewise and steps in terms of ReLU."""

from __future__ import annotations

from contextlib import suppress
from functools import partial, reduce, singledispatch
from itertools import chain, pairwise
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Add,
    Basic,
    Dummy,
    Eq,
    Expr,
    Heaviside,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    SingularityFunction,
    Symbol,
    SympifyError,
    expand,
    factor,
    reduced,
    sign,
    sqrt,
    sympify,
)
from sympy.core.relational import (
    GreaterThan,
    LessThan,
    Relational,
    StrictGreaterThan,
    StrictLessThan,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.polys.polyerrors import PolynomialError

from symrelu.function import ReLU
from symrelu.graph import postorder
from symrelu.kinks.lines import Line, NoLineError, broken, ordered, samples
from symrelu.matrices.elementwise import Elementwise
from symrelu.signs import is_small, known


def as_relu(expr: Any, H0: Any = None) -> Any:
    r"""
    Write ``Max``, ``Min``, ``Abs``, ``Piecewise`` and steps in terms of ReLU.

    Explanation
    ===========

    A continuous piecewise-linear function of one real variable, however it is written, becomes
    its unique hinge form: an affine part plus one ReLU for each breakpoint $t$,

    .. math:: f(x) = b + m x + \sum_t d_t \operatorname{ReLU}(x - t, c_t),

    with $d_t$ the change of the slope at $t$.  Of other expressions every part is
    converted that can be:

    - ``Max`` and ``Min`` of any number of arguments,
    - ``Abs(u)``, ``u*sign(u)``, and ``sqrt`` of a square, for real ``u``,
    - ``u*Heaviside(u, c)`` and ``SingularityFunction(x, a, n)`` for positive ``n``,
    - a ``Piecewise`` whose pieces meet where the condition changes and differ there by a
      multiple of what changes sign.

    What jumps stays as it is, and so do pieces that do not differ by such a multiple.

    The value does not change at any real point.  Neither do the slopes, unless ``H0`` is given:
    that of ``Max(0, x)`` is 1/2 at 0, so that it becomes ``ReLU(x, 1/2)``; a ``Piecewise`` has
    the slope of the piece to which the breakpoint belongs.  Where slopes were chosen so that
    they cancel in the values only, two ReLUs that add up to 0 stay to carry the slope.

    Parameters
    ==========

    expr : Expr, Matrix, or anything made of expressions
        What to convert.  Symbols without assumptions are taken to be real.
    H0 : Expr, optional
        The slope at 0 of every ReLU in the answer.  By default each keeps
        the slope that SymPy gives what it stands for.

    Returns
    =======

    Expr, or what ``expr`` is

    Raises
    ======

    TypeError
        If ``expr`` is a string or not made of expressions, or if ``H0`` is not a scalar
        expression.

    Examples
    ========

    >>> from sympy import Abs, Heaviside, Max, Min, Piecewise, symbols
    >>> from symrelu import ReLU, as_relu
    >>> x, y = symbols("x y", real=True)
    >>> as_relu(Max(0, x)), as_relu(Max(0, x), H0=0), as_relu(Abs(x))
    (ReLU(x, 1/2), ReLU(x), -x + 2*ReLU(x, 1/2))
    >>> as_relu(Max(x, y)), as_relu(x*Heaviside(x, 1))
    (x + ReLU(-x + y, 1/2), ReLU(x, 1))

    The hinge form of a saturation, of a tent, and of a function written in three ways:

    >>> as_relu(Min(Max(x, -1), 1), H0=0)
    -ReLU(x - 1) + ReLU(x + 1) - 1
    >>> as_relu(Piecewise((0, x < 0), (x, x < 1), (2 - x, x < 2), (0, True)), H0=0)
    ReLU(x) + ReLU(x - 2) - 2*ReLU(x - 1)
    >>> f = [Abs(x) + x, 2*Max(0, x), 2*x + 2*ReLU(-x)]
    >>> {as_relu(e, H0=0) for e in f}
    {2*ReLU(x)}

    The slopes are kept, here 0 for a function whose values are those of ``x``:

    >>> e = as_relu(ReLU(x) - ReLU(-x))
    >>> e, e.diff(x).subs(x, 0)
    (x - ReLU(x) + ReLU(x, -1), 0)

    Notes
    =====

    Where three or more arguments of ``Max`` are equal, SymPy's slopes add up to more than 1.  At a
    breakpoint of a function of one variable they are kept all the same; on an interval, and in
    several variables, the shares of the arguments in the answer add up to 1.

    See Also
    ========

    symrelu.relusimp : simplifies by the values; also makes one ``Piecewise`` of many.

    References
    ==========

    .. [1] R. Arora, A. Basu, P. Mianjy, A. Mukherjee, "Understanding deep neural networks with
           rectified linear units", ICLR 2018, section 3.
    """
    slope = None if H0 is None else ReLU(Dummy(), H0).H0
    if isinstance(expr, MatrixBase):
        return expr.applyfunc(lambda entry: as_relu(entry, H0))
    conversion = Conversion(slope)
    return conversion.written(conversion.prepared(expression(expr, "as_relu")))


def broken_line(expr: Basic) -> Line | None:
    """The broken line of one variable that the expression is, if it is one."""
    if not isinstance(expr, Expr):
        return None
    conversion = Conversion()
    form = conversion.form(conversion.prepared(expr))
    return form if isinstance(form, Line) else None


def expression(expr: Any, caller: str) -> Basic:
    """Sympify, but parse no text."""
    with suppress(SympifyError):
        if isinstance(basic := sympify(expr, strict=True), Basic):
            return basic
    raise TypeError(f"{caller} takes expressions, not {expr!r}")


KINKED = (ReLU, Max, Min, Abs, Piecewise, Heaviside, sign, SingularityFunction)
# The broken line that an expression is, or else the expression in terms of ReLU.
Form: TypeAlias = Line | Any


class Conversion:
    """One request: what its subexpressions became, each found once."""

    def __init__(self, H0: Expr | None = None) -> None:
        self.H0 = H0
        self.forms: dict[Basic, Form] = {}
        self.kinked: dict[Basic, bool] = {}

    def prepared(self, root: Basic) -> Basic:
        """The same, the forms inside known when they are asked for, without recursion."""
        for node in postorder(root):
            if isinstance(node, Expr):
                self.form(node)
        return root

    def form(self, node: Basic) -> Form:
        if node not in self.forms:
            self.forms[node] = self._form(node)
        return self.forms[node]

    def _form(self, node: Basic) -> Form:
        if not self.has_kinks(node):
            if is_small(node) and node.is_number and node.is_real:
                return Line(None, node)
            if not isinstance(node, (Symbol, Add, Mul)):
                return node
        form = rule(node, self)
        return form if isinstance(form, Line) or self.has_kinks(node) else node

    def written(self, node: Basic) -> Basic:
        return self.expr(self.form(node)) if self.has_kinks(node) else node

    def expr(self, form: Form) -> Basic:
        return form.as_hinges(self.H0) if isinstance(form, Line) else form

    def has_kinks(self, node: Basic) -> bool:
        if node not in self.kinked:
            here = isinstance(node, KINKED) or _is_root(node)
            self.kinked[node] = here or any(map(self.has_kinks, node.args))
        return self.kinked[node]

    # Arithmetic with forms

    def sum(self, *forms: Form) -> Form:
        by_variable: dict[Expr | None, Line] = {}
        others = []
        for form in forms:
            if isinstance(form, Line):
                by_variable[form.x] = by_variable.get(form.x, ZERO) + form
            else:
                others.append(form)
        if not others and len(by_variable.keys() - {None}) <= 1:
            return reduce(Line.__add__, by_variable.values(), ZERO)
        return Add(*others, *map(self.expr, by_variable.values()))

    def relu(self, form: Form, H0: Expr) -> Form:
        if isinstance(form, Line):
            with suppress(NoLineError):
                # A slope that was asked for is set when the line is written.
                return form.relu(H0 if self.H0 is None else S.Zero)
        return ReLU(self.expr(form), H0 if self.H0 is None else self.H0)

    def abs(self, form: Form) -> Form:
        return self.sum(2 * self.relu(form, S.Half), -1 * form)


ZERO = Line(None, S.Zero)
_STRICT = (StrictGreaterThan, StrictLessThan)
_ORDERS = (*_STRICT, GreaterThan, LessThan)


def rebuilt(node: Basic, to: Conversion) -> Form:
    """The node of what its arguments became: what becomes of a node that has no rule."""
    args = list(map(to.written, node.args))
    return node if args == list(node.args) else node.func(*args)


rule = singledispatch(rebuilt)


@rule.register(Symbol)
def _(node: Symbol, to: Conversion) -> Form:
    return Line(node, S.Zero, S.One) if may_be_real(node) else node


@rule.register(Add)
def _(node: Add, to: Conversion) -> Form:
    if (absorbed := _without_steps(node, to)) is not None:
        return to.form(absorbed)
    return to.sum(*map(to.form, node.args))


@rule.register(Mul)
def _(node: Mul, to: Conversion) -> Form:
    if (absorbed := _without_steps(node, to)) is not None:
        return to.form(absorbed)
    forms = list(map(to.form, node.args))
    factors = [form for form in forms if not (isinstance(form, Line) and form.x is None)]
    if len(factors) <= 1 and all(isinstance(form, Line) for form in factors):
        k = Mul(*(form.intercept for form in forms if form not in factors))
        return k * (factors[0] if factors else Line(None, S.One))
    return node.func(*map(to.written, node.args))


@rule.register(ReLU)
def _(node: ReLU, to: Conversion) -> Form:
    return to.relu(to.form(node.args[0]), node.H0)


@rule.register(Abs)
def _(node: Abs, to: Conversion) -> Form:
    return to.abs(to.form(node.args[0])) if may_be_real(node.args[0]) else rebuilt(node, to)


@rule.register(Pow)
def _(node: Pow, to: Conversion) -> Form:
    if _is_root(node):
        root = sqrt(factor(node.base))
        if root.has(Abs):  # (x - 1)**2 was written out
            return to.form(root)
    return rebuilt(node, to)


def _is_root(node: Basic) -> bool:
    """Whether it could be the root of a square, of which there is more than SymPy's Abs."""
    is_root = node.is_Pow and node.exp is S.Half and node.base.is_Add and is_small(node)
    return bool(is_root and node.base.is_extended_real and not node.is_number)


@rule.register(SingularityFunction)
def _(node: SingularityFunction, to: Conversion) -> Form:
    x, a, n = node.args
    if not (n.is_Integer and n.is_positive):
        return rebuilt(node, to)
    ramp = to.relu(to.form(x - a), S.One)
    return ramp if n == 1 else to.expr(ramp) ** n


@rule.register(ElementwiseApplyFunction)
def _(node: ElementwiseApplyFunction, to: Conversion) -> Form:
    (d,), body = node.function.variables, to.written(node.function.expr)
    return Elementwise.of(lambda entry: body.xreplace({d: entry}), to.written(node.expr))


# Max and Min


@rule.register(Max)
@rule.register(Min)
def _(node: Expr, to: Conversion) -> Form:
    up = 1 if isinstance(node, Max) else -1
    first, *others = sorted(map(to.form, node.args), key=lambda f: not _is_constant(f))
    total = first
    for form in others:
        above = to.sum(up * form, -up * total)
        total = to.sum(total, up * to.relu(above, S.Half))
    return _with_slopes_of(node, total, to) if isinstance(total, Line) and others[1:] else total


def _is_constant(form: Form) -> bool:
    return isinstance(form, Line) and form.x is None


def _with_slopes_of(node: Expr, line: Line, to: Conversion) -> Line:
    """The slopes that SymPy gives ``Max`` and ``Min`` where several arguments meet."""
    up = 1 if isinstance(node, Max) else -1
    lines = [to.form(arg) for arg in node.args]

    def slope_at(t: Expr) -> Expr:
        values = [arg.value_at(t) for arg in lines]
        others = (node.func(*values[:i], *values[i + 1 :]) for i in range(len(values)))
        chosen = (Heaviside(up * (v - w), S.Half) for v, w in zip(values, others, strict=True))
        return Add(*(arg.slope_at(t) * h for arg, h in zip(lines, chosen, strict=True)))

    ends = ((p.t, slope_at(p.t), p.right) for p in line.points())
    return broken(line.x, line.intercept, line.slope, ends)


# Steps


def _without_steps(node: Expr, to: Conversion) -> Expr | None:
    """``u*Heaviside(u, c)``, and the like, written as ReLU; None if nothing is.

    A step jumps, unless what it is multiplied with is a multiple of its argument.
    """
    if not _has_steps(node):
        return None
    converted = node.func(*map(to.written, node.args))
    if not _has_steps(converted):
        return converted
    terms = list(Add.make_args(expand_only(converted)))
    absorbed = []
    for step in dict.fromkeys(f for term in terms for f in Mul.make_args(term) if _is_step(f)):
        u, ramp = _ramp(step)
        concerned = [term for term in terms if step in Mul.make_args(term)]
        factor = Add(*(Mul(*(f for f in Mul.make_args(t) if f != step)) for t in concerned))
        if concerned and (multiple := quotient(factor, u)) is not None:
            absorbed.append(multiple * ramp)
            terms = [term for term in terms if term not in concerned]
    return Add(*terms, *absorbed) if absorbed else None


def _has_steps(node: Expr) -> bool:
    """Whether a factor, or a factor of a term, is a step."""
    return any(map(_is_step, chain(node.args, *(arg.args for arg in node.args))))


def _is_step(expr: Expr) -> bool:
    if isinstance(expr, SingularityFunction):
        return bool(expr.args[2].is_zero)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return isinstance(expr.base, Heaviside) and _is_step(expr.base)
    return isinstance(expr, (Heaviside, sign)) and may_be_real(expr.args[0])


def _ramp(step: Expr) -> tuple[Expr, Expr]:
    """Where a step jumps, and what it is when multiplied by that."""
    if isinstance(step, sign):
        return step.args[0], Abs(step.args[0])
    if isinstance(step, SingularityFunction):
        return (u := step.args[0] - step.args[1]), ReLU(u, S.One)
    heaviside, power = step.as_base_exp()
    u, H0 = heaviside.args
    return u, ReLU(u, H0**power)


# Piecewise


@rule.register(Piecewise)
def _(node: Piecewise, to: Conversion) -> Form:
    with suppress(NoLineError):
        return _line_of_pieces(node, to)
    converted = rebuilt(node, to)
    return _in_two_pieces(converted, to) if isinstance(converted, Piecewise) else converted


def _line_of_pieces(node: Piecewise, to: Conversion) -> Line:
    """Look at every interval between the points where a condition or a piece may change."""
    branches = [to.form(branch) for branch, _ in node.args]
    gaps = {rel: to.sum(to.form(rel.lhs), -1 * to.form(rel.rhs)) for rel in _relations(node)}
    lines = [form for form in (*branches, *gaps.values()) if isinstance(form, Line)]
    variables = {line.x for line in lines} - {None}
    if len(variables) != 1 or any(gap not in lines for gap in gaps.values()):
        raise NoLineError
    (x,) = variables
    breaks = ordered({t for line in lines for t in line.landmarks()})

    def owner(t: Expr) -> int:
        """The piece that a point belongs to."""
        truth = {rel: rel.func(gap.value_at(t), 0) for rel, gap in gaps.items()}
        for i, (_, cond) in enumerate(node.args):
            if cond.xreplace(truth) == True:  # noqa: E712
                return i
        raise NoLineError

    def between(t: Expr) -> Line:
        if not isinstance(piece := branches[owner(t)], Line):
            raise NoLineError
        slope = piece.slope_at(t)
        return Line(x, expand(piece.value_at(t) - slope * t), slope)

    def at(t: Expr) -> tuple[Expr, Expr]:
        i = owner(t)
        if isinstance(branches[i], Line):
            return branches[i].value_at(t), branches[i].slope_at(t)
        branch = node.args[i].expr  # a symbol in it may be the slope that was chosen here
        return expand(branch.subs(x, t)), branch.diff(x).subs(x, t)

    pieces = list(map(between, samples(breaks)))
    ends = []
    for t, (left, right) in zip(breaks, pairwise(pieces), strict=True):
        value, slope = at(t)
        if not left.value_at(t) == value == right.value_at(t):
            raise NoLineError
        ends.append((t, slope, right.slope))
    return broken(x, pieces[0].intercept, pieces[0].slope, ends)


def _relations(node: Piecewise) -> set[Relational]:
    """What the conditions compare; not what stands inside of that."""
    found, stack = set(), [cond for _, cond in node.args]
    while stack:
        cond = stack.pop()
        if isinstance(cond, Relational):
            found.add(cond)
        else:
            stack.extend(cond.args)
    return found


def _in_two_pieces(node: Piecewise, to: Conversion) -> Expr:
    """``g + k*ReLU(u)``, where the pieces f and g differ by k*u on the sides of u = 0."""
    if len(node.args) not in (2, 3):
        return node
    (f, cond), *middle, (g, rest) = node.args
    if not isinstance(cond, _ORDERS) or rest != True:  # noqa: E712
        return node
    u = cond.gts - cond.lts
    k = quotient(f - g, u)
    if k is None or k.free_symbols & u.free_symbols:
        return node
    H0 = S.Zero if isinstance(cond, _STRICT) else S.One
    for value, where in middle:
        share = quotient(value - g, k * u)
        if not isinstance(where, Eq) or quotient(where.lhs - where.rhs, u) is None or share is None:
            return node
        H0 = share
    return g + k * to.relu(u, H0)


def may_be_real(x: Expr) -> bool:
    """Whether to take it as real: a symbol without assumptions, but not a complex one."""
    real = known(x, "extended_real")
    return bool(real) or (real is None and not known(x, "complex"))


# Polynomials


expand_only = partial(expand, log=False, power_base=False, power_exp=False)


def quotient(dividend: Expr, divisor: Expr) -> Expr | None:
    """The quotient of two polynomials in whatever they are made of, if it leaves no remainder."""
    return divided(expand_only(dividend), expand_only(divisor))


def divided(dividend: Expr, divisor: Expr) -> Expr | None:
    """The same, for polynomials that are written out."""
    (c, p), (d, q) = dividend.primitive(), divisor.primitive()
    for k, same in ((S.Zero, S.Zero), (S.One, q), (S.NegativeOne, -q)):
        if p == same:
            return k * c / d
    try:
        (result,), remainder = reduced(p, [q])
    except PolynomialError:
        return None
    return c / d * result if remainder == 0 else None
