"""Kinks compiled for mpmath, over its intervals: bounds that hold, or a refusal."""

from itertools import combinations_with_replacement

import mpmath
import pytest
from mpmath import iv, mpf, workdps
from sympy import (
    Abs,
    E,
    Eq,
    EulerGamma,
    Float,
    GoldenRatio,
    Heaviside,
    Integral,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    S,
    atan,
    erf,
    exp,
    log,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)

from symrelu import ReLU, gradient, lambdify
from symrelu.code import intervals

x, y = symbols("x y", real=True)
A = MatrixSymbol("A", 1, 2)
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


@pytest.mark.parametrize(
    "e",
    [
        ReLU(x) + pi,
        ReLU(x - sqrt(2)) / 3,
        0.1 * ReLU(x) - Float("1e-30"),
        Max(x, pi / 4, exp(-x) * E / 7),
        Heaviside(x - Rational(1, 3), S.Half) * log(2),
        Abs(sin(pi * x / 7)) ** Rational(1, 3),
        tanh(x / 3) - ReLU(tanh(2 * x)),
        EulerGamma * x + x**2 / 10**20,
        Piecewise((x / 3, x < 10), (pi, True)),
        Piecewise((x / 3, x < -pi), (GoldenRatio, True)),
    ],
    ids=str,
)
def test_constants_are_bounded_too(e):
    f = lambdify(x, e, "mpmath")
    for low, high in combinations_with_replacement(ENDS, 2):
        bounds = f(iv.mpf([low, high]))
        for at in (low, high, (low + high) / 2):
            with workdps(50):
                value = lambdify(x, e, "mpmath")(mpf(at))
                assert mpf(bounds.a) <= value <= mpf(bounds.b)


def test_numbers_beside_intervals_are_intervals():
    f = lambdify([x, y], y + x / 3, "mpmath")
    third = iv.mpf(1) / 3
    assert f(iv.mpf(1), mpf(2)) == f(1, iv.mpf(2)) == 2 + third
    assert f(1, mpf(2)) == mpf(7) / 3
    g = lambdify([[x, y], A], Matrix([[x / 3, y]]) + A, "mpmath")
    assert g([iv.mpf(1), 0], mpmath.matrix([[0, 1]])) == iv.matrix([[third, 1]])


def test_what_has_no_bounds_is_refused():
    for e in (erf(x), atan(x) + x / 3, Integral(exp(-x * y**2), (y, 0, 1))):
        f = lambdify(x, e, "mpmath")
        assert 0 < f(mpf(1)) < 2
        with pytest.raises(NotImplementedError, match="no bounds over intervals of "):
            f(iv.mpf([0, 1]))


@pytest.mark.parametrize(
    ("condition", "true", "false", "neither"),
    [
        (Eq(x, 0), [0, 0], [1, 2], [-1, 1]),
        (Ne(x, 0), [1, 2], [0, 0], [0, 1]),
        (Eq(x, y), [2, 2], [-1, 1], [1, 3]),
        (Ne(x, y), [3, 4], [2, 2], [2, 3]),
        ((x > 0) | (x < -1), [1, 2], [-1, 0], [-1, 1]),
        (~((x > 0) & (x < 1)), [1, 2], [0.25, 0.5], [-1, 1]),
        (x <= y, [1, 2], [3, 4], [1, 3]),
    ],
)
def test_conditions_hold_everywhere_or_nowhere(condition, true, false, neither):
    f = lambdify([x, y], Piecewise((5, condition), (x, True)), "mpmath")
    assert f(iv.mpf(true), 2) == 5
    assert f(iv.mpf(false), 2) == iv.mpf(false)
    with pytest.raises(ValueError, match="true in a part of the interval: split it"):
        f(iv.mpf(neither), 2)
    assert f(mpf(true[0]), 2) == 5
    assert f(mpf(false[0]), 2) == false[0]


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
