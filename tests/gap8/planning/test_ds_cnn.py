"""Networks built like the DS-CNN, in every strategy and many shapes: equal to the reference in every layer."""

import pytest

from kwslib.gap8.planning import ds_cnn
from kwslib.gap8.planning.planner import plan
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import GENERAL, STRATEGIES, assert_everywhere, assert_on_host, assert_on_platform, only


def blocks(first, inner, kernel, stride, depthwise_stride, last=None):
    """A first convolution and two depthwise + pointwise pairs."""
    return (
        ("conv", first, kernel, stride),
        ("depthwise", first, (3, 3), depthwise_stride),
        ("conv", inner, (1, 1), (1, 1)),
        ("depthwise", inner, (3, 3), (1, 1)),
        ("conv", last or inner, (1, 1), (1, 1)),
    )


ODD = {
    "width 5": ((31, 5), blocks(6, 7, (10, 4), (2, 1), (1, 1))),
    "width 8, kernel 3×3": ((31, 8), blocks(9, 10, (3, 3), (1, 1), (1, 1))),
    "width 13, stride 1 and 2×2": ((31, 13), blocks(7, 22, (10, 4), (1, 1), (2, 2), 25)),
    "width 20, kernel 4×2, stride 3×2": ((31, 20), blocks(5, 13, (4, 2), (3, 2), (1, 1))),
    "width 20, depthwise stride 2×1": ((31, 20), blocks(8, 12, (10, 4), (2, 1), (2, 1))),
    "one column": ((24, 1), blocks(4, 5, (4, 1), (1, 1), (1, 1))),
}
"""Shapes that no assembly kernel is made for, or for some layers only."""
FAST = {
    "5 columns": ((49, 10), blocks(16, 24, (10, 4), (2, 2), (1, 1))),
    "5 columns, stride 2": ((49, 10), blocks(12, 20, (10, 4), (2, 1), (2, 2))),
    "20 columns, stride 2": ((20, 40), blocks(16, 12, (10, 4), (2, 1), (2, 2))),
    "20 columns": ((20, 40), blocks(8, 16, (10, 4), (2, 2), (1, 1))),
}
"""Shapes of the three sizes, with fewer channels: what the assembly kernels are made for."""


def load(cases, name, **options):
    return network_file.load(networks.quantised(*cases[name], **options), name)


@pytest.mark.parametrize("name", ["5 columns", "20 columns, stride 2"])
def test_shapes_of_the_three_sizes(name, tmp_path):
    network = load(FAST, name)
    assert len(plan(network).kernels) >= 3
    assert_everywhere(network, tmp_path)


@pytest.mark.parametrize("strategy", [*STRATEGIES, GENERAL])
def test_every_strategy_computes_the_same(strategy, tmp_path):
    with only(strategy):
        assert_everywhere(load(FAST, "5 columns, stride 2"), tmp_path, strategy)


@pytest.mark.parametrize("name", list(ODD)[1:5])
def test_odd_shapes_on_the_host(name):
    network = load(ODD, name, seed=3)
    assert plan(network).strategy == STRATEGIES[0]
    assert_on_host(network)


def test_an_odd_shape_on_the_simulator(tmp_path):
    assert_on_platform(load(ODD, "width 13, stride 1 and 2×2", seed=3), tmp_path)


def test_without_a_softmax():
    assert_on_host(load(FAST, "5 columns", softmax=False, classes=7))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [*STRATEGIES, GENERAL])
@pytest.mark.parametrize("name", [*FAST, *ODD])
def test_every_shape_in_every_strategy(name, strategy, tmp_path):
    with only(strategy):
        assert_everywhere(load(FAST | ODD, name, seed=5), tmp_path)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ((("conv", 4, (3, 3), (1, 1)), ("conv", 4, (1, 1), (1, 1))), "its layers are"),
        (blocks(4, 4, (3, 5), (1, 1), (1, 1)), "a kernel wider than four"),
    ],
)
def test_what_is_not_built_like_the_ds_cnn_is_left_to_the_general_plan(layers, reason):
    network = network_file.load(networks.quantised((12, 8), layers))
    assert reason in ds_cnn.unsuitable(network)
    assert plan(network).strategy == GENERAL
