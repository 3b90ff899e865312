import contextlib
import csv
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from kwslib.errors import DataError, InputError
from kwslib.runs import cluster, records, sweep
from kwslib.runs.grid import read_grid
from kwslib.runs.ranking import DONE, FAILED, KEPT
from kwslib.runs.sweep import SweepFailed
from tests.places import ROOT


def kws_sweep(*words, **variables):
    search = str(ROOT)
    env = {**os.environ, "PYTHONPATH": search, **variables}
    command = [sys.executable, "-m", "kwslib.cli.main", "sweep", "--grid", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")


def kill_at(process, text):
    """Read until a line has `text`, kill -9; return the lines."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            break
    else:
        pytest.fail("".join(lines))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return lines


def comparable(folder):
    return {path.parent.name: records.comparable(records.load(path.parent)) for path in folder.glob("*/metrics.json")}


def test_everything_is_checked_before_anything_starts(place, tmp_path):
    with pytest.raises(InputError, match="unknown size 'smal'"):
        sweep.run_grid([{"size": "small"}, {"size": "smal"}])
    with pytest.raises(InputError, match="two runs would write the folder 'x'"):
        sweep.run_grid([{"seed": 1, "run": "x"}, {"seed": 2, "run": "x"}])
    with pytest.raises(DataError, match="does not exist"):
        sweep.run_grid([{}, {"data": str(tmp_path / "nowhere"), "run": "x"}])
    with pytest.raises(InputError, match="workers is 0"):
        sweep.run_grid([{}], workers=0)
    assert not place.exists()


def test_no_scheduler_at_the_address(place, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(InputError, match="there is no Dask scheduler at 'tcp://127.0.0.1:9'"):
        sweep.run_grid([{}], scheduler="tcp://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.slice
def test_failure_stops_or_not_and_finished_runs_are_kept(place):
    said = []
    outcomes = sweep.run_grid(read_grid(["seed=13,2,9"]), workers=1, keep_going=True, say=said.append)
    assert [outcome.state for outcome in outcomes] == [FAILED, DONE, DONE]
    assert any("the thirteenth clip is damaged; remove it" in line for line in said)
    with pytest.raises(SweepFailed, match="1 of 3 runs failed: quick-small-s13$"):
        sweep.require_success(outcomes)
    table = list(csv.DictReader((place / "sweep.csv").open()))
    assert [row["run"] for row in table] == ["quick-small-s2", "quick-small-s9", "quick-small-s13"]
    assert [row["state"] for row in table] == [DONE, DONE, FAILED]
    assert table[2]["error"] == "run quick-small-s13 failed: the thirteenth clip is damaged; remove it"
    assert not any("test" in name for name in table[0])
    again = sweep.run_grid(read_grid(["seed=2,9"]), say=said.append)
    assert [outcome.state for outcome in again] == [KEPT, KEPT]
    stopped = sweep.run_grid(read_grid(["seed=13,5"]), workers=1, say=said.append)
    assert stopped[0].state == FAILED
    with pytest.raises(SweepFailed, match="keep-going"):
        sweep.require_success(stopped)


@pytest.mark.slow
@pytest.mark.slice
def test_a_trained_network_without_its_deployment_is_not_there_already(place, gap8):
    """As a kill leaves it that comes after the training."""
    (gap8 / "refuse").touch()
    states = [[outcome.state for outcome in sweep.run_grid([{"seed": 6}], keep_going=True, say=lambda line: None)]]
    trained = (place / "quick-small-s6" / "train.ipynb").stat().st_mtime_ns
    assert not (place / "quick-small-s6" / "gap8.ipynb").exists()
    (gap8 / "refuse").unlink()
    for _ in range(2):
        states.append([outcome.state for outcome in sweep.run_grid([{"seed": 6}], say=lambda line: None)])
    assert states == [[FAILED], [DONE], [KEPT]]
    assert (place / "quick-small-s6" / "gap8.ipynb").exists()
    assert (place / "quick-small-s6" / "train.ipynb").stat().st_mtime_ns == trained  # by the first sweep alone


def test_cluster_sends_the_files_back(place, monkeypatch, tmp_path):
    from distributed import LocalCluster

    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "there"))
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with LocalCluster(**options, silence_logs="ERROR") as cluster:
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
        grid = read_grid(["seed=13,2"])
        outcomes = sweep.run_grid(grid, scheduler=cluster.scheduler_address, keep_going=True, say=lambda line: None)
        again = sweep.run_grid(grid[1:], scheduler=cluster.scheduler_address, say=lambda line: None)
    assert [outcome.state for outcome in outcomes] == [FAILED, DONE]
    assert [outcome.state for outcome in again] == [KEPT]
    here, there = place / "quick-small-s2", tmp_path / "there" / "cluster" / "quick-small-s2"
    files = sorted(path.relative_to(here).as_posix() for path in here.rglob("*") if path.is_file())
    assert files == [
        "accuracy.csv",
        "history.csv",
        "metrics.json",
        "mistakes/mistakes.csv",
        "mistakes/mistakes.json",
        "model.tflite",
        "train.ipynb",
    ]
    for name in files:
        assert (here / name).read_bytes() == (there / name).read_bytes()
    assert "thirteenth" in (place / "failed" / "quick-small-s13.ipynb").read_text()


@pytest.mark.slow
@pytest.mark.slice
def test_killed_sweep_ends_as_one_left_alone(place, tmp_path):
    words = ("seed=1,2", "steps=60")
    kill_at(kws_sweep(*words), "s2 │ step 3")
    again = kws_sweep(*words)
    text = again.communicate(timeout=600)[0]
    assert again.returncode == 0, text
    assert "quick-small-60steps: there already" in text
    assert "going on from 0" not in text
    alone = kws_sweep(*words, KWS_RESULTS=str(tmp_path / "alone"))
    assert alone.wait(timeout=600) == 0
    assert comparable(place) == comparable(tmp_path / "alone")
    assert len(comparable(place)) == 2
    assert (place / "sweep.csv").read_bytes() == (tmp_path / "alone" / "sweep.csv").read_bytes()


@pytest.mark.slow
def test_a_search_that_is_killed_at_ten_random_moments_ends_as_one_left_alone(place, tmp_path):
    """Its later draws follow from the results of earlier ones, so that a lost result would show."""
    words = ("seed=1..40", "steps=40", "--search", "tpe", "--trials", "6", "--workers", "1")
    start_s = time.monotonic()
    alone = kws_sweep(*words, KWS_RESULTS=str(tmp_path / "alone"))
    text = alone.communicate(timeout=1200)[0]
    assert alone.returncode == 0, text
    took_s, moments = time.monotonic() - start_s, random.Random(3)
    for _ in range(10):
        process = kws_sweep(*words)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=moments.uniform(0.1, took_s))
        process.kill()  # with SIGKILL; it may have ended
        process.wait()
    again = kws_sweep(*words)
    text = again.communicate(timeout=1200)[0]
    assert again.returncode == 0, text
    assert comparable(place) == comparable(tmp_path / "alone")
    assert len(comparable(place)) == 6
    assert (place / "sweep.csv").read_bytes() == (tmp_path / "alone" / "sweep.csv").read_bytes()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, speech):
    """Results of the real notebook in a sweep that was left alone, and the environment for others like it."""
    folder = tmp_path_factory.mktemp("alone")
    variables = {"KWS_DATA": str(speech), "KWS_CACHE": str(folder / "cache"), "KWS_ROOT": ""}
    process = kws_sweep("steps=12", **variables, KWS_RESULTS=str(folder / "results"))
    text = process.communicate(timeout=600)[0]
    assert process.returncode == 0 and "going on from step" not in text, text
    return folder / "results", variables


@pytest.mark.slow
@pytest.mark.parametrize("when", ["step     3 of 12", "fake-quantised from here on", "step    12 of 12"])
def test_killed_training_ends_as_one_left_alone(tmp_path, alone, when):
    whole, variables = alone
    kill_at(kws_sweep("steps=12", **variables, KWS_RESULTS=str(tmp_path)), when)
    process = kws_sweep("steps=12", **variables, KWS_RESULTS=str(tmp_path))
    text = process.communicate(timeout=600)[0]
    assert process.returncode == 0 and "going on from step" in text, text
    assert comparable(tmp_path) == comparable(whole)
    for name in ("model.tflite", "history.csv", "accuracy.csv"):
        killed, left = (place / "quick-small-12steps" / name for place in (tmp_path, whole))
        assert killed.read_bytes() == left.read_bytes()
