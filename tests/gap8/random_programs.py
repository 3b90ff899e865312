"""Random programs on the simulator and on GVSOC, and the record of what GVSOC printed for them.

``python -m tests.gap8.random_programs --count 500 --interrupts half`` runs that many on the simulator. They are
compared with GVSOC where ``GAP_SDK_HOME`` names one, else with the record; the seeds that differ are printed.
``--record COMMIT`` writes what GVSOC prints to ``recordings/random/outputs.json``. The programs themselves are written
by `tests.gap8.random_code`: each is a function of its seed, and of whether timers interrupt its cores.
"""

import argparse
import datetime
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kwslib.errors import KwsError
from kwslib.gap8.platforms.gvsoc import HOME_VARIABLE, Gvsoc
from kwslib.gap8.platforms.simulator import simulate
from tests.gap8.random_code.frame import WORDS
from tests.gap8.random_code.layout import CORES
from tests.gap8.random_code.program import content
from tests.places import RECORDINGS

OUTPUTS = RECORDINGS / "random" / "outputs.json"
TARGET = "gapuino_v3 (GAP8 rev C)"
COUNT = 500
NEVER = frozenset({"ecall", "ebreak", "c.ebreak"})
"""Instructions that no random program has: a vector in the middle of its code, and semihosting."""
MAX_CYCLES = 1_000_000
TIMEOUT_S = 60.0
INTERRUPTS = {"none": lambda seed: False, "half": lambda seed: seed % 2 == 1, "all": lambda seed: True}
"""Whether a seed's program has interrupts, by the option of that name."""


@dataclass(frozen=True)
class Output:
    """What a program printed.

    Attributes
    ----------
    seed : int
    interrupts : bool
    elf_sha256, text_sha256 : str
        Of the program, and of its standard output.
    cycles : tuple of int
        What the counter of each core of the cluster had reached, then the fabric controller's.
    """

    seed: int
    interrupts: bool
    elf_sha256: str
    text_sha256: str
    cycles: tuple[int, ...]


def output(seed: int, interrupts: bool, elf: bytes, text: str) -> Output:
    """Return the record of a program that printed `text`; what broke off has no cycles."""
    words = text.split()
    whole = len(words) == WORDS * (CORES + 1) + 1
    cycles = tuple(int(word, 16) for word in words[:-1:WORDS]) if whole else ()
    return Output(seed, interrupts, _sha256(elf), _sha256(text.encode()), cycles)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def simulated(seed: int, interrupts: bool) -> Output:
    """Write a program anew and run it on the simulator."""
    return _run(seed, interrupts, None)


def on_gvsoc(gvsoc: Gvsoc, seed: int, interrupts: bool) -> Output:
    """Write a program anew and run it on GVSOC."""
    return _run(seed, interrupts, gvsoc)


def _run(seed: int, interrupts: bool, gvsoc: Gvsoc | None) -> Output:
    elf = content(seed, interrupts)
    with tempfile.TemporaryDirectory(prefix="kws-random-") as folder:
        path = Path(folder) / "program.elf"
        path.write_bytes(elf)
        try:
            if gvsoc is None:
                text = simulate(path, max_cycles=MAX_CYCLES).stdout
            else:
                text = gvsoc.run(path, timeout_s=TIMEOUT_S).stdout
        except KwsError as error:
            text = f"{error}"
    return output(seed, interrupts, elf, text)


def recorded() -> list[Output]:
    """Return what GVSOC printed, as it was recorded."""
    rows = json.loads(OUTPUTS.read_text())["programs"]
    return [Output(*row[:4], tuple(row[4])) for row in rows]


def write_record(outputs: Iterable[Output], commit: str) -> None:
    """Write what GVSOC printed, a line a program, and the commit of gap_sdk that it was built from."""
    rows = [[one.seed, one.interrupts, one.elf_sha256, one.text_sha256, list(one.cycles)] for one in outputs]
    head = {
        "gvsoc": {
            "repository": "https://github.com/GreenWaves-Technologies/gap_sdk",
            "commit": commit,
            "target": TARGET,
        },
        "recorded": datetime.date.today().isoformat(),
        "columns": ["seed", "interrupts", "elf_sha256", "text_sha256", "cycles of cores 0 to 7 and of the FC"],
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    OUTPUTS.write_text(json.dumps(head, indent=1)[:-2] + f',\n "programs": [\n{lines}\n ]\n}}\n')


def compared(seeds: Iterable[tuple[int, bool]], gvsoc: Gvsoc | None) -> Iterator[tuple[Output, Output | None]]:
    """Run programs on the simulator; beside each, what GVSOC or the record says, or None where neither does."""
    known = {(one.seed, one.interrupts): one for one in recorded()} if OUTPUTS.is_file() else {}

    def both(seed: int, interrupts: bool) -> tuple[Output, Output | None]:
        own = simulated(seed, interrupts)
        return own, known.get((seed, interrupts)) if gvsoc is None else on_gvsoc(gvsoc, seed, interrupts)

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda one: both(*one), list(seeds))


def main() -> None:
    """Run a campaign; the exit status is 1 if a program differed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=COUNT)
    options.add_argument("--first", type=int, default=0, help="first seed")
    options.add_argument("--interrupts", choices=INTERRUPTS, default="half")
    options.add_argument("--record", metavar="COMMIT", help="keep what GVSOC prints; its gap_sdk's commit")
    chosen = options.parse_args()
    gvsoc = Gvsoc() if os.environ.get(HOME_VARIABLE) else None
    if chosen.record and gvsoc is None:
        options.error(f"there is no GVSOC to record: set {HOME_VARIABLE}")
    seeds = [(n, INTERRUPTS[chosen.interrupts](n)) for n in range(chosen.first, chosen.first + chosen.count)]
    outputs, different, unknown = [], 0, 0
    for own, other in compared(seeds, gvsoc):
        if other is None:
            unknown += 1
        elif own != other:
            different += 1
            print(f"seed {own.seed} interrupts {own.interrupts}: {own.cycles} against {other.cycles}", flush=True)
        outputs.append(other or own)
    print(
        f"{len(seeds)} programs: {len(seeds) - different - unknown} equal, {different} differ, {unknown} not compared"
    )
    if chosen.record:
        if any(not one.cycles for one in outputs):
            sys.exit("nothing recorded: a program did not end on GVSOC")
        write_record(outputs, chosen.record)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
