"""The C header of the simulator: complete, and within the limits that it declares."""

import re
import sys

from kwslib import subproc
from kwslib.gap8.isa.c_header import MAX_PIECES, SLOTS, TIMING, c_header, op_name
from kwslib.gap8.isa.formats import FORMATS
from kwslib.gap8.isa.instructions import table


def test_header_names_every_form():
    header = c_header()
    assert header.count("OP_") >= len(table())
    for row in table().values():
        assert f'"{row.shown}"' in header


def test_every_handler_has_a_c_name_of_its_own():
    ops = {row.op for row in table().values()}
    names = {op_name(op) for op in ops}
    assert len(names) == len(ops)
    assert all(re.fullmatch(r"OP_\w+", name, re.ASCII) for name in names)


def test_formats_and_timings_are_what_the_header_has_room_for():
    for name, form in FORMATS.items():
        assert set(form.fields) <= set(SLOTS), name
        assert all(len(place.pieces) <= MAX_PIECES for place in form.fields.values()), name
    assert {row.timing for row in table().values()} <= set(TIMING)


def test_the_operand_that_is_a_target_stands_in_its_formats_row():
    rows = re.findall(r", (-?\d), \d},  // (\w+)$", c_header(), re.MULTILINE)
    found = {name: int(slot) for slot, name in rows}
    assert found == {name: SLOTS.index(form.target) if form.target else -1 for name, form in FORMATS.items()}


def test_a_c_compiler_takes_it(tmp_path):
    (tmp_path / "isa_table.h").write_text(c_header())
    source = tmp_path / "use.c"
    source.write_text(
        "#define ISA_TABLE_DATA\n"
        '#include "isa_table.h"\n'
        "const IsaForm *form(int i) { return &isa_forms[i]; }\n"
        "const IsaFormat *format(int i) { return &isa_formats[i]; }\n"
    )
    command = [sys.executable, "-m", "ziglang", "cc", "-Wall", "-Wextra", "-Werror", "-c", source]
    subproc.run([*command, "-o", tmp_path / "use.o"], timeout_s=300)
