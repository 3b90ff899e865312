"""Plans of many networks, in every way: what must hold whatever the planner chose."""

import json

import pytest

from kwslib.artifacts import to_plain
from kwslib.gap8.hardware import CORES, L1_BASE, L1_BYTES, L2_BASE, L2_BYTES, STACK_BYTES
from kwslib.gap8.program import codegen
from kwslib.integer import network_file
from tests.gap8 import equal, networks
from tests.gap8.equal import FUSED, PORTABLE_TILED, RESIDENT, TILED, WAYS
from tests.gap8.planning import shapes

MAKERS = {
    "small": lambda: networks.quantised(*networks.SMALL),
    "zero points": networks.post_training,
    "nine bits": lambda: networks.as_uint8(networks.post_training(per_channel=False), 77),
    "residual": lambda: shapes.residual("shortcut"),
}
CASES = [
    *(("small", way) for way in WAYS),
    *((name, way) for name in ("zero points", "nine bits") for way in (RESIDENT, FUSED, TILED, PORTABLE_TILED)),
    *(("residual", way) for way in (RESIDENT, TILED)),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}, {case[1]}")
def planned(request):
    name, way = request.param
    return equal.planned(network_file.load(MAKERS[name](), name), way)


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
        assert value["runtime_l1_bytes"] <= step["l1_peak_bytes"] <= L1_BYTES
        assert value["code_l2_bytes"] < step["l2_peak_bytes"] <= L2_BYTES
        assert step["predicted_cycles"] > 0 and step["description"]
        assert bool(step["portable"]) == (step["kind"] == "general")
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
    moved = sum(len(transfer.data) for transfer in planned.transfers)
    assert moved >= sum(layer.weights.size for layer in planned.graph.layers if layer.weights is not None)


def test_no_transfer_starts_before_its_place_is_free(planned):
    """A step's `prefetch` and `ready` say which transfers it may start: their regions live by then."""
    started = 0
    for number, step in enumerate(planned.steps):
        until = max(step.prefetch, step.ready, started)
        for transfer in planned.transfers[started:until]:
            region = planned.regions[transfer.target.region]
            assert region.first <= number <= region.last, (number, transfer.target)
        started = until
        assert (
            step.ready <= step.prefetch or number + 1 == len(planned.steps) or step.prefetch <= len(planned.transfers)
        )


def test_every_layer_has_a_whole_map_unless_it_is_fused_away(planned):
    fused = {step.layers[0] for step in planned.steps if len(step.layers) > 1}
    assert {index for index, found in enumerate(planned.maps) if found is None} == fused


def test_maps_lie_in_regions_that_hold_them(planned):
    for found in planned.maps:
        if found is not None:
            region = planned.regions[found.base.region]
            rows, columns, channels = found.layout.shape
            layout = found.layout
            last = (rows - 1) * layout.row_bytes + (columns - 1) * layout.column_bytes
            last += (channels - 1) * layout.channel_bytes + found.base.offset
            assert 0 <= found.base.offset <= last < region.bytes
