"""What a corpus is: labelled one-second clips in three splits, background noise, and a manifest."""

import abc
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import LABELS, UNKNOWN
from kwslib.errors import DataError, check_name
from kwslib.speech.sentences import Talk

SPLITS = ("train", "validation", "test")
SILENCE_PROTOCOLS = ("digital-silence", "noise-silence")
EXTRA_FRACTION = 0.1
"""Unknown words, and silence clips, for each keyword clip of a split (the TensorFlow example's 10 %)."""


@dataclass(frozen=True)
class Clips:
    """The clips of one split.

    Attributes
    ----------
    names : tuple of str
        Name of each clip, unique in the split (``yes/0a1b_nohash_0.wav``).
    labels : ndarray of uint8, shape (n,)
        Index into `classes`.
    audio : ndarray of int16, shape (n, 16000)
        Samples at 16 kHz, full scale 32768; may be a read-only memory map.
    classes : tuple of str
        Names of the classes.

    Raises
    ------
    DataError
        If the three do not fit together.
    """

    names: tuple[str, ...]
    labels: np.ndarray
    audio: np.ndarray
    classes: tuple[str, ...] = LABELS

    def __post_init__(self) -> None:
        n = len(self.names)
        if self.labels.shape != (n,) or self.labels.dtype != np.uint8:
            raise DataError(f"labels are {self.labels.dtype} {self.labels.shape}; {n} clips need uint8 ({n},)")
        if self.audio.shape != (n, CLIP_SAMPLES) or self.audio.dtype != np.int16:
            raise DataError(
                f"audio is {self.audio.dtype} {self.audio.shape}; {n} clips need int16 ({n}, {CLIP_SAMPLES})"
            )
        if n and self.labels.max() >= len(self.classes):
            raise DataError(f"label {self.labels.max()} is not one of the {len(self.classes)} classes")

    def __len__(self) -> int:
        return len(self.names)


class Corpus(abc.ABC):
    """A source of labelled clips.

    Instances are light (no audio is held) and can be pickled, so that another process can open the corpus.

    Attributes
    ----------
    name : str
        One of `kwslib.speech.CORPORA`; travels with every result.
    labels : tuple of str
        Names of the classes: silence, other sounds, and the words.
    folder : Path
        Where the corpus lies.
    manifest : dict
        JSON-able: ``schema``, ``corpus``, ``splits`` (clips by split and word), ``noise_recordings`` and
        ``hash`` (SHA-256, hexadecimal, over split, name and content of every clip used).
    """

    name: str
    labels: tuple[str, ...] = LABELS
    folder: Path
    manifest: dict[str, Any]

    @abc.abstractmethod
    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """Return the clips of a split.

        Parameters
        ----------
        split : str
            One of `SPLITS`.
        silence : str
            One of `SILENCE_PROTOCOLS`: what the ``_silence_`` clips of validation and test are, zeros or
            noise. In training they are always zeros; augmentation adds the noise.

        Raises
        ------
        InputError
            For an unknown split or protocol.
        DataError
            If the corpus lacks the split or a clip is damaged.
        """

    def other_words(self, split: str) -> tuple[np.ndarray, str]:
        """Return all sounds of a split that are no keywords: more than its clips of them, where the corpus has more.

        Returns
        -------
        audio : ndarray of int16, shape (n, 16000)
        hash : str
            SHA-256, hexadecimal, of what they are.
        """
        clips = self.clips(split)
        audio = np.asarray(clips.audio)[clips.labels == UNKNOWN]
        return audio, hashlib.sha256(audio.tobytes()).hexdigest()

    @abc.abstractmethod
    def noise(self) -> list[np.ndarray]:
        """Return the background recordings: float32 in [-1, 1], 16 kHz, each at least one second long."""

    @property
    def talk(self) -> Talk:
        """What somebody says who says no keyword, for streams."""
        return Talk()

    def voices(self, split: str) -> list[str]:
        """Return the voices of espeak-ng in a split, accent and variant; none where people speak, or any voice may."""
        return []

    def is_near_miss(self, name: str) -> bool:
        """Whether a clip of the unknown class, by its name, was made to sound like a keyword."""
        return False

    def noise_names(self) -> list[str]:
        """Return what the background recordings are called, in the order of `noise`."""
        return [f"recording_{number}" for number in range(self.manifest["noise_recordings"])]


def check_split(split: str, silence: str = "digital-silence") -> None:
    """Raise InputError unless `split` and `silence` name a split and a silence protocol."""
    check_name("split", split, SPLITS)
    check_name("silence protocol", silence, SILENCE_PROTOCOLS)


def extra_clips(keyword_clips: int, words: int = round(1 / EXTRA_FRACTION)) -> int:
    """Return how many unknown (and how many silence) clips go with so many keyword clips, rounded up.

    A tenth of them, as in the TensorFlow example; with fewer than ten words, as many as a word has on average.
    """
    # The product of 0.1 with a multiple of ten can come out above the integer; a tenth by division cannot.
    return math.ceil(keyword_clips / min(words, round(1 / EXTRA_FRACTION)))
