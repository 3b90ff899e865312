import shutil

import pandas as pd
import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import BASELINE_SIZES
from kwslib.config.profiles import PROFILES
from kwslib.report import gap8_figures, gap8_page, overview, run_page
from kwslib.runs import description
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(folder):
    return sample_run(folder, "small")


@pytest.fixture(scope="module")
def recorded(folder):
    return sample_run(folder, "small", "baseline", "speech_commands")


def test_the_headline_has_the_baseline_beside_with_the_name_of_its_data(run):
    frame = overview.headline([run])
    assert frame["data"].tolist() == ["synthetic speech", "synthetic speech", "Speech Commands"]
    assert frame["silence"].tolist() == ["digital-silence", "noise-silence", "digital-silence"]
    baseline = frame.iloc[2]
    assert (baseline["network"], baseline["correct"], baseline["clips"]) == ("small, the baseline", 4362, 4890)
    assert round(100 * baseline["accuracy"], 2) == 89.20


def test_beside_baseline_has_both_splits_and_every_data_name(recorded):
    frame = overview.beside_baseline(recorded)
    assert frame["network"].tolist() == ["the baseline", "baseline-small", "baseline-small"] * 2
    assert set(frame["data"]) == {"Speech Commands"}
    assert frame.iloc[3]["correct"] == baseline_network("small").accuracy["validation"].correct


def test_a_comparison_of_recipes_shows_validation_alone(run, recorded):
    frame = overview.comparison([run, recorded])
    assert frame["run"].tolist() == ["quick-small", "quick-small", "baseline-small", "baseline-small"]
    assert frame["correct"].iloc[0] == run.measurement("tflite", "validation", "digital-silence").correct
    assert frame["steps"].iloc[0] == PROFILES["quick"].schedules["small"].steps
    assert "test" not in " ".join(map(str, frame.columns))


def test_agreement_counts_become_shares(run):
    row = overview.agreement([run]).iloc[0].tolist()
    assert row == ["quick-small", "synthetic speech", 360, 355 / 360, 359 / 360, 1.0]
    assert overview.differences([run])["logit codes compared"].tolist() == [360 * 12]


def test_runs_of_one_corpus_share_a_row_of_totals(run, recorded):
    frame = overview.split_totals([run, recorded, run])
    assert frame["runs"].tolist() == ["quick-small, quick-small", "baseline-small"]


def test_a_fresh_run_hides_the_recorded_one_of_its_name(folder, run, recorded, tmp_path, monkeypatch):
    shutil.copytree(folder / "quick-small", tmp_path / "fresh" / "quick-small")
    (tmp_path / "fresh" / "failed").mkdir()
    shutil.copytree(folder, tmp_path / "models")
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "fresh"))
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    found = overview.all_runs()
    assert [(one.run, description.state(one)) for one in found] == [
        ("baseline-small", "recorded"),
        ("quick-small", "fresh"),
    ]
    frame = overview.status(found)
    assert frame["data"].tolist() == ["Speech Commands", "synthetic speech"]
    assert frame["minutes"].tolist() == [2.0, 2.0]


def test_packages_have_a_row_for_each_run(run, recorded):
    frame = overview.packages([run, recorded]).set_index("run")
    assert frame.index.tolist() == ["quick-small", "baseline-small"]
    assert frame.loc["quick-small", "numpy"] == run.provenance.packages["numpy"]


def test_protocols_stand_side_by_side_in_the_order_of_the_networks():
    rows = [
        {
            "network": name,
            "data": "x",
            "silence": silence,
            "accuracy": accuracy,
            "low": 0.25,
            "high": 0.75,
            "bytes": size,
        }
        for name, silence, accuracy, size in (
            ("b", "noise-silence", 0.5, 7),
            ("a", "digital-silence", 0.125, None),
            ("a", "noise-silence", 0.625, None),
        )
    ]
    frame = overview.side_by_side(pd.DataFrame(rows), ["data"], ["bytes"])
    assert frame.columns.tolist() == ["network", "data", "digital-silence", "noise-silence", "bytes"]
    assert frame["network"].tolist() == ["b", "a"]
    assert frame["noise-silence"].tolist() == [
        "50.00\u00a0% (25.00\u2060–\u206075.00)",
        "62.50\u00a0% (25.00\u2060–\u206075.00)",
    ]
    assert pd.isna(frame["digital-silence"].iloc[0]) and frame["digital-silence"].iloc[1].startswith("12.50")
    assert frame["bytes"].iloc[0] == 7 and pd.isna(frame["bytes"].iloc[1])


def test_chapters_show_the_release_of_a_size_or_the_quick_run_without_one(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    for size in BASELINE_SIZES:
        sample_run(tmp_path / "models", size)
    assert [run.run for run in overview.shown_runs()] == [run.run for run in overview.quick_runs()]
    made = sample_run(tmp_path / "made", "medium", "best", "speech_commands")
    shutil.move(made.folder, tmp_path / "models" / "medium")
    assert [run.run for run in overview.shown_runs()] == ["quick-small", "best-medium", "quick-large"]
    assert [run.run for run in overview.quick_runs()] == [f"quick-{size}" for size in BASELINE_SIZES]
    made = sample_run(tmp_path / "made", "tiny", "best", "speech_commands")
    shutil.move(made.folder, tmp_path / "models" / "tiny")
    assert [run.run for run in overview.shown_runs()] == ["best-tiny", "quick-small", "best-medium", "quick-large"]
    assert len(overview.quick_runs()) == len(BASELINE_SIZES)


def test_a_preset_that_the_baseline_does_not_have_stands_alone(tmp_path):
    run = sample_run(tmp_path, "tiny")
    assert not gap8_page.totals([run])["baseline's cycles"].notna().any()
    assert overview.headline([run])["network"].unique().tolist() == ["tiny, this book"]
    assert overview.beside_baseline(run)["network"].unique().tolist() == [run.run]
    assert len(run_page.matrix_tables(run)) == 2
    assert {point.name for point in gap8_figures.accuracy_points([run])} == {"tiny"}
