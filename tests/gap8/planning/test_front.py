"""The first convolution as a step: alone and fused."""

import pytest

from kwslib.gap8.planning import ds_cnn
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import STRATEGIES


def build(strategy, blocks=networks.SMALL):
    return ds_cnn.build(network_file.load(networks.quantised(*blocks)), strategy)


def test_alone_it_writes_the_planes_that_the_depthwise_layer_reads():
    planned = build(STRATEGIES[0])
    front, depthwise = planned.steps[:2]
    assert (front.kind, front.layers, depthwise.kind) == ("front", (0,), "depthwise")
    assert front.fields["planes"] == depthwise.fields["input"][0]
    assert front.fields["depthwise"] == "0" and front.dma_out_bytes == 0


@pytest.mark.parametrize("strategy", STRATEGIES[1:3])
def test_fused_it_keeps_one_plane_for_each_core(strategy):
    planned = build(strategy)
    front = planned.steps[0]
    assert front.layers == (0, 1) and planned.maps[0] is None and planned.maps[1] is not None
    assert planned.regions["private planes"].bytes == 8 * front.fields["plane_bytes"]
    assert (front.dma_out_bytes > 0) == strategy.startswith("maps in L2")


def test_the_input_has_room_around_it():
    planned = build(STRATEGIES[0])
    size = planned.steps[0].fields["input_bytes"]
    assert planned.steps[0].fields["input"].offset == 4
    assert planned.regions["input"].bytes >= size + 8


def test_the_assembly_kernel_is_for_ten_rows_and_stride_two():
    blocks = (("conv", 16, (8, 4), (2, 2)), *networks.SMALL[1][1:])
    assert build(STRATEGIES[0]).steps[0].fields["convolve"].endswith("_first_convolution")
    other = build(STRATEGIES[0], (networks.SMALL[0], blocks))
    assert other.steps[0].fields["convolve"] == "portable_first_convolution"
