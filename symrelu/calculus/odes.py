r"""Linear differential equations, driven by what has kinks.

With the impulse response :math:`K`, :math:`\int_t^x K(x - s) g(s) ds` from the kink :math:`t` on is
what ``g`` from there on does; with an integrating factor the same in first order.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import (
    Add,
    Derivative,
    DiracDelta,
    Dummy,
    Eq,
    Expr,
    Heaviside,
    Matrix,
    Poly,
    Rational,
    S,
    Subs,
    Symbol,
    cos,
    exp,
    expand,
    im,
    re,
    sin,
    symbols,
    trigsimp,
)
from sympy.core.function import AppliedUndef, UndefinedFunction

from symrelu.calculus import checks
from symrelu.calculus.front import calculus
from symrelu.calculus.integrals import antiderivative, in_relu, kinks_of, without_deltas
from symrelu.calculus.limits import settled
from symrelu.calculus.pieces import Jump, normal_form, to_the_right
from symrelu.calculus.smooth import smooth
from symrelu.kinked import has_kinks


@calculus(
    "steps",
    "what starts at a kink drives the equation from there on; SymPy solves piece by piece, and "
    "the pieces do not meet, or takes the variable to be positive",
    sympy.dsolve,
    takes=(),
)
def dsolve(
    eq: Any,
    func: Any = None,
    hint: str = "default",
    *,
    ics: Any = None,
    check: bool = True,
    **options: Any,
) -> Any:
    """
    Solve a linear differential equation, as ``sympy.dsolve``.

    Explanation
    ===========

    Those of first order, and those with constant coefficients; systems of first order with
    constant coefficients, as a list.  The solution is put into the equation at points on both
    sides of every kink, and is continuous with its slopes.

    Examples
    ========

    >>> from sympy import Function, symbols
    >>> from symrelu import ReLU
    >>> from symrelu.calculus import dsolve
    >>> x, u = symbols("x", real=True), Function("u")
    >>> dsolve(u(x).diff(x) - ReLU(x), u(x), ics={u(0): 1})
    Eq(u(x), ReLU(x)**2/2 + 1)
    >>> dsolve(u(x).diff(x, 2) + u(x) - ReLU(x - 1), u(x))
    Eq(u(x), C1*cos(x) + C2*sin(x) - sin(ReLU(x - 1)) + ReLU(x - 1))
    """
    if isinstance(eq, (list, tuple)):
        return _system([_gap(e) for e in eq], func, ics or {}, check)
    gap = _gap(eq)
    u, x = _unknown(gap, func)
    coefficients, forcing = _linear(gap, u, x)
    order = len(coefficients) - 1
    if any(has_kinks(c) or x in c.free_symbols for c in coefficients):
        if order != 1:
            raise NotImplementedError("of higher order with constant coefficients only")
        basis, particular = _first_order(coefficients, forcing, x)
    else:
        basis, particular = _constant(coefficients, forcing, x)
    constants = symbols(f"C1:{order + 1}")
    value = Add(*(c * y for c, y in zip(constants, basis, strict=True)), particular)
    if ics:
        value = _fitted(value, constants, u, x, ics)
    if check:
        check_solution(value, gap, u, x, order, ics or {})
    return Eq(u, value)


def _gap(eq: Any) -> Expr:
    return eq.lhs - eq.rhs if isinstance(eq, Eq) else eq


def _unknown(gap: Expr, func: Any) -> tuple[Expr, Symbol]:
    if isinstance(func, UndefinedFunction):
        applied = {f for f in gap.atoms(AppliedUndef) if f.func == func}
        func = applied.pop() if len(applied) == 1 else None
    if func is None:
        found = {f for f in gap.atoms(AppliedUndef) if f.args[0].is_Symbol}
        if len(found) != 1:
            raise ValueError(f"name the unknown function of {gap}")
        (func,) = found
    if len(func.args) != 1:
        raise ValueError(f"{func} is no function of one variable")
    return func, func.args[0]


def _linear(gap: Expr, u: Expr, x: Symbol) -> tuple[list[Expr], Expr]:
    """The coefficients of u, u', ... and what is on the other side."""
    derivatives = [d for d in gap.atoms(Derivative) if d.expr == u]
    order = max((int(d.derivative_count) for d in derivatives), default=0)
    if order == 0:
        raise ValueError(f"{gap} is no differential equation for {u}")
    names = [Dummy(f"u{i}") for i in range(order + 1)]
    plain = gap.subs([(u.diff(x, i), names[i]) for i in range(order, 0, -1)]).subs(u, names[0])
    coefficients = [plain.diff(name) for name in names]
    rest = plain.subs(dict.fromkeys(names, 0))
    if any(set(names) & c.free_symbols for c in coefficients) or plain.has(
        AppliedUndef, Derivative
    ):
        raise NotImplementedError(f"{gap} is not linear in {u}")
    return coefficients, -rest


