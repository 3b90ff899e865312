"""What a program that listens must find in a recording: checksums of every hop, and events, from the specification."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.gap8.program.expected_output import checksum
from kwslib.gap8.program.listening import Listening
from kwslib.integer import stream
from kwslib.integer.events import LEVELS, Event, EventDetector
from kwslib.integer.graph import Graph

WINDOW_MS = 1000
"""The second of sound in which a word is found."""


@dataclass(frozen=True)
class HopSums:
    """Checksums of a hop: of the fingerprint, the logits and the output."""

    fingerprint: int
    logits: int
    output: int


@dataclass(frozen=True)
class ExpectedStream:
    """What the specification finds.

    Attributes
    ----------
    hops : tuple of HopSums
    events : tuple of Event
    """

    hops: tuple[HopSums, ...]
    events: tuple[Event, ...]


def expected_stream(graph: Graph, listening: Listening, samples: np.ndarray) -> ExpectedStream:
    """Compute what must be found in a recording, the silence behind it included.

    Parameters
    ----------
    graph : Graph
        With a front end.
    listening : Listening
    samples : ndarray, int16 (samples,)
    """
    whole = np.concatenate([np.asarray(samples, np.int16), np.zeros(listening.tail_samples, np.int16)])
    detector = EventDetector(listening.rules)
    sums: list[HopSums] = []
    events: list[Event] = []
    for part in stream.hops(graph, whole, listening.hop_samples):
        rows = zip(part.fingerprints, part.logits, part.outputs, strict=True)
        sums += [HopSums(*(checksum(codes) for codes in row)) for row in rows]
        events += detector.feed(part.outputs)
    return ExpectedStream(tuple(sums), tuple(events))


def heard_text(expected: ExpectedStream, listening: Listening, classes: Sequence[str]) -> str:
    """Text that the program of the host prints with ``--hops``.

    Parameters
    ----------
    expected : ExpectedStream
    listening : Listening
    classes : sequence of str
        Names of the classes.
    """
    heard = {event.hop: event for event in expected.events}
    lines = []
    for hop, sums in enumerate(expected.hops):
        lines.append(
            f"Hop {hop}: fingerprint {sums.fingerprint:08x}, logits {sums.logits:08x}, output {sums.output:08x}"
        )
        if hop in heard:
            lines.append(_event_text(heard[hop], listening, classes))
    return "\n".join([*lines, ""])


def _event_text(event: Event, listening: Listening, classes: Sequence[str]) -> str:
    end_ms = (event.hop + 1) * listening.hop_ms
    begin_ms, whole = max(0, end_ms - WINDOW_MS), LEVELS * listening.rules.smoothing
    begin, end = (f"{ms // 1000}.{ms % 1000:03}" for ms in (begin_ms, end_ms))
    return f"{begin} - {end} s  {classes[event.label]}  {(100 * event.total + whole // 2) // whole} %"
