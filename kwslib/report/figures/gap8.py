"""The pictures of a network on GAP8: cycles, roofline, shares. Those of its memories are in `memory`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from kwslib.report.figures.accuracy import round_numbers
from kwslib.report.figures.picture import CHOSEN, FAINT, WIDTH, Picture, percent, series_marks

ROW_HEIGHT = 24
"""Pixels of a row, so that names stay readable however many there are."""
ORDERS = {"as they run": "datum.place", "by cycles": "-datum.cycles", "by ratio": "-datum.ratio"}
"""Orders of the layers that a reader can choose, and what they go by."""
DASHES = ([1, 0], [6, 4], [2, 3])
"""Dashes of the ceilings of a roofline."""


@dataclass(frozen=True)
class LayerCycles:
    """Cycles of a layer, those of the same layer in another program (0: there are none), and what the pointer shows."""

    name: str
    cycles: int
    other: int = 0
    facts: str = ""


def layer_cycles(rows: Sequence[LayerCycles], ours: str, others: str) -> Picture:
    """Show the cycles of each layer on a logarithmic axis, joined to those of the other source, with their ratio."""
    compared = [row for row in rows if row.other]
    frame = pd.DataFrame(
        {
            "name": row.name,
            "place": place,
            "cycles": row.cycles,
            "other": row.other or None,
            "ratio": row.other / row.cycles if row.cycles else 0.0,
            "written": f"{row.other / row.cycles:.1f}×" if row.other else "",
            "far": max(row.cycles, row.other),
            "facts": _layer_facts(row, others),
        }
        for place, row in enumerate(rows)
    )
    names = [ours, others] if compared else [ours]
    order = alt.param(name="order", value=next(iter(ORDERS)), bind=alt.binding_select(options=_orders(compared)))
    key = " : ".join(f"order == '{name}' ? {value}" for name, value in ORDERS.items()) + " : 0"
    sort = alt.EncodingSortField(field="key", op="min")
    base = alt.Chart(frame).transform_calculate(key=key).encode(y=named_rows(sort), tooltip="facts:N")
    x = _cycles_axis(rows)
    joints = base.mark_rule(style=FAINT, strokeWidth=2).encode(x=alt.X("cycles:Q", **x), x2="other:Q")
    layers = [joints] if compared else []
    for name, field in zip(names, ("cycles", "other"), strict=False):
        marks = base.transform_calculate(series=f"'{name}'").mark_point(filled=True, size=70)
        layers.append(marks.encode(x=alt.X(f"{field}:Q", **x), **series_marks(names)))
    texts = base.mark_text(align="left", dx=9).encode(x=alt.X("far:Q", **x), text="written:N")
    chart = alt.layer(*layers[:-1], layers[-1].add_params(CHOSEN), texts).add_params(order)
    chart = chart.properties(width=WIDTH, height=ROW_HEIGHT * len(rows))
    listed = "; ".join(_listed_cycles(row, others) for row in rows)
    return Picture(chart, f"Cycles by layer, {ours}. {listed}.")


def _orders(compared: Sequence[LayerCycles]) -> list[str]:
    return list(ORDERS) if compared else list(ORDERS)[:2]


def _cycles_axis(rows: Sequence[LayerCycles]) -> dict[str, Any]:
    values = [value for row in rows for value in (row.cycles, row.other) if value]
    low, high = min(values) / 1.4, max(values) * 2
    ticks = round_numbers(low, high)
    return {
        "title": "cycles",
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(values=ticks, format="~s"),
    }


def named_rows(sort: Any = None) -> alt.Y:
    """Return the axis of rows that have names and nothing else, in an order of Vega-Lite's or as a list."""
    return alt.Y("name:N", sort=sort, title=None, axis=alt.Axis(ticks=False, domain=False, grid=False))


def _listed_cycles(row: LayerCycles, others: str) -> str:
    beside = f", {others} {row.other}, {row.other / row.cycles:.1f} times" if row.other else ""
    return f"{row.name}: {row.cycles}{beside}"


def _layer_facts(row: LayerCycles, others: str) -> str:
    lines = [row.name, f"{row.cycles:,} cycles", f"{others}: {row.other:,} cycles" if row.other else "", row.facts]
    return "\n".join(filter(None, lines))


@dataclass(frozen=True)
class Ceiling:
    """An upper limit of a rate, MAC/cycle, and what sets it."""

    name: str
    mac_per_cycle: float


@dataclass(frozen=True)
class RooflinePoint:
    """The rate that a step reaches, MAC/cycle, and its MACs for each byte moved."""

    name: str
    series: str
    mac_per_byte: float
    mac_per_cycle: float

    @property
    def text(self) -> str:
        """The point in words."""
        return f"{self.name}: {self.mac_per_cycle:.1f} MAC/cycle at {self.mac_per_byte:.1f} MAC a byte"


