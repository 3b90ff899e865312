"""The tables of the book: what a run, or several, measured, as data frames with plain numbers in them.

A column's name says its unit or that it is a share (0 … 1); how a number looks is the page's matter.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.artifacts import to_plain
from kwslib.config.architecture import Architecture
from kwslib.config.baselines import CORPUS as BASELINE_CORPUS
from kwslib.config.baselines import SILENCE as BASELINE_SILENCE
from kwslib.config.baselines import SPLITS as BASELINE_SPLITS
from kwslib.config.baselines import baseline_network
from kwslib.config.presets import SIZES, size_named
from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.paths import models_dir, results_dir
from kwslib.runs import records
from kwslib.runs.records import METRICS, NETWORKS, Measurement, Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS

CORPUS_NAMES = {"synthetic": "synthetic speech", "speech_commands": "Speech Commands"}
NETWORK_NAMES = {
    "float": "float",
    "fake_quantised": "fake-quantised",
    "tflite": "8-bit, TFLite",
    "reference": "8-bit, integer reference",
}
AGREEMENT_TEXTS = {
    "same_winner_float_and_fake_quantised": "same winner, float and fake-quantised",
    "same_winner_fake_quantised_and_tflite": "same winner, fake-quantised and TFLite",
    "same_winner_tflite_and_reference": "same winner, TFLite and reference",
}
SHARES = ("accuracy", "low", "high", "recall", "precision", "same winner")
"""Columns that are shown as percent."""


def corpus_name(run: Run) -> str:
    """The corpus of a run as a reader knows it."""
    return CORPUS_NAMES.get(run.corpus.name, run.corpus.name)


def all_runs() -> list[Run]:
    """Every run that is found, by profile and size; a fresh run hides the recorded one of its name."""
    found: dict[str, Run] = {}
    for base, recorded in ((results_dir(), False), (models_dir(), True)):
        for path in sorted(base.glob(f"*/{METRICS}")):
            run = records.load(path.parent, recorded=recorded)
            found.setdefault(run.run, run)  # a release lies in a folder that is not called as its run
    return sorted(found.values(), key=lambda run: (run.profile, list(SIZES).index(run.size), run.run))


def layers(size: Architecture) -> pd.DataFrame:
    """The layers of a network, a row each; shapes are rows × columns × channels."""
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


def _measured(measurement: Measurement) -> dict[str, Any]:
    return {
        "clips": measurement.clips,
        "correct": measurement.correct,
        "accuracy": measurement.accuracy,
        "low": measurement.low,
        "high": measurement.high,
    }


def accuracies(run: Run) -> pd.DataFrame:
    """Accuracy of every form on every split under both silence protocols, with Wilson's 95 % interval."""
    order = {name: number for number, name in enumerate((*NETWORKS, *SPLITS, *SILENCE_PROTOCOLS))}
    chosen = sorted(run.measurements, key=lambda m: (-order[m.split], order[m.silence], order[m.network]))
    return pd.DataFrame(
        {"split": m.split, "silence": m.silence, "form": NETWORK_NAMES[m.network], **_measured(m)} for m in chosen
    )


def classes(run: Run, network: str = "tflite", split: str = "test") -> pd.DataFrame:
    """Recall and precision of each class under both silence protocols."""
    frame = pd.DataFrame({"class": LABELS})
    for silence in SILENCE_PROTOCOLS:
        found = run.measurement(network, split, silence)
        frame[f"clips, {silence}"] = [sum(row) for row in found.confusion]
        frame[f"recall, {silence}"] = found.recall
        frame[f"precision, {silence}"] = found.precision
    return frame


def confusion(matrix: Iterable[Iterable[int]]) -> pd.DataFrame:
    """A confusion matrix, a row a label and a column a winner."""
    frame = pd.DataFrame(matrix, columns=LABELS)
    frame.insert(0, "label", LABELS)
    return frame