def _first_order(coefficients: list[Expr], forcing: Expr, x: Symbol) -> tuple[list[Expr], Expr]:
    """u' + p*u = q, by the integrating factor."""
    p, q = (e / coefficients[1] for e in (coefficients[0], forcing))
    P = antiderivative(p, x) if p != 0 else S.Zero
    return [exp(-P)], (exp(-P) * antiderivative(q * exp(P), x)) if q != 0 else S.Zero


def _constant(coefficients: list[Expr], forcing: Expr, x: Symbol) -> tuple[list[Expr], Expr]:
    basis = _basis(coefficients, x)
    K = _impulse_response(coefficients, basis, x)
    forcing, deltas = without_deltas(forcing, x)
    first, jumps = to_the_right(*normal_form(forcing, x), x)
    terms = [_response(K, first, x, None)]
    for t, weight, order in deltas:
        if order:
            raise NotImplementedError("a derivative of a delta")
        kicked = (weight * K.subs(x, x - t)).expand(trig=True)
        starts = len(basis) > 1  # with 0, so that it is not felt as a jump
        terms.append(
            in_relu(kicked, Jump(t, x - t, kicked), x) if starts else kicked * Heaviside(x - t)
        )
    for jump in jumps:
        driven = _response(K, jump.expr, x, jump.at)
        terms.append(in_relu(driven, Jump(jump.at, x - jump.at, driven), x))
    return basis, Add(*terms)


def _basis(coefficients: list[Expr], x: Symbol) -> list[Expr]:
    r = Dummy("r")
    characteristic = Poly(list(reversed(coefficients)), r)
    found = sympy.roots(characteristic)
    if sum(found.values()) != len(coefficients) - 1:
        raise NotImplementedError(f"the roots of {characteristic.as_expr()} are not known")
    basis = []
    for root, times in sorted(found.items(), key=lambda item: item[0].sort_key()):
        a, b = re(root), im(root)
        for k in range(times):
            if b.is_positive:
                basis += [x**k * exp(a * x) * cos(b * x), x**k * exp(a * x) * sin(b * x)]
            elif not b.is_negative:  # perhaps complex, with a parameter, as in SymPy's
                basis.append(x**k * exp(root * x))
    return basis


def _impulse_response(coefficients: list[Expr], basis: list[Expr], x: Symbol) -> Expr:
    n = len(basis)
    wronskian = Matrix(n, n, lambda i, j: basis[j].diff(x, i).subs(x, 0))
    start = Matrix([0] * (n - 1) + [1 / coefficients[-1]])
    weights = wronskian.LUsolve(start)
    return Add(*(sympy.simplify(w) * y for w, y in zip(weights, basis, strict=True)))


def _response(K: Expr, g: Expr, x: Symbol, start: Expr | None) -> Expr:
    """What g does from the start on; without a start, a particular solution."""
    if g == 0:
        return S.Zero
    s = Dummy("s", real=True)
    integrand = expand(K.subs(x, x - s) * g.subs(x, s), trig=False, power_exp=True)
    G = smooth(integrand, s)
    value = G.subs(s, x) - (S.Zero if start is None else G.subs(s, start))
    value = value.expand()
    return (
        trigsimp(value).expand() if value.has(sin, cos) and sympy.count_ops(value) < 80 else value
    )


