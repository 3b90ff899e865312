import math

import pytest

from kwslib.report.figures import accuracy
from kwslib.report.figures.accuracy import Point
from tests.report.figures import drawn
from tests.report.figures.test_picture import POINTS


def test_intervals_draw_accuracies_in_place_and_their_bounds():
    picture = accuracy.intervals(POINTS)
    small, large, noise = (drawn.place(one) for one in drawn.marks(picture, "symbol"))
    assert noise[0] < small[0] < large[0]
    assert (large[0] - small[0]) / (small[0] - noise[0]) == pytest.approx(0.05 / 0.05, rel=1e-3)
    assert small[1] < noise[1] < large[1]  # the two series of a name lie below each other
    begins = [drawn.place(one)[0] for one in drawn.marks(picture, "rule")]
    lengths = [abs(float(one.get("x2"))) for one in drawn.marks(picture, "rule")]
    scale = (large[0] - small[0]) / 0.05
    for begin, length, point in zip(begins, lengths, POINTS, strict=True):
        assert length == pytest.approx(scale * (point.high - point.low), rel=1e-3), point
        ends = sorted((begin, begin + float(drawn.marks(picture, "rule")[POINTS.index(point)].get("x2"))))
        assert ends[0] == pytest.approx(small[0] + scale * (point.low - 0.90), abs=0.1)
    assert {"small", "large", "digital-silence", "noise-silence", "accuracy"} <= set(drawn.texts(picture))


def test_costs_are_on_a_logarithmic_axis():
    points = [Point(str(cost), "series", 0.9, 0.88, 0.92, cost) for cost in (1e3, 1e4, 1e6)]
    x = [drawn.place(one)[0] for one in drawn.marks(accuracy.accuracy_against_cost(points, "cycles"), "symbol")]
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(2, rel=1e-6)


def test_few_costs_are_written_where_they_are_and_many_get_round_numbers():
    few = accuracy.accuracy_against_cost(POINTS, "multiply-accumulates")
    assert {"2.66M", "218M", "multiply-accumulates", "small", "large"} <= set(drawn.texts(few))
    points = [Point("small", f"series {n}", 0.9, 0.88, 0.92, 10.0 ** (n + 2)) for n in range(5)]
    many = drawn.texts(accuracy.accuracy_against_cost(points, "cycles"))
    assert "10k" in many and many.count("small") == 5


def test_the_front_goes_through_its_points_and_what_does_not_compare_is_hollow():
    points = [
        Point("a", "ours", 0.90, 0.89, 0.91, 1e3, front=True),
        Point("b", "ours", 0.85, 0.84, 0.86, 1e4, named=False),
        Point("c", "ours", 0.95, 0.94, 0.96, 1e5, front=True, link="c.html"),
        Point("d", "theirs", 0.80, 0.79, 0.81, 1e5, hollow=True, named=False),
    ]
    picture = accuracy.accuracy_against_cost(points, "cycles")
    (line,) = (one for one in drawn.marks(picture, "line"))
    corners = [float(value) for value in line.get("d").replace("L", ",")[1:].split(",")]
    symbols = drawn.marks(picture, "symbol")
    (hollow,) = (one for one in symbols if one.get("fill") in (None, "transparent"))
    solid = [drawn.place(one) for one in symbols if one is not hollow]
    assert drawn.place(hollow)[0] == solid[2][0] and drawn.place(hollow)[1] > solid[2][1]
    assert corners == pytest.approx([*solid[0], *solid[2]], abs=0.01)
    assert [text for text in drawn.texts(picture) if text in "abcd"] == ["c", "a"]
    assert "On the front: a, ours: 90.0 % (89.0 % to 91.0 %); c," in picture.alt and "; b" not in picture.alt


def test_names_that_would_run_into_each_other_are_left_out():
    near = [Point(f"a name of some length {n}", "others", 0.8 + n / 1000, 0.79, 0.81, 1000.0 + n) for n in range(5)]
    ours = Point("ours", "presets", 0.8, 0.79, 0.80, 1010.0)
    far = Point("far away", "others", 0.9, 0.89, 0.91, 1e6)
    picture = accuracy.accuracy_against_cost([ours, *near, far], "cycles")
    names = {one.name for one in (ours, *near, far)}
    assert [text for text in drawn.texts(picture) if text in names] == ["ours", "far away"]


@pytest.mark.parametrize("span", [0.001, 0.01, 0.034, 0.04, 0.2, 0.9])
def test_the_accuracy_axis_has_some_numbers_and_not_too_many(span):
    middle = 0.97 - span / 2
    points = [Point("small", "digital-silence", middle, middle - span / 2, middle + span / 2)]
    numbers = [text for text in drawn.texts(accuracy.intervals(points)) if text.endswith("%")]
    assert 2 <= len(set(numbers)) == len(numbers) <= 12


@pytest.mark.parametrize("low, high", [(0.02, 7), (3, 4), (150, 39e6), (1, 1e9)])
def test_round_numbers_lie_inside_and_have_one_digit(low, high):
    found = accuracy.round_numbers(low, high)
    assert all(low <= value <= high for value in found)
    assert all(round(value / 10 ** math.floor(math.log10(value) + 1e-9), 6) in (1, 2, 5) for value in found)
    assert high / low < 2 or found
