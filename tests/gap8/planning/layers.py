"""Random layers with weights, made without a file: any zero points, scales and roundings."""

import numpy as np

from kwslib.integer import requantisation
from kwslib.integer.graph import Layer, Tensor
from kwslib.integer.requantisation import TWICE, Requantisation

SNAPPED_N = 17


def tensor(channels, zero_point=0, low=-128, high=127, shape=(5, 5), dtype="int8"):
    return Tensor((*shape, channels), dtype, 1.0, zero_point, low, high)


def factors(rng, outputs, spread, snapped, rounding, per_channel=True):
    """Random factors by which accumulators of some spread become codes, a form of each channel."""
    real = rng.uniform(40, 400, outputs if per_channel else 1) / spread
    multiplier, shift = requantisation.exact(real)
    q, n = np.zeros_like(multiplier), np.zeros_like(multiplier)
    if snapped:
        n = n + SNAPPED_N
        q = np.clip(np.round(real * 2.0**SNAPPED_N), 1, 511).astype(np.int32) | 1
        multiplier, shift = requantisation.exact(q * 2.0**-SNAPPED_N)
    whole = [np.broadcast_to(part, outputs).astype(np.int32).copy() for part in (multiplier, shift, q, n)]
    return Requantisation(*whole, snapped=snapped, rounding=rounding)


def layer(
    kind,
    shape,
    seed=0,
    *,
    snapped=False,
    zero_point=0,
    low=-128,
    output_zero_point=0,
    relu=False,
    weight_zero_point=0,
    rounding=TWICE,
    per_channel=True,
):
    """A layer whose weights have some shape, outputs first; `low` is the lowest input code that can occur."""
    rng = np.random.default_rng(seed)
    outputs, taps = shape[0], int(np.prod(shape[1:]))
    weights = rng.integers(-128, 128, shape) if weight_zero_point else rng.integers(-127, 128, shape)
    spread = 127 * 74 * np.sqrt(taps)  # of a sum of so many products of random codes and weights
    clamp = (output_zero_point if relu else -128, 127)
    return Layer(
        "S1",
        kind,
        0,
        0,
        tensor(shape[-1], zero_point, low),
        tensor(outputs, output_zero_point, *clamp),
        kernel=shape[1:3] if len(shape) > 2 else (1, 1),
        weights=weights.astype(np.int8),
        weight_zero_point=weight_zero_point,
        bias=np.round(rng.normal(0, spread / 4, outputs)).astype(np.int32),
        requantisation=factors(rng, outputs, spread, snapped, rounding, per_channel),
        clamp=clamp,
        relu=relu,
    )
