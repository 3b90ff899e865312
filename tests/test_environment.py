"""requirements.lock, environment.yml, pyproject.toml and what is installed say the same."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def lock():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def name_of(pin):
    return re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower()


def test_every_line_of_the_lock_pins_one_version():
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lock())
    assert len({name_of(pin) for pin in lock()}) == len(lock())


def test_conda_users_get_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == lock()
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
