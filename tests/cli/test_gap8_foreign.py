"""The command ``kws gap8 foreign``: a record for every file that runs, a line for every file that does not."""

import hashlib

import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.runs import foreign
from tests.gap8 import networks


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "theirs").mkdir()
    return tmp_path


def kws(*words):
    return CliRunner().invoke(main, ["gap8", "foreign", *map(str, words)])


def test_a_folder_becomes_records_and_what_is_refused_is_named(place):
    good = networks.with_max_pool(networks.quantised(*networks.SMALL))
    (place / "theirs" / "my net.tflite").write_bytes(good)
    (place / "theirs" / "float.tflite").write_bytes(networks.floating())
    result = kws("theirs", "--inputs", 2)
    assert result.exit_code == 1
    refused, last = result.stderr.splitlines()
    assert refused.startswith("error: theirs/float.tflite: ")
    assert last == "error: 1 of 2 files could not be measured, see above"
    (record,) = foreign.load_all(place / "models" / "foreign")
    assert (record.name, record.file, record.inputs_checked) == ("my-net", "my net.tflite", 2)
    assert record.sha256 == hashlib.sha256(good).hexdigest() == record.provenance.tflite_sha256
    first, accuracy, second, third = result.stdout.splitlines()
    assert accuracy.startswith("my-net: accuracy not measured, since ")
    assert first.startswith(f"my-net: {record.cycles} cycles, {record.macs / record.cycles:.2f} MAC/cycle, predicted ")
    assert "every layer equals the integer reference on 2 inputs" in first
    assert second == f"my-net: {record.portable}" and record.portable.startswith("portable C computes S")
    assert third.startswith("my-net: where it is from is not known")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["theirs"], 2, "theirs has no .tflite file"),
        (["gone.tflite"], 2, "cannot read the network gone.tflite: No such file"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(place, words, status, message):
    result = kws(*words)
    assert result.exit_code == status
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1
    assert not (place / "models").exists()
