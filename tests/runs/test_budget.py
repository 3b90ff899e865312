"""Budgets: how they are read, and what they refuse."""

import pytest

from kwslib.errors import InputError
from kwslib.runs import budget, cost
from kwslib.runs.cost import Cost
from kwslib.runs.parameters import check


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    monkeypatch.delenv("KWS_DATA", raising=False)


def test_numbers_may_have_thousands():
    assert budget.read(["cycles=150000", "bytes=30k", "energy_uj=0.5", "l2=0.25M"]) == {
        "cycles": 150_000,
        "bytes": 30_000,
        "energy_uj": 0.5,
        "l2": 250_000,
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("150000", "'150000' is no budget: give NAME=NUMBER"),
        ("cylces=1", r"unknown budget 'cylces': .*; did you mean 'cycles'\?"),
        ("cycles=many", "the budget of cycles is 'many': give a positive number of cycles"),
        ("cycles=0", "the budget of cycles is '0': give a positive"),
        ("cycles=-5", "the budget of cycles is '-5'"),
        ("ms=nan", "the budget of ms is 'nan'"),
        ("l1=", "the budget of l1 is ''"),
    ],
)
def test_what_is_no_budget_is_refused(word, message):
    with pytest.raises(InputError, match=message):
        budget.read([word])


def test_a_kind_twice_is_refused():
    with pytest.raises(InputError, match="the budget has cycles twice"):
        budget.read(["cycles=1", "cycles=2"])


def test_every_kind_of_a_cost_can_have_a_budget():
    found = Cost(175_000, 1000, 2000, 3000)
    assert budget.excess(found, {"cycles": 175_000, "ms": 1, "bytes": 1000, "l1": 2000, "l2": 3000}) == ""
    for name in cost.QUANTITIES:
        less = getattr(found, name) / 2
        assert budget.excess(found, {name: less}).startswith(cost.QUANTITIES[name].title)


def test_nothing_is_planned_where_no_plan_could_meet_the_budget(monkeypatch):
    monkeypatch.setattr(cost, "forecast", None)
    large = check(size="large")
    assert budget.refusal(large, {"cycles": 1_000_000}) == (
        None,
        f"whatever the plan: cycles of the network: {large.size.macs // 32:,} cycles, the budget has 1,000,000 cycles",
    )


def test_the_planner_refuses_what_costs_more_than_the_budget():
    found, why = budget.refusal(check(), {"cycles": 150_000})
    assert found == cost.forecast(check().size, check().front_end)
    assert why == f"cycles of the network: {found.cycles:,} cycles, the budget has 150,000 cycles"
    assert budget.refusal(check(), {"cycles": 200_000}) == (found, "")


def test_what_does_not_fit_is_refused_with_or_without_a_budget():
    found, why = budget.refusal(check(size="large", channels=1024, blocks=2), {})
    assert found is None and "does not fit GAP8" in why


def test_the_cheapest_of_some_networks_is_named_for_each_kind():
    runs = [check(channels=channels) for channels in (16, 8, 12)]
    costs = {one.run: cost.forecast(one.size, one.front_end) for one in runs}
    text = budget.cheapest(runs, {"cycles": 10, "l1": 10})
    least = {name: min(costs.values(), key=lambda found: getattr(found, name)) for name in ("cycles", "l1")}
    for name in least:
        assert budget.text(name, getattr(least[name], name)) in text
    assert "the cheapest in cycles is quick-small-8ch, with" in text
    assert budget.cheapest([check(size="large", channels=1024, blocks=2)], {"l1": 1}) == "none of them fits GAP8"
