"""Decisions cell by cell: linear programs in rational numbers, and their bounds."""

from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog
from sympy import Max, Min, S, Symbol, exp, solve, symbols

from symrelu import ReLU, relusimp
from symrelu.kinks import cells
from symrelu.kinks.cells import _involved, interior, polynomial_everywhere
from symrelu.kinks.polynomials import plain
from symrelu.kinks.steps import Steps

x, y, z = symbols("x y z", real=True)
one = frozenset()


def value(row, at):
    return sum((c * at.get(r, 1) for r, c in row.items()), Fraction(0))


def program(random, least=1, most=6, dimensions=(1, 4)):
    """Constraints that a point keeps strictly, and a goal that is not positive there."""
    count = random.randint(least, most)
    variables = [frozenset({(Symbol(f"v{i}"), 1)}) for i in range(random.randint(*dimensions))]
    inside = {v: Fraction(random.randint(-3, 3)) for v in variables}

    def row(there):
        free = {v: Fraction(random.randint(-3, 3)) for v in variables}
        return {**free, one: there - value(free, inside)}

    constraints = [row(random.randint(1, 4)) for _ in range(count)]
    return constraints, row(-random.randint(0, 9)), inside


def supremum(constraints, goal):
    """What SciPy's linear programming says of it."""
    variables = [v for v in goal if v != one]
    solution = linprog(
        [-float(goal[v]) for v in variables],
        A_ub=np.array([[-float(row[v]) for v in variables] for row in constraints]),
        b_ub=np.array([float(row[one]) for row in constraints]),
        bounds=(None, None),
    )
    return np.inf if solution.status == 3 else float(goal[one]) - solution.fun


def check(constraints, goal, inside):
    point = interior(constraints, goal, inside)
    if point is None:
        assert supremum(constraints, goal) < 1e-7
    else:
        assert all(value(row, point) > 0 for row in (*constraints, goal))


@pytest.mark.parametrize("seed", range(4))
def test_a_point_is_found_where_there_is_one(seed):
    random = Random(seed)
    for _ in range(60):
        check(*program(random))


@pytest.mark.parametrize("seed", [621, 1079, 1964, 2331])
def test_constraints_that_were_tight_and_are_not_any_more(seed):
    check(*program(Random(seed), 3, 14, (2, 5)))


def test_what_is_known_of_signs_counts():
    positive, nonpositive = Symbol("p", positive=True), Symbol("n", nonpositive=True)
    assert relusimp(ReLU(x - y + nonpositive) * ReLU(y - x)) == 0
    e = ReLU(x - y + positive) * ReLU(y - x)
    assert relusimp(e).subs({x: 1, y: 2, positive: 3}) == 2


SIGNED = [
    (Symbol("p", positive=True), 1),
    (Symbol("q", nonnegative=True), 1),
    (Symbol("m", negative=True), -1),
    (Symbol("n", nonpositive=True), -1),
]
OF_ONE_SIGN = [
    *SIGNED,
    *[(s**3, sign) for s, sign in SIGNED],
    *[(s * t, a * b) for (s, a), (t, b) in combinations(SIGNED, 2)],
    (z**2, 1),
    (-(z**2) * SIGNED[0][0], -1),
    (exp(z), 1),
    (z, 0),
    (z**3, 0),
    (z * SIGNED[0][0], 0),
    (Symbol("c"), 0),
]


@pytest.mark.parametrize(("u", "sign"), OF_ONE_SIGN, ids=str)
def test_whatever_has_one_sign_counts_with_it(u, sign):
    """The product is 0 for u <= 0, and positive between x and x + u else."""
    at = {s: a * (2 + i) for i, (s, a) in enumerate(SIGNED)} | {z: 5, Symbol("c"): 3}
    for turned in (1, -1):
        e = ReLU(x - y + turned * u) * ReLU(y - x)
        found = relusimp(e)
        assert (found == 0) == (turned * sign == -1)
        v = turned * u.subs(at)
        assert found.subs({x: 0, y: v / 2, **at}) == e.subs({x: 0, y: v / 2, **at})


def affine(random):
    k, m = random.sample([-3, -2, -1, 1, 2, 3], 2)
    return k * x / random.randint(1, 3) + m * y + random.choice([-2, -1, 1, 2]) * z / 5


@pytest.mark.parametrize("seed", range(6))
def test_of_lines_with_any_coefficients(seed):
    """An identity, and one with a part that is 0 but for a cone far away."""
    random = Random(seed)
    u, v, w = (affine(random) + random.randint(-3, 3) for _ in range(3))
    zero = Max(u, v, w) - u - ReLU(v - u + ReLU(w - v))
    assert relusimp(zero) == 0
    s, t = affine(random) - 100, affine(random)
    far = zero + ReLU(s) * ReLU(t)
    (at,) = solve([s - 30, t - 7, z - 1], [x, y, z], dict=True)
    assert relusimp(far).subs(at) == far.subs(at) == 210
    # Whatever it is everywhere, and though a kink of a kink is 0 on the whole cone.
    nothing = ReLU(ReLU(s) - s) - ReLU(-s)
    for rest in (S.Zero, y**2 - 3 * x):
        steps = Steps()
        everywhere = steps.normal(zero + nothing + rest), steps.normal(far + nothing + rest)
        assert polynomial_everywhere(steps, everywhere[0]) == plain(rest)
        assert polynomial_everywhere(steps, everywhere[1]) is None


def test_steps_that_do_not_stand_in_it_are_not_asked():
    """Of two requests in one, each has its own, with those inside of them."""
    steps = Steps()
    others = [steps.of(ReLU(x - k * y)) for k in range(2, 30)]
    form = steps.of(ReLU(ReLU(y - z) - x) + ReLU(z))
    found = {steps.kinks[i][0] for i in _involved(steps, form)}
    assert found == {z, y - z, x - ReLU(y - z)}
    assert [_involved(steps, other) for other in others] == [[i] for i in range(28)]
    assert _involved(steps, {}) == []
    assert polynomial_everywhere(steps, form) is None


def test_nothing_is_taken_for_positive():
    e = Max(x, y, 0) - Max(x, y)
    assert relusimp(e).subs({x: -1, y: -2}) == 1


def test_a_bound_on_the_programs_leaves_it_undecided(monkeypatch):
    low, high = Min(Max(x, y), Max(y, z), Max(z, x)), Max(Min(x, y), Min(y, z), Min(z, x))
    e = high - low  # both are the median
    assert relusimp(e) == 0
    monkeypatch.setattr(cells, "_PROGRAMS", 1)
    undecided = relusimp(e)
    assert undecided != 0
    for at in ({x: 1, y: 2, z: 3}, {x: 3, y: -1, z: 0}, {x: 0, y: 5, z: -2}):
        assert undecided.subs(at) == 0
