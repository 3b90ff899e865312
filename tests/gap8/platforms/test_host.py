"""The host as a platform: the program for it prints what the reference computes."""

import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import codegen, compilation
from kwslib.gap8.program.expected_output import expected_text
from kwslib.integer import network_file
from kwslib.subproc import CommandTimeout, run
from tests.gap8 import networks
from tests.gap8.equal import FLASH, only
from tests.gap8.platforms.test_gvsoc import PROGRAM


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.SMALL), "network")


@pytest.fixture(scope="module")
def built(network, tmp_path_factory):
    with only(FLASH):  # with content of the flash
        return compilation.build(network, tmp_path_factory.mktemp("built"), target="host")


def test_the_programs_text_is_the_references(network, built, tmp_path):
    machine = open_platform("host")
    for number, codes in enumerate(networks.clips(network.input, 4)):
        elf = compilation.with_input(built, codes, tmp_path / f"{number}.elf")
        done, found = run_and_check(machine, network, elf, codes, 30)
        assert done.stdout == expected_text(network, codes, [f"class{i}" for i in range(12)])
        assert (done.platform, found.layers) == ("host", ())


def test_a_clip_may_lie_in_a_file(network, built, tmp_path):
    codes = networks.clips(network.input, 3)[2]
    (tmp_path / "clip").write_bytes(codegen.input_image(built.plan, codes))
    done = run([built.elf, tmp_path / "clip"], timeout_s=300)
    assert done.stdout == expected_text(network, codes, [f"class{i}" for i in range(12)])


@pytest.mark.parametrize("size", [0, 497, 499])
def test_a_file_of_another_length(built, tmp_path, size):
    (tmp_path / "clip").write_bytes(bytes(size))
    done = run([built.elf, tmp_path / "clip"], timeout_s=300, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: not as long as options and codes: {tmp_path}/clip\n"


def test_a_program_for_gap8_is_refused():
    with pytest.raises(InputError, match="barriers.elf is a program for GAP8: build it for the host"):
        open_platform("host").run(PROGRAM, 10)


def test_no_program(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*nowhere.elf: No such file"):
        open_platform("host").run(tmp_path / "nowhere.elf", 10)


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ("kill -SEGV $$", ToolError, "was ended by signal 11 on the host"),
        ("sleep 60", CommandTimeout, "did not end within 0.5 s"),
    ],
)
def test_programs_that_do_not_end_well(tmp_path, script, error, message):
    (tmp_path / "script").write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(error, match=message):
        open_platform("host").run(tmp_path / "script", 0.5 if "sleep" in script else 300, log=tmp_path / "log")
    assert (tmp_path / "log").is_file()
