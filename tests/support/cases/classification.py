"""Losses of classifiers and of robust regression."""

from sympy import (
    Abs,
    DiagMatrix,
    HadamardPower,
    HadamardProduct,
    Max,
    OneMatrix,
    Piecewise,
    Rational,
    Trace,
    exp,
    log,
)

from support.matrix_cases import Case, k, m, n, p, torch, whole, whole_for
from symrelu import ReLU

half = Rational(1, 2)
WHOLE = whole_for("X w y b")


def logistic(t):
    return 1 / (1 + exp(-t))


def ones(matrix):
    """The sum of all entries, by products with ones."""
    rows, columns = matrix.shape
    left = OneMatrix(1, rows) * matrix
    return left if columns == 1 else left * OneMatrix(columns, 1)


def normalized_rows(Z):
    E = Z.applyfunc(exp)
    return HadamardProduct(E, HadamardPower(E * OneMatrix(Z.cols, Z.cols), -1))


def cross_entropy(Z, P):
    return torch.logsumexp(Z, 1).sum() - (P * Z).sum()


def weston_watkins(X, W, Y):
    scores = X * W
    own = HadamardProduct(Y, scores) * OneMatrix(p, p)
    return Trace(ones(ReLU(scores - own + OneMatrix(m, p) - Y)))


def weston_watkins_twin(X, W, Y):
    scores = X @ W
    return torch.relu(scores - (Y * scores).sum(1, keepdim=True) + 1 - Y).sum()


def two_layers(X, Y, W1, b1, W2, b2):
    one = OneMatrix(1, n)
    R = W2 * ReLU(W1 * X + b1 * one) + b2 * one - Y
    return Trace(R.T * R) / n


def huber(r):
    return Piecewise((r**2 / 2, Abs(r) <= 1), (Abs(r) - half, True))


def huber_by_hinges(X, w, y):
    r, one = y - X * w, OneMatrix(m, 1)
    tails = (HadamardPower(ReLU(s - one), 2).T * one for s in (r, -r))
    return Trace(r.T * r) / 2 - sum(Trace(tail) for tail in tails) / 2


def huber_twin(X, w, y):
    return torch.nn.functional.huber_loss(X @ w, y, reduction="sum")


