"""``Piecewise``: looked at interval by interval, or the two sides of one kink."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

from sympy import Eq, Expr, Ne, Piecewise, S
from sympy.core.relational import (
    GreaterThan,
    LessThan,
    Relational,
    StrictGreaterThan,
    StrictLessThan,
)
from sympy.logic.boolalg import BooleanFunction

from symrelu.function import ReLU
from symrelu.kinked import in_relations
from symrelu.kinks.lines import Line, ordered, samples
from symrelu.kinks.numbers import (
    NoLineError,
    Number,
    as_expr,
    is_scalar,
    minus,
    number,
    sign_of,
    tidy,
)
from symrelu.kinks.pieces import Break, Pieces
from symrelu.kinks.polynomials import expanded, quotient
from symrelu.kinks.variables import in_variable, upright
from symrelu.signs import signs

if TYPE_CHECKING:
    from symrelu.kinks.conversion import Conversion, Form

_STRICT = (StrictGreaterThan, StrictLessThan)
_ORDERS = (*_STRICT, GreaterThan, LessThan)


_HOLDS: dict[type[Relational], Callable[[int], bool]] = {
    StrictGreaterThan: lambda sign: sign > 0,
    GreaterThan: lambda sign: sign >= 0,
    StrictLessThan: lambda sign: sign > 0,  # of what is more minus what is less
    LessThan: lambda sign: sign >= 0,
    Eq: lambda sign: sign == 0,
    Ne: lambda sign: sign != 0,
}


def in_one_variable(node: Piecewise, to: Conversion) -> Pieces:
    """Look at every interval between the points where a condition or a piece may change."""
    gaps = {}
    conditions = [in_relations(condition) for _, condition in node.args]
    for rel in _relations(conditions):
        if not (type(rel) in _HOLDS and all(map(is_scalar, rel.args))):
            raise NoLineError
        more, less = (rel.gts, rel.lts) if isinstance(rel, _ORDERS) else rel.args
        gaps[rel] = upright(to.sum([to.line(more), S.NegativeOne * to.line(less)]))
    x = next((gap.x for gap in gaps.values() if gap.x is not None), None)
    if x is None:
        raise NoLineError
    gaps = {rel: in_variable(gap, x) for rel, gap in gaps.items()}
    branches = [_branch(to.form(branch), x) for branch, _ in node.args]
    places = chain(*(gap.landmarks() for gap in gaps.values()), *(b.places() for b in branches))
    breaks = _distinct(places)

    def owner(t: Number) -> int:
        """The piece that a point belongs to."""
        truth: dict[Any, bool] = {}

        def holds(cond: Any) -> bool:
            if isinstance(cond, Relational):
                if cond not in truth:
                    truth[cond] = _HOLDS[type(cond)](sign_of(gaps[cond].value_at(t)))
                return truth[cond]
            return bool(cond.xreplace({rel: S(holds(rel)) for rel in gaps}) == True)  # noqa: E712

        for i, cond in enumerate(conditions):
            if holds(cond):
                return i
        raise NoLineError  # it is undefined there

    refined = [branch.refined(breaks) for branch in branches]
    pieces = [refined[owner(t)].polynomials[i] for i, t in enumerate(samples(breaks))]
    ends = (_at(node, x, refined, i, owner(t)) for i, t in enumerate(breaks))
    return Pieces(x, tuple(ends), tuple(pieces))


def _at(node: Piecewise, x: Any, branches: list[Pieces], i: int, owner: int) -> Break:
    """The break in the branch that it belongs to; a symbol there may be a slope that was chosen."""
    here = branches[owner].breaks[i]
    branch = node.args[owner].expr
    if x.is_Symbol and as_expr(here.value).has(x):
        t = as_expr(here.t)
        value, slope = tidy(branch.subs(x, t)), branch.diff(x).subs(x, t)
        return Break(here.t, number(value), number(slope))
    return here


def _branch(form: Form, x: Any) -> Pieces:
    if isinstance(form, Line):
        return Pieces.of(in_variable(form, x), x)
    if form.x != x:
        raise NoLineError
    return form


def _distinct(places: Iterable[Number]) -> list[Number]:
    found: list[Number] = []
    for t in ordered(places):
        if not found or sign_of(minus(t, found[-1])):
            found.append(t)
    return found


def _relations(conditions: list[Any]) -> list[Relational]:
    """What the conditions compare; not what stands inside of that."""
    found: dict[Relational, None] = {}
    stack = conditions[::-1]
    while stack:
        cond = stack.pop()
        if isinstance(cond, Relational):
            found[cond] = None
        elif isinstance(cond, BooleanFunction):
            stack.extend(cond.args)
        elif cond not in (S.true, S.false):
            raise NoLineError  # a symbol, say, that is true or false
    return list(found)


def in_two_pieces(node: Any, to: Conversion) -> Line | None:
    """``g + k*ReLU(u)``, where the pieces f and g differ by k*u on the sides of u = 0."""
    if not isinstance(node, Piecewise) or len(node.args) not in (2, 3):
        return None
    (f, cond), *middle, (g, rest) = node.args
    if not isinstance(cond, _ORDERS) or rest != True:  # noqa: E712
        return None
    u = cond.gts - cond.lts
    k = quotient(f - g, u)
    if k is None or k.free_symbols & u.free_symbols:
        return None
    H0: Expr | None = S.Zero if isinstance(cond, _STRICT) else S.One
    for value, where in middle:
        if not _is_same_place(where, u):
            return None
        # Where the first piece has the breakpoint already, this one is nowhere.
        H0 = quotient(value - g, k * u) if isinstance(cond, _STRICT) else H0
    if H0 is None:
        return None
    kink = ReLU(u, H0 if to.H0 is None else to.H0)
    return to.read(expanded(g + k * kink)).line


def _is_same_place(where: Any, u: Expr) -> bool:
    """Whether the condition says that u is 0, and nothing else."""
    ratio = quotient(where.lhs - where.rhs, u) if isinstance(where, Eq) else None
    return ratio is not None and 0 not in signs(ratio)
