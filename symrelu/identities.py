"""What holds of the values, on request."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Heaviside,
    Max,
    Min,
    Mul,
    Pow,
    S,
    count_ops,
    expand,
    reduced,
    sign,
    sympify,
)
from sympy.polys.polyerrors import PolynomialError

from symrelu.function import ReLU


def relusimp(expr: Any) -> Expr:
    r"""
    Simplify by what holds of the values of ReLU and its relatives.

    Explanation
    ===========

    With the step $h = H(u)$, away from the kink $h^2 = h$ and
    $\operatorname{ReLU}(u) = u h$, $|u| = u (2h - 1)$,
    $\max(a, b) = b + (a - b) h$ with $u = a - b$.  A polynomial in these is therefore
    affine in each $h$, and two of them over independent kinks are equal exactly when
    these normal forms are.  The shortest of the ways to write the normal form
    with ReLU and ``Abs`` is the answer, if it is shorter than what was given.

    The value does not change at any real point.  The slopes at kinks may: that of
    ``ReLU(x) - ReLU(-x)`` at 0 is 0, and that of ``x`` is 1.

    Parameters
    ==========

    expr : Expr
        A real expression.

    Returns
    =======

    Expr
        Never longer than ``expr`` by ``count_ops``.

    Examples
    ========

    >>> from sympy import Heaviside, Max, symbols
    >>> from symrelu import ReLU, relusimp
    >>> x, y, c = symbols("x y c", real=True)
    >>> relusimp(ReLU(x) - ReLU(-x)), relusimp(ReLU(x) + ReLU(-x)), relusimp(ReLU(x)*ReLU(-x))
    (x, Abs(x), 0)
    >>> relusimp(ReLU(x)*Heaviside(x, c)), relusimp(ReLU(x)**2 - x*ReLU(x))
    (ReLU(x), 0)
    >>> relusimp(Max(x, y) + ReLU(y - x) - y)
    Abs(x - y)

    See Also
    ========

    symrelu.ReLU
    """
    return _simplified(sympify(expr))


_KINKED = (ReLU, Abs, Max, Min, sign, Heaviside)
_Form = dict[frozenset[Dummy], Expr]  # a coefficient for each product of steps


def _simplified(expr: Expr) -> Expr:
    """The shortest of what was given and its normal form, inside and out."""
    if not expr.args or not expr.has(*_KINKED):
        return expr
    inside = _simplified_inside(expr)
    best = inside if count_ops(inside) < count_ops(expr) else expr
    if not isinstance(best, Expr) or best.is_Matrix:
        return best
    candidate = _Kinks().normal(best)
    return candidate if candidate is not None and count_ops(candidate) < count_ops(best) else best


def _simplified_inside(expr: Expr) -> Expr:
    """Simplify below what the normal form takes care of."""
    below = _simplified_inside if _is_arithmetic(expr) else _simplified
    return expr.func(*map(below, expr.args)) if expr.args else expr


def _is_arithmetic(expr: Expr) -> bool:
    return expr.is_Add or expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0)


_expand = partial(expand, basic=False, log=False, power_base=False, power_exp=False)


class _Kinks:
    """The steps of an expression, and its normal form in them."""

    def __init__(self) -> None:
        self.steps: dict[Expr, Dummy] = {}  # by what changes sign there
        self.jumps: dict[Dummy, tuple[Expr, Expr]] = {}  # of sign and Heaviside

    def normal(self, expr: Expr) -> Expr | None:
        form = self._form(self._in_steps(expr))
        return self._written(form, list(reversed(self.steps.items())))

    # From ReLU to steps

    def _step(self, u: Expr) -> Expr:
        """H(u), by the step of ``u`` or of ``-u``, whatever its value at 0."""
        _, v = _expand(u).primitive()
        flipped = v.could_extract_minus_sign()
        h = self.steps.setdefault(-v if flipped else v, Dummy("h"))
        return 1 - h if flipped else h

    def _in_steps(self, expr: Expr) -> Expr:
        if not expr.has(*_KINKED):
            return expr
        if isinstance(expr, ReLU):
            return self._in_steps(expr.args[0]) * self._step(expr.args[0])
        if isinstance(expr, Abs) and expr.args[0].is_extended_real:
            return self._in_steps(expr.args[0]) * (2 * self._step(expr.args[0]) - 1)
        if isinstance(expr, (Max, Min)):
            up = 1 if isinstance(expr, Max) else -1
            written = expr.args[0]
            for arg in expr.args[1:]:
                written = written + up * ReLU(up * (arg - written))
            return self._in_steps(written)
        if isinstance(expr, (sign, Heaviside)) and expr.args[0].is_extended_real:
            step = self._step(expr.args[0])
            jump = Dummy("j")
            self.jumps[jump] = expr, (2 * step - 1 if isinstance(expr, sign) else step)
            return jump
        if _is_arithmetic(expr):
            return expr.func(*map(self._in_steps, expr.args))
        return expr

    def _form(self, expr: Expr) -> _Form:
        """The normal form, in which no step has a power."""
        terms: dict[frozenset[Dummy], list[Expr]] = defaultdict(list)
        known = set(self.steps.values())
        for term in Add.make_args(_expand(self._without_jumps(_expand(expr)))):
            factors = [f.as_base_exp() for f in Mul.make_args(term)]
            steps = frozenset(base for base, _ in factors if base in known)
            rest = (Pow(base, exponent) for base, exponent in factors if base not in known)
            terms[steps].append(Mul(*rest))
        form = {steps: Add(*parts) for steps, parts in terms.items()}
        return {steps: part for steps, part in form.items() if part != 0}

    def _without_jumps(self, expr: Expr) -> Expr:
        """A jump is as good as a step where what it is multiplied with is 0 at the kink."""
        for jump, (original, as_step) in self.jumps.items():
            u = original.args[0]
            powers = expr.as_poly(jump)
            if powers is None:
                continue
            small = all(
                power == 0 or _quotient(_expand(coefficient), _expand(u)) is not None
                for (power,), coefficient in powers.terms()
            )
            expr = expr.subs(jump, as_step if small else original)
        return expr

    # And back

    def _written(self, form: _Form, kinks: list[tuple[Expr, Dummy]]) -> Expr | None:
        if form.keys() <= {frozenset()}:
            return form.get(frozenset(), S.Zero)
        (v, h), *rest = kinks
        with_h = {steps - {h}: part for steps, part in form.items() if h in steps}
        if not with_h:
            return self._written(form, rest)
        quotient = self._divided(with_h, v)
        without = {steps: part for steps, part in form.items() if h not in steps}
        share, factor, kink = min(
            ((S.Zero, 1, ReLU(v)), (S.One, 1, ReLU(-v)), (S.Half, S.Half, Abs(v))),
            key=lambda way: _length(without, with_h, way[0]),
        )
        outside = self._written(_sum(without, with_h, share), rest)
        inside = None if quotient is None else self._written(quotient, rest)
        return None if outside is None or inside is None else outside + factor * inside * kink

    def _divided(self, form: _Form, v: Expr) -> _Form | None:
        divisor = self._form(self._in_steps(v))
        if divisor.keys() == {frozenset()}:
            quotient = {
                steps: _quotient(part, divisor[frozenset()]) for steps, part in form.items()
            }
            return None if None in quotient.values() else quotient
        ratios = {_quotient(form.get(steps, S.Zero), part) for steps, part in divisor.items()}
        if form.keys() != divisor.keys() or len(ratios) != 1 or None in ratios:
            return None
        return {frozenset(): ratios.pop()}


def _sum(a: _Form, b: _Form, share: Expr) -> _Form:
    touched = {key: a.get(key, S.Zero) + share * part for key, part in b.items()}
    return {key: part for key, part in (a | touched).items() if part != 0}


def _length(a: _Form, b: _Form, share: Expr) -> int:
    total = _sum({key: a.get(key, S.Zero) for key in b}, b, share)
    return sum(len(Add.make_args(part)) for part in total.values())


def _quotient(dividend: Expr, divisor: Expr) -> Expr | None:
    """The quotient, if the division leaves no remainder."""
    (c, p), (d, q) = dividend.primitive(), divisor.primitive()
    if p == q:
        return c / d
    if p == -q:
        return -c / d
    try:
        (quotient,), remainder = reduced(dividend, [divisor])
    except PolynomialError:
        return None
    return quotient if remainder == 0 else None
