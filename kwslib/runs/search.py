"""Searches: which networks of a grid are worth a training, drawn with Optuna.

``random`` draws all of them before anything is trained. ``tpe`` draws a few at a time, where earlier ones were good
(Bergstra et al., 2011). ``halving`` trains all of them for a few steps, and the best third for three times as many,
again and again (Jamieson and Talwalkar, 2016).

Nothing of a search is stored but its runs. Everything follows from its seed and the records of the runs, so a search
that was killed draws the same networks again, finds the finished ones, and goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kwslib.config.schedule import CosineSchedule, Schedule
from kwslib.errors import InputError, check_name
from kwslib.runs import sweep
from kwslib.runs.grid import Axis, Grid, Range
from kwslib.runs.parameters import Parameters, check
from kwslib.runs.ranking import FAILED, RANKED_BY, REFUSED, Outcome
from kwslib.runs.sweep import Runner

KINDS = ("random", "tpe", "halving")
BATCH = 4
"""Networks that ``tpe`` draws at a time: the more, the less each one knows of the others. Not the number of workers, on
which the result must not depend."""
REDUCTION = 3
"""``halving`` keeps one network in so many, and gives it so many times the steps."""
DRAWS_A_TRIAL = 50
"""Draws for each network wanted, before a search gives up."""


@dataclass(frozen=True)
class Search:
    """How networks are drawn.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    trials : int
        Networks to train.
    seed : int
        Of the draws; a network's own seed is a parameter.

    Raises
    ------
    InputError
        For another kind, or numbers out of range.
    """

    kind: str
    trials: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        check_name("search", self.kind, KINDS)
        if self.trials < 1:
            raise InputError(f"trials is {self.trials}: give at least 1")
        if self.seed < 0:
            raise InputError(f"search_seed is {self.seed}: give an integer of at least 0")


class _Draws:
    """Draws networks of a grid that are not refused, each once, and tells the sampler how good they were."""

    def __init__(self, grid: Grid, search: Search, runner: Runner) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        samplers = optuna.samplers
        sampler = (
            samplers.TPESampler(seed=search.seed, n_startup_trials=2 * BATCH, constant_liar=True)
            if search.kind == "tpe"
            else samplers.RandomSampler(seed=search.seed)
        )
        self._pruned = optuna.trial.TrialState.PRUNED
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._distributions = {name: _distribution(name, axis) for name, axis in grid.axes.items()}
        self._grid, self._runner = grid, runner
        self._left = DRAWS_A_TRIAL * search.trials
        self._seen: set[str] = set()
        self._trials: dict[str, Any] = {}
        self.given: dict[str, dict[str, Any]] = {}
        self.refused: list[Outcome] = []
        self.contradiction = ""

    def take(self, count: int) -> list[Parameters]:
        """Draw some networks; fewer where the grid has no more that are worth a training."""
        found: list[Parameters] = []
        while len(found) < count and self._left:
            self._left -= 1
            trial = self._study.ask(self._distributions)
            one = self._checked(trial.params)
            if one is None:
                self._study.tell(trial, state=self._pruned)
                continue
            self._trials[one.run] = trial
            self.given[one.run] = self._grid.fixed | trial.params
            found.append(one)
        return found

    def _checked(self, drawn: Mapping[str, Any]) -> Parameters | None:
        try:
            one = check(**self._grid.fixed, **drawn)
        except InputError as error:  # two values that contradict one another
            self.contradiction = str(error)
            return None
        if one.key in self._seen:
            return None
        self._seen.add(one.key)
        if why := self._runner.refusal(one):
            self.refused.append(Outcome(one, REFUSED, error=why))
            return None
        return one

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the sampler the validation accuracies, in the order of the draws."""
        for outcome in outcomes:
            trial = self._trials[outcome.parameters.run]
            if outcome.run is None:
                self._study.tell(trial, state=self._pruned)
            else:
                self._study.tell(trial, outcome.run.measurement(*RANKED_BY).accuracy)


def _distribution(name: str, axis: Axis) -> Any:
    import optuna

    if not isinstance(axis, Range):
        return optuna.distributions.CategoricalDistribution(axis)
    kind = "Int" if isinstance(axis.low, int) else "Float"
    step = {} if axis.step is None else {"step": axis.step}
    return getattr(optuna.distributions, f"{kind}Distribution")(axis.low, axis.high, **step)


