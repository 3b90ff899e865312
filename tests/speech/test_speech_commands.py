import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.speech.corpus import SPLITS
from kwslib.speech.speech_commands import MAIN_FOLDER, NOISE_FOLDER, TEST_FOLDER, open_speech_commands, which_set
from kwslib.speech.wav import read_second
from tests.places import BASELINE_TABLES

SEED = BASELINE_TABLES


def test_which_set_agrees_with_the_release_on_every_listed_clip(shared_sources):
    listed = [(split, word, name) for split, word, name, _ in shared_sources if split in SPLITS]
    listed = [(split, name) for split, word, name in listed if "_nohash_" in name]
    assert len(listed) > 30000
    # The test archive keeps clips of its own choosing; the rule decides over the main folder.
    wrong = [(split, name) for split, name in listed if split != "test" and which_set(name) != split]
    assert wrong == []


def test_which_set_depends_on_the_speaker_alone():
    assert which_set("yes/0a7c2a8d_nohash_0.wav") == which_set("0a7c2a8d_nohash_3.wav")
    sets = Counter(which_set(f"{number:08x}_nohash_0.wav") for number in range(4000))
    assert 320 < sets["validation"] < 480
    assert 320 < sets["test"] < 480


def test_tiny_corpus_has_the_counts_of_the_rule(tiny_corpus, tiny):
    for split in SPLITS:
        keyword_clips = 10 * tiny.counts[split]
        clips = tiny_corpus.clips(split)
        counts = np.bincount(clips.labels, minlength=12)
        assert counts.tolist() == [keyword_clips // 10] * 2 + [tiny.counts[split]] * 10
        assert len(set(clips.names)) == len(clips)
        manifest = tiny_corpus.manifest["splits"][split]
        assert sum(manifest.values()) == len(clips)
        assert manifest["_silence_"] == counts[0]
        assert manifest.get("cat", 0) + manifest.get("tree", 0) == counts[1]
    assert tiny_corpus.manifest["test_source"] == "split rule"
    json.dumps(tiny_corpus.manifest)


def test_audio_is_what_the_files_hold(tiny_corpus, tiny_data):
    clips = tiny_corpus.clips("train")
    assert isinstance(clips.audio, np.memmap)
    for name, label, audio in zip(clips.names, clips.labels, clips.audio, strict=True):
        word = name.split("/")[0]
        if label == 0:
            assert not audio.any()
        else:
            assert LABELS[label] == (word if word in LABELS else "_unknown_")
            np.testing.assert_array_equal(audio, read_second(tiny_data / MAIN_FOLDER / name))


def test_silence_protocols_differ_in_the_silence_clips_alone(tiny_corpus):
    digital, noisy = (tiny_corpus.clips("validation", p) for p in ("digital-silence", "noise-silence"))
    silence = digital.labels == 0
    assert not digital.audio[silence].any()
    assert all(clip.any() for clip in noisy.audio[silence])
    np.testing.assert_array_equal(digital.audio[~silence], noisy.audio[~silence])
    again = open_speech_commands(tiny_corpus.folder).clips("validation", "noise-silence")
    np.testing.assert_array_equal(noisy.audio, again.audio)


def test_choice_does_not_depend_on_the_order_of_listing_or_the_place(tiny_corpus, tmp_path, monkeypatch):
    moved = tmp_path / "moved"
    for path in sorted(tiny_corpus.folder.rglob("*.wav"), reverse=True):
        target = moved / path.relative_to(tiny_corpus.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    glob, iterdir = Path.glob, Path.iterdir
    monkeypatch.setattr(Path, "glob", lambda self, pattern: reversed(list(glob(self, pattern))))
    monkeypatch.setattr(Path, "iterdir", lambda self: reversed(list(iterdir(self))))
    other = open_speech_commands(moved)
    assert other.manifest == tiny_corpus.manifest
    assert other.clips("train").names == tiny_corpus.clips("train").names


def test_hash_follows_the_content(tiny_corpus, tiny_data, tiny):
    path = tiny_data / MAIN_FOLDER / "yes" / tiny.names[0]
    tiny.write_wav(path, np.ones(16000, np.int16))
    changed = open_speech_commands(tiny_data)
    assert changed.manifest["hash"] != tiny_corpus.manifest["hash"]
    names = changed.clips("train").names
    np.testing.assert_array_equal(changed.clips("train").audio[names.index(f"yes/{path.name}")], 1)


def test_contents_are_read_once(tiny_corpus, tiny_data, monkeypatch):
    def refuse(self):
        raise AssertionError(f"{self} was read again")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("kwslib.speech.speech_commands._recordings", lambda main: tiny_corpus._recordings)
    assert open_speech_commands(tiny_data).manifest == tiny_corpus.manifest


def test_official_test_archive_is_taken_whole(tiny_data, tiny):
    rng = np.random.default_rng(1)
    for label in LABELS:
        for number in range(3):
            samples = rng.integers(1, 100, 16000).astype(np.int16)
            tiny.write_wav(tiny_data / TEST_FOLDER / label / f"{number:x}_nohash_0.wav", samples)
    corpus = open_speech_commands(tiny_data)
    assert corpus.manifest["test_source"] == "official test archive"
    noisy, digital = corpus.clips("test", "noise-silence"), corpus.clips("test")
    assert np.bincount(noisy.labels).tolist() == [3] * 12
    assert noisy.audio.all()
    assert not digital.audio[digital.labels == 0].any()
    shutil.rmtree(tiny_data / MAIN_FOLDER)
    alone = open_speech_commands(tiny_data)
    np.testing.assert_array_equal(alone.clips("test", "noise-silence").audio, noisy.audio)
    with pytest.raises(DataError, match=r"no train clips of the keywords \(has: test\).*kws data fetch"):
        alone.clips("train")
    with pytest.raises(DataError, match=r"_background_noise_, needed for training.*kws data fetch"):
        alone.noise()


def test_noise_is_float_in_range(tiny_corpus):
    noise = tiny_corpus.noise()
    assert [len(recording) for recording in noise] == [40000, 40000]
    assert all(r.dtype == np.float32 and 0.05 < np.abs(r).max() <= 1 for r in noise)


def test_folder_that_is_not_named_missing_or_empty(tmp_path, cache, monkeypatch):
    monkeypatch.delenv("KWS_DATA", raising=False)
    with pytest.raises(DataError, match=r"no data folder is named.*KWS_DATA.*kws data fetch"):
        open_speech_commands()
    with pytest.raises(DataError, match=r"nowhere does not exist.*kws data fetch"):
        open_speech_commands(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("KWS_DATA", str(tmp_path / "empty"))
    with pytest.raises(DataError, match=r"empty holds neither speech_commands_v0.02 nor .*kws data fetch"):
        open_speech_commands()


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        (["left"], r"no WAV files of left: get it with: kws data fetch"),
        (["on", "off"], "no WAV files of on, off"),
        (["cat", "tree"], "no word beside the ten keywords"),
        ([NOISE_FOLDER], "lacks the background noise"),
    ],
)
def test_a_lacking_word_is_named(tiny_data, removed, message):
    for word in removed:
        shutil.rmtree(tiny_data / MAIN_FOLDER / word)
    with pytest.raises(DataError, match=message):
        open_speech_commands(tiny_data)


def test_an_empty_word_and_a_lacking_test_label_are_named(tiny_data):
    (tiny_data / TEST_FOLDER / "yes").mkdir(parents=True)
    with pytest.raises(DataError, match=r"test_set_v0.02 has no WAV files of _silence_, _unknown_, yes"):
        open_speech_commands(tiny_data)


def test_a_damaged_clip_is_named_and_nothing_is_cached(tiny_data, cache, tiny):
    path = tiny_data / MAIN_FOLDER / "stop" / tiny.names[0]
    path.write_bytes(path.read_bytes()[:-500])
    corpus = open_speech_commands(tiny_data)
    with pytest.raises(DataError, match=rf"{path.name} is truncated"):
        corpus.clips("train")
    assert list((cache / "audio").iterdir()) == []


def test_a_clip_that_cannot_be_read_is_named(tiny_data):
    path = tiny_data / MAIN_FOLDER / "yes" / "0000_nohash_0.wav"
    path.symlink_to(tiny_data / "gone.wav")
    with pytest.raises(DataError, match=r"cannot read .*0000_nohash_0\.wav: No such file"):
        open_speech_commands(tiny_data)


def test_noise_shorter_than_a_clip_is_refused(tiny_data, tiny):
    tiny.write_wav(tiny_data / MAIN_FOLDER / NOISE_FOLDER / "short.wav", np.ones(15999, np.int16))
    with pytest.raises(DataError, match="short.wav has 15999 samples; background noise needs 16000"):
        open_speech_commands(tiny_data)


def test_one_other_word_is_enough(tmp_path, cache, tiny):
    words = [*LABELS[2:], "cat"]
    corpus = open_speech_commands(tiny.build_main(tmp_path / "data", words))
    assert corpus.manifest["splits"]["train"]["cat"] == tiny.counts["train"]


@pytest.mark.slow
@pytest.mark.parametrize("split", ["validation", "test"])
def test_full_data_has_the_row_sums_of_the_baselines_matrices(speech_commands_data, split, cache):
    clips = open_speech_commands(speech_commands_data).clips(split, "noise-silence")
    counts = np.bincount(clips.labels, minlength=12)
    for size in json.loads(SEED.read_text())["sizes"].values():
        assert counts.tolist() == np.sum(size["confusion"][split], axis=1).tolist()
    silence = clips.audio[clips.labels == 0]
    assert np.mean([clip.any() for clip in silence]) > 0.99
    assert Path(clips.audio.filename).stat().st_size > clips.audio.nbytes
