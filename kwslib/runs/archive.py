"""The archive of recorded runs: what of a fresh run is kept in ``models/``, where it travels with the project."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from kwslib.errors import DataError
from kwslib.paths import atomic_path, models_dir, results_dir
from kwslib.runs.records import GAP8, METRICS, OWN_WORDS, ROBUSTNESS, STREAMING, find, load

RECORDED_FILES = (METRICS, "accuracy.csv", "history.csv", "model.tflite", "mistakes")
OPTIONAL = (GAP8, ROBUSTNESS, STREAMING, OWN_WORDS)


def record(name: str) -> Path:
    """Copy a fresh run, its checkpoints and notebooks left out, to where recorded ones travel with the project.

    Where only figures on GAP8, of robustness, of streams or of own phrases are fresh, of a network that is recorded
    already, they are copied alone.

    Parameters
    ----------
    name : str
        Name of a run in `paths.results_dir`; of a released network, its run or its size.

    Returns
    -------
    Path
        Its folder in `paths.models_dir`, replaced if it was there.

    Raises
    ------
    DataError
        If there is no such run, or it is not whole.
    """
    source, target = results_dir() / name, models_dir() / name
    optional = [folder for folder in OPTIONAL if (source / folder).is_dir()]
    if not (source / METRICS).exists() and optional:
        target = find(name).folder  # a release lies in a folder that is called as its size
        for folder in optional:
            with atomic_path(target / folder) as temporary:
                shutil.copytree(source / folder, temporary)
        return target
    load(source)
    files = kept(source)
    with atomic_path(target) as temporary:
        copy(files, source, temporary)
    return target


def kept(source: Path) -> list[str]:
    """Names of what is kept of a run: `RECORDED_FILES`, and of `OPTIONAL` what is there.

    Raises
    ------
    DataError
        If the run is not whole.
    """
    missing = [file for file in RECORDED_FILES if not (source / file).exists()]
    if missing:
        raise DataError(f"{source} lacks {', '.join(missing)}; run it again")
    return [*RECORDED_FILES, *(folder for folder in OPTIONAL if (source / folder).is_dir())]


def copy(files: Iterable[str], source: Path, target: Path) -> None:
    """Copy files and folders of one folder into a new one."""
    target.mkdir()
    for file in files:
        copy_one = shutil.copytree if (source / file).is_dir() else shutil.copyfile
        copy_one(source / file, target / file)
