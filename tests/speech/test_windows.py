"""Windows over a sound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kwslib.speech.windows import windows


@given(st.integers(1, 100_000), st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_every_sample_is_in_a_window_and_nothing_else_is(length, hop_s):
    samples = np.arange(1, length + 1, dtype=np.int64).astype(np.int16)
    found = windows(samples, hop_s)
    audio = found.audio()
    assert audio.shape == (len(found.starts), 16000) and audio.dtype == np.int16
    covered = np.zeros(length, bool)
    for start, window in zip(found.starts, audio, strict=True):
        part = samples[start : start + 16000]
        assert np.array_equal(window[: len(part)], part) and not window[len(part) :].any()
        covered[start : start + 16000] = True
    assert covered.all()
    assert found.padded == (length < 16000) and (length <= 16000) == (len(audio) == 1)
    assert (np.diff(found.starts) > 0).all() and (np.diff(found.starts) <= hop_s * 16000).all()
    assert length < 16000 or found.starts[-1] == length - 16000


def test_parts_of_the_windows():
    found = windows(np.arange(32000).astype(np.int16))
    assert found.starts_s.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.array_equal(found.audio(1, 3), found.audio()[1:3]) and found.audio(5, 9).shape == (0, 16000)
