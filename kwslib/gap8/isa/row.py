"""One row of the table of instructions, and the patterns that rows are written with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

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


def row(mnemonic: str, bits: str, fmt: str, timing: str = "", op: str = "", **forbidden: int) -> Instruction:
    """Return a row of the table.

    Parameters
    ----------
    mnemonic, timing, op : str
        As in `Instruction`; `op` is the mnemonic if it is left out.
    bits : str
        The pattern; spaces in it are for the reader.
    fmt : str
        Key of `FORMATS`.
    **forbidden : int
        Operand values that make another instruction of this pattern.
    """
    pattern = bits.replace(" ", "")
    return Instruction(mnemonic, pattern, fmt, op or mnemonic, timing, tuple(forbidden.items()))


def f7(value: int) -> str:
    """Return the bits of a funct7."""
    return f"{value:07b}"


def r_type(opcode: int, funct3: int, funct7: int | str, rs2: str = "-----") -> str:
    """Return the pattern of an R-type instruction: three registers, of which `rs2` may be fixed bits."""
    high = funct7 if isinstance(funct7, str) else f7(funct7)
    return f"{high} {rs2} ----- {funct3:03b} ----- {opcode:07b}"


def i_type(opcode: int, funct3: int) -> str:
    """Return the pattern of an instruction with opcode and funct3 alone: I-type, and S- and B-type as well."""
    return f"{'-' * 17}{funct3:03b}{'-' * 5}{opcode:07b}"
