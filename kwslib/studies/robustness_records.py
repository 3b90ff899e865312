"""The record of a robustness measurement: ``robustness.json``, ``points.csv`` and ``false_accepts.csv``.

It is in the folder ``robustness`` of its run, and belongs to the network whose hash it names.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from kwslib.artifacts import read_record, write_record
from kwslib.config.presets import SIZES
from kwslib.paths import atomic_path, models_dir, results_dir
from kwslib.provenance import Provenance
from kwslib.runs import records

FILE, POINTS, ACCEPTS = "robustness.json", "points.csv", "false_accepts.csv"
SCHEMA = 1
ALL = "all"
"""In place of a recording's name: all background recordings together."""


@dataclass(frozen=True)
class Point:
    """Accuracy under one condition.

    `kind` is ``snr`` (`value` in dB; None is clean), ``shift`` (ms), ``level`` (dB) or ``reverberation`` (ms; not in
    older records). `low` and `high` are Wilson's 95 % interval. `limited` counts mixtures turned down to full scale
    (``snr``) or clips with samples clipped there (``level``).
    """

    kind: str
    noise: str
    value: float | None
    clips: int
    correct: int
    accuracy: float
    low: float
    high: float
    keyword_clips: int
    keyword_correct: int
    unknown_clips: int
    unknown_correct: int
    silence_clips: int
    silence_correct: int
    limited: int


@dataclass(frozen=True)
class FalseAccepts:
    """False accepts in one held-out recording, or in all: keywords with a probability of at least `threshold`.

    `per_hour` has the exact Poisson 95 % interval from `low` to `high`.
    """

    noise: str
    threshold: float
    decisions: int
    accepts: int
    hours: float
    per_hour: float
    low: float
    high: float


@dataclass(frozen=True)
class CorpusName:
    """Whose clips were used: the corpus and the hash of its manifest."""

    name: str
    hash: str


@dataclass(frozen=True)
class Robustness:
    """All that was measured of one network; `reference_power` is the median active power of the words used."""

    run: str
    size: str
    tflite_sha256: str
    corpus: CorpusName
    noise_in_training: str
    seed: int
    clips: int
    without_signal: int
    reference_power: float
    hop_s: float
    points: list[Point]
    false_accepts: list[FalseAccepts]
    provenance: Provenance


def save(found: Robustness, folder: Path) -> None:
    """Write ``robustness.json``, ``points.csv`` and ``false_accepts.csv`` into a folder, whole or not at all."""
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for name, rows in ((POINTS, found.points), (ACCEPTS, found.false_accepts)):
            pd.DataFrame(map(asdict, rows)).to_csv(temporary / name, index=False, lineterminator="\n")
        write_record(temporary / FILE, found, SCHEMA)


def load(folder: Path) -> Robustness:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another schema.
    """
    missing = f"measure it with kws robustness {folder.parent.name}"
    return read_record(folder / FILE, Robustness, SCHEMA, missing=missing, again="remove it and measure again")


@dataclass(frozen=True)
class Found:
    """A measurement, its folder, and whether it was made earlier and is kept with the project."""

    robustness: Robustness
    folder: Path
    recorded: bool


def every() -> list[Found]:
    """Return the measurement of every run that has one: the fresh one if there is one, else the recorded one.

    Released networks, ``small``, ``medium`` and ``large``, come first, the others by name. A measurement of another
    network than the run's is left out.
    """
    found: dict[str, Found] = {}
    for base, recorded in ((results_dir(), False), (models_dir(), True)):
        for path in sorted(base.glob(f"*/{records.ROBUSTNESS}/{FILE}")):
            name = path.parent.parent.name
            if name not in found and (one := load(path.parent)).tflite_sha256 == records.tflite_sha256(name):
                found[name] = Found(replace(one, run=name), path.parent, recorded)
    order = {name: number for number, name in enumerate(SIZES)}
    return sorted(found.values(), key=lambda one: (order.get(one.robustness.run, len(order)), one.robustness.run))


def replaced(size: str) -> Robustness | None:
    """Return the measurement of the network that the release of a size replaced; None where none is kept.

    Raises
    ------
    DataError
        If it is damaged.
    """
    folder = records.replaced_folder(size, records.ROBUSTNESS)
    return load(folder) if (folder / FILE).exists() else None
