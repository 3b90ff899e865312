"""Read the one kind of sound file this project knows: WAV, 16 kHz, mono, 16-bit PCM."""

import io
import wave
from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import DataError

NEEDED = "16 kHz mono 16-bit PCM WAV"
MAX_BYTES = 256 << 20
"""A clip is 32 kB and the longest noise recording 3 MB: anything far beyond is not what was meant."""


def read_wav(path: Path | str) -> np.ndarray:
    """Return the samples of a 16 kHz mono 16-bit PCM WAV file.

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
    path = Path(path)
    hint = f"convert it with: sox {path.name} -r 16000 -c 1 -b 16 -e signed-integer out.wav"
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{path} is {size} bytes long, more than the {MAX_BYTES} accepted; {NEEDED} is needed")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; a {NEEDED} file is needed") from error
    if not content:
        raise DataError(f"{path} is empty; a {NEEDED} file is needed")
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            channels, width, rate_hz, frames = file.getparams()[:4]
            data = file.readframes(frames)
    except (wave.Error, EOFError, RuntimeError) as error:  # RuntimeError: a chunk that leads nowhere
        reason = str(error) or "the header is cut off"
        raise DataError(f"{path} is not a PCM WAV file ({reason}); {NEEDED} is needed: {hint}") from error
    if (channels, width, rate_hz) != (1, 2, SAMPLE_RATE_HZ):
        found = f"{rate_hz} Hz, {channels} channel{'s' if channels != 1 else ''}, {8 * width}-bit"
        raise DataError(f"{path} is {found}; {NEEDED} is needed: {hint}")
    if frames == 0:
        raise DataError(f"{path} holds no samples; a {NEEDED} file with speech in it is needed")
    if len(data) != 2 * frames:
        raise DataError(
            f"{path} is truncated: its header announces {frames} samples, {len(data) // 2} are there; "
            "copy or download it again"
        )
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)


def read_second(path: Path | str) -> np.ndarray:
    """Return a WAV file as one second, int16 (16000,): `read_wav`, then `fit`."""
    return fit(read_wav(path))


def fit(samples: np.ndarray) -> np.ndarray:
    """Return `samples` as one second, int16 (16000,): cut, or with zeros at the end."""
    clip = np.zeros(CLIP_SAMPLES, np.int16)
    kept = samples[:CLIP_SAMPLES]
    clip[: len(kept)] = kept
    return clip