def headline(runs: Iterable[Run]) -> pd.DataFrame:
    """What the book opens with: TFLite test accuracy under both protocols beside the baseline's, and what it costs."""
    rows = []
    for run in runs:
        for silence in SILENCE_PROTOCOLS:
            rows.append(
                {
                    "network": f"{run.size}, this book",
                    "data": corpus_name(run),
                    "silence": silence,
                    **_measured(run.measurement("tflite", "test", silence)),
                    "MACs": run.network.macs,
                    "parameters": run.network.parameters,
                    "bytes": run.network.tflite_bytes,
                }
            )
        rows.append(_baseline_row(size_named(run.size)))
    return pd.DataFrame(rows)


def _baseline_row(size: Architecture) -> dict[str, Any]:
    accuracy = baseline_network(size.name).accuracy["test"]
    low, high = accuracy.interval
    return {
        "network": f"{size.name}, the baseline",
        "data": CORPUS_NAMES[BASELINE_CORPUS],
        "silence": BASELINE_SILENCE,
        "clips": accuracy.clips,
        "correct": accuracy.correct,
        "accuracy": accuracy.share,
        "low": low,
        "high": high,
        "MACs": size.macs,
        "parameters": size.parameters,
        "bytes": None,
    }


def beside_baseline(run: Run) -> pd.DataFrame:
    """Accuracy of a run's TFLite network and of the baseline's of the same size, on both splits."""
    rows = []
    for split in BASELINE_SPLITS:
        seeds = baseline_network(run.size).accuracy[split]
        low, high = seeds.interval
        rows.append(
            {
                "split": split,
                "network": "the baseline",
                "data": CORPUS_NAMES[BASELINE_CORPUS],
                "silence": BASELINE_SILENCE,
            }
            | {"clips": seeds.clips, "correct": seeds.correct, "accuracy": seeds.share, "low": low, "high": high}
        )
        for silence in SILENCE_PROTOCOLS:
            measured = _measured(run.measurement("tflite", split, silence))
            rows.append({"split": split, "network": run.run, "data": corpus_name(run), "silence": silence, **measured})
    return pd.DataFrame(rows)


def comparison(runs: Iterable[Run]) -> pd.DataFrame:
    """Validation accuracy over runs: what recipes are compared and chosen by."""
    return pd.DataFrame(
        {
            "run": run.run,
            "data": corpus_name(run),
            "silence": silence,
            **_measured(run.measurement("tflite", "validation", silence)),
            "steps": steps(run),
        }
        for run in runs
        for silence in SILENCE_PROTOCOLS
    )


def costs(runs: Iterable[Run]) -> pd.DataFrame:
    """What each network costs: multiply-accumulates, parameters, the baseline's operations, bytes of the .tflite."""
    return pd.DataFrame(
        {
            "size": run.size,
            "MACs": run.network.macs,
            "operations": run.network.operations,
            "parameters": run.network.parameters,
            "bytes": run.network.tflite_bytes,
        }
        for run in runs
    )


def agreement(runs: Iterable[Run]) -> pd.DataFrame:
    """In what part of the test split's clips two forms of a network have the same winner."""
    return pd.DataFrame(
        {"run": run.run, "data": corpus_name(run), "clips": run.agreement.clips}
        | {text: getattr(run.agreement, key) / run.agreement.clips for key, text in AGREEMENT_TEXTS.items()}
        for run in runs
    )


def differences(runs: Iterable[Run]) -> pd.DataFrame:
    """How many codes differ between TFLite and the integer reference."""
    return pd.DataFrame(
        {
            "run": run.run,
            "logit codes compared": run.agreement.clips * len(LABELS),
            "logit codes that differ": run.agreement.different_logit_codes_tflite_and_reference,
            "largest softmax difference (codes)": run.agreement.largest_softmax_difference_codes,
            "kernels": run.agreement.tflite_kernels,
        }
        for run in runs
    )


def clip_counts(run: Run) -> pd.DataFrame:
    """Clips by word and split."""
    frame = pd.DataFrame(run.corpus.splits).fillna(0).astype(int)
    frame = frame[[split for split in SPLITS if split in frame]]
    first = [word for word in LABELS if word in frame.index]
    frame = frame.loc[first + sorted(set(frame.index) - set(first))]
    return frame.rename_axis("word").reset_index()


