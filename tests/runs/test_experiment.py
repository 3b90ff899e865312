"""An experiment hands everything that it holds to the training."""

from pathlib import Path

import pytest

from kwslib.config.augmentation import Augmentation
from kwslib.config.recipe import Recipe
from kwslib.errors import InputError
from kwslib.network import training
from kwslib.runs.experiment import Experiment
from kwslib.speech import open_corpus
from kwslib.speech.dataset import evaluation_codes, training_codes
from tests import corpora
from tests.network.on_jax import SCHEDULE, TINY

FRONT_END = TINY.front_end("power", 0.75)


def experiment(folder, **more):
    values = {
        "size": TINY,
        "schedule": SCHEDULE,
        "front_end": FRONT_END,
        "augmentation": Augmentation(shift_ms=50.0),
        "recipe": Recipe(label_smoothing=0.1),
        "copies": 3,
        "batch_clips": 50,
        "validate_every_steps": 4,
        "seed": 9,
        "folder": folder,
        "config": {"manifest": "x"},
    }
    return Experiment(**values | more)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return open_corpus("speech_commands", corpora.build(tmp_path / "speech"))


def test_the_training_gets_everything(corpus, tmp_path, monkeypatch):
    validation = evaluation_codes(corpus, "validation", "noise-silence", FRONT_END)
    got = {}

    def train(size, schedule, copies, count, sets, **more):
        codes, labels = copies(1)
        expected = training_codes(corpus, FRONT_END, Augmentation(shift_ms=50.0), 9, 1)
        assert (codes == expected[0]).all() and (labels == expected[1]).all()
        got.update(size=size, schedule=schedule, count=count, sets=sets, **more)
        return "trained"

    monkeypatch.setattr(training, "train", train)
    assert experiment(tmp_path).train(corpus, validation, say=print) == "trained"
    assert got == {
        "size": TINY,
        "schedule": SCHEDULE,
        "count": 3,
        "sets": validation,
        "seed": 9,
        "folder": tmp_path,
        "validate_every_steps": 4,
        "input_scale": FRONT_END.scale,
        "recipe": Recipe(label_smoothing=0.1),
        "start": None,
        "taught": None,
        "batch_clips": 50,
        "config": {"manifest": "x"},
        "say": print,
    }


def test_it_starts_from_a_released_network(corpus, tmp_path, monkeypatch):
    got = {}
    monkeypatch.setattr(training, "train", lambda *_, **more: got.update(more))
    experiment(tmp_path, recipe=Recipe(start="quick-small")).train(corpus, None, say=print)
    assert got["start"].name == "quick-small"


def test_a_teacher_that_is_not_released_is_told_before_anything_is_trained(corpus, tmp_path):
    validation = evaluation_codes(corpus, "validation", "noise-silence", FRONT_END)
    recipe = Recipe(teacher="huge", teacher_share=0.5)
    with pytest.raises(InputError, match="needs the network 'huge'"):
        experiment(tmp_path / "run", recipe=recipe).train(corpus, validation)
    assert not Path(tmp_path / "run").exists()
