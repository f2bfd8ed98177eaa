"""Elementwise application to matrix expressions."""

import pickle
import subprocess
import sys

import pytest
from sympy import (
    Abs,
    Heaviside,
    ImmutableMatrix,
    Inverse,
    Lambda,
    MatAdd,
    Matrix,
    MatrixSymbol,
    S,
    Symbol,
    Trace,
    exp,
    hadamard_product,
    latex,
    pretty,
    sign,
    srepr,
    symbols,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symrelu import ReLU, elementwise, gradient
from symrelu.matrices.elementwise import Elementwise

c, t = symbols("c t")
m, n = symbols("m n", integer=True, positive=True)
W = MatrixSymbol("W", 2, 3)
X = MatrixSymbol("X", 3, 2)
b = MatrixSymbol("b", 2, 2)


def test_matrix_expressions():
    layer = ReLU(W * X + b, c)
    assert isinstance(layer, Elementwise)
    assert layer.shape == (2, 2)
    assert layer.expr == W * X + b
    assert layer.free_symbols == {W, X, b, c}
    assert layer[0, 1] == ReLU((W * X + b)[0, 1], c)
    assert ReLU(MatrixSymbol("A", m, n)).shape == (m, n)
    assert ReLU(W.T, 0) == ReLU(W.T)
    assert ReLU(MatrixSymbol("u", 1, 3) * MatrixSymbol("v", 3, 1)).shape == (1, 1)


def test_substitution_and_doit():
    layer = ReLU(W * X)
    numbers = Matrix([[1, -2, 3], [-4, 5, -6]])
    assert ReLU(W).subs(W, numbers).doit() == Matrix([[1, 0, 3], [0, 5, 0]])
    assert ReLU(W).subs(W, numbers).doit(deep=False) == ReLU(numbers)
    assert ReLU(W, c).as_explicit() == ReLU(W.as_explicit(), c)
    assert layer.doit() == layer
    assert ReLU(W, c).subs(c, 0) == ReLU(W)
    assert ReLU(ReLU(W, c)).subs(W, numbers).doit() == ReLU(numbers)
    assert ReLU(ReLU(W, c)).doit() == ReLU(ReLU(W, c))


def test_what_is_inside_is_done_too():
    inside = MatAdd(W, W)
    assert ReLU(inside).doit() == ReLU(2 * W)
    assert ReLU(inside).doit(deep=False) == ReLU(inside)
    inverse = Inverse(ImmutableMatrix([[2, 0], [0, 1]]))
    assert ReLU(inverse).doit() == ImmutableMatrix([[S.Half, 0], [0, 1]])
    assert ReLU(inverse).doit(inv_expand=False) == ReLU(inverse)


def test_transposing_writes_nothing_anew():
    assert ReLU(W * X).T.arg == ReLU(W * X)


def test_equal_applications_compare_equal():
    assert ReLU(W, c) == ReLU(W, c)
    assert hash(ReLU(W, c)) == hash(ReLU(W, c))
    assert ReLU(W) != ReLU(W, c)
    assert ReLU(W).func(*ReLU(W).args) == ReLU(W)
    assert pickle.loads(pickle.dumps(ReLU(W, c))) == ReLU(W, c)
    namespace = {"Elementwise": Elementwise, "ReLU": ReLU}
    exec("from sympy import *; from sympy.core.symbol import Str", namespace)
    assert eval(srepr(ReLU(W, c)), namespace) == ReLU(W, c)


def test_equal_matrices_compare_equal_across_processes():
    code = (
        "import pickle, sys; from sympy import *; from symrelu import ReLU, gradient; "
        "n, i, j = symbols('n i j', integer=True); F = MatrixSymbol('F', n, n); "
        "both = ReLU(MatrixSymbol('W', 2, 3)), gradient(F[i, j], F); "
        "sys.stdout.buffer.write(pickle.dumps(both))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    k, i, j = symbols("n i j", integer=True)
    F = MatrixSymbol("F", k, k)
    assert pickle.loads(done.stdout) == (ReLU(W), gradient(F[i, j], F))


@pytest.mark.parametrize("H0", [S.Zero, S.Half, S.One, c])
def test_the_derivative_keeps_the_slope_at_zero(H0):
    slope = Elementwise.of(lambda d: Heaviside(d, H0), t * W)
    assert ReLU(t * W, H0).diff(t) == hadamard_product(W, slope)
    assert slope[0, 0] == Heaviside(t * W[0, 0], H0)
    (used,) = ReLU(X, H0).diff(X).atoms(ElementwiseApplyFunction)
    assert used.function(t) == Heaviside(t, H0)


def test_the_elements_are_real():
    slope = Elementwise.of(sign, t * W)
    assert Elementwise.of(Abs, t * W).diff(t) == hadamard_product(W, slope)


@pytest.mark.sympy_behaviour
def test_sympys_own_derivative_forgets_it():
    d = Symbol("d")
    own = ElementwiseApplyFunction(Lambda(d, ReLU(d)), t * W)
    (used,) = own.diff(t).atoms(ElementwiseApplyFunction)
    assert used.function(t) == Heaviside(t)  # whose value at 0 is 1/2


def test_printing():
    layer = ReLU(W * X + b, c)
    assert str(layer) == "ReLU.(W*X + b, c)"
    assert str(2 * ReLU(W) * X) == "2*ReLU.(W)*X"
    assert latex(layer) == r"\operatorname{ReLU}{\left(W X + b,c \right)}"
    assert pretty(ReLU(W), use_unicode=False) == "ReLU.(W)"
    assert str(Elementwise.of(exp, W)) == "exp.(W)"
    assert str(Elementwise.of(lambda d: d + 1, W)) == "W + 1"
    assert str(Elementwise.of(lambda d: exp(2 * d), W)) == "exp.(2*W)"
    assert latex(Elementwise.of(lambda d: Heaviside(d, 0), W)) == (
        r"\operatorname{Heaviside}{\left(W,0 \right)}"
    )


def test_an_entry_within_a_function_of_other_entries_is_itself():
    inner = elementwise(lambda y: elementwise(lambda z: exp(y * z), W)[0, 0], X)
    assert inner[1, 0] == exp(X[1, 0] * W[0, 0])
    outer = elementwise(lambda y: Trace(elementwise(lambda z: exp(y * z), W * W.T)), X)
    assert outer == elementwise(lambda y: Trace(elementwise(lambda z: exp(y * z), W * W.T)), X)
    (entry,) = outer.function.variables
    assert entry in outer.function.expr.free_symbols
