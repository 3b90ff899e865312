"""Files from anywhere, opened without a wait and read without an end in sight only if there is one.

A pipe would make the program wait for a writer, and a device may have no end. They can be written to, but no file may
take their place. And no command may write over what it reads.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path

from kwslib.errors import InputError

MOST_BYTES = 1 << 28
"""Of a file that is read as a whole."""
KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


def kind_of(mode: int) -> str:
    """What a file's mode says it is: ``a pipe``, ``a device``; empty for a regular file."""
    return "" if stat.S_ISREG(mode) else next((name for test, name in KINDS.items() if test(mode)), "a device")


def open_regular(path: Path | str) -> BufferedReader:
    """Open a file to be read; never wait for one.

    Raises
    ------
    OSError
        If it cannot be opened, or is a pipe, a device, or anything else but a regular file; `strerror` says which.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    kind = kind_of(os.fstat(descriptor).st_mode)
    if kind:
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"it is {kind}, no file", str(path))
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path | str, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a whole file.

    Raises
    ------
    OSError
        As `open_regular`, and if it is larger than `most_bytes`.
    """
    with open_regular(path) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes", str(path))
    return content


def is_stream(path: Path) -> bool:
    """Whether a path is written to, never replaced: a pipe, a device such as a terminal, or this process' own output.

    Raises
    ------
    InputError
        If it is something else that is neither a file nor a folder.
    """
    try:
        status = path.stat()
    except OSError:  # nothing is there
        return False
    if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode) or _own_output(status) is not None:
        return True
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
        return False
    raise InputError(f"{path} is {kind_of(status.st_mode)}, which cannot be written to: name a file")


def pour(file: Path, stream: Path) -> None:
    """Write the content of a file to what `is_stream` is true of.

    Raises
    ------
    OSError
        If it takes no more, is a pipe that nobody reads, or `file` is a folder.
    """
    with file.open("rb") as source, os.fdopen(_open_stream(stream), "wb") as target:
        shutil.copyfileobj(source, target)


@contextlib.contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Hold a pipe or device open while another program opens it to write: a pipe has a reader then, or is refused.

    Nothing happens for any other path.

    Raises
    ------
    InputError
        If it cannot be opened, or is a pipe that nobody reads.
    """
    if not is_stream(path):
        yield
        return
    try:
        descriptor = _open_stream(path)
    except OSError as error:
        raise InputError(f"cannot write to {path}: {error.strerror or error}; name a file") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _open_stream(path: Path) -> int:
    """Open what `is_stream` is true of to be written, without a wait for a reader."""
    own = _own_output(path.stat())
    if own is not None:
        return os.dup(own)
    try:
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO and path.is_fifo():
            raise OSError(errno.ENXIO, "it is a pipe that nobody reads", str(path)) from error
        raise
    os.set_blocking(descriptor, True)
    return descriptor


def _own_output(status: os.stat_result) -> int | None:
    """Standard output or error, if it leads to this file: opened a second time, the two would write over each other."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # closed
            if os.path.samestat(status, os.fstat(descriptor)):
                return descriptor
    return None


def keep_apart(inputs: Iterable[tuple[str, Path | None]], outputs: Iterable[tuple[str, Path | None]]) -> None:
    """Check that no output of a command takes the place of an input, or of another output.

    Parameters
    ----------
    inputs, outputs : iterable of (str, Path or None)
        What the command line calls each, such as ``--json``, and its path; None where it is not given. An output that
        is a folder is replaced as a whole, with all that lies in it.

    Raises
    ------
    InputError
        If two are one file, by whatever names or links, or an input lies in a folder that is replaced.
    """
    read = {_identity(path): (name, path) for name, path in inputs if path is not None}
    written: dict[object, tuple[str, Path]] = {}
    for name, path in outputs:
        if path is None or is_stream(path):
            continue
        identity = _identity(path)
        taken = [one for one in (read.get(identity), written.get(identity)) if one]
        if path.is_dir():
            for other, lost in read.values():
                if lost.resolve().is_relative_to(path.resolve()):
                    raise InputError(f"{name} {path} is a folder that holds {other} {lost}: name another place")
        for other, lost in taken:
            raise InputError(f"{name} {path} would overwrite {other} {lost}: name another place")
        written[identity] = name, path


def _identity(path: Path) -> object:
    """What two paths of one file have in common."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino
