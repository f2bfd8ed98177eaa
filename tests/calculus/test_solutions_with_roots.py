"""Solutions with a root of a symbol are given where they are real."""

import pytest
from sympy import Abs, S, nan, sqrt, symbols

from symrelu import ReLU, calculus

x, c = symbols("x c", real=True)


@pytest.mark.parametrize("at", [-4, S(9) / 4])
def test_of_both_signs(at):
    found = [value.subs(c, at) for value in calculus.solve(x * Abs(x) - c, x)]
    assert {value for value in found if value is not nan} == {sqrt(at) if at > 0 else -sqrt(-at)}


def test_of_one_sign():
    found = calculus.solve(ReLU(x) ** 2 - c, x)
    assert {value.subs(c, -4) for value in found} == {nan}
    assert {value.subs(c, 4) for value in found} == {nan, 2}
