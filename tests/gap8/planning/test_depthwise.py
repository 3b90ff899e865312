"""How depthwise layers read their input: planes that hold the map, and the kernel that knows them."""

from dataclasses import replace

import pytest

from kwslib.gap8.kernels import AnyDepthwise, Depthwise5, DepthwiseRows, DepthwiseStride2
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.depthwise import Depthwise
from kwslib.gap8.planning.general import General
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import RESIDENT, TILED, assert_on_host, planned
from tests.gap8.family import Block, Member, write
from tests.gap8.planning import shapes


def snapped(shape, stride, depthwise_stride):
    blocks = (
        ("conv", 8, (10, 4), stride),
        ("depthwise", 8, (3, 3), depthwise_stride),
        ("conv", 12, (1, 1), (1, 1)),
    )
    return network_file.load(networks.quantised(shape, blocks))


CASES = {
    "five columns": (lambda: snapped((49, 10), (2, 2), (1, 1)), Depthwise5),
    "five columns, stride 2": (lambda: snapped((49, 10), (2, 1), (2, 2)), DepthwiseStride2),
    "twenty columns": (lambda: snapped((20, 40), (2, 2), (1, 1)), DepthwiseRows),
    "stride 2×1": (lambda: snapped((31, 20), (2, 1), (2, 1)), AnyDepthwise),
    "zero points": (lambda: network_file.load(networks.post_training()), None),
    "5×5": (lambda: shapes.load("depthwise 5×5"), AnyDepthwise),
    "no padding": (lambda: shapes.load("depthwise 5×3, stride 1×2"), AnyDepthwise),
    "one column": (lambda: shapes.load("one column"), None),
}


def methods(name):
    return [method for method in planner.assign(CASES[name][0]()) if method.layer.kind == "depthwise"]


@pytest.mark.parametrize("name", CASES)
def test_each_shape_has_its_kernel(name):
    found = methods(name)
    assert found and all(isinstance(method, Depthwise) for method in found)
    if CASES[name][1] is not None:
        assert [method.kind for method in found] == [CASES[name][1]]


@pytest.mark.parametrize("name", CASES)
def test_planes_hold_the_map_its_padding_and_all_that_is_read(name):
    for method in methods(name):
        rows, columns, _ = method.layer.input.shape
        plane, layer = method.plane, method.layer
        seen = (layer.output.shape[0] - 1) * layer.stride[0] + layer.kernel[0]
        assert plane.top == layer.padding[0] and plane.rows >= max(seen, layer.padding[0] + rows)
        assert plane.row_bytes >= plane.left + columns and plane.row_bytes % 4 == 0
        assert plane.origin + (rows - 1) * plane.row_bytes + columns <= plane.plane_bytes
        beside = plane.row_bytes > columns
        assert plane.beside or not beside or method.kind is Depthwise5


@pytest.mark.parametrize("way", [RESIDENT, TILED])
def test_a_record_has_a_word_for_each_place_and_row(way):
    method = methods("five columns")[0]
    step = next(s for s in planned(CASES["five columns"][0](), way).steps if s.kind == "depthwise")
    assert step.fields["record_bytes"] == 4 * (3 * len(method._places) + method.rounding.words)
    assert (step.fields["tile_channels"] == 8) or way == TILED
    assert (step.fields["input_l2"] != 0) == (way == TILED)


def test_nine_bits_take_a_second_row_of_words():
    data = networks.as_uint8(networks.post_training(per_channel=False), 77)
    wide = [method for method in planner.assign(network_file.load(data)) if isinstance(method, Depthwise)]
    for method in wide:
        words = 2 * method.layer.kernel[0] * len(method._places) + method.rounding.words
        assert method.records.shape[1] == words


def test_few_channels_share_their_rows_among_the_cores():
    """Nine channels on eight cores: in parts they take as long as nine eighths, not as two."""
    first = Block("conv", 9, (3, 3), (1, 1))
    member = Member((31, 17), (first, Block("depthwise", 0, (5, 3), (2, 1)), Block("pointwise", 64)))
    graph = network_file.load(write(replace(member, zero_points="drawn"), 3), "member")
    plan = planner.plan(graph)
    step = next(step for step in plan.steps if step.kind == "depthwise")
    parts, rows = step.fields["parts"], graph.layers[1].output.shape[0]
    kernel = plan.kernels[step.fields["kernel"]]
    assert parts > 1 and kernel.rows == step.fields["part_rows"] == -(-rows // parts)
    assert step.fields["last_top"] + kernel.rows == rows and kernel.padded == (False, False)
    assert_on_host(graph)


def test_channels_that_are_a_multiple_of_the_cores_stay_whole():
    plan = planned(CASES["five columns"][0](), RESIDENT)
    assert [step.fields["parts"] for step in plan.steps if step.kind == "depthwise"] == [1]


def test_a_weight_of_255_is_negated():
    member = Member(
        (26, 13),
        (Block("conv", 12, (5, 4)), Block("depthwise", 0, (3, 3)), Block("pointwise", 9)),
        dtype="uint8",
        per_channel=False,
        zero_points="drawn",
        weight_zero_points=(0,),
    )
    graph = network_file.load(write(member, 3), "member")
    assert graph.layers[1].centred_weights.max() == 255
    method = planner.assign(graph)[1]
    assert isinstance(method, Depthwise) and (method.records[:, -method.rounding.words] < 0).all()
    assert_on_host(graph)


def test_what_no_kernel_computes():
    graph = shapes.load("multiplier 2")
    index = next(i for i, layer in enumerate(graph.layers) if layer.kind == "depthwise")
    assert "multiplier 1" in Depthwise.of(graph, index, None)
    assert isinstance(planner.assign(graph)[index], General)
