"""Flushes of the instruction caches, by cores that run and beside them."""

from tests.gap8.differences.reduction import CLUSTER_FLUSH, FC_CACHE, FC_FLUSH, Reduction
from tests.gap8.programs import L1


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
