import numpy as np
import pytest

from kwslib.errors import DataError
from kwslib.speech.disturbance import active_power
from kwslib.speech.running_speech import LEVEL_DBFS, SPEED, running_speech


def tones(hertz: list[int]) -> np.ndarray:
    """Words that are half a second of a tone, each of another frequency and level."""
    words = np.zeros((len(hertz), 16000), np.int16)
    for row, one in zip(words, hertz, strict=True):
        row[4000:12000] = np.rint(one * np.sin(2 * np.pi * one * np.arange(8000) / 16000))
    return words


def seconds(words: np.ndarray) -> np.ndarray:
    return running_speech(words, 3, 1, 200).reshape(200, 16000)


def test_levels_pauses_and_that_words_begin_anywhere():
    made = seconds(tones([1000]))
    assert made.dtype == np.float32 and np.abs(made).max() <= 1
    levels = [10 * np.log10(power) for power in active_power(made)]
    assert LEVEL_DBFS[0] - 0.5 < min(levels) < LEVEL_DBFS[0] + 5
    assert LEVEL_DBFS[1] - 5 < max(levels) < LEVEL_DBFS[1] + 0.5
    quiet = np.abs(made) < 1e-5
    pauses = [np.convolve(row, np.ones(160), "valid").max() >= 160 for row in quiet]  # 10 ms
    assert any(pauses) and not all(pauses)
    assert 0.5 < np.mean(~quiet) < 1


def test_the_speed_of_words_varies_within_its_bounds():
    peaks = [np.abs(np.fft.rfft(one * np.hanning(16000))).argmax() for one in seconds(tones([1000]))]
    assert 1000 * SPEED[0] - 5 <= min(peaks) < 1000 * (SPEED[0] + 0.1)
    assert 1000 * (SPEED[1] - 0.1) < max(peaks) <= 1000 * SPEED[1] + 5


def test_all_words_come_and_seed_and_copy_decide():
    words = tones([500, 4000])  # apart even at the ends of the speeds
    spectra = [np.abs(np.fft.rfft(one * np.hanning(16000))) for one in seconds(words)]
    low = np.array([one[400:800].max() > one.max() / 10 for one in spectra])
    high = np.array([one[3500:6100].max() > one.max() / 10 for one in spectra])
    assert (low & high).any() and (low & ~high).any() and (high & ~low).any() and (low | high).all()
    made = [running_speech(words, *pair, 2) for pair in ((1, 0), (1, 0), (2, 0), (1, 1))]
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2]) and not np.array_equal(made[0], made[3])


@pytest.mark.parametrize("count", [0, 3])
def test_what_running_speech_cannot_be_made_of(count):
    with pytest.raises(DataError, match="the corpus has none with sound"):
        running_speech(np.zeros((count, 16000), np.int16), 1, 0)
