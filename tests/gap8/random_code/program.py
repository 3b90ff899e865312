"""A random program: the fabric controller and eight cores, each with code of its own and functions that are shared."""

import random
from collections.abc import Callable

from tests.gap8.differences.interrupts import TIMER_ON
from tests.gap8.differences.reduction import FC_CACHE, TIMER_INTERRUPT
from tests.gap8.programs import elf
from tests.gap8.random_code import devices, flow, frame, layout
from tests.gap8.random_code.layout import FC, LINK, POINTER, SCRATCH
from tests.gap8.random_code.writer import Writer

FUNCTIONS = 4
"""That the cores of the cluster share, and as many that the fabric controller has for itself; each calls another."""
FC_TIMER = 0x1B200400

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
    frame.begin_core(writer)
    for core in range(layout.CORES):
        writer.emit("addi", SCRATCH, "zero", core)
        writer.emit("bne", layout.CORE, SCRATCH, 8)
        writer.emit("jal", "zero", f"@core {core}")
    phases = [(rng.randrange(8), rng.randrange(8), rng.randrange(8)) for _ in range(rng.randrange(2, 4))]
    cluster_interrupts = interrupts and writer.chance(0.6)
    for core in range(layout.CORES):
        _core(writer, core, phases, cluster_interrupts)
    frame.end_core(writer)
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
    frame.generator(writer)
    writer.li(layout.OWN, layout.TCDM_OWN)
    writer.emit("addi", layout.STACK, layout.OWN, 0)
    writer.li(layout.OWN_L2, layout.L2_OWN + layout.WINDOW * FC)
    writer.li(layout.DEVICES, 0x1B204000)
    writer.li(layout.SHARED, layout.L2_SHARED)
    for register in (layout.OWN, layout.OWN_L2, layout.SHARED):
        frame.fill(writer, register, layout.WINDOW // 4)
    frame.registers(writer)
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
    frame.report(writer, ((layout.TCDM_OWN, layout.WINDOW), (layout.L2_SHARED, layout.WINDOW), (layout.L1_SHARED, 256)))
    writer.kept = frame.WORDS * (layout.CORES + 1)
    writer.print_and_leave()


def _core(writer: Writer, core: int, phases: list[tuple[int, int, int]], interrupts: bool) -> None:
    writer.core = core
    writer.label(f"core {core}")
    if core == 0:
        for number in range(8):
            devices.set_up_barrier(writer, number)
        if not interrupts:
            writer.store_word(frame.CLUSTER_TIMER, 3)
    writer.li(layout.SHARED, writer.rng.choice((layout.L1_SHARED, layout.L1_SHARED & 0xFFFF)))
    if interrupts:
        period = writer.rng.randrange(500, 3000)
        writer.store_word(0x10204014, 1 << TIMER_INTERRUPT)
        writer.emit("csrrwi", "zero", 0x300, 8)
        if core == 0:
            writer.store_word(frame.CLUSTER_TIMER + 0x10, period)
            writer.store_word(frame.CLUSTER_TIMER, TIMER_ON)
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
