"""The rest of SymPy's vocabulary of matrices: numbers mixed in, blocks, indices, sums."""

import numpy as np
from sympy import (
    Abs,
    Adjoint,
    BlockDiagMatrix,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    HadamardPower,
    HadamardProduct,
    Identity,
    ImmutableSparseMatrix,
    Inverse,
    KroneckerDelta,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatPow,
    Matrix,
    OneMatrix,
    Rational,
    SparseMatrix,
    Sum,
    Trace,
    Transpose,
    ZeroMatrix,
    cos,
    det,
    diag,
    exp,
    eye,
    hadamard_product,
    log,
    sin,
    sqrt,
    symbols,
    tanh,
    zeros,
)
from sympy.matrices.expressions.dotproduct import DotProduct

from support.cases.classification import ones
from support.cases.networks import square
from support.matrix_cases import Case, definite, m, n, positive, torch, whole, whole_for
from symrelu import ReLU

i, j = symbols("i j", integer=True)
half = Rational(1, 2)
ROW, COLUMN = Matrix([[1, -2, 3]]), Matrix([1, 0, -2])
SQUARE = Matrix([[2, 1, 0], [0, 3, 1], [1, 0, 2]])
FLOATS = Matrix([[0.5, -1.25, 2.0], [0.1, 0.0, 3.5]])
SPARSE = ImmutableSparseMatrix(3, 3, {(0, 0): 1, (1, 2): -2, (2, 1): 5})


def t(matrix):
    return torch.tensor(np.array(matrix.tolist(), float))


def tr(matrix):
    return torch.trace(matrix)


def block(a, b, c, d):
    return torch.cat([torch.cat([a, b], 1), torch.cat([c, d], 1)], 0)


def fractions(random, shape):
    return random.uniform(0.2, 0.8, shape)


EXPLICIT = [
    Case("numbers times a column", "x:31", lambda x: ROW * x, lambda x: t(ROW) @ x),
    Case("a row of symbols times numbers", "x:13", lambda x: x * COLUMN, lambda x: x @ t(COLUMN)),
    Case(
        "numbers in a quadratic form",
        "x:31",
        lambda x: x.T * SQUARE * x,
        lambda x: x.T @ t(SQUARE) @ x,
    ),
    Case(
        "numbers as the weights of a layer",
        "x:31 v:21",
        lambda x, v: v.T * ReLU(FLOATS * x),
        lambda x, v: v.T @ torch.relu(t(FLOATS) @ x),
    ),
    Case(
        "numbers as the bias of a layer",
        "W:33 x:31",
        lambda W, x: square(ReLU(W * x + COLUMN)),
        lambda W, x: (torch.relu(W @ x + t(COLUMN)) ** 2).sum(),
    ),
    Case(
        "numbers as data of least squares",
        "w:31",
        lambda w: (FLOATS * w - Matrix([1, 2])).T * (FLOATS * w - Matrix([1, 2])),
        lambda w: ((t(FLOATS) @ w - torch.tensor([[1.0], [2]])) ** 2).sum(),
    ),
    Case(
        "a sparse matrix as a factor",
        "X:33",
        lambda X: Trace(SPARSE * X * X.T),
        lambda X: tr(t(SPARSE) @ X @ X.T),
    ),
    Case(
        "a mutable sparse matrix as a term",
        "X:33",
        lambda X: square(SparseMatrix(SPARSE) + X),
        lambda X: ((t(SPARSE) + X) ** 2).sum(),
    ),
    Case(
        "an identity of numbers in an inverse",
        "A:33",
        lambda A: Trace((A * A.T + eye(3)).I),
        lambda A: tr(torch.linalg.inv(A @ A.T + torch.eye(3))),
    ),
    Case(
        "a diagonal of numbers",
        "x:31",
        lambda x: (x.T * diag(1, 2, 3) * x)[0, 0],
        lambda x: x.T @ torch.diag(torch.tensor([1.0, 2, 3])) @ x,
    ),
    Case(
        "numbers in a Hadamard product",
        "X:33",
        lambda X: Trace(HadamardProduct(X, SQUARE.as_immutable()) * X),
        lambda X: tr((X * t(SQUARE)) @ X),
    ),
    Case(
        "numbers under log det",
        "A:33",
        lambda A: log(det(SQUARE + A)),
        lambda A: torch.logdet(t(SQUARE) + A),
        at={"A": lambda r, s: 0.1 * r.normal(size=s)},
    ),
    Case(
        "zeros of numbers as a term",
        "X:33",
        lambda X: Trace((X + zeros(3, 3)) * X),
        lambda X: tr(X @ X),
    ),
    Case(
        "numbers of shape 1 by 1",
        "x:31",
        lambda x: Matrix([[3]]) * x.T * x,
        lambda x: 3 * (x**2).sum(),
    ),
    Case(
        "numbers of shape 1 by 1 as a bias",
        "W:13 x:31",
        lambda W, x: ReLU(W * x + Matrix([[-half]])),
        lambda W, x: torch.relu(W @ x - 0.5),
    ),
    Case(
        "an explicit matrix of the variables",
        "x:31 a",
        lambda x, a: (Matrix([[a, a**2, 1]]) * x)[0, 0],
        lambda x, a: a * x[0, 0] + a**2 * x[1, 0] + x[2, 0],
    ),
    Case(
        "an expression made explicit",
        "A:33 x:31",
        lambda A, x: (x.T * A * x).as_explicit()[0, 0],
        lambda A, x: x.T @ A @ x,
    ),
    Case(
        "a determinant made explicit",
        "A:33",
        lambda A: A.as_explicit().det(),
        lambda A: torch.det(A),
    ),
    Case(
        "a trace made explicit",
        "A:33",
        lambda A: (A * A).as_explicit().trace(),
        lambda A: tr(A @ A),
    ),
    Case(
        "a layer made explicit",
        "W:23 x:31",
        lambda W, x: sum(ReLU((W * x).as_explicit())),
        lambda W, x: torch.relu(W @ x).sum(),
    ),
    Case(
        "the norm of an explicit matrix",
        "x:31",
        lambda x: sqrt(sum(e**2 for e in x.as_explicit())),
        lambda x: (x**2).sum().sqrt(),
    ),
]

