"""The law of the kink, on random programs, against arithmetic of our own.

Automatic evaluation may do to an expression what it likes: value and slopes must be
those of the program, at every point, the kinks included.
"""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.programs import (
    KINKED,
    at_kinks,
    build,
    cases,
    dual,
    exact,
    exactly,
    examples,
    marked,
    programs,
    rational,
    slopes,
    x,
    y,
)
from sympy import Q, Symbol, ask, cancel, expand, factor, nan, refine, simplify, symbols

from symrelu import ReLU, relusimp

c = Symbol("c")
grid = [Fraction(k, 4) for k in range(-12, 13)]


def check(expr, program, *at):
    value, partials = dual(program, *at)
    assert exactly(expr, *at) == value
    for v, partial in zip((x, y), partials, strict=False):
        assert exactly(expr.diff(v), *at) == partial


# Evaluation


@given(cases(variables=2, depth=4))
def test_value_and_slopes(case):
    program, at = case
    check(build(program), program, *at)


@given(cases(variables=2))
def test_symbols_without_assumptions_are_taken_to_be_real(case):
    program, at = case
    u, v = symbols("u v")
    check(build(program, [u, v]).subs({u: x, v: y}), program, *at)
    slope = build(program, [u, v]).diff(u)
    assert exactly(slope.subs({u: x, v: y}), *at) == dual(program, *at)[1][0]


@examples(2)
@given(cases(variables=2))
def test_evaluation_may_come_late(case):
    program, at = case
    late = build(program, evaluate=False)
    check(late, program, *at)
    check(late.doit(), program, *at)


KINDS = {
    "positive": st.fractions(Fraction(1, 2), 3, max_denominator=2),
    "negative": st.fractions(-3, Fraction(-1, 2), max_denominator=2),
    "integer": st.integers(-3, 3),
}


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_symbols_of_known_sign(kind, data):
    program, (at,) = data.draw(cases(points=KINDS[kind]))
    v = Symbol("v", real=True, **{kind: True})
    expr = build(program, [v])
    value, (slope,) = dual(program, at)
    assert expr.subs(v, rational(at)) == value
    assert expr.diff(v).subs(v, rational(at)) == slope


@given(cases(), slopes)
def test_the_slope_may_be_chosen_later(case, H0):
    program, (at,) = case
    expr = build(program, H0=c)
    value, (slope,) = dual(program, at, H0=H0)
    assert exactly(expr, at) == value
    assert exactly(expr.diff(x), at).subs(c, rational(H0)) == slope
    assert exactly(expr.subs(c, rational(H0)).diff(x), at) == slope


@given(cases())
def test_an_undefined_slope_is_seen_unless_nothing_depends_on_it(case):
    program, (at,) = case
    expr = build(program, H0=nan)
    assert exactly(expr, at) == exact(program, at)
    slope = exactly(expr.diff(x), at)
    if slope is not nan:
        assert all(dual(program, at, H0=H0)[1] == [slope] for H0 in range(3))


@given(cases(variables=2), slopes)
def test_a_part_and_its_mirror_image(case, H0):
    program, at = case
    # The value is that of u, the slope at the kink 2*H0 times that of u: no merging.
    u = build(program)
    mirrored = ReLU(u, rational(H0)) - ReLU(-u, rational(H0))
    value, partials = dual(program, *at)
    assert exactly(mirrored, *at) == value
    for v, partial in zip((x, y), partials, strict=True):
        assert exactly(mirrored.diff(v), *at) == (partial if value else 2 * H0 * partial)


# Substitution


@examples(2)
@given(marked(depth=2), cases(variables=2, depth=2))
def test_substitution_of_an_expression(outer, case):
    inner, at = case
    outer = at_kinks(outer, [exact(inner, *at)])
    value, (slope,) = dual(outer, exact(inner, *at))
    inner_expr, (_, partials) = build(inner), dual(inner, *at)
    for expr in (build(outer).subs(x, inner_expr), build(outer).xreplace({x: inner_expr})):
        assert exactly(expr, *at) == value
        for v, partial in zip((x, y), partials, strict=True):
            assert exactly(expr.diff(v), *at) == slope * partial


