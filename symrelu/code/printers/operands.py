"""SymPy's printer for an engine, as one that knows the code of some subexpressions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sympy import Basic
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError

from symrelu.code import known
from symrelu.code.engines import ATOM, SUM, Code, Engine


def operand_printer(printer: Any, row: Engine) -> CodePrinter:
    """A SymPy printer, class or instance, that knows the code of some subexpressions."""
    kind, settings = (
        (printer, {}) if isinstance(printer, type) else (type(printer), printer._settings)
    )

    class OperandPrinter(kind):  # type: ignore[misc, valid-type]
        codes: Mapping[Basic, Code] = MappingProxyType({})
        # coth by exp, say, overflows, and loses digits near 0: ``known`` finds a better formula
        _rewriteable_functions: Mapping[str, Any] = MappingProxyType({})

        def _print(self, expr: Any, **kwargs: Any) -> str:
            code = self.codes.get(expr) if isinstance(expr, Basic) else None
            return super()._print(expr, **kwargs) if code is None else code.at(SUM)

        def _print_Function(self, expr: Any) -> str:
            try:
                return str(super()._print_Function(expr))
            except PrintMethodNotImplementedError:  # within what it writes for another
                if name := known.find(expr, row):
                    return f"{name}({self.stringify(expr.args, ', ')})"
                raise

        def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
            if isinstance(item, Basic) and item in self.codes:
                return self.codes[item].at(ATOM)
            return super().parenthesize(item, level, strict)

    takes = OperandPrinter._default_settings
    return OperandPrinter({k: v for k, v in (settings | _SETTINGS).items() if k in takes})


_SETTINGS = {
    "fully_qualified_modules": True,
    "allow_unknown_functions": False,
    "strict": True,
}
