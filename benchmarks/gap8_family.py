"""How fast the DS-CNN family runs on GAP8's simulator, row by row: named shapes, other people's files, random members.

    python benchmarks/gap8_family.py [--members 0] [--clips 20] [--simulator-clips 1] [--only TEXT] [--foreign FOLDER]
                                     [--no-released] [--also gvsoc] [--processes 1] [--json FILE]

Each network is planned, built and run, cold, and every layer is compared with the integer reference: on the simulator
for the first clips, through the host library for the others. `--also gvsoc` runs the first clip there too, and a row
fails where its cycles are not the simulator's. `share` is the part of the cycles that portable C takes.
Planning and building are wall seconds of this machine; one process times them best.
"""

import argparse
import contextlib
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.errors import KwsError
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation, host_library
from kwslib.gap8.program.expected_output import checksum
from kwslib.integer import network_file, reference
from kwslib.paths import models_dir
from tests.gap8 import family, networks

RELEASED = ("small", "medium", "large", "quick-small", "quick-medium", "quick-large")
LARGE_MACS, TOLERANCE = 1_000_000, 0.10
TIMEOUT_S = 600


@dataclass(frozen=True)
class Source:
    """A network that is still to be read: a path, or a member with its seed."""

    name: str
    group: str
    path: Path | None = None
    member: family.Member | None = None
    seed: int = 0

    def content(self) -> bytes:
        """The file's bytes."""
        if self.path is not None:
            return self.path.read_bytes()
        assert self.member is not None
        return family.write(self.member, self.seed)


@dataclass(frozen=True)
class Row:
    """A network's figures; None where there is none. `failure` says why the run ended early, or what differs."""

    name: str
    group: str
    macs: int | None = None
    cycles: int | None = None
    macs_per_cycle: float | None = None
    also_cycles: int | None = None
    predicted_cycles: int | None = None
    portable_share: float | None = None
    plan_s: float | None = None
    build_s: float | None = None
    strategy: str = ""
    clips_on_simulator: int = 0
    clips_on_host: int = 0
    failure: str = ""

    @property
    def error(self) -> float | None:
        """Of the prediction, as a part of the cycles."""
        if self.predicted_cycles is None or not self.cycles:
            return None
        return self.predicted_cycles / self.cycles - 1


def measure(source: Source, clips: int, on_simulator: int, also: str = "") -> Row:
    """Measure one network; whatever goes wrong becomes a row too, so that the others are still measured."""
    found: dict[str, Any] = {}
    try:
        _measure(source, clips, on_simulator, also, found)
    except KwsError as error:
        found["failure"] = str(error)
    except Exception as error:  # a traceback of one network must not end the table
        found["failure"] = f"{type(error).__name__}: {error}"
    return Row(source.name, source.group, **found)


def _measure(source: Source, clips: int, on_simulator: int, also: str, found: dict[str, Any]) -> None:
    content = source.content()
    start_s = time.perf_counter()
    graph = network_file.load(content, re.sub(r"\W+", "_", source.name))
    read_s = time.perf_counter()
    found["macs"] = graph.macs
    planned = plan(graph)
    found |= {"plan_s": round(time.perf_counter() - read_s, 2), "strategy": planned.strategy}
    found["predicted_cycles"] = getattr(planned, "predicted_cycles", None)
    codes = networks.clips(graph.input, clips + 2)[2:]  # the first two are constant
    machine = open_platform("simulator")
    with tempfile.TemporaryDirectory() as name:
        folder, build_s = Path(name), time.perf_counter()
        built = compilation.build(graph, folder)  # which plans once more
        found["build_s"] = round(read_s - start_s + time.perf_counter() - build_s, 2)
        for number in range(min(on_simulator, clips)):
            elf = compilation.with_input(built, codes[number], folder / "clip.elf")
            _, profile = run_and_check(machine, graph, elf, codes[number], TIMEOUT_S)
            if number == 0:
                found |= {"cycles": profile.cycles, "macs_per_cycle": round(graph.macs / profile.cycles, 2)}
                found["portable_share"] = _portable_share(built.plan, [layer.cycles for layer in profile.layers])
            found["clips_on_simulator"] = number + 1
        if also:
            elf = compilation.with_input(built, codes[0], folder / "clip.elf")
            found["also_cycles"] = run_and_check(open_platform(also), graph, elf, codes[0], TIMEOUT_S)[1].cycles
            if found["also_cycles"] != found["cycles"]:
                found["failure"] = f"{found['also_cycles']:,d} cycles on {also}"
    if clips > on_simulator and not found.get("failure"):
        found["failure"] = _differences(graph, codes[on_simulator:])
        found["clips_on_host"] = clips - on_simulator


