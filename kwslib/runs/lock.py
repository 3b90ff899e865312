"""The lock: every package that an installation needs, with its version and the hashes of its files."""

import re
from pathlib import Path

from packaging.markers import Marker

from kwslib.errors import DataError

PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>python_version == \"3\.\d+\"))?")


def read_lock(lock: Path) -> dict[str, tuple[str, list[str]]]:
    """Return the packages that a lock pins for this Python: name -> version and the SHA-256 of its files, hexadecimal.

    Raises
    ------
    DataError
        If the lock cannot be read, or has a line that is neither a pin, a hash nor a comment.
    """
    try:
        lines = lock.read_text().splitlines()
    except OSError as error:
        raise DataError(f"cannot read {lock} ({error.strerror}); run in a checkout") from error
    found: dict[str, tuple[str, list[str]]] = {}
    hashes: list[str] | None = None
    for line in lines:
        text = line.strip().removesuffix("\\").strip()
        if text.startswith("--hash=sha256:") and hashes is not None:
            hashes.append(text.removeprefix("--hash=sha256:"))
        elif pin := PIN.fullmatch(text):
            hashes = []
            if not pin["marker"] or Marker(pin["marker"]).evaluate():
                found[pin["name"]] = (pin["version"], hashes)
        elif text and not text.startswith("#"):
            raise DataError(f"{lock} has a line that is no pin: '{text}'")
    return found
