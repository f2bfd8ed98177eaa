r"""Polynomials in steps: the normal form of what holds of values.

With the step $h = H(u)$, away from the kink $h^2 = h$ and $\operatorname{ReLU}(u) = u h$.  A
polynomial has a number for each product of steps and powers of whatever else there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, reduce
from math import gcd, lcm
from typing import Any

from sympy import Abs, Add, Expr, Heaviside, Rational, S

from symrelu.function import ReLU
from symrelu.graph import postorder
from symrelu.kinked import as_step, in_relu
from symrelu.kinks.numbers import as_expr, is_zero, plus, times
from symrelu.kinks.polynomials import (
    ONE,
    Monomial,
    Polynomial,
    TooLargeError,
    add_to,
    as_sum,
    atom,
    combined,
    constant,
    divided,
    product,
    scaled,
    sum_of,
)
from symrelu.signs import is_small, is_written_out, signs

_KINK = 60  # terms of what may stand in a kink


class Value:
    """A polynomial, beside the expression that it is the normal form of; made when it is used."""

    def __init__(self, expr: Callable[[], Any], polynomial: Polynomial) -> None:
        self._expr, self.polynomial = expr, polynomial

    @cached_property
    def expr(self) -> Any:
        return self._expr()

    def __add__(self, other: Value) -> Value:
        both = sum_of([self.polynomial, other.polynomial])
        return Value(lambda: self.expr + other.expr, both)

    def __sub__(self, other: Value) -> Value:
        return self + -1 * other

    def __rmul__(self, k: int) -> Value:
        return Value(lambda: k * self.expr, scaled(self.polynomial, S(k)))


class Steps:
    """One request: its steps, each with what changes sign there, and what it has read."""

    def __init__(self) -> None:
        self.kinks: list[tuple[Expr, Polynomial]] = []  # what changes sign at each step
        self.numbers: dict[frozenset[Any], int] = {}
        self.sides: dict[int, Expr] = {}  # the share of u beside the kink as it was first read
        self.known: dict[Expr, Polynomial] = {}

    # From expressions

    def of(self, expr: Any) -> Polynomial:
        if expr not in self.known:
            try:
                self.known[expr] = self._of(expr)
            except TooLargeError:
                self.known[expr] = atom(expr)
        return self.known[expr]

    def _of(self, expr: Any) -> Polynomial:
        if as_step(expr) is not None:
            base, exponent = expr.as_base_exp()
            return {(0, frozenset({(base, int(exponent))})): S.One}
        if (form := combined(expr, self.of)) is not None:
            return form
        value = in_relu(expr, self)
        return atom(expr) if value is None else value.polynomial

    def read(self, expr: Expr) -> Value:
        return Value(lambda: expr, self.of(expr))

    def relu(self, value: Value, H0: Expr) -> Value:
        large = len(value.polynomial) > _KINK
        form = atom(ReLU(value.expr)) if large else product(value.polynomial, self.step(value))
        return Value(lambda: ReLU(value.expr), form)

    def step(self, value: Value) -> Polynomial:
        """H(u), by the step of u or of -u, whatever its value at 0."""
        u, turned = _primitive(value.polynomial)
        if not u or all(key == (0, ONE) for key in u):
            return constant(S.One if u and not turned else S.Zero)
        if len(u) == 1 and (known := self._of_product(next(iter(u)))):
            return _or_opposite(known, turned)
        key = frozenset((k, as_expr(c)) for k, c in u.items())
        if key not in self.numbers:
            self.numbers[key] = len(self.kinks)
            if all(mask == 0 for mask, _ in u):
                self.kinks.append((as_sum(u), u))
            else:  # a kink inside is written as it was
                written = Add(*(-t for t in Add.make_args(value.expr))) if turned else value.expr
                self.kinks.append((written, scaled(value.polynomial, S(-1 if turned else 1))))
        self.sides.setdefault(self.numbers[key], S.One if turned else S.Zero)
        return _or_opposite({(1 << self.numbers[key], ONE): S.One}, turned)

    def _of_product(self, key: tuple[int, Monomial]) -> Polynomial | None:
        """The step of a product: its sign is that of the factors."""
        odd = sorted((base for base, power in key[1] if power % 2), key=name)
        if key[0] or len(odd) < 2:
            return None
        signs = (scaled(self.step(self.read(base)), S(2)) for base in odd)
        negative = constant(S.NegativeOne)
        sign: Polynomial = reduce(product, (sum_of([twice, negative]) for twice in signs))
        return scaled(sum_of([sign, constant(S.One)]), S.Half)

    # And back

    def normal(self, expr: Expr) -> Polynomial:
        """The normal form."""
        if not is_written_out(expr):  # from below, without recursion
            for node in postorder(expr):
                if isinstance(node, Expr) and not node.is_Matrix:
                    self.of(node)
        return self.without_jumps(self.of(expr))

    def without_jumps(self, form: Polynomial) -> Polynomial:
        """A jump is as good as a step where what it is multiplied with is 0 at the kink."""
        form = _merged_jumps(form)
        for jump in dict.fromkeys(base for _, rest in form for base, _ in rest if as_step(base)):
            u, _, left = as_step(jump) or (S.Zero, S.Zero, S.Zero)
            argument = self.read(u)
            step = self.step(argument)
            if left:
                step = sum_of([scaled(step, S(2)), constant(S.NegativeOne)])
            by_power: dict[int, Polynomial] = defaultdict(dict)
            for (mask, rest), c in form.items():
                power = dict(rest).get(jump, 0)
                by_power[power][mask, frozenset(f for f in rest if f[0] != jump)] = c
            if all(
                power == 0 or self.divided(part, argument.polynomial) is not None
                for power, part in by_power.items()
            ):
                parts = (reduce(product, [step] * power, part) for power, part in by_power.items())
                form = sum_of(parts)
        return form

    def written(self, form: Polynomial) -> Expr | None:
        """With kinks in the place of steps, if it can be."""
        terms: list[Expr] = []
        buckets: dict[int, Polynomial] = defaultdict(dict)
        for (mask, rest), c in form.items():
            buckets[mask.bit_length()][mask, rest] = c
        for top in sorted(range(1, max(buckets, default=0) + 1), reverse=True):
            if not (bucket := buckets.pop(top, None)):
                continue
            bit, (v, polynomial) = 1 << (top - 1), self.kinks[top - 1]
            with_h = {(mask ^ bit, rest): c for (mask, rest), c in bucket.items()}
            ratio = self.divided(with_h, polynomial)
            factor = None if ratio is None else self.written(ratio)
            if factor is None:
                return None
            # To make another kink than that which was read takes SymPy's time, and Abs endless.
            known = [share for share in _WAYS if share != S.Half or is_written_out(v)]
            ways = sorted(known, key=self.sides[top - 1].__ne__)
            share = min(ways, key=lambda share: _growth(buckets, with_h, share))
            for (mask, rest), c in with_h.items() if share else ():
                add_to(buckets[mask.bit_length()], (mask, rest), times(share, c))
            scale, kink = _WAYS[share]
            terms.append(scale * factor * kink(v))
        return Add(as_sum(buckets[0]), *terms)

    def divided(self, form: Polynomial, v: Polynomial) -> Polynomial | None:
        """The quotient, if it is the same for every product of steps in the divisor."""
        parts, divisor = _by_steps(form), _by_steps(v)
        by_one = divisor.keys() == {0}
        if not by_one and parts.keys() != divisor.keys():
            return None
        ratios: dict[int, Polynomial] = {}
        for mask, part in parts.items():
            ratio = divided(part, divisor[0 if by_one else mask])
            known = ratios.setdefault(mask if by_one else 0, ratio or {})
            if ratio is None or sum_of([known, scaled(ratio, S.NegativeOne)]):
                return None
        return {(mask, rest): c for mask, r in ratios.items() for (_, rest), c in r.items()}


# How u*h can be written, by the share of u that stays beside the kink.
_WAYS: dict[Expr, tuple[Expr, Callable[[Expr], Expr]]] = {
    S.Zero: (S.One, ReLU),
    S.One: (S.One, lambda v: ReLU(-v)),
    S.Half: (S.Half, Abs),
}


def _growth(buckets: dict[int, Polynomial], with_h: Polynomial, share: Expr) -> int:
    """How many terms more there are."""
    growth = 0
    for (mask, rest), c in with_h.items() if share else ():
        present = buckets[mask.bit_length()].get((mask, rest), S.Zero)
        after = plus(present, times(share, c))
        growth += (not is_zero(after)) - (not is_zero(present))
    return growth


# Polynomials of steps


def _primitive(form: Polynomial) -> tuple[Polynomial, bool]:
    """Without factors of known sign, and whether it was turned for its own."""
    if not form:
        return form, False
    common = set.intersection(*(set(rest) for _, rest in form))
    drop = {f for f in common if signs(f[0]) in ({1}, {-1})}
    odd = sum(power for base, power in drop if signs(base) == {-1}) % 2
    form = {(mask, rest - drop): c for (mask, rest), c in form.items()}
    form = scaled(form, S.NegativeOne) if odd else form
    coefficients = list(form.values())
    if all(isinstance(c, Expr) and c.is_Rational for c in coefficients):
        content = Rational(gcd(*(c.p for c in coefficients)), lcm(*(c.q for c in coefficients)))
        form = {key: c / content for key, c in form.items()}
    first = min(form, key=_order)
    turned = _could_be_turned(form, first)
    return (scaled(form, S.NegativeOne) if turned else form), turned


def _order(key: tuple[int, Monomial]) -> tuple[Any, ...]:
    mask, rest = key
    return (not rest, mask, sorted((name(base), power) for base, power in rest))


def name(base: Expr) -> str:
    """By which to sort; to print a large graph takes longer than its tree is large."""
    return str(base) if is_small(base) else "~"


def _could_be_turned(form: Polynomial, first: tuple[int, Monomial]) -> bool:
    """Whether most terms are negative, or as many as not and the first one is."""
    negatives = sum(as_expr(c).could_extract_minus_sign() for c in form.values())
    if 2 * negatives != len(form):
        return 2 * negatives > len(form)
    return bool(as_expr(form[first]).could_extract_minus_sign())


def _or_opposite(h: Polynomial, turned: bool) -> Polynomial:
    return sum_of([constant(S.One), scaled(h, S.NegativeOne)]) if turned else h


def _by_steps(form: Polynomial) -> dict[int, Polynomial]:
    parts: dict[int, Polynomial] = defaultdict(dict)
    for (mask, rest), c in form.items():
        parts[mask][0, rest] = c
    return parts


def _merged_jumps(form: Polynomial) -> Polynomial:
    """The product of two steps at one place is a step, with the product of their values there."""
    if not any(isinstance(base, Heaviside) for _, rest in form for base, _ in rest):
        return form
    return sum_of({(mask, _merged(rest)): c} for (mask, rest), c in form.items())


def _merged(rest: Monomial) -> Monomial:
    at: dict[Expr, Expr] = {}
    others = []
    for base, power in rest:
        if isinstance(base, Heaviside) and power > 0:
            u, H0 = base.args
            at[u] = at.get(u, S.One) * H0**power
        else:
            others.append((base, power))
    return frozenset([*others, *((Heaviside(u, H0), 1) for u, H0 in at.items())])
