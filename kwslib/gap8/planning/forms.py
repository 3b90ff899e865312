"""Forms of requantisation that are proved: they give the reference's code for every accumulator of a channel.

A form of the kernels (`kwslib.gap8.kernels.rounding`) is monotone, as the reference is. It equals the reference at
**every** accumulator if and only if each of its steps is where the reference's is (`kwslib.gap8.planning.staircase`):

    y(t_j - 1) + B + 2^(n - 1)  <  j · 2^n  <=  y(t_j) + B + 2^(n - 1)      for all j

With the slope of y given, these are bounds of B. `proofs` tries the forms, the cheapest first, with slopes near the
real factor, and takes a B between the bounds; where a form has none for some channel, it is none for the layer.
Nothing is approximated.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, SPLIT, WORDS, Rounding
from kwslib.gap8.planning.offsets import Fit, fit_registers, last_low, scaled, search
from kwslib.gap8.planning.staircase import Staircase
from kwslib.integer.graph import Layer
from kwslib.integer.requantisation import INT32_MAX

INT32_BITS = 31
"""Of a register, without the sign."""
NEAR_SLOPES = (0, *(sign * 2**power for power in range(12) for sign in (1, -1)))
"""What is added to the slope of the forms with ``mulh``, which has 31 bits: a little slope moves B's bounds apart."""
NEAR_PRODUCTS = (0, 1, -1, 2, -2, 3, -3)
"""The same for slopes of few bits."""
LARGEST_N = 22
"""Largest shift of the forms with ``mulh``: 256 codes take eight of 31 bits."""
SLOPES = ("q", "hi", "lo", "m")
"""Words that the accumulator is multiplied by."""
TRIED_SHIFTS = 5
"""How many shifts below the largest possible one are tried."""


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

    def negated(self) -> "Proof | None":
        """Return the form for accumulators times -1: negative slopes give the same products; None if it has none."""
        if self.rounding.form == SPLIT:  # which compares the accumulator itself
            return None
        parameters = self.parameters.copy()
        for place, name in enumerate(WORDS[self.rounding.form]):
            if name in SLOPES:
                parameters[:, place] = -parameters[:, place]
        return Proof(self.rounding, parameters)


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
    for attempt in (
        _short,
        lambda _: snapped,
        _long,
        _split,
        _high,
        _signed,
    ):  # a common shift is cheaper than own ones
        proof = attempt(stairs)
        if proof is not None:
            yield proof


def _snapped(stairs: Staircase, layer: Layer) -> Proof | None:
    """The reference's own q and n, where the layer is snapped."""
    form = layer.requantisation
    if form is None or not form.snapped or form.n.min() < 1 or len(form.q) != len(stairs.zero):
        return None
    q, n = form.q.astype(np.int64), form.n.astype(np.int64)
    natural = -stairs.zero * q + (np.int64(stairs.zero_code) << n)
    fit = Fit.of(stairs, stairs.steps * q, (stairs.steps - 1) * q, n)
    if not (fit.holds(natural) & fit_registers(stairs.lowest * q, stairs.highest * q, natural, n)).all():
        return None
    return _proof(SHORT, stairs, {"q": q, "B": natural, "n": n})


def _short(stairs: Staircase) -> Proof | None:
    for n in _shifts(stairs):
        found = _short_at(stairs, n)
        if found is not None:
            return found
    return None


def _short_at(stairs: Staircase, n: np.ndarray) -> Proof | None:
    slope = np.rint(np.ldexp(stairs.factors, n)).astype(np.int64)
    found = search(stairs, n, (slope + near for near in NEAR_PRODUCTS), 0)
    return None if found is None else _proof(SHORT, stairs, {"q": found.slope, "B": found.offset, "n": n})


def _long(stairs: Staircase, sides: bool = False) -> Proof | None:
    before = INT32_BITS + 1 - int(stairs.reach.max()).bit_length()
    for n in _shifts(stairs):
        found = _long_at(stairs, n, before, sides)
        if found is not None:
            return found
    return None


def _split(stairs: Staircase) -> Proof | None:
    """The form with two products whose offset differs for accumulators that stand for negative numbers."""
    return _long(stairs, sides=True) if 0 < stairs.zero_code < stairs.top else None


