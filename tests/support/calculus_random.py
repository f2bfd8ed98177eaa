"""Random questions of calculus, each with a number that owes nothing to symbolic work.

``ask(kind, count)`` asks so many, and counts what was answered, refused, wrong or late.
``cd tests && python -m support.calculus_random integrals 5000`` asks thousands; a third number is
the first seed.
"""

import math
import random
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
from sympy import (
    Abs,
    AccumBounds,
    ConditionSet,
    Eq,
    Expr,
    Function,
    Gt,
    Heaviside,
    Integral,
    Interval,
    Le,
    Limit,
    Lt,
    Max,
    Piecewise,
    Rational,
    S,
    Union,
    cos,
    exp,
    lambdify,
    oo,
    sin,
    symbols,
)
from sympy.stats import Expectation, Exponential, Normal, Uniform

from support.limits import time_limit
from support.numerics import compiled, runge_kutta
from symrelu import ReLU
from symrelu import calculus as of

x, k, m = symbols("x k m", real=True)
u = Function("u")
LATE = 10.0


def rational(rng, size=3, parts=4):
    return Rational(rng.randrange(-size * parts, size * parts + 1), parts)


def hinge(rng, inside=x):
    slope = Rational(rng.choice([-3, -2, -1, 1, 2, 3]), rng.choice([1, 2]))
    return ReLU(slope * inside + rational(rng))


