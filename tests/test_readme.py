"""README's Python blocks run, and print what their comments say."""

import re
from pathlib import Path

import pytest

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


def test_formulas_are_what_github_renders():
    formulas = re.findall(r"^```math\n(.*?)^```", README, re.M | re.S)
    assert formulas
    assert not re.search(r"\\operatorname|\\begin\{cases\}\[|\$\$", README)


def test_what_readme_points_at_is_there():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert "examples/relu.png" in targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
