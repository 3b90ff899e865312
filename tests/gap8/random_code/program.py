"""A random program: the fabric controller and eight cores, each with code of its own and functions that are shared."""

import random
from collections.abc import Callable

from tests.gap8.differences.interrupts import TIMER_ON
from tests.gap8.differences.reduction import CYCLES, FC_CACHE, RESULTS, TIMER_INTERRUPT
from tests.gap8.programs import elf
from tests.gap8.random_code import devices, flow, layout
from tests.gap8.random_code.instructions import compute
from tests.gap8.random_code.layout import DATA, FC, LINK, POINTER, SCRATCH
from tests.gap8.random_code.memory import access
from tests.gap8.random_code.writer import Writer

WORDS = 11
"""What is printed of each core."""
FUNCTIONS = 4
"""That the cores of the cluster share, and as many that the fabric controller has for itself; each calls another."""
FC_TIMER, CLUSTER_TIMER = 0x1B200400, 0x10200400

Piece = Callable[[Writer], None]
PIECES: tuple[tuple[Piece, int], ...] = (
    (lambda writer: flow.simple(writer, writer.rng.randrange(2, 12)), 6),
    (flow.products, 2),
    (flow.skip, 4),
    (flow.jump, 2),
    (flow.hardware_loop, 2),
    (flow.nested_loops, 1),
    (flow.backward_loop, 2),
    (flow.straight, 1),
    (devices.counters, 2),
    (flow.sleep, 1),
)
"""What code is put together from, with weights."""
CLUSTER_PIECES: tuple[tuple[Piece, int], ...] = ((devices.transfer, 2), (devices.critical_section, 1))


def program(seed: int, interrupts: bool) -> Writer:
    """Return the program of a seed; it is a function of these two arguments alone."""
    writer = Writer(random.Random(f"random program {seed} {interrupts}"))
    rng = writer.rng
    writer.split_cores("cluster")
    handler = writer.new_label()
    _fabric_controller(writer, interrupts)
    _functions(writer, "cluster function", -1)
    _functions(writer, "fc function", FC)
    writer.label("cluster")
    _begin_core(writer)
    for core in range(layout.CORES):
        writer.emit("addi", SCRATCH, "zero", core)
        writer.emit("bne", layout.CORE, SCRATCH, 8)
        writer.emit("jal", "zero", f"@core {core}")
    phases = [(rng.randrange(8), rng.randrange(8), rng.randrange(8)) for _ in range(rng.randrange(2, 4))]
    cluster_interrupts = interrupts and writer.chance(0.6)
    for core in range(layout.CORES):
        _core(writer, core, phases, cluster_interrupts)
    _end_core(writer)
    writer.label(handler)
    writer.vectors[TIMER_INTERRUPT] = writer.pc
    _handler(writer)
    return writer


def content(seed: int, interrupts: bool) -> bytes:
    """Return the ELF file of a program."""
    writer = program(seed, interrupts)
    return elf(writer.assembled(), vectors=writer.vectors)


def body(writer: Writer, pieces: int, functions: str | None) -> None:
    """Write some pieces in a row; with the name of functions, some of them are calls."""
    choice = PIECES if writer.is_fc or writer.core < 0 else PIECES + CLUSTER_PIECES
    for _ in range(pieces):
        if functions and writer.chance(0.15):
            name = f"@{functions} {writer.rng.randrange(FUNCTIONS)}"
            writer.emit("jal", LINK, name)
        else:
            (piece,) = writer.rng.choices([piece for piece, _ in choice], [weight for _, weight in choice])
            piece(writer)


