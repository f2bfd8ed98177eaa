"""What each engine calls things: one row per engine, one field per operation.

A field is a template of source text.  ``{0}`` is the first operand and ``{0:p}`` the operand
beside an operator, in parentheses where it needs them; ``{m}`` is the module.  A template that
binds more loosely than a call is ``Code`` with its level.  ``None`` says that the engine cannot;
whoever asks for the operation is refused when compiling, by ``Engine.call``.  NumPy's names
are the defaults, and another engine is made from a row by ``dataclasses.replace``.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from typing import Any

from symrelu.code.kernels import KERNELS, Kernel

# How tightly code binds.
CHOICE, LOOSE, SUM, PRODUCT, POWER, ATOM = range(6)

# In a template: before a dot, beside an operator, over a divisor, beside a comparison, in a choice.
_PLACES = {"a": ATOM, "p": POWER, "d": PRODUCT, "s": SUM, "c": LOOSE}


class Code(str):
    """Source text that knows how tightly it binds, and whether anything else reads its value."""

    level: int
    is_new: bool  # made where it stands, by an operator or a kernel

    def __new__(cls, text: str, level: int = ATOM) -> Code:
        code = super().__new__(cls, text)
        code.level = level
        code.is_new = SUM <= level <= POWER
        return code

    def at(self, level: int) -> str:
        """The text, in parentheses where the place binds more tightly."""
        return str(self) if self.level >= level else "(" + str(self) + ")"

    def __format__(self, spec: str) -> str:
        """In a template, the place tells how tightly it binds; ``_`` marks what is new."""
        if spec == "_":
            return "_" * self.is_new
        return str(self if spec == "" else self.at(_PLACES[spec]))


_LOOP_SUM = "(lambda f, a, b, *p: sum(f(i, *p) for i in {}(a, b)))({{0}}, {{1}}, {{2}}{{3}})"
_LOOP_PRODUCT = (
    "(lambda f, a, b, *p: functools.reduce(lambda y, i: y*f(i, *p), {}(a, b), 1))"
    "({{0}}, {{1}}, {{2}}{{3}})"
)


@dataclass(frozen=True)
class Engine:
    """A namespace to compute in, and its names for what is computed."""

    name: str = "numpy"  # what the user calls it
    module: str = "numpy"  # as the source refers to it
    imports: tuple[str, ...] = ("numpy",)
    printer: str = "numpy.NumPyPrinter"  # SymPy's, for what has no field here
    extends: int = 0  # of engines of one module, the one that knows more goes first
    reserved: frozenset[str] = frozenset()  # what no variable may be called
    lacks: frozenset[str] = frozenset()  # what its printer writes, and it does not have

    # What it is
    broadcasts: bool = True  # whether functions and operators work on arrays by entries
    branches: bool = False  # whether it computes only the branch that it takes
    exact: bool = False  # whether it computes with numbers of its own
    big: bool = False  # whether integers may have any number of digits
    products: bool = True  # whether products are cheaper than small powers
    wrap: str = "{0}"  # around what is computed at once
    loop: str | None = None  # the decorator of code for numbers that is run over arrays
    context: str | None = None  # what to compute in, and the arguments there
    quiet: str | None = "{m}.errstate(all='ignore')"  # no warnings from branches not taken

    # Numbers
    integer: str = "{0}"  # one that, divided by another, is a number of the engine's
    constant: str = "{0}"  # a float
    mixed: bool = True  # whether an array may be made of numbers of its own and Python's
    named_constants: bool = True  # whether it has numpy.pi and the like
    bind: bool = False  # whether a nan is looked up by a name
    singleton: str | None = None  # SymPy's own pi and the like
    sqrt: str | None = "{m}.sqrt({0})"
    divide: str | None = "{m}.divide({0}, {1})"  # that does not raise
    exponent: str = "{0:a}"  # one that may be negative, of an integer

    # Kinks: {1} is the value at 0; {0:_} is an underscore where {0} may be written over
    kernels: tuple[Kernel, ...] = KERNELS  # functions that the code may call
    relu: str | None = "relu{0:_}({0})"
    relu_at_0: str | None = None  # where the engine differentiates, with slope {1} at 0
    step: str | None = "step{0:_}({0})"
    step_at_0: str | None = "step_at_0({0}, {1})"
    sign: str | None = "{m}.sign({0})"  # that is nan of nan
    maximum: str | None = "{m}.maximum({0}, {1})"
    minimum: str | None = "{m}.minimum({0}, {1})"
    at_least: str | None = "at_least{0:_}({0}, {1})"  # maximum of {0} and a number, if that differs
    at_most: str | None = "at_most{0:_}({0}, {1})"

    # Branches
    relation: str = Code("{0:s} {1} {2:s}", LOOSE)
    where: str | None = "{m}.where({0}, {1}, {2})"
    number: str | None = "{0:a}[()]"  # an array without dimensions, where a choice makes one
    conjunction: str = "&"
    disjunction: str = "|"
    # number {2} in the dtype of {0} and {1}, an integer type or a number
    common: str | None = "{m}.result_type({0}, {1}).type({2})"
    like: str = ", "  # between operands that are compared
    small: str = "{m}.int8"  # a dtype that leaves the dtype to others

    # Matrices; {d} is the dtype of what the function reads
    shape: str = "getattr({0}, 'shape', None)"
    dtype: str | None = "{m}.result_type({0})"
    promote: str | None = None  # of two dtypes, where ``dtype`` takes one operand
    default_dtype: str = "{m}.result_type(0.0)"  # where nothing is read
    plus: str | None = "+"  # of matrices
    times: str | None = "*"  # of a number and a matrix
    matmul: str | None = "{0:p} @ {1:p}"
    transpose: str | None = "{0:a}.T"
    adjoint: str | None = "{0:a}.conj().T"  # which copies nothing that is real
    inverse: str | None = "{m}.linalg.inv({0})"
    solve: str | None = "{m}.linalg.solve({0}, {1})"
    determinant: str | None = "{m}.linalg.det({0})"
    slogdet: str | None = "{m}.linalg.slogdet({0})"
    logdet: str | None = (  # of sign, of which the logarithm warns of 0, and logarithm
        "({m}.log({0:a}[0]) + {0:a}[1] if {m}.iscomplexobj({0:a}[0]) else "
        "{m}.where({0:a}[0] < 0, {m}.nan, {0:a}[1])[()])"
    )
    matrix_power: str | None = "{m}.linalg.matrix_power({0}, {1})"
    trace: str | None = "{m}.trace({0})"
    total: str | None = "{0:a}.sum()"
    total_along: str | None = "{0:a}.sum(axis={1}, keepdims=True)"
    broadcast: str | None = "{m}.broadcast_to({0}, ({1}, {2}))"
    diag: str | None = "{m}.diag({0:a}.reshape(-1))"
    diagonal: str | None = "{m}.diagonal({0}).reshape(-1, 1)"
    diagonal_matrix: str | None = "{m}.diag({m}.diagonal({0}))"
    diagonal_part: str | None = "{m}.where({m}.eye({1}, {2}) > 0, {0}, 0)"  # of any shape
    zeros: str | None = "{m}.zeros(({0}, {1}), dtype={d})"
    ones: str | None = "{m}.ones(({0}, {1}), dtype={d})"
    eye: str | None = "{m}.eye({0}, dtype={d})"
    hadamard: str | None = "*"
    names: str = ""  # of functions that its printer does not know, with SymPy's where they differ
    spaces: str = "{m}.{0}"  # where to look for more of SymPy's, as ``known`` does
    evaluate: str | None = None  # a number of SymPy's as one of its own
    mod: str | None = None  # where it is not the printer's
    hadamard_power: str | None = "{0:a}**{1:a}"
    rows: str | None = "{m}.arange({0})[:, None]"
    columns: str | None = "{m}.arange({0})"
    real_rows: str | None = "{m}.arange({0}, dtype=float)[:, None]"  # of which 1/10**i is no error
    real_columns: str | None = "{m}.arange({0}, dtype=float)"
    # entries that may be made of integers, as a matrix in the dtype of what the function reads
    filled: str | None = (
        "{m}.broadcast_to({0}, ({1}, {2})).astype({m}.result_type({d}, {0:a}.dtype.type().item()))"
    )
    ndim: str = "{m}.ndim({0})"
    index_range: str | None = "{m}.arange({0}, {1})"
    # Of a function {0}, from {1} to {2} or just before it; {3} is what else the function is given
    loop_sum: str | None = _LOOP_SUM.format("range")
    loop_product: str | None = _LOOP_PRODUCT.format("range")
    quadrature: str | None = None
    element: str | None = "{0:a}[{1}, {2}]"
    item: str | None = "{0:a}[{1}]"
    index: str = "{m}.asarray({0}, dtype=int)"  # of whole numbers that may be floats
    slice: str | None = "{0:a}[{1}:{2}:{3}, {4}:{5}:{6}]"
    array: str | None = "{m}.array({0})"
    numbers: str | None = "{m}.array({0}, dtype={d})"  # an array of numbers
    reals: str | None = "{m}.array({0}, dtype={m}.result_type({d}, 0.0))"
    stack: str | None = "{0}({m}, [{1}], {2})"  # of numbers and arrays, by ``stacked``
    cast: str | None = "{d}.type({0})"  # an integer in that dtype
    cast_real: str | None = "{m}.result_type({d}, 0.0).type({0})"
    shaped: str | None = "{0:a}.reshape({1})"
    blocks: str | None = "{m}.block({0})"
    sparse: str | None = None  # of entries, rows, columns and shape; an array if it cannot

    def call(self, operation: str, *codes: str, of: str = "", d: str = "") -> Code:
        """The code of an operation; the one place that refuses what the engine cannot."""
        template = getattr(self, operation)
        if template is None:
            raise NotImplementedError(
                f"lambdify: {self.name} has no numeric form of {of or operation} ({operation}); "
                f"choose another module, or give one: modules=[{{{of or operation!r}: "
                "my_function}, ...]"
            )
        text = template.format(*codes, m=self.module, d=d)
        code = Code(text, getattr(template, "level", ATOM))
        code.is_new |= any(kernel.name == operation for kernel in self.kernels)
        return code

    def repeats(self, operation: str) -> bool:
        """Whether the code of an operand is written more than once."""
        parts = string.Formatter().parse(getattr(self, operation) or "")
        fields = [field for _, field, spec, _ in parts if spec != "_"]
        return any(fields.count(k) > 1 for k in "01")


def _words(text: str) -> list[str]:
    return text.split()


NUMPY = Engine(names="conjugate:{m}.conj")

_MATRICES = _words(
    "dtype matmul transpose adjoint inverse solve determinant slogdet logdet matrix_power trace "
    "total total_along broadcast diag diagonal diagonal_matrix diagonal_part zeros ones eye "
    "hadamard hadamard_power rows columns real_rows real_columns filled index_range slice array "
    "numbers reals stack shaped blocks cast cast_real"
)
_NO_MATRICES: dict[str, Any] = dict.fromkeys(_MATRICES)

# Of an exponent, where a negative power of an integer is not refused, but 0.
_REAL = "({0:p}/1)"

_NO_KERNELS: dict[str, Any] = {
    "kernels": (), "at_least": None, "at_most": None, "number": None,
}  # fmt: skip

_SCALAR = replace(
    NUMPY,
    names="",
    broadcasts=False,
    branches=True,
    big=True,
    products=False,
    quiet=None,
    **_NO_KERNELS,
    relu=Code("0 if {0:s} < 0 else {0:c}", CHOICE),
    step=Code("1 if {0:s} > 0 else 0 if {0:s} <= 0 else {0:c}", CHOICE),
    step_at_0=Code(
        "1 if {0:s} > 0 else 0 if {0:s} < 0 else {1:c} if {0:s} == 0 else {0:c}", CHOICE
    ),
    sign=Code("1 if {0:s} > 0 else -1 if {0:s} < 0 else {0:c}", CHOICE),
    where=Code("{1:c} if {0:c} else {2}", CHOICE),
    conjunction="and",
    disjunction="or",
    maximum=Code("{0:c} if {0:s} >= {1:s} or {0:s} != {0:s} else {1:c}", CHOICE),
    minimum=Code("{0:c} if {0:s} <= {1:s} or {0:s} != {0:s} else {1:c}", CHOICE),
    common=None,
    divide="{0:d}/{1:p}",
    item="{0:a}[{1}]",
    index="int({0})",
    **_NO_MATRICES,
)

_TORCH_STEP = "{m}.where({m}.isnan({0}), {0}, ({0:p} > 0).to({0:p}.dtype))"  # its sign(nan) is 0
_TENSORFLOW_STEP = "{m}.where({m}.math.is_nan({0}), {0}, {m}.cast({0:p} > 0, {0:p}.dtype))"
_NUMEXPR_NAMES = _words(
    "where sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh "
    "arctanh log log1p log10 log2 exp expm1 sqrt abs conj real imag complex contains "
    "floor ceil trunc round sign rint isnan isinf isfinite signbit nextafter copysign "
    "hypot fmod maximum minimum fmax fmin power mod sum prod min max ones_like empty_like "
    "numexpr True False None absolute conjugate div inv pow neg and or not bool int long "
    "float double str op"
)

SCIPY = replace(
    NUMPY,
    name="scipy",
    extends=1,
    imports=("numpy", "scipy.special", "scipy.integrate", "scipy.sparse"),
    sparse="scipy.sparse.coo_matrix(({0}, ({1}, {2})), shape={3})",
    quadrature="{m}.vectorize(lambda f, a, b, *p: scipy.integrate.quad(f, a, b, p)[0], [float])"
    "({0}, {1}, {2}{3})[()]",
    printer="numpy.SciPyPrinter",
    names="conjugate:{m}.conj Ei:scipy.special.expi binomial:scipy.special.binom",
    spaces="scipy.special.{0} {m}.{0}",
)
# The clipped x is 0, or nan, in the dtype of x.
_CUPY_STEP = "{m}.clip({0}, 0, 0) + ({0:p} > 0)"
CUPY = replace(
    NUMPY,
    name="cupy",
    module="cupy",
    imports=("cupy",),
    printer="numpy.CuPyPrinter",
    exponent=_REAL,
    quiet=None,
    **_NO_KERNELS,
    relu="{m}.maximum({0}, 0)",
    step=f"({_CUPY_STEP})",
    step_at_0="{m}.where({0:p} == 0, {1}, " + _CUPY_STEP + ")",
)
JAX = replace(
    NUMPY,
    name="jax",
    module="jax.numpy",
    imports=("jax.numpy", "jax.scipy.special"),
    printer="numpy.JaxPrinter",
    exponent=_REAL,
    spaces="jax.scipy.special.{0} {m}.{0}",
    quiet=None,
    **_NO_KERNELS,
    # of slope 0 at the kink for jax.grad, unlike maximum and clip
    relu="jax.nn.relu({0})",
    relu_at_0=("{m}.where({0:p} == 0, {1:p}*{0:p}, jax.nn.relu({0})).astype({m}.result_type({0}))"),
    step="{m}.sign(jax.nn.relu({0}))",
    step_at_0="{m}.where({0:p} == 0, {1}, {m}.sign(jax.nn.relu({0})))",
)
TORCH = replace(
    NUMPY,
    name="torch",
    module="torch",
    imports=("torch",),
    printer="pytorch.TorchPrinter",
    exponent=_REAL,
    names="conjugate:{m}.conj KroneckerProduct:{m}.kron",
    spaces="{m}.special.{0} {m}.{0}",
    mod="{m}.remainder({0}, {1})",
    quiet=None,
    kernels=(),
    number=None,
    relu="torch.relu({0})",
    relu_at_0="{m}.where({0:p} == 0, {1:p}*{0:p}, torch.relu({0})).to({0:a}.dtype)",
    step=_TORCH_STEP,
    step_at_0="{m}.where({0:p} == 0, {1}, " + _TORCH_STEP + ")",
    sign="{m}.where({m}.isnan({0}), {0}, {m}.sign({0}))",
    maximum="{m}.maximum({m}.as_tensor({0}), {m}.as_tensor({1}))",
    minimum="{m}.minimum({m}.as_tensor({0}), {m}.as_tensor({1}))",
    at_least="{m}.clamp({0}, min={1})",  # a tensor made of the number would be of float32
    at_most="{m}.clamp({0}, max={1})",
    dtype="{0:a}.dtype",
    logdet="({m}.log({0:a}[0]) + {0:a}[1] if {0:a}[0].is_complex() else "
    "{m}.where({0:a}[0] < 0, {m}.nan, {0:a}[1]))",
    promote="{m}.promote_types({0}, {1})",
    default_dtype="{m}.get_default_dtype()",
    like=" + ",
    ndim="getattr({0}, 'ndim', 0)",
    common="{m}.tensor({2}, dtype={m}.result_type({0}, {1}))",
    small="0",
    divide="{m}.divide({m}.as_tensor({0}), {1})",
    cast="{m}.tensor({0}, dtype={d})",
    cast_real="{m}.tensor({0}, dtype={m}.result_type({m}.empty(1, dtype={d}), 0.0))",
    numbers="{m}.tensor({0}, dtype={d})",
    reals="{m}.tensor({0}, dtype={m}.result_type({m}.empty(1, dtype={d}), 0.0))",
    mixed=False,
    real_rows="{m}.arange({0}, dtype={m}.float64)[:, None]",
    real_columns="{m}.arange({0}, dtype={m}.float64)",
    index="{m}.as_tensor({0}).long()",
    filled="{0:a}.broadcast_to(({1}, {2}))"
    ".to({m}.result_type({m}.empty(1, dtype={d}), {0:a}.new_zeros(()).item()))",
    blocks="{m}.cat([{m}.cat(row, 1) for row in {0}])",
    loop_sum=_LOOP_SUM.format("torch.arange"),  # a condition on an index must be a tensor
    loop_product=_LOOP_PRODUCT.format("torch.arange"),
)
TENSORFLOW = replace(
    replace(NUMPY, **_NO_MATRICES),
    name="tensorflow",
    names="conjugate:{m}.math.conj",
    module="tensorflow",
    imports=("tensorflow",),
    printer="tensorflow.TensorflowPrinter",
    quiet=None,
    **_NO_KERNELS,
    relu="{m}.nn.relu({0})",
    step=_TENSORFLOW_STEP,
    step_at_0="{m}.where({0:p} == 0, {m}.cast({1}, {0:p}.dtype), " + _TENSORFLOW_STEP + ")",
    sign="{m}.where({m}.math.is_nan({0}), {0}, {m}.sign({0}))",
    like=" + ",
    common="{m}.cast({2}, {0:p}.dtype)",
    matmul="{0:p} @ {1:p}",
    transpose="{m}.transpose({0})",
    adjoint="{m}.linalg.adjoint({0})",
    inverse="{m}.linalg.inv({0})",
    solve="{m}.linalg.solve({0}, {1})",
    determinant="{m}.linalg.det({0})",
    trace="{m}.linalg.trace({0})",
    total="{m}.reduce_sum({0})",
    total_along="{m}.reduce_sum({0}, axis={1}, keepdims=True)",
    hadamard="*",
    hadamard_power="{0:a}**{1:a}",
    array="{m}.stack({0})",
    dtype="{0:a}.dtype",
    promote="{0}",  # it adds up no dtypes that differ
    default_dtype="{m}.float32",
    cast="{m}.cast({0}, {d})",
    index="{m}.cast({0}, {m}.int64)",
    zeros="{m}.zeros(({0}, {1}), dtype={d})",
    ones="{m}.ones(({0}, {1}), dtype={d})",
    eye="{m}.eye({0}, dtype={d})",
    numbers="{m}.constant({0}, dtype={d})",
    reals="{m}.constant({0}, dtype={d})",
    broadcast="{m}.broadcast_to({0}, ({1}, {2}))",
    slice="{0:a}[{1}:{2}:{3}, {4}:{5}:{6}]",
    diag="{m}.linalg.diag({m}.reshape({0}, [-1]))",
    diagonal="{m}.reshape({m}.linalg.diag_part({0}), [-1, 1])",
    diagonal_matrix="{m}.linalg.diag({m}.linalg.diag_part({0}))",
    slogdet="{m}.linalg.slogdet({0})",
    logdet=Code("{m}.math.log({0:a}[0]) + {0:a}[1]", SUM),  # nan, -oo or 0 and
    blocks="{m}.concat([{m}.concat(row, 1) for row in {0}], 0)",
)
MATH = replace(
    _SCALAR,
    name="math",
    module="math",
    imports=("math",),
    printer="pycode.PythonCodePrinter",
    plus=None,  # its matrices are lists of lists
    times=None,
    element="{0:a}[{1}][{2}]",
    array="{0}",
    numbers="{0}",
    reals="{0}",
)
CMATH = replace(
    MATH,
    name="cmath",
    module="cmath",
    imports=("cmath",),
    printer="pycode.CmathPrinter",
    names="Abs:abs",
)
NUMBA = replace(
    MATH,
    name="numba",
    spaces="",
    imports=("math", "numpy", "numba"),
    exponent=_REAL,
    loop="numba.njit(error_model='numpy', nogil=True)",  # where nothing raises
    branches=False,
    big=False,
    products=True,
    bind=True,
    names="floor:numpy.floor ceiling:numpy.ceil",  # that keep nan, and are floats
    lacks=frozenset({"math.factorial"}),
    loop_sum=None,
    loop_product=None,
    element=None,
    item=None,
    array=None,
    numbers=None,
    reals=None,
)
_INTERVALS = "symrelu.code.intervals"  # mpmath has them, too
MPMATH = replace(
    _SCALAR,
    name="mpmath",
    module="mpmath",
    imports=("mpmath", "symrelu.code.intervals"),
    printer="pycode.MpmathPrinter",
    exact=True,
    context=f"{{m}}, {{0}} = {_INTERVALS}.context({{0}})",
    quadrature="(lambda f, a, b, *p: {m}.quad(lambda x: f(x, *p), [a, b]))({0}, {1}, {2}{3})",
    evaluate="{0}.evalf({m}.mp.dps)._to_mpmath({m}.mp.prec)",
    relu=f"{_INTERVALS}.relu({{0}})",
    step=f"{_INTERVALS}.step({{0}})",
    step_at_0=f"{_INTERVALS}.step({{0}}, {{1}})",
    sign=f"{_INTERVALS}.sign({{0}})",
    maximum=f"{_INTERVALS}.maximum({{0}}, {{1}})",
    minimum=f"{_INTERVALS}.minimum({{0}}, {{1}})",
    relation=f"{_INTERVALS}.holds({{0:c}}, '{{1}}', {{2:c}})",
    names="Abs:symrelu.code.intervals.absolute",
    integer="{m}.mpf({0})",
    shape="(getattr({0}, 'rows', None), getattr({0}, 'cols', None))",
    matmul="{0:p}*{1:p}",
    transpose="{0:a}.T",
    adjoint="{0:a}.H",
    inverse="{m}.inverse({0})",
    solve="{m}.lu_solve({0}, {1})",
    determinant="{m}.det({0})",
    matrix_power=Code("{0:a}**{1:a}", POWER),
    zeros="{m}.zeros({0}, {1})",
    ones="{m}.ones({0}, {1})",
    eye="{m}.eye({0})",
    array="{m}.matrix({0})",
    numbers="{m}.matrix({0})",
    reals="{m}.matrix({0})",
)
SYMPY = replace(
    _SCALAR,
    name="sympy",
    module="sympy",
    imports=("sympy", "symrelu"),
    printer="pycode.SymPyPrinter",
    exact=True,
    integer="sympy.Integer({0})",
    singleton="sympy.S.{0}",
    quadrature="(lambda x, f, a, b, *p: {m}.Integral(f(x, *p), (x, a, b)))"
    "({m}.Dummy(), {0}, {1}, {2}{3})",
    relu="symrelu.ReLU({0})",
    step="sympy.Heaviside({0}, 0)",
    step_at_0="sympy.Heaviside({0}, {1})",
    sign="sympy.sign({0})",
    maximum="sympy.Max({0}, {1})",
    minimum="sympy.Min({0}, {1})",
    relation="sympy.Rel({0}, {2}, '{1}')",  # in Python, 1 and 1.0 of SymPy's are not equal
    conjunction="&",
    disjunction="|",
    where="sympy.Piecewise(({1}, {0}), ({2}, True))",
    branches=False,
    matmul="{0:p}*{1:p}",
    transpose="{0:a}.T",
    adjoint="{0:a}.H",
    inverse="{0:a}.inv()",
    solve="{0:a}.LUsolve({1})",
    determinant="{0:a}.det()",
    trace="{0:a}.trace()",
    total="sum({0:a})",
    matrix_power=Code("{0:a}**{1:a}", POWER),
    zeros="{m}.zeros({0}, {1})",
    ones="{m}.ones({0}, {1})",
    eye="{m}.eye({0})",
    slice="{0:a}[{1}:{2}:{3}, {4}:{5}:{6}]",
    array="{m}.Matrix({0})",
    numbers="{m}.Matrix({0})",
    reals="{m}.Matrix({0})",
)
_NUMEXPR_STEP = "where({0:p} == {0:p}, ({0:p} > 0)*1, {0})"
NUMEXPR = replace(
    _SCALAR,
    name="numexpr",
    exponent=_REAL,
    module="numexpr",
    imports=("numexpr",),
    printer="lambdarepr.NumExprPrinter",
    reserved=frozenset(_NUMEXPR_NAMES),
    branches=False,
    big=False,
    names="conjugate:conj",
    spaces="{0}",
    bind=True,
    named_constants=False,
    # A choice that is the same almost everywhere takes a fraction of the time of one that is not:
    # here, whether it is -inf, which times 0 would be nan, and whether it is nan.
    relu="where({0:p} < -1.7976931348623157e308, 0, ({0:p} > 0)*{0:p})",
    step=_NUMEXPR_STEP,
    step_at_0="where({0:p} == 0, {1}, " + _NUMEXPR_STEP + ")",
    sign="where({0:p} > 0, 1, where({0:p} < 0, -1, {0}))",
    where="where({0}, {1}, {2})",
    conjunction="&",
    disjunction="|",
    maximum="where(({0:p} >= {1:p}) | ({0:p} != {0:p}), {0}, {1})",
    minimum="where(({0:p} <= {1:p}) | ({0:p} != {0:p}), {0}, {1})",
    sqrt="sqrt({0})",
    mod="({0:p} - {1:p}*floor({0:p}/{1:p}))",
    element=None,
    item=None,
    wrap="numexpr.evaluate({0!r}, truediv=True)",
)

_ROWS = (
    NUMPY, SCIPY, CUPY, JAX, TORCH, TENSORFLOW, MATH, CMATH, NUMBA, MPMATH, SYMPY, NUMEXPR,
)  # fmt: skip

ENGINES: dict[str, Engine] = {row.name: row for row in _ROWS}
