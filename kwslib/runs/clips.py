"""The clips that a command line names, as input codes of a network, and what the network says of them.

A sound of more than a second is never cut: windows slide over it, or the caller names a second of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np

from kwslib.config.front_end import FrontEnd
from kwslib.config.words import is_word
from kwslib.errors import InputError
from kwslib.integer import reference
from kwslib.integer.graph import UINT8_SHIFT
from kwslib.runs.known_network import Network
from kwslib.speech import fingerprint
from kwslib.speech.recording import read_recording
from kwslib.speech.samples import read_pgm
from kwslib.speech.windows import Windows, windows

DEFAULT_CLIP = Path(__file__).resolve().parents[1] / "gap8" / "firmware" / "yes.wav"
"""A synthetic voice that says 'yes' (espeak-ng, voice en-us+max): used where no clip is named."""

MODEL_SUFFIX, MODEL_MAGIC = ".tflite", b"TFL3"
PICTURE_SUFFIX, PICTURE_MAGIC = ".pgm", b"P5"
BATCH = 256
"""Windows whose fingerprints are computed at once."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What a network says of each window of a sound.

    Attributes
    ----------
    windows : Windows
    shares : ndarray of float64, shape (windows, classes)
        Its output: 0 … 1 if it has a softmax.
    winners : ndarray of int64, shape (windows,)
        Class of the largest logit.
    margins : ndarray of int64, shape (windows,)
        Logit codes between the winner and the class that follows it.
    is_word : ndarray of bool, shape (windows,)
        Whether the winner is a word, as far as its label says.
    """

    windows: Windows
    shares: np.ndarray
    winners: np.ndarray
    margins: np.ndarray
    is_word: np.ndarray

    @property
    def winning(self) -> np.ndarray:
        """Share of each window's winner, float64 (windows,)."""
        return self.shares[np.arange(len(self.winners)), self.winners]

    @property
    def best(self) -> int:
        """The window in which a word has the highest share; without a word, the one with the highest share.

        The widest margin decides between equal shares.
        """
        return int(np.lexsort((self.margins, self.winning, self.is_word))[-1])


