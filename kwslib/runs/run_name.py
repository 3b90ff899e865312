"""The name of a run: its presets, and what differs from them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

from kwslib.config import blocks, presets
from kwslib.config.recipe import GOES_WITH, Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.config.words import KEYWORDS
from kwslib.runs.settings import Parameters

LONGEST = 80
"""Characters; what goes beyond is replaced by a hash of the whole name."""
HASH_DIGITS = 8
DEFAULT_SEED = 1
FORMS = {
    "window_ms": "w{}ms",
    "stride_ms": "every{}ms",
    "coefficients": "{}mfcc",
    "scale": "scale{}",
    "fft_points": "fft{}",
    "bands": "{}bands",
    "lower_hz": "from{}hz",
    "upper_hz": "to{}hz",
    "noise_probability": "noise{}",
    "noise_volume": "volume{}",
    "shift_ms": "shift{}ms",
    "gain_db": "gain{}db",
    "hold_out_noise": "holdout{}",
    "speed_change": "speed{}",
    "snr_probability": "snr{}",
    "snr_low_db": "snrfrom{}db",
    "snr_high_db": "snrto{}db",
    "snr_ramp_copies": "ramp{}",
    "snr_silence": "snrsilence{}",
    "turn_others": "turn{}",
    "joined_probability": "joined{}",
    "running_speech": "running{}",
    "label_smoothing": "smooth{}",
    "logit_adjustment": "adjust{}",
    "mixup_alpha": "mixup{}",
    "shift_frames": "shift{}frames",
    "weight_decay": "decay{}",
    "float_average": "average{}",
    "teacher": "teacher-{}",
    "teacher_in_quiet": "quietteacher{}",
    "start": "from-{}",
    "start_share": "keep{}",
    "branches": "{}branches",
}
"""How a setting is written; one that is not listed is written with its own name."""


def of(chosen: Parameters, corpus_given: bool) -> str:
    """Return the name of a run: profile and size, then what differs from them, short and safe as a folder.

    Two runs have one name only if they do the same, with however many threads, and wherever their speech lies.

    Parameters
    ----------
    chosen : Parameters
    corpus_given : bool
        Whether the corpus was chosen by name.
    """
    parts = [chosen.profile.name, chosen.size.name]
    if chosen.words != KEYWORDS:
        parts.append(_words(chosen.words))
    if corpus_given:
        parts.append(chosen.corpus)
    preset = presets.SIZES[chosen.size.name]
    parts += blocks.named(chosen.size.blocks, preset.blocks)
    parts += _front_end(chosen)
    parts += _schedule(chosen)
    parts += _differences(chosen.augmentation, chosen.profile.augmentation_of(chosen.size.name))
    parts += _differences(chosen.recipe, chosen.profile.recipe(chosen.size.name))
    if chosen.corpus == "folder":
        parts.append(_folder(chosen.data))
    if chosen.seed != DEFAULT_SEED:
        parts.append(f"s{chosen.seed}")
    name = "-".join(parts)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - HASH_DIGITS - 1].rstrip('._-')}-{_hash(name)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _words(words: Sequence[str]) -> str:
    """The words where they are few and plain. The dot keeps them apart from every other part of a name."""
    text = ".".join(words) if len(words) > 1 else f"word.{words[0]}"
    plain = all(re.fullmatch(r"[a-z]+", word) for word in words)
    return text if plain and len(text) <= LONGEST // 2 else f"{len(words)}words-{_hash(','.join(words))}"


def _folder(data: str) -> str:
    name = Path(data).name
    return f"in_{name}" if re.fullmatch(r"[A-Za-z0-9_.]{1,30}", name) else f"in_{_hash(name)}"


def _front_end(chosen: Parameters) -> list[str]:
    size, profile, now = chosen.size.name, chosen.profile, chosen.front_end
    preset = presets.SIZES[size].front_end(profile.front_end_of(size), profile.input_scale)
    parts = [] if now.kind == preset.kind else [now.kind]
    return parts + _differences(now, preset, leave_out=("kind",))


def _schedule(chosen: Parameters) -> list[str]:
    profile, now = chosen.profile, chosen.schedule
    whole = profile.schedules[chosen.size.name]
    parts = [f"{now.steps}steps"] if now.steps != whole.steps else []
    like = whole.scaled(now.steps) if now.steps >= whole.least_steps else whole
    if isinstance(now, Schedule):
        told = like.stages if isinstance(like, Schedule) else ()
        if [one.learning_rate for one in now.stages] != [one.learning_rate for one in told]:
            parts.append("lr" + "_".join(map(_value, (one.learning_rate for one in now.stages))))
        if [one.steps for one in now.stages] != [one.steps for one in told]:
            parts.append("stages" + "_".join(str(one.steps) for one in now.stages))
    elif isinstance(like, CosineSchedule):
        if (now.rate, now.quantised_rate) != (like.rate, like.quantised_rate):
            parts.append(f"lr{_value(now.rate)}_{_value(now.quantised_rate)}")
        if now.warm_up_steps != like.warm_up_steps:
            parts.append(f"warmup{now.warm_up_steps}")
    if now.float_steps != like.float_steps:
        parts.append(f"q{now.float_steps}")
    if chosen.batch_clips != BATCH_CLIPS:
        parts.append(f"batch{chosen.batch_clips}")
    if chosen.copies != profile.copies[chosen.size.name]:
        parts.append(f"{chosen.copies}copies")
    every = profile.validate_every_steps[chosen.size.name]
    if chosen.validate_every_steps != max(1, round(every * now.steps / whole.steps)):
        parts.append(f"v{chosen.validate_every_steps}")
    return parts


def _differences(now: Any, preset: Any, leave_out: Sequence[str] = ()) -> list[str]:
    """One part for each field that differs."""
    parts = []
    if isinstance(now, Recipe):  # what goes with a teacher, or a start, is told by their absence
        gone = [names for owner, names in GOES_WITH.items() if not getattr(now, owner)]
        leave_out = (*leave_out, *chain(*gone))
    for one in fields(now):
        value = getattr(now, one.name)
        if value == getattr(preset, one.name) or one.name in leave_out:
            continue
        parts.append(FORMS.get(one.name, one.name.replace("_", "") + "{}").format(_value(value)))
    return parts


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace("+", "")
    return str(value) or "none"