def _functions(writer: Writer, name: str, core: int) -> None:
    writer.core = core
    for number in range(FUNCTIONS):
        writer.label(f"{name} {number}")
        for _ in range(writer.rng.randrange(1, 4)):
            writer.rng.choice((flow.products, flow.skip, flow.hardware_loop, flow.straight))(writer)
        if number % 2 == 0:
            writer.emit("jal", layout.INNER_LINK, f"@{name} {number} inner")
        writer.emit(*writer.rng.choice((("jalr", "zero", 0, LINK), ("c.jr", LINK))))
        writer.label(f"{name} {number} inner")
        flow.simple(writer, writer.rng.randrange(2, 20))
        writer.emit("jalr", "zero", 0, layout.INNER_LINK)


# ---- the start ----


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


def _fill(writer: Writer, address: str, words: int) -> None:
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


def _generator(writer: Writer) -> None:
    writer.li("a0", writer.rng.getrandbits(32))
    writer.emit("add", "a0", "a0", layout.CORE)
    writer.li("a1", layout.LCG_FACTOR)
    writer.li("a2", layout.LCG_TERM)


def _registers(writer: Writer) -> None:
    """Give every register its first random value, and start what the handler counts."""
    for register in DATA:
        if register not in ("a0", "a1", "a2"):
            writer.emit("mul", "a0", "a0", "a1")
            writer.emit("add", "a0", "a0", "a2")
            writer.emit("addi", register, "a0", 0)
    for register in (layout.TAKEN, layout.SEEN, layout.SPARE):
        writer.emit("addi", register, "zero", 0)


