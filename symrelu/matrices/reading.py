r"""One reading: what can be written in many ways becomes one form, in linear time.

SymPy pushes ``(W*x + b).T`` through sums, products and functions, makes a ``Sum`` of an element
of a product, flattens ``h + V*f(h)`` until every block adds up all that came before it, and takes
a (1, 1) matrix for something other than a scalar.  ``read`` undoes that: of a matrix and its
transpose one is there, and the other is ``Transpose`` of it; a sum that holds another one holds
that one; what a function of entries knows of matrices stands among its arguments; a (1, 1) matrix
among scalars is its element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import singledispatch
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Adjoint,
    Basic,
    BlockMatrix,
    Derivative,
    Determinant,
    Dummy,
    Expr,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    Integral,
    Inverse,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    OneMatrix,
    Pow,
    Product,
    S,
    Subs,
    Sum,
    Trace,
    Transpose,
    Tuple,
    ZeroMatrix,
    conjugate,
)
from sympy.core.function import AppliedUndef, Function
from sympy.matrices import MatrixBase
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu.graph import bound_symbols, exchanged, free_symbols, kinds, leading_to, objects
from symrelu.matrices.contraction import contracted
from symrelu.matrices.elementwise import ENTRY, Elementwise
from symrelu.matrices.rolling import is_written_out, rolled
from symrelu.matrices.sums import shared_sums
from symrelu.matrices.table import BINDER, LEAF, OF_THE_TRANSPOSE, Literal, Table
from symrelu.matrices.writing import Writer
from symrelu.signs import SMALL, has_few_nodes, is_small, put

# What is read of a node: its operands, and what they make.
Reader: TypeAlias = tuple[Sequence[Basic], Callable[..., Literal]]
_BINDERS = (Sum, Product, Integral, Derivative, Subs, Lambda, FunctionMatrix)


def read(roots: Sequence[Basic], real: bool = True) -> list[Basic]:
    """The expressions in one form, in which what they share is one object.

    Where there are matrices, all is real, to who differentiates.
    """
    if not Matters().anywhere(roots):
        return list(roots)
    reading = Reading(Matters(*[conjugate] * real), real)
    found = [reading.read(root) for root in roots]
    writer = Writer(reading.table, shared_sums(reading.table, found))
    return [writer.written(x) for x in found]


class Matters:
    """Whether there are matrices in an expression, other than elements of a symbol, or others."""

    def __init__(self, *others: type[Basic]) -> None:
        self.others = (Sum, *others)
        self.known: dict[int, bool] = {}
        self.alive: list[Basic] = []  # an id is that of a living object

    def anywhere(self, roots: Sequence[Basic]) -> bool:
        """Whether there are any: less work than to ask of every node, if there are none."""
        candidates = (*self.others, MatrixElement)
        if not any(_is_matrix(kind) or issubclass(kind, candidates) for kind in kinds(*roots)):
            return False
        return any(map(self, roots))

    def __call__(self, root: Basic) -> bool:
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in self.known:
                stack.pop()
            elif _is_matrix(node) or isinstance(node, self.others) or is_written_out(node):
                self._learn(stack.pop(), True)
            elif isinstance(node, MatrixElement) and isinstance(node.parent, MatrixSymbol):
                self._learn(stack.pop(), False)
            elif pending := [arg for arg in node.args if id(arg) not in self.known]:
                stack += pending
            else:
                self._learn(stack.pop(), any(self.known[id(arg)] for arg in node.args))
        return self.known[id(root)]

    def _learn(self, node: Basic, answer: bool) -> None:
        self.known[id(node)] = answer
        self.alive.append(node)


class Reading:
    """One request: the literal of every expression that was met."""

    def __init__(self, matters: Matters, real: bool) -> None:
        self.matters, self.real = matters, real
        self.table = Table()
        # By identity: SymPy's == of two deep equal trees takes exponential time.
        self.literals: dict[int, Literal] = {}
        self.readers: dict[int, Reader] = {}
        self.alive: list[Basic] = []

    def read(self, root: Basic) -> Literal:
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in self.literals:
                stack.pop()
                continue
            if id(node) not in self.readers:
                self.alive.append(node)
                self.readers[id(node)] = self._reader(node)
            operands, make = self.readers[id(node)]
            pending = [arg for arg in operands if id(arg) not in self.literals]
            if any(arg is node or id(arg) in self.readers for arg in pending):
                raise RecursionError(f"the reading of {type(node).__name__} needs itself: {node}")
            if pending:
                stack += pending
            else:
                stack.pop()
                found = [self.literals[id(arg)] for arg in operands]
                self.literals[id(node)] = make(self.table, *found)
        return self.literals[id(root)]

    def _reader(self, node: Basic) -> Reader:
        short = contracted(node) if isinstance(node, Sum) else None
        if is_written_out(node):
            short = rolled(node)
        if short is not None and short is not node:
            return [short], lambda table, x: x
        if not self.matters(node) or not node.args:
            return (), lambda table: table.leaf(node)
        if isinstance(node, _BINDERS):
            return _binder(node, self.matters)
        return (None if self.real else _of_complex(node)) or reader(node)


def _of_complex(node: Any) -> Reader | None:
    """How a node is read that has another value if the numbers are complex."""
    if isinstance(node, (Adjoint, conjugate)):
        return reader.dispatch(object)(node)
    if not isinstance(node, ElementwiseApplyFunction) or node.function.variables[0].is_real:
        return None
    body, names, parameters = _body(node, real=False)
    real_body, real_names, _ = _body(node)
    if not is_small(body) or put(real_body, dict(zip(real_names, names, strict=True))) == body:
        return None
    return _of_entries(node, body, names, parameters)


@singledispatch
def reader(node: Basic) -> Reader:
    """How a node is read: its operands, and what they make."""
    return node.args, lambda table, *xs: _as_it_is(table, node, xs)


def _as_it_is(table: Table, node: Basic, xs: tuple[Literal, ...]) -> Literal:
    shape = node.shape if _is_matrix(node) else ()
    if not shape and not isinstance(node, (AppliedUndef, Trace, Determinant)):
        xs = tuple(_scalar(table, node, x) for x in xs)
    return table.node(type(node), xs, shape, source=node)


def _scalar(table: Table, node: Basic, x: Literal) -> Literal:
    """A (1, 1) matrix among scalars is its element."""
    shape = table.shape(x)
    if shape == (1, 1):
        return table.trace(x)
    if shape and (isinstance(node, (Function, Pow)) and _is_sympys(node)):
        name = type(node).__name__
        raise NotImplementedError(
            f"{name} of a matrix of shape {shape} is not a function of each entry; for that write "
            f"elementwise({name}, A), with A the matrix"
        )
    return x


def _is_sympys(node: Basic) -> bool:
    return type(node).__module__.startswith("sympy.")


def _binder(node: Basic, matters: Matters) -> Reader:
    """What binds symbols is read in the scalars that do not depend on these."""
    bound = bound_symbols(node)
    matrices = [part for part in objects(node) if isinstance(part, (MatrixExpr, MatrixElement))]
    operands = {arg for matrix in matrices for arg in matrix.args}
    parts = [
        part
        for part in _quantities(node, bound, matters)
        if not _is_matrix(part) or (part.shape == (1, 1) and part not in operands)
    ]
    if not parts or _is_matrix(node):
        return (), lambda table: table.leaf(node)
    names = tuple(parameter(k) for k in range(len(parts)))
    shell = exchanged(node, dict(zip(parts, names, strict=True)))

    def make(table: Table, *xs: Literal) -> Literal:
        scalars = tuple(_scalar(table, node, x) for x in xs)
        return table.node(BINDER, scalars, data=(shell, names))

    return parts, make


def _quantities(
    node: Basic, bound: set[Basic], matters: Callable[[Basic], bool]
) -> Iterator[Basic]:
    """The largest parts that matter and hold no bound symbol."""
    varying = leading_to(node, bound)
    stack, seen = list(node.args), set()
    while stack:
        part = stack.pop()
        if part in seen or not matters(part):
            continue
        seen.add(part)
        if isinstance(part, Expr) and id(part) not in varying:
            yield part
        else:
            stack.extend(part.args)


def _is_matrix(node: Basic | type[Basic]) -> bool:
    return bool(getattr(node, "is_Matrix", False))


@reader.register(MatrixSymbol)
@reader.register(Identity)
@reader.register(OneMatrix)
@reader.register(ZeroMatrix)
def _(node: Expr) -> Reader:
    return (), lambda table: table.leaf(node)


@reader.register(MatMul)
def _(node: MatMul) -> Reader:
    return node.args, lambda table, *xs: table.product(xs)


@reader.register(MatAdd)
def _(node: MatAdd) -> Reader:
    return node.args, lambda table, *xs: table.sum(xs)


@reader.register(HadamardProduct)
def _(node: HadamardProduct) -> Reader:
    return node.args, lambda table, *xs: table.hadamard(xs)


@reader.register(Transpose)
@reader.register(Adjoint)  # matrices are real
def _(node: Expr) -> Reader:
    return [node.arg], Table.flip


@reader.register(conjugate)
def _(node: Expr) -> Reader:
    return node.args, lambda table, x: x


@reader.register(HadamardPower)
def _(node: HadamardPower) -> Reader:
    def make(table: Table, base: Literal, exponent: Literal) -> Literal:
        if not table.shape(base):  # 2.**A
            function = Lambda((ENTRY, parameter(0)), parameter(0) ** ENTRY)
            return table.node(Elementwise, (exponent, base), node.shape, data=function)
        if table.shape(exponent) == (1, 1) != table.shape(base):
            exponent = table.trace(exponent)
        return _hadamard_power(table, base, exponent)

    return node.args, make


def _hadamard_power(table: Table, base: Literal, exponent: Literal) -> Literal:
    shape = table.shape(base)
    number = table.number(exponent)
    if number is not None and number == 0:
        return table.leaf(OneMatrix(*shape))
    if number is not None and number == 1:
        return base
    return table.node(HadamardPower, (base, exponent), shape)


@reader.register(Inverse)
def _(node: Inverse) -> Reader:
    return [node.arg], _inverse


def _inverse(table: Table, x: Literal) -> Literal:
    c, y = table.scaled(x)
    less = table.leaf(S.NegativeOne)
    if table.shape(y) == (1, 1):
        return table.scale(_power(table, table.trace(x), less), table.leaf(Identity(1)))
    if c != table.one:
        return table.scale(_power(table, c, less), _inverse(table, y))
    if table[y].op is Inverse:
        return table.flip(table[y].operands[0]) if y & 1 else table[y].operands[0]
    return y if table.is_leaf(y, Identity) else table.node(Inverse, (y,), table.shape(y))


def _power(table: Table, base: Literal, exponent: Literal) -> Literal:
    inner, half = table[base], table.number(exponent)
    if inner.op is Pow and half is not None and not half.is_Integer:
        x, even = inner.operands
        if (k := table.number(even)) is not None and k.is_even:  # the root of a square
            return _power(table, table.node(Abs, (x,)), table.leaf(k * half))
    if table[base].op is table[exponent].op is LEAF:
        return table.leaf(Pow(table[base].data, table[exponent].data))
    return table.node(Pow, (base, exponent))


@reader.register(MatPow)
def _(node: MatPow) -> Reader:
    if node.exp == -1:
        return [node.base], _inverse

    def make(table: Table, base: Literal, exponent: Literal) -> Literal:
        if table.shape(base) == (1, 1):
            return table.scale(_power(table, table.trace(base), exponent), table.leaf(Identity(1)))
        return table.node(MatPow, (base, exponent), node.shape)

    return node.args, make


@reader.register(Trace)
def _(node: Trace) -> Reader:
    if isinstance(node.arg, MatMul):
        return node.arg.args, lambda table, *xs: table.trace(table.product(xs, traced=True))
    return [node.arg], Table.trace


@reader.register(DotProduct)
def _(node: DotProduct) -> Reader:
    def make(table: Table, a: Literal, b: Literal) -> Literal:
        row = a if table.shape(a)[0] == 1 else table.flip(a)
        column = b if table.shape(b)[1] == 1 else table.flip(b)
        return table.trace(table.product([row, column]))

    return node.args, make


@reader.register(MatrixElement)
def _(node: MatrixElement) -> Reader:
    def make(table: Table, x: Literal, i: Literal, j: Literal) -> Literal:
        if table.shape(x) == (1, 1):
            return table.trace(x)
        c, x = table.scaled(x)
        place = (x, i, j) if not x & 1 else (x ^ 1, j, i)
        if isinstance(parent := table[place[0]].data, (MatrixSymbol, OneMatrix, Identity)):
            indices = (table[k].data for k in place[1:])
            return table.times([c, table.leaf(parent[tuple(indices)])])
        return table.times([c, table.node(MatrixElement, place)])

    return node.args, make


def _of_the_transpose(node: Expr) -> Reader:
    """Of a matrix and its transpose the same."""
    shape = getattr(node, "shape", ())

    def make(table: Table, x: Literal) -> Literal:
        if table.shape(x) == (1, 1):
            return x if shape else table.trace(x)
        return table.node(type(node), (x if table[x].symmetric else x & ~1,), shape)

    return node.args, make


for _kind in OF_THE_TRANSPOSE[1:]:
    reader.register(_kind, _of_the_transpose)


@reader.register(MatrixSlice)
def _(node: MatrixSlice) -> Reader:
    data = tuple(map(_bounds, (node.rowslice, node.colslice), node.shape))
    return [node.parent], lambda table, x: table.node(MatrixSlice, (x,), node.shape, data)


def _bounds(bounds: Any, count: Expr) -> Any:
    """SymPy counts as many rows as there are whole steps, NumPy one more if there is a rest."""
    start, _, step = bounds
    return bounds if step == 1 else Tuple(start, start + count * step, step)


@reader.register(BlockMatrix)
def _(node: BlockMatrix) -> Reader:
    if type(node) is not BlockMatrix:  # a diagonal of blocks
        return node.args, lambda table, *xs: table.node(type(node), xs, node.shape)
    shape = node.blocks.shape
    return node.blocks.flat(), lambda table, *xs: table.node(BlockMatrix, xs, node.shape, shape)


@reader.register(MatrixBase)
def _(node: Any) -> Reader:
    node = node.as_immutable()
    if not any(map(Matters(), node.todok().values())):
        return (), lambda table: table.leaf(node)

    def make(table: Table, *xs: Literal) -> Literal:
        entries = tuple(_scalar(table, node, x) for x in xs)
        return table.node(type(node), entries, node.shape, node.shape)

    return node.flat(), make


# Functions of entries


@reader.register(ElementwiseApplyFunction)
def _(node: Any) -> Reader:
    return _of_entries(node, *_body(node))


def _of_entries(
    node: Any, body: Expr, variables: tuple[Dummy, ...], parameters: list[Expr]
) -> Reader:
    if not parameters and variables[0] not in free_symbols(body):
        return [node.expr, body], _constant

    def make(table: Table, x: Literal, *scalars: Literal) -> Literal:
        scalars = tuple(_scalar(table, body, p) for p in scalars)
        if table.is_leaf(x, ZeroMatrix) and all(table[p].op is LEAF for p in scalars):
            entries = (S.Zero, *(table[p].data for p in scalars))
            value = body.xreplace(dict(zip(variables, entries, strict=True)))
            return _constant(table, x, table.leaf(value))
        if variables == (ENTRY,) and body.is_Pow and body.base == ENTRY and not body.exp.has(ENTRY):
            return _hadamard_power(table, x, table.leaf(body.exp))
        return table.node(Elementwise, (x, *scalars), table.shape(x), data=Lambda(variables, body))

    return [node.expr, *parameters], make


def _constant(table: Table, x: Literal, c: Literal) -> Literal:
    """The matrix of equal entries."""
    return table.scale(c, table.leaf(OneMatrix(*table.shape(x))))


_NUMBER = Dummy("d", dummy_index=0)  # an entry that may be complex


def _body(node: Any, real: bool = True) -> tuple[Expr, tuple[Dummy, ...], list[Expr]]:
    """The body over the library's own variables, and the matrix quantities that it knows."""
    name = ENTRY if real else _NUMBER
    entry, *variables = node.function.variables
    parameters = list(node.args[2:])
    body = node.function.expr
    if not variables and entry not in free_symbols(body):
        return body, (name,), []
    known = {variable: parameter(k, real) for k, variable in enumerate(variables)}
    for part in _beside(entry, body):
        known[part] = parameter(len(known), real)
        parameters.append(part)
    body = put(body, {entry: name, **known}) if entry != name or known else body
    return body, (name, *known.values()), parameters


def parameter(k: int, real: bool = True) -> Dummy:
    """The library's name, one in every process, for the k-th parameter of a body."""
    return Dummy(f"p{k}", dummy_index=k + 1, real=real or None)


def _beside(entry: Basic, body: Basic) -> Iterator[Basic]:
    """The matrix quantities that a body knows beside the entry, and what is long."""
    matters = Matters()

    def is_apart(part: Basic) -> bool:
        return matters(part) or not has_few_nodes(part, SMALL)

    if not is_apart(body):
        return
    is_constant = entry not in free_symbols(body)
    varying = {entry, *bound_symbols(body)}
    for part in [body] if is_constant else _quantities(body, varying, is_apart):
        if _is_matrix(part) and part.shape != (1, 1):
            raise NotImplementedError(
                f"the body of an elementwise function, {body}, puts its entry into a formula with "
                f"the matrix {part}; write it with scalars of the matrix only, such as a trace"
            )
        yield part
