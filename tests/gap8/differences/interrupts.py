"""Interrupts of the timers, with counters on and off; the timers themselves; the reference clock."""

from tests.gap8.differences.reduction import CYCLES, FC_CACHE, RESULTS, TIMER_INTERRUPT, Reduction
from tests.gap8.programs import L1, L2

TIMER_ON = 1 | 2 | 4 | 16  # enabled, from zero, with interrupts, again and again


def _interrupts(counters: int, period: int) -> Reduction:
    """Count the interrupts of the fabric controller's timer, and what a loop had reached at each."""
    p = Reduction()
    p.begin()
    p.store_word(FC_CACHE, 1)
    p.emit("jal", "zero", "@main")
    p.label("handler")
    p.vectors[TIMER_INTERRUPT] = p.pc
    p.keep("t1")
    p.emit("csrrs", "s5", 0x341, "zero")
    p.keep("s5")
    p.emit("addi", "s6", "s6", 1)
    p.emit("mret")
    p.label("main")
    p.emit("addi", "s6", "zero", 0)
    p.emit("addi", "t1", "zero", 0)
    p.store_word(0x1B204014, 1 << TIMER_INTERRUPT)
    p.emit("csrrwi", "zero", 0x7A1, counters)
    p.emit("csrrwi", "zero", 0x300, 8)
    p.store_word(0x1B200410, period)
    p.store_word(0x1B200400, TIMER_ON)
    p.li("a5", 0x1B200408)
    end = p.repeat(40)
    p.emit("lw", "t2", 0, "s1")
    p.emit("addi", "t1", "t1", 1)
    p.emit("mul", "t3", "t1", "t1")
    p.emit("addi", "t1", "t1", 1)
    p.emit("addi", "t4", "t4", 1)
    end()
    p.store_word(0x1B200400, 0)
    p.emit("csrrwi", "zero", 0x300, 0)
    p.li("s1", RESULTS + 4 * 30)
    p.keep("s6")
    p.emit("csrrs", "t6", CYCLES, "zero")
    p.keep("t6")
    p.kept = 32
    p.print_and_leave()
    return p


def interrupts_counted() -> Reduction:
    """Interrupts while the counters are on."""
    return _interrupts(1, 37)


def interrupts_uncounted() -> Reduction:
    """Interrupts while the counters are off: the instruction that is due is executed first."""
    return _interrupts(0, 37)


def interrupts_uncounted_later() -> Reduction:
    """The same with a longer period, in other phases."""
    return _interrupts(0, 61)


def interrupt_order() -> Reduction:
    """The cluster's timer interrupts eight sleeping cores at once: when each of them gets through one bank."""
    p = Reduction()
    p.split_cores("cluster")
    p.start_cluster()
    p.begin()
    end = p.repeat(3000)
    p.nops(1)
    end()
    p.li("t2", L1 + 0x100)
    for place in range(16):
        p.emit("lw", "t3", 4 * place, "t2")
        p.keep("t3")
    p.print_and_leave()
    p.label("handler")
    p.vectors[TIMER_INTERRUPT] = p.pc
    p.emit("lw", "t4", 0, "s11")
    p.emit("lw", "t3", 0, "s10")
    p.emit("p.sw.post", "t3", 4, "s8")
    p.emit("p.sw.post", "t4", 28, "s8")
    p.emit("mret")
    p.label("cluster")
    p.emit("csrrs", "s7", 0xF14, "zero")
    p.li("t2", 0x10204014)
    p.li("t3", 1 << TIMER_INTERRUPT)
    p.emit("sw", "t3", 0, "t2")
    p.li("s10", 0x10200408)
    p.emit("slli", "t2", "s7", 3)
    p.li("s11", L1 + 0x200)
    p.li("s8", L1 + 0x100)
    p.emit("add", "s8", "s8", "t2")
    p.emit("csrrwi", "zero", 0x300, 8)
    p.emit("bne", "s7", "zero", "@sleep")
    p.store_word(L1 + 0x200, 5)
    p.store_word(0x10200410, 400)
    p.store_word(0x10200400, 1 | 2 | 4)
    p.label("sleep")
    p.emit("wfi")
    p.emit("jal", "zero", "@sleep")
    return p


