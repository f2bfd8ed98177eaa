"""Antiderivatives of what has no kinks, and integrals between two ends."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    I,
    Integral,
    Mul,
    Piecewise,
    Poly,
    Pow,
    S,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    cos,
    count_ops,
    erf,
    erfi,
    exp,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
    together,
)
from sympy.integrals.manualintegrate import manualintegrate
from sympy.simplify.fu import TR8

from symrelu.calculus.errors import NoPiecesError, asked
from symrelu.calculus.pieces import between, roots, sign_of, sign_or_none
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
    rules = (elementary, _with_root, _by_parts)
    return next((G for rule in rules if (G := rule(term, x)) is not None), None)


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
    """The factors: a constant, a polynomial, and a root of degree 2 with its power."""
    constant, rest = term.as_independent(x, as_Add=False)
    factors = [f for f in Mul.make_args(rest) if not f.is_polynomial(x)]
    if len(factors) != 1:
        return None
    base, power = factors[0].as_base_exp()
    if not (power.is_Rational and power.q == 2 and abs(power) < 8 and base.is_polynomial(x)):
        return None
    q = Poly(base, x)
    return (constant, Poly(rest / factors[0], x), q, power) if q.degree() == 2 else None


def _with_root(term: Expr, x: Symbol) -> Expr | None:
    """Of ``p/q**(n + 1/2)``, which is ``Q*q**(1/2 - n) + k*F`` with ``F`` that of ``1/sqrt(q)``."""
    factors = _root_in(term, x)
    if factors is None:
        return None
    constant, p, q, power = factors
    n = max(0, int(-power))
    p *= q ** int(power + n + S.Half)
    *names, k = symbols(f"c:{max(p.degree(), 2 * n) + 1}", cls=Dummy)
    Q = Add(*(c * x**i for i, c in enumerate(names)))
    slope = Q.diff(x) * q.as_expr() + (S.Half - n) * Q * q.as_expr().diff(x)
    gap = Poly(slope + k * q.as_expr() ** n - p.as_expr(), x)
    solutions = list(sympy.linsolve(gap.all_coeffs(), [*names, k]))
    if not solutions:
        return None  # q is a square
    *values, last = solutions[0].xreplace(dict.fromkeys((*names, k), S.Zero))
    F = _of_inverse_root(q, x) if last != 0 else S.Zero
    if F is None:
        return None
    Q = Q.xreplace(dict(zip(names, values, strict=True)))
    return constant * (Q * q.as_expr() ** (S.Half - n) + last * F)


def _of_inverse_root(q: Poly, x: Symbol) -> Expr | None:
    a, b, c = q.all_coeffs()
    bend, spread = sign_or_none(a), (b**2 - 4 * a * c).expand()
    apart = sign_or_none(spread)
    if bend == -1 and apart == 1:
        return asin((-2 * a * x - b) / sqrt(spread)) / sqrt(-a)
    if bend == 1 and apart == -1:
        return asinh((2 * a * x + b) / sqrt(-spread)) / sqrt(a)
    if bend == 1:
        return log(Abs(2 * sqrt(a) * sqrt(q.as_expr()) + 2 * a * x + b)) / sqrt(a)
    return None


# The slopes of functions, of which a polynomial times one of a line is integrated by parts.
SLOPES: dict[type[Function], Callable[[Expr], Expr]] = {
    log: lambda y: 1 / y,
    atan: lambda y: 1 / (1 + y**2),
    asin: lambda y: 1 / sqrt(1 - y**2),
    acos: lambda y: -1 / sqrt(1 - y**2),
    asinh: lambda y: 1 / sqrt(1 + y**2),
    acosh: lambda y: 1 / sqrt(y**2 - 1),
    erf: lambda y: 2 * exp(-(y**2)) / sqrt(pi),
}


def _by_parts(term: Expr, x: Symbol) -> Expr | None:
    """Of ``p*f`` with a function of a line, which is ``P*f`` less that of ``P`` times its slope."""
    found = _function_of_line(term, x)
    if found is None:
        return None
    f, p = found
    y = Dummy("y", real=True)
    slope, start = Poly(f.args[0], x).all_coeffs()
    P = Poly(p.subs(x, (y - start) / slope), y).integrate().as_expr()
    G = P * f.func(y) - smooth((P * SLOPES[f.func](y)).expand(), y)
    return G.subs(y, f.args[0]) / slope


def _function_of_line(term: Expr, x: Symbol) -> tuple[Expr, Expr] | None:
    """The factors: a function that is integrated by parts, and a polynomial."""
    for f in Mul.make_args(term):
        if type(f) in SLOPES and f.args[0].is_polynomial(x) and (term / f).is_polynomial(x):
            line = Poly(f.args[0], x)
            return (f, term / f) if line.degree() == 1 and 0 not in signs(line.LC()) else None
    return None


def _of_sympy(g: Expr, x: Symbol) -> Expr:
    if count_ops(g) > BIGGEST:
        raise NoPiecesError(f"the integrand {g} is too long")
    found = asked(sympy.integrate, g, x, meijerg=False, risch=False, heurisch=False)
    if found.has(Integral):
        found = asked(manualintegrate, g, x)
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
    if all(entire(term, x) for term in Add.make_args(expanded)):
        try:
            G = smooth(expanded, x)
            return end(G, x, b) - end(G, x, a)
        except NoPiecesError:
            pass
    terms = Add.make_args(sympy.expand_mul(g))
    squares = [factors[2].as_expr() for term in terms if (factors := _root_in(term, x))]
    functions = [found[0] for term in terms if (found := _function_of_line(term, x))]
    parts = [own(term, x) for term in terms] if squares or functions else [None]
    if None not in parts:
        poles = any(between(roots(q, x, a, b), a, b) for q in squares)
        if poles or any(_ends_to_be_real(f, x, a, b) for f in functions):
            raise NoPiecesError(f"{g} is not real or has a pole between {a} and {b}")
        return _between(Add(*parts), x, a, b)
    if a.is_nonnegative and (found := _substituted(g, x, a, b)) is not None:
        return found
    if g.is_rational_function(x) and g.free_symbols == {x}:
        return _rational(g, x, a, b)
    if _is_hard(g, x) or _is_dilogarithm(g, x):
        raise NoPiecesError(f"the integral of {g} would keep SymPy busy")
    steep = {p.base for p in g.atoms(Pow) if p.exp.free_symbols and x in p.base.free_symbols}
    if count_ops(g) > BIGGEST_DEFINITE or len(steep) > 1:
        raise NoPiecesError(f"the integrand {g} is too long")
    quick = {} if not g.has(*SLOPES) else {"heurisch": False, "risch": False}
    value = asked(sympy.integrate, g, (x, a, b), **quick)
    value = _infinite_or(value)
    if value.has(Integral, sympy.nan, sympy.Order, sympy.AccumBounds) or (
        value.has(Piecewise) and not g.has(Piecewise)
    ):
        raise NoPiecesError(f"no integral of {g} is known")
    return value


def _ends_to_be_real(f: Expr, x: Symbol, a: Expr, b: Expr) -> bool:
    """Whether a function of a line is known to end between the ends, where its slope has a pole."""
    edges = roots(SLOPES[f.func](f.args[0]) ** -2, x, a, b)
    return any(sign_or_none(t - a) == 1 == sign_or_none(b - t) for t in edges)


def _infinite_or(value: Expr) -> Expr:
    """Where it is infinite, what SymPy adds to that is no part of it."""
    return Add(*[t for t in Add.make_args(value) if t.is_infinite] or [value])


def _has_root(node: Expr, x: Symbol) -> bool:
    return any(p.exp.is_Integer is False and p.base.has(x) for p in node.atoms(Pow))


# What x is in terms of y, and y of x, for which a product may be of our own rules.
SUBSTITUTIONS: tuple[tuple[Callable[[Expr], Expr], Callable[[Expr], Expr]], ...] = (
    (exp, lambda x: log(x) if x != 0 else -oo),
    (lambda y: y**2, sqrt),
    (lambda y: 1 / y, lambda x: 1 / x if x != 0 else oo),
)


def _substituted(g: Expr, x: Symbol, a: Expr, b: Expr) -> Expr | None:
    """The integral in terms of the logarithm, the root or the reciprocal, where x is positive."""
    for x_of, y_of in SUBSTITUTIONS:
        y = Dummy("y", real=True) if x_of is exp else Dummy("y", positive=True)
        slope = x_of(y).diff(y)
        h = (g.subs(x, x_of(y)) * Abs(slope)).expand()
        if None not in [elementary(term, y) for term in Add.make_args(h)]:
            ends = y_of(a), y_of(b)
            return between_ends(h, y, *(ends if slope.is_positive else reversed(ends)))
    return None


def _rational(g: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    """Of a quotient of polynomials, which has no pole between the ends."""
    denominator = together(g).as_numer_denom()[1]
    if not all(_is_quick(factor) for factor, _ in Poly(denominator, x).factor_list()[1]):
        raise NoPiecesError(f"the roots of {denominator} are not short")
    if between(roots(denominator, x, a, b), a, b):
        raise NoPiecesError(f"{g} has a pole between {a} and {b}")
    G = asked(sympy.integrate, g, x).replace(log, lambda u: log(Abs(u)) if u.is_real else log(u))
    return _between(G, x, a, b)


def _is_quick(factor: Poly) -> bool:
    """Whether SymPy is quick with the roots: of an irreducible cubic it is not."""
    return factor.degree() in (1, 2, 4) or len(factor.terms()) == 2


def _between(G: Expr, x: Symbol, a: Expr, b: Expr) -> Expr:
    """What a continuous antiderivative grows by, in the limit at infinite ends."""
    value = at_end(G, x, b, "-") - at_end(G, x, a, "+")
    if value.has(S.NaN, S.ComplexInfinity, I, sympy.Limit, sympy.AccumBounds):
        raise NoPiecesError(f"the limits of {G} are not known")
    return _infinite_or(value)


def at_end(G: Expr, x: Symbol, t: Expr, side: str) -> Expr:
    value = G.subs(x, t)
    return value if value.is_finite and t.is_finite else asked(sympy.limit, G, x, t, side)


def _is_hard(g: Expr, x: Symbol) -> bool:
    """Whether SymPy would be kept busy: x times a function of a function of it."""
    inner = [n for n in g.atoms(Function, Pow) if n.has(x) and not n.is_polynomial(x)]
    return any(_is_deep(n, x) for n in inner) and g.xreplace({n: Dummy() for n in inner}).has(x)


def _is_dilogarithm(g: Expr, x: Symbol) -> bool:
    """Whether it is a logarithm or so over a polynomial without roots: SymPy goes in circles."""
    for f in (f for f in g.atoms(*SLOPES) if f.has(x)):
        rest = together(g / f)
        denominator = rest.as_numer_denom()[1]
        if rest.is_rational_function(x) and sympy.cancel(rest / f.diff(x)).has(x):
            factors = Poly(denominator, x).factor_list()[1]
            return any(factor.degree() > 1 for factor, _ in factors)
    return False


def _is_deep(node: Expr, x: Symbol) -> bool:
    if isinstance(node, exp):
        e = node.exp.expand().as_independent(x, as_Add=False)[1]
        return not (e.is_polynomial(x) or (e.is_Pow and e.base == x))
    if node.is_Pow:
        return bool(node.exp.is_Integer is False and not node.base.is_polynomial(x))
    return _has_root(node, x)


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
