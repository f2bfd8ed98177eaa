"""Antiderivatives of what has no kinks, and integrals between two ends."""

from __future__ import annotations

import sympy
from sympy import (
    Add,
    Expr,
    I,
    Integral,
    Mul,
    Piecewise,
    Poly,
    Pow,
    S,
    Symbol,
    asin,
    asinh,
    cos,
    count_ops,
    erf,
    erfi,
    exp,
    oo,
    pi,
    sin,
    sqrt,
)
from sympy.integrals.manualintegrate import manualintegrate
from sympy.simplify.fu import TR8

from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.pieces import sign_of, sign_or_none
from symrelu.signs import signs

BIGGEST = 60  # operations of an integrand that SymPy is asked for
BIGGEST_DEFINITE = 25
INFINITE = (oo, -oo)


def smooth(g: Expr, x: Symbol) -> Expr:
    """An antiderivative of a smooth expression."""
    if x not in g.free_symbols:
        return g * x
    expanded = g.expand()
    total = []
    others = []
    for term in Add.make_args(expanded):
        found = own(term, x)
        if found is None:
            others.append(term)
        else:
            total.append(found)
    if others:
        total.append(_of_sympy(Add(*others) if total else g, x))
    return Add(*total)


def own(term: Expr, x: Symbol) -> Expr | None:
    """By rules of our own, continuous wherever the term is."""
    found = elementary(term, x)
    return _with_root(term, x) if found is None else found


def elementary(term: Expr, x: Symbol) -> Expr | None:
    """Of a polynomial times an exponential and sines, by its own rules; they are entire."""
    split = entire(term, x)
    if split is None:
        return None
    constant, polynomial, exponent, waves = split
    if waves:
        combined = TR8(Mul(*waves)).expand()
        if len(waves) > 1 or combined != Mul(*waves):
            parts = [
                elementary(constant * polynomial.as_expr() * exp(exponent) * part, x)
                for part in Add.make_args(combined)
            ]
            return None if None in parts else Add(*parts)
    if exponent.is_polynomial(x) and x in exponent.free_symbols:
        degree = Poly(exponent, x).degree()
    else:
        degree = 0
    if degree > 2:
        return None
    if waves and (degree == 2 or exponent.has(I)):
        parts = [
            elementary(constant * c * polynomial.as_expr() * exp(exponent + turn), x)
            for c, turn in _turning(waves[0])
        ]
        return None if None in parts else Add(*parts)
    if degree == 2:
        bell = _with_bell(polynomial, exponent, x)
        return None if bell is None else constant * bell
    return constant * exp(exponent.subs(x, 0)) * _with_wave(polynomial, exponent.coeff(x), waves, x)


def _turning(wave: Expr) -> list[tuple[Expr, Expr]]:
    """A sine or a cosine as two exponentials: their factors and exponents."""
    v = I * wave.args[0]
    if isinstance(wave, cos):
        return [(S.Half, v), (S.Half, -v)]
    return [(-I / 2, v), (I / 2, -v)]


def entire(term: Expr, x: Symbol) -> tuple[Expr, Poly, Expr, list[Expr]] | None:
    """The factors: a constant, a polynomial, an exponent and sines of linear arguments."""
    constant, rest = term.as_independent(x, as_Add=False)
    polynomial, exponent, waves = S.One, S.Zero, []
    for factor in Mul.make_args(rest):
        base, power = factor.as_base_exp()
        if factor.is_polynomial(x):
            polynomial *= factor
        elif base is S.Exp1 and power.is_polynomial(x):
            exponent += power
        elif x not in base.free_symbols and base.is_positive and power.is_polynomial(x):
            exponent += power * sympy.log(base)
        elif isinstance(base, (sin, cos)) and power.is_Integer and 0 < power <= 8:
            if not base.args[0].is_polynomial(x) or Poly(base.args[0], x).degree() != 1:
                return None
            waves += [base] * int(power)
        else:
            return None
    return constant, Poly(polynomial, x), exponent.expand(), waves


