"""The only module that knows folders, and how a file is written whole or not at all."""

import contextlib
import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError


def project_root() -> Path:
    """Folder that holds ``_config.yml``, ``book/`` and ``models/``: ``$KWS_ROOT`` or this checkout."""
    return Path(os.environ.get("KWS_ROOT") or Path(__file__).resolve().parent.parent)


def book_dir() -> Path:
    """Folder of the chapters and of the notebook templates."""
    return project_root() / "book"


def models_dir() -> Path:
    """Folder of the released networks and of the recorded results."""
    return project_root() / "models"


def recorded_programs_dir() -> Path:
    """Folder of the GAP8 programs that come with what GVSOC printed for them."""
    return project_root() / "recordings"


def results_dir() -> Path:
    """Folder that holds one folder for each run: ``$KWS_RESULTS`` or ``book/results``."""
    return Path(os.environ.get("KWS_RESULTS") or book_dir() / "results").expanduser()


def cache_dir() -> Path:
    """Folder for what can be computed or downloaded again: ``$KWS_CACHE`` or ``~/.cache/kws-gap8``."""
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

    Works for a file and for a folder (an existing folder at `path` is replaced).

    Raises
    ------
    KwsError
        If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
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


def _cannot_write(path: Path, error: OSError) -> KwsError:
    return KwsError(f"cannot write {path}: {error.strerror or error}; free space or choose another folder")


def atomic_write_bytes(path: Path | str, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def atomic_write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    atomic_write_bytes(path, text.encode())


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON with a final newline, whole or not at all; NaN is refused."""
    atomic_write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")
