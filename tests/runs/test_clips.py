"""The network and the clip that a command line names."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.integer.reference import run
from kwslib.runs import clips
from kwslib.runs.clips import Scores, codes_for, read_clip, score, sort_files
from kwslib.runs.networks import choose, of_run
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.samples import pgm
from kwslib.speech.wav import fit, read_wav
from kwslib.speech.windows import windows
from tests.corpora import write_wav
from tests.gap8 import networks
from tests.speech.sounds import tone


@pytest.fixture(autouse=True)
def no_fresh_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


def test_files_are_told_apart_by_suffix_or_content(tmp_path):
    renamed = tmp_path / "network.bin"
    renamed.write_bytes(networks.quantised(*networks.SMALL))
    (tmp_path / "clip.wav").touch()
    files = [Path("gone.tflite"), tmp_path / "clip.wav", renamed, Path("gone.pgm")]
    assert sort_files(files) == ([Path("gone.tflite"), renamed], [tmp_path / "clip.wav", Path("gone.pgm")])


@pytest.fixture
def small():
    return choose(run="quick-small")


def test_a_pictures_pixels_are_the_codes(small, tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (49, 10)).astype(np.uint8)
    (tmp_path / "clip.pgm").write_bytes(pgm(picture))
    codes, what = read_clip(small, tmp_path / "clip.pgm")
    assert codes.dtype == np.uint8 and (codes[..., 0] == picture).all() and what.endswith("clip.pgm")


def test_of_an_int8_network_less_128(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training())
    picture = np.arange(490, dtype=np.uint64).astype(np.uint8).reshape(49, 10)
    (tmp_path / "clip.pgm").write_bytes(pgm(picture))
    codes, _ = read_clip(choose(model=tmp_path / "n.tflite"), tmp_path / "clip.pgm")
    assert codes.dtype == np.int8 and (codes[..., 0] == picture.astype(int) - 128).all()


def test_a_flat_input_takes_the_picture_of_its_front_end(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training(flat=True, head="partial", channels=13))
    chosen = choose(model=tmp_path / "n.tflite")
    (tmp_path / "clip.pgm").write_bytes(pgm(np.zeros((49, 10), np.uint8)))
    codes, _ = read_clip(chosen, tmp_path / "clip.pgm")
    assert codes.shape == chosen.graph.input.shape and (codes == -128).all()


def test_a_wav_becomes_the_fingerprint_of_the_networks_front_end(small, tmp_path):
    samples = (5000 * np.sin(np.arange(12000) / 9)).astype(np.int16)
    write_wav(tmp_path / "clip.wav", samples)
    codes, _ = read_clip(small, tmp_path / "clip.wav")
    assert (codes[..., 0] == quantise(fingerprints(fit(samples)[None], small.front_end))[0]).all()
    (tmp_path / "clip.dat").write_bytes((tmp_path / "clip.wav").read_bytes())
    assert (read_clip(small, tmp_path / "clip.dat")[0] == codes).all()


def test_a_wav_in_another_networks_scale(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training())
    chosen = choose(model=tmp_path / "n.tflite")
    tensor = chosen.graph.input
    codes, _ = read_clip(chosen, clips.DEFAULT_CLIP)
    values = fingerprints(fit(read_wav(clips.DEFAULT_CLIP))[None], chosen.front_end)[0]
    expected = np.clip(np.floor(values / tensor.scale + 0.5) + tensor.file_zero_point, -128, 127)
    assert codes.dtype == np.int8 and (codes[..., 0] == expected).all()


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_default_clip_says_yes(size):
    chosen = choose(run=f"quick-{size}")
    codes, what = read_clip(chosen, None)
    assert what == "yes.wav, since no clip is named"
    network = of_run(f"quick-{size}")
    assert (codes_for(network, fit(read_wav(clips.DEFAULT_CLIP))[None])[0].ravel() == codes.ravel()).all()
    if size != "large":
        assert LABELS[run(chosen.graph, codes[None]).winner[0]] == "yes"


def other_input(tmp_path):
    """A network whose input is no fingerprint of this project."""
    (tmp_path / "other.tflite").write_bytes(networks.quantised((31, 13), networks.SMALL[1]))
    return choose(model=tmp_path / "other.tflite")


def test_without_a_front_end_codes_are_drawn_and_that_is_said(tmp_path):
    chosen = other_input(tmp_path)
    codes, what = read_clip(chosen, None)
    assert "drawn at random" in what and codes.shape == (31, 13, 1) and len(np.unique(codes)) > 100
    assert (read_clip(chosen, None)[0] == codes).all()


def test_without_a_front_end_a_wav_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"reads an input of \(31, 13, 1\), which is no fingerprint"):
        read_clip(other_input(tmp_path), clips.DEFAULT_CLIP)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, DataError, "cannot read .*clip.pgm: No such file"),
        (b"", DataError, "is not a binary PGM picture: it begins with an empty file"),
        (b"P2\n2 2\n255\n0 0 0 0\n", DataError, "is not a binary PGM picture: it begins with 'P2'"),
        (pgm(np.zeros((98, 40), np.uint8)), DataError, "has 98 frames of 40 coefficients; 49 of 10 are needed"),
        (pgm(np.zeros((49, 10), np.uint8))[:-1], DataError, "is truncated: 490 bytes are announced, 489 follow"),
    ],
)
def test_pictures_that_are_none(small, tmp_path, content, error, message):
    if content is not None:
        (tmp_path / "clip.pgm").write_bytes(content)
    with pytest.raises(error, match=message):
        read_clip(small, tmp_path / "clip.pgm")


def codes_of(network, samples):
    return quantise(fingerprints(fit(samples)[None], network.front_end), network.graph.input.scale)[0]


@pytest.fixture
def yes_at_2s(tmp_path):
    samples = np.zeros(60000, np.int16)
    samples[32000:48000] = read_wav(clips.DEFAULT_CLIP)
    write_wav(tmp_path / "long.wav", samples)
    return tmp_path / "long.wav", samples


def test_of_a_longer_clip_the_best_window_is_taken_and_that_is_said(small, yes_at_2s):
    path, samples = yes_at_2s
    codes, what = read_clip(small, path)
    start_s, count = re.search(
        r"long\.wav; the second from (\d\.\d\d) s, the best of (\d+) windows \(yes \d\d\.\d\d %; --at SECONDS", what
    ).groups()
    assert int(count) == 12 and 1.5 <= float(start_s) <= 2.5
    assert (codes[..., 0] == codes_of(small, samples[round(16000 * float(start_s)) :])).all()


def test_a_second_of_a_longer_clip_is_taken_if_it_is_named(small, yes_at_2s):
    path, samples = yes_at_2s
    codes, what = read_clip(small, path, 0.1)
    assert what.endswith("long.wav; the second from 0.10 s")
    assert (codes[..., 0] == codes_of(small, samples[1600:])).all()
    codes, what = read_clip(small, path, 3.0)
    assert what.endswith("long.wav; the second from 3.00 s; 0.75 s of sound, then zeros")
    assert (codes[..., 0] == codes_of(small, samples[48000:])).all()
    with pytest.raises(InputError, match=r"long\.wav has no sound at 4 s"):
        read_clip(small, path, 4.0)


def test_a_second_is_named_of_a_sound_alone(small, tmp_path):
    (tmp_path / "clip.pgm").write_bytes(pgm(np.zeros((49, 10), np.uint8)))
    for clip in (None, tmp_path / "clip.pgm"):
        with pytest.raises(InputError, match="--at 1 says which second of a sound is meant"):
            read_clip(small, clip, 1.0)


def test_a_converted_clip_says_so(small, tmp_path):
    soundfile.write(tmp_path / "a b.flac", tone(44100, 0.5), 44100, subtype="PCM_24")
    _, what = read_clip(small, tmp_path / "a b.flac")
    assert what.endswith("a b.flac: 44,100 Hz mono 24-bit -> 16,000 Hz mono 16-bit; 0.50 s of sound, then zeros")


def test_windows_are_scored_as_clips_are(small, yes_at_2s):
    _, samples = yes_at_2s
    found = score(small, samples)
    codes = codes_for(small, found.windows.audio()).reshape(-1, *small.graph.input.shape)
    alone = run(small.graph, codes)
    assert (found.winners == alone.winner).all() and len(found.winners) == 12
    assert found.shares == pytest.approx((alone.codes.astype(float) - small.graph.output.file_zero_point) / 256)
    assert (found.winning == found.shares.max(axis=1)).all()
    assert found.is_word.tolist() == [LABELS[winner] not in ("_silence_", "_unknown_") for winner in found.winners]
    assert LABELS[found.winners[found.best]] == "yes"


@pytest.mark.parametrize(
    ("winning", "margins", "is_word", "best"),
    [
        ([0.9, 0.8, 0.7], [1, 1, 1], [True, True, True], 0),
        ([0.9, 0.8, 0.7], [1, 1, 1], [False, True, True], 1),
        ([0.9, 0.8, 0.95], [1, 1, 1], [False, False, False], 2),
        ([0.9, 0.9, 0.9], [3, 5, 4], [True, True, True], 1),
    ],
)
def test_the_best_window_holds_a_word_if_any_does(winning, margins, is_word, best):
    shares = np.array(winning)[:, None]
    scores = Scores(windows(np.zeros(24000)), shares, np.zeros(3, int), np.array(margins), np.array(is_word))
    assert scores.best == best
