from dataclasses import replace

import pytest

from kwslib.runs.comparison import compare, differing
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sample_run(tmp_path_factory.mktemp("results"))


def test_equal_runs(run):
    later = replace(run.provenance, date="2030-01-01", host="elsewhere")
    text = compare(run, replace(run, provenance=later, durations_s={"training": 1.0}))
    assert "equal in everything but dates, durations and host" in text
    assert "not equal" not in text
    assert text.count("+0.00 points") == len(run.measurements)
    assert differing(run, run) == {}


def test_differences_are_named(run):
    first = run.measurements[0]
    worse = replace(first, correct=first.correct - 36, accuracy=(first.correct - 36) / first.clips)
    other = replace(run, seed=2, measurements=[worse, *run.measurements[1:-1]])
    name = " ".join(("measurements of", first.network, first.split, first.silence))
    last = run.measurements[-1]
    gone = " ".join(("measurements of", last.network, last.split, last.silence))
    assert differing(run, other) == {
        "seed": ("1", "2"),
        name: (f"{first.correct} of {first.clips}", f"{worse.correct} of {first.clips}"),
        gone: (f"{last.correct} of {last.clips}", "absent"),
    }
    lines = compare(run, other).splitlines()
    points = 100 * (worse.accuracy - first.accuracy)
    row = next(line for line in lines if line.split()[:3] == [first.network, first.split, first.silence])
    assert f"{points:+.2f} points" in row
    assert next(line for line in lines if line.split()[:3] == [last.network, last.split, last.silence]).endswith("-")
    assert "not equal in:" in lines


def test_other_clips_and_recorded_are_said(run):
    other = replace(run, corpus=replace(run.corpus, name="speech_commands", hash="0"), recorded=True)
    text = compare(run, other)
    assert "measured on different clips" in text
    assert "corpus speech_commands, recorded," in text
