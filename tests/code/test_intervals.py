"""Kinks compiled for mpmath, over its intervals: bounds that hold, or a refusal."""

from itertools import combinations_with_replacement

import pytest
from mpmath import iv, mpf
from sympy import Abs, Heaviside, Max, Min, Piecewise, Rational, S, sign, symbols

from symrelu import ReLU, gradient, lambdify
from symrelu.code import intervals

x = symbols("x", real=True)
ENDS = [-2, -1, -0.5, 0, 0.5, 1, 2]


@pytest.mark.parametrize(
    "e",
    [
        ReLU(x),
        ReLU(x - 1) - 2 * ReLU(x + 1),
        ReLU(2 * ReLU(x) - ReLU(-x) - 1),
        gradient(ReLU(x) ** 2 - ReLU(x - 1), x),
        ReLU(x, S.Half).diff(x),
        ReLU(-x, 2).diff(x),
        Heaviside(x),
        x * Heaviside(x, 0),
        sign(x) * x,
        Abs(x - 1),
        Max(x, 1),
        Min(x, 1, -x),
        Max(0, x, -x),
    ],
    ids=str,
)
def test_bounds_hold(e):
    f = lambdify(x, e, "mpmath")
    for low, high in combinations_with_replacement(ENDS, 2):
        bounds = iv.convert(f(iv.mpf([low, high])))
        for at in (low, high, (low + high) / 2, 0, 1, -1):
            if low <= at <= high:
                value = e.subs(x, Rational(at))
                assert float(value) in bounds
                assert f(mpf(at)) == value


def test_bounds_are_close():
    f = lambdify(x, [ReLU(x), Heaviside(x, 0), sign(x), Abs(x), Max(x, 1), Min(x, 1)], "mpmath")
    assert f(iv.mpf([-1, 2])) == [[0, 2], [0, 1], [-1, 1], [0, 2], [1, 2], [-1, 1]]
    assert f(iv.mpf([1, 2])) == [[1, 2], [1, 1], [1, 1], [1, 2], [1, 2], [1, 1]]
    assert f(iv.mpf([-2, -1])) == [[0, 0], [0, 0], [-1, -1], [1, 2], [1, 1], [-2, -1]]


def test_a_choice_that_is_not_decided_is_refused():
    f = lambdify(x, Piecewise((x, x > 1), (2, x > -1), (3, True)), "mpmath")
    assert f(iv.mpf([2, 3])) == [2, 3]
    assert f(iv.mpf([0, 1])) == 2
    assert f(iv.mpf([-3, -2])) == 3
    for undecided in ([0, 2], [-2, 0]):
        with pytest.raises(ValueError, match="true in a part of the interval: split it"):
            f(iv.mpf(undecided))


def test_numbers_and_nan():
    nan = mpf("nan")
    for f in (intervals.relu, intervals.step, intervals.sign, intervals.absolute):
        assert f(nan) != f(nan)
    for f in (intervals.maximum, intervals.minimum):
        assert f(nan, 1) != f(nan, 1)
    assert intervals.step(mpf(0), 7) == 7
