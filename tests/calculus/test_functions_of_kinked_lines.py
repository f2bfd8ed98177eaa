"""Integrals of a polynomial times an inverse function of a line with kinks, by parts."""

import mpmath
import pytest
from sympy import (
    Abs,
    Integral,
    Min,
    Rational,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    erf,
    lambdify,
    log,
    pi,
    symbols,
)

from symrelu import ReLU, calculus
from symrelu.calculus import smooth

x, c = symbols("x c", real=True)
p = symbols("p", positive=True)


@pytest.mark.parametrize(
    "f",
    [
        atan(2 * x + ReLU(3 * x - 3 * c)),
        x**2 * atan(x / 3 + ReLU(x - c)),
        x * log(4 + 2 * x + ReLU(3 * x - 3 * c)),
        asin((x + ReLU(x - c)) / 9),
        x * acos((x + ReLU(x - c)) / 9),
        x * asinh(x + ReLU(x - c)),
        acosh(1 + ReLU(x - c)),
        x * erf(Abs(x - c)),
        atan(Abs(x - c)) + log(1 + ReLU(c - x)),
    ],
    ids=str,
)
def test_by_parts(f):
    at = Rational(2, 5)
    F = lambdify((x, c), calculus.integrate(f, x), "mpmath")
    over = calculus.integrate(f.subs(c, at), (x, -1, 2))
    want = mpmath.quad(lambdify(x, f.subs(c, at), "mpmath"), [-1, mpmath.mpf(2) / 5, 2])
    assert abs(F(2, 0.4) - F(-1, 0.4) - want) < 1e-9
    assert abs(over - want) < 1e-9


def test_in_terms_of_the_hinge():
    u = ReLU(x - c)
    by_hand = u * log(p * u + 1) - u + log(p * u + 1) / p
    assert (calculus.integrate(log(p * u + 1), x) - by_hand).expand() == 0


def test_over_polynomials_without_roots_there_is_no_search():
    f = log(1 + ReLU(x)) / (1 + x**2)
    assert isinstance(calculus.integrate(f, (x, -1, Rational(1, 2))), Integral)
    assert smooth.between_ends(atan(x) / (1 + x**2), x, 0 * x, 1 + 0 * x) == pi**2 / 32


def test_beyond_where_it_is_real():
    assert isinstance(calculus.integrate(log(2 * x + ReLU(x)), (x, -1, 1)), Integral)
    assert calculus.integrate(acos(Min(1, Abs(x))), (x, -2, 1)) == 2
