r"""Integrals: with :math:`h` the step of :math:`u`, one of :math:`g h` is :math:`(G - G(t)) h`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath
import sympy
from mpmath.libmp.libmpf import prec_to_dps
from sympy import (
    Abs,
    Add,
    DiracDelta,
    Dummy,
    Eq,
    Expr,
    Function,
    Heaviside,
    I,
    Integral,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Poly,
    Pow,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    Tuple,
    asinh,
    atan,
    cos,
    cosh,
    count_ops,
    erf,
    exp,
    log,
    oo,
    sin,
    sinh,
    sympify,
    tanh,
)
from sympy.concrete.expr_with_limits import AddWithLimits

from symrelu.calculus import checks
from symrelu.calculus.errors import UNKNOWN, NoPiecesError
from symrelu.calculus.front import calculus, held, the_symbol
from symrelu.calculus.iterated import iterated
from symrelu.calculus.pieces import (
    Jump,
    Region,
    between,
    cases_of_sign,
    constants_apart,
    inside,
    is_linear,
    is_not_real,
    normal_form,
    regions,
    roots,
    shorter,
    sign_of,
    sign_or_none,
    to_the_right,
    whole,
)
from symrelu.calculus.smooth import INFINITE, at_end, between_ends, smooth
from symrelu.function import ReLU
from symrelu.kinked import has_kinks

ENTIRE = (Add, Mul, Pow, exp, sin, cos, sinh, cosh, tanh, atan, asinh, erf, ReLU)
MOST_REGIONS = 24  # that a quadrature goes through
MOST_FACTORED = 20  # terms: factors of more, in many symbols, keep SymPy busy


@calculus(
    "steps",
    "an antiderivative of g*h is (G - G(t))*h, at any order of kinks and limits; SymPy leaves "
    "ReLU, takes squares of steps for 1, and joins the pieces of a Piecewise wrongly",
    sympy.integrate,
    takes=(Expr, Eq),
    stays=lambda f, *limits, **_: Integral(f, *limits),
)
def integrate(f: Any, *limits: Any, check: bool = True, **hints: Any) -> Any:
    r"""
    Integrate over kinks, as ``sympy.integrate`` does without them.

    Explanation
    ===========

    Where :math:`h` is the step of :math:`u`, with the root :math:`t`, and :math:`G` an
    antiderivative of :math:`g`, one of :math:`g h` is :math:`(G - G(t)) h`.  The answer is
    continuous, and right for every order of the limits and the kinks.  An antiderivative is
    differentiated and compared on both sides of every kink, a definite integral is compared
    with a quadrature.  Of several variables the outer ones are split where the kinks of the inner
    ones change their order.

    Parameters
    ==========

    f : Expr
        The integrand.
    *limits : Symbol or tuple
        As SymPy's: ``x`` or ``(x, a, b)``, the innermost integral first.
    check : bool, optional
        Whether the answer is checked.

    Returns
    =======

    Expr
        An ``Integral`` where there is no answer.

    Examples
    ========

    >>> from sympy import exp, oo, sin, pi, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import integrate
    >>> x, y = symbols("x y", real=True)
    >>> integrate(ReLU(x), x), integrate(ReLU(3*x - y), x)
    (ReLU(x)**2/2, ReLU(3*x - y)**2/6)
    >>> integrate(ReLU(x - 1)*exp(-x), (x, 0, oo)), integrate(ReLU(sin(x)), (x, 0, 2*pi))
    (exp(-1), 2)
    >>> integrate(ReLU(1 - abs(x) - abs(y)), (x, -1, 1), (y, -1, 1))
    2/3
    """
    if isinstance(f, Eq):
        return Eq(*(integrate(side, *limits, check=check, **hints) for side in f.args))
    if not limits:
        limits = (the_symbol(f, "variable of integration"),)
    limits = Integral(S.One, *limits).limits  # in one form, or SymPy's error
    if any(_is_not_apart(limit) for limit in limits):
        return _of_symbols(f, list(limits), check)
    if _are_nested(limits):
        try:
            return iterated(f, list(limits), lambda g, *k: integral(g, Tuple(*k), check))
        except (*UNKNOWN, checks.FailedError):
            pass  # by steps, each kink from its root on, for ends in any order
    value = f
    for i, limit in enumerate(limits):
        try:
            value = integral(value, limit, check)
        except (*UNKNOWN, checks.FailedError) as error:
            if isinstance(error, checks.FailedError):
                checks.warn(f"integrate of {value}", error, depth=4)
            return Integral(value, *limits[i:])
    return value


def _is_not_apart(limit: Tuple) -> bool:
    """Whether the variable is a function, or also stands in its ends."""
    return not isinstance(limit[0], Symbol) or bool(Tuple(*limit[1:]).has(limit[0]))


def _of_symbols(f: Any, limits: list[Tuple], check: bool) -> Any:
    """The same by variables that are symbols and do not stand in their ends."""
    back = {}
    for i, (x, *ends) in enumerate(limits):
        if not _is_not_apart(limits[i]):
            continue
        y = Dummy(str(x), real=True)
        bound = any(x == earlier[0] for earlier in limits[:i])
        f = f if bound else f.xreplace({x: y})
        limits[:i] = [Tuple(v, *Tuple(*at).xreplace({x: y})) for v, *at in limits[:i]]
        limits[i] = Tuple(y, *ends)
        if len(ends) < 2:
            back[y] = ends[0] if ends else x
    return integrate(f, *limits, check=check).xreplace(back)


def _are_nested(limits: tuple[Tuple, ...]) -> bool:
    """Whether there are several, the ends of each without the variables within it."""
    variables = [k[0] for k in limits]
    ends = [Tuple(*k[1:]).free_symbols for k in limits]
    return (
        len({*variables}) == len(limits) > 1
        and all(len(k) == 3 for k in limits)
        and not any(free & {*variables[: i + 1]} for i, free in enumerate(ends))
    )


@held.register(Integral)
def _(node: Integral, check: bool) -> Any:
    return integrate(node.function, *node.limits, check=check)


class ReLUIntegral(Integral):
    """What SymPy's ``Integral`` of a bare ReLU is: one that knows its answer."""

    def __new__(cls, function: Any, *limits: Any, **assumptions: Any) -> Any:
        # Not by Integral's own, which asks the ReLU again.
        return AddWithLimits.__new__(
            cls if isinstance(function, ReLU) else Integral, function, *limits, **assumptions
        )

    def _eval_evalf(self, prec: int) -> Any:
        # SymPy's quadrature does not settle at a kink: it takes long, and gives some six digits.
        known = self if self.free_symbols else self.doit()
        if known is self:
            known = AddWithLimits.__new__(Integral, self.function, *self.limits)
        return known.evalf(prec_to_dps(prec))

    def doit(self, **hints: Any) -> Any:
        answer = integrate(self.function, *self.limits)
        return self if isinstance(answer, Integral) else answer


