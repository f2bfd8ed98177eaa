"""The reader of printed formulas: from the text that ``str`` gives to numbers.

A second opinion on what is printed.  It knows of matrices only what a reader does: ``A*B`` is a
product, ``A.*B`` and ``f.(A)`` go entry by entry, and 1 and I are matrices of ones and on the
diagonal, of the size that fits.
"""

from __future__ import annotations

import ast
import re

import numpy as np


class Matrix:
    def __init__(self, array):
        self.array = np.asarray(array, float)

    @property
    def T(self):
        return Matrix(self.array.T)

    def __getitem__(self, place):
        return float(self.array[place])

    def __add__(self, other):
        return Matrix(self.array + of_shape(other, self.array.shape))

    def __neg__(self):
        return Matrix(-self.array)

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if isinstance(other, Like):
            return self._times(other, axis=1)
        if isinstance(other, Matrix):
            return Matrix(self.array @ other.array)
        return Matrix(self.array * other)

    def __rmul__(self, other):
        if isinstance(other, Like):
            return self._times(other, axis=0)
        return self * other

    def _times(self, like, axis):
        ones = Matrix(self.array.sum(axis=axis, keepdims=True)) * like.one
        return ones + self * like.eye if like.eye else ones

    def __matmul__(self, other):
        return Matrix(self.array * getattr(other, "array", other))

    def __truediv__(self, other):
        return Matrix(self.array / getattr(other, "array", other))

    def __rtruediv__(self, other):
        return Matrix(other / self.array)

    def __pow__(self, exponent):
        if isinstance(exponent, Entrywise):
            return Matrix(self.array**exponent.value)
        return Matrix(np.linalg.matrix_power(self.array, exponent))

    __radd__, __rmatmul__ = __add__, __matmul__


class Like:
    """A sum of multiples of I and 1, of the size that fits."""

    def __init__(self, eye, one):
        self.eye, self.one = eye, one

    def __add__(self, other):
        if isinstance(other, Like):
            return Like(self.eye + other.eye, self.one + other.one)
        return other + self if isinstance(other, Matrix) else self + Like(0, other)

    def __neg__(self):
        return Like(-self.eye, -self.one)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        if isinstance(other, (Matrix, Like)):
            return NotImplemented
        return Like(self.eye * other, self.one * other)

    def __truediv__(self, other):
        return self * (1 / other)

    __radd__, __rmul__ = __add__, __mul__


class UnreadableError(Exception):
    """A text of more than is known here."""


class Entrywise:
    """What makes ``A**entrywise**2`` of ``A.**2``."""

    def __init__(self, value=None):
        self.value = value

    def __pow__(self, value):
        return Entrywise(value)


class Ones(ast.NodeTransformer):
    """Nobody writes 1 among the factors of a product, unless it is a matrix."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult):
            node.left, node.right = (
                ast.copy_location(ast.Name("ones", ast.Load()), side)
                if isinstance(side, ast.Constant) and str(side.value) == "1"
                else side
                for side in (node.left, node.right)
            )
        return node


def of_shape(value, shape):
    if isinstance(value, Like):
        return value.eye * np.eye(*shape) + value.one
    return getattr(value, "array", value)


def entry_by_entry(f):
    def function(first, *others):
        if isinstance(first, Matrix):
            return Matrix(f(first.array, *others))
        return f(first, *others)

    return function


def product_of_entries(first, *others):
    for other in others:
        first = first @ other
    return first


def trace(M):
    """Where ones have been left out, as many as fit, the other side is added up."""
    if isinstance(M, Matrix):
        return float(np.sum(M.array) if 1 in M.array.shape else np.trace(M.array))
    raise UnreadableError("Trace of a matrix of unknown size")


FUNCTIONS = {
    "Trace": trace,
    "Determinant": lambda M: float(np.linalg.det(M.array)),
    "DiagMatrix": lambda M: Matrix(np.diag(M.array.ravel())),
    "HadamardProduct": product_of_entries,
    "ReLU": entry_by_entry(lambda z, at_0=0: np.maximum(z, 0)),
    "DiagonalOf": lambda M: Matrix(
        (M.array if 1 in M.array.shape else np.diagonal(M.array)).reshape(-1, 1)
    ),
    "pi": np.pi,
    "Heaviside": entry_by_entry(lambda z, at_0: np.where(z > 0, 1.0, np.where(z < 0, 0.0, at_0))),
    "Abs": entry_by_entry(np.abs),
    **{
        f: entry_by_entry(getattr(np, f))
        for f in ("exp", "log", "sqrt", "sign", "tanh", "sin", "cos")
    },
}


def read(text, values, shape):
    """The value of a printed formula, given arrays and numbers for the names in it."""
    text = re.sub(r"(\w)\.\(", r"\1(", text)
    text = text.replace(".**", "**entrywise**").replace(".*", "@")
    text = re.sub(r"\blambda\b", "lambda_", text)  # a word of Python's
    names = {"ones": Like(0, 1), "I": Like(1, 0), "entrywise": Entrywise(), **FUNCTIONS}
    for name, value in values.items():
        key = "lambda_" if name == "lambda" else name
        names[key] = Matrix(value) if np.ndim(value) else float(value)
    try:
        tree = ast.fix_missing_locations(Ones().visit(ast.parse(text, mode="eval")))
        value = eval(compile(tree, text, "eval"), {"__builtins__": {}}, names)
    except (SyntaxError, NameError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableError(text) from error
    value = of_shape(value, shape or (1, 1))
    return np.broadcast_to(value, shape) if shape else np.reshape(value, ())
