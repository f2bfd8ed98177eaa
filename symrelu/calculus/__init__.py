"""SymPy's calculus for expressions with kinks, by SymPy's names, every answer checked."""

from symrelu.calculus.checks import CheckWarning
from symrelu.calculus.equations import nonlinsolve, nsolve, reduce_inequalities, solve, solveset
from symrelu.calculus.integrals import integrate
from symrelu.calculus.limits import limit, series

__all__ = ["CheckWarning", "integrate", "limit", "nonlinsolve", "nsolve", "reduce_inequalities", "series", "solve", "solveset"]
