"""What value and gradients of networks cost, by counts, over their depth."""

import inspect
import re

import pytest
from support.limits import time_limit
from support.networks import matrix_network, residual_network
from sympy import (
    HadamardPower,
    HadamardProduct,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    Trace,
    exp,
    sin,
    tanh,
)

import symrelu
from symrelu import ReLU, gradient, lambdify

n = Symbol("n", integer=True, positive=True)
DEPTHS = (10, 20, 40, 100)
ACTIVATIONS = {
    "ReLU": ReLU,
    "tanh": lambda z: symrelu.elementwise(tanh, z),
    "body": lambda z: symrelu.elementwise(lambda t: t * sin(t), z),
}
activations = pytest.mark.parametrize("activation", ACTIVATIONS)


def chain(depth, activation):
    return matrix_network([4] * (depth + 1), n, activation)


def residual(depth, activation):
    return residual_network(depth, 4, n, activation)


def costs(network, depth, activation):
    """Nodes of the formulas, products and lines of the code."""
    loss, parameters = network(depth, ACTIVATIONS.get(activation, activation))
    gradients = gradient(loss, parameters)
    nodes = objects(gradients)
    arguments = sorted(loss.free_symbols - {n}, key=str)
    source = inspect.getsource(lambdify(arguments, [loss, gradients]))
    return nodes, source.count("@"), source.count("\n")


def objects(roots):
    """How many objects the graph holds; equality is not asked, it may be exponential."""
    seen, stack = {}, list(roots)
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            stack.extend(node.args)
    return len(seen)


@activations
@pytest.mark.parametrize(
    ("network", "products"),
    [(chain, lambda depth: 3 * depth - 1), (residual, lambda depth: 6 * depth - 1)],
    ids=["chain", "residual"],
)
def test_growth_with_depth(network, products, activation):
    grown = []
    for depth in DEPTHS:
        with time_limit(30, f"{network.__name__} of {depth}"):
            nodes, count, lines = costs(network, depth, activation)
        assert count <= products(depth), depth
        grown.append((nodes, lines))
    for kind in zip(*grown, strict=True):
        # So much for each layer, however many there are.
        first, _, middle, last = kind
        assert (last - middle) / 60 <= 1.02 * (middle - first) / 30


@pytest.mark.parametrize(
    "activation",
    [
        lambda z: z.applyfunc(ReLU),
        lambda z: z.applyfunc(tanh),
        lambda z: z.applyfunc(lambda t: t**3),
    ],
    ids=["ReLU", "tanh", "cube"],
)
@pytest.mark.parametrize("network", [chain, residual])
def test_what_sympy_applies_costs_the_same(network, activation):
    # SymPy's own doit is exponential in these.
    with time_limit(30, network.__name__):
        _, products, _ = costs(network, 3, activation)
    assert products <= (3 * 3 - 1 if network is chain else 6 * 3 - 1)


def test_softmax_attention_takes_six_products_and_one_exponential():
    Q, K, V, G = (MatrixSymbol(name, n, 4) for name in "QKVG")
    E = (Q * K.T / 2).applyfunc(exp)
    loss = Trace(G.T * HadamardProduct(E, HadamardPower(E * OneMatrix(n, n), -1)) * V)
    with time_limit(30, "attention"):
        gradients = gradient(loss, [Q, K, V])
        source = inspect.getsource(lambdify([Q, K, V, G], [loss, gradients]))
    assert source.count("@") == 6
    assert len(re.findall(r"\bexp\(", source)) == 1