def integral(f: Expr, limit: Tuple, check: bool) -> Expr:
    x, *ends = limit
    f, back = constants_apart(f, {x})
    if back:
        return integral(f, limit, check).xreplace(back)
    if len(ends) == 2:
        value = definite(f, x, *ends)
        if check:
            check_definite(value, f, x, *ends)
        return value
    value = antiderivative(f, x)
    if check:
        check_antiderivative(value, f, x)
    return value.subs(x, ends[0]) if ends else value


# With kinks


def antiderivative(f: Expr, x: Symbol) -> Expr:
    """A continuous antiderivative, but for what deltas add."""
    f, derived = _without_derived(f, x)
    f, deltas = without_deltas(f, x)
    first, jumps = normal_form(f, x)
    terms = [weight * Heaviside(x - t) for t, weight, order in deltas if order == 0]
    if len(terms) < len(deltas):
        raise NoPiecesError("a derivative of a delta")
    return _number(Add(joined(f, first, jumps, x), *terms, *derived), f)


def _without_derived(f: Expr, x: Symbol) -> tuple[Expr, list[Expr]]:
    """What has no derivative of a delta times a constant, and the antiderivatives of these."""
    if not f.has(DiracDelta):
        return f, []
    rest, found = S.Zero, []
    for term in Add.make_args(f.expand()):
        weight, delta = term.as_independent(x, as_Add=False)
        order = delta.args[1] if isinstance(delta, DiracDelta) and len(delta.args) == 2 else 0
        if order and is_linear(delta.args[0], x):
            found.append(weight * DiracDelta(delta.args[0], order - 1) / delta.args[0].diff(x))
        else:
            rest += term
    return rest, found


