"""The seeds of a recipe: runs that differ in their seed alone, and which of them may be released."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.artifacts import read_record, stored_as, to_plain, write_record
from kwslib.errors import InputError
from kwslib.runs import records
from kwslib.runs.run_record import Measurement, Run

FILE = "seeds.json"
SCHEMA = 1
CHOSEN_BY = "noise-silence"
"""The silence protocol under which training keeps the best step, and under which the best seed is chosen."""
DECIDED_BY_SEED = ("seed", "best_step", "threads")
"""Entries of a training that may differ between seeds; the number of threads decides the order of sums only."""


@dataclass(frozen=True)
class Count:
    """Correct clips of a set, and their share, 0 … 1."""

    clips: int
    correct: int
    accuracy: float


@dataclass(frozen=True)
class Seed:
    """One run, and the accuracy of its 8-bit network on each split under each silence protocol."""

    run: str
    seed: int
    tflite_sha256: str
    validation_digital_silence: Count = stored_as("validation, digital-silence")
    validation_noise_silence: Count = stored_as("validation, noise-silence")
    test_digital_silence: Count = stored_as("test, digital-silence")
    test_noise_silence: Count = stored_as("test, noise-silence")

    @classmethod
    def of(cls, run: Run) -> "Seed":
        """Describe a run."""

        def count(split: str, silence: str) -> Count:
            found: Measurement = run.measurement("tflite", split, silence)
            return Count(found.clips, found.correct, found.accuracy)

        return cls(
            run=run.run,
            seed=run.seed,
            tflite_sha256=run.network.tflite_sha256,
            validation_digital_silence=count("validation", "digital-silence"),
            validation_noise_silence=count("validation", "noise-silence"),
            test_digital_silence=count("test", "digital-silence"),
            test_noise_silence=count("test", "noise-silence"),
        )

    @property
    def counts(self) -> dict[str, Count]:
        """The four counts by split and silence protocol."""
        return {
            "validation, digital-silence": self.validation_digital_silence,
            "validation, noise-silence": self.validation_noise_silence,
            "test, digital-silence": self.test_digital_silence,
            "test, noise-silence": self.test_noise_silence,
        }


@dataclass(frozen=True)
class Seeds:
    """The seeds that a release was chosen from, the released one first."""

    chosen_by: str
    runs: list[Seed]

    def spread(self, what: str) -> tuple[float, float]:
        """Mean and standard deviation (of a sample) of an accuracy over the seeds, 0 … 1.

        Parameters
        ----------
        what : str
            Split and silence protocol, a key of `Seed.counts`.
        """
        values = [seed.counts[what].accuracy for seed in self.runs]
        return statistics.mean(values), statistics.stdev(values)


def compare(run: Run, names: Sequence[str]) -> Seeds:
    """Compare a run with runs of the same recipe and other seeds.

    Parameters
    ----------
    run : Run
        The run to be released.
    names : sequence of str
        Runs, fresh or recorded; `run` itself may be among them.

    Raises
    ------
    DataError
        If there is no run of a name.
    InputError
        If another run has another recipe, other speech, a seed that is there already, or more validation clips right.
    """
    siblings = [run]
    for name in dict.fromkeys(names):
        sibling = records.find(name)
        if sibling.run == run.run:
            continue
        ours, theirs = recipe(run), recipe(sibling)
        different = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
        if different or sibling.corpus.hash != run.corpus.hash:
            what = ", ".join(different) or "the speech"
            raise InputError(f"run {name} is no other seed of {run.run}: {what} differs")
        if sibling.seed in {one.seed for one in siblings}:
            raise InputError(f"run {name} has seed {sibling.seed}, as another run that is named: seeds must differ")
        siblings.append(sibling)
    best = max(siblings, key=lambda one: one.measurement("tflite", "validation", CHOSEN_BY).correct)
    here, there = (one.measurement("tflite", "validation", CHOSEN_BY) for one in (run, best))
    if there.correct > here.correct:
        raise InputError(
            f"run {run.run} is not the best by validation ({CHOSEN_BY}): it has {here.correct} of {here.clips} right, "
            f"{best.run} {there.correct}; release that one"
        )
    return Seeds(CHOSEN_BY, [Seed.of(one) for one in siblings])


def recipe(run: Run) -> dict[str, Any]:
    """What decided a training, except `DECIDED_BY_SEED`."""
    return {key: value for key, value in to_plain(run.training).items() if key not in DECIDED_BY_SEED}


def write(found: Seeds, folder: Path) -> None:
    """Write ``seeds.json`` into the folder of a release."""
    write_record(folder / FILE, found, SCHEMA)


def read(folder: Path) -> Seeds | None:
    """Read ``seeds.json`` of a release; None if only one seed was trained.

    Raises
    ------
    DataError
        If it is damaged or of another version.
    """
    path = folder / FILE
    again = "release the run again"
    return read_record(path, Seeds, SCHEMA, missing=again, again=again) if path.exists() else None
