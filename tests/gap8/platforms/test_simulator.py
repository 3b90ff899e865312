"""The simulator against GVSOC's recorded output, and every way in which a run can go wrong."""

import json
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest

from kwslib import paths
from kwslib.errors import InputError
from kwslib.gap8.isa.disassembler import disassemble
from kwslib.gap8.platforms.platform import Sections, open_platform
from kwslib.gap8.platforms.simulator import EXIT_USAGE, SimulationFault, SimulationLimit, executable, simulate
from kwslib.gap8.program.elf import symbol_address
from tests.gap8.programs import L1, L2, RESET_OFFSET, STDOUT, Assembler, elf, write_elf
from tests.places import RECORDINGS

RECORDED = sorted(RECORDINGS.rglob("*.gap8.txt"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.name.split(".")[0])
def test_reference_programs_print_what_gvsoc_recorded(recorded):
    result = simulate(recorded.with_name(recorded.name.replace(".gap8.txt", ".elf")), max_cycles=20_000_000)
    assert result.exit_status == 0
    assert result.stdout == recorded.read_text()


def test_runs_are_deterministic():
    runs = [simulate(RECORDINGS / "smoke.elf", profile=profile) for profile in (False, False, True)]
    assert len({(run.cycles, run.instructions, run.stdout) for run in runs}) == 1


def test_exit_status_and_output_come_back(tmp_path):
    assembler = Assembler()
    for letter in "hi\n":
        assembler.store_word(STDOUT, ord(letter))
    assembler.leave(42)
    result = simulate(write_elf(tmp_path, assembler))
    assert (result.exit_status, result.stdout) == (42, "hi\n")
    run = open_platform("simulator").run(write_elf(tmp_path, assembler), timeout_s=300)
    assert (run.exit_status, run.stdout, run.platform) == (42, "hi\n", "simulator")
    assert re.fullmatch(r"[0-9a-f]{16}", run.version)


# ---- profile and trace ------------------------------------------------------------------------------------------


def _two_functions(tmp_path):
    assembler = Assembler()
    functions = {"main": assembler.pc}
    assembler.emit("jal", "ra", "@work")
    assembler.leave()
    assembler.label("work")
    functions["work"] = assembler.pc
    assembler.li("t0", L2 + 0x1000)
    assembler.emit("addi", "t1", "zero", 100)
    assembler.label("again")
    assembler.emit("lw", "t2", 0, "t0")
    assembler.emit("add", "t3", "t2", "t2")
    assembler.emit("addi", "t1", "t1", -1)
    assembler.emit("bne", "t1", "zero", "@again")
    assembler.emit("jalr", "zero", 0, "ra")
    return write_elf(tmp_path, assembler, functions=functions), functions


def test_profile_names_functions_and_stalls(tmp_path):
    program, _ = _two_functions(tmp_path)
    result = simulate(program, profile=True)
    rows = {row["function"]: row for row in result.profile}
    work = rows["work"]
    assert set(rows) == {"main", "work"}
    assert work["instructions"] == 404
    assert work["dependency_cycles"] == 100
    assert work["branch_cycles"] == 2 * 99 + 1
    stalls = sum(work[f"{kind}_cycles"] for kind in ("dependency", "branch", "tcdm", "memory", "fetch", "multicycle"))
    assert work["cycles"] == work["instructions"] + stalls
    assert sum(row["instructions"] for row in result.profile) == result.instructions


def test_profile_finds_conflicts_and_sleep():
    result = simulate(RECORDINGS / "timing.elf", profile=True)
    cores = {row["core"] for row in result.profile}
    assert cores == {"fc", *(f"pe{n}" for n in range(8))}
    sleepers = [row for row in result.profile if row["core"] == "pe1" and row["sleep_cycles"]]
    assert sleepers
    assert sum(row["tcdm_cycles"] for row in result.profile if row["core"] == "pe1") > 64
    awake = {core: sum(row["cycles"] for row in result.profile if row["core"] == core) for core in cores}
    assert all(0 < cycles <= result.cycles for cycles in awake.values())


def test_sections_begin_at_stores_to_their_words_and_change_no_cycle():
    """Each core writes its part of a sum to a word of its own."""
    program = RECORDINGS / "smoke.elf"
    plain = simulate(program, profile=True)
    found = simulate(program, sections=Sections(symbol_address(program, "partial"), 8))
    assert (found.cycles, found.stdout, found.profile) == (plain.cycles, plain.stdout, plain.profile)
    assert plain.sections == []
    assert [(row["section"], row["core"]) for row in found.sections] == [
        (i, f"pe{n}") for i in range(8) for n in range(8)
    ]
    for count in ("instructions", "cycles", "tcdm_cycles", "fetch_cycles", "sleep_cycles"):
        by_function = sum(row[count] for row in found.profile if row["core"] != "fc")
        assert sum(row[count] for row in found.sections) == by_function > 0


@pytest.mark.parametrize("text", ["1", "1:", ":1", "0x10000000:1001", "0x10000000:-1", "1:2:3"])
def test_sections_that_cannot_be(text):
    done = subprocess.run([executable(), RECORDINGS / "smoke.elf", "--sections", text], capture_output=True, text=True)
    assert done.returncode == EXIT_USAGE and "is not a number" in done.stderr


def test_a_trace_that_breaks_off_is_an_error(tmp_path):
    """Onto a full disk, and into a pipe whose reader goes away after its first bytes."""
    with pytest.raises(InputError, match="the trace /dev/full broke off: its disk is full"):
        simulate(RECORDINGS / "timing.elf", trace=Path("/dev/full"))
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["head", "-c", "10", tmp_path / "pipe"], stdout=subprocess.DEVNULL)
    with pytest.raises(InputError, match="pipe broke off: .* nobody reads it any more"):
        simulate(RECORDINGS / "timing.elf", trace=tmp_path / "pipe")
    assert reader.wait(timeout=60) == 0


