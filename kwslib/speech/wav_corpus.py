"""A corpus whose clips are WAV files in folders: how they are listed, hashed, read and kept."""

import abc
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from kwslib import seals
from kwslib.artifacts import file_sha256
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import DataError
from kwslib.files import read_regular
from kwslib.paths import cache_dir, write_json
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import SPLITS, Clips, Corpus, check_split, extra_clips
from kwslib.speech.noise import random_second
from kwslib.speech.sound_files import quoted
from kwslib.speech.wav import read_second, read_wav

NOISE_FOLDER = "_background_noise_"
SUFFIX = ".wav"

Entry = tuple[int, str]
"""Label and path relative to the corpus' folder; silence that has no file has a path ending in a number."""


class WavCorpus(Corpus):
    """Clips that are WAV files.

    A subclass fills `_entries` and `_others` (by split) and `_recordings`, and calls `_digest`.
    """

    advice = ""
    """What to do about clips that are missing."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {split: [] for split in SPLITS}
        self._others: dict[str, list[str]] = {split: [] for split in SPLITS}
        self._recordings: list[str] = []

    def _counts(self) -> dict[str, dict[str, int]]:
        """Clips by split and word."""
        counts = {}
        for split, entries in self._entries.items():
            words = Counter(path.split("/")[-2] for _, path in entries)
            counts[split] = dict(sorted(words.items()))
        return counts

    def _digest(self) -> str:
        """SHA-256 over split, name and content of every clip used."""
        digests = _digests(self.folder, self._files())
        lines = sorted(f"{split} {label} {path} {digests.get(path, '-')}" for split, label, path in self._used())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _used(self) -> Iterator[tuple[str, int, str]]:
        for split, entries in self._entries.items():
            yield from ((split, label, path) for label, path in entries)
        yield from (("noise", SILENCE, path) for path in self._recordings)

    def _files(self) -> list[str]:
        return sorted({path for _, _, path in self._used() if is_sound(path)})

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """See `Corpus.clips`."""
        check_split(split, silence)
        entries = self._entries[split]
        if not any(label > UNKNOWN for label, _ in entries):
            raise DataError(
                f"{self.folder} has no {split} clips of the keywords (has: "
                f"{', '.join(s for s, e in self._entries.items() if e) or 'none'}): {self.advice}, or add clips"
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
        return Clips(tuple("/".join(path.split("/")[-2:]) for _, path in entries), labels, audio, self.labels)

    def other_words(self, split: str) -> tuple[np.ndarray, str]:
        """See `Corpus.other_words`."""
        paths = sorted(self._others[split])
        digests = _digests(self.folder, paths)
        lines = "\n".join(f"{path} {digests[path]}" for path in paths)
        digest = hashlib.sha256(lines.encode()).hexdigest()
        path = key_path("audio", f"{self.name}-{split}-others", {"version": 1, "hash": digest})

        def chunks() -> Iterator[np.ndarray]:
            for start in range(0, len(paths), CHUNK_CLIPS):
                yield np.stack([self._read(one) for one in paths[start : start + CHUNK_CLIPS]])

        return cached_array(path, (len(paths), CLIP_SAMPLES), np.int16, chunks), digest

    def listing(self, split: str) -> list[Entry]:
        """Return label and path of the clips of a split that are files; nothing is read."""
        check_split(split)
        return [(label, path) for label, path in self._entries[split] if is_sound(path)]

    def _decode(self, split: str, silence: str) -> Iterator[np.ndarray]:
        entries = self._entries[split]
        noise = self._silence_noise() if silence == "noise-silence" else []
        for start in range(0, len(entries), CHUNK_CLIPS):
            chunk = np.zeros((len(entries[start : start + CHUNK_CLIPS]), CLIP_SAMPLES), np.int16)
            for number, (label, path) in enumerate(entries[start : start + CHUNK_CLIPS], start):
                if label != SILENCE or (silence == "noise-silence" and is_sound(path)):
                    chunk[number - start] = self._read(path)
                elif silence == "noise-silence":
                    chunk[number - start] = noise_clip(noise, SPLITS.index(split), number)
            yield chunk

    def _read(self, path: str) -> np.ndarray:
        try:
            return read_second(self.folder / path)
        except DataError as error:
            advice = f"kws data inspect {quoted(self.folder)} names every clip that cannot be used"
            raise DataError(f"{error}; {advice}") from error

    @abc.abstractmethod
    def _silence_noise(self) -> list[np.ndarray]:
        """The recordings that silence clips without a file are cut from."""

    def _read_recordings(self) -> list[np.ndarray]:
        return [read_wav(self.folder / path).astype(np.float32) / 32768 for path in self._recordings]

    def noise_names(self) -> list[str]:
        """See `Corpus.noise_names`."""
        return [Path(path).stem for path in self._recordings]


def is_sound(path: str) -> bool:
    """Whether a path is that of a WAV file; silence that has no file has a path, too."""
    return path.lower().endswith(SUFFIX)


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


def list_words(folder: Path, base: Path) -> dict[str, list[str]]:
    """Return the WAV files of each sub-folder, sorted, as paths relative to `base`."""
    return {
        entry.name: sorted(file.relative_to(base).as_posix() for file in entry.glob("*") if is_sound(file.name))
        for entry in sorted(folder.iterdir())
        if entry.is_dir()
    }


def check_recordings(base: Path, paths: Sequence[str]) -> list[str]:
    """Return the paths of background recordings, each long enough.

    Raises
    ------
    DataError
        If one is shorter than a clip, or cannot be read.
    """
    for path in paths:
        samples = len(read_wav(base / path))
        if samples < CLIP_SAMPLES:
            raise DataError(f"{base / path} has {samples} samples; background noise needs {CLIP_SAMPLES}")
    return list(paths)


def with_extras(keywords: Sequence[Entry], unknown: Iterable[str], silence_folder: str, words: int) -> list[Entry]:
    """Return the entries of a split: silence, other sounds, then the keywords.

    Parameters
    ----------
    keywords : sequence of Entry
    unknown : iterable of str
        Paths of all other sounds of the split; as many as `extra_clips` says are chosen.
    silence_folder : str
        What the paths of silence begin with.
    words : int
        Number of keywords.
    """
    extra = extra_clips(len(keywords), words)
    # The order by hash is random, yet the same in every folder and barely moved by added clips.
    chosen = sorted(unknown, key=lambda path: hashlib.sha256(path.encode()).digest())[:extra]
    silence = [(SILENCE, f"{silence_folder}/{number:05}") for number in range(extra)]
    return [*silence, *((UNKNOWN, path) for path in sorted(chosen)), *keywords]


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
        kept = json.loads(read_regular(stored).decode())
        if kept["checksum"] == seals.of_json(kept["sha256"]) and kept["sha256"].keys() == set(files):
            return kept["sha256"]
        seals.spoiled(stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    digests = {path: file_sha256(folder / path) for path in files}
    write_json(stored, {"sha256": digests, "checksum": seals.of_json(digests)})
    return digests
