"""Programs that once printed something else on the simulator than on GVSOC, by name; each a reduction to a few lines.

``python -m tests.gap8.difference_programs FOLDER`` writes them all. Each collects words with `Reduction.keep` and
prints them, a line each.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.gap8.programs import L1, L2, STDOUT, Assembler, write_elf

RESULTS = L2 + 0x60000
FC_CACHE, FC_FLUSH, CLUSTER_FLUSH = 0x1B201400, 0x1B201404, 0x10201404
CYCLES = 0x780


class Reduction(Assembler):
    """A program that keeps words, by x9 (s1), and prints them; x8 (s0) holds the cycles of the last `mark`."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors: dict[int, int] = {}
        self.kept = 0

    def keep(self, register: str) -> None:
        self.emit("p.sw.post", register, 4, "s1")
        self.kept += 1

    def mark(self) -> None:
        self.emit("csrrs", "s0", CYCLES, "zero")

    def keep_cycles(self) -> None:
        """Keep the cycles since `mark`."""
        self.emit("csrrs", "t6", CYCLES, "zero")
        self.emit("sub", "t6", "t6", "s0")
        self.keep("t6")

    def nops(self, count: int) -> None:
        for _ in range(count):
            self.emit("addi", "t1", "t1", 1)

    def repeat(self, times: int, register: str = "s11") -> Callable[[], None]:
        """Begin a loop; the function that is returned ends it."""
        self.li(register, times)
        start = self.pc

        def end() -> None:
            self.emit("addi", register, register, -1)
            self.emit("bne", register, "zero", start - self.pc)

        return end

    def begin(self) -> None:
        self.li("s1", RESULTS)

    def print_and_leave(self) -> None:
        """Print what was kept, hexadecimal, and behind it the number of words, decimal."""
        self.store_word(RESULTS + 4 * self.kept, int(str(self.kept), 16))
        self.li("s1", RESULTS)
        self.li("s2", STDOUT)
        self.li("s3", self.kept + 1)
        word = self.pc
        self.emit("p.lw.post", "a0", 4, "s1")
        self.emit("addi", "a1", "zero", 28)
        digit = self.pc
        self.emit("srl", "a2", "a0", "a1")
        self.emit("andi", "a2", "a2", 15)
        self.emit("slti", "a3", "a2", 10)
        self.emit("addi", "a2", "a2", 87)
        self.emit("beq", "a3", "zero", 8)
        self.emit("addi", "a2", "a2", 48 - 87)
        self.emit("sb", "a2", 0, "s2")
        self.emit("addi", "a1", "a1", -4)
        self.emit("bge", "a1", "zero", digit - self.pc)
        self.emit("addi", "a2", "zero", 10)
        self.emit("sb", "a2", 0, "s2")
        self.emit("addi", "s3", "s3", -1)
        self.emit("bne", "s3", "zero", word - self.pc)
        self.leave()

    def cluster_only(self) -> None:
        """Start the cluster; the fabric controller sleeps, core 0 goes on, the other cores sleep too."""
        self.split_cores("cluster")
        self.start_cluster()
        self.emit("wfi")
        self.label("cluster")
        self.emit("csrrs", "t0", 0xF14, "zero")
        self.emit("beq", "t0", "zero", 8)
        self.emit("wfi")


def flush_by_core() -> Reduction:
    """Core 0 flushes the cluster's cache while the fabric controller runs, and measures its own code around it."""
    p = Reduction()
    p.split_cores("cluster")
    p.start_cluster()
    p.label("spin")
    p.nops(9)
    p.emit("jal", "zero", "@spin")
    p.label("cluster")
    p.emit("csrrs", "t0", 0xF14, "zero")
    p.emit("beq", "t0", "zero", 8)
    p.emit("wfi")
    p.begin()
    p.li("a4", CLUSTER_FLUSH)
    end = p.repeat(4)
    p.mark()
    p.nops(5)
    p.emit("sw", "zero", 0, "a4")
    p.emit("lw", "t2", 0, "s1")
    p.emit("add", "t3", "t2", "t2")
    p.nops(20)
    p.keep_cycles()
    end()
    p.kept = 4
    p.print_and_leave()
    return p


