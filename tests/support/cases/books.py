"""Formulas of the Matrix Cookbook, and expressions from public questions and reports."""

from sympy import (
    Determinant,
    Function,
    HadamardPower,
    Identity,
    OneMatrix,
    Trace,
    det,
    eye,
    log,
    sin,
    sqrt,
    trace,
)

from support.cases.classification import logistic
from support.cases.networks import square
from support.matrix_cases import Case, Refusal, definite, m, n, torch, whole_for
from symrelu import ReLU

sigma = Function("sigma")


def inv(matrix):
    return torch.linalg.inv(matrix)


def tr(matrix):
    return torch.trace(matrix)


def first_row(W, X):
    r = OneMatrix(1, 3) * ReLU(W * X) - ReLU(X[0, :])
    return Trace(r.T * r) / 2


def half_square(e):
    return e.T * e / 2


CASES = [
    # Reports
    Case(
        "a mean in a trace",
        "x:n1 mu",
        lambda x, mu: Trace((x - mu * OneMatrix(n, 1)).T * (x - mu * OneMatrix(n, 1))),
        lambda x, mu: ((x - mu) ** 2).sum(),
    ),
    Case("a squared trace plus one", "E:33", lambda E: Trace(E) ** 2 + 1, lambda E: tr(E) ** 2 + 1),
    Case(
        "a penalized factorization",
        "A:nn B:nn C:nn",
        lambda A, B, C: (square(A - B * C) + square(B)) / 2,
        lambda A, B, C: (((A - B @ C) ** 2).sum() + (B**2).sum()) / 2,
    ),
    Case(
        "a penalized factorization in floats",
        "A:nn B:nn C:nn",
        lambda A, B, C: 0.5 * square(A - B * C) + 0.5 * square(B),
        lambda A, B, C: (((A - B @ C) ** 2).sum() + (B**2).sum()) / 2,
    ),
    Case(
        "an explicit identity plus a symbol",
        "E:33",
        lambda E: Trace((E + eye(3)) ** 2),
        lambda E: tr((E + torch.eye(3)) @ (E + torch.eye(3))),
    ),
    Case(
        "a multiple of a determinant",
        "A:nn c",
        lambda A, c: c * Determinant(A),
        lambda A, c: c * torch.det(A),
    ),
    Case(
        "the square of the trace of a difference",
        "E:33",
        lambda E: trace(Identity(3) - E) ** 2,
        lambda E: tr(torch.eye(3) - E) ** 2,
    ),
    Case(
        "a squared error through a logistic layer",
        "W:nn x:n1 b:n1 a:n1",
        lambda W, x, b, a: half_square((W * x + b).applyfunc(logistic) - a),
        lambda W, x, b, a: ((torch.sigmoid(W @ x + b) - a) ** 2).sum() / 2,
    ),
    Case(
        "an open activation",
        "W:nn x:n1 b:n1 a:n1",
        lambda W, x, b, a: (W * x + b).applyfunc(sigma).T * a,
        refused=Refusal(NotImplementedError, "numeric form of sigma"),
    ),
    Case(
        "a squared error through an open activation",
        "W:nn x:n1 b:n1 a:n1",
        lambda W, x, b, a: half_square((W * x + b).applyfunc(sigma) - a),
        refused=Refusal(NotImplementedError, "numeric form of sigma"),
    ),
    Case(
        "sums of a rectified product less a row",
        "W:33 X:3n",
        first_row,
        lambda W, X: ((torch.relu(W @ X).sum(0) - torch.relu(X[0])) ** 2).sum() / 2,
        at=whole_for("W X"),
    ),
    Case(
        "squares of a linear layer over a rectified one",
        "A:13 B:3m V:mk W:kn x:n1",
        lambda A, B, V, W, x: A * HadamardPower(B * V * ReLU(W * x), 2),
        lambda A, B, V, W, x: A @ (B @ V @ torch.relu(W @ x)) ** 2,
    ),
    # First order
    Case("a'Xb", "a:n1 X:nn b:n1", lambda a, X, b: a.T * X * b, lambda a, X, b: a.T @ X @ b),
    Case("a'X'b", "a:n1 X:nn b:n1", lambda a, X, b: a.T * X.T * b, lambda a, X, b: a.T @ X.T @ b),
    # Second order
    Case(
        "the square of the sum of all entries",
        "X:nn",
        lambda X: Trace(OneMatrix(1, n) * X * OneMatrix(n, 1)) ** 2,
        lambda X: X.sum() ** 2,
    ),
    Case(
        "b'X'Xc",
        "b:n1 X:nn c:n1",
        lambda b, X, c: b.T * X.T * X * c,
        lambda b, X, c: b.T @ X.T @ X @ c,
    ),
    Case(
        "(Bx+b)'C(Dx+d)",
        "B:nn x:n1 b:n1 C:nn D:nn d:n1",
        lambda B, x, b, C, D, d: (B * x + b).T * C * (D * x + d),
        lambda B, x, b, C, D, d: (B @ x + b).T @ C @ (D @ x + d),
    ),
    Case(
        "b'X'DXc",
        "b:n1 X:nn D:nn c:n1",
        lambda b, X, D, c: b.T * X.T * D * X * c,
        lambda b, X, D, c: b.T @ X.T @ D @ X @ c,
    ),
    Case(
        "(Xb+c)'D(Xb+c)",
        "b:n1 X:nn D:nn c:n1",
        lambda b, X, D, c: (X * b + c).T * D * (X * b + c),
        lambda b, X, D, c: (X @ b + c).T @ D @ (X @ b + c),
    ),
    Case(
        "(x-As)'W(x-As)",
        "x:n1 A:nn s:n1 W:nn",
        lambda x, A, s, W: (x - A * s).T * W * (x - A * s),
        lambda x, A, s, W: (x - A @ s).T @ W @ (x - A @ s),
    ),
    Case(
        "a'XXXb",
        "a:n1 X:nn b:n1",
        lambda a, X, b: a.T * X**3 * b,
        lambda a, X, b: a.T @ X @ X @ X @ b,
    ),
    # Determinants
    Case(
        "log det X'AX",
        "X:nn A:nn",
        lambda X, A: log(det(X.T * A * X)),
        lambda X, A: torch.logdet(X.T @ A @ X),
        at={"X": definite, "A": definite},
    ),
    Case(
        "det AXB",
        "A:nn X:nn B:nn",
        lambda A, X, B: det(A * X * B),
        lambda A, X, B: torch.det(A @ X @ B),
    ),
    Case(
        "det X'AX of a tall X",
        "A:mm X:mn",
        lambda A, X: det(X.T * A * X),
        lambda A, X: torch.det(X.T @ A @ X),
    ),
    Case(
        "log det X'X of a tall X",
        "X:mn",
        lambda X: log(det(X.T * X)),
        lambda X: torch.logdet(X.T @ X),
    ),
    # Inverses
    Case(
        "tr A/X B",
        "A:nn X:nn B:nn",
        lambda A, X, B: Trace(A * X.inv() * B),
        lambda A, X, B: tr(A @ inv(X) @ B),
    ),
    Case(
        "a'/X b",
        "a:n1 X:nn b:n1",
        lambda a, X, b: a.T * X.inv() * b,
        lambda a, X, b: a.T @ inv(X) @ b,
    ),
    Case("det 1/X", "X:nn", lambda X: det(X.inv()), lambda X: 1 / torch.det(X)),
    Case("tr 1/(X+A)", "X:nn A:nn", lambda X, A: Trace((X + A).inv()), lambda X, A: tr(inv(X + A))),
    # Traces
    Case(
        "tr AXBX'C",
        "A:nn X:nn B:nn C:nn",
        lambda A, X, B, C: Trace(A * X * B * X.T * C),
        lambda A, X, B, C: tr(A @ X @ B @ X.T @ C),
    ),
    Case(
        "tr (AXB+C)(AXB+C)'",
        "A:nn X:nn B:nn C:nn",
        lambda A, X, B, C: Trace((A * X * B + C) * (A * X * B + C).T),
        lambda A, X, B, C: ((A @ X @ B + C) ** 2).sum(),
    ),
    Case("tr XXXX", "X:nn", lambda X: Trace(X**4), lambda X: tr(X @ X @ X @ X)),
    Case("tr AXXX", "A:nn X:nn", lambda A, X: Trace(A * X**3), lambda A, X: tr(A @ X @ X @ X)),
    Case(
        "tr B'X'CXX'CXB",
        "B:nn C:nn X:nn",
        lambda B, C, X: Trace(B.T * X.T * C * X * X.T * C * X * B),
        lambda B, C, X: tr(B.T @ X.T @ C @ X @ X.T @ C @ X @ B),
    ),
    Case(
        "tr 1/(X'CX) A",
        "C:mm A:nn X:mn",
        lambda C, A, X: Trace((X.T * C * X).inv() * A),
        lambda C, A, X: tr(inv(X.T @ C @ X) @ A),
    ),
    # Norms
    Case(
        "the distance of two columns",
        "x:n1 a:n1",
        lambda x, a: sqrt(square(x - a)),
        lambda x, a: ((x - a) ** 2).sum().sqrt(),
    ),
    Case(
        "a direction projected",
        "b:n1 x:n1 a:n1",
        lambda b, x, a: b.T * (x - a) / sqrt(square(x - a)),
        lambda b, x, a: (b * (x - a)).sum() / ((x - a) ** 2).sum().sqrt(),
    ),
    Case(
        "the sine of a trace as a factor",
        "X:nn A:nn",
        lambda X, A: Trace(sin(Trace(X)) * A),
        lambda X, A: tr(X).sin() * tr(A),
    ),
    Case("tr X'XX'X", "X:nn", lambda X: Trace(X.T * X * X.T * X), lambda X: tr(X.T @ X @ X.T @ X)),
    # Siblings of these
    Case("tr AX", "A:nm X:mn", lambda A, X: Trace(A * X), lambda A, X: tr(A @ X)),
    Case("tr AX'", "A:mn X:mn", lambda A, X: Trace(A * X.T), lambda A, X: tr(A @ X.T)),
    Case("tr X", "X:nn", lambda X: Trace(X), lambda X: tr(X)),
    Case(
        "tr (X'AX + BX)",
        "X:mn A:mm B:nm",
        lambda X, A, B: Trace(X.T * A * X + B * X),
        lambda X, A, B: tr(X.T @ A @ X + B @ X),
    ),
    Case(
        "(tr X)(tr 1/X)",
        "X:nn",
        lambda X: Trace(X) * Trace(X.I),
        lambda X: tr(X) * tr(inv(X)),
        at={"X": definite},
    ),
    Case("det(X)^3", "X:nn", lambda X: det(X) ** 3, lambda X: torch.det(X) ** 3),
    Case(
        "log det(X)^2", "X:nn", lambda X: log(det(X) ** 2), lambda X: torch.det(X).abs().log() * 2
    ),
    Case(
        "det(X'X)^(1/2)", "X:mp", lambda X: sqrt(det(X.T * X)), lambda X: torch.det(X.T @ X).sqrt()
    ),
    Case("det(cX)", "X:33 c", lambda X, c: det(c * X), lambda X, c: c**3 * torch.det(X)),
    Case(
        "det(I + ab')",
        "a:n1 b:n1",
        lambda a, b: det(Identity(n) + a * b.T),
        lambda a, b: 1 + (a * b).sum(),
    ),
    Case(
        "a'(X'X)/a",
        "a:n1 X:mn",
        lambda a, X: a.T * (X.T * X).I * a,
        lambda a, X: a.T @ inv(X.T @ X) @ a,
    ),
    Case(
        "a'/X'b",
        "a:n1 X:nn b:n1",
        lambda a, X, b: a.T * X.T.I * b,
        lambda a, X, b: a.T @ inv(X.T) @ b,
    ),
    Case(
        "tr X^-2", "X:nn", lambda X: Trace(X**-2), lambda X: tr(inv(X) @ inv(X)), at={"X": definite}
    ),
    Case(
        "tr (A/X)^2",
        "A:nn X:nn",
        lambda A, X: Trace((A * X.I) ** 2),
        lambda A, X: tr(A @ inv(X) @ A @ inv(X)),
        at={"X": definite},
    ),
    Case(
        "(a'Xb)(b'Xa)",
        "a:n1 X:nn b:n1",
        lambda a, X, b: a.T * X * b * (b.T * X * a),
        lambda a, X, b: a.T @ X @ b @ b.T @ X @ a,
    ),
    Case(
        "a'Xb to the third, by an element",
        "a:n1 X:nn b:n1",
        lambda a, X, b: (a.T * X * b)[0, 0] ** 3,
        lambda a, X, b: (a.T @ X @ b) ** 3,
    ),
    Case("x'x x'x", "x:n1", lambda x: x.T * x * x.T * x, lambda x: (x**2).sum() ** 2),
    Case("tr xx'A", "x:n1 A:nn", lambda x, A: Trace(x * x.T * A), lambda x, A: x.T @ A @ x),
    Case(
        "tr of a product of sums",
        "X:nn A:nn B:nn",
        lambda X, A, B: Trace((X + A) * (X - B).T * (2 * X + A * B)),
        lambda X, A, B: tr((X + A) @ (X - B).T @ (2 * X + A @ B)),
    ),
    Case(
        "a ratio of traces",
        "W:np A:nn B:nn",
        lambda W, A, B: Trace(W.T * A * W) / Trace(W.T * B * W),
        lambda W, A, B: tr(W.T @ A @ W) / tr(W.T @ B @ W),
        at={"B": definite},
    ),
    Case(
        "discriminant by an inverse",
        "W:np A:nn B:nn",
        lambda W, A, B: Trace((W.T * A * W).I * W.T * B * W),
        lambda W, A, B: tr(inv(W.T @ A @ W) @ W.T @ B @ W),
        at={"A": definite},
    ),
    Case(
        "a projector's residue",
        "X:mp y:m1",
        lambda X, y: y.T * (Identity(m) - X * (X.T * X).I * X.T) * y,
        lambda X, y: y.T @ (torch.eye(4) - X @ inv(X.T @ X) @ X.T) @ y,
    ),
    Case(
        "the Schur complement",
        "A:nn B:np D:pp",
        lambda A, B, D: det(D - B.T * A.I * B),
        lambda A, B, D: torch.det(D - B.T @ inv(A) @ B),
        at={"A": definite},
    ),
    Case(
        "Woodbury's form",
        "U:np x:n1",
        lambda U, x: x.T * (Identity(n) + U * U.T).I * x,
        lambda U, x: x.T @ inv(torch.eye(3) + U @ U.T) @ x,
    ),
    Case(
        "a root of a sum of quadratic forms",
        "x:n1 y:n1 A:nn",
        lambda x, y, A: sqrt(1 + Trace(x.T * A.T * A * x) + Trace(y.T * y)),
        lambda x, y, A: (1 + ((A @ x) ** 2).sum() + (y**2).sum()).sqrt(),
    ),
]