def run(grid: Grid, search: Search, **options: Any) -> list[Outcome]:
    """Draw networks of a grid, train those that meet the budget, and write ``sweep.csv``.

    Parameters
    ----------
    grid : Grid
    search : Search
    **options
        Those of `kwslib.runs.sweep.Runner`, the budget apart.

    Returns
    -------
    list of Outcome
        In the order of the draws; those that were refused at the end.

    Raises
    ------
    InputError
        If there is nothing to draw from, a parameter is wrong, or no network meets the budget; with the cheapest one.
    """
    _require_axes(grid, search)
    say = options.get("say", print)
    with Runner(limits=grid.budget, **options) as runner:
        draws = _Draws(grid, search, runner)
        outcomes: list[Outcome] = []
        for batch in _batches(grid, search, draws, outcomes):
            outcomes += runner.run(batch)
            if runner.stopped:
                break
        if not outcomes:
            sweep.require_one(draws.refused, grid.budget)
            raise InputError(f"the grid has no network that can be made: {draws.contradiction}")
        drawn = len(draws.given)
        if drawn < search.trials and not runner.stopped:
            say(f"the grid has {drawn} networks that can be trained, {search.trials} were wanted")
        if grid.front_seeds > 1 and not runner.stopped:
            whole = [one for one in outcomes if one.parameters.run in draws.given]
            outcomes += runner.run(sweep.more_seeds(whole, draws.given, grid.front_seeds))
    found = [*{one.parameters.run: one for one in outcomes}.values(), *draws.refused]
    sweep.write_summary(found)
    return found


def _require_axes(grid: Grid, search: Search) -> None:
    if grid.runs:
        raise InputError("runs are trained as they are: leave --search out, or give their parameters as a grid")
    if not grid.axes:
        raise InputError(
            "there is nothing to draw from: give NAME=VALUE,VALUE or NAME=LOW..HIGH, such as channels=16..64:8"
        )
    decided = {"run": True, "steps": search.kind == "halving", "stage_steps": search.kind == "halving"}
    for name, itself in decided.items():
        if itself and (name in grid.axes or (name in grid.fixed and name != "steps")):
            raise InputError(f"a search by {search.kind} decides {name} itself: leave it out")


def _batches(grid: Grid, search: Search, draws: _Draws, outcomes: list[Outcome]) -> Iterator[list[Parameters]]:
    """Yield the runs to make; those of the last batch are in `outcomes` when the next one is asked for."""
    if search.kind == "random":
        yield draws.take(search.trials)
    elif search.kind == "tpe":
        drawn = 0
        while drawn < search.trials and (batch := draws.take(min(BATCH, search.trials - drawn))):
            drawn += len(batch)
            yield batch
            draws.tell(outcomes[-len(batch) :])
    else:
        yield from _halving(grid, draws, draws.take(search.trials), outcomes)


def _halving(grid: Grid, draws: _Draws, first: list[Parameters], outcomes: list[Outcome]) -> Iterator[list[Parameters]]:
    """Yield the rounds of successive halving; the last one has the steps that were asked for."""
    rounds = 0
    while REDUCTION ** (rounds + 1) <= len(first):
        rounds += 1
    survivors = [draws.given[one.run] for one in first]
    for left in range(rounds, -1, -1):
        batch = [_shortened(values, left) for values in survivors]
        yield batch
        done = outcomes[-len(batch) :]
        order = sorted(
            (index for index, outcome in enumerate(done) if outcome.run is not None and outcome.state != FAILED),
            key=lambda index: (-_accuracy(done[index]), index),
        )
        survivors = [survivors[index] for index in sorted(order[: max(1, len(batch) // REDUCTION)])]
        if not survivors:
            return


def _accuracy(outcome: Outcome) -> float:
    assert outcome.run is not None
    return outcome.run.measurement(*RANKED_BY).accuracy


def _shortened(values: Mapping[str, Any], rounds: int) -> Parameters:
    """Return a run with a third of its steps for every round that follows; never fewer than its schedule needs."""
    whole = check(**values)
    if not rounds:
        return whole
    timetable: Schedule | CosineSchedule = whole.schedule
    steps = max(timetable.least_steps, round(timetable.steps / REDUCTION**rounds))
    return check(**{**values, "steps": min(steps, timetable.steps)})
