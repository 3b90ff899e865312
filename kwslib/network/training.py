"""Training: in floating point first, then folded and fake-quantised; after a kill it goes on bit for bit.

Everything that a step depends on follows from (seed, step): the batch is a slice of a permutation drawn from
(seed, pass), the learning rate is the schedule's, and TensorFlow's operations are the deterministic ones.

In the quantised phase a running average of the weights is validated and kept, not the weights of the last step.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kwslib.config.architecture import Architecture
from kwslib.config.branches import branch_starts
from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.errors import InputError
from kwslib.integer.graph import Graph
from kwslib.network import checkpoint, ds_cnn
from kwslib.network.backend import make_deterministic
from kwslib.network.batches import Batches, Copies, Taught
from kwslib.network.progress import Progress
from kwslib.network.session import BEST, BEST_FLOAT, Session, Task

REFRESH_STEPS = 50  # how often weight ranges follow the weights


@dataclass(frozen=True)
class Trained:
    """The best network of each phase by validation, and the history.

    Attributes
    ----------
    quantised : keras.Model
        Fake-quantised, of the second phase: what is converted.
    floating : keras.Model
        Of the first phase: batch norm is folded, and nothing is quantised but the input.
    progress : Progress
        Steps, seconds and history.
    """

    quantised: keras.Model
    floating: keras.Model
    progress: Progress


def train(
    size: Architecture,
    schedule: Schedule | CosineSchedule,
    copies: Copies,
    copy_count: int,
    validation: tuple[np.ndarray, np.ndarray],
    *,
    seed: int,
    folder: Path,
    validate_every_steps: int,
    input_scale: float = INPUT_SCALE,
    recipe: Recipe | None = None,
    taught: Taught | None = None,
    start: Graph | None = None,
    batch_clips: int = BATCH_CLIPS,
    config: dict[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> Trained:
    """Train one network; go on from ``checkpoint.npz`` in `folder` if there is one.

    Parameters
    ----------
    size : Architecture
    schedule : Schedule or CosineSchedule
        Learning rate by step, and the step at which quantisation begins.
    copies : callable
        Copy number -> training codes uint8 (clips, frames, coefficients) and labels uint8 (clips,).
    copy_count : int
        Number of augmented copies that are visited in turn.
    validation : tuple
        Codes and labels that choose the best network of each phase.
    seed : int
        Decides initial weights, the order of clips and what the recipe draws.
    folder : Path
        Gets ``checkpoint.npz``, ``float.npz``, ``best.npz`` and ``history.csv``.
    validate_every_steps : int
        Steps between validations; each writes a checkpoint.
    input_scale : float
        What one step of the codes is worth.
    recipe : Recipe, optional
        What is varied in batches and targets; nothing by default.
    taught : callable, optional
        Copy number -> the teacher's probabilities, float32 (clips, classes), if the recipe has one.
    start : Graph, optional
        An 8-bit network of the same layers, whose weights are the first ones.
    batch_clips : int
        Clips of a step.
    config : dict, optional
        Whatever else the result depends on; a checkpoint of another configuration is refused.
    say : callable
        Gets one line a validation.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        If `folder` holds a checkpoint of another configuration, there are fewer clips than a batch needs,
        `validate_every_steps` is not positive, `start` has other layers, or a branch has less than two steps.
    KwsError
        If the loss is not finite.
    """
    if validate_every_steps <= 0:
        raise InputError(f"validate_every_steps must be positive, got {validate_every_steps}")
    recipe = recipe or Recipe()
    config = _json_like({**(config or {}), "size": size.name, "schedule": asdict(schedule), "seed": seed})
    starts = branch_starts(schedule.float_steps, recipe.branches)
    make_deterministic(seed)
    batches = Batches(copies, copy_count, seed, input_scale, recipe, taught, batch_clips, size.classes)
    plain = Batches(copies, copy_count, seed, input_scale, batch_clips=batch_clips)
    calibration = np.concatenate([plain(step)[0] for step in range(-(-recipe.calibration_clips // batch_clips))])
    task = Task(
        size, schedule, recipe, input_scale, validation, calibration, batches.frequencies, folder, config, say, start
    )
    session = Session(task)
    progress = session.progress
    while progress.step < schedule.steps:
        if not progress.quantised and progress.step == schedule.float_steps:
            session.quantise()
        if progress.step in starts[1:]:
            session.branch()
        if progress.quantised and (progress.step - schedule.float_steps) % REFRESH_STEPS == 0:
            ds_cnn.refresh_ranges(session.network)
        session.step(*batches(progress.step))
        ends_part = progress.step in (*starts[1:], schedule.float_steps, schedule.steps)
        if progress.step % validate_every_steps == 0 or ends_part:
            session.validate()
    quantised, floating = ds_cnn.quantised_network(size), ds_cnn.quantised_network(size)
    checkpoint.restore(folder / BEST, network=quantised)
    checkpoint.restore(folder / BEST_FLOAT, network=floating)
    ds_cnn.activate(floating, False)
    return Trained(quantised, floating, progress)


def _json_like(value: Any) -> Any:
    return json.loads(json.dumps(value))
