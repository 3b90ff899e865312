"""What a run says of itself."""

import json

import numpy as np
import pytest

from kwslib.accuracy import Accuracy
from kwslib.errors import DataError
from kwslib.runs.run_record import Measurement, confusion
from tests.sample_run import sample_run


def test_measurement_is_the_matrix():
    matrix = np.arange(144).reshape(12, 12)
    found = Measurement.of("tflite", "test", "noise-silence", Accuracy(matrix))
    assert found.clips == matrix.sum() and found.correct == np.trace(matrix)
    assert found.low < found.accuracy < found.high
    assert found.recall[3] == matrix[3, 3] / matrix[3].sum()
    assert found.precision[3] == matrix[3, 3] / matrix[:, 3].sum()
    assert json.loads(json.dumps(found.confusion)) == matrix.tolist()


def test_measurement_by_name(tmp_path):
    made = sample_run(tmp_path)
    found = made.measurement("tflite", "test", "noise-silence")
    assert (found.network, found.split, found.silence) == ("tflite", "test", "noise-silence")
    assert confusion(made, "tflite", "test", "noise-silence").tolist() == found.confusion
    with pytest.raises(DataError, match="run quick-small has no measurement of tflite on train under noise-silence"):
        made.measurement("tflite", "train", "noise-silence")
