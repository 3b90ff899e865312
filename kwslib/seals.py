"""Checksums of what the project writes itself, so that a byte that changed on the disk is noticed and never used.

What can be made again is named on standard error and made again; a record is named in the error of whoever reads it.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from kwslib.files import open_regular, read_regular
from kwslib.paths import atomic_write_text

BLOCK_BYTES = 1 << 20
SUFFIX = ".sha256"
"""Of the file beside a program, with its checksum."""
CHECKSUM = "checksum"
"""Entry of a manifest."""
MAGIC = b"KWS-SHA2"
TRAILER_BYTES = len(MAGIC) + hashlib.sha256().digest_size

_verified: dict[Path, tuple[int, int, int]] = {}
"""Files that this process has checked: their inode, size and time of change by then."""


def of_json(value: Any) -> str:
    """SHA-256 of what JSON can hold, hexadecimal; spaces and the order of keys do not count."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def trailer(digest: bytes) -> bytes:
    """The last bytes of a file that ends with the SHA-256 of all before them."""
    return MAGIC + digest


def ends_intact(path: Path) -> bool:
    """Whether a file ends with the `trailer` of its content; a spoiled one is named on standard error.

    Files that have no trailer, since an older version wrote them, are not intact, and not named. A file that has been
    checked is read again only if it has changed since.
    """
    try:
        with open_regular(path) as file:
            left = path.stat().st_size - TRAILER_BYTES
            file.seek(max(left, 0))
            last = file.read()
            if not last.startswith(MAGIC):
                return False
            if _is_verified(path):
                return True
            file.seek(0)
            if last != trailer(_digest(file, left)):
                spoiled(path)
                return False
    except OSError:
        return False
    verified(path)
    return True


def matches(path: Path, sha256: str) -> bool:
    """Whether a file has this SHA-256, hexadecimal. One that had it is read again only if it has changed since."""
    try:
        if _is_verified(path):
            return True
        with open_regular(path) as file:
            found = _digest(file, path.stat().st_size).hex()
    except OSError:
        return False
    if found == sha256:
        verified(path)
    return found == sha256


def write_beside(path: Path) -> None:
    """Write a file's SHA-256 beside it, for `is_as_written`."""
    with path.open("rb") as file:
        atomic_write_text(_beside(path), _digest(file, path.stat().st_size).hex() + "\n")


def is_as_written(path: Path) -> bool:
    """Whether a file is there and has the SHA-256 that stands beside it; a spoiled one is named on standard error."""
    if not path.is_file():
        return False
    try:
        wanted = read_regular(_beside(path)).decode(errors="replace").strip()
    except OSError:
        return False  # an older version wrote it
    if matches(path, wanted):
        return True
    spoiled(path)
    return False


def of_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Sizes and SHA-256 of the files in a folder: entries of its manifest, for `wrong_file`."""
    files = sorted(folder.iterdir())
    sums = {}
    for path in files:
        with open_regular(path) as file:
            sums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return {"files_bytes": {path.name: path.stat().st_size for path in files}, "files_sha256": sums}


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest with its own checksum, for `wrong_file`."""
    return {**manifest, CHECKSUM: of_json(manifest)}


def wrong_file(path: Path) -> Path | None:
    """The first file that is not as a manifest says, which may be the manifest itself; None if all are.

    Raises
    ------
    ValueError
        If there is no manifest, or one of an older version, without checksums.
    """
    try:
        manifest = json.loads(read_regular(path).decode())
        files, written = manifest["files_sha256"], manifest.pop(CHECKSUM)
        if written != of_json(manifest):
            return path
        return next(
            (path.with_name(name) for name, sum_ in files.items() if not matches(path.with_name(name), sum_)), None
        )
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no manifest with checksums") from error


def spoiled(path: Path) -> None:
    """Say that a file that can be made again was spoiled."""
    print(f"warning: {path} was damaged on the disk; it is made again", file=sys.stderr)


def verified(path: Path) -> None:
    """Remember that a file was checked, or was just written."""
    _verified[path] = _state(path)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _is_verified(path: Path) -> bool:
    return _verified.get(path) == _state(path)


def _state(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _digest(file: Any, length: int) -> bytes:
    """SHA-256 of the next bytes of a file."""
    found = hashlib.sha256()
    while length > 0 and (block := file.read(min(length, BLOCK_BYTES))):
        found.update(block)
        length -= len(block)
    return found.digest()
