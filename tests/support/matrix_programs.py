"""Random matrix programs over the whole vocabulary, and what they are worth in PyTorch.

A program is a list of steps, each a row of the table below and some whole numbers that
pick its operands among what is there already; so it shrinks well and runs anywhere.  A
row holds the step twice: as SymPy has it and as PyTorch has it.  What a program means
in either is text, which is executed, and printed when the two disagree.

``python -m support.matrix_programs 20000 [first seed]``, in ``tests/``, tries as many.
"""

import random
import re
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sympy
from sympy import (
    Basic,
    Dummy,
    HadamardPower,
    ImmutableSparseMatrix,
    MatrixSymbol,
    MutableSparseMatrix,
    Symbol,
)
from sympy.matrices.expressions.dotproduct import DotProduct

import symrelu
from support.limits import time_limit
from support.matrix_cases import double_precision, torch
from symrelu import ReLU, gradient, lambdify

# Shapes: a letter or a digit a side, "" for a scalar.  The letters are open, and 3 and 2 long.
SIZES = {"n": 3, "m": 2, **{d: int(d) for d in "1234"}}
_DECLARED = "A:nn B:nn X:nm w:n1 v:m1 r:1m g:11 P:33 Q:32 u:31 z:13 c:"
VARIABLES = dict(word.split(":") for word in _DECLARED.split())
NUMBERS = ["2", "Rational(1, 2)", "(-1)", "0.25", "Rational(-3, 2)", "3", "sqrt(2)"]


class Step(NamedTuple):
    """Operands are {0}, {1}; sides r, s, t, o, read off the operands' shapes; {c} a number."""

    takes: str
    gives: str
    sympy: str
    torch: str


def _rows(table):
    for line in table.strip().splitlines():
        signature, ours, theirs = (cell.strip() for cell in line.split("|"))
        takes, gives = (side.strip() for side in signature.split("->"))
        yield Step(takes, gives, ours, theirs or ours)


