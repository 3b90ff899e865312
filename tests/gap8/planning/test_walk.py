"""The walk along a network: where maps lie, how long they live, whose padding is filled, what weights come together."""

import numpy as np
import pytest

from kwslib.gap8.planning import layouts, planner
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.walk import L1, L2, Walk, Way, largest, parts_of
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import BATCHED, RESIDENT, planned
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


def test_what_is_filled_is_what_lies_around_the_map(graph):
    made = walk(graph)
    made.methods[0].add(made)
    place, _ = made.target(2)
    plane, fill = place.layout.plane, made.fill(place, 24)
    assert fill["planes"] == 24 and fill["plane_bytes"] == plane.plane_bytes
    inside = range(plane.origin, plane.origin + 24 * plane.row_bytes + 5)
    assert fill["head"] <= inside[0] or fill["head"] == plane.plane_bytes
    assert fill["tail"] > inside[-1] - plane.row_bytes


def test_weights_in_one_part_have_one_buffer(graph):
    made = walk(graph)
    one, other = made.record_buffers(8, parts=1)
    assert one == other
    made.builder.add("general", (0,))
    one, other = made.record_buffers(8, parts=5, early=1)
    assert one != other
    assert [made.builder.region(ref.region).first for ref in (one, other)] == [0, 1]


def test_parts_of_the_weights_take_turns_in_the_buffers(graph):
    made = walk(graph)
    buffers = made.record_buffers(24, parts=3)
    records = np.arange(15).reshape(5, 3)
    made.add("pointwise", (2,))
    made.fetch(buffers, parts_of(records, 2))
    transfers = made.builder.plan.transfers
    assert [transfer.target for transfer in transfers] == [buffers[0], buffers[1], buffers[0]]
    assert b"".join(transfer.data for transfer in transfers) == records.astype("<i4").tobytes()


def test_weights_of_a_batch_are_one_transfer(graph):
    apart, together = (planned(graph, way) for way in (RESIDENT, BATCHED))
    assert len(together.transfers) == 2 < len(apart.transfers)  # the first step's, and all others'
    assert b"".join(t.data for t in together.transfers) == b"".join(t.data for t in apart.transfers)
    assert [step.ready for step in together.steps[1:6]] == [2] * 5


def test_a_batch_of_steps_without_weights_asks_for_none(graph):
    """What a step waits for is what has been asked for up to it, though batches before it have no weights."""
    made = walk(graph, batch=2)
    made.add("front", (0,))
    for number in range(6):
        buffers = made.record_buffers(8, 1) if number in (0, 4, 5) else None
        step = made.add("depthwise", (1,))
        if buffers:
            made.fetch(buffers, [np.arange(2)])
        assert step.ready == len(made.builder.plan.transfers) == (1 if number < 4 else 2)


def test_a_batch_takes_whole_layers_alone(graph):
    made = walk(graph, batch=2)
    made.add("front", (0,))
    with pytest.raises(DoesNotFit):
        made.record_buffers(100, parts=2)
    buffers = made.record_buffers(8, parts=1)
    made.add("pointwise", (2,))
    with pytest.raises(DoesNotFit):
        made.fetch(buffers, [np.arange(2), np.arange(2)])


def test_the_first_size_that_fits():
    assert largest(lambda size: size < 9, (16, 8, 4)) == 8
    assert largest(lambda size: False, (16, 8, 4)) is None
