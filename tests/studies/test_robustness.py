import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.config.words import LABELS, SILENCE
from kwslib.errors import DataError, InputError, ModelError
from kwslib.integer import reference
from kwslib.paths import models_dir
from kwslib.runs import records
from kwslib.runs.clips import codes_for
from kwslib.runs.networks import of_run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import Clips, Corpus
from kwslib.speech.speech_commands import TEST_FOLDER
from kwslib.studies import conditions, robustness
from kwslib.studies.robustness_records import ALL
from tests.corpora import write_wav
from tests.gap8 import networks

RUN = "baseline-small"


class Drawn(Corpus):
    """Three clips of every label: silence, bursts of noise; two background recordings of seven seconds."""

    name = "drawn"
    manifest = {"hash": "0", "noise_recordings": 2}
    recordings_s = 7

    def clips(self, split, silence="digital-silence"):
        assert (split, silence) == ("test", "noise-silence")
        rng = np.random.default_rng(5)
        labels = np.repeat(np.arange(len(LABELS)), 3).astype(np.uint8)
        audio = np.rint(rng.normal(0, 1, (36, 16000)) * np.where(labels == SILENCE, 20, 2000)[:, None])
        audio[-1] = 0
        return Clips(tuple(map(str, range(36))), labels, audio.astype(np.int16))

    def noise(self):
        rng = np.random.default_rng(6)
        return [rng.normal(0, 0.1, self.recordings_s * 16000).astype(np.float32) for _ in range(2)]


@pytest.fixture(scope="module")
def found():
    return robustness.measure(robustness.choose(RUN), Drawn(), say=lambda _: None)


def test_every_condition_is_measured_on_every_clip(found):
    kinds = [point.kind for point in found.points]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "shift": 9,
        "level": 11,
        "snr": 1 + 3 * 6,
        "reverberation": 4,
    }
    for point in found.points:
        assert point.clips == found.clips == 36
        assert point.correct == point.keyword_correct + point.unknown_correct + point.silence_correct
        assert point.low <= point.accuracy <= point.high
        assert (point.keyword_clips, point.unknown_clips, point.silence_clips) == (30, 3, 3)
    assert found.without_signal == 1
    assert found.reference_power == pytest.approx(2000**2, rel=0.05)


def test_undisturbed_points_are_what_the_integer_reference_says(found):
    clips = Drawn().clips("test", "noise-silence")
    network = of_run(RUN)
    winners = reference.run(network.graph, codes_for(network, clips.audio)).winner
    right = int(np.sum(winners == clips.labels))
    assert [p.correct for p in found.points if p.kind in ("shift", "level") and p.value == 0] == [right, right]


def test_the_same_is_measured_twice(found):
    again = robustness.measure(robustness.choose(RUN), Drawn(), say=lambda _: None)
    assert again.points == found.points
    assert again.false_accepts == found.false_accepts


def test_false_accepts_are_counted_in_the_held_out_fifth(found):
    rows = {(row.noise, row.threshold): row for row in found.false_accepts}
    assert len(rows) == 3 * len(conditions.THRESHOLDS)
    # A fifth of seven seconds is 1.4 s: one whole second, every half second.
    assert rows[ALL, 0.0].decisions == 2
    assert rows[ALL, 0.0].hours == pytest.approx(2 * 1.4 / 3600)


@pytest.mark.parametrize("clips", [-1, 11, 37])
def test_a_number_of_clips_that_cannot_be_is_refused(clips):
    with pytest.raises(InputError, match=f"clips is {clips}: give 12 to 36, or 0"):
        robustness.measure(robustness.choose(RUN), Drawn(), clips=clips)


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(InputError, match=r"threshold is .*: give a probability from 0 to 1"):
        robustness.measure(robustness.choose(RUN), Drawn(), thresholds=(threshold,))


def test_a_negative_seed_is_refused():
    with pytest.raises(InputError, match="seed -1 is negative"):
        robustness.measure(robustness.choose(RUN), Drawn(), seed=-1)


def test_recordings_too_short_to_hold_a_fifth_out_are_refused():
    corpus = Drawn()
    corpus.recordings_s = 4
    with pytest.raises(DataError, match="held-out part"):
        robustness.measure(robustness.choose(RUN), corpus)


