"""A release: a finished run put into ``models/<size>/`` with its card, whole or not at all.

Beside what every recorded run has, a release may hold ``robustness/``, ``seeds.json`` (the runs of the same recipe with
other seeds that it was chosen from) and ``card.json`` (what only a person can say of the data). ``README.md`` is
the card, made from these by `kwslib.release.card`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kwslib.artifacts import to_plain
from kwslib.config.presets import SIZES
from kwslib.errors import DataError, InputError
from kwslib.paths import atomic_path, atomic_write_text, models_dir, results_dir, write_json
from kwslib.release import card
from kwslib.runs import records
from kwslib.runs.records import METRICS, Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

CORPUS = "speech_commands"
CHOSEN_BY = "noise-silence"
"""The silence protocol under which training keeps the best step, and under which the best seed is chosen."""


def released(size: str) -> Run | None:
    """The released network of a size, or None as long as there is none."""
    folder = models_dir() / size
    return records.load(folder, recorded=True) if (folder / METRICS).exists() else None


def all_released() -> list[Run]:
    """The released networks that are there, smallest first."""
    return [run for run in map(released, SIZES) if run]


def publish(name: str, seeds: Sequence[str] = (), note: str = "") -> Path:
    """Put a fresh run into ``models/<size>/``, replacing the release of that size.

    Parameters
    ----------
    name : str
        Name of a run in `paths.results_dir`.
    seeds : sequence of str
        Runs of the same recipe with other seeds, fresh or recorded.
    note : str
        What the card says of the data beside the counts: where it differs from Google's download.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If a run has not ended, or is not whole.
    InputError
        If it was not trained on Speech Commands, or a sibling has another recipe or a better validation accuracy.
    """
    source = results_dir() / name
    run = records.load(source)
    if run.corpus.name != CORPUS:
        raise InputError(f"run {name} was made on {run.corpus.name}: only networks of {CORPUS} are released")
    files = records.kept(source)
    check_network(source / "model.tflite", run)
    rows = _seeds(run, seeds)
    target = models_dir() / run.size
    with atomic_path(target) as temporary:
        records.copy(files, source, temporary)
        if len(rows) > 1:
            write_json(temporary / card.SEEDS, {"schema": card.SCHEMA, "chosen_by": CHOSEN_BY, "runs": rows})
        if note.strip():
            write_json(temporary / card.NOTE, {"schema": card.SCHEMA, "data_note": note.strip()})
        atomic_write_text(temporary / card.CARD, card.card(temporary))
    return target


def check_network(path: Path, run: Run) -> bytes:
    """Return a .tflite file that is the one a run speaks of.

    Raises
    ------
    DataError
        If it is missing, or its SHA-256 is not the recorded one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); fetch the release again, or train the run") from error
    digest, recorded = hashlib.sha256(data).hexdigest(), run.network.tflite_sha256
    if digest != recorded:
        raise DataError(
            f"{path} is not the network that {METRICS} describes: its SHA-256 is {digest[:12]}…, recorded is "
            f"{recorded[:12]}…; it was damaged or changed, fetch it again"
        )
    return data


def _seeds(run: Run, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row a seed, the released one first."""
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
    return [_baseline_row(one) for one in siblings]


def recipe(run: Run) -> dict[str, Any]:
    """What decided a training; the seed, what came out and the order of floating-point sums left out."""
    left_out = ("seed", "best_step", "threads")
    return {key: value for key, value in to_plain(run.training).items() if key not in left_out}


def _baseline_row(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = {"run": run.run, "seed": run.seed, "tflite_sha256": run.network.tflite_sha256}
    for split in ("validation", "test"):
        for silence in SILENCE_PROTOCOLS:
            found = run.measurement("tflite", split, silence)
            row[f"{split}, {silence}"] = {name: getattr(found, name) for name in ("clips", "correct", "accuracy")}
    return row
