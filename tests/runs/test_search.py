"""Searches: what is drawn, what it depends on, and that a killed one goes on where it was."""

from dataclasses import replace

import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import InputError
from kwslib.runs import records, search, sweep
from kwslib.runs.grid import Grid, read_axes
from kwslib.runs.ranking import DONE, FAILED, LEFT, REFUSED, Outcome
from kwslib.runs.search import Search


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    for name in ("RESULTS", "CACHE"):
        monkeypatch.setenv(f"KWS_{name}", str(tmp_path / name))
    monkeypatch.delenv("KWS_DATA", raising=False)


class Trainer:
    """Stands for `sweep.Runner`: a network of more channels is better, and 40 channels are refused."""

    failing = ()

    def __init__(self, *, limits=None, say=print, **options):
        self.made, self.stopped, self.asked = [], False, []
        Trainer.last = self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def refusal(self, one):
        self.asked.append(one.run)
        return "too large" if one.size.blocks[0].channels == 40 else ""

    def run(self, chosen):
        self.made.append([one.run for one in chosen])
        return [self.outcome(one) for one in chosen]

    def outcome(self, one):
        if self.stopped or one.run in self.failing:
            self.stopped = True
            return Outcome(one, FAILED if one.run in self.failing else LEFT, error="failed")
        accuracy = one.size.blocks[0].channels / 1000 + one.schedule.steps / 10**6
        made = records.find("quick-small")
        measured = [replace(found, accuracy=accuracy) for found in made.measurements]
        return Outcome(one, DONE, replace(made, run=one.run, measurements=measured))


@pytest.fixture(autouse=True)
def trainer(monkeypatch):
    monkeypatch.setattr(search, "Runner", Trainer)
    monkeypatch.setattr(Trainer, "failing", ())
    return Trainer


def grid(*words, **more):
    return Grid(axes=read_axes(words), **more)


CHANNELS = grid("channels=8..64:4", "blocks=2..4")


def names(outcomes, *states):
    return [outcome.parameters.run for outcome in outcomes if outcome.state in (states or (DONE,))]


@pytest.mark.parametrize("kind", search.KINDS)
def test_a_search_depends_on_its_seed_and_on_the_results_alone(kind):
    first = names(search.run(CHANNELS, Search(kind, 9, seed=1)), DONE, REFUSED)
    assert names(search.run(CHANNELS, Search(kind, 9, seed=1)), DONE, REFUSED) == first
    assert names(search.run(CHANNELS, Search(kind, 9, seed=2)), DONE, REFUSED) != first


def test_random_draws_each_network_once_before_anything_is_trained():
    outcomes = search.run(CHANNELS, Search("random", 12))
    (batch,) = Trainer.last.made
    assert len(set(batch)) == 12 and names(outcomes) == batch
    assert all(outcome.error == "too large" for outcome in outcomes if outcome.state == REFUSED)


def test_what_is_refused_is_not_trained_and_others_take_its_place():
    outcomes = search.run(grid("channels=36..44:4", "blocks=2..4"), Search("random", 6))
    assert len(names(outcomes)) == 6 and not any("40ch" in run for run in names(outcomes))
    refused = [outcome.error for outcome in outcomes if outcome.state == REFUSED]
    assert set(refused) == {"too large"} and len(refused) <= 3  # each is looked at once


def test_a_grid_with_fewer_networks_than_wanted_is_trained_whole():
    said = []
    outcomes = search.run(grid("channels=8,16"), Search("random", 5), say=said.append)
    assert len(names(outcomes)) == 2
    assert said[-1] == "the grid has 2 networks that can be trained, 5 were wanted"


def test_tpe_draws_where_earlier_networks_were_good():
    wide = grid("channels=8..248:8")
    better = {
        kind: sum(outcome.run.measurements[0].accuracy for outcome in search.run(wide, Search(kind, 24)) if outcome.run)
        for kind in ("random", "tpe")
    }
    assert better["tpe"] > better["random"]
    assert [len(batch) for batch in Trainer.last.made] == [search.BATCH] * 6


def test_halving_gives_the_best_third_three_times_the_steps():
    outcomes = search.run(grid("channels=8..64:4", fixed={"steps": 900}), Search("halving", 9))
    rounds = Trainer.last.made
    assert [len(one) for one in rounds] == [9, 3, 1]
    assert all(run.endswith("100steps") for run in rounds[0]) and all(run.endswith("300steps") for run in rounds[1])

    def channels(run):
        return int(run.split("-")[2].removesuffix("ch")) if "ch" in run else 64

    assert {channels(run) for run in rounds[1]} == set(sorted(map(channels, rounds[0]))[-3:])
    assert channels(rounds[2][0]) == max(map(channels, rounds[0])) and "900steps" in rounds[2][0]
    assert names(outcomes) == [run for one in rounds for run in one]


def test_halving_goes_on_without_what_failed(trainer, monkeypatch):
    runs = names(search.run(grid("channels=8..64:4"), Search("halving", 9)))
    best = max(runs[:9], key=lambda run: (len(run), run))
    monkeypatch.setattr(trainer, "failing", (best,))
    outcomes = search.run(grid("channels=8..64:4"), Search("halving", 9))
    assert names(outcomes, FAILED) == [best]
    assert len(trainer.last.made) == 1  # it stops after a failure, as every sweep does


def test_networks_on_the_front_get_more_seeds(monkeypatch):
    monkeypatch.setattr(sweep.front, "of_outcomes", lambda outcomes: outcomes[:1])
    outcomes = search.run(grid("channels=8,16,24", front_seeds=3), Search("random", 3))
    first = outcomes[0].parameters.run
    assert names(outcomes)[3:] == [f"{first}-s2", f"{first}-s3"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Search("grdi"), "unknown search 'grdi': choose one of random, tpe, halving"),
        (lambda: Search("random", 0), "trials is 0: give at least 1"),
        (lambda: Search("random", 1, -1), "search_seed is -1"),
        (lambda: search.run(Grid(), Search("random")), "there is nothing to draw from"),
        (lambda: search.run(Grid(runs=({"seed": 1},)), Search("random")), "runs are trained as they are"),
        (lambda: search.run(grid("steps=10,20"), Search("halving")), "a search by halving decides steps itself"),
        (lambda: search.run(grid("run=a,b"), Search("random")), "a search by random decides run itself"),
        (lambda: search.run(grid("channels=40"), Search("random", 1)), "none of 1 networks fits GAP8; .*too large"),
        (
            lambda: search.run(grid("channels=2000"), Search("random", 1)),
            "no network that can be made: channels is 2000",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(made, message):
    with pytest.raises(InputError, match=message):
        made()


def test_an_infeasible_budget_names_the_cheapest_network():
    with pytest.raises(InputError, match="meets the budget of 10 cycles: the cheapest in cycles is quick-small-40ch, "):
        search.run(grid("channels=40", budget={"cycles": 10}), Search("random", 1))


def test_the_preset_is_a_network_like_any_other():
    outcomes = search.run(grid("size=small,medium"), Search("random", 2))
    assert {outcome.parameters.size for outcome in outcomes} == {SIZES["small"], SIZES["medium"]}
