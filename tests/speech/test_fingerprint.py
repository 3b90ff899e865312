from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.front_end import INPUT_SCALE, INPUT_ZERO_POINT, FrontEnd
from kwslib.errors import InputError
from kwslib.integer.front_end import codes_of
from kwslib.speech.fingerprint import codes, dequantise, fingerprints, mel_matrix, quantise

FRONT_ENDS = [FrontEnd(kind, *rest) for kind in ("magnitude", "power") for rest in ((40, 20, 10), (30, 10, 40))]


@pytest.mark.parametrize(
    ("windowing", "shape", "fft_length"), [((40, 20, 10), (49, 10), 1024), ((30, 10, 40), (98, 40), 512)]
)
def test_shapes_are_the_baselines(windowing, shape, fft_length):
    front_end = FrontEnd("magnitude", *windowing)
    assert front_end.shape == shape
    assert front_end.fft_length == fft_length
    assert len({fe.key for fe in FRONT_ENDS}) == len(FRONT_ENDS)


@pytest.mark.parametrize(("kind", "floor"), [("magnitude", 1e-12), ("power", 1e-6)])
def test_digital_silence_is_the_logarithm_of_the_floor(kind, floor):
    front_end = FrontEnd(kind, 40, 20, 10)
    values = fingerprints(np.zeros((1, 16000), np.int16), front_end)
    np.testing.assert_allclose(values[..., 0], np.sqrt(2 / 40) * 40 * np.log(floor), rtol=1e-6)
    np.testing.assert_allclose(values[..., 1:], 0, atol=1e-9)


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda fe: fe.key)
def test_matches_the_definition_written_out(front_end):
    clip = np.random.default_rng(2).uniform(-0.5, 0.5, 16000).astype(np.float32)
    frame = 7
    start = frame * front_end.stride_ms * 16
    t = np.arange(front_end.window_ms * 16)
    windowed = clip[start : start + len(t)] * np.sin(np.pi * t / len(t)) ** 2
    points = front_end.fft_length
    spectrum = np.array([np.sum(windowed * np.exp(-2j * np.pi * k * t / points)) for k in range(points // 2 + 1)])
    magnitude = front_end.kind == "magnitude"
    bands = (np.abs(spectrum) ** (1 if magnitude else 2)) @ mel_matrix(front_end)
    log_bands = np.log(np.maximum(bands, 1e-12) if magnitude else bands + 1e-6)
    expected = [
        np.sqrt(2 / 40) * sum(log_bands[b] * np.cos(np.pi * k * (b + 0.5) / 40) for b in range(40))
        for k in range(front_end.coefficients)
    ]
    np.testing.assert_allclose(fingerprints(clip[None], front_end)[0, frame], expected, atol=1e-5)


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda fe: fe.key)
def test_mel_bands_peak_at_the_htk_centres(front_end):
    matrix = mel_matrix(front_end)
    low, high = (2595 * np.log10(1 + f / 700) for f in (20, 4000))
    centres_hz = 700 * (10 ** ((low + (high - low) * np.arange(1, 41) / 41) / 2595) - 1)
    bin_hz = 16000 / front_end.fft_length
    widest = matrix[:, 20:]
    np.testing.assert_allclose(widest.argmax(axis=0) * bin_hz, centres_hz[20:], atol=bin_hz)
    # Between the first and the last centre the two bands over a bin share its weight.
    inner = slice(int(centres_hz[0] / bin_hz) + 2, int(centres_hz[-1] / bin_hz))
    np.testing.assert_allclose(matrix[inner].sum(axis=1), 1, atol=1e-12)
    assert not matrix[int(4000 / bin_hz) + 1 :].any()


def test_int16_and_float_are_the_same_and_clips_do_not_touch_each_other():
    audio = np.random.default_rng(0).integers(-32768, 32768, (19, 16000)).astype(np.int16)
    for front_end in FRONT_ENDS:
        whole = fingerprints(audio, front_end)
        assert whole.dtype == np.float32
        np.testing.assert_array_equal(whole, fingerprints(audio.astype(np.float32) / 32768, front_end))
        apart = np.concatenate([fingerprints(clip[None], front_end) for clip in audio])
        np.testing.assert_allclose(whole, apart, atol=1e-5)
        np.testing.assert_array_equal(quantise(whole), quantise(apart))
    assert fingerprints(audio[:0], FRONT_ENDS[0]).shape == (0, 49, 10)


@given(st.floats(-400, 400, width=32))
def test_quantise_is_the_nearest_code(value):
    code = int(quantise(np.float32(value)))
    distances = [abs(Fraction(value) - Fraction(INPUT_SCALE) * (c - INPUT_ZERO_POINT)) for c in range(256)]
    assert distances[code] <= min(distances) + Fraction(1, 10000)


def test_every_code_survives_the_way_there_and_back():
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(quantise(dequantise(codes)), codes)
    assert dequantise(np.uint8(128)) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mfcc", 40, 20, 10), "unknown front end 'mfcc': choose one of magnitude, power"),
        (("power", 0, 20, 10), "window_ms is 0"),
        (("power", 1001, 20, 10), "window_ms is 1001"),
        (("power", 40, 0, 10), "stride_ms is 0"),
        (("power", 40, 20, 41), "coefficients is 41: give 1 to 40"),
    ],
)
def test_impossible_front_ends_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        FrontEnd(*arguments)


@pytest.mark.parametrize(
    "audio", [np.zeros((1, 8000), np.int16), np.zeros(16000, np.int16), np.zeros((1, 16000), np.float64)]
)
def test_other_audio_is_refused(audio):
    with pytest.raises(InputError, match=r"int16 or float32 \(clips, 16000\) is needed"):
        fingerprints(audio, FRONT_ENDS[0])


def test_codes_are_those_of_the_kind():
    audio = np.random.default_rng(5).normal(scale=900, size=(3, 16000)).astype(np.int16)
    power, integer = FrontEnd("power", 40, 20, 10), FrontEnd("integer", 40, 20, 10)
    np.testing.assert_array_equal(codes(audio, power, 0.9, 131), quantise(fingerprints(audio, power), 0.9, 131))
    np.testing.assert_array_equal(codes(audio, integer), codes_of(audio, integer))
    np.testing.assert_array_equal(codes(audio, integer, 0.9, 131), codes_of(audio, replace(integer, scale=0.9), 131))
    np.testing.assert_array_equal(codes(audio.astype(np.float32) / 32768, integer), codes(audio, integer))
    assert np.mean(codes(audio, integer) != codes(audio, power)) < 0.01


def test_integer_values_are_near_to_those_of_power():
    audio = np.random.default_rng(6).normal(scale=900, size=(3, 16000)).astype(np.int16)
    for rest in ((40, 20, 10), (30, 10, 40)):
        values = fingerprints(audio, FrontEnd("integer", *rest))
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, fingerprints(audio, FrontEnd("power", *rest)), atol=0.05)
    loud = np.full((1, 16000), 1.5, np.float32)  # clipped, not wrapped
    np.testing.assert_array_equal(
        codes(loud, FrontEnd("integer", 40, 20, 10))[0, 1:], codes(loud, FrontEnd("integer", 40, 20, 10))[0, :-1]
    )
