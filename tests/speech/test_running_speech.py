import numpy as np
import pytest

from kwslib.errors import DataError
from kwslib.speech.disturbance import active_power
from kwslib.speech.running_speech import LEVEL_DBFS, SPEED, running_second


def tones(hertz: list[int]) -> np.ndarray:
    """Words that are half a second of a tone, each of another frequency and level."""
    words = np.zeros((len(hertz), 16000), np.int16)
    for row, one in zip(words, hertz, strict=True):
        row[4000:12000] = np.rint(one * np.sin(2 * np.pi * one * np.arange(8000) / 16000))
    return words


def windows(words: np.ndarray, count: int = 60) -> list[np.ndarray]:
    return [running_second(words, np.random.default_rng(seed)) for seed in range(count)]


def test_a_second_has_parts_of_several_words_at_one_level_and_begins_anywhere():
    made = windows(tones([1000]))
    assert {(one.shape, one.dtype) for one in made} == {((16000,), np.dtype(np.float32))}
    levels = [10 * np.log10(active_power(one[None])[0] / 2**30) for one in made]
    assert LEVEL_DBFS[0] - 0.5 < min(levels) < LEVEL_DBFS[0] + 5
    assert LEVEL_DBFS[1] - 5 < max(levels) < LEVEL_DBFS[1] + 0.5
    silent = [np.convolve(np.abs(one) < 1, np.ones(160), "valid") >= 160 for one in made]
    assert any(one.any() for one in silent) and not all(one.any() for one in silent)  # pauses, but not everywhere
    sounding = [np.abs(one[:400]).max() > 1 for one in made]
    assert 20 < sum(sounding) < 60


def test_the_speed_of_words_varies_within_its_bounds():
    made = windows(tones([1000]))
    peaks = [np.abs(np.fft.rfft(one * np.hanning(16000))).argmax() for one in made]
    assert 1000 * SPEED[0] - 5 <= min(peaks) < 1000 * (SPEED[0] + 0.2)
    assert 1000 * (SPEED[1] - 0.2) < max(peaks) <= 1000 * SPEED[1] + 5


def test_all_words_come_and_the_generator_decides():
    words = tones([500, 4000])  # apart even at the ends of the speeds
    spectra = [np.abs(np.fft.rfft(one * np.hanning(16000))) for one in windows(words)]
    low, high = (
        [one[begin:end].max() > one.max() / 10 for one in spectra] for begin, end in ((400, 800), (3500, 6100))
    )
    assert any(low) and any(high) and any(np.logical_and(low, high)) and all(np.logical_or(low, high))
    np.testing.assert_array_equal(windows(words, 3)[2], running_second(words, np.random.default_rng(2)))


@pytest.mark.parametrize("count, message", [(0, "the corpus has none"), (3, "digital silence")])
def test_what_running_speech_cannot_be_made_of(count, message):
    with pytest.raises(DataError, match=message):
        running_second(np.zeros((count, 16000), np.int16), np.random.default_rng(1))