def joined(f: Expr, first: Expr, jumps: list[Jump], x: Symbol) -> Expr:
    """The antiderivative of what is ``first`` and the jumps, continuous."""
    pieces = (first, *(jump.expr for jump in jumps))
    if jumps and not all(is_entire(e, x) for e in pieces):
        _number(Tuple(*pieces), f)
        try:
            return by_regions(regions(f, x), x)
        except NoPiecesError:
            pass
    return Add(smooth(first, x), *(written(jump, x) for jump in jumps))


def is_entire(G: Expr, x: Symbol) -> bool:
    """Whether it is made of what has a real value everywhere."""
    if x not in G.free_symbols or x == G:
        return True
    if isinstance(G, Pow) and x in G.exp.free_symbols:
        return x not in G.base.free_symbols and is_entire(G.exp, x)
    if isinstance(G, Pow) and not (G.exp.is_Integer and G.exp.is_positive):
        return False
    return isinstance(G, ENTIRE) and all(is_entire(arg, x) for arg in G.args)


def by_regions(parts: list[Region], x: Symbol) -> Expr:
    """The antiderivative that asks in each region for values in there only.

    A root or a logarithm has no others, and what has none is not always times 0.
    """
    for part in parts:
        _refuse_poles(part.expr, part, x)
    grown = [_with_real_logs(smooth(part.expr, x), part, x) for part in parts]
    for G, part in zip(grown, parts, strict=True):
        _refuse_poles(G, part, x)
    if any(_is_steep(G, part, x) for G, part in zip(grown, parts, strict=True)):
        return _in_pieces(grown, parts, x)
    return Add(*(_within(G, part, x) for G, part in zip(grown, parts, strict=True)))


def _with_real_logs(G: Expr, part: Region, x: Symbol) -> Expr:
    """The same but for a constant, its own logarithms of what is positive in the region."""
    logs = [node for node in G.atoms(log) - part.expr.atoms(log) if x in node.free_symbols]
    turned = [node for node in logs if _is_negative(node.args[0], part, x)]
    return G.xreplace({node: log(-node.args[0]) for node in turned})


def _is_negative(u: Expr, part: Region, x: Symbol) -> bool:
    """Whether it is known to be so everywhere in the region."""
    try:
        changes = between(roots(u, x, part.start, part.stop), part.start, part.stop)
        return not changes and sign_of(u.subs(x, inside(part.start, part.stop))) == -1
    except NoPiecesError:
        return False


def _refuse_poles(G: Expr, part: Region, x: Symbol) -> None:
    """It has a value everywhere in its region."""
    place = inside(part.start, part.stop)
    for base in _bases(G):
        if between(roots(base, x, part.start, part.stop), part.start, part.stop):
            raise NoPiecesError(f"{part.expr} has a pole between {part.start} and {part.stop}")
    if any(is_not_real(e.subs(x, place)) for e in G.atoms(Pow, log)):
        raise NoPiecesError(f"{part.expr} is not real between {part.start} and {part.stop}")


