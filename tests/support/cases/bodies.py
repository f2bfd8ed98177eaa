"""Functions of entries whose bodies know of matrices, and other things inside a function."""

from sympy import (
    Adjoint,
    Derivative,
    Determinant,
    Function,
    FunctionMatrix,
    Integral,
    Lambda,
    OneMatrix,
    Sum,
    Symbol,
    Trace,
    det,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)
from sympy import ones as explicit_ones
from sympy.matrices.expressions.matexpr import MatrixElement

from support.cases.classification import ones
from support.matrix_cases import Case, Refusal, definite, m, n, torch, whole
from symrelu import ReLU

i, j = symbols("i j", integer=True)
t_ = Symbol("t_")
f = Function("f")


def by_squares(Z, q):
    return (q * Z / (Z**2).sum()).sum()


def total(matrix):
    return Trace(ones(matrix))


CASES = [
    Case(
        "an element of a product in a body, open size",
        "Z:n1 q:n1",
        lambda Z, q: Trace(q.T * Z.applyfunc(lambda t: t / (Z.T * Z)[0, 0])),
        by_squares,
    ),
    Case(
        "an element of a product in a body, three entries",
        "Z:31 q:31",
        lambda Z, q: Trace(q.T * Z.applyfunc(lambda t: t / (Z.T * Z)[0, 0])),
        by_squares,
    ),
    Case(
        "a MatrixElement in a body",
        "Z:n1 q:n1",
        lambda Z, q: Trace(q.T * Z.applyfunc(lambda t: t / MatrixElement(Z.T * Z, 0, 0))),
        by_squares,
    ),
    Case(
        "a determinant times the entry",
        "A:nn B:nn C:nn",
        lambda A, B, C: Trace(A.applyfunc(lambda t: t * det(C)) * B),
        lambda A, B, C: torch.trace(A @ B) * torch.det(C),
    ),
    Case(
        "a determinant times a function of the entry",
        "A:nn B:nn C:nn",
        lambda A, B, C: Trace(A.applyfunc(lambda t: exp(t) * det(C)) * B),
        lambda A, B, C: torch.trace(A.exp() @ B) * torch.det(C),
    ),
    Case(
        "a trace of a multiple in a body",
        "A:nn B:nn s",
        lambda A, B, s: Trace(A.applyfunc(lambda t: exp(t) * Trace(s * B))),
        lambda A, B, s: torch.trace(A.exp()) * torch.trace(s * B),
    ),
    Case(
        "a trace of a product with a scalar inside, in a body",
        "A:nn B:nn s",
        lambda A, B, s: Trace(A.applyfunc(lambda t: exp(t) * Trace(B * s * B))),
        lambda A, B, s: torch.trace(A.exp()) * torch.trace(s * B @ B),
    ),
    Case(
        "a trace of a kinked matrix in a body",
        "A:nn B:nn",
        lambda A, B: Trace(A.applyfunc(lambda t: exp(t + Trace(ReLU(B))))),
        lambda A, B: torch.trace((A + torch.trace(torch.relu(B))).exp()),
    ),
    Case("an open slope at the kink", "A:nn s", lambda A, s: Trace(ReLU(A, s))),
    Case(
        "a quotient of traces outside the function",
        "Z:n1 q:n1",
        lambda Z, q: Trace(q.T * Z.applyfunc(exp)) / Trace(OneMatrix(1, n) * Z.applyfunc(exp)),
        lambda Z, q: (q * torch.softmax(Z, 0)).sum(),
    ),
    Case(
        "a FunctionMatrix with a variable",
        "A:33 s",
        lambda A, s: Trace(FunctionMatrix(3, 3, Lambda((i, j), s * i)) * A),
        lambda A, s: torch.trace(s * torch.arange(3.0).reshape(3, 1).expand(3, 3) @ A),
    ),
    Case(
        "a FunctionMatrix of elements",
        "A:33 z:31",
        lambda A, z: Trace(FunctionMatrix(3, 3, Lambda((i, j), z[0, 0] * i + z[1, 0] * j)) * A),
        lambda A, z: (
            z[0, 0] * torch.trace(torch.arange(3.0).reshape(3, 1).expand(3, 3) @ A)
            + z[1, 0] * torch.trace(torch.arange(3.0).expand(3, 3) @ A)
        ),
    ),
    Case(
        "an undefined function of a matrix",
        "A:nn",
        lambda A: f(A),
        refused=Refusal(NotImplementedError, "no rule for f"),
    ),
    Case(
        "an undefined function of a trace",
        "A:nn",
        lambda A: f(Trace(A * A)),
        refused=Refusal(NotImplementedError, "no numeric form of f"),
    ),
    Case(
        "an undefined derivative",
        "s",
        lambda s: Derivative(f(s), s),
        refused=Refusal(NotImplementedError, "Derivative"),
    ),
    Case(
        "an integral over a trace",
        "A:nn s",
        lambda A, s: Integral(t_ * Trace(A), (t_, 0, 1)) + s,
        lambda A, s: torch.trace(A) / 2 + s,
    ),
    Case(
        "a sum of powers times a trace",
        "A:nn s",
        lambda A, s: Sum(s**i * Trace(A), (i, 0, 3)),
        lambda A, s: (1 + s + s**2 + s**3) * torch.trace(A),
    ),
    Case(
        "a trace as an exponent",
        "A:nn B:nn",
        lambda A, B: Trace(A**2) ** Trace(B),
        lambda A, B: torch.trace(A @ A) ** torch.trace(B),
        at={"A": definite},
    ),
    Case(
        "explicit ones times a symbol",
        "A:33",
        lambda A: Trace(explicit_ones(3, 3) * A),
        lambda A: A.sum(),
    ),
    Case(
        "an adjoint of real matrices",
        "A:nn B:nn",
        lambda A, B: Trace(Adjoint(A) * B),
        lambda A, B: torch.trace(A.T @ B),
    ),
    # Siblings of these
    Case(
        "softmax in one lambda",
        "z:k1 q:k1",
        lambda z, q: Trace(q.T * z.applyfunc(lambda t: exp(t) / Trace(ones(z.applyfunc(exp))))),
        lambda z, q: (q * torch.softmax(z, 0)).sum(),
    ),
    Case(
        "softmax in one lambda, by an index",
        "z:41 q:41",
        lambda z, q: (
            q.T * z.applyfunc(lambda t: exp(t) / (OneMatrix(1, 4) * z.applyfunc(exp))[0, 0])
        )[0, 0],
        lambda z, q: (q * torch.softmax(z, 0)).sum(),
    ),
    Case(
        "layer norm in one lambda",
        "x:k1 g:k1 eps+",
        lambda x, g, eps: Trace(
            g.T
            * x.applyfunc(
                lambda t: (t - total(x) / 5) / sqrt(Trace(x.T * x) / 5 - total(x) ** 2 / 25 + eps)
            )
        ),
        lambda x, g, eps: (g * (x - x.mean()) / (x.var(unbiased=False) + eps).sqrt()).sum(),
    ),
    Case(
        "root mean square norm in one lambda",
        "x:n1 g:n1 eps+",
        lambda x, g, eps: g.T * x.applyfunc(lambda t: t / sqrt((x.T * x)[0, 0] / n + eps)),
        lambda x, g, eps: (g * x / ((x**2).mean() + eps).sqrt()).sum(),
    ),
    Case(
        "the norm of another matrix in a body",
        "A:mn C:nn",
        lambda A, C: total(A.applyfunc(lambda t: tanh(t / sqrt(Trace(C.T * C))))),
        lambda A, C: torch.tanh(A / (C**2).sum().sqrt()).sum(),
    ),
    Case(
        "the determinant of the matrix itself in a body",
        "A:33",
        lambda A: Trace(A.applyfunc(lambda t: t**2 * Determinant(A))),
        lambda A: (torch.diagonal(A) ** 2).sum() * torch.det(A),
    ),
    Case(
        "a body within a body",
        "A:nn B:nn",
        lambda A, B: Trace(
            A.applyfunc(lambda t: exp(t / Trace(B.applyfunc(lambda u: tanh(u * Trace(A))))))
        ),
        lambda A, B: torch.trace(torch.exp(A / torch.trace(torch.tanh(B * torch.trace(A))))),
        at={"B": definite, "A": definite},
    ),
    Case(
        "a body that forgets its entry",
        "A:mn C:nn",
        lambda A, C: total(A.applyfunc(lambda t: Trace(C))),
        lambda A, C: 12 * torch.trace(C),
    ),
    Case(
        "a body that is a number",
        "A:mn",
        lambda A: total(A.applyfunc(lambda t: 3)) + Trace(A.T * A),
        lambda A: 36 + (A**2).sum(),
    ),
    Case(
        "a body with an element of the matrix",
        "z:31",
        lambda z: total(z.applyfunc(lambda t: t * z[1, 0])),
        lambda z: z.sum() * z[1, 0],
    ),
    Case(
        "a clipped norm in a body",
        "z:k1 c",
        lambda z, c: Trace(z.T * z.applyfunc(lambda t: t / (1 + ReLU(sqrt(Trace(z.T * z)) - c)))),
        lambda z, c: (z**2).sum() / (1 + torch.relu((z**2).sum().sqrt() - c)),
    ),
    Case(
        "a power by a trace in a body",
        "A:nn B:nn",
        lambda A, B: Trace(A.applyfunc(lambda t: (1 + t**2) ** Trace(B))),
        lambda A, B: torch.trace((1 + A**2) ** torch.trace(B)),
    ),
    Case(
        "attention scores in one lambda",
        "q:n1 K:mn v:m1",
        lambda q, K, v: Trace(
            v.T * (K * q).applyfunc(lambda t: exp(t) / total((K * q).applyfunc(exp)))
        ),
        lambda q, K, v: (v * torch.softmax(K @ q, 0)).sum(),
    ),
    Case(
        "a body with log det of a Gram matrix",
        "A:mp X:mp",
        lambda A, X: total(A.applyfunc(lambda t: t * log(det(X.T * X)))),
        lambda A, X: A.sum() * torch.logdet(X.T @ X),
    ),
    Case(
        "a symbol named like the entry",
        "A:nn x",
        lambda A, x: Trace(A.applyfunc(lambda t: t * x + x**2)),
        lambda A, x: torch.trace(A * x + x**2),
    ),
    Case(
        "a Lambda as the function",
        "A:mn s",
        lambda A, s: total(A.applyfunc(Lambda(t_, ReLU(t_ - s) * t_))),
        lambda A, s: (torch.relu(A - s) * A).sum(),
        at={"A": whole, "s": 1.0},
    ),
    Case(
        "a mean in a body of a mean in a body",
        "x:m1",
        lambda x: (
            total(
                x.applyfunc(
                    lambda t: t / total(x.applyfunc(lambda u: u**2 / total(x.applyfunc(exp))))
                )
            )
            / m
        ),
        lambda x: (x / (x**2 / x.exp().sum()).sum()).mean(),
    ),
]
