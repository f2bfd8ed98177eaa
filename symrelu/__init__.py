"""Symbolic work with the rectified linear unit in SymPy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symrelu.function import ReLU

if TYPE_CHECKING:
    from symrelu.compile import lambdify
    from symrelu.conversion import as_relu
    from symrelu.identities import relusimp
    from symrelu.reverse import gradient

__all__ = ["ReLU", "as_relu", "gradient", "lambdify", "relusimp"]

# Loaded when they are first asked for: who needs ReLU alone need not wait for them.
_HOMES = {
    "as_relu": "symrelu.conversion",
    "gradient": "symrelu.reverse",
    "lambdify": "symrelu.compile",
    "relusimp": "symrelu.identities",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
