"""The price of a butterfly spread: its payoff as ReLUs, its delta, its Black-Scholes price.

The script prints the formulas, checks the price against the textbook and by Monte Carlo,
and saves a figure.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, GREEN, RED, output_folder, save
from matplotlib.figure import Figure
from sympy import Expr, Piecewise, erf, exp, integrate, log, oo, simplify, solve, sqrt, symbols
from sympy.stats import Normal, cdf, density

from symrelu import ReLU, as_relu, lambdify

S, s, K, sigma, T = symbols("S s K sigma T", positive=True)
r, z, z0 = symbols("r z z0", real=True)
SPOT, MARKET = 100, (0.2, 0.03, 0.5)  # sigma, r and T
STRIKES = (90, 100, 110)
SPOTS = np.linspace(75, 125, 201)
N = Normal("N", 0, 1)

payoff = Piecewise((0, S <= 90), (S - 90, S <= 100), (110 - S, S <= 110), (0, True))
hinges = as_relu(payoff)

# Black and Scholes: a stock worth s today ends at this, given a normal random number z.
at_expiry = s * exp((r - sigma**2 / 2) * T + sigma * sqrt(T) * z)
discounted = exp(-r * T) * hinges.subs(S, at_expiry)
final = lambdify(S, [hinges, hinges.diff(S)])
simulate = lambdify([s, z, sigma, r, T], [discounted, discounted.diff(s)])


def price_of_call() -> tuple[Expr, Expr]:
    """The mean of exp(-r*T)*ReLU(S - K): an integral from z0 on, and this z0."""
    # ReLU(S - K) is S - K above the z0 that takes the stock to the strike, and else 0.
    mean = integrate((at_expiry - K) * density(N)(z), (z, z0, oo))
    (strike,) = solve(at_expiry - K, z)
    return simplify((exp(-r * T) * mean).rewrite(erf)), strike


def textbook() -> Expr:
    d1 = (log(s / K) + (r + sigma**2 / 2) * T) / (sigma * sqrt(T))
    return s * cdf(N)(d1) - K * exp(-r * T) * cdf(N)(d1 - sigma * sqrt(T))


def explain_payoff() -> None:
    print("1. The payoff, and its delta\n")
    print(f"    {payoff}")
    print(f"    = {hinges}\n")
    print("One call for each kink, bought or sold as often as the slope changes there.")
    print("The delta is the derivative by the price of the stock:\n")
    print(f"    {hinges.diff(S)}")


def explain_price(call: Expr, strike: Expr) -> None:
    print("\n\n2. The price\n")
    print("The mean of exp(-r*T)*ReLU(S - K), by integration over the normal density, is\n")
    print(f"    {call}")
    print(f"    where z0 = {strike},\n")
    difference = simplify((call.subs(z0, strike) - textbook()).expand())
    print(
        f"which, less the formula of Black and Scholes, is {difference}.  The butterfly, a sum of"
    )
    print("calls, costs the sum of their prices.")
    assert difference == 0


def estimates(spot: float, Z: np.ndarray) -> list[tuple[float, float]]:
    """The price and the delta, each with its standard error."""
    return [(Y.mean(), Y.std() / np.sqrt(Z.size)) for Y in simulate(spot, Z, *MARKET)]


def explain_simulation(exact: list[float], Z: np.ndarray) -> None:
    print(f"\n\n3. Monte Carlo, at a spot of {SPOT}\n")
    print("The compiled payoff and its derivative by the spot, averaged over the same random")
    print("prices at expiry, with standard errors:\n")
    print("        paths  price             delta")
    for paths in (10**3, 10**4, 10**5, 10**6):
        (price, e), (delta, d) = estimates(SPOT, Z[:paths])
        print(f"    {paths:9,}  {price:.4f} +- {e:.4f}  {delta:8.5f} +- {d:.5f}")
    print(f"    {'formula':>9}  {exact[0]:.4f} {exact[1]:19.5f}")
    assert abs(price - exact[0]) < 4 * e
    assert abs(delta - exact[1]) < 4 * d


def draw(exact: list[np.ndarray], rng: np.random.Generator) -> Figure:
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.8))
    spots = np.linspace(77.5, 122.5, 10)
    simulated = np.array([estimates(spot, rng.standard_normal(1000)) for spot in spots])
    last, at_strikes = final(SPOTS), final(np.array(STRIKES))
    last[1] = np.where(np.isin(SPOTS, STRIKES), np.nan, last[1])  # leave gaps at the steps
    for i, (axes, name) in enumerate(zip(panels, ("value", "delta"), strict=True)):
        mean, error = simulated[:, i].T
        axes.plot(SPOTS, last[i], color=BLUE, label="at expiry")
        axes.plot(STRIKES, at_strikes[i], "D", color=BLUE, ms=6, label="at expiry, at a strike")
        axes.plot(SPOTS, exact[i], color=GREEN, label="half a year before, by the formula")
        label = "by 1,000 random paths, with 2 standard errors"
        axes.errorbar(spots, mean, 2 * error, fmt="o", color=RED, ms=4, capsize=3, label=label)
        axes.set(title=f"A butterfly spread: its {name}", xlabel="price of the stock", ylabel=name)
        axes.set_xticks([80, *STRIKES, 120])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    call, strike = price_of_call()
    price = hinges.replace(ReLU, lambda x: call.subs(z0, strike).subs(K, S - x))
    value = lambdify([s, sigma, r, T], [price, price.diff(s)], modules="scipy")
    rng = np.random.default_rng(0)
    explain_payoff()
    explain_price(call, strike)
    explain_simulation(value(SPOT, *MARKET), rng.standard_normal(10**6))
    print("\n\n4. The figures\n")
    save(folder, {"options": draw(value(SPOTS, *MARKET), rng)})


if __name__ == "__main__":
    main()
