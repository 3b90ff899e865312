"""The page on the ablation, with trials and without."""

from dataclasses import replace

from kwslib.provenance import provenance
from kwslib.report import ablation_page as page
from kwslib.studies.ablation import Trial
from kwslib.studies.variants import LISTENING, WHOLE

MADE = replace(provenance(), commit="abc", date="2020-01-02")
TRIALS = [
    Trial(
        name,
        seed,
        4000,
        accuracy + 0.01,
        accuracy,
        4100,
        360.0,
        "hash",
        {},
        replace(provenance(), commit="abc", date="2020-01-02"),
    )
    for name, accuracies in ((WHOLE, (0.92, 0.93)), ("mixup", (0.91, 0.92)))
    for seed, accuracy in enumerate(accuracies, 1)
]


def test_without_trials_every_part_says_so():
    for part in (page.badge, page.trials_table):
        assert part([]) is page.NOTHING
    for part in (page.table, page.picture):
        assert part([], WHOLE) is page.NOTHING and part(TRIALS, LISTENING) is page.NOTHING


def test_the_learning_curve_says_what_twice_the_clips_promise():
    assert page.curve_table(TRIALS) is page.curve_note(TRIALS) is page.NO_CURVE
    trials = [
        replace(TRIALS[0], variant=name, validation_quantised=right, validation_noisy=0.5, train_clips=clips)
        for name, right, clips in (
            ("quarter-of-clips", 0.92, 2000),
            ("half-of-clips", 0.96, 4000),
            (LISTENING, 0.98, 8000),
        )
    ]
    table = page.curve_table(trials)
    assert table.frame["training clips"].tolist() == [2000, 4000, 8000]
    assert table.frame["validation, %"].tolist() == ["92.00", "96.00", "98.00"]
    text = page.curve_note(trials).text
    assert "leave 50 % of the errors by a power law through all points, and 50 % by the last two" in text
    assert "98.00 % might become 99.00 % to 99.00 %" in text
    flat = page.curve_note([*trials[:2], replace(trials[2], validation_quantised=0.96)]).text
    assert "leave 71 % of the errors" in flat and "100 % by the last two" in flat
    assert "96.00 % might become 96.00 % to 97.17 %" in flat


def test_the_badge_counts():
    text = page.badge(TRIALS).text
    assert "4 trainings of 4000 steps, seeds 1, 2, 4100 validation clips, 0.4 hours" in text and "Recorded" in text


def test_the_table_has_differences_in_points():
    text = page.table(TRIALS, WHOLE)._repr_html_()
    assert "in noise" not in text
    assert "-1.00" in text and "92.50" in text and "0.71" in text
    assert "92.00" in page.trials_table(TRIALS)._repr_html_() or "0.92" in page.trials_table(TRIALS)._repr_html_()


def test_a_table_has_the_variants_of_its_recipe_and_noise_where_it_was_measured():
    noisy = [
        replace(TRIALS[0], variant=name, validation_noisy=value)
        for name, value in ((LISTENING, 0.80), ("no-noise-by-ratio", 0.70))
    ]
    frame = page.table([*TRIALS, *noisy], LISTENING).frame
    assert frame["variant"].tolist() == [LISTENING, "no-noise-by-ratio"]
    assert frame["difference in noise, points"].tolist() == ["–", "-10.00"]


def test_the_picture_tells_the_means():
    picture = page.picture(TRIALS, WHOLE)
    assert "recipe: 92.50 %; mixup: 91.50 %" in str(vars(picture))
    assert picture._repr_html_()


def test_the_recipes_are_read_from_the_profile():
    text = page.recipes()._repr_html_()
    for value in ("power-40-20-10-0.75", "power-30-10-40-0.75", "hold out noise", "label smoothing", "float steps"):
        assert value in text
    assert text.index(">recipe<") < text.index(">small<")
    text = page.tuned_recipes()._repr_html_()
    for value in ("best-medium-s3", "start share", "running speech"):
        assert value in text
    assert ">tiny<" not in text
