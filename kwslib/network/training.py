"""Training: floating point first, then folded and fake-quantised; killed at any moment, it goes on bit for bit.

Everything that a step depends on follows from (seed, step): the batch is a slice of a permutation drawn from
(seed, pass), the learning rate is the schedule's, TensorFlow's operations are the deterministic ones.

In the quantised phase a running average of the weights is validated and kept, not the weights of the last step.
"""

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kwslib.config.architecture import Architecture
from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.errors import InputError, KwsError
from kwslib.network import checkpoint, ds_cnn
from kwslib.paths import atomic_write_text
from kwslib.provenance import processor
from kwslib.speech.fingerprint import dequantise

CALIBRATION_CLIPS = 200  # for the statistics of batch norm and the ranges of activations
REFRESH_STEPS = 50  # how often weight ranges follow the weights
VARIATION = 1  # sets the draws of a step's variation apart from those of a pass's order
AVERAGE_STEPS, AVERAGE_MOMENTUM = 10, 0.9  # the quantised network that is kept is a running average of snapshots
FILES = ("checkpoint.npz", "float.npz", "best.npz", "history.csv")

Copies = Callable[[int], tuple[np.ndarray, np.ndarray]]


@dataclass
class Progress:
    """What a checkpoint says beside the weights: where training stands, and its history (one row a validation).

    `trained_on` has the seconds of `trained_s` by the machine that they were spent on, as `machine` names it.
    """

    config: dict[str, Any]
    step: int = 0
    quantised: bool = False
    best_accuracy: float = -1.0
    best_step: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    trained_s: float = 0.0
    trained_on: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Trained:
    """The networks that training leaves, best by validation in their phase.

    `floating` is folded too, but computes without any quantisation.
    """

    quantised: keras.Model
    floating: keras.Model
    progress: Progress


def as_input(codes: np.ndarray, scale: float = INPUT_SCALE) -> np.ndarray:
    """Turn uint8 fingerprint codes (clips, frames, coefficients) into float32 network input with a last axis of one."""
    return dequantise(np.asarray(codes), scale)[..., np.newaxis]


def logits(network: keras.Model, codes: np.ndarray, scale: float | None = None) -> np.ndarray:
    """Run a network on uint8 fingerprint codes (clips, frames, coefficients); float32 (clips, 12).

    A quantised network knows the `scale` of its codes, the floating-point one has to be told.
    """
    return network.predict(_batched(codes, ds_cnn.input_scale(network) if scale is None else scale), verbose=0)


