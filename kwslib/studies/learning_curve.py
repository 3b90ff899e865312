"""The learning curve: validation accuracy against the number of training clips, from the ablation's trainings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.studies.ablation import Trial
from kwslib.studies.variants import LISTENING, VARIANTS


@dataclass(frozen=True)
class CurvePoint:
    """Mean validation accuracies of the trainings on so many clips, 0 … 1; and how many trainings there are."""

    clips: int
    seeds: int
    clean: float
    noisy: float


@dataclass(frozen=True)
class LearningCurve:
    """Validation accuracy against the number of training clips.

    Attributes
    ----------
    points : list of CurvePoint
        From few clips to all.
    halving : float
        Factor on the error, without noise, for twice as many clips, by least squares of logarithms: a power law
        (Hestness et al., 2017).
    """

    points: list[CurvePoint]
    halving: float

    @property
    def last_halving(self) -> float:
        """The same factor, from the last two points alone: a curve that flattens promises less than the law."""
        before, last = self.points[-2:]
        return float(((1 - last.clean) / (1 - before.clean)) ** (1 / np.log2(last.clips / before.clips)))

    def of_twice(self, factor: float) -> float:
        """Accuracy if there were twice as many clips as at the last point, and they left `factor` of its errors."""
        return 1 - (1 - self.points[-1].clean) * factor


def learning_curve(trials: Sequence[Trial]) -> LearningCurve | None:
    """The learning curve of `LISTENING`; None unless it was measured with three numbers of clips at least."""
    wanted = {name for name, one in VARIANTS.items() if name == LISTENING or one.train_share < 1}
    own = [one for one in trials if one.variant in wanted and one.train_clips and one.validation_noisy is not None]
    points = []
    for clips in sorted({one.train_clips or 0 for one in own}):
        group = [one for one in own if one.train_clips == clips]
        clean = float(np.mean([one.validation_quantised for one in group]))
        noisy = float(np.mean([one.validation_noisy or 0.0 for one in group]))
        points.append(CurvePoint(clips, len(group), clean, noisy))
    if len(points) < 3:
        return None
    slope = np.polyfit(np.log2([one.clips for one in points]), np.log2([1 - one.clean for one in points]), 1)[0]
    return LearningCurve(points, float(2**slope))