BLOCKS = [
    Case(
        "two blocks side by side",
        "A:nn B:nn x:n1 y:n1",
        lambda A, B, x, y: Trace(BlockMatrix([[A, B]]) * BlockMatrix([[x], [y]]) * OneMatrix(1, n)),
        lambda A, B, x, y: (A @ x + B @ y).sum(),
    ),
    Case(
        "a trace of four blocks",
        "A:nn B:nm C:mn D:mm",
        lambda A, B, C, D: Trace(BlockMatrix([[A, B], [C, D]]) ** 2),
        lambda A, B, C, D: tr(block(A, B, C, D) @ block(A, B, C, D)),
    ),
    Case(
        "a determinant of blocks",
        "A:22 B:21 C:12 D:11",
        lambda A, B, C, D: det(BlockMatrix([[A, B], [C, D]])),
        lambda A, B, C, D: torch.det(block(A, B, C, D)),
        at={"A": definite, "D": positive},
    ),
    Case(
        "zeros and an identity as blocks",
        "A:nm",
        lambda A: square(BlockMatrix([[Identity(n), A], [ZeroMatrix(m, n), Identity(m)]])),
        lambda A: 7 + (A**2).sum(),
    ),
    Case(
        "a block diagonal",
        "A:nn B:mm",
        lambda A, B: Trace(BlockDiagMatrix(A, B) ** 2),
        lambda A, B: tr(A @ A) + tr(B @ B),
    ),
    Case(
        "a column with a 1 below",
        "W:24 x:31",
        lambda W, x: square(ReLU(W * BlockMatrix([[x], [OneMatrix(1, 1)]]))),
        lambda W, x: (torch.relu(W @ torch.cat([x, torch.ones(1, 1)])) ** 2).sum(),
    ),
    Case(
        "a function of entries of blocks",
        "x:n1 y:m1",
        lambda x, y: ones(BlockMatrix([[x], [y]]).applyfunc(tanh)),
        lambda x, y: x.tanh().sum() + y.tanh().sum(),
    ),
    Case(
        "numbers as a block",
        "x:31",
        lambda x: square(BlockMatrix([[x], [COLUMN.as_immutable()]])),
        lambda x: (x**2).sum() + 5,
    ),
    Case(
        "a transposed block matrix",
        "A:nn B:nm x:n1",
        lambda A, B, x: square(BlockMatrix([[A, B]]).T * x),
        lambda A, B, x: ((A.T @ x) ** 2).sum() + ((B.T @ x) ** 2).sum(),
    ),
]

