"""How SymPy's own printers write ReLU.

A choice of branches serves most languages, and keeps nan, which is not less than 0; C's
fmax and its likes lose it.  It writes the argument twice, so that a language's own function that
keeps nan, such as C's fdim, goes first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from sympy import Dummy, Expr, Float, Lambda, Lt, Piecewise, S, Symbol
from sympy.functions.elementary.piecewise import ExprCondPair


def _unless_known(code: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Let a name that the user has given for ReLU come first."""

    def printed(relu: Any, printer: Any) -> str:
        if "ReLU" in printer.known_functions:
            name: str = printer._print_Function(relu)
            return name
        return code(relu, printer)

    return printed


class _Inlined:
    """The ``_imp_`` that SymPy's code printers put in the place of a call.

    Only an instance has one: ``lambdify`` looks for it on the class, and what it
    finds there it calls by name instead.
    """

    def __get__(self, relu: Any, cls: type) -> Lambda | None:
        if relu is None:
            return None
        # A constant function, so that nothing is substituted and re-evaluated.
        return Lambda(tuple(Dummy() for _ in relu.args), relu._as_branches(S.Zero))


class Printed:
    """The methods that SymPy's printers look for on a class."""

    args: tuple[Any, ...]

    def _mathml_presentation(self, printer: Any) -> Any:
        node = printer._print_Function(self)
        node.getElementsByTagName("mi")[0].firstChild.data = "ReLU"  # not relu
        return node

    def _mathml_content(self, printer: Any) -> Any:
        node = printer._print_Function(self)
        node.replaceChild(printer._print(Symbol("ReLU")), node.firstChild)  # <relu/> is no element
        return node

    _imp_ = _Inlined()

    def _as_branches(self, zero: Expr) -> Expr:
        x = self.args[0]
        negative = ExprCondPair(zero, Lt(x, zero, evaluate=False))
        return Piecewise(negative, ExprCondPair(x, True), evaluate=False)

    def _typed(self, printer: Any) -> str:
        # Both branches have one type in these languages.
        zero = S.Zero if self.args[0].is_integer else Float(0)
        return printer._print(self._as_branches(zero))

    _smtlib = _typed
    _glsl = _unless_known(_typed)

    def _difference(self, printer: Any, name: str, older: str) -> str:
        """A difference that is not negative; branches, of one type, where there is none."""
        if self.args[0].is_integer or printer.standard == older:
            return str(printer._print(self._as_branches(S.Zero)))
        return f"{name}({printer._print(self.args[0])}, 0)"

    @_unless_known
    def _ccode(self, printer: Any) -> str:
        return self._difference(printer, "fdim", "C89")

    @_unless_known
    def _cxxcode(self, printer: Any) -> str:
        return self._difference(printer, "std::fdim", "C++98")

    @_unless_known
    def _javascript(self, printer: Any) -> str:
        return f"Math.max(0, {printer._print(self.args[0])})"

    @_unless_known
    def _rust_code(self, printer: Any) -> str:
        return f"({self._typed(printer)})"

    @_unless_known
    def _fcode(self, printer: Any) -> str:
        x = printer._print(self.args[0])
        return f"dim({x}, 0)" if self.args[0].is_integer else f"dim({x}, 0.0d0)"

    @_unless_known
    def _octave(self, printer: Any) -> str:
        x = printer._print(self.args[0])
        return f"(max(0, {x}) + 0*sign({x}))"  # sign for the sake of nan

    @_unless_known
    def _rcode(self, printer: Any) -> str:
        return f"pmax(0, {printer._print(self.args[0])})"

    @_unless_known
    def _mcode(self, printer: Any) -> str:
        return f"Ramp[{printer._print(self.args[0])}]"

    @_unless_known
    def _pythoncode(self, printer: Any) -> str:
        # plot_implicit's, whose intervals have a maximum; a choice of branches they have not.
        series = sys.modules.get("sympy.plotting.series")
        if series is not None and isinstance(printer, series.IntervalMathPrinter):
            return f"imax({printer._print(self.args[0])}, 0)"
        code: str = printer._print_Function(self)
        return code

    @_unless_known
    def _numpycode(self, printer: Any) -> str:
        name = printer._module_format(f"{printer._module}.maximum")
        return f"{name}({printer._print(self.args[0])}, 0)"

    _cupycode = _numpycode

    def _called(self, printer: Any, name: str) -> str:
        return f"{printer._module_format(name)}({printer._print(self.args[0])})"

    @_unless_known
    def _jaxcode(self, printer: Any) -> str:
        return self._called(printer, "jax.nn.relu")

    @_unless_known
    def _torchcode(self, printer: Any) -> str:
        return self._called(printer, "torch.relu")

    @_unless_known
    def _tensorflowcode(self, printer: Any) -> str:
        return self._called(printer, "tensorflow.nn.relu")
