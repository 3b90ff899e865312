"""Offsets of a form: for which B its steps are where the reference's are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwslib.gap8.planning.staircase import Staircase
from kwslib.integer.requantisation import INT32_MAX


@dataclass(frozen=True)
class Fit:
    """Bounds of B, int64 (channels,): a form is exact for B from `least` to `most`."""

    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(
        cls,
        stairs: Staircase,
        at: np.ndarray,
        before: np.ndarray,
        n: np.ndarray,
        among: np.ndarray | None = None,
        short: np.ndarray | None = None,
    ) -> "Fit":
        """Find the bounds.

        Parameters
        ----------
        stairs : Staircase
        at, before : ndarray, int64 (top, channels)
            y at each step and just below it.
        n : ndarray, int64 (channels,)
            Shifts to the right.
        among : ndarray, bool (top,), optional
            Which steps must be reached; otherwise all of them.
        short : ndarray, bool (top,), optional
            Which steps must not be reached just below them; otherwise those `among`.
        """
        wanted = (np.arange(1, stairs.top + 1)[:, np.newaxis] << n) - (np.int64(1) << (n - 1))
        reached, missed = stairs.steps <= stairs.highest, stairs.steps > stairs.lowest
        if among is not None:
            short = among if short is None else short
            reached, missed = reached & among[:, np.newaxis], missed & short[:, np.newaxis]
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
class Found:
    """A slope and an offset of each channel, int64 (channels,); the kink is what the lower side's offset has more."""

    slope: np.ndarray
    offset: np.ndarray
    kink: np.ndarray


def search(
    stairs: Staircase, n: np.ndarray, slopes: Iterator[np.ndarray], shift: int, sides: bool = False
) -> Found | None:
    """Find for each channel a slope that has an offset, y = (accumulator · slope) >> shift.

    Sums wrap at 32 bits, so only the last one must fit.

    Parameters
    ----------
    stairs : Staircase
    n : ndarray, int64 (channels,)
        Shifts to the right.
    slopes : iterator of ndarray, int64 (channels,)
        To try, one after the other.
    shift : int
        Bits that y loses.
    sides : bool
        Whether accumulators up to `last_low` have an offset of their own.

    Returns
    -------
    Found or None
        None if one of the channels has no such slope.
    """
    found = Found(np.zeros_like(n), np.zeros_like(n), np.zeros_like(n))
    left = np.ones(len(n), bool)
    upper = np.arange(1, stairs.top + 1) > stairs.zero_code
    # the first step of the upper side is not reached by the last accumulator of the lower one
    parts = (
        ((upper, np.arange(stairs.top) > stairs.zero_code), (~upper, np.arange(stairs.top) <= stairs.zero_code))
        if sides
        else ((None, None),)
    )
    for tried in slopes:
        at, before = scaled(stairs.steps, tried, shift), scaled(stairs.steps - 1, tried, shift)
        fits = [Fit.of(stairs, at, before, n, *part) for part in parts]
        offset, lower = fits[0].middle, fits[-1].middle
        lowest, highest = scaled(stairs.lowest, tried, shift), scaled(stairs.highest, tried, shift)
        good = left & (tried > 0)
        for fit, own in zip(fits, (offset, lower), strict=False):
            good &= (fit.least <= fit.most) & fit_registers(lowest, highest, own, n)
        kink = lower - offset
        good &= np.abs(kink) <= INT32_MAX
        for values, new in ((found.slope, tried), (found.offset, offset), (found.kink, kink)):
            values[good] = new[good]
        left &= ~good
        if not left.any():
            return found
    return None


def last_low(stairs: Staircase) -> np.ndarray:
    """Return the largest accumulators that stand for no more than 0, int64 (channels,), within their bounds."""
    return np.clip(stairs.steps[stairs.zero_code] - 1, stairs.lowest - 1, stairs.highest)


def scaled(accumulators: np.ndarray, slope: np.ndarray, shift: int) -> np.ndarray:
    """Return y without its offset: (accumulator · slope) >> shift, int64."""
    return (accumulators * slope) >> shift


def fit_registers(lowest: np.ndarray, highest: np.ndarray, offset: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Say for each channel whether the sum that is shifted in the end stays within 32 bits at both ends of y."""
    half = np.int64(1) << (n - 1)
    return (lowest + offset >= -INT32_MAX) & (highest + offset + half <= INT32_MAX) & (np.abs(offset) <= INT32_MAX)
