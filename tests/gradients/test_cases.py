"""Matrix expressions that people write, with PyTorch's numbers beside ours."""

from itertools import count

import pytest
from support import matrix_cases
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


# The tests themselves


def test_a_wrong_gradient_is_noticed():
    pytest.importorskip("torch")
    case = next(case for case in CASES if case.name == "ridge regression")
    with pytest.raises(AssertionError, match="by lamda"):
        check(case._replace(twin=lambda X, w, y, c: case.twin(X, w, y, c) + c - c.detach()))


def test_central_differences_where_there_is_no_torch(monkeypatch):
    monkeypatch.setattr(matrix_cases, "torch", None)
    check(next(case for case in CASES if case.name == "Mahalanobis distance"))


def test_what_takes_too_long_is_named():
    with pytest.raises(AssertionError, match=r"no answer .* a loop"), time_limit(0.01, "a loop"):
        sum(1 for _ in count())
