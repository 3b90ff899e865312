"""Accuracies with their intervals, side by side or against a cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator, PercentFormatter

from kwslib.report.figures.picture import MARKERS, Picture, Theme, new_figure

MOST_LEGEND_CHARACTERS = 50
"""A legend with longer names than these together gets a line for each."""
MOST_TICKS = 4
"""As many costs are written on an axis, each where it is; of more the axis shows its own round numbers."""


@dataclass(frozen=True)
class Point:
    """An accuracy with its interval (all 0 … 1), the name of what was measured, and its series.

    `cost` is used by `accuracy_against_cost` alone.
    """

    name: str
    series: str
    accuracy: float
    low: float
    high: float
    cost: float = 0.0


def _error_bars(
    axes: Any, points: Sequence[Point], positions: Any, theme: Theme, number: int, horizontal: bool
) -> None:
    values = np.array([point.accuracy for point in points])
    errors = [values - [point.low for point in points], [point.high for point in points] - values]
    style = {
        "fmt": MARKERS[number],
        "color": theme.series[number],
        "capsize": 3,
        "markersize": 6,
        "label": points[0].series,
    }
    if horizontal:
        axes.errorbar(values, positions, xerr=errors, **style)
    else:
        axes.errorbar(positions, values, yerr=errors, **style)


def _by_series(points: Sequence[Point]) -> list[list[Point]]:
    return [[p for p in points if p.series == name] for name in dict.fromkeys(p.series for p in points)]


def _listed(points: Sequence[Point]) -> str:
    return "; ".join(f"{p.name}, {p.series}: {p.accuracy:.1%} ({p.low:.1%} to {p.high:.1%})" for p in points)


def intervals(points: Sequence[Point]) -> Picture:
    """Show accuracies with their intervals, a line a name, a colour and marker a series."""
    names = list(dict.fromkeys(point.name for point in points))
    groups = _by_series(points)

    def draw(theme: Theme) -> Figure:
        figure, axes = new_figure(6.0, 0.8 + 0.42 * max(3, len(names)))
        for number, group in enumerate(groups):
            shift = (number - (len(groups) - 1) / 2) * 0.24
            _error_bars(axes, group, [names.index(p.name) + shift for p in group], theme, number, horizontal=True)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(5))  # more labels would run into each other
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(True, axis="x", linewidth=0.6)
        axes.set_xlabel("accuracy")
        figure.legend(loc="outside upper right", ncols=len(groups))
        return figure

    return Picture(draw, f"Accuracies with 95 % intervals. {_listed(points)}.")


def accuracy_against_cost(points: Sequence[Point], cost: str) -> Picture:
    """Show accuracies with their intervals against a cost on a logarithmic axis; `cost` names it with its unit."""
    groups = _by_series(points)

    def draw(theme: Theme) -> Figure:
        figure, axes = new_figure(6.0, 4.0)
        for number, group in enumerate(groups):
            # Two series at one cost stand side by side.
            positions = [p.cost * 1.05 ** (number - (len(groups) - 1) / 2) for p in group]
            _error_bars(axes, group, positions, theme, number, horizontal=False)
        for name, value in dict.fromkeys((p.name, p.cost) for p in points):
            top = max((p for p in points if (p.name, p.cost) == (name, value)), key=lambda p: p.high)
            axes.annotate(name, (top.cost, top.high), xytext=(0, 6), textcoords="offset points", ha="center")
        axes.set_xscale("log")
        costs = sorted({p.cost for p in points})
        if len(costs) <= MOST_TICKS:  # more of them would run into each other
            axes.set_xticks(costs)
        axes.xaxis.set_major_formatter(EngFormatter(places=1 if len(costs) <= MOST_TICKS else 0, sep=""))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.15, y=0.15)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(True, linewidth=0.6)
        axes.set_xlabel(cost)
        axes.set_ylabel("accuracy")
        # Names that do not fit beside each other stand below each other.
        columns = len(groups) if sum(len(group[0].series) for group in groups) <= MOST_LEGEND_CHARACTERS else 1
        figure.legend(loc="outside upper right", ncols=columns)
        return figure

    return Picture(draw, f"Accuracy against {cost}, with 95 % intervals. {_listed(points)}.")
