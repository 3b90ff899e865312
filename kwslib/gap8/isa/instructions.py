"""The one table of GAP8's instruction set: RV32IMC, the CSR and privileged instructions, and Xpulp.

Everything that knows an encoding is made from this table: the kernels' assembler (`encode`), the disassembler
(`kwslib.gap8.isa.disassembler`) and the decode table of the C simulator (`kwslib.gap8.isa.c_header`). Sources of the
encodings: the RISC-V unprivileged ISA manual (RV32IMC, Zicsr) and the RI5CY user manual, checked on GVSOC's model of
GAP8.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from kwslib.errors import InputError, nearest
from kwslib.gap8.isa.formats import FORMATS, Field


@dataclass(frozen=True)
class Instruction:
    """One row of the table.

    Attributes
    ----------
    mnemonic : str
        Name in the RI5CY user manual; forms that share a name differ by their operands there, and here by a suffix.
    pattern : str
        16 or 32 characters from the highest bit down: ``0``, ``1``, ``-``.
    format : str
        Key of `FORMATS`.
    op : str
        What it computes: the name of the simulator's handler, shared by a compressed form and its expansion.
    timing : str
        ``load`` and ``mul``: the result is there one cycle late; ``mulh``: five cycles.
    forbidden : tuple of (str, int)
        Operand values that make another instruction of this pattern.
    """

    mnemonic: str
    pattern: str
    format: str
    op: str
    timing: str = ""
    forbidden: tuple[tuple[str, int], ...] = ()
    fields: Mapping[str, Field] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the pattern's length and look up the format's fields."""
        if len(self.pattern) not in (16, 32):
            raise AssertionError(f"{self.mnemonic}: a pattern has 16 or 32 bits, not {len(self.pattern)}")
        object.__setattr__(self, "fields", FORMATS[self.format].fields)

    @property
    def shown(self) -> str:
        """Name in assembler text, where the operands tell the forms of a load or store apart."""
        return re.sub(r"\.(post|rpost|r)$", "", self.mnemonic)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.pattern) // 8

    @cached_property
    def match(self) -> int:
        """The fixed bits."""
        return int(self.pattern.replace("-", "0"), 2)

    @cached_property
    def mask(self) -> int:
        """Ones where `match` counts."""
        return int(self.pattern.replace("0", "1").replace("-", "0"), 2)

    @property
    def operands(self) -> tuple[str, ...]:
        """Names of the operands in the order in which they are written."""
        return FORMATS[self.format].operands


def _row(mnemonic: str, bits: str, fmt: str, timing: str = "", op: str = "", **forbidden: int) -> Instruction:
    pattern = bits.replace(" ", "")
    return Instruction(mnemonic, pattern, fmt, op or mnemonic, timing, tuple(forbidden.items()))


def _f7(value: int) -> str:
    return f"{value:07b}"


def _r_type(opcode: int, funct3: int, funct7: int | str, rs2: str = "-----") -> str:
    high = funct7 if isinstance(funct7, str) else _f7(funct7)
    return f"{high} {rs2} ----- {funct3:03b} ----- {opcode:07b}"


def _i_type(opcode: int, funct3: int) -> str:
    return f"{'-' * 17}{funct3:03b}{'-' * 5}{opcode:07b}"


def _base() -> Iterable[Instruction]:
    yield _row("lui", "-" * 25 + "0110111", "U")
    yield _row("auipc", "-" * 25 + "0010111", "U")
    yield _row("jal", "-" * 25 + "1101111", "J")
    yield _row("jalr", _i_type(0x67, 0), "JALR")
    for funct3, name in ((0, "beq"), (1, "bne"), (4, "blt"), (5, "bge"), (6, "bltu"), (7, "bgeu")):
        yield _row(name, _i_type(0x63, funct3), "BRANCH")
    for funct3, name in ((0, "lb"), (1, "lh"), (2, "lw"), (4, "lbu"), (5, "lhu")):
        yield _row(name, _i_type(0x03, funct3), "LOAD", "load")
    for funct3, name in enumerate(("sb", "sh", "sw")):
        yield _row(name, _i_type(0x23, funct3), "STORE")
    for funct3, name in ((0, "addi"), (2, "slti"), (3, "sltiu"), (4, "xori"), (6, "ori"), (7, "andi")):
        yield _row(name, _i_type(0x13, funct3), "I")
    for funct3, funct7, name in ((1, 0, "slli"), (5, 0, "srli"), (5, 0x20, "srai")):
        yield _row(name, _r_type(0x13, funct3, funct7), "SHIFT")
    names = ("add", "sll", "slt", "sltu", "xor", "srl", "or", "and")
    for funct3, name in enumerate(names):
        yield _row(name, _r_type(0x33, funct3, 0), "R")
    yield _row("sub", _r_type(0x33, 0, 0x20), "R")
    yield _row("sra", _r_type(0x33, 5, 0x20), "R")
    for funct3, name in enumerate(("mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu")):
        timing = "mul" if funct3 == 0 else "mulh" if funct3 < 4 else ""
        yield _row(name, _r_type(0x33, funct3, 1), "R", timing)
    yield _row("fence", _i_type(0x0F, 0), "NONE")
    yield _row("fence.i", _i_type(0x0F, 1), "NONE")
    for name, word in (
        ("ecall", 0x00000073),
        ("ebreak", 0x00100073),
        ("mret", 0x30200073),
        ("wfi", 0x10500073),
    ):
        yield _row(name, f"{word:032b}", "NONE")
    for funct3, name in ((1, "csrrw"), (2, "csrrs"), (3, "csrrc")):
        yield _row(name, _i_type(0x73, funct3), "CSR")
    for funct3, name in ((5, "csrrwi"), (6, "csrrsi"), (7, "csrrci")):
        yield _row(name, _i_type(0x73, funct3), "CSRI")


