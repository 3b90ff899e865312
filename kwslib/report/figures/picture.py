"""Every picture of the book: drawn for light and for dark pages, colour-blind safe, with an alternative text.

A function returns a `Picture`, which shows itself in a notebook and in the book; ``picture.figure()`` is the
matplotlib figure. Nothing here knows how a number was made.
"""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, SymLogNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator, PercentFormatter

from kwslib.config.front_end import INPUT_ZERO_POINT


@dataclass(frozen=True)
class Theme:
    """Colours on a transparent ground: text, grid lines, categories, and the ends of the colour maps.

    The categories of `LIGHT` are from Okabe and Ito's palette (2008), those of `DARK` the same hues, lighter.
    """

    name: str
    ink: str
    grid: str
    series: tuple[str, ...]
    sequential: tuple[str, ...]
    diverging: tuple[str, str, str]


LIGHT = Theme(
    "light",
    ink="#24292f",
    grid="#d0d7de",
    series=("#0072b2", "#d55e00", "#009e73", "#a64d79", "#8a6d00"),
    sequential=("#f2f6fa", "#9ecae1", "#08519c"),
    diverging=("#b35806", "#f7f7f7", "#2166ac"),
)
DARK = Theme(
    "dark",
    ink="#e6edf3",
    grid="#3d444d",
    series=("#56b4e9", "#f0883e", "#35c79a", "#e0a3c5", "#e3c34a"),
    sequential=("#1d2630", "#2b6ca3", "#a6d8ff"),
    diverging=("#fdb863", "#22272e", "#79b8ff"),
)
MIDDLE_LUMINANCE = 0.179
"""Where black and white text have the same contrast, 4.6 to 1: (1.05 · 0.05)^0.5 - 0.05."""
MARKERS = ("o", "s", "^", "D", "v")
MOST_LEGEND_CHARACTERS = 50
MOST_TICKS = 4
"""As many costs are written on an axis, each where it is; of more the axis shows its own round numbers."""


