"""Tables of one run: what it measured and where it is from, as data frames with plain numbers in them.

The name of a column says its unit, or that it is a share (0 … 1). The pages decide how a number looks.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kwslib import seals
from kwslib.artifacts import to_plain
from kwslib.config.architecture import Architecture
from kwslib.config.baselines import baseline_network
from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.errors import DataError
from kwslib.runs.description import FORM_NAMES, corpus_name, pairs, state
from kwslib.runs.records import HISTORY
from kwslib.runs.run_record import NETWORKS, Measurement, Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS

SHOWN = ("step", "loss", "validation_accuracy")
"""Columns of a training's history."""


def measured(measurement: Measurement) -> dict[str, Any]:
    """Return clips, correct, accuracy and Wilson's 95 % interval of a measurement."""
    return {
        "clips": measurement.clips,
        "correct": measurement.correct,
        "accuracy": measurement.accuracy,
        "low": measurement.low,
        "high": measurement.high,
    }


def baseline_measured(size: str, split: str = "test") -> dict[str, Any]:
    """Return what `measured` does, of the baseline's printed confusion matrix."""
    accuracy = baseline_network(size).accuracy[split]
    low, high = accuracy.interval
    return {"clips": accuracy.clips, "correct": accuracy.correct, "accuracy": accuracy.share, "low": low, "high": high}


def layers(size: Architecture) -> pd.DataFrame:
    """Return the layers of a network, a row each; shapes are rows × columns × channels."""
    return pd.DataFrame(
        {
            "layer": layer.name,
            "kind": layer.kind.replace("_", " "),
            "stride": "×".join(map(str, layer.stride)),
            "output": "×".join(map(str, layer.output_shape)),
            "MACs": layer.macs,
            "parameters": layer.parameters,
            "operations": layer.operations,
        }
        for layer in size.layers
    )


def accuracies(run: Run) -> pd.DataFrame:
    """Return the accuracy of every form on every split under both silence protocols, with Wilson's 95 % intervals."""
    order = {name: number for number, name in enumerate((*NETWORKS, *SPLITS, *SILENCE_PROTOCOLS))}
    chosen = sorted(run.measurements, key=lambda m: (-order[m.split], order[m.silence], order[m.network]))
    return pd.DataFrame(
        {"split": m.split, "silence": m.silence, "form": FORM_NAMES[m.network], **measured(m)} for m in chosen
    )


def classes(run: Run, network: str = "tflite", split: str = "test") -> pd.DataFrame:
    """Return recall and precision of each class under both silence protocols."""
    frame = pd.DataFrame({"class": run.labels})
    for silence in SILENCE_PROTOCOLS:
        found = run.measurement(network, split, silence)
        frame[f"clips, {silence}"] = [sum(row) for row in found.confusion]
        frame[f"recall, {silence}"] = found.recall
        frame[f"precision, {silence}"] = found.precision
    return frame


def confusion(matrix: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """Return a confusion matrix, int (classes, classes), with a row a label and a column a winner."""
    frame = pd.DataFrame(matrix, columns=list(labels))
    frame.insert(0, "label", list(labels))
    return frame


def clip_counts(run: Run) -> pd.DataFrame:
    """Return the clips by word and split, the classes first."""
    frame = pd.DataFrame(run.corpus.splits).fillna(0).astype(int)
    frame = frame[[split for split in SPLITS if split in frame]]
    first = [word for word in run.labels if word in frame.index]
    frame = frame.loc[first + sorted(set(frame.index) - set(first))]
    return frame.rename_axis("word").reset_index()


def stages_of(schedule: Schedule | CosineSchedule) -> list[tuple[float, int]]:
    """Return learning rate and steps of each stage; a phase of a cosine schedule starts from its rate."""
    if isinstance(schedule, Schedule):
        return [(stage.learning_rate, stage.steps) for stage in schedule.stages]
    quantised = schedule.steps - schedule.float_steps
    return [(schedule.rate, schedule.float_steps), (schedule.quantised_rate, quantised)]


def training(run: Run) -> pd.DataFrame:
    """Return every setting that decided a training, a row each."""
    return pairs(to_plain(run.training))


def provenance(run: Run) -> pd.DataFrame:
    """Return where a result came from, a row an entry."""
    return pairs(
        {
            "run": run.run,
            "state": state(run),
            "corpus": corpus_name(run),
            "corpus hash": run.corpus.hash,
            "seed": run.seed,
            "tflite sha256": run.network.tflite_sha256,
            **to_plain(run.provenance),
        }
    )


def durations(run: Run) -> pd.DataFrame:
    """Return the seconds of each stage of a run."""
    return pd.DataFrame({"stage": name, "seconds": round(value, 1)} for name, value in run.durations_s.items())


def history(run: Run) -> list[dict[str, Any]]:
    """Return the training history of a run, a row a validation.

    Raises
    ------
    DataError
        If ``history.csv`` is missing, damaged or empty.
    """
    path = run.folder / HISTORY
    if path.exists() and run.history_sha256 and not seals.matches(path, run.history_sha256):
        raise DataError(f"{path} is damaged (it does not have its checksum); run {run.run} again")
    try:
        rows = [{str(name): value for name, value in row.items()} for row in pd.read_csv(path).to_dict("records")]
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path} ({error}); run {run.run} again") from error
    if not rows:
        raise DataError(f"{path} has no rows; run {run.run} again")
    for name in SHOWN:
        if not all(isinstance(row.get(name), int | float) for row in rows):
            raise DataError(
                f"{path} is damaged (its column {name} is missing, or not all numbers); run {run.run} again"
            )
    return rows
