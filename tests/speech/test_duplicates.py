"""Near-duplicates against brute force: shifted, quieter, noisier copies are found, two takes of one voice are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.speech import duplicates
from kwslib.speech.duplicates import correlation, describe, find_pairs


def take(seed):
    """Coloured noise with a swell: no two are alike."""
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.standard_normal(16000), rng.standard_normal(24), "same")
    return (0.1 * noise * np.exp(-(((np.arange(16000) - 8000) / 3000) ** 2))).astype(np.float32)


@given(st.integers(0, 99), st.integers(-3000, 3000), st.floats(0.1, 3))
def test_correlation_of_a_moved_copy_is_one(seed, shift, gain):
    clip = take(seed)
    moved = np.roll(clip, shift)
    moved[: max(0, shift)] = 0
    if shift < 0:
        moved[shift:] = 0
    assert correlation(clip, -gain * moved) == pytest.approx(1, abs=0.02)
    assert correlation(clip, take(seed + 100)) < 0.5


def test_correlation_is_the_largest_of_all_shifts():
    one, other = take(1)[7000:7300].astype(float), take(2)[7000:7200].astype(float)
    whole = np.correlate(one, other, "full")
    expected = np.abs(whole).max() / np.linalg.norm(one) / np.linalg.norm(other)
    assert correlation(one, other) == pytest.approx(expected, rel=1e-9)


def pairs(clips):
    described = np.array([describe(clip) for clip in clips], np.float32).reshape(len(clips), duplicates.BANDS)
    return [(one.first, one.second) for one in find_pairs(described, clips.__getitem__)]


def test_copies_are_found_and_nothing_else():
    rng = np.random.default_rng(0)
    clips = [take(seed) for seed in range(300)]
    clips[50] = np.roll(clips[7], 900) * 0.4
    clips[200] = clips[3] + 0.05 * np.abs(clips[3]).max() * rng.standard_normal(16000).astype(np.float32)
    clips[201] = clips[9][:13000]
    clips[202] = np.zeros(16000, np.float32)
    clips[203] = np.zeros(0, np.float32)
    assert set(pairs(clips)) == {(7, 50), (3, 200), (9, 201)}


def test_too_few_clips():
    assert pairs([]) == [] == pairs([take(1)])
    assert pairs([take(1), take(1)]) == [(0, 1)]
