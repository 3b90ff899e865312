import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kwslib import paths
from kwslib.accuracy import Accuracy
from kwslib.cli.main import main
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.release import evaluation, evaluation_record
from kwslib.release.evaluation import NotReproduced
from kwslib.runs.run_record import Measurement
from kwslib.speech.speech_commands import TEST_FOLDER
from tests import caches, corpora
from tests.sample_run import sample_run

RECORDED = paths.models_dir() / "quick-small"


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """The official test archive alone, two clips a label."""
    data = tmp_path_factory.mktemp("speech")
    rng = np.random.default_rng(1)
    for label in LABELS:
        for number in range(2):
            corpora.write_wav(data / TEST_FOLDER / label / f"{number}.wav", rng.normal(0, 2000, 16000))
    return data


@pytest.fixture
def model(tmp_path, speech, monkeypatch):
    """A folder with a network, whose recorded figures are those of the test clips here."""
    monkeypatch.setenv("KWS_CACHE", str(caches.fresh(tmp_path / "cache")))
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("KWS_DATA", raising=False)
    folder = tmp_path / "small"
    shutil.copytree(RECORDED, folder)
    measured = evaluation.measure(evaluation.open_released(folder), evaluation.open_test(str(speech)))
    value = json.loads((folder / "metrics.json").read_text())
    value["corpus"]["name"] = "speech_commands"
    del value["checksum"]
    rows = {(row.network, row.split, row.silence): vars(row) for row in measured}
    value["measurements"] = [
        rows.get((row["network"], row["split"], row["silence"]), row) for row in value["measurements"]
    ]
    paths.write_json(folder / "metrics.json", value)
    return folder


def refused(*words):
    result = CliRunner().invoke(main, ["evaluate", *map(str, words)])
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.mark.slow
@pytest.mark.slice
def test_a_network_is_evaluated_and_deployed_with_the_test_archive_alone(model, speech, tmp_path):
    result = CliRunner().invoke(main, ["evaluate", str(model), "--data", str(speech)])
    assert result.exit_code == 0, result.output
    assert result.output.count("equal in every cell of the confusion matrix") == 2
    assert "every layer right on 20 clips (simulator)" in result.output
    folder = tmp_path / "results" / "released-small"
    assert {path.name for path in folder.iterdir()} == {"evaluate.ipynb", "gap8.ipynb", "gap8", "evaluation.json"}
    found = evaluation_record.read(folder)
    assert found.equal and found.corpus.test_clips == 24 and len(found.measurements) == 4
    assert not list((tmp_path / "results" / ".partial").iterdir())


def test_other_figures_than_the_recorded_ones(model, speech, tmp_path):
    released = evaluation.open_released(model / "model.tflite")
    measured = evaluation.measure(released, evaluation.open_test(str(speech)))
    run = evaluation.record_of(released)
    evaluation.require_equal(run, evaluation.beside_recorded(run, measured))
    other = Measurement.of("tflite", "test", "noise-silence", Accuracy(np.eye(12, dtype=int)))
    with pytest.raises(NotReproduced, match="tflite, noise-silence: 12 of 12 clips are right here"):
        evaluation.require_equal(run, evaluation.beside_recorded(run, [other]))
    value = json.loads((RECORDED / "metrics.json").read_text())
    value["corpus"]["name"] = "speech_commands"
    del value["checksum"]
    paths.write_json(model / "metrics.json", value)
    assert "other ones: the test clips or the arithmetic differ" in refused(model, "--data", speech)
    assert (tmp_path / "results" / "failed" / "released-small.ipynb").exists()
    assert not (tmp_path / "results" / "released-small").exists()


def test_conflicting_options(model):
    assert "cannot name a run" in refused(model, "--run", "../x")


def test_bad_folders(model, tmp_path):
    assert "MODEL is the folder of a released network" in refused(tmp_path / "nothing")
    (model / "model.tflite").write_bytes((model / "model.tflite").read_bytes()[:-1] + b"x")
    assert "it was damaged or changed" in refused(model)
    (model / "model.tflite").unlink()
    assert "model.tflite does not exist" in refused(model)
    shutil.copyfile(RECORDED / "model.tflite", model / "model.tflite")
    (model / "metrics.json").unlink()
    assert "has no metrics.json" in refused(model)


def test_a_network_of_another_corpus_is_refused_before_anything_is_measured(speech):
    assert "was recorded on synthetic: only networks that were measured on the official" in refused(
        RECORDED, "--data", speech
    )


def test_missing_test_clips(model, tmp_path):
    assert "kws data fetch --test-only" in refused(model)
    assert "kws data fetch --test-only" in refused(model, "--data", tmp_path / "nothing")
    with pytest.raises(DataError, match="has no official test clips: .*kws data fetch --test-only"):
        evaluation.open_test(str(corpora.build(tmp_path / "main")))


def test_a_trained_run_is_not_overwritten(model, speech, tmp_path):
    sample_run(tmp_path / "results")
    message = refused(model, "--data", speech, "--run", "quick-small")
    assert "is the folder of a trained run" in message
    assert Path(tmp_path / "results" / "quick-small" / "model.tflite").exists()