def _with_wave(p: Poly, rate: Expr, waves: list[Expr], x: Symbol) -> Expr:
    """Of ``p*exp(rate*x)``, perhaps times a sine: by parts, until p is used up."""
    if not waves and rate == 0:
        return p.integrate(x).as_expr()
    if not waves:
        terms: list[Expr] = []
        while not p.is_zero:
            terms.append((-1) ** len(terms) * p.as_expr() / rate ** (len(terms) + 1))
            p = p.diff(x)
        return sympy.expand_mul(Add(*terms) * exp(rate * x))
    (wave,) = waves
    slope = Poly(wave.args[0], x).LC()
    size = rate**2 + slope**2
    along, across = S.Zero, S.Zero  # of Re and Im of p^(k)*(-1)^k/(rate + i*slope)^(k+1)
    power = S.One
    k = 0
    while not p.is_zero:
        power = (power * (rate - I * slope)).expand()
        re = power.subs(I, 0) if not power.has(I) else power.coeff(I, 0)
        im = power.coeff(I, 1)
        along += (-1) ** k * p.as_expr() * re / size ** (k + 1)
        across += (-1) ** k * p.as_expr() * im / size ** (k + 1)
        p, k = p.diff(x), k + 1
    # exp(i v)*(along + i*across): the real part for a cosine, the imaginary for a sine.
    v = wave.args[0]
    value = (
        along * cos(v) - across * sin(v)
        if isinstance(wave, cos)
        else along * sin(v) + across * cos(v)
    )
    return sympy.expand_mul(value * exp(rate * x))


def _with_bell(p: Poly, exponent: Expr, x: Symbol) -> Expr | None:
    """Of ``p*exp(-a*x**2 + b*x + c)``, with the error function."""
    q = Poly(exponent, x)
    a, b, c = -q.coeff_monomial(x**2), q.coeff_monomial(x), q.coeff_monomial(1)
    if signs(a) not in ({1}, {-1}):
        return None
    bell, root = exp(exponent), sqrt(abs(a))
    peak = exp(sympy.expand(c + b**2 / (4 * a)))
    area = erf(root * x - b / (2 * root)) if a.is_positive else erfi(root * x + b / (2 * root))
    moments: list[Expr] = [sqrt(pi) * peak * area / (2 * root)]
    for n in range(1, p.degree() + 1):
        last = moments[n - 2] * (n - 1) if n > 1 else S.Zero
        moments.append((b * moments[n - 1] + last - x ** (n - 1) * bell) / (2 * a))
    return Add(*(k * moments[n] for (n,), k in p.terms())).expand()


def _root_in(term: Expr, x: Symbol) -> tuple[Expr, Poly, Poly, Expr] | None:
    """The factors: a constant, a polynomial, and a square root of degree 2 with its power."""
    constant, rest = term.as_independent(x, as_Add=False)
    roots = [f for f in Mul.make_args(rest) if not f.is_polynomial(x)]
    if len(roots) != 1:
        return None
    base, power = roots[0].as_base_exp()
    if not (power.is_Rational and power.q == 2 and power > -1 and base.is_polynomial(x)):
        return None
    q = Poly(base, x)
    return (constant, Poly(rest / roots[0], x), q, power) if q.degree() == 2 else None


def _with_root(term: Expr, x: Symbol) -> Expr | None:
    """Of ``p*sqrt(q)``, which is ``Q*sqrt(q) + k*F`` with ``F`` that of ``1/sqrt(q)``."""
    factors = _root_in(term, x)
    if factors is None:
        return None
    constant, p, q, power = factors
    F = _of_inverse_root(q, x)
    if F is None:
        return None
    left, Q = p * q ** int(power + S.Half), Poly(0, x)
    while (n := left.degree()) > 0:  # left = Q'*q + Q*q'/2 + k, from the highest power on
        top = Poly(left.LC() / (n * q.LC()) * x ** (n - 1), x)
        left, Q = left - top.diff(x) * q - top * q.diff(x) / 2, Q + top
    return constant * (Q.as_expr() * sqrt(q.as_expr()) + left.as_expr() * F)


