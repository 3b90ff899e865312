"""Sound files on the disk: which are meant, and which are not opened."""

import os

import pytest

from kwslib.errors import DataError, InputError
from kwslib.speech import sound_files
from kwslib.speech.sound import read_facts
from kwslib.speech.sound_files import find_sounds


def test_folders_pipes_and_devices_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    for path, message in [
        (tmp_path, "is a folder: sound is read from files"),
        (tmp_path / "pipe.wav", "is a pipe"),
        ("/dev/zero", "is a device"),
        (tmp_path / "loop.wav", "cannot read"),
        ("a\0b", "cannot read"),
    ]:
        with pytest.raises(DataError, match=message):
            read_facts(path)


def test_a_pipe_that_takes_the_place_of_a_file_does_not_wait(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.wav")
    checks = iter([None])
    check = sound_files._check_kind
    monkeypatch.setattr(sound_files, "_check_kind", lambda *words: next(checks, 0) is None or check(*words))
    with pytest.raises(DataError, match="is a pipe"):
        read_facts(tmp_path / "pipe.wav")


def test_a_file_beyond_the_limit_of_bytes(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(sound_files.MOST_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(DataError, match="has 17,179,869,185 bytes; at most 17,179,869,184"):
        read_facts(tmp_path / "a.wav")


def test_sounds_of_a_folder_tree(tmp_path):
    for name in ("b.WAV", "sub dir/a.flac", "a.ogg", ".hidden.wav", ".git/x.wav", "notes.txt", "sub dir/song.m4a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    said = []
    found = find_sounds([tmp_path / "notes.txt", tmp_path], said.append)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["notes.txt", "a.ogg", "b.WAV", "sub dir/a.flac"]
    assert said == [f"{tmp_path}: sound files: 3; others, left out: 3 (notes.txt, pipe.wav, sub dir/song.m4a)"]


def test_a_folder_without_sound(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="there is no sound file in the folder .*: none ends in .wav"):
        find_sounds([tmp_path])
    with pytest.raises(InputError, match="no clip is named"):
        find_sounds([])
