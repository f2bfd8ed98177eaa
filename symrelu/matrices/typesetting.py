"""How a formula of matrices is written: as in a textbook, and each part of it once.

SymPy's printers write a shared part as often as it occurs, and ask for each product whether it
could be multiplied out.  What ``dressed`` has seen is written here instead, through the hooks that
these printers have: in time linear in the text, and where the text itself would be as long as a
book, with names for the parts that recur.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any, ClassVar

from sympy import (
    Basic,
    Dummy,
    Expr,
    HadamardPower,
    HadamardProduct,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Symbol,
    Transpose,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.printing.precedence import PRECEDENCE, precedence, precedence_traditional
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.printer import printer_context

from symrelu.graph import postorder
from symrelu.matrices.notation import Latex, Notation
from symrelu.signs import has_few_nodes, is_small

_SUM, _PRODUCT, _POWER, _FUNCTION, _ATOM = (
    PRECEDENCE[kind] for kind in ("Add", "Mul", "Pow", "Func", "Atom")
)
_LONG = 3000  # nodes of a tree, of which nobody reads the text
_ENTRY = Dummy("d")


class Typesetting:
    """The texts of the parts of a formula, in one language; here SymPy's of ``str``."""

    notation: type[Notation] = Notation
    times, equals, where, between = "*", " = ", ", where ", ", "

    def __init__(self, printer: Any) -> None:
        self.printer = printer
        self.texts: dict[Basic, str] = {}
        self.names: dict[Basic, str] = {}
        self.definitions: list[str] = []

    # The whole

    def formula(self, root: Basic) -> str:
        """The text, followed by what its names mean if it has any."""
        if not has_few_nodes(root, _LONG):
            self.names = dict(zip(_recurring(root), self._free_names(root), strict=False))
        text = self.text(root)
        return text + self.where * bool(self.definitions) + self.between.join(self.definitions)

    def text(self, root: Basic) -> str:
        if root not in self.texts:
            for node in postorder(root):
                if node not in self.texts and (rule := _rule(node)):
                    self._write(node, rule)
        return self.texts.get(root) or str(self.printer._print(root))

    def _write(self, node: Basic, rule: str) -> None:
        self.texts[node] = text = getattr(self, rule)(node)
        if node in self.names:
            self.texts[node] = name = self.names[node]
            self.definitions.append(name + self.equals + text)

    def _free_names(self, root: Basic) -> Iterator[str]:
        taken = {str(node) for node in postorder(root) if isinstance(node, (Symbol, MatrixSymbol))}
        return (self.name(f"t{k}") for k in count() if f"t{k}" not in taken)

    def name(self, name: str) -> str:
        return name

    # How tightly a part binds

    def at(self, node: Basic, level: int) -> str:
        """The text, in parentheses where the place binds more tightly."""
        text = self.text(node)
        return self.parenthesized(text) if self.binding(node) < level else text

    def binding(self, node: Basic) -> int:
        if node in self.names:
            return _ATOM
        if isinstance(node, ElementwiseApplyFunction):
            return self.notation(self, _entries(node)).binding(node.function.expr)
        if isinstance(node, HadamardPower) and not node.exp.is_Matrix:
            return self._power(node)[0].binding(_ENTRY**node.exp)
        if isinstance(node, MatMul) and _taken_apart(node)[0]:
            return _SUM
        if isinstance(node, Transpose) and isinstance(node.arg, MatPow):
            return _POWER
        return self.levels.get(type(node)) or self.binding_of_sympy(node)

    def negated(self, node: Expr) -> str:
        """The text of the negative."""
        if isinstance(node, MatMul) and self.binding(node) == _SUM:
            return self.text(node)[1:].lstrip()
        if isinstance(node, MatAdd) and any(self.text(term).startswith("-") for term in node.args):
            return self._sum([self.negated(term) for term in node.args])
        by_ones = isinstance(node, MatMul) and isinstance(node.args[0], OneMatrix)
        return "-" + self.at(node, _PRODUCT + by_ones)  # -1*x would be something else

    levels: ClassVar = {
        MatAdd: _SUM, MatMul: _PRODUCT, HadamardProduct: _ATOM, Transpose: _FUNCTION,
        Inverse: _POWER,
    }  # fmt: skip

    def binding_of_sympy(self, node: Basic) -> int:
        return int(precedence(node))

    def parenthesized(self, text: str) -> str:
        return f"({text})"

    # The parts

    def product(self, node: MatMul) -> str:
        sign, above, below, factors = _taken_apart(node)
        text = self.times.join(self.at(factor, _PRODUCT + 1) for factor in factors)
        ones = isinstance(factors[0], OneMatrix), isinstance(factors[-1], OneMatrix)
        if below is not S.One and any(ones):  # a*1/2 would be something else
            above, below = above / below, S.One
        if ones[0] and above is S.One and sign and factors[1:]:  # and so would be -1*a
            text = self.parenthesized(text)
        front = "" if above is S.One else self.at(above, _PRODUCT) + self.times
        return sign + front + text + ("" if below is S.One else f"/{self.at(below, _PRODUCT + 1)}")

    def sum(self, node: MatAdd) -> str:
        return self._sum([self.at(term, _SUM) for term in node.args])

    def _sum(self, terms: list[str]) -> str:
        text, *others = sorted(terms, key=lambda term: term.startswith("-"))
        for term in others:
            text += f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}"
        return text

    def entrywise(self, node: HadamardProduct) -> str:
        return f"HadamardProduct({', '.join(map(self.text, node.args))})"

    def transpose(self, node: Transpose) -> str:
        if isinstance(node.arg, MatPow) and node.arg not in self.names:
            base, exponent = node.arg.args
            return f"{self.at(base, _FUNCTION)}.T**{self.at(exponent, _ATOM)}"
        return f"{self.at(node.arg, _FUNCTION)}.T"

    def inverse(self, node: Inverse) -> str:
        return f"{self.at(node.arg, _FUNCTION)}**(-1)"

    def power(self, node: HadamardPower) -> str:
        if node.exp.is_Matrix:
            return f"HadamardPower({self.text(node.base)}, {self.text(node.exp)})"
        notation, body = self._power(node)
        return notation.text(body)

    def _power(self, node: HadamardPower) -> tuple[Notation, Expr]:
        return self.notation(self, {_ENTRY: node.base}), _ENTRY**node.exp

    def function(self, node: ElementwiseApplyFunction) -> str:
        try:
            return self.notation(self, _entries(node)).text(node.function.expr)
        except NotImplementedError:  # no notation for a Piecewise, say
            variable, *others = node.function.variables
            body = node.function.expr.xreplace(dict(zip(others, node.args[2:], strict=True)))
            return self.mapping.format(*map(self.text, (variable, body, node.expr)))

    mapping = "({} -> {}).({})"


