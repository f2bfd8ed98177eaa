"""Every row of the table of SymPy's calculus of ReLU, and what is not in it."""

import random

import pytest
from support.calculus_table import (
    ANTIDERIVATIVES,
    FACTS,
    RANGES,
    SETS,
    TABLE,
    Z,
    a,
    k,
    n,
    s,
    t,
    u,
    x,
    y,
)
from sympy import (
    Abs,
    DiracDelta,
    Expr,
    Float,
    Heaviside,
    Interval,
    Matrix,
    N,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    cos,
    dsolve,
    fourier_transform,
    imageset,
    integrate,
    is_convex,
    is_monotonic,
    laplace_transform,
    limit,
    oo,
    pi,
    sin,
    solve,
    solveset,
    summation,
    symbols,
)
from sympy.calculus.util import function_range
from sympy.stats import P as probability  # noqa: N811
from sympy.stats import density

from symrelu import ReLU, calculus

half = S.Half
ROWS = [
    pytest.param(row, id=f"{group}: {row.what}") for group, rows in TABLE.items() for row in rows
]


def somewhere(rng: random.Random, symbol: Symbol) -> Expr:
    """A rational number that is no kink; for an index, a small integer."""
    if symbol.is_integer:
        return S(rng.randrange(9))
    low, high = RANGES.get(symbol, (-2.5, 2.5))
    return Rational(rng.uniform(low, high)).limit_denominator(97)


def same(result: Expr, closed: Expr) -> bool:
    """Whether they are equal as written, or to 30 digits at random rational points."""
    if result == closed:
        return True
    rng = random.Random(str(closed))
    variables = sorted(result.free_symbols | closed.free_symbols, key=str)
    points = [{v: somewhere(rng, v) for v in variables} for _ in range(12)]
    return all(abs((result - closed).subs(at).evalf(40, chop=True)) < 1e-30 for at in points)


@pytest.mark.parametrize("row", ROWS)
def test_row(row):
    result = row.call(ReLU)
    assert same(result, row.closed)
    rng = random.Random(row.what)
    variables = sorted(row.closed.free_symbols, key=str)
    for _ in range(3 if variables else 1):
        at = {v: float(somewhere(rng, v)) for v in variables}
        assert complex(result.subs(at)) == pytest.approx(complex(row.number(at)), abs=1e-6)


@pytest.mark.parametrize("row", ANTIDERIVATIVES, ids=lambda row: row.what)
def test_antiderivatives_differentiate_back(row):
    assert same(row.call(ReLU).diff(x), row.integrand(ReLU))


@pytest.mark.parametrize("row", SETS, ids=lambda row: row.what)
def test_set(row):
    result = row.call(ReLU)
    assert result == row.closed
    rng = random.Random(row.what)
    points = [Rational(rng.randrange(-400, 400), 64) for _ in range(200)]
    for point in [*points, *row.closed.boundary]:
        assert bool(result.contains(point)) == row.holds(float(point)), point


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.what)
def test_fact(fact):
    result = fact.call(ReLU)
    assert result == fact.closed
    assert float(result) == pytest.approx(float(fact.sampled()), abs=1e-6)


# What Wolfram's page on its Ramp shows beside the above


at_rest = {u(0): 0, u(x).diff(x).subs(x, 0): 0}


@pytest.mark.parametrize(
    ("call", "closed"),
    [
        (lambda: [ReLU(v) for v in (-2, -half, 0, half, 2)], [0, 0, 0, half, 2]),
        (lambda: N(ReLU(pi - 3, evaluate=False), 50), N(pi - 3, 50)),
        (lambda: ReLU(Float("1.25", 40))._prec, Float("1.25", 40)._prec),
        (lambda: ReLU(Matrix([-1, x, 2])), Matrix([0, ReLU(x), 2])),
        (lambda: (ReLU(oo), ReLU(-oo)), (oo, 0)),
        (lambda: (ReLU(a), ReLU(-a)), (a, 0)),
        (lambda: ReLU(x).rewrite(Piecewise), Piecewise((x, x > 0), (0, True))),
        (lambda: ReLU(x).rewrite(Heaviside), x * Heaviside(x, 0)),
        (lambda: ReLU(x).rewrite(Abs), (x + Abs(x)) / 2),
        (lambda: ReLU(x).is_nonnegative, True),
        (lambda: ReLU(x).is_meromorphic(x, 0), False),
        (lambda: S.Reals - imageset(x, ReLU(x).rewrite(Piecewise), S.Reals), Interval.open(-oo, 0)),
        (lambda: ReLU(x).diff(x, 2), DiracDelta(x)),
        (lambda: calculus.function_range(ReLU(x), x), Interval(0, oo)),
        (lambda: calculus.continuous_domain(ReLU(x), x), S.Reals),
        (lambda: calculus.solveset(ReLU(x), x), Interval(-oo, 0)),
        (lambda: calculus.is_convex(ReLU(x), x), True),
        (lambda: calculus.is_monotonic(ReLU(x)), True),
        (lambda: [calculus.limit(ReLU(x), x, end) for end in (-oo, 0, oo)], [0, 0, oo]),
        (lambda: [calculus.series(ReLU(x), x, 0, 3, side) for side in "-+"], [0, x]),
        (lambda: calculus.series(ReLU(x), x, a, 3), x),
        (lambda: calculus.integrate(Heaviside(x), x), ReLU(x)),
        (lambda: calculus.integrate(Heaviside(y), (y, -oo, x)), ReLU(x)),
        (lambda: calculus.integrate(ReLU(x), x), ReLU(x) ** 2 / 2),
        (lambda: calculus.integrate(ReLU(x), (x, -oo, oo)), oo),
        (lambda: calculus.integrate(ReLU(x + y), (x, -1, 1), (y, -1, 1)), Rational(4, 3)),
        (lambda: calculus.integrate(ReLU(x).diff(x, 2) * cos(x), (x, -oo, oo)), 1),
        (lambda: calculus.laplace_transform(ReLU(t), t, s), (s**-2, 0, True)),
        (lambda: calculus.convolution(Heaviside(x), Heaviside(x), x), ReLU(x)),
        (lambda: calculus.convolution(Heaviside(x), ReLU(x), x), ReLU(x) ** 2 / 2),
        (lambda: calculus.convolution(ReLU(x), ReLU(x), x), ReLU(x) ** 3 / 6),
        (lambda: calculus.dsolve(u(x).diff(x) - Heaviside(x), ics={u(0): 0}).rhs, ReLU(x)),
        (
            lambda: calculus.dsolve(u(x).diff(x, 2) - DiracDelta(x - 1), ics=at_rest).rhs,
            ReLU(x - 1),
        ),
    ],
    ids=[
        *("numbers", "digits", "precision", "matrices", "infinities", "known signs"),
        *("pieces", "the step", "the absolute value", "non-negative", "not analytic"),
        *("not surjective", "second derivative", "range", "continuous", "not injective"),
        *("convex", "monotonic", "limits", "series", "series elsewhere"),
        *("of the step", "of the step from the left", "antiderivative", "all of it"),
        *("in the plane", "against the second derivative", "Laplace"),
        *("the step with itself", "with the step", "with itself"),
        *("driven by a step", "driven by a delta"),
    ],
)
def test_ramp(call, closed):
    assert call() == closed


