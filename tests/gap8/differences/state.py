"""Registers: CSRs, counters, loops, x0, and loads and stores whose base is their data."""

from tests.gap8.differences.reduction import CYCLES, FC_CACHE, Reduction
from tests.gap8.programs import L2


def registers_of_csr() -> Reduction:
    """What CSRs give at reset and after every bit was written, on the fabric controller."""
    p = Reduction()
    p.begin()
    for csr in (0x300, 0x305, 0x340, 0x341, 0x342, *range(0x7B0, 0x7B7), 1, 2, 3, 6, 0xC10):
        p.emit("csrrs", "t1", csr, "zero")
        p.keep("t1")
    p.emit("csrrwi", "zero", 0x7A1, 0)
    p.li("t2", 0xFFFFFFF7)
    for csr in (0x300, 0x340, 0x341, 0x342, *range(0x7B0, 0x7B7), 1, 2, 3, 6):
        p.emit("csrrw", "t1", csr, "t2")
        p.emit("csrrs", "t1", csr, "zero")
        p.keep("t1")
    p.emit("csrrwi", "zero", 0x7B2, 0)
    p.emit("csrrwi", "zero", 0x7B6, 0)
    p.emit("csrrwi", "zero", 3, 0)
    for csr in (1, 2, 3, 6):
        p.emit("csrrs", "t1", csr, "zero")
        p.keep("t1")
    p.print_and_leave()
    return p


def counters_written() -> Reduction:
    """A write to each performance counter, and to all of them, while none counts; then misaligned accesses counted."""
    p = Reduction()
    p.begin()
    p.emit("csrrwi", "zero", 0x7A1, 0)
    p.li("t1", 0x12345600)
    for counter in range(31):
        p.emit("addi", "t1", "t1", 1)
        p.emit("csrrw", "zero", 0x780 + counter, "t1")
        p.emit("csrrs", "t2", 0x780 + counter, "zero")
        p.keep("t2")
    p.emit("csrrw", "zero", 0x79F, "t1")
    for counter in (0, 10, 11, 15, 16, 29, 30):
        p.emit("csrrs", "t2", 0x780 + counter, "zero")
        p.keep("t2")
    p.emit("csrrwi", "zero", 0x79F, 0)
    p.li("t1", 0x7FFFFFFF)
    p.emit("csrrw", "zero", 0x7A0, "t1")
    p.emit("csrrwi", "zero", 0x7A1, 1)
    for offset in (1, 2, 3, 5):
        p.emit("lw", "t2", offset, "s1")
        p.emit("sh", "t2", offset + 2, "s1")
    p.emit("csrrwi", "zero", 0x7A1, 0)
    for counter in (0, 1, 5, 6, 11, 12, 29):
        p.emit("csrrs", "t2", 0x780 + counter, "zero")
        p.keep("t2")
    p.print_and_leave()
    return p


def loops_by_csr() -> Reduction:
    """A loop whose end is written as a CSR does not jump, unless an instruction had set the same end."""
    p = Reduction()
    p.begin()
    for marked in (False, True):
        p.emit("addi", "t3", "zero", 0)
        p.emit("auipc", "t1", 0)
        start = p.pc - 4
        if marked:
            p.emit("lp.endi", 0, 4 * 11)
        body = start + 4 * (9 + marked)
        for csr, place in ((0x7B0, body), (0x7B1, body + 8)):
            p.emit("addi", "t2", "t1", place - start)
            p.emit("csrrw", "zero", csr, "t2")
        p.emit("csrrwi", "zero", 0x7B2, 7)
        p.nops(2)
        p.nops(1)
        assert p.pc == body
        p.emit("addi", "t3", "t3", 1)
        p.nops(2)
        p.keep("t3")
        p.emit("csrrs", "t2", 0x7B2, "zero")
        p.keep("t2")
        p.emit("csrrwi", "zero", 0x7B2, 0)
    p.print_and_leave()
    return p


