"""Names that have moved: the former home still knows them for one release, and says so."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any
from warnings import warn


def moved(old: str, new: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module whose names are in another one now."""

    def get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        value = getattr(import_module(new), name)
        warn(f"{old} is now {new}: from {new} import {name}", DeprecationWarning, stacklevel=2)
        return value

    return get
