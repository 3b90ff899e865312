"""One run: its notebooks are executed in a folder apart, which moves to the results when it is complete.

A run works in ``.partial/<run>/<key>/`` of the results folder. A killed run goes on there from its last checkpoint; a
run with other inputs starts from the beginning beside it. A complete run of that name stays until it is replaced.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from kwslib import __version__, seals
from kwslib.artifacts import to_plain
from kwslib.config.schedule import BATCH_CLIPS
from kwslib.config.words import KEYWORDS, UNKNOWN
from kwslib.errors import DataError, InputError, KwsError, ModelError
from kwslib.paths import book_dir, results_dir
from kwslib.runs import cost, deployments, mistakes, notebook, records
from kwslib.runs.claim import claim
from kwslib.runs.networks import MODEL
from kwslib.runs.parameters import FAILED, TEMPLATE, Parameters, check, declared
from kwslib.runs.run_record import Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import SPLITS, Corpus
from kwslib.speech.speech_commands import MAIN_FOLDER

PARTIAL = ".partial"
KERNEL_LOG = "kernel.log"


def corpus_hash(corpus: str, data: str = "", words: Sequence[str] = KEYWORDS, batch_clips: int = BATCH_CLIPS) -> str:
    """Open a corpus, generating the synthetic one if need be, and return its manifest's hash.

    Raises
    ------
    DataError
        If the corpus is not what it should be, or has no word to train with, to choose by or to test with.
    InputError
        If it has fewer training clips than a batch, which would only come out when the training begins.
    """
    opened = open_corpus(corpus, data or None, words)
    manifest = opened.manifest
    _require_splits(opened)
    clips = sum(manifest["splits"]["train"].values())
    if 0 < clips < batch_clips:
        raise InputError(
            f"the corpus has {clips} training clips, a batch needs {batch_clips}: give batch_clips of at most {clips}"
        )
    return manifest["hash"]


def _require_splits(opened: Corpus) -> None:
    """Refuse a corpus that lacks the words in a split, which would only come out when the training has ended."""
    words = opened.labels[UNKNOWN + 1 :]
    splits = opened.manifest["splits"]
    lacking = [split for split in SPLITS if not any(splits.get(split, {}).get(word) for word in words)]
    if not lacking:
        return
    folder = Path(opened.folder) / MAIN_FOLDER
    anew = f"; or name {folder} with --data, whose clips are then divided anew" if folder.is_dir() else ""
    raise DataError(
        f"{opened.folder} has no {' and no '.join(lacking)} clips of {', '.join(words[:5])}: get the whole corpus with "
        f"kws data fetch{anew}"
    )


def corpus_of(chosen: Parameters) -> tuple[str, str, tuple[str, ...], int]:
    """The arguments of `corpus_hash` for a run."""
    return chosen.corpus, chosen.data, chosen.words, chosen.batch_clips


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
    made_from = to_plain(run.training)
    del made_from["best_step"]
    same = (
        made_from == chosen.config
        and run.corpus.hash == corpus
        and run.provenance.kwslib == __version__
        and notebook.is_intact(folder / TEMPLATE)
        and seals.matches(folder / MODEL, run.network.tflite_sha256)
        and _shown_is_intact(run, folder)
    )
    return run if same else None


def _shown_is_intact(run: Run, folder: Path) -> bool:
    """Whether what the pages show beside the record is as written; what was spoiled is named on standard error."""
    history = folder / records.HISTORY
    if run.history_sha256 and not seals.matches(history, run.history_sha256):
        seals.spoiled(history)
        return False
    try:
        mistakes.read(folder / mistakes.FOLDER)
    except DataError:
        seals.spoiled(folder / mistakes.FOLDER)
        return False
    return True


def finished(chosen: Parameters, corpus: str, folder: Path) -> Run | None:
    """Return the run that `make_run` would leave as it is: trained from the same inputs, and deployed; or None.

    Parameters
    ----------
    chosen, corpus, folder
        As for `up_to_date`.
    """
    found = up_to_date(chosen, corpus, folder)
    return found if found and not (deploys() and not deployed(found)) else None


def make_run(
    parameters: Mapping[str, Any],
    *,
    base: Path | None = None,
    force: bool = False,
    stream: TextIO | None = None,
) -> Run:
    """Train one network and deploy it on GAP8 with the book's notebooks, unless it is there with the same inputs.

    A trained network stays where it is if its deployment fails; the next call tries the deployment alone.

    Parameters
    ----------
    parameters : mapping
        The notebook's parameters.
    base : Path, optional
        The results folder; `paths.results_dir` by default.
    force : bool
        Train from the beginning even if the run is there or half done.
    stream : TextIO, optional
        Gets what the notebooks print.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If a parameter is wrong, GAP8 cannot hold the network, or another process is writing this run.
    DataError
        If the corpus is not what it should be.
    NotebookError
        If a cell fails; the notebook with its error is kept under ``failed``.
    """
    chosen = check(**parameters)
    base = (base or results_dir()).absolute()
    corpus = corpus_hash(*corpus_of(chosen))
    if deploys():
        require_fit(chosen)
    with claim(base / chosen.run):
        found = None if force else up_to_date(chosen, corpus, base / chosen.run)
        found = found or _train(chosen, corpus, base, force, stream)
        if deploys() and not deployed(found):
            _deploy(chosen, found, base, stream)
        return found


def _train(chosen: Parameters, corpus: str, base: Path, force: bool, stream: TextIO | None) -> Run:
    """Execute the notebook that trains, and put its folder in place."""
    partial, target = base / PARTIAL / chosen.run, base / chosen.run
    folder = staging(chosen, corpus, base)
    with writing(target):
        if force:
            shutil.rmtree(partial, ignore_errors=True)
        resumed = folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        notebook.execute_or_set_aside(
            TEMPLATE,
            folder / TEMPLATE,
            chosen.given,
            results=folder.parent,
            log=folder.parent / KERNEL_LOG,
            title=chosen.run,
            failed=failed_notebook(base, chosen.run),
            failure=f"run {chosen.run} failed",
            advice="it went on from a run that was broken off; --force starts from the beginning" if resumed else "",
            stream=stream,
        )
        records.load(folder)
        _put(folder, target, partial / "replaced")
    shutil.rmtree(partial, ignore_errors=True)
    return records.load(target)


def deploys() -> bool:
    """Whether runs of this project are deployed on GAP8 after their training."""
    return (book_dir() / deployments.TEMPLATE).exists()


def require_fit(chosen: Parameters) -> None:
    """Refuse a network that GAP8 cannot hold, before it is trained.

    Raises
    ------
    InputError
        With the layer, the memory and the bytes that it lacks.
    """
    try:
        cost.forecast(chosen.size, chosen.front_end)
    except ModelError as error:
        raise InputError(f"{chosen.run} cannot run on GAP8: {error}") from error


def deployed(run: Run) -> bool:
    """Whether a run's folder has ``gap8.ipynb``, and the deployment that this notebook would make."""
    defaults = declared(deployments.TEMPLATE)
    made = deployments.up_to_date(run, defaults["platform"].default, defaults["clips"].default)
    return made and notebook.is_intact(run.folder / deployments.TEMPLATE)


