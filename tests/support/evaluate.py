"""A second opinion: scalar and matrix expressions, computed by NumPy, JAX or PyTorch.

One short function per SymPy class, which knows nothing of the library but the name
of ReLU.  Every distinct subexpression is computed once, without recursion.
"""

from collections.abc import Callable
from functools import reduce, singledispatch
from operator import add, matmul, mul
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from sympy import (
    Abs,
    Add,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    Function,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    Inverse,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    Max,
    Min,
    Mul,
    NumberSymbol,
    OneMatrix,
    Piecewise,
    Pow,
    Rel,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.core.numbers import Number
from sympy.logic.boolalg import BooleanAtom
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu import ReLU


class Engine(NamedTuple):
    xp: ModuleType
    relu: Callable[[Any], Any]
    gradient: Callable[[Callable[..., Any], list[np.ndarray]], list[Any]] | None = None

    def array(self, value):
        return self.xp.asarray(value, dtype=self.xp.float64)


NUMPY = Engine(np, lambda x: np.maximum(x, 0))


def torch_engine(torch):
    def gradient(f, arrays):
        tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
        # An unused variable has no gradient there; ours is 0.
        value = f(*tensors) + sum(0 * t.sum() for t in tensors)
        return torch.autograd.grad(value, tensors)

    return Engine(torch, torch.relu, gradient)


def jax_engine(jax):
    def gradient(f, arrays):
        return jax.grad(f, argnums=tuple(range(len(arrays))))(*map(jax.numpy.asarray, arrays))

    return Engine(jax.numpy, jax.nn.relu, gradient)


def evaluate(expr, values, engine=NUMPY):
    """The value of an expression, given arrays for its symbols."""
    known = dict(values)
    stack = [expr]
    while stack:
        node = stack[-1]
        missing = [child for child in operands(node) if child not in known]
        stack.extend(missing)
        if not missing:
            stack.pop()
            if node not in known:
                known[node] = compute(node, known, engine)
    return known[expr]


@singledispatch
def operands(node):
    return node.args


operands.register(MatrixBase)(lambda node: node.flat())
operands.register(Lambda)(lambda node: ())
operands.register(ElementwiseApplyFunction)(lambda node: (node.expr, *parameters(node.function)))
operands.register(MatrixSlice)(lambda node: (node.parent,))
operands.register(MatrixElement)(lambda node: (node.parent,))
operands.register(BlockMatrix)(lambda node: node.blocks.flat())
operands.register(HadamardPower)(lambda node: [a for a in node.args if not a.is_Integer])
operands.register(Piecewise)(lambda node: [part for pair in node.args for part in pair.args])
for constant in (Number, NumberSymbol, BooleanAtom, Identity, OneMatrix, ZeroMatrix):
    operands.register(constant)(lambda node: ())


@operands.register(Pow)
@operands.register(MatPow)
def _(node):
    return [node.base] if node.exp.is_Integer else node.args


def parameters(function):
    return sorted(function.free_symbols, key=str)


def exponent(node, known):
    return int(node.exp) if node.exp.is_Integer else known[node.exp]


@singledispatch
def compute(node, known, engine):
    raise NotImplementedError(type(node).__name__)


def simply(*classes):
    """Register a function of the values of the operands and the array module."""

    def register(f):
        for cls in classes:
            compute.register(cls)(
                lambda node, known, engine: f(engine.xp, *(known[a] for a in operands(node)))
            )

    return register


simply(Add, MatAdd)(lambda xp, *a: reduce(add, a))
simply(Mul, HadamardProduct)(lambda xp, *a: reduce(mul, a))
simply(Max)(lambda xp, *a: reduce(xp.maximum, a))
simply(Min)(lambda xp, *a: reduce(xp.minimum, a))
simply(Abs)(lambda xp, a: abs(a))
simply(Transpose)(lambda xp, a: a.T)
simply(Trace)(lambda xp, a: xp.trace(a))
simply(Inverse)(lambda xp, a: xp.linalg.inv(a))
simply(Determinant)(lambda xp, a: xp.linalg.det(a))
simply(DiagMatrix)(lambda xp, a: xp.diag(a.reshape(-1)))
simply(DiagonalMatrix)(lambda xp, a: xp.diag(xp.diagonal(a)))
simply(DiagonalOf)(lambda xp, a: xp.diagonal(a).reshape(-1, 1))


@compute.register(Number)
@compute.register(NumberSymbol)
def _(node, known, engine):
    return engine.array(float(node))


@compute.register(BooleanAtom)
def _(node, known, engine):
    return engine.array(bool(node)) > 0


@compute.register(Rel)
def _(node, known, engine):
    compare = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
    compare |= {"==": "equal", "!=": "not_equal"}
    return getattr(engine.xp, compare[node.rel_op])(known[node.lhs], known[node.rhs])


@compute.register(Piecewise)
def _(node, known, engine):
    value = known[node.args[-1].expr]
    for branch, cond in reversed(node.args[:-1]):
        value = engine.xp.where(known[cond], known[branch], value)
    return value


@compute.register(Pow)
def _(node, known, engine):
    return known[node.base] ** exponent(node, known)


@compute.register(Function)
def _(node, known, engine):
    return getattr(engine.xp, type(node).__name__)(*(known[a] for a in node.args))


@compute.register(ReLU)
def _(node, known, engine):
    return engine.relu(known[node.args[0]])


@compute.register(Heaviside)
def _(node, known, engine):
    x, H0 = (known[a] for a in node.args)
    return engine.xp.where(x > 0, 1 + 0 * x, engine.xp.where(x < 0, 0 * x, H0 + 0 * x))


@compute.register(Identity)
def _(node, known, engine):
    return engine.array(np.eye(int(node.shape[0])))


@compute.register(OneMatrix)
def _(node, known, engine):
    return engine.array(np.ones([int(k) for k in node.shape]))


@compute.register(ZeroMatrix)
def _(node, known, engine):
    return engine.array(np.zeros([int(k) for k in node.shape]))


@compute.register(MatMul)
def _(node, known, engine):
    value = reduce(matmul, (known[a] for a in node.args if a.is_Matrix))
    return reduce(mul, (known[a] for a in node.args if not a.is_Matrix), value)


@compute.register(MatPow)
def _(node, known, engine):
    return engine.xp.linalg.matrix_power(known[node.base], int(node.exp))


@compute.register(HadamardPower)
def _(node, known, engine):
    return known[node.base] ** exponent(node, known)


@compute.register(ElementwiseApplyFunction)
def _(node, known, engine):
    (variable,), body = node.function.variables, node.function.expr
    values = {v: known[v] for v in parameters(node.function)}
    x = known[node.expr]
    return evaluate(body, {**values, variable: x}, engine) + 0 * x


@compute.register(MatrixElement)
def _(node, known, engine):
    return known[node.parent][int(node.i), int(node.j)]


@compute.register(MatrixSlice)
def _(node, known, engine):
    rows, columns = (slice(*map(int, s)) for s in (node.rowslice, node.colslice))
    return known[node.parent][rows, columns]


@compute.register(MatrixBase)
def _(node, known, engine):
    rows = [[known[entry] for entry in row] for row in node.tolist()]
    return engine.xp.stack([engine.xp.stack(row) for row in rows])


@compute.register(BlockMatrix)
def _(node, known, engine):
    join = engine.xp.concatenate
    rows = [[known[block] for block in row] for row in node.blocks.tolist()]
    return join([join(row, axis=1) for row in rows])
