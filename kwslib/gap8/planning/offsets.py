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
        cls, stairs: Staircase, at: np.ndarray, before: np.ndarray, n: np.ndarray, among: np.ndarray | None = None
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
            Which steps count; otherwise all of them do.
        """
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
class Found:
    """A slope and an offset of each channel, int64 (channels,)."""

    slope: np.ndarray
    offset: np.ndarray


def search(stairs: Staircase, n: np.ndarray, slopes: Iterator[np.ndarray], shift: int) -> Found | None:
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

    Returns
    -------
    Found or None
        None if one of the channels has no such slope.
    """
    slope, offset = np.zeros_like(n), np.zeros_like(n)
    left = np.ones(len(n), bool)
    for tried in slopes:
        at, before = scaled(stairs.steps, tried, shift), scaled(stairs.steps - 1, tried, shift)
        fit = Fit.of(stairs, at, before, n)
        middle = fit.middle
        ends = scaled(stairs.lowest, tried, shift), scaled(stairs.highest, tried, shift)
        good = left & (tried > 0) & (fit.least <= fit.most) & fit_registers(*ends, middle, n)
        slope, offset = np.where(good, tried, slope), np.where(good, middle, offset)
        left &= ~good
        if not left.any():
            return Found(slope, offset)
    return None


def scaled(accumulators: np.ndarray, slope: np.ndarray, shift: int) -> np.ndarray:
    """Return y without its offset: (accumulator · slope) >> shift, int64."""
    return (accumulators * slope) >> shift


def fit_registers(lowest: np.ndarray, highest: np.ndarray, offset: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Say for each channel whether the sum that is shifted in the end stays within 32 bits at both ends of y."""
    half = np.int64(1) << (n - 1)
    return (lowest + offset >= -INT32_MAX) & (highest + offset + half <= INT32_MAX) & (np.abs(offset) <= INT32_MAX)
