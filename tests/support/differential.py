"""The same formulas on every engine, for numbers and arrays of all kinds, against plain arithmetic.

``python -m support.differential 1000 [first seed]``, in ``tests/``, tries as many of each kind,
and prints how many numbers were compared and each one that differs, with the code that computed it.
"""

import itertools
import random
import sys
import traceback
import warnings
from collections import Counter
from importlib.util import find_spec

import mpmath
import numpy as np
import sympy
from sympy import ImmutableMatrix, nan, oo, zoo

from support.formulas import VARIABLES, NoNumberError, formula, is_dyadic, line, value
from support.limits import time_limit
from symrelu import gradient, lambdify

NUMBERS = ["math", "cmath", "mpmath", "sympy"]
ARRAYS = ["numpy", "scipy", "jax", "torch", "tensorflow", "numexpr", "numba"]
COSTLY = {"numba": 25, "sympy": 5, "tensorflow": 2}  # one formula in so many


def _array(engine, a):
    if engine == "torch":
        from torch import from_numpy

        return from_numpy(np.array(a))
    if engine == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return jax.numpy.asarray(a)
    if engine == "tensorflow":
        from tensorflow import constant

        return constant(a)
    return a


def _number(engine, v):
    if engine == "mpmath":
        return mpmath.mpf(v)
    return sympy.Rational(v) if engine == "sympy" else v


def _matrix(engine, a):
    if engine not in ("mpmath", "sympy"):
        return _array(engine, a)
    if not a.shape:
        return _number(engine, float(a))
    kind = mpmath.matrix if engine == "mpmath" else ImmutableMatrix
    return kind(a.tolist())


def engines(seed, names):
    """Those that are installed, the costly ones for some seeds only."""
    known = {"torch", "tensorflow", "jax", "numexpr", "numba", "scipy"}
    installed = (e for e in names if e not in known or find_spec(e))
    return [e for e in installed if seed % COSTLY.get(e, 1) == 0]


class WrongError(AssertionError):
    """A number that is not what arithmetic says."""


def _compiled(args, outputs, engine):
    try:
        return lambdify(args, outputs, engine)
    except NotImplementedError:
        return None


def _check(got, want, tolerance, *about):
    got, want = np.asarray(got), np.asarray(want, float)
    close = np.abs(got - want) <= tolerance * (1 + np.abs(want))
    if got.shape != want.shape or not np.all(close):
        raise WrongError(f"{got.tolist()} and not {want.tolist()}: {' '.join(map(str, about))}")
    return want.size


# Formulas, in float64


def _expected(outputs, points, fits=None):
    """The points where all outputs have a value, and the values."""
    kept, rows = [], []
    for point in points:
        at = dict(zip(VARIABLES, point, strict=True))
        try:
            rows.append([float(value(o, at, fits) if fits else value(o, at)) for o in outputs])
            kept.append(point)
        except NoNumberError:
            continue
    # JAX compiles every operation anew for every length.
    length = max((n for n in (2, 8, 32, 128) if n <= len(kept)), default=0)
    return kept[:length], rows[:length]


_NONE = (nan, oo, zoo, sympy.I, sympy.DiracDelta, sympy.AccumBounds, sympy.Derivative)


def _slopes(expr):
    outputs = [expr, *gradient(expr, list(VARIABLES))]
    return [] if any(o.has(*_NONE) for o in outputs) else outputs


def _drawn(seed, draw, *choices):
    """A formula and its slopes; nothing where SymPy itself does not get so far."""
    rng = random.Random(seed)
    try:
        return rng, _slopes(draw(rng, *choices))
    except (TypeError, ValueError) as error:
        if "Invalid comparison" in str(error) or "defined only for Real" in str(error):
            return rng, []
        raise


_PLACES = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 3.0]


def check_formula(seed):
    """Random formulas, unevaluated parts among them: how many numbers agree on which engine."""
    rng, outputs = _drawn(seed, formula, seed % 3 + 2)
    points = rng.sample([*itertools.product(_PLACES, repeat=3)], 200)
    points, want = _expected(outputs, points)
    counts = Counter()
    for engine in engines(seed, [*NUMBERS, *ARRAYS]) if points and outputs else []:
        if (f := _compiled(VARIABLES, outputs, engine)) is None:
            continue
        about = (engine, points, outputs[0], f.__doc__)
        if engine in NUMBERS:
            got = [_called(f, engine, point) for point in points]
            if None in got:
                continue
        else:
            columns = [_array(engine, np.array(c)) for c in zip(*points, strict=True)]
            got = [np.broadcast_to(np.asarray(v), len(points)) for v in f(*columns)]
            got = np.transpose(got)
        counts[engine] += _check(np.array(got, complex), want, 1e-7, *about)
    return counts


def _called(f, engine, point):
    try:
        return list(map(complex, f(*(_number(engine, v) for v in point))))
    except TypeError:
        if engine == "cmath":  # what it computes is complex, and has no order
            return None
        raise


