"""How formulas of matrices are written: short, unambiguous, and in linear time."""

import pickle

import numpy as np
import pytest
from support.limits import time_limit
from support.printed import read
from sympy import (
    Abs,
    DiagMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    S,
    Trace,
    Transpose,
    exp,
    latex,
    log,
    pretty,
    sqrt,
    symbols,
    tanh,
)

from symrelu import ReLU, elementwise, gradient, hessian, jacobian
from symrelu.matrices.algebra import matadd, matmul, transpose
from symrelu.matrices.presentation import presented
from symrelu.matrices.typesetting import dressed

s, t = symbols("s t")
n = symbols("n", integer=True, positive=True)
A, B, C = (MatrixSymbol(name, 3, 3) for name in "ABC")
x, y, u = (MatrixSymbol(name, 3, 1) for name in "xyu")
ones, row = OneMatrix(3, 1), OneMatrix(1, 3)
by_one = OneMatrix(3, 3)


@pytest.mark.parametrize(
    ("formula", "text", "tex"),
    [
        (matmul(2 * s / n, A, B), "2*s*A*B/n", r"\frac{2 s}{n} A B"),
        (matmul(-S.Half, A), "-A/2", r"- \frac{1}{2} A"),
        (matmul(S(-0.5), A), "-0.5*A", "- 0.5 A"),
        (matmul(s - t, A), "(s - t)*A", r"\left(s - t\right) A"),
        (matmul(1 / (s * (1 - t)), A), "A/(s*(1 - t))", r"\frac{1}{s \left(1 - t\right)} A"),
        (matmul(1 / s, by_one, A), "1/s*1*A", r"\frac{1}{s} \mathbf{1} A"),
        (matmul(S(-1), by_one, A), "-(1*A)", r"- \mathbf{1} A"),
        (matmul(S(-1), by_one), "-1", r"- \mathbf{1}"),
        (matmul(1 / s, A, ones), "1/s*A*1", r"\frac{1}{s} A \mathbf{1}"),
        (matadd([matmul(S(-1), A), B]), "B - A", "B - A"),
        (matadd([matmul(S(-1), A), -B]), "-A - B", "- A - B"),
        (
            matmul(A, HadamardProduct(B, C)),
            "A*HadamardProduct(B, C)",
            r"A \left(B \circ C\right)",
        ),
        (
            matmul(S(-1), A, HadamardProduct(B, C)),
            "-A*HadamardProduct(B, C)",
            r"- A \left(B \circ C\right)",
        ),
        (matmul(S(-2), HadamardProduct(B, C)), "-2*HadamardProduct(B, C)", r"- 2 B \circ C"),
        (transpose(Inverse(A)), "A.T**(-1)", "A^{-T}"),
        (transpose(MatPow(A, 2)), "A.T**2", r"\left(A^{2}\right)^{T}"),
        (matmul(transpose(Inverse(A)), x), "A.T**(-1)*x", "A^{-T} x"),
        (Inverse(A + B), "(A + B)**(-1)", r"\left(A + B\right)^{-1}"),
        (
            Transpose(ReLU(A)),
            "ReLU.(A).T",
            r"\left(\operatorname{ReLU}{\left(A \right)}\right)^{T}",
        ),
        (HadamardPower(A, 2), "A.**2", r"A^{\circ 2}"),
        (HadamardPower(A, -1), "1/A", r"\frac{1}{A}"),
        (HadamardPower(A, S.Half), "sqrt.(A)", r"\sqrt{A}"),
        (HadamardPower(A, s + 1), "A.**(s + 1)", r"A^{\circ \left(s + 1\right)}"),
        (HadamardPower(A, B), "HadamardPower(A, B)", r"A^{\circ B}"),
        (
            HadamardPower(matmul(A, B), -2),
            "1/(A*B).**2",
            r"\frac{1}{\left(A B\right)^{\circ 2}}",
        ),
        (matmul(by_one, HadamardPower(A, -1)), "1*(1/A)", r"\mathbf{1} \frac{1}{A}"),
    ],
    ids=str,
)
def test_notation(formula, text, tex):
    formula = dressed(formula)
    assert str(formula) == text
    assert latex(formula) == tex


