"""How ReLU and its derivative print: as text, and as code that is compiled and run."""

import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from sympy import (
    Eq,
    Float,
    Heaviside,
    Matrix,
    MatrixSymbol,
    Piecewise,
    Pow,
    S,
    Symbol,
    ccode,
    cxxcode,
    exp,
    fcode,
    glsl_code,
    jscode,
    julia_code,
    latex,
    maple_code,
    mathematica_code,
    mathml,
    octave_code,
    pretty,
    pycode,
    rcode,
    rust_code,
    smtlib_code,
    srepr,
    sstr,
    symbols,
)
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.lambdarepr import NumExprPrinter
from sympy.printing.numpy import CuPyPrinter, JaxPrinter, NumPyPrinter, SciPyPrinter
from sympy.printing.pycode import MpmathPrinter, SymPyPrinter
from sympy.printing.pytorch import TorchPrinter
from sympy.printing.smtlib import SMTLibPrinter
from sympy.printing.tensorflow import TensorflowPrinter

from symrelu import ReLU

sys.path.append(str(Path(__file__).parent))

from support.tools import require

x, y, c = symbols("x y c")
r = Symbol("r", real=True)
i = Symbol("i", integer=True)
W, X, b = MatrixSymbol("W", 2, 3), MatrixSymbol("X", 3, 4), MatrixSymbol("b", 2, 4)

ascii_pretty = partial(pretty, use_unicode=False)
unicode_pretty = partial(pretty, use_unicode=True)


# Text


@pytest.mark.parametrize("printer", [str, repr, sstr, ascii_pretty])
@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (ReLU(x), "ReLU(x)"),
        (ReLU(x, c), "ReLU(x, c)"),
        (ReLU(x, 1), "ReLU(x, 1)"),
        (2 * ReLU(x - 1), "2*ReLU(x - 1)"),
        (ReLU(x).diff(x), "Heaviside(x, 0)"),
        (ReLU(x, c).diff(x), "Heaviside(x, c)"),
        (ReLU(x, S.Half).diff(x), "Heaviside(x)"),
        (ReLU(W * X + b), "ReLU.(W*X + b)"),
        (ReLU(W * X + b, c), "ReLU.(W*X + b, c)"),
    ],
)
def test_plain_text(printer, expr, text):
    assert printer(expr) == text


@pytest.mark.parametrize(
    ("printer", "expr", "text"),
    [
        (str, ReLU(x) ** 2, "ReLU(x)**2"),
        (str, Matrix([ReLU(x), y]), "Matrix([[ReLU(x)], [y]])"),
        (ascii_pretty, ReLU(x) ** 2, "    2   \nReLU (x)"),
        (ascii_pretty, ReLU(x, c) ** 2, "    2      \nReLU (x, c)"),
        (ascii_pretty, ReLU(x / y), "    /x\\\nReLU|-|\n    \\y/"),
        (unicode_pretty, ReLU(x), "ReLU(x)"),
        (unicode_pretty, ReLU(x) ** 2, "    2   \nReLU (x)"),
        (unicode_pretty, 2 * ReLU(x - 1), "2⋅ReLU(x - 1)"),
        (unicode_pretty, ReLU(x, c).diff(x), "θ(x, c)"),
        (unicode_pretty, ReLU(W * X + b), "ReLU.(W⋅X + b)"),
        (latex, ReLU(x), r"\operatorname{ReLU}{\left(x \right)}"),
        (latex, ReLU(x, c), r"\operatorname{ReLU}{\left(x,c \right)}"),
        (latex, ReLU(x) ** 2, r"\operatorname{ReLU}^{2}{\left(x \right)}"),
        (latex, 2 * ReLU(x - 1), r"2 \operatorname{ReLU}{\left(x - 1 \right)}"),
        (
            latex,
            ReLU(1 / (x / y - 1)),
            r"\operatorname{ReLU}{\left(\frac{1}{\frac{x}{y} - 1} \right)}",
        ),
        (latex, ReLU(x).diff(x), r"\theta\left(x, 0\right)"),
        (latex, ReLU(x, c).diff(x), r"\theta\left(x, c\right)"),
        (latex, ReLU(W * X + b), r"\operatorname{ReLU}{\left(W X + b \right)}"),
        (latex, ReLU(W * X + b, c), r"\operatorname{ReLU}{\left(W X + b,c \right)}"),
        (mathml, ReLU(x), "<apply><ci>ReLU</ci><ci>x</ci></apply>"),
        (mathml, ReLU(x, c), "<apply><ci>ReLU</ci><ci>x</ci><ci>c</ci></apply>"),
        (
            mathml,
            ReLU(x) ** 2,
            "<apply><power/><apply><ci>ReLU</ci><ci>x</ci></apply><cn>2</cn></apply>",
        ),
        (
            mathml,
            2 * ReLU(x - 1),
            "<apply><times/><cn>2</cn><apply><ci>ReLU</ci>"
            "<apply><minus/><ci>x</ci><cn>1</cn></apply></apply></apply>",
        ),
    ],
)
def test_typeset_text(printer, expr, text):
    assert printer(expr) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (ReLU(x), "<mrow><mi>ReLU</mi><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>"),
        (
            ReLU(x, c),
            "<mrow><mi>ReLU</mi>"
            "<mrow><mo>(</mo><mi>x</mi><mo>,</mo><mi>c</mi><mo>)</mo></mrow></mrow>",
        ),
        (
            ReLU(x) ** 2,
            "<msup><mrow><mi>ReLU</mi><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>"
            "<mn>2</mn></msup>",
        ),
        (
            2 * ReLU(y),
            "<mrow><mn>2</mn><mo>&InvisibleTimes;</mo>"
            "<mrow><mi>ReLU</mi><mrow><mo>(</mo><mi>y</mi><mo>)</mo></mrow></mrow></mrow>",
        ),
    ],
)
def test_presentation_mathml(expr, text):
    assert mathml(expr, printer="presentation") == text


