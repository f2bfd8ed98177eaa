"""Integrals one within the other, where the kinks of the inner one change their order."""

import pytest
from support.calculus_random import close, midpoints
from sympy import (
    Abs,
    Heaviside,
    Integral,
    Max,
    Rational,
    S,
    erfinv,
    exp,
    floor,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
)
from sympy.stats import Uniform

from symrelu import ReLU, calculus
from symrelu.calculus.cells import Ranged, SplitError, deepest
from symrelu.calculus.checks import samples
from symrelu.calculus.iterated import iterated
from symrelu.calculus.pieces import is_not_real, roots, sign_of

x, y, z, c = symbols("x y z c", real=True)
p, q = symbols("p q", positive=True)
half = Rational(1, 2)
SQUARE = (x, 0, 1), (y, 0, 1)
CUBE = (*SQUARE, (z, 0, 1))


def centred(*variables):
    return [(v, -1, 1) for v in variables]


@pytest.mark.parametrize(
    ("f", "limits", "closed"),
    [
        (ReLU(x - y), SQUARE, Rational(1, 6)),
        (ReLU(x + y - 1), SQUARE, Rational(1, 6)),
        (Max(x, y), SQUARE, Rational(2, 3)),
        (Abs(x - y), SQUARE, Rational(1, 3)),
        (ReLU(x - y) * ReLU(x + y - 1), SQUARE, Rational(1, 48)),
        (ReLU(1 - Abs(x) - Abs(y)), centred(x, y), Rational(2, 3)),
        (ReLU(x**2 - y), ((x, -1, 1), (y, 0, 1)), Rational(1, 5)),
        (ReLU(x * y - Rational(1, 4)), SQUARE, log(4) / 32 + Rational(3, 64)),
        (log(Max(x, y)), SQUARE, -half),
        (ReLU(log(x) - y), ((x, 1, 3), (y, 0, 1)), 3 * log(3) + exp(1) - Rational(11, 2)),
        (Heaviside(1 - x**2 - y**2), centred(x, y), pi),
        (Abs(x**2 + y**2 - 1), SQUARE, pi / 4 - Rational(1, 3)),
        (Heaviside(sqrt(1 + x**2) - y), ((x, 0, 1), (y, 0, 2)), None),
        (1 / Abs(x - y), SQUARE, oo),
        (Max(x, y, z), CUBE, Rational(3, 4)),
        (ReLU(x - y) * ReLU(y - z), CUBE, Rational(1, 120)),
        (ReLU(1 - Abs(x) - Abs(y) - Abs(z)), centred(x, y, z), Rational(1, 3)),
        (Heaviside(1 - x**2 - y**2 - z**2), centred(x, y, z), 4 * pi / 3),
        (exp(-Max(x, y)), ((x, 0, oo), (y, 0, oo)), S(2)),
        (ReLU(x + y - half), ((x, 0, 1 - y), (y, 0, 1)), None),
        (ReLU(x - y), ((x, y, 1), (y, -1, 2)), Rational(4, 3)),
        (Max(x, y), ((x, 0, 1), (y, 0, z), (z, -1, half)), None),
    ],
    ids=str,
)
def test_iterated(f, limits, closed):
    found = calculus.integrate(f, *limits)
    assert not found.has(Integral)
    if closed is not None:
        assert (found - closed).equals(0) or found == closed
    if found.is_finite and not any(end is oo for _, *ends in limits for end in ends):
        assert close(found, midpoints(f, limits), 3e-3)


