"""Values and slopes, at kinks and off them, of programs with pieces and a class of one's own.

Each example is converted once, and compared at four points with arithmetic that builds no
expression: 20 numbers for two variables, 24 for three.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs import Expressions, cases, dual, exact, examples, in_floats, rational, run
from sympy import Abs, Float, Function, Piecewise, S, symbols

from symrelu import ReLU, as_relu, relusimp

variables = symbols("x y z", real=True)
OPERATIONS = "relu relu abs where add mul scale square"
ORDERED = "relu abs max min add scale"


class Modulus(Function):
    """A kinked class of one's own: the absolute value."""

    @classmethod
    def eval(cls, u):
        return abs(u) if u.is_number else None

    def _eval_rewrite_as_ReLU(self, u, **hints):
        return 2 * ReLU(u, S.Half) - u


class Strange(Expressions):
    """Floats for numbers, and a class of one's own for the absolute value."""

    abs = staticmethod(Modulus)

    def number(self, k):
        return Float(float(k))


def near(value, expected):
    return abs(float(value) - float(expected)) <= 1e-12 * max(1, abs(expected))


def programs_at(operations, n, **choices):
    """A program of n variables with kinks at the first of four points."""
    points = st.tuples(*[choices.get("points", st.fractions(-3, 3, max_denominator=2))] * n)
    others = st.lists(points, min_size=3, max_size=3)
    return st.tuples(cases(operations, variables=n, **choices), others)


def checked(e, program, at):
    """The forms of an expression, compared with what the program is worth."""
    converted, simplified = as_relu(e), relusimp(e)
    assert not converted.has(Abs, Modulus)
    for point in at:
        where = {v: rational(k) for v, k in zip(variables, point, strict=False)}
        for form in (e, converted, simplified):
            assert near(form.subs(where), exact(program, *point)), (form, point)
        for v, slope in zip(variables, slopes(e, program, point, where), strict=False):
            assert near(converted.diff(v).subs(where), slope), (converted, v, point)


def slopes(e, program, point, where):
    """Those of SymPy, which takes the absolute value of what is not negative away."""
    if e.has(Modulus):
        return dual(program, *point)[1]
    return [e.diff(v).subs(where) for v in variables[: len(point)]]


@pytest.mark.parametrize("meaning", [Expressions(), Strange()], ids=["exact", "strange"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_values_and_slopes(n, meaning):
    @examples(4)
    @given(programs_at(OPERATIONS, n, depth=3, **in_floats))
    def holds(drawn):
        (program, point), others = drawn
        e = run(program, variables, meaning)
        checked(e, program, [point, *others])

    holds()


@examples(4)
@given(programs_at(ORDERED, 3, depth=3))
def test_values_of_extrema(drawn):
    (program, point), others = drawn
    e = run(program, variables, Expressions())
    for form in (as_relu(e), relusimp(e)):
        for at in (point, *others):
            where = dict(zip(variables, map(rational, at), strict=True))
            assert form.subs(where) == exact(program, *at)


@examples(4)
@given(programs_at("relu where where add scale", 2, depth=3))
def test_nested_pieces(drawn):
    (program, point), others = drawn
    e = run(program, variables, Expressions())
    checked(e, program, [point, *others])
    regions = relusimp(e.rewrite(Piecewise))
    for at in (point, *others):
        assert regions.subs(dict(zip(variables, map(rational, at), strict=False))) == exact(
            program, *at
        )
