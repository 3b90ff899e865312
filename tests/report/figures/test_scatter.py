"""Points as SVG: well-formed, in place, and nothing but text and links."""

import xml.etree.ElementTree as ElementTree

import pytest

from kwslib.report.figures import scatter
from kwslib.report.figures.scatter import HEIGHT, SHAPES, WIDTH, Mark


def draw(*marks):
    series = [(name, name == "cross") for name in SHAPES]
    text = scatter.scatter(marks, series, "cycles", "accuracy", lambda value: f"{value:g}", 'what "it" shows').text
    return ElementTree.fromstring(text.replace("&#34;", "&quot;"))


def mark(cost, accuracy, **more):
    return Mark("n", f"{cost} cycles", cost, accuracy, accuracy - 0.01, accuracy + 0.01, **more)


def place(path):
    """Where the outline of a circle begins: its left end."""
    x, y = path.attrib["d"][1:].split("a")[0].split()
    return float(x) + scatter.RADIUS, float(y)


def test_more_cost_lies_to_the_right_and_more_accuracy_above_on_a_logarithmic_axis():
    figure = draw(mark(10, 0.5), mark(100, 0.6), mark(1000, 0.7))
    places = [place(group.find("path")) for group in figure.iter("g")]
    (x1, y1), (x2, y2), (x3, y3) = places
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2) and x1 < x2
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2) and y1 > y2
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)


def test_ticks_lie_where_their_values_are():
    figure = draw(mark(10, 0.5), mark(1000, 0.7))
    texts = {tick.text: tick for tick in figure.iter("text") if tick.attrib["class"] == "tick"}
    left, right = (place(group.find("path")) for group in figure.iter("g"))
    assert float(texts["10"].attrib["x"]) == pytest.approx(left[0], abs=0.2)
    assert float(texts["1000"].attrib["x"]) == pytest.approx(right[0], abs=0.2)
    assert float(texts["50 %"].attrib["y"]) - 4 == pytest.approx(left[1], abs=0.2)


@pytest.mark.parametrize("series", range(len(SHAPES)))
def test_every_series_has_a_shape_of_its_own(series):
    shapes = {draw(mark(10, 0.5, series=number)).find(".//g/path").attrib["d"] for number in range(len(SHAPES))}
    assert len(shapes) == len(SHAPES)
    assert f"s{series}" in draw(mark(10, 0.5, series=series)).find(".//g").attrib["class"]


def test_text_is_escaped_and_links_are_kept():
    figure = draw(mark(10, 0.5, link="a.html#b", hollow=True, front=True))
    (link,) = figure.iter("a")
    assert link.attrib["href"] == "a.html#b" and "hollow" in link.find("g").attrib["class"]
    assert link.find("g/title").text == "10 cycles"
    assert draw(Mark("<b>", "<i>&", 1, 0.5, 0.5, 0.5)).find(".//g/title").text == "<i>&"


def test_series_without_points_are_not_in_the_legend():
    text = scatter.scatter([mark(10, 0.5)], [("one", False), ("", False)], "x", "y", str, "z").text
    assert text.count('<span class="mark') == 1
