"""Symbolic work with the rectified linear unit in SymPy."""

from symrelu.compile import lambdify
from symrelu.function import ReLU
from symrelu.reverse import gradient

__all__ = ["ReLU", "gradient", "lambdify"]