class _batched(keras.utils.PyDataset):
    """Evaluation batches made one at a time, so that a large set is never in memory as floats."""

    def __init__(self, codes, scale):
        super().__init__()
        self.codes, self.scale = codes, scale

    def __len__(self):
        return -(-len(self.codes) // BATCH_CLIPS)

    def __getitem__(self, index):
        return (as_input(self.codes[index * BATCH_CLIPS : (index + 1) * BATCH_CLIPS], self.scale),)


class Batches:
    """Training batches by step number: pass p visits copy p modulo `count`, in an order drawn from (seed, p).

    With a plain recipe the targets are labels, int32 (clips,), else probabilities, float32 (clips, 12); what the
    recipe varies is drawn from (seed, step).
    """

    def __init__(
        self,
        copies: Copies,
        count: int,
        seed: int,
        scale: float = INPUT_SCALE,
        recipe: Recipe | None = None,
        taught: Callable[[int], np.ndarray] | None = None,
    ):
        self.copies, self.count, self.seed = copies, count, seed
        self.scale, self.recipe, self.taught = scale, recipe or Recipe(), taught
        self.clips = len(copies(0)[1])
        self.steps_per_pass = self.clips // BATCH_CLIPS
        if not self.steps_per_pass:
            raise InputError(f"the corpus has {self.clips} training clips, a batch needs {BATCH_CLIPS}")
        self.now = -1

    def __call__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        visit, position = divmod(step, self.steps_per_pass)
        if visit != self.now:
            self.now = visit
            self.order = np.random.default_rng([self.seed, visit]).permutation(self.clips)
            self.codes, self.labels = self.copies(visit % self.count)
            self.probabilities = self.taught(visit % self.count) if self.taught else None
        chosen = self.order[position * BATCH_CLIPS : (position + 1) * BATCH_CLIPS]
        x, labels = as_input(self.codes[chosen], self.scale), self.labels[chosen].astype(np.int32)
        if self.recipe.plain:
            return x, labels
        targets = self.recipe.targets(labels, self.probabilities[chosen] if self.taught else None)
        return self.recipe.vary(x, targets, np.random.default_rng([self.seed, step, VARIATION]))


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
    taught: Callable[[int], np.ndarray] | None = None,
    config: dict[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> Trained:
    """Train one network, going on from ``checkpoint.npz`` in `folder` if there is one.

    Parameters
    ----------
    size : Architecture
    schedule : Schedule or CosineSchedule
    copies : callable
        Copy number -> training codes uint8 (clips, frames, coefficients) and labels uint8 (clips,).
    copy_count : int
        Number of augmented copies that are visited in turn.
    validation : tuple
        Codes and labels that choose the best network of each phase.
    seed : int
        Decides initial weights and the order of clips.
    folder : Path
        Gets ``checkpoint.npz``, ``float.npz``, ``best.npz`` and ``history.csv``.
    validate_every_steps : int
        Steps between validations; each writes a checkpoint.
    input_scale : float
        What one step of the codes is worth.
    recipe : Recipe, optional
        What is varied in batches and targets; nothing by default.
    taught : callable, optional
        Copy number -> the teacher's probabilities, float32 (clips, 12), if the recipe has one.
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
        If `folder` holds a checkpoint of another configuration.
    KwsError
        If the loss is not finite.
    """
    if validate_every_steps <= 0:
        raise InputError(f"validate_every_steps must be positive, got {validate_every_steps}")
    recipe = recipe or Recipe()
    config = _json_like({**(config or {}), "size": size.name, "schedule": asdict(schedule), "seed": seed})
    _deterministic(seed)
    batches = Batches(copies, copy_count, seed, input_scale, recipe, taught)
    plain = Batches(copies, copy_count, seed, input_scale)
    calibration = np.concatenate([plain(step)[0] for step in range(CALIBRATION_CLIPS // BATCH_CLIPS)])
    session = _Session(size, schedule, validation, calibration, folder, config, say, input_scale, recipe)
    progress = session.progress
    while progress.step < schedule.steps:
        if not progress.quantised and progress.step == schedule.float_steps:
            session.quantise()
        if progress.quantised and (progress.step - schedule.float_steps) % REFRESH_STEPS == 0:
            ds_cnn.refresh_ranges(session.network)
        session.step(*batches(progress.step))
        ends_phase = progress.step in (schedule.float_steps, schedule.steps)
        if progress.step % validate_every_steps == 0 or ends_phase:
            session.validate()
    quantised, floating = ds_cnn.quantised_network(size), ds_cnn.quantised_network(size)
    checkpoint.restore(folder / "best.npz", network=quantised)
    checkpoint.restore(folder / "float.npz", network=floating)
    ds_cnn.activate(floating, False)
    return Trained(quantised, floating, progress)


def limit_threads(threads: int) -> None:
    """Let TensorFlow use this many processor threads, all of them for 0; before its first operation only."""
    if threads and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def machine() -> str:
    """What trains here: the processor or graphics processor, and Keras' backend."""
    name, backend = processor(), keras.backend.backend()
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        name = name if device.platform == "cpu" else device.device_kind
    return f"{name}, {backend}"


def _json_like(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _deterministic(seed: int) -> None:
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


class _Session:
    """The network in training, its optimizer and its progress."""

    def __init__(self, size, schedule, validation, calibration, folder, config, say, input_scale, recipe):
        self.input_scale, self.recipe = input_scale, recipe
        self.size, self.schedule, self.folder, self.say = size, schedule, folder, say
        self.validation, self.calibration = validation, calibration
        self.progress = Progress(config)
        self.path = folder / "checkpoint.npz"
        resumed = self.path.exists()
        if resumed:
            self.progress = Progress(**checkpoint.read_state(self.path))
            if self.progress.config != config:
                raise InputError(
                    f"{self.path} was made with another configuration; remove {folder} or choose another run name"
                )
        self._use(self._quantised() if self.progress.quantised else ds_cnn.float_network(size))
        if resumed:
            checkpoint.restore(self.path, **self._owners())
            say(f"going on from step {self.progress.step} of {schedule.steps}")
        self.clock_s = time.monotonic()

    def _quantised(self):
        return ds_cnn.quantised_network(self.size, input_scale=self.input_scale)

    def _owners(self):
        owners = {"network": self.network, "optimizer": self.optimizer}
        return owners | ({"average": self.average} if self.average else {})

    def _use(self, network):
        self.network = network
        self.average = self._quantised() if network.name == "quantised" else None
        if self.recipe.weight_decay and not self.average:
            self.optimizer = keras.optimizers.AdamW(weight_decay=self.recipe.weight_decay)
        else:
            self.optimizer = keras.optimizers.Adam()
        losses = keras.losses
        loss = (losses.SparseCategoricalCrossentropy if self.recipe.plain else losses.CategoricalCrossentropy)(
            from_logits=True
        )
        # Without XLA TensorFlow still runs a graph, and no slower; JAX would run each operation by itself.
        network.compile(self.optimizer, loss, jit_compile=keras.backend.backend() == "jax")
        self.optimizer.build(network.trainable_variables)
        self.rate = None

    def quantise(self) -> None:
        """Go over to the folded, fake-quantised network, with a new optimizer."""
        network = self._quantised()
        ds_cnn.fold(self.network, network)
        ds_cnn.calibrate(network, self.calibration)
        self._use(network)
        self.average.set_weights(network.get_weights())
        self.progress.quantised = True
        self.progress.best_accuracy = -1.0
        self.say(f"step {self.progress.step}: batch norm folded, weights and activations fake-quantised from here on")

    def step(self, x, y) -> None:
        """Train on one batch."""
        rate = self.schedule.learning_rate(self.progress.step)
        if rate != self.rate:
            self.optimizer.learning_rate = self.rate = rate
        loss = float(self.network.train_on_batch(x, y))
        if not np.isfinite(loss):
            raise KwsError(
                f"training diverged: the loss is {loss} at step {self.progress.step}; lower the learning rate"
            )
        if self.average and (self.progress.step - self.schedule.float_steps) % AVERAGE_STEPS == 0:
            for mean, now in zip(self.average.trainable_variables, self.network.trainable_variables, strict=True):
                mean.assign(AVERAGE_MOMENTUM * mean + (1 - AVERAGE_MOMENTUM) * now)
        self.progress.loss_sum += loss
        self.progress.loss_steps += 1
        self.progress.step += 1

    def validate(self) -> None:
        """Measure validation accuracy, keep the best network, write a checkpoint and the history."""
        progress = self.progress
        if self.average:
            ds_cnn.refresh_ranges(self.average)
        else:
            ds_cnn.estimate_statistics(self.network, self.calibration)
        codes, labels = self.validation
        accuracy = float(
            np.mean(logits(self.average or self.network, codes, self.input_scale).argmax(axis=1) == labels)
        )
        now_s = time.monotonic()
        progress.trained_s += now_s - self.clock_s
        progress.trained_on[machine()] = progress.trained_on.get(machine(), 0.0) + now_s - self.clock_s
        self.clock_s = now_s
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
        atomic_write_text(self.folder / "history.csv", history_csv(progress.history))
        row = progress.history[-1]
        left_s = progress.trained_s / progress.step * (self.schedule.steps - progress.step)
        self.say(
            f"step {progress.step:>5} of {self.schedule.steps} · {row['phase']:<9} · rate {row['learning_rate']:g} · "
            f"loss {row['loss']:.4f} · validation {100 * accuracy:5.2f} % · "
            f"{progress.trained_s:.0f} s, about {left_s:.0f} s left"
        )

    def _keep_best(self):
        network = self.average
        if network is None:
            network = self._quantised()
            ds_cnn.fold(self.network, network)
        checkpoint.save(self.folder / ("best.npz" if self.progress.quantised else "float.npz"), network=network)


def history_csv(history: list[dict[str, Any]]) -> str:
    """The history as CSV text, one row a validation."""
    text = io.StringIO()
    writer = csv.DictWriter(text, history[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
