"""What the chapter shows of the study of synthetic voices, recorded or not."""

import pytest

from kwslib.provenance import provenance
from kwslib.report import voices_page as page
from kwslib.studies.own_words_records import Count
from kwslib.studies.voices_study import Result


def result(row, right):
    test = {"digital-silence": Count(1000, right + 10), "noise-silence": Count(1000, right)}
    return Result(row, 1, 1400, 9000, 99, Count(200, 198), test, 100.0, {}, provenance())


RESULTS = [result("voices", 400), result("voices-10", 600), result("only-10", 300)]


def test_a_study_that_is_not_recorded_says_so():
    assert page.badge([]) is page.table([]) is page.picture([]) is page.NOTHING
    assert "not recorded yet" in page.NOTHING.text


def test_the_badge_says_what_is_missing():
    text = page.badge(RESULTS).text
    assert "3 trainings of 1400 steps" in text
    assert "Not measured yet: voices-50, voices-200, only-50, only-200" in text


def test_the_table_has_validation_and_both_tests_with_intervals():
    table = page.table(RESULTS)
    assert table.frame["test accuracy, noise-silence"].tolist() == [0.4, 0.6, 0.3]
    assert table.shown["validation, its own kind"][0] == "99.00 %"
    assert table.shown["test on people, digital-silence"][0].startswith("41.00 % (")
    assert table.shown["trained on"].tolist() == [
        "synthetic voices",
        "synthetic voices and 10 recordings a word",
        "10 recordings a word",
    ]


@pytest.mark.parametrize("results", [RESULTS, RESULTS[:1]])
def test_the_picture_is_drawn_and_told(results):
    picture = page.picture(results)
    assert "synthetic voices: 40.00 %" in picture.alt
    assert "<svg" in picture._repr_html_() or "<img" in picture._repr_html_()
