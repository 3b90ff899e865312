"""Pointwise layers as steps: the planes that they write, their tiles and kernels."""

import pytest

from kwslib.gap8.planning import ds_cnn
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import STRATEGIES

PAIRS = (
    ("conv", 16, (10, 4), (2, 2)),
    ("depthwise", 16, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
    ("depthwise", 24, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
)


def steps(strategy, blocks=PAIRS, shape=(49, 10)):
    planned = ds_cnn.build(network_file.load(networks.quantised(shape, blocks)), strategy)
    return planned, [step for step in planned.steps if step.kind == "pointwise"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_layers_of_one_shape_share_their_planes(strategy):
    planned, (first, second) = steps(strategy)
    where = "output_l2" if strategy.startswith("maps in L2") else "output"
    assert first.fields[where] == second.fields[where]
    names = {region for region in planned.regions if region.startswith("planes ")}
    assert names == ({"planes 2"} if "fused" in strategy else {"planes 0", "planes 2"})


def test_padding_is_filled_once_where_maps_stay_in_l1():
    _, (first, second) = steps(STRATEGIES[1])
    assert (first.fields["fill"], second.fields["fill"]) == (1, 0)


def test_padding_in_l2_is_filled_before_the_cluster_starts():
    planned, (first, _) = steps(STRATEGIES[2])
    assert planned.pad_fill.planes == first.fields["output_l2"]
    assert planned.pad_fill.size_bytes == 24 * first.fields["plane_bytes"]
    assert steps(STRATEGIES[1])[0].pad_fill is None


def test_two_kinds_of_planes_in_l2_are_not_planned():
    blocks = (*PAIRS[:3], ("depthwise", 24, (3, 3), (2, 2)), ("conv", 32, (1, 1), (1, 1)))
    with pytest.raises(DoesNotFit, match="of L2") as caught:
        steps(STRATEGIES[2], blocks)
    assert caught.value.layer


def test_chunks_cover_all_groups_and_rows():
    for strategy in STRATEGIES:
        planned, found = steps(strategy)
        for step in found:
            fields = step.fields
            assert fields["chunk_groups"] <= fields["groups"] == 6
            assert fields["tile_rows"] <= fields["rows"]
            assert fields["row_blocks"] * 5 >= fields["last_start"] + 5


@pytest.mark.parametrize(("channels", "kernel"), [(16, "_pointwise"), (8, "portable_pointwise")])
def test_few_inputs_are_left_to_the_portable_kernel(channels, kernel):
    blocks = (("conv", channels, *PAIRS[0][2:]), ("depthwise", channels, (3, 3), (1, 1)), PAIRS[2])
    _, (step,) = steps(STRATEGIES[0], blocks)
    assert step.fields["kernel"].endswith(kernel)
