"""Around the random code: what cores do first, and what they note at the end."""

from tests.gap8.differences.reduction import CYCLES, RESULTS, TIMER_INTERRUPT
from tests.gap8.random_code import devices, layout
from tests.gap8.random_code.layout import DATA, LINK, POINTER, SCRATCH
from tests.gap8.random_code.writer import Writer

WORDS = 11
"""What is printed of each core."""
CLUSTER_TIMER = 0x10200400


def _bases(writer: Writer) -> None:
    """Set the registers that the cores of the cluster address with; the core's number is in its register."""
    for register, address, stride in (
        (layout.OWN, layout.L1_OWN, layout.WINDOW),
        (layout.OWN_L2, layout.L2_OWN, layout.WINDOW),
    ):
        writer.li(SCRATCH, stride)
        writer.emit("mul", register, layout.CORE, SCRATCH)
        writer.li(SCRATCH, address)
        writer.emit("add", register, register, SCRATCH)


def fill(writer: Writer, address: str, words: int) -> None:
    """Fill memory from the pointer on with what `a0` generates; a1 and a2 hold the generator's constants."""
    writer.emit("addi", POINTER, address, 0)
    writer.li(SCRATCH, words)
    again = writer.new_label()
    writer.label(again)
    writer.emit("p.sw.post", "a0", 4, POINTER)
    writer.emit("mul", "a0", "a0", "a1")
    writer.emit("add", "a0", "a0", "a2")
    writer.emit("addi", SCRATCH, SCRATCH, -1)
    writer.emit("bne", SCRATCH, "zero", "@" + again)


def generator(writer: Writer) -> None:
    writer.li("a0", writer.rng.getrandbits(32))
    writer.emit("add", "a0", "a0", layout.CORE)
    writer.li("a1", layout.LCG_FACTOR)
    writer.li("a2", layout.LCG_TERM)


def registers(writer: Writer) -> None:
    """Give every register its first random value, and start what the handler counts."""
    for register in DATA:
        if register not in ("a0", "a1", "a2"):
            writer.emit("mul", "a0", "a0", "a1")
            writer.emit("add", "a0", "a0", "a2")
            writer.emit("addi", register, "a0", 0)
    for register in (layout.TAKEN, layout.SEEN, layout.SPARE):
        writer.emit("addi", register, "zero", 0)


def begin_core(writer: Writer) -> None:
    """What all cores of the cluster do first, by the same code."""
    writer.emit("csrrs", layout.CORE, 0xF14, "zero")
    generator(writer)
    _bases(writer)
    writer.emit("addi", layout.STACK, layout.OWN, 0)
    writer.li(layout.DEVICES, 0x10204000)
    writer.li(layout.SHARED, layout.L1_SHARED)
    fill(writer, layout.OWN, layout.WINDOW // 4)
    fill(writer, layout.OWN_L2, layout.WINDOW // 4)
    for address in (layout.L1_DMA, layout.L2_DMA):
        _dma_window(writer, address)
        fill(writer, POINTER, layout.DMA_WINDOW // 4)
    fill(writer, layout.SHARED, layout.WINDOW // 4)  # all of them: who is last wins
    registers(writer)


def _dma_window(writer: Writer, address: int) -> None:
    """Point to the core's window."""
    writer.emit("slli", POINTER, layout.CORE, 9)
    writer.li(SCRATCH, address)
    writer.emit("add", POINTER, POINTER, SCRATCH)


def end_core(writer: Writer) -> None:
    """What all cores of the cluster do last: they note what they hold, and core 0 tells the fabric controller."""
    writer.label("end")
    writer.core = -1
    writer.emit("csrrwi", "zero", 0x300, 0)
    writer.store_word(0x10204010, 1 << TIMER_INTERRUPT)
    own = ((layout.L1_OWN, layout.WINDOW), (layout.L2_OWN, layout.WINDOW), (layout.L1_DMA, layout.DMA_WINDOW))
    report(writer, (*own, (layout.L2_DMA, layout.DMA_WINDOW)))
    devices.barrier(writer, 0)
    writer.emit("bne", layout.CORE, "zero", "@sleep")
    writer.store_word(CLUSTER_TIMER, 0)
    writer.store_word(layout.FLAG, 1)
    writer.label("sleep")
    writer.emit("wfi")
    writer.emit("jal", "zero", "@sleep")


def report(writer: Writer, windows: tuple[tuple[int, int], ...]) -> None:
    """Keep a core's words: cycles, instructions, the other counters, its registers, interrupts, its windows.

    Of a window, `layout.CORE` times its size is added to the address unless the core is the fabric controller.
    """
    for place, counter in enumerate((0, 1)):
        writer.emit("csrrs", (layout.COUNTER, LINK)[place], CYCLES + counter, "zero")
    writer.emit("addi", layout.INNER_LINK, "zero", 0)
    for counter in (*range(2, devices.COUNTERS), 29):
        writer.emit("csrrs", SCRATCH, CYCLES + counter, "zero")
        _fold(writer, layout.INNER_LINK, SCRATCH)
    for register in DATA[1:]:
        _fold(writer, DATA[0], register)
    writer.li(SCRATCH, 4 * WORDS)
    writer.emit("mul", SCRATCH, SCRATCH, layout.CORE)
    writer.li("t1", RESULTS)
    writer.emit("add", "t1", "t1", SCRATCH)
    kept = (layout.COUNTER, LINK, layout.INNER_LINK, DATA[0], layout.TAKEN, layout.SEEN)
    for register in kept:
        writer.emit("p.sw.post", register, 4, "t1")
    for address, size in windows:
        _sum_window(writer, address, size)
        writer.emit("p.sw.post", "t2", 4, "t1")
    for _ in range(WORDS - len(kept) - len(windows)):
        writer.emit("p.sw.post", "zero", 4, "t1")


def _fold(writer: Writer, into: str, register: str) -> None:
    """Multiply by 31 and add."""
    writer.emit("slli", POINTER, into, 5)
    writer.emit("sub", into, POINTER, into)
    writer.emit("add", into, into, register)


def _sum_window(writer: Writer, address: int, size: int) -> None:
    writer.li("t3", address)
    if not writer.is_fc:
        writer.li(SCRATCH, size)
        writer.emit("mul", SCRATCH, SCRATCH, layout.CORE)
        writer.emit("add", "t3", "t3", SCRATCH)
    writer.li("t4", size // 4)
    writer.emit("addi", "t2", "zero", 0)
    again = writer.new_label()
    writer.label(again)
    writer.emit("p.lw.post", SCRATCH, 4, "t3")
    _fold(writer, "t2", SCRATCH)
    writer.emit("addi", "t4", "t4", -1)
    writer.emit("bne", "t4", "zero", "@" + again)
