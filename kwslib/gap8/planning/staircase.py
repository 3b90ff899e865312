"""Staircases: what the reference computes for every accumulator of a channel.

A channel's accumulator is an integer between two known bounds, its code one of at most 256, and neither decreases with
the other. So a channel is a staircase: for each step j the smallest accumulator t_j whose stored code is j or more.
`kwslib.gap8.planning.forms` looks for short integer forms with the same steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from kwslib.integer.graph import Layer
from kwslib.integer.reference import mean_codes

FACTOR_BITS = 31
"""A multiplier of a ``.tflite`` file's layer is a fraction of so many bits (`kwslib.integer.requantisation`)."""


@dataclass(frozen=True)
class Staircase:
    """The steps of a layer's channels.

    Attributes
    ----------
    steps : ndarray, int64 (top, channels)
        The smallest accumulator with the stored code j = 1 … top: `lowest` where all have it, `highest` + 1 where none.
    lowest, highest : ndarray, int64 (channels,)
        Bounds of the accumulator, the sum of products of stored codes and weights, without a bias.
    zero : ndarray, int64 (channels,)
        The accumulator that stands for 0.
    zero_code : int
        The stored code of 0.
    factors : ndarray, float64 (channels,)
        Real factors: codes for each unit of the accumulator.
    """

    steps: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    zero: np.ndarray
    zero_code: int
    factors: np.ndarray

    @property
    def top(self) -> int:
        """The largest stored code."""
        return len(self.steps)

    @property
    def reach(self) -> np.ndarray:
        """The largest absolute accumulator, int64 (channels,)."""
        return np.maximum(np.abs(self.lowest), np.abs(self.highest))


def stored_zero(layer: Layer, signed: bool) -> int:
    """Return the stored code that means 0 in a layer's input; the network's own input is stored as it is."""
    return layer.input.zero_point - (0 if signed else layer.input.low)


def staircase(layer: Layer, signed: bool) -> Staircase:
    """Find the steps of a layer with weights.

    Parameters
    ----------
    layer : Layer
    signed : bool
        Whether its input is the network's own.
    """
    weights = layer.centred_weights.reshape(len(layer.centred_weights), -1).astype(np.int64)
    zero = stored_zero(layer, signed)
    base = 0 if signed else layer.input.low
    low, high = min(layer.input.low - base, zero), max(layer.input.high - base, zero)
    lowest = np.minimum(weights * low, weights * high).sum(axis=1)
    highest = np.maximum(weights * low, weights * high).sum(axis=1)
    assert layer.bias is not None and layer.requantisation is not None
    bias = layer.bias.astype(np.int64) - zero * weights.sum(axis=1)
    bottom, top = layer.clamp[0], layer.clamp[1] - layer.clamp[0]

    def stored(accumulators: np.ndarray) -> np.ndarray:
        return layer.code_of(accumulators + bias) - bottom

    wanted = np.arange(1, top + 1)[:, np.newaxis]
    steps = _first(stored, wanted, lowest, highest)
    form = layer.requantisation
    factors = form.multiplier * np.exp2(form.shift.astype(np.float64) - FACTOR_BITS)
    if form.snapped:
        factors = np.ldexp(form.q.astype(np.float64), -form.n)
    return Staircase(steps, lowest, highest, -bias, layer.output.zero_point - bottom, factors)


def pool_staircase(layer: Layer) -> Staircase:
    """Find the steps of a global average pool: one channel, whose accumulator is the sum of a plane's stored codes."""
    count, base = prod(layer.kernel), layer.input.low
    lowest, highest = np.array([0]), np.array([count * (layer.input.high - base)])
    bottom, top = layer.clamp[0], layer.clamp[1] - layer.clamp[0]

    def stored(sums: np.ndarray) -> np.ndarray:
        return mean_codes(layer, sums + count * base, count) - bottom

    steps = _first(stored, np.arange(1, top + 1)[:, np.newaxis], lowest, highest)
    factor = layer.input.scale / layer.output.scale / count
    zero = np.array([count * (layer.input.zero_point - base)])
    one = steps[:, :1]  # a MEAN has a factor for each channel, the same one
    return Staircase(one, lowest, highest, zero, layer.output.zero_point - bottom, np.array([factor]))


def _first(
    stored: Callable[[np.ndarray], np.ndarray], wanted: np.ndarray, lowest: np.ndarray, highest: np.ndarray
) -> np.ndarray:
    """Return the smallest accumulators whose stored codes reach the wanted ones, by bisection."""
    shape = np.broadcast_shapes(wanted.shape, lowest.shape)
    below, above = np.broadcast_to(lowest - 1, shape).copy(), np.broadcast_to(highest + 1, shape).copy()
    while (above - below).max(initial=0) > 1:  # no steps where all codes are the same
        middle = (below + above) >> 1
        reached = stored(middle) >= wanted
        open_ = above - below > 1
        above = np.where(open_ & reached, middle, above)
        below = np.where(open_ & ~reached, middle, below)
    return above
