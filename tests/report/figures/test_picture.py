import html
import json
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import ImageColor

from kwslib.config.baselines import baseline_network
from kwslib.config.words import LABELS
from kwslib.report.figures import accuracy, confusion, training
from kwslib.report.figures.accuracy import Point
from kwslib.report.figures.picture import DARK, LIGHT
from tests.report.figures.test_gap8 import GAP8_PICTURES
from tests.report.figures.test_memory import MEMORY_PICTURES

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
    "confusion": lambda: confusion.matrix(MATRIX, LABELS),
    "confusion_shares": lambda: confusion.matrix(MATRIX, LABELS, normalised=True),
    "difference": lambda: confusion.difference(MATRIX, MATRIX.T, LABELS),
    "training": lambda: training.training_curves(HISTORY),
    "intervals": lambda: accuracy.intervals(POINTS),
    "cost": lambda: accuracy.accuracy_against_cost(POINTS, "multiply-accumulates"),
    **GAP8_PICTURES,
    **MEMORY_PICTURES,
}


def linear(colour):
    rgb = np.array(ImageColor.getrgb(colour)) / 255
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
    assert not [one for one in root if one.tag.endswith("rect")]  # Vega draws a ground as the first rectangle
    assert theme.ink in svg


@pytest.mark.parametrize("name", PICTURES)
def test_both_themes_are_shown_with_the_same_alternative_text_beside_the_chart(name):
    picture = PICTURES[name]()
    shown = picture._repr_html_()
    found = re.findall(
        r'<img class="(\S+)" style="display:(\w+)" alt="([^"]+)" src="data:image/svg\+xml,([^"]+)"', shown
    )
    assert [one[:2] for one in found] == [("only-light", "block"), ("only-dark", "none")]
    assert {html.unescape(one[2]) for one in found} == {picture.alt}
    assert [unquote(one[3]) for one in found] == [picture.svg(LIGHT), picture.svg(DARK)]
    (spec,) = re.findall(r'<script type="application/json" class="kws-chart">(.*)</script>', shown)
    assert json.loads(spec) == picture.spec == PICTURES[name]().spec


def test_alternative_texts_say_what_was_computed():
    assert "4362 of 4890" in confusion.matrix(MATRIX, LABELS).alt
    assert "off taken for up, 28 clips" in confusion.matrix(MATRIX, LABELS).alt
    assert "2.50 to 0.75" in training.training_curves(HISTORY).alt
    assert "31.0 % to 87.5 %" in training.training_curves(HISTORY).alt
    assert "large, digital-silence: 95.0 % (94.0 % to 96.0 %)" in accuracy.intervals(POINTS).alt
    assert "no clip was got wrong" in confusion.matrix(np.diag([3] * 12), LABELS).alt


def test_texts_cannot_leave_their_places():
    evil = '</script><script>alert("1")</script>\'">'
    shown = accuracy.intervals([Point(evil, evil, 0.5, 0.4, 0.6)])._repr_html_()
    assert shown.count("<script") == shown.count("</script") == 1
    assert evil not in shown and json.loads(re.findall(r'kws-chart">(.*)</script>', shown)[0])


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
