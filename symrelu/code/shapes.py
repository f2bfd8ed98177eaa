"""The error of an argument that is no array of its shape; compiled code carries a copy of it."""

from __future__ import annotations

from typing import Any


def misshapen(name: str, expected: str, given: Any) -> ValueError:
    """The error, to be raised, which names the cure where the shape is not known."""
    found: Any = type(given).__name__
    if hasattr(given, "shape"):
        found = tuple(given.shape)
    elif hasattr(given, "cols"):  # mpmath's
        found = (given.rows, given.cols)
    cure = "" if isinstance(found, tuple) else "; make an array of it"
    if "nan" in str(found):
        cure = "; call its compute_chunk_sizes() first"
    return ValueError(f"argument {name}: expected shape {expected}, not {found}{cure}")
