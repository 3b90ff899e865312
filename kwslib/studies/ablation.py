"""What each ingredient of the recipe is worth: small, trained with one of them changed, judged by validation alone.

Each training is a folder ``ablation/<variant>-s<seed>`` of the results, with its checkpoints, and ends in a
``trial.json``; a broken-off ablation goes on where it was. `record` keeps all finished trials with the project.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.artifacts import from_plain, read_json, to_plain
from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES, Profile
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import CosineSchedule, Schedule, Stage
from kwslib.errors import DataError, InputError, check_name
from kwslib.paths import models_dir, results_dir, write_json
from kwslib.provenance import Provenance, provenance

SIZE = "small"
STEPS = 4000
SEEDS = (1, 2, 3)
AGAIN = "remove it and run the ablation again"
COPIES = 4  # of the training set; a pass is about 370 steps, so that each copy is seen two or three times
FOLDER, TRIAL, RECORD = "ablation", "trial.json", "ablation.json"
WHOLE = "recipe"
BASE = Recipe(label_smoothing=0.05, teacher="medium", teacher_share=0.7)  # before the ablation had spoken

Change = Callable[[Profile], Profile]


def _recipe(**values: Any) -> Change:
    return lambda profile: replace(profile, recipes={SIZE: replace(profile.recipe(SIZE), **values)})


def _augmentation(**values: Any) -> Change:
    return lambda profile: replace(profile, augmentation=replace(profile.augmentation, **values))


def _staged(profile: Profile) -> Profile:
    """The baseline's three learning rates over as many steps, in place of the cosine."""
    schedule = profile.schedules[SIZE]
    stages = [Stage(rate, part) for rate, part in ((5e-4, 2), (2e-4, 1), (1e-4, 1))]
    staged = Schedule(tuple(stages), float_steps=2).scaled(schedule.steps)
    return replace(profile, schedules={SIZE: replace(staged, float_steps=schedule.float_steps)})


@dataclass(frozen=True)
class Variant:
    """One change to the recipe: what was taken out or put in, in words, and the change itself."""

    name: str
    meaning: str
    change: Change


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
    )
}


@dataclass(frozen=True)
class Trial:
    """The best validation accuracy of one training in both phases, noise silence, 0 … 1."""

    variant: str
    seed: int
    steps: int
    validation_float: float
    validation_quantised: float
    clips: int
    trained_s: float
    corpus: str
    profile: dict[str, Any]
    provenance: Provenance


@dataclass(frozen=True)
class Recorded:
    """The trials that travel with the project."""

    trials: list[Trial]


def profile_of(variant: str, steps: int = STEPS) -> Profile:
    """The profile ``best`` for small, squeezed to `steps`, with the recipe `BASE` and one variant's change.

    Raises
    ------
    InputError
        If there is no such variant, with the nearest name.
    """
    best = PROFILES["best"]
    base = replace(
        best,
        schedules={SIZE: best.schedules[SIZE].scaled(steps)},
        recipes={SIZE: BASE},
        copies={SIZE: COPIES},
    )
    return VARIANTS[check_name("variant", variant, VARIANTS)].change(base)


def run_all(
    data: str,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    steps: int = 0,
    say: Callable[[str], None] = print,
) -> Iterator[Trial]:
    """Yield the trials of all variants, a seed after the other, trained where they are missing.

    Parameters
    ----------
    data : str
        Parent folder of ``speech_commands_v0.02``.
    only : sequence of str
        Names of variants; all if empty.
    seeds : sequence of int
        `SEEDS` if empty.
    steps : int
        Of each training; `STEPS` if 0.
    say : callable
        Gets one line a validation.

    Raises
    ------
    InputError
        For an unknown variant, a negative seed or number of steps; before anything is trained.
    """
    for name in only:
        check_name("variant", name, VARIANTS)
    if steps < 0 or min(seeds, default=0) < 0:
        raise InputError(f"steps is {steps} and the seeds are {list(seeds)}: none may be negative")
    for seed in seeds or SEEDS:
        for name in only or VARIANTS:
            say(f"── {name}, seed {seed}: {VARIANTS[name].meaning}")
            yield run_trial(name, seed, data, steps or STEPS, say)


