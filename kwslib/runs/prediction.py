"""What a trained network hears in a clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.config.front_end import FrontEnd
from kwslib.config.presets import SIZES
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError, ModelError
from kwslib.integer import graph, reference
from kwslib.integer.graph import Graph
from kwslib.runs import records
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.wav import fit, read_wav

DEFAULT_RUNS = ("quick-small", "baseline-small")
"""Runs that are looked for, in this order, where no network is named."""
MODEL = "model.tflite"


@dataclass(frozen=True)
class Network:
    """A network and the front end it was trained with."""

    graph: Graph
    front_end: FrontEnd
    source: str


@dataclass(frozen=True)
class Prediction:
    """What a network says of one clip: probability by label, 0 … 1, as its 8-bit softmax gives it."""

    clip: str
    winner: str
    probabilities: dict[str, float]


def of_run(name: str | None = None) -> Network:
    """Return the network of a run; without a name, of the first of `DEFAULT_RUNS` that is there.

    Raises
    ------
    DataError
        If there is no such run, or it has no network.
    """
    if name is None:
        for candidate in DEFAULT_RUNS:
            try:
                run = records.find(candidate)
                break
            except DataError:
                continue
        else:
            raise DataError(
                "there is no trained network yet: run 'kws run --size small', or name one with --run or --model"
            )
    else:
        run = records.find(name)
    path = run.folder / MODEL
    if not path.exists():
        raise DataError(f"run {run.run} has no {MODEL}; run it again")
    network = graph.load(path, run.run)
    front_end = SIZES[run.size].front_end(run.front_end, network.input.scale)
    label = "recorded run" if run.recorded else "run"
    return Network(network, front_end, f"{label} {run.run}, trained on {run.corpus.name}")


def of_file(path: Path, kind: str | None = None) -> Network:
    """Return the network in a ``.tflite`` file.

    Parameters
    ----------
    path : Path
        The file.
    kind : str, optional
        Its front end, ``magnitude`` or ``power``; by default that of the run folder it lies in, else ``magnitude``.

    Raises
    ------
    InputError, ModelError
        If the file cannot be read, or is no network for these labels and fingerprints.
    """
    network = graph.load(path)
    if kind is None and (path.parent / records.METRICS).exists():
        kind = records.load(path.parent).front_end
    for size in SIZES.values():
        front_end = size.front_end(kind or "magnitude", network.input.scale)
        if (*front_end.shape, 1) == network.input.shape:
            break
    else:
        shapes = sorted({size.front_end().shape for size in SIZES.values()})
        raise ModelError(
            f"{path} reads an input of {network.input.shape}; the fingerprints here are "
            + " or ".join(f"{frames} × {coefficients}" for frames, coefficients in shapes)
        )
    if network.classes != len(LABELS):
        raise ModelError(f"{path} has {network.classes} outputs; a keyword network has {len(LABELS)}")
    return Network(network, front_end, str(path))


def codes_for(network: Network, audio: np.ndarray) -> np.ndarray:
    """Input codes of clips, int16 (clips, 16000), in the type and scale of a network."""
    tensor = network.graph.input
    codes = quantise(fingerprints(audio, network.front_end), tensor.scale, tensor.zero_point + 128)
    return tensor.from_core((codes ^ np.uint8(128)).view(np.int8))


def predict(clips: Sequence[Path], network: Network) -> list[Prediction]:
    """Run a network on WAV files with the integer reference, which is what the device computes.

    Raises
    ------
    InputError
        If no clip is named.
    DataError
        If a clip is not 16 kHz mono 16-bit WAV.
    """
    if not clips:
        raise InputError("no clip is named: give at least one WAV file")
    audio = np.stack([fit(read_wav(path)) for path in clips])
    found = reference.run(network.graph, codes_for(network, audio))
    output = network.graph.output
    shares = (found.codes.astype(np.float64) - output.file_zero_point) * output.scale
    return [
        Prediction(str(clip), LABELS[winner], dict(zip(LABELS, map(float, row), strict=True)))
        for clip, winner, row in zip(clips, found.winner, shares, strict=True)
    ]


def table(prediction: Prediction) -> str:
    """A prediction as text: the winner, then every label by falling probability."""
    rows = sorted(prediction.probabilities.items(), key=lambda row: -row[1])
    lines = [f"{prediction.clip}: {prediction.winner}"]
    return "\n".join(lines + [f"  {label:<10} {100 * share:6.2f} %" for label, share in rows])
