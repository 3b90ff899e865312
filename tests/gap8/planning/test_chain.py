"""What the steps of a DS-CNN share: buffers, maps between layers, parts of the weights."""

import numpy as np
import pytest
from kwslib.gap8.planning.chain import TILE_CHANNELS, Chain, parts_of, whole_groups

from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.layouts import pixel_bytes
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES
from kwslib.gap8.planning.plan import Ref
from kwslib.integer import network_file
from tests.gap8 import networks


@pytest.fixture(params=[False, True], ids=["resident", "tiled"])
def chain(request):
    network = network_file.load(networks.quantised(*networks.SMALL))
    return Chain(Builder(network, "by hand"), tiled=request.param, fused=True)


def test_the_map_between_two_layers_lives_in_both_their_steps(chain):
    depthwise, pointwise = chain.layers[1:3]
    written = chain.channels_last(depthwise, 4)
    assert chain.read_channels_last(pointwise, 5) == written
    region = chain.builder.region(written.region)
    rows, columns, channels = depthwise.output.shape
    assert (region.memory, region.first, region.last) == (chain.memory, 4, 5)
    assert region.bytes == rows * columns * pixel_bytes(channels) + DMA_SLACK_BYTES * chain.tiled


def test_maps_pass_through_tiles_only_if_they_lie_in_l2(chain):
    source, target = Ref("source"), Ref("target")
    fields = chain.map_fields(3, source, target, 100, 50)
    if chain.tiled:
        assert fields["input_l2"] == source and fields["output_l2"] == target
        assert [ref.region for ref in fields["input"]] == ["tile 3 in 0", "tile 3 in 1"]
        assert [chain.builder.region(ref.region).bytes for ref in fields["output"]] == [50, 50]
    else:
        assert fields == {"input": (source,) * 2, "output": (target,) * 2, "input_l2": 0, "output_l2": 0}


def test_weights_in_one_part_have_one_buffer(chain):
    one, other = chain.record_buffers("one", 8, parts=1, at=2)
    assert one == other == Ref("one 0")
    assert chain.record_buffers("two", 8, parts=5, at=2, early=1) == (Ref("two 0"), Ref("two 1"))
    assert [chain.builder.region(f"two {turn}").first for turn in range(2)] == [1, 2]


def test_parts_of_the_weights_take_turns_in_the_buffers(chain):
    buffers = chain.record_buffers("records", 24, parts=3, at=0)
    records = np.arange(15).reshape(5, 3)
    chain.builder.add("pointwise", (2,))
    chain.fetch(buffers, parts_of(records, 2))
    transfers = chain.builder.plan.transfers
    assert [transfer.target for transfer in transfers] == [buffers[0], buffers[1], buffers[0]]
    assert b"".join(transfer.data for transfer in transfers) == records.astype("<i4").tobytes()


def test_a_depthwise_tile_is_a_line_of_the_2d_transfer(chain):
    assert chain.tile_channels(64) == (TILE_CHANNELS if chain.tiled else 64)


def test_nothing_reads_planes_that_nothing_wrote(chain):
    with pytest.raises(AssertionError, match="no layer has written planes"):
        chain.written_planes()


def test_groups_of_four_channels():
    assert [whole_groups(channels) for channels in (1, 4, 5, 276)] == [4, 4, 8, 276]
