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
        _check(sound.facts)
        return np.concatenate([block[:, 0] for block in sound.blocks("int16")])


def _check(facts: SoundFacts) -> None:
    path = facts.path
    if facts.container not in CONTAINERS or (facts.rate_hz, facts.channels, facts.coding) != (
        SAMPLE_RATE_HZ,
        1,
        SIXTEEN_BITS,
    ):
        hint = f"sox {quoted(path)} -r 16000 -c 1 -b 16 -e signed-integer out.wav"
        found = f"{facts.container}, {facts.rate_hz:,} Hz, {facts.channels} channel{'s' * (facts.channels != 1)}"
        raise DataError(f"{path} is {found}, {facts.coding}; {NEEDED} is needed: convert it with: {hint}")
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
