"""What a worker says while it makes a run."""

import pytest

from kwslib.runs import worker


@pytest.fixture
def told(monkeypatch):
    found = []
    monkeypatch.setattr(worker, "_tell", found.append)
    return found


def test_lines_have_the_name_of_the_run_and_steps_go_to_the_client(told, capsys):
    stream = worker._Named("mine", quiet=False)
    stream.write("step   150 of 1400 · float\nstep 1050: batch norm folded\nhalf")
    stream.write(" a line\ngoing on from step 30 of 60\nstep 31")
    assert capsys.readouterr().out.splitlines() == [
        "mine │ step   150 of 1400 · float",
        "mine │ step 1050: batch norm folded",
        "mine │ half a line",
        "mine │ going on from step 30 of 60",
    ]
    assert told == [{"run": "mine", "step": 150, "resumed": False}, {"run": "mine", "step": 30, "resumed": True}]


def test_a_quiet_run_prints_nothing_and_tells_the_same(told, capsys):
    worker._Named("mine", quiet=True).write("step 2 of 3\n")
    assert capsys.readouterr().out == "" and told == [{"run": "mine", "step": 2, "resumed": False}]


def test_where_nobody_can_hear_it_a_run_goes_on():
    worker._tell({"run": "mine", "step": 1})