def _bases(e: Expr) -> set[Expr]:
    """Where these are 0, it may have a pole, or end to be real."""
    powers = {p.base for p in e.atoms(Pow) if not (p.exp.is_Integer and p.exp.is_positive)}
    return powers | {node.args[0] for node in e.atoms(log)}


def _is_steep(G: Expr, part: Region, x: Symbol) -> bool:
    """Whether it, or a root or a function in it, has no value or no slope at an end."""
    ends = [t for t in (part.start, part.stop) if t not in INFINITE]
    powers = [p for p in G.atoms(Pow) if x in p.base.free_symbols and not p.exp.is_integer]
    flat = [p for p in powers if not (p.exp - 1).is_positive]
    if any(p.base.subs(x, t).expand().is_zero for p in flat for t in ends):
        return True
    slopes = [g.diff(x) for g in G.atoms(Function) if not isinstance(g, exp)]
    values = Tuple(*(e.subs(x, t) for t in ends for e in (G, part.expr, *slopes)))
    return bool(values.has(S.NaN, S.ComplexInfinity, *INFINITE))


def _within(G: Expr, part: Region, x: Symbol) -> Expr:
    """By how much it grows in its region, with x kept in there."""
    start, stop = part.start, part.stop
    # SymPy's slope of b**(p + 1) is 0/0 where b is 0, and that of b*b**p is not.
    powers = (p for p in G.atoms(Pow) if x in p.base.free_symbols and not p.exp.is_number)
    G = G.xreplace({p: sympy.expand_power_exp(p) for p in powers})
    if start is -oo:
        return shorter(G.subs(x, stop - ReLU(stop - x)))
    place = start + ReLU(x - start) - (ReLU(x - stop) if stop is not oo else 0)
    return shorter(G.subs(x, place)) - G.subs(x, start)


def _in_pieces(grown: list[Expr], parts: list[Region], x: Symbol) -> Expr:
    pieces, so_far = [], S.Zero
    for i, (G, part) in enumerate(zip(grown, parts, strict=True)):
        moved = G if i == 0 else (G - at_end(G, x, part.start, "+") + so_far).expand()
        pieces.append((moved, x < part.stop))
        if part.stop is not oo:
            so_far = at_end(moved, x, part.stop, "-")
            if not so_far.is_finite:
                raise NoPiecesError(f"{part.expr} grows without bound towards {part.stop}")
    return Piecewise(*pieces)


def written(jump: Jump, x: Symbol) -> Expr:
    """The antiderivative of what is added from a kink on, as short as it can be."""
    G = smooth(jump.expr, x)
    rest = (G - G.subs(x, jump.at)).expand()
    if rest == 0:
        return S.Zero
    return in_relu(rest, jump, x)


def in_relu(rest: Expr, jump: Jump, x: Symbol) -> Expr:
    """``rest`` where the switch is positive, which is 0 at the kink."""
    u = jump.switch
    if rest.is_polynomial(x) and u.is_polynomial(x) and Poly(u, x).degree() == 1:
        kink = Dummy()
        slope = Poly(u, x).LC()
        moved = Poly(rest.subs(x, (kink - u.subs(x, 0)) / slope).expand(), kink)
        coefficients = [sympy.factor_terms(sympy.cancel(c)) for c in reversed(moved.all_coeffs())]
        # The first is 0, whether or not SymPy sees it.
        terms = [c * ReLU(u) ** n for n, c in enumerate(coefficients) if n and c]
        if len(terms) == 1:
            return terms[0]
        if not terms:
            return S.Zero
        lowest = next(n for n, c in enumerate(coefficients) if n and c)
        if len(rest.args) > MOST_FACTORED:
            return Add(*terms)
        whole_form = sympy.factor(sympy.cancel(rest / u**lowest)) * ReLU(u) ** lowest
        return min(Add(*terms), whole_form, key=count_ops)
    options = [rest * Heaviside(u)]
    if u == x - jump.at:
        options.append(rest.subs(x, jump.at + ReLU(u)).expand())
    return min(options, key=count_ops)


