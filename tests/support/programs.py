"""Random programs, and what they are worth by arithmetic that builds no expression.

A program is a nested tuple such as ``("relu", ("add", ("var", 0), ("number", 1)), H0)``,
of integers and fractions.  ``run`` gives it a meaning: a SymPy expression, an exact
number, a number with its slopes, or what it is on one side of a point.
"""

import operator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

from hypothesis import assume, settings
from hypothesis import strategies as st
from sympy import Abs, Max, Min, Piecewise, Pow, Rational, symbols

from symrelu import ReLU

x, y = symbols("x y", real=True)
# What stands twice is drawn twice as often.
RELUS = "relu relu add mul scale square"
LINEAR = "relu abs max min add scale"
KINKED = "relu abs max min add mul scale square"

points = st.fractions(-3, 3, max_denominator=2)
slopes = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)])
factors = st.fractions(-2, 2, max_denominator=3)
integers = st.integers(-2, 2)

# Such that the value of a program without squares is exact in floating point.
halves = st.sampled_from([Fraction(k, 2) for k in range(-4, 5)])
in_floats = {
    "points": halves,
    "factors": halves,
    "slopes": st.sampled_from([Fraction(k, 2) for k in range(4)]),
}


def examples(cost):
    """How many to try of a property that costs so many times what a cheap one does."""
    usual = settings().max_examples
    return settings(max_examples=max(usual // cost, min(usual, 20)))


@st.composite
def marked(
    draw, operations=RELUS, variables=1, depth=3, slopes=slopes, factors=factors, numbers=integers
):
    """A program with a kink; in ``("kink", a)`` something is still to be set to 0."""
    leaves = ["var"] if numbers is None else ["var", "number"]

    def node(depth):
        def inner():
            return node(depth - 1)

        def zero():
            return ("kink", inner()) if draw(st.booleans()) else inner()

        match draw(st.sampled_from(["var", *operations.split()] if depth else leaves)):
            case "var" as name:
                return name, draw(st.integers(0, variables - 1))
            case "number" as name:
                return name, draw(numbers)
            case "relu" as name:
                return name, zero(), draw(slopes)
            case "scale" as name:
                return name, draw(factors), inner()
            case "where" as name:
                return name, inner(), inner(), zero()
            case "max" | "min" as name:
                a, b = inner(), zero()
                return name, a, ("add", a, b) if b[0] == "kink" else b
            case "abs" as name:
                return name, zero()
            case "square" as name:
                return name, inner()
            case name:
                return name, inner(), inner()

    program = node(depth)
    return program if _is_kinked(program) else ("relu", ("kink", program), draw(slopes))


def _is_kinked(program):
    name, *operands = program
    kinked = name in ("relu", "abs", "max", "min", "where")
    return kinked or any(_is_kinked(a) for a in operands if isinstance(a, tuple))


def at_kinks(program, at):
    """Subtract from what is marked its value at a point."""
    name, *operands = program
    operands = [at_kinks(a, at) if isinstance(a, tuple) else a for a in operands]
    if name == "kink":
        return ("add", *operands, ("number", -exact(*operands, *at)))
    return (name, *operands)


def unmarked(program):
    name, *operands = program
    operands = [unmarked(a) if isinstance(a, tuple) else a for a in operands]
    return operands[0] if name == "kink" else (name, *operands)


def cases(operations=RELUS, variables=1, points=points, count=1, **choices):
    """Programs, and a point where about half of their kinked functions have a kink."""
    drawn = [marked(operations, variables, **choices)] * count
    return st.tuples(st.tuples(*[points] * variables), *drawn).map(
        lambda case: (*(at_kinks(program, case[0]) for program in case[1:]), case[0])
    )


def programs(*args, **choices):
    return cases(*args, **choices).map(lambda case: case[0])


def total(terms):
    """The program that adds others up."""
    result = ("number", 0)
    for term in terms:
        result = ("add", result, term)
    return result


def hinges(variables=1, weights=integers, slopes=slopes):
    """Sums of multiples of rectified affine functions, and an affine function."""

    def affine(coefficients):
        *factors, constant = coefficients
        terms = [("scale", k, ("var", n)) for n, k in enumerate(factors) if k]
        return total([*terms, ("number", constant)])

    affines = st.tuples(*[integers] * (variables + 1)).map(affine)
    relus = st.tuples(st.just("relu"), affines, slopes)
    terms = st.lists(st.tuples(st.just("scale"), weights, relus), max_size=4).map(total)
    return st.tuples(st.just("add"), affines, terms)


def run(program, variables, meaning):
    name, *operands = program
    if name == "var":
        return variables[operands[0]]
    values = (run(a, variables, meaning) if isinstance(a, tuple) else a for a in operands)
    return getattr(meaning, name)(*values)


def rational(fraction):
    return Rational(fraction.numerator, fraction.denominator)


class Numbers:
    """Exact, or of whatever kind the variables are."""

    add, mul = staticmethod(operator.add), staticmethod(operator.mul)
    abs, max, min = staticmethod(abs), staticmethod(max), staticmethod(min)

    def number(self, k):
        return k

    def scale(self, k, a):
        return self.mul(self.number(k), a)

    def square(self, a):
        return self.mul(a, a)

    def relu(self, a, H0):
        return max(a, 0)

    def where(self, a, b, condition):
        return a if condition > 0 else b


class Expressions(Numbers):
    abs, max, min = Abs, Max, Min

    def __init__(self, H0=None, evaluate=True):
        self.H0, self.evaluate = H0, evaluate

    def number(self, k):
        return rational(k)

    def mul(self, a, b):
        product = a * b
        # SymPy's derivative of a power divides by the base.
        assume(not any(power.base.is_zero for power in product.atoms(Pow)))
        return product

    def relu(self, a, H0):
        H0 = rational(H0) if self.H0 is None else self.H0
        # Of a number at once: there is nothing to put in later.
        return ReLU(a, H0, evaluate=self.evaluate or a.is_number)

    def where(self, a, b, condition):
        return Piecewise((a, condition > 0), (b, True))


@dataclass
class Dual:
    """A number with its slopes by the variables."""

    value: Fraction
    slopes: tuple

    @classmethod
    def sum(cls, value, *terms):
        """A value whose slopes are a weighted sum of those of others."""
        weighted = ([weight * slope for slope in dual.slopes] for weight, dual in terms)
        return cls(value, tuple(map(sum, zip(*weighted, strict=True))))


class Duals(Numbers):
    """Forward mode, with the chosen slope at a kink."""

    def __init__(self, H0=None, variables=2):
        self.H0, self.variables = H0, variables

    def number(self, k):
        return Dual(k, (0,) * self.variables)

    def add(self, a, b):
        return Dual.sum(a.value + b.value, (1, a), (1, b))

    def mul(self, a, b):
        return Dual.sum(a.value * b.value, (b.value, a), (a.value, b))

    def relu(self, a, H0):
        H0 = H0 if self.H0 is None else self.H0
        return Dual.sum(max(a.value, 0), (1 if a.value > 0 else 0 if a.value < 0 else H0, a))

    def abs(self, a):
        return Dual.sum(abs(a.value), ((a.value > 0) - (a.value < 0), a))

    def where(self, a, b, condition):
        return a if condition.value > 0 else b


class Germs(Numbers):
    """What a function of one variable is on one side of a point: coefficients in t > 0.

    Every program without ``where`` is a polynomial there.
    """

    def __init__(self):
        self.at_kink = False

    def number(self, k):
        return _trimmed([k])

    def add(self, a, b):
        return _trimmed([v + w for v, w in zip_longest(a, b, fillvalue=0)])

    def mul(self, a, b):
        product = [0] * (len(a) + len(b))
        for i, v in enumerate(a):
            for j, w in enumerate(b):
                product[i + j] += v * w
        return _trimmed(product)

    def _is_positive(self, a):
        self.at_kink |= a[:1] == [0] or not a
        return next((v for v in a if v != 0), 0) > 0

    def relu(self, a, H0):
        return a if self._is_positive(a) else []

    def max(self, a, b):
        return a if self._is_positive(self.add(a, self.scale(-1, b))) else b

    def min(self, a, b):
        return b if self._is_positive(self.add(a, self.scale(-1, b))) else a

    def abs(self, a):
        return a if self._is_positive(a) else self.scale(-1, a)


def _trimmed(coefficients):
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    return coefficients


def build(program, variables=(x, y), **choices):
    """The SymPy expression."""
    return run(program, variables, Expressions(**choices))


def exact(program, *at):
    return run(program, at, Numbers())


def dual(program, *at, H0=None):
    """The value and the slopes at a point, exactly."""
    n = len(at)
    units = [Dual(v, tuple(int(i == k) for i in range(n))) for k, v in enumerate(at)]
    result = run(program, units, Duals(H0, n))
    return result.value, list(result.slopes)


def germ(program, at, direction, degree=0):
    """The coefficients in t of what it is at ``at + t*direction``, for small t > 0."""
    coefficients, _ = _germ(program, at, direction)
    return (coefficients + [0] * degree)[: degree or None]


def is_smooth(program, *at):
    """Whether no argument of a kinked function is 0 at a point."""
    return not _germ(program, at, [0] * len(at))[1]


def _germ(program, at, direction):
    meaning = Germs()
    lines = [_trimmed([v, d]) for v, d in zip(at, direction, strict=True)]
    return run(program, lines, meaning), meaning.at_kink


def exactly(expr, *at):
    """The value of an expression at a point."""
    return expr.subs({v: rational(k) for v, k in zip((x, y), at, strict=False)})