def split_totals(runs: Iterable[Run]) -> pd.DataFrame:
    """Clips of each split that runs used, once for each corpus."""
    rows: dict[str, dict[str, Any]] = {}
    for run in runs:
        row = rows.setdefault(run.corpus.hash, {"data": corpus_name(run), "runs": ""})
        row["runs"] += f"{', ' if row['runs'] else ''}{run.run}"
        row |= {split: sum(run.corpus.splits.get(split, {}).values()) for split in SPLITS}
        row["hash"] = run.corpus.hash[:12]
    return pd.DataFrame(rows.values())


def steps(run: Run) -> int:
    """Training steps of a run."""
    return run.training.schedule.steps


def stages_of(schedule: Schedule | CosineSchedule) -> list[tuple[float, int]]:
    """Learning rate and steps of each stage of a schedule; of a cosine schedule the rate that a phase falls from."""
    if isinstance(schedule, Schedule):
        return [(stage.learning_rate, stage.steps) for stage in schedule.stages]
    quantised = schedule.steps - schedule.float_steps
    return [(schedule.rate, schedule.float_steps), (schedule.quantised_rate, quantised)]


def training(run: Run) -> pd.DataFrame:
    """Everything that decided a training, a row each."""
    return pairs(to_plain(run.training))


def provenance(run: Run) -> pd.DataFrame:
    """Where a result came from, a row each."""
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
    """Seconds of each stage of a run."""
    return pd.DataFrame({"stage": name, "seconds": round(value, 1)} for name, value in run.durations_s.items())


def state(run: Run) -> str:
    """``fresh``: computed by this checkout's last build. ``recorded``: computed earlier and kept with the project."""
    return "recorded" if run.recorded else "fresh"


def status(runs: Iterable[Run]) -> pd.DataFrame:
    """Every run: whether fresh or recorded, when and from which commit it was made, on which speech."""
    return pd.DataFrame(
        {
            "run": run.run,
            "state": state(run),
            "data": corpus_name(run),
            "steps": steps(run),
            "date": run.provenance.date[:16].replace("T", " "),
            "commit": run.provenance.short_commit + (" (changed)" if run.provenance.dirty else ""),
            "minutes": round(sum(run.durations_s.values()) / 60, 1),
        }
        for run in runs
    )


def packages(runs: Iterable[Run]) -> pd.DataFrame:
    """Package versions that each run was made with."""
    return pd.DataFrame({"run": run.run, "python": run.provenance.python, **run.provenance.packages} for run in runs)


def pairs(value: Mapping[str, Any]) -> pd.DataFrame:
    """A nested mapping as a table of names and texts; inner names follow their outer one."""
    return pd.DataFrame(flat(value), columns=["what", "value"])


def flat(value: Mapping[str, Any], outer: str = "") -> list[tuple[str, str]]:
    """What a nested mapping says, a pair of name and text for each value."""
    rows: list[tuple[str, str]] = []
    for key, entry in value.items():
        name = f"{outer}{key}".replace("_", " ")
        if isinstance(entry, Mapping):
            rows += flat(entry, f"{name}: ")
        elif isinstance(entry, list) and entry and all(isinstance(item, Mapping) for item in entry):
            for number, item in enumerate(entry, 1):
                rows += flat(item, f"{name} {number}: ")
        else:
            rows.append((name, ", ".join(map(str, entry)) if isinstance(entry, list) else str(entry)))
    return rows


def history(run: Run) -> list[dict[str, str]]:
    """The training history of a run, a row a validation.

    Raises
    ------
    DataError
        If ``history.csv`` is missing or empty.
    """
    path = Path(run.folder) / "history.csv"
    try:
        rows = pd.read_csv(path).to_dict("records")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path} ({error}); run {run.run} again") from error
    if not rows:
        raise DataError(f"{path} has no rows; run {run.run} again")
    return rows