@pytest.mark.parametrize(
    "expr",
    [
        *(ReLU(x), ReLU(x, c), ReLU(x) ** 2, 2 * ReLU(r - 1), ReLU(x, c).diff(x)),
        *(Matrix([ReLU(x), ReLU(y, 1)]), ReLU(x, evaluate=False)),
    ],
)
def test_srepr_round_trip(expr):
    names = {}
    exec("from sympy import *", names)
    assert eval(srepr(expr), names | {"ReLU": ReLU}) == expr


# Code, as text


def torch_code(expr):
    return TorchPrinter().doprint(expr)


c89, c99 = partial(ccode, standard="c89"), partial(ccode, standard="c99")
fortran = partial(fcode, source_format="free")
fortran95 = partial(fcode, source_format="free", standard=95)
C = "((x < 0) ? (\n   0\n)\n: (\n   x\n))"
RUST = "(if (x < 0.0) {\n    0.0\n} else {\n    x\n})"
PYTHON = "((0) if (x < 0) else (x))"
CODE = [
    (c89, C),
    (c99, "fdim(x, 0)"),
    (partial(cxxcode, standard="c++98"), C),
    (cxxcode, "std::fdim(x, 0)"),
    (jscode, "Math.max(0, x)"),
    (glsl_code, C.replace("0", "0.0")),
    (fortran, "dim(x, 0.0d0)"),
    (fortran95, "dim(x, 0.0d0)"),
    (julia_code, "((x < 0) ? (0) : (x))"),
    (octave_code, "(max(0, x) + 0*sign(x))"),
    (rcode, "pmax(0, x)"),
    (rust_code, RUST),
    (mathematica_code, "Ramp[x]"),
    (maple_code, "piecewise(x < 0, 0, x)"),
    (NumPyPrinter().doprint, "numpy.maximum(x, 0)"),
    (SciPyPrinter().doprint, "numpy.maximum(x, 0)"),
    (CuPyPrinter().doprint, "cupy.maximum(x, 0)"),
    (JaxPrinter().doprint, "jax.nn.relu(x)"),
    (torch_code, "torch.relu(x)"),
    (TensorflowPrinter().doprint, "tensorflow.nn.relu(x)"),
    (NumExprPrinter().doprint, "numexpr.evaluate('(where((x < 0), 0, x))', truediv=True)"),
    (MpmathPrinter().doprint, PYTHON),
    (pycode, PYTHON),
    (SymPyPrinter().doprint, "symrelu.function.ReLU(x)"),
]


