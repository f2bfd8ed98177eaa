"""What compiled code costs beside its peers: ``python tests/benchmarks/report.py``.

It prints one table: task, peer, the shortest and the median time, and how many times ours
each is.  A peer that is not installed is left out, and named at the end.

The peers of a task run in turn, in an order drawn anew for every round, so that whatever
else the machine does falls on all alike.  Where cores are shared, one thread for each
peer compares the work and not the waiting: ``OMP_NUM_THREADS=1 python ...``.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import sympy
from sympy import Heaviside, Max, Piecewise, symbols

from symrelu import ReLU, gradient, lambdify

sys.path.append(str(Path(__file__).parent.parent))
from support import networks

Run = Callable[[], Any]
# A peer: its name, what must be installed, and what prepares the call that is timed.
Peer = tuple[str, tuple[str, ...], Callable[[], Run]]

OURS = "symrelu"
x = symbols("x")
SLOPES = {
    "SymPy Heaviside": Heaviside(x, 0),
    "SymPy Max": Max(0, x).diff(x),
    "SymPy Piecewise": Piecewise((x, x > 0), (0, True)).diff(x),
}


# The slope of ReLU


def slope_of_array(dtype: str) -> Iterator[Peer]:
    data = np.random.default_rng(0).normal(size=10**6).astype(dtype)

    def by_numexpr() -> Run:
        import_module("numexpr")
        return partial(lambdify(x, ReLU(x).diff(x), "numexpr"), data)

    def by_numba() -> Run:
        numba = import_module("numba")
        step = numba.vectorize(lambda a: 1 if a > 0 else 0 if a <= 0 else a)
        return partial(step, data)

    def by_jax() -> Run:
        jax = import_module("jax")
        step = jax.jit(jax.vmap(jax.grad(jax.nn.relu)))
        given = jax.numpy.asarray(data)
        return lambda: jax.block_until_ready(step(given))

    def by_torch() -> Run:
        torch = import_module("torch")
        given = torch.tensor(data, requires_grad=True)
        return lambda: torch.autograd.grad(torch.relu(given).sum(), given)

    yield OURS, (), lambda: partial(lambdify(x, ReLU(x).diff(x)), data)
    yield "NumPy mask (wrong for nan)", (), lambda: lambda: (data > 0).astype(data.dtype)
    for name, slope in SLOPES.items():
        yield name, (), lambda slope=slope: partial(sympy.lambdify(x, slope), data)
    yield "symrelu numexpr", ("numexpr",), by_numexpr
    yield "Numba", ("numba",), by_numba
    if dtype == "float32":  # what JAX computes in, unless told otherwise
        yield "JAX", ("jax",), by_jax
    yield "PyTorch (with the sum)", ("torch",), by_torch


def relu_of_array(size: int, dtype: str) -> Iterator[Peer]:
    data = np.random.default_rng(0).normal(size=size).astype(dtype)
    yield OURS, (), lambda: partial(lambdify(x, ReLU(x)), data)
    yield "a copy", (), lambda: data.copy
    yield "numpy.maximum", (), lambda: lambda: np.maximum(data, 0)


def loss_and_slopes() -> Iterator[Peer]:
    """A loss of one hinge on 1e6 points, and its two slopes."""
    w, b, y = symbols("w b y")
    loss = (ReLU(w * x + b) - y) ** 2
    outputs = [loss, *gradient(loss, [w, b])]
    rng = np.random.default_rng(0)
    given = 1.5, 0.3, rng.normal(size=10**6), rng.normal(size=10**6)

    def by_numpy(w, b, x, y):
        z = w * x + b
        r = np.maximum(z, 0) - y
        g = 2 * r * (z > 0)
        return r**2, g * x, g

    def by_loop() -> Run:
        @import_module("numba").njit
        def loop(w, b, x, y):
            loss, by_w, by_b = np.empty_like(x), np.empty_like(x), np.empty_like(x)
            for i in range(x.size):
                z = w * x[i] + b
                r = (0 if z < 0 else z) - y[i]
                g = 2 * r * (1 if z > 0 else 0 if z <= 0 else z)
                loss[i], by_w[i], by_b[i] = r**2, g * x[i], g
            return loss, by_w, by_b

        return partial(loop, *given)

    def by_numexpr() -> Run:
        import_module("numexpr").set_num_threads(1)
        return partial(lambdify([w, b, x, y], outputs, "numexpr"), *given)

    yield OURS, (), lambda: partial(lambdify([w, b, x, y], outputs), *given)
    yield "NumPy by hand", (), lambda: partial(by_numpy, *given)
    yield "symrelu numexpr", ("numexpr",), by_numexpr
    yield (
        "symrelu numba",
        ("numba",),
        lambda: partial(lambdify([w, b, x, y], outputs, "numba"), *given),
    )
    yield "Numba by hand", ("numba",), by_loop


def slope_of_number() -> Iterator[Peer]:
    yield OURS, (), lambda: partial(lambdify(x, ReLU(x).diff(x)), 0.5)
    yield "symrelu math", (), lambda: partial(lambdify(x, ReLU(x).diff(x), "math"), 0.5)
    for name, slope in SLOPES.items():
        yield name, (), lambda slope=slope: partial(sympy.lambdify(x, slope), 0.5)
        if name != "SymPy Heaviside":  # which has no form in math
            yield f"{name} math", (), lambda slope=slope: _math(slope)


def _math(slope: Any) -> Run:
    return partial(sympy.lambdify(x, slope.rewrite(Piecewise), "math"), 0.5)


# Networks written out in scalars


def scalar_network(sizes: tuple[int, ...], symbol: Any, relu: Any) -> tuple[Any, list, list]:
    """The squared loss in the arithmetic of whichever library, its parameters and its data."""
    units = data = [symbol(f"x{i}") for i in range(sizes[0])]
    parameters = []
    for layer, (before, after) in enumerate(pairwise(sizes), start=1):
        W = [[symbol(f"W{layer}_{i}_{j}") for j in range(before)] for i in range(after)]
        b = [symbol(f"b{layer}_{i}") for i in range(after)]
        parameters += [*chain.from_iterable(W), *b]
        sums = [
            sum(w * u for w, u in zip(row, units, strict=True)) + c
            for row, c in zip(W, b, strict=True)
        ]
        units = sums if layer == len(sizes) - 1 else [relu(z) for z in sums]
    targets = [symbol(f"y{i}") for i in range(sizes[-1])]
    loss = sum((u - y) ** 2 for u, y in zip(units, targets, strict=True))
    return loss, parameters, [*data, *targets]


def compile_scalars(sizes: tuple[int, ...], with_sympy: bool) -> Iterator[Peer]:
    loss, parameters, data = scalar_network(sizes, sympy.Symbol, ReLU)
    args, outputs = [*parameters, *data], [loss, *gradient(loss, parameters)]
    yield OURS, (), lambda: partial(lambdify, args, outputs)
    if with_sympy:
        yield "SymPy cse=True", (), lambda: partial(sympy.lambdify, args, outputs, cse=True)


def derive_and_compile_scalars(sizes: tuple[int, ...]) -> Iterator[Peer]:
    loss, parameters, data = scalar_network(sizes, sympy.Symbol, ReLU)

    def by_casadi() -> Run:
        casadi = import_module("casadi")
        loss, parameters, data = scalar_network(sizes, casadi.SX.sym, lambda z: casadi.fmax(z, 0))
        given = casadi.vertcat(*parameters)
        args = [given, casadi.vertcat(*data)]
        return lambda: casadi.Function("f", args, [loss, casadi.gradient(loss, given)])

    yield (
        OURS,
        (),
        lambda: lambda: lambdify([*parameters, *data], [loss, *gradient(loss, parameters)]),
    )
    yield "CasADi", ("casadi",), by_casadi


def compile_chain() -> Iterator[Peer]:
    e, variable = networks.chain(500, sympy.Rational(1, 3))
    outputs = [e, gradient(e, variable)]
    yield OURS, (), lambda: partial(lambdify, variable, outputs)


# A network in matrices


def _matrices(dtype: str) -> tuple[list, list, list[np.ndarray]]:
    loss, parameters = networks.matrix_network((784, 128, 10), 256)
    X, Y = (sympy.MatrixSymbol(name, size, 256) for name, size in (("X", 784), ("Y", 10)))
    args = [*parameters, X, Y]
    rng = np.random.default_rng(0)
    arrays = [(rng.normal(size=a.shape) / float(a.shape[1]) ** 0.5).astype(dtype) for a in args]
    return args, [loss, *gradient(loss, parameters)], arrays


def by_hand(W1, b1, W2, b2, X, Y):
    H = np.maximum(W1 @ X + b1, 0)
    R = W2 @ H + b2 - Y
    G = 2 * R
    D = (W2.T @ G) * (H > 0)
    return (
        (R * R).sum(),
        D @ X.T,
        D.sum(axis=1, keepdims=True),
        G @ H.T,
        G.sum(axis=1, keepdims=True),
    )


def evaluate_matrices(dtype: str) -> Iterator[Peer]:
    args, outputs, arrays = _matrices(dtype)

    def by_torch() -> Run:
        torch = import_module("torch")
        tensors = [torch.tensor(a, requires_grad=k < 4) for k, a in enumerate(arrays)]

        def run() -> Any:
            W1, b1, W2, b2, X, Y = tensors
            R = W2 @ torch.relu(W1 @ X + b1) + b2 - Y
            loss = (R * R).sum()
            return loss, *torch.autograd.grad(loss, tensors[:4])

        return run

    def ours_by_torch() -> Run:
        torch = import_module("torch")
        return partial(lambdify(args, outputs, "torch"), *map(torch.tensor, arrays))

    yield OURS, (), lambda: partial(lambdify(args, outputs), *arrays)
    yield "NumPy by hand", (), lambda: partial(by_hand, *arrays)
    yield "PyTorch autograd", ("torch",), by_torch
    yield "symrelu torch", ("torch",), ours_by_torch


def evaluate_by_jax() -> Iterator[Peer]:
    args, outputs, arrays = _matrices("float32")

    def ours() -> Run:
        jax = import_module("jax")
        given = [jax.numpy.asarray(a) for a in arrays]
        f = jax.jit(lambdify(args, outputs, "jax"))
        return lambda: jax.block_until_ready(f(*given))

    def theirs() -> Run:
        jax = import_module("jax")
        given = [jax.numpy.asarray(a) for a in arrays]

        def loss(parameters, X, Y):
            W1, b1, W2, b2 = parameters
            R = W2 @ jax.nn.relu(W1 @ X + b1) + b2 - Y
            return (R * R).sum()

        f = jax.jit(jax.value_and_grad(loss))
        return lambda: jax.block_until_ready(f(given[:4], *given[4:]))

    yield OURS, ("jax",), ours
    yield "jax.value_and_grad", ("jax",), theirs


# SymPy takes a minute for the larger network: only when asked.
SLOW = bool(os.environ.get("BENCHMARK_SLOW"))
TASKS: dict[str, Callable[[], Iterator[Peer]]] = {
    "ReLU, 1e6 float64": partial(relu_of_array, 10**6, "float64"),
    "ReLU, 1e6 float32": partial(relu_of_array, 10**6, "float32"),
    "ReLU, 1e4 float64": partial(relu_of_array, 10**4, "float64"),
    "loss and two slopes, 1e6": loss_and_slopes,
    "slope, 1e6 float64": partial(slope_of_array, "float64"),
    "slope, 1e6 float32": partial(slope_of_array, "float32"),
    "slope, one float": slope_of_number,
    "compile (2, 8, 8, 1)": partial(compile_scalars, (2, 8, 8, 1), True),
    "compile (2, 32, 32, 1)": partial(compile_scalars, (2, 32, 32, 1), SLOW),
    "derive and compile (2, 32, 32, 1)": partial(derive_and_compile_scalars, (2, 32, 32, 1)),
    "compile 500 levels": compile_chain,
    "(784, 128, 10) float64": partial(evaluate_matrices, "float64"),
    "(784, 128, 10) float32": partial(evaluate_matrices, "float32"),
    "(784, 128, 10) jax.jit": evaluate_by_jax,
}


@cache
def peers(task: str) -> list[Peer]:
    return list(TASKS[task]())


def installed(needs: tuple[str, ...]) -> bool:
    return all(find_spec(need) for need in needs)


def measure(runs: dict[str, Run], seconds: float) -> dict[str, list[float]]:
    """The times of a call, peer by peer: rounds in random order until the time is up."""
    repeats, times = {}, {name: [] for name in runs}
    for name, run in runs.items():
        run()
        start = perf_counter()
        run()
        repeats[name] = max(1, int(2e-4 / (perf_counter() - start)))
    end, names = perf_counter() + seconds, list(runs)
    while perf_counter() < end or len(times[names[0]]) < 3:
        random.shuffle(names)
        for name in names:
            run, number = runs[name], repeats[name]
            start = perf_counter()
            for _ in range(number):
                run()
            times[name].append((perf_counter() - start) / number)
    return times


def shown(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compiled code beside its peers.")
    parser.add_argument("--seconds", type=float, default=4, help="for each task")
    parser.add_argument("--task", default="", help="only tasks whose name holds this")
    options = parser.parse_args()
    missing = set()
    row = "{:34} {:28} {:>9} {:>9} {:>7} {:>7} {:>6}".format
    print(row("task", "peer", "min", "median", "x ours", "x ours", "rounds"))
    for task in TASKS:
        if options.task not in task:
            continue
        runs = {}
        for name, needs, prepare in peers(task):
            if installed(needs):
                runs[name] = prepare()
            else:
                missing |= {need for need in needs if not find_spec(need)}
        if OURS not in runs:
            continue
        times = measure(runs, options.seconds)
        ours = min(times[OURS]), statistics.median(times[OURS])
        for name, samples in times.items():
            best, median = min(samples), statistics.median(samples)
            ratios = f"{best / ours[0]:.2f}", f"{median / ours[1]:.2f}"
            print(row(task, name, shown(best), shown(median), *ratios, len(samples)), flush=True)
    if missing:
        print(f"\nnot installed, left out: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
