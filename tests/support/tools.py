"""Compilers and interpreters that the tests run."""

import os
import shutil

import pytest


def require(tool):
    """Skip the test where there is no such program, unless it is required."""
    if shutil.which(tool) is None:
        required = os.environ.get("SYMRELU_REQUIRE_TOOLS", "").split()
        (pytest.fail if tool in required else pytest.skip)(f"{tool} is not on this machine")
