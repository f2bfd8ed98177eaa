"""No public function reads text, wherever it stands."""

import numpy as np
import pytest
from sympy import I, Matrix, MatrixSymbol, Max, S, Symbol, exp, pi, solve, symbols
from sympy.tensor.array.expressions import (
    ArrayContraction,
    ArrayTensorProduct,
    convert_array_to_matrix,
)

from symrelu import (
    ReLU,
    as_relu,
    elementwise,
    gradient,
    hessian,
    jacobian,
    lambdify,
    relusimp,
)
from symrelu.inputs import expression, holds_text

x = symbols("x", real=True)
text = "print('run')"


@pytest.mark.parametrize(
    "call",
    [
        lambda: ReLU([text]),
        lambda: ReLU(x, (text,)),
        lambda: ReLU(np.array([text])),
        lambda: gradient((text,), x),
        lambda: as_relu((text,)),
        lambda: as_relu({1: text}),
        lambda: as_relu({text: 1}),
        lambda: as_relu(iter([text])),
        lambda: as_relu(Max(0, x), H0=[text]),
        lambda: as_relu(np.array([[text]], dtype=object)),
        lambda: relusimp({text}),
        lambda: relusimp(([frozenset([text])],)),
        lambda: lambdify(x, {text}),
        lambda: lambdify(x, [x, (text,)]),
    ],
)
def test_no_text_is_read(call, capsys):
    with pytest.raises(TypeError):
        call()
    assert not capsys.readouterr().out


def test_what_holds_no_text():
    endless = [x]
    endless.append(endless)
    for value in (x, [x, (1, {2})], {x: 1}, np.ones(3), np.array([x], dtype=object), endless):
        assert not holds_text(value)
    assert expression((x, 1), "f") == (x, 1)


def test_numbers_in_any_guise():
    assert float(ReLU(S(3), evaluate=False).n()) == 3
    assert float(ReLU(S(-3), evaluate=False)) == 0
    assert bool(ReLU(S(3), evaluate=False) < 4)
    assert ReLU(np.array(-1.5)) == 0
    assert ReLU(np.array([])).shape == (0,)
    assert ReLU(x, np.array(0.5)) == ReLU(x, 0.5)
    X = Symbol("X")
    roots = solve(X**3 - 3 * X + 1)  # real, though written with I
    assert [float(ReLU(r)) for r in roots] == pytest.approx(
        [max(0.0, complex(r).real) for r in roots]
    )
    with pytest.raises(ValueError, match="for real arguments only"):
        ReLU(exp(X)).evalf(subs={X: 2 + I})
    with pytest.raises(TypeError, match="ReLU takes one H0; 1 and 2 were given"):
        ReLU(x, 1, H0=2)
    assert ReLU(pi - 3, evaluate=False) < 1
    assert ReLU(Matrix([x])) == Matrix([ReLU(x)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReLU("x"), "of ReLU must .* not 'x'; text is never read here: make a symbol"),
        (lambda: ReLU([1, -2]), r"of ReLU must .* not \[1, -2\]; make a matrix of it by Matrix"),
        (
            lambda: ReLU(x > 0),
            "of ReLU must .* not x > 0; make a choice of a condition by Piecewise",
        ),
        (lambda: ReLU(None), "of ReLU must .* not None$"),
        (lambda: ReLU(x, "c"), "H0 of ReLU, the slope at 0, must be .* such as 0, .*; not 'c'"),
        (lambda: gradient("x", x), "gradient takes .* not 'x'; text is never read here"),
        (lambda: gradient([x], x), "gradient takes .*; of several, take jacobian"),
        (lambda: gradient(x, "x"), "gradient differentiates by .* not 'x'; text is never read"),
        (lambda: jacobian("x", x), "jacobian takes .* not 'x'; text is never read here"),
        (lambda: hessian("x", x), "hessian takes .* not 'x'; text is never read here"),
        (lambda: lambdify(x, "x"), "lambdify compiles .* not 'x'; text is never read here"),
        (lambda: as_relu("x"), "as_relu takes .* not 'x'; text is never read here"),
        (lambda: relusimp([x]), r"relusimp takes .* not \[x\]; .* take its items one by one"),
        (lambda: elementwise(exp, [x]), r"elementwise takes .* not \[x\]; make a matrix of it"),
    ],
)
def test_messages_name_the_argument_and_the_remedy(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_arrays_of_matrices_are_refused_with_the_way_to_write_them():
    A = MatrixSymbol("A", 3, 3)
    product = ArrayContraction(ArrayTensorProduct(A, A), (0, 2), (1, 3))
    with pytest.raises(TypeError, match="write it with matrices, by convert_array_to_matrix"):
        gradient(product, A)
    assert gradient(convert_array_to_matrix(product), A) == 2 * A
