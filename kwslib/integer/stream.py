"""The specification of a stream: the network hears the last second once each hop.

Before the stream there is digital silence. Decision h, from 0, is made when h + 1 hops of sound are there; its
fingerprint is that of the second that ends there. So the frames of a hop depend on samples alone, and a device that
computes each frame once, and puts it behind those that it knows, finds the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwslib.errors import InputError
from kwslib.integer import input_codes, reference
from kwslib.integer.graph import Graph

BATCH = 64
"""Hops that are computed at a time."""


@dataclass(frozen=True, eq=False)
class StreamHops:
    """What a network makes of hops that follow one another.

    Attributes
    ----------
    fingerprints : ndarray, int8 (hops, frames, coefficients)
        Core codes.
    logits : ndarray, int8 (hops, classes)
    outputs : ndarray, int8 (hops, classes)
        Core codes of the output, which the event detector takes.
    """

    fingerprints: np.ndarray
    logits: np.ndarray
    outputs: np.ndarray


def hops(graph: Graph, samples: np.ndarray, hop_samples: int) -> Iterator[StreamHops]:
    """Compute every hop of a stream.

    Parameters
    ----------
    graph : Graph
        With a front end.
    samples : ndarray, int16 (samples,)
        Whole: what follows its last whole hop is left out.
    hop_samples : int
        From one decision to the next: a multiple of the stride of the front end.

    Yields
    ------
    StreamHops
        Of `BATCH` hops at most.

    Raises
    ------
    InputError
        If the network has no front end, or the hop is no multiple of its stride.
    """
    front_end = graph.front_end
    if front_end is None:
        raise InputError(f"{graph.name} has no front end: it cannot hear a stream")
    if hop_samples < 1 or hop_samples % front_end.stride_samples:
        raise InputError(f"a hop of {hop_samples} samples is no multiple of {front_end.stride_samples}, the stride")
    seen = (front_end.frames - 1) * front_end.stride_samples + front_end.window_samples
    padded = np.concatenate([np.zeros(seen, np.int16), np.asarray(samples, np.int16)])
    count = len(samples) // hop_samples
    for first in range(0, count, BATCH):
        ends = [seen + hop_samples * (hop + 1) for hop in range(first, min(first + BATCH, count))]
        codes = input_codes.codes_of(graph, np.stack([padded[end - seen : end] for end in ends]))
        found = reference.run(graph, codes)
        fingerprints = graph.input.to_core(codes).reshape(len(ends), *front_end.shape)
        yield StreamHops(fingerprints, found.logits, graph.output.to_core(found.codes))
