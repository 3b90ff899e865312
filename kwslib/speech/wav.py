"""The clips of a corpus: WAV, 16 kHz, mono, 16-bit PCM, and nothing else.

A corpus is not converted: a clip of another rate there is most likely a wrong clip. Any other sound file is read by
`kwslib.speech.recording`.
"""

from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import DataError
from kwslib.speech.sound import SIXTEEN_BITS, SoundFacts, open_sound
from kwslib.speech.sound_files import quoted

NEEDED = "16 kHz mono 16-bit PCM WAV"
CONTAINERS = ("WAV", "WAVEX")
MOST_SAMPLES = 1 << 27
"""A clip has 16,000 samples and the longest noise recording 1.5 million: anything far beyond is not what was meant."""


def read_wav(path: Path | str) -> np.ndarray:
    """Return the samples of a 16 kHz mono 16-bit PCM WAV file, as they are in the file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ndarray of int16, shape (samples,)
        At least one sample.

    Raises
    ------
    DataError
        If the file is missing, empty, not a WAV, of another rate, channel count or width, or truncated; says
        what was found, what is needed and how to convert.
    """
    with open_sound(path) as sound:
        if not has_needed_form(sound.facts):
            hint = f"sox {quoted(sound.facts.path)} -r 16000 -c 1 -b 16 -e signed-integer out.wav"
            raise DataError(f"{path} is {form_of(sound.facts)}; {NEEDED} is needed: convert it with: {hint}")
        check_whole(sound.facts)
        return np.concatenate([block[:, 0] for block in sound.blocks("int16")])


def has_needed_form(facts: SoundFacts) -> bool:
    """Whether a file is of the one form that a corpus takes."""
    form = facts.rate_hz, facts.channels, facts.coding
    return facts.container in CONTAINERS and form == (SAMPLE_RATE_HZ, 1, SIXTEEN_BITS)


def form_of(facts: SoundFacts) -> str:
    """Container, rate, channels and coding of a sound file: ``WAV, 44,100 Hz, 1 channel, 16-bit``."""
    channels = f"{facts.channels} channel{'s' * (facts.channels != 1)}"
    return f"{facts.container}, {facts.rate_hz:,} Hz, {channels}, {facts.coding}"


def check_whole(facts: SoundFacts) -> None:
    """Refuse a file of any form whose sound is not whole, or too long for a clip.

    Raises
    ------
    DataError
        If it is truncated, holds no samples, or more than `MOST_SAMPLES`.
    """
    path = facts.path
    if facts.announced is not None:
        raise DataError(
            f"{path} is truncated: its header announces {facts.announced} samples, {facts.frames} are there; "
            "copy or download it again"
        )
    if not facts.frames:
        raise DataError(f"{path} holds no samples; a {NEEDED} file with speech in it is needed")
    if facts.frames > MOST_SAMPLES:
        raise DataError(f"{path} holds {facts.frames} samples, more than the {MOST_SAMPLES} accepted in a corpus")


def read_second(path: Path | str) -> np.ndarray:
    """Return a WAV file as one second, int16 (16000,): `read_wav`, then `fit`."""
    return fit(read_wav(path))


def fit(samples: np.ndarray) -> np.ndarray:
    """Return `samples` as one second, int16 (16000,): cut, or with zeros at the end."""
    clip = np.zeros(CLIP_SAMPLES, np.int16)
    kept = samples[:CLIP_SAMPLES]
    clip[: len(kept)] = kept
    return clip
