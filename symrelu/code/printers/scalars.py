"""Numbers and their arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isinf

from sympy import Add, Basic, Expr, Float, Integer, Mul, Pow, Rational, S
from sympy.core.numbers import ComplexInfinity, Infinity, NaN, NegativeInfinity, NumberSymbol
from sympy.logic.boolalg import BooleanAtom

from symrelu.code.engines import ATOM, POWER, PRODUCT, SUM, Code
from symrelu.code.lower import Smaller
from symrelu.code.printers.rules import Entrywise, Rule, Target, is_negated, is_number, rule
from symrelu.function import ReLU
from symrelu.matrices.algebra import power
from symrelu.signs import is_small


def constant(engine: Target, node: Basic) -> Rule | None:
    """A number like ``sqrt(2)`` as one of Python's, which leaves the dtype to the arrays."""
    if engine.exact or not is_number(node):
        return None
    if isinstance(node, NumberSymbol) and engine.named_constants:
        return None  # numpy.pi
    try:
        value = float(node)
    except TypeError:  # a complex one
        return None
    return Rule([Float(value)]) if isfinite(value) else None


_DIGITS = 10**4000  # Python reads no longer ones


@rule.register(Integer)
def _(node: Integer, engine: Target) -> Rule:
    if not engine.exact and abs(node.p) >= (_DIGITS if engine.big else 2**63):
        return _large(node, engine)
    text = _digits(node.p)
    return Entrywise((), lambda: Code(text, PRODUCT if text.startswith("-") else ATOM))


def _digits(p: int) -> str:
    return str(p) if abs(p) < _DIGITS else hex(p)


def _large(node: Expr, engine: Target) -> Rule:
    if isinf(float(node)):
        raise NotImplementedError(f"lambdify: {engine.name} has no number as large as 1e308")
    return Rule([Float(node)])


@rule.register(BooleanAtom)
def _(node: Basic, engine: Target) -> Rule:
    text = str(node)
    return Entrywise((), lambda: Code(text))


@rule.register(Rational)
def _(node: Rational, engine: Target) -> Rule:
    if not engine.exact and max(abs(node.p), node.q) >= 2**53:
        return Rule([Float(node)])
    one = engine.row.call("integer", _digits(node.p))
    return Entrywise((), lambda: Code(f"{one}/{_digits(node.q)}", PRODUCT))


@rule.register(Float)
def _(node: Basic, engine: Target) -> Rule:
    if engine.exact:
        return rule.dispatch(object)(node, engine)
    if isinf(float(node)):
        return Rule([S.Infinity if node.is_positive else S.NegativeInfinity])
    text = engine.row.call("constant", repr(float(node)))
    return Entrywise((), lambda: Code(text, PRODUCT if node.is_negative else ATOM))


@rule.register(ComplexInfinity)
def _(node: Expr, engine: Target) -> Rule:
    raise NotImplementedError(f"lambdify: {engine.name} has no number zoo, complex infinity")


@rule.register(NaN)
@rule.register(Infinity)
@rule.register(NegativeInfinity)
def _(node: Expr, engine: Target) -> Rule:
    if engine.bind:  # it looks names up around the call
        name = engine.functions.provide("constant", float(node))
        return Entrywise((), lambda: Code(name))
    return rule.dispatch(object)(node, engine)


_LINE = 40  # terms or factors that go on one line; Python's parser nests them


def join(parts: list[str], between: str) -> str:
    while len(parts) > _LINE:
        groups = [parts[i : i + _LINE] for i in range(0, len(parts), _LINE)]
        parts = [f"({between.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return between.join(parts)


@rule.register(Add)
def _(node: Expr, engine: Target) -> Rule:
    def write(*terms: Code) -> Code:
        # a number last, and what is subtracted not first
        texts = sorted(
            (term.at(PRODUCT) for term in terms),
            key=lambda text: (text.startswith("-"), text.lstrip("-")[:1].isdigit()),
        )
        text = join(texts, " + ")
        return Code(text.replace(" + -", " - "), SUM)

    return Entrywise(node.args, write)


@rule.register(Mul)
def _(node: Expr, engine: Target) -> Rule:
    if node in engine.shared_products:
        return Entrywise(engine.shared_products[node], multiple)
    if engine.kernels and (without := _without_minus(node)) is not None:
        return Rule([without])
    if not (node.args[0].is_Number or any(factor.is_Pow for factor in node.args)):
        return Entrywise(node.args, _product)
    number, rest = node.as_coeff_mul(rational=True)
    if number is S.One and len(rest) == 1:  # unevaluated: no product, and so nothing new
        return Rule(rest)
    above, below = [], []
    for factor in _one_number(rest, engine):
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, S.One)
        if exponent.is_Rational and exponent.is_negative:
            below.append(power(base, -exponent))
        else:
            above.append(factor)

    def write(*codes: Code) -> Code:
        above_number, below_number = _coefficient(number, not above, bool(below), node, engine)
        up = [*above_number, *(as_factor(code) for code in codes[: len(above)])]
        divisors = codes[len(above) :]
        alone = not below_number and len(divisors) == 1
        down = [*below_number, *(c.at(POWER) if alone else as_factor(c) for c in divisors)]
        text = join(up, "*")
        if down:
            divisor = Code(join(down, "*"), PRODUCT if len(down) > 1 else POWER)
            if below and node in engine.guarded:
                dividend = Code(text, PRODUCT if len(up) > 1 else POWER)
                text = engine.row.call("divide", dividend, divisor)
            else:
                text += f"/{divisor.at(POWER)}"
        return Code("-" + text if number.is_negative else text, PRODUCT)

    return Entrywise([*above, *below], write)


