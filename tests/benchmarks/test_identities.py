"""What relusimp and as_relu cost; each table's figures in brackets are the ratios."""

from random import Random

import pytest
from sympy import Add, Piecewise, Rational, expand, symbols
from sympy.core.cache import clear_cache

from symrelu import ReLU, as_relu, relusimp


def hinges():
    """A sum of 200 hinges in 20 variables."""
    random = Random(0)
    variables = symbols("x:20", real=True)

    def argument():
        terms = (random.randint(-3, 3) * v for v in random.sample(variables, 3))
        return sum(terms, random.randint(-3, 3))

    return Add(*(random.choice([-2, -1, 1, 2]) * ReLU(argument()) for _ in range(200)))


# The bound: relusimp in under 50 times what expand takes.


@pytest.mark.benchmark(group="200 hinges in 20 variables: relusimp < 50 x expand")
@pytest.mark.parametrize("task", [expand, relusimp, as_relu], ids=lambda task: task.__name__)
def test_hinges(benchmark, task):
    def setup():
        clear_cache()  # so that no cache knows the answer
        return (hinges(),), {}

    benchmark.pedantic(task, setup=setup, rounds=3)


@pytest.mark.benchmark(group="linear regions of a (1, 8, 8, 1) network")
def test_linear_regions(benchmark):
    random, units = Random(0), [symbols("x", real=True)]
    for size in (8, 8, 1):
        sums = [sum(Rational(random.randint(-9, 9), 4) * u for u in units) for _ in range(size)]
        units = [ReLU(z + Rational(random.randint(-9, 9), 4)) for z in sums]

    def regions(network):
        return relusimp(network.rewrite(Piecewise))

    def setup():
        clear_cache()
        return units, {}

    assert len(benchmark.pedantic(regions, setup=setup, rounds=3).args) > 2
