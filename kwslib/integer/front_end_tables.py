"""Constants of the integer front end, made from the parameters of a `FrontEnd`.

Everything that the arithmetic reads is here as integers, so that NumPy, firmware and kernels share it. Word lengths
that depend on the parameters (the bits of the mel weights and of the cosines) are chosen here, as the largest that can
never overflow.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log2

import numpy as np

from kwslib.config.filterbank import band_edges, bin_hz, dct_matrix, mel, window
from kwslib.config.front_end import POWER_OFFSET, FrontEnd
from kwslib.errors import InputError

BLOCK = 64
"""Complex points of a block: what the second and the third pass of the transform, radix 8 both, work on."""
RADIX = 8
FIRST_RADICES = (2, 4, 8)
"""Radices of the first pass, hence transforms of 256, 512 and 1024 real points."""
WINDOW_ONE, WINDOW_SHIFT = 32767, 2
"""What 1.0 is in the window, and the shift of its products with samples."""
TWIDDLE_ONE = 32767
SPLIT_ONE = 32700
"""What 1.0 is in the coefficients that split the spectrum: the largest that keeps every component within 16 bits."""
PASS_SHIFT = 4
"""Bits by which the second and the third pass divide."""
MOST_LEFT = 8
"""Most bits by which the third pass multiplies its input."""
EXPONENTS = 27
"""Exponents of a frame are 1 to 26: see `kwslib.integer.front_end_transform`."""
LOG_ENTRIES = 64
LOG_TABLE_BITS, LOG_BITS = 16, 10
"""Fractional bits of the table of logarithms, and of a band's logarithm to base 2."""
MOST_WEIGHT_BITS, MOST_DCT_BITS = 13, 15
"""With weights of 14 bits a silent frame's energy, its offset alone, would need 48 bits and a little more: a device
keeps 32 behind its shift by 16."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Constants of one front end. `bins` are those that have a weight; N is the length of the transform.

    Attributes
    ----------
    front_end : FrontEnd
    first_radix : int
        Radix of the first pass: N / 128.
    legs : int
        Legs of the first pass that hold samples: window_samples / 128, rounded up. The others are zeros.
    window : ndarray, int32 (legs · 128,)
        Hann window, 32767 · w; zeros behind it.
    second, third : ndarray, int32 (2, first_radix, 8, 8) and (2, 8, 8)
        Twiddles, real and imaginary, 32767 · W: by first index and place (leg, within the leg), and by second index and
        leg.
    bins : range
        Bins whose power is computed.
    split : ndarray, int32 (3, bins)
        P = (1 - sin) / 2, Q = cos / 2, R = (1 + sin) / 2 of 2 pi k / N, times 32700.
    segments : ndarray, int32 (bands + 1,)
        Bins between two edges of bands.
    rising : ndarray, int32 (bins,)
        Weight of each bin in the band that peaks at the segment's end; 2^weight_bits less it is the weight in the band
        before.
    weight_bits : int
    offsets : ndarray, int64 (27,)
        1e-6 in units of a band's energy, at least 1, by the frame's exponent.
    logarithms : ndarray, int32 (64, 2)
        log2(1 + i / 64) and its increase to the next entry, 16 fractional bits.
    log_bases : ndarray, int32 (27,)
        log2 of the unit of a band's energy, 16 fractional bits, by the frame's exponent; half a unit of the result is
        added.
    cosines : ndarray, int32 (bands, coefficients)
        DCT-II times sqrt(2 / bands) · ln 2 / scale · 2^dct_bits: codes from logarithms to base 2.
    dct_bits : int
    """

    front_end: FrontEnd
    first_radix: int
    legs: int
    window: np.ndarray
    second: np.ndarray
    third: np.ndarray
    bins: range
    split: np.ndarray
    segments: np.ndarray
    rising: np.ndarray
    weight_bits: int
    offsets: np.ndarray
    logarithms: np.ndarray
    log_bases: np.ndarray
    cosines: np.ndarray
    dct_bits: int

    @property
    def code_shift(self) -> int:
        """Fractional bits of the sums that codes are rounded from."""
        return LOG_BITS + self.dct_bits

    @property
    def points(self) -> int:
        """Complex points of the transform: N / 2."""
        return self.first_radix * BLOCK


