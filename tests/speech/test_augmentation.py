from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.augmentation import Augmentation
from kwslib.config.words import SILENCE
from kwslib.errors import DataError, InputError
from kwslib.speech.augmentation import JOINT_SAMPLES, Material, augment, varied_labels
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
    result = augment(Material(CLIPS, []), NOTHING, 1, 0, range(N))
    silence = CLIPS.labels == 0
    assert not result[silence].any()
    np.testing.assert_array_equal(result[~silence], CLIPS.audio[~silence].astype(np.float32) / 32768)


@given(st.permutations(range(N)).map(lambda order: order[:7]), st.integers(0, 2**32), st.integers(0, 1000))
def test_a_clip_follows_from_seed_copy_and_index_alone(order, seed, copy):
    together = augment(Material(CLIPS, NOISE), Augmentation(gain_db=6), seed, copy, order)
    apart = [augment(Material(CLIPS, NOISE), Augmentation(gain_db=6), seed, copy, [index])[0] for index in order]
    np.testing.assert_array_equal(together, apart)


def test_another_seed_or_copy_is_another_variation():
    results = [augment(Material(CLIPS, NOISE), Augmentation(), *pair, [5])[0] for pair in ((1, 0), (2, 0), (1, 1))]
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    assert not np.array_equal(results[1], results[2])


def test_shift_moves_both_ways_within_the_limit_and_zeros_move_in():
    moved = augment(Material(CLIPS, []), Augmentation(0, 0, shift_ms=2), 4, 0, range(1, 12))
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
    added = augment(Material(quiet, ramp), Augmentation(0.8, 0.1, 0), 0, 0, list(range(N)) * 1)
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
    peaks = np.abs(augment(Material(silent, NOISE), Augmentation(), 0, 0, range(N))).max(axis=1)
    assert 0 < (peaks == 0).sum() < N / 2
    assert peaks.max() > 0.7


def test_gain_stays_within_its_decibels():
    changed = augment(Material(CLIPS, []), Augmentation(0, 0, 0, gain_db=6), 0, 0, range(1, 12))
    gain_db = 20 * np.log10(np.abs(changed).sum(axis=1) / (np.abs(CLIPS.audio[1:12] / 32768.0)).sum(axis=1))
    assert np.abs(gain_db).max() <= 6.01
    assert np.ptp(gain_db) > 4


def test_result_is_clipped():
    loud = Clips(CLIPS.names, CLIPS.labels, np.full((N, 16000), 32767, np.int16))
    result = augment(Material(loud, NOISE), Augmentation(1, 1, 0, gain_db=20), 0, 0, range(N))
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
        augment(Material(CLIPS, []), Augmentation(), 0, 0, [1])


def tone(hz, samples=16000, level=8000):
    time_s = np.arange(samples) / 16000
    return np.rint(level * np.sin(2 * np.pi * hz * time_s)).astype(np.int16)


def test_the_examples_variation_is_drawn_as_ever():
    """The first six numbers decide shift, gain and noise: what was trained before comes out the same."""
    whole = augment(Material(CLIPS, NOISE), Augmentation(gain_db=3), 9, 4, [5])[0]
    shift, gain, noisy, recording, start, volume = np.random.Generator(np.random.PCG64([9, 4, 5])).random(6)
    moved = np.roll(CLIPS.audio[5] * np.float32(10 ** (3 * (2 * gain - 1) / 20) / 32768), int(shift * 3201) - 1600)
    moved[: max(0, int(shift * 3201) - 1600)] = 0
    moved[16000 + min(0, int(shift * 3201) - 1600) :] = 0
    if noisy < 0.8:
        noise = NOISE[int(recording * 2)]
        begin = int(start * (len(noise) - 15999))
        moved = moved + 0.1 * volume * noise[begin : begin + 16000]
    np.testing.assert_allclose(whole, moved, atol=1e-6)


def test_speed_moves_a_tone_by_its_factor_and_keeps_the_middle():
    clips = Clips(CLIPS.names, np.full(N, 3, np.uint8), np.stack([tone(1000)] * N))
    varied = augment(Material(clips, []), Augmentation(0, 0, 0, speed_change=0.15), 1, 0, range(N))
    peaks_hz = np.abs(np.fft.rfft(varied * np.hanning(16000), axis=1)).argmax(axis=1)
    assert peaks_hz.min() < 900 and peaks_hz.max() > 1100
    assert peaks_hz.min() >= 849 and peaks_hz.max() <= 1151
    beep = np.zeros(16000, np.int16)
    beep[7600:8400] = tone(2000, 800)
    clips = Clips(CLIPS.names, np.full(N, 3, np.uint8), np.stack([beep] * N))
    varied = augment(Material(clips, []), Augmentation(0, 0, 0, speed_change=0.15), 1, 0, range(N))
    centres = (varied**2 @ np.arange(16000)) / (varied**2).sum(axis=1)
    assert np.abs(centres - 8000).max() < 20


