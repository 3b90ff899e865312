"""The record of an evaluation: ``evaluation.json`` in its results folder."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.artifacts import read_record, write_record
from kwslib.provenance import Provenance
from kwslib.runs.run_record import Measurement

FILE = "evaluation.json"
SCHEMA = 1


@dataclass(frozen=True)
class ClipsUsed:
    """The corpus that a network was evaluated on, the hash of its manifest, and the number of test clips."""

    name: str
    hash: str
    test_clips: int


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found; `equal` says that every confusion matrix is the recorded one."""

    run: str
    size: str
    tflite_sha256: str
    corpus: ClipsUsed
    measurements: list[Measurement]
    equal: bool
    provenance: Provenance


def write(found: Evaluation, folder: Path) -> None:
    """Write ``evaluation.json``."""
    write_record(folder / FILE, found, SCHEMA)


def read(folder: Path) -> Evaluation:
    """Read ``evaluation.json``.

    Raises
    ------
    DataError
        If it is missing, damaged or of another version.
    """
    again = "evaluate the network again"
    return read_record(folder / FILE, Evaluation, SCHEMA, missing=again, again=again)
