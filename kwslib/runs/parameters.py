"""The parameters of a run: checked together, every one of them, before anything starts.

Their names, types, defaults and meaning stand in the notebook's parameters cell (`kwslib.runs.declaration`). What is
left out is the preset's: the size's network and front end, the profile's schedule, augmentation and recipe.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import zip_longest
from typing import Any

from kwslib import speech
from kwslib.config import blocks, presets, profiles, schedule
from kwslib.config.architecture import Architecture
from kwslib.config.branches import branch_starts
from kwslib.config.front_end import KINDS, FrontEnd
from kwslib.config.limits import INPUT_SCALES
from kwslib.config.profiles import Profile
from kwslib.config.recipe import GOES_WITH, Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.config.words import KEYWORDS, checked_words, labels_of
from kwslib.errors import InputError, check_name
from kwslib.paths import speech_dir
from kwslib.runs import run_name
from kwslib.runs.declaration import TEMPLATE, TYPES, Declared, checked, declared, numbers, parse, positive
from kwslib.runs.networks import of_file, pretrained_path
from kwslib.runs.settings import Parameters
from kwslib.speech import CORPORA

__all__ = ["TEMPLATE", "TYPES", "Declared", "Parameters", "check", "check_all", "declared", "parse", "positive"]

FAILED = "failed"
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PRESET_RUNS = {f"{profile.name}-{size}" for profile in profiles.PROFILES.values() for size in profile.schedules}
OWN_FIELDS = ("kind", "window_ms", "stride_ms", "coefficients", "scale")
"""Fields of a front end that have parameters of another name, or that the size gives."""


def check(**values: Any) -> Parameters:
    """Check the parameters of a run and resolve what is left open.

    Parameters
    ----------
    **values
        Any of the notebook's parameters; the others have their defaults.

    Raises
    ------
    InputError
        For an unknown name (with the nearest one), a value of another type or out of range, and values that contradict
        one another; the message names the nearest value that would do.
    """
    known = declared()
    for name in values:
        check_name("parameter", name, known)
    whole = {name: entry.default for name, entry in known.items()}
    whole |= {name: checked(name, value) for name, value in values.items()}
    for name, entry in known.items():
        if entry.type == "int" and not entry.optional and whole[name] < 0:
            meaning = {"seed": "an integer of at least 0", "threads": "0 (all) or more"}.get(name, "a positive number")
            raise InputError(f"{name} is {whole[name]}: give {meaning}")
    preset = presets.size_named(whole["size"])
    profile = profiles.profile_named(whole["profile"], preset.name)
    kind = check_name("front end", whole["front_end"] or profile.front_end_of(preset.name), KINDS)
    words = checked_words(whole["words"].split(",")) if whole["words"] else KEYWORDS
    data = speech_dir(whole["data"])
    corpus = check_name("corpus", whole["corpus"] or speech.corpus_in(data), CORPORA)
    speech.check_words(corpus, words)
    size = _network(whole, preset, len(labels_of(words)))
    front_end = size.front_end(kind, _scale(_or(whole["input_scale"], profile.input_scale)), **_front_end_fields(whole))
    blocks.check_blocks(size)
    timetable = _schedule(whole, profile.schedules[size.name])
    recipe = _recipe(whole, profile.recipe(size.name), size, words)
    branch_starts(timetable.float_steps, recipe.branches)  # which says so if they are too short
    chosen = Parameters(
        size=size,
        profile=profile,
        schedule=timetable,
        front_end=front_end,
        augmentation=_changed(profile.augmentation_of(size.name), whole),
        recipe=recipe,
        copies=whole["copies"] or profile.copies[size.name],
        batch_clips=whole["batch_clips"] or BATCH_CLIPS,
        validate_every_steps=_validate_every(whole, profile, size.name, timetable.steps),
        words=words,
        corpus=corpus,
        data=str(data) if corpus != "synthetic" and data else "",
        seed=whole["seed"],
        threads=whole["threads"],
        given={},
        run="",
    )
    own_name = run_name.of(chosen, corpus_given=bool(whole["corpus"]))
    run = checked_run(whole["run"] or own_name)
    if run in PRESET_RUNS and not chosen.same_task:
        raise InputError(
            f"'{run}' names the run of a preset, whose page compares it with the baseline, and this is another network "
            f"or other words; nearest: '{own_name}'"
        )
    resolved = whole | {"corpus": corpus, "data": chosen.data, "front_end": kind, "run": run}
    given = {name: value for name, value in resolved.items() if value != known[name].default}
    return replace(chosen, given=given, run=run)


def check_cell(variables: Mapping[str, Any]) -> Parameters:
    """Check the parameters that a notebook's cell has set.

    Parameters
    ----------
    variables : mapping
        The notebook's global variables.

    Raises
    ------
    InputError
        As `check`.
    """
    return check(**{name: variables[name] for name in declared() if name in variables})


def checked_run(run: str) -> str:
    """Return the name of a run.

    Raises
    ------
    InputError
        If it cannot name a folder; with the nearest name that can.
    """
    if RUN_NAME.fullmatch(run) and run != FAILED:
        return run
    near = re.sub(r"[^A-Za-z0-9._-]+", "-", run).strip("._-")[:100]
    shown = run if len(run) <= 100 else f"{run[:40]}… ({len(run)} characters)"
    raise InputError(
        f"'{shown}' cannot name a run: use up to 100 letters, digits, '.', '_' and '-', not '{FAILED}'"
        + (f"; nearest: '{near}'" if near and near != FAILED else "")
    )


def _scale(scale: float) -> float:
    """The scale of the input; one far from the fingerprints would leave nothing of them."""
    least, most = INPUT_SCALES
    if not least <= scale <= most:
        raise InputError(f"input_scale is {scale:g}: give a number from {least:g} to {most:g}")
    return scale


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _network(whole: Mapping[str, Any], preset: Architecture, classes: int) -> Architecture:
    """The network: the preset's, the baseline's numbers, or the preset's with some of its settings changed."""
    parts = {name: whole[name] for name in ("channels", "blocks", "first_kernel", "strides") if whole[name]}
    if whole["model_size_info"]:
        if parts:
            raise InputError(f"model_size_info says the whole network: leave {', '.join(parts)} out, or leave it out")
        made = blocks.read_model_size_info(whole["model_size_info"])
    else:
        if "blocks" in parts:
            parts["count"] = parts.pop("blocks")
        made = blocks.changed(preset.blocks, **parts)
    return replace(
        preset,
        model_size_info=blocks.model_size_info(made),
        window_ms=whole["window_ms"] or preset.window_ms,
        stride_ms=whole["stride_ms"] or preset.stride_ms,
        coefficients=whole["coefficients"] or preset.coefficients,
        classes=classes,
    )


