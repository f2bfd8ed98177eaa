"""Polynomials in whatever an expression is made of: division, and the bounds that end it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.limits import time_limit
from sympy import (
    Abs,
    Add,
    Float,
    Heaviside,
    Max,
    Piecewise,
    Rational,
    S,
    Symbol,
    div,
    exp,
    pi,
    sign,
    sqrt,
    symbols,
)

from symrelu import ReLU, as_relu, relusimp
from symrelu.kinks import polynomials
from symrelu.kinks.polynomials import (
    TooLargeError,
    add_to,
    degree,
    divided,
    expanded,
    plain,
    powers_of,
    quotient,
    sum_of,
)

x, y, z = symbols("x y z", real=True)
A, B = symbols("A B", commutative=False)


@pytest.mark.parametrize(
    ("dividend", "divisor", "expected"),
    [
        (x**2 - y**2, x - y, x + y),
        (3 * x - 3 * y, y - x, -3),
        (x * (y + 1) - x * y - x, x, 0),
        (exp(x) ** 2 - 1, exp(x) - 1, exp(x) + 1),
        (x**2 / y - x, x, x / y - 1),
        (1 / x, x, None),  # 1/x is no power of x
        (1 / x**2 - 1, 1 / x - 1, 1 / x + 1),
        (x / y - y / x, 1 / x - 1 / y, None),
        (1.5 * x**2 - 1.5, x - 1, 1.5 * x + 1.5),
        (pi * x + pi, x + 1, pi),
        (x**2 + 1, x + 1, None),
        (x, x + y, None),
        (x, 0, None),
        (0, x, 0),
        (A * B * x, x, A * B),
        ((x - y) ** 400 * z, x - y, z * (x - y) ** 399),
        (z**400 - y**400, z - y, Add(*(z**k * y ** (399 - k) for k in range(400)))),
        (x**y * z, z, x**y),
    ],
    ids=str,
)
def test_quotient(dividend, divisor, expected):
    found = quotient(x * 0 + dividend, x * 0 + divisor)
    assert found == expected if expected is not None else found is None


terms = st.tuples(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3))
sums = st.lists(terms, min_size=1, max_size=4).map(
    lambda ts: Add(*(k * x**m * y**n for k, m, n in ts))
)


@given(sums, sums)
def test_division_is_that_of_sympy(p, q):
    for dividend in (p, (p * q).expand()):
        if q != 0:
            (ratio, rest) = div(dividend, q, x, y, domain="QQ")
            assert quotient(dividend, q) == (ratio if rest == 0 else None)


def test_bounds():
    large = (x + y + z + 1) ** 61
    for f in (plain, lambda e: plain(sum(symbols("v:40")) ** 2), lambda e: plain(e * e)):
        with pytest.raises(TooLargeError):
            f(large)
    assert expanded(large) == large
    assert expanded(x * (y + 1)) == x * y + x
    assert quotient(x, large) is None
    assert quotient(large, x) is None
    assert quotient(large * x, x) == large
    with pytest.raises(TooLargeError):
        divided(plain(x**3000 - y**3000), plain(x - y))
    assert plain((x * (y + 1) - x * y - x) ** 90) == {}


def test_a_bound_on_the_steps_of_a_division(monkeypatch):
    monkeypatch.setattr(polynomials, "_PRODUCT", 3)
    assert quotient(x**3 - y**3, x - y) == x**2 + x * y + y**2
    assert quotient(x**5 - y**5, x - y) is None


def test_numbers_are_no_variables():
    """Whatever they are: what is left has as many terms as it has products of symbols."""
    for k in (S(2), Rational(2, 3), Float("0.5"), pi, S.GoldenRatio):
        for e in (k * x + x, x * (k + 1) + y - y, k * (x + 1) - k):
            assert [rest for _, rest in plain(e)] == [frozenset({(x, 1)})]
        assert len(plain(k * x + k * y + k)) == 3
        assert degree(plain(k)) == 0
    assert plain(pi - pi * (x + 1) + pi * x) == {}


def test_what_adds_up_to_0_is_no_term():
    form = {}
    for c in (S(2), S(-2), S(0), pi):
        add_to(form, x, c)
    assert form == {x: pi}
    add_to(form, y, S(0))
    assert form == {x: pi}
    assert sum_of([plain(x + y), plain(-x), plain(S(0))]) == plain(y)


def test_degrees_and_powers():
    assert degree(plain(x**3 * y + x)) == 4
    assert degree({}) == 0
    assert powers_of(x, plain(x**3 * y + 2 * x + sqrt(2) * x - 5)) == {
        3: y,
        1: 2 + sqrt(2),
        0: -5,
    }


@pytest.mark.long  # it has half a million products
def test_deep_sums_of_products_need_no_recursion():
    horner = x
    for _ in range(1100):
        horner = horner * y + 1
    assert len(plain(horner)) == 1101


big = (x + y + z + 1) ** 60
total = sum(symbols("v:12", real=True))


@pytest.mark.parametrize(
    "e",
    [
        Heaviside(Piecewise((Max(1, y) ** 20, z**2 < ReLU(z) - 1), (z**400, True))),
        Piecewise((big, x > y), (big + x - y, True)),
        Piecewise((big * 1.5, x > y), (big * 1.5 + x - y, True)),
        Piecewise((x, big > 1), (ReLU(x), True)),
        Heaviside(x - y) * big * (x - y),
        Heaviside(x) * big,
        sign(x - y) * total**15 * (x - y),
        Max(x * y, big, total**15),
        Piecewise((x**300, x > 1), (x, True)) ** 8 * Heaviside(x - 2),
        Heaviside(z - y) * (z**400 - y**400),
        sqrt((x + y) ** 40 + 1) + Abs(x),
        sqrt((x + y + z + 1) ** 62 + 1) + Abs(x),
        Piecewise((x**60, x > 1), (x, True)) * x**50 * Heaviside(x - 2),
        sqrt(x**400 - 2 * x**200 + 1),
        Abs(x) * x**1000,
        ReLU(x, Symbol("c") ** 400 + (x + y + z) ** 90) + Abs(x),
    ],
    ids=lambda e: str(e)[:50],
)
def test_powers_of_hundreds_are_no_reason_to_wait(e):
    for f in (as_relu, relusimp):
        with time_limit(60, f"{f.__name__}({e})"):  # it takes less than one, on an idle machine
            f(e)


def test_a_step_times_a_high_power_of_what_it_steps_at():
    assert as_relu(Heaviside(z - y, 0) * (z - y) ** 400) == (z - y) ** 399 * ReLU(z - y)
    high = ReLU(x - y) ** 400 * Heaviside(x - y)
    assert relusimp(high) == high
