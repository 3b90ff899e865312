import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kwslib import paths
from kwslib.errors import InputError, KwsError
from kwslib.paths import atomic_path, atomic_write_bytes, atomic_write_text, locked, write_json
from tests.places import ROOT


def test_variables_choose_the_folders(monkeypatch, tmp_path):
    for name in ("KWS_ROOT", "KWS_RESULTS", "KWS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    checkout = Path(paths.__file__).resolve().parents[1]
    assert paths.project_root() == checkout
    assert paths.results_dir() == checkout / "book" / "results"
    assert paths.models_dir() == checkout / "models"
    assert paths.cache_dir() == Path.home() / ".cache" / "kws-gap8"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert paths.cache_dir() == tmp_path / "xdg" / "kws-gap8"
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    assert paths.cache_dir() == tmp_path / "cache"
    assert paths.results_dir() == tmp_path / "book" / "results"
    monkeypatch.setenv("KWS_RESULTS", "~/results")
    assert paths.results_dir() == Path.home() / "results"


def test_nothing_is_left_of_a_failure(tmp_path):
    path = tmp_path / "deep" / "file"
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert not list(path.parent.iterdir())
    atomic_write_text(path, "whole")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "whole"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_folder_is_replaced(tmp_path):
    for text in ("old", "new"):
        with atomic_path(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / text).write_text(text)
    assert [entry.name for entry in (tmp_path / "folder").iterdir()] == ["new"]
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "folder") as temporary:
        temporary.mkdir()
        raise ZeroDivisionError
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_bytes_text_and_json(tmp_path):
    atomic_write_bytes(tmp_path / "b", b"\0\1")
    assert (tmp_path / "b").read_bytes() == b"\0\1"
    atomic_write_text(tmp_path / "t", "ä\n")
    assert (tmp_path / "t").read_bytes() == "ä\n".encode()
    write_json(tmp_path / "j", {"a": [1, None]})
    assert json.loads((tmp_path / "j").read_text()) == {"a": [1, None]}
    with pytest.raises(ValueError):
        write_json(tmp_path / "j", float("nan"))
    assert json.loads((tmp_path / "j").read_text()) == {"a": [1, None]}


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KwsError, match=f"cannot write {tmp_path}/file/deep/x: .*free space or choose another folder"):
        atomic_write_text(tmp_path / "file" / "deep" / "x", "text")


