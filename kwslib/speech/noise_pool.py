"""The noise that training clips are mixed with: recordings, and noise that is synthesised for each copy.

Hum and gusts of wind are left out: they are the kinds that no training hears, for the study of robustness.
"""

from collections.abc import Sequence

import numpy as np

from kwslib.speech import soundscape
from kwslib.speech.utterances import audible

KINDS = ("white", "pink", "brown", "babble", "babble", "babble")
"""Of the synthesised recordings, as many as Speech Commands has of its own."""
SECONDS = 30
LEVEL = 0.1
"""Root mean square of a synthesised recording, full scale 1; those of Speech Commands are of that order."""
BABBLE_WORDS = 200
DRAW = 77
"""Tells the random numbers of the pool from those of the clips of the same seed and copy."""


def noise_pool(recordings: Sequence[np.ndarray], words: np.ndarray, seed: int, copy: int) -> list[np.ndarray]:
    """Return the recordings, and behind them synthesised ones that follow from (seed, copy).

    Parameters
    ----------
    recordings : sequence of float32 arrays
        In [-1, 1], at 16 kHz.
    words : ndarray of int16, shape (n, 16000)
        What babble is made of: words that are no keywords. Without any, there is no babble.
    seed, copy : int

    Returns
    -------
    list of float32 arrays
        In [-1, 1].
    """
    generator = np.random.default_rng([seed, copy, DRAW])
    loud = np.flatnonzero(words.any(axis=1)) if len(words) else np.array([], int)
    chosen = generator.choice(loud, min(BABBLE_WORDS, len(loud)), replace=False)
    spoken = [audible(words[index].astype(np.float64)) for index in sorted(chosen)]
    kinds = [kind for kind in KINDS if spoken or kind != "babble"]
    made = [soundscape.background(kind, generator, SECONDS, spoken) for kind in kinds]
    return [*recordings, *(np.clip(LEVEL * one, -1, 1).astype(np.float32) for one in made)]
