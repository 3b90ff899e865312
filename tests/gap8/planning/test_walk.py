"""The walk along a network: where maps lie, how long they live, whose padding is filled."""

import pytest

from kwslib.gap8.planning import layouts, planner
from kwslib.gap8.planning.walk import L1, L2, Walk, Way, largest
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import RESIDENT, planned
from tests.gap8.planning import shapes

PAIRS = (
    ("conv", 16, (10, 4), (2, 2)),
    ("depthwise", 16, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
    ("depthwise", 24, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
)


@pytest.fixture(scope="module")
def graph():
    return network_file.load(networks.quantised((49, 10), PAIRS))


def walk(graph, planes=0, pixels=0, **options):
    return Walk(graph, planner.assign(graph), Way("by hand", planes, pixels, False, **options))


def test_maps_lie_as_their_readers_want_them(graph):
    kinds = [walk(graph).layout(index).kind for index in range(-1, len(graph.layers))]
    planes, pixels, vector = layouts.PLANES, layouts.PIXELS, layouts.VECTOR
    assert kinds == [pixels, planes, pixels, planes, pixels, planes, vector, vector, vector]


def test_each_kind_of_map_lies_where_the_way_says(graph):
    found = walk(graph, planes=3, pixels=2)
    assert [found.memory(index) for index in range(-1, 6)] == [L2, L2, L2, L2, L1, L1, L1]
    found = walk(graph, planes=1, pixels=9)
    assert [found.memory(index) for index in range(-1, 6)] == [L2, L2, L2, L1, L2, L1, L1]  # a vector always in L1


def test_positions_in_l2_have_room_for_tiles_of_channels(graph):
    assert walk(graph, 9, 9).layout(1).column_bytes >= 16 and walk(graph, 9, 9).layout(3).column_bytes >= 32
    assert walk(graph).layout(3).column_bytes == layouts.pixel_bytes(24)


def test_a_map_lives_until_its_last_reader():
    graph = shapes.load("identity")
    add = next(index for index, layer in enumerate(graph.layers) if layer.kind == "add")
    plan = planned(graph, RESIDENT)
    for source in graph.layers[add].reads:
        region = plan.regions[plan.maps[source].base.region]
        assert region.first <= source and region.last >= add


def test_planes_of_one_layout_share_their_place_and_padding(graph):
    plan = planned(graph, RESIDENT)
    first, second = (plan.maps[index] for index in (2, 4))
    assert first.base.region == second.base.region
    fills = [step.fields["fill"]["planes"] for step in plan.steps if step.kind == "pointwise"]
    assert fills == [24, 0]


def test_planes_that_are_still_read_are_not_overwritten():
    """Three sums, each of a map that lives on."""
    graph = shapes.load("before")
    plan = planned(graph, RESIDENT)
    for index, layer in enumerate(graph.layers):
        for source in layer.reads:
            between = plan.maps[source + 1 : index] if source >= 0 else []
            assert all(found.base.region != plan.maps[source].base.region for found in between if found)


def test_the_first_size_that_fits():
    assert largest(lambda size: size < 9, (16, 8, 4)) == 8
    assert largest(lambda size: False, (16, 8, 4)) is None