# A cell that is empty repeats the one before.  "-" is a scalar.
STEPS = list(
    _rows("""
    rs st -> rt     | {0}*{1}                                 | {0} @ {1}
    rs st -> rt     | {0}*{1}                                 | {0} @ {1}
    rs rs -> rs     | {0} + {1}                               |
    rs rs -> rs     | {0} - {1}                               |
    rs rs -> rs     | {0} + {c}*{1}                           |
    rs -> sr        | {0}.T                                   |
    rs -> sr        | {0}.T                                   |
    rs -> sr        | Transpose({0})                          | {0}.T
    rs -> sr        | Adjoint({0})                            | {0}.T
    rs -> rs        | {c}*{0}                                 |
    rs -> rs        | -{0}                                    |
    rs - -> rs      | {1}*{0}                                 |
    rs - -> rs      | {0}/(1 + {1}**2)                        |
    rs rs -> rs     | HadamardProduct({0}, {1})               | {0}*{1}
    rs rs rs -> rs  | hadamard_product({0}, {1}, {2})         | {0}*{1}*{2}
    rs -> rs        | HadamardPower({0}, 2)                   | {0}**2
    rs -> rs        | HadamardPower({0}, 3)                   | {0}**3
    rs -> rs        | HadamardPower(HadamardPower({0}, 2) + OneMatrix({r}, {s}), -1) | 1/({0}**2 + 1)
    rs -> rs        | HadamardPower(HadamardPower({0}, 2) + OneMatrix({r}, {s}), Rational(1, 2)) | ({0}**2 + 1)**0.5
    rs - -> rs      | HadamardPower({0}.applyfunc(exp), {1})  | exp({0})**{1}
    rs -> rs        | ReLU({0})                               |
    rs -> rs        | ReLU({0} - {c}*OneMatrix({r}, {s}))     | ReLU({0} - {c})
    rs -> rs        | elementwise(tanh, {0})                  | tanh({0})
    rs -> rs        | {0}.applyfunc(tanh)                     | tanh({0})
    rs -> rs        | {0}.applyfunc(sin)                      | sin({0})
    rs -> rs        | {0}.applyfunc(ReLU)                     | ReLU({0})
    rs -> rs        | {0}.applyfunc(Abs)                      | abs({0})
    rs -> rs        | {0}.applyfunc(lambda t: Max({c}, t))    | Max({c}, {0})
    rs -> rs        | {0}.applyfunc(lambda t: t**2 - {c}*t)   | {0}**2 - {c}*{0}
    rs -> rs        | {0}.applyfunc(lambda t: 1/(1 + exp(-t))) | 1/(1 + exp(-{0}))
    rs -> rs        | {0}.applyfunc(lambda t: log(1 + exp(t))) | log(1 + exp({0}))
    rs -> rs        | {0}.applyfunc(lambda t: Piecewise((t, t > {c}), (t/4, True))) | where({0} > {c}, {0}, {0}/4)
    rs - -> rs      | {0}.applyfunc(lambda t: t*{1})          | {0}*{1}
    rs - -> rs      | {0}.applyfunc(lambda t: tanh(t - {1}))  | tanh({0} - {1})
    rs - -> rs      | {0}.applyfunc(lambda t: sin(t)/(1 + {1}**2)) | sin({0})/(1 + {1}**2)
    rs - -> rs      | {0}.applyfunc(lambda t: ReLU(t + {1})*t) | ReLU({0} + {1})*{0}
    rs - - -> rs    | {0}.applyfunc(lambda t: (t - {1})/sqrt(1 + {2}**2)) | ({0} - {1})/sqrt(1 + {2}**2)
    rs oo -> rs     | {0}.applyfunc(lambda t: t*Trace({1}))   | {0}*trace({1})
    rs oo -> rs     | {0}.applyfunc(lambda t: cos(t*det({1}))) | cos({0}*det({1}))
    rs ot -> rs     | {0}.applyfunc(lambda t: t/sqrt(1 + Trace({1}.T*{1}))) | {0}/sqrt(1 + ({1}**2).sum())
    rs o1 -> rs     | {0}.applyfunc(lambda t: t/(1 + ({1}.T*{1})[0, 0])) | {0}/(1 + ({1}**2).sum())
    rs -> rs        | {0}.applyfunc(lambda t: exp(t)/Trace(OneMatrix({s}, {r})*{0}.applyfunc(exp))) | exp({0})/exp({0}).sum()
    rs -> rs        | {0}.applyfunc(lambda t: t - Trace(OneMatrix({s}, {r})*{0})) | {0} - {0}.sum()
    rs - - -> rs    | {0}.applyfunc(lambda t: Piecewise((t*{1}, t > 0), ({2}, True))) | where({0} > 0, {0}*{1}, {2})
    rs oo -> rs     | {0}.applyfunc(lambda t: t*Trace({1}.applyfunc(lambda u: tanh(u*Trace({1}))))) | {0}*trace(tanh({1}*trace({1})))
    rs rt -> rs     | {0}.applyfunc(lambda t: sin(t)*log(det({1}*{1}.T + Identity({r})))) | sin({0})*logdet({1} @ {1}.T + eye({r}))
    rs rs -> rs     | HadamardPower({0}.applyfunc(exp), {1})  | exp({0})**{1}
    rs -> rs        | HadamardPower(2, {0})                   | 2**{0}
    rs -> rs        | HadamardPower({0}.applyfunc(Abs) + OneMatrix({r}, {s}), {c}) | (abs({0}) + 1)**{c}
    rs -> rs        | {0}.applyfunc(lambda t: t/(1 + sqrt(Trace({0}*{0}.T) + 1))) | {0}/(1 + sqrt(({0}**2).sum() + 1))
    rs -> rs        | {0}.applyfunc(lambda t: t*{0}[0, 0])    | {0}*{0}[0, 0]
    rs -> rs        | {0}.applyfunc(lambda t: ReLU(t, 1) - ReLU(t - 1)) | ReLU({0}) - ReLU({0} - 1)
    rs rs -> rs     | {0}.applyfunc(lambda t: tanh(t*Trace({0}.T*{1}))) | tanh({0}*({0}*{1}).sum())
    1s r1 -> rs     | {1}*{0}                                 | {1} @ {0}
    rr ss -> -      | Trace(BlockDiagMatrix({0}, {1})**2)     | trace({0} @ {0}) + trace({1} @ {1})
    rs ts -> - | Trace(BlockMatrix([[{0}], [{1}]])*BlockMatrix([[{0}], [{1}]]).T) | ({0}**2).sum() + ({1}**2).sum()
    rr -> -         | Trace({0}**3)                           | trace({0} @ {0} @ {0})
    rs -> rr        | ({0}*{0}.T + Identity({r}))**(-2)       | inv({0} @ {0}.T + eye({r})) @ inv({0} @ {0}.T + eye({r}))
    22 12 -> 24     | KroneckerProduct({1}, {0})              | kron({1}, {0})
    21 12 -> 22     | KroneckerProduct({0}, {1})              | kron({0}, {1})
    r1 r1 -> -      | Sum({0}[i, 0]*{1}[i, 0]**2, (i, 0, {r} - 1)) | ({0}*{1}**2).sum()
    rs -> -         | Sum(Abs({0}[i, j]), (i, 0, {r} - 1), (j, 0, {s} - 1)) | abs({0}).sum()
    rs -> -         | Sum(log(1 + ({0}*{0}.T)[i, i]), (i, 0, {r} - 1)) | log(1 + ({0}**2).sum(1)).sum()
    rs -> -         | {0}[{r} - 1, {s} - 1]                   | {0}[-1, -1]
    rs -> -         | Abs({0}[0, 0])                          | abs({0}[0, 0])
    - - -> -        | Piecewise(({0}, {1} > 0), ({0}*{1}, True)) | where({1} > 0, {0}, {0}*{1})
    - - -> -        | Max({0}, {1})                           | Max({0}, {1})
    rr -> rr        | DiagonalMatrix({0})                     | diag(diagonal({0}))
    rs -> 1s        | OneMatrix(1, {r})*{0}                   | {0}.sum(0, keepdim=True)
    rs -> r1        | {0}*OneMatrix({s}, 1)                   | {0}.sum(1, keepdim=True)
    r1 -> rr        | DiagMatrix({0})                         | diag({0}[:, 0])
    rr -> r1        | DiagonalOf({0})                         | diagonal({0})[:, None]
    rr -> rr        | {0} + Identity({r})                     | {0} + eye({r})
    rr -> rr        | {0}**2                                  | {0} @ {0}
    rr -> rr        | {0}**3                                  | {0} @ {0} @ {0}
    rs -> rr        | ({0}*{0}.T + Identity({r})).I           | inv({0} @ {0}.T + eye({r}))
    rs -> rr        | Inverse({0}*{0}.T + 2*Identity({r}))    | inv({0} @ {0}.T + 2*eye({r}))
    rs r1 -> s1     | {0}.T*({0}*{0}.T + Identity({r})).I*{1} | {0}.T @ inv({0} @ {0}.T + eye({r})) @ {1}
    rs rt so to -> ro | BlockMatrix([[{0}, {1}]])*BlockMatrix([[{2}], [{3}]]) | {0} @ {2} + {1} @ {3}
    rs rt so to -> ro | BlockMatrix([[{0}, {1}]]).applyfunc(tanh)*BlockMatrix([[{2}], [{3}]]) | tanh({0}) @ {2} + tanh({1}) @ {3}
    rr rs sr ss -> -  | Trace(BlockMatrix([[{0}, {1}], [{2}, {3}]])**2) | trace({0} @ {0} + {1} @ {2}) + trace({2} @ {1} + {3} @ {3})
    rs -> 1s        | {0}[0, :]                               | {0}[:1]
    rs -> r1        | {0}[:, 0]                               | {0}[:, :1]
    3s -> 2s        | {0}[1:, :]                              |
    33 -> 22        | {0}[:2, 1:]                             |
    -> 22           | Matrix([[1, -2], [0, 3]])               |
    -> 33           | ImmutableMatrix([[1, 0, 2], [-1, 1, 0], [0, 3, 1]]) |
    3s -> 3s        | ImmutableSparseMatrix(3, 3, {{(0, 1): 2, (2, 2): -1}})*{0} | SparseMatrix(3, 3, {{(0, 1): 2, (2, 2): -1}}) @ {0}
    33 -> 33        | {0} + ImmutableSparseMatrix(3, 3, {{(0, 1): 2, (2, 2): -1}}) | {0} + SparseMatrix(3, 3, {{(0, 1): 2, (2, 2): -1}})
    -> 23           | Matrix([[0.5, -1.5, 2], [1, 0, 0.25]])  |
    -> 31           | Matrix([1, 0, -2])                      | Matrix([[1], [0], [-2]])
    3s -> 1s        | SparseMatrix(1, 3, {{(0, 2): 4}})*{0}   | SparseMatrix(1, 3, {{(0, 2): 4}}) @ {0}
    -> 11           | Matrix([[3]])                           |
    -> 33           | eye(3)                                  |
    rs -> rs        | {0} + OneMatrix({r}, {s})               | {0} + 1
    rs -> rs        | {0} + ZeroMatrix({r}, {s})              | {0}
    11 -> 11        | {0}**2                                  |
    11 -> 11        | {0}.T*{0} + Identity(1)                 | {0}**2 + 1
    11 rs -> rs     | {0}[0, 0]*{1}                           |
    11 1s -> 1s     | {0}*{1}                                 |
    r1 11 -> r1     | {0}*{1}                                 |
    11 11 -> 11     | {0}/({1}**2 + Identity(1))              | {0}/({1}**2 + 1)
    11 -> -         | {0}[0, 0]                               |
    11 -> -         | Trace({0})                              | {0}[0, 0]
    11 -> -         | log({0}**2 + Identity(1))               | log({0}[0, 0]**2 + 1)
    11 -> -         | sqrt({0}**2 + Identity(1))              | sqrt({0}[0, 0]**2 + 1)
    rr -> -         | Trace({0})                              | trace({0})
    rr -> -         | det({0})                                |
    rr -> -         | Determinant({0})                        | det({0})
    rs -> -         | log(det({0}*{0}.T + Identity({r})))     | logdet({0} @ {0}.T + eye({r}))
    rs sr -> -      | Trace({0}*{1})                          | trace({0} @ {1})
    rs rs -> -      | Trace({0}.T*{1})                        | ({0}*{1}).sum()
    rs -> -         | {0}[0, 0]                               |
    rs -> -         | sqrt(1 + Trace({0}.T*{0}))              | sqrt(1 + ({0}**2).sum())
    r1 -> -         | sqrt(1 + ({0}.T*{0})[0, 0])             | sqrt(1 + ({0}**2).sum())
    r1 r1 -> -      | DotProduct({0}, {1})                    | ({0}*{1}).sum()
    r1 r1 -> -      | ({0}.T*{1})[0, 0]                       | ({0}*{1}).sum()
    rs r1 s1 -> -   | ({1}.T*{0}*{2})[0, 0]                   | ({1}.T @ {0} @ {2})[0, 0]
    r1 -> -         | Sum({0}[i, 0]**2, (i, 0, {r} - 1))      | ({0}**2).sum()
    r1 -> -         | Sum(ReLU({0}[i, 0]), (i, 0, {r} - 1))   | ReLU({0}).sum()
    rs -> -         | Sum({0}[i, j], (i, 0, {r} - 1), (j, 0, {s} - 1)) | {0}.sum()
    rr ss -> -      | Trace(KroneckerProduct({0}, {1}))       | trace({0})*trace({1})
    rr ss rr ss -> - | Trace(KroneckerProduct({0}, {1})*KroneckerProduct({2}, {3})) | trace({0} @ {2})*trace({1} @ {3})
    rs s1 -> -      | Sum(({0}*{1})[i, 0], (i, 0, {r} - 1))   | ({0} @ {1}).sum()
    rr -> -         | Sum({0}[i, i]**2, (i, 0, {r} - 1))      | (diagonal({0})**2).sum()
    - - -> -        | {0} + {1}                               |
    - - -> -        | {0}*{1}                                 |
    - - -> -        | {0}/(1 + {1}**2)                        |
    - -> -          | sin({0}) + {c}*{0}                      |
    - -> -          | ReLU({0})                               |
    - -> -          | tanh({0})**2                            |
    """)  # noqa: E501  one row, one line
)