def vectors_moved() -> Reduction:
    """A write to mtvec moves the vectors: the timer's interrupt arrives elsewhere."""
    p = Reduction()
    p.begin()
    p.emit("csrrs", "t1", 0x305, "zero")
    p.keep("t1")
    p.li("t1", L2 + 0x1000)
    p.emit("csrrw", "zero", 0x305, "t1")
    p.emit("csrrs", "t2", 0x305, "zero")
    p.keep("t2")
    for place in range(35):
        p.li("t3", 0x00140413)  # addi s0, s0, 1: it counts the vectors from its own to the last
        p.emit("sw", "t3", 4 * place, "t1")
    p.li("t3", 0x30200073)  # mret
    p.emit("sw", "t3", 4 * 35, "t1")
    p.emit("addi", "s0", "zero", 0)
    p.store_word(0x1B204014, 1 << TIMER_INTERRUPT)
    p.emit("csrrwi", "zero", 0x300, 8)
    p.store_word(0x1B200410, 50)
    p.store_word(0x1B200400, 1 | 2 | 4 | 32)
    end = p.repeat(60)
    p.nops(1)
    end()
    p.keep("s0")
    p.emit("csrrs", "t2", 0x342, "zero")
    p.keep("t2")
    p.print_and_leave()
    return p


def timers_configured() -> Reduction:
    """Which bits of a timer's configuration are kept, and how often a timer with a prescaler reaches its end."""
    p = Reduction()
    p.begin()
    p.li("a5", 0x1B200400)
    p.li("t2", 0xFFFFFFFC)
    for counter in (0, 4):
        p.emit("sw", "t2", counter, "a5")
        p.emit("lw", "t3", counter, "a5")
        p.keep("t3")
        p.emit("sw", "zero", counter, "a5")
    p.emit("jal", "zero", "@main")
    p.label("handler")
    p.vectors[TIMER_INTERRUPT] = p.pc
    p.emit("addi", "s6", "s6", 1)
    p.emit("mret")
    p.label("main")
    p.store_word(FC_CACHE, 1)
    p.store_word(0x1B204014, 1 << TIMER_INTERRUPT)
    for prescaler in (0, 1, 3):
        p.emit("addi", "s6", "zero", 0)
        p.store_word(0x1B200410, 90)
        p.store_word(0x1B200400, 1 | 2 | 4 | 16 | bool(prescaler) << 6 | prescaler << 8)
        p.emit("csrrwi", "zero", 0x300, 8)
        end = p.repeat(200)
        p.nops(3)
        end()
        p.store_word(0x1B200400, 0)
        p.emit("csrrwi", "zero", 0x300, 0)
        p.keep("s6")
        p.emit("lw", "t3", 8, "a5")
        p.keep("t3")
        p.store_word(0x1B200408, 0)
    p.print_and_leave()
    return p


def reference_clock() -> Reduction:
    """Events of the reference clock: pending at the start, at its edges, and in the queue of events."""
    p = Reduction()
    p.begin()
    p.li("a5", 0x1B204000)
    p.emit("lw", "t2", 0x1C, "a5")
    p.keep("t2")
    p.store_word(0x1B204008, 1 << 14)
    for _ in range(3):
        p.emit("p.elw", "t2", 0x3C, "a5")
        p.keep("t2")
        p.emit("csrrs", "t2", CYCLES, "zero")
        p.keep("t2")
    for word in range(6):
        p.store_word(0x1A106004 + 4 * word, 0 if word else 1 << (37 - 32))  # all but the power manager's start
    end = p.repeat(1500)
    p.nops(2)
    end()
    p.li("a4", 0x1B200F00)
    for _ in range(6):
        p.emit("lw", "t2", 0, "a4")
        p.keep("t2")
    p.print_and_leave()
    return p
