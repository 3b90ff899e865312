"""The table of a sweep: its runs ranked by validation alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kwslib import terminal
from kwslib.runs.parameters import Parameters
from kwslib.runs.run_record import Run

RANKED_BY = ("tflite", "validation", "noise-silence")
"""The measurement that ranks: the split and protocol that chose the best step in training; never the test split."""
TOLD = ("size", "profile", "corpus", "data", "front_end", "steps", "seed", "run")
"""Parameters that have columns of their own, or that do not change the result."""
FAILED, DONE, KEPT, LEFT, REFUSED = "failed", "done", "there already", "not run", "refused"


@dataclass(frozen=True)
class Outcome:
    """The result of one run: `FAILED`, `DONE`, `KEPT`, `LEFT` or `REFUSED`, with the run or the error's text."""

    parameters: Parameters
    state: str
    run: Run | None = None
    error: str = ""


def ranked(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Sort finished runs by falling validation accuracy within each corpus; the other runs follow."""

    def order(outcome: Outcome) -> tuple[int, str, float, str]:
        if outcome.run is None:
            return 1, "", 0.0, outcome.parameters.run
        return 0, outcome.run.corpus.name, -outcome.run.measurement(*RANKED_BY).accuracy, outcome.parameters.run

    return sorted(outcomes, key=order)


def _rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    ranks: dict[str, int] = {}
    for outcome in ranked(outcomes):
        one = outcome.parameters
        row = {
            "corpus": one.corpus,
            "rank": "",
            "run": one.run,
            "size": one.size.name,
            "profile": one.profile.name,
            "front_end": one.front_end.kind,
            "steps": one.schedule.steps,
            "seed": one.seed,
            "changes": " ".join(f"{name}={value}" for name, value in one.given.items() if name not in TOLD),
        }
        if outcome.run:
            row["rank"] = ranks[one.corpus] = ranks.get(one.corpus, 0) + 1
            for silence in ("noise-silence", "digital-silence"):
                measured = outcome.run.measurement("tflite", "validation", silence)
                label = "validation_" + silence.replace("-", "_")
                row |= {label: measured.accuracy, f"{label}_low": measured.low, f"{label}_high": measured.high}
        # Whether a run was there already depends on earlier sweeps, so the table does not say it.
        state = DONE if outcome.state == KEPT else outcome.state
        rows.append(row | {"state": state, "error": outcome.error.split("\n")[0]})
    if not any(row["changes"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "changes"} for row in rows]
    return rows


def summary_csv(outcomes: Sequence[Outcome]) -> str:
    """The ranked table as CSV text: validation accuracy of the 8-bit network with its interval, no test figures.

    What a run does not have is left empty.
    """
    frame = pd.DataFrame(_rows(outcomes), dtype=object)
    last = ["state", "error"]
    frame = frame[[name for name in frame if name not in last] + last]
    return frame.to_csv(index=False, lineterminator="\n")


def table(outcomes: Sequence[Outcome]) -> str:
    """The ranked table for a terminal."""
    lines = []
    for row in _rows(outcomes):
        figure, interval = row["state"], ""
        if row["rank"]:
            low, high = row["validation_noise_silence_low"], row["validation_noise_silence_high"]
            figure = f"{100 * row['validation_noise_silence']:.2f} %"
            interval = f"({100 * low:.2f} to {100 * high:.2f})"
        lines.append((row["run"], row["corpus"], row["rank"], figure, interval))
    head = ("run", "corpus", "rank", "validation, noise silence", "(95 % interval)")
    return terminal.table(lines, head, left=2)
