"""The table of the instruction set: its encodings against measured ones and against an independent assembler."""

import itertools
import re
import sys

import pytest
from elftools.elf.elffile import ELFFile

from kwslib import subproc
from kwslib.errors import InputError
from kwslib.gap8.isa.formats import FORMATS
from kwslib.gap8.isa.instructions import by_specificity, encode, table

T0, T1, T2 = 5, 6, 7


def r_type(op, f3, f7, rd=T0, rs1=T1, rs2=T2):
    return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op


def i_type(op, f3, imm, rd=T0, rs1=T1):
    return (imm & 0xFFF) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op


def s_type(op, f3, imm, rs1=T1, rs2=T2):
    return (imm >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (imm & 31) << 7 | op


# Opcode, funct3 and funct7 as measured on GVSOC's model and assembled by the vendor's tools.
MEASURED = {
    ("p.lw.post", T0, -4, T1): i_type(0x0B, 2, -4),
    ("p.lbu.post", T0, 4, T1): i_type(0x0B, 4, 4),
    ("p.lh.rpost", T0, T2, T1): r_type(0x0B, 7, 0x08),
    ("p.lhu.r", T0, T2, T1): r_type(0x03, 7, 0x28),
    ("p.elw", T0, 0x1C, T1): i_type(0x03, 6, 0x1C),
    ("p.sw.post", T2, -8, T1): s_type(0x2B, 2, -8 & 0xFFF),
    ("p.sb.rpost", T2, T0, T1): r_type(0x2B, 4, 0),
    ("p.sh.r", T2, T0, T1): r_type(0x23, 5, 0),
    ("p.mac", T0, T1, T2): r_type(0x33, 0, 0x21),
    ("p.msu", T0, T1, T2): r_type(0x33, 1, 0x21),
    ("p.min", T0, T1, T2): r_type(0x33, 4, 0x02),
    ("p.slet", T0, T1, T2): r_type(0x33, 2, 0x02),
    ("p.abs", T0, T1): r_type(0x33, 0, 0x02, rs2=0),
    ("p.extbz", T0, T1): r_type(0x33, 7, 0x08, rs2=0),
    ("p.clb", T0, T1): r_type(0x33, 2, 0x08, rs2=0),
    ("p.ror", T0, T1, T2): r_type(0x33, 5, 0x04),
    ("p.clip", T0, T1, 8): r_type(0x33, 1, 0x0A, rs2=8),
    ("p.clipu", T0, T1, 8): r_type(0x33, 2, 0x0A, rs2=8),
    ("p.clipur", T0, T1, T2): r_type(0x33, 6, 0x0A),
    ("p.extract", T0, T1, 7, 8): r_type(0x33, 0, 0x60 + 7, rs2=8),
    ("p.bset", T0, T1, 3, 1): r_type(0x33, 4, 0x60 + 3, rs2=1),
    ("p.addN", T0, T1, T2, 5): r_type(0x5B, 2, 5),
    ("p.adduRN", T0, T1, T2, 5): r_type(0x5B, 6, 0x40 + 5),
    ("p.addRNr", T0, T1, T2): r_type(0x5B, 6, 0x20),
    ("p.subuN", T0, T1, T2, 5): r_type(0x5B, 3, 0x40 + 5),
    ("p.mulsRN", T0, T1, T2, 5): r_type(0x5B, 4, 0x40 + 5),
    ("p.mulhhsN", T0, T1, T2, 5): r_type(0x5B, 0, 0x60 + 5),
    ("p.macuRN", T0, T1, T2, 5): r_type(0x5B, 5, 5),
    ("p.machhsN", T0, T1, T2, 5): r_type(0x5B, 1, 0x60 + 5),
    ("pv.sdotsp.b", T0, T1, T2): r_type(0x57, 1, 0x5C),
    ("pv.dotusp.sc.h", T0, T1, T2): r_type(0x57, 4, 0x44),
    ("pv.add.sci.b", T0, T1, -31): r_type(0x57, 7, 0x00 | (-31 & 1), rs2=-31 >> 1 & 31),
    ("pv.cmpgtu.b", T0, T1, T2): r_type(0x57, 1, 0x1A),
    ("pv.avgu.h", T0, T1, T2): r_type(0x57, 0, 0x0C),
    ("pv.abs.b", T0, T1): r_type(0x57, 1, 0x38, rs2=0),
    ("pv.extract.h", T0, T1, 1): r_type(0x57, 6, 0x3C | 1, rs2=0),
    ("pv.insert.b", T0, T1, 3): r_type(0x57, 7, 0x58 | 1, rs2=1),
    ("pv.shuffle2.b", T0, T1, T2): r_type(0x57, 1, 0x64),
    ("pv.pack.h", T0, T1, T2): r_type(0x57, 0, 0x68),
    ("pv.packhi.b", T0, T1, T2): r_type(0x57, 1, 0x6C),
    ("lp.setup", 1, T1, 24): i_type(0x7B, 4, 12, rd=1),
    ("lp.setupi", 0, 64, 8): i_type(0x7B, 5, 64, rd=0, rs1=4),
    ("lp.counti", 1, 9): i_type(0x7B, 3, 9, rd=1, rs1=0),
    ("p.bneimm", T1, -3, 8): s_type(0x63, 3, 0, rs2=-3 & 31) | 8 << 7,
}


@pytest.mark.parametrize("instruction", MEASURED, ids=lambda row: row[0])
def test_xpulp_encodings_are_the_measured_ones(instruction):
    mnemonic, *operands = instruction
    assert encode(mnemonic, *operands) & ~_unspecified(mnemonic) == MEASURED[instruction] & ~_unspecified(mnemonic)


def _unspecified(mnemonic):
    row = table()[mnemonic]
    free = ~row.mask
    for place in row.fields.values():
        for low, width, _ in place.pieces:
            free &= ~(((1 << width) - 1) << low)
    return free & 0xFFFFFFFF


def _sample(row):
    """One plain set of operands for an instruction of the base set, with its text for an ordinary assembler."""
    values = {}
    for name, place in row.fields.items():
        if place.kind == "regc":
            values[name] = {"rd": 9, "rs1": 10, "rs2": 11}[name]
        elif place.kind == "reg":
            values[name] = place.base if not place.pieces else {"rd": 5, "rs1": 6, "rs2": 7}[name]
        else:
            values[name] = min(max(5 * place.step, place.low), place.high)
    if row.format in ("CI", "CSLLI", "CSHIFT", "CANDI", "CA", "CADD"):
        values["rs1"] = values["rd"]
    return values


def _assembler_text(row, values):
    shown = {name: f"x{v}" if row.fields[name].kind.startswith("reg") else str(v) for name, v in values.items()}
    if row.op == "lui":
        shown["imm"] = str(values["imm"] >> 12)
    if row.mnemonic == "auipc":
        shown["imm"] = str(values["imm"] >> 12)
    if row.op in ("jal", "beq", "bne", "blt", "bge", "bltu", "bgeu"):
        shown["imm"] = f". + {values['imm']}"
    if row.mnemonic == "c.addi16sp":
        return f"c.addi16sp sp, {values['imm']}"
    return f"{row.mnemonic} {FORMATS[row.format].syntax.format(**shown)}"


def test_base_set_agrees_with_an_independent_assembler(tmp_path):
    rows = [row for row in table().values() if not re.match(r"p\.|pv\.|lp\.", row.mnemonic) and row.mnemonic != "fence"]
    source, expected = [".option norelax"], b""
    for row in rows:
        values = _sample(row)
        text = _assembler_text(row, values)
        source.append(text if row.size == 2 else f".option push\n.option norvc\n{text}\n.option pop")
        expected += encode(row.mnemonic, *(values[name] for name in row.operands)).to_bytes(row.size, "little")
    (tmp_path / "all.s").write_text("\n".join(source) + "\n")
    target = ["--target=riscv32-freestanding-none", "-mcpu=generic_rv32+m+c+zicsr+zifencei", "-mno-relax"]
    zig = [sys.executable, "-m", "ziglang"]
    subproc.run([*zig, "cc", *target, "-c", tmp_path / "all.s", "-o", tmp_path / "all.o"], timeout_s=600)
    with (tmp_path / "all.o").open("rb") as stream:
        assembled = ELFFile(stream).get_section_by_name(".text").data()
    at, wrong = 0, []
    for row in rows:
        ours, theirs = expected[at : at + row.size], assembled[at : at + row.size]
        if ours != theirs:
            wrong.append(f"{row.mnemonic}: {ours[::-1].hex()} here, {theirs[::-1].hex()} there")
        at += row.size
    assert not wrong
    assert len(assembled) == len(expected)


def test_no_word_has_two_meanings():
    for one, other in itertools.combinations(by_specificity(), 2):
        if one.size != other.size or (one.match ^ other.match) & one.mask & other.mask:
            continue
        # They overlap: then one must be a special case of the other, and come first.
        assert one.mask & other.mask == other.mask, (one.mnemonic, other.mnemonic)
        assert one.mask != other.mask, (one.mnemonic, other.mnemonic)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pv.sdotsp.bb", 1, 2, 3), "unknown instruction 'pv.sdotsp.bb'; did you mean 'pv.sdotsp.b'?"),
        (("add", 1, 2), "add takes 3 operands ({rd}, {rs1}, {rs2}), 2 given"),
        (("add", 1, 2, 32), "unknown register '32'"),
        (("add", 1, 2, "t7"), "unknown register 't7': x0 to x31 or an ABI name such as t0"),
        (("addi", 1, 2, 2048), "addi: operand imm=2048 is not in -2048..2047"),
        (("beq", 1, 2, 3), "in steps of 2"),
        (("p.clip", 1, 2, 32), "p.clip: operand imm=32 is not in 0..31"),
        (("c.lw", 5, 0, 8), "c.lw: operand rd=5 is not in 8..15"),
        (("c.addi4spn", 8, 2, 0), "c.addi4spn: operand imm must not be 0"),
    ],
)
def test_encode_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InputError) as caught:
        encode(*arguments)
    assert message in str(caught.value)
