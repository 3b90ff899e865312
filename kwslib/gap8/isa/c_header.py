"""Writes the instruction set as the C header that the simulator's decoder and interpreter are compiled with."""

import re

from kwslib.gap8.isa.formats import FORMATS, Field, Format
from kwslib.gap8.isa.instructions import by_specificity, table

SLOTS = ("rd", "rs1", "rs2", "imm", "imm2")
"""The simulator's operand slots, in the order of its arrays."""
TIMING = {"": 0, "load": 1, "mul": 2, "mulh": 3}
"""The simulator's number for each `kwslib.gap8.isa.row.Instruction.timing`."""
MAX_PIECES = 8
"""Largest number of pieces of an operand that a format may have."""


def op_name(op: str) -> str:
    """Return the C name of a handler."""
    return "OP_" + re.sub(r"\W", "_", op)


def _field(place: Field | None) -> str:
    if place is None:
        return "{0}"
    pieces = ", ".join(f"{{{low}, {width}, {to}}}" for low, width, to in place.pieces)
    is_reg = int(place.kind.startswith("reg"))
    sign = int(place.kind == "simm")
    listed = f"{{{pieces}}}" if pieces else "{{0}}"
    return f"{{{len(place.pieces)}, {sign}, {is_reg}, {place.bits}, {place.base}, {listed}}}"


def _format_row(name: str, fmt: Format) -> str:
    fields = ", ".join(_field(fmt.fields.get(slot)) for slot in SLOTS)
    syntax = re.sub(r"{(\w+)}", lambda found: str(SLOTS.index(found[1])), fmt.syntax)
    reads = sum(bit for bit, key in ((1, "1"), (2, "2"), (4, "d")) if key in fmt.reads)
    writes = int("rd" in fmt.fields and not name.startswith("STORE"))
    target = -1 if fmt.target is None else SLOTS.index(fmt.target)
    csr = int(name in ("CSR", "CSRI"))
    return f'    {{{{{fields}}}, "{syntax}", {reads}, {writes}, {target}, {csr}}},  // {name}'


def c_header() -> str:
    """Return ``isa_table.h``: the handlers' numbers, the formats and the forms, most specific first."""
    ops = [op for op in dict.fromkeys(row.op for row in table().values()) if op != "nop"]
    names = list(FORMATS)
    lines = [
        "// Made by kwslib/gap8/isa/c_header.py from the table in instructions.py.",
        "#ifndef ISA_TABLE_H",
        "#define ISA_TABLE_H",
        "#include <stdint.h>",
        "enum { OP_undecoded, OP_nop, " + ", ".join(op_name(op) for op in ops) + ", ISA_OPS };",
        "enum { " + ", ".join(f"ISA_{(key or 'plain').upper()} = {value}" for key, value in TIMING.items()) + " };",
        f"enum {{ ISA_FORMS = {len(by_specificity())}, ISA_FORMATS = {len(names)} }};",
        "typedef struct {",
        "    uint8_t pieces, sign, reg, bits;",
        "    int8_t base;",
        f"    struct {{ uint8_t from, width, to; }} piece[{MAX_PIECES}];",
        "} IsaField;",
        "typedef struct { IsaField field[5]; const char *syntax; uint8_t reads, writes; int8_t target;",
        "                 uint8_t csr; } IsaFormat;",
        "typedef struct { uint32_t match, mask; uint16_t op; uint8_t size, format, timing; int8_t forbidden_slot;",
        "                 int32_t forbidden_value; const char *name; } IsaForm;",
        "#ifdef ISA_TABLE_DATA",
        "static const IsaFormat isa_formats[ISA_FORMATS] = {",
        *(_format_row(name, FORMATS[name]) for name in names),
        "};",
        "static const IsaForm isa_forms[ISA_FORMS] = {",
    ]
    for row in by_specificity():
        slot, value = (SLOTS.index(row.forbidden[0][0]), row.forbidden[0][1]) if row.forbidden else (-1, 0)
        lines.append(
            f"    {{{row.match:#x}, {row.mask:#x}, {op_name(row.op)}, {row.size}, {names.index(row.format)}, "
            f'{TIMING[row.timing]}, {slot}, {value}, "{row.shown}"}},'
        )
    return "\n".join([*lines, "};", "#endif", "#endif", ""])
