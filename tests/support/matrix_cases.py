"""Matrix expressions as people write them: what a row says, and how it is checked.

A row names its variables once, with their shapes, in the order in which the expression
and its twin take them: ``"A:nn x:n1 c"`` is an n by n matrix, a column and a scalar,
``"W:23"`` a matrix of concrete shape, ``"eps+"`` a positive scalar.
"""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from sympy import MatrixSymbol, Symbol, latex, symbols

from support.printed import UnreadableError, read
from symrelu import gradient, lambdify
from symrelu.signs import is_small

try:
    import torch
except ImportError:  # then central differences are the second opinion
    torch = None

m, n, k, p = symbols("m n k p", integer=True, positive=True)
SIZES = {"m": 4, "n": 3, "k": 5, "p": 2}
DIMENSIONS = {"m": m, "n": n, "k": k, "p": p}


class Refusal(NamedTuple):
    """What is refused by SymPy or by the library, and a piece of the message."""

    error: type[Exception]
    message: str


class Case(NamedTuple):
    name: str
    variables: str
    build: Callable[..., Any]
    twin: Callable[..., Any] | None = None
    by: str = ""  # the variables to differentiate by, where not all of them
    at: dict[str, Any] = {}  # noqa: RUF012  arrays, or makers of arrays
    refused: Refusal | None = None


# Values


def normal(random, shape):
    return random.normal(size=shape)


def whole(random, shape):
    """Small integers: kinks are met exactly."""
    return random.integers(-2, 3, shape).astype(float)


def positive(random, shape):
    return np.abs(random.normal(size=shape)) + 0.5


def definite(random, shape):
    """Near a multiple of the identity, so that determinants are positive."""
    return 3 * np.eye(*shape) + 0.3 * random.normal(size=shape)


def whole_for(names):
    return dict.fromkeys(names.split(), whole)


# Variables


def declared(text):
    """The symbols of a row and the shapes of their values."""
    for word in text.split():
        name, _, dimensions = word.partition(":")
        if dimensions:
            shape = tuple(DIMENSIONS.get(d) or int(d) for d in dimensions)
            size = tuple(SIZES.get(d) or int(d) for d in dimensions)
            yield MatrixSymbol(name, *shape), size
        elif name.endswith("+"):
            yield Symbol(name[:-1], positive=True), ()
        else:
            yield Symbol(name), ()


def sample(case, on_kinks=True):
    """Arrays for the variables; off the kinks where differences are to be taken."""
    random = np.random.default_rng(crc32(case.name.encode()))
    for symbol, shape in declared(case.variables):
        default = positive if not shape and symbol.is_positive else normal
        given = case.at.get(str(symbol), default)
        array = np.asarray(given(random, shape) if callable(given) else given, float)
        exact = given is whole or not callable(given)
        yield (
            array if on_kinks or not exact else np.asarray(array + 0.01 * random.normal(size=shape))
        )


# Checks


def derive(case):
    """The variables, those to differentiate by, the expression and its gradients."""
    variables = [symbol for symbol, _ in declared(case.variables)]
    wrt = [v for v in variables if not case.by or str(v) in case.by.split()]
    expr = case.build(*variables)
    return variables, wrt, expr, gradient(expr, wrt)


def check(case):
    """Value and gradients, compiled, against the twin, or against central differences."""
    variables, wrt, expr, gradients = derive(case)
    twin = torch and case.twin
    arrays = list(sample(case, on_kinks=bool(twin)))
    value, ours = lambdify(variables, [expr, gradients])(*arrays)
    for formula, slope in zip(gradients, ours, strict=True):
        if is_small(formula):
            check_text(formula, dict(zip(map(str, variables), arrays, strict=True)), slope)
    places = [variables.index(v) for v in wrt]
    if twin:
        expected, slopes = by_torch(twin, arrays, places)
        tolerance = 1e-9
    else:
        expected, slopes = value, central(lambdify(variables, expr), arrays, places)
        tolerance = 1e-5
    np.testing.assert_allclose(np.reshape(value, ()), np.reshape(expected, ()), rtol=1e-9)
    for v, slope, other in zip(wrt, ours, slopes, strict=True):
        assert np.shape(slope) == np.shape(other), f"the gradient by {v}"
        scale = max(1, np.abs(other).max(initial=0))
        np.testing.assert_allclose(
            slope, other, rtol=tolerance, atol=tolerance * scale, err_msg=f"by {v}"
        )


def check_text(formula, values, slope):
    """What is printed is what is computed, if the reader can read it."""
    assert latex(formula)
    try:
        shown = read(str(formula), SIZES | values, np.shape(slope))
    except UnreadableError:
        return
    np.testing.assert_allclose(shown, slope, rtol=1e-7, atol=1e-12, err_msg=str(formula))


@contextmanager
def double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def by_torch(twin, arrays, places):
    """The value of a function of tensors, and its gradients."""
    with double_precision():
        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        value = twin(*tensors).reshape(())
        slopes = torch.autograd.grad(value, [tensors[i] for i in places], allow_unused=True)
    zeros = [np.zeros(arrays[i].shape) for i in places]
    return value.item(), [z if s is None else s.numpy() for s, z in zip(slopes, zeros, strict=True)]


def central(f, arrays, places, h=1e-6):
    """The gradients of a compiled function by central differences."""

    def moved(i, index, by):
        shifted = [a.copy() for a in arrays]
        shifted[i][index] += by
        return float(np.reshape(f(*shifted), ()))

    def slopes(i):
        slope = np.zeros(arrays[i].shape)
        for index in np.ndindex(slope.shape):
            slope[index] = (moved(i, index, h) - moved(i, index, -h)) / (2 * h)
        return slope

    return [slopes(i) for i in places]