@lru_cache(maxsize=16)
def tables_of(front_end: FrontEnd) -> Tables:
    """Return the constants of a front end of kind ``integer``.

    Raises
    ------
    InputError
        If its parameters are outside of what the integer front end computes.
    """
    if front_end.kind != "integer":
        raise InputError(f"front end {front_end.key} is not of kind integer")
    radix = front_end.fft_length // (2 * BLOCK)
    if radix not in FIRST_RADICES or front_end.fft_length != 2 * BLOCK * radix:
        lengths = ", ".join(str(2 * BLOCK * one) for one in FIRST_RADICES)
        raise InputError(
            f"front end {front_end.key} needs a transform of {front_end.fft_length} points: the integer front end "
            f"computes {lengths}; choose another window_ms or fft_points"
        )
    if front_end.bands >= 32 * radix:
        raise InputError(
            f"front end {front_end.key} has {front_end.bands} bands: {32 * radix - 1} at most are computed"
        )
    bins, segments, weights = _segments(front_end)
    weight_bits = _weight_bits(weights, segments)
    gain = WINDOW_ONE * 2.0 ** (15 - WINDOW_SHIFT) * (TWIDDLE_ONE / 32768) ** 2 * (SPLIT_ONE / 32768)
    unit = 1 / gain**2 / 2.0**weight_bits
    exponents = np.arange(EXPONENTS)
    cosines, dct_bits = _cosines(front_end)
    position = 2 * np.pi * np.arange(bins.start, bins.stop) / front_end.fft_length
    split = (1 - np.sin(position)) / 2, np.cos(position) / 2, (1 + np.sin(position)) / 2
    entries = np.round(np.log2(1 + np.arange(LOG_ENTRIES + 1) / LOG_ENTRIES) * 2**LOG_TABLE_BITS).astype(np.int32)
    bases = np.round((2 * exponents + log2(unit)) * 2**LOG_TABLE_BITS) + (1 << LOG_TABLE_BITS - LOG_BITS - 1)
    n = np.arange(RADIX)
    return Tables(
        front_end=front_end,
        first_radix=radix,
        legs=ceil(front_end.window_samples / (2 * BLOCK)),
        window=_window(front_end),
        second=_twiddles(radix * BLOCK, np.arange(radix)[:, None, None] * np.arange(BLOCK).reshape(RADIX, RADIX)),
        third=_twiddles(BLOCK, n[:, None] * n),
        bins=bins,
        split=np.round(np.array(split) * SPLIT_ONE).astype(np.int32),
        segments=segments,
        rising=np.round(weights * 2**weight_bits).astype(np.int32),
        weight_bits=weight_bits,
        offsets=np.maximum(np.round(POWER_OFFSET / unit / 4.0**exponents), 1).astype(np.int64),
        logarithms=np.stack([entries[:-1], np.diff(entries)], axis=1),
        log_bases=bases.astype(np.int32),
        cosines=cosines,
        dct_bits=dct_bits,
    )


def _window(front_end: FrontEnd) -> np.ndarray:
    values = np.round(window(front_end) * WINDOW_ONE).astype(np.int32)
    padded = np.zeros(-(-len(values) // (2 * BLOCK)) * 2 * BLOCK, np.int32)
    padded[: len(values)] = values
    # The first pass adds its legs exactly: no component of its results may come near 2^31.
    largest = np.sqrt(2) * (padded.reshape(-1, BLOCK, 2).max(axis=2).sum(axis=0)).max() * 2.0 ** (15 - WINDOW_SHIFT)
    if largest >= 0.9 * 2**31:
        raise InputError(f"front end {front_end.key}: its window fills too much of {front_end.fft_length} points")
    return padded


def _twiddles(points: int, exponent: np.ndarray) -> np.ndarray:
    w = np.exp(-2j * np.pi * exponent / points)
    return np.round(np.stack([w.real, w.imag]) * TWIDDLE_ONE).astype(np.int32)


def _segments(front_end: FrontEnd) -> tuple[range, np.ndarray, np.ndarray]:
    """Bins with a weight, how many of them lie between two edges of bands, and their rising weights."""
    edges = band_edges(front_end)
    last = min(int(front_end.upper_hz / bin_hz(front_end)), front_end.fft_length // 2 - 1)
    position = mel(np.arange(last + 1) * bin_hz(front_end))
    inside = np.flatnonzero((position >= edges[0]) & (position < edges[-1]) & (np.arange(last + 1) > 0))
    if not len(inside):
        raise InputError(f"front end {front_end.key}: no bin of its transform lies in a mel band")
    segment = np.searchsorted(edges, position[inside], side="right") - 1
    rising = (position[inside] - edges[segment]) / (edges[segment + 1] - edges[segment])
    counts = np.bincount(segment, minlength=front_end.bands + 1).astype(np.int32)
    return range(int(inside[0]), int(inside[-1]) + 1), counts, rising


def _weight_bits(rising: np.ndarray, segments: np.ndarray) -> int:
    """Most bits with which the lower halves of a band's powers, 16 bits each, still add up to less than 32 bits."""
    ends = np.cumsum(segments)
    up = np.array([rising[end - count : end].sum() for end, count in zip(ends, segments, strict=True)])
    largest = max((up[:-1] + segments[1:] - up[1:]).max(), segments.max())
    return min(MOST_WEIGHT_BITS, floor(log2((2.0**32 - 2**16) / 2**16 / (largest + 1))))


def _cosines(front_end: FrontEnd) -> tuple[np.ndarray, int]:
    """Return the DCT with the largest word length at which its sums stay within 32 bits."""
    matrix = dct_matrix(front_end) * np.log(2) / front_end.scale
    loudest = log2(
        float(window(front_end).sum()) ** 2 * front_end.fft_length
    )  # every bin at its largest, all in a band
    largest = max(loudest, -log2(POWER_OFFSET)) * 2**LOG_BITS * np.abs(matrix).sum(axis=0).max()
    bits = min(MOST_DCT_BITS, floor(log2(2.0**31 / (largest + 2**LOG_BITS))), floor(log2(32767 / np.abs(matrix).max())))
    if bits < 1:
        raise InputError(f"front end {front_end.key}: a scale of {front_end.scale:g} makes codes beyond 16 bits")
    return np.round(matrix * 2.0**bits).astype(np.int32), bits