def _begin_core(writer: Writer) -> None:
    """What all cores of the cluster do first, by the same code."""
    writer.emit("csrrs", layout.CORE, 0xF14, "zero")
    _generator(writer)
    _bases(writer)
    writer.emit("addi", layout.STACK, layout.OWN, 0)
    writer.li(layout.DEVICES, 0x10204000)
    writer.li(layout.SHARED, layout.L1_SHARED)
    _fill(writer, layout.OWN, layout.WINDOW // 4)
    _fill(writer, layout.OWN_L2, layout.WINDOW // 4)
    for address in (layout.L1_DMA, layout.L2_DMA):
        _dma_window(writer, address)
        _fill(writer, POINTER, layout.DMA_WINDOW // 4)
    _fill(writer, layout.SHARED, layout.WINDOW // 4)  # all of them: who is last wins
    _registers(writer)


def _dma_window(writer: Writer, address: int) -> None:
    """Point to the core's window."""
    writer.emit("slli", POINTER, layout.CORE, 9)
    writer.li(SCRATCH, address)
    writer.emit("add", POINTER, POINTER, SCRATCH)


# ---- the cores ----


def _timer_interrupts(writer: Writer, timer: int, mask: int, period: int) -> None:
    writer.store_word(mask + 0x14, 1 << TIMER_INTERRUPT)
    writer.emit("csrrwi", "zero", 0x300, 8)
    writer.store_word(timer + 0x10, period)
    writer.store_word(timer, TIMER_ON)


def _fabric_controller(writer: Writer, interrupts: bool) -> None:
    rng, writer.core = writer.rng, FC
    if writer.chance(0.8):
        writer.store_word(FC_CACHE, 1)
    writer.emit("addi", layout.CORE, "zero", FC)
    _generator(writer)
    writer.li(layout.OWN, layout.TCDM_OWN)
    writer.emit("addi", layout.STACK, layout.OWN, 0)
    writer.li(layout.OWN_L2, layout.L2_OWN + layout.WINDOW * FC)
    writer.li(layout.DEVICES, 0x1B204000)
    writer.li(layout.SHARED, layout.L2_SHARED)
    for register in (layout.OWN, layout.OWN_L2, layout.SHARED):
        _fill(writer, register, layout.WINDOW // 4)
    _registers(writer)
    writer.store_word(layout.FLAG, 0)
    writer.start_cluster()
    if rng.random() < 0.5:  # so soon nothing is in L1 yet: the cores' first words and this code's race
        writer.li(layout.SHARED, layout.L1_SHARED)
    if interrupts:
        writer.interrupted = True
        _timer_interrupts(writer, FC_TIMER, 0x1B204000, rng.randrange(150, 2000))
    else:
        writer.store_word(FC_TIMER, 3)
    body(writer, rng.randrange(20, 60), "fc function")
    writer.interrupted = False
    writer.emit("csrrwi", "zero", 0x300, 0)
    writer.li(POINTER, layout.FLAG)
    wait = writer.pc
    writer.emit("lw", SCRATCH, 0, POINTER)
    writer.emit("beq", SCRATCH, "zero", wait - writer.pc)
    _report(writer, ((layout.TCDM_OWN, layout.WINDOW), (layout.L2_SHARED, layout.WINDOW), (layout.L1_SHARED, 256)))
    writer.kept = WORDS * (layout.CORES + 1)
    writer.print_and_leave()


def _core(writer: Writer, core: int, phases: list[tuple[int, int, int]], interrupts: bool) -> None:
    writer.core = core
    writer.label(f"core {core}")
    if core == 0:
        for number in range(8):
            devices.set_up_barrier(writer, number)
        if not interrupts:
            writer.store_word(CLUSTER_TIMER, 3)
    writer.li(layout.SHARED, writer.rng.choice((layout.L1_SHARED, layout.L1_SHARED & 0xFFFF)))
    if interrupts:
        period = writer.rng.randrange(500, 3000)
        writer.store_word(0x10204014, 1 << TIMER_INTERRUPT)
        writer.emit("csrrwi", "zero", 0x300, 8)
        if core == 0:
            writer.store_word(CLUSTER_TIMER + 0x10, period)
            writer.store_word(CLUSTER_TIMER, TIMER_ON)
    writer.interrupted = interrupts
    for number, event, sender in phases:
        body(writer, writer.rng.randrange(3, 14), "cluster function")
        if event < 4:
            devices.software_event(writer, event, sender)
        body(writer, writer.rng.randrange(1, 5), "cluster function")
        devices.barrier(writer, number)
    writer.interrupted = False
    writer.emit("jal", "zero", "@end")


def _handler(writer: Writer) -> None:
    """Count the interrupt, remember where it came, and use memory and a multiplication."""
    spare, seen = layout.SPARE, layout.SEEN
    writer.emit("csrrs", spare, 0x341, "zero")
    writer.emit("slli", seen, seen, 1)
    writer.emit("xor", seen, seen, spare)
    for _ in range(writer.rng.randrange(3)):
        writer.emit("lw", spare, 4 * writer.rng.randrange(64), writer.rng.choice((layout.OWN, layout.OWN_L2)))
        writer.emit("mul", spare, spare, seen)
        writer.emit("add", seen, seen, spare)
    writer.emit("addi", layout.TAKEN, layout.TAKEN, 1)
    writer.emit("mret")


# ---- the end ----


def _end_core(writer: Writer) -> None:
    """What all cores of the cluster do last: they note what they hold, and core 0 tells the fabric controller."""
    writer.label("end")
    writer.core = -1
    writer.emit("csrrwi", "zero", 0x300, 0)
    writer.store_word(0x10204010, 1 << TIMER_INTERRUPT)
    own = ((layout.L1_OWN, layout.WINDOW), (layout.L2_OWN, layout.WINDOW), (layout.L1_DMA, layout.DMA_WINDOW))
    _report(writer, (*own, (layout.L2_DMA, layout.DMA_WINDOW)))
    devices.barrier(writer, 0)
    writer.emit("bne", layout.CORE, "zero", "@sleep")
    writer.store_word(CLUSTER_TIMER, 0)
    writer.store_word(layout.FLAG, 1)
    writer.label("sleep")
    writer.emit("wfi")
    writer.emit("jal", "zero", "@sleep")


def _report(writer: Writer, windows: tuple[tuple[int, int], ...]) -> None:
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


__all__ = ["access", "body", "compute", "content", "program"]
