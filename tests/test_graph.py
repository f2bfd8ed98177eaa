"""Walks over shared expressions."""

from sympy import Add, Heaviside, MatrixSymbol, Mul, Symbol, symbols

from symrelu import ReLU
from symrelu.graph import holds, kinds, objects

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
