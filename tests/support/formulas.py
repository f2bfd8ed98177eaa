"""Random formulas as people write them, and what they are worth by plain arithmetic.

``value`` walks the tree as it stands, evaluated by SymPy or not, with mpmath's numbers; it shares
nothing with the code that is tested.
"""

import functools
import operator

import mpmath
from sympy import (
    ITE,
    Abs,
    Add,
    And,
    Basic,
    Float,
    Heaviside,
    Integer,
    Max,
    Min,
    Mod,
    Mul,
    Not,
    Or,
    Piecewise,
    Pow,
    Rational,
    Symbol,
    ceiling,
    cos,
    exp,
    floor,
    log,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from symrelu import ReLU

VARIABLES = symbols("x y z")
NUMBERS = [
    *(Integer(k) for k in (-3, -2, -1, 1, 2, 3, 7)),
    *(Rational(p, q) for p, q in ((1, 2), (-1, 2), (2, 3), (-7, 5), (1, 49))),
    *(Float(v) for v in ("-1.5", "0.5", "2.25")),
]
_DYADIC = [Integer(-2), Integer(-1), Integer(1), Integer(2), Rational(1, 2), Rational(3, 2)]
_SMOOTH = [
    sin,
    cos,
    tanh,
    lambda a: exp(tanh(a)),
    lambda a: log(a**2 + 1),
    lambda a: sqrt(a**2 + 1),
]
_KINKED = [
    ReLU,
    lambda a: ReLU(a, Rational(1, 2)),
    Abs,
    lambda a: Max(a, 1),
    lambda a: Min(a, 2, -a),
]
_KINDS = [
    "sum", "sum", "product", "product", "negation", "quotient", "quotient", "power",
    "smooth", "kink", "choice",
]  # fmt: skip
_STEPS = [sign, floor, ceiling, lambda a: Heaviside(a, 0), lambda a: Mod(a, 3)]


def formula(rng, depth, steps=True):
    """A formula, whose products, powers and sums SymPy has evaluated or left as they are."""

    def part(less=1):
        return formula(rng, depth - less, steps)

    if depth <= 0:
        return rng.choice(VARIABLES) if rng.random() < 0.75 else rng.choice(NUMBERS)
    evaluate = rng.random() < 0.7
    kinds = [*_KINDS, "step", "condition"] if steps else _KINDS
    kind = rng.choice(kinds)
    if kind == "sum":
        return Add(*(part() for _ in range(rng.choice((2, 3)))), evaluate=evaluate)
    if kind == "product":
        return Mul(*(part() for _ in range(rng.choice((2, 3)))), evaluate=evaluate)
    if kind == "negation":
        return Mul(-1, part(), evaluate=evaluate)
    if kind == "quotient":
        below = Pow(part(), -rng.choice((1, 1, 2, 3, 4)), evaluate=evaluate)
        return Mul(part(), below, *([part(2)] if rng.random() < 0.3 else []), evaluate=evaluate)
    if kind == "power":
        return Pow(part(), rng.choice((2, 2, 3, 4, 5, -1, -2, Rational(1, 2))), evaluate=evaluate)
    if kind == "condition":
        return Mul(Piecewise((1, condition(rng, depth - 1)), (0, True)), part(), evaluate=evaluate)
    if kind == "choice":
        return Piecewise((part(), condition(rng, depth - 1)), (part(), True))
    return rng.choice({"smooth": _SMOOTH, "kink": _KINKED, "step": _STEPS}[kind])(part())


def condition(rng, depth):
    def compared():
        relation = rng.choice((operator.gt, operator.ge, operator.lt, operator.le))
        return relation(formula(rng, depth - 1, False), formula(rng, depth - 2, False))

    kind = rng.choice(("one", "one", "and", "or", "not"))
    if kind == "one":
        return compared()
    if kind == "not":
        return Not(compared())
    return {"and": And, "or": Or}[kind](compared(), compared())


class NoNumberError(ArithmeticError):
    """What has no real value at a point, or none that floating point could find."""


def value(expr, at, fits=lambda v: v == 0 or 1e-6 < abs(v) < 1e8):
    """The value at a point, of real numbers of 40 digits, all of which must fit."""
    with mpmath.workdps(40):
        return _value(expr, {**at, _FITS: fits}, {})


def is_dyadic(number):
    """Whether a float of 16 bits has it."""
    return abs(number) <= 64 and number * 16 == int(number * 16)


_FITS = object()


def _value(expr, at, known):
    if expr in known:
        return known[expr]
    result = known[expr] = _computed(expr, at, known)
    if isinstance(result, mpmath.mpc) or not (isinstance(result, bool) or at[_FITS](result)):
        raise NoNumberError(expr)
    return result


def _computed(expr, at, known):
    if isinstance(expr, Symbol):
        return mpmath.mpf(at[expr])
    if isinstance(expr, Rational):
        return mpmath.mpf(expr.p) / expr.q
    if isinstance(expr, (Float, NumberSymbol)):
        return mpmath.mpf(expr.evalf(40)._mpf_)
    if isinstance(expr, BooleanAtom):
        return bool(expr)
    if isinstance(expr, Piecewise):
        for branch, holds in expr.args:
            if holds == True or _value(holds, at, known):  # noqa: E712
                return _value(branch, at, known)
        raise NoNumberError(expr)
    if isinstance(expr, ITE):
        return _value(expr.args[1 if _value(expr.args[0], at, known) else 2], at, known)
    args = [_value(arg, at, known) if isinstance(arg, Basic) else arg for arg in expr.args]
    try:
        return _OPERATIONS[type(expr)](*args)
    except ZeroDivisionError:
        raise NoNumberError(expr) from None


def _at_a_jump(a, b):
    if a != b and abs(a - b) < 1e-6:
        raise NoNumberError
    return a - b


def _step(a, H0=0.5):
    return 1 if a > 0 else 0 if a < 0 else H0


def _whole(rounded):
    def of(a):
        _at_a_jump(a, mpmath.nint(a))
        return rounded(a)

    return of


_OPERATIONS = {
    Add: lambda *a: functools.reduce(operator.add, a),
    Mul: lambda *a: functools.reduce(operator.mul, a),
    Pow: lambda a, b: a**b,
    exp: mpmath.exp,
    log: mpmath.log,
    sin: mpmath.sin,
    cos: mpmath.cos,
    tanh: mpmath.tanh,
    Abs: abs,
    sign: mpmath.sign,
    Max: max,
    Min: min,
    floor: _whole(mpmath.floor),
    ceiling: _whole(mpmath.ceil),
    Mod: lambda a, b: _whole(lambda t: a - b * mpmath.floor(t))(a / b),
    ReLU: lambda a, *H0: max(a, mpmath.mpf(0)),
    Heaviside: _step,
    And: lambda *a: all(a),
    Or: lambda *a: any(a),
    Not: operator.not_,
}
for _kind, _relation in (
    (">", operator.gt),
    (">=", operator.ge),
    ("<", operator.lt),
    ("<=", operator.le),
):
    _OPERATIONS[Relational.ValidRelationOperator[_kind]] = (
        lambda a, b, r=_relation: bool(r(_at_a_jump(a, b), 0))
    )  # fmt: skip


def line(rng, depth):
    """A formula whose values are dyadic and small, so that floats of any width have them."""
    if depth <= 0:
        return rng.choice((*VARIABLES, *VARIABLES, *_DYADIC))
    a, b = line(rng, depth - 1), line(rng, depth - 2)
    made = [a + b, a - b, rng.choice(_DYADIC) * a, a * b, a**2, Max(a, b), Min(a, b), Abs(a)]
    made += [
        ReLU(a, rng.choice((0, 0, Rational(1, 2), 1))),
        a / 2,
        Piecewise((a, a > b), (b, True)),
    ]
    return rng.choice(made)
