"""Instructions a second of the GAP8 simulator with eight busy cores, and the same of GVSOC where it is installed.

    GAP_SDK_HOME=... python benchmarks/simulator.py [--rounds 3] [--outer 40000]

The program runs the inner loop of a dot product on every core: four loads and six dot products in a hardware loop.
Both simulators run the same ELF in turns; processor seconds are compared, so that a busy machine does no harm. Quote
ratios.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.errors import ToolError
from kwslib.gap8.platforms.gvsoc import Gvsoc
from kwslib.gap8.platforms.simulator import executable, simulate, source_hash
from tests.gap8.programs import L1, Assembler, write_elf

BODY = (
    ("p.lw.post", "t1", 4, "a3"),
    ("p.lw.post", "t2", 4, "a4"),
    ("p.lw.post", "t3", 4, "a3"),
    ("p.lw.post", "t4", 4, "a4"),
    *(("pv.sdotsp.b", f"s{n}", "t1" if n % 2 else "t3", "t2" if n < 5 else "t4") for n in range(2, 8)),
)


def busy_program(folder: Path, outer: int, inner: int = 16) -> Path:
    """Write a program in which every core runs `outer` times `inner` rounds of `BODY`."""
    assembler = Assembler()
    assembler.split_cores("cluster")
    assembler.start_cluster()
    assembler.emit("wfi")
    assembler.label("cluster")
    assembler.emit("csrrs", "t0", 0xF14, "zero")
    assembler.emit("slli", "t0", "t0", 6)
    assembler.li("a2", L1)
    assembler.emit("add", "a2", "a2", "t0")
    assembler.li("t0", outer)
    assembler.label("outer")
    assembler.emit("addi", "a3", "a2", 0)
    assembler.emit("addi", "a4", "a2", 0)
    assembler.emit("lp.setupi", 0, inner, 4 * len(BODY))
    for instruction in BODY:
        assembler.emit(*instruction)
    assembler.emit("addi", "t0", "t0", -1)
    assembler.emit("bne", "t0", "zero", "@outer")
    assembler.store_word(0x10204008, 1 << 16)
    assembler.store_word(0x10204200, 0xFF)
    assembler.store_word(0x1020420C, 0xFF)
    assembler.li("t0", 0x1020421C)
    assembler.emit("p.elw", "t1", 0, "t0")
    assembler.leave()
    return write_elf(folder, assembler, "busy.elf")


def processor_seconds(call) -> tuple[float, object]:
    """Processor seconds of the child processes that `call` starts and waits for, and what it returns."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result


def first_use_seconds() -> float:
    """Wall seconds of compiling the simulator with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["KWS_CACHE"], before = cache, os.environ.get("KWS_CACHE")
        start = time.perf_counter()
        executable()
        seconds = time.perf_counter() - start
        os.environ.pop("KWS_CACHE") if before is None else os.environ.update(KWS_CACHE=before)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--outer", type=int, default=40_000)
    arguments = parser.parse_args()
    print(f"first use, compiling included: {first_use_seconds():.1f} s (source hash {source_hash()})")
    try:
        gvsoc = Gvsoc()
    except ToolError as error:
        gvsoc = None
        print(f"GVSOC: {str(error).splitlines()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        busy, idle = busy_program(Path(folder), arguments.outer), None
        (Path(folder) / "idle").mkdir()
        idle = busy_program(Path(folder) / "idle", 1)
        simulate(idle)
        walls = []
        for _ in range(arguments.rounds):
            start = time.perf_counter()
            simulate(idle)
            walls.append(time.perf_counter() - start)
        print(f"a small program from Python, start to finish: {min(walls):.3f} s")
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            seconds, result = processor_seconds(lambda: simulate(busy))
            ours.append(seconds)
            if gvsoc:
                small, _ = processor_seconds(lambda: gvsoc.run(idle, timeout_s=600))
                large, _ = processor_seconds(lambda: gvsoc.run(busy, timeout_s=600))
                theirs.append(large - small)
        rate = result.instructions / statistics.median(ours)
        print(f"simulator: {result.instructions} instructions, {rate / 1e6:.1f} million a processor second")
        if gvsoc:
            other = result.instructions / statistics.median(theirs)
            print(f"GVSOC: {other / 1e6:.1f} million a processor second; ratio {rate / other:.2f}")


if __name__ == "__main__":
    main()
