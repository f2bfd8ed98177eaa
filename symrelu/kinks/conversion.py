"""as_relu: Max, Min, Abs, Piecewise and steps in terms of ReLU."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import reduce, singledispatch
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from sympy import (
    Abs,
    Add,
    Basic,
    Dummy,
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
    factor,
    sign,
    sqrt,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symrelu.function import ReLU
from symrelu.graph import postorder
from symrelu.inputs import expression
from symrelu.kinked import as_step, has_kinks, in_relu, is_kinked
from symrelu.kinks.branches import in_one_variable, in_two_pieces
from symrelu.kinks.jumps import in_pieces, step_of, with_steps, without_steps
from symrelu.kinks.lines import Line, broken, total
from symrelu.kinks.numbers import (
    NoLineError,
    Number,
    as_expr,
    is_scalar,
    minus,
    number,
    plus,
    sign_of,
    times,
)
from symrelu.kinks.pieces import Pieces
from symrelu.kinks.polynomials import TooLargeError, degree, plain
from symrelu.kinks.variables import (
    along,
    by_variable,
    facing_right,
    flipped,
    shifted,
    upright,
)
from symrelu.matrices.elementwise import Elementwise
from symrelu.signs import is_small, is_written_out

if TYPE_CHECKING:
    from symrelu.inputs import Scalar, Several


@overload
def as_relu(expr: Scalar, H0: Scalar | None = None) -> Expr: ...
@overload
def as_relu(expr: Several, H0: Scalar | None = None) -> Any: ...
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
    ValueError
        If ``H0`` is known not to be real.

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
    breakpoint of a function of one variable, or of one expression such as ``x + y``, they are kept
    all the same; on an interval, and in several variables, the shares of the arguments in the
    answer add up to 1.

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
    basic = expression(expr, "as_relu")
    for _ in range(_ROUNDS):
        before, conversion = basic, Conversion(slope)
        basic = conversion.written(conversion.prepared(before))
        # What was inside of steps and products may be more once it is written with ReLU.
        if not is_written_out(basic) or conversion.is_in_one_variable(before) or basic == before:
            break
    return basic


_ROUNDS = 10


def broken_line(expr: Expr) -> Line | None:
    """The broken line of one variable that the expression is, if it is one."""
    form = _form_of(expr)
    return form if isinstance(form, Line) else None


def piecewise(expr: Expr) -> Expr | None:
    """The one ``Piecewise`` that a piecewise polynomial of one variable is, sorted."""
    form = _form_of(expr)
    if isinstance(form, Line):
        turned = form.x is not None and form.x.is_Add and form.x.could_extract_minus_sign()
        return (flipped(form) if turned else form).as_piecewise(slopes=False)
    return None if form is None else form.as_piecewise()


def _form_of(expr: Expr) -> Form | None:
    conversion = Conversion()
    conversion.prepared(expr)
    form = conversion.form(expr)
    return form if conversion.is_complete(form) else None


Form: TypeAlias = Line | Pieces

_MANY = 20  # variables to bring together
_FEW = 500  # kinks that need no reason
_GROWTH = 5  # kinks for each node


class Conversion:
    """One request: what its subexpressions became, each found once.

    The form of what cannot be converted is a line all the same, in a variable that is the
    expression itself.
    """

    def __init__(self, H0: Expr | None = None) -> None:
        self.H0 = H0
        self.forms: dict[Basic, Form] = {}
        self.seen: set[Basic] = set()
        self.kinked: dict[Basic, bool] = {}
        self.rebuilds: dict[Basic, Any] = {}
        self.made: dict[tuple[Expr, Expr], Expr] = {}  # to make one again costs SymPy's time
        self.large: set[Basic] = set()  # what has too many kinks, and what that stands in

    def prepared(self, root: Basic) -> Basic:
        """The same, what is inside known when it is asked for, without recursion."""
        for node in postorder(root, self.seen):
            if is_scalar(node):
                self.form(node)
            elif self.has_kinks(node):
                self.rebuilt(node)
        return root

    def form(self, node: Expr) -> Form:
        if node not in self.forms:
            self.forms[node] = self._form(node)
        return self.forms[node]

    def _form(self, node: Expr) -> Form:
        if not self.large.isdisjoint(node.args):
            self.large.add(node)
            if is_kinked(node):
                return opaque(node)
        form = self._known_form(node)
        many = len(form.places()) > max(_FEW, _GROWTH * len(self.seen))  # they double in each fold
        if many or form.x in self.large:
            self.large.add(node)
            return opaque(node)
        return form

    def _known_form(self, node: Expr) -> Form:
        if self.has_kinks(node) or isinstance(node, (Symbol, Add, Mul)):
            return rule(node, self)
        if is_small(node) and node.is_number and node.is_real:
            return Line(None, number(node))
        return opaque(node)

    def is_in_one_variable(self, node: Any) -> bool:
        """Whether the form has all that is kinked in its own kinks."""
        form = self.forms.get(node)
        return isinstance(form, Line) and self.is_complete(form)

    def is_complete(self, form: Form) -> bool:
        """Whether no kink stands in what the form has for its variable or its constants."""
        numbers = (form.intercept,) if isinstance(form, Line) else chain(*form.polynomials)
        parts = (as_expr(part) for part in (form.x, *numbers) if part is not None)
        return not any(map(self.has_kinks, parts))

    def written(self, node: Basic) -> Any:
        """The node in terms of ReLU."""
        if not self.has_kinks(node):
            return node
        if is_scalar(node) and isinstance(form := self.form(node), Line):
            return self.expr(form)
        return self.rebuilt(node)

    def rebuilt(self, node: Basic) -> Any:
        """The node of what its arguments became."""
        if node not in self.rebuilds:
            args = list(map(self.written, node.args))
            self.rebuilds[node] = node if args == list(node.args) else _with(node, args)
        return self.rebuilds[node]

    def instead(self, node: Expr, other: Expr) -> Form:
        """The form of another expression, which is as good."""
        self.rebuilds[node] = self.written(self.prepared(other))
        return self.form(other)

    def expr(self, line: Line) -> Any:
        return line.as_hinges(self.H0, self.hinge)

    def hinge(self, u: Expr, H0: Expr) -> Any:
        return self.made.get((u, H0)) or ReLU(u, H0)

    def has_kinks(self, node: Basic) -> bool:
        if node not in self.kinked:
            here = is_kinked(node) or _is_root(node)
            self.kinked[node] = here or any(map(self.has_kinks, node.args))
        return self.kinked[node]

    # The arithmetic in which the list of what is kinked is read

    def read(self, expr: Expr) -> Value:
        if expr not in self.forms:
            self.prepared(expr)
        return Value(self.line(expr), self)

    def relu(self, value: Value, H0: Expr) -> Value:
        line = value.line
        with suppress(NoLineError):
            line = upright(line)
            # A slope that was asked for is set when the line is written.
            return Value(line.relu(H0 if self.H0 is None else S.Zero), self)
        return Value(opaque(ReLU(self.expr(line), H0 if self.H0 is None else self.H0)), self)

    def line(self, node: Expr) -> Line:
        """The form; what jumps is its own variable."""
        form = self.form(node)
        return form if isinstance(form, Line) else opaque(self.rebuilt(node))

    def sum(self, lines: Iterable[Line]) -> Line:
        lines = list(lines)
        if len({line.x for line in lines} - {None}) <= 1:
            return total(lines)
        kinked = by_variable(line for line in lines if line.kinks)
        smooth = [line for line in lines if not line.kinks]
        constant = total(Line(None, line.intercept) for line in smooth)
        rest = Add(*(as_expr(line.slope) * line.x for line in smooth if line.x is not None))
        if not kinked:
            return total([opaque(rest), constant])
        (u, line), *others = kinked.items()
        moved = [shifted(other, v, u) for v, other in others if len(others) < _MANY]
        known = [line for line in moved if line is not None]
        if len(known) < len(others) or not (is_small(rest) and is_small(u)):
            return opaque(Add(rest, *map(self.expr, (constant, *kinked.values()))))
        k, r = along(rest, u)
        return total([line, *known, constant, Line(u, number(r), number(k))])


class Value:
    """A line, as an entry in the list of what is kinked reckons with it."""

    def __init__(self, line: Line, to: Conversion) -> None:
        self.line, self.to = line, to

    def __add__(self, other: Value) -> Value:
        return Value(self.to.sum([self.line, other.line]), self.to)

    def __sub__(self, other: Value) -> Value:
        return self + -1 * other

    def __rmul__(self, k: int) -> Value:
        return Value(S(k) * self.line, self.to)

    def expr(self) -> Any:
        return self.to.expr(self.line)


def opaque(expr: Any) -> Line:
    """The line that has the expression for its variable, but for the numbers in it."""
    constant, rest = expr.as_coeff_Add()
    if rest is S.Zero:
        return Line(None, number(constant))
    if rest.is_Add and not (is_small(rest) and not has_kinks(rest)):
        return Line(rest, number(constant), S.One)
    factor, variable = rest.primitive() if rest.is_Add else rest.as_coeff_Mul()
    return Line(variable, number(constant), number(factor))


def _with(node: Any, args: list[Any]) -> Any:
    if not isinstance(node, ElementwiseApplyFunction):
        return node.func(*args)
    (function, expr) = args
    (d,), body = function.variables, function.expr
    return Elementwise.of(lambda entry: body.xreplace({d: entry}), expr)


@singledispatch
def rule(node: Any, to: Conversion) -> Form:
    """What becomes of a node: as the list of what is kinked says, or the node of its arguments."""
    value = in_relu(node, to)
    return opaque(to.rebuilt(node)) if value is None else value.line


@rule.register(Symbol)
def _(node: Symbol, to: Conversion) -> Form:
    return Line(node, S.Zero, S.One)


@rule.register(Add)
def _(node: Add, to: Conversion) -> Form:
    if all(isinstance(to.form(arg), Line) for arg in node.args):
        if (absorbed := without_steps(node, to)) is not None:
            return to.instead(node, absorbed)
        return to.sum(map(to.line, node.args))
    return with_steps(node, to) or to.sum(map(to.line, node.args))


@rule.register(Mul)
def _(node: Mul, to: Conversion) -> Form:
    forms = list(map(to.form, node.args))
    factors = [form for form in forms if form.x is not None]
    if len(factors) <= 1 and all(isinstance(form, Line) for form in forms):
        numbers = (form.intercept for form in forms if isinstance(form, Line) and form.x is None)
        k = reduce(times, numbers)
        return k * (factors[0] if factors else Line(None, S.One))
    if not to.has_kinks(node):
        return opaque(node)
    return with_steps(node, to) or opaque(to.rebuilt(node))


@rule.register(Pow)
def _(node: Pow, to: Conversion) -> Form:
    if _is_root(node):
        root = sqrt(factor(node.base))
        if root.has(Abs):  # (x - 1)**2 was written out
            return to.form(root)
    if isinstance(node.base, sign):  # 0 at 0, and whatever there was elsewhere
        return opaque(to.rebuilt(node))
    return in_pieces(node, to) or opaque(to.rebuilt(node))


_DEGREE = 12  # to factor what is of a high one may take for ever


def _is_root(node: Basic) -> bool:
    """Whether it could be the root of a square, of which there is more than SymPy's Abs."""
    is_root = node.is_Pow and node.exp is S.Half and node.base.is_Add and is_small(node)
    real = is_root and node.base.is_extended_real and not node.is_number
    if not (real and node.base.is_polynomial(*node.base.free_symbols)):
        return False
    with suppress(TooLargeError):
        return degree(plain(node.base)) <= _DEGREE
    return False


