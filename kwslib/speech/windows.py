"""One-second windows over a sound of any length."""

from dataclasses import dataclass

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.speech.wav import fit

HOP_S = 0.25
"""A window begins so long after the one before: a spoken word of up to 0.75 s lies whole in at least one."""


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of a sound.

    Attributes
    ----------
    samples : ndarray of int16, shape (samples,)
        The sound, 16 kHz.
    starts : ndarray of int64, shape (windows,)
        Where each window begins, in samples; ascending, the first one 0.
    """

    samples: np.ndarray
    starts: np.ndarray

    @property
    def padded(self) -> bool:
        """Whether the sound is shorter than a second, so that zeros follow it."""
        return len(self.samples) < CLIP_SAMPLES

    @property
    def starts_s(self) -> np.ndarray:
        """Where each window begins, in seconds."""
        return self.starts / SAMPLE_RATE_HZ

    def audio(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Samples of the windows from `first` up to before `last`, int16, shape (windows, 16000)."""
        chosen = self.starts[first:last]
        return np.stack([fit(self.samples[start:]) for start in chosen]) if len(chosen) else _NONE


_NONE = np.zeros((0, CLIP_SAMPLES), np.int16)


def windows(samples: np.ndarray, hop_s: float = HOP_S) -> Windows:
    """Cover a sound with windows of a second, so that every sample is in one.

    A sound of up to a second is one window, with zeros at its end. The last window of a longer one ends where the
    sound does.

    Parameters
    ----------
    samples : ndarray of int16, shape (samples,)
    hop_s : float
        Seconds between the starts of two windows, at most 1.

    Examples
    --------
    >>> windows(np.zeros(26000, np.int16)).starts_s.tolist()
    [0.0, 0.25, 0.5, 0.625]
    """
    last = max(len(samples) - CLIP_SAMPLES, 0)
    starts = np.arange(0, last + 1, round(hop_s * SAMPLE_RATE_HZ))
    return Windows(samples, starts if starts[-1] == last else np.append(starts, last))