def kinked(rng, inside=x):
    """A product or a sum of up to three kinks."""
    kinks = [hinge(rng, inside) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.2:
        kinks[0] = ReLU(inside**2 - abs(rational(rng)))
    if rng.random() < 0.2:
        kinks[0] = ReLU(kinks[0] - abs(rational(rng)))
    if rng.random() < 0.4:
        value = S.One
        for kink in kinks:
            value *= kink
        return value
    return sum(rng.choice([-2, -1, 1, 3]) * kink for kink in kinks)


def factor(rng):
    return rng.choice(
        [
            S.One,
            x,
            x**2 - 1,
            exp(x / 2),
            exp(-x),
            sin(x),
            cos(2 * x),
            x * exp(-x),
            exp(-(x**2)),
            x * sin(x),
        ]
    )


def gauss(f, start, stop, count=1200):
    """By the midpoints of so many pieces, thrice refined: exact enough at kinks."""
    if start == stop:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(6)
    edges = np.linspace(start, stop, count + 1)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    points = middle[:, None] + half[:, None] * nodes
    return float(np.sum(f(points) * weights * half[:, None]))


def plain(e: Expr, *variables):
    """A function of NumPy's arrays, by SymPy's own words."""
    words = e.replace(ReLU, lambda v: Max(0, v))
    found = lambdify(variables, words, "numpy")
    return lambda *at: found(*at) + 0 * at[0]


def close(got, want, tolerance=1e-4):
    return abs(complex(got) - want) <= tolerance * (1 + abs(want))


def integral(rng):
    f = factor(rng) * kinked(rng)
    way = rng.randrange(4)
    values = plain(f, x)
    if way == 0:  # indefinite: by differences
        F = of.integrate(f, x)
        if F.has(Integral):
            return None, f, F
        a, b = sorted((rational(rng, 5), rational(rng, 5)))
        return close(F.subs(x, b) - F.subs(x, a), gauss(values, float(a), float(b))), f, F
    if way == 1:  # symbolic limits, in any order
        F = of.integrate(f, (x, k, m))
        if F.has(Integral):
            return None, f, F
        a, b = rational(rng, 4), rational(rng, 4)
        return close(F.subs({k: a, m: b}), gauss(values, float(a), float(b))), f, (F, a, b)
    if way == 2:  # improper
        f = f * exp(-(x**2)) if rng.random() < 0.5 else f * exp(-2 * x)
        values = plain(f, x)
        ends = (-oo, oo) if f.has(exp(-(x**2))) else (rational(rng), oo)
        F = of.integrate(f, (x, *ends))
        if F.has(Integral):
            return None, f, F
        low = -12.0 if ends[0] is -oo else float(ends[0])
        return (
            close(F, gauss(values, low, 40.0 if ends[0] is not -oo else 12.0, 40000)),
            f,
            (F, ends),
        )
    a, b = rational(rng, 4), rational(rng, 4)
    F = of.integrate(f, (x, a, b))
    if F.has(Integral):
        return None, f, F
    return close(F, gauss(values, float(a), float(b))), f, (F, a, b)


def linear(rng, variables):
    return sum(rng.choice([-2, -1, 0, 1, 2]) * v for v in variables) + rational(rng, 1, 2)


def kinked_in_several(rng, variables):
    """A function of kinks along lines and curves in some variables."""
    u, v = (linear(rng, variables) for _ in range(2))
    square = sum(v**2 for v in variables) - rng.choice([1, Rational(1, 2)])
    return rng.choice(
        [
            lambda: ReLU(u),
            lambda: ReLU(u) * variables[0],
            lambda: Max(u, v),
            lambda: Abs(u) * Heaviside(v),
            lambda: ReLU(u - Abs(v)),
            lambda: ReLU(ReLU(u) - ReLU(v)),
            lambda: Max(*variables),
            lambda: ReLU(u) * ReLU(v),
            lambda: Heaviside(-square),
            lambda: Abs(square),
            lambda: ReLU(variables[0] * variables[1] - abs(rational(rng, 1))),
            lambda: exp(-variables[0]) * ReLU(u),
            lambda: Piecewise((u, v < 0), (variables[-1], True)),
        ]
    )()


def iterated(rng):
    """Two integrals or three, the ends of the inner ones perhaps lines in the outer ones."""
    variables = (x, k, m)[: rng.choice([2, 2, 3])]
    f = kinked_in_several(rng, variables)
    limits = []
    for i, v in enumerate(variables):
        a, b = sorted((rational(rng, 1), rational(rng, 1)))
        if i + 1 < len(variables) and rng.random() < 0.3:
            b = rng.choice([variables[i + 1], 1 - variables[i + 1]])
        limits.append((v, a, b))
    got = of.integrate(f, *limits)
    if got.has(Integral):
        return None, f, limits, got
    return close(got, midpoints(f, limits), 3e-3), f, limits, got


def midpoints(f, limits):
    """The sum over a grid of the unit cube, onto which the limits are moved."""
    count = 600 if len(limits) == 2 else 90
    places = np.meshgrid(*[(np.arange(count) + 0.5) / count] * len(limits), sparse=True)
    at, size = {}, 1.0
    for (v, a, b), place in zip(reversed(limits), places, strict=True):
        low, high = (lambdify(list(at), end, "numpy")(*at.values()) for end in (a, b))
        at[v], size = low + (high - low) * place, size * (high - low)
    return float(np.mean(plain(f, *at)(*at.values()) * size))


def held(found, t):
    """Whether a point is in a set of intervals and points, exactly so where it is near an end."""
    for part in found.args if isinstance(found, Union) else [found]:
        ends = {float(e) for e in part.boundary}
        if any(abs(e - float(t)) < 1e-9 for e in ends):
            return bool(found.contains(t))
        if isinstance(part, Interval) and float(part.inf) < float(t) < float(part.sup):
            return True
    return False


def equation(rng):
    relation = S.true
    while relation in (S.true, S.false):  # not those that SymPy decides by looking
        e = kinked(rng) + rng.choice([0, x, -x, x**2, 1]) * rational(rng) - rational(rng)
        relation = rng.choice([Eq, Eq, Lt, Le, Gt])(e, 0)
    found = of.solveset(relation, x, S.Reals)
    if isinstance(found, ConditionSet):
        return None, relation, found
    points = [Rational(i, 8) for i in range(-60, 61)]
    points += [t for t in found.boundary if t.is_Rational]
    values = compiled(e.replace(ReLU, lambda v: Max(0, v)), x)
    for t in points:
        near = abs(values(float(t))) < 1e-9
        holds = bool(relation.subs(x, t) if near else relation.func(values(float(t)), 0))
        if held(found, t) != holds:
            return False, relation, (found, t)
    if isinstance(relation, Eq):  # no root was missed
        grid = [i / 16 + 1e-4 for i in range(-160, 160)]
        for a, b in pairwise(grid):
            if (
                values(a) * values(b) < 0
                and found.intersect(Interval(Rational(a), Rational(b))) is S.EmptySet
            ):
                return False, relation, (found, a, b)
        for t in found.boundary:
            if abs(values(float(t))) > 1e-6:
                return False, relation, (found, t)
    return True, relation, found


def limit(rng):
    f = kinked(rng) * rng.choice([1, 1, exp(-x), sin(x), 1 / (x**2 + 1)])
    at = rng.choice([oo, -oo, rational(rng), rational(rng), rational(rng)])
    f = f / (x - at) if at.is_finite and rng.random() < 0.3 else f
    side = rng.choice("+-")
    got = of.limit(f, x, at, side)
    if isinstance(got, Limit):
        return None, f, got
    turn = 1 if side == "+" else -1
    values = [
        f.subs(x, at + turn * Rational(1, 10**far) if at.is_finite else at_far(at, far)).n(20)
        for far in ((5, 8) if at.is_finite else (2, 4))
    ]
    if not got.is_finite:
        if isinstance(got, type(S.One)) or got in (oo, -oo):
            return bool(values[1] * got > 0 and abs(values[1]) > abs(values[0])), f, (got, at, side)
        return None, f, got  # bounds
    if got.has(AccumBounds):
        low, high = got.min - Rational(1, 10**3), got.max + Rational(1, 10**3)
        return all(low <= v <= high for v in values), f, got
    gaps = [abs(v - got) for v in values]
    return bool(gaps[1] < 1e-3 or gaps[1] < gaps[0] / 10), f, (got, at, side, gaps)


def at_far(at, far):
    return (1 if at is oo else -1) * S(10) ** far


def differential_equation(rng):
    f = kinked(rng) if rng.random() < 0.5 else hinge(rng) * rng.choice([1, x, sin(x), exp(-x)])
    drive = plain(f, x)
    start = rational(rng)
    stop = float(rational(rng)) + 0.1
    if rng.random() < 0.5:
        p = rng.choice([0, 1, -1, Rational(1, 2), hinge(rng)])
        rate = plain(p * x**0 if p != 0 else S.Zero * x, x) if p != 0 else (lambda v: 0.0)
        got = of.dsolve(u(x).diff(x) + p * u(x) - f, u(x), ics={u(0): start})
        want = runge_kutta(
            lambda time, s: [float(drive(time)) - float(rate(time)) * s[0]], 0.0, stop, float(start)
        )
    else:
        p, q = rng.choice([(0, 1), (0, 4), (2, 1), (3, 2), (2, 5), (0, 0), (1, 0), (0, -1)])
        ics = {u(0): start, u(x).diff(x).subs(x, 0): 1}
        got = of.dsolve(u(x).diff(x, 2) + p * u(x).diff(x) + q * u(x) - f, u(x), ics=ics)
        want = runge_kutta(
            lambda time, s: [s[1], float(drive(time)) - p * s[1] - q * s[0]],
            0.0,
            stop,
            float(start),
            1.0,
        )
    value = complex(got.rhs.subs(x, Rational(stop)).n())
    return close(value, want, 1e-5), f, (got, stop, want)


def system(rng):
    """Two equations of first order, by the first of the two functions."""
    A = [[rng.randrange(-2, 3) for _ in range(2)] for _ in range(2)]
    f, g = (kinked(rng), S.Zero) if rng.random() < 0.5 else (hinge(rng), hinge(rng) * x)
    drives = [plain(e + S.Zero * x, x) for e in (f, g)]
    start, stop = rational(rng), float(rational(rng)) + 0.1
    w = Function("w")
    y = u(x), w(x)
    gaps = [y[i].diff(x) - sum(A[i][j] * y[j] for j in range(2)) - e for i, e in enumerate((f, g))]
    got = of.dsolve(gaps, list(y), ics={u(0): start, w(0): 1})
    want = runge_kutta(
        lambda time, s: [
            A[i][0] * s[0] + A[i][1] * s[1] + float(drives[i](time)) for i in range(2)
        ],
        0.0,
        stop,
        float(start),
        1.0,
    )
    value = complex(got[0].rhs.subs(x, Rational(stop)).n())
    return close(value, want, 1e-4), (A, f, g), (got, stop, want)


def mean(rng):
    one = rng.choice([Normal("X", rational(rng, 1), 1), Exponential("X", 2), Uniform("X", -1, 2)])
    density = {"Normal": 0, "Exponential": 1, "Uniform": 2}[
        type(one.pspace.distribution).__name__[:-12]
    ]
    if rng.random() < 0.3:
        f, X = two_variables(rng)
        return f, X, None
    f = kinked(rng) * rng.choice([1, x, x**2])
    got = of.expectation(f.subs(x, one))
    if got.has(Expectation):
        return None, f, got
    values = plain(f, x)
    if density == 0:
        mu = float(one.pspace.distribution.mean)
        want = gauss(
            lambda v: values(v) * np.exp(-((v - mu) ** 2) / 2) / math.sqrt(2 * math.pi),
            -13,
            13,
            4000,
        )
    elif density == 1:
        want = gauss(lambda v: values(v) * 2 * np.exp(-2 * v), 0, 25, 4000)
    else:
        want = gauss(lambda v: values(v) / 3, -1, 2)
    return close(got, want), f, got


def two_variables(rng):
    """Of a kink of two variables, by midpoints in the square."""
    kinds = [rng.randrange(2) for _ in range(2)]
    X, Y = (
        Normal(n, 0, 1) if kind == 0 else Uniform(n, -1, 2)
        for n, kind in zip("XY", kinds, strict=True)
    )
    a, b, c = (rng.choice([-2, -1, 1, 2]) for _ in range(3))
    f = ReLU(a * X + b * Y + c) if rng.random() < 0.6 else ReLU(a * X) * ReLU(b * Y + c)
    got = of.expectation(f)
    if got.has(Expectation):
        return None, f
    y = symbols("y", real=True)
    values = plain(f.xreplace({X: x, Y: y}), x, y)
    grids = [
        (np.arange(1600) + 0.5) / 1600 * (16 if kind == 0 else 3) + (-8 if kind == 0 else -1)
        for kind in kinds
    ]
    laws = [
        np.exp(-(g**2) / 2) / math.sqrt(2 * math.pi) * 0.01 if kind == 0 else g * 0 + 1 / 1600
        for g, kind in zip(grids, kinds, strict=True)
    ]
    want = float(
        np.sum(values(grids[0][:, None], grids[1][None, :]) * laws[0][:, None] * laws[1][None, :])
    )
    return close(got, want, 1e-3), f


KINDS = {
    "integrals": integral,
    "iterated integrals": iterated,
    "equations": equation,
    "limits": limit,
    "differential equations": differential_equation,
    "systems": system,
    "expectations": mean,
}


def ask(kind, count, first=0):
    """What became of so many questions; the wrong, the late and the broken in words."""
    outcome, bad = Counter(), []
    for seed in range(first, first + count):
        rng = random.Random(f"{kind} {seed}")
        words = ""
        try:
            with time_limit(LATE, f"{kind} {seed}"):
                right, *words = KINDS[kind](rng)
            became = "refused" if right is None else "right" if right else "wrong"
        except NotImplementedError:
            became = "refused"
        except AssertionError:
            became = "late"
        except Exception as error:
            became, words = "broken", repr(error)
        outcome[became] += 1
        if became not in ("right", "refused"):
            bad.append((seed, became, str(words)))
    return outcome, bad


def report(kind, count, first=0, pace=100):
    """The counts so far after every few questions, and each failure."""
    total = Counter()
    for start in range(first, first + count, pace):
        outcome, bad = ask(kind, min(pace, first + count - start), start)
        total += outcome
        for item in bad:
            print("  ", *item, flush=True)
        print(kind, sum(total.values()), dict(total), flush=True)


if __name__ == "__main__":
    name, count, *first = sys.argv[1:]
    report(name, int(count), *map(int, first))
