"""Plans of many networks, in every strategy: what must hold whatever the planner chose."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.gap8.planning import ds_cnn
from kwslib.gap8.planning.plan import CORES, L1_BASE, L1_BYTES, L2_BASE, L2_BYTES, STACK_BYTES, Builder, plan
from kwslib.gap8.program import codegen
from kwslib.integer import network_file
from kwslib.paths import models_dir
from tests.gap8 import networks
from tests.gap8.equal import GENERAL, STRATEGIES, only

MAKERS = {
    "small": lambda: networks.quantised(*networks.SMALL),
    "medium": lambda: networks.quantised(*networks.MEDIUM),
    "zero points": networks.post_training,
    "uint8": lambda: networks.as_uint8(networks.post_training(per_channel=False)),
}
CASES = [
    *((name, strategy) for name in ("small", "medium") for strategy in (*STRATEGIES, GENERAL)),
    ("zero points", GENERAL),
    ("uint8", GENERAL),
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}, {case[1]}")
def planned(request):
    name, strategy = request.param
    with only(strategy):
        found = plan(network_file.load(MAKERS[name](), name))
    assert found.strategy == strategy
    return found


def test_no_two_regions_that_live_in_one_step_overlap_and_all_are_in_their_memory(planned):
    regions = [region for region in planned.regions.values() if region.memory in ("L1", "L2")]
    for number, one in enumerate(regions):
        base, size = {"L1": (L1_BASE, L1_BYTES), "L2": (L2_BASE, L2_BYTES)}[one.memory]
        assert base <= one.address and one.end <= base + size
        assert one.address >= (planned.l1_begin if one.memory == "L1" else planned.l2_begin)
        for other in regions[:number]:
            if one.memory == other.memory and one.overlaps(other):
                assert one.end <= other.address or other.end <= one.address, (one, other)


def test_every_step_says_what_it_uses_and_that_fits(planned):
    value = json.loads(json.dumps(planned.to_json()))
    assert [name for step in value["steps"] for name in step["layers"]] == [x.name for x in planned.graph.layers]
    for step in value["steps"]:
        assert value["runtime_l1_bytes"] < step["l1_peak_bytes"] <= L1_BYTES
        assert value["code_l2_bytes"] < step["l2_peak_bytes"] <= L2_BYTES
    assert value["runtime_l1_bytes"] >= CORES * STACK_BYTES
    assert value["weights_l2_bytes"] == len(planned.l2_image)
    assert (value["weights_flash_bytes"] > 0) == ("flash" in value["strategy"])


def test_every_weight_travels_once_in_order(planned):
    """Transfers end up where their step reads: inside of the regions, from bytes that hold the records."""
    images = codegen.contents(planned)
    for transfer, source in zip(planned.transfers, planned.sources, strict=True):
        region = planned.regions[transfer.target.region]
        assert transfer.target.offset + len(transfer.data) <= region.bytes
        image, start = (images["flash.bin"], source) if transfer.slot else (images["l2.bin"], source - planned.l2_begin)
        assert image[start : start + len(transfer.data)] == transfer.data
        assert len(transfer.data) % 4 == 0 and source % 4 == 0
    starts = [step.first_transfer for step in planned.steps]
    assert starts == sorted(starts)
    weighted = sum(layer.weights is not None for layer in planned.graph.layers)
    assert len(planned.transfers) >= sum(starts[i] != starts[i - 1] for i in range(1, len(starts)))
    assert len(planned.transfers) >= weighted - 1  # two fused layers share theirs


def test_every_layer_has_a_whole_map_unless_it_is_fused_away(planned):
    fused = {step.layers[0] for step in planned.steps if len(step.layers) > 1}
    assert {index for index, found in enumerate(planned.maps) if found is None} == fused


@pytest.mark.parametrize(
    ("size", "strategy", "flash"),
    [("small", "maps in L1", False), ("medium", "maps in L1", False), ("large", "maps in L2", True)],
)
def test_the_recorded_networks(size, strategy, flash):
    found = plan(network_file.load(models_dir() / f"quick-{size}" / "model.tflite"))
    assert found.strategy.startswith(strategy)
    assert bool(found.flash_image) == flash
    assert all(found.peak_bytes("L1", step) <= L1_BYTES for step in range(len(found.steps)))
    assert all(found.peak_bytes("L2", step) <= L2_BYTES for step in range(len(found.steps)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: network_file.load(networks.quantised((300, 200), networks.SMALL[1]), "wide"),
            r"^wide does not fit GAP8: S\d+_\w+ lacks \d+ bytes of L[12] \(.*\)$",
        ),
        (
            lambda: network_file.load(
                networks.quantised(
                    (20, 8), (("conv", 300, (3, 3), (2, 2)), ("conv", 300, (3, 3), (1, 1)), ("conv", 4, (1, 1), (1, 1)))
                ),
                "heavy",
            ),
            r"^heavy does not fit GAP8: S2_Conv2d_300x300x3x3_Relu lacks \d+ bytes of L2 \(layer by layer; .*\)$",
        ),
    ],
)
def test_a_network_that_cannot_fit_says_which_layer_and_by_how_many_bytes(make, message):
    with pytest.raises(ModelError, match=message):
        plan(make())


def test_a_region_lives_from_its_first_to_its_last_use():
    builder = Builder(network_file.load(networks.quantised(*networks.SMALL)), "by hand")
    builder.use("map", "L1", 10, 2)
    builder.use("map", "L1", 40, 5)
    builder.use("map", "L1", 0, 3)
    assert builder._wanted["map"] == replace(builder._wanted["map"], bytes=40, first=2, last=5)


def test_the_same_kernel_and_the_same_geometry_are_made_once():
    builder = Builder(network_file.load(networks.quantised(*networks.SMALL)), "by hand")
    assert builder.kernel("pointwise", inputs=16) == builder.kernel("pointwise", inputs=16)
    assert builder.kernel("pointwise", inputs=16) != builder.kernel("pointwise", inputs=20)
    assert builder.geometry(rows=1) == builder.geometry(rows=1) != builder.geometry(rows=2)


def test_streamed_weights_pass_through_two_places_in_turn():
    with only(STRATEGIES[-1]):
        found = plan(network_file.load(networks.quantised(*networks.SMALL)))
    slots = [transfer.slot.region for transfer in found.transfers if transfer.slot]
    assert slots and all(slot == f"stream {turn % 2}" for turn, slot in enumerate(slots))
    assert sum(len(t.data) for t in found.transfers if t.slot) == np.sum([s.flash_bytes for s in found.steps])


def test_the_general_plan_is_what_is_left_for_other_networks():
    network = network_file.load(networks.post_training())
    assert "its layers are" in ds_cnn.unsuitable(network)
    assert plan(network).strategy == GENERAL
