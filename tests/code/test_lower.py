"""What is written anew before code is made of it, by equality of expressions."""

import inspect

import pytest
from sympy import (
    Basic,
    Derivative,
    Determinant,
    Dummy,
    FunctionMatrix,
    Indexed,
    IndexedBase,
    Integer,
    Integral,
    Inverse,
    Lambda,
    MatMul,
    MatPow,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Product,
    S,
    Subs,
    Sum,
    Trace,
    Transpose,
    UnevaluatedExpr,
    ZeroMatrix,
    log,
    oo,
    re,
    sin,
    symbols,
    tanh,
)
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, lambdify
from symrelu.code.lower import (
    BRANCHES,
    Bounded,
    Chosen,
    Count,
    Filled,
    Larger,
    LogDet,
    LoopProduct,
    LoopSum,
    Quadrature,
    Signs,
    Slot,
    Smaller,
    Solve,
    Total,
    lower,
    shared_products,
    within_bounds,
)
from symrelu.matrices.elementwise import Elementwise

x, y, z = symbols("x y z")
i, j, n = symbols("i j n", integer=True)
M, N = MatrixSymbol("M", 3, 3), MatrixSymbol("N", 3, 3)
v, w = MatrixSymbol("v", 3, 1), MatrixSymbol("w", 1, 3)
X = IndexedBase("X")
d = Dummy("d", real=True)
V, ROWS = IndexedBase("V"), Count("rows", Integer(3))


@pytest.mark.parametrize(
    ("expr", "lowered"),
    [
        (Max(x, y), Larger(*Max(x, y).args)),
        (Min(x, y), Smaller(*Min(x, y).args)),
        (UnevaluatedExpr(x), x),
        (log(Determinant(M)), LogDet(Signs(M))),
        (log(x), log(x)),
        (Sum(x**i, (i, 0, 2)), 1 + x + x**2),
        (Product(x + i, (i, 0, 1)), x * (x + 1)),
        (
            Sum(X[i], (i, 0, n)),
            Total(Indexed(X, Count("index_range", Integer(0), n + 1)), LoopSum(X[i], i, 0, n + 1)),
        ),
        (
            Sum(X[i], (i, 0, n), (j, 0, 2)),
            Total(
                3 * Indexed(X, Count("index_range", Integer(0), n + 1)),
                LoopSum(Sum(X[i], (i, 0, n)), j, 0, 3),
            ),
        ),
        (Sum(x**i, (i, 0, n)), LoopSum(x**i, i, 0, n + 1)),
        (Product(x + i, (i, 1, n)), LoopProduct(x + i, i, 1, n + 1)),
        (Sum(x * i, (i, 1, 500)), LoopSum(x * i, i, 1, 501)),
        (Sum(x, (i, 0, j), (j, 0, 1)), Sum(x, (i, 0, 0)) + Sum(x, (i, 0, 1))),
        (Sum(X[i], (i, 0, j), (j, 0, n)), LoopSum(Sum(X[i], (i, 0, j)), j, 0, n + 1)),
        (Integral(x * y, (x, 0, y), (y, 0, 1)), Quadrature(Integral(x * y, (x, 0, y)), y, 0, 1)),
        (Derivative(x**2, x), 2 * x),
        (Subs(sin(y), y, x), sin(x)),
        (re(UnevaluatedExpr(d), evaluate=False), UnevaluatedExpr(d)),
        (re(x), re(x)),
        (MatPow(M, -1), Inverse(M)),
        (MatPow(M, 3), MatPow(M, 3)),
        (M.I * v, Solve(M, v)),
        (w * M.I, Transpose(Solve(Transpose(M), Transpose(w)))),
        (MatMul(M, N.I, v), MatMul(M, MatMul(N.I, v))),
        (MatMul(M, N, v), MatMul(M, MatMul(N, v))),
        (MatMul(M, OneMatrix(3, 1)), MatMul(M, OneMatrix(3, 1))),
        (MatMul(M.T, N.T), MatMul(M.T, N.T)),  # read as one product, transposed, before
        (MatMul(2, M), MatMul(2, M)),
        (Elementwise(Lambda(d, sin(d)), M), sin(Slot(M))),
        (Elementwise(Lambda(d, ReLU(d)), M), ReLU(Slot(M))),
        (Elementwise(Lambda((d, y), tanh(d * y)), M, S.Zero), ZeroMatrix(3, 3)),
        (
            Sum(x * i, (i, ROWS, n)),
            LoopSum(
                Piecewise((x * i, (i >= ROWS) & (i < n + 1)), (0, True), evaluate=False),
                i,
                0,
                n + 1,
            ),
        ),
        (
            Product(x + i, (i, 0, n - 2 * ROWS)),
            LoopProduct(
                Piecewise((x + i, (i >= 0) & (i < n - 2 * ROWS + 1)), (1, True)),
                i,
                0,
                Max(n + 1, n - 3),
            ),
        ),
        (
            FunctionMatrix(3, 3, Lambda((i, j), x + i)),
            Filled(x + Count("rows", Integer(3)), 3, 3),
        ),
        (DotProduct(v, v), MatrixElement(MatMul(Transpose(v), v), 0, 0)),
        (x + y, x + y),
    ],
    ids=str,
)
def test_lowered(expr, lowered):
    result = lower(expr)
    assert result == lowered or str(result) == str(lowered)


