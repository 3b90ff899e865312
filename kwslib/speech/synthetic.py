"""The embedded corpus: the words of Speech Commands spoken by the voices of espeak-ng.

It lets the whole project run without a download. No voice (accent and variant) occurs in two splits. Rate, pitch,
place in the clip, level, channel and background differ from clip to clip, and everything follows from the seed.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from kwslib import paths, seals
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import KEYWORDS, SILENCE
from kwslib.errors import DataError, InputError, check_name
from kwslib.speech import soundscape
from kwslib.speech.corpus import SPLITS, Clips, Corpus, check_split, extra_clips
from kwslib.speech.utterances import Line, audible, espeak_version, is_click, resampled, utter
from kwslib.speech.voices import Extent, Take, cast, script

VERSION = 3
"""Part of the cache key; must be raised whenever the same seed would give other samples."""
LICENCE = "Spoken by espeak-ng (GPL-3.0-or-later), which runs in a process of its own and is no part of kwslib."
LONGEST_WORD_SAMPLES = 15_200
"""Longer words (0.95 s) are cut at the end."""
BABBLE_VOICES = 8
"""Voices of the same split whose words make its babble."""
NOISE_RMS = 0.15
"""Level of the recordings for augmentation, full scale 1 (that of Speech Commands' is similar)."""
MANIFEST = "manifest.json"
"""The file that lists all others with their checksums (`kwslib.seals`)."""

SIZES = {
    "full": Extent({"train": 360, "validation": 40, "test": 40}, takes=2, noise_s=20),
    "tiny": Extent({"train": 8, "validation": 4, "test": 4}, takes=1, noise_s=4),
}


def speak(voice: str, takes: list[Take], folder: Path) -> list[np.ndarray]:
    """Speak `takes` in one new process; return int16 samples at 16 kHz, silence at both ends removed.

    Raises
    ------
    ToolError
        If espeak-ng is missing, crashes or does not know the voice.
    DataError
        If a word came out silent or as a mere click.
    """
    lines = [Line(take.word, take.rate_wpm, take.pitch, take.range) for take in takes]
    return [_word(take, piece) for take, piece in zip(takes, utter(voice, lines, folder), strict=True)]


def _word(take: Take, samples: np.ndarray) -> np.ndarray:
    """Resample to 16 kHz and cut off what is 40 dB below the peak at both ends."""
    audio = resampled(samples)
    audio = audible(audio)[:LONGEST_WORD_SAMPLES]
    if is_click(audio):
        raise DataError(f"voice {take.voice} says '{take.word}' without a sound; leave the voice out")
    return np.clip(np.rint(audio), -32768, 32767).astype(np.int16)


class Synthetic(Corpus):
    """The generated corpus in its cache folder; made by `open_synthetic`."""

    name = "synthetic"

    def __init__(self, folder: Path):
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())

    def clips(self, split: str, silence: str = "digital-silence") -> Clips:
        """Return the clips of a split (see `Corpus.clips`)."""
        check_split(split, silence)
        audio = np.load(self.folder / f"{split}.npy", mmap_mode="r")
        names = tuple((self.folder / f"{split}.txt").read_text().splitlines())
        labels = np.load(self.folder / f"{split}_labels.npy")
        if split != "train" and silence == "digital-silence":
            audio = np.array(audio)
            audio[labels == SILENCE] = 0
        return Clips(names, labels, audio)

    def noise(self) -> list[np.ndarray]:
        """Return the background recordings for augmentation, made apart from those of validation and test."""
        return list(np.load(self.folder / "noise.npy"))


def open_synthetic(seed: int = 0, size: str | Extent = "full", workers: int | None = None) -> Synthetic:
    """Open the synthetic corpus; generate it on the first call.

    Parameters
    ----------
    seed : int
        Everything follows from it, bit by bit.
    size : str or Extent
        ``full``, or ``tiny`` for trials.
    workers : int, optional
        Processes at a time, one for each core by default; has no influence on the samples.

    Raises
    ------
    InputError
        For a negative seed or an unknown size.
    ToolError
        If espeak-ng is missing or fails.
    KwsError
        If the cache folder cannot be written.
    """
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give an integer of at least 0")
    extent = SIZES[check_name("size of the synthetic corpus", size, SIZES)] if isinstance(size, str) else size
    settings = {
        "version": VERSION,
        "seed": seed,
        "espeak_ng": espeak_version(),
        "voices": extent.voices,
        "takes": extent.takes,
        "noise_s": extent.noise_s,
    }
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]
    folder = paths.cache_dir() / "synthetic" / key
    if not _complete(folder):
        with paths.locked(folder.with_name(f"{folder.name}.lock"), "choose another cache with KWS_CACHE"):
            if not _complete(folder):
                with paths.atomic_path(folder) as temporary:
                    temporary.mkdir()
                    _generate(temporary, seed, extent, settings, workers or os.cpu_count() or 1)
    return Synthetic(folder)


