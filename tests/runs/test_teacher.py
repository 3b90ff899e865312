"""What a teacher says of the training clips."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.augmentation import Augmentation
from kwslib.config.recipe import Recipe
from kwslib.errors import DataError, InputError
from kwslib.network.evaluation import tflite_predictor
from kwslib.runs import networks, teacher
from kwslib.runs.networks import of_file
from kwslib.speech.dataset import training_codes
from kwslib.speech.speech_commands import open_speech_commands
from tests import corpora
from tests.sample_run import sample_run

RECIPE = Recipe(teacher="quick-small", teacher_share=0.5)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return open_speech_commands(corpora.build(tmp_path_factory.mktemp("speech")))


def test_its_probabilities_are_the_networks_softmax(corpus, monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    augmentation = Augmentation(hold_out_noise=True)
    taught = teacher.soft_targets(RECIPE, corpus, augmentation, seed=3)
    found = taught(1)
    network = of_file(networks.pretrained_path(RECIPE.teacher))
    codes, labels = training_codes(corpus, network.front_end, augmentation, 3, 1)
    assert found.shape == (len(labels), 12) and found.dtype == np.float32
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    softmax = tflite_predictor(networks.pretrained_path(RECIPE.teacher).read_bytes())(codes) / 256
    assert np.abs(found - softmax).max() < 1.5 / 256


def test_a_teacher_in_quiet_hears_the_same_clips_without_noise(corpus, monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    noisy = Augmentation(snr_probability=0.5, joined_probability=0.2, speed_change=0.1)
    in_quiet = teacher.soft_targets(replace(RECIPE, teacher_in_quiet=True), corpus, noisy, seed=3)(0)
    quiet = replace(noisy, noise_probability=0, snr_probability=0)
    assert np.array_equal(in_quiet, teacher.soft_targets(RECIPE, corpus, quiet, seed=3)(0))
    assert not np.array_equal(in_quiet, teacher.soft_targets(RECIPE, corpus, noisy, seed=3)(0))


@pytest.mark.parametrize("in_quiet", [False, True])
def test_a_teacher_is_not_asked_about_running_speech(corpus, monkeypatch, tmp_path, in_quiet):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    recipe = replace(RECIPE, teacher_in_quiet=in_quiet)
    without = Augmentation(snr_probability=0.5, turn_others=True)
    asked = teacher.soft_targets(recipe, corpus, without, seed=3)(0)
    taught = teacher.soft_targets(recipe, corpus, replace(without, running_speech=0.2), seed=3)(0)
    added = round(0.2 * len(asked))
    assert added and len(taught) == len(asked) + added and taught.dtype == np.float32
    assert np.array_equal(taught[:-added], asked)
    assert np.array_equal(taught[-added:], np.tile(np.eye(12)[1], (added, 1)))  # _unknown_


def test_what_a_teacher_in_quiet_says_does_not_depend_on_the_noise(corpus, monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    recipe = replace(RECIPE, teacher_in_quiet=True)
    first = np.array(teacher.soft_targets(recipe, corpus, Augmentation(snr_probability=0.5), seed=3)(0))
    monkeypatch.setattr(teacher, "probabilities", None)  # so that anything but the kept ones fails
    other = Augmentation(snr_probability=0.3, snr_low_db=0.0, snr_silence=True, snr_ramp_copies=2)
    assert np.array_equal(teacher.soft_targets(recipe, corpus, other, seed=3)(0), first)


def test_they_are_computed_once(corpus, monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    first = np.array(teacher.soft_targets(RECIPE, corpus, Augmentation(), seed=3)(0))
    monkeypatch.setattr(teacher, "probabilities", None)
    monkeypatch.setattr(teacher, "training_codes", None)
    assert np.array_equal(teacher.soft_targets(RECIPE, corpus, Augmentation(), seed=3)(0), first)
    with pytest.raises(TypeError):
        teacher.soft_targets(RECIPE, corpus, Augmentation(), seed=4)(0)


def test_without_a_teacher_there_is_nothing(corpus):
    assert teacher.soft_targets(Recipe(), corpus, Augmentation(), seed=3) is None


def test_a_network_to_learn_from_goes_by_its_size_or_its_run():
    by_size = networks.pretrained_path("small")
    run = networks.of_file(by_size).run.run
    assert networks.pretrained_path(run) == by_size
    assert networks.pretrained_sha256(run) == networks.pretrained_sha256("small")


def test_a_fresh_run_can_be_learned_from_once_it_has_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    run = sample_run(tmp_path, "medium", "baseline")
    assert networks.pretrained_path(run.run) == tmp_path / run.run / "model.tflite"
    assert networks.pretrained_sha256(run.run) == run.network.tflite_sha256
    (tmp_path / run.run / "metrics.json").unlink()
    with pytest.raises(DataError, match="has not ended, or never ran"):
        networks.pretrained_path(run.run)


def test_a_teacher_that_is_not_released():
    with pytest.raises(InputError, match="needs the network 'huge'"):
        networks.pretrained_path("huge")
