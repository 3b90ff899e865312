"""Clips that are the same recording: at another level, shifted, cut, or coded again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from kwslib.config.front_end import CLIP_SAMPLES

BANDS = 192
"""Bands of the description that clips are first compared by: the spectrum of the whole clip, which no shift changes."""
CANDIDATE = 0.97
"""Likeness of two descriptions from which on the sounds themselves are compared."""
NEIGHBOURS = 4
"""Most alike descriptions of each clip that are looked at."""
ALIKE = 0.9
"""Largest normalised cross-correlation from which on two clips are one recording; two takes of a word by one voice
stay under 0.7."""
CHUNK = 256


@dataclass(frozen=True)
class Pair:
    """Two clips, by number, and the largest value of their normalised cross-correlation."""

    first: int
    second: int
    likeness: float


def describe(clip: np.ndarray) -> np.ndarray:
    """Describe a clip of up to a second by its spectrum: float32 (192,), of unit length, or zeros for digital silence.

    The square root of the magnitude in bands up to 8 kHz, less its mean.
    """
    if not np.any(clip):
        return np.zeros(BANDS, np.float32)
    magnitude = np.abs(rfft(clip, 2 * CLIP_SAMPLES))[1 : 1 + CLIP_SAMPLES // BANDS * BANDS]
    bands = np.sqrt(magnitude.reshape(BANDS, -1).mean(axis=1))
    bands -= bands.mean()
    return (bands / max(float(np.linalg.norm(bands)), 1e-12)).astype(np.float32)


def find_pairs(described: np.ndarray, load: Callable[[int], np.ndarray]) -> list[Pair]:
    """Find clips that are nearly equal, whatever their level and shift.

    Parameters
    ----------
    described : ndarray of float32, shape (clips, 192)
        From `describe`.
    load : callable
        Number of a clip -> its samples, at 16 kHz; called for those alone that may be alike, so that a large corpus is
        never in memory.

    Returns
    -------
    list of Pair
        Each pair once, the smaller number first.
    """
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(described) if len(described) > 1 else 0, CHUNK):
        likeness = described[start : start + CHUNK] @ described.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -1
        count = min(NEIGHBOURS, len(described) - 1)
        nearest = np.argpartition(likeness, -count, axis=1)[:, -count:]
        for row, column in zip(*np.nonzero(np.take_along_axis(likeness, nearest, 1) >= CANDIDATE), strict=True):
            one, other = sorted((start + int(row), int(nearest[row, column])))
            pairs.add((one, other))
    found = [Pair(one, other, correlation(load(one), load(other))) for one, other in sorted(pairs)]
    return [pair for pair in found if pair.likeness >= ALIKE]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest normalised cross-correlation of two clips over all shifts, 0 to 1.

    Examples
    --------
    >>> clip = np.sin(np.arange(8000) ** 1.5 / 90).astype(np.float32)
    >>> round(correlation(clip, 0.3 * np.concatenate([np.zeros(500, np.float32), clip])), 3)
    1.0
    """
    length = next_fast_len(len(one) + len(other), real=True)
    spectrum = rfft(one.astype(np.float64), length) * np.conj(rfft(other.astype(np.float64), length))
    norm = np.linalg.norm(one.astype(np.float64)) * np.linalg.norm(other.astype(np.float64))
    return float(np.abs(irfft(spectrum, length)).max() / norm) if norm else 0.0
