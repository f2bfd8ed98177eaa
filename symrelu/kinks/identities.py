"""relusimp: what holds of the values, on request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
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
    Piecewise,
    Pow,
    S,
    count_ops,
    sign,
)
from sympy.matrices import MatrixBase

from symrelu.function import ReLU
from symrelu.kinks.conversion import (
    broken_line,
    divided,
    expand_only,
    expression,
    may_be_real,
    quotient,
)


def relusimp(expr: Any) -> Any:
    r"""
    Simplify by what holds of the values of ReLU and its relatives.

    Explanation
    ===========

    With the step $h = H(u)$, away from the kink $h^2 = h$ and
    $\operatorname{ReLU}(u) = u h$, $|u| = u (2h - 1)$,
    $\max(a, b) = b + (a - b) h$ with $u = a - b$.  A polynomial in these is therefore
    affine in each $h$, and two of them over independent kinks are equal exactly when
    these normal forms are.  Kinks in one variable are not independent; there the hinge form
    of :func:`symrelu.as_relu` is the normal form.  The shortest of the ways to write a
    normal form with ReLU and ``Abs`` is the answer, if it is shorter than what was given.

    A continuous piecewise-linear function of one real variable in which a ``Piecewise`` stands
    becomes one ``Piecewise``, its breakpoints sorted and each interval there once.  Of a ReLU
    network, ``relusimp(expr.rewrite(Piecewise))`` is therefore the list of linear regions.

    The value does not change at any real point.  The slopes at kinks may: that of
    ``ReLU(x) - ReLU(-x)`` at 0 is 0, and that of ``x`` is 1.

    Parameters
    ==========

    expr : Expr, Matrix, or anything made of expressions
        What to simplify, real.

    Returns
    =======

    Expr, or what ``expr`` is
        Never longer than ``expr`` by ``count_ops``, but for the ``Piecewise`` above.  To
        simplify it again changes nothing.

    Raises
    ======

    TypeError
        If ``expr`` is a string or not made of expressions.

    Examples
    ========

    >>> from sympy import Heaviside, Max, Piecewise, symbols
    >>> from symrelu import ReLU, relusimp
    >>> x, y, c = symbols("x y c", real=True)
    >>> relusimp(ReLU(x) - ReLU(-x)), relusimp(ReLU(x) + ReLU(-x)), relusimp(ReLU(x)*ReLU(-x))
    (x, Abs(x), 0)
    >>> relusimp(ReLU(x)*Heaviside(x, c)), relusimp(ReLU(x)**2 - x*ReLU(x))
    (ReLU(x), 0)
    >>> relusimp(Max(x, y) + ReLU(y - x) - y)
    Abs(x - y)

    The linear regions of a small network:

    >>> network = ReLU(2*ReLU(x) - ReLU(1 - x) - 1) - ReLU(x - 2)
    >>> relusimp(network.rewrite(Piecewise))
    Piecewise((0, x <= 2/3), (3*x - 2, x < 1), (2*x - 1, x <= 2), (x + 1, True))

    See Also
    ========

    symrelu.as_relu : writes other functions in terms of ReLU, and keeps their slopes.
    """
    if isinstance(expr, MatrixBase):
        return expr.applyfunc(relusimp)
    return _simplified(expression(expr, "relusimp"))


_KINKED = (ReLU, Abs, Max, Min, sign, Heaviside)
_Form = dict[frozenset[Dummy], Expr]  # a coefficient for each product of steps


def _simplified(expr: Any) -> Any:
    """What cannot be written any shorter, inside and out."""
    if not expr.args or not expr.has(*_KINKED, Piecewise):
        return expr
    if expr.has(Piecewise) and (line := broken_line(expr)):
        return line.as_piecewise(slopes=False)
    while True:
        best = min((expr, *_candidates(expr)), key=count_ops)
        if count_ops(best) == count_ops(expr):
            return expr
        expr = best


def _candidates(expr: Any) -> list[Any]:
    inside = _simplified_inside(expr)
    forms = [inside] if isinstance(inside, Expr) and not inside.is_Matrix else []
    if line := broken_line(inside):
        forms.append(line.as_hinges(S.Zero))
    normal = (_Kinks().normal(form) for form in forms)
    return [inside, *(form for form in normal if form is not None)]


def _simplified_inside(expr: Any) -> Any:
    """Simplify below what the normal form takes care of."""
    if not expr.args:
        return expr
    below = _simplified_inside if _is_arithmetic(expr) else _simplified
    args = tuple(map(below, expr.args))
    return expr if args == expr.args else expr.func(*args)


def _is_arithmetic(expr: Any) -> bool:
    return expr.is_Add or expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0)


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
        _, v = expand_only(u).primitive()
        flipped = v.could_extract_minus_sign()
        h = self.steps.setdefault(-v if flipped else v, Dummy())
        return 1 - h if flipped else h

    def _in_steps(self, expr: Expr) -> Expr:
        if not expr.has(*_KINKED):
            return expr
        if isinstance(expr, ReLU):
            return self._in_steps(expr.args[0]) * self._step(expr.args[0])
        if isinstance(expr, Abs) and may_be_real(expr.args[0]):
            return self._in_steps(expr.args[0]) * (2 * self._step(expr.args[0]) - 1)
        if isinstance(expr, (Max, Min)):
            up = 1 if isinstance(expr, Max) else -1
            written = expr.args[0]
            for arg in expr.args[1:]:
                written = written + up * ReLU(up * (arg - written))
            return self._in_steps(written)
        if isinstance(expr, (sign, Heaviside)) and may_be_real(expr.args[0]):
            step = self._step(expr.args[0])
            jump = Dummy()
            self.jumps[jump] = expr, (2 * step - 1 if isinstance(expr, sign) else step)
            return jump
        if _is_arithmetic(expr):
            return expr.func(*map(self._in_steps, expr.args))
        return expr

    def _form(self, expr: Expr) -> _Form:
        """The normal form, in which no step has a power."""
        terms: dict[frozenset[Dummy], list[Expr]] = defaultdict(list)
        known = set(self.steps.values())
        for term in Add.make_args(self._without_jumps(expand_only(expr))):
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
            small = all(
                power == 0 or quotient(coefficient, u) is not None
                for (power,), coefficient in expr.as_poly(jump).terms()
            )
            expr = expand_only(expr.subs(jump, as_step if small else original))
        return expr

    # And back

    def _written(self, form: _Form, kinks: list[tuple[Expr, Dummy]]) -> Expr | None:
        """The normal form with a kink in the place of each step; None if one does not fit."""
        terms = []
        for i, (v, h) in enumerate(kinks):
            with_h = {steps - {h}: part for steps, part in form.items() if h in steps}
            if not with_h:
                continue
            ratio = self._divided(with_h, v)
            factor = None if ratio is None else self._written(ratio, kinks[i + 1 :])
            if factor is None:
                return None
            without = {steps: part for steps, part in form.items() if h not in steps}
            share = min(_WAYS, key=lambda share: _growth(without, with_h, share))
            form = _sum(without, with_h, share)
            scale, kink = _WAYS[share]
            terms.append(scale * factor * kink(v))
        return Add(*form.values(), *terms)

    def _divided(self, form: _Form, v: Expr) -> _Form | None:
        if not v.has(*_KINKED):
            ratio = {steps: divided(part, v) for steps, part in form.items()}
            return None if None in ratio.values() else ratio
        divisor = self._form(self._in_steps(v))
        ratios = {divided(form.get(steps, S.Zero), part) for steps, part in divisor.items()}
        if form.keys() != divisor.keys() or len(ratios) != 1 or None in ratios:
            return None
        return {frozenset(): ratios.pop()}


# How u*h can be written, by the share of u that stays beside the kink.
_WAYS: dict[Expr, tuple[Expr, Callable[[Expr], Expr]]] = {
    S.Zero: (S.One, ReLU),
    S.One: (S.One, lambda v: ReLU(-v)),
    S.Half: (S.Half, Abs),
}


def _sum(a: _Form, b: _Form, share: Expr) -> _Form:
    if share == 0:
        return a
    touched = {key: a.get(key, S.Zero) + share * part for key, part in b.items()}
    return {key: part for key, part in (a | touched).items() if part != 0}


def _growth(a: _Form, b: _Form, share: Expr) -> int:
    """How many terms more the sum has than ``a``."""
    growth = 0
    for key, part in b.items() if share else ():
        present = a.get(key, S.Zero).as_coefficients_dict()
        for term, c in part.as_coefficients_dict().items():
            growth += (present[term] + share * c != 0) - (present[term] != 0)
    return growth