def test_trace_is_filtered_and_disassembled(tmp_path):
    program, functions = _two_functions(tmp_path)
    trace = tmp_path / "trace.txt"
    start = functions["work"]
    simulate(program, trace=trace, trace_cores=1 << 8, trace_range=(start, start + 16))
    lines = trace.read_text().splitlines()
    assert len(lines) == 4 + 99
    for line in lines:
        cycle, core, pc, word, rest = line.split(maxsplit=4)
        assert core == "fc"
        assert int(cycle) > 0
        text, function = rest.rsplit(maxsplit=1)
        assert function == "work"
        assert text.strip() == disassemble(int(word, 16), int(pc, 16))


NOTYPE, OBJECT, FUNC = 0, 1, 2
START = L2 + RESET_OFFSET
TEXT, LATER, DATA, L1_STACK = range(4)
PLACES = [(START, 16, 6), (START + 16, 16, 6), (L2, 64, 3), (L1, 0x100, 3)]
"""Address, size and flags of sections: two of code, of four instructions each; data in L2; data in L1."""


@pytest.mark.parametrize(("symbols", "names"), [
    ([("main", START, 0, FUNC, TEXT)], "main main main main ? ? ? ?"),
    ([("main", START, 8, FUNC, TEXT)], "main main ? ? ? ? ? ?"),
    ([("main", START, 0x7FFFFFFF, FUNC, TEXT)], "main main main main ? ? ? ?"),
    ([("here", START + 4, 0, NOTYPE, TEXT)], "? here here here ? ? ? ?"),
    ([("here", START, 0, NOTYPE, TEXT), ("main", START, 0, FUNC, TEXT)], "main main main main ? ? ? ?"),
    ([("here", START + 4, 0, NOTYPE, TEXT), ("main", START, 12, FUNC, TEXT)], "main main main ? ? ? ? ?"),
    ([("end", START + 16, 0, NOTYPE, TEXT), ("next", START + 16, 0, NOTYPE, LATER)], "? ? ? ? next next next next"),
    ([("table", START + 8, 4, OBJECT, TEXT), ("main", START, 0, FUNC, TEXT)], "main main main main ? ? ? ?"),
    ([("data", L2, 0, NOTYPE, DATA), ("data_end", L2 + 64, 0, NOTYPE, DATA)], "? ? ? ? ? ? ? ?"),
    ([("data_past", L2 + 72, 0, NOTYPE, DATA)], "? ? ? ? ? ? ? ?"),
    ([("stack", L1, 0, NOTYPE, L1_STACK), ("stack_end", L1 + 0x100, 0, NOTYPE, L1_STACK)], "? ? ? ? ? ? ? ?"),
    ([("far", L1 + 0x200, 0, FUNC, L1_STACK)], "? ? ? ? ? ? ? ?"),
    ([("nowhere", 0x10, 0, FUNC, TEXT)], "? ? ? ? ? ? ? ?"),
    ([("odd", START, 0, FUNC, 1000)], "odd odd odd odd odd odd odd odd"),
])  # fmt: skip
def test_a_symbol_names_its_own_section_alone(tmp_path, symbols, names):
    assembler = Assembler()
    for _ in range(8):
        assembler.emit("addi", "t0", "zero", 0)
    assembler.word(0)
    trace = tmp_path / "trace"
    program = write_elf(tmp_path, assembler, symbols=symbols, sections=PLACES)
    with pytest.raises(SimulationFault, match="illegal instruction"):
        simulate(program, trace=trace)
    assert [line.split()[-1] for line in trace.read_text().splitlines()] == names.split()


