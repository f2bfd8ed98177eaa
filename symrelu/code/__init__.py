"""Compiling: from expressions to Python functions, on any engine."""

from symrelu.code.compile import lambdify
from symrelu.code.engines import ENGINES, Engine
from symrelu.code.printers import rule
from symrelu.code.steps import cse

__all__ = ["ENGINES", "Engine", "cse", "lambdify", "rule"]
