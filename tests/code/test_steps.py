"""Steps of programs for SymPy's printers: compiled, run, and as long as the graph is large."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sympy import (
    Abs,
    DiracDelta,
    Float,
    Function,
    Gt,
    IndexedBase,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    ccode,
    cxxcode,
    exp,
    fcode,
    jscode,
    rust_code,
    sign,
    sin,
    sqrt,
    symbols,
)

from symrelu import ReLU, gradient, lambdify
from symrelu.code import cse

sys.path.append(str(Path(__file__).parents[1]))

from support.networks import chain, network
from support.tools import require

x, y, z = symbols("x y z", real=True)

C = """
#include <math.h>
#include <stdio.h>
int main(void) {{
    double {symbols}, out[{n}];
    for (;;) {{
        {reads}
        {code}
        for (int i = 0; i < {n}; i++) printf("%.17g\\n", out[i]);
    }}
}}
"""
FORTRAN = """
program steps
    implicit none
    real(kind=8) :: {symbols}, out({n})
    integer :: status
    do
        {reads}
        {code}
        write (*, '(es26.16e3)') out
    end do
end program
"""
JAVASCRIPT = """
const numbers = require("fs").readFileSync(0, "utf8").trim().split("\\n").map(Number);
let {symbols}, out = [], next = 0;
while (next < numbers.length) {{
    {reads}
    {code}
    console.log(out.join("\\n"));
}}
"""
RUST = """
fn main() {{
    let numbers: Vec<f64> =
        std::io::stdin().lines().map(|line| line.unwrap().trim().parse().unwrap()).collect();
    let mut next = 0;
    let mut out = [0.0f64; {n}];
    while next < numbers.len() {{
        {reads}
        {code}
        for v in out {{ println!("{{v:e}}"); }}
    }}
}}
"""
# its file, how to run it, the program, how to print, how to read a number, where a result goes
LANGUAGES = {
    "C": (
        "s.c", ["gcc -std=c99 -O2 -w s.c -lm -o s", "./s"], C, ccode,
        'if (scanf("%lf", &{}) != 1) return 0;', "out[{}]", 0,
    ),
    "C89": (
        "s.c", ["gcc -std=c99 -O2 -w s.c -lm -o s", "./s"], C,
        lambda e, assign_to: ccode(e, assign_to, standard="c89"),
        'if (scanf("%lf", &{}) != 1) return 0;', "out[{}]", 0,
    ),
    "C++": (
        "s.cpp", ["g++ -std=c++11 -O2 -w s.cpp -o s", "./s"], C.replace("math.h", "cmath"), cxxcode,
        'if (scanf("%lf", &{}) != 1) return 0;', "out[{}]", 0,
    ),
    "Fortran": (
        "s.f90", ["gfortran -O2 s.f90 -o s", "./s"], FORTRAN,
        lambda e, assign_to: fcode(e, assign_to, source_format="free", standard=95),
        "read (*, *, iostat=status) {}\nif (status /= 0) exit", "out({})", 1,
    ),
    "JavaScript": (
        "s.js", ["node s.js"], JAVASCRIPT, jscode, "{} = numbers[next++];", "out[{}]", 0,
    ),
    "Rust": (
        "s.rs", ["rustc -O --allow warnings s.rs", "./s"], RUST,
        lambda e, assign_to: rust_code(e, assign_to),
        "let {} = numbers[next]; next += 1;", "out[{}]", 0,
    ),
}  # fmt: skip


def run(language, args, exprs, points, folder):
    """What the program in the language computes of the expressions at each of the points."""
    file, commands, program, printer, read, target, first = LANGUAGES[language]
    require(commands[0].split()[0])
    steps, results = cse(exprs)
    let = "let " if language == "Rust" else ""
    code = [let + printer(e, assign_to=s) for s, e in steps]
    code += [printer(e, assign_to=target.format(k)) for k, e in enumerate(results, first)]
    names = ", ".join(map(str, [*args, *(s for s, _ in steps)]))
    if language == "Fortran":
        names = names.replace(", ", ", &\n        ")
    reads = "\n".join(read.format(a) for a in args)
    text = program.format(symbols=names, n=len(results), reads=reads, code="\n".join(code))
    (folder / file).write_text(text)
    numbers = "\n".join(str(v) for point in points for v in point)
    if language == "JavaScript":
        numbers = numbers.replace("inf", "Infinity")
    for command in commands:
        done = subprocess.run(
            command.split(), cwd=folder, input=numbers, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
    return np.array(done.stdout.split(), float).reshape(len(points), -1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_network_and_its_gradients(language, tmp_path):
    loss, parameters = network((2, 3, 3, 1))
    args = sorted(loss.free_symbols, key=str)
    assert len(parameters) == 25
    outputs = [loss, *gradient(loss, parameters)]
    rng = np.random.default_rng(0)
    points = rng.integers(-2, 3, (200, len(args))).astype(float)  # many of them at kinks
    points[100:] += rng.normal(size=points[100:].shape)
    points[-1, 0] = np.nan
    got = run(language, args, outputs, points, tmp_path)
    want = np.array([lambdify(args, outputs)(*point) for point in points])
    assert np.isnan(want[-1]).any()
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


KINKS = [
    ReLU(x * y - 1).diff(x),
    ReLU(x, Rational(1, 2)).diff(x),
    ReLU(x, 1).diff(x) + y,
    ReLU(x, z).diff(x) * ReLU(x, z),
    Max(x, y, 1) - Min(x, y),
    sign(x) * Abs(y),
    Piecewise((x, x > 1), (y / 3, x > y), (2, True)) ** 2,
    sqrt(ReLU(x) + 1) * exp(-ReLU(y)),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinks(language, tmp_path):
    values = [-np.inf, -1.5, -0.0, 0.0, 1.0, 3.0, np.inf, np.nan]
    points = [(a, b, 0.25) for a in values for b in values]
    got = run(language, [x, y, z], KINKS, points, tmp_path)
    f = lambdify([x, y, z], KINKS)
    with np.errstate(all="ignore"):
        want = np.array([f(*map(np.float64, point)) for point in points])
    np.testing.assert_allclose(got, want, rtol=1e-14)


def size(exprs):
    steps, results = cse(exprs)
    return sum(len(ccode(e, assign_to=s)) for s, e in steps) + sum(len(ccode(e)) for e in results)


@pytest.mark.long
def test_the_code_is_linear_in_the_graph():
    sizes = []
    for levels in (20, 40, 400):
        e, variable = chain(levels, Rational(1, 3))
        sizes.append(size([e, gradient(e, variable)]))
    assert sizes[1] < 2.2 * sizes[0]
    assert sizes[2] < 12 * sizes[1]


def test_each_part_is_computed_once():
    e = sin(x + y)
    steps, results = cse([e**2, sqrt(e), x + y])
    assert [s for s, _ in steps] == list(symbols("x0 x1", real=True))
    assert [value for _, value in steps] == [x + y, sin(symbols("x0", real=True))]
    assert results[2] == symbols("x0", real=True)
    assert cse(e) == ([], [e])


def test_names():
    taken = Symbol("x0", real=True)
    ((name, _),), _ = cse([exp(taken * y), taken * y])
    assert name.name == "x1"
    ((name, _),), _ = cse([exp(x * y), x * y], iter(symbols("x a b")))
    assert name == Symbol("a")  # x is one of the arguments


def test_the_results_mirror_what_was_given():
    steps, (matrix, number) = cse([Matrix([[ReLU(x), ReLU(x) + 1]]), ReLU(x)])
    assert matrix.shape == (1, 2)
    assert matrix[0, 0] == number
    assert [value for _, value in steps] == [ReLU(x)]
    _, (matrix,) = cse(Matrix([x, y]))
    assert matrix == Matrix([x, y])


def test_leaves_are_no_steps():
    a, i = IndexedBase("a"), Symbol("i", integer=True)
    M = MatrixSymbol("M", 2, 2)
    e = ReLU(a[i]) + M[0, 1] * a[i] + M[0, 1]
    steps, _ = cse(e)
    assert steps == []


def test_without_a_last_branch_it_is_nan():
    ((_, value),), _ = cse(Piecewise((1, x > 0)))
    assert value.args[-1] == (S.NaN, True)
    assert value.args[0][0] == Float(1)


def test_a_kinked_function_of_ones_own():
    class Leaky(Function):
        def _eval_rewrite_as_ReLU(self, u, **hints):
            return ReLU(u) - ReLU(-u) / 10

    steps, (result,) = cse(Leaky(x * y) ** 2)
    assert Counter(type(value).__name__ for _, value in steps)["Mul"] == 2
    assert result.subs(reversed(steps)).subs({x: -10, y: 1}) == 1


def test_deltas():
    assert cse(x * DiracDelta(x)) == ([], [0])
    with pytest.raises(ValueError, match=r"DiracDelta\(x\) has no value at a point"):
        cse(DiracDelta(x))


def test_relations_stay_as_they_are():
    _, (result,) = cse([Gt(sin(x) + sin(y), sin(x))])
    assert ccode(result) == "x0 + sin(y) > x0"


def test_no_text_is_read():
    with pytest.raises((TypeError, ValueError)):
        cse(["x"])


def test_what_is_no_program():
    with pytest.raises(TypeError, match="cse takes expressions, not 'x'; text is never read"):
        cse(["x"])
    with pytest.raises(TypeError, match=r"cse takes explicit matrices, not 2.M; .* as_explicit"):
        cse(2 * MatrixSymbol("M", 2, 2))
    assert cse(3) == ([], [3])
