"""What is kinked in mpmath's numbers, and in its intervals: bounds that hold.

A comparison of intervals that overlap is neither true nor false.  Where a kink lies in one, the
answer is the interval of all values there; a choice of branches is refused.
"""

from __future__ import annotations

from typing import Any

from mpmath import fabs, iv
from mpmath import sign as sign_of


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


def decided(condition: Any) -> bool:
    if condition is None:
        raise ValueError("a condition of Piecewise is true in a part of the interval: split it")
    return bool(condition)


def _jump(x: Any, left: Any, at_0: Any) -> Any:
    """All values of a step: 1 on the right."""
    cases = ((left, x.a < 0), (at_0, x.a <= 0 <= x.b), (1, x.b > 0))
    values = [iv.convert(value) for value, there in cases if there]
    return iv.mpf([min(v.a for v in values), max(v.b for v in values)])
