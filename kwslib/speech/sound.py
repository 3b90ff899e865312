"""Any sound file: what is in it, and its samples block by block. The one place that opens sound files.

libsndfile decodes: WAV in all its forms, FLAC, OGG (Vorbis and Opus), MP3, AIFF, CAF, AU and more; the content decides,
not the suffix. A file whose header gives no length is read to its end. Nothing here converts:
`kwslib.speech.recording` does.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from kwslib.errors import DataError
from kwslib.speech import riff
from kwslib.speech.sound_files import open_file, quoted

BLOCK_FRAMES = 1 << 14
MOST_CHANNELS = 64
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 1_000_000
UNSET_BYTES = 0x7FFF_0000
"""Sizes from here on are what programs write into a header when they cannot know the length."""
UNKNOWN_FRAMES = 1 << 62
"""libsndfile's SF_COUNT_MAX, 2^63 - 1, stands for an unknown length."""
CODINGS = {
    "PCM_S8": "8-bit",
    "PCM_U8": "8-bit",
    "FLOAT": "32-bit float",
    "DOUBLE": "64-bit float",
    "ULAW": "mu-law",
    "ALAW": "A-law",
    "VORBIS": "Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_III": "MP3",
}
SIXTEEN_BITS = "16-bit"
FOREIGN = "not recognised"
"""What libsndfile says of a file of no kind that it knows; it says other things of damaged files."""
_SHORTER = re.compile(r"^ *(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)$", re.MULTILINE)
"""How libsndfile's log calls data that are fewer than the header announces, in WAV, AIFF and AU."""


@dataclass(frozen=True)
class SoundFacts:
    """What is in a sound file.

    Attributes
    ----------
    path : Path
    container : str
        libsndfile's name of the kind of file: ``WAV``, ``WAVEX`` (WAVE_FORMAT_EXTENSIBLE), ``FLAC`` …
    coding : str
        How a sample is written, for people: ``16-bit``, ``32-bit float``, ``Vorbis`` …
    rate_hz, channels : int
    frames : int or None
        Samples of each channel; None where only reading to the end tells.
    announced : int or None
        Samples of each channel that the header announces, if they are more than are there; None otherwise.
    unset : bool
        Whether the header gives no length.
    """

    path: Path
    container: str
    coding: str
    rate_hz: int
    channels: int
    frames: int | None
    announced: int | None = None
    unset: bool = False

    def __str__(self) -> str:
        """Rate, channels, and the coding if it is not 16-bit: ``44,100 Hz stereo``."""
        names = {1: "mono", 2: "stereo"}
        text = f"{self.rate_hz:,} Hz {names.get(self.channels, f'{self.channels} channels')}"
        return text if self.coding == SIXTEEN_BITS else f"{text} {self.coding}"

    @property
    def seconds(self) -> float | None:
        """Length in seconds; None where only reading to the end tells."""
        return None if self.frames is None else self.frames / self.rate_hz


class _Decoder(soundfile.SoundFile):
    """A decoder that only goes forward: soundfile seeks after every read, and MP3 does not survive that."""

    def seekable(self) -> bool:
        return False


