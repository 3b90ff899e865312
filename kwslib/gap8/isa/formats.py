"""Operands of GAP8's instructions: where each lies in the word, and how it is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

Piece = tuple[int, int, int]  # lowest bit in the instruction, width, lowest bit in the value


@dataclass(frozen=True)
class Field:
    """Where one operand lies in an instruction.

    Attributes
    ----------
    pieces : tuple of (int, int, int)
        Lowest bit in the instruction, width, lowest bit in the value; empty for a constant.
    kind : str
        ``reg``; ``regc`` (three bits, x8 to x15); ``imm`` (unsigned); ``simm`` (sign extended).
    base : int
        Constant that is added to the value: 8 for ``regc``, the register's number for an implied register.
    """

    pieces: tuple[Piece, ...]
    kind: str
    base: int = 0

    @property
    def bits(self) -> int:
        """Number of bits that the value spans, the implied zeros at its low end included."""
        return max((to + width for _, width, to in self.pieces), default=0)

    @property
    def step(self) -> int:
        """Granularity of the value: 2 for a branch offset, for instance."""
        return 1 << min((to for _, _, to in self.pieces), default=0)

    @property
    def low(self) -> int:
        """Smallest value."""
        return -(1 << (self.bits - 1)) if self.kind == "simm" else self.base

    @property
    def high(self) -> int:
        """Largest value."""
        top = (1 << (self.bits - (self.kind == "simm"))) - 1
        return (top & ~(self.step - 1)) + self.base

    def get(self, word: int) -> int:
        """Return the operand's value in the instruction `word`."""
        value = 0
        for low, width, to in self.pieces:
            value |= ((word >> low) & ((1 << width) - 1)) << to
        if self.kind == "simm" and self.pieces and value >> (self.bits - 1):
            value -= 1 << self.bits
        return value + self.base

    def put(self, value: int) -> int:
        """Return the instruction bits that hold `value`, which must be in range."""
        value -= self.base
        word = 0
        for low, width, to in self.pieces:
            word |= ((value >> to) & ((1 << width) - 1)) << low
        return word


def _reg(low: int) -> Field:
    return Field(((low, 5, 0),), "reg")


def _regc(low: int) -> Field:
    return Field(((low, 3, 0),), "regc", 8)


def _fixed(register: int) -> Field:
    return Field((), "reg", register)


def _imm(*pieces: Piece) -> Field:
    return Field(pieces, "imm")


def _simm(*pieces: Piece) -> Field:
    return Field(pieces, "simm")


RD, RS1, RS2 = _reg(7), _reg(15), _reg(20)
_SIX = ((25, 1, 0), (20, 5, 1))
_STORE = ((7, 5, 0), (25, 7, 5))
_BRANCH = ((8, 4, 1), (25, 6, 5), (7, 1, 11), (31, 1, 12))
_CJ = ((3, 3, 1), (11, 1, 4), (2, 1, 5), (7, 1, 6), (6, 1, 7), (9, 2, 8), (8, 1, 10), (12, 1, 11))
_CB = ((3, 2, 1), (10, 2, 3), (2, 1, 5), (5, 2, 6), (12, 1, 8))
_CI = ((2, 5, 0), (12, 1, 5))
_CLS = ((6, 1, 2), (10, 3, 3), (5, 1, 6))


@dataclass(frozen=True)
class Format:
    """Operands of a group of instructions.

    Attributes
    ----------
    fields : mapping of str to Field
        Names ``rd``, ``rs1``, ``rs2``, ``imm``, ``imm2``; these are also the operand slots of the simulator.
    syntax : str
        The assembler's text, operand names in braces.
    reads : str
        Slots whose registers the instruction reads; ``d`` stands for ``rd``.
    target : str or None
        The operand that is a distance in bytes from the instruction to a place in the code.
    """

    fields: Mapping[str, Field]
    syntax: str
    reads: str
    target: str | None = None

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """Names of the operands in the order in which they are written."""
        return tuple(re.findall(r"{(\w+)}", self.syntax))


def _format(syntax: str, reads: str, target: str | None = None, **fields: Field) -> Format:
    return Format(fields, syntax, reads, target)


