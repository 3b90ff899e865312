"""GAP8's own extension: encodings, what it computes, and when, against plain Python and GVSOC."""

import pytest

from kwslib.gap8.isa import xgap8
from kwslib.gap8.isa.disassembler import disassemble
from kwslib.gap8.isa.instructions import encode
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.platforms.simulator import simulate
from tests.gap8 import xgap8_program
from tests.gap8.programs import Assembler, write_elf
from tests.places import RECORDINGS

OPCODE = 0x57
ENCODINGS = {  # funct7 and funct3 of the model's instruction table
    "pv.cplxmul.s": (0x2A, 0),
    "pv.cplxmul.s.div2": (0x2A, 2),
    "pv.cplxmul.s.div4": (0x2B, 2),
    "pv.cplxmul.s.sc": (0x2A, 4),
    "pv.subrotmj.h": (0x36, 0),
    "pv.subrotmj.h.div2": (0x36, 2),
    "pv.subrotmj.h.div4": (0x37, 2),
    "pv.add.h.div2": (0x00, 2),
    "pv.add.h.div4": (0x01, 2),
    "pv.sub.h.div2": (0x04, 2),
    "pv.sub.h.div4": (0x05, 2),
    "pv.add.b.div2": (0x00, 3),
    "pv.add.b.div4": (0x01, 3),
    "pv.sub.b.div2": (0x04, 3),
    "pv.sub.b.div4": (0x05, 3),
    "pv.vitop.max": (0x32, 1),
    "pv.vitop.sel": (0x32, 0),
    "pv.pack.h.h": (0x68, 6),
    "pv.pack.h.l": (0x68, 4),
}


@pytest.mark.parametrize("mnemonic", ENCODINGS)
def test_encodings_of_three_registers(mnemonic):
    funct7, funct3 = ENCODINGS[mnemonic]
    word = encode(mnemonic, 5, 6, 7)
    assert word == funct7 << 25 | 7 << 20 | 6 << 15 | funct3 << 12 | 5 << 7 | OPCODE
    assert disassemble(word) == f"{mnemonic} t0, t1, t2"


def test_encodings_of_fewer_registers():
    assert encode("pv.cplxconj.h", 5, 6) == 0x2E << 25 | 6 << 15 | 5 << 7 | OPCODE
    # the immediate's lowest bit is bit 25
    assert encode("pv.cplxmul.s.sci", 5, 6, -31) == (0x2A | 1) << 25 | 0x10 << 20 | 6 << 15 | 6 << 12 | 5 << 7 | OPCODE
    assert len(list(xgap8.rows())) == len(ENCODINGS) + 2


def test_results_are_those_of_the_model(tmp_path):
    done = simulate(xgap8_program.write(tmp_path), max_cycles=1_000_000)
    found = [row[: xgap8_program.CASES] for row in xgap8_program.parse(done.stdout)]
    names = [form.mnemonic for form in xgap8_program.FORMS]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, xgap8_program.expected(), strict=True))


def test_operands_wait_for_loads_and_products_and_results_for_nothing(tmp_path):
    """The rounds: nothing in front; a load into rs1, rs2, rd; a product into them; an addition or a store behind."""
    done = simulate(xgap8_program.write(tmp_path), max_cycles=1_000_000)
    for form, row in zip(xgap8_program.FORMS, xgap8_program.parse(done.stdout), strict=True):
        two = "rs2" in form.operands
        assert row[xgap8_program.CASES :] == [3, 12, 11 + two, 11, 4, 3 + two, 3, 4, 12], form.mnemonic


def test_the_recorded_program_is_this_one(tmp_path):
    assert xgap8_program.write(tmp_path).read_bytes() == (RECORDINGS / "xgap8.elf").read_bytes()


@pytest.mark.gvsoc
def test_gvsoc_prints_the_same(tmp_path):
    program = xgap8_program.write(tmp_path)
    assert open_platform("gvsoc").run(program, timeout_s=60).stdout == simulate(program).stdout


def test_each_core_keeps_its_own_decisions(tmp_path):
    """Core 1 decides the other way between the two instructions of core 0."""
    assembler = Assembler()
    assembler.split_cores("cluster")
    assembler.start_cluster()
    assembler.emit("wfi")
    assembler.label("cluster")
    assembler.emit("csrrs", "t0", 0xF14, "zero")
    assembler.li("a0", 0x00050003)
    assembler.li("a1", 0x00040009)
    assembler.emit("addi", "t1", "zero", 1)
    assembler.emit("beq", "t0", "t1", "@other")
    assembler.emit("bne", "t0", "zero", "@sleep")
    assembler.emit("pv.vitop.max", "a2", "a0", "a1")
    for _ in range(200):
        assembler.emit("addi", "t2", "t2", 1)
    assembler.emit("pv.vitop.sel", "a3", "a0", "a1")
    assembler.li("t3", 0x000A0013)
    assembler.emit("sub", "a3", "a3", "t3")
    assembler.emit("sltu", "a3", "zero", "a3")
    assembler.li("t5", 0x1A1040A0)
    assembler.li("t6", 0x80000000)
    assembler.emit("or", "t6", "t6", "a3")
    assembler.emit("sw", "t6", 0, "t5")
    assembler.label("other")
    assembler.emit("pv.vitop.max", "a2", "a1", "a0")
    assembler.emit("jal", "zero", "@other")
    assembler.label("sleep")
    assembler.emit("wfi")
    assert simulate(write_elf(tmp_path, assembler), max_cycles=100_000).exit_status == 0
