"""Records against what a kernel makes of them: unpacked again, and multiplied out by the words alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.gap8.planning import weights
from kwslib.integer.graph import Layer, Tensor
from kwslib.integer.requantisation import ONCE, TWICE, Requantisation, multiply

CHANNELS = st.integers(1, 11)
SEEDS = st.integers(0, 2**32 - 1)


def tensor(channels, zero_point=0):
    return Tensor((5, 5, channels), "int8", 1.0, zero_point)


def layer(kind, shape, seed, snapped=True, zero_point=0, weight_zero_point=0, rounding=TWICE, largest=127):
    """A layer with weights of some shape, outputs first, and random factors."""
    rng = np.random.default_rng(seed)
    outputs = shape[0]
    zeros = np.zeros(outputs, np.int32)
    form = Requantisation(
        rng.integers(1 << 30, 1 << 31, outputs, dtype=np.int64).astype(np.int32),
        rng.integers(-9, 1, outputs).astype(np.int32),
        rng.integers(86, 256, outputs).astype(np.int32) if snapped else zeros,
        np.full(outputs, 17, np.int32) if snapped else zeros,
        snapped,
        rounding,
    )
    return Layer(
        "S1",
        kind,
        0,
        0,
        tensor(shape[-1], zero_point),
        tensor(outputs),
        kernel=shape[1:3] if len(shape) > 2 else (1, 1),
        weights=rng.integers(-largest, largest + 1, shape).astype(np.int8),
        weight_zero_point=weight_zero_point,
        bias=rng.integers(-2000, 2000, outputs).astype(np.int32),
        requantisation=form,
    )


def taps(words):
    """Words (...) as their four int8 taps (..., 4)."""
    return np.ascontiguousarray(words, "<i4").view(np.int8).reshape(*words.shape, 4)


def assert_parameters(made, words):
    """Three words a channel do to any sum what the layer's requantisation does to its accumulator."""
    sums = np.arange(-70000, 70000, 997)[:, np.newaxis]
    accumulators = sums + made.folded_bias
    first, bias, last = (words[:, i].astype(np.int64) for i in range(3))
    if made.snapped:
        code = (sums * first + bias + (1 << (last - 1))) >> last
    else:
        code = multiply(sums + bias, first, last, made.requantisation.rounding)
    assert (code == made.requantisation.apply(accumulators)).all()


@given(CHANNELS, st.integers(1, 10), st.integers(1, 4), st.booleans(), st.integers(-128, 127), SEEDS)
def test_first_convolution(channels, rows, columns, snapped, zero_point, seed):
    made = layer("convolution", (channels, rows, columns, 1), seed, snapped, zero_point)
    words = weights.first_convolution(made)
    assert words.shape == (channels, rows + 3) and words.dtype == np.int32
    unpacked = taps(words[:, :rows])
    assert (unpacked[:, :, :columns] == made.weights[..., 0]).all() and not unpacked[:, :, columns:].any()
    assert_parameters(made, words[:, rows:])


@pytest.mark.parametrize("places", [(0,), (0, 1), (-1, 0, 1, 2)])
@given(CHANNELS, st.booleans(), SEEDS)
def test_depthwise(places, channels, snapped, seed):
    made = layer("depthwise", (channels, 3, 3), seed, snapped)
    words = weights.depthwise(made, places)
    unpacked = taps(words[:, :-3].reshape(channels, 3, len(places)))
    for word, place in enumerate(places):
        for byte in range(4):
            tap = byte - place
            expected = made.weights[:, :, tap] if 0 <= tap < 3 else 0
            assert (unpacked[:, :, word, byte] == expected).all()
    assert_parameters(made, words[:, -3:])


@given(CHANNELS, CHANNELS, st.booleans(), SEEDS)
def test_pointwise(outputs, inputs, snapped, seed):
    made = layer("pointwise", (outputs, inputs), seed, snapped)
    words = weights.pointwise(made)
    groups, steps = -(-outputs // 4), -(-inputs // 4)
    assert words.shape == (groups, 4 * steps + 12)
    # four words of weights, one for each channel of the group, for every four inputs
    unpacked = (
        taps(words[:, : 4 * steps].reshape(groups, steps, 4)).transpose(0, 2, 1, 3).reshape(4 * groups, 4 * steps)
    )
    assert (unpacked[:outputs, :inputs] == made.weights).all()
    assert not unpacked[outputs:].any() and not unpacked[:, inputs:].any()
    factors = words[:, 4 * steps :].reshape(groups, 3, 4).transpose(0, 2, 1).reshape(4 * groups, 3)
    assert_parameters(made, factors[:outputs])
    assert not factors[outputs:, :2].any()  # channels that do not exist compute zeros
    assert (factors[outputs:, 2] == (1 if snapped else 0)).all()


@given(CHANNELS, CHANNELS, SEEDS)
def test_linear(outputs, inputs, seed):
    made = layer("linear", (outputs, inputs), seed, snapped=False, rounding=ONCE)
    words = weights.linear(made)
    unpacked = taps(words[:, :-3]).reshape(outputs, -1)
    assert (unpacked[:, :inputs] == made.weights).all() and not unpacked[:, inputs:].any()
    assert_parameters(made, words[:, -3:])


@given(CHANNELS, st.integers(1, 3), st.integers(1, 5), st.integers(-100, 100), st.integers(-128, 127), SEEDS)
def test_general_keeps_the_files_own_codes_and_bias(outputs, rows, inputs, zero_point, weight_zero_point, seed):
    made = layer(
        "convolution", (outputs, rows, 2, inputs), seed, False, zero_point, weight_zero_point
    )  # zero points are taken off by the kernel
    words = weights.general(made)
    flat = made.weights.reshape(outputs, -1)
    unpacked = taps(words[:, :-3]).reshape(outputs, -1)
    assert (unpacked[:, : flat.shape[1]] == flat).all() and not unpacked[:, flat.shape[1] :].any()
    assert (words[:, -2] == made.bias).all()


def test_the_form_follows_what_can_wrap():
    small = layer("pointwise", (4, 8), 0)
    wide = layer("pointwise", (4, 4096), 0, largest=127)
    object.__setattr__(wide, "bias", np.full(4, 2**29, np.int32))
    assert weights.form(small) == weights.SNAPPED
    assert weights.form(wide) == weights.SNAPPED_WIDE
    assert (weights.parameters(wide)[:, 1] == wide.folded_bias).all()  # the bias is not multiplied beforehand
    assert weights.form(layer("linear", (2, 2), 0, False, rounding=ONCE)) == weights.EXACT_ONCE
    assert weights.form(layer("pointwise", (2, 2), 0, False)) == weights.EXACT_TWICE