INDICES = [
    Case("an element", "A:nn", lambda A: A[0, 1], lambda A: A[0, 1]),
    Case("an element of a transpose", "A:mn", lambda A: A.T[2, 1] ** 2, lambda A: A[1, 2] ** 2),
    Case(
        "an element of a product",
        "A:nm B:mn",
        lambda A, B: (A * B)[1, 2],
        lambda A, B: (A @ B)[1, 2],
    ),
    Case(
        "an element of an inverse",
        "A:nn",
        lambda A: A.I[0, 0],
        lambda A: torch.linalg.inv(A)[0, 0],
        at={"A": definite},
    ),
    Case(
        "an element of a layer",
        "W:mn x:n1",
        lambda W, x: ReLU(W * x)[1, 0],
        lambda W, x: torch.relu(W @ x)[1, 0],
    ),
    Case(
        "a product of elements", "x:31", lambda x: x[0, 0] * x[1, 0] * x[2, 0], lambda x: x.prod()
    ),
    Case("a row of a matrix", "A:mn x:n1", lambda A, x: A[2, :] * x, lambda A, x: A[2:3] @ x),
    Case("a column of a matrix", "A:mn", lambda A: square(A[:, 1]), lambda A: (A[:, 1] ** 2).sum()),
    Case("a block of a matrix", "A:44", lambda A: det(A[:2, 2:]), lambda A: torch.det(A[:2, 2:])),
    Case(
        "a slice of a product",
        "A:43 B:34",
        lambda A, B: Trace((A * B)[1:3, 0:2]),
        lambda A, B: tr((A @ B)[1:3, 0:2]),
    ),
    Case(
        "halves of a column as gates",
        "W:4n x:n1",
        lambda W, x: ones(HadamardProduct((W * x)[:2, :].applyfunc(tanh), ReLU((W * x)[2:, :]))),
        lambda W, x: (torch.tanh(W @ x)[:2] * torch.relu(W @ x)[2:]).sum(),
    ),
    Case(
        "differences of neighbours",
        "x:51",
        lambda x: square(x[1:, :] - x[:4, :]),
        lambda x: (x.diff(dim=0) ** 2).sum(),
    ),
    Case(
        "total variation",
        "x:51",
        lambda x: ones((x[1:, :] - x[:4, :]).applyfunc(Abs)),
        lambda x: x.diff(dim=0).abs().sum(),
    ),
    Case(
        "the first element of a 1 by 1 symbol",
        "x:11",
        lambda x: x[0, 0] ** 2 + ReLU(x[0, 0]),
        lambda x: x**2 + torch.relu(x),
    ),
]

