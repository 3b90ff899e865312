"""The record of a streaming study: ``streaming.json``, and the curves as ``curves.csv``.

It is in the folder ``streaming`` of its run, and belongs to the network whose hash it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.artifacts import read_record, write_record
from kwslib.config.presets import SIZES
from kwslib.config.streams import StreamStudy
from kwslib.paths import atomic_path, models_dir, results_dir
from kwslib.provenance import Provenance
from kwslib.runs import records
from kwslib.studies.robustness_records import CorpusName

PHRASES = "phrases"
"""The corpus of somebody's own phrases."""
FILE, CURVES = "streaming.json", "curves.csv"
SCHEMA = 1
ALL = "all"
"""In place of a word: all words, with one threshold."""


@dataclass(frozen=True)
class Extent:
    """How much one part of a study heard: hours without keywords, and keywords under each condition."""

    hours: float
    words: int
    words_by_label: dict[str, int]


@dataclass(frozen=True)
class Smoothing:
    """What validation says of a number of smoothed hops, all words together, at one rate of false accepts."""

    hops: int
    per_hour: float
    threshold: float
    accepts: int
    missed: int
    words: int


@dataclass(frozen=True)
class Curve:
    """False accepts and missed keywords at each threshold, on the part ``report``.

    `missed` has the missed keywords for each condition, ``clean`` or a ratio such as ``10 dB``.
    """

    word: str
    thresholds: list[float]
    accepts: list[int]
    missed: dict[str, list[int]]

    def place_of(self, accepts: float) -> int | None:
        """Return the index of the least threshold from which on there are no more false accepts; None if none is."""
        place = None
        for at in reversed(range(len(self.accepts))):
            if self.accepts[at] > accepts:
                break
            place = at
        return place


@dataclass(frozen=True)
class Point:
    """An operating point: the threshold chosen on validation for a rate, and what it gives on the part ``report``.

    `target_per_hour` is None for the default threshold of `kws listen`.

    `chosen_accepts` are the false accepts on the sound of the choice. `latency_median_s` and `latency_p90_s` are from
    the end of the spoken word to its event; None if no word was found.
    """

    word: str
    target_per_hour: float | None
    threshold: float
    chosen_accepts: int
    accepts: int
    per_hour: float
    low: float
    high: float
    words: int
    missed: dict[str, int]
    latency_median_s: float | None
    latency_p90_s: float | None


@dataclass(frozen=True)
class KindAccepts:
    """False accepts of all words in one kind of sound, at one operating point."""

    kind: str
    target_per_hour: float | None
    hours: float
    accepts: int
    per_hour: float
    low: float
    high: float


@dataclass(frozen=True)
class Place:
    """Decisions whose window has the middle of a word from `begin_s` on (a twentieth of a second), and how many win."""

    begin_s: float
    decisions: int
    right: int


@dataclass(frozen=True)
class Level:
    """The default threshold on the same keywords, changed: ``gain`` (dB), ``offset``, ``clipped``.

    `largest_word` is the word with most events, `largest_share` its share of them. `winner` is the class that wins most
    decisions, `winner_share` its share.
    """

    kind: str
    value: float
    words: int
    found: int
    events: int
    largest_word: str
    largest_share: float
    winner: str
    winner_share: float


@dataclass(frozen=True)
class Benchmark:
    """The stream of MLPerf Tiny's kind, at all words' operating point of `target_per_hour`."""

    seconds: float
    target_per_hour: float | None
    words: int
    hits: int
    misses: int
    false_alarms: int


@dataclass(frozen=True)
class Ambient:
    """Somebody's own recordings without keywords, at all words' operating point."""

    name: str
    files: int
    hours: float
    target_per_hour: float | None
    accepts: int
    per_hour: float
    low: float
    high: float
    by_word: dict[str, int]


@dataclass(frozen=True)
class Streaming:
    """All that was measured of one network."""

    run: str
    size: str
    tflite_sha256: str
    corpus: CorpusName
    labels: list[str]
    study: StreamStudy
    smoothing_hops: int
    refractory_ms: int
    suppression_ms: int
    extents: dict[str, Extent]
    smoothings: list[Smoothing]
    curves: list[Curve]
    points: list[Point]
    kinds: list[KindAccepts]
    places: list[Place]
    levels: list[Level]
    benchmark: list[Benchmark]
    ambient: list[Ambient]
    seconds: float
    provenance: Provenance

    def point(self, word: str, target_per_hour: float | None) -> Point:
        """The operating point of a word."""
        return next(p for p in self.points if (p.word, p.target_per_hour) == (word, target_per_hour))

    def curve(self, word: str) -> Curve:
        """The curve of a word."""
        return next(curve for curve in self.curves if curve.word == word)


def save(found: Streaming, folder: Path) -> None:
    """Write ``streaming.json`` and ``curves.csv`` into a folder, whole or not at all."""
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        pd.DataFrame(list(curve_rows(found))).to_csv(temporary / CURVES, index=False, lineterminator="\n")
        write_record(temporary / FILE, found, SCHEMA)


def curve_rows(found: Streaming) -> Iterator[dict[str, Any]]:
    """Yield a row for each word, condition and threshold."""
    extent = found.extents["report"]
    for curve in found.curves:
        words = extent.words if curve.word == ALL else extent.words_by_label[curve.word]
        for condition, missed in curve.missed.items():
            for threshold, accepts, lost in zip(curve.thresholds, curve.accepts, missed, strict=True):
                yield {
                    "word": curve.word,
                    "condition": condition,
                    "threshold": threshold,
                    "hours": extent.hours,
                    "false_accepts": accepts,
                    "words": words,
                    "missed": lost,
                }


def load(folder: Path) -> Streaming:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another schema.
    """
    missing = f"measure it with kws streaming {folder.parent.name}"
    return read_record(folder / FILE, Streaming, SCHEMA, missing=missing, again="remove it and measure again")


@dataclass(frozen=True)
class Found:
    """A study, its folder, and whether it was made earlier and is kept with the project."""

    streaming: Streaming
    folder: Path
    recorded: bool


def every() -> list[Found]:
    """Return the study of every run that has one: the fresh one if there is one, else the recorded one.

    Released networks come first, the others by name. A study of another network than the run's is left out, and so are
    those of somebody's own phrases: they have other words, and figures on synthetic voices share no table with these.
    """
    found: dict[str, Found] = {}
    for base, recorded in ((results_dir(), False), (models_dir(), True)):
        for path in sorted(base.glob(f"*/{records.STREAMING}/{FILE}")):
            name = path.parent.parent.name
            if name in found or (one := load(path.parent)).corpus.name == PHRASES:
                continue
            if one.tflite_sha256 == records.tflite_sha256(name):
                found[name] = Found(replace(one, run=name), path.parent, recorded)
    order = {name: number for number, name in enumerate(SIZES)}
    return sorted(found.values(), key=lambda one: (order.get(one.streaming.run, len(order)), one.streaming.run))


def replaced(size: str) -> Streaming | None:
    """Return the study of the network that the release of a size replaced; None where none is kept.

    Raises
    ------
    DataError
        If it is damaged.
    """
    folder = records.replaced_folder(size, records.STREAMING)
    return load(folder) if (folder / FILE).exists() else None
