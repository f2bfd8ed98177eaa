"""When the slope at 0 matters: exact zeros in 16, 32 and 64 bits, and what they change.

Among the real numbers, the pre-activations of a random network are never 0.  Among
floating-point numbers some are, and there the gradient depends on H0, the slope of ReLU at
0, which is left open here until the compiled function is called.  The script counts the
zeros, compares the gradients for H0 = 0 and H0 = 1 over networks of several sizes, and
saves a figure.

After D. Bertoin, J. Bolte, S. Gerchinovitz, E. Pauwels, "Numerical influence of ReLU'(0) on
backpropagation", NeurIPS 2021; here with scikit-learn's digits in place of MNIST.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, GREEN, output_folder, save
from matplotlib.figure import Figure
from scipy.stats import chi2
from sklearn.datasets import load_digits
from sympy import MatrixSymbol, OneMatrix, Trace, symbols

from symrelu import ReLU, gradient, lambdify

PIXELS, CLASSES, BATCH = 64, 10, 256
SIZES = [(3, 16), (1, 64), (3, 64), (6, 64), (3, 128)]  # hidden layers, and the units of each
# How many values to look at: zeros are rare in float32, and NumPy is slow in float16.
ENOUGH = {"float16": 200_000, "float32": 200_000_000, "float64": 20_000_000}
IN_PAPER = 60_000 * 3 * 256  # values in a pass over MNIST, with 3 layers of 256 units

n, H0 = symbols("n", integer=True, positive=True), symbols("H0")
X, Y, ones = MatrixSymbol("X", PIXELS, n), MatrixSymbol("Y", CLASSES, n), OneMatrix(1, n)

Layers = list[tuple[Any, Any]]  # weights and biases: symbols, or their values


class Seen(NamedTuple):
    values: int
    zeros: int
    batches: int
    changes: list[float]  # of the gradient by H0, in each batch where it changes

    def share(self) -> float:
        return self.zeros / self.values

    def interval(self) -> np.ndarray:
        """The shares for which this count of rare events is likely, at 95 %."""
        low, high = chi2.ppf(0.025, 2 * self.zeros), chi2.ppf(0.975, 2 * self.zeros + 2)
        return np.nan_to_num([low, high]) / 2 / self.values


def network(depth: int, width: int) -> tuple[Layers, list[Any], Any]:
    """The parameters, the pre-activations, and the gradient by the first weights."""
    units, layers, sums = X, [], []
    for i, outputs in enumerate([width] * depth + [CLASSES], start=1):
        W, b = MatrixSymbol(f"W{i}", outputs, units.shape[0]), MatrixSymbol(f"b{i}", outputs, 1)
        layers.append((W, b))
        sums.append(W * units + b * ones)
        units = ReLU(sums[-1], H0)
    residual = sums.pop() - Y
    return layers, sums, gradient(Trace(residual.T * residual), layers[0][0])


def initial(layers: Layers, dtype: str, rng: np.random.Generator) -> Layers:
    """Uniform within one over the root of the number of inputs, PyTorch's default."""

    def values(matrix: MatrixSymbol, bound: float) -> np.ndarray:
        return rng.uniform(-bound, bound, matrix.shape).astype(dtype)

    bounds = [float(W.shape[1]) ** -0.5 for W, _ in layers]
    return [(values(W, r), values(b, r)) for (W, b), r in zip(layers, bounds, strict=True)]


