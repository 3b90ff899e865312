"""Noises have unit power and the spectrum they are named for; a clip holds its word in noise, at a bounded level."""

import numpy as np
import pytest

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import InputError
from kwslib.speech import soundscape
from kwslib.speech.soundscape import NOISES, PEAK_DBFS, background, clip_of, recordings, silence_of


def tone(frequency_hz=1000, samples=6000):
    return (10_000 * np.sin(2 * np.pi * frequency_hz * np.arange(samples) / SAMPLE_RATE_HZ)).astype(np.int16)


@pytest.fixture(scope="module")
def noise():
    return recordings(np.random.default_rng(0), 3, [tone()])


def power(audio, low_hz, high_hz):
    """Mean power of a band, for each hertz of it."""
    spectrum = np.abs(np.fft.rfft(audio)) ** 2
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ)
    return spectrum[(frequency_hz >= low_hz) & (frequency_hz < high_hz)].mean()


def test_there_is_one_recording_of_each_kind_with_unit_rms(noise):
    assert noise.shape == (len(NOISES), 3 * SAMPLE_RATE_HZ) and noise.dtype == np.float64
    assert np.allclose(np.sqrt(np.mean(noise**2, axis=1)), 1)


@pytest.mark.parametrize(("kind", "slope"), [("white", 0), ("pink", 1), ("brown", 2)])
def test_coloured_noise_falls_with_frequency_as_its_name_says(noise, kind, slope):
    audio = noise[NOISES.index(kind)]
    octaves = 3
    fall = np.log2(power(audio, 500, 600) / power(audio, 4000, 4800)) / octaves
    assert fall == pytest.approx(slope, abs=0.2)


def test_hum_is_a_comb_of_the_mains(noise):
    audio = noise[NOISES.index("hum")]
    strongest_hz = np.argmax(np.abs(np.fft.rfft(audio))) / 3
    # the nearest of the first twelve harmonics, at most half a per cent off
    harmonics_hz = np.outer([50, 60], np.arange(1, 13))
    assert np.abs(strongest_hz / harmonics_hz - 1).min() < 0.01


def test_gusts_swell_and_babble_is_made_of_the_words(noise):
    loudness = np.sqrt(np.mean(noise.reshape(len(NOISES), -1, 1600) ** 2, axis=2))
    swing = loudness.max(axis=1) / loudness.min(axis=1)
    assert swing[NOISES.index("gusts")] > 2 * swing[NOISES.index("white")]
    audio = noise[NOISES.index("babble")]
    assert power(audio, 990, 1010) > 100 * power(audio, 2000, 2100)


def test_an_unknown_noise_is_refused():
    with pytest.raises(InputError, match="unknown noise 'rain'; there are white, pink"):
        background("rain", np.random.default_rng(0), 2, [])


def test_a_clip_holds_its_word_near_the_middle(noise):
    for seed in range(20):
        clip = clip_of(tone(samples=4000), noise[:1], np.random.default_rng(seed)).astype(np.float64)
        frames = np.array([power(part, 950, 1050) for part in clip.reshape(50, 320)])
        middle = np.average(np.arange(50) + 0.5, weights=frames) / 50
        assert middle == pytest.approx(0.5, abs=soundscape.OFFSET_S + 0.02)


def test_a_word_of_nearly_a_second_stays_inside(noise):
    for seed in range(10):
        assert clip_of(tone(samples=15_200), noise, np.random.default_rng(seed)).shape == (CLIP_SAMPLES,)


@pytest.mark.parametrize("word", [tone(), None])
def test_clips_are_int16_of_a_bounded_level_and_follow_from_their_seed(noise, word):
    def make(seed):
        rng = np.random.default_rng(seed)
        return silence_of(noise, rng) if word is None else clip_of(word, noise, rng)

    peaks = np.array([np.abs(make(seed).astype(int)).max() for seed in range(40)])
    low, high = (32767 * 10 ** (bound / 20) for bound in PEAK_DBFS)
    assert (peaks >= low - 1).all() and (peaks <= high + 1).all() and peaks.max() > 2 * peaks.min()
    assert make(3).dtype == np.int16 and make(3).shape == (CLIP_SAMPLES,)
    assert np.array_equal(make(3), make(3)) and not np.array_equal(make(3), make(4))


def test_the_noise_and_the_word_are_left_alone(noise):
    before, word = noise.copy(), tone()
    clip_of(word, noise, np.random.default_rng(0))
    silence_of(noise, np.random.default_rng(0))
    assert np.array_equal(noise, before) and np.array_equal(word, tone())
