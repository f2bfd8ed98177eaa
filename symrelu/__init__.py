"""Symbolic work with the rectified linear unit in SymPy."""

from symrelu.function import ReLU

__all__ = ["ReLU"]
