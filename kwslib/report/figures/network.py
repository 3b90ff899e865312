"""A drawing of a network: its layers in order, the shapes of their outputs, and where weights and outputs live.

It is HTML that needs no script: a list, which wraps on narrow screens and is read out in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kwslib.report.elements import Html, count, fill

TALLEST, WIDEST, SMALLEST = 72.0, 40.0, 3.0
"""Pixels of the longest axis of time, of the longest axis of coefficients, and of an axis of one."""
MOST_SHEETS = 8
"""Sheets that stand for the channels of the layer with the most."""
SHIFT = 2.0
"""Pixels from one sheet to the next."""

DRAWING = """<ol class="kws-network" aria-label="{{ alt }}">
{%- for box, sheets, width, height in boxes %}<li class="{{ box.kind }}">
<svg viewBox="0 0 {{ width }} {{ height }}" width="{{ width }}" height="{{ height }}" aria-hidden="true">
{%- for x, y, w, h in sheets %}<rect x="{{ x }}" y="{{ y }}" width="{{ w }}" height="{{ h }}"/>{% endfor %}</svg>
<strong>{{ box.name }}</strong> <span>{{ box.what }}</span> <span>{{ box.output }}</span>
{%- if box.weights %} <span class="home">{{ box.weights }}</span>{% endif %}
{%- if box.home %} <span class="home">{{ box.home }}</span>{% endif %}</li>{% endfor -%}
</ol>"""


@dataclass(frozen=True)
class Box:
    """A layer as it is drawn.

    Attributes
    ----------
    name, kind : str
        Short name, and the kind that decides its colour, e.g. ``depthwise``.
    what : str
        Kernel and stride.
    shape : tuple of int
        Of its output: rows, columns, channels.
    weights, home : str
        Where its weights come from, and where its output lives; empty where nothing is known or there is nothing.
    """

    name: str
    kind: str
    what: str
    shape: tuple[int, int, int]
    weights: str = ""
    home: str = ""

    @property
    def output(self) -> str:
        """The shape of its output for people."""
        return " × ".join(count(size) for size in self.shape)

    @property
    def text(self) -> str:
        """The layer in words."""
        return ", ".join(filter(None, (f"{self.name}: {self.what}", self.output, self.weights, self.home)))


def drawing(boxes: Sequence[Box]) -> Html:
    """Draw the layers of a network, each with sheets as high as its rows, as wide as its columns; more for channels.

    Parameters
    ----------
    boxes : sequence of Box
        At least one; the first one sets the scale of rows and columns.
    """
    rows = max(box.shape[0] for box in boxes)
    columns = max(box.shape[1] for box in boxes)
    channels = max(box.shape[2] for box in boxes)
    shown = []
    for box in boxes:
        height = max(SMALLEST, TALLEST * box.shape[0] / rows)
        width = max(SMALLEST, WIDEST * box.shape[1] / columns)
        sheets = max(1, round(MOST_SHEETS * box.shape[2] / channels))
        depth = SHIFT * (sheets - 1)
        # The last sheet lies in front, at the lower left.
        places = [
            (1 + depth - SHIFT * number, 1 + SHIFT * number, round(width, 1), round(height, 1))
            for number in range(sheets)
        ]
        shown.append((box, places, round(width + depth + 2, 1), round(height + depth + 2, 1)))
    return fill(DRAWING, alt="; ".join(box.text for box in boxes), boxes=shown)
