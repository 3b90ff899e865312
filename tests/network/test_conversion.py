"""The .tflite is fully 8-bit, has the trained scales, and computes what the integer reference computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwslib.errors import ModelError
from kwslib.integer import network_file, reference
from kwslib.network import batches, checkpoint, conversion, ds_cnn, evaluation
from tests.network import on_jax


@pytest.fixture(scope="module")
def quantised(tiny, copies):
    keras.utils.set_random_seed(11)
    source, network = ds_cnn.float_network(tiny), ds_cnn.quantised_network(tiny)
    ds_cnn.fold(source, network)
    ds_cnn.calibrate(network, batches.as_input(copies(0)[0]))
    return network


@pytest.fixture(scope="module")
def tflite(tiny, quantised):
    return conversion.to_tflite(tiny, quantised)


def test_operators_are_those_of_the_family_alone(tflite):
    details = tf.lite.Interpreter(model_content=tflite)._get_ops_details()
    names = [row["op_name"] for row in details if row["op_name"] != "DELEGATE"]
    convolutions = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D"]
    tail = ["AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX", "QUANTIZE"]
    assert names == ["QUANTIZE", *convolutions, *tail]


def test_it_equals_the_integer_reference_layer_by_layer_and_the_fake_quantised_network(tflite, quantised, copies):
    codes = copies(5)[0]
    integer = network_file.load(tflite)
    outputs = reference.run(integer, codes)
    assert all(layer.requantisation.snapped for layer in integer.layers if layer.weights is not None)
    assert np.array_equal(evaluation.tflite_predictor(tflite, logits=True)(codes), outputs.logits)
    softmax = evaluation.tflite_predictor(tflite)(codes).astype(int)
    assert np.abs(softmax - outputs.codes).max() <= 1
    scale = ds_cnn.quantised_layers(quantised)[-1].scale.numpy()
    fake = evaluation.keras_logits(quantised, codes) / scale
    assert np.mean(np.rint(fake) == outputs.logits) > 0.999
    assert np.mean(fake.argmax(axis=1) == outputs.winner) > 0.99


@pytest.mark.slow
@pytest.mark.slice
def test_on_the_jax_backend_the_file_is_the_same(tflite, quantised, copies, tmp_path):
    checkpoint.save(tmp_path / "weights.npz", network=quantised)
    on_jax.call("convert", tmp_path)
    assert (tmp_path / "model.tflite").read_bytes() == tflite
    scale = ds_cnn.quantised_layers(quantised)[-1].scale.numpy()
    difference = np.load(tmp_path / "logits.npy") - evaluation.keras_logits(quantised, copies(5)[0])
    assert np.mean(np.abs(difference) < scale / 2) > 0.999


def test_a_float_network_is_refused(tiny):
    single = ds_cnn.quantised_network(tiny, clips=1)
    ds_cnn.activate(single, False)
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    with pytest.raises(ModelError, match="is not 8-bit: a fake quantisation is missing"):
        conversion.check_fully_8_bit(converter.convert())


def test_other_scales_are_refused(tflite, tiny, quantised):
    other = ds_cnn.quantised_network(tiny, clips=1)
    other.set_weights(quantised.get_weights())
    layer = ds_cnn.quantised_layers(other)[1]
    layer.scale.assign(layer.scale * 1.5)
    with pytest.raises(ModelError, match=f"{layer.name}: the output scale in the file"):
        conversion.check_scales(tflite, other)
    layer.scale.assign(layer.scale / 1.5)
    layer.maximum.assign(np.nextafter(layer.maximum.numpy(), np.float32(9)))
    with pytest.raises(ModelError, match=f"{layer.name}: the weight scale in the file"):
        conversion.check_scales(tflite, other)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"not a network at all", b"\x1c\0\0\0TFL3" + b"\xff" * 40])
def test_a_file_that_is_no_network_is_refused(data):
    with pytest.raises(ModelError, match="not a readable .tflite"):
        conversion.linear_operator(data)
