"""The one list of what is kinked, and of how it is written with ReLU.

A kinked function of one's own needs one method::

    class LeakyReLU(Function):
        def _eval_rewrite_as_ReLU(self, u, **hints):
            return u/10 + 9*ReLU(u)/10

SymPy's own have an entry here, and ReLU has one where it is defined.  An entry is written in
the arithmetic of whoever reads it: expressions, broken lines, or polynomials in steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any, Protocol

from sympy import (
    Abs,
    Basic,
    Complement,
    Contains,
    DiracDelta,
    Dummy,
    Expr,
    FiniteSet,
    Heaviside,
    Intersection,
    Interval,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    SingularityFunction,
    Symbol,
    Union,
    sign,
)
from sympy.core.numbers import ImaginaryUnit

from symrelu.graph import holds, postorder, replaced
from symrelu.signs import is_small, is_soon_written_out, known


class Reader(Protocol):
    """An arithmetic in which an entry can be read."""

    def read(self, expr: Expr) -> Any:
        """What an expression is there; it has ``+``, ``-`` and ``*`` by a number."""

    def relu(self, value: Any, H0: Expr) -> Any:
        """The ReLU of such a value."""


@singledispatch
def in_relu(node: Basic, reader: Reader) -> Any:
    """The node, written with ReLU; None if it is not kinked or cannot be written so."""
    written = rewritten(node)
    return None if written is None else reader.read(written)


def rewritten(node: Basic) -> Any:
    """What the class of the node itself says: SymPy's hook, called directly; None if endless."""
    return _once(node) if hasattr(node, _HOOK) and _ends(_probe(node), (), set()) else None


_HOOK = "_eval_rewrite_as_ReLU"
COMPARED = (Complement, FiniteSet, Intersection, Interval, Union)
_DEPTH = 50  # of what is written with what is written with ReLU


def _once(node: Basic) -> Any:
    hook = getattr(node, _HOOK, None)
    return None if hook is None else hook(*node.args)


def _probe(node: Basic) -> Any:
    """The node of symbols: what stands inside of it has been looked at."""
    return node.func(*(arg if _is_fixed(arg) else Dummy(real=True) for arg in node.args))


def _is_fixed(arg: Basic) -> bool:
    return arg.is_Atom or arg.is_Matrix or not isinstance(arg, Expr)


def _ends(node: Basic, above: tuple[Basic, ...], ended: set[Basic]) -> bool:
    """Whether it is not written with itself, nor with ever more of what is on the list."""
    if node in above or len(above) == _DEPTH:
        return False
    written = _once(node)
    inner = () if written is None else (n for n in postorder(written) if hasattr(n, _HOOK))
    if not all(n in ended or _ends(n, (*above, node), ended) for n in inner):
        return False
    ended.add(node)
    return True


@in_relu.register(Abs)
def _(node: Abs, reader: Reader) -> Any:
    if not may_be_real(node.args[0]):
        return None
    u = reader.read(node.args[0])
    return 2 * reader.relu(u, S.Half) - u


@in_relu.register(Max)
@in_relu.register(Min)
def _(node: Expr, reader: Reader) -> Any:
    up = 1 if isinstance(node, Max) else -1
    # Numbers first: what is left is then the ReLU of a line, and not of a ReLU.
    first, *others = map(reader.read, sorted(node.args, key=lambda arg: not arg.is_number))
    for other in others:
        first = first + up * reader.relu(up * (other - first), S.Half)
    return first


@in_relu.register(SingularityFunction)
def _(node: SingularityFunction, reader: Reader) -> Any:
    x, a, n = node.args
    return reader.relu(reader.read(x - a), S.One) if n == 1 else None


# Steps jump: only a product of one with what is 0 there is written with ReLU.
# A Piecewise is what its readers make of its conditions.


@in_relu.register(sign)
@in_relu.register(Heaviside)
@in_relu.register(Piecewise)
def _(node: Expr, reader: Reader) -> Any:
    return None


def is_kinked(node: Basic) -> bool:
    """Whether the class of the node is on the list."""
    cls = type(node)
    listed = in_relu.dispatch(cls) is not in_relu.dispatch(object)
    return listed or hasattr(cls, _HOOK)


