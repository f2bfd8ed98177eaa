"""What says that there is no answer."""

from sympy import PoleError, PolynomialError


class NoPiecesError(NotImplementedError):
    """The regions of an expression cannot be told."""


# What says that there is no answer, of ours and of SymPy's, where a search may end without one.
UNKNOWN = (NotImplementedError, PolynomialError, PoleError, RecursionError)
