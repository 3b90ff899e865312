"""What a run leaves behind, and how it is found again: a folder a run, dataclasses to and from JSON.

A run folder holds ``metrics.json`` (everything below), ``accuracy.csv``, ``history.csv``, ``model.tflite``,
``mistakes/`` (the clips most confidently got wrong, as WAV, with ``mistakes.json``), ``training/`` (checkpoints) and
the executed ``train.ipynb``. A fresh run lies in `paths.results_dir`; recorded ones travel with the project in
`paths.models_dir` and are shown as recorded.
"""

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.accuracy import Accuracy
from kwslib.artifacts import Scalar, not_stored, read_record, stored_if_set, to_plain, write_record
from kwslib.config.architecture import Architecture
from kwslib.config.presets import BASELINE_SIZES, size_named
from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.config.words import KEYWORDS, labels_of
from kwslib.errors import DataError
from kwslib.paths import atomic_write_text, models_dir, results_dir
from kwslib.provenance import VOLATILE, Provenance

SCHEMA = 2
METRICS, HISTORY = "metrics.json", "history.csv"
GAP8 = "gap8"
"""Folder of the figures of a run's network on GAP8; recorded where it is there."""
ROBUSTNESS = "robustness"
"""Folder of what a run's network makes of noise, shift and level; recorded where it is there."""
STREAMING = "streaming"
"""Folder of what a run's network finds in streams; recorded where it is there."""
REPLACED = "replaced"
"""Folder of a release with what was measured of the network that it replaced: `ROBUSTNESS` and `STREAMING`."""
OWN_WORDS = "own_words"
"""Folder of what is known of a network for somebody's own phrases; recorded where it is there."""
NETWORKS = ("float", "fake_quantised", "tflite", "reference")
"""The four forms of one network: Keras in floating point, fake-quantised, TFLite's kernels, integer NumPy."""


@dataclass(frozen=True)
class Measurement:
    """Accuracy of one form of a network on one split under one silence protocol.

    `low` and `high` are Wilson's 95 % interval; `confusion` has a row a label and a column a winner.
    """

    network: str
    split: str
    silence: str
    clips: int
    correct: int
    accuracy: float
    low: float
    high: float
    recall: list[float | None]
    precision: list[float | None]
    confusion: list[list[int]]

    @classmethod
    def of(cls, network: str, split: str, silence: str, accuracy: Accuracy) -> "Measurement":
        """Describe an accuracy."""
        low, high = accuracy.interval
        return cls(
            network,
            split,
            silence,
            accuracy.clips,
            accuracy.correct,
            accuracy.share,
            low,
            high,
            accuracy.recall,
            accuracy.precision,
            accuracy.confusion.tolist(),
        )


@dataclass(frozen=True)
class CorpusUse:
    """What a run used of a corpus: its name, the hash of its manifest, and clips by split and word."""

    name: str
    hash: str
    splits: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Training:
    """Everything that decided a training, and the step whose weights were kept.

    Attributes
    ----------
    front_end : str
        `kwslib.config.front_end.FrontEnd.key`.
    augmentation, recipe : dict
        `key` of the augmentation and of the recipe; the recipe is left out where it is the plain one.
    threads : int
        Processor threads for TensorFlow; 0 for all. They decide the order of floating-point sums.
    size : str
        The preset that the network starts from.
    teacher_sha256 : str
        Of the teacher's ``.tflite``; empty without a teacher.
    start_sha256 : str
        Of the ``.tflite`` whose weights the training began with; empty where they were random.
    architecture : Architecture or None
        The network, where it is not the preset's.
    words : list of str
        Where they are not Google's ten keywords.
    """

    size: str
    profile: str
    corpus: str
    front_end: str
    schedule: Schedule | CosineSchedule
    augmentation: dict[str, Scalar]
    copies: int
    batch_clips: int
    validate_every_steps: int
    seed: int
    threads: int
    recipe: dict[str, Scalar] = stored_if_set(default_factory=dict)
    teacher_sha256: str = stored_if_set("")
    start_sha256: str = stored_if_set("")
    architecture: Architecture | None = stored_if_set(None)
    words: list[str] = stored_if_set(default_factory=list)
    best_step: int = 0


@dataclass(frozen=True)
class NetworkFigures:
    """Multiply-accumulates and the baseline's Operations of one inference, parameters, and the .tflite file."""

    macs: int
    parameters: int
    operations: int
    tflite_bytes: int
    tflite_sha256: str


@dataclass(frozen=True)
class Agreement:
    """How the four forms of a network compare, clip by clip, on the test split under noise silence."""

    clips: int
    tflite_kernels: str
    same_winner_float_and_fake_quantised: int
    same_winner_fake_quantised_and_tflite: int
    same_winner_tflite_and_reference: int
    different_logit_codes_tflite_and_reference: int
    largest_softmax_difference_codes: int


