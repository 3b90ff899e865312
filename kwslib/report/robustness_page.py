"""What the chapter on robustness shows: pictures and tables of every network that was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
import pandas as pd

from kwslib.accuracy import poisson_interval
from kwslib.config.streams import SNR_DB
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import (
    CHOSEN,
    PANEL_WIDTH,
    WIDTH,
    Picture,
    percent,
    series_lines,
    series_marks,
)
from kwslib.studies.robustness_records import ACCEPTS, ALL, FILE, POINTS, Found, Point, Robustness, replaced

NOTHING = Markdown("No network has been measured yet: `kws robustness RUN --data FOLDER` does it.")
FILES = {FILE: "all of it (JSON)", POINTS: "accuracies (CSV)", ACCEPTS: "false accepts (CSV)"}
AXES = {
    "snr": "signal-to-noise ratio, dB",
    "shift": "time shift, ms (positive: later)",
    "level": "gain, dB",
    "reverberation": "reverberation time, ms",
}
PANEL_COLUMNS = 3


def badges(every: Sequence[Found]) -> Html | Markdown:
    """Say for every measurement whether it is fresh or recorded, its network and speech, when and where it was made."""
    if not every:
        return NOTHING
    return elements.join(_badge(found) for found in every)


def _badge(found: Found) -> Html:
    robustness, state = found.robustness, "recorded" if found.recorded else "fresh"
    made = robustness.provenance
    text = elements.fill(
        "Network of run <code>{{ run }}</code>, {{ clips }} test clips, seed {{ seed }}: {{ date }}, "
        "commit {{ commit }}. Background noise in its training: {{ noise }}.",
        run=robustness.run,
        clips=robustness.clips,
        seed=robustness.seed,
        date=made.date,
        commit=made.short_commit + (", with changes" if made.dirty else ""),
        noise=robustness.noise_in_training,
    )
    return elements.note(state, f"{state.capitalize()} results", text, robustness.corpus.name)


def having(every: Sequence[Found], kind: str) -> list[Found]:
    """Those of which a condition was measured."""
    return [found for found in every if any(point.kind == kind for point in found.robustness.points)]


def _frame(every: Sequence[Found], kind: str) -> pd.DataFrame:
    rows = [
        {"network": found.robustness.run} | asdict(point)
        for found in every
        for point in found.robustness.points
        if point.kind == kind
    ]
    return pd.DataFrame(rows).drop(columns="kind")


def _clean(points: Sequence[Point]) -> Point:
    return next(point for point in points if point.kind == "snr" and point.value is None)


def curves(every: Sequence[Found], kind: str) -> Picture | Markdown:
    """Show accuracy with Wilson's intervals against a condition, a line a network; ``snr`` has a panel a noise."""
    every = having(every, kind)
    if not every:
        return NOTHING
    frame = _frame(every, kind).dropna(subset="value").rename(columns={"network": "series"})
    panels = list(dict.fromkeys(frame["noise"]))
    clean = {found.robustness.run: _clean(found.robustness.points).accuracy for found in every}
    shown = frame[["series", "noise", "value", "accuracy", "low", "high"]].copy()
    shown["facts"] = [_facts(row, kind) for row in frame.to_dict("records")]
    if kind == "snr":
        shown["clean"] = shown["series"].map(clean)
    chart = _chart(shown, list(clean), kind)
    if len(panels) > 1:
        size = {"width": PANEL_WIDTH, "height": PANEL_WIDTH}
        header = alt.Facet("noise:N", sort=panels, title=None)
        chart = chart.properties(**size).facet(header, columns=PANEL_COLUMNS)
    else:
        chart = chart.properties(width=WIDTH, height=240)
    listed = "; ".join(
        f"{', '.join(filter(None, (row['series'], row['noise'])))}, {row['value']:g}: {percent(row['accuracy'])}"
        for row in frame.to_dict("records")
    )
    return Picture(chart, f"Accuracy against {AXES[kind]}, with 95 % intervals. {listed}.")


