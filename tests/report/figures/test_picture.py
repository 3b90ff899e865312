import html
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from kwslib.config.baselines import baseline_network
from kwslib.config.words import LABELS
from kwslib.report.figures import picture
from kwslib.report.figures.picture import DARK, LIGHT, Point
from tests.report.figures.test_gap8 import GAP8_PICTURES

GROUNDS = {"light": "#ffffff", "dark": "#121212"}
"""Page grounds of the book's theme in its two modes."""
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
"""On linear RGB, severity 1.0 (Machado, Oliveira and Fernandes 2009)."""
MATRIX = baseline_network("small").accuracy["test"].confusion
HISTORY = [
    {"step": 10, "phase": "float", "learning_rate": 0.01, "loss": 2.5, "validation_accuracy": 0.31},
    {"step": 20, "phase": "float", "learning_rate": 0.01, "loss": 1.25, "validation_accuracy": 0.625},
    {"step": 30, "phase": "quantised", "learning_rate": 0.001, "loss": 0.75, "validation_accuracy": 0.875},
]
POINTS = [
    Point("small", "digital-silence", 0.90, 0.88, 0.92, 2_656_768),
    Point("large", "digital-silence", 0.95, 0.94, 0.96, 218_291_712),
    Point("small", "noise-silence", 0.85, 0.82, 0.88, 2_656_768),
]
PICTURES = {
    "confusion": lambda: picture.confusion(MATRIX, LABELS),
    "confusion_shares": lambda: picture.confusion(MATRIX, LABELS, normalised=True),
    "difference": lambda: picture.confusion_difference(MATRIX, MATRIX.T, LABELS),
    "training": lambda: picture.training_curves(HISTORY),
    "fingerprints": lambda: picture.fingerprints({"yes": np.eye(49, 10, dtype=np.uint8), "no": np.zeros((49, 10))}),
    "intervals": lambda: picture.intervals(POINTS),
    "cost": lambda: picture.accuracy_against_cost(POINTS, "multiply-accumulates"),
    **GAP8_PICTURES,
}


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    light = [0.05 + linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other)]
    return max(light) / min(light)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_picture_is_a_valid_svg_on_a_transparent_ground_and_the_same_every_time(name, theme):
    svg = PICTURES[name]().svg(theme)
    assert svg == PICTURES[name]().svg(theme)
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    ground = next(g for g in root.iter("{http://www.w3.org/2000/svg}g") if g.get("id") == "patch_1")
    assert "fill: none" in ground[0].get("style") or "opacity: 0" in ground[0].get("style")


@pytest.mark.parametrize("name", PICTURES)
def test_both_themes_are_shown_with_the_same_alternative_text(name):
    picture = PICTURES[name]()
    shown = picture._repr_html_()
    alts = re.findall(r'<img class="(\S+)" style="display:(\w+)" alt="([^"]+)" src="data:image/svg\+xml', shown)
    assert [alt[:2] for alt in alts] == [("only-light", "block"), ("only-dark", "none")]
    assert {html.unescape(alt[2]) for alt in alts} == {picture.alt}
    light, dark = re.findall(r"base64,([^\"]+)", shown)
    assert light != dark


def test_alternative_texts_say_what_was_computed():
    assert "4362 of 4890" in picture.confusion(MATRIX, LABELS).alt
    assert "off taken for up, 28 clips" in picture.confusion(MATRIX, LABELS).alt
    assert "2.50 to 0.75" in picture.training_curves(HISTORY).alt
    assert "31.0% to 87.5%" in picture.training_curves(HISTORY).alt
    assert "large, digital-silence: 95.0% (94.0% to 96.0%)" in picture.intervals(POINTS).alt
    assert "no clip was got wrong" in picture.confusion(np.diag([3] * 12), LABELS).alt


def test_an_alternative_text_cannot_leave_its_attribute():
    shown = picture.fingerprints({'"><script>': np.zeros((3, 2))})._repr_html_()
    assert "<script>" not in shown


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_confusion_matrix_writes_every_count_where_it_belongs(theme):
    axes = picture.confusion(MATRIX, LABELS).figure(theme).axes[0]
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    expected = {(r, c): str(MATRIX[r, c]) if MATRIX[r, c] else "" for r in range(12) for c in range(12)}
    assert {key: text for key, text in written.items() if text} == {k: v for k, v in expected.items() if v}
    assert [t.get_text() for t in axes.get_yticklabels()] == list(LABELS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("winner", "label")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["confusion", "confusion_shares", "difference"])
def test_numbers_in_cells_can_be_read(name, theme):
    axes = PICTURES[name]().figure(theme).axes[0]
    cells = axes.collections[0].get_facecolors()
    for text in axes.texts:
        if text.get_text():
            column, row = (int(v) for v in text.get_position())
            assert contrast(text.get_color(), cells[12 * row + column][:3]) > 4.5


