"""Sums and products over elements, in every pattern of indices: against loops in Python."""

from math import prod

import numpy as np
import pytest
from sympy import (
    Abs,
    Basic,
    Heaviside,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Piecewise,
    Product,
    S,
    Sum,
    cos,
    exp,
    log,
    sin,
    sqrt,
    symbols,
)
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, gradient, lambdify

n, m = symbols("n m", integer=True, positive=True)
i, j, k, p = symbols("i j k p", integer=True)
A, B, C = (MatrixSymbol(name, n, n) for name in "ABC")
X = MatrixSymbol("X", n, m)
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
SIZES = {n: 4, m: 3, p: 2}


def all_of(index):
    return index, 0, n - 1


def step(z):
    return Heaviside(z, 0)


SUMS = {
    "an index three times": Sum(A[0, k] * B[k, k] * C[j, 1], all_of(k), all_of(j)),
    "a triangle of products": Sum(A[0, k] * B[k, j] * C[j, k] * x[j, 0], all_of(k), all_of(j)),
    "a delta": Sum(KroneckerDelta(i, j) * A[i, j] * x[i, 0], all_of(i), all_of(j)),
    "a delta below the diagonal": Sum(
        KroneckerDelta(i, j + 1) * A[i, j] ** 2, all_of(i), all_of(j)
    ),
    "a delta above the diagonal": Sum(
        KroneckerDelta(i, j - 1) * A[i, j] ** 2, all_of(i), all_of(j)
    ),
    "a sum inside, from 1 on": Sum(
        x[i, 0] * Sum(A[i, j] * y[j, 0], (j, 1, n - 1)), all_of(i)
    ),
    "what is constant": Sum(x[0, 0] ** 2, all_of(i)),
    "a constant sum inside": Sum(x[i, 0] * Sum(S(2), all_of(j)), all_of(i)),
    "even places": Sum(x[2 * i, 0] ** 2, (i, 0, 1)),
    "a function of two": Sum(exp(A[i, j] * x[i, 0]), all_of(i), all_of(j)),
    "branches": Sum(
        Piecewise((x[i, 0] ** 2, x[i, 0] > S.Half), (y[i, 0], True)), all_of(i)
    ),
    "the larger one": Sum(Max(x[i, 0], y[i, 0]) ** 2, all_of(i)),
    "an index as a number": Sum(i * x[i, 0] ** 2, all_of(i)),
    "a function of an index": Sum(sin(i) * x[i, 0] ** 2, all_of(i)),
    "distances of indices": Sum((i - j) ** 2 * x[i, 0] * x[j, 0], all_of(i), all_of(j)),
    "elements and diagonal": Sum(A[i, j] * A[j, i] * A[i, i], all_of(i), all_of(j)),
    "an index from outside": Sum(A[i, p] * x[i, 0], all_of(i)),
    "up to an index from outside": Sum(x[i, 0] ** 2, (i, 0, p)),
    "a triangle": Sum(A[i, j] ** 2, (j, 0, i), all_of(i)),
    "a triangle times": Sum(A[i, j] * x[j, 0], (j, 0, i), all_of(i)),
    "pairs": Sum(x[i, 0] * x[j, 0], (j, i + 1, n - 1), (i, 0, n - 2)),
    "hinges of pairs": Sum(ReLU(1 - (x[i, 0] - x[j, 0])), (j, 0, i - 1), (i, 1, n - 1)),
    "squares of pairs": Sum((x[i, 0] - x[j, 0]) ** 2, (j, 0, i), all_of(i)),
    "squares of pairs beside a matrix": Sum(
        (x[i, 0] - x[j, 0] - A[i, j]) ** 2, (j, 0, i - 1), (i, 1, n - 1)
    ),
    "moduli of sums": Sum(Abs(Sum(cos(i * j) * x[j, 0], all_of(j))), all_of(i)),
    "differences": Sum((x[i + 1, 0] - x[i, 0]) ** 2, (i, 0, n - 2)),
    "differences, counted from 1": Sum((x[i, 0] - x[i - 1, 0]) ** 2, (i, 1, n - 1)),
    "backwards beside squares": Sum(x[n - 1 - i, 0] * y[i, 0] ** 2, all_of(i)),
    "steps of pairs": Sum(x[i, 0] * step(i - j), all_of(i), all_of(j)),
    "a function of a sum": Sum(exp(x[i, 0] + y[j, 0]) * A[i, j], all_of(i), all_of(j)),
    "logarithms of sums": Sum(log(Sum(exp(A[i, j]), all_of(j))), all_of(i)),
    "norms": Sum(sqrt(Sum((A[i, j] - x[j, 0]) ** 2, all_of(j))), all_of(i)),
    "a product": Product(x[i, 0], all_of(i)),
    "products up to each": Sum(Product(x[j, 0], (j, 0, i)), all_of(i)),
    "sums up to each": Sum(Sum(x[j, 0], (j, 0, i)) ** 2, all_of(i)),
    "a convolution": Sum(Sum(x[j, 0] * y[i - j, 0], (j, 0, i)) ** 2, all_of(i)),
    "autocorrelation": Sum(x[i, 0] * x[i + p, 0], (i, 0, n - 1 - p)),
    "backwards": Sum(x[i, 0] * x[n - 1 - i, 0], all_of(i)),
    "the next one": Sum(x[i + 1, 0] * y[i, 0], (i, 0, n - 2)),
    "the next one, if there": Sum(
        Piecewise((x[i + 1, 0] * y[i, 0], i < n - 1), (0, True)), all_of(i)
    ),
    "the last one, if there": Sum(
        Piecewise((0, i < 1), (x[i - 1, 0] * y[i, 0], True)), all_of(i)
    ),
    "three deep": Sum(
        Sum(Sum(A[i, j] * B[j, k] * x[k, 0], (k, 0, j)), (j, 0, i)), all_of(i)
    ),
    "a power of two": Sum(2 ** x[i, 0], all_of(i)),
    "powers of one": Sum(x[0, 0] ** i, all_of(i)),
    "not square": Sum(X[i, j] ** 2 * x[i, 0], all_of(i), (j, 0, m - 1)),
}  # fmt: skip


