"""Any sound file as 16 kHz mono int16: by independent arithmetic, in pieces of any length, within limits."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import DataError, InputError, KwsError
from kwslib.speech import recording
from kwslib.speech.recording import open_recording, read_recording
from tests.places import SHARED
from tests.speech.sounds import UNSET, noise, tone, wav


def write(path, samples, rate_hz=16000, **options):
    soundfile.write(path, samples, rate_hz, **options)
    return path


def test_what_the_networks_hear_passes_unchanged(tmp_path):
    extremes = np.array([-32768, -1, 0, 1, 32767], np.int16)
    for suffix in ("wav", "flac", "aiff", "au"):
        path = write(tmp_path / f"a.{suffix}", extremes, subtype="PCM_16")
        read = read_recording(path)
        assert read.note == "" and read.samples.dtype == np.int16
        np.testing.assert_array_equal(read.samples, extremes)


@pytest.mark.parametrize(
    ("kind", "scale"), [("PCM_U8", 2**7), ("PCM_24", 2**23), ("PCM_32", 2**31), ("FLOAT", None), ("DOUBLE", None)]
)
def test_widths_are_rounded_to_the_nearest_code(tmp_path, kind, scale):
    values = np.random.default_rng(1).uniform(-1, 0.99, 5000)
    path = write(tmp_path / "a.wav", values, subtype=kind)
    if scale is None:
        exact = values.astype(np.float32 if kind == "FLOAT" else float).astype(float) * 32768
    else:
        exact = soundfile.read(path, dtype="int32")[0] / 2**31 * 32768
    read = read_recording(path)
    assert np.abs(read.samples - exact).max() <= 0.5
    assert read.note.startswith(f"{path}: 16,000 Hz mono ") and read.note.endswith("-> 16,000 Hz mono 16-bit")


def test_channels_become_their_mean_halves_to_even(tmp_path):
    pairs = np.array([[1, 2], [2, 3], [-1, -2], [100, -100], [32767, 32767], [-32768, -32768]], np.int16)
    read = read_recording(write(tmp_path / "a.wav", pairs))
    assert read.samples.tolist() == [2, 2, -2, 0, 32767, -32768]
    assert read.note == f"{tmp_path / 'a.wav'}: 16,000 Hz stereo -> 16,000 Hz mono"
    many = noise(3000, channels=5)
    mean = read_recording(write(tmp_path / "b.wav", many)).samples
    assert np.abs(mean - many.astype(float).mean(axis=1)).max() <= 0.5


@pytest.mark.parametrize("rate_hz", [4000, 8000, 11025, 22050, 44100, 48000, 96000, 192000, 15999])
def test_a_tone_of_any_rate_is_the_same_tone(tmp_path, rate_hz):
    path = write(tmp_path / "my clip.wav", np.stack([tone(rate_hz)] * 2, 1), rate_hz, subtype="DOUBLE")
    read = read_recording(path)
    assert len(read.samples) == 16000
    middle = slice(1000, 15000)  # at its ends the tone begins and breaks off
    assert np.abs(read.samples - 32768 * tone(16000))[middle].max() <= 0.51
    assert read.note == f"{path}: {rate_hz:,} Hz stereo 64-bit float -> 16,000 Hz mono 16-bit"


def test_what_is_above_half_the_rate_is_removed_not_folded(tmp_path):
    read = read_recording(write(tmp_path / "a.wav", tone(48000, frequency_hz=11_000), 48000, subtype="FLOAT"))
    assert np.abs(read.samples[1000:15000]).max() <= 1


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_lossy_kinds_are_near_what_was_written(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", tone(44100), 44100)
    read = read_recording(path)
    error = read.samples[2000:14000] - 32768 * tone(16000)[2000:14000]
    assert np.sqrt((error.astype(float) ** 2).mean()) < 500 and "44,100 Hz mono" in read.note


def test_clipping_is_counted_and_said(tmp_path):
    values = np.array([0, 1.5, -1.5, 1.0, -1.0, 0.5])
    read = read_recording(write(tmp_path / "a.wav", values, subtype="FLOAT"))
    assert read.samples.tolist() == [0, 32767, -32768, 32767, -32768, 16384]
    assert read.note.endswith("; 3 of 6 samples clipped")


def test_unset_and_missing_lengths_are_said(tmp_path):
    data = noise(16000).tobytes()
    (tmp_path / "a.wav").write_bytes(wav(data, size=UNSET))
    assert read_recording(tmp_path / "a.wav").note.endswith("a.wav: its header gives no length: read to its end")
    (tmp_path / "a.wav").write_bytes(wav(data)[:-16000])
    cut = read_recording(tmp_path / "a.wav")
    assert cut.note.endswith("cut short: 0.50 s of the 1.00 s that its header announces") and cut.seconds == 0.5


def test_an_mp3_that_was_cut_says_so(tmp_path):
    path = write(tmp_path / "a.mp3", noise(48000), 16000)
    assert "expected" not in read_recording(path).note
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    read = read_recording(path)
    assert read.note.endswith(f"; it ended after {read.seconds:.2f} s, where 3.00 s were expected")
    assert 1 < read.seconds < 2


def test_a_file_that_grows_while_it_is_read_ends_where_it_ended(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(noise(16000).tobytes(), size=UNSET))
    with open_recording(tmp_path / "a.wav") as stream, (tmp_path / "a.wav").open("ab") as file:
        count = 0
        for piece in stream.pieces(1000):
            file.write(bytes(4000))
            file.flush()
            count += len(piece)
    assert count == 16000


@pytest.fixture(scope="module", params=[(16000, 1, "wav"), (44100, 2, "flac"), (8000, 1, "ogg"), (44100, 1, "mp3")])
def sound_file(request, tmp_path_factory):
    rate_hz, channels, suffix = request.param
    samples = np.random.default_rng(2).normal(0, 0.1, (3 * rate_hz + 7, channels))
    return write(tmp_path_factory.mktemp("stream") / f"a.{suffix}", samples, rate_hz)


@settings(max_examples=12)
@given(length=st.integers(1, 20_000))
def test_pieces_of_any_length_are_the_whole(sound_file, length):
    whole = read_recording(sound_file).samples
    with open_recording(sound_file) as stream:
        pieces = list(stream.pieces(length))
    assert all(len(piece) == length and piece.dtype == np.int16 for piece in pieces[:-1])
    assert 0 < len(pieces[-1]) <= length
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_the_length_of_the_decoders_blocks_does_not_matter(sound_file, monkeypatch):
    whole = read_recording(sound_file).samples
    for block in (999, 1 << 20):
        monkeypatch.setattr("kwslib.speech.sound.BLOCK_FRAMES", block)
        np.testing.assert_array_equal(read_recording(sound_file).samples, whole)


def test_a_stream_is_never_held_whole(tmp_path):
    import tracemalloc

    write(tmp_path / "a.flac", np.zeros(16000 * 600, np.int16), 16000)
    tracemalloc.start()
    with open_recording(tmp_path / "a.flac") as stream:
        assert sum(map(len, stream.pieces(8000))) == 16000 * 600
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("rate_hz", [16000, 44100])
@pytest.mark.parametrize("at_s", [0.0, 0.25, 1.0, 1.99, 2.75])
def test_one_second_of_a_file(tmp_path, rate_hz, at_s):
    path = write(tmp_path / "a.wav", np.random.default_rng(3).normal(0, 0.1, 3 * rate_hz), rate_hz)
    whole, start = read_recording(path).samples, round(at_s * 16000)
    np.testing.assert_array_equal(read_recording(path, at_s).samples, whole[start : start + 16000])


@pytest.mark.parametrize("at_s", [3.0, 1e4, -0.1, float("nan"), float("inf")])
def test_a_second_that_is_not_there(tmp_path, at_s):
    path = write(tmp_path / "a.wav", noise(48000))
    with pytest.raises(InputError, match=r"a.wav has no sound at|cannot begin at"):
        read_recording(path, at_s)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_numbers(tmp_path, value):
    samples = np.zeros((40_000, 2))
    samples[33_333, 1] = value
    path = write(tmp_path / "a.wav", samples, 44100, subtype="FLOAT")
    with pytest.raises(DataError, match=r"a\.wav holds -?(nan|inf) at sample 33333 of channel 2"):
        read_recording(path)


def test_values_that_overflow_are_refused(tmp_path):
    path = write(tmp_path / "a.wav", np.full(9000, 1e308) * [[1], [-1]][0], 44100, subtype="DOUBLE")
    with pytest.raises(DataError, match="far beyond full scale"):
        read_recording(path)


@pytest.mark.parametrize(("samples", "rate_hz"), [(0, 16000), (0, 44100), (1, 192000)])
def test_no_samples(tmp_path, samples, rate_hz):
    with pytest.raises(DataError, match="holds no samples: name a file with sound in it"):
        read_recording(write(tmp_path / "a.wav", np.zeros(samples), rate_hz))


def test_more_sound_than_the_limit(tmp_path, monkeypatch):
    path = write(tmp_path / "small.flac", np.zeros(16000 * 60, np.int16))
    assert path.stat().st_size < 20_000
    with pytest.raises(DataError, match="holds more than 59.5 s of sound, the most that is read"):
        read_recording(path, most_s=59.5)
    assert read_recording(path, most_s=60).seconds == 60
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # a header that does not say how long it is
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(DataError, match="holds more than 59.5 s of sound"):
        read_recording(path, most_s=59.5)
    assert recording.MOST_S < recording.MOST_STREAM_S


def test_pieces_have_a_length(tmp_path):
    with open_recording(write(tmp_path / "a.wav", noise(100))) as stream, pytest.raises(InputError, match="at least 1"):
        next(stream.pieces(0))


def test_files_that_other_people_made():
    folder = SHARED / "foreign" / "sound"
    if not folder.is_dir():
        pytest.skip("the shared folder of other people's sound files is not beside the checkout")
    read = {}
    for path in sorted(folder.iterdir()):
        try:
            read[path.name] = read_recording(path)
        except KwsError as error:
            assert path.name in ("smallest.wav", "odd_chunk_unpadded.wav") and "is damaged" in str(error)
    assert len(read) >= 5
    assert read["my stereo clip.wav"].note.endswith("my stereo clip.wav: 44,100 Hz stereo -> 16,000 Hz mono")
    assert {name: len(one.samples) for name, one in read.items()} == {
        name: 160_000 if "10s" in name else 16_000 for name in read
    }
