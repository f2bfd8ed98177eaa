"""What is kinked in mpmath's numbers, and in its intervals: bounds that hold.

A comparison of intervals that overlap is neither true nor false.  Where a kink lies in one, the
answer is the interval of all values there; a choice of branches is refused.  So is a function of
which mpmath has no bounds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import fabs, iv
from mpmath import sign as sign_of

# Of what mpmath computes in interval arithmetic; its other functions only look as if.
_BOUNDED = {
    "matrix", "zeros", "ones", "eye", "pi", "e", "euler", "catalan", "phi", "inf", "exp", "log",
    "ln", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "gamma", "factorial",
}  # fmt: skip
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class _Bounds:
    """mpmath over intervals: its constants and functions, as far as their bounds hold."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions
            raise AttributeError(name)
        if name not in _BOUNDED:
            raise NotImplementedError(f"lambdify: mpmath has no bounds over intervals of {name!r}")
        return getattr(iv, name)

    def mpf(self, x: Any) -> Any:
        return iv.convert(mpmath.mpf(x) if isinstance(x, tuple) else x)

    def tanh(self, x: Any) -> Any:
        return 1 - 2 / (iv.exp(2 * iv.convert(x)) + 1)


_BOUNDS = _Bounds()


def context(*args: Any) -> tuple[Any, ...]:
    """What to compute in, and the arguments: all of them intervals, if one is."""
    if any(map(_holds_interval, args)):
        return _BOUNDS, *map(_as_interval, args)
    return mpmath, *args


def _is_interval(x: Any) -> bool:
    return isinstance(x, (iv.mpf, iv.mpc))


def _holds_interval(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(map(_holds_interval, x))
    return _is_interval(x) or isinstance(x, iv.matrix)


def _as_interval(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_as_interval, x))
    return iv.matrix(x) if isinstance(x, mpmath.matrix) else iv.convert(x)


def relu(x: Any) -> Any:
    if isinstance(x, iv.mpf):
        return iv.mpf([max(x.a, 0), max(x.b, 0)])
    return 0 if x < 0 else x


def step(x: Any, at_0: Any = 0) -> Any:
    if isinstance(x, iv.mpf):
        return _jump(x, 0, at_0)
    return 1 if x > 0 else 0 if x < 0 else at_0 if x == 0 else x


def sign(x: Any) -> Any:
    return _jump(x, -1, 0) if isinstance(x, iv.mpf) else sign_of(x)


def absolute(x: Any) -> Any:
    return abs(x) if isinstance(x, iv.mpf) else fabs(x)


def maximum(x: Any, y: Any) -> Any:
    if isinstance(x, iv.mpf) or isinstance(y, iv.mpf):
        x, y = iv.convert(x), iv.convert(y)
        return iv.mpf([max(x.a, y.a), max(x.b, y.b)])
    return x if x >= y or x != x else y


def minimum(x: Any, y: Any) -> Any:
    if isinstance(x, iv.mpf) or isinstance(y, iv.mpf):
        return -maximum(-x, -y)
    return x if x <= y or x != x else y


def holds(x: Any, relation: str, y: Any) -> bool:
    """Whether it holds: of intervals, for all the numbers in them or for none."""
    if not (_is_interval(x) or _is_interval(y)):
        return bool(_RELATIONS[relation](x, y))
    x, y = iv.convert(x), iv.convert(y)
    answer = _RELATIONS[relation](x, y)
    if relation in ("==", "!="):  # mpmath compares the bounds
        same, apart = x.a == x.b == y.a == y.b, x.b < y.a or y.b < x.a
        answer = (relation == "==") == same if same or apart else None
    if answer is None:
        raise ValueError("a condition is true in a part of the interval: split it")
    return bool(answer)


def _jump(x: Any, left: Any, at_0: Any) -> Any:
    """All values of a step: 1 on the right."""
    cases = ((left, x.a < 0), (at_0, x.a <= 0 <= x.b), (1, x.b > 0))
    values = [iv.convert(value) for value, there in cases if there]
    return iv.mpf([min(v.a for v in values), max(v.b for v in values)])
