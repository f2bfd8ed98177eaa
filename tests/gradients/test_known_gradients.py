"""Results that are in the books, formula by formula."""

import numpy as np
import pytest
from support.evaluate import evaluate
from support.networks import matrix_network, matrix_operations, products
from sympy import (
    Heaviside,
    Matrix,
    MatrixSymbol,
    OneMatrix,
    Rational,
    S,
    Sum,
    Trace,
    latex,
    symbols,
)
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, gradient
from symrelu.matrices.reading import read

m, n = symbols("m n", integer=True, positive=True)
w, x = MatrixSymbol("w", n, 1), MatrixSymbol("x", n, 1)
X, Y = MatrixSymbol("X", m, n), MatrixSymbol("y", m, 1)
b, y, lam = symbols("b y lambda")
one = OneMatrix(1, 1)
pre = w.T * x + b * one  # of one neuron
H = r"\operatorname{Heaviside}"
R = r"\operatorname{ReLU}"


def numbers(size, label, slope=(2, -3, 1), inputs=(1, 1, 4), bias=0):
    """Values of one neuron; the defaults give w.x = 3."""
    arrays = {w: np.array(slope, float)[:size, None], x: np.array(inputs, float)[:size, None]}
    return {
        **{v.subs(n, size): a for v, a in arrays.items()},
        b: np.float64(bias),
        y: np.float64(label),
    }


# Linear models


def test_least_squares():
    residual = X * w - Y
    loss = residual.T * residual
    assert str(gradient(loss, w)) == "2*X.T*(X*w - y)"
    assert latex(gradient(loss, w)) == r"2 X^{T} \left(X w - y\right)"
    assert str(gradient(loss, Y)) == "-2*(X*w - y)"
    assert str(gradient(loss, X)) == "2*(X*w - y)*w.T"


def test_ridge_regression():
    residual = X * w - Y
    loss = residual.T * residual + lam * w.T * w
    assert str(gradient(loss, w)) == "2*lambda*w + 2*X.T*(X*w - y)"
    assert str(gradient(loss, lam)) == "(w.T*w)[0, 0]"


HINGE = ReLU(one - y * pre)


def test_hinge_loss():
    by_w, by_b = gradient(HINGE, [w, b])
    assert str(by_w) == "-y*x*Heaviside.(I - y*(b*I + w.T*x), 0)"
    assert str(by_b) == "-y*(Heaviside.(I - y*(b*I + w.T*x), 0))[0, 0]"
    margin = r"\left(\mathbb{I} - y \left(b \mathbb{I} + w^{T} x\right),0 \right)"
    assert latex(by_w) == rf"- y x {H}{{{margin}}}"


@pytest.mark.parametrize(
    ("bias", "label", "active"),
    [(0, 1, 0), (-2, 1, 0), (-2.5, 1, 1), (-4, 1, 1), (0, -1, 1), (-4, -1, 0), (-5, -1, 0)],
)
def test_hinge_loss_on_both_sides_of_the_margin(bias, label, active):
    at = numbers(3, label, bias=bias)
    square = HINGE**2
    for loss, factor in ((HINGE, 1), (square, 2 * (1 - label * (3 + bias)))):
        by_w, by_b = (g.subs(n, 3) for g in gradient(loss, [w, b]))
        expected = -label * active * factor
        assert evaluate(by_w, at) == pytest.approx(expected * np.array([[1], [1], [4]]))
        assert evaluate(by_b, at) == pytest.approx(expected)


def test_squared_hinge_loss():
    by_w, by_b = gradient(HINGE**2, [w, b])
    margin = "(I - y*(b*I + w.T*x)"
    assert str(by_w) == f"-2*y*x*Heaviside.{margin}, 0)*ReLU.{margin})"
    assert str(by_b) == f"-2*y*(Heaviside.{margin}, 0))[0, 0]*(ReLU.{margin}))[0, 0]"


# One neuron: Parr and Howard, "The Matrix Calculus You Need for Deep Learning", section 6

NEURON = (y * one - ReLU(pre)) ** 2


def test_one_neuron():
    by_w, by_b = gradient(NEURON, [w, b])
    assert str(by_w) == "-2*x*Heaviside.(b*I + w.T*x, 0)*(y*I - ReLU.(b*I + w.T*x))"
    assert str(by_b) == "-2*(y*I - ReLU.(b*I + w.T*x))[0, 0]*(Heaviside.(b*I + w.T*x, 0))[0, 0]"


