"""Piecewise polynomials: sums, products and what is written, point by point."""

from bisect import bisect
from itertools import product

import pytest
from sympy import Eq, Piecewise, Rational, S, Symbol

from symrelu.kinks.lines import broken
from symrelu.kinks.numbers import NoLineError
from symrelu.kinks.pieces import HIGHEST, Break, Pieces, slope_of, together, trimmed, value_of

x = Symbol("x", real=True)
half = S.Half


def pieces(breaks, polynomials):
    made = (Break(*map(S, b)) for b in breaks)
    return Pieces(x, tuple(made), tuple(tuple(map(S, p)) for p in polynomials))


EXAMPLES = {
    "step": pieces([(0, half, 0, 1)], [(), (1,)]),
    "step to the left": pieces([(1, 3, 2, -2)], [(2,), ()]),
    "square": pieces([], [(1, 0, 1)]),
    "zero": pieces([], [()]),
    "hinge": pieces([(0, 0, half)], [(), (0, 1)]),
    "tent": pieces([(-1, 0, 1), (0, 1, 0), (1, 0, half)], [(), (1, 1), (1, -1), (0, 0)]),
    "spike": pieces([(0, 5, 0)], [(0, 1), (0, 1)]),
    "parabolas": pieces([(-2, 4, 0), (1, 1, -1, 3)], [(0, 0, 1), (1, 1, half), (4, 0, -1)]),
    "jump at -1": pieces([(-1, 0, 0, 2)], [(0, 2), (1, 0, 0, 1)]),
}
POINTS = [Rational(k, 2) for k in range(-6, 7)]
pairs = pytest.mark.parametrize(("f", "g"), [*product(EXAMPLES.values(), repeat=2)])
each = pytest.mark.parametrize("f", EXAMPLES.values(), ids=EXAMPLES)


def at(f, t):
    """The value at a point, its slope, and that of the delta."""
    for b in f.breaks:
        if b.t == t:
            return b.value, b.slope, b.delta
    p = f.polynomials[bisect([b.t for b in f.breaks], t)]
    expr = sum((c * x**k for k, c in enumerate(p)), S.Zero)
    return expr.subs(x, t), expr.diff(x).subs(x, t), S.Zero


@pairs
def test_sums_and_products(f, g):
    total, prod = f + g, f * g
    for t in POINTS:
        (a, da, ja), (b, db, jb) = at(f, t), at(g, t)
        assert at(total, t) == (a + b, da + db, ja + jb)
        assert at(prod, t) == (a * b, a * db + da * b, a * jb + ja * b)
    assert all(len(p) == len(trimmed(p)) for p in (*total.polynomials, *prod.polynomials))


@pairs
def test_together(f, g):
    both = together(f, g)
    places = sorted({*f.places(), *g.places()})
    for old, new in zip((f, g), both, strict=True):
        assert new.places() == places
        assert [at(new, t) for t in POINTS] == [at(old, t) for t in POINTS]


@each
def test_written_as_one_piecewise(f):
    written = f.as_piecewise()
    assert [written.subs(x, t) for t in POINTS] == [at(f, t)[0] for t in POINTS]
    if isinstance(written, Piecewise):  # each interval and each break that counts once
        written_ends = [c for _, c in written.args[:-1]]
        assert len(written_ends) <= 2 * len(f.breaks)
        assert len({*written_ends}) == len(written_ends)


def test_to_which_piece_a_break_belongs():
    def of(value):
        return pieces([(1, value, 0, 1)], [(0,), (3,)]).as_piecewise()

    assert of(0) == Piecewise((0, x <= 1), (3, True))
    assert of(3) == Piecewise((0, x < 1), (3, True))
    assert of(2) == Piecewise((0, x < 1), (2, Eq(x, 1)), (3, True))


@each
def test_what_is_a_broken_line(f):
    line = f.as_line()
    name = next(key for key, value in EXAMPLES.items() if value is f)
    assert (line is not None) == (name in ("zero", "hinge", "tent"))
    if line is not None:
        for t in POINTS:
            assert (line.value_at(t), line.slope_at(t)) == at(f, t)[:2]


@pytest.mark.parametrize(
    ("breaks", "polynomials"),
    [
        ([(0, 0, 1, 1)], [(0, 1), (0, 1)]),  # a delta
        ([(0, 0, 0)], [(0, 1), (1, 1)]),  # a jump, the value on the left
        ([(0, 1, 0)], [(0, 1), (1, 1)]),  # on the right
        ([(0, 1, 0)], [(0, 1), (0, 1)]),  # between two that meet
        ([], [(0, 0, 1)]),
    ],
)
def test_what_is_none(breaks, polynomials):
    assert pieces(breaks, polynomials).as_line() is None


def test_of_a_line():
    line = broken(x, S(3), S(-2), [(S(-1), half, S(4)), (S(2), S(4), S.Zero)])
    f = Pieces.of(line, x)
    for t in POINTS:
        assert at(f, t) == (line.value_at(t), line.slope_at(t), 0)
    assert f.as_line() == line
    assert Pieces.of(broken(None, S(3), S.Zero, []), x).polynomials == ((3, 0),)


def test_polynomials():
    p = (S(5), S(-1), S(0), S(2))
    assert value_of(p, S(3)) == 5 - 3 + 2 * 27
    assert slope_of(p) == (-1, 0, 6)
    assert (slope_of(()), value_of((), S(3)), trimmed([S(1), S(0), S(0)])) == ((), 0, (1,))


def test_a_product_has_a_highest_power():
    def high(n):
        return pieces([], [(*[0] * n, 1)])

    for n in (0, 40, HIGHEST):
        assert high(n) * high(HIGHEST - n) == high(HIGHEST)
        with pytest.raises(NoLineError):
            _ = high(n) * high(HIGHEST - n + 1)
