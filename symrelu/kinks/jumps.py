"""What jumps: steps, and sums and products of them with what is kinked.

They are looked at interval by interval where all is in one variable; elsewhere a step and what is
0 where it jumps are written as one ReLU.
"""

from __future__ import annotations

from functools import reduce
from itertools import chain, pairwise
from operator import add, mul
from typing import TYPE_CHECKING, Any

from sympy import Add, Expr, Mul, S, Symbol, sign

from symrelu.function import ReLU
from symrelu.kinked import as_step
from symrelu.kinks.lines import Line, samples
from symrelu.kinks.numbers import NoLineError, Number, number, sign_of
from symrelu.kinks.pieces import HIGHEST, Break, Pieces
from symrelu.kinks.polynomials import TooLargeError, expanded, plain, powers_of, quotient

if TYPE_CHECKING:
    from symrelu.kinks.conversion import Conversion, Form


def step_of(line: Line, at: Expr, left: Expr) -> Form:
    values = {-1: left, 0: at, 1: S.One}
    if line.x is None:
        return Line(None, values[sign_of(line.intercept)])
    places = line.landmarks()
    between = [values[sign_of(line.value_at(t))] for t in samples(places)]
    breaks = (
        Break(t, values[sign_of(line.value_at(t))], S.Zero, after - before)
        for t, (before, after) in zip(places, pairwise(between), strict=True)
    )
    return Pieces(line.x, tuple(breaks), tuple((value,) for value in between))


_MANY = 20  # pieces in one product or sum


def in_pieces(node: Expr, to: Conversion) -> Form | None:
    """A sum, product or power in one variable with steps or kinks, interval by interval."""
    power = node.exp if node.is_Pow else S.One
    args = node.args[:1] if node.is_Pow else node.args
    if not (power.is_Integer and 0 < power < 9):
        return None
    forms = {arg: to.form(arg) for arg in args}
    jumps = (f for f in forms.values() if isinstance(f, Pieces) or f.kinks)
    variables = {form.x for form in jumps}
    if len(variables) != 1:
        return None
    (x,) = variables
    try:
        found = [_pieces(arg, form, x) for arg, form in forms.items()]
        parts = [part for part in found if part is not None]
        if len(parts) > _MANY or len(parts) < len(found):
            return None
        pieces = reduce(add if node.is_Add else mul, parts)
        for _ in range(int(power) - 1):
            pieces = pieces * parts[0]
        return pieces.as_line() or pieces
    except NoLineError:
        return None


def _pieces(arg: Expr, form: Form, x: Any) -> Pieces | None:
    if isinstance(form, Pieces):
        return form
    if form.x in (None, x):
        return Pieces.of(form, x)
    coefficients = _coefficients(arg, x) if x.is_Symbol and arg.is_polynomial(x) else None
    return None if coefficients is None else Pieces(x, (), (coefficients,))


def _coefficients(arg: Expr, x: Symbol) -> tuple[Number, ...] | None:
    """Those of a polynomial in x, if they are numbers and there are not too many."""
    try:
        by_power = powers_of(x, plain(arg))
    except TooLargeError:
        return None
    degree = max(by_power, default=0)
    if degree > HIGHEST or not all(c.is_number for c in by_power.values()):
        return None
    return tuple(number(by_power.get(k, S.Zero)) for k in range(degree + 1))


def with_steps(node: Expr, to: Conversion) -> Form | None:
    pieces = in_pieces(node, to)
    if not isinstance(pieces, Line) and (absorbed := without_steps(node, to)) is not None:
        return to.instead(node, absorbed)
    return pieces


def without_steps(node: Expr, to: Conversion) -> Expr | None:
    """``u*Heaviside(u, c)``, and the like, written as ReLU; None if nothing is.

    A step jumps, unless what it is multiplied with is a multiple of its argument.
    """
    if not _has_steps(node):
        return None
    converted = to.rebuilt(node)
    if not _has_steps(converted):
        return converted
    terms = list(Add.make_args(expanded(converted)))
    absorbed = []
    for step in dict.fromkeys(f for term in terms for f in Mul.make_args(term) if as_step(f)):
        u, ramp = _ramp(step)
        concerned = [term for term in terms if step in Mul.make_args(term)]
        factor = Add(*(Mul(*(f for f in Mul.make_args(t) if f != step)) for t in concerned))
        if concerned and (multiple := quotient(factor, u)) is not None:
            absorbed.append(multiple * ramp)
            terms = [term for term in terms if term not in concerned]
    return Add(*terms, *absorbed) if absorbed else None


def _has_steps(node: Expr) -> bool:
    """Whether a factor, or a factor of a term, is a step."""
    parts = chain(node.args, *(arg.args for arg in node.args))
    return any(isinstance(part, Expr) and as_step(part) for part in parts)


def _ramp(step: Expr) -> tuple[Expr, Expr]:
    """Where a step jumps, and what it is when multiplied by that."""
    u, at, _ = as_step(step) or (S.Zero, S.Zero, S.Zero)
    # Not Abs(u): of a u that has one sign it would be u, with another slope.
    return u, 2 * ReLU(u, S.Half) - u if isinstance(step, sign) else ReLU(u, at)