def _compressed() -> Iterable[Instruction]:
    yield _row("c.addi4spn", "000 -------- --- 00", "CIW", op="addi", imm=0)
    yield _row("c.lw", "010 --- --- -- --- 00", "CL", "load", op="lw")
    yield _row("c.sw", "110 --- --- -- --- 00", "CS", op="sw")
    yield _row("c.addi", "000 - ----- ----- 01", "CI", op="addi")
    yield _row("c.jal", "001 ----------- 01", "CJAL", op="jal")
    yield _row("c.li", "010 - ----- ----- 01", "CLI", op="addi")
    yield _row("c.addi16sp", "011 - 00010 ----- 01", "CSP", op="addi", imm=0)
    yield _row("c.lui", "011 - ----- ----- 01", "CLUI", op="lui", imm=0)
    yield _row("c.srli", "100 0 00 --- ----- 01", "CSHIFT", op="srli")
    yield _row("c.srai", "100 0 01 --- ----- 01", "CSHIFT", op="srai")
    yield _row("c.andi", "100 - 10 --- ----- 01", "CANDI", op="andi")
    for bits, name in (("00", "sub"), ("01", "xor"), ("10", "or"), ("11", "and")):
        yield _row(f"c.{name}", f"100 0 11 --- {bits} --- 01", "CA", op=name)
    yield _row("c.j", "101 ----------- 01", "CJ", op="jal")
    yield _row("c.beqz", "110 --- --- ----- 01", "CB", op="beq")
    yield _row("c.bnez", "111 --- --- ----- 01", "CB", op="bne")
    yield _row("c.slli", "000 0 ----- ----- 10", "CSLLI", op="slli")
    yield _row("c.lwsp", "010 - ----- ----- 10", "CLWSP", "load", op="lw", rd=0)
    yield _row("c.jr", "100 0 ----- 00000 10", "CJR", op="jalr", rs1=0)
    yield _row("c.mv", "100 0 ----- ----- 10", "CMV", op="add", rs2=0)
    yield _row("c.ebreak", "100 1 00000 00000 10", "NONE", op="ebreak")
    yield _row("c.jalr", "100 1 ----- 00000 10", "CJALR", op="jalr", rs1=0)
    yield _row("c.add", "100 1 ----- ----- 10", "CADD", op="add", rs2=0)
    yield _row("c.swsp", "110 ------ ----- 10", "CSWSP", op="sw")


def _memory() -> Iterable[Instruction]:
    loads = ((0, 0x00, "lb"), (1, 0x08, "lh"), (2, 0x10, "lw"), (4, 0x20, "lbu"), (5, 0x28, "lhu"))
    for funct3, funct7, name in loads:
        yield _row(f"p.{name}.post", _i_type(0x0B, funct3), "LOADP", "load")
        yield _row(f"p.{name}.rpost", _r_type(0x0B, 7, funct7), "LOADRP", "load")
        yield _row(f"p.{name}.r", _r_type(0x03, 7, funct7), "LOADR", "load")
    for funct3, name in enumerate(("sb", "sh", "sw")):
        yield _row(f"p.{name}.post", _i_type(0x2B, funct3), "STOREP")
        yield _row(f"p.{name}.rpost", _r_type(0x2B, funct3 + 4, 0), "STORERP")
        yield _row(f"p.{name}.r", _r_type(0x23, funct3 + 4, 0), "STORER")
    yield _row("p.elw", _i_type(0x03, 6), "LOAD", "load")


