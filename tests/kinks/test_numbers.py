"""The numbers of broken lines: exact ones, and floating ones that know how far off they may be."""

import pytest
from sympy import Float, Rational, S, pi, sin, sqrt, symbols

from symrelu import ReLU
from symrelu.kinks.numbers import (
    Near,
    NoLineError,
    as_expr,
    is_zero,
    minus,
    negative,
    number,
    over,
    plus,
    sign_of,
    tidy,
    times,
)

x, a, b = symbols("x a b", real=True)
tenth, third = number(Float("0.1")), S.One / 3


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (plus(tenth, tenth), 0.2),
        (plus(third, tenth), 1 / 3 + 0.1),
        (plus(tenth, pi), 3.241592653589793),
        (minus(pi, tenth), 3.041592653589793),
        (minus(tenth, pi), -3.041592653589793),
        (times(tenth, sqrt(2)), 0.1414213562373095),
        (over(tenth, third), 0.3),
        (over(third, tenth), 10 / 3),
        (over(tenth, tenth), 1),
        (negative(tenth), -0.1),
    ],
)
def test_floating_numbers_stay_near(result, expected):
    assert isinstance(result, Near)
    assert abs(as_expr(result) - expected) < 1e-15


@pytest.mark.parametrize("digits", [8, 15, 50])
@pytest.mark.parametrize("exact", [S.One / 3, pi, sqrt(2) - 1, S(10) ** 20 / 7], ids=str)
def test_an_exact_number_is_known_to_the_digits_of_the_floating_one(digits, exact):
    near = number(Float("1.25", digits))
    for result, expected in (
        (plus(near, exact), Rational(5, 4) + exact),
        (times(exact, near), Rational(5, 4) * exact),
        (over(exact, near), exact / Rational(5, 4)),
        (minus(exact, near), exact - Rational(5, 4)),
    ):
        assert abs((as_expr(result) - expected).evalf(70) / expected) < 10 ** (1 - digits)
    assert sign_of(minus(plus(near, exact), Rational(5, 4) + exact)) == 0


def test_what_holds_parameters_is_an_expression():
    assert plus(tenth, a) == plus(a, tenth) == a + Float("0.1")
    assert times(a + b, tenth) == Float("0.1") * a + Float("0.1") * b
    assert minus(a, pi) == a - pi
    assert negative(a - pi) == pi - a
    assert over(a, b) == a / b


def test_nothing_is_0_times_what_is_not_defined():
    for undefined in (S.NaN, S.Infinity, S.ComplexInfinity):
        assert times(S.Zero, undefined) is S.NaN
    assert sign_of(times(S.Zero, tenth)) == 0


def test_terms_are_written_out_but_not_what_stands_in_functions():
    inside = sin(x * (a + 1))
    assert tidy(a * (inside + b)) == a * b + a * inside


def test_what_is_not_known_to_differ_from_0_is_0():
    assert is_zero(minus(tenth, tenth))
    assert not is_zero(tenth)


def test_signs():
    assert [sign_of(t) for t in (S(-3), S.Zero, pi - 3, negative(tenth))] == [-1, 0, 1, -1]
    assert sign_of(minus(plus(tenth, number(Float("0.2"))), number(Float("0.3")))) == 0
    with pytest.raises(NoLineError, match=r"^the sign of a is not known$"):
        sign_of(a)
    large = sum(ReLU(x - k) * a**k for k in range(40)) - a
    with pytest.raises(NoLineError, match=r"^the sign of a large number is not known$"):
        sign_of(large)
