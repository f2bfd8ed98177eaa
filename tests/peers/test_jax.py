"""What JAX tests of its relu and relu6, asked of the same functions compiled for JAX.

Where nan goes is the one difference: JAX's derivative of relu at nan is 0, ours is nan.
"""

import numpy as np
import pytest
from sympy import DiracDelta, symbols

from symrelu import ReLU, gradient, lambdify

jax = pytest.importorskip("jax")
jnp = jax.numpy
check_grads = pytest.importorskip("jax.test_util").check_grads

x = symbols("x")
# Flat on both sides, JAX's choice, takes the slope 1 out at 6 from the slope 1 there.
RELU6 = ReLU(x) - ReLU(x - 6, 1)
FUNCTIONS = [(ReLU(x), jax.nn.relu), (RELU6, jax.nn.relu6)]
functions = pytest.mark.parametrize(("expr", "peer"), FUNCTIONS, ids=["relu", "relu6"])
DTYPES = ["float16", "bfloat16", "float32"]  # those that JAX has by default


def compiled(expr):
    return lambdify(x, expr, "jax")


def same(one, other):
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other)


@functions
@pytest.mark.parametrize("at", [-1.0, 1.0, 7.0])
def test_derivatives_of_three_orders_away_from_kinks(expr, peer, at):
    check_grads(compiled(expr), (at,), order=3)
    check_grads(compiled(gradient(expr, x)), (at,), order=2)


@functions
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_and_slopes_at_kinks_keep_the_dtype(expr, peer, dtype):
    points = jnp.array([-1, -0.0, 0, 1, 5, 6, 7], dtype)
    same(compiled(expr)(points), peer(points))
    same(compiled(gradient(expr, x))(points), jax.vmap(jax.grad(peer))(points))


def test_the_slope_at_0_is_0():
    assert compiled(gradient(ReLU(x), x))(0.0) == 0
    assert jax.grad(compiled(ReLU(x)))(0.0) == 0  # through the compiled value


@pytest.mark.parametrize("at", [-1.0, 1.0])
def test_the_second_derivative_is_0_away_from_the_kink(at):
    second = gradient(gradient(ReLU(x), x), x)
    assert second == DiracDelta(x)
    assert second.subs(x, at) == 0
    assert jax.grad(jax.grad(compiled(ReLU(x))))(at) == 0
    assert jax.grad(compiled(gradient(ReLU(x), x)))(at) == 0


@pytest.mark.parametrize("at", [-np.inf, np.inf])
def test_infinities(at):
    assert compiled(ReLU(x))(at) == jax.nn.relu(at)
    assert compiled(gradient(ReLU(x), x))(at) == jax.grad(jax.nn.relu)(at)


def test_nan():
    value, slope = (compiled(e)(jnp.nan) for e in (ReLU(x), gradient(ReLU(x), x)))
    assert jnp.isnan(value)
    assert jnp.isnan(jax.nn.relu(jnp.nan))
    assert jnp.isnan(slope)
    assert jax.grad(jax.nn.relu)(jnp.nan) == 0


@functions
def test_under_jit_and_vmap(expr, peer):
    points = jnp.linspace(-2, 8, 11)
    slope = compiled(gradient(expr, x))
    same(jax.jit(slope)(points), slope(points))
    same(jax.jit(jax.vmap(slope))(points), slope(points))
