"""The record of a deployment: its figures, kept and read back."""

import json
from dataclasses import replace

import pytest

from kwslib.artifacts import write_record
from kwslib.errors import DataError
from kwslib.gap8.measure import deployment_record
from kwslib.gap8.measure.layer_stalls import OUTSIDE, StallRow
from kwslib.paths import models_dir


@pytest.fixture(scope="module")
def recorded():
    return deployment_record.load(models_dir() / "small" / "gap8")


def test_the_sums_are_those_of_its_rows(recorded):
    assert recorded.cycles == sum(row.cycles for row in recorded.rows) > 0
    assert recorded.warm_cycles == sum(row.warm_cycles for row in recorded.rows)
    assert recorded.sound_to_label_cycles == recorded.cycles + sum(stage.cycles for stage in recorded.front_end)
    assert sum(recorded.step_cycles(step) for step in range(len(recorded.steps))) == recorded.cycles
    assert recorded.predicted_cycles == sum(step.predicted_cycles for step in recorded.steps[1:])
    assert recorded.steps[0].layers == []  # the front end


def test_what_is_kept_is_read_back(recorded, tmp_path):
    deployment_record.save(recorded, tmp_path)
    assert deployment_record.load(tmp_path) == recorded
    (tmp_path / deployment_record.OUTPUT).touch()
    deployment_record.forget(tmp_path)
    assert not list(tmp_path.iterdir())


def test_records_without_stalls_by_layer_are_read_and_written_as_they_were(recorded, tmp_path):
    assert isinstance(recorded.layer_stalls[-1], StallRow) and recorded.layer_stalls[-1].step == OUTSIDE
    older = replace(recorded, layer_stalls=[])
    write_record(tmp_path / deployment_record.DEPLOYMENT, older, deployment_record.SCHEMA)
    assert "layer_stalls" not in json.loads((tmp_path / deployment_record.DEPLOYMENT).read_text())
    assert deployment_record.load(tmp_path) == older


def test_reading_back_is_strict(recorded, tmp_path):
    with pytest.raises(DataError, match="deployment.json does not exist: this network was not deployed"):
        deployment_record.load(tmp_path)
    deployment_record.save(recorded, tmp_path)
    path = tmp_path / deployment_record.DEPLOYMENT
    value = json.loads(path.read_text())
    for text, message in (
        ("{", "is damaged"),
        (json.dumps(value | {"schema": 1}), "was written by another version"),
        (json.dumps({name: entry for name, entry in value.items() if name != "rows"}), "is damaged"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            deployment_record.load(tmp_path)
