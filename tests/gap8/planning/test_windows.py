"""Windows: their rows are whole words, only what needs them is gathered, and the input is laid out for them."""

import pytest

from kwslib.gap8.planning.walk import L1
from kwslib.gap8.planning.windows import Window
from tests.gap8.equal import RESIDENT, planned
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
    assert {step.fields["gather"] for step in plan.steps if step.kind == "pointwise"} <= {"0"} and not plan.gathers


def test_the_networks_input_is_laid_out_with_its_padding():
    plan = planned(shapes.load("three inputs"), RESIDENT)
    made, gather = plan.graph.layers[0], plan.gathers[0]
    region = plan.regions[gather["laid_out"].region]
    seen = (made.output.shape[1] - 1) * made.stride[1] + made.kernel[1]
    assert region.memory == L1 and gather["input_columns"] >= seen and gather["pad_left"] == 0
    assert region.bytes >= made.input.shape[0] * gather["input_columns"] * made.input.shape[2]
    assert gather["raw_left"] == made.padding[2] * made.input.shape[2]
