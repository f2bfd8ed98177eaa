"""Broken lines in another variable: the values and slopes are the same."""

import pytest
from sympy import Piecewise, Rational, S, Symbol, exp, symbols

from symrelu import ReLU, as_relu, relusimp
from symrelu.kinks.lines import Line, broken
from symrelu.kinks.numbers import NoLineError
from symrelu.kinks.variables import (
    along,
    by_variable,
    facing_right,
    flipped,
    in_variable,
    shifted,
    upright,
)

x, y, z = symbols("x y z", real=True)
p = Symbol("p", positive=True)
u = x - y
# From the left: a tent, what is 0 on the left, on the right, on neither side, and no kink at all.
SHAPES = {
    "tent": (0, 0, [(-1, half := Rational(1, 2), 1), (0, 0, -1), (1, -half, 0)]),
    "ramp": (0, 0, [(1, 1, 2)]),
    "fall": (-2, -2, [(-1, -1, 0)]),
    "bent": (1, -3, [(-2, 1, 2), (1, half, -1)]),
    "line": (3, -2, []),
    "flat": (3, 0, []),
}


def line(shape, variable):
    intercept, slope, kinks = SHAPES[shape]
    return broken(variable, S(intercept), S(slope), [tuple(map(S, kink)) for kink in kinks])


def same(a, b):
    """Whether two expressions agree, with their slopes, at the kinks and beside them."""
    for k in range(-6, 7):
        at = {x: Rational(k, 2) + 3, y: 3, z: 2, p: 5}
        for f, g in ((a, b), (a.diff(x), b.diff(x)), (a.diff(y), b.diff(y))):
            assert f.subs(at) == g.subs(at), (a, b, at)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("v", [x, u, -u, u + 1, u + p, exp(y) * x], ids=str)
def test_turned_around(shape, v):
    given = line(shape, v)
    for other in (flipped(given), upright(given), facing_right(given)):
        same(other.as_hinges(), given.as_hinges())
    assert flipped(flipped(given)) == given


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("v", [u, -u, u - 2, u + p], ids=str)
def test_in_another_variable(shape, v):
    given = line(shape, v)
    moved = in_variable(given, u)
    assert moved.x == u
    same(moved.as_hinges(), given.as_hinges())
    assert in_variable(given, v) is given
    assert in_variable(Line(None, S.One), u) == Line(None, S.One)


@pytest.mark.parametrize("v", [2 * u, u + z, x, x * y], ids=str)
def test_a_line_without_kinks_is_one_in_any_variable(v):
    moved = in_variable(line("line", v), u)
    assert moved.x == u
    same(moved.as_hinges().expand(), line("line", v).as_hinges().expand())
    with pytest.raises(NoLineError):
        in_variable(line("bent", v), u)


@pytest.mark.parametrize("shape", SHAPES)
def test_which_way_it_faces(shape):
    """In a variable of one's own, what is 0 on one side only is 0 on the left."""
    for v in (u, -u):
        given = line(shape, v)
        assert facing_right(given).x == (-v if shape == "fall" else v)
    assert facing_right(line(shape, x)).x == x
    assert upright(line(shape, u)).x == (-u if shape == "line" else u)


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_by_variable(shape):
    """What stands in a variable and in its negative is one."""
    given = [line("bent", -u), line(shape, u), line("ramp", x), line(shape, -u)]
    found = by_variable(given)
    assert set(found) == {u, x} or set(found) == {-u, x}
    same(sum(f.as_hinges() for f in found.values()), sum(f.as_hinges() for f in given))


def test_shifted_by_what_has_a_sign():
    assert shifted(line("ramp", u + z), u + z, u) is None
    assert shifted(line("ramp", u + p), u + p, u).kinks.keys() == {1 - p}


def test_along():
    assert along(2 * x - 2 * y + 3, u) == (2, 3)
    assert along(2 * x - 2 * y + p, u) == (2, p)
    for e in (z, x + z, z - 2 * y, x * y):  # of no known sign: none of it
        assert along(e, u) == (0, e)
    assert along(x + p + z * 0, u + z) == (0, x + p)
    assert along(2 * x + y, 2 * x + y + p) == (1, -p)
    q = Symbol("q", nonnegative=True)  # of which p is better known
    assert along(q, p - q) == (-1, p)
    assert along(3 * x - 2 * y + p - x, u) == (2, p)


@pytest.mark.parametrize("v", [u, -u])
def test_a_tent_along_an_expression_is_written_as_it_was(v):
    pieces = Piecewise((0, v <= -1), (v + 1, v <= 0), (1 - v, v <= 1), (0, True))
    tent = ReLU(v + 1) - 2 * ReLU(v) + ReLU(v - 1)
    assert relusimp(as_relu(pieces) - tent) == 0
    same(as_relu(pieces), pieces)
