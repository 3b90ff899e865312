"""Somebody's own recordings of their phrases, in a folder a phrase, which join the synthetic voices."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import UNKNOWN
from kwslib.errors import DataError, nearest
from kwslib.speech.corpus import SPLITS
from kwslib.speech.disturbance import active_part
from kwslib.speech.recording import read_recording
from kwslib.speech.sound_files import SUFFIXES
from kwslib.speech.split import split_clips

MOST_S = 60.0
"""Seconds of a file that may be read; a recording of a phrase is far shorter."""
MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class OwnClips:
    """Recordings of one split.

    Attributes
    ----------
    names : tuple of str
        Folder and file of each, such as ``lights on/anna_nohash_0.wav``.
    labels : ndarray of uint8, shape (n,)
    audio : ndarray of int16, shape (n, 16000)
    """

    names: tuple[str, ...]
    labels: np.ndarray
    audio: np.ndarray

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class OwnRecordings:
    """The recordings of a folder by split, and how they were divided.

    Attributes
    ----------
    splits : dict
        The clips of each split.
    rule : str
        How they were divided.
    left_out : tuple of str
        Recordings with more than a second of speech, or with none.
    others : tuple of str
        Files of the sub-folders that are no sound by their suffix.
    """

    splits: dict[str, OwnClips]
    rule: str
    left_out: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over split, name and content of every clip, hexadecimal."""
        lines = [
            f"{split} {label} {name} {hashlib.sha256(clip.tobytes()).hexdigest()}"
            for split, own in self.splits.items()
            for name, label, clip in zip(own.names, own.labels, own.audio, strict=True)
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def has_others(self) -> bool:
        """Whether sounds other than the phrases are among them."""
        return any((own.labels == UNKNOWN).any() for own in self.splits.values())

    def describe(self) -> str:
        """Say in one line, or a few, what was found, how it is divided, what is left out, and what is missing."""
        counts = ", ".join(f"{len(own)} {split}" for split, own in self.splits.items())
        lines = [f"own recordings: {counts}; split {self.rule}"]
        if self.left_out:
            lines.append(
                f"own recordings left out: {len(self.left_out)} with more than a second of speech, or with none "
                f"({_some(self.left_out)}): one phrase a file"
            )
        if self.others:
            lines.append(f"other files left out: {len(self.others)}, no sound files by name ({_some(self.others)})")
        if not self.has_others:
            lines.append(
                "own recordings hold phrases alone, so the network may take whatever is recorded for one: "
                "add a folder of other words said by the same people"
            )
        return "\n".join(lines)


def read_own(
    folder: Path,
    phrases: Sequence[str],
    attempt: Callable[[], AbstractContextManager[None]] = nullcontext,
    end: Callable[[], None] = lambda: None,
) -> OwnRecordings:
    """Read a folder of recordings: a sub-folder of sound files for each phrase, other sounds in others.

    The names of sub-folders may have underscores or hyphens for spaces. Recordings that have more than a second of
    speech, or none, are left out, and the result says so; it names other files too. Hidden files are not looked at.

    Parameters
    ----------
    folder : Path
    phrases : sequence of str
    attempt : callable
        Makes a context in which each file is read. If it holds back the error of a file, the others are read all the
        same, so that every damaged one is named.
    end : callable
        Is called when all are read; it refuses the folder if a file was damaged: which recordings are left decides how
        they are divided, and what is trained.

    Raises
    ------
    DataError
        If there is no such folder, none of its sub-folders is a phrase, one has too few recordings, or a recording
        cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"the folder of recordings {folder} does not exist: it has a folder of sound files a phrase")
    labels = {_plain(phrase): UNKNOWN + 1 + number for number, phrase in enumerate(phrases)}
    found = _sub_folders(folder)
    if not any(_plain(path.name) in labels for path in found):
        there = [path.name for path in found]
        raise DataError(
            f"{folder} has no folder called as a phrase ({', '.join(phrases)}){nearest(phrases[0], there)} "
            f"(it has: {', '.join(there[:10]) or 'no folder'})"
        )
    classes: dict[str, list[str]] = {}
    clips: dict[str, tuple[int, np.ndarray]] = {}
    left_out: list[str] = []
    others: list[str] = []
    for path in found:
        label = labels.get(_plain(path.name), UNKNOWN)
        for file in _files(path):
            name = f"{path.name}/{file.name}"
            if file.suffix.lower() not in SUFFIXES:
                others.append(name)
                continue
            with attempt():
                clip = second_of(read_recording(file, most_s=MOST_S).samples)
                if clip is None:
                    left_out.append(name)
                    continue
                clips[name] = (label, clip)
                classes.setdefault(phrases[label - UNKNOWN - 1] if label > UNKNOWN else "other sounds", []).append(name)
    end()
    if not clips:
        raise DataError(f"{folder} has no recording of up to a second of speech: one phrase a file")
    split = split_clips(classes)
    return OwnRecordings(
        {part: _chosen(clips, [name for name in clips if split.of[name] == part]) for part in SPLITS},
        split.rule,
        tuple(map(_printable, left_out)),
        tuple(map(_printable, others)),
    )


def _sub_folders(folder: Path) -> list[Path]:
    """The folders of recordings in a folder; what is called as background noise or hidden is none."""
    return [path for path in _files(folder) if path.is_dir() and path.name[0] != "_"]


def _files(folder: Path) -> list[Path]:
    """What is in a folder and not hidden, by name.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if path.name[0] != ".")
    except OSError as error:
        raise DataError(f"cannot read the folder of recordings {folder}: {error.strerror or error}") from error


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def _chosen(clips: dict[str, tuple[int, np.ndarray]], names: Sequence[str]) -> OwnClips:
    labels = np.array([clips[name][0] for name in names], np.uint8)
    audio = np.array([clips[name][1] for name in names], np.int16).reshape(-1, CLIP_SAMPLES)
    return OwnClips(tuple(_printable(name) for name in names), labels, audio)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")


def _printable(name: str) -> str:
    """A file name may hold anything, line breaks too; a corpus keeps a name a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def second_of(samples: np.ndarray) -> np.ndarray | None:
    """Return the second of a recording with its speech in the middle, int16 (16000,); None if it has more, or none."""
    if not samples.any():
        return None
    whole = np.concatenate([samples, np.zeros(-len(samples) % CLIP_SAMPLES, np.int16)])
    first, last = active_part(whole)
    if last - first > CLIP_SAMPLES:
        return None
    if len(samples) <= CLIP_SAMPLES:
        begin = (len(samples) - CLIP_SAMPLES) // 2
    else:
        begin = (first + last - CLIP_SAMPLES) // 2
        begin = min(max(begin, 0), len(samples) - CLIP_SAMPLES)
    padded = np.concatenate([np.zeros(CLIP_SAMPLES, np.int16), samples, np.zeros(CLIP_SAMPLES, np.int16)])
    return padded[begin + CLIP_SAMPLES : begin + 2 * CLIP_SAMPLES]
