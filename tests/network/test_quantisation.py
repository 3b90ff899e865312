"""Scale snapping: what TFLite computes in float32 is what an integer shift computes, for every accumulator."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kwslib.errors import ModelError
from kwslib.integer.requantisation import FREE_Q, LARGEST_N, RELU_Q
from kwslib.network.quantisation import RANGE_SHARES, activation_scale, best_scale, snap, weight_scale

positive = st.floats(1e-3, 1e2, allow_nan=False)


@given(st.floats(1e-6, 1e6))
def test_activation_scale_covers_and_has_exact_multiples(largest):
    scale = activation_scale(largest)
    assert 127 * float(scale) >= largest * (1 - 1e-12)
    assert 127 * float(scale) <= largest * 1.001
    for code in (-128, 127, 255):
        assert float(np.float32(code) * scale) == code * float(scale)


@pytest.mark.parametrize("averaged", [False, True])
def test_no_other_range_loses_less(averaged):
    rng = np.random.default_rng(2)
    values = np.maximum(0, rng.laplace(0, 1, (20, 5, 5, 8))).astype(np.float32)

    def loss(scale):
        codes = np.clip(np.floor(values / scale + 0.5), -128, 127)
        if not averaged:
            return np.mean((codes * scale - values) ** 2)
        return np.mean((np.floor(codes.mean(axis=(1, 2)) + 0.5) * scale - values.mean(axis=(1, 2))) ** 2)

    chosen = best_scale(values, averaged)
    tried = [activation_scale(values.max() * share) for share in RANGE_SHARES]
    assert loss(chosen) <= min(map(loss, tried)) * 1.001
    assert loss(chosen) < loss(tried[0])  # a long tail is better cut


@pytest.mark.parametrize(
    ("largest", "message"),
    [(0.0, "all zero"), (-1.0, "all zero"), (np.nan, "training diverged"), (np.inf, "training diverged")],
)
def test_a_dead_or_diverged_activation_is_refused(largest, message):
    with pytest.raises(ModelError, match=f"{message}.*lower the learning rate"):
        activation_scale(largest)


def test_a_weight_that_is_not_finite_is_refused():
    with pytest.raises(ModelError, match="not finite"):
        snap(np.array([1.0, np.nan]), np.float32(1), np.float32(1), relu=True)


def test_an_output_range_far_too_small_for_the_weights_is_refused():
    with pytest.raises(ModelError, match="factor of 787.* no 8-bit network needs"):
        snap(np.array([1.0]), np.float32(1), np.float32(1e-5), relu=True)


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=4), positive, positive, st.booleans())
def test_the_factor_is_exact_in_float32(largest, s_in, s_out, relu):
    s_in, s_out = activation_scale(s_in), activation_scale(s_out)
    assume(max(largest) / 127 * float(s_in) / float(s_out) < 256)
    snapped = snap(np.array(largest), s_in, s_out, relu)
    assert (snapped.maximum >= np.array(largest)).all()
    factor = (s_in * weight_scale(snapped.maximum)) / s_out
    assert factor.dtype == np.float32
    assert (factor.astype(float) == snapped.q * 2.0**-snapped.n).all()
    allowed = {*FREE_Q, *(RELU_Q if relu else ())}
    assert set(snapped.q.tolist()) <= allowed and (snapped.n <= LARGEST_N).all()
    assert (snapped.n[snapped.q < FREE_Q[0]] == LARGEST_N).all()


def test_nine_channels_in_ten_grow_by_less_than_one_per_cent():
    rng = np.random.default_rng(0)
    growth = []
    for s_in, s_out in rng.uniform(0.5, 60, (200, 2)):
        s_in, s_out = activation_scale(s_in), activation_scale(s_out)
        largest = rng.uniform(0.2, 3, 8)
        largest = largest[largest / 127 * float(s_in) / float(s_out) >= FREE_Q[0] * 2.0**-LARGEST_N]
        if largest.size:
            growth.extend(snap(largest, s_in, s_out, relu=False).maximum / largest - 1)
    assert len(growth) > 1000
    assert np.quantile(growth, 0.9) < 0.01
    assert np.mean(growth) < 0.01


@given(
    st.floats(1e-3, 4.0),
    positive,
    positive,
    st.booleans(),
    st.lists(st.integers(-(2**23), 2**23), min_size=1, max_size=200),
)
def test_float32_half_even_equals_the_integer_shift(largest, s_in, s_out, relu, accumulators):
    s_in, s_out = activation_scale(s_in), activation_scale(s_out)
    assume(largest / 127 * float(s_in) / float(s_out) < 256)
    snapped = snap(np.array([largest]), s_in, s_out, relu)
    q, n = int(snapped.q[0]), int(snapped.n[0])
    # beside the given accumulators the ones next to every tie that a tie-prone factor would have
    ties = [k << max(n - 1, 0) for k in range(-5, 6)]
    acc = np.array(accumulators + ties + [t + d for t in ties for d in (-1, 1)], np.int64)
    acc = acc[np.abs(acc) < 2**24]
    factor = (s_in * weight_scale(snapped.maximum[0])) / s_out
    low = 0 if relu else -128
    tflite = np.clip(np.rint(acc.astype(np.float32) * factor), low, 127)
    ours = np.clip((acc * q + (1 << n >> 1)) >> n, low, 127)
    assert np.array_equal(tflite, ours)


def test_the_float32_argument_covers_every_accumulator_of_one_factor():
    # one factor with n = 17 and one of the ReLU family: every accumulator whose output is inside, none left out
    for q, relu in ((257, False), (511, False), (87, True), (255, True)):
        reach = int(130 * 2**17 / q) + 1
        acc = np.arange(-reach, reach, dtype=np.int64)
        low = 0 if relu else -128
        tflite = np.clip(np.rint(acc.astype(np.float32) * np.float32(q * 2.0**-17)), low, 127)
        assert np.array_equal(tflite, np.clip((acc * q + 2**16) >> 17, low, 127))
