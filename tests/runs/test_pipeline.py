"""The pipeline of a run: its stages give what their parts give, and leave what the notebook leaves."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from kwslib.artifacts import to_plain
from kwslib.config.profiles import PROFILES
from kwslib.config.schedule import BATCH_CLIPS
from kwslib.config.words import KEYWORDS, LABELS
from kwslib.integer import network_file
from kwslib.integer.metadata import Description
from kwslib.network import conversion, training
from kwslib.runs import execution, mistakes, parameters, pipeline, records, run_record
from kwslib.runs.claim import RunBusy, claim
from kwslib.speech import open_corpus
from kwslib.speech.dataset import evaluation_codes, noisy_codes, training_codes
from tests import corpora
from tests.network.on_jax import SCHEDULE, TINY

COPIES = 2
FILES = ("model.tflite", "accuracy.csv", "history.csv", "mistakes/mistakes.json", "mistakes/mistakes.csv")


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return str(corpora.build(tmp_path_factory.mktemp("speech")))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Results and cache in a folder of their own; returns the results folder."""
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KWS_RESULTS", str(folder / "results"))
        patch.setenv("KWS_CACHE", str(folder / "cache"))
        yield folder / "results"


@pytest.fixture(scope="module")
def chosen(speech):
    """A run of a network with eight channels, trained for 16 steps."""
    profile = replace(
        PROFILES["quick"],
        schedules={TINY.name: SCHEDULE},
        copies={TINY.name: COPIES},
        validate_every_steps={TINY.name: 4},
    )
    return parameters.Parameters(
        size=TINY,
        profile=profile,
        schedule=SCHEDULE,
        front_end=TINY.front_end(profile.front_end, profile.input_scale),
        augmentation=profile.augmentation,
        recipe=profile.recipe(TINY.name),
        copies=COPIES,
        batch_clips=BATCH_CLIPS,
        validate_every_steps=4,
        words=KEYWORDS,
        corpus="speech_commands",
        data=speech,
        seed=3,
        threads=0,
        given={},
        run="tiny",
    )


@pytest.fixture(scope="module")
def made(place, chosen):
    said = []
    return pipeline.run(chosen, said.append), said


def test_a_run_leaves_everything_that_its_record_says(made, place):
    run, said = made
    assert run.folder == place / "tiny"
    assert records.load(run.folder) == run
    data = (run.folder / "model.tflite").read_bytes()
    assert run.network.tflite_sha256 == hashlib.sha256(data).hexdigest() and run.network.tflite_bytes == len(data)
    assert run.agreement.different_logit_codes_tflite_and_reference == 0
    assert list(run.durations_s) == ["corpus", "fingerprints", "training", "conversion", "evaluation"]
    sets = [(split, silence) for split in ("validation", "test") for silence in ("noise-silence", "digital-silence")]
    assert [(one.network, one.split, one.silence) for one in run.measurements] == [
        (form, *key) for form in run_record.NETWORKS for key in sets
    ]
    listed = mistakes.read(run.folder / "mistakes")
    measured = run.measurement("tflite", "test", "noise-silence")
    wrong = measured.clips - measured.correct
    assert min(mistakes.MOST_CONFIDENT, wrong) <= len(listed) <= wrong
    assert (run.folder / "training" / "checkpoint.npz").exists()
    assert any(line.startswith("step    16 of 16") for line in said)
    assert list(run.provenance.trained_on_s)


def test_the_network_is_what_its_parts_make_by_hand(made, chosen, tmp_path):
    """The same training, with the copies made here and no pipeline: the same bytes."""
    run, _ = made
    corpus = open_corpus("speech_commands", chosen.data)
    trained = training.train(
        TINY,
        SCHEDULE,
        lambda copy: training_codes(corpus, chosen.front_end, chosen.profile.augmentation, 3, copy),
        COPIES,
        evaluation_codes(corpus, "validation", "noise-silence", chosen.front_end),
        seed=3,
        folder=tmp_path,
        validate_every_steps=4,
        input_scale=chosen.front_end.scale,
        recipe=chosen.recipe,
        say=lambda line: None,
    )
    bare = conversion.to_tflite(TINY, trained.quantised)
    described = conversion.describe(bare, Description(LABELS, chosen.front_end, corpus.name))
    assert described == (run.folder / "model.tflite").read_bytes()
    assert (tmp_path / "history.csv").read_bytes() == (run.folder / "history.csv").read_bytes()
    assert run.training.best_step == trained.progress.best_step