def _fitted(value: Expr, constants: tuple[Symbol, ...], u: Expr, x: Symbol, ics: Any) -> Expr:
    """The constants by the conditions, by the branch to the right of each point."""
    equations = [got - want for got, want in _conditions(value, u, x, ics)]
    found = sympy.solve(equations, constants, dict=True)
    if len(found) != 1:
        raise ValueError(f"the conditions {ics} do not fit")
    return value.subs(found[0])


def _conditions(value: Expr, u: Expr, x: Symbol, ics: Any) -> list[tuple[Expr, Expr]]:
    pairs = []
    for where, want in ics.items():
        if isinstance(where, AppliedUndef) and where.func == u.func:
            point, order = where.args[0], 0
        elif isinstance(where, Subs) and where.expr.expr.func == u.func:
            point = where.point[0]
            order = int(where.expr.derivative_count)
        elif isinstance(where, Derivative) and where.expr.func == u.func:  # at a symbol
            point, order = where.expr.args[0], int(where.derivative_count)
        else:
            raise ValueError(f"{where} is no initial condition of {u}")
        branch = settled(value, x, point, 1)
        pairs.append((branch.diff(x, order).subs(x, point), want))
    return pairs


# Systems of first order


def _system(gaps: list[Expr], funcs: Any, ics: Any, check: bool) -> list[Any]:
    """``u' = A*u + g``, with the impulse response ``exp(A*x)``."""
    named = funcs or sorted(set().union(*(g.atoms(AppliedUndef) for g in gaps)), key=str)
    us = [_unknown(sum(gaps), u)[0] for u in named]
    x = us[0].args[0] if us else None
    if not us or len(us) != len(gaps) or any(u.args != (x,) for u in us):
        raise ValueError(f"{len(gaps)} equations for {us} as functions of one variable")
    A, g = _normal_system(gaps, us, x)
    K = _exponential(A, x)
    constants = symbols(f"C1:{len(us) + 1}")
    driven = [
        Add(*(_driven(k, gj, x) for k, gj in zip(K.row(i), g, strict=True))) for i in range(len(us))
    ]
    values = [v + w for v, w in zip(K * Matrix(constants), driven, strict=True)]
    if ics:
        fits = [
            got - want
            for where, want in ics.items()
            for u, v in zip(us, values, strict=True)
            if isinstance(where, AppliedUndef) and where.func == u.func
            for got, _ in _conditions(v, u, x, {where: want})
        ]
        found = sympy.solve(fits, constants, dict=True)
        if len(found) != 1 or len(fits) < len(ics):
            raise ValueError(f"the conditions {ics} do not fit")
        values = [v.subs(found[0]) for v in values]
    if check:
        check_system(values, gaps, us, x)
    return [Eq(u, v) for u, v in zip(us, values, strict=True)]


def _normal_system(gaps: list[Expr], us: list[Expr], x: Symbol) -> tuple[Any, Any]:
    """The matrix and what drives."""
    slopes = [Dummy(f"d{u.func}") for u in us]
    names = [Dummy(str(u.func)) for u in us]
    plain = [
        g.subs([(u.diff(x), d) for u, d in zip(us, slopes, strict=True)]).subs(
            dict(zip(us, names, strict=True))
        )
        for g in gaps
    ]
    M, N = (Matrix(plain).jacobian(vs) for vs in (slopes, names))
    rest = -Matrix(plain).subs(dict.fromkeys([*slopes, *names], 0))
    if rest.has(AppliedUndef, Derivative) or (M.row_join(N)).has(x, *slopes, *names):
        raise NotImplementedError("of systems those of first order with constant coefficients")
    if M.det() == 0:
        raise NotImplementedError("a system that cannot be solved for the derivatives")
    return -M.LUsolve(N), M.LUsolve(rest)


def _exponential(A: Any, x: Symbol) -> Any:
    """``exp(A*x)``, a sum of the powers of A below its size."""
    basis = _basis(list(reversed(A.charpoly().all_coeffs())), x)
    n = len(basis)
    weights = Matrix(n, n, lambda i, j: basis[j].diff(x, i).subs(x, 0)).inv()
    shares = (Matrix([basis]) * weights).applyfunc(expand)
    return sum((shares[k] * A**k for k in range(n)), sympy.zeros(n, n)).applyfunc(expand)


