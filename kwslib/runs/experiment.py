"""One training with everything that decides it: what a run and an ablation have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.config.architecture import Architecture
from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.network import training
from kwslib.network.training import Trained
from kwslib.runs import teacher
from kwslib.runs.networks import of_file, pretrained_path
from kwslib.speech.copy_maker import CopyMaker
from kwslib.speech.corpus import Corpus
from kwslib.speech.dataset import Codes


@dataclass(frozen=True)
class Experiment:
    """Everything that decides a training, except the speech.

    Attributes
    ----------
    size, schedule, front_end, augmentation, recipe
        Data of `kwslib.config`.
    copies : int
        Augmented copies of the training set, visited in turn.
    batch_clips : int
        Clips of a step.
    validate_every_steps : int
    seed : int
    folder : Path
        Gets the checkpoints.
    config : dict
        Everything that decides the result, JSON-able; a checkpoint of another configuration is refused.
    """

    size: Architecture
    schedule: Schedule | CosineSchedule
    front_end: FrontEnd
    augmentation: Augmentation
    recipe: Recipe
    copies: int
    validate_every_steps: int
    seed: int
    folder: Path
    config: dict[str, Any]
    batch_clips: int = BATCH_CLIPS

    def _once(self, corpus: Corpus) -> bool:
        """Whether each copy is visited once in the whole training."""
        return self.schedule.steps * self.batch_clips <= self.copies * len(corpus.clips("train"))

    def train(self, corpus: Corpus, validation: Codes, say: Callable[[str], None] = print) -> Trained:
        """Train the network, or go on from its last checkpoint, while another process makes the augmented copies.

        Parameters
        ----------
        corpus : Corpus
        validation : tuple
            Codes, uint8 (clips, frames, coefficients), and labels, uint8 (clips,), that choose the best step.
        say : callable
            Gets one line a validation.

        Raises
        ------
        KwsError
            As `kwslib.network.training.train`, or if there is no teacher or no network to start from of that name.
        """
        with CopyMaker(corpus, self.front_end, self.augmentation, self.seed, self.copies, self._once(corpus)) as copies:
            return training.train(
                self.size,
                self.schedule,
                copies.get,
                self.copies,
                validation,
                seed=self.seed,
                folder=self.folder,
                validate_every_steps=self.validate_every_steps,
                input_scale=self.front_end.scale,
                recipe=self.recipe,
                start=of_file(pretrained_path(self.recipe.start)).graph if self.recipe.start else None,
                taught=teacher.soft_targets(self.recipe, corpus, self.augmentation, self.seed),
                batch_clips=self.batch_clips,
                config=self.config,
                say=say,
            )
