"""SymPy's calculus for expressions with kinks, by SymPy's names, every answer checked."""

from symrelu.calculus.checks import CheckWarning
from symrelu.calculus.integrals import integrate

__all__ = ["CheckWarning", "integrate"]
