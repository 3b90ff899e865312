"""What a network says of sound files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.errors import InputError
from kwslib.integer import reference
from kwslib.runs.clips import codes_for, cut_note
from kwslib.runs.networks import Network
from kwslib.speech.wav import fit, read_wav
from kwslib.terminal import table

MOST_ROWS = 20
"""Labels that are printed for a clip."""


@dataclass(frozen=True)
class Prediction:
    """What a network says of one clip.

    `probabilities` has 0 … 1 by label, as the 8-bit softmax gives it; scores of any range if there is no softmax.
    """

    clip: str
    winner: str
    probabilities: dict[str, float]
    has_softmax: bool = True

    def __str__(self) -> str:
        """The winner, then the most probable labels by falling probability; scores where there is no softmax."""
        rows = sorted(self.probabilities.items(), key=lambda row: -row[1])
        shown = [(f"  {name}", f"{100 * share:.2f} %" if self.has_softmax else f"{share:.3g}") for name, share in rows]
        lines = [f"{self.clip}: {self.winner}", table(shown[:MOST_ROWS])]
        if not self.has_softmax:
            lines.insert(1, "  the network has no softmax: scores, not probabilities")
        if len(shown) > MOST_ROWS:
            lines.append(f"  (and {len(shown) - MOST_ROWS} more)")
        return "\n".join(lines)


def predict(clips: Sequence[Path], network: Network) -> list[Prediction]:
    """Run a network on WAV files with the integer reference, which is what the device computes.

    Parameters
    ----------
    clips : sequence of Path
        WAV files, 16 kHz, mono, 16-bit. Of a clip that is longer than a second only the first second is used, and the
        prediction's `clip` says so.
    network : Network

    Raises
    ------
    InputError
        If no clip is named, or the network's input is no fingerprint.
    DataError
        If a clip is not 16 kHz mono 16-bit WAV.
    """
    if not clips:
        raise InputError("no clip is named: give at least one WAV file")
    samples = [read_wav(path) for path in clips]
    audio = np.stack([fit(one) for one in samples])
    codes = codes_for(network, audio).reshape(len(audio), *network.graph.input.shape)
    found = reference.run(network.graph, codes)
    output = network.graph.output
    shares = (found.codes.astype(np.float64) - output.file_zero_point) * output.scale
    names = [network.label(index) for index in range(network.graph.classes)]
    has_softmax = network.graph.layers[-1].kind == "softmax"
    return [
        Prediction(f"{path}{cut_note(one)}", names[winner], dict(zip(names, map(float, row), strict=True)), has_softmax)
        for path, one, winner, row in zip(clips, samples, found.winner, shares, strict=True)
    ]
