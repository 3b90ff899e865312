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
from dataclasses import replace
from pathlib import Path
from typing import Any

from kwslib.artifacts import read_record, to_plain, write_record
from kwslib.errors import DataError
from kwslib.paths import atomic_write_text, models_dir, results_dir
from kwslib.provenance import VOLATILE
from kwslib.runs.run_record import Run

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
    if run := find_recorded(name):
        return run
    known = sorted({path.parent.name for base in (results_dir(), models_dir()) for path in base.glob(f"*/{METRICS}")})
    raise DataError(f"there is no run '{name}'; there are: {', '.join(known) or 'none'}")


def find_recorded(name: str) -> Run | None:
    """Return the recorded run of this name; a released one also goes by its size. None if there is none."""
    if (models_dir() / name / METRICS).exists():
        return load(models_dir() / name, recorded=True)
    # A release lies in a folder that is called as its size, not as its run.
    for path in sorted(models_dir().glob(f"*/{METRICS}")):
        with contextlib.suppress(DataError):
            run = load(path.parent, recorded=True)
            if run.run == name:
                return run
    return None


def tflite_sha256(name: str) -> str | None:
    """SHA-256 of the network of a run, as its record says; None if there is no such run."""
    try:
        return find(name).network.tflite_sha256
    except DataError:
        return None


def replaced_folder(size: str, study: str) -> Path:
    """Where a release keeps a study, `ROBUSTNESS` or `STREAMING`, of the network that it replaced."""
    return models_dir() / size / REPLACED / study


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
