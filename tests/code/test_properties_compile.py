"""What lambdify compiles computes what the program does, on every engine, array and dtype.

All numbers are dyadic and small, so that floating point is exact.
"""

import inspect
import re
from fractions import Fraction
from math import nan

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from support.networks import distinct
from support.programs import (
    KINKED,
    build,
    cases,
    dual,
    exact,
    exactly,
    examples,
    halves,
    in_floats,
    programs,
    rational,
    x,
    y,
)
from sympy import sqrt

from symrelu import ReLU, gradient, lambdify

ways = ["math", "mpmath", "numpy", "sympy"]


def value_and_slopes(expr):
    return [expr, expr.diff(x), expr.diff(y)]


kinked = cases("relu abs max min add mul scale where", variables=2, **in_floats)
relus = cases("relu add mul scale", variables=2, **in_floats)


@given(relus, st.sampled_from(ways))
def test_value_and_slopes_on_engines(case, modules):
    program, at = case
    value, partials = dual(program, *at)
    function = lambdify([x, y], value_and_slopes(build(program)), modules)
    numbers = map(rational, at) if modules == "sympy" else map(float, at)
    assert list(map(Fraction, map(float, function(*numbers)))) == [value, *partials]


@examples(2)
@given(kinked, st.sampled_from(ways))
def test_compiled_is_evaluated(case, modules):
    program, at = case
    expr = build(program)
    outputs = [expr, *gradient(expr, [x, y])]
    numbers = map(rational, at) if modules == "sympy" else map(float, at)
    results = map(float, lambdify([x, y], outputs, modules)(*numbers))
    assert list(results) == [float(exactly(e, *at)) for e in outputs]


@given(programs(KINKED, variables=2), st.tuples(*[st.sampled_from([-3, -2, 2, 3, 5])] * 2))
def test_compiled_agrees_with_evalf(program, signed_squares):
    at = [sympy.sign(k) * sqrt(abs(k)) for k in signed_squares]
    expr = build(program)
    with mpmath.workdps(50):
        result = lambdify([x, y], expr, "mpmath")(*(mpmath.mpf(v.evalf(50)._mpf_) for v in at))
        expected = expr.subs(dict(zip((x, y), at, strict=True))).evalf(50)
        assert mpmath.almosteq(result, mpmath.mpf(expected), rel_eps=1e-30, abs_eps=1e-30)


@examples(2)
@given(kinked, *[st.lists(halves, max_size=3)] * 2)
def test_arrays_are_broadcast(case, xs, ys):
    program, (at_x, at_y) = case
    xs, ys = [*xs, at_x], [*ys, at_y]
    outputs = value_and_slopes(build(program))
    function = lambdify([x, y], outputs)
    results = function(np.array(xs, float)[:, None], np.array(ys, float))
    for i, at_x in enumerate(xs):
        for j, at_y in enumerate(ys):
            single = function(float(at_x), float(at_y))
            for e, array, number in zip(outputs, results, single, strict=True):
                assert np.shape(array) == np.broadcast_shapes(
                    (len(xs), 1) if x in e.free_symbols else (),
                    (len(ys),) if y in e.free_symbols else (),
                )
                whole = np.broadcast_to(array, (len(xs), len(ys)))
                assert whole[i, j] == number
            assert single[0] == exact(program, at_x, at_y)


@given(
    programs("relu abs max min add mul scale", variables=2, **in_floats),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_the_dtype_is_kept(program, dtype):
    outputs = value_and_slopes(build(program))
    points = np.array([-2, -0.5, 0, 1], dtype)
    for e, result in zip(outputs, lambdify([x, y], outputs)(points, points[::-1]), strict=True):
        assert not e.free_symbols or result.dtype == dtype


@given(relus, st.sampled_from(["math", "mpmath", "numpy"]), st.sampled_from([x, y]))
def test_nan_stays_nan(case, modules, variable):
    program, _ = case
    outputs = value_and_slopes(build(program))
    results = lambdify([x, y], outputs, modules)(*(nan if v == variable else 1.0 for v in (x, y)))
    for e, result in zip(outputs, results, strict=True):
        assert result != result or variable not in e.free_symbols


@given(*[programs(variables=2)] * 2, st.tuples(halves, halves))
def test_shared_parts_are_computed_once(outer, inner, at):
    expr = build(outer, [build(inner), y])
    outputs = [expr, *gradient(expr, [x, y])]
    function = lambdify([x, y], outputs)
    rectified = {node.args[0] for node in distinct(*outputs) if isinstance(node, ReLU)}
    assert len(re.findall(r"relu_?\(", inspect.getsource(function))) == len(rectified)
    results = function(*map(float, at))
    assert results == pytest.approx([float(exactly(e, *at)) for e in outputs], rel=1e-9, abs=1e-9)


@given(kinked, st.sampled_from(["math", "mpmath", "numpy"]))
def test_sympys_own_lambdify_agrees_on_the_value(case, modules):
    program, at = case
    function = sympy.lambdify([x, y], build(program), modules)
    assert function(*map(float, at)) == exact(program, *at)


# Array engines

lists = st.lists(st.tuples(halves, halves), min_size=1, max_size=4)
# numexpr has no sign, the slope of Abs.
everywhere = cases("relu max min add mul scale", variables=2, **in_floats)


@pytest.mark.parametrize("engine", ["numexpr", "torch", "dask", "jax"])
def test_array_engines_agree(engine, request):
    if engine == "jax":
        array = request.getfixturevalue("jax").numpy.asarray
    else:
        module = pytest.importorskip("dask.array" if engine == "dask" else engine)
        array = {"dask": "from_array", "torch": "from_numpy"}.get(engine)
        array = getattr(module, array) if array else np.asarray

    @examples(10)
    @given(everywhere, lists)
    def agree(case, others):
        program, at = case
        outputs = value_and_slopes(build(program))
        columns = [np.array(column, float) for column in zip(at, *others, strict=True)]
        modules = "numpy" if engine == "dask" else engine
        results = lambdify([x, y], outputs, modules)(*map(array, columns))
        expected = lambdify([x, y], outputs)(*columns)
        for ours, other in zip(results, expected, strict=True):
            np.testing.assert_array_equal(np.asarray(ours), other)

    agree()


def test_jax_differentiates_compiled_code(jax):
    @examples(10)
    @given(cases("relu add mul scale", variables=2, **{**in_floats, "slopes": st.just(0)}))
    def agree(case):
        program, at = case
        expr = build(program)
        assume(expr.free_symbols)
        value = lambdify([x, y], expr, "jax")
        theirs = jax.grad(value, argnums=(0, 1))(*map(float, at))
        assert list(map(Fraction, map(float, theirs))) == dual(program, *at)[1]

    agree()
