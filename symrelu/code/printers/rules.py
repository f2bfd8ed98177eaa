"""A rule for each class: which operands a node needs, and how their code becomes its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from importlib import import_module
from typing import Any

from sympy import Basic, Mul, S

from symrelu.code.engines import Code, Engine
from symrelu.code.printers.operands import operand_printer
from symrelu.graph import Interned
from symrelu.signs import is_small


@dataclass(frozen=True)
class Rule:
    """How the code of the operands becomes the code of the node; an alias without."""

    operands: Sequence[Basic]
    write: Callable[..., Code] | None = None
    repeats: bool = False  # writes the code of an operand more than once
    outside: bool = False  # is no part of what an engine computes at once
    strict: Sequence[Basic] | None = None  # the operands that are always needed; all

    @property
    def is_by_entries(self) -> bool:
        """Whether arrays, if there are any, are computed entry by entry."""
        return False


class Entrywise(Rule):
    """The rule of what is computed of arrays, for sure, entry by entry."""

    @property
    def is_by_entries(self) -> bool:
        return True


class Target:
    """An engine, as one function is compiled for it: what the rules ask."""

    def __init__(self, row: Engine, printer: Any, functions: Any) -> None:
        if printer is None:
            submodule, kind = row.printer.split(".")
            printer = getattr(import_module(f"sympy.printing.{submodule}"), kind)
        self.row, self.functions = row, functions
        self.printer = operand_printer(printer, row)
        self.dtype: Callable[[], str] = str  # the name of the dtype of what the function reads
        self.function: Callable[..., Any] = tuple  # compile a function of a variable on its own
        self.elsewhere: Callable[..., str | None] = lambda *_: None  # on another engine
        self.numbers_only: dict[Basic, None] = {}  # the arguments beside the data in a sum
        self.guarded: set[Basic] = set()  # what only some branch needs
        self.shared_products: Mapping[Basic, tuple[Basic, Basic]] = {}
        self.compared: dict[Basic, list[Basic]] = {}  # by conditions: what they compare
        self.below: set[Basic] = set()  # what a kink or a condition depends on
        self.arguments: Mapping[Basic, str] = {}
        self.has_elements = False  # of data or matrices, whose place may be computed
        self.interned = Interned()
        self.rewriting = False  # while one function is tried in terms of others

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    def call(self, operation: str, *codes: str, of: Any = "") -> Code:
        """The code of an operation; refused if the engine cannot."""
        template = getattr(self.row, operation)
        d = self.dtype() if template and "{d}" in template else ""
        name = of if isinstance(of, str) else type(of).__name__
        return self.row.call(operation, *codes, of=name, d=d)


def is_number(node: Any) -> bool:
    """Whether it is a constant, without a look at all of a large expression."""
    return is_small(node) and getattr(node, "is_number", False)


def is_negated(node: Basic) -> bool:
    """Whether it is another one, with a minus in front."""
    return isinstance(node, Mul) and len(node.args) == 2 and node.args[0] is S.NegativeOne


@singledispatch
def rule(node: Basic, engine: Target) -> Rule:
    """
    How an engine computes a node: which operands it needs, and the code that is made of theirs.

    It dispatches on the class of the node, and ``rule.register`` adds a class of your own.

    Parameters
    ==========

    node : Basic
        What is to be computed.
    engine : Target
        The engine, with the fields of its row of ``ENGINES``.

    Returns
    =======

    Rule
        The operands, which are expressions, and a function from their code to that of the node.

    Raises
    ======

    NotImplementedError
        If the class has no rule.

    Examples
    ========

    >>> import inspect
    >>> from sympy import Function, symbols
    >>> from symrelu.code import Code, Rule, lambdify, rule
    >>> class Softplus(Function):
    ...     pass
    >>> @rule.register(Softplus)
    ... def _(node, engine):
    ...     return Rule(node.args, lambda u: Code(f"{engine.module}.logaddexp(0, {u})"))
    >>> x = symbols("x")
    >>> print(inspect.getsource(lambdify(x, 2*Softplus(x**2), "numpy")))
    def lambdified(x):
        return 2*numpy.logaddexp(0, x**2)
    <BLANKLINE>
    """
    raise NotImplementedError(f"lambdify has no rule for {type(node).__name__}")
