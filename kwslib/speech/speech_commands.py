"""Google's Speech Commands v0.02: the official folders, the official split, the twelve classes."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import KEYWORDS, LABELS, SILENCE, UNKNOWN
from kwslib.errors import DataError
from kwslib.paths import cache_dir, speech_dir, write_json
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import SPLITS, Clips, Corpus, check_split, extra_clips
from kwslib.speech.download import Archive, fetch_archive
from kwslib.speech.noise import random_second
from kwslib.speech.wav import read_second, read_wav

MAIN_FOLDER = "speech_commands_v0.02"
TEST_FOLDER = "speech_commands_test_set_v0.02"
NOISE_FOLDER = "_background_noise_"
OFFICIAL = "https://storage.googleapis.com/download.tensorflow.org/data/"
MAIN_ARCHIVE = Archive(
    OFFICIAL + MAIN_FOLDER + ".tar.gz", "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"
)
TEST_ARCHIVE = Archive(
    OFFICIAL + TEST_FOLDER + ".tar.gz", "cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df"
)
MAX_CLIPS_PER_CLASS = 2**27 - 1
"""Constant of the official split rule (which_set in TensorFlow's input_data.py)."""
ADVICE = "get it with: kws data fetch"

Entry = tuple[int, str]
"""Label and path relative to the data folder; silence that has no file has a path ending in a number."""


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


def open_speech_commands(data: Path | None = None) -> "SpeechCommands":
    """Open Speech Commands.

    Parameters
    ----------
    data : Path, optional
        Parent folder of ``speech_commands_v0.02`` and ``speech_commands_test_set_v0.02``; default ``$KWS_DATA``.

    Raises
    ------
    DataError
        If the folder is not named, missing or empty, or lacks a word or the background noise.
    """
    folder = speech_dir(data)
    if folder is None:
        raise DataError(f"no data folder is named: give --data FOLDER or set KWS_DATA ({ADVICE})")
    return SpeechCommands(folder)


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


class SpeechCommands(Corpus):
    """Speech Commands v0.02, whole or in part, with or without the official test archive."""

    name = "speech_commands"

    def __init__(self, data: Path):
        self.folder = data.resolve()
        main, test = self.folder / MAIN_FOLDER, self.folder / TEST_FOLDER
        if not main.is_dir() and not test.is_dir():
            neither = f"holds neither {MAIN_FOLDER} nor {TEST_FOLDER}"
            state = neither if self.folder.exists() else "does not exist"
            raise DataError(f"the data folder {self.folder} {state}: name their parent folder, or {ADVICE}")
        self._entries: dict[str, list[Entry]] = {split: [] for split in SPLITS}
        self._recordings: list[str] = []
        if main.is_dir():
            self._recordings = _recordings(main)
            self._entries.update(_split_main(main))
        if test.is_dir():
            self._entries["test"] = _official_test(test)
        self.manifest = self._manifest(official_test=test.is_dir())

    def _manifest(self, official_test: bool) -> dict[str, Any]:
        counts = {}
        for split, entries in self._entries.items():
            words = Counter(path.split("/")[1] for _, path in entries)
            counts[split] = dict(sorted(words.items()))
        digests = _digests(self.folder, self._files())
        lines = sorted(f"{split} {label} {path} {digests.get(path, '-')}" for split, label, path in self._used())
        return {
            "schema": 1,
            "corpus": self.name,
            "splits": counts,
            "test_source": "official test archive" if official_test else "split rule",
            "noise_recordings": len(self._recordings),
            "hash": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        }

    def _used(self) -> Iterator[tuple[str, int, str]]:
        for split, entries in self._entries.items():
            yield from ((split, label, path) for label, path in entries)
        yield from (("noise", SILENCE, path) for path in self._recordings)

    def _files(self) -> list[str]:
        return sorted({path for _, _, path in self._used() if path.endswith(".wav")})

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """See `Corpus.clips`."""
        check_split(split, silence)
        entries = self._entries[split]
        if not any(label > UNKNOWN for label, _ in entries):
            raise DataError(
                f"{self.folder} has no {split} clips of the keywords (has: "
                f"{', '.join(s for s, e in self._entries.items() if e) or 'none'}): {ADVICE}, or add clips"
            )
        if split == "train":
            silence = "digital-silence"
        labels = np.array([label for label, _ in entries], np.uint8)
        key = {"version": 1, "hash": self.manifest["hash"], "split": split, "silence": silence}
        audio = cached_array(
            key_path("audio", f"{self.name}-{split}-{silence}", key),
            (len(entries), CLIP_SAMPLES),
            np.int16,
            lambda: self._decode(split, silence),
        )
        return Clips(tuple(path.split("/", 1)[1] for _, path in entries), labels, audio)

    def _decode(self, split: str, silence: str) -> Iterator[np.ndarray]:
        entries = self._entries[split]
        noise = self.noise() if silence == "noise-silence" and self._recordings else []
        for start in range(0, len(entries), CHUNK_CLIPS):
            chunk = np.zeros((len(entries[start : start + CHUNK_CLIPS]), CLIP_SAMPLES), np.int16)
            for number, (label, path) in enumerate(entries[start : start + CHUNK_CLIPS], start):
                if label != SILENCE or (silence == "noise-silence" and path.endswith(".wav")):
                    chunk[number - start] = read_second(self.folder / path)
                elif silence == "noise-silence":
                    chunk[number - start] = noise_clip(noise, SPLITS.index(split), number)
            yield chunk

    def noise(self) -> list[np.ndarray]:
        """See `Corpus.noise`."""
        if not self._recordings:
            raise DataError(f"{self.folder} has no {MAIN_FOLDER}/{NOISE_FOLDER}, needed for training: {ADVICE}")
        return [read_wav(self.folder / path).astype(np.float32) / 32768 for path in self._recordings]

    def noise_names(self) -> list[str]:
        """See `Corpus.noise_names`."""
        return [Path(path).stem for path in self._recordings]


def noise_clip(noise: Sequence[np.ndarray], *seed: int) -> np.ndarray:
    """Return a silence clip of noise: one second of a background recording at a random volume.

    Parameters
    ----------
    noise : sequence of float32 arrays
        Background recordings in [-1, 1], each of at least 16000 samples.
    *seed : int
        Non-negative; the same seed gives the same clip.

    Returns
    -------
    ndarray of int16, shape (16000,)
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    piece = random_second(noise[int(generator.integers(len(noise)))], generator) * (32768 * generator.random())
    return np.clip(np.rint(piece), -32768, 32767).astype(np.int16)


def _words(folder: Path) -> dict[str, list[str]]:
    """Return the WAV files of each sub-folder, sorted, as paths relative to the data folder."""
    return {
        entry.name: sorted(file.relative_to(folder.parent).as_posix() for file in entry.glob("*.wav"))
        for entry in folder.iterdir()
        if entry.is_dir()
    }


def _recordings(main: Path) -> list[str]:
    found = _words(main).get(NOISE_FOLDER)
    if not found:
        raise DataError(f"{main} lacks the background noise (WAV files in {NOISE_FOLDER}): {ADVICE}")
    for path in found:
        samples = len(read_wav(main.parent / path))
        if samples < CLIP_SAMPLES:
            raise DataError(f"{main.parent / path} has {samples} samples; background noise needs {CLIP_SAMPLES}")
    return found


def _require(folder: Path, words: dict[str, list[str]], needed: Iterable[str]) -> None:
    lacking = [word for word in needed if not words.get(word)]
    if lacking:
        raise DataError(f"{folder} has no WAV files of {', '.join(lacking)}: {ADVICE}, or add the clips")


def _split_main(main: Path) -> dict[str, list[Entry]]:
    words = _words(main)
    _require(main, words, KEYWORDS)
    others = [word for word in words if word not in KEYWORDS and word != NOISE_FOLDER and words[word]]
    if not others:
        raise DataError(f"{main} has no word beside the ten keywords, and _unknown_ needs one: {ADVICE}")
    keywords: dict[str, list[Entry]] = {split: [] for split in SPLITS}
    unknown: dict[str, list[str]] = {split: [] for split in SPLITS}
    for word in KEYWORDS:
        for path in words[word]:
            keywords[which_set(path)].append((LABELS.index(word), path))
    for word in others:
        for path in words[word]:
            unknown[which_set(path)].append(path)
    entries = {}
    for split in SPLITS:
        extra = extra_clips(len(keywords[split]))
        # The order by hash is random, yet the same in every folder and barely moved by added clips.
        chosen = sorted(unknown[split], key=lambda path: hashlib.sha256(path.encode()).digest())[:extra]
        silence = [(SILENCE, f"{MAIN_FOLDER}/_silence_/{number:05}") for number in range(extra)]
        entries[split] = silence + [(UNKNOWN, path) for path in sorted(chosen)] + keywords[split]
    return entries


def _official_test(test: Path) -> list[Entry]:
    words = _words(test)
    _require(test, words, LABELS)
    return [(label, path) for label, word in enumerate(LABELS) for path in words[word]]


def _digests(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of each file; read again only if a size or a modification time has changed."""
    try:
        return _stored_digests(folder, files)
    except OSError as error:
        raise DataError(f"cannot read {error.filename}: {error.strerror}; check the data folder") from error


def _stored_digests(folder: Path, files: Sequence[str]) -> dict[str, str]:
    listing = hashlib.sha256(str(folder).encode())
    for path in files:
        stat = (folder / path).stat()
        listing.update(f"\n{path} {stat.st_size} {stat.st_mtime_ns}".encode())
    stored = cache_dir() / "digests" / f"{listing.hexdigest()}.json"
    try:
        digests = json.loads(stored.read_text())
        if isinstance(digests, dict) and digests.keys() == set(files):
            return digests
    except (OSError, ValueError):
        pass
    digests = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in files}
    write_json(stored, digests)
    return digests
