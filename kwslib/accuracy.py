"""Accuracy as it should be reported: confusion matrices, intervals, recall and precision."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from kwslib.errors import InputError


def wilson_interval(correct: int, clips: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion (E. B. Wilson, 1927).

    ``scipy.stats.binomtest(...).proportion_ci(method="wilson")`` is the same but for the last bit. It is written out
    here so that recorded intervals come out equal, and because that import takes seconds.

    Parameters
    ----------
    correct, clips : int
        Successes and trials.
    confidence : float
        Two-sided confidence level.

    Returns
    -------
    low, high : float
        0 … 1.

    Raises
    ------
    InputError
        If there are no clips, or `correct` is not between 0 and `clips`.

    Examples
    --------
    >>> low, high = wilson_interval(4616, 4890)
    >>> f"{low:.4f} {high:.4f}"
    '0.9372 0.9501'
    """
    if not 0 <= correct <= clips or clips == 0:
        raise InputError(f"no interval for {correct} of {clips}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = correct / clips
    centre = share + z * z / (2 * clips)
    half = z * sqrt(share * (1 - share) / clips + z * z / (4 * clips * clips))
    scale = 1 + z * z / clips
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a Poisson variable's mean, one value of which was observed (F. Garwood, 1936).

    Parameters
    ----------
    count : int
        Events seen.
    confidence : float
        Two-sided confidence level, between 0 and 1.

    Returns
    -------
    low, high : float
        Expected events; divide by the hours of observation for a rate. `low` is 0 for no events.

    Raises
    ------
    InputError
        If the count is negative, or the confidence is not between 0 and 1.

    Examples
    --------
    >>> low, high = poisson_interval(3)
    >>> f"{low:.3f} {high:.3f}"
    '0.619 8.767'
    """
    if count < 0 or not 0 < confidence < 1:
        raise InputError(f"no interval for {count} events at confidence {confidence}")
    from scipy.special import gammainccinv, gammaincinv  # here, because the import takes half a second

    # At most `count` events in `mean` have the probability gammaincc(count + 1, mean).
    tail = (1 - confidence) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low, float(gammainccinv(count + 1, tail))


def confusion_matrix(labels: ArrayLike, winners: ArrayLike, classes: int) -> np.ndarray:
    """Count clips by label (rows) and winner (columns).

    Parameters
    ----------
    labels, winners : ndarray of int, shape (clips,)
        Numbers of classes, from 0.
    classes : int

    Returns
    -------
    ndarray of int64, shape (classes, classes)

    Examples
    --------
    >>> found = Accuracy(confusion_matrix([2, 2, 3], [2, 3, 3], classes=4))
    >>> found.correct, found.clips, found.recall[2], found.precision[2], found.recall[0]
    (2, 3, 0.5, 1.0, None)
    """
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (np.asarray(labels, np.intp), np.asarray(winners, np.intp)), 1)
    return matrix


@dataclass(frozen=True)
class Accuracy:
    """A confusion matrix, and the figures that follow from it.

    Attributes
    ----------
    confusion : ndarray, int64 (classes, classes)
        Rows are labels, columns winners.
    """

    confusion: np.ndarray

    @property
    def clips(self) -> int:
        """Number of clips."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Number of clips on the diagonal."""
        return int(np.trace(self.confusion))

    @property
    def share(self) -> float:
        """Correct clips out of all clips, 0 … 1."""
        return self.correct / self.clips

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `share`."""
        return wilson_interval(self.correct, self.clips)

    @property
    def recall(self) -> list[float | None]:
        """Share of each label's clips that were recognised; None where there are no clips."""
        return _ratios(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def precision(self) -> list[float | None]:
        """Share of each label's wins that were right; None where it never won."""
        return _ratios(np.diag(self.confusion), self.confusion.sum(axis=0))


def _ratios(parts: np.ndarray, wholes: np.ndarray) -> list[float | None]:
    return [float(part / whole) if whole else None for part, whole in zip(parts, wholes, strict=True)]