class Tex(Typesetting):
    """LaTeX."""

    notation = Latex
    times, where, between = " ", r",\quad\text{where}\quad ", r",\; "
    mapping = r"\left({} \mapsto {}\right)_{{\circ}}\left({}\right)"

    levels: ClassVar = Typesetting.levels | {HadamardProduct: _PRODUCT, Transpose: _POWER}

    def binding_of_sympy(self, node: Basic) -> int:
        return int(precedence_traditional(node))

    def name(self, name: str) -> str:
        return f"{name[0]}_{{{name[1:]}}}"

    def parenthesized(self, text: str) -> str:
        return rf"\left({text}\right)"

    def text(self, root: Basic) -> str:
        return r"\mathbf{1}" if isinstance(root, OneMatrix) else super().text(root)

    def product(self, node: MatMul) -> str:
        sign, above, below, factors = _taken_apart(node)
        scalar = above / below if is_small(above) else above
        front = [] if scalar is S.One else [self.at(scalar, _PRODUCT)]
        level = _PRODUCT + (len(factors) > 1)
        return "- " * bool(sign) + " ".join([*front, *(self.at(f, level) for f in factors)])

    def entrywise(self, node: HadamardProduct) -> str:
        return r" \circ ".join(self.at(factor, _PRODUCT + 1) for factor in node.args)

    def transpose(self, node: Transpose) -> str:
        if isinstance(node.arg, Inverse) and node.arg not in self.names:
            return f"{self.at(node.arg.arg, _ATOM)}^{{-T}}"
        return f"{self.at(node.arg, _ATOM)}^{{T}}"

    def inverse(self, node: Inverse) -> str:
        return f"{self.at(node.arg, _ATOM)}^{{-1}}"

    def power(self, node: HadamardPower) -> str:
        if node.exp.is_Matrix:
            return rf"{self.at(node.base, _ATOM)}^{{\circ {self.at(node.exp, _POWER)}}}"
        return super().power(node)


