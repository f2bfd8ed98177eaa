"""What is computed, how often it is needed, and what a branch guards."""

import pytest
from support.counts import calls
from sympy import Heaviside, Mul, Piecewise, exp, log, symbols

from symrelu import ReLU
from symrelu.code.engines import Code
from symrelu.code.plan import Plan
from symrelu.code.printers import Rule

x, y = symbols("x y")
GIVEN = {x: Code("x"), y: Code("y")}


def by_args(node):
    return Rule(node.args, lambda *codes: Code(", ".join(codes)))


def plan(*roots, rule=by_args, code=GIVEN, outside=0, by_values=False):
    return Plan(roots, rule, code, outside, by_values)


def steps(found):
    return {step.node: step for step in found.steps}


def test_operands_go_first_and_shared_ones_once():
    e = exp(x + y) * (x + y)
    nodes = [step.node for step in plan(e, e + 1).steps]
    assert sorted(map(nodes.index, (x + y, exp(x + y), e, e + 1))) == [
        nodes.index(node) for node in (x + y, exp(x + y), e, e + 1)
    ]
    assert len(nodes) == len({*nodes})
    assert not {x, y} & {*nodes}


def test_uses():
    shared = x + y
    found = plan(exp(shared) * shared, shared)
    assert steps(found)[shared].uses == 3
    assert [step.node for step in found.given] in ([x, y], [y, x])


def test_what_repeats_or_is_outside_counts_as_often():
    def rule(node):
        return Rule(node.args, lambda code: code, repeats=node.func is exp, outside=True)

    found = plan(exp(ReLU(x)), rule=rule, outside=1)
    assert steps(found)[ReLU(x)].uses == 3


@pytest.mark.parametrize("turn", [1, -1])
def test_slopes_are_taken_from_values(turn):
    roots = [Heaviside(x + y, 0), Heaviside(x + y, 1), ReLU(x + y), Heaviside(x, 0)][::turn]
    found = steps(plan(*roots, by_values=True))
    assert [o.node for o in found[Heaviside(x + y, 0)].operands] == [ReLU(x + y)]
    assert found[Heaviside(x + y, 1)].operands[0].node == x + y
    assert found[Heaviside(x, 0)].operands[0].node == x
    places = [*found]
    assert places.index(x + y) < places.index(ReLU(x + y)) < places.index(Heaviside(x + y, 0))


def test_values_of_the_users_function_have_no_known_slope():
    def rule(node):
        return Rule(node.args[:1], lambda code: code, outside=isinstance(node, ReLU))

    found = steps(plan(ReLU(x + y), Heaviside(x + y, 0), rule=rule, by_values=True))
    assert found[Heaviside(x + y, 0)].operands[0].node == x + y


def test_another_name_is_no_step_of_its_own():
    def rule(node):
        return Rule([x + y]) if node in (exp(x), log(x)) else by_args(node)

    found = plan(Mul(exp(x), log(x)), exp(x), rule=rule)
    assert [step.node for step, _ in found.computed()] == [x + y, exp(x) * log(x)]
    product = steps(found)[exp(x) * log(x)]
    assert product.operands == [found.roots[1]] * 2
    assert found.roots[1].node == x + y


def test_a_branch_guards_what_may_fail():
    safe, failing, always = x + y, 1 / x, exp(y)
    value = Mul(safe, failing, always, evaluate=False)
    e = Piecewise((value, x > 0), (always, True))

    def rule(node):
        strict = [node.args[0].args[1]] if node.is_Piecewise else None
        operands = [part for pair in node.args for part in pair.args] if strict else node.args
        return Rule(operands, lambda *codes: Code(", ".join(codes)), strict=strict)

    found = plan(e, always, rule=rule)
    guarded = found.guard(branches=True)
    assert {step.node for step in guarded} == {failing, value}
    assert {step.node for step in found.steps if not step.is_eager} == {failing, value}
    found = plan(e, always, rule=rule)
    found.guard(branches=False)
    assert all(step.is_eager for step in found.steps)


def test_below_kinks():
    found = plan(ReLU(exp(x) + y) + exp(x + y))
    assert {*found.below_kinks()} == {exp(x) + y, exp(x)}


def test_cost_is_linear_however_much_is_shared():
    counts = []
    for levels in (20, 40, 80):
        e = x
        for _ in range(levels):
            e = ReLU(exp(e) + y * e)
        counts.append(calls(lambda e=e: plan(e))[0])
    assert counts[2] - counts[1] < 2.1 * (counts[1] - counts[0])
