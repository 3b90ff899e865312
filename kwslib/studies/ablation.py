"""The ablation: small, trained with one ingredient of the recipe changed, judged by validation alone.

Each training has a folder ``ablation/<variant>-s<seed>`` in the results, with its checkpoints, and ends in a
``trial.json``; an interrupted ablation goes on where it was. `KEPT` keeps all finished trials with the project.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kwslib.artifacts import stored_if_set, write_record
from kwslib.config.presets import SIZES
from kwslib.errors import InputError, check_name
from kwslib.provenance import Provenance, provenance
from kwslib.studies.trials import Trials
from kwslib.studies.variants import COPIES, SIZE, STEPS, VARIANTS, described, profile_of

SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Trial:
    """One training: its best validation accuracy in both phases, noise silence, 0 … 1.

    Attributes
    ----------
    validation_noisy : float or None
        Accuracy of the kept quantised network on the same words in noise (`kwslib.speech.dataset.noisy_codes`); None in
        trials of older versions. It chooses nothing.
    train_clips : int or None
        Clips that it was trained on; None in trials of older versions.
    """

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
    validation_noisy: float | None = stored_if_set(None)
    train_clips: int | None = stored_if_set(None)


@dataclass(frozen=True)
class Recorded:
    """The trials that travel with the project."""

    trials: list[Trial]


def _order(trial: Trial) -> tuple[int, int]:
    return list(VARIANTS).index(trial.variant), trial.seed


KEPT = Trials("ablation", "trial.json", Trial, Recorded, _order, "kws ablation --data FOLDER")


def run_all(
    data: str,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    steps: int = 0,
    say: Callable[[str], None] = print,
) -> Iterator[Trial]:
    """Yield the trials of all variants, one seed after the other; train those that are missing.

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
    """Train one variant with one seed, or read its result if it is there already.

    Parameters
    ----------
    variant : str
        A name of `VARIANTS`.
    seed : int
    data : str
        Parent folder of ``speech_commands_v0.02``.
    steps : int
        Of the training.
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
    # Imported here because TensorFlow takes seconds to load, and the pages read recorded trials without it.
    from kwslib.network import evaluation
    from kwslib.runs.claim import claim
    from kwslib.runs.experiment import Experiment
    from kwslib.runs.networks import pretrained_sha256
    from kwslib.speech import open_corpus
    from kwslib.speech.corpus import Corpus
    from kwslib.speech.dataset import evaluation_codes, noisy_codes
    from kwslib.speech.part import Part

    profile, size = profile_of(variant, steps), SIZES[SIZE]
    recipe, front_end = profile.recipe(SIZE), size.front_end(profile.front_end_of(SIZE), profile.input_scale)
    corpus: Corpus = open_corpus("speech_commands", data)
    if VARIANTS[variant].train_share < 1:
        corpus = Part(corpus, VARIANTS[variant].train_share)
    manifest = corpus.manifest["hash"]
    made_from = described(profile) | ({"teacher_sha256": pretrained_sha256(recipe.teacher)} if recipe.teacher else {})
    folder = KEPT.place(f"{variant}-s{seed}")
    found = KEPT.read(folder)
    wanted = (variant, seed, steps, manifest, made_from)
    if found and (found.variant, found.seed, found.steps, found.corpus, found.profile) == wanted:
        return found
    experiment = Experiment(
        size=size,
        schedule=profile.schedules[SIZE],
        front_end=front_end,
        augmentation=profile.augmentation_of(SIZE),
        recipe=recipe,
        copies=COPIES,
        validate_every_steps=max(1, steps // 10),
        seed=seed,
        folder=folder,
        config={"profile": made_from, "manifest": manifest},
    )
    validation = evaluation_codes(corpus, "validation", "noise-silence", front_end)
    with claim(folder):
        trained = experiment.train(corpus, validation, say)
    progress, (codes, labels) = trained.progress, noisy_codes(corpus, "validation", front_end)
    noisy = evaluation.accuracy(evaluation.keras_predictor(trained.quantised)(codes), labels)
    trial = Trial(
        variant=variant,
        seed=seed,
        steps=steps,
        validation_float=_best(progress.history, "float"),
        validation_quantised=_best(progress.history, "quantised"),
        clips=len(validation[1]),
        trained_s=round(progress.trained_s, 1),
        corpus=manifest,
        profile=made_from,
        provenance=provenance(),
        validation_noisy=noisy.share,
        train_clips=len(corpus.clips("train")),
    )
    write_record(folder / KEPT.file, trial, None)
    return trial


def _best(history: Sequence[dict[str, Any]], phase: str) -> float:
    return max(row["validation_accuracy"] for row in history if row["phase"] == phase)


def summary(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row for each variant: mean and standard deviation over its seeds, and the difference from what it changes.

    The columns ``noisy_…`` are of validation in noise, where it was measured. The difference from the recipe that a
    variant changes is taken seed by seed, over the seeds that both have, so that the effect of a seed on both cancels.
    """
    columns = ("variant", "seed", "validation_float", "validation_quantised", "validation_noisy")
    table = pd.DataFrame([{column: getattr(trial, column) for column in columns} for trial in trials])
    table["validation_noisy"] = table["validation_noisy"].astype(float)
    rows = []
    for name, group in table.groupby("variant", sort=False):
        variant = VARIANTS[str(name)]
        base = table[table.variant == variant.base].set_index("seed")
        values = group.set_index("seed")
        difference = (values.validation_quantised - base.validation_quantised).dropna()
        noisy = (values.validation_noisy - base.validation_noisy).dropna()
        own = name != variant.base
        rows.append(
            {
                "variant": name,
                "meaning": variant.meaning,
                "seeds": len(values),
                "float_mean": values.validation_float.mean(),
                "quantised_mean": values.validation_quantised.mean(),
                "quantised_deviation": values.validation_quantised.std(),
                "difference": difference.mean() if own and len(difference) else None,
                "difference_deviation": difference.std() if own and len(difference) > 1 else None,
                "noisy_mean": values.validation_noisy.mean(),
                "noisy_difference": noisy.mean() if own and len(noisy) else None,
            }
        )
    return pd.DataFrame(rows)


def of_recipe(trials: Sequence[Trial], base: str) -> list[Trial]:
    """The trials of one recipe, `WHOLE` or `LISTENING`, and of the variants that change it."""
    return [trial for trial in trials if VARIANTS[trial.variant].base == base]
