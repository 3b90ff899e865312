"""The first convolution as a step: alone and fused."""

import pytest

from kwslib.gap8.planning import planner
from kwslib.gap8.planning.front import Front
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FUSED, RESIDENT, TILED, TILED_FUSED, planned
from tests.gap8.planning import shapes


def build(way, blocks=networks.SMALL):
    return planned(network_file.load(networks.quantised(*blocks)), way)


def test_alone_it_writes_the_planes_that_the_depthwise_layer_reads():
    plan = build(RESIDENT)
    front, depthwise = plan.steps[:2]
    assert (front.kind, front.layers, depthwise.kind) == ("front", (0,), "depthwise")
    assert front.fields["out"]["tiles"][0] == depthwise.fields["input"][0]
    assert front.fields["depthwise"] == "0" and front.dma_out_bytes == 0


@pytest.mark.parametrize("way", [FUSED, TILED_FUSED])
def test_fused_it_keeps_one_plane_for_each_core(way):
    plan = build(way)
    front = plan.steps[0]
    assert front.layers == (0, 1) and plan.maps[0] is None and plan.maps[1] is not None
    assert plan.regions["private planes"].bytes == 8 * front.fields["plane_bytes"]
    assert (front.dma_out_bytes > 0) == (way == TILED_FUSED)


def test_into_l2_it_writes_tiles_of_channels():
    front = build(TILED).steps[0]
    one, other = front.fields["out"]["tiles"]
    assert one != other and front.fields["out"]["l2"] != 0
    assert front.fields["tile_channels"] <= 16 and front.dma_out_bytes > 0


@pytest.mark.parametrize("way", [RESIDENT, TILED])
def test_the_input_has_room_around_it(way):
    plan = build(way)
    fields = plan.steps[0].fields
    assert fields["input"].offset == 4
    assert plan.regions[fields["input"].region].bytes >= fields["input_bytes"] + 8


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("kernel 10×10", "its kernel is wider than 4"),
        ("three inputs", "not a convolution of the network's input of one channel"),
        ("linear layers only", "not a convolution of the network's input of one channel"),
    ],
)
def test_what_other_methods_compute(name, reason):
    assert Front.of(shapes.load(name), 0, None) == reason


def test_nine_bits_start_from_sums():
    graph = network_file.load(networks.as_uint8(networks.post_training(per_channel=False), 77))
    fields = planned(graph, RESIDENT).steps[0].fields
    assert fields["sums"] != 0 and fields["sums_factor"] > 0 and fields["sums_mask"] == 0x01010101
    assert planner.assign(graph)[0].layer.centred_weights.max() > 127
    assert build(RESIDENT).steps[0].fields["sums"] == 0