@pytest.mark.parametrize(("printer", "code"), CODE)
def test_code(printer, code):
    assert printer(ReLU(x)) == code


@pytest.mark.parametrize(("printer", "code"), CODE[:-1])
def test_code_does_not_depend_on_H0(printer, code):
    assert printer(ReLU(x, c)) == printer(ReLU(x, 1)) == code


def test_sympy_code_keeps_H0():
    assert SymPyPrinter().doprint(ReLU(x, c)) == "symrelu.function.ReLU(x, c)"


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        (c89, "2*pow(((r - 1 < 0) ? (\n   0\n)\n: (\n   r - 1\n)), 2)"),
        (c99, "2*pow(fdim(r - 1, 0), 2)"),
        (cxxcode, "2*std::pow(std::fdim(r - 1, 0), 2)"),
        (jscode, "2*Math.pow(Math.max(0, r - 1), 2)"),
        (fortran, "2*dim(r - 1, 0.0d0)**2"),
        (fortran95, "2*dim(r - 1, 0.0d0)**2"),
        (julia_code, "2 * ((r - 1 < 0) ? (0) : (r - 1)) .^ 2"),
        (octave_code, "2*(max(0, r - 1) + 0*sign(r - 1)).^2"),
        (rcode, "2*pmax(0, r - 1)^2"),
        (mathematica_code, "2*Ramp[r - 1]^2"),
        (maple_code, "2*piecewise(r - 1 < 0, 0, r - 1)^2"),
        (NumPyPrinter().doprint, "2*numpy.maximum(r - 1, 0)**2"),
        (JaxPrinter().doprint, "2*jax.nn.relu(r - 1)**2"),
        (torch_code, "2*torch.pow(torch.relu(r - 1), 2)"),
        (pycode, "2*((0) if (r - 1 < 0) else (r - 1))**2"),
    ],
)
def test_code_inside_an_expression(printer, code):
    assert printer(2 * ReLU(r - 1) ** 2) == code


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        (c99, "((i < 0) ? (\n   0\n)\n: (\n   i\n))"),
        (glsl_code, "((i < 0) ? (\n   0\n)\n: (\n   i\n))"),
        (fortran, "dim(i, 0)"),
        (rust_code, "(if (i < 0) {\n    0\n} else {\n    i\n})"),
    ],
)
def test_code_of_an_integer_has_integer_branches(printer, code):
    assert printer(ReLU(i)) == code


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        (c99, "v = fdim(x, 0);"),
        (fortran95, "v = dim(x, 0.0d0)"),
        (octave_code, "v = (max(0, x) + 0*sign(x));"),
        (rust_code, f"v = {RUST};"),
    ],
)
def test_code_of_an_assignment(printer, code):
    assert printer(ReLU(x), assign_to="v") == code


def test_code_keeps_a_condition_that_sympy_could_decide():
    k = Symbol("k", nonnegative=True)
    assert c89(ReLU(k, S.NaN)) == C.replace("x", "k")  # false is no word of C


def nested(levels):
    e = x
    for _ in range(levels):
        e = ReLU(e * y - 1)
    return e


@pytest.mark.parametrize("printer", [c99, cxxcode, jscode, fortran, fortran95, rcode])
def test_code_of_nested_calls_is_linear(printer):
    assert len(printer(nested(24))) < 2.2 * len(printer(nested(12))) < 1000


def jax_code(expr, **settings):
    return JaxPrinter(settings).doprint(expr)


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        *((f, "f(x)") for f in (c99, fortran, fortran95, jscode, julia_code, octave_code, rcode)),
        *((f, "f(x)") for f in (glsl_code, jax_code)),
        (rust_code, "x.f()"),
        (mathematica_code, "f[x]"),
    ],
)
def test_a_name_given_by_the_user_goes_first(printer, code):
    assert printer(ReLU(x) ** 2, user_functions={"ReLU": "f"}).count(code) == 1


