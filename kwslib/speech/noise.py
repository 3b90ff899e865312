"""Background recordings: a random second of one, and which part of it a training may use.

This is the one place that knows the split. A training whose augmentation says ``hold_out_noise`` takes `training_part`;
the robustness chapter takes `held_out_part`. Other trainings draw from whole recordings.
"""

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.errors import DataError

HELD_OUT_PARTS = 5
"""The last one of so many equal parts of a recording is held out."""


def random_second(recording: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return one second of a recording, a view of it; one integer is drawn.

    Parameters
    ----------
    recording : ndarray, shape (samples,)
        At 16 kHz, at least one second.
    generator : numpy.random.Generator
        Draws where the second begins; every sample at which a whole second begins is equally likely.

    Returns
    -------
    ndarray, shape (16000,)
    """
    start = int(generator.integers(len(recording) - CLIP_SAMPLES + 1))
    return recording[start : start + CLIP_SAMPLES]


def second_at(sound: np.ndarray, place: float) -> np.ndarray:
    """Return one second of a recording, (16000,); `place` from 0 up to, but not, 1 says where in it."""
    start = int(place * (len(sound) - CLIP_SAMPLES + 1))
    return sound[start : start + CLIP_SAMPLES]


def split_sample(samples: int) -> int:
    """Return the first sample of the held-out part in a recording of so many samples."""
    return samples - samples // HELD_OUT_PARTS


def training_part(recording: np.ndarray) -> np.ndarray:
    """Return the first four fifths of a recording, a view of it.

    Parameters
    ----------
    recording : ndarray, shape (samples,)
        At 16 kHz.

    Raises
    ------
    DataError
        If the part is shorter than a clip of one second.
    """
    return _at_least_a_clip(recording[: split_sample(len(recording))], "training", len(recording))


def held_out_part(recording: np.ndarray) -> np.ndarray:
    """Return the last fifth of a recording, a view of it, which `training_part` leaves out.

    Parameters
    ----------
    recording : ndarray, shape (samples,)
        At 16 kHz.

    Raises
    ------
    DataError
        If the part is shorter than a clip of one second.
    """
    return _at_least_a_clip(recording[split_sample(len(recording)) :], "held-out", len(recording))


def _at_least_a_clip(part: np.ndarray, name: str, samples: int) -> np.ndarray:
    if len(part) < CLIP_SAMPLES:
        raise DataError(
            f"the {name} part of a background recording of {samples} samples has {len(part)}; "
            f"at least {CLIP_SAMPLES} are needed: use a longer recording"
        )
    return part
