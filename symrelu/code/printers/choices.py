"""Kinks, conditions, and choices between branches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sympy import (
    ITE,
    AccumBounds,
    Basic,
    DiracDelta,
    Expr,
    Heaviside,
    KroneckerDelta,
    Mod,
    Piecewise,
    Pow,
    S,
    default_sort_key,
    sign,
)
from sympy.core.function import Application
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFunction, Or

from symrelu.code.engines import ATOM, LOOSE, SUM, Code
from symrelu.code.lower import Larger, Smaller, lower, within_bounds
from symrelu.code.printers.rules import Entrywise, Rule, Target, is_number, rule
from symrelu.function import ReLU


@rule.register(ReLU)
def _(node: Expr, engine: Target) -> Rule:
    x, *H0 = node.args
    if H0:
        if not engine.relu_at_0 or not (is_number(H0[0]) and H0[0].is_finite):
            return Rule([ReLU(x, evaluate=False)])  # the value does not depend on H0
        return Entrywise([x, *H0], lambda *codes: engine.call("relu_at_0", *codes), repeats=True)
    return Entrywise([x], lambda code: engine.call("relu", code, of=node), engine.repeats("relu"))


@rule.register(Heaviside)
def _(node: Expr, engine: Target) -> Rule:
    x, H0 = node.args
    if H0.is_zero:
        return Entrywise(
            [x], lambda code: engine.call("step", code, of=node), engine.repeats("step")
        )
    return Entrywise(
        [x, H0], lambda *codes: engine.call("step_at_0", *codes, of=node), repeats=True
    )


@rule.register(sign)
def _(node: Expr, engine: Target) -> Rule:
    repeats = engine.repeats("sign")
    return Entrywise(node.args, lambda code: engine.call("sign", code, of=node), repeats)


@rule.register(DiracDelta)
def _(node: Expr, engine: Target) -> Rule:
    raise ValueError(
        f"lambdify: {node} has no value at a point.  It is the derivative of a step, such as the "
        "second derivative of ReLU; integrate it, or, to ignore the kinks, "
        "replace it: expr.replace(DiracDelta, lambda *args: 0)"
    )


@rule.register(AccumBounds)
def _(node: Expr, engine: Target) -> Rule:
    raise NotImplementedError(
        f"lambdify: {node} is a set of slopes and no number; choose one of them, "
        f"by expr.xreplace({{{node}: H0}})"
    )


@rule.register(Larger)
def _(node: Expr, engine: Target) -> Rule:
    larger = not isinstance(node, Smaller)
    operation, with_number = ("maximum", "at_least") if larger else ("minimum", "at_most")
    numbers = [a for a in node.args if is_number(a)]
    if getattr(engine, with_number) and len(numbers) == 1:
        (x,) = (a for a in node.args if not is_number(a))
        return Entrywise([x, *numbers], lambda *codes: engine.call(with_number, *codes, of=node))
    return Entrywise(
        sorted(node.args, key=is_number),  # a number last
        lambda *codes: engine.call(operation, *codes, of=node),
        repeats=engine.repeats(operation),
    )


@rule.register(Relational)
def _(node: Relational, engine: Target) -> Rule:
    return Entrywise(node.args, lambda a, b: engine.call("relation", a, Code(node.rel_op), b))


@rule.register(And)
@rule.register(Or)
def _(node: Basic, engine: Target) -> Rule:
    operator = engine.conjunction if isinstance(node, And) else engine.disjunction

    def write(*codes: Code) -> Code:
        return Code(f" {operator} ".join(c.at(ATOM) for c in codes), LOOSE)

    # What may fail for some numbers comes behind what guards it.
    operands = sorted(node.args, key=lambda a: (a.has(Pow, Application), default_sort_key(a)))
    return Entrywise(operands, write, strict=operands[:1])


_SIDES = 20  # that are asked for a dtype


def _compared(condition: Basic, known: dict[Basic, list[Basic]]) -> list[Basic]:
    """What the condition compares: it is of the dtype that the choice should have.

    What is known of parts is kept, as conditions are made of one another.
    """
    stack = [condition]
    while stack:
        part = stack[-1]
        inner = part.args if isinstance(part, BooleanFunction) else ()
        if pending := [arg for arg in inner if arg not in known]:
            stack += pending
        elif stack.pop() not in known:
            sides = part.args if isinstance(part, Relational) else ()
            found = [side for side in sides if not is_number(side)]
            found += (side for arg in inner for side in known[arg])
            known[part] = list(dict.fromkeys(found))[:_SIDES]
    return known[condition]


@rule.register(ITE)
def _(node: Any, engine: Target) -> Rule:
    condition, yes, no = node.args

    def write(no: Code, yes: Code, condition: Code) -> Code:
        return _choice([(yes, condition)], no, engine)

    return Entrywise([no, yes, condition], write, strict=[condition])


def _choice(pairs: Sequence[tuple[Code, Code]], last: Code, engine: Target) -> Code:
    """The first value whose condition holds."""
    chosen = reduce(
        lambda rest, pair: engine.call("where", pair[1], pair[0], rest), reversed(pairs), last
    )
    return engine.call("number", chosen) if engine.number else chosen


@rule.register(Piecewise)
def _(node: Expr, engine: Target) -> Rule:
    lowered = within_bounds(node) if engine.has_elements else node
    if lowered is node:
        lowered = lower(node)
    if lowered is not node:
        return Rule([lowered])
    *branches, (last, otherwise) = [tuple(pair) for pair in node.args]
    if otherwise != True:  # noqa: E712
        branches, last = [*branches, (last, otherwise)], S.NaN
    values = [*(value for value, _ in branches), last]
    compared: list[Basic] = []
    if engine.common and all(map(is_number, values)):
        sides = (s for _, condition in branches for s in _compared(condition, engine.compared))
        compared = list(dict.fromkeys(sides))[:_SIDES]
    size = next((value for value in values if not getattr(value, "is_Integer", False)), values[0])

    def write(last: Code, *codes: Code) -> Code:
        pairs = list(zip(codes[: 2 * len(branches) : 2], codes[1::2], strict=False))
        pairs = pairs[: len(branches)]
        if compared:
            sides = codes[2 * len(branches) :]
            value = last if size is values[-1] else codes[2 * values.index(size)]
            kind = engine.row.call("small") if getattr(size, "is_Integer", False) else value
            like = Code(engine.like.join(sides), SUM if len(sides) > 1 else ATOM)
            last = engine.row.call("common", like, kind, last)
        return _choice(pairs, last, engine)

    operands = [last, *(part for pair in branches for part in pair), *compared]
    return Entrywise(operands, write, strict=[branches[0][1]])


@rule.register(Mod)
def _(node: Expr, engine: Target) -> Rule:
    if not engine.mod:
        return rule.dispatch(Basic)(node, engine)
    return Entrywise(node.args, lambda *codes: engine.call("mod", *codes), repeats=True)


@rule.register(KroneckerDelta)
def _(node: Expr, engine: Target) -> Rule:
    def write(i: Code, j: Code) -> Code:
        same = engine.call("relation", i, Code("=="), j)
        # Of indices, it is in the dtype of the data; an integer would widen that.
        one = engine.call("cast", "1") if engine.cast else Code("1")
        return _choice([(one, same)], Code("0"), engine)

    return Entrywise(node.args[:2], write)