def flush_beside_cores() -> Reduction:
    """Core 0 flushes while the others run loops of their own, in each of which a load is waited for."""
    p = Reduction()
    p.split_cores("cluster")
    p.start_cluster()
    p.emit("wfi")
    p.label("cluster")
    p.emit("csrrs", "t0", 0xF14, "zero")
    p.emit("bne", "t0", "zero", "@other")
    p.begin()
    p.li("a4", CLUSTER_FLUSH)
    end = p.repeat(6)
    p.mark()
    p.emit("sw", "zero", 0, "a4")
    p.nops(20)
    p.keep_cycles()
    end()
    p.li("t2", L1 + 0x100)
    for core in range(1, 8):
        p.emit("lw", "t3", 4 * core, "t2")
        p.keep("t3")
    p.kept = 6 + 7
    p.print_and_leave()
    p.label("other")
    p.emit("slli", "t0", "t0", 2)
    p.li("t2", L1 + 0x100)
    p.emit("add", "t2", "t2", "t0")
    p.emit("sw", "zero", 0, "t2")
    p.label("again")
    p.emit("lw", "t3", 0, "t2")
    p.emit("addi", "t3", "t3", 1)
    p.emit("sw", "t3", 0, "t2")
    p.emit("mul", "t4", "t3", "t3")
    p.emit("add", "t5", "t4", "t4")
    p.emit("jal", "zero", "@again")
    return p


def flush_by_fc() -> Reduction:
    """The fabric controller flushes its own cache and the cluster's in a loop while core 0 counts."""
    p = Reduction()
    p.split_cores("cluster")
    p.start_cluster()
    p.store_word(FC_CACHE, 1)
    p.begin()
    for address in (FC_FLUSH, CLUSTER_FLUSH):
        p.li("a4", address)
        end = p.repeat(5)
        p.mark()
        p.emit("sw", "zero", 0, "a4")
        p.emit("lw", "t2", 0, "s1")
        p.emit("add", "t3", "t2", "t2")
        p.nops(7)
        p.keep_cycles()
        end()
    p.li("t2", L1 + 0x100)
    p.emit("lw", "t3", 0, "t2")
    p.keep("t3")
    p.kept = 11
    p.print_and_leave()
    p.label("cluster")
    p.emit("csrrs", "t0", 0xF14, "zero")
    p.emit("beq", "t0", "zero", 8)
    p.emit("wfi")
    p.li("t2", L1 + 0x100)
    p.emit("sw", "zero", 0, "t2")
    p.label("again")
    p.emit("lw", "t3", 0, "t2")
    p.emit("addi", "t3", "t3", 1)
    p.emit("sw", "t3", 0, "t2")
    p.emit("jal", "zero", "@again")
    return p


def flush_by_load() -> Reduction:
    """The fabric controller flushes its cache by reading the register, behind a load and a product."""
    p = Reduction()
    p.begin()
    p.store_word(FC_CACHE, 1)
    p.li("a4", FC_FLUSH)
    for before in (("lw", "t2", 0, "s1"), ("mul", "a4", "a4", "a5"), ("addi", "t2", "t2", 1)):
        p.emit("addi", "a5", "zero", 1)
        end = p.repeat(3)
        p.mark()
        p.emit(*before)
        p.emit("lw", "t2", 0, "a4")
        p.emit("addi", "t2", "t2", 1)
        p.nops(10)
        p.keep_cycles()
        end()
    p.kept = 9
    p.print_and_leave()
    return p


def loop_across_flush() -> Reduction:
    """A hardware loop goes on over flushes in its body, the last instruction of which is the flush in one of them."""
    p = Reduction()
    p.begin()
    p.store_word(FC_CACHE, 1)
    p.li("a4", FC_FLUSH)
    for last in (False, True):
        p.emit("addi", "t3", "zero", 0)
        p.mark()
        p.emit("lp.setupi", 0, 5, 12)
        p.emit("addi", "t3", "t3", 1)
        p.emit("addi" if last else "sw", *(("t2", "t2", 1) if last else ("zero", 0, "a4")))
        p.emit("sw" if last else "addi", *(("zero", 0, "a4") if last else ("t2", "t2", 1)))
        p.keep_cycles()
        p.keep("t3")
    p.print_and_leave()
    return p


TIMER_INTERRUPT = 10
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


PROGRAMS: dict[str, Callable[[], Reduction]] = {
    program.__name__: program
    for program in (
        *(flush_by_core, flush_beside_cores, flush_by_fc, flush_by_load, loop_across_flush),
        *(
            registers_of_csr,
            counters_written,
            loops_by_csr,
            bases_that_are_data,
            vectors_moved,
            timers_configured,
            reference_clock,
        ),
        *(interrupts_counted, interrupts_uncounted, interrupts_uncounted_later, interrupt_order, writes_to_zero),
    )
}


def write(folder: Path) -> list[Path]:
    """Write every program into a folder and return the paths."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name, make in PROGRAMS.items():
        reduction = make()
        paths.append(write_elf(folder, reduction, f"{name}.elf", vectors=reduction.vectors))
    return paths


if __name__ == "__main__":
    write(Path(sys.argv[1]))
