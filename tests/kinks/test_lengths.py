"""How long an expression is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    count_ops,
    exp,
    sign,
    symbols,
)

from symrelu import ReLU
from symrelu.graph import postorder
from symrelu.kinked import has_kinks
from symrelu.kinks import lengths
from symrelu.kinks.lengths import Lengths

x, y = symbols("x y", real=True)

expressions = st.recursive(
    st.one_of(st.sampled_from([x, y]), st.fractions(-2, 2, max_denominator=4).map(S)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a: -a / 3, inner),
        st.builds(lambda a: (1 + Abs(a)) ** -2, inner),
        st.builds(lambda a: exp(-a), inner),
        st.builds(ReLU, inner, st.sampled_from([S.Zero, -S.Half, y])),
        st.builds(lambda a: Heaviside(a, Rational(1, 3)), inner),
        st.builds(sign, inner),
        st.builds(lambda a, b: Max(a, b, 2 * x), inner, inner),
        st.builds(lambda a, b: Min(a, -b), inner, inner),
        st.builds(lambda a, b: Piecewise((a, x > y), (-b, True)), inner, inner),
        st.builds(lambda a: Derivative(ReLU(a), x, evaluate=False), inner),
    ),
    max_leaves=12,
)


@given(st.lists(expressions, min_size=1, max_size=3))
def test_it_is_what_sympy_counts(several):
    length = Lengths().of  # what is remembered of one is right for the others
    assert [length(e) for e in several] == [count_ops(e) for e in several]


@pytest.mark.parametrize(
    "e",
    [
        SingularityFunction(x, 1, 1) - 2,
        -ReLU(x) - ReLU(y),
        ReLU(x).func(-x / 2, evaluate=False) * -y,
        2 * (ReLU(x) + y + ReLU(ReLU(x) - 1)),
    ],
)
def test_signs_and_shared_kinks(e):
    assert Lengths().of(e) == count_ops(e)


def test_what_stands_in_a_kink_is_counted_once(monkeypatch):
    """Not again for each of the kinks around it, in one request."""
    counted = []
    monkeypatch.setattr(lengths, "count_ops", lambda e: counted.append(e) or count_ops(e))
    length, e = Lengths().of, x
    for k in range(30):
        e = ReLU(e / 2 + y) - Abs(y - k)
        assert length(e) == count_ops(e)
    assert not any(has_kinks(part) for part in counted)
    assert len(counted) < 30 * 5


def test_deep_sums_of_products():
    e = ReLU(x)
    for _ in range(300):
        e = e * y + ReLU(x)
    assert Lengths().of(e) == count_ops(e) == 901


def test_of_a_large_graph_each_node_counts_once():
    e = x
    for _ in range(20):
        e = ReLU(e + y * ReLU(e - 1))
    assert Lengths().of(e) == sum(1 for _ in postorder(e)) == 103
