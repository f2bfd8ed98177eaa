"""ReLU and its slope on NumPy, at the speed of memory: compiled code carries a copy of each.

``clip`` runs through an array of floats as fast as a copy does, ``maximum`` by a constant half
as fast, and ``heaviside`` at a fortieth of that.  All keep nan and the dtype, and give the same
numbers, except that ``clip`` leaves -0.0 as it is.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy


class _Asked(numpy.ndarray[Any, Any]):
    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> Any:
        return ufunc


# What the method and the function of this name call: for a short array they take twice the time.
clip: Any = numpy.zeros(0).view(_Asked).clip(0, 1)

# Bounds in the dtype of an array: a Python number would take longer to convert than to compare.
ZERO = {code: numpy.zeros((), code) for code in "bhilqBHILQefdg"}
ONE = {code: numpy.ones((), code) for code in "fd"}
HIGHEST = {code: numpy.full((), numpy.inf, code) for code in "fd"}
LOWEST = {code: numpy.full((), -numpy.inf, code) for code in "fd"}


def relu(x: Any, out: Any = None) -> Any:
    """The larger of x and 0, or nan."""
    kind = type(x)
    if kind is numpy.ndarray:
        code = x.dtype.char
        if code in HIGHEST:
            return clip(x, ZERO[code], HIGHEST[code], out)
        if code in ZERO:
            return numpy.maximum(x, ZERO[code])
    elif kind is int or isinstance(x, (float, numpy.floating, numpy.integer)):
        return numpy.asarray(kind(0) if x <= 0 else x)[()]
    if numpy.iscomplexobj(x):
        raise TypeError("ReLU takes real numbers, not complex ones")
    return numpy.maximum(x, 0)


def relu_(x: Any) -> Any:
    return relu(x, x)


def step(x: Any, out: Any = None) -> Any:
    """1 where x is positive, 0 where it is not, or nan."""
    kind = type(x)
    if kind is numpy.ndarray:
        code = x.dtype.char
        if code in ONE and x.size > 200:
            y = clip(x, ZERO[code], ONE[code], out)
            return numpy.ceil(y, y)
        if code == "e" and x.size > 200:
            y = x.astype("f").clip(0, 1)
            return numpy.ceil(y, y).astype("e")
        if code in "bhilqBHILQ":
            return (x > 0).astype(code)
        if code in ZERO:
            return numpy.heaviside(x, ZERO[code])
    elif kind is int or isinstance(x, (float, numpy.floating, numpy.integer)):
        return numpy.asarray(kind(x > 0) if x == x else x)[()]
    if numpy.iscomplexobj(x):
        raise TypeError("the slope of ReLU takes real numbers, not complex ones")
    return numpy.clip(x, 0, 0) + (x > 0)


def step_(x: Any) -> Any:
    return step(x, x)


def step_at_0(x: Any, H0: Any) -> Any:
    """The same, but H0 where x is 0."""
    is_plain = type(H0) in (int, float)
    if is_plain and type(x) is numpy.ndarray and x.dtype.char in ONE and x.size > 200 and H0 == 1:
        y = clip(x, -ONE[x.dtype.char], ZERO[x.dtype.char])
        numpy.floor(y, y)  # -1 where x is negative, else 0
        y += 1
        return y
    y = step(x)
    if is_plain and isinstance(y, numpy.ndarray) and y.dtype.kind == "f":
        numpy.copyto(y, H0, where=x == 0)
        return y
    return numpy.where(x == 0, H0, y)[()]  # of a number, a number


def at_least(x: Any, bound: Any, out: Any = None) -> Any:
    """The larger of x and a number, or nan."""
    if type(x) is numpy.ndarray and x.dtype.char in HIGHEST:
        return clip(x, bound, HIGHEST[x.dtype.char], out)
    if numpy.iscomplexobj(x):
        raise TypeError("ReLU, Max and Min take real numbers, not complex ones")
    return numpy.maximum(x, bound)


def at_least_(x: Any, bound: Any) -> Any:
    return at_least(x, bound, x)


def at_most(x: Any, bound: Any, out: Any = None) -> Any:
    """The smaller of x and a number, or nan."""
    if type(x) is numpy.ndarray and x.dtype.char in LOWEST:
        return clip(x, LOWEST[x.dtype.char], bound, out)
    if numpy.iscomplexobj(x):
        raise TypeError("ReLU, Max and Min take real numbers, not complex ones")
    return numpy.minimum(x, bound)


def at_most_(x: Any, bound: Any) -> Any:
    return at_most(x, bound, x)


# What Numba compiles instead, for one number; an int8 is of no weight in the dtype of the result.


def _relu(x: Any) -> Any:
    return numpy.int8(0) if x <= 0 else x


def _step(x: Any) -> Any:
    return numpy.int8(1) if x > 0 else numpy.int8(0) if x <= 0 else x


def _step_at_0(x: Any, H0: Any) -> Any:
    return numpy.int8(1) if x > 0 else numpy.int8(0) if x < 0 else H0 if x == 0 else x


def _at_least(x: Any, bound: Any) -> Any:
    return bound if x < bound else x


def _at_most(x: Any, bound: Any) -> Any:
    return bound if x > bound else x


@dataclass(frozen=True)
class Kernel:
    """A function that compiled code calls, and the same of one number, for Numba."""

    of_arrays: Callable[..., Any]
    of_number: Callable[..., Any]

    @property
    def name(self) -> str:
        return self.of_arrays.__name__


KERNELS = (
    Kernel(relu, _relu),
    Kernel(relu_, _relu),
    Kernel(step, _step),
    Kernel(step_, _step),
    Kernel(step_at_0, _step_at_0),
    Kernel(at_least, _at_least),
    Kernel(at_least_, _at_least),
    Kernel(at_most, _at_most),
    Kernel(at_most_, _at_most),
)


def copies(kernels: tuple[Kernel, ...], module: ModuleType) -> dict[str, Any]:
    """The functions as functions of a module like NumPy, that are pickled by value."""
    names: dict[str, Any] = {"numpy": module, "clip": clip}
    names |= {"ZERO": ZERO, "ONE": ONE, "HIGHEST": HIGHEST, "LOWEST": LOWEST}
    names |= {kernel.name: copied(kernel.of_arrays, names) for kernel in kernels}
    return {kernel.name: names[kernel.name] for kernel in kernels}


def copied(function: Any, names: dict[str, Any]) -> FunctionType:
    """The function, of no module, so that it is pickled by value."""
    names["__builtins__"] = builtins  # in which NumPy imports what it is made of
    copy = FunctionType(function.__code__, names, argdefs=function.__defaults__)
    copy.__module__ = "lambdified"
    return copy


def for_numba(function: Any, kernels: tuple[Kernel, ...]) -> FunctionType:
    """The function that Numba compiles where it is given the other one."""
    typed = {kernel.name: _typed(kernel) for kernel in kernels}
    return FunctionType(function.__code__, function.__globals__ | typed)


@cache
def _typed(kernel: Kernel) -> Any:
    """What Numba asks for its type, and so what to compile; nothing is before it asks."""
    of_number = copied(kernel.of_number, {"numpy": numpy})

    class Typed:
        @property
        def _numba_type_(self) -> Any:
            import numba
            from numba.core.registry import cpu_target

            vectorized = numba.vectorize(of_number)  # type: ignore[no-untyped-call, unused-ignore]
            return cpu_target.typing_context.resolve_value_type(vectorized)

    Typed.__module__ = "lambdified"
    return Typed()
