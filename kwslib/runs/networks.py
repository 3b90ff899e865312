"""The one door for the question "which network do you mean?": a preset, a run, a released network, or a file.

What is known of the network that is meant is put together by `kwslib.runs.known_network`; a caller may name its front
end and its labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kwslib.artifacts import file_sha256
from kwslib.config.front_end import KINDS
from kwslib.config.presets import SIZES, size_named
from kwslib.errors import DataError, InputError, ModelError, check_name
from kwslib.integer import network_file
from kwslib.integer.network_file import NetworkFile
from kwslib.paths import models_dir, results_dir
from kwslib.runs import records
from kwslib.runs.known_network import Network, describe_file, fitting_front_end
from kwslib.runs.records import METRICS
from kwslib.runs.run_record import Run

MODEL = "model.tflite"
DEFAULT_SIZE = "small"


def choose(
    model: Path | None = None,
    run: str | None = None,
    size: str | None = None,
    front_end: str | None = None,
    labels: Sequence[str] | None = None,
) -> Network:
    """Return the network that a command line or a notebook means.

    Parameters
    ----------
    model : Path, optional
        A ``.tflite`` file, or the folder of a network.
    run : str, optional
        Name of a run, fresh or recorded.
    size : str, optional
        The released network of this size; of `DEFAULT_SIZE` if nothing at all is named.
    front_end : str, optional
        Kind of the front end of a file, ``magnitude`` or ``power``; it overrides what the file says. ``integer``, for
        runs and sizes too: the integer form of what the network was trained behind.
    labels : sequence of str, optional
        Names of the classes, for a file that names none; they override those of the table of known files.

    Raises
    ------
    kwslib.errors.KwsError
        If more than one is named, there is none, it is damaged, or the labels are not as many as its classes.

    Examples
    --------
    >>> choose(size="small").label(2)
    'yes'
    """
    if "" in (run, size):
        raise InputError("the name of the run or size is empty")
    if sum(named is not None for named in (model, run, size)) > 1:
        raise InputError("a .tflite file, --run and --size each name a network: give one")
    if front_end not in (None, "integer") and model is None:
        raise InputError("--front-end goes with a .tflite file: a run knows its own, and takes integer alone")
    if model is not None:
        found = of_file(model / MODEL if model.is_dir() else model, front_end)
    else:
        found = of_run(run) if run is not None else released(size or DEFAULT_SIZE)
        found = found.with_integer_front_end() if front_end == "integer" else found
    if labels is None:
        return found
    if found.labels is not None and found.origin is None:
        raise InputError(f"{found.source} knows its labels: --labels is for a file that names none")
    return replace(found, labels=checked_labels(labels, found.graph.classes, found.source))


def checked_labels(labels: Sequence[str], classes: int, source: str) -> tuple[str, ...]:
    """Return the names of a network's classes.

    Raises
    ------
    InputError
        If they are not as many as its classes, one is empty, or one stands twice.
    """
    if len(labels) != classes:
        raise InputError(f"{len(labels)} labels are given; {source} has {classes} classes")
    for number, label in enumerate(labels, 1):
        if not label:
            raise InputError(f"label {number} is empty: give a name for each of the {classes} classes")
        if labels.index(label) + 1 < number:
            raise InputError(f"label '{label}' is given twice: each class needs a name of its own")
    return tuple(labels)


def released(size: str) -> Network:
    """Return the released network of a size.

    Raises
    ------
    InputError
        For an unknown size, with the nearest one.
    DataError
        If no network of that size is released.
    """
    folder = models_dir() / size_named(size).name
    if not (folder / METRICS).exists():
        raise DataError(f"no network of size {size} is released in {models_dir()}: name a run with --run, or a .tflite")
    return _of_record(records.load(folder, recorded=True))


def of_run(name: str) -> Network:
    """Return the network of a run, fresh or recorded; a released network also goes by its size.

    Raises
    ------
    DataError
        If there is no such run, or it has no network.
    """
    return _of_record(records.find(name))


def of_file(path: Path, front_end: str | None = None) -> Network:
    """Return the network in a ``.tflite`` file.

    Parameters
    ----------
    path : Path
    front_end : str, optional
        Kind of its front end, ``magnitude``, ``power`` or ``integer``; by default what the file or the record beside it
        says. ``integer`` is the integer form of what they say.

    Raises
    ------
    InputError, ModelError
        If the file cannot be read, or is no network of the family.
    DataError
        If the record beside the file is damaged.
    """
    if front_end is not None:
        check_name("front end", front_end, KINDS)
    opened = network_file.open_file(path)
    run = _record_beside(opened)
    if run is not None:
        opened = replace(opened, graph=replace(opened.graph, name=run.run))
    known = describe_file(opened, run, str(path))
    if front_end is None:
        return known
    if known.front_end is not None and not known.front_end_chosen:
        if front_end == "integer":
            return known.with_integer_front_end()
        return replace(known, front_end=replace(known.front_end, kind=front_end))
    return replace(known, front_end=fitting_front_end(opened.graph, front_end), front_end_chosen=False)


def _of_record(run: Run) -> Network:
    path = run.folder / MODEL
    if not path.exists():
        raise DataError(f"run {run.run} has no {MODEL}; run it again")
    is_release = run.recorded and run.folder.name in SIZES
    source = f"released network {run.folder.name}, run {run.run}" if is_release else f"run {run.run}"
    source += ", recorded" if run.recorded and not is_release else ""
    opened = network_file.open_file(path, run.run)
    if opened.sha256 != run.network.tflite_sha256:
        raise ModelError(f"{path} is not the network that {METRICS} beside it describes; run or fetch it again")
    return describe_file(opened, run, source)


def _record_beside(opened: NetworkFile) -> Run | None:
    """The record in a file's folder, if it is the record of this very file."""
    if not (opened.path.parent / METRICS).exists():
        return None
    run = records.load(opened.path.parent)
    return run if run.network.tflite_sha256 == opened.sha256 else None


def pretrained_path(name: str) -> Path:
    """The ``.tflite`` of the network that a recipe learns from, or starts from.

    It is the released network of a size, or that of a recorded run; else that of a fresh run.

    Raises
    ------
    InputError
        If no network of that size is released, and there is no run of that name.
    DataError
        If the fresh run has not ended, or a record is damaged.
    """
    run = records.find_recorded(name)
    path = (run.folder if run else results_dir() / name) / MODEL
    if not path.exists():
        raise InputError(
            f"the recipe needs the network '{name}', and there is no such release, nor such a finished run"
        )
    if not run:
        records.load(path.parent)  # which says so if the run has not ended
    return path


def pretrained_sha256(name: str) -> str:
    """SHA-256 of that file, hexadecimal; empty for a recipe that names none."""
    return file_sha256(pretrained_path(name)) if name else ""
