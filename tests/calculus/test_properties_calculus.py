"""Limits, series, second derivatives, integrals and inequalities, on random programs."""

from fractions import Fraction
from math import inf

from hypothesis import assume, given, reject
from hypothesis import strategies as st
from support.programs import (
    KINKED,
    build,
    cases,
    dual,
    exact,
    exactly,
    examples,
    germ,
    hinges,
    is_smooth,
    marked,
    points,
    programs,
    rational,
    slopes,
    unmarked,
    x,
    y,
)
from sympy import Abs, Max, Min, Piecewise, S, integrate, limit, piecewise_fold, series

from symrelu import ReLU

pairs = st.tuples(points, points)
sides = st.sampled_from([1, -1])
signs = {1: "+", -1: "-"}


# At a point, from one side


@examples(4)
@given(cases(), sides)
def test_limits_are_the_value(case, side):
    program, (at,) = case
    assert limit(build(program), x, rational(at), signs[side]) == exact(program, at)


@examples(4)
@given(cases(), sides)
def test_limits_of_difference_quotients_are_the_slopes_on_a_side(case, side):
    program, (at,) = case
    expr, value = build(program), rational(exact(program, at))
    quotient = (expr - value) / (x - rational(at))
    assert limit(quotient, x, rational(at), signs[side]) == side * germ(program, [at], [side], 2)[1]


@examples(4)
@given(cases(), sides, st.integers(2, 4))
def test_series_on_a_side(case, side, n):
    program, (at,) = case
    try:
        expansion = series(build(program), x, rational(at), n, signs[side]).removeO()
    except NotImplementedError:  # SymPy takes no power of what is 0 on that side
        reject()
    polynomial = expansion.subs(x, x + rational(at)).as_poly(x)
    coefficients = germ(program, [at], [side], n)
    for k, coefficient in enumerate(coefficients):
        assert polynomial.coeff_monomial(x**k) == side**k * coefficient


@given(programs(KINKED), points)
def test_second_derivatives_away_from_kinks(program, at):
    assume(is_smooth(program, at))
    _, slope, half_curvature = germ(program, [at], [1], 3)
    expr = build(program)
    assert exactly(expr.diff(x), at) == slope
    assert exactly(expr.diff(x, 2), at) == 2 * half_curvature


# Integrals


def antiderivative(program, at):
    """Of a sum of hinges, term by term; of a hinge it is ReLU(u)**2/(2*u')."""
    name, *operands = program
    if name == "add":
        return sum(antiderivative(term, at) for term in operands)
    if name == "scale":
        return operands[0] * antiderivative(operands[1], at)
    if name == "var":
        return at**2 / 2
    value = exact(program, at)
    _, (slope,) = dual(operands[0], at) if name == "relu" else (0, [0])
    return value**2 / (2 * Fraction(slope)) if slope else value * at


@examples(10)
@given(hinges(), points, points)
def test_definite_integrals(program, start, stop):
    expr = piecewise_fold(build(program).rewrite(Piecewise))
    expected = antiderivative(program, stop) - antiderivative(program, start)
    assert integrate(expr, (x, rational(start), rational(stop))) == expected


@examples(20)
@given(programs(depth=2), points)
def test_the_derivative_of_an_integral(program, at):
    assume(is_smooth(program, at))
    integral = integrate(piecewise_fold(build(program).rewrite(Piecewise)), x)
    assert exactly(integral.diff(x), at) == exact(program, at)


# What holds of ReLU, whatever it is applied to

twins = cases(variables=2, depth=2, count=2)


@given(twins)
def test_identities_of_values(case):
    program, other, at = case
    u, v = build(program), build(other)
    a, b = exactly(u, *at), exactly(v, *at)
    for expr, value in [
        (ReLU(u) - ReLU(-u), a),
        (ReLU(u) + ReLU(-u), abs(a)),
        (ReLU(u) * ReLU(-u), 0),
        (v + ReLU(u - v), max(a, b)),
        (u - ReLU(u - v), min(a, b)),
        (Abs(u) - 2 * ReLU(u) + u, 0),
        (Max(u, v) - v - ReLU(u - v), 0),
        (Min(u, v) - u + ReLU(u - v), 0),
    ]:
        assert exactly(expr, *at) == value


@given(twins)
def test_monotone_subadditive_and_of_slope_at_most_1(case):
    program, other, at = case
    u, v = build(program), build(other)
    a, b = exactly(ReLU(u), *at), exactly(ReLU(v), *at)
    assert 0 <= exactly(ReLU(u + v), *at) <= a + b
    difference = exactly(u - v, *at)
    assert (a - b) * difference >= 0
    assert abs(a - b) <= abs(difference)


@given(cases(variables=2), slopes, st.fractions(Fraction(1, 5), 9, max_denominator=5))
def test_positive_factors(case, H0, k):
    program, at = case
    u, k, H0 = build(program), rational(k), rational(H0)
    inside, outside = ReLU(k * u, H0), k * ReLU(u, H0)
    assert exactly(inside - outside, *at) == 0
    for v in (x, y):
        assert exactly(inside.diff(v), *at) == exactly(outside.diff(v), *at)


@given(
    hinges(2, weights=st.integers(0, 3), slopes=st.fractions(0, 1, max_denominator=4)), *[pairs] * 2
)
def test_slopes_of_convex_functions_are_subgradients(program, at, other):
    # So it is at a kink for every choice of its slope from 0 to 1.
    expr = build(program)
    tangent = exactly(expr, *at) + sum(
        exactly(expr.diff(v), *at) * rational(b - a)
        for v, a, b in zip((x, y), at, other, strict=True)
    )
    assert exactly(expr, *other) >= tangent


@given(marked("relu abs add scale", variables=2, numbers=None).map(unmarked), pairs, points)
def test_homogeneous_functions(program, at, k):
    # Euler: x*f_x + y*f_y = f, also at kinks, where what H0 is multiplied with is 0.
    expr = build(program)
    value = exactly(expr, *at)
    assert exactly(x * expr.diff(x) + y * expr.diff(y), *at) == value
    if k > 0:
        assert exactly(expr, *(k * v for v in at)) == rational(k) * value


# At infinity


ends = st.one_of(st.sampled_from([inf, -inf]), points)


@given(hinges(2), st.tuples(ends, ends))
def test_extended_reals(program, at):
    value = exact(program, *at)
    assume(value == value)  # no inf - inf
    assert build(program).subs({x: S(at[0]), y: S(at[1])}) == S(value)
