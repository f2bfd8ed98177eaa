"""SymPy's own tests of ``lambdify``, with this library's function in the place of SymPy's."""

import pytest
import sympy
import sympy.utilities.tests.test_lambdify as theirs
from sympy.testing.pytest import Skipped

from symrelu import lambdify

# Against the contract, and why.
NOT_OURS = {
    "test_str_args": "text is never read",
    "test_deprecated_set": "a set has no order, so no arguments",
    "test_dummification": "an argument is a symbol or the like, not sin(t)",
    "test_lambdify_imps": "the keys of a dict are strings or integers",
    "test_issue_14941": "the keys of a dict are strings or integers",
    "test_imps": "functions of one name may have two implementations",
    "test_lambdify_docstring": "the docstring has its own wording",
    "test_lambdify_docstring_size_limit_matrix": "the docstring has its own wording",
    "test_lambdify_docstring_size_limit_nested_expr": "the docstring has its own wording",
    "test_lambdify_docstring_size_limit_simple_symbol": "the docstring has its own wording",
    "test_lambdify_linecache": "the source is kept under a name of its own",
    "test_sym_list_args": "a symbol that is no argument is refused when compiling",
    "test_sym_single_arg": "a symbol that is no argument is refused when compiling",
    "test_issue_15827": "a symbol that is no argument is refused when compiling",
    "test_sym_integral": "the variable of an Integral is no argument",
    "test_curly_matrix_symbol": "a matrix is given an array of its shape",
    "test_issue_13881": "a matrix is given an array of its shape",
    "test_numpy_matrix": "a function of one's own is given as one, not found by its name",
    "test_special_printers": "a printer is one of SymPy's, not a function",
    "test_issue_13167_21411": "a list is no array: NumPy's functions are given arrays",
}
NAMES = [name for name in dir(theirs) if name.startswith("test_")]

pytestmark = pytest.mark.skipif(
    not sympy.__version__.startswith("1.14"), reason="these are the tests of SymPy 1.14"
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_theirs(name, monkeypatch):
    if name in NOT_OURS:
        pytest.skip(NOT_OURS[name])
    monkeypatch.setattr(theirs, "lambdify", lambdify)
    try:
        getattr(theirs, name)()
    except Skipped as reason:
        pytest.skip(str(reason))


def test_the_list_is_short():
    assert len(NOT_OURS) <= 24
    assert set(NAMES) >= NOT_OURS.keys()
