import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.integer import reference, scaling
from kwslib.integer.flatbuffer import RawOperator
from kwslib.integer.graph import Tensor
from kwslib.integer.network_file import load
from kwslib.integer.requantisation import ONCE
from tests.gap8 import networks
from tests.gap8.networks import clips, edit, interpreter, post_training, quantised
from tests.integer.residual_networks import residual
from tests.places import SHARED

OPERATOR = RawOperator(3, "CONV_2D", (), (), None)
FOREIGN = SHARED / "foreign"


def tensor(scale, zero_point=0, dtype="int8"):
    return Tensor((1, 1, 2), dtype, scale, zero_point)


@pytest.mark.parametrize(("factor", "message"), [
    (0.0, r"down to nothing"), (2.0**-40, r"down to nothing"), (np.inf, r"up by more than 2\^16 \(by inf\)"),
    (np.nan, r"up by more"), (2.0**17, r"up by more than 2\^16 \(by 1.31e\+05\)"),
])  # fmt: skip
def test_a_factor_that_cannot_be_meant_names_operator_and_channel(factor, message):
    with pytest.raises(ModelError, match=r"operator 3 \(CONV_2D\) scales the accumulator of channel 2 " + message):
        scaling.exact(OPERATOR, "the accumulator", np.array([0.5, 0.25, factor, factor]))


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(("source", "weights", "target"), [
    (1e-30, 1e-30, 1.0), (3e38, 3e38, 1.0), (1.0, 1.0, 1e-45), (1e-45, 1.0, 3e38), (1e-38, 1e-38, 1e-38),
])  # fmt: skip
def test_scales_that_leave_float32_are_refused_without_a_warning(source, weights, target, dtype, recwarn):
    with pytest.raises(ModelError, match=r"scales the accumulator of channel \d|scales the accumulator (up|down)"):
        scaling.of_accumulators(
            OPERATOR, "convolution", tensor(source, dtype=dtype), np.float32([weights]), tensor(target), 2, False
        )
    assert not recwarn.list


def test_an_operator_with_weights_is_refused_by_name_and_channel():
    def change(model, graph):
        scale = graph.tensors[graph.operators[2].inputs[1]].quantization
        scale.scale = [*scale.scale[:5], 1e-30, *scale.scale[6:]]

    with pytest.raises(ModelError, match=r"operator 2 \(CONV_2D\) scales the accumulator of channel 5 down to nothing"):
        load(edit(post_training(), change))


@pytest.mark.parametrize("value", [0.0, -0.5, float("inf"), float("nan")])
def test_a_scale_that_is_no_positive_number_is_refused(value):
    def change(model, graph):
        quantisation = graph.tensors[graph.operators[2].inputs[1]].quantization
        quantisation.scale = [*quantisation.scale[:3], value, *quantisation.scale[4:]]

    with pytest.raises(ModelError, match=r"tensor \d+ .* has a scale that is not positive and finite"):
        load(edit(post_training(), change))


def test_a_tiny_output_scale_of_relu6_is_refused():
    def change(model, graph):
        graph.tensors[graph.operators[1].outputs[0]].quantization.scale = [1e-40]

    with pytest.raises(ModelError, match=r"operator 1 \(DEPTHWISE_CONV_2D\) scales the accumulator of channel 0 up"):
        load(edit(post_training(relu6=True), change))


@pytest.mark.parametrize(("zero_point", "relu", "short"), [
    (0, False, True), (0, True, True), (1, False, False), (-1, True, False), (127, False, False), (-128, True, False),
])  # fmt: skip
def test_the_snapped_form_needs_output_zero_point_0(zero_point, relu, short):
    scales = np.float32([257 * 2.0**-17, 511 * 2.0**-15])
    form = scaling.of_accumulators(OPERATOR, "linear", tensor(1.0), scales, tensor(1.0, zero_point), 2, relu)
    assert form.snapped == short and form.rounding == ONCE
    assert form.q.tolist() == ([257, 511] if short else [0, 0])


def moved(data, zero_point):
    """The file whose second layer has another output zero point; its scales stay."""

    def change(model, graph):
        layers = load(data).layers
        graph.tensors[layers[1].tensor].quantization.zeroPoint = [zero_point]

    return edit(data, change)


@pytest.mark.parametrize("zero_point", [-128, 3, 127])
def test_snapped_scales_with_another_zero_point_equal_the_reference_kernels(zero_point):
    data = moved(quantised(*networks.SMALL), zero_point)
    graph = load(data)
    assert [layer.snapped for layer in graph.layers[:3]] == [True, False, True]
    first, second = graph.layers[:2]
    found = interpreter(data, reference=True)
    before, theirs = networks.run(found, clips(graph.input, 12), [first.tensor, second.tensor])
    assert np.array_equal(reference.run_layer(second, before), theirs)


@pytest.mark.skipif(not FOREIGN.is_dir(), reason="files of other people are not there")
@pytest.mark.parametrize("name", ["zp127_norelu_q257", "zp_minus128_relu_q257", "raised_norelu_q129_n16"])
def test_damaged_files_with_snapped_factors_equal_the_reference_kernels(name):
    data = (FOREIGN / "damaged" / f"{name}.tflite").read_bytes()
    graph = load(data)
    assert not graph.snapped
    codes = np.arange(-128, 128).astype(np.int8).reshape(256, *graph.input.shape)
    ours = reference.run(graph, codes, layers=True).layers[0]
    (theirs,) = networks.run(interpreter(data, reference=True), codes)
    assert np.array_equal(ours.reshape(theirs.shape), theirs)


def test_code_of_is_what_the_reference_computes():
    for data in (post_training(), quantised(*networks.SMALL)):
        graph = load(data)
        codes = clips(graph.input, 4)
        maps = reference.run(graph, codes, layers=True).layers
        layer = graph.layers[2]
        assert layer.kind == "pointwise"
        sums = maps[1].astype(np.int64) @ layer.centred_weights.astype(np.int64).T + layer.folded_bias
        found = layer.code_of(sums)
        assert found.dtype == np.int64 and np.array_equal(found, maps[2])


def test_the_span_is_reached_and_never_left():
    graph = load(post_training(head="mean"))
    pointwise, mean = graph.layers[2], graph.layers[-3]
    assert (pointwise.kind, mean.kind) == ("pointwise", "average_pool")
    weights = pointwise.centred_weights.astype(np.int64)
    tensor = pointwise.input
    for end, pick in (("low", np.less), ("high", np.greater)):
        codes = np.where(pick(weights, 0), tensor.high, tensor.low)
        reached = (codes * weights).sum(axis=1) + pointwise.folded_bias
        assert np.array_equal(getattr(pointwise.span, end), reached)
    window = np.prod(mean.kernel)
    assert mean.span.low.tolist() == [window * (-128 - mean.input.zero_point)] * mean.output.shape[2]
    assert mean.span.high.tolist() == [window * (127 - mean.input.zero_point)] * mean.output.shape[2]
    add = load(residual("identity")).layers[3]
    sums = add.tables[0][add.input.low + 128 : add.input.high + 129, None] + add.tables[1].astype(np.int64)
    assert set(add.span.low) == {sums.min()} and set(add.span.high) == {sums.max()}
