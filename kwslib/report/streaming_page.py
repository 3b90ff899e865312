"""What the chapter on streams shows: pictures and tables of every network that was measured."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
import pandas as pd

from kwslib.accuracy import wilson_interval
from kwslib.config.streams import SNR_DB, TARGETS_PER_HOUR
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import CHOSEN, PANEL_WIDTH, WIDTH, Picture, percent, series_lines, series_marks
from kwslib.studies.streaming_curves import (
    BENCHMARK_FOUND_S,
    BENCHMARK_IGNORED_S,
    BENCHMARK_MERGED_S,
    FOUND_S,
)
from kwslib.studies.streaming_records import ALL, CURVES, FILE, Found, Streaming

NOTHING = Markdown("No network has been measured yet: `kws streaming RUN --data FOLDER` does it.")
FILES = {FILE: "all of it (JSON)", CURVES: "curves (CSV)"}
NONE_DRAWN_AT = 0.5
"""Where a logarithmic axis shows no false accept: as half of one."""
SMALLEST_STEP = 0.02
"""A curve is drawn through thresholds that differ by so much: in missed keywords, or in the logarithm of the rate."""
LINE_FACTS = (
    "datum.series + '\\nthreshold ' + format(datum.threshold, '.3f') + '\\n' + format(datum.rate, '.2~f')"
    " + ' false accepts an hour\\nmissed ' + format(datum.missed, '.1%')"
)
"""What the pointer shows, in Vega's expressions."""
WORD_CONDITION = f"{SNR_DB[1]:g} dB"
"""Condition of the curves of single words."""
PANEL_COLUMNS = 3
DEFAULT = "default"
"""In place of a rate: the default threshold of `kws listen`."""
KIND_TEXTS = {"gain": "gain, dB", "offset": "DC offset, of full scale", "clipped": "clipped at, of the loudest sample"}


def texts() -> dict[str, str]:
    """Numbers of the method, for prose."""
    return {
        "found": f"{FOUND_S:g}",
        "benchmark_found": f"{BENCHMARK_FOUND_S:g}",
        "benchmark_ignored": f"{BENCHMARK_IGNORED_S:g}",
        "benchmark_merged": f"{BENCHMARK_MERGED_S:g}",
        "targets": ", ".join(f"{target:g}" for target in TARGETS_PER_HOUR if target is not None),
        "ratios": ", ".join(f"{ratio:g}" for ratio in SNR_DB[:-1]) + f" and {SNR_DB[-1]:g} dB",
        "word_condition": WORD_CONDITION,
    }


def badges(every: Sequence[Found]) -> Html | Markdown:
    """Say for every study whether it is fresh or recorded, how much it heard, when and where it was made."""
    if not every:
        return NOTHING
    return elements.join(_badge(found) for found in every)


def _badge(found: Found) -> Html:
    one, state, report = found.streaming, "recorded" if found.recorded else "fresh", found.streaming.extents["report"]
    text = elements.fill(
        "Network of run <code>{{ run }}</code>, {{ hours }} hours without keywords and {{ words }} keywords under each "
        "condition, seed {{ seed }}: {{ date }}, commit {{ commit }}.",
        run=one.run,
        hours=f"{report.hours:.2f}",
        words=report.words,
        seed=one.study.seed,
        date=one.provenance.date,
        commit=one.provenance.short_commit + (", with changes" if one.provenance.dirty else ""),
    )
    return elements.note(state, f"{state.capitalize()} results", text, one.corpus.name)


def _words(one: Streaming, word: str) -> int:
    extent = one.extents["report"]
    return extent.words if word == ALL else extent.words_by_label[word]


def _line(one: Streaming, word: str, condition: str, series: str) -> pd.DataFrame:
    """The curve of a word under a condition; thresholds that change next to nothing are left out."""
    curve, hours, words = one.curve(word), one.extents["report"].hours, _words(one, word)
    rates = [_drawn(accepts, hours) for accepts in curve.accepts]
    missed = [lost / words for lost in curve.missed[condition]]
    kept = [0]
    for place in range(1, len(rates)):
        steps = missed[place] - missed[kept[-1]], math.log(rates[place] / rates[kept[-1]])
        if max(map(abs, steps)) > SMALLEST_STEP:
            kept.append(place)
    rows = ((series, curve.thresholds[at], float(f"{rates[at]:.4g}"), round(missed[at], 4)) for at in kept)
    return pd.DataFrame(rows, columns=["series", "threshold", "rate", "missed"])


