"""Tables and pictures of a network on GAP8, from the recorded deployments."""

import pytest

from kwslib import device, results
from kwslib.errors import DataError
from kwslib.figures import DARK, LIGHT
from kwslib.paths import models_dir
from kwslib.seed import seed_size

SIZES = ("small", "medium", "large")


def recorded(size):
    return results.load(models_dir() / f"quick-{size}", recorded=True)


@pytest.mark.parametrize("size", SIZES)
def test_layers_sum_to_the_total_and_stand_beside_the_seeds(size):
    frame = device.layers(device.deployment_of(recorded(size)), size)
    rows, total = frame.iloc[:-1], frame.iloc[-1]
    for column in ("cycles", "warm cycles", "operations", "share"):
        assert rows[column].sum() == pytest.approx(total[column])
    assert rows["seed's cycles"].tolist() == [layer.cycles for layer in seed_size(size).layers]
    assert rows["operations"].tolist() == [layer.operations for layer in seed_size(size).layers]
    assert total["seed's / ours"] == pytest.approx(seed_size(size).cycles / total["cycles"])


def test_totals_give_milliseconds_and_the_estimate():
    frame = device.totals([recorded(size) for size in SIZES])
    for _, row in frame.iterrows():
        assert row["ms at 50 MHz"] == pytest.approx(row["cycles"] / 50e3)
        assert row["estimated µJ"] == pytest.approx(row["cycles"] / 90e6 * 75e-3 * 1e6)
    assert (frame["clips equal"] >= 5).all()


@pytest.mark.parametrize("size", SIZES)
def test_no_step_uses_more_memory_than_there_is(size):
    frame = device.memory(device.deployment_of(recorded(size)))
    assert frame["L1 peak bytes"].max() <= 64 * 1024
    assert frame["L2 peak bytes"].max() <= 512 * 1024


def test_stalls_are_added_up_over_the_cluster():
    found = device.deployment_of(recorded("small"))
    frame = device.stalls(found)
    pointwise = frame[frame["function"].str.contains("pointwise")].iloc[0]
    own = [row for row in found.stalls if row["function"] == pointwise["function"] and row["core"] != "fc"]
    assert len(own) == 8
    assert pointwise["cycles"] == sum(row["cycles"] for row in own)


@pytest.mark.parametrize("make", [lambda d: device.cycles_picture(d, "small"), device.roofline, device.memory_picture])
def test_pictures_are_drawn_in_both_themes_and_told_in_words(make):
    picture = make(device.deployment_of(recorded("small")))
    assert picture.alt.endswith(".") and any(character.isdigit() for character in picture.alt)
    assert picture.svg(LIGHT) != picture.svg(DARK)


def test_cost_points_carry_the_cycles():
    run = recorded("small")
    points = device.cost_points([run])
    assert {point.cost for point in points} == {float(device.deployment_of(run).cycles)}
    assert {point.series for point in points} == {"digital-silence", "noise-silence"}


def test_no_deployment_is_an_error(tmp_path):
    run = results.load(models_dir() / "seed-small", recorded=True)
    with pytest.raises(DataError, match="was not deployed"):
        device.deployment_of(run)


def test_clips_must_be_positive():
    with pytest.raises(DataError, match="at least 1"):
        device.input_codes("quick-small", 0)
