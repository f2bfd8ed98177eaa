"""What people ask about derivatives by matrices, and what SymPy's own tests of them hold."""

from sympy import (
    HadamardProduct,
    Inverse,
    MatMul,
    Rational,
    S,
    Trace,
    hadamard_product,
    log,
    sin,
    tan,
)
from sympy.matrices.expressions.hadamard import hadamard_power

from support.cases.classification import ones
from support.cases.networks import square
from support.matrix_cases import Case, Refusal, definite, k, positive, torch

inv = torch and torch.linalg.inv
POSITIVE = dict.fromkeys(("a", "b", "c", "d", "x", "y", "X"), positive)


def tr(matrix):
    return torch.trace(matrix)


def long(a, b, A, B, C, D, X):
    inner = X * D * X.T + X * (X.T * B + A * X) * D * B - X.T * C.T * A
    middle = a * b.T * inner * B + B * (X * D.T + B * A * X * A.T - 3 * X * D)
    return a.T * (A * X * (X.T * B + X * A) + B.T * X.T * middle * B) * b


def long_twin(a, b, A, B, C, D, X):
    inner = X @ D @ X.T + X @ (X.T @ B + A @ X) @ D @ B - X.T @ C.T @ A
    middle = a @ b.T @ inner @ B + B @ (X @ D.T + B @ A @ X @ A.T - 3 * X @ D)
    return a.T @ (A @ X @ (X.T @ B + X @ A) + B.T @ X.T @ middle @ B) @ b


