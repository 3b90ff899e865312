"""Clips that are the same recording: at another level, shifted, cut, or coded again."""

from collections.abc import Sequence
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
CHUNK = 1024


@dataclass(frozen=True)
class Pair:
    """Two clips, by number, and the largest value of their normalised cross-correlation."""

    first: int
    second: int
    likeness: float


def find_pairs(clips: Sequence[np.ndarray]) -> list[Pair]:
    """Find clips that are nearly equal, whatever their level and shift.

    Parameters
    ----------
    clips : sequence of float32 arrays
        Each of at most one second at 16 kHz. Silent ones are alike nobody.

    Returns
    -------
    list of Pair
        Each pair once, the smaller number first.
    """
    sounding = [number for number, clip in enumerate(clips) if np.any(clip)]
    if len(sounding) < 2:
        return []
    described = np.stack([_description(clips[number]) for number in sounding])
    pairs: dict[tuple[int, int], None] = {}
    for start in range(0, len(sounding), CHUNK):
        likeness = described[start : start + CHUNK] @ described.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -1
        count = min(NEIGHBOURS, likeness.shape[1] - 1)
        nearest = np.argpartition(-likeness, count, axis=1)[:, :count]
        for row, column in zip(*np.nonzero(np.take_along_axis(likeness, nearest, 1) >= CANDIDATE), strict=True):
            one, other = sorted((sounding[start + row], sounding[nearest[row, column]]))
            pairs[one, other] = None
    found = [Pair(one, other, correlation(clips[one], clips[other])) for one, other in sorted(pairs)]
    return [pair for pair in found if pair.likeness >= ALIKE]


def _description(clip: np.ndarray) -> np.ndarray:
    """The square root of the magnitude in `BANDS` bands up to 8 kHz, without its mean, of unit length."""
    magnitude = np.abs(rfft(clip, 2 * CLIP_SAMPLES))[1 : 1 + CLIP_SAMPLES // BANDS * BANDS]
    bands = np.sqrt(magnitude.reshape(BANDS, -1).mean(axis=1))
    bands -= bands.mean()
    return (bands / max(float(np.linalg.norm(bands)), 1e-12)).astype(np.float32)


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