def _scalar() -> Iterable[Instruction]:
    yield _row("p.mac", _r_type(0x33, 0, 0x21), "RA")
    yield _row("p.msu", _r_type(0x33, 1, 0x21), "RA")
    yield _row("p.abs", _r_type(0x33, 0, 0x02, "00000"), "R1")
    for funct3, name in enumerate(("avgu", "slet", "sletu", "min", "minu", "max", "maxu"), 1):
        yield _row(f"p.{name}", _r_type(0x33, funct3, 0x02), "R")
    yield _row("p.ror", _r_type(0x33, 5, 0x04), "R")
    for funct3, name in enumerate(("ff1", "fl1", "clb", "cnt", "exths", "exthz", "extbs", "extbz")):
        yield _row(f"p.{name}", _r_type(0x33, funct3, 0x08, "00000"), "R1")
    for funct3, name, fmt in ((1, "clip", "U5"), (2, "clipu", "U5"), (5, "clipr", "R"), (6, "clipur", "R")):
        yield _row(f"p.{name}", _r_type(0x33, funct3, 0x0A), fmt)
    for funct3, name in enumerate(("extract", "extractu", "insert", "bclr", "bset")):
        inserts = name == "insert"
        yield _row(f"p.{name}", _r_type(0x33, funct3, "11-----"), "BITSA" if inserts else "BITS")
        yield _row(f"p.{name}r", _r_type(0x33, funct3, 0x40), "RA" if inserts else "R")
    for funct3, name in ((2, "add"), (3, "sub")):
        for funct7, sign in (("00", ""), ("10", "u")):
            register = "01" if sign == "" else "11"
            for extra, rounding in ((0, ""), (4, "R")):
                stem = f"p.{name}{sign}{rounding}N"
                yield _row(stem, _r_type(0x5B, funct3 + extra, funct7 + "-----"), "NORM")
                yield _row(stem + "r", _r_type(0x5B, funct3 + extra, register + "00000"), "RA")
    for funct7, suffix in (("10", "s"), ("11", "hhs"), ("00", "u"), ("01", "hhu")):
        for extra, rounding in ((0, ""), (4, "R")):
            yield _row(f"p.mul{suffix}{rounding}N", _r_type(0x5B, extra, funct7 + "-----"), "NORM")
            yield _row(f"p.mac{suffix}{rounding}N", _r_type(0x5B, 1 + extra, funct7 + "-----"), "NORMA")
    yield _row("p.beqimm", _i_type(0x63, 2), "BRANCHI")
    yield _row("p.bneimm", _i_type(0x63, 3), "BRANCHI")
    for funct3, name, fmt in (
        (0, "starti", "LOOPI"),
        (1, "endi", "LOOPI"),
        (2, "count", "LOOPR"),
        (3, "counti", "LOOPN"),
        (4, "setup", "LOOPSETUP"),
        (5, "setupi", "LOOPSETUPI"),
    ):
        yield _row(f"lp.{name}", f"{'-' * 17}{funct3:03b}0000-1111011", fmt)


# Vector operations of two operands: high six bits of funct7, signedness of the six-bit immediate.
VECTOR_OPS: dict[str, tuple[int, bool]] = {
    "add": (0x00, True),
    "sub": (0x04, True),
    "avg": (0x08, True),
    "avgu": (0x0C, False),
    "min": (0x10, True),
    "minu": (0x14, False),
    "max": (0x18, True),
    "maxu": (0x1C, False),
    "srl": (0x20, False),
    "sra": (0x24, True),
    "sll": (0x28, False),
    "or": (0x2C, True),
    "xor": (0x30, True),
    "and": (0x34, True),
    "dotup": (0x40, False),
    "dotusp": (0x44, True),
    "dotsp": (0x4C, True),
    "sdotup": (0x50, False),
    "sdotusp": (0x54, True),
    "sdotsp": (0x5C, True),
    "cmpeq": (0x02, True),
    "cmpne": (0x06, True),
    "cmpgt": (0x0A, True),
    "cmpge": (0x0E, True),
    "cmplt": (0x12, True),
    "cmple": (0x16, True),
    "cmpgtu": (0x1A, False),
    "cmpgeu": (0x1E, False),
    "cmpltu": (0x22, False),
    "cmpleu": (0x26, False),
}


