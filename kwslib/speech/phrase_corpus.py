"""The corpus of somebody's own phrases: spoken by voices of espeak-ng, with near misses, and own recordings mixed in.

No variant of a voice is in two splits. Rate, pitch, place in the clip, level, channel and background differ from clip
to clip, as in the synthetic corpus of Google's words. Everything follows from phrases, language, seed and recordings.

What it is worth: espeak-ng's voices are one synthesiser with other settings. They breathe, hesitate and mumble less
than people, and resemble one another more. A network that is right on voices held out here may still miss people, so a
figure on them says little about people. It says that the training worked; recordings of people say what it is good for.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib import seals
from kwslib.config.words import SILENCE, labels_of
from kwslib.errors import DataError, InputError
from kwslib.files import read_regular
from kwslib.speech.corpus import Clips, Corpus, check_split
from kwslib.speech.languages import Language
from kwslib.speech.near_misses import CLOSE
from kwslib.speech.own_recordings import OwnClips, OwnRecordings
from kwslib.speech.phrases import Phrase
from kwslib.speech.sentences import PhraseTalk, Talk

VERSION = 1
"""Part of the cache key; must be raised whenever the same order would give other samples."""
MANIFEST = "manifest.json"
NAME = "phrases"
OWN_SHARE, MOST_REPEATS = 0.25, 20
"""Own recordings of a class are repeated in the training until they are this share of its clips, or so often."""


@dataclass(frozen=True)
class Order:
    """What is to be spoken.

    Attributes
    ----------
    phrases : tuple of Phrase
    language : Language
    seed : int
    voices : int
        Voices in all; 0 for as many as there are, up to `kwslib.speech.phrase_script.MOST_VOICES`.
    own : OwnRecordings or None
    """

    phrases: tuple[Phrase, ...]
    language: Language
    seed: int = 0
    voices: int = 0
    own: OwnRecordings | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The phrases as text."""
        return tuple(phrase.text for phrase in self.phrases)

    def settings(self, espeak_ng: str) -> dict[str, Any]:
        """Everything that decides the samples, JSON-able."""
        return {
            "version": VERSION,
            "phrases": list(self.texts),
            "rates_wpm": [list(phrase.rate_wpm) for phrase in self.phrases],
            "language": self.language.code,
            "accents": list(self.language.accents),
            "seed": self.seed,
            "voices": self.voices,
            "espeak_ng": espeak_ng,
            "own": self.own.digest if self.own else "",
        }


class Phrases(Corpus):
    """The corpus in its folder; made by `kwslib.speech.phrase_studio.open_phrases`.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    DataError
        If it is not such a folder, or not whole.
    """

    name = NAME

    def __init__(self, folder: Path):
        self.folder = folder
        if wrong := spoiled_file(folder):
            raise DataError(f"{wrong} is damaged: give the phrases to kws words again, which makes them again")
        if not is_complete(folder):
            raise DataError(
                f"{folder} has no speech of your own phrases: give the phrases to kws words again, which makes it"
            )
        self.manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        self.labels = labels_of(self.manifest["settings"]["phrases"])

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """See `Corpus.clips`. Own recordings are in training and validation; those for the test are `own_clips`."""
        check_split(split, silence)
        names = tuple((self.folder / f"{split}.txt").read_text().splitlines())
        labels = np.load(self.folder / f"{split}_labels.npy")
        audio = np.load(self.folder / f"{split}.npy", mmap_mode="r")
        if split != "train" and silence == "digital-silence":
            audio = np.array(audio)
            audio[labels == SILENCE] = 0
        return Clips(names, labels, audio, self.labels)

    def own_clips(self) -> OwnClips:
        """Return the own recordings for the test, which no training and no choice has heard; none if there are none."""
        names = tuple((self.folder / "own.txt").read_text().splitlines())
        return OwnClips(names, np.load(self.folder / "own_labels.npy"), np.load(self.folder / "own.npy"))

    def noise(self) -> list[np.ndarray]:
        """Return the background recordings for augmentation, made apart from those of validation and test."""
        return list(np.load(self.folder / "noise.npy"))

    @property
    def talk(self) -> Talk:
        """See `Corpus.talk`."""
        said = self.manifest["talk"]
        return PhraseTalk(tuple(self.manifest["settings"]["phrases"]), tuple(said["similar"]), tuple(said["words"]))

    def voices(self, split: str) -> list[str]:
        """See `Corpus.voices`."""
        return list(self.manifest["voices"][split])

    def is_near_miss(self, name: str) -> bool:
        """See `Corpus.is_near_miss`."""
        return name.partition("/")[0] in CLOSE


def is_phrases(folder: Path) -> bool:
    """Whether a folder is a corpus of phrases, whole or not."""
    try:
        return bool(_manifest(folder)["corpus"] == NAME)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_complete(folder: Path) -> bool:
    """Whether a folder holds a whole corpus of phrases, as it was written."""
    try:
        files = _manifest(folder)["files_bytes"]
        whole = all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return whole and is_phrases(folder) and spoiled_file(folder) is None


def spoiled_file(folder: Path) -> Path | None:
    """The first file of a corpus that is not as it was written; None if there is none, or no checksums."""
    try:
        return seals.wrong_file(folder / MANIFEST)
    except ValueError:
        return None


def _manifest(folder: Path) -> Any:
    return json.loads(read_regular(folder / MANIFEST).decode())


def open_folder(folder: Path | None, words: tuple[str, ...]) -> Phrases:
    """Open a corpus that was made before.

    Raises
    ------
    InputError
        If no folder is named, or it has other phrases.
    DataError
        If it is missing or not whole.
    """
    if folder is None:
        raise InputError("no folder of spoken phrases is named: kws words makes one, and names it with --data")
    corpus = Phrases(folder)
    spoken = corpus.labels[2:]
    if tuple(words) != spoken:
        raise InputError(f"{folder} has the phrases {', '.join(spoken)}, not {', '.join(words[:5])}")
    return corpus
