"""Questions that people ask, each against its closed form and a number."""

import pytest
from support.calculus_questions import QUESTIONS, SETS
from sympy import Rational


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.what)
def test_number(question):
    result = question.call()
    gap = (result - question.closed).evalf(30, chop=True)
    assert abs(gap) < 1e-25
    assert float(result) == pytest.approx(question.number(), abs=2e-4)


@pytest.mark.parametrize("question", SETS, ids=lambda question: question.what)
def test_set(question):
    result = question.call()
    assert result == question.closed
    for i in range(-40, 41):
        point = Rational(2 * i + 1, 14)
        assert bool(result.contains(point)) == question.holds(float(point)), point
