"""Somebody's own recordings: found by the name of their folder, divided, and left out openly."""

import os
from contextlib import contextmanager

import numpy as np
import pytest

from kwslib.errors import DataError
from kwslib.speech.own_recordings import read_own, second_of
from tests.corpora import write_wav

PHRASES = ["lights on", "lights off"]


def tone(seconds, rate_hz=16000, begin_s=0.0, total_s=None):
    time_s = np.arange(round((total_s or seconds) * rate_hz)) / rate_hz
    inside = (time_s >= begin_s) & (time_s < begin_s + seconds)
    return 6000 * np.sin(2 * np.pi * 300 * time_s) * inside


@pytest.fixture
def folder(tmp_path):
    for word in ("lights_on", "Lights-Off", "coughs"):
        for number in range(10):
            write_wav(tmp_path / word / f"p{number}_nohash_0.wav", tone(0.5 + 0.02 * number))
    return tmp_path


def test_folders_are_phrases_or_other_sounds(folder):
    write_wav(folder / "lights_on" / "phone\n_nohash_0.wav", tone(0.6, 44100), 44100)
    write_wav(folder / "lights_on" / "long.wav", tone(1.4))
    write_wav(folder / "lights_on" / "silent.wav", np.zeros(16000))
    write_wav(folder / "_background_noise_" / "hum.wav", tone(2))
    (folder / "coughs" / "notes.txt").write_text("no sound")
    (folder / "coughs" / ".hidden.wav").write_text("no sound")
    own = read_own(folder, PHRASES)
    counts = {split: np.bincount(clips.labels, minlength=4).tolist() for split, clips in own.splits.items()}
    assert np.sum(list(counts.values()), axis=0).tolist() == [0, 10, 11, 10]
    assert all(count > 0 for own in counts.values() for count in own[1:])
    assert own.has_others and set(own.left_out) == {"lights_on/long.wav", "lights_on/silent.wav"}
    names = [name for clips in own.splits.values() for name in clips.names]
    assert "lights_on/phone?_nohash_0.wav" in names and len(set(names)) == len(names) == 31
    said = own.describe()
    assert "own recordings left out: 2 with more than a second of speech, or with none" in said
    assert "other files left out: 1, no sound files by name (coughs/notes.txt)" in said
    assert "hold phrases alone" not in said and "split" in said
    assert all(clip.any() for clips in own.splits.values() for clip in clips.audio)


def test_recordings_of_phrases_alone_are_warned_of(folder):
    for file in (folder / "coughs").iterdir():
        file.unlink()
    own = read_own(folder, PHRASES)
    assert not own.has_others and "add a folder of other words" in own.describe()


def test_the_digest_follows_the_sound(folder):
    before = read_own(folder, PHRASES).digest
    assert read_own(folder, PHRASES).digest == before
    write_wav(folder / "coughs" / "p0_nohash_0.wav", tone(0.3))
    assert read_own(folder, PHRASES).digest != before


def test_speech_is_put_in_the_middle():
    short = second_of(np.full(4000, 900, np.int16))
    assert np.flatnonzero(short)[[0, -1]].tolist() == [6000, 9999]
    late = second_of(tone(0.4, begin_s=1.5, total_s=3).astype(np.int16))
    assert np.mean(np.flatnonzero(late)) == pytest.approx(8000, abs=400)
    assert second_of(tone(1.5).astype(np.int16)) is None and second_of(np.zeros(9000, np.int16)) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["light_on"], "has no folder called as a phrase.*did you mean 'light_on'"),
        ([], "it has: no folder"),
    ],
)
def test_a_folder_without_phrases_is_refused(tmp_path, words, message):
    for word in words:
        write_wav(tmp_path / word / "a.wav", tone(0.5))
    with pytest.raises(DataError, match=message):
        read_own(tmp_path, PHRASES)


def test_other_bad_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_own(tmp_path / "nowhere", PHRASES)
    write_wav(tmp_path / "lights on" / "a.wav", tone(0.5))
    with pytest.raises(DataError, match="'lights on' has 1 clip: at least 3 are needed"):
        read_own(tmp_path, PHRASES)
    (tmp_path / "lights on" / "a.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match="a.wav"):
        read_own(tmp_path, PHRASES)


@contextmanager
def held_back(seen):
    try:
        yield
    except DataError as error:
        seen.append(str(error))


def test_every_damaged_recording_is_named_in_one_pass(folder):
    (folder / "lights_on" / "empty.wav").touch()
    (folder / "Lights-Off" / "text.wav").write_text("no sound")
    (folder / "coughs" / "gone.wav").symlink_to("nowhere.wav")
    (folder / "coughs" / "folder.wav").mkdir()
    os.mkfifo(folder / "coughs" / "pipe.wav")
    seen = []

    def end():
        raise DataError(f"{len(seen)} in all")

    with pytest.raises(DataError, match="^5 in all$"):
        read_own(folder, PHRASES, lambda: held_back(seen), end)
    texts = "\n".join(seen)
    for name in (
        "empty.wav is empty",
        "text.wav",
        "gone.wav: No such file",
        "folder.wav is a folder",
        "pipe.wav is a pipe",
    ):
        assert name in texts
