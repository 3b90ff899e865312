"""GVSOC as a platform: a fake install for what can go wrong, the real one (marker gvsoc) for what it measures."""

import json
import os
import re

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.measure.recordings import compare
from kwslib.gap8.platforms import gvsoc
from kwslib.gap8.platforms.gvsoc import Gvsoc
from kwslib.gap8.platforms.platform import open_platform
from kwslib.subproc import CommandTimeout
from tests.gap8.fake_gvsoc import build, executable, launcher, write_gapy
from tests.places import RECORDINGS

PROBES = RECORDINGS / "probes"
PROGRAM = PROBES / "barriers.elf"
FLASH_PROGRAM = PROBES / "hyper.elf"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A fake install; its launcher copies what it was given to `seen`."""
    (tmp_path / "seen").mkdir()
    home = build(tmp_path / "sdk", f'cp * {tmp_path}/seen\necho "$1" "$GVSOC_PATH" > {tmp_path}/seen/words\n')
    monkeypatch.setenv(gvsoc.HOME_VARIABLE, str(home))
    monkeypatch.delenv(gvsoc.PYTHON_VARIABLE, raising=False)
    return home


def test_without_the_variable_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv(gvsoc.HOME_VARIABLE, raising=False)
    with pytest.raises(ToolError, match=r"no GVSOC: set GAP_SDK_HOME to the folder of a GAP SDK .* 'simulator'"):
        Gvsoc()


def test_a_variable_that_names_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(gvsoc.HOME_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ToolError, match=r"GAP_SDK_HOME names .*nowhere, which is no folder"):
        Gvsoc()


@pytest.mark.parametrize(
    ("part", "remedy"),
    [
        ("install/workstation/bin/gvsoc_launcher", "build GVSOC there"),
        ("utils/gapy/gapy", "get the whole SDK"),
        ("install/workstation/python/" + gvsoc.MODELS[5], "for the target gapuino_v3"),
    ],
)
def test_an_install_with_a_part_missing(install, part, remedy):
    (install / part).unlink()
    with pytest.raises(ToolError, match=f"{re.escape(part)} is missing; .*{remedy}"):
        Gvsoc()


def test_gapy_that_fails_names_its_requirements_and_the_other_python(install):
    executable(install / "utils/gapy/gapy", "import a_module_that_nobody_has\n")
    with pytest.raises(ToolError, match=r"(?s)gapy/requirements.txt.*KWS_GVSOC_PYTHON.*a_module_that_nobody_has"):
        Gvsoc().run(PROGRAM, 10)


def test_a_python_for_gapy_that_does_not_exist(install, monkeypatch):
    monkeypatch.setenv(gvsoc.PYTHON_VARIABLE, "/no/such/python")
    with pytest.raises(ToolError, match=r"(?s)KWS_GVSOC_PYTHON.*cannot start '/no/such/python'"):
        Gvsoc().run(PROGRAM, 10)


def test_gapy_that_writes_nothing(install):
    executable(install / "utils/gapy/gapy", "pass\n")
    with pytest.raises(ToolError, match="wrote no gvsoc_config.json"):
        Gvsoc().run(PROGRAM, 10)


@pytest.mark.parametrize("configuration", [{"target": {}}, ["not", "a", "board"], {"target": {"system_tree": None}}])
def test_a_configuration_of_another_kind(install, configuration):
    write_gapy(install, configuration)
    with pytest.raises(ToolError, match=r"is not the one this project knows .* gapuino_v3"):
        Gvsoc().run(PROGRAM, 10)


def test_the_configuration_runs_a_bare_image(install, tmp_path):
    result = Gvsoc().run(PROGRAM, 10)
    seen = tmp_path / "seen"
    board = json.loads((seen / "config.json").read_text())["target"]["system_tree"]["board"]
    assert result.exit_status == 0 and result.platform == "gvsoc"
    assert board["chip"]["soc"]["fc"]["boot_addr"] == "0x1C000000"
    assert board["chip"]["soc"]["l2"]["stim_file"].endswith("/l2.bin")
    assert board["vp_comps"] == ["chip", "ref_clock"]
    assert board["vp_bindings"] == [["ref_clock->clock_sync", "chip->ref_clock"]]
    assert (seen / "efuse_preload.data").read_text().split() == ["0"] * 1024
    assert not (seen / "flash.bin").exists()
    words, python_folder = (seen / "words").read_text().split()
    assert words.startswith("--config=") and python_folder == str(install / "install/workstation/python")


def test_flash_content_brings_the_external_memories(install, tmp_path):
    Gvsoc().run(FLASH_PROGRAM, 10)
    board = json.loads((tmp_path / "seen/config.json").read_text())["target"]["system_tree"]["board"]
    content = (tmp_path / "seen/flash.bin").read_bytes()
    assert len(content) == 8192 and content[:3] == bytes([1, 30, 59])
    assert board["flash"]["preload_file"].endswith("/flash.bin") and board["flash"]["writeback"] is False
    assert "ram" in board["vp_comps"] and "dpi" not in board["vp_comps"]


def test_exit_status_and_messages_of_the_model_are_told_apart(install):
    line = "9573088672: 689807: [\\033[31m/sys/board/chip/cluster/pe0/warning \\033[0m] Invalid access (pc: 0x1c000266)"
    launcher(install, f"printf 'first\\n{line}\\nsecond: 12\\n'\necho trouble >&2\nexit 7\n")
    result = Gvsoc().run(PROGRAM, 10)
    assert (result.exit_status, result.stdout) == (7, "first\nsecond: 12\n")
    assert "Invalid access (pc: 0x1c000266)" in result.stderr and result.stderr.endswith("trouble\n")


def test_a_launcher_that_crashes(install):
    launcher(install, "echo 'cannot load a model' >&2\nkill -SEGV $$\n")
    with pytest.raises(
        ToolError, match=r"ended by signal 11 while it ran .*barriers.elf: cannot load a model; is the build"
    ):
        Gvsoc().run(PROGRAM, 10)


def test_a_program_that_hangs_is_killed_and_its_lines_are_shown(install):
    launcher(install, "echo 'as far as here'\nsleep 60\n")
    with pytest.raises(CommandTimeout, match=r"(?s)did not end within 3 s.*as far as here"):
        Gvsoc().run(PROGRAM, 3)  # time to say its line


def test_a_launcher_that_may_not_be_run(install):
    (install / "install/workstation/bin/gvsoc_launcher").chmod(0o644)
    if os.geteuid() == 0:  # the superuser may start only what has one execute bit: the error is the same
        assert not os.access(install / "install/workstation/bin/gvsoc_launcher", os.X_OK)
    with pytest.raises(ToolError, match="gvsoc_launcher"):
        result = Gvsoc().run(PROGRAM, 10)
        if result.exit_status in (126, 127):  # stdbuf's way to say that it could not
            raise ToolError(result.stderr)


def test_no_launch_for_a_file_that_is_no_program(install, tmp_path):
    (tmp_path / "text.elf").write_text("hello")
    with pytest.raises(InputError, match=r"text.elf is not a whole ELF file"):
        Gvsoc().run(tmp_path / "text.elf", 10)
    assert not list((tmp_path / "seen").iterdir())


def test_the_version_follows_the_libraries(install):
    before = Gvsoc().version()
    assert re.fullmatch(r"gap_sdk \(GAP8 rev C, build [0-9a-f]{12}\)", before)
    (install / "install/workstation/python" / gvsoc.MODELS[0]).write_text("rebuilt")
    assert Gvsoc().version() != before


PROGRAMS = sorted([*RECORDINGS.glob("*.elf"), *PROBES.glob("*.elf")])


@pytest.fixture(scope="module")
def real():
    try:
        return Gvsoc()
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.gvsoc
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_gvsoc_prints_what_was_recorded(real, program):
    result = real.run(program, 120)
    assert result.exit_status == 0
    assert result.stdout == program.with_suffix(".gap8.txt").read_text()


@pytest.mark.gvsoc
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_simulator_prints_what_gvsoc_prints(real, program):
    reference, own = real.run(program, 120), open_platform("simulator").run(program, 120)
    assert own.exit_status == reference.exit_status
    differences = [figure for figure in compare(reference.stdout, own.stdout) if figure.difference]
    for f in differences:
        print(f"{program.stem}: {f.name} [{f.position}]: GVSOC {f.reference}, simulator {f.own}, {f.difference:+d}")
    far = [figure for figure in differences if not figure.within(0.02, 2)]
    assert not far, far
