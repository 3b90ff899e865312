"""Factors, zero points and clamps at random: at every accumulator, the code is that of TFLite's kernels.

Whatever a file says, a layer takes the snapped form only where that equals TFLite's default kernels (XNNPACK), and the
exact form otherwise, which equals its reference kernels.
"""

import numpy as np
import pytest

from kwslib.integer.network_file import load
from kwslib.integer.requantisation import FREE_Q, LARGEST_N, RELU_Q
from tests.gap8.networks import interpreter
from tests.gap8.tflite_file import Quantisation, TfliteFile, fused

CHANNELS, ROWS = 12, 9
WEIGHTS = np.array([1] + [127] * (ROWS - 1))
"""Of every channel: a fine step, and eight coarse ones, by which codes reach every accumulator up to `LARGEST`."""
LARGEST = 60_000
SEEDS = (1, 2, 5, 6, 7, 11, 13, 15, 22, 23)
"""Of the draws: snapped and exact ones, each with and without a rectifier (`test_both_forms_are_drawn`)."""
ACCUMULATORS = np.arange(-LARGEST, LARGEST + 1)


def codes_of(accumulators):
    """int8 codes (accumulators, rows) of which `WEIGHTS` makes each accumulator, for the input zero point 0."""
    coarse = (accumulators + 63) // 127
    rest = accumulators - 127 * coarse
    shares = [(coarse + place) // (ROWS - 1) for place in range(ROWS - 1)]
    codes = np.stack([rest, *shares], axis=1)
    assert np.abs(codes).max() < 128 and np.array_equal(codes @ WEIGHTS, accumulators)
    return codes.astype(np.int8)


def draw(seed):
    """Scales of weights, output scale, output zero point, activation: half of the factors are of the snapped kind."""
    rng = np.random.default_rng(seed)
    scale = 2.0 ** rng.integers(-6, 2) if rng.random() < 0.7 else float(np.exp(rng.uniform(-4, 1)))
    short = rng.choice([*FREE_Q, *RELU_Q, *range(64, 512)], CHANNELS) * 2.0 ** -rng.integers(
        14, LARGEST_N + 2, CHANNELS
    )
    if rng.random() < 0.5:  # as our own networks have them: what is proved, and nothing else
        activation = str(rng.choice(["none", "relu", "relu6"]))
        kinds = [*FREE_Q] if activation == "none" else [*FREE_Q, *RELU_Q]
        short = rng.choice(kinds, CHANNELS) * 2.0**-LARGEST_N
        return np.float32(short * scale), scale, int(rng.choice([0, 0, 0, 1, -128, 127])), activation
    long = np.exp(rng.uniform(-8, -4.5, CHANNELS))
    factors = np.where(rng.random(CHANNELS) < 0.5, short, long)
    zero_point = int(rng.choice([0, 0, -128, 127, rng.integers(-128, 128)]))
    return np.float32(factors * scale), scale, zero_point, str(rng.choice(["none", "relu", "relu6"]))


def layer_file(kind, dtype, seed, positions):
    """A file of one layer, of as many positions (of a linear layer: clips)."""
    scales, scale, zero_point, activation = draw(seed)
    offset = 128 if dtype == "uint8" else 0
    if offset:
        scales = scales[:1]
    file, linear = TfliteFile(), kind == "linear"
    front = (positions,) if linear else (1, 1, positions)
    source = file.tensor((*front, ROWS), dtype, Quantisation(np.ones(1), offset))
    shape = (CHANNELS, ROWS) if linear else (CHANNELS, 1, 1, ROWS)
    content = np.broadcast_to(WEIGHTS + offset, (CHANNELS, ROWS)).reshape(shape)
    weights = file.tensor(shape, dtype, Quantisation(scales, offset), content)
    bias = file.tensor((CHANNELS,), "int32", Quantisation(scales, 0), np.zeros(CHANNELS))
    target = file.tensor((*front, CHANNELS), dtype, Quantisation(np.array([scale]), zero_point + offset))
    options = {"fusedActivationFunction": fused(activation)}
    if linear:
        file.operator("FULLY_CONNECTED", (source, weights, bias), target, "FullyConnectedOptions", **options)
    else:
        options |= {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        file.operator("CONV_2D", (source, weights, bias), target, "Conv2DOptions", **options)
    return file.content(source, target)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kind", "dtype"), [("pointwise", "int8"), ("pointwise", "uint8"), ("linear", "int8")])
def test_the_code_of_every_accumulator_is_that_of_tflites_kernels(kind, dtype, seed):
    codes = codes_of(ACCUMULATORS)
    # the graph of one position: what is decided about a layer does not depend on their number
    layer = load(layer_file(kind, dtype, seed, 1)).layers[0]
    assert layer.kind == kind
    found = interpreter(layer_file(kind, dtype, seed, len(codes)), reference=not layer.snapped)
    source, target = found.get_input_details()[0], found.get_output_details()[0]
    found.set_tensor(source["index"], layer.input.from_core(codes).reshape(source["shape"]))
    found.invoke()
    theirs = layer.output.to_core(found.get_tensor(target["index"]).reshape(len(codes), CHANNELS))
    ours = layer.code_of(np.broadcast_to(ACCUMULATORS[:, np.newaxis], theirs.shape))
    differ = np.argwhere(ours != theirs)
    assert not len(differ), f"accumulator {ACCUMULATORS[differ[0][0]]}, channel {differ[0][1]}, snapped {layer.snapped}"


def test_both_forms_are_drawn():
    drawn = [load(layer_file("pointwise", "int8", seed, 1)).layers[0] for seed in SEEDS]
    assert {layer.snapped for layer in drawn} == {True, False}
    assert len({layer.output.zero_point for layer in drawn}) >= 3
    assert {layer.relu for layer in drawn if layer.snapped} == {True, False}
