"""Sums that hold sums: SymPy flattens ``h + V*f(h)``, and every block adds up all before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sympy import MatAdd

from symrelu.matrices.table import Literal, Table, literals

Terms = list[tuple[Literal, Literal]]
_TRIES = 8  # candidates that are looked at for a part of a sum


def shared_sums(table: Table, roots: list[Literal]) -> dict[int, Terms]:
    """For each sum that holds others, by its node: those, and the terms that remain."""
    found: dict[int, Terms] = {}
    by_newest: dict[int, list[int]] = defaultdict(list)
    sums = [k for k in _reached(table, roots) if table.nodes[k].op is MatAdd]
    for k in sorted(sums, key=lambda k: len(table.nodes[k].operands)):
        rest = {y: c for c, y in table.nodes[k].operands}
        parts: Terms = []
        while len(rest) > 1 and (part := _held(table, rest, by_newest)):
            c, x = part
            parts.append(part)
            for _, y in table.terms(c, x):
                del rest[y]
        by_newest[max(y >> 1 for _, y in table.nodes[k].operands)].append(k)
        if parts:
            found[k] = [*parts, *((c, y) for y, c in rest.items())]
    return found


def _held(
    table: Table, rest: dict[Literal, Literal], by_newest: dict[int, list[int]]
) -> tuple[Literal, Literal] | None:
    """The largest multiple of a sum, or of its transpose, among the terms."""
    candidates = {k for y in rest for k in by_newest.get(y >> 1, ())}
    largest = sorted(candidates, key=lambda k: (-len(table.nodes[k].operands), k))
    for k in largest[:_TRIES]:
        for x in dict.fromkeys((2 * k, table.flip(2 * k))):
            ratio = _ratio(table, rest, table.terms(table.one, x))
            if ratio is not None:
                return ratio, x
    return None


def _ratio(table: Table, rest: dict[Literal, Literal], terms: Terms) -> Literal | None:
    """By what the terms must be multiplied to be among the rest."""
    if len(terms) > len(rest) or any(y not in rest for _, y in terms):
        return None
    if all(rest[y] == c for c, y in terms):
        return table.one
    pairs = [(table.number(rest[y]), table.number(c)) for c, y in terms]
    ratios = {
        a / b if a is not None and b is not None and b.is_Rational else None for a, b in pairs
    }
    (ratio, *others) = ratios
    return None if others or ratio is None or not ratio.is_Rational else table.leaf(ratio)


def _reached(table: Table, roots: list[Literal]) -> Iterator[int]:
    seen = {x >> 1 for x in roots}
    stack = list(seen)
    while stack:
        k = stack.pop()
        yield k
        below = {x >> 1 for x in literals(table.nodes[k])} - seen
        seen |= below
        stack += below
