"""Where cotangents count: in branches of a ``Piecewise``, alone or one inside the other.

What a branch guards is not asked where the branch is not taken, and its derivative is not either.
So a cotangent in a branch is known together with its place, and multiplied there without a guard;
where cotangents of several places meet, they become one ``Piecewise`` on the conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cached_property, reduce
from typing import NamedTuple

from sympy import ITE, Expr, MatAdd, Not, Or, Piecewise, S, false, true
from sympy.logic.boolalg import Boolean
from sympy.matrices import MatrixBase

from symrelu.matrices.algebra import explicit, matadd, matmul, plus, unscaled
from symrelu.signs import is_small

_FEW = 8  # branches, or levels of them, that are written in full, with the zeros


class InBranch(NamedTuple):
    """A cotangent that counts where, of the conditions, this is the first to hold."""

    cotangent: Expr
    conditions: tuple[Boolean, ...]
    number: int


class Fork:
    """The conditions of a ``Piecewise``, in the place where it stands."""

    def __init__(self, outer: Place | None, conditions: tuple[Boolean, ...]) -> None:
        self.outer, self.conditions = outer, conditions
        self.depth: int = outer.fork.depth + 1 if outer else 1
        self.firsts: list[Boolean] = [false]
        self.places: dict[frozenset[int], Place] = {}

    def branch(self, index: int) -> Place | None:
        return self._place(frozenset({index}), ())

    def union(self, places: Collection[Place]) -> Place | None:
        """Where one of several is; all branches together are where the fork is."""
        return self._place(frozenset().union(*(p.indices for p in places)), tuple(places))

    def _place(self, indices: frozenset[int], parts: tuple[Place, ...]) -> Place | None:
        if len(indices) == len(self.conditions):
            return self.outer
        if indices not in self.places:
            self.places[indices] = Place(self, indices, parts)
        return self.places[indices]

    def before(self, index: int) -> Boolean:
        """Whether an earlier condition holds; each is made of the last."""
        while len(self.firsts) <= index:
            last, condition = self.firsts[-1], self.conditions[len(self.firsts) - 1]
            self.firsts.append(condition if last == false else _either(last, true, condition))
        return self.firsts[index]

    def taken(self, index: int) -> Boolean:
        """Whether a branch is."""
        before, condition = self.before(index), self.conditions[index]
        if before == false:
            return condition
        return Not(before) if condition == true else _either(before, false, condition)


class Place:
    """Some of the branches of a fork."""

    def __init__(self, fork: Fork, indices: frozenset[int], parts: tuple[Place, ...]) -> None:
        self.fork, self.indices, self.parts = fork, indices, parts
        self.known: Boolean | None = None

    @cached_property
    def taken(self) -> Boolean:
        """Whether one of the branches is, at a point that comes to the fork."""
        count = len(self.indices)
        if self.indices == {*range(count)}:
            first = self.fork.conditions[:count]
            return Or(*first) if count <= _FEW else self.fork.before(count)
        if count == 1:
            return self.fork.taken(*self.indices)
        return reduce(lambda a, b: _either(a, true, b), (part.taken for part in self.parts))

    @property
    def reached(self) -> Boolean:
        """Whether a point comes here."""
        way: list[Place] = [self]
        while way[-1].known is None and way[-1].fork.outer is not None:
            way.append(way[-1].fork.outer)
        for place in reversed(way):
            outer = place.fork.outer
            if place.known is None:
                here = place.taken
                place.known = _either(outer.known, here, false) if outer else here
        assert self.known is not None
        return self.known

    def above(self, depth: int) -> Place | None:
        """The place that it is in at a depth."""
        place: Place | None = self
        while place is not None and place.fork.depth > depth:
            place = place.fork.outer
        return place


def _either(condition: Boolean, yes: Boolean, no: Boolean) -> Boolean:
    """Unlike And and Or, it does not take apart what it is made of."""
    return ITE(condition, yes, no, evaluate=False)


class Branches:
    """The places of one sweep."""

    def __init__(self) -> None:
        self.forks: dict[tuple[Place | None, tuple[Boolean, ...]], Fork] = {}

    def entered(self, outer: Place | None, part: InBranch) -> Place | None:
        key = (outer, part.conditions)
        if key not in self.forks:
            self.forks[key] = Fork(*key)
        return self.forks[key].branch(part.number)


def gathered(parts: Sequence[tuple[Place | None, Expr]]) -> tuple[Place | None, Expr]:
    """The sum of cotangents, and the innermost place that all of them are in."""
    if len(parts) == 1:
        return parts[0]
    found: dict[Place | None, list[Expr]] = defaultdict(list)
    for at, part in parts:
        found[at].append(part)
    totals = {at: total(terms) for at, terms in found.items()}
    while len(totals) > 1:
        fork = max((p for p in totals if p), key=lambda p: p.fork.depth).fork
        group = {p: totals.pop(p) for p in list(totals) if p and p.fork is fork}
        around = max((p.fork.depth if p else 0 for p in totals), default=None)
        place, value = _joined(fork, group, around)
        totals[place] = total([totals[place], value]) if place in totals else value
    ((place, value),) = totals.items()
    return place, value


def everywhere(parts: Sequence[tuple[Place | None, Expr]]) -> Expr:
    """The sum of cotangents, each 0 outside of its place."""
    return gathered([*parts, (None, S.Zero)])[1]


def _joined(fork: Fork, group: dict[Place, Expr], around: int | None) -> tuple[Place | None, Expr]:
    """One cotangent for those in branches of a fork, and its place.

    That is outside of the fork if others are there, at the depth ``around``.
    """
    (place, value), *others = group.items()
    if not others and around is not None and fork.depth - around > _FEW:
        return place.above(around), _where(value, place.reached)
    if any(value.is_Matrix for value in group.values()):
        return fork.outer, matadd([_guarded(place, value) for place, value in group.items()])
    inside = fork.union(group)
    if around is not None or inside is fork.outer:
        return fork.outer, _pieces(fork, group)
    if len({*map(id, group.values())}) == 1:
        return inside, value
    return inside, _inside(fork, group)


def _pieces(fork: Fork, group: dict[Place, Expr]) -> Expr:
    """The values in the branches, 0 in the others."""
    n = len(fork.conditions)
    if n <= _FEW or (all(len(p.indices) == 1 for p in group) and 2 * len(group) >= n):
        sums = _by_index(group)
        return _piecewise([(sums.get(i, S.Zero), c) for i, c in enumerate(fork.conditions)])
    if _disjoint(group):
        return _piecewise([*((v, p.taken) for p, v in group.items()), (S.Zero, true)])
    sums = _by_index(group)
    return _piecewise([*((sums[i], fork.taken(i)) for i in sorted(sums)), (S.Zero, true)])


def _inside(fork: Fork, group: dict[Place, Expr]) -> Expr:
    """The values in the branches, where one of these is taken."""
    if any(len(p.indices) > 1 for p in group) and _disjoint(group):
        return _piecewise([(v, p.taken) for p, v in group.items()])
    sums = _by_index(group)
    return _piecewise([(sums[i], fork.conditions[i]) for i in sorted(sums)])


def _disjoint(places: Collection[Place]) -> bool:
    return len(frozenset().union(*(p.indices for p in places))) == sum(
        len(p.indices) for p in places
    )


def _by_index(group: dict[Place, Expr]) -> dict[int, Expr]:
    terms: dict[int, list[Expr]] = defaultdict(list)
    for place, value in group.items():
        for index in place.indices:
            terms[index].append(value)
    return {index: total(values) for index, values in terms.items()}


def _guarded(place: Place, matrix: Expr) -> Expr:
    """The matrix in a place, 0 elsewhere in its fork."""
    return _by_scalars(matrix, lambda scalar: _pieces(place.fork, {place: scalar}))


def _by_scalars(matrix: Expr, guard: Callable[[Expr], Expr]) -> Expr:
    """The matrix, its scalars guarded: 0 times what is not defined would not be 0."""
    if isinstance(matrix, MatAdd):
        return matadd([_by_scalars(term, guard) for term in matrix.args])
    if isinstance(matrix, MatrixBase):
        return explicit(matrix.shape, {k: guard(entry) for k, entry in matrix.todok().items()})
    scalar, whole = unscaled(matrix)
    return matmul(guard(scalar), whole)


def _where(value: Expr, condition: Boolean) -> Expr:
    if value.is_Matrix:
        return _by_scalars(value, lambda scalar: _where(scalar, condition))
    return _piecewise([(value, condition), (S.Zero, true)])


def _piecewise(pieces: list[tuple[Expr, Boolean]]) -> Expr:
    made = Piecewise(*pieces, evaluate=all(is_small(part) for piece in pieces for part in piece))
    made.is_commutative  # noqa: B018  now, while it is known of what is inside: later it recurses
    return made


def total(parts: list[Expr]) -> Expr:
    """The sum of cotangents of one place."""
    parts = [part for part in parts if part is not S.Zero] or parts[:1]
    return matadd(parts) if parts[0].is_Matrix else plus(*parts)
