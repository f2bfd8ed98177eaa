"""Walks over shared expressions."""

import pytest
from support.networks import chain
from sympy import (
    Add,
    Derivative,
    Function,
    Heaviside,
    IndexedBase,
    Integral,
    Lambda,
    MatMul,
    Matrix,
    MatrixSymbol,
    Mul,
    Piecewise,
    S,
    Subs,
    Sum,
    Symbol,
    Tuple,
    symbols,
)

from symrelu import ReLU, elementwise
from symrelu.graph import Interned, bound_symbols, exchanged, free_symbols, holds, kinds, objects
from symrelu.signs import put

x, y = symbols("x y")


def test_objects_are_found_once():
    e = ReLU(x - y) * y
    found = objects(e, e, y)
    assert len(found) == len({*map(id, found)})
    assert {*found} == {e, ReLU(x - y), x - y, x, y, -y, -1 + 0 * x}


def test_equal_objects_are_not_compared():
    a, b = (Add(x, y, evaluate=False) for _ in "ab")
    for _ in range(60):  # as trees, two of these are as large as 2**60
        a, b = (Mul._from_args((e, Add._from_args((e, x)))) for e in (a, b))
    assert len(objects(a, b)) < 300


def test_dimensions_are_no_operands():
    n = Symbol("n", integer=True)
    A = MatrixSymbol("A", n, n)
    assert objects(A) == [A]
    assert not holds(A, Symbol)


def test_kinds():
    assert kinds(x + y, ReLU(x)) == {Add, Symbol, ReLU}
    assert holds(ReLU(x).diff(x) + 1, Heaviside, ReLU)
    assert not holds(ReLU(x).diff(x) + 1, ReLU)


n, i = symbols("n i", integer=True)
f, data, A = Function("f"), IndexedBase("data"), MatrixSymbol("A", n, 2)


@pytest.mark.parametrize(
    "e",
    [
        ReLU(x - y, n),
        f(x) + Derivative(f(y), y),
        Lambda(x, x + y),
        Lambda(x, Lambda(y, x + y + n)(x)) + 0 * y,
        Sum(data[i] * x, (i, 0, n)) + y,
        Integral(x * y, (x, 0, n)),
        Subs(f(x), x, y),
        Piecewise((x, y > 0), (n, True)),
        Matrix([[x, y], [0, Sum(i, (i, 0, n))]]).as_immutable(),
        A.T * A,
        A[i, 1] * x,
        elementwise(lambda t: t * x, A),
        Tuple(x, Tuple(y)),
    ],
    ids=str,
)
def test_free_symbols_are_sympys(e):
    assert free_symbols(e) == e.free_symbols


def test_what_is_bound():
    e = Sum(data[i] * x, (i, 0, n)) + elementwise(lambda t: t * y, A)[0, 0]
    assert bound_symbols(e) == {i}
    assert exchanged(Tuple(MatrixSymbol("B", 2 * n, n), x), {n: i}).args[0].shape == (2 * i, i)


def test_free_symbols_of_what_is_shared():
    deep, variable = chain(60, y)
    assert free_symbols(deep) == {variable, y}
    assert free_symbols(Lambda(variable, deep), x) == {x, y}


def test_equal_expressions_become_one():
    a, b = (Add(x, y, evaluate=False) for _ in "ab")
    for _ in range(60):
        a, b = (Mul._from_args((e, Add._from_args((e, x)))) for e in (a, b))
    interned = Interned()
    one, other = interned(a), interned(ReLU(b, evaluate=False))
    assert other.args[0] is one
    assert len(objects(one, other)) == len(objects(a)) + 1


def test_values_are_put_into_what_is_shared():
    deep, variable = chain(60, y)
    assert free_symbols(put(deep, {variable: x, y: 2 * y})) == {x, y}
    assert not free_symbols(put(deep, {variable: S.Zero, y: S(-1)}))
    short, variable = chain(3, y)
    assert put(short, {variable: x}) == short.xreplace({variable: x})
    assert put(deep, {x + y: y}) is deep
    assert put(MatMul(deep, MatrixSymbol("A", 2 * n, n)), {n: i}).shape == (2 * i, i)


def test_what_is_shared_is_exchanged_once():
    e = ReLU(x + y) * (x + y)
    assert exchanged(e, {x + y: n, x: i}) == e.xreplace({x + y: n, x: i}) == n * ReLU(n)
    assert exchanged(e, {n: i}) is e
    deep = x
    for _ in range(60):
        deep = Mul._from_args((deep, Add._from_args((deep, y))))
    assert free_symbols(exchanged(deep, {x: n})) == {n, y}
