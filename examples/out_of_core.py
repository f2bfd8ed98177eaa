"""A loss and its gradient over more data than the memory holds, chunk by chunk.

The compiled function runs unchanged on Dask arrays: lazily, on two worker processes.  The
script prints how much data there is and how little memory the two have together, checks the
result against NumPy on a slice, and saves a figure.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, RED, output_folder, save
from matplotlib.figure import Figure
from sympy import symbols

from symrelu import ReLU, gradient, lambdify

try:
    import dask
    import dask.array as da
    from dask.distributed import Client, LocalCluster, progress
except ImportError:
    sys.exit('this example needs Dask: pip install "dask[array,distributed]"')

MB = 10**6
WORKERS, LIMIT = 2, 320 * MB  # a worker that needs more than this is killed
POINTS, CHUNK = 44 * MB, MB // 2
B = 0.25
WEIGHTS = np.linspace(-1, 3, 5)

x, y, w, b = symbols("x y w b")
loss = ReLU(1 - y * (w * x + b))
hinge = lambdify([x, y, w, b], [loss, *gradient(loss, [w, b])])


def data() -> tuple[Any, Any]:
    """Points, and the class of each, 1 or -1; nothing is computed yet."""
    rng = da.random.default_rng(0)
    X, noise = rng.normal(size=(2, POINTS), chunks=(1, CHUNK))
    return X, da.where(X + 0.7 * noise > 0, 1.0, -1.0)


def peak(dask_worker: Any) -> int:
    """The most bytes that a worker was seen to use."""
    return max(dask_worker.monitor.quantities["memory"])


def compute(client: Client, X: Any, Y: Any) -> np.ndarray:
    """The mean loss and its gradient, one row for each weight."""
    means = [[part.mean() for part in hinge(X, Y, weight, B)] for weight in WEIGHTS]
    future = client.compute(da.stack([da.stack(row) for row in means]))
    progress(future, notebook=False)
    print()
    return future.result()


def check(X: Any, Y: Any) -> None:
    part = slice(POINTS // 2, POINTS // 2 + CHUNK // 10)
    lazy = da.stack(hinge(X[part], Y[part], 1, B))
    X, Y = dask.compute(X[part], Y[part])
    active = Y * (X + B) < 1
    by_hand = [np.where(active, 1 - Y * (X + B), 0), -X * Y * active, -Y * active]
    error = np.abs(lazy.compute() - by_hand).max()
    print(f"\nAgainst NumPy by hand, on a slice of {X.size:,} points: differs by {error} at most")
    assert error < 1e-12


def draw(table: np.ndarray) -> Figure:
    figure, axes = plt.subplots(figsize=(6.5, 4.2))
    reach = 0.8 * (WEIGHTS[1] - WEIGHTS[0]) * np.array([-1, 1])
    for weight, (value, slope, _) in zip(WEIGHTS, table, strict=True):
        line = axes.plot(weight + reach, value + slope * reach, color=BLUE, linewidth=1.5)
    line[0].set_label("tangent, by the compiled gradient")
    axes.plot(WEIGHTS, table[:, 0], "o", color=RED, label="mean loss")
    axes.set(
        title=f"Hinge loss of {POINTS // MB} million points, out of core",
        xlabel="$w$",
        ylabel=r"mean of $\mathrm{ReLU}(1 - y\,(w x + b))$",
        ylim=(0, None),
    )
    axes.legend()
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    X, Y = data()
    print(f"L        = {loss}")
    size, memory = X.nbytes + Y.nbytes, WORKERS * LIMIT
    print(f"data     : {size:13,} bytes in chunks of {CHUNK * X.itemsize:,}")
    print(f"workers  : {memory:13,} bytes of memory, {WORKERS} of {LIMIT:,}, and no disk\n")
    assert size > memory
    no_disk = {f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")}
    quiet = {"logging.distributed": "error"}  # in the workers
    with (
        dask.config.set(no_disk | quiet),
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            memory_limit=LIMIT,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        table = compute(client, X, Y)
        print("\nmost memory that each worker was seen to use, in bytes:")
        for used in client.run(peak).values():
            print(f"           {used:13,}")
        check(X, Y)

    print(f"\n    {'w':>6}  {'mean L':>8}  {'dL/dw':>8}  {'dL/db':>8}")
    for weight, row in zip(WEIGHTS, table, strict=True):
        print(f"    {weight:6.3f}  " + "  ".join(f"{value:8.4f}" for value in row))

    print()
    save(folder, {"out_of_core": draw(table)})


if __name__ == "__main__":
    main()
