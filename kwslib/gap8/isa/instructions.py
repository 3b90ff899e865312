"""The one table of GAP8's instruction set: RV32IMC, the CSR and privileged instructions, Xpulp and Xgap8.

Everything that knows an encoding is made from this table: the kernels' assembler (`encode`), the disassembler
(`kwslib.gap8.isa.disassembler`) and the decode table of the C simulator (`kwslib.gap8.isa.c_header`). Its rows stand in
`kwslib.gap8.isa.rv32imc`, `kwslib.gap8.isa.xpulp` and `kwslib.gap8.isa.xgap8`.
"""

from functools import cache

from kwslib.errors import InputError, nearest
from kwslib.gap8.isa import rv32imc, xgap8, xpulp
from kwslib.gap8.isa.formats import FORMATS
from kwslib.gap8.isa.row import Instruction


@cache
def table() -> dict[str, Instruction]:
    """Return every instruction by its mnemonic."""
    rows: dict[str, Instruction] = {}
    for row in (*rv32imc.rows(), *xpulp.rows(), *xgap8.rows()):
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
