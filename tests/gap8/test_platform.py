"""The table of platforms."""

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8 import platform
from kwslib.gap8.gvsoc import HOME_VARIABLE


def test_an_unknown_platform_gets_the_nearest_name():
    with pytest.raises(
        InputError, match=r"unknown platform 'simulater': choose one of simulator, gvsoc; did you mean 'simulator'"
    ):
        platform.open_platform("simulater")


def test_a_platform_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    with pytest.raises(ToolError, match="set GAP_SDK_HOME"):
        platform.open_platform("gvsoc")
    assert platform.availability()["gvsoc"].startswith("not available: no GVSOC")
    assert list(platform.availability()) == list(platform.PLATFORMS)
