"""Accuracies with their intervals, side by side or against a cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from kwslib.report.figures.picture import CHOSEN, WIDTH, Picture, percent, series_lines, series_marks

MOST_TICKS = 4
"""As many costs are written on an axis, each where it is; of more the axis shows round numbers."""
ROW_HEIGHT = 42
"""Pixels of a name's row, series side by side in it."""
HEIGHT = 300
CHARACTER_PX, LINE_PX, MARGIN_PX = 6, 13, 12
"""Of a written name: about the width of a letter, the height of a line, and how far it may reach out of the picture."""


@dataclass(frozen=True)
class Point:
    """An accuracy with its interval, the name of what was measured, and its series.

    Attributes
    ----------
    name, series : str
    accuracy, low, high : float
        Between 0 and 1.
    cost : float
        What it costs, for `accuracy_against_cost`.
    facts : str
        Further lines for the pointer.
    link : str
        Address of its page; none if empty.
    front : bool
        Whether the front of accuracy and cost goes through it.
    hollow : bool
        Whether its protocol is another one, so that it does not compare with the others.
    named : bool
        Whether its name stands beside it.
    """

    name: str
    series: str
    accuracy: float
    low: float
    high: float
    cost: float = 0.0
    facts: str = ""
    link: str = ""
    front: bool = False
    hollow: bool = False
    named: bool = True

    @property
    def text(self) -> str:
        """Its accuracy in words."""
        return f"{self.name}, {self.series}: {percent(self.accuracy)} ({percent(self.low)} to {percent(self.high)})"


def intervals(points: Sequence[Point]) -> Picture:
    """Show accuracies with their intervals, a line a name, a colour and marker a series."""
    names = list(dict.fromkeys(point.name for point in points))
    series = list(dict.fromkeys(point.series for point in points))
    base = alt.Chart(_frame(points)).encode(
        y=alt.Y("name:N", sort=names, title=None),
        yOffset=alt.YOffset("series:N", sort=series),
        tooltip="facts:N",
    )
    x: dict[str, Any] = {
        "title": "accuracy",
        "scale": alt.Scale(zero=False),
        "axis": alt.Axis(format="~%", tickCount=6),
    }
    spans = base.mark_rule().encode(x=alt.X("low:Q", **x), x2="high:Q", **series_lines(series))
    marks = base.mark_point(filled=True, size=60).encode(x=alt.X("accuracy:Q", **x), **series_marks(series))
    chart = alt.layer(spans, marks.add_params(CHOSEN))
    chart = chart.properties(width=WIDTH, height=ROW_HEIGHT * len(names))
    return Picture(chart, f"Accuracies with 95 % intervals. {_listed(points)}.")


def accuracy_against_cost(points: Sequence[Point], cost: str, accuracy: str = "accuracy") -> Picture:
    """Show accuracies with their intervals against a cost on a logarithmic axis, and the front where there is one.

    Parameters
    ----------
    points : sequence of Point
        At least one.
    cost, accuracy : str
        What the axes are called, the cost with its unit.
    """
    series = list(dict.fromkeys(point.series for point in points))
    frame = _frame(points)
    x = alt.X("cost:Q", title=cost, scale=_cost_scale(points), axis=_cost_axis(points))
    y_axis = alt.Axis(format="~%", tickCount=6)
    y: dict[str, Any] = {"title": accuracy, "scale": alt.Scale(zero=False, padding=14), "axis": y_axis}
    base = alt.Chart(frame).encode(x=x, tooltip="facts:N")
    linked = {"href": "link:N"} if any(point.link for point in points) else {}
    spans = base.mark_rule(strokeOpacity=0.6).encode(y=alt.Y("low:Q", **y), y2="high:Q", **series_lines(series))
    placed = base.encode(y=alt.Y("accuracy:Q", **y), **series_marks(series), **linked)
    solid = placed.transform_filter("!datum.hollow").mark_point(filled=True, size=70)
    hollow = placed.transform_filter("datum.hollow").mark_point(filled=False, size=60, strokeWidth=1.6)
    names = (
        alt.Chart(_named(frame, _cost_bounds(points)))
        .mark_text(dy=-9)
        .encode(x=x, y=alt.Y("high:Q", **y), text="name:N")
    )
    layers = [_front(frame, x, alt.Y("accuracy:Q", **y)), spans, hollow, solid.add_params(CHOSEN), names]
    chart = alt.layer(*(layer for layer in layers if layer is not None)).properties(width=WIDTH, height=HEIGHT)
    listed = _listed([point for point in points if point.front] or points)
    front = "On the front: " if any(point.front for point in points) else ""
    return Picture(chart, f"{accuracy[:1].upper()}{accuracy[1:]} against {cost}, with 95 % intervals. {front}{listed}.")


