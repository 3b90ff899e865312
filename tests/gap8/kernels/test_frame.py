"""Registers and stack of a kernel: what is handed out, what is saved."""

import re

import pytest

from kwslib.gap8.isa.instructions import ABI_NAMES, register_number
from kwslib.gap8.kernels.assembler import Assembler
from tests.gap8.kernels.harness import shown


def test_every_register_but_sp_is_handed_out_once():
    code = Assembler("k")
    registers = [code.arguments, *code.registers(29)]
    assert sorted(registers) == [n for n in range(1, 32) if ABI_NAMES[n] != "sp"]
    with pytest.raises(AssertionError, match="more registers"):
        code.register()
    code.release(registers[5])
    assert code.register() == registers[5]
    code.release(registers[5])
    with pytest.raises(AssertionError, match="twice"):
        code.release(registers[5])


def test_a_leaf_that_needs_few_registers_has_no_frame():
    code = Assembler("k")
    code.load(code.register(), 0, code.arguments)
    assert shown(code) == ["lw a1, 0(a0)", "jalr zero, 0(ra)"]


def test_saved_registers_come_back_and_the_stack_stays_aligned():
    code = Assembler("k")
    slot = code.slot()
    code.registers(29)
    code.emit("sw", code.arguments, slot, register_number("sp"))
    lines = shown(code)
    frame = int(re.fullmatch(r"addi sp, sp, -(\d+)", lines[0])[1])
    assert frame % 16 == 0
    saved = {line.split()[1]: line.split()[2] for line in lines[1:16]}
    restored = {line.split()[1]: line.split()[2] for line in lines[17:32]}
    assert saved == restored
    assert {name.rstrip(",") for name in saved} == {*(f"s{n}" for n in range(12)), "ra", "gp", "tp"}
    places = [int(text.split("(")[0]) for text in saved.values()]
    assert len(set(places)) == 15 and slot not in places and max(places) < frame
    assert lines[32:] == [f"addi sp, sp, {frame}", "jalr zero, 0(ra)"]


def test_registers_that_c_does_not_expect_back_come_first():
    code = Assembler("k")
    names = [ABI_NAMES[register] for register in code.registers(15)]
    assert names == [*(f"a{n}" for n in range(1, 8)), *(f"t{n}" for n in range(7)), "s0"]


def test_words_on_the_stack_do_not_overlap():
    code = Assembler("k")
    assert [code.slot() for _ in range(5)] == [0, 4, 8, 12, 16]
    assert shown(code)[0] == "addi sp, sp, -32"
