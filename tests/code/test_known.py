"""What engines have of SymPy's functions: each is right, by evalf, or refused when compiling."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import sympy
from sympy import Dummy, Function, I, Integer, Rational, S, Symbol, hyper, symbols
from sympy.codegen import cfunctions, numpy_nodes, scipy_nodes
from sympy.functions import (
    Ynm,
    acoth,
    acsch,
    asech,
    bell,
    bernoulli,
    betainc,
    binomial,
    catalan,
    coth,
    csch,
    digamma,
    erf,
    euler,
    expint,
    frac,
    gamma,
    hankel1,
    harmonic,
    jn,
    mathieus,
    sech,
    zeta,
)

from symrelu import lambdify
from symrelu.code import ENGINES
from symrelu.code.known import find, is_sympys, samples

x, y, n = symbols("x y n")

NODES = {
    cfunctions: "expm1 log1p exp2 log2 log10 Sqrt Cbrt hypot fma",
    scipy_nodes: "cosm1 powm1",
    numpy_nodes: "logaddexp logaddexp2",
}
CLASSES = sorted(
    {
        kind
        for kind in vars(sympy.functions).values()
        if sympy.core.function.FunctionClass in type(kind).__mro__
    }
    | {getattr(module, name) for module, names in NODES.items() for name in names.split()},
    key=lambda kind: kind.__name__,
)
POINTS = [
    tuple(map(Rational, row.split()))
    for row in (
        "7/10", "3", "2 7/10", "3/2 5/2", "2 1/2 1/3", "2 1 2/5 1/2"
    )
]  # fmt: skip


def cases(kind):
    """Where the function has a real number for a value."""
    for point in POINTS:
        try:
            value = complex(kind(*point).evalf())
            node = kind(*symbols("a b c d")[: len(point)])
        except Exception:
            continue
        if np.isfinite(value):
            yield node, point, value


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["mpmath", "scipy", "numexpr", "math", "torch"])
def test_all_functions_of_sympy(engine):
    module = pytest.importorskip(engine)
    known = 0
    for kind in CLASSES:
        for node, point, value in cases(kind):
            try:
                function = lambdify(symbols("a b c d")[: len(point)], node, engine)
            except (NotImplementedError, ValueError):
                continue
            orders = engine in ("mpmath", "math")  # take whole numbers as such
            args = [int(p) if p.is_Integer and orders else float(p) for p in point]
            if engine == "torch":
                args = [module.tensor(a, dtype=module.float64) for a in args]
            try:
                got = complex(function(*args))
            except (TypeError, ValueError, RuntimeError):
                continue  # the engine's own refusal of such numbers
            if np.isfinite(got):
                assert abs(got - value) < 1e-6 * (1 + abs(value)), (node, point)
                known += 1
    assert known >= {"mpmath": 170, "scipy": 110, "numexpr": 50, "math": 70, "torch": 45}[engine]


@pytest.mark.parametrize(
    ("expr", "engine", "code"),
    [
        (scipy_nodes.powm1(x, y), "mpmath", "mpmath.powm1(x, y)"),
        (betainc(1, 2, x, y), "mpmath", "mpmath.betainc(1, 2, x, y)"),
        (hankel1(n, x), "mpmath", "mpmath.hankel1(n, x)"),
        (hankel1(n, x), "scipy", "scipy.special.hankel1(n, x)"),
        (bell(n), "mpmath", "mpmath.bell(n)"),
        (jn(2, x), "scipy", "scipy.special.spherical_jn(2, x)"),
        (jn(Symbol("k", integer=True), x), "scipy", "scipy.special.spherical_jn(k, x)"),
        (hyper((1, y), (3,), x), "mpmath", "mpmath.hyper((1, y), (3,), x)"),
        (euler(n), "mpmath", "euler(n).evalf(mpmath.mp.dps)._to_mpmath(mpmath.mp.prec)"),
        (cfunctions.expm1(x), "numexpr", "numexpr.evaluate('expm1(x)', truediv=True)"),
        (cfunctions.exp2(x), "math", "math.exp2(x)"),
        (frac(x), "numexpr", "numexpr.evaluate('x + ceil(-x)', truediv=True)"),
    ],
    ids=str,
)
def test_code(expr, engine, code):
    pytest.importorskip(engine)
    args = sorted(expr.free_symbols, key=str)
    assert inspect.getsource(lambdify(args, expr, engine)).endswith(f"return {code}\n")


HYPERBOLIC = [coth, csch, sech, acoth, acsch, asech]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["numpy", "jax", "torch", "numexpr", "numba", "math", "mpmath"])
def test_formulas_lose_no_digits(engine):
    """Near 0, where exponentials cancel, and far from it, where they overflow."""
    module = pytest.importorskip(engine)
    places = [-1e-9, 1e-9, 0.75, 5.0, -3e3, 1e9]
    for kind in HYPERBOLIC:
        f, checked = lambdify(x, kind(x), engine), 0
        for place in places:
            given = module.tensor(place, dtype=module.float64) if engine == "torch" else place
            want = complex(kind(Rational(place)).evalf())
            if want.imag or (engine in ("math", "mpmath") and abs(place) > 700):
                continue  # where Python raises
            tolerance = 1e-6 if engine == "jax" else 1e-13
            np.testing.assert_allclose(float(f(given)), want.real, tolerance, err_msg=f"{kind}")
            checked += 1
        assert checked


def test_formulas_are_right_at_whole_and_negative_numbers():
    k = Symbol("k", integer=True)
    assert lambdify(k, bernoulli(k), "mpmath")(1) == 0.5  # mpmath's is -0.5
    for choose in (binomial(n, k), binomial(n, k, evaluate=False)):
        assert lambdify([n, k], choose, "mpmath")(5, 2) == 10
        pytest.importorskip("scipy")
        assert lambdify([n, k], choose, "scipy")(200, 100) == pytest.approx(9.0548514656e58)
    assert lambdify([x, k], binomial(x, k), "math")(2.5, 2) == pytest.approx(1.875)
    pytest.importorskip("torch")
    with pytest.raises(NotImplementedError, match="gamma"):  # lgamma knows no sign
        lambdify(x, gamma(x), "torch")


def test_torch_has_more_than_its_printer():
    torch = pytest.importorskip("torch")
    half = torch.tensor(0.5, dtype=torch.float64)
    assert float(lambdify(x, digamma(x), "torch")(half)) == pytest.approx(-1.9635100260214235)
    assert float(lambdify([x, y], sympy.Mod(x, y), "torch")(-half, 2)) == 1.5


def test_a_name_that_means_something_else_is_not_taken():
    mpmath = pytest.importorskip("mpmath")
    assert lambdify(n, catalan(n), "mpmath")(5) == 42  # mpmath.catalan is a constant
    assert abs(lambdify(x, bernoulli(x), "mpmath")(0.5) - bernoulli(S.Half).evalf()) < 1e-12
    assert lambdify([x, y], Ynm(2, 1, x, y), "mpmath")(0.3, 0.4) == mpmath.mpmathify(
        complex(Ynm(2, 1, 0.3, 0.4).evalf())
    )


@pytest.mark.parametrize(
    ("expr", "engine"),
    [(mathieus(x, y, n), "mpmath"), (erf(x), "numpy"), (expint(2, x), "scipy"), (zeta(x), "math")],
    ids=str,
)
def test_refused(expr, engine):
    pytest.importorskip(engine)
    with pytest.raises(NotImplementedError, match=f"{engine} has no numeric form of"):
        lambdify(sorted(expr.free_symbols, key=str), expr, engine)


def test_rewritten_for_arrays():
    pytest.importorskip("scipy")
    f = lambdify([x, y], harmonic(x, y), "scipy")
    np.testing.assert_allclose(f(np.array([1.0, 2.0]), 2.0), [1, 1.25])


def test_a_class_of_the_same_name_is_not_sympys():
    same = type("powm1", (Function,), {"__module__": "sympy.codegen.scipy_nodes"})
    assert not is_sympys(same(x, y))
    assert not is_sympys(Function("f")(x))
    assert find(same(Dummy(), Dummy()), ENGINES["mpmath"]) is None


def test_names_are_looked_up_in_modules_that_are_there():
    d, e = Dummy(), Dummy()
    assert find(hyper((1, d), (3,), e), ENGINES["mpmath"]) == "mpmath.hyper"
    absent = replace(ENGINES["cupy"], spaces="absent_module.{0}")
    assert find(hankel1(d, e), absent) is None


def test_samples_keep_numbers_and_are_integers_where_an_argument_is_one():
    d, k = Dummy(), Dummy(integer=True)
    assert all(at[k].is_Integer for at in samples(jn(k, d)))
    assert [set(at) for at in samples(jn(2, d))] == [{d}] * 9
    assert list(samples(Function("f")(*(Dummy() for _ in range(5))))) == []
    assert list(samples(jn(Integer(2), I))) == [{}] * 9
