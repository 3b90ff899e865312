"""Records of other people's networks: measured, kept, and read back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.foreign import ForeignInput, foreign_networks
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.gap8.planning import planner
from kwslib.integer import network_file, reference
from kwslib.runs import foreign
from kwslib.runs import networks as doors
from kwslib.speech.corpus import Clips
from kwslib.speech.fingerprint import fingerprints, quantise
from tests.gap8 import networks
from tests.sample_run import sample_foreign


def test_a_record_has_the_figures_of_its_network(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    record = foreign.measure(path, 1, 60)
    graph = network_file.load(path)
    plan = planner.plan(graph)
    assert (record.macs, record.tflite_bytes) == (graph.macs, path.stat().st_size)
    assert (record.predicted_cycles, record.strategy) == (plan.predicted_cycles, plan.strategy)
    assert record.cycles > record.warm_cycles > 0 and record.origin is None and record.portable == ""
    assert foreign.load_all(foreign.save(record, tmp_path / "records").parent) == [record]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: networks.quantised(*networks.SMALL), "int8, per channel, snapped"),
        (networks.post_training, "int8, per channel, unsnapped"),
        (lambda: networks.post_training(per_channel=False), "int8, per tensor, unsnapped"),
        (
            lambda: networks.as_uint8(networks.post_training(per_channel=False), 100),
            "uint8, per tensor, unsnapped, weights with",
        ),
    ],
    ids=["own", "per channel", "per tensor", "uint8"],
)
def test_the_form_of_scales(make, text):
    assert foreign.form_of_scales(network_file.load(make())).startswith(text)


def test_known_networks_stand_first_in_the_order_of_their_table(tmp_path):
    for name in ("another", "micronet-m", "mlperf-tiny"):
        foreign.save(sample_foreign(name), tmp_path)
    found = foreign.load_all(tmp_path)
    assert [record.name for record in found] == ["mlperf-tiny", "micronet-m", "another"]
    assert [record.title for record in found] == ["MLPerf Tiny's reference model", "Arm's MicroNet-M", "another"]


def test_reading_is_strict(tmp_path):
    path = foreign.save(sample_foreign("another"), tmp_path)
    value = json.loads(path.read_text())
    for change, message in (({"schema": 0}, "another version"), ({"cycles": "many"}, "is damaged"), ({"x": 1}, "x")):
        path.write_text(json.dumps(value | change))
        with pytest.raises(DataError, match=message):
            foreign.load_all(tmp_path)
    assert foreign.load_all(tmp_path / "nowhere") == []


def test_one_file_or_all_of_a_folder(tmp_path):
    for name in ("b.tflite", "a.tflite", "notes.txt"):
        (tmp_path / name).touch()
    found = foreign.files_of([tmp_path / "notes.txt", tmp_path])
    assert [path.name for path in found] == ["notes.txt", "a.tflite", "b.tflite"]


def test_a_record_without_an_origin_does_not_store_one(tmp_path):
    path = foreign.save(replace(sample_foreign("another"), origin=None), tmp_path)
    assert "origin" not in json.loads(path.read_text())


class Drawn:
    """A corpus of drawn sound, digital silence first."""

    def clips(self, split, silence):
        assert split == "test" and silence in foreign.SILENCES
        audio = np.random.default_rng(3).integers(-3000, 3000, (24, 16000)).astype(np.int16)
        audio[0] = 0
        return Clips(tuple(map(str, range(24))), (np.arange(24) % 12).astype(np.uint8), audio)


@pytest.mark.parametrize("normalised", [False, True])
def test_accuracy_is_counted_with_the_networks_own_input_and_labels(tmp_path, monkeypatch, normalised):
    path = tmp_path / "net.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    network, labels = doors.of_file(path), tuple(reversed(LABELS))
    frames, coefficients, _ = network.graph.input.shape
    front_end = FrontEnd("power", 40, 20, coefficients)
    assert front_end.frames == frames
    clips = Drawn().clips("test", "noise-silence")
    sound = clips.audio / 32768
    if normalised:
        sound[1:] /= np.abs(sound[1:]).max(axis=1, keepdims=True)
    values = fingerprints(sound.astype(np.float32), front_end)
    tensor = network.graph.input
    codes = quantise(values, tensor.scale, tensor.file_zero_point + (0 if tensor.dtype == "uint8" else 128))
    codes = codes if tensor.dtype == "uint8" else (codes.astype(int) - 128).astype(np.int8)
    winners = reference.run(network.graph, codes).winner
    right = sum(labels[winner] == LABELS[label] for winner, label in zip(winners, clips.labels, strict=True))
    monkeypatch.setattr(foreign, "open_corpus", lambda name, data: Drawn())
    found = foreign._accuracies(
        network, ForeignInput(front_end=front_end, labels=labels, normalised=normalised, source=""), tmp_path
    )
    assert [(one.silence, one.correct, one.clips) for one in found] == [(name, right, 24) for name in foreign.SILENCES]


def test_the_labels_of_known_networks_are_ours_in_their_order():
    for network in foreign_networks():
        assert network.input is None or sorted(network.input.labels) == sorted(LABELS)