@dataclass(frozen=True)
class Picture:
    """A drawing that can be made in either theme.

    Attributes
    ----------
    draw : callable
        Theme -> matplotlib figure.
    alt : str
        What the picture shows, for those who do not see it.
    wide : bool
        Whether it is too detailed to be shrunk to the width of a telephone: it then scrolls.
    """

    draw: Callable[[Theme], Figure]
    alt: str
    wide: bool = False

    def figure(self, theme: Theme = LIGHT) -> Figure:
        """Draw it."""
        style = {
            "svg.hashsalt": self.alt,
            "font.size": 10,
            "text.color": theme.ink,
            "axes.labelcolor": theme.ink,
            "axes.edgecolor": theme.grid,
            "xtick.color": theme.ink,
            "ytick.color": theme.ink,
            "grid.color": theme.grid,
            "legend.edgecolor": theme.grid,
            "legend.facecolor": "none",
            "axes.facecolor": "none",
            "figure.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
        with matplotlib.rc_context(style):
            return self.draw(theme)

    def svg(self, theme: Theme = LIGHT) -> bytes:
        """Return the drawing as SVG, the same bytes every time."""
        text = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": self.alt, "svg.fonttype": "path"}):
            self.figure(theme).savefig(text, format="svg", transparent=True, metadata={"Date": None})
        return text.getvalue()

    def _repr_html_(self) -> str:
        alt = html.escape(self.alt)
        # A page without the book's style sheet shows the light one alone.
        images = (
            f'<img class="only-{theme.name}" style="display:{display}" alt="{alt}" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(self.svg(theme)).decode()}">'
            for theme, display in ((LIGHT, "block"), (DARK, "none"))
        )
        return f'<div class="kws-picture{" wide" if self.wide else ""}">{"".join(images)}</div>'


def new_figure(width_in: float, height_in: float) -> tuple[Figure, Any]:
    """Return an empty figure of that size, and its axes."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    return figure, figure.subplots()


def _luminance(colour: np.ndarray) -> float:
    """Relative luminance of an sRGB colour, as the web's accessibility guidelines (WCAG 2.2) define it."""
    rgb = np.asarray(colour)[:3]
    return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def _heatmap(values: np.ndarray, texts: np.ndarray, labels: Sequence[str], **colours: Any) -> Figure:
    import seaborn

    figure, axes = new_figure(6.4, 6.2)
    seaborn.heatmap(
        values,
        annot=texts,
        fmt="",
        annot_kws={"size": 9},
        cbar=False,
        square=True,
        linewidths=0.6,
        linecolor="none",
        xticklabels=labels,
        yticklabels=labels,
        ax=axes,
        **colours,
    )
    cells = axes.collections[0].get_facecolors()
    for text, colour in zip(axes.texts, cells, strict=True):
        text.set_color("#ffffff" if _luminance(colour) < MIDDLE_LUMINANCE else "#000000")
    axes.set_xlabel("winner")
    axes.set_ylabel("label")
    axes.tick_params(length=0)
    axes.tick_params(axis="x", rotation=55)
    axes.tick_params(axis="y", rotation=0)
    return figure


def row_shares(matrix: np.ndarray) -> np.ndarray:
    """Divide each row of a confusion matrix by its sum, float64; a row without clips becomes zeros."""
    matrix = np.asarray(matrix, np.float64)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _most_confused(matrix: np.ndarray, labels: Sequence[str]) -> str:
    wrong = np.array(matrix)
    np.fill_diagonal(wrong, 0)
    if not wrong.any():
        return "no clip was got wrong"
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    return f"most often confused: {labels[row]} taken for {labels[column]}, {wrong[row, column]} clips"


def confusion(matrix: Any, labels: Sequence[str], normalised: bool = False) -> Picture:
    """Show a confusion matrix.

    Parameters
    ----------
    matrix : array-like of int (classes, classes)
        Rows are labels, columns winners.
    labels : sequence of str
    normalised : bool
        Show each row as percent of its clips instead of counts.
    """
    matrix = np.asarray(matrix, np.int64)
    shares = row_shares(matrix)
    texts = np.array([[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in shares])
    if not normalised:
        texts = np.where(matrix > 0, matrix.astype(str), "")

    def draw(theme: Theme) -> Figure:
        colours = LinearSegmentedColormap.from_list("sequential", theme.sequential)
        # The square root lets single mistakes be seen beside hundreds that are right.
        return _heatmap(shares, texts, labels, cmap=colours, norm=PowerNorm(0.5, 0, 1))

    right, clips = int(np.trace(matrix)), int(matrix.sum())
    what = "percent of each label's clips" if normalised else "counts"
    return Picture(
        draw,
        f"Confusion matrix, {what}: {right} of {clips} clips lie on the diagonal; {_most_confused(matrix, labels)}.",
        wide=True,
    )


def confusion_difference(ours: Any, other: Any, labels: Sequence[str]) -> Picture:
    """Show how the row-normalised `ours` differs from the row-normalised `other`, in percentage points."""
    points = 100 * (row_shares(ours) - row_shares(other))
    texts = np.array([[f"{v:+.0f}" if abs(v) >= 0.5 else "" for v in row] for row in points])
    largest = max(1.0, float(np.abs(points).max()))

    def draw(theme: Theme) -> Figure:
        colours = LinearSegmentedColormap.from_list("diverging", theme.diverging)
        return _heatmap(points, texts, labels, cmap=colours, norm=TwoSlopeNorm(0, -largest, largest))

    change = np.diag(points)
    best, worst = int(change.argmax()), int(change.argmin())
    return Picture(
        draw,
        "Difference of two row-normalised confusion matrices in percentage points; on the diagonal from "
        f"{change[worst]:+.1f} for {labels[worst]} to {change[best]:+.1f} for {labels[best]}.",
        wide=True,
    )


def training_curves(history: Sequence[Mapping[str, Any]]) -> Picture:
    """Show loss and validation accuracy by step; `history` has a row a validation (see `network.training`)."""
    steps = np.array([int(row["step"]) for row in history])
    loss = np.array([float(row["loss"]) for row in history])
    accuracy = np.array([float(row["validation_accuracy"]) for row in history])
    quantised = np.array([row["phase"] == "quantised" for row in history])

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(6.0, 4.4), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        for axes, values in ((upper, loss), (lower, accuracy)):
            axes.plot(steps, values, color=theme.grid, linewidth=1)
            for number, (name, chosen) in enumerate((("float", ~quantised), ("fake-quantised", quantised))):
                axes.plot(
                    steps[chosen],
                    values[chosen],
                    color=theme.series[number],
                    marker=MARKERS[number],
                    markersize=4,
                    label=name,
                )
            axes.grid(True, linewidth=0.6)
        upper.set_ylabel("training loss")
        lower.set_ylabel("validation accuracy")
        lower.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        lower.set_xlabel("step")
        upper.legend()
        return figure

    return Picture(
        draw,
        f"Training curves over {steps[-1]} steps: the loss goes from {loss[0]:.2f} to {loss[-1]:.2f}, validation "
        f"accuracy from {accuracy[0]:.1%} to {accuracy[-1]:.1%}.",
    )


def fingerprints(codes: Mapping[str, np.ndarray]) -> Picture:
    """Show 8-bit fingerprints (frames, coefficients) by label, as the network reads them; time runs to the right.

    Colours go by the logarithm of the distance from the zero point, or silence would leave none for the rest.
    """
    columns = min(4, len(codes))
    rows = -(-len(codes) // columns)

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(1.8 * columns + 0.6, 1.7 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        colours = LinearSegmentedColormap.from_list("diverging", theme.diverging)
        for axes in grid[len(codes) :]:
            axes.axis("off")
        for axes, (label, picture) in zip(grid, codes.items(), strict=False):
            values = np.asarray(picture, np.float64).T - INPUT_ZERO_POINT
            norm = SymLogNorm(1.0, vmin=-INPUT_ZERO_POINT, vmax=INPUT_ZERO_POINT)
            axes.imshow(values, cmap=colours, norm=norm, aspect="auto", origin="lower", interpolation="none")
            axes.set_title(label, fontsize=10)
            axes.set_yticks([])
            axes.set_xticks([])
        figure.supxlabel("frame", fontsize=9)
        figure.supylabel("coefficient", fontsize=9)
        return figure

    shapes = sorted({"×".join(map(str, np.shape(picture))) for picture in codes.values()})
    return Picture(
        draw, f"Fingerprints of {len(codes)} clips, {' and '.join(shapes)} (frames × coefficients): {', '.join(codes)}."
    )


@dataclass(frozen=True)
class Point:
    """An accuracy with its interval (all 0 … 1), what it is of, and which series it belongs to.

    `cost` is whatever `accuracy_against_cost` is to show it against.
    """

    name: str
    series: str
    accuracy: float
    low: float
    high: float
    cost: float = 0.0


def _error_bars(axes: Any, points: Sequence[Point], positions: Any, theme: Theme, number: int, horizontal: bool):
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


def _told(points: Sequence[Point]) -> str:
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

    return Picture(draw, f"Accuracies with 95 % intervals. {_told(points)}.")


def accuracy_against_cost(points: Sequence[Point], cost: str) -> Picture:
    """Show accuracies with their intervals against a cost (named with its unit) on a logarithmic axis."""
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

    return Picture(draw, f"Accuracy against {cost}, with 95 % intervals. {_told(points)}.")