def _of_inverse_root(q: Poly, x: Symbol) -> Expr | None:
    a, b, c = q.all_coeffs()
    bend, spread = sign_or_none(a), (b**2 - 4 * a * c).expand()
    apart = sign_or_none(spread)
    if bend == -1 and apart == 1:
        return asin((-2 * a * x - b) / sqrt(spread)) / sqrt(-a)
    if bend == 1 and apart == -1:
        return asinh((2 * a * x + b) / sqrt(-spread)) / sqrt(a)
    return None


def _of_sympy(g: Expr, x: Symbol) -> Expr:
    if count_ops(g) > BIGGEST:
        raise NoPiecesError(f"the integrand {g} is too long")
    found = sympy.integrate(g, x, meijerg=False, risch=False, heurisch=False)
    if found.has(Integral):
        found = manualintegrate(g, x)
    if found.has(Integral, Piecewise, sympy.nan, sympy.zoo):
        raise NoPiecesError(f"no antiderivative of {g} is known")
    return found


def between_ends(g: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    """The integral of a smooth expression, a < b."""
    if g == 0:
        return S.Zero
    if g.has(S.NaN):
        raise NoPiecesError(f"the integrand is not real between {a} and {b}")
    if g.is_infinite:
        return g
    expanded = g.expand()
    if all(entire(term, x) or _root_in(term, x) for term in Add.make_args(expanded)):
        try:
            G = smooth(expanded, x)
            return end(G, x, b) - end(G, x, a)
        except NoPiecesError:
            pass
    steep = {p.base for p in g.atoms(Pow) if p.exp.free_symbols and x in p.base.free_symbols}
    if count_ops(g) > BIGGEST_DEFINITE or len(steep) > 1:
        raise NoPiecesError(f"the integrand {g} is too long")
    value = sympy.integrate(g, (x, a, b))
    # Where it is infinite, what SymPy adds to that is no part of it.
    value = Add(*[t for t in Add.make_args(value) if t.is_infinite] or [value])
    if value.has(Integral, sympy.nan, sympy.Order, sympy.AccumBounds) or (
        value.has(Piecewise) and not g.has(Piecewise)
    ):
        raise NoPiecesError(f"no integral of {g} is known")
    return value


def end(G: Expr, x: Symbol, t: Expr) -> Expr:
    """An antiderivative at an end; in the limit, if that is infinite."""
    if t not in INFINITE:
        return G.subs(x, t)
    side = 1 if t is oo else -1
    kept = []
    for term in Add.make_args(sympy.expand_mul(G)):
        constant, rest = term.as_independent(x, as_Add=False)
        left, exponent = [], S.Zero
        for factor in Mul.make_args(rest):
            if isinstance(factor, erf):
                slope = Poly(factor.args[0], x).LC()
                left.append(S(side * sign_of(sympy.re(slope))))
            elif isinstance(factor, exp):
                exponent += factor.exp
            elif factor.is_Pow and x in factor.exp.free_symbols:
                exponent += factor.exp * sympy.log(factor.base)
            else:
                left.append(factor)
        if x not in exponent.free_symbols:
            kept.append(constant * exp(exponent) * Mul(*left))
            continue
        power = Poly(exponent.expand(), x)
        if sign_of(sympy.re(power.LC())) * side ** power.degree() >= 0:
            raise NoPiecesError(f"{G} does not vanish at {t}")
    value = Add(*kept).expand()
    if x not in value.free_symbols:
        return value
    if value.is_polynomial(x):
        p = Poly(value, x)
        return oo * sign_of(p.LC()) * side ** p.degree()
    raise NoPiecesError(f"{value} has no limit")