FORMATS: dict[str, Format] = {
    "R": _format("{rd}, {rs1}, {rs2}", "12", rd=RD, rs1=RS1, rs2=RS2),
    "RA": _format("{rd}, {rs1}, {rs2}", "12d", rd=RD, rs1=RS1, rs2=RS2),
    # Decisions go from one to the next beside the registers: their order must stay.
    "RFLAGS": _format("{rd}, {rs1}, {rs2}", "12", rd=RD, rs1=RS1, rs2=RS2),
    "R1": _format("{rd}, {rs1}", "1", rd=RD, rs1=RS1),
    "I": _format("{rd}, {rs1}, {imm}", "1", rd=RD, rs1=RS1, imm=_simm((20, 12, 0))),
    "SHIFT": _format("{rd}, {rs1}, {imm}", "1", rd=RD, rs1=RS1, imm=_imm((20, 5, 0))),
    "LOAD": _format("{rd}, {imm}({rs1})", "1", rd=RD, rs1=RS1, imm=_simm((20, 12, 0))),
    "LOADP": _format("{rd}, {imm}({rs1}!)", "1", rd=RD, rs1=RS1, imm=_simm((20, 12, 0))),
    "LOADR": _format("{rd}, {rs2}({rs1})", "12", rd=RD, rs1=RS1, rs2=RS2),
    "LOADRP": _format("{rd}, {rs2}({rs1}!)", "12", rd=RD, rs1=RS1, rs2=RS2),
    "STORE": _format("{rs2}, {imm}({rs1})", "12", rs1=RS1, rs2=RS2, imm=_simm(*_STORE)),
    "STOREP": _format("{rs2}, {imm}({rs1}!)", "12", rs1=RS1, rs2=RS2, imm=_simm(*_STORE)),
    "STORER": _format("{rs2}, {rd}({rs1})", "12d", rs1=RS1, rs2=RS2, rd=RD),
    "STORERP": _format("{rs2}, {rd}({rs1}!)", "12d", rs1=RS1, rs2=RS2, rd=RD),
    "BRANCH": _format("{rs1}, {rs2}, {imm}", "12", target="imm", rs1=RS1, rs2=RS2, imm=_simm(*_BRANCH)),
    "BRANCHI": _format("{rs1}, {imm2}, {imm}", "1", target="imm", rs1=RS1, imm2=_simm((20, 5, 0)), imm=_simm(*_BRANCH)),
    "U": _format("{rd}, {imm}", "", rd=RD, imm=_imm((12, 20, 12))),
    "J": _format("{rd}, {imm}", "", target="imm", rd=RD, imm=_simm((21, 10, 1), (20, 1, 11), (12, 8, 12), (31, 1, 20))),
    "JALR": _format("{rd}, {imm}({rs1})", "1", rd=RD, rs1=RS1, imm=_simm((20, 12, 0))),
    "CSR": _format("{rd}, {imm}, {rs1}", "1", rd=RD, rs1=RS1, imm=_imm((20, 12, 0))),
    "CSRI": _format("{rd}, {imm}, {imm2}", "", rd=RD, imm2=_imm((15, 5, 0)), imm=_imm((20, 12, 0))),
    "NONE": _format("", ""),
    "NONE1": _format("", "1", rs1=RS1),  # reads x0 in GVSOC's model, as LOOPI does
    "U5": _format("{rd}, {rs1}, {imm}", "1", rd=RD, rs1=RS1, imm=_imm((20, 5, 0))),
    "BITS": _format("{rd}, {rs1}, {imm}, {imm2}", "1", rd=RD, rs1=RS1, imm=_imm((25, 5, 0)), imm2=_imm((20, 5, 0))),
    "BITSA": _format("{rd}, {rs1}, {imm}, {imm2}", "1d", rd=RD, rs1=RS1, imm=_imm((25, 5, 0)), imm2=_imm((20, 5, 0))),
    "NORM": _format("{rd}, {rs1}, {rs2}, {imm}", "12", rd=RD, rs1=RS1, rs2=RS2, imm=_imm((25, 5, 0))),
    "NORMA": _format("{rd}, {rs1}, {rs2}, {imm}", "12d", rd=RD, rs1=RS1, rs2=RS2, imm=_imm((25, 5, 0))),
    "SCIS": _format("{rd}, {rs1}, {imm}", "1", rd=RD, rs1=RS1, imm=_simm(*_SIX)),
    "SCIU": _format("{rd}, {rs1}, {imm}", "1", rd=RD, rs1=RS1, imm=_imm(*_SIX)),
    "SCISA": _format("{rd}, {rs1}, {imm}", "1d", rd=RD, rs1=RS1, imm=_simm(*_SIX)),
    "SCIUA": _format("{rd}, {rs1}, {imm}", "1d", rd=RD, rs1=RS1, imm=_imm(*_SIX)),
    # GVSOC's model reads the register that the unused bits name, x0 as they are assembled: a load into it stalls them.
    "LOOPI": _format("{imm2}, {imm}", "1", target="imm", imm2=_imm((7, 1, 0)), rs1=RS1, imm=_imm((20, 12, 1))),
    "LOOPN": _format("{imm2}, {imm}", "1", imm2=_imm((7, 1, 0)), rs1=RS1, imm=_imm((20, 12, 0))),
    "LOOPR": _format("{imm2}, {rs1}", "1", imm2=_imm((7, 1, 0)), rs1=RS1),
    "LOOPSETUP": _format(
        "{imm2}, {rs1}, {imm}", "1", target="imm", imm2=_imm((7, 1, 0)), rs1=RS1, imm=_imm((20, 12, 1))
    ),
    # The simulator has one slot too few for three numbers here: the end offset travels in rs2.
    "LOOPSETUPI": _format(
        "{imm2}, {imm}, {rs2}", "", target="rs2", imm2=_imm((7, 1, 0)), imm=_imm((20, 12, 0)), rs2=_imm((15, 5, 1))
    ),
    "CIW": _format(
        "{rd}, {rs1}, {imm}", "1", rd=_regc(2), rs1=_fixed(2), imm=_imm((6, 1, 2), (5, 1, 3), (11, 2, 4), (7, 4, 6))
    ),
    "CL": _format("{rd}, {imm}({rs1})", "1", rd=_regc(2), rs1=_regc(7), imm=_imm(*_CLS)),
    "CS": _format("{rs2}, {imm}({rs1})", "12", rs2=_regc(2), rs1=_regc(7), imm=_imm(*_CLS)),
    "CI": _format("{rd}, {imm}", "1", rd=RD, rs1=RD, imm=_simm(*_CI)),
    "CLI": _format("{rd}, {imm}", "1", rd=RD, rs1=_fixed(0), imm=_simm(*_CI)),
    "CSLLI": _format("{rd}, {imm}", "1", rd=RD, rs1=RD, imm=_imm((2, 5, 0))),
    "CSP": _format(
        "{rd}, {imm}",
        "1",
        rd=_fixed(2),
        rs1=_fixed(2),
        imm=_simm((6, 1, 4), (2, 1, 5), (5, 1, 6), (3, 2, 7), (12, 1, 9)),
    ),
    "CLUI": _format("{rd}, {imm}", "", rd=RD, imm=_simm((2, 5, 12), (12, 1, 17))),
    "CSHIFT": _format("{rd}, {imm}", "1", rd=_regc(7), rs1=_regc(7), imm=_imm((2, 5, 0))),
    "CANDI": _format("{rd}, {imm}", "1", rd=_regc(7), rs1=_regc(7), imm=_simm(*_CI)),
    "CA": _format("{rd}, {rs2}", "12", rd=_regc(7), rs1=_regc(7), rs2=_regc(2)),
    "CJ": _format("{imm}", "", target="imm", rd=_fixed(0), imm=_simm(*_CJ)),
    "CJAL": _format("{imm}", "", target="imm", rd=_fixed(1), imm=_simm(*_CJ)),
    "CB": _format("{rs1}, {imm}", "12", target="imm", rs1=_regc(7), rs2=_fixed(0), imm=_simm(*_CB)),
    "CLWSP": _format("{rd}, {imm}({rs1})", "1", rd=RD, rs1=_fixed(2), imm=_imm((4, 3, 2), (12, 1, 5), (2, 2, 6))),
    "CSWSP": _format("{rs2}, {imm}({rs1})", "12", rs2=_reg(2), rs1=_fixed(2), imm=_imm((9, 4, 2), (7, 2, 6))),
    "CJR": _format("{rs1}", "12", rd=_fixed(0), rs1=RD, rs2=_fixed(0)),
    "CJALR": _format("{rs1}", "1", rd=_fixed(1), rs1=RD),
    "CMV": _format("{rd}, {rs2}", "12", rd=RD, rs1=_fixed(0), rs2=_reg(2)),
    "CADD": _format("{rd}, {rs2}", "12", rd=RD, rs1=RD, rs2=_reg(2)),
}
