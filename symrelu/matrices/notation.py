"""How a function of the entries is written: ``1/(1 + exp.(-Z))`` and not ``Lambda(...).(Z)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Basic, Derivative, Expr, Mul, S, Subs, Symbol, exp
from sympy.core.function import AppliedUndef, Function
from sympy.printing.precedence import PRECEDENCE, precedence

_SUM, _PRODUCT, _POWER, _ATOM = (PRECEDENCE[k] for k in ("Add", "Mul", "Pow", "Atom"))


class Notation:
    """One language: the marks for what is done entry by entry."""

    def __init__(self, printer: Any, entries: dict[Basic, Any]) -> None:
        self.printer, self.entries = printer, entries

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
            return int(precedence(self.entries[body]))
        if isinstance(body, exp):
            return self.exp_binding
        return int(precedence(body))

    exp_binding = _ATOM

    def text(self, body: Expr) -> str:
        if body in self.entries:
            return str(self.printer._print(self.entries[body]))
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
            text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
        return text

    def _power(self, body: Expr) -> str:
        if body.exp is S.NegativeOne:
            return self.quotient("1", body.base)
        return self.power(self.at(body.base, _ATOM), self.at(body.exp, _ATOM))

    def quotient(self, above: str, below: Expr) -> str:
        return f"{above}/{self.at(below, _POWER)}"

    def _product(self, body: Expr) -> str:
        scalar, varying = body.as_independent(*self.entries, as_Add=False)
        sign, scalar = ("-", -scalar) if scalar.could_extract_minus_sign() else ("", scalar)
        factors = Mul.make_args(varying)
        above = [f for f in factors if not (f.is_Pow and f.exp is S.NegativeOne)]
        below = Mul(*(f.base for f in factors if f not in above))
        alone = len(above) == 1 and below is S.One
        text = self.times.join(self.at(f, _PRODUCT if alone else _POWER) for f in above)
        if scalar is not S.One or not above:
            front = str(self.printer._print(scalar))
            front = self.parenthesized(front) if precedence(scalar) < _PRODUCT else front
            text = f"{front}{self.between}{text}" if above else front
        return sign + (text if below is S.One else self.quotient(text, below))


class Latex(Notation):
    """Textbook's: the power and the product of entries with a circle, a function as it is."""

    times, between, dot = r" \circ ", " ", ""
    exp_binding = _POWER

    def power(self, base: str, exponent: str) -> str:
        return rf"{base}^{{\circ {exponent}}}"

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


def written(
    notation: Callable[..., Notation], printer: Any, body: Expr, entries: dict[Basic, Any]
) -> str | None:
    """The text, or None if there is no notation for something in the body."""
    try:
        return notation(printer, entries).text(body)
    except NotImplementedError:
        return None
