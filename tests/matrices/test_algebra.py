"""The algebra that keeps what was written as it was written."""

import numpy as np
import pytest
from sympy import (
    BlockMatrix,
    DiagMatrix,
    DiagonalMatrix,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableMatrix,
    MatAdd,
    MatMul,
    Matrix,
    MatrixSymbol,
    OneMatrix,
    S,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    exp,
    symbols,
)
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu import ReLU, gradient, lambdify
from symrelu.matrices.algebra import (
    element,
    hadamard,
    inner,
    matadd,
    matmul,
    power,
    single_entry,
    split,
    transpose,
)

s, t = symbols("s t")
i, j = symbols("i j", integer=True)
n = symbols("n", integer=True, positive=True)
A, B, C = (MatrixSymbol(name, 3, 3) for name in "ABC")
V, W = MatrixSymbol("V", 2, 3), MatrixSymbol("W", 2, 3)
u, v = MatrixSymbol("u", 3, 1), MatrixSymbol("v", 3, 1)
x = MatrixSymbol("x", 1, 1)
F = MatrixSymbol("F", n, n)
I, O = Identity(3), ZeroMatrix(3, 3)  # noqa: E741
one = OneMatrix(3, 3)
E = ImmutableMatrix(3, 3, range(9))


def test_split():
    assert split(A) == (1, (A,))
    assert split(2 * s * A * B) == (2 * s, (A, B))
    assert split(MatMul(-1, A + B, C)) == (-1, (A + B, C))


def test_products():
    assert matmul(A) is A
    assert matmul(S(2), A) == 2 * A
    assert matmul(A, B, C) == A * B * C
    assert matmul(A, S(2), B, s) == MatMul(2 * s, A, B)
    assert matmul(2 * A, 3 * B) == 6 * A * B
    assert matmul(s * A, 1 / s, B) == A * B
    assert matmul(u, v.T) == u * v.T


def test_a_product_leaves_its_factors_as_they_are():
    layer = ReLU(A * B)
    product = matmul(S(2), A + B, Transpose(layer), A)
    assert product.args == (2, A + B, Transpose(layer), A)
    assert product.args[2].arg is layer
    assert matmul(A, A).args == (A, A)  # no power that was not written


def test_identities_and_zeros_in_products():
    assert matmul(I, A) is A
    assert matmul(A, I, B) == A * B
    assert matmul(I, I) == I
    assert matmul(S(2), I) == 2 * I
    assert matmul(u, Identity(1)) is u
    assert matmul(A, O) == O
    assert matmul(S.Zero, A) == O
    assert matmul(W, O) == ZeroMatrix(2, 3)
    assert matmul(W, S.Zero, u) == ZeroMatrix(2, 1)
    assert matmul(ZeroMatrix(n, 3), A) == ZeroMatrix(n, 3)


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        ([A], A),
        ([A, A], 2 * A),
        ([A, 2 * A, s * A], (s + 3) * A),
        ([A * B, B, 3 * A * B], 4 * A * B + B),
        ([B, A], A + B),
        ([A, -A], O),
        ([A, B, -A], B),
        ([O, A], A),
        ([O, O], O),
        ([s * A, t * A], (s + t) * A),
        ([ReLU(A), ReLU(A)], 2 * ReLU(A)),
        ([E, 2 * E], 3 * E),
        ([E, -E], 0 * E),
        ([O], O),
        # A sum is taken apart where it shares a term, and only a sum.
        ([MatAdd(A, B), A], 2 * A + B),
        ([MatMul(2, MatAdd(A, B)), A], 3 * A + 2 * B),
        ([MatMul(MatAdd(A, B), C), A], MatAdd(MatMul(MatAdd(A, B), C), A)),
        ([Transpose(A), A], MatAdd(A, Transpose(A))),
    ],
    ids=str,
)
def test_sums_are_collected(terms, total):
    assert matadd(terms) == total


def test_sums_do_not_depend_on_the_order():
    assert matadd([A * B, C, B * A]) == matadd([B * A, A * B, C])
    assert isinstance(matadd([A, B]), MatAdd)


def test_explicit_matrices_in_sums():
    mixed = matadd([A, E, B, E])
    (explicit,) = [term for term in mixed.args if isinstance(term, MatrixBase)]
    assert explicit == 2 * E
    assert set(mixed.args) - {explicit} == {A, B}


