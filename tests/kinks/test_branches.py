"""Piecewise: each comparison, with what belongs to the breakpoint."""

from itertools import product

import pytest
from sympy import (
    Abs,
    And,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Ne,
    Not,
    Or,
    Piecewise,
    Rational,
    S,
    Symbol,
    Tuple,
    exp,
    symbols,
)

from symrelu import ReLU, as_relu, relusimp

x, y, a = symbols("x y a", real=True)
c, p = Symbol("c"), Symbol("p", positive=True)
u = x * y - a
ORDERS = [Gt, Ge, Lt, Le]


def agrees(e, points, by):
    """The conversion has no Piecewise, and the values and slopes of SymPy's."""
    converted = as_relu(e)
    assert not converted.has(Piecewise)
    for at in points:
        assert converted.subs(at) == e.subs(at)
        for v in by:
            assert converted.diff(v).subs(at) == e.diff(v).subs(at), (converted, v, at)


@pytest.mark.parametrize("compare", ORDERS)
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    "u", [x - 1, 1 - x, x - y, 2 * x + y - 3, x * y - 2, exp(x - 2) - y], ids=str
)
def test_the_breakpoint_belongs_to_the_piece_that_the_comparison_says(u, compare, swapped):
    condition = compare(0, u) if swapped else compare(u, 0)
    points = [{x: 2, y: 1, a: 5}, {x: 1, y: 1, a: 5}, {x: 1, y: 3, a: 5}, {x: 3, y: -1, a: 5}]
    for f, g in ((u, 0), (0, u), (3 * u + x, x), (a * u, 0), (y, y - a * u)):
        agrees(Piecewise((f, condition), (g, True)), points, (x, y))


@pytest.mark.parametrize("compare", ORDERS)
def test_a_slope_of_ones_own_at_the_breakpoint(compare):
    e = Piecewise((u + a, compare(u, 0)), (c * u + a, Eq(x * y, a)), (a, True))
    points = [{x: 2, y: 1, a: 2}, {x: 1, y: 1, a: 2}, {x: 3, y: 1, a: 2}]
    agrees(e, points, (x, y, a))


@pytest.mark.parametrize("compare", ORDERS)
@pytest.mark.parametrize("where", [Eq(x * u, 0), Eq(x, a), Ne(u, 0), Eq(x, a) & Eq(u, 0)], ids=str)
def test_a_piece_between_that_is_not_only_at_the_breakpoint_stays(compare, where):
    e = Piecewise((u, compare(u, 0)), (c * u, where), (0, True))
    assert as_relu(e) == e


def test_a_piece_at_the_breakpoint_that_is_no_multiple_stays():
    e = Piecewise((u, u > 0), (x, Eq(u, 0)), (0, True))
    assert as_relu(e) == e
    assert as_relu(Piecewise((u, u > 0), (c * u, Eq(a * p, x * y * p)), (0, True))) == ReLU(u, c)


@pytest.mark.parametrize(("first", "second"), [*product([Gt, Ge, Lt, Le, Eq, Ne], repeat=2)])
def test_conditions_are_looked_at_point_by_point(first, second):
    """Whatever two comparisons are joined by, at both places and beside them."""
    for join in (And, Or, lambda p, q: And(p, Not(q))):
        e = Piecewise((x**2, join(first(x, -1), second(Abs(x), 1))), (1, True))
        for f in (relusimp, as_relu):
            found = f(e)
            for at in (-2, -1, 0, 1, Rational(3, 2)):
                assert found.subs(x, at) == e.subs(x, at), (e, found)


def test_what_compares_no_numbers_or_nothing_that_varies_stays():
    e = Abs(x)
    for condition in (Eq(Tuple(x, y), Tuple(y, a)), Ne(Tuple(x, y), Tuple(y, a)), Eq(S.Pi, a)):
        kept = 2 * ReLU(x, S.Half) - x
        assert as_relu(Piecewise((e, condition), (0, True))) == Piecewise(
            (kept, condition), (0, True)
        )
