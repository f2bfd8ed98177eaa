"""The way into every function: what is real, what has kinks, and the form that is right for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch, wraps
from inspect import signature
from typing import Any, NamedTuple

from sympy import (
    Basic,
    ConditionSet,
    Derivative,
    DiracDelta,
    Dummy,
    Expr,
    Float,
    Integral,
    Limit,
    Max,
    NDimArray,
    S,
    Set,
    SingularityFunction,
    Sum,
    Symbol,
    sympify,
)
from sympy.core.symbol import Str
from sympy.integrals.transforms import IntegralTransform
from sympy.matrices import MatrixBase
from sympy.stats import Expectation

from symrelu import kinked
from symrelu.calculus.checks import FailedError, warn
from symrelu.calculus.errors import UNKNOWN
from symrelu.calculus.pieces import constants_apart, side_by_side, without_floats
from symrelu.function import ReLU
from symrelu.graph import holds, replaced
from symrelu.inputs import OF_TEXT, holds_text
from symrelu.kinks import relusimp
from symrelu.signs import has_few_nodes, is_written_out


class Form(NamedTuple):
    """The form in which a function takes kinks, and why that one."""

    form: str
    reason: str


FORMS: dict[str, Form] = {}


def calculus(
    form: str,
    reason: str,
    smooth: Callable[..., Any] | None,
    takes: tuple[type, ...] = (Expr,),
    of: str | None = None,
    stays: Callable[..., Any] | None = None,
    exact: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function of SymPy's calculus out of one for real symbols and kinks.

    ``smooth`` is SymPy's own, which is asked where there is no kink, if it is not for us too.
    ``takes`` says of what kind the first argument is; of any kind if it is empty.  ``of`` names the
    variable: what has a kink and does not depend on it is one constant for the function.
    ``stays`` makes of the arguments what is given where no answer is known or none passes its
    check; without it that is a NotImplementedError.  ``exact`` says that rounding may change the
    answer: the function then sees decimals as fractions, and what it says is rounded.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        FORMS[name] = Form(form, reason)
        parameters = signature(function).parameters
        names = list(parameters)
        placed = [k for k, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]

        @wraps(function)
        def answer(*args: Any, check: bool = True, **options: Any) -> Any:
            if not args and names[0] in options:
                args = (options.pop(names[0]),)
            _refuse_text(name, names, args, options)
            if args and isinstance(args[0], (MatrixBase, NDimArray)):
                entries = list(args[0])
                if takes:
                    found = [answer(e, *args[1:], check=check, **options) for e in entries]
                    return _in_shape_of(args[0], found, name)
                args = (entries, *args[1:])
            args = tuple(_each(arg, lambda e: done(e, check)) for arg in args)
            _check_domain(name, placed, args, options)
            if smooth and not any(map(has_kinks, (*args, *options.values()))):
                return smooth(*args, **options)
            if takes and not isinstance(args[0], takes):
                raise TypeError(f"{name} takes an expression, not {args[0]!r}")
            answered = _rounded(function) if exact else function
            variable = _variable(name, names, of, args, options)
            if variable is None:
                return _of_real(answered, args, {**options, "check": check}, stays)
            frozen, back = constants_apart(args[0], {variable})
            found = _of_real(answered, (frozen, *args[1:]), {**options, "check": check}, stays)
            return _each(found, lambda e: e.xreplace(back)) if back else found

        return answer

    return decorate


def _check_domain(name: str, placed: list[str], args: tuple[Any, ...], options: Any) -> None:
    """SymPy would ask what is no set for what sets have."""
    for key, value in (*zip(placed, args, strict=False), *options.items()):
        if key in ("domain", "interval") and not isinstance(value, Set):
            raise ValueError(
                f"{name}: the {key} {value} is no set, such as S.Reals or Interval(0, 1)"
            )


def _variable(
    name: str, names: list[str], of: str | None, args: tuple[Any, ...], options: Any
) -> Symbol | None:
    """The value of the argument that names the variable, which has to be a symbol."""
    if of is None:
        return None
    place = names.index(of)
    value = args[place] if len(args) > place else options.get(of)
    if value is not None and not isinstance(value, Symbol):
        raise ValueError(f"{name}: the variable {value!r} is no symbol")
    return value


def _of_real(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    options: Any,
    stays: Callable[..., Any] | None,
) -> Any:
    """The answer for real symbols, in the words in which it was asked."""
    to: dict[Basic, Basic] = {}
    real = [_each(arg, lambda e: _real(e, to)) for arg in args]
    kept = {key: _each(v, lambda e: _real(e, to)) for key, v in options.items()}
    back = {new: old for old, new in to.items()}
    plain = real
    try:
        plain = [_each(arg, _written) for arg in real]
        found = function(*plain, **{key: _each(v, _written) for key, v in kept.items()})
    except (*UNKNOWN, FailedError) as error:
        failed = isinstance(error, FailedError)
        if failed:
            warn(f"{function.__name__} of {args[0]}", error, depth=3)
        if stays is None:
            if isinstance(error, NotImplementedError):
                raise
            why = "no answer that passes its check" if failed else f"no answer: {error}"
            raise NotImplementedError(f"{function.__name__} of {args[0]} has {why}") from error
        del kept["check"]
        found = stays(*real, **kept)
    if isinstance(found, UNEVALUATED) and args[0].args:
        found = found.xreplace({plain[0]: real[0]})
    return _each(found, lambda e: _in_words(e).xreplace(back))


def _rounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, of fractions where decimals are given: two that should be equal then are."""

    @wraps(function)
    def answer(*args: Any, **options: Any) -> Any:
        found: list[bool] = []

        def fractions(e: Any) -> Any:
            found.append(e.has(Float))
            return without_floats(e)

        args = tuple(_each(arg, fractions) for arg in args)
        options = {key: _each(value, fractions) for key, value in options.items()}
        value = function(*args, **options)
        return _each(value, _decimals) if any(found) else value

    return answer