def test_profile_and_faults_take_no_name_from_another_memory(tmp_path):
    assembler = Assembler()
    assembler.leave()
    far = [("stack_end", L1 + 0x100, 0, NOTYPE, L1_STACK)]
    rows = simulate(write_elf(tmp_path, assembler, symbols=far, sections=PLACES), profile=True).profile
    assert {row["function"] for row in rows} == {"?"}
    assembler = Assembler()
    assembler.word(0)
    with pytest.raises(SimulationFault, match=r"pc 0x1c000080 in \?, cycle"):
        simulate(write_elf(tmp_path, assembler, symbols=far, sections=PLACES))


def test_both_disassemblers_write_the_same(tmp_path):
    trace = tmp_path / "trace.txt"
    simulate(RECORDINGS / "timing.elf", trace=trace)
    texts = {}
    for line in {line[10:] for line in trace.read_text().splitlines()}:
        match = re.match(r" (?:fc|pe\d) +([0-9a-f]{8}) ([0-9a-f]+) +(.*?)  +\S+$", line)
        assert match, line
        texts[match[3].strip()] = disassemble(int(match[2], 16), int(match[1], 16))
    assert len(texts) > 200
    assert {ours: theirs for ours, theirs in texts.items() if ours != theirs} == {}


# ---- faults -----------------------------------------------------------------------------------------------------


def _fault(tmp_path, fill, **options):
    assembler = Assembler()
    functions = {"main": assembler.pc}
    fill(assembler)
    assembler.leave()
    with pytest.raises(SimulationFault) as caught:
        simulate(write_elf(tmp_path, assembler, functions=functions), max_cycles=100_000, **options)
    return str(caught.value)


def _store(address, value):
    return lambda assembler: assembler.store_word(address, value)


def test_illegal_instruction_says_where(tmp_path):
    message = _fault(tmp_path, lambda assembler: assembler.word(0xFFFFFFFF))
    assert message.startswith(
        "illegal instruction: 0xffffffff is not an instruction of GAP8 (core fc, pc 0x1c000080 in main, cycle 764)"
    )
    assert "last:" in message


@pytest.mark.parametrize("word", [0x0000, 0x9C61 | 0x1C00])
def test_illegal_halfwords_fault(tmp_path, word):
    assert "illegal instruction: 0x" in _fault(tmp_path, lambda assembler: assembler.word(word, 2))


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (0x20000000, "store of 4 bytes at 0x20000000, where there is no memory"),
        (0x1C080000, "store of 4 bytes at 0x1c080000, where L2 has ended"),
        (0x10010000, "store of 4 bytes at 0x10010000, where there is no memory"),
        (0x1B010000, "store of 4 bytes at 0x1b010000"),
    ],
)
def test_access_outside_of_memory_faults(tmp_path, address, what):
    message = _fault(tmp_path, _store(address, 1))
    assert message.startswith(f"memory access: {what}")
    assert "core fc, pc 0x1c00009" in message and "in main" in message


