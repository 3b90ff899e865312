"""Variants of the recipe, the trials that train them, and their summary."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from kwslib.artifacts import to_plain, write_record
from kwslib.errors import DataError, InputError
from kwslib.provenance import provenance
from kwslib.studies import ablation
from kwslib.studies.ablation import KEPT, Recorded, Trial
from kwslib.studies.variants import LISTENING, WHOLE
from tests import corpora
from tests.network.on_jax import TINY


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return str(corpora.build(tmp_path_factory.mktemp("speech")))


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Folders of its own, and a network of eight channels in place of the small one."""
    tiny = replace(TINY, name=ablation.SIZE)
    monkeypatch.setattr(ablation, "SIZES", {ablation.SIZE: tiny})
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("kwslib.studies.trials.models_dir", lambda: tmp_path / "models")
    return tmp_path


def trial(variant, seed, accuracy):
    return Trial(
        variant,
        seed,
        4000,
        accuracy + 0.01,
        accuracy,
        100,
        60.0,
        "hash",
        {},
        replace(provenance(), commit="c", date="d"),
    )


@pytest.mark.slow
@pytest.mark.slice
def test_a_trial_is_trained_once_and_read_afterwards(place, speech):
    folder = place / "results" / "ablation" / "no-teacher-s5"
    folder.mkdir(parents=True)
    (folder / "trial.json").write_text(json.dumps(to_plain(trial("no-teacher", 5, 0.5))))  # one of other steps
    said = []
    (one,) = ablation.run_all(speech, only=["no-teacher"], seeds=[5], steps=8, say=said.append)
    assert one.steps == 8
    assert 0 <= one.validation_quantised <= 1 and one.clips > 0 and one.profile["recipe"]
    assert 0 <= one.validation_noisy <= 1
    lines = len(said)
    (again,) = ablation.run_all(speech, only=["no-teacher"], seeds=[5], steps=8, say=said.append)
    assert again == one and len(said) == lines + 1
    path = KEPT.record()
    assert KEPT.recorded() == [one]
    older = trial(WHOLE, 1, 0.5)
    write_record(path, Recorded([older, replace(one, validation_noisy=None)]), None)  # of another session
    assert KEPT.record() == path and KEPT.recorded() == [older, one]
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DataError, match="ablation.json is damaged"):
        KEPT.recorded()


def test_the_summary_by_hand():
    trials = [trial(WHOLE, seed, value) for seed, value in ((1, 0.90), (2, 0.92), (3, 0.94))]
    trials += [trial("mixup", 1, 0.91), trial("mixup", 2, 0.92), trial("mixup", 4, 0.10)]
    whole, mixup = ablation.summary(trials).to_dict("records")
    assert whole["quantised_mean"] == pytest.approx(0.92) and whole["quantised_deviation"] == pytest.approx(0.02)
    assert whole["float_mean"] == pytest.approx(0.93) and pd.isna(whole["difference"])
    assert mixup["seeds"] == 3
    # seed 4 has no twin: (0.01 + 0.00) / 2
    assert mixup["difference"] == pytest.approx(0.005)
    assert mixup["difference_deviation"] == pytest.approx(0.01 / 2**0.5)


def test_noise_is_summed_up_where_it_was_measured():
    noisy = {("decay", 1): 0.70, (WHOLE, 1): 0.66, (WHOLE, 2): 0.68}
    trials = [replace(trial(name, seed, 0.9), validation_noisy=value) for (name, seed), value in noisy.items()]
    decay, whole, mixup = ablation.summary([*trials, trial("mixup", 1, 0.9)]).to_dict("records")
    assert whole["noisy_mean"] == pytest.approx(0.67) and pd.isna(whole["noisy_difference"])
    assert decay["noisy_difference"] == pytest.approx(0.04)
    assert pd.isna(mixup["noisy_mean"]) and pd.isna(mixup["noisy_difference"])


def test_each_variant_is_compared_with_the_recipe_that_it_changes():
    trials = [trial(WHOLE, 1, 0.90), trial("decay", 1, 0.91), trial(LISTENING, 1, 0.80), trial("power", 1, 0.83)]
    rows = {row["variant"]: row for row in ablation.summary(trials).to_dict("records")}
    assert rows["decay"]["difference"] == pytest.approx(0.01) and rows["power"]["difference"] == pytest.approx(0.03)
    assert pd.isna(rows[LISTENING]["difference"])
    assert ablation.of_recipe(trials, LISTENING) == trials[2:] and ablation.of_recipe(trials, WHOLE) == trials[:2]


def test_one_seed_alone_has_no_deviation():
    (row,) = ablation.summary([trial("decay", 1, 0.9)]).to_dict("records")
    assert pd.isna(row["quantised_deviation"]) and pd.isna(row["difference"])


def test_nothing_is_recorded_where_nothing_ended(place):
    assert KEPT.recorded() == []
    with pytest.raises(DataError, match="there is no finished training in .*run: kws ablation --data FOLDER"):
        KEPT.record()


def test_bad_input_trains_nothing(place, speech):
    with pytest.raises(InputError, match="unknown variant 'mixp'.*did you mean 'mixup'"):
        next(ablation.run_all(speech, only=["mixp"]))
    with pytest.raises(InputError, match="none may be negative"):
        next(ablation.run_all(speech, steps=-1))
    with pytest.raises(DataError, match="does not exist"):
        next(ablation.run_all(str(place / "nowhere"), only=["no-teacher"], say=lambda line: None))
    assert not (place / "results").exists()


def test_a_damaged_trial_is_told(tmp_path):
    (tmp_path / "trial.json").write_text(json.dumps({"variant": WHOLE}))
    with pytest.raises(DataError, match="trial.json is damaged"):
        KEPT.read(tmp_path)
    assert KEPT.read(tmp_path / "none") is None
