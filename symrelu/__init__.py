"""Symbolic work with the rectified linear unit in SymPy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symrelu.function import ReLU
from symrelu.matrices import elementwise

if TYPE_CHECKING:
    from symrelu.code import lambdify
    from symrelu.gradients import gradient, hessian, jacobian
    from symrelu.kinks import as_relu, relusimp

__all__ = [
    "ReLU",
    "as_relu",
    "elementwise",
    "gradient",
    "hessian",
    "jacobian",
    "lambdify",
    "relusimp",
]
__version__ = "0.1.0"

# Loaded when they are first asked for: the wings take an eighth of the time that SymPy takes.
_HOMES = {
    "as_relu": "symrelu.kinks",
    "gradient": "symrelu.gradients",
    "hessian": "symrelu.gradients",
    "jacobian": "symrelu.gradients",
    "lambdify": "symrelu.code",
    "relusimp": "symrelu.kinks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
