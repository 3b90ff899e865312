"""Control flow that always ends: branches, loops in hardware and by branches, calls, jumps."""

from tests.gap8.random_code import layout
from tests.gap8.random_code.instructions import compute
from tests.gap8.random_code.layout import COMPRESSED_DATA, COUNTER, SCRATCH
from tests.gap8.random_code.memory import access
from tests.gap8.random_code.writer import Writer

BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu")
SHORT_REACH = 12
"""Largest number of instructions, with their preparations, in a body whose end five bits must reach."""


def simple(writer: Writer, count: int) -> None:
    """Write some computations and accesses without control flow."""
    for _ in range(count):
        (access if writer.chance(0.3) else compute)(writer)


def straight(writer: Writer) -> None:
    """A long way through cold code."""
    for _ in range(writer.rng.randrange(30, 120)):
        compute(writer)


def products(writer: Writer) -> None:
    """Loads and products whose results are used at once."""
    for _ in range(writer.rng.randrange(2, 6)):
        first, second = writer.target(), writer.target()
        writer.emit(writer.rng.choice(("mul", "mulh", "mulhu", "mulhsu")), first, writer.source(), writer.source())
        writer.emit(writer.rng.choice(("add", "p.mac", "mulh", "mul", "pv.sdotsp.b")), second, first, writer.source())
        writer.emit("lw", first, 4 * writer.rng.randrange(64), layout.OWN)
        writer.emit(writer.rng.choice(("sub", "p.msu", "mulhu", "pv.add.h")), second, second, first)


def skip(writer: Writer) -> None:
    """A branch forward over a few instructions."""
    beyond, rng = writer.new_label(), writer.rng
    kind = rng.random()
    if kind < 0.6:
        writer.emit(rng.choice(BRANCHES), writer.source(), writer.source(), "@" + beyond)
    elif kind < 0.8:
        writer.emit(rng.choice(("p.beqimm", "p.bneimm")), writer.source(), rng.randrange(-16, 16), "@" + beyond)
    else:
        writer.emit(rng.choice(("c.beqz", "c.bnez")), rng.choice(COMPRESSED_DATA), "@" + beyond)
    simple(writer, rng.randrange(1, 6))
    writer.label(beyond)


def jump(writer: Writer) -> None:
    """An unconditional jump forward, direct or through a register."""
    rng = writer.rng
    kind = rng.choice(("jal", "c.j", "jalr", "c.jr", "c.jalr"))
    skipped = rng.randrange(0, 6)
    if kind in ("jal", "c.j"):
        beyond = writer.new_label()
        kind = "c.jal" if kind == "c.j" and writer.core >= 0 and writer.chance(0.5) else kind
        writer.emit(kind, *(("zero",) if kind == "jal" else ()), "@" + beyond)
        for _ in range(skipped):
            writer.emit("addi", writer.target(), writer.source(), 1)
        writer.label(beyond)
        return
    if kind == "c.jalr" and writer.core < 0:
        kind = "c.jr"  # a function needs its return address
    writer.emit("auipc", SCRATCH, 0)
    writer.emit("addi", SCRATCH, SCRATCH, 8 + (4 if kind == "jalr" else 2) + 4 * skipped)
    writer.emit(kind, *(("zero", 0, SCRATCH) if kind == "jalr" else (SCRATCH,)))
    for _ in range(skipped):
        writer.emit("xori", writer.target(), writer.source(), 5)


def hardware_loop(writer: Writer, level: int = 0) -> None:
    """A loop in hardware; inside of the outer one there may be another."""
    rng = writer.rng
    times, last = rng.randrange(1, 6), writer.new_label()
    kind = rng.choice(("setup", "setupi", "parts"))
    inner = level == 1
    if kind == "setup":
        writer.emit("addi", SCRATCH, "zero", times)
        writer.emit("lp.setup", level, SCRATCH, "@" + last)
    elif kind == "setupi" and not inner:
        writer.emit("lp.setupi", level, times, "@" + last)
        for _ in range(rng.randrange(1, SHORT_REACH)):
            _one(writer)
        writer.label(last)
        _one(writer)
        return
    else:
        _loop_in_parts(writer, level, times, last)
    simple(writer, rng.randrange(1, 8))
    if inner:
        hardware_loop(writer, 0)
        simple(writer, rng.randrange(1, 4))
    elif writer.chance(0.3):
        skip(writer)
        simple(writer, 1)
    writer.label(last)
    _one(writer)


def _loop_in_parts(writer: Writer, level: int, times: int, last: str) -> None:
    """Start, end and count by instructions of their own."""
    first = writer.new_label()
    writer.emit("lp.starti", level, "@" + first)
    writer.emit("lp.endi", level, "@" + last)
    if writer.chance(0.5):
        writer.emit("lp.counti", level, times)
    else:
        writer.emit("addi", SCRATCH, "zero", times)
        writer.emit("lp.count", level, SCRATCH)
    writer.label(first)


def _one(writer: Writer) -> None:
    """One instruction of four bytes or two: the end of a loop, or a part of a short one."""
    rng = writer.rng
    kind = rng.randrange(4)
    if kind == 0:
        writer.emit("lw", writer.target(), 4 * rng.randrange(64), rng.choice((layout.OWN, layout.SHARED)))
    elif kind == 1:
        writer.emit("sw", writer.source(), 4 * rng.randrange(64), rng.choice((layout.OWN, layout.SHARED)))
    elif kind == 2:
        writer.emit(
            rng.choice(("add", "p.mac", "mul", "pv.sdotsp.h")), writer.target(), writer.source(), writer.source()
        )
    else:
        writer.emit("c.addi", rng.choice(layout.DATA), rng.randrange(-32, 32))


def nested_loops(writer: Writer) -> None:
    """A loop in hardware around another."""
    hardware_loop(writer, 1)


def backward_loop(writer: Writer) -> None:
    """A loop that counts down and branches backward."""
    writer.emit("addi", COUNTER, "zero", writer.rng.randrange(1, 5))
    again = writer.new_label()
    writer.label(again)
    simple(writer, writer.rng.randrange(1, 8))
    writer.emit("addi", COUNTER, COUNTER, -1)
    writer.emit(writer.rng.choice(("bne", "blt")), "zero", COUNTER, "@" + again)


def sleep(writer: Writer) -> None:
    """Wait for the next interrupt, which a timer will bring; without interrupts, an instruction that does nothing."""
    if writer.interrupted:
        writer.emit("wfi")
    elif not writer.is_fc:  # the fabric controller of GVSOC hangs in a fence
        writer.emit(writer.rng.choice(("fence", "fence.i")))
    else:
        writer.emit("nop")
