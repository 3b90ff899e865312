"""What a program is built for, as the command line names it: a network and the clip that it hears."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np

from kwslib.config.front_end import KINDS, FrontEnd
from kwslib.config.presets import SIZES, size_named
from kwslib.config.words import LABELS
from kwslib.errors import InputError, check_name
from kwslib.integer import graph as graphs
from kwslib.integer.graph import UINT8_SHIFT, Graph
from kwslib.runs import prediction, records
from kwslib.speech.samples import read_pgm
from kwslib.speech.wav import fit, read_wav

DEFAULT_PROFILE = "quick"
DEFAULT_CLIP = Path(__file__).resolve().parents[1] / "gap8" / "firmware" / "yes.wav"
"""A synthetic voice that says 'yes' (espeak-ng, voice en-us+max): heard where no clip is named."""

MODEL_SUFFIX, MODEL_MAGIC = ".tflite", b"TFL3"
WAV_MAGIC = b"RIFF"


@dataclass(frozen=True)
class Chosen:
    """A network, and what is known of it.

    Attributes
    ----------
    graph : Graph
    front_end : FrontEnd or None
        What turns a clip into its input; None where its input is no fingerprint of this project.
    labels : tuple of str or None
        Names of its classes, where they are known.
    source : str
        For people: where it is from.
    """

    graph: Graph
    front_end: FrontEnd | None
    labels: tuple[str, ...] | None
    source: str


def sort_files(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split the files of a command line into networks and clips, by suffix or by their first bytes."""
    models = [file for file in files if file.suffix.lower() == MODEL_SUFFIX or _begins(file, MODEL_MAGIC, at=4)]
    return models, [file for file in files if file not in models]


def choose_network(
    model: Path | None = None,
    run: str | None = None,
    size: str | None = None,
    front_end: str | None = None,
    labels: Sequence[str] | None = None,
) -> Chosen:
    """Return the network of a file, of a run, or of a size (its quick run); of the default run if none is named.

    Raises
    ------
    kwslib.errors.KwsError
        If more than one is named, there is none, it is damaged, or the labels are not as many as its classes.
    """
    if sum(named is not None for named in (model, run, size)) > 1:
        raise InputError("a .tflite file, --run and --size each name a network: give one")
    if front_end is not None and model is None:
        raise InputError("--front-end goes with a .tflite file: a run knows its own")
    if model is not None:
        chosen = _of_file(model, front_end)
    else:
        network = prediction.of_run(f"{DEFAULT_PROFILE}-{size_named(size).name}" if size is not None else run)
        chosen = Chosen(network.graph, network.front_end, LABELS, network.source)
    if labels is None:
        return chosen
    if len(labels) != chosen.graph.classes:
        raise InputError(f"{len(labels)} labels are given; {chosen.source} has {chosen.graph.classes} classes")
    return Chosen(chosen.graph, chosen.front_end, tuple(labels), chosen.source)


def _of_file(path: Path, kind: str | None) -> Chosen:
    if kind is not None:
        check_name("front end", kind, KINDS)
    network, labels = graphs.load(path), None
    if (path.parent / records.METRICS).exists():
        run = records.load(path.parent)
        kind, labels = kind or run.front_end, LABELS
        network = replace(network, name=run.run)
    shapes = {prod(size.front_end().shape): size for size in SIZES.values()}
    size = shapes.get(prod(network.input.shape))
    return Chosen(network, size.front_end(kind or "magnitude") if size else None, labels, str(path))


def read_clip(chosen: Chosen, clip: Path | None) -> tuple[np.ndarray, str]:
    """Return input codes of a network, in its own type and shape, and what they are for people.

    Parameters
    ----------
    chosen : Chosen
    clip : Path or None
        A WAV file (16 kHz, mono, 16-bit), or an 8-bit PGM picture whose pixels are the input codes (of an int8
        network, plus 128). Without one, `DEFAULT_CLIP`, or drawn codes where the input is no fingerprint.

    Raises
    ------
    kwslib.errors.KwsError
        If the clip cannot be read, or is not of the network's input.
    """
    tensor = chosen.graph.input
    if clip is None and chosen.front_end is None:
        drawn = np.random.default_rng(0).integers(0, 256, tensor.shape).astype(np.uint8)
        return _own_type(chosen, drawn), "no clip is named and its input is no fingerprint: codes drawn at random"
    if clip is None or clip.suffix.lower() == ".wav" or _begins(clip, WAV_MAGIC):
        if chosen.front_end is None:
            raise InputError(
                f"{chosen.source} reads an input of {tensor.shape}, which is no fingerprint of a clip: "
                "give its input codes as an 8-bit PGM picture"
            )
        audio = fit(read_wav(clip or DEFAULT_CLIP))[None]
        codes = prediction.codes_for(prediction.Network(chosen.graph, chosen.front_end, chosen.source), audio)
        return codes.reshape(tensor.shape), str(clip or f"{DEFAULT_CLIP.name}, since no clip is named")
    shape = tensor.shape[:2] if tensor.shape[2] == 1 else None
    if shape is None and chosen.front_end is not None:
        shape = chosen.front_end.shape
    picture = read_pgm(clip, shape)
    if picture.size != prod(tensor.shape):
        raise InputError(f"{clip} has {picture.size} pixels; {chosen.source} reads {prod(tensor.shape)} codes")
    return _own_type(chosen, picture.reshape(tensor.shape)), str(clip)


def _own_type(chosen: Chosen, codes: np.ndarray) -> np.ndarray:
    """uint8 codes as codes of the network's input type."""
    return chosen.graph.input.from_core((codes ^ np.uint8(UINT8_SHIFT)).view(np.int8))


def _begins(path: Path, magic: bytes, at: int = 0) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(at + len(magic))[at:] == magic
    except OSError:
        return False