def definite(f: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    a, b = sympify(a), sympify(b)
    if a == b:
        return S.Zero
    order = sign_or_none(b - a)
    if order == -1:
        return -definite(f, x, b, a)
    f, deltas = without_deltas(f, x, a, b)
    spikes = Add(*(w * (_passed(b, t) - _passed(a, t)) for t, w, _ in deltas))
    if f == 0:
        return spikes
    if order == 1:
        try:
            parts = regions(f, x, a, b)
        except NoPiecesError:
            parts = None
        if parts:
            values = (between_ends(p.expr, x, p.start, p.stop) for p in parts)
            return spikes + _number(shorter(Add(*values)), f)
    return spikes + _number(shorter(_any_order(f, x, a, b)), f)


def _number(value: Any, f: Expr) -> Any:
    if value.has(S.NaN, S.ComplexInfinity):
        raise NoPiecesError(f"{f} has no integral")
    return value


def _any_order(f: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    known = (a, b) if sign_or_none(b - a) == 1 else (-oo, oo)
    try:
        first, jumps = normal_form(f, x)
    except NoPiecesError:
        first, jumps = normal_form(f, x, *known)
    poles = [
        (t, start)
        for e, start in ((first, -oo), *((jump.expr, jump.at) for jump in jumps))
        for base in _bases(e)
        for t in roots(base, x, a, b)
    ]
    if any(
        sign_or_none(t - a) == sign_or_none(b - t) == 1 and sign_or_none(t - start) != -1
        for t, start in poles
    ):
        raise NoPiecesError(f"{f} may have a pole between {a} and {b}")
    if not all(is_entire(e, x) for e in (first, *(jump.expr for jump in jumps))):
        try:
            return _of_values_between(f, x, a, b, *known)
        except NoPiecesError:  # whether a kink rises is not known
            jumps = [Jump(_nearest(jump.at, a, b), jump.switch, jump.expr) for jump in jumps]
    if {a, b} & {*INFINITE}:
        first, jumps = to_the_right(first, jumps, x)
    right = whole(first, jumps)
    p = jumps[0].at if len(jumps) == 1 else S.Zero
    F = joined(f, first, jumps, x)
    if not {a, b} & {*INFINITE}:
        return at(F, x, b) - at(F, x, a)
    G = smooth(first, x)
    B = G + Add(*(g - g.subs(x, j.at) for j in jumps for g in [smooth(j.expr, x)]))
    if b is oo and a is -oo:
        return (
            between_ends(right, x, p, oo)
            + between_ends(first, x, -oo, p)
            + (B - G).expand().subs(x, p).expand()
        )
    if b is oo:
        return between_ends(right, x, p, oo) + B.subs(x, p) - at(F, x, a)
    return at(F, x, b) - G.subs(x, p) + between_ends(first, x, -oo, p)


def _of_values_between(f: Expr, x: Symbol, a: Expr, b: Expr, start: Expr, stop: Expr) -> Expr:
    """Of values between the ends only, where a root or a logarithm may have no others."""
    if not {a, b} & {*INFINITE}:
        try:
            F = by_regions(regions(f, x), x)
            return at(F, x, b) - at(F, x, a)
        except NoPiecesError:
            pass
    everywhere = set() if f.has(Piecewise) else _bases(f)
    parts = cases_of_sign(f, x, start, stop)
    value = Add(*(_of_overlap(part, x, a, b, everywhere) for part in parts))
    if value.has(*INFINITE):
        raise NoPiecesError(f"a part of {f} grows without bound")
    return value


def _of_overlap(part: Region, x: Symbol, a: Expr, b: Expr, everywhere: set[Expr]) -> Expr:
    """The part of the integral in a region, which is not asked for where there is none."""
    if part.expr == 0:
        return S.Zero
    G = _with_real_logs(smooth(part.expr, x), part, x)
    low, high = _overlap(part, a, b)
    value = at_end(G, x, high, "-") - at_end(G, x, low, "+")
    needs = {base for base in _bases(G) if x in base.free_symbols}
    return value if needs <= everywhere else Piecewise((value, Ne(low, high)), (S.Zero, True))


def _overlap(part: Region, a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """The ends moved to the nearest points of the region, but not past each other."""
    if part.start is not -oo:
        a, b = Max(a, Min(b, part.start)), Max(b, Min(a, part.start))
    if part.stop is not oo:
        a, b = Min(a, Max(b, part.stop)), Min(b, Max(a, part.stop))
    return a, b


def _nearest(t: Expr, a: Expr, b: Expr) -> Expr:
    """The point between two ends that is next to t."""
    return Max(Min(a, b), Min(Max(a, b), t))


def at(F: Expr, x: Symbol, t: Expr) -> Expr:
    return F.subs(x, t)


def _passed(end: Expr, t: Expr) -> Expr:
    if end in INFINITE:
        return S.One if end is oo else S.Zero
    return Heaviside(end - t)


def without_deltas(
    f: Expr, x: Symbol, a: Expr = -oo, b: Expr = oo
) -> tuple[Expr, list[tuple[Expr, Expr, int]]]:
    """What has no delta, and the others: where, by what weight, derived how often.

    All of them between the ends, and perhaps others.
    """
    if not f.has(DiracDelta):
        return f, []
    rest, spikes = S.Zero, []
    for term in Add.make_args(f.expand()):
        deltas = [d for d in term.atoms(DiracDelta) if x in d.free_symbols]
        if not deltas:
            rest += term
            continue
        if len(deltas) > 1 or term.as_independent(deltas[0])[1] != deltas[0]:
            raise NoPiecesError(f"{term} is no distribution")
        (delta,) = deltas
        spikes += _spikes(term / delta, delta, x, a, b)
    return rest, spikes


def _spikes(g: Expr, delta: Expr, x: Symbol, a: Expr, b: Expr) -> list[tuple[Expr, Expr, int]]:
    u, n = delta.args[0], int(delta.args[1]) if len(delta.args) == 2 else 0
    found = []
    for t in roots(u, x, a, b):
        slope = u.diff(x).subs(x, t)
        if slope == 0 or (n and u.diff(x, 2) != 0):
            raise NoPiecesError(f"{delta} is not simple")
        if n == 0 and not g.has(Heaviside, sympy.sign, Piecewise, SingularityFunction):
            value = g.subs(x, t)
        elif has_kinks(g):
            low, high = (_beside(g, x, t, side) for side in (-1, 1))
            if low.subs(x, t) != high.subs(x, t) or (n and low != high):
                raise NoPiecesError(f"{g} jumps where {delta} sits")
            value = low.diff(x, n).subs(x, t)
        else:
            value = g.diff(x, n).subs(x, t) if n else g.subs(x, t)
        found.append((t, (-1) ** n * value / (slope**n * Abs(slope)), n))
    return found


def _beside(g: Expr, x: Symbol, t: Expr, side: int) -> Expr:
    first, *others = regions(g, x)
    begun = [p for p in others if sign_of(t - p.start) >= (side < 0)]
    return [first, *begun][-1].expr


# Checks


def check_antiderivative(F: Expr, f: Expr, x: Symbol) -> None:
    """Differentiate back, and compare on both sides of every kink."""
    if f.has(DiracDelta):
        _check_steps(F, f, x)
        return
    slope = F.diff(x)

    def check() -> None:
        for at in checks.samples(checks.symbols_of(F, f) - {x}):
            breaks = kinks_of(f.subs(at), x)
            points = [{**at, x: p} for p in checks.around(breaks)[:8]]
            checks.agree(slope, f, points)
            for t in breaks[:4]:  # continuous
                if t.is_Rational:
                    low, high = (
                        checks.number(F, {**at, x: t + d}) for d in (-(S(10) ** -20), S(10) ** -20)
                    )
                    if None not in (low, high) and not checks.near(low, high, 1e-9):
                        raise checks.FailedError(f"it jumps at {t}")

    checks.attempt(check)


WIDTH = Rational(1, 10**4)


def spread(f: Expr) -> Expr:
    """The same with each delta a hat of area 1, and a derivative of it a difference of hats."""

    def hat(u: Expr) -> Expr:
        return ReLU(1 - Abs(u) / WIDTH) / WIDTH

    def differences(u: Expr, n: Expr = S.Zero) -> Expr:
        if n == 0:
            return hat(u)
        step = 10 * WIDTH
        return (differences(u + step, n - 1) - differences(u - step, n - 1)) / (2 * step)

    return f.replace(DiracDelta, differences)


def _check_steps(F: Expr, f: Expr, x: Symbol) -> None:
    """What it grows by over each delta, and between two."""

    def check() -> None:
        for at in checks.samples(checks.symbols_of(F, f) - {x}, 1):
            places = [t for d in f.subs(at).atoms(DiracDelta) for t in roots(d.args[0], x, -oo, oo)]
            for p, q in pairwise(sorted({*checks.around(places)})):
                check_definite((F.subs(x, q) - F.subs(x, p)).subs(at), f.subs(at), x, p, q)

    checks.attempt(check)


def kinks_of(f: Expr, x: Symbol) -> list[Expr]:
    try:
        return [p.stop for p in regions(f, x)[:-1]]
    except NoPiecesError:
        return []


def check_definite(value: Expr, f: Expr, x: Symbol, a: Expr, b: Expr) -> None:
    """Compare with a quadrature at sample parameters, at which the integrand is real."""
    f = spread(f) if (deltas := f.has(DiracDelta)) else f

    def check() -> None:
        done = 0
        free = checks.symbols_of(f, a, b, value) - {x}
        for at in [*checks.samples(free), *checks.samples(free, sides=False)]:
            low, high = S(a).subs(at), S(b).subs(at)
            turn = -1 if low > high else 1
            low, high = (low, high) if turn == 1 else (high, low)
            parts = regions(f.subs(at), x, low, high, MOST_REGIONS)
            if f.has(I) or all(_is_real(part, x) for part in parts):
                got = checks.number(value, at)
                _beside_quadrature(got, parts, x, turn, at, 1e-3 if deltas else 1e-8)
                done += 1
            if done == 2:
                break

    checks.attempt(check)


def _is_real(part: Region, x: Symbol) -> bool:
    start, stop = part.start, part.stop
    finite = start.is_finite and stop.is_finite
    shares = (Rational(1, 50), S.Half, Rational(49, 50)) if finite else ()
    places = [start + share * (stop - start) for share in shares] or [inside(start, stop)]
    return not any(is_not_real(part.expr.subs(x, t)) for t in places)


def _beside_quadrature(
    got: Any, parts: list[Region], x: Symbol, turn: int, at: Any, close: float
) -> None:
    if got is None:
        raise checks.FailedError(f"at {at} it has no value")
    if got.is_infinite:
        raise NoPiecesError("divergent")
    want = turn * mpmath.fsum(
        checks.quadrature(p.expr, x, checks_ends(p.start, p.stop)) for p in parts if p.expr != 0
    )
    if abs(checks.complex_of(got) - want) > close * (1 + abs(want)):
        said = f"{got.evalf(12)} and not {mpmath.nstr(want, 12)}"
        raise checks.FailedError(f"at {at} it is {said}")


def checks_ends(a: Expr, b: Expr) -> list[Expr]:
    """The ends and points between them, for what decays over an infinite interval."""
    if a is -oo and b is oo:
        return [a, S.Zero, b]
    return [a, b]
