"""What the chapter on own words shows of the study of synthetic voices: a table, and a picture."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import MARKERS, Picture, Theme
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
    places = {count: place for place, count in enumerate(sorted({row.recordings for row in ROWS.values()}))}

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(6.6, 3.4), layout="constrained")
        axes = figure.subplots()
        for number, (voices, name) in enumerate(SERIES.items()):
            own = [one for one in results if ROWS[one.row].voices == voices]
            for first, one in enumerate(own):
                count = one.test[SHOWN]
                low, high = count.interval
                axes.errorbar(
                    [places[ROWS[one.row].recordings]],
                    [100 * count.share],
                    yerr=[[100 * (count.share - low)], [100 * (high - count.share)]],
                    fmt=MARKERS[number],
                    color=theme.series[number],
                    capsize=3,
                    label=name if first == 0 else None,
                )
        axes.set_xticks(list(places.values()), [str(count) for count in places])
        axes.set(xlabel="recordings of each word", ylabel=f"right on people, % ({SHOWN})")
        axes.grid(True, axis="y", linewidth=0.6)
        axes.legend(frameon=False)
        return figure

    listed = "; ".join(f"{ROWS[one.row].meaning}: {100 * one.test[SHOWN].share:.2f} %" for one in results)
    return Picture(draw, f"Test accuracy on recordings of people by what a network was trained on. {listed}.")
