"""The numbers of a broken line.

Exact ones are SymPy's, and so are those that hold parameters.  A floating one knows how far off
it may be: it was given to half a unit in its last place, and sums and products of what is
uncertain are uncertain.  What a floating number is not known to differ from is equal to it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from mpmath.libmp import (
    from_int,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_cmp,
    mpf_div,
    mpf_mul,
    mpf_neg,
    mpf_shift,
    mpf_sign,
)
from sympy import Add, Expr, Float, Lambda, S, expand

from symrelu.signs import is_small, is_soon_written_out, signs

_GUARD = 64  # bits beside the precision, so that rounding does not count
_ROUGH = 20  # bits of an error
_FEW = from_int(4)  # units in the last place that do not count


class NoLineError(Exception):
    """It jumps, a part of it is no broken line, or the order of its kinks is not known."""


class Near:
    """A floating number and how far off it may be, both as mpmath has them."""

    __slots__ = ("error", "precision", "value")

    def __init__(self, value: Any, error: Any, precision: int) -> None:
        self.value, self.error, self.precision = value, error, precision

    @classmethod
    def of(cls, number: Expr, precision: int) -> Near:
        if number.is_Float:
            return cls(number._mpf_, mpf_shift(mpf_abs(number._mpf_), -number._prec), number._prec)
        known = number if number.is_Rational else number._eval_evalf(precision + _GUARD)
        value = Float(known, precision=precision + _GUARD)._mpf_
        uncertain = number.has(Float)
        return cls(value, mpf_shift(mpf_abs(value), -precision) if uncertain else fzero, precision)

    def __add__(self, other: Near) -> Near:
        precision = max(self.precision, other.precision)
        value = mpf_add(self.value, other.value, precision + _GUARD)
        return Near(value, mpf_add(self.error, other.error, _ROUGH), precision)

    def __mul__(self, other: Any) -> Near:
        if not isinstance(other, Near):
            return NotImplemented
        precision = max(self.precision, other.precision)
        value = mpf_mul(self.value, other.value, precision + _GUARD)
        left = mpf_mul(mpf_abs(self.value), other.error, _ROUGH)
        right = mpf_mul(mpf_abs(other.value), self.error, _ROUGH)
        return Near(value, mpf_add(left, right, _ROUGH), precision)

    def inverse(self) -> Near:
        value = mpf_div(from_int(1), self.value, self.precision + _GUARD)
        relative = mpf_div(self.error, mpf_abs(self.value), _ROUGH)
        return Near(value, mpf_mul(mpf_abs(value), relative, _ROUGH), self.precision)

    def sign(self) -> int:
        if mpf_cmp(mpf_abs(self.value), mpf_mul(_FEW, self.error, _ROUGH)) <= 0:
            return 0
        return int(mpf_sign(self.value))

    def as_expr(self) -> Expr:
        return Float._new(self.value, self.precision) if self.sign() else S.Zero


# One of SymPy's, or one that is near.
Number: TypeAlias = Any


def number(expr: Expr) -> Number:
    """What a constant is reckoned as."""
    if expr.is_Rational or not expr.has(Float):
        return expr
    if expr.is_Float:
        return Near.of(expr, expr._prec) if expr.is_finite else expr
    if not (expr.is_number and expr.is_real and expr.is_finite):
        return expr
    return Near.of(expr, max(f._prec for f in expr.atoms(Float)))


def as_expr(a: Number) -> Expr:
    return a.as_expr()


def plus(a: Number, b: Number) -> Number:
    if isinstance(a, Near) or isinstance(b, Near):
        x, y = _alike(a, b)
        return x + y if isinstance(y, Near) else number(tidy(as_expr(x) + y))
    return tidy(a + b)


def times(a: Number, b: Number) -> Number:
    if isinstance(a, Near) or isinstance(b, Near):
        x, y = _alike(a, b)
        return x * y if isinstance(y, Near) else number(tidy(as_expr(x) * y))
    return tidy(a * b)


def minus(a: Number, b: Number) -> Number:
    return plus(a, negative(b))


def negative(a: Number) -> Number:
    if isinstance(a, Near):
        return Near(mpf_neg(a.value), a.error, a.precision)
    return tidy(-a)


def over(a: Number, b: Number) -> Number:
    return times(a, b.inverse() if isinstance(b, Near) else 1 / b)


def _alike(a: Number, b: Number) -> tuple[Near, Number]:
    """The near one, and the other: near too, unless it holds parameters."""
    near, other = (a, b) if isinstance(a, Near) else (b, a)
    if not isinstance(other, Near) and other.is_number and other.is_real and other.is_finite:
        other = Near.of(other, near.precision)
    return near, other


def sign_of(a: Number) -> int:
    """The sign, if it is known."""
    if isinstance(a, Near):
        return a.sign()
    if a.is_Rational:
        return bool(a > 0) - bool(a < 0)
    possible = signs(a)
    if len(possible) != 1:
        raise NoLineError(f"the sign of {a if is_small(a) else 'a large number'} is not known")
    return min(possible)


def tidy(expr: Expr) -> Expr:
    """The terms written out, but not what stands inside of functions; if they are few."""
    if not (expr.args and is_soon_written_out(expr)):
        return expr
    return Add(*(expand(term, deep=False) for term in Add.make_args(expr)))


def is_zero(a: Number) -> bool:
    """Whether it is seen to be 0."""
    return a.sign() == 0 if isinstance(a, Near) else bool(a == 0)


def is_scalar(node: Any) -> bool:
    """Whether it is a number once its symbols are, which a matrix and a Lambda are not."""
    return isinstance(node, Expr) and not (node.is_Matrix or isinstance(node, Lambda))
