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
    Piecewise,
    Symbol,
    Trace,
    exp,
    sin,
    symbols,
    tanh,
)

import symrelu
from symrelu import ReLU, gradient, lambdify

n = Symbol("n", integer=True, positive=True)
x, y = symbols("x y", real=True)
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


def square(R):
    """The sum of all squares, without a transpose."""
    rows, columns = R.shape
    return Trace(OneMatrix(columns, rows) * HadamardPower(R, 2))


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
@pytest.mark.parametrize("network", [chain, residual], ids=["chain", "residual"])
def test_what_sympy_applies_costs_the_same(network, activation):
    # SymPy's own doit is exponential in these.
    with time_limit(30, network.__name__):
        _, products, _ = costs(network, 3, activation)
    assert products <= (3 * 3 - 1 if network is chain else 6 * 3 - 1)


@pytest.mark.parametrize("activation", ["ReLU", "tanh"])
@pytest.mark.parametrize(
    ("network", "depth"), [(chain, 200), (residual, 100)], ids=["chain", "residual"]
)
def test_deep_networks_can_be_built_twice(network, depth, activation):
    with time_limit(60, f"{network.__name__} of {depth}"):
        first, second = (costs(network, depth, activation) for _ in range(2))
    assert first[1:] == second[1:]
    assert abs(first[0] - second[0]) <= 0.1 * first[0]  # SymPy's cache shares leaves


def compiled(arguments, loss, parameters):
    """The source of value and gradients."""
    with time_limit(30, str(loss)[:200]):
        return inspect.getsource(lambdify(arguments, [loss, *gradient(loss, parameters)]))


@pytest.mark.parametrize(
    "activation",
    [ReLU, lambda z: z.applyfunc(ReLU), lambda z: z.applyfunc(tanh), ACTIVATIONS["tanh"]],
    ids=["ReLU", "applied ReLU", "applied tanh", "tanh"],
)
@pytest.mark.parametrize(
    "written",
    [lambda R: Trace(R.T * R), lambda R: Trace(R * R.T), square],
    ids=["R'R", "RR'", "squares"],
)
def test_two_layers_take_five_products(activation, written):
    W, X, b = MatrixSymbol("W", 128, 784), MatrixSymbol("X", 784, n), MatrixSymbol("b", 128, 1)
    V, Y = MatrixSymbol("V", 10, 128), MatrixSymbol("Y", 10, n)
    loss = written(V * activation(W * X + b * OneMatrix(1, n)) - Y)
    assert compiled([X, Y, W, b, V], loss, [W, b, V]).count("@") == 5


def test_a_transformer_block():
    X, W1, W2 = MatrixSymbol("X", n, 6), MatrixSymbol("W1", 6, 8), MatrixSymbol("W2", 8, 6)
    projections = [MatrixSymbol(name, 6, 6) for name in ("Wq", "Wk", "Wv", "Wo")]
    Q, K, V, out = projections
    E = (X * Q * (X * K).T / 2).applyfunc(exp)
    H = X + HadamardProduct(E, HadamardPower(E * OneMatrix(n, n), -1)) * (X * V) * out
    F = H + ReLU(H * W1) * W2
    parameters = [*projections, W1, W2]
    for loss in (Trace(F.T * F), square(F)):
        source = compiled([X, *parameters], loss, parameters)
        assert source.count("@") <= 8 + 15
        assert len(re.findall(r"\bexp\(", source)) == 1


def test_least_squares_by_an_element_are_not_written_out():
    X, w, y = MatrixSymbol("X", 50, 20), MatrixSymbol("w", 20, 1), MatrixSymbol("y", 50, 1)
    loss = ((X * w - y).T * (X * w - y))[0, 0]
    source = compiled([X, w, y], loss, [w])
    assert source.count("@") <= 3
    assert len(source) < 2000


def test_branches_cost_alike():
    sizes = []
    for count in (20, 40, 60):
        branches = [(x**k * y, x < k) for k in range(1, count)]
        with time_limit(20, f"{count} branches"):
            sizes.append(objects(gradient(Piecewise(*branches, (y, True)), [x, y])))
    assert sizes[2] - sizes[1] <= 1.2 * (sizes[1] - sizes[0])


def test_softmax_attention_takes_six_products_and_one_exponential():
    Q, K, V, G = (MatrixSymbol(name, n, 4) for name in "QKVG")
    E = (Q * K.T / 2).applyfunc(exp)
    loss = Trace(G.T * HadamardProduct(E, HadamardPower(E * OneMatrix(n, n), -1)) * V)
    with time_limit(30, "attention"):
        gradients = gradient(loss, [Q, K, V])
        source = inspect.getsource(lambdify([Q, K, V, G], [loss, gradients]))
    assert source.count("@") == 6
    assert len(re.findall(r"\bexp\(", source)) == 1