def test_a_run_goes_on_from_its_last_checkpoint(made, chosen):
    run, _ = made
    said = []
    again = pipeline.run(chosen, said.append)
    assert said == ["going on from step 16 of 16"]
    assert records.comparable(again) == records.comparable(run)


def test_what_the_notebook_shows(made, chosen):
    run, _ = made
    durations_s = {}
    speech = pipeline.open_speech(chosen, durations_s)
    assert list(speech.sets) == list(pipeline.SETS) and list(durations_s) == ["corpus", "fingerprints"]
    examples = speech.examples()
    assert len(examples) == 12 and {codes.shape for codes in examples.values()} == {chosen.front_end.shape}
    trained = pipeline.train(chosen, speech, durations_s, lambda line: None)
    converted = pipeline.convert(chosen, speech, trained, durations_s)
    assert converted.sha256 == run.network.tflite_sha256
    assert [layer.name for layer in converted.graph.layers] == [
        layer.name for layer in network_file.open_file(run.folder / "model.tflite").graph.layers
    ]
    measured = pipeline.measure(speech, trained, converted, durations_s)
    assert measured.measurements == run.measurements and measured.agreement == run.agreement
    assert measured.measurement("tflite", *pipeline.SHOWN) == run.measurement("tflite", *pipeline.SHOWN)
    shown = measured.measurement("tflite", *pipeline.SHOWN)
    labels = speech.sets[pipeline.SHOWN][1]
    assert int(np.sum(measured.softmax.argmax(axis=1) == labels)) == shown.correct
    listed = mistakes.read(run.folder / "mistakes")
    assert to_plain(pipeline.worst_mistakes(speech, measured)) == to_plain([replace(one, sha256="") for one in listed])


def test_a_run_folder_has_one_writer(place, chosen):
    with (
        claim(place / "other", patience_s=0),
        pytest.raises(RunBusy, match="other is being written by process"),
        pipeline.begin(replace(chosen, run="other"), patience_s=0),
    ):
        pass


@pytest.mark.slow
def test_the_notebook_leaves_the_same_files(monkeypatch, speech, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "notebook"))
    given = {"steps": 8, "corpus": "speech_commands", "data": speech, "run": "one"}
    shown = execution.make_run(given)
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "pipeline"))
    run = pipeline.run(parameters.check(**given), lambda line: None)
    assert records.comparable(run) == records.comparable(shown)
    for name in (*FILES, *(path.relative_to(run.folder) for path in run.folder.glob("mistakes/*.wav"))):
        assert (run.folder / name).read_bytes() == (shown.folder / name).read_bytes()


def test_a_training_that_hears_noise_is_chosen_in_noise_as_well(made, chosen):
    speech, said = pipeline.open_speech(chosen, {}), []
    plain = speech.sets[pipeline.CHOOSES]
    assert pipeline.choosing(chosen, speech, said.append) is plain and not said
    hears = replace(chosen, augmentation=replace(chosen.augmentation, snr_probability=0.5))
    codes, labels = pipeline.choosing(hears, speech, said.append)
    words = noisy_codes(speech.corpus, "validation", chosen.front_end)
    np.testing.assert_array_equal(codes, np.concatenate([plain[0], words[0]]))
    np.testing.assert_array_equal(labels, np.concatenate([plain[1], words[1]]))
    assert said == [f"validation: {len(plain[1])} clips, and {len(words[1])} words again in noise at 20, 10, 5, 0 dB"]
