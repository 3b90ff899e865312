"""A folder in which everything that spoils a training was planted once, beside clips that are good."""

import shutil
import wave

import numpy as np
import pytest

from kwslib.errors import DataError
from kwslib.speech.inspection import KINDS, inspect


def word(rng, seconds=1.0, loud=8000):
    """A syllable: a swell of whispered sound in the middle of a second, with a little noise; no two are alike."""
    time_s = np.arange(round(seconds * 16000)) / 16000
    sound = np.convolve(rng.standard_normal(len(time_s)), rng.standard_normal(16), "same")
    swell = np.exp(-(((time_s - 0.5) / 0.12) ** 2))
    sound = loud * swell * sound / np.abs(sound).max() + rng.normal(0, 5, len(time_s))
    return np.clip(sound, -32768, 32767).astype(np.int16)


@pytest.fixture
def folder(tmp_path, tiny):
    rng = np.random.default_rng(11)
    for name in ("hey", "you"):
        for number in range(60):
            tiny.write_wav(tmp_path / "f" / name / f"s{number}_nohash_0.wav", word(rng))
    return tmp_path / "f"


def kinds(found):
    return {(one.kind, one.path) for one in found.findings}


def test_good_clips_have_no_findings(folder):
    found = inspect(folder)
    assert found.findings == []
    assert len(found.readable) == 120 and found.rule.startswith("by speaker")
    assert {name: sum(own.values()) for name, own in found.counts.items()} == {"hey": 60, "you": 60}


def test_everything_planted_is_found_and_nothing_else(folder, tiny):
    rng = np.random.default_rng(12)
    good = word(rng)
    wide = np.repeat(good, 2)
    tiny.write_wav(folder / "hey" / "rate.wav", good, rate_hz=44100)
    tiny.write_wav(folder / "hey" / "stereo.wav", wide, channels=2)
    tiny.write_wav(folder / "hey" / "bytes.wav", (good // 256 + 128).astype(np.uint8), width=1)
    tiny.write_wav(folder / "hey" / "none.wav", good[:0])
    tiny.write_wav(folder / "hey" / "brief.wav", good[:1000])
    tiny.write_wav(folder / "hey" / "silent.wav", rng.integers(-9, 9, 16000, np.int16))
    tiny.write_wav(folder / "hey" / "clipped.wav", np.clip(40 * word(rng).astype(int), -32768, 32767).astype(np.int16))
    tiny.write_wav(folder / "hey" / "begins.wav", np.concatenate([word(rng)[8000:], np.zeros(8000, np.int16)]))
    tiny.write_wav(folder / "hey" / "ends.wav", np.concatenate([np.zeros(8000, np.int16), word(rng)[:8000]]))
    tiny.write_wav(folder / "hey" / "long.wav", word(rng, 1.6))
    tiny.write_wav(folder / "hey" / "hiss.wav", rng.normal(0, 800, 16000).astype(np.int16))
    (folder / "hey" / "text.wav").write_text("not sound")
    (folder / "hey" / "cut.wav").write_bytes((folder / "hey" / "long.wav").read_bytes()[:30])
    (folder / "hey" / "half.wav").write_bytes((folder / "hey" / "hiss.wav").read_bytes()[:-8000])
    found = inspect(folder)
    assert kinds(found) == {
        ("rate", "hey/rate.wav"),
        ("rate", "hey/stereo.wav"),
        ("rate", "hey/bytes.wav"),
        ("empty", "hey/none.wav"),
        ("empty", "hey/brief.wav"),
        ("silent", "hey/silent.wav"),
        ("clipped", "hey/clipped.wav"),
        ("cut off", "hey/begins.wav"),
        ("cut off", "hey/ends.wav"),
        ("long", "hey/long.wav"),
        ("unreadable", "hey/text.wav"),
        ("unreadable", "hey/cut.wav"),
        ("unreadable", "hey/half.wav"),
    }
    texts = {one.path: one.text for one in found.findings}
    assert texts["hey/rate.wav"] == "44100 Hz, 1 channel, int16"
    assert texts["hey/stereo.wav"].startswith("16000 Hz, 2 channels")
    assert texts["hey/half.wav"] == "truncated: its header announces 16000 samples, 12000 are there"
    assert texts["hey/long.wav"] == "it lasts 1.60 s"
    assert [one.kind for one in found.findings] == sorted((one.kind for one in found.findings), key=list(KINDS).index)
    assert found.by_kind["rate"] == 3


def test_the_same_recording_in_two_splits_is_found(folder, tiny):
    with wave.open(str(folder / "hey" / "s3_nohash_0.wav")) as file:
        samples = np.frombuffer(file.readframes(16000), "<i2")
    shifted = np.roll(samples, 700) // 2
    tiny.write_wav(folder / "you" / "copy_nohash_0.wav", shifted)
    found = inspect(folder)
    (one,) = found.findings
    assert one.kind == "duplicate" and {one.path, one.other} == {"hey/s3_nohash_0.wav", "you/copy_nohash_0.wav"}
    assert one.text.split(" ")[0] in ("equal:", "99.9", "100.0")


def test_small_and_uneven_classes(folder, tiny):
    rng = np.random.default_rng(13)
    tiny.write_wav(folder / "once" / "a.wav", word(rng))
    found = inspect(folder)
    assert [(one.kind, one.word) for one in found.findings] == [("small class", "once")]
    assert found.rule.startswith("none: 'once' has 1 clip")
    for number in range(6):
        tiny.write_wav(folder / "once" / f"{number}.wav", word(rng))
    (few,) = inspect(folder).findings
    assert few.text == "7 clips: 50 or more are better"
    assert inspect(folder, ["hey", "you"]).findings[0].word == "_unknown_"


def test_folders_that_cannot_be_inspected(folder, tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        inspect(tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no WAV files of he; it has: hey, you"):
        inspect(folder, ["he"])
    shutil.rmtree(folder / "hey")
    shutil.rmtree(folder / "you")
    with pytest.raises(DataError, match="no folders with WAV files"):
        inspect(folder)
