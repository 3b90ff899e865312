"""A network that starts from another one's weights computes what that one does, up to the rounding of 8 bits."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import InputError
from kwslib.network import ds_cnn
from kwslib.network.batches import as_input
from kwslib.network.evaluation import tflite_predictor
from kwslib.network.warm_start import WEIGHTED, start_from
from kwslib.paths import models_dir
from kwslib.runs import networks
from kwslib.runs.networks import MODEL
from kwslib.speech import open_corpus
from kwslib.speech.dataset import evaluation_codes

SIZE = "quick-small"


@pytest.fixture(scope="module")
def source():
    return networks.of_file(models_dir() / SIZE / MODEL)


@pytest.fixture(scope="module")
def codes(source):
    return evaluation_codes(open_corpus("synthetic"), "test", "digital-silence", source.front_end)[0]


@pytest.fixture(scope="module")
def started(source, codes):
    keras.utils.set_random_seed(1)
    network = ds_cnn.float_network(SIZES["small"])
    start_from(network, source.graph, as_input(codes, source.front_end.scale))
    return network


def test_it_classifies_as_the_8_bit_network(source, codes, started):
    logits = started.predict(as_input(codes, source.front_end.scale), verbose=0)
    data = source.path.read_bytes()
    scale = source.graph.layers[-1].input.scale
    steps = np.abs(logits / scale - tflite_predictor(data, logits=True)(codes).astype(int))
    assert np.median(steps) < 2
    assert (logits.argmax(axis=1) == tflite_predictor(data)(codes).argmax(axis=1)).mean() > 0.98


def test_its_kernels_have_the_size_of_fresh_ones(started):
    fresh = ds_cnn.float_network(SIZES["small"])
    for now, then in zip(started.layers, fresh.layers, strict=True):
        if isinstance(now, WEIGHTED[:2]):
            assert np.std(now.kernel) == pytest.approx(np.std(then.kernel), rel=0.15)


def test_with_other_classes_the_last_layer_stays_random(source, codes):
    network = ds_cnn.float_network(replace(SIZES["small"], classes=4))
    before = np.array(network.get_layer("linear").kernel)
    said = start_from(network, source.graph, as_input(codes, source.front_end.scale))
    assert said == "starting from the weights of quick-small; its last layer has other classes, and is drawn at random"
    assert np.array_equal(network.get_layer("linear").kernel, before)


def test_other_layers_are_refused(source, codes):
    with pytest.raises(InputError, match="quick-small has other layers"):
        start_from(ds_cnn.float_network(SIZES["medium"]), source.graph, as_input(codes, source.front_end.scale))
