"""The fingerprints: mel-frequency cepstral coefficients in NumPy, and their 8-bit codes.

The front ends in floating point are specified here; the integer one is in `kwslib.integer.front_end`, and
`kwslib.speech.front_end_library` computes the same faster.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from kwslib.config.filterbank import dct_matrix, mel_matrix, window
from kwslib.config.front_end import (
    CLIP_SAMPLES,
    INPUT_SCALE,
    INPUT_ZERO_POINT,
    MAGNITUDE_FLOOR,
    POWER_OFFSET,
    FrontEnd,
)
from kwslib.errors import InputError, KwsError
from kwslib.integer.front_end import codes_of, values_of
from kwslib.speech import front_end_library

BLOCK_CLIPS = 8
"""Clips transformed at a time; their spectra then stay in the second-level cache."""


@dataclass(frozen=True)
class _Tables:
    """Window, mel bands and cosines of a front end; only the bins of `used` have a weight in some band."""

    hann: np.ndarray
    weights: np.ndarray
    dct: np.ndarray
    used: slice


@lru_cache(maxsize=16)
def _tables(front_end: FrontEnd) -> _Tables:
    weights = mel_matrix(front_end)
    bins = np.flatnonzero(weights.any(axis=1))
    used = slice(int(bins[0]), int(bins[-1]) + 1)
    return _Tables(window(front_end), np.ascontiguousarray(weights[used]), dct_matrix(front_end), used)


def as_float(audio: np.ndarray) -> np.ndarray:
    """Return clips as float32 in [-1, 1): int16 is divided by 32768, float32 is returned as it is.

    Parameters
    ----------
    audio : ndarray of int16 or float32, shape (n, 16000)

    Returns
    -------
    ndarray of float32, shape (n, 16000)

    Raises
    ------
    InputError
        For another type or a shape that is not (n, 16000).
    """
    audio = np.asarray(audio)
    if audio.ndim != 2 or audio.shape[1] != CLIP_SAMPLES or audio.dtype not in (np.int16, np.float32):
        raise InputError(f"audio is {audio.dtype} {audio.shape}; int16 or float32 (clips, {CLIP_SAMPLES}) is needed")
    return audio if audio.dtype == np.float32 else audio.astype(np.float32) * np.float32(1 / 32768)


def to_peak(audio: np.ndarray) -> np.ndarray:
    """Return clips scaled to a peak of 1 each, float32; digital silence stays. Parameters are those of `as_float`."""
    values = as_float(audio)
    return values / np.maximum(np.abs(values).max(axis=1, keepdims=True), np.float32(1 / 32768))


def as_int16(audio: np.ndarray) -> np.ndarray:
    """Return clips as int16: float32 is multiplied by 32768, rounded and clipped, int16 is returned as it is.

    Parameters and errors are those of `as_float`.
    """
    audio = np.asarray(audio)
    if audio.dtype == np.int16 and audio.ndim == 2 and audio.shape[1] == CLIP_SAMPLES:
        return audio
    return np.clip(np.rint(as_float(audio) * np.float32(32768)), -32768, 32767).astype(np.int16)


def codes(
    audio: np.ndarray, front_end: FrontEnd, scale: float | None = None, zero_point: int = INPUT_ZERO_POINT
) -> np.ndarray:
    """Return the 8-bit codes of clips, whatever the kind of front end.

    Parameters
    ----------
    audio : ndarray of int16 or float32, shape (n, 16000)
        As for `fingerprints`; the integer front end rounds float32 to 16 bits. A library in C computes it; where no
        compiler makes that, NumPy does, and a line on standard error says so once.
    front_end : FrontEnd
        What to compute.
    scale : float, optional
        Step of the codes; the front end's own by default.
    zero_point : int
        Code of the value zero.

    Returns
    -------
    ndarray of uint8, shape (n, frames, coefficients)

    Raises
    ------
    InputError
        If the audio is of another type or shape.
    """
    wanted = front_end if scale is None else replace(front_end, scale=float(scale))
    if front_end.kind == "integer":
        return _integer_codes()(as_int16(audio), wanted, zero_point)
    return quantise(fingerprints(audio, front_end), wanted.scale, zero_point)


@cache
def _integer_codes() -> Callable[[np.ndarray, FrontEnd, int], np.ndarray]:
    """Return what computes the integer front end: the library, or NumPy where no compiler makes the library."""
    try:
        front_end_library.load()
    except KwsError as error:
        why = str(error).splitlines()[0]
        print(f"warning: NumPy makes the fingerprints, more slowly than the library in C: {why}", file=sys.stderr)
        return codes_of
    return front_end_library.codes_of


def fingerprints(audio: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the fingerprints of clips.

    Parameters
    ----------
    audio : ndarray of int16 or float32, shape (n, 16000)
        Samples at 16 kHz; float32 in [-1, 1).
    front_end : FrontEnd
        What to compute.

    Returns
    -------
    ndarray of float32, shape (n, frames, coefficients)
        Digital silence has -247.14 (``magnitude``) or -123.57 (``power``) as its zeroth coefficient and zeros
        beyond.

    Raises
    ------
    InputError
        If the audio is of another type or shape.

    Examples
    --------
    >>> front_end = FrontEnd("power", window_ms=40, stride_ms=20, coefficients=10)
    >>> values = fingerprints(np.zeros((1, 16000), np.int16), front_end)
    >>> values.shape, f"{values[0, 0, 0]:.2f}"
    ((1, 49, 10), '-123.57')
    >>> int(quantise(values)[0, 0, 0])
    64
    """
    if front_end.kind == "integer":
        return values_of(as_int16(audio), front_end)
    audio = np.asarray(audio)
    result = np.empty((len(audio), *front_end.shape), np.float32)
    tables = _tables(front_end)
    # The zeros behind each windowed frame, up to the transform's length, are written once.
    padded = np.zeros((BLOCK_CLIPS, front_end.frames, front_end.fft_length))
    for start in range(0, len(audio), BLOCK_CLIPS):
        block = as_float(audio[start : start + BLOCK_CLIPS])
        frames = np.lib.stride_tricks.sliding_window_view(block, front_end.window_samples, axis=1)
        windowed = padded[: len(block)]
        strided = frames[:, :: front_end.stride_samples]
        np.multiply(strided, tables.hann, out=windowed[..., : front_end.window_samples])
        spectrum = np.fft.rfft(windowed)[..., tables.used]
        bands = (spectrum.real**2 + spectrum.imag**2).reshape(-1, len(tables.weights))
        if front_end.kind == "magnitude":
            bands = np.maximum(np.sqrt(bands) @ tables.weights, MAGNITUDE_FLOOR)
        else:
            bands = bands @ tables.weights + POWER_OFFSET
        result[start : start + len(block)] = (np.log(bands) @ tables.dct).reshape(len(block), *front_end.shape)
    return result


def quantise(values: np.ndarray, scale: float = INPUT_SCALE, zero_point: int = INPUT_ZERO_POINT) -> np.ndarray:
    """Return the uint8 codes of fingerprints: nearest code, halves upwards, clipped to 0..255."""
    codes = np.floor(np.asarray(values, np.float32) / np.float32(scale) + np.float32(0.5)) + zero_point
    return np.clip(codes, 0, 255).astype(np.uint8)


def dequantise(codes: np.ndarray, scale: float = INPUT_SCALE, zero_point: int = INPUT_ZERO_POINT) -> np.ndarray:
    """Return the float32 values that uint8 codes stand for."""
    return (np.asarray(codes, np.float32) - np.float32(zero_point)) * np.float32(scale)
