"""Google's Speech Commands v0.02: the official folders, the official split, any of its words."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.words import KEYWORDS, labels_of
from kwslib.errors import DataError, nearest
from kwslib.paths import speech_dir
from kwslib.speech.corpus import SPLITS
from kwslib.speech.download import Archive, fetch_archive
from kwslib.speech.split import which_set
from kwslib.speech.wav_corpus import NOISE_FOLDER, Entry, WavCorpus, check_recordings, list_words, with_extras

MAIN_FOLDER = "speech_commands_v0.02"
TEST_FOLDER = "speech_commands_test_set_v0.02"
OFFICIAL = "https://storage.googleapis.com/download.tensorflow.org/data/"
MAIN_ARCHIVE = Archive(
    OFFICIAL + MAIN_FOLDER + ".tar.gz", "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"
)
TEST_ARCHIVE = Archive(
    OFFICIAL + TEST_FOLDER + ".tar.gz", "cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df"
)
ADVICE = "get it with: kws data fetch"


def open_speech_commands(data: Path | None = None, words: Sequence[str] = KEYWORDS) -> "SpeechCommands":
    """Open Speech Commands.

    Parameters
    ----------
    data : Path, optional
        Parent folder of ``speech_commands_v0.02`` and ``speech_commands_test_set_v0.02``; default ``$KWS_DATA``.
    words : sequence of str
        The keywords; other words are the unknown class. The official test archive knows the ten alone: with other
        words, the split rule chooses the test clips.

    Raises
    ------
    DataError
        If the folder is not named, missing or empty, or lacks a word or the background noise.
    """
    folder = speech_dir(data)
    if folder is None:
        raise DataError(f"no data folder is named: give --data FOLDER or set KWS_DATA ({ADVICE})")
    return SpeechCommands(folder, words)


def fetch(data: Path, test_only: bool = False, progress: bool = True) -> None:
    """Download and unpack the official archives into a folder; what is there already is left alone.

    Parameters
    ----------
    data : Path
        Parent folder of the two corpus folders.
    test_only : bool
        Only the test archive (109 MB instead of 2.4 GB).
    progress : bool
        Show a progress bar.

    Raises
    ------
    DataError
        If the download breaks off (call again to go on), or an archive's hash or content is wrong.
    KwsError
        If the disk is full.
    """
    archives = {TEST_FOLDER: TEST_ARCHIVE} | ({} if test_only else {MAIN_FOLDER: MAIN_ARCHIVE})
    for folder, archive in archives.items():
        fetch_archive(archive, Path(data) / folder, progress)


class SpeechCommands(WavCorpus):
    """Speech Commands v0.02, whole or in part, with or without the official test archive."""

    name = "speech_commands"
    advice = ADVICE

    def __init__(self, data: Path, words: Sequence[str] = KEYWORDS):
        super().__init__()
        self.folder = data.resolve()
        self.labels = labels_of(words)
        main, test = self.folder / MAIN_FOLDER, self.folder / TEST_FOLDER
        if not main.is_dir() and not test.is_dir():
            neither = f"holds neither {MAIN_FOLDER} nor {TEST_FOLDER}"
            state = neither if self.folder.exists() else "does not exist"
            raise DataError(f"the data folder {self.folder} {state}: name their parent folder, or {ADVICE}")
        if main.is_dir():
            self._recordings = _recordings(main)
            entries, self._others = _split_main(main, tuple(words))
            self._entries.update(entries)
        official = test.is_dir() and tuple(words) == KEYWORDS
        if official:
            self._entries["test"] = _official_test(test, self.labels)
        self.manifest: dict[str, Any] = {
            "schema": 1,
            "corpus": self.name,
            "splits": self._counts(),
            "test_source": "official test archive" if official else "split rule",
            "noise_recordings": len(self._recordings),
            "hash": self._digest(),
        }

    def _silence_noise(self) -> list[np.ndarray]:
        return self._read_recordings()

    def noise(self) -> list[np.ndarray]:
        """See `Corpus.noise`."""
        if not self._recordings:
            raise DataError(f"{self.folder} has no {MAIN_FOLDER}/{NOISE_FOLDER}, needed for training: {ADVICE}")
        return self._read_recordings()


def _recordings(main: Path) -> list[str]:
    found = list_words(main, main.parent).get(NOISE_FOLDER)
    if not found:
        raise DataError(f"{main} lacks the background noise (WAV files in {NOISE_FOLDER}): {ADVICE}")
    return check_recordings(main.parent, found)


def _require(folder: Path, words: dict[str, list[str]], needed: Iterable[str]) -> None:
    lacking = [word for word in needed if not words.get(word)]
    if lacking:
        advice = nearest(lacking[0], [word for word in words if words[word] and word not in needed])
        raise DataError(f"{folder} has no WAV files of {', '.join(lacking)}: {ADVICE}, or add the clips{advice}")


def _split_main(main: Path, keywords: tuple[str, ...]) -> tuple[dict[str, list[Entry]], dict[str, list[str]]]:
    """Entries by split, and all other words by split."""
    words = list_words(main, main.parent)
    _require(main, words, keywords)
    others = [word for word in words if word not in keywords and word != NOISE_FOLDER and words[word]]
    if not others:
        number = "ten" if keywords == KEYWORDS else str(len(keywords))
        raise DataError(f"{main} has no word beside the {number} keywords, and _unknown_ needs one: {ADVICE}")
    spoken: dict[str, list[Entry]] = {split: [] for split in SPLITS}
    unknown: dict[str, list[str]] = {split: [] for split in SPLITS}
    for label, word in enumerate(labels_of(keywords)):
        for path in words[word] if word in keywords else ():
            spoken[which_set(path)].append((label, path))
    for word in others:
        for path in words[word]:
            unknown[which_set(path)].append(path)
    silence = f"{MAIN_FOLDER}/_silence_"
    return {split: with_extras(spoken[split], unknown[split], silence, len(keywords)) for split in SPLITS}, unknown


def _official_test(test: Path, labels: Sequence[str]) -> list[Entry]:
    words = list_words(test, test.parent)
    _require(test, words, labels)
    return [(label, path) for label, word in enumerate(labels) for path in words[word]]
