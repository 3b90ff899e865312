"""What a run will do, everything resolved, and the key that follows from it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.artifacts import to_plain
from kwslib.config import presets
from kwslib.config.architecture import Architecture
from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.config.profiles import Profile
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.config.words import KEYWORDS
from kwslib.paths import results_dir
from kwslib.runs.networks import pretrained_sha256
from kwslib.runs.run_record import Training


@dataclass(frozen=True)
class Parameters:
    """What a run will do, everything resolved.

    Attributes
    ----------
    size : Architecture
        The network; it has the name of the preset that it starts from.
    profile, schedule, front_end, augmentation, recipe
        Data of `kwslib.config`; the schedule is the one squeezed to `steps`.
    copies, batch_clips, validate_every_steps : int
        Augmented copies of the training set, clips of a step, steps between validations.
    words : tuple of str
        The keywords, in the order of the outputs.
    corpus : str
        One of `kwslib.speech.CORPORA`.
    data : str
        The data folder, absolute; empty for synthetic speech.
    seed, threads : int
        As given; 0 threads are all.
    given : dict
        The notebook's parameters for this run that are not its defaults, resolved, so that another machine resolves
        nothing otherwise.
    run : str
        Name of the run folder.
    """

    size: Architecture
    profile: Profile
    schedule: Schedule | CosineSchedule
    front_end: FrontEnd
    augmentation: Augmentation
    recipe: Recipe
    copies: int
    batch_clips: int
    validate_every_steps: int
    words: tuple[str, ...]
    corpus: str
    data: str
    seed: int
    threads: int
    given: dict[str, Any]
    run: str

    @property
    def folder(self) -> Path:
        """The run folder."""
        return results_dir() / self.run

    @property
    def same_task(self) -> bool:
        """Whether network and words are the preset's, as `kwslib.runs.run_record.Run.same_task` says of the record."""
        return self.size == presets.SIZES.get(self.size.name) and self.words == KEYWORDS

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
            augmentation=self.augmentation.key,
            copies=self.copies,
            batch_clips=self.batch_clips,
            validate_every_steps=self.validate_every_steps,
            seed=self.seed,
            threads=self.threads,
            recipe=self.recipe.key,
            teacher_sha256=pretrained_sha256(self.recipe.teacher),
            start_sha256=pretrained_sha256(self.recipe.start),
            architecture=None if self.size == presets.SIZES.get(self.size.name) else self.size,
            words=[] if self.words == KEYWORDS else list(self.words),
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
