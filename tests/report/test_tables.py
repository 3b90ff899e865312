import json
import shutil

import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.report import tables
from kwslib.runs import records
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


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_layers_sum_to_the_size(size):
    frame = tables.layers(size)
    assert frame["MACs"].sum() == size.macs
    assert frame["parameters"].sum() == size.parameters
    assert frame["operations"].sum() == baseline_network(size.name).operations


def test_every_measurement_is_in_the_accuracies(run):
    frame = tables.accuracies(run)
    assert len(frame) == len(run.measurements) == 16
    row = frame[(frame["form"] == "8-bit, TFLite") & (frame["split"] == "test") & (frame["silence"] == "noise-silence")]
    made = run.measurement("tflite", "test", "noise-silence")
    assert row[["clips", "correct", "accuracy", "low", "high"]].iloc[0].tolist() == [
        made.clips,
        made.correct,
        made.accuracy,
        made.low,
        made.high,
    ]
    assert frame["split"].iloc[0] == "test"


def test_classes_have_recall_and_precision_of_both_protocols(run):
    frame = tables.classes(run)
    made = run.measurement("tflite", "test", "digital-silence")
    assert frame["class"].tolist() == list(LABELS)
    assert frame["recall, digital-silence"].tolist() == made.recall
    assert frame["precision, digital-silence"].tolist() == made.precision
    assert frame["clips, digital-silence"].sum() == made.clips


def test_the_headline_sets_the_seed_beside_with_the_name_of_its_data(run):
    frame = tables.headline([run])
    assert frame["data"].tolist() == ["synthetic speech", "synthetic speech", "Speech Commands"]
    assert frame["silence"].tolist() == ["digital-silence", "noise-silence", "digital-silence"]
    seeds = frame.iloc[2]
    assert (seeds["network"], seeds["correct"], seeds["clips"]) == ("small, the baseline", 4362, 4890)
    assert round(100 * seeds["accuracy"], 2) == 89.20


def test_beside_baseline_has_both_splits_and_every_data_name(recorded):
    frame = tables.beside_baseline(recorded)
    assert frame["network"].tolist() == ["the baseline", "baseline-small", "baseline-small"] * 2
    assert set(frame["data"]) == {"Speech Commands"}
    assert frame.iloc[3]["correct"] == baseline_network("small").accuracy["validation"].correct


def test_a_comparison_of_recipes_shows_validation_alone(run, recorded):
    frame = tables.comparison([run, recorded])
    assert frame["run"].tolist() == ["quick-small", "quick-small", "baseline-small", "baseline-small"]
    assert frame["correct"].iloc[0] == run.measurement("tflite", "validation", "digital-silence").correct
    assert frame["steps"].iloc[0] == PROFILES["quick"].schedules["small"].steps
    assert "test" not in " ".join(map(str, frame.columns))


def test_agreement_counts_become_shares(run):
    row = tables.agreement([run]).iloc[0].tolist()
    assert row == ["quick-small", "synthetic speech", 360, 355 / 360, 359 / 360, 1.0]
    assert tables.differences([run])["logit codes compared"].tolist() == [360 * 12]


def test_clip_counts_begin_with_the_classes(run):
    frame = tables.clip_counts(run)
    assert frame.columns.tolist() == ["word", "train", "validation", "test"]
    assert frame["word"].tolist() == [LABELS[0], *LABELS[2:], "cat"]
    assert tables.split_totals([run])["test"].tolist() == [frame["test"].sum()]


def test_runs_of_one_corpus_share_a_row_of_totals(run, recorded):
    frame = tables.split_totals([run, recorded, run])
    assert frame["runs"].tolist() == ["quick-small, quick-small", "baseline-small"]


def test_a_fresh_run_hides_the_recorded_one_of_its_name(folder, run, recorded, tmp_path, monkeypatch):
    shutil.copytree(folder / "quick-small", tmp_path / "fresh" / "quick-small")
    (tmp_path / "fresh" / "failed").mkdir()
    shutil.copytree(folder, tmp_path / "models")
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "fresh"))
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    found = tables.all_runs()
    assert [(one.run, tables.state(one)) for one in found] == [("baseline-small", "recorded"), ("quick-small", "fresh")]
    frame = tables.status(found)
    assert frame["data"].tolist() == ["Speech Commands", "synthetic speech"]
    assert frame["minutes"].tolist() == [2.0, 2.0]


def test_packages_have_a_row_for_each_run(run, recorded):
    frame = tables.packages([run, recorded]).set_index("run")
    assert frame.index.tolist() == ["quick-small", "baseline-small"]
    assert frame.loc["quick-small", "numpy"] == run.provenance.packages["numpy"]


def test_nested_values_become_named_rows():
    value = {"a_b": 1, "inner": {"x": [1, 2]}, "stages": [{"rate": 0.5}, {"rate": 0.25}]}
    assert tables.pairs(value).to_numpy().tolist() == [
        ["a b", "1"],
        ["inner: x", "1, 2"],
        ["stages 1: rate", "0.5"],
        ["stages 2: rate", "0.25"],
    ]


def test_provenance_names_the_corpus_and_the_file(run):
    rows = dict(tables.provenance(run).to_numpy().tolist())
    assert rows["corpus"] == "synthetic speech"
    assert rows["tflite sha256"] == run.network.tflite_sha256
    assert rows["packages: numpy"] == run.provenance.packages["numpy"]


def test_the_history_is_read(run):
    rows = tables.history(run)
    assert len(rows) == 8
    assert rows[0]["phase"] == "float"
    assert float(rows[0]["loss"]) == 2.5


@pytest.mark.parametrize(("text", "message"), [(None, "cannot read"), ("", "cannot read"), ("step,loss\n", "no rows")])
def test_a_history_that_is_missing_or_empty_is_refused(run, tmp_path, text, message):
    if text is not None:
        (tmp_path / "history.csv").write_text(text)
    value = json.loads((run.folder / records.METRICS).read_text())
    (tmp_path / records.METRICS).write_text(json.dumps(value))
    with pytest.raises(DataError, match=f"{message}.*history.csv|history.csv.*{message}"):
        tables.history(records.load(tmp_path))


def test_costs_and_durations_are_the_runs(run):
    size = SIZES["small"]
    costs = tables.costs([run]).iloc[0].tolist()
    assert costs == ["small", size.macs, size.operations, size.parameters, run.network.tflite_bytes]
    assert run.network.tflite_bytes == (run.folder / "model.tflite").stat().st_size
    seconds = tables.durations(run).set_index("stage")["seconds"]
    assert seconds.sum() == pytest.approx(sum(run.durations_s.values()), abs=0.3)
    assert list(seconds.index) == list(run.durations_s)


def test_everything_that_decided_the_training_is_listed(run):
    rows = dict(tables.training(run).to_numpy().tolist())
    assert rows["schedule: stages 1: learning rate"] == "0.002"
    assert rows["best step"] == str(tables.steps(run)) == str(PROFILES["quick"].schedules["small"].steps)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_stages_of_every_schedule_add_up(profile):
    for schedule in profile.schedules.values():
        found = tables.stages_of(schedule)
        assert sum(steps for _, steps in found) == schedule.steps
        assert all(rate > 0 for rate, _ in found)
