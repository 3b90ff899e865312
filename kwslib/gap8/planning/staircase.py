"""Proofs of requantisation: short integer forms that give the reference's code for every accumulator of a channel.

A channel's accumulator is an integer between two known bounds, its code one of at most 256, and neither decreases with
the other. So a channel is a staircase: for each step j the smallest accumulator t_j whose stored code is j or more. A
form of the kernels (`kwslib.gap8.kernels.rounding`) is monotone as well. It equals the reference at **every**
accumulator if and only if each of its steps is at the same place:

    y(t_j - 1) + B + 2^(n - 1)  <  j · 2^n  <=  y(t_j) + B + 2^(n - 1)      for all j

With the slope of y given, these are bounds of B. `proofs` tries the forms, the cheapest first, with slopes near the
real factor, and takes a B between the bounds; where a form has none for some channel, it is none for the layer.
Nothing is approximated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, WORDS, Rounding
from kwslib.integer.graph import Layer
from kwslib.integer.reference import mean_codes
from kwslib.integer.requantisation import INT32_MAX

INT32_BITS = 31
NEAR_SLOPES = (0, *(sign * 2**power for power in range(12) for sign in (1, -1)))
"""What is added to the slope of the forms with ``mulh``, which has 31 bits: a little slope moves B's bounds apart."""
NEAR_PRODUCTS = (0, 1, -1, 2, -2, 3, -3)
"""The same for slopes of few bits."""
FEWEST_SHIFTS = 5
"""How many shifts below the largest possible one are tried."""


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


@dataclass(frozen=True)
class Proof:
    """A form of the kernels that computes a layer exactly.

    Attributes
    ----------
    rounding : Rounding
    parameters : ndarray, int32 (channels, `Rounding.words`)
        The words behind each channel's weights.
    """

    rounding: Rounding
    parameters: np.ndarray


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
    factors = form.multiplier * np.exp2(form.shift.astype(np.float64) - INT32_BITS)
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


def proofs(stairs: Staircase, layer: Layer) -> Iterator[Proof]:
    """Yield forms that compute a layer exactly, the cheapest first.

    Parameters
    ----------
    stairs : Staircase
        Of the layer.
    layer : Layer
    """
    if stairs.top < 1 or (stairs.factors <= 0).any():
        return
    snapped = _snapped(stairs, layer)
    if snapped is not None and snapped.rounding.shift is not None:
        yield snapped
    for attempt in (_short, lambda *_: snapped, _long, _high, _signed):  # a common shift is cheaper than own ones
        proof = attempt(stairs, layer)
        if proof is not None:
            yield proof


def _snapped(stairs: Staircase, layer: Layer) -> Proof | None:
    """The reference's own q and n, where the layer is snapped."""
    form = layer.requantisation
    if form is None or not form.snapped or form.n.min() < 1 or len(form.q) != len(stairs.zero):
        return None
    q, n = form.q.astype(np.int64), form.n.astype(np.int64)
    natural = -stairs.zero * q + (np.int64(stairs.zero_code) << n)
    fit = _Fit.of(stairs, stairs.steps * q, (stairs.steps - 1) * q, n)
    if not (fit.holds(natural) & _fits(stairs, stairs.lowest * q, stairs.highest * q, natural, n)).all():
        return None
    return _proof(SHORT, stairs, {"q": q, "B": natural, "n": n})


def _short(stairs: Staircase, layer: Layer) -> Proof | None:
    for n in _shifts(stairs):
        found = _short_at(stairs, n)
        if found is not None:
            return found
    return None


def _short_at(stairs: Staircase, n: np.ndarray) -> Proof | None:
    slope = np.rint(np.ldexp(stairs.factors, n)).astype(np.int64)
    found = _search(stairs, n, (slope + near for near in NEAR_PRODUCTS), 0)
    return None if found is None else _proof(SHORT, stairs, {"q": found.slope, "B": found.offset, "n": n})


def _long(stairs: Staircase, layer: Layer) -> Proof | None:
    before = INT32_BITS + 1 - int(stairs.reach.max()).bit_length()
    for n in _shifts(stairs):
        found = _long_at(stairs, n, before)
        if found is not None:
            return found
    return None


