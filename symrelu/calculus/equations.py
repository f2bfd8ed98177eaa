"""Equations and inequalities: region by region in one variable, by cases of sign in several."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import mpmath
import sympy
from sympy import (
    Add,
    And,
    ConditionSet,
    Dummy,
    Eq,
    Expr,
    FiniteSet,
    Ge,
    Heaviside,
    I,
    Interval,
    Le,
    Lt,
    Max,
    Or,
    Piecewise,
    Pow,
    Rational,
    S,
    Set,
    Symbol,
    Tuple,
    Union,
    count_ops,
    lambdify,
    oo,
    sign,
    together,
)
from sympy.core.relational import Relational
from sympy.functions.elementary.trigonometric import TrigonometricFunction
from sympy.logic.boolalg import Boolean

from symrelu.calculus import checks
from symrelu.calculus.errors import NoPiecesError, asked
from symrelu.calculus.front import calculus, the_symbol
from symrelu.calculus.pieces import (
    Region,
    between,
    chosen_of,
    constants_apart,
    in_steps,
    inside,
    is_not_real,
    regions,
    roots,
    sign_of,
)
from symrelu.function import ReLU
from symrelu.signs import signs

BIGGEST = 60


@calculus(
    "regions",
    "between kinks an equation is one without kinks; SymPy refuses what has several pieces, or "
    "loses half-lines",
    lambda f, *args, **options: _of_sympy(f, *args, **options),
    takes=(Expr, Relational, Boolean),
    of="symbol",
    stays=lambda f, symbol=None, domain=S.Reals: ConditionSet(
        symbol or _only(f), _relation(f), domain.intersect(S.Reals)
    ),
    exact=True,
)
def solveset(f: Any, symbol: Any = None, domain: Any = S.Reals, check: bool = True) -> Set:
    """
    The set of the real solutions of an equation or an inequality, as ``sympy.solveset``.

    Parameters
    ==========

    f : Expr or Relational
        An expression stands for that it is 0.
    symbol : Symbol
    domain : Set, optional
        The real part of it is looked at.
    check : bool, optional
        Whether points on both sides of each end are put in.

    Returns
    =======

    Set
        A ``ConditionSet`` where there is no answer.

    Examples
    ========

    >>> from sympy import S, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import solveset
    >>> x = symbols("x", real=True)
    >>> solveset(ReLU(x), x), solveset(ReLU(x) + ReLU(-x) - 1, x)
    (Interval(-oo, 0), {-1, 1})
    >>> solveset(ReLU(x) < x/2 + 1, x)
    Interval.open(-2, 2)
    """
    relation = _relation(f)
    if relation in (S.true, S.false):
        return domain if relation == S.true else S.EmptySet
    x = symbol if symbol is not None else _only(relation)
    domain = domain.intersect(S.Reals)
    found = solutions(relation, x, domain)
    if check:
        check_set(found, relation, x, domain)
    return found


def _relation(f: Any) -> Any:
    """An expression stands for that it is 0; a condition is made of relations, by And and Or."""
    if isinstance(f, Relational):
        return f
    return f.to_nnf() if isinstance(f, Boolean) else Eq(f, 0)


def _of_sympy(f: Any, symbol: Any = None, *domain: Any, **options: Any) -> Set:
    """What is always true holds of real numbers only."""
    if f == S.true and not domain and not options:
        return S.Reals
    return sympy.solveset(f, symbol, *domain, **options)


def _only(expr: Any) -> Symbol:
    return the_symbol(expr, "unknown")


def solutions(relation: Any, x: Symbol, domain: Set = S.Reals) -> Set:
    """The solutions, or NoPiecesError."""
    if isinstance(relation, And):
        return sympy.Intersection(*(solutions(r, x, domain) for r in relation.args))
    if isinstance(relation, Or):
        return Union(*(solutions(r, x, domain) for r in relation.args))
    if domain is S.EmptySet:
        return domain
    start, stop = domain.inf, domain.sup
    if start == stop:
        return domain if truth(relation, x, start) else S.EmptySet
    g = relation.lhs - relation.rhs
    parts = regions(g, x, start, stop)
    found: list[Set] = []
    for part in parts:
        found += _on_region(part, relation, x)
    ends = {end for part in parts for end in (part.start, part.stop) if not end.is_infinite}
    found += [FiniteSet(t) for t in ends if truth(relation, x, t)]
    # Merging is quick and needs no order of symbols for what is next to each other.
    whole = Union(*found)
    return whole if domain == Interval(start, stop) else whole.intersect(domain)


def truth(relation: Any, x: Symbol, t: Expr) -> bool:
    """Whether it holds at a point, by the values there."""
    return holds_at(relation, relation.lhs - relation.rhs, x, t)


def holds_at(relation: Any, gap: Expr, x: Symbol, t: Expr) -> bool:
    """Whether the relation of a gap to 0 holds at a point."""
    gap = gap.subs(x, t)
    if gap.has(S.NaN, S.ComplexInfinity) or gap.is_infinite or gap.is_real is False:
        return False
    s = sign_of(gap)
    return bool(relation.func(S(s), 0))


def _on_region(part: Region, relation: Any, x: Symbol) -> list[Set]:
    a, b, g = part.start, part.stop, part.expr
    g = g.expand()
    if g.has(S.NaN, S.ComplexInfinity):  # it has no value here
        return []
    if x not in g.free_symbols:
        holds = bool(relation.func(S(sign_of(g)), 0))
        return [Interval.open(a, b)] if holds else []
    if isinstance(relation, Eq):
        return [FiniteSet(t) for t in zeros(g, x, a, b)]
    ends = [a, *between(roots(g, x, a, b), a, b), b]
    found: list[Set] = [FiniteSet(t) for t in ends[1:-1] if holds_at(relation, g, x, t)]
    for low, high in pairwise(ends):
        value = g.subs(x, inside(low, high))
        if is_not_real(value):
            continue
        s = sign_of(value)
        if relation.func(S(s), 0):
            found.append(Interval.open(low, high))
    return found


def zeros(g: Expr, x: Symbol, a: Expr, b: Expr) -> list[Expr]:
    """Where a smooth expression is 0 inside an interval."""
    numerator, denominator = together(g).as_numer_denom()
    try:
        found = roots(numerator, x, a, b)
    except NoPiecesError:
        if count_ops(g) > BIGGEST or len(g.free_symbols) > 1:
            raise
        known = asked(sympy.solveset, g, x, Interval.open(a, b))
        if not isinstance(known, FiniteSet) and known is not S.EmptySet:
            raise
        found = list(known)
    kept = []
    for t in between(found, a, b):
        value = g.subs(x, t)
        if denominator.subs(x, t) == 0 or value.has(S.NaN, S.ComplexInfinity, oo):
            continue
        if not value.is_number or abs(value.evalf(20)) < 1e-12:  # not the end of a root or so
            kept.append(t)
    return kept


def check_set(found: Set, relation: Any, x: Symbol, domain: Set) -> None:
    """Ends, and points on both sides of each, are in it if and only if the relation holds."""

    def check() -> None:
        for at in checks.samples((relation.free_symbols | found.free_symbols) - {x}, 1):
            concrete = found.subs(at)
            ends = (
                {t for t in concrete.boundary if t.is_finite}
                if concrete is not S.EmptySet
                else set()
            )
            tight = {t for t in ends if t.is_Rational}
            points = list(dict.fromkeys([*checks.around(ends), *tight]))[:14]
            for t in points:
                if domain.contains(t) is not S.true:
                    continue
                held = concrete.contains(t)
                value = _held(relation, {**at, x: t})
                if value is not None and held in (S.true, S.false) and bool(held) != value:
                    raise checks.FailedError(f"{t} is {'' if held else 'not '}among the solutions")
            finite = concrete is S.EmptySet or isinstance(concrete, FiniteSet)
            if isinstance(relation, Eq) and finite and domain == S.Reals:
                _none_missed(concrete, (relation.lhs - relation.rhs).subs(at), x, points)
            for t in ends - tight:
                if concrete.contains(t) is S.true and isinstance(relation, Eq):
                    gap = _gap(relation.lhs - relation.rhs, {**at, x: t})
                    if gap is not None and abs(gap) > 1e-15:
                        raise checks.FailedError(f"{t} does not solve it")

    checks.attempt(check)


def _none_missed(found: Set, gap: Expr, x: Symbol, points: list[Expr]) -> None:
    """A continuous expression that changes its sign has a root there."""
    parts = regions(gap, x)
    if not all(p.expr.is_polynomial(x) for p in parts) or gap.has(Heaviside, sign, Piecewise):
        return
    far = [Rational(-229, 7), Rational(-41, 9), Rational(47, 11), Rational(271, 8)]
    places = sorted({*points, *far})
    values = [_gap(gap, {x: p}) for p in places]
    for (p, a), (q, b) in pairwise(zip(places, values, strict=True)):
        if a * b < 0 and not any(p < t.evalf(30) < q for t in found):
            raise checks.FailedError(f"there is a solution between {p} and {q}")


def _held(relation: Any, at: Any) -> bool | None:
    if isinstance(relation, (And, Or)):
        each = [_held(r, at) for r in relation.args]
        return None if None in each else (all if isinstance(relation, And) else any)(each)
    gap = _gap(relation.lhs - relation.rhs, at)
    if gap is None or not gap.is_extended_real or not gap.is_finite:
        return None
    return bool(relation.func(gap, 0))


def _gap(g: Expr, at: Any) -> Any:
    """The value, and 0 for what rounding leaves of terms that cancel."""
    value = checks.number(g, at)
    if value is None or value.is_Rational or not value.is_finite:
        return value
    terms = [checks.number(term, at) for term in Add.make_args(g)]
    size = 1 + sum(abs(t) for t in terms if t is not None and t.is_finite)
    return S.Zero if abs(value) < 1e-20 * size else value


@calculus(
    "regions, or cases of sign",
    "in one unknown by regions, else by the cases of sign, of which those are kept whose "
    "solutions have these signs; SymPy takes its unknown for positive where it meets a ReLU",
    sympy.solve,
    takes=(),
    exact=True,
)
def solve(f: Any, *symbols: Any, check: bool = True, dict: bool = False, **flags: Any) -> Any:
    """
    Solve equations or inequalities, as ``sympy.solve`` does without kinks.

    Parameters
    ==========

    f : Expr, Relational, or a list of them
    *symbols : Symbol
        The unknowns; a solution that needs a condition on the others is a ``Piecewise``.
    check : bool, optional
        Whether the solutions are put in.
    dict : bool, optional
        Whether each solution is a dict.

    Returns
    =======

    list, or a relation where inequalities were given

    Raises
    ======

    NotImplementedError
        If there is no answer, or infinitely many: see ``solveset``.

    Examples
    ========

    >>> from sympy import Eq, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import solve
    >>> x, y = symbols("x y", real=True)
    >>> solve(ReLU(x)**3 - 8, x), solve(ReLU(x) > 1, x)
    ([2], 1 < x)
    >>> solve([Eq(ReLU(x) + y, 3), Eq(x - y, 1)], [x, y])
    [(2, 1)]
    """
    several = isinstance(f, (list, tuple, set, Tuple))
    equations = list(f) if several else [f]
    unknowns = _unknowns(equations, symbols)
    plain = {v: v if v.is_Symbol else Dummy("v", real=True) for v in unknowns}
    equations = [e.xreplace(plain) for e in equations]
    if any(isinstance(e, (Relational, And, Or)) and not isinstance(e, Eq) for e in equations):
        found = reduced(equations, list(plain.values()), check)
        return found.xreplace({new: old for old, new in plain.items()})
    gaps, back = _gaps(equations, plain.values())
    found = _all_solutions([g for g in gaps if g != 0], list(plain.values()), back)
    if check:
        check_solutions(found, gaps)
    found = [{v: s[plain[v]].xreplace(back) for v in unknowns} for s in found]
    if dict:
        return found
    tuples = [tuple(s.values()) for s in found]
    if flags.get("set"):
        return unknowns, set(tuples)
    return tuples if several else [t for values in tuples for t in values]


def _gaps(equations: list[Any], unknowns: Iterable[Symbol]) -> tuple[list[Expr], Any]:
    """What is to be 0, with a symbol for each kink without unknowns, and what these stand for."""
    gaps = Tuple(*(e.lhs - e.rhs if isinstance(e, Eq) else e for e in equations))
    apart, back = constants_apart(gaps, set(unknowns))
    return list(apart), back


def _all_solutions(gaps: list[Expr], unknowns: list[Symbol], back: Any) -> list[dict[Symbol, Expr]]:
    if len(unknowns) == 1:
        values = _values(gaps, unknowns[0])
        if values is not None:
            return [{unknowns[0]: v} for v in values]
    return by_cases(gaps, unknowns, back)


def _unknowns(equations: list[Any], symbols: tuple[Any, ...]) -> list[Symbol]:
    if len(symbols) == 1 and isinstance(symbols[0], (list, tuple, set, Tuple)):
        symbols = tuple(symbols[0])
    for v in symbols:
        if not isinstance(v, Expr) or v.is_number:
            raise ValueError(f"an unknown is a symbol or a function, not {v}")
    if symbols:
        return list(symbols)
    return sorted(set().union(*(e.free_symbols for e in equations)), key=lambda s: s.sort_key())


def domain_of(x: Symbol) -> Set:
    """The real numbers that the signs of a symbol allow."""
    if x.is_positive:
        return Interval.open(0, oo)
    if x.is_negative:
        return Interval.open(-oo, 0)
    if x.is_nonnegative:
        return Interval(0, oo)
    return Interval(-oo, 0) if x.is_nonpositive else S.Reals


def _allowed(x: Symbol, t: Expr) -> bool:
    """Whether a value is of the kind that a symbol is declared to be."""
    return all(getattr(t, f"is_{fact}") in (None, value) for fact, value in x.assumptions0.items())


def _values(gaps: list[Expr], x: Symbol) -> list[Expr] | None:
    try:
        found = sympy.Intersection(*(solutions(Eq(g, 0, evaluate=False), x, S.Reals) for g in gaps))
        found = found.intersect(domain_of(x))
    except NoPiecesError:
        return None
    if found is S.EmptySet:
        return []
    if isinstance(found, FiniteSet):
        kept = (t for t in found if _allowed(x, t))
        return sorted(kept, key=lambda t: t.sort_key() if t.free_symbols else float(t))
    if found.free_symbols:
        return None
    raise NotImplementedError(f"the solutions are {found}: use solveset")


def by_cases(gaps: list[Expr], unknowns: list[Symbol], back: Any) -> list[dict[Symbol, Expr]]:
    """The solutions of each case of signs that have these signs.

    ``back`` says what the symbols stand for that are constants with kinks.
    """
    steps = in_steps(Tuple(*gaps))
    found: list[tuple[dict[Symbol, Expr], list[Any]]] = []
    for chosen, smooth in steps.cases():
        if back and any(_vanish(case) for _, case in in_steps(smooth.xreplace(back)).cases()):
            free = set().union(*(value.free_symbols for value in back.values()))
            raise NoPiecesError(
                f"for some signs of kinks in {', '.join(sorted(map(str, free)))} there are "
                "infinitely many solutions: give these numbers or signs"
            )
        for solution in _smooth_solutions(list(smooth), unknowns):
            conditions = _conditions(steps.switches, chosen, solution)
            if conditions is not None and (solution, conditions) not in found:
                found.append((solution, conditions))
    certain = [s for s, conditions in found if not conditions]
    open_ones = [(s, c) for s, c in found if c and s not in certain]
    return certain + _joined(open_ones)


def _vanish(gaps: Tuple) -> bool:
    return all(g.expand() == 0 for g in gaps)


def _smooth_solutions(gaps: list[Expr], unknowns: list[Symbol]) -> list[dict[Symbol, Expr]]:
    gaps = [g.expand() for g in gaps]
    gaps = [g for g in gaps if g != 0]
    if any(not g.free_symbols for g in gaps):
        return []
    numerators = [together(g).as_numer_denom()[0] for g in gaps]
    small = all(
        g.is_polynomial(*unknowns) and sympy.Poly(g, *unknowns).total_degree() <= 3
        for g in numerators
    )
    if any(w.free_symbols & {*unknowns} for g in gaps for w in g.atoms(TrigonometricFunction)):
        raise NoPiecesError("what is periodic has many solutions: use solveset with an interval")
    if not gaps:
        raise NoPiecesError("there are infinitely many solutions: use solveset")
    if not small and (len(unknowns) > 1 or count_ops(Tuple(*gaps)) > BIGGEST):
        raise NoPiecesError("no solution is known")
    # The unknowns are real, so that SymPy keeps no solution that is known not to be.
    found: list[dict[Symbol, Expr]] = asked(sympy.solve, gaps, unknowns, dict=True)
    for s in found:
        if len(s) < len(unknowns):
            raise NoPiecesError(f"there are infinitely many solutions, such as {s}")
    return found


def _conditions(switches: Any, chosen: Any, solution: dict[Symbol, Expr]) -> list[Any] | None:
    """What has to hold for the solution to have these signs; None if it cannot."""
    conditions = []
    if Tuple(*solution.values()).has(I):
        raise NoPiecesError(f"whether {solution} is real is not known")
    for h, switch in switches.items():
        u = chosen_of(switch, chosen).subs(solution).expand()
        positive = chosen[h] == 1
        try:
            s = sign_of(u)
        except NoPiecesError:
            possible = signs(u)
            if possible <= ({0, 1} if positive else {-1, 0}):
                continue
            conditions.append(Ge(u, 0) if positive else Le(u, 0))
            continue
        if s == (-1 if positive else 1):
            return None
    return conditions or [Ge(b, 0) for b in _rooted(Tuple(*solution.values()))]


def _rooted(e: Any) -> list[Expr]:
    """Of what there is a root, though it may be negative."""
    powers = [p for p in e.atoms(Pow) if p.exp.is_integer is False]
    return sorted({p.base for p in powers if p.base.is_nonnegative is None}, key=str)


def _joined(found: list[tuple[dict[Symbol, Expr], list[Any]]]) -> list[dict[Symbol, Expr]]:
    """Solutions with conditions as Piecewise; two that exclude each other as one, with ReLU."""
    if len(found) == 2 and all(len(c) == 1 for _, c in found):
        (first, (up,)), (second, (down,)) = found
        u = up.gts - up.lts
        if (u + down.gts - down.lts).expand() == 0:
            return [{v: _either(u, first[v], second[v]) for v in first}]
    return [
        {v: _where(value, And(*conditions)) for v, value in s.items()} for s, conditions in found
    ]


def _where(value: Expr, condition: Any) -> Expr:
    """The value where the condition holds, which is not asked where a root in it is not real."""
    bases = [b for b in _rooted(Tuple(value, condition)) if Ge(b, 0) != condition]
    return Piecewise(*((S.NaN, Lt(b, 0)) for b in bases), (value, condition), (S.NaN, True))


def _either(u: Expr, above: Expr, below: Expr) -> Expr:
    """``above`` where u is positive, else ``below``."""
    ratio = sympy.cancel((above - below) / u)
    if ratio.is_number:
        return min(below + ratio * ReLU(u), above + ratio * ReLU(-u), key=count_ops)
    return Piecewise((above, u >= 0), (below, True))


def check_solutions(found: list[dict[Symbol, Expr]], gaps: list[Expr]) -> None:
    """Put the solutions in, at sample parameters."""

    def check() -> None:
        for s in found:
            free = set().union(
                *(v.free_symbols for v in s.values()), *(g.free_symbols for g in gaps)
            )
            for at in checks.samples(free - set(s)):
                values = {v: checks.number(e, at) for v, e in s.items()}
                if None in values.values():
                    continue
                for g in gaps:
                    gap = _gap(g.subs(at), values)
                    if gap is not None and abs(gap) > 1e-15:
                        raise checks.FailedError(f"{s} leaves {gap.n(6)} at {at}")

    checks.attempt(check)


@calculus(
    "regions",
    "each inequality by regions; SymPy refuses kinks in a system of inequalities",
    sympy.reduce_inequalities,
    takes=(),
    exact=True,
)
def reduce_inequalities(inequalities: Any, symbols: Any = (), check: bool = True) -> Any:
    """
    A system of inequalities in one unknown as relations without kinks.

    Parameters
    ==========

    inequalities : list of Relational
    symbols : Symbol or list of one
    check : bool, optional
        Whether points on both sides of each end are put in.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import reduce_inequalities
    >>> x = symbols("x", real=True)
    >>> reduce_inequalities([ReLU(x) >= 1, ReLU(3 - x) >= 1], x)
    (1 <= x) & (x <= 2)
    """
    relations = (
        list(inequalities) if isinstance(inequalities, (list, tuple, set)) else [inequalities]
    )
    chosen = (symbols,) if isinstance(symbols, Symbol) else tuple(symbols)
    return reduced(relations, _unknowns(relations, chosen), check)


def reduced(relations: list[Any], unknowns: list[Symbol], check: bool) -> Any:
    relations = [_relation(r) for r in relations]
    if len(unknowns) != 1:
        apart = {x: [r for r in relations if r.has(x)] for x in unknowns}
        if sum(map(len, apart.values())) > len(relations):
            raise NotImplementedError("an inequality with kinks is solved in one unknown")
        return And(*(reduced(mine, [x], check) for x, mine in apart.items()))
    (x,) = unknowns
    relation = And(*relations)
    if relation in (S.true, S.false):
        return relation
    domain = domain_of(x)
    found = solutions(relation, x, domain)
    if check:
        check_set(found, relation, x, domain)
    return found.as_relational(x)


@calculus(
    "cases of sign",
    "of each case of signs those solutions are kept that have these signs",
    sympy.nonlinsolve,
    takes=(),
    exact=True,
)
def nonlinsolve(system: Any, *symbols: Any, check: bool = True) -> Set:
    """
    The set of the real solutions of a system, as ``sympy.nonlinsolve``.

    Examples
    ========

    >>> from sympy import symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import nonlinsolve
    >>> x, y = symbols("x y", real=True)
    >>> nonlinsolve([ReLU(x) - y, x + y - 2], [x, y])
    {(1, 1)}
    """
    equations = list(system)
    unknowns = _unknowns(equations, symbols)
    gaps, back = _gaps(equations, unknowns)
    found = by_cases(gaps, unknowns, back)
    if check:
        check_solutions(found, gaps)
    return FiniteSet(*(tuple(s[v].xreplace(back) for v in unknowns) for s in found))


@calculus(
    "values",
    "a search by secants needs no derivative, which SymPy's nsolve takes of the kinks",
    sympy.nsolve,
    takes=(),
)
def nsolve(f: Any, *args: Any, check: bool = True, **options: Any) -> Any:
    """
    A root as a number, searched from a start, as ``sympy.nsolve``.

    Examples
    ========

    >>> from sympy import cos, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import nsolve
    >>> x = symbols("x", real=True)
    >>> nsolve(ReLU(x) - cos(x), x, 1)
    0.739085133215161
    """
    if not args:
        raise TypeError("nsolve takes a start")
    several = isinstance(f, (list, tuple))
    *named, start = args
    if isinstance(start, Expr) and not start.is_number:
        raise TypeError(f"nsolve takes a number to start from as its last argument, not {start}")
    unknowns = _unknowns(list(f) if several else [f], tuple(named))
    gaps = [e.lhs - e.rhs if isinstance(e, Eq) else e for e in (f if several else [f])]
    others = set().union(*(g.free_symbols for g in gaps)) - set(unknowns)
    if others:
        raise ValueError(f"nsolve finds numbers: give {', '.join(sorted(map(str, others)))} values")
    digits = options.get("prec") or 15
    with mpmath.workdps(digits + 15):
        root = _searched(gaps, unknowns, start, several, digits)
        numbers = [sympy.Float(v, digits) for v in root]
    if options.get("dict"):
        return [dict(zip(unknowns, numbers, strict=True))]
    return sympy.Matrix(numbers) if several else numbers[0]


def _searched(
    gaps: list[Expr], unknowns: list[Symbol], start: Any, several: bool, digits: int
) -> list[Any]:
    words = [g.replace(ReLU, lambda v: Max(0, v)) for g in gaps]
    values = lambdify(unknowns, words, "mpmath")
    bracket = isinstance(start, (list, tuple, Tuple))
    root: list[Any] = []
    try:
        if several:
            points = [mpmath.mpmathify(v) for v in (start if bracket else [start])]
            root = list(mpmath.findroot(lambda *v: values(*v), points, verify=False))
        else:
            ends = tuple(start) if bracket else start
            solver = "anderson" if bracket else "secant"
            root = [
                mpmath.findroot(lambda v: values(v)[0], ends, solver=solver, verify=False),
            ]
    except (ValueError, ZeroDivisionError):
        pass
    if not root or not all(abs(v) <= mpmath.mpf(10) ** -digits for v in values(*root)):
        raise ValueError(f"no root of {gaps} was found from {start}: try another start")
    return root
