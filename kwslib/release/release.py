"""A release: a finished run in ``models/<size>/`` with its card, written whole or not at all.

Beside the files of every recorded run, a release may hold ``robustness/``, ``seeds.json`` (the runs of the same recipe
with other seeds that it was chosen from), ``replaced/`` (what was measured of the network before it) and ``card.json``
(what only a person can say of the data). ``README.md`` is
the card; `kwslib.release.card` makes it from these files. A released network that its successor started from stays, as
a recorded run.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from kwslib.artifacts import write_record
from kwslib.errors import DataError, InputError
from kwslib.paths import atomic_path, atomic_write_text, models_dir, results_dir
from kwslib.release import card, crate, seeds
from kwslib.runs import archive, records
from kwslib.runs.networks import MODEL
from kwslib.runs.records import METRICS, REPLACED, ROBUSTNESS, STREAMING
from kwslib.runs.run_record import Run

CORPUS = "speech_commands"
STUDIES = (ROBUSTNESS, STREAMING)


def released(size: str) -> Run | None:
    """Return the run whose network is released for a size, or None if there is none."""
    folder = models_dir() / size
    return records.load(folder, recorded=True) if (folder / METRICS).exists() else None


def publish(name: str, siblings: Sequence[str] = (), note: str = "") -> Path:
    """Put a fresh run into ``models/<size>/``, replacing the release of that size.

    Parameters
    ----------
    name : str
        Name of a run in `paths.results_dir`.
    siblings : sequence of str
        Runs of the same recipe with other seeds, fresh or recorded.
    note : str
        What the card says of the data beside the counts, such as where it differs from Google's download.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If a run has not ended, or is not whole.
    InputError
        If it was not trained on Speech Commands, its teacher or its start is not the recorded one, or a sibling has
        another recipe or a better validation accuracy.
    """
    source = results_dir() / name
    run = records.load(source)
    if run.corpus.name != CORPUS:
        raise InputError(f"run {name} was made on {run.corpus.name}: only networks of {CORPUS} are released")
    if not run.same_task:
        raise InputError(f"run {name} is not the network {run.size} on its words: only the presets are released")
    _check_bases(run)
    files = archive.kept(source)
    check_network(source / MODEL, run)
    compared = seeds.compare(run, siblings)
    target = models_dir() / run.size
    with atomic_path(target) as temporary:
        archive.copy(files, source, temporary)
        if len(compared.runs) > 1:
            seeds.write(compared, temporary)
        _keep_replaced(target, run, temporary)
        if note.strip():
            write_record(temporary / card.NOTE, card.Note(note.strip()), card.SCHEMA)
        atomic_write_text(temporary / card.CARD, card.card(temporary))
        crate.write(temporary)
        _keep_start(target, run)
    return target


def _check_bases(run: Run) -> None:
    """Refuse a network whose teacher, or whose start, nobody else has."""
    used = {"teacher": run.training.teacher_sha256, "start": run.training.start_sha256}
    for base, sha256 in used.items():
        name = str(run.training.recipe.get(base, ""))
        if not name:
            continue
        recorded = records.find_recorded(name)
        if recorded is None:
            raise InputError(f"the {base} of run {run.run} is {name}, which is not recorded: first 'kws record {name}'")
        if recorded.network.tflite_sha256 != sha256:
            raise InputError(
                f"the {base} of run {run.run} is {name}, and the network that is recorded under this name is another: "
                f"record the one that was used, or train {run.run} again"
            )


def _keep_start(old: Path, run: Run) -> None:
    """Keep the released network as a recorded run if its successor started from it: else nobody could train that."""
    before = released(run.size)
    if before is None or before.network.tflite_sha256 != run.training.start_sha256:
        return
    files = [name for name in archive.kept(old) if name not in STUDIES]  # which `REPLACED` has
    with atomic_path(models_dir() / before.run) as temporary:
        archive.copy(files, old, temporary)
        crate.write(temporary)


def _keep_replaced(old: Path, run: Run, new: Path) -> None:
    """Copy what was measured of the network that a release replaces into the new release."""
    before = released(run.size)
    if before is None:
        return
    same = before.network.tflite_sha256 == run.network.tflite_sha256
    if same and (old / REPLACED).is_dir():
        shutil.copytree(old / REPLACED, new / REPLACED)
    for folder in STUDIES:
        if not same and (old / folder).is_dir():
            shutil.copytree(old / folder, new / REPLACED / folder)


def check_network(path: Path, run: Run) -> bytes:
    """Return the content of a .tflite file after checking that it is the network of a run.

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
