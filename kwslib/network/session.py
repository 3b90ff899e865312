"""A network in training: one step, one validation, the change to fake quantisation, and the checkpoint of it all."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kwslib.config.architecture import Architecture
from kwslib.config.branches import branch_starts, whole_step
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.errors import InputError, KwsError
from kwslib.integer.graph import Graph
from kwslib.network import checkpoint, ds_cnn
from kwslib.network.backend import machine
from kwslib.network.evaluation import keras_logits
from kwslib.network.losses import loss_of
from kwslib.network.progress import Progress, history_csv
from kwslib.network.warm_start import start_from
from kwslib.network.weight_mean import WeightMean
from kwslib.paths import atomic_write_text

CHECKPOINT, BEST_FLOAT, BEST, HISTORY = "checkpoint.npz", "float.npz", "best.npz", "history.csv"
AVERAGE_STEPS, AVERAGE_MOMENTUM = 10, 0.9
"""The quantised network that is validated and kept is a running average: every 10 steps a tenth of the weights. In
floating point the recipe says whether there is one, with a momentum by step."""


@dataclass(frozen=True)
class Task:
    """What a session trains, and where it writes.

    Attributes
    ----------
    size : Architecture
    schedule : Schedule or CosineSchedule
        Learning rate by step, and the step at which quantisation begins.
    recipe : Recipe
        Gives the weight decay, and whether targets are labels or probabilities.
    input_scale : float
        What one step of the fingerprint's codes is worth.
    validation : tuple
        Codes, uint8 (clips, frames, coefficients), and labels, uint8 (clips,).
    calibration : ndarray of float32, shape (clips, frames, coefficients, 1)
        Network input for the statistics of batch norm and the ranges of activations.
    frequencies : ndarray, shape (classes,)
        Part of the training clips that each class has.
    folder : Path
        Gets the checkpoint, the best networks and the history.
    config : dict
        Everything that the result depends on; JSON-able.
    say : callable
        Gets one line a validation.
    start : Graph or None
        A network of the same layers, whose weights are the first ones.
    """

    size: Architecture
    schedule: Schedule | CosineSchedule
    recipe: Recipe
    input_scale: float
    validation: tuple[np.ndarray, np.ndarray]
    calibration: np.ndarray
    frequencies: np.ndarray
    folder: Path
    config: dict[str, Any]
    say: Callable[[str], None]
    start: Graph | None = None


class Session:
    """The network in training, its optimizer and its progress; resumed from the task's folder if it has a checkpoint.

    Parameters
    ----------
    task : Task

    Raises
    ------
    InputError
        If the checkpoint has another configuration, or is damaged; or the network to start from has other layers.
    """

    def __init__(self, task: Task):
        self.task = task
        self.progress = Progress(task.config)
        self.path = task.folder / CHECKPOINT
        resumed = self.path.exists()
        if resumed:
            self.progress = Progress(**checkpoint.read_state(self.path))
            if self.progress.config != task.config:
                raise InputError(
                    f"{self.path} was made with another configuration; remove {task.folder} or choose another run name"
                )
        network = self._quantised() if self.progress.quantised else ds_cnn.float_network(task.size)
        if task.start is not None and not resumed:
            task.say(start_from(network, task.start, task.calibration))
        self.mean: WeightMean | None = None
        if (task.recipe.start_share or task.recipe.branches > 1) and not self.progress.quantised:
            self.mean = WeightMean(lambda: self._copy(network), task.recipe)
        self._use(network)
        if resumed:
            checkpoint.restore(self.path, **self._owners())
            task.say(f"going on from step {self.progress.step} of {task.schedule.steps}")
        self.clock_s = time.monotonic()

    def _quantised(self) -> keras.Model:
        return ds_cnn.quantised_network(self.task.size, input_scale=self.task.input_scale)

    def _copy(self, network: keras.Model) -> keras.Model:
        """Another floating-point network of the same weights."""
        copy = ds_cnn.float_network(self.task.size)
        copy.set_weights(network.get_weights())
        return copy

    def _owners(self) -> dict[str, checkpoint.Owner]:
        owners: dict[str, checkpoint.Owner] = {"network": self.network, "optimizer": self.optimizer}
        if self.average is not None:
            owners["average"] = self.average
        return owners | (self.mean.owners if self.mean else {})

    def _use(self, network: keras.Model) -> None:
        """Train this network from now on, with a new optimizer."""
        recipe = self.task.recipe
        self.network = network
        quantised = network.name == "quantised"
        self.average = self._quantised() if quantised else None
        if recipe.float_average and not quantised:
            self.average = self._copy(network)
        if recipe.weight_decay and not quantised:
            self.optimizer = keras.optimizers.AdamW(weight_decay=recipe.weight_decay)
        else:
            self.optimizer = keras.optimizers.Adam()
        loss = loss_of(recipe, self.task.frequencies)
        # TensorFlow runs a graph without XLA too, and no slower; JAX without it would run operation by operation.
        network.compile(self.optimizer, loss, jit_compile=keras.backend.backend() == "jax")
        self.optimizer.build(network.trainable_variables)
        self.rate: float | None = None

    def quantise(self) -> None:
        """Go over to the folded, fake-quantised network, with a new optimizer."""
        network = self._quantised()
        ds_cnn.fold(self._kept(), network)  # whose statistics the validation at the end of the phase has estimated
        ds_cnn.calibrate(network, self.task.calibration)
        self.mean = None
        self._use(network)
        assert self.average is not None  # a quantised network has one
        self.average.set_weights(network.get_weights())
        self.progress.quantised = True
        self.progress.best_accuracy = -1.0
        self.task.say(
            f"step {self.progress.step}: batch norm folded, weights and activations fake-quantised from here on"
        )

    @property
    def _finished_branches(self) -> int:
        """Branches that have ended; one that has just ended counts once the next has begun."""
        starts = branch_starts(self.task.schedule.float_steps, self.task.recipe.branches)
        return sum(start < self.progress.step for start in starts[1:])

    def branch(self) -> None:
        """Keep what the branch has learnt, and begin the next one: the start's weights and a new optimizer."""
        assert self.mean is not None  # what has branches has a mean
        finished = self._finished_branches
        self.mean.end_branch(self._learnt(), finished)
        self.network.set_weights(self.mean.first.get_weights())
        self._use(self.network)
        which = f"branch {finished + 2} of {self.task.recipe.branches}"
        self.task.say(f"step {self.progress.step}: {which} begins, at the weights of the start")

    def step(self, x: np.ndarray, y: np.ndarray) -> None:
        """Train on one batch.

        Parameters
        ----------
        x : ndarray of float32, shape (clips, frames, coefficients, 1)
        y : ndarray
            Labels, int32 (clips,), or class probabilities, float32 (clips, classes).

        Raises
        ------
        KwsError
            If the loss is not finite.
        """
        progress, schedule = self.progress, self.task.schedule
        rate = schedule.learning_rate(whole_step(progress.step, schedule.float_steps, self.task.recipe.branches))
        if rate != self.rate:
            self.optimizer.learning_rate = self.rate = rate
        loss = float(self.network.train_on_batch(x, y))
        if not np.isfinite(loss):
            raise KwsError(f"training diverged: the loss is {loss} at step {progress.step}; lower the learning rate")
        if self.average is not None and (progress.step - schedule.float_steps) % AVERAGE_STEPS == 0:
            momentum = AVERAGE_MOMENTUM if progress.quantised else self.task.recipe.float_average**AVERAGE_STEPS
            for mean, now in zip(self.average.trainable_variables, self.network.trainable_variables, strict=True):
                mean.assign(momentum * mean + (1 - momentum) * now)
        progress.loss_sum += loss
        progress.loss_steps += 1
        progress.step += 1

    def validate(self) -> None:
        """Measure validation accuracy, keep the best network, write a checkpoint and the history."""
        progress = self.progress
        accuracy = self._validation_accuracy()
        self._count_time()
        progress.history.append(
            {
                "step": progress.step,
                "phase": "quantised" if progress.quantised else "float",
                "learning_rate": self.rate,
                "loss": progress.loss_sum / progress.loss_steps,
                "validation_accuracy": accuracy,
            }
        )
        progress.loss_sum, progress.loss_steps = 0.0, 0
        if accuracy > progress.best_accuracy:
            progress.best_accuracy, progress.best_step = accuracy, progress.step
            self._keep_best()
        checkpoint.save(self.path, asdict(progress), **self._owners())
        atomic_write_text(self.task.folder / HISTORY, history_csv(progress.history))
        self.task.say(progress.line(self.task.schedule.steps))

    def _learnt(self) -> keras.Model:
        """The network in training: the running average of its weights where there is one."""
        return self.network if self.average is None else self.average

    def _kept(self) -> keras.Model:
        """The network that is validated and kept: mixed with the one that it started from where the recipe says so."""
        return self.mean.kept if self.mean else self._learnt()

    def _validation_accuracy(self) -> float:
        if self.mean:
            self.mean.update(self._learnt(), self._finished_branches)
        network = self._kept()
        if self.progress.quantised:
            ds_cnn.refresh_ranges(network)
        else:
            ds_cnn.estimate_statistics(network, self.task.calibration)
        codes, labels = self.task.validation
        return float(np.mean(keras_logits(network, codes, self.task.input_scale).argmax(axis=1) == labels))

    def _count_time(self) -> None:
        """Add the seconds since the last validation to this machine's."""
        progress, now_s, here = self.progress, time.monotonic(), machine()
        progress.trained_s += now_s - self.clock_s
        progress.trained_on[here] = progress.trained_on.get(here, 0.0) + now_s - self.clock_s
        self.clock_s = now_s

    def _keep_best(self) -> None:
        network = self._kept()
        if not self.progress.quantised:
            network = self._quantised()
            ds_cnn.fold(self._kept(), network)
        checkpoint.save(self.task.folder / (BEST if self.progress.quantised else BEST_FLOAT), network=network)
