"""A program that runs every instruction of Xgap8 on random operands and beside loads and products, and prints results.

``python -m tests.gap8.xgap8_program FOLDER`` writes ``xgap8.elf``. Its text is a line for each form, in the order of
`FORMS`: first the results, `CASES` of them, hexadecimal behind an x; then the cycles of the `ROUNDS` of instructions
around it, decimal.
"""

import random
import sys
from pathlib import Path

from kwslib.gap8.isa import xgap8
from kwslib.gap8.isa.disassembler import decode
from kwslib.gap8.isa.instructions import encode
from kwslib.gap8.isa.row import Instruction
from tests.gap8.programs import L2, STDOUT, Assembler, write_elf
from tests.gap8.xgap8_model import Decisions, compute

FORMS = list(xgap8.rows())
CASES = 32
RESULTS = L2 + 0x60000
A, B, RESULT = 6, 7, 28  # t1, t2, t3
REGISTERS = ((RESULT, A, B), (A, A, B), (B, A, B), (RESULT, A, A), (0, A, B))
"""Destination and sources of the cases, in turn; where x0 is the destination, the case's result is that of x0."""
EDGES = (0, 1, 0x8000, 0x80008000, 0x7FFF7FFF, 0x80007FFF, 0x7FFF8000, 0xFFFFFFFF, 0x00010001, 0x80808080, 0x7F7F7F7F)
DECIDE, SELECT = "pv.vitop.max", "pv.vitop.sel"
ROUNDS = 9
"""Nothing, a load and a product into rs1, rs2 and rd in front of it, and two that use its result."""


def operands() -> list[tuple[int, int, int]]:
    """Two words and a six-bit immediate for each case of each form."""
    draw = random.Random(8)

    def word() -> int:
        return draw.choice(EDGES) if draw.random() < 0.3 else draw.getrandbits(32)

    return [(word(), word(), draw.randint(-32, 31)) for _ in range(CASES * len(FORMS))]


def instruction(form: Instruction, rd: int, rs1: int, rs2: int, imm: int) -> int:
    """Return the word of one form."""
    values = {"rd": rd, "rs1": rs1, "rs2": rs2, "imm": imm}
    return encode(form.mnemonic, *(values[name] for name in form.operands))


def expected() -> list[list[int]]:
    """Return the results of each form as the model computes them."""
    decisions: Decisions = [False, False]
    drawn = iter(operands())
    rows = []
    for form in FORMS:
        row = []
        for case in range(CASES):
            a, b, imm = next(drawn)
            rd, rs1, rs2 = REGISTERS[case % len(REGISTERS)]
            values = {0: 0, A: a, B: b}
            if form.mnemonic == SELECT:
                compute(DECIDE, b, a, 0, decisions)
            result = compute(form.mnemonic, values[rs1], values[rs2], imm, decisions)
            assert result is not None
            row.append(result if rd else 0)
        rows.append(row)
    return rows


def program() -> Assembler:
    """Return the program."""
    assembler = Assembler()
    assembler.emit("jal", "zero", "@start")
    data = assembler.pc
    drawn = operands()
    for a, b, _ in drawn:
        assembler.word(a)
        assembler.word(b)
    assembler.label("start")
    assembler.store_word(0x1B201400, 1)
    assembler.li("s0", data)
    assembler.li("s1", RESULTS)
    for index, form in enumerate(FORMS):
        for case in range(CASES):
            rd, rs1, rs2 = REGISTERS[case % len(REGISTERS)]
            assembler.emit("p.lw.post", A, 4, "s0")
            assembler.emit("p.lw.post", B, 4, "s0")
            if form.mnemonic == SELECT:
                assembler.emit(DECIDE, "zero", B, A)
            assembler.word(instruction(form, rd, rs1, rs2, drawn[index * CASES + case][2]))
            assembler.emit("p.sw.post", rd, 4, "s1")
        _time(assembler, form)
    _print(assembler)
    assembler.leave()
    return assembler


def _time(assembler: Assembler, form: Instruction) -> None:
    """Store the cycles of the form in nine surroundings, each run twice so that its code is in the cache."""
    word = instruction(form, RESULT, A, B, 5)
    inputs = (A, B, RESULT)
    lines = [(("addi", "t4", "zero", 1), None)]
    lines += [(("lw", register, 0, "s1"), None) for register in inputs]
    lines += [(("mul", register, "s2", "s3"), None) for register in inputs]
    lines += [(("addi", "t4", "zero", 1), follower) for follower in (("add", "t4", RESULT, A), ("sw", RESULT, 4, "s1"))]
    assert len(lines) == ROUNDS
    for before, behind in lines:
        assembler.emit("addi", "s4", "zero", 2)
        again = assembler.pc
        assembler.emit("csrrs", "s5", 0x780, "zero")
        assembler.emit(*before)
        assembler.word(word)
        if behind is not None:
            assembler.emit(*behind)
        assembler.emit("csrrs", "s6", 0x780, "zero")
        assembler.emit("sub", "s6", "s6", "s5")
        assembler.emit("slti", "s7", "s6", 10)
        assembler.emit("bne", "s7", "zero", 8)
        assembler.emit("addi", "s6", "s6", 6)  # below 20: a hexadecimal number with decimal digits
        assembler.emit("addi", "s4", "s4", -1)
        assembler.emit("bne", "s4", "zero", again - assembler.pc)
        assembler.emit("p.sw.post", "s6", 4, "s1")


def _print(assembler: Assembler) -> None:
    assembler.li("s1", RESULTS)
    assembler.li("s2", STDOUT)
    assembler.emit("addi", "s3", "zero", len(FORMS))
    assembler.label("line")
    assembler.emit("addi", "s4", "zero", CASES + ROUNDS)
    assembler.label("number")
    assembler.emit("p.lw.post", "a0", 4, "s1")
    assembler.emit("slti", "a3", "s4", ROUNDS + 1)
    assembler.emit("bne", "a3", "zero", 12)
    assembler.emit("addi", "a2", "zero", ord("x"))
    assembler.emit("sb", "a2", 0, "s2")
    assembler.emit("addi", "a1", "zero", 28)
    assembler.label("digit")
    assembler.emit("srl", "a2", "a0", "a1")
    assembler.emit("andi", "a2", "a2", 15)
    assembler.emit("slti", "a3", "a2", 10)
    assembler.emit("addi", "a2", "a2", 87)
    assembler.emit("beq", "a3", "zero", 8)
    assembler.emit("addi", "a2", "a2", 48 - 87)
    assembler.emit("sb", "a2", 0, "s2")
    assembler.emit("addi", "a1", "a1", -4)
    assembler.emit("bge", "a1", "zero", "@digit")
    assembler.emit("addi", "s4", "s4", -1)
    assembler.emit("addi", "a2", "zero", 32)
    assembler.emit("bne", "s4", "zero", 8)
    assembler.emit("addi", "a2", "zero", 10)
    assembler.emit("sb", "a2", 0, "s2")
    assembler.emit("bne", "s4", "zero", "@number")
    assembler.emit("addi", "s3", "s3", -1)
    assembler.emit("bne", "s3", "zero", "@line")


def write(folder: Path) -> Path:
    """Write the program and return its path."""
    return write_elf(folder, program(), "xgap8.elf")


def parse(text: str) -> list[list[int]]:
    """Return the numbers of each line."""
    return [[int(word[1:], 16) if word[0] == "x" else int(word) for word in line.split()] for line in text.splitlines()]


if __name__ == "__main__":
    assert all(decode(instruction(form, RESULT, A, B, 5)) for form in FORMS)
    print(write(Path(sys.argv[1])))