def _drawn_line(frame: pd.DataFrame, x: alt.X, y: alt.Y, series: list[str]) -> alt.Chart:
    drawn = alt.Chart(frame).transform_calculate(facts=LINE_FACTS).mark_line(strokeWidth=1.4)
    line: alt.Chart = drawn.encode(x=x, y=y, order="threshold:Q", tooltip="facts:N", **series_lines(series))
    return line


def _drawn(accepts: float, hours: float) -> float:
    return max(accepts, NONE_DRAWN_AT) / hours


def _axes(hours: float, most: float, first: bool, titles: tuple[str, str]) -> tuple[alt.X, alt.Y]:
    """The axes of a panel; panels beside the first one have no words at theirs."""
    ends = [NONE_DRAWN_AT / hours / 1.2, most * 1.2]
    powers = alt.Axis(values=[10.0**power for power in range(-3, 6)], format="~r")
    rates = alt.Scale(type="log", domain=ends, nice=False)
    shares = alt.Axis(format="~%", tickCount=6, labels=first, ticks=first)
    return (
        alt.X("rate:Q", title=titles[0], scale=rates, axis=powers),
        alt.Y("missed:Q", title=titles[1] if first else None, scale=alt.Scale(domain=[0, 1]), axis=shares),
    )


def _listed(every: Sequence[Found], word: str) -> str:
    return "; ".join(
        f"{found.streaming.run}, {point.word}, wanted an hour {wanted(point.target_per_hour)}: "
        f"{point.per_hour:.2f} an hour, missed "
        + ", ".join(f"{100 * lost / point.words:.1f} % ({name})" for name, lost in point.missed.items())
        for found in every
        for point in found.streaming.points
        if point.word == word
    )


def curves(every: Sequence[Found]) -> Picture | Markdown:
    """Show missed keywords against false accepts an hour, all words with one threshold: a panel a network."""
    if not every:
        return NOTHING
    hours = max(found.streaming.extents["report"].hours for found in every)
    conditions = list(dict.fromkeys(name for found in every for name in found.streaming.curve(ALL).missed))
    lines = [
        pd.concat([_line(found.streaming, ALL, name, name) for name in found.streaming.curve(ALL).missed])
        for found in every
    ]
    most = max(frame["rate"].max() for frame in lines)
    panels = []
    for number, (found, frame) in enumerate(zip(every, lines, strict=True)):
        x, y = _axes(hours, most, number == 0, ("false accepts an hour", "missed keywords"))
        line = _drawn_line(frame, x, y, conditions)
        base = alt.Chart(pd.DataFrame(_operating(found.streaming))).encode(tooltip="facts:N")
        spans = series_lines(conditions)
        points = base.mark_point(filled=True, size=50).encode(x=x, y=y, **series_marks(conditions))
        across = base.mark_rule().encode(x="rate_low:Q", x2="rate_high:Q", y=y, **spans)
        up = base.mark_rule().encode(x=x, y="missed_low:Q", y2="missed_high:Q", **spans)
        panels.append(_panel(alt.layer(line, across, up, points), found.streaming.run, len(every)))
    alt_text = f"Missed keywords against false accepts an hour, a line a signal-to-noise ratio. {_listed(every, ALL)}."
    return Picture(_together(panels), alt_text)


def _operating(one: Streaming) -> list[dict[str, Any]]:
    """The operating points of all words, with the ends of both intervals."""
    hours, rows = one.extents["report"].hours, []
    for target in TARGETS_PER_HOUR:
        point = one.point(ALL, target)
        for condition, lost in point.missed.items():
            low, high = wilson_interval(lost, point.words)
            said = f"{one.run}, {condition}, wanted: {wanted(target)}\n{point.per_hour:.2f} false accepts an hour"
            rows.append(
                {
                    "series": condition,
                    "rate": _drawn(point.accepts, hours),
                    "rate_low": max(point.low, NONE_DRAWN_AT / hours),
                    "rate_high": max(point.high, NONE_DRAWN_AT / hours),
                    "missed": lost / point.words,
                    "missed_low": low,
                    "missed_high": high,
                    "facts": f"{said} ({point.low:.2f} to {point.high:.2f})\nmissed {percent(lost / point.words)}",
                }
            )
    return rows


