"""The rest of the chapter on streams: place in the window, levels, the benchmark's stream, own recordings, method."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
import pandas as pd

from kwslib.report import elements
from kwslib.report.elements import Markdown, Table
from kwslib.report.figures.picture import CHOSEN, WIDTH, Picture, percent, series_lines, series_marks
from kwslib.report.streaming_page import FILES, KIND_TEXTS, NOTHING, wanted
from kwslib.studies.streaming_curves import PLACES
from kwslib.studies.streaming_records import ALL, Found, Streaming, replaced

EQUAL_RATES_PER_HOUR = (100, 30, 10)
"""False accepts an hour at which a network stands beside the one that it replaced."""


def places(every: Sequence[Found]) -> Picture | Markdown:
    """Show the share of right decisions against the place of the word's middle in the window."""
    if not every:
        return NOTHING

    frame = pd.DataFrame(
        {
            "series": found.streaming.run,
            "place": row.begin_s + 0.5 / PLACES,
            "right": row.right / row.decisions,
            "facts": f"{found.streaming.run}, {row.begin_s:.2f} s: {row.right} of {row.decisions} decisions right",
        }
        for found in every
        for row in found.streaming.places
        if row.decisions
    )
    networks = [found.streaming.run for found in every]
    title = "middle of the word, seconds after the beginning of the window"
    base = alt.Chart(frame).encode(
        x=alt.X("place:Q", title=title, scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("right:Q", title="right decisions", axis=alt.Axis(format="~%", tickCount=6)),
    )
    lines = base.mark_line(strokeWidth=1.4).encode(**series_lines(networks))
    marks = base.mark_point(filled=True, size=36).encode(tooltip="facts:N", **series_marks(networks))
    chart = alt.layer(lines, marks.add_params(CHOSEN)).properties(width=WIDTH, height=220)
    listed = "; ".join(
        f"{found.streaming.run}, {row.begin_s:.2f} s: {row.right / row.decisions:.0%}"
        for found in every
        for row in found.streaming.places
        if row.decisions
    )
    return Picture(chart, f"Right decisions by the place of the word in the window. {listed}.")


def replaced_table(every: Sequence[Found]) -> Table | Markdown:
    """Show the released networks beside those that they replaced: missed keywords at equal rates of false accepts."""
    rows: list[dict[str, Any]] = []
    for found in every:
        before = replaced(found.folder.parent.name) if found.recorded else None
        if before is None:
            continue
        for rate in EQUAL_RATES_PER_HOUR:
            rows += [_at_rate(one, state, rate) for state, one in (("before", before), ("now", found.streaming))]
    if not rows:
        return Markdown("No released network has replaced another one that was measured.")
    frame = pd.DataFrame(rows)
    shares = [name for name in frame.columns if name.startswith("missed")]
    shown = frame.assign(**{name: frame[name].map(elements.or_dash(percent)) for name in shares})
    shown["threshold"] = frame["threshold"].map(elements.or_dash("{:.3f}".format))
    caption = "Missed keywords at equal rates of false accepts, before and now"
    return Table(frame, "streaming-replaced", caption, shown=shown, dense=True)


def _at_rate(one: Streaming, state: str, rate_per_hour: float) -> dict[str, Any]:
    """Missed keywords at the least threshold that keeps the false accepts of the same sound within a rate."""
    curve, extent = one.curve(ALL), one.extents["report"]
    place = curve.place_of(rate_per_hour * extent.hours)
    row = {"network": f"{one.size}, {state}", "commit": one.provenance.short_commit, "at most an hour": rate_per_hour}
    row["threshold"] = None if place is None else curve.thresholds[place]
    shares = {name: None if place is None else lost[place] / extent.words for name, lost in curve.missed.items()}
    return row | {f"missed, {name}": share for name, share in shares.items()}


def levels_table(every: Sequence[Found]) -> Table | Markdown:
    """Show what levels, offsets and clipping do, and whether a word or class takes more than its share."""
    if not every:
        return NOTHING
    full = pd.DataFrame(
        [{"network": found.streaming.run} | asdict(level) for found in every for level in found.streaming.levels]
    )
    words = zip(full["largest_word"], full["largest_share"], strict=True)
    winners = zip(full["winner"], full["winner_share"], strict=True)
    shown = pd.DataFrame(
        {
            "network": full["network"],
            "change": full["kind"].map(KIND_TEXTS),
            "value": [f"{value:g}" for value in full["value"]],
            "found": [f"{found} of {words}" for found, words in zip(full["found"], full["words"], strict=True)],
            "events": full["events"],
            "most frequent word": [_share(*row) for row in words],
            "class that wins most": [_share(*row) for row in winners],
        }
    )
    return Table(full, "streaming-levels", "The same keywords at other levels", shown=shown, dense=True)


def _share(name: str, share: float) -> str:
    return f"{name}, {100 * share:.0f} %" if name else "–"


def benchmark_table(every: Sequence[Found]) -> Table | Markdown:
    """Show hits, misses and false alarms on the stream of MLPerf Tiny's kind."""
    if not every:
        return NOTHING
    rows = [{"network": found.streaming.run} | asdict(row) for found in every for row in found.streaming.benchmark]
    frame = pd.DataFrame(rows)
    shown = frame.assign(target_per_hour=[wanted(row["target_per_hour"]) for row in rows])
    shown = shown.rename(columns={"target_per_hour": "wanted an hour", "false_alarms": "false alarms"})
    return Table(frame, "streaming-benchmark", "A stream of MLPerf Tiny's kind", shown=shown)


def ambient_table(every: Sequence[Found]) -> Table | Markdown:
    """Show false accepts on people's own recordings, where somebody has measured them."""
    rows = [
        {"network": found.streaming.run}
        | {name: value for name, value in asdict(row).items() if name != "by_word"}
        | {"target_per_hour": wanted(row.target_per_hour)}
        for found in every
        for row in found.streaming.ambient
    ]
    if not rows:
        return Markdown("No recordings of this kind were scored.")
    return Table(pd.DataFrame(rows), "streaming-ambient", "False accepts in other recordings")


def smoothing_table(every: Sequence[Found]) -> Table | Markdown:
    """Show what validation says of each number of smoothed hops."""
    if not every:
        return NOTHING
    rows = [
        {"network": found.streaming.run, "chosen": "yes" if row.hops == found.streaming.smoothing_hops else ""}
        | asdict(row)
        for found in every
        for row in found.streaming.smoothings
    ]
    frame = pd.DataFrame(rows)
    frame["miss_rate"] = frame["missed"] / frame["words"]
    shown = pd.DataFrame(
        {
            "network": frame["network"],
            "hops averaged": frame["hops"],
            "false accepts an hour": [f"at most {value:g}" for value in frame["per_hour"]],
            "threshold": [f"{value:.3f}" for value in frame["threshold"]],
            "missed": [f"{100 * value:.1f} %" for value in frame["miss_rate"]],
            "chosen": frame["chosen"],
        }
    )
    return Table(frame, "streaming-smoothing", "Smoothing, on validation, all ratios together", shown=shown)


def notes(every: Sequence[Found]) -> Table | Markdown:
    """Show how much each study heard, and how events are made."""
    if not every:
        return NOTHING
    rows = []
    for found in every:
        one = found.streaming
        rows.append(
            {
                "network": one.run,
                "hop, ms": one.study.hop_ms,
                "refractory, ms": one.refractory_ms,
                "suppression, ms": one.suppression_ms,
                "hours, choice": f"{one.extents['choice'].hours:.2f}",
                "keywords, choice": one.extents["choice"].words,
                "hours, report": f"{one.extents['report'].hours:.2f}",
                "keywords, report": one.extents["report"].words,
                "seed": one.study.seed,
            }
        )
    return Table(pd.DataFrame(rows), "streaming-notes", "What was heard")


def downloads(every: Sequence[Found]) -> Markdown:
    """Return links to the files of every study."""
    if not every:
        return NOTHING
    return Markdown("\n\n".join(f"`{f.streaming.run}`:\n\n{elements.links(f.folder, FILES).text}" for f in every))
