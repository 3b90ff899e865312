"""One random instruction that computes: every row of the table but memory, control flow and the system's."""

from functools import cache

from kwslib.gap8.isa.instructions import table
from kwslib.gap8.isa.row import Instruction
from tests.gap8.random_code.layout import COMPRESSED_DATA, DATA, SCRATCH
from tests.gap8.random_code.writer import Writer

COMPUTING = frozenset(
    {
        *(
            "R",
            "RA",
            "RFLAGS",
            "R1",
            "I",
            "SHIFT",
            "U",
            "U5",
            "BITS",
            "BITSA",
            "NORM",
            "NORMA",
            "SCIS",
            "SCIU",
            "SCISA",
        ),
        *("SCIUA", "CIW", "CI", "CLI", "CSLLI", "CLUI", "CSHIFT", "CANDI", "CA", "CMV", "CADD"),
    }
)
"""Formats of instructions that read and write registers alone."""
DIVISIONS = ("div", "divu", "rem", "remu")
WHOLE_REGISTER = 31
"""Width of a field, less one, that GVSOC's ``p.extract`` makes zero."""


@cache
def computing() -> tuple[tuple[Instruction, ...], ...]:
    """Return the rows that compute, in groups that are drawn alike: short, standard, scalar Xpulp, packed."""
    rows = [row for row in table().values() if row.format in COMPUTING or row.mnemonic == "nop"]
    groups: dict[str, list[Instruction]] = {}
    for row in rows:
        kind = row.mnemonic.partition(".")[0] if "." in row.mnemonic else "standard"
        groups.setdefault(kind, []).append(row)
    return tuple(tuple(group) for group in groups.values())


def compute(writer: Writer) -> None:
    """Write one instruction that computes; a division gets a divisor first that is neither zero nor minus one."""
    rng = writer.rng
    row = rng.choice(rng.choice(computing()))
    if row.mnemonic in DIVISIONS:
        divide(writer, row)
    elif row.mnemonic in ("p.extract", "p.extractr"):
        extract(writer, row)
    else:
        writer.emit(row.mnemonic, *(_operand(writer, row, name) for name in row.operands))


def divide(writer: Writer, row: Instruction) -> None:
    """Write a division by a random number whose lowest two bits are 01."""
    writer.emit(writer.rng.choice(("srai", "srli")), SCRATCH, writer.source(), writer.rng.randrange(32))
    writer.emit("ori", SCRATCH, SCRATCH, 3)
    writer.emit("xori", SCRATCH, SCRATCH, 2)
    writer.emit(row.mnemonic, writer.target(), writer.source(), SCRATCH)


def extract(writer: Writer, row: Instruction) -> None:
    """Write an extraction of at most 31 bits (16 where a register says so): GVSOC makes zero of all 32."""
    if row.mnemonic == "p.extract":
        width = writer.rng.randrange(WHOLE_REGISTER)
        writer.emit(row.mnemonic, writer.target(), writer.source(), width, writer.rng.randrange(32))
    else:
        writer.emit("andi", SCRATCH, writer.source(), 0x1FF)
        writer.emit(row.mnemonic, writer.target(), writer.source(), SCRATCH)


def _operand(writer: Writer, row: Instruction, name: str) -> str | int:
    place = row.fields[name]
    if place.kind.startswith("reg"):
        if not place.pieces:
            return place.base  # the one that the instruction implies
        among = COMPRESSED_DATA if place.kind == "regc" else DATA
        if row.size == 2:  # x0 makes another instruction of most of them
            return writer.rng.choice(among)
        return writer.target(among) if name == "rd" else writer.source(among)
    forbidden = {value for operand, value in row.forbidden if operand == name}
    while True:
        value = writer.rng.randrange(place.low, place.high + 1, place.step)
        if value not in forbidden:
            return value
