"""Somebody's own recordings of their phrases, in a folder a phrase, which join the synthetic voices."""

import hashlib
from collections.abc import Callable, Sequence
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
    """The recordings of a folder by split, and how they were divided."""

    splits: dict[str, OwnClips]
    rule: str
    left_out: tuple[str, ...]

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
            named = ", ".join(self.left_out[:MOST_NAMED]) + (", …" if len(self.left_out) > MOST_NAMED else "")
            lines.append(
                f"own recordings left out: {len(self.left_out)} with more than a second of speech, or with none "
                f"({named}): one phrase a file"
            )
        if not self.has_others:
            lines.append(
                "own recordings hold phrases alone, so the network may take whatever is recorded for one: "
                "add a folder of other words said by the same people"
            )
        return "\n".join(lines)


def read_own(folder: Path, phrases: Sequence[str], say: Callable[[str], None] = lambda line: None) -> OwnRecordings:
    """Read a folder of recordings: a sub-folder of sound files for each phrase, other sounds in others.

    The names of sub-folders may have underscores or hyphens for spaces. Recordings that have more than a second of
    speech, or none, are left out, and the result says so.

    Raises
    ------
    DataError
        If there is no such folder, none of its sub-folders is a phrase, or one has too few recordings.
    """
    if not folder.is_dir():
        raise DataError(f"the folder of recordings {folder} does not exist: it has a folder of sound files a phrase")
    labels = {_plain(phrase): UNKNOWN + 1 + number for number, phrase in enumerate(phrases)}
    found = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")
    if not any(_plain(path.name) in labels for path in found):
        there = [path.name for path in found]
        raise DataError(
            f"{folder} has no folder called as a phrase ({', '.join(phrases)}){nearest(phrases[0], there)} "
            f"(it has: {', '.join(there[:10]) or 'no folder'})"
        )
    classes: dict[str, list[str]] = {}
    clips: dict[str, tuple[int, np.ndarray]] = {}
    left_out = []
    for path in found:
        label = labels.get(_plain(path.name), UNKNOWN)
        for file in sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file()):
            name = f"{path.name}/{file.name}"
            clip = second_of(read_recording(file, most_s=MOST_S).samples)
            if clip is None:
                left_out.append(name)
                continue
            clips[name] = (label, clip)
            classes.setdefault(phrases[label - UNKNOWN - 1] if label > UNKNOWN else "other sounds", []).append(name)
    if not clips:
        raise DataError(f"{folder} has no recording of up to a second of speech: one phrase a file")
    split = split_clips(classes)
    return OwnRecordings(
        {part: _chosen(clips, [name for name in clips if split.of[name] == part]) for part in SPLITS},
        split.rule,
        tuple(left_out),
    )


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def _chosen(clips: dict[str, tuple[int, np.ndarray]], names: Sequence[str]) -> OwnClips:
    labels = np.array([clips[name][0] for name in names], np.uint8)
    audio = np.array([clips[name][1] for name in names], np.int16).reshape(-1, CLIP_SAMPLES)
    return OwnClips(tuple(_printable(name) for name in names), labels, audio)


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
