import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import DataError
from kwslib.speech.wav import fit, read_second, read_wav
from tests.speech.sounds import EXTENSIBLE, UNSET, noise, wav


def test_reads_what_another_library_wrote(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 12345).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="PCM_16")
    read = read_wav(tmp_path / "a.wav")
    assert read.dtype == np.int16
    np.testing.assert_array_equal(read, samples)


@pytest.mark.parametrize(
    ("format", "message"),
    [
        (
            {"rate_hz": 44100},
            r"a b.wav is WAV, 44,100 Hz, 1 channel, 16-bit; 16 kHz mono 16-bit PCM WAV is needed.*sox '.*a b\.wav' ",
        ),
        ({"channels": 2}, "is WAV, 16,000 Hz, 2 channels, 16-bit"),
        ({"width": 1}, "is WAV, 16,000 Hz, 1 channel, 8-bit"),
    ],
)
def test_other_formats_are_refused(tmp_path, format, message, tiny):
    tiny.write_wav(tmp_path / "a b.wav", np.zeros(100, np.int16), **format)
    with pytest.raises(DataError, match=message):
        read_wav(tmp_path / "a b.wav")


def test_float_and_other_containers_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000, subtype="FLOAT")
    with pytest.raises(DataError, match="is WAV, 16,000 Hz, 1 channel, 32-bit float; 16 kHz.*sox"):
        read_wav(tmp_path / "a.wav")
    soundfile.write(tmp_path / "a.flac", np.zeros(100), 16000)
    with pytest.raises(DataError, match="is FLAC, 16,000 Hz, 1 channel, 16-bit; 16 kHz"):
        read_wav(tmp_path / "a.flac")


def test_other_headers_of_the_same_samples_are_read(tmp_path):
    samples = noise(5000)
    data = samples.tobytes()
    for content in (wav(data, code=EXTENSIBLE), wav(data, size=UNSET), wav(data, riff=0), wav(data, size=0)):
        (tmp_path / "a.wav").write_bytes(content)
        np.testing.assert_array_equal(read_wav(tmp_path / "a.wav"), samples[:, 0])


def test_missing_empty_and_foreign_files(tmp_path, tiny):
    path = tmp_path / "a.wav"
    with pytest.raises(DataError, match=r"cannot read .*a\.wav: No such file"):
        read_wav(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.wav is empty"):
        read_wav(path)
    path.write_bytes(b"ID3 this is an MP3 file, not what was asked for")
    with pytest.raises(DataError, match="no sound file that can be read"):
        read_wav(path)
    tiny.write_wav(path, np.zeros(0, np.int16))
    with pytest.raises(DataError, match="holds no samples"):
        read_wav(path)


def test_truncated_at_every_kind_of_place(tmp_path, tiny):
    path = tmp_path / "a.wav"
    tiny.write_wav(path, np.arange(1000, dtype=np.int16))
    whole = path.read_bytes()
    for kept in (1, 11, 20, 40, 44, 45, 1000, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(DataError, match=r"truncated|damaged|no sound file"):
            read_wav(path)
    path.write_bytes(whole[:1044])
    with pytest.raises(DataError, match="announces 1000 samples, 500 are there"):
        read_wav(path)


@given(st.integers(0, 20000))
def test_fit_pads_at_the_end_or_cuts(length):
    samples = np.arange(1, length + 1).astype(np.int16)
    clip = fit(samples)
    assert clip.shape == (16000,)
    np.testing.assert_array_equal(clip[:length], samples[:16000])
    assert not clip[length:].any()


@pytest.mark.parametrize("length", [1, 15_999, 16_000, 20_000])
def test_a_second_is_the_file_padded_or_cut(tmp_path, tiny, length):
    samples = np.arange(length).astype(np.int16)
    tiny.write_wav(tmp_path / "a.wav", samples)
    assert np.array_equal(read_second(tmp_path / "a.wav"), fit(samples))


@pytest.mark.parametrize("content", [b"RIFF\x0c\0\0\0WAVEfmt \0\0\0\0", b"RIFF\xff\0\0\0WAVELIST\x05\0\0\0abcdefmt "])
def test_chunks_that_lead_nowhere(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.wav is damaged"):
        read_wav(tmp_path / "x.wav")
