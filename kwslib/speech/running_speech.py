"""Running speech without a keyword: other words said one after another, with or without a pause.

A network that listens hears mostly seconds of such speech: the end of one word and the beginning of another. Isolated
words of the training set never teach it that they mean nothing.
"""

import numpy as np
import soxr

from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import DataError
from kwslib.speech.disturbance import gain_to_level
from kwslib.speech.utterances import audible

SECONDS = 900
"""Of running speech for a copy of the training set; the added clips begin anywhere in it."""
LEVEL_DBFS = (-40.0, -15.0)
"""Bounds of the level (root mean square over active frames): of a talker across the room, and one at the device."""
UTTERANCE_WORDS = (2, 10)
"""Bounds of the words that are said at one level."""
PAUSE_S = (-0.05, 0.25)
"""Bounds of the pause between two words; a negative one is none, so that a sixth of them run into each other."""
SPEED = (0.9, 1.5)
"""Bounds of the speed: words in sentences are shorter than words that are said alone."""
FULL = 32768.0
DRAW = 79
"""Tells the random numbers of running speech from those of the clips of the same seed and copy."""


def running_speech(words: np.ndarray, seed: int, copy: int, seconds: int = SECONDS) -> np.ndarray:
    """Say words one after another.

    Parameters
    ----------
    words : ndarray of int16, shape (n, 16000)
        Words that are no keywords.
    seed, copy : int
        Decide the words, their speed, the pauses and the levels.
    seconds : int
        At least 1.

    Returns
    -------
    ndarray of float32, shape (seconds · 16000,)
        In [-1, 1].

    Raises
    ------
    DataError
        If there are no words, or none with sound.
    """
    loud = np.flatnonzero(words.any(axis=1)) if len(words) else np.array([], int)
    if not len(loud):
        raise DataError("running speech is made of other words than the keywords, and the corpus has none with sound")
    generator = np.random.default_rng([seed, copy, DRAW])
    sound, at = np.zeros(seconds * SAMPLE_RATE_HZ, np.float32), 0
    while at < len(sound):
        level_dbfs = generator.uniform(*LEVEL_DBFS)
        for _ in range(generator.integers(*UTTERANCE_WORDS, endpoint=True)):
            word = audible(words[generator.choice(loud)].astype(np.float64))
            rate_hz = SAMPLE_RATE_HZ * generator.uniform(*SPEED)
            word = soxr.resample(word, rate_hz, SAMPLE_RATE_HZ, quality="MQ")
            kept = word[: max(0, len(sound) - at)]
            sound[at : at + len(kept)] = kept * gain_to_level(word, level_dbfs) / FULL
            at += len(word) + max(0, round(generator.uniform(*PAUSE_S) * SAMPLE_RATE_HZ))
    return np.clip(sound, -1, 1, out=sound)
