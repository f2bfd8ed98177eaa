"""Mistakes that type checkers must catch: which one does stands behind each."""

from sympy import MatrixSymbol, Symbol

from symrelu import ReLU, as_relu, elementwise, gradient, hessian, jacobian, lambdify, relusimp

x = Symbol("x")
W = MatrixSymbol("W", 3, 2)

ReLU(x).difff(x)  # pyright
gradient(x**2, x).difff(x)  # pyright
gradient(x**2, W).TT()  # pyright
ReLU("x")  # pyright
ReLU([1, -2])  # pyright
ReLU(x, "c")  # pyright
ReLU(x, 1, 2)  # pyright, mypy
ReLU()  # pyright, mypy
ReLU(x, H1=1)  # pyright, mypy
gradient("x**2", x)  # pyright
gradient(x**2, "x")  # pyright
gradient([x], x)  # pyright
gradient(x**2)  # pyright, mypy
gradient(x**2, x, x)  # pyright, mypy
gradient(x**2, with_respect_to=x)  # pyright, mypy
jacobian("x", [x])  # pyright
jacobian([x], [x], [x])  # pyright, mypy
hessian("x", x)  # pyright
hessian(x, x, direction=x)  # pyright, mypy
as_relu("Max(0, x)")  # pyright
as_relu(x, 1, 2)  # pyright, mypy
relusimp("x")  # pyright
relusimp(x, x)  # pyright, mypy
lambdify("x", x)  # pyright
lambdify(x, "x")  # pyright
lambdify(x)  # pyright, mypy
lambdify(x, x, engine="numpy")  # pyright, mypy
elementwise(W, "tanh")  # pyright
