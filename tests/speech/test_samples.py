import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis.extra import numpy as hnp
from PIL import Image

from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.speech.dataset import evaluation_codes
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.recording import read_recording
from kwslib.speech.samples import pgm, read_pgm, write_recordings, write_samples
from kwslib.speech.speech_commands import MAIN_FOLDER
from kwslib.speech.wav import read_second, read_wav
from tests.speech.sounds import noise

SMALL = FrontEnd("magnitude", 40, 20, 10)


def test_pictures_of_a_corpus_are_the_codes_of_its_clips(tiny_corpus, tmp_path):
    paths = write_samples(tiny_corpus, SMALL, tmp_path / "pictures", per_label=2, silence="noise-silence")
    codes, labels = evaluation_codes(tiny_corpus, "test", "noise-silence", SMALL)
    names = tiny_corpus.clips("test").names
    assert len(paths) == len(labels)
    for path, code, label, name in zip(paths, codes, labels, names, strict=True):
        assert path.name.startswith(LABELS[label] + "_")
        assert name.split("/")[1].removesuffix(".wav") in path.name
        np.testing.assert_array_equal(read_pgm(path, SMALL.shape), code)
        np.testing.assert_array_equal(np.asarray(Image.open(path)), code)
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(p.name for p in paths)
    assert len(write_samples(tiny_corpus, SMALL, tmp_path / "few")) == 12


def test_pictures_of_wav_files(tiny_data, tmp_path, tiny):
    keyword = next((tiny_data / MAIN_FOLDER / "yes").iterdir())
    loose = tmp_path / "my clip.wav"
    tiny.write_wav(loose, np.arange(8000, dtype=np.int16))
    said = []
    paths = write_recordings([keyword, loose], SMALL, tmp_path / "pictures", say=said.append)
    assert [path.name for path in paths] == [f"yes_{keyword.stem}.pgm", "my-clip.pgm"]
    for path, source in zip(paths, (keyword, loose), strict=True):
        code = quantise(fingerprints(read_second(source)[None], SMALL))[0]
        np.testing.assert_array_equal(read_pgm(path), code)
    short = 1 + (len(read_wav(keyword)) < 16000)
    assert said == [f"{short} of 2 clips {'is' if short == 1 else 'are'} shorter than a second: zeros follow"]


def test_a_longer_sound_gives_a_picture_of_every_window(tmp_path):
    sound = tmp_path / "long clip.flac"
    soundfile.write(sound, noise(26000, channels=2), 16000)
    said = []
    paths = write_recordings([sound], SMALL, tmp_path / "pictures", say=said.append)
    names = ["long-clip-at-0s.pgm", "long-clip-at-0.25s.pgm", "long-clip-at-0.5s.pgm", "long-clip-at-0.625s.pgm"]
    assert [path.name for path in paths] == names
    assert said == [f"{sound}: 16,000 Hz stereo -> 16,000 Hz mono", f"{sound}: 1.62 s long, 4 windows of a second"]
    samples = read_recording(sound).samples
    code = quantise(fingerprints(samples[None, 8000:24000], SMALL))[0]
    np.testing.assert_array_equal(read_pgm(paths[2]), code)
    (one,) = write_recordings([sound], SMALL, tmp_path / "one", at_s=0.5)
    assert one.name == "long-clip-at-0.5s.pgm" and one.read_bytes() == paths[2].read_bytes()


def test_what_cannot_be_written_is_refused_before_anything_is(tiny_corpus, tiny_data, tmp_path):
    folder = tmp_path / "pictures"
    keyword = next((tiny_data / MAIN_FOLDER / "yes").iterdir())
    with pytest.raises(InputError, match="per_label is 0"):
        write_samples(tiny_corpus, SMALL, folder, per_label=0)
    with pytest.raises(InputError, match="no sound file is named"):
        write_recordings([], SMALL, folder)
    with pytest.raises(InputError, match=r"two clips would be written as yes_.*\.pgm"):
        write_recordings([keyword, keyword], SMALL, folder)
    with pytest.raises(DataError, match="cannot read .*missing.wav"):
        write_recordings([keyword, tmp_path / "missing.wav"], SMALL, folder)
    assert not folder.exists()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_any_picture_is_read_as_it_was_written(tmp_path_factory, picture):
    path = tmp_path_factory.getbasetemp() / "any.pgm"
    path.write_bytes(pgm(picture))
    np.testing.assert_array_equal(read_pgm(path), picture)


def test_comments_in_the_header_are_skipped(tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5\n# made by hand\n2 1 # wide\n255\n#x")
    assert read_pgm(path).tolist() == [[35, 120]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"P2\n2 1\n255\n1 2", "begins with 'P2', not with P5"),
        (b"P5\n2 1\n", "not a binary PGM"),
        (b"P5\nx", "not a binary PGM"),
        (b"P5\n2 1\n65535\nabcd", "the largest value in its header must be 255"),
        (b"P5\n2 1\n100\nab", "the largest value in its header must be 255"),
        (b"P5\n0 1\n255\n", "has no pixels"),
        (b"P5\n99999 99999\n255\nab", "its header is damaged"),
        (b"P5\n9000 9000\n255\nab", "truncated: 81000000 bytes are announced, 2 follow"),
        (b"P5\n2 2\n255\nabc", "truncated: 4 bytes are announced, 3 follow"),
        (b"P5\n2 2\n255\nabcde", "longer than its header says: 4 bytes are announced, 5 follow"),
    ],
)
def test_damaged_pictures_are_refused(tmp_path, content, message):
    path = tmp_path / "a.pgm"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_pgm(path)


def test_missing_picture_and_another_networks_picture(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*a\.pgm: No such file"):
        read_pgm(tmp_path / "a.pgm")
    (tmp_path / "a.pgm").write_bytes(pgm(np.zeros((98, 40), np.uint8)))
    with pytest.raises(DataError, match="98 frames of 40 coefficients; 49 of 10 are needed"):
        read_pgm(tmp_path / "a.pgm", (49, 10))


def test_only_8_bit_pictures_are_written():
    with pytest.raises(InputError, match="uint8"):
        pgm(np.zeros((2, 2), np.int16))
