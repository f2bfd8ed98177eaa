"""What says that there is no answer, of ours and of SymPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath.libmp import NoConvergence
from sympy import PoleError
from sympy.polys.polyerrors import BasePolynomialError


class NoPiecesError(NotImplementedError):
    """The regions of an expression cannot be told."""


class TooLargeError(NoPiecesError):
    """An expression would grow past its bound."""


# What says that there is no answer, of ours and of SymPy's, where a search may end without one.
UNKNOWN = (NotImplementedError, BasePolynomialError, NoConvergence, PoleError, RecursionError)


def asked(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """SymPy's answer; an error from within it, which says nothing of the question, is none."""
    try:
        return function(*args, **options)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NoPiecesError(f"SymPy's {function.__name__} fails: {error}") from error
