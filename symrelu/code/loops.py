"""A function of numbers that Numba compiles, run in one loop over arrays that broadcast.

The code that ``lambdify`` writes for such an engine calls ``run``; ``at`` is for Numba alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numba
import numba.extending
import numpy as np

_PLAIN = (bool, int, float, complex)


def at(operand: Any, i: int) -> Any:
    """The entry of an array; a number is the same everywhere."""
    raise NotImplementedError("only for code that Numba compiles")


@numba.extending.overload(at)  # type: ignore[untyped-decorator, unused-ignore]
def _(operand, i):  # type: ignore[no-untyped-def]  # Numba compares the signatures
    if isinstance(operand, numba.types.Array):
        return lambda operand, i: operand[i]
    return lambda operand, i: operand


def run(
    entry: Callable[..., tuple[Any, ...]],
    loop: Callable[..., None],
    reads: Sequence[Sequence[int]],
    *args: Any,
) -> list[Any]:
    """What ``entry`` gives for each entry of the arguments; output k reads those of ``reads[k]``.

    Numbers, and arrays without dimensions, give numbers.  An output has the shape and the dtype
    that NumPy gives to what it reads; one that is not of that kind, like a quotient of
    integers, has the default dtype of its own.
    """
    given = [a if type(a) in _PLAIN else np.asarray(a) for a in args]
    shapes = [np.shape(a) for a in given]
    shape = np.broadcast_shapes(*shapes)
    operands = [_operand(a, shape) for a in given]
    try:
        first = entry(*(a[0] if isinstance(a, np.ndarray) else a for a in operands))
        values = [_typed(v, [given[i] for i in r]) for v, r in zip(first, reads, strict=True)]
        if not shape:
            return values
        size = prod(_filled(shape))
        outputs = [np.empty(size, _native(np.result_type(v))) for v in values]
        loop(size, *operands, *outputs)
    except numba.core.errors.TypingError as error:
        kinds = ", ".join(str(getattr(a, "dtype", type(a).__name__)) for a in given)
        raise TypeError(f"lambdify: Numba cannot compute this of {kinds}: {error}") from error
    wanted = [np.broadcast_shapes(*(shapes[i] for i in r)) for r in reads]
    return [
        _part(out, shape, own).astype(value.dtype, copy=False) if own else value
        for out, value, own in zip(outputs, values, wanted, strict=True)
    ]


def matrix(shape: tuple[int, ...], entries: Sequence[Any]) -> np.ndarray[Any, Any]:
    """An array of numbers and arrays, their axes behind its own; numbers do not widen the dtype."""
    kinds = [e if type(e) in _PLAIN else e.dtype for e in entries] or [0.0]
    dtype = np.result_type(*kinds)
    stacked = np.array(np.broadcast_arrays(*entries), dtype)
    return stacked.reshape(*shape, *stacked.shape[1:])


def _operand(array: Any, shape: tuple[int, ...]) -> Any:
    """A number, or an array of one entry for each turn of the loop."""
    if not isinstance(array, np.ndarray):
        return array
    dtype = _native(array.dtype)
    array = array.astype(dtype, copy=False) if array.size else np.ones(_filled(array.shape), dtype)
    if array.size == 1:
        return array.reshape(-1)[0]
    return np.ascontiguousarray(np.broadcast_to(array, _filled(shape))).reshape(-1)


def _filled(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with one entry where there is none: the loop has one turn at least."""
    return tuple(n or 1 for n in shape)


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which Numba, which has neither float16 nor foreign orders of bytes, computes."""
    return np.dtype("float32") if dtype == "float16" else dtype.newbyteorder("=")


def _typed(value: Any, read: Sequence[Any]) -> Any:
    """The value in the dtype that NumPy gives to what is computed so; as it is of plain numbers."""
    if all(type(a) in _PLAIN for a in read):
        return value
    if isinstance(value, bool):
        return np.bool_(value)
    read_dtypes = (a if type(a) in _PLAIN else a.dtype for a in read)
    return np.result_type(*read_dtypes, type(value)(0)).type(value)


def _part(out: np.ndarray[Any, Any], shape: tuple[int, ...], own: tuple[int, ...]) -> Any:
    """What an output of its own shape is, of all turns of the loop."""
    whole = out.reshape(_filled(shape))
    index = [0] * (len(shape) - len(own)) + [slice(None, n) for n in own]
    return whole[tuple(index)]