def _panel(chart: Any, title: str, count: int) -> Any:
    width = WIDTH if count == 1 else PANEL_WIDTH
    return chart.properties(width=width, height=WIDTH // 2 if count == 1 else PANEL_WIDTH, title=title)


def _together(panels: Sequence[Any]) -> Any:
    return alt.concat(panels[0].add_params(CHOSEN), *panels[1:], columns=PANEL_COLUMNS)


def word_curves(every: Sequence[Found]) -> Picture | Markdown:
    """Show missed keywords against false accepts an hour at a middle noise, a panel a word, a line a network."""
    if not every:
        return NOTHING
    words = [curve.word for curve in every[0].streaming.curves if curve.word != ALL]
    hours = max(found.streaming.extents["report"].hours for found in every)
    networks = [found.streaming.run for found in every]
    titles = ("false accepts of the word an hour", f"missed, {WORD_CONDITION}")
    lines = {
        word: pd.concat([_line(one.streaming, word, WORD_CONDITION, one.streaming.run) for one in every])
        for word in words
    }
    most = max(frame["rate"].max() for frame in lines.values())
    panels = []
    for number, (word, frame) in enumerate(lines.items()):
        x, y = _axes(hours, most, number % PANEL_COLUMNS == 0, titles)
        panels.append(_panel(_drawn_line(frame, x, y, networks), word, len(words)))
    listed = " ".join(f"{word}: {_listed(every, word)}." for word in words)
    told = f"Missed keywords against false accepts an hour, word by word, {WORD_CONDITION}. {listed}"
    return Picture(_together(panels), told)


def _points(every: Sequence[Found], chosen: Callable[[str], bool]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield full rows and what the page shows of them."""
    for found in every:
        for point in found.streaming.points:
            if not chosen(point.word):
                continue
            plain = {"network": found.streaming.run} | asdict(point)
            missed = plain.pop("missed")
            full = plain | {f"missed, {name}": lost for name, lost in missed.items()}
            shown = {"network": found.streaming.run} | ({"word": point.word} if point.word != ALL else {})
            shown |= {
                "wanted an hour": wanted(point.target_per_hour),
                "threshold": f"{point.threshold:.3f}",
                "an hour": f"{point.per_hour:.2f}",
                "95 % interval": f"{point.low:.2f}–{point.high:.2f}",
            }
            shown |= {f"missed, {name}": f"{100 * lost / point.words:.1f} %" for name, lost in missed.items()}
            if point.word == ALL:
                shown |= {"latency, ms": _ms(point.latency_median_s), "in 90 %, ms": _ms(point.latency_p90_s)}
            yield full, shown


def wanted(per_hour: float | None) -> str:
    """How a table shows for which rate a threshold was chosen."""
    return DEFAULT if per_hour is None else f"{per_hour:g}"


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.0f}"


def _table(rows: Sequence[tuple[dict, dict]], name: str, caption: str) -> Table:
    full, shown = zip(*rows, strict=True)
    return Table(pd.DataFrame(full), f"streaming-{name}", caption, shown=pd.DataFrame(shown), dense=True)


def points_table(every: Sequence[Found]) -> Table | Markdown:
    """Show all words' operating points, with the latency of detection."""
    if not every:
        return NOTHING
    rows = list(_points(every, lambda word: word == ALL))
    return _table(rows, "points", "One threshold for all words, chosen on validation")


def word_points_table(every: Sequence[Found]) -> Table | Markdown:
    """Show the operating points of each word alone."""
    if not every:
        return NOTHING
    rows = list(_points(every, lambda word: word != ALL))
    return _table(rows, "words", "A threshold for each word, chosen on validation")


def kinds_table(every: Sequence[Found]) -> Table | Markdown:
    """Show in which kind of sound the false accepts are."""
    if not every:
        return NOTHING
    rows = []
    for found in every:
        for kind in found.streaming.kinds:
            full = {"network": found.streaming.run} | asdict(kind)
            shown = {
                "network": found.streaming.run,
                "wanted an hour": wanted(kind.target_per_hour),
                "sound": kind.kind,
                "hours": f"{kind.hours:.2f}",
                "false accepts": kind.accepts,
                "an hour": f"{kind.per_hour:.2f}",
                "95 % interval": f"{kind.low:.2f}–{kind.high:.2f}",
            }
            rows.append((full, shown))
    return _table(rows, "kinds", "False accepts by kind of sound")
