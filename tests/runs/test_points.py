"""Points of accuracy and cost: from runs, into the record of a sweep and back."""

from dataclasses import replace

import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import DataError, InputError
from kwslib.runs import cost, deployments, points
from kwslib.runs.parameters import check
from kwslib.runs.ranking import DONE, KEPT, REFUSED, Outcome
from tests.sample_run import sample_run


@pytest.fixture
def models(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    return tmp_path / "models"


def test_a_run_is_a_point_with_its_own_figures(models):
    run = sample_run(models, "small", "baseline", "speech_commands")
    point = points.of_run(run)
    found = deployments.of_run(run)
    assert point.cost == cost.of_deployment(SIZES["small"], found) and point.cost.cycles == found.deployment.cycles
    measured = run.measurement("tflite", "validation", "noise-silence")
    share = point.share("validation", "noise-silence")
    assert (share.correct, share.clips, share.accuracy) == (measured.correct, measured.clips, measured.accuracy)
    assert (point.steps, point.seed, point.corpus) == (4000, 1, "speech_commands")
    with pytest.raises(DataError, match="no measurement on train under"):
        point.share("train", "noise-silence")


def test_runs_that_differ_in_the_seed_alone_share_the_recipe(models):
    run = sample_run(models)
    other = replace(run, run="other", seed=2, training=replace(run.training, seed=2, best_step=3, threads=1))
    longer = replace(run, training=replace(run.training, copies=9))
    first, second, third = (points.of_run(one) for one in (run, other, longer))
    assert first.recipe == second.recipe != third.recipe


def test_a_run_without_a_deployment_is_no_point(models):
    run = sample_run(models)
    (run.folder / "gap8" / "deployment.json").unlink()
    assert points.of_run(run) is None


def outcomes(models):
    run = sample_run(models.parent / "results")
    refused = Outcome(check(channels=8), REFUSED, error="too large")
    return run, [Outcome(check(), DONE, run), refused]


def test_a_sweep_goes_into_its_record_and_comes_back(models, monkeypatch):
    monkeypatch.delenv("KWS_ROOT")  # the parameters are those of the real notebook
    monkeypatch.setattr(points, "models_dir", lambda: models)
    run, made = outcomes(models)
    path = points.record("pareto", made)
    assert path == models / "sweeps" / "pareto.json"
    (back,) = points.recorded()
    assert back.points == [points.of_run(run)] and back.refused == {"quick-small-8ch": "too large"}


def test_runs_go_before_points_of_recorded_sweeps(models, monkeypatch):
    monkeypatch.delenv("KWS_ROOT")
    monkeypatch.setattr(points, "models_dir", lambda: models)
    run, made = outcomes(models)
    points.record("pareto", [*made, Outcome(check(seed=5), KEPT, replace(run, run="other"))])
    found = points.collect([run])
    assert [(one.run, one.sweep, one.recorded) for one in found] == [
        ("quick-small", "", False),
        ("other", "pareto", True),
    ]


def test_only_whole_sweeps_are_recorded(models, monkeypatch):
    monkeypatch.delenv("KWS_ROOT")
    monkeypatch.setattr(points, "models_dir", lambda: models)
    run, made = outcomes(models)
    with pytest.raises(DataError, match="no run has ended"):
        points.record("pareto", made[1:])
    (run.folder / "gap8" / "deployment.json").unlink()
    with pytest.raises(DataError, match="not on GAP8 yet: quick-small; run the sweep again"):
        points.record("pareto", made)
    assert not models.exists()


@pytest.mark.parametrize(
    ("name", "near"), [("../x", "x"), ("<b>Pareto</b>", "b-pareto-b"), ("x" * 300, "x" * 64), ("", "")]
)
def test_names_that_are_no_names_are_refused_with_the_nearest(name, near):
    with pytest.raises(InputError, match="cannot name a sweep") as error:
        points.checked_name(name)
    assert (f"nearest: '{near}'" in str(error.value)) == bool(near)
