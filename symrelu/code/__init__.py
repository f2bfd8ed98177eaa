"""Compiling: from expressions to Python functions, on any engine."""

from symrelu.code.compile import lambdify
from symrelu.code.engines import ENGINES, Code, Engine
from symrelu.code.printers import Rule, rule
from symrelu.code.steps import cse

__all__ = ["ENGINES", "Code", "Engine", "Rule", "cse", "lambdify", "rule"]
