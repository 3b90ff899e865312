import numpy as np

from kwslib.speech.noise_pool import KINDS, SECONDS, noise_pool
from kwslib.speech.soundscape import NOISES

WORDS = np.random.default_rng(1).integers(-9000, 9000, (30, 16000)).astype(np.int16)
RECORDINGS = [np.linspace(-1, 1, 20000, dtype=np.float32)]


def test_recordings_come_first_and_what_is_made_has_the_level_of_recordings():
    pool = noise_pool(RECORDINGS, WORDS, 1, 2)
    assert pool[0] is RECORDINGS[0]
    assert len(pool) == 1 + len(KINDS)
    for made in pool[1:]:
        assert made.dtype == np.float32 and len(made) == 16000 * SECONDS
        assert 0.09 < np.sqrt(np.mean(made**2)) < 0.11
        assert np.abs(made).max() <= 1


def test_another_copy_has_other_noise_and_the_same_one_the_same():
    first, again, other = (noise_pool([], WORDS, 1, copy) for copy in (2, 2, 3))
    for one, same, another in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, another)


def test_without_words_there_is_no_babble():
    assert len(noise_pool([], np.zeros((0, 16000), np.int16), 1, 0)) == len(
        [kind for kind in KINDS if kind != "babble"]
    )


def test_some_kinds_are_kept_from_trainings():
    assert {"hum", "gusts"} == set(NOISES) - set(KINDS)
