"""No name and no text in a container ever runs as code."""

import builtins
import os
import warnings

import pytest
from support import hostile

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@pytest.fixture(autouse=True)
def ran():
    hostile.listen()
    yield hostile.RAN
    del builtins.symrelu_hostile_ran
    hostile.RAN.clear()


def test_it_would_be_heard(ran):
    eval(hostile.CODE)
    assert ran == [1]


def test_names(ran):
    engines = hostile.engines()
    kinds = {hostile.try_name(seed, engines) for seed in range(30_000 if LONG else 300)}
    assert {"symbol", "undefined", "matrix", "class refused"} <= kinds
    assert not ran


CALLS = dict(hostile.calls())
OURS = [name for name in CALLS if LONG or name.split()[0] in ("ReLU", "lambdify", "as_relu")]
SAMPLE = [
    "hessian along",
    "gradient",
    "jacobian wrt",
    "relusimp",
    "elementwise",
    "integrate",
    "solve",
]


@pytest.mark.parametrize("label", [*OURS, *([] if LONG else SAMPLE)])
def test_text_in_containers(label, ran):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in hostile.CONTAINERS:
            hostile.try_container(name, CALLS[label])
            assert not ran, (label, name)


@pytest.mark.parametrize("name", [name for name in hostile.CONTAINERS if "dict key" not in name])
def test_text_is_a_type_error(name):
    for label in ("ReLU", "as_relu", "relusimp", "gradient", "lambdify", "integrate", "solve"):
        with pytest.raises(TypeError):
            CALLS[label](hostile.CONTAINERS[name]())
