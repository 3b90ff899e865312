"""Members of the family: files that TFLite reads as they are meant, and programs that equal the reference."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kwslib.gap8.hardware import STACK_BYTES
from kwslib.gap8.measure import layer_profile
from kwslib.gap8.planning.memory import Region
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.platforms.platform import open_platform
from kwslib.integer import network_file, reference
from tests.gap8 import networks
from tests.gap8.equal import assert_on_host
from tests.gap8.family import LARGEST_SAMPLE, NAMED, Block, Member, members, pairs, sample, write
from tests.gap8.guards import Gap, build_guarded, gaps, harm, run_guarded, stack_bytes

LARGEST_WEIGHT_ZERO_POINTS = (0, 96, 250)
FIRST = Block("conv", 12, (10, 4), (2, 2))
TINY = Member((25, 10), (FIRST, *pairs(1, 9)))


def load(member, seed=0):
    return network_file.load(write(member, seed), "member")


CASES = {
    "zero points -128, per channel": NAMED["like kws_ref_model"],
    "uint8, zero points 128": NAMED["like s_quant"],
    "any zero points, one scale": Member((49, 10), (FIRST, *pairs(2, 30)), per_channel=False, zero_points="drawn"),
    "uint8, weights of nine bits": Member(
        (31, 11),
        (replace(FIRST, padding="VALID"), Block("depthwise", 0, (5, 5), (2, 1)), Block("pointwise", 7)),
        dtype="uint8",
        per_channel=False,
        zero_points="drawn",
        weight_zero_points=LARGEST_WEIGHT_ZERO_POINTS,
    ),
    "uint8, older first convolution, MEAN": Member(
        (26, 13),
        (FIRST, *pairs(1, 22)),
        pool="mean",
        dtype="uint8",
        per_channel=False,
        older=True,
        zero_points="drawn",
        weight_zero_points=(120, 143),
    ),
    "one column, MEAN, no activation": Member(
        (31, 1),
        (Block("conv", 9, (3, 1), (1, 1), "VALID", "none"), *pairs(2, 7, "relu6", (2, 1))),
        pool="mean",
        zero_points="drawn",
    ),
    "no pool, ordinary convolution, linear layer by channel": Member(
        (31, 11),
        (Block("conv", 9, (2, 3), (1, 2), activation="none"), Block("conv", 12, (3, 2), (2, 1)), *pairs(1, 7)),
        pool="none",
        zero_points="drawn",
        linear_per_channel=True,
    ),
    "ReLU6, 1x1 classifier": Member(
        (40, 10),
        (Block("conv", 21, (10, 4), (1, 1), activation="relu6"), *pairs(2, 33, "relu6", (2, 2))),
        classifier="pointwise",
        softmax=False,
    ),
}


def compare(data, clips=4):
    """Codes of every layer: the reference's, which are held against TFLite's reference kernels."""
    graph = network_file.load(data, "member")
    codes = networks.clips(graph.input, clips)
    outputs = reference.run(graph, codes, layers=True)
    theirs = networks.run(networks.interpreter(data, reference=True), codes, [layer.tensor for layer in graph.layers])
    for layer, own, other in zip(graph.layers, outputs.layers, theirs, strict=True):
        assert np.array_equal(layer.output.from_core(own).ravel(), other.ravel()), layer.name
    return graph, outputs.layers


@pytest.mark.parametrize("name", CASES)
def test_files_equal_tflites_reference_kernels(name):
    member = CASES[name]
    graph, codes = compare(write(member, 1))
    assert graph.macs == member.macs
    assert [layer.output.shape for layer in graph.layers[: len(member.blocks)]] == member.shapes[1:]
    # the codes of every layer before the pool are used
    assert min(len(np.unique(layer)) for layer in codes[: len(member.blocks)]) > 12
    assert not any(layer.snapped for layer in graph.layers)


@pytest.mark.parametrize("activation", ["relu", "relu6", "none"])
def test_snapped_files_equal_the_default_kernels(activation):
    first = replace(FIRST, activation=activation)
    member = Member((49, 10), (first, *pairs(2, 30, activation)), softmax=False, snapped=True, zero_points="middle")
    data = write(member, 3)
    graph = network_file.load(data, "member")
    assert graph.snapped
    codes = networks.clips(graph.input, 8)
    (theirs,) = networks.run(networks.interpreter(data), codes)
    assert np.array_equal(reference.run(graph, codes).codes, theirs)
    assert len(np.unique(theirs)) > 20


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_pools_and_additions_equal_the_reference_kernels(kind):
    residual = (
        Block("depthwise", 0, (3, 3)),
        Block("pointwise", 12, activation="none"),
        Block("add", activation="relu"),
    )
    pool = Block("max_pool", 0, (3, 2), (2, 1))
    member = Member((40, 10), (FIRST, pool, *residual), dtype=kind, per_channel=False, zero_points="drawn")
    graph, codes = compare(write(member, 2))
    assert {"max_pool", "add"} <= {layer.kind for layer in graph.layers}
    assert min(len(np.unique(layer)) for layer in codes[: len(member.blocks)]) > 12


def test_weights_less_their_zero_point_need_nine_bits():
    graph = load(CASES["uint8, weights of nine bits"])
    reach = [np.abs(layer.centred_weights).max() for layer in graph.layers if layer.weights is not None]
    assert max(reach) > 200
    assert {layer.weight_zero_point + 128 for layer in graph.layers if layer.weights is not None} == set(
        LARGEST_WEIGHT_ZERO_POINTS
    )


def test_the_seed_decides_the_content():
    assert write(TINY, 1) == write(TINY, 1) != write(TINY, 2)


@pytest.mark.parametrize(
    ("name", "macs"),
    [("small", 2_656_768), ("like l_quant", 218_291_712), ("like MicroNet-M", 15_556_352), ("49x13", 3_719_168)],
)
def test_named_members_are_the_networks_that_they_are_named_after(name, macs):
    assert NAMED[name].macs == macs


def test_drawn_members_cover_the_family():
    found = sample(40)
    assert {member.dtype for member in found} == {"int8", "uint8"}
    assert {member.zero_points for member in found} == {"low", "middle", "drawn"}
    assert {True, False} == {member.snapped for member in found} == {member.older for member in found}
    assert {block.kernel for member in found for block in member.blocks if block.kind == "depthwise"} == {
        (3, 3),
        (5, 5),
    }
    assert any(member.shape[1] < 10 for member in found)
    assert sum(member.blocks[0].channels % 4 > 0 for member in found) > 12
    assert sum(member.macs > 1_000_000 for member in found) > 20


@settings(max_examples=5, derandomize=True, database=None, phases=[Phase.generate])  # a compiler runs in each example
@given(members(), st.integers(0, 99))
def test_a_member_equals_the_reference_on_the_host(member, seed):
    assert_on_host(load(member, seed), clips=3)


def assert_guarded(graph, folder):
    """On the simulator: every layer equals the reference, and nothing was written outside of the regions."""
    built = build_guarded(plan(graph), folder)
    codes = networks.clips(graph.input, 4)[3]
    text = run_guarded(open_platform("simulator"), built, codes)
    layer_profile.check_outputs(layer_profile.parse(text), graph, codes)
    assert harm(text, built.plan) == []
    assert 64 < stack_bytes(text) < STACK_BYTES


def test_a_small_member_harms_no_guard(tmp_path):
    assert_guarded(load(TINY), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(LARGEST_SAMPLE))
def test_a_member_equals_the_reference_on_the_simulator_and_harms_no_guard(number, tmp_path):
    assert_guarded(load(sample(LARGEST_SAMPLE)[number], number), tmp_path)


def test_a_write_outside_of_the_regions_is_found(tmp_path):
    """The guards are told that the region of the probabilities ends one byte before it does."""
    graph = load(TINY)
    planned = plan(graph)
    last = planned.steps[-1]
    assert last.kind == "softmax"
    output = planned.regions[last.fields["output"].region]
    regions = {**planned.regions, output.name: replace(output, bytes=graph.classes - 1)}
    built = build_guarded(planned, tmp_path, regions.values())
    text = run_guarded(open_platform("simulator"), built, networks.clips(graph.input, 4)[3])
    (found,) = harm(text, planned)
    assert found.startswith(f"step {len(planned.steps) - 1} (softmax): 1 bytes from")
    assert f"0x{output.address + graph.classes - 1:x}" in found


def test_gaps_are_what_the_regions_of_a_step_leave():
    regions = [
        Region("late", "L1", 8, 5, 9, 1000),
        Region("b", "L1", 10, 0, 3, 1040),
        Region("a", "L1", 16, 1, 1, 1016),
        Region("other memory", "L2", 99, 0, 9, 1000),
        Region("touches", "L1", 6, 0, 3, 1050),
    ]
    assert gaps(regions, 1, 1000, 1100) == [Gap(1000, 1016), Gap(1032, 1040), Gap(1056, 1100)]
    assert gaps(regions, 3, 1000, 1056) == [Gap(1000, 1040)]
    assert gaps(regions, 4, 1000, 1100) == [Gap(1000, 1100)]
    assert gaps(regions, 5, 1000, 1008) == []