def _portable_share(planned: Plan, cycles: list[int]) -> float | None:
    """Part of the cycles in steps that portable C computes; None if the plan does not say which."""
    if not all(hasattr(step, "portable") for step in planned.steps):
        return None
    spent = sum(cycles[layer] for step in planned.steps if step.portable for layer in step.layers)
    return round(spent / sum(cycles), 4)


def _differences(graph, codes: np.ndarray) -> str:
    """Layers in which the host library differs from the reference on some clip; empty if there is none."""
    wanted = reference.run(graph, codes, layers=True)
    own = host_library.run(graph, codes, checksums=True, processes=1)
    wrong = [
        layer.name
        for index, layer in enumerate(graph.layers)
        if any(checksum(wanted.layers[index][clip]) != own.checksums[clip, index] for clip in range(len(codes)))
    ]
    if not (own.codes == wanted.codes).all() or not (own.winner == wanted.winner).all():
        wrong.append("the output")
    return f"differs on the host: {', '.join(wrong)}" if wrong else ""


def sources(options: argparse.Namespace) -> list[Source]:
    """Name everything that is to be measured."""
    found = [Source(name, "named", member=member) for name, member in family.NAMED.items()]
    if options.foreign:
        found += [Source(path.stem, "foreign", path=path) for path in sorted(options.foreign.glob("*.tflite"))]
    if not options.no_released:
        for name in RELEASED:
            found.append(Source(f"models/{name}", "released", path=models_dir() / name / "model.tflite"))
    if options.members:
        drawn = enumerate(family.sample(options.members))
        found += [Source(f"member {number}", "member", member=member, seed=number) for number, member in drawn]
    return [source for source in found if options.only in source.name]


HEADER = (
    f"{'network':40} {'MAC':>11} {'cycles':>11} {'MAC/cycle':>9} {'predicted':>11} {'error':>7} {'share':>6} "
    f"{'plan s':>6} {'build s':>7} {'clips':>6}  equal"
)


def line(row: Row) -> str:
    """One line of the table."""
    figures = (
        _text(row.macs, 11, ",d"),
        _text(row.cycles, 11, ",d"),
        _text(row.macs_per_cycle, 9, ".2f"),
        _text(row.predicted_cycles, 11, ",d"),
        _text(row.error, 7, ".1%"),
        _text(row.portable_share, 6, ".1%"),
        _text(row.plan_s, 6, ".2f"),
        _text(row.build_s, 7, ".2f"),
    )
    clips = row.clips_on_simulator + row.clips_on_host
    return f"{row.name[:40]:40} {' '.join(figures)} {clips:6d}  {row.failure.partition(chr(10))[0] or 'yes'}"


def _text(value: float | None, width: int, form: str) -> str:
    return f"{'–' if value is None else format(value, form):>{width}}"


def summary(rows: list[Row]) -> str:
    """What the issue asks of the random members."""
    ran = [row for row in rows if row.cycles]
    fast = [row.macs_per_cycle for row in ran if row.macs_per_cycle and (row.macs or 0) >= LARGE_MACS]
    near = [row for row in ran if row.error is not None and abs(row.error) <= TOLERANCE]
    predicted = [row for row in ran if row.error is not None]
    equal = [row for row in rows if row.cycles and not row.failure]
    median = f"{statistics.median(fast):.2f}" if fast else "–"
    return (
        f"{len(rows)} members: {len(equal)} run and equal the reference; MAC/cycle of {len(fast)} of "
        f"{LARGE_MACS / 1e6:g} M MAC and more: median {median}; predicted within {TOLERANCE:.0%}: {len(near)} of "
        f"{len(predicted)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=0, help="random members of the family, 200 at most")
    parser.add_argument("--clips", type=int, default=20, help="clips of each network that are compared")
    parser.add_argument("--simulator-clips", type=int, default=1, help="of these, how many on the simulator")
    parser.add_argument("--only", default="", help="only networks whose name contains this text")
    parser.add_argument("--foreign", type=Path, help="folder of .tflite files")
    parser.add_argument("--no-released", action="store_true", help="leave out the networks under models/")
    parser.add_argument("--also", default="", help="another platform that counts cycles: gvsoc")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="file that gets all figures")
    options = parser.parse_args()
    chosen = sources(options)
    print(HEADER, flush=True)
    rows = []
    with contextlib.ExitStack() as stack:
        each: Any = map
        if options.processes > 1:
            context = multiprocessing.get_context("spawn")
            each = stack.enter_context(ProcessPoolExecutor(options.processes, context)).map
        count = len(chosen)
        arguments = [options.clips] * count, [options.simulator_clips] * count, [options.also] * count
        for row in each(measure, chosen, *arguments):
            rows.append(row)
            print(line(row), flush=True)
    if drawn := [row for row in rows if row.group == "member"]:
        print(summary(drawn))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"error": row.error} for row in rows], indent=1) + "\n")
    if any(row.failure for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
