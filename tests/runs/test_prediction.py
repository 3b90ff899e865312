from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.config.presets import SIZES
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.integer import network_file
from kwslib.runs import prediction
from kwslib.runs.clips import codes_for
from kwslib.runs.networks import Network, of_file
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.wav import read_wav
from tests.corpora import write_wav
from tests.gap8 import networks


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


def test_predicts_what_tflite_does(model, clips):
    network = replace(of_file(model), labels=LABELS)
    found = prediction.predict(clips, network)
    audio = np.stack([np.pad(read_wav(clip), (0, 16000))[:16000] for clip in clips])
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
        assert str(told).splitlines()[0] == f"{clip}: {told.winner}"
        assert len(str(told).splitlines()) == 1 + len(LABELS)


def test_older_uint8_and_int8_files_get_their_own_codes(model, clips):
    audio = np.stack([np.pad(read_wav(clip), (0, 16000))[:16000] for clip in clips])
    front_end = SIZES["small"].front_end()
    codes = quantise(fingerprints(audio, front_end))
    network = of_file(model)
    assert network.graph.input.dtype == "uint8"
    assert np.array_equal(codes_for(network, audio), codes)
    signed = network_file.load(networks.post_training())
    assert signed.input.dtype == "int8"
    theirs = codes_for(Network(signed, Path("x"), "", "", front_end=front_end), audio).astype(float)
    wanted = np.round(fingerprints(audio, front_end) / signed.input.scale) + signed.input.zero_point
    assert np.abs(theirs - wanted.clip(-128, 127)).max() <= 1


def test_clips_that_are_none(model, tmp_path):
    network = of_file(model)
    with pytest.raises(InputError, match="no clip is named"):
        prediction.predict([], network)
    (tmp_path / "x.wav").write_text("hello")
    with pytest.raises(DataError, match="x.wav is not a PCM WAV file"):
        prediction.predict([tmp_path / "x.wav"], network)
    write_wav(tmp_path / "y.wav", np.zeros(8000), rate_hz=8000)
    with pytest.raises(DataError, match="y.wav is 8000 Hz"):
        prediction.predict([tmp_path / "y.wav"], network)


def test_classes_without_names_are_numbered(model, clips):
    (told, *_) = prediction.predict(clips, of_file(model))
    assert told.winner in told.probabilities and set(told.probabilities) == {f"class {n}" for n in range(12)}


def test_a_clip_that_is_cut_says_so(model, tmp_path):
    write_wav(tmp_path / "long.wav", np.zeros(20000))
    (told,) = prediction.predict([tmp_path / "long.wav"], of_file(model))
    assert told.clip.endswith("long.wav (1.2 s long: only its first second is used)")


def test_without_a_softmax_there_are_scores(clips, tmp_path):
    path = tmp_path / "scores.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL, softmax=False))
    text = str(prediction.predict(clips, of_file(path))[0])
    assert "scores, not probabilities" in text and "%" not in text


def test_of_many_classes_the_first_are_printed():
    many = prediction.Prediction("c", "class 0", {f"class {n}": 1 / (n + 1) for n in range(50)})
    assert str(many).endswith("(and 30 more)") and len(str(many).splitlines()) == 2 + prediction.MOST_ROWS