def _long_at(stairs: Staircase, n: np.ndarray, before: int) -> Proof | None:
    if before < 1:
        return None
    slope = np.rint(np.ldexp(stairs.factors, n + before)).astype(np.int64)
    found = _search(stairs, n, (slope + near for near in NEAR_PRODUCTS), before)
    if found is None:
        return None
    half = np.int64(1) << (before - 1)
    low = ((found.slope + half) & (2 * half - 1)) - half
    high = (found.slope - low) >> before
    if (np.abs(low) * stairs.reach > INT32_MAX).any():
        return None
    return _proof(LONG, stairs, {"hi": high, "lo": low, "B": found.offset, "n": n}, before)


def prove_as(stairs: Staircase, rounding: Rounding) -> Proof | None:
    """Prove a layer with another layer's form, shift and first shift, so that both share a kernel; None if it fails."""
    if rounding.shift is None or rounding.top != stairs.top:
        return None
    n = np.full(len(stairs.factors), rounding.shift, np.int64)
    if rounding.form == SHORT:
        return _short_at(stairs, n)
    return _long_at(stairs, n, rounding.before) if rounding.form == LONG else None


def _high(stairs: Staircase, layer: Layer) -> Proof | None:
    before, n, slope = _mulh(stairs)
    if (n < 1).any() or (n > INT32_BITS).any():
        return None
    slopes = (np.minimum(slope + near, INT32_MAX) << before for near in NEAR_SLOPES)
    found = _search(stairs, n, slopes, 32)
    if found is None:
        return None
    return _proof(HIGH, stairs, {"m": found.slope >> before, "B": found.offset, "n": n}, before)


def _signed(stairs: Staircase, layer: Layer) -> Proof | None:
    """The form whose offset differs between accumulators that stand for negative and for other numbers."""
    before, n, slope = _mulh(stairs)
    if (n < 1).any() or (n > INT32_BITS).any() or not 0 < stairs.zero_code < stairs.top:
        return None
    sides = np.arange(1, stairs.top + 1) > stairs.zero_code
    best: dict[str, np.ndarray] | None = None
    left = np.ones(len(slope), bool)
    for near in NEAR_SLOPES:
        tried = np.minimum(slope + near, INT32_MAX)
        zero = -_scaled(stairs.zero, tried << before, 32)
        at = _scaled(stairs.steps, tried << before, 32) + zero
        below = _scaled(stairs.steps - 1, tried << before, 32) + zero
        fits = [_Fit.of(stairs, at, below, n, side) for side in (sides, ~sides)]
        offset, other = fits[0].middle, fits[1].middle
        kink = offset - other
        good = (fits[0].least <= fits[0].most) & (fits[1].least <= fits[1].most)
        good &= (np.abs(zero) <= INT32_MAX) & (np.abs(offset) <= INT32_MAX) & (np.abs(kink) <= INT32_MAX)
        ends = (_scaled(a, tried << before, 32) + zero for a in (stairs.lowest, stairs.highest))
        lowest, highest = ends
        good &= _fits(stairs, lowest - np.maximum(kink, 0), highest + np.maximum(-kink, 0), offset, n)
        best = best or {name: np.zeros_like(n) for name in WORDS[SIGNED]}
        for name, values in zip(WORDS[SIGNED], (tried, zero, kink, offset, n), strict=True):
            best[name] = np.where(left & good, values, best[name])
        left &= ~good
        if not left.any():
            return _proof(SIGNED, stairs, best, before)
    return None


def _mulh(stairs: Staircase) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the first shift, the shifts n and the 31-bit factors m of the forms with ``mulh``."""
    before = max(0, INT32_BITS - int(stairs.reach.max()).bit_length())
    _, exponent = np.frexp(stairs.factors)
    n = (INT32_BITS + before - 32 - exponent).astype(np.int64)
    slope = np.rint(np.ldexp(stairs.factors, 32 + n - before)).astype(np.int64)
    return before, n, slope


def _shifts(stairs: Staircase) -> Iterator[np.ndarray]:
    """Yield shifts n to try: the same for every channel first, then each channel's own, the largest ones first."""
    farthest = np.maximum(np.abs(stairs.lowest - stairs.zero), np.abs(stairs.highest - stairs.zero))
    largest = farthest * stairs.factors + stairs.zero_code + 1  # codes, before they are clipped
    most = np.minimum(np.floor(INT32_BITS - np.log2(largest)), INT32_BITS).astype(np.int64)
    for own in (np.full_like(most, most.min()), most):
        for less in range(FEWEST_SHIFTS):
            if (own - less >= 1).all():
                yield own - less
        if (most == most.min()).all():
            return