SUMS = [
    Case(
        "a sum of squares of elements",
        "x:n1",
        lambda x: Sum(x[i, 0] ** 2, (i, 0, n - 1)),
        lambda x: (x**2).sum(),
    ),
    Case(
        "a sum of hinges of elements",
        "x:n1",
        lambda x: Sum(ReLU(x[i, 0]), (i, 0, n - 1)),
        lambda x: torch.relu(x).sum(),
        at={"x": whole},
    ),
    Case(
        "a sum over a concrete size",
        "x:41",
        lambda x: Sum(exp(x[i, 0]), (i, 0, 3)),
        lambda x: x.exp().sum(),
    ),
    Case(
        "a sum over both indices",
        "A:mn",
        lambda A: Sum(A[i, j] ** 2, (i, 0, m - 1), (j, 0, n - 1)),
        lambda A: (A**2).sum(),
    ),
    Case(
        "a sum of products of elements",
        "x:n1 y:n1",
        lambda x, y: Sum(x[i, 0] * y[i, 0], (i, 0, n - 1)),
        lambda x, y: (x * y).sum(),
    ),
    Case(
        "a log of a sum of exponentials",
        "x:n1",
        lambda x: log(Sum(exp(x[i, 0]), (i, 0, n - 1))),
        lambda x: torch.logsumexp(x, 0),
    ),
    Case(
        "a root of a sum of squares",
        "x:n1",
        lambda x: sqrt(Sum(x[i, 0] ** 2, (i, 0, n - 1))),
        lambda x: (x**2).sum().sqrt(),
    ),
    Case(
        "a trace as a sum", "A:nn", lambda A: Sum(A[i, i], (i, 0, n - 1)) ** 2, lambda A: tr(A) ** 2
    ),
    Case(
        "a sum of a row of a product",
        "A:nn x:n1",
        lambda A, x: Sum((A * x)[i, 0] ** 2, (i, 0, n - 1)),
        lambda A, x: ((A @ x) ** 2).sum(),
    ),
    Case(
        "a sum with a delta",
        "x:n1 y:n1",
        lambda x, y: Sum(KroneckerDelta(i, 1) * x[i, 0] * y[i, 0], (i, 0, n - 1)),
        lambda x, y: x[1, 0] * y[1, 0],
    ),
    Case(
        "a sum of squares by Python",
        "x:41",
        lambda x: sum(x[r, 0] ** 2 for r in range(4)),
        lambda x: (x**2).sum(),
    ),
    Case(
        "a mean of hinges by Python",
        "X:43 w:31 y:41",
        lambda X, w, y: sum(ReLU(1 - y[r, 0] * (X * w)[r, 0]) for r in range(4)) / 4,
        lambda X, w, y: torch.relu(1 - y * (X @ w)).mean(),
        at=whole_for("X w y"),
    ),
    Case(
        "a sum of quadratic forms of powers",
        "x:n1 A:nn s",
        lambda x, A, s: Sum(s**i * (x.T * A * x)[0, 0], (i, 0, 2)),
        lambda x, A, s: (1 + s + s**2) * (x.T @ A @ x),
    ),
]

