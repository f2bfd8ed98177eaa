"""Deep networks and their gradients beside PyTorch: ``python tests/benchmarks/matrices.py``.

Chains, residual networks and an attention block over a batch of 256, compiled for NumPy, beside
PyTorch's forward and backward on one thread: the median times of 30, run in turn, their ratio,
and how much memory a process takes for one call.  The bound: 1.1 times PyTorch's time.

``OMP_NUM_THREADS=1 python tests/benchmarks/matrices.py [name ...]`` runs those whose name holds one
of the words.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from sympy import MatrixSymbol, OneMatrix, Trace, exp

from symrelu import ReLU, elementwise, gradient, lambdify
from symrelu.matrices.algebra import hadamard

sys.path.append(str(Path(__file__).parent.parent))
from support.networks import matrix_network, residual_network

BATCH = 256


def chain(layers, width):
    loss, parameters = matrix_network([width] * (layers + 1), BATCH)
    X, Y = MatrixSymbol("X", width, BATCH), MatrixSymbol("Y", width, BATCH)

    def torch_loss(torch, tensors):
        *parameters, X, Y = tensors
        for k in range(layers):
            X = parameters[2 * k] @ X + parameters[2 * k + 1]
            X = torch.relu(X) if k < layers - 1 else X
        return ((X - Y) ** 2).sum()

    return loss, parameters, [X, Y], torch_loss


def residual(blocks, width):
    loss, parameters = residual_network(blocks, width, BATCH)

    def torch_loss(torch, tensors):
        *parameters, h = tensors
        for k in range(blocks):
            W, V, b = parameters[3 * k : 3 * k + 3]
            h = h + V @ torch.relu(W @ h + b)
        return (h * h).sum()

    return loss, parameters, [MatrixSymbol("X", width, BATCH)], torch_loss


def attention(_, width):
    """A block of softmax attention, residual, with a feed-forward layer behind it."""
    names = ("Q", "K", "V", "W", "U")
    Q, K, V, W, U = parameters = [MatrixSymbol(name, width, width) for name in names]
    X = MatrixSymbol("X", width, BATCH)
    scores = elementwise(exp, (K * X).T * (Q * X) / width)
    sums = elementwise(lambda t: 1 / t, OneMatrix(BATCH, BATCH) * scores)
    h = X + V * X * hadamard(scores, sums)
    out = h + U * ReLU(W * h)

    def torch_loss(torch, tensors):
        Q, K, V, W, U, X = tensors
        h = X + V @ X @ torch.softmax((K @ X).T @ (Q @ X) / width, 0)
        out = h + U @ torch.relu(W @ h)
        return (out * out).sum()

    return Trace(out.T * out), parameters, [X], torch_loss


def hand_written(_, width):
    """The (784, 128, 10) network: its peer is NumPy by hand."""
    loss, parameters = matrix_network((784, 128, 10), BATCH)
    return loss, parameters, [MatrixSymbol("X", 784, BATCH), MatrixSymbol("Y", 10, BATCH)], None


def by_hand(W1, b1, W2, b2, X, Y):
    H = np.maximum(W1 @ X + b1, 0)
    R = W2 @ H + b2 - Y
    G = 2 * R
    D = (W2.T @ G) * (H > 0)
    sums = D.sum(axis=1, keepdims=True), G.sum(axis=1, keepdims=True)
    return (R * R).sum(), D @ X.T, sums[0], G @ H.T, sums[1]


NETWORKS = {
    "(784, 128, 10)": (hand_written, 2),
    "chain of 10": (chain, 10),
    "chain of 30": (chain, 30),
    "residual of 8": (residual, 8),
    "residual of 30": (residual, 30),
    "attention": (attention, 1),
}


def prepared(name, width, dtype):
    """Two calls that give the loss and its gradients: ours and the peer's."""
    make, size = NETWORKS[name]
    loss, parameters, data, torch_loss = make(size, width)
    args = [*parameters, *data]
    rng = np.random.default_rng(0)
    scale = 0.3 if make is residual else 1
    arrays = [
        (scale * rng.normal(size=a.shape) / float(a.shape[1]) ** 0.5).astype(dtype) for a in args
    ]
    ours = partial(lambdify(args, [loss, *gradient(loss, parameters)], "numpy"), *arrays)
    if torch_loss is None:
        return ours, partial(by_hand, *arrays)
    import torch

    torch.set_num_threads(1)
    wanted = len(parameters)
    tensors = [torch.tensor(a, requires_grad=k < wanted) for k, a in enumerate(arrays)]

    def theirs():
        value = torch_loss(torch, tensors)
        return value.detach(), *torch.autograd.grad(value, tensors[:wanted])

    return ours, theirs


def _growth(name, width, dtype, which, pipe):
    run = prepared(name, width, dtype)[which]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def memory(name, width, dtype, which):
    """By how many MiB one call raises the peak of a process of its own."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_growth, args=(name, width, dtype, which, there))
    process.start()
    process.join()
    return here.recv()


def medians(ours, theirs, rounds=30):
    times = [], []
    for got, want in zip(ours(), theirs(), strict=True):
        np.testing.assert_allclose(got, np.asarray(want), rtol=1e-2, atol=1e-2 * np.abs(got).max())
    for _ in range(rounds):
        for run, some in zip((ours, theirs), times, strict=True):
            start = perf_counter()
            run()
            some.append(perf_counter() - start)
    return [f(some) for some in times for f in (statistics.median, min)]


def main(words):
    row = "{:16}{:>6}{:>9}{:>10}{:>10}{:>7}{:>9}{:>7}{:>7}".format
    print(
        row("network", "width", "dtype", "ours, ms", "peer, ms", "ratio", "shortest", "MiB", "MiB")
    )
    for name, (make, _) in NETWORKS.items():
        if words and not any(word in name for word in words):
            continue
        for width in (128,) if make is hand_written else (64, 256):
            for dtype in ("float32", "float64"):
                sizes = [round(memory(name, width, dtype, which)) for which in (0, 1)]
                a, least, b, other = medians(*prepared(name, width, dtype))
                numbers = f"{a * 1e3:.2f}", f"{b * 1e3:.2f}", f"{a / b:.2f}", f"{least / other:.2f}"
                print(row(name, width, dtype, *numbers, *sizes), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
