"""What a program needs to listen to a stream: ``struct listening`` of ``firmware/listen.h``, as data and as C.

The program is the planned network itself. Its front end computes the new frames of a hop alone and puts them behind
those that the fingerprint has; the event detector follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.config.events import EventParameters, hop_frames, words_of
from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import InputError
from kwslib.gap8.program.templates import render
from kwslib.integer.events import EventRules, rules
from kwslib.integer.front_end import codes_of
from kwslib.integer.graph import UINT8_SHIFT, Graph

C_BYTES = 5 * 1024
"""Bytes of the compiled C of listening, beside the runtime's: the larger one of both compilers, with room to spare."""


@dataclass(frozen=True)
class Listening:
    """A network that listens, once a hop.

    Attributes
    ----------
    hop_ms, hop_samples : int
        From one decision to the next.
    frames : int
        Of the fingerprint that a hop brings: all of them at most.
    span_samples : int
        What those frames see: the last samples that came.
    kept_bytes : int
        Codes of the other frames of the fingerprint.
    tail_samples : int
        Zeros behind the end of a recording, so that no word is cut off.
    silence : tuple of int
        Signed codes of a frame of digital silence.
    rules : EventRules
    """

    hop_ms: int
    hop_samples: int
    frames: int
    span_samples: int
    kept_bytes: int
    tail_samples: int
    silence: tuple[int, ...]
    rules: EventRules

    @property
    def spare_bytes(self) -> int:
        """Bytes of L2 that listening takes beside the network: `kwslib.gap8.planning.planner.plan` takes it."""
        classes = len(self.rules.thresholds)
        return C_BYTES + classes * (self.rules.smoothing + 9) + len(self.silence)


def listening(graph: Graph, parameters: EventParameters, labels: Sequence[str] | None) -> Listening:
    """Return what a program needs to listen.

    Parameters
    ----------
    graph : Graph
        With a front end and a softmax.
    parameters : EventParameters
    labels : sequence of str or None
        Names of the classes.

    Raises
    ------
    InputError
        If the network does not begin with sound, has no softmax or no words, or the hop does not fit its front end.
    """
    front_end = graph.front_end
    if why := obstacle(graph, labels):
        raise InputError(why)
    assert front_end is not None and labels is not None
    hop = hop_frames(front_end, parameters.hop_ms)
    frames = min(hop, front_end.frames)
    hop_samples = hop * front_end.stride_samples
    silence = codes_of(np.zeros((1, CLIP_SAMPLES), np.int16), front_end, graph.input.zero_point + UINT8_SHIFT)
    return Listening(
        hop_ms=parameters.hop_ms,
        hop_samples=hop_samples,
        frames=frames,
        span_samples=(frames - 1) * front_end.stride_samples + front_end.window_samples,
        kept_bytes=(front_end.frames - frames) * front_end.coefficients,
        tail_samples=tail_samples(parameters),
        silence=tuple((silence[0, 0].astype(int) - UINT8_SHIFT).tolist()),
        rules=rules(parameters, labels),
    )


def obstacle(graph: Graph, labels: Sequence[str] | None) -> str:
    """Say why a network cannot listen, with whatever parameters; empty if it can."""
    front_end = graph.front_end
    if front_end is None:
        return f"{graph.name} does not begin with sound: only a network with an integer front end listens"
    if front_end.stride_samples > front_end.window_samples:
        return f"front end {front_end.key} skips samples between its frames: no stream can use it"
    if labels is None:
        return f"the classes of {graph.name} have no names: give them with --labels A,B,..."
    if graph.layers[-1].kind != "softmax":
        return f"{graph.name} has no softmax: events need probabilities"
    if not words_of(tuple(labels)):
        return f"none of the classes {', '.join(labels)} is a word that could be reported"
    return ""


def tail_samples(parameters: EventParameters) -> int:
    """Return how many zeros follow a recording: a second, and the hops in which a word could still be reported."""
    return CLIP_SAMPLES + (parameters.smoothing_hops + 1) * parameters.hop_ms * SAMPLE_RATE_HZ // 1000


def c_text(one: Listening, recording_offset: int = 0) -> str:
    """Return ``listening.c``: the structure, and the state of its event detector.

    Parameters
    ----------
    one : Listening
    recording_offset : int
        Where the recording lies in the external flash, for a program that carries one.
    """
    return render("listening.c", one=one, rules=one.rules, recording_offset=recording_offset)
