"""What a training does to batches and weights beside the schedule: masks, mixed clips, soft targets, decay."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kwslib.config.words import LABELS
from kwslib.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """How batches of fingerprints and their targets are varied; nothing by default.

    Attributes
    ----------
    label_smoothing : float
        Part of each target that is spread evenly over the classes (Szegedy et al., 2016).
    mixup_alpha : float
        Parameter of the beta distribution that two clips and their targets are mixed by (Zhang et al., 2018).
    mixup_probability : float
        Part of the batches that are mixed.
    shift_frames : int
        Largest shift of a fingerprint in frames, drawn uniformly; the frame at the edge is repeated.
    time_masks, mask_frames : int
        Number of masks along time, and the most frames of each (SpecAugment, Park et al., 2019). A masked frame holds
        the clip's mean of each coefficient.
    coefficient_masks, mask_coefficients : int
        The same along the cepstral coefficients; the zeroth is never masked.
    weight_decay : float
        Decoupled (AdamW, Loshchilov and Hutter, 2019), in the floating-point phase.
    teacher : str
        Size whose released network gives soft targets (Hinton et al., 2015); none if empty.
    teacher_share : float
        Part of the targets that is the teacher's.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    label_smoothing: float = 0.0
    mixup_alpha: float = 0.0
    mixup_probability: float = 1.0
    shift_frames: int = 0
    time_masks: int = 0
    mask_frames: int = 0
    coefficient_masks: int = 0
    mask_coefficients: int = 0
    weight_decay: float = 0.0
    teacher: str = ""
    teacher_share: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            top = 1 if name in ("label_smoothing", "mixup_probability", "teacher_share", "weight_decay") else 100
            if not isinstance(value, str) and not 0 <= value <= top:
                raise InputError(f"{name} is {value}: give a number from 0 to {top}")
        if bool(self.teacher) != bool(self.teacher_share):
            raise InputError("a teacher needs a teacher_share, and a teacher_share a teacher")

    @property
    def plain(self) -> bool:
        """Whether nothing is varied at all."""
        return self == Recipe()

    @property
    def key(self) -> dict[str, Any]:
        """The values that are not the default ones; JSON-able."""
        default = asdict(Recipe())
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    def targets(self, labels: np.ndarray, taught: np.ndarray | None = None) -> np.ndarray:
        """Return the probabilities that a batch is trained towards.

        Parameters
        ----------
        labels : ndarray of int, shape (clips,)
        taught : ndarray of float32, shape (clips, 12), optional
            The teacher's probabilities.

        Returns
        -------
        ndarray of float32, shape (clips, 12)
        """
        hard = np.eye(len(LABELS), dtype=np.float32)[labels]
        own = (1 - self.label_smoothing) * hard + self.label_smoothing / len(LABELS)
        return own if taught is None else (1 - self.teacher_share) * own + self.teacher_share * taught

    def vary(self, x: np.ndarray, targets: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Vary a batch.

        Parameters
        ----------
        x : ndarray of float32, shape (clips, frames, coefficients, 1)
        targets : ndarray of float32, shape (clips, 12)
        generator : numpy.random.Generator
            Decides every draw.

        Returns
        -------
        tuple
            New arrays of the same shapes.
        """
        if self.shift_frames:
            x = _shifted(x, generator.integers(-self.shift_frames, self.shift_frames + 1, len(x)))
        if self.time_masks or self.coefficient_masks:
            mask = _stripes(x.shape[:2], self.time_masks, self.mask_frames, generator)[:, :, None]
            bands = (len(x), x.shape[2] - 1)
            masked = _stripes(bands, self.coefficient_masks, self.mask_coefficients, generator)
            mask = mask | np.pad(masked, ((0, 0), (1, 0)))[:, None, :]
            x = np.where(mask[..., None], x.mean(axis=1, keepdims=True), x)
        if self.mixup_alpha and generator.random() < self.mixup_probability:
            share = generator.beta(self.mixup_alpha, self.mixup_alpha, len(x)).astype(np.float32)
            share = np.maximum(share, 1 - share)
            other = generator.permutation(len(x))
            column, row = share[:, None, None, None], share[:, None]
            x = column * x + (1 - column) * x[other]
            targets = row * targets + (1 - row) * targets[other]
        return x, targets


def _shifted(x: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    frames = np.clip(np.arange(x.shape[1]) - shifts[:, None], 0, x.shape[1] - 1)
    return np.take_along_axis(x, frames[:, :, None, None], axis=1)


def _stripes(shape: tuple[int, int], count: int, longest: int, generator: np.random.Generator) -> np.ndarray:
    """True where one of `count` stripes of 0 to `longest` positions lies; bool of `shape`."""
    clips, positions = shape
    masked = np.zeros(shape, bool)
    for _ in range(count):
        length = generator.integers(0, longest + 1, (clips, 1))
        start = (generator.random((clips, 1)) * (positions - length + 1)).astype(int)
        at = np.arange(positions)
        masked |= (at >= start) & (at < start + length)
    return masked