def _facts(row: Mapping[Any, Any], kind: str) -> str:
    where = ", ".join(filter(None, (row["series"], row["noise"])))
    spread = f"{percent(row['low'])} to {percent(row['high'])}"
    return f"{where}\n{AXES[kind]}: {row['value']:g}\n{percent(row['accuracy'])} ({spread})"


def _chart(frame: pd.DataFrame, networks: list[str], kind: str) -> Any:
    """Lines and intervals, and where there is such a thing the accuracy without the condition, dotted."""
    y: dict[str, Any] = {
        "title": "accuracy",
        "axis": alt.Axis(format="~%", tickCount=6),
        "scale": alt.Scale(zero=False),
    }
    base = alt.Chart().encode(x=alt.X("value:Q", title=AXES[kind], scale=alt.Scale(zero=False, padding=6)))
    lines, marks = series_lines(networks), series_marks(networks)
    layers = [
        base.mark_line(strokeWidth=1.4).encode(y=alt.Y("accuracy:Q", **y), **lines),
        base.mark_rule().encode(y=alt.Y("low:Q", **y), y2="high:Q", **lines),
        base.mark_point(filled=True, size=36).encode(y=alt.Y("accuracy:Q", **y), tooltip="facts:N", **marks),
    ]
    if "clean" in frame:
        once = alt.Chart().transform_aggregate(clean="max(clean)", groupby=["series", "noise"])
        layers.insert(0, once.mark_rule(strokeDash=[2, 3]).encode(y=alt.Y("clean:Q", **y), **lines))
    return alt.layer(*layers[:-1], layers[-1].add_params(CHOSEN), data=frame)


def accuracy_table(every: Sequence[Found], kind: str) -> Table | Markdown:
    """Show the accuracies of `curves`: a row a network and noise, a column a value; the downloads have all counts."""
    every = having(every, kind)
    if not every:
        return NOTHING
    frame = _frame(every, kind)
    rows: list[dict[str, Any]] = []
    for found in every:
        own = [point for point in found.robustness.points if point.kind == kind and point.value is not None]
        for noise in dict.fromkeys(point.noise for point in own):
            row: dict[str, Any] = {"network": found.robustness.run} | ({"noise": noise} if noise else {})
            form = "{:g}" if kind == "reverberation" else "{:+g}"
            row |= {
                (form.format(p.value) if p.value else "0"): f"{100 * p.accuracy:.1f}" for p in own if p.noise == noise
            }
            if kind == "snr":
                row["clean"] = f"{100 * _clean(found.robustness.points).accuracy:.1f}"
            rows.append(row)
    caption = f"Accuracy in percent of all test clips used, by {AXES[kind]}"
    return Table(frame, f"robustness-{kind}", caption, shown=pd.DataFrame(rows), dense=True)


GROUPS = ("keyword", "unknown", "silence")


