"""What the programs share: a program that keeps words and prints them."""

from collections.abc import Callable

from tests.gap8.programs import L2, STDOUT, Assembler

RESULTS = L2 + 0x60000
FC_CACHE, FC_FLUSH, CLUSTER_FLUSH = 0x1B201400, 0x1B201404, 0x10201404
CYCLES = 0x780
TIMER_INTERRUPT = 10


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
