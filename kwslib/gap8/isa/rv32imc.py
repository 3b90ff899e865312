"""Rows of the standard instructions: RV32IM, CSR, privileged ones (32 bits), and the compressed ones (16 bits).

Source: the RISC-V unprivileged ISA manual (RV32IMC, Zicsr, Zifencei) and, for ``mret`` and ``wfi``, the privileged one.
"""

from collections.abc import Iterator

from kwslib.gap8.isa.row import Instruction, i_type, r_type, row


def rows() -> Iterator[Instruction]:
    """Yield the rows."""
    yield from _base()
    yield from _compressed()


def _base() -> Iterator[Instruction]:
    yield row("lui", "-" * 25 + "0110111", "U")
    yield row("auipc", "-" * 25 + "0010111", "U")
    yield row("jal", "-" * 25 + "1101111", "J")
    yield row("jalr", i_type(0x67, 0), "JALR")
    for funct3, name in ((0, "beq"), (1, "bne"), (4, "blt"), (5, "bge"), (6, "bltu"), (7, "bgeu")):
        yield row(name, i_type(0x63, funct3), "BRANCH")
    for funct3, name in ((0, "lb"), (1, "lh"), (2, "lw"), (4, "lbu"), (5, "lhu")):
        yield row(name, i_type(0x03, funct3), "LOAD", "load")
    for funct3, name in enumerate(("sb", "sh", "sw")):
        yield row(name, i_type(0x23, funct3), "STORE")
    for funct3, name in ((0, "addi"), (2, "slti"), (3, "sltiu"), (4, "xori"), (6, "ori"), (7, "andi")):
        yield row(name, i_type(0x13, funct3), "I")
    for funct3, funct7, name in ((1, 0, "slli"), (5, 0, "srli"), (5, 0x20, "srai")):
        yield row(name, r_type(0x13, funct3, funct7), "SHIFT")
    names = ("add", "sll", "slt", "sltu", "xor", "srl", "or", "and")
    for funct3, name in enumerate(names):
        yield row(name, r_type(0x33, funct3, 0), "R")
    yield row("sub", r_type(0x33, 0, 0x20), "R")
    yield row("sra", r_type(0x33, 5, 0x20), "R")
    for funct3, name in enumerate(("mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu")):
        timing = "mul" if funct3 == 0 else "mulh" if funct3 < 4 else ""
        yield row(name, r_type(0x33, funct3, 1), "R", timing)
    yield row("fence", i_type(0x0F, 0), "NONE")
    yield row("fence.i", i_type(0x0F, 1), "NONE1")
    for name, word in (
        ("nop", 0x00000013),  # a form of its own: GVSOC's model has it read nothing, not even x0
        ("ecall", 0x00000073),
        ("ebreak", 0x00100073),
        ("mret", 0x30200073),
        ("wfi", 0x10500073),
    ):
        yield row(name, f"{word:032b}", "NONE1" if name == "ecall" else "NONE")
    for funct3, name in ((1, "csrrw"), (2, "csrrs"), (3, "csrrc")):
        yield row(name, i_type(0x73, funct3), "CSR")
    for funct3, name in ((5, "csrrwi"), (6, "csrrsi"), (7, "csrrci")):
        yield row(name, i_type(0x73, funct3), "CSRI")


def _compressed() -> Iterator[Instruction]:
    yield row("c.addi4spn", "000 -------- --- 00", "CIW", op="addi", imm=0)
    yield row("c.lw", "010 --- --- -- --- 00", "CL", "load", op="lw")
    yield row("c.sw", "110 --- --- -- --- 00", "CS", op="sw")
    yield row("c.addi", "000 - ----- ----- 01", "CI", op="addi")
    yield row("c.jal", "001 ----------- 01", "CJAL", op="jal")
    yield row("c.li", "010 - ----- ----- 01", "CLI", op="addi")
    yield row("c.addi16sp", "011 - 00010 ----- 01", "CSP", op="addi", imm=0)
    yield row("c.lui", "011 - ----- ----- 01", "CLUI", op="lui", imm=0)
    yield row("c.srli", "100 0 00 --- ----- 01", "CSHIFT", op="srli")
    yield row("c.srai", "100 0 01 --- ----- 01", "CSHIFT", op="srai")
    yield row("c.andi", "100 - 10 --- ----- 01", "CANDI", op="andi")
    for bits, name in (("00", "sub"), ("01", "xor"), ("10", "or"), ("11", "and")):
        yield row(f"c.{name}", f"100 0 11 --- {bits} --- 01", "CA", op=name)
    yield row("c.j", "101 ----------- 01", "CJ", op="jal")
    yield row("c.beqz", "110 --- --- ----- 01", "CB", op="beq")
    yield row("c.bnez", "111 --- --- ----- 01", "CB", op="bne")
    yield row("c.slli", "000 0 ----- ----- 10", "CSLLI", op="slli")
    yield row("c.lwsp", "010 - ----- ----- 10", "CLWSP", "load", op="lw", rd=0)
    yield row("c.jr", "100 0 ----- 00000 10", "CJR", op="jalr", rs1=0)
    yield row("c.mv", "100 0 ----- ----- 10", "CMV", op="add", rs2=0)
    yield row("c.ebreak", "100 1 00000 00000 10", "NONE", op="ebreak")
    yield row("c.jalr", "100 1 ----- 00000 10", "CJALR", op="jalr", rs1=0)
    yield row("c.add", "100 1 ----- ----- 10", "CADD", op="add", rs2=0)
    yield row("c.swsp", "110 ------ ----- 10", "CSWSP", op="sw")
