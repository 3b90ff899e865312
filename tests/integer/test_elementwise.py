import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import ModelError
from kwslib.integer import reference
from kwslib.integer.network_file import load
from tests.gap8 import networks
from tests.gap8.networks import clips, edit, interpreter
from tests.integer.residual_networks import residual

SCALES = st.floats(-5, 4).map(lambda power: float(np.float32(2.0**power)))
POINTS = st.integers(-128, 127)


def rescaled(data, values):
    """The file with other scales and zero points, {tensor: (scale, zero point)}; weights follow their outputs."""

    def change(model, graph):
        for index, (scale, zero_point) in values.items():
            quantisation = graph.tensors[index].quantization
            writer = next(op for op in graph.operators if op.outputs[0] == index)
            if len(writer.inputs) == 3:  # its factors stay what they were
                weights = graph.tensors[writer.inputs[1]].quantization
                weights.scale = np.asarray(weights.scale, np.float32) * np.float32(scale / quantisation.scale[0])
            quantisation.scale, quantisation.zeroPoint = [scale], [zero_point]

    return edit(data, change)


def compare(data, kind):
    """Our codes against those of TFLite's reference kernel, of the layers of a kind."""
    graph = load(data)
    codes = clips(graph.input, 6)
    ours = reference.run(graph, codes, layers=True).layers
    places = [place for place, layer in enumerate(graph.layers) if layer.kind == kind]
    tensors = [graph.layers[place].tensor for place in places]
    theirs = networks.run(interpreter(data, reference=True), codes, tensors)
    assert places
    for place, expected in zip(places, theirs, strict=True):
        assert np.array_equal(ours[place], expected), graph.layers[place].name


@settings(max_examples=60, deadline=None)
@given(st.tuples(SCALES, SCALES, SCALES), st.tuples(POINTS, POINTS, POINTS))
def test_an_addition_equals_the_reference_kernel_on_any_scales(scales, points):
    data = residual("linear", False)
    add = load(data).layers[3]
    a, b = (load(data).layers[read].tensor for read in add.reads)
    values = dict(zip((a, b, add.tensor), zip(scales, points, strict=True), strict=True))
    compare(rescaled(data, values), "add")


@settings(max_examples=40, deadline=None)
@given(st.tuples(SCALES, SCALES), st.tuples(POINTS, POINTS))
def test_a_rectifier_equals_the_reference_kernel_on_any_scales(scales, points):
    data = residual("before")
    layers = [layer for layer in load(data).layers if layer.kind == "requantise"]
    assert [layer.name[3:] for layer in layers] == ["Relu", "Relu6"]
    values = {layer.tensor: (scale, point) for layer, scale, point in zip(layers, scales, points, strict=True)}
    compare(rescaled(data, values), "requantise")


def test_a_rectifier_divides_its_scales_in_float32():
    """In float32 the factor is 3/4, so that code 2 is a tie, which rounds up; in float64 it is a little less."""
    data = residual("before")
    first, second = (layer for layer in load(data).layers[2:4])
    assert (first.kind, second.kind, second.source) == ("add", "requantise", 2)
    values = {first.tensor: (6_291_458 / 2**24, -30), second.tensor: ((2**23 + 3) / 2**24, -30)}
    compare(rescaled(data, values), "requantise")
    assert load(rescaled(data, values)).layers[3].table[-28 + 128] == -28


def test_an_addition_is_its_tables_and_a_requantisation():
    """The planner's view: two lookups, a sum, `code_of`."""
    graph = load(residual("identity"))
    add = graph.layers[3]
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-128, 128, (50, *add.input.shape)).astype(np.int8) for _ in range(2))
    sums = add.tables[0][x.astype(int) + 128] + add.tables[1][y.astype(int) + 128]
    codes = add.code_of(sums)
    assert codes.dtype == np.int64 and np.array_equal(codes, reference.run_layer(add, x, y))
    real = sum((codes.astype(float) - t.zero_point) * t.scale for codes, t in ((x, add.input), (y, add.second_input)))
    expected = np.clip(real / add.output.scale + add.output.zero_point, *add.clamp)
    assert np.abs(codes - expected).max() <= 0.51
    assert all(table.dtype == np.int32 and table.shape == (256,) for table in add.tables)


@pytest.mark.parametrize(("scales", "message"), [
    ((1e-15, 1.0, 1.0), r"operator 3 \(ADD\) scales an operand down to nothing \(by 5e-16\)"),
    ((1.0, 1.0, 1e-6), r"operator 3 \(ADD\) scales its sum up by more than 2\^0"),
    ((1.0, 1.0, 1e30), r"operator 3 \(ADD\) scales its sum down to nothing"),
])  # fmt: skip
def test_an_addition_of_scales_that_cannot_be_meant_is_refused(scales, message):
    data = residual("linear", False)
    add = load(data).layers[3]
    a, b = (load(data).layers[read].tensor for read in add.reads)
    values = {tensor: (scale, 0) for tensor, scale in zip((a, b, add.tensor), scales, strict=True)}
    with pytest.raises(ModelError, match=message):
        load(rescaled(data, values))