def _decimals(e: Any) -> Any:
    if isinstance(e, Expr):
        return e.evalf()
    return e.func(*map(_decimals, e.args)) if e.args else e


# What stays when there is no answer.
HELD = (Expectation, Integral, IntegralTransform, Limit, Sum)
UNEVALUATED = (ConditionSet, *HELD)
WORDS = ("dir", "hint")  # arguments that are text


def _refuse_text(name: str, names: list[str], args: tuple[Any, ...], options: Any) -> None:
    """SymPy would run text, and its symbols are others than those of the expression."""
    if not args:
        raise TypeError(f"{name} takes an expression")
    named = [*zip([*names, *[names[-1]] * len(args)], args, strict=False), *options.items()]
    for key, value in named:
        if key not in WORDS and key in names and holds_text(value):
            raise TypeError(f"{name} takes expressions and symbols, not {value!r}; {OF_TEXT}")


def _in_shape_of(matrix: Any, entries: list[Any], name: str) -> Any:
    if not all(isinstance(e, Expr) for e in entries):
        raise TypeError(f"{name} takes the entries of a matrix one by one")
    return type(matrix)(entries).reshape(*matrix.shape)


# Objects that stand for an answer


@singledispatch
def held(node: Basic, check: bool) -> Any:
    """What an unevaluated object is, by the function that answers it; others stay."""
    return node


@held.register(Derivative)
def _(node: Derivative, check: bool) -> Any:
    return node.doit(deep=False)


_ENDLESS = 10**5  # nodes: more than SymPy comes to an end with


def _short(e: Basic) -> Basic:
    """A long expression simplified by its values, as a line of many parts is a few hinges."""
    if is_written_out(e):
        return e
    made: Basic = relusimp(e)
    if not has_few_nodes(made, _ENDLESS):
        raise NotImplementedError(
            f"written out, the expression has more than {_ENDLESS} parts, and SymPy's calculus "
            "looks at each; give numbers for its parameters, or take a smaller one"
        )
    return made


