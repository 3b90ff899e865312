"""Texts that espeak-ng speaks, each voice in a process of its own: what synthetic speech is made of."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import ToolError
from kwslib.speech import espeak
from kwslib.speech.espeak import SYNTHESIS_RATE_HZ

VOICE_TIMEOUT_S = 60
AUDIBLE = 0.01
"""Share of the peak below which a word has not begun, or has ended (-40 dB)."""
LEAST_S, LEAST_RMS = 0.08, 100.0
"""What is shorter or softer is a mere click (int16 samples)."""


def ask_espeak(*arguments: str | Path, stdin: str | None = None) -> str:
    """Run espeak-ng's child process; return what it prints.

    Raises
    ------
    ToolError
        If it fails, with what to do.
    """
    # By its file, without its folder on the search path: as a module it would import NumPy, for each voice again.
    command = [sys.executable, "-P", Path(espeak.__file__), *arguments]
    try:
        return subproc.run(command, timeout_s=VOICE_TIMEOUT_S, stdin=stdin).stdout
    except ToolError as error:
        raise ToolError(
            f"espeak-ng cannot speak; reinstall it with "
            f"'pip install --force-reinstall espeakng-loader' or use Speech Commands (KWS_DATA)\n{error}"
        ) from error


def espeak_version() -> str:
    """Return the version of espeak-ng; raise ToolError, with what to do, if it does not work."""
    return ask_espeak("--version").strip()


@dataclass(frozen=True)
class Line:
    """A text that espeak-ng speaks: rate in words a minute, espeak-ng's pitch and pitch range (0 … 100)."""

    text: str
    rate_wpm: int
    pitch: int
    range: int


def utter(voice: str, lines: Sequence[Line], folder: Path) -> list[np.ndarray]:
    """Speak lines in one new process; return int16 samples at 22,050 Hz, a scratch file being written in `folder`.

    Raises
    ------
    ToolError
        If espeak-ng is missing, crashes or does not know the voice.
    """
    raw = folder / f"{voice}.raw"
    answer = ask_espeak("--voice", voice, "--out", raw, stdin=json.dumps([asdict(line) for line in lines]))
    samples = np.fromfile(raw, np.int16)
    raw.unlink()
    try:
        lengths = [int(length) for length in json.loads(answer)["samples"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(f"espeak-ng's child process for voice {voice} answered '{answer.strip()}'") from error
    if len(lengths) != len(lines) or sum(lengths) != len(samples):
        raise ToolError(f"voice {voice}: {len(samples)} samples written, lengths {lengths} announced")
    return np.split(samples, np.cumsum(lengths)[:-1])


def resampled(samples: np.ndarray) -> np.ndarray:
    """Resample from 22,050 Hz to 16 kHz by cutting the spectrum at 8 kHz; zeros at the end keep it from wrapping."""
    half_seconds = 2 * len(samples) // SYNTHESIS_RATE_HZ + 1
    before, after = half_seconds * SYNTHESIS_RATE_HZ // 2, half_seconds * SAMPLE_RATE_HZ // 2
    spectrum = np.fft.rfft(samples, before)
    return np.fft.irfft(spectrum[: after // 2 + 1], after) * (after / before)


def audible(sound: np.ndarray) -> np.ndarray:
    """Cut off what is 40 dB below the peak at both ends."""
    found = np.flatnonzero(np.abs(sound) > AUDIBLE * np.abs(sound).max(initial=1.0))
    return sound[found[0] : found[-1] + 1] if len(found) else sound[:0]


def is_click(sound: np.ndarray) -> bool:
    """Whether a sound, in the units of int16, is too short or too soft to be a word."""
    return len(sound) < LEAST_S * SAMPLE_RATE_HZ or bool(np.sqrt(np.mean(sound**2)) < LEAST_RMS)
