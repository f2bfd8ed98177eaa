"""The calculus of broken lines."""

import pytest
from sympy import Eq, Float, Piecewise, Rational, S, Symbol, cos, nan, pi, sin, sqrt, symbols

from symrelu import ReLU
from symrelu.kinks.lines import Line, broken, ordered, samples, total
from symrelu.kinks.numbers import NoLineError, number

x = Symbol("x", real=True)
c = Symbol("c")
X, ONE = Line(x, S.Zero, S.One), Line(None, S.One)
tent = (X + ONE).relu(S.Zero) - 2 * X.relu(S.Half) + (X - ONE).relu(S.One)


def test_arithmetic():
    assert tent.as_hinges() == ReLU(x + 1) - 2 * ReLU(x, S.Half) + ReLU(x - 1, 1)
    assert (tent - tent) == Line(x, S.Zero)
    assert (S.Zero * tent).as_hinges() == 0
    # The slope that was chosen counts even where the values have lost theirs.
    assert (X.relu(S.Zero) - (-1 * X).relu(S.Zero)).as_hinges() == x - ReLU(x) + ReLU(x, -1)
    assert (X.relu(S.Zero) - (-1 * X).relu(S.Zero) - X.relu(S.One)).as_hinges() == x - ReLU(x, 2)


def test_of_an_exact_and_a_floating_kink_at_one_place_the_exact_one_stays():
    floating, exact = (X - Line(None, number(Float(1)))).relu(S.Zero), (X - ONE).relu(S.Zero)
    for lines in ([floating, exact], [exact, floating]):
        assert total(lines).as_hinges() == 2 * ReLU(x - 1)
        assert list(total(lines).kinks) == [S.One]


def test_floating_kinks_on_both_sides_of_an_exact_one_are_one_with_it():
    places = [number(Float(1) - Float(2) ** -53), S.One, number(Float(1) + Float(2) ** -52)]
    lines = [broken(x, S.Zero, S.Zero, [(t, S.Zero, S.One)]) for t in places]
    assert total(lines).as_hinges() == 3 * ReLU(x - 1)


def test_a_slope_is_a_share_of_what_the_slope_changes_by():
    a, b = symbols("a b", real=True)
    line = broken(x, S.Zero, S.Zero, [(S.Zero, a**2 - b**2, a - b)])
    assert line.as_hinges() == (a - b) * ReLU(x, a + b)


def test_values_and_slopes():
    values = {-2: 0, -1: 0, Rational(-1, 2): S.Half, 0: 1, S.Half: S.Half, 1: 0, 2: 0}
    assert {t: tent.value_at(S(t)) for t in values} == values
    slopes = {-2: 0, -1: 0, Rational(-1, 2): 1, 0: 0, S.Half: -1, 1: 0, 2: 0}
    assert {t: tent.slope_at(S(t)) for t in slopes} == slopes
    assert [p.t for p in tent.points()] == [-1, 0, 1]


def test_relu_of_a_line_that_crosses_0_between_and_beside_its_kinks():
    bent = (X.relu(S.Zero) + (X - ONE).relu(S.Zero)) - 2 * ONE  # crosses between 1 and oo
    assert bent.relu(S.Zero).as_hinges() == 2 * ReLU(x - Rational(3, 2))
    vee = X.relu(S.Zero) + (-1 * X).relu(S.Zero) - ONE
    assert vee.landmarks() == [-1, 0, 1]
    assert vee.relu(c).as_hinges() == ReLU(x - 1, c) + ReLU(x + 1, 1 - c) - x - 1
    assert (-1 * vee).relu(S.Zero).as_hinges(S.Zero) == tent.as_hinges(S.Zero)
    assert (-1 * ONE).relu(S.Zero) == Line(None, S.Zero)
    assert ONE.relu(S.Zero) == ONE
    for k in (-2, 0, 3):  # a constant in a variable stays one
        assert (X - X + k * ONE).relu(S.Zero) == Line(x, S(max(k, 0)))


def test_piecewise():
    assert tent.as_piecewise(slopes=False) == Piecewise(
        (0, x <= -1), (x + 1, x <= 0), (1 - x, x < 1), (0, True)
    )
    with_slopes = tent.as_piecewise()
    assert with_slopes.args[1].cond == Eq(x, 0)
    assert with_slopes.diff(x).subs(x, 0) == 0
    # A breakpoint with the slope of a piece is of that piece.
    assert X.relu(S.Zero).as_piecewise() == Piecewise((0, x <= 0), (x, True))
    assert X.relu(S.One).as_piecewise() == Piecewise((0, x < 0), (x, True))
    undefined = X.relu(nan).as_piecewise()
    assert undefined == Piecewise((0, x <= 0), (x, True))
    assert X.as_piecewise() == x
    assert (X.relu(S.Zero) - (-1 * X).relu(S.Zero)).as_piecewise(slopes=False) == x


def test_order_of_numbers():
    assert ordered([pi, S(3), sqrt(10), S(-1)]) == [-1, 3, pi, sqrt(10)]
    assert samples([]) == [0]
    assert samples([S(1), S(2)]) == [0, Rational(3, 2), 3]
    zero = sin(1) ** 2 + cos(1) ** 2 - 1  # which SymPy does not see
    with pytest.raises(NoLineError, match=r"^the sign of .* is not known$"):
        ordered([zero, S.Zero])
