"""Points of accuracy and cost as SVG that is part of the page: a point says what it is, and leads to its page.

It needs no script. Colours follow the page, light or dark; shapes tell the series apart without them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kwslib.report import elements
from kwslib.report.elements import Html

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 52
"""Margins in the same units."""
SHAPES = ("circle", "square", "triangle", "diamond", "cross")
RADIUS = 5.0
NICE = (1, 2, 2.5, 5, 10)
TICKS = 6


@dataclass(frozen=True)
class Mark:
    """A point.

    Attributes
    ----------
    name : str
        Shown beside it if it is on the front.
    text : str
        What it is, a line for each fact; shown when the pointer is over it.
    cost : float
    accuracy, low, high : float
        Between 0 and 1; low and high are the ends of its line.
    series : int
        Decides shape and colour.
    link : str
        Address of its page; none if empty.
    front : bool
        Whether the front goes through it.
    hollow : bool
        Whether its protocol is another one, so that it does not compare with the others.
    """

    name: str
    text: str
    cost: float
    accuracy: float
    low: float
    high: float
    series: int = 0
    link: str = ""
    front: bool = False
    hollow: bool = False


SVG = """<figure class="kws-scatter"><svg viewBox="0 0 {{ width }} {{ height }}" role="group" aria-label="{{ alt }}">
<desc>{{ alt }}</desc>
{%- for x, text in x_ticks %}<line class="grid" x1="{{ x }}" x2="{{ x }}" y1="{{ top }}" y2="{{ bottom }}"/>
<text class="tick" x="{{ x }}" y="{{ bottom + 18 }}" text-anchor="middle">{{ text }}</text>{% endfor -%}
{%- for y, text in y_ticks %}<line class="grid" x1="{{ left }}" x2="{{ right }}" y1="{{ y }}" y2="{{ y }}"/>
<text class="tick" x="{{ left - 8 }}" y="{{ y + 4 }}" text-anchor="end">{{ text }}</text>{% endfor -%}
<text class="axis" x="{{ (left + right) / 2 }}" y="{{ bottom + 42 }}" text-anchor="middle">{{ x_label }}</text>
<text class="axis" transform="translate(14 {{ (top + bottom) / 2 }}) rotate(-90)" text-anchor="middle">
{{- y_label }}</text>
{%- if front %}<polyline class="front" points="{{ front }}"/>{% endif -%}
{%- for mark, x, y, low, high, shape in marks %}
{%- if mark.link %}<a href="{{ mark.link }}">{% endif -%}
<g class="mark s{{ mark.series }}{{ ' hollow' if mark.hollow }}"><title>{{ mark.text }}</title>
{%- if low != high %}<line x1="{{ x }}" x2="{{ x }}" y1="{{ low }}" y2="{{ high }}"/>{% endif -%}
<path d="{{ shape }}"/>
{%- if mark.front %}<text x="{{ x }}" y="{{ y - 9 }}" text-anchor="{{ 'end' if x > label_turn else 'start' }}">
{{- mark.name }}</text>{% endif -%}
</g>{%- if mark.link %}</a>{% endif -%}
{%- endfor -%}
</svg><figcaption>
{%- for shape, name, number, hollow in legend %}<span class="mark s{{ number }}{{ ' hollow' if hollow }}">
<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><path d="{{ shape }}"/></svg> {{ name }}</span>
{%- endfor -%}
</figcaption></figure>"""


def scatter(
    marks: Sequence[Mark],
    series: Sequence[tuple[str, bool]],
    x_label: str,
    y_label: str,
    form: Callable[[float], str],
    alt: str,
) -> Html:
    """Draw points on a logarithmic axis of cost, and the front through those that are on it.

    Parameters
    ----------
    marks : sequence of Mark
        At least one.
    series : sequence of (str, bool)
        Name of each series, empty for one without points, and whether it is hollow.
    x_label, y_label : str
    form : callable
        A cost as the text of a tick.
    alt : str
        What is to be seen, for those who do not see it.
    """
    x_of, x_ticks = _logarithmic([mark.cost for mark in marks])
    y_of, y_ticks = _linear([value for mark in marks for value in (mark.low, mark.high)])
    front = sorted((mark for mark in marks if mark.front), key=lambda mark: mark.cost)
    shown = [
        (mark, x, y, _round(y_of(mark.low)), _round(y_of(mark.high)), _shape(SHAPES[mark.series], x, y))
        for mark in marks
        for x, y in ((_round(x_of(mark.cost)), _round(y_of(mark.accuracy))),)
    ]
    return elements.fill(
        SVG,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        label_turn=WIDTH * 0.7,
        alt=alt,
        x_label=x_label,
        y_label=y_label,
        x_ticks=[(_round(x_of(value)), form(value)) for value in x_ticks],
        y_ticks=[(_round(y_of(value)), f"{100 * value:g} %") for value in y_ticks],
        front=" ".join(f"{_round(x_of(mark.cost))},{_round(y_of(mark.accuracy))}" for mark in front),
        marks=shown,
        legend=[(_shape(SHAPES[i], 0, 0), name, i, hollow) for i, (name, hollow) in enumerate(series) if name],
    )


def _round(value: float) -> float:
    return round(value, 1)


def _shape(kind: str, x: float, y: float) -> str:
    """An outline around a place."""
    r = RADIUS
    if kind == "circle":
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    if kind == "square":
        return f"M{x - r:.1f} {y - r:.1f}h{2 * r}v{2 * r}h{-2 * r}z"
    if kind == "triangle":
        return f"M{x:.1f} {y - 1.2 * r:.1f}l{1.2 * r:.1f} {2.1 * r:.1f}h{-2.4 * r:.1f}z"
    if kind == "diamond":
        side = 1.3 * r
        return f"M{x:.1f} {y - side:.1f}l{side:.1f} {side:.1f}l{-side:.1f} {side:.1f}l{-side:.1f} {-side:.1f}z"
    return f"M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}"


def _logarithmic(values: Sequence[float]) -> tuple[Callable[[float], float], list[float]]:
    """The scale of the costs, from left to right, and its ticks: 1, 2 and 5 times powers of ten."""
    low, high = min(values) / 1.25, max(values) * 1.25
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    inside = [tick for tick in ticks if low <= tick <= high]
    wide = math.log(high / low)

    def place(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / wide

    return place, inside


def _linear(values: Sequence[float]) -> tuple[Callable[[float], float], list[float]]:
    """The scale of the accuracies, from bottom to top, and its ticks."""
    low, high = min(values), max(values)
    pad = max(0.04 * (high - low), 0.002)
    low, high = low - pad, high + pad
    raw = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(nice * power for nice in NICE if nice * power >= raw)
    ticks = [round(number * step, 6) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]

    def place(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    return place, ticks
