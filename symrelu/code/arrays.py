"""What compiled functions call: an array of numbers and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symrelu.code.kernels import copied


def stacked(module: Any, entries: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of the entries, each of the shape that they have in common."""
    if hasattr(module, "array") and not any(getattr(entry, "ndim", 0) for entry in entries):
        return module.array(entries).reshape(shape)
    align = getattr(module, "broadcast_arrays", None) or module.broadcast_tensors
    entries = align(*entries)
    return module.stack(entries).reshape(*shape, *entries[0].shape)


STACKED = copied(stacked, {})
