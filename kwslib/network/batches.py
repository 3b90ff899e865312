"""Batches of network input: for training by step number, for evaluation in order."""

from collections.abc import Callable

import keras
import numpy as np

from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import BATCH_CLIPS
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.network import variation
from kwslib.speech.fingerprint import dequantise

VARIATION = 1
"""Tells the random numbers of a step's variation from those of a pass's order."""

Copies = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Copy number -> training codes, uint8 (clips, frames, coefficients), and labels, uint8 (clips,)."""

Taught = Callable[[int], np.ndarray]
"""Copy number -> the teacher's probabilities for its clips, float32 (clips, classes)."""


def as_input(codes: np.ndarray, scale: float = INPUT_SCALE) -> np.ndarray:
    """Turn uint8 codes (clips, frames, coefficients) into float32 network input (clips, frames, coefficients, 1)."""
    return dequantise(np.asarray(codes), scale)[..., np.newaxis]


class EvaluationBatches(keras.utils.PyDataset):
    """All clips in order, one batch at a time, so that a large set is never in memory as floats.

    Parameters
    ----------
    codes : ndarray of uint8, shape (clips, frames, coefficients)
    scale : float
        What one step of the codes is worth.
    """

    def __init__(self, codes: np.ndarray, scale: float):
        super().__init__()
        self.codes, self.scale = codes, scale

    def __len__(self) -> int:
        return -(-len(self.codes) // BATCH_CLIPS)

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        return (as_input(self.codes[index * BATCH_CLIPS : (index + 1) * BATCH_CLIPS], self.scale),)


class Batches:
    """Training batches by step number: pass p visits copy p modulo `count`, in an order drawn from (seed, p).

    Calling it with a step number returns network input, float32 (batch, frames, coefficients, 1), and targets. With a
    plain recipe the targets are labels, int32 (batch,), otherwise class probabilities, float32 (batch, classes). What
    the recipe varies is drawn from (seed, step).

    Parameters
    ----------
    copies : callable
        See `Copies`.
    count : int
        Number of copies.
    seed : int
        Decides every draw.
    scale : float
        What one step of the codes is worth.
    recipe : Recipe, optional
        What is varied; nothing by default.
    taught : callable, optional
        See `Taught`.
    batch_clips, classes : int
        Clips of a batch, and classes of the network.

    Raises
    ------
    InputError
        If a copy has fewer clips than a batch.
    """

    def __init__(
        self,
        copies: Copies,
        count: int,
        seed: int,
        scale: float = INPUT_SCALE,
        recipe: Recipe | None = None,
        taught: Taught | None = None,
        batch_clips: int = BATCH_CLIPS,
        classes: int = len(LABELS),
    ):
        self.copies, self.count, self.seed = copies, count, seed
        self.scale, self.recipe, self.taught = scale, recipe or Recipe(), taught
        self.batch_clips, self.classes = batch_clips, classes
        labels = copies(0)[1]
        self.clips = len(labels)
        self.steps_per_pass = self.clips // batch_clips
        if not self.steps_per_pass:
            raise InputError(
                f"the corpus has {self.clips} training clips, a batch needs {batch_clips}: "
                f"give batch_clips of at most {self.clips}"
            )
        self.frequencies = np.maximum(np.bincount(labels, minlength=classes), 1) / self.clips
        """Part of a copy's clips that each class has, float64 (classes,); a class without clips counts one."""
        self.visit = -1  # none yet: a training that is resumed never loads the first copy's teacher

    def _enter(self, visit: int) -> None:
        """Load the copy of a pass and draw the order of its clips."""
        self.visit = visit
        self.order = np.random.default_rng([self.seed, visit]).permutation(self.clips)
        self.codes, self.labels = self.copies(visit % self.count)
        self.probabilities = self.taught(visit % self.count) if self.taught else None

    def __call__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        visit, position = divmod(step, self.steps_per_pass)
        if visit != self.visit:
            self._enter(visit)
        chosen = self.order[position * self.batch_clips : (position + 1) * self.batch_clips]
        x, labels = as_input(self.codes[chosen], self.scale), self.labels[chosen].astype(np.int32)
        if self.recipe.plain:
            return x, labels
        taught = None if self.probabilities is None else self.probabilities[chosen]
        targets = variation.targets(self.recipe, labels, taught, self.classes)
        return variation.vary(self.recipe, x, targets, np.random.default_rng([self.seed, step, VARIATION]))
