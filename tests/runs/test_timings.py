import json

import pytest

from kwslib.errors import InputError
from kwslib.runs import timings


@pytest.fixture(autouse=True)
def results(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    monkeypatch.delenv("KWS_INSTALL_S", raising=False)
    return tmp_path


def test_stages_follow_each_other(results, monkeypatch):
    assert timings.read() == {}
    timings.note({"corpus": 2.0, "small": 30.0})
    assert list(timings.note({"book": 4.5})) == ["corpus", "small", "book"]
    monkeypatch.setenv("KWS_INSTALL_S", "61")
    known = timings.note({"corpus": 1.0})
    assert list(known.items()) == [("installation", 61.0), ("small", 30.0), ("book", 4.5), ("corpus", 1.0)]
    assert json.loads((results / "stages.json").read_text())["stages_s"] == known
    assert list(timings.note({"small": 1.0}, start_over=True)) == ["installation", "small"]


def test_stages_of_a_run_add_up_to_its_wall_time():
    assert timings.of_run("small", 10.0, {"training": 6.0, "evaluation": 1.5}) == {
        "small: training": 6.0,
        "small: evaluation": 1.5,
        "small: start and the rest": 2.5,
    }
    assert timings.of_run("small", 0.1, {}) == {"small": 0.1}


def test_table_ends_with_the_sum():
    lines = timings.table({"corpus": 2.04, "book": 40.0}).splitlines()
    assert [line.split() for line in lines] == [
        ["corpus", "2.0", "s"],
        ["book", "40.0", "s"],
        ["together", "42.0", "s"],
    ]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stages_s": 5}', '{"stages_s": {"a": "x"}}'])
def test_damaged_file_counts_as_none(results, text):
    (results / "stages.json").write_text(text)
    assert timings.read() == {}


def test_bad_variable(monkeypatch):
    monkeypatch.setenv("KWS_INSTALL_S", "a minute")
    with pytest.raises(InputError, match="KWS_INSTALL_S is 'a minute': give seconds"):
        timings.note({})
