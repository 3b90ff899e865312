"""From samples to a power spectrum in integers: window, real Fourier transform, power.

A frame of N points is transformed as N / 2 complex ones, z[m] = x[2m] + j x[2m + 1], and then split. N / 2 is 64 times
the radix r of the first pass (2, 4 or 8); two passes of radix 8 follow. All three decimate in frequency:

1. **Window and first pass, exact.** z = (x · window) >> 2 has 29 bits; the DFT over the r legs z[n + 64 i] adds them up
   in 32 bits without any rounding but that of 1/sqrt(2). Of a window of 640 samples five legs are not zero. The results
   of the frame are then divided by 2^s, s = bits - 15 of the largest one (at least 1), halves up: 16 bits.
2. **Second pass.** In each of the r blocks of 64 points, the product with the twiddle (>> 17, downwards) and a DFT of 8
   legs that divides by 4 on its way, 16-bit words throughout: `divided_dft8`. The whole frame is then multiplied by
   2^t, t = 15 - bits of the largest result, at most 8.
3. **Third pass**, the same on the blocks of 8.
4. **Split and power.** X[k] = Z[k] (P - jQ) + conj(Z[N/2 - k]) (R + jQ), summed up in 32 bits, >> 15 with halves up;
   the power is the sum of the two squares, 31 bits. Only bins in a mel band are computed.

So a frame is block floating point: its power is in units of 4^e, e = s - t + 8, times a constant (`Tables.log_bases`).
Quiet frames keep their bits. Every product is rounded downwards, as GAP8's instructions do it. That alone would lift
some results by up to 2 units; as it is the same for every frame, `divided_dft8` takes it away again, which is worth
5 dB in the fingerprint.

Word lengths: with every leg at most 2^28 · window, results of the first pass stay below 0.9 · 2^31 (`tables_of` checks
that). In the other passes a leg has components below 2^15, so a modulus below 2^15 · sqrt(2) / 4 = 11586 behind its
twiddle; each of the three additions doubles it and two of them halve it again: 23171, and 12 for the roundings. The
split multiplies that by sqrt(2) · 32700 / 32768 at most: below 2^15, so that the power is below 2^30.
"""

from dataclasses import dataclass

import numpy as np

from kwslib.integer.front_end_tables import BLOCK, MOST_LEFT, PASS_SHIFT, RADIX, WINDOW_SHIFT, Tables

HALF_ROOT_16 = 46341  # 2^16 / sqrt(2), rounded
HALF_ROOT_15 = 23170  # 2^15 / sqrt(2), rounded
TWIDDLE_SHIFT = 17
DC_LIFT, ODD_LIFT = 2, 1
"""What the roundings of `divided_dft8` take from its results 0 and (1 less 5), and what it adds for them."""


class Arithmetic:
    """Type of the computation; a test replaces it by a wider one that checks every declared word length."""

    dtype: type[np.signedinteger] = np.int32

    def held(self, values: np.ndarray, bits: int) -> np.ndarray:
        """Return values that are kept in words of so many bits."""
        return values


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What the transform makes of some frames.

    Attributes
    ----------
    points : ndarray, int32 (2, N / 2, frames)
        Z, real and imaginary parts, 16 bits.
    bins : ndarray, int32 (2, bins, frames)
        X, 16 bits; those in a mel band.
    power : ndarray, int32 (bins, frames)
    exponents : ndarray, int32 (frames,)
        e: the power is in units of 4^e.
    """

    points: np.ndarray
    bins: np.ndarray
    power: np.ndarray
    exponents: np.ndarray


def transform(samples: np.ndarray, tables: Tables, arithmetic: Arithmetic | None = None) -> Spectrum:
    """Transform frames.

    Parameters
    ----------
    samples : ndarray, int16 (window_samples, frames)
    tables : Tables
    arithmetic : Arithmetic, optional

    Returns
    -------
    Spectrum
    """
    a = arithmetic or Arithmetic()
    frames = samples.shape[1]
    blocks = _first_pass(samples, tables, a)
    largest = _largest(blocks)
    right = np.maximum(_bits(largest + (largest >> 15)) - 15, 1)  # rounding up must not reach 2^15
    blocks = a.held((blocks + (1 << right - 1)) >> right, 16)
    blocks = blocks.reshape(2, tables.first_radix, RADIX, RADIX, frames)
    legs = [_twiddled(blocks[:, :, leg], tables.second[:, :, leg], a) for leg in range(RADIX)]
    blocks = np.stack(divided_dft8(legs, a), axis=2)  # (2, first index, second index, leg of the third pass, frames)
    left = np.minimum(15 - _bits(_largest(blocks)), MOST_LEFT)
    blocks = a.held(blocks << left, 16)
    legs = [_twiddled(blocks[:, :, :, leg], tables.third[:, None, :, leg], a) for leg in range(RADIX)]
    results = np.stack(divided_dft8(legs, a), axis=1)  # (2, third index, first, second, frames)
    natural = np.ascontiguousarray(results.swapaxes(2, 3)).reshape(2, tables.points, frames)
    bins = _split(natural, tables, a)
    power = a.held(bins[0] * bins[0] + bins[1] * bins[1], 31)
    return Spectrum(natural, bins, power, (right - left + 2 * PASS_SHIFT).astype(np.int32))


def _bits(largest: np.ndarray) -> np.ndarray:
    """Bits of numbers below 2^31: 0 for 0, 1 for 1, 2 for 2 and 3."""
    return np.frexp(largest.astype(np.float64))[1].astype(np.int32)


def _largest(values: np.ndarray) -> np.ndarray:
    """Largest absolute value of each frame."""
    flat = values.reshape(-1, values.shape[-1])
    return np.maximum(flat.max(axis=0), -flat.min(axis=0))


def _first_pass(samples: np.ndarray, tables: Tables, a: Arithmetic) -> np.ndarray:
    """Return the DFT over the legs, (2, first_radix · 64, frames)."""
    windowed = np.zeros((len(tables.window), samples.shape[1]), a.dtype)
    np.multiply(samples, tables.window[: len(samples), None], out=windowed[: len(samples)], dtype=a.dtype)
    windowed = a.held(windowed >> WINDOW_SHIFT, 30)
    points = np.ascontiguousarray(np.moveaxis(windowed.reshape(-1, 2, samples.shape[1]), 1, 0))
    legs = [points[:, BLOCK * leg : BLOCK * (leg + 1)] for leg in range(tables.legs)]
    legs += [np.zeros_like(legs[0])] * (tables.first_radix - tables.legs)
    dft = {2: _exact_dft2, 4: _exact_dft4, 8: _exact_dft8}[tables.first_radix]
    return np.concatenate(dft(legs, a), axis=1)


def _turned(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return -j (x - y)."""
    return np.stack([x[1] - y[1], y[0] - x[0]])


