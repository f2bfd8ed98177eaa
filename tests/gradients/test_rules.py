"""The table: matrix rules by their formulas, and random expressions against autodiff."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluate import NUMPY, evaluate, jax_engine, torch_engine
from support.networks import products
from sympy import (
    Abs,
    BlockDiagMatrix,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DiracDelta,
    Expr,
    Function,
    FunctionMatrix,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    ImmutableMatrix,
    Integral,
    Inverse,
    KroneckerProduct,
    Lambda,
    LambertW,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    OneMatrix,
    Permanent,
    Piecewise,
    S,
    Sum,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    diag,
    exp,
    log,
    sign,
    sin,
    symbols,
    tanh,
)
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from symrelu import ReLU, gradient, lambdify
from symrelu.gradients.rules import pullback, times
from symrelu.matrices.elementwise import Elementwise

c, s, t, d = symbols("c s t d")
i, j = symbols("i j", integer=True)
n = symbols("n", integer=True, positive=True)
A, B, C = (MatrixSymbol(name, 3, 3) for name in "ABC")
D = MatrixSymbol("D", 6, 6)
M = MatrixSymbol("M", 2, 2)
W = MatrixSymbol("W", 2, 3)
u, v, row = MatrixSymbol("u", 3, 1), MatrixSymbol("v", 3, 1), MatrixSymbol("row", 1, 3)
F = MatrixSymbol("F", n, n)
a, z = MatrixSymbol("a", n, 1), MatrixSymbol("z", n, 1)
X = ImmutableMatrix([[s, t], [1, 2]])
each = Elementwise.of


# Formula by formula, in the form in which it comes out


@pytest.mark.parametrize(
    ("e", "wrt", "formula"),
    [
        # Sums and products
        (Trace(A), A, "I"),
        (Trace(F), F, "I"),
        (Trace(A + 2 * B), B, "2*I"),
        (Trace(A.T * A), A, "2*A"),
        (Trace(A * A), A, "2*A.T"),
        (Trace(A * B), A, "B.T"),
        (Trace(A * B), B, "A.T"),
        (Trace(A.T * B), A, "B"),
        (Trace(A * B * C), B, "A.T*C.T"),
        (Trace(W * A * W.T), A, "W.T*W"),
        (Trace(W * A * W.T), W, "W*(A + A.T)"),
        (Trace(A * B * A), A, "A.T*B.T + B.T*A.T"),
        (Trace(A * A.T + A.T * A), A, "4*A"),
        (a.T * z, a, "z"),
        (a.T * z, z, "a"),
        (a.T * F * z, a, "F*z"),
        (a.T * F * z, z, "F.T*a"),
        (a.T * F * z, F, "a*z.T"),
        (a.T * F * a, a, "(F + F.T)*a"),
        (a.T * a, a, "2*a"),
        ((a.T * a) ** 2, a, "4*a*a.T*a"),
        (a.T * F.T * F * a, a, "2*F.T*F*a"),
        (a.T * OneMatrix(n, 1), a, "1"),
        (OneMatrix(1, n) * F * OneMatrix(n, 1), F, "1"),
        (a.T * ZeroMatrix(n, n) * z, a, "0"),
        # Scalar factors
        (Trace(s * A), A, "s*I"),
        (Trace(s * A), s, "Trace(A)"),
        (s * Trace(A), s, "Trace(A)"),
        (s * Trace(A), A, "s*I"),
        (Trace(s * t * A * B), A, "s*t*B.T"),
        (Trace(Trace(A) * B), A, "Trace(B)*I"),
        (Trace(s**2 * A), s, "2*s*Trace(A)"),
        (Trace(MatMul(s, t, A)), t, "s*Trace(A)"),
        (Trace(MatMul(A, s, B)), s, "Trace(A*B)"),
        (s * a.T * z, s, "(a.T*z)[0, 0]"),
        (Trace(s * (A + t * B) * C), t, "Trace(s*C*B)"),
        (Trace((s * A) ** 2), A, "2*s**2*A.T"),
        # Powers and inverses
        (Trace(A**3), A, "3*A.T**2"),
        (Trace(F**-1), F, "-F.T**(-1)*F.T**(-1)"),
        (Trace(MatPow(A, -2)), A, "-2*A.T**(-3)"),
        (Trace(B * A**2), A, "A.T*B.T + B.T*A.T"),
        (Trace(B * A**3), A, "A.T**2*B.T + B.T*A.T**2 + A.T*B.T*A.T"),
        (
            Trace(B * A**-2),
            A,
            "-(A.T**(-1)*B.T*A.T**(-2) + A.T**(-2)*B.T*A.T**(-1))",
        ),
        (Trace(B * Inverse(A)), A, "-A.T**(-1)*B.T*A.T**(-1)"),
        (Trace(B * A**1), A, "B.T"),
        (Trace(B * A**0), A, "0"),
        # Transposes
        (Trace(A.T * B * A.T), A, "B*A.T + A.T*B"),
        (Trace((A * B + C).T * C), A, "C*B.T"),
        (Trace((A * B + C.T).T * (A * B + C.T)), A, "2*(A*B + C.T)*B.T"),
        # Elementwise
        (Trace(HadamardProduct(A, B) * C), A, "HadamardProduct(B, C.T)"),
        (Trace(HadamardProduct(A, A)), A, "2*HadamardProduct(I, A)"),
        (Trace(HadamardPower(A, 3)), A, "3*HadamardProduct(A.**2, I)"),
        (Trace(HadamardPower(A, 2) * B), A, "2*HadamardProduct(A, B.T)"),
        (
            Trace(HadamardPower(A, s) * B),
            A,
            "s*HadamardProduct(A.**(s - 1), B.T)",
        ),
        (
            Trace(HadamardPower(A, s) * B),
            s,
            "Trace(B*HadamardProduct(log.(A), A.**s))",
        ),
        (Trace(ReLU(A).T * B), A, "HadamardProduct(Heaviside.(A, 0), B)"),
        (Trace(ReLU(A, c).T * B), A, "HadamardProduct(Heaviside.(A, c), B)"),
        (Trace(ReLU(A, c).T * B), c, "0"),
        (Trace(each(sin, A).T * B), A, "HadamardProduct(cos.(A), B)"),
        (Trace(each(exp, A).T * B), A, "HadamardProduct(exp.(A), B)"),
        (Trace(each(lambda x: 3 * x, A).T * B), A, "3*B"),
        (Trace(each(lambda x: s * exp(x), A).T * B), s, "Trace(B.T*exp.(A))"),
        (a.T * ReLU(F * z), z, "F.T*HadamardProduct(Heaviside.(F*z, 0), a)"),
        (a.T * ReLU(F * z), F, "HadamardProduct(Heaviside.(F*z, 0), a)*z.T"),
        # Determinants
        (Determinant(A), A, "Determinant(A)*A.T**(-1)"),
        (log(Determinant(F)), F, "F.T**(-1)"),
        (Determinant(F) ** 2, F, "2*Determinant(F)**2*F.T**(-1)"),
        (Determinant(s * A), s, "Trace(Determinant(s*A)*(s*A)**(-1)*A)"),
        # Diagonals
        (Trace(DiagMatrix(u) * A), A, "DiagMatrix(u)"),
        (Trace(DiagMatrix(u) * A.T), u, "DiagonalOf(A)"),
        (Trace(DiagMatrix(row) * A.T), row, "DiagonalOf(A).T"),
        (u.T * DiagonalOf(A), A, "DiagMatrix(u)"),
        (Trace(DiagonalMatrix(A) * B.T), A, "DiagonalMatrix(B)"),
        # Elements, explicit matrices, blocks, slices
        (A[0, 1] * A[1, 2], A, "Matrix([[0, A[1, 2], 0], [0, 0, A[0, 1]], [0, 0, 0]])"),
        (A[0, 1] ** 2, A[0, 1], "2*A[0, 1]"),
        (A[0, 1] ** 2, A[1, 0], "0"),
        (F[i, j] ** 2, F[i, j], "2*F[i, j]"),
        (MatrixSymbol("x", 1, 1), MatrixSymbol("x", 1, 1), "I"),
        (X.det(), s, "2"),
        (Trace(X), s, "1"),
        (Trace(X * M), t, "M.T[0, 1]"),
        (Trace(X * M), M, "Matrix([[s, 1], [t, 2]])"),
        (Trace(A + diag(s, s, t)), s, "2"),
        (v.T * diag(s, 1, t) * u, t, "(v*u.T)[2, 2]"),
        (Trace(A[:, :]), A, "I"),
        (v.T * A[:, 0:1], A, "Matrix([[v, 0]])"),
        (Trace(BlockMatrix([[A, B], [C, A]]) * D), B, "D.T[:3, 3:]"),
        (Trace(BlockMatrix([[A, B], [C, A]]) * D), A, "D.T[:3, :3] + D.T[3:, 3:]"),
        # Scalar functions of matrices
        (ReLU(Trace(A)), A, "Heaviside(Trace(A), 0)*I"),
        (exp(Trace(A)), A, "exp(Trace(A))*I"),
        (log(Trace(A.T * A)), A, "2*A/Trace(A.T*A)"),
        (Trace(A) ** s, A, "s*Trace(A)**(s - 1)*I"),
        (Trace(A) * Trace(B), A, "Trace(B)*I"),
        (Max(Trace(A), s), A, "Heaviside(-s + Trace(A))*I"),
        (Piecewise((Trace(A), s > 0), (t, True)), A, "Piecewise((1, s > 0), (0, True))*I"),
        (Piecewise((s, t > 0), (c, t > -1), (d, True)), s, "Piecewise((1, t > 0), (0, True))"),
        (Trace(A) + s, s, "1"),
        (Trace(A), B, "0"),
        (s, W, "0"),
    ],
    ids=lambda e: str(e)[:40],
)
def test_formulas(e, wrt, formula):
    answer = gradient(e, wrt)
    assert str(answer) == formula
    assert getattr(answer, "shape", ()) == getattr(wrt, "shape", ())


def test_a_large_factor_is_not_looked_into():
    large = Mul(*symbols("x:150"))
    assert times(large, s).args == (large, s)
    assert times(large, S.One) is large
    assert times(Piecewise((t, s > 0), (0, True)), large).args[1].expr == 0


def test_a_number_stays_in_front_of_a_sum():
    assert times(S.NegativeOne, s + t).args == (-1, s + t)
    assert times(S(2), s + t, S(3)).args == (6, s + t)


def test_the_cotangent_of_a_step_is_kept():
    assert gradient(3 * Heaviside(s), s) == 3 * DiracDelta(s)
    assert gradient(Heaviside(s, t) ** 2, t) == 2 * Heaviside(s, t) * Heaviside(s, t).diff(t)


@pytest.mark.parametrize("f", [sign, lambda x: Heaviside(x, 0)], ids=["sign", "step"])
def test_what_is_small_is_evaluated(f):
    p, q = symbols("p q", real=True)
    for e in (f(p - q), f(q - p)):  # SymPy writes the deltas of both alike
        assert gradient(e, [p, q]) == [e.diff(p), e.diff(q)]


def test_a_function_with_a_derivative_of_its_own():
    class Both(Function):
        def _eval_derivative(self, x):
            p, q = self.args
            return p.diff(x) * q + p * q.diff(x)

    assert gradient(Both(s**2, t), [s, t]) == [2 * s * t, s**2]


def test_an_argument_that_a_function_has_no_derivative_by():
    assert gradient(LambertW(s, t), t) == LambertW(s, t).diff(t)


def test_an_open_element():
    (k, l), (p, q) = symbols("k l"), (0, 2)  # noqa: E741
    entry = gradient(F[k, l] ** 2, F)[p, q].subs(n, 3)
    for at_k, at_l in ((0, 2), (1, 1), (2, 0)):
        expected = 2 * F[0, 2].subs(n, 3) if (at_k, at_l) == (p, q) else 0
        assert entry.subs({k: at_k, l: at_l}) == expected


def test_a_function_that_holds_variables_of_its_own():
    f = Function("f")(t)
    for scale in (s, f, B[0, 0]):
        e = Trace(each(lambda x, scale=scale: scale * exp(x), A))
        assert str(gradient(e, scale)) == "Trace(exp.(A))"
    e = Trace(each(lambda x: B[0, 0] * exp(x), A))
    only = ImmutableMatrix(3, 3, lambda i, j: Trace(each(exp, A)) if i == j == 0 else 0)
    assert gradient(e, B) == only
    e = Trace(Elementwise(Lambda(s, s**2), A))
    assert str(gradient(e * s, s)) == "Trace(A.**2)"


def test_explicit_matrices_beside_diagonals():
    E = ImmutableMatrix(3, 3, range(9))
    assert gradient(Trace(DiagMatrix(u) * E), u) == ImmutableMatrix([0, 4, 8])
    by_u = gradient(Trace(HadamardProduct(each(exp, E), DiagMatrix(u)) * A), u)
    at = {u: np.ones((3, 1)), A: np.eye(3)}
    assert evaluate(by_u, at) == pytest.approx(np.exp([[0.0], [4.0], [8.0]]))


def test_powers_to_the_power_of_a_matrix():
    power = HadamardPower(A, B)
    at = {A: np.array([[2.0, 3, 1], [1, 4, 2], [1, 1, 3]]), B: np.eye(3) + 1}
    by_A, by_B = gradient(Trace(power), [A, B])
    assert evaluate(by_A, at) == pytest.approx(np.diag(2 * np.diag(at[A])))
    assert evaluate(by_B, at) == pytest.approx(np.diag(np.diag(at[A] ** 2 * np.log(at[A]))))


def test_what_was_written_stays_as_it_was_written():
    # Two products forward, three backward.
    X, Y = MatrixSymbol("X", 3, n), MatrixSymbol("Y", 2, n)
    V, W = MatrixSymbol("V", 2, 4), MatrixSymbol("W", 4, 3)
    R = V * ReLU(W * X) - Y
    loss = Trace(R.T * R)
    assert products(R, *gradient(loss, [V, W])) == 5


@pytest.mark.parametrize("size", [2, 3])
def test_symbolic_dimensions_mean_the_same_as_concrete_ones(size):
    X, Y, W = MatrixSymbol("X", 3, n), MatrixSymbol("Y", n, n), MatrixSymbol("W", n, 3)
    b = MatrixSymbol("b", n, 1)
    R = ReLU(W * X + b * OneMatrix(1, n)) - Y

    def at(e):
        return e.subs(n, size)

    for loss in (Trace(R.T * R), Trace(HadamardPower(R, 2) * Y), Determinant(Y) * Trace(R)):
        for wrt in (W, b, Y):
            assert at(gradient(loss, wrt)).doit() == gradient(at(loss), at(wrt)).doit()


# What has no rule


@pytest.mark.parametrize(
    ("e", "name"),
    [
        (Permanent(A), "Permanent"),
        (Permanent(A * B) ** 2 + s, "Permanent"),
    ],
    ids=str,
)
def test_no_rule(e, name):
    with pytest.raises(NotImplementedError, match=rf"(?s)no rule for {name} .*register\({name}\)"):
        gradient(e, A)
    assert gradient(e, W) == ZeroMatrix(2, 3)  # no rule is needed


def test_no_rule_for_some_nodes_of_a_class():
    with pytest.raises(NotImplementedError, match=r"the power A\*\*s, but alone in a trace; give"):
        gradient(Trace(A**s * B), A)
    strided = MatrixSlice(F, (0, n, 2), (0, n))
    with pytest.raises(NotImplementedError, match=r"with a step, of open dimensions; give"):
        gradient(Trace(strided * strided.T), F)
    oblong = MatrixSymbol("oblong", n, symbols("m", integer=True, positive=True))
    with pytest.raises(NotImplementedError, match=r"how long it is; give the dimensions of oblong"):
        list(pullback(DiagonalOf(oblong), DiagonalOf(oblong), {oblong}))


@pytest.mark.parametrize("strided", [D[::2, ::2], D[::2, :3], D[:3, 1:5:2]], ids=str)
def test_slices_with_a_step(strided):
    slope = gradient(Trace(strided * strided.T), D)
    at = np.arange(36.0).reshape(6, 6)
    rows, columns = (slice(*map(int, k)) for k in (strided.rowslice, strided.colslice))
    expected = np.zeros((6, 6))
    expected[rows, columns] = 2 * at[rows, columns]
    np.testing.assert_array_equal(evaluate(slope, {D: at}), expected)


def test_an_oblong_diagonal():
    tall = MatrixSymbol("tall", 4, 2)
    slope = gradient(Trace(DiagonalOf(tall) * DiagonalOf(tall).T), tall)
    at = np.arange(8.0).reshape(4, 2)
    expected = np.zeros((4, 2))
    np.fill_diagonal(expected, 2 * np.diagonal(at))
    np.testing.assert_array_equal(evaluate(slope, {tall: at}), expected)


def test_the_trace_of_any_power():
    assert str(gradient(Trace(A**s), A)) == "s*A.T**(s - 1)"
    with pytest.raises(NotImplementedError, match=r"power .* whole number"):
        lambdify(A, gradient(Trace((A.T * A) ** S.Half), A))


class Cube(Expr):
    """A scalar of a matrix, unknown to the library."""


@pytest.mark.parametrize(
    "e", [Permanent(A), Cube(A), Function("norm")(A)], ids=["SymPy's", "own", "undefined"]
)
def test_what_the_message_says_can_be_copied(e):
    with pytest.raises(NotImplementedError) as caught:
        gradient(e, A)
    text = str(caught.value)
    code = text[text.index("from symrelu.gradients import pullback") :]
    cls = type(e)
    known = dict(pullback.registry)
    try:
        exec(code, {})
        assert gradient(3 * e, A) == S(3)  # the rule that was copied is not yet right
    except ValueError as error:
        assert f"the rule of {cls.__name__} yields a cotangent of shape ()" in str(error)  # noqa: PT017
    assert {*pullback.registry} - {*known} == {cls}
    pullback.register(cls, known[Function if issubclass(cls, Function) else object])


def test_an_integral_over_a_trace():
    e = Integral(s * Trace(A * A), (s, 0, 1))
    assert gradient(e, A).doit() == A.T
    assert str(gradient(Integral(t * s * Trace(A), (s, 0, t)), A)) == "Integral(s*t, (s, 0, t))*I"


def test_a_sum_that_is_no_product_of_matrices():
    e = Sum(F[i, 0] * F[n - 1 - i, 0], (i, 0, n - 1))
    entry = gradient(e, F).lamda
    for row in range(4):
        assert entry(row, 0).subs(n, 4).doit() == 2 * F[3 - row, 0].subs(n, 4)
        assert entry(row, 1).subs(n, 4).doit() == 0
    g = Function("g")
    with pytest.raises(NotImplementedError, match=r"no rule for Sum.*elements of F"):
        gradient(Sum(g(F[i, 0]) * F[n - 1 - i, 0], (i, 0, n - 1)), F)


def test_three_kronecker_factors():
    factors = [MatrixSymbol("P", 1, 2), MatrixSymbol("Q", 2, 1), MatrixSymbol("T", 2, 2)]
    product = KroneckerProduct(*factors)
    R = MatrixSymbol("R", *product.shape)
    e = Trace(R.T * product)
    f = lambdify([*factors, R], gradient(e, factors))
    p, q, r = np.array([[1.0, 2]]), np.array([[3.0], [-1]]), np.array([[1.0, 0], [2, 5]])
    weights = np.arange(16.0).reshape(4, 4)
    for k, by_factor in enumerate(f(p, q, r, weights)):
        for place in np.ndindex(by_factor.shape):
            unit = np.zeros_like(by_factor)
            unit[place] = 1
            values = [unit if k == i else v for i, v in enumerate((p, q, r))]
            expected = np.sum(weights * np.kron(np.kron(values[0], values[1]), values[2]))
            assert by_factor[place] == pytest.approx(expected)


def test_kronecker_products_of_open_dimensions():
    assert str(gradient(Trace(KroneckerProduct(A, F)), F)) == "Trace(A)*I"
    product = KroneckerProduct(F, A)
    assert str(gradient(Trace(product.T * product), A)) == "2*Trace(F.T*F)*A"
    R = MatrixSymbol("R", 3 * n, 3 * n)
    with pytest.raises(NotImplementedError, match=r"open dimensions.*give the dimensions numbers"):
        gradient(Trace(R * product), A)


def test_a_scalar_node_of_matrix_elements():
    e = Sum(A[i, 0] ** 2, (i, 0, 2))
    assert gradient(e, A[0, 0]).doit() == e.diff(A[0, 0]).doit() == 2 * A[0, 0]
    by_A = gradient(s * e, A).as_explicit().doit()
    assert by_A == ImmutableMatrix(3, 3, lambda i, j: 0 if j else 2 * s * A[i, 0])


def test_a_rule_of_your_own():
    class Commutator(MatrixExpr):
        shape = property(lambda self: self.args[0].shape)

    with pytest.raises(NotImplementedError, match="no rule for Commutator"):
        gradient(Trace(Commutator(A, B) * C), A)

    @pullback.register(Commutator)
    def _(node, cotangent, needed):
        x, y = node.args
        yield x, cotangent * y.T - y.T * cotangent
        yield y, x.T * cotangent - cotangent * x.T

    assert gradient(Trace(Commutator(A, B) * C), A) == C.T * B.T - B.T * C.T
    assert gradient(Trace(Commutator(A, A * B) * C), B) == A.T * (A.T * C.T - C.T * A.T)


def test_a_scalar_rule_of_your_own():
    class Norm(Expr):
        pass

    @pullback.register(Norm)
    def _(node, cotangent, needed):
        yield node.args[0], cotangent / node * node.args[0]

    assert str(gradient(Norm(A * B) ** 2, A)) == "2*A*B*B.T"


# Against automatic differentiation

SCALARS = (Symbol("s"), Symbol("t"))
MATRICES = {
    (1, 1): (MatrixSymbol("q", 1, 1),),
    (3, 3): (A, B),
    (2, 3): (W,),
    (2, 2): (M,),
    (3, 1): (u, v),
    (2, 1): (MatrixSymbol("r", 2, 1),),
}
VARIABLES = [*SCALARS, *(m for symbols in MATRICES.values() for m in symbols)]
sizes = st.integers(1, 3)
numbers = st.integers(-2, 2)


def leaves(rows, columns):
    known = [
        OneMatrix(rows, columns),
        *MATRICES.get((rows, columns), ()),
        *(m.T for m in MATRICES.get((columns, rows), ())),
    ]
    if rows == columns:
        known.append(Identity(rows))
    entries = st.one_of(numbers, st.sampled_from([s, t, s * t]))
    explicit = st.lists(entries, min_size=rows * columns, max_size=rows * columns)
    return st.one_of(
        st.sampled_from(known),
        st.sampled_from(known),
        explicit.map(lambda flat: ImmutableMatrix(rows, columns, flat)),
    )


@st.composite
def matrices(draw, rows, columns, depth):
    """A matrix expression of the shape, every node of the table among its nodes."""
    if depth == 0:
        return draw(leaves(rows, columns))

    def part(rows, columns):
        return draw(matrices(rows, columns, depth - 1))

    def product():
        inner = draw(sizes)
        return part(rows, inner) * part(inner, columns)

    def blocks():
        top, left = draw(st.integers(1, rows - 1)), draw(st.integers(1, columns - 1))
        heights, widths = (top, rows - top), (left, columns - left)
        return BlockMatrix([[part(h, w) for w in widths] for h in heights])

    def diagonal_blocks():
        if rows == columns == 2:
            return BlockDiagMatrix(part(1, 1), part(1, 1))
        return BlockDiagMatrix(part(1, 1), part(2, 2))

    def sliced():
        top, left = draw(st.integers(0, 3 - rows)), draw(st.integers(0, 3 - columns))
        return MatrixSlice(part(3, 3), (top, top + rows), (left, left + columns))

    choices = [
        product,
        lambda: part(rows, columns) + part(rows, columns),
        lambda: part(rows, columns) - draw(numbers) * part(rows, columns),
        lambda: draw(st.sampled_from([s, t, s - t])) * part(rows, columns),
        lambda: draw(scalars(depth - 1)) * part(rows, columns),
        lambda: Transpose(part(columns, rows)),
        lambda: HadamardProduct(part(rows, columns), part(rows, columns)),
        lambda: HadamardPower(part(rows, columns), draw(st.integers(2, 3))),
        lambda: HadamardPower(positive(part(rows, columns)), draw(st.sampled_from([s, -1]))),
        lambda: ReLU(part(rows, columns)),
        lambda: ReLU(part(rows, columns) + part(rows, columns)),
        lambda: part(rows, columns).applyfunc(tanh),
        lambda: each(lambda x: s * sin(x) + x * t, part(rows, columns)),
        sliced,
    ]
    S = MATRICES.get((rows, rows), (None,))[0]
    if rows == columns:
        choices += [
            lambda: MatPow(part(rows, rows), draw(st.integers(2, 3))),
            lambda: Inverse(invertible(part(rows, rows))),
            lambda: MatPow(invertible(part(rows, rows)), draw(st.integers(-3, -2))),
            # Next to a symbol: SymPy's diagonals cannot take the shape of an explicit matrix.
            lambda: DiagMatrix(S * part(rows, 1) * MATRICES[1, 1][0]),
            lambda: DiagonalMatrix(part(rows, rows)),
        ]
        if rows > 1:
            choices.append(diagonal_blocks)
    if columns == 1:
        choices.append(lambda: DiagonalOf(S * part(rows, rows) * S))
    if rows > 1 and columns > 1:
        choices.append(blocks)
    return draw(st.sampled_from(choices))()


@st.composite
def scalars(draw, depth):
    """A scalar expression of matrices."""

    def matrix(rows, columns):
        return draw(matrices(rows, columns, depth))

    def element():
        rows, columns = draw(sizes), draw(sizes)
        i, j = draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))
        return MatrixElement(matrix(rows, columns), i, j)

    def trace():
        return Trace(matrix(*[draw(sizes)] * 2))

    def matrix_exponent():
        # Not inside others: SymPy transposes the base of such a power alone.
        rows, columns = draw(sizes), draw(sizes)
        power = HadamardPower(positive(matrix(rows, columns)), matrix(rows, columns))
        return MatrixElement(power, rows - 1, 0)

    choices = [
        lambda: draw(st.sampled_from(SCALARS)),
        trace,
        element,
        lambda: Determinant(invertible(matrix(*[draw(sizes)] * 2))),
        lambda: ReLU(trace() + draw(numbers)),
        lambda: tanh(element()) * trace(),
        matrix_exponent,
        lambda: Max(s * A[0, 1], B[1, 0], 1) - Min(s, B[1, 0]) * element(),
        lambda: element() ** 2 + trace() * draw(st.sampled_from(SCALARS)),
        lambda: Piecewise((trace(), s > 0), (element(), True)),
    ]
    return draw(st.sampled_from(choices))()


def positive(matrix):
    return each(lambda x: exp(tanh(x)), matrix)


def invertible(matrix):
    """With a dominant diagonal, whatever the matrix is."""
    return 3 * Identity(matrix.shape[0]) + each(tanh, matrix) / 2


losses = st.one_of(
    scalars(2),
    scalars(1),
    matrices(1, 1, 3),
    matrices(3, 3, 2).map(Trace),
    matrices(3, 2, 2).map(lambda m: Trace(m.T * m)),
)


def data(seed, whole):
    """Values for the variables; with whole ones, kinks are met often."""
    random = np.random.default_rng(seed)

    def values(shape):
        if whole:
            return random.integers(-1, 2, shape).astype(float)
        return random.normal(size=shape)

    return {v: values(tuple(map(int, getattr(v, "shape", ())))) for v in VARIABLES}


def engine(name):
    if name == "torch":
        return torch_engine(pytest.importorskip("torch"))
    return jax_engine(pytest.importorskip("jax"))


@pytest.fixture
def float64(request):
    """Double precision in JAX too."""
    if "jax" in request.node.name:
        request.getfixturevalue("jax")


def agrees(loss, values, opinion):
    def f(*arrays):
        return evaluate(loss, dict(zip(VARIABLES, arrays, strict=True)), opinion).reshape(())

    expected = opinion.gradient(f, list(values.values()))
    for variable, formula, other in zip(
        VARIABLES, gradient(loss, VARIABLES), expected, strict=True
    ):
        other = np.asarray(other)
        assert getattr(formula, "shape", ()) == getattr(variable, "shape", ())
        ours = evaluate(formula, values, NUMPY)
        scale = max(1, np.abs(other).max())
        np.testing.assert_allclose(ours / scale, other / scale, rtol=0, atol=1e-10)


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_second_opinion(framework, float64):
    opinion = engine(framework)

    @settings(max_examples=settings().max_examples // (1 if framework == "torch" else 2))
    @given(losses, st.integers(0, 9), st.booleans())
    def check(loss, seed, whole):
        agrees(loss, data(seed, whole), opinion)

    check()


column = MatrixSymbol("column", 3, 1)


@pytest.mark.parametrize(
    "body",
    [
        t**2 / (2 * s) * exp(-s * Abs(i - j)),
        s * exp(-Abs(i - j) / s),
        s ** Abs(i - j) / (1 - s**2),
        Piecewise((s / (i + 1), i > j), (1 / s, True)),
        s * (column[0, 0] * i + column[1, 0] / column[0, 0]),
    ],
    ids=str,
)
def test_matrices_of_indices_whose_entries_hold_a_variable_and_its_reciprocal(body):
    loss = column.T * FunctionMatrix(3, 3, Lambda((i, j), body)) * column
    wrt, at = [s, t, column], [0.7, 0.4, np.array([[1.0], [-2], [0.5]])]
    value = lambdify(wrt, loss)
    found = lambdify(wrt, gradient(loss, wrt))(*at)
    for place, slope in enumerate(found):
        for entry in np.ndindex(np.shape(slope)):
            up, down = ([np.array(v, float) for v in at] for _ in "ab")
            up[place][entry] += 1e-5
            down[place][entry] -= 1e-5
            rise = (value(*up) - value(*down)).item() / 2e-5
            assert np.asarray(slope)[entry] == pytest.approx(rise, rel=1e-6)
