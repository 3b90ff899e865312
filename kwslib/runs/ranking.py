"""The table of a sweep: its runs ranked by validation alone."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kwslib.runs.parameters import Parameters
from kwslib.runs.records import Run

RANKED_BY = ("tflite", "validation", "noise-silence")
"""The measurement that ranks: the split and protocol that chose the best step in training; never the test split."""
FAILED, DONE, KEPT, LEFT = "failed", "done", "there already", "not run"


@dataclass(frozen=True)
class Outcome:
    """What became of one run: `FAILED`, `DONE`, `KEPT` or `LEFT`, with the run or the error's text."""

    parameters: Parameters
    state: str
    run: Run | None = None
    error: str = ""


def ranked(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Finished runs by falling validation accuracy, within a corpus; the others behind them."""

    def order(outcome: Outcome) -> tuple:
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
        }
        if outcome.run:
            row["rank"] = ranks[one.corpus] = ranks.get(one.corpus, 0) + 1
            for silence in ("noise-silence", "digital-silence"):
                measured = outcome.run.measurement("tflite", "validation", silence)
                label = "validation_" + silence.replace("-", "_")
                row |= {label: measured.accuracy, f"{label}_low": measured.low, f"{label}_high": measured.high}
        # Whether a run was there already depends on what was broken off before, so the table does not tell.
        state = DONE if outcome.state == KEPT else outcome.state
        rows.append(row | {"state": state, "error": outcome.error.split("\n")[0]})
    return rows


def summary_csv(outcomes: Sequence[Outcome]) -> str:
    """The ranked table as CSV text: validation accuracy of the 8-bit network with its interval, no test figures."""
    rows = _rows(outcomes)
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("state", "error")))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*names, "state", "error"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def table(outcomes: Sequence[Outcome]) -> str:
    """The ranked table for a terminal."""
    width = max(len(outcome.parameters.run) for outcome in outcomes)
    lines = [f"{'rank':>4}  {'run':<{width}}  {'corpus':<15}  validation, noise silence (95 % interval)"]
    for row in _rows(outcomes):
        if row["rank"]:
            low, high = row["validation_noise_silence_low"], row["validation_noise_silence_high"]
            figure = f"{100 * row['validation_noise_silence']:6.2f} %  ({100 * low:.2f} to {100 * high:.2f})"
        else:
            figure = row["state"]
        lines.append(f"{row['rank']:>4}  {row['run']:<{width}}  {row['corpus']:<15}  {figure}")
    return "\n".join(lines)
