"""What SymPy's calculus of ReLU costs beside the same of a smooth function in its place.

The bound: no task takes 5 times as long, the caches empty for both.  One does: the Fourier series
of ``ReLU(sin(x))``, which has no end, beside that of ``sin(x)**2``, in which SymPy sees a
trigonometric polynomial of two terms and computes no integral.
"""

import sys
from pathlib import Path

import pytest
from sympy.core.cache import clear_cache
from sympy.polys.polyerrors import PolynomialError

from symrelu import ReLU

sys.path.append(str(Path(__file__).parents[1]))

from support.calculus_table import FACTS, SETS, TABLE

TASKS = [
    pytest.param(task, which, id=f"{which}: {task.what}", marks=pytest.mark.benchmark(group=group))
    for name, tasks in {**TABLE, "set": SETS, "fact": FACTS}.items()
    for task in tasks
    if task.smooth
    for group in [f"{name}: {task.what}"]
    for which in ("ReLU", "smooth")
]


@pytest.mark.parametrize(("task", "which"), TASKS)
def test_task(benchmark, pytestconfig, task, which):
    f = ReLU if which == "ReLU" else task.smooth
    if which == "smooth":
        # Where SymPy has no answer to the smooth problem there is nothing to compare with.
        try:
            task.call(f)
        except (NotImplementedError, PolynomialError) as error:
            pytest.skip(f"SymPy does not answer the smooth problem: {error}"[:200])
    benchmark.pedantic(
        task.call, (f,), setup=clear_cache, rounds=pytestconfig.getoption("benchmark_min_rounds")
    )