_RULES = {
    MatMul: "product",
    MatAdd: "sum",
    HadamardProduct: "entrywise",
    HadamardPower: "power",
    Transpose: "transpose",
    Inverse: "inverse",
    ElementwiseApplyFunction: "function",
}


def _rule(node: Basic) -> str | None:
    """The name of the method that writes it, if it is not left to SymPy."""
    return next((_RULES[kind] for kind in type(node).mro() if kind in _RULES), None)


def _entries(node: ElementwiseApplyFunction) -> dict[Basic, Basic]:
    return dict(zip(node.function.variables, node.args[1:], strict=True))


def _taken_apart(product: MatMul) -> tuple[str, Expr, Expr, list[Expr]]:
    """The sign, the numerator and the denominator of the scalar, and the matrices."""
    scalar, factors = product.as_coeff_matrices()
    if not is_small(scalar):
        return "", scalar, S.One, factors
    number, *others = scalar.args if scalar.is_Mul else (scalar,)
    if not number.is_Rational and not number.is_Float:
        number, others = S.One, [number, *others]
    below = [1 / f for f in others if f.is_Pow and f.exp.could_extract_minus_sign()]
    above = [f for f in others if not (f.is_Pow and f.exp.could_extract_minus_sign())]
    p, q = abs(number).as_numer_denom()
    sign = "-" if number.is_negative else ""
    return sign, _together([p, *above]), _together([q, *below]), factors


def _together(factors: list[Expr]) -> Expr:
    """The product of the factors themselves, not of equal ones that SymPy has met before."""
    factors = [factor for factor in factors if factor is not S.One]
    return Mul._from_args(factors)


def _recurring(root: Basic) -> Iterator[Basic]:
    """The parts that are written more than once, and are more than a symbol."""
    nodes = list(postorder(root))
    uses = Counter(arg for node in nodes for arg in node.args)
    for node in nodes:
        trivial = isinstance(node, Transpose) and not node.arg.args[0].args
        if uses[node] > 1 and _rule(node) and not trivial:
            yield node


# SymPy's hooks


def shown(language: type[Typesetting], node: Basic, printer: Any, **settings: Any) -> str:
    """The text, by the typesetting under way if there is one."""
    under_way = printer._context.get("typesetting")
    if under_way is not None:
        return str(under_way.text(node))
    typesetting = language(printer)
    with printer_context(printer, typesetting=typesetting):
        return typesetting.formula(node)


def dressed(root: Any) -> Any:
    """The expression, which from now on is written as said here, as are its parts.

    But for what stands in a function of entries, which may be an object of the user's own.
    """
    nodes, seen = [root], set()  # what is met stays alive
    for node in nodes:  # which grow
        is_dressed = id(node) in seen or "_sympystr" in getattr(node, "__dict__", ())
        if is_dressed or isinstance(node, ElementwiseApplyFunction):
            continue
        seen.add(id(node))
        nodes.extend(node.args)
        if _rule(node):
            node._sympystr = partial(shown, Typesetting, node)
            node._latex = partial(shown, Tex, node)
            node._pretty = partial(_pretty, node)
            if isinstance(node, MatMul):  # SymPy would multiply it out to see its sign
                node.precedence = _SUM if _taken_apart(node)[0] else _PRODUCT
    return root


def _pretty(node: Basic, printer: Any) -> prettyForm:
    """By SymPy, or in a line where nothing could be read anyway."""
    if not has_few_nodes(node, _LONG):
        return prettyForm(str(node))
    return getattr(printer, f"_print_{type(node).__name__}")(node)
