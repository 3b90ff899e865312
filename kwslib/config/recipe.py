"""What a training does to batches and weights beside the schedule: masks, mixed clips, soft targets, decay."""

from dataclasses import asdict, dataclass
from typing import Any

from kwslib.errors import InputError

SHARES = (
    "label_smoothing",
    "logit_adjustment",
    "mixup_probability",
    "teacher_share",
    "weight_decay",
    "float_average",
    "start_share",
)
GOES_WITH = {"teacher": ("teacher_share", "teacher_in_quiet"), "start": ("start_share", "branches")}
"""What means something only with a teacher, or with a start."""


@dataclass(frozen=True)
class Recipe:
    """How batches of fingerprints and their targets are varied; nothing by default.

    `kwslib.network.variation` carries it out.

    Attributes
    ----------
    label_smoothing : float
        Part of each target that is spread evenly over the classes (Szegedy et al., 2016).
    logit_adjustment : float
        Part of the logarithm of each class's frequency that the loss adds to its logit, so that the network need not
        learn how often each class is met (Menon et al., 2021).
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
    float_average : float
        Momentum by step of the running average of the weights that is validated and kept in the floating-point phase
        (Polyak and Juditsky, 1992); the weights themselves if 0.
    calibration_clips : int
        Training clips that give batch norm its statistics and activations their ranges.
    teacher : str
        Size whose released network, or finished run whose network, gives soft targets (Hinton et al., 2015); none if
        empty.
    teacher_share : float
        Part of the targets that is the teacher's.
    start : str
        Size whose released network, or finished run whose network, gives the first weights, of the same layers; random
        ones if empty.
    start_share : float
        Part of the floating-point weights that is validated and kept which stays the start's: the rest is what was
        learnt since. Keeps what the start knew (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models").
    branches : int
        Number of parts of the floating-point phase that each begin at the start's weights; the mean of what they end at
        is kept. It lies nearer to all of them than each to the others, and errs less (Wortsman et al., 2022, "Model
        soups"; the name is of Li et al., 2022, "Branch-Train-Merge").
    teacher_in_quiet : bool
        The teacher hears each varied clip without its noise: one that never trained in noise says little of use there.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    label_smoothing: float = 0.0
    logit_adjustment: float = 0.0
    mixup_alpha: float = 0.0
    mixup_probability: float = 1.0
    shift_frames: int = 0
    time_masks: int = 0
    mask_frames: int = 0
    coefficient_masks: int = 0
    mask_coefficients: int = 0
    weight_decay: float = 0.0
    float_average: float = 0.0
    calibration_clips: int = 200
    teacher: str = ""
    teacher_share: float = 0.0
    teacher_in_quiet: bool = False
    start: str = ""
    start_share: float = 0.0
    branches: int = 1

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            top = 1 if name in SHARES else 100_000 if name == "calibration_clips" else 100
            if not isinstance(value, str) and not 0 <= value <= top:
                raise InputError(f"{name} is {value}: give a number from 0 to {top}")
        for name in ("float_average", "start_share"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}: give a number from 0 up to, but not, 1")
        for name in ("calibration_clips", "branches"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is 0: give at least 1")
        if bool(self.teacher) != bool(self.teacher_share):
            raise InputError("a teacher needs a teacher_share, and a teacher_share a teacher")
        if self.teacher_in_quiet and not self.teacher:
            raise InputError("teacher_in_quiet is set, but there is no teacher")
        if self.start_share and not self.start:
            raise InputError("start_share is set, but there is no start")
        if self.branches > 1 and not self.start:
            raise InputError("branches is set, but there is no start that each could begin at")

    @property
    def plain(self) -> bool:
        """Whether nothing is varied at all."""
        return self == Recipe()

    @property
    def key(self) -> dict[str, Any]:
        """The values that are not the default ones; JSON-able."""
        default = asdict(Recipe())
        return {name: value for name, value in asdict(self).items() if value != default[name]}