@pytest.mark.parametrize(
    ("f", "limits", "closed"),
    [
        (ReLU(p - Abs(x) - Abs(y)), ((x, -p, p), (y, -p, p)), 2 * p**3 / 3),
        (Max(x, y), ((x, 0, p), (y, 0, p)), 2 * p**3 / 3),
        (ReLU(x - y), ((x, 0, p), (y, 0, q)), (p**3 - ReLU(p - q) ** 3) / 6),
        (ReLU(x + y - c), SQUARE, (ReLU(-c) ** 3 + ReLU(2 - c) ** 3) / 6 - ReLU(1 - c) ** 3 / 3),
        (
            ReLU(x - c * y),
            SQUARE,
            (c**2 - ReLU(-c) ** 2) / 6 - c / 2 + half - ReLU(c - 1) ** 3 / 6 / c,
        ),
    ],
    ids=str,
)
def test_iterated_with_parameters(f, limits, closed):
    found = calculus.integrate(f, *limits)
    assert (found - closed).expand() == 0
    for value in (Rational(1, 3), Rational(3, 2), S(3)):
        at = {s: value * (i + 1) for i, s in enumerate((p, q, c))}
        numeric = [(v, *(S(end).subs(at) for end in ends)) for v, *ends in limits]
        scale = float(value) ** 3 + 1
        assert abs(float(found.subs(at)) - midpoints(f.subs(at), numeric)) < 2e-2 * scale


@pytest.mark.long
def test_what_stays():
    for f in (ReLU(y - x) * floor(x), ReLU(x * y - c)):
        found = calculus.integrate(f, *SQUARE, check=False)
        assert isinstance(found, Integral)


def test_means_of_several_variables():
    X, Y, Z = (Uniform(name, 0, 1) for name in "XYZ")
    assert calculus.expectation(Max(X, Y, Z)) == Rational(3, 4)
    assert calculus.expectation(ReLU(X**2 - Y)) == Rational(1, 10)
    assert calculus.expectation(ReLU(1 - Abs(2 * X - 1) - Abs(2 * Y - 1))) == Rational(1, 6)


def test_a_symbol_that_knows_where_it_lies():
    v = Ranged("v", S.Zero, S.One, 0)
    w = Ranged("w", v, S(2), 1)
    assert deepest(x + v + w) == w
    assert deepest(x) is None
    assert sign_of(w - v) == 1
    assert sign_of(v - 2) == -1
    with pytest.raises(SplitError) as split:
        sign_of(v - half)
    assert split.value.symbol == v
    assert split.value.points == [half]
    (at,) = samples([w, v], 1)
    assert 0 < at[v] < 1
    assert at[v] < at[w] < 2


def test_only_what_matters_is_split():
    asked = []

    def one(f, v, low, high):
        if isinstance(v, Ranged):
            asked.append((low, high))
        return calculus.integrals.definite(f, v, low, high)

    limits = [(x, S.Zero, S.One), (y, S(-2), S(3))]
    iterated(ReLU(x - y), limits, one)
    assert sorted(asked) == [(-2, 0), (0, 1), (1, 3)]


def test_too_many_cells(monkeypatch):
    monkeypatch.setattr(calculus.iterated, "MOST_CELLS", 2)
    limits = [(x, S.Zero, S.One), (y, S(-2), S(3))]
    with pytest.raises(NotImplementedError, match="too often"):
        iterated(ReLU(x - y), limits, calculus.integrals.definite)


def test_roots_in_cells():
    v = Ranged("v", S.Zero, S.One, 0)
    assert roots(sqrt(x) - v * x, x, -oo, oo) == [0, v**-2, 0]
    with pytest.raises(NotImplementedError):
        roots(sqrt(x) - p * x + c, x, -oo, oo)
    with pytest.raises(NotImplementedError):
        roots(x ** sqrt(2) + x - 3, x, -oo, oo)


def test_what_has_no_value_is_not_real():
    assert is_not_real(sqrt(sin(4)))
    assert not is_not_real(sqrt(sin(1)))
    assert is_not_real(erfinv(2))
    assert not is_not_real(erfinv(half))


def test_what_may_be_0_in_a_cell_counts_as_a_root():
    v = Ranged("v", S.Zero, S.One, 0)
    is_0 = calculus.pieces._is_0_at
    assert is_0(sqrt(x + 1) - v, x, v)
    assert not is_0(sqrt(x + 1) + v, x, v)
    with pytest.raises(NotImplementedError):
        is_0(sqrt(x**2 + 1) - c, x, c)
