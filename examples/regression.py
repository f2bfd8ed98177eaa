"""Straight pieces through 32 years of the S&P 500, with kinks that are fitted too.

The script fits them by derived gradients and by finite differences, says what either
takes, and saves two figures.  The monthly prices are a file that comes with Matplotlib.
"""

from __future__ import annotations

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, GREEN, RED, output_folder, save
from matplotlib.cbook import get_sample_data
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sympy import Float, symbols

from symrelu import ReLU, gradient, lambdify

# The slope b changes by c1 at k1, and so on.  The slope of ReLU at 0 is left open, as h.
t, y, h, a, b = symbols("t y h a b", real=True)
c, k = symbols("c1:6", real=True), symbols("k1:6", real=True)
curve = a + b * t + sum(cj * ReLU(t - kj, h) for cj, kj in zip(c, k, strict=True))
loss = (curve - y) ** 2  # in one month
linear = [a, b, *c]
by_linear = lambdify([t, k], gradient(curve, linear))
by_kinks = lambdify([t, y, linear, k, h], gradient(loss, k))
START = (5, 10, 12.5, 17.5, 19.5)  # by eye; the search ends in a minimum near its start


def data() -> tuple[np.ndarray, np.ndarray]:
    """Years since 1990, and the binary logarithm of the index: one more is a doubling."""
    with get_sample_data("Stocks.csv") as file:
        months, prices = np.genfromtxt(
            file, "M8[M], f8", delimiter=",", skip_header=2, usecols=(0, 9), unpack=True
        )
    use = np.isfinite(prices)
    use[-1] = False  # the last month is there twice
    return (months[use] - np.datetime64("1990-01")).astype(float) / 12, np.log2(prices[use])


X, Y = data()


def columns(x: np.ndarray, K: np.ndarray) -> np.ndarray:
    return np.stack(np.broadcast_arrays(*by_linear(x, K)), axis=1)


def solve(K: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best linear parameters for given kinks, and the errors."""
    best = np.linalg.lstsq(columns(X, K), Y, rcond=None)[0]
    return best, columns(X, K) @ best - Y


def mean_loss(K: np.ndarray) -> float:
    return np.mean(solve(K)[1] ** 2)


def loss_and_slopes(K: np.ndarray, h: float = 0) -> tuple[float, np.ndarray]:
    # The linear parameters are at their best, so that the loss does not change with them.
    best, errors = solve(K)
    return np.mean(errors**2), np.mean(by_kinks(X, Y, best, K, h), axis=1)


def fit_kinks() -> np.ndarray:
    print("\n\n2. The fit\n")
    print("For given kinks, the rest is linear least squares.  L-BFGS looks for the kinks:\n")
    print("    derivatives by      mean loss    evaluations  seconds")
    found = []
    for name, function, jac in (
        ("finite differences", mean_loss, None),
        ("gradient", loss_and_slopes, True),
    ):
        begin, options = perf_counter(), {"ftol": 0, "gtol": 1e-12}
        fit = minimize(function, START, jac=jac, method="L-BFGS-B", options=options)
        print(f"    {name:18}  {fit.fun:.9f}  {fit.nfev:11}  {perf_counter() - begin:7.2f}")
        found.append(fit.x)
    print(f"\nThe kinks differ by about {abs(found[0] - found[1]).max():.0e} years.")
    month = np.round(12 * fit.x) / 12
    return np.where(abs(fit.x - month) < 1e-6, month, fit.x)


def explain_result(K: np.ndarray) -> None:
    best, _ = solve(K)
    values = zip((*linear, *k), (*best, *K), strict=True)
    rounded = curve.subs(h, 0).xreplace({symbol: Float(value, 3) for symbol, value in values})
    growth = 2 ** np.cumsum(best[1:]) - 1
    print(f"\n\n3. The binary logarithm of the index, t years after 1990\n\n    {rounded}\n")
    print("    from     growth a year  dL/dk with h = 1, h = 0")
    print(f"    1990.00  {growth[0]:+13.1%}")
    sides = (loss_and_slopes(K, h)[1] for h in (1, 0))
    for row in zip(1990 + K, growth[1:], *sides, strict=True):
        print("    {:.2f}  {:+13.1%}  {:15.0e}  {:6.0e}".format(*row))
    print("\nWhere a kink of the curve falls on a month, the loss as a function of it has a kink")
    print("too: h = 1 gives the derivative from the left, h = 0 that from the right.  If they")
    print("are negative and positive, the loss is least there.  Elsewhere the two agree.")


def draw_fit(K: np.ndarray) -> Figure:
    figure, (upper, lower) = plt.subplots(2, sharex=True, figsize=(9, 6.4), height_ratios=(3, 1))
    best, errors = solve(K)
    ends = np.array([0, *K, X[-1]])
    at_ends = 2 ** (columns(ends, K) @ best)
    upper.semilogy(1990 + X, 2**Y, color="0.55", lw=1.2, label="S&P 500, month by month")
    upper.plot(1990 + ends, at_ends, color=BLUE, label="fitted curve")
    upper.plot(1990 + K, at_ends[1:-1], "o", color=RED, label="its kinks")
    for kink, level, turn in zip(1990 + K, at_ends[1:-1], best[2:], strict=True):
        dx, dy, side = (12, -18, "left") if turn > 0 else (0, 11, "center")
        place = {"xytext": (dx, dy), "textcoords": "offset points", "ha": side}
        upper.annotate(f"{kink:.2f}", (kink, level), **place, color=RED)
    upper.set(title="Straight pieces through the logarithm of the S&P 500", ylabel="index")
    upper.set_yticks((ticks := [250, 500, 1000, 2000, 4000]), ticks)
    upper.minorticks_off()
    upper.legend()
    lower.plot(1990 + X, 100 * (2**-errors - 1), color=GREEN, lw=1.2)
    lower.set(xlabel="year", ylabel="residual (%)", yticks=(-20, -10, 0, 10))
    return figure


def draw_loss(K: np.ndarray) -> Figure:
    figure, axes = plt.subplots(figsize=(6.5, 4.4))
    nearby = np.linspace(-0.6, 0.6, 201) / 12
    losses = np.array([mean_loss(np.array([K[0] + dk, *K[1:]])) for dk in nearby])
    axes.plot(1990 + K[0] + nearby, 1e6 * (losses - mean_loss(K)), color=BLUE, label="mean loss")
    for H0, end, colour, side in ((1, -0.6, GREEN, "left"), (0, 0.6, RED, "right")):
        ends = np.array([0, end]) / 12
        tangent = 1e6 * loss_and_slopes(K, H0)[1][0] * ends
        label = f"derivative from the {side}, $h = {H0}$"
        axes.plot(1990 + K[0] + ends, tangent, "--", color=colour, label=label)
    axes.plot(1990 + K[0], 0, "o", color=BLUE, label="the kink found")
    axes.set(title="The mean loss by the first kink", xlabel="$k_1$ (year)")
    axes.set_ylabel(r"$10^6\,(L - L_{\min})$")
    axes.ticklabel_format(useOffset=False)
    axes.legend()
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    print("1. The curve, and the derivative of the loss by a kink\n")
    print(f"    f     = {curve}")
    print(f"    dL/dk = {gradient(loss, k[0])}")
    K = fit_kinks()
    explain_result(K)
    print("\n\n4. The figures\n")
    save(folder, {"regression": draw_fit(K), "regression_loss": draw_loss(K)})


if __name__ == "__main__":
    main()
