"""What the recipes give away does what it says: C code compiles, and the reader of text is safe."""

import ctypes
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

NOTEBOOK = Path(__file__).parent.parent / "examples" / "8_recipes.ipynb"


@pytest.fixture(scope="module")
def recipe():
    """Run cells by their ids, after the imports, and give their names."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    imports = code["imports"].splitlines()
    imports = [line for line in imports if not line.startswith(("%", "from _figures"))]

    def run(*names):
        scope = {}
        exec("\n".join([*imports, *(code[name] for name in names)]), scope)
        return scope

    return run


def test_the_jacobian_of_contact_compiles(recipe, capsys, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not on this machine")
    scope = recipe("contact-code")
    names = ("p", "q", "u", "k", "mu", "s")
    args = ", ".join(f"double {name}" for name in names)
    source, library = tmp_path / "contact.c", tmp_path / "contact.so"
    source.write_text(f"void contact({args}, double *J) {{\n{capsys.readouterr().out}}}\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    by_c = ctypes.CDLL(str(library)).contact
    by_c.argtypes = [ctypes.c_double] * 6 + [ctypes.POINTER(ctypes.c_double)]
    symbols = [scope[name] for name in names]
    jacobian = scope["jacobian"](scope["forces"], symbols[:3])
    ours = scope["lambdify"](symbols, jacobian, "math")
    # In the air, at the ground and in it; sticking, at the end of that, and sliding.
    for q in (0.5, 0.0, -0.25):
        for u in (-3.0, -2.0, 0.5, 2.0, 3.0):
            J = (ctypes.c_double * 6)()
            by_c(1.0, q, u, 8.0, 0.5, 2.0, J)
            expected = ours(1.0, q, u, 8.0, 0.5, 2.0)
            np.testing.assert_allclose(J[:], np.ravel(expected), rtol=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "().__class__",
        "x.diff",
        "eval('1')",
        "'text'",
        "[relu(x)]",
        "relu(*x)",
        "relu(x, H0=1)",
        "(lambda: 1)()",
        "x if x else 1",
        "x @ f'{x}'",
        "open",
    ],
)
def test_the_reader_of_text_refuses(recipe, capsys, text):
    scope = recipe("text-check")
    names = {"relu": scope["ReLU"], "x": scope["x"]}
    with pytest.raises(ValueError, match="is not allowed here"):
        scope["read"](text, names)
    assert scope["read"]("relu(-x + 1)/2", names) == scope["ReLU"](1 - scope["x"]) / 2
