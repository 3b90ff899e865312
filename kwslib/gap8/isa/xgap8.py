"""Rows of Xgap8, GAP8's own extension: complex products, sums that are halved or quartered, Viterbi steps, packing.

GreenWaves Technologies added it to Xpulp for FFTs and Viterbi decoders. A complex number is a word of two Q15 numbers:
its real part in the low half, its imaginary part in the high half.

=====================  =============================================================================================
``pv.cplxmul.s``       ``rs1 * rs2``: each part is an exact sum of two products, shifted right by 15, cut to 16 bits
its ``.div2 .div4``    the same, shifted by 16 or 17
its ``.sc .sci``       both parts of rs1 by one factor, see below
``pv.cplxconj.h``      the imaginary part changes its sign; -32768 stays
``pv.subrotmj.h``      ``(rs1 - rs2) * -j``, each part cut to 16 bits
its ``.div2 .div4``    then shifted right by 1 or 2
``pv.add.h.div2`` …    lane by lane: the sum or difference, cut to the lane, shifted right by 1 or 2
``pv.vitop.max``       the larger of each pair of halves; decides for each half: rs2's if that was not less
``pv.vitop.sel``       for each half: rs1's or rs2's as decided, shifted left by 1, the decision as its lowest bit
``pv.pack.h.h``        rs1's high half, then rs2's high half
``pv.pack.h.l``        rs1's low half, then rs2's low half, like ``pv.pack.h``
=====================  =============================================================================================

All shifts are arithmetic and round down; nothing saturates. Each takes one cycle, and its result is there at once.

``pv.cplxmul.s.sc`` is of little use as GVSOC's model has it. With the parts re and im of rs1 and the factor b (all of
rs2, or the signed immediate), the high half is ``(im * b + re * b) >> 15``, the low half ``(re * b - im * b) >> 15``,
in 32 bits; and what the latter leaves in the high half is or-ed into it.

Source: the instruction tables of GVSOC's model of GAP8 rev C, and runs of it.
"""

from collections.abc import Iterator

from kwslib.gap8.isa.row import Instruction, r_type, row

OPCODE = 0x57
"""That of the packed instructions of Xpulp too."""


def rows() -> Iterator[Instruction]:
    """Yield the rows."""
    yield row("pv.cplxmul.s", r_type(OPCODE, 0, "010101-"), "R")
    yield row("pv.cplxmul.s.sc", r_type(OPCODE, 4, "010101-"), "R")
    yield row("pv.cplxmul.s.sci", r_type(OPCODE, 6, "010101-"), "SCIS")
    yield row("pv.cplxconj.h", r_type(OPCODE, 0, "0101110", "00000"), "R1")
    yield row("pv.subrotmj.h", r_type(OPCODE, 0, "011011-"), "R")
    halved = (
        ("pv.cplxmul.s", 2, "010101"),
        ("pv.subrotmj.h", 2, "011011"),
        ("pv.add.h", 2, "000000"),
        ("pv.sub.h", 2, "000010"),
        ("pv.add.b", 3, "000000"),
        ("pv.sub.b", 3, "000010"),
    )
    for name, funct3, high in halved:
        yield row(f"{name}.div2", r_type(OPCODE, funct3, high + "0"), "R")
        yield row(f"{name}.div4", r_type(OPCODE, funct3, high + "1"), "R")
    yield row("pv.vitop.max", r_type(OPCODE, 1, "011001-"), "RFLAGS")
    yield row("pv.vitop.sel", r_type(OPCODE, 0, "011001-"), "RFLAGS")
    yield row("pv.pack.h.h", r_type(OPCODE, 6, "110100-"), "R")
    yield row("pv.pack.h.l", r_type(OPCODE, 4, "110100-"), "R")
