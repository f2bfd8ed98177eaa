"""How a function of the entries is written: ``1/(1 + exp.(-Z))`` and not ``Lambda(...).(Z)``."""

from __future__ import annotations

from typing import Any

from sympy import Basic, Derivative, Expr, MatMul, Mul, S, Subs, Symbol, exp
from sympy.core.function import AppliedUndef, Function
from sympy.printing.precedence import PRECEDENCE, precedence

_SUM, _PRODUCT, _POWER, _FUNCTION, _ATOM = (
    PRECEDENCE[kind] for kind in ("Add", "Mul", "Pow", "Func", "Atom")
)


class Notation:
    """One language: the marks for what is done entry by entry."""

    def __init__(self, typesetting: Any, entries: dict[Basic, Any]) -> None:
        self.typesetting, self.entries = typesetting, entries
        self.printer = typesetting.printer

    times, between, dot = ".*", "*", "."

    def power(self, base: str, exponent: str) -> str:
        return f"{base}.**{exponent}"

    def parenthesized(self, text: str) -> str:
        return f"({text})"

    def call(self, name: str, args: list[str]) -> str:
        return f"{name}{self.dot}({', '.join(args)})"

    def name(self, kind: type) -> str:
        return kind.__name__

    # From the body to text

    def at(self, body: Expr, level: int) -> str:
        """The text, in parentheses where the place binds more tightly."""
        text = self.text(body)
        return self.parenthesized(text) if self.binding(body) < level else text

    def binding(self, body: Expr) -> int:
        if body in self.entries:
            return int(self.typesetting.binding(self.entries[body]))
        if not self.varies(body):
            return int(precedence(body))
        if isinstance(body, exp):
            return self.exp_binding
        if body.is_Pow and not _is_below(body):
            return _FUNCTION if body.exp is S.Half else _POWER
        return self.quotient_binding if self._is_quotient(body) else int(precedence(body))

    exp_binding, quotient_binding = _ATOM, _PRODUCT

    def _is_quotient(self, body: Expr) -> bool:
        """Whether nothing stands in front of it or after it."""
        scalar, varying = body.as_independent(*self.entries, as_Add=False)
        return scalar is S.One and any(map(_is_below, Mul.make_args(varying)))

    def text(self, body: Expr) -> str:
        if body in self.entries:
            return str(self.typesetting.text(self.entries[body]))
        if not self.varies(body):
            return str(self.printer._print(body))
        if body.is_Add:
            return self._sum(body)
        if body.is_Mul:
            return self._product(body)
        if body.is_Pow:
            return self._power(body)
        if isinstance(body, Function):
            return self.function(body)
        name, arg = derivative_of_a_function(body) or ("", body)
        if name:
            return self.call(self.name_of_symbol(name) + "'", [self.text(arg)])
        raise NotImplementedError  # a Piecewise, say

    def function(self, body: Expr) -> str:
        return self.call(self.name(type(body)), list(map(self.text, body.args)))

    def name_of_symbol(self, name: str) -> str:
        return name

    def varies(self, body: Expr) -> bool:
        return not body.free_symbols.isdisjoint(self.entries)

    def _sum(self, body: Expr) -> str:
        terms = [self.at(term, _SUM) for term in body.as_ordered_terms()]
        text = terms[0]
        for term in terms[1:]:
            text += f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}"
        return text

    def _power(self, body: Expr) -> str:
        if _is_below(body):
            return self.quotient("1", 1 / body)
        if body.exp is S.Half:
            return self.root(body.base)
        return self.power(self.at(body.base, _FUNCTION), self.at(body.exp, _ATOM))

    def root(self, body: Expr) -> str:
        return self.call("sqrt", [self.text(body)])

    def quotient(self, above: str, below: Expr) -> str:
        return f"{above}/{self.at(below, _POWER)}"

    def _product(self, body: Expr) -> str:
        scalar, varying = body.as_independent(*self.entries, as_Add=False)
        sign, scalar = ("-", -scalar) if scalar.could_extract_minus_sign() else ("", scalar)
        factors = _logistic(Mul.make_args(varying))
        above = [f for f in factors if not _is_below(f)]
        below = Mul(*(1 / f for f in factors if f not in above))
        alone = len(above) == 1 and below is S.One
        entry = self.entries.get(above[0]) if alone else None
        if entry is not None and sign and scalar is S.One:
            return self.typesetting.negated(entry)
        bare = alone and (scalar is S.One or isinstance(entry, MatMul))
        text = self.times.join(self.at(f, _PRODUCT if bare else _POWER) for f in above)
        if scalar is not S.One or not above:
            front = str(self.printer._print(scalar))
            front = self.parenthesized(front) if precedence(scalar) < _PRODUCT else front
            text = f"{front}{self.between}{text}" if above else front
        return sign + (text if below is S.One else self.quotient(text, below))


def _is_below(factor: Expr) -> bool:
    """Whether it stands in the denominator."""
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative)


def _logistic(factors: tuple[Expr, ...]) -> list[Expr]:
    """``1/(1 + exp(-t))`` for ``exp(t)/(1 + exp(t))``."""
    for above in factors:
        below = 1 / (1 + above)
        if isinstance(above, exp) and below in factors:
            rest = [f for f in factors if f not in (above, below)]
            return [*rest, 1 / (1 + exp(-above.args[0]))]
    return list(factors)


class Latex(Notation):
    """Textbook's: the power and the product of entries with a circle, a function as it is."""

    times, between, dot = r" \circ ", " ", ""
    exp_binding = quotient_binding = _POWER

    def power(self, base: str, exponent: str) -> str:
        return rf"{base}^{{\circ {exponent}}}"

    def root(self, body: Expr) -> str:
        return rf"\sqrt{{{self.text(body)}}}"

    def quotient(self, above: str, below: Expr) -> str:
        return rf"\frac{{{above}}}{{{self.text(below)}}}"

    def parenthesized(self, text: str) -> str:
        return rf"\left({text}\right)"

    def call(self, name: str, args: list[str]) -> str:
        return rf"{name}{{\left({','.join(args)} \right)}}"

    def name(self, kind: type) -> str:
        return str(self.printer._hprint_Function(kind.__name__))

    def name_of_symbol(self, name: str) -> str:
        return str(self.printer._print(Symbol(name)))

    def function(self, body: Expr) -> str:
        if isinstance(body, exp):
            return rf"e^{{\circ {self.at(body.args[0], _POWER)}}}"
        return super().function(body)


def derivative_of_a_function(body: Expr) -> tuple[str, Expr] | None:
    """The name of an undefined function, and the argument at which its derivative stands."""
    at: Expr | None = None
    if isinstance(body, Subs) and len(body.variables) == 1:
        (at,), body = body.point, body.expr
    if not (isinstance(body, Derivative) and body.derivative_count == 1):
        return None
    inside = body.expr
    if not (isinstance(inside, AppliedUndef) and inside.args == body.variables):
        return None
    return type(inside).__name__, body.variables[0] if at is None else at
