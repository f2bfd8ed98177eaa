r"""What a polynomial in steps is where: the signs that what changes sign can have together.

Kinks depend on each other: where $x > y$ and $y > z$, also $x > z$.  On each cell of the
arrangement the steps are numbers, and a polynomial without steps remains.  Whether there is such a
cell is a question of linear programming, in rational numbers; what is not linear counts as a
variable of its own, so that no cell is missed.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from operator import or_
from random import Random

from mpmath.libmp import to_rational
from sympy import Mul, Pow, S

from symrelu.kinks.numbers import Near, Number, is_zero, minus, plus
from symrelu.kinks.polynomials import Monomial, Polynomial
from symrelu.kinks.steps import Steps, name
from symrelu.signs import signs

_KINKS = 12
_PROGRAMS = 6000  # linear programs in one decision
_SAMPLES = 12
Row = dict[Monomial, Fraction]
_ONE: Monomial = frozenset()


class TooManyError(Exception):
    """It is left undecided."""


def polynomial_everywhere(steps: Steps, form: Polynomial) -> Polynomial | None:
    """The polynomial without steps that the form is on every cell, if it is one and the same."""
    kinks = _involved(steps, form)
    if not 1 < len(kinks) <= _KINKS:
        return None
    cells = _Cells(steps, form, kinks)
    try:
        return cells.decide()
    except TooManyError:
        return None


def _involved(steps: Steps, form: Polynomial) -> list[int]:
    """The steps in it, and those inside of them; inner ones come first."""
    found, stack = 0, [form]
    while stack:
        new = reduce(or_, (mask for mask, _ in stack.pop()), 0) & ~found
        found |= new
        stack += (steps.kinks[i][1] for i in _bits(new))
    return _bits(found)


def _bits(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


class _Cells:
    def __init__(self, steps: Steps, form: Polynomial, kinks: list[int]) -> None:
        self.form, self.kinks = form, kinks
        self.arguments = [steps.kinks[i][1] for i in kinks]
        self.found: Polynomial | None = None
        self.programs = 0
        rest = {r for p in self.arguments for _, r in p} - {_ONE}
        self.variables = sorted(rest, key=lambda r: sorted((name(b), k) for b, k in r))
        self.signs = {r: _sign(r) for r in self.variables}

    def decide(self) -> Polynomial | None:
        random = Random(0)
        for _ in range(_SAMPLES):
            at = {r: Fraction(random.randint(-99, 99), 7) for r in self.variables}
            for r, s in self.signs.items():
                at[r] = s * abs(at[r]) + Fraction(s, 7) if s else at[r]
            ones = 0
            for i, u in zip(self.kinks, self.arguments, strict=True):
                ones |= (_value(_row(_resolved(u, ones)), at) > 0) << i
            if not self._agrees(ones):
                return None
        constraints = [{r: Fraction(s)} for r, s in self.signs.items() if s]
        start = {r: Fraction(self.signs[r]) for r in self.variables}
        return self.found if self._everywhere(0, 0, constraints, start) else None

    def _agrees(self, ones: int) -> bool:
        here = _resolved(self.form, ones)
        if self.found is None:
            self.found = here
        keys = here.keys() | self.found.keys()
        gaps = (minus(here.get(k, S.Zero), self.found.get(k, S.Zero)) for k in keys)
        return all(map(is_zero, gaps))

    def _everywhere(self, i: int, ones: int, constraints: list[Row], inside: Row) -> bool:
        if i == len(self.kinks):
            return self._agrees(ones)
        row = _row(_resolved(self.arguments[i], ones))
        bit = 1 << self.kinks[i]
        if not row.keys() - {_ONE}:
            return self._everywhere(
                i + 1, ones | bit if row.get(_ONE, 0) > 0 else ones, constraints, inside
            )
        for side, chosen in ((1, ones | bit), (-1, ones)):
            half = {r: side * c for r, c in row.items()}
            point = self._point(constraints, half, inside)
            if point and not self._everywhere(i + 1, chosen, [*constraints, half], point):
                return False
        return True

    def _point(self, constraints: list[Row], half: Row, inside: Row) -> Row | None:
        if _value(half, inside) > 0:
            return inside
        self.programs += 1
        if self.programs > _PROGRAMS:
            raise TooManyError
        return interior(constraints, half, inside)


def _sign(rest: Monomial) -> int:
    """The sign that it never leaves, if there is one that is known."""
    possible = signs(Mul(*(Pow(*factor) for factor in rest)))
    return next((s for s in (1, -1) if s in possible and -s not in possible), 0)


def _resolved(form: Polynomial, ones: int) -> Polynomial:
    """What it is where these steps are 1 and the others 0."""
    here: Polynomial = {}
    for (mask, rest), c in form.items():
        if mask & ones == mask:
            key = 0, rest
            here[key] = plus(here[key], c) if key in here else c
    return {key: c for key, c in here.items() if not is_zero(c)}


def _row(form: Polynomial) -> Row:
    return {rest: _fraction(c) for (_, rest), c in form.items()}


def _fraction(c: Number) -> Fraction:
    if isinstance(c, Near):
        return Fraction(*to_rational(c.value))
    if not c.is_Rational:
        raise TooManyError
    return Fraction(int(c.p), int(c.q))


def _value(row: Row, at: Row) -> Fraction:
    return Fraction(sum(c * at.get(r, 1) for r, c in row.items()))


def interior(constraints: list[Row], goal: Row, inside: Row) -> Row | None:
    """A point where all constraints and the goal are positive, from one where the former are.

    The simplex method in dictionaries, with Bland's rule; it starts at the point, where no
    constraint is tight, and ends as soon as the goal is positive.
    """
    variables = [r for r in inside if any(r in row for row in (*constraints, goal))]
    offset = _value(goal, inside)
    # Each slack is b + a*y > 0, y being the way from the point; free variables enter both ways.
    columns = list(range(len(variables)))
    rows = [
        ([row.get(r, Fraction(0)) for r in variables], _value(row, inside)) for row in constraints
    ]
    objective = [goal.get(r, Fraction(0)) for r in variables]
    total = offset
    names: list[int] = [-1 - k for k in columns]  # free ones are negative, slacks not
    basis = list(range(len(rows)))
    found: dict[int, Fraction] = {}
    free: list[tuple[int, list[Fraction], Fraction, list[int]]] = []
    while True:
        entering = [
            (k, 1 if c > 0 else -1)
            for k, c in enumerate(objective)
            if c > 0 or (c < 0 and names[k] < 0)
        ]
        if not entering:
            return None
        k, way = min(entering, key=lambda e: (names[e[0]] >= 0, abs(names[e[0]])))
        limits = [
            (-b / (way * a[k]), basis[i], i) for i, (a, b) in enumerate(rows) if way * a[k] < 0
        ]
        step, _, leaving = min(limits) if limits else (Fraction(0), 0, -1)
        gain = way * objective[k] * step
        if not limits or total + gain > 0:
            slope = way * objective[k]
            reach = (-total / slope + step) / 2 if limits else -total / slope + 1
            found = {n: Fraction(0) for n in names}
            found[names[k]] = way * reach
            for name, (a, b) in zip(basis, rows, strict=True):
                found[name] = b + way * reach * a[k]
            break
        total += gain
        _pivot(rows, objective, names, basis, free, leaving, k)
    # Back to the variables; then a little towards where we came from, to the inside.
    for name, a, b, over in reversed(free):
        found[name] = b + sum(c * found[n] for c, n in zip(a, over, strict=True))
    way_there = {r: found[-1 - k] for k, r in enumerate(variables)}
    rise = sum(goal.get(r, Fraction(0)) * d for r, d in way_there.items())
    part = (1 - offset / rise) / 2
    return {r: v + part * way_there.get(r, Fraction(0)) for r, v in inside.items()}


def _pivot(
    rows: list[tuple[list[Fraction], Fraction]],
    objective: list[Fraction],
    names: list[int],
    basis: list[int],
    free: list[tuple[int, list[Fraction], Fraction, list[int]]],
    leaving: int,
    k: int,
) -> None:
    """The slack of a row takes the place of a variable, which a free one never takes back."""
    a, b = rows[leaving]
    pivot = a[k]
    # name_k = (slack - b - sum of the others)/pivot
    solved = [-c / pivot for c in a]
    solved[k] = 1 / pivot
    shift = -b / pivot
    entering, names[k] = names[k], basis[leaving]
    if entering < 0:
        free.append((entering, solved, shift, list(names)))
        del rows[leaving], basis[leaving]
    else:
        rows[leaving], basis[leaving] = (solved, shift), entering
    for i, (row, value) in enumerate(rows):
        if entering >= 0 and i == leaving:
            continue
        c = row[k]
        if c:
            mixed = [r + c * s for r, s in zip(row, solved, strict=True)]
            mixed[k] = c * solved[k]
            rows[i] = mixed, value + c * shift
    c = objective[k]
    objective[:] = [r + c * s for r, s in zip(objective, solved, strict=True)]
    objective[k] = c * solved[k]