class Sound:
    """An open sound file; `open_sound` makes it.

    Attributes
    ----------
    facts : SoundFacts
    """

    def __init__(self, path: Path, descriptor: int, decoder: _Decoder, patched: bool) -> None:
        self._descriptor, self._decoder = descriptor, decoder
        self._bytes = os.fstat(descriptor).st_size
        self.facts = _facts(path, decoder, patched)

    def blocks(self, dtype: str = "float64") -> Iterator[np.ndarray]:
        """Decode the file from its start to its end, once.

        Parameters
        ----------
        dtype : str
            ``float64``, with full scale at -1 … 1, or ``int16``.

        Yields
        ------
        ndarray, shape (frames, channels)
            At most `BLOCK_FRAMES` frames.

        Raises
        ------
        DataError
            If the file is damaged, or became shorter since it was opened.
        """
        path, frames = self.facts.path, 0
        while True:
            try:
                block = self._decoder.read(BLOCK_FRAMES, dtype=dtype, always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                self._check_size(frames)
                raise DataError(
                    f"{path} is damaged after {frames / self.facts.rate_hz:.2f} s ({_reason(error)}): copy it again"
                ) from error
            if not len(block):
                break
            frames += len(block)
            yield block
        self._check_size(frames)

    def _check_size(self, frames: int) -> None:
        if os.fstat(self._descriptor).st_size < self._bytes:
            raise DataError(
                f"{self.facts.path} became shorter while it was read: it ended after "
                f"{frames / self.facts.rate_hz:.2f} s; read it when nothing writes to it"
            )


@contextmanager
def open_sound(path: Path | str) -> Iterator[Sound]:
    """Open a sound file of any kind, rate, width and number of channels.

    Raises
    ------
    DataError
        If it is missing, no regular file, empty, too large, of no kind that libsndfile reads, damaged, of more than
        `MOST_CHANNELS` channels, or of a rate outside `LOWEST_RATE_HZ` … `HIGHEST_RATE_HZ`.

    Examples
    --------
    >>> from kwslib.runs.clips import DEFAULT_CLIP
    >>> with open_sound(DEFAULT_CLIP) as sound:
    ...     print(sound.facts)
    16,000 Hz mono
    """
    path = Path(path)
    descriptor = open_file(path)
    try:
        decoder, patched = _decoder(path, descriptor)
        with decoder:
            yield Sound(path, descriptor, decoder, patched)
    finally:
        os.close(descriptor)


def read_facts(path: Path | str) -> SoundFacts:
    """Say what is in a sound file without decoding it; raises what `open_sound` raises."""
    with open_sound(path) as sound:
        return sound.facts


def _decoder(path: Path, descriptor: int) -> tuple[_Decoder, bool]:
    """The open file's decoder, and whether its header gave a data size of 0 although sound follows."""
    unset_at = riff.unset_size_at(descriptor)
    try:
        if unset_at is not None:
            return _Decoder(riff.Overlay(descriptor, unset_at, b"\xff" * 4)), True
        return _Decoder(descriptor, closefd=False), False
    except (soundfile.SoundFileError, OSError) as error:
        if riff.rate_hz(descriptor) == 0:
            raise DataError(f"{path} has a rate of 0 Hz in its header: it cannot be read") from error
        reason = _reason(error)
        if FOREIGN not in reason:
            raise DataError(f"{path} is damaged ({reason}): copy it again, or open it in a sound editor") from error
        raise DataError(
            f"{path} is no sound file that can be read ({reason}); WAV, FLAC, OGG, MP3, AIFF and others can. "
            f"If it is sound, convert it, for example with: ffmpeg -i {quoted(path)} sound.wav"
        ) from error


def _facts(path: Path, decoder: _Decoder, patched: bool) -> SoundFacts:
    channels, rate_hz, frames = decoder.channels, decoder.samplerate, decoder.frames
    if channels > MOST_CHANNELS:
        raise DataError(f"{path} has {channels:,} channels; at most {MOST_CHANNELS} are read")
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise DataError(
            f"{path} has a rate of {rate_hz:,} Hz; {LOWEST_RATE_HZ:,} to {HIGHEST_RATE_HZ:,} Hz can be converted"
        )
    unset, announced = patched or frames >= UNKNOWN_FRAMES, None
    shorter = _SHORTER.search(decoder.extra_info)
    if shorter is not None:
        said, there = map(int, shorter.groups())
        unset = unset or said >= UNSET_BYTES
        frame_bytes = there // frames if frames else 2 * channels
        announced = None if unset else said // frame_bytes if frame_bytes else said * frames // there
    known = None if frames >= UNKNOWN_FRAMES else frames
    return SoundFacts(path, decoder.format, _coding(decoder.subtype), rate_hz, channels, known, announced, unset)


def _coding(subtype: str) -> str:
    """How a sample is written, for people, from libsndfile's name of it."""
    if subtype in CODINGS:
        return CODINGS[subtype]
    kind, _, rest = subtype.partition("_")
    return f"{rest}-bit" if kind == "PCM" else subtype.replace("_", " ")


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", error)).strip().rstrip(".")