def _in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the shares behind the first two columns in percent, and a dash where nothing was measured."""
    shown = frame.copy()
    for column in shown.columns[2:]:
        shown[column] = shown[column].map(elements.or_dash(lambda share: f"{100 * share:.1f}"))
    return shown


def groups_table(every: Sequence[Found]) -> Table | Markdown:
    """Show which clips noise costs: the recall of keywords, other words and silence, mean over the noises."""
    if not every:
        return NOTHING
    rows: list[dict[str, Any]] = []
    for found in every:
        for group in GROUPS:
            row: dict[str, Any] = {"network": found.robustness.run, "clips": group}
            for value in (*SNR_DB, None):
                own = [p for p in found.robustness.points if p.kind == "snr" and p.value == value]
                right = [getattr(p, f"{group}_correct") / getattr(p, f"{group}_clips") for p in own]
                row["clean" if value is None else f"{value:g} dB"] = sum(right) / len(right) if right else None
            rows.append(row)
    frame = pd.DataFrame(rows)
    caption = "Recall in percent in noise, mean over the noises: keywords, other words, silence"
    return Table(frame, "robustness-groups", caption, shown=_in_percent(frame), dense=True)


def replaced_table(every: Sequence[Found]) -> Table | Markdown:
    """Show the released networks beside those that they replaced: accuracy without noise, and in it.

    In noise it is the mean over the recordings that both were measured in.
    """
    rows: list[dict[str, Any]] = []
    for found in every:
        before = replaced(found.folder.parent.name) if found.recorded else None
        if before is None:
            continue
        both = _noises(before) & _noises(found.robustness)
        for state, one in (("before", before), ("now", found.robustness)):
            row: dict[str, Any] = {"network": f"{one.size}, {state}", "commit": one.provenance.short_commit}
            row["clean"] = _clean(one.points).accuracy
            for value in SNR_DB:
                own = [p.accuracy for p in one.points if p.kind == "snr" and p.value == value and p.noise in both]
                row[f"{value:g} dB"] = sum(own) / len(own) if own else None
            rows.append(row)
    if not rows:
        return Markdown("No released network has replaced another one that was measured.")
    frame = pd.DataFrame(rows)
    caption = "Accuracy in percent in the held-out noise, mean over the recordings, before and now"
    return Table(frame, "robustness-replaced", caption, shown=_in_percent(frame), dense=True)


def _noises(one: Robustness) -> set[str]:
    return {point.noise for point in one.points if point.kind == "snr" and point.noise}


def accepts_table(every: Sequence[Found]) -> Table | Markdown:
    """Show the keywords detected in the held-out noise, a row a network and threshold, all recordings together."""
    if not every:
        return NOTHING
    rows = [
        {"network": found.robustness.run} | asdict(row) for found in every for row in found.robustness.false_accepts
    ]
    frame = pd.DataFrame(rows).rename(columns={"low": "lowest_per_hour", "high": "highest_per_hour"})
    total = frame[frame["noise"] == ALL]
    shown = pd.DataFrame(
        {
            "network": total["network"],
            "probability": [f"at least {value:g}" if value else "any: the winner" for value in total["threshold"]],
            "decisions": total["decisions"],
            "false accepts": total["accepts"],
            "minutes": [f"{60 * hours:.2f}" for hours in total["hours"]],
            "per hour": [f"{rate:.1f}" for rate in total["per_hour"]],
            "95 % interval per hour": [
                f"{low:.1f}–{high:.1f}"
                for low, high in zip(total["lowest_per_hour"], total["highest_per_hour"], strict=True)
            ],
        }
    )
    return Table(frame, "robustness-false-accepts", "Keywords heard where nobody speaks", shown=shown)


def accepts_note(every: Sequence[Found]) -> Markdown:
    """Say how little sound there is, and what that means for the interval."""
    if not every:
        return NOTHING
    one = next(row for row in every[0].robustness.false_accepts if row.noise == ALL)
    none = poisson_interval(0)[1] / one.hours
    return Markdown(
        f"All held-out parts together last {60 * one.hours:.2f} minutes, {one.decisions} decisions. So little sound "
        f"says little: even without a false accept, the interval reaches up to {none:.0f} an hour. "
        "Neighbouring decisions share half of their sound, so the counts vary more than Poisson's law says."
    )


def notes(every: Sequence[Found]) -> Table | Markdown:
    """Show what each measurement used, a row a network: clips, seed, substitutes, mixtures turned down."""
    if not every:
        return NOTHING
    rows = []
    for found in every:
        one = found.robustness
        mixtures = [point for point in one.points if point.kind == "snr" and point.value is not None]
        rows.append(
            {
                "network": one.run,
                "test clips": one.clips,
                "seed": one.seed,
                "words of digital silence": one.without_signal,
                "mixtures": sum(point.clips for point in mixtures),
                "turned down": sum(point.limited for point in mixtures),
                "noise in training": one.noise_in_training,
            }
        )
    return Table(pd.DataFrame(rows), "robustness-notes", "What was measured")


def downloads(every: Sequence[Found]) -> Markdown:
    """Return links to the files of every measurement."""
    if not every:
        return NOTHING
    return Markdown("\n\n".join(f"`{f.robustness.run}`:\n\n{elements.links(f.folder, FILES).text}" for f in every))