def test_elementwise_products():
    layer = ReLU(A)
    assert hadamard(A, B) == HadamardProduct(A, B)
    assert hadamard(B, A) == hadamard(A, B)
    assert hadamard(HadamardProduct(A, C), B) == HadamardProduct(A, B, C)
    assert hadamard(2 * A, s * B) == 2 * s * HadamardProduct(A, B)
    assert hadamard(A * B, layer) == HadamardProduct(A * B, layer)
    assert hadamard(A, one) is A
    assert hadamard(2 * one, 3 * A) == 6 * A
    assert hadamard(one, one) == one
    assert hadamard(A, O) == hadamard(O, A) == O
    assert hadamard(x, 2 * x) == MatMul(2, x, x)
    assert hadamard(W, ZeroMatrix(2, 3)) == ZeroMatrix(2, 3)


def test_a_transpose_leaves_the_matrix_whole():
    Z = ReLU(A * B)
    assert transpose(A) == Transpose(A)
    assert transpose(A.T) is A
    product = MatMul(A, B)
    assert transpose(product).arg is product
    assert transpose(s * A.T).args == (s, A)
    assert transpose(Transpose(Z)) is Z
    assert transpose(Z).arg is Z
    assert transpose(MatAdd(A, B)) == Transpose(MatAdd(A, B))


def test_symmetric_matrices_are_their_own_transposes():
    for symmetric in (I, DiagMatrix(u), DiagonalMatrix(A), x, x * u.T * v):
        assert transpose(symmetric) is symmetric
    assert transpose(OneMatrix(2, n)) == OneMatrix(n, 2)
    assert transpose(ZeroMatrix(2, n)) == ZeroMatrix(n, 2)
    assert transpose(E) == E.T
    assert isinstance(transpose(E), MatrixBase)


def test_inner_products():
    assert inner(A, B) == Trace(Transpose(A) * B)
    assert inner(I, A) == Trace(A)
    assert inner(u, v) == MatrixElement(u.T * v, 0, 0)
    assert inner(x, x) == MatrixElement(MatMul(x, x), 0, 0)
    assert inner(2 * I, s * A) == Trace(2 * s * A)
    assert inner(A, O) == 0
    assert inner(u, ZeroMatrix(3, 1)) == 0
    assert inner(E, E) == Trace(MatMul(E.T, E))


def test_elements():
    assert element(A, 0, 1) == A[0, 1]
    assert element(E, 1, 2) == 5
    assert element(I, 1, 1) == 1
    assert element(one, 0, 1) == 1
    assert element(ZeroMatrix(n, n), i, j) == 0
    assert element(A * B, 0, 1).args == (A * B, 0, 1)  # the matrix left whole
    assert element(A * B + E, 0, 1) == element(A * B, 0, 1) + 1
    assert element(2 * A + B, 0, 1).args == (2 * A + B, 0, 1)


def test_a_single_entry():
    assert single_entry(s, S(0), S(1), W.shape) == ImmutableMatrix([[0, s, 0], [0, 0, 0]])
    assert single_entry(s, S(1), S(2), E.shape) == ImmutableMatrix(
        3, 3, [0, 0, 0, 0, 0, s, 0, 0, 0]
    )
    assert single_entry(s, S(0), S(0), x.shape) == s * Identity(1)
    assert single_entry(s, S(0), S(0), Matrix([t]).shape) == s * Identity(1)
    open_entry = single_entry(s, i, j, F.shape)
    assert isinstance(open_entry, FunctionMatrix)
    assert open_entry.shape == F.shape
    assert open_entry[2, 1].subs({i: 2, j: 1}) == s
    assert open_entry[2, 1].subs({i: 1, j: 1}) == 0
    assert open_entry[2, 1].subs({i: 2, j: 2}) == 0
    entry = "s*KroneckerDelta(_i, i)*KroneckerDelta(_j, j)"
    assert str(open_entry) == f"FunctionMatrix(n, n, Lambda((_i, _j), {entry}))"
    assert single_entry(s, i, j, F.shape) == open_entry


def test_a_scalar_is_not_asked_whether_it_vanishes():
    class Silent(Symbol):
        def _eval_is_zero(self):
            raise AssertionError("asked")

    scalar = Silent("q") + 1
    assert matmul(scalar, A).args == (scalar, A)
    assert matmul(scalar, S.Zero, A) == O


def test_a_power_whose_exponent_holds_blocks():
    x, A = Symbol("x", positive=True), MatrixSymbol("A", 2, 2)
    blocks = Trace(BlockMatrix([[A, A], [A, A]]))
    assert power(x, blocks).args == (x, blocks)  # SymPy would take the blocks apart
    M = MatrixSymbol("M", 1, 3)
    slope = gradient(Trace(HadamardPower(M.applyfunc(exp), blocks) * OneMatrix(3, 1)), M)
    f = lambdify([A, M], slope)
    trace = 2 * 3.0
    values = np.array([[0.1, 0.2, 0.3]])
    np.testing.assert_allclose(
        f(np.diag([1.0, 2.0]), values), trace * np.exp(trace * values), rtol=1e-12
    )
