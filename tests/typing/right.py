"""What a user writes, and what the type checkers know of it."""

from fractions import Fraction
from typing import Any

import numpy as np
from sympy import (
    AccumBounds,
    Expr,
    ImmutableMatrix,
    Matrix,
    MatrixSymbol,
    Max,
    S,
    Symbol,
    Trace,
    nan,
    symbols,
    tanh,
)
from sympy.matrices.expressions import MatrixExpr
from typing_extensions import assert_type

from symrelu import ReLU, as_relu, elementwise, gradient, hessian, jacobian, lambdify, relusimp

x, y = Symbol("x"), Symbol("y")
z: Any = symbols("z")
W, X = MatrixSymbol("W", 3, 2), MatrixSymbol("X", 2, 5)

assert_type(ReLU(x), Expr)
assert_type(ReLU(2), Expr)
assert_type(ReLU(Fraction(1, 2), H0=S.Half), Expr)
assert_type(ReLU(x, nan, evaluate=False), Expr)
assert_type(ReLU(x, AccumBounds(0, 1)), Expr)
assert_type(ReLU(W), MatrixExpr)
assert_type(ReLU(ImmutableMatrix([x])), ImmutableMatrix)
assert_type(elementwise(tanh, W), MatrixExpr)
ReLU(np.ones(3))
ReLU(W * X + z * W)
ReLU(x).diff(x).subs(x, 0)

assert_type(gradient(ReLU(x) ** 2, x), Expr)
assert_type(gradient(Trace(W), W), MatrixExpr)
assert_type(gradient(x, ImmutableMatrix([x, y])), ImmutableMatrix)
assert_type(gradient(x * y, [x, [y]]), list[Any])
assert_type(gradient(x * y, (x, y)), tuple[Any, ...])
jacobian([x**2, y], [x, y])
jacobian(Matrix([x]), Matrix([x]))
hessian(ReLU(x) ** 2, x)
hessian(ReLU(x) ** 2, [x, y], along=[1, 2])

assert_type(as_relu(Max(0, x), H0=0), Expr)
assert_type(relusimp(ReLU(x) - ReLU(-x)), Expr)
step = lambdify([x, [y], W], [ReLU(x * y), W], "numpy")
step(np.ones(3), [2.0], np.ones((3, 2)))
lambdify(x, ReLU(x), modules=[{"ReLU": abs}, "numpy"], cse=True)
