"""The disassembler: from an instruction word back to its row in the table, its operands, and its text."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kwslib.gap8.isa.formats import FORMATS
from kwslib.gap8.isa.instructions import ABI_NAMES, by_specificity
from kwslib.gap8.isa.row import Instruction

OPCODE = 0x7F
"""The bits in which an instruction of four bytes has its opcode."""


@dataclass(frozen=True)
class Decoded:
    """An instruction with its operand values (registers as numbers, offsets in bytes)."""

    instruction: Instruction
    values: Mapping[str, int]

    @property
    def mnemonic(self) -> str:
        """Name of the instruction."""
        return self.instruction.mnemonic

    def text(self, pc: int | None = None) -> str:
        """Return the assembler's text; with `pc`, branch targets are shown as addresses."""
        row = self.instruction
        shown = {}
        for name in row.operands:
            value = self.values[name]
            if row.fields[name].kind.startswith("reg"):
                shown[name] = ABI_NAMES[value]
            elif row.op in ("lui", "auipc") and name == "imm":
                shown[name] = hex((value >> 12) & 0xFFFFF)
            elif name == "imm" and row.format in ("CSR", "CSRI"):
                shown[name] = hex(value)
            elif pc is not None and name == FORMATS[row.format].target:
                shown[name] = f"{pc + value:#x}"
            else:
                shown[name] = str(value)
        return f"{row.shown} {FORMATS[row.format].syntax.format(**shown)}".rstrip()


def decode(word: int) -> Decoded | None:
    """Return what `word` means, or None for an illegal instruction; a 16-bit form is read from the low half."""
    if word & 3 != 3:
        word &= 0xFFFF
    for row in _candidates(word & OPCODE):
        if word & row.mask == row.match:
            values = {name: place.get(word) for name, place in row.fields.items()}
            if any(values[name] == value for name, value in row.forbidden):
                continue
            return Decoded(row, values)
    return None


@cache
def _candidates(opcode: int) -> tuple[Instruction, ...]:
    """Return the instructions whose lowest bits may be these, those with more fixed bits first."""
    size = 4 if opcode & 3 == 3 else 2
    return tuple(row for row in by_specificity() if row.size == size and not (row.match ^ opcode) & row.mask & OPCODE)


def disassemble(word: int, pc: int | None = None) -> str:
    """Return the text of the instruction `word`, ``.word`` or ``.half`` with its value where it is illegal."""
    decoded = decode(word)
    if decoded is not None:
        return decoded.text(pc)
    return f".word {word:#010x}" if word & 3 == 3 else f".half {word & 0xFFFF:#06x}"
