"""Pipes, devices and files without end are refused at once, wherever a file is read as a whole."""

import os
from pathlib import Path

import pytest

from kwslib.artifacts import file_sha256, read_json
from kwslib.errors import InputError, KwsError
from kwslib.files import held_open, keep_apart, open_regular, read_regular
from kwslib.gap8.platforms.simulator import simulate
from kwslib.gap8.program import elf
from kwslib.integer import network_file
from kwslib.network import checkpoint
from kwslib.runs import configuration, records
from kwslib.speech import samples

SOURCES = {"pipe": "a pipe", "device": "a device", "endless": "a device", "folder": "a folder"}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path):
    """A path that is no file, and what it is called."""
    path = tmp_path / "metrics.json"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null" if request.param == "device" else "/dev/zero")
    return path, SOURCES[request.param]


READERS = {
    "network": network_file.open_file,
    "parameters": configuration.read,
    "picture": samples.read_pgm,
    "program": elf.read_program,
    "simulated": simulate,
    "flash": lambda path: simulate(Path(__file__), flash=path),
    "record": lambda path: read_json(path, missing="", again=""),
    "run": lambda path: records.load(path.parent),
    "hash": file_sha256,
    "checkpoint": checkpoint.read_state,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_no_file_is_refused(read, source):
    path, kind = source
    with pytest.raises(KwsError) as caught:
        read(path)
    assert str(path) in str(caught.value) and f"is {kind}, no file" in str(caught.value)


def test_a_file_is_read_whole_and_within_bounds(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    assert read_regular(path, 100) == bytes(range(100))
    with pytest.raises(OSError, match="it has more than 99 bytes"):
        read_regular(path, 99)
    with open_regular(path) as file:
        assert file.read(2) == b"\0\1"
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "missing")


def test_an_output_is_no_input_under_whatever_name(tmp_path):
    read, other, folder = tmp_path / "read", tmp_path / "other", tmp_path / "folder"
    read.touch()
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "clip").touch()
    (tmp_path / "soft").symlink_to(read)
    (tmp_path / "hard").hardlink_to(read)
    (tmp_path / "pipe").symlink_to("/dev/null")
    for name in ("read", "soft", "hard", "folder/../read"):
        with pytest.raises(InputError, match=f"--json {tmp_path / name} would overwrite --flash {read}: name another"):
            keep_apart([("PROGRAM", other), ("--flash", read)], [("--json", tmp_path / name)])
    with pytest.raises(InputError, match="--web .*folder is a folder that holds CLIP .*clip: name another"):
        keep_apart([("CLIP", folder / "deep" / "clip")], [("--web", folder)])
    with pytest.raises(InputError, match="--json .*other would overwrite --trace .*other: name another"):
        keep_apart([], [("--trace", other), ("--json", folder / ".." / "other")])
    devices = [("--trace", tmp_path / "pipe"), ("--json", tmp_path / "pipe")]
    keep_apart([("PROGRAM", read), ("--flash", None)], [("--out", other), ("--web", None), *devices])


def test_a_pipe_is_held_open_only_where_somebody_reads_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="it is a pipe that nobody reads; name a file"), held_open(pipe):
        pass
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with held_open(pipe):
        pipe.write_bytes(b"x")
        assert os.read(reader, 9) == b"x"
        with pytest.raises(BlockingIOError):
            os.read(reader, 9)  # no end yet: it is held open
    assert os.read(reader, 9) == b""
    os.close(reader)
    with held_open(tmp_path / "new"):
        assert not (tmp_path / "new").exists()
