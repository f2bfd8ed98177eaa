"""Names and containers that would run code, if anything read them.

``python -m support.hostile 30000`` tries as many names on every engine, and every container in
every public function, and prints how many there were and which ran.
"""

import builtins
import collections
import enum
import random
import sys
import types
from collections import Counter
from importlib.util import find_spec

import numpy as np
import sympy
from sympy import Function, IndexedBase, MatrixSymbol, Symbol
from sympy.physics.units import Quantity

import symrelu
import symrelu.calculus
from support.limits import time_limit
from symrelu import ReLU, lambdify
from symrelu.code import ENGINES

RAN = []
CODE = "__import__('builtins').symrelu_hostile_ran(1)"
x, y = sympy.symbols("x y")

_PARTS = [
    CODE, "symrelu_hostile_ran(1)", "{" + CODE + "}", "{symrelu_hostile_ran(1)}", "x", "y", "f",
    "0", "1", "(", ")", "[", "]", "{", "}", ",", ";", ":", "'", '"', "'''", '"""', "\\", "\n", "\r",
    "\t", "\f", "\0", " ", "+", "*", "=", ":=", "->", "@", ".", "#", "%s", "{0}", "{m}", "{x}",
    "lambda:", "if", "else", "or", "and", "not", "in", "for", "None", "True", "__class__",
    "__import__", "eval", "exec", "print", "numpy", "math", "torch", "jax", "numexpr", "relu",
    "step", "where", "sin", "t0", "dtype", "out0", "entry", "lambdified", "symrelu", "misshapen",
    "e\u0301",    "\u2028", "\uff41", "\u00aa", "\u212b", "\U0001d465", "\ud800",
]  # fmt: skip


def hostile_name(rng):
    return "".join(rng.choice(_PARTS) for _ in range(rng.randint(1, 5)))


def listen():
    """Hear of all that runs."""
    builtins.symrelu_hostile_ran = RAN.append


def engines():
    optional = {"torch", "tensorflow", "jax", "numexpr", "numba", "scipy", "cupy"}
    return [e for e in ENGINES if e not in optional or find_spec(e)]


# Names

_REFUSALS = (TypeError, ValueError, NotImplementedError)


def try_name(seed, names):
    """What bears the name is computed as what bears another one, or refused."""
    rng = random.Random(seed)
    name, engine = hostile_name(rng), names[seed % len(names)]
    if engine == "numba" and seed % 100:  # takes a while
        engine = "math"
    kind = rng.choice(("symbol", "undefined", "class", "matrix", "indexed", "quantity", "given"))
    with time_limit(30, repr((seed, name, engine, kind))):
        try:
            _KINDS[kind](name, engine)
        except _REFUSALS:
            return f"{kind} refused"
    return kind


def _symbol(name, engine):
    s = Symbol(name)
    if engine in ("torch", "tensorflow", "cupy"):
        lambdify([s, x], [s + 2 * x, ReLU(s)], engine)
    elif s != x:
        got = lambdify([s, x], [s + 2 * x, ReLU(s)], engine)(3.0, 1.0)
        assert list(map(float, got)) == [5, 3]
    _raises(lambda: lambdify([x], s + y + x, engine))


def _raises(call):
    try:
        call()
    except _REFUSALS as error:
        str(error)


def _undefined(name, engine):
    _raises(lambda: lambdify([x], Function(name)(x) + 1, engine))
    argument = Function(name)(x)
    lambdify([argument], argument + 1, engine)


def _class(name, engine):
    made = type(name.replace("\0", ""), (Function,), {"__module__": ""})
    lambdify([x], made(x) + 1, engine)


def _matrix(name, engine):
    M = MatrixSymbol(name or "M", Symbol(name, integer=True), 2)
    _raises(lambda: lambdify([M], 2 * M, engine)(np.ones(3)))
    _raises(lambda: lambdify([], M, engine))


def _indexed(name, engine):
    X = IndexedBase(name or "X")
    lambdify([X, x], X[0] + X[Symbol(name, integer=True)], engine)


def _quantity(name, engine):
    lambdify([x], x * Quantity(name or "q"), engine)


def _given(name, engine):
    made = Function(name or "f")
    assert lambdify([x], made(x) + 1, [{name or "f": lambda v: 2 * v}, "numpy"])(3) == 7
    lambdify([x], x, name)


