"""From the int32 accumulator of a layer to its 8-bit output code, exactly.

The real factor of a channel is s_in · s_w / s_out. There are two integer forms of it:

*Snapped*, ``(acc * q + 2**(n - 1)) >> n`` with a small q, which rounds half up: networks trained here have it, and a
GAP8 core computes it in three instructions. TFLite's default kernels (XNNPACK) compute the factor in float32, multiply
in float32 and round half to even. With output zero point 0 both give the same code for **every** accumulator if the
float32 factor is q · 2^-n bit for bit, and either

* q is in `FREE_Q` (257 … 511, odd) and 0 <= n <= `LARGEST_N` (17). Every product below 128 has at most 24 significant
  bits, so float32 is exact. Since q is odd, a tie is an odd multiple of q / 2: it lies outside of the int8 range, where
  both clip. Or
* the layer has a ReLU, q is in `RELU_Q` (87 … 255, q = 3 mod 4) and n = `LARGEST_N`. The one positive tie inside of the
  range is q / 2 = k + 1/2 with odd k, which half to even rounds up too. ReLU removes the negative ties.

`kwslib.network.quantisation.snap` chooses the weight ranges so that every factor has this form.

*Exact*, a 31-bit multiplier and a shift, equal to TFLite's reference kernels (the BUILTIN_REF resolver of TensorFlow
2.21 and of LiteRT 2.3). All other networks get this form. Those kernels do not agree on the rounding:

* ``TWICE``, convolutions, MEAN and QUANTIZE: half up to 31 bits, then half away from zero at the shift (gemmlowp's
  ``SaturatingRoundingDoublingHighMul`` and ``RoundingDivideByPOT``). The scales are multiplied in float64, for uint8
  convolutions in float32.
* ``ONCE``, the linear layer: half away from zero. The kernel multiplies in float64, whose 53 bits decide otherwise
  than 31 only within 2^-24 of a tie; `agrees_with_float64` proves for a layer that no accumulator lies there.
"""

from dataclasses import dataclass

import numpy as np

FREE_Q = range(257, 512, 2)
"""Snapped factors of any layer: free of ties inside of the int8 range."""
RELU_Q = range(87, 256, 4)
"""Snapped factors of a layer with ReLU, at the shift `LARGEST_N`."""
LARGEST_N = 17
"""Largest shift of a snapped factor."""
INT32_MAX = (1 << 31) - 1
TWICE, ONCE = "twice", "once"


@dataclass(frozen=True)
class Requantisation:
    """Factors of one layer, one entry for each channel.

    Attributes
    ----------
    multiplier, shift : ndarray, int32 (channels,)
        The exact form: factor = multiplier · 2^(shift - 31), multiplier in [2^30, 2^31) or 0.
    q, n : ndarray, int32 (channels,)
        The snapped form, factor = q · 2^-n; zeros in channels that have none.
    snapped : bool
        Whether every channel has the snapped form, which is then the layer's arithmetic.
    rounding : str
        Of the exact form, ``TWICE`` or ``ONCE``.
    """

    multiplier: np.ndarray
    shift: np.ndarray
    q: np.ndarray
    n: np.ndarray
    snapped: bool
    rounding: str = TWICE

    def apply(self, accumulators: np.ndarray) -> np.ndarray:
        """Requantise, without output zero point and clamp.

        Parameters
        ----------
        accumulators : ndarray (..., channels)
            Integers, as any dtype that holds them exactly; |acc| < 2^31.

        Returns
        -------
        ndarray, float64 (snapped) or int64 (exact), of the same shape
            Integer values.
        """
        if self.snapped:
            # acc · q has at most 40 bits and 2^-n moves the point only: float64 is exact, floor included
            scaled = np.multiply(accumulators, np.ldexp(self.q.astype(np.float64), -self.n), dtype=np.float64)
            scaled += 0.5 * (self.n > 0)
            return np.floor(scaled, out=scaled)
        return multiply(accumulators.astype(np.int64), self.multiplier, self.shift, self.rounding)


def multiply(accumulators: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, rounding: str = TWICE) -> np.ndarray:
    """Multiply int64 `accumulators` by multiplier · 2^(shift - 31), rounding as `rounding` says.

    |accumulator| · 2^max(shift, 0) must be below 2^31.
    """
    multiplier, shift = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    if rounding == ONCE:
        half = np.int64(1) << (30 - shift)
        return np.sign(accumulators) * ((np.abs(accumulators) * multiplier + half) >> (31 - shift))
    high = (accumulators << np.maximum(shift, 0)) * multiplier
    high += 1 << 30
    high >>= 31
    right = np.maximum(-shift, 0)
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    high += half
    high -= (high < half) & (right > 0)
    high >>= right
    return high


