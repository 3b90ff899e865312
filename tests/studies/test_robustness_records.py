import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from kwslib.errors import DataError
from kwslib.runs import archive, records
from kwslib.studies import robustness_records
from kwslib.studies.robustness_records import load, save
from tests.sample_run import sample_robustness, sample_run


@pytest.fixture
def places(tmp_path, monkeypatch):
    fresh, recorded = tmp_path / "results", tmp_path / "models"
    monkeypatch.setenv("KWS_RESULTS", str(fresh))
    monkeypatch.setattr(records, "models_dir", lambda: recorded)
    monkeypatch.setattr(robustness_records, "models_dir", lambda: recorded)
    return fresh, recorded


def test_what_is_saved_is_read_back(tmp_path):
    run = sample_run(tmp_path)
    found = sample_robustness(run.folder, run)
    folder = run.folder / records.ROBUSTNESS
    assert load(folder) == found
    rows = pd.read_csv(folder / "points.csv")
    assert len(rows) == len(found.points)
    assert rows["accuracy"].tolist() == pytest.approx([point.accuracy for point in found.points])
    assert len(pd.read_csv(folder / "false_accepts.csv")) == len(found.false_accepts)


def test_nothing_half_written_is_left(tmp_path):
    run = sample_run(tmp_path)
    found = sample_robustness(run.folder, run)
    broken = replace(found, reference_power=float("nan"))
    with pytest.raises(ValueError, match="JSON compliant"):
        save(broken, run.folder / records.ROBUSTNESS)
    assert load(run.folder / records.ROBUSTNESS) == found
    assert not list(run.folder.glob(".*tmp"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "another version"),
        ({"more": 1}, "unknown entries: more"),
        ({"points": [{}]}, "is damaged"),
        (None, "is damaged"),
    ],
)
def test_a_damaged_file_is_told(tmp_path, change, message):
    run = sample_run(tmp_path)
    sample_robustness(run.folder, run)
    path = run.folder / records.ROBUSTNESS / "robustness.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change) if change else "{")
    with pytest.raises(DataError, match=message):
        load(path.parent)


def test_a_run_that_was_not_measured_is_told(tmp_path):
    with pytest.raises(DataError, match="measure it with kws robustness quick-small"):
        load(tmp_path / "quick-small" / records.ROBUSTNESS)


def test_released_networks_come_first_and_fresh_hides_recorded(places):
    fresh, recorded = places
    for name, folder in (("quick", recorded), ("baseline", recorded)):
        run = sample_run(folder, "small", name)
        sample_robustness(run.folder, run)
    shutil.copytree(recorded / "baseline-small", recorded / "small")
    assert [(one.robustness.run, one.recorded) for one in robustness_records.every()] == [
        ("small", True),
        ("baseline-small", True),
        ("quick-small", True),
    ]
    shutil.copytree(recorded / "baseline-small" / records.ROBUSTNESS, fresh / "baseline-small" / records.ROBUSTNESS)
    assert not robustness_records.every()[1].recorded


def test_a_measurement_of_another_network_is_left_out(places):
    _, recorded = places
    run = sample_run(recorded)
    save(replace(sample_robustness(run.folder, run), tflite_sha256="0"), run.folder / records.ROBUSTNESS)
    assert robustness_records.every() == []


def test_a_fresh_measurement_of_a_recorded_network_is_recorded_alone(places):
    fresh, recorded = places
    run = sample_run(recorded)
    found = sample_robustness(fresh / run.run, run)
    before = (recorded / run.run / records.METRICS).read_text()
    assert archive.record(run.run) == recorded / run.run
    assert load(recorded / run.run / records.ROBUSTNESS) == found
    assert (recorded / run.run / records.METRICS).read_text() == before
    assert (recorded / run.run / records.GAP8).is_dir()
