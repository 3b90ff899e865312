"""Many runs, here or on a Dask cluster: what cannot meet the budget is refused before, and validation alone ranks."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kwslib.errors import InputError, KwsError
from kwslib.paths import atomic_write_text, results_dir
from kwslib.runs import budget, cluster, execution, front, progress, worker
from kwslib.runs.parameters import Parameters, check_all
from kwslib.runs.ranking import FAILED, KEPT, LEFT, REFUSED, Outcome, summary_csv

SUMMARY = "sweep.csv"
CorpusKey = tuple[str, str, tuple[str, ...], int]


class SweepFailed(KwsError):
    """At least one run of a sweep failed."""


class Runner:
    """Makes runs that are not there with the same inputs; use it in a ``with`` statement.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler; its workers need this package. Otherwise processes of this machine.
    workers : int, optional
        Processes of this machine; by default one for every two cores, or for every core where runs take one thread.
    keep_going : bool
        Go on after a run that failed.
    force : bool
        Make the runs that are there again.
    limits : mapping, optional
        The budget, `kwslib.runs.budget`; what cannot meet it is not trained.
    say : callable
        Gets a line for each run, and now and then one about the whole.

    Raises
    ------
    InputError
        If workers is less than 1, or there is no scheduler at the address.
    """

    def __init__(
        self,
        *,
        scheduler: str | None = None,
        workers: int | None = None,
        keep_going: bool = False,
        force: bool = False,
        limits: Mapping[str, float] | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        if workers is not None and workers < 1:
            raise InputError(f"workers is {workers}: give at least 1")
        self.remote, self.stopped = bool(scheduler), False
        self._workers, self._keep_going, self._force = workers, keep_going, force
        self._limits, self._say = limits or {}, say
        self._base = results_dir().absolute()
        self._hashes: dict[CorpusKey, str] = {}
        self._stack = contextlib.ExitStack()
        self._client: Any = None
        if scheduler:
            self._take(self._stack.enter_context(cluster.connect(scheduler)))

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def refusal(self, one: Parameters) -> str:
        """Say why a run is not worth its training; empty if it is. Plans only where something follows from it."""
        if not self._limits and not execution.deploys():
            return ""
        return budget.refusal(one, self._limits)[1]

    def run(self, chosen: Sequence[Parameters]) -> list[Outcome]:
        """Make some runs; return their outcomes in the same order.

        Raises
        ------
        DataError
            If a corpus is not what it should be.
        """
        outcomes: dict[str, Outcome] = {one.run: Outcome(one, LEFT) for one in chosen}
        todo = []
        for one in chosen:
            if why := self.refusal(one):  # before a corpus is opened, which may have to be generated
                outcomes[one.run] = Outcome(one, REFUSED, error=why)
                self._say(f"{one.run}: {REFUSED}: {why}")
                continue
            found = None if self._force else execution.finished(one, self._hash(one), self._base / one.run)
            if found:
                outcomes[one.run] = Outcome(one, KEPT, found)
                self._say(f"{one.run}: {KEPT}")
            else:
                todo.append(one)
        for outcome in self._outcomes(todo) if todo and not self.stopped else ():
            outcomes[outcome.parameters.run] = outcome
            self.stopped |= outcome.state == FAILED and not self._keep_going
        return [outcomes[one.run] for one in chosen]

    def _take(self, client: Any) -> None:
        self._client = client
        if address := cluster.dashboard(client):
            self._say(f"dashboard: {address}")

    def _hash(self, one: Parameters) -> str:
        """Hash of a run's corpus, found where the run will be made; each corpus is generated or checked once."""
        key = execution.corpus_of(one)
        if key not in self._hashes:
            there = self._client.submit(execution.corpus_hash, *key, pure=False).result if self.remote else None
            self._hashes[key] = there() if there else execution.corpus_hash(*key)
        return self._hashes[key]

    def _outcomes(self, todo: Sequence[Parameters]) -> Iterator[Outcome]:
        from distributed import as_completed

        if self._client is None:
            self._take(self._stack.enter_context(cluster.start(self._processes(todo))))
        watched = progress.watched()
        shown = progress.Progress(todo, self._say, watched)
        self._client.subscribe_topic(worker.TOPIC, shown.heard)
        base = None if self.remote else self._base
        futures = {
            self._client.submit(
                worker.make,
                *(one.given, base, self._force, watched is not None),
                key=f"kws-{one.run}-{one.key[:12]}",
                pure=False,
            ): one
            for one in todo
        }
        try:
            for future in as_completed(futures):
                outcome = worker.received(futures[future], future, self._base, self.remote)
                error = f": {outcome.error}" if outcome.error else ""
                shown.ended(outcome.parameters.run, f"{outcome.parameters.run}: {outcome.state}{error}")
                yield outcome
                if outcome.state == FAILED and not self._keep_going:
                    self._client.cancel([one for one in futures if not one.done()])
                    return
        finally:
            self._client.unsubscribe_topic(worker.TOPIC)
            shown.close()

    def _processes(self, todo: Sequence[Parameters]) -> int:
        threads = max((one.threads or 2 for one in todo), default=2)
        return self._workers or max(1, min(len(todo), (os.cpu_count() or 1) // threads))


def run_grid(
    grid: Sequence[dict[str, Any]], *, say: Callable[[str], None] = print, front_seeds: int = 1, **options: Any
) -> list[Outcome]:
    """Make every run of a grid that is not there with the same inputs, and write ``sweep.csv``.

    Parameters
    ----------
    grid : sequence of dict
        Parameters of the runs; all are checked before anything starts.
    say : callable
        Gets a line for each run, and now and then one about the whole.
    front_seeds : int
        Seeds of the networks on the front of accuracy and cycles: further ones are trained at the end.
    **options
        Those of `Runner`.

    Returns
    -------
    list of Outcome
        In the order of the grid.

    Raises
    ------
    InputError
        If a parameter is wrong, two runs have one name, there is no scheduler at the address, or no run meets the
        budget; with the cheapest one.
    DataError
        If a corpus is not what it should be.
    """
    chosen = check_all(list(grid))
    with Runner(say=say, **options) as runner:
        outcomes = runner.run(chosen)
        require_one(outcomes, options.get("limits") or {})
        if front_seeds > 1 and not runner.stopped:
            given = {one.run: values for one, values in zip(chosen, grid, strict=True)}
            outcomes += runner.run(front.more_seeds(outcomes, given, front_seeds))
    write_summary(outcomes)
    return outcomes


def write_summary(outcomes: Sequence[Outcome]) -> None:
    """Write the ranked table into the results folder."""
    atomic_write_text(results_dir() / SUMMARY, summary_csv(outcomes))


def require_one(outcomes: Sequence[Outcome], limits: Mapping[str, float]) -> None:
    """Refuse a budget that no run meets.

    Raises
    ------
    InputError
        With the cheapest network there is.
    """
    if not outcomes or any(outcome.state != REFUSED for outcome in outcomes):
        return
    runs = [outcome.parameters for outcome in outcomes]
    if not limits:
        raise InputError(f"none of {len(runs)} networks fits GAP8; the first: {outcomes[0].error}")
    wanted = ", ".join(budget.text(name, most) for name, most in limits.items())
    raise InputError(
        f"none of {len(runs)} networks meets the budget of {wanted}: {budget.cheapest(runs, limits)}. Give more, or "
        "smaller networks"
    )


def require_success(outcomes: Sequence[Outcome]) -> None:
    """Raise SweepFailed if a run failed, with the names."""
    failed = [outcome.parameters.run for outcome in outcomes if outcome.state == FAILED]
    left = sum(outcome.state == LEFT for outcome in outcomes)
    if failed:
        rest = f"; {left} not run (--keep-going goes on after a failure)" if left else ""
        raise SweepFailed(f"{len(failed)} of {len(outcomes)} runs failed: {', '.join(failed)}{rest}")