@given(cases(variables=2))
def test_substitution_of_a_number(case):
    program, at = case
    value, (by_x, by_y) = dual(program, *at)
    at_x, at_y = map(rational, at)
    expr = build(program)
    assert expr.subs(x, at_x).subs(y, at_y) == expr.subs(y, at_y).subs(x, at_x) == value
    assert expr.subs(y, at_y).diff(x).subs(x, at_x) == by_x
    assert expr.subs(x, at_x).diff(y).subs(y, at_y) == by_y
    assert build(program, [at_x, at_y]) == value


# What is asked for


@pytest.mark.parametrize("form", [expand, factor, cancel], ids=lambda f: f.__name__)
def test_algebra_keeps_value_and_slopes(form):
    @examples(2)
    @given(cases(variables=2))
    def holds(case):
        program, at = case
        check(form(build(program)), program, *at)

    holds()


@examples(20)
@given(cases(KINKED, variables=2, depth=2))
def test_simplification_keeps_the_value(case):
    program, at = case
    expr = build(program)
    assert exactly(simplify(expr), *at) == exact(program, *at)


@examples(4)
@given(cases(KINKED, variables=2))
def test_relusimp_keeps_the_value(case):
    program, at = case
    assert exactly(relusimp(build(program)), *at) == exact(program, *at)


ASSUMPTIONS = {
    Q.positive(x): lambda v: v > 0,
    Q.negative(x): lambda v: v < 0,
    Q.positive(x - 1): lambda v: v > 1,
    Q.negative(2 * x + 1): lambda v: 2 * v < -1,
    Q.nonnegative(x): lambda v: v >= 0,
}


@examples(4)
@given(cases(), st.sampled_from(list(ASSUMPTIONS)))
def test_refinement_keeps_value_and_slope_where_it_applies(case, assumption):
    program, (at,) = case
    assume(ASSUMPTIONS[assumption](at))
    refined = refine(build(program), assumption)
    assert exactly(refined, at) == exact(program, at)
    if at != 0:
        check(refined, program, at)


# Assumptions

FACTS = {
    "zero": lambda v: v == 0,
    "positive": lambda v: v > 0,
    "negative": lambda v: v < 0,
    "nonnegative": lambda v: v >= 0,
    "nonpositive": lambda v: v <= 0,
    "nonzero": lambda v: v != 0,
    "integer": lambda v: v.denominator == 1,
    "even": lambda v: v % 2 == 0,
    "odd": lambda v: v % 2 == 1,
    "finite": lambda v: True,
    "rational": lambda v: True,
}


def holds_throughout(fact, answer, values):
    assert answer is None or all(FACTS[fact](v) == answer for v in values), (fact, answer)


@given(programs(), slopes, st.sampled_from(["real", "rational", "integer", "odd", "nonnegative"]))
def test_known_facts_hold(program, H0, kind):
    admitted = {"real": lambda v: True, **FACTS}[kind]
    values = [max(exact(program, at), 0) for at in grid if admitted(at)]
    v = Symbol("v", **{"real": True, kind: True})
    expr = ReLU(build(program, [v]), rational(H0), evaluate=False)
    for fact in FACTS:
        holds_throughout(fact, getattr(expr, f"is_{fact}"), values)


@examples(20)
@given(programs(depth=2), st.sampled_from(sorted(FACTS)), st.sampled_from(sorted(FACTS)))
def test_answers_hold(program, fact, given_fact):
    values = [max(exact(program, at), 0) for at in grid if FACTS[given_fact](at)]
    expr = ReLU(build(program))
    answer = ask(getattr(Q, fact)(expr), getattr(Q, given_fact)(x))
    holds_throughout(fact, answer, values)
