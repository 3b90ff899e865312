"""Any sound file as what the networks hear: 16 kHz, mono, int16, whole or in pieces of any length.

The conversion is the same on every machine and for any length of the pieces:

1. libsndfile decodes to float64, full scale -1 … 1. Integers of up to 32 bits are exact there.
2. The mean of the channels.
3. If the rate is another: soxr's resampler in its quality `QUALITY`, which computes in double precision. Its filter
   passes what lies below 0.913 of half the lower rate and delays nothing.
4. Times 32,768, rounded to the nearest integer (halves to even), clipped to -32,768 … 32,767. Clipped samples are
   counted.

16 kHz mono 16-bit sound passes unchanged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import soxr

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import DataError, InputError
from kwslib.speech.sound import SIXTEEN_BITS, Sound, SoundFacts, open_sound

QUALITY = "VHQ"
"""Double precision inside. The next lower quality computes in float32, and its last bit varies between processors."""
FULL_SCALE = 32768
MOST_S = 3600
"""Seconds of sound that are held at once: 115 MB of samples."""
LEAST_READ = 0.99
"""Share of the expected samples below which a file counts as cut: MP3 without a header only lets the decoder guess."""
MOST_STREAM_S = 100 * 3600
"""Seconds of sound that are read piece by piece."""


@dataclass(frozen=True, eq=False)
class Recording:
    """The sound of a file, or a second of it.

    Attributes
    ----------
    facts : SoundFacts
        What the file holds.
    samples : ndarray of int16, shape (samples,)
        At 16 kHz, mono; at least one sample.
    note : str
        One line that says what was converted, clipped or missing; empty if there is nothing to say.
    """

    facts: SoundFacts
    samples: np.ndarray
    note: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE_HZ


class RecordingStream:
    """The sound of an open file, piece by piece; `open_recording` makes it.

    Attributes
    ----------
    facts : SoundFacts
        What the file holds.
    clipped : int
        Samples that were beyond full scale so far.
    """

    def __init__(self, sound: Sound, most_s: float) -> None:
        self.facts = sound.facts
        self.clipped = 0
        self._sound, self._most_s = sound, most_s
        self._frames, self._samples = 0, 0
        self._expected: int | None = None
        if self.facts.seconds is not None:
            self._check_length(self.facts.seconds)

    def pieces(self, samples: int = SAMPLE_RATE_HZ) -> Iterator[np.ndarray]:
        """Read the file from its start to its end, once.

        Parameters
        ----------
        samples : int
            Length of a piece. The sound is the same for any length.

        Yields
        ------
        ndarray of int16, shape (samples,)
            At 16 kHz, mono; the last piece may be shorter.

        Raises
        ------
        InputError
            If `samples` is not positive.
        DataError
            If the file is damaged, becomes shorter, holds no sound, more than the limit, or a value that is no number.
        """
        if samples < 1:
            raise InputError(f"a piece of {samples} samples: give at least 1")
        waiting: list[np.ndarray] = []
        count = 0
        for part in self._converted():
            waiting.append(part)
            count += len(part)
            if count >= samples:
                joined = np.concatenate(waiting)
                whole = count - count % samples
                yield from (joined[start : start + samples] for start in range(0, whole, samples))
                waiting, count = [joined[whole:]], count - whole
        if count:
            yield np.concatenate(waiting)

    @property
    def note(self) -> str:
        """One line that says what was converted, clipped or missing in what was read; empty if nothing was."""
        facts, parts = self.facts, []
        if (facts.rate_hz, facts.channels) != (SAMPLE_RATE_HZ, 1) or facts.coding != SIXTEEN_BITS:
            width = "" if facts.coding == SIXTEEN_BITS else f" {SIXTEEN_BITS}"
            parts.append(f"{facts} -> {SAMPLE_RATE_HZ:,} Hz mono{width}")
        if self.clipped:
            parts.append(f"{self.clipped:,} of {self._samples:,} samples clipped")
        if facts.announced is not None:
            there, said = (facts.frames or 0) / facts.rate_hz, facts.announced / facts.rate_hz
            parts.append(f"cut short: {there:.2f} s of the {said:.2f} s that its header announces")
        if self._expected is not None:
            ended, expected = self._frames / facts.rate_hz, self._expected / facts.rate_hz
            parts.append(f"it ended after {ended:.2f} s, where {expected:.2f} s were expected")
        if facts.unset:
            parts.append("its header gives no length: read to its end")
        return f"{facts.path}: {'; '.join(parts)}" if parts else ""

    def _check_length(self, seconds: float) -> None:
        if seconds > self._most_s:
            raise DataError(
                f"{self.facts.path} holds more than {self._most_s:g} s of sound, the most that is read: "
                "cut it into parts"
            )

    def _converted(self) -> Iterator[np.ndarray]:
        """The whole sound as int16 parts of any length."""
        rate_hz = self.facts.rate_hz
        resampler = None
        if rate_hz != SAMPLE_RATE_HZ:
            resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float64", quality=QUALITY)
        for block in self._sound.blocks():
            self._check_finite(block)
            self._frames += len(block)
            self._check_length(self._frames / rate_hz)
            mono = block.sum(axis=1) / block.shape[1]
            yield self._rounded(mono if resampler is None else resampler.resample_chunk(mono))
        if self._frames < LEAST_READ * (self.facts.frames or 0):
            self._expected = self.facts.frames
        if resampler is not None:
            yield self._rounded(resampler.resample_chunk(np.zeros(0), last=True))
        if not self._samples:
            raise DataError(f"{self.facts.path} holds no samples: name a file with sound in it")

    def _check_finite(self, block: np.ndarray) -> None:
        if not np.isfinite(block).all():
            frame, channel = np.argwhere(~np.isfinite(block))[0]
            raise DataError(
                f"{self.facts.path} holds {block[frame, channel]} at sample {self._frames + frame} of channel "
                f"{channel + 1}: a sample must be a number"
            )

    def _rounded(self, values: np.ndarray) -> np.ndarray:
        scaled = np.rint(values * FULL_SCALE)
        if not np.isfinite(scaled).all():
            raise DataError(f"{self.facts.path} holds values far beyond full scale, which cannot be converted")
        clipped = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1)
        self.clipped += int(np.count_nonzero(clipped != scaled))
        self._samples += len(values)
        return clipped.astype(np.int16)


@contextmanager
def open_recording(path: Path | str, most_s: float = MOST_STREAM_S) -> Iterator[RecordingStream]:
    """Open any sound file, to be read piece by piece without holding it.

    Parameters
    ----------
    path : Path
    most_s : float
        Seconds of sound beyond which the file is refused.

    Raises
    ------
    DataError
        As `kwslib.speech.sound.open_sound`, or if the file announces more sound than `most_s`.

    Examples
    --------
    >>> from kwslib.runs.clips import DEFAULT_CLIP
    >>> with open_recording(DEFAULT_CLIP) as recording:
    ...     print([len(piece) for piece in recording.pieces(6000)])
    [6000, 6000, 4000]
    """
    with open_sound(path) as sound:
        yield RecordingStream(sound, most_s)


def read_recording(path: Path | str, at_s: float | None = None, most_s: float = MOST_S) -> Recording:
    """Read any sound file, or one second of it.

    Parameters
    ----------
    path : Path
    at_s : float, optional
        Read the second that begins here, or what there is of it; the whole file by default.
    most_s : float
        Seconds of sound beyond which a file is refused that is to be read whole.

    Raises
    ------
    InputError
        If `at_s` is negative, no number, or lies beyond the end.
    DataError
        If the file cannot be read, as for `RecordingStream.pieces`.
    """
    if at_s is not None and not 0 <= at_s < MOST_STREAM_S:
        raise InputError(f"a clip cannot begin at {at_s:g} s: give a time from 0 s on")
    with open_recording(path, most_s if at_s is None else MOST_STREAM_S) as stream:
        if at_s is None:
            samples = np.concatenate(list(stream.pieces()))
        else:
            samples = _second(stream, round(at_s * SAMPLE_RATE_HZ))
        return Recording(stream.facts, samples, stream.note)


def _second(stream: RecordingStream, start: int) -> np.ndarray:
    """Up to a second of a stream from sample `start` on."""
    first, skipped = divmod(start, CLIP_SAMPLES)
    pieces = list(islice(stream.pieces(CLIP_SAMPLES), first, first + 2))
    found = np.concatenate(pieces)[skipped : skipped + CLIP_SAMPLES] if pieces else np.zeros(0, np.int16)
    if not len(found):
        raise InputError(f"{stream.facts.path} has no sound at {start / SAMPLE_RATE_HZ:g} s: it ends before")
    return found
