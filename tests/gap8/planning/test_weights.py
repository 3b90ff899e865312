"""Records against what a kernel makes of them: unpacked again, and multiplied out by the words alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.gap8.planning import layouts, weights
from kwslib.integer.requantisation import ONCE, multiply
from tests.gap8.planning.layers import layer

CHANNELS = st.integers(1, 11)
SEEDS = st.integers(0, 2**32 - 1)
WEIGHT_ZERO_POINTS = st.sampled_from([0, -127, -51, 90, 127])


def taps(words):
    """Words (...) as their four int8 taps (..., 4)."""
    return np.ascontiguousarray(words, "<i4").view(np.int8).reshape(*words.shape, 4)


def numbers(outputs, words):
    """Parameters that name their place."""
    return np.arange(1, outputs * words + 1, dtype=np.int32).reshape(outputs, words)


@given(CHANNELS, st.integers(1, 30), WEIGHT_ZERO_POINTS, SEEDS)
def test_terms_are_the_weights(outputs, inputs, zero_point, seed):
    made = layer("pointwise", (outputs, inputs), seed, weight_zero_point=zero_point)
    exact = made.weights.astype(int) - zero_point
    common, own = weights.common_terms(made), weights.own_terms(made)
    assert common.first.dtype == own.first.dtype == np.int8
    assert (common.first.astype(int) + common.factor == exact).all() and -128 <= -common.factor <= 127
    assert (own.first.astype(int) + (0 if own.rest is None else own.rest) == exact).all()
    narrow = exact.min() >= -128 and exact.max() <= 127
    assert (common.factor == 0) == (own.rest is None) == narrow


def test_a_weight_of_255_is_no_sum_of_two_int8():
    made = layer("pointwise", (1, 2), weight_zero_point=-128)
    made.weights[:] = [[127, 126]]
    assert not weights.two_terms_suffice(made)
    common = weights.common_terms(made)
    assert (common.first.astype(int) + common.factor).tolist() == [[255, 254]]
    assert weights.two_terms_suffice(layer("pointwise", (3, 9), weight_zero_point=127))


@given(CHANNELS, st.integers(1, 10), st.integers(1, 4), st.integers(3, 5), WEIGHT_ZERO_POINTS, SEEDS)
def test_first_convolution(channels, rows, columns, count, zero_point, seed):
    made = layer("convolution", (channels, rows, columns, 1), seed, weight_zero_point=zero_point)
    parameters = numbers(channels, count)
    words = weights.first_convolution(made, parameters)
    assert words.shape == (channels, rows + count) and words.dtype == np.int32
    unpacked = taps(words[:, :rows])
    assert (unpacked[:, :, :columns] == weights.common_terms(made).first[..., 0]).all()
    assert not unpacked[:, :, columns:].any()
    assert (words[:, rows:] == parameters).all()


@pytest.mark.parametrize("places", [(0,), (0, 1), (-1, 0, 1, 2), (0, -4)])
@given(CHANNELS, st.integers(1, 5), WEIGHT_ZERO_POINTS, SEEDS)
def test_depthwise(places, channels, columns, zero_point, seed):
    made = layer("depthwise", (channels, 3, columns), seed, weight_zero_point=zero_point)
    parameters = numbers(channels, 3)
    words = weights.depthwise(made, places, parameters)
    terms = weights.own_terms(made)
    parts = [terms.first] if terms.rest is None else [terms.first, terms.rest]
    unpacked = taps(words[:, :-3].reshape(channels, len(parts), 3, len(places)))
    for number, part in enumerate(parts):
        for word, place in enumerate(places):
            for byte in range(4):
                tap = byte - place
                expected = part[:, :, tap] if 0 <= tap < columns else 0
                assert (unpacked[:, number, :, word, byte] == expected).all()
    assert (words[:, -3:] == parameters).all()


@given(CHANNELS, CHANNELS, st.integers(3, 5), SEEDS)
def test_groups_of_four_channels(outputs, inputs, count, seed):
    made = layer("pointwise", (outputs, inputs), seed)
    parameters = numbers(outputs, count)
    words = weights.grouped(weights.pointwise(made), parameters)
    groups, steps = -(-outputs // 4), -(-inputs // 4)
    assert words.shape == (groups, 4 * steps + 4 * count + 1)  # an odd number
    # the weights of the group's channels, one behind the other
    unpacked = taps(words[:, : 4 * steps].reshape(groups, 4, steps)).reshape(4 * groups, 4 * steps)
    assert (unpacked[:outputs, :inputs] == made.weights).all()
    assert not unpacked[outputs:].any() and not unpacked[:, inputs:].any()
    behind = words[:, 4 * steps : -1].reshape(groups, count, 4).transpose(0, 2, 1).reshape(4 * groups, count)
    assert (behind[:outputs] == parameters).all()
    assert not behind[outputs:, :-1].any() and (behind[outputs:, -1] == 1).all()  # a shift of 0 would be none


@given(CHANNELS, st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), WEIGHT_ZERO_POINTS, SEEDS)
def test_windows_with_bytes_of_anything_between(outputs, rows, columns, inputs, zero_point, seed):
    """The products of a window and the second term together: what lies between the inputs must not count."""
    made = layer("convolution", (outputs, rows, columns, inputs), seed, weight_zero_point=zero_point)
    pixel_bytes = layouts.pixel_bytes(inputs)
    row_bytes = -(-columns * pixel_bytes // 4) * 4
    packed = weights.windows(made, pixel_bytes, row_bytes).astype(np.int64)
    assert packed.shape == (outputs, rows * row_bytes)
    rng = np.random.default_rng(seed)
    window = rng.integers(0, 256, (rows, row_bytes))  # anything everywhere
    seen = np.stack([window[:, c * pixel_bytes : c * pixel_bytes + inputs] for c in range(columns)], axis=1)
    found = packed @ window.ravel() + weights.common_terms(made).factor * window.sum()
    assert (found == (made.centred_weights.astype(np.int64) * seen).sum(axis=(1, 2, 3))).all()


@given(CHANNELS, st.integers(1, 4), CHANNELS, WEIGHT_ZERO_POINTS, st.integers(-128, 127), SEEDS)
def test_linear(outputs, positions, channels, zero_point, input_zero_point, seed):
    """Every code of a random input, from the words, by the reference's own form."""
    shape = (outputs, positions * channels)
    made = layer(
        "linear", shape, seed, zero_point=input_zero_point, weight_zero_point=zero_point, rounding=ONCE, low=-128
    )
    map_ = replace(made.input, shape=(positions, 1, channels))
    layout = layouts.pixels(map_, layouts.pixel_bytes(channels))
    records = weights.linear(made, layout, None)
    rng = np.random.default_rng(seed)
    codes = rng.integers(-128, 128, (positions, channels))
    stored = rng.integers(0, 256, (positions, layout.column_bytes))  # gaps hold anything
    stored[:, :channels] = codes + 128
    terms = 1 if weights.own_terms(made).rest is None else 2
    words = (records.shape[1] - 3) // terms
    flat = np.zeros(4 * words, np.int64)
    flat[: stored.size] = stored.ravel()
    sums = sum(taps(records[:, t * words : (t + 1) * words]).reshape(outputs, -1) @ flat for t in range(terms))
    first, bias, shift = (records[:, -3 + i].astype(np.int64) for i in range(3))
    centred = made.centred_weights.astype(np.int64)
    expected = centred @ (codes.ravel() - input_zero_point) + made.bias
    assert (sums + bias == expected).all()
    assert (multiply(sums + bias, first, shift, ONCE) == made.requantisation.apply(expected)).all()
    assert (weights.linear(made, layout, numbers(outputs, 4))[:, -4:] == numbers(outputs, 4)).all()


@given(CHANNELS, st.integers(1, 3), st.integers(1, 5), WEIGHT_ZERO_POINTS, SEEDS)
def test_general_keeps_the_files_own_codes_and_bias(outputs, rows, inputs, zero_point, seed):
    made = layer("convolution", (outputs, rows, 2, inputs), seed, weight_zero_point=zero_point)
    words = weights.general(made)
    flat = made.weights.reshape(outputs, -1)
    unpacked = taps(words[:, :-3]).reshape(outputs, -1)
    assert (unpacked[:, : flat.shape[1]] == flat).all() and not unpacked[:, flat.shape[1] :].any()
    assert (words[:, -2] == made.bias).all()


def test_the_references_own_form():
    assert weights.exact_form(layer("pointwise", (2, 2), snapped=True)) == weights.WIDE
    assert weights.exact_form(layer("linear", (2, 2), rounding=ONCE)) == weights.EXACT_ONCE
    assert weights.exact_form(layer("pointwise", (2, 2))) == weights.EXACT_TWICE
    assert weights.exact_form(replace(layer("pointwise", (2, 2)), requantisation=None)) == weights.EXACT_TWICE
