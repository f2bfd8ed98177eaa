"""The reference: what the docstrings say, as HTML.  CONTRIBUTING has the command that builds it."""

import re
import warnings
from typing import Any

import symrelu

project = "symrelu"
author = "The symrelu developers"
release = version = symrelu.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_math_dollar",
]
html_theme = "furo"
html_title = f"symrelu {release}"
html_show_copyright = False

autodoc_typehints = "none"  # the section on parameters says it in words
numpydoc_show_class_members = False


warnings.filterwarnings("ignore", "Unknown section Explanation")


def readable(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Tell numpydoc of SymPy's section "Explanation", and of initials in references."""
    if "Explanation" in lines:
        start = lines.index("Explanation")
        del lines[start : start + 2]  # the text below it goes on with the summary
    # "A. Griewank" is not the first of a list of points.
    lines[:] = [re.sub(r"^(\.\. \[\d+\] [A-Z])\. ", r"\1\\. ", line) for line in lines]


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", readable, priority=100)
