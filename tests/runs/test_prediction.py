from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.config import foreign
from kwslib.config.foreign import ForeignInput, ForeignNetwork
from kwslib.config.front_end import FrontEnd
from kwslib.config.presets import SIZES
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.integer import network_file
from kwslib.runs import prediction
from kwslib.runs.clips import DEFAULT_CLIP, codes_for
from kwslib.runs.known_network import Network
from kwslib.runs.networks import choose, of_file
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.wav import read_wav
from tests.corpora import write_wav
from tests.gap8 import networks
from tests.places import SHARED


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


def test_clips_are_scaled_to_their_peak_where_the_networks_authors_did(model, clips, monkeypatch):
    made = ForeignInput(front_end=FrontEnd("magnitude", 40, 20, 10), labels=LABELS, normalised=True, source="")
    where = {"sha256": of_file(model).sha256, "repository": "a/b", "path": "x.tflite"}
    monkeypatch.setattr(
        foreign, "foreign_networks", lambda: (ForeignNetwork(name="x", title="X", input=made, **where),)
    )
    network = of_file(model)
    audio = np.stack([np.pad(read_wav(clip), (0, 16000))[:16000] for clip in clips])
    audio[0] = 0
    loud = audio.astype(np.float32) / np.maximum(np.abs(audio).max(axis=1, keepdims=True), 1)
    assert network.normalised and np.abs(loud).max() == 1
    assert np.array_equal(codes_for(network, audio), codes_for(replace(network, origin=None), loud))
    assert not np.array_equal(codes_for(network, audio), codes_for(replace(network, origin=None), audio))


def test_clips_that_are_none(model, tmp_path):
    network = of_file(model)
    with pytest.raises(InputError, match="no clip is named"):
        prediction.predict([], network)
    (tmp_path / "x.wav").write_text("hello")
    with pytest.raises(DataError, match="x.wav is no sound file that can be read"):
        prediction.predict([tmp_path / "x.wav"], network)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no sound file in the folder"):
        prediction.predict([tmp_path / "empty"], network)
    with pytest.raises(InputError, match="has no sound at 7 s"):
        write_wav(tmp_path / "y.wav", np.zeros(8000))
        prediction.predict([tmp_path / "y.wav"], network, at_s=7)


def test_classes_without_names_are_numbered(model, clips):
    (told, *_) = prediction.predict(clips, of_file(model))
    assert told.winner in told.probabilities and set(told.probabilities) == {f"class {n}" for n in range(12)}


def test_a_rate_that_is_converted_is_said(model, tmp_path):
    write_wav(tmp_path / "y z.wav", np.zeros(4000), rate_hz=8000)
    (told,) = prediction.predict([tmp_path / "y z.wav"], of_file(model))
    assert told.padded and told.note == f"{tmp_path / 'y z.wav'}: 8,000 Hz mono -> 16,000 Hz mono"
    assert str(told).splitlines()[0] == told.note


@pytest.fixture
def long_clip(tmp_path):
    """A spoken "yes" at second 3 of six."""
    samples = np.zeros(96000, np.int16)
    samples[48000:64000] = read_wav(DEFAULT_CLIP)
    write_wav(tmp_path / "long.wav", samples)
    return tmp_path / "long.wav"


def test_windows_slide_over_a_longer_clip(long_clip):
    network = choose(size="small")
    (told,) = prediction.predict([long_clip.parent], network)
    assert told.winner == "yes" and 2.5 <= told.start_s <= 3.5 and not told.padded
    assert [window.start_s for window in told.windows] == [n / 4 for n in range(21)]
    best = told.windows[told.best]
    assert best.label == "yes" and best.is_word and best.score == max(told.probabilities.values())
    assert not any(window.is_word for window in told.windows[:8])
    lines = str(told).splitlines()
    assert lines[0] == f"{long_clip}: yes in the second from {told.start_s:.2f} s, the best of 21 windows"
    assert lines[1].split() == ["label", "from", "to", "windows", "best", "from", "score"]
    row = next(line for line in lines if line.startswith("  yes ") and " s " in line).split()
    assert float(row[1]) <= told.start_s <= float(row[3]) - 1 and row[-2:] == [f"{100 * best.score:.2f}", "%"]
    assert sum(int(line.split()[5]) for line in lines[2:] if line.count(" s ") == 3) == 21
    assert lines[2].split()[:3] == ["_silence_", "0.00", "s"]


def test_a_second_that_is_named(long_clip):
    network = choose(size="small")
    (whole,), (told,) = prediction.predict([long_clip], network), prediction.predict([long_clip], network, at_s=3.0)
    assert told.windows == (whole.windows[12],) and told.start_s == 3.0
    assert str(told).startswith(f"{long_clip}: yes in the second from 3.00 s\n")


def test_of_many_stretches_those_with_words_are_printed():
    windows = tuple(
        prediction.Window(n / 4, "go" if n % 2 else "_silence_", 0.5 + n / 1000, bool(n % 2)) for n in range(100)
    )
    text = str(prediction.Prediction("c", "go", {"go": 0.6}, windows=windows, best=99))
    assert "(and 60 more, without a word or with lower scores)" in text
    assert "_silence_" not in text and "25.75 s" in text and "   0.25 s" not in text


def test_a_file_of_twelve_classes_that_names_none_gets_no_labels_of_ours(model, long_clip):
    network = choose(model=model)
    assert network.graph.classes == 12 and network.labels is None
    assert "its 12 classes have no names (--labels" in network.describe()
    assert "is a choice: the file names none (--front-end magnitude or power or integer)" in network.describe()
    (told,) = prediction.predict([long_clip], network)
    assert set(told.probabilities) == {f"class {n}" for n in range(12)}


def test_a_known_file_has_labels_in_its_own_order(long_clip):
    path = SHARED / "foreign" / "networks" / "mlcommons_kws_ref_model.tflite"
    if not path.is_file():
        pytest.skip("the shared folder of other people's networks is not beside the checkout")
    (told,) = prediction.predict([long_clip], choose(model=path))
    assert told.winner == "yes" and list(told.probabilities)[9:] == ["yes", "_silence_", "_unknown_"]
    names = ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence", "unknown"]
    (named,) = prediction.predict([long_clip], choose(model=path, labels=names))
    assert set(named.probabilities) == set(names) and not named.windows[0].is_word


def test_without_a_softmax_there_are_scores(clips, tmp_path):
    path = tmp_path / "scores.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL, softmax=False))
    text = str(prediction.predict(clips, of_file(path))[0])
    assert "scores, not probabilities" in text and "%" not in text


def test_of_many_classes_the_first_are_printed():
    many = prediction.Prediction("c", "class 0", {f"class {n}": 1 / (n + 1) for n in range(50)})
    assert str(many).endswith("(and 30 more)") and len(str(many).splitlines()) == 2 + prediction.MOST_ROWS
