import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.augmentation import Augmentation
from kwslib.errors import DataError, InputError
from kwslib.speech.augmentation import augment
from kwslib.speech.corpus import Clips

RNG = np.random.default_rng(3)
N = 60
CLIPS = Clips(
    tuple(map(str, range(N))),
    np.array([index % 12 for index in range(N)], np.uint8),
    RNG.integers(-20000, 20000, (N, 16000)).astype(np.int16),
)
NOISE = [RNG.uniform(-1, 1, length).astype(np.float32) for length in (16000, 50000)]
NOTHING = Augmentation(noise_probability=0, noise_volume=0, shift_ms=0)


def test_no_augmentation_gives_the_clips_and_silence_zeros():
    result = augment(CLIPS, [], NOTHING, 1, 0, range(N))
    silence = CLIPS.labels == 0
    assert not result[silence].any()
    np.testing.assert_array_equal(result[~silence], CLIPS.audio[~silence].astype(np.float32) / 32768)


@given(st.permutations(range(N)).map(lambda order: order[:7]), st.integers(0, 2**32), st.integers(0, 1000))
def test_a_clip_follows_from_seed_copy_and_index_alone(order, seed, copy):
    together = augment(CLIPS, NOISE, Augmentation(gain_db=6), seed, copy, order)
    apart = [augment(CLIPS, NOISE, Augmentation(gain_db=6), seed, copy, [index])[0] for index in order]
    np.testing.assert_array_equal(together, apart)


def test_another_seed_or_copy_is_another_variation():
    results = [augment(CLIPS, NOISE, Augmentation(), *pair, [5])[0] for pair in ((1, 0), (2, 0), (1, 1))]
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    assert not np.array_equal(results[1], results[2])


def test_shift_moves_both_ways_within_the_limit_and_zeros_move_in():
    moved = augment(CLIPS, [], Augmentation(0, 0, shift_ms=2), 4, 0, range(1, 12))
    shifts = set()
    for row, clip in zip(moved, CLIPS.audio[1:12].astype(np.float32) / 32768, strict=True):
        padded = np.concatenate([np.zeros(32, np.float32), clip, np.zeros(32, np.float32)])
        found = [s for s in range(-32, 33) if np.array_equal(row, padded[32 - s : 16032 - s])]
        assert len(found) == 1
        shifts |= set(found)
    assert min(shifts) < 0 < max(shifts)


def test_noise_is_a_scaled_piece_of_a_recording_at_the_given_rate():
    quiet = Clips(CLIPS.names, np.full(N, 3, np.uint8), np.zeros((N, 16000), np.int16))
    ramp = [np.linspace(0.25, 1, 40000, dtype=np.float32)]
    added = augment(quiet, ramp, Augmentation(0.8, 0.1, 0), 0, 0, list(range(N)) * 1)
    noisy = added.any(axis=1)
    assert 0.6 < noisy.mean() < 0.95
    assert added.max() <= 0.1
    slope = np.diff(added[noisy], axis=1).mean(axis=1)
    volume = slope / (0.75 / 39999)
    assert (volume <= 0.1001).all()
    assert np.ptp(volume) > 0.05
    start = (added[noisy][:, 0] / volume - 0.25) / (0.75 / 39999)
    assert (start > -20).all()
    assert (start < 24020).all()
    assert np.ptp(start) > 8000


def test_silence_gets_noise_up_to_full_volume_and_is_sometimes_left_alone():
    silent = Clips(CLIPS.names, np.zeros(N, np.uint8), np.zeros((N, 16000), np.int16))
    peaks = np.abs(augment(silent, NOISE, Augmentation(), 0, 0, range(N))).max(axis=1)
    assert 0 < (peaks == 0).sum() < N / 2
    assert peaks.max() > 0.7


def test_gain_stays_within_its_decibels():
    changed = augment(CLIPS, [], Augmentation(0, 0, 0, gain_db=6), 0, 0, range(1, 12))
    gain_db = 20 * np.log10(np.abs(changed).sum(axis=1) / (np.abs(CLIPS.audio[1:12] / 32768.0)).sum(axis=1))
    assert np.abs(gain_db).max() <= 6.01
    assert np.ptp(gain_db) > 4


def test_result_is_clipped():
    loud = Clips(CLIPS.names, CLIPS.labels, np.full((N, 16000), 32767, np.int16))
    result = augment(loud, NOISE, Augmentation(1, 1, 0, gain_db=20), 0, 0, range(N))
    assert result.max() == 1.0
    assert result.min() >= -1.0


@pytest.mark.parametrize(
    ("field", "value"),
    [("noise_probability", 1.5), ("noise_volume", -0.1), ("shift_ms", 2000), ("gain_db", float("nan"))],
)
def test_values_out_of_range_are_named(field, value):
    with pytest.raises(InputError, match=f"{field} is {value}: give a number from 0 to"):
        Augmentation(**{field: value})


def test_noise_without_recordings_is_an_error():
    with pytest.raises(DataError, match="no background recording"):
        augment(CLIPS, [], Augmentation(), 0, 0, [1])
