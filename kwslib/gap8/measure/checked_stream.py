"""A run of a program that listens, with every hop that it prints checked against the specification."""

import re
from pathlib import Path

from kwslib.errors import ToolError
from kwslib.gap8.measure import layer_profile
from kwslib.gap8.measure.deployment_record import LOG, OUTPUT
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.measure.stream_record import HopRow
from kwslib.gap8.planning.stages import stages
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.gap8.program.expected_stream import ExpectedStream, HopSums
from kwslib.gap8.program.listening import Listening
from kwslib.integer.events import Event
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_write_text

_SUM = "[0-9a-f]{8}"
_HOP = re.compile(
    r"^Hop (\d+): (\d+) cycles, front end (\d+), network (\d+); "
    rf"fingerprint ({_SUM}), logits ({_SUM}), output ({_SUM})$"
)
_EVENT = re.compile(r"^Event: hop (\d+), class (\d+), sum (\d+), .*$")
_END = re.compile(r"^Stream: (\d+) samples, (\d+) hops, (\d+) events$")
_LOOKS_ALIKE = re.compile(r"^(Hop|Event|Stream)\b")


def run_and_check(
    machine: Platform,
    graph: Graph,
    listens: Listening,
    elf: Path,
    samples: int,
    expected: ExpectedStream,
    timeout_s: float,
    folder: Path,
) -> tuple[RunResult, Profile, list[HopRow]]:
    """Run a program that listens, and check every hop that it prints.

    Parameters
    ----------
    machine : Platform
    graph, listens, elf
        The program.
    samples : int
        Of its recording.
    expected : ExpectedStream
    timeout_s : float
        Seconds of the host.
    folder : Path
        Gets output and log.

    Raises
    ------
    kwslib.errors.ToolError
        If it crashes, does not end in time, prints something else, or differs from the specification.
    """
    log = folder / LOG
    done = machine.run(elf, timeout_s, log=log)
    if done.exit_status != 0:
        raise ToolError(f"the program ended with status {done.exit_status} on {machine.name}; whole log: {log}")
    atomic_write_text(folder / OUTPUT, done.stdout)
    try:
        layers = [(layer.name, layer.operations) for layer in graph.layers]
        front_end = [(stage.name, stage.operations) for stage in stages(graph.front_end, listens.frames)]
        profile = layer_profile.parse(done.stdout, layers, front_end=front_end)
        hops = check(done.stdout, samples, expected)
    except ProfileError as error:
        raise ProfileError(f"on {machine.name}: {error}; whole log: {log}") from error
    return done, profile, hops


def check(text: str, samples: int, expected: ExpectedStream) -> list[HopRow]:
    """Read what a program printed of each hop, and compare it with the specification.

    Parameters
    ----------
    text : str
    samples : int
        Of the recording.
    expected : ExpectedStream

    Raises
    ------
    ProfileError
        If a hop is missing or garbled, or a checksum or an event differs.
    """
    rows: list[HopRow] = []
    events: list[tuple[int, ...]] = []
    ends: list[tuple[int, ...]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if hop := _HOP.match(line):
            rows.append(_checked_hop(hop, len(rows), expected))
        elif event := _EVENT.match(line):
            events.append(tuple(map(int, event.groups())))
        elif end := _END.match(line):
            ends.append(tuple(map(int, end.groups())))
        elif _LOOKS_ALIKE.match(line):
            raise ProfileError(f"line {number} of the program's output cannot be understood: {line.strip()!r}")
    if len(rows) != len(expected.hops):
        raise ProfileError(f"the program printed {len(rows)} hops; there are {len(expected.hops)}")
    wanted = [_numbers(event) for event in expected.events]
    if events != wanted:
        raise ProfileError(f"the program's events (hop, class, sum) {events} are not the specification's {wanted}")
    if ends != [(samples, len(rows), len(events))]:
        raise ProfileError(
            f"the program ended with (samples, hops, events) {ends}, not {(samples, len(rows), len(events))}"
        )
    return rows


def _numbers(event: Event) -> tuple[int, ...]:
    return event.hop, event.label, event.total


def _checked_hop(printed: re.Match[str], number: int, expected: ExpectedStream) -> HopRow:
    hop, cycles, front_end, network = (int(printed[group]) for group in range(1, 5))
    if hop != number or hop >= len(expected.hops):
        raise ProfileError(f"the program printed hop {hop} where hop {number} of {len(expected.hops)} should be")
    found, wanted = HopSums(*(int(printed[group], 16) for group in (5, 6, 7))), expected.hops[hop]
    for name in ("fingerprint", "logits", "output"):
        if getattr(found, name) != getattr(wanted, name):
            raise ProfileError(
                f"the {name} of hop {hop} is not the specification's: checksum {getattr(found, name):08x}, expected "
                f"{getattr(wanted, name):08x}"
            )
    if not 0 < front_end + network <= cycles or not front_end or not network:
        raise ProfileError(f"hop {hop} has {cycles} cycles, its front end {front_end}, its network {network}")
    return HopRow(cycles, front_end, network)
