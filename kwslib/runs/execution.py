"""One run: the notebook executed in a place apart, and its folder put among the results when it is whole.

Below the results folder, ``.partial/<run>/<key>/`` is where a run works: a killed one goes on there from its last
checkpoint, one with other inputs begins anew beside it, and what was complete before stays until then.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from kwslib import __version__
from kwslib.artifacts import to_plain
from kwslib.errors import DataError, InputError, KwsError
from kwslib.paths import book_dir, results_dir
from kwslib.runs import deployments, notebook, records
from kwslib.runs.parameters import FAILED, TEMPLATE, Parameters, check, declared
from kwslib.runs.records import Run
from kwslib.speech import open_corpus

PARTIAL = ".partial"
PATIENCE_S = 5.0
"""A process that is killed may take a moment to end, and its notebook with it."""


class RunBusy(InputError):
    """Another process is writing this run folder."""


def corpus_hash(corpus: str, data: str) -> str:
    """Open a corpus, generating the synthetic one if need be, and return its manifest's hash."""
    return open_corpus(corpus, data or None).manifest["hash"]


def up_to_date(chosen: Parameters, corpus: str, folder: Path) -> Run | None:
    """Return the run that is there already, made from the same inputs, or None.

    Parameters
    ----------
    chosen : Parameters
    corpus : str
        Hash of the corpus manifest.
    folder : Path
        The run folder.
    """
    try:
        run = records.load(folder)
    except DataError:
        return None
    same = (
        {**to_plain(run.training), **chosen.config} == to_plain(run.training)
        and run.corpus.hash == corpus
        and run.provenance.kwslib == __version__
        and (folder / TEMPLATE).exists()
    )
    return run if same else None


