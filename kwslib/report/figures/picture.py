"""A picture of the book: drawn for light and for dark pages, colour-blind safe, with an alternative text.

The other modules of this room draw. Their functions return a `Picture`, which shows itself in a notebook and in the
book; ``picture.figure()`` is the matplotlib figure. Nothing in this room knows how a number was made.
"""

import base64
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.figure import Figure


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
MARKERS = ("o", "s", "^", "D", "v")


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
        style: dict[Any, Any] = {
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
