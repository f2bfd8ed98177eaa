"""Layers, blocks and whole networks, and what is minimized over features."""

from sympy import (
    HadamardPower,
    HadamardProduct,
    Identity,
    Max,
    Min,
    OneMatrix,
    Rational,
    Trace,
    det,
    erf,
    exp,
    log,
    sin,
    sqrt,
    tanh,
)

import symrelu
from support.cases.classification import logistic, normalized_rows
from support.matrix_cases import Case, Refusal, k, m, n, torch, whole_for
from symrelu import ReLU

half = Rational(1, 2)
GATED = "X:n4 W:4k U:4k H:nk"
WHOLE = whole_for("X W U H")


def square(e):
    return Trace(e.T * e)


def weighted(H, layer):
    return Trace(H.T * layer)


def centred(x):
    return x - OneMatrix(n, n) * x / n


def layer_norm(x, g, eps):
    return (g * (x - x.mean()) / (x.var(unbiased=False) + eps).sqrt()).sum()


def batch_norm(X, G, eps):
    c = centred(X)
    variance = OneMatrix(n, n) * HadamardPower(c, 2) / n + eps * OneMatrix(*X.shape)
    return weighted(G, HadamardProduct(c, HadamardPower(variance, -half)))


def recurrent(act):
    def build(W, U, h, v, a, b, c):
        for x in (a, b, c):
            h = act(W * h + U * x)
        return v.T * h

    return build


def recurrent_twin(act):
    def twin(W, U, h, v, a, b, c):
        for x in (a, b, c):
            h = act(W @ h + U @ x)
        return v.T @ h

    return twin


def residual(depth, act):
    """Blocks h + V f(W h + b), with one set of weights for all blocks."""

    def build(h, W, V, b):
        for _ in range(depth):
            h = h + V * act(W * h + b)
        return Trace(h.T * h)

    return build


def residual_twin(depth, act):
    def twin(h, W, V, b):
        for _ in range(depth):
            h = h + V @ act(W @ h + b)
        return (h**2).sum()

    return twin


SMALL = {name: lambda r, s: 0.3 * r.normal(size=s) for name in ("W", "V")}


def lstm(x, h, c, W, U, v):
    gates = W * x + U * h
    i, f, o, g = (gates[2 * j : 2 * j + 2, :] for j in range(4))
    cell = HadamardProduct(f.applyfunc(logistic), c) + HadamardProduct(
        i.applyfunc(logistic), g.applyfunc(tanh)
    )
    return v.T * HadamardProduct(o.applyfunc(logistic), cell.applyfunc(tanh))


def lstm_twin(x, h, c, W, U, v):
    i, f, o, g = torch.chunk(W @ x + U @ h, 4)
    cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return v.T @ (o.sigmoid() * cell.tanh())


def transformer(X, Wq, Wk, Wv, W1, W2):
    H = X + normalized_rows(X * Wq * (X * Wk).T / 2) * X * Wv
    F = H + ReLU(H * W1) * W2
    return Trace(F.T * F)


def transformer_twin(X, Wq, Wk, Wv, W1, W2):
    H = X + torch.softmax(X @ Wq @ (X @ Wk).T / 2, 1) @ X @ Wv
    return ((H + torch.relu(H @ W1) @ W2) ** 2).sum()


def hidden(act):
    return lambda W, x, b, v: v.T * act(W * x + b)


