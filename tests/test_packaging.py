"""What is published: a wheel with the package and nothing else, and an sdist with the tests."""

import os
import re
import runpy
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

for tool in ("build", "hatchling", "pip"):
    pytest.importorskip(tool)

ROOT = Path(__file__).parent.parent


def run(*command, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(dist):
    (wheel,) = dist.glob("*.whl")
    info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    modules = {str(module.relative_to(ROOT)) for module in (ROOT / "symrelu").rglob("*.py")}
    metadata = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == modules | {"symrelu/py.typed"} | metadata


def test_the_sdist_holds_what_it_takes_to_test_it(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [Path(name) for name in archive.getnames()]
    assert {name.parts[1] for name in names} == {
        *("PKG-INFO", "pyproject.toml", ".gitignore"),
        *("README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", ".github"),
        *("symrelu", "tests", "examples"),
    }
    assert {name.suffix for name in names if name.parts[1] in ("symrelu", "tests")} <= {
        *(".py", ".sh", ".typed"),
    }


@pytest.mark.parametrize("repository", ["", "https://example.org/owner/symrelu"])
def test_no_link_on_an_index_leads_nowhere(repository):
    hook = runpy.run_path(str(ROOT / ".github" / "hatch_build.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = hook["published"](readme, repository)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert all(link.startswith("https://") for link in links)
    assert bool(links) == bool(hook["addresses"](repository)) == bool(repository)
    assert (f"({repository}/raw/HEAD/examples/relu.png)" in text) == bool(repository)
    assert "[CONTRIBUTING]" not in text or repository


def test_the_long_description_is_readme(dist):
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = archive.read(name).decode()
    assert "Description-Content-Type: text/markdown" in metadata
    assert "# The slope at 0" in metadata
    assert "](examples/" not in metadata


@pytest.mark.long
def test_the_wheel_passes_tests_of_the_sdist_where_there_is_no_source(dist, tmp_path):
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    site = tmp_path / "site"
    options = ("--no-deps", "--no-index", "--target", site)
    run("-m", "pip", "install", *options, wheel, cwd=tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("symrelu-*")
    (source / "symrelu").rename(tmp_path / "unused")
    installed = {"cwd": source, "PYTHONPATH": str(site)}
    shown = run("-c", "import symrelu; print(symrelu.__file__)", **installed)
    assert Path(shown.strip()) == site / "symrelu" / "__init__.py"
    names = ("test_conventions", "matrices/test_elementwise", "test_readme", "test_signs")
    quick = [f"tests/{name}.py" for name in names]
    run("-m", "pytest", "-p", "no:cacheprovider", *quick, "--pyargs", "symrelu", **installed)
