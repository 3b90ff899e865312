"""A folder of somebody's own words, the whole way: trained, recorded, deployed, predicted, shown."""

import numpy as np
import pytest

from kwslib.config.words import labels_of
from kwslib.errors import InputError
from kwslib.release import card, evaluation
from kwslib.report import gap8_page, overview, run_page, tables
from kwslib.runs import deployments, mistakes, networks, pipeline, prediction, records
from kwslib.runs.parameters import check
from kwslib.speech import open_corpus
from kwslib.speech.samples import write_samples
from kwslib.studies import robustness
from tests import caches
from tests.corpora import write_wav

WORDS = ("hello", "lights on", "größe")
LABELS = labels_of(WORDS)


def build(folder):
    """Three words and another sound: tones of different pitch, 20 clips each."""
    rng = np.random.default_rng(1)
    time_s = np.arange(16000) / 16000
    for number, word in enumerate((*WORDS, "other")):
        tone = 9000 * np.sin(2 * np.pi * 300 * (number + 1) * time_s) * np.exp(-(((time_s - 0.5) / 0.2) ** 2))
        for clip in range(20):
            write_wav(folder / word / f"voice{clip}_nohash_0.wav", tone + rng.normal(0, 50, 16000))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KWS_RESULTS", str(folder / "results"))
        patch.setenv("KWS_CACHE", str(caches.fresh(folder / "cache")))
        patch.delenv("KWS_DATA", raising=False)
        yield folder


@pytest.fixture(scope="module")
def run(place):
    chosen = check(
        words=list(WORDS),
        data=str(build(place / "words")),
        model_size_info="2 8 10 4 2 2 8 3 3 1 1",
        window_ms=30,
        coefficients=13,
        learning_rates="0.01,0.001",
        stage_steps="16,8",
        batch_clips=20,
        copies=1,
        run="own",
    )
    return pipeline.run(chosen, lambda line: None)


def test_the_record_says_words_network_and_speech(run):
    assert run.labels == LABELS and run.corpus.name == "folder"
    assert run.architecture.model_size_info == (2, 8, 10, 4, 2, 2, 8, 3, 3, 1, 1)
    assert run.network.parameters == run.architecture.parameters and run.network.macs == run.architecture.macs
    assert run.training.batch_clips == 20
    assert not run.same_network and run.title == "own"
    found = run.measurement("tflite", "test", "noise-silence")
    assert np.shape(found.confusion) == (5, 5) and found.accuracy > 0.5
    assert run.agreement.different_logit_codes_tflite_and_reference == 0
    assert {one.label for one in mistakes.read(run.folder / "mistakes")} <= set(LABELS)


def test_labels_and_front_end_travel_in_the_file(run):
    alone = networks.of_file(run.folder / "model.tflite")
    assert alone.labels == LABELS
    assert alone.front_end.key == run.training.front_end == "power-30-20-13"


def test_it_predicts(run, place):
    clip = place / "words" / "hello" / "voice0_nohash_0.wav"
    (found,) = prediction.predict([clip], networks.of_run("own"))
    assert found.winner in LABELS


def test_it_is_deployed_with_clips_of_its_own(run, place):
    task = deployments.choose("small", "simulator", "", "own", "", str(place / "words"), 3, 600.0)
    assert (task.corpus, task.size) == ("folder", "")
    found = deployments.run_task(task)
    assert found.deployment.clips_checked == 3
    assert "cycles; every layer right on 3 clips" in deployments.line(run)
    away = deployments.choose("small", "simulator", "", "own", "", "", 3, 600.0)
    assert away.corpus == "synthetic" and "names no recorded speech" in away.clip_text


def test_pages_show_it_without_the_baseline(run):
    assert overview.headline([run])["network"].unique().tolist() == ["own, this book"] * 1
    assert overview.beside_baseline(run)["network"].unique().tolist() == ["own"]
    assert list(tables.classes(run)["class"]) == list(LABELS)
    assert run_page.matrix(run, "noise-silence") is not None
    assert [table.frame["label"].tolist() for table in run_page.matrix_tables(run)] == [list(LABELS)] * 2
    assert "own recordings" in str(run_page.note(run))
    assert gap8_page.totals([run])["baseline's cycles"].isna().all()
    text = card.card(run.folder)
    assert "größe" in text and "lights on" in text and "Speech Commands v0.02" not in text


def test_the_record_goes_and_comes_back(run):
    assert records.load(run.folder) == run


def test_measurements_on_other_words_are_refused(run, place, speech):
    ten = open_corpus("speech_commands", speech)
    with pytest.raises(InputError, match="run own knows the words hello, lights on, größe; the clips are of yes, no"):
        robustness.measure(run, ten)
    with pytest.raises(InputError, match="knows the classes _silence_, _unknown_, hello, .*; the clips are of"):
        evaluation.measure(networks.of_run("own"), ten)


def test_the_kind_of_its_front_end_can_be_changed(run):
    path = run.folder / "model.tflite"
    for kind in ("magnitude", "integer"):
        assert networks.of_file(path, kind).front_end.key == f"{kind}-30-20-13"


def test_pictures_of_its_clips_have_names_of_their_own(run, place):
    corpus = open_corpus("folder", place / "words", WORDS)
    made = write_samples(corpus, run.architecture.front_end("power"), place / "pictures", 2, "test")
    assert len(set(made)) == len(made) == 2 * len(LABELS)