def _driven(K: Expr, g: Expr, x: Symbol) -> Expr:
    """What a component drives, from each of its kinks on."""
    if g.has(DiracDelta):
        raise NotImplementedError("deltas drive single equations only")
    first, jumps = to_the_right(*normal_form(g, x), x)
    terms = [_response(K, first, x, None)]
    for jump in jumps:
        moved = _response(K, jump.expr, x, jump.at)
        if moved != 0:
            terms.append(in_relu(moved, Jump(jump.at, x - jump.at, moved), x))
    return Add(*terms)


def check_system(values: list[Expr], gaps: list[Expr], us: list[Expr], x: Symbol) -> None:
    """Put the solution in on both sides of every kink; it is continuous."""
    to = dict(zip(us, values, strict=True))
    slopes = {u.diff(x): v.diff(x) for u, v in to.items()}
    residuals = [checks.rounded(g.subs(slopes).subs(to)) for g in gaps]
    values = list(map(checks.rounded, values))

    def check() -> None:
        for at in checks.samples(checks.symbols_of(*residuals, *values) - {x}, 1):
            breaks = {t for e in (*values, *residuals) for t in kinks_of(e.subs(at), x)}
            for p in checks.around(breaks)[:4]:
                for residual in residuals:
                    left = checks.number(residual, {**at, x: p})
                    if left is None or abs(left) < 1e-15:
                        continue
                    if abs(left) > 1e-15 * (1 + _size(values, at, x, p)):
                        raise checks.FailedError(f"at {p} it leaves {left.n(6)}")
            for t in breaks:
                for value in values:
                    low, high = (
                        checks.number(value, {**at, x: t + d})
                        for d in (-Rational(1, 10**20), Rational(1, 10**20))
                    )
                    if None not in (low, high) and not checks.near(low, high, 1e-12):
                        raise checks.FailedError(f"a function jumps at {t}")

    checks.attempt(check)


def _size(values: list[Expr], at: Any, x: Symbol, p: Expr) -> Any:
    return max(abs(checks.number(v, {**at, x: p}) or 0) for v in values)


# Checks


def check_solution(value: Expr, gap: Expr, u: Expr, x: Symbol, order: int, ics: Any) -> None:
    """Put the solution in on both sides of every kink; its slopes are continuous."""
    slopes = [value.diff(x, i) for i in range(order + 1)]
    residual = gap.subs([(u.diff(x, i), slopes[i]) for i in range(order, 0, -1)]).subs(u, value)

    def check() -> None:
        for at in checks.samples(checks.symbols_of(residual, value) - {x}, 1):
            breaks = kinks_of(value.subs(at), x) or kinks_of(residual.subs(at), x)
            lead = gap.diff(u.diff(x, order))
            deltas = without_deltas(-gap, x)[1]
            kicks = {t.subs(at): (w / lead.subs(x, t)).subs(at) for t, w, _ in deltas}
            points = [{**at, x: p} for p in checks.around(breaks)[:8]]
            size = max((abs(checks.number(v, p) or 0) for v in slopes for p in points), default=0)
            for p in points:
                left = checks.number(residual, p)
                if left is not None and abs(left) > 1e-15 * (1 + size):
                    raise checks.FailedError(f"at {p} it leaves {left.n(6)}")
            for t in breaks:
                if lead.subs(at).subs(x, t) == 0:
                    continue  # there the equation says nothing of the highest derivative
                for i in range(order):
                    low, high = (
                        checks.number(slopes[i], {**at, x: t + d})
                        for d in (-Rational(1, 10**20), Rational(1, 10**20))
                    )
                    jump = kicks.get(t, S.Zero) if i == order - 1 else S.Zero
                    if None not in (low, high) and abs(high - low - jump) > 1e-12 * (1 + size):
                        raise checks.FailedError(f"derivative {i} jumps at {t}")
            for got, want in _conditions(value, u, x, ics):
                gap_ = checks.number(got - want, at)
                if gap_ is not None and abs(gap_) > 1e-15:
                    raise checks.FailedError(f"a condition is missed by {gap_.n(6)}")

    checks.attempt(check)
