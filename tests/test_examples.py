"""The examples run, print what they teach and draw; the notebooks' stored outputs are true."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Importing pyplot builds Matplotlib's font cache, which a first run announces on stderr.
plt = pytest.importorskip("matplotlib.pyplot")

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("[!_]*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

# Those of one second; .ci/run includes the others.
SHORT = ("derivative_of_relu.py", "1_the_derivative_of_relu.ipynb")

PRINTED = {
    "derivative_of_relu.py": (
        "    ReLU(3) = 3",
        "    ReLU(-3) = 0",
        "    ReLU(X) = [0 0 0 0 0 1 2 3 4]",
        "    d/dx ReLU(x) = Heaviside(x, 0)",
        "    slope at  2: 1",
        "    slope at -2: 0",
        "    slope at  0: 0",
        "    Interval(0, 1),",
        "    1/2   Heaviside(x)       0      1/2   1",
        "    nan   Heaviside(x, nan)  0      nan   1",
        "    c     Heaviside(x, c)    0      c     1",
        "    dL/db = 2*(-y + ReLU(b + w*x))*Heaviside(b + w*x, 0)",
        "    dL/dw = [ 0.  0.  0.  0.  0.  0.  4. 18. 40.]",
        "    dL/db = [ 0.  0.  0.  0.  0.  0.  2.  6. 10.]",
    ),
    "digits.py": (
        "scores = V*ReLU.(W*X + b*1) + c*1",
        "dL/dW = 2*HadamardProduct(V.T*(V*ReLU.(W*X + b*1) + c*1 - Y), "
        "Heaviside.(W*X + b*1, 0))*X.T/n",
        "dL/dV = 2*(V*ReLU.(W*X + b*1) + c*1 - Y)*ReLU.(W*X + b*1).T/n",
        "1437 images to train on, 360 to test",
    ),
    "value_at_zero.py": (
        "    2*HadamardProduct(W2.T*(W2*ReLU.(W1*X + b1*1, H0) + b2*1 - Y), "
        "Heaviside.(W1*X + b1*1, H0))*X.T",
        "    float64       3    128   20,054,016      0       0         204  -",
    ),
    "options.py": (
        "    = ReLU(S - 110) - 2*ReLU(S - 100) + ReLU(S - 90)",
        "    Heaviside(S - 110, 0) - 2*Heaviside(S - 100, 0) + Heaviside(S - 90, 0)",
        "which, less the formula of Black and Scholes, is 0.  The butterfly, a sum of",
        "      formula  2.6691            -0.00910",
    ),
    "regression.py": (
        "    0.116*t + 0.826*ReLU(t - 19.0) - 0.811*ReLU(t - 17.9) + 0.436*ReLU(t - 12.8)"
        " - 0.606*ReLU(t - 10.1) + 0.202*ReLU(t - 5.0) + 8.38",
        "    1995.00         +24.6%           -4e-05   4e-05",
    ),
}


def test_there_are_examples():
    assert SCRIPTS
    assert NOTEBOOKS


def params(paths):
    """The files by their names, those that take long marked so."""
    marks = {True: [pytest.mark.long], False: []}
    return [pytest.param(path, id=path.name, marks=marks[path.name not in SHORT]) for path in paths]


def skip_without(code):
    """Skip where a module that the code imports is not installed."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            if name != "_figures":
                pytest.importorskip(name)


@pytest.mark.parametrize("script", params(SCRIPTS))
def test_script(script, tmp_path):
    skip_without(script.read_text(encoding="utf-8"))
    run = subprocess.run(
        [sys.executable, str(script), "--output", str(tmp_path)],
        # One thread each: on few cores, threads that wait for each other take minutes.
        env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (run.returncode, run.stderr) == (0, "")
    printed = run.stdout.splitlines()
    assert [line for line in PRINTED.get(script.name, ()) if line not in printed] == []
    pictures = sorted(tmp_path.glob("*.png"))
    assert pictures
    assert [picture.name for picture in pictures if is_blank(picture)] == []


def test_the_picture_in_the_readme_is_not_blank():
    assert not is_blank(EXAMPLES / "relu.png")


def is_blank(picture):
    pixels = plt.imread(picture)
    return bool((pixels == pixels[0, 0]).all())


@pytest.mark.parametrize("notebook", params(NOTEBOOKS))
def test_notebook(notebook, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    # A profile of the user's own could change what is printed.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))

    stored = nbformat.read(notebook, as_version=4)
    code = [cell.source for cell in stored.cells if cell.cell_type == "code"]
    skip_without(re.sub("(?m)^%.*", "", "\n".join(code)))
    fresh = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"path": str(EXAMPLES)}}
    # One piece of printed text, however the kernel has cut it up.
    nbclient.NotebookClient(
        fresh, timeout=120, coalesce_streams=True, resources=resources
    ).execute()
    assert [texts(cell) for cell in fresh.cells] == [texts(cell) for cell in stored.cells]
    assert any(texts(cell) for cell in stored.cells)


def test_the_guide_is_read_in_order():
    """Each notebook says what it needs, and ends with a link to the next one that is there."""
    nbformat = pytest.importorskip("nbformat")
    for notebook, following in zip(NOTEBOOKS, [*NOTEBOOKS[1:], None], strict=True):
        first, *_, last = nbformat.read(notebook, as_version=4).cells
        assert "needs `symrelu`" in first.source.replace("\n", " ")
        link = "../README.md" if following is None else following.name
        assert last.source.startswith("Next: ") or following is None
        assert f"]({link})" in last.source


def texts(cell):
    """The text that a cell shows, by kind; of an image, only that there is one."""
    shown = []
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            shown.append((output.name, output.text))
        elif "image/png" in output.data:
            shown.append((output.output_type, "an image"))
        else:
            text = output.data.get("text/markdown", output.data["text/plain"])
            shown.append((output.output_type, text))
    return shown
