"""Compiling: from expressions to Python functions, on any engine."""

from symrelu.code.compile import lambdify
from symrelu.code.printers import rule

__all__ = ["lambdify", "rule"]