def _long_at(stairs: Staircase, n: np.ndarray, before: int, sides: bool = False) -> Proof | None:
    if before < 1:
        return None
    slope = np.rint(np.ldexp(stairs.factors, n + before)).astype(np.int64)
    found = search(stairs, n, (slope + near for near in NEAR_PRODUCTS), before, sides)
    if found is None:
        return None
    half = np.int64(1) << (before - 1)
    low = ((found.slope + half) & (2 * half - 1)) - half
    high = (found.slope - low) >> before
    if (np.abs(low) * stairs.reach > INT32_MAX).any():
        return None
    words = {"hi": high, "lo": low, "B": found.offset, "n": n}
    if sides:
        return _proof(SPLIT, stairs, words | {"Z": last_low(stairs), "κ": found.kink}, before)
    return _proof(LONG, stairs, words, before)


def prove_as(stairs: Staircase, rounding: Rounding) -> Proof | None:
    """Prove a layer with another layer's form, shift and first shift, so that both share a kernel; None if it fails."""
    if rounding.shift is None or rounding.top != stairs.top:
        return None
    n = np.full(len(stairs.factors), rounding.shift, np.int64)
    if rounding.form == SHORT:
        return _short_at(stairs, n)
    if rounding.form == SPLIT and not 0 < stairs.zero_code < stairs.top:
        return None
    return _long_at(stairs, n, rounding.before, rounding.form == SPLIT) if rounding.form in (LONG, SPLIT) else None


def _high(stairs: Staircase) -> Proof | None:
    before, n, slope = _mulh(stairs)
    if (n < 1).any() or (n > INT32_BITS).any():
        return None
    slopes = (np.minimum(slope + near, INT32_MAX) << before for near in NEAR_SLOPES)
    found = search(stairs, n, slopes, 32)
    if found is None:
        return None
    return _proof(HIGH, stairs, {"m": found.slope >> before, "B": found.offset, "n": n}, before)


def _signed(stairs: Staircase) -> Proof | None:
    """The form whose offset differs between accumulators that stand for negative and for other numbers."""
    before, n, slope = _mulh(stairs)
    if (n < 1).any() or (n > INT32_BITS).any() or not 0 < stairs.zero_code < stairs.top:
        return None
    sides = np.arange(1, stairs.top + 1) > stairs.zero_code
    best: dict[str, np.ndarray] | None = None
    left = np.ones(len(slope), bool)
    for near in NEAR_SLOPES:
        tried = np.minimum(slope + near, INT32_MAX)
        zero = -scaled(stairs.zero, tried << before, 32)
        at = scaled(stairs.steps, tried << before, 32) + zero
        below = scaled(stairs.steps - 1, tried << before, 32) + zero
        fits = [Fit.of(stairs, at, below, n, side) for side in (sides, ~sides)]
        offset, other = fits[0].middle, fits[1].middle
        kink = offset - other
        good = (fits[0].least <= fits[0].most) & (fits[1].least <= fits[1].most)
        good &= (np.abs(zero) <= INT32_MAX) & (np.abs(offset) <= INT32_MAX) & (np.abs(kink) <= INT32_MAX)
        ends = (scaled(a, tried << before, 32) + zero for a in (stairs.lowest, stairs.highest))
        lowest, highest = ends
        good &= fit_registers(lowest - np.maximum(kink, 0), highest + np.maximum(-kink, 0), offset, n)
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
    excess = min(before, max(0, int(n.max()) - LARGEST_N))  # the codes, shifted by n, must fit 32 bits themselves
    before, n = before - excess, n - excess
    slope = np.rint(np.ldexp(stairs.factors, 32 + n - before)).astype(np.int64)
    return before, n, slope


def _shifts(stairs: Staircase) -> Iterator[np.ndarray]:
    """Yield shifts n to try: the same for every channel first, then each channel's own, the largest ones first."""
    farthest = np.maximum(np.abs(stairs.lowest - stairs.zero), np.abs(stairs.highest - stairs.zero))
    largest = farthest * stairs.factors + stairs.zero_code + 1  # codes, before they are clipped
    most = np.minimum(np.floor(INT32_BITS - np.log2(largest)), INT32_BITS).astype(np.int64)
    for own in (np.full_like(most, most.min()), most):
        for less in range(TRIED_SHIFTS):
            if (own - less >= 1).all():
                yield own - less
        if (most == most.min()).all():
            return


def _proof(form: str, stairs: Staircase, words: dict[str, np.ndarray], before: int = 0) -> Proof:
    shifts = set(words["n"].tolist())
    rounding = Rounding(form, shifts.pop() if len(shifts) == 1 else None, before, stairs.top)
    columns = [words[name] for name in WORDS[form]]
    return Proof(rounding, np.stack(columns, axis=1).astype(np.int32))
