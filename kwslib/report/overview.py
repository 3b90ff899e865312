"""Tables of several runs, some beside what the baseline printed."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from kwslib.config import baselines
from kwslib.config.presets import BASELINE_SIZES, SIZES, size_named
from kwslib.paths import models_dir, results_dir
from kwslib.release.release import released
from kwslib.report.tables import baseline_measured, measured
from kwslib.runs import records
from kwslib.runs.description import CORPUS_NAMES, corpus_name, state, steps
from kwslib.runs.records import METRICS
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS

QUICK = "quick"
"""Profile of the runs that a build trains."""
AGREEMENT_TEXTS = {
    "same_winner_float_and_fake_quantised": "same winner, float and fake-quantised",
    "same_winner_fake_quantised_and_tflite": "same winner, fake-quantised and TFLite",
    "same_winner_tflite_and_reference": "same winner, TFLite and reference",
}


def all_runs() -> list[Run]:
    """Return every run, by profile and size; a fresh run hides the recorded one of the same name."""
    found: dict[str, Run] = {}
    for base, recorded in ((results_dir(), False), (models_dir(), True)):
        for path in sorted(base.glob(f"*/{METRICS}")):
            run = records.load(path.parent, recorded=recorded)
            found.setdefault(run.run, run)  # the folder of a release has the name of its size, not of its run
    return sorted(found.values(), key=lambda run: (run.profile, list(SIZES).index(run.size), run.run))


def shown_run(size: str) -> Run:
    """Return the run that the chapters on a size show: its release, or the run of profile quick where none is released.

    Raises
    ------
    DataError
        If there is neither.
    """
    return released(size) or records.find(f"{QUICK}-{size}")


def shown_runs() -> list[Run]:
    """Return `shown_run` of each size; of those that the baseline does not have, only where one is released."""
    return [shown_run(size) for size in SIZES if size in BASELINE_SIZES or released(size)]


def quick_runs() -> list[Run]:
    """Return the runs that a build trains in minutes, fresh or recorded, one a size."""
    return [records.find(f"{QUICK}-{size}") for size in BASELINE_SIZES]


def headline(runs: Iterable[Run]) -> pd.DataFrame:
    """Return TFLite's test accuracy under both protocols and the costs, beside the baseline's; a row a measurement."""
    rows: list[dict[str, Any]] = []
    for run in runs:
        for silence in SILENCE_PROTOCOLS:
            rows.append(
                {
                    "network": f"{run.title}, this book",
                    "data": corpus_name(run),
                    "silence": silence,
                    **measured(run.measurement("tflite", "test", silence)),
                    "MACs": run.network.macs,
                    "parameters": run.network.parameters,
                    "bytes": run.network.tflite_bytes,
                }
            )
        if not run.accuracy_compares:
            continue
        size = size_named(run.size)
        rows.append(
            {
                "network": f"{size.name}, the baseline",
                "data": CORPUS_NAMES[baselines.CORPUS],
                "silence": baselines.SILENCE,
                **baseline_measured(size.name),
                "MACs": size.macs,
                "parameters": size.parameters,
                "bytes": None,
            }
        )
    return pd.DataFrame(rows)


def side_by_side(frame: pd.DataFrame, names: Sequence[str], costs: Sequence[str]) -> pd.DataFrame:
    """Put the accuracies under the two silence protocols side by side.

    Parameters
    ----------
    frame : DataFrame
        A row a network and protocol: ``network``, ``silence``, ``accuracy``, ``low`` and ``high`` or ``deviation``,
        and the columns below.
    names, costs : sequence of str
        Columns that stand before and behind the accuracies; they are the same in all rows of a network.

    Returns
    -------
    DataFrame
        A row a network; an accuracy is a text with its interval in brackets or its deviation, missing where it was
        not measured.
    """
    texts = [_accuracy_text(row) for row in frame.to_dict("records")]
    wide = frame.assign(text=texts).pivot(index="network", columns="silence", values="text")
    once = frame.drop_duplicates("network").set_index("network")
    parts = [once[list(names)], wide.reindex(columns=list(SILENCE_PROTOCOLS)), once[list(costs)]]
    return pd.concat([part.loc[once.index] for part in parts], axis="columns").reset_index()


def _accuracy_text(row: Mapping[Hashable, Any]) -> str:
    percent = f"{100 * row['accuracy']:.2f}\N{NO-BREAK SPACE}"
    if pd.notna(deviation := row.get("deviation")):
        return f"{percent}±\N{NO-BREAK SPACE}{100 * deviation:.2f}\N{NO-BREAK SPACE}%"
    interval = f"{100 * row['low']:.2f}\N{WORD JOINER}–\N{WORD JOINER}{100 * row['high']:.2f}"
    return f"{percent}% ({interval})"


def beside_baseline(run: Run) -> pd.DataFrame:
    """Return the accuracy of a run's TFLite network and of the baseline's of the same size, on both splits."""
    rows: list[dict[str, Any]] = []
    for split in baselines.SPLITS:
        baseline = {"network": "the baseline", "data": CORPUS_NAMES[baselines.CORPUS], "silence": baselines.SILENCE}
        if run.accuracy_compares:
            rows.append({"split": split, **baseline, **baseline_measured(run.size, split)})
        for silence in SILENCE_PROTOCOLS:
            own = {"network": run.run, "data": corpus_name(run), "silence": silence}
            rows.append({"split": split, **own, **measured(run.measurement("tflite", split, silence))})
    return pd.DataFrame(rows)


def comparison(runs: Iterable[Run]) -> pd.DataFrame:
    """Return the validation accuracy of runs, by which recipes are compared and chosen."""
    return pd.DataFrame(
        {
            "run": run.run,
            "data": corpus_name(run),
            "silence": silence,
            **measured(run.measurement("tflite", "validation", silence)),
            "steps": steps(run),
        }
        for run in runs
        for silence in SILENCE_PROTOCOLS
    )


def costs(runs: Iterable[Run]) -> pd.DataFrame:
    """Return the costs of each network: MACs, the baseline's operations, parameters, bytes of the .tflite."""
    return pd.DataFrame(
        {
            "size": run.title,
            "MACs": run.network.macs,
            "operations": run.network.operations,
            "parameters": run.network.parameters,
            "bytes": run.network.tflite_bytes,
        }
        for run in runs
    )