@pytest.mark.parametrize(
    ("body", "text", "tex"),
    [
        (lambda z: -z, "B - A", "B - A"),
        (lambda z: 2 * z, "2*(A - B)", r"2 \left(A - B\right)"),
        (lambda z: exp(z) / (1 + exp(z)), "1/(1 + exp.(B - A))", None),
        (lambda z: z * exp(z) / (1 + exp(z)), "(A - B)/(1 + exp.(B - A))", None),
        (lambda z: exp(-z) / (1 + exp(-z)) ** 2, "exp.(B - A)/(1 + exp.(B - A)).**2", None),
        (lambda z: sqrt(z) / 3, "1/3*sqrt.(A - B)", r"\frac{1}{3} \sqrt{A - B}"),
        (lambda z: tanh(z) ** 2, "tanh.(A - B).**2", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_notation_of_bodies(body, text, tex):
    formula = dressed(elementwise(body, A - B))
    values = {"A": np.full((3, 3), 2.0), "B": np.arange(9.0).reshape(3, 3) / 9}
    with np.errstate(all="ignore"):
        z = values["A"] - values["B"]
        assert read(str(formula), values, (3, 3)) == pytest.approx(
            np.vectorize(lambda entry: float(body(S(entry))))(z)
        )
    assert len(str(formula)) <= len(text) + 2
    assert tex is None or latex(formula) == tex


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (A * x + A.T * x, "(A + A.T)*x"),
        (3 * A * x - 3 * B * x, "3*(A - B)*x"),
        (2 * A * x + B * x, "(2*A + B)*x"),
        (s * A * x + s * B * x, "s*(A + B)*x"),
        (A * x + A * y, "A*(x + y)"),
        (A * B * x + B * A * x, "A*B*x + B*A*x"),  # a sum of products would cost more
        (matadd([matmul(S(2), A - B), matmul(S(-2), C - B)]), "2*(A - C)"),
        (matadd([A + B, matmul(by_one, A + B)]), "(I + 1)*(A + B)"),
        (matadd([A + B, matmul(A + B, C)]), "(A + B)*(I + C)"),
        (matmul(x, x.T, A, x), "x*x.T*A*x"),
        (matmul(1 / Trace(x.T * x), x, x.T, A, x), "Trace(x.T*A*x)*x/Trace(x.T*x)"),
        (HadamardProduct(x, HadamardPower(x, -1)), "1"),
        (HadamardProduct(x, HadamardPower(x, -1), y), "y"),
        (HadamardProduct(HadamardPower(x, 2), HadamardPower(x, -1)), "x"),
        (HadamardProduct(2 * x, y), "2*HadamardProduct(x, y)"),
        (HadamardProduct(elementwise(exp, x), elementwise(lambda z: exp(-z), x), y), "y"),
        (Trace(matmul(row, HadamardProduct(x, ReLU(y)))), "Trace(ReLU.(y).T*x)"),
        (matmul(ones, row), "1"),
        (matmul(ones, row, OneMatrix(3, 4)), "3*1"),
        (Transpose(A.T + B.T), "A + B"),
        (Transpose(A + B.T), "B + A.T"),
    ],
    ids=str,
)
def test_presentation(formula, shown):
    values = {
        name: np.arange(1.0, 10).reshape(3, 3) ** k
        for name, k in zip("ABC", (1, 2, 0.5), strict=True)
    }
    values |= {
        name: np.array([[k], [2.0], [1 + k]]) for name, k in zip("xyu", (1, 3, 2), strict=True)
    }
    assert str(presented(formula)) == shown


def test_a_step_beside_its_ramp():
    hinge = ones - x
    loss = Trace(ReLU(hinge).T * ReLU(hinge))
    assert str(gradient(loss, x)) == "-2*ReLU.(1 - x)"
    half = ReLU(hinge, S.Half)
    assert "Heaviside.(1 - x, 1/2)" in str(gradient(Trace(half.T * half), x))
    assert str(gradient(row * HadamardPower(ReLU(x), 3), x)) == "3*ReLU.(x).**2"
    assert str(gradient(row * elementwise(lambda z: ReLU(Abs(z)) ** 2, x), x)) == "2*x"


def residual(depth):
    h = MatrixSymbol("X", 4, n)
    for i in range(depth):
        h = h + MatrixSymbol(f"V{i}", 4, 8) * ReLU(MatrixSymbol(f"W{i}", 8, 4) * h)
    return gradient(Trace(h.T * h), MatrixSymbol("W0", 8, 4))


@pytest.mark.parametrize("write", [str, repr, latex, pretty])
def test_deep_formulas_name_what_recurs(write):
    with time_limit(20, "writing 24 residual blocks"):
        lengths = [len(write(residual(depth))) for depth in (6, 12, 24)]
    assert lengths[2] < 2.5 * lengths[1] < 7 * lengths[0]


def test_scalars_within_scalars_are_walked_once():
    W, v = MatrixSymbol("W", 4, 3), MatrixSymbol("v", 3, 1)
    for _ in range(1):  # a power iteration; SymPy writes the elements of products out
        v = W.T * (W * v)
        v = v / sqrt((v.T * v)[0])
    with time_limit(10, "the gradient of a power iteration"):
        assert gradient((W * v)[0], W).shape == (4, 3)


def test_names_are_free():
    formula = str(residual(6))
    assert ", where t0 = W0*X, t1 = V0*ReLU.(t0) + X, " in formula
    assert r",\quad\text{where}\quad t_{0} = W_{0} X,\; t_{1} = " in latex(residual(6))
    named = residual(6).subs(MatrixSymbol("X", 4, n), MatrixSymbol("t0", 4, n))
    assert ", where t1 = " in str(dressed(named))
    assert "where" not in str(residual(2))


def test_each_of_a_list_is_written_for_itself():
    g = residual(6)
    assert str([g, g]) == f"[{g}, {g}]"


def test_nothing_is_lost():
    g = gradient(Trace((A * x).T * B * x), x)
    assert pickle.loads(pickle.dumps(g)).doit() == g.doit()
    assert pretty(g)
    assert str(hessian(x.T * A * x, x)) == "A + A.T"
    assert str(jacobian(DiagMatrix(x) * y, x)) == "DiagMatrix(y)"
    assert str(gradient(log(Trace(1 * A)), A)) == "I/Trace(A)"
    assert str(dressed(Identity(3))) == "I"
