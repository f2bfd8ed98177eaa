"""What micrograd's engine is tested on: small programs, their values and gradients.

They run on symbols, in exact numbers; as compiled code; and by PyTorch's autograd, against
which micrograd is tested too.
"""

import pytest
from sympy import Rational, symbols

from symrelu import ReLU, gradient, lambdify

VARIABLES = symbols("a b")


def sanity(relu, a, b):
    z = 3 * a + 2
    q = relu(z) + z * a
    return relu(z * z) + q + q * a


def more_operations(relu, a, b):
    c = 2 * (a + b) + 1
    c = 2 * c + 1 - a
    d = a * b + b**3
    d = 3 * d + relu(b + a)
    d = 4 * d + relu(b - a)
    return (c - d) ** 2 / 2 + 10 / (c - d) ** 2


def reused(relu, a, b):
    s = relu(a * b)
    for _ in range(4):
        s = s + s * relu(s - a)
    return s + b


PROGRAMS = [sanity, more_operations, reused]
POINTS = [(-4, 2), (-1, -3), (3, 1), (0, 1), (2, -2)]  # some of them on kinks


def derived(program):
    value = program(ReLU, *VARIABLES)
    return [value, *gradient(value, VARIABLES)]


@pytest.mark.parametrize(
    ("program", "value", "slopes"),
    [
        # At (-4, 2): z is -10, and ReLU(z*z) is active.
        (sanity, -20, (46, 0)),
        # c - d is -1 - 6, its slopes are -20 and -93, that of the last line is -7 + 20/7**3.
        (
            more_operations,
            Rational(49, 2) + Rational(10, 49),
            (20 * Rational(2381, 343), 93 * Rational(2381, 343)),
        ),
        (reused, 2, (0, 1)),
    ],
)
def test_by_hand(program, value, slopes):
    at = dict(zip(VARIABLES, (-4, 2), strict=True))
    assert [e.subs(at) for e in derived(program)] == [value, *slopes]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("at", POINTS)
@pytest.mark.parametrize("engine", ["math", "numpy", "torch"])
def test_against_autograd(program, at, engine):
    torch = pytest.importorskip("torch")
    leaves = [torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for v in at]
    value = program(torch.relu, *leaves)
    slopes = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    given = [leaf.detach() for leaf in leaves] if engine == "torch" else map(float, at)
    answers = lambdify(VARIABLES, derived(program), engine)(*given)
    expected = [value.item(), *(slope.item() for slope in slopes)]
    assert [float(answer) for answer in answers] == pytest.approx(expected, rel=1e-13)
