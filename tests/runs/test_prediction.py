import json
import shutil

import numpy as np
import pytest

from kwslib.config.presets import SIZES
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError, ModelError
from kwslib.integer import graph
from kwslib.runs import prediction
from kwslib.speech.fingerprint import fingerprints, quantise
from tests.corpora import write_wav
from tests.gap8 import networks
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    return path


@pytest.fixture
def clips(tmp_path):
    rng = np.random.default_rng(3)
    for number in range(3):
        write_wav(tmp_path / f"{number}.wav", rng.normal(0, 10 ** (1 + number), 16000 - 3000 * number).clip(-3e4, 3e4))
    return [tmp_path / f"{number}.wav" for number in range(3)]


@pytest.fixture
def places(monkeypatch, tmp_path, model):
    """A project with a fresh run and a recorded one; returns their folders."""
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    for folder, profile in (("book/results", "quick"), ("models", "baseline")):
        run = sample_run(tmp_path / folder, profile=profile)
        shutil.copy(model, run.folder / "model.tflite")
    return tmp_path / "book" / "results" / "quick-small", tmp_path / "models" / "baseline-small"


def test_predicts_what_tflite_does(model, clips):
    network = prediction.of_file(model)
    found = prediction.predict(clips, network)
    audio = np.stack([np.pad(prediction.read_wav(clip), (0, 16000))[:16000] for clip in clips])
    codes = quantise(fingerprints(audio, SIZES["small"].front_end()))[..., None]
    interpreter = networks.interpreter(model.read_bytes())
    details = interpreter.get_output_details()[0]
    scale, zero_point = details["quantization"]
    for told, clip, code in zip(found, clips, codes, strict=True):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], code[None])
        interpreter.invoke()
        theirs = (interpreter.get_tensor(details["index"])[0].astype(float) - zero_point) * scale
        assert told.clip == str(clip)
        assert told.winner == LABELS[theirs.argmax()]
        assert list(told.probabilities.values()) == pytest.approx(theirs, abs=1.01 * scale)
        assert prediction.table(told).splitlines()[0] == f"{clip}: {told.winner}"
        assert len(prediction.table(told).splitlines()) == 1 + len(LABELS)


def test_older_uint8_and_int8_files_get_their_own_codes(model, clips):
    audio = np.stack([np.pad(prediction.read_wav(clip), (0, 16000))[:16000] for clip in clips])
    front_end = SIZES["small"].front_end()
    codes = quantise(fingerprints(audio, front_end))
    network = prediction.of_file(model)
    assert network.graph.input.dtype == "uint8"
    assert np.array_equal(prediction.codes_for(network, audio), codes)
    signed = graph.load(networks.post_training())
    assert signed.input.dtype == "int8"
    theirs = prediction.codes_for(prediction.Network(signed, front_end, ""), audio).astype(float)
    wanted = np.round(fingerprints(audio, front_end) / signed.input.scale) + signed.input.zero_point
    assert np.abs(theirs - wanted.clip(-128, 127)).max() <= 1


def test_the_run_knows_its_front_end(places, monkeypatch):
    fresh, recorded = places
    assert prediction.of_run().source == "run quick-small, trained on synthetic"
    value = json.loads((fresh / "metrics.json").read_text())
    (fresh / "metrics.json").write_text(json.dumps({**value, "front_end": "power"}))
    assert prediction.of_run("quick-small").front_end.kind == "power"
    assert prediction.of_file(fresh / "model.tflite").front_end.kind == "power"
    assert prediction.of_file(fresh / "model.tflite", "magnitude").front_end.kind == "magnitude"
    shutil.rmtree(fresh)
    assert prediction.of_run().source == "recorded run baseline-small, trained on synthetic"
    (recorded / "model.tflite").unlink()
    with pytest.raises(DataError, match="run baseline-small has no model.tflite; run it again"):
        prediction.of_run()
    shutil.rmtree(recorded)
    with pytest.raises(DataError, match="there is no trained network yet: run 'kws run --size small'"):
        prediction.of_run()
    with pytest.raises(DataError, match="there is no run 'other'"):
        prediction.of_run("other")


def test_networks_that_do_not_fit(model, tmp_path):
    data = model.read_bytes()
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="bad.tflite: "):
        prediction.of_file(bad)
    bad.write_bytes(networks.floating())
    with pytest.raises(ModelError, match="bad.tflite: .*float"):
        prediction.of_file(bad)
    with pytest.raises(InputError, match="cannot read the network .*none.tflite: No such file"):
        prediction.of_file(tmp_path / "none.tflite")
    (shape, blocks) = networks.SMALL
    bad.write_bytes(networks.quantised(shape, blocks, classes=5))
    with pytest.raises(ModelError, match="bad.tflite has 5 outputs; a keyword network has 12"):
        prediction.of_file(bad)
    bad.write_bytes(networks.quantised((20, 10), blocks))
    with pytest.raises(
        ModelError, match=r"reads an input of \(20, 10, 1\); the fingerprints here are 49 × 10 or 98 × 40"
    ):
        prediction.of_file(bad)


def test_clips_that_are_none(model, tmp_path):
    network = prediction.of_file(model)
    with pytest.raises(InputError, match="no clip is named"):
        prediction.predict([], network)
    (tmp_path / "x.wav").write_text("hello")
    with pytest.raises(DataError, match="x.wav is not a PCM WAV file"):
        prediction.predict([tmp_path / "x.wav"], network)
    write_wav(tmp_path / "y.wav", np.zeros(8000), rate_hz=8000)
    with pytest.raises(DataError, match="y.wav is 8000 Hz"):
        prediction.predict([tmp_path / "y.wav"], network)
