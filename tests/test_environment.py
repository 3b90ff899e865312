"""requirements.lock, environment.yml, pyproject.toml and what is installed say the same."""

import ast
import functools
import re
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

from kwslib.runs import installation
from tests.places import ROOT


def lines_of_the_lock():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [line.removesuffix(" \\") for line in lines if line and not line.startswith(("#", " "))]


def lock(python=f"{sys.version_info[0]}.{sys.version_info[1]}"):
    """The pins that are installed under a version of Python."""
    lines = [line.partition(" ; ") for line in lines_of_the_lock()]
    return [pin for pin, _, marker in lines if not marker or Marker(marker).evaluate({"python_version": python})]


def name_of(pin):
    return re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower()


def test_every_line_of_the_lock_pins_one_version():
    pattern = r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; python_version == \"3\.1[123]\")?"
    assert all(re.fullmatch(pattern, line) for line in lines_of_the_lock())
    names = [name_of(line) for line in lines_of_the_lock()]
    assert names == sorted(set(names))


def test_every_pin_has_the_hashes_of_its_files():
    text = (ROOT / "requirements.lock").read_text()
    for pin in lines_of_the_lock():
        hashes = text.partition(f"\n{pin} \\\n")[2].split("\n", 1)[0]
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", hashes), pin


def test_the_makefile_and_the_project_take_the_same_pythons():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in (ROOT / "Makefile").read_text()
    assert installation.PYTHONS == ((3, 11), (3, 12), (3, 13))


def test_conda_users_get_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == lock(python="3.11")
    assert "python=3.11" in environment["dependencies"]


def project_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["test"]]


@pytest.mark.parametrize("text", project_requirements())
def test_the_lock_satisfies_the_project(text):
    wanted = Requirement(text)
    pins = {name_of(pin): pin.split("==")[1] for pin in lock()}
    assert name_of(wanted.name) in pins
    assert wanted.specifier.contains(pins[name_of(wanted.name)])


def test_the_lock_is_what_is_installed():
    different = [pin for pin in lock() if metadata.version(pin.split("==")[0]) != pin.split("==")[1]]
    assert not different


NOT_IMPORTED = {
    "jax": "Keras' other backend, imported by the library where it is chosen",
    "jupyter-book": "called as a program",
    "ziglang": "called as a program, python -m ziglang",
    "mypy": "called as a program",
    "ruff": "called as a program",
    "axe-core-python": "its script runs in a browser",
    "pytest-cov": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "pandas-stubs": "types",
    "scipy-stubs": "types",
    "types-pyyaml": "types",
    "types-requests": "types",
    "types-tqdm": "types",
}
"""Declared packages that no module imports, and why they are there."""


owners_of_modules = functools.cache(metadata.packages_distributions)
"""It reads the list of files of everything that is installed."""


def imported_packages(*folders):
    """Distributions that the modules in some folders import, and their names in the lock."""
    owners = owners_of_modules()
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module]
            for top in {module.split(".")[0] for module in modules} - set(sys.stdlib_module_names):
                if top not in ("kwslib", "tests"):
                    found.add(name_of(owners.get(top, [top])[0]))  # an optional one need not be installed
    return found


def declared(which):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = project["dependencies"] if which == "library" else project["optional-dependencies"]["test"]
    return {name_of(Requirement(text).name) for text in texts}


def test_what_the_library_imports_is_declared_and_the_other_way_round():
    imported = imported_packages("kwslib")
    # Keras' other backend; parts of jupyter-book; a microphone
    optional = {"jax", "docutils", "myst-nb", "sphinx", "sounddevice"}
    assert imported - optional <= declared("library")
    assert declared("library") - imported <= set(NOT_IMPORTED)


def test_what_the_tests_import_is_declared_and_the_other_way_round():
    imported = imported_packages("tests", "benchmarks")
    assert imported <= declared("library") | declared("test") | {"docutils", "sphinx", "myst-nb"}
    assert declared("test") - imported <= set(NOT_IMPORTED)
