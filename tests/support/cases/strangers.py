"""Expressions by elements, by matrices of one entry, and by sums that overlap."""

from sympy import (
    Abs,
    BlockMatrix,
    Determinant,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    KroneckerProduct,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Rational,
    Sum,
    Trace,
    erf,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)

from support.matrix_cases import Case, k, m, n
from symrelu import ReLU

try:
    import torch
except ImportError:
    torch = None

i, j = symbols("i j", integer=True)
one = Identity(1)


def softmax_by_a_trace(a, w):
    total = Trace(OneMatrix(1, n) * w.applyfunc(exp))
    return Trace(a.T * w.applyfunc(lambda z: exp(z) / total))


def centred(x):
    return x - OneMatrix(n, n) * x / n


def gram(A):
    return A * A.T + Identity(n)


def gram_twin(A):
    return A @ A.T + torch.eye(len(A))


CASES = [
    Case(
        "a network of one output and its bias",
        "W:1n x:n1 b:11 y:11",
        lambda W, x, b, y: (ReLU(W * x + b) - y) ** 2,
        lambda W, x, b, y: (torch.relu(W @ x + b) - y) ** 2,
    ),
    Case(
        "a hinge of one output",
        "W:1n x:n1 b:11 y:11",
        lambda W, x, b, y: ReLU(one - y * (W * x + b)),
        lambda W, x, b, y: torch.relu(1 - y * (W @ x + b)),
    ),
    Case(
        "a triplet of matrices of one entry",
        "a:n1 p:n1 q:n1 eps",
        lambda a, p, q, eps: ReLU((a - p).T * (a - p) - (a - q).T * (a - q) + eps * one),
        lambda a, p, q, eps: torch.relu(((a - p) ** 2).sum() - ((a - q) ** 2).sum() + eps),
    ),
    Case(
        "a contrastive loss of one pair",
        "x:n1 y:11",
        lambda x, y: y * (x.T * x) + (one - y) * ReLU(2 * one - x.T * x),
        lambda x, y: y * (x**2).sum() + (1 - y) * torch.relu(2 - (x**2).sum()),
    ),
    Case(
        "sums of three scalars",
        "d:11 e:11 w:1n x:n1",
        lambda d, e, w, x: d + e + w * x,
        lambda d, e, w, x: d + e + w @ x,
    ),
    Case(
        "the root of a square of one entry",
        "d:11",
        lambda d: sqrt(d**2 + one),
        lambda d: (d**2 + 1) ** 0.5,
    ),
    Case(
        "total variation by neighbours",
        "x:n1",
        lambda x: Sum(Abs(x[i + 1, 0] - x[i, 0]), (i, 0, n - 2)),
        lambda x: (x[1:] - x[:-1]).abs().sum(),
    ),
    Case(
        "a chain of neighbours",
        "X:nm",
        lambda X: Sum(X[i + 1, 0] * X[i, 1] * X[i, 0], (i, 0, n - 2)),
        lambda X: (X[1:, 0] * X[:-1, 1] * X[:-1, 0]).sum(),
    ),
    Case(
        "a ranking loss over all pairs",
        "x:n1 a:n1",
        lambda x, a: Sum(ReLU(1 - x[i, 0] + a[j, 0]), (i, 0, n - 1), (j, 0, n - 1)),
        lambda x, a: torch.relu(1 - x + a.T).sum(),
    ),
    Case(
        "a Gaussian kernel over all pairs",
        "x:n1",
        lambda x: Sum(exp(-((x[i, 0] - x[j, 0]) ** 2)), (i, 0, n - 1), (j, 0, n - 1)),
        lambda x: torch.exp(-((x - x.T) ** 2)).sum(),
    ),
    Case(
        "a sum from the second row on",
        "X:mn w:n1",
        lambda X, w: Sum((X * w)[i, 0] ** 2, (i, 1, m - 1)),
        lambda X, w: ((X @ w)[1:] ** 2).sum(),
    ),
    Case(
        "roots of diagonal elements of a cube",
        "A:nn",
        lambda A: Sum(sqrt(1 + (A**3)[i, i] ** 2), (i, 0, n - 1)),
        lambda A: torch.sqrt(1 + torch.diagonal(A @ A @ A) ** 2).sum(),
    ),
    Case(
        "a branch for each element",
        "x:n1 s",
        lambda x, s: Sum(
            Piecewise((x[i, 0] ** 2, x[i, 0] > s), (s * x[i, 0], True)), (i, 0, n - 1)
        ),
        lambda x, s: torch.where(x > s, x**2, s * x).sum(),
    ),
    Case(
        "the softmax whose sum is a trace",
        "a:n1 w:n1",
        softmax_by_a_trace,
        lambda a, w: (a * torch.softmax(w, 0)).sum(),
    ),
    Case(
        "correlation",
        "x:n1 a:n1",
        lambda x, a: (
            (centred(x).T * centred(a))[0, 0] / sqrt(1 + (centred(x).T * centred(x))[0, 0])
        ),
        lambda x, a: (
            ((x - x.mean()) * (a - a.mean())).sum() / torch.sqrt(1 + ((x - x.mean()) ** 2).sum())
        ),
    ),
    Case(
        "the divergence of two Gaussians",
        "A:nn B:nn",
        lambda A, B: Trace(gram(A).I * gram(B)) + log(Determinant(gram(A)) / Determinant(gram(B))),
        lambda A, B: (
            torch.trace(torch.linalg.inv(gram_twin(A)) @ gram_twin(B))
            + torch.logdet(gram_twin(A))
            - torch.logdet(gram_twin(B))
        ),
    ),
    Case(
        "an update of rank one",
        "A:nn x:n1",
        lambda A, x: x.T * (gram(A) + x * x.T).I * x,
        lambda A, x: x.T @ torch.linalg.inv(gram_twin(A) + x @ x.T) @ x,
    ),
    Case(
        "a determinant beside its inverse",
        "A:nn",
        lambda A: Determinant(gram(A).I) * Trace(A) ** 2,
        lambda A: torch.trace(A) ** 2 / torch.det(gram_twin(A)),
    ),
    Case(
        "blocks with a corner of one entry",
        "A:nn a:n1 d:11 B:nn x:n1 e:11",
        lambda A, a, d, B, x, e: Trace(
            BlockMatrix([[A, a], [a.T, d]]) * BlockMatrix([[B, x], [x.T, e]])
        ),
        lambda A, a, d, B, x, e: (A * B.T).sum() + 2 * (a * x).sum() + (d * e).sum(),
    ),
    Case(
        "the largest and the least of products",
        "a:n1 c:n1 x:n1",
        lambda a, c, x: Max((a.T * x)[0, 0], (c.T * x)[0, 0], 0) - Min((a.T * x)[0, 0], 1),
        lambda a, c, x: (
            torch.relu(torch.maximum((a * x).sum(), (c * x).sum()))
            - torch.clamp((a * x).sum(), max=1)
        ),
    ),
    Case(
        "a branch by a product",
        "a:n1 x:n1",
        lambda a, x: Piecewise(((x.T * x)[0, 0], (a.T * x)[0, 0] > 0), (3 * Trace(x * a.T), True)),
        lambda a, x: torch.where((a * x).sum() > 0, (x**2).sum(), 3 * (x * a).sum()),
    ),
    Case(
        "a product of nonnegative factors",
        "A:nn U:nk V:kn",
        lambda A, U, V: Trace((A - ReLU(U) * ReLU(V)).T * (A - ReLU(U) * ReLU(V))),
        lambda A, U, V: ((A - torch.relu(U) @ torch.relu(V)) ** 2).sum(),
    ),
    Case(
        "a Gaussian error unit in one lambda",
        "A:nn x:n1 a:n1",
        lambda A, x, a: Trace((A * x).applyfunc(lambda z: z * (1 + erf(z / sqrt(2))) / 2) * a.T),
        lambda A, x, a: (torch.nn.functional.gelu(A @ x) * a).sum(),
    ),
    Case(
        "powers by a symbol",
        "A:nn s+",
        lambda A, s: Trace(HadamardPower(HadamardPower(A, 2) + OneMatrix(n, n), s)),
        lambda A, s: torch.trace((A**2 + 1) ** s),
    ),
    Case(
        "a Kronecker product of rows and columns",
        "r:12 q:21 Q:22",
        lambda r, q, Q: Trace(KroneckerProduct(q, r) * Q.applyfunc(tanh)),
        lambda r, q, Q: torch.trace(torch.kron(q, r) @ torch.tanh(Q)),
    ),
    Case(
        "rows of odd and of even numbers",
        "Q:53 R:23",
        lambda Q, R: Trace(Q[:4:2, :] * R.T) + Trace(Q[1::2, :].T * R),
        lambda Q, R: (Q[:4:2] * R).sum() + (Q[1::2] * R).sum(),
    ),
    Case(
        "the trace of a power of a Gram matrix",
        "A:nn",
        lambda A: Trace((A.T * A + Identity(n)) ** -3),
        lambda A: torch.trace(torch.linalg.matrix_power(torch.linalg.inv(gram_twin(A.T)), 3)),
    ),
    Case(
        "quantiles in one lambda",
        "X:mk w:k1 t:m1 s",
        lambda X, w, t, s: Trace(
            OneMatrix(1, m) * (X * w - t).applyfunc(lambda z: Max(s * z, (s - 1) * z))
        ),
        lambda X, w, t, s: torch.maximum(s * (X @ w - t), (s - 1) * (X @ w - t)).sum(),
    ),
    Case(
        "half of a shifted square",
        "X:mk w:k1",
        lambda X, w: (OneMatrix(1, m) * HadamardProduct(X * w, X * w))[0, 0] * Rational(1, 2) / k,
        lambda X, w: ((X @ w) ** 2).sum() / 10,
    ),
    Case(
        "an entry of the ReLU of an inverse",
        "u:n1",
        lambda u: Abs(ReLU(Inverse(gram(u)))[0, 0]),
        lambda u: torch.relu(torch.linalg.inv(gram_twin(u)))[0, 0],
    ),
    Case(
        "the larger of a number and a sum over parts of rows",
        "u:31 z:13 c",
        lambda u, z, c: Max(
            Sum(ReLU((BlockMatrix([[z, z]]) * BlockMatrix([[u], [u]]))[i, 0]), (i, 0, 0)), c
        ),
        lambda u, z, c: torch.maximum(torch.relu(2 * z @ u)[0, 0], c),
    ),
]
