"""The parameters of a run: checked, every one of them, before anything starts.

Their names, types, defaults and meaning stand in the notebook's parameters cell and nowhere else.
"""

import ast
import functools
import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.artifacts import to_plain
from kwslib.config import presets, profiles
from kwslib.config.architecture import Architecture
from kwslib.config.front_end import KINDS, FrontEnd
from kwslib.config.profiles import Profile
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.errors import InputError, check_name
from kwslib.paths import book_dir, results_dir, speech_dir
from kwslib.runs.networks import teacher_sha256
from kwslib.runs.records import Training
from kwslib.speech import CORPORA

TEMPLATE = "train.ipynb"
FAILED = "failed"
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TYPES = {"str": (str, "text"), "int": (int, "a whole number"), "float": (float, "a number")}


@dataclass(frozen=True)
class Declared:
    """One line of the notebook's parameters cell: type by name (``str``, ``int``), default, and what it means."""

    type: str
    default: Any
    help: str


@dataclass(frozen=True)
class Parameters:
    """What a run will do, everything resolved.

    Attributes
    ----------
    size, profile, schedule, front_end
        Data of `kwslib.config.presets` and `kwslib.speech.fingerprint`; the schedule is the one squeezed to `steps`.
    corpus : str
        ``synthetic`` or ``speech_commands``.
    data : str
        Parent folder of Speech Commands, absolute; empty for synthetic speech.
    seed, steps, threads : int
        As given; 0 steps are the profile's, 0 threads are all.
    run : str
        Name of the run folder.
    """

    size: Architecture
    profile: Profile
    schedule: Schedule | CosineSchedule
    front_end: FrontEnd
    corpus: str
    data: str
    seed: int
    steps: int
    threads: int
    run: str

    @property
    def folder(self) -> Path:
        """The run folder."""
        return results_dir() / self.run

    @property
    def validate_every_steps(self) -> int:
        """Steps between validations: the profile's, squeezed like the schedule."""
        every = self.profile.validate_every_steps[self.size.name]
        whole = self.profile.schedules[self.size.name].steps
        return every if not self.steps else max(1, round(every * self.steps / whole))

    @property
    def copies(self) -> int:
        """Augmented copies of the training set."""
        return self.profile.copies[self.size.name]

    @property
    def recipe(self) -> Recipe:
        """What is done to batches and weights beside the schedule."""
        return self.profile.recipe(self.size.name)

    def training(self, best_step: int = 0) -> Training:
        """Everything that decides the result, the content of the corpus apart, and the step that was kept.

        The number of threads is in it, because it decides the order in which floating-point sums are taken.
        """
        return Training(
            size=self.size.name,
            profile=self.profile.name,
            corpus=self.corpus,
            front_end=self.front_end.key,
            schedule=self.schedule,
            augmentation=self.profile.augmentation.key,
            copies=self.copies,
            batch_clips=BATCH_CLIPS,
            validate_every_steps=self.validate_every_steps,
            seed=self.seed,
            threads=self.threads,
            recipe=self.recipe.key,
            teacher_sha256=teacher_sha256(self.recipe),
            best_step=best_step,
        )

    @property
    def config(self) -> dict[str, Any]:
        """`training` as JSON holds it, without the step that was kept."""
        config = to_plain(self.training())
        del config["best_step"]
        return config

    @property
    def key(self) -> str:
        """SHA-256 of `config`, hexadecimal."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    @property
    def given(self) -> dict[str, Any]:
        """The notebook's parameters for this run, resolved, so that another machine resolves nothing otherwise."""
        values = {
            "size": self.size.name,
            "profile": self.profile.name,
            "corpus": self.corpus,
            "data": self.data,
            "seed": self.seed,
            "front_end": self.front_end.kind,
            "steps": self.steps,
            "run": self.run,
            "threads": self.threads,
        }
        return {name: value for name, value in values.items() if value != declared()[name].default}


