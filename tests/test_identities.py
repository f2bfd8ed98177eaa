"""What holds of the values of ReLU and its relatives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Abs,
    Heaviside,
    MatrixSymbol,
    Max,
    Min,
    Rational,
    S,
    Symbol,
    count_ops,
    exp,
    sign,
    sqrt,
    symbols,
)

from symrelu import ReLU, relusimp

x, y, z = symbols("x y z", real=True)
c = Symbol("c")


@pytest.mark.parametrize(
    ("long", "short"),
    [
        (ReLU(x) - ReLU(-x), x),
        (ReLU(c) - ReLU(-c), c),
        (ReLU(x) + ReLU(-x), Abs(x)),
        (ReLU(x) * ReLU(-x), 0),
        (ReLU(x) * Heaviside(x, c), ReLU(x)),
        (ReLU(x) ** 2 - x * ReLU(x), 0),
        (x * sign(x), Abs(x)),
        (x * Heaviside(x) - ReLU(x), 0),
        (Max(x, y) + Min(x, y), x + y),
        (Max(x, y) - Min(x, y), Abs(x - y)),
        (Max(x, y) * Min(x, y), x * y),
        (ReLU(x) ** 2 + ReLU(-x) ** 2, x**2),
        (3 * ReLU(2 * x - 2 * y) + 6 * ReLU(y - x), 6 * Abs(x - y)),
        (Abs(x - y) + x - y, 2 * ReLU(x - y)),
        (ReLU(x) * ReLU(y) - y * ReLU(x), ReLU(x) * ReLU(-y)),
        (ReLU(x) + ReLU(-x) + ReLU(y) + ReLU(-y), Abs(x) + Abs(y)),
        (ReLU(ReLU(x) - 1) + ReLU(1 - ReLU(x)), Abs(ReLU(x) - 1)),
        (exp(ReLU(x) - ReLU(-x)), exp(x)),
        (sqrt(ReLU(x) ** 2 - x * ReLU(x) + 4), 2),
        (ReLU(exp(x) - y) - ReLU(y - exp(x)), exp(x) - y),
    ],
    ids=str,
)
def test_simplified(long, short):
    assert relusimp(long) == short


@pytest.mark.parametrize(
    "e",
    [
        x,
        S(3),
        ReLU(x) - ReLU(x - 1),
        ReLU(x) / x,  # at 0 it is no number, and 1/x is not a polynomial
        sign(x) ** 2,  # 0 at 0, and 1 elsewhere
        sign(x) ** 2 - 1,
        Heaviside(x, c) ** 2,
        Abs(x * y),
        ReLU(x) ** 2,
        ReLU(MatrixSymbol("X", 2, 2)),
    ],
    ids=str,
)
def test_left_alone(e):
    assert relusimp(e) == e


variables = st.sampled_from([x, y])
leaves = st.one_of(variables, st.integers(-2, 2).map(S))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, k: k * a, inner, st.integers(-3, 3)),
        st.builds(ReLU, inner),
        st.builds(Abs, inner),
        st.builds(sign, inner),
        st.builds(Max, inner, inner),
        st.builds(Min, inner, inner),
        st.builds(lambda a: a * Heaviside(a, Rational(1, 3)), inner),
    ),
    max_leaves=6,
)


@given(expressions, st.integers(-4, 4), st.integers(-4, 4))
def test_value_length_and_idempotence(e, at_x, at_y):
    # Small integers, so that kinks are met often.
    simplified = relusimp(e)
    at = {x: Rational(at_x, 2), y: Rational(at_y, 2)}
    assert simplified.subs(at) == e.subs(at)
    assert count_ops(simplified) <= count_ops(e)
    assert relusimp(simplified) == simplified