def test_access_across_the_end_of_l2_faults(tmp_path):
    assert "where L2 has ended" in _fault(tmp_path, _store(0x1C07FFFE, 1))


def test_jump_out_of_memory_faults(tmp_path):
    def jump(assembler):
        assembler.li("t0", 0x30000000)
        assembler.emit("jalr", "zero", 0, "t0")

    assert "instruction fetch from 0x30000000, where there is no memory" in _fault(tmp_path, jump)


def test_code_in_l1_is_refused(tmp_path):
    def jump(assembler):
        assembler.start_cluster()
        assembler.li("t0", L1 + 0x400)
        assembler.emit("jalr", "zero", 0, "t0")

    assert "instruction fetch from 0x10000400, in L1: code there is not modelled" in _fault(tmp_path, jump)


def test_byte_access_to_a_device_faults(tmp_path):
    def access(assembler):
        assembler.li("t0", 0x1A104070)
        assembler.emit("lbu", "t1", 0, "t0")

    assert "load of 1 byte at 0x1a104070" in _fault(tmp_path, access)


def test_ebreak_faults(tmp_path):
    assert "semihosting" in _fault(tmp_path, lambda assembler: assembler.emit("ebreak"))


def _dma(size, l1, l2, *more, flags=1 << 16 | 1 << 17):
    """Core 0 of the cluster pushes one command; the others sleep."""

    def fill(assembler):
        assembler.split_cores("cluster")
        assembler.start_cluster()
        assembler.emit("wfi")
        assembler.label("cluster")
        assembler.emit("csrrs", "t0", 0xF14, "zero")
        assembler.emit("beq", "t0", "zero", 8)
        assembler.emit("wfi")
        assembler.li("t0", 0x10204400)
        assembler.emit("lw", "t1", 0, "t0")
        for value in (size | flags, l1, l2, *more):
            assembler.li("t1", value)
            assembler.emit("sw", "t1", 0, "t0")

    return fill


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (
            _dma(100, L1, L2, 64 << 16 | 64, flags=7 << 16),
            "2D transfer of 100 bytes in lines of 64: the size must be a multiple",
        ),
        (_dma(100, L1, L2, 64 << 16, flags=7 << 16), "2D transfer of 100 bytes in lines of 0"),
        (_dma(0, L1, L2), "transfer of 0 bytes never ends"),
        (_dma(64, L1 + 0xFFF0, L2), "64 bytes at L1 0x1000fff0 lie outside of L1"),
        (_dma(64, L1, L2 + 0x7FFF0), "0x1c07fff0..0x1c080030 is not in L2"),
        (_dma(64, L1, 0x1A000000), "0x1a000000..0x1a000040 is not in L2"),
    ],
    ids=["2d", "line", "empty", "l1", "l2", "rom"],
)
def test_misused_dma_faults(tmp_path, command, what):
    message = _fault(tmp_path, command)
    assert message.startswith("DMA: ") and what in message
    assert "core pe0, pc 0x1c00" in message and "in main" in message


HYPER = 0x1A102180


def _hyper(address, size, ext, write=False, clock=8):
    def fill(assembler):
        assembler.store_word(0x1A102780, clock)
        assembler.store_word(0x1A1021B8, 0x701)
        assembler.store_word(0x1A1021A0, ext)
        channel = HYPER + (0x10 if write else 0)
        for offset, value in ((0, address), (4, size), (8, 0x10)):
            assembler.store_word(channel + offset, value)
        assembler.label("poll")
        assembler.li("t0", channel + 8)
        assembler.emit("lw", "t1", 0, "t0")
        assembler.emit("andi", "t1", "t1", 16)
        assembler.emit("bne", "t1", "zero", "@poll")

    return fill


