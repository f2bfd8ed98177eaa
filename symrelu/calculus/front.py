"""The way into every function: what is real, what has kinks, and the form that is right for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from sympy import Basic, DiracDelta, Dummy, Symbol, sympify
from sympy.core.symbol import Str

from symrelu import kinked
from symrelu.calculus.pieces import UNKNOWN
from symrelu.function import ReLU
from symrelu.graph import postorder


class Form(NamedTuple):
    """The form in which a function takes kinks, and why that one."""

    form: str
    reason: str


FORMS: dict[str, Form] = {}


def calculus(
    form: str, reason: str, smooth: Callable[..., Any] | None
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function of SymPy's calculus out of one for real symbols and kinks.

    ``smooth`` is SymPy's own, which is asked where there is no kink, if it is not for us too.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        FORMS[function.__name__] = Form(form, reason)

        @wraps(function)
        def answer(*args: Any, check: bool = True, **options: Any) -> Any:
            if not args or isinstance(args[0], str):
                raise TypeError(f"{function.__name__} takes expressions, not {args[:1]!r}")
            args = tuple(_each(arg, _sympified) for arg in args)
            if smooth and not any(map(has_kinks, (*args, *options.values()))):
                return smooth(*args, **options)
            to: dict[Basic, Basic] = {}
            real = [_each(arg, lambda e: _real(e, to)) for arg in args]
            kept = {name: _each(v, lambda e: _real(e, to)) for name, v in options.items()}
            back = {new: old for old, new in to.items()}
            try:
                found = function(*real, check=check, **kept)
            except UNKNOWN as error:
                if isinstance(error, NotImplementedError):
                    raise
                raise NotImplementedError(f"{function.__name__} has no answer: {error}") from error
            return _each(found, lambda e: e.xreplace(back)) if back else found

        return answer

    return decorate


def has_kinks(arg: Any) -> bool:
    if isinstance(arg, dict):
        return any(map(has_kinks, (*arg, *arg.values())))
    if isinstance(arg, (list, tuple, set, frozenset)):
        return any(map(has_kinks, arg))
    return isinstance(arg, Basic) and (kinked.has_kinks(arg) or bool(arg.has(DiracDelta)))


def _each(arg: Any, f: Callable[[Basic], Any]) -> Any:
    """f of each expression of what is made of lists, tuples, sets and dicts."""
    if isinstance(arg, dict):
        return {_each(key, f): _each(value, f) for key, value in arg.items()}
    if isinstance(arg, (list, tuple, set, frozenset)):
        return type(arg)(_each(item, f) for item in arg)
    if isinstance(arg, Basic) and not isinstance(arg, Str):
        return f(arg)
    if isinstance(arg, (int, float, complex)) and not isinstance(arg, bool):
        return f(sympify(arg))
    return arg


def _sympified(e: Basic) -> Basic:
    return e


def _real(e: Any, to: dict[Basic, Basic]) -> Any:
    """The same of real symbols, in functions that SymPy can compute.

    Slopes at kinks are left out, as no value depends on them; what has a class of its own is
    written with ReLU.
    """
    for symbol in e.atoms(Symbol):
        if symbol.is_extended_real is None and symbol not in to:
            to[symbol] = Dummy(symbol.name, real=True)
    real = _written(e.xreplace(to))
    slopes = {node: ReLU(node.args[0]) for node in real.atoms(ReLU) if len(node.args) == 2}
    while slopes:
        real = real.xreplace(slopes)
        slopes = {node: ReLU(node.args[0]) for node in real.atoms(ReLU) if len(node.args) == 2}
    return real


def _written(e: Any) -> Any:
    new: dict[Basic, Any] = {}
    for node in postorder(e):
        args = tuple(new.get(arg, arg) for arg in node.args)
        again = node if args == node.args else node.func(*args)
        written = kinked.rewritten(again)
        new[node] = again if written is None else _written(written)
    return new[e]
