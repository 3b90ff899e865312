"""The integer front end in C against its specification, code by code."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib import toolchain
from kwslib.config.front_end import FrontEnd
from kwslib.config.presets import SIZES
from kwslib.errors import InputError
from kwslib.integer import front_end as specification
from kwslib.runs.clips import DEFAULT_CLIP
from kwslib.speech import fingerprint, front_end_library
from kwslib.speech.wav import read_wav

SMALL, LARGE = FrontEnd("integer", 40, 20, 10), FrontEnd("integer", 30, 10, 40)
OTHERS = (
    FrontEnd("integer", 25, 10, 13, bands=26, upper_hz=7600),
    FrontEnd("integer", 16, 8, 20, bands=20, lower_hz=0, upper_hz=8000),  # radix 2, every bin but the first
    FrontEnd("integer", 5, 7, 3, bands=5, scale=0.25, fft_points=256),  # one leg, samples between frames
    FrontEnd("integer", 40, 25, 10, scale=0.75, upper_hz=7000),
    FrontEnd("integer", 20, 20, 4, bands=4, fft_points=1024),
    FrontEnd("integer", 64, 3, 60, bands=128, upper_hz=8000, scale=40.0),  # every leg of radix 8
    FrontEnd("integer", 16, 16, 1, bands=1, lower_hz=200, upper_hz=300),
    FrontEnd("integer", 30, 10, 63, bands=63, lower_hz=0, upper_hz=1000),  # bands without a bin
    FrontEnd("integer", 9, 3, 1, bands=1, lower_hz=0, upper_hz=63),  # a bin in all, weights of 13 bits
)
EVERY = (SMALL, LARGE, *OTHERS)
SAMPLES = 3000
LANES = 16
"""Most frames that are computed at once."""


def assert_equal(audio: np.ndarray, one: FrontEnd, zero_point: int = 128) -> None:
    found = front_end_library.codes_of(audio, one, zero_point)
    wanted = specification.codes_of(audio, one, zero_point)
    assert found.dtype == wanted.dtype == np.uint8
    np.testing.assert_array_equal(found, wanted)


def sounds(seed: int = 0, samples: int = SAMPLES) -> np.ndarray:
    """Speech, and what is hard for 16-bit words: full scale in every shape, silence, impulses, noise of a unit."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples)
    square = np.where(t // rng.integers(1, 200) % 2, 32767, -32768)
    impulse = np.where(t == rng.integers(samples), rng.choice([-32768, -1, 1, 32767]), 0)
    tone = rng.uniform(1, 32767) * np.sin(2 * np.pi * rng.uniform(1, 8000) / 16000 * t + rng.uniform(0, 7))
    extremes = rng.choice([-32768, 32767], samples)
    speech = np.resize(read_wav(DEFAULT_CLIP).astype(float), samples)
    noise = rng.normal(size=samples) * 2.0 ** rng.uniform(-1, 17) + rng.normal() * 4000
    parts = [square, impulse, tone, extremes, speech, speech * 20, noise, rng.integers(-1, 2, samples)]
    parts += [np.full(samples, value) for value in (0, 1, -1, 32767, -32768, rng.integers(-32768, 32768))]
    return np.clip(np.rint(np.stack(parts)), -32768, 32767).astype(np.int16)


def test_the_front_ends_are_those_of_the_presets():
    assert {size.front_end("integer") for size in SIZES.values()} <= {SMALL, LARGE}


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.key)
def test_every_code_is_that_of_the_specification(one):
    for zero_point in (128, 131, 0, 255, -300):
        assert_equal(sounds(samples=16000), one, zero_point)


def test_the_front_ends_have_every_radix_and_bands_without_a_bin():
    tables = [specification.tables_of(one) for one in EVERY]
    assert {one.first_radix for one in tables} == {2, 4, 8}
    assert {one.legs for one in tables} >= {1, 2, 4, 5, 8}
    assert any((one.segments == 0).any() for one in tables)


@settings(max_examples=60)
@given(
    one=st.sampled_from(EVERY),
    seed=st.integers(0, 2**32 - 1),
    clips=st.integers(1, 9),
    samples=st.integers(1024, SAMPLES),
    scale=st.floats(0.3, 30),
    zero_point=st.integers(-200, 400),
)
def test_any_sound_and_any_number_of_frames(one, seed, clips, samples, scale, zero_point):
    audio = np.random.default_rng(seed).permutation(sounds(seed, samples))[:clips]
    assert_equal(audio, replace(one, scale=scale), zero_point)


