import json

import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import BASELINE_SIZES
from kwslib.config.profiles import PROFILES
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.report import overview, tables
from kwslib.runs import description, records
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(folder):
    return sample_run(folder, "small")


@pytest.mark.parametrize("size", BASELINE_SIZES.values(), ids=list(BASELINE_SIZES))
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


def test_clip_counts_begin_with_the_classes(run):
    frame = tables.clip_counts(run)
    assert frame.columns.tolist() == ["word", "train", "validation", "test"]
    assert frame["word"].tolist() == [LABELS[0], *LABELS[2:], "cat"]
    assert overview.split_totals([run])["test"].tolist() == [frame["test"].sum()]


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


@pytest.mark.parametrize(("text", "message"), [
    (None, "cannot read"),
    ("", "cannot read"),
    ("step,loss\n", "no rows"),
    ("step,los,validation_accuracy\n1,2,3\n", "loss is missing"),
    ("step,loss,validation_accuracy\n1,2.x5,3\n", "not all numbers"),
])  # fmt: skip
def test_a_history_that_is_missing_or_empty_is_refused(run, tmp_path, text, message):
    if text is not None:
        (tmp_path / "history.csv").write_text(text)
    value = json.loads((run.folder / records.METRICS).read_text())
    del value["history_sha256"], value["checksum"]  # as an older version wrote it
    (tmp_path / records.METRICS).write_text(json.dumps(value))
    with pytest.raises(DataError, match=rf"{message}.*history\.csv|history\.csv.*{message}"):
        tables.history(records.load(tmp_path))


def test_a_history_in_which_a_digit_changed_is_refused(run, tmp_path):
    for name in (records.METRICS, records.HISTORY):
        (tmp_path / name).write_bytes((run.folder / name).read_bytes())
    changed = tmp_path / records.HISTORY
    assert tables.history(records.load(tmp_path)) == tables.history(run)
    changed.write_text(changed.read_text().replace("2.5", "2.4", 1))
    with pytest.raises(DataError, match=r"history\.csv is damaged \(it does not have its checksum\); run .* again"):
        tables.history(records.load(tmp_path))


def test_costs_and_durations_are_the_runs(run):
    size = BASELINE_SIZES["small"]
    costs = overview.costs([run]).iloc[0].tolist()
    assert costs == ["small", size.macs, size.operations, size.parameters, run.network.tflite_bytes]
    assert run.network.tflite_bytes == (run.folder / "model.tflite").stat().st_size
    seconds = tables.durations(run).set_index("stage")["seconds"]
    assert seconds.sum() == pytest.approx(sum(run.durations_s.values()), abs=0.3)
    assert list(seconds.index) == list(run.durations_s)


def test_everything_that_decided_the_training_is_listed(run):
    rows = dict(tables.training(run).to_numpy().tolist())
    assert rows["schedule: stages 1: learning rate"] == "0.002"
    assert rows["best step"] == str(description.steps(run)) == str(PROFILES["quick"].schedules["small"].steps)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_stages_of_every_schedule_add_up(profile):
    for schedule in profile.schedules.values():
        found = tables.stages_of(schedule)
        assert sum(steps for _, steps in found) == schedule.steps
        assert all(rate > 0 for rate, _ in found)