@pytest.mark.parametrize("bias", [-5, -3, -2, 0, 1.5])
@pytest.mark.parametrize("label", [-1, 0, 2, 7])
def test_one_neuron_in_two_branches(bias, label):
    # dC/dw = 0 for w.x + b <= 0, else 2 (w.x + b - y) x; dC/db likewise, without x.
    at = numbers(3, label, bias=bias)
    z = 3 + bias
    factor = 2 * (z - label) if z > 0 else 0
    by_w, by_b = (g.subs(n, 3) for g in gradient(NEURON, [w, b]))
    assert evaluate(by_w, at) == pytest.approx(factor * np.array([[1], [1], [4]]))
    assert evaluate(by_b, at) == pytest.approx(factor)


def test_one_neuron_as_a_scalar():
    dot = MatrixElement(w.T * x, 0, 0)
    by_w, by_b = gradient((y - ReLU(dot + b)) ** 2, [w, b])
    z = "b + Trace(w.T*x)"
    factor = f"-2*(y - ReLU({z}))*Heaviside({z}, 0)"
    assert str(by_b) == factor
    assert str(by_w) == f"{factor}*x"


def test_one_neuron_as_a_sum():
    dot = (w.T * x)[0, 0]
    assert isinstance(dot, Sum)  # as SymPy writes it for an open dimension
    loss = (y - ReLU(dot + b)) ** 2
    z = "b + Trace(w.T*x)"  # it is read as the product that it was
    factor = f"-2*(y - ReLU({z}))*Heaviside({z}, 0)"
    by_w, by_b = gradient(loss, [w, b])
    assert str(by_b) == factor
    assert str(by_w) == f"{factor}*x"


# Networks over a batch: backpropagation


def test_two_layers():
    # Z = ReLU(W1 X + b1), R = W2 Z + b2 - Y, D = W2' R o step: W1: 2 D X', b1: 2 D 1, ...
    loss, parameters = matrix_network((3, 4, 2), n)
    by_W1, by_b1, by_W2, by_b2 = map(str, gradient(loss, parameters))
    P = "W1*X + b1*1"
    Z = f"ReLU.({P})"
    residual = f"W2*{Z} + b2*1 - Y"
    D = f"HadamardProduct(W2.T*({residual}), Heaviside.({P}, 0))"
    assert by_W2 == f"2*({residual})*{Z}.T"
    assert by_b2 == f"2*({residual})*1"
    assert by_W1 == f"2*{D}*X.T"
    assert by_b1 == f"2*{D}*1"


def test_three_layers():
    loss, parameters = matrix_network((3, 5, 4, 2), n)
    gradients = list(map(str, gradient(loss, parameters)))
    P1 = "W1*X + b1*1"
    Z1 = f"ReLU.({P1})"
    P2 = f"W2*{Z1} + b2*1"
    Z2 = f"ReLU.({P2})"
    residual = f"W3*{Z2} + b3*1 - Y"
    D2 = f"HadamardProduct(W3.T*({residual}), Heaviside.({P2}, 0))"
    D1 = f"HadamardProduct(W2.T*{D2}, Heaviside.({P1}, 0))"
    assert gradients == [
        f"2*{D1}*X.T",
        f"2*{D1}*1",
        f"2*{D2}*{Z1}.T",
        f"2*{D2}*1",
        f"2*({residual})*{Z2}.T",
        f"2*({residual})*1",
    ]


@pytest.mark.parametrize("layers", [2, 3, 10, 20])
def test_backpropagation_takes_two_products_for_each_of_the_forward_pass(layers):
    sizes = (3, *[4] * (layers - 1), 2)
    loss, parameters = matrix_network(sizes, n)
    weights = parameters[::2]
    residual = loss.arg.args[1]
    # W*Z and b*1 a layer forward; W.T*D and D*Z.T backward, but for the first layer.
    assert products(residual) == 2 * layers
    # As it is read: small formulas are shown with their products flat.
    shared = read([residual, *gradient(loss, weights)])
    assert products(*shared) == 2 * layers + 2 * layers - 1


@pytest.mark.parametrize("sizes", [(784, 128, 10), (3, 5, 4, 2), (32, 32, 32, 32, 1)])
@pytest.mark.parametrize("batch", [1, 32])
def test_value_and_gradient_of_a_batch_cost_at_most_four_times_the_value(sizes, batch):
    loss, parameters = matrix_network(sizes, batch)
    residual = loss.arg.args[1]
    value = matrix_operations(residual) + 2 * sizes[-1] * batch
    everything = matrix_operations(residual, *gradient(loss, parameters)) + 2 * sizes[-1] * batch
    assert everything <= 4 * value


# Functions of one variable

v, k, K = symbols("v k K", real=True)


