"""What SymPy's calculus costs with ReLU, beside the smooth problem of the same kind.

The rows are those of ``tests/test_calculus.py``.  SymPy takes minutes for some of the smooth ones:
they run when the environment variable BENCHMARK_SLOW is set.
"""

import os
import sys
from pathlib import Path

import pytest
from sympy.core.cache import clear_cache

from symrelu import ReLU

sys.path.append(str(Path(__file__).parents[1]))

from test_calculus import ROWS

PEERS = [
    pytest.param(row, f, marks=pytest.mark.benchmark(group=row.what), id=f"{name}: {row.what}")
    for row in ROWS
    for name, f in (
        ("ReLU", ReLU),
        ("smooth", row.smooth if "BENCHMARK_SLOW" in os.environ else None),
    )
    if f is not None
]


@pytest.mark.parametrize(("row", "f"), PEERS)
def test_calculus(benchmark, row, f):
    benchmark.pedantic(row.call, args=(f,), setup=clear_cache, rounds=1)
