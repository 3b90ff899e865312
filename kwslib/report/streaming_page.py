"""What the chapter on streams shows: pictures and tables of every network that was measured."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kwslib.accuracy import wilson_interval
from kwslib.config.streams import SNR_DB, TARGETS_PER_HOUR
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import MARKERS, Picture, Theme
from kwslib.studies.streaming_curves import (
    BENCHMARK_FOUND_S,
    BENCHMARK_IGNORED_S,
    BENCHMARK_MERGED_S,
    FOUND_S,
)
from kwslib.studies.streaming_records import ALL, CURVES, FILE, Curve, Found, Streaming

NOTHING = Markdown("No network has been measured yet: `kws streaming RUN --data FOLDER` does it.")
FILES = {FILE: "all of it (JSON)", CURVES: "curves (CSV)"}
NONE_DRAWN_AT = 0.5
"""Where a logarithmic axis shows no false accept: as half of one."""
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


def _xy(one: Streaming, curve: Curve, condition: str) -> tuple[np.ndarray, np.ndarray]:
    accepts = np.maximum(np.array(curve.accepts, float), NONE_DRAWN_AT)
    missed = np.array(curve.missed[condition]) / _words(one, curve.word)
    return accepts / one.extents["report"].hours, missed


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xscale("log")
    axes.grid(True, linewidth=0.6)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _panels(count: int) -> tuple[Figure, list[Any]]:
    columns = min(PANEL_COLUMNS, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(6.6, 0.9 + 2.4 * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel())
    for axes in grid[count:]:
        axes.axis("off")
    return figure, grid[:count]


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

    def draw(theme: Theme) -> Figure:
        figure, panels = _panels(len(every))
        for axes, found in zip(panels, every, strict=True):
            one = found.streaming
            hours = one.extents["report"].hours
            for number, condition in enumerate(one.curve(ALL).missed):
                colour = theme.series[number % len(theme.series)]
                axes.plot(*_xy(one, one.curve(ALL), condition), color=colour, label=condition, linewidth=1.4)
                for target in TARGETS_PER_HOUR:
                    point = one.point(ALL, target)
                    x, lost = max(point.accepts, NONE_DRAWN_AT) / hours, point.missed[condition]
                    low, high = wilson_interval(lost, point.words)
                    style = {"fmt": MARKERS[number % len(MARKERS)], "color": colour, "capsize": 2, "markersize": 4}
                    xerr = [[max(0.0, x - point.low)], [max(0.0, point.high - x)]]
                    share = lost / point.words
                    yerr = [[max(0.0, share - low)], [max(0.0, high - share)]]
                    axes.errorbar([x], [share], xerr=xerr, yerr=yerr, **style)
            _finish(axes, one.run)
        figure.supxlabel("false accepts an hour", fontsize=10)
        figure.supylabel("missed keywords", fontsize=10)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=len(names))
        return figure

    alt = f"Missed keywords against false accepts an hour, a line a signal-to-noise ratio. {_listed(every, ALL)}."
    return Picture(draw, alt, wide=len(every) > 1)


def word_curves(every: Sequence[Found]) -> Picture | Markdown:
    """Show the same for each word with a threshold of its own, at one ratio: a panel a word, a line a network."""
    if not every:
        return NOTHING
    words = [curve.word for curve in every[0].streaming.curves if curve.word != ALL]

    def draw(theme: Theme) -> Figure:
        figure, panels = _panels(len(words))
        for axes, word in zip(panels, words, strict=True):
            for number, found in enumerate(every):
                x, y = _xy(found.streaming, found.streaming.curve(word), WORD_CONDITION)
                axes.plot(
                    x, y, color=theme.series[number % len(theme.series)], label=found.streaming.run, linewidth=1.4
                )
            _finish(axes, word)
        figure.supxlabel("false accepts of this word an hour", fontsize=10)
        figure.supylabel(f"missed, {WORD_CONDITION}", fontsize=10)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=min(3, len(names)))
        return figure

    listed = " ".join(f"{word}: {_listed(every, word)}." for word in words)
    return Picture(
        draw, f"Missed keywords against false accepts an hour, word by word, {WORD_CONDITION}. {listed}", True
    )


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
