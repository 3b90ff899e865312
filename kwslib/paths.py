"""Folders, files that are written whole or not at all, and locks between processes. No other module knows folders."""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from kwslib.errors import KwsError
from kwslib.files import is_stream, pour

TEMPORARY = re.compile(r"^\..*\.(?P<host>[0-9a-f]{6})\.(?P<process>\d+)\.[0-9a-f]{8}\.tmp$")
"""Names of what `atomic_path` makes."""
_swept: set[Path] = set()
"""Folders that this process has swept."""


def project_root() -> Path:
    """Return the folder with ``_config.yml``, ``book/`` and ``models/``: ``$KWS_ROOT``, or this checkout."""
    return Path(os.environ.get("KWS_ROOT") or Path(__file__).resolve().parent.parent)


def book_dir() -> Path:
    """Return the folder of the chapters and of the notebook templates."""
    return project_root() / "book"


def models_dir() -> Path:
    """Return the folder of the released networks and of the recorded runs."""
    return project_root() / "models"


def recorded_programs_dir() -> Path:
    """Return the folder of the GAP8 programs with GVSOC's recorded output."""
    return project_root() / "recordings"


def results_dir() -> Path:
    """Return the folder of results, with one folder per run: ``$KWS_RESULTS``, or ``book/results``."""
    return Path(os.environ.get("KWS_RESULTS") or book_dir() / "results").expanduser()


def cache_dir() -> Path:
    """Return the folder for what can be computed or downloaded again.

    It is ``$KWS_CACHE``, or ``kws-gap8`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    base = os.environ.get("KWS_CACHE")
    if base:
        return Path(base).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kws-gap8"


def speech_dir(named: Path | str | None = None) -> Path | None:
    """Parent folder of Speech Commands, absolute: the one that is named, else ``$KWS_DATA``, else None."""
    given = named or os.environ.get("KWS_DATA")
    return Path(given).expanduser().absolute() if given else None


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The caller may create a file or a folder there. An existing folder at `path` is replaced. A link stays, and what it
    leads to is replaced. A pipe, a terminal or another device stays, and gets the file's content.

    Raises
    ------
    KwsError
        If the folder cannot be written, the disk is full, or `path` is a link that leads in a circle.
    InputError
        If `path` is a socket or a block device.
    """
    path = Path(path)
    if is_stream(path):
        with scratch("stream") as folder:
            yield folder / path.name
            try:
                pour(folder / path.name, path)
            except OSError as error:
                raise KwsError(f"cannot write to {path}: {error.strerror or error}; name a file") from error
        return
    if path.is_symlink():
        path = Path(os.path.realpath(path))
        if path.is_symlink():  # it leads in a circle
            raise KwsError(f"cannot write {path}: {os.strerror(errno.ELOOP)}; name a file")
    temporary = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    if path.parent not in _swept:
        sweep(path.parent)
    try:
        yield temporary
        if path.is_dir() and temporary.is_dir():
            shutil.rmtree(path)
        temporary.replace(path)
    except OSError as error:
        ours = error.filename is None or Path(error.filename).is_relative_to(temporary)
        if ours or error.errno == errno.ENOSPC:
            raise _cannot_write(path, error) from error
        raise
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> list[Path]:
    """Remove what processes of this machine that are gone (killed, say) left half-written in a folder.

    Returns
    -------
    list of Path
        What was removed.
    """
    _swept.add(folder)
    removed = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            found = TEMPORARY.search(path.name)
            if found and found["host"] == _host() and not _is_alive(int(found["process"])):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                removed.append(path)
    return removed


def sweep_all() -> list[Path]:
    """Do that in the results folder, in the cache, in their folders, and among the system's temporary folders."""
    removed = sweep(Path(tempfile.gettempdir()))
    for base in (results_dir(), cache_dir()):
        with contextlib.suppress(OSError):
            for folder in (base, *(path for path in base.iterdir() if path.is_dir())):
                removed += sweep(folder)
    return removed


def _host() -> str:
    """Name this machine in a few letters: folders may be shared with others, whose processes differ."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


@contextlib.contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """Yield a new folder among the system's temporary ones; it is removed at the end, or by a later process' `sweep`.

    Parameters
    ----------
    purpose : str
        Part of its name.
    """
    folder = Path(tempfile.gettempdir()) / f".kws-{purpose}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path | str, advice: str = "choose another folder") -> Iterator[None]:
    """Hold the lock file `path`; wait as long as another process holds it.

    The operating system releases the lock when a process ends, however it ends. The file stays.

    Parameters
    ----------
    path : Path
        The lock file; its folder is created if need be.
    advice : str
        End of the error message.

    Raises
    ------
    KwsError
        If the folder cannot be written.
    """
    path = Path(path)
    lock = filelock.FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise KwsError(f"cannot write {path}: {error.strerror or error}; {advice}") from error
    try:
        yield
    finally:
        lock.release()


def _cannot_write(path: Path, error: OSError) -> KwsError:
    return KwsError(f"cannot write {path}: {error.strerror or error}; free space or choose another folder")


def atomic_write_bytes(path: Path | str, data: bytes) -> None:
    """Write `data` to `path`, completely or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def atomic_write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path` as UTF-8, completely or not at all."""
    atomic_write_bytes(path, text.encode())


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON with a final newline, completely or not at all.

    Raises
    ------
    ValueError
        If the value contains NaN or an infinity.
    """
    atomic_write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")
