"""A part of a corpus' training clips, for learning curves: what fewer recordings would have given."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from kwslib.errors import InputError
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import Clips, Corpus
from kwslib.speech.sentences import Talk


class Part(Corpus):
    """A corpus with a share of its training clips, the same share of every label; validation and test are whole.

    A larger share holds all clips of a smaller one.

    Parameters
    ----------
    whole : Corpus
    share : float
        Above 0, at most 1.

    Raises
    ------
    InputError
        If it is no such share.
    """

    def __init__(self, whole: Corpus, share: float):
        if not 0 < share <= 1:
            raise InputError(f"the share of the training clips is {share:g}: give more than 0, at most 1")
        self.name, self.labels, self.folder = whole.name, whole.labels, whole.folder
        self._whole, self.share = whole, share
        base = whole.clips("train")
        self._chosen = _of_each_label(base, share)
        counts = Counter(self.labels[label] for label in base.labels[self._chosen].tolist())
        digest = hashlib.sha256(f"{whole.manifest['hash']} {share!r} of train".encode()).hexdigest()
        splits = {**whole.manifest["splits"], "train": dict(counts)}
        self.manifest: dict[str, Any] = {**whole.manifest, "splits": splits, "hash": digest}

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """See `Corpus.clips`."""
        base = self._whole.clips(split, silence)
        if split != "train":
            return base

        def chunks() -> Iterator[np.ndarray]:
            for start in range(0, len(self._chosen), CHUNK_CLIPS):
                yield base.audio[self._chosen[start : start + CHUNK_CLIPS]]

        path = key_path("audio", f"{self.name}-train-{self.share:g}", {"hash": self.manifest["hash"]})
        audio = cached_array(path, (len(self._chosen), base.audio.shape[1]), np.int16, chunks)
        return Clips(tuple(base.names[i] for i in self._chosen), base.labels[self._chosen], audio, base.classes)

    def other_words(self, split: str) -> tuple[np.ndarray, str]:
        """See `Corpus.other_words`; the same share of them."""
        audio, digest = self._whole.other_words(split)
        if split != "train":
            return audio, digest
        order = np.random.default_rng(0).permutation(len(audio))[: max(1, round(self.share * len(audio)))]
        return audio[np.sort(order)], hashlib.sha256(f"{digest} {self.share!r}".encode()).hexdigest()

    def noise(self) -> list[np.ndarray]:
        """See `Corpus.noise`."""
        return self._whole.noise()

    def noise_names(self) -> list[str]:
        """See `Corpus.noise_names`."""
        return self._whole.noise_names()

    @property
    def talk(self) -> Talk:
        """See `Corpus.talk`."""
        return self._whole.talk


def _of_each_label(clips: Clips, share: float) -> np.ndarray:
    """Indices of a share of the clips of every label, at least one, in the order of the clips."""
    rank = np.array([hashlib.sha256(name.encode()).digest()[:8] for name in clips.names], "S8").argsort(kind="stable")
    chosen: list[int] = []
    for label in np.unique(clips.labels):
        own = rank[clips.labels[rank] == label]
        chosen += own[: max(1, round(share * len(own)))].tolist()
    return np.sort(np.array(chosen))
