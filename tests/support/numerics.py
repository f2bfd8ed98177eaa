"""Numbers that owe nothing to symbolic work: quadratures, difference quotients, searches."""

import cmath
import math
from collections.abc import Callable
from itertools import pairwise

import mpmath
from sympy import Expr, Symbol, lambdify


def relu(v: float) -> float:
    return max(v, 0.0)


def compiled(expr: Expr, *variables: Symbol) -> Callable[..., complex]:
    def step(v, at_0=0.5):
        return at_0 if v == 0 else float(v > 0)

    def exponential(v):
        return cmath.exp(v) if isinstance(v, complex) else math.exp(v)

    return lambdify(variables, expr, [{"Heaviside": step, "exp": exponential}, "math"])


def quadrature(f: Callable[[float], float], start: float, stop: float) -> float:
    """By Simpson's rule on pieces that are halved until it is exact, at kinks too."""

    def simpson(a, b):
        return (b - a) * (f(a) + 4 * f((a + b) / 2) + f(b)) / 6

    def refined(a, b, whole, tolerance):
        c = (a + b) / 2
        left, right = simpson(a, c), simpson(c, b)
        if abs(left + right - whole) < tolerance or b - a < 1e-9:
            return left + right
        return refined(a, c, left, tolerance / 2) + refined(c, b, right, tolerance / 2)

    # Enough pieces to miss nothing, and a number that no kink is likely to fit.
    edges = [start + (stop - start) * i / 199 for i in range(200)]
    return sum(refined(a, b, simpson(a, b), 1e-12) for a, b in pairwise(edges))


def slope(f: Callable[[float], float], v: float) -> float:
    return (f(v + 1e-6) - f(v - 1e-6)) / 2e-6


def second_difference(f: Callable[[float], float], v: float) -> float:
    return (f(v + 1e-3) - 2 * f(v) + f(v - 1e-3)) / 1e-6


def nearest(f: Callable[[float], float], start=0.0, stop=9.0) -> float:
    """Where the convex f is least."""
    for _ in range(200):
        left, right = start + (stop - start) / 3, stop - (stop - start) / 3
        start, stop = (start, right) if f(left) < f(right) else (left, stop)
    return start


def runge_kutta(f, start, stop, *state):
    """The last state of ``state' = f(time, state)``."""
    h = (stop - start) / 2000
    for i in range(2000):
        now = start + i * h

        def moved(by, ways, state=state):
            return [v + by * way for v, way in zip(state, ways, strict=True)]

        k1 = f(now, state)
        k2 = f(now + h / 2, moved(h / 2, k1))
        k3 = f(now + h / 2, moved(h / 2, k2))
        k4 = f(now + h, moved(h, k3))
        ways = [(p + 2 * q + 2 * r + w) / 6 for p, q, r, w in zip(k1, k2, k3, k4, strict=True)]
        state = moved(h, ways)
    return state[0]


def fourier_sum(f, terms: int, at: float) -> float:
    """The Fourier series of f on (-pi, pi), up to cos(terms*x) and sin(terms*x)."""
    value = quadrature(f, -math.pi, math.pi) / 2
    for i in range(1, terms + 1):
        for wave in (math.cos, math.sin):
            weight = quadrature(lambda v, i=i, wave=wave: f(v) * wave(i * v), -math.pi, math.pi)
            value += weight * wave(i * at)
    return value / math.pi


def bromwich(transformed, at: float) -> float:
    """The inverse Laplace transform, by an integral along a line."""
    return mpmath.invertlaplace(transformed, at, method="dehoog", degree=40)
