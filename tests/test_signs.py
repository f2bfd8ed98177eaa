"""What is known of signs, and what it costs to know it."""

import pytest
from sympy import Add, Dummy, Function, Rational, Symbol, Tuple, exp, sin, symbols, tanh

from symrelu import ReLU
from symrelu.signs import is_small, is_soon_written_out, one_sided, signs

x, y, c = symbols("x y c")
r = Symbol("r", real=True)
p = Symbol("p", positive=True)
n = Symbol("n", negative=True)
nonneg = Symbol("nonneg", nonnegative=True)


def large(f):
    """A function of an expression whose tree is too large for SymPy's assumptions."""
    g = Function("g")
    e = r
    for _ in range(40):
        e = g(e + g(e) - 1) * y
    assert not is_small(e)
    return f(e)


def test_is_small():
    assert is_small(x)
    assert is_small(Add(*symbols("x:99")))
    assert not is_small(Add(*symbols("x:100")))


@pytest.mark.parametrize(
    ("e", "possible"),
    [
        (x, {-1, 0, 1}),
        (p, {1}),
        (n, {-1}),
        (nonneg, {0, 1}),
        (p - p, {0}),
        (Symbol("k", nonzero=True), {-1, 1}),
        (ReLU(x), {0, 1}),
        (large(Function("f")), {-1, 0, 1}),
        (large(ReLU), {0, 1}),
        (large(ReLU) + p, {1}),
        (large(ReLU) + nonneg, {0, 1}),
        (large(ReLU) - 1, {-1, 0, 1}),
        (-large(ReLU) - 1, {-1}),
        (-large(ReLU) - nonneg, {-1, 0}),
        (-2 * p * large(ReLU), {-1, 0}),
        (n * large(ReLU), {-1, 0}),
        (x * large(ReLU), {-1, 0, 1}),
    ],
)
def test_signs(e, possible):
    assert signs(e) == possible


def test_large_arguments_are_resolved_as_small_ones_are():
    hinges = Add(*(ReLU(v - 1) for v in symbols("x:60")))
    assert not is_small(hinges)
    assert ReLU(hinges) == hinges
    assert ReLU(-hinges - 1) == 0
    assert ReLU(hinges + 1, c) == hinges + 1
    assert ReLU(hinges - 1).args == (hinges - 1,)
    assert ReLU(large(ReLU), c) == ReLU(large(ReLU).args[0]) == large(ReLU)


def test_one_sided():
    assert one_sided(nonneg + p + ReLU(x))
    assert one_sided(-nonneg - p)
    assert not one_sided(p + n)
    assert not one_sided(nonneg - p)
    assert not one_sided(p + x)


def chain(levels, k):
    e = Dummy()  # a fresh one, that no cache knows
    for _ in range(levels):
        e = ReLU(e / 2 + ReLU(e - 1) / 3 - k)
    return e


@pytest.mark.parametrize("k", [c, Rational(1, 7), 0.25], ids=str)
def test_deep_shared_expressions_are_built_without_walking_their_tree(k):
    # The tree of a chain of 300 levels has 2**300 leaves, and its depth is a
    # multiple of the recursion limit.
    e = chain(300, k)
    assert isinstance(e, ReLU)
    assert e.is_extended_nonnegative
    assert e.is_zero is None
    assert e.is_finite is None
    assert ReLU(e) is e
    assert ReLU(e + 1, c) == e + 1
    assert e.fdiff().args[0] is e.args[0]


def test_the_cost_of_a_sign_is_linear(monkeypatch):
    """Counts the visits of is_small, the only loop over nodes."""
    import symrelu.signs

    visits = []
    monkeypatch.setattr(
        symrelu.signs, "is_small", lambda e: visits.append(1) or is_small(e), raising=True
    )

    def cost(levels):
        visits.clear()
        e = chain(levels, Rational(1, 7))
        signs(e + e**2 - 1)
        return len(visits)

    assert cost(80) <= 2.1 * cost(40)


@pytest.mark.parametrize(
    ("e", "soon"),
    [
        (x, True),
        ((x + y) ** 10, True),
        ((x + y) ** 499, True),
        ((x + y) ** 500, False),
        ((x + y) ** -1000, True),
        ((x * y) ** 1000, True),
        ((x + y + 1) ** 60, False),
        ((x + y) ** 20 * (x - y) ** 20, True),
        ((x + y) ** 30 * (x - y) ** 30, False),
        (exp((x + y + 1) ** 60), False),
        (Add(*symbols("v:3000")), False),  # too large to look at
        (Tuple(x, x + y), True),
    ],
    ids=lambda e: str(e)[:40],
)
def test_what_is_soon_written_out(e, soon):
    assert is_soon_written_out(e) is soon


a, b = symbols("a b")  # not known to be real


@pytest.mark.parametrize(
    ("e", "soon"),
    [
        (tanh((a**4 + 1) ** -2), True),
        (tanh((a**4 + 1) ** -6), False),  # SymPy takes 5 seconds to ask whether it is finite
        ((a**4 + 1) ** -6, True),
        (exp(-((a - b) ** 2) / 2) * sin(a) ** 3, True),
        (1 / (1 + tanh((a + b) ** 10) ** 2), False),
        (Add(*symbols("v:3000")), False),
    ],
    ids=lambda e: str(e)[:40],
)
def test_what_sympy_answers_soon(e, soon):
    assert is_small(e) is soon