def sort_files(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split the files of a command line into networks and clips, by suffix or by their first bytes."""
    models = [file for file in files if file.suffix.lower() == MODEL_SUFFIX or _begins(file, MODEL_MAGIC, at=4)]
    return models, [file for file in files if file not in models]


def front_end_of(network: Network) -> FrontEnd:
    """Return what makes a network's input from sound; raises InputError if its input is no fingerprint."""
    if network.front_end is None:
        raise InputError(
            f"{network.source} reads an input of {network.graph.input.shape}, which is no fingerprint of a clip: "
            "give its input codes as an 8-bit PGM picture"
        )
    return network.front_end


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
    front_end = front_end_of(network)
    audio = fingerprint.to_peak(audio) if network.normalised else audio
    tensor = network.graph.input
    codes = fingerprint.codes(audio, front_end, tensor.scale, tensor.zero_point + UINT8_SHIFT)
    return _own_type(network, codes)


def score(network: Network, samples: np.ndarray) -> Scores:
    """Slide a network over a sound with the integer reference, which is what the device computes.

    Parameters
    ----------
    network : Network
    samples : ndarray of int16, shape (samples,)
        16 kHz, mono, of any length.

    Raises
    ------
    InputError
        If the network's input is no fingerprint.
    """
    found = windows(samples)
    parts = []
    for first in range(0, len(found.starts), BATCH):
        audio = found.audio(first, first + BATCH)
        codes = codes_for(network, audio).reshape(len(audio), *network.graph.input.shape)
        parts.append(reference.run(network.graph, codes))
    output = network.graph.output
    scores = np.concatenate([part.codes for part in parts]).reshape(len(found.starts), -1)
    logits = np.sort(np.concatenate([part.logits for part in parts]).astype(np.int64), axis=1)
    winners = np.concatenate([part.winner for part in parts])
    margins = logits[:, -1] - logits[:, -2] if logits.shape[1] > 1 else logits[:, -1]
    no_word = [not is_word(network.label(index)) for index in range(network.graph.classes)]
    shares = (scores.astype(np.float64) - output.file_zero_point) * output.scale
    return Scores(found, shares, winners, margins, ~np.array(no_word)[winners])


def for_device(network: Network, clips: Sequence[Path]) -> Network:
    """Return the network as its program on a device takes it.

    The program begins with sound, and computes the integer form of the network's front end, unless it cannot: a network
    of ``magnitude``, which has no integer form, one whose input is no fingerprint, and clips that are fingerprints.

    Parameters
    ----------
    network : Network
    clips : sequence of Path
        What the command line names; none: a sound of this package.

    Raises
    ------
    InputError
        If some clips are sounds, others pictures.
    """
    pictures = [clip for clip in clips if _is_picture(clip)]
    if pictures and len(pictures) < len(clips):
        raise InputError(f"{pictures[0]} is a fingerprint and others are sounds: give clips of one kind")
    front_end = network.front_end
    if pictures or front_end is None or front_end.kind == "magnitude":
        return network
    heard = network.with_integer_front_end()
    return replace(heard, graph=network.graph.with_front_end(front_end))


def program_note(network: Network) -> str:
    """Say in one line what a network's program begins with."""
    own, in_program = network.front_end, network.graph.front_end
    if in_program is not None:
        return f"the program begins with sound: front end {in_program.key}"
    if own is None:
        return "the program begins with the network's input codes"
    why = f": front end {own.key} has no integer form" if own.kind == "magnitude" else ""
    return f"the program begins with the fingerprint, which is computed here{why}"


def read_clip(network: Network, clip: Path | None, at_s: float | None = None) -> tuple[np.ndarray, str]:
    """Return input codes of a network, in its own type and shape, and what they are for people.

    A graph with a front end takes samples: int16 (16000,) in place of the codes.

    Parameters
    ----------
    network : Network
    clip : Path or None
        A sound file of any kind, or an 8-bit PGM picture whose pixels are the input codes (of an int8 network, plus
        128). Of a sound of more than a second, the window that `Scores.best` names. Without a clip, `DEFAULT_CLIP`, or
        drawn codes where the input is no fingerprint.
    at_s : float, optional
        Take the second of the sound that begins here.

    Raises
    ------
    kwslib.errors.KwsError
        If the clip cannot be read, or does not fit the network's input.
    """
    tensor = network.graph.input
    if at_s is not None and (clip is None or _is_picture(clip)):
        raise InputError(f"--at {at_s:g} says which second of a sound is meant: name a sound file")
    if clip is None and network.front_end is None:
        drawn = np.random.default_rng(0).integers(0, 256, tensor.shape).astype(np.uint8)
        return _own_type(network, drawn), "no clip is named and the input is no fingerprint: codes drawn at random"
    if clip is None or not _is_picture(clip):
        codes, text = _read_second(network, clip or DEFAULT_CLIP, at_s)
        text = f"{DEFAULT_CLIP.name}, since no clip is named" if clip is None else text
        return codes if network.graph.front_end else codes.reshape(tensor.shape), text
    shape = tensor.shape[:2] if tensor.shape[2] == 1 else None
    if shape is None and network.front_end is not None:
        shape = network.front_end.shape
    picture = read_pgm(clip, shape)
    if picture.size != prod(tensor.shape):
        raise InputError(f"{clip} has {picture.size} pixels; {network.source} reads {prod(tensor.shape)} codes")
    return _own_type(network, picture.reshape(tensor.shape)), str(clip)


def _read_second(network: Network, path: Path, at_s: float | None) -> tuple[np.ndarray, str]:
    """Codes of a second of a sound file, or its samples for a graph with a front end, and which second it is."""
    read = read_recording(path, at_s)
    found, parts = windows(read.samples), [read.note or str(path)]
    chosen = 0
    if at_s is not None:
        parts.append(f"the second from {at_s:.2f} s")
    elif len(found.starts) > 1:
        scores = score(network, read.samples)
        chosen = scores.best
        label, share = network.label(int(scores.winners[chosen])), scores.winning[chosen]
        text = f"{100 * share:.2f} %" if network.graph.layers[-1].kind == "softmax" else f"{share:.3g}"
        parts.append(
            f"the second from {found.starts_s[chosen]:.2f} s, the best of {len(found.starts)} windows "
            f"({label} {text}; --at SECONDS takes another)"
        )
    if found.padded:
        parts.append(f"{read.seconds:.2f} s of sound, then zeros")
    audio = found.audio(chosen, chosen + 1)
    return audio[0] if network.graph.front_end else codes_for(network, audio), "; ".join(parts)


def _own_type(network: Network, codes: np.ndarray) -> np.ndarray:
    """uint8 codes as codes of the network's input type."""
    return network.graph.input.from_core((codes ^ np.uint8(UINT8_SHIFT)).view(np.int8))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() == PICTURE_SUFFIX or _begins(path, PICTURE_MAGIC)


def _begins(path: Path, magic: bytes, at: int = 0) -> bool:
    """Whether a file has these bytes at a place; anything but a file has not, and is not opened."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(at + len(magic))[at:] == magic
    except (OSError, ValueError):
        return False
