"""What a run leaves behind, and how it is found again: a folder a run, dataclasses to and from JSON.

A run folder holds ``metrics.json`` (everything below), ``accuracy.csv``, ``history.csv``, ``model.tflite``,
``mistakes/`` (the clips most confidently got wrong, as WAV, with ``mistakes.json``), ``training/`` (checkpoints) and
the executed ``train.ipynb``. A fresh run lies in `paths.results_dir`; recorded ones travel with the project in
`paths.models_dir` and are shown as recorded.
"""

import contextlib
import csv
import io
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.accuracy import Accuracy
from kwslib.errors import DataError
from kwslib.paths import atomic_path, atomic_write_text, models_dir, results_dir, write_json
from kwslib.provenance import VOLATILE

SCHEMA = 1
METRICS = "metrics.json"
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
class Run:
    """Everything that is said about one trained network.

    `corpus` has name, hash and clip counts by split and word; `training` the schedule, steps and best step;
    `network` MACs, parameters, the baseline's operations and the bytes of the .tflite; `agreement` how the four forms
    compare on the test split; `durations_s` seconds by stage.
    """

    run: str
    size: str
    profile: str
    seed: int
    front_end: str
    corpus: dict[str, Any]
    training: dict[str, Any]
    network: dict[str, Any]
    measurements: list[Measurement]
    agreement: dict[str, Any]
    durations_s: dict[str, float]
    provenance: dict[str, Any]
    recorded: bool = False
    folder: Path | None = None

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
    atomic_write_text(folder / "history.csv", history)
    atomic_write_text(folder / "accuracy.csv", accuracy_csv(run))
    value = {"schema": SCHEMA, **asdict(run)}
    del value["recorded"], value["folder"]
    write_json(folder / METRICS, value)


def load(folder: Path, recorded: bool = False) -> Run:
    """Read a run folder.

    Raises
    ------
    DataError
        If ``metrics.json`` is missing, damaged or of another schema.
    """
    path = folder / METRICS
    try:
        value = json.loads(path.read_text())
        if value.pop("schema") != SCHEMA:
            raise DataError(f"{path} was written by another version of this program; run it again")
        value["measurements"] = [Measurement(**row) for row in value["measurements"]]
        unknown = set(value) - {field.name for field in fields(Run)}
        if unknown:
            raise DataError(f"{path} has unknown entries: {', '.join(sorted(unknown))}")
        return Run(**value, recorded=recorded, folder=folder)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: this run has not ended, or never ran") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); remove the folder and run again") from error


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


RECORDED_FILES = (METRICS, "accuracy.csv", "history.csv", "model.tflite", "mistakes")
GAP8 = "gap8"
"""Folder of the figures of a run's network on GAP8; recorded where it is there."""
ROBUSTNESS = "robustness"
"""Folder of what a run's network makes of noise, shift and level; recorded where it is there."""
OPTIONAL = (GAP8, ROBUSTNESS)


def record(name: str) -> Path:
    """Copy a fresh run, its checkpoints and notebooks left out, to where recorded ones travel with the project.

    Where only figures on GAP8 or of robustness are fresh, of a network that is recorded already, they are copied alone.

    Parameters
    ----------
    name : str
        Name of a run in `paths.results_dir`.

    Returns
    -------
    Path
        Its folder in `paths.models_dir`, replaced if it was there.

    Raises
    ------
    DataError
        If there is no such run, or it is not whole.
    """
    source, target = results_dir() / name, models_dir() / name
    optional = [folder for folder in OPTIONAL if (source / folder).is_dir()]
    if not (source / METRICS).exists() and optional and (target / METRICS).exists():
        for folder in optional:
            with atomic_path(target / folder) as temporary:
                shutil.copytree(source / folder, temporary)
        return target
    load(source)
    files = kept(source)
    with atomic_path(target) as temporary:
        copy(files, source, temporary)
    return target


def kept(source: Path) -> list[str]:
    """Names of what is kept of a run: `RECORDED_FILES`, and of `OPTIONAL` what is there.

    Raises
    ------
    DataError
        If the run is not whole.
    """
    missing = [file for file in RECORDED_FILES if not (source / file).exists()]
    if missing:
        raise DataError(f"{source} lacks {', '.join(missing)}; run it again")
    return [*RECORDED_FILES, *(folder for folder in OPTIONAL if (source / folder).is_dir())]


def copy(files: Iterable[str], source: Path, target: Path) -> None:
    """Copy files and folders of one folder into a new one."""
    target.mkdir()
    for file in files:
        copy_one = shutil.copytree if (source / file).is_dir() else shutil.copyfile
        copy_one(source / file, target / file)


def accuracy_csv(run: Run) -> str:
    """The measurements as CSV text, a row each, matrices left out."""
    columns = ("network", "split", "silence", "clips", "correct", "accuracy", "low", "high")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("run", "corpus", *columns))
    for row in run.measurements:
        writer.writerow((run.run, run.corpus["name"], *(getattr(row, column) for column in columns)))
    return text.getvalue()


def comparable(run: Run) -> dict[str, Any]:
    """What must be equal when the same thing is run twice: all but dates, durations, host and commit."""
    value = asdict(run)
    for name in ("recorded", "folder", "durations_s", "run"):
        del value[name]
    value["provenance"] = {key: entry for key, entry in run.provenance.items() if key not in VOLATILE}
    return value


def confusion(run: Run, network: str, split: str, silence: str) -> np.ndarray:
    """The confusion matrix of one measurement, int64 (12, 12)."""
    return np.array(run.measurement(network, split, silence).confusion, np.int64)
