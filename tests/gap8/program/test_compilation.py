"""From .tflite to ELF: what is built, what the linker proves, and what happens without a compiler."""

import shutil
import time

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from kwslib.errors import InputError, ModelError, ToolError
from kwslib.gap8.hardware import L1_BASE, L2_BASE, L2_BYTES
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import codegen, compilation
from kwslib.gap8.program.cross_compilers import RISCV_VARIABLE
from kwslib.gap8.program.elf import read_program
from kwslib.integer import network_file
from kwslib.paths import models_dir
from kwslib.toolchain import CompilerError
from tests.gap8 import networks
from tests.gap8.equal import FLASH, only


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.SMALL), "network")


@pytest.fixture(scope="module")
def built(network, tmp_path_factory):
    return compilation.build(network, tmp_path_factory.mktemp("built"))


def test_what_is_built(built):
    folder = built.elf.parent
    assert {path.name for path in folder.iterdir()} == {compilation.PROJECT, compilation.PLAN, compilation.PROGRAM}
    program = read_program(built.elf)
    assert program.flash is None and len(program.l2) <= L2_BYTES
    with built.elf.open("rb") as file:
        elf = ELFFile(file)
        sections = {section.name: section for section in elf.iter_sections()}
        weights = sections[".weights"]
        assert weights["sh_addr"] == built.plan.l2_begin
        assert weights.data() == codegen.contents(built.plan)["l2.bin"]
        assert sections[".text"]["sh_addr"] == L2_BASE
        assert sections[".l1"]["sh_addr"] == L1_BASE
        assert ".got" not in sections and ".bss" not in sections


def test_flash_content_travels_in_a_section_that_is_not_loaded(network, tmp_path):
    with only(FLASH):
        flashed = compilation.build(network, tmp_path)
        with pytest.raises(ModelError, match=r"network streams \d+ bytes .* pulp-open has another external memory"):
            compilation.build(network, tmp_path / "pulp", target="pulp-open")
    program = read_program(flashed.elf)
    assert program.flash == bytes(flashed.plan.flash_image)
    assert not (tmp_path / "pulp").exists()


def test_another_input_changes_the_input_alone(built, network, tmp_path):
    codes = networks.clips(network.input, 3)[2]
    other = compilation.with_input(built, codes, tmp_path / "other.elf", warm_runs=0)
    one, two = (np.frombuffer(path.read_bytes(), np.uint8) for path in (built.elf, other))
    assert len(one) == len(two)
    assert 0 < (one != two).sum() <= codegen.input_end(built.plan)
    run_and_check(open_platform("simulator"), network, other, codes, 60)


@pytest.mark.parametrize(
    "codes", [np.zeros((49, 10), np.int8), np.zeros((49, 11), np.uint8), np.zeros(489, np.uint8), np.zeros((49, 10))]
)
def test_codes_of_another_type_or_size(built, tmp_path, codes):
    with pytest.raises(InputError, match=r"network takes uint8 codes of shape \(49, 10, 1\), got"):
        compilation.with_input(built, codes, tmp_path / "other.elf")
    assert not list(tmp_path.iterdir())


def test_a_compiler_that_does_not_exist(network, tmp_path, monkeypatch):
    monkeypatch.setenv(RISCV_VARIABLE, "no-such-gcc")
    with pytest.raises(InputError, match=r"no RISC-V compiler 'no-such-gcc': give KWS_RISCV_CC .* or unset it"):
        compilation.build(network, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_compiler_that_fails_leaves_nothing_and_shows_its_last_lines(network, tmp_path, monkeypatch):
    script = tmp_path / "gcc"
    script.write_text("#!/bin/sh\necho 'main.c:1: error: out of order' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv(RISCV_VARIABLE, str(script))
    with pytest.raises(CompilerError, match=r"(?s)failed with exit status 1.*main.c:1: error: out of order"):
        compilation.build(network, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_build_that_fails_leaves_the_one_before(built, network, monkeypatch, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(built.elf.parent, folder)
    before = compilation.digest(folder / compilation.PROGRAM)
    monkeypatch.setenv(RISCV_VARIABLE, "false")
    with pytest.raises(ToolError):
        compilation.build(network, folder)
    assert compilation.digest(folder / compilation.PROGRAM) == before
    assert (folder / compilation.PROJECT / "counts.h").is_file()


def test_a_folder_of_somebody_elses_is_not_replaced(network, tmp_path):
    (tmp_path / compilation.PROJECT).mkdir()
    (tmp_path / compilation.PROJECT / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"project is there and no C project of a network: choose another folder"):
        compilation.build(network, tmp_path)
    assert (tmp_path / compilation.PROJECT / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    ("symbol", "value", "message"),
    [
        ("PLAN_L1_END", 0x10010008, "the plan uses more than 64 KB of L1"),
        ("PLAN_L2_END", 0x1C080008, "the plan uses more than 512 KB of L2"),
        ("PLAN_L1_BEGIN", 0x10000100, "the runtime reaches into the part of L1 that the plan gives out"),
        ("PLAN_L2_BEGIN", 0x1C000400, "code and stack reach into the part of L2"),
    ],
)
def test_the_linker_proves_that_plan_and_program_fit(built, tmp_path, symbol, value, message):
    project = tmp_path / "project"
    shutil.copytree(built.elf.parent / compilation.PROJECT, project)
    lines = (project / "plan.ld").read_text().splitlines()
    lines = [f"{symbol} = 0x{value:x};" if line.startswith(f"{symbol} ") else line for line in lines]
    (project / "plan.ld").write_text("\n".join(lines) + "\n")
    with pytest.raises(CompilerError, match=message):
        compilation.compile_project(project, tmp_path / "network.elf")
    assert not (tmp_path / "network.elf").exists()


def test_an_unknown_target(built, tmp_path):
    with pytest.raises(InputError, match="unknown target 'gap9': choose one of gap8, pulp-open, host; did you mean"):
        compilation.compile_project(built.elf.parent / compilation.PROJECT, tmp_path / "network.elf", "gap9")


def test_pulp_open_has_other_registers_and_the_same_network(built, tmp_path):
    compilation.compile_project(built.elf.parent / compilation.PROJECT, tmp_path / "pulp.elf", "pulp-open")
    with built.elf.open("rb") as one, (tmp_path / "pulp.elf").open("rb") as two:
        gap8, pulp = ({s.name: s.data() for s in ELFFile(file).iter_sections()} for file in (one, two))
    assert gap8[".weights"] == pulp[".weights"] and gap8[".text"] != pulp[".text"]


@pytest.mark.slow  # a limit of time, which a busy machine misses
@pytest.mark.parametrize("size", ["small", "large"])
def test_from_tflite_to_elf_in_ten_seconds(size, tmp_path):
    start_s = time.monotonic()
    network = network_file.load(models_dir() / f"quick-{size}" / "model.tflite")
    compilation.build(network, tmp_path)
    assert time.monotonic() - start_s < 10


GCC = shutil.which("riscv64-unknown-elf-gcc")


@pytest.mark.skipif(GCC is None, reason="no RISC-V GCC here")
def test_a_gcc_of_the_system_builds_the_same_network(network, tmp_path, monkeypatch):
    monkeypatch.setenv(RISCV_VARIABLE, GCC)
    codes = networks.clips(network.input, 3)[2]
    program = compilation.build(network, tmp_path, codes=codes).elf
    run_and_check(open_platform("simulator"), network, program, codes, 60)
