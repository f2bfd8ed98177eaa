"""Products of steps: of a step of 0 and 1, at the kink too, every power is the step itself.

And ``Heaviside(u, 0)*ReLU(u)`` is ``ReLU(u)``, as are its derivatives as numbers.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    DiagMatrix,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Lambda,
    MatMul,
    Mul,
    Pow,
    S,
    Tuple,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symrelu.function import ReLU, step
from symrelu.graph import postorder
from symrelu.matrices.algebra import rebuilt
from symrelu.matrices.elementwise import Elementwise
from symrelu.matrices.presentation import is_formula, presented


def formula(expr: Any) -> Any:
    """A gradient as it is written in textbooks."""
    return presented(without_powers(expr) if is_formula(expr) else expr)


def without_powers(expr: Any) -> Any:
    """The expression, in which no step is multiplied by itself; otherwise as it was."""
    known: dict[Any, Any] = {}
    for node in postorder(Tuple(expr)):
        args = _distinct(node, [known.get(arg, arg) for arg in node.args])
        if len(args) == 1 < len(node.args):
            known[node] = args[0]
        elif {*map(id, args)} != {*map(id, node.args)} or len(args) != len(node.args):
            known[node] = rebuilt(node.func, args)
    return known.get(expr, expr)


def _distinct(node: Any, args: list[Any]) -> list[Any]:
    """The factors of a product or power, a step among them once."""
    if node.is_Pow and _is_step(args[0]) and args[1].is_positive:
        return args[:1]
    if isinstance(node, MatMul):  # beside each other
        return [
            a for i, a in enumerate(args) if not (i and _is_diagonal_step(a) and a == args[i - 1])
        ]
    if not isinstance(node, (Mul, HadamardProduct)):
        return args
    seen: set[Any] = {_step_of(arg) for arg in args}
    kept = []
    for arg in args:
        if arg not in seen:
            kept.append(arg)
        if _is_step(arg):
            seen.add(arg)
    return kept


def _is_diagonal_step(matrix: Any) -> bool:
    return isinstance(matrix, DiagMatrix) and _is_step(matrix.args[0])


def _step_of(expr: Any) -> Any:
    """The step that changes nothing beside a ReLU, or a power of it."""
    if isinstance(expr, (HadamardPower, Pow)):
        return _step_of(expr.args[0]) if expr.args[1].is_positive else None
    if isinstance(expr, Elementwise):
        body = _step_of(expr.function.expr)
        return body and Elementwise(Lambda(expr.function.variables, body), *expr.args[1:])
    found = step(expr.args[0], expr.H0) if isinstance(expr, ReLU) else None
    return found if _is_step(found) else None


def _is_step(expr: Any) -> bool:
    """Whether it is 0 or 1 everywhere, elements of a matrix each."""
    if isinstance(expr, ElementwiseApplyFunction) and isinstance(expr.function, Lambda):
        return _is_step(expr.function.expr)
    return isinstance(expr, Heaviside) and expr.args[1] in (S.Zero, S.One)