def test_row_shares_divide_by_the_labels_clips_and_leave_empty_rows_alone():
    shares = picture.row_shares([[1, 3], [0, 0]])
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_a_difference_shows_percentage_points():
    ours, other = np.diag([10] * 12), np.diag([10] * 12)
    ours[2, 2:4] = 8, 2
    axes = picture.confusion_difference(ours, other, LABELS).figure().axes[0]
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts if t.get_text()}
    assert written == {(2, 2): "-20", (2, 3): "+20"}


def test_training_curves_draw_the_history():
    loss, accuracy = picture.training_curves(HISTORY).figure().axes
    assert loss.lines[0].get_ydata().tolist() == [2.5, 1.25, 0.75]
    assert accuracy.lines[0].get_ydata().tolist() == [0.31, 0.625, 0.875]
    assert accuracy.lines[2].get_xdata().tolist() == [30]


def test_intervals_draw_accuracies_and_their_bounds():
    axes = picture.intervals(POINTS).figure().axes[0]
    digital, noise = axes.containers
    assert np.allclose(digital.lines[0].get_xdata(), [0.90, 0.95])
    assert np.allclose([s[:, 0] for s in digital.lines[2][0].get_segments()], [[0.88, 0.92], [0.94, 0.96]])
    assert np.allclose(noise.lines[0].get_xdata(), [0.85])
    assert [t.get_text() for t in axes.get_yticklabels()] == ["small", "large"]


@pytest.mark.parametrize("span", [0.001, 0.01, 0.034, 0.04, 0.2, 0.9])
def test_labels_of_the_accuracy_axis_do_not_run_into_each_other(span):
    middle = 0.97 - span / 2
    points = [picture.Point("small", "digital-silence", middle, middle - span / 2, middle + span / 2)]
    figure = picture.intervals(points).figure()
    figure.canvas.draw()
    shown = [text.get_window_extent() for text in figure.axes[0].get_xticklabels() if text.get_text()]
    inside = sorted((box for box in shown if box.width), key=lambda box: box.x0)
    assert len(inside) > 1
    assert all(left.x1 < right.x0 for left, right in zip(inside, inside[1:], strict=False))


def test_costs_are_on_a_logarithmic_axis():
    axes = picture.accuracy_against_cost(POINTS, "multiply-accumulates").figure().axes[0]
    assert axes.get_xscale() == "log"
    assert [(text.get_text(), text.xy[1]) for text in axes.texts] == [("small", 0.92), ("large", 0.96)]
    assert axes.get_xlabel() == "multiply-accumulates"
    assert np.allclose(axes.containers[0].lines[0].get_ydata(), [0.90, 0.95])
    assert np.allclose(axes.containers[0].lines[0].get_xdata(), [2_656_768, 218_291_712], rtol=0.03)


def test_many_costs_get_round_numbers_and_every_point_its_name():
    points = [Point("small", f"series {n}", 0.9, 0.88, 0.92, 10.0 ** (n + 2)) for n in range(5)]
    figure = picture.accuracy_against_cost(points, "cycles").figure()
    figure.canvas.draw()
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["small"] * 5
    assert "10k" in [text.get_text() for text in axes.get_xticklabels()]


@pytest.mark.parametrize("name", ["a", "a series with a name so long that three of it fit nowhere"])
def test_a_legend_fits_its_picture(name):
    points = [Point("small", f"{name} {n}", 0.9, 0.88, 0.92, 100.0) for n in range(3)]
    figure = picture.accuracy_against_cost(points, "cycles").figure()
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width


def test_fingerprints_are_drawn_with_time_to_the_right():
    codes = np.arange(490, dtype=np.uint16).reshape(49, 10).clip(0, 255).astype(np.uint8)
    axes = picture.fingerprints({"yes": codes}).figure().axes[0]
    assert (axes.images[0].get_array() == codes.T.astype(float) - 128).all()
    assert axes.get_title() == "yes"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_colours_stand_out_from_the_page(theme):
    assert contrast(theme.ink, GROUNDS[theme.name]) > 7
    for colour in theme.series:
        assert contrast(colour, GROUNDS[theme.name]) > 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("matrix", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
def test_the_colours_of_two_series_differ_for_colour_blind_readers(theme, matrix):
    one, other = (np.clip(matrix @ linear(colour), 0, 1) for colour in theme.series[:2])
    assert np.abs(one - other).max() > 0.25
    low, middle, high = (np.clip(matrix @ linear(colour), 0, 1) for colour in theme.diverging)
    assert min(np.abs(low - high).max(), np.abs(low - middle).max(), np.abs(high - middle).max()) > 0.25
