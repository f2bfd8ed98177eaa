"""The rectified linear unit as a SymPy function."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from mpmath import mp, mpc, mpf, mpmathify
from sympy import (
    Abs,
    AccumBounds,
    Dummy,
    Eq,
    Expr,
    Function,
    Heaviside,
    Max,
    Min,
    Mul,
    Piecewise,
    PoleError,
    Q,
    S,
    SingularityFunction,
    Symbol,
    SympifyError,
    ask,
    sign,
    simplify,
    sympify,
)
from sympy.assumptions.predicates import calculus, ntheory, order, sets
from sympy.core.function import ArgumentIndexError
from sympy.matrices import MatrixBase
from sympy.matrices.expressions import MatrixExpr
from sympy.tensor.array import NDimArray

from symrelu.inputs import holds_text, remedy
from symrelu.kinked import Reader, has_kinks, in_relu
from symrelu.matrices.elementwise import Elementwise
from symrelu.printing import Printed
from symrelu.signs import is_small, known, one_sided, signs

if TYPE_CHECKING:
    from symrelu.inputs import Array, M, Scalar


def step(x: Expr, H0: Expr) -> Expr:
    """``Heaviside(x, H0)``, at a cost that sharing cannot blow up."""
    possible = signs(x)
    if len(possible) == 1:
        return {-1: S.Zero, 0: H0, 1: S.One}[min(possible)]
    return Heaviside(x, H0, evaluate=False)


def _read(value: Any) -> Any:
    """What SymPy makes of the value, but for text; None if it is no expression."""
    kinds = (Expr, MatrixBase, NDimArray)
    with suppress(SympifyError):
        # A mutable matrix would come back as an immutable one.
        known = isinstance(value, kinds) or holds_text(value)
        expr = value if known else sympify(value, strict=not hasattr(value, "__array__"))
        if isinstance(expr, NDimArray) and expr.shape == ():
            return expr[()]
        if isinstance(expr, kinds):
            return expr
    return None


def _argument(value: Any) -> Any:
    if (x := _read(value)) is None:
        raise TypeError(
            f"the argument of ReLU must be an expression, a matrix or an array, not {value!r}"
            + remedy(value)
        )
    return x


def _slope(value: Any) -> Expr:
    H0 = _read(value)
    must = "H0 of ReLU, the slope at 0, must be"
    remedy = "such as 0, S.Half, a symbol, nan, or AccumBounds(0, 1) for all of them"
    if not isinstance(H0, Expr) or hasattr(H0, "applyfunc"):
        raise TypeError(f"{must} a scalar expression, {remedy}; not {value!r}")
    if known(H0, "complex") and known(H0, "extended_real") is False:
        raise ValueError(f"{must} real, {remedy}; not {H0}")
    return H0


def _fuzzy(possible: frozenset[int], wanted: set[int]) -> bool | None:
    """Whether one of the wanted signs is the case, given the possible ones."""
    return True if possible <= wanted else None if possible & wanted else False


def _is_constant(x: Expr) -> bool:
    return is_small(x) and x.is_number


def is_finite_slope(H0: Expr) -> bool:
    """Whether ``H0 * 0`` is 0, which it is not for ``nan`` and the infinities."""
    return H0 is not S.NaN and not H0.is_infinite


def _is_flat_at_zero(x: Expr) -> bool:
    """Whether an expression of one sign has slope 0 wherever it is 0.

    A smooth one is at an extremum there.  At a kink the slope is a choice, known to
    be 0 only for the functions looked at here.
    """
    if 0 not in signs(x) or isinstance(x, Abs):  # the slope of Abs is sign(0)
        return True
    if isinstance(x, ReLU):
        return bool(x.H0.is_zero)
    if x.is_Pow and (x.exp - 1).is_positive:
        return True
    if (x.is_Mul or (x.is_Add and one_sided(x))) and all(map(_is_flat_at_zero, x.args)):
        return True
    return is_small(x) and not has_kinks(x)


# More are asked for only where terms cancel.
_MOST_TERMS = 100


class ReLU(Printed, Function):
    r"""
    The rectified linear unit, with the slope at the kink of your choosing.

    .. math::

        \operatorname{ReLU}(x) = \max(0, x)

    .. math::

        \frac{d}{dx} \operatorname{ReLU}(x, H_0) =
        \begin{cases} 0 & x < 0 \\ H_0 & x = 0 \\ 1 & x > 0 \end{cases}

    Explanation
    ===========

    ReLU has no derivative at 0: every slope in $[0, 1]$ belongs to a line that
    touches the graph there.  Practice makes a choice, mostly 0.  Here the choice is
    the second argument, and the derivative is SymPy's own ``Heaviside(x, H0)``.

    Automatic evaluation never changes what an expression, or its derivative, is
    worth at any real point, the kinks included: positive factors come out,
    nested ReLUs merge, and an argument of known sign is resolved, but
    ``ReLU(x) - ReLU(-x)`` does not become ``x``, whose slope at 0 is 1, not 0.

    The argument is extended real; a symbol without assumptions is taken to be.
    Matrices, matrix expressions and arrays are rectified element by element.

    Parameters
    ==========

    x : Expr, Matrix, MatrixExpr or Array
        The argument; a result for a matrix or an array has its shape.
    H0 : Expr, optional
        The slope at 0: a number, usually in $[0, 1]$, a symbol to be chosen later,
        ``nan`` for "undefined, and I want to see it", or ``AccumBounds(0, 1)`` for the set of
        them all.  The default is 0.  The value of the function does not depend on it.

    Returns
    =======

    Expr
        Always non-negative.  ``ReLU(x, 0)`` is stored as ``ReLU(x)``.

    Raises
    ======

    TypeError
        If an argument is no expression (a string, a list, a boolean), or if
        there are not one or two of them.
    ValueError
        If the argument, or ``H0``, is known not to be real.

    Examples
    ========

    >>> from sympy import Heaviside, Max, Piecewise, S, SingularityFunction, pi, symbols
    >>> from symrelu import ReLU
    >>> x, y, c = symbols("x y c")
    >>> [ReLU(n) for n in (1, 3, -1, -3, 0)]
    [1, 3, 0, 0, 0]
    >>> ReLU(pi - 3), ReLU(pi - 4)
    (-3 + pi, 0)

    The derivative, and its value at the kink:

    >>> ReLU(x).diff(x)
    Heaviside(x, 0)
    >>> [ReLU(x, H0).diff(x).subs(x, 0) for H0 in (0, S.Half, 1, c)]
    [0, 1/2, 1, c]
    >>> ((ReLU(x*y) - 1)**2).diff(x)
    2*y*(ReLU(x*y) - 1)*Heaviside(x*y, 0)

    With the set of slopes the derivative of a sum with non-negative weights is its
    subdifferential, and otherwise an interval that holds it.  Where 0 is in it, here at 1, a
    convex function has its minimum:

    >>> from sympy import AccumBounds
    >>> every = AccumBounds(0, 1)
    >>> f = ReLU(1 - x, every) + ReLU(x - 3, every) + x/2
    >>> [f.diff(x).subs(x, v) for v in (0, 1, 2, 3)]
    [-1/2, AccumBounds(-1/2, 1/2), 1/2, AccumBounds(1/2, 3/2)]

    What is evaluated, and what is not:

    >>> ReLU(-2*x), ReLU(ReLU(x, c), y), ReLU(x**2 + x**4)
    (2*ReLU(-x), ReLU(x, c*y), ReLU(x**4 + x**2))
    >>> r = symbols("r", real=True)
    >>> ReLU(r**2 + r**4), ReLU(r) - ReLU(-r)
    (r**4 + r**2, -ReLU(-r) + ReLU(r))

    Rewriting keeps the value everywhere.  It keeps the slope at 0 too, for every
    finite ``H0``, as ``Piecewise`` or ``Heaviside``; ``Max``, ``Min``, ``Abs`` and
    ``sign`` have the slope 1/2 there, whatever ``H0`` is, and ``SingularityFunction``
    has the slope on the right.  The last is for an argument linear in a variable, which
    is named where there are several symbols, with a coefficient of known sign; of others
    SymPy's integrals of it would be wrong.

    >>> ReLU(x).rewrite(Piecewise)
    Piecewise((x, x > 0), (0, True))
    >>> ReLU(x, c).rewrite(Piecewise)
    Piecewise((x, x > 0), (c*x, Eq(x, 0)), (0, True))
    >>> ReLU(x, c).rewrite(Heaviside)
    x*Heaviside(x, c)
    >>> ReLU(x, c).rewrite(Max)
    Max(0, x)
    >>> a = symbols("a", positive=True)
    >>> ReLU(a*x + y).rewrite(SingularityFunction, variable=x)
    a*SingularityFunction(x, -y/a, 1)

    See Also
    ========

    sympy.functions.special.delta_functions.Heaviside
    sympy.functions.elementary.miscellaneous.Max

    References
    ==========

    .. [1] https://en.wikipedia.org/wiki/Rectified_linear_unit
    .. [2] D. Bertoin, J. Bolte, S. Gerchinovitz, E. Pauwels, "Numerical influence of
           ReLU'(0) on backpropagation", NeurIPS 2021.
    """

    is_extended_real = True
    is_extended_nonnegative = True
    is_extended_negative = False
    _singularities = True  # not holomorphic

    @overload
    def __new__(cls, x: M, H0: Scalar = ..., *, evaluate: bool = ...) -> M: ...
    @overload
    def __new__(cls, x: MatrixExpr, H0: Scalar = ..., *, evaluate: bool = ...) -> MatrixExpr: ...
    @overload
    def __new__(cls, x: Scalar, H0: Scalar = ..., *, evaluate: bool = ...) -> Expr: ...
    @overload
    def __new__(cls, x: Array, H0: Scalar = ..., *, evaluate: bool = ...) -> NDimArray: ...
    def __new__(cls, *args: Any, **options: Any) -> Any:
        if "H0" in options:
            if len(args) > 1:
                raise TypeError(f"ReLU takes one H0; {args[1]} and {options['H0']} were given")
            args += (options.pop("H0"),)
        if len(args) not in (1, 2):
            raise TypeError(f"ReLU takes an argument and, if you like, H0; {len(args)} were given")
        x = _argument(args[0])
        H0 = _slope(args[1]) if len(args) == 2 else S.Zero
        if isinstance(x, MatrixExpr) and not isinstance(x, MatrixBase):
            return Elementwise.of(lambda d: cls(d, H0, **options), x)
        if isinstance(x, NDimArray) and not len(x):
            return x
        if hasattr(x, "applyfunc"):
            return x.applyfunc(lambda e: cls(e, H0, **options))
        return super().__new__(cls, x, *(() if H0.is_zero else (H0,)), **options)

    @classmethod
    def eval(cls, x: Expr, H0: Expr = S.Zero) -> Expr | None:
        if x in (S.NaN, S.ComplexInfinity):
            return S.NaN
        if isinstance(x, AccumBounds):
            return AccumBounds(cls(x.min), cls(x.max))
        possible = signs(x)
        if not possible and not x.has(MatrixExpr):  # of (1, 1) matrices SymPy does not know it
            raise ValueError(f"ReLU is defined for real arguments only, and {x} is not real")
        if 0 < len(possible) < 3 and (value := cls._of_known_sign(x, H0, possible)) is not None:
            return value
        if x.is_Mul:
            return cls._without_positive_factors(x, H0)
        if isinstance(x, ReLU) and is_finite_slope(H0):
            return cls(x.args[0], x.H0 * H0)
        return None

    @classmethod
    def _of_known_sign(cls, x: Expr, H0: Expr, possible: frozenset[int]) -> Expr | None:
        # Where x touches 0, the chain rule multiplies the slope of x by H0.
        flat = 0 not in possible or _is_constant(x) or (is_finite_slope(H0) and _is_flat_at_zero(x))
        if possible <= {-1, 0} and (flat or H0.is_zero) and not (x.is_Float and x.is_zero):
            return S.Zero
        if possible <= {0, 1} and (flat or H0 is S.One):
            return x
        return None

    @classmethod
    def _without_positive_factors(cls, x: Expr, H0: Expr) -> Expr | None:
        positive, rest = [], []
        for factor in x.args:
            # With an undefined slope, only the derivative by a constant is safe from it.
            movable = _is_constant(factor) or is_finite_slope(H0)
            movable = movable and not known(factor, "infinite")
            if movable and signs(factor) == {1}:
                positive.append(factor)
            elif movable and signs(factor) == {-1} and factor is not S.NegativeOne:
                positive.append(-factor)
                rest.append(S.NegativeOne)
            else:
                rest.append(factor)
        return Mul(*positive, cls(Mul(*rest), H0)) if positive else None

    @property
    def H0(self) -> Expr:
        """The slope at 0."""
        return self.args[1] if len(self.args) == 2 else S.Zero

    # Derivative

    def fdiff(self, argindex: int = 1) -> Expr:
        """The derivative by the argument, ``Heaviside(x, H0)``, or by ``H0``, which is 0."""
        if argindex == 1:
            return step(self.args[0], self.H0)
        if argindex == 2:
            return S.Zero
        raise ArgumentIndexError(self, argindex)

    # Assumptions

    def _eval_is_extended_positive(self) -> bool | None:
        return None if self._is_flat_but_for_kinks() else _fuzzy(signs(self.args[0]), {1})

    def _eval_is_zero(self) -> bool | None:
        return None if self._is_flat_but_for_kinks() else _fuzzy(signs(self.args[0]), {-1, 0})

    def _is_flat_but_for_kinks(self) -> bool:
        """Whether the value is 0 throughout, but perhaps not the slope.

        Such a value is not called zero: SymPy would take it for the constant, and
        differentiate its square as ``0*log(0)``.
        """
        x = self.args[0]
        possible = signs(x)
        return possible <= {-1, 0} and self._of_known_sign(x, self.H0, possible) is None

    def _eval_is_finite(self) -> bool | None:
        x = self.args[0]
        return known(x, "finite") or (False if x is S.Infinity else None)

    def _inherited(self, fact: str) -> bool | None:
        # What holds of 0 and of the argument holds of the value.
        value = known(self.args[0], fact)
        return value if value or signs(self.args[0]) == {1} else None

    def _eval_is_integer(self) -> bool | None:
        return self._inherited("integer")

    def _eval_is_rational(self) -> bool | None:
        return self._inherited("rational")

    def _eval_is_algebraic(self) -> bool | None:
        return self._inherited("algebraic")

    def _eval_is_even(self) -> bool | None:
        return self._inherited("even")

    def _eval_refine(self, assumptions: Any) -> Expr | None:
        x = self.args[0]
        possible = frozenset(
            s
            for s, fact in ((-1, Q.negative), (0, Q.zero), (1, Q.positive))
            if ask(fact(x), assumptions) is not False
        )
        return self._of_known_sign(x, self.H0, possible) if possible else None

    def _eval_simplify(self, **options: Any) -> Expr:
        # SymPy's own may make an argument longer.
        x = simplify(self.args[0], **options)
        return min(self, type(self)(x, self.H0), key=options["measure"])

    # Calculus

    def _is_active(self, x: Symbol, logx: Any, cdir: Any) -> bool | None:
        """Whether the argument is positive as x goes to 0; None if it cannot be told."""
        if cdir == 0 and not x.is_positive:  # SymPy's series of a power lose the direction
            right, left = (self._is_active(x, logx, side) for side in (1, -1))
            return right if right is left else None
        t = Dummy("t", positive=True)
        lead = self._settled(x, logx, cdir).as_leading_term(x, logx=logx, cdir=cdir)
        lead = lead.subs(x, -t if cdir == -1 else t)
        near = signs(lead)
        if not near:
            raise ValueError(
                f"ReLU is defined for real arguments only, and {self.args[0]} is not real near "
                f"{x} = 0"
            )
        if len(near) > 1 and lead.has(t):  # log(t), say; a limit of 0 tells nothing
            at_0 = signs(lead.limit(t, 0))
            near = near if 0 in at_0 else at_0
        return _fuzzy(near, {1})

    def _settled(self, x: Symbol, logx: Any, cdir: Any) -> Expr:
        """The argument with the kinks inside it decided, so that they can cancel."""
        arg = self.args[0]
        while inner := [
            r for r in arg.atoms(ReLU) if not r.args[0].has(ReLU) and x in r.free_symbols
        ]:
            active = {r: r._is_active(x, logx, cdir) for r in inner}
            if None in active.values():
                break
            arg = arg.xreplace({r: r.args[0] if on else S.Zero for r, on in active.items()})
        return arg

    def _eval_as_leading_term(self, x: Symbol, logx: Any, cdir: Any) -> Expr:
        active = self._is_active(x, logx, cdir)
        if active is None:
            return self.func(self.args[0].as_leading_term(x, logx=logx, cdir=cdir), *self.args[1:])
        if not active:
            return S.Zero
        return self._settled(x, logx, cdir).as_leading_term(x, logx=logx, cdir=cdir)

    def _eval_nseries(self, x: Symbol, n: int, logx: Any, cdir: Any = 0) -> Expr:
        if n > _MOST_TERMS:
            # Where kinks cancel, sums ask for twice as many terms for ever.
            raise PoleError(f"no series of {self} of an order above {_MOST_TERMS}")
        active = self._is_active(x, logx, cdir)
        if active is False:
            return S.Zero
        series = self._settled(x, logx, cdir)._eval_nseries(x, n=n, logx=logx, cdir=cdir)
        if active:
            return series
        at_0 = self.args[0].subs(x, 0)
        if at_0.is_zero is not False and at_0.is_number:
            raise PoleError(f"the sign of {self.args[0]} near {x} = 0 is not known")
        # About a point of unknown sign that is not a kink.
        slope = Heaviside(at_0, self.H0)
        return self.func(at_0, *self.args[1:]) + ((series - at_0) * slope).expand()

    def _eval_rewrite_as_tractable(
        self, x: Expr, H0: Expr = S.Zero, limitvar: Symbol | None = None, **hints: Any
    ) -> Expr | None:
        """What SymPy's limits at infinity take it for: one of its branches there."""
        if limitvar is None or limitvar not in x.free_symbols:
            return None
        end = x.limit(limitvar, S.Infinity)
        possible = signs((1 / x).limit(limitvar, S.Infinity) if end.is_zero else end)
        if not possible:
            raise ValueError(f"ReLU is defined for real arguments only, and {x} is not real")
        active = None if isinstance(end, AccumBounds) else _fuzzy(possible, {1})
        return None if active is None else x if active else S.Zero

    def _eval_Integral(self, *symbols: Any, **assumptions: Any) -> Expr:
        # The one import upwards beside that of as_piecewise: SymPy asks here for its integral.
        from symrelu.calculus.integrals import ReLUIntegral

        return ReLUIntegral(self, *symbols, **assumptions)

    def _eval_subs(self, old: Expr, new: Expr) -> Expr | None:
        # To move a point to 0 SymPy puts x + a for x, and to use force it puts a positive
        # stand-in: what is then known of the sign does not hold of x, and stays unused.
        shift = new.is_Add and old in new.args and len(signs(old)) < 3
        stand_in = type(old) is Symbol and new.is_Dummy and new.name == old.name
        if not (shift or stand_in):
            return None
        x, *H0 = (arg._subs(old, new) for arg in self.args)
        return self.func(x, *H0, evaluate=False) if len(signs(x)) < 3 else None

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr]]:
        return self._positive_part, self.args[:1]

    def _positive_part(self, v: Any) -> Any:
        v = mpmathify(v)
        if isinstance(v, mpc):
            # Some real numbers are written with I; what is left of it is rounding.
            noise = mpf(2) ** (-mp.prec // 2) * (1 + abs(v))
            if not self.args[0].is_extended_real and abs(v.imag) > noise:
                raise ValueError(f"ReLU is defined for real arguments only, and {v} is not real")
            v = v.real
        return mpf(0) if v < 0 else v

    # Rewriting

    def _eval_rewrite_as_Piecewise(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        if x.has(Piecewise):
            # SymPy would take minutes to fold the conditions of a network; as a function of one
            # variable it needs no nesting.
            from symrelu.kinks import broken_line

            if line := broken_line(self):
                return line.as_piecewise()
        u = self._compared(x)
        if H0 is S.One:
            return Piecewise((x, u >= 0), (0, True))
        if H0.is_zero or not is_finite_slope(H0):
            return Piecewise((x, u > 0), (0, True))
        return Piecewise((x, u > 0), (H0 * x, Eq(u, 0)), (0, True))

    def _compared(self, x: Expr) -> Expr:
        """What to compare with 0: SymPy takes pieces in a condition apart, and compares each.

        That of a root is not real where the piece is not in force.
        """
        outside = x.xreplace({piece: Dummy() for piece in x.atoms(Piecewise)})
        return x if outside.is_polynomial() else self.args[0].rewrite(Abs)

    def _eval_rewrite_as_Heaviside(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        return x * Heaviside(x, H0 if is_finite_slope(H0) else S.Zero)

    def _eval_rewrite_as_Max(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        return Max(0, x)

    def _eval_rewrite_as_Min(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        return -Min(0, -x)

    def _eval_rewrite_as_Abs(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        return (x + Abs(x)) / 2

    def _eval_rewrite_as_sign(self, x: Expr, H0: Expr = S.Zero, **hints: Any) -> Expr:
        return x * (1 + sign(x)) / 2

    def _eval_rewrite_as_SingularityFunction(
        self, x: Expr, H0: Expr = S.Zero, variable: Symbol | None = None, **hints: Any
    ) -> Expr | None:
        # Of the variable itself only: SymPy integrates <u> as if u were the variable.
        if variable is None and len(x.free_symbols) == 1:
            (variable,) = x.free_symbols
        slope = S.Zero if variable is None else x.diff(variable)
        if variable in slope.free_symbols or signs(slope) not in ({1}, {-1}):
            return None
        ramp = slope * SingularityFunction(variable, -x.subs(variable, 0) / slope, 1)
        return ramp if slope.is_positive else x - ramp


@in_relu.register(ReLU)
def _(node: ReLU, reader: Reader) -> Any:
    return reader.relu(reader.read(node.args[0]), node.H0)


def _ask_of_relu(relu: ReLU, assumptions: Any, predicate: Any) -> bool | None:
    """Let SymPy's ``ask`` use what the assumptions say of the argument."""
    refined = relu._eval_refine(assumptions)
    if refined is not None:
        return ask(predicate(refined), assumptions)
    x = relu.args[0]
    if ask(predicate(S.Zero)) and ask(predicate(x), assumptions & Q.extended_positive(x)):
        return True  # it holds of both branches
    return getattr(relu, f"is_{predicate.name}")


# The classes, not Q: looking a predicate up there loads all that SymPy knows of it,
# which is a sixth of the time that it takes to import SymPy.
for _kind in (
    *(order.PositivePredicate, order.NegativePredicate, order.ZeroPredicate),
    *(order.NonZeroPredicate, order.NonNegativePredicate, order.NonPositivePredicate),
    *(order.ExtendedPositivePredicate, order.ExtendedNonNegativePredicate),
    *(order.ExtendedNonZeroPredicate, calculus.FinitePredicate, sets.RealPredicate),
    *(sets.ExtendedRealPredicate, sets.IntegerPredicate, sets.RationalPredicate),
    *(sets.AlgebraicPredicate, ntheory.EvenPredicate, ntheory.OddPredicate),
):
    _kind.register(ReLU)(partial(_ask_of_relu, predicate=_kind()))
