"""Least squares, penalties, norms and likelihoods."""

from sympy import (
    Abs,
    Determinant,
    Identity,
    OneMatrix,
    Trace,
    det,
    exp,
    log,
    pi,
    sqrt,
)

from support.cases.classification import WHOLE
from support.matrix_cases import Case, Refusal, definite, m, n, torch
from symrelu import ReLU

NEAR_IDENTITY = {"A": definite, "S": definite}


def squares(X, w, y):
    return ((X @ w - y) ** 2).sum()


def quadratic(A, x):
    return x.T @ A @ x


def rayleigh(A, x):
    return x.T @ A @ x / (x.T @ x)


def mahalanobis(x, w, A):
    return (x - w).T @ torch.linalg.inv(A) @ (x - w)


CASES = [
    Case("a quadratic form", "A:nn x:n1", lambda A, x: x.T * A * x, quadratic),
    Case(
        "half a quadratic form",
        "A:nn x:n1",
        lambda A, x: x.T * A * x / 2,
        lambda A, x: quadratic(A, x) / 2,
    ),
    Case(
        "a quadratic form less a linear one",
        "A:nn x:n1 w:n1",
        lambda A, x, w: x.T * A * x / 2 - w.T * x,
        lambda A, x, w: quadratic(A, x) / 2 - w.T @ x,
    ),
    Case("least squares", "X:mn w:n1 y:m1", lambda X, w, y: (X * w - y).T * (X * w - y), squares),
    Case(
        "least squares by a trace",
        "X:mn w:n1 y:m1",
        lambda X, w, y: Trace((X * w - y).T * (X * w - y)),
        squares,
    ),
    Case(
        "the mean of squares over an open size",
        "X:mn w:n1 y:m1",
        lambda X, w, y: (y - X * w).T * (y - X * w) / (2 * m),
        lambda X, w, y: squares(X, w, y) / 8,
    ),
    Case(
        "the method norm, which SymPy has for explicit matrices",
        "X:mn w:n1 y:m1",
        lambda X, w, y: (y - X * w).norm(),
        refused=Refusal(AttributeError, "norm"),
    ),
    Case(
        "the root of a 1 by 1 product",
        "X:mn w:n1 y:m1",
        lambda X, w, y: sqrt((X * w - y).T * (X * w - y)),
        lambda X, w, y: squares(X, w, y).sqrt(),
    ),
    Case(
        "the root of an element",
        "X:mn w:n1 y:m1",
        lambda X, w, y: sqrt(((X * w - y).T * (X * w - y))[0, 0]),
        lambda X, w, y: squares(X, w, y).sqrt(),
    ),
    Case(
        "the root of a trace",
        "X:mn w:n1 y:m1",
        lambda X, w, y: sqrt(Trace((X * w - y).T * (X * w - y))),
        lambda X, w, y: squares(X, w, y).sqrt(),
    ),
    Case(
        "the Frobenius norm", "A:nn", lambda A: sqrt(Trace(A.T * A)), lambda A: (A**2).sum().sqrt()
    ),
    Case(
        "ridge regression",
        "X:mn w:n1 y:m1 lamda",
        lambda X, w, y, lamda: (y - X * w).T * (y - X * w) + lamda * w.T * w,
        lambda X, w, y, lamda: squares(X, w, y) + lamda * (w**2).sum(),
    ),
    Case(
        "ridge regression by traces",
        "X:mn w:n1 y:m1 lamda",
        lambda X, w, y, lamda: Trace((y - X * w).T * (y - X * w)) + lamda * Trace(w.T * w),
        lambda X, w, y, lamda: squares(X, w, y) + lamda * (w**2).sum(),
    ),
    Case(
        "lasso",
        "X:mn w:n1 y:m1 lamda",
        lambda X, w, y, lamda: (
            (y - X * w).T * (y - X * w) + lamda * OneMatrix(1, n) * w.applyfunc(Abs)
        ),
        lambda X, w, y, lamda: squares(X, w, y) + lamda * abs(w).sum(),
    ),
    Case(
        "lasso by hinges",
        "X:mn w:n1 y:m1 lamda",
        lambda X, w, y, lamda: (
            (y - X * w).T * (y - X * w) / 2 + lamda * OneMatrix(1, n) * (ReLU(w) + ReLU(-w))
        ),
        lambda X, w, y, lamda: (
            squares(X, w, y) / 2 + lamda * (torch.relu(w) + torch.relu(-w)).sum()
        ),
        at=WHOLE,
    ),
    Case(
        "log det",
        "A:nn",
        lambda A: log(Determinant(A)),
        lambda A: torch.logdet(A),
        at=NEAR_IDENTITY,
    ),
    Case(
        "log det by the function",
        "A:nn",
        lambda A: log(det(A)),
        lambda A: torch.logdet(A),
        at=NEAR_IDENTITY,
    ),
    Case(
        "log det of an inverse",
        "A:nn",
        lambda A: log(det(A.inv())),
        lambda A: -torch.logdet(A),
        at=NEAR_IDENTITY,
    ),
    Case(
        "a trace of five",
        "A:nn X:mn E:mm C:nn",
        lambda A, X, E, C: Trace(A * X.T * E * X * C),
        lambda A, X, E, C: torch.trace(A @ X.T @ E @ X @ C),
    ),
    Case(
        "Mahalanobis distance",
        "x:n1 w:n1 A:nn",
        lambda x, w, A: (x - w).T * A.inv() * (x - w),
        mahalanobis,
        at=NEAR_IDENTITY,
    ),
    Case(
        "the root of a Mahalanobis distance",
        "x:n1 w:n1 A:nn",
        lambda x, w, A: sqrt(((x - w).T * A.inv() * (x - w))[0, 0]),
        lambda x, w, A: mahalanobis(x, w, A).sqrt(),
        at=NEAR_IDENTITY,
    ),
    Case(
        "Gaussian likelihood of one point",
        "x:n1 mu:n1 S:nn",
        lambda x, mu, S: log(det(S)) / 2 + ((x - mu).T * S.inv() * (x - mu))[0, 0] / 2,
        lambda x, mu, S: torch.logdet(S) / 2 + mahalanobis(x, mu, S).sum() / 2,
        at=NEAR_IDENTITY,
    ),
    Case(
        "Gaussian likelihood by a scatter matrix",
        "S:nn B:nn",
        lambda S, B: n * log(2 * pi) / 2 + log(det(S)) / 2 + Trace(S.inv() * B) / 2,
        lambda S, B: (
            1.5 * torch.log(torch.tensor(2 * torch.pi))
            + torch.logdet(S) / 2
            + torch.trace(torch.linalg.inv(S) @ B) / 2
        ),
        at=NEAR_IDENTITY,
    ),
    Case(
        "a scalar plus a 1 by 1 matrix, which SymPy does not add",
        "x:n1 mu:n1 S:nn",
        lambda x, mu, S: log(det(S)) / 2 + (x - mu).T * S.inv() * (x - mu) / 2,
        refused=Refusal(TypeError, "Mix of Matrix and Scalar"),
    ),
    Case(
        "a Rayleigh quotient of 1 by 1 matrices",
        "A:nn x:n1",
        lambda A, x: x.T * A * x / (x.T * x),
        rayleigh,
    ),
    Case(
        "a Rayleigh quotient of elements",
        "A:nn x:n1",
        lambda A, x: (x.T * A * x)[0, 0] / (x.T * x)[0, 0],
        rayleigh,
    ),
    Case(
        "a Rayleigh quotient of traces",
        "A:nn x:n1",
        lambda A, x: Trace(x.T * A * x) / Trace(x.T * x),
        rayleigh,
    ),
    Case(
        "a Rayleigh quotient by an inverse",
        "A:nn x:n1",
        lambda A, x: x.T * A * x * (x.T * x).inv(),
        rayleigh,
    ),
    Case(
        "exp of entries in a trace",
        "A:nn B:nn",
        lambda A, B: Trace(A.applyfunc(exp) * B),
        lambda A, B: torch.trace(A.exp() @ B),
    ),
    Case(
        "exp of a matrix, which SymPy does not multiply",
        "A:nn B:nn",
        lambda A, B: Trace(exp(A) * B),
        refused=Refusal(NotImplementedError, "noncommutative scalars"),
    ),
    Case(
        "exp of a column, which SymPy does not multiply",
        "x:n1",
        lambda x: OneMatrix(1, n) * exp(x),
        refused=Refusal(NotImplementedError, "noncommutative scalars"),
    ),
    # Siblings of these
    Case(
        "least squares with weights",
        "X:mn w:n1 y:m1 V:mm",
        lambda X, w, y, V: (y - X * w).T * V * (y - X * w),
        lambda X, w, y, V: (y - X @ w).T @ V @ (y - X @ w),
    ),
    Case(
        "Tikhonov's penalty",
        "X:mn w:n1 y:m1 G:pn",
        lambda X, w, y, G: ((X * w - y).T * (X * w - y) + (G * w).T * (G * w))[0, 0],
        lambda X, w, y, G: squares(X, w, y) + ((G @ w) ** 2).sum(),
    ),
    Case(
        "least squares in numbers of shape 1 by 1",
        "x:11 w:11 y:11",
        lambda x, w, y: (w * x - y) ** 2,
        lambda x, w, y: (w * x - y) ** 2,
    ),
    Case(
        "least squares over concrete sizes by an element",
        "X:64 w:41 y:61",
        lambda X, w, y: ((X * w - y).T * (X * w - y))[0, 0],
        squares,
    ),
    Case(
        "a norm less a norm",
        "x:n1 y:n1",
        lambda x, y: sqrt((x.T * x)[0, 0]) - sqrt((y.T * y)[0, 0]),
        lambda x, y: (x**2).sum().sqrt() - (y**2).sum().sqrt(),
    ),
    Case(
        "the log of a 1 by 1 product",
        "x:n1",
        lambda x: log(x.T * x),
        lambda x: (x.T @ x).log(),
    ),
    Case(
        "the log of an element plus one",
        "x:n1 A:nn",
        lambda x, A: log(1 + (x.T * A.T * A * x)[0, 0]),
        lambda x, A: torch.log1p(((A @ x) ** 2).sum()),
    ),
    Case(
        "the square of a 1 by 1 product",
        "x:n1 A:nn",
        lambda x, A: (x.T * A * x) ** 2,
        lambda x, A: quadratic(A, x) ** 2,
    ),
    Case(
        "the inverse square of a 1 by 1 product",
        "x:n1",
        lambda x: (x.T * x) ** -2,
        lambda x: (x**2).sum() ** -2,
    ),
    Case(
        "Student's likelihood",
        "x:n1 mu:n1 S:nn nu+",
        lambda x, mu, S, nu: (
            log(det(S)) / 2 + (nu + n) * log(1 + ((x - mu).T * S.inv() * (x - mu))[0, 0] / nu) / 2
        ),
        lambda x, mu, S, nu: (
            torch.logdet(S) / 2 + (nu + 3) * torch.log1p(mahalanobis(x, mu, S).sum() / nu) / 2
        ),
        at=NEAR_IDENTITY,
    ),
    Case(
        "divergence of two Gaussians",
        "A:nn B:nn",
        lambda A, B: (Trace(B.inv() * A) - n - log(det(A)) + log(det(B))) / 2,
        lambda A, B: (
            (torch.trace(torch.linalg.solve(B, A)) - 3 - torch.logdet(A) + torch.logdet(B)) / 2
        ),
        at={"A": definite, "B": definite},
    ),
    Case(
        "graphical lasso",
        "T:nn S:nn lamda",
        lambda T, S, lamda: (
            Trace(S * T)
            - log(det(T))
            + lamda * Trace(OneMatrix(1, n) * T.applyfunc(Abs) * OneMatrix(n, 1))
        ),
        lambda T, S, lamda: torch.trace(S @ T) - torch.logdet(T) + lamda * T.abs().sum(),
        at={"T": definite},
    ),
    Case(
        "evidence of a Gaussian process",
        "K:mm y:m1 s",
        lambda K, y, s: (
            y.T * (K + s**2 * Identity(m)).inv() * y / 2
            + log(det(K + s**2 * Identity(m))) / 2 * OneMatrix(1, 1)
        ),
        lambda K, y, s: (
            lambda C: (y.T @ torch.linalg.solve(C, y)).sum() / 2 + torch.logdet(C) / 2
        )(K + s**2 * torch.eye(4)),
        at={"K": definite},
    ),
    Case(
        "a generalized Rayleigh quotient",
        "A:nn B:nn x:n1",
        lambda A, B, x: (x.T * A * x)[0, 0] / (x.T * B * x)[0, 0],
        lambda A, B, x: quadratic(A, x) / quadratic(B, x),
        at={"B": definite},
    ),
    Case(
        "floats as coefficients",
        "X:mn w:n1 y:m1",
        lambda X, w, y: 0.5 * (X * w - y).T * (X * w - y) + 0.01 * w.T * w,
        lambda X, w, y: 0.5 * squares(X, w, y) + 0.01 * (w**2).sum(),
    ),
    Case(
        "a positive scalar as a symbol with assumptions",
        "x:n1 s+",
        lambda x, s: Trace(x.T * x) / (2 * s**2) + 3 * log(s),
        lambda x, s: (x**2).sum() / (2 * s**2) + 3 * torch.log(s),
    ),
]
