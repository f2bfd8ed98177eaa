"""Integrals between symbols, by values between the ends only."""

import itertools

import mpmath
import pytest
from sympy import (
    Abs,
    Max,
    Min,
    Piecewise,
    Rational,
    asin,
    cos,
    lambdify,
    log,
    nan,
    oo,
    pi,
    sign,
    sqrt,
    symbols,
    zoo,
)

from symrelu import ReLU, calculus

x, a, b, c, d = symbols("x a b c d", real=True)
p = symbols("p", positive=True)
ANYWHERE = (-1, 0, Rational(1, 2), Rational(3, 2), 3)
POSITIVE = (Rational(1, 3), 1, 2)


@pytest.mark.parametrize(
    ("f", "ends"),
    [
        (ReLU(c - x) * log(x), POSITIVE),
        (ReLU(c - x) / x, POSITIVE),
        (ReLU(1 - c * x) * sqrt(x), POSITIVE),
        (Max(1, c, x) / (1 + x), POSITIVE),
        (Piecewise((log(x), x > c), (1 / x, True)), POSITIVE),
        (Min(x, c) * asin(x), (Rational(-1, 2), 0, Rational(2, 3))),
        (sqrt(Abs(x)) * ReLU(x - c), (-2, 0, 1)),
        (Abs(x - c) ** Rational(3, 2), (-2, 0, 1)),
    ],
    ids=str,
)
def test_of_values_between_the_ends_only(f, ends):
    found = calculus.integrate(f, (x, a, b))
    value = lambdify((a, b, c), found, "mpmath")
    for low, high in itertools.permutations(ends, 2):
        for at in ANYWHERE if not f.has(c * x) else ANYWHERE[2:]:
            kinks = {k for k in (at, 0, 1, 1 / at if at else 0) if (low < k) != (high < k)}
            points = [low, *sorted(kinks, reverse=bool(low > high)), high]
            here = lambdify(x, f.subs(c, at), "mpmath")
            want = mpmath.quad(here, points, maxdegree=8)
            assert abs(value(*map(mpmath.mpmathify, (low, high, at))) - want) < 1e-7


def test_of_a_pole_outside_of_the_ends():
    found = calculus.integrate(ReLU(x - c) / x**3, (x, p, oo))
    assert [found.subs({p: 2, c: at}) for at in (-4, 0, 4)] == [1, Rational(1, 2), Rational(1, 8)]
    assert not calculus.integrate(ReLU(c - x) * log(x), (x, d, 2)).subs({c: 0, d: 1}).has(nan, zoo)


@pytest.mark.parametrize("f", [ReLU(log(x) - p), ReLU(sqrt(x) - p)], ids=str)
def test_a_kink_of_which_the_side_is_known_by_its_slope(f):
    found = calculus.integrate(f, (x, 1, 5))
    for at in (0.5, 1.2, 3.0):
        here = lambdify(x, f.subs(p, at), "mpmath")
        kink = mpmath.exp(at) if f.has(log) else at**2
        want = mpmath.quad(here, [1, kink, 5] if 1 < kink < 5 else [1, 5])
        assert abs(found.subs(p, at) - want) < 1e-7


def test_of_two_kinks_one_lies_outside_of_the_ends():
    dead_zone = ReLU(x - p) - ReLU(-x - p)
    found = calculus.integrate(dead_zone * cos(x), (x, 0, pi / 2))
    assert (found.subs(p, pi / 3) - (pi / 6 - cos(pi / 3))).expand() == 0
    assert found.subs(p, 2) == 0
    beyond = calculus.integrate(ReLU(Abs(x) - p) ** 2, (x, -4, 4))
    assert [beyond.subs(p, at) for at in (1, 5)] == [18, 0]


def test_a_logarithm_of_what_has_both_signs_in_the_region_of_a_kink():
    found = calculus.integrate(sign(Rational(1, 2) - x) / x, (x, p, b))
    for at, want in ((Rational(1, 3), log(4) - log(3)), (2, -log(2))):
        assert abs(found.subs({p: Rational(1, 4), b: at}) - want).n() < 1e-12
