from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.integer import requantisation
from kwslib.integer.network_file import load
from kwslib.integer.requantisation import ONCE, TWICE, Requantisation
from tests.places import ROOT

FREE = [(q, n) for q in requantisation.FREE_Q for n in range(requantisation.LARGEST_N + 1)]
WITH_RELU = FREE + [(q, requantisation.LARGEST_N) for q in requantisation.RELU_Q]
ACCUMULATORS = st.integers(-(2**24) + 1, 2**24 - 1)


def form_of(q, n):
    zeros = np.zeros(1, np.int32)
    return Requantisation(zeros, zeros, np.array([q], np.int32), np.array([n], np.int32), snapped=True)


def xnnpack(accumulators, factor):
    """float32 product, rounded half to even, as TFLite's default kernels."""
    return np.rint(accumulators.astype(np.float32) * np.float32(factor))


def shifted(accumulator, q, n):
    """The formula on Python's integers."""
    return (accumulator * q + (1 << n >> 1)) >> n


@settings(max_examples=150)
@given(st.sampled_from(FREE), st.lists(ACCUMULATORS, min_size=1, max_size=200))
def test_free_factors_equal_xnnpack_for_every_accumulator(form, accumulators):
    q, n = form
    ties = [((2 * k + 1) << n) // (2 * q) + d for k in range(-130, 130) for d in (-1, 0, 1)]
    codes = np.array([a for a in accumulators + ties if abs(a) < 2**24])
    theirs = np.clip(xnnpack(codes, q * 2.0**-n), -128, 127)
    ours = np.clip(form_of(q, n).apply(codes[:, np.newaxis])[:, 0], -128, 127)
    assert np.array_equal(ours, theirs)
    assert ours.tolist() == [min(max(shifted(int(a), q, n), -128), 127) for a in codes]


@settings(max_examples=150)
@given(st.sampled_from(WITH_RELU), st.lists(ACCUMULATORS, min_size=1, max_size=200))
def test_factors_of_relu_layers_equal_xnnpack_for_every_accumulator(form, accumulators):
    q, n = form
    ties = [((2 * k + 1) << n) // (2 * q) + d for k in range(-2, 130) for d in (-1, 0, 1)]
    codes = np.array([a for a in accumulators + ties if abs(a) < 2**24])
    theirs = np.clip(xnnpack(codes, q * 2.0**-n), 0, 127)
    assert np.array_equal(np.clip(form_of(q, n).apply(codes[:, np.newaxis])[:, 0], 0, 127), theirs)


@pytest.mark.parametrize(("q", "n"), [(89, 17), (91, 14)])
def test_other_factors_would_differ_from_xnnpack_at_a_tie(q, n):
    accumulator = (1 << n >> 1) * 1  # acc · q · 2^-n = q / 2, a tie
    differs = shifted(accumulator, q, n) != xnnpack(np.array([accumulator]), q * 2.0**-n)[0]
    assert differs == (q % 4 == 1)
    assert requantisation.snapped(np.float32([q * 2.0**-n]), relu=True)[0][0] == 0


@given(st.sampled_from(WITH_RELU))
def test_the_scheme_is_recognised(form):
    q, n = form
    found = [requantisation.snapped(np.float32([q * 2.0**-n]), relu) for relu in (True, False)]
    assert (found[0][0][0], found[0][1][0]) == form
    assert (found[1][0][0], found[1][1][0]) == (form if q >= 257 else (0, 0))


@given(st.integers(128, 255), st.integers(1, 16), st.integers(1, 4))
def test_a_factor_just_above_a_short_one_is_not_taken_for_it(q, n, steps):
    factor = np.float32(q * 2.0**-n)
    for _ in range(steps):
        factor = np.nextafter(factor, np.float32(np.inf))
    assert requantisation.snapped(np.array([factor]), relu=True)[0][0] == 0


@pytest.mark.parametrize("factor", [0.0, -0.5, np.inf, np.nan])
def test_what_is_no_factor_has_no_snapped_form(factor):
    q, n = requantisation.snapped(np.float32([factor, 257 * 2.0**-17]), relu=True)
    assert q.tolist() == [0, 257] and n.tolist() == [0, 17]


@given(st.floats(1e-6, 0.9))
def test_a_factor_that_is_not_snapped_is_not_recognised(factor):
    factor = np.float32(factor) * np.float32(1 + 2.0**-17)
    q, n = requantisation.snapped(np.array([factor]), relu=True)
    if q[0]:
        assert float(factor) == q[0] * 2.0 ** -int(n[0])


def once(accumulator, multiplier, shift):
    value = Fraction(accumulator * int(multiplier)) * Fraction(2) ** (int(shift) - 31)
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def twice(accumulator, multiplier, shift):
    left, right = max(int(shift), 0), max(-int(shift), 0)
    high = int((Fraction((accumulator << left) * int(multiplier), 1 << 31) + Fraction(1, 2)).__floor__())
    if not right:
        return high
    whole = int(Fraction(abs(high), 1 << right) + Fraction(1, 2))
    return whole if high >= 0 else -whole


@given(st.floats(2.0**-30, 4), st.lists(st.integers(-(2**27), 2**27), min_size=1, max_size=50))
def test_both_exact_roundings_equal_their_definitions(factor, accumulators):
    multiplier, shift = requantisation.exact(np.array([factor]))
    assert abs(Fraction(int(multiplier[0])) * Fraction(2) ** (int(shift[0]) - 31) / Fraction(factor) - 1) <= Fraction(
        1, 2**31
    )
    values = np.array(accumulators, np.int64)
    for rounding, define in ((ONCE, once), (TWICE, twice)):
        found = requantisation.multiply(values, multiplier, shift, rounding)
        assert found.tolist() == [define(a, multiplier[0], shift[0]) for a in accumulators]


def test_the_multiplier_of_a_rounded_up_fraction_stays_below_one():
    multiplier, shift = requantisation.exact(np.array([1 - 2.0**-40, 0.5, 2.0**-40]))
    assert multiplier.tolist() == [2**30, 2**30, 0] and shift.tolist() == [1, 0, 0]


@given(st.floats(2.0**-14, 2.0**-6))
def test_agreement_with_float64_is_what_exhaustion_finds(factor):
    largest = 40_000
    multiplier, shift = requantisation.exact(np.array([factor]))
    zeros = np.zeros(1, np.int32)
    form = Requantisation(multiplier, shift, zeros, zeros, False, ONCE)
    every = np.arange(largest + 1)
    every = every[every * factor < 256]
    equal = np.array_equal(form.apply(every[:, np.newaxis])[:, 0], np.floor(every * factor + 0.5))
    assert requantisation.agrees_with_float64(form, np.array([factor]), every[-1:])[0] == equal


def test_disagreement_with_float64_is_found():
    # 0.5 + 2^-40 puts accumulator 1 above the tie in float64, on it in 31 bits, where it rounds up alike; just below
    # the tie float64 rounds down and the 31-bit multiplier, rounded to one half, up
    factor = np.array([0.5 - 2.0**-40])
    multiplier, shift = requantisation.exact(factor)
    zeros = np.zeros(1, np.int32)
    form = Requantisation(multiplier, shift, zeros, zeros, False, ONCE)
    assert not requantisation.agrees_with_float64(form, factor, np.array([1000]))[0]


def test_bounds_tell_the_channel_that_could_wrap():
    weights = np.array([[127] * 100, [1] * 100], np.int16)
    form = Requantisation(*(np.array(v, np.int32) for v in ([0, 0], [0, 0], [511, 257], [17, 17])), snapped=True)
    found = requantisation.bounds(weights, np.array([2**21, -(2**10)]), (-128, 127), form)
    assert found.accumulator.tolist() == [127 * 128 * 100, 128 * 100]
    assert found.product.tolist() == [
        (127 * 128 * 100 + 2**21) * 511 + 2**16,
        (128 * 100 + 2**10) * 257 + 2**16,
    ]
    assert found.fits.tolist() == [True, True]
    found = requantisation.bounds(weights, np.array([2**22, 0]), (-128, 127), form)
    assert found.fits.tolist() == [False, True]


def test_bounds_use_the_codes_that_can_occur():
    form = form_of(257, 17)
    mixed = np.array([[3, -5, 7]], np.int16)
    assert requantisation.bounds(mixed, np.zeros(1, int), (0, 127), form).accumulator[0] == 10 * 127
    assert requantisation.bounds(mixed, np.zeros(1, int), (-128, 127), form).accumulator[0] == 10 * 128 + 5 * 127


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*/model.tflite")), ids=lambda path: path.parent.name)
def test_every_recorded_network_is_snapped(path):
    layers = [layer for layer in load(path.read_bytes()).layers if layer.weights is not None]
    assert len(layers) >= 10 and all(layer.requantisation.snapped for layer in layers)
