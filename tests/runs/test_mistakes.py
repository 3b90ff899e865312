"""The worst mistakes come first, with sound that is the clip's."""

import numpy as np
import pytest
import soundfile

from kwslib.artifacts import write_record
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.errors import DataError
from kwslib.paths import models_dir
from kwslib.runs import mistakes
from kwslib.speech.corpus import Clips

RECORDED = sorted(models_dir().glob("*/mistakes"))


def made():
    rng = np.random.default_rng(0)
    audio = rng.integers(-3000, 3000, (5, CLIP_SAMPLES), np.int16)
    clips = Clips(tuple(f"yes/{i}.wav" for i in range(5)), np.full(5, 2, np.uint8), audio)
    softmax = np.zeros((5, 12), np.uint8)
    softmax[np.arange(5), [2, 3, 4, 2, 5]] = [255, 100, 200, 90, 150]
    return clips, softmax


def test_wrong_clips_by_confidence():
    rows = mistakes.worst(*made())
    assert [(row.index, row.winner, row.probability) for row in rows] == [
        (2, "up", 200 / 256),
        (4, "down", 150 / 256),
        (1, "no", 100 / 256),
    ]
    assert [row.winner for row in mistakes.worst(*made(), count=1, pairs=1)] == ["up", "down"]


def test_behind_them_comes_the_most_confident_one_of_each_further_pair_by_frequency():
    winners = [3, 3, 4, 5, 5, 5, 4, 2]
    audio = np.zeros((len(winners), CLIP_SAMPLES), np.int16)
    clips = Clips(tuple(f"yes/{i}.wav" for i in range(len(winners))), np.full(len(winners), 2, np.uint8), audio)
    softmax = np.zeros((len(winners), 12), np.uint8)
    softmax[np.arange(len(winners)), winners] = [250, 240, 150, 100, 120, 110, 151, 255]
    found = mistakes.worst(clips, softmax, count=2, pairs=9)
    assert [(row.index, row.file) for row in found] == [
        (0, "01_yes_as_no.flac"),
        (1, "02_yes_as_no.flac"),
        (4, "03_yes_as_down.flac"),
        (6, "04_yes_as_up.flac"),
    ]
    assert len(mistakes.worst(clips, softmax, count=2, pairs=1)) == 3


def test_sound_and_list_lie_in_the_folder(tmp_path):
    clips, softmax = made()
    for _ in range(2):  # the second time it replaces the first
        mistakes.write(clips, mistakes.worst(clips, softmax), tmp_path / "mistakes")
    listed = mistakes.read(tmp_path / "mistakes")
    assert [row.file for row in listed] == ["01_yes_as_up.flac", "02_yes_as_down.flac", "03_yes_as_no.flac"]
    audio, rate_hz = soundfile.read(tmp_path / "mistakes" / listed[0].file, dtype="int16")
    assert rate_hz == 16000 and np.array_equal(audio, clips.audio[2])
    assert (tmp_path / "mistakes" / "mistakes.csv").read_text().count("\n") == 4


def test_a_clip_that_changed_or_is_gone_is_named(tmp_path):
    clips, softmax = made()
    mistakes.write(clips, mistakes.worst(clips, softmax), tmp_path / "mistakes")
    sound = tmp_path / "mistakes" / "02_yes_as_down.flac"
    whole = sound.read_bytes()
    sound.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataError, match=r"02_yes_as_down\.flac is missing or damaged; run the training again"):
        mistakes.read(sound.parent)
    sound.unlink()
    with pytest.raises(DataError, match=r"02_yes_as_down\.flac is missing or damaged"):
        mistakes.read(sound.parent)


def test_no_mistakes_leave_an_empty_list(tmp_path):
    clips, _ = made()
    mistakes.write(clips, [], tmp_path / "mistakes")
    assert mistakes.read(tmp_path / "mistakes") == []
    assert (tmp_path / "mistakes" / "mistakes.csv").read_text() == "file,name,label,winner,probability\n"


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.parent.name)
def test_recorded_mistakes_are_read_and_written_again_byte_for_byte(folder, tmp_path):
    found = mistakes.read(folder)
    assert mistakes.csv_text(found) == (folder / "mistakes.csv").read_text()
    write_record(tmp_path / "again.json", found, None)
    assert (tmp_path / "again.json").read_bytes() == (folder / "mistakes.json").read_bytes()


@pytest.mark.parametrize("text", ["{", "{}", '[{"label": "yes"}]'])
def test_a_damaged_list_is_refused(tmp_path, text):
    (tmp_path / "mistakes.json").write_text(text)
    with pytest.raises(DataError, match="mistakes.json is damaged .*; run the training again"):
        mistakes.read(tmp_path)