# From whole numbers to a program


class Line(NamedTuple):
    name: str
    shape: str
    sympy: str
    torch: str


def program(picks):
    """The lines that a list of picks stands for: what fits nothing is left out."""
    pool = {name: shape or "-" for name, shape in VARIABLES.items()}
    lines = []
    for which, number, *choices in picks:
        step = STEPS[which % len(STEPS)]
        sides = {}
        operands = _operands(step.takes.split(), choices, pool, sides)
        if operands is None:
            continue
        words = {**sides, "c": NUMBERS[number % len(NUMBERS)]}
        texts = (t.format(*operands, **words) for t in (step.sympy, step.torch))
        name, shape = f"e{len(lines)}", "".join(sides.get(s, s) for s in step.gives)
        lines.append(Line(name, shape, *texts))
        pool[name] = shape
    if lines:
        lines.append(_total(lines[-1]))
    alive = _alive(lines)
    return alive if variables(alive) else []


def _operands(takes, choices, pool, sides):
    """Names that fit, the latest first; the letters of the pattern are bound on the way."""
    names = []
    for pattern, choice in zip(takes, choices, strict=False):
        fitting = [name for name in pool if _bound(pattern, pool[name], sides) is not None]
        if not fitting:
            return None
        names.append(fitting[-1 - choice % len(fitting)])
        sides.update(_bound(pattern, pool[names[-1]], sides))
    return names