CASES = [
    # Frobenius norms of Hadamard products
    Case(
        "the norm of a masked Gram matrix",
        "R:nn P:nn G:np",
        lambda R, P, G: square(R - HadamardProduct(P, G * G.T)),
        lambda R, P, G: ((R - P * (G @ G.T)) ** 2).sum(),
    ),
    Case(
        "the norm of a product with a mask",
        "A:nn B:nn X:nn",
        lambda A, B, X: square(A * HadamardProduct(B, X)),
        lambda A, B, X: ((A @ (B * X)) ** 2).sum(),
    ),
    Case(
        "the norm of a masked factorization",
        "A:mp B:mn C:mn D:np",
        lambda A, B, C, D: square(A - HadamardProduct(B, C) * D),
        lambda A, B, C, D: ((A - (B * C) @ D) ** 2).sum(),
    ),
    Case(
        "a weighted square of a function of entries",
        "M:pm X:mn G:pn",
        lambda M, X, G: Trace(G.T * M * HadamardProduct(X.applyfunc(sin), X.applyfunc(sin))),
        lambda M, X, G: (G * (M @ torch.sin(X) ** 2)).sum(),
    ),
    Case(
        "a linear model and a scalar",
        "x:n1 w:n1 b",
        lambda x, w, b: Trace(x.T * w) + b,
        lambda x, w, b: (x * w).sum() + b,
    ),
    # Powers of 1 by 1 products
    Case(
        "(x'y)^(1/2)",
        "x:n1 y:n1",
        lambda x, y: (x.T * y) ** S.Half,
        lambda x, y: (x * y).sum().sqrt(),
        at=POSITIVE,
    ),
    Case("(x'x)^(1/2)", "x:n1", lambda x: (x.T * x) ** S.Half, lambda x: (x**2).sum().sqrt()),
    Case(
        "(c'a x'b)^(1/3)",
        "a:n1 b:n1 c:n1 x:n1",
        lambda a, b, c, x: (c.T * a * x.T * b) ** Rational(1, 3),
        lambda a, b, c, x: (c.T @ a @ x.T @ b) ** (1 / 3),
        at=POSITIVE,
    ),
    Case(
        "(a'Xb)^(1/2)",
        "a:n1 X:nn b:n1",
        lambda a, X, b: (a.T * X * b) ** S.Half,
        lambda a, X, b: (a.T @ X @ b).sqrt(),
        at=POSITIVE,
    ),
    Case(
        "d'x (a'Xb)^(1/2) y'c",
        "a:n1 b:n1 c:n1 d:n1 x:n1 y:n1 X:nn",
        lambda a, b, c, d, x, y, X: d.T * x * (a.T * X * b) ** S.Half * y.T * c,
        lambda a, b, c, d, x, y, X: d.T @ x @ (a.T @ X @ b).sqrt() @ y.T @ c,
        at=POSITIVE,
    ),
    Case(
        "the Hadamard square of a'Xb",
        "a:n1 X:nn b:n1",
        lambda a, X, b: hadamard_power(a.T * X * b, 2),
        lambda a, X, b: (a.T @ X @ b) ** 2,
    ),
    Case(
        "the Hadamard root of a'Xb",
        "a:n1 X:nn b:n1",
        lambda a, X, b: hadamard_power(a.T * X * b, S.Half),
        lambda a, X, b: (a.T @ X @ b).sqrt(),
        at=POSITIVE,
    ),
    Case(
        "sums of Hadamard roots of a row",
        "x:n1",
        lambda x: ones(hadamard_power(x.T, S.Half).T),
        lambda x: x.sqrt().sum(),
        at=POSITIVE,
    ),
    # Functions of entries
    Case(
        "the sine of a'Xb",
        "a:n1 X:nn b:n1",
        lambda a, X, b: (a.T * X * b).applyfunc(sin),
        lambda a, X, b: torch.sin(a.T @ X @ b),
    ),
    Case(
        "x'Ax and a sine",
        "x:n1 A:nn y:n1 c",
        lambda x, A, y, c: x.T * A * x + c * y.applyfunc(sin).T * x,
        lambda x, A, y, c: x.T @ A @ x + c * torch.sin(y).T @ x,
    ),
    Case(
        "sin(x)'y",
        "x:n1 y:n1",
        lambda x, y: x.applyfunc(sin).T * y,
        lambda x, y: torch.sin(x).T @ y,
    ),
    Case(
        "a sum of tangents", "x:n1", lambda x: ones(x.applyfunc(tan)), lambda x: torch.tan(x).sum()
    ),
    Case(
        "a scalar squared in a sine",
        "x:n1 s",
        lambda x, s: ones((s**2 * x).applyfunc(sin)),
        lambda x, s: torch.sin(s**2 * x).sum(),
    ),
    Case(
        "a log as a factor in a sine",
        "A:nn B:nn s+",
        lambda A, B, s: Trace((log(s) * A * B).applyfunc(sin)),
        lambda A, B, s: tr(torch.sin(torch.log(s) * A @ B)),
    ),
    Case(
        "a'sin(AXB)b",
        "a:n1 A:nn X:nn B:nn b:n1",
        lambda a, A, X, B, b: a.T * (A * X * B).applyfunc(sin) * b,
        lambda a, A, X, B, b: a.T @ torch.sin(A @ X @ B) @ b,
    ),
    Case(
        "a'A sin(X)B b",
        "a:n1 A:nn X:nn B:nn b:n1",
        lambda a, A, X, B, b: a.T * A * X.applyfunc(sin) * B * b,
        lambda a, A, X, B, b: a.T @ A @ torch.sin(X) @ B @ b,
    ),
    Case(
        "a'log(A sin(X)B)b",
        "a:n1 A:nn X:nn B:nn b:n1",
        lambda a, A, X, B, b: a.T * (A * X.applyfunc(sin) * B).applyfunc(log) * b,
        lambda a, A, X, B, b: a.T @ torch.log(A @ torch.sin(X) @ B) @ b,
        at=dict.fromkeys("AXB", lambda r, s: r.uniform(0.5, 1.5, s)),
    ),
    Case(
        "a'(A∘X∘B)b",
        "a:n1 A:nn X:nn B:nn b:n1",
        lambda a, A, X, B, b: a.T * hadamard_product(A, X, B) * b,
        lambda a, A, X, B, b: a.T @ (A * X * B) @ b,
    ),
    # Traces
    Case("tr(tr(tr(A)A)A)", "A:nn", lambda A: Trace(Trace(Trace(A) * A) * A), lambda A: tr(A) ** 3),
    Case(
        "tr XXB of one MatMul",
        "X:nn B:nn",
        lambda X, B: Trace(MatMul(X, X, B)),
        lambda X, B: tr(X @ X @ B),
    ),
    Case("tr XBX'", "X:mn B:nn", lambda X, B: Trace(X * B * X.T), lambda X, B: tr(X @ B @ X.T)),
    Case(
        "tr AXBX",
        "A:nn X:nn B:nn",
        lambda A, X, B: Trace(A * X * B * X),
        lambda A, X, B: tr(A @ X @ B @ X),
    ),
    Case(
        "tr 1/(X'CX) X'BX",
        "X:mp C:mm B:mm",
        lambda X, C, B: Trace((X.T * C * X).inv() * (X.T * B * X)),
        lambda X, C, B: tr(inv(X.T @ C @ X) @ X.T @ B @ X),
        at={"C": definite},
    ),
    Case(
        "tr 1/(A+X'CX) X'BX",
        "A:nn X:nn C:nn B:nn",
        lambda A, X, C, B: Trace((A + X.T * C * X).inv() * (X.T * B * X)),
        lambda A, X, C, B: tr(inv(A + X.T @ C @ X) @ X.T @ B @ X),
        at={"A": definite, "C": definite},
    ),
    Case(
        "tr A Inverse(X) B",
        "A:nn X:nn B:nn",
        lambda A, X, B: Trace(A * Inverse(X) * B),
        lambda A, X, B: tr(A @ inv(X) @ B),
        at={"X": definite},
    ),
    Case(
        "tr A X^k of an open k",
        "A:nn X:nn",
        lambda A, X: Trace(A * X**k),
        refused=Refusal(NotImplementedError, r"power X\*\*k"),
    ),
    Case("a long product of sums", "a:n1 b:n1 A:nn B:nn C:nn D:nn X:nn", long, long_twin),
]
