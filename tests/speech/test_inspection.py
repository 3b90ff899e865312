"""A folder in which everything that spoils a training was planted once, beside clips that are good."""

import shutil
import wave

import numpy as np
import pytest
import soundfile

from kwslib.errors import DataError
from kwslib.speech.inspection import KINDS, inspect
from kwslib.speech.wav import read_wav
from tests.places import SHARED
from tests.speech.sounds import EXTENSIBLE, UNSET, noise, wav

FOREIGN = SHARED / "foreign" / "sound"


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
    assert texts["hey/rate.wav"] == "WAV, 44,100 Hz, 1 channel, 16-bit"
    assert texts["hey/stereo.wav"] == "WAV, 16,000 Hz, 2 channels, 16-bit"
    assert texts["hey/half.wav"] == "truncated: its header announces 16000 samples, 12000 are there"
    assert texts["hey/long.wav"] == "it lasts 1.60 s"
    assert [one.kind for one in found.findings] == sorted((one.kind for one in found.findings), key=list(KINDS).index)
    assert found.by_kind["rate"] == 3


def readable(path):
    try:
        return len(read_wav(path)) >= 1600
    except DataError:
        return False


def test_a_file_is_readable_here_if_the_corpus_reader_reads_it(tmp_path):
    folder = tmp_path / "f" / "hey"
    folder.mkdir(parents=True)
    data = noise(5000).tobytes()
    good = {
        "extensible": wav(data, code=EXTENSIBLE),
        "unset": wav(data, size=UNSET),
        "riff size 0": wav(data, riff=0),
        "data size 0": wav(data, size=0),
    }
    for name, content in good.items():
        (folder / f"{name}.wav").write_bytes(content)
    whole, rng = wav(data), np.random.default_rng(4)
    for number in range(300):
        content = bytearray(whole)
        for at in rng.integers(0, 44, rng.integers(1, 4)):
            content[at] = rng.choice([0, 1, 2, 255, rng.integers(256)])
        (folder / f"spoiled {number}.wav").write_bytes(content)
    found = inspect(tmp_path / "f")
    assert found.readable == [f"hey/{path.name}" for path in sorted(folder.iterdir()) if readable(path)]
    assert {f"hey/{name}.wav" for name in good} < set(found.readable)
    reasons = {one.text for one in found.findings if one.kind == "unreadable"}
    starts = (
        "damaged (",
        "no sound file that can be read (",
        "no WAV file: ",
        "truncated: ",
        "has a rate of ",
        "holds ",
    )
    assert reasons and all(reason.startswith((*starts, "has ")) for reason in reasons)


def test_what_is_wrong_with_a_file_is_said_in_our_words(tmp_path):
    folder = tmp_path / "f" / "hey"
    folder.mkdir(parents=True)
    (folder / "chunk.wav").write_bytes(wav(noise(5000).tobytes(), before=b"junk\x01\0\0\0x"))
    (folder / "brief.wav").write_bytes(b"RIFF\x0c\0\0\0WAVEfmt \0\0\0\0")
    (folder / "empty.wav").touch()
    soundfile.write(folder / "flac.wav", noise(5000), 16000, format="FLAC")
    (folder / "half.wav").write_bytes(wav(noise(5000).tobytes(), rate_hz=44100)[:-2000])
    found = {(one.kind, one.path): one.text for one in inspect(tmp_path / "f").findings}
    del found["small class", ""]
    for name in ("chunk", "brief"):
        assert found.pop(("unreadable", f"hey/{name}.wav")).startswith("damaged (")
    assert found == {
        ("unreadable", "hey/empty.wav"): "empty: name a file with sound in it",
        ("unreadable", "hey/flac.wav"): "no WAV file: FLAC, 16,000 Hz, 1 channel, 16-bit",
        ("unreadable", "hey/half.wav"): "truncated: its header announces 5000 samples, 4000 are there",
        ("rate", "hey/half.wav"): "WAV, 44,100 Hz, 1 channel, 16-bit",
    }


def test_files_that_other_people_made(tmp_path):
    if not FOREIGN.is_dir():
        pytest.skip("the shared folder of other people's sound files is not beside the checkout")
    shutil.copytree(FOREIGN, tmp_path / "f" / "yes")
    found = inspect(tmp_path / "f")
    bad = {one.path: one.text for one in found.findings if one.kind == "unreadable"}
    assert sorted(bad) == ["yes/odd_chunk_unpadded.wav", "yes/smallest.wav"]
    assert all(text.startswith("damaged (") for text in bad.values())
    assert {"yes/fmt40_pcm.wav", "yes/riff_size_zero.wav", "yes/stream_ffff.wav"} < set(found.readable)


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
