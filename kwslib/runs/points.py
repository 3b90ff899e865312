"""Networks as points of accuracy and cost, and sweeps of them kept with the project.

Every run with a deployment is a point. A sweep of many runs is kept as one record, ``models/sweeps/NAME.json``, without
the networks: each can be trained again from its parameters.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kwslib.artifacts import not_stored, read_record, to_plain, write_record
from kwslib.config.architecture import Architecture
from kwslib.errors import DataError, InputError
from kwslib.paths import models_dir
from kwslib.provenance import Provenance, provenance
from kwslib.runs import cost, deployments
from kwslib.runs.cost import Cost
from kwslib.runs.ranking import Outcome
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

SCHEMA = 1
FOLDER = "sweeps"
FORM = "tflite"
"""The form of a network whose accuracy counts."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Share:
    """Clips, and those that a network is right on, of a split under a silence protocol."""

    split: str
    silence: str
    correct: int
    clips: int

    @property
    def accuracy(self) -> float:
        """Between 0 and 1."""
        return self.correct / self.clips


@dataclass(frozen=True)
class Point:
    """A trained network: how good it is, and what it costs on GAP8.

    Attributes
    ----------
    run : str
    preset : str
        What its parameters start from.
    architecture : Architecture
    front_end : str
        Key of its front end.
    words : list of str
        The classes, silence and other sounds included.
    corpus, corpus_hash : str
    steps, seed : int
    recipe : str
        Everything else that decided its training, as JSON-like text: runs that differ in the seed alone share it.
    shares : list of Share
        Of the 8-bit network.
    cost : Cost
        Measured.
    clips_checked : int
        On which every layer equals the integer reference.
    tflite_bytes : int
    tflite_sha256 : str
    recorded : bool
        Whether it was made earlier and is kept with the project.
    sweep : str
        Name of the sweep whose record it is from; empty for a run.
    """

    run: str
    preset: str
    architecture: Architecture
    front_end: str
    words: list[str]
    corpus: str
    corpus_hash: str
    steps: int
    seed: int
    recipe: str
    shares: list[Share]
    cost: Cost
    clips_checked: int
    tflite_bytes: int
    tflite_sha256: str
    recorded: bool = not_stored(False)
    sweep: str = not_stored("")

    def share(self, split: str, silence: str) -> Share:
        """Return one of the shares.

        Raises
        ------
        DataError
            If it was not measured.
        """
        for one in self.shares:
            if (one.split, one.silence) == (split, silence):
                return one
        raise DataError(f"run {self.run} has no measurement on {split} under {silence}")


@dataclass(frozen=True)
class SweepRecord:
    """A sweep: its points, the networks that were refused with the reason, and where it was made."""

    name: str
    points: list[Point]
    refused: dict[str, str]
    provenance: Provenance


def of_run(run: Run) -> Point | None:
    """Return a run as a point; None if its network was not deployed."""
    try:
        found = deployments.of_run(run)
    except DataError:
        return None
    training = to_plain(run.training)
    for name in ("seed", "best_step", "threads"):
        training.pop(name, None)
    return Point(
        run=run.run,
        preset=run.size,
        architecture=run.architecture,
        front_end=run.training.front_end,
        words=list(run.labels),
        corpus=run.corpus.name,
        corpus_hash=run.corpus.hash,
        steps=run.training.schedule.steps,
        seed=run.seed,
        recipe=repr(sorted(training.items())),
        shares=[_share(run, split, silence) for split in ("validation", "test") for silence in SILENCE_PROTOCOLS],
        cost=cost.of_deployment(run.architecture, found),
        clips_checked=found.deployment.clips_checked,
        tflite_bytes=run.network.tflite_bytes,
        tflite_sha256=run.network.tflite_sha256,
        recorded=run.recorded,
    )


def _share(run: Run, split: str, silence: str) -> Share:
    measured = run.measurement(FORM, split, silence)
    return Share(split, silence, measured.correct, measured.clips)


def checked_name(name: str) -> str:
    """Return the name of a sweep's record.

    Raises
    ------
    InputError
        If it cannot name a file; with the nearest name that can.
    """
    if NAME.fullmatch(name):
        return name
    near = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:64]
    shown = name if len(name) <= 64 else f"{name[:40]}… ({len(name)} characters)"
    raise InputError(
        f"'{shown}' cannot name a sweep: use up to 64 small letters, digits, '_' and '-'"
        + (f"; nearest: '{near}'" if near else "")
    )


def record(name: str, outcomes: Sequence[Outcome]) -> Path:
    """Keep the finished runs of a sweep in ``models/sweeps/NAME.json``; return that file.

    Raises
    ------
    DataError
        If no run has ended, or one was not deployed.
    """
    runs = [outcome.run for outcome in outcomes if outcome.run is not None]
    points = [(run.run, of_run(run)) for run in runs]
    lacking = [run for run, point in points if point is None]
    if lacking:
        raise DataError(f"not on GAP8 yet: {', '.join(lacking)}; run the sweep again")
    if not points:
        raise DataError("no run has ended")
    kept = SweepRecord(
        name=checked_name(name),
        points=[point for _, point in points if point is not None],
        refused={outcome.parameters.run: outcome.error for outcome in outcomes if outcome.run is None},
        provenance=provenance(),
    )
    path = models_dir() / FOLDER / f"{name}.json"
    write_record(path, kept, SCHEMA)
    return path


def recorded() -> list[SweepRecord]:
    """Read the sweeps that are kept with the project, by name.

    Raises
    ------
    DataError
        If one is damaged or of another version.
    """
    again = "run the sweep again"
    return [
        read_record(path, SweepRecord, SCHEMA, missing=again, again=again)
        for path in sorted((models_dir() / FOLDER).glob("*.json"))
    ]


def collect(runs: Iterable[Run]) -> list[Point]:
    """Return every point there is: those of runs, then those of recorded sweeps that no run has the name of."""
    found = {point.run: point for point in map(of_run, runs) if point is not None}
    for sweep in recorded():
        for point in sweep.points:
            found.setdefault(point.run, replace(point, recorded=True, sweep=sweep.name))
    return list(found.values())
