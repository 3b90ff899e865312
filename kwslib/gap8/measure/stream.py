"""A network that listens to a recording on a platform: cycles of every hop, and events, checked hop by hop."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from kwslib.artifacts import read_record, write_record
from kwslib.config.events import EventParameters
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import InputError, ToolError
from kwslib.gap8.measure import layer_profile
from kwslib.gap8.measure.deployment import LOG, OUTPUT, StageRow
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.planning.stages import stages
from kwslib.gap8.platforms.platform import Platform, RunResult, open_platform, that_count_cycles
from kwslib.gap8.program import compilation
from kwslib.gap8.program.expected_stream import ExpectedStream, HopSums, expected_stream
from kwslib.gap8.program.listening import Listening, listening
from kwslib.integer.events import LEVELS, Event
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_write_text
from kwslib.provenance import Provenance

SCHEMA = 1
STREAM, STREAMS = "stream.json", "streams.json"
"""Names of the records: of one stream, of some with different hops."""
_SUM = "[0-9a-f]{8}"
_HOP = re.compile(
    r"^Hop (\d+): (\d+) cycles, front end (\d+), network (\d+); "
    rf"fingerprint ({_SUM}), logits ({_SUM}), output ({_SUM})$"
)
_EVENT = re.compile(r"^Event: hop (\d+), class (\d+), sum (\d+), .*$")
_END = re.compile(r"^Stream: (\d+) samples, (\d+) hops, (\d+) events$")
_LOOKS_ALIKE = re.compile(r"^(Hop|Event|Stream)\b")


@dataclass(frozen=True)
class HopRow:
    """Cycles of a hop.

    Attributes
    ----------
    cycles : int
        From the last sample to the decision: what is moved ahead to L1, waking the cluster, front end, network, events.
    front_end_cycles, network_cycles : int
        As of a single clip: parts of `cycles`.
    """

    cycles: int
    front_end_cycles: int
    network_cycles: int


@dataclass(frozen=True)
class EventRow:
    """A word that was heard: the number of its hop and of its class, and its average probability."""

    hop: int
    label: int
    share: float


@dataclass(frozen=True)
class Stream:
    """A network that listens on GAP8.

    Attributes
    ----------
    network : str
    platform, platform_version : str
    recording : str
        What was heard.
    samples : int
        Of the recording; silence follows.
    parameters : EventParameters
    hop_frames : int
        Frames that each hop brings.
    fingerprint_frames : int
        Frames of the fingerprint.
    hops : list of HopRow
        Fingerprint, logits and output of each equal the integer reference; a difference is an error, not a number.
    front_end : list of StageRow
        Of the first and (warm) of the last hop.
    events : list of EventRow
        Equal to the specification's.
    elf_digest : str
    run_s : float
        Seconds of the host for the run.
    provenance : Provenance or None
    """

    network: str
    platform: str
    platform_version: str
    recording: str
    samples: int
    parameters: EventParameters
    hop_frames: int
    fingerprint_frames: int
    hops: list[HopRow]
    front_end: list[StageRow]
    events: list[EventRow]
    elf_digest: str
    run_s: float
    provenance: Provenance | None = None

    @property
    def first(self) -> HopRow:
        """The first hop, for which no code is in the instruction cache."""
        return self.hops[0]

    @property
    def steady(self) -> HopRow:
        """The median of the hops behind the first one, figure by figure."""
        later = self.hops[1:] or self.hops
        names = ("cycles", "front_end_cycles", "network_cycles")
        return HopRow(*(round(median(getattr(hop, name) for hop in later)) for name in names))

    @property
    def hops_per_s(self) -> float:
        """Hops in a second of sound."""
        return 1000 / self.parameters.hop_ms

    def duty(self, clock_mhz: float) -> float:
        """Return the share of time in which the chip works, at a clock, in a steady hop; above 1 it is too slow."""
        return self.steady.cycles / (1000 * self.parameters.hop_ms * clock_mhz)


@dataclass(frozen=True)
class Streams:
    """A network that listens with different hops: a `Stream` for each."""

    streams: list[Stream]


def measure(
    graph: Graph,
    samples: np.ndarray,
    folder: Path,
    parameters: EventParameters,
    classes: Sequence[str] | None,
    recording: str,
    platform: str = "simulator",
    timeout_s: float = 600.0,
    provenance: Provenance | None = None,
    home: Path | None = None,
) -> Stream:
    """Build the program that listens, let it hear a recording, check every hop, and write the figures.

    Parameters
    ----------
    graph : Graph
        With a front end.
    samples : ndarray, int16 (samples,)
    folder : Path
        Gets `STREAM`, the program's output and log, and what `kwslib.gap8.program.compilation.build` leaves.
    parameters : EventParameters
    classes : sequence of str or None
        Names of the classes, which a network that listens must have.
    recording : str
        What it is, for the record.
    platform : str
        Name of a platform that counts cycles and runs programs for GAP8.
    timeout_s : float
        Seconds of the host for the run.
    provenance : Provenance, optional
    home : Path, optional
        Where the platform is installed.

    Raises
    ------
    kwslib.errors.KwsError
        If the network cannot listen, does not fit, there is no compiler or platform, the run fails, or anything differs
        from the reference.
    """
    machine = open_platform(platform, home)
    if not machine.counts_cycles or machine.target != "gap8":
        able = " and ".join(name for name in that_count_cycles() if name != "pulp-open")
        raise InputError(f"the platform '{platform}' does not hear a stream: {able} do; 'kws listen' hears it here")
    if not len(samples):
        raise InputError(f"{recording} holds no samples: nothing can be heard in it")
    listens = listening(graph, parameters, classes)
    built = compilation.build_listener(graph, folder, classes or (), listens, samples)
    for name in (STREAM, OUTPUT):
        (folder / name).unlink(missing_ok=True)
    expected = expected_stream(graph, listens, samples)
    done, profile, hops = run_and_check(machine, graph, listens, built.elf, len(samples), expected, timeout_s, folder)
    whole = LEVELS * listens.rules.smoothing
    found = Stream(
        network=graph.name,
        platform=platform,
        platform_version=machine.version(),
        recording=recording,
        samples=len(samples),
        parameters=parameters,
        hop_frames=listens.frames,
        fingerprint_frames=graph.front_end.frames if graph.front_end else 0,
        hops=hops,
        front_end=_stage_rows(profile),
        events=[EventRow(event.hop, event.label, event.total / whole) for event in expected.events],
        elf_digest=compilation.digest(built.elf),
        run_s=round(done.wall_s, 2),
        provenance=provenance,
    )
    write_record(folder / STREAM, found, SCHEMA)
    return found


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


def _stage_rows(profile: Profile) -> list[StageRow]:
    last = profile.warm_front_end or profile.front_end
    pairs = zip(profile.front_end, last, strict=True)
    return [StageRow(first.name, first.cycles, row.cycles, first.operations) for first, row in pairs]


def seconds(stream: Stream) -> float:
    """Return the length of the recording."""
    return stream.samples / SAMPLE_RATE_HZ


def load(folder: Path) -> Stream:
    """Read what `measure` wrote.

    Raises
    ------
    kwslib.errors.DataError
        If it is missing, damaged or of another version.
    """
    return read_record(
        folder / STREAM,
        Stream,
        SCHEMA,
        missing="this network heard no stream",
        again="run 'kws gap8 run --stream' again",
    )


def save_all(streams: Sequence[Stream], folder: Path) -> None:
    """Write the streams of a network into one record."""
    write_record(folder / STREAMS, Streams(list(streams)), SCHEMA)


def load_all(folder: Path) -> list[Stream]:
    """Read what `save_all` wrote.

    Raises
    ------
    kwslib.errors.DataError
        If it is missing, damaged or of another version.
    """
    missing = "this network heard no stream on GAP8"
    return read_record(folder / STREAMS, Streams, SCHEMA, missing=missing, again="execute gap8.ipynb again").streams
