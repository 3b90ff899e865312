"""The clip that a command line names, as input codes of a network."""

from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import InputError
from kwslib.integer.graph import UINT8_SHIFT
from kwslib.runs.networks import Network
from kwslib.speech import fingerprint
from kwslib.speech.samples import read_pgm
from kwslib.speech.wav import fit, read_wav

DEFAULT_CLIP = Path(__file__).resolve().parents[1] / "gap8" / "firmware" / "yes.wav"
"""A synthetic voice that says 'yes' (espeak-ng, voice en-us+max): used where no clip is named."""

MODEL_SUFFIX, MODEL_MAGIC = ".tflite", b"TFL3"
WAV_MAGIC = b"RIFF"


def sort_files(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split the files of a command line into networks and clips, by suffix or by their first bytes."""
    models = [file for file in files if file.suffix.lower() == MODEL_SUFFIX or _begins(file, MODEL_MAGIC, at=4)]
    return models, [file for file in files if file not in models]


def codes_for(network: Network, audio: np.ndarray) -> np.ndarray:
    """Input codes of clips, in the type, shape and scale of a network.

    Parameters
    ----------
    network : Network
    audio : ndarray of int16, shape (clips, 16000)

    Returns
    -------
    ndarray of uint8 or int8, shape (clips, frames, coefficients)

    Raises
    ------
    InputError
        If the network's input is no fingerprint.
    """
    if network.front_end is None:
        raise InputError(
            f"{network.source} reads an input of {network.graph.input.shape}, which is no fingerprint of a clip: "
            "give its input codes as an 8-bit PGM picture"
        )
    tensor = network.graph.input
    codes = fingerprint.codes(audio, network.front_end, tensor.scale, tensor.zero_point + UINT8_SHIFT)
    return _own_type(network, codes)


def read_clip(network: Network, clip: Path | None) -> tuple[np.ndarray, str]:
    """Return input codes of a network, in its own type and shape, and what they are for people.

    Parameters
    ----------
    network : Network
    clip : Path or None
        A WAV file (16 kHz, mono, 16-bit), or an 8-bit PGM picture whose pixels are the input codes (of an int8
        network, plus 128). Without one, `DEFAULT_CLIP`, or drawn codes where the input is no fingerprint.

    Raises
    ------
    kwslib.errors.KwsError
        If the clip cannot be read, or does not fit the network's input.
    """
    tensor = network.graph.input
    if clip is None and network.front_end is None:
        drawn = np.random.default_rng(0).integers(0, 256, tensor.shape).astype(np.uint8)
        return _own_type(network, drawn), "no clip is named and the input is no fingerprint: codes drawn at random"
    if clip is None or clip.suffix.lower() == ".wav" or _begins(clip, WAV_MAGIC):
        samples = read_wav(clip or DEFAULT_CLIP)
        codes = codes_for(network, fit(samples)[None])
        text = f"{DEFAULT_CLIP.name}, since no clip is named" if clip is None else f"{clip}{cut_note(samples)}"
        return codes.reshape(tensor.shape), text
    shape = tensor.shape[:2] if tensor.shape[2] == 1 else None
    if shape is None and network.front_end is not None:
        shape = network.front_end.shape
    picture = read_pgm(clip, shape)
    if picture.size != prod(tensor.shape):
        raise InputError(f"{clip} has {picture.size} pixels; {network.source} reads {prod(tensor.shape)} codes")
    return _own_type(network, picture.reshape(tensor.shape)), str(clip)


def cut_note(samples: np.ndarray) -> str:
    """Say that only the first second of a longer clip is used; empty for a clip of up to a second."""
    seconds = len(samples) / SAMPLE_RATE_HZ
    return f" ({seconds:.1f} s long: only its first second is used)" if seconds > 1 else ""


def _own_type(network: Network, codes: np.ndarray) -> np.ndarray:
    """uint8 codes as codes of the network's input type."""
    return network.graph.input.from_core((codes ^ np.uint8(UINT8_SHIFT)).view(np.int8))


def _begins(path: Path, magic: bytes, at: int = 0) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(at + len(magic))[at:] == magic
    except OSError:
        return False
