"""The words of the front end's constants, and how cores share a frame."""

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.front_end_layout import Memory, layout, members, scratch_bytes, shared_bytes
from kwslib.integer.front_end_tables import tables_of

ALL = (
    FrontEnd("integer", 40, 20, 10),
    FrontEnd("integer", 30, 10, 40),
    FrontEnd("integer", 16, 8, 13, bands=27, lower_hz=0, upper_hz=8000),
    FrontEnd("integer", 20, 20, 2, bands=3),
)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.key)
def test_parts_lie_one_behind_the_other(one):
    tables = tables_of(one)
    made = layout(tables)
    words, offsets = made.words(), made.offsets()
    assert words.dtype == np.uint32 and len(words) < 2600
    for name, offset in offsets.items():
        part = getattr(made, name)
        np.testing.assert_array_equal(words[offset // 4 : offset // 4 + len(part)], part)
    halves = made.window.view(np.int16).reshape(64, tables.legs, 2)
    np.testing.assert_array_equal(halves[5, -1], tables.window[128 * (tables.legs - 1) + 10 :][:2])
    twiddles = made.second.view(np.int16).reshape(tables.first_radix, 8, 8, 2)
    np.testing.assert_array_equal(twiddles[1, 3, 5], tables.second[:, 1, 5, 3])


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.key)
def test_cores_share_all_bands_and_find_their_bins(one):
    tables = tables_of(one)
    made = layout(tables)
    ends = np.cumsum(tables.segments)
    expected = 0
    bins = []
    for band, count, first, offset in made.shares.reshape(CORES, 4).tolist():
        assert band == expected
        expected += count
        assert first == ends[band] - tables.segments[band] if count else True
        assert made.bins[offset // 4] == tables.segments[band]
        bins.append(tables.segments[band : band + count + 1].sum() if count else 0)
    assert expected == one.bands
    if one.bands == 40:
        assert max(bins) < 0.25 * sum(bins)


def test_members_are_those_of_the_structure():
    tables = tables_of(ALL[0])
    found = members(tables, Memory(constants=1000, scratch=2000, shared=3000), zero_point=-4)
    assert found["window"] == 1000 and found["second"] == 1000 + 4 * 64 * 5
    assert (found["first_radix"], found["legs"], found["zero_point"], found["times"]) == (8, 5, -4, 0)
    assert found["scratch_bytes"] == scratch_bytes(tables) and found["scratch_bytes"] % 8 == 4
    assert shared_bytes(tables) == 72 + 80
