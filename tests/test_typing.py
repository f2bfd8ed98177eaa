"""A user's script has the types that it should have, and mistakes in it are caught."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "typing"


def by_mypy(path):
    """The lines in which mypy sees a mistake; to it, SymPy's classes are ``Any``."""
    pytest.importorskip("mypy")
    config = HERE.parent.parent / "pyproject.toml"
    # What type an expression has, only pyright can tell.
    done = run(
        "mypy", "--config-file", config, "--strict", "--disable-error-code=assert-type", path
    )
    return {int(line) for line in re.findall(rf"{path.name}:(\d+): error", done)}, done


def by_pyright(path):
    """The lines in which pyright sees a mistake; it reads SymPy's source."""
    pytest.importorskip("pyright")
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, path)
    found = json.loads(done)["generalDiagnostics"]
    return {f["range"]["start"]["line"] + 1 for f in found if f["severity"] == "error"}, done


def run(module, *args):
    command = [sys.executable, "-m", module, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300).stdout


CHECKERS = {"mypy": by_mypy, "pyright": by_pyright}


@pytest.mark.parametrize("name", CHECKERS)
def test_what_is_right_has_its_types(name):
    lines, output = CHECKERS[name](HERE / "right.py")
    assert not lines, output


@pytest.mark.parametrize("name", CHECKERS)
def test_mistakes_are_caught(name):
    path = HERE / "wrong.py"
    marked = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    expected = {number for number, line in marked if name in line.partition("#")[2]}
    lines, output = CHECKERS[name](path)
    assert lines == expected, output
