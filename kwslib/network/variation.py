"""What a recipe does to a training batch: soft targets, shifts, masks and mixed clips."""

import numpy as np

from kwslib.config.recipe import Recipe
from kwslib.config.words import LABELS


def targets(
    recipe: Recipe, labels: np.ndarray, taught: np.ndarray | None = None, classes: int = len(LABELS)
) -> np.ndarray:
    """Return the class probabilities that a batch is trained towards.

    Parameters
    ----------
    recipe : Recipe
        Gives the label smoothing and the teacher's share.
    labels : ndarray of int, shape (clips,)
        Indices of classes.
    taught : ndarray of float32, shape (clips, classes), optional
        The teacher's probabilities.
    classes : int

    Returns
    -------
    ndarray of float32, shape (clips, classes)
    """
    hard = np.eye(classes, dtype=np.float32)[labels]
    own = (1 - recipe.label_smoothing) * hard + recipe.label_smoothing / classes
    return own if taught is None else (1 - recipe.teacher_share) * own + recipe.teacher_share * taught


def vary(
    recipe: Recipe, x: np.ndarray, targets: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Vary a batch: shift it, mask it, mix its clips, in this order.

    Parameters
    ----------
    recipe : Recipe
        What is varied, and how far.
    x : ndarray of float32, shape (clips, frames, coefficients, 1)
        Network input.
    targets : ndarray of float32, shape (clips, classes)
        Class probabilities; only mixing changes them.
    generator : numpy.random.Generator
        Decides every draw.

    Returns
    -------
    x : ndarray of float32, shape (clips, frames, coefficients, 1)
    targets : ndarray of float32, shape (clips, classes)
        The arguments are not changed.
    """
    if recipe.shift_frames:
        x = _shifted(x, generator.integers(-recipe.shift_frames, recipe.shift_frames + 1, len(x)))
    if recipe.time_masks or recipe.coefficient_masks:
        x = _masked(recipe, x, generator)
    if recipe.mixup_alpha and generator.random() < recipe.mixup_probability:
        share = generator.beta(recipe.mixup_alpha, recipe.mixup_alpha, len(x)).astype(np.float32)
        share = np.maximum(share, 1 - share)
        other = generator.permutation(len(x))
        column, row = share[:, None, None, None], share[:, None]
        x = column * x + (1 - column) * x[other]
        targets = row * targets + (1 - row) * targets[other]
    return x, targets


def _shifted(x: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move each clip by its number of frames; the frame at the edge is repeated."""
    frames = np.clip(np.arange(x.shape[1]) - shifts[:, None], 0, x.shape[1] - 1)
    return np.take_along_axis(x, frames[:, :, None, None], axis=1)


def _masked(recipe: Recipe, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Replace stripes of frames and of coefficients, never the zeroth, by the clip's mean of each coefficient."""
    clips, frames, coefficients, _ = x.shape
    mask = _stripes((clips, frames), recipe.time_masks, recipe.mask_frames, generator)[:, :, None]
    bands = _stripes((clips, coefficients - 1), recipe.coefficient_masks, recipe.mask_coefficients, generator)
    mask = mask | np.pad(bands, ((0, 0), (1, 0)))[:, None, :]
    return np.where(mask[..., None], x.mean(axis=1, keepdims=True), x)


def _stripes(shape: tuple[int, int], count: int, longest: int, generator: np.random.Generator) -> np.ndarray:
    """Return True where one of `count` stripes of 0 to `longest` positions is; bool of `shape` (clips, positions)."""
    clips, positions = shape
    masked = np.zeros(shape, bool)
    for _ in range(count):
        length = generator.integers(0, longest + 1, (clips, 1))
        start = (generator.random((clips, 1)) * (positions - length + 1)).astype(int)
        at = np.arange(positions)
        masked |= (at >= start) & (at < start + length)
    return masked
