"""Pictures of a network on GAP8."""

from itertools import combinations

import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import BASELINE_SIZES, size_named
from kwslib.paths import models_dir
from kwslib.report import gap8_figures, pareto
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
        lambda found: gap8_figures.memory_map(found),
        lambda found: gap8_figures.stall_picture(found.deployment),
    ],
    ids=["cycles", "roofline", "memory", "map", "stalls"],
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


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_the_memory_map_has_no_region_on_another_and_none_outside(size):
    spec = gap8_figures.memory_map(deployments.of_run(recorded(size))).spec
    for rows, (_, bytes_) in zip(spec["datasets"].values(), gap8_figures.MEMORIES.values(), strict=True):
        assert {row["series"] for row in rows} <= {gap8_figures.CODE, *gap8_figures.TENANTS, "scratch"}
        for row in rows:
            assert 0 <= row["begin"] <= row["end"] <= bytes_ / 1024 and row["first"] < row["after"]
        for one, other in combinations(rows, 2):
            together = one["first"] < other["after"] and other["first"] < one["after"]
            assert not together or one["end"] <= other["begin"] or other["end"] <= one["begin"], (one, other)


def test_the_drawing_says_where_weights_and_outputs_live():
    text = gap8_figures.network_drawing(deployments.of_run(recorded("large")), size_named("large")).text
    assert "S1: convolution 10 × 4, stride 2 × 1, 49 × 40 × 276" in text and "fused with the next" in text
    assert "weights from flash, output in L2" in text
    assert "S14: softmax, 1 × 1 × 12, output in L1" in text


def test_the_headline_draws_the_front_of_what_compares_with_the_vendors_networks():
    runs = [records.load(models_dir() / size, recorded=True) for size in BASELINE_SIZES]
    picture = gap8_figures.headline(runs)
    rows = max(picture.spec["datasets"].values(), key=len)
    vendors = [row for row in rows if row["series"].startswith("GreenWaves")]
    assert len(vendors) == len(pareto.vendors()) > 0
    best = [row for row in rows if row["front"]]
    assert all("noise-silence" in row["series"] for row in best)
    for row in (row for row in rows if "noise-silence" in row["series"] and not row["front"]):
        assert any(one["cost"] <= row["cost"] and one["accuracy"] >= row["accuracy"] for one in best), row
    assert {row["name"] for row in best} == set(BASELINE_SIZES)
