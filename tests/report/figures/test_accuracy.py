import numpy as np
import pytest

from kwslib.report.figures import accuracy
from kwslib.report.figures.accuracy import Point
from tests.report.figures.test_picture import POINTS


def test_intervals_draw_accuracies_and_their_bounds():
    axes = accuracy.intervals(POINTS).figure().axes[0]
    digital, noise = axes.containers
    assert np.allclose(digital.lines[0].get_xdata(), [0.90, 0.95])
    assert np.allclose([s[:, 0] for s in digital.lines[2][0].get_segments()], [[0.88, 0.92], [0.94, 0.96]])
    assert np.allclose(noise.lines[0].get_xdata(), [0.85])
    assert [t.get_text() for t in axes.get_yticklabels()] == ["small", "large"]


@pytest.mark.parametrize("span", [0.001, 0.01, 0.034, 0.04, 0.2, 0.9])
def test_labels_of_the_accuracy_axis_do_not_run_into_each_other(span):
    middle = 0.97 - span / 2
    points = [accuracy.Point("small", "digital-silence", middle, middle - span / 2, middle + span / 2)]
    figure = accuracy.intervals(points).figure()
    figure.canvas.draw()
    shown = [text.get_window_extent() for text in figure.axes[0].get_xticklabels() if text.get_text()]
    inside = sorted((box for box in shown if box.width), key=lambda box: box.x0)
    assert len(inside) > 1
    assert all(left.x1 < right.x0 for left, right in zip(inside, inside[1:], strict=False))


def test_costs_are_on_a_logarithmic_axis():
    axes = accuracy.accuracy_against_cost(POINTS, "multiply-accumulates").figure().axes[0]
    assert axes.get_xscale() == "log"
    assert [(text.get_text(), text.xy[1]) for text in axes.texts] == [("small", 0.92), ("large", 0.96)]
    assert axes.get_xlabel() == "multiply-accumulates"
    assert np.allclose(axes.containers[0].lines[0].get_ydata(), [0.90, 0.95])
    assert np.allclose(axes.containers[0].lines[0].get_xdata(), [2_656_768, 218_291_712], rtol=0.03)


def test_many_costs_get_round_numbers_and_every_point_its_name():
    points = [Point("small", f"series {n}", 0.9, 0.88, 0.92, 10.0 ** (n + 2)) for n in range(5)]
    figure = accuracy.accuracy_against_cost(points, "cycles").figure()
    figure.canvas.draw()
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["small"] * 5
    assert "10k" in [text.get_text() for text in axes.get_xticklabels()]


@pytest.mark.parametrize("name", ["a", "a series with a name so long that three of it fit nowhere"])
def test_a_legend_fits_its_picture(name):
    points = [Point("small", f"{name} {n}", 0.9, 0.88, 0.92, 100.0) for n in range(3)]
    figure = accuracy.accuracy_against_cost(points, "cycles").figure()
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
