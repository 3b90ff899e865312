"""Any folder of words is a corpus: its split, its unknown class, its silence, and what it refuses."""

import os
import shutil

import numpy as np
import pytest

from kwslib import speech
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import DataError, InputError
from kwslib.speech import corpus_in, open_corpus
from kwslib.speech.corpus import SPLITS
from kwslib.speech.folder import GENERATED_NOISES, Folder, generated_noise
from kwslib.speech.wav import read_second

CLIPS = 20


@pytest.fixture
def data(tmp_path, tiny, cache):
    rng = np.random.default_rng(3)
    for word in ("marvin", "sheila", "cat", "tree"):
        for number in range(CLIPS):
            samples = rng.integers(-3000, 3000, 16000, np.int16)
            tiny.write_wav(tmp_path / "mine" / word / f"{number}.wav", samples)
    return tmp_path / "mine"


def test_words_other_sounds_and_silence(data):
    corpus = open_corpus("folder", data, ["sheila", "marvin"])
    assert corpus.labels == ("_silence_", "_unknown_", "sheila", "marvin")
    for split in SPLITS:
        clips = corpus.clips(split)
        assert clips.classes == corpus.labels
        keyword = np.sum(clips.labels > UNKNOWN)
        assert np.bincount(clips.labels).tolist() == [keyword // 2, min(keyword // 2, 40), keyword // 2, keyword // 2]
        for name, label, audio in zip(clips.names, clips.labels, clips.audio, strict=True):
            word = name.split("/")[0]
            if label == SILENCE:
                assert word == "_silence_" and not audio.any()
            else:
                assert corpus.labels[label] == (word if label > UNKNOWN else "_unknown_")
                np.testing.assert_array_equal(audio, read_second(data / name))
    assert corpus.manifest["split_rule"].startswith("clip by clip")
    used = [set(corpus.clips(split).names) for split in SPLITS]
    assert not (used[0] & used[1] - {n for n in used[0] if "_silence_" in n})


def test_noise_is_generated_where_the_folder_has_none(data, tiny):
    corpus = Folder(data, ["marvin"])
    assert corpus.noise_names() == list(GENERATED_NOISES)
    assert corpus.manifest["noise_source"].startswith("generated")
    for one, other in zip(corpus.noise(), generated_noise(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float32 and np.abs(one).max() <= 1 and len(one) >= 16000
        assert 0.05 < np.sqrt(np.mean(one**2)) < 0.2
    silence = corpus.clips("test", "noise-silence")
    assert all(clip.any() for clip in silence.audio[silence.labels == SILENCE])
    own = np.full(32000, 1000, np.int16)
    tiny.write_wav(data / "_background_noise_" / "hiss.wav", own)
    corpus = Folder(data, ["marvin"])
    assert corpus.noise_names() == ["hiss"] and corpus.manifest["noise_source"] == "the folder's"
    np.testing.assert_array_equal(corpus.noise()[0], own.astype(np.float32) / 32768)


def test_the_hash_follows_words_and_content(data, tiny):
    one = Folder(data, ["marvin", "sheila"]).manifest["hash"]
    assert Folder(data, ["sheila", "marvin"]).manifest["hash"] != one
    assert Folder(data, ["marvin", "sheila"]).manifest["hash"] == one
    shutil.move(data, data.with_name("moved"))
    assert Folder(data.with_name("moved"), ["marvin", "sheila"]).manifest["hash"] == one
    tiny.write_wav(data.with_name("moved") / "marvin" / "0.wav", np.ones(16000, np.int16))
    assert Folder(data.with_name("moved"), ["marvin", "sheila"]).manifest["hash"] != one


def test_files_of_any_case_are_found_and_others_are_not(data, tiny):
    (data / "marvin" / "0.wav").rename(data / "marvin" / "0.WAV")
    (data / "marvin" / "notes.txt").write_text("none")
    (data / "README.md").write_text("none")
    (data / "_silence_").mkdir()
    tiny.write_wav(data / "_silence_" / "x.wav", np.ones(16000, np.int16))
    corpus = Folder(data, ["marvin"])
    names = [name for split in SPLITS for name in corpus.clips(split).names if name.startswith("marvin")]
    assert len(names) == CLIPS and "marvin/0.WAV" in names
    assert not any("_silence_/x" in name for split in SPLITS for name in corpus.clips(split).names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["marvn"],
            r"no folder with WAV files of marvn; did you mean 'marvin'\? \(it has: cat, marvin, sheila, tree\)",
        ),
        (["yes", "no"], "no folder with WAV files of yes, no .*name its words with --words"),
        (["marvin", "sheila", "cat", "tree"], "no sounds beside the words .*add a folder of other words"),
    ],
)
def test_words_that_are_not_there(data, words, message):
    with pytest.raises(DataError, match=message):
        Folder(data, words)


def test_what_is_no_file_is_refused_at_once(data):
    pipe = data / "marvin" / "pipe.wav"
    os.mkfifo(pipe)
    with pytest.raises(DataError, match=r"cannot read .*pipe\.wav: it is a pipe, no file"):
        Folder(data, ["marvin"])


def test_a_damaged_clip_is_named_with_the_command_that_names_all(data):
    for path in sorted((data / "marvin").iterdir()):
        path.write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"marvin/.*; kws data inspect .* names every clip that cannot be used"):
        Folder(data, ["marvin"]).clips("train")


def test_folders_that_are_none(tmp_path, data, tiny, monkeypatch):
    with pytest.raises(DataError, match="nowhere does not exist"):
        Folder(tmp_path / "nowhere", ["marvin"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is no folder: name a folder with"):
        Folder(tmp_path / "pipe", ["marvin"])
    with pytest.raises(DataError, match="no folders with WAV files"):
        Folder(data / "marvin", ["marvin"])
    tiny.write_wav(data / "once" / "0.wav", np.ones(16000, np.int16))
    with pytest.raises(DataError, match="'once' has 1 clip: at least 3 are needed"):
        Folder(data, ["once"])
    tiny.write_wav(data / "_background_noise_" / "short.wav", np.ones(100, np.int16))
    with pytest.raises(DataError, match=r"short.wav has 100 samples; background noise needs 16000"):
        Folder(data, ["marvin"])
    monkeypatch.delenv("KWS_DATA", raising=False)
    with pytest.raises(InputError, match="no data folder is named"):
        open_corpus("folder", None, ["marvin"])


def test_which_corpus_a_folder_holds(data, tiny_data, tmp_path):
    assert corpus_in(data) == "folder"
    assert corpus_in(tiny_data) == "speech_commands"
    assert corpus_in(tmp_path / "nowhere") == "speech_commands"  # whose error says what to do
    assert corpus_in(None) == "synthetic"


def test_speech_commands_has_any_of_its_words(tiny_data):
    corpus = open_corpus("speech_commands", tiny_data, ["tree", "up"])
    clips = corpus.clips("train")
    assert corpus.labels[2:] == ("tree", "up")
    assert np.bincount(clips.labels).tolist() == [6, 6, 6, 6]
    with pytest.raises(DataError, match=r"no WAV files of tre: .*; did you mean 'tree'\?"):
        open_corpus("speech_commands", tiny_data, ["tre"])


def test_synthetic_speech_has_the_ten_words_alone():
    with pytest.raises(InputError, match="synthetic speech has the words yes,no"):
        speech.check_words("synthetic", ["marvin"])
    speech.check_words("folder", ["marvin"])
