"""The same formulas on every engine, for numbers and arrays of all kinds."""

import os
from collections import Counter

import pytest

pytest.importorskip("torch")

from support.differential import KINDS, check_formula

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@pytest.mark.parametrize("check", KINDS, ids=lambda check: check.__name__)
def test_all_engines_agree_with_arithmetic(check):
    counts = sum(map(check, range(1, 2000 if LONG else 16)), start=Counter())
    assert counts["numpy"] > 100
    assert counts["torch"] > 100


def test_a_wrong_number_is_found(monkeypatch):
    import support.differential

    monkeypatch.setattr(support.differential, "lambdify", lambda args, outputs, engine: by_hand)

    def by_hand(x, y, z):
        return [0 * x + 0.1234] * 4

    with pytest.raises(AssertionError, match="and not"):
        check_formula(2)
