"""Programs that mean no good: attacks by name, mutations of good programs, and random ones aimed at the devices.

``python -m tests.gap8.hostile_programs --mutated 10000 --random 2000`` runs a campaign under the address and
undefined-behaviour sanitisers and prints what its programs ended in. It needs a C compiler with their runtimes
(``--cc``, GCC by default; ziglang has none of the address sanitiser).
"""

import argparse
import collections
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from kwslib.gap8.isa.instructions import table
from kwslib.gap8.platforms.simulator import EXIT_BAD_ELF, EXIT_FAULT, EXIT_LIMIT, executable
from tests.gap8.programs import L1, L2, RESET_OFFSET, STDOUT, Assembler, elf
from tests.places import RECORDINGS

UDMA_CLOCK, HYPER, RX, TX, EXTERNAL, FLASH_BASE = 0x1A102780, 0x1A102180, 0x00, 0x10, 0x20, 0x38
FC_TIMER, FC_EVENTS, SOC_EVENTS, FETCH_ENABLE = 0x1B200400, 0x1B204000, 0x1A106000, 0x10200008
START, ABORT = 0x10, 0x20
SECONDS = 60.0
"""Of the host, for one program; it is bounded by cycles, and only a simulator that hangs gets there."""

# ---- attacks ----


def _hyper(flash_base: int = 1, external: int = 0) -> Assembler:
    program = Assembler()
    program.store_word(UDMA_CLOCK, 8)
    program.store_word(HYPER + FLASH_BASE, flash_base)
    program.store_word(HYPER + EXTERNAL, external)
    return program


def _transfer(program: Assembler, channel: int, address: int, size: int) -> None:
    program.store_word(HYPER + channel, address)
    program.store_word(HYPER + channel + 4, size)
    program.store_word(HYPER + channel + 8, START)


def _wait(program: Assembler, cycles: int) -> None:
    program.li("s0", cycles // 4 + 1)
    program.emit("addi", "s0", "s0", -1)
    program.emit("bne", "s0", "zero", -4)


def _for_good(program: Assembler) -> bytes:
    program.emit("jal", "zero", 0)
    return elf(program.assembled())


def moved_device(channel: int) -> bytes:
    """The transfer's device changes between the check of its address and its chip select."""
    program = _hyper(external=0x4000000)
    _transfer(program, channel, L2 + 0x10000, 0x1000)
    _wait(program, 20)
    program.store_word(HYPER + EXTERNAL, 0)
    return _for_good(program)


def aborted_write() -> bytes:
    """A read begins while the device still has a part of an aborted write to come."""
    program = _hyper()
    _transfer(program, TX, L2, 0x4000)
    _wait(program, 240)
    program.store_word(HYPER + TX + 8, ABORT)
    _wait(program, 400)
    _transfer(program, RX, L2 + 0x20000, 0x100000)
    return _for_good(program)


def aborted_read() -> bytes:
    """A read is aborted while its data flows, and many are started behind it."""
    program = _hyper()
    _transfer(program, RX, L2 + 0x10000, 2048)
    _wait(program, 440)
    program.store_word(HYPER + RX + 8, ABORT)
    _wait(program, 16000)
    for _ in range(64):
        program.store_word(HYPER + RX + 8, START)
    return _for_good(program)


def endless_transfer() -> bytes:
    """A transfer of two gigabytes, which is negative where it is counted down."""
    program = _hyper()
    _transfer(program, RX, L2 + 0x20000, 0x80000000)
    return _for_good(program)


def distant_timer() -> bytes:
    """A timer of 64 bits that matches in 2^64 cycles, which is a negative time."""
    program = Assembler()
    for offset, value in ((0x10, 0xFFFFFFFF), (0x14, 0xFFFFFFFF), (8, 0), (12, 0), (0, 0x80000015)):
        program.store_word(FC_TIMER + offset, value)
    return _for_good(program)


def full_event_fifo() -> bytes:
    """An event in the FIFO wakes a core that an interrupt has taken from its wait, which clears and sets it again."""
    program = Assembler()
    for offset in (4, 8):
        program.store_word(SOC_EVENTS + offset, 0)
    program.store_word(FC_EVENTS, 1 << 27)
    program.store_word(FC_EVENTS + 0x0C, 1 << 10)
    program.store_word(FC_TIMER + 0x10, 200)
    program.store_word(FC_TIMER, 5)
    program.emit("csrrwi", "zero", 0x300, 8)
    program.li("s0", FC_EVENTS)
    program.emit("p.elw", "t1", 0x3C, "s0")
    program.emit("jal", "zero", 0)
    handler = program.pc
    program.store_word(SOC_EVENTS, 0xFF)
    program.emit("jal", "zero", 0)
    return elf(program.assembled(), vectors={10: handler})


def restarted_core() -> bytes:
    """A core stops itself and starts itself again in one instruction's time."""
    program = Assembler()
    program.split_cores("cluster")
    program.start_cluster()
    program.emit("jal", "zero", 0)
    program.label("cluster")
    program.store_word(FETCH_ENABLE, 0)
    program.store_word(FETCH_ENABLE, 1)
    return _for_good(program)


def flood() -> bytes:
    """Output without end."""
    program = Assembler()
    program.li("t0", STDOUT)
    program.emit("addi", "t1", "zero", ord("A"))
    for _ in range(64):
        program.emit("sb", "t1", 0, "t0")
    program.emit("jal", "zero", -256)
    return elf(program.assembled())


def two_symbol_tables() -> bytes:
    """Two tables of symbols, of which the second is longer."""
    content = bytearray(elf(_good(), functions={f"f{i}": L2 + RESET_OFFSET + 4 * i for i in range(40)}))
    headers = int.from_bytes(content[32:36], "little")
    content[headers : headers + 40] = content[headers + 40 : headers + 80]  # the empty section is one more table
    return bytes(content)


def odd_names() -> bytes:
    """A function whose name is no UTF-8, with an escape sequence of terminals."""
    content = elf(_good(leave=False), functions={"NAME": L2 + RESET_OFFSET})
    return content.replace(b"NAME", b"\xff\x1b[2")


def _good(leave: bool = True) -> bytes:
    program = Assembler()
    if leave:
        program.leave()
    else:
        program.word(0)
    return program.assembled()


ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "moved device, read": (lambda: moved_device(RX), "0x3000000 lies outside of the HyperRAM"),
    "moved device, write": (lambda: moved_device(TX), "0x3000000 lies outside of the HyperRAM"),
    "aborted write": (aborted_write, "a write was aborted, and the device goes on"),
    "aborted read": (aborted_read, "no exit within 300000 cycles"),
    "endless transfer": (endless_transfer, "transfer of 2147483648 bytes, more than any device has"),
    "distant timer": (distant_timer, "no exit within 300000 cycles"),
    "full event FIFO": (full_event_fifo, "no exit within 300000 cycles"),
    "restarted core": (restarted_core, "core 0 is started again in the middle of its own instruction"),
    "two symbol tables": (two_symbol_tables, "it has two tables of symbols"),
    "odd names": (odd_names, r"\(core fc, pc 0x1c000080 in \?\?\[2, cycle"),
}
"""What makes an attack, and what its message has to say."""

