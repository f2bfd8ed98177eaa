"""What public functions take: expressions, and no text, which SymPy would run."""

from __future__ import annotations

from collections import UserString
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sympy import Basic, Symbol, SympifyError, sympify
from sympy.logic.boolalg import Boolean
from sympy.tensor.array.expressions.array_expressions import _ArrayExpr, _CodegenArrayAbstract

if TYPE_CHECKING:
    from typing import SupportsFloat, TypeAlias, TypeVar

    from numpy import ndarray
    from sympy import Expr
    from sympy.matrices import MatrixBase
    from sympy.tensor.array import NDimArray

    # What stands for an expression, or for several: anything but text.
    Scalar: TypeAlias = Expr | SupportsFloat
    Array: TypeAlias = NDimArray | ndarray[Any, Any]
    Several: TypeAlias = (
        Basic | MatrixBase | Array | list[Any] | tuple[Any, ...] | dict[Any, Any] | set[Any]
    )
    # An explicit matrix or array, and one of its kind.
    M = TypeVar("M", bound=MatrixBase | NDimArray)


def holds_text(value: Any) -> bool:
    """Whether text stands in a container, at any depth: SymPy evaluates it as Python."""
    stack, seen = [value], set()
    while stack:
        item = stack.pop()
        if isinstance(item, (str, bytes, bytearray, memoryview, UserString)):
            return True
        if isinstance(item, (Basic, range)) or id(item) in seen:
            continue
        seen.add(id(item))
        if hasattr(item, "__array__") and hasattr(item, "dtype"):
            kind = getattr(item.dtype, "kind", "")  # NumPy's, which is not loaded for this
            if kind in ("S", "U"):
                return True
            stack.extend(item.flat if kind == "O" else ())
        elif isinstance(item, Mapping):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, Collection):
            stack.extend(item)
        elif isinstance(item, Iterator):
            return True  # nobody knows what is to come, and to look at it uses it up
    return False


def expression(expr: Any, caller: str) -> Basic:
    """Sympify, but parse no text."""
    if not holds_text(expr):
        with suppress(SympifyError):
            if isinstance(basic := sympify(expr, strict=True), Basic):
                return basic
    raise TypeError(f"{caller} takes expressions, not {expr!r}{remedy(expr)}")


OF_TEXT = (
    "text is never read here: make a symbol of it by Symbol, or of a formula that you trust an "
    "expression by sympify"
)


def remedy(value: Any) -> str:
    """What to write in place of what is no expression, where that is known."""
    if isinstance(value, str):
        return f"; {OF_TEXT}"
    if isinstance(value, (list, tuple)) or hasattr(value, "__array__"):
        return "; make a matrix of it by Matrix, or take its items one by one"
    if isinstance(value, (_ArrayExpr, _CodegenArrayAbstract)):
        return (
            "; write it with matrices, by convert_array_to_matrix from sympy.tensor.array."
            "expressions"
        )
    if isinstance(value, Collection) and not isinstance(value, Basic):
        return "; make a list of it, which has an order"
    if isinstance(value, Boolean) and not isinstance(value, Symbol):
        return "; make a choice of a condition by Piecewise"
    return ""
