"""What is kept of a network that listened on GAP8: cycles of every hop, and the words that it heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from kwslib.artifacts import read_record, write_record
from kwslib.config.events import EventParameters
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.gap8.measure.deployment_record import StageRow
from kwslib.provenance import Provenance

SCHEMA = 1
STREAM, STREAMS = "stream.json", "streams.json"
"""Names of the records: of one stream, of some with different hops."""


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


def seconds(stream: Stream) -> float:
    """Return the length of the recording."""
    return stream.samples / SAMPLE_RATE_HZ


def save(stream: Stream, folder: Path) -> None:
    """Write the figures of one stream."""
    write_record(folder / STREAM, stream, SCHEMA)


def load(folder: Path) -> Stream:
    """Read what `save` wrote.

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
