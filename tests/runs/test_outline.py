"""The outline of a network beside the network that the project's own conversion makes."""

import random
import re

import numpy as np
import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import InputError, ModelError
from kwslib.gap8.planning import planner
from kwslib.gap8.program import compilation
from kwslib.integer import network_file
from kwslib.paths import models_dir
from kwslib.runs import execution, networks
from kwslib.runs.clips import for_device
from kwslib.runs.outline import outline, same_padding
from kwslib.runs.parameters import check

SAME = ("name", "kind", "source", "kernel", "stride", "padding", "clamp", "multiplier", "relu", "halves_up")
COUNTS = ("macs", "operations", "parameters")


def shape(graph):
    """What a plan can depend on, weights apart."""

    def of(tensor):
        return tensor.shape, tensor.dtype, tensor.zero_point, tensor.low, tensor.high

    layers = [
        (*(getattr(layer, name) for name in (*SAME, *COUNTS)), of(layer.input), of(layer.output))
        for layer in graph.layers
    ]
    weights = [None if layer.weights is None else layer.weights.shape for layer in graph.layers]
    return of(graph.input), of(graph.output), layers, weights, graph.front_end is None, graph.snapped


def memory(plan):
    steps = range(len(plan.steps))
    peaks = [plan.peak_bytes(memory, step) for memory in ("L1", "L2") for step in steps]
    return plan.strategy, [step.predicted_cycles for step in plan.steps], peaks


@pytest.mark.parametrize("name", ["small", "medium", "quick-small", "baseline-small"])
def test_the_outline_plans_as_the_trained_network_does(name):
    network = for_device(networks.choose(models_dir() / name), [])
    trained_behind = network.trained_behind or network.front_end
    size = next(size for size in SIZES.values() if name.endswith(size.name))
    drawn = outline(size, trained_behind)
    assert shape(drawn) == shape(network.graph)
    assert memory(planner.plan(drawn)) == memory(planner.plan(network.graph))


def test_same_padding_is_tensorflow_s():
    import tensorflow as tf

    for rows, taps, stride in ((49, 10, 2), (10, 4, 2), (10, 4, 1), (25, 3, 1), (25, 3, 2), (5, 3, 2), (7, 1, 3)):
        before, after = same_padding(rows, taps, stride)
        x = np.arange(1, rows + 1, dtype=np.float32).reshape(1, rows, 1, 1)
        kernel = (10.0 ** np.arange(taps)).astype(np.float32).reshape(taps, 1, 1, 1)
        found = tf.nn.conv2d(x, kernel, stride, "SAME").numpy().ravel()
        padded = np.pad(x.ravel(), (before, after))
        wanted = [padded[at : at + taps] @ kernel.ravel() for at in range(0, len(padded) - taps + 1, stride)]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def draw(count, seed=17):
    """Members of a grid over everything that decides a plan, valid by the parameters alone."""
    rng = random.Random(seed)
    found = {}
    while len(found) < count:
        size = rng.choice(list(SIZES))
        values = {
            "size": size,
            "channels": rng.choice([1, 3, 8, 17, 32, 48, 64, 100, 172, 276, 400, 512]),
            "blocks": rng.choice([1, 2, 3, 5, 6]),
            "first_kernel": rng.choice(["10x4", "3x3", "1x1", "8x5", "10x10"]),
            "strides": rng.choice(["2x2", "1x1", "2x1", "2x2,2x2", "1x2,2x2", "3x2"]),
            "coefficients": rng.choice([10, 13, 20, 40]),
            "profile": rng.choice(["quick", "baseline"]),
        }
        try:
            chosen = check(**values)
        except InputError:  # the kernel is larger than the map, or there are more strides than blocks
            continue
        found.setdefault(chosen.key, chosen)
    return list(found.values())


@pytest.mark.parametrize(
    "values",
    [
        {"channels": 9, "blocks": 3, "coefficients": 13},
        {"channels": 1, "blocks": 2, "first_kernel": "1x1", "strides": "1x1"},
        {"channels": 8, "blocks": 1, "profile": "baseline", "strides": "3x2"},
    ],
    ids=str,
)
def test_the_outline_has_the_shape_of_what_conversion_makes(values):
    chosen = check(**values)
    assert shape(outline(chosen.size, chosen.front_end)) == shape(converted(chosen))


def test_what_the_parser_of_files_does_not_take_is_refused_before_the_training():
    chosen = check(channels=512, blocks=6, strides="1x1", coefficients=40)
    text = r"the network takes \d{10} operations; a keyword spotter takes at most 1073741824"
    with pytest.raises(ModelError, match=text):
        outline(chosen.size, chosen.front_end)
    with pytest.raises(InputError, match=f"{chosen.run} cannot run on GAP8: {text}"):
        execution.require_fit(chosen)


def converted(chosen):
    """The graph of the network that Keras and the converter make, with random weights."""
    from kwslib.network import conversion, ds_cnn

    size, front_end = chosen.size, chosen.front_end
    floating = ds_cnn.float_network(size)
    quantised = ds_cnn.quantised_network(size, input_scale=front_end.scale)
    ds_cnn.fold(floating, quantised)
    rng = np.random.default_rng(3)
    batch = rng.normal(0, 20, (4, *size.input_shape, 1)).astype(np.float32)
    for layer in ds_cnn.quantised_layers(quantised):  # biases keep every channel alive, as training does
        layer.bias.assign(rng.uniform(0.1, 1.0, layer.bias.shape).astype(np.float32))
    ds_cnn.calibrate(quantised, batch)
    graph = network_file.load(conversion.to_tflite(size, quantised), "the network")
    return graph if front_end.kind == "magnitude" else graph.with_front_end(front_end)


def refusal(make):
    """What a network is refused with; the parser of files counts operations up to the one that is too much."""
    try:
        make()
    except ModelError as error:
        return re.sub(r"takes \d+ operations( up to [^;]+)?;", "takes N operations;", str(error))
    return ""


@pytest.mark.slow
def test_what_the_outline_refuses_the_build_refuses_too(tmp_path):
    """On 50 members drawn at random: the plan of the outline beside a build of a converted network."""
    refused = 0
    for chosen in draw(50):
        before = refusal(lambda chosen=chosen: planner.plan(outline(chosen.size, chosen.front_end)))
        after = refusal(lambda chosen=chosen: compilation.build(converted(chosen), tmp_path / "build"))
        assert before == after, chosen.run
        refused += bool(before)
    assert 0 < refused < 50  # the grid has members of both kinds
