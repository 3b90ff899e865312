"""The assembler: constants, labels, hardware loops, and what it refuses."""

import re
from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.isa.instructions import register_number
from kwslib.gap8.kernels.assembler import Assembler, Label, fits_immediate
from tests.gap8.kernels.harness import Trial, run, shown


@pytest.mark.parametrize("value", [0, 1, -1, 2047, 2048, -2048, -2049, 0x7FFFFFFF, -(2**31), 0x00070605, 0x12345800])
def test_constants(value):
    code = Assembler("k")
    register = code.register()
    code.constant(register, value)
    result = 0
    for line in shown(code)[:-1]:
        name, _, _, *rest = re.split(r"[ ,]+", line)
        result = int(rest[-1], 0) + result if name == "addi" else int(line.split()[-1], 16) << 12
    assert result & 0xFFFFFFFF == value & 0xFFFFFFFF


def test_far_advances_need_a_scratch_register():
    code = Assembler("k")
    pointer, scratch = code.registers(2)
    code.advance(pointer, 0)
    code.advance(pointer, 2047)
    code.advance(pointer, -5000, scratch)
    assert shown(code)[0] == "addi a1, a1, 2047"
    assert shown(code)[-2] == "add a1, a1, a2"
    with pytest.raises(AssertionError, match="scratch"):
        code.advance(pointer, 2048)
    assert fits_immediate(-2048, 2047) and not fits_immediate(2048) and not fits_immediate(-2049)


def test_loops_of_one_instruction_or_that_end_together_are_refused():
    code = Assembler("k")
    count = code.register()
    with code.hardware_loop(0, count):
        code.emit("addi", count, count, 0)
    with pytest.raises(AssertionError, match="1 instructions"):
        code.text()
    code = Assembler("k")
    a, b = code.registers(2)
    with code.hardware_loop(1, a), code.hardware_loop(0, b):
        code.emit("addi", a, a, 0)
        code.emit("addi", b, b, 0)
    with pytest.raises(AssertionError, match="too near"):
        code.text()


def test_a_loop_does_not_end_with_a_branch():
    code = Assembler("k")
    count = code.register()
    with code.hardware_loop(0, count):
        start = code.label("start")
        code.advance(count, -1)
        code.emit("bne", count, 0, start)
    with pytest.raises(AssertionError, match="ends with bne"):
        code.text()


def test_bad_instructions_names_and_labels():
    code = Assembler("k")
    with pytest.raises(InputError, match="unknown instruction"):
        code.emit("pv.sdotsp.c", 1, 2, 3)
    for name in ("", "2k", "a b", "k-1", "é"):
        with pytest.raises(InputError, match="name of a kernel"):
            Assembler(name)
    code.emit("addi", 1, 1, 5000)
    with pytest.raises(InputError, match="imm=5000"):
        code.text()
    code = Assembler("k")
    code.emit("bne", 1, 0, Label("nowhere"))
    with pytest.raises(AssertionError, match="nowhere"):
        code.text()


def test_a_label_stands_in_one_place():
    code = Assembler("k")
    label = code.label("here")
    with pytest.raises(AssertionError, match="here is placed twice"):
        code.place(label)
    count = code.register()
    bounds = code.loop_bounds(0)
    with code.counted_body(0, bounds, 2):
        code.emit("addi", count, count, 1)
        code.emit("addi", count, count, 1)
    with pytest.raises(AssertionError, match="loop0 is placed twice"), code.counted_body(0, bounds, 2):
        code.emit("addi", count, count, 1)


def sums(symbol: str) -> str:
    """Nested loops: three rounds of the inner one that count by one, then a hundred; all of it twice by a branch."""
    code = Assembler(symbol)
    output, outer, total, again = code.registers(4)
    slot = code.slot()
    code.load(output, 0, code.arguments)
    code.load(outer, 4, code.arguments)
    code.constant(total, 0)
    code.constant(again, 2)
    code.emit("sw", total, slot, register_number("sp"))
    bounds = code.loop_bounds(0)
    start = code.label("again")
    with code.hardware_loop(1, outer):
        with code.counted_body(0, bounds, 3):
            code.emit("addi", total, total, 1)
            code.emit("addi", total, total, 0)
        code.advance(total, 100)
        code.emit("addi", total, total, 0)
    code.advance(again, -1)
    code.emit("bne", again, 0, start)
    code.emit("sw", total, 0, output)
    code.load(again, slot, register_number("sp"))
    code.emit("sw", again, 4, output)
    return code.text()


def test_loops_and_branches_run_as_often_as_they_should(tmp_path: Path):
    trial = Trial("sums", sums("sums"))
    out = trial.reserve(8)
    trial.arguments[3] = [out, 5]
    (outcome,) = run([trial], tmp_path)
    assert outcome.output.view("<u4").tolist() == [2 * 5 * (3 + 100), 0]