def _bound(pattern, shape, sides):
    """The letters of a pattern as a shape has them, or None where it does not fit."""
    if len(pattern) != len(shape):
        return None
    sides = dict(sides)
    for letter, side in zip(pattern, shape, strict=True):
        if letter in "-1234":
            if letter != side:
                return None
        elif sides.setdefault(letter, side) != side:
            return None
    return sides


def _total(line):
    """The sum of all entries, weighted, so that no entry is like another."""
    if line.shape == "-":
        return Line("value", "-", line.name, line.name)
    r, s = line.shape
    if line.shape == "11":
        return Line("value", "11", line.name, line.name)
    text = f"Trace(OneMatrix({s}, {r})*HadamardProduct({{0}}, {{0}} + OneMatrix({r}, {s})))"
    return Line("value", "-", text.format(line.name), f"({line.name}*({line.name} + 1)).sum()")


def _names(line):
    return set(re.findall(r"\b(?:e\d+|[ABXwvrgPQuzc])\b", line.sympy))


def _alive(lines):
    """Without what does not lead to the value."""
    used, alive = {"value"}, []
    for line in reversed(lines):
        if line.name in used:
            alive.append(line)
            used |= _names(line)
    return alive[::-1]


def variables(lines):
    used = {name for line in lines for name in _names(line)}
    return [name for name in VARIABLES if name in used]


