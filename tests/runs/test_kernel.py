"""The process of a notebook ends with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.places import ROOT

CHILD = """
import sys
from kwslib.runs.kernel import die_with_parent
die_with_parent(int(sys.argv[1]))
print("alive", flush=True)
sys.stdin.read()
"""
PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())], stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux ends a process with its parent on request")


def ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_it_ends_with_a_killed_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], env=ENV, stdout=subprocess.PIPE, text=True)
    lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
    assert "alive" in lines
    (child,) = (int(line) for line in lines - {"alive"})
    assert not ended(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end_s = time.monotonic() + 120  # it takes milliseconds; a busy machine may need far longer
    while not ended(child):
        assert time.monotonic() < end_s, "the child outlives its parent"
        time.sleep(0.02)


def test_it_ends_at_once_if_the_parent_has_ended_before():
    done = subprocess.run([sys.executable, "-c", CHILD, "1"], env=ENV, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
