"""A ReLU network that reads handwritten digits, its gradients derived and compiled.

The data are scikit-learn's 1797 digits of 8 by 8 pixels; a fifth of them is held out for
the test.  The script prints the derived formulas, trains by mini-batches once with these
and once with the gradients derived by hand, compares the weights, and saves three figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
from _figures import BLUE, RED, output_folder, save
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sympy import MatrixSymbol, OneMatrix, Trace, symbols
from tqdm import tqdm

from symrelu import ReLU, gradient, lambdify

PIXELS, HIDDEN, CLASSES = 64, 128, 10
EPOCHS, BATCH, RATE = 100, 32, 0.05

n = symbols("n", integer=True, positive=True)  # the size of a batch, one image a column
X, Y = MatrixSymbol("X", PIXELS, n), MatrixSymbol("Y", CLASSES, n)
W, b = MatrixSymbol("W", HIDDEN, PIXELS), MatrixSymbol("b", HIDDEN, 1)
V, c = MatrixSymbol("V", CLASSES, HIDDEN), MatrixSymbol("c", CLASSES, 1)
ones = OneMatrix(1, n)
scores = V * ReLU(W * X + b * ones) + c * ones
loss = Trace((scores - Y).T * (scores - Y)) / n
gradients = gradient(loss, [W, b, V, c])

predict = lambdify([X, W, b, V, c], scores)
evaluate = lambdify([X, Y, W, b, V, c], loss)
derived = lambdify([X, Y, W, b, V, c], gradients)

Weights = list[np.ndarray]


def by_hand(
    X: np.ndarray, Y: np.ndarray, W: np.ndarray, b: np.ndarray, V: np.ndarray, c: np.ndarray
) -> Weights:
    """What ``derived`` computes, as one would derive it on paper."""
    A = W @ X + b
    Z = np.maximum(A, 0)
    D = 2 / X.shape[1] * (V @ Z + c - Y)
    E = (V.T @ D) * (A > 0)
    return [E @ X.T, E.sum(axis=1, keepdims=True), D @ Z.T, D.sum(axis=1, keepdims=True)]


def split() -> list[np.ndarray]:
    """Images for training and for the test, then their classes."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.2, stratify=labels, random_state=0)
    return [part.T for part in parts]


def one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(CLASSES)[:, labels]


def train(
    slope: Callable[..., Weights], X: np.ndarray, Y: np.ndarray, name: str
) -> Iterator[Weights]:
    """The weights after each epoch of stochastic gradient descent."""
    rng = np.random.default_rng(0)
    weights = [
        rng.normal(0, np.sqrt(2 / PIXELS), W.shape),
        np.zeros(b.shape),
        rng.normal(0, np.sqrt(1 / HIDDEN), V.shape),
        np.zeros(c.shape),
    ]
    # On standard output, and only on a terminal.
    for _ in tqdm(range(EPOCHS), desc=name, unit="epoch", file=sys.stdout, disable=None):
        order = rng.permutation(X.shape[1])
        for start in range(0, order.size, BATCH):
            part = order[start : start + BATCH]
            steps = slope(X[:, part], Y[:, part], *weights)
            weights = [w - RATE * step for w, step in zip(weights, steps, strict=True)]
        yield weights


def draw_losses(losses: np.ndarray) -> Figure:
    figure, axes = plt.subplots(figsize=(6.5, 4.2))
    epochs = np.arange(1, EPOCHS + 1)
    for values, colour, name in zip(losses.T, (BLUE, RED), ("training", "test"), strict=True):
        axes.semilogy(epochs, values, color=colour, label=name)
    axes.set(title="Loss after each epoch", xlabel="epoch", ylabel="squared error per image")
    axes.set_yticks((0.05, 0.1, 0.2, 0.5), ("0.05", "0.1", "0.2", "0.5"))
    axes.minorticks_off()
    axes.legend()
    return figure


def draw_confusion(labels: np.ndarray, read: np.ndarray) -> Figure:
    figure, axes = plt.subplots(figsize=(6, 5.6))
    ConfusionMatrixDisplay.from_predictions(labels, read, ax=axes, cmap="Blues", colorbar=False)
    axes.set(title="How the test digits are read", xlabel="read as", ylabel="is")
    axes.grid(False)
    return figure


def draw_misread(images: np.ndarray, labels: np.ndarray, read: np.ndarray) -> Figure:
    misread = np.flatnonzero(read != labels)
    rows = -(-misread.size // 5)
    figure, grid = plt.subplots(rows, 5, figsize=(8, 0.6 + 1.9 * rows), squeeze=False)
    figure.suptitle(f"The {misread.size} of {labels.size} test digits that are misread")
    for axes, i in zip(grid.flat, misread, strict=False):
        axes.imshow(images[:, i].reshape(8, 8), cmap="gray_r")
        axes.set_title(f"{labels[i]} read as {read[i]}", fontsize=13)
    for axes in grid.flat:
        axes.set_axis_off()
    return figure


def main() -> None:
    folder = output_folder(__doc__)
    print(f"scores = {scores}")
    print("loss   = the squared error of the scores, a mean over the images\n")
    for variable, formula in zip((W, b, V, c), gradients, strict=True):
        print(f"dL/d{variable} = {formula}")

    images, test_images, labels, test_labels = split()
    Y, test_Y = one_hot(labels), one_hot(test_labels)
    print(f"\n{labels.size} images to train on, {test_labels.size} to test\n")
    history = list(train(derived, images, Y, "gradients derived"))
    losses = [(evaluate(images, Y, *w), evaluate(test_images, test_Y, *w)) for w in history]
    read = predict(test_images, *history[-1]).argmax(axis=0)
    accuracy = np.mean(read == test_labels)
    print(f"accuracy on the test images: {accuracy:.1%}")
    assert accuracy >= 0.97

    *_, by_hands = train(by_hand, images, Y, "gradients by hand")
    apart = max(np.abs(w - v).max() for w, v in zip(history[-1], by_hands, strict=True))
    print(f"trained by gradients derived by hand, the weights differ by {apart} at most\n")
    assert apart < 1e-10
    figures = {
        "digits_loss": draw_losses(np.array(losses)),
        "digits_confusion": draw_confusion(test_labels, read),
        "digits_misread": draw_misread(test_images, test_labels, read),
    }
    save(folder, figures)


if __name__ == "__main__":
    main()
