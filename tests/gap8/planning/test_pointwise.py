"""Pointwise layers and other convolutions as steps: the second term, planes and tiles."""

import pytest

from kwslib.gap8.planning import planner
from kwslib.gap8.planning.pointwise import Dense
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FLASH, RESIDENT, TILED, assert_on_platform, planned
from tests.gap8.planning import shapes

PAIRS = (
    ("conv", 16, (10, 4), (2, 2)),
    ("depthwise", 16, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
    ("depthwise", 24, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
)


def steps(way, graph=None):
    plan = planned(graph or network_file.load(networks.quantised((49, 10), PAIRS)), way)
    return plan, [step for step in plan.steps if step.kind == "pointwise"]


@pytest.mark.parametrize("way", [RESIDENT, TILED])
def test_layers_of_one_shape_share_their_planes(way):
    plan, (first, second) = steps(way)
    where = "output_l2" if way == TILED else "output"
    assert first.fields[where] == second.fields[where]
    # in L2, where planes stand whole, those of the first convolution lie there too
    assert len({name for name in plan.regions if name.startswith("planes ")}) == (1 if way == TILED else 2)


def test_padding_in_l2_is_filled_before_the_cluster_starts():
    plan, (first, _) = steps(TILED)
    fill = next(fill for fill in plan.pad_fills if fill.planes.region == first.fields["output_l2"].region)
    assert fill.size_bytes == plan.regions[fill.planes.region].bytes
    assert not steps(RESIDENT)[0].pad_fills


def test_weights_of_pointwise_layers_stream_from_the_flash():
    plan, found = steps(FLASH)
    assert all(step.flash_bytes == len(plan.transfers[step.first_transfer].data) > 0 for step in found)
    assert 0 < sum(step.flash_bytes for step in found) <= len(plan.flash_image)


@pytest.mark.parametrize("way", [RESIDENT, TILED, FLASH])
def test_chunks_cover_all_groups_and_tiles_all_rows(way):
    plan, found = steps(way)
    for step in found:
        fields, rows = step.fields, plan.graph.layers[step.layers[0]].output.shape[0]
        assert fields["chunk_groups"] * (fields["chunks"] - 1) < fields["groups"] == 6
        assert fields["chunk_groups"] * fields["chunks"] >= 6
        assert 1 <= fields["first_rows"] <= fields["tile_rows"]
        assert fields["first_rows"] + fields["tile_rows"] * (fields["tiles"] - 1) == rows


def test_the_networks_input_is_signed():
    method = planner.assign(shapes.load("three inputs"))[0]
    assert isinstance(method, Dense) and method.signed
    assert not any(m.signed for m in planner.assign(shapes.load("two convolutions")) if isinstance(m, Dense))


def test_nine_bits_have_a_second_term():
    data = networks.as_uint8(networks.post_training(per_channel=False), 77)
    plan, found = steps(RESIDENT, network_file.load(data))
    assert all(step.fields["second"].startswith("&second_terms[") for step in found)
    assert all(entry["factor"] for entry in plan.second_terms)
    assert not steps(RESIDENT)[0].second_terms


def test_what_is_no_convolution():
    graph = shapes.load("one column")
    for index, made in enumerate(graph.layers):
        if made.kind not in ("convolution", "pointwise"):
            assert Dense.of(graph, index, None) == "not a convolution"


@pytest.mark.parametrize("name", ["kernel 10×10", "three inputs"])
def test_a_first_layer_of_windows_waits_for_its_own_weights(name, tmp_path):
    """No step in front of it does; small maps lie whole in L1, where nothing else waits."""
    graph = shapes.load(name)
    first = planner.plan(graph).steps[0]
    assert first.kind == "pointwise" and first.ready == first.first_transfer + 1
    assert_on_platform(graph, tmp_path, clips=1)
