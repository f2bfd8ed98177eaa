"""What gradient costs beside its peers; each table's figures in brackets are the ratios."""

import subprocess
import sys
from pathlib import Path

import pytest
from sympy import Max, Rational, Symbol

from symrelu import ReLU, gradient

sys.path.append(str(Path(__file__).parents[1]))

from support.networks import chain, matrix_network, network

LARGE = (2, 32, 32, 1)  # 1,185 parameters
SMALL = (2, 4, 4, 4, 4, 1)  # 77 parameters


def once(benchmark, f, rounds=1):
    return benchmark.pedantic(f, rounds=rounds, warmup_rounds=1 if rounds > 1 else 0)


# The bound: the gradient in under 5 times the time that building takes.


@pytest.mark.benchmark(group="a network of 1,185 parameters: gradient < 5 x build")
@pytest.mark.parametrize("task", ["build", "gradient"])
def test_large_network(benchmark, task):
    if task == "build":
        _, parameters = once(benchmark, lambda: network(LARGE), rounds=7)
        assert len(parameters) == 1185
    else:
        # A new expression each round, so that no cache knows its subexpressions.
        benchmark.pedantic(gradient, setup=lambda: (network(LARGE), {}), rounds=7, warmup_rounds=1)


# The bound: at least 200 times faster than one diff per parameter.


@pytest.mark.benchmark(group="a network of 77 parameters: diff each > 200 x gradient")
@pytest.mark.parametrize("how", ["gradient", "diff each"])
def test_small_network(benchmark, how):
    tasks = {"gradient": gradient, "diff each": lambda e, wrt: [e.diff(v) for v in wrt]}
    rounds = 10 if how == "gradient" else 1
    answer = benchmark.pedantic(
        tasks[how],
        setup=lambda: (network(SMALL), {}),
        rounds=rounds,
        warmup_rounds=rounds // 10 if rounds > 1 else 0,
    )
    assert len(answer) == 77


# The bound: under 0.1 times one import of SymPy.


@pytest.mark.benchmark(group="a (784, 128, 10) network over a batch: gradient < 0.1 x import")
@pytest.mark.parametrize("what", ["gradient", "import sympy"])
@pytest.mark.parametrize("batch", [Symbol("n", integer=True, positive=True)], ids=["batch n"])
def test_matrix_network(benchmark, what, batch):
    if what == "gradient":
        answer = once(benchmark, lambda: gradient(*matrix_network((784, 128, 10), batch)), 10)
        assert [g.shape for g in answer] == [(128, 784), (128, 1), (10, 128), (10, 1)]
    else:
        command = [sys.executable, "-c", "import sympy"]
        once(benchmark, lambda: subprocess.run(command, check=True), rounds=5)


# Growth: each further layer adds to the cost of gradient, and multiplies that of its peers.


@pytest.mark.benchmark(group="by depth, width 2: gradient is linear")
@pytest.mark.parametrize("depth", [25, 50, 100, 200])
def test_depth(benchmark, depth):
    sizes = [2] + [2] * depth + [1]
    benchmark.pedantic(gradient, setup=lambda: (network(sizes), {}), rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="by width, depth 2: gradient is linear in the weights")
@pytest.mark.parametrize("width", [4, 8, 16, 32])
def test_width(benchmark, width):
    sizes = [2, width, width, 1]
    benchmark.pedantic(gradient, setup=lambda: (network(sizes), {}), rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="by depth, width 2: one diff per parameter is exponential")
@pytest.mark.parametrize("depth", [2, 4, 6])
def test_depth_of_diff(benchmark, depth):
    sizes = [2] + [2] * depth + [1]
    benchmark.pedantic(
        lambda e, wrt: [e.diff(v) for v in wrt], setup=lambda: (network(sizes), {}), rounds=1
    )


@pytest.mark.benchmark(group="building, width 4: Max grows some 4-fold a layer")
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("f", [ReLU, lambda z: Max(0, z)], ids=["ReLU", "Max"])
def test_build(benchmark, f, depth):
    once(benchmark, lambda: network([2] + [4] * depth + [1], f), rounds=2)


@pytest.mark.benchmark(group="e = ReLU(e/2 + ReLU(e - 1)/3 - c)")
@pytest.mark.parametrize("task", ["build", "gradient"])
@pytest.mark.parametrize("levels", [250, 500])
def test_chain(benchmark, levels, task):
    if task == "build":
        once(benchmark, lambda: chain(levels, Rational(1, 7)), rounds=5)
    else:
        build = lambda: (chain(levels, Rational(1, 7)), {})  # noqa: E731
        benchmark.pedantic(gradient, setup=build, rounds=5, warmup_rounds=1)
