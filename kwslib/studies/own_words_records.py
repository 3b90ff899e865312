"""The record of a network for somebody's own phrases: ``own_words/own_words.json`` in the folder of its run."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.accuracy import wilson_interval
from kwslib.artifacts import read_record, stored_if_set, write_record
from kwslib.paths import models_dir, results_dir
from kwslib.provenance import Provenance
from kwslib.runs.records import OWN_WORDS
from kwslib.studies.streaming_records import Point

FILE = "own_words.json"
PROGRAM, PAGE = "own_words.elf", "own_words.html"
"""In the run folder itself: the program for GAP8, and a page that needs nothing else."""
SCHEMA = 1


@dataclass(frozen=True)
class Count:
    """How many of some clips were got right."""

    clips: int
    correct: int

    @property
    def share(self) -> float:
        """Share that is right, 0 to 1."""
        return self.correct / self.clips

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `share`."""
        return wilson_interval(self.correct, self.clips)


@dataclass(frozen=True)
class PhraseFacts:
    """A phrase, how it sounds, how long it takes at the usual rate, and how fast voices spoke it (words a minute)."""

    text: str
    phonemes: str
    usual_s: float
    slowest_wpm: int
    fastest_wpm: int


@dataclass(frozen=True)
class OwnWords:
    """A network for somebody's own phrases.

    Attributes
    ----------
    run : str
    language, language_name : str
    phrases : list of PhraseFacts
    voices, clips : dict
        By split.
    left_out : int
        Spoken phrases that did not fit in a second, or came out silent.
    held_out : Count
        All test clips, on voices that nobody trained or chose with; silence is noise.
    by_kind : dict
        The same by phrase, by kind of negative (`kwslib.speech.near_misses.KINDS`), and silence.
    own : dict
        The user's own recordings for the test by phrase, and ``other sounds``; empty without recordings.
    own_training : int
        Own recordings in the training.
    point : Point
        The operating point of all phrases on streams.
    stream_hours : float
        Of sound without a phrase, for `point`.
    cycles : int or None
        Of one inference on GAP8, front end included; None if it was not deployed.
    elf_sha256 : str
    tflite_sha256 : str
    wall_s, processor_s : dict
        Seconds by stage: of the wall, and of the processor. Of several calls the longest counts.
    """

    run: str
    language: str
    language_name: str
    phrases: list[PhraseFacts]
    voices: dict[str, int]
    clips: dict[str, int]
    left_out: int
    held_out: Count
    by_kind: dict[str, Count]
    point: Point
    stream_hours: float
    cycles: int | None
    elf_sha256: str
    tflite_sha256: str
    wall_s: dict[str, float]
    processor_s: dict[str, float]
    provenance: Provenance
    own: dict[str, Count] = stored_if_set(default_factory=dict)
    own_training: int = stored_if_set(0)


def save(made: OwnWords, folder: Path) -> None:
    """Write the record below the folder of its run, whole or not at all."""
    write_record(folder / OWN_WORDS / FILE, made, SCHEMA)


def load(folder: Path) -> OwnWords:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another schema.
    """
    return read_record(
        folder / OWN_WORDS / FILE, OwnWords, SCHEMA, missing="make it with kws words", again="run kws words again"
    )


def every() -> list[tuple[OwnWords, Path, bool]]:
    """Return every record with its folder, and whether it is kept with the project; fresh ones before recorded ones."""
    found: dict[str, tuple[OwnWords, Path, bool]] = {}
    for base, recorded in ((results_dir(), False), (models_dir(), True)):
        for path in sorted(base.glob(f"*/{OWN_WORDS}/{FILE}")):
            folder = path.parent.parent
            found.setdefault(folder.name, (load(folder), folder, recorded))
    return list(found.values())
