"""The layers compute what integers would: codes times scales, through the roundings of the 8-bit network."""

import keras
import numpy as np
import pytest

from kwslib.network.layers import (
    FakeQuantise,
    QuantisedConvolution,
    QuantisedDepthwise,
    QuantisedLayer,
    QuantisedLinear,
)


def values(variable):
    return keras.ops.convert_to_numpy(variable)


def test_fake_quantisation_rounds_to_256_codes_and_clips():
    layer = FakeQuantise(0.5)
    x = np.array([[-1e9, -64.2, -0.3, -0.2, 0.0, 0.2, 0.3, 63.3, 63.6, 1e9]], np.float32)
    assert values(layer(x))[0].tolist() == [-64.0, -64.0, -0.5, 0.0, 0.0, 0.0, 0.5, 63.5, 63.5, 63.5]
    layer.active = False
    assert np.array_equal(values(layer(x)), x)


def test_the_scale_of_fake_quantisation_is_set_and_not_trained():
    layer = FakeQuantise(0.5)
    layer(np.ones((1, 2), np.float32))
    assert layer.trainable_variables == [] and [variable.name for variable in layer.variables] == ["scale"]


def expected(kind, x, kernel, stride):
    """SAME padding and the sum of products, in float64."""
    rows, columns = kernel.shape[:2]
    clips, height, width, _ = x.shape
    out = [-(-height // stride[0]), -(-width // stride[1])]
    pad = [max(0, (out[0] - 1) * stride[0] + rows - height), max(0, (out[1] - 1) * stride[1] + columns - width)]
    padded = np.pad(x, ((0, 0), *((total // 2, total - total // 2) for total in pad), (0, 0))).astype(np.float64)
    y = np.zeros((clips, *out, kernel.shape[-1]))
    for row in range(out[0]):
        for column in range(out[1]):
            top, left = row * stride[0], column * stride[1]
            window = padded[:, top : top + rows, left : left + columns]
            subscripts = "nrci,rcio->no" if kind is QuantisedConvolution else "nrco,rco->no"
            y[:, row, column] = np.einsum(subscripts, window, kernel.astype(np.float64))
    return y


@pytest.mark.parametrize(
    ("kind", "stride"),
    [
        (QuantisedConvolution, (1, 1)),
        (QuantisedConvolution, (2, 2)),
        (QuantisedConvolution, (2, 1)),
        (QuantisedDepthwise, (1, 1)),
        (QuantisedDepthwise, (2, 2)),  # TensorFlow has no depthwise convolution with two different strides
    ],
)
def test_inactive_convolutions_are_plain_ones_with_bias_and_relu(kind, stride):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (2, 7, 6, 5)).astype(np.float32)
    layer = kind(5, (4, 3), stride)
    layer.active = False
    layer(x)
    layer.bias.assign(rng.normal(0, 1, 5))
    layer.factor.assign(rng.uniform(0.5, 2, 5))
    y = expected(kind, x, values(layer.folded), stride) + values(layer.bias)
    assert np.allclose(values(layer(x)), np.maximum(y, 0), atol=1e-5)
    assert np.array_equal(values(layer.folded), values(layer.kernel) * values(layer.factor))


def set_scales(layer, s_in, s_out, maximum):
    layer.maximum.assign(np.broadcast_to(maximum, layer.maximum.shape))
    layer.bias_scale.assign(np.broadcast_to(np.float32(s_in * maximum / 127), layer.bias_scale.shape))
    layer.scale.assign(s_out)


@pytest.mark.parametrize("kind", [QuantisedConvolution, QuantisedDepthwise])
def test_active_convolutions_compute_with_integer_codes(kind):
    rng = np.random.default_rng(1)
    s_in, s_out, maximum = 0.25, 0.25, 0.5
    x = (s_in * rng.integers(-128, 128, (2, 7, 6, 5))).astype(np.float32)
    layer = kind(5, (3, 3), (2, 2))
    layer(x)
    set_scales(layer, s_in, s_out, maximum)
    layer.kernel.assign(rng.uniform(-0.6, 0.6, layer.kernel.shape))  # some beyond the range
    layer.bias.assign(rng.normal(0, 3, 5))
    weights = np.clip(np.rint(values(layer.kernel) / (maximum / 127)), -127, 127)
    bias = np.rint(values(layer.bias) / values(layer.bias_scale))
    accumulators = expected(kind, x / s_in, weights, (2, 2)) + bias
    exact = accumulators * (s_in * maximum / 127 / s_out)
    codes = values(layer(x)) / s_out
    assert np.array_equal(codes, np.rint(codes)) and codes.min() >= 0 and codes.max() == 127
    tie = np.abs(exact - np.floor(exact) - 0.5) < 1e-3
    assert np.array_equal(codes[~tie], np.clip(np.rint(exact), 0, 127)[~tie]) and tie.mean() < 0.02


def test_a_linear_layer_has_one_range_for_all_and_no_relu():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 128, (4, 6)).astype(np.float32)
    layer = QuantisedLinear(3)
    layer(x)
    set_scales(layer, 1.0, 4.0, 0.5)
    assert layer.maximum.shape == () == layer.bias_scale.shape
    y = values(layer(x))
    assert y.shape == (4, 3) and y.min() < 0
    assert np.array_equal(y / 4.0, np.rint(y / 4.0))


@pytest.mark.parametrize("kind", [QuantisedConvolution, QuantisedDepthwise])
def test_kernel_and_bias_alone_are_trained(kind):
    layer = kind(2, (3, 3), (1, 1), name="first")
    layer(np.ones((1, 4, 4, 2), np.float32))
    assert [variable.name for variable in layer.trainable_variables] == ["kernel", "bias"]
    frozen = [variable.name for variable in layer.non_trainable_variables]
    assert frozen == ["factor", "maximum", "bias_scale", "scale"]


def test_gradients_pass_the_roundings():
    import tensorflow as tf

    layer = QuantisedLinear(3)
    x = np.ones((1, 4), np.float32)
    layer(x)
    set_scales(layer, 1.0, 0.125, 1.0)
    layer.kernel.assign(np.full((4, 3), 0.3))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x))
    for gradient in tape.gradient(y, [layer.kernel.value, layer.bias.value]):
        assert np.array_equal(gradient.numpy(), np.ones(gradient.shape))


def test_the_base_class_has_no_kernel_of_its_own():
    with pytest.raises(NotImplementedError):
        QuantisedLayer(2, relu=True).kernel_shape(3)
    with pytest.raises(NotImplementedError):
        QuantisedLayer(2, relu=True).apply(None, None)
