"""The derivative of ReLU, explained: its values, its kink, its use in a gradient.

The script prints the explanation, saves three figures, and shows them if there is a
screen.  ``examples/relu.png``, the README's picture, is a copy of its ``relu.png``.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, GREEN, RED, output_folder, save
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Interval, Rational, limit, nan, symbols

from symrelu import ReLU, gradient, lambdify

x, w, b, y, c, h = symbols("x w b y c h")
relu = lambdify(x, ReLU(x))
slope = lambdify(x, ReLU(x).diff(x))
X = np.arange(-4, 5)


def explain_function() -> None:
    print("1. The function\n")
    print("ReLU(x) = max(0, x) keeps a positive number and replaces a negative one by 0:\n")
    for number in (1, 3, -1, -3, 0):
        print(f"    ReLU({number}) = {ReLU(number)}")
    print("\nCompiled by lambdify, it takes whole arrays, and integers stay integers:\n")
    print(f"    X       = {X}")
    print(f"    ReLU(X) = {relu(X)}")


def explain_derivative() -> None:
    derivative = ReLU(x).diff(x)
    print("\n\n2. The derivative\n")
    print(f"    d/dx ReLU(x) = {derivative}\n")
    print("This is the unit step: 0 for x < 0, 1 for x > 0, and at 0 its second argument.\n")
    for number in (2, -2, 0):
        print(f"    slope at {number:2}: {derivative.subs(x, number)}")


def explain_kink() -> None:
    left, right = (limit(ReLU(h) / h, h, 0, side) for side in "-+")
    print("\n\n3. The slope at 0\n")
    print("At 0, the difference quotient (ReLU(0 + h) - ReLU(0))/h is ReLU(h)/h.  Its limit is\n")
    print(f"    {left} from the left,")
    print(f"    {right} from the right.\n")
    print("They differ, so ReLU has no derivative at 0.  But which lines s*t through the kink")
    print("lie on or below the graph?  Divide s*t <= ReLU(t) by t: for t > 0, s is at most")
    print("ReLU(t)/t; for t < 0, where the division turns <= round, s is at least ReLU(t)/t.")
    print("This quotient is constant on either side, so it equals its limit.  The slopes are\n")
    print(f"    {Interval(left, right)},\n")
    print("the subdifferential of ReLU at 0.  Practice picks one of them, mostly 0.  Here the")
    print("second argument, H0, is the choice: a number, a symbol to decide later, or nan for")
    print('"undefined".\n')
    print("    H0    derivative         at -2  at 0  at 2")
    for H0 in (0, Rational(1, 2), 1, nan, c):
        derivative = ReLU(x, H0).diff(x)
        below, at, above = (str(derivative.subs(x, number)) for number in (-2, 0, 2))
        print(f"    {H0!s:4}  {derivative!s:17}  {below:5}  {at:4}  {above}")
    print("\nSymPy writes Heaviside(x) for Heaviside(x, 1/2).")


def explain_chain_rule() -> None:
    loss = (ReLU(w * x + b) - y) ** 2
    by_w, by_b = gradient(loss, [w, b])
    slopes = lambdify([w, b, x, y], [by_w, by_b])
    # Adding 0.0 turns -0.0 into 0.0, which prints without the sign.
    dw, db = (values + 0.0 for values in slopes(2.0, -2.0, X, 1.0))
    print("\n\n4. The chain rule\n")
    print("The squared error of one neuron, and its derivatives by the weight and the bias:\n")
    print(f"    L     = {loss}")
    print(f"    dL/dw = {by_w}")
    print(f"    dL/db = {by_b}\n")
    print("Compiled, with w = 2, b = -2, y = 1:\n")
    print(f"    x     = {X}")
    print(f"    dL/dw = {dw}")
    print(f"    dL/db = {db}\n")
    print("At x = 1 the neuron is at its kink: w*x + b = 0.  The slope 0 chosen there makes")
    print("both derivatives 0, so that a point on the kink does not move the parameters.")


def label(axes: Axes, title: str, variable: str = "x") -> None:
    axes.set(title=title, xlabel=f"${variable}$", xticks=X, xlim=(-4.4, 4.4))


def draw_integers() -> Figure:
    figure, axes = plt.subplots(figsize=(6, 3.9))
    axes.plot(X, relu(X), color="0.55")
    axes.plot(X, relu(X), "o", color="black")
    label(axes, r"$\mathrm{ReLU}(x)$ on the integers from $-4$ to $4$")
    axes.set(ylabel=r"$\mathrm{ReLU}(x)$", ylim=(-0.4, 4.4), aspect="equal")
    return figure


def draw_slopes() -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
    for axes, function, end in ((left, relu, (0, 4.4)), (right, slope, (1, 1))):
        axes.plot((-4.4, 0), (0, 0), color=BLUE)
        axes.plot((0, 4.4), end, color=GREEN)
        # The marks differ in shape too, for print in black and white.
        for points, mark, colour, text in (
            (X[X < 0], "s", BLUE, "$x < 0$: slope 0"),
            (X[X == 0], "o", RED, "$x = 0$: slope undefined, set to 0"),
            (X[X > 0], "^", GREEN, "$x > 0$: slope 1"),
        ):
            axes.plot(points, function(points), mark, color=colour, label=text)
    right.plot(0, 1, "o", color=GREEN, markerfacecolor="white")  # not attained
    label(left, r"$\mathrm{ReLU}(x)$")
    label(right, r"its derivative, $\mathrm{Heaviside}(x, 0)$")
    left.set(ylim=(-0.4, 4.4), yticks=range(5), box_aspect=6 / 11)
    right.set(ylim=(-0.1, 1.1), yticks=(0, 1), box_aspect=6 / 11)
    figure.legend(handles=left.get_lines()[2:], loc="outside lower center", ncols=3, handlelength=1)
    return figure


def draw_lines() -> Figure:
    figure, axes = plt.subplots(figsize=(6, 5.5))
    T = np.array([-4.4, 0, 4.4])
    axes.fill_between(T, np.minimum(T, 0), np.maximum(T, 0), color="black", alpha=0.05, linewidth=0)
    axes.plot(T, relu(T), color="0.75", linewidth=8, label=r"$\mathrm{ReLU}(t)$")
    for s, text, colour in (
        (0, "0", BLUE),
        (0.25, "1/4", RED),
        (0.5, "1/2", RED),
        (0.75, "3/4", RED),
        (1, "1", GREEN),
    ):
        axes.plot(T, s * T, color=colour)
        axes.text(4.5, 4.4 * s, f"$s = {text}$", color=colour, va="center")
    label(axes, "Lines of slope $s$ that touch ReLU at 0 from below", "t")
    axes.set(ylim=(-4.4, 4.4), yticks=X, aspect="equal")
    axes.legend(loc="upper left")
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    explain_function()
    explain_derivative()
    explain_kink()
    explain_chain_rule()
    print("\n\n5. The figures\n")
    save(folder, {"integers": draw_integers(), "relu": draw_slopes(), "lines": draw_lines()})


if __name__ == "__main__":
    main()