def code(lines):
    """The program as a stranger would type it."""
    names = variables(lines)
    declared = [
        'n, m = symbols("n m", integer=True, positive=True)',
        'i, j = symbols("i j", integer=True)',
    ]
    declared += [
        f'{v} = MatrixSymbol("{v}", {", ".join(VARIABLES[v])})'
        if VARIABLES[v]
        else f'{v} = Symbol("{v}")'
        for v in names
    ]
    body = [f"{line.name} = {line.sympy}" for line in lines]
    wrt = f"[{', '.join(names)}]"
    return "\n".join([*declared, *body, f"f = lambdify({wrt}, [value, gradient(value, {wrt})])"])


# Two meanings

n, m = sympy.symbols("n m", integer=True, positive=True)
i, j = sympy.symbols("i j", integer=True)
OURS = {**vars(sympy), "n": n, "m": m, "i": i, "j": j, "DotProduct": DotProduct}
OURS |= {"ReLU": ReLU, "elementwise": lambda f, M: symrelu.elementwise(f, M)}


def expression(lines):
    """The variables and the value in SymPy."""
    symbols = {
        v: MatrixSymbol(v, *(OURS.get(d) or int(d) for d in VARIABLES[v]))
        if VARIABLES[v]
        else Symbol(v)
        for v in variables(lines)
    }
    known = {**OURS, **symbols}
    for line in lines:
        flips = re.search(r"\.T|Transpose|Adjoint", line.sympy)
        if flips and any(_powers_by_matrices(known[name]) for name in _names(line)):
            raise TypeError("SymPy transposes the base of a HadamardPower, not its exponent")
        known[line.name] = value = eval(line.sympy, known)
        if any(isinstance(s, Dummy) for s in getattr(value, "free_symbols", ())):
            raise TypeError("a symbol that a Lambda binds stands outside of it")
        if isinstance(known[line.name], MutableSparseMatrix | ImmutableSparseMatrix):
            raise TypeError("applyfunc leaves the zeros of a sparse matrix alone")
    return list(symbols.values()), known["value"]