CASES = [
    # Cross entropy
    Case(
        "cross entropy of rows, of shape 1 by 1",
        "Z:np P:np",
        lambda Z, P: (
            OneMatrix(1, n) * (Z.applyfunc(exp) * OneMatrix(p, 1)).applyfunc(log)
            - ones(HadamardProduct(P, Z))
        ),
        cross_entropy,
    ),
    Case(
        "cross entropy of rows by traces",
        "Z:np P:np",
        lambda Z, P: (
            Trace(OneMatrix(1, n) * (Z.applyfunc(exp) * OneMatrix(p, 1)).applyfunc(log))
            - Trace(P.T * Z)
        ),
        cross_entropy,
    ),
    Case(
        "cross entropy of softmax by Hadamard quotients",
        "Z:np P:np",
        lambda Z, P: -Trace(P.T * normalized_rows(Z).applyfunc(log)),
        lambda Z, P: -(P * torch.log_softmax(Z, 1)).sum(),
    ),
    Case(
        "cross entropy of softmax by a diagonal matrix",
        "Z:np P:np",
        lambda Z, P: (
            -Trace(
                P.T
                * (
                    DiagMatrix(HadamardPower(Z.applyfunc(exp) * OneMatrix(p, 1), -1))
                    * Z.applyfunc(exp)
                ).applyfunc(log)
            )
        ),
        lambda Z, P: -(P * torch.log_softmax(Z, 1)).sum(),
    ),
    Case(
        "cross entropy of the softmax of a column",
        "z:n1 q:n1",
        lambda z, q: (
            -q.T * (z.applyfunc(exp) / Trace(OneMatrix(1, n) * z.applyfunc(exp))).applyfunc(log)
        ),
        lambda z, q: -(q * torch.log_softmax(z, 0)).sum(),
    ),
    Case(
        "softmax of a column, weighted",
        "z:n1 q:n1",
        lambda z, q: q.T * z.applyfunc(exp) / Trace(OneMatrix(1, n) * z.applyfunc(exp)),
        lambda z, q: (q * torch.softmax(z, 0)).sum(),
    ),
    Case(
        "logsumexp",
        "z:n1",
        lambda z: log(Trace(OneMatrix(1, n) * z.applyfunc(exp))),
        lambda z: torch.logsumexp(z, 0).sum(),
    ),
    # Logistic regression
    Case(
        "logistic loss in three steps",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones(
            ((-HadamardProduct(y, X * w)).applyfunc(exp) + OneMatrix(m, 1)).applyfunc(log)
        ),
        lambda X, w, y: torch.log(torch.exp(-y * (X @ w)) + 1).sum(),
    ),
    Case(
        "logistic loss in one lambda",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones(HadamardProduct(y, X * w).applyfunc(lambda t: log(1 + exp(-t)))),
        lambda X, w, y: torch.log(torch.exp(-y * (X @ w)) + 1).sum(),
    ),
    Case(
        "binary cross entropy of labels 0 and 1",
        "X:mn w:n1 y:m1",
        lambda X, w, y: (
            -(
                y.T * (X * w).applyfunc(lambda t: log(logistic(t)))
                + (OneMatrix(m, 1) - y).T * (X * w).applyfunc(lambda t: log(1 - logistic(t)))
            )
        ),
        lambda X, w, y: (
            -(y * torch.sigmoid(X @ w).log() + (1 - y) * (1 - torch.sigmoid(X @ w)).log()).sum()
        ),
    ),
    # Hinges
    Case(
        "support vector machine",
        "X:mn w:n1 y:m1 b C",
        lambda X, w, y, b, C: (
            Trace(w.T * w) / 2
            + C
            * Trace(ones(ReLU(OneMatrix(m, 1) - HadamardProduct(y, X * w + b * OneMatrix(m, 1)))))
        ),
        lambda X, w, y, b, C: (w**2).sum() / 2 + C * torch.relu(1 - y * (X @ w + b)).sum(),
        at=WHOLE,
    ),
    Case(
        "hinge with a diagonal matrix of labels",
        "X:mn w:n1 y:m1",
        lambda X, w, y: Trace(ones(ReLU(OneMatrix(m, 1) - DiagMatrix(y) * X * w))),
        lambda X, w, y: torch.relu(1 - y * (X @ w)).sum(),
        at=WHOLE,
    ),
    Case(
        "squared hinge",
        "X:mn w:n1 y:m1",
        lambda X, w, y: Trace(
            ones(HadamardPower(ReLU(OneMatrix(m, 1) - HadamardProduct(y, X * w)), 2))
        ),
        lambda X, w, y: (torch.relu(1 - y * (X @ w)) ** 2).sum(),
        at=WHOLE,
    ),
    Case(
        "hinge of many classes",
        "X:mn W:np Y:mp",
        weston_watkins,
        weston_watkins_twin,
        at={"X": whole, "W": whole, "Y": [[1, 0], [0, 1], [1, 0], [0, 1]]},
    ),
    Case(
        "mean squared error of two layers",
        "X:4n Y:2n W1:54 b1:51 W2:25 b2:21",
        two_layers,
        lambda X, Y, W1, b1, W2, b2: ((W2 @ torch.relu(W1 @ X + b1) + b2 - Y) ** 2).sum() / 3,
        at=whole_for("X Y W1 b1 W2 b2"),
    ),
    # Robust regression
    Case(
        "absolute loss by the class Abs",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(Abs)),
        lambda X, w, y: abs(X @ w - y).sum(),
        at=WHOLE,
    ),
    Case(
        "absolute loss by a lambda",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(lambda t: Abs(t))),
        lambda X, w, y: abs(X @ w - y).sum(),
        at=WHOLE,
    ),
    Case(
        "Max with 0 in a lambda",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(lambda t: Max(0, t))),
        lambda X, w, y: torch.maximum(X @ w - y, torch.tensor(0.0)).sum(),
        at=WHOLE,
    ),
    Case(
        "ReLU by applyfunc",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(ReLU)),
        lambda X, w, y: torch.relu(X @ w - y).sum(),
        at=WHOLE,
    ),
    Case(
        "ReLU with the slope 1/2 in a lambda",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(lambda t: ReLU(t, half))),
        lambda X, w, y: torch.maximum(X @ w - y, torch.tensor(0.0)).sum(),
        at=WHOLE,
    ),
    Case(
        "pinball loss by two hinges",
        "X:mn w:n1 y:m1 tau",
        lambda X, w, y, tau: ones(tau * ReLU(y - X * w) + (1 - tau) * ReLU(X * w - y)),
        lambda X, w, y, tau: (
            tau * torch.relu(y - X @ w) + (1 - tau) * torch.relu(X @ w - y)
        ).sum(),
        at=WHOLE,
    ),
    Case(
        "pinball loss by Max in a lambda",
        "X:mn w:n1 y:m1 tau",
        lambda X, w, y, tau: ones((y - X * w).applyfunc(lambda r: Max(tau * r, (tau - 1) * r))),
        lambda X, w, y, tau: torch.maximum(tau * (y - X @ w), (tau - 1) * (y - X @ w)).sum(),
    ),
    Case(
        "Huber loss by Piecewise in a lambda",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((y - X * w).applyfunc(huber)),
        huber_twin,
    ),
    Case("Huber loss by hinges", "X:mn w:n1 y:m1", huber_by_hinges, huber_twin),
    # Siblings of these
    Case(
        "focal loss",
        "Z:np P:np",
        lambda Z, P: (
            -ones(
                HadamardProduct(
                    P,
                    HadamardPower(OneMatrix(n, p) - normalized_rows(Z), 2),
                    normalized_rows(Z).applyfunc(log),
                )
            )
        ),
        lambda Z, P: -(P * (1 - torch.softmax(Z, 1)) ** 2 * torch.log_softmax(Z, 1)).sum(),
    ),
    Case(
        "entropy of a softmax",
        "z:n1",
        lambda z: (
            -Trace(
                z.applyfunc(lambda t: exp(t) / Trace(ones(z.applyfunc(exp))))
                * z.applyfunc(lambda t: t - log(Trace(ones(z.applyfunc(exp))))).T
            )
        ),
        lambda z: -(torch.softmax(z, 0) * torch.log_softmax(z, 0)).sum(),
    ),
    Case(
        "cross entropy with a temperature",
        "z:k1 q:k1 tau+",
        lambda z, q, tau: log(Trace(ones((z / tau).applyfunc(exp)))) - Trace(q.T * z) / tau,
        lambda z, q, tau: torch.logsumexp(z / tau, 0).sum() - (q * z).sum() / tau,
    ),
    Case(
        "Kullback-Leibler divergence of columns",
        "a:n1 b:n1",
        lambda a, b: (
            a.T * (a.applyfunc(log) - b.applyfunc(log)) - OneMatrix(1, n) * a + OneMatrix(1, n) * b
        ),
        lambda a, b: (a * (a / b).log() - a + b).sum(),
        at={"a": lambda r, s: r.uniform(0.5, 2, s), "b": lambda r, s: r.uniform(0.5, 2, s)},
    ),
    Case(
        "hinge of one example as a number",
        "x:n1 w:n1 b y",
        lambda x, w, b, y: ReLU(1 - y * ((w.T * x)[0, 0] + b)),
        lambda x, w, b, y: torch.relu(1 - y * ((w * x).sum() + b)),
        at=whole_for("x w b y"),
    ),
    Case(
        "hinge of one example of shape 1 by 1",
        "x:n1 w:n1 b:11 y:11",
        lambda x, w, b, y: ReLU(OneMatrix(1, 1) - y * (w.T * x + b)),
        lambda x, w, b, y: torch.relu(1 - y * (w.T @ x + b)),
        at=whole_for("x w b y"),
    ),
    Case(
        "smoothed hinge of three pieces",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones(
            HadamardProduct(y, X * w).applyfunc(
                lambda t: Piecewise((half - t, t <= 0), ((1 - t) ** 2 / 2, t <= 1), (0, True))
            )
        ),
        lambda X, w, y: (lambda t: torch.where(t <= 0, 0.5 - t, torch.relu(1 - t) ** 2 / 2).sum())(
            y * (X @ w)
        ),
    ),
    Case(
        "epsilon-insensitive loss",
        "X:mn w:n1 y:m1 eps+",
        lambda X, w, y, eps: ones((X * w - y).applyfunc(lambda r: ReLU(Abs(r) - eps))),
        lambda X, w, y, eps: torch.relu((X @ w - y).abs() - eps).sum(),
    ),
    Case(
        "log-cosh loss",
        "X:mn w:n1 y:m1",
        lambda X, w, y: ones((X * w - y).applyfunc(lambda r: log((exp(r) + exp(-r)) / 2))),
        lambda X, w, y: torch.log(torch.cosh(X @ w - y)).sum(),
    ),
    Case(
        "exponential loss of boosting",
        "H:mk a:k1 y:m1",
        lambda H, a, y: ones((-DiagMatrix(y) * H * a).applyfunc(exp)) / m,
        lambda H, a, y: torch.exp(-y * (H @ a)).mean(),
    ),
    Case(
        "ranking by pairs of scores",
        "s:k1",
        lambda s: ones(ReLU(OneMatrix(k, k) - s * OneMatrix(1, k) + OneMatrix(k, 1) * s.T)),
        lambda s: torch.relu(1 - s + s.T).sum(),
        at={"s": whole},
    ),
    Case(
        "conditional value at risk",
        "R:mn w:n1 t",
        lambda R, w, t: t + 20 * Trace(ones(ReLU(-R * w - t * OneMatrix(m, 1)))) / m,
        lambda R, w, t: t + 20 * torch.relu(-R @ w - t).mean(),
    ),
    Case(
        "a portfolio of calls",
        "s:m1 K:m1 q:m1",
        lambda s, K, q: (q.T * ReLU(s - K))[0, 0],
        lambda s, K, q: (q * torch.relu(s - K)).sum(),
        at=whole_for("s K q"),
    ),
]
