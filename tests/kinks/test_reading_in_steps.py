"""Polynomials in steps: one step for u and for what has its sign, and ways back."""

from itertools import permutations, product

import pytest
from sympy import Abs, Add, Heaviside, Max, Min, Rational, S, Symbol, exp, sign, symbols

from symrelu import ReLU
from symrelu.kinks.polynomials import plain
from symrelu.kinks.steps import _KINK, Steps, _primitive

v = symbols("v:5", real=True)
x, y, z = v[:3]
p, m = Symbol("p", positive=True), Symbol("m", negative=True)


def is_zero(e):
    return Steps().normal(e) == {}


def signed(n):
    """Sums of n terms, of any signs, with a number among them or not."""
    for signs in product((1, -1), repeat=n):
        yield Add(*(k * u for k, u in zip(signs, v, strict=False)))
        yield Add(*(k * u for k, u in zip(signs, (*v[: n - 1], S(2)), strict=True)))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_sum_and_its_negative_have_one_step(n):
    """Whichever of its terms are negative, and whatever positive number they share."""
    for u in signed(n):
        for w in (u, Rational(2, 3) * u, p * u, -m * u):
            assert is_zero((ReLU(u) - ReLU(-u) - u).expand()), u
            assert is_zero(ReLU(w.expand()) * u - ReLU(u) * w), u
            assert is_zero(ReLU(-w.expand()) * u - ReLU(-u) * w), u


@pytest.mark.parametrize("n", [2, 3, 4])
def test_what_is_written_back_has_the_value(n):
    at = dict(zip(v, map(S, (3, -5, 2, 7, -4)), strict=True))
    for u in signed(n):
        for e in (ReLU(u), ReLU(-u), Abs(u), 3 * ReLU(u) - u, x * ReLU(u) + Abs(u), Max(u, x * y)):
            steps = Steps()
            written = steps.written(steps.normal(e))
            for k in (1, -1):
                there = {s: k * value for s, value in at.items()}
                assert written.subs(there) == e.subs(there), (e, written)


def test_of_two_ways_that_are_as_long_the_kink_that_was_read_is_written():
    for u in (x - y, y - x):
        for e in (ReLU(u) + y, ReLU(u) + x):
            steps = Steps()
            assert steps.written(steps.normal(e)) == e


def test_the_order_of_the_terms_does_not_count():
    for u in (x - y, x * y - z - 2 + y, x**2 - y**2, x + y - z - 2, x * z - y * z):
        form = plain(u)
        ways = [_primitive(dict(terms)) for terms in permutations(form.items())]
        assert all(way == ways[0] for way in ways)


@pytest.mark.parametrize("number", [S(0), S(3), S(-2), Rational(1, 2)])
def test_of_a_number(number):
    e = ReLU(x * (y + 1) - x * y - x + number, evaluate=False)
    assert is_zero(e - Max(number, 0))


@pytest.mark.parametrize("k", [-2, -1, 1, 2, 3, 4])
def test_powers_of_factors_of_one_sign(k):
    """An even power of what is negative is positive."""
    u, turn = x - y, 1 - 2 * (k % 2)
    for s, factor in ((p, 1), (m, turn), (p * m, turn), (exp(z), 1)):
        e = ReLU((s**k * x - s**k * y).expand(), evaluate=False)
        assert is_zero(e - s**k * factor * ReLU(factor * u))
        assert not is_zero(e + s**k * factor * ReLU(-factor * u))


def test_of_a_sum_of_many_terms_no_step_is_made():
    """It is counted in the terms of a kink; what stands beside it is as it was."""
    sums = {n: Add(*(x**k * y for k in range(1, n))) + z for n in (_KINK, _KINK + 1)}
    for n, u in sums.items():
        steps = Steps()
        form = steps.normal(ReLU(u) * x + Max(x, y))
        assert len(steps.kinks) == (2 if n == _KINK else 1)
        assert steps.written(form).subs({z: 2, y: 1, x: 1}) == n + 2
        assert is_zero(ReLU(u) * (x + 1) - ReLU(u) * x - ReLU(u))
        assert is_zero(ReLU(u) - ReLU(-u) - u) == (n == _KINK)


def test_a_product_has_the_sign_of_its_factors():
    assert is_zero(Abs(x * y) - Abs(x) * Abs(y))
    assert is_zero(Abs(x * y * z) - Abs(x) * Abs(y) * Abs(z))
    assert is_zero(Abs(x**2 * y) - x**2 * Abs(y))
    assert is_zero(Abs(x**3 * y) - x**2 * Abs(x) * Abs(y))
    assert is_zero(ReLU(x * y) - ReLU(x) * ReLU(y) - ReLU(-x) * ReLU(-y))
    assert is_zero(ReLU(-2 * x * y) - 2 * ReLU(x) * ReLU(-y) - 2 * ReLU(-x) * ReLU(y))
    assert is_zero(ReLU(m * exp(z) * x) + m * exp(z) * ReLU(-x))


def test_steps_that_are_read_as_kinks():
    """Where what a step is multiplied with is 0 at its kink, and there only."""
    u = x - y
    for step, other in (
        (u * Heaviside(u), ReLU(u)),
        (u * Heaviside(-u, 1), -ReLU(-u)),
        (u * sign(u), Abs(u)),
        (u**2 * Heaviside(u) ** 3, u * ReLU(u)),
        (u**2 * sign(u) ** 2, u**2),
        (u * Heaviside(u) * Heaviside(u, 1), ReLU(u)),
        (u * z * sign(u) + u * Heaviside(u), z * Abs(u) + ReLU(u)),
        (ReLU(u) * Heaviside(-u), S.Zero),
        (Min(u, 0) * Heaviside(u), S.Zero),
    ):
        assert is_zero(step - other), step
    for jump in (Heaviside(u), sign(u) * (u + 1), u * Heaviside(u + 1), u * sign(u) + sign(u)):
        assert Steps().written(Steps().normal(jump)).subs({x: 5, y: 2}) == jump.subs({x: 5, y: 2})
        assert Steps().normal(jump).keys() == {k for k in Steps().normal(jump) if k[0] == 0}


def test_the_product_of_two_steps_at_one_place_has_the_product_of_the_values():
    a, b = symbols("a b", real=True)
    u = x - y
    assert is_zero(Heaviside(u, a) * Heaviside(u, b) - Heaviside(u, a * b))
    assert is_zero(Heaviside(u, a) ** 3 * z - Heaviside(u, a**3) * z)
    assert not is_zero(Heaviside(u, a) * Heaviside(z, b) - Heaviside(u, a * b))
    assert not is_zero(1 / Heaviside(u, a) - Heaviside(u, a))
