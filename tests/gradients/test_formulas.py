"""The guide's table of losses: what is printed, against textbooks and against PyTorch."""

import json
from pathlib import Path

import numpy as np
import pytest
import sympy
from support.evaluate import evaluate, torch_engine
from support.printed import read
from sympy import MatrixSymbol, latex, symbols

import symrelu
from symrelu import gradient

GUIDE = Path(__file__).parents[2] / "examples" / "3_gradients.ipynb"
SIZES = dict(zip(symbols("n d k", integer=True, positive=True), (5, 3, 4), strict=True))
LONGEST = 1.3  # times the textbook's


def table():
    """The formulas in the guide, made by the cell that it shows."""
    cells = {cell.get("id"): cell for cell in json.loads(GUIDE.read_text("utf-8"))["cells"]}
    names = {**vars(sympy), **vars(symrelu)}
    exec("".join(cells["formulas-table"]["source"]), names)
    return names["FORMULAS"]


FORMULAS = table()
every_formula = pytest.mark.parametrize("name", FORMULAS)


def sized(expr):
    return expr.subs(SIZES)


def values_for(loss, seed=0):
    """Random values, positive numbers among them, that keep matrices well away from singular."""
    rng = np.random.default_rng(seed)
    values = {}
    for symbol in sorted(loss.free_symbols - {*SIZES}, key=str):
        if isinstance(symbol, MatrixSymbol):
            shape = tuple(int(sized(size)) for size in symbol.shape)
            array = rng.normal(size=shape)
            is_square = shape == (3, 3)
            values[symbol] = array + 4 * np.eye(3) if is_square else array
        else:
            values[symbol] = rng.uniform(0.2, 0.9)
    return values


def by_name(values):
    return {str(symbol): value for symbol, value in values.items()} | {
        str(symbol): size for symbol, size in SIZES.items() if str(symbol) not in map(str, values)
    }


def test_the_table_is_long_enough():
    assert len(FORMULAS) >= 25


@every_formula
def test_no_longer_than_the_textbook(name):
    loss, variable, textbook, tex = FORMULAS[name]
    found = gradient(loss, variable)
    assert len(str(found)) <= LONGEST * len(textbook)
    assert len(latex(found)) <= LONGEST * len(tex)
    if str(found) == textbook:
        assert latex(found) == tex


@every_formula
@pytest.mark.parametrize("seed", range(3))
def test_what_is_printed_is_the_gradient(name, seed):
    torch = pytest.importorskip("torch")
    loss, variable, textbook, _ = FORMULAS[name]
    values = values_for(loss, seed)
    arrays = {sized(symbol): np.asarray(value) for symbol, value in values.items()}
    at = sized(variable)

    def f(x):
        known = {s: torch.as_tensor(a, dtype=torch.float64) for s, a in arrays.items()}
        return evaluate(sized(loss), known | {at: x}, torch_engine(torch)).sum()

    (expected,) = torch_engine(torch).gradient(f, [arrays[at]])
    expected = expected.numpy()
    for text in (str(gradient(loss, variable)), textbook):
        shown = read(text, by_name(values), expected.shape)
        np.testing.assert_allclose(shown, expected, rtol=1e-9, atol=1e-12, err_msg=text)
