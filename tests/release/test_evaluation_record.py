"""An evaluation is read as it was written, or refused."""

import json

import pytest

from kwslib.errors import DataError
from kwslib.provenance import provenance
from kwslib.release import evaluation_record
from kwslib.release.evaluation_record import ClipsUsed, Evaluation
from tests.sample_run import sample_run


def test_what_is_written_is_read_again(tmp_path):
    measured = sample_run(tmp_path).measurements[:2]
    made = Evaluation("r", "small", "0", ClipsUsed("speech_commands", "h", 24), measured, True, provenance())
    evaluation_record.write(made, tmp_path)
    assert evaluation_record.read(tmp_path) == made
    value = json.loads((tmp_path / "evaluation.json").read_text())
    names = ["schema", "run", "size", "tflite_sha256", "corpus", "measurements", "equal", "provenance"]
    names.append("checksum")
    assert list(value) == names and value["corpus"] == {"name": "speech_commands", "hash": "h", "test_clips": 24}


def test_damaged_evaluation(tmp_path):
    with pytest.raises(DataError, match=r"evaluation\.json does not exist: evaluate the network again"):
        evaluation_record.read(tmp_path)
    (tmp_path / "evaluation.json").write_text('{"schema": 1, "equal": true}')
    with pytest.raises(DataError, match=r"evaluation\.json is damaged .*; evaluate the network again"):
        evaluation_record.read(tmp_path)