def _vector() -> Iterable[Instruction]:
    for name, (funct7, signed) in VECTOR_OPS.items():
        accumulates = name.startswith("sdot")
        high = _f7(funct7)[:6]
        for half, size in ((0, "h"), (1, "b")):
            fmt = "RA" if accumulates else "R"
            yield _row(f"pv.{name}.{size}", _r_type(0x57, half, high + "-"), fmt)
            yield _row(f"pv.{name}.sc.{size}", _r_type(0x57, 4 + half, high + "-"), fmt)
            fmt = ("SCIS" if signed else "SCIU") + ("A" if accumulates else "")
            yield _row(f"pv.{name}.sci.{size}", _r_type(0x57, 6 + half, high + "-"), fmt)
    for half, size in ((0, "h"), (1, "b")):
        yield _row(f"pv.abs.{size}", _r_type(0x57, half, 0x38, "00000"), "R1")
        yield _row(f"pv.extract.{size}", _r_type(0x57, 6 + half, "011110-"), "SCIU")
        yield _row(f"pv.extractu.{size}", _r_type(0x57, 6 + half, "100100-"), "SCIU")
        yield _row(f"pv.insert.{size}", _r_type(0x57, 6 + half, "101100-"), "SCIUA")
        yield _row(f"pv.shuffle.{size}", _r_type(0x57, half, "110000-"), "R")
        yield _row(f"pv.shuffle2.{size}", _r_type(0x57, half, "110010-"), "RA")
    yield _row("pv.shuffle.sci.h", _r_type(0x57, 6, "110000-"), "SCIU")
    for index, high in enumerate(("110000", "111010", "111100", "111110")):
        yield _row(f"pv.shufflei{index}.sci.b", _r_type(0x57, 7, high + "-"), "SCIU")
    # It does not need what rd held, but GVSOC's model waits for it as for the other packs: a load into rd stalls it.
    yield _row("pv.pack.h", _r_type(0x57, 0, "1101000"), "RA")
    yield _row("pv.packhi.b", _r_type(0x57, 1, "110110-"), "RA")
    yield _row("pv.packlo.b", _r_type(0x57, 1, "111000-"), "RA")


@cache
def table() -> dict[str, Instruction]:
    """Return every instruction by its mnemonic."""
    rows: dict[str, Instruction] = {}
    for part in (_base, _compressed, _memory, _scalar, _vector):
        for row in part():
            if row.mnemonic in rows:
                raise AssertionError(f"{row.mnemonic} is twice in the table")
            rows[row.mnemonic] = row
    return rows


@cache
def by_specificity() -> tuple[Instruction, ...]:
    """Return every instruction, those with more fixed bits first: the first match is the right one."""
    return tuple(sorted(table().values(), key=lambda row: -row.mask.bit_count()))


def register_number(name: str | int) -> int:
    """Return the number of a register given as a number, ``x5`` or an ABI name.

    Raises
    ------
    InputError
        For anything else.
    """
    number = REGISTERS.get(name) if isinstance(name, str) else name
    if number is None or not 0 <= number < 32:
        raise InputError(
            f"unknown register '{name}': x0 to x31 or an ABI name such as t0{nearest(str(name), REGISTERS)}"
        )
    return number


ABI_NAMES = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"),
    *(f"a{n}" for n in range(8)),
    *(f"s{n}" for n in range(2, 12)),
    *(f"t{n}" for n in range(3, 7)),
)
REGISTERS = {f"x{n}": n for n in range(32)} | {name: n for n, name in enumerate(ABI_NAMES)} | {"fp": 8}


def encode(mnemonic: str, *operands: int | str) -> int:
    """Return the instruction word (16 bits for the ``c.`` forms) of one instruction.

    Parameters
    ----------
    mnemonic : str
        A key of `table`.
    *operands : int or str
        In the order of the assembler's syntax; registers as numbers or names, offsets in bytes.

    Raises
    ------
    InputError
        For an unknown mnemonic, a wrong number of operands, a register or a number that does not fit.

    Examples
    --------
    >>> hex(encode("pv.sdotsp.b", "t0", "t1", "t2"))
    '0xb87312d7'
    """
    row = table().get(mnemonic)
    if row is None:
        raise InputError(f"unknown instruction '{mnemonic}'{nearest(mnemonic, table())}")
    if len(operands) != len(row.operands):
        syntax = FORMATS[row.format].syntax
        raise InputError(f"{mnemonic} takes {len(row.operands)} operands ({syntax}), {len(operands)} given")
    word = row.match
    for name, operand in zip(row.operands, operands, strict=True):
        place = row.fields[name]
        value = register_number(operand) if place.kind.startswith("reg") else operand
        if not isinstance(value, int) or not place.low <= value <= place.high or (value - place.base) % place.step:
            step = f" in steps of {place.step}" if place.step > 1 else ""
            raise InputError(f"{mnemonic}: operand {name}={operand} is not in {place.low}..{place.high}{step}")
        if (name, value) in row.forbidden:
            raise InputError(f"{mnemonic}: operand {name} must not be {operand}")
        word |= place.put(value)
    return word
