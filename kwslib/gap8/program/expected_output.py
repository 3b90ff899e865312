"""What a program for GAP8 must print for a clip: checksums, codes and class, from the integer reference."""

from collections.abc import Sequence

import numpy as np

from kwslib.integer import input_codes, reference
from kwslib.integer.graph import Graph

FINGERPRINT = "Fingerprint"
"""Name of the front end's output among the checksums."""
MIXER = np.uint64(0x9E3779B1)
"""2^32 divided by the golden ratio, as in ``firmware/runtime.c``."""


def printed(name: str) -> str:
    """Return a name as a program prints it: on one line, with a question mark for what cannot be shown.

    Examples
    --------
    >>> printed("tea" + chr(10) + "pot")
    'tea?pot'
    """
    return "".join(c if c.isprintable() else "?" for c in name)


def checksum(codes: np.ndarray) -> int:
    """The checksum of one layer's output, as the program computes it.

    Parameters
    ----------
    codes : ndarray, int8 (rows, columns, channels)
        Core codes.

    Returns
    -------
    int
        Sum over places p of (code + 128) · (mix(p) | 1) modulo 2^32, mix(p) = m ^ m >> 15 with m = p · 0x9E3779B1: any
        single wrong or misplaced code changes it, and parts can be added up in any order.
    """
    values = codes.reshape(-1).astype(np.int64).astype(np.uint64) + np.uint64(128)
    weights = (np.arange(values.size, dtype=np.uint64) * MIXER) & np.uint64(0xFFFFFFFF)
    weights = (weights ^ (weights >> np.uint64(15))) | np.uint64(1)
    return int((values * weights).sum(dtype=np.uint64) & np.uint64(0xFFFFFFFF))


def expected_text(graph: Graph, codes: np.ndarray, classes: Sequence[str]) -> str:
    """Text that a program must print for a clip, without its cycles.

    Parameters
    ----------
    graph : Graph
    codes : ndarray
        One clip: input codes of the network's input type, any shape of the right size; or samples, int16 (16000,),
        for a graph with a front end.
    classes : sequence of str
        Names of the classes.
    """
    codes = input_codes.codes_of(graph, np.asarray(codes)[None])
    found = reference.run(graph, codes, layers=True)
    lines = [f"Network: {printed(graph.name)}"]
    if graph.front_end:
        lines.append(f"Checksum {FINGERPRINT}: {checksum(graph.input.to_core(codes)[0]):08x}")
    for layer, output in zip(graph.layers, found.layers or (), strict=True):
        lines.append(f"Checksum {layer.name}: {checksum(output[0]):08x}")
    lines.append("Logits: " + " ".join(map(str, found.logits[0].tolist())))
    lines.append("Output: " + " ".join(map(str, found.codes[0].reshape(-1).tolist())))
    winner = int(found.winner[0])
    lines.append(f"Class: {winner} {printed(classes[winner])}")
    return "\n".join(lines) + "\n"
