"""Any folder in Speech Commands' layout: a folder of WAV files for each word, beside other sounds and noise."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.words import LABELS, SILENCE, UNKNOWN, labels_of
from kwslib.errors import DataError, nearest
from kwslib.speech import soundscape
from kwslib.speech.corpus import SPLITS
from kwslib.speech.split import split_clips
from kwslib.speech.wav_corpus import NOISE_FOLDER, Entry, WavCorpus, check_recordings, is_sound, list_words, with_extras

GENERATED_NOISES = tuple(kind for kind in soundscape.NOISES if kind != "babble")
"""Made where a folder has no background noise; babble would need other people's words."""
GENERATED_S, GENERATED_RMS, GENERATED_SEED = 60, 0.15, (0, 6)
"""Seconds of each, their level as in the synthetic corpus, and what they are drawn from."""
LISTED = 12


def has_words(folder: Path) -> bool:
    """Whether a folder has sub-folders with WAV files."""
    if not folder.is_dir():
        return False
    return any(is_sound(file.name) for entry in folder.iterdir() if entry.is_dir() for file in entry.iterdir())


class Folder(WavCorpus):
    """The words of a folder.

    The other sub-folders are the unknown class; those called ``_silence_`` and `NOISE_FOLDER` are not. Silence clips
    are zeros, or noise: the folder's, or the generated one.

    Parameters
    ----------
    folder : Path
    words : sequence of str
        Names of sub-folders.

    Raises
    ------
    DataError
        If the folder, a word or every other sound is missing, or a word has too few clips.
    """

    name = "folder"
    advice = "name another folder with --data"

    def __init__(self, folder: Path, words: Sequence[str]):
        super().__init__()
        self.folder = folder.resolve()
        self.labels = labels_of(words)
        found = list_sounds(self.folder)
        self._recordings = check_recordings(self.folder, found.pop(NOISE_FOLDER, []))
        found.pop(LABELS[SILENCE], None)
        _require(self.folder, found, words)
        others = sorted(path for word, paths in found.items() if word not in words for path in paths)
        if not others:
            raise DataError(
                f"{self.folder} has no sounds beside the words {', '.join(words)}, and {LABELS[UNKNOWN]} needs some: "
                "add a folder of other words or sounds, or name fewer words"
            )
        split = split_clips({word: found[word] for word in words} | {LABELS[UNKNOWN]: others})
        for name in SPLITS:
            spoken: list[Entry] = [
                (label, path)
                for label, word in enumerate(self.labels)
                if label > UNKNOWN
                for path in found[word]
                if split.of[path] == name
            ]
            self._others[name] = [path for path in others if split.of[path] == name]
            self._entries[name] = with_extras(spoken, self._others[name], LABELS[SILENCE], len(words))
        self.manifest: dict[str, Any] = {
            "schema": 1,
            "corpus": self.name,
            "splits": self._counts(),
            "split_rule": split.rule,
            "noise_recordings": len(self.noise_names()),
            "noise_source": "the folder's" if self._recordings else "generated: " + ", ".join(GENERATED_NOISES),
            "hash": self._digest(),
        }

    def _silence_noise(self) -> list[np.ndarray]:
        return self.noise()

    def noise(self) -> list[np.ndarray]:
        """See `Corpus.noise`; generated where the folder has none."""
        return self._read_recordings() if self._recordings else list(generated_noise())

    def noise_names(self) -> list[str]:
        """See `Corpus.noise_names`."""
        return super().noise_names() if self._recordings else list(GENERATED_NOISES)


@functools.cache
def generated_noise() -> tuple[np.ndarray, ...]:
    """Return the background recordings that stand in for a folder's own: float32 in [-1, 1], always the same."""
    rng = np.random.default_rng(GENERATED_SEED)
    made = [soundscape.background(kind, rng, GENERATED_S, []) for kind in GENERATED_NOISES]
    return tuple(np.clip(one * GENERATED_RMS, -1, 1).astype(np.float32) for one in made)


def list_sounds(folder: Path) -> dict[str, list[str]]:
    """Return the WAV files of each sub-folder that has any, as paths relative to `folder`.

    Raises
    ------
    DataError
        If there is no folder, or no file.
    """
    if not folder.is_dir():
        state = "is no folder" if folder.exists() else "does not exist"
        raise DataError(f"the data folder {folder} {state}: name a folder with a folder of WAV files a word")
    found = {word: paths for word, paths in sorted(list_words(folder, folder).items()) if paths}
    if not found:
        raise DataError(f"{folder} has no folders with WAV files: put the clips of each word into a folder of its name")
    return found


def _require(folder: Path, found: dict[str, list[str]], words: Sequence[str]) -> None:
    lacking = [word for word in words if word not in found]
    if lacking:
        there = [word for word in found if not word.startswith("_")]
        listed = ", ".join(there[:LISTED]) + (f" and {len(there) - LISTED} more" if len(there) > LISTED else "")
        raise DataError(
            f"{folder} has no folder with WAV files of {', '.join(lacking[:LISTED])}"
            f"{nearest(lacking[0], [word for word in there if word not in words])} (it has: {listed or 'no word'}); "
            "name its words with --words"
        )
