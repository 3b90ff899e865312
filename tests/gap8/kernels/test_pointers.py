"""Pointers reach every place once."""

import pytest

from kwslib.gap8.kernels.pointers import Reach, reaches


@pytest.mark.parametrize("distance", [4, 508, 512, 680, 1020, 1024, 2044, 2048, 9000])
def test_every_place_is_reached_once_by_12_bits(distance):
    for places in range(1, 8):
        found = reaches(places, distance)
        assert [place for reach in found for place in reach.places] == list(range(places))
        for reach in found:
            assert reach.home in reach.places
            assert all(-2048 <= (place - reach.home) * distance <= 2047 for place in reach.places)


def test_as_few_pointers_as_possible():
    assert reaches(5, 508) == [Reach(range(5), 0)]
    assert reaches(5, 1020) == [Reach(range(5), 2)]
    assert reaches(5, 2044) == [Reach(range(3), 1), Reach(range(3, 5), 4)]
    assert len(reaches(4, 2048)) == 4
