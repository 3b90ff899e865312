"""Pictures of a network on GAP8."""

import pytest

from kwslib.config.baselines import baseline_network
from kwslib.paths import models_dir
from kwslib.report import gap8_figures
from kwslib.report.figures.picture import DARK, LIGHT
from kwslib.runs import deployments, records


def recorded(size):
    return records.load(models_dir() / f"quick-{size}", recorded=True)


@pytest.fixture(autouse=True)
def no_fresh_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def found():
    return deployments.of_run(recorded("medium"))


@pytest.mark.parametrize(
    "make",
    [
        lambda found: gap8_figures.cycles_picture(found.deployment, "medium"),
        lambda found: gap8_figures.roofline(found.deployment),
        lambda found: gap8_figures.memory_picture(found),
        lambda found: gap8_figures.stall_picture(found.deployment),
    ],
    ids=["cycles", "roofline", "memory", "stalls"],
)
def test_pictures_are_drawn_in_both_themes_and_told_in_words(make, found):
    picture = make(found)
    assert picture.alt.endswith(".") and any(character.isdigit() for character in picture.alt)
    assert picture.svg(LIGHT) != picture.svg(DARK)


def test_the_roofline_takes_fused_layers_as_one_step(found):
    rows = found.deployment.rows[:2]
    rate = sum(row.macs for row in rows) / sum(row.cycles for row in rows)
    assert f"S1 + S2: {rate:.1f} MAC/cycle" in gap8_figures.roofline(found.deployment).alt


def test_accuracy_points_carry_cycles_and_name_their_data():
    run = recorded("small")
    points = gap8_figures.accuracy_points([run])
    cycles = float(deployments.of_run(run).deployment.cycles)
    assert [(point.series, point.cost) for point in points] == [
        ("digital-silence, synthetic speech", cycles),
        ("noise-silence, synthetic speech", cycles),
        ("the baseline: digital-silence, Speech Commands", float(baseline_network("small").cycles)),
    ]