def test_a_body_knows_what_stands_beside_the_entry():
    a, b = (Dummy(real=True) for _ in range(2))
    node = Basic.__new__(Elementwise, Lambda((a, b), a * b), M, Trace(M))
    assert lower(node) == Slot(M) * Slot(Trace(M))


def test_slots_are_atoms_that_are_equal_if_their_operands_are():
    assert Slot(M) == Slot(M) != Slot(N)
    assert Slot(M).args == ()
    assert Slot(M).func(*Slot(M).__getnewargs__()) == Slot(M)
    assert str(Slot(M)) == "M"


def test_branches_beyond_what_nests_are_a_choice_of_their_own():
    many = Piecewise(*((Integer(k), x < k) for k in range(BRANCHES + 5)), (x, True))
    lowered = lower(many)
    assert len(lowered.args) == BRANCHES
    rest = lowered.args[-1].expr
    assert (*lowered.args[:-1], *rest.args) == many.args
    assert lower(rest) is rest


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (Sum(x**i, (i, 0, oo)), "Sum without end"),
        (Product(x + i, (i, 1, oo)), "Product without end"),
        (Integral(x, x), r"Integral\(x, x\), without limits; evaluate it first"),
    ],
)
def test_sums_that_are_refused(expr, message):
    with pytest.raises(NotImplementedError, match=message):
        lambdify([x, X, n], expr)


def test_limits_that_are_not_linear_in_a_row_are_refused():
    with pytest.raises(NotImplementedError, match="limits are not linear in the indices around it"):
        lower(Sum(x * i, (i, 0, ROWS**2)))


def test_products_that_others_hold_are_found():
    a, b, c, d = symbols("a b c d")
    whole, part = 2 * a * b * c, 2 * a * b
    assert shared_products([whole, part + 1]) == {whole: (c, part)}
    assert shared_products([3 * a * b, a * b]) == {3 * a * b: (S(3), a * b)}
    assert shared_products([2 * a * b, 2 * a]) == {}  # a number is no work
    assert shared_products([a * b / c, a * b]) == {}  # to divide is better than an inverse
    assert shared_products([a * b / 3, a * b]) == {}
    f = lambdify([a, b, c, d], [a * b * c * d, a * b * c, a * b])
    assert inspect.getsource(f).count("*") == 3
    assert f(2, 3, 4, 5) == [120, 24, 6]


def test_sums_without_end_are_refused_wherever_they_start():
    for start in (0, 1):
        with pytest.raises(NotImplementedError, match="Sum without end"):
            lambdify(x, Sum(1 / i**x, (i, start, oo)))


def test_elements_in_branches_that_are_not_taken():
    e = Piecewise((V[i + 1], i < n), (V[i] * V[i - 1], True))
    bounded = within_bounds(e)
    assert bounded == Bounded(
        (V[Chosen(i + 1, i < n)], i < n),
        (V[Chosen(i, i >= n)] * V[Chosen(i - 1, i >= n)], True),
    )
    assert within_bounds(bounded) is bounded
    without = Piecewise((V[i], V[i] < n), (x, True))
    assert within_bounds(without) is without
