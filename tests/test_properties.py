"""The law of the kink, on random expressions, against an evaluation of our own.

A dual number carries a value and a slope through a program that never builds an
expression.  Automatic evaluation may do to the expression what it likes: value and
slope must be those of the program, at every point, the kinks included.
"""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from sympy import Heaviside, Piecewise, Rational, Symbol

from symrelu import ReLU

x = Symbol("x", real=True)
points = st.fractions(-3, 3, max_denominator=2)
slopes = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)])

programs = st.recursive(
    st.one_of(st.just(("x",)), st.tuples(st.just("number"), st.integers(-2, 2))),
    lambda inner: st.one_of(
        st.tuples(st.just("relu"), inner, slopes),
        st.tuples(st.just("add"), inner, inner),
        st.tuples(st.just("mul"), inner, inner),
        st.tuples(st.just("scale"), inner, st.fractions(-2, 2, max_denominator=3)),
        st.tuples(st.just("square"), inner),
    ),
    max_leaves=8,
)


def rational(fraction):
    return Rational(fraction.numerator, fraction.denominator)


def build(program):
    match program:
        case ("x",):
            return x
        case ("number", n):
            return Rational(n)
        case ("relu", a, H0):
            return ReLU(build(a), rational(H0))
        case ("add", a, b):
            return build(a) + build(b)
        case ("mul", a, b):
            return build(a) * build(b)
        case ("scale", a, k):
            return rational(k) * build(a)
        case ("square", a):
            return build(a) ** 2


def run(program, at):
    """The value and the slope at a point, by forward mode."""
    match program:
        case ("x",):
            return at, 1
        case ("number", n):
            return n, 0
        case ("relu", a, H0):
            v, dv = run(a, at)
            return max(v, 0), dv * (1 if v > 0 else H0 if v == 0 else 0)
        case ("add", a, b):
            (v, dv), (w, dw) = run(a, at), run(b, at)
            return v + w, dv + dw
        case ("mul", a, b):
            (v, dv), (w, dw) = run(a, at), run(b, at)
            return v * w, dv * w + v * dw
        case ("scale", a, k):
            v, dv = run(a, at)
            return k * v, k * dv
        case ("square", a):
            v, dv = run(a, at)
            return v * v, 2 * v * dv


def exactly(expr, at):
    return expr.subs(x, rational(at))


@given(programs, points)
def test_evaluation_keeps_value_and_slope(program, at):
    expr = build(program)
    value, slope = run(program, at)
    assert exactly(expr, at) == value
    assert exactly(expr.diff(x), at) == slope


@given(programs, points)
def test_exact_rewrites_keep_value_and_slope(program, at):
    expr = build(program)
    value, slope = run(program, at)
    for form in (Heaviside, Piecewise):
        rewritten = expr.rewrite(form)
        assert exactly(rewritten, at) == value
        if form is Piecewise:
            assert exactly(rewritten.diff(x), at) == slope


@given(programs)
def test_known_signs_hold(program):
    expr = ReLU(build(program))
    values = [run(program, at)[0] for at in (Fraction(k, 4) for k in range(-12, 13))]
    if expr.is_positive:
        assert all(v > 0 for v in values)
    if expr.is_zero:
        assert all(v <= 0 for v in values)
