"""From expressions to code: one rule for each SymPy class, for all engines.

A rule says of a node which operands it needs, and how their code becomes its own.
Operands are expressions, so that whoever asks can compute shared ones once.  What has
no rule is lowered, or printed by SymPy's printer for the engine.
"""

from symrelu.code.printers import choices, foreign, indices, matrices, scalars
from symrelu.code.printers.foreign import calls_ufunc
from symrelu.code.printers.given import by_user
from symrelu.code.printers.rules import Entrywise, Rule, Target, is_negated, rule

TABLES = (scalars, choices, indices, matrices, foreign)  # that register the rules

__all__ = [
    "TABLES", "Entrywise", "Rule", "Target", "by_user", "calls_ufunc", "is_negated", "rule",
]  # fmt: skip
