"""Parameter grids: many runs, here or on a Dask cluster, and one table that ranks them by validation alone."""

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from kwslib.errors import InputError, KwsError
from kwslib.paths import atomic_path, atomic_write_bytes, atomic_write_text, cache_dir, results_dir
from kwslib.runs import cluster, execution, records
from kwslib.runs.claim import claim
from kwslib.runs.declaration import LISTS, parse, positive
from kwslib.runs.parameters import Parameters, check, check_all
from kwslib.runs.ranking import DONE, FAILED, KEPT, LEFT, Outcome, summary_csv

SUMMARY = "sweep.csv"


class SweepFailed(KwsError):
    """At least one run of a sweep failed."""


@dataclass(frozen=True)
class _Answer:
    """What a worker sends back.

    Attributes
    ----------
    error : str
        Text of the error; empty after a success.
    failed_notebook : bytes or None
        The notebook of a run that failed elsewhere.
    files : dict
        Files of a run that was made elsewhere, by their path in the run folder.
    """

    error: str = ""
    failed_notebook: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)


def read_grid(words: Sequence[str]) -> list[dict[str, Any]]:
    """Read a grid such as ``["size=small,medium", "seed=1,2,3"]``.

    Values with commas of their own, such as lists of words, have semicolons between them:
    ``["words=yes,no;up,down"]``.

    Returns
    -------
    list of dict
        Parameters of every run: all combinations, the last name varying fastest.

    Raises
    ------
    InputError
        If a word is not ``name=value,value``, a name is unknown or given twice, or a value is of another type.
    """
    if not words:
        raise InputError("the grid is empty: give at least one NAME=VALUE,VALUE, such as size=small,medium")
    axes: dict[str, list[Any]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not values or "" in _split(name, values):
            raise InputError(f"'{word}' is no part of a grid: give NAME=VALUE,VALUE, such as seed=1,2,3")
        if name in axes:
            raise InputError(f"parameter {name} is in the grid twice: give all its values in one place")
        axes[name] = [positive(name, parse(name, value)) for value in _split(name, values)]
        if len(set(axes[name])) < len(axes[name]):
            raise InputError(f"'{word}' has a value twice")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _split(name: str, values: str) -> list[str]:
    """The values of an axis. Those of a list have commas of their own, so that semicolons stand between them."""
    if ";" in values:
        return [value.strip() for value in values.rstrip(";").split(";")]
    return [values] if name in LISTS else values.split(",")


def run_grid(
    grid: Sequence[dict[str, Any]],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    keep_going: bool = False,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> list[Outcome]:
    """Make every run of a grid that is not there with the same inputs, and write ``sweep.csv``.

    Parameters
    ----------
    grid : sequence of dict
        Parameters of the runs; all are checked before anything starts.
    scheduler : str, optional
        Address of a Dask scheduler; its workers need this package. Otherwise processes of this machine.
    workers : int, optional
        Processes of this machine; by default one for every two cores.
    keep_going : bool
        Go on after a run that failed.
    force : bool
        Make the runs that are there again.
    say : callable
        Gets a line for each run.

    Returns
    -------
    list of Outcome
        In the order of the grid.

    Raises
    ------
    InputError
        If a parameter is wrong, two runs have one name, or there is no scheduler at the address.
    DataError
        If a corpus is not what it should be.
    """
    chosen = check_all(list(grid))
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}: give at least 1")
    base = results_dir().absolute()
    outcomes: dict[str, Outcome] = {}
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(cluster.connect(scheduler)) if scheduler else None
        hashes = _corpora(chosen, client)
        todo = []
        for one in chosen:
            found = None if force else execution.up_to_date(one, hashes[execution.corpus_of(one)], base / one.run)
            outcomes[one.run] = Outcome(one, KEPT if found else LEFT, found)
            if found:
                say(f"{one.run}: {KEPT}")
            else:
                todo.append(one)
        if todo and client is None:
            client = stack.enter_context(cluster.start(min(workers or max(1, (os.cpu_count() or 1) // 2), len(todo))))
        for outcome in _outcomes(client, todo, base, bool(scheduler), force, keep_going) if todo else ():
            outcomes[outcome.parameters.run] = outcome
            say(f"{outcome.parameters.run}: {outcome.state}" + (f": {outcome.error}" if outcome.error else ""))
    finished = [outcomes[one.run] for one in chosen]
    atomic_write_text(base / SUMMARY, summary_csv(finished))
    return finished


def _corpora(chosen: Sequence[Parameters], client: Any) -> dict[tuple[str, str, tuple[str, ...], int], str]:
    """Manifest hashes, found where the runs will be made; generates or checks each corpus once, not in every run."""
    hashes = {}
    for one in chosen:
        key = execution.corpus_of(one)
        if key not in hashes:
            hashes[key] = (
                client.submit(execution.corpus_hash, *key, pure=False).result()
                if client
                else execution.corpus_hash(*key)
            )
    return hashes


def _outcomes(
    client: Any, todo: Sequence[Parameters], base: Path, remote: bool, force: bool, keep_going: bool
) -> Iterator[Outcome]:
    from distributed import as_completed

    futures = {
        client.submit(
            _run_in_worker, one.given, None if remote else base, force, key=f"kws-{one.run}-{one.key[:12]}", pure=False
        ): one
        for one in todo
    }
    for future in as_completed(futures):
        outcome = _outcome(futures[future], future, base, remote)
        yield outcome
        if outcome.state == FAILED and not keep_going:
            client.cancel([one for one in futures if not one.done()])
            return


def _outcome(one: Parameters, future: Any, base: Path, remote: bool) -> Outcome:
    try:
        answer: _Answer = future.result()
    except Exception as error:  # a killed worker, or whatever went wrong on it
        return Outcome(one, FAILED, error=f"its process ended ({type(error).__name__}: {error})")
    if answer.failed_notebook is not None:
        atomic_write_bytes(execution.failed_notebook(base, one.run), answer.failed_notebook)
    if answer.error:
        return Outcome(one, FAILED, error=answer.error)
    if remote:
        with claim(base / one.run):
            _write(base / one.run, answer.files)
    return Outcome(one, DONE, records.load(base / one.run))


def _write(folder: Path, files: dict[str, bytes]) -> None:
    with atomic_path(folder) as temporary:
        for name, data in files.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(data)


class _Named:
    """Text written to standard output with the run's name before each line: several runs print at a time."""

    def __init__(self, name: str) -> None:
        self.name, self.rest = name, ""

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            sys.stdout.write(f"{self.name} │ {line}\n")
        return len(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _run_in_worker(parameters: dict[str, Any], base: Path | None, force: bool) -> _Answer:
    """Make a run in a worker. Without `base` it works below the worker's own cache and sends the files back."""
    remote = base is None
    base = base or (cache_dir() / "cluster").absolute()
    name = check(**parameters).run
    stream: TextIO = _Named(name)  # type: ignore[assignment]
    try:
        execution.make_run(parameters, base=base, force=force, stream=stream)
    except KwsError as error:
        failed = execution.failed_notebook(base, name)
        return _Answer(str(error), failed.read_bytes() if remote and failed.exists() else None)
    if not remote:
        return _Answer()
    folder = base / name
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "training" not in path.parts]
    return _Answer(files={path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def require_success(outcomes: Sequence[Outcome]) -> None:
    """Raise SweepFailed if a run failed, with the names."""
    failed = [outcome.parameters.run for outcome in outcomes if outcome.state == FAILED]
    left = sum(outcome.state == LEFT for outcome in outcomes)
    if failed:
        rest = f"; {left} not run (--keep-going goes on after a failure)" if left else ""
        raise SweepFailed(f"{len(failed)} of {len(outcomes)} runs failed: {', '.join(failed)}{rest}")