def save_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file; unlike numpy.save, tell the operating system's reason (a full disk) when it fails."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        if array.size:
            file.write(np.ascontiguousarray(array).data.cast("B"))


def _complete(folder: Path) -> bool:
    """Whether every file that the manifest lists is there as it was written; one that was spoiled is named."""
    try:
        wrong = seals.wrong_file(folder / MANIFEST)
    except ValueError:
        return False
    if wrong:
        seals.spoiled(wrong)
    return wrong is None


def _generate(folder: Path, seed: int, extent: Extent, settings: dict[str, Any], workers: int) -> None:
    """Write the whole corpus into `folder`.

    Random numbers are drawn from (seed, 1) for the cast, (seed, 3, ...) for the script, (seed, 4, split) for the
    background recordings and (seed, 5, split, clip) for each clip.
    """
    takes, voices = script(seed, extent), cast(seed, extent)
    words = _spoken(takes, folder, workers)
    digests: list[tuple[str, str, str]] = []
    counts: dict[str, dict[str, int]] = {}
    for number, split in enumerate(SPLITS):
        clips = _compose(seed, number, extent, voices[split], takes, words)
        save_array(folder / f"{split}.npy", clips.audio)
        save_array(folder / f"{split}_labels.npy", clips.labels)
        (folder / f"{split}.txt").write_text("\n".join(clips.names) + "\n")
        pairs = zip(clips.names, clips.audio, strict=True)
        digests += [(split, name, hashlib.sha256(clip.tobytes()).hexdigest()) for name, clip in pairs]
        counts[split] = dict(sorted(Counter(name.partition("/")[0] for name in clips.names).items()))
    babble = [word for voice in voices["train"][-BABBLE_VOICES:] for word in words[voice]]
    noise = soundscape.recordings(np.random.default_rng([seed, 4, len(SPLITS)]), extent.noise_s, babble)
    noise = np.clip(noise * NOISE_RMS, -1, 1).astype(np.float32)
    save_array(folder / "noise.npy", noise)
    digests.append(("noise", "noise.npy", hashlib.sha256(noise.tobytes()).hexdigest()))
    manifest = {
        "schema": 1,
        "corpus": Synthetic.name,
        "splits": counts,
        "noise_recordings": len(noise),
        "hash": hashlib.sha256(json.dumps(sorted(digests)).encode()).hexdigest(),
        "voices": voices,
        "settings": settings,
        "licence": LICENCE,
        **seals.of_folder(folder),
    }
    paths.write_json(folder / MANIFEST, seals.sealed(manifest))


def _spoken(takes: dict[str, list[Take]], folder: Path, workers: int) -> dict[str, list[np.ndarray]]:
    """Speak every take, `workers` voices at a time; return the samples of each voice's takes."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(speak, voice, lines, Path(scratch)) for voice, lines in takes.items()]
        try:
            return dict(zip(takes, (future.result() for future in futures), strict=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _compose(
    seed: int,
    number: int,
    extent: Extent,
    voices: list[str],
    takes: dict[str, list[Take]],
    words: dict[str, list[np.ndarray]],
) -> Clips:
    """Set the words of a split in clips with noise, and add the silence clips: zeros in training, noise elsewhere."""
    babble = [word for voice in voices[:BABBLE_VOICES] for word in words[voice]]
    recordings = soundscape.recordings(np.random.default_rng([seed, 4, number]), extent.noise_s, babble)
    spoken = [pair for voice in voices for pair in zip(takes[voice], words[voice], strict=True)]
    silences = extra_clips(sum(take.word in KEYWORDS for take, _ in spoken))
    audio = np.zeros((len(spoken) + silences, CLIP_SAMPLES), np.int16)
    for index in range(len(audio)):
        rng = np.random.default_rng([seed, 5, number, index])
        if index < len(spoken):
            audio[index] = soundscape.clip_of(spoken[index][1], recordings, rng)
        elif SPLITS[number] != "train":
            audio[index] = soundscape.silence_of(recordings, rng)
    names = [take.name for take, _ in spoken] + [f"_silence_/{index}.wav" for index in range(silences)]
    labels = np.array([take.label for take, _ in spoken] + [SILENCE] * silences, np.uint8)
    return Clips(tuple(names), labels, audio)