@dataclass(frozen=True)
class Run:
    """Everything that is said about one trained network.

    Attributes
    ----------
    durations_s : dict
        Seconds by stage.
    history_sha256 : str
        Of ``history.csv``; `save` fills it in. Empty in records of older versions.
    """

    run: str
    size: str
    profile: str
    seed: int
    front_end: str
    corpus: CorpusUse
    training: Training
    network: NetworkFigures
    measurements: list[Measurement]
    agreement: Agreement
    durations_s: dict[str, float]
    provenance: Provenance
    history_sha256: str = stored_if_set("")
    recorded: bool = not_stored(False)
    source: Path | None = not_stored()

    @property
    def folder(self) -> Path:
        """The folder that the run was read from.

        Raises
        ------
        DataError
            If it was made in memory.
        """
        if self.source is None:
            raise DataError(f"run {self.run} was not read from a folder")
        return self.source

    @property
    def architecture(self) -> Architecture:
        """The network as data."""
        return self.training.architecture or size_named(self.size)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the outputs."""
        return labels_of(self.training.words or KEYWORDS)

    @property
    def same_network(self) -> bool:
        """Whether its network is the preset's."""
        return self.training.architecture is None

    @property
    def same_task(self) -> bool:
        """Whether it is the preset's network on the baseline's words."""
        return self.same_network and not self.training.words

    @property
    def cost_compares(self) -> bool:
        """Whether its network is one of the baseline's, so that its cost stands beside the baseline's."""
        return self.same_network and self.size in BASELINE_SIZES

    @property
    def accuracy_compares(self) -> bool:
        """Whether it is one of the baseline's networks on its words, so that its accuracy stands beside as well."""
        return self.same_task and self.size in BASELINE_SIZES

    @property
    def title(self) -> str:
        """What the network is called in a table: the name of the preset, or of the run where it is another network."""
        return self.size if self.same_task else self.run

    def measurement(self, network: str, split: str, silence: str) -> Measurement:
        """Return one measurement.

        Raises
        ------
        DataError
            If it was not made.
        """
        for found in self.measurements:
            if (found.network, found.split, found.silence) == (network, split, silence):
                return found
        raise DataError(f"run {self.run} has no measurement of {network} on {split} under {silence}")


@contextlib.contextmanager
def stage(durations_s: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds spent inside to `durations_s` under `name`."""
    start_s = time.monotonic()
    yield
    durations_s[name] = round(durations_s.get(name, 0.0) + time.monotonic() - start_s, 1)


def save(run: Run, folder: Path, history: str) -> None:
    """Write ``accuracy.csv``, ``history.csv`` and, last, ``metrics.json`` into a run folder."""
    atomic_write_text(folder / HISTORY, history)
    atomic_write_text(folder / "accuracy.csv", accuracy_csv(run))
    sealed = replace(run, history_sha256=hashlib.sha256(history.encode()).hexdigest())
    write_record(folder / METRICS, sealed, SCHEMA)


def load(folder: Path, recorded: bool = False) -> Run:
    """Read a run folder.

    Raises
    ------
    DataError
        If ``metrics.json`` is missing, damaged or of another schema.
    """
    missing, again = "this run has not ended, or never ran", "remove the folder and run again"
    run = read_record(folder / METRICS, Run, SCHEMA, missing=missing, again=again)
    return replace(run, recorded=recorded, source=folder)


def find(name: str) -> Run:
    """Return the run of this name: the fresh one if there is one, else the recorded one.

    Raises
    ------
    DataError
        If there is neither.
    """
    if (results_dir() / name / METRICS).exists():
        return load(results_dir() / name)
    if (models_dir() / name / METRICS).exists():
        return load(models_dir() / name, recorded=True)
    # A release lies in a folder that is called as its size, not as its run.
    for path in sorted(models_dir().glob(f"*/{METRICS}")):
        with contextlib.suppress(DataError):
            run = load(path.parent, recorded=True)
            if run.run == name:
                return run
    known = sorted({path.parent.name for base in (results_dir(), models_dir()) for path in base.glob(f"*/{METRICS}")})
    raise DataError(f"there is no run '{name}'; there are: {', '.join(known) or 'none'}")


def accuracy_csv(run: Run) -> str:
    """The measurements as CSV text, a row each, matrices left out."""
    import pandas as pd  # not at the top: it takes a third of the time in which a command starts

    columns = ["network", "split", "silence", "clips", "correct", "accuracy", "low", "high"]
    frame = pd.DataFrame([to_plain(row) for row in run.measurements], columns=columns)
    frame.insert(0, "run", run.run)
    frame.insert(1, "corpus", run.corpus.name)
    return frame.to_csv(index=False, lineterminator="\n")


def comparable(run: Run) -> dict[str, Any]:
    """What must be equal when the same thing is run twice: all but dates, durations, host and commit."""
    value = to_plain(run)
    for name in ("durations_s", "run"):
        del value[name]
    value["provenance"] = {key: entry for key, entry in value["provenance"].items() if key not in VOLATILE}
    return value


def confusion(run: Run, network: str, split: str, silence: str) -> np.ndarray:
    """The confusion matrix of one measurement, int64 (classes, classes)."""
    return np.array(run.measurement(network, split, silence).confusion, np.int64)
