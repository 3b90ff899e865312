"""The pictures of a network on GAP8: cycles, roofline, memory, shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, PercentFormatter

from kwslib.report.figures.picture import MARKERS, Picture, Theme, new_figure


@dataclass(frozen=True)
class LayerCycles:
    """Cycles of a layer, and those of the same layer in another program (0: there are none)."""

    name: str
    cycles: int
    other: int = 0


def _rows_figure(rows: int) -> tuple[Figure, Any]:
    """A figure with a line of text a row, so that names stay readable however many there are."""
    return new_figure(6.6, 1.1 + 0.3 * rows)


def _name_rows(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def layer_cycles(rows: Sequence[LayerCycles], ours: str, others: str) -> Picture:
    """Show the cycles of each layer on a logarithmic axis, joined to those of the other source, with their ratio."""
    compared = any(row.other for row in rows)

    def draw(theme: Theme) -> Figure:
        figure, axes = _rows_figure(len(rows))
        for place, row in enumerate(rows):
            if row.other:
                axes.plot([row.cycles, row.other], [place, place], color=theme.grid, linewidth=2, zorder=1)
                far = max(row.cycles, row.other)
                text = f"{row.other / row.cycles:.1f}×"
                axes.annotate(text, (far, place), xytext=(8, 0), textcoords="offset points", va="center", fontsize=9)
        places = np.arange(len(rows))
        axes.scatter(
            [row.cycles for row in rows], places, color=theme.series[0], marker=MARKERS[0], label=ours, zorder=3
        )
        if compared:
            there = [place for place, row in enumerate(rows) if row.other]
            axes.scatter(
                [rows[place].other for place in there],
                there,
                color=theme.series[1],
                marker=MARKERS[1],
                label=others,
                zorder=2,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.margins(x=0.1)
        _name_rows(axes, [row.name for row in rows])
        axes.grid(True, axis="x", linewidth=0.6)
        axes.set_xlabel("cycles")
        if compared:
            figure.legend(loc="outside upper right", ncols=2)
        return figure

    listed = "; ".join(
        f"{row.name}: {row.cycles}"
        + (f", {others} {row.other}, {row.other / row.cycles:.1f} times" if row.other else "")
        for row in rows
    )
    return Picture(draw, f"Cycles by layer, {ours}. {listed}.", wide=True)


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


def roofline(points: Sequence[RooflinePoint], ceilings: Sequence[Ceiling], bytes_per_cycle: float) -> Picture:
    """Show the rates that steps reach, under the slope of the transfers and the ceilings of the cores."""
    series = list(dict.fromkeys(point.series for point in points))

    def draw(theme: Theme) -> Figure:
        figure, axes = new_figure(6.6, 5.0)
        ridges = [ceiling.mac_per_cycle / bytes_per_cycle for ceiling in ceilings]
        low = min(*(point.mac_per_byte for point in points), *ridges) / 2
        high = max(*(point.mac_per_byte for point in points), *ridges) * 2
        intensity = np.geomspace(low, high, 300)
        for number, ceiling in enumerate(ceilings):
            rate = np.minimum(ceiling.mac_per_cycle, bytes_per_cycle * intensity)
            style = ("-", "--", ":")[number % 3]
            label = f"{ceiling.mac_per_cycle:g} MAC/cycle: {ceiling.name}"
            axes.plot(intensity, rate, color=theme.ink, linestyle=style, linewidth=1, zorder=1, label=label)
        for number, name in enumerate(series):
            chosen = [point for point in points if point.series == name]
            axes.scatter(
                [point.mac_per_byte for point in chosen],
                [point.mac_per_cycle for point in chosen],
                color=theme.series[number % len(theme.series)],
                marker=MARKERS[number % len(MARKERS)],
                label=name,
                zorder=3,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if axis is axes.yaxis else (1,)))
            axis.set_major_formatter(EngFormatter(sep=""))
            axis.set_minor_formatter(NullFormatter())
        axes.grid(True, linewidth=0.6)
        axes.set_xlabel("MAC for each byte moved between L2 and L1")
        axes.set_ylabel("MAC/cycle of eight cores")
        lines, names = axes.get_legend_handles_labels()
        figure.legend(lines[: len(ceilings)], names[: len(ceilings)], loc="outside upper left", fontsize=9)
        figure.legend(lines[len(ceilings) :], names[len(ceilings) :], loc="outside upper right", fontsize=9)
        return figure

    limits = "; ".join(f"{ceiling.mac_per_cycle:g}, {ceiling.name}" for ceiling in ceilings)
    listed = "; ".join(f"{p.name}: {p.mac_per_cycle:.1f} MAC/cycle at {p.mac_per_byte:.1f} MAC a byte" for p in points)
    return Picture(draw, f"Roofline. Ceilings in MAC/cycle: {limits}. {listed}.", wide=True)


@dataclass(frozen=True)
class MemoryUse:
    """Peak bytes of each memory that a step needs, by the memory's name."""

    name: str
    used_bytes: Mapping[str, int]


def memory_bars(rows: Sequence[MemoryUse], sizes_bytes: Mapping[str, int]) -> Picture:
    """Show how much of each memory every step uses, a panel a memory, up to its whole size."""

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(6.6, 1.1 + 0.3 * len(rows)), layout="constrained")
        panels = figure.subplots(1, len(sizes_bytes), sharey=True, squeeze=False)[0]
        for number, (axes, (memory, size)) in enumerate(zip(panels, sizes_bytes.items(), strict=True)):
            used = [row.used_bytes[memory] / 1024 for row in rows]
            axes.barh(range(len(rows)), used, height=0.6, color=theme.series[number])
            axes.axvline(size / 1024, color=theme.ink, linestyle="--", linewidth=1)
            axes.set_xlim(0, 1.08 * size / 1024)
            axes.set_xticks([0, size / 2048, size / 1024])
            axes.set_xlabel(f"{memory}, KB of {size // 1024}")
        _name_rows(panels[0], [row.name for row in rows])
        for axes in panels[1:]:
            axes.tick_params(axis="y", length=0)
        return figure

    most = "; ".join(
        f"{memory} at most {max(row.used_bytes[memory] for row in rows)} of {size} bytes"
        for memory, size in sizes_bytes.items()
    )
    listed = "; ".join(
        f"{row.name}: " + ", ".join(f"{memory} {row.used_bytes[memory]}" for memory in sizes_bytes) for row in rows
    )
    return Picture(draw, f"Memory in use, step by step: {most}. {listed}.", wide=True)


def shares(parts: Mapping[str, float], what: str) -> Picture:
    """Show shares of a whole, 0 … 1, a bar each; `what` names the axis."""
    names = list(parts)

    def draw(theme: Theme) -> Figure:
        figure, axes = _rows_figure(len(names))
        axes.barh(range(len(names)), [parts[name] for name in names], height=0.6, color=theme.series[0])
        for place, name in enumerate(names):
            text = f"{100 * parts[name]:.1f} %"
            axes.annotate(
                text, (parts[name], place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9
            )
        _name_rows(axes, names)
        axes.set_xlim(0, 1.12 * max(parts.values()))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(what)
        return figure

    listed = "; ".join(f"{name}: {100 * part:.1f} %" for name, part in parts.items())
    return Picture(draw, f"{what[:1].upper()}{what[1:]}. {listed}.")
