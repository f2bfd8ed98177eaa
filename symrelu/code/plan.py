"""What a function computes, step by step, and how often and when each step is needed.

A step knows its operands as steps: a graph of expressions is looked up once, when it is taken
apart, and what is asked of it then is answered without another look at an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import (
    Abs,
    Add,
    And,
    Basic,
    Heaviside,
    Mod,
    Mul,
    Not,
    Number,
    Or,
    Piecewise,
    ceiling,
    floor,
    frac,
    sign,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from symrelu.code.engines import Code
from symrelu.code.lower import Larger
from symrelu.code.printers import Rule
from symrelu.function import ReLU


@dataclass(eq=False, slots=True)
class Step:
    """One expression: its rule, unless there is code for it, and the steps of its operands."""

    node: Basic
    rule: Rule | None = None
    code: Code | None = None
    operands: list[Step] = field(default_factory=list)
    strict: list[Step] = field(default_factory=list)  # the operands needed whenever it is
    same: Step | None = None  # the step of which it is another name
    uses: int = 0
    is_needed: bool = False  # in any case
    is_eager: bool = False  # computed at once
    is_below: bool = False  # a kink or a condition depends on it


class Plan:
    """The steps to some expressions, operands first."""

    def __init__(
        self,
        roots: Sequence[Basic],
        rule: Callable[[Basic], Rule],
        code: Mapping[Basic, Code],
        outside: int,
        by_values: bool,
    ) -> None:
        self.rule, self.code = rule, code
        self.met: dict[Basic, Step] = {}
        self.steps: list[Step] = []
        for root in reversed(roots):
            self._walk(root)
        if by_values:
            self.steps = list(self._by_values())
        self.roots = [self.met[root].same or self.met[root] for root in roots]
        self.given = list(self._count(outside))  # what is read of what has code already

    def _walk(self, root: Basic) -> None:
        """Take an expression apart, without recursion."""
        work: list[tuple[Step, Iterator[Basic]]] = []

        def entered(node: Basic) -> Step:
            step = self.met[node] = Step(node, code=self.code.get(node))
            if step.code is None:
                step.rule = self.rule(node)
                work.append((step, iter(reversed(step.rule.operands))))
            return step

        if root not in self.met:
            entered(root)
        while work:
            step, operands = work[-1]
            for node in operands:
                found = self.met.get(node)
                step.operands.append(found or entered(node))
                if found is None and step is not work[-1][0]:
                    break
            else:
                work.pop()
                self._close(step)

    def _close(self, step: Step) -> None:
        """All operands are there, in reverse."""
        made = step.rule
        assert made is not None
        step.operands = step.strict = [o.same or o for o in reversed(step.operands)]
        if made.strict is not None:
            found = (self.met[node] for node in made.strict)
            step.strict = [operand.same or operand for operand in found]
        if made.write is None:
            step.same = step.operands[0]
        self.steps.append(step)

    def _by_values(self) -> Iterator[Step]:
        """Take the slopes of what is rectified anyway from the values, which have the same.

        What is rectified can be written over then, as nothing else reads it.
        """
        values = {
            step.operands[0]: step
            for step, rule in self.computed()
            if isinstance(step.node, ReLU) and not rule.outside
        }
        placed = set()
        for step in self.steps:
            if isinstance(step.node, Heaviside) and step.node.args[1].is_zero:
                value = values.get(step.operands[0])
                if value is not None:
                    step.operands = step.strict = [value]
                    if value not in placed:
                        placed.add(value)
                        yield value
            if step not in placed:
                placed.add(step)
                yield step

    def computed(self) -> Iterator[tuple[Step, Rule]]:
        """The steps that have code of their own."""
        return ((s, s.rule) for s in self.steps if s.rule is not None and s.rule.write is not None)

    def _count(self, outside: int) -> Iterator[Step]:
        """Count the uses: so many more of what is computed outside of what an engine runs."""
        for root in self.roots:
            if root.rule is None and not root.uses:
                yield root
            root.uses += 1
        for step, rule in self.computed():
            times = 1 + rule.repeats + rule.outside * outside
            for used in step.operands:
                if used.rule is None and not used.uses:
                    yield used
                used.uses += times

    def guard(self, branches: bool) -> list[Step]:
        """Tell what may be computed at once: what is needed in any case, and what cannot fail.

        The others, which are returned, are of use in a branch only, and might fail if the branch
        is not taken.
        """
        stack = list(self.roots)
        while stack:
            step = stack.pop()
            if not step.is_needed:
                step.is_needed = step.is_eager = True
                stack += step.strict
        guarded = []
        for step, _ in self.computed():
            if not step.is_needed:
                at_once = (o.is_eager or o.rule is None for o in step.operands)
                step.is_eager = _is_total(step.node) and all(at_once)
                if not step.is_eager:
                    guarded.append(step)
        for step in guarded:
            step.is_eager = not branches
        return guarded

    def below_kinks(self) -> Iterator[Basic]:
        """What a kink or a condition depends on."""
        for step in reversed(self.steps):
            if step.is_below:
                yield step.node
            if step.is_below or isinstance(step.node, _KINKED):
                for operand in step.operands:
                    operand.is_below = True


_KINKED = (ReLU, Heaviside, Relational, Abs, sign, floor, ceiling, frac, Mod)

_TOTAL = (
    Add, Mul, ReLU, Heaviside, Larger, Relational, And, Or, Not, Piecewise, Number, BooleanAtom,
)  # fmt: skip


def _is_total(node: Basic) -> bool:
    """Whether it has a value wherever its operands have one, or nan."""
    if isinstance(node, Mul):  # whose code divides
        return not any(a.is_Pow and a.exp.is_extended_nonnegative is not True for a in node.args)
    return isinstance(node, _TOTAL)
