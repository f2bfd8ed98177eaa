"""Forty formulas compiled by symrelu and by SymPy: ``python tests/benchmarks/formulas.py``.

Activations, options, losses and physics, on arrays of 10**4 and 10**6 floats; one line each with
the shortest times of 30 and their ratio, and the median of all.  The bounds: no formula takes more
than 1.03 times what it takes by SymPy's lambdify, and the median is 1.5 times faster.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from functools import partial
from time import perf_counter

import numpy as np
import sympy
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    cosh,
    exp,
    log,
    pi,
    sin,
    sqrt,
    symbols,
    tanh,
)

from symrelu import ReLU, lambdify

x, y, z = symbols("x y z")
ELU = Piecewise((x, x > 0), (exp(x) - 1, True))
FORMULAS = {
    # activations
    "ReLU": ReLU(x),
    "leaky ReLU": ReLU(x) - ReLU(-x) / 10,
    "squared ReLU": ReLU(x) ** 2,
    "ReLU6": Min(Max(x, 0), 6),
    "hard sigmoid": Max(0, Min(1, x / 6 + Rational(1, 2))),
    "ELU": ELU,
    "GELU": x * (1 + tanh(sqrt(2 / pi) * (x + Rational(44715, 10**6) * x**3))) / 2,
    "SiLU": x / (1 + exp(-x)),
    "sigmoid": 1 / (1 + exp(-x)),
    "softplus": log(1 + exp(x)),
    "softsign": x / (1 + Abs(x)),
    "step": Heaviside(x, 0),
    # options
    "call": Max(x - 1, 0),
    "put": Max(1 - x, 0),
    "straddle": Abs(x - 1),
    "bull spread": ReLU(x - 1) - ReLU(x - 2),
    "butterfly": ReLU(x - Rational(9, 10)) - 2 * ReLU(x - 1) + ReLU(x - Rational(11, 10)),
    "digital": Heaviside(x - 1, 0),
    "d1 of Black and Scholes": (log(y / 2) + (Rational(1, 20) + z**2 / 2)) / z,
    "knocked out call": Max(x - 1, 0) * Heaviside(2 - x, 0),
    # losses
    "squared error": (x - y) ** 2,
    "Huber": Piecewise(((x - y) ** 2 / 2, Abs(x - y) <= 1), (Abs(x - y) - Rational(1, 2), True)),
    "hinge": Max(0, 1 - x * y),
    "squared hinge": ReLU(1 - x * y) ** 2,
    "logistic": log(1 + exp(-x * y)),
    "pinball": Max(Rational(9, 10) * (x - y), Rational(-1, 10) * (x - y)),
    "log cosh": log(cosh(x - y)),
    "cross-entropy": -z * log(y) - (1 - z) * log(1 - y),
    "Kullback-Leibler": y * log(y / z),
    "fourth power": (x - y) ** 4,
    # physics
    "kinetic energy": x * y**2 / 2,
    "Lennard-Jones": 4 * ((1 / y) ** 12 - (1 / y) ** 6),
    "Planck": y**3 / (exp(y) - 1),
    "pendulum": -Rational(981, 100) * sin(x),
    "Lorentz factor": 1 / sqrt(1 - y**2 / 4),
    "van der Pol": (1 - x**2) * y - x,
    "Bernoulli": x + y**2 / 2 + Rational(981, 100) * z,
    "distance": sqrt(x**2 + y**2 + z**2),
    "van der Waals": z / (y - Rational(1, 100)) - Rational(3, 100) / y**2,
    "double well": x**4 / 4 - x**2 / 2,
}


def arguments(size: int) -> dict[sympy.Symbol, np.ndarray]:
    """x of any sign, y and z between 0 and 1."""
    rng = np.random.default_rng(0)
    return {x: rng.normal(size=size), y: rng.uniform(0.1, 1, size), z: rng.uniform(0.1, 1, size)}


def compiled(name, by):
    """The call that is timed, but for the arrays, and the symbols of its arguments."""
    formula = FORMULAS[name]
    args = sorted(formula.free_symbols, key=str)
    return args, by(args, formula)


def shortest(runs, rounds=10, calls=3, seconds=2e-4):
    """The shortest time of each, the runs in turn: each has its turn for a few calls.

    The first call of a turn finds the memory as another function has left it.
    """
    repeats = []
    for run in runs:
        run()
        start = perf_counter()
        run()
        repeats.append(max(1, int(seconds / (perf_counter() - start))))
    best = [float("inf")] * len(runs)
    for _ in range(rounds):
        for k, run in enumerate(runs):
            for _ in range(calls):
                start = perf_counter()
                for _ in range(repeats[k]):
                    run()
                best[k] = min(best[k], (perf_counter() - start) / repeats[k])
    return best


def main(sizes=(10**4, 10**6)):
    print(
        "{:26}".format("us")
        + "".join(f"{f'{n:.0e}: ours':>14}{'SymPy':>11}{'ratio':>7}" for n in sizes)
    )
    ratios = {size: [] for size in sizes}
    for name in FORMULAS:
        line = f"{name:26}"
        for size in sizes:
            data = arguments(size)
            runs = []
            for by in (lambdify, sympy.lambdify):
                args, f = compiled(name, by)
                runs.append(partial(f, *(data[a] for a in args)))
            np.testing.assert_allclose(runs[0](), runs[1](), rtol=1e-9, atol=1e-12)
            ours, theirs = shortest(runs)
            ratios[size].append(ours / theirs)
            line += f"{ours * 1e6:14.1f}{theirs * 1e6:11.1f}{ours / theirs:7.2f}"
        print(line, flush=True)
    for size, some in ratios.items():
        median = 1 / statistics.median(some)
        print(
            f"{len(some)} formulas at {size:.0e}: {median:.2f} times faster in the median, "
            f"{max(some):.2f} times as long at most"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(tuple(int(float(a)) for a in sys.argv[1:]) or (10**4, 10**6))