def by_loops(e: Basic, at):
    """The number, by Python's own loops."""
    if isinstance(e, (Sum, Product)):
        *inner, (index, first, last) = e.limits
        body = e.func(e.function, *inner) if inner else e.function
        rows = range(int(by_loops(first, at)), int(by_loops(last, at)) + 1)
        values = [by_loops(body, {**at, index: row}) for row in rows]
        return sum(values) if isinstance(e, Sum) else prod(values)
    if isinstance(e, MatrixElement):
        return at[e.parent][tuple(int(by_loops(index, at)) for index in e.indices)]
    if isinstance(e, Piecewise):
        return next(by_loops(v, at) for v, c in e.args if c == True or holds(c, at))  # noqa: E712
    if e in at or e.is_Number:
        return float(at.get(e, e))
    if isinstance(e, KroneckerDelta):
        return float(by_loops(e.args[0], at) == by_loops(e.args[1], at))
    return float(e.func(*(S(by_loops(arg, at)) for arg in e.args)))


def holds(condition, at):
    return bool(condition.func(*(S(by_loops(arg, at)) for arg in condition.args)))


def slopes_by_loops(e, at, variable):
    step, found = 1e-6, np.zeros(at[variable].shape)
    for place in np.ndindex(*found.shape):
        for sign in (1, -1):
            moved = at[variable].copy()
            moved[place] += sign * step
            found[place] += sign * by_loops(e, {**at, variable: moved}) / (2 * step)
    return found


@pytest.mark.parametrize("name", SUMS)
def test_value_and_gradient(name):
    e = SUMS[name]
    random = np.random.default_rng(3)
    variables = sorted(e.atoms(MatrixSymbol), key=str)
    outside = [p] if p in e.free_symbols else []
    shapes = {
        v: [SIZES[size] if size in SIZES else int(size) for size in v.shape] for v in variables
    }
    at = SIZES | {v: np.abs(random.normal(size=shape)) + 0.1 for v, shape in shapes.items()}
    compiled = lambdify([*variables, *outside], [e, gradient(e, variables)])
    value, slopes = compiled(*(at[v] for v in [*variables, *outside]))
    assert value == pytest.approx(by_loops(e, at), rel=1e-12)
    for v, slope in zip(variables, slopes, strict=True):
        assert np.shape(slope) == at[v].shape
        np.testing.assert_allclose(slope, slopes_by_loops(e, at, v), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("engine", ["jax", "torch"])
@pytest.mark.parametrize(
    "name", ["a delta below the diagonal", "a convolution", "a product", "pairs"]
)
def test_on_other_engines(name, engine):
    module = pytest.importorskip("jax.numpy" if engine == "jax" else engine)
    e = SUMS[name]
    random = np.random.default_rng(4)
    variables = sorted(e.atoms(MatrixSymbol), key=str)
    at = SIZES | {v: random.integers(1, 5, [4, 4] if v is A else [4, 1]) * 1.0 for v in variables}
    arrays = [module.asarray(at[v]) for v in variables]
    value, slopes = lambdify(variables, [e, gradient(e, variables)], engine)(*arrays)
    assert float(value) == by_loops(e, at)
    for v, slope in zip(variables, slopes, strict=True):
        np.testing.assert_allclose(
            np.asarray(slope), slopes_by_loops(e, at, v), rtol=1e-4, atol=1e-4
        )
