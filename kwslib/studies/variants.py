"""The variants of the ablation: small, trained with one ingredient of a recipe changed."""

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
LISTENING = "listening"
"""The two recipes that variants change: that of the first release, and that of the profile ``best``, in noise."""
BASE = Recipe(label_smoothing=0.05, teacher="medium", teacher_share=0.7)
SCHEDULE = CosineSchedule(0.004, 0.0005, 16000, 13600, 400)
"""Recipe and schedule of `WHOLE`, as they were before the ablation had chosen; `LISTENING` has the same schedule."""

Change = Callable[[Profile], Profile]


def _recipe(**values: Any) -> Change:
    return lambda profile: replace(profile, recipes={SIZE: replace(profile.recipe(SIZE), **values)})


def _augmentation(**values: Any) -> Change:
    return lambda profile: replace(profile, augmentations={SIZE: replace(profile.augmentation_of(SIZE), **values)})


def _same(profile: Profile) -> Profile:
    return profile


def _front_end(kind: str) -> Change:
    return lambda profile: replace(profile, front_ends={SIZE: kind})


def _staged(profile: Profile) -> Profile:
    """The baseline's three learning rates over as many steps, in place of the cosine."""
    schedule = profile.schedules[SIZE]
    stages = [Stage(rate, part) for rate, part in ((5e-4, 2), (2e-4, 1), (1e-4, 1))]
    staged = Schedule(tuple(stages), float_steps=2).scaled(schedule.steps)
    return replace(profile, schedules={SIZE: replace(staged, float_steps=schedule.float_steps)})


@dataclass(frozen=True)
class Variant:
    """One change: its name, its meaning in words, a function that changes a profile, and the recipe that it changes.

    `base` is `WHOLE` or `LISTENING`, which change nothing themselves. `train_share` is the part of the training clips
    that it is trained on.
    """

    name: str
    meaning: str
    change: Change
    base: str = WHOLE
    train_share: float = 1.0


def _in_noise(name: str, meaning: str, change: Change, train_share: float = 1.0) -> Variant:
    return Variant(name, meaning, change, LISTENING, train_share)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(WHOLE, "the recipe that the others change", _same),
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
        _in_noise(LISTENING, "the recipe of the profile best, which the others change", _same),
        _in_noise("no-noise-by-ratio", "no words in noise at 20 to −5 dB", _augmentation(snr_probability=0.0)),
        _in_noise("quiet-silence", "silence without noise as loud as beside a word", _augmentation(snr_silence=False)),
        _in_noise("no-running-speech", "no running speech as unknown words", _augmentation(running_speech=0.0)),
        _in_noise("same-others", "the same other words in every pass", _augmentation(turn_others=False)),
        _in_noise("noise-from-easy", "noise from easy to hard, copy by copy", _augmentation(snr_ramp_copies=COPIES)),
        _in_noise("taught", "medium as teacher, 70 % of the targets", _recipe(teacher="medium", teacher_share=0.7)),
        _in_noise("power", "the front end power, in floating point", _front_end("power")),
        _in_noise("adjusted", "the loss leaves out half of how often each class is met", _recipe(logit_adjustment=0.5)),
        _in_noise("no-decay", "no weight decay", _recipe(weight_decay=0.0)),
        _in_noise("speed", "speed varied by up to 15 %", _augmentation(speed_change=0.15)),
        _in_noise(
            "joined-words",
            "a fifth of the unknown words is two joined halves of keywords",
            _augmentation(joined_probability=0.2),
        ),
        _in_noise(
            "float-average", "averaged weights in floating point too, 0.999 a step", _recipe(float_average=0.999)
        ),
        _in_noise(
            "more-calibration", "2,000 clips, not 200, for batch norm's statistics", _recipe(calibration_clips=2000)
        ),
        *(
            _in_noise(f"{name}-of-clips", f"1/{parts} of the training clips", _same, 1 / parts)
            for name, parts in (("eighth", 8), ("quarter", 4), ("half", 2))
        ),
    )
}


def profile_of(variant: str, steps: int = STEPS) -> Profile:
    """The profile of the recipe that a variant changes, squeezed to `steps`, with its change.

    Raises
    ------
    InputError
        If there is no such variant, with the nearest name.
    """
    chosen, best = VARIANTS[check_name("variant", variant, VARIANTS)], PROFILES["best"]
    short = replace(best, schedules={SIZE: SCHEDULE.scaled(steps)}, copies={SIZE: COPIES})
    if chosen.base == WHOLE:
        short = replace(short, recipes={SIZE: BASE}, front_ends={}, augmentations={})
    return chosen.change(short)


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