def test_noise_is_added_at_the_drawn_ratio_to_the_active_power():
    clips = Clips(CLIPS.names, np.full(N, 3, np.uint8), np.stack([tone(440)] * N))
    setting = Augmentation(0, 0, 0, snr_probability=1, snr_low_db=-5, snr_high_db=20)
    noisy = augment(Material(clips, NOISE), setting, 2, 0, range(N))
    assert np.abs(noisy).max() <= 1
    clean = tone(440).astype(float) / 32768
    share = noisy @ clean / (clean @ clean)  # what the whole was turned down by, up to the noise's own projection
    noise = noisy - share[:, None] * clean
    ratio_db = 10 * np.log10((share**2) * np.mean(clean**2) / np.mean(noise**2, axis=1))
    assert -6 < ratio_db.min() < 0 and 15 < ratio_db.max() < 21
    assert ((noisy**2).sum(axis=1) > 0).all()


def test_silence_is_noise_as_loud_as_beside_a_keyword_where_it_is_asked_for():
    labels = np.array([SILENCE, 2] * (N // 2), np.uint8)
    clips = Clips(
        tuple(f"{i}.wav" for i in range(N)), labels, np.where(labels[:, None] > 1, tone(440), 0).astype(np.int16)
    )
    quiet = [np.float32(0.001) * one for one in NOISE]
    setting = Augmentation(0, 0, 0, snr_probability=1, snr_low_db=6, snr_high_db=6)
    silent = np.flatnonzero(labels == SILENCE)
    assert not augment(Material(clips, quiet), setting, 2, 0, silent).any()
    loud = augment(Material(clips, quiet), replace(setting, snr_silence=True), 2, 0, silent)
    speech = np.mean((tone(440).astype(float) / 32768) ** 2)
    assert 10 * np.log10(speech / np.mean(loud.astype(float) ** 2, axis=1)) == pytest.approx(6, abs=0.1)


def test_the_ratio_falls_from_easy_to_hard():
    setting = Augmentation(snr_low_db=-5, snr_high_db=20, snr_ramp_copies=5)
    assert [setting.snr_bounds_db(copy)[0] for copy in range(7)] == [15, 10, 5, 0, -5, -5, -5]
    assert Augmentation(snr_low_db=0).snr_bounds_db(0) == (0, 20)


def test_all_other_words_take_turns():
    others = np.stack([np.full(16000, 100 + number, np.int16) for number in range(12)])
    places = np.flatnonzero(CLIPS.labels == 1)
    seen = []
    for copy in range(12 // len(places) + 1):
        varied = augment(Material(CLIPS, [], others), Augmentation(0, 0, 0, turn_others=True), 3, copy, places)
        seen += list(np.rint(varied[:, 0] * 32768).astype(int) - 100)
    assert sorted(seen[:12]) == list(range(12))
    keywords = augment(Material(CLIPS, [], others), Augmentation(0, 0, 0, turn_others=True), 3, 0, [2, 3])
    np.testing.assert_array_equal(keywords, CLIPS.audio[[2, 3]].astype(np.float32) / 32768)


def test_joined_halves_are_of_two_keywords():
    audio = np.zeros((N, 16000), np.int16)
    for index, label in enumerate(CLIPS.labels):
        audio[index, 5000:9000] = tone(300 + 100 * int(label), 4000)
    clips = Clips(CLIPS.names, CLIPS.labels, audio)
    places = np.flatnonzero(CLIPS.labels == 1)
    joined = augment(Material(clips, []), Augmentation(0, 0, 0, joined_probability=1), 3, 0, places)
    for row in joined:
        audible = np.flatnonzero(np.abs(row) > 0.01)
        assert abs(len(row[audible[0] : audible[-1]]) - 4000) < 2 * JOINT_SAMPLES
        halves = row[audible[0] : audible[0] + 1800], row[audible[-1] - 1800 : audible[-1]]
        found = [np.abs(np.fft.rfft(half * np.hanning(1800))).argmax() * 16000 / 1800 for half in halves]
        labels = [round((hz - 300) / 100) for hz in found]
        assert labels[0] != labels[1] and min(labels) > 1


def test_running_speech_is_added_behind_the_clips_as_an_unknown_word():
    running = replace(NOTHING, running_speech=0.1)
    labels = varied_labels(CLIPS, running)
    assert labels.tolist() == [*CLIPS.labels.tolist(), *[1] * (N // 10)] and labels.dtype == np.uint8
    speech = np.linspace(0.1, 1, 40_000, dtype=np.float32)
    made = augment(Material(CLIPS, running=speech), running, 7, 2, [5, N, N + 1])
    np.testing.assert_array_equal(made[0], CLIPS.audio[5].astype(np.float32) / 32768)
    starts = [int(np.flatnonzero(speech == row[0])[0]) for row in made[1:]]
    assert starts[0] != starts[1]
    for row, start in zip(made[1:], starts, strict=True):
        np.testing.assert_array_equal(row, speech[start : start + 16000])
    noisy = augment(Material(CLIPS, NOISE, running=speech), replace(running, snr_probability=1), 7, 2, [N])
    assert not np.array_equal(noisy[0], made[1])


def test_bounds_of_the_ratio_must_be_in_order():
    with pytest.raises(InputError, match="snr_low_db is 10: give at most snr_high_db, 5"):
        Augmentation(snr_low_db=10, snr_high_db=5)
