"""False accepts are counted by hand, a subset of clips has every label, and each condition changes what it should."""

import numpy as np
import pytest

from kwslib.accuracy import poisson_interval
from kwslib.config.words import LABELS, SILENCE
from kwslib.errors import InputError
from kwslib.studies import conditions
from kwslib.studies.conditions import Study


def test_a_false_accept_is_a_keyword_of_enough_probability():
    shares = np.zeros((4, 12))
    shares[0, 5], shares[1, 5], shares[2, 0], shares[3, 1] = 0.6, 0.95, 1, 1
    rows = conditions.false_accepts("n", shares, 0.5, (0.0, 0.6, 0.7, 0.96))
    assert [row.accepts for row in rows] == [2, 2, 1, 0]
    assert [row.per_hour for row in rows] == [4, 4, 2, 0]
    assert (rows[2].low, rows[2].high) == pytest.approx([2 * end for end in poisson_interval(1)])


def test_a_subset_has_every_label_in_proportion():
    labels = np.repeat(np.arange(12), 50)
    chosen = conditions.stratified(labels, 120, 3)
    assert np.bincount(labels[chosen]).tolist() == [10] * 12
    assert np.array_equal(chosen, conditions.stratified(labels, 120, 3))
    assert not np.array_equal(chosen, conditions.stratified(labels, 120, 4))
    assert conditions.stratified(labels, 0, 3).tolist() == list(range(600))


@pytest.fixture
def study():
    """Two clips of every label, and a listener that keeps what it reads and answers `_silence_` always."""
    labels = np.repeat(np.arange(len(LABELS)), 2).astype(np.uint8)
    rng = np.random.default_rng(3)
    audio = rng.integers(-8000, 8000, (len(labels), 16000)).astype(np.int16)
    audio[-1] = 0
    heard = []

    def listen(pieces):
        heard.append(np.concatenate(list(pieces)))
        shares = np.zeros((len(heard[-1]), len(LABELS)))
        shares[:, SILENCE] = 1
        return shares

    recordings = {name: rng.normal(0, 0.1, 20000).astype(np.float32) for name in ("hiss", "hum")}
    made = Study(listen, np.arange(len(labels)), labels, audio, recordings, 7, lambda line: None)
    return made, heard


def test_a_point_counts_its_groups(study):
    made, _ = study
    point = made.point("level", 0.0, [made.audio], limited=[1, 2])
    assert (point.clips, point.correct, point.silence_clips, point.silence_correct) == (24, 2, 2, 2)
    assert (point.keyword_clips, point.keyword_correct, point.unknown_clips, point.unknown_correct) == (20, 0, 2, 0)
    assert (point.kind, point.noise, point.value, point.limited) == ("level", "", 0.0, 3)


def test_silence_is_not_shifted_but_changes_its_level(study):
    made, heard = study
    points = conditions.measure_shifts(made)
    assert [point.value for point in points] == list(conditions.SHIFTS_MS)
    silent = made.labels == SILENCE
    assert all(np.array_equal(audio[silent], made.audio[silent]) for audio in heard)
    assert not np.array_equal(heard[0][~silent], made.audio[~silent])
    heard.clear()
    points = conditions.measure_levels(made)
    assert [point.value for point in points] == list(conditions.GAINS_DB)
    assert not np.array_equal(heard[0][silent], made.audio[silent])
    assert points[0].limited == 0 and points[-1].limited == 23


def test_noise_is_mixed_with_words_and_is_all_of_silence(study):
    made, heard = study
    words = conditions.words_of(made)
    silent = made.labels == SILENCE
    assert not words.audio[silent].any() and words.without_signal.sum() == 3
    assert (words.power[words.without_signal] == words.reference_power).all()
    points = conditions.measure_noise(made, words)
    assert [(point.noise, point.value) for point in points] == [
        ("", None),
        *((noise, snr) for noise in ("hiss", "hum", "gusts (synthesised)") for snr in conditions.SNR_DB),
    ]
    assert np.array_equal(heard[0], words.audio)
    assert all(audio[silent].any() for audio in heard[1:])


def test_rooms_change_words_alone(study):
    made, heard = study
    points = conditions.measure_rooms(made)
    assert [(point.kind, point.value) for point in points] == [
        ("reverberation", time_ms) for time_ms in conditions.REVERBERATION_MS
    ]
    silent = made.labels == SILENCE
    assert all(np.array_equal(audio[silent], made.audio[silent]) for audio in heard)
    changed = [(audio[~silent] != made.audio[~silent]).any(axis=1) for audio in heard]
    assert all(row[:-1].all() and not row[-1] for row in changed)  # the last word is digital silence


def test_a_threshold_is_a_probability():
    conditions.check_thresholds((0, 0.5, 1))
    with pytest.raises(InputError, match="threshold is 1.5"):
        conditions.check_thresholds((0.5, 1.5))
