"""The quantisation scheme: symmetric int8, and weight scales snapped so that requantisation is exact.

A layer's accumulator (int32) becomes an output code by the factor s_in · s_w / s_out. If float32 computes that factor
as q · 2^-n bit for bit, with q and n of `kwslib.integer.requantisation`, then TFLite's default kernels, which multiply
in float32, and a microcontroller, which multiplies by q and shifts by n, give the same code for every accumulator;
the proof is there.

So `snap` raises each weight scale to the next such factor that some float32 weight range gives bit for bit, as
TensorFlow's fake quantisation and the TFLite converter compute scales. Nine channels in ten grow by less than one per
cent. Growth is larger where float32 skips some factors, and where a factor is very small.

Weights are narrow range (-127 … 127). Activations are -128 … 127 with zero point 0; their scales carry `SCALE_BITS`
significant bits, so that 127·s, 128·s and 255·s are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer.requantisation import FREE_Q, LARGEST_N, RELU_Q

WEIGHT_MAX = 127
SCALE_BITS = 12
LARGEST_FACTOR = 256  # XNNPACK's limit
RANGE_SHARES = np.linspace(1, 0.05, 39)  # ranges that calibration tries, as parts of the largest activation


@dataclass(frozen=True)
class Snapped:
    """Weight ranges of one layer and the integers they lead to.

    Attributes
    ----------
    maximum : ndarray, float32 (channels,)
        Weight range; the scale is ``float32(2 * maximum) / float32(254)``.
    q, n : ndarray, int32 (channels,)
        Requantisation ``(acc * q + 2**(n - 1)) >> n``.
    """

    maximum: np.ndarray
    q: np.ndarray
    n: np.ndarray


def activation_scale(largest: float) -> np.float32:
    """Scale of a symmetric int8 activation that reaches `largest`, rounded up to `SCALE_BITS` significant bits.

    Raises
    ------
    ModelError
        If `largest` is not positive and finite: the layer's outputs are all zero, or training diverged.
    """
    if not np.isfinite(largest):
        raise ModelError(f"training diverged: an activation reaches {largest}; lower the learning rate")
    if largest <= 0:
        raise ModelError("a layer's outputs are all zero, which cannot be quantised: it died; lower the learning rate")
    mantissa, exponent = np.frexp(float(largest) / WEIGHT_MAX)
    return np.float32(np.ldexp(np.ceil(mantissa * 2**SCALE_BITS) / 2**SCALE_BITS, int(exponent)))


def best_scale(values: np.ndarray, averaged: bool = False) -> np.float32:
    """Scale of a symmetric int8 activation that loses least, by mean squared error.

    Activations have long tails: reaching the largest would leave most values a few codes.

    Parameters
    ----------
    values : ndarray, float32
        Activations; (clips, rows, columns, channels) if `averaged`.
    averaged : bool
        Judge the averages over rows and columns, which are rounded to the same scale once more.

    Raises
    ------
    ModelError
        If the values are all zero, or not finite.
    """

    def codes(x: np.ndarray, scale: float | np.float32) -> np.ndarray:
        return np.clip(np.rint(x / scale), -WEIGHT_MAX - 1, WEIGHT_MAX)

    def loss(scale: np.float32) -> float:
        found = codes(values, scale)
        if not averaged:
            return float(np.mean(np.square(found * scale - values)))
        means = values.mean(axis=(1, 2))
        return float(np.mean(np.square(codes(found.mean(axis=(1, 2)), 1) * scale - means)))

    largest = np.abs(values).max()
    return min((activation_scale(largest * share) for share in RANGE_SHARES), key=loss)


def weight_scale(maximum: np.ndarray) -> np.ndarray:
    """Scale that TensorFlow's narrow-range fake quantisation and the converter give to a float32 range."""
    maximum = np.asarray(maximum, np.float32)
    return (maximum + maximum) / np.float32(2 * WEIGHT_MAX)


def snap(largest: np.ndarray, s_in: np.float32, s_out: np.float32, relu: bool) -> Snapped:
    """Snap the weight ranges of one layer.

    Parameters
    ----------
    largest : ndarray (channels,)
        Largest absolute weight of each output channel (one entry for a per-tensor layer).
    s_in, s_out : float32
        Scales of the layer's input and output.
    relu : bool
        Whether the layer's outputs are clipped at zero from below.

    Returns
    -------
    Snapped
        Ranges at least as large as `largest`.

    Raises
    ------
    ModelError
        If a weight is not finite, or the output range far too small for the weights.
    """
    largest = np.asarray(largest, np.float64).ravel()
    if not np.isfinite(largest).all():
        raise ModelError("a weight is not finite: training diverged; lower the learning rate")
    found = [_snap_channel(value, np.float32(s_in), np.float32(s_out), relu) for value in largest]
    maximum, q, n = zip(*found, strict=True)
    return Snapped(np.array(maximum, np.float32), np.array(q, np.int32), np.array(n, np.int32))


def _factors(factor: float, relu: bool) -> Iterator[tuple[int, int]]:
    """Yield every (q, n) of the scheme whose q · 2^-n is at least `factor`, smallest factor first; never ends."""
    smallest = FREE_Q[0] * 2.0**-LARGEST_N
    n = min(LARGEST_N, int(np.floor(np.log2(FREE_Q[-1] / max(factor, smallest)))))
    if relu and n == LARGEST_N:
        yield from ((q, n) for q in RELU_Q if q >= factor * 2.0**n)
    while True:
        yield from ((q, n) for q in FREE_Q if q >= factor * 2.0**n)
        n -= 1


def _snap_channel(largest: float, s_in: np.float32, s_out: np.float32, relu: bool) -> tuple[np.float32, int, int]:
    """Return the weight range of one channel, and q and n of the factor that it gives."""
    factor = largest / WEIGHT_MAX * float(s_in) / float(s_out)
    if factor >= LARGEST_FACTOR:
        raise ModelError(f"a requantisation factor of {factor:g}, which no 8-bit network needs: training diverged")
    for q, n in _factors(factor, relu):
        wanted = np.float32(q * 2.0**-n)
        middle = np.float32(q * 2.0**-n * float(s_out) / float(s_in) * WEIGHT_MAX)
        # the bit patterns of positive floats are ordered as the floats: seven neighbours on either side
        near = (middle.view(np.int32) + np.arange(-7, 8, dtype=np.int32)).view(np.float32)
        exact = near[(s_in * weight_scale(near)) / s_out == wanted]
        exact = exact[exact >= largest]
        if exact.size:
            return exact[np.argmin(np.abs(exact - middle))], q, n
    raise AssertionError("unreachable: some factor is always representable")