def run_trial(variant: str, seed: int, data: str, steps: int = STEPS, say: Callable[[str], None] = print) -> Trial:
    """Train one variant with one seed, or read what it came to if it is there already.

    Parameters
    ----------
    variant : str
        A name of `VARIANTS`.
    seed : int
    data : str
        Parent folder of ``speech_commands_v0.02``.
    steps : int
        In all.
    say : callable
        Gets one line a validation.

    Returns
    -------
    Trial

    Raises
    ------
    InputError
        If there is no such variant, or its teacher is not released.
    DataError
        If the speech is missing.
    """
    from kwslib.network import training
    from kwslib.runs import teacher
    from kwslib.runs.execution import claim
    from kwslib.runs.networks import teacher_sha256
    from kwslib.speech import open_corpus
    from kwslib.speech.dataset import CopyMaker, evaluation_codes

    profile, size = profile_of(variant, steps), SIZES[SIZE]
    recipe: Recipe = profile.recipe(SIZE)
    corpus = open_corpus("speech_commands", data)
    front_end = size.front_end(profile.front_end, profile.input_scale)
    described = _described(profile)
    if recipe.teacher:
        described["teacher_sha256"] = teacher_sha256(recipe)
    folder = results_dir() / FOLDER / f"{variant}-s{seed}"
    found = read(folder / TRIAL)
    wanted = (variant, seed, steps, corpus.manifest["hash"], described)
    if found and (found.variant, found.seed, found.steps, found.corpus, found.profile) == wanted:
        return found
    validation = evaluation_codes(corpus, "validation", "noise-silence", front_end)
    with claim(folder), CopyMaker(corpus, front_end, profile.augmentation, seed, COPIES) as copies:
        trained = training.train(
            size,
            profile.schedules[SIZE],
            copies.get,
            COPIES,
            validation,
            seed=seed,
            folder=folder,
            validate_every_steps=max(1, steps // 10),
            input_scale=front_end.scale,
            recipe=recipe,
            taught=teacher.taught(recipe, corpus, profile.augmentation, seed),
            config={"profile": described, "manifest": corpus.manifest["hash"]},
            say=say,
        )
    progress = trained.progress
    best = {
        phase: max(row["validation_accuracy"] for row in progress.history if row["phase"] == phase)
        for phase in ("float", "quantised")
    }
    trial = Trial(
        variant,
        seed,
        steps,
        best["float"],
        best["quantised"],
        len(validation[1]),
        round(progress.trained_s, 1),
        corpus.manifest["hash"],
        described,
        provenance(),
    )
    write_json(folder / TRIAL, to_plain(trial))
    return trial


def _described(profile: Profile) -> dict[str, Any]:
    schedule: Schedule | CosineSchedule = profile.schedules[SIZE]
    value = {
        "front_end": SIZES[SIZE].front_end(profile.front_end, profile.input_scale).key,
        "schedule": asdict(schedule),
        "augmentation": profile.augmentation.key,
        "recipe": profile.recipe(SIZE).key,
    }
    return json.loads(json.dumps(value))


def read(path: Path) -> Trial | None:
    """Return a finished trial, or None if there is none.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    if not path.exists():
        return None
    value = read_json(path, missing=AGAIN, again=AGAIN)
    return from_plain(value, Trial, str(path), AGAIN)


def record() -> Path:
    """Keep all finished trials of the results folder with the project; return the file.

    Raises
    ------
    DataError
        If there is none.
    """
    trials = [read(path) for path in sorted((results_dir() / FOLDER).glob(f"*/{TRIAL}"))]
    if not trials:
        raise DataError(f"there is no finished trial in {results_dir() / FOLDER}; run: kws ablation --data FOLDER")
    path = models_dir() / FOLDER / RECORD
    write_json(path, to_plain(Recorded(trials)))
    return path


def recorded() -> list[Trial]:
    """The trials that travel with the project, in the order of `VARIANTS`; none if none were recorded.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    path = models_dir() / FOLDER / RECORD
    if not path.exists():
        return []
    again = "record the ablation again"
    kept = from_plain(read_json(path, missing=again, again=again), Recorded, str(path), again)
    order = list(VARIANTS)
    return sorted(kept.trials, key=lambda trial: (order.index(trial.variant), trial.seed))


def summary(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row a variant: mean and standard deviation over its seeds, and the difference from the whole recipe.

    The difference is between the seeds that both have, so that what a seed does to both cancels.
    """
    columns = ("variant", "seed", "validation_float", "validation_quantised")
    table = pd.DataFrame([{column: getattr(trial, column) for column in columns} for trial in trials])
    whole = table[table.variant == WHOLE].set_index("seed").validation_quantised
    rows = []
    for name, group in table.groupby("variant", sort=False):
        values = group.set_index("seed")
        difference = (values.validation_quantised - whole).dropna()
        rows.append(
            {
                "variant": name,
                "meaning": VARIANTS[name].meaning,
                "seeds": len(values),
                "float_mean": values.validation_float.mean(),
                "quantised_mean": values.validation_quantised.mean(),
                "quantised_deviation": values.validation_quantised.std(),
                "difference": difference.mean() if name != WHOLE and len(difference) else None,
                "difference_deviation": difference.std() if name != WHOLE and len(difference) > 1 else None,
            }
        )
    return pd.DataFrame(rows)
