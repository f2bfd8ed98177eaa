"""SymPy's calculus for expressions with kinks, by SymPy's names, every answer checked.

Each function has SymPy's name, arguments and kind of answer, and ``check=False`` where the
second opinion is not wanted.  An answer that fails its check is not given: the unevaluated object
is, or SymPy's usual exception, with a :class:`CheckWarning`.  What has no kink goes to SymPy.
"""

from symrelu.calculus.checks import CheckWarning
from symrelu.calculus.equations import nonlinsolve, nsolve, reduce_inequalities, solve, solveset
from symrelu.calculus.expectations import expectation, variance
from symrelu.calculus.extrema import (
    continuous_domain,
    function_range,
    is_convex,
    is_decreasing,
    is_increasing,
    is_monotonic,
    is_strictly_decreasing,
    is_strictly_increasing,
    maximum,
    minimum,
    periodicity,
    singularities,
    stationary_points,
)
from symrelu.calculus.front import FORMS, doit
from symrelu.calculus.integrals import integrate
from symrelu.calculus.limits import limit, series
from symrelu.calculus.odes import dsolve
from symrelu.calculus.sums import summation
from symrelu.calculus.transforms import (
    convolution,
    fourier_series,
    fourier_transform,
    inverse_laplace_transform,
    laplace_transform,
    mellin_transform,
)

__all__ = [
    "FORMS",
    "CheckWarning",
    "continuous_domain",
    "convolution",
    "doit",
    "dsolve",
    "expectation",
    "fourier_series",
    "fourier_transform",
    "function_range",
    "integrate",
    "inverse_laplace_transform",
    "is_convex",
    "is_decreasing",
    "is_increasing",
    "is_monotonic",
    "is_strictly_decreasing",
    "is_strictly_increasing",
    "laplace_transform",
    "limit",
    "maximum",
    "mellin_transform",
    "minimum",
    "nonlinsolve",
    "nsolve",
    "periodicity",
    "reduce_inequalities",
    "series",
    "singularities",
    "solve",
    "solveset",
    "stationary_points",
    "summation",
    "variance",
]