@settings(max_examples=60)
@given(
    window_ms=st.integers(4, 64),
    stride_ms=st.integers(5, 80),
    bands=st.integers(1, 63),
    share=st.floats(0, 1),
    edges=st.lists(st.floats(0, 8000), min_size=2, max_size=2),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_front_end_that_has_tables(window_ms, stride_ms, bands, share, edges, seed):
    low, high = sorted(edges)
    try:
        coefficients = 1 + int(share * (bands - 1))
        one = FrontEnd("integer", window_ms, stride_ms, coefficients, bands=bands, lower_hz=low, upper_hz=high)
        specification.tables_of(one)
    except InputError:
        return
    assert_equal(sounds(seed, 1500)[::2], one)


@pytest.mark.parametrize("frames", range(1, 2 * LANES + 2))
def test_frames_that_do_not_fill_the_lanes(frames):
    audio = sounds(1, SMALL.window_samples + (frames - 1) * SMALL.stride_samples + 5)
    for one in (audio[4:5], audio[5:8]):
        assert_equal(one, SMALL)


def test_sound_that_is_not_contiguous_and_no_clip_at_all():
    audio = sounds(2)
    for one in (audio[::2], audio[:, ::-1], audio[:, 7:2500], np.asfortranarray(audio), audio[:, ::2][:, :1400]):
        assert_equal(one, SMALL)
    assert front_end_library.codes_of(audio[:0], LARGE).shape == specification.codes_of(audio[:0], LARGE).shape


def test_the_sound_is_not_changed_and_threads_do_not_meet():
    audio = np.concatenate([sounds(seed) for seed in range(4)])
    before, wanted = audio.copy(), {one: specification.codes_of(audio, one) for one in EVERY[:4]}
    with ThreadPoolExecutor(4) as pool:
        tasks = 8 * list(wanted)
        results = pool.map(lambda one: front_end_library.codes_of(audio, one), tasks)
        for one, found in zip(tasks, results, strict=True):
            np.testing.assert_array_equal(found, wanted[one])
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize(
    ("audio", "one"),
    [
        (np.zeros((2, 639), np.int16), SMALL),
        (np.zeros((2, 16000), np.float32), SMALL),
        (np.zeros((2, 16000), np.uint16), SMALL),
        (np.zeros(16000, np.int16), SMALL),
        (np.zeros((1, 16000), np.int16), replace(SMALL, kind="power")),
        (np.zeros((1, 16000), np.int16), replace(SMALL, window_ms=100)),
    ],
)
def test_what_cannot_be_computed_is_refused_in_the_same_words(audio, one):
    with pytest.raises(InputError) as wanted:
        specification.codes_of(audio, one)
    with pytest.raises(InputError) as found:
        front_end_library.codes_of(audio, one)
    assert str(found.value) == str(wanted.value)


@pytest.fixture
def forgotten():
    """Nobody has asked for the library yet, and what this test finds is forgotten."""
    for known in (front_end_library.load, fingerprint._integer_codes):
        known.cache_clear()
    yield
    for known in (front_end_library.load, fingerprint._integer_codes):
        known.cache_clear()


def test_codes_are_those_of_the_library_where_there_is_a_compiler(forgotten, capsys):
    assert fingerprint._integer_codes() is front_end_library.codes_of
    assert not capsys.readouterr().err


@pytest.mark.parametrize("obstacle", ["no compiler", "no such compiler", "it fails", "no library", "no cache"])
def test_without_the_library_numpy_computes_them_and_one_line_says_so(
    forgotten, monkeypatch, capsys, tmp_path, obstacle
):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(toolchain.HOST_VARIABLE, raising=False)
    if obstacle == "no compiler":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        said = "no C compiler: install ziglang"
    elif obstacle == "no such compiler":
        monkeypatch.setenv(toolchain.HOST_VARIABLE, "no-such-cc")
        said = "no C compiler 'no-such-cc'"
    elif obstacle == "it fails":
        monkeypatch.setenv(toolchain.HOST_VARIABLE, "false")
        said = "failed with exit status 1"
    elif obstacle == "no library":
        monkeypatch.setattr(toolchain, "compile_program", lambda *arguments: arguments[2].write_bytes(b"text"))
        said = "cannot load"
    else:
        (tmp_path / "cache").write_text("a file")
        said = "cannot write"
    audio = sounds(samples=16000)[:2]
    for _ in range(2):
        np.testing.assert_array_equal(fingerprint.codes(audio, SMALL), specification.codes_of(audio, SMALL))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("warning: NumPy makes the fingerprints") and said in lines[0]