def _powers_by_matrices(value):
    nodes = value.atoms(HadamardPower) if isinstance(value, Basic) else ()
    return any(node.exp.is_Matrix for node in nodes)


def _dense(rows, columns, entries):
    matrix = torch.zeros(rows, columns)
    for index, entry in entries.items():
        matrix[index] = entry
    return matrix


def _theirs():
    def scalarwise(f):
        return lambda a: f(torch.as_tensor(a, dtype=torch.float64))

    def matrix(rows):
        return torch.tensor(rows, dtype=torch.float64)

    names = {
        name: scalarwise(getattr(torch, name)) for name in ("exp", "log", "sin", "cos", "tanh")
    }
    return names | {
        "sqrt": scalarwise(torch.sqrt),
        "ReLU": torch.relu,
        "Max": lambda a, b: torch.maximum(*(torch.as_tensor(x).double() for x in (a, b))),
        "where": lambda c, a, b: torch.where(torch.as_tensor(c), a, b),
        "trace": torch.trace,
        "det": torch.det,
        "logdet": torch.logdet,
        "inv": torch.linalg.inv,
        "kron": lambda a, b: torch.kron(a.contiguous(), b.contiguous()),
        "eye": lambda size: torch.eye(size, dtype=torch.float64),
        "diag": torch.diag,
        "diagonal": torch.diagonal,
        "Rational": lambda a, b: a / b,
        "Matrix": matrix,
        "ImmutableMatrix": matrix,
        "SparseMatrix": _dense,
        **{d: s for d, s in SIZES.items() if d.isalpha()},
    }


def by_torch(lines, arrays):
    """The value, its gradients, and the largest number on the way."""
    with double_precision():
        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        known = {**_theirs(), **dict(zip(variables(lines), tensors, strict=True))}
        largest = 1.0
        for line in lines:
            known[line.name] = eval(line.torch, known)
            largest = max(largest, float(torch.as_tensor(known[line.name]).detach().abs().max()))
        # A variable that is multiplied by 0 has no gradient there; ours is 0.
        value = known["value"].sum() + sum(0 * t.sum() for t in tensors)
        slopes = torch.autograd.grad(value, tensors)
    slopes = [s.numpy() for s in slopes]
    return value.item(), slopes, max([largest, *(np.abs(s).max() for s in slopes)])


# Do they agree?

LIMIT = 8  # seconds, to build; as many again to derive, compile and run
ENOUGH = 1e6  # numbers beyond are no test


def point(lines, seed):
    generator = np.random.default_rng(seed)
    shapes = ([SIZES[d] for d in VARIABLES[v]] for v in variables(lines))
    return [generator.normal(size=shape) * 0.7 for shape in shapes]