# What is not in the table: SymPy's answer is wrong, or there is none


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        # The unknown is taken to be positive; solveset finds the half-line, and -3/2.
        (lambda: solve(ReLU(x), x), [0]),
        (lambda: solve(ReLU(x) - 2 * x - 3, x), []),
        (lambda: solve([x - k - y, (y - ReLU(y - x)).rewrite(Piecewise)], [x, y]), []),
        # So it is by the method for Euler's equation, which comes first; a row names another.
        (lambda: dsolve(u(x).diff(x) - ReLU(x)).rhs.diff(x), x),
        # The pieces of the solution do not meet: at 2 it should be 1/6 above the line.
        (
            lambda: (
                dsolve(u(x).diff(x, 2) - ReLU(x - 1).rewrite(Piecewise))
                .rhs.subs(dict.fromkeys(symbols("C1 C2"), 0))
                .subs(x, 2)
            ),
            Rational(-2, 3),
        ),
        # The second derivative of a Piecewise forgets the kink, which is concave here.
        (lambda: is_convex(-ReLU(x).rewrite(Piecewise), x), True),
        # A zero of the derivative is taken for a turning point.
        (lambda: is_monotonic(ReLU(x)), False),
        # 1, of ReLU itself.
        (lambda: limit((ReLU(x) / x).rewrite(Piecewise), x, 0, "+"), 0),
        # 4: periodic conditions are solved on [0, 2*pi) only.
        (lambda: integrate(ReLU(sin(x)).rewrite(Piecewise), (x, 0, 4 * pi)), 2),
        # 1/3: x - 1 is taken to be positive.
        (lambda: integrate((ReLU(x - 1) ** 2).rewrite(Heaviside), (x, 0, 2)), Rational(2, 3)),
        # Of the opposite sign: the slope of 1 - x and of k - x is forgotten.
        (
            lambda: integrate(SingularityFunction(1 - x, 0, 1), x),
            SingularityFunction(1 - x, 0, 2) / 2,
        ),
        (lambda: integrate(x * DiracDelta(k - x, 1), (x, -oo, oo)), -1),
    ],
    ids=[
        *("a half-line", "a negative root", "a system", "an equation of order 1", "of order 2"),
        *("convexity", "monotony", "a limit", "two periods", "a square of a step"),
        *("a singularity function", "a delta"),
    ],
)
def test_what_is_wrong(call, wrong):
    assert call() == wrong


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize(
    "call",
    [
        lambda: fourier_transform(ReLU(x), x, k),  # of ReLU(x)*exp(-a*x) it does
        lambda: laplace_transform(ReLU(t - 2), t, s, noconds=True),  # rewritten it does
        lambda: summation(ReLU(x - 2), (x, 0, n)),  # from 2 it does
    ],
    ids=["Fourier", "Laplace", "sum"],
)
def test_what_stays_unevaluated(call):
    assert call().has(ReLU)


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: function_range(ReLU(x).rewrite(Abs), x, S.Reals), NotImplementedError),
        (lambda: is_convex(ReLU(x), x), NotImplementedError),
        (lambda: solveset(ReLU(sin(x)), x, S.Reals), NotImplementedError),
        (lambda: solveset(ReLU(x) - 1, x, S.Complexes), ValueError),
        (lambda: probability(ReLU(Z) <= 1), ValueError),
        (lambda: density(ReLU(Z)), ValueError),
    ],
    ids=["range", "convexity", "a periodic equation", "complex", "probability", "density"],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call()
