"""Confusion matrices, and how two of them differ."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kwslib.report.figures.picture import Picture

MIDDLE_LUMINANCE = 0.179
"""Where black and white text have the same contrast, 4.6 to 1: (1.05 · 0.05)^0.5 - 0.05 (WCAG 2.2)."""
CELL = 38
"""Pixels."""


def _heatmap(frame: pd.DataFrame, labels: Sequence[str], scale: alt.Scale) -> Any:
    """Draw the column ``value`` as colours and ``text`` on them; a click plays a clip that the page has of a cell."""
    names = list(labels)
    base = alt.Chart(frame).encode(
        x=alt.X("winner:N", sort=names, title="winner", axis=alt.Axis(labelAngle=-55, ticks=False, domain=False)),
        y=alt.Y("label:N", sort=names, title="label", axis=alt.Axis(ticks=False, domain=False)),
        tooltip="facts:N",
    )
    cells = base.mark_rect(strokeWidth=0).encode(color=alt.Color("value:Q", scale=scale, legend=None))
    dark = f"luminance(scale('color', datum.value)) < {MIDDLE_LUMINANCE}"
    texts = base.mark_text(fontSize=11).encode(
        text="text:N", color=alt.condition(dark, alt.value("#ffffff"), alt.value("#000000"))
    )
    steps = alt.Step(CELL)
    return alt.layer(cells, texts).properties(width=steps, height=steps)


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


def _cells(labels: Sequence[str]) -> list[tuple[int, int, dict[str, str]]]:
    """Row, column and names of every cell; `plays` is what the page's players call their clips."""
    return [
        (row, column, {"label": label, "winner": winner, "plays": f"{label} taken for {winner}"})
        for row, label in enumerate(labels)
        for column, winner in enumerate(labels)
    ]


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
    shares, clips = row_shares(counts), counts.sum(axis=1)
    rows = []
    for row, column, names in _cells(labels):
        count, share = int(counts[row, column]), float(shares[row, column])
        written = f"{100 * share:.0f}" if normalised else str(count)
        said = f"{names['label']} as {names['winner']}: {count} of {clips[row]} clips, {100 * share:.1f} %"
        blank = share < 0.005 if normalised else count == 0
        rows.append({**names, "value": round(share, 4), "text": "" if blank else written, "facts": said})
    # The square root lets single mistakes be seen beside hundreds that are right.
    chart = _heatmap(pd.DataFrame(rows), labels, alt.Scale(type="sqrt", domain=[0, 1]))
    right, all_clips = int(np.trace(counts)), int(counts.sum())
    what = "percent of each label's clips" if normalised else "counts"
    told = f"{right} of {all_clips} clips lie on the diagonal; {_most_confused(counts, labels)}"
    return Picture(chart, f"Confusion matrix, {what}: {told}.")


def difference(ours: Any, other: Any, labels: Sequence[str]) -> Picture:
    """Show how the row-normalised `ours` differs from the row-normalised `other`, in percentage points."""
    points = 100 * (row_shares(ours) - row_shares(other))
    largest = max(1.0, float(np.abs(points).max()))
    rows = []
    for row, column, names in _cells(labels):
        value = float(points[row, column])
        said = f"{names['label']} as {names['winner']}: {value:+.1f} percentage points"
        rows.append({**names, "value": round(value, 2), "text": f"{value:+.0f}" * (abs(value) >= 0.5), "facts": said})
    chart = _heatmap(pd.DataFrame(rows), labels, alt.Scale(domain=[-largest, largest], domainMid=0, interpolate="rgb"))
    change = np.diag(points)
    best, worst = int(change.argmax()), int(change.argmin())
    return Picture(
        chart,
        "Difference of two row-normalised confusion matrices in percentage points; on the diagonal from "
        f"{change[worst]:+.1f} for {labels[worst]} to {change[best]:+.1f} for {labels[best]}.",
    )