@dataclass(frozen=True)
class _Fit:
    """Bounds of B, int64 (channels,): a form is exact for B from `least` to `most`."""

    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(
        cls, stairs: Staircase, at: np.ndarray, before: np.ndarray, n: np.ndarray, among: np.ndarray | None = None
    ) -> "_Fit":
        """Find them from y at each step and just below it, (top, channels); of some steps if `among` says which."""
        wanted = (np.arange(1, stairs.top + 1)[:, np.newaxis] << n) - (np.int64(1) << (n - 1))
        reached, missed = stairs.steps <= stairs.highest, stairs.steps > stairs.lowest
        if among is not None:
            reached, missed = reached & among[:, np.newaxis], missed & among[:, np.newaxis]
        none = np.int64(1) << 62
        least = np.where(reached, wanted - at, -none).max(axis=0)
        most = np.where(missed, wanted - 1 - before, none).min(axis=0)
        return cls(least, most)

    def holds(self, offset: np.ndarray) -> np.ndarray:
        """Say for each channel whether an offset is between the bounds."""
        return (self.least <= offset) & (offset <= self.most)

    @property
    def middle(self) -> np.ndarray:
        """An offset between the bounds: the one of them that is not infinite, or the middle."""
        limit = np.int64(1) << 61
        open_low, open_high = self.least < -limit, self.most > limit
        middle = self.least + ((self.most - self.least) >> 1)
        return np.where(open_low & open_high, 0, np.where(open_low, self.most, np.where(open_high, self.least, middle)))


@dataclass(frozen=True)
class _Found:
    slope: np.ndarray
    offset: np.ndarray


def _search(stairs: Staircase, n: np.ndarray, slopes: Iterator[np.ndarray], shift: int) -> _Found | None:
    """Find for each channel a slope that has an offset, y = (accumulator · slope) >> shift; None if one has none.

    Sums wrap at 32 bits, so only the last one must fit.
    """
    slope, offset = np.zeros_like(n), np.zeros_like(n)
    left = np.ones(len(n), bool)
    for tried in slopes:
        at, before = _scaled(stairs.steps, tried, shift), _scaled(stairs.steps - 1, tried, shift)
        fit = _Fit.of(stairs, at, before, n)
        middle = fit.middle
        ends = _scaled(stairs.lowest, tried, shift), _scaled(stairs.highest, tried, shift)
        good = left & (tried > 0) & (fit.least <= fit.most) & _fits(stairs, *ends, middle, n)
        slope, offset = np.where(good, tried, slope), np.where(good, middle, offset)
        left &= ~good
        if not left.any():
            return _Found(slope, offset)
    return None


def _scaled(accumulators: np.ndarray, slope: np.ndarray, shift: int) -> np.ndarray:
    return (accumulators * slope) >> shift


def _fits(stairs: Staircase, lowest: np.ndarray, highest: np.ndarray, offset: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Say for each channel whether the sum that is shifted in the end stays within 32 bits at both ends of y."""
    half = np.int64(1) << (n - 1)
    return (lowest + offset >= -INT32_MAX) & (highest + offset + half <= INT32_MAX) & (np.abs(offset) <= INT32_MAX)


def _proof(form: str, stairs: Staircase, words: dict[str, np.ndarray], before: int = 0) -> Proof:
    shifts = set(words["n"].tolist())
    rounding = Rounding(form, shifts.pop() if len(shifts) == 1 else None, before, stairs.top)
    columns = [words[name] for name in WORDS[form]]
    return Proof(rounding, np.stack(columns, axis=1).astype(np.int32))
