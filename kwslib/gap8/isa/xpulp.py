"""Rows of the Xpulp extension: loads and stores that move their pointer, scalar and vector arithmetic, hardware loops.

Source: the RI5CY user manual, checked on GVSOC's model of GAP8.
"""

from collections.abc import Iterator

from kwslib.gap8.isa.row import Instruction, f7, i_type, r_type, row


def rows() -> Iterator[Instruction]:
    """Yield the rows."""
    yield from _memory()
    yield from _scalar()
    yield from _vector()


def _memory() -> Iterator[Instruction]:
    loads = ((0, 0x00, "lb"), (1, 0x08, "lh"), (2, 0x10, "lw"), (4, 0x20, "lbu"), (5, 0x28, "lhu"))
    for funct3, funct7, name in loads:
        yield row(f"p.{name}.post", i_type(0x0B, funct3), "LOADP", "load")
        yield row(f"p.{name}.rpost", r_type(0x0B, 7, funct7), "LOADRP", "load")
        yield row(f"p.{name}.r", r_type(0x03, 7, funct7), "LOADR", "load")
    for funct3, name in enumerate(("sb", "sh", "sw")):
        yield row(f"p.{name}.post", i_type(0x2B, funct3), "STOREP")
        yield row(f"p.{name}.rpost", r_type(0x2B, funct3 + 4, 0), "STORERP")
        yield row(f"p.{name}.r", r_type(0x23, funct3 + 4, 0), "STORER")
    yield row("p.elw", i_type(0x03, 6), "LOAD", "load")


def _scalar() -> Iterator[Instruction]:
    yield row("p.mac", r_type(0x33, 0, 0x21), "RA")
    yield row("p.msu", r_type(0x33, 1, 0x21), "RA")
    yield row("p.abs", r_type(0x33, 0, 0x02, "00000"), "R1")
    for funct3, name in enumerate(("avgu", "slet", "sletu", "min", "minu", "max", "maxu"), 1):
        yield row(f"p.{name}", r_type(0x33, funct3, 0x02), "R")
    yield row("p.ror", r_type(0x33, 5, 0x04), "R")
    for funct3, name in enumerate(("ff1", "fl1", "clb", "cnt", "exths", "exthz", "extbs", "extbz")):
        yield row(f"p.{name}", r_type(0x33, funct3, 0x08, "00000"), "R1")
    for funct3, name, fmt in ((1, "clip", "U5"), (2, "clipu", "U5"), (5, "clipr", "R"), (6, "clipur", "R")):
        yield row(f"p.{name}", r_type(0x33, funct3, 0x0A), fmt)
    for funct3, name in enumerate(("extract", "extractu", "insert", "bclr", "bset")):
        inserts = name == "insert"
        yield row(f"p.{name}", r_type(0x33, funct3, "11-----"), "BITSA" if inserts else "BITS")
        yield row(f"p.{name}r", r_type(0x33, funct3, 0x40), "RA" if inserts else "R")
    for funct3, name in ((2, "add"), (3, "sub")):
        for funct7, sign in (("00", ""), ("10", "u")):
            register = "01" if sign == "" else "11"
            for extra, rounding in ((0, ""), (4, "R")):
                stem = f"p.{name}{sign}{rounding}N"
                yield row(stem, r_type(0x5B, funct3 + extra, funct7 + "-----"), "NORM")
                yield row(stem + "r", r_type(0x5B, funct3 + extra, register + "00000"), "RA")
    for funct7, suffix in (("10", "s"), ("11", "hhs"), ("00", "u"), ("01", "hhu")):
        for extra, rounding in ((0, ""), (4, "R")):
            yield row(f"p.mul{suffix}{rounding}N", r_type(0x5B, extra, funct7 + "-----"), "NORM")
            yield row(f"p.mac{suffix}{rounding}N", r_type(0x5B, 1 + extra, funct7 + "-----"), "NORMA")
    yield row("p.beqimm", i_type(0x63, 2), "BRANCHI")
    yield row("p.bneimm", i_type(0x63, 3), "BRANCHI")
    for funct3, name, fmt in (
        (0, "starti", "LOOPI"),
        (1, "endi", "LOOPI"),
        (2, "count", "LOOPR"),
        (3, "counti", "LOOPN"),
        (4, "setup", "LOOPSETUP"),
        (5, "setupi", "LOOPSETUPI"),
    ):
        yield row(f"lp.{name}", f"{'-' * 17}{funct3:03b}0000-1111011", fmt)


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
"""Vector operations of two operands: funct7 without its lowest bit, and whether the immediate is signed."""


def _vector() -> Iterator[Instruction]:
    for name, (funct7, signed) in VECTOR_OPS.items():
        accumulates = name.startswith("sdot")
        high = f7(funct7)[:6]
        for half, size in ((0, "h"), (1, "b")):
            fmt = "RA" if accumulates else "R"
            yield row(f"pv.{name}.{size}", r_type(0x57, half, high + "-"), fmt)
            yield row(f"pv.{name}.sc.{size}", r_type(0x57, 4 + half, high + "-"), fmt)
            fmt = ("SCIS" if signed else "SCIU") + ("A" if accumulates else "")
            yield row(f"pv.{name}.sci.{size}", r_type(0x57, 6 + half, high + "-"), fmt)
    for half, size in ((0, "h"), (1, "b")):
        yield row(f"pv.abs.{size}", r_type(0x57, half, 0x38, "00000"), "R1")
        yield row(f"pv.extract.{size}", r_type(0x57, 6 + half, "011110-"), "SCIU")
        yield row(f"pv.extractu.{size}", r_type(0x57, 6 + half, "100100-"), "SCIU")
        yield row(f"pv.insert.{size}", r_type(0x57, 6 + half, "101100-"), "SCIUA")
        yield row(f"pv.shuffle.{size}", r_type(0x57, half, "110000-"), "R")
        yield row(f"pv.shuffle2.{size}", r_type(0x57, half, "110010-"), "RA")
    yield row("pv.shuffle.sci.h", r_type(0x57, 6, "110000-"), "SCIU")
    for index, high in enumerate(("110000", "111010", "111100", "111110")):
        yield row(f"pv.shufflei{index}.sci.b", r_type(0x57, 7, high + "-"), "SCIU")
    # It does not need what rd held, but GVSOC's model waits for it as for the other packs: a load into rd stalls it.
    yield row("pv.pack.h", r_type(0x57, 0, "1101000"), "RA")
    yield row("pv.packhi.b", r_type(0x57, 1, "110110-"), "RA")
    yield row("pv.packlo.b", r_type(0x57, 1, "111000-"), "RA")
