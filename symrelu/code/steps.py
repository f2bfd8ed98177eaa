"""From expressions to the steps of a program, which SymPy's printers then write in C and the like.

SymPy's own ``cse`` finds what is shared; here a step is also whatever a language writes more
than once, or has no exact word for, so that the code is as long as the graph is large.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial, reduce
from typing import Any

from sympy import (
    Add,
    Basic,
    DiracDelta,
    Eq,
    Expr,
    Float,
    Gt,
    Heaviside,
    Indexed,
    Lt,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    Symbol,
    Tuple,
    numbered_symbols,
    sign,
)
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from symrelu.function import ReLU
from symrelu.graph import postorder
from symrelu.inputs import expression
from symrelu.kinked import rewritten, without_deltas


def cse(
    exprs: Any, symbols: Iterator[Symbol] | None = None
) -> tuple[list[tuple[Symbol, Expr]], list[Any]]:
    r"""
    The steps of a program that computes the expressions, to be printed in C and the like.

    Explanation
    ===========

    It is :func:`sympy.cse` in time linear in the graph, for SymPy's ``ccode``, ``cxxcode``,
    ``fcode``, ``jscode`` and ``rust_code``: a step of a network is a line of code, however deep
    the network is.  Steps at kinks, maxima and signs are choices between numbers of one type, of
    which nan takes none, so that nan stays nan; where the value at 0 is chosen, it is.

    Parameters
    ==========

    exprs : Expr, Matrix, or a sequence of these
        What to compute: scalars, or explicit matrices of them.
    symbols : iterator of Symbol, optional
        Names for the steps; ``x0``, ``x1`` and so on, but for those that are in use.

    Returns
    =======

    list of pairs
        Symbols, and what each stands for, in order.
    list
        The expressions, in terms of them.

    Raises
    ======

    TypeError
        If an expression is text, or a matrix that is not written out.
    ValueError
        If an expression holds a ``DiracDelta``.

    Examples
    ========

    >>> from sympy import ccode, symbols
    >>> from symrelu import ReLU, gradient
    >>> from symrelu.code import cse
    >>> w, b, y = symbols("w b y", real=True)
    >>> loss = (ReLU(3*w + b) - y)**2
    >>> steps, results = cse([loss, gradient(loss, b)])
    >>> print("double", ", ".join(str(s) for s, _ in steps) + ";")
    double x0, x1, x2;
    >>> for s, e in steps:
    ...     print(ccode(e, assign_to=s))
    x0 = b + 3*w;
    if (x0 < 0) {
       x1 = 0.0;
    }
    else if (x0 > 0) {
       x1 = 1.0;
    }
    else if (x0 == 0) {
       x1 = 0.0;
    }
    else {
       x1 = x0;
    }
    x2 = -y + fdim(x0, 0);
    >>> for k, e in enumerate(results):
    ...     print(ccode(e, assign_to=f"out[{k}]"))
    out[0] = pow(x2, 2);
    out[1] = 2*x1*x2;

    See Also
    ========

    sympy.simplify.cse_main.cse
    """
    if isinstance(exprs, (Basic, MatrixBase, str)) and not isinstance(exprs, Tuple):
        exprs = [exprs]
    roots = [_root(e) for e in (exprs if isinstance(exprs, Iterable) else [exprs])]
    entries = [entry for root in roots for entry in _entries(root)]
    program = _Program(without_deltas(Tuple(*entries)), symbols)
    values = iter([program.value[entry] for entry in program.roots.args])
    results = [
        type(root)(*root.shape, [next(values) for _ in range(len(root))])
        if isinstance(root, MatrixBase)
        else next(values)
        for root in roots
    ]
    return program.steps, results


def _root(expr: Any) -> Any:
    root = expr if isinstance(expr, MatrixBase) else expression(expr, "cse")
    if isinstance(root, MatrixExpr) and not isinstance(root, MatrixBase):
        raise TypeError(f"cse takes explicit matrices, not {root}; write it out by as_explicit")
    return root


def _entries(root: Any) -> list[Expr]:
    return root.flat() if isinstance(root, MatrixBase) else [root]


_LEAVES = (Symbol, Indexed, MatrixElement, MatrixSymbol)


class _Program:
    """The steps so far, and what stands for each subexpression in those to come."""

    def __init__(self, roots: Tuple, symbols: Iterator[Symbol] | None) -> None:
        self.roots = roots
        self.steps: list[tuple[Symbol, Expr]] = []
        order = list(postorder(roots))
        taken = {node.name for node in order if isinstance(node, (Symbol, MatrixSymbol))}
        names = symbols or numbered_symbols("x", real=True)
        self.names = (name for name in names if name.name not in taken)
        self.uses = Counter(arg for node in order for arg in node.args)
        self.value: dict[Basic, Any] = {}
        self.add(order[:-1])

    def add(self, order: list[Basic]) -> None:
        for node in order:
            if node not in self.value:
                value = node if isinstance(node, _LEAVES) else self.made(node)
                is_shared = self.uses[node] > 1 and isinstance(node, Expr)
                self.value[node] = self.named(value) if is_shared else value

    def named(self, value: Any) -> Any:
        """A name for it, unless it is one or a number."""
        if isinstance(value, _LEAVES) or value.is_Number:
            return value
        name = next(self.names)
        self.steps.append((name, value))
        return name

    def choice(self, *pairs: tuple[Any, Any]) -> Any:
        """A choice between numbers of one type."""
        floats = [(Float(e) if e.is_Integer else e, c) for e, c in pairs]
        return self.named(Piecewise(*(ExprCondPair(e, c) for e, c in floats), evaluate=False))

    def compared(self, a: Any, b: Any, less: Any, equal: Any, greater: Any, neither: Any) -> Any:
        """A choice of four.

        SymPy's printers evaluate it: two conditions of which one must hold for a number would
        hide the case of nan.
        """
        return self.choice(
            (less, Lt(a, b, evaluate=False)),
            (greater, Gt(a, b, evaluate=False)),
            (equal, Eq(a, b, evaluate=False)),
            (neither, S.true),
        )

    def made(self, node: Any) -> Any:
        """The node in terms of steps; what a language writes twice, or not exactly, is one."""
        args = [self.value[arg] for arg in node.args]
        if isinstance(node, DiracDelta):
            raise ValueError(f"cse: {node} has no value at a point")
        if isinstance(node, Mul):  # SymPy forgets Rust's parentheses around a sum
            args = [self.named(arg) if arg.is_Add else arg for arg in args]
        if isinstance(node, ReLU):
            return ReLU(self.named(args[0]))
        if isinstance(node, (Heaviside, sign)):
            u = self.named(args[0])
            below, at_0 = (S.Zero, args[1]) if isinstance(node, Heaviside) else (-S.One, S.Zero)
            return self.compared(u, S.Zero, below, at_0, S.One, u)
        if isinstance(node, (Max, Min)):
            return reduce(partial(self.extremum, isinstance(node, Max)), args)
        if isinstance(node, Piecewise):
            pairs = [tuple(pair) for pair in args]
            return self.choice(*pairs, *[(S.NaN, True)] * (pairs[-1][1] != True))  # noqa: E712
        if (other := rewritten(node)) is not None:  # a kinked function of the user's own
            self.add(list(postorder(other)))
            return self.value[other]
        if all(a is b for a, b in zip(args, node.args, strict=True)):
            return node
        is_kept = isinstance(node, (Add, Mul, Pow, Relational))
        return node.func(*args, **({"evaluate": False} if is_kept else {}))

    def extremum(self, is_larger: bool, a: Any, b: Any) -> Any:
        a, b = self.named(a), self.named(b)
        less, greater = (b, a) if is_larger else (a, b)
        return self.compared(a, b, less, a, greater, a + b)
