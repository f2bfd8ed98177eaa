"""Matrix expressions that people write, with PyTorch's numbers beside ours."""

import pytest
from support.cases import CASES
from support.limits import time_limit
from support.matrix_cases import check, derive, lambdify

ANSWERED = [case for case in CASES if not case.refused]
REFUSED = [case for case in CASES if case.refused]


def named(cases):
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("case", named(ANSWERED))
def test_value_and_gradients(case):
    with time_limit(8, case.name):
        check(case)


def compiled(case):
    variables, _, expr, gradients = derive(case)
    return lambdify(variables, [expr, gradients])


@pytest.mark.parametrize("case", named(REFUSED))
def test_what_is_refused_is_refused_by_name(case):
    with time_limit(8, case.name), pytest.raises(case.refused.error, match=case.refused.message):
        compiled(case)


def test_names_are_told_apart():
    assert len({case.name for case in CASES}) == len(CASES)
