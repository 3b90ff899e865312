"""What is in a sound file, and what is refused."""

import os

import numpy as np
import pytest
import soundfile

from kwslib.errors import DataError
from kwslib.speech import sound
from kwslib.speech.sound import open_sound, read_facts
from tests.speech.sounds import EXTENSIBLE, UNSET, noise, wav

SAMPLES = noise(1000)
DATA = SAMPLES.tobytes()


def decoded(path, dtype="int16"):
    with open_sound(path) as opened:
        return np.concatenate(list(opened.blocks(dtype)))


@pytest.mark.parametrize(
    ("content", "container", "unset"),
    [
        (wav(DATA), "WAV", False),
        (wav(DATA, code=EXTENSIBLE), "WAVEX", False),
        (wav(DATA, riff=0), "WAV", False),
        (wav(DATA, riff=UNSET, size=UNSET), "WAV", True),
        (wav(DATA, riff=0x7FFFF024, size=0x7FFFF000), "WAV", True),
        (wav(DATA, riff=0, size=0), "WAV", True),
        (wav(DATA, before=b"LIST\x04\0\0\0INFO") + b"LIST\x04\0\0\0INFO", "WAV", False),
    ],
)
def test_headers_of_many_programs(tmp_path, content, container, unset):
    path = tmp_path / "a"
    path.write_bytes(content)
    facts = read_facts(path)
    assert facts == sound.SoundFacts(path, container, "16-bit", 16000, 1, 1000, None, unset)
    np.testing.assert_array_equal(decoded(path), SAMPLES)


@pytest.mark.parametrize(
    ("kind", "coding", "text"),
    [
        ("PCM_U8", "8-bit", "44,100 Hz stereo 8-bit"),
        ("PCM_16", "16-bit", "44,100 Hz stereo"),
        ("PCM_24", "24-bit", "44,100 Hz stereo 24-bit"),
        ("FLOAT", "32-bit float", "44,100 Hz stereo 32-bit float"),
        ("ULAW", "mu-law", "44,100 Hz stereo mu-law"),
        ("MS_ADPCM", "MS ADPCM", "44,100 Hz stereo MS ADPCM"),
    ],
)
def test_widths_and_codings(tmp_path, kind, coding, text):
    soundfile.write(tmp_path / "a.wav", np.zeros((5050, 2)), 44100, subtype=kind)
    facts = read_facts(tmp_path / "a.wav")
    assert (facts.coding, facts.rate_hz, facts.channels) == (coding, 44100, 2) and str(facts) == text
    assert 5050 <= facts.seconds * 44100 < 6200  # ADPCM fills its last block


def test_many_channels_are_counted(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.zeros((10, 6)), 8000)
    assert str(read_facts(tmp_path / "a.flac")) == "8,000 Hz 6 channels"


def test_a_flac_stream_of_unknown_length(tmp_path):
    soundfile.write(tmp_path / "a.flac", SAMPLES, 16000)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that count the samples
    content[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(content)
    facts = read_facts(tmp_path / "a.flac")
    assert facts.frames is None and facts.seconds is None and facts.unset
    np.testing.assert_array_equal(decoded(tmp_path / "a.flac"), SAMPLES)


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU"])
def test_a_file_that_was_cut_says_how_much_is_missing(tmp_path, kind):
    soundfile.write(tmp_path / "a", SAMPLES, 16000, format=kind, subtype="PCM_16")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:-1001])
    facts = read_facts(tmp_path / "a")
    assert facts.frames == 499 and facts.announced in (1000, 1004)  # AIFF counts eight bytes of its own
    assert not facts.unset


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read .*a b\.wav: No such file"),
        (b"", r"a b\.wav is empty: name a file"),
        (
            b"not a sound",
            r"no sound file that can be read \(Format not recognised\).*ffmpeg -i '.*a b\.wav' sound\.wav",
        ),
        (b"\0\0\0\x20ftypM4A " + bytes(99), "no sound file that can be read"),
        (b"RIFF\x0c\0\0\0WAVEJUNK\x10\0\0\0", r"is damaged \(Error in WAV file. No 'data' chunk marker\)"),
        (b"RIFF\x0c\0\0\0WAVEfmt \0\0\0\0", "is damaged"),
        (wav(DATA, before=b"junk\x03\0\0\0abc"), "is damaged .*No 'data'"),  # no padding byte, as libsndfile sees it
        (wav(DATA, rate_hz=0), "a rate of 0 Hz"),
        (wav(DATA, rate_hz=1), "a rate of 1 Hz; 1,000 to 1,000,000"),
        (wav(DATA, rate_hz=0x7FFFFFFF), "a rate of 2,147,483,647 Hz"),
        (wav(DATA, rate_hz=0xFFFFFFFF), "damaged|a rate of"),
        (wav(DATA * 10, channels=1000), "1,000 channels; at most 64"),
        (wav(DATA, channels=0), "damaged"),
        (wav(DATA, channels=65535, width=1), "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, content, message):
    path = tmp_path / "a b.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_facts(path)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_file_that_shrinks_while_it_is_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(200_000), 16000)
    with open_sound(path) as opened, pytest.raises(DataError, match="became shorter while it was read: it ended after"):
        for _ in opened.blocks():
            os.truncate(path, path.stat().st_size // 2)


def test_a_damaged_stream_says_where(tmp_path):
    soundfile.write(tmp_path / "a.flac", noise(200_000), 16000)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"is damaged after \d\.\d\d s \("):
        decoded(tmp_path / "a.flac")


def test_no_descriptor_is_left_open(tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"hello")
    (tmp_path / "good.wav").write_bytes(wav(DATA))
    before = os.open(tmp_path / "good.wav", os.O_RDONLY)
    os.close(before)
    for _ in range(20):
        with pytest.raises(DataError):
            read_facts(tmp_path / "bad.wav")
        decoded(tmp_path / "good.wav")
    after = os.open(tmp_path / "good.wav", os.O_RDONLY)
    os.close(after)
    assert after < before + 20


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "AIFF", "AU", "CAF", "MP3", "W64"])
def test_any_damage_ends_in_sound_or_one_error(tmp_path, kind):
    rng = np.random.default_rng(len(kind))
    soundfile.write(tmp_path / "a", noise(2000), 16000, format=kind)
    whole = (tmp_path / "a").read_bytes()
    for _ in range(40):
        content = bytearray(whole)
        for at in rng.integers(0, min(len(content), 200), 3):
            content[at] = rng.integers(0, 256)
        (tmp_path / "b").write_bytes(content[: rng.integers(0, len(content))] if rng.random() < 0.5 else content)
        try:
            assert decoded(tmp_path / "b", "float64").ndim == 2
        except DataError as error:
            assert str(tmp_path / "b") in str(error)
        except ValueError as error:  # nothing to concatenate
            assert "need at least one array" in str(error)