def _exact_dft2(x: list[np.ndarray], a: Arithmetic) -> list[np.ndarray]:
    return [a.held(x[0] + x[1], 32), a.held(x[0] - x[1], 32)]


def _exact_dft4(x: list[np.ndarray], a: Arithmetic) -> list[np.ndarray]:
    even, odd = a.held(x[0] + x[2], 32), a.held(x[1] + x[3], 32)
    less, turned = a.held(x[0] - x[2], 32), a.held(_turned(x[1], x[3]), 32)
    return [a.held(one, 32) for one in (even + odd, less + turned, even - odd, less - turned)]


def _exact_dft8(x: list[np.ndarray], a: Arithmetic) -> list[np.ndarray]:
    """Return the DFT of 8 legs. Only the products with 1/sqrt(2) are rounded: (v · 46341) >> 16.

    A device adds the products of the upper and of the lower half of v up.
    """

    def by_root(v: np.ndarray) -> np.ndarray:
        return (v.astype(np.int64) * HALF_ROOT_16 >> 16).astype(a.dtype)

    even = _exact_dft4([a.held(x[i] + x[i + 4], 32) for i in range(4)], a)
    first, turned = a.held(x[0] - x[4], 32), a.held(_turned(x[2], x[6]), 32)
    one, three = a.held(x[1] - x[5], 32), a.held(x[7] - x[3], 32)
    p, q = by_root(a.held(one + three, 32)), by_root(a.held(_turned(one, three), 32))
    c0, c1, c2, c3 = (a.held(v, 32) for v in (first + turned, p + q, first - turned, q - p))
    odd = [a.held(v, 32) for v in (c0 + c1, c2 + c3, c0 - c1, c2 - c3)]
    return [v for pair in zip(even, odd, strict=True) for v in pair]


def _twiddled(x: np.ndarray, w: np.ndarray, a: Arithmetic) -> np.ndarray:
    """Return x w / 4, rounded downwards; w is (2, …) without the frames."""
    re, im = w[0][..., None], w[1][..., None]
    products = a.held(np.stack([x[0] * re - x[1] * im, x[0] * im + x[1] * re]), 32)
    return a.held(products >> TWIDDLE_SHIFT, 16)


def divided_dft8(x: list[np.ndarray], a: Arithmetic) -> list[np.ndarray]:
    """Return a quarter of the DFT of 8 legs, each (2, …): the first two additions halve, downwards."""

    def halved(v: np.ndarray) -> np.ndarray:
        return a.held(v, 16) >> 1

    sums = [halved(x[i] + x[i + 4]) for i in range(4)]
    first, one, three = halved(x[0] - x[4]), halved(x[1] - x[5]), halved(x[7] - x[3])
    turned = halved(_turned(x[2], x[6]))
    e0, e1, e2 = halved(sums[0] + sums[2]), halved(sums[0] - sums[2]), halved(sums[1] + sums[3])
    e3 = halved(_turned(sums[1], sums[3]))
    p = a.held(one + three, 16) * HALF_ROOT_15 >> 16
    q = a.held(_turned(one, three), 16) * HALF_ROOT_15 >> 16
    c0, c2 = halved(first + turned), halved(first - turned)
    c1, c3 = a.held(p + q + ODD_LIFT, 16), a.held(q - p, 16)
    y = (e0 + e2 + DC_LIFT, c0 + c1, e1 + e3, c2 + c3, e0 - e2, c0 - c1, e1 - e3, c2 - c3)
    return [a.held(v, 16) for v in y]


def _split(z: np.ndarray, tables: Tables, a: Arithmetic) -> np.ndarray:
    """Return the bins of the real transform, (2, bins, frames)."""
    p, q, r = (one[:, None] for one in tables.split)
    re, im = z[:, tables.bins.start : tables.bins.stop]
    mirror_re, mirror_im = z[:, tables.points - tables.bins.start : tables.points - tables.bins.stop : -1]
    sums = np.stack(
        [
            p * re + q * im + (r * mirror_re + q * mirror_im),
            p * im - q * re + (q * mirror_re - r * mirror_im),
        ]
    )
    return a.held((a.held(sums, 32) + (1 << 14)) >> 15, 16)
