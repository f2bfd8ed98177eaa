"""Networks to differentiate, written out in scalars or in matrices, and what they cost."""

from itertools import count, pairwise
from random import Random

from sympy import (
    HadamardPower,
    HadamardProduct,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    Rational,
    Symbol,
    Trace,
    Transpose,
    symbols,
)
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu import ReLU

_names = count()


def network(sizes, activation=ReLU, weight="symbolic", bias="symbolic"):
    """The squared loss of a network written out in scalars, and its parameters.

    Weights and biases are symbols, ``Rational`` numbers, or ``float`` numbers, as the
    two words say; the inputs are parameters too, so that there always are some.
    """
    # New names, so that no cache knows the expression.
    tag, random, parameters = next(_names), Random(0), []

    def parameter(kind, name, sign):
        if kind == "symbolic":
            parameters.append(Symbol(f"{name}_{tag}"))
            return parameters[-1]
        # Signs alternate, so that no unit is known to be always or never active.
        number = Rational(sign * random.choice([1, 2, 4, 5]), 7)
        return float(number) if kind == "float" else number

    units = list(symbols(f"x_{tag}_:{sizes[0]}", real=True))
    inputs = units
    for layer, (before, after) in enumerate(pairwise(sizes)):
        last = layer == len(sizes) - 2
        sums = [
            sum(
                parameter(weight, f"w{layer}_{i}_{j}", (-1) ** (i + j)) * units[j]
                for j in range(before)
            )
            + parameter(bias, f"b{layer}_{i}", (-1) ** i)
            for i in range(after)
        ]
        units = sums if last else [activation(z) for z in sums]
    loss = sum((z - Symbol(f"y_{tag}_{i}")) ** 2 for i, z in enumerate(units))
    return loss, parameters or inputs


def chain(levels, c):
    """A deep expression of one variable, and the variable: each level uses the last twice."""
    x = e = Symbol(f"x_{next(_names)}")
    for _ in range(levels):
        e = ReLU(e / 2 + ReLU(e - 1) / 3 - c)
    return e, x


def matrix_network(sizes, batch, activation=ReLU):
    """The squared loss of a network over a batch, and its weights and biases."""
    ones = OneMatrix(1, batch)
    units = MatrixSymbol("X", sizes[0], batch)
    parameters = []
    for layer, (before, after) in enumerate(pairwise(sizes), start=1):
        W, b = MatrixSymbol(f"W{layer}", after, before), MatrixSymbol(f"b{layer}", after, 1)
        parameters += [W, b]
        units = W * units + b * ones
        if layer < len(sizes) - 1:
            units = activation(units)
    R = units - MatrixSymbol("Y", sizes[-1], batch)
    return Trace(R.T * R), parameters


def residual_network(depth, width, batch, activation=ReLU):
    """The squared output of blocks ``h + V f(W h + b)`` over a batch, and what they hold."""
    ones, h, parameters = OneMatrix(1, batch), MatrixSymbol("X", width, batch), []
    for k in range(depth):
        W, V = (MatrixSymbol(f"{name}{k}", width, width) for name in "WV")
        b = MatrixSymbol(f"b{k}", width, 1)
        parameters += [W, V, b]
        h = h + V * activation(W * h + b * ones)
    return Trace(h.T * h), parameters


def distinct(*roots):
    """Every distinct subexpression once; their number is the size of the graph."""
    seen, stack = set(), list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return seen


def operations(*roots):
    """How many +, *, ** and calls of a function it takes to compute scalars, each once."""
    return sum(
        len(node.args) - 1
        if node.is_Add or node.is_Mul
        else 1
        if node.is_Pow or (node.is_Function and not isinstance(node, AppliedUndef))
        else 0
        for node in distinct(*roots)
    )


def products(*roots):
    """How many products of two matrices it takes, each computed once."""
    found = [node.as_coeff_matrices()[1] for node in distinct(*roots) if isinstance(node, MatMul)]
    return sum(len(factors) - 1 for factors in found)


def matrix_operations(*roots):
    """How many + and * of numbers, and calls of a function, it takes to compute matrices."""
    return sum(map(_matrix_operations, distinct(*roots)))


def _matrix_operations(node):
    if isinstance(node, (Transpose, MatrixSymbol, MatrixSlice, OneMatrix)):
        return 0
    if isinstance(node, MatMul):
        scalar, factors = node.as_coeff_matrices()
        return _chain_cost(factors) + (0 if scalar == 1 else _size(node))
    if isinstance(node, Trace) and isinstance(node.arg, MatMul):
        return _size(node.arg)
    if isinstance(node, (MatAdd, HadamardProduct)):
        return (len(node.args) - 1) * _size(node)
    if isinstance(node, (ElementwiseApplyFunction, HadamardPower)):
        return _size(node)
    return 0


def _size(matrix):
    rows, columns = matrix.shape
    return rows * columns


def _chain_cost(factors):
    """The cost of a product of matrices in the best order."""
    if len(factors) < 2:
        return 0
    (m, _), (_, n) = factors[0].shape, factors[-1].shape
    return min(
        _chain_cost(factors[:i]) + _chain_cost(factors[i:]) + 2 * m * factors[i].shape[0] * n
        for i in range(1, len(factors))
    )
