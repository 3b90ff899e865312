"""The pool as a step: tiles of whole channels, and which pools it takes."""

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import planner, pool
from kwslib.gap8.planning.pool import Pool
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import TILED, planned
from tests.gap8.planning import shapes


def test_the_pool_of_a_map_in_l2_takes_whole_cores_of_channels():
    plan = planned(network_file.load(networks.quantised(*networks.SMALL)), TILED)
    (fields,) = (step.fields for step in plan.steps if step.kind == "pool")
    assert fields["tile_channels"] % CORES == 0
    assert fields["tile_channels"] * fields["plane_bytes"] <= pool.TILE_BYTES
    assert len(set(fields["tiles"])) == 2 and fields["input_l2"] == plan.maps[2].base


def test_windows_that_are_smaller_than_the_map_are_left_to_others():
    partial = shapes.load("partial pool")
    index = next(i for i, made in enumerate(partial.layers) if made.kind == "average_pool")
    assert Pool.of(partial, index, None) == "its windows are smaller than the map"
    assert Pool.of(partial, 0, None) == "not an average pool behind another layer"
    assert isinstance(planner.assign(shapes.load("1×1 classifier"))[-3], Pool)


def test_the_chunks_in_front_of_the_last_one_are_added_up_ahead():
    plan = planned(network_file.load(networks.quantised(*networks.SMALL)), TILED)
    number = next(i for i, step in enumerate(plan.steps) if step.kind == "pool")
    before, fields = plan.steps[number - 1].fields, plan.steps[number].fields
    assert fields["ahead"] == 4 * before["chunk_groups"] * (before["chunks"] - 1)
    assert (before["pool"] == f"&tables.work_{number}") == (fields["ahead"] > 0)
    assert all(step.fields["pool"] == "0" for step in plan.steps[: number - 1] if step.kind == "pointwise")
    assert plan.steps[number].dma_in_bytes == (fields["channels"] - fields["ahead"]) * fields["plane_bytes"]
