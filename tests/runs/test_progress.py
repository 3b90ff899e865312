"""The line that says how far a sweep is, by a clock of our own."""

import io

import pytest

from kwslib.runs.parameters import check
from kwslib.runs.progress import CLEAR, EVERY_S, Progress


@pytest.fixture
def made(monkeypatch):
    monkeypatch.delenv("KWS_DATA", raising=False)

    class Made:
        now_s = 0.0
        said: list[str] = []

        def __init__(self):
            self.said = []
            self.terminal = None

        def start(self, steps, terminal=None):
            self.runs = [check(steps=count, run=f"run{number}") for number, count in enumerate(steps)]
            return Progress(self.runs, self.said.append, terminal, lambda: self.now_s)

    return Made()


def test_the_time_left_follows_from_the_steps_so_far(made):
    progress = made.start([100, 300])
    assert progress.line() == "── 0 of 2 runs done"
    made.now_s = 60
    progress.heard((0.0, {"run": "run0", "step": 40}))
    assert progress.line() == "── 0 of 2 runs done; under way: run0 (step 40 of 100); about 9 min left"
    progress.heard((0.0, {"run": "run1", "step": 60}))
    made.now_s = 100
    progress.ended("run0", "run0: done")
    # 100 of run0 and 60 of run1 in 100 s: 240 steps are left
    assert progress.line() == "── 1 of 2 runs done; under way: run1 (step 60 of 300); about 2 min left"


def test_a_resumed_run_counts_from_where_it_went_on(made):
    progress = made.start([1000])
    progress.heard((0.0, {"run": "run0", "step": 900, "resumed": True}))
    made.now_s = 60
    progress.heard((0.0, {"run": "run0", "step": 950}))
    assert "about 1 min left" in progress.line()  # 50 steps a minute, 50 left


def test_a_log_gets_a_line_now_and_then(made):
    progress = made.start([100, 100, 100])
    for number in range(10):
        progress.heard((0.0, {"run": "run0", "step": number}))
    assert made.said == []
    made.now_s = EVERY_S + 1
    progress.heard((0.0, {"run": "run0", "step": 20}))
    progress.heard((0.0, {"run": "run0", "step": 21}))
    assert len(made.said) == 1 and "run0 (step 20 of 100)" in made.said[0]
    progress.ended("run0", "run0: done")
    assert made.said[1:] == ["run0: done", progress.line()]


def test_a_terminal_has_one_line_that_is_written_over(made):
    terminal = io.StringIO()
    progress = made.start([100, 100], terminal)
    progress.heard((0.0, {"run": "run0", "step": 5}))
    progress.heard((0.0, {"run": "stranger", "step": 5}))  # of another sweep on the same scheduler
    progress.close()
    lines = terminal.getvalue().split(CLEAR)
    assert lines[1] == progress.line() and lines[-1] == "" and "\n" not in lines[1]
    assert made.said == [] and "stranger" not in terminal.getvalue()
