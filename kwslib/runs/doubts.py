"""Labels of a folder that a trained network does not believe."""

from collections.abc import Sequence

import numpy as np

from kwslib.config.words import LABELS, UNKNOWN
from kwslib.errors import InputError
from kwslib.integer import reference
from kwslib.runs.clips import codes_for
from kwslib.runs.known_network import Network
from kwslib.speech.inspection import Finding, Inspection
from kwslib.speech.wav import read_second

SURE = 0.9
"""Probability of another word from which on a label is doubted."""
DOUBTED = 0.05
"""Largest probability that the network may give to the label itself."""
CHUNK_CLIPS = 256


def find(inspection: Inspection, network: Network) -> list[Finding]:
    """Return the clips of which a network is sure that another word is said.

    Words that the network does not know are its unknown class, if it has one; silence is no word.

    Parameters
    ----------
    inspection : Inspection
    network : Network

    Raises
    ------
    InputError
        If the network's classes have no names, or none of them is a word of the folder.
    """
    labels = network.labels or ()
    known = [word for word in inspection.counts if word in labels]
    if not known:
        raise InputError(
            f"{network.source} knows none of the words in {inspection.folder} "
            f"({', '.join(list(inspection.counts)[:8])}): name a network that was trained on them"
        )
    unknown = labels.index(LABELS[UNKNOWN]) if LABELS[UNKNOWN] in labels else None
    asked = [(path, _label(path, labels, unknown)) for path in inspection.readable]
    asked = [(path, label) for path, label in asked if label is not None]
    found = []
    for start in range(0, len(asked), CHUNK_CLIPS):
        part = asked[start : start + CHUNK_CLIPS]
        audio = np.stack([read_second(inspection.folder / path) for path, _ in part])
        chances = probabilities(network, audio)
        for (path, label), row in zip(part, chances, strict=True):
            winner = int(row.argmax())
            if row[winner] >= SURE and label is not None and row[label] <= DOUBTED:
                text = f"{labels[winner]} with probability {row[winner]:.2f}, {labels[label]} with {row[label]:.2f}"
                found.append(Finding("wrong label", path.split("/")[0], path, text))
    return found


def _label(path: str, labels: Sequence[str], unknown: int | None) -> int | None:
    word = path.split("/")[0]
    return labels.index(word) if word in labels else unknown


def probabilities(network: Network, audio: np.ndarray) -> np.ndarray:
    """Return a network's probabilities for clips, int16 (clips, 16000), as float64 (clips, classes)."""
    outputs = reference.run(network.graph, codes_for(network, audio))
    layers = network.graph.layers
    logits = outputs.logits.astype(np.float64)
    if outputs.softmax is not None:
        logits *= layers[-1].input.scale
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)