def roofline(points: Sequence[RooflinePoint], ceilings: Sequence[Ceiling], bytes_per_cycle: float) -> Picture:
    """Show the rates that steps reach, under the slope of the transfers and the ceilings of the cores."""
    ridges = [ceiling.mac_per_cycle / bytes_per_cycle for ceiling in ceilings]
    low = min(*(point.mac_per_byte for point in points), *ridges) / 2
    high = max(*(point.mac_per_byte for point in points), *ridges) * 2
    x, y = _rate_axes(points, ceilings, low, high, bytes_per_cycle)
    # Three points draw a ceiling: up the slope to its ridge, and along.
    corners = pd.DataFrame(
        {"ceiling": f"{ceiling.mac_per_cycle:g} MAC/cycle: {ceiling.name}", "mac_per_byte": at, "mac_per_cycle": rate}
        for ceiling, ridge in zip(ceilings, ridges, strict=True)
        for at, rate in ((low, bytes_per_cycle * low), (ridge, ceiling.mac_per_cycle), (high, ceiling.mac_per_cycle))
    )
    limits = list(dict.fromkeys(corners["ceiling"]))
    dashes = alt.Scale(domain=limits, range=[DASHES[number % len(DASHES)] for number in range(len(limits))])
    legend = alt.Legend(columns=1, symbolType="stroke", symbolSize=400, symbolStrokeColor="gray")
    dash = alt.StrokeDash("ceiling:N", scale=dashes, legend=legend)
    lines = alt.Chart(corners).mark_line(strokeWidth=1, color="gray")
    lines = lines.encode(x=x, y=y, strokeDash=dash, tooltip="ceiling:N")
    frame = pd.DataFrame(
        {"series": p.series, "mac_per_byte": p.mac_per_byte, "mac_per_cycle": p.mac_per_cycle, "facts": p.text}
        for p in points
    )
    series = list(dict.fromkeys(frame["series"]))
    marks = alt.Chart(frame).mark_point(filled=True, size=70)
    marks = marks.encode(x=x, y=y, tooltip="facts:N", **series_marks(series)).add_params(CHOSEN)
    chart = alt.layer(lines, marks).properties(width=WIDTH, height=320)
    listed = "; ".join(f"{ceiling.mac_per_cycle:g}, {ceiling.name}" for ceiling in ceilings)
    told = "; ".join(point.text for point in points)
    return Picture(chart, f"Roofline. Ceilings in MAC/cycle: {listed}. {told}.")


def _rate_axes(
    points: Sequence[RooflinePoint], ceilings: Sequence[Ceiling], low: float, high: float, bytes_per_cycle: float
) -> tuple[alt.X, alt.Y]:
    rates = [point.mac_per_cycle for point in points] + [ceiling.mac_per_cycle for ceiling in ceilings]
    bottom, top = min(min(rates) / 1.5, bytes_per_cycle * low), max(rates) * 1.5
    axes: list[Any] = []
    for channel, field, title, ends in (
        (alt.X, "mac_per_byte:Q", "MAC for each byte moved between L2 and L1", (low, high)),
        (alt.Y, "mac_per_cycle:Q", "MAC/cycle of eight cores", (bottom, top)),
    ):
        scale = alt.Scale(type="log", domain=list(ends), nice=False)
        axes.append(channel(field, title=title, scale=scale, axis=alt.Axis(values=round_numbers(*ends), format="~r")))
    return axes[0], axes[1]


def shares(parts: Mapping[str, float], what: str) -> Picture:
    """Show shares of a whole, 0 … 1, a bar each; `what` names the axis."""
    frame = pd.DataFrame(
        {"name": name, "part": part, "written": percent(part), "facts": f"{name}: {percent(part, 2)}"}
        for name, part in parts.items()
    )
    axis, scale = alt.Axis(format="%", tickCount=6), alt.Scale(domain=[0, 1.12 * max(parts.values())], nice=False)
    x = alt.X("part:Q", title=what, axis=axis, scale=scale)
    base = alt.Chart(frame).encode(x=x, y=named_rows(list(parts)), tooltip="facts:N")
    bars = base.mark_bar(height=14)
    texts = base.mark_text(align="left", dx=4).encode(text="written:N")
    chart = alt.layer(bars, texts).properties(width=WIDTH, height=ROW_HEIGHT * len(parts))
    listed = "; ".join(f"{name}: {percent(part)}" for name, part in parts.items())
    return Picture(chart, f"{what[:1].upper()}{what[1:]}. {listed}.")
