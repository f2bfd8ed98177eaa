"""Transforms and convolutions: kinks shift what starts at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy
from sympy import (
    Add,
    DiracDelta,
    Dummy,
    Eq,
    Expr,
    FourierTransform,
    I,
    Integer,
    InverseLaplaceTransform,
    LaplaceTransform,
    Max,
    MellinTransform,
    Min,
    Mul,
    Piecewise,
    Poly,
    Pow,
    Rational,
    S,
    SeqFormula,
    Symbol,
    Tuple,
    cos,
    exp,
    oo,
    pi,
    sin,
)
from sympy.series.fourier import FourierSeries

from symrelu.calculus import checks
from symrelu.calculus.errors import NoPiecesError, asked
from symrelu.calculus.front import calculus, held, the_symbol
from symrelu.calculus.integrals import definite, in_relu, kinks_of, spread, without_deltas
from symrelu.calculus.pieces import (
    Jump,
    Region,
    constants_apart,
    is_linear,
    normal_form,
    regions,
    sign_of,
    to_the_right,
)
from symrelu.calculus.smooth import between_ends, entire, smooth
from symrelu.kinked import has_kinks


@calculus(
    "steps",
    "what starts at T is exp(-s*T) times the transform of what it is moved to 0; SymPy leaves it",
    sympy.laplace_transform,
    of="t",
    stays=lambda f, t, s, **_: LaplaceTransform(f, t, s),
)
def laplace_transform(
    f: Any, t: Any, s: Any, check: bool = True, noconds: bool = False, **hints: Any
) -> Any:
    """
    The Laplace transform, with the half-plane where it converges, as ``sympy.laplace_transform``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import laplace_transform
    >>> t, s = symbols("t s", positive=True)
    >>> laplace_transform(ReLU(t - 2), t, s)
    (exp(-2*s)/s**2, 0, True)
    """
    rest, spikes = _spikes_apart(f, exp(-s * t), t)
    F, abscissa = _laplace_of_sum(rest, t, s)
    F += Add(*(w for at, w in spikes if sign_of(at) >= 0))
    if check:
        check_laplace(F, f, t, s, abscissa)
    return F if noconds else (F, abscissa, S.true)


@held.register(LaplaceTransform)
@held.register(FourierTransform)
@held.register(MellinTransform)
@held.register(InverseLaplaceTransform)
def _(node: Any, check: bool) -> Any:
    answers = {
        LaplaceTransform: laplace_transform,
        FourierTransform: fourier_transform,
        MellinTransform: mellin_transform,
        InverseLaplaceTransform: inverse_laplace_transform,
    }
    found = answers[type(node)](*node.args[:3], check=check)
    return found[0] if isinstance(found, tuple) else found


def _spikes_apart(f: Expr, kernel: Expr, x: Symbol) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """What has no delta, and where each delta sits with the value of its integral."""
    smooth, _ = without_deltas(f, x)
    if smooth == f:
        return f, []
    _, spikes = without_deltas((f - smooth).expand() * kernel, x)
    return smooth, [(at, weight) for at, weight, _ in spikes]


def _laplace_of_sum(f: Expr, t: Symbol, s: Symbol) -> tuple[Expr, Expr]:
    """By its steps; of terms with endlessly many, which repeat themselves, by one period each."""
    try:
        return _laplace(f, t, s)
    except NoPiecesError:
        if f.is_Add:
            found = [_laplace_of_sum(term, t, s) for term in f.args]
        else:
            found = [_laplace_of_waves(f, t, s)]
    return Add(*(F for F, _ in found)), Max(*(abscissa for _, abscissa in found))


def _laplace_of_waves(f: Expr, t: Symbol, s: Symbol) -> tuple[Expr, Expr]:
    """Of what repeats itself, times powers of t, which are derivatives, and exponentials."""
    n, rate, wave = 0, S.Zero, S.One
    for factor in Mul.make_args(f):
        base, power = factor.as_base_exp()
        if base == t and power.is_Integer and power > 0:
            n = int(power)
        elif isinstance(factor, exp) and is_linear(power, t) and power.subs(t, 0) == 0:
            rate += power.diff(t)
        else:
            wave *= factor
    p, period = Dummy("p", positive=True), _period(wave, t)
    over = Add(
        *(
            between_ends((part.expr * exp(-p * t)).expand(), t, part.start, part.stop)
            for part in regions(wave, t, S.Zero, period)
        )
    )
    # Not by factor(), which would take out exponentials that overflow.
    over = sympy.collect(over.expand(), list(over.atoms(exp)), sympy.factor)
    F = sympy.factor_terms(over) / (1 - exp(-p * period))
    return (-1) ** n * F.diff(p, n).subs(p, s - rate), rate


def _period(f: Expr, t: Symbol) -> Expr:
    waves = [wave for wave in f.atoms(sin, cos) if wave.has(t)]
    rates = [wave.args[0].diff(t) for wave in waves]
    if not waves or f.xreplace({wave: Dummy() for wave in waves}).has(t) or Add(*rates).has(t):
        raise NoPiecesError(f"{f} has no period that is known")
    turns = [sympy.cancel(rates[0] / rate) for rate in rates]  # of the first, in each period
    if not all(share.is_Rational for share in turns):
        raise NoPiecesError(f"the periods in {f} have no common one")
    common = Rational(sympy.ilcm(*(r.p for r in turns), 1), sympy.igcd(*(r.q for r in turns), 0))
    half = common * pi / abs(rates[0])
    moved = {v: v.func(v.args[0].subs(t, t + half).expand()) for v in waves}
    return half if f.xreplace(moved) == f else 2 * half


def _laplace(f: Expr, t: Symbol, s: Symbol) -> tuple[Expr, Expr]:
    parts = regions(f, t, S.Zero, oo)
    terms, abscissas = [], [-oo]
    before = S.Zero
    for part in parts:
        if part.expr.has(S.NaN):
            raise NoPiecesError(f"{f} has no value from {part.start} on")
        jump = (part.expr - before).expand()
        before = part.expr
        if jump == 0:
            continue
        moved = jump.subs(t, t + part.start).expand()
        if not all(_has_transform(term, t) for term in Add.make_args(moved)):
            raise NoPiecesError(f"the transform of {moved} is not known")
        F, abscissa, holds = asked(sympy.laplace_transform, moved, t, s)
        if F.has(LaplaceTransform) or holds != S.true:
            raise NoPiecesError(f"the transform of {moved} is not known")
        terms.append(exp(-s * part.start) * F)
        abscissas.append(abscissa)
    return Add(*terms), Max(*abscissas)


def _has_transform(term: Expr, t: Symbol) -> bool:
    """Whether SymPy is asked: beside a bell, sines keep it busy without end, and so do cubes."""
    split = entire(term, t)
    if split is None:
        return False
    *_, exponent, waves = split
    return bool(exponent.is_polynomial(t)) and Poly(exponent, t).degree() <= (1 if waves else 2)


def check_laplace(F: Expr, f: Expr, t: Symbol, s: Symbol, abscissa: Expr) -> None:
    """Compare with the integral that defines it, at a point to the right."""

    def check() -> None:
        for at in checks.samples(checks.symbols_of(F, f) - {s, t}, 1):
            left = abscissa.subs(at)
            point = {**at, s: (left if left.is_finite else S.Zero) + Rational(23, 10)}
            _compare(F, f * exp(-s * t), t, S.Zero, _far(f.subs(at), t), point)

    checks.attempt(check)


def _far(f: Expr, t: Symbol) -> Expr:
    """Infinity; beside endlessly many kinks an end, beyond which the kernel is nothing."""
    try:
        regions(f, t, S.Zero, oo)
    except NoPiecesError:
        return Integer(15)
    return oo


def _compare(F: Expr, integrand: Expr, t: Symbol, a: Expr, b: Expr, at: Any) -> None:
    """A value beside the quadrature that it stands for."""
    if any(d.args[0].subs(t, a) == 0 for d in integrand.atoms(DiracDelta)):
        return  # half of it lies outside, and how much counts is a convention
    close = 1e-3 if integrand.has(DiracDelta) else 1e-8
    plain = spread(integrand.subs(at))
    want = mpmath.fsum(
        checks.quadrature(p.expr, t, [p.start, p.stop])
        for p in regions(plain, t, a, b)
        if p.expr != 0
    )
    got = checks.number(F, at)
    if got is None:
        raise checks.FailedError(f"at {at} it has no value")
    if abs(checks.complex_of(got) - want) > close * (1 + abs(want)):
        raise checks.FailedError(f"at {at} it is {got.n(10)} and not {mpmath.nstr(want, 10)}")


@calculus(
    "SymPy's, with steps as ReLU",
    "SymPy answers in steps, which as_relu joins with what they are multiplied with",
    None,
    stays=lambda F, s, t, plane=None, **_: InverseLaplaceTransform(F, s, t, plane),
)
def inverse_laplace_transform(
    F: Any, s: Any, t: Any, plane: Any = None, check: bool = True, **hints: Any
) -> Any:
    """
    The inverse Laplace transform, in terms of ReLU where it starts at a kink.

    Examples
    ========

    >>> from sympy import exp, symbols
    >>> from symrelu.calculus import inverse_laplace_transform
    >>> s, t = symbols("s t", real=True)
    >>> inverse_laplace_transform(exp(-2*s)/s**2, s, t)
    ReLU(t - 2)
    """
    p = Dummy("s")  # complex: of a positive one SymPy turns the sign of a root
    found = sympy.inverse_laplace_transform(F.subs(s, p), p, t, plane, **hints).subs(p, s)
    if not found.has(sympy.Heaviside) or found.has(InverseLaplaceTransform, sympy.DiracDelta):
        return found
    try:
        short = _started(found, t)
    except NoPiecesError:
        return found
    if check:
        check_laplace(F, short, t, s, S.One)
    return short


def _started(f: Expr, t: Symbol) -> Expr:
    first, jumps = to_the_right(*normal_form(f, t), t)
    terms = [first]
    for jump in jumps:
        at_start = jump.expr.subs(t, jump.at).expand()
        if at_start.has(oo, S.NaN, S.ComplexInfinity):
            raise NoPiecesError(f"{jump.expr} has no value at {jump.at}")
        rest = (jump.expr - at_start).expand()
        terms += [
            at_start * sympy.Heaviside(t - jump.at),
            in_relu(rest, jump, t) if rest else S.Zero,
        ]
    return Add(*terms)


@calculus(
    "regions",
    "each region by its own antiderivative; SymPy leaves ReLU",
    sympy.fourier_transform,
    of="x",
    stays=lambda f, x, k, **_: FourierTransform(f, x, k),
)
def fourier_transform(f: Any, x: Any, k: Any, check: bool = True, **hints: Any) -> Any:
    """
    The Fourier transform, as ``sympy.fourier_transform``, at a frequency other than 0.

    Examples
    ========

    >>> from sympy import exp, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import fourier_transform
    >>> x, k = symbols("x k", real=True)
    >>> fourier_transform(exp(-x)*ReLU(x), x, k).factor()
    -1/(2*pi*k - I)**2
    """
    kernel = exp(-2 * pi * I * k * x)
    rest, spikes = _spikes_apart(f, kernel, x)
    parts = [p for p in regions(rest, x) if p.expr != 0]
    value = Add(
        *(weight for _, weight in spikes),
        *(between_ends((p.expr * kernel).expand(), x, p.start, p.stop) for p in parts),
    )
    if value.has(oo, S.NaN, S.ComplexInfinity):
        raise NoPiecesError(f"the transform of {f} is no function")
    if check:
        check_fourier(value, f, x, k)
    return value


def check_fourier(value: Expr, f: Expr, x: Symbol, k: Symbol) -> None:
    def check() -> None:
        for at in checks.samples(checks.symbols_of(value, f) - {k, x}, 1):
            _compare(value, f * exp(-2 * pi * I * k * x), x, -oo, oo, {**at, k: Rational(37, 101)})

    checks.attempt(check)


@calculus(
    "powers on each region",
    "each power by itself, with the strip where it converges; SymPy leaves ReLU",
    sympy.mellin_transform,
    of="x",
    stays=lambda f, x, s, **_: MellinTransform(f, x, s),
)
def mellin_transform(f: Any, x: Any, s: Any, check: bool = True, **hints: Any) -> Any:
    """
    The Mellin transform, its strip and a condition, as ``sympy.mellin_transform``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import mellin_transform
    >>> x, s = symbols("x s", positive=True)
    >>> mellin_transform(ReLU(1 - x), x, s)[0].factor()
    1/(s*(s + 1))
    """
    parts = regions(f, x, S.Zero, oo)
    total, low, high = S.Zero, -oo, oo
    for part in parts:
        if part.expr == 0:
            continue
        if len(parts) == 1:
            return asked(sympy.mellin_transform, part.expr, x, s, **hints)
        if not part.expr.is_polynomial(x):
            raise NoPiecesError(f"the transform of {part.expr} is not known")
        for (n,), c in Poly(part.expr, x).terms():
            if part.start == 0:
                low = Max(low, -n)
            if part.stop is oo:
                high = Min(high, -n)
            total += c * _power(part.stop, s + n, 0) - c * _power(part.start, s + n, 0)
    if low is not -oo and high is not oo and sign_of(high - low) <= 0:
        raise NoPiecesError(f"the transform of {f} converges nowhere")
    value = sympy.together(total)
    if check:
        check_mellin(value, f, x, s, low, high)
    return value, (low, high), S.true


def _power(end: Expr, s: Expr, nothing: Any) -> Expr:
    return S.Zero if end == 0 or end is oo else end**s / s


def check_mellin(value: Expr, f: Expr, x: Symbol, s: Symbol, low: Expr, high: Expr) -> None:
    def check() -> None:
        middle = low + 2 if high is oo else high - 2 if low is -oo else (low + high) / 2
        for at in checks.samples(checks.symbols_of(value, f) - {s, x}, 1):
            point = {**at, s: (middle if middle.is_finite else S.Half).subs(at)}
            _compare(value, f * x ** (s - 1), x, S.Zero, oo, point)

    checks.attempt(check)


@calculus(
    "regions",
    "the coefficients by each region's own antiderivative, the index a symbol; SymPy's pieces take "
    "a hundred times as long",
    sympy.fourier_series,
)
def fourier_series(f: Any, limits: Any = None, finite: bool = True, check: bool = True) -> Any:
    """
    The Fourier series, as ``sympy.fourier_series``.

    Examples
    ========

    >>> from sympy import pi, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import fourier_series
    >>> x = symbols("x", real=True)
    >>> fourier_series(ReLU(x), (x, -pi, pi)).truncate(2)
    sin(x) - 2*cos(x)/pi + pi/4
    """
    limits = the_symbol(f, "variable") if limits is None else limits
    if isinstance(limits, Symbol):
        limits = limits, -pi, pi
    if not isinstance(limits, (tuple, list, Tuple)) or len(limits) != 3:
        raise ValueError(f"the limits of a Fourier series are (x, start, stop), not {limits}")
    x, a, b = limits
    if a.is_infinite or b.is_infinite or sign_of(b - a) <= 0:
        raise ValueError(f"a period goes from left to right, not from {a} to {b}")
    n = Dummy("n", integer=True, positive=True)
    period = b - a
    parts = _parts(f, x, a, b)
    if len(parts) == 1:  # perhaps of finitely many terms, for which SymPy has a series of its own
        return asked(sympy.fourier_series, parts[0].expr, (x, a, b))

    def over(g: Expr) -> Expr:
        if not parts:
            return definite(f * g, x, a, b)
        return Add(*(between_ends(p.expr * g, x, p.start, p.stop) for p in parts))

    mean = over(S.One) / period
    sequences = []
    for wave in (cos, sin):

        def of(i: Expr, wave: Any = wave) -> Expr:
            return 2 * over(wave(2 * pi * i * x / period)) / period

        c = _coefficient(of, n)
        if check:
            check_coefficients(c, f * wave(2 * pi * n * x / period) * 2 / period, x, a, b, n)
        sequences.append(SeqFormula(c * wave(2 * pi * n * x / period), (n, 1, oo)))
    return FourierSeries(f, (x, a, b), (mean, *sequences))


def _parts(f: Expr, x: Symbol, a: Expr, b: Expr) -> list[Region]:
    """The regions, looked for once; none where their order is not known, or beside deltas."""
    try:
        return [] if f.has(DiracDelta) else regions(f, x, a, b)
    except NoPiecesError:
        return []


def _coefficient(of: Callable[[Expr], Expr], n: Symbol) -> Expr:
    """A formula for all indices but those at which it has a pole, which an integer would hide."""
    nu = Dummy("nu", real=True)
    anywhere = of(nu)
    formula = sympy.factor(anywhere.subs(nu, n))
    poles = {r for d in _denominators(anywhere, nu) for r in sympy.roots(Poly(d, nu))}
    special = sorted(r for r in poles if r.is_integer and r.is_positive)
    pieces = [(of(r), Eq(n, r)) for r in special]
    return Piecewise(*pieces, (formula, True)) if pieces else formula


def _denominators(formula: Expr, n: Symbol) -> list[Expr]:
    powers = [p.base for p in formula.atoms(Pow) if p.exp.is_negative and n in p.base.free_symbols]
    return [p for p in powers if p.is_polynomial(n)]


def check_coefficients(c: Expr, integrand: Expr, x: Symbol, a: Expr, b: Expr, n: Symbol) -> None:
    def check() -> None:
        for i in (1, 2):
            for at in checks.samples(integrand.free_symbols - {x, n}, 1):
                _compare(c.subs(n, i), integrand.subs(n, i), x, S(a).subs(at), S(b).subs(at), at)

    checks.attempt(check)


@calculus(
    "steps",
    "what starts at a kink of one meets what starts at a kink of the other at the sum of the two",
    None,
    takes=(),
    stays=lambda f, g, x=None, **_: _unevaluated(f, g, x or _only(f, g)),
)
def convolution(f: Any, g: Any, x: Any = None, check: bool = True, **options: Any) -> Any:
    r"""
    The convolution of two expressions in one variable; of two lists, SymPy's.

    .. math:: (f * g)(x) = \int f(s) g(x - s) ds

    Examples
    ========

    >>> from sympy import Heaviside, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import convolution
    >>> x = symbols("x", real=True)
    >>> convolution(Heaviside(x), Heaviside(x), x), convolution(ReLU(x), ReLU(x), x)
    (ReLU(x), ReLU(x)**3/6)
    """
    if isinstance(f, (list, tuple)):
        return sympy.convolution(f, g, *(() if x is None else (x,)), **options)
    x = _only(f, g) if x is None else x
    s = Dummy("s", real=True)
    (f, g), back = constants_apart(Tuple(f, g), {x})
    value = _convolved(f, g, x, s)
    if check:
        check_convolution(value, f, g, x, s)
    return value.xreplace(back)


def _only(f: Expr, g: Expr) -> Symbol:
    return the_symbol(Tuple(f, g), "variable")


def _unevaluated(f: Expr, g: Expr, x: Symbol) -> Expr:
    s = Dummy("s", real=True)
    return sympy.Integral(f.subs(x, s) * g.subs(x, x - s), (s, -oo, oo))


def _convolved(f: Expr, g: Expr, x: Symbol, s: Symbol) -> Expr:
    """A delta moves the other."""
    f, g = (g, f) if g.has(DiracDelta) else (f, g)
    f, spikes = without_deltas(f, x)
    if any(order for *_, order in spikes) or g.has(DiracDelta):
        raise NoPiecesError("of deltas only one in one of the two is moved")
    moved = Add(*(weight * g.subs(x, x - at) for at, weight, _ in spikes))
    return moved if f == 0 else moved + _without_deltas(f, g, x, s)


def _without_deltas(f: Expr, g: Expr, x: Symbol, s: Symbol) -> Expr:
    (f0, fs), (g0, gs) = (to_the_right(*normal_form(e, x), x) for e in (f, g))
    if f0 == 0 and g0 == 0:
        return Add(*(_started_together(a, b, x, s) for a in fs for b in gs))
    if has_kinks(f):
        f, g = g, f
    return definite(f.subs(x, x - s).expand() * g.subs(x, s), s, -oo, oo).expand()


def _started_together(a: Jump, b: Jump, x: Symbol, s: Symbol) -> Expr:
    integrand = (a.expr.subs(x, s) * b.expr.subs(x, x - s)).expand()
    G = smooth(integrand, s)
    value = (G.subs(s, x - b.at) - G.subs(s, a.at)).expand()
    start = a.at + b.at
    return in_relu(value, Jump(start, x - start, value), x)


def check_convolution(value: Expr, f: Expr, g: Expr, x: Symbol, s: Symbol) -> None:
    def check() -> None:
        for at in checks.samples(checks.symbols_of(value, f, g) - {x}, 1):
            breaks = kinks_of(value.subs(at), x)
            for p in [*checks.around(breaks)[:3], Rational(23, 11)]:
                product = f.subs(at).subs(x, s) * g.subs(at).subs(x, p - s)
                _compare(value, product, s, -oo, oo, {**at, x: p})

    checks.attempt(check)
