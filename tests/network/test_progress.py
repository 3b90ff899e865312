"""Progress comes back from a checkpoint's JSON as it was, and its history is a table."""

import csv
import io
import json
from dataclasses import asdict

from kwslib.network.progress import Progress, history_csv

ROWS = [
    {"step": 4, "phase": "float", "learning_rate": 0.01, "loss": 1 / 3, "validation_accuracy": 0.1},
    {"step": 8, "phase": "quantised", "learning_rate": 1e-5, "loss": 2.0, "validation_accuracy": 2 / 3},
]


def test_it_survives_json_to_the_last_bit():
    progress = Progress({"seed": 1}, step=8, quantised=True, best_accuracy=2 / 3, trained_s=0.1 + 0.2, history=ROWS)
    assert Progress(**json.loads(json.dumps(asdict(progress)))) == progress


def test_a_fresh_one_has_seen_nothing():
    assert Progress({}).best_accuracy < 0 and not Progress({}).history
    assert Progress({}).history is not Progress({}).history


def test_the_history_is_a_row_a_validation():
    read = list(csv.DictReader(io.StringIO(history_csv(ROWS))))
    assert [row["phase"] for row in read] == ["float", "quantised"]
    for row, made in zip(read, ROWS, strict=True):
        assert {name: float(row[name]) for name in row if name != "phase"} == {
            name: value for name, value in made.items() if name != "phase"
        }
