"""Long arrays, computed block by block, so that what is held in between stays in the cache.

It takes longer to get a new array of a million entries from the system than to fill it.  Compiled
code carries copies of two functions: ``is_long`` asks for blocks, and ``in_blocks`` runs them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy

from symrelu.code.kernels import copied
from symrelu.code.plan import Step
from symrelu.code.printers import calls_ufunc, is_negated


def is_long(*args: Any) -> bool:
    """Whether some are arrays of one shape that are long enough, and the others numbers."""
    shape: Any = ()
    for arg in args:
        if type(arg) is numpy.ndarray and arg.ndim:
            if arg.size < 500_000 or shape not in ((), arg.shape):
                return False
            shape = arg.shape
            if arg.dtype.kind not in "bifuc" or not (arg.ndim == 1 or arg.flags.c_contiguous):
                return False
        elif type(arg) is not numpy.ndarray and not isinstance(arg, (int, float, numpy.generic)):
            return False
    return bool(shape)


def in_blocks(function: Callable[..., Any], store: Any, *args: Any) -> Any:
    """What a function gives for each entry; another one, if there is one, stores it in arrays."""

    def parts(arrays: Sequence[Any], start: int, stop: int) -> list[Any]:
        return [array[start:stop] if numpy.ndim(array) else array for array in arrays]

    (size, shape), *_ = ((arg.size, arg.shape) for arg in args if numpy.ndim(arg))
    flat = [arg.reshape(-1) if numpy.ndim(arg) else arg for arg in args]
    first = function(*parts(flat, 0, 1))
    values = list(leaves(first))
    outs = [numpy.empty(size, v.dtype) if numpy.ndim(v) else v for v in values]
    # A number, which depends on no array, might be larger than NumPy's are.
    stores = store and all(map(numpy.ndim, values))
    for start in range(0, size, 65_536):
        given, stored = (parts(arrays, start, start + 65_536) for arrays in (flat, outs))
        if stores:
            store(*given, *stored)
        else:
            for out, value in zip(stored, leaves(function(*given)), strict=True):
                if numpy.ndim(out):
                    out[...] = value
    return like(first, (out.reshape(shape) if numpy.ndim(out) else out for out in outs))


def leaves(values: Any) -> Iterator[Any]:
    """What stands in lists, tuples and dicts."""
    if isinstance(values, (list, tuple, dict)):
        for value in values.values() if isinstance(values, dict) else values:
            yield from leaves(value)
    else:
        yield values


def like(values: Any, others: Iterator[Any]) -> Any:
    """The lists, tuples and dicts, of others in their places."""
    if isinstance(values, dict):
        return {key: like(value, others) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return type(values)([like(value, others) for value in values])
    return next(others)


def helpers(module: ModuleType) -> list[Any]:
    """The first two functions, of a module like NumPy, to be pickled by value."""
    names: dict[str, Any] = {"numpy": module}
    for function in (is_long, in_blocks, leaves, like):
        names[function.__name__] = copied(function, names)
    return [names["is_long"], names["in_blocks"]]


FEW, MANY = 5, 50  # steps: fewer take as long as to run blocks; among more, a copy is nothing


def pay(steps: Iterable[Step]) -> bool:
    """Whether blocks take less time: one result is held while another one is computed.

    All must be computed entry by entry.
    """
    arrays, computed = set[Step](), set[Step]()
    count, holds = 0, False
    for step in steps:
        inner = [operand for operand in step.operands if operand in computed]
        if step.rule is None or not step.rule.is_by_entries:
            return False
        if any(operand.rule is None or operand in arrays for operand in step.operands):
            arrays.add(step)
            is_step = not is_negated(step.node)  # which is but subtracted
            if inner or is_step:
                computed.add(step)
            count += is_step
            holds = holds or len(inner) > 1 or step.uses > 1
    return holds and count >= FEW


_OPERATORS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


def stored(code: str, out: str, module: str) -> str:
    """A statement that stores the value of the code; what is computed last is not copied."""
    call = code
    match ast.parse(code, mode="eval").body:
        case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
            operands = f"{ast.unparse(left)}, {ast.unparse(right)}"
            call = f"{module}.{_OPERATORS[type(operator)]}({operands})"
    if calls_ufunc(ast.parse(call, mode="eval").body):
        return f"{call[:-1]}, out={out})"
    return f"{out}[...] = {code}"