@contextlib.contextmanager
def claim(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Keep other processes from writing a run folder; the operating system lets go when this one ends.

    Raises
    ------
    RunBusy
        If another process has claimed it and keeps it for `patience_s` seconds, with its number.
    """
    path = folder.parent / ".locks" / f"{folder.name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise KwsError(f"cannot write {path}: {error.strerror}; choose another folder with KWS_RESULTS") from error
    with file:
        end_s = time.monotonic() + patience_s
        while not _locked(file):
            if time.monotonic() > end_s:
                file.seek(0)
                owner = file.read().strip() or "another process"
                raise RunBusy(
                    f"{folder} is being written by {owner}: wait for it to end, or give this run another name (run)"
                )
            time.sleep(0.1)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}\n")
        file.flush()
        yield
        file.truncate(0)


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def execute(
    parameters: Mapping[str, Any],
    *,
    base: Path | None = None,
    force: bool = False,
    stream: TextIO | None = None,
) -> Run:
    """Execute one run, or return the one that is there with the same inputs; then deploy its network on GAP8.

    A network that is trained stays where it is if its deployment fails, and the next call tries that again alone.

    Parameters
    ----------
    parameters : mapping
        The notebook's parameters.
    base : Path, optional
        The results folder; `paths.results_dir` by default.
    force : bool
        Begin anew even if the run is there or half done.
    stream : TextIO, optional
        Gets what the notebook prints.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If a parameter is wrong, or another process is writing this run.
    DataError
        If the corpus is not what it should be.
    NotebookError
        If a cell fails; the notebook with its error is kept under ``failed``.
    """
    chosen = check(**parameters)
    base = (base or results_dir()).absolute()
    corpus = corpus_hash(chosen.corpus, chosen.data)
    with claim(base / chosen.run):
        found = None if force else up_to_date(chosen, corpus, base / chosen.run)
        found = found or _execute(chosen, corpus, base, force, stream)
        if (book_dir() / deployments.TEMPLATE).exists() and not deployed(found):
            _deploy(chosen, found, base, stream)
        return found


def _execute(chosen: Parameters, corpus: str, base: Path, force: bool, stream: TextIO | None) -> Run:
    partial = base / PARTIAL / chosen.run
    folder = staging(chosen, corpus, base)
    failed = failed_notebook(base, chosen.run)
    target = base / chosen.run
    try:
        if force:
            shutil.rmtree(partial, ignore_errors=True)
        resumed = folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            notebook.execute(
                book_dir() / TEMPLATE,
                folder / TEMPLATE,
                chosen.given,
                folder=book_dir(),
                log=folder.parent / "kernel.log",
                variables={"KWS_RESULTS": str(folder.parent)},
                title=chosen.run,
                stream=stream,
            )
        except notebook.NotebookError as error:
            where = ""
            if (folder / TEMPLATE).exists():
                failed.parent.mkdir(exist_ok=True)
                (folder / TEMPLATE).replace(failed)
                where = f"\n  its notebook: {failed}"
            advice = "\n  it went on from a run that was broken off; --force begins anew" if resumed else ""
            raise notebook.NotebookError(f"run {chosen.run} failed: {error}{where}{advice}") from error
        records.load(folder)
        _put(folder, target, partial / "replaced")
    except OSError as error:
        raise KwsError(f"cannot write {target}: {error.strerror}; free space or set KWS_RESULTS") from error
    failed.unlink(missing_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    return records.load(target)


def deployed(run: Run) -> bool:
    """Whether a run's own folder has what ``gap8.ipynb`` would make of its network again, and that notebook."""
    defaults = declared(deployments.TEMPLATE)
    made = deployments.up_to_date(run, defaults["platform"].default, defaults["clips"].default)
    return made and (run.folder / deployments.TEMPLATE).exists()


def _deploy(chosen: Parameters, run: Run, base: Path, stream: TextIO | None) -> None:
    """Execute the notebook that builds, runs and checks the network on GAP8, and puts its figures into the run."""
    name = f"{run.run}.gap8"
    partial, failed = base / PARTIAL / name, failed_notebook(base, name)
    output = partial / deployments.TEMPLATE
    given = {"size": run.size, "run": run.run, "corpus": chosen.corpus}
    if chosen.data:
        given["data"] = chosen.data
    try:
        partial.mkdir(parents=True, exist_ok=True)
        try:
            notebook.execute(
                book_dir() / deployments.TEMPLATE,
                output,
                given,
                folder=book_dir(),
                log=partial / "kernel.log",
                variables={"KWS_RESULTS": str(base)},
                title=run.run,
                stream=stream,
            )
        except notebook.NotebookError as error:
            where = ""
            if output.exists():
                failed.parent.mkdir(exist_ok=True)
                output.replace(failed)
                where = f"\n  its notebook: {failed}"
            raise notebook.NotebookError(f"run {run.run} is trained, but not on GAP8: {error}{where}") from error
        output.replace(run.folder / deployments.TEMPLATE)
    except OSError as error:
        raise KwsError(f"cannot write {run.folder}: {error.strerror}; free space or set KWS_RESULTS") from error
    failed.unlink(missing_ok=True)
    shutil.rmtree(partial, ignore_errors=True)


def staging(chosen: Parameters, corpus: str, base: Path) -> Path:
    """Where a run works until it is whole: another folder for other inputs, so that no checkpoint is mistaken."""
    inputs = hashlib.sha256(f"{chosen.key} {corpus} {__version__}".encode()).hexdigest()[:16]
    return base / PARTIAL / chosen.run / inputs / chosen.run


def failed_notebook(base: Path, run: str) -> Path:
    """Where the notebook of a run that failed is kept, with the error in it."""
    return base / FAILED / f"{run}.ipynb"


def _put(folder: Path, target: Path, replaced: Path) -> None:
    """Move a finished folder to its place. A kill between the two steps loses nothing that cannot be moved again."""
    if target.exists():
        shutil.rmtree(replaced, ignore_errors=True)
        target.rename(replaced)
    folder.rename(target)