@functools.cache
def _declared(template: Path) -> dict[str, Declared]:
    from papermill.inspection import inspect_notebook

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        cell = inspect_notebook(template)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the notebook {template} ({error}); KWS_ROOT must name the checkout") from error
    return {
        name: Declared(entry["inferred_type_name"], ast.literal_eval(entry["default"]), entry["help"])
        for name, entry in cell.items()
    }


def declared(template: str = TEMPLATE) -> dict[str, Declared]:
    """The parameters that a notebook of the book declares, by name.

    Raises
    ------
    InputError
        If there is no notebook.
    """
    return _declared(book_dir() / template)


def parse(name: str, text: str) -> Any:
    """Read the value of a parameter from text, as its type asks.

    Raises
    ------
    InputError
        For an unknown name, or text of another type.
    """
    check_name("parameter", name, declared())
    kind, description = TYPES[declared()[name].type]
    try:
        return kind(text)
    except ValueError as error:
        raise InputError(f"parameter {name} is '{text}': give {description}") from error


def positive(name: str, value: Any) -> Any:
    """Return the value of a parameter; refuse zero steps, which mean the profile's own only where nothing is said."""
    if name == "steps" and value == 0:
        raise InputError("steps is 0: give a positive number, or leave it out for the profile's own")
    return value


def check(**values: Any) -> Parameters:
    """Check the parameters of a run and resolve what is left open.

    Parameters
    ----------
    **values
        Any of the notebook's parameters; the others have their defaults.

    Raises
    ------
    InputError
        For an unknown name (with the nearest one), a value of another type, an unknown size, profile, corpus or
        front end, a negative seed, and steps that the schedule cannot be squeezed to.
    """
    known = declared()
    for name, value in values.items():
        check_name("parameter", name, known)
        wanted, description = TYPES[known[name].type]
        if type(value) is not wanted:
            raise InputError(f"parameter {name} is {value!r}: give {description}")
    whole = {name: values.get(name, entry.default) for name, entry in known.items()}
    for name in ("seed", "steps", "threads"):
        if whole[name] < 0:
            meaning = {"seed": "an integer of at least 0", "steps": "a positive number", "threads": "0 (all) or more"}
            raise InputError(f"{name} is {whole[name]}: give {meaning[name]}")
    size = presets.size_named(whole["size"])
    profile = profiles.profile_named(whole["profile"])
    kind = check_name("front end", whole["front_end"] or profile.front_end, KINDS)
    data = speech_dir(whole["data"])
    corpus = check_name("corpus", whole["corpus"] or ("speech_commands" if data else "synthetic"), CORPORA)
    schedule = profile.schedules[size.name]
    if whole["steps"]:
        schedule = schedule.scaled(whole["steps"])
    run = whole["run"] or _run_name(whole, profile, kind)
    if not RUN_NAME.fullmatch(run) or run == FAILED:
        raise InputError(f"'{run}' cannot name a run: use letters, digits, '.', '_' and '-', not '{FAILED}'")
    return Parameters(
        size=size,
        profile=profile,
        schedule=schedule,
        front_end=size.front_end(kind, profile.input_scale),
        corpus=corpus,
        data=str(data) if corpus == "speech_commands" and data else "",
        seed=whole["seed"],
        steps=whole["steps"],
        threads=whole["threads"],
        run=run,
    )


def _run_name(values: Mapping[str, Any], profile: Profile, front_end: str) -> str:
    """Profile and size, then what differs from the defaults; the corpus only where it was chosen by name."""
    parts = [profile.name, values["size"]]
    if values["corpus"]:
        parts.append(values["corpus"])
    if front_end != profile.front_end:
        parts.append(front_end)
    if values["steps"]:
        parts.append(f"{values['steps']}steps")
    if values["seed"] != declared()["seed"].default:
        parts.append(f"s{values['seed']}")
    return "-".join(parts)


def check_all(runs: Sequence[Mapping[str, Any]]) -> list[Parameters]:
    """Check the parameters of several runs, and that no two would write one folder.

    Raises
    ------
    InputError
        As `check`, and if two runs have one name.
    """
    checked = [check(**values) for values in runs]
    names = [parameters.run for parameters in checked]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two runs would write the folder '{name}': leave the parameter run out, or let it vary")
    return checked