CASES = [
    # Attention and normalization
    Case(
        "softmax attention",
        "Q:n4 K:n4 V:n4 G:n4",
        lambda Q, K, V, G: weighted(G, normalized_rows(Q * K.T / 2) * V),
        lambda Q, K, V, G: (G * (torch.softmax(Q @ K.T / 2, 1) @ V)).sum(),
    ),
    Case(
        "rectified attention",
        "Q:n4 K:n4 V:n4 G:n4",
        lambda Q, K, V, G: weighted(G, ReLU(Q * K.T) * V),
        lambda Q, K, V, G: (G * (torch.relu(Q @ K.T) @ V)).sum(),
    ),
    Case(
        "layer norm by a centring matrix",
        "x:n1 g:n1 eps+",
        lambda x, g, eps: (lambda c: g.T * c / sqrt(Trace(c.T * c) / n + eps))(
            (Identity(n) - OneMatrix(n, n) / n) * x
        ),
        layer_norm,
    ),
    Case(
        "layer norm by a difference",
        "x:n1 g:n1 eps+",
        lambda x, g, eps: g.T * centred(x) / sqrt(square(centred(x)) / n + eps),
        layer_norm,
    ),
    Case(
        "batch norm",
        "X:n4 G:n4 eps+",
        batch_norm,
        lambda X, G, eps: (G * (X - X.mean(0)) / (X.var(0, unbiased=False) + eps).sqrt()).sum(),
    ),
    # Gates
    Case(
        "gated linear unit",
        GATED,
        lambda X, W, U, H: weighted(H, HadamardProduct((X * W).applyfunc(logistic), X * U)),
        lambda X, W, U, H: (H * torch.sigmoid(X @ W) * (X @ U)).sum(),
    ),
    Case(
        "rectified gate",
        GATED,
        lambda X, W, U, H: weighted(H, HadamardProduct(ReLU(X * W), X * U)),
        lambda X, W, U, H: (H * torch.relu(X @ W) * (X @ U)).sum(),
        at=WHOLE,
    ),
    Case(
        "swish gate",
        GATED,
        lambda X, W, U, H: weighted(
            H, HadamardProduct((X * W).applyfunc(lambda t: t * logistic(t)), X * U)
        ),
        lambda X, W, U, H: (H * torch.nn.functional.silu(X @ W) * (X @ U)).sum(),
    ),
    Case(
        "maxout by a hinge",
        GATED,
        lambda X, W, U, H: weighted(H, X * W + ReLU(X * U - X * W)),
        lambda X, W, U, H: (H * (X @ W + torch.relu(X @ U - X @ W))).sum(),
        at=WHOLE,
    ),
    Case(
        "maxout by Max of matrices, which SymPy does not compare",
        GATED,
        lambda X, W, U, H: weighted(H, Max(X * W, X * U)),
        refused=Refusal(ValueError, "not comparable"),
    ),
    # Activations
    Case(
        "leaky unit away from its knee",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(H, ReLU(X * W) - ReLU(-X * W) / 10),
        lambda X, W, H: (H * torch.nn.functional.leaky_relu(X @ W, 0.1)).sum(),
    ),
    Case(
        "leaky unit at its knee",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(H, ReLU(X * W) - ReLU(-X * W, 1) / 10),
        lambda X, W, H: (H * torch.nn.functional.leaky_relu(X @ W, 0.1)).sum(),
        at=WHOLE,
    ),
    Case(
        "capped unit at its knees",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(H, ReLU(X * W) - ReLU(X * W - 6 * OneMatrix(n, k), 1)),
        lambda X, W, H: (H * torch.nn.functional.relu6(X @ W)).sum(),
        at={
            "X": [[0, 1, 2, 3], [6, 0, 0, 0], [1, 2, 2, 1]],
            "W": [[1] * 5, [0] * 5, [1] * 5, [2] * 5],
        },
    ),
    Case(
        "capped unit by Min and Max",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(H, (X * W).applyfunc(lambda t: Min(6, Max(0, t)))),
        lambda X, W, H: (H * torch.clamp(X @ W, 0, 6)).sum(),
    ),
    Case(
        "hard swish by matrices",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(
            H,
            HadamardProduct(
                X * W, ReLU(X * W + 3 * OneMatrix(n, k)) - ReLU(X * W - 3 * OneMatrix(n, k))
            )
            / 6,
        ),
        lambda X, W, H: (H * torch.nn.functional.hardswish(X @ W)).sum(),
    ),
    Case(
        "hard swish by a lambda",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(
            H, (X * W).applyfunc(lambda t: t * (ReLU(t + 3) - ReLU(t - 3)) / 6)
        ),
        lambda X, W, H: (H * torch.nn.functional.hardswish(X @ W)).sum(),
    ),
    Case(
        "Gaussian error unit",
        "X:n4 W:4k H:nk",
        lambda X, W, H: weighted(H, (X * W).applyfunc(lambda t: t * (1 + erf(t / sqrt(2))) / 2)),
        lambda X, W, H: (H * torch.nn.functional.gelu(X @ W)).sum(),
    ),
    # Recurrent and residual
    Case(
        "a recurrent network of tanh",
        "W:44 U:4n h:41 v:41 a:n1 b:n1 c:n1",
        recurrent(lambda z: z.applyfunc(tanh)),
        recurrent_twin(lambda z: z.tanh()),
    ),
    Case(
        "a recurrent network of hinges",
        "W:44 U:4n h:41 v:41 a:n1 b:n1 c:n1",
        recurrent(ReLU),
        recurrent_twin(lambda z: z.relu()),
        at=whole_for("W U h v a b c"),
    ),
    Case(
        "a residual block",
        "v:41 h:41 W1:44 W2:44",
        lambda v, h, W1, W2: v.T * (h + W2 * ReLU(W1 * h)),
        lambda v, h, W1, W2: v.T @ (h + W2 @ torch.relu(W1 @ h)),
    ),
    # Metric learning and features
    Case(
        "triplet loss by traces",
        "a:n1 p:n1 q:n1 alpha",
        lambda a, p, q, alpha: ReLU(square(a - p) - square(a - q) + alpha),
        lambda a, p, q, alpha: torch.relu(((a - p) ** 2).sum() - ((a - q) ** 2).sum() + alpha),
    ),
    Case(
        "triplet loss of shape 1 by 1",
        "a:n1 p:n1 q:n1 alpha",
        lambda a, p, q, alpha: ReLU(
            (a - p).T * (a - p) - (a - q).T * (a - q) + alpha * Identity(1)
        ),
        lambda a, p, q, alpha: torch.relu(((a - p) ** 2).sum() - ((a - q) ** 2).sum() + alpha),
    ),
    Case(
        "contrastive loss",
        "a:n1 p:n1 y",
        lambda a, p, y: (1 - y) * square(a - p) / 2 + y / 2 * ReLU(1 - sqrt(square(a - p))) ** 2,
        lambda a, p, y: (
            (1 - y) * ((a - p) ** 2).sum() / 2
            + y / 2 * torch.relu(1 - ((a - p) ** 2).sum().sqrt()) ** 2
        ),
    ),
    Case(
        "cosine similarity",
        "a:n1 p:n1",
        lambda a, p: Trace(a.T * p) / sqrt(square(a) * square(p)),
        lambda a, p: (a * p).sum() / ((a**2).sum() * (p**2).sum()).sqrt(),
    ),
    Case(
        "sparse codes that are not negative",
        "x:n1 D:nk z:k1 lamda+",
        lambda x, D, z, lamda: square(x - D * z) / 2 + lamda * Trace(OneMatrix(1, k) * ReLU(z)),
        lambda x, D, z, lamda: ((x - D @ z) ** 2).sum() / 2 + lamda * torch.relu(z).sum(),
    ),
    Case(
        "group lasso",
        "x:n1 D:nk z:k1 lamda+",
        lambda x, D, z, lamda: square(x - D * z) / 2 + lamda * sqrt(square(z)),
        lambda x, D, z, lamda: ((x - D @ z) ** 2).sum() / 2 + lamda * (z**2).sum().sqrt(),
    ),
    Case(
        "group lasso over rows",
        "D:nk",
        lambda D: Trace(
            OneMatrix(1, n) * HadamardPower(HadamardPower(D, 2) * OneMatrix(k, 1), half)
        ),
        lambda D: (D**2).sum(1).sqrt().sum(),
    ),
    Case(
        "principal components",
        "W:n2 X:nm",
        lambda W, X: square(X - W * W.T * X),
        lambda W, X: ((X - W @ W.T @ X) ** 2).sum(),
    ),
    Case(
        "factorization",
        "W:n2 X:nm H:2m",
        lambda W, X, H: square(X - W * H),
        lambda W, X, H: ((X - W @ H) ** 2).sum(),
    ),
    Case(
        "the cube of a norm",
        "a:n1",
        lambda a: Trace(a.T * a) ** Rational(3, 2),
        lambda a: (a**2).sum() ** 1.5,
    ),
    Case(
        "a nuclear norm by the root of a matrix",
        "W:n2",
        lambda W: Trace((W.T * W) ** half),
        refused=Refusal(NotImplementedError, "power"),
    ),
    Case(
        "log det of a shifted Gram matrix",
        "W:n2",
        lambda W: log(det(Identity(2) + W.T * W)),
        lambda W: torch.logdet(torch.eye(2) + W.T @ W),
    ),
    Case(
        "the trace of an inverse Gram matrix",
        "W:n2",
        lambda W: Trace((W.T * W).inv()),
        lambda W: torch.trace(torch.linalg.inv(W.T @ W)),
    ),
    # Siblings of these
    Case(
        "a transformer block",
        "X:n4 Wq:44 Wk:44 Wv:44 W1:4k W2:k4",
        transformer,
        transformer_twin,
    ),
    Case("a long short-term memory cell", "x:n1 h:21 c:21 W:8n U:82 v:21", lstm, lstm_twin),
    Case(
        "a gated recurrent step",
        "x:n1 h:41 Wz:4n Uz:44 Wh:4n Uh:44 v:41",
        lambda x, h, Wz, Uz, Wh, Uh, v: (
            lambda z: (
                v.T
                * (
                    HadamardProduct(z, h)
                    + HadamardProduct(OneMatrix(4, 1) - z, (Wh * x + Uh * h).applyfunc(tanh))
                )
            )
        )((Wz * x + Uz * h).applyfunc(logistic)),
        lambda x, h, Wz, Uz, Wh, Uh, v: (
            lambda z: v.T @ (z * h + (1 - z) * torch.tanh(Wh @ x + Uh @ h))
        )(torch.sigmoid(Wz @ x + Uz @ h)),
    ),
    *(
        Case(
            f"{depth} residual blocks of {name}",
            "h:41 W:44 V:44 b:41",
            residual(depth, act),
            residual_twin(depth, twin),
            at=SMALL,
        )
        for depth in (2, 6)
        for name, act, twin in [
            ("hinges", ReLU, lambda z: z.relu()),
            ("tanh", lambda z: symrelu.elementwise(tanh, z), lambda z: z.tanh()),
            ("applied tanh", lambda z: z.applyfunc(tanh), lambda z: z.tanh()),
        ]
        if depth < 6 or name != "applied tanh"
    ),
    Case(
        "a layer with one output and a bias",
        "W:1n x:n1 b:11",
        lambda W, x, b: ReLU(W * x + b),
        lambda W, x, b: torch.relu(W @ x + b),
    ),
    Case(
        "a network with one output and a bias",
        "W:1k V:kn x:n1 b:11 c:k1",
        lambda W, V, x, b, c: (W * ReLU(V * x + c) + b) ** 2,
        lambda W, V, x, b, c: (W @ torch.relu(V @ x + c) + b) ** 2,
    ),
    Case(
        "a network with one input",
        "V:1k W:k1 x:11 b:k1",
        lambda V, W, x, b: V * (W * x + b).applyfunc(tanh),
        lambda V, W, x, b: V @ torch.tanh(W * x + b),
    ),
    Case(
        "a network of one neuron in each layer",
        "u:11 v:11 w:11 x:11",
        lambda u, v, w, x: u * ReLU(v * ReLU(w * x)),
        lambda u, v, w, x: u * torch.relu(v * torch.relu(w * x)),
        at={"u": [[1.5]], "v": [[2]], "w": [[-1]], "x": [[-3]]},
    ),
    Case(
        "one output over a batch",
        "w:1k V:kn X:nm b c:k1 y:1m",
        lambda w, V, X, b, c, y: (lambda r: Trace(r * r.T) / m)(
            w * ReLU(V * X + c * OneMatrix(1, m)) + b * OneMatrix(1, m) - y
        ),
        lambda w, V, X, b, c, y: ((w @ torch.relu(V @ X + c) + b - y) ** 2).mean(),
    ),
    Case(
        "sine layers",
        "W:nn x:n1 b:n1 v:n1",
        hidden(lambda z: (30 * z).applyfunc(sin)),
        lambda W, x, b, v: v.T @ torch.sin(30 * (W @ x + b)),
    ),
    *(
        Case(
            f"an activation: {name}",
            "W:k3 x:31 b:k1 v:k1",
            hidden(lambda z, f=f: z.applyfunc(f)),
            twin,
        )
        for name, f, twin in [
            (
                "softplus",
                lambda t: log(1 + exp(t)),
                lambda W, x, b, v: v.T @ torch.nn.functional.softplus(W @ x + b),
            ),
            ("softsign", lambda t: t / (1 + sqrt(t**2)), None),
            (
                "mish",
                lambda t: t * tanh(log(1 + exp(t))),
                lambda W, x, b, v: v.T @ torch.nn.functional.mish(W @ x + b),
            ),
            (
                "tanh approximation",
                lambda t: t / 2 * (1 + tanh(0.7978845608 * (t + 0.044715 * t**3))),
                None,
            ),
            (
                "squared hinge",
                lambda t: ReLU(t) ** 2,
                lambda W, x, b, v: v.T @ torch.relu(W @ x + b) ** 2,
            ),
            ("cube", lambda t: t**3, lambda W, x, b, v: v.T @ (W @ x + b) ** 3),
            ("identity", lambda t: t, lambda W, x, b, v: v.T @ (W @ x + b)),
            (
                "hard tanh",
                lambda t: Max(-1, Min(1, t)),
                lambda W, x, b, v: v.T @ torch.nn.functional.hardtanh(W @ x + b),
            ),
            (
                "bump",
                lambda t: exp(-(t**2) / 2),
                lambda W, x, b, v: v.T @ torch.exp(-((W @ x + b) ** 2) / 2),
            ),
        ]
    ),
    Case(
        "a mixture of two experts",
        "x:n1 W1:1n W2:1n g:1n",
        lambda x, W1, W2, g: (lambda s: s * ReLU(W1 * x) + (OneMatrix(1, 1) - s) * ReLU(W2 * x))(
            (g * x).applyfunc(logistic)
        ),
        lambda x, W1, W2, g: (lambda s: s * torch.relu(W1 @ x) + (1 - s) * torch.relu(W2 @ x))(
            torch.sigmoid(g @ x)
        ),
    ),
    Case(
        "an autoencoder with tied weights",
        "W:kn x:n1 b:k1 c:n1",
        lambda W, x, b, c: square(x - W.T * ReLU(W * x + b) - c),
        lambda W, x, b, c: ((x - W.T @ torch.relu(W @ x + b) - c) ** 2).sum(),
    ),
    Case(
        "a graph convolution",
        "A:nn X:n4 W:4k H:nk",
        lambda A, X, W, H: weighted(H, ReLU((A + Identity(n)) * X * W)),
        lambda A, X, W, H: (H * torch.relu((A + torch.eye(3)) @ X @ W)).sum(),
    ),
    Case(
        "low-rank adapters",
        "W:kn A:2n B:k2 x:n1 y:k1",
        lambda W, A, B, x, y: square(W * x + B * A * x / 4 - y),
        lambda W, A, B, x, y: ((W @ x + B @ A @ x / 4 - y) ** 2).sum(),
    ),
    Case(
        "contrast of two views",
        "A:n4 B:n4",
        lambda A, B: -Trace(normalized_rows(A * B.T).applyfunc(log)),
        lambda A, B: -torch.trace(torch.log_softmax(A @ B.T, 1)),
    ),
    Case(
        "cross-correlation of two views",
        "A:n4 B:n4",
        lambda A, B: square(A.T * B / n - Identity(4)),
        lambda A, B: ((A.T @ B / 3 - torch.eye(4)) ** 2).sum(),
    ),
    Case(
        "linear attention",
        "Q:n4 K:n4 V:n4 G:n4",
        lambda Q, K, V, G: weighted(G, Q.applyfunc(exp) * (K.applyfunc(exp).T * V)),
        lambda Q, K, V, G: (G * (Q.exp() @ (K.exp().T @ V))).sum(),
    ),
    Case(
        "two heads of attention added",
        "X:n4 P:44 Q:44 G:n4",
        lambda X, P, Q, G: weighted(
            G, normalized_rows(X * P * X.T) * X + normalized_rows(X * Q * X.T) * X
        ),
        lambda X, P, Q, G: (
            G * (torch.softmax(X @ P @ X.T, 1) @ X + torch.softmax(X @ Q @ X.T, 1) @ X)
        ).sum(),
    ),
]
