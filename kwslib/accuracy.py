"""Accuracy as it should be reported: confusion matrices, intervals, recall and precision."""

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from statistics import NormalDist

import numpy as np

from kwslib.config.words import LABELS
from kwslib.errors import InputError


def wilson_interval(correct: int, clips: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (E. B. Wilson, 1927).

    Parameters
    ----------
    correct, clips : int
        Successes and trials.
    confidence : float
        Two-sided confidence level.

    Returns
    -------
    low, high : float

    Raises
    ------
    InputError
        If there are no clips, or more are right than there are.
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
    """Exact interval of the mean of a Poisson variable of which one value is known (F. Garwood, 1936).

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
    """
    if count < 0 or not 0 < confidence < 1:
        raise InputError(f"no interval for {count} events at confidence {confidence}")
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _poisson_mean(count - 1, 1 - tail)
    return low, _poisson_mean(count, tail)


def _poisson_mean(count: int, probability: float) -> float:
    """Mean at which at most `count` events have this probability; it falls with the mean, so halving finds it."""
    low, high = 0.0, 2.0 * count + 50.0
    for _ in range(100):
        mean = (low + high) / 2
        at_most = sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1))
        low, high = (mean, high) if at_most > probability else (low, mean)
    return (low + high) / 2


def confusion_matrix(labels: np.ndarray, winners: np.ndarray) -> np.ndarray:
    """Count clips by label (rows) and winner (columns), int64 (12, 12)."""
    matrix = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(matrix, (np.asarray(labels, np.intp), np.asarray(winners, np.intp)), 1)
    return matrix


@dataclass(frozen=True)
class Accuracy:
    """What a confusion matrix says.

    Attributes
    ----------
    confusion : ndarray, int64 (12, 12)
        Rows are labels, columns winners.
    """

    confusion: np.ndarray

    @property
    def clips(self) -> int:
        """All clips."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Clips on the diagonal."""
        return int(np.trace(self.confusion))

    @property
    def share(self) -> float:
        """Correct of all, 0 … 1."""
        return self.correct / self.clips

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `share`."""
        return wilson_interval(self.correct, self.clips)

    @property
    def recall(self) -> list[float | None]:
        """For each label the part of its clips that was recognised; None where there are no clips."""
        return _ratios(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def precision(self) -> list[float | None]:
        """For each label the part of its winners that was right; None where it never won."""
        return _ratios(np.diag(self.confusion), self.confusion.sum(axis=0))


def _ratios(parts: np.ndarray, wholes: np.ndarray) -> list[float | None]:
    return [float(part / whole) if whole else None for part, whole in zip(parts, wholes, strict=True)]
