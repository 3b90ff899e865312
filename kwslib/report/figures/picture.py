"""A picture of the book: a chart that answers the pointer, and a still image of it where no script runs.

The other modules of this room draw. Their functions return a `Picture`, which shows itself in a notebook and in the
book. A chart names no colours: themes do, so that one chart serves light and dark pages. `kwslib.report.charts` has
what a browser needs. Nothing in this room knows how a number was made.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import altair as alt
import vl_convert

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
"""Version of the charts' language that Altair writes, for the library that draws them."""
WIDTH, PANEL_WIDTH = 600, 185
"""Pixels between the axes: of a picture, and of each of three panels side by side."""
FAINT = "faint"
"""Style of marks that only join or frame others."""


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

    @property
    def config(self) -> dict[str, Any]:
        """The theme as a configuration of Vega-Lite."""
        words = {"labelColor": self.ink, "titleColor": self.ink, "titleFontWeight": "normal", "labelLimit": 0}
        lines = {"gridColor": self.grid, "domainColor": self.grid, "tickColor": self.grid}
        return {
            "background": "transparent",
            "aria": False,  # the picture has one alternative text; a thousand marks need none
            "font": "sans-serif",
            "view": {"stroke": None},
            "axis": {**words, **lines, "titleLimit": 0, "titleFontSize": 12},
            "legend": {**words, "title": None, "orient": "top"},
            "header": words | {"title": None, "labelFontSize": 12},
            "mark": {"color": self.series[0]},
            "text": {"color": self.ink, "fontSize": 11},
            "title": {"color": self.ink, "fontWeight": "normal", "fontSize": 12},
            "rule": {"color": self.ink},
            "range": {
                "category": list(self.series),
                "symbol": list(SHAPES),
                "heatmap": list(self.sequential),
                "ramp": list(self.sequential),
                "diverging": list(self.diverging),
            },
            "style": {FAINT: {"color": self.grid, "stroke": self.grid}},
        }


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
THEMES = (LIGHT, DARK)
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down")
"""A shape for each category, so that none is told by its colour alone."""


@dataclass(frozen=True)
class Picture:
    """A chart with its alternative text.

    Attributes
    ----------
    chart : altair chart
        Without colours. A row's ``facts``, if there are any, are shown while the pointer is over its mark.
    alt : str
        What the picture shows, for those who do not see it.
    """

    chart: Any
    alt: str

    @property
    def spec(self) -> dict[str, Any]:
        """The chart in Vega-Lite's JSON, its data included."""
        with alt.data_transformers.disable_max_rows():
            found: dict[str, Any] = self.chart.to_dict()
        found.pop("config", None)  # Altair's own sizes; the theme has ours
        return found

    def svg(self, theme: Theme = LIGHT) -> str:
        """Return the drawing as SVG, the same text every time."""
        return _svg(self.spec, theme)

    def __html__(self) -> str:
        """Tell Jinja that this is HTML already and needs no escaping."""
        return self._repr_html_()

    def _repr_html_(self) -> str:
        text, spec = html.escape(self.alt), self.spec
        # A page without the book's style sheet shows the light one alone.
        images = (
            f'<img class="only-{theme.name}" style="display:{display}" alt="{text}" '
            f'src="data:image/svg+xml,{quote(_svg(spec, theme), safe=UNQUOTED)}">'
            for theme, display in ((LIGHT, "block"), (DARK, "none"))
        )
        drawn = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<div class="kws-picture">{"".join(images)}'
            f'<script type="application/json" class="kws-chart">{drawn}</script></div>'
        )


UNQUOTED = " /:;=,()'{}[]|!*$@?~"
"""Characters that an address in double quotes may hold as they are."""


def _svg(spec: Mapping[str, Any], theme: Theme) -> str:
    drawn: str = vl_convert.vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, config=theme.config)
    return drawn


def percent(share: float, digits: int = 1) -> str:
    """Return a share, 0 … 1, for people.

    Examples
    --------
    >>> percent(0.9446, 2)
    '94.46 %'
    """
    return f"{100 * share:.{digits}f} %"


def series_marks(names: list[str]) -> dict[str, Any]:
    """Return the encodings of a chart's series: colour, shape, and pale where another one was chosen in the legend.

    Parameters
    ----------
    names : list of str
        In the order of the legend.
    """
    columns = len(names) if sum(map(len, names)) <= MOST_LEGEND_CHARACTERS else 1
    # One legend for both: they must have the same domain, and no order of their own.
    both: dict[str, Any] = {"scale": alt.Scale(domain=names), "legend": alt.Legend(columns=columns)}
    return {
        "color": alt.Color("series:N", **both),
        "shape": alt.Shape("series:N", **both),
        "opacity": alt.condition(CHOSEN, alt.value(1.0), alt.value(PALE)),
    }


def series_lines(names: list[str]) -> dict[str, Any]:
    """Return the encodings of lines that belong to the marks of a chart's series: colour, and pale like them."""
    return {key: value for key, value in series_marks(names).items() if key != "shape"}


CHOSEN = alt.selection_point(name="chosen", fields=["series"], bind="legend")
"""The series that a reader clicked in the legend; all of them until then. A chart with series adds it."""
PALE = 0.15
MOST_LEGEND_CHARACTERS = 80
"""A legend with longer names than these together gets a line for each."""
