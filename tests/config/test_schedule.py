"""Schedules from settings: what is left out is the profile's, and contradictions are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.profiles import PROFILES
from kwslib.config.schedule import CosineSchedule, Schedule, changed
from kwslib.errors import InputError

QUICK, BEST = PROFILES["quick"].schedules["small"], PROFILES["best"].schedules["small"]
BASELINE = PROFILES["baseline"].schedules["small"]


@pytest.mark.parametrize("profile", [QUICK, BEST, BASELINE])
def test_nothing_given_is_the_profile(profile):
    assert changed(profile) == profile
    assert changed(profile, steps=profile.steps, quantise_after=profile.float_steps) == profile
    assert changed(profile, steps=60) == profile.scaled(60)


@given(st.sampled_from([QUICK, BEST, BASELINE]), st.integers(6, 30000))
def test_everything_given_is_the_same_schedule(profile, steps):
    made = profile.scaled(steps)
    if isinstance(made, CosineSchedule):
        more = {"rates": [made.rate, made.quantised_rate], "warm_up_steps": made.warm_up_steps}
    else:
        more = {"rates": [one.learning_rate for one in made.stages], "stage_steps": [one.steps for one in made.stages]}
    assert changed(profile, steps=steps, quantise_after=made.float_steps, **more) == made


def test_settings_change_a_profile():
    made = changed(QUICK, rates=[0.01, 0.001], stage_steps=[30, 10], quantise_after=25)
    assert isinstance(made, Schedule)
    assert [(one.learning_rate, one.steps) for one in made.stages] == [(0.01, 30), (0.001, 10)]
    assert made.float_steps == 25 and made.baseline_quantise is None
    shorter = changed(QUICK, rates=[1, 2, 3], steps=140)
    assert [one.learning_rate for one in shorter.stages] == [1, 2, 3] and shorter.float_steps == 105
    assert changed(QUICK, stage_steps=[8, 1, 1]).float_steps == 8  # the profile quantises the last quarter
    warm = changed(BEST, steps=1000, warm_up_steps=100, rates=[0.1, 0.01])
    assert (warm.warm_up_steps, warm.rate, warm.quantised_rate, warm.float_steps) == (100, 0.1, 0.01, 900)
    staged = changed(BEST, rates=[0.01], stage_steps=[100])
    assert isinstance(staged, Schedule) and staged.float_steps == 90


@pytest.mark.parametrize(
    ("profile", "values", "message"),
    [
        (QUICK, {"steps": 5}, "steps must be at least 6"),
        (QUICK, {"steps": 50, "stage_steps": [30, 10, 5]}, "steps is 50 and stage_steps add up to 45: give 45"),
        (QUICK, {"rates": [0.1]}, "learning_rates has 1 number and the profile 3 numbers of steps: give 3 rates"),
        (QUICK, {"stage_steps": [9, 9]}, "stage_steps has 2 numbers and the profile has 3 numbers"),
        (QUICK, {"rates": [0.1], "stage_steps": [9, 9]}, "stage_steps has 2 numbers and learning_rates has 1 number"),
        (QUICK, {"rates": [0.1], "stage_steps": [1]}, "stage_steps add up to 1: give at least 2"),
        (QUICK, {"quantise_after": 1400}, r"quantise_after is 1400, .* 1400 steps in all: give 1399 \(1 to 1399"),
        (QUICK, {"warm_up_steps": 5}, "warm_up_steps goes with a cosine"),
        (BEST, {"rates": [0.1, 0.2, 0.3]}, "the profile's cosine has two phases: give two"),
        (BEST, {"stage_steps": [10, 10]}, "in place of the profile's cosine needs learning_rates"),
        (BEST, {"steps": 100, "warm_up_steps": 90}, "warm_up_steps is 90, .* 90 steps: give 89"),
        (BEST, {"steps": 100, "quantise_after": 1}, "warm_up_steps is 0, .* has 1 steps: it needs at least 2"),
    ],
)
def test_contradictions_are_refused_with_what_would_do(profile, values, message):
    with pytest.raises(InputError, match=message):
        changed(profile, **values)
