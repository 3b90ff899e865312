import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.gap8.planning.memory import ALIGNMENT, DoesNotFit, Region, aligned, live_bytes, place

STEPS = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(sorted)
REGIONS = st.lists(st.tuples(st.integers(0, 900), STEPS), max_size=12).map(
    lambda rows: [Region(f"r{n}", "L1", size, *steps) for n, (size, steps) in enumerate(rows)]
)
BEGIN = 0x10000100


def need(regions):
    """The most bytes that live at once."""
    return max((live_bytes(regions, step) for step in range(9)), default=0)


@given(REGIONS)
def test_room_for_all_beside_each_other_is_enough(regions):
    size = sum(aligned(region.bytes) for region in regions)
    assert {region.name for region in place(regions, BEGIN, BEGIN + size)} == {region.name for region in regions}


@given(REGIONS, st.integers(0, 400))
def test_what_lives_in_one_step_never_overlaps(regions, slack):
    end = BEGIN + need(regions) + slack
    try:
        placed = place(regions, BEGIN, end)
    except DoesNotFit as error:
        assert error.missing > 0  # more room than is needed at once, but not in one piece
        return
    by_name = {region.name: region for region in regions}
    for number, one in enumerate(placed):
        asked = by_name[one.name]
        assert (one.bytes, one.first, one.last) == (asked.bytes, asked.first, asked.last)
        assert one.address % ALIGNMENT == 0
        assert one.address >= BEGIN and one.end <= end
        for other in placed[:number]:
            together = set(range(one.first, one.last + 1)) & set(range(other.first, other.last + 1))
            bytes_of_both = set(range(one.address, one.end)) & set(range(other.address, other.end))
            assert not (together and bytes_of_both)


@given(REGIONS.filter(lambda regions: need(regions) > 0), st.integers(1, 50))
def test_too_little_room_names_the_fullest_step_and_what_it_lacks(regions, lack):
    lack = min(lack, need(regions))
    with pytest.raises(DoesNotFit) as caught:
        place(regions, BEGIN, BEGIN + need(regions) - lack)
    assert live_bytes(regions, caught.value.step) == need(regions)
    assert (caught.value.missing, caught.value.memory) == (lack, "L1")
    assert str(caught.value) == f"step {caught.value.step} lacks {lack} bytes of L1"


def test_a_place_is_used_again_when_it_is_free():
    placed = place([Region("a", "L2", 64, 0, 1), Region("b", "L2", 64, 2, 3)], 0, 64)
    assert [region.address for region in placed] == [0, 0]


def test_an_order_that_the_first_ones_miss_is_found():
    """Placed by size, lifetime or time these three tear a hole; side by side in another order they fit."""
    regions = [Region("a", "L1", 24, 0, 1), Region("b", "L1", 16, 1, 2), Region("c", "L1", 24, 2, 3)]
    placed = {region.name: region for region in place(regions, 0, 40)}
    assert placed["b"].address in (0, 24)


def test_nothing_to_place():
    assert place([], 0, 0) == []
