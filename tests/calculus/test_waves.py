"""Laplace transforms of what has a kink in each period."""

import mpmath
import pytest
from sympy import (
    Abs,
    LaplaceTransform,
    Max,
    S,
    cos,
    exp,
    lambdify,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)

from symrelu import ReLU, calculus

t, s = symbols("t s", positive=True)
w, T = symbols("omega T", positive=True)


def test_rectifiers():
    half = calculus.laplace_transform(ReLU(sin(w * t)), t, s, noconds=True)
    full = calculus.laplace_transform(Abs(sin(2 * pi * t / T)), t, s)
    assert (half - w / (s**2 + w**2) / (1 - exp(-pi * s / w))).simplify() == 0
    by_hand = (2 * pi / T) / (s**2 + (2 * pi / T) ** 2) / tanh(T * s / 4)
    assert abs((full[0] - by_hand).subs({s: S(7) / 5, T: S(3) / 2}).n()) < 1e-12
    assert full[1:] == (0, True)


@pytest.mark.parametrize(
    "f",
    [
        Max(sin(t), cos(t)),
        sign(sin(t)),
        t**2 * Abs(sin(t)),
        3 + ReLU(t - 1) + exp(t / 3) * ReLU(sin(t) - S.Half),
        ReLU(sin(2 * t)) * ReLU(cos(3 * t)),
        ReLU(sin(2 * t / 3)) - 2 * ReLU(cos(t / 2)),
    ],
    ids=str,
)
def test_beside_quadrature(f):
    F, abscissa, _ = calculus.laplace_transform(f, t, s)
    at = abscissa + S(3) / 2
    kernel = lambdify(t, f * exp(-at * t), "mpmath")
    steps = [mpmath.pi * k / 12 for k in range(300)]
    assert abs(F.subs(s, at).n() - mpmath.quad(kernel, steps, maxdegree=4)) < 1e-5
    assert F.subs(s, 400.0).is_finite  # no exponential in it grows


def test_without_a_common_period():
    f = Abs(sin(t) + sin(sqrt(2) * t))
    assert calculus.laplace_transform(f, t, s) == LaplaceTransform(f, t, s)
