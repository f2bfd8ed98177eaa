"""README's Python blocks run, and print what their comments say."""

import re
from pathlib import Path

import pytest
from sympy import latex

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# A block that is marked as continued goes on where the one before it stopped.
BLOCKS = re.findall(r"^```python(?: continued)?\n(?:.*\n)*?```$", README, re.M)
PAGES = []
for text in BLOCKS:
    opening, *code = text.splitlines()[:-1]
    if opening.endswith("continued"):
        PAGES[-1] += code
    else:
        PAGES.append(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page[-1])
def test_block(page, capsys):
    code = "\n".join(page)
    exec(compile(code, "README.md", "exec"), {})
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", code, re.M)
    assert capsys.readouterr().out.splitlines() == promised


def test_every_block_is_seen():
    assert len(BLOCKS) == README.count("```python")
    assert len(PAGES) > 5


def test_the_formula_is_what_sympy_typesets():
    (formula,) = re.findall(r"^```math\n(.*?)\n```$", README, re.M | re.S)
    scope = {}
    (page,) = (page for page in PAGES if any("OneMatrix(1, n)" in line for line in page))
    exec("\n".join(page), scope)
    typeset = latex(scope["gradient"](scope["loss"], scope["W"]))
    # GitHub refuses the one, and the two look the same.
    assert formula == typeset.replace(r"\operatorname", r"\mathrm")
    assert r"\operatorname" not in README
    assert "$" not in re.sub(r"`[^`]*`", "", README)


def test_what_readme_points_at_is_there():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert "examples/relu.png" in targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
