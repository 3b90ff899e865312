"""The training profiles: how a network of each size is trained.

Source of the profile `baseline`: the baseline's training commands (``--learning_rate``, ``--how_many_training_steps``,
``--quantize``).
"""

from dataclasses import dataclass, field, replace

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import CosineSchedule, Schedule, Stage
from kwslib.errors import InputError, check_name


@dataclass(frozen=True)
class Profile:
    """How a network is trained: front end, schedules by size, augmentation, recipe by size.

    `copies` augmented copies of the training set are made, by size, and visited in turn, pass by pass. A size may have
    a front end and an augmentation of its own, in `front_ends` and `augmentations`.
    """

    name: str
    front_end: str
    schedules: dict[str, Schedule | CosineSchedule]
    augmentation: Augmentation
    copies: dict[str, int]
    validate_every_steps: dict[str, int]
    recipes: dict[str, Recipe] = field(default_factory=dict)
    input_scale: float = INPUT_SCALE
    front_ends: dict[str, str] = field(default_factory=dict)
    augmentations: dict[str, Augmentation] = field(default_factory=dict)

    def recipe(self, size: str) -> Recipe:
        """The recipe of a size; the plain one where none is set."""
        return self.recipes.get(size, Recipe())

    def front_end_of(self, size: str) -> str:
        """The kind of front end of a size."""
        return self.front_ends.get(size, self.front_end)

    def augmentation_of(self, size: str) -> Augmentation:
        """How the training clips of a size are varied."""
        return self.augmentations.get(size, self.augmentation)

    def sizes_by_front_end(self) -> dict[str, list[str]]:
        """The kinds of front end of this profile, each with the sizes that it is for."""
        found: dict[str, list[str]] = {}
        for size in self.schedules:
            found.setdefault(self.front_end_of(size), []).append(size)
        return found


def _stages(learning_rates: str, steps: str) -> tuple[Stage, ...]:
    pairs = zip(learning_rates.split(","), steps.split(","), strict=True)
    return tuple(Stage(float(rate), int(count)) for rate, count in pairs)


def _tuned_from(start: str, masks: Recipe | None = None) -> Recipe:
    """A recipe that keeps a share of the weights that it starts from, with the masks of its first training."""
    return replace(masks or Recipe(), weight_decay=0.001, label_smoothing=0.05, start=start, start_share=0.3)


# The baseline quantises large from its first step, with batch norm still learning; here batch norm is folded before
# quantisation begins, so large gets a floating-point phase of half its steps. Small and medium are the baseline's.
BASELINE_SCHEDULES: dict[str, Schedule | CosineSchedule] = {
    "small": Schedule(_stages("0.0005,0.0002,0.0001", "2000,1000,1000"), 2000, baseline_quantise=2000),
    "medium": Schedule(_stages("0.0005,0.0001,0.00002", "10000,10000,10000"), 5000, baseline_quantise=5000),
    "large": Schedule(_stages("0.0005", "3000"), 1500, baseline_quantise=1),
}
QUICK_SCHEDULES: dict[str, Schedule | CosineSchedule] = {
    "tiny": Schedule(_stages("0.002,0.0005,0.0001", "850,400,150"), 1050),
    "small": Schedule(_stages("0.002,0.0005,0.0001", "850,400,150"), 1050),
    "medium": Schedule(_stages("0.002,0.0005,0.0001", "420,200,80"), 520),
    "large": Schedule(_stages("0.002,0.0005,0.0001", "100,35,15"), 115),
}
LISTENING = Augmentation(
    hold_out_noise=True, snr_probability=0.5, snr_silence=True, turn_others=True, running_speech=0.05
)
"""Noise by ratio, for a room, and running speech, for streams."""
TALKING = {
    size: replace(LISTENING, running_speech=part) for size, part in (("small", 0.2), ("medium", 0.3), ("large", 0.3))
}
"""With more running speech, for fewer false accepts in streams."""
LARGE_MASKS = Recipe(time_masks=2, mask_frames=12, coefficient_masks=1, mask_coefficients=8)
"""SpecAugment, more of it than for the smaller ones: masks cost small accuracy (chapter *Ablation*)."""
PROFILES: dict[str, Profile] = {
    "quick": Profile(
        "quick",
        "power",
        QUICK_SCHEDULES,
        Augmentation(),
        copies={"tiny": 6, "small": 6, "medium": 4, "large": 2},
        validate_every_steps={"tiny": 150, "small": 150, "medium": 100, "large": 50},
    ),
    "baseline": Profile(
        "baseline",
        "magnitude",
        BASELINE_SCHEDULES,
        Augmentation(),
        copies={"small": 4, "medium": 4, "large": 4},
        validate_every_steps={"small": 200, "medium": 500, "large": 100},
    ),
    "best": Profile(
        "best",
        "power",
        {
            "tiny": CosineSchedule(0.004, 0.0005, 24000, 21600, 400),
            "small": CosineSchedule(0.004, 0.0005, 32000, 28800, 400),
            "medium": CosineSchedule(0.003, 0.0003, 18000, 15600, 300),
            "large": CosineSchedule(0.002, 0.0002, 16000, 14400, 400),
        },
        Augmentation(hold_out_noise=True),
        copies={"tiny": 20, "small": 20, "medium": 12, "large": 8},
        validate_every_steps={"tiny": 1000, "small": 1000, "medium": 400, "large": 400},
        recipes={
            "tiny": Recipe(weight_decay=0.001, label_smoothing=0.05),
            "small": Recipe(weight_decay=0.001, label_smoothing=0.05),
            "medium": Recipe(time_masks=1, mask_frames=6, weight_decay=0.001, teacher="best-large", teacher_share=0.7),
            "large": replace(LARGE_MASKS, label_smoothing=0.1, weight_decay=0.001),
        },
        input_scale=0.75,
        front_ends={"tiny": "integer", "small": "integer"},
        augmentations={"tiny": LISTENING, "small": LISTENING},
    ),
    # What a word is takes hours to learn. Noise (medium, large) and more running speech are learnt from there. A share
    # of the first network is kept, so that it forgets less.
    "tuned": Profile(
        "tuned",
        "integer",
        {
            "small": CosineSchedule(0.002, 0.0004, 8000, 7200, 60),
            "medium": CosineSchedule(0.001, 0.0002, 5600, 5400, 180),
            "large": CosineSchedule(0.001, 0.0002, 2000, 1800, 60),
        },
        LISTENING,
        copies={"small": 8, "medium": 6, "large": 6},
        validate_every_steps={"small": 400, "medium": 600, "large": 200},
        recipes={
            "small": _tuned_from("best-small"),
            "medium": replace(_tuned_from("best-medium-s3"), branches=3, logit_adjustment=0.5),
            "large": _tuned_from("best-large", LARGE_MASKS),
        },
        input_scale=0.75,
        augmentations=TALKING,
    ),
}


def profile_named(name: str, size: str = "small") -> Profile:
    """The profile with this name.

    Raises
    ------
    InputError
        If there is none, with the nearest name; or if it does not train networks of `size`.
    """
    found = PROFILES[check_name("profile", name, PROFILES)]
    if size not in found.schedules:
        others = " or ".join(one.name for one in PROFILES.values() if size in one.schedules)
        raise InputError(f"the profile '{name}' has no schedule for {size}: choose {others}")
    return found
