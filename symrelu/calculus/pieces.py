r"""Kinks as steps: the form in which calculus takes them apart.

With :math:`h` the step of :math:`u`, 1 where :math:`u > 0` and 0 where :math:`u < 0`,
:math:`\operatorname{ReLU}(u) = u h`, :math:`|u| = u (2 h - 1)`, and a ``Piecewise`` is a sum of
products of steps.  For each choice of the steps an expression is smooth.  In one variable the
choices are regions between the roots of the switches :math:`u`; in several they are cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import pairwise, product
from math import inf
from typing import Any

from sympy import (
    ITE,
    Abs,
    Add,
    And,
    Basic,
    Contains,
    Dummy,
    Eq,
    Equivalent,
    Expr,
    Float,
    Function,
    Heaviside,
    Implies,
    Max,
    Min,
    Mul,
    Ne,
    Not,
    Or,
    Piecewise,
    Poly,
    Pow,
    Rational,
    S,
    SingularityFunction,
    Symbol,
    Tuple,
    Xor,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    ceiling,
    cos,
    cosh,
    count_ops,
    exp,
    factor_terms,
    floor,
    log,
    pi,
    real_roots,
    resultant,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    together,
)
from sympy.core.relational import Relational

from symrelu.calculus.cells import Ranged, SplitError, deepest
from symrelu.calculus.errors import NoPiecesError, TooLargeError
from symrelu.graph import exchanged, holds
from symrelu.kinked import has_kinks, in_relations, in_relu
from symrelu.kinks import as_relu
from symrelu.signs import has_few_nodes, is_written_out, signs

MOST_SWITCHES = 6  # of which all cases are looked at, 2 to their number
MOST_ROOTS = 200
MOST_NODES = 1000  # of hinges, some two hundred
MOST_DEGREES = 12  # of what is left when roots of other degrees are eliminated
HOLE = Dummy("nowhere")  # the value where no piece of a Piecewise says one
COMPOUND = (ITE, Equivalent, Implies, Xor)
POINTWISE = (Add, Mul, Pow, Function, Tuple)


@dataclass
class Steps:
    """An expression with a dummy for each step, and what switches it; the inner ones first."""

    smooth: Any = S.Zero
    switches: dict[Dummy, Expr] = field(default_factory=dict)
    points: list[Expr] = field(default_factory=list)  # where these are 0, a piece is one point
    read_before: dict[Any, Any] = field(default_factory=dict)

    def step(self, u: Expr) -> Expr:
        """The step of u, by that of -u where it is known already."""
        if not is_written_out(u):  # a kink of a kink holds it twice, and so on
            raise TooLargeError("kinks within each other are too large")
        k, v = u.primitive() if u.is_Add else u.as_coeff_Mul()
        v = u if v.is_number else v if k > 0 else -v
        for h, known in self.switches.items():
            if known == v:
                return h
            if known == -v:
                return 1 - h
        if v.could_extract_minus_sign():
            return 1 - self.step(-v)
        h = Dummy("h", nonnegative=True)
        self.switches[h] = v
        return h

    def of(self, e: Any) -> Any:
        if not e.args or not has_kinks(e):
            return e
        if e not in self.read_before:
            self.read_before[e] = self._of(e)
        return self.read_before[e]

    def _of(self, e: Any) -> Any:
        if isinstance(e, Piecewise):
            return self._chain([(self.of(value), self._holds(when)) for value, when in e.args])
        written = in_relu(e, self)
        if written is not None:
            return written
        args = [self.of(arg) for arg in e.args]
        if isinstance(e, Heaviside):
            return self.step(args[0])
        if isinstance(e, Abs) and args[0].is_extended_real is not False:
            return args[0] * (2 * self.step(args[0]) - 1)
        if isinstance(e, sign):
            return 2 * self.step(args[0]) - 1
        if isinstance(e, SingularityFunction):
            v, a, n = args
            if n.is_nonnegative is not True:
                raise NoPiecesError(f"{e} is no function")
            return (v - a) ** n * self.step(v - a)
        if hasattr(e, "_eval_rewrite_as_ReLU"):
            raise NoPiecesError(f"{e} cannot be written with ReLU")
        if not isinstance(e, POINTWISE):
            raise NoPiecesError(f"{e} is no function of its arguments at each point")
        return e.func(*args)

    read = of

    def relu(self, value: Expr, H0: Expr) -> Expr:
        return value * self.step(value)

    def _chain(self, pieces: list[tuple[Expr, Expr]]) -> Expr:
        value: Expr = HOLE
        for piece, here in reversed(pieces):
            value = piece * here + value * (1 - here)
        return value

    def _holds(self, when: Any) -> Expr:
        """The condition as 0 or 1, wherever no two sides of it are equal."""
        when = in_relations(when)
        if when in (S.true, S.false):
            return S.One if when == S.true else S.Zero
        if isinstance(when, And):
            return Mul(*map(self._holds, when.args))
        if isinstance(when, Or):
            return 1 - Mul(*(1 - self._holds(part) for part in when.args))
        if isinstance(when, Relational):
            if isinstance(when, (Eq, Ne)):
                self.points.append(self.of(when.lhs - when.rhs))
                return S.One if isinstance(when, Ne) else S.Zero
            return self.step(self.of(when.gts - when.lts))
        if isinstance(when, COMPOUND) and not holds(when, Contains):
            return self._holds(when.to_nnf(simplify=False))
        if isinstance(when, Not):
            return 1 - self._holds(when.args[0])
        raise NoPiecesError(f"the condition {when} is not an inequality")

    def cases(self) -> Iterator[tuple[dict[Dummy, Expr], Expr]]:
        """Each choice of the steps, with the smooth expression there."""
        if len(self.switches) > MOST_SWITCHES:
            raise NoPiecesError(f"more than {MOST_SWITCHES} kinks")
        for values in product((S.Zero, S.One), repeat=len(self.switches)):
            chosen = dict(zip(self.switches, values, strict=True))
            yield chosen, chosen_of(self.smooth, chosen)


def chosen_of(expr: Any, chosen: dict[Dummy, Expr]) -> Any:
    here = exchanged(expr, chosen)  # as trees switches are endless
    return exchanged(here, {HOLE: S.NaN})


def in_steps(expr: Any) -> Steps:
    """The steps of an expression; where kinks in kinks are too large, those of its hinges."""
    try:
        return _in_steps(expr)
    except TooLargeError:
        return _in_steps(side_by_side(expr))


def side_by_side(e: Any) -> Any:
    """The same with hinges in the place of kinks within each other, if they are few."""
    hinges = as_relu(e, 0)
    if not has_few_nodes(hinges, MOST_NODES):
        raise TooLargeError("kinks within each other are too many, or their order is not known")
    return hinges


def _in_steps(expr: Any) -> Steps:
    steps = Steps()
    steps.smooth = steps.of(expr)
    return steps


def constants_apart(e: Any, variables: set[Symbol]) -> tuple[Any, dict[Dummy, Expr]]:
    """The same with a symbol for all that has a kink and no variable, and what these stand for."""
    found: dict[Any, Dummy] = {}

    def of(node: Any) -> Any:
        if not node.args or not has_kinks(node):
            return node
        free = node.free_symbols
        if isinstance(node, Expr) and free and not free & variables and deepest(node) is None:
            return found.setdefault(node, _like(node))
        if not all(arg.free_symbols <= free for arg in node.args):
            return node  # what is bound in it, as in an integral, is no constant
        fixed = [arg for arg in node.args if not arg.free_symbols & variables]
        if isinstance(node, (Max, Min)) and 1 < len(fixed) < len(node.args):
            return node.func(of(node.func(*fixed)), *(of(a) for a in node.args if a not in fixed))
        return node.func(*map(of, node.args))

    apart = of(e) if isinstance(e, Basic) else e
    return apart, {symbol: node for node, symbol in found.items()}


def _like(node: Expr) -> Dummy:
    """A real symbol of the sign of an expression."""
    facts = ("positive", "negative", "nonnegative", "nonpositive")
    known = {fact: True for fact in facts if getattr(node, f"is_{fact}")}
    return Dummy(str(node), real=True, **known)


# Regions of one variable


@dataclass(frozen=True)
class Region:
    """An open interval, and the smooth expression there."""

    start: Expr
    stop: Expr
    expr: Any


def regions(
    expr: Any, x: Symbol, start: Expr = -S.Infinity, stop: Expr = S.Infinity, most: float = inf
) -> list[Region]:
    """The intervals on which the expression is smooth, from left to right.

    Raises NoPiecesError where the roots of a switch, or their order, are not known, or are many.
    """
    steps = in_steps(expr)
    parts: list[tuple[Expr, Expr, dict[Dummy, Expr]]] = [(start, stop, {})]
    for h, switch in steps.switches.items():
        zeros: dict[Expr, list[Expr]] = {}  # of the switch, as the steps inside of it are
        parts = [piece for part in parts for piece in _split(*part, h, switch, x, zeros)]
        if len(parts) > most:
            raise TooLargeError(f"{expr} has more than {most} regions")
    apart = [piece for part in parts for piece in _at_points(*part, steps.points, x)]
    points = {a for a, *_ in apart} - {a for a, *_ in parts}
    return _merged(
        [Region(a, b, chosen_of(steps.smooth, chosen)) for a, b, chosen in apart], points
    )


def _at_points(
    start: Expr, stop: Expr, chosen: dict[Dummy, Expr], points: list[Expr], x: Symbol
) -> Iterator[tuple[Expr, Expr, dict[Dummy, Expr]]]:
    """The interval, cut where an expression is 0 at a point of it."""
    zeros = [t for u in points for t in roots(chosen_of(u, chosen), x, start, stop)]
    for a, b in pairwise([start, *between(zeros, start, stop), stop]):
        yield a, b, chosen


def _split(
    start: Expr,
    stop: Expr,
    chosen: dict[Dummy, Expr],
    h: Dummy,
    switch: Expr,
    x: Symbol,
    zeros: dict[Expr, list[Expr]],
) -> Iterator[tuple[Expr, Expr, dict[Dummy, Expr]]]:
    u = chosen_of(switch, chosen)
    if u not in zeros or not u.is_polynomial(x):  # of others only those between the ends
        zeros[u] = roots(u, x, start, stop)
    ends = [start, *between(zeros[u], start, stop), stop]
    for a, b in pairwise(ends):
        middle = u.subs(x, inside(a, b))
        if middle is S.NaN or is_not_real(_at_one_point(middle)):
            yield a, b, {**chosen, h: S.NaN}  # what is switched has no value here
            continue
        try:
            s = sign_of(middle) if deepest(middle) is None else _sign_in_cell(u, x, inside(a, b))
        except NoPiecesError:
            s = _sign_by_slope(u, x, a, b)
        yield a, b, {**chosen, h: S.One if s > 0 else S.Zero}


def _sign_by_slope(u: Expr, x: Symbol, a: Expr, b: Expr) -> int:
    """The sign between two roots by the slope at one of them, or NoPiecesError."""
    slope = u.diff(x)
    for t, side in ((a, 1), (b, -1)):
        if t.is_finite is not False and u.subs(x, t).expand() == 0:
            rises = signs(slope)
            rises = rises if len(rises) == 1 else signs(slope.subs(x, t))
            if rises in ({1}, {-1}):
                return side * min(rises)
    raise NoPiecesError(f"the sign of {u} between {a} and {b} is not known")


def _sign_in_cell(u: Expr, x: Symbol, middle: Expr) -> int:
    """The sign between two roots, which is that at one point of the cell for what depends on x."""
    sign = 1
    for part in together(u).as_numer_denom():
        for factor in Mul.make_args(part):
            here = _at_one_point(factor.subs(x, middle)) if factor.has(x) else factor
            sign *= sign_of(here)
    return sign


def _at_one_point(e: Expr) -> Expr:
    """The value in the middle of a cell."""
    while (y := deepest(e)) is not None:
        e = e.subs(y, inside(y.low, y.high))
    return e


def _merged(parts: list[Region], points: set[Expr]) -> list[Region]:
    merged = parts[:1]
    for part in parts[1:]:
        last = merged[-1]
        if last.expr == part.expr and part.start not in points:
            merged[-1] = Region(last.start, part.stop, last.expr)
        else:
            merged.append(part)
    return merged


def inside(a: Expr, b: Expr) -> Expr:
    """A point between two ends, rational where that can be."""
    if a.is_infinite and b.is_infinite:
        return S.Zero
    if a.is_infinite:
        return (floor(b) if b.is_number else b) - 1
    if b.is_infinite:
        return (ceiling(a) if a.is_number else a) + 1
    if a.is_number and b.is_number and not (a + b).is_Rational:
        low, high = a.evalf(30), b.evalf(30)
        for digits in (1, 8, 64, 4096):
            m = S(int(floor((low + high) / 2 * digits))) / digits
            if low < m < high:
                return m
    return (a + b) / 2


def between(points: list[Expr], start: Expr, stop: Expr) -> list[Expr]:
    """The points inside an interval, in order."""
    kept = [
        t
        for t in dict.fromkeys(points)
        if (start is S.NegativeInfinity or sign_of(t - start) > 0)
        and (stop is S.Infinity or sign_of(stop - t) > 0)
    ]
    return sorted(kept, key=cmp_to_key(_order))


def _order(t: Expr, u: Expr) -> int:
    return sign_of(t - u)


def is_not_real(value: Expr) -> bool:
    """Whether it is known not to be real, by its digits where SymPy does not say."""
    real = value.is_extended_real
    if real is not None or not value.is_number or value is S.NaN:
        return real is False
    try:
        return bool(abs(value.evalf(20).as_real_imag()[1]) > 1e-15)
    except ValueError:  # of mpmath, where it has no value at all
        return True


def sign_of(number: Expr) -> int:
    """The sign, or NoPiecesError."""
    if number.is_Rational:
        return bool(number > 0) - bool(number < 0)
    if number.is_number and not number.is_infinite:
        value = number.evalf(30, maxn=60)
        if value.is_Float and abs(value) > 1e-25:
            return 1 if value > 0 else -1
    possible = signs(number)
    if len(possible) != 1:
        possible = signs(number.expand())
    if len(possible) != 1:
        possible = signs(factor_terms(number))
    if len(possible) == 1:
        return min(possible)
    y = deepest(number)
    if y is None:
        raise NoPiecesError(f"the sign of {number} is not known")
    changes = between(roots(number.expand(), y, y.low, y.high), y.low, y.high)
    if changes:
        raise SplitError(y, changes)
    return sign_of(number.subs(y, inside(y.low, y.high)))


def sign_or_none(e: Expr) -> int | None:
    try:
        return sign_of(e)
    except NoPiecesError:
        return None


# Roots: where a switch may change its sign


def roots(u: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Expr]:
    """Where a smooth expression is 0 or has a pole; all of it, or NoPiecesError."""
    if x not in u.free_symbols:
        return []
    if is_linear(u, x):
        return polynomial_roots(Poly(u, x))
    numerator, denominator = together(u).as_numer_denom()
    found = []
    for part in (numerator, denominator):
        for factor in _factors(part):
            if x in factor.free_symbols:
                found += _roots_of_factor(factor, x, start, stop)
    return found


def _factors(e: Expr) -> list[Expr]:
    parts = []
    for factor in Mul.make_args(e):
        base, power = factor.as_base_exp()
        parts.append(base if power.is_Rational and base is not S.Exp1 else factor)
    return parts


def _roots_of_factor(u: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Expr]:
    if isinstance(u, exp) or (u.is_Pow and x not in u.base.free_symbols and u.base.is_positive):
        return roots(u.exp, x, start, stop) and _poles(u.exp, x, start, stop)
    if u.is_polynomial(x):
        return polynomial_roots(Poly(u, x))
    inner = _generator(u, x)
    if inner is None and (wave := _one_wave(u, x)):
        return roots(wave, x, start, stop)
    if inner is None:
        return _roots_of_radicals(u, x)
    y = Dummy("y", real=True)
    found = _poles(_argument(inner), x, start, stop)
    if isinstance(inner, log) or (inner.is_Pow and inner.exp.is_number):
        found += roots(_argument(inner), x, start, stop)  # it need not be real on one side
    for value in polynomial_roots(Poly(u.subs(inner, y), y)):
        for target in _inverse(inner, value, x, start, stop):
            found += roots(_argument(inner) - target, x, start, stop)
    return found


def _poles(u: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Expr]:
    denominator = together(u).as_numer_denom()[1]
    return roots(denominator, x, start, stop) if x in denominator.free_symbols else []


def polynomial_roots(p: Poly) -> list[Expr]:
    """The real roots, without multiplicity."""
    if p.degree() == 1:
        a, b = p.all_coeffs()
        _refuse_0(a)
        return [(-b / a).expand() if a.is_number else -b / a]
    if all(c.is_Rational for c in p.all_coeffs()):
        return list(dict.fromkeys(real_roots(p.sqf_part(), multiple=True)))
    if p.degree() == 2:
        a, b, c = p.all_coeffs()
        discriminant = (b**2 - 4 * a * c).expand()
        _refuse_0(a)
        if sign_of(discriminant) < 0:
            return []
        root = sqrt(discriminant)
        return list(dict.fromkeys([(-b - root) / (2 * a), (-b + root) / (2 * a)]))
    if all(c.is_number and c.is_real for c in p.all_coeffs()):
        return [r.n(30) for r in map(S, p.nroots(n=30, maxsteps=200)) if r.is_real]
    raise NoPiecesError(f"the roots of {p.as_expr()} are not known")


def _refuse_0(lead: Expr) -> None:
    if 0 in signs(lead) and (deepest(lead) is None or sign_of(lead) == 0):
        raise NoPiecesError(f"whether {lead} is 0 is not known")


def _generator(u: Expr, x: Symbol) -> Expr | None:
    """The one function of x of which u is a polynomial."""
    kinds = (exp, log, sin, cos, tan, sinh, cosh, tanh, atan, Pow)
    for node in sorted(u.atoms(*kinds), key=lambda e: -e.count_ops()):
        if x not in node.free_symbols or (node.is_Pow and node.exp.is_Integer):
            continue
        y = Dummy("y")
        rest = u.subs(node, y)
        if x not in rest.free_symbols and rest.is_polynomial(y):
            return node
    return None


def _roots_of_radicals(u: Expr, x: Symbol) -> list[Expr]:
    """Of a polynomial in roots: each root is eliminated, and what solves the rest is put in."""
    if u.has(Float):  # of rounded coefficients a division leaves remainders
        return [t.evalf() for t in _roots_of_radicals(without_floats(u), x)]
    p = u
    radicals = [r for r in u.atoms(Pow) if x in r.free_symbols and r.exp.is_Integer is False]
    for r in sorted(radicals, key=count_ops, reverse=True):
        y = Dummy("y")
        p = p.subs(r, y)
        if not (r.exp.is_Rational and p.is_polynomial(y)):
            raise NoPiecesError(f"the roots of {u} are not known")
        p = resultant(p, y**r.exp.q - r.base**r.exp.p, y)
    if not p.is_polynomial(x) or p == 0 or Poly(p, x).degree() > MOST_DEGREES:
        raise NoPiecesError(f"the roots of {u} are not known")
    return [t for t in polynomial_roots(Poly(p, x)) if _is_0_at(u, x, t)]


def without_floats(e: Any) -> Any:
    """The same with the decimals that rounded numbers print as."""
    return e.xreplace({f: Rational(str(f)) for f in e.atoms(Float)})


def _is_0_at(u: Expr, x: Symbol, t: Expr) -> bool:
    value = u.subs(x, t)
    if value.is_number:
        return bool(abs(value.evalf(30)) < 1e-20)
    if len(possible := signs(value.expand())) == 1:
        return possible == {0}
    if any(not isinstance(s, Ranged) for s in value.free_symbols):
        raise NoPiecesError(f"the roots of {u} are not known")
    return True  # perhaps: cells may be split where they need not be


def _one_wave(u: Expr, x: Symbol) -> Expr | None:
    """Sines and cosines of one frequency, as one sine."""
    args = [wave.args[0] for wave in u.atoms(sin, cos) if x in wave.free_symbols]
    if not args or any(x in (arg - args[0]).expand().free_symbols for arg in args):
        return None
    v, s, c = args[0], Dummy("s"), Dummy("c")
    turns = {arg: (arg - v).expand() for arg in args}
    p = u.xreplace({sin(arg): s * cos(t) + c * sin(t) for arg, t in turns.items()})
    p = p.xreplace({cos(arg): c * cos(t) - s * sin(t) for arg, t in turns.items()})
    if x in p.free_symbols or not p.is_polynomial(s, c) or Poly(p, s, c).total_degree() != 1:
        return None
    p = p.expand()
    a, b = p.coeff(s), p.coeff(c)
    return sqrt(a**2 + b**2) * sin(v + atan2(b, a)) + p.subs({s: 0, c: 0})


def _argument(node: Expr) -> Expr:
    if isinstance(node, exp):
        return node.exp
    if node.is_Pow:
        return node.base if node.exp.is_number else node.exp
    return node.args[0]


def _inverse(node: Expr, value: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Expr]:
    """The arguments at which the function has the value."""
    if isinstance(node, exp):
        return [log(value)] if sign_of(value) > 0 else []
    if node.is_Pow and node.exp.is_number:
        return [value ** (1 / node.exp)] if sign_of(value) >= 0 else []
    if node.is_Pow:
        return [log(value) / log(node.base)] if sign_of(value) > 0 else []
    if isinstance(node, log):
        return [exp(value)]
    if isinstance(node, atan):
        return [tan(value)] if sign_of(pi / 2 - Abs(value)) > 0 else []
    if isinstance(node, sinh):
        return [asinh(value)]
    if isinstance(node, cosh):
        return [-acosh(value), acosh(value)] if sign_of(value - 1) >= 0 else []
    if isinstance(node, tanh):
        return [log((1 + value) / (1 - value)) / 2] if sign_of(1 - Abs(value)) > 0 else []
    return _periodic_inverse(node, value, x, start, stop)


def _periodic_inverse(node: Expr, value: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Expr]:
    v = node.args[0]
    if not v.is_polynomial(x) or Poly(v, x).degree() != 1:
        raise NoPiecesError(f"the roots of {node} are not known")
    ends = [v.subs(x, start), v.subs(x, stop)]
    if not all(end.is_number and end.is_finite for end in ends):
        raise NoPiecesError(f"{node} has endlessly many kinks")
    if not isinstance(node, tan) and sign_of(1 - Abs(value)) < 0:
        return []
    low, high = sorted(ends, key=lambda e: float(e))
    period = pi if isinstance(node, tan) else 2 * pi
    firsts = {sin: lambda c: [asin(c), pi - asin(c)], cos: lambda c: [acos(c), -acos(c)]}
    first = firsts.get(node.func, lambda c: [atan(c), pi / 2])(value)
    found = []
    for t in first:
        # One whose place is not known lies within two periods of 0: some are outside then.
        near, far = (t, t) if t.is_number else (-2 * period, 2 * period)
        k, last = ceiling((low - far) / period), floor((high - near) / period)
        if last - k > MOST_ROOTS:
            raise NoPiecesError(f"{node} has too many kinks")
        found += [t + i * period for i in range(int(k), int(last) + 1)]
    return list(dict.fromkeys(found))


# The normal form in steps


@dataclass(frozen=True)
class Jump:
    """What is added from a point on: ``expr`` where ``switch`` is positive; 0 is at ``at``."""

    at: Expr
    switch: Expr
    expr: Expr


def normal_form(
    expr: Expr, x: Symbol, start: Expr = -S.Infinity, stop: Expr = S.Infinity
) -> tuple[Expr, list[Jump]]:
    """``first + sum(jump.expr where jump.switch > 0)``, all of it smooth."""
    steps = in_steps(expr)
    mine = [u for u in steps.switches.values() if x in u.free_symbols]
    if len(mine) == 1 and len(steps.switches) == 1 and is_linear(mine[0], x):
        return _unordered(expr, x, start, stop)
    try:
        parts = regions(expr, x, start, stop)
    except NoPiecesError:
        return _unordered(expr, x, start, stop)
    if any(part.expr.has(S.NaN) for part in parts):
        raise NoPiecesError(f"{expr} is not real everywhere")
    jumps = [Jump(q.start, x - q.start, (q.expr - p.expr).expand()) for p, q in pairwise(parts)]
    return parts[0].expr, [jump for jump in jumps if jump.expr != 0]


def _unordered(expr: Expr, x: Symbol, start: Expr, stop: Expr) -> tuple[Expr, list[Jump]]:
    """The same for kinks of which the order is not known, one root each.

    A product of steps to the right is the step from the rightmost on.
    """
    g, switches = _steps_in(expr, x)
    h, u = next(iter(switches.items()))
    if len(switches) == 1 and is_linear(u, x):
        slope, start = Poly(u, x).all_coeffs()
        off, on = g.xreplace({h: S.Zero}), g.xreplace({h: S.One})
        if off != 0 and (on == 0 or signs(slope) == {-1}):
            return on, [Jump(-start / slope, -u, (off - on).expand())]
        return off, [Jump(-start / slope, u, (on - off).expand())]
    kinks = _kinks(switches, x, start, stop)
    g = g.xreplace({h: 1 - h for h, (_, rises) in kinks.items() if not rises})
    return _moebius(g, {h: t for h, (t, _) in kinks.items()}, x)


def _steps_in(expr: Expr, x: Symbol) -> tuple[Expr, dict[Dummy, Expr]]:
    """The smooth expression and what switches it, where what does not depend on x is constant."""
    steps = in_steps(expr)
    switches: dict[Dummy, Expr] = {}
    fixed: dict[Dummy, Expr] = {}
    for h, switch in steps.switches.items():
        u = switch.xreplace(fixed)
        if u.free_symbols & {x, *switches}:
            switches[h] = u
        else:
            fixed[h] = Heaviside(u, 0)
    return _without_holes(steps).xreplace(fixed), switches


def _kinks(
    switches: dict[Dummy, Expr], x: Symbol, start: Expr, stop: Expr
) -> dict[Dummy, tuple[Expr, bool]]:
    """Where each step has its root, the only one between the ends, and whether it rises there."""
    kinks = {}
    for h, u in switches.items():
        found = [t for t in roots(u, x, start, stop) if not _is_outside(t, start, stop)]
        many = len(found) > 1 or (not found and start.is_infinite) or len(switches) > 4
        if many or u.free_symbols & {*switches}:
            raise NoPiecesError(f"the order of the roots of {list(switches.values())} is not known")
        if found:
            kinks[h] = found[0], _rises(u, x, *found)
        else:  # nothing changes between the ends
            kinks[h] = start, sign_of(u.subs(x, inside(start, stop))) > 0
    return kinks


def _is_outside(t: Expr, start: Expr, stop: Expr) -> bool:
    return sign_or_none(t - start) in (-1, 0) or sign_or_none(stop - t) in (-1, 0)


def _rises(u: Expr, x: Symbol, t: Expr) -> bool:
    """Whether the expression is positive on the right of its last root."""
    try:
        return sign_of(u.subs(x, t + 1).expand()) > 0
    except NoPiecesError:
        return _sign_by_slope(u, x, t, S.Infinity) > 0


def cases_of_sign(expr: Expr, x: Symbol, start: Expr, stop: Expr) -> list[Region]:
    """Where each choice of the steps holds, in whatever order their roots are; some are empty."""
    try:
        parts = regions(expr, x)
        if not any(part.expr.has(S.NaN) for part in parts):
            return parts
    except NoPiecesError:
        pass
    g, switches = _steps_in(expr, x)
    kinks = _kinks(switches, x, start, stop)
    cases = []
    for values in product((False, True), repeat=len(kinks)):
        chosen = dict(zip(kinks, values, strict=True))
        lows = [t for h, (t, rises) in kinks.items() if rises is chosen[h]]
        highs = [t for h, (t, rises) in kinks.items() if rises is not chosen[h]]
        there = g.xreplace({h: S(int(value)) for h, value in chosen.items()})
        cases.append(Region(Max(start, *lows), Min(stop, *highs), there))
    return cases


def _without_holes(steps: Steps) -> Expr:
    """The same where pieces fill it all, so that what stands elsewhere is times 0."""
    g = steps.smooth
    if not g.has(HOLE):
        return g
    weight = g.diff(HOLE).expand()
    if weight.xreplace({p: p.base for p in weight.atoms(Pow) if p.base in steps.switches}) != 0:
        raise NoPiecesError("a Piecewise may have no value")
    return g.xreplace({HOLE: S.Zero})


def _moebius(g: Expr, points: dict[Dummy, Expr], x: Symbol) -> tuple[Expr, list[Jump]]:
    jumps, values = [], {}
    for chosen in product((0, 1), repeat=len(points)):
        values[chosen] = g.xreplace(dict(zip(points, map(S, chosen), strict=True)))
    ts = list(points.values())
    for chosen in values:
        if not any(chosen):
            continue
        below = product(*((0, 1) if c else (0,) for c in chosen))
        share = Add(*((-1) ** (sum(chosen) - sum(low)) * values[low] for low in below)).expand()
        if share != 0:
            t = Max(*(t for t, c in zip(ts, chosen, strict=True) if c))
            jumps.append(Jump(t, x - t, share))
    return values[(0,) * len(points)], jumps


def is_linear(u: Expr, x: Symbol) -> bool:
    return bool(u.is_polynomial(x)) and Poly(u, x).degree() == 1


def to_the_right(first: Expr, jumps: list[Jump], x: Symbol) -> tuple[Expr, list[Jump]]:
    """The same with all jumps to the right, for those whose direction is known."""
    turned = []
    for jump in jumps:
        if jump.switch == x - jump.at:
            turned.append(jump)
        elif sign_of(jump.switch.diff(x)) > 0:
            turned.append(Jump(jump.at, x - jump.at, jump.expr))
        else:
            first = (first + jump.expr).expand()
            turned.append(Jump(jump.at, x - jump.at, -jump.expr))
    return first, turned


def whole(first: Expr, jumps: list[Jump]) -> Expr:
    """The smooth expression on the right of all jumps to the right."""
    return (first + Add(*(jump.expr for jump in jumps))).expand()


def shorter(e: Expr) -> Expr:
    """As it is or expanded, by length."""
    return min(e, e.expand(), key=count_ops)
