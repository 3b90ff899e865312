"""What spoils a training, found in a folder of words before it is trained on: one clip at a time, and between clips.

`kwslib.speech.folder` says what a folder is. Nothing is changed; a clip that cannot be read is a finding, no error.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import LABELS, SILENCE, UNKNOWN
from kwslib.errors import DataError
from kwslib.speech.duplicates import describe, find_pairs
from kwslib.speech.folder import list_sounds
from kwslib.speech.sound import Sound, open_sound
from kwslib.speech.split import LEAST_CLIPS, Split, split_clips
from kwslib.speech.wav import CONTAINERS, check_whole, form_of, has_needed_form, read_wav
from kwslib.speech.wav_corpus import NOISE_FOLDER

KINDS = {
    "unreadable": "no WAV file, or a damaged one",
    "rate": "not 16 kHz, mono, 16-bit",
    "empty": "no samples, or under a tenth of a second",
    "silent": "nothing in it is louder than -60 dB of full scale",
    "clipped": "flat at full scale",
    "cut off": "the word reaches over the beginning or the end",
    "long": "over a second; only the first second is used",
    "duplicate": "the same recording in two splits, or under two words",
    "wrong label": "a trained network is sure of another word",
    "small class": "too few clips",
}
"""What is looked for, and what it means."""
EMPTY_SAMPLES = SAMPLE_RATE_HZ // 10
FRAME = SAMPLE_RATE_HZ // 50
"""Samples of the frames whose levels are compared, 20 ms."""
SILENT_RMS = 1e-3
"""Of full scale: -60 dB. A quiet word of Speech Commands is 20 dB louder."""
CLIPPED_LEVEL, CLIPPED_RUN, CLIPPED_SAMPLES = 0.999, 3, 24
"""A clip is clipped if so many samples lie in runs of at least three at full scale."""
EDGE_SHARE, EDGE_OVER_NOISE = 0.35, 6.0
"""A word is cut off if the frame at an edge has this share of the loudest frame's RMS, and is so far above the
quietest tenth of the frames: a clip of steady noise is not."""
FEW_CLIPS = 50
"""A class with fewer is reported; with fewer than `LEAST_CLIPS` it cannot be trained at all."""
UNEVEN = 10
"""A class with so many times fewer clips than the largest one is reported."""


@dataclass(frozen=True)
class Finding:
    """Something that spoils a training.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    word : str
    path : str
        Of the clip, relative to the folder; empty for a class as a whole.
    text : str
        What was found.
    other : str
        Path of the clip that it is a duplicate of; empty otherwise.
    """

    kind: str
    word: str
    path: str
    text: str
    other: str = ""


@dataclass(frozen=True)
class Inspection:
    """What a folder holds, how it is divided, and what was found in it.

    Attributes
    ----------
    folder : Path
    counts : dict
        Clips of each split by word.
    rule : str
        How the split was made; why there is none where a class is too small.
    findings : list of Finding
    readable : list of str
        Paths of the clips that a training can read.
    """

    folder: Path
    counts: dict[str, dict[str, int]]
    rule: str
    findings: list[Finding]
    readable: list[str]

    @property
    def by_kind(self) -> dict[str, int]:
        """Number of findings of each kind, those of `KINDS` in order."""
        found = Counter(one.kind for one in self.findings)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def with_findings(self, more: Sequence[Finding]) -> "Inspection":
        """Return the inspection with more findings, in the order of `KINDS`."""
        order = list(KINDS)
        whole = sorted([*self.findings, *more], key=lambda one: (order.index(one.kind), one.word, one.path))
        return replace(self, findings=whole)


def inspect(folder: Path, words: Sequence[str] = ()) -> Inspection:
    """Inspect every clip of a folder of words.

    Parameters
    ----------
    folder : Path
    words : sequence of str
        The keywords, whose split is shown; other words are one class. Without any, every word is a class.

    Raises
    ------
    DataError
        If the folder has no clips, or lacks a word.
    """
    found = list_sounds(folder)
    for name in (NOISE_FOLDER, LABELS[SILENCE]):
        found.pop(name, None)
    lacking = [word for word in words if word not in found]
    if lacking:
        raise DataError(f"{folder} has no WAV files of {', '.join(lacking)}; it has: {', '.join(found)}")
    classes = {word: found[word] for word in words or found if words or word != LABELS[UNKNOWN]}
    others = [path for word, paths in found.items() if word not in classes for path in paths]
    classes |= {LABELS[UNKNOWN]: others} if others else {}
    split, rule = _split(classes)
    findings, readable, described = [], [], []
    for word, paths in found.items():
        for path in paths:
            problems, samples = _look_at(folder / path)
            findings += [Finding(kind, word, path, text) for kind, text in problems]
            if samples is not None:
                readable.append(path)
                described.append(describe(samples))
    findings += _duplicates(folder, readable, described, split)
    findings += _small(classes)
    counts = {word: Counter(split.get(path, "-") for path in paths) for word, paths in sorted(found.items())}
    whole = Inspection(folder, {word: dict(count) for word, count in counts.items()}, rule, [], readable)
    return whole.with_findings(findings)


def _split(classes: dict[str, list[str]]) -> tuple[dict[str, str], str]:
    try:
        made: Split = split_clips(classes)
    except DataError as error:
        return {}, f"none: {error}"
    return made.of, made.rule


def _look_at(path: Path) -> tuple[list[tuple[str, str]], np.ndarray | None]:
    """Return what is wrong with a clip, and its first second as float32 in [-1, 1] if a training can read it."""
    problems = []
    try:
        with open_sound(path) as sound:
            facts = sound.facts
            if facts.container not in CONTAINERS:
                return [("unreadable", f"no WAV file: {form_of(facts)}")], None
            usable = has_needed_form(facts)
            if not usable:
                problems.append(("rate", form_of(facts)))
            if facts.frames == 0 and facts.announced is None:
                return [*problems, ("empty", "it has no samples")], None
            check_whole(facts)
            samples = _first_channel(sound)
    except DataError as error:
        return [*problems, ("unreadable", _reason(error, path))], None
    if len(samples) * SAMPLE_RATE_HZ < EMPTY_SAMPLES * facts.rate_hz:
        problems.append(("empty", f"it lasts {1000 * len(samples) / facts.rate_hz:.0f} ms"))
        return problems, None
    problems += list(_levels(samples, facts.rate_hz))
    return problems, samples[:CLIP_SAMPLES] if usable else None


def _first_channel(sound: Sound) -> np.ndarray:
    """The first channel, float32 in [-1, 1]."""
    return np.nan_to_num(np.concatenate([block[:, 0].astype(np.float32) for block in sound.blocks()]))


def _reason(error: DataError, path: Path) -> str:
    """What an error says, without the path, which stands beside it, and without the advice."""
    return str(error).removeprefix(f"{path} ").removeprefix("is ").replace(f" {path}", "").split(";")[0]


def _levels(samples: np.ndarray, rate_hz: int) -> Iterator[tuple[str, str]]:
    frame = max(1, FRAME * rate_hz // SAMPLE_RATE_HZ)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    rms = np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1))
    loudest = rms.max()
    if loudest < SILENT_RMS:
        yield "silent", f"its loudest 20 ms are at {_db(loudest)}"
        return
    flat = _flat_samples(samples)
    if flat >= CLIPPED_SAMPLES:
        yield "clipped", f"{flat} samples at full scale"
    floor = np.quantile(rms, 0.1)
    edges = {"beginning": rms[0], "end": rms[-1]}
    cut = [
        name
        for name, level in edges.items()
        if level > EDGE_SHARE * loudest and level > EDGE_OVER_NOISE * floor and len(rms) > 3
    ]
    if cut:
        yield "cut off", f"loud at its {' and '.join(cut)} ({', '.join(_db(edges[name]) for name in cut)})"
    if len(samples) > rate_hz:
        behind = rms[rate_hz // frame :].max(initial=0.0)
        where = ", and its loudest part is behind the first" if behind >= loudest else ""
        yield "long", f"it lasts {len(samples) / rate_hz:.2f} s{where}"


def _db(level: float) -> str:
    return f"{20 * np.log10(max(level, 1e-9)):.0f} dB"


def _flat_samples(samples: np.ndarray) -> int:
    """Samples in runs of at least `CLIPPED_RUN` at full scale."""
    at = np.concatenate([[0], (np.abs(samples) >= CLIPPED_LEVEL).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(at))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= CLIPPED_RUN].sum())


def _duplicates(
    folder: Path, paths: Sequence[str], described: Sequence[np.ndarray], split: dict[str, str]
) -> list[Finding]:
    """Pairs of nearly equal clips that lie in two splits, or under two words."""
    if not paths:
        return []
    found = []
    for pair in find_pairs(np.stack(described), lambda number: read_wav(folder / paths[number])[:CLIP_SAMPLES]):
        one, other = paths[pair.first], paths[pair.second]
        words = [path.split("/")[0] for path in (one, other)]
        places = [split.get(path, "-") for path in (one, other)]
        if words[0] == words[1] and places[0] == places[1]:
            continue
        alike = "equal" if pair.likeness >= 0.99995 else f"{100 * pair.likeness:.1f} % alike"
        text = f"{alike}: {other} ({places[1]}); this one is in {places[0]}"
        found.append(Finding("duplicate", words[0], one, text, other))
    return found


def _small(classes: dict[str, list[str]]) -> list[Finding]:
    largest = max(len(paths) for paths in classes.values())
    found = []
    for word, paths in classes.items():
        clips = len(paths)
        if clips < LEAST_CLIPS:
            found.append(Finding("small class", word, "", f"{clips} clips: it cannot be in every split"))
        elif clips < FEW_CLIPS:
            found.append(Finding("small class", word, "", f"{clips} clips: {FEW_CLIPS} or more are better"))
        elif clips * UNEVEN < largest and word != LABELS[UNKNOWN]:
            found.append(Finding("small class", word, "", f"{clips} clips, the largest class has {largest}"))
    return found
