"""What the user gives an implementation of."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Basic, Piecewise, Pow, S
from sympy.core.expr import AtomicExpr
from sympy.matrices import MatrixBase

from symrelu.code.engines import Code
from symrelu.code.printers.matrices import nested
from symrelu.code.printers.rules import Rule, Target
from symrelu.function import ReLU


def _pairs(codes: Sequence[str]) -> str:
    return ", ".join(f"({a}, {b})" for a, b in zip(codes[::2], codes[1::2], strict=True))


def by_user(engine: Target, node: Basic) -> Rule | None:
    """What the user has given an implementation of."""
    if not (engine.functions.given or hasattr(type(node), "_imp_")):
        return None
    if isinstance(node, Pow) and node.exp is S.Half:
        name, operands = engine.functions.named("sqrt"), node.args[:1]
    else:
        name, operands = engine.functions.name(node), node.args
        if isinstance(node, ReLU):
            operands = node.args[:1]  # the value does not depend on H0
    if name is None:
        return None
    if isinstance(node, AtomicExpr):
        return Rule((), lambda: Code(name))
    if isinstance(node, MatrixBase):
        columns = int(node.shape[1])
        return Rule(node.flat(), lambda *codes: Code(f"{name}({nested(codes, columns)})"))
    if isinstance(node, Piecewise):
        parts = [part for pair in node.args for part in pair.args]
        return Rule(
            parts,
            lambda *codes: Code(f"{name}({_pairs(codes)})"),
            outside=True,
        )
    return Rule(operands, lambda *codes: Code(f"{name}({', '.join(codes)})"), outside=True)