def has_kinks(expr: Basic) -> bool:
    """Whether a function on the list stands anywhere in the expression."""
    return any(map(is_kinked, postorder(expr)))


def may_be_real(x: Expr) -> bool:
    """Whether to take it as real: a symbol without assumptions, but not a complex one."""
    real = known(x, "extended_real")
    return bool(real) or (real is None and not known(x, "complex") and not holds(x, ImaginaryUnit))


# Conditions


def in_relations(condition: Any) -> Any:
    """The condition with what says that something is in a set as inequalities."""
    if not isinstance(condition, Basic) or not holds(condition, Contains):
        return condition
    return replaced(condition, _compared)


def _compared(node: Any) -> Any:
    if not isinstance(node, Contains) or not isinstance(node.args[1], COMPARED):
        return node
    real = Dummy(real=True)  # of others SymPy says that they are finite, too
    return node.args[1].as_relational(real).xreplace({real: node.args[0]})


# Steps


def as_step(expr: Expr) -> tuple[Expr, Expr, Expr] | None:
    """For a step: where it jumps, its value there, and what it is on the left; else None.

    It is 1 on the right.  The power of a step is one.
    """
    if isinstance(expr, SingularityFunction) and expr.args[2].is_zero:
        return expr.args[0] - expr.args[1], S.One, S.Zero
    base, power = expr.as_base_exp()
    if isinstance(base, Heaviside) and power.is_Integer and power > 0 and may_be_real(base.args[0]):
        return base.args[0], base.args[1] ** power, S.Zero
    if isinstance(expr, sign) and may_be_real(expr.args[0]):
        return expr.args[0], S.Zero, S.NegativeOne
    return None


# Deltas


def without_deltas(root: Any) -> Any:
    """The same without the products of a delta and what vanishes where the delta sits.

    Nothing is known of the value of a step there, so that it counts as any number.
    """
    if not isinstance(root, Basic) or not holds(root, DiracDelta):
        return root
    return replaced(
        root, lambda node: S.Zero if isinstance(node, Mul) and _is_nothing(node) else node
    )


def _is_nothing(product: Mul) -> bool:
    factors = list(product.args)
    for delta in factors:
        if isinstance(delta, DiracDelta):
            order = int(delta.args[1]) if len(delta.args) == 2 else 0
            others = Mul(*(f for f in factors if f is not delta))
            if not holds(others, DiracDelta) and _vanishes(others, delta.args[0], order):
                return True
    return False


def _vanishes(f: Expr, u: Expr, order: int) -> bool:
    """Whether f, and as many derivatives of it, are 0 where u is."""
    if not (is_small(f) and is_small(u)):
        return any(_same_zero(factor, u) for factor in Mul.make_args(f)) and order == 0
    for x in sorted((x for x in u.free_symbols if isinstance(x, Symbol)), key=str):
        slope = u.diff(x)
        if slope.is_zero is False and not slope.has(x):
            root = _written_out(x - u / slope)
            for _ in range(order + 1):
                if not _at(f, x, root).is_zero:
                    return False
                f = without_deltas(_written_out(f.diff(x)))
            return True
    return any(_same_zero(factor, u) for factor in Mul.make_args(f)) and order == 0


def _same_zero(factor: Expr, u: Expr) -> bool:
    """Whether the factor is u, or a kink of it."""
    base, power = factor.as_base_exp()
    inside = base.args[:1] if type(base).__name__ == "ReLU" or isinstance(base, Abs) else ()
    # Two large graphs are not compared: it takes longer than their trees are large.
    same = any(f is u or (is_small(u) and is_small(f) and f in (u, -u)) for f in (base, *inside))
    return bool(power.is_positive and same)


def _at(f: Expr, x: Symbol, root: Expr) -> Expr:
    steps = _steps(f)
    f = f.xreplace(dict(zip(steps, (Dummy(finite=True) for _ in steps), strict=True)))
    return _written_out(f.subs(x, root))


def _written_out(f: Expr) -> Expr:
    return f.expand() if is_soon_written_out(f) else f


def _steps(f: Expr) -> list[Basic]:
    jumps: Iterable[Basic] = f.atoms(Heaviside, sign, Piecewise)
    return [jump for jump in jumps if not isinstance(jump, Pow)]