def _front_end_fields(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The other fields of a front end that are given."""
    names = [one.name for one in fields(FrontEnd) if one.name not in OWN_FIELDS and one.name in whole]
    return {name: whole[name] for name in names if whole[name] != declared()[name].default}


def _schedule(whole: Mapping[str, Any], profile: Schedule | CosineSchedule) -> Schedule | CosineSchedule:
    return schedule.changed(
        profile,
        steps=whole["steps"],
        rates=numbers("learning_rates", whole["learning_rates"], float),
        stage_steps=numbers("stage_steps", whole["stage_steps"], int),
        quantise_after=whole["quantise_after"],
        warm_up_steps=whole["warm_up_steps"],
    )


def _validate_every(whole: Mapping[str, Any], profile: Profile, size: str, steps: int) -> int:
    """Steps between validations: as given, or the profile's, squeezed like the schedule."""
    if whole["validate_every_steps"]:
        return whole["validate_every_steps"]
    every, all_steps = profile.validate_every_steps[size], profile.schedules[size].steps
    return every if steps == all_steps else max(1, round(every * steps / all_steps))


def _changed(preset: Any, whole: Mapping[str, Any]) -> Any:
    """An augmentation or a recipe with the ingredients that are given."""
    names = [one.name for one in fields(preset) if whole.get(one.name) is not None]
    return replace(preset, **{name: whole[name] for name in names})


def _recipe(whole: Mapping[str, Any], preset: Recipe, size: Architecture, words: tuple[str, ...]) -> Recipe:
    for owner, names in GOES_WITH.items():
        if whole[owner] == "":  # what the profile has with it goes too
            whole = {**whole, **{name: getattr(Recipe(), name) for name in names if whole[name] is None}}
    recipe: Recipe = _changed(preset, whole)
    frames, coefficients = size.input_shape
    for name, most in (("mask_frames", frames), ("shift_frames", frames), ("mask_coefficients", coefficients - 1)):
        if getattr(recipe, name) > most:
            raise InputError(
                f"{name} is {getattr(recipe, name)}, and a fingerprint has {frames} frames of {coefficients} "
                f"coefficients: give at most {most}"
            )
    if recipe.start:
        _check_start(recipe.start, size)
    if recipe.teacher and words != KEYWORDS:
        known = of_file(pretrained_path(recipe.teacher)).labels or ()
        if known != labels_of(words):
            raise InputError(
                f"the teacher '{recipe.teacher}' knows the words {', '.join(known[2:])}, not {', '.join(words[:5])}: "
                'give teacher "" to train without one'
            )
    return recipe


def _check_start(start: str, size: Architecture) -> None:
    kinds = ("convolution", "depthwise", "pointwise")
    own = [layer.name for layer in size.layers if layer.kind in kinds]
    found = [layer.name for layer in of_file(pretrained_path(start)).graph.layers if layer.kind in kinds]
    if own != found:
        other = next(two for two in zip_longest(own, found, fillvalue="none") if two[0] != two[1])
        raise InputError(
            f"start is {start}, whose convolutions are not those of {size.name}: {other[1]} stands where "
            f'{other[0]} is needed; give a network of the same layers, or ""'
        )


def check_all(runs: Sequence[Mapping[str, Any]]) -> list[Parameters]:
    """Check the parameters of several runs, and that no two would write one folder.

    Raises
    ------
    InputError
        As `check`, and if two runs have one name.
    """
    chosen = [check(**values) for values in runs]
    names = [parameters.run for parameters in chosen]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two runs would write the folder '{name}': leave the parameter run out, or let it vary")
    return chosen