_KINDS = {
    "symbol": _symbol, "undefined": _undefined, "class": _class, "matrix": _matrix,
    "indexed": _indexed, "quantity": _quantity, "given": _given,
}  # fmt: skip


# Containers


class _Text(str):
    pass


class _Enum(str, enum.Enum):
    code = CODE


class _Own(list):
    pass


_Pair = collections.namedtuple("_Pair", "a b")

CONTAINERS = {
    "text": lambda: CODE,
    "bytes": lambda: CODE.encode(),
    "bytearray": lambda: bytearray(CODE.encode()),
    "own text": lambda: _Text(CODE),
    "enum": lambda: _Enum.code,
    "numpy text": lambda: np.str_(CODE),
    "list": lambda: [CODE],
    "own list": lambda: _Own([CODE]),
    "user list": lambda: collections.UserList([CODE]),
    "user text": lambda: collections.UserString(CODE),
    "nested": lambda: [x, (x, [CODE])],
    "tuple": lambda: (x, CODE),
    "pair": lambda: _Pair(x, CODE),
    "set": lambda: {CODE},
    "frozenset": lambda: frozenset([CODE]),
    "dict": lambda: {x: CODE},
    "dict key": lambda: {CODE: x},
    "default dict": lambda: collections.defaultdict(int, {x: CODE}),
    "chain map": lambda: collections.ChainMap({x: CODE}),
    "mapping": lambda: types.MappingProxyType({x: CODE}),
    "dict values": lambda: {x: CODE}.values(),
    "dict keys": lambda: {CODE: x}.keys(),
    "deque": lambda: collections.deque([CODE]),
    "iterator": lambda: iter([CODE]),
    "generator": lambda: (c for c in [CODE]),
    "map": lambda: map(str, [CODE]),
    "array": lambda: np.array([CODE]),
    "array of objects": lambda: np.array([CODE, x], object),
    "array of bytes": lambda: np.array([CODE.encode()]),
    "0-d array": lambda: np.array(CODE),
    "array of lists": lambda: _objects([CODE]),
}


def _objects(item):
    array = np.empty(1, object)
    array[0] = item
    return array


def calls():
    """Each public function, with a container in the place of each argument."""
    r = ReLU(x)
    yield "ReLU", ReLU
    yield "ReLU H0", lambda c: ReLU(x, c)
    yield "as_relu", symrelu.as_relu
    yield "as_relu H0", lambda c: symrelu.as_relu(abs(x), H0=c)
    yield "relusimp", symrelu.relusimp
    yield "elementwise", lambda c: symrelu.elementwise(ReLU, c)
    for name in ("gradient", "jacobian", "hessian"):
        f = getattr(symrelu, name)
        yield name, lambda c, f=f: f(c, x)
        yield f"{name} wrt", lambda c, f=f: f(r, c)
    yield "hessian along", lambda c: symrelu.hessian(r**3, x, along=c)
    yield "lambdify", lambda c: lambdify(x, c)
    yield "lambdify args", lambda c: lambdify(c, x)
    yield "lambdify modules", lambda c: lambdify(x, r, c)
    yield "lambdify printer", lambda c: lambdify(x, r, printer=c)
    calculus = symrelu.calculus
    for name in calculus.__all__:
        f = getattr(calculus, name)
        if isinstance(f, types.FunctionType):
            yield name, lambda c, f=f: f(c, x)
            yield f"{name} second", lambda c, f=f: f(r, c)


def try_container(name, call):
    """An error, and nothing runs; what is no text itself may also be taken as what it is."""
    with time_limit(60, name):
        try:
            call(CONTAINERS[name]())
        except Exception as error:
            return type(error).__name__
    return "taken"


def main(number):
    listen()
    names = engines()
    kinds = Counter(try_name(seed, names) for seed in range(number))
    print(f"{sum(kinds.values())} names, {len(RAN)} ran: {dict(kinds)}", flush=True)
    results = Counter(
        (label if (how := try_container(name, call)) == "taken" else "", how)
        for label, call in calls()
        for name in CONTAINERS
    )
    print(f"{sum(results.values())} containers, {len(RAN)} ran: {dict(results)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