@pytest.mark.parametrize(
    ("transfer", "what"),
    [
        (
            _hyper(L2 + 0x1000, 16, 0x01000000 + (64 << 20)),
            "HyperFlash bytes 0x4000000..0x4000010 lie outside of the device (64 MB)",
        ),
        (_hyper(L2 + 0x1000, 16, (8 << 20) - 8), "HyperRAM bytes 0x7ffff8..0x800008 lie outside of the device (8 MB)"),
        (_hyper(L2 + 0x1000, 0, 0), "transfer of 0 bytes never ends"),
        (_hyper(L2 + 0x1000, 16, 0x01000000, write=True), "writing to HyperFlash is not modelled"),
        (_hyper(0x1D000000, 16, 0x01000000), "write to 0x1d000000, where there is no memory"),
    ],
    ids=["flash", "ram", "empty", "write", "l2"],
)
def test_misused_udma_faults(tmp_path, transfer, what):
    message = _fault(tmp_path, transfer)
    assert message.startswith("uDMA: ") and what in message


@pytest.mark.parametrize(
    ("transfer", "what"),
    [
        (_hyper(L2 + 0x1002, 16, 0x01000000), "L2 address 0x1c001002 is no multiple of 4"),
        (_hyper(L2 + 0x1000, 14, 0x01000000), "size 14 is no multiple of 4"),
        (_hyper(L2 + 0x1000, 16, 0x01000001), "device address 0x1000001 is odd"),
        (_hyper(L2 + 0x1000, 16, 0, clock=0), "Hyper is used while its clock is off"),
    ],
    ids=["l2", "size", "odd", "clock"],
)
def test_what_the_chip_drops_silently_is_a_warning(tmp_path, transfer, what):
    assembler = Assembler()
    transfer(assembler)
    assembler.leave()
    result = simulate(write_elf(tmp_path, assembler))
    assert result.exit_status == 0
    assert f"warning: uDMA: {what}" in result.stderr


def test_flash_content_arrives(tmp_path):
    def program():
        assembler = Assembler()
        _hyper(L2 + 0x1000, 8, 0x01000000 + 2)(assembler)
        assembler.li("t0", STDOUT)
        assembler.li("t1", L2 + 0x1000)
        for index in range(8):
            assembler.emit("lbu", "t2", index, "t1")
            assembler.emit("sb", "t2", 0, "t0")
        assembler.emit("addi", "t2", "zero", 10)
        assembler.emit("sb", "t2", 0, "t0")
        assembler.leave()
        return write_elf(tmp_path, assembler)

    assert simulate(program(), flash=b"..flash ok..").stdout == "flash ok\n"
    (tmp_path / "flash.bin").write_bytes(b"..12345678")
    assert simulate(program(), flash=tmp_path / "flash.bin").stdout == "12345678\n"
    with pytest.raises(InputError, match="no such file"):
        simulate(program(), flash=tmp_path / "missing.bin")


def test_uninitialised_reads_are_reported(tmp_path):
    assembler = Assembler()
    functions = {"main": assembler.pc}
    assembler.store_word(L2 + 0x1000, 7)
    assembler.li("t0", L2 + 0x1000)
    assembler.emit("lw", "t1", 0, "t0")
    assembler.emit("lhu", "t1", 4, "t0")
    assembler.leave()
    program = write_elf(tmp_path, assembler, functions=functions)
    result = simulate(program, check_uninitialised=True)
    assert result.uninitialised_reads == 1
    assert (
        "uninitialised: read of 2 bytes at 0x1c001004 in L2 that were never written (core fc, pc 0x1c0000"
        in result.stderr
    )
    assert "in main" in result.stderr
    assert simulate(program).uninitialised_reads == 0
    assert (
        simulate(RECORDINGS / "smoke.elf", check_uninitialised=True).stdout
        == (RECORDINGS / "smoke.gap8.txt").read_text()
    )


# ---- no exit ----------------------------------------------------------------------------------------------------


def test_endless_loop_ends_at_the_limit(tmp_path):
    assembler = Assembler()
    functions = {"spin": assembler.pc}
    assembler.store_word(STDOUT, ord("a"))
    assembler.label("here")
    assembler.emit("addi", "t0", "t0", 1)
    assembler.emit("jal", "zero", "@here")
    with pytest.raises(SimulationLimit) as caught:
        simulate(write_elf(tmp_path, assembler, functions=functions), max_cycles=5000)
    message = str(caught.value)
    assert message.startswith("no exit within 5000 cycles\n")
    assert re.search(r"fc  pc 0x1c0000[0-9a-f]{2} in spin, running, \d+ instructions; last:", message)
    assert "addi t0, t0, 1" in message
    assert caught.value.stdout == "a\n"


