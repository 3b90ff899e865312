"""The two networks against the layer table, against each other, and fake quantisation against TensorFlow's op."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwslib.config.presets import SIZES
from kwslib.network import ds_cnn
from kwslib.network.layers import BatchNorm, FakeQuantise
from kwslib.network.quantisation import weight_scale


@pytest.fixture(scope="module")
def trained_float(tiny):
    """A floating-point network whose batch norm has seen something."""
    keras.utils.set_random_seed(3)
    network = ds_cnn.float_network(tiny)
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, BatchNorm):
            gamma, beta, mean, variance = layer.weights
            for weight, low, high in ((gamma, 0.5, 2), (beta, -1, 1), (mean, -3, 3), (variance, 0.1, 9)):
                weight.assign(rng.uniform(low, high, weight.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module")
def batch(tiny):
    return np.random.default_rng(1).normal(0, 30, (20, *tiny.front_end().shape, 1)).astype(np.float32)


@pytest.mark.parametrize("name", SIZES)
def test_shapes_and_parameters_are_the_layer_tables(name):
    size = SIZES[name]
    network = ds_cnn.quantised_network(size)
    rows = {row.name: row for row in size.layers}
    for layer in ds_cnn.quantised_layers(network)[:-1]:
        assert layer.output.shape[1:] == rows[layer.name].output_shape
    assert network.count_params() - sum(np.prod(w.shape) for w in network.non_trainable_weights) == size.parameters


def test_folding_changes_nothing_but_rounding(tiny, trained_float, batch):
    folded = ds_cnn.quantised_network(tiny)
    ds_cnn.fold(trained_float, folded)
    ds_cnn.activate(folded, False)
    expected = trained_float(batch, training=False).numpy()
    # the input quantisation is the only one that stays
    rounded = FakeQuantise(ds_cnn.INPUT_SCALE)(batch)
    expected_rounded = trained_float(rounded, training=False).numpy()
    assert np.allclose(folded(batch).numpy(), expected_rounded, atol=1e-4)
    assert not np.array_equal(expected, expected_rounded)


def test_calibrated_activations_are_integer_codes(tiny, trained_float, batch):
    network = ds_cnn.quantised_network(tiny)
    ds_cnn.fold(trained_float, network)
    ds_cnn.calibrate(network, batch)
    layers = ds_cnn.quantised_layers(network)
    outputs = keras.Model(network.input, [layer.output for layer in layers])(batch)
    for layer, output in zip(layers, outputs, strict=True):
        codes = output.numpy() / layer.scale.numpy()
        assert np.allclose(codes, np.rint(codes), atol=1e-3)
        assert 100 < np.abs(codes).max() <= 128.001
        if layer.relu:
            assert codes.min() >= 0


def test_fake_quantised_weights_are_tensorflows(tiny, trained_float, batch):
    network = ds_cnn.quantised_network(tiny)
    ds_cnn.fold(trained_float, network)
    ds_cnn.calibrate(network, batch)
    first = ds_cnn.quantised_layers(network)[0]
    maximum = first.maximum.numpy()
    quantised = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        first.folded, -maximum, maximum, narrow_range=True
    ).numpy()
    codes = quantised / weight_scale(maximum)
    assert np.allclose(codes, np.rint(codes), atol=1e-3) and np.abs(codes).max() <= 127.001
    x = FakeQuantise(ds_cnn.INPUT_SCALE)(batch)
    unit = first.bias_scale.numpy()
    assert np.array_equal(unit, np.float32(ds_cnn.INPUT_SCALE) * weight_scale(maximum))
    bias = np.rint(first.bias.numpy() / unit) * unit
    y = tf.nn.relu(tf.nn.conv2d(x, quantised, first.stride, "SAME") + bias)
    scale = first.scale.numpy()
    expected = tf.quantization.fake_quant_with_min_max_args(y, min=-128 * scale, max=127 * scale)
    assert np.allclose(first(x).numpy(), expected.numpy(), atol=scale * 1e-3)


def test_the_pool_has_the_scale_of_the_layer_before(tiny, trained_float, batch):
    network = ds_cnn.quantised_network(tiny)
    ds_cnn.fold(trained_float, network)
    ds_cnn.calibrate(network, batch)
    last = ds_cnn.quantised_layers(network)[-2]
    assert network.get_layer(ds_cnn.POOLED).scale.numpy() == last.scale.numpy()


def test_batch_norm_is_keras(batch):
    ours, theirs = BatchNorm(epsilon=1e-3, momentum=0.96), keras.layers.BatchNormalization(epsilon=1e-3, momentum=0.96)
    x = np.tile(batch, (1, 1, 1, 3)) * np.array([1, 2, 3], np.float32)
    assert np.allclose(ours(x, training=True), theirs(x, training=True), atol=1e-4)
    # TensorFlow's fused kernel averages the unbiased variance, Keras' own code the biased one
    samples = batch.size
    assert np.allclose(ours(x, training=False), theirs(x, training=False), rtol=2 / samples, atol=1e-4)
    assert np.allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-5)
    assert np.allclose(ours.moving_variance, theirs.moving_variance, rtol=2 / samples)


def test_estimated_statistics_are_those_of_the_batch(tiny, batch):
    keras.utils.set_random_seed(4)
    network = ds_cnn.float_network(tiny)
    x = np.concatenate([batch + shift for shift in (0, 5, 10, 20, 40)])  # four chunks of 25 clips
    ds_cnn.estimate_statistics(network, x)
    first = next(layer for layer in network.layers if isinstance(layer, BatchNorm))
    convolved = keras.Model(network.input, network.layers[1].output)(x).numpy()
    assert np.allclose(first.moving_mean, convolved.mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-3)
    within = [convolved[start : start + 25].var(axis=(0, 1, 2)) for start in range(0, 100, 25)]
    assert np.allclose(first.moving_variance, np.mean(within, axis=0), rtol=1e-2)
    assert first.momentum == ds_cnn.BATCH_NORM_MOMENTUM
