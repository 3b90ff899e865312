"""Where the cores of GAP8 wait, by function and by layer."""

from dataclasses import replace

import pytest

from kwslib.gap8.measure.layer_stalls import OUTSIDE, StallRow
from kwslib.paths import models_dir
from kwslib.report import gap8_figures, gap8_stalls
from kwslib.runs import deployments, records


@pytest.fixture(autouse=True)
def no_fresh_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def deployment():
    """Medium's, whose first two layers are fused, with drawn stalls by layer."""
    found = deployments.of_run(records.load(models_dir() / "quick-medium", recorded=True)).deployment
    rows = [
        StallRow(0, 60, 100, 10, 10, 10, 0, 10, 0, 0),
        StallRow(1, 800, 900, 4, 4, 50, 0, 42, 0, 100),
        StallRow(2, 1000, 1004, 0, 4, 0, 0, 0, 0, 4),
        StallRow(3, 900, 1000, 10, 20, 30, 40, 0, 0, 0),
    ]
    return replace(found, layer_stalls=[*rows, StallRow(OUTSIDE, 50, 100, 0, 0, 0, 50, 0, 0, 0)])


@pytest.fixture
def silent(deployment):
    return replace(deployment, stalls=[], layer_stalls=[])


def test_functions_are_added_up_over_the_cluster_without_the_start(deployment):
    frame = gap8_stalls.by_function(deployment, most=1000)
    assert not set(frame["function"]) & set(gap8_stalls.START_UP)
    pointwise = frame[frame["function"].str.contains("pointwise")].iloc[0]
    own = [row for row in deployment.stalls if row["function"] == pointwise["function"] and row["core"] != "fc"]
    assert len(own) == 8
    assert pointwise["cycles"] == sum(row["cycles"] for row in own)
    lost = frame[list(gap8_stalls.STALL_NAMES.values())].sum(axis=1)
    # an instruction may end, awake, after the profile has been written
    assert (frame["cycles"] - frame["instructions"] - lost).abs().max() <= 8


def test_layers_have_their_names_and_the_table_shows_shares(deployment):
    frame = gap8_stalls.by_layer(deployment)
    assert frame["layers"].tolist() == ["front end", "S1 + S2", "S3", "S4", "outside"]
    assert frame["L1 conflicts"].tolist() == [10, 50, 0, 30, 0]
    table = gap8_stalls.layer_table(deployment, "medium")
    shown = {column.head: column.texts for column in table.columns()}
    assert shown["L1 conflicts"][1] == "5.0 %" and shown["asleep"][1] == "10.0 %"
    assert table.frame["asleep"].tolist() == [0, 100, 4, 0, 0]


def test_the_text_of_a_layer_names_what_cost_most_and_leaves_out_what_rounds_to_nothing(deployment):
    first, second, third, fourth, fifth = deployment.rows[:5]
    fused = "stalls of S1 + S2: 10 % of core cycles (L1 conflicts 5, instruction fetch 4); asleep 10 %"
    assert gap8_stalls.layer_text(deployment, first) == gap8_stalls.layer_text(deployment, second) == fused
    assert gap8_stalls.layer_text(deployment, third) == "stalls: 0 % of core cycles"
    most = "stalls: 10 % of core cycles (L2 and devices 4, L1 conflicts 3, branches 2, …)"
    assert gap8_stalls.layer_text(deployment, fourth) == most
    assert gap8_stalls.layer_text(deployment, fifth) == ""


def test_the_chart_of_cycles_shows_them_under_the_pointer_and_leaves_them_out_where_none_were_counted(
    deployment, silent
):
    def facts(of):
        (rows,) = (rows for rows in gap8_figures.cycles_picture(of, "medium").spec["datasets"].values())
        return [row["facts"] for row in rows]

    for with_stalls, without in zip(facts(deployment)[:4], facts(silent)[:4], strict=True):
        assert with_stalls.startswith(without + "\nstalls") and "stalls" not in without
    assert facts(deployment)[4:] == facts(silent)[4:]
    assert gap8_figures.cycles_picture(deployment).alt == gap8_figures.cycles_picture(silent).alt


def test_a_platform_that_tells_no_stalls_has_none(silent):
    assert gap8_stalls.by_function(silent).empty and gap8_stalls.by_layer(silent).empty
    assert gap8_stalls.layer_table(silent) is None
    assert gap8_figures.stall_picture(silent) is None
    assert "<table" in gap8_stalls.function_table(silent)._repr_html_()