def agrees_with_float64(form: Requantisation, factors: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Prove that ``ONCE`` gives what float64 arithmetic gives, for every accumulator of some channels.

    Parameters
    ----------
    form : Requantisation
    factors : ndarray, float64 (channels,)
        The real factors.
    largest : ndarray of integers (channels,)
        Bound of the absolute accumulator.

    Returns
    -------
    ndarray, bool (channels,)
        Both functions are monotone steps and odd, so comparing them at the last accumulator before each tie up to 256
        and at the next two is enough.
    """
    ties = np.arange(257)[:, np.newaxis] + 0.5
    before = np.floor(ties / factors).astype(np.int64)
    near = np.minimum(before + np.arange(-1, 3)[:, np.newaxis, np.newaxis], largest)
    integer = multiply(near, form.multiplier, form.shift, ONCE)
    return (integer == np.floor(near * factors + 0.5)).all(axis=(0, 1))


def exact(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """31-bit multipliers and shifts of positive real factors (float64), as TFLite's ``QuantizeMultiplier``.

    Returns
    -------
    multiplier, shift : ndarray, int32
        factor = multiplier · 2^(shift - 31); factors below 2^-32 become 0.
    """
    fraction, shift = np.frexp(np.asarray(factors, np.float64))
    multiplier = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
    full = multiplier == 1 << 31
    multiplier, shift = np.where(full, multiplier >> 1, multiplier), shift + full
    vanishing = shift < -31
    return np.where(vanishing, 0, multiplier).astype(np.int32), np.where(vanishing, 0, shift).astype(np.int32)


def mean(factor: float, count: int, channels: int) -> Requantisation:
    """Exact form that turns the sum of `count` codes into their mean, as TFLite's MEAN computes it.

    Parameters
    ----------
    factor : float
        s_in / s_out.
    count, channels : int
        Codes in a sum; channels of the layer.
    """
    multiplier, shift = (int(value) for value in exact(np.array(factor)))
    room = min(count.bit_length() - 1, 32, 31 + shift)
    multiplier, shift = (multiplier << room) // count, shift - room
    zeros = np.zeros(channels, np.int32)
    return Requantisation(zeros + multiplier, zeros + shift, zeros, zeros, snapped=False)


def snapped(factors: np.ndarray, relu: bool) -> tuple[np.ndarray, np.ndarray]:
    """Find the snapped form of float32 factors.

    Parameters
    ----------
    factors : ndarray, float32 (channels,)
        ``float32(float32(s_in * s_w) / s_out)``, as XNNPACK computes it.
    relu : bool
        Whether the layer clips at the output zero point from below.

    Returns
    -------
    q, n : ndarray, int32 (channels,)
        Zeros in channels that have none.
    """
    found = [_snapped(np.float32(factor), relu) for factor in np.ravel(factors)]
    q, n = zip(*found, strict=True)
    return np.array(q, np.int32), np.array(n, np.int32)


def _snapped(factor: np.float32, relu: bool) -> tuple[int, int]:
    if not 0 < factor < np.inf:
        return 0, 0
    # the significand is an odd integer times a power of two in exactly one way
    fraction, exponent = np.frexp(factor)
    significand, shift = int(fraction * 2**24), 24 - int(exponent)
    twos = (significand & -significand).bit_length() - 1
    q, n = significand >> twos, shift - twos
    if (q in FREE_Q and 0 <= n <= LARGEST_N) or (relu and q in RELU_Q and n == LARGEST_N):
        return q, n
    return 0, 0


@dataclass(frozen=True)
class Bounds:
    """What the accumulator of a layer can be, channel by channel, from the actual weights and input codes.

    Attributes
    ----------
    accumulator : ndarray, int64 (channels,)
        Largest |sum of products|, bias and zero points not included.
    bias : ndarray, int64 (channels,)
        Bias with the zero points folded in.
    product : ndarray, int64 (channels,)
        Largest |accumulator · q| + |bias · q| + 2^(n - 1) of the snapped form; 0 where there is none.
    fits : ndarray, bool (channels,)
        Whether the snapped form, with the bias multiplied beforehand, cannot wrap an int32 anywhere.
    """

    accumulator: np.ndarray
    bias: np.ndarray
    product: np.ndarray
    fits: np.ndarray


def bounds(weights: np.ndarray, bias: np.ndarray, codes: tuple[int, int], form: Requantisation) -> Bounds:
    """Bound the accumulators of one layer.

    Parameters
    ----------
    weights : ndarray of integers (channels, ...)
        Their zero point subtracted.
    bias : ndarray of integers (channels,)
        With the input zero point folded in.
    codes : (int, int)
        Lowest and highest input code, padding included.
    form : Requantisation

    Returns
    -------
    Bounds
        Since every partial sum lies between the sum of its negative and of its positive products, the bound holds
        in any order of accumulation.
    """
    flat = weights.reshape(weights.shape[0], -1).astype(np.int64)
    products = np.stack([flat * min(codes[0], 0), flat * max(codes[1], 0)])
    largest = np.maximum(products.max(axis=0, initial=0).sum(axis=1), -products.min(axis=0, initial=0).sum(axis=1))
    bias = np.asarray(bias, np.int64)
    half = np.where(form.n > 0, np.int64(1) << np.maximum(form.n - 1, 0), 0)
    product = (largest + np.abs(bias)) * form.q + half
    has = form.q > 0
    product = np.where(has, product, 0)
    return Bounds(largest, bias, product, has & (product <= INT32_MAX))
