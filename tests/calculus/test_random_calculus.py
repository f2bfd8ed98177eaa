"""Random questions of calculus: none wrong, none late, most answered."""

import os

import pytest
from support.calculus_random import KINDS, ask

COUNT = int(os.environ.get("CALCULUS_EXAMPLES", "16"))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_random(kind):
    outcome, bad = ask(kind, COUNT)
    assert bad == []
    assert outcome["wrong"] == 0
    assert outcome["right"] >= COUNT * 0.6
