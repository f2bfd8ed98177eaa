"""Random matrix expressions over the whole vocabulary, against PyTorch."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from support.matrix_programs import NUMBERS, STEPS, UnbuildableError, check, program

picks = st.tuples(
    st.integers(0, len(STEPS) - 1), st.integers(0, len(NUMBERS) - 1), *[st.integers(0, 9)] * 4
)


@settings(max_examples=2 * settings().max_examples)
@given(st.lists(picks, min_size=1, max_size=8))
def test_value_and_gradients_are_those_of_pytorch(drawn):
    lines = program(drawn)
    assume(lines)
    try:
        check(lines)
    except UnbuildableError:
        assume(False)
