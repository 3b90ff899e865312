"""One process writes a run folder; a second one is told who the first is."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from kwslib.errors import KwsError
from kwslib.runs.claim import RunBusy, claim
from tests.places import ROOT

HOLD = """
from pathlib import Path
import sys
from kwslib.runs.claim import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def first(tmp_path):
    """A process that has claimed the folder ``run``."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_second_writer_is_told_who_the_first_is(tmp_path, first):
    message = f"is being written by process {first.pid} on .*another name"
    with pytest.raises(RunBusy, match=message), claim(tmp_path / "run", patience_s=0.2):
        pass
    with claim(tmp_path / "other", patience_s=0):
        pass


def test_a_killed_writer_lets_go(tmp_path, first):
    first.kill()
    first.wait()
    with claim(tmp_path / "run", patience_s=0):
        pass


def test_a_writer_that_ends_leaves_no_name(tmp_path):
    for _ in range(2):
        with claim(tmp_path / "v1.2", patience_s=0):
            owner = (tmp_path / ".locks" / "v1.2.owner").read_text()
            assert owner.startswith(f"process {os.getpid()} on ")
        assert not (tmp_path / ".locks" / "v1.2.owner").exists()
    with pytest.raises(ZeroDivisionError), claim(tmp_path / "v1.2", patience_s=0):
        raise ZeroDivisionError
    with claim(tmp_path / "v1.2", patience_s=0):
        pass


def test_a_child_does_not_let_go_for_its_parent(tmp_path):
    """A process that makes copies is forked from the one that trains, and ends before it."""
    with claim(tmp_path / "mine", patience_s=0):
        child = multiprocessing.get_context("fork").Process(target=int)
        child.start()
        child.join()
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        code = "import sys\nfrom pathlib import Path\nfrom kwslib.runs.claim import claim\n"
        code += "with claim(Path(sys.argv[1]), patience_s=0):\n    pass"
        command = [sys.executable, "-c", code, str(tmp_path / "mine")]
        second = subprocess.run(command, env=env, capture_output=True, text=True, cwd="/")
        assert f"is being written by process {os.getpid()} on" in second.stderr


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KwsError, match="cannot write .*run.lock: .*KWS_RESULTS"), claim(tmp_path / "file" / "run"):
        pass
