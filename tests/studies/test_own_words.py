"""From words to a program. The whole way takes a minute or two of processor time, and is a slow test."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.streams import StreamStudy
from kwslib.network.evaluation import tflite_predictor
from kwslib.runs import networks, records
from kwslib.runs.clips import codes_for
from kwslib.speech import phrase_studio
from kwslib.speech.corpus import Clips
from kwslib.speech.own_recordings import OwnClips
from kwslib.studies import own_words, own_words_records, streaming_records
from kwslib.studies.own_words import Clock, counts_of
from kwslib.studies.own_words_plan import plan
from kwslib.studies.own_words_records import Count

SHORT = StreamStudy(hours=0.1, clips=4, level_clips=1, benchmark_s=60, benchmark_words=4)


@pytest.fixture
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path


class Known:
    """Clips whose classes the recorded network is asked for, named as a corpus of phrases names them."""

    def __init__(self, network, right):
        rng = np.random.default_rng(1)
        audio = rng.integers(-3000, 3000, (6, 16000)).astype(np.int16)
        won = tflite_predictor(network.path.read_bytes())(codes_for(network, audio)).argmax(axis=1)
        labels = np.where(right, won, (won + 1) % len(network.labels)).astype(np.uint8)
        kinds = ["_near_", "_near_", "_half_", "word", "word", "word"]
        self.labels, self.won = network.labels, won
        self._clips = Clips(tuple(f"{kind}/{number}" for number, kind in enumerate(kinds)), labels, audio)

    def clips(self, split, silence):
        assert (split, silence) == ("test", "noise-silence")
        return self._clips

    def own_clips(self):
        return OwnClips((), np.zeros(0, np.uint8), np.zeros((0, 16000), np.int16))


def test_right_clips_are_counted_by_phrase_and_by_kind():
    network = networks.of_run("quick-small")
    right = np.array([True, False, True, True, False, True])
    corpus = Known(network, right)
    held_out, own = counts_of(network, corpus)
    assert own == {}
    assert sum(count.clips for count in held_out.values()) == 6
    assert sum(count.correct for count in held_out.values()) == 4
    names = {corpus.labels[label] for label in corpus._clips.labels if label > 1}
    assert set(held_out) <= names | {"_near_", "_half_", "_silence_", own_words.OTHERS}


def test_seconds_of_an_interrupted_command_are_kept(tmp_path):
    path, said = tmp_path / "clock.json", []
    busy_s = time.process_time() + 0.3  # however fast the machine is: seconds are kept in tenths
    with Clock(path).stage("voices", said.append):
        while time.process_time() < busy_s:
            pass
    first = json.loads(path.read_text())["processor_s"]["voices"]
    assert said == ["── 1 of 4: voices"] and first > 0
    with pytest.raises(KeyboardInterrupt), Clock(path).stage("streams", said.append):
        raise KeyboardInterrupt
    again = Clock(path)
    with again.stage("voices", said.append):
        pass
    assert again.processor_s == {"voices": first}
    path.write_text("{")
    assert Clock(path).wall_s == {}


def test_counts_have_shares_and_intervals():
    low, high = Count(200, 190).interval
    assert Count(200, 190).share == 0.95 and low < 0.95 < high


@pytest.mark.slow
def test_from_words_to_a_program_and_a_record(place, monkeypatch):
    monkeypatch.setattr(own_words, "STUDY", SHORT)
    said = []
    made = plan(["lights on", "lights off"], voices=12, steps=20)
    record = own_words.make(made, workers=1, say=said.append)
    folder = place / "results" / record.run
    assert (folder / "own_words.elf").read_bytes()[:4] == b"\x7fELF"
    assert own_words_records.load(folder) == record and record.cycles and record.stream_hours > 0.05
    assert sum(count.clips for count in record.by_kind.values()) == record.held_out.clips
    assert sum(count.correct for count in record.by_kind.values()) == record.held_out.correct
    assert (folder / "train.ipynb").exists() and (folder / "gap8.ipynb").exists()
    run = records.find(record.run)
    assert run.labels[2:] == ("lights on", "lights off") and run.corpus.name == "phrases"
    assert [one.streaming.run for one in streaming_records.every() if one.streaming.run == record.run] == []
    monkeypatch.setattr(phrase_studio, "utter", lambda *_: pytest.fail("spoken again"))
    monkeypatch.setattr(own_words.streaming, "measure_run", lambda *_, **__: pytest.fail("measured again"))
    again = own_words.make(made, workers=1, say=said.append)
    assert replace(again, provenance=record.provenance, elf_sha256="", wall_s={}, processor_s={}) == replace(
        record, elf_sha256="", wall_s={}, processor_s={}
    )
