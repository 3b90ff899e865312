"""What is kept of a plan: written, read again, or refused."""

import json

import pytest

from kwslib.artifacts import to_plain
from kwslib.errors import DataError
from kwslib.gap8.planning import planner, record
from kwslib.integer import network_file
from tests.gap8 import networks


def test_what_is_written_is_read_again(tmp_path):
    made = planner.plan(network_file.load(networks.quantised(*networks.SMALL), "mine")).record()
    record.save(made, tmp_path / "plan.json")
    assert to_plain(record.load(tmp_path / "plan.json")) == json.loads(json.dumps(to_plain(made)))
    assert made.network == "mine" and made.kernels


def test_damaged_and_missing_ones_are_refused(tmp_path):
    path = tmp_path / "plan.json"
    with pytest.raises(DataError, match="deploy the network again"):
        record.load(path)
    path.write_text('{"schema": 1}')
    with pytest.raises(DataError):
        record.load(path)
