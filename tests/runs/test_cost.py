"""Costs: forecast, measured, and what they are made of."""

import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import ModelError
from kwslib.gap8.planning import planner
from kwslib.runs import cost, deployments, energy, records
from kwslib.runs.parameters import check


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    return tmp_path / cost.FORECASTS


def small():
    return SIZES["small"], SIZES["small"].front_end("power")


def test_a_forecast_is_near_what_was_measured_and_holds_the_plan_s_memory():
    run = records.find("quick-small")
    found = cost.of_deployment(SIZES["small"], deployments.of_run(run))
    said = cost.forecast(*small())
    assert abs(said.cycles / found.cycles - 1) < 0.10
    assert (said.l1, said.l2, said.bytes) == (found.l1, found.l2, found.bytes)
    assert said.l1 <= 64 * 1024 < said.l2 <= 512 * 1024


def test_tiny_takes_fewer_than_100_000_cycles_and_as_many_bytes_as_small():
    tiny, small = SIZES["tiny"], SIZES["small"]
    assert cost.forecast(tiny, tiny.front_end("power")).cycles < 100_000
    assert cost.weight_bytes(tiny) == cost.weight_bytes(small) and tiny.macs < small.macs / 2


def test_bytes_are_those_of_every_weight_and_bias():
    graph = small_graph()
    wanted = sum(layer.weights.size + 4 * layer.bias.size for layer in graph.layers if layer.weights is not None)
    assert cost.weight_bytes(SIZES["small"]) == wanted


def small_graph():
    from kwslib.integer import network_file
    from kwslib.paths import models_dir

    return network_file.load(models_dir() / "small" / "model.tflite")


def test_time_and_energy_follow_from_the_cycles():
    found = cost.Cost(175_000, 1)
    assert found.ms == pytest.approx(1)
    assert found.energy_uj == energy.energy_uj(175_000, 175)


def test_no_plan_undercuts_the_bound():
    for size in SIZES.values():
        assert cost.least_cycles(size) < cost.forecast(size, size.front_end("power")).cycles


def test_a_forecast_is_kept_until_the_planner_changes(cache, monkeypatch):
    first = cost.forecast(*small())
    monkeypatch.setattr(planner, "plan", None)  # nothing is planned again
    assert cost.forecast(*small()) == first
    (path,) = cache.iterdir()
    monkeypatch.setattr(deployments, "sources_digest", lambda: "others")
    with pytest.raises(TypeError):
        cost.forecast(*small())
    path.write_text("{}")
    monkeypatch.undo()
    monkeypatch.setenv("KWS_CACHE", str(cache.parent))
    assert cost.forecast(*small()) == first  # a damaged file is made again


def test_a_refusal_is_kept_with_its_reason(cache, monkeypatch):
    chosen = check(size="large", channels=1024, blocks=2)
    with pytest.raises(ModelError, match="does not fit GAP8") as first:
        cost.forecast(chosen.size, chosen.front_end)
    monkeypatch.setattr(planner, "plan", None)
    with pytest.raises(ModelError) as again:
        cost.forecast(chosen.size, chosen.front_end)
    assert str(again.value) == str(first.value)
