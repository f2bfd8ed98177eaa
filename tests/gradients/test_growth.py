"""What value and gradients of networks cost, by counts, over their depth."""

import inspect
import re
from functools import reduce
from itertools import accumulate

import numpy as np
import pytest
from support.counts import calls
from support.limits import time_limit
from support.networks import distinct, matrix_network, network, residual_network
from sympy import (
    Array,
    BlockMatrix,
    Determinant,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    Matrix,
    MatrixSymbol,
    OneMatrix,
    Piecewise,
    Symbol,
    Trace,
    cos,
    exp,
    sin,
    sqrt,
    symbols,
    tanh,
)

import symrelu
from symrelu import ReLU, gradient, hessian, lambdify

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


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("activation", ["ReLU", "tanh"])
@pytest.mark.parametrize(
    ("network", "depth"),
    [
        pytest.param(chain, 200, id="chain"),
        pytest.param(residual, 100, id="residual"),
    ],
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


w = symbols("w:200", real=True)


def flat(count):
    return Piecewise(*((sin(k * x) * exp(k * y), x < k) for k in range(1, count)), (y, True))


def own(count):  # each branch has a parameter of its own
    return Piecewise(*((w[k] * x, x < k) for k in range(1, count)), (w[0], True))


def outside(count):  # and each shares a part with what stands beside
    parts = [sin(k * x) for k in range(count)]
    return Piecewise(*((parts[k] * y, x < k) for k in range(1, count)), (0, True)) + sum(parts)


def sums(count):  # branches that are made one of the other
    branches = list(accumulate(w[:count], lambda total, weight: total * x + weight))
    return Piecewise(*((e, x < k) for k, e in enumerate(branches)), (0, True))


def on_top(count):
    z = reduce(lambda z, k: sin(z * y), range(count), x)
    return Piecewise(*((z**k, z < k) for k in range(1, count)), (0, True))


def nested(count):
    return reduce(
        lambda e, k: Piecewise((k * x * y, x < k), (e + x * y, True)), range(count, 0, -1), y
    )


def nested_first(count):
    return reduce(lambda e, k: Piecewise((e * x, x < k), (x * y * k, True)), range(count), y)


def nested_own(count):
    return reduce(
        lambda e, k: Piecewise((w[k] * x, x < k), (2 * e, True)), range(count - 1, 0, -1), w[0]
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "branches",
    [flat, own, outside, sums, on_top, nested, nested_first, nested_own],
    ids=lambda f: f.__name__,
)
def test_branches_cost_alike(branches):
    grown = []
    counts = (50, 80, 110, 140) if branches in (sums, on_top) else (50, 100, 150, 200)
    for count in counts:
        with time_limit(60, f"{branches.__name__} {count}"):
            e = branches(count)
            variables = [x, y, *(w[:count] if branches in (own, sums, nested_own) else ())]
            gradients = gradient(e, variables)
            lines = 0
            if count <= 100:  # SymPy's printers recurse as deep as branches are nested
                lines = inspect.getsource(lambdify(variables, [e, gradients])).count("\n")
        grown.append((objects(gradients), lines))
    first, second, third, last = (nodes for nodes, _ in grown)
    assert last - third <= 1.05 * (second - first)
    assert grown[1][1] <= 1.2 * counts[1] / counts[0] * grown[0][1]


@pytest.mark.parametrize(
    "branches",
    [flat, own, outside, sums, on_top, nested, nested_first, nested_own],
    ids=lambda f: f.__name__,
)
def test_gradients_of_many_branches(branches):
    e = branches(12)
    variables = sorted(e.free_symbols, key=str)
    random = np.random.default_rng(3)
    f = lambdify(variables, [e, gradient(e, variables)])
    others = random.uniform(0.3, 1, size=len(variables) - 1)
    at = variables.index(x)

    def value(point):
        return f(*point)[0]

    for place in (-0.5, 0.4, 1.5, 5.7, 9.3, 10.6, 12.5):
        point = np.insert(others, at, place) / (1 if branches is not on_top else 3)
        steps = 1e-6 * np.eye(len(point))
        differences = [(value(point + h) - value(point - h)) / 2e-6 for h in steps]
        scale = max(1, np.abs(differences).max())
        np.testing.assert_allclose(f(*point)[1], differences, atol=1e-6 * scale)


def test_the_gradient_of_a_spline_is_a_spline():
    e = Piecewise(*((x**k, x < k) for k in range(1, 30)), (0, True))
    slope = Piecewise((1, x < 1), *((k * x ** (k - 1), x < k) for k in range(2, 30)), (0, True))
    assert gradient(e, x) == slope


def test_softmax_attention_takes_six_products_and_one_exponential():
    Q, K, V, G = (MatrixSymbol(name, n, 4) for name in "QKVG")
    E = (Q * K.T / 2).applyfunc(exp)
    loss = Trace(G.T * HadamardProduct(E, HadamardPower(E * OneMatrix(n, n), -1)) * V)
    with time_limit(30, "attention"):
        gradients = gradient(loss, [Q, K, V])
        source = inspect.getsource(lambdify([Q, K, V, G], [loss, gradients]))
    assert source.count("@") == 6
    assert len(re.findall(r"\bexp\(", source)) == 1


def test_what_sympy_would_write_out_to_know_whether_it_is_finite():
    g, z, u = MatrixSymbol("g", 1, 1), MatrixSymbol("z", 1, 3), MatrixSymbol("u", 3, 1)
    small = (g * g.T + Identity(1)) ** (-6)
    gate = small.applyfunc(lambda t: tanh(t * Trace(small)))
    gated = g.applyfunc(lambda t: t / (1 + (gate.T * gate)[0, 0]))
    both = BlockMatrix([[z, z.applyfunc(lambda t: sqrt(t**2 + 1))]]).applyfunc(tanh)
    score = both * BlockMatrix([[u], [u]])
    deep = z.applyfunc(lambda t: t / (1 + (score.T * score)[0, 0]))
    for f in (lambda t: tanh(t - y), lambda t: cos(t * Trace(g))):
        deep = deep.applyfunc(f)
    for loss, variables in ((gated, [g]), (deep * u, [g, z, u, y])):
        with time_limit(20, loss):
            lambdify(variables, [loss, gradient(loss, variables)])


@pytest.mark.parametrize("width", [8, 24])
def test_few_calls_for_each_weight(width):
    loss, parameters = network((2, width, width, 1))
    data = sorted(loss.free_symbols - {*parameters}, key=str)
    deriving, slopes = calls(lambda: gradient(loss, parameters))
    compiling, _ = calls(lambda: lambdify([parameters, data], [loss, slopes]))
    nodes = len(distinct(loss, *slopes))
    assert deriving < 180 * nodes
    assert compiling < 130 * nodes


def shared(levels, x=x):
    """Each level uses the last twice."""
    for _ in range(levels):
        x = ReLU(x / 2 + ReLU(x - 1) / 3 + y)
    return x


A = MatrixSymbol("A", 2, 2)
SHARED = {
    "entries of a matrix": lambda e: (0, Matrix([e, x])),
    "a number beside": lambda e: (0, Matrix([[e, 1]])),
    "an array": lambda e: (0, Array([e, x])),
    "a factor of a trace": lambda e: (gradient(Trace(A) * e, A), gradient(Trace(A) * e, x)),
    "in a kink of a matrix": lambda e: (0, gradient(ReLU(Trace(A) * e), [A, x])),
    "beside the entry": lambda e: (0, gradient(_total(lambda t: t * e), [A, x])),
}


def _total(f):
    return Trace(symrelu.elementwise(f, A))


@pytest.mark.parametrize("made", SHARED.values(), ids=SHARED)
def test_what_is_shared_is_not_taken_part_by_part(made):
    with time_limit(20, str(made)):
        outputs = made(shared(60))
        values = lambdify([x, y, A], outputs)(3.0, 1.0, np.eye(2))
    small = lambdify([x, y, A], made(shared(6)))
    assert np.isfinite(np.hstack([np.ravel(v) for v in _flat(values)])).all()
    assert len(_flat(values)) == len(_flat(small(3.0, 1.0, np.eye(2))))


def _flat(values):
    return [v for item in values for v in (_flat(item) if isinstance(item, list) else [item])]


@pytest.mark.parametrize("levels", [2, 5, 12])
def test_long_functions_of_entries(levels):
    with time_limit(20, f"{levels} levels"):
        loss = _total(lambda t: t * shared(levels, t))
        f = lambdify([y, A], [loss, *gradient(loss, [y, A])])
        direction = np.array([[1.0, 2], [3, -1]])
        second = lambdify([y, A], hessian(loss, A, along=ImmutableMatrix(direction)))
    at, h = np.array([[1.5, 0.3], [2, 2.5]]), 1e-6
    ahead, behind = f(0.3, at + h * direction), f(0.3, at - h * direction)
    _, by_y, by_A = f(0.3, at)
    assert (by_A * direction).sum() == pytest.approx((ahead[0] - behind[0]) / (2 * h), rel=1e-7)
    slope = (f(0.3 + h, at)[0] - f(0.3 - h, at)[0]) / (2 * h)
    assert by_y == pytest.approx(slope, rel=1e-7)
    np.testing.assert_allclose(second(0.3, at), (ahead[2] - behind[2]) / (2 * h), atol=1e-7)


def test_what_stands_beside_an_entry_is_differentiated_once():
    """A ninth power's element is long where SymPy has written it out."""
    P = MatrixSymbol("P", 3, 3)
    long = ((P**2) ** 2)[0, 0] ** 2 * ((P**2) ** 2)[0, 1]
    loss = Trace(P * P.applyfunc(lambda t: t * long))
    with time_limit(20, "long elements"):
        f = lambdify([P], [loss, gradient(loss, P)])
    at, h = np.array([[0.5, 0.2, -0.1], [0.3, 0.4, 0.2], [0.1, -0.3, 0.6]]), 1e-6
    for i, j in [(0, 0), (1, 2), (2, 1)]:
        step = h * np.eye(3)[[i]].T @ np.eye(3)[[j]]
        difference = (f(at + step)[0] - f(at - step)[0]) / (2 * h)
        assert f(at)[1][i, j] == pytest.approx(difference, rel=1e-6, abs=1e-9)


def test_what_has_no_rule_and_is_long():
    c, g, w = Symbol("c"), MatrixSymbol("g", 1, 1), MatrixSymbol("w", n, 1)
    e = w.applyfunc(lambda t: cos(t * Determinant(g)))
    e = e.applyfunc(lambda t: Piecewise((t * c, t > 0), (c, True)))
    loss = (e.T * e * g)[0, 0]
    f = lambdify([w, g, c], [loss, *gradient(loss, [w, g, c])])
    at, h = (np.array([[0.3], [2.5]]), np.array([[0.7]]), 1.2), 1e-6
    _, by_w, by_g, by_c = f(*at)
    moves = [(np.array([[h], [0]]), 0, 0), (0, np.array([[h]]), 0), (0, 0, h)]
    for slope, move in zip([by_w[0, 0], by_g[0, 0], by_c], moves, strict=True):
        ahead = f(*(a + m for a, m in zip(at, move, strict=True)))[0]
        behind = f(*(a - m for a, m in zip(at, move, strict=True)))[0]
        assert slope == pytest.approx((ahead - behind) / (2 * h), rel=1e-7)


def test_an_element_by_open_indices():
    i, j = symbols("i j", integer=True)
    X = MatrixSymbol("X", 2, 3)
    scalar = X[i, j]
    for _ in range(40):
        scalar = scalar * sin(1 + 1 / scalar)
    with time_limit(10, "the gradient by an element, and its code"):
        value_and_gradient = lambdify([X, i, j], [scalar, gradient(scalar, X)])
    at, step = np.full((2, 3), 2.0), np.zeros((2, 3))
    step[1, 2] = 1e-6
    _, slope = value_and_gradient(at, 1, 2)
    rise = value_and_gradient(at + step, 1, 2)[0] - value_and_gradient(at - step, 1, 2)[0]
    np.testing.assert_allclose(slope, step / 1e-6 * rise / 2e-6, rtol=1e-5)