class UnbuildableError(Exception):
    """SymPy itself does not take the expression."""


_LIBRARY = str(Path(symrelu.__file__).parent)


def built(lines):
    """The expression, where SymPy takes it, and in time."""
    try:
        with time_limit(LIMIT, code(lines)):
            return expression(lines)
    except Exception as error:
        if _is_ours(error):
            raise
        raise UnbuildableError(f"{type(error).__name__}: {error}") from error


def _is_ours(error):
    """Whether the library was at work when it happened, or when the time was up."""
    frames = traceback.extract_tb((error.__context__ or error).__traceback__)
    return any(frame.filename.startswith(_LIBRARY) for frame in frames)


def _difference(lines, f, seed):
    arrays = point(lines, seed)
    value, slopes, largest = by_torch(lines, arrays)
    if not largest < ENOUGH:
        return None
    ours, gradients = f(*arrays)
    pairs = [("value", ours, value), *zip(variables(lines), gradients, slopes, strict=True)]
    for name, a, b in pairs:
        if name != "value" and np.shape(a) != np.shape(b):
            return f"{name}: the shape is {np.shape(a)} and not {np.shape(b)}"
        if not np.allclose(np.reshape(a, np.shape(b)), b, rtol=0, atol=1e-9 * largest):
            return f"{name}: {np.asarray(a).tolist()} and not {np.asarray(b).tolist()}"
    return None


def check(lines):
    """Fail with the program as code; raise what the library raises."""
    symbols, value = built(lines)
    with time_limit(LIMIT, code(lines)):
        f = lambdify(symbols, [value, gradient(value, symbols)])
        # Where two roundings fall on the two sides of a kink, only one point shows it.
        different = _difference(lines, f, 1) and _difference(lines, f, 2)
    assert not different, f"{different}\n{code(lines)}"


def random_picks(seed, longest=9):
    generator = random.Random(seed)

    def choice():  # what is new is chosen more often than what is old
        return min(int(generator.expovariate(0.9)), 30)

    return [
        (
            generator.randrange(len(STEPS)),
            generator.randrange(len(NUMBERS)),
            *(choice() for _ in "0123"),
        )
        for _ in range(generator.randint(2, longest))
    ]


# The long run


def outcome(lines):
    try:
        check(lines)
    except UnbuildableError as error:
        return "unbuildable", str(error)
    except AssertionError as error:
        return ("hang" if "no answer" in str(error) else "wrong"), str(error)
    except NotImplementedError as error:
        return "refused", f"{error}\n{code(lines)}"
    except np.linalg.LinAlgError as error:
        return "singular", str(error)  # the derivative of a determinant at 0
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
        return "error", f"{type(error).__name__}: {error} ({where})\n{code(lines)}"
    return "ok", ""


def shrunk(picks):
    """A shorter list of picks with the same kind of outcome."""
    kind, message = outcome(program(picks))
    position = 0
    while position < len(picks):
        shorter = picks[:position] + picks[position + 1 :]
        lines = program(shorter)
        found, said = outcome(lines) if lines else ("ok", "")
        if found == kind and said.split(":")[0] == message.split(":")[0]:
            picks = shorter
        else:
            position += 1
    return picks


def main(count, first=0):
    counts = Counter()
    for seed in range(first, first + count):
        picks = random_picks(seed)
        lines = program(picks)
        kind, message = outcome(lines) if lines else ("empty", "")
        counts[kind] += 1
        if kind in ("unbuildable", "singular"):
            counts[f"  {message[:70]}"] += 1
        elif message:
            if kind != "hang":
                kind, message = outcome(program(shrunk(picks)))
            print(f"--- seed {seed}: {kind}\n{message}", flush=True)
        if seed % 500 == 499:
            print(seed + 1 - first, {k: v for k, v in counts.items() if k[0] != " "}, flush=True)
    for kind, number in counts.most_common():
        print(f"{number:7} {kind}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