def agreement(runs: Iterable[Run]) -> pd.DataFrame:
    """Return the share of the test clips for which two forms of a network have the same winner."""
    return pd.DataFrame(
        {"run": run.run, "data": corpus_name(run), "clips": run.agreement.clips}
        | {text: getattr(run.agreement, key) / run.agreement.clips for key, text in AGREEMENT_TEXTS.items()}
        for run in runs
    )


def differences(runs: Iterable[Run]) -> pd.DataFrame:
    """Return how many codes differ between TFLite and the integer reference."""
    return pd.DataFrame(
        {
            "run": run.run,
            "logit codes compared": run.agreement.clips * len(run.labels),
            "logit codes that differ": run.agreement.different_logit_codes_tflite_and_reference,
            "largest softmax difference (codes)": run.agreement.largest_softmax_difference_codes,
            "kernels": run.agreement.tflite_kernels,
        }
        for run in runs
    )


def split_totals(runs: Iterable[Run]) -> pd.DataFrame:
    """Return the clips of each split that runs used, a row a corpus."""
    rows: dict[str, dict[str, Any]] = {}
    for run in runs:
        row = rows.setdefault(run.corpus.hash, {"data": corpus_name(run), "runs": ""})
        row["runs"] += f"{', ' if row['runs'] else ''}{run.run}"
        row |= {split: sum(run.corpus.splits.get(split, {}).values()) for split in SPLITS}
        row["hash"] = run.corpus.hash[:12]
    return pd.DataFrame(rows.values())


def status(runs: Iterable[Run]) -> pd.DataFrame:
    """Return for every run whether it is fresh or recorded, its speech, and when and from which commit it was made."""
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
    """Return the package versions that each run was made with."""
    return pd.DataFrame({"run": run.run, "python": run.provenance.python, **run.provenance.packages} for run in runs)