def test_full_disk_is_named(tmp_path):
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("no /dev/full here")
    with (
        pytest.raises(KwsError, match="No space left on device; free space"),
        atomic_path(tmp_path / "full") as temporary,
    ):
        temporary.symlink_to(device)
        with temporary.open("wb", buffering=0) as file:
            file.write(b"x")
    assert not os.path.lexists(tmp_path / "full")


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("old")
    (tmp_path / "there" / "folder").mkdir()
    for name in ("file", "new", "folder"):
        (tmp_path / name).symlink_to(Path("there") / name)
    atomic_write_text(tmp_path / "file", "text")
    atomic_write_text(tmp_path / "new", "text")
    with atomic_path(tmp_path / "folder") as temporary:
        temporary.mkdir()
        (temporary / "inner").touch()
    assert all((tmp_path / name).is_symlink() for name in ("file", "new", "folder"))
    assert [(tmp_path / "there" / name).read_text() for name in ("file", "new")] == ["text", "text"]
    assert [path.name for path in (tmp_path / "there" / "folder").iterdir()] == ["inner"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_link_in_a_circle_is_refused_and_stays(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(KwsError, match="loop: Too many levels of symbolic links; name a file"):
        atomic_write_text(tmp_path / "loop", "text")
    assert (tmp_path / "loop").is_symlink()


def test_a_pipe_that_nobody_reads_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KwsError, match="pipe: it is a pipe that nobody reads; name a file"):
        atomic_write_text(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_stays_and_gets_the_content(tmp_path, linked):
    path = pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    atomic_write_text(path, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo() and path.is_symlink() == linked
    assert len(list(tmp_path.iterdir())) == 1 + linked


def test_a_device_stays_and_says_that_it_is_full(tmp_path):
    path = tmp_path / "full"  # a link: what would be replaced by mistake is only that
    path.symlink_to("/dev/full")
    if not path.exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(KwsError, match=f"cannot write to {path}: No space left on device; name a file"):
        atomic_write_text(path, "text")
    assert path.is_symlink() and path.is_char_device()
    with pytest.raises(KwsError, match=f"cannot write to {path}: Is a directory"), atomic_path(path) as temporary:
        temporary.mkdir()
    assert path.is_symlink() and path.is_char_device()


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(InputError, match="socket is a socket, which cannot be written to: name a file"):
            atomic_write_text("socket", "text")
        assert Path("socket").is_socket()


PRINTER = """
import sys
from kwslib.paths import atomic_write_text
print("before", flush=True)
atomic_write_text(sys.argv[1], "between\\n")
print("after", flush=True)
"""


@pytest.mark.parametrize("to", ["pipe", "file"])
def test_standard_output_may_be_named(tmp_path, to):
    path, file = tmp_path / "stdout", tmp_path / "file"
    path.symlink_to("/dev/stdout")
    with file.open("w") as out:
        command = [sys.executable, "-c", PRINTER, path]
        stdout = subprocess.PIPE if to == "pipe" else out
        done = subprocess.run(
            command, stdout=stdout, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    assert (done.stdout if to == "pipe" else file.read_text()) == "before\nbetween\nafter\n"
    assert path.is_symlink()


def test_other_errors_pass(tmp_path):
    with pytest.raises(OSError) as caught, atomic_path(tmp_path / "x"):
        raise OSError(errno.ECONNRESET, "reset", "elsewhere/file")
    assert caught.value.errno == errno.ECONNRESET


HOLDER = """
import sys
from kwslib.paths import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
WAITER = """
import sys
from kwslib.paths import locked
print("waiting", flush=True)
with locked(sys.argv[1]):
    print("held", flush=True)
"""


def test_a_lock_keeps_others_waiting_until_its_process_is_killed(tmp_path):
    def start(code):
        command = [sys.executable, "-c", code, tmp_path / "new" / "a.lock"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen(command, **pipes, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})

    first = start(HOLDER)
    assert first.stdout.readline() == "held\n"
    second = start(WAITER)
    assert second.stdout.readline() == "waiting\n"
    assert second.poll() is None
    first.kill()
    first.wait()
    assert second.communicate()[0] == "held\n" and second.returncode == 0


def test_a_lock_is_released_after_an_error(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), locked(tmp_path / "a.lock"):
            raise ZeroDivisionError


def test_a_lock_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(KwsError, match="cannot write .*a.lock: .*; choose another place"),
        locked(tmp_path / "file" / "a.lock", "choose another place"),
    ):
        pass


HALF = """
import os, signal, sys
from pathlib import Path
from kwslib import paths

with paths.scratch("half"), paths.atomic_path(Path(sys.argv[1])) as file, paths.atomic_path(Path(sys.argv[2])) as made:
    file.write_bytes(b"half")
    made.mkdir()
    (made / "inner").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept_at_the_next_start(tmp_path, monkeypatch):
    results, temporary = tmp_path / "results", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("KWS_RESULTS", str(results))
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    command = [sys.executable, "-c", HALF, results / "run" / "file", tmp_path / "cache" / "audio" / "folder"]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    left = list(tmp_path.rglob(".*.tmp"))
    assert len(left) == 3
    kept = results / "run" / f".other.{'0' * 6}.{left[0].name.split('.')[-3]}.00000000.tmp"  # of another machine
    kept.touch()
    with paths.atomic_path(results / "run" / "mine") as mine:
        mine.touch()  # of a process that lives
        paths.sweep_all()
        assert sorted(tmp_path.rglob(".*.tmp")) == sorted([kept, mine])
