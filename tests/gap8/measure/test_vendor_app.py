"""Somebody's application: its make is called, its table read, its failures shown."""

import pytest

from kwslib.errors import InputError
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.measure.vendor_app import run_app
from kwslib.subproc import CommandFailed, CommandNotFound, CommandTimeout
from tests.gap8.measure.test_layer_profile import BASELINE_LOGS

MAKEFILE = """\
SIZE = $(if $(SMALL),small,large)
clean:
\t@echo cleaned for $(platform)
all:
\t@echo built $(SIZE) with $(GAP_SDK_HOME)
run:
\t{recipe}
"""


@pytest.fixture
def app(tmp_path):
    def make(recipe=f"@cat {BASELINE_LOGS}/$(SIZE).txt"):
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "Makefile").write_text(MAKEFILE.format(recipe=recipe))
        return tmp_path / "app"

    return make


def test_the_table_is_read(app, tmp_path):
    stdout, profile = run_app(app(), ["SMALL=1"], tmp_path, log=tmp_path / "log")
    assert profile.cycles == 807975 and len(profile.layers) == 12
    assert stdout.splitlines()[:2] == ["cleaned for gvsoc", f"built small with {tmp_path}"]
    assert (tmp_path / "log").read_text().startswith("$ make clean all run platform=gvsoc SMALL=1\n")
    assert [path.name for path in (tmp_path / "app").iterdir()] == ["Makefile"]


def test_a_make_that_fails_is_shown_and_logged(app, tmp_path):
    with pytest.raises(CommandFailed, match=r"(?s)failed with exit status 2.*AutoTiler: not found"):
        run_app(app("@echo 'AutoTiler: not found' >&2; exit 1"), log=tmp_path / "log")
    assert "AutoTiler: not found" in (tmp_path / "log").read_text()


def test_a_make_that_hangs_is_killed(app):
    with pytest.raises(CommandTimeout, match="did not end within 0.5 s"):
        run_app(app("@sleep 60"), timeout_s=0.5)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("@true", "printed no layer table"),
        (f"@head -5 {BASELINE_LOGS}/small.txt", "no Total: the program broke off after S5_"),
    ],
)
def test_no_whole_table(app, tmp_path, recipe, message):
    with pytest.raises(ProfileError, match=rf"app: .*{message}.*; whole log: .*log$"):
        run_app(app(recipe), log=tmp_path / "log")


@pytest.mark.parametrize(
    ("folder", "arguments", "home", "message"),
    [
        ("nowhere", [], None, "no application: .*nowhere is no folder"),
        (".", [], None, "no application: .* holds no Makefile"),
        ("app", ["-f", "x"], None, "'-f' is no argument for the application's make: give NAME=VALUE"),
        ("app", ["all"], None, "'all' is no argument"),
        ("app", [], "nowhere", "--gvsoc names .*nowhere, which is no folder"),
    ],
)
def test_bad_input(app, tmp_path, folder, arguments, home, message):
    app("@echo must not be run > proof")
    with pytest.raises(InputError, match=message):
        run_app(tmp_path / folder, arguments, home and tmp_path / home)
    assert not list(tmp_path.rglob("proof"))


def test_without_make(app, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandNotFound, match="cannot start 'make'"):
        run_app(app())
