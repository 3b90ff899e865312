"""The learning curve is the mean over seeds, and its power law is that of the points."""

import pytest

from kwslib.provenance import provenance
from kwslib.studies.ablation import Trial
from kwslib.studies.learning_curve import learning_curve
from kwslib.studies.variants import LISTENING

NAMES = ("eighth-of-clips", "quarter-of-clips", "half-of-clips", LISTENING)


def trial(variant, seed, right, clips, noisy=0.5):
    return Trial(variant, seed, 4000, right, right, 100, 60.0, "hash", {}, provenance(), noisy, clips)


def test_means_over_seeds_and_a_power_law():
    trials = [
        trial(name, seed, 1 - 0.16 * 0.5**number + 0.01 * (seed - 1.5), 1000 * 2**number)
        for number, name in enumerate(NAMES)
        for seed in (1, 2)
    ]
    curve = learning_curve([*trials, trial("mixup", 1, 0.1, 8000), trial(LISTENING, 3, 0.1, None)])
    assert [point.clips for point in curve.points] == [1000, 2000, 4000, 8000]
    assert [point.clean for point in curve.points] == pytest.approx([0.84, 0.92, 0.96, 0.98])
    assert {point.seeds for point in curve.points} == {2}
    assert curve.halving == pytest.approx(0.5)
    assert curve.last_halving == pytest.approx(0.5) and curve.of_twice(0.5) == pytest.approx(0.99)


def test_the_last_two_points_tell_that_a_curve_flattens():
    rights = (0.88, 0.92, 0.92)
    clips = (1000, 2000, 8000)
    curve = learning_curve([trial(*row) for row in zip(NAMES[1:], (1, 1, 1), rights, clips, strict=True)])
    assert curve.last_halving == 1 and curve.of_twice(curve.last_halving) == pytest.approx(0.92)
    steeper = learning_curve([trial(*row) for row in zip(NAMES[1:], (1, 1, 1), (0.68, 0.84, 0.96), clips, strict=True)])
    assert steeper.last_halving == pytest.approx(0.5)  # four times as many clips, a quarter of the errors


def test_two_points_are_no_curve():
    assert (
        learning_curve([trial(name, 1, 0.9, clips) for name, clips in zip(NAMES[2:], (4000, 8000), strict=True)])
        is None
    )
    assert learning_curve([]) is None
