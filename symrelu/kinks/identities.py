"""relusimp: what holds of the values, on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from sympy import Add, Basic, Max, Min, Piecewise, S, default_sort_key
from sympy.matrices import MatrixBase

from symrelu.graph import postorder
from symrelu.inputs import expression
from symrelu.kinked import has_kinks, is_kinked, without_deltas
from symrelu.kinks.cells import polynomial_everywhere
from symrelu.kinks.conversion import Conversion, broken_line, piecewise
from symrelu.kinks.lengths import Lengths
from symrelu.kinks.numbers import is_scalar
from symrelu.kinks.polynomials import Polynomial, as_sum, sum_of
from symrelu.kinks.steps import Steps
from symrelu.signs import is_small, is_written_out

if TYPE_CHECKING:
    from sympy import Expr

    from symrelu.inputs import Scalar, Several


@overload
def relusimp(expr: Scalar) -> Expr: ...
@overload
def relusimp(expr: Several) -> Any: ...
def relusimp(expr: Any) -> Any:
    r"""
    Simplify by what holds of the values of ReLU and its relatives.

    Explanation
    ===========

    With the step $h = H(u)$, away from the kink $h^2 = h$ and
    $\operatorname{ReLU}(u) = u h$, $|u| = u (2h - 1)$,
    $\max(a, b) = b + (a - b) h$ with $u = a - b$.  A polynomial in these is therefore
    affine in each $h$, and two of them over independent kinks are equal exactly when
    these normal forms are.  Kinks in one variable are not independent; there the hinge form
    of :func:`symrelu.as_relu` is the normal form.  The shortest of the ways to write a
    normal form with ReLU and ``Abs`` is the answer, if it is shorter than what was given.

    A continuous piecewise-linear function of one real variable in which a ``Piecewise`` stands
    becomes one ``Piecewise``, its breakpoints sorted and each interval there once.  Of a ReLU
    network, ``relusimp(expr.rewrite(Piecewise))`` is therefore the list of linear regions.

    The value does not change at any real point.  The slopes at kinks may: that of
    ``ReLU(x) - ReLU(-x)`` at 0 is 0, and that of ``x`` is 1.

    Parameters
    ==========

    expr : Expr, Matrix, or anything made of expressions
        What to simplify, real.

    Returns
    =======

    Expr, or what ``expr`` is
        Never longer than ``expr`` by ``count_ops``, but for the ``Piecewise`` above.  To
        simplify it again changes nothing.

    Raises
    ======

    TypeError
        If ``expr`` is a string or not made of expressions.

    Examples
    ========

    >>> from sympy import Heaviside, Max, Piecewise, symbols
    >>> from symrelu import ReLU, relusimp
    >>> x, y, c = symbols("x y c", real=True)
    >>> relusimp(ReLU(x) - ReLU(-x)), relusimp(ReLU(x) + ReLU(-x)), relusimp(ReLU(x)*ReLU(-x))
    (x, Abs(x), 0)
    >>> relusimp(ReLU(x)*Heaviside(x, c)), relusimp(ReLU(x)**2 - x*ReLU(x))
    (ReLU(x), 0)
    >>> relusimp(Max(x, y) + ReLU(y - x) - y)
    Abs(x - y)

    The linear regions of a small network:

    >>> network = ReLU(2*ReLU(x) - ReLU(1 - x) - 1) - ReLU(x - 2)
    >>> relusimp(network.rewrite(Piecewise))
    Piecewise((0, x <= 2/3), (3*x - 2, x < 1), (2*x - 1, x <= 2), (x + 1, True))

    See Also
    ========

    symrelu.as_relu : writes other functions in terms of ReLU, and keeps their slopes.
    """
    if isinstance(expr, MatrixBase):
        return expr.applyfunc(relusimp)
    return _simplified(without_deltas(expression(expr, "relusimp")))


_ROUNDS = 20


def _simplified(expr: Any) -> Any:
    """What cannot be written any shorter, inside and out."""
    passed: list[Any] = []
    length = Lengths().of
    for _ in range(_ROUNDS):
        passed.append(expr)
        expr = _Request(length).simplified(expr)
        # To compare large graphs takes SymPy longer than the tree is large.
        large = not is_written_out(expr)
        if expr is passed[-1] or (large and length(expr) >= length(passed[-1])):
            break
        if not large and expr in passed:  # mostly the last; of several ways to write it, one
            same = passed[passed.index(expr) :]
            return min(same, key=lambda e: (length(e), default_sort_key(e)))
    return expr


class _Request:
    """One walk over an expression: what has become of its parts."""

    def __init__(self, length: Callable[[Any], int]) -> None:
        self.length = length
        self.new: dict[Basic, Any] = {}
        self.parts: dict[Basic, Any] = {}  # the same with kinks inside of sums shortened
        self.kinked: dict[Basic, bool] = {}
        self.seen: set[Basic] = set()
        self.pieces: set[Basic] = set()  # what is seen and has a Piecewise in it
        self.steps = Steps()
        self.conversion = Conversion(S.Zero)

    def simplified(self, root: Any) -> Any:
        nodes = list(postorder(root))
        whole = {root, *(arg for node in nodes if not _is_arithmetic(node) for arg in node.args)}
        for node in nodes:
            inside = any(self.kinked.get(arg, False) for arg in node.args)
            self.kinked[node] = inside or is_kinked(node)
            if not self.kinked[node]:
                self.new[node] = node
                continue
            again = _rebuilt(node, self.new)
            # A part of a sum or product is kept as it is until the whole is known.
            parts = _rebuilt(node, self.parts) if _is_arithmetic(node) else again
            if not (node is root or is_written_out(again)):
                pass  # what is large is looked at once, from outside
            elif node in whole:
                again = self.shortest(again, parts)
            elif is_kinked(node) and (inside or isinstance(node, (Max, Min, Piecewise))):
                parts = self.shortest(again)
            self.new[node], self.parts[node] = again, parts
        return self.new[root]

    def shortest(self, expr: Any, *others: Any) -> Any:
        forms = [form for form in dict.fromkeys((expr, *others)) if is_scalar(form)]
        if forms and self.has_pieces(expr) and (pieces := piecewise(expr)) is not None:
            return expr if _is_flat(expr) and self.length(pieces) >= self.length(expr) else pieces
        found = (candidate for form in forms for candidate in self.candidates(form))
        different = dict.fromkeys((expr, *others, *found))
        return min(different, key=self.length) if len(different) > 1 else expr

    def has_pieces(self, expr: Any) -> bool:
        for node in postorder(expr, self.seen):
            if isinstance(node, Piecewise) or any(arg in self.pieces for arg in node.args):
                self.pieces.add(node)
        return expr in self.pieces

    def candidates(self, expr: Any) -> list[Any]:
        hinges = self.conversion.written(self.conversion.prepared(expr))
        found = [hinges] if self.conversion.is_in_one_variable(expr) else []
        forms: list[Polynomial] = []
        for written in dict.fromkeys((expr, hinges)):
            if (form := self.steps.normal(written)) not in forms:
                forms.append(form)
                normal = self.steps.written(form)
                found += [] if normal is None else [normal]
        for form in forms:
            if (same := polynomial_everywhere(self.steps, form)) is not None:
                found.append(as_sum(same))
                break
        if is_small(expr) and all(
            form != expr and self.length(form) > self.length(expr) for form in found
        ):
            found.append(self.in_parts(expr))
        return found

    def in_parts(self, expr: Any) -> Any:
        """Of a sum or product that is shorter as it is, the parts that are not."""
        if not expr.is_Add:
            return _rebuilt(expr, {arg: self.shortest(arg) for arg in expr.args if arg.is_Add})
        kept, rest = [], []
        for term in expr.args:
            form = self.steps.normal(term)
            written = self.steps.written(form)
            if written is None or self.length(written) > self.length(term):
                kept.append(term)
            else:
                rest.append(form)
        together = self.steps.written(sum_of(rest))
        return expr if together is None else Add(together, *kept)


def _rebuilt(node: Any, new: dict[Basic, Any]) -> Any:
    args = [new.get(arg, arg) for arg in node.args]
    same = all(a is b for a, b in zip(args, node.args, strict=True))
    return node if same else node.func(*args)


def _is_flat(expr: Any) -> bool:
    """Whether it is one ``Piecewise`` that jumps and has nothing kinked in it."""
    flat = isinstance(expr, Piecewise) and not any(map(has_kinks, expr.args))
    return flat and broken_line(expr) is None


def _is_arithmetic(expr: Any) -> bool:
    power = expr.is_Pow and expr.exp.is_Integer and expr.exp > 0
    return bool(expr.is_Add or expr.is_Mul or power)
