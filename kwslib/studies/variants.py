"""The variants of the ablation: the profile ``best`` for small, with one ingredient of the recipe changed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from kwslib.artifacts import to_plain
from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES, Profile
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import CosineSchedule, Schedule, Stage
from kwslib.errors import check_name

SIZE = "small"
STEPS = 4000
COPIES = 4
"""Of the training set; a pass is about 370 steps, so that each copy is used two or three times."""
WHOLE = "recipe"
NOISE = "noise-by-ratio"
LABELS_ALONE = "noise-no-teacher"
"""What the learning curve is measured with."""
BASE = Recipe(label_smoothing=0.05, teacher="medium", teacher_share=0.7)
SCHEDULE = CosineSchedule(0.004, 0.0005, 16000, 13600, 400)
"""Recipe and schedule that every variant changes, as they were before the ablation had chosen."""

Change = Callable[[Profile], Profile]


def _recipe(**values: Any) -> Change:
    return lambda profile: replace(profile, recipes={SIZE: replace(profile.recipe(SIZE), **values)})


def _augmentation(**values: Any) -> Change:
    return lambda profile: replace(profile, augmentation=replace(profile.augmentation, **values))


def _same(profile: Profile) -> Profile:
    return profile


def _staged(profile: Profile) -> Profile:
    """The baseline's three learning rates over as many steps, in place of the cosine."""
    schedule = profile.schedules[SIZE]
    stages = [Stage(rate, part) for rate, part in ((5e-4, 2), (2e-4, 1), (1e-4, 1))]
    staged = Schedule(tuple(stages), float_steps=2).scaled(schedule.steps)
    return replace(profile, schedules={SIZE: replace(staged, float_steps=schedule.float_steps)})


@dataclass(frozen=True)
class Variant:
    """One change: its name, its meaning in words, a function that changes a profile, and the variant it starts from.

    `train_share` is the part of the training clips that it is trained on.
    """

    name: str
    meaning: str
    change: Change
    base: str = WHOLE
    train_share: float = 1.0


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(WHOLE, "the recipe that the others change", lambda profile: profile),
        Variant(
            "magnitude", "the baseline's front end, magnitude, not power", lambda p: replace(p, front_end="magnitude")
        ),
        Variant("baseline-scale", "the baseline's input scale", lambda p: replace(p, input_scale=INPUT_SCALE)),
        Variant("staged", "the baseline's staged learning rates, not warm-up and cosine", _staged),
        Variant("no-noise", "no background noise on words", _augmentation(noise_volume=0.0)),
        Variant("no-shift", "no time shift", _augmentation(shift_ms=0.0)),
        Variant("gain", "level varied by up to 6 dB", _augmentation(gain_db=6.0)),
        Variant("no-teacher", "no teacher: labels alone", _recipe(teacher="", teacher_share=0.0)),
        Variant("no-smoothing", "no label smoothing", _recipe(label_smoothing=0.0)),
        Variant(
            "masks",
            "SpecAugment: two masks of up to 6 frames, one of up to 2 coefficients",
            _recipe(time_masks=2, mask_frames=6, coefficient_masks=1, mask_coefficients=2),
        ),
        Variant("mixup", "mixup with alpha 0.2", _recipe(mixup_alpha=0.2)),
        Variant("decay", "weight decay 0.001", _recipe(weight_decay=0.001)),
        Variant("speed", "speed varied by up to 15 %", _augmentation(speed_change=0.15)),
        Variant(NOISE, "half of the words in noise at 20 to −5 dB", _augmentation(snr_probability=0.5)),
        Variant(
            "noise-from-easy",
            "the same, from easy to hard copy by copy",
            _augmentation(snr_probability=0.5, snr_ramp_copies=COPIES),
        ),
        Variant(
            "noise-quiet-teacher",
            "half of the words in noise, which the teacher does not hear",
            _recipe(teacher_in_quiet=True),
            NOISE,
        ),
        Variant(
            LABELS_ALONE,
            "half of the words in noise; labels alone",
            _recipe(teacher="", teacher_share=0.0),
            NOISE,
        ),
        Variant("noise-and-silence", "the same, and silence as loud", _augmentation(snr_silence=True), LABELS_ALONE),
        Variant(
            "running-speech",
            "the same, and running speech as unknown words, 15 % more clips",
            _augmentation(running_speech=0.15, turn_others=True),
            "noise-and-silence",
        ),
        *(
            Variant(
                f"{name}-of-clips",
                f"labels alone in noise, 1/{parts} of the training clips",
                _same,
                LABELS_ALONE,
                1 / parts,
            )
            for name, parts in (("eighth", 8), ("quarter", 4), ("half", 2))
        ),
        Variant("turned-words", "all other words in turn as unknown ones", _augmentation(turn_others=True)),
        Variant(
            "joined-words",
            "a fifth of the unknown words is two joined halves of keywords",
            _augmentation(joined_probability=0.2),
        ),
        Variant("float-average", "averaged weights in floating point too, 0.999 a step", _recipe(float_average=0.999)),
        Variant(
            "more-calibration", "2,000 clips, not 200, for batch norm's statistics", _recipe(calibration_clips=2000)
        ),
    )
}


def profile_of(variant: str, steps: int = STEPS) -> Profile:
    """The profile ``best``, with `BASE` and `SCHEDULE` squeezed to `steps`, and one variant's change.

    Raises
    ------
    InputError
        If there is no such variant, with the nearest name.
    """
    best = PROFILES["best"]
    base = replace(
        best,
        schedules={SIZE: SCHEDULE.scaled(steps)},
        recipes={SIZE: BASE},
        copies={SIZE: COPIES},
        front_ends={},
        augmentations={},
    )
    chosen = VARIANTS[check_name("variant", variant, VARIANTS)]
    return chosen.change(base if chosen.name == WHOLE or chosen.base == WHOLE else profile_of(chosen.base, steps))


def described(profile: Profile) -> dict[str, Any]:
    """The parts of a profile that variants change, as JSON holds them."""
    return to_plain(
        {
            "front_end": SIZES[SIZE].front_end(profile.front_end_of(SIZE), profile.input_scale).key,
            "schedule": asdict(profile.schedules[SIZE]),
            "augmentation": profile.augmentation_of(SIZE).key,
            "recipe": profile.recipe(SIZE).key,
        }
    )
