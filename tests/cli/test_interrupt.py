"""Ctrl-C and `kill` end every command: in one line, with the exit status that shells have; nothing stays behind."""

import contextlib
import os
import signal
import struct
import subprocess
import sys
import time

import psutil
import pytest

from tests.caches import fresh
from tests.gap8.programs import Assembler, elf
from tests.places import ROOT

LONG_S = 36_000
LEFT_TASKS = """
import asyncio, os, signal
import click
from kwslib.cli.main import main

@main.command()
def wait():
    async def fail():
        raise RuntimeError("the kernel died")

    async def stop():
        asyncio.ensure_future(fail())
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(stop())
    finally:
        loop.run_until_complete(asyncio.sleep(0))

main.get_command = lambda ctx, name: wait
main(["wait"])
"""
"""A command whose event loop holds a task that has failed, which nobody waits for, as nbclient's may."""
WORKSHOP = {".partial", ".locks"}
"""Where runs work in the results folder until they are complete."""


def hear_interrupts():
    """A shell's background jobs ignore Ctrl-C, and so would what a test starts in one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def running(*words, **variables):
    """A command in a session of its own, as a terminal has it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "kwslib.cli.main", *map(str, words)],
        env=env,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def read_to(process, text):
    """Read lines until one has `text`."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return
    pytest.fail("".join(lines))


def wait_for_child(process, text):
    """Wait until the command has started a program with `text` in its arguments."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(text in word for word in child.cmdline()):
                    return
        time.sleep(0.05)
    pytest.fail(process.communicate()[0])


def assert_ends(process, *folders, whole_group, number=signal.SIGINT):
    """Interrupt it, as `kill -INT` or as a terminal does, which tells everything that it started in its group too."""
    children = psutil.Process(process.pid).children(recursive=True)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    said, _ = process.communicate(timeout=120)  # it would go on for hours
    # A process that Python ends by the signal itself has the same status in a shell.
    assert process.returncode in (128 + number, -number), said
    assert said.splitlines()[-1] == ("interrupted" if number == signal.SIGINT else "terminated")
    assert "Traceback" not in said
    assert not psutil.wait_procs(children, timeout=120)[1]
    left = [path for folder in folders for path in folder.rglob("*.tmp")]
    assert not left
    return said.splitlines()[:-1]


@pytest.fixture
def cache(tmp_path):
    return fresh(tmp_path / "fresh")


@pytest.fixture
def recording(tmp_path):
    """Ten hours of silence, which take no room on the disk."""
    path = tmp_path / "long.wav"
    size = LONG_S * 32_000
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    path.write_bytes(struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size))
    os.truncate(path, 44 + size)
    return path


@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, True)],
)
def test_a_program_that_never_ends(tmp_path, cache, number, whole_group):
    code = Assembler()
    code.label("again")
    code.emit("jal", "zero", "@again")
    path = tmp_path / "endless.elf"
    path.write_bytes(elf(code.assembled()))
    with running("gap8", "simulate", path, KWS_CACHE=str(cache)) as process:
        wait_for_child(process, str(path))
        assert not assert_ends(process, tmp_path, whole_group=whole_group, number=number)


def test_tasks_that_an_event_loop_still_holds():
    command = [sys.executable, "-c", LEFT_TASKS]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, preexec_fn=hear_interrupts)
    assert (ended.returncode, ended.stderr, ended.stdout) == (130, "interrupted\n", "")


def test_a_recording_of_many_hours(recording, cache):
    with running("listen", recording, KWS_CACHE=str(cache)) as process:
        read_to(process, "listening with")
        assert not assert_ends(process, cache, whole_group=True)


@pytest.mark.slow
def test_a_stream_on_gap8(recording, cache, tmp_path):
    os.truncate(recording, 44 + 600 * 32_000)
    out = tmp_path / "out"
    with running("gap8", "run", "--stream", recording, "--out", out, KWS_CACHE=str(cache)) as process:
        wait_for_child(process, ".elf")
        assert not assert_ends(process, cache, out, whole_group=True)


@pytest.mark.slow
@pytest.mark.slice
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_training(place, whole_group):
    number = signal.SIGINT if whole_group else signal.SIGTERM
    with running("run", "--steps", "1000000") as process:
        read_to(process, "step 2")
        said = assert_ends(process, whole_group=whole_group, number=number)
    assert all(line.startswith("step ") for line in said), said
    assert {path.name for path in place.iterdir()} <= WORKSHOP
    with running("run", "--steps", "1000000") as process:
        read_to(process, "going on from")


@pytest.mark.slow
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_sweep(place, whole_group):
    with running("sweep", "seed=1,2", "steps=1000000", "--workers", "2") as process:
        read_to(process, "s2 │ step 2")
        said = assert_ends(process, whole_group=whole_group)
    assert all("│ step " in line for line in said), said
    assert {path.name for path in place.iterdir()} <= WORKSHOP


@pytest.mark.slow
def test_before_anything_has_begun(place):
    with running("sweep", "seed=1", "steps=1000000") as process:
        read_to(process, "dashboard")
        assert not assert_ends(process, whole_group=True)
    assert not place.exists() or {path.name for path in place.iterdir()} <= WORKSHOP
