import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import DataError
from kwslib.speech.noise import held_out_part, training_part


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
