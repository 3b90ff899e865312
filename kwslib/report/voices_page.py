"""What the chapter on own words shows of the study of synthetic voices: a table, and a picture."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import CHOSEN, WIDTH, Picture, percent, series_lines, series_marks
from kwslib.speech.corpus import SILENCE_PROTOCOLS
from kwslib.studies.voices_rows import ROWS
from kwslib.studies.voices_study import Result

NOTHING = Markdown(
    "**This study is not recorded yet.** `kws words-study --data FOLDER` measures it row by row; `--record` keeps it."
)
SHOWN = SILENCE_PROTOCOLS[1]
"""The protocol of the picture: silence is noise."""
SERIES = {True: "with synthetic voices", False: "recordings alone"}


def badge(results: Sequence[Result]) -> Html | Markdown:
    """Say how many trainings there are, with which seeds and steps, and where they were made."""
    if not results:
        return NOTHING
    seeds = ", ".join(str(seed) for seed in sorted({one.seed for one in results}))
    steps = ", ".join(str(count) for count in sorted({one.steps for one in results}))
    commits = ", ".join(sorted({one.provenance.short_commit for one in results}))
    dates = sorted(one.provenance.date[:10] for one in results)
    lacking = [name for name in ROWS if name not in {one.row for one in results}]
    text = (
        f"{len(results)} trainings of {steps} steps, seeds {seeds}: {dates[0]} to {dates[-1]}, commits {commits}. "
        "The test is Speech Commands' own test split: people, not voices."
        + (f" Not measured yet: {', '.join(lacking)}." if lacking else "")
    )
    return elements.note("recorded", "Recorded results", text, "trained on synthetic voices, tested on Speech Commands")


def table(results: Sequence[Result]) -> Table | Markdown:
    """Show every training: what it learned from, and how right it is on recordings of people."""
    if not results:
        return NOTHING
    full, shown = [], []
    for one in results:
        row, (low, high) = ROWS[one.row], one.validation.interval
        base: dict[str, Any] = {"trained on": row.meaning, "seed": one.seed, "training clips": one.train_clips}
        whole = base | {"row": one.row, "steps": one.steps, "recordings": one.train_recordings}
        whole |= {"validation clips": one.validation.clips, "validation accuracy": one.validation.share}
        whole |= {"validation low": low, "validation high": high}
        seen = base | {"validation, its own kind": f"{100 * one.validation.share:.2f} %"}
        for silence in SILENCE_PROTOCOLS:
            count = one.test[silence]
            low, high = count.interval
            whole |= {f"test accuracy, {silence}": count.share, f"low, {silence}": low, f"high, {silence}": high}
            seen[f"test on people, {silence}"] = f"{100 * count.share:.2f} % ({100 * low:.2f}–{100 * high:.2f})"
        full.append(whole)
        shown.append(seen)
    caption = "What synthetic voices are worth: ten keywords, tested on Speech Commands"
    return Table(pd.DataFrame(full), "voices-study", caption, shown=pd.DataFrame(shown), dense=True)


def picture(results: Sequence[Result]) -> Picture | Markdown:
    """Show test accuracy on people against recordings a word, with and without synthetic voices."""
    if not results:
        return NOTHING
    rows = []
    for one in results:
        row, (low, high) = ROWS[one.row], one.test[SHOWN].interval
        share = one.test[SHOWN].share
        said = f"{row.meaning}\n{percent(share, 2)} ({percent(low)} to {percent(high)}), seed {one.seed}"
        shown = {"recordings": row.recordings, "series": SERIES[row.voices], "facts": said}
        rows.append(shown | {"right": share, "low": low, "high": high})
    series = list(SERIES.values())
    y: dict[str, Any] = {"title": f"right on people ({SHOWN})", "axis": alt.Axis(format="~%", tickCount=6)}
    x = alt.X("recordings:O", title="recordings of each word", axis=alt.Axis(labelAngle=0))
    base = alt.Chart(pd.DataFrame(rows)).encode(x=x, xOffset="series:N", tooltip="facts:N")
    spans = base.mark_rule().encode(y=alt.Y("low:Q", **y), y2="high:Q", **series_lines(series))
    marks = base.mark_point(filled=True, size=60).encode(y=alt.Y("right:Q", **y), **series_marks(series))
    chart = alt.layer(spans, marks.add_params(CHOSEN)).properties(width=WIDTH, height=240)
    listed = "; ".join(f"{ROWS[one.row].meaning}: {percent(one.test[SHOWN].share, 2)}" for one in results)
    return Picture(chart, f"Test accuracy on recordings of people by what a network was trained on. {listed}.")
