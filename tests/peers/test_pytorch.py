"""PyTorch's gradcheck, of values and gradients that are compiled for PyTorch."""

import pytest
from sympy import Matrix, MatrixSymbol, OneMatrix, S, Trace, log, symbols

from symrelu import ReLU, gradient, lambdify

torch = pytest.importorskip("torch")
from torch.autograd import gradcheck, gradgradcheck  # noqa: E402
from torch.autograd.gradcheck import GradcheckError  # noqa: E402

x, y, k = symbols("x y k")
W, b = MatrixSymbol("W", 3, 2), MatrixSymbol("b", 3, 1)
V, X = MatrixSymbol("V", 2, 3), MatrixSymbol("X", 2, 5)


def squared(residuals):
    return Trace(residuals.T * residuals)


HIDDEN = ReLU(W * X + b * OneMatrix(1, 5))
EXPRESSIONS = {
    "relu": (ReLU(x), [x]),
    "relu6": (ReLU(x) - ReLU(x - 6), [x]),
    "hinge loss": (ReLU(1 - x * y) ** 2 + log(1 + ReLU(y)), [x, y]),
    "call spread": (ReLU(x - k) - ReLU(x - k - 1) - ReLU(y - x * k), [x, y, k]),
    "a network in scalars": (
        (Matrix([[x, y]]) * (Matrix([[k, 1], [y, x]]) * Matrix([x, k])).applyfunc(ReLU))[0] ** 2,
        [x, y, k],
    ),
    "a network in matrices": (squared(V * HIDDEN - X), [W, b, V, X]),
}


def differentiable(expr, variables, scale=1):
    """A function whose backward pass is the compiled gradient, times the scale."""
    value = lambdify(variables, expr, "torch")
    slopes = lambdify(variables, gradient(expr, variables), "torch")

    class Compiled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            return value(*inputs)

        @staticmethod
        def backward(ctx, cotangent):
            return tuple(scale * cotangent * slope for slope in slopes(*ctx.saved_tensors))

    return Compiled.apply


def inputs(variables, seed):
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(
            getattr(variable, "shape", ()),
            generator=generator,
            dtype=torch.float64,
            requires_grad=True,
        )
        for variable in variables
    )


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("seed", range(5))
def test_gradcheck(name, seed):
    expr, variables = EXPRESSIONS[name]
    function, at = differentiable(expr, variables), inputs(variables, seed)
    assert gradcheck(function, at)
    assert gradgradcheck(function, at)  # the compiled gradient is differentiable in turn


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_gradcheck_sees_a_wrong_gradient(name):
    expr, variables = EXPRESSIONS[name]
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(differentiable(expr, variables, scale=1.01), inputs(variables, seed=1))


def test_at_the_kink_central_differences_see_the_mean_of_both_sides():
    at_0 = torch.zeros((), dtype=torch.float64, requires_grad=True)
    assert gradcheck(differentiable(ReLU(x, S.Half), [x]), at_0)
    for H0 in (0, 1):
        with pytest.raises(GradcheckError, match="Jacobian mismatch"):
            gradcheck(differentiable(ReLU(x, H0), [x]), at_0)