def _deploy(chosen: Parameters, run: Run, base: Path, stream: TextIO | None) -> None:
    """Execute the notebook that builds, runs and checks the network on GAP8, and puts its figures into the run."""
    name = f"{run.run}.gap8"
    partial = base / PARTIAL / name
    output = partial / deployments.TEMPLATE
    given = {"size": run.size, "run": run.run, "corpus": chosen.corpus}
    if chosen.data:
        given["data"] = chosen.data
    with writing(run.folder):
        partial.mkdir(parents=True, exist_ok=True)
        notebook.execute_or_set_aside(
            deployments.TEMPLATE,
            output,
            given,
            results=base,
            log=partial / KERNEL_LOG,
            title=run.run,
            failed=failed_notebook(base, name),
            failure=f"run {run.run} is trained, but not on GAP8",
            stream=stream,
        )
        output.replace(run.folder / deployments.TEMPLATE)
    shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn an error of the operating system into one that names the results folder that could not be written.

    Raises
    ------
    KwsError
    """
    try:
        yield
    except OSError as error:
        raise KwsError(f"cannot write {folder}: {error.strerror}; free space or set KWS_RESULTS") from error


def staging(chosen: Parameters, corpus: str, base: Path) -> Path:
    """Where a run works until it is complete: one folder for each set of inputs, so that no checkpoint is mixed up."""
    inputs = hashlib.sha256(f"{chosen.key} {corpus} {__version__}".encode()).hexdigest()[:16]
    return base / PARTIAL / chosen.run / inputs / chosen.run


def failed_notebook(base: Path, run: str) -> Path:
    """Where the notebook of a failed run is kept, with the error in it."""
    return base / FAILED / f"{run}.ipynb"


def _put(folder: Path, target: Path, replaced: Path) -> None:
    """Move a finished folder to its place. After a kill between the two steps, both folders are still there."""
    if target.exists():
        shutil.rmtree(replaced, ignore_errors=True)
        target.rename(replaced)
    folder.rename(target)