# Exact numbers, of every dtype and layout

DTYPES = ["float16", "float32", "float64", "int16", "int32", "int64"]
LAYOUTS = {
    "plain": None,
    "0-d": lambda a: a[0].reshape(()),
    "1-d": lambda a: a,
    "strided": lambda a: np.repeat(a, 2)[::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "2-d": lambda a: a.reshape(2, -1),
    "Fortran": lambda a: np.asfortranarray(a.reshape(2, -1)),
    "read-only": lambda a: _frozen(a.copy()),
    "empty": lambda a: a[:0],
    "large": lambda a: _frozen(np.resize(a, 2048)),
}


def _frozen(array):
    array.flags.writeable = False
    return array


def _refused(engine, dtype, layout):
    """Arrays that the engine has not, or that have a dtype of their own there."""
    return (
        (engine == "numexpr" and dtype in ("float16", "int16"))
        or (engine == "tensorflow" and "int" in dtype)
        or (engine in ("torch", "tensorflow") and layout == "plain")
    )


def check_exact(seed):
    """Kinks of dyadic numbers, where floats are exact: every dtype, in every layout."""
    rng, outputs = _drawn(seed, line, seed % 3 + 2)
    dtype, layout = rng.choice(DTYPES), rng.choice([*LAYOUTS])
    whole = dtype.startswith("int")
    steps = [k if whole else k / 2 for k in range(-2, 3)]
    points = rng.sample([*itertools.product(map(float, steps), repeat=3)], 125)
    points, want = _expected(outputs, points, is_dyadic)
    counts = Counter()
    for engine in engines(seed, ARRAYS) if points else []:
        f = None if _refused(engine, dtype, layout) else _compiled(VARIABLES, outputs, engine)
        if f is None:
            continue
        columns = np.array(points, dtype).T
        about = (engine, dtype, layout, columns.tolist(), outputs, f.__doc__)
        if layout == "plain":
            for point, row in zip(columns.T.tolist(), want, strict=True):
                counts[engine] += _check(f(*point), row, 0, *about)
            continue
        place = LAYOUTS[layout]
        results = f(*(_array(engine, place(c)) for c in columns))
        for expr, got, expected in zip(outputs, results, np.transpose(want), strict=True):
            expected = place(expected)
            got = np.asarray(got)
            if not whole and expr.free_symbols and engine != "numexpr" and got.dtype != dtype:
                raise WrongError(f"{got.dtype} and not {dtype}: {expr} {about}")
            if expr.free_symbols:
                got = np.broadcast_to(got, expected.shape) if got.shape != expected.shape else got
                counts[engine] += _check(got, expected, 0, *about)
    return counts


# Matrices


def check_matrices(seed):
    """Random matrix programs, whose values and gradients PyTorch knows."""
    from support import matrix_programs as programs

    rng = random.Random(seed)
    picks = [[rng.randrange(1000) for _ in range(6)] for _ in range(rng.randint(1, 8))]
    lines, counts = programs.program(picks), Counter()
    try:
        args, expr = programs.built(lines) if lines else ([], None)
    except programs.UnbuildableError:
        return counts
    outputs = [expr, gradient(expr, args)] if lines else []
    names = engines(seed, ["math", "mpmath", "sympy", *ARRAYS]) if lines else []
    functions = {name: f for name in names if (f := _compiled(args, outputs, name))}
    for point in range(3 if lines else 0):
        arrays = programs.point(lines, seed + point)
        expected, slopes, largest = programs.by_torch(lines, arrays)
        if largest < 1e6:
            want = [expected, *slopes]
            for engine, f in functions.items():
                about = (engine, programs.code(lines))
                counts[engine] += _agrees(f, engine, arrays, want, 1e-9 * largest, *about)
    return counts


def _agrees(f, engine, arrays, want, tolerance, *about):
    """How many numbers of the value and the gradients are right."""
    got, gradients = f(*(_matrix(engine, a) for a in arrays))
    pairs = zip([got, *gradients], want, strict=True)
    return sum(_check(_dense(a).reshape(np.shape(b)), b, tolerance, *about) for a, b in pairs)


def _dense(matrix):
    return np.array(matrix.tolist() if hasattr(matrix, "tolist") else matrix, complex)


KINDS = [check_formula, check_exact, check_matrices]


def main(number, first=0):
    warnings.simplefilter("error")
    counts, wrong = Counter(), 0
    for seed in range(first, first + number):
        for check in KINDS:
            try:
                with time_limit(60, f"{check.__name__}({seed})"):
                    counts += check(seed)
            except Exception:
                wrong += 1
                print(f"{check.__name__}({seed})\n{traceback.format_exc(-3)[-4000:]}", flush=True)
        if seed % 100 == 99:
            print(f"to {seed}: {sum(counts.values())} numbers, {wrong} times wrong", flush=True)
    print(f"{sum(counts.values())} numbers compared, {wrong} times wrong: {dict(counts)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
