"""What compiled code costs beside its peers; each table's figures in brackets are the ratios.

The peers are those of ``report.py``, which runs them in turn and prints one table.
SymPy takes a minute to compile the larger network, and does so only when the environment
variable BENCHMARK_SLOW is set.
"""

import pytest
from report import OURS, TASKS, installed, peers

SECONDS = {"SymPy cse=True"}  # take seconds for one call
PEERS = [
    pytest.param(task, k, marks=pytest.mark.benchmark(group=task), id=f"{task}: {peer[0]}")
    for task in TASKS
    for k, peer in enumerate(peers(task))
]


@pytest.mark.parametrize(("task", "k"), PEERS)
def test_lambdify(benchmark, task, k):
    name, needs, prepare = peers(task)[k]
    if not installed(needs):
        pytest.skip(f"needs {', '.join(needs)}")
    run = prepare()
    run()
    if name in SECONDS:
        benchmark.pedantic(run, rounds=1)
    else:
        benchmark(run)


@pytest.mark.parametrize("task", TASKS)
def test_the_ratios_are_to_ours(task):
    assert peers(task)[0][0] == OURS
