"""The table of platforms."""

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms import platform
from kwslib.gap8.platforms.gvsoc import HOME_VARIABLE
from kwslib.gap8.program.compilation import TARGETS


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
    assert platform.availability()["gvsoc"].startswith("not available: no GVSOC")
    assert list(platform.availability()) == list(platform.PLATFORMS)


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
