"""Files from anywhere, opened without a wait and read without an end in sight only if there is one.

A pipe would make the program wait for a writer, and a device may have no end.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

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