# ---- mutations, random programs ----


def mutated(rng: random.Random, good: list[bytes]) -> bytes:
    """A good program with some bytes changed, most of them in headers and code, or cut off."""
    content = bytearray(rng.choice(good))
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        where = rng.randrange(84) if rng.random() < 0.3 else rng.randrange(len(content))
        content[where] = rng.choice((rng.randrange(256), content[where] ^ 1 << rng.randrange(8), 0, 0xFF))
    return bytes(content[: rng.randrange(len(content))] if rng.random() < 0.03 else content)


def _event_unit(base: int, demux: bool) -> dict[int, str]:
    """Registers of a core's event unit, and what may be done with them."""
    kinds = {"rw": (0, 0x0C), "w": (4, 8, 0x10, 0x14, 0x28), "r": (0x1C, 0x20, 0x24, *((0x38, 0x3C) if demux else ()))}
    found = {base + offset: kind for kind, offsets in kinds.items() for offset in offsets}
    if demux:
        found |= {base + 0x80: "rw", base + 0x84: "w", base + 0xC0: "rw"}
        found |= {base + 0x100 + 4 * i: "w" for i in (0, 1, 10)}
        found |= {base + 0x200 + 4 * i: kind for i, kind in enumerate(("rw", "rw", "r", "rw", "w", "rw", "rw", "rw"))}
    return found


DEVICES = {
    **{HYPER + 4 * i: "rw" for i in (*range(3), *range(4, 7), *range(8, 15))}, UDMA_CLOCK: "w",
    **{base + 4 * i: "rw" for base in (FC_TIMER, 0x10200400) for i in range(10)},
    **_event_unit(0x10200800, demux=False), 0x10200E00: "w", 0x10201800: "rw", 0x10201804: "rw",
    FETCH_ENABLE: "w", 0x10200040: "rw", 0x1A104070: "w", **{SOC_EVENTS + 4 * i: "w" for i in range(7)},
    0x10201400: "w", 0x10201404: "w", STDOUT: "w",
}  # fmt: skip
"""Registers that every core reaches: uDMA, timers, event units, DMA, caches, chip control, output."""
OWN = {
    "fc": {**_event_unit(FC_EVENTS, demux=True), 0x1B200F00: "r", 0x1B201400: "w", 0x1B201404: "w"},
    "cluster": {**_event_unit(0x10204000, demux=True), 0x10204400: "rw", 0x10204404: "rw"},
}
"""Registers of the fabric controller alone, and of the cluster's cores."""
VALUES = (0, 1, 2, 4, 8, 0x10, 0x20, 0x30, 0xFF, 0x400, 1 << 27, 0x80000000, 0xFFFFFFFF, L2, L2 + 0x7FFFC, L1,
          L1 + 0xFFFC, STDOUT, 0x1A102184, 0x1A102188, 0x1B20403C, 0x00070040, 0x00260010, 0x80000015,
          0x4000000)  # fmt: skip
LEADS_AWAY = re.compile(
    r"(c\.)?(l[bhw]u?|s[bhw]|[ls]wsp|p\.[ls][bhw].*|p\.elw|j.*|b.*|p\.b.*imm|e(call|break)|mret|csr.*)$"
)
"""Memory accesses, branches and the like: with random operands they end a program at once, so few have them."""


def random_program(rng: random.Random) -> bytes:
    """Random instructions and accesses to devices, on one core or on all, with interrupts."""
    program = Assembler()
    program.store_word(UDMA_CLOCK, 8)
    if rng.random() < 0.7:
        program.split_cores("cluster")
        program.start_cluster()
        _random_code(program, rng, 60, OWN["fc"])
        program.emit("jal", "zero", -4 * rng.randrange(1, 40))
        program.label("cluster")
        _random_code(program, rng, 60, OWN["cluster"])
    else:
        _random_code(program, rng, 60, OWN["fc"])
    program.emit("jal", "zero", -4 * rng.randrange(1, 60))
    handler = program.pc
    _random_code(program, rng, 6, {})
    program.emit("mret")
    return elf(program.assembled(), vectors=dict.fromkeys(range(32), handler) if rng.random() < 0.8 else None)


def _random_code(program: Assembler, rng: random.Random, count: int, own: dict[int, str]) -> None:
    rows = [row for row in table().values() if rng.random() < 0.01 or not LEADS_AWAY.match(row.mnemonic)]
    registers = [*DEVICES.items(), *own.items()]
    for _ in range(count):
        kind = rng.random()
        address, may = rng.choice(registers)
        if kind < 0.6 and "w" in may:
            program.store_word(address, rng.choice((*VALUES, rng.getrandbits(32))))
        elif kind < 0.6:
            program.li("t0", address)
            program.emit("p.elw", "t1", 0, "t0")
        elif kind < 0.7:
            program.li("t0", rng.choice((L1 + rng.randrange(0x10000), L2 + rng.randrange(0x40000, 0x80000))))
            program.emit(*rng.choice((("lw", "t1", 0, "t0"), ("sw", "t1", 0, "t0"), ("sh", "t1", 0, "t0"))))
        elif kind < 0.75:
            program.emit("csrrw", "t1", rng.choice((0x300, 0x300, 0x341, 0x7A0, 0x7A1, *range(0x7B0, 0x7B7))), "t0")
        else:
            row = rng.choice(rows)
            program.word(row.match | rng.getrandbits(8 * row.size) & ~row.mask, row.size)


def good_programs() -> list[bytes]:
    """The recorded programs that run in little time."""
    return [path.read_bytes() for path in sorted(RECORDINGS.rglob("*.elf")) if path.stat().st_size < 40_000]


def programs(seed: int, mutated_count: int, random_count: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a campaign's programs; each name alone gives its program again."""
    good = good_programs()
    for i in range(mutated_count):
        yield f"mutated {seed} {i}", mutated(random.Random(f"mutated {seed} {i}"), good)
    for i in range(random_count):
        yield f"random {seed} {i}", random_program(random.Random(f"random {seed} {i}"))


ENDS = {EXIT_LIMIT: "limit", EXIT_FAULT: "fault", EXIT_BAD_ELF: "refused"}


def end_of(simulator: Path, content: bytes, folder: Path, max_cycles: int) -> tuple[str, str]:
    """Run a program; returns ``limit``, ``fault``, ``refused``, ``exit``, or ``broken``, and what it said."""
    path = folder / "hostile.elf"
    path.write_bytes(content)
    words = [simulator, path, "--max-cycles", str(max_cycles), "--max-output", "100000", "--check-uninitialised"]
    try:
        done = subprocess.run(
            [*words, "--profile", "--report", folder / "report"], capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return "broken", f"it ran on for {SECONDS} seconds"
    said = done.stderr.decode(errors="replace")
    if done.returncode < 0 or any(word in said for word in ("Sanitizer", "runtime error:")):
        return "broken", said
    return ENDS.get(done.returncode, "exit"), said


def main() -> None:
    """Run a campaign; the exit status is 1 if a program broke the simulator."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("mutated", 1000), ("random", 200), ("seed", 0), ("max-cycles", 50_000)):
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--cc", default="gcc")
    chosen = options.parse_args()
    simulator = executable(chosen.cc, sanitise=True)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="kws-hostile-") as folder:
        for name, content in programs(chosen.seed, chosen.mutated, chosen.random):
            end, said = end_of(simulator, content, Path(folder), chosen.max_cycles)
            counts[f"{name.split()[0]}: {end}"] += 1
            if end == "broken":
                print(f"{name}\n{said[:2000]}", flush=True)
    print("\n".join(f"{end} {count}" for end, count in sorted(counts.items())))
    sys.exit(any(end.endswith("broken") for end in counts))


if __name__ == "__main__":
    main()
