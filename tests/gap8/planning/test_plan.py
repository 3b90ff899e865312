"""Plans of many networks, in every strategy: what must hold whatever the planner chose."""

import json

import pytest

from kwslib.artifacts import to_plain
from kwslib.gap8.hardware import CORES, L1_BASE, L1_BYTES, L2_BASE, L2_BYTES, STACK_BYTES
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.program import codegen
from kwslib.integer import network_file
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
    value = json.loads(json.dumps(to_plain(planned.record())))
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
