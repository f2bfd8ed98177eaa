"""What ReLU costs beside its peers; each table's figures in brackets are the ratios."""

import subprocess
import sys
from itertools import count

import numpy as np
import pytest
from sympy import Max, Symbol, lambdify, sin

from symrelu import ReLU

x = Symbol("x")
fresh = count(10)


@pytest.mark.benchmark(group="create f(x + k)")
@pytest.mark.parametrize("f", [sin, ReLU, lambda a: Max(0, a)], ids=["sin", "ReLU", "Max"])
def test_create(benchmark, f):
    benchmark.pedantic(lambda: f(x + next(fresh)), rounds=1000, warmup_rounds=20)


@pytest.mark.benchmark(group="import")
@pytest.mark.parametrize("modules", ["sympy", "sympy, symrelu"])
def test_import(benchmark, modules):
    command = [sys.executable, "-c", f"import {modules}"]
    benchmark.pedantic(lambda: subprocess.run(command, check=True), rounds=12, warmup_rounds=2)


def evaluate(benchmark, f, dtype):
    data = np.random.default_rng(0).normal(size=10**6).astype(dtype)
    assert f(data).dtype == dtype
    benchmark(f, data)


FUNCTIONS = {"numpy.maximum": lambda a: np.maximum(a, 0), "ReLU": lambdify(x, ReLU(x), "numpy")}


@pytest.mark.benchmark(group="evaluate on 1e6 float64")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_evaluate_float64(benchmark, name):
    evaluate(benchmark, FUNCTIONS[name], np.float64)


@pytest.mark.benchmark(group="evaluate on 1e6 float32")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_evaluate_float32(benchmark, name):
    evaluate(benchmark, FUNCTIONS[name], np.float32)
