"""The table of platforms."""

import sys
from types import SimpleNamespace

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms import platform
from kwslib.gap8.platforms.gvsoc import HOME_VARIABLE
from kwslib.gap8.platforms.simulator import source_hash
from kwslib.gap8.program.compilation import TARGETS
from tests.places import RECORDINGS


def test_an_unknown_platform_gets_the_nearest_name():
    known = "simulator, gvsoc, pulp-open, host"
    with pytest.raises(
        InputError, match=f"unknown platform 'simulater': choose one of {known}; did you mean 'simulator'"
    ):
        platform.open_platform("simulater")


def test_a_platform_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    with pytest.raises(ToolError, match="set GAP_SDK_HOME"):
        platform.open_platform("gvsoc")
    found = {one.name: one for one in platform.availability()}
    assert list(found) == list(platform.PLATFORMS)
    assert found["gvsoc"].problem.startswith("no GVSOC: set GAP_SDK_HOME") and not found["gvsoc"].version
    assert HOME_VARIABLE in found["gvsoc"].needs
    assert found["simulator"].version == source_hash() and not found["simulator"].problem


def test_every_platform_says_what_its_programs_are_compiled_for():
    targets = {name: platform.target_of(name) for name in platform.PLATFORMS}
    assert targets == {"simulator": "gap8", "gvsoc": "gap8", "pulp-open": "pulp-open", "host": "host"}
    assert set(targets.values()) <= set(TARGETS)
    with pytest.raises(InputError, match="unknown platform 'gap8'"):
        platform.target_of("gap8")


@pytest.mark.parametrize("name", ["simulator", "host"])
def test_a_folder_is_for_platforms_that_have_one(name, tmp_path):
    with pytest.raises(InputError, match=f"the platform '{name}' is not installed in a folder: leave --gvsoc"):
        platform.open_platform(name, tmp_path)


def test_which_platforms_count_cycles():
    assert platform.that_count_cycles() == ["simulator", "gvsoc", "pulp-open"]


class Toy(platform.Platform):
    """The least that a platform must say of itself."""

    name, target, needs = "toy", "gap8", "nothing"

    def version(self):
        return "1"

    def run(self, elf, timeout_s, log=None):
        return platform.RunResult(0, f"{elf}\n", "", 0.0, self.name, self.version())


def test_a_platform_is_one_class_and_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "PLATFORMS", {"toy": "toys:Toy"})
    monkeypatch.setitem(sys.modules, "toys", SimpleNamespace(Toy=Toy))
    toy = platform.open_platform("toy")
    assert toy.run("program", 1).stdout == "program\n"
    assert platform.target_of("toy") == "gap8" and platform.that_count_cycles() == ["toy"]
    assert platform.availability() == [platform.Availability("toy", "nothing", version="1")]
    assert toy.stall_profile("program", 1) is None
    with pytest.raises(InputError, match="the platform 'toy' is not installed in a folder"):
        platform.open_platform("toy", tmp_path)


def test_the_simulator_counts_stalls():
    found = platform.open_platform("simulator").stall_profile(RECORDINGS / "smoke.elf", 60)
    assert {"core", "function", "cycles", "dependency_cycles"} <= set(found.functions[0]) and found.sections == []
