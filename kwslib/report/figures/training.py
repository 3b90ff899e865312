"""What goes into a training, and how it went: fingerprints and training curves."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image, ImageColor

from kwslib.config.front_end import INPUT_ZERO_POINT
from kwslib.report.elements import Html, fill
from kwslib.report.figures.picture import CHOSEN, FAINT, THEMES, WIDTH, Picture, Theme, percent, series_marks

PHASES = {"float": "float", "quantised": "fake-quantised"}
PANELS = {"loss": ("training loss", "~r"), "validation_accuracy": ("validation accuracy", "~%")}
"""Column of the history -> what its axis is called, and the form of its numbers."""
FINGERPRINTS = """<div class="kws-fingerprints" role="group" aria-label="{{ alt }}">
{%- for label, frames, coefficients, images in pictures %}<figure><figcaption>{{ label }}</figcaption>
{%- for theme, data in images %}<img class="only-{{ theme }}" {% if not loop.first %}style="display:none" {% endif -%}
 width="{{ frames }}" height="{{ coefficients }}" src="data:image/png;base64,{{ data }}"
 alt="Fingerprint of {{ label }}, {{ frames }} frames × {{ coefficients }} coefficients">{% endfor -%}
</figure>{% endfor -%}
<p>Time runs to the right, coefficients upwards.</p></div>"""


def training_curves(history: Sequence[Mapping[str, Any]]) -> Picture:
    """Show loss and validation accuracy by step; `history` has a row a validation (see `network.training`)."""
    frame = pd.DataFrame(
        {
            "step": int(row["step"]),
            "loss": float(row["loss"]),
            "validation_accuracy": float(row["validation_accuracy"]),
            "series": PHASES[row["phase"]],
            "facts": _facts(row),
        }
        for row in history
    )
    panels: list[Any] = []
    for field, (title, form) in PANELS.items():
        base = alt.Chart(frame).encode(
            x=alt.X("step:Q", title="step" if field != "loss" else None, axis=alt.Axis(format="~s")),
            y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=form, tickCount=5)),
        )
        marks = base.mark_point(filled=True, size=28).encode(tooltip="facts:N", **series_marks(list(PHASES.values())))
        chart = alt.layer(base.mark_line(style=FAINT, strokeWidth=1), marks.add_params(CHOSEN) if not panels else marks)
        panels.append(chart.properties(width=WIDTH, height=140))
    first, last = history[0], history[-1]
    return Picture(
        alt.vconcat(*panels),
        f"Training curves over {int(last['step'])} steps: the loss goes from {float(first['loss']):.2f} to "
        f"{float(last['loss']):.2f}, validation accuracy from {percent(float(first['validation_accuracy']))} to "
        f"{percent(float(last['validation_accuracy']))}.",
    )


def _facts(row: Mapping[str, Any]) -> str:
    lines = [f"step {int(row['step'])}, {PHASES[row['phase']]}, learning rate {float(row['learning_rate']):g}"]
    lines.append(f"loss {float(row['loss']):.3f}")
    return "\n".join([*lines, f"validation accuracy {percent(float(row['validation_accuracy']), 2)}"])


def fingerprints(codes: Mapping[str, np.ndarray]) -> Html:
    """Show 8-bit fingerprints (frames, coefficients) by label, as the network reads them; time runs to the right.

    Colours go by the logarithm of the distance from the zero point, or silence would leave none for the rest.
    """
    shapes = sorted({"×".join(map(str, np.shape(picture))) for picture in codes.values()})
    told = f"Fingerprints of {len(codes)} clips, {' and '.join(shapes)} (frames × coefficients): {', '.join(codes)}."
    pictures = [
        (label, *np.shape(picture), [(theme.name, _png(np.asarray(picture), theme)) for theme in THEMES])
        for label, picture in codes.items()
    ]
    return fill(FINGERPRINTS, alt=told, pictures=pictures)


def _png(codes: np.ndarray, theme: Theme) -> str:
    """A pixel a code, frames to the right, in base64."""
    buffer = io.BytesIO()
    Image.fromarray(coloured(codes, theme)).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def coloured(codes: np.ndarray, theme: Theme) -> np.ndarray:
    """Return the colours of a fingerprint, uint8 (coefficients from the top, frames, 3).

    Parameters
    ----------
    codes : ndarray of uint8 (frames, coefficients)
    theme : Theme
        Its diverging colours stand for the lowest code, the zero point and the highest code.
    """
    distance = np.asarray(codes, np.float64).T[::-1] - INPUT_ZERO_POINT
    place = np.sign(distance) * np.log1p(np.abs(distance)) / np.log1p(INPUT_ZERO_POINT)
    ends = np.array([ImageColor.getrgb(colour) for colour in theme.diverging], np.float64)
    mixed = [np.interp(place, (-1, 0, 1), ends[:, channel]) for channel in range(3)]
    return np.round(np.stack(mixed, axis=-1)).astype(np.uint8)
