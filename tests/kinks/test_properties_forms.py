"""Other ways to write a program: rewritten, printed and read again, in terms of ReLU alone."""

import copy
import pickle
from fractions import Fraction
from xml.dom.minidom import parseString

import sympy
from hypothesis import given
from hypothesis import strategies as st
from support.programs import (
    KINKED,
    LINEAR,
    Expressions,
    build,
    cases,
    dual,
    exact,
    exactly,
    examples,
    germ,
    hinges,
    in_floats,
    points,
    programs,
    rational,
    run,
    slopes,
    x,
    y,
)
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Piecewise,
    SingularityFunction,
    expand,
    latex,
    mathml,
    pretty,
    pycode,
    sign,
    srepr,
    sympify,
)
from sympy.parsing.sympy_parser import parse_expr

from symrelu import ReLU, as_relu, relusimp

half = Fraction(1, 2)
# The slope that a form has at a kink; None for the one that was chosen.
FORMS = {
    Piecewise: None,
    Heaviside: None,
    Max: half,
    Min: half,
    Abs: half,
    sign: half,
}
forms = st.sampled_from(list(FORMS))


# Rewriting


@examples(2)
@given(cases(variables=2), forms)
def test_rewriting_keeps_the_value(case, form):
    program, at = case
    rewritten = build(program).rewrite(form)
    assert not rewritten.has(ReLU)
    assert exactly(rewritten, *at) == exact(program, *at)


@given(hinges(2), forms, st.tuples(points, points))
def test_rewriting_keeps_the_slope_or_sets_it(program, form, at):
    rewritten = build(program).rewrite(form)
    _, partials = dual(program, *at, H0=FORMS[form])
    assert [exactly(rewritten.diff(v), *at) for v in (x, y)] == partials


@examples(2)
@given(cases(variables=2))
def test_piecewise_keeps_the_slopes_of_compositions(case):
    program, at = case
    rewritten = build(program).rewrite(Piecewise)
    _, partials = dual(program, *at)
    assert [exactly(rewritten.diff(v), *at) for v in (x, y)] == partials


@given(hinges(), points)
def test_singularity_functions_have_the_slope_on_the_right(program, at):
    rewritten = build(program).rewrite(SingularityFunction)
    assert not rewritten.has(ReLU)
    assert exactly(rewritten, at) == exact(program, at)
    assert exactly(rewritten.diff(x), at) == germ(program, [at], [1], 2)[1]


# In terms of ReLU: as_relu


@examples(4)
@given(cases(KINKED, variables=2))
def test_as_relu_keeps_the_value(case):
    program, at = case
    converted = as_relu(build(program))
    assert not converted.has(Abs, Max, Min)
    assert exactly(converted, *at) == exact(program, *at)


@examples(2)
@given(cases("relu add scale"))
def test_the_hinge_form_keeps_the_slope(case):
    program, (at,) = case
    _, slope = dual(program, at)
    form = as_relu(build(program))
    assert [exactly(form.diff(x), at)] == slope
    assert as_relu(form) == form


@examples(2)
@given(cases(LINEAR), slopes)
def test_the_hinge_form_sets_the_slope(case, H0):
    program, (at,) = case
    left, right = (side * germ(program, [at], [side], 2)[1] for side in (-1, 1))
    form = as_relu(build(program), H0=rational(H0))
    assert exactly(form, at) == exact(program, at)
    assert exactly(form.diff(x), at) == left + H0 * (right - left)


class InReLUs(Expressions):
    """The same functions, all written by ReLU with one slope."""

    def max(self, a, b):
        return b + ReLU(a - b, self.H0)

    def min(self, a, b):
        return a - ReLU(a - b, self.H0)

    def abs(self, a):
        return 2 * ReLU(a, self.H0) - a


@examples(4)
@given(programs(LINEAR), slopes.map(rational), st.sampled_from([Piecewise, Max, Abs]))
def test_the_hinge_form_is_one_for_all_ways_to_write_a_function(program, H0, form):
    expr, other = build(program), run(program, [x], InReLUs(H0))
    hinge_form = as_relu(expr, H0=H0)
    assert as_relu(other, H0=H0) == hinge_form
    assert as_relu(other.rewrite(form), H0=H0) == hinge_form
    assert as_relu(other - expr, H0=H0) == 0


@given(hinges(), st.sampled_from([Piecewise, Max, Min, Abs]), points)
def test_as_relu_undoes_rewriting(program, form, at):
    expr = build(program)
    back = as_relu(expr.rewrite(form))
    value, slope = dual(program, at, H0=FORMS[form])
    assert exactly(back, at) == value
    assert [exactly(back.diff(x), at)] == slope
    if form is Piecewise:
        assert back == as_relu(expr)


@examples(4)
@given(cases(LINEAR))
def test_linear_regions(case):
    program, (at,) = case
    regions = relusimp(build(program).rewrite(Piecewise))
    assert exactly(regions, at) == exact(program, at)
    if isinstance(regions, Piecewise):
        assert all(piece.diff(x).is_Rational for piece, _ in regions.args)


# Printing

names = {**vars(sympy), "ReLU": ReLU}
symbol_names = {"ReLU": ReLU, "x": x, "y": y}
sources = programs(variables=2)


@given(sources)
def test_text_is_read_back(program):
    expr = build(program)
    for e in (expr, expr.diff(x)):
        assert eval(srepr(e), names) == e
        assert sympify(srepr(e), locals={"ReLU": ReLU}) == e
        # SymPy distributes the sign of -(x + y)*ReLU(x) when it reads it.
        assert expand(parse_expr(str(e), local_dict=symbol_names)) == expand(e)
        assert expand(sympify(str(e), locals=symbol_names)) == expand(e)


@given(sources, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_copies_are_equal(program, protocol):
    expr = build(program)
    for again in (pickle.loads(pickle.dumps(expr, protocol)), copy.copy(expr), copy.deepcopy(expr)):
        assert again == expr
        assert hash(again) == hash(expr)


@given(cases("relu abs max min add mul scale where", variables=2, **in_floats))
def test_printed_python_computes_the_value(case):
    program, at = case
    code = pycode(build(program), fully_qualified_modules=False)
    assert eval(code, {}, dict(zip("xy", map(float, at), strict=True))) == exact(program, *at)


@given(sources)
def test_print_is_well_formed(program):
    expr = build(program)
    text = latex(expr)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert (r"\operatorname{ReLU}" in text) == expr.has(ReLU)
    for printer in ("content", "presentation"):
        entities_aside = mathml(expr, printer).replace("&InvisibleTimes;", "")
        assert parseString(f"<math>{entities_aside}</math>")
    assert ("ReLU" in pretty(expr, wrap_line=False)) == expr.has(ReLU)