def test_smtlib():
    # SymPy wants to be told of every function, and what it is told replaces its table.
    known = SMTLibPrinter._default_settings["known_functions"] | {ReLU: "ReLU"}
    code = partial(smtlib_code, auto_declare=False, known_functions=known)
    assert code(ReLU(r)) == "(ite (< r 0.0) 0.0 r)"
    assert code(ReLU(i)) == "(ite (< i 0) 0 i)"
    assert code(2 * ReLU(r - 1, c)) == "(* 2 (ite (< (+ -1 r) 0.0) 0.0 (+ -1 r)))"
    assert smtlib_code(Eq(ReLU(r), 1), known_functions=known) == (
        "(declare-const r Real)\n(assert (= (ite (< r 0.0) 0.0 r) 1))"
    )


def test_smtlib_of_a_piecewise():
    # Nothing to be told here.
    assert smtlib_code(ReLU(r).rewrite(Piecewise)) == "(declare-const r Real)\n(ite (> r 0) r 0)"
    assert smtlib_code(ReLU(r, c).diff(r).rewrite(Piecewise), auto_declare=False) == (
        "(ite (< r 0) 0 (ite (= r 0) c 1))"
    )


# Code, compiled and run


class Language(NamedTuple):
    """One run of ``commands`` reads a number a line, and writes its results a line each."""

    printer: Callable
    source: str  # its file name
    commands: list
    program: str  # with STATEMENTS for one statement each expression
    statement: str  # with CODE


C_PROGRAM = """
#include <math.h>
#include <stdio.h>
int main(void) {
    double r;
    while (scanf("%lf", &r) == 1) {
        STATEMENTS
    }
    return 0;
}
"""
C_STATEMENT = r'printf("%.17g\n", (double)(CODE));'
FORTRAN_PROGRAM = """
program relu
    implicit none
    real(kind=8) :: r, v
    integer :: status
    do
        read (*, *, iostat=status) r
        if (status /= 0) exit
        STATEMENTS
    end do
end program
"""
FORTRAN_STATEMENT = "v = CODE\nwrite (*, '(es25.16e3)') v"
LANGUAGES = {
    "c89": Language(
        c89,
        "relu.c",
        ["gcc -std=c89 -pedantic-errors -O2 relu.c -lm -o relu", "./relu"],
        C_PROGRAM,
        C_STATEMENT,
    ),
    "c99": Language(
        c99,
        "relu.c",
        ["gcc -std=c99 -pedantic-errors -O2 relu.c -lm -o relu", "./relu"],
        C_PROGRAM,
        C_STATEMENT,
    ),
    "c++": Language(
        cxxcode,
        "relu.cpp",
        ["g++ -std=c++11 -pedantic-errors -O2 relu.cpp -o relu", "./relu"],
        C_PROGRAM.replace("math.h", "cmath").replace("stdio.h", "cstdio"),
        C_STATEMENT,
    ),
    "fortran": Language(
        fortran,
        "relu.f90",
        ["gfortran -O2 relu.f90 -o relu", "./relu"],
        FORTRAN_PROGRAM,
        FORTRAN_STATEMENT,
    ),
    "fortran95": Language(
        fortran95,
        "relu.f90",
        ["gfortran -std=f95 -O2 relu.f90 -o relu", "./relu"],
        FORTRAN_PROGRAM,
        FORTRAN_STATEMENT,
    ),
    "javascript": Language(
        jscode,
        "relu.js",
        ["node relu.js"],
        """
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
    const r = Number(line.replace("inf", "Infinity"));
    STATEMENTS
}
""",
        "console.log(String(CODE));",
    ),
    "octave": Language(
        lambda expr: octave_code(expr.rewrite(Heaviside, Piecewise)),  # it knows no Heaviside
        "relu.m",
        ["octave --no-gui --no-window-system --no-init-file --quiet relu.m"],
        """
line = fgetl(stdin);
while ischar(line)
    r = str2double(line);
    STATEMENTS
    line = fgetl(stdin);
end
""",
        r'printf("%.17g\n", CODE);',
    ),
    "r": Language(
        rcode,
        "relu.R",
        ["Rscript --vanilla relu.R"],
        """
for (line in readLines("stdin")) {
    r <- as.numeric(line)
    STATEMENTS
}
""",
        r'cat(sprintf("%.17g\n", CODE))',
    ),
    "rust": Language(
        rust_code,
        "relu.rs",
        ["rustc -O --allow warnings relu.rs", "./relu"],
        """
fn main() {
    for line in std::io::stdin().lines() {
        let r: f64 = line.unwrap().parse().unwrap();
        STATEMENTS
    }
}
""",
        'let v: f64 = CODE;\nprintln!("{v:e}");',
    ),
}


