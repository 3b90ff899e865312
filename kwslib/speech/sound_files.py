"""Sound files on the disk: those that a command line names, and how one is opened.

Only regular files are read. A pipe or a device may never end.
"""

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from kwslib.errors import DataError, InputError
from kwslib.files import kind_of

MOST_BYTES = 1 << 34
"""16 GiB: four times the largest WAV."""
SUFFIXES = frozenset(
    (
        *(".wav", ".wave", ".wavex", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
        *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".sph", ".nist", ".voc", ".avr"),
    )
)
"""What a sound file in a folder is told by. A file that is named itself may have any suffix."""
MOST_NAMES = 3
"""Files that are named of those that were left out."""


def find_sounds(paths: Sequence[Path], say: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Return the sound files that a command line names: files as they are, folders with all that lies below them.

    In a folder, files are told by their suffix (`SUFFIXES`), in the order of their names. Hidden
    files and folders are left out, and links to folders are not followed.

    Parameters
    ----------
    paths : sequence of Path
    say : callable
        Gets a line for each folder in which other files were left out.

    Raises
    ------
    InputError
        If nothing is named, or there is no sound file in a folder.
    """
    if not paths:
        raise InputError("no clip is named: give at least one sound file or folder")
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        below, others = _files_below(path)
        if not below:
            raise InputError(
                f"there is no sound file in the folder {path}: none ends in .wav, .flac, .ogg, .mp3 or alike"
            )
        found += below
        if others:
            names = ", ".join(str(other.relative_to(path)) for other in others[:MOST_NAMES])
            more = ", …" if len(others) > MOST_NAMES else ""
            say(f"{path}: sound files: {len(below)}; others, left out: {len(others)} ({names}{more})")
    return found


def _files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """The sound files and the other files below a folder, by name."""
    sounds: list[Path] = []
    others: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(place) / name for name in sorted(files) if not name.startswith(".")):
            is_sound = path.suffix.lower() in SUFFIXES and path.is_file()
            (sounds if is_sound else others).append(path)
    return sounds, others


def open_file(path: Path) -> int:
    """Open a file to be read, and return its descriptor.

    Raises
    ------
    DataError
        If it is missing, no regular file, empty, or larger than `MOST_BYTES`.
    """
    try:
        _check_kind(path, path.stat().st_mode)
        # A pipe that took the file's place in the meantime must not make us wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        status = os.fstat(descriptor)
        _check_kind(path, status.st_mode)
        if not status.st_size:
            raise DataError(f"{path} is empty: name a file with sound in it")
        if status.st_size > MOST_BYTES:
            raise DataError(f"{path} has {status.st_size:,} bytes; at most {MOST_BYTES:,} are read: cut it into parts")
    except DataError:
        os.close(descriptor)
        raise
    return descriptor


def _check_kind(path: Path, mode: int) -> None:
    kind = kind_of(mode)
    if kind:
        raise DataError(f"{path} is {kind}: sound is read from files, so write it into one first")


def quoted(path: Path) -> str:
    """A path as a shell takes it, blanks and all."""
    return shlex.quote(str(path))
