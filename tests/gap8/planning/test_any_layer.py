"""Other people's networks: zero points, per-tensor and per-channel scales, uint8, other layers, other heads."""

import numpy as np
import pytest

from kwslib.gap8.planning.planner import plan
from kwslib.gap8.program import host_library
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import GENERAL, assert_everywhere, assert_on_host, assert_on_platform

MAKERS = {
    "int8, per channel": networks.post_training,
    "int8, per tensor, partial pool, flat input": lambda: networks.post_training(
        per_channel=False, head="partial", flat=True, channels=13
    ),
    "uint8 ends, mean, ReLU6, multiplier 2": lambda: networks.post_training(
        head="mean", relu6=True, ends="uint8", multiplier=2, channels=6
    ),
    "mean that keeps its dimensions, width 13": lambda: networks.post_training(head="keep", shape=(31, 13), channels=9),
    "uint8, first convolution as depthwise": lambda: networks.as_uint8(networks.post_training(per_channel=False)),
    "uint8, weight zero point 77": lambda: networks.as_uint8(networks.post_training(per_channel=False), 77),
}


@pytest.mark.parametrize("name", MAKERS)
def test_equal_to_the_reference_on_the_host(name):
    network = network_file.load(MAKERS[name](), "network")
    assert plan(network).strategy == GENERAL
    assert_on_host(network)


@pytest.mark.parametrize("name", [name for name in MAKERS if name.startswith("uint8")][:2])
def test_equal_to_the_reference_on_the_simulator(name, tmp_path):
    assert_on_platform(network_file.load(MAKERS[name](), "network"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_equal_to_the_reference_everywhere(name, tmp_path):
    assert_everywhere(network_file.load(MAKERS[name](), "network"), tmp_path, GENERAL)


@pytest.mark.parametrize("shape", [(31, 9), (40, 11), (33, 13), (49, 20)])
@pytest.mark.slow
def test_other_widths(shape):
    for seed, head in enumerate(("pool", "mean", "partial")):
        assert_on_host(network_file.load(networks.post_training(shape=shape, head=head, seed=seed, channels=7)))


def test_equal_to_tflites_reference_kernels():
    """The whole way round the integer reference: logits of the host library against the interpreter's."""
    data = networks.post_training()
    network = network_file.load(data)
    codes = networks.clips(network.input, 12)
    tensor = network.layers[network.logits].tensor
    (logits,) = networks.run(networks.interpreter(data, reference=True), codes, [tensor])
    assert (host_library.run(network, codes, processes=1).logits == logits.reshape(12, -1)).all()


def test_tiles_and_chunks_cover_a_map_that_does_not_fit():
    """Two layers of 40 KB maps: rows in several tiles, channels in several chunks."""
    blocks = (("conv", 32, (5, 5), (1, 1)), ("conv", 40, (3, 3), (2, 2)), ("conv", 8, (1, 1), (1, 1)))
    network = network_file.load(networks.quantised((60, 24), blocks))
    steps = plan(network).steps
    assert any("1 tile(s)" not in step.description for step in steps)
    assert np.sum([step.dma_out_bytes for step in steps[:2]]) > 64 * 1024 - 8192
    assert_on_host(network)
