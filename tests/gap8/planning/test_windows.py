"""Windows: their rows are whole words, only what needs them is gathered, and the input is laid out for them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.gap8.planning import planner, weights
from kwslib.gap8.planning.pointwise import Dense
from kwslib.gap8.planning.walk import L1
from kwslib.gap8.planning.windows import Strips, Window
from kwslib.integer import network_file
from tests.gap8.equal import RESIDENT, assert_on_host, planned
from tests.gap8.family import Block, Member, pairs, write
from tests.gap8.planning import shapes
from tests.gap8.planning.layers import layer


@pytest.mark.parametrize(
    ("kind", "shape", "pixel", "window"),
    [
        ("pointwise", (4, 8), 12, None),
        ("convolution", (4, 3, 3, 8), 12, (36, 108, 108)),
        ("convolution", (4, 5, 7, 1), 1, (8, 40, 44)),
        ("pointwise", (4, 3), 3, (4, 4, 4)),
    ],
)
def test_windows_are_kernel_rows_of_whole_words(kind, shape, pixel, window):
    found = Window.of(layer(kind, shape), pixel)
    assert found is None if window is None else (found.row_bytes, found.bytes, found.pixel_bytes) == window


def test_only_what_is_no_pointwise_layer_is_gathered():
    plan = planned(shapes.load("two convolutions"), RESIDENT)
    (found,) = [step for step in plan.steps if step.kind == "pointwise"]
    assert found.fields["gather"] == "&gathers[0]" and len(plan.gathers) == 1
    assert plan.gathers[0]["kernel_rows"] == plan.gathers[0]["kernel_columns"] == 3
    assert plan.gathers[0]["laid_out"] == 0
    plan = planned(shapes.load("1×1 classifier"), RESIDENT)
    assert {step.fields["gather"] for step in plan.steps[1:] if step.kind == "pointwise"} <= {"0"}


def test_the_networks_input_is_laid_out_with_its_padding():
    plan = planned(shapes.load("three inputs"), RESIDENT)
    made, gather = plan.graph.layers[0], plan.gathers[0]
    region = plan.regions[gather["laid_out"].region]
    seen = (made.output.shape[1] - 1) * made.stride[1] + made.kernel[1]
    assert region.memory == L1 and gather["input_columns"] >= seen and gather["pad_left"] == 0
    assert region.bytes >= made.input.shape[0] * gather["input_columns"] * made.input.shape[2]
    assert gather["raw_left"] == made.padding[2] * made.input.shape[2]


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(1, 10)] * 2),
    st.tuples(*[st.integers(1, 4)] * 2),
    st.sampled_from([0, -90]),
    st.integers(0, 99),
)
def test_windows_are_runs_of_their_strip(kernel, stride, weight_zero_point, seed):
    """A strip by its definition: the pieces one behind the other. Every run of it gives the convolution's sums."""
    made = layer("convolution", (3, *kernel, 1), seed, weight_zero_point=weight_zero_point)
    made = replace(made, stride=stride)
    strips = Strips.of(made)
    assert strips.step % 4 == 0 and strips.bytes % 4 == 0
    axis = int(strips.across)
    rng = np.random.default_rng(seed)
    windows = 3
    size = [taps + (windows - 1) * step for taps, step in zip(kernel, stride, strict=True)]
    image = rng.integers(-128, 128, size)
    other = image.T if axis else image
    taps = weights.strips(made, strips.piece, strips.across).astype(int)
    factor = weights.common_terms(made).factor
    pieces = (windows - 1) * stride[axis] + strips.taps
    for place in range(windows):
        strip = rng.integers(-128, 128, strips.strip_bytes(windows) + strips.piece)  # what lies there before
        for piece in range(pieces):
            line = other[piece, place * stride[1 - axis] :][: strips.piece]
            strip[piece * strips.piece :][: len(line)] = line
        for number in range(windows):
            run = strip[number * strips.step :][: strips.bytes]
            y, x = (place, number) if axis else (number, place)
            seen = image[y * stride[0] :, x * stride[1] :][: kernel[0], : kernel[1]]
            exact = (made.centred_weights[..., 0].astype(int) * seen).sum(axis=(1, 2))
            assert (taps @ run + factor * run.sum() == exact).all()


def test_strips_lie_along_the_axis_with_fewer_words():
    for kernel, stride, expected in (
        ((10, 1), (1, 1), (True, 1, 12)),
        ((8, 5), (1, 1), (True, 5, 8)),
        ((5, 5), (2, 1), (False, 5, 6)),
        ((2, 10), (1, 2), (True, 10, 2)),
        ((2, 10), (1, 1), (False, 2, 12)),
    ):
        made = replace(layer("convolution", (3, *kernel, 1)), stride=stride)
        found = Strips.of(made)
        assert (found.across, found.taps, found.piece) == expected


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "options"),
    [
        ((5, 7), (1, 1), "SAME", {}),
        ((10, 1), (2, 1), "SAME", {}),
        ((2, 10), (1, 2), "VALID", {"dtype": "uint8", "per_channel": False, "weight_zero_points": (20,)}),
        ((6, 9), (2, 2), "SAME", {"dtype": "uint8", "per_channel": False, "weight_zero_points": (150,)}),
    ],
)
def test_a_first_layer_of_strips_equals_the_reference(kernel, stride, padding, options):
    member = Member(
        (33, 17), (Block("conv", 10, kernel, stride, padding), *pairs(1, 9)), zero_points="drawn", **options
    )
    graph = network_file.load(write(member, 3), "member")
    assert isinstance(planner.assign(graph)[0], Dense)
    assert_on_host(graph)