def _without_minus(node: Expr) -> Expr | None:
    """``-c*ReLU(-x)`` as ``c`` times the smaller of x and 0."""
    for factor in node.args if node.args[0].is_Number and node.args[0].is_negative else ():
        if isinstance(factor, ReLU) and is_negated(factor.args[0]):
            smaller = -Smaller(factor.args[0].args[1], S.Zero)
            return Mul(*(smaller if arg is factor else arg for arg in node.args))
    return None


def _product(*codes: Code) -> Code:
    return Code(join([*map(as_factor, codes)], "*"), PRODUCT)


def _one_number(factors: Sequence[Expr], engine: Target) -> Sequence[Expr]:
    """The factors, with one float for numbers by which the product would be divided."""
    roots = [f for f in factors if f.is_Pow and is_number(f)]
    if engine.exact or not any(root.exp.is_negative for root in roots):
        return factors
    numbers = [f for f in factors if is_number(f) and f.is_real]
    value = float(Mul(*numbers))
    others = [f for f in factors if f not in numbers]
    return [Float(value), *others] if isfinite(value) and value else factors


def _coefficient(
    number: Rational, alone: bool, divided: bool, node: Basic, engine: Target
) -> tuple[list[str], list[str]]:
    """The size of a rational factor: what is multiplied by, and what is divided by.

    An integer times an array of small integers overflows where a float does not.  A quotient
    is one number, as to multiply takes less time than to divide; but where a kink depends on the
    product, it is so only if it is exact: (1/49)*49 is less than 1.
    """
    p, q = abs(number.p), number.q
    if engine.exact:
        text = _digits(p)
        one: list[str] = [engine.row.call("integer", text)] if q != 1 or divided else [text]
        return one if p != 1 or q != 1 or alone or divided else [], [_digits(q)] * (q != 1)
    if q == 1:
        if p >= 2**63 and not engine.big:
            return [repr(float(_finite(p, engine)))], []
        return [str(p)] * (p != 1 or alone), []
    if not alone and q & (q - 1) and max(p, q) < 65504 and node in engine.below:
        return [f"{p}.0"] * (p != 1), [str(q)]
    if max(p, q) < 2**53:
        return [f"({p}/{q})"], []
    return [repr(float(abs(number)))], []


def _finite(p: int, engine: Target) -> float:
    try:
        return float(p)
    except OverflowError:
        raise NotImplementedError(
            f"lambdify: {engine.name} has no number as large as 1e308"
        ) from None


def as_factor(code: Code) -> str:
    if code.level == ATOM:
        return code
    return code.at(POWER if code.startswith("-") else _beside_a_product(code))


def first_factor(code: Code) -> str:
    """A factor with nothing on its left, so that a minus stands as it is."""
    return code.at(_beside_a_product(code))


def _beside_a_product(code: Code) -> int:
    return POWER if "/" in code or "@" in code else PRODUCT


@rule.register(Pow)
def _(node: Expr, engine: Target) -> Rule:
    if number := constant(engine, node):
        return number
    base, exponent = node.args
    if exponent.is_Rational and exponent.is_negative:
        one = Code(engine.row.call("integer", "1"))

        def inverse(code: Code) -> Code:
            if node in engine.guarded:
                divided = engine.row.call("divide", one, code)
                return Code(divided, PRODUCT)
            return Code(f"{one}/{code.at(POWER)}", PRODUCT)

        return Entrywise([power(base, -exponent)], inverse)
    if exponent is S.Half:
        return Entrywise([base], lambda code: engine.call("sqrt", code))
    if engine.products and exponent in POWERS:
        return by_products(node)
    return Entrywise(
        [base, exponent],
        lambda b, e: Code(f"{b.at(ATOM)}**{raised(exponent, e, engine).at(ATOM)}", POWER),
    )


def raised(exponent: Expr, code: Code, engine: Target) -> Code:
    """The code of an exponent: some engines give 0 for a negative power of an integer."""
    is_safe = is_small(exponent) and (exponent.is_number or exponent.is_nonnegative)
    return code if is_safe else engine.call("exponent", code)


POWERS = range(3, 33)  # that are computed by products; further on their roundings add up


def by_products(node: Expr) -> Rule:
    """A power as a square, of a power that others may need too, or as a product."""
    base, exponent = node.args
    if exponent == 3:
        return Entrywise([base], lambda b: Code("*".join([b.at(POWER)] * 3), PRODUCT), repeats=True)
    half, is_odd = divmod(int(exponent), 2)
    if is_odd:
        return Entrywise([node.func(base, exponent - 1), base], multiple)
    return Entrywise([node.func(base, half)], lambda b: Code(f"{b.at(ATOM)}**2", POWER))


def multiple(c: Code, code: Code, times: str = "*") -> Code:
    """A number in front of a matrix, or of a sum."""
    if c == "-1":  # of the first factor as of them all
        return Code(f"-{as_factor(code)}", PRODUCT)
    if c.startswith("-") and c.level == PRODUCT and "*" not in c:
        positive = Code(c[1:], PRODUCT if "/" in c else ATOM)
        return Code(f"-{multiple(positive, code, times)}", PRODUCT)
    return Code(f"{first_factor(c)}{times}{code.at(POWER)}", PRODUCT)