WORDS = [
    Case("DotProduct", "x:n1 y:n1", lambda x, y: DotProduct(x, y), lambda x, y: (x * y).sum()),
    Case(
        "DotProduct of layers",
        "W:mn x:n1 y:m1",
        lambda W, x, y: DotProduct(ReLU(W * x), y) ** 2,
        lambda W, x, y: (torch.relu(W @ x) * y).sum() ** 2,
    ),
    Case(
        "DotProduct of a row and a column",
        "x:1n y:n1",
        lambda x, y: DotProduct(x, y),
        lambda x, y: x @ y,
    ),
    Case(
        "an adjoint of a column",
        "x:n1 A:nn",
        lambda x, A: Adjoint(x) * A * x,
        lambda x, A: x.T @ A @ x,
    ),
    Case(
        "an adjoint by the method", "A:nn", lambda A: Trace(A.adjoint() * A), lambda A: (A**2).sum()
    ),
    Case(
        "an adjoint of a sum",
        "A:nn B:nn",
        lambda A, B: Trace((A + B).adjoint() * A),
        lambda A, B: tr((A + B).T @ A),
    ),
    Case(
        "KroneckerProduct in a trace",
        "A:nn B:mm",
        lambda A, B: Trace(KroneckerProduct(A, B)),
        lambda A, B: tr(A) * tr(B),
    ),
    Case(
        "KroneckerProduct in a quadratic form",
        "A:22 B:33 x:61",
        lambda A, B, x: x.T * KroneckerProduct(A, B) * x,
        lambda A, B, x: x.T @ torch.kron(A, B) @ x,
    ),
    Case(
        "KroneckerProduct of columns",
        "a:21 b:31 w:61",
        lambda a, b, w: w.T * KroneckerProduct(a, b),
        lambda a, b, w: w.T @ torch.kron(a, b),
    ),
    Case(
        "a squared KroneckerProduct",
        "A:nn B:mm",
        lambda A, B: square(KroneckerProduct(A, B)),
        lambda A, B: (A**2).sum() * (B**2).sum(),
    ),
    Case(
        "DiagMatrix in a trace",
        "x:n1 A:nn",
        lambda x, A: Trace(DiagMatrix(x) * A),
        lambda x, A: (x[:, 0] * torch.diagonal(A)).sum(),
    ),
    Case(
        "DiagMatrix of a row",
        "x:1n A:nn",
        lambda x, A: Trace(DiagMatrix(x.T) * A),
        lambda x, A: (x[0] * torch.diagonal(A)).sum(),
    ),
    Case("DiagMatrix under det", "x:n1", lambda x: det(DiagMatrix(x)), lambda x: x.prod()),
    Case(
        "DiagMatrix on both sides",
        "x:n1 A:nn",
        lambda x, A: Trace(DiagMatrix(x) * A * DiagMatrix(x)),
        lambda x, A: (x[:, 0] ** 2 * torch.diagonal(A)).sum(),
    ),
    Case(
        "DiagonalMatrix",
        "A:nn B:nn",
        lambda A, B: Trace(DiagonalMatrix(A) * B),
        lambda A, B: (torch.diagonal(A) * torch.diagonal(B)).sum(),
    ),
    Case(
        "DiagonalOf",
        "A:nn y:n1",
        lambda A, y: y.T * DiagonalOf(A),
        lambda A, y: (y[:, 0] * torch.diagonal(A)).sum(),
    ),
    Case(
        "three factors of a HadamardProduct",
        "A:mn B:mn C:mn",
        lambda A, B, C: ones(hadamard_product(A, B, C)),
        lambda A, B, C: (A * B * C).sum(),
    ),
    Case(
        "HadamardPower by a symbol",
        "A:mn s",
        lambda A, s: ones(HadamardPower(A, s)),
        lambda A, s: (A**s).sum(),
        at={"A": positive},
    ),
    Case(
        "HadamardPower by a trace",
        "A:nn B:nn",
        lambda A, B: Trace(HadamardPower(A, Trace(B))),
        lambda A, B: tr(A ** tr(B)),
        at={"A": positive},
    ),
    Case(
        "HadamardPower by a matrix",
        "A:mn B:mn",
        lambda A, B: ones(HadamardPower(A, B)),
        lambda A, B: (A**B).sum(),
        at={"A": positive},
    ),
    Case(
        "HadamardPower of a number",
        "A:mn",
        lambda A: ones(HadamardPower(2, A)),
        lambda A: (2**A).sum(),
    ),
    Case(
        "HadamardPower with half",
        "A:mn",
        lambda A: ones(HadamardPower(A, -half)),
        lambda A: (A**-0.5).sum(),
        at={"A": positive},
    ),
    Case(
        "HadamardPower of a root",
        "x:n1",
        lambda x: ones(HadamardPower(HadamardPower(x, 2) + OneMatrix(n, 1), 0.5)),
        lambda x: (x**2 + 1).sqrt().sum(),
    ),
    Case(
        "Inverse by the class",
        "A:nn b:n1",
        lambda A, b: b.T * Inverse(A) * b,
        lambda A, b: b.T @ torch.linalg.inv(A) @ b,
        at={"A": definite},
    ),
    Case(
        "Transpose by the class",
        "A:mn b:m1 c:n1",
        lambda A, b, c: Transpose(b) * Transpose(Transpose(A)) * c,
        lambda A, b, c: b.T @ A @ c,
    ),
    Case(
        "MatMul, MatAdd and MatPow by the classes",
        "A:nn B:nn",
        lambda A, B: Trace(MatPow(MatAdd(MatMul(2, A), B), 3)),
        lambda A, B: tr(torch.linalg.matrix_power(2 * A + B, 3)),
    ),
    Case(
        "Determinant times a Trace",
        "A:nn",
        lambda A: Determinant(A) * Trace(A),
        lambda A: torch.det(A) * tr(A),
    ),
    Case(
        "an unevaluated product of an inverse",
        "A:nn",
        lambda A: Trace(MatMul(A, A.I, evaluate=False)),
        lambda A: tr(A @ torch.linalg.inv(A)),
        at={"A": definite},
    ),
    Case(
        "a scalar in front of a sum",
        "A:mn B:mn c",
        lambda A, B, c: square(c * (A + B)),
        lambda A, B, c: c**2 * ((A + B) ** 2).sum(),
    ),
    Case(
        "scalars on both sides",
        "A:mn x:n1 b c",
        lambda A, x, b, c: square(b * A * (c * x)),
        lambda A, x, b, c: ((b * c * A @ x) ** 2).sum(),
    ),
    Case(
        "a quotient by a scalar function",
        "x:n1 c",
        lambda x, c: Trace(x.T * x / (1 + exp(-c))),
        lambda x, c: (x**2).sum() * torch.sigmoid(c),
    ),
    Case(
        "a trace as a factor of a matrix",
        "A:nn B:nn",
        lambda A, B: Trace(Trace(A) * B * A),
        lambda A, B: tr(A) * tr(B @ A),
    ),
    Case(
        "a determinant as a factor of a matrix",
        "A:nn x:n1",
        lambda A, x: x.T * (det(A) * A) * x,
        lambda A, x: torch.det(A) * (x.T @ A @ x),
    ),
    Case(
        "an element as a factor of a matrix",
        "A:33 x:31",
        lambda A, x: square(x[0, 0] * A * x),
        lambda A, x: x[0, 0] ** 2 * ((A @ x) ** 2).sum(),
    ),
    Case(
        "pi and a root as factors",
        "A:nn",
        lambda A: Trace(sqrt(2) * A.T * A),
        lambda A: 2**0.5 * (A**2).sum(),
    ),
    Case(
        "an identity of an open size",
        "A:nn c",
        lambda A, c: log(det(A.T * A + c**2 * Identity(n))),
        lambda A, c: torch.logdet(A.T @ A + c**2 * torch.eye(3)),
    ),
    Case(
        "a kinked matrix under det",
        "A:nn",
        lambda A: det(ReLU(A) + Identity(n)),
        lambda A: torch.det(torch.relu(A) + torch.eye(3)),
    ),
    Case(
        "a kinked matrix in an inverse",
        "A:nn B:nn",
        lambda A, B: Trace((ReLU(A) * ReLU(A).T + Identity(n)).I * B),
        lambda A, B: tr(torch.linalg.inv(torch.relu(A) @ torch.relu(A).T + torch.eye(3)) @ B),
    ),
    Case(
        "a sine of entries of a square",
        "A:nn",
        lambda A: Trace((A**2).applyfunc(sin)),
        lambda A: tr(torch.sin(A @ A)),
    ),
    Case(
        "functions of functions of entries",
        "A:mn",
        lambda A: ones(A.applyfunc(sin).applyfunc(exp).applyfunc(cos)),
        lambda A: A.sin().exp().cos().sum(),
    ),
    Case(
        "dimensions as factors",
        "X:mn",
        lambda X: square(X) / (m * n) + Trace(X.T * X) / n,
        lambda X: (X**2).sum() / 12 + (X**2).sum() / 3,
    ),
    Case(
        "a row times a column of ones",
        "w:1n",
        lambda w: (w * OneMatrix(n, 1)) ** 2,
        lambda w: w.sum() ** 2,
    ),
    Case(
        "an outer product of 1 by 1 results",
        "x:n1 y:n1",
        lambda x, y: Trace((x.T * y) * (y.T * x)),
        lambda x, y: (x * y).sum() ** 2,
    ),
    Case(
        "a 1 by 1 matrix and its transpose",
        "s:11 x:1n",
        lambda s, x: s.T * x * x.T * s,
        lambda s, x: s @ x @ x.T @ s,
    ),
    Case("1 by 1 symbols added", "s:11 t:11", lambda s, t: s + t, lambda s, t: s + t),
    Case("1 by 1 symbols multiplied", "s:11 t:11", lambda s, t: s * t * s.T, lambda s, t: s**2 * t),
    Case("the inverse of a 1 by 1 symbol", "s:11 t:11", lambda s, t: s.I * t, lambda s, t: t / s),
    Case(
        "the determinant of a 1 by 1 product",
        "x:n1",
        lambda x: det(x.T * x),
        lambda x: (x**2).sum(),
    ),
    Case(
        "exp of the entry of a 1 by 1 product",
        "x:n1 A:nn",
        lambda x, A: (-(x.T * A * x) / 2).applyfunc(exp),
        lambda x, A: torch.exp(-(x.T @ A @ x) / 2),
    ),
    Case(
        "a power 1.5 of a 1 by 1 product",
        "x:n1",
        lambda x: (x.T * x) ** 1.5,
        lambda x: (x**2).sum() ** 1.5,
    ),
    Case("a quotient of 1 by 1 symbols", "s:11 t:11", lambda s, t: s / t, lambda s, t: s / t),
    Case(
        "a quotient of a scalar by an element",
        "x:n1",
        lambda x: 1 / (x.T * x)[0, 0],
        lambda x: 1 / (x**2).sum(),
    ),
    Case(
        "ReLU of a scalar of a trace",
        "A:nn",
        lambda A: ReLU(Trace(A)) ** 2 - ReLU(-det(A)),
        lambda A: torch.relu(tr(A)) ** 2 - torch.relu(-torch.det(A)),
    ),
    Case(
        "an interpolation of two matrices",
        "A:mn B:mn u",
        lambda A, B, u: square(u * A + (1 - u) * B),
        lambda A, B, u: ((u * A + (1 - u) * B) ** 2).sum(),
    ),
    Case(
        "a Cayley transform",
        "A:nn x:n1 y:n1",
        lambda A, x, y: y.T * (Identity(n) + A - A.T).I * (Identity(n) - A + A.T) * x,
        lambda A, x, y: (
            y.T @ torch.linalg.inv(torch.eye(3) + A - A.T) @ (torch.eye(3) - A + A.T) @ x
        ),
    ),
    Case(
        "an orthogonality penalty",
        "W:mn",
        lambda W: square(W.T * W - Identity(n)),
        lambda W: ((W.T @ W - torch.eye(3)) ** 2).sum(),
    ),
    Case(
        "a kernel matrix by squares",
        "X:mn",
        lambda X: (
            lambda G, d: ones((2 * G - d * OneMatrix(1, m) - OneMatrix(m, 1) * d.T).applyfunc(exp))
        )(X * X.T, HadamardPower(X, 2) * OneMatrix(n, 1)),
        lambda X: torch.exp(-((X[:, None] - X[None]) ** 2).sum(2)).sum(),
    ),
    Case(
        "a probability by logits of a sum",
        "x:n1 p:n1",
        lambda x, p: ones(hadamard_product(p, x) + hadamard_product(OneMatrix(n, 1) - p, -x)),
        lambda x, p: (p * x - (1 - p) * x).sum(),
        at={"p": fractions},
    ),
    Case(
        "an unused variable", "A:nn B:nn", lambda A, B: Trace(A) + 0 * Trace(B), lambda A, B: tr(A)
    ),
    Case(
        "a product that vanishes",
        "A:nn x:n1",
        lambda A, x: x.T * (A - A) * x + x.T * x,
        lambda A, x: (x**2).sum(),
    ),
    Case(
        "a matrix less itself transposed",
        "A:nn x:n1",
        lambda A, x: square((A - A.T) * x),
        lambda A, x: (((A - A.T) @ x) ** 2).sum(),
    ),
    Case(
        "columns that are rows",
        "a:1n b:1n",
        lambda a, b: a * b.T + b * a.T,
        lambda a, b: 2 * (a * b).sum(),
    ),
    Case("a norm of a row", "a:1n", lambda a: sqrt((a * a.T)[0, 0]), lambda a: (a**2).sum().sqrt()),
    Case(
        "a symbol named lambda",
        "A:nn lambda",
        lambda A, c: c * square(A),
        lambda A, c: c * (A**2).sum(),
    ),
    Case(
        "a matrix named lambda",
        "lambda:nn x:n1",
        lambda L, x: x.T * L * x,
        lambda L, x: x.T @ L @ x,
    ),
]

CASES = [*EXPLICIT, *BLOCKS, *INDICES, *SUMS, *WORDS]