def bases_that_are_data() -> Reduction:
    """Loads into their own base and stores of it, that move it, within a word and across words."""
    p = Reduction()
    data = p.pc + 4 * 3
    p.emit("jal", "zero", 4 * 11)
    p.nops(1)
    for word in range(9):
        p.word(0x81828384 + 0x04040404 * word)
    p.begin()
    for at in (0, 1, 2, 3):
        for size in ("lb", "lbu", "lh", "lhu", "lw"):
            if size == "lh" and at == 3:
                continue  # across words the simulator extends the sign, GVSOC does not
            p.li("t1", data + 8 + at)
            p.emit(f"p.{size}.post", "t1", -5, "t1")
            p.keep("t1")
            p.li("t1", data + 8 + at)
            p.emit("addi", "t2", "zero", 13)
            p.emit(f"p.{size}.rpost", "t1", "t2", "t1")
            p.keep("t1")
            p.li("t1", data + 8 + at)
            p.emit("addi", "t2", "zero", 13)
            p.emit(f"p.{size}.rpost", "t2", "t2", "t1")
            p.keep("t1")
            p.keep("t2")
        for size in ("sb", "sh", "sw"):
            p.li("t1", data + 24 + at)
            p.emit(f"p.{size}.post", "t1", 3, "t1")
            p.keep("t1")
            p.li("t2", data + 24)
            p.emit("lw", "t3", 0, "t2")
            p.keep("t3")
            p.emit("lw", "t3", 4, "t2")
            p.keep("t3")
            p.li("t1", data + 24 + at)
            p.emit("addi", "t2", "zero", 77)
            p.emit(f"p.{size}.rpost", "t1", "t2", "t1")
            p.li("t2", data + 24)
            p.emit("lw", "t3", 0, "t2")
            p.keep("t3")
            p.emit("lw", "t3", 4, "t2")
            p.keep("t3")
    p.print_and_leave()
    return p


def writes_to_zero() -> Reduction:
    """A nop never waits for a load or a product into x0; other readers of x0 do."""
    p = Reduction()
    p.begin()
    p.store_word(FC_CACHE, 1)
    followers = (("addi", "zero", "zero", 0), ("addi", "zero", "zero", 1), ("addi", "t1", "zero", 0))
    for before in (("lw", "zero", 0, "s1"), ("mul", "zero", "s1", "s1"), ("p.lw.r", "zero", "zero", "s1")):
        for behind in followers:
            end = p.repeat(2)
            p.mark()
            p.emit(*before)
            p.emit(*behind)
            p.keep_cycles()
            end()
        end = p.repeat(2)
        p.mark()
        p.emit(*before)
        p.word(0x0001, 2)  # c.nop
        p.word(0x0001, 2)
        p.keep_cycles()
        end()
    p.kept *= 2
    p.print_and_leave()
    return p


def unused_bits_read() -> Reduction:
    """Instructions whose unused bits name x0 wait for a load or a product into it: loops set up in parts, fence.i."""
    p = Reduction()
    p.cluster_only()
    p.begin()
    p.li("a5", L2 + 0x50000)
    last = 16
    instructions: tuple[tuple, ...] = (
        ("lp.starti", 0, last), ("lp.endi", 0, last), ("lp.counti", 0, 0), ("lp.count", 0, "zero"), ("fence.i",),
        ("lp.setupi", 0, 0, last), ("lp.setup", 1, "zero", last), ("fence",), ("addi", "t3", "zero", 1),
    )  # fmt: skip
    before = (("lw", "zero", 0, "a5"), ("mul", "zero", "t1", "t1"), ("addi", "t4", "t4", 1))
    for instruction in instructions:
        for first in before:
            end = p.repeat(2)  # the second time from the cache
            p.mark()
            p.emit(*first)
            p.emit(*instruction)
            p.nops(6)
            p.emit("csrrs", "t2", CYCLES, "zero")
            p.emit("sub", "t2", "t2", "s0")
            p.emit("lp.counti", 0, 0)
            p.emit("lp.counti", 1, 0)
            end()
            p.keep("t2")
    p.print_and_leave()
    return p
