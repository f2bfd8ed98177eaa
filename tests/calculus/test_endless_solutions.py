"""Equations that whole intervals solve, for some values of the other symbols."""

import pytest
from sympy import Max, symbols

from symrelu import ReLU, calculus

x, y = symbols("x y", real=True)
p = symbols("p", positive=True)


@pytest.mark.parametrize("f", [ReLU(x) - ReLU(y), ReLU(x - Max(y, 2)) - ReLU(y - 3)], ids=str)
def test_for_some_signs_of_a_constant(f):
    with pytest.raises(NotImplementedError, match="signs of kinks in y"):
        calculus.solve(f, x)
    with pytest.raises(NotImplementedError, match="signs of kinks in y"):
        calculus.nonlinsolve([f], [x])


def test_with_a_sign_there_is_one():
    assert calculus.solve(ReLU(x) - ReLU(p), x) == [p]
    assert calculus.solve(ReLU(x) - ReLU(y) - 1, x) == [ReLU(y) + 1]


def test_what_vanishes_on_a_half_line_is_said_to():
    with pytest.raises(NotImplementedError, match="infinitely many"):
        calculus.solve(ReLU(x - y) * (x - 3), x)
