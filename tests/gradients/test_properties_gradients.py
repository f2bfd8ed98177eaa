"""The gradient of random programs and networks, against forward mode, PyTorch and JAX.

All numbers are dyadic and small, so that floating point is exact.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.networks import matrix_network
from support.programs import (
    KINKED,
    RELUS,
    Numbers,
    at_kinks,
    build,
    cases,
    dual,
    exact,
    exactly,
    examples,
    germ,
    in_floats,
    is_smooth,
    marked,
    points,
    programs,
    rational,
    run,
    x,
    y,
)
from sympy import MatrixSymbol, symbols

from symrelu import ReLU, gradient, lambdify

# Against exact arithmetic


@given(marked(RELUS + " where", variables=2), cases(RELUS + " where", variables=2, depth=2))
def test_shared_parts(outer, case):
    inner, at = case
    shared, middle = build(inner), [exact(inner, *at), at[1]]
    outer = at_kinks(outer, middle)
    value, (by_inner, by_y) = dual(outer, *middle)
    _, (inner_x, inner_y) = dual(inner, *at)
    expr = build(outer, [shared, y])
    assert exactly(expr, *at) == value
    by = [exactly(g, *at) for g in gradient(expr, [x, y])]
    assert by == [by_inner * inner_x, by_inner * inner_y + by_y]


@given(
    programs(KINKED, variables=2), st.tuples(points, points), st.tuples(*[st.integers(-2, 2)] * 2)
)
def test_second_derivatives_away_from_kinks(program, at, direction):
    assume(is_smooth(program, *at))
    second = [gradient(g, [x, y]) for g in gradient(build(program), [x, y])]
    (xx, xy), (yx, yy) = ([exactly(g, *at) for g in row] for row in second)
    a, b = direction
    assert xy == yx
    assert a * a * xx + 2 * a * b * xy + b * b * yy == 2 * germ(program, at, direction, 3)[2]


# Against automatic differentiation


class Framework(Numbers):
    """PyTorch or JAX, with their own slope at a kink, and another one where it is wanted."""

    def __init__(self, xp, relu):
        self.xp, self.rectified = xp, relu

    def number(self, k):
        return self.xp.asarray(float(k))

    def relu(self, a, H0):
        where = self.xp.where
        return where(a == 0, float(H0) * a, self.rectified(a)) if H0 else self.rectified(a)

    def abs(self, a):
        return self.xp.abs(a)

    def where(self, a, b, condition):
        return self.xp.where(condition > 0, a, b)


def slopes_by_torch(torch):
    def slopes(program, at):
        variables = [torch.tensor(float(v), requires_grad=True) for v in at]
        # An unused variable has no gradient there; ours is 0.
        value = run(program, variables, Framework(torch, torch.relu)) + 0 * sum(variables)
        return torch.autograd.grad(value, variables)

    return slopes


def slopes_by_jax(jax):
    def slopes(program, at):
        framework = Framework(jax.numpy, jax.nn.relu)
        return jax.grad(lambda at: 1.0 * run(program, at, framework))([float(v) for v in at])

    return slopes


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


smooth_but_for_relu = cases("relu relu add mul scale where", variables=2, **in_floats)
# With the slope 0 only: SymPy's Abs of ReLU(x, 1/2) is ReLU(x, 1/2), whatever its own slope.
with_abs = cases(
    "relu abs add mul scale where", variables=2, **{**in_floats, "slopes": st.just(Fraction(0))}
)


@pytest.mark.parametrize(
    ("framework", "slopes_by", "drawn", "cost"),
    [
        ("torch", slopes_by_torch, smooth_but_for_relu, 2),
        ("torch", slopes_by_torch, with_abs, 2),
        ("jax", slopes_by_jax, smooth_but_for_relu, 10),  # the slope of its abs is 1 at 0
    ],
    ids=["torch", "torch-abs", "jax"],
)
def test_frameworks_agree(framework, slopes_by, drawn, cost, request):
    slopes = slopes_by(request.getfixturevalue(framework))

    @examples(cost)
    @given(drawn)
    def holds(case):
        program, at = case
        ours = [float(exactly(g, *at)) for g in gradient(build(program), [x, y])]
        assert ours == [float(slope) for slope in slopes(program, at)]

    holds()


# Networks

layers = st.lists(st.integers(1, 3), min_size=2, max_size=4)


@st.composite
def networks(draw):
    """Small whole numbers for X, Y, W1, b1, ...; the loss, its gradient; and the slope at 0."""
    sizes, batch = draw(layers), draw(st.integers(2, 3))
    H0 = draw(in_floats["slopes"])
    loss, parameters = matrix_network(sizes, batch, lambda u: ReLU(u, rational(H0)))
    data = [MatrixSymbol("X", sizes[0], batch), MatrixSymbol("Y", sizes[-1], batch)]
    arguments = [*data, *parameters]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = [random.integers(-2, 3, [int(k) for k in m.shape]) for m in arguments]
    compiled = lambdify(arguments, [loss, *gradient(loss, parameters)])
    return values, compiled(*(v.astype(float) for v in values)), H0


def squared_loss(X, Y, parameters, relu):
    for k, (W, b) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
        X = W @ (relu(X) if k else X) + b
    return ((X - Y) ** 2).sum()


def test_networks_by_torch(torch):
    framework = Framework(torch, torch.relu)

    @examples(4)
    @given(networks())
    def holds(network):
        values, (value, *gradients), H0 = network
        X, Y, *parameters = (torch.tensor(v, dtype=torch.float64) for v in values)
        for parameter in parameters:
            parameter.requires_grad_()
        loss = squared_loss(X, Y, parameters, lambda u: framework.relu(u, H0))
        assert value == loss.item()
        for ours, theirs in zip(gradients, torch.autograd.grad(loss, parameters), strict=True):
            np.testing.assert_array_equal(ours, theirs.numpy())

    holds()


@examples(10)
@given(networks())
def test_networks_written_out_in_scalars(network):
    (X, Y, *numbers), (value, *gradients), H0 = network
    relu = np.vectorize(lambda u: ReLU(u, rational(H0)), otypes=[object])
    names = (f"w{k}_:{v.shape[0]}_:{v.shape[1]}" for k, v in enumerate(numbers))
    entries = [np.reshape(symbols(s), v.shape) for s, v in zip(names, numbers, strict=True)]
    loss = squared_loss(X, Y, entries, relu)
    scalars, at, expected = map(_joined, (entries, numbers, gradients))
    compiled = lambdify(scalars, [loss, *gradient(loss, scalars)], "math")
    assert compiled(*at) == [value, *expected]


def _joined(arrays):
    return [entry for array in arrays for entry in array.ravel()]
