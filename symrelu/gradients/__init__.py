"""Derivatives: the reverse sweep, and the open table of rules it walks by."""

from symrelu.gradients.reverse import gradient
from symrelu.gradients.rules import pullback
from symrelu.gradients.second import hessian, jacobian

__all__ = ["gradient", "hessian", "jacobian", "pullback"]
