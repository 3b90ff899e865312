"""The rows of the study of synthetic voices, and the speech that each of them trains and chooses with."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import LABELS, SILENCE, UNKNOWN
from kwslib.errors import DataError, InputError
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import Clips, Corpus, check_split, extra_clips
from kwslib.speech.phrase_clips import repeats_of
from kwslib.speech.phrase_corpus import Phrases
from kwslib.speech.wav import read_second
from kwslib.speech.wav_corpus import Entry, WavCorpus

VALIDATION_SHARE = 10
"""One in so many of somebody's recordings chooses the step, and does not train."""


@dataclass(frozen=True)
class Row:
    """What one training of the study learns from: synthetic voices or not, and recordings of each word."""

    name: str
    voices: bool
    recordings: int

    @property
    def meaning(self) -> str:
        """For people."""
        parts = ["synthetic voices"] if self.voices else []
        parts += [f"{self.recordings} recordings a word"] if self.recordings else []
        return " and ".join(parts)


ROWS = {
    row.name: row
    for row in (
        Row("voices", True, 0),
        Row("voices-10", True, 10),
        Row("voices-50", True, 50),
        Row("voices-200", True, 200),
        Row("only-10", False, 10),
        Row("only-50", False, 50),
        Row("only-200", False, 200),
    )
}


def recordings_of(corpus: WavCorpus, count: int, seed: int) -> tuple[list[Entry], list[Entry]]:
    """Choose recordings of each keyword, and as many of other words, from a corpus' training split.

    The choice is drawn by a hash, and the first ten are among the first fifty. One in `VALIDATION_SHARE` is for
    validation; speakers may be in both, as they are in somebody's own recordings.

    Returns
    -------
    train, validation : list of (label, path)

    Raises
    ------
    DataError
        If the corpus has fewer.
    """
    train: list[Entry] = []
    validation: list[Entry] = []
    listing = corpus.listing("train")
    for label in range(UNKNOWN, len(corpus.labels)):
        own = [path for other, path in listing if other == label]
        if len(own) < count:
            raise DataError(f"{corpus.folder} has {len(own)} training clips of {corpus.labels[label]}, not {count}")
        chosen = sorted(own, key=lambda path: hashlib.sha256(f"{seed} {path}".encode()).digest())[:count]
        held = len(chosen) // VALIDATION_SHARE
        validation += [(label, path) for path in chosen[:held]]
        train += [(label, path) for path in chosen[held:]]
    return train, validation


class Mixture(Corpus):
    """Synthetic voices, recordings, or both, for training and validation. It has no test split of its own.

    Parameters
    ----------
    row : Row
    voices : Phrases
        The ten keywords by synthetic voices; its noise is used in every row.
    recordings : WavCorpus
    seed : int
        Draws the recordings.

    Raises
    ------
    InputError
        If the voices speak other words than the recordings.
    DataError
        If there are too few recordings.
    """

    name = "mixture"
    labels = LABELS

    def __init__(self, row: Row, voices: Phrases, recordings: WavCorpus, seed: int):
        if voices.labels != recordings.labels:
            raise InputError(f"the voices speak {voices.labels}, and the recordings are of {recordings.labels}")
        self.row, self._voices, self.folder = row, voices, recordings.folder
        train, validation = recordings_of(recordings, row.recordings, seed) if row.recordings else ([], [])
        self._own = {"train": train, "validation": validation}
        made_of = [voices.manifest["hash"], row.name, recordings.manifest["hash"], seed, row.recordings]
        self.manifest: dict[str, Any] = {
            "schema": 1,
            "corpus": self.name,
            "noise_recordings": voices.manifest["noise_recordings"],
            "hash": hashlib.sha256(repr(made_of).encode()).hexdigest(),
            "splits": {
                split: dict(Counter(self.labels[label] for label, _ in own)) for split, own in self._own.items()
            },
        }

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """See `Corpus.clips`.

        Raises
        ------
        InputError
            For the test split: it is the recordings' own.
        """
        check_split(split, silence)
        if split not in self._own:
            raise InputError("a mixture has no test split: the recordings' own is taken")
        base = self._voices.clips(split, silence)
        kept = (
            np.arange(len(base)) if self.row.voices else np.flatnonzero(base.labels == SILENCE)[: self._silences(split)]
        )
        own = self._own[split]
        labels = np.array([label for label, _ in own], np.uint8)
        if split == "train" and self.row.voices and len(own):
            times = repeats_of(labels, Counter(base.labels.tolist()))
            own = [entry for entry, count in zip(own, times, strict=True) for _ in range(count)]
            labels = np.repeat(labels, times)
        names = [base.names[index] for index in kept] + [f"own {number} {path}" for number, (_, path) in enumerate(own)]

        def chunks() -> Iterator[np.ndarray]:
            for start in range(0, len(kept), CHUNK_CLIPS):
                yield base.audio[kept[start : start + CHUNK_CLIPS]]
            if own:
                yield np.stack([read_second(self.folder / path) for _, path in own])

        key = {"hash": self.manifest["hash"], "split": split, "silence": silence if split != "train" else ""}
        path = key_path("audio", f"{self.name}-{self.row.name}-{split}", key)
        audio = cached_array(path, (len(names), CLIP_SAMPLES), np.int16, chunks)
        return Clips(tuple(names), np.concatenate([base.labels[kept], labels]), audio, self.labels)

    def _silences(self, split: str) -> int:
        """Silence clips where there are no voices: as many as go with the recordings."""
        return extra_clips(sum(label > UNKNOWN for label, _ in self._own[split]), len(self.labels) - UNKNOWN - 1)

    def noise(self) -> list[np.ndarray]:
        """See `Corpus.noise`: that of the voices."""
        return self._voices.noise()
