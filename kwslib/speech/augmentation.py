"""Augmentation for training: background noise, time shift and volume, as in the TensorFlow example."""

from collections.abc import Sequence

import numpy as np

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import SILENCE
from kwslib.errors import DataError
from kwslib.speech.corpus import Clips


def augment(
    clips: Clips,
    noise: Sequence[np.ndarray],
    augmentation: Augmentation,
    seed: int,
    copy: int,
    indices: Sequence[int] | np.ndarray,
) -> np.ndarray:
    """Return augmented clips.

    Each clip's variation follows from (seed, copy, index) alone, whatever is asked for beside it.

    Parameters
    ----------
    clips : Clips
        The clips to vary.
    noise : sequence of float32 arrays
        Background recordings in [-1, 1], each of at least 16000 samples; may be empty if no noise is wanted.
    augmentation : Augmentation
        How far to vary.
    seed, copy : int
        Non-negative; the training's seed, and which varied copy of the corpus this is.
    indices : sequence of int
        Which clips.

    Returns
    -------
    ndarray of float32, shape (len(indices), 16000)
        In [-1, 1].
    """
    if augmentation.noise_probability > 0 and not len(noise):
        raise DataError("there is no background recording to add: add some, or set noise_probability to 0")
    result = np.zeros((len(indices), CLIP_SAMPLES), np.float32)
    for row, index in zip(result, indices, strict=True):
        generator = np.random.Generator(np.random.PCG64([seed, copy, int(index)]))
        silence = clips.labels[index] == SILENCE
        # Every draw is made for every clip, so that one setting does not disturb what another one draws.
        uniform = generator.random(6)
        if not silence:
            limit = round(augmentation.shift_ms * SAMPLE_RATE_HZ / 1000)
            shift = int(uniform[0] * (2 * limit + 1)) - limit
            gain = 10 ** (augmentation.gain_db * (2 * uniform[1] - 1) / 20) / 32768
            samples = clips.audio[index]
            # The first slice is where the moved clip lands, the second what of it is still inside the second.
            np.multiply(
                samples[max(0, -shift) : CLIP_SAMPLES - max(0, shift)],
                np.float32(gain),
                out=row[max(0, shift) : CLIP_SAMPLES - max(0, -shift)],
            )
        if uniform[2] < augmentation.noise_probability:
            recording = noise[int(uniform[3] * len(noise))]
            start = int(uniform[4] * (len(recording) - CLIP_SAMPLES + 1))
            volume = uniform[5] * (1.0 if silence else augmentation.noise_volume)
            row += np.float32(volume) * recording[start : start + CLIP_SAMPLES]
    return np.clip(result, -1.0, 1.0, out=result)