INPUTS = [-np.inf, -2.5, -1, -5e-324, -0.0, 0.0, 5e-324, 0.5, 1, 3, np.inf, np.nan]


def relu(v):
    return np.maximum(v, 0)


def step(H0):
    return lambda v: np.heaviside(v, float(H0))


VALUES = {
    ReLU(r): relu,
    ReLU(r) ** 2 + 2 * ReLU(r - 1): lambda v: relu(v) ** 2 + 2 * relu(v - 1),
    ReLU(3 - r) / 2: lambda v: relu(3 - v) / 2,
    exp(-ReLU(2 * r - 1)): lambda v: np.exp(-relu(2 * v - 1)),
    ReLU(ReLU(r) / 2 - ReLU(r - 1)): lambda v: relu(relu(v) / 2 - relu(v - 1)),
}
SLOPES = {ReLU(r, H0).diff(r): step(H0) for H0 in (S.Zero, S.One, S.Half)}
CHAIN = {(ReLU(2 * r - 1) ** 2).diff(r): lambda v: 4 * relu(2 * v - 1)}
# The step in floats throughout, for the languages that want one type in all branches.
FLOATS = {
    Piecewise((Float(0), r < 0), (Float(H0), Eq(r, 0)), (Float(1), True)): step(H0)
    for H0 in (S.Zero, S.One, S.Half)
}
WITH_NAN = {
    Piecewise((0, r < 0), (S.Half, Eq(r, 0)), (1, r > 0), (S.NaN, True)): step(S.Half),
}
PROGRAMS = {
    "c89": VALUES | CHAIN | SLOPES | FLOATS,
    "c99": VALUES | CHAIN | SLOPES | FLOATS | WITH_NAN,
    "c++": VALUES | CHAIN | SLOPES | FLOATS | WITH_NAN,
    "fortran": VALUES,
    "fortran95": VALUES | CHAIN | {Heaviside(r, 0): step(0)} | FLOATS,
    "javascript": VALUES | CHAIN | SLOPES | FLOATS,
    "octave": VALUES | CHAIN | SLOPES | FLOATS,
    "r": VALUES | CHAIN | SLOPES | FLOATS,
    "rust": VALUES | FLOATS,
}
LOSES_NAN = SLOPES | FLOATS
RUNS = [
    pytest.param(language, expr, reference, id=f"{language}-{expr}")
    for language, program in PROGRAMS.items()
    for expr, reference in program.items()
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The results of a language, a dict from expressions to arrays; one program for all."""

    @cache
    def results(language):
        printer, source, commands, program, statement = LANGUAGES[language]
        require(commands[0].split()[0])
        statements = [statement.replace("CODE", printer(expr)) for expr in PROGRAMS[language]]
        folder = tmp_path_factory.mktemp("program")
        (folder / source).write_text(program.replace("STATEMENTS", "\n".join(statements)))
        text = "\n".join(map(str, INPUTS)) + "\n"
        for command in commands:
            done = subprocess.run(
                command.split(), cwd=folder, input=text, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr
        numbers = [float(line.replace("NA", "nan")) for line in done.stdout.split()]
        return dict(zip(PROGRAMS[language], np.reshape(numbers, (len(INPUTS), -1)).T, strict=True))

    return results


@pytest.mark.parametrize(("language", "expr", "reference"), RUNS)
def test_compiled(run, language, expr, reference):
    with np.errstate(invalid="ignore"):  # oo - oo
        expected = reference(np.array(INPUTS))
    # Mathematical libraries differ in the last digit.
    tolerance = 1e-15 if expr.has(exp, Pow) else 0
    last = -1 if expr in LOSES_NAN else None
    result = run(language)[expr]
    np.testing.assert_allclose(result[:last], expected[:last], rtol=tolerance, atol=0)


# What SymPy makes of Heaviside, and of other things that ReLU leads to


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize("language", [k for k in PROGRAMS if k not in ("fortran", "r")])
def test_compiled_steps_of_nan_are_1(run, language):
    # Heaviside prints as branches of which nan takes the last.  Where the language has a
    # name for nan, give it a branch of its own, as in WITH_NAN.
    results = run(language)
    assert {results[expr][-1] for expr in PROGRAMS[language] if expr in LOSES_NAN} == {1.0}


@pytest.mark.sympy_behaviour
def test_steps_of_nan_are_missing_in_r(run):
    results = run("r")
    assert all(np.isnan(results[expr][-1]) for expr in LOSES_NAN)


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize(
    ("printer", "H0", "code"),
    [
        # An undefined function of Octave; rewrite Heaviside as Piecewise.
        (octave_code, 0, "heaviside(r, 0)"),
        # Integer and real branches mixed, which no compiler takes; write a Piecewise of Floats.
        (fortran95, 1, "(merge(0, merge(1.0d0, 1, r == 0), r < 0))"),
        (fortran95, S.Half, "(merge(0, merge(0.5d0, 1, r == 0), r < 0))"),
        # Defined by torch for a tensor of slopes only.
        (torch_code, 0, "torch.heaviside(r, 0)"),
    ],
)
def test_heaviside_is_misprinted(printer, H0, code):
    assert printer(Heaviside(r, H0)) == code


@pytest.mark.sympy_behaviour
def test_heaviside_is_of_integers_in_rust():
    # Of integers and a float if H0 is 1/2; write a Piecewise of Floats.
    code = rust_code(ReLU(r).diff(r)).replace("0.0", "0")  # the bound
    assert code == "if (r <= 0) {\n    0\n} else {\n    1\n}"


@pytest.mark.sympy_behaviour
@pytest.mark.parametrize(
    ("printer", "error"),
    [
        # Here rewriting as Piecewise helps,
        (smtlib_code, TypeError),
        (NumExprPrinter().doprint, TypeError),
        (TensorflowPrinter().doprint, PrintMethodNotImplementedError),
        # and here the standard of 1995.
        (fortran, NotImplementedError),
    ],
)
def test_heaviside_is_refused(printer, error):
    with pytest.raises(error):
        printer(ReLU(r).diff(r))
    if printer is not fortran:
        assert printer(ReLU(r).diff(r).rewrite(Piecewise))


@pytest.mark.sympy_behaviour
def test_heaviside_of_two_arguments_is_refused_for_mathematica():
    # As is Piecewise.  Name a function of two arguments.
    with pytest.raises(TypeError):
        mathematica_code(ReLU(r).diff(r))
    with pytest.raises(PrintMethodNotImplementedError):
        mathematica_code(ReLU(r).diff(r).rewrite(Piecewise))
    known = {"Heaviside": [(lambda r, H0: True, "step")]}
    assert mathematica_code(ReLU(r).diff(r), user_functions=known) == "step[r, 0]"


@pytest.mark.sympy_behaviour
def test_smtlib_functions_replace_the_known_ones():
    # Add to the known ones, as test_smtlib does.
    with pytest.raises(TypeError, match="Unknown type of undefined function"):
        smtlib_code(ReLU(r))
    with pytest.raises(KeyError):
        smtlib_code(ReLU(r), known_functions={ReLU: "ReLU"})


@pytest.mark.sympy_behaviour
def test_smtlib_takes_what_equals_0_for_an_integer():
    # Declare the symbol real.
    assert "(declare-const x Int)" in smtlib_code(ReLU(x, c).rewrite(Piecewise))
    assert "(declare-const r Real)" in smtlib_code(ReLU(r, c).rewrite(Piecewise))


def test_plot_implicit_draws_it():
    from sympy.plotting.series import ImplicitSeries

    def drawn(relation):
        series = ImplicitSeries(relation, (x, -2, 2), (y, -1, 2), adaptive=True)
        rectangles, kind = series.get_data()
        assert kind == "fill"
        return [tuple((float(i.start), float(i.end)) for i in sides) for sides in rectangles]

    # The area, to the size of a rectangle; and no middle of one is on the wrong side.
    above = drawn(y > ReLU(x))
    assert sum((b - a) * (d - c) for (a, b), (c, d) in above) == pytest.approx(6, abs=0.05)
    assert all((c + d) / 2 > max((a + b) / 2, 0) for (a, b), (c, d) in above)
    curve = drawn(Eq(y, ReLU(x - 1)))
    assert all(c <= max(b - 1, 0) and d >= max(a - 1, 0) for (a, b), (c, d) in curve)