def batches(dtype: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images, one a column, and the scores that they should have."""
    images, labels = load_digits(return_X_y=True)
    pixels, targets = (images.T / 16).astype(dtype), np.eye(CLASSES, dtype=dtype)[:, labels]
    starts = range(0, labels.size - BATCH, BATCH)
    return [(pixels[:, i : i + BATCH], targets[:, i : i + BATCH]) for i in starts]


def observe(size: tuple[int, int], dtype: str) -> Seen:
    """A new random network for each batch of images, until there are enough values."""
    layers, sums, by_weights = network(*size)
    hidden = lambdify([X, layers, H0], sums)
    slope = lambdify([X, Y, layers, H0], by_weights)
    rng = np.random.default_rng(0)
    values, zeros, seen, changes = 0, 0, 0, []
    for images, targets in cycle(batches(dtype)):
        weights = initial(layers, dtype, rng)
        arrays = hidden(images, weights, 0)
        found = sum(np.count_nonzero(array == 0) for array in arrays)
        if found or not values:  # the first batch in any case
            slopes = [slope(images, targets, weights, h) for h in (0, 1)]
            assert all(array.dtype == dtype for array in (*arrays, *slopes))
            before, after = (array.astype(float) for array in slopes)  # for the norms alone
            change = np.linalg.norm(after - before) / np.linalg.norm(before)
            assert found or change == 0
            changes += [change] if change else []
        values, zeros = values + sum(array.size for array in arrays), zeros + found
        seen += 1
        if values >= ENOUGH[dtype]:
            break
    return Seen(values, zeros, seen, changes)


def observe_all() -> dict[str, list[Seen]]:
    print("Pre-activations that are 0; batches of images whose gradients for H0 = 0 and H0 = 1")
    print("differ, of all; by how much, relative to the former (median):\n")
    print("             layers  units       values  zeros  differ  of batches  by")
    table: dict[str, list[Seen]] = {dtype: [] for dtype in ENOUGH}
    for dtype, results in table.items():
        for depth, width in SIZES:
            results.append(observe((depth, width), dtype))
            values, zeros, of, changes = results[-1]
            by = f"{np.median(changes):.4f}" if changes else "-"
            row = f"    {dtype}  {depth:6}  {width:5}  {values:11,}"
            print(f"{row}  {zeros:5}  {len(changes):6}  {of:10,}  {by}")
    return table


def pooled(results: list[Seen]) -> Seen:
    values, zeros, batches, _ = zip(*results, strict=True)
    return Seen(sum(values), sum(zeros), sum(batches), [])


def conclude(half: Seen, single: Seen, double: Seen) -> None:
    one_in = half.values / half.zeros
    print(f"\nAll sizes together, one value in {one_in:,.0f} is 0 in float16, {single.zeros} of")
    print(f"{single.values:,} are in float32, and {double.zeros} of {double.values:,} in float64.")
    print(f"Floats lie 2^13 times closer in float32: one in {one_in * 2**13:,.0f} is expected.")
    print(f"In float64 they lie 2^42 times closer: one in {one_in * 2**42:.0e}.\n")
    shares = np.array([half.share(), single.share(), *single.interval()])
    in_16, in_32, low, high = -np.expm1(-IN_PAPER * shares)
    print("The counts published with the paper are of networks whose gradient differs at least")
    print("once in a pass over MNIST: with 3 layers of 256 units, all in 16 bits, 46 % in 32 bits,")
    print("none in 64 bits.  By the shares seen here, on other data, they are")
    print(f"{in_16:.0%} in 16 bits and {in_32:.0%} in 32 bits, where so few zeros leave room")
    print(f"for {low:.0%} to {high:.0%}.\n")


def draw(table: dict[str, list[Seen]]) -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8))
    for dtype, colour, mark, shift in (("float16", BLUE, "o", -0.1), ("float32", GREEN, "s", 0.1)):
        for place, seen in enumerate(table[dtype]):
            low, high = seen.interval()
            if seen.zeros:
                left.plot([place, place], [low, high], color=colour)
                left.plot(place, seen.share(), mark, color=colour)
            else:
                left.errorbar(place, high, high / 2, uplims=True, color=colour)
            x = [place + shift] * len(seen.changes)
            right.plot(x, seen.changes, mark, color=colour, alpha=0.5)
        unit = np.finfo(dtype).eps / 2
        right.axhline(unit, color=colour, linestyle="--", linewidth=1.5)
        right.text(-0.4, unit / 2.5, f"rounding in {dtype}", color=colour)
        left.plot([], [], mark + "-", color=colour, label=dtype)
    half, _, double = map(pooled, table.values())
    dashes = {"color": GREEN, "linestyle": "--", "linewidth": 1.5}
    left.axhline(half.share() / 2**13, label="float16's share over $2^{13}$", **dashes)
    left.plot([], [], " ", label=f"float64: {double.zeros} in {double.values:,}")
    left.legend(loc="center")
    left.set(title="How often a pre-activation is 0", ylabel="share of the pre-activations")
    right.set(title="How far $H_0$ then changes the gradient", ylabel="relative change in a batch")
    right.set(ylim=(1e-8, 3e-2))
    for axes in (left, right):
        axes.set(yscale="log", xlabel=r"hidden layers $\times$ units of each", xlim=(-0.5, 4.5))
        axes.set_xticks(range(5), [rf"${depth} \times {width}$" for depth, width in SIZES])
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    print("The gradient by the first weights, with one hidden layer:\n")
    print(f"    {network(1, 64)[-1]}\n")
    table = observe_all()
    conclude(*map(pooled, table.values()))
    save(folder, {"value_at_zero": draw(table)})


if __name__ == "__main__":
    main()
