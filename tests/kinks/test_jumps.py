"""Steps, and sums and products of them: in one variable interval by interval."""

from itertools import product

import pytest
from sympy import (
    Abs,
    Heaviside,
    Piecewise,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    sign,
    symbols,
)

from symrelu import ReLU, as_relu

x, y, a = symbols("x y a", real=True)
c = Symbol("c")
half = S.Half
nothing = x * (y + 1) - x * y - x  # which SymPy does not see

# What is 0 at 1, lines first, and what jumps there.
ZEROS = [x - 1, 2 - 2 * x, ReLU(x - 1), Abs(1 - x), ReLU(x) - 1, (x - 1) ** 2, x**2 - 1]
JUMPS = [
    Heaviside(x - 1),
    Heaviside(1 - x, c),
    Heaviside(2 * x - 2, 1) ** 3,
    sign(x - 1),
    SingularityFunction(x, 1, 0),
    Piecewise((2, x > 1), (-1, True)),
    Heaviside(x - 1, 0) - 3 * Heaviside(1 - x, half),
]


@pytest.mark.parametrize(("zero", "jump"), [*product(ZEROS, JUMPS)])
def test_what_is_0_where_it_jumps_is_no_jump(zero, jump):
    """Not at 1; at other places both are looked at, too."""
    e = zero * jump
    for f in (e, e + ReLU(x - 2), e * ReLU(x)):
        converted = as_relu(f)
        if zero in ZEROS[:5] and f.func is not e.func:
            assert not converted.has(Heaviside, sign, SingularityFunction, Piecewise)
        for t in (-1, 0, half, 1, Rational(3, 2), 2, 3):
            assert converted.subs(x, t).expand() == f.subs(x, t).expand(), (f, converted, t)
            slopes = {g.diff(x).subs(x, t).doit().expand() for g in (converted, f)}
            assert len(slopes) == 1 or t == 1  # where SymPy has a delta


@pytest.mark.parametrize("jump", JUMPS)
def test_what_jumps_stays(jump):
    for e in (jump, jump * (x + 1), jump * ReLU(x), jump + ReLU(x - 3), jump**2):
        for t in (-1, 0, 1, half, 2, 4):
            assert as_relu(e).subs(x, t) == e.subs(x, t)


def test_what_is_nothing_once_written_out():
    assert as_relu(Heaviside(x) * nothing) == 0
    assert as_relu(Heaviside(x) * nothing + ReLU(x)) == ReLU(x)
    e = (Heaviside(x, 0) + nothing) * x
    assert as_relu(e).subs({x: 3, y: 2}) == 3
    assert as_relu(e).subs({x: -3, y: 2}) == 0


@pytest.mark.parametrize("u", [x * y - a, x - y, 3 * a - 3 * x * y], ids=str)
def test_in_several_variables(u):
    """A step and what is 0 where it jumps are one ReLU, whatever stands beside them."""
    for step, ramp in (
        (Heaviside(u, c), ReLU(u, c)),
        (Heaviside(-u, c), -ReLU(-u, c)),
        (sign(u), 2 * ReLU(u, half) - u),
        (Heaviside(u, c) ** 2, ReLU(u, c**2)),
    ):
        for factor in (1, x, Abs(y + 5)):
            e = factor * u * step
            for f in (e, e + step * u + y, (e + ReLU(a)).expand(), e - sign(y)):
                converted = as_relu(f)
                assert not converted.has(step)
                for at in ({x: 2, y: 1, a: 5}, {x: 2, y: 1, a: -5}, {x: 2, y: 2, a: 4}):
                    assert converted.subs(at).expand() == f.subs(at).expand()
        assert as_relu(u * step) == as_relu(ramp)
        assert as_relu(step * (u + 1)).has(Heaviside, sign)
