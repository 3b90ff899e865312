"""Confusion matrices, and how two of them differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, TwoSlopeNorm
from matplotlib.figure import Figure

from kwslib.report.figures.picture import Picture, Theme, new_figure

MIDDLE_LUMINANCE = 0.179
"""Where black and white text have the same contrast, 4.6 to 1: (1.05 · 0.05)^0.5 - 0.05."""


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
    row, column = (int(index) for index in np.unravel_index(wrong.argmax(), wrong.shape))
    return f"most often confused: {labels[row]} taken for {labels[column]}, {wrong[row, column]} clips"


def matrix(counts: Any, labels: Sequence[str], normalised: bool = False) -> Picture:
    """Show a confusion matrix.

    Parameters
    ----------
    counts : array-like of int (classes, classes)
        Rows are labels, columns winners.
    labels : sequence of str
    normalised : bool
        Show each row as percent of its clips instead of counts.
    """
    counts = np.asarray(counts, np.int64)
    shares = row_shares(counts)
    texts = np.array([[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in shares])
    if not normalised:
        texts = np.where(counts > 0, counts.astype(str), "")

    def draw(theme: Theme) -> Figure:
        colours = LinearSegmentedColormap.from_list("sequential", theme.sequential)
        # The square root lets single mistakes be seen beside hundreds that are right.
        return _heatmap(shares, texts, labels, cmap=colours, norm=PowerNorm(0.5, 0, 1))

    right, clips = int(np.trace(counts)), int(counts.sum())
    what = "percent of each label's clips" if normalised else "counts"
    return Picture(
        draw,
        f"Confusion matrix, {what}: {right} of {clips} clips lie on the diagonal; {_most_confused(counts, labels)}.",
        wide=True,
    )


def difference(ours: Any, other: Any, labels: Sequence[str]) -> Picture:
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
