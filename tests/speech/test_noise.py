import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import DataError
from kwslib.speech.noise import held_out_part, random_second, second_at, training_part


@given(st.integers(80000, 200000))
def test_the_parts_are_the_recording_without_gap_or_overlap(samples):
    recording = np.arange(samples)
    first, last = training_part(recording), held_out_part(recording)
    assert np.array_equal(np.concatenate([first, last]), recording)
    assert len(last) == samples // 5


def test_a_recording_too_short_for_a_clip_is_refused():
    with pytest.raises(DataError, match=r"held-out part .* 79999 samples has 15999; at least 16000"):
        held_out_part(np.zeros(79999, np.float32))
    with pytest.raises(DataError, match="training part"):
        training_part(np.zeros(16000, np.float32))


def test_a_random_second_is_whole_and_every_beginning_can_be_drawn():
    recording = np.arange(16003)
    generator = np.random.default_rng(0)
    seconds = [random_second(recording, generator) for _ in range(100)]
    assert {second[0] for second in seconds} == {0, 1, 2, 3}
    assert all(np.array_equal(second, recording[second[0] : second[0] + 16000]) for second in seconds)
    assert np.shares_memory(seconds[0], recording)


def test_one_integer_is_drawn_for_a_second():
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    random_second(np.zeros(50_000), one)
    other.integers(50_000 - 16_000 + 1)
    assert one.random() == other.random()


def test_a_second_of_a_recording():
    sound = np.arange(40_000)
    assert [int(second_at(sound, place)[0]) for place in (0, 0.5, 0.9999999)] == [0, 12_000, 24_000]
    assert len(second_at(sound, 0.9999999)) == 16_000
