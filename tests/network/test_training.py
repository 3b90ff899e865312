"""Training goes on after a kill as if nothing had happened, and says clearly what it will not do."""

import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.config.schedule import Schedule, Stage
from kwslib.errors import InputError, KwsError
from kwslib.integer import network_file
from kwslib.network import conversion, ds_cnn, evaluation, session, training
from kwslib.network.backend import make_deterministic
from tests.network import on_jax


def run(tiny, schedule, copies, folder, **more):
    said = []
    trained = training.train(
        tiny,
        schedule,
        copies,
        2,
        copies(7),
        seed=more.pop("seed", 5),
        folder=folder,
        validate_every_steps=4,
        say=said.append,
        **more,
    )
    return trained, said


@pytest.fixture(scope="module")
def uninterrupted(tiny, tiny_schedule, copies, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    return folder, run(tiny, tiny_schedule, copies, folder)


def test_it_learns_both_phases_and_keeps_the_best(uninterrupted, copies):
    folder, (trained, said) = uninterrupted
    history = trained.progress.history
    assert [row["step"] for row in history] == [4, 8, 10, 12, 16]
    assert [row["phase"] for row in history] == ["float"] * 3 + ["quantised"] * 2
    assert history[-1]["loss"] < history[0]["loss"]
    codes, labels = copies(7)
    best = max(row["validation_accuracy"] for row in history if row["phase"] == "quantised")
    assert np.mean(evaluation.keras_logits(trained.quantised, codes).argmax(axis=1) == labels) == pytest.approx(best)
    best = max(row["validation_accuracy"] for row in history if row["phase"] == "float")
    assert np.mean(evaluation.keras_logits(trained.floating, codes).argmax(axis=1) == labels) == pytest.approx(best)
    with (folder / "history.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [4, 8, 10, 12, 16]
    assert sum("fake-quantised from here on" in line for line in said) == 1


@pytest.mark.parametrize("stop_at", [*(pytest.param(n, marks=pytest.mark.slow) for n in (1, 6, 10, 15)), 11])
def test_an_interrupted_training_is_bit_identical(tiny, tiny_schedule, copies, tmp_path, uninterrupted, stop_at):
    _, (expected, _) = uninterrupted
    on_jax.train_until(stop_at, tmp_path)
    trained, said = run(tiny, tiny_schedule, copies, tmp_path)
    assert (said[0].startswith("going on from step")) == (stop_at > 4)
    assert trained.progress.history == expected.progress.history
    for ours, theirs in zip(trained.quantised.variables, expected.quantised.variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.slow
@pytest.mark.slice
def test_it_goes_on_on_the_jax_backend_and_back(tiny, tiny_schedule, copies, tmp_path, uninterrupted):
    _, (expected, _) = uninterrupted
    on_jax.train_until(4, tmp_path)
    on_jax.call("train", tmp_path)
    trained, said = run(tiny, tiny_schedule, copies, tmp_path)
    assert said[0] == f"going on from step {on_jax.STOP} of 16"
    progress = trained.progress
    assert [row["step"] for row in progress.history] == [4, 8, 10, 12, 16]
    assert progress.history[0] == expected.progress.history[0]
    for ours, theirs in zip(progress.history, expected.progress.history, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=0.01)
    assert sorted(name.rsplit(", ", 1)[1].split()[0] for name in progress.trained_on) == ["jax", "tensorflow"]
    assert sum(progress.trained_on.values()) == pytest.approx(progress.trained_s)


def test_a_finished_training_is_not_repeated(tiny, tiny_schedule, copies, uninterrupted):
    folder, (expected, _) = uninterrupted
    before = (folder / "checkpoint.npz").stat().st_mtime_ns
    trained, _ = run(tiny, tiny_schedule, copies, folder)
    assert trained.progress.history == expected.progress.history
    assert (folder / "checkpoint.npz").stat().st_mtime_ns == before


def test_another_configuration_is_refused(tiny, tiny_schedule, copies, uninterrupted):
    with pytest.raises(InputError, match="made with another configuration; remove .* or choose another run name"):
        run(tiny, tiny_schedule, copies, uninterrupted[0], seed=6)


def test_a_damaged_checkpoint_is_refused(tiny, tiny_schedule, copies, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match="is not a checkpoint of this program .*remove it"):
        run(tiny, tiny_schedule, copies, tmp_path)


def test_divergence_is_an_error(tiny, copies, tmp_path):
    with pytest.raises(KwsError, match="training diverged.*lower the learning rate"):
        run(tiny, Schedule((Stage(1e30, 16),), 15), copies, tmp_path)


def test_too_small_a_corpus_is_refused(tiny, tiny_schedule, copies, tmp_path):
    def few(number):
        codes, labels = copies(number)
        return codes[:99], labels[:99]

    with pytest.raises(InputError, match="99 training clips, a batch needs 100"):
        run(tiny, tiny_schedule, few, tmp_path)


def test_validation_interval_must_be_positive(tiny, tiny_schedule, copies, tmp_path):
    with pytest.raises(InputError, match="validate_every_steps must be positive"):
        training.train(
            tiny, tiny_schedule, copies, 1, copies(7), seed=0, folder=tmp_path, validate_every_steps=0, say=print
        )


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import conftest
from kwslib.network import training
tiny = conftest.tiny.__wrapped__()
copies = conftest.copies.__wrapped__(tiny)
schedule = conftest.tiny_schedule.__wrapped__()
training.train(tiny, schedule, copies, 2, copies(7), seed=5, folder=Path({folder!r}), validate_every_steps=4,
               say=lambda line: print(line, flush=True))
"""


@pytest.mark.slow
def test_killed_by_the_system_it_goes_on_bit_for_bit(tiny, tiny_schedule, copies, tmp_path, uninterrupted):
    tests = Path(__file__).parent
    script = KILLED.format(root=str(tests.parents[1]), tests=str(tests), folder=str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "checkpoint.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    trained, _ = run(tiny, tiny_schedule, copies, tmp_path)
    _, (expected, _) = uninterrupted
    assert json.dumps(trained.progress.history) == json.dumps(expected.progress.history)
    for ours, theirs in zip(trained.quantised.variables, expected.quantised.variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_in_floating_point_the_average_of_the_weights_is_kept_where_the_recipe_says_so(
    tiny, copies, tmp_path, monkeypatch
):
    seen, step = [], session.Session.step

    def watched(self, x, y):
        step(self, x, y)
        if not self.progress.quantised:
            seen.append(([v.numpy() for v in self.network.trainable_variables], self))

    monkeypatch.setattr(session.Session, "step", watched)
    schedule = Schedule((Stage(0.002, 40),), float_steps=31)
    recipe = Recipe(float_average=0.97, calibration_clips=30)
    run(tiny, schedule, copies, tmp_path, recipe=recipe)
    mean, momentum = None, 0.97**10
    for number, (weights, _) in enumerate(seen):
        if (number - 31) % 10 == 0:
            start = initial(tiny, 5) if mean is None else mean
            mean = [momentum * one + (1 - momentum) * now for one, now in zip(start, weights, strict=True)]
    last = seen[-1][1]
    averages = {row["step"]: row["validation_accuracy"] for row in last.progress.history if row["phase"] == "float"}
    assert len(averages) == 8
    network = ds_cnn.float_network(tiny)
    for variable, value in zip(network.trainable_variables, mean, strict=True):
        variable.assign(value)
    ds_cnn.estimate_statistics(network, last.task.calibration)
    codes, labels = copies(7)
    accuracy = np.mean(evaluation.keras_logits(network, codes, INPUT_SCALE).argmax(axis=1) == labels)
    assert accuracy == pytest.approx(averages[31])


def test_a_network_is_made_for_classes_that_are_met_as_often(tiny, tiny_schedule, copies, tmp_path, monkeypatch):
    seen = []

    def watched(self, network):
        used(self, network)
        seen.append(self)

    used = session.Session._use
    monkeypatch.setattr(session.Session, "_use", watched)
    run(tiny, tiny_schedule, copies, tmp_path, recipe=Recipe(logit_adjustment=1))
    counts = np.maximum(np.bincount(copies(0)[1], minlength=12), 1)
    assert len(seen) == 2  # both phases
    assert seen[0].network.loss.shift == pytest.approx(np.log(counts / len(copies(0)[1])), abs=1e-6)


def initial(tiny, seed):
    """The weights that a training of this seed begins with."""
    make_deterministic(seed)
    return [variable.numpy() for variable in ds_cnn.float_network(tiny).trainable_variables]


@pytest.fixture(scope="module")
def from_half(tiny, uninterrupted):
    """What a training takes that starts from a finished one and keeps half of it."""
    graph = network_file.load(conversion.to_tflite(tiny, uninterrupted[1][0].quantised), "the start")
    return {"recipe": Recipe(start="small", start_share=0.5, calibration_clips=50), "start": graph}


def test_what_is_kept_is_the_mean_of_the_weights_and_those_of_the_start(
    tiny, tiny_schedule, copies, tmp_path, monkeypatch, from_half
):
    seen, validate = [], session.Session.validate

    def watched(self):
        validate(self)
        if not self.progress.quantised:
            models = (self.mean.first, self.network, self.mean.kept)
            seen.append([[v.numpy() for v in model.trainable_variables] for model in models])

    monkeypatch.setattr(session.Session, "validate", watched)
    run(tiny, tiny_schedule, copies, tmp_path, **from_half)
    assert len(seen) == 3
    for first, learnt, kept in seen:
        assert all(np.array_equal(one, then) for one, then in zip(first, seen[0][0], strict=True))
        assert not all(np.array_equal(one, then) for one, then in zip(first, learnt, strict=True))
        for then, now, mean in zip(first, learnt, kept, strict=True):
            assert mean == pytest.approx((then + now) / 2, abs=1e-6)


def test_branches_begin_at_the_start_and_their_mean_is_kept(
    tiny, tiny_schedule, copies, tmp_path, monkeypatch, from_half
):
    recipe = replace(from_half["recipe"], branches=3, start_share=0.4)
    seen, rates = {}, []
    validate, step = session.Session.validate, session.Session.step

    def watched(self):
        validate(self)
        if not self.progress.quantised:
            models = (self.network, self.mean.kept)
            seen[self.progress.step] = [[v.numpy() for v in model.trainable_variables] for model in models]

    def rated(self, x, y):
        if self.mean and self.progress.step in (0, 3, 7):
            for first, now in zip(self.mean.first.variables, self.network.variables, strict=True):
                assert np.array_equal(first.numpy(), now.numpy())
            seen["first"] = [v.numpy() for v in self.mean.first.trainable_variables]
            assert self.optimizer.iterations == 0
        step(self, x, y)
        rates.append(self.rate)

    monkeypatch.setattr(session.Session, "validate", watched)
    monkeypatch.setattr(session.Session, "step", rated)
    _, said = run(tiny, tiny_schedule, copies, tmp_path, start=from_half["start"], recipe=recipe)
    assert sorted(key for key in seen if key != "first") == [3, 4, 7, 8, 10]  # each branch's end is validated
    ends = [seen[number][0] for number in (3, 7, 10)]
    assert not all(np.array_equal(one, two) for one, two in zip(ends[0], ends[1], strict=True))
    for which, first in enumerate(seen["first"]):
        assert seen[3][1][which] == pytest.approx(0.4 * first + 0.6 * ends[0][which], abs=1e-6)
        mean = np.mean([end[which] for end in ends], axis=0)
        assert seen[10][1][which] == pytest.approx(0.4 * first + 0.6 * mean, abs=1e-6)
    told = [line.split(" begins")[0] for line in said if "branch" in line]
    assert told == ["step 3: branch 2 of 3", "step 7: branch 3 of 3"]
    whole = [tiny_schedule.learning_rate(number) for number in (0, 3, 6, 0, 2, 5, 7, 0, 3, 6)]
    assert rates == whole + [tiny_schedule.learning_rate(number) for number in range(10, 16)]


@pytest.mark.parametrize(("stop_at", "branches"), [(7, 1), (11, 1), (6, 2), (9, 2)])
def test_a_training_that_keeps_its_start_goes_on_bit_for_bit(
    tiny, tiny_schedule, copies, tmp_path, monkeypatch, from_half, stop_at, branches
):
    from_half = from_half | {"recipe": replace(from_half["recipe"], branches=branches)}
    expected, _ = run(tiny, tiny_schedule, copies, tmp_path / "whole", **from_half)
    step = session.Session.step

    def broken_off(self, x, y):
        if self.progress.step == stop_at:
            raise KeyboardInterrupt
        step(self, x, y)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(session.Session, "step", broken_off)
        run(tiny, tiny_schedule, copies, tmp_path / "parts", **from_half)
    trained, said = run(tiny, tiny_schedule, copies, tmp_path / "parts", **from_half)
    assert said[0].startswith("going on from step")
    assert trained.progress.history == expected.progress.history
    for ours, theirs in zip(trained.quantised.variables, expected.quantised.variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())
