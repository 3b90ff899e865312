"""What the chapter on robustness shows: pictures and tables of every network that was measured."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kwslib.accuracy import poisson_interval
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import MARKERS, Picture, Theme
from kwslib.studies.robustness_records import ACCEPTS, ALL, FILE, POINTS, Found, Point

NOTHING = Markdown("No network has been measured yet: `kws robustness RUN --data FOLDER` does it.")
FILES = {FILE: "all of it (JSON)", POINTS: "accuracies (CSV)", ACCEPTS: "false accepts (CSV)"}
AXES = {
    "snr": "signal-to-noise ratio, dB",
    "shift": "time shift, ms (positive: later)",
    "level": "gain, dB",
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


def _draw_network(axes: Any, own: pd.DataFrame, colour: str, marker: str, label: str) -> None:
    """Draw the accuracies of one network with their intervals."""
    import seaborn

    seaborn.lineplot(own, x="value", y="accuracy", color=colour, ax=axes, errorbar=None, legend=False)
    errors = [own["accuracy"] - own["low"], own["high"] - own["accuracy"]]
    style = {"fmt": marker, "color": colour, "capsize": 2, "markersize": 4, "label": label}
    axes.errorbar(own["value"], own["accuracy"], yerr=errors, **style)


def curves(every: Sequence[Found], kind: str) -> Picture | Markdown:
    """Show accuracy with Wilson's intervals against a condition, a line a network; ``snr`` has a panel a noise."""
    if not every:
        return NOTHING
    frame = _frame(every, kind).dropna(subset="value")
    panels = list(dict.fromkeys(frame["noise"]))

    def draw(theme: Theme) -> Figure:
        columns = min(PANEL_COLUMNS, len(panels))
        rows = -(-len(panels) // columns)
        figure = Figure(figsize=(6.6, 0.8 + (2.2 * rows if len(panels) > 1 else 3.2)), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes in grid[len(panels) :]:
            axes.axis("off")
        for axes, noise in zip(grid, panels, strict=False):
            panel = frame[frame["noise"] == noise]
            for number, found in enumerate(every):
                colour = theme.series[number % len(theme.series)]
                own = panel[panel["network"] == found.robustness.run]
                _draw_network(axes, own, colour, MARKERS[number % len(MARKERS)], found.robustness.run)
                if kind == "snr":
                    clean = _clean(found.robustness.points).accuracy
                    axes.axhline(clean, color=colour, linestyle=":", linewidth=1)
            if noise:
                axes.set_title(noise, fontsize=10)
            axes.grid(True, linewidth=0.6)
            axes.set(xlabel="", ylabel="")
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        figure.supxlabel(AXES[kind], fontsize=10)
        figure.supylabel("accuracy", fontsize=10)
        handles, names = grid[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=min(3, len(names)))
        return figure

    listed = "; ".join(
        f"{', '.join(filter(None, (row['network'], row['noise'])))}, {row['value']:g}: {row['accuracy']:.1%}"
        for row in frame.to_dict("records")
    )
    return Picture(draw, f"Accuracy against {AXES[kind]}, with 95 % intervals. {listed}.", wide=len(panels) > 1)


def accuracy_table(every: Sequence[Found], kind: str) -> Table | Markdown:
    """Show the accuracies of `curves`: a row a network and noise, a column a value; the downloads have all counts."""
    if not every:
        return NOTHING
    frame = _frame(every, kind)
    rows: list[dict[str, Any]] = []
    for found in every:
        own = [point for point in found.robustness.points if point.kind == kind and point.value is not None]
        for noise in dict.fromkeys(point.noise for point in own):
            row: dict[str, Any] = {"network": found.robustness.run} | ({"noise": noise} if noise else {})
            row |= {(f"{p.value:+g}" if p.value else "0"): f"{100 * p.accuracy:.1f}" for p in own if p.noise == noise}
            if kind == "snr":
                row["clean"] = f"{100 * _clean(found.robustness.points).accuracy:.1f}"
            rows.append(row)
    caption = f"Accuracy in percent of all test clips used, by {AXES[kind]}"
    return Table(frame, f"robustness-{kind}", caption, shown=pd.DataFrame(rows), dense=True)


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
