"""Which clips train, choose and test: by speaker, so that no voice is in two splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kwslib.errors import DataError
from kwslib.speech.corpus import SPLITS

MAX_CLIPS_PER_CLASS = 2**27 - 1
"""Constant of the official split rule (which_set in TensorFlow's input_data.py)."""
SPEAKER_MARK = "_nohash_"
"""What stands before it in a file name is the speaker."""
SHARE = 10
"""Each of validation and test gets one clip in so many."""
LEAST_CLIPS = 3
"""Of a word: one for each split."""


def which_set(name: str, validation_percentage: float = 10, testing_percentage: float = 10) -> str:
    """Return the split of a clip by the official rule: SHA-1 of the file name up to ``_nohash_``.

    All clips of a speaker fall into one split, and none moves when clips are added.

    Parameters
    ----------
    name : str
        File name or path.
    validation_percentage, testing_percentage : float
        Percent of the clips in the two splits, 10 each in the release.
    """
    speaker = name.rsplit("/", 1)[-1].split("_nohash_")[0]
    digest = int(hashlib.sha1(speaker.encode()).hexdigest(), 16)
    percentage = (digest % (MAX_CLIPS_PER_CLASS + 1)) * (100.0 / MAX_CLIPS_PER_CLASS)
    if percentage < validation_percentage:
        return "validation"
    return "test" if percentage < testing_percentage + validation_percentage else "train"


@dataclass(frozen=True)
class Split:
    """The split of each clip by its path, and how it was made, for people."""

    of: dict[str, str]
    rule: str


def split_clips(classes: Mapping[str, Sequence[str]]) -> Split:
    """Divide clips into training, validation and test, about 80, 10 and 10 % of every class.

    The official rule of Speech Commands is taken if the names tell speakers and it gives each class clips in every
    split. Otherwise speakers are taken in the order of a hash until each class has its tenth, and clips one by one
    where that cannot be done: the names tell no speakers, or there are too few of them.

    Parameters
    ----------
    classes : mapping
        Class -> paths ``word/name.wav``.

    Raises
    ------
    DataError
        If a class has fewer than `LEAST_CLIPS` clips.

    Examples
    --------
    >>> found = split_clips({"hey": [f"hey/{number}.wav" for number in range(20)]})
    >>> Counter(found.of.values()) == {"train": 16, "validation": 2, "test": 2}
    True
    >>> found.rule
    'clip by clip, in the order of a hash: the file names tell no speakers'
    """
    for name, paths in classes.items():
        if len(paths) < LEAST_CLIPS:
            raise DataError(
                f"'{name}' has {len(paths)} clip{'s' if len(paths) != 1 else ''}: at least {LEAST_CLIPS} are needed, "
                "one to train with, one to choose the best step by, one to test with"
            )
    paths = [path for one in classes.values() for path in one]
    speakers = {path: _speaker(path) for path in paths}
    told = [path for path in paths if speakers[path]]
    if len(told) == len(paths):
        official = {path: which_set(path) for path in paths}
        if _serves(official, classes):
            return Split(official, "by speaker, the official rule of Speech Commands")
    if told:
        ranked = _ranked(classes, {path: speakers[path] or path for path in paths})
        if _serves(ranked, classes):
            rest = len(paths) - len(told)
            return Split(
                ranked,
                "by speaker, in the order of a hash"
                + (f"; the names of {rest} of {len(paths)} clips tell no speaker" if rest else ""),
            )
    why = "there are too few speakers, so voices are in several splits" if told else "the file names tell no speakers"
    return Split(_ranked(classes, {path: path for path in paths}), f"clip by clip, in the order of a hash: {why}")


def _speaker(path: str) -> str:
    """The speaker that a file name tells; empty if it tells none."""
    before, mark, _ = path.rsplit("/", 1)[-1].partition(SPEAKER_MARK)
    return before if mark else ""


def _share(clips: int) -> int:
    return max(1, round(clips / SHARE))


def _serves(split: Mapping[str, str], classes: Mapping[str, Sequence[str]]) -> bool:
    """Whether every class has at least half of its share for validation and test, and half of its clips to train."""
    for paths in classes.values():
        counts = Counter(split[path] for path in paths)
        least = max(1, _share(len(paths)) // 2)
        if min(counts["validation"], counts["test"]) < least or counts["train"] < max(1, len(paths) // 3):
            return False
    return True


def _ranked(classes: Mapping[str, Sequence[str]], units: Mapping[str, str]) -> dict[str, str]:
    """Take units (speakers, or single clips) in the order of their hash until each class has its share.

    The smallest class chooses first. Units that have far more of a class than its share come last.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, paths in classes.items():
        for path in paths:
            counts[units[path]][name] += 1
    order = sorted(counts, key=lambda unit: hashlib.sha256(unit.encode()).digest())
    left = {name: len(paths) for name, paths in classes.items()}
    least = {name: max(1, len(paths) // 3) for name, paths in classes.items()}
    taken: dict[str, str] = {}
    for split in ("test", "validation"):
        got: Counter[str] = Counter()
        for name in sorted(classes, key=lambda one: (len(classes[one]), one)):
            share = _share(len(classes[name]))
            free = [unit for unit in order if counts[unit][name] and unit not in taken]
            for unit in sorted(free, key=lambda one: counts[one][name] > 2 * share):
                room = all(left[other] - count >= least[other] for other, count in counts[unit].items())
                if got[name] < share and room:
                    taken[unit] = split
                    got.update(counts[unit])
                    left = {other: number - counts[unit][other] for other, number in left.items()}
    return {path: taken.get(units[path], SPLITS[0]) for paths in classes.values() for path in paths}
