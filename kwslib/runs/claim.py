"""One writer for each run folder, and for the book: other processes wait, then are told who is writing."""

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import filelock

from kwslib.errors import InputError, KwsError

LOCKS = ".locks"
"""Folder beside the claimed ones; holds a lock file for each that was ever claimed, and the owner's name."""
PATIENCE_S = 5.0
"""A process that is killed may take a moment to end, and its notebook with it."""
POLL_S = 0.1


class RunBusy(InputError):
    """Another process is writing this folder."""


@contextlib.contextmanager
def claim(
    folder: Path,
    patience_s: float = PATIENCE_S,
    advice: str = "wait for it to end, or give this run another name (run)",
    elsewhere: str = "choose another folder with KWS_RESULTS",
) -> Iterator[None]:
    """Keep other processes from writing a folder; the operating system releases it when this process ends.

    Parameters
    ----------
    folder : Path
        The run folder, or another; it need not exist.
    patience_s : float
        Seconds to wait for another process.
    advice, elsewhere : str
        What to do while another process writes it, and where the lock cannot be written.

    Raises
    ------
    RunBusy
        If another process still writes it after `patience_s` seconds; names that process and its machine.
    KwsError
        If the lock cannot be written.
    """
    path = folder.parent / LOCKS / f"{folder.name}.lock"
    owner = path.with_suffix(".owner")
    lock = filelock.FileLock(path, timeout=patience_s, poll_interval=POLL_S)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        owner.write_text(f"process {os.getpid()} on {platform.node()}\n")
    except filelock.Timeout as error:
        raise RunBusy(f"{folder} is being written by {_owner(owner)}: {advice}") from error
    except OSError as error:
        lock.release()
        raise KwsError(f"cannot write {path}: {error.strerror}; {elsewhere}") from error
    try:
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _owner(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip() or "another process"
    except OSError:
        return "another process"
