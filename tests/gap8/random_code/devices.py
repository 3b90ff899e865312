"""What a core of the cluster does with its devices: barriers, events, the mutex, the DMA; and counters, everywhere."""

from tests.gap8.differences.reduction import CYCLES
from tests.gap8.random_code import layout
from tests.gap8.random_code.instructions import compute
from tests.gap8.random_code.layout import DEVICES, DMA_WINDOW, POINTER, SCRATCH
from tests.gap8.random_code.memory import access
from tests.gap8.random_code.writer import Writer

EVENT_MASK, WAIT_AND_CLEAR = 0x00, 0x3C
MUTEX, SOFTWARE_EVENT, BARRIER = 0xC0, 0x100, 0x200
"""Registers in the core's view of its event unit."""
DMA_EVENT, BARRIER_EVENT, MUTEX_EVENT = 8, 16, 17
DMA = 0x400
"""Command register of the DMA, seen from the same base; its status is the next word."""
TO_L1, INCREMENT, TWO_DIMENSIONS, EVENT = 1 << 16, 1 << 17, 1 << 18, 1 << 19
COUNTERS = 17
"""Performance counters from cycles to bank conflicts."""


def listen(writer: Writer, event: int) -> None:
    """Let one event alone wake the core."""
    writer.li(SCRATCH, 1 << event)
    writer.emit("sw", SCRATCH, EVENT_MASK, DEVICES)


def set_up_barrier(writer: Writer, number: int) -> None:
    """Make every core of the cluster a member of a barrier."""
    writer.emit("addi", SCRATCH, "zero", 0xFF)
    writer.emit("sw", SCRATCH, BARRIER + 0x20 * number, DEVICES)
    writer.emit("sw", SCRATCH, BARRIER + 0x20 * number + 0x0C, DEVICES)


def barrier(writer: Writer, number: int) -> None:
    """Wait for the other cores."""
    listen(writer, BARRIER_EVENT)
    writer.emit("p.elw", writer.target(), BARRIER + 0x20 * number + 0x1C, DEVICES)


def software_event(writer: Writer, event: int, sender: int) -> None:
    """Wait for an event that one of the cores sends to all."""
    listen(writer, event)
    if writer.core == sender:
        writer.emit("addi", SCRATCH, "zero", 0xFF)
        writer.emit("sw", SCRATCH, SOFTWARE_EVENT + 4 * event, DEVICES)
    writer.emit("p.elw", writer.target(), WAIT_AND_CLEAR, DEVICES)


def critical_section(writer: Writer) -> None:
    """Change a shared word while the mutex is held; what is read depends on who came before."""
    listen(writer, MUTEX_EVENT)
    writer.emit("p.elw", writer.target(), MUTEX, DEVICES)
    place = 4 * writer.rng.randrange(64)
    register = writer.rng.choice(layout.DATA)
    writer.emit("lw", register, place, layout.SHARED)
    for _ in range(writer.rng.randrange(3)):
        compute(writer)
    writer.emit("add", register, register, writer.source())
    writer.emit("sw", register, place, layout.SHARED)
    writer.emit("sw", writer.source(), MUTEX, DEVICES)


def transfer(writer: Writer) -> None:
    """One or two DMA transfers of the core's own windows, other work meanwhile, and the wait for their end."""
    rng, waits = writer.rng, writer.chance(0.6)
    counter = rng.choice(layout.DATA)
    if waits:
        listen(writer, DMA_EVENT)
    writer.emit("lw", SCRATCH, DMA, DEVICES)
    writer.emit("addi", POINTER, "zero", 1)
    writer.emit("sll", counter, POINTER, SCRATCH)
    for _ in range(rng.choice((1, 1, 2))):
        _command(writer)
    used = {counter}
    for _ in range(rng.randrange(6)):
        register = rng.choice([name for name in layout.DATA if name not in used])
        writer.emit(rng.choice(("add", "p.mac", "pv.add.b")), register, writer.source(), register)
        writer.emit("lw", register, 4 * rng.randrange(64), rng.choice((layout.OWN, layout.SHARED)))
    poll, through = writer.new_label(), writer.new_label()
    writer.label(poll)
    writer.emit("lw", SCRATCH, DMA + 4, DEVICES)
    writer.emit("and", SCRATCH, SCRATCH, counter)
    writer.emit("beq", SCRATCH, "zero", "@" + through)
    if waits:
        writer.emit("p.elw", SCRATCH, WAIT_AND_CLEAR, DEVICES)
    writer.emit("jal", "zero", "@" + poll)
    writer.label(through)
    writer.emit("sw", counter, DMA + 4, DEVICES)


def _command(writer: Writer) -> None:
    """Push one command."""
    rng = writer.rng
    flags = INCREMENT | EVENT | (TO_L1 if writer.chance(0.5) else 0)
    if writer.chance(0.4):
        length, lines = rng.choice((1, 3, 4, 8, 10, 16, 24)), rng.randrange(1, 9)
        stride = rng.randrange(length, DMA_WINDOW // lines + 1) if length <= DMA_WINDOW // lines else length
        size, reach, more = length * lines, (lines - 1) * stride + length, (stride << 16 | length,)
        flags |= TWO_DIMENSIONS
    else:
        size = rng.choice((1, 2, 4, 7, 8, 32, 60, 64, 128, rng.randrange(1, 400)))
        reach, more = size, ()
    grain = rng.choice((1, 2, 4, 4, 8))
    near = layout.L1_DMA + DMA_WINDOW * writer.core + rng.randrange(0, DMA_WINDOW - size + 1) // grain * grain
    far = layout.L2_DMA + DMA_WINDOW * writer.core + rng.randrange(0, DMA_WINDOW - reach + 1) // grain * grain
    for word in (flags | size, near, far, *more):
        writer.li(SCRATCH, word)
        writer.emit("sw", SCRATCH, DMA, DEVICES)


def counters(writer: Writer) -> None:
    """Read a performance counter or the cluster's timer, or choose what is counted."""
    rng, kind = writer.rng, writer.rng.random()
    if kind < 0.5:
        counter = rng.choice((0, 0, 1, rng.randrange(COUNTERS)))
        writer.emit(rng.choice(("csrrs", "csrrc")), writer.target(), CYCLES + counter, "zero")
    elif kind < 0.65:
        writer.li(POINTER, 0x1B200400 if writer.is_fc else 0x10200400)
        writer.emit("lw", writer.target(), 8, POINTER)
    elif kind < 0.8:
        writer.li(SCRATCH, rng.getrandbits(20) | 3)
        writer.emit("csrrw", writer.target(), 0x7A0, SCRATCH)
    elif kind < 0.9:
        writer.emit("csrrwi", writer.target(), 0x7A1, 0)
        for _ in range(rng.randrange(1, 8)):
            (access if writer.chance(0.3) else compute)(writer)
        writer.emit("csrrwi", writer.target(), 0x7A1, 1)
    else:
        writer.emit("csrrw", writer.target(), 0x340, writer.source())
        writer.emit(rng.choice(("csrrsi", "csrrci")), writer.target(), 0x340, rng.randrange(32))
