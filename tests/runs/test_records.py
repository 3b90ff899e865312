import csv
import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from kwslib.errors import DataError
from kwslib.runs import records
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return sample_run(tmp_path_factory.mktemp("results"))


@pytest.fixture
def places(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    return tmp_path / "book" / "results", tmp_path / "models"


def test_a_run_survives_the_disk(made, tmp_path):
    records.save(made, tmp_path, "step\n1\n")
    again = records.load(tmp_path)
    assert again.history_sha256 == hashlib.sha256(b"step\n1\n").hexdigest()
    assert replace(again, source=made.source, history_sha256=made.history_sha256) == made
    assert (tmp_path / "history.csv").read_text() == "step\n1\n"
    rows = list(csv.DictReader((tmp_path / "accuracy.csv").open()))
    assert len(rows) == len(made.measurements)
    for row, measured in zip(rows, made.measurements, strict=True):
        assert (row["network"], row["split"], row["silence"]) == (measured.network, measured.split, measured.silence)
        assert float(row["accuracy"]) == measured.accuracy
        assert row["corpus"] == made.corpus.name


def test_fresh_comes_before_recorded(made, places):
    fresh, recorded = places
    with pytest.raises(DataError, match="there is no run 'quick-small'; there are: none"):
        records.find("quick-small")
    shutil.copytree(made.folder, recorded / "quick-small")
    assert records.find("quick-small").recorded
    shutil.copytree(made.folder, fresh / "quick-small")
    assert not records.find("quick-small").recorded
    assert records.find("quick-small").folder == fresh / "quick-small"
    with pytest.raises(DataError, match="there is no run 'other'; there are: quick-small"):
        records.find("other")


def test_a_recorded_run_goes_by_its_folder_and_its_name(made, places):
    fresh, recorded = places
    shutil.copytree(made.folder, fresh / "quick-small")
    assert records.find_recorded("quick-small") is None
    shutil.copytree(made.folder, recorded / "small")
    for name in ("small", "quick-small"):
        found = records.find_recorded(name)
        assert found.folder == recorded / "small" and found.recorded and found.run == "quick-small"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.update(schema=99), "was written by another version"),
        (lambda value: value.update(surprise=1), "unknown entries: surprise"),
        (lambda value: value.pop("measurements"), "is damaged"),
        (lambda value: value.pop("corpus"), "is damaged"),
        (lambda value: value["measurements"][0].pop("clips"), "is damaged"),
        (lambda value: value["measurements"].append(5), "is damaged"),
    ],
)
def test_damaged_metrics(made, tmp_path, change, message):
    value = json.loads((made.folder / "metrics.json").read_text())
    change(value)
    (tmp_path / "metrics.json").write_text(json.dumps(value))
    with pytest.raises(DataError, match=message):
        records.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"text"'])
def test_metrics_that_are_no_run(tmp_path, text):
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(DataError, match="is damaged"):
        records.load(tmp_path)


def test_missing_metrics(tmp_path):
    with pytest.raises(DataError, match="does not exist: this run has not ended, or never ran"):
        records.load(tmp_path)


def test_comparable_leaves_out_dates_and_durations_alone(made):
    later = replace(made.provenance, date="2030-01-01", host="other", commit="0")
    same = replace(made, run="x", source=None, durations_s={}, provenance=later, recorded=True)
    assert records.comparable(same) == records.comparable(made)
    for change in ({"seed": 2}, {"provenance": replace(made.provenance, python="2")}, {"measurements": []}):
        assert records.comparable(replace(made, **change)) != records.comparable(made)
