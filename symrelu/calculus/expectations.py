"""Expectations: integrals against the density, one variable after the other."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy import (
    Add,
    Dummy,
    Expr,
    Integral,
    Lambda,
    Max,
    Min,
    Mul,
    Piecewise,
    S,
    Symbol,
    Tuple,
    sqrt,
    sympify,
)
from sympy.stats import Expectation, random_symbols
from sympy.stats.crv import SingleContinuousPSpace
from sympy.stats.crv_types import (
    ContinuousDistributionHandmade,
    Normal,
    NormalDistribution,
)
from sympy.stats.drv import SingleDiscretePSpace
from sympy.stats.drv_types import DiscreteDistributionHandmade
from sympy.stats.frv import SingleFinitePSpace
from sympy.stats.rv import RandomSymbol

from symrelu.calculus import checks
from symrelu.calculus.errors import NoPiecesError
from symrelu.calculus.front import calculus, held
from symrelu.calculus.integrals import checks_ends, definite, integral
from symrelu.calculus.iterated import iterated
from symrelu.calculus.pieces import regions, shorter
from symrelu.calculus.sums import _total
from symrelu.kinked import has_kinks
from symrelu.kinks import as_relu


@calculus(
    "integrals by regions",
    "each density by itself; SymPy's of a Piecewise forgets the order of two variables, and its "
    "others keep conditions of densities",
    lambda expr, *args, **options: sympy.stats.E(expr, *args, **options),
    stays=lambda expr, condition=None, **_: Expectation(expr, condition),
)
def expectation(expr: Any, condition: Any = None, check: bool = True, **options: Any) -> Any:
    """
    The expectation of an expression of random variables, as ``sympy.stats.E``.

    Returns
    =======

    Expr
        An ``Expectation`` where there is no answer.

    Examples
    ========

    >>> from sympy.stats import Normal
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import expectation
    >>> X, Y = Normal("X", 0, 1), Normal("Y", 0, 1)
    >>> expectation(ReLU(X)*ReLU(Y)), expectation(ReLU(X - Y))
    (1/(2*pi), 1/sqrt(pi))
    """
    if condition is not None and not random_symbols(condition):
        raise ValueError(f"{condition} is no condition on random variables")
    if condition is None:
        return _mean(expr, check)
    value = _mean(Piecewise((expr, condition), (0, True)), check)
    return value / _mean(Piecewise((1, condition), (0, True)), check)


@held.register(Expectation)
def _(node: Expectation, check: bool) -> Any:
    return expectation(*node.args, check=check)


@calculus(
    "integrals by regions",
    "the mean square less the square of the mean",
    lambda expr, *args, **options: sympy.stats.variance(expr, *args, **options),
)
def variance(expr: Any, condition: Any = None, check: bool = True, **options: Any) -> Any:
    """
    The variance, as ``sympy.stats.variance``.

    Examples
    ========

    >>> from sympy.stats import Normal
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import variance
    >>> variance(ReLU(Normal("X", 0, 1)))
    1/2 - 1/(2*pi)
    """
    mean = expectation(expr, condition, check=check)
    square = expectation(expr**2, condition, check=check)
    return _number(square - mean**2, expr)


def _number(value: Expr, expr: Expr) -> Expr:
    if value is S.NaN:
        raise NoPiecesError(f"of {expr} the mean, or that of its square, is not known")
    return value


def _mean(expr: Expr, check: bool) -> Expr:
    if expr.has(Max, Min):  # of sums, of which each may be one normal variable
        expr = as_relu(expr)
    terms = sympify(expr).expand() if not has_kinks(expr) else _expanded(expr)
    value = shorter(Add(*(_mean_of_term(term, check) for term in Add.make_args(terms))))
    # The mean of a sum may be finite where those of its terms are not.
    return _number(_mean_of_term(expr, check) if value is S.NaN else value, expr)


def _expanded(expr: Expr) -> Expr:
    return sympy.expand_mul(sympy.expand_multinomial(expr))


def _mean_of_term(term: Expr, check: bool) -> Expr:
    """The product of the means of what shares no variable."""
    groups: list[tuple[set[Any], Expr]] = []
    constant = S.One
    for factor in Mul.make_args(term):
        mine = set(random_symbols(factor))
        if not mine:
            constant *= factor
            continue
        apart = []
        for variables, product in groups:
            if variables & mine:
                mine, factor = mine | variables, factor * product
            else:
                apart.append((variables, product))
        groups = [*apart, (mine, factor)]
    return constant * Mul(
        *(_mean_together(product, variables, check) for variables, product in groups)
    )


def _mean_together(f: Expr, variables: set[Any], check: bool) -> Expr:
    for v in variables:
        if not isinstance(v, RandomSymbol) or not isinstance(
            v.pspace, (SingleContinuousPSpace, SingleDiscretePSpace, SingleFinitePSpace)
        ):
            raise NoPiecesError(f"{v} is not independent of others")
    f, variables = _one_normal(f, variables)
    named = sorted(variables, key=lambda v: str(v))
    plain = {v: Dummy(str(v), real=True) for v in named}
    try:
        return _one_by_one(f.xreplace(plain), plain, check)
    except NoPiecesError:
        if len(named) == 1 or not all(isinstance(v.pspace, SingleContinuousPSpace) for v in named):
            raise
    law = Mul(*(_law(v, x) for v, x in plain.items()))
    supports = ((x, v.pspace.domain.set) for v, x in plain.items())
    limits = [(x, support.inf, support.sup) for x, support in supports]
    return iterated(f.xreplace(plain) * law, limits, lambda g, *k: integral(g, Tuple(*k), check))


def _one_by_one(value: Expr, plain: dict[Any, Symbol], check: bool) -> Expr:
    """The mean over each variable, of which no other has to be known."""
    for v, x in plain.items():
        inner = value
        value = _integrated(inner, v, x)
        if check:
            check_mean(value, inner, v, x)
    return value


def _one_normal(f: Expr, variables: set[Any]) -> tuple[Expr, set[Any]]:
    """Of a function of one sum of normal variables: they are one."""
    if len(variables) < 2 or not all(
        isinstance(v.pspace.distribution, NormalDistribution) for v in variables
    ):
        return f, variables
    sums = [a for a in _sums_of(f) if set(random_symbols(a)) == variables]
    for s in sums:
        z = Dummy("z", real=True)
        rest = f.xreplace({s: z})
        weights = [s.diff(v) for v in variables]
        if random_symbols(rest) or any(random_symbols(w) for w in weights):
            continue
        means = [v.pspace.distribution.mean for v in variables]
        spread = Add(
            *(w**2 * v.pspace.distribution.std**2 for w, v in zip(weights, variables, strict=True))
        )
        shift = s.subs(dict.fromkeys(variables, 0))
        mean = shift + Add(*(w * m for w, m in zip(weights, means, strict=True)))
        one = Normal("N", mean, sqrt(spread))
        return rest.xreplace({z: one}), {one}
    return f, variables


def _sums_of(f: Expr) -> list[Expr]:
    return [a for a in f.atoms(Add) if random_symbols(a)]


def _integrated(f: Expr, v: Any, x: Symbol) -> Expr:
    space = v.pspace
    if isinstance(space, SingleFinitePSpace):
        values = space.distribution.dict
        if not isinstance(values, dict):
            raise NoPiecesError(f"the values of {v} are not known")
        return Add(*(p * f.subs(x, t) for t, p in values.items()))
    law = _law(v, x)
    a, b = space.domain.set.inf, space.domain.set.sup
    if isinstance(space, SingleDiscretePSpace):
        return _total((f * law).subs(x, n := Dummy("n", integer=True)), n, a, b)
    return definite(f * law, x, a, b)


def _law(v: Any, x: Symbol) -> Expr:
    """The density inside its support."""
    distribution = v.pspace.distribution
    law = distribution.pdf(x)
    # SymPy's own are 0 outside of their support only; a density of one's own says where it is.
    own = isinstance(distribution, (ContinuousDistributionHandmade, DiscreteDistributionHandmade))
    if isinstance(law, Piecewise) and not own and [value for value, _ in law.args[1:]] == [0]:
        law = law.args[0][0]
    if law.has(Integral, Lambda):
        raise NoPiecesError(f"the density of {v} is not known")
    return law


def check_mean(value: Expr, f: Expr, v: Any, x: Symbol) -> None:
    """Compare with a quadrature against the density, at sample parameters."""
    if not isinstance(v.pspace, SingleContinuousPSpace):
        return
    law = _law(v, x)
    support = v.pspace.domain.set

    def check() -> None:
        for at in checks.samples(checks.symbols_of(value, f, law) - {x}, 1):
            got = checks.number(value, at)
            if got is None:
                raise checks.FailedError(f"at {at} it has no value")
            ends = support.inf.subs(at), support.sup.subs(at)
            total = _by_quadrature(law.subs(at), x, *ends)
            if abs(total - 1) > 1e-8:
                raise checks.FailedError(f"the density of {v} has the integral {total}")
            if got.is_infinite:
                raise NoPiecesError("divergent")
            want = _by_quadrature((f * law).subs(at), x, *ends)
            if abs(checks.complex_of(got) - want) > 1e-8 * (1 + abs(want)):
                raise checks.FailedError(
                    f"at {at} it is {got.n(10)} and not {mpmath.nstr(want, 10)}"
                )

    checks.attempt(check)


def _by_quadrature(f: Expr, x: Symbol, a: Expr, b: Expr) -> Any:
    parts = [p for p in regions(f, x, a, b) if p.expr != 0]
    return mpmath.fsum(checks.quadrature(p.expr, x, checks_ends(p.start, p.stop)) for p in parts)
