"""Accuracy as it should be reported: confusion matrices, intervals, recall and precision."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from kwslib.errors import InputError
from kwslib.speech.corpus import LABELS


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