def _frame(points: Sequence[Point]) -> pd.DataFrame:
    rows = [
        {
            "name": one.name,
            "series": one.series,
            "accuracy": one.accuracy,
            "low": one.low,
            "high": one.high,
            "cost": one.cost,
            "facts": "\n".join(filter(None, (one.text, one.facts))),
            "link": one.link or None,
            "front": one.front,
            "hollow": one.hollow,
            "named": one.named,
        }
        for one in points
    ]
    return pd.DataFrame(rows)


def _named(frame: pd.DataFrame, bounds: tuple[float, float]) -> pd.DataFrame:
    """The rows whose names are written: of those at one place the highest, and none that runs into one before it.

    Series come in their order, of one series the highest first. The places are estimates, good enough for text.
    """
    order = {name: index for index, name in enumerate(dict.fromkeys(frame["series"]))}
    ranked = frame[frame["named"]].assign(rank=frame["series"].map(order))
    ranked = ranked.sort_values(["rank", "high"], ascending=[True, False]).drop_duplicates(["name", "cost"])
    bottom, top = frame["low"].min(), frame["high"].max()
    kept: list[Any] = []
    written: list[tuple[float, float, float]] = []
    for index, name, cost, high in ranked[["name", "cost", "high"]].itertuples():
        centre = WIDTH * math.log(cost / bounds[0]) / math.log(bounds[1] / bounds[0])
        half, height = len(name) * CHARACTER_PX / 2, HEIGHT * (high - bottom) / max(top - bottom, 1e-9)
        inside = centre - half >= -MARGIN_PX and centre + half <= WIDTH + MARGIN_PX
        free = all(abs(x - centre) >= half + other or abs(y - height) >= LINE_PX for x, y, other in written)
        if free and (inside or not written):
            kept.append(index)
            written.append((centre, height, half))
    return ranked.loc[kept, ["name", "cost", "high"]]


def _front(frame: pd.DataFrame, x: alt.X, y: alt.Y) -> Any:
    rows = frame.loc[frame["front"], ["cost", "accuracy"]].sort_values("cost")
    if rows.empty:
        return None
    return alt.Chart(rows).mark_line(strokeDash=[5, 4], strokeWidth=1, color="gray").encode(x=x, y=y)


def _cost_bounds(points: Sequence[Point]) -> tuple[float, float]:
    """Where the axis of costs begins and ends."""
    costs = [point.cost for point in points]
    low, high = min(costs), max(costs)
    room = max((high / low) ** 0.08, 1.15)
    return low / room, high * room


def _cost_scale(points: Sequence[Point]) -> alt.Scale:
    return alt.Scale(type="log", domain=list(_cost_bounds(points)), nice=False)


def _cost_axis(points: Sequence[Point]) -> alt.Axis:
    """Few costs are written where they are; more would run into each other."""
    costs = sorted({point.cost for point in points})
    if len(costs) <= MOST_TICKS:
        return alt.Axis(values=costs, format=".3~s")
    return alt.Axis(values=round_numbers(costs[0] / 1.15, costs[-1] * 1.15), format="~s")


def round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten between two positive numbers; powers alone over many decades.

    Examples
    --------
    >>> round_numbers(15, 600)
    [20.0, 50.0, 100.0, 200.0, 500.0]
    """
    factors = (1, 2, 5) if high / low < 1e4 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for power in powers for factor in factors if low <= (value := factor * 10.0**power) <= high]


def _listed(points: Sequence[Point]) -> str:
    return "; ".join(point.text for point in points)
