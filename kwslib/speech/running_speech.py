"""Seconds of running speech without a keyword: other words said one after another, with or without a pause.

A network that listens hears mostly such windows: the end of one word and the beginning of another. Isolated words of
the training set never teach it that they mean nothing.
"""

import numpy as np
import soxr

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import DataError
from kwslib.speech.disturbance import gain_to_level
from kwslib.speech.utterances import audible

LEVEL_DBFS = (-40.0, -15.0)
"""Bounds of the level (root mean square over active frames): of a talker across the room, and one at the device."""
PAUSE_S = (-0.05, 0.25)
"""Bounds of the pause between two words; a negative one is none, so that a sixth of them run into each other."""
SPEED = (0.9, 1.5)
"""Bounds of the speed: words in sentences are shorter than words that are said alone."""
MOST_WORDS = 60
"""Words that are tried to fill a second; fewer than that are enough unless they are clicks."""


def running_second(words: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Cut a second out of words that are said one after another.

    Parameters
    ----------
    words : ndarray of int16, shape (n, 16000)
        Words that are no keywords.
    generator : numpy.random.Generator
        Decides the words, their speed, the pauses, the level and where the second begins.

    Returns
    -------
    ndarray of float32, shape (16000,)
        In the units of int16.

    Raises
    ------
    DataError
        If there are no words, or none with sound.
    """
    if not len(words):
        raise DataError("running speech is made of other words than the keywords, and the corpus has none")
    level_dbfs, begin = generator.uniform(*LEVEL_DBFS), None
    pieces: list[np.ndarray] = []
    have = 0
    for _ in range(MOST_WORDS):
        word = audible(words[generator.integers(len(words))].astype(np.float64))
        if not len(word):  # a clip of digital silence
            continue
        word = soxr.resample(word, SAMPLE_RATE_HZ * generator.uniform(*SPEED), SAMPLE_RATE_HZ, quality="MQ")
        pause = np.zeros(max(0, round(generator.uniform(*PAUSE_S) * SAMPLE_RATE_HZ)))
        pieces += [word * gain_to_level(word, level_dbfs), pause]
        have += len(word) + len(pause)
        if begin is None:
            begin = int(generator.integers(have))
        if have >= begin + CLIP_SAMPLES:
            whole = np.concatenate(pieces)
            return whole[begin : begin + CLIP_SAMPLES].astype(np.float32)
    raise DataError("the other words of the corpus are digital silence: no running speech can be made of them")