def test_sleep_for_good_is_found_at_once(tmp_path):
    assembler = Assembler()
    assembler.emit("wfi")
    with pytest.raises(SimulationLimit, match="no exit: every core sleeps and nothing can wake one"):
        simulate(write_elf(tmp_path, assembler))


def test_host_timeout(tmp_path):
    assembler = Assembler()
    assembler.label("here")
    assembler.emit("jal", "zero", "@here")
    with pytest.raises(SimulationLimit, match=r"^no exit within 0\.3 s of the host \(.*\); whole log: .*log$"):
        simulate(write_elf(tmp_path, assembler), timeout_s=0.3, log=tmp_path / "log")


@pytest.mark.parametrize("option", [{"max_cycles": 0}, {"timeout_s": -1}])
def test_limits_must_be_positive(option):
    with pytest.raises(InputError, match="must be positive"):
        simulate(RECORDINGS / "smoke.elf", **option)


# ---- bad files --------------------------------------------------------------------------------------------------


def _valid():
    assembler = Assembler()
    assembler.leave()
    return assembler.assembled()


BAD_FILES = {
    "empty": (b"", "not an ELF file"),
    "text": (b"#!/bin/sh\necho\n", "not an ELF file"),
    "64-bit": (elf(_valid(), elf_class=2), "a 64-bit ELF file; GAP8 is a 32-bit machine"),
    "arm": (elf(_valid(), machine=40), "built for another machine (ELF machine 40; RISC-V is 243)"),
    "header cut": (elf(_valid())[:40], "truncated: its header is incomplete"),
    "segment cut": (elf(_valid())[:-20], "truncated: a part of it lies behind its end"),
    "headers cut": (elf(_valid())[:60], "truncated: a part of it lies behind its end"),
    "segment in L1": (elf(_valid(), address=L1, entry=L1 + RESET_OFFSET), "segment 0x10000000..0x"),
    "segment at 0": (elf(_valid(), address=0), "lies outside of L2"),
    "segment across the end": (elf(_valid() + bytes(0x80000)), "lies outside of L2"),
    "bss too long": (
        elf(_valid(), memory_size=0x80001),
        "segment at 0x1c000000 of 524289 bytes lies outside of memory",
    ),
    "memory shorter than file": (elf(_valid(), memory_size=4), "a segment is longer in the file than in memory"),
    "entry": (elf(_valid(), entry=0x1C070000), "its entry 0x1c070000 is outside of its code"),
    "object file": (elf(_valid())[:16] + struct.pack("<H", 1) + elf(_valid())[18:], "not an executable: link it first"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(tmp_path, name):
    content, message = BAD_FILES[name]
    path = tmp_path / "bad.elf"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        simulate(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"missing\.elf: no such file"):
        simulate(tmp_path / "missing.elf")


def test_damaged_files_never_crash(tmp_path):
    """Flip bytes of a valid file's headers one by one: refused, faulting or running, but never breaking down."""
    content = (RECORDINGS / "smoke.elf").read_bytes()
    path = tmp_path / "damaged.elf"
    for at in [*range(16, 84, 3), *range(len(content) - 200, len(content), 17)]:
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            simulate(path, max_cycles=500_000)
        except (InputError, SimulationFault) as error:
            assert "broke down" not in str(error)


@pytest.mark.slow
def test_reference_programs_under_the_sanitisers(tmp_path):
    program = executable(os.environ.get("KWS_SANITISE_CC", "gcc"), sanitise=True)
    for recorded in RECORDED:
        result = simulate(
            recorded.with_name(recorded.name.replace(".gap8.txt", ".elf")),
            program=program,
            profile=True,
            trace=tmp_path / "trace",
            check_uninitialised=True,
        )
        assert result.stdout == recorded.read_text()


def test_result_is_plain_data():
    result = simulate(RECORDINGS / "smoke.elf", profile=True)
    json.dumps(result.__dict__)
    assert paths.cache_dir() in executable().parents
    assert subprocess.run([executable()], capture_output=True, text=True).stderr == "error: no program given\n"