@rule.register(SingularityFunction)
def _(node: SingularityFunction, to: Conversion) -> Form:
    x, a, n = node.args
    if n.is_zero:
        return _step(node, to)
    if n.is_Integer and n > 1:
        return to.instead(node, to.read(SingularityFunction(x, a, 1)).expr() ** n)
    value = in_relu(node, to)
    return opaque(to.rebuilt(node)) if value is None else value.line


@rule.register(ReLU)
def _(node: ReLU, to: Conversion) -> Form:
    to.made[node.args[0], node.H0] = node
    return in_relu(node, to).line


@rule.register(Max)
@rule.register(Min)
def _(node: Expr, to: Conversion) -> Form:
    line = in_relu(node, to).line
    if len(node.args) > 2 and line.x is not None:
        given = map(to.line, node.args)
        lines = [flipped(arg) if arg.x == -line.x else arg for arg in given]
        if all(arg.x in (None, line.x) for arg in lines):
            with suppress(NoLineError):
                return _with_slopes_of(node, line, lines)
    return line


def _with_slopes_of(node: Expr, line: Line, lines: list[Line]) -> Line:
    """The slopes that SymPy gives ``Max`` and ``Min`` where several arguments meet."""
    up = S.One if isinstance(node, Max) else S.NegativeOne

    def slope_at(t: Number) -> Number:
        ahead = [times(up, arg.value_at(t)) for arg in lines]
        slope: Number = S.Zero
        for i, (arg, value) in enumerate(zip(lines, ahead, strict=True)):
            behind = (sign_of(minus(value, other)) for j, other in enumerate(ahead) if j != i)
            share = {-1: S.Zero, 0: S.Half, 1: S.One}[min(behind)]
            slope = plus(slope, times(share, arg.slope_at(t)))
        return slope

    ends = ((p.t, slope_at(p.t), p.right) for p in line.points())
    return broken(line.x, line.intercept, line.slope, ends)


# Steps


@rule.register(Heaviside)
@rule.register(sign)
def _step(node: Expr, to: Conversion) -> Form:
    step = as_step(node)
    if step is not None:
        u, at, left = step
        with suppress(NoLineError):
            return step_of(to.read(u).line, at, left)
    return opaque(to.rebuilt(node))


# Piecewise


@rule.register(Piecewise)
def _(node: Piecewise, to: Conversion) -> Form:
    pieces = None
    with suppress(NoLineError):
        pieces = in_one_variable(node, to)
        if line := pieces.as_line():
            return facing_right(line)
    converted = to.rebuilt(node)
    return in_two_pieces(converted, to) or pieces or opaque(converted)
