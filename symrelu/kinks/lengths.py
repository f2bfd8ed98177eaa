"""How long an expression is, by which the shortest way to write it is chosen.

It is SymPy's ``count_ops``; but what stands in a kink is counted once, and not again for each
of the kinks around it.
"""

from __future__ import annotations

from typing import Any

from sympy import Basic, Dummy, Piecewise, count_ops
from sympy.core.operations import LatticeOp

from symrelu.graph import postorder
from symrelu.kinked import is_kinked
from symrelu.signs import is_written_out

_DEPTH = 50  # of sums in products in sums, which are walked with recursion
_KINK = Dummy()


class Lengths:
    """One request: the lengths of the kinks that have been met."""

    def __init__(self) -> None:
        self.seen: set[Basic] = set()
        self.kinks: dict[Basic, int] = {}

    def of(self, expr: Any) -> int:
        """The number of operations; of a large graph, of distinct ones."""
        if not is_written_out(expr):
            return sum(1 for _ in postorder(expr))
        for node in postorder(expr, self.seen):
            if is_kinked(node):
                self.kinks[node] = self._of_kink(node)
        return self._operations(expr)

    def _of_kink(self, node: Any) -> int:
        if isinstance(node, Piecewise) or not node.is_Function:
            return int(count_ops(node))
        own = len(node.args) - 1 if isinstance(node, LatticeOp) else 1
        return own + sum(map(self._operations, node.args))

    def _operations(self, expr: Any) -> int:
        """Those of the sums and products outside of kinks, and those of the kinks."""
        inside = 0

        def bare(node: Any, depth: int) -> Any:
            nonlocal inside
            if node in self.kinks:
                inside += self.kinks[node]
                return _KINK
            if depth < _DEPTH and (node.is_Add or node.is_Mul or node.is_Pow):
                args = (bare(arg, depth + 1) for arg in node.args)
                return node.func(*args, evaluate=False)
            return node

        return int(count_ops(bare(expr, 0))) + inside
