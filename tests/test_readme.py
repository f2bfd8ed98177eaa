"""README's Python blocks run, and say what they print in their comments."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[-1])
def test_block(block, capsys):
    exec(compile(block, str(README), "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^print\(.*\) *# (.*?)(?:: .*)?$", block, re.M)
    for line in promised:
        assert line in printed