def done(e: Any, check: bool = True) -> Any:
    """The same with the objects evaluated in which there are kinks, from the inside out."""
    if not isinstance(e, Basic):
        return e
    e = _short(e)
    if not holds(e, Derivative, *HELD):
        return e
    return replaced(e, lambda node: held(node, check) if has_kinks(node) else node)


def doit(expr: Any, check: bool = True) -> Any:
    """
    Evaluate the objects in an expression, as its ``doit`` does without kinks.

    Explanation
    ===========

    An ``Integral``, a ``Sum``, a ``Limit``, a ``Derivative``, an ``Expectation`` or a transform
    that holds a kink is answered by the function of this module; the rest by SymPy.

    Examples
    ========

    >>> from sympy import Integral, Limit, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import doit
    >>> x = symbols("x", real=True)
    >>> doit(2*Integral(x*ReLU(x - 3), (x, -5, 4)) + Limit(ReLU(x)/x, x, 0, "-"))
    11/3
    """
    if not isinstance(expr, (Basic, MatrixBase)):
        raise TypeError(f"doit takes an expression, not {expr!r}")
    if isinstance(expr, MatrixBase):
        return expr.applyfunc(lambda e: doit(e, check))
    found = done(expr, check)
    smooth = {node: node.doit() for node in found.atoms(Derivative, *HELD) if not has_kinks(node)}
    return found.xreplace(smooth)


def _in_words(e: Any) -> Any:
    """The positive part as ReLU."""
    if not isinstance(e, Expr):
        return e
    parts = {m: ReLU(*(a for a in m.args if a != 0)) for m in e.atoms(Max) if _is_part(m)}
    return e.xreplace(parts) if parts else e


def _is_part(m: Max) -> bool:
    return len(m.args) == 2 and S.Zero in m.args


def the_symbol(expr: Any, what: str) -> Symbol:
    """The only symbol of an expression."""
    found = sorted(map(str, expr.free_symbols))
    if len(found) != 1:
        raise ValueError(f"name the {what}: {expr} has {', '.join(found) or 'none'}")
    return next(iter(expr.free_symbols))


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


class _Real(Dummy):
    """What stands for a symbol, by whose name it goes in messages."""

    class_key = Dummy.class_key  # by which SymPy sorts

    def _sympystr(self, printer: Any) -> str:
        return str(self.name)


def _real(e: Any, to: dict[Basic, Basic]) -> Any:
    """The same of real symbols."""
    sides = {limit.args[3] for limit in e.atoms(Limit)}  # for SymPy these are symbols
    for symbol in e.atoms(Symbol) - sides:
        if symbol.is_extended_real is None and symbol not in to:
            to[symbol] = _Real(symbol.name, real=True)
    return e.xreplace(to)


def _written(e: Any) -> Any:
    """The same in functions that SymPy can compute.

    Slopes at kinks are left out, as no value depends on them; what has a class of its own is
    written with ReLU, which within each other may be as large as 2 to their number, and the
    loads of a beam that are no functions with deltas.
    """
    if not isinstance(e, Expr):  # to compare large ones takes SymPy for ever
        return _with_parts(e, _written)
    written = replaced(e, _plain)
    if is_written_out(written) or not is_written_out(e):
        return written
    return side_by_side(e)


def _with_parts(e: Any, change: Callable[[Any], Any]) -> Any:
    args = tuple(map(change, e.args))
    return e if args == e.args else e.func(*args)


def _plain(node: Any) -> Any:
    if isinstance(node, ReLU) and len(node.args) == 2:
        return ReLU(node.args[0])
    if isinstance(node, SingularityFunction) and node.args[2].is_negative:
        return DiracDelta(node.args[0] - node.args[1], -1 - node.args[2])
    written = kinked.rewritten(node)
    return node if written is None else replaced(written, _plain)
