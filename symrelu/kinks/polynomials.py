"""Polynomials in steps and in whatever else there is, written out up to a bound.

A polynomial has a number for each product of steps and of powers of other things.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import reduce
from operator import add, sub
from typing import Any

from sympy import Add, Expr, Mul, Pow, S, Symbol

from symrelu.kinks.numbers import Number, as_expr, is_zero, negative, number, over, plus, times

Monomial = frozenset[tuple[Expr, int]]  # powers of whatever else there is
Polynomial = dict[tuple[int, Monomial], Number]  # the steps are the bits of a number

ONE: Monomial = frozenset()
HIGHEST = 60  # power of a sum
_PRODUCT = 1000  # terms of a product


class TooLargeError(Exception):
    """A polynomial would grow past its bound."""


def operands(expr: Any) -> tuple[Any, ...]:
    """The arguments of what is arithmetic with polynomials; of other things there are none."""
    if expr.is_Add or (expr.is_Mul and expr.is_commutative):
        return expr.args
    is_power = expr.is_Pow and expr.exp.is_Integer and expr.exp.is_positive
    return (expr.base,) if is_power else ()


def combined(expr: Any, of: Callable[[Any], Polynomial]) -> Polynomial | None:
    """What the arithmetic of a node makes of the polynomials of its operands, if it is one."""
    if expr.is_Number or (not expr.args and expr.is_number):
        return constant(number(expr))
    parts = map(of, operands(expr))
    if expr.is_Add:
        return sum_of(parts)
    if expr.is_Mul:
        return reduce(product, parts) if expr.is_commutative else None
    return power(base, int(expr.exp)) if (base := next(parts, None)) is not None else None


def plain(expr: Any) -> Polynomial:
    """The polynomial in whatever the expression is made of."""
    found: dict[Any, Polynomial] = {}
    stack = [expr]
    while stack:
        missing = [part for part in operands(stack[-1]) if part not in found]
        stack += missing
        if not missing:
            node = stack.pop()
            form = combined(node, found.__getitem__)
            found[node] = atom(node) if form is None else form
    return found[expr]


def degree(form: Polynomial) -> int:
    return max((sum(k for _, k in rest) for _, rest in form), default=0)


def powers_of(x: Symbol, form: Polynomial) -> dict[int, Expr]:
    """The coefficients of the powers of a variable, in a polynomial without steps."""
    parts: dict[int, Polynomial] = defaultdict(dict)
    for (_, rest), c in form.items():
        k = dict(rest).get(x, 0)
        parts[k][0, rest - {(x, k)}] = c
    return {k: as_sum(part) for k, part in parts.items()}


def expanded(expr: Expr) -> Expr:
    """The terms written out, but not what stands inside of functions; if they are few."""
    try:
        return as_sum(plain(expr))
    except TooLargeError:
        return expr


def as_sum(form: Polynomial) -> Expr:
    """The expression, of a polynomial without steps."""
    terms = (Mul(as_expr(c), *(Pow(*f) for f in rest)) for (_, rest), c in form.items())
    return Add(*terms)


def constant(c: Number) -> Polynomial:
    return {} if is_zero(c) else {(0, ONE): c}


def atom(expr: Any) -> Polynomial:
    """What is no polynomial is the power of something."""
    base, power = expr.as_base_exp()
    k, rest = power.as_coeff_Mul()
    if not (k.is_Integer and base.is_commutative is not False):
        return {(0, frozenset({(expr, 1)})): S.One}
    return {(0, frozenset({(Pow(base, rest), int(k))})): S.One}


def add_to(form: dict[Any, Number], key: Any, c: Number) -> None:
    total = plus(form[key], c) if key in form else c
    if is_zero(total):
        form.pop(key, None)
    else:
        form[key] = total


def sum_of(forms: Any) -> Polynomial:
    total: Polynomial = {}
    for form in forms:
        for key, c in form.items():
            add_to(total, key, c)
    return total


def scaled(form: Polynomial, k: Number) -> Polynomial:
    return {key: times(k, c) for key, c in form.items()} if k else {}


def product(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > _PRODUCT and min(len(a), len(b)) > 1:
        raise TooLargeError
    result: Polynomial = {}
    for (m, p), c in a.items():
        for (n, q), d in b.items():
            add_to(result, (m | n, _times(p, q)), times(c, d))
    return result


def power(a: Polynomial, n: int) -> Polynomial:
    if len(a) == 1:
        (((mask, rest), c),) = a.items()
        raised = number(as_expr(c) ** n)
        return {(mask, frozenset((base, k * n) for base, k in rest)): raised}
    if a and n > HIGHEST:
        raise TooLargeError
    return reduce(product, [a] * n)


def _times(p: Monomial, q: Monomial) -> Monomial:
    if not p or not q:
        return p or q
    powers = dict(p)
    for base, power in q:
        powers[base] = powers.get(base, 0) + power
    return frozenset((base, power) for base, power in powers.items() if power)


# Division


def quotient(dividend: Expr, divisor: Expr) -> Expr | None:
    """The quotient, if it leaves no remainder; of a product, of one factor if it can be."""
    try:
        v = plain(divisor)
    except TooLargeError:
        return None
    factors = Mul.make_args(dividend)
    for factor in dict.fromkeys((*factors, dividend)):
        base, n = factor.as_base_exp()
        if not (n.is_Integer and n.is_positive):
            base, n = factor, S.One
        with suppress(TooLargeError):
            if (ratio := divided(plain(base), v)) is not None:
                others = (f for f in factors if factor not in (f, dividend))
                return Mul(as_sum(ratio), base ** (n - 1), *others)
    return None


def divided(form: Polynomial, v: Polynomial) -> Polynomial | None:
    """The quotient of two polynomials without steps, if it leaves no remainder.

    Each step takes away the leading term, which no later step brings back.
    """
    if not v:
        return None
    powers = _Powers([*form, *v])
    rest, divisor = powers.read(form), powers.read(v)
    lead = max(divisor)
    found: dict[_Exponents, Number] = {}
    while rest:
        top = max(rest)
        step = tuple(map(sub, top, lead))
        if min(step) < 0:
            return None
        if len(found) == _PRODUCT:
            raise TooLargeError
        found[step] = k = over(rest.pop(top), divisor[lead])
        for at, c in divisor.items():
            if at != lead:
                add_to(rest, tuple(map(add, step, at)), times(negative(k), c))
    return powers.written(found)


_Exponents = tuple[int, ...]  # their sum, then each


class _Powers:
    """The bases of some monomials; what is divided by is not what is multiplied with."""

    def __init__(self, keys: Iterable[tuple[int, Monomial]]) -> None:
        bases = dict.fromkeys((base, k > 0) for _, rest in keys for base, k in rest)
        self.bases = {base: i for i, base in enumerate(bases)}

    def read(self, form: Polynomial) -> dict[_Exponents, Number]:
        return {self._exponents(rest): c for (_, rest), c in form.items()}

    def _exponents(self, rest: Monomial) -> _Exponents:
        exponents = [0] * len(self.bases)
        for base, k in rest:
            exponents[self.bases[base, k > 0]] = abs(k)
        return sum(exponents), *exponents

    def written(self, form: dict[_Exponents, Number]) -> Polynomial:
        found: Polynomial = {}
        for (_, *exponents), c in form.items():
            pairs = zip(self.bases, exponents, strict=True)
            powers = (frozenset({(b, k if up else -k)}) for (b, up), k in pairs if k)
            add_to(found, (0, reduce(_times, powers, ONE)), c)
        return found
