"""Upstream's target as a platform, with a fake gvsoc for what can go wrong."""

import re

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms.pulp_open import HOME_VARIABLE, PulpOpen
from kwslib.integer import network_file
from kwslib.paths import models_dir
from kwslib.subproc import CommandTimeout
from tests.gap8 import networks
from tests.gap8.equal import FLASH, WAYS, assert_on_platform, only
from tests.gap8.fake_gvsoc import executable
from tests.gap8.platforms.test_gvsoc import FLASH_PROGRAM, PROGRAM


@pytest.fixture
def gvsoc(tmp_path, monkeypatch):
    """Writes an upstream install whose gvsoc runs a script."""
    monkeypatch.delenv(HOME_VARIABLE, raising=False)

    def make(script, place="install/bin/gvsoc"):
        executable(tmp_path / "upstream" / place, f"#!/bin/sh\n{script}\n")
        return PulpOpen(tmp_path / "upstream")

    return make


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_none_installed_says_what_to_do(nothing):
    with pytest.raises(ToolError, match=r"no gvsoc on the path; build gvsoc/gvsoc .* set KWS_PULP_OPEN .* 'simulator'"):
        PulpOpen()


def test_a_folder_without_it(nothing, monkeypatch, tmp_path):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with pytest.raises(ToolError, match=re.escape(f"no upstream GVSOC: {tmp_path} holds no install/bin/gvsoc")):
        PulpOpen()


@pytest.mark.parametrize("place", ["install/bin/gvsoc", "bin/gvsoc", "gvsoc"])
def test_where_it_is_found(gvsoc, tmp_path, monkeypatch, place):
    assert gvsoc("true", place).program == tmp_path / "upstream" / place
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "upstream"))
    assert PulpOpen().program == tmp_path / "upstream" / place


def test_how_it_is_called(gvsoc, tmp_path):
    log = tmp_path / "log"
    done = gvsoc('echo "$@"').run(PROGRAM, 10, log=log)
    target, work, binary, command = done.stdout.split()
    assert (target, command, binary) == ("--target=pulp-open", "run", f"--binary={PROGRAM}")
    assert work.startswith("--work-dir=/")
    assert (done.exit_status, done.platform) == (0, "pulp-open")
    assert done.stdout in log.read_text()


def test_the_true_status_is_the_printed_one(gvsoc):
    done = gvsoc("echo hello; echo 'exitcode: 7'; exit 1").run(PROGRAM, 10)
    assert done.exit_status == 7 and done.stdout.strip() == "hello"
    assert gvsoc("exit 1").run(PROGRAM, 10).exit_status == 1


def test_the_version_names_the_build(gvsoc):
    assert re.fullmatch(r"gvsoc \(pulp-open, launcher [0-9a-f]{12}\)", gvsoc("true").version())


def test_no_program_with_flash(gvsoc):
    with pytest.raises(InputError, match="needs GAP8's HyperFlash; pulp-open has another external memory"):
        gvsoc("true").run(FLASH_PROGRAM, 10)


def test_a_crash_and_a_hang(gvsoc):
    with pytest.raises(ToolError, match="was ended by signal 11 while it ran .*barriers.elf: no such model"):
        gvsoc("echo 'no such model' >&2; kill -SEGV $$").run(PROGRAM, 10)
    with pytest.raises(CommandTimeout, match="did not end within 0.5 s"):
        gvsoc("sleep 60").run(PROGRAM, 0.5)


@pytest.fixture(scope="module")
def real():
    try:
        return PulpOpen()
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.gvsoc
@pytest.mark.parametrize("size", ["small", "medium"])
def test_the_recorded_networks(real, size, tmp_path):
    network = network_file.load(models_dir() / f"quick-{size}" / "model.tflite", size)
    found = assert_on_platform(network, tmp_path, "pulp-open")
    print(*(f"{size} {row.name}: {row.cycles} cycles" for row in found[0].layers), sep="\n")


@pytest.mark.gvsoc
@pytest.mark.parametrize("way", [way for way in WAYS if way != FLASH])
def test_every_way_without_flash(real, way, tmp_path):
    with only(way):
        assert_on_platform(network_file.load(networks.quantised(*networks.MEDIUM)), tmp_path, "pulp-open")