def test_absolute_value():
    assert gradient(ReLU(v) + ReLU(-v), v) == Heaviside(v, 0) - Heaviside(-v, 0)
    slope = gradient(ReLU(v) + ReLU(-v), v)
    assert [slope.subs(v, at) for at in (-2, 0, 3)] == [-1, 0, 1]


def test_clipped_ramp():
    slope = gradient(ReLU(v) - ReLU(v - 1), v)
    assert slope == Heaviside(v, 0) - Heaviside(v - 1, 0)
    points = (-1, 0, Rational(1, 2), 1, 2)
    assert [slope.subs(v, at) for at in points] == [0, 0, 1, 1, 0]


def test_call_spread():
    payoff = ReLU(v - k) - ReLU(v - K)
    delta, by_k, by_K = gradient(payoff, [v, k, K])
    assert delta == Heaviside(v - k, 0) - Heaviside(v - K, 0)
    assert by_k == -Heaviside(v - k, 0)
    assert by_K == Heaviside(v - K, 0)
    strikes = {k: 90, K: 110}
    assert [delta.subs(strikes).subs(v, at) for at in (80, 90, 100, 110, 120)] == [0, 0, 1, 1, 0]


def test_the_identity_that_is_none_at_the_kink():
    slope = gradient(ReLU(v) - ReLU(-v), v)
    assert slope.subs(v, 0) == 0
    assert slope.subs(v, 1) == slope.subs(v, -1) == 1
    assert gradient(ReLU(v, S.Half) - ReLU(-v, S.Half), v).subs(v, 0) == 1


# As it reads


def test_a_layer_in_latex():
    W, z = MatrixSymbol("W", 4, 3), MatrixSymbol("x", 3, 1)
    c, a = MatrixSymbol("b", 4, 1), MatrixSymbol("a", 4, 1)
    layer = ReLU(W * z + c)
    step = rf"{H}{{\left(W x + b,0 \right)}}"
    assert latex(layer) == rf"{R}{{\left(W x + b \right)}}"
    assert latex(gradient(OneMatrix(1, 4) * layer, W)) == rf"{step} x^{{T}}"
    assert latex(gradient(a.T * layer, W)) == rf"\left({step} \circ a\right) x^{{T}}"
    assert latex(gradient(a.T * layer, c)) == rf"{step} \circ a"
    assert latex(gradient(a.T * layer, z)) == rf"W^{{T}} \left({step} \circ a\right)"
    assert latex(gradient(a.T * layer, a)) == latex(layer)


def test_a_neuron_in_latex():
    expected = rf"x {H}{{\left(b \mathbb{{I}} + w^{{T}} x,0 \right)}}"
    assert latex(gradient(ReLU(pre), w)) == expected


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 5, 4, 2)])
def test_a_network_in_latex(sizes):
    loss, parameters = matrix_network(sizes, n)
    for formula in map(latex, gradient(loss, parameters)):
        assert "\n" not in formula
        assert "mapsto" not in formula
        assert "Lambda" not in formula
    by_W1 = latex(gradient(loss, parameters[0]))
    assert f"{R}" in by_W1
    assert f"{H}" in by_W1


def test_two_layers_in_latex():
    W, V = MatrixSymbol("W", 4, 3), MatrixSymbol("V", 2, 4)
    data, labels = MatrixSymbol("X", 3, n), MatrixSymbol("Y", 2, n)
    residual = V * ReLU(W * data) - labels
    by_W, by_V = gradient(Trace(residual.T * residual), [W, V])
    inside = rf"V {R}{{\left(W X \right)}} - Y"
    assert latex(by_V) == (rf"2 \left({inside}\right) \left({R}{{\left(W X \right)}}\right)^{{T}}")
    assert latex(by_W) == (
        rf"2 \left(\left(V^{{T}} \left({inside}\right)\right) \circ "
        rf"{H}{{\left(W X,0 \right)}}\right) X^{{T}}"
    )


def test_explicit_and_symbolic_matrices_agree():
    weights = Matrix(2, 2, symbols("w:4"))
    inputs = Matrix([3, -1])
    loss = sum(ReLU(e) ** 2 for e in weights * inputs)
    W = MatrixSymbol("W", 2, 2)
    z = ReLU(W * inputs)
    by_W = gradient(z.T * z, W)
    values = np.array([[1.0, 2.0], [1.0, 5.0]])
    at = dict(zip(weights.flat(), map(np.float64, values.flat), strict=True))
    by_entry = [[evaluate(e, at) for e in row] for row in gradient(loss, weights).tolist()]
    assert evaluate(by_W, {W: values}) == pytest.approx(np.array(by_entry, float))