def test_missing_noise_recordings_are_told(tmp_path):
    for label in LABELS:
        write_wav(tmp_path / TEST_FOLDER / label / "a.wav", np.ones(16000))
    with pytest.raises(DataError, match="has no .*_background_noise_"):
        robustness.measure(robustness.choose(RUN), open_corpus("speech_commands", tmp_path))


def test_missing_data_is_told(tmp_path):
    with pytest.raises(DataError, match="does not exist: name their parent folder"):
        robustness.measure_run(RUN, str(tmp_path / "none"))


def test_an_unknown_run_or_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="there is no run 'nobody'; there are: "):
        robustness.choose("nobody")
    with pytest.raises(DataError, match="is not the folder of a run"):
        robustness.choose(str(tmp_path))


def test_a_network_of_another_input_is_refused(tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(models_dir() / RUN, folder)
    (folder / "model.tflite").write_bytes(b"nonsense")
    with pytest.raises(ModelError):
        robustness.measure(robustness.choose(str(folder)), Drawn())
    _, blocks = networks.SMALL
    (folder / "model.tflite").write_bytes(networks.quantised((20, 10), blocks))
    with pytest.raises(ModelError, match=r"reads an input of \(20, 10, 1\), which is no fingerprint of this project"):
        robustness.measure(robustness.choose(str(folder)), Drawn())
    (folder / "model.tflite").unlink()
    with pytest.raises(DataError, match="model.tflite does not exist"):
        robustness.measure(robustness.choose(str(folder)), Drawn())


def test_a_folder_of_models_is_recorded_and_one_elsewhere_is_not(tmp_path):
    shutil.copytree(models_dir() / RUN, tmp_path / "mine")
    assert robustness.choose(str(models_dir() / RUN)).recorded
    assert not robustness.choose(str(tmp_path / "mine")).recorded


def test_what_training_heard_is_told():
    run = records.find(RUN)
    assert robustness.noise_in_training(run, run.corpus.name) == "whole recordings, the held-out fifth too"
    assert robustness.noise_in_training(run, "another") == "none of these recordings"
    for change, said in (({"hold_out_noise": True}, "the first four fifths"), ({"noise_probability": 0}, "none of")):
        training = replace(run.training, augmentation=run.training.augmentation | change)
        assert robustness.noise_in_training(replace(run, training=training), run.corpus.name).startswith(said)


def test_results_lie_with_those_of_the_run(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    monkeypatch.setattr(robustness, "open_corpus", lambda *_: Drawn())
    measured = robustness.measure_run(str(models_dir() / RUN), clips=12, say=lambda _: None)
    assert measured.folder == Path(tmp_path, RUN, records.ROBUSTNESS)
    assert sorted(path.name for path in measured.folder.iterdir()) == [
        "false_accepts.csv",
        "points.csv",
        "robustness.json",
    ]


def test_the_command_says_one_line_for_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    for words, message in (
        (["nobody", "--data", str(tmp_path)], "error: there is no run 'nobody'"),
        ([RUN, "--data", str(tmp_path / "none")], "error: the data folder"),
        ([RUN, "--corpus", "real"], "error: unknown corpus 'real'"),
    ):
        done = CliRunner().invoke(main, ["robustness", *words])
        assert done.exit_code
        assert done.stderr.startswith(message)
        assert done.stderr.count("\n") == 1
    monkeypatch.setattr(robustness, "open_corpus", lambda *_: Drawn())
    done = CliRunner().invoke(main, ["robustness", RUN, "--clips", "12", "--threshold", "2"])
    assert done.exit_code == 2 and "'--threshold': 2.0 is not in the range 0<=x<=1" in done.stderr
    with pytest.raises(InputError, match="threshold is 2: give a probability from 0 to 1"):
        robustness.measure_run(RUN, thresholds=[2], clips=12, say=lambda _: None)
    done = CliRunner().invoke(main, ["robustness", RUN, "--clips", "12"])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"in {tmp_path / 'results' / RUN / 'robustness'}\n")
